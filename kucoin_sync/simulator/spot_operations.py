"""
Operations of the order entry on the spot market.

Source: KuCoin docs, order entry, pages of the operations, and the REST calls they are twins of.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .exchange import Exchange
from .operations import Item, Operations, Outcome
from .orders import OrderState, Refused
from .symbols import plain

__all__ = ["spot_operations"]


def spot_operations(exchange: Exchange) -> Operations:
    """Return the handlers of ``spot.*``."""

    def order(account: str, args: Any) -> Outcome:
        return _placed(exchange.place(account, _object(args)))

    def sync_order(account: str, args: Any) -> Outcome:
        state = exchange.place(account, _object(args))
        stamp = state.created_at_ns // 1_000_000
        return _placed(state, orderTime=stamp, **_sizes(state), matchTime=stamp)

    def modify(account: str, args: Any) -> Outcome:
        state = exchange.modify(account, _object(args))
        return Outcome({"newOrderId": state.order_id, "clientOid": state.client_oid}, (Item(state.order_id),))

    def cancel(account: str, args: Any) -> Outcome:
        return _cancelled(exchange.cancel(account, _object(args)), args)

    def sync_cancel(account: str, args: Any) -> Outcome:
        state = exchange.cancel(account, _object(args))
        return _cancelled(state, args, **_sizes(state))

    return {
        "spot.order": order,
        "spot.sync_order": sync_order,
        "spot.modify": modify,
        "spot.cancel": cancel,
        "spot.sync_cancel": sync_cancel,
    }


def _object(args: Any) -> dict[str, Any]:
    if not isinstance(args, dict):
        raise Refused("400100", "args must be an object.")  # text assumed
    return args


def _placed(state: OrderState, **more: Any) -> Outcome:
    return Outcome({"orderId": state.order_id, "clientOid": state.client_oid, **more}, (Item(state.order_id),))


def _cancelled(state: OrderState, args: dict[str, Any], **more: Any) -> Outcome:
    name = "orderId" if args.get("orderId") else "clientOid"
    return Outcome({name: args[name], **more}, (Item(state.order_id),))


def _sizes(order: OrderState) -> dict[str, Any]:
    """Return the matching result of the ``sync_`` operations."""
    origin = order.deal_size if order.size is None else order.size
    left = origin - order.deal_size
    return {
        "originSize": plain(origin),
        "dealSize": plain(order.deal_size),
        "remainSize": plain(left if order.is_live else Decimal(0)),
        "canceledSize": plain(Decimal(0) if order.is_live else left),
        "status": "open" if order.is_live else "done",
    }
