"""
Public REST calls of the spot host about the market: books, tickers, trades, candles, statistics.

Source: KuCoin docs, pages of the calls. What a call about an unknown pair answers is assumed.
"""

from __future__ import annotations

from typing import Any

from ..classic.auction_feed import auction_payload
from ..classic.spot_public_frames import candle_row, levels
from ..kucoin_venue import KucoinVenue
from ..market.candles import INTERVALS
from ..market.market_data import HISTORY, Statistics
from ..matching.book import Book
from ..matching.events import Ticker
from ..matching.orders import Refused
from ..matching.symbols import Symbol, plain
from .calls import RestCall, Route

__all__ = ["PART_DEPTHS", "SpotMarketCalls"]

PART_DEPTHS = {"20": 20, "100": 100}


class SpotMarketCalls:
    """
    The calls about the spot market.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._venue = venue

    def routes(self) -> list[Route]:
        """Return the table of these calls."""
        book = "/api/v1/market/orderbook"
        calls = (
            (f"{book}/level1", self._top, 2),
            (f"{book}/level2_{{size}}", self._part, 2),
            (f"{book}/callauction/level2_{{size}}", self._auction_part, 2),
            ("/api/v1/market/callauctionData", self._auction, 2),
            ("/api/v1/market/histories", self._trades, 3),
            ("/api/v1/market/candles", self._candles, 3),
            ("/api/v1/market/stats", self._statistics, 15),
            ("/api/v1/market/allTickers", self._all_tickers, 15),
            ("/api/v1/markets", self._markets, 3),
        )
        return [
            *(Route("GET", path, call, signed=False, pool="public", weight=weight) for path, call, weight in calls),
            Route("GET", "/api/v3/market/orderbook/level2", self._full, weight=3),
        ]

    # Books. Their sequence is that of the increments on ``/market/level2``.

    def _top(self, call: RestCall) -> Any:
        symbol = self._pair(call)
        ticker, book = self._ticker(symbol), self._book(symbol)
        return {
            "time": ticker.time_ns // 1_000_000 or self._venue.now_ms(),
            "sequence": str(book.sequence),
            "price": plain(ticker.price),
            "size": plain(ticker.size),
            "bestBid": plain(ticker.best_bid),
            "bestBidSize": plain(ticker.best_bid_size),
            "bestAsk": plain(ticker.best_ask),
            "bestAskSize": plain(ticker.best_ask_size),
        }

    def _part(self, call: RestCall) -> Any:
        depth = PART_DEPTHS.get(call.path["size"])
        if depth is None:
            raise Refused("400100", "size is invalid.")
        return self._levels(call, depth)

    def _auction_part(self, call: RestCall) -> Any:
        self._auction(call)
        return self._part(call)

    def _auction(self, call: RestCall) -> Any:
        """Answer about a running auction; anything else is refused (assumed)."""
        state = self._venue.exchange.call_auction(self._pair(call).name)
        if state is None:
            raise Refused("400100", "The symbol is not in a call auction.")
        return auction_payload(state)

    def _full(self, call: RestCall) -> Any:
        return self._levels(call, None)

    def _levels(self, call: RestCall, depth: int | None) -> Any:
        book = self._book(self._pair(call))
        return {
            "time": self._venue.now_ms(),
            "sequence": str(book.sequence),
            "bids": levels(book.bids, depth),
            "asks": levels(book.asks, depth),
        }

    # The past.

    def _trades(self, call: RestCall) -> Any:
        """Answer with the last hundred trades, oldest first."""
        return [
            {
                "sequence": str(trade.trade_id),
                "price": plain(trade.price),
                "size": plain(trade.size),
                "side": trade.side,
                "time": trade.time_ns,
            }
            for trade in self._venue.spot_market.trades(self._pair(call).name)
        ]

    def _candles(self, call: RestCall) -> Any:
        """Answer with candles, newest first, that start in ``startAt`` <= start < ``endAt``; 0 is no bound."""
        symbol, interval = self._pair(call), call.need("type")
        if interval not in INTERVALS:
            raise Refused("400100", "type is invalid.")
        start, end = call.whole("startAt", 0), call.whole("endAt", 0)
        candles = self._venue.spot_market.candles(symbol.name, interval, start=start, end=end or None, limit=HISTORY)
        return [candle_row(candle) for candle in reversed(candles)]

    def _statistics(self, call: RestCall) -> Any:
        symbol = self._pair(call)
        ticker = self._ticker(symbol)
        return {
            "time": self._venue.now_ms(),
            "symbol": symbol.name,
            "buy": plain(ticker.best_bid),
            "sell": plain(ticker.best_ask),
            **self._day(symbol),
        }

    def _all_tickers(self, call: RestCall) -> Any:
        return {
            "time": self._venue.now_ms(),
            "ticker": [self._ticker_row(symbol) for symbol in self._venue.exchange.symbols.values()],
        }

    def _ticker_row(self, symbol: Symbol) -> dict[str, Any]:
        ticker = self._ticker(symbol)
        return {
            "symbol": symbol.name,
            "symbolName": symbol.name,
            "buy": plain(ticker.best_bid),
            "bestBidSize": plain(ticker.best_bid_size),
            "sell": plain(ticker.best_ask),
            "bestAskSize": plain(ticker.best_ask_size),
            **self._day(symbol),
        }

    def _day(self, symbol: Symbol) -> dict[str, str]:
        """Return the statistics of 24 hours and the fees."""
        day: Statistics = self._venue.spot_market.statistics(symbol.name)
        exchange = self._venue.exchange
        return {
            "changeRate": plain(day.change_rate),
            "changePrice": plain(day.change_price),
            "high": plain(day.high),
            "low": plain(day.low),
            "vol": plain(day.volume),
            "volValue": plain(day.turnover),
            "last": plain(day.close),
            "averagePrice": plain(day.average_price),
            "takerFeeRate": plain(exchange.settlement.taker_fee),
            "makerFeeRate": plain(exchange.settlement.maker_fee),
            "takerCoefficient": "1",
            "makerCoefficient": "1",
        }

    def _markets(self, call: RestCall) -> Any:
        return list(dict.fromkeys(symbol.market for symbol in self._venue.exchange.symbols.values()))

    # Look-ups.

    def _pair(self, call: RestCall) -> Symbol:
        symbol = self._venue.exchange.symbols.get(call.need("symbol"))
        if symbol is None:
            raise Refused("900001", "Symbol not exists")
        return symbol

    def _book(self, symbol: Symbol) -> Book:
        return self._venue.exchange.book(symbol.name)

    def _ticker(self, symbol: Symbol) -> Ticker:
        return self._venue.exchange.ticker(symbol.name)
