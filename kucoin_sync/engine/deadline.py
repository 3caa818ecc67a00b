"""
One point in time that all steps of an operation share.
"""

from __future__ import annotations

import threading
import time

from kucoin_sync.errors import ConfigError

__all__ = ["END_PATIENCE", "Deadline", "checked_deadline", "checked_timeout"]

END_PATIENCE = 0.1
"""Seconds for a step of microseconds on another thread: a call keeps its deadline even if that thread starves."""


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
        left = self.at + grace - time.monotonic()
        return left if left > 0.0 else 0.0

    def expired(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self.at

    def elapsed(self) -> float:
        """Return the seconds since the deadline was set."""
        return time.monotonic() - self.started

    def capped(self, seconds: float) -> Deadline:
        """Return a deadline at most ``seconds``, 0 or more, from now and no later than this one: itself, if so."""
        return self if self.at <= time.monotonic() + seconds else Deadline(seconds)


def checked_deadline(timeout: float | None, default: float) -> Deadline:
    """Return the deadline of a call; see `checked_timeout`."""
    return Deadline(checked_timeout(timeout, default))


def checked_timeout(timeout: float | None, default: float) -> float:
    """
    Return the seconds that a call has.

    Args:
        timeout: What its caller gave: seconds, or ``None`` for the default.
        default: Seconds.

    Raises:
        ConfigError: If it is no number of seconds.
    """
    if timeout is None:
        return default
    if not isinstance(timeout, (int, float)) or isinstance(timeout, bool) or not 0 <= timeout <= threading.TIMEOUT_MAX:
        raise ConfigError(f"timeout: must be a number of seconds of at least 0, or None, got {timeout!r}")
    return timeout
