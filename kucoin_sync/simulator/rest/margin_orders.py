"""
Private REST calls of the spot host about margin orders.

Source: KuCoin docs, pages of the calls under Margin Trading, Orders. They refuse with the codes of the margin market.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from ..kucoin_venue import KucoinVenue
from ..order_entry.margin_operations import in_margin_words, placed_on_margin
from ..order_entry.spot_operations import cancelled
from ..spot.exchange import MARGIN_ORDERS
from ..spot.refusals import refused
from .calls import RestCall, Route
from .order_objects import margin_order_object
from .spot_orders import OrderLookups

__all__ = ["MarginOrderCalls"]

ORDERS = "/api/v3/hf/margin/orders"


class MarginOrderCalls:
    """
    Placing, cancelling and finding margin orders.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._exchange = venue.exchange
        self._find = OrderLookups(venue, margin_order_object)

    def routes(self) -> list[Route]:
        """Return the table of these calls."""
        by_client_oid = "client-order/{clientOid}"
        single = "/api/v3/hf/margin/order"
        routes = [
            Route("POST", single, self._place, weight=2, says_success=True),
            Route("POST", f"{single}/test", self._test, weight=2, says_success=True),
            Route("DELETE", ORDERS, self._cancel_all, weight=5),
            Route("DELETE", f"{ORDERS}/{by_client_oid}", self._cancel, weight=2),
            Route("DELETE", f"{ORDERS}/{{orderId}}", self._cancel, weight=2),
            Route("GET", f"{ORDERS}/active", lambda call: self._find.live(call, _trade_type(call)), weight=4),
            Route("GET", f"{ORDERS}/done", lambda call: self._find.done(call, _trade_type(call)), weight=10),
            Route("GET", f"{single}/active/symbols", self._symbols, weight=4),
            Route("GET", f"{ORDERS}/{by_client_oid}", lambda call: self._find.one(call, MARGIN_ORDERS), weight=5),
            Route("GET", f"{ORDERS}/{{orderId}}", lambda call: self._find.one(call, MARGIN_ORDERS), weight=5),
            Route("GET", "/api/v3/hf/margin/fills", lambda call: self._find.fills(call, _trade_type(call)), weight=5),
        ]
        return [evolve(route, handler=in_margin_words(route.handler)) for route in routes]

    def _place(self, call: RestCall) -> Any:
        return placed_on_margin(*self._exchange.place_margin(call.account, call.body))

    def _test(self, call: RestCall) -> Any:
        order_id = self._exchange.test(call.account, call.body, margin=True)
        answer = {"orderId": order_id, "clientOid": call.body["clientOid"]}
        return {**answer, "borrowSize": "0", "loanApplyId": None} if call.body.get("autoBorrow") else answer

    def _cancel(self, call: RestCall) -> Any:
        args = {**call.path, "symbol": call.need("symbol")}
        return cancelled(self._exchange.cancel(call.account, args, margin=True), args).data

    def _cancel_all(self, call: RestCall) -> str:
        symbol = self._find.symbol(call)
        self._exchange.cancel_all(call.account, symbols=[symbol], trade_types=_trade_type(call))
        return "success"

    def _symbols(self, call: RestCall) -> Any:
        symbols = self._find.live_symbols(call, _trade_type(call))
        return {"symbolSize": len(symbols), "symbols": symbols}


def _trade_type(call: RestCall) -> tuple[str, ...]:
    trade_type = call.need("tradeType")
    if trade_type not in MARGIN_ORDERS:
        raise refused("parameter", "tradeType is invalid.")
    return (trade_type,)
