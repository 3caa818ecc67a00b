"""Looking out for a reply before going to sleep: done while it pays, and hardly ever where it does not."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from kucoin_sync import WebsocketAPIClient
from kucoin_sync.engine import registry
from kucoin_sync.engine.lookout import FEWEST_SKIPPED, MOST_SKIPPED, WINDOW, Lookout
from kucoin_sync.simulator import Simulator
from tests.clients import ORDER


class Turns:
    """
    Counts the turns that were given away; the lock is released in one of them, or never.

    Args:
        release_at: In which one.
        takes: Seconds until a turn comes back, on a clock of its own.
    """

    def __init__(self, release_at: int = 0, *, takes: float = 1e-6) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()
        self.given = 0
        self._release_at = release_at
        self._takes = takes
        self._now = 1000.0

    def give(self) -> None:
        self.given += 1
        self._now += self._takes
        if self.given == self._release_at:
            self.lock.release()

    def lookout(self) -> Lookout:
        return Lookout(self.give, lambda: self._now)


def looked_for(lookout: Lookout, lock: threading.Lock, turns: Turns, calls: int) -> list[int]:
    """Make so many calls in vain; return the numbers of those that gave a turn away."""
    looked = []
    for number in range(calls):
        before = turns.given
        assert not lookout.sees(lock)
        if turns.given > before:
            looked.append(number)
    return looked


def test_what_comes_in_the_window_is_acquired() -> None:
    turns = Turns(release_at=1)
    assert turns.lookout().sees(turns.lock)
    assert turns.lock.locked()


def test_after_each_time_in_vain_ever_more_calls_sleep_at_once() -> None:
    turns = Turns()
    lookout = turns.lookout()
    looked = looked_for(lookout, turns.lock, turns, 20_000)
    gaps = [after - before - 1 for before, after in pairwise(looked)]
    assert gaps == [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 4096, 4096]
    assert (FEWEST_SKIPPED, MOST_SKIPPED) == (16, 4096)


def test_a_turn_that_comes_back_late_is_in_vain_even_if_the_reply_has_come() -> None:
    """Somebody else had the processor; the next call must not pay for that as well."""
    turns = Turns(release_at=1, takes=2 * WINDOW)
    lookout = turns.lookout()
    assert not lookout.sees(turns.lock)
    assert not turns.lock.locked()
    assert not lookout.sees(turns.lock)
    assert turns.given == 1


def test_once_it_pays_again_every_call_looks() -> None:
    turns = Turns()
    lookout = turns.lookout()
    assert looked_for(lookout, turns.lock, turns, 1 + 16 + 1) == [0, 17]
    turns.lock.release()
    for _ in range(32):
        assert not lookout.sees(turns.lock)
    for _ in range(3):
        assert lookout.sees(turns.lock)
        turns.lock.release()
    turns.lock.acquire()
    assert looked_for(lookout, turns.lock, turns, 1 + 16 + 1) == [0, 17], "the patience is new as well"


def test_where_no_turn_can_be_given_nobody_looks() -> None:
    lock = threading.Lock()
    assert not Lookout(None).sees(lock)
    assert not lock.locked()


def test_the_reader_hands_the_turn_back_with_the_reply_and_at_no_other_time(monkeypatch: pytest.MonkeyPatch) -> None:
    handed_back = threading.Event()
    caller = threading.current_thread()

    def give() -> None:
        if threading.current_thread() is not caller:
            handed_back.set()
        elif not lookouts[0].is_looking or not handed_back.wait(10.0):
            raise AssertionError("the reader kept its turn")

    lookouts: list[Lookout] = []

    def make() -> Lookout:
        lookouts.append(Lookout(give, lambda: 0.0))
        return lookouts[-1]

    monkeypatch.setattr(registry, "Lookout", make)
    with Simulator() as simulator, WebsocketAPIClient(**simulator.client_options()) as api:
        api.connect_ws_api()
        assert not handed_back.is_set(), "nobody was looking while the line was opened"
        api.submit_new_spot_order(**ORDER)
        assert handed_back.is_set() and not lookouts[0].is_looking
        handed_back.clear()
        api.nowait.submit_new_spot_order(**ORDER).result(10.0)
        assert not handed_back.is_set(), "who waits for a future sleeps"
