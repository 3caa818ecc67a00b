"""
Rhythm of pushes: changes that wait until they may go out, and pushes that come round by themselves.

The intervals are market time, see `clock`.
"""

from __future__ import annotations

from collections.abc import Callable

from ..agenda import Agenda, Entry
from ..clock import SECOND_NS

__all__ = ["Beat", "Pace"]


class Pace:
    """
    Sends what changed, each key at most once an interval, with one entry of the agenda for all of them.

    A change after a quiet interval goes out when the running operation is through, with all other changes of that.

    Args:
        agenda: Where what is due waits.
        interval: Least seconds between two pushes; 0 sends after every operation.
        publish: Sends the present state of one key.
    """

    def __init__(self, agenda: Agenda, interval: float, publish: Callable[[str], object]) -> None:
        self._agenda = agenda
        self._interval_ns = round(interval * SECOND_NS)
        self._publish = publish
        self._due: dict[str, None] = {}
        self._entry: Entry | None = None
        self._sent_ns: int | None = None

    def mark(self, key: str) -> None:
        """Note a change."""
        self._due[key] = None
        if self._entry is not None:
            return
        due_ns = None if self._sent_ns is None else self._sent_ns + self._interval_ns
        if due_ns is None or self._agenda.now_ns() >= due_ns:
            self._entry = self._agenda.soon(self._send)
        else:
            self._entry = self._agenda.at(due_ns, self._send)

    def cancel(self) -> None:
        """Forget what is waiting."""
        if self._entry is not None:
            self._entry.cancel()
            self._entry = None
        self._due.clear()

    def _send(self) -> None:
        self._entry = None
        self._sent_ns = self._agenda.now_ns()
        due, self._due = self._due, {}
        for key in due:
            self._publish(key)


class Beat:
    """
    Tells when a push that does not wait for changes is due again; looked at in every step.

    Args:
        now_ns: The market's rhythm.
        interval: Seconds between two pushes; 0 makes it due in every step.
    """

    def __init__(self, now_ns: Callable[[], int], interval: float) -> None:
        self._now_ns = now_ns
        self._interval_ns = round(interval * SECOND_NS)
        self._due_ns = 0

    def is_due(self) -> bool:
        """Whether the interval is over; a new one then begins."""
        now = self._now_ns()
        if now < self._due_ns:
            return False
        self._due_ns = now + self._interval_ns
        return True
