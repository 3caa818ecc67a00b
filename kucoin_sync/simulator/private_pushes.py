"""
When private pushes leave.

The real exchange promises no order between the reply of an operation and the events it causes. By default the reply
is first; it can be the other way round, and events can be kept until they are released.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from .agenda import Agenda, Entry

__all__ = ["PrivatePushes"]

#: So many kept pushes at most; more push the oldest out.
MAX_KEPT = 100_000


class PrivatePushes:
    """
    A queue in front of the connections; everything runs on the simulator's loop.

    Args:
        agenda: Where what is due waits.
    """

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        #: Whether events leave before the reply of the operation that causes them.
        self.is_first = False
        #: Whether events are kept until `release`.
        self.is_kept = False
        self._waiting: deque[Callable[[], object]] = deque()
        self._due: Entry | None = None

    def put(self, send: Callable[[], object]) -> None:
        """Call ``send`` when it is its turn; the turns are never out of order."""
        if self.is_first and not self.is_kept and not self._waiting:
            send()
            return
        self._waiting.append(send)
        if len(self._waiting) > MAX_KEPT:
            self._waiting.popleft()()
        if not self.is_kept and self._due is None:
            # Operation and reply are one callback of the loop; what is soon comes after both.
            self._due = self._agenda.soon(self._flush)

    def release(self) -> int:
        """Send what is kept and keep no more; return how many that were."""
        count = len(self._waiting)
        self.is_kept = False
        self._flush()
        return count

    def clear(self) -> None:
        """Forget everything; nobody is there to take it."""
        self._waiting.clear()
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _flush(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        while self._waiting and not self.is_kept:
            self._waiting.popleft()()
