"""
Public REST calls of the futures host about the market: books, tickers, trades, candles, mark prices.

Source: KuCoin docs, pages of the calls. What a call about an unknown contract answers is assumed.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from ..classic.futures_public_frames import top_payload
from ..futures.contracts import Contract
from ..kucoin_venue import KucoinVenue
from ..matching.book import BookSide
from ..matching.orders import Refused
from ..matching.symbols import plain
from .calls import RestCall, Route
from .market import PART_DEPTHS

__all__ = ["FuturesMarketCalls"]

#: Minutes of ``granularity`` to the name of the interval.
GRANULARITIES = {
    1: "1min",
    5: "5min",
    15: "15min",
    30: "30min",
    60: "1hour",
    120: "2hour",
    240: "4hour",
    480: "8hour",
    720: "12hour",
    1440: "1day",
    10080: "1week",
}
CANDLES_AT_ONCE = 500


class FuturesMarketCalls:
    """
    The calls about the futures market.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._venue = venue

    def routes(self) -> list[Route]:
        """Return the table of these calls."""
        calls = (
            ("/api/v1/ticker", self._ticker, 2),
            ("/api/v1/level2/snapshot", self._full, 3),
            ("/api/v1/level2/depth{size}", self._part, 5),
            ("/api/v1/trade/history", self._trades, 5),
            ("/api/v1/kline/query", self._candles, 3),
            ("/api/v1/mark-price/{symbol}/current", self._mark_price, 3),
        )
        return [Route("GET", path, call, signed=False, pool="public", weight=weight) for path, call, weight in calls]

    # Books. Their sequence is that of the increments on ``/contractMarket/level2``.

    def _ticker(self, call: RestCall) -> Any:
        """Answer with the top of the book and the last trade; before the first trade its size is zero (assumed)."""
        venue, symbol = self._venue, self._contract(call.need("symbol")).symbol
        ticker, trade = venue.futures.ticker(symbol), venue.futures_market.last_trade(symbol)
        return {
            **top_payload(ticker, venue.futures.book(symbol).sequence, ticker.time_ns or venue.now_ns()),
            "side": "buy" if trade is None else trade.side,
            "size": int(ticker.size),
            "price": plain(ticker.price),
            "tradeId": "0" if trade is None else str(trade.trade_id),
        }

    def _part(self, call: RestCall) -> Any:
        depth = PART_DEPTHS.get(call.path["size"])
        if depth is None:
            raise Refused("400100", "size is invalid.")
        return self._book(call, depth)

    def _full(self, call: RestCall) -> Any:
        return self._book(call, None)

    def _book(self, call: RestCall, depth: int | None) -> Any:
        symbol = self._contract(call.need("symbol")).symbol
        book = self._venue.futures.book(symbol)
        return {
            "sequence": book.sequence,
            "symbol": symbol,
            "bids": _levels(book.bids, depth),
            "asks": _levels(book.asks, depth),
            "ts": self._venue.now_ns(),
        }

    # The past.

    def _trades(self, call: RestCall) -> Any:
        """Answer with the last hundred trades, newest first."""
        symbol = self._contract(call.need("symbol")).symbol
        number = list(self._venue.futures.contracts).index(symbol) + 1
        return [
            {
                "sequence": trade.trade_id,
                "contractId": number,
                "tradeId": str(trade.trade_id),
                "makerOrderId": trade.maker_order_id,
                "takerOrderId": trade.taker_order_id,
                "ts": trade.time_ns,
                "size": int(trade.size),
                "price": plain(trade.price),
                "side": trade.side,
            }
            for trade in reversed(self._venue.futures_market.trades(symbol))
        ]

    def _candles(self, call: RestCall) -> Any:
        """
        Answer with candles, oldest first: start in milliseconds, open, high, low, close, volume, turnover.

        They start in ``from`` <= start < ``to``; 0 is no bound. The order of the elements is assumed.
        """
        symbol = self._contract(call.need("symbol")).symbol
        interval = GRANULARITIES.get(call.whole("granularity", 0))
        if interval is None:
            raise Refused("400100", "granularity is invalid.")
        # Rounded up: a candle that began before the bound is not meant.
        start, end = (-(-call.whole(name, 0) // 1000) for name in ("from", "to"))
        candles = self._venue.futures_market.candles(
            symbol, interval, start=start, end=end or None, limit=CANDLES_AT_ONCE
        )
        return [[c.start * 1000, c.open, c.high, c.low, c.close, c.volume, c.turnover] for c in candles]

    def _mark_price(self, call: RestCall) -> Any:
        symbol = self._contract(call.path["symbol"]).symbol
        price = self._venue.futures.prices[symbol]
        return {
            "symbol": symbol,
            "granularity": 1000,
            "timePoint": self._venue.now_ms() // 1000 * 1000,
            "value": price.mark,
            "indexPrice": price.index,
        }

    def _contract(self, symbol: str) -> Contract:
        contract = self._venue.futures.contracts.get(symbol)
        if contract is None:
            raise Refused("200003", "The symbol is invalid.")
        return contract


def _levels(side: BookSide, depth: int | None) -> list[list[Any]]:
    """Return price and size as JSON numbers, as this host does."""
    return [[price, int(size)] for price, size in islice(side.levels(), depth)]
