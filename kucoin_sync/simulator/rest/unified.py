"""
REST calls of the unified API: the token of the private Pro stream, orders, and order books.

Source: KuCoin docs, unified account pages, and what known clients send.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from ..kucoin_venue import KucoinVenue
from ..matching.orders import Refused
from ..matching.symbols import plain
from .calls import RestCall, Route

__all__ = ["UnifiedCalls"]

_DEPTHS = {"20": 20, "50": 50, "100": 100, "FULL": None}


class UnifiedCalls:
    """
    The unified calls.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._venue = venue

    def routes(self) -> list[Route]:
        """Return the table of the calls of the spot host."""
        return [
            *self.token_routes(),
            Route("POST", "/api/ua/v1/unified/order/place", self._twin_of("uta.order"), pool="unified", weight=1),
            Route("POST", "/api/ua/v1/unified/order/cancel", self._twin_of("uta.cancel"), pool="unified", weight=1),
            Route("POST", "/api/ua/v1/unified/order/amend", self._twin_of("uta.amend"), pool="unified", weight=2),
            # Sources differ on whether this one is signed.
            Route("GET", "/api/ua/v1/market/orderbook", self._order_book, pool="unified", weight=3),
        ]

    def token_routes(self) -> list[Route]:
        """Return the call that both hosts answer."""
        return [Route("POST", "/api/v2/bullet-private", self._token, pool="management", weight=10)]

    def _token(self, call: RestCall) -> Any:
        """Answer with a token and nothing else: the address of the stream is known beforehand."""
        return {"token": self._venue.tokens.issue(call.account, "pro")}

    def _twin_of(self, op: str) -> Callable[[RestCall], Any]:
        """Return the handler of the call that does what an operation of the order entry does, with the same answer."""

        def run(call: RestCall) -> Any:
            return self._venue.operations[op](call.account, dict(call.body)).data

        return run

    def _order_book(self, call: RestCall) -> Any:
        """Answer with the whole book or its best levels; the sequence is that of the streams."""
        trade_type, symbol = call.need("tradeType"), call.need("symbol")
        limit = call.query.get("limit", "FULL")
        market = self._venue.pro_markets.get(trade_type)
        if market is None or limit not in _DEPTHS:
            raise Refused("106000", "InvalidParam")
        if symbol not in market.symbols:
            raise Refused("106054", "InvalidSymbol")
        book = market.book(symbol)
        sides = {
            name: [[plain(price), plain(size)] for price, size in islice(side.levels(), _DEPTHS[limit])]
            for name, side in (("bids", book.bids), ("asks", book.asks))
        }
        return {"tradeType": trade_type, "symbol": symbol, "sequence": book.sequence, **sides}
