"""
When to open the next line: a growing delay per connection, and one budget for all connections of a client.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

__all__ = ["BUDGET_WINDOW", "LONGEST_DELAY", "Backoff", "OpeningBudget"]

FACTOR = 1.7
LONGEST_DELAY = 30.0
MOST_STEPS = 100
"""Any first delay but none has long reached the longest by then; more steps are more than a float can hold."""
LONGEST_RETRY_AFTER = 300.0
BUDGET_WINDOW = 60.0


class Backoff:
    """
    Exponential delay with jitter, so that many clients do not come back in step.

    Args:
        first: Upper bound of the first delay, seconds.
        random: Source of jitter in 0..1.
    """

    def __init__(self, first: float, random: Callable[[], float]) -> None:
        self._first = first
        self._random = random
        self.attempts = 0

    def next_delay(self, *, retry_after: float | None = None, at_least: float = 0.0) -> float:
        """Count one failure and return the seconds to wait; a peer's ``retry_after`` is honoured up to 5 min."""
        self.attempts += 1
        bound = min(LONGEST_DELAY, self._first * FACTOR ** min(self.attempts - 1, MOST_STEPS))
        # The lower half keeps the delay growing, the upper half spreads it.
        delay = bound * (0.5 + 0.5 * self._random())
        if retry_after is not None:
            delay = max(delay, min(retry_after, LONGEST_RETRY_AFTER))
        return max(delay, at_least)

    def reset(self) -> None:
        """Forget the failures: a line has held."""
        self.attempts = 0


class OpeningBudget:
    """
    At most ``limit`` openings in any 60 s. Not thread-safe: its owner holds a lock.

    Args:
        limit: Openings in a minute.
        burst: At most so many openings in so many seconds, fewer than 60, as well.
    """

    def __init__(self, limit: int, burst: tuple[int, float] | None = None) -> None:
        self._rules = [(limit, BUDGET_WINDOW), *([] if burst is None else [burst])]
        self._taken: deque[float] = deque()

    def delay(self, now: float) -> float:
        """Return the seconds until an opening may begin."""
        while self._taken and self._taken[0] <= now - BUDGET_WINDOW:
            self._taken.popleft()
        taken = self._taken
        free = [taken[len(taken) - limit] + window for limit, window in self._rules if len(taken) >= limit]
        return max([0.0, *(at - now for at in free)])

    def left(self, now: float) -> int:
        """Return how many openings may begin now."""
        return max(0, min(limit - sum(at > now - window for at in self._taken) for limit, window in self._rules))

    def take(self, now: float) -> None:
        """Count one opening."""
        self._taken.append(now)
