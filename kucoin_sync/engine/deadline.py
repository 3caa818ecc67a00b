"""
One point in time that all steps of an operation share.
"""

from __future__ import annotations

import time

__all__ = ["Deadline"]


class Deadline:
    """
    A point on the monotonic clock.

    Args:
        timeout: Seconds from now.
    """

    __slots__ = ("at", "started")

    def __init__(self, timeout: float) -> None:
        self.started = time.monotonic()
        self.at = self.started + timeout

    def remaining(self, *, grace: float = 0.0) -> float:
        """Return the seconds left, at least 0; ``grace`` is added once, however many steps ask for it."""
        return max(0.0, self.at + grace - time.monotonic())

    def expired(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self.at

    def elapsed(self) -> float:
        """Return the seconds since the deadline was set."""
        return time.monotonic() - self.started

    def capped(self, seconds: float) -> Deadline:
        """Return a deadline at most ``seconds`` from now and no later than this one."""
        return Deadline(min(seconds, self.remaining()))
