"""
Whether the machine slept: one clock goes on while it does, the other stands still.
"""

from __future__ import annotations

__all__ = ["SleepWatch"]


class SleepWatch:
    """
    Tell a sleep of the machine from a process that merely had to wait.

    The two clocks cannot be read at one moment, and any time may pass between two readings. So the clock that stands
    still is read before and after the other one: what lies between is known to be between two bounds, and only what
    cannot be explained by waiting counts as sleep.

    Args:
        before: Clock that stands still during sleep, read first. Seconds, as all three.
        boot: Clock that goes on.
        after: Clock that stands still, read again.
    """

    def __init__(self, before: float, boot: float, after: float) -> None:
        assert before <= after
        self._ahead = boot - before  # at most this much was slept before

    def slept(self, before: float, boot: float, after: float) -> float:
        """
        Return for how long the machine slept since the last call, at least; 0 if that is not certain.

        Args:
            before: As for the class.
            boot: As for the class.
            after: As for the class.
        """
        slept = max(0.0, boot - after - self._ahead)
        # Clocks that drift apart without a sleep must not add up to one.
        self._ahead = boot - before
        return slept
