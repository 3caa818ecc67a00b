"""
Looking out for a reply for some microseconds before going to sleep.

A peer on this machine answers while its caller is still on the way to sleep, and to wake a core up again takes longer
than the answer took. So the caller looks out first, and hands its turn to the reader each time; the reader, once it has
handed the reply over, hands the turn back, and goes to sleep while the caller goes on. On a network looking out only
burns processor time, and where others wait for the processor a turn that is handed over comes back milliseconds later.
So after each time in vain, and each time that took long, ever more calls go to sleep at once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["Lookout"]

WINDOW = 50e-6
"""Seconds of looking out; about twice what a peer on the same machine takes."""
FEWEST_SKIPPED = 16
MOST_SKIPPED = 4096
"""Calls that go to sleep at once after one that looked in vain; twice as many each time."""

_GIVE_WAY: Callable[[], object] | None = getattr(os, "sched_yield", None)


class _Lock(Protocol):
    def acquire(self, blocking: bool = True) -> bool: ...


class Lookout:
    """
    Looks out as long as that pays. Safe from any thread: what they do to each other's counts does no harm.

    Args:
        give_way: Hands the processor to another thread that wants it; ``None`` where the system has no such call: then
            nobody looks out.
        clock: Monotonic, seconds.

    Attributes:
        is_looking: Whether somebody looks out now.
    """

    def __init__(
        self, give_way: Callable[[], object] | None = _GIVE_WAY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.is_looking = False
        self._give_way = give_way
        self._clock = clock
        self._skip = 0
        self._penalty = FEWEST_SKIPPED

    def sees(self, lock: _Lock) -> bool:
        """Look out for a lock to be released, and acquire it; return ``False`` if it was not, or if nobody looked."""
        give_way = self._give_way
        if give_way is None:
            return False
        if self._skip > 0:
            self._skip -= 1
            return False
        clock = self._clock
        until = clock() + WINDOW
        self.is_looking = True
        try:
            while clock() < until:
                if lock.acquire(False):
                    self._penalty = FEWEST_SKIPPED
                    return True
                give_way()
        finally:
            self.is_looking = False
        self._skip = self._penalty
        self._penalty = min(2 * self._penalty, MOST_SKIPPED)
        return False

    def hand_back(self) -> None:
        """Let who looks out go on at once: for the reader, which has nothing to do but to go to sleep."""
        if self._give_way is not None:
            self._give_way()
