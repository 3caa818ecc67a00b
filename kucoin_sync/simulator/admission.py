"""Who may open one more connection: the limits of the exchange per user."""

from __future__ import annotations

from collections import deque

__all__ = ["OPENING_WINDOW", "Admission"]

OPENING_WINDOW = 60.0
MAX_USERS = 1000


class Admission:
    """
    Counts the connections that each user opens.

    Everybody without an account is one user here (assumed: the exchange can only go by the address).

    Args:
        at_once: Connections a user may have; ``None`` for any number.
        per_minute: Connections a user may open within a minute; ``None`` for any number.
    """

    def __init__(self, *, at_once: int | None, per_minute: int | None) -> None:
        self._at_once = at_once
        self._per_minute = per_minute
        self._openings: dict[str, deque[float]] = {}

    def refusal(self, user: str, *, others: int, now: float) -> str | None:
        """
        Count one more opening; return why it must not stay open, or ``None``.

        Args:
            user: Account, ``""`` for everybody without one.
            others: Connections the user has besides.
            now: Seconds, monotonic.
        """
        if self._at_once is not None and others >= self._at_once:
            return f"exceed max session count limitation of {self._at_once}"
        if self._per_minute is None:
            return None
        openings = self._openings.setdefault(user, deque())
        while openings and now - openings[0] >= OPENING_WINDOW:
            openings.popleft()
        if len(openings) >= self._per_minute:
            return f"exceed max session count limitation of {self._per_minute} per minute"  # text assumed
        openings.append(now)
        if len(self._openings) > MAX_USERS:
            del self._openings[next(iter(self._openings))]
        return None
