"""What an operation of the order entry answers, whatever the product: the form its handlers return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

__all__ = ["Item", "Operations", "Outcome"]


@frozen
class Item:
    """
    What became of one order of an operation.

    Attributes:
        order_id: The order that was placed, changed or cancelled; ``None`` where nothing was.
        code: ``"200000"`` if the engine did it, else the exchange's code.
    """

    order_id: str | None
    code: str = "200000"


@frozen
class Outcome:
    """``data`` of the reply, and what became of each order: one item, or one for each of a batch in its order."""

    data: Any
    items: tuple[Item, ...]


Operations = Mapping[str, Callable[[str, Any], Outcome]]
"""Operation to its handler, which takes the account and ``args`` of the frame, and raises `Refused`."""
