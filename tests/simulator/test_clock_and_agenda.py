"""The two kinds of time and the agenda, with numbers for clocks."""

from __future__ import annotations

import logging
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.simulator.agenda import Agenda
from kucoin_sync.simulator.classic.pacing import Beat, Pace
from kucoin_sync.simulator.clock import SECOND_NS, Clock, nanoseconds

NOON_NS = 1_709_208_000 * SECOND_NS


class Machine:
    """A machine's two clocks, which one sets."""

    def __init__(self) -> None:
        self.now_ns, self.monotonic_ns = NOON_NS, 77

    def clock(self, **options: Any) -> Clock:
        return Clock(lambda: self.now_ns, monotonic_ns=lambda: self.monotonic_ns, **options)

    def run(self, nanoseconds: int) -> None:
        self.now_ns += nanoseconds
        self.monotonic_ns += nanoseconds


@pytest.mark.parametrize(
    ("speed", "passed"), [(1.0, 1_000_000_001), (10, 10_000_000_010), (0.1, 100_000_000), ("stepped", 0)]
)
def test_market_time_runs_at_its_speed_from_now(speed: Any, passed: int) -> None:
    machine = Machine()
    clock = machine.clock(speed=speed)
    machine.run(1_000_000_001)
    assert (clock.market_ns(), clock.rhythm_ns()) == (NOON_NS + passed, passed)
    assert clock.machine_ns() == NOON_NS + 1_000_000_001


def test_market_time_can_begin_elsewhere() -> None:
    machine = Machine()
    clock = machine.clock(speed=2, start_ns=5)
    machine.run(10)
    assert (clock.market_ns(), clock.machine_ns()) == (25, NOON_NS + 10)


def test_at_speed_one_both_times_are_one_clock_even_when_it_is_set_back() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.run(5)
    machine.now_ns -= 3600 * SECOND_NS
    assert clock.market_ns() == clock.machine_ns() == machine.now_ns
    assert clock.rhythm_ns() == 5


def test_stepped_time_is_turned_forward_only() -> None:
    clock = Machine().clock(speed="stepped")
    for moment, expected in ((7, 7), (3, 7), (8, 8)):
        clock.turn_to(moment)
        assert (clock.market_ns(), clock.rhythm_ns()) == (NOON_NS + expected, expected)


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 3.0), (50, 0.06), (0.5, 6.0)])
def test_waits_are_those_of_the_machine(speed: float, seconds: float) -> None:
    clock = Machine().clock(speed=speed)
    assert clock.seconds_until(3 * SECOND_NS) == pytest.approx(seconds)
    assert clock.seconds_until(-1) == 0


@pytest.mark.parametrize("speed", [0, -1, math.inf, math.nan, "fast", ""])
def test_other_speeds_are_refused(speed: Any) -> None:
    with pytest.raises(ValueError, match="speed must be"):
        Clock(speed=speed)


@pytest.mark.parametrize(
    ("value", "expected"), [(0.1, 10**8), ("1.5", 15 * 10**8), (Decimal("1e-9"), 1), (3, 3 * 10**9)]
)
def test_seconds_are_what_one_sees(value: Any, expected: int) -> None:
    assert nanoseconds(value) == expected


@pytest.mark.parametrize("value", [math.nan, math.inf, "", "soon", "1e400000", None])
def test_what_is_no_number_of_seconds_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is no number of seconds"):
        nanoseconds(value)


# Agenda.


def test_entries_are_done_by_moment_and_then_by_turn() -> None:
    done: list[str] = []
    agenda = Agenda(lambda: 0)
    for due, name in ((5, "c"), (3, "a"), (5, "d"), (4, "b"), (9, "late")):
        agenda.at(due, lambda name=name: done.append(name))  # type: ignore[misc]
    agenda.soon(lambda: done.append("soon"))
    agenda.run(5)
    assert (done, agenda.next_ns()) == (["soon", "a", "b", "c", "d"], 9)


def test_what_an_entry_leaves_for_soon_is_done_before_the_next_one() -> None:
    done: list[str] = []
    agenda = Agenda(lambda: 0)
    agenda.at(1, lambda: agenda.soon(lambda: done.append("its soon")))
    agenda.at(1, lambda: done.append("next"))
    agenda.run(1)
    assert done == ["its soon", "next"]


def test_cancelled_entries_are_not_done_and_failing_ones_stop_nobody(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []
    agenda = Agenda(lambda: 0)
    agenda.at(1, lambda: done.append(1)).cancel()
    agenda.soon(lambda: done.append(2)).cancel()
    agenda.at(2, lambda: 1 // 0)
    agenda.at(3, lambda: done.append(3))
    with caplog.at_level(logging.ERROR, logger="kucoin_sync.simulator"):
        agenda.run(3)
    assert done == [3]
    assert "something that was due failed" in caplog.text


def test_whoever_drives_is_woken_for_what_comes_earlier_only() -> None:
    woken: list[int] = []
    agenda = Agenda(lambda: 0)
    agenda.on_earlier = lambda: woken.append(1)
    counts = []
    for due in (5, 7, 3, 3):
        agenda.at(due, lambda: None)
        counts.append(len(woken))
    assert counts == [1, 1, 2, 2]
    for _ in range(2):
        agenda.soon(lambda: None)
    assert (len(woken), agenda.has_soon) == (3, True)
    agenda.run_soon()
    assert not agenda.has_soon


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=30))
def test_nothing_is_done_early_nor_left_undone(entries: list[tuple[int, int]]) -> None:
    """Each entry adds another one that is due some time after it."""
    now = 0
    agenda = Agenda(lambda: now)
    done: list[tuple[int, int]] = []

    def first(due: int, wait: int) -> None:
        done.append((due, now))
        agenda.at(now + 1 + wait, lambda: done.append((due + 1 + wait, now)))

    for due, wait in entries:
        agenda.at(due, lambda due=due, wait=wait: first(due, wait))  # type: ignore[misc]
    for now in range(60):
        agenda.run(now)
    assert len(done) == 2 * len(entries)
    assert all(due == at for due, at in done)


# Pacing.


def test_pushes_keep_their_distance_and_carry_what_is_newest() -> None:
    now, sent = 0, []
    agenda = Agenda(lambda: now)
    pace = Pace(agenda, 1e-8, lambda key: sent.append((now, key)))
    marks = {0: "ab", 3: "a", 5: "ac", 12: "b", 30: "a"}
    for now in range(40):
        for key in marks.get(now, ""):
            pace.mark(key)
        agenda.run(now)
    assert sent == [(0, "a"), (0, "b"), (10, "a"), (10, "c"), (20, "b"), (30, "a")]


def test_cancelled_pace_forgets_what_waits_and_begins_again() -> None:
    sent: list[str] = []
    agenda = Agenda(lambda: 0)
    pace = Pace(agenda, 0.0, sent.append)
    pace.mark("a")
    pace.cancel()
    pace.mark("b")
    agenda.run(0)
    assert sent == ["b"]


def test_beat_is_due_once_an_interval() -> None:
    now = 0
    beat = Beat(lambda: now, 1e-8)
    due = []
    for now in range(0, 35, 5):
        if beat.is_due():
            due.append(now)
    assert due == [0, 10, 20, 30]
