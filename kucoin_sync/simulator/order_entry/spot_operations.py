"""
Operations of the order entry on the spot market.

Source: KuCoin docs, order entry, pages of the operations, and the REST calls they are twins of.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..matching.orders import OrderState, Refused
from ..matching.symbols import plain
from ..spot.exchange import Exchange
from .operations import Item, Operations, Outcome

__all__ = ["cancelled", "placed", "read_args", "sizes", "spot_operations", "sync_placed"]


def spot_operations(exchange: Exchange) -> Operations:
    """Return the handlers of ``spot.*``."""

    def order(account: str, args: Any) -> Outcome:
        return placed(exchange.place(account, read_args(args)))

    def sync_order(account: str, args: Any) -> Outcome:
        return sync_placed(exchange.place(account, read_args(args)))

    def modify(account: str, args: Any) -> Outcome:
        state = exchange.modify(account, read_args(args))
        return Outcome({"newOrderId": state.order_id, "clientOid": state.client_oid}, (Item(state.order_id),))

    def cancel(account: str, args: Any) -> Outcome:
        return cancelled(exchange.cancel(account, read_args(args)), args)

    def sync_cancel(account: str, args: Any) -> Outcome:
        state = exchange.cancel(account, read_args(args))
        return cancelled(state, args, **sizes(state))

    return {
        "spot.order": order,
        "spot.sync_order": sync_order,
        "spot.modify": modify,
        "spot.cancel": cancel,
        "spot.sync_cancel": sync_cancel,
    }


def read_args(args: Any) -> dict[str, Any]:
    """
    Return ``args`` of a frame.

    Raises:
        Refused: They are not an object (400100, text assumed).
    """
    if not isinstance(args, dict):
        raise Refused("400100", "args must be an object.")
    return args


def placed(state: OrderState, **more: Any) -> Outcome:
    """Return what placing an order answers."""
    return Outcome({"orderId": state.order_id, "clientOid": state.client_oid, **more}, (Item(state.order_id),))


def sync_placed(state: OrderState) -> Outcome:
    """Return what placing an order answers with the result of its matching."""
    return placed(
        state,
        orderTime=state.created_at_ns // 1_000_000,
        **sizes(state),
        matchTime=state.updated_at_ns // 1_000_000,
    )


def cancelled(state: OrderState, args: dict[str, Any], **more: Any) -> Outcome:
    """Return what cancelling an order answers: the id it was asked by."""
    name = "orderId" if args.get("orderId") else "clientOid"
    return Outcome({name: args[name], **more}, (Item(state.order_id),))


def sizes(order: OrderState) -> dict[str, Any]:
    """Return the result of the matching; an order placed by funds has the size that it traded (assumed)."""
    origin = order.deal_size if order.request.size is None else order.request.size
    return {
        "originSize": plain(origin),
        "dealSize": plain(order.deal_size),
        "remainSize": plain(order.remaining),
        "canceledSize": plain(order.cancelled_size if order.request.size is not None else Decimal(0)),
        "status": "open" if order.is_live else "done",
    }
