"""
The exchange's clock, as far as its messages tell it.
"""

from __future__ import annotations

import math

__all__ = ["ServerClock"]

STALE_AFTER = 3600.0
"""Seconds after which a worse sample may replace a better one: clocks drift."""

_INFINITE = float("inf")
_NOTHING = (0.0, _INFINITE, -_INFINITE)


class ServerClock:
    """
    Estimate how far the exchange's clock is from ours.

    Every sample is a timestamp of the exchange together with the interval of our clock in which it was made. The
    narrowest recent interval wins. All connections and calls of a client share one: what it knows is one value that is
    replaced as a whole, so that readers on other threads see one sample and never half of two.
    """

    def __init__(self) -> None:
        self._best = _NOTHING

    @property
    def offset_ms(self) -> float:
        """Exchange's clock minus ours, milliseconds; 0 before the first sample."""
        return self._best[0]

    @property
    def uncertainty_ms(self) -> float:
        """How far the offset may be off, milliseconds; infinite before the first sample."""
        return self._best[1]

    def is_known(self, now: float) -> bool:
        """Whether there is a sample that is not stale at ``now``, by the monotonic clock."""
        return now - self._best[2] <= STALE_AFTER

    def observe(self, server_ms: float, *, sent_ms: float, received_ms: float, now: float) -> None:
        """
        Take a sample.

        Args:
            server_ms: What the exchange said.
            sent_ms: Our wall clock before the exchange can have said it.
            received_ms: Our wall clock when it had been read.
            now: Monotonic clock.
        """
        if received_ms < sent_ms:
            return  # our own clock was set back meanwhile: the interval means nothing
        uncertainty = max(0.5, (received_ms - sent_ms) / 2)
        _, least, taken_at = self._best
        if uncertainty <= least or now - taken_at > STALE_AFTER:
            self._best = (server_ms - (sent_ms + received_ms) / 2, uncertainty, now)

    def distrust(self) -> None:
        """Let the next sample win, however wide: the exchange said that the time it was told is wrong."""
        offset, _, taken_at = self._best
        self._best = (offset, _INFINITE, taken_at)

    def earliest_ms(self, wall_ms: float) -> int:
        """
        Return the earliest time it can be at the exchange when our wall clock shows ``wall_ms``.

        The lower end is what an expiry window has to start from: a window may end too soon (the order is then
        refused), never too late (it would execute after its call had ended).
        """
        offset, uncertainty, _ = self._best
        return int(wall_ms + offset - (uncertainty if uncertainty != _INFINITE else 0.0))

    def latest_ms(self, wall_ms: float) -> int | None:
        """Return the latest time it can be at the exchange when our wall clock shows ``wall_ms``, if that is known."""
        offset, uncertainty, _ = self._best
        return None if uncertainty == _INFINITE else math.ceil(wall_ms + offset + uncertainty)
