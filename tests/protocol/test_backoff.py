"""When the next line may be opened."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kucoin_sync.protocol.backoff import BUDGET_WINDOW, LONGEST_DELAY, LONGEST_RETRY_AFTER, Backoff, OpeningBudget


def test_the_upper_bound_of_the_delay_grows_to_thirty_seconds() -> None:
    backoff = Backoff(0.5, lambda: 1.0)
    delays = [backoff.next_delay() for _ in range(12)]
    assert delays[:3] == [0.5, pytest.approx(0.85), pytest.approx(1.445)]
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST_DELAY == 30.0


def test_jitter_spreads_the_delay_over_its_upper_half() -> None:
    """Many clients that lost the same server must not come back in step."""
    assert Backoff(2.0, lambda: 0.0).next_delay() == 1.0
    assert Backoff(2.0, lambda: 1.0).next_delay() == 2.0


@given(failures=st.integers(1, 5000), jitter=st.floats(0, 1), first=st.floats(0, 30))
@settings(max_examples=60)
def test_no_number_of_failures_makes_a_delay_longer_than_thirty_seconds(
    failures: int, jitter: float, first: float
) -> None:
    backoff = Backoff(first, lambda: jitter)
    backoff.attempts = failures
    assert 0.0 <= backoff.next_delay() <= LONGEST_DELAY


def test_a_first_step_of_zero_stays_no_delay_however_often_an_opening_fails() -> None:
    """It once jumped to half a minute with the 1,339th failure, where the factor is more than a float holds."""
    backoff = Backoff(0.0, lambda: 1.0)
    assert {backoff.next_delay() for _ in range(2000)} == {0.0}


def test_T22_reset_starts_from_the_first_step_again() -> None:
    backoff = Backoff(0.5, lambda: 1.0)
    for _ in range(5):
        backoff.next_delay()
    assert backoff.attempts == 5
    backoff.reset()
    assert backoff.attempts == 0
    assert backoff.next_delay() == 0.5


@pytest.mark.parametrize(
    ("retry_after", "at_least", "delay"),
    [
        pytest.param(None, 0.0, 0.5, id="own-step"),
        pytest.param(0.1, 0.0, 0.5, id="the-peer-asks-for-less"),
        pytest.param(7.0, 0.0, 7.0, id="the-peer-asks-for-more"),
        pytest.param(86400.0, 0.0, LONGEST_RETRY_AFTER, id="the-peer-asks-for-a-day"),
        pytest.param(None, 1.0, 1.0, id="floor"),
        pytest.param(7.0, 9.0, 9.0, id="floor-above-the-peer"),
    ],
)
def test_T16_a_peers_retry_after_is_honoured_up_to_five_minutes(
    retry_after: float | None, at_least: float, delay: float
) -> None:
    assert Backoff(0.5, lambda: 1.0).next_delay(retry_after=retry_after, at_least=at_least) == delay


def test_S09_openings_beyond_the_budget_wait_for_the_oldest_to_leave_the_window() -> None:
    budget = OpeningBudget(2)
    assert budget.delay(100.0) == 0.0
    budget.take(100.0)
    budget.take(110.0)
    assert budget.delay(110.0) == 50.0
    assert budget.delay(159.0) == 1.0
    assert budget.delay(160.0) == 0.0
    budget.take(160.0)
    assert budget.delay(160.0) == 10.0


def test_a_burst_of_openings_waits_although_the_minute_has_room() -> None:
    """Some exchanges count openings by the second."""
    budget = OpeningBudget(20, (3, 1.0))
    for at in (100.0, 100.25, 100.5):
        assert budget.delay(at) == 0.0
        budget.take(at)
    assert budget.delay(100.5) == 0.5
    assert budget.delay(101.0) == 0.0


@given(limit=st.integers(1, 5), pauses=st.lists(st.floats(0, 90), max_size=60))
@example(limit=1, pauses=[0.0] * 14 + [60.88854493729134, 60.00632312878827, 87.35205815649009, 0.0, 0.0])
@settings(max_examples=100)
def test_S09_no_window_of_a_minute_holds_more_openings_than_the_limit(limit: int, pauses: list[float]) -> None:
    """All connections of a client share it; the exchange counts them together too."""
    budget, now, taken = OpeningBudget(limit), 1000.0, []
    for pause in pauses:
        now += pause
        assert budget.delay(now) <= BUDGET_WINDOW + 1e-6
        while (delay := budget.delay(now)) > 0.0:
            now += max(delay, 1e-6)
        budget.take(now)
        taken.append(now)
    for end in taken:
        assert sum(end - BUDGET_WINDOW + 1e-6 < at <= end for at in taken) <= limit
