"""
Unified operations of the order entry, and the answers of their REST twins.

Source: KuCoin docs, unified account, Place Order over WebSocket; ``uta.cancel`` and ``uta.amend`` are described by one
source only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..matching.orders import Refused
from .operations import Item, Operations, Outcome
from .unified_orders import UnifiedOrders

__all__ = ["uta_operations"]


def uta_operations(orders: UnifiedOrders, now_ns: Callable[[], int]) -> Operations:
    """Return the handlers of ``uta.*``."""

    def order(account: str, args: Any) -> Outcome:
        return done(_object(args), *orders.place(account, _object(args)))

    def cancel(account: str, args: Any) -> Outcome:
        return done(_object(args), *orders.cancel(account, _object(args)))

    def amend(account: str, args: Any) -> Outcome:
        order_id, client_oid = orders.amend(account, _object(args))
        return Outcome({"orderId": order_id, "clientOid": client_oid}, (Item(order_id),))

    def done(args: dict[str, Any], order_id: str, client_oid: str | None) -> Outcome:
        names = {"orderId": order_id, "clientOid": client_oid}
        return Outcome({**names, "tradeType": args["tradeType"], "ts": now_ns()}, (Item(order_id),))

    return {"uta.order": order, "uta.cancel": cancel, "uta.amend": amend}


def _object(args: Any) -> dict[str, Any]:
    if not isinstance(args, dict):
        raise Refused("106000", "args must be an object.")  # text assumed
    return args
