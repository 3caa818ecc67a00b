"""
The exchange's clock, as far as its messages tell it.
"""

from __future__ import annotations

__all__ = ["ServerClock"]

STALE_AFTER = 3600.0
"""Seconds after which a worse sample may replace a better one: clocks drift."""


class ServerClock:
    """
    Estimate how far the exchange's clock is from ours.

    Every sample is a timestamp of the exchange together with the interval of our clock in which it was made. The
    narrowest recent interval wins.
    """

    def __init__(self) -> None:
        self._offset_ms = 0.0
        self._uncertainty_ms = float("inf")
        self._taken_at = float("-inf")

    @property
    def offset_ms(self) -> float:
        """Exchange's clock minus ours, milliseconds; 0 before the first sample."""
        return self._offset_ms

    @property
    def uncertainty_ms(self) -> float:
        """How far the offset may be off, milliseconds; infinite before the first sample."""
        return self._uncertainty_ms

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
        if uncertainty <= self._uncertainty_ms or now - self._taken_at > STALE_AFTER:
            self._offset_ms = server_ms - (sent_ms + received_ms) / 2
            self._uncertainty_ms = uncertainty
            self._taken_at = now

    def earliest_ms(self, wall_ms: float) -> int:
        """
        Return the earliest time it can be at the exchange when our wall clock shows ``wall_ms``.

        The lower end is what an expiry window has to start from: a window may end too soon (the order is then
        refused), never too late (it would execute after its call had ended).
        """
        slack = self._uncertainty_ms if self._uncertainty_ms != float("inf") else 0.0
        return int(wall_ms + self._offset_ms - slack)
