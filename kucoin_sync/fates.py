"""
What was found out about an order whose outcome was unknown: what `OutcomeUnknown.reconcile` returns.

- `Accepted`: the exchange has it. For a cancel: the order is no longer live. For a modification: the new order is
  there.
- `Absent`: it is not there, and, as far as that can be known, never will be.
- `StillUnknown`: neither could be shown in the time given. Nothing is lost: ask again.
- `BatchFate`: of a request about several orders, one of these for each order that was unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

import attrs

from kucoin_sync.errors import KucoinSyncError, OutcomeUnknown

__all__ = ["Absent", "Accepted", "BatchFate", "Evidence", "Fate", "OrderState", "OrderStatus", "StillUnknown"]

OrderStatus = Literal["live", "filled", "cancelled"]
Evidence = Literal["reply", "event", "look-up"]
"""Where knowledge came from: a late reply, a private order event, or REST look-ups."""


@attrs.frozen
class OrderState:
    """
    How an order stood when the exchange told.

    Attributes:
        order_id: The exchange's id.
        client_oid: The client order id, or ``None`` where it has none.
        symbol: Symbol.
        status: ``live`` (open, or waiting for its trigger), ``filled``, or ``cancelled`` (with or without earlier
            fills).
        side: ``buy`` or ``sell``; ``None`` where it was not told, as with the fields below.
        type: ``limit`` or ``market``.
        price: Limit price.
        size: Size as ordered; contracts for futures.
        filled_size: How much of it is filled.
        created_ms: When the exchange created it, milliseconds since 1970.
        raw: What the exchange told, with its own names.
    """

    order_id: str
    client_oid: str | None
    symbol: str
    status: OrderStatus
    side: str | None = None
    type: str | None = None
    price: Decimal | None = None
    size: Decimal | None = None
    filled_size: Decimal | None = None
    created_ms: int | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False, converter=dict)

    @property
    def is_live(self) -> bool:
        """Whether it can still be filled."""
        return self.status == "live"


@attrs.frozen
class Accepted:
    """
    The exchange has it.

    Attributes:
        order: The order, as far as it is known; of a modification the new one.
        evidence: ``reply``, ``event`` or ``look-up``.
        no_effect: Of a cancel: the order was filled, or gone, before the cancel could change anything.
        old: Of a modification: the order it replaced, where it is known.
        order_id: The exchange's id of the order, which a late reply names even where ``order`` is ``None``.
    """

    order: OrderState | None
    evidence: Evidence
    no_effect: bool = False
    old: OrderState | None = None
    order_id: str | None = None

    def __str__(self) -> str:
        what = f"order {self.order_id}" if self.order is None else f"order {self.order.order_id} is {self.order.status}"
        return f"accepted ({what}, by {self.evidence}{', the cancel had no effect' if self.no_effect else ''})"


@attrs.frozen
class Absent:
    """
    It is not there.

    Attributes:
        confidence: ``certain`` if the exchange refused it after all, in a late reply; ``likely`` if nothing can arrive
            any more and two look-ups, some time after that, found nothing. No exchange promises more than that.
        evidence: ``reply`` or ``look-up``.
        order: Of a cancel that did not arrive: the order, still live; ``None`` if there is no such order.
        old: Of a modification whose new order is not there: the old one, live or cancelled, where it is known.
        refusal: The code and text of the late refusal, or ``None``.
    """

    confidence: Literal["certain", "likely"]
    evidence: Evidence
    order: OrderState | None = None
    old: OrderState | None = None
    refusal: str | None = None

    def __str__(self) -> str:
        return f"absent ({self.confidence}, by {self.evidence}{f': {self.refusal}' if self.refusal else ''})"


@attrs.frozen
class StillUnknown:
    """
    Neither could be shown in the time given; the order stays among the unresolved.

    Attributes:
        reason: What was missing, in one line.
        last_error: What the last look-up that failed raised, or ``None``.
    """

    reason: str
    last_error: KucoinSyncError | None = None

    def __str__(self) -> str:
        return f"still unknown ({self.reason})"


@attrs.frozen
class BatchFate:
    """
    What was found out about the unknown orders of one request, in their order in ``error.results.unknown``.

    Attributes:
        orders: The unknown orders.
        fates: What was found out about each.
    """

    orders: tuple[OutcomeUnknown, ...] = attrs.field(repr=False)
    fates: tuple[Accepted | Absent | StillUnknown, ...]

    @property
    def by_client_oid(self) -> Mapping[str, Accepted | Absent | StillUnknown]:
        """Client order id to fate, of the orders that have one."""
        pairs = zip(self.orders, self.fates, strict=True)
        return MappingProxyType({error.client_oid: fate for error, fate in pairs if error.client_oid})

    def __iter__(self) -> Iterator[Accepted | Absent | StillUnknown]:
        return iter(self.fates)

    def __len__(self) -> int:
        return len(self.fates)


Fate = Accepted | Absent | StillUnknown
