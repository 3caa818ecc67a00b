"""Rhythm of pushes: changes that wait until they may go out, and pushes that come round by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Beat", "Pace"]


class Pace:
    """
    Sends what changed, each key at most once an interval, with one timer for all of them.

    A change after a quiet interval goes out in the same turn of the loop, together with all others of that turn.

    Args:
        interval: Least seconds between two pushes; 0 sends in every turn.
        publish: Sends the present state of one key.
    """

    def __init__(self, interval: float, publish: Callable[[str], object]) -> None:
        self._interval = interval
        self._publish = publish
        self._due: dict[str, None] = {}
        self._timer: asyncio.Handle | None = None
        self._sent_at = float("-inf")

    def mark(self, key: str) -> None:
        """Note a change; only on the loop's thread."""
        self._due[key] = None
        if self._timer is None:
            loop = asyncio.get_running_loop()
            due_at = self._sent_at + self._interval
            if loop.time() >= due_at:
                self._timer = loop.call_soon(self._send)
            else:
                self._timer = loop.call_at(due_at, self._send)

    def cancel(self) -> None:
        """Forget what is waiting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due.clear()

    def _send(self) -> None:
        self._timer = None
        self._sent_at = asyncio.get_running_loop().time()
        due, self._due = self._due, {}
        for key in due:
            self._publish(key)


class Beat:
    """
    Tells when a push that does not wait for changes is due again; looked at in every step.

    Args:
        interval: Seconds between two pushes; 0 makes it due in every step.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._due_at = 0.0

    def is_due(self) -> bool:
        """Whether the interval is over; a new one then begins."""
        now = asyncio.get_running_loop().time()
        if now < self._due_at:
            return False
        self._due_at = now + self._interval
        return True
