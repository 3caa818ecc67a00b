"""How fast frames may leave."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.protocol.pacing import RESERVE, MessagePace


def test_S15_frames_within_the_room_leave_at_once() -> None:
    pace = MessagePace(10, 10.0)
    for _ in range(5):
        assert pace.delay(0.0) == 0.0
        pace.count(0.0)
    assert pace.delay(0.0) == 10.0
    assert pace.delay(4.0) == 6.0
    assert pace.delay(10.0) == 0.0


def test_a_ping_is_counted_but_never_held_back() -> None:
    """A held ping would end a line that is well."""
    pace = MessagePace(10, 10.0)
    for _ in range(5):
        pace.count(0.0)
    pace.count(3.0)  # a ping, in one of the places kept for pings
    assert pace.delay(3.0) == 7.0
    for _ in range(4):
        assert pace.delay(10.0) == 0.0
        pace.count(10.0)
    assert pace.delay(10.0) == 3.0  # the ping takes its place in the window like any frame


def test_a_limit_smaller_than_the_reserve_still_lets_frames_out() -> None:
    pace = MessagePace(3, 10.0)
    assert pace.delay(0.0) == 0.0
    pace.count(0.0)
    assert pace.delay(0.0) == 10.0


@given(
    limit=st.integers(6, 20),
    steps=st.lists(st.tuples(st.floats(0, 4), st.booleans()), max_size=120),
)
@settings(max_examples=150)
def test_S15_no_window_ever_holds_more_frames_than_the_limit(limit: int, steps: list[tuple[float, bool]]) -> None:
    """Frames that can wait do; pings, at most as many a window as places are kept for them, do not."""
    window, reserve = 10.0, RESERVE
    pace, now = MessagePace(limit, window), 0.0
    left: list[float] = []
    pings: list[float] = []
    for pause, is_ping in steps:
        now += pause
        if is_ping:
            if sum(at > now - window - 1e-6 for at in pings) >= reserve:
                continue
            pings.append(now)
        else:
            while (delay := pace.delay(now)) > 0.0:
                assert delay <= window + 1e-6
                now += max(delay, 1e-6)
        pace.count(now)
        left.append(now)
    for end in left:
        assert sum(end - window + 1e-6 < at <= end for at in left) <= limit
