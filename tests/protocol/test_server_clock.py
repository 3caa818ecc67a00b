"""What the exchange's timestamps tell about its clock."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.protocol.server_clock import STALE_AFTER, ServerClock

NOW_MS = 1_760_000_000_000


def test_before_the_first_sample_our_own_clock_is_taken() -> None:
    clock = ServerClock()
    assert clock.offset_ms == 0.0
    assert clock.uncertainty_ms == float("inf")
    assert clock.earliest_ms(NOW_MS + 0.9) == NOW_MS


def test_a_sample_is_taken_at_the_middle_of_its_interval() -> None:
    clock = ServerClock()
    clock.observe(NOW_MS + 5100, sent_ms=NOW_MS, received_ms=NOW_MS + 200, now=0.0)
    assert clock.offset_ms == 5000.0
    assert clock.uncertainty_ms == 100.0
    assert clock.earliest_ms(NOW_MS + 200) == NOW_MS + 5100


def test_a_narrower_sample_replaces_a_wider_one() -> None:
    clock = ServerClock()
    clock.observe(NOW_MS + 100, sent_ms=NOW_MS, received_ms=NOW_MS + 1000, now=0.0)
    clock.observe(NOW_MS + 5010, sent_ms=NOW_MS, received_ms=NOW_MS + 20, now=1.0)
    assert clock.offset_ms == 5000.0


def test_a_wider_sample_replaces_a_narrow_one_only_when_that_is_stale() -> None:
    """Clocks drift: an hour later the narrow one says less than it did."""
    clock = ServerClock()
    clock.observe(NOW_MS + 10, sent_ms=NOW_MS, received_ms=NOW_MS + 20, now=0.0)
    wide = {"sent_ms": NOW_MS, "received_ms": NOW_MS + 400}
    clock.observe(NOW_MS + 1200, **wide, now=STALE_AFTER)
    assert clock.offset_ms == 0.0
    clock.observe(NOW_MS + 1200, **wide, now=STALE_AFTER + 1)
    assert clock.offset_ms == 1000.0


@given(
    true_offset=st.integers(-600_000, 600_000),
    samples=st.lists(
        st.tuples(st.integers(0, 3_600_000), st.integers(0, 20_000), st.integers(0, 20_000)), min_size=1, max_size=10
    ),
    later=st.integers(0, 10_000_000),
)
@settings(max_examples=300)
def test_T38_the_earliest_time_is_never_later_than_the_true_one(
    true_offset: int, samples: list[tuple[int, int, int]], later: int
) -> None:
    """An order's expiry counts from it: an order must not live longer than its call."""
    clock, wall = ServerClock(), NOW_MS
    for pause, until_stamped, after_stamped in samples:
        sent = wall + pause
        stamped = sent + until_stamped
        wall = stamped + after_stamped
        clock.observe(stamped + true_offset, sent_ms=sent, received_ms=wall, now=(wall - NOW_MS) / 1000)
        assert abs(clock.offset_ms - true_offset) <= clock.uncertainty_ms
    wall += later
    assert clock.earliest_ms(wall) <= wall + true_offset
    assert clock.earliest_ms(wall) >= wall + true_offset - 2 * clock.uncertainty_ms - 1
