"""
Private REST calls of the spot host about stop orders.

Source: KuCoin docs, pages of the calls under Spot Trading, Orders.
"""

from __future__ import annotations

from typing import Any

from ..kucoin_venue import KucoinVenue, user_id
from ..matching.orders import StopOrderState
from ..spot.refusals import refused
from .calls import RestCall, Route
from .order_objects import page_of, stop_order_object

__all__ = ["StopOrderCalls"]

ORDERS = "/api/v1/stop-order"
#: Parameters of the list, and what they are called in the engine.
_FILTERS = {"symbol": "symbol", "side": "side", "type": "type", "tradeType": "trade_type", "stop": "stop"}


class StopOrderCalls:
    """
    Placing, cancelling and finding stop orders.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._exchange = venue.exchange

    def routes(self) -> list[Route]:
        """Return the table of these calls."""
        return [
            Route("POST", ORDERS, self._place, weight=1),
            Route("GET", ORDERS, self._list, weight=8),
            Route("GET", f"{ORDERS}/queryOrderByClientOid", self._by_client_oid, weight=3),
            Route("GET", f"{ORDERS}/{{orderId}}", self._one, weight=3),
            Route("DELETE", f"{ORDERS}/cancelOrderByClientOid", self._cancel_by_client_oid, weight=5),
            Route("DELETE", f"{ORDERS}/{{orderId}}", self._cancel, weight=3),
        ]

    def _place(self, call: RestCall) -> Any:
        return {"orderId": self._exchange.place_stop(call.account, call.body).order_id}

    def _list(self, call: RestCall) -> Any:
        """Tell the waiting ones, newest first."""
        filters = {ours: call.query[name] for name, ours in _FILTERS.items() if call.query.get(name)}
        orders = self._exchange.stop_orders.waiting({"account": call.account, **filters})
        start, end = call.whole("startAt", 0), call.whole("endAt", 10**14)
        ids = call.query["orderIds"].split(",") if call.query.get("orderIds") else None
        orders = [
            o for o in orders if start <= o.created_at_ns // 1_000_000 <= end and (ids is None or o.order_id in ids)
        ]
        page = page_of(orders, call, number="currentPage", default=50, least=10, most=500)
        return {**page, "items": [self._spell(order) for order in page["items"]]}

    def _one(self, call: RestCall) -> Any:
        order = self._exchange.stop_orders.get(call.account, call.path["orderId"])
        if order is None:
            raise refused("no_such_order")
        return self._spell(order)

    def _by_client_oid(self, call: RestCall) -> Any:
        return [self._spell(order) for order in self._named(call)]

    def _cancel(self, call: RestCall) -> Any:
        order = self._exchange.stop_orders.get(call.account, call.path["orderId"])
        return {"cancelledOrderIds": [self._exchange.cancel_stop(call.account, order).order_id]}

    def _cancel_by_client_oid(self, call: RestCall) -> Any:
        waiting = [order for order in self._named(call) if order.status == "NEW"]
        order = self._exchange.cancel_stop(call.account, waiting[0] if waiting else None)
        return {"cancelledOrderId": order.order_id, "clientOid": order.request.client_oid}

    def _named(self, call: RestCall) -> list[StopOrderState]:
        symbol = call.query.get("symbol") or None
        return self._exchange.stop_orders.by_client_oid(call.account, call.need("clientOid"), symbol)

    def _spell(self, order: StopOrderState) -> dict[str, Any]:
        settlement = self._exchange.settlement
        return stop_order_object(
            order,
            user=user_id(order.account),
            fee_currency=self._exchange.symbols[order.request.symbol].quote,
            taker_fee=settlement.taker_fee,
            maker_fee=settlement.maker_fee,
        )
