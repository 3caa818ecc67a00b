"""
Operations of the order entry on contracts, and their REST twins.

Source: KuCoin docs, order entry, pages of the operations, and the REST calls they are twins of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..futures.events import FuturesOrderState
from ..futures.exchange import FuturesExchange
from ..futures.refusals import refused
from ..matching.orders import Refused
from .operations import Item, Operations, Outcome

__all__ = ["MAX_BATCH", "futures_operations"]

#: Orders of one batch.
MAX_BATCH = 20


def futures_operations(exchange: FuturesExchange) -> Operations:
    """Return the handlers of ``futures.*``."""

    def order(account: str, args: Any) -> Outcome:
        state = exchange.place(account, _object(args))
        return Outcome({"orderId": state.order_id, "clientOid": state.client_oid}, (Item(state.order_id),))

    def cancel(account: str, args: Any) -> Outcome:
        state = exchange.cancel(account, _object(args))
        data = {"cancelledOrderIds": [state.order_id]} if args.get("orderId") else {"clientOid": state.client_oid}
        return Outcome(data, (Item(state.order_id),))

    def multi_order(account: str, args: Any) -> Outcome:
        return _batch(_orders(args), lambda each: exchange.place(account, each), _placed)

    def multi_cancel(account: str, args: Any) -> Outcome:
        return _batch(_cancels(_object(args)), lambda each: exchange.cancel(account, each), _cancelled)

    return {
        "futures.order": order,
        "futures.cancel": cancel,
        "futures.multi_order": multi_order,
        "futures.multi_cancel": multi_cancel,
    }


def _batch(
    orders: list[Mapping[str, Any]],
    command: Callable[[Mapping[str, Any]], FuturesOrderState],
    row: Callable[[Mapping[str, Any], FuturesOrderState | None, Refused | None], dict[str, Any]],
) -> Outcome:
    """Do each by itself: one that is refused does not stop the others."""
    rows: list[dict[str, Any]] = []
    items: list[Item] = []
    for each in orders:
        try:
            state = command(each)
        except Refused as refusal:
            rows.append(row(each, None, refusal))
            items.append(Item(None, refusal.code))
        else:
            rows.append(row(each, state, None))
            items.append(Item(state.order_id))
    return Outcome(rows, tuple(items))


def _placed(args: Mapping[str, Any], state: FuturesOrderState | None, refusal: Refused | None) -> dict[str, Any]:
    return {
        # Without an order there is no id (assumed).
        "orderId": None if state is None else state.order_id,
        "clientOid": args.get("clientOid"),
        "symbol": args.get("symbol"),
        "code": "200000" if refusal is None else refusal.code,
        "msg": "success" if refusal is None else refusal.message,
    }


def _cancelled(args: Mapping[str, Any], state: FuturesOrderState | None, refusal: Refused | None) -> dict[str, Any]:
    return {
        "orderId": args.get("orderId"),
        "clientOid": args.get("clientOid"),
        "code": "200" if refusal is None else refusal.code,
        "msg": "success" if refusal is None else refusal.message,
    }


def _object(args: Any) -> Mapping[str, Any]:
    if not isinstance(args, dict):
        raise refused("parameter", "args must be an object.")
    return args


def _orders(args: Any) -> list[Mapping[str, Any]]:
    if not isinstance(args, list) or not 1 <= len(args) <= MAX_BATCH or not all(isinstance(a, dict) for a in args):
        raise refused("parameter", f"args must be an array of 1 to {MAX_BATCH} orders.")
    return args


def _cancels(args: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what each cancel is about; both lists may be given, and as many as orders may be placed (assumed)."""
    order_ids, client_oids = args.get("orderIdsList") or [], args.get("clientOidsList") or []
    cancels: list[Mapping[str, Any]] = []
    if isinstance(order_ids, list) and isinstance(client_oids, list):
        cancels += [{"orderId": order_id} for order_id in order_ids if isinstance(order_id, str)]
        cancels += [
            {"symbol": each.get("symbol"), "clientOid": each.get("clientOid")}
            for each in client_oids
            if isinstance(each, dict)
        ]
        if 1 <= len(cancels) == len(order_ids) + len(client_oids) <= MAX_BATCH:
            return cancels
    raise refused("parameter", f"orderIdsList or clientOidsList must name 1 to {MAX_BATCH} orders.")
