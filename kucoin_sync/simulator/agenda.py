"""
What the market has to do soon and later: the one place where pushes wait.

Plain computation: no thread and no timer. `drive.Drive` looks when the next entry is due and calls `Agenda.run` then.
"""

from __future__ import annotations

import heapq
import itertools
import logging
from collections import deque
from collections.abc import Callable

__all__ = ["Agenda", "Entry"]

_logger = logging.getLogger("kucoin_sync.simulator")


class Entry:
    """Something to be done once."""

    __slots__ = ("_action",)

    def __init__(self, action: Callable[[], object]) -> None:
        self._action: Callable[[], object] | None = action

    def cancel(self) -> None:
        """Let it not be done; does nothing if it was."""
        self._action = None

    def run(self) -> None:
        """Do it now, unless it was cancelled."""
        action, self._action = self._action, None
        if action is None:
            return
        try:
            action()
        except Exception:  # safety net: what comes after it must still be done
            _logger.exception("something that was due failed")


class Agenda:
    """
    Entries by the moment they are due; of one moment, in the order in which they came.

    Args:
        now_ns: The market's rhythm, see `clock`.
    """

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self.now_ns = now_ns
        #: Called when the agenda has something to do earlier than it had before.
        self.on_earlier: Callable[[], None] = lambda: None
        self._soon: deque[Entry] = deque()
        self._later: list[tuple[int, int, Entry]] = []
        self._numbers = itertools.count()

    @property
    def has_soon(self) -> bool:
        """Whether something waits for no more than the end of the running operation."""
        return bool(self._soon)

    def soon(self, action: Callable[[], object]) -> Entry:
        """Do something when the running operation is through, all it sends included."""
        entry = Entry(action)
        self._soon.append(entry)
        if len(self._soon) == 1:
            self.on_earlier()
        return entry

    def at(self, due_ns: int, action: Callable[[], object]) -> Entry:
        """Do something at a moment of the rhythm."""
        entry = Entry(action)
        number = next(self._numbers)
        heapq.heappush(self._later, (due_ns, number, entry))
        if self._later[0][1] == number:
            self.on_earlier()
        return entry

    def next_ns(self) -> int | None:
        """Return when the first dated entry is due, cancelled or not; ``None`` if there is none."""
        return self._later[0][0] if self._later else None

    def run(self, now_ns: int) -> None:
        """Do what waits for the end of an operation, then what is due by now, and what comes of that."""
        self.run_soon()
        while self._later and self._later[0][0] <= now_ns:
            heapq.heappop(self._later)[2].run()
            self.run_soon()

    def run_soon(self) -> None:
        """Do what waits for the end of an operation."""
        while self._soon:
            # Out of the queue when it is done: what it adds has no need to wake anybody.
            self._soon[0].run()
            self._soon.popleft()
