"""
How fast frames may leave: a sliding window over the exchange's message limit.
"""

from __future__ import annotations

from collections import deque

__all__ = ["MessagePace"]


class MessagePace:
    """
    Count frames in a sliding window.

    Pings are counted but never held back: a few places of the window are kept for them.

    Args:
        limit: Frames the exchange takes in one window.
        window: Seconds.
        reserve: Places of the window that only `count` may use.
    """

    def __init__(self, limit: int, window: float, reserve: int = 5) -> None:
        self._room = max(1, limit - reserve)
        self._window = window
        self._sent: deque[float] = deque()

    def delay(self, now: float) -> float:
        """Return the seconds until a frame that can wait may leave."""
        while self._sent and self._sent[0] <= now - self._window:
            self._sent.popleft()
        if len(self._sent) < self._room:
            return 0.0
        return self._sent[len(self._sent) - self._room] + self._window - now

    def count(self, now: float) -> None:
        """Count a frame that leaves now."""
        self._sent.append(now)
