"""
Questions about an order whose outcome is unknown, and what an exchange answers them with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import attrs

from kucoin_sync.fates import OrderState
from kucoin_sync.orders.operation import Operation

__all__ = ["LookUp", "LookUps", "Question", "Sighting"]


@attrs.frozen
class Question:
    """
    What became of one order of a request?

    Attributes:
        operation: Row of the operation.
        args: Arguments of this one order, as sent.
        since_ms: Earliest time at the exchange when its call began, milliseconds since 1970: an order created before
            that is not the one that the request asked for, even under the same client order id.
        until_ms: Latest time at the exchange at which it may have been created, where that is known: the request
            expires by itself, or its line is over since long.
        ws_key: Name of the connection that carried it: whose order it is, where a client has several accounts.
    """

    operation: Operation
    args: Any
    since_ms: int
    ws_key: str = ""
    until_ms: int | None = None

    def text(self, key: str) -> str | None:
        """Return an argument that is a text, else ``None``."""
        value = self.args.get(key)
        return value if isinstance(value, str) else None

    @property
    def client_oid(self) -> str | None:
        """The client order id in the arguments."""
        return self.text(self.operation.client_oid_key)

    @property
    def order_id(self) -> str | None:
        """The exchange's order id in the arguments."""
        return self.text(self.operation.order_id_key)

    @property
    def symbol(self) -> str | None:
        """The symbol in the arguments."""
        return self.text(self.operation.symbol_key)


class Sighting(NamedTuple):
    """
    What one look-up saw. Both are ``None`` if it looked everywhere it can look and saw nothing.

    Attributes:
        order: Of an operation that places: the order. Of a cancel: the order it is about. Of a modification: the new
            order.
        old: Of a modification: the order it replaces.
    """

    order: OrderState | None = None
    old: OrderState | None = None


@attrs.frozen
class LookUp:
    """
    One way to look.

    Attributes:
        name: For logs, such as ``GET /api/v1/hf/orders/client-order``.
        look: Takes a question and the seconds it may take; returns what it saw, or raises `KucoinSyncError` when it
            could not look, or not far enough to say that there is nothing.
        reach: Seconds after an order's end for which this way still finds it; what it does not see later than that
            means nothing.
        calls: How many calls it may make one after the other; it may take that many times as long as one.
    """

    name: str
    look: Callable[[Question, float], Sighting]
    reach: float
    calls: int = 1


class LookUps(Protocol):
    """An exchange's ways to look an order up."""

    def ways(self, question: Question) -> Sequence[LookUp]:
        """
        Return the ways to answer a question, at different endpoints of the exchange, the best first.

        None means that the exchange has no look-up for such an order; one means that its absence cannot be shown.
        """
