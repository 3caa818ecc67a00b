"""
Public topics of the classic spot stream, made from what the spot engine reports.

Source: KuCoin docs, pages of the channels, and captures of 2021 to 2026.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .events import Event, Ticker, TickerChanged, Trade, Traded
from .peer import Peer
from .symbols import plain

if TYPE_CHECKING:
    from .venue import Venue

__all__ = ["SpotPublicFeed"]


class SpotPublicFeed:
    """
    Tickers and trades.

    Args:
        venue: Shared state.
        ticker_interval: Least seconds between two tickers of one pair.
    """

    def __init__(self, venue: Venue, *, ticker_interval: float) -> None:
        self._venue = venue
        self._ticker_interval = ticker_interval
        self._tickers_sent: dict[str, float] = {}
        self._tickers_due: dict[str, asyncio.TimerHandle] = {}
        self._sequence = venue.clock() // 1_000_000

    def on_event(self, event: Event) -> None:
        """See `Feed.on_event`."""
        if isinstance(event, Traded):
            self._publish_match(event.trade)
        elif isinstance(event, TickerChanged):
            self._ticker_changed(event.ticker)

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Nothing is sent at once: the next change is."""

    def step(self) -> None:
        """Nothing hangs on time here but the tickers, which have timers."""

    def shut_down(self) -> None:
        """Cancel the timers."""
        for timer in self._tickers_due.values():
            timer.cancel()
        self._tickers_due.clear()

    def push_ticker(self, symbol: str) -> int:
        """Send the ticker of one pair now, changed or not; return how many connections took it."""
        return self._publish_ticker(self._venue.exchange.ticker(symbol))

    def _publish_match(self, trade: Trade) -> None:
        topic = f"/market/match:{trade.symbol}"
        if not self._venue.has_readers(topic):
            return
        self._venue.publish(
            topic,
            "trade.l3match",
            {
                "makerOrderId": trade.maker_order_id,
                "price": plain(trade.price),
                "sequence": str(trade.trade_id),
                "side": trade.side,
                "size": plain(trade.size),
                "symbol": trade.symbol,
                "takerOrderId": trade.taker_order_id,
                "time": str(trade.time_ns),
                "tradeId": str(trade.trade_id),
                "type": "match",
            },
        )

    def _ticker_changed(self, ticker: Ticker) -> None:
        """Publish now, or when the interval since the last ticker of the pair is over."""
        symbol = ticker.symbol
        if symbol in self._tickers_due or not self._has_ticker_readers(symbol):
            return
        loop = asyncio.get_running_loop()
        wait = self._tickers_sent.get(symbol, 0.0) + self._ticker_interval - loop.time()
        if wait <= 0:
            self._publish_ticker(ticker)
        else:
            self._tickers_due[symbol] = loop.call_later(wait, self._ticker_is_due, symbol)

    def _ticker_is_due(self, symbol: str) -> None:
        del self._tickers_due[symbol]
        self._publish_ticker(self._venue.exchange.ticker(symbol))

    def _has_ticker_readers(self, symbol: str) -> bool:
        return self._venue.has_readers(f"/market/ticker:{symbol}") or self._venue.has_readers("/market/ticker:all")

    def _publish_ticker(self, ticker: Ticker) -> int:
        self._tickers_sent[ticker.symbol] = asyncio.get_running_loop().time()
        self._sequence += 1
        data = {
            "bestAsk": plain(ticker.best_ask),
            "bestAskSize": plain(ticker.best_ask_size),
            "bestBid": plain(ticker.best_bid),
            "bestBidSize": plain(ticker.best_bid_size),
            "price": plain(ticker.price),
            "sequence": str(self._sequence),
            "size": plain(ticker.size),
            "time": (ticker.time_ns or self._venue.now_ns()) // 1_000_000,
        }
        single = self._venue.publish(f"/market/ticker:{ticker.symbol}", "trade.ticker", data)
        return single + self._venue.publish("/market/ticker:all", ticker.symbol, data)
