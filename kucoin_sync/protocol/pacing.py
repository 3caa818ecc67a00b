"""
How fast frames may leave: a sliding window over the exchange's message limit.
"""

from __future__ import annotations

from collections import deque

__all__ = ["RESERVE", "MessagePace", "frames_at_once", "time_of_frames"]

RESERVE = 5
"""Places of a window that are kept for pings."""


def frames_at_once(limit: int) -> int:
    """Return how many of the frames of one window a sender of commands may use."""
    return max(1, limit - RESERVE)


def time_of_frames(count: int, limit: int, window: float) -> float:
    """Return the seconds between the first and the last of ``count`` commands that leave as fast as they may."""
    return max(0, count - 1) // frames_at_once(limit) * window


class MessagePace:
    """
    Count frames in a sliding window.

    Pings are counted but never held back: a few places of the window are kept for them.

    Args:
        limit: Frames the exchange takes in one window.
        window: Seconds.
    """

    def __init__(self, limit: int, window: float) -> None:
        self._room = frames_at_once(limit)
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
