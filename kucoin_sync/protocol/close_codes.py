"""
What a peer's close code asks for: to come back as usual, later, much later, or not at all.
"""

from __future__ import annotations

from enum import Enum

__all__ = ["CloseHistory", "ComeBack"]


class ComeBack(Enum):
    """When to open the next line."""

    SOON = "soon"
    """After the usual delay."""
    LATER = "later"
    """After a second at least: the peer restarts, or has too much to do."""
    LAST = "last"
    """After the longest delay: it says again that we break its rules, and what we send will not be other next time."""
    NEVER = "never"
    """It refused us again, with everything fresh: the credentials are not accepted."""


_BUSY = frozenset({1012, 1013})
_OUR_FAULT = frozenset({1002, 1003, 1007, 1009, 1010})
_REFUSED = 1008


class CloseHistory:
    """The close codes of one connection's lines in a row."""

    def __init__(self) -> None:
        self._faults = 0
        self._refusals = 0

    def closed(self, code: int) -> ComeBack:
        """
        Take note of a line that a peer closed, and say when to open the next.

        Args:
            code: As the peer sent it; 1006 where the line ended without one.
        """
        self._faults = self._faults + 1 if code in _OUR_FAULT else 0
        self._refusals = self._refusals + 1 if code == _REFUSED else 0
        if self._refusals > 1:
            return ComeBack.NEVER
        if self._faults > 1:
            return ComeBack.LAST
        return ComeBack.LATER if code in _BUSY else ComeBack.SOON

    def reset(self) -> None:
        """Forget what was: a line has held."""
        self._faults = self._refusals = 0
