"""A thread that computes without pause, as a strategy does, and how much it gets done."""

from __future__ import annotations

import threading
from time import process_time

__all__ = ["Computing"]

STEPS = 200
"""Steps of one turn: some ten microseconds, so that the count is fine enough and counting costs nothing."""


class Computing:
    """
    The thread; it computes from the moment it is made.

    Args:
        alone: Seconds in which it is measured first, while nothing else runs in the process.
    """

    def __init__(self, alone: float) -> None:
        self._turns = 0
        # daemon: it ends with the process, and nobody has to wait for it
        threading.Thread(target=self._run, name="computing", daemon=True).start()
        self._mark = (0.0, 0)
        self.mark()
        threading.Event().wait(alone)
        self._alone = self._turns_per_second()

    def mark(self) -> None:
        """Count from here on."""
        self._mark = (process_time(), self._turns)

    def kept(self) -> float:
        """Return its turns a second since the mark, as a share of those it made alone."""
        return self._turns_per_second() / self._alone

    def _turns_per_second(self) -> float:
        since, turns = self._mark
        return (self._turns - turns) / (process_time() - since)

    def _run(self) -> None:
        value = 1
        while True:
            for _ in range(STEPS):
                value = value * 69069 % 4294967291
            self._turns += 1
