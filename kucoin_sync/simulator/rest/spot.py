"""
REST calls of the spot host.

Source: KuCoin docs, pages of the calls.
"""

from __future__ import annotations

from typing import Any

from ..kucoin_venue import KucoinVenue
from ..matching.orders import Refused
from .calls import RestCall, Route

__all__ = ["SpotCalls"]


class SpotCalls:
    """
    Symbols of the spot market.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._venue = venue

    def routes(self) -> list[Route]:
        """Return the table of these calls."""
        return [
            Route("GET", "/api/v2/symbols", self._symbols, signed=False, pool="public", weight=4),
            Route("GET", "/api/v2/symbols/{symbol}", self._symbol, signed=False, pool="public", weight=4),
        ]

    def _symbols(self, call: RestCall) -> Any:
        market = call.query.get("market")
        symbols = self._venue.exchange.symbols.values()
        return [symbol.as_wire() for symbol in symbols if not market or symbol.market == market]

    def _symbol(self, call: RestCall) -> Any:
        symbol = self._venue.exchange.symbols.get(call.path["symbol"])
        if symbol is None:
            raise Refused("900001", "Symbol not exists")
        return symbol.as_wire()
