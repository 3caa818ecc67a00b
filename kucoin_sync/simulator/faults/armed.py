"""
Faults that were ordered and wait for their moment; every order and every strike is in the log.

Chance is drawn from a seed, so that the same orders and the same traffic meet the same faults.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, frozen

__all__ = ["ArmedFault", "ArmedFaults", "FaultLogEntry"]

MAX_ARMED = 1000


@frozen
class FaultLogEntry:
    """One line of the fault log: a fault that was ordered, or an armed one that struck."""

    at_ns: int
    name: str
    #: ``"ordered"`` or ``"struck"``.
    what: str
    details: Mapping[str, Any]


@frozen
class ArmedFault:
    """A fault in force. ``left`` is how often it will still strike, ``None`` for until it is cleared."""

    name: str
    left: int | None
    probability: float
    details: Mapping[str, Any]


@define
class _Armed:
    name: str
    left: int | None
    probability: float
    match: Mapping[str, Any]
    details: Mapping[str, Any]


class ArmedFaults:
    """
    The waiting faults of one simulator.

    Args:
        now_ns: Clock for the log.
        seed: Of the chance with which those strike that have a probability.
    """

    def __init__(self, *, now_ns: Callable[[], int], seed: int) -> None:
        self._now_ns = now_ns
        self._random = random.Random(seed)
        self._armed: list[_Armed] = []
        self.log: deque[FaultLogEntry] = deque(maxlen=10_000)

    def __bool__(self) -> bool:
        return bool(self._armed)

    def arm(
        self,
        name: str,
        count: int | None,
        probability: float,
        match: Mapping[str, Any],
        details: Mapping[str, Any],
    ) -> None:
        """
        Let a fault wait.

        Args:
            name: Kind of fault.
            count: How often it strikes; ``None`` for always.
            probability: Of striking where it fits, above 0 and at most 1.
            match: What must be so; ``None`` or ``"all"`` fits everything.
            details: What `take` returns.

        Raises:
            ValueError: Wrong count or probability, or too many faults wait.
        """
        if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
            raise ValueError("count must be a positive integer, or None for always")
        if not 0 < probability <= 1:
            raise ValueError("probability must be above 0 and at most 1")
        if len(self._armed) >= MAX_ARMED:
            raise ValueError(f"there must be at most {MAX_ARMED} waiting faults")
        chance = {} if probability == 1 else {"probability": probability}
        self.note(name, {"count": count, **chance, **match, **details})
        self._armed.append(_Armed(name, count, probability, match, details))

    def take(self, name: str, facts: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """
        Use up one waiting fault, if one of that name fits.

        Returns:
            The fault's details, or ``None`` if nothing strikes.
        """
        for armed in self._armed:
            if armed.name != name or not all(_fits(key, wanted, facts.get(key)) for key, wanted in armed.match.items()):
                continue
            if armed.probability < 1 and self._random.random() >= armed.probability:
                continue
            if armed.left is not None:
                armed.left -= 1
                if armed.left == 0:
                    self._armed.remove(armed)
            told = {key: value for key, value in facts.items() if isinstance(value, str)}
            self.log.append(FaultLogEntry(self._now_ns(), name, "struck", told))
            return armed.details
        return None

    def note(self, name: str, details: Mapping[str, Any]) -> None:
        """Write an order into the log."""
        self.log.append(FaultLogEntry(self._now_ns(), name, "ordered", dict(details)))

    def waiting(self) -> list[ArmedFault]:
        """Return the waiting faults, oldest first."""
        return [
            ArmedFault(armed.name, armed.left, armed.probability, _told(armed.match, armed.details))
            for armed in self._armed
        ]

    def clear(self) -> None:
        """Forget them all."""
        self._armed.clear()


def _told(match: Mapping[str, Any], details: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**match, **details}.items() if value is not None}


def _fits(key: str, wanted: Any, fact: Any) -> bool:
    """Compare what a fault was armed for with what is happening; a part of a path will do, and one topic of several."""
    if wanted is None or wanted == "all":
        return True
    if key == "path":
        return wanted in fact
    return wanted in fact if isinstance(fact, frozenset) else bool(wanted == fact)
