"""
One wish that takes several calls, all of which change the account: each is made, whatever became of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.errors import NotSent, OutcomeUnknown, Rejected, RequestError

__all__ = ["Leg", "run_legs"]

Leg = Callable[[float], Any]
"""Makes one call in at most so many seconds; ends as every call that changes the account does."""

_WORST_FIRST = (OutcomeUnknown, Rejected, NotSent)


def run_legs(legs: Mapping[str, Leg], deadline: Deadline) -> dict[str, Any]:
    """
    Make calls one after the other, each with an even share of the time that is left.

    Args:
        legs: Calls by what to call them in notes.
        deadline: For all of them.

    Returns:
        What each returned.

    Raises:
        Rejected, NotSent, OutcomeUnknown: The worst end, if not all were taken. Its ``notes`` tell of the others.
    """
    results: dict[str, Any] = {}
    errors: dict[str, RequestError] = {}
    for index, (name, leg) in enumerate(legs.items()):
        try:
            results[name] = leg(deadline.remaining() / (len(legs) - index))
        except RequestError as error:
            errors[name] = error
    if not errors:
        return results
    worst = min(errors, key=lambda name: _WORST_FIRST.index(type(errors[name])))
    others = [f"{name}: {errors.get(name, 'done')}" for name in legs if name != worst]
    raised = errors[worst].with_traceback(None)
    raised.notes = (*raised.notes, *others)
    if hasattr(raised, "add_note"):
        for other in others:
            raised.add_note(other)
    raise raised
