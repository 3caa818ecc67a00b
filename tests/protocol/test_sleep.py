"""
A machine that slept is told from a process that had to wait, whenever the clocks were read.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.protocol.sleep import SleepWatch

SHORT = st.floats(0, 20)
"""Seconds that pass between two readings: usually nothing, but nobody promises that."""


def test_T37_a_sleep_is_what_one_clock_is_ahead_of_the_other() -> None:
    """Told once, by the first look after it."""
    watch = SleepWatch(100, 500, 100)
    assert watch.slept(101, 501, 101) == 0
    assert watch.slept(102, 532, 102) == 30
    assert watch.slept(103, 533, 103) == 0


@pytest.mark.parametrize("drift", [1e-4, -1e-4])
def test_T37_clocks_that_drift_apart_never_add_up_to_a_sleep(drift: float) -> None:
    watch = SleepWatch(0, 0, 0)
    assert max(watch.slept(t, t * (1 + drift), t) for t in range(100_000)) < 0.001


@given(st.lists(st.tuples(SHORT, SHORT, SHORT), min_size=2, max_size=20), st.floats(0, 1e6))
def test_T37_no_wait_of_the_process_is_taken_for_a_sleep(waits: list[tuple[float, float, float]], ahead: float) -> None:
    """However long it takes to read the clocks, and between two looks."""
    now, watch = 0.0, None
    for first, second, third in waits:
        before = now = now + first
        boot = (now := now + second) + ahead
        after = now = now + third
        if watch is None:
            watch = SleepWatch(before, boot, after)
        else:
            assert watch.slept(before, boot, after) <= 1e-6


@given(SHORT, SHORT, st.floats(30, 1e6), st.booleans())
def test_T37_a_sleep_is_found_but_for_what_the_readings_took(
    second: float, third: float, sleep: float, inside: bool
) -> None:
    """Be it between two looks or in the middle of one."""
    watch = SleepWatch(0, 0, 0)
    before = 1.0
    boot = before + second + sleep
    after = before + second + third
    found = watch.slept(before, boot, after)
    assert sleep - third - 1e-6 <= found <= sleep + 1e-6
    if inside:  # the clock that goes on was read before the sleep: the next look tells
        watch = SleepWatch(0, 0, 0)
        assert watch.slept(1, 1, 1) == 0
        assert watch.slept(2, 2 + sleep, 2) == pytest.approx(sleep)
