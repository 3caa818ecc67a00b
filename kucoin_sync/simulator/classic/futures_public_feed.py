"""
Public topics of the classic futures stream, made from what the futures engine reports.

Source: KuCoin docs, pages of the channels, and captures of 2021 to 2026; `classic.futures_public_frames` has the
payloads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..feed import Reactions
from ..futures.events import FundingRateChanged, FundingSettled, MarkPriceChanged
from ..market.candles import INTERVALS
from ..matching.events import BookChanged, TickerChanged, Trade, Traded
from ..peer import Peer
from . import futures_public_frames as frames
from .pacing import Beat, Pace

if TYPE_CHECKING:
    from ..kucoin_venue import KucoinVenue

__all__ = ["FUTURES_INTERVALS", "FuturesPublicFeed"]

TICKER_V2, TICKER = "/contractMarket/tickerV2", "/contractMarket/ticker"
LEVEL2, EXECUTION = "/contractMarket/level2", "/contractMarket/execution"
DEPTHS: Mapping[str, int] = {"/contractMarket/level2Depth5": 5, "/contractMarket/level2Depth50": 50}
CANDLES, SNAPSHOT = "/contractMarket/limitCandle", "/contractMarket/snapshot"
INSTRUMENT, ANNOUNCEMENT = "/contract/instrument", "/contract/announcement"

#: The intervals of this stream: those of the spot market without one.
FUTURES_INTERVALS = tuple(interval for interval in INTERVALS if interval != "6hour")

#: Seconds between two pushes, from the documents; tickers, increments and executions do not wait. Prices and funding
#: rates come from the engine in a rhythm of their own.
DEPTH_INTERVAL = 0.1
CANDLE_INTERVAL = 1.0
SNAPSHOT_INTERVAL = 5.0


class FuturesPublicFeed:
    """
    All public futures topics.

    Args:
        venue: Shared state.
        scale: Factor of the intervals; 0 sends at once.
    """

    def __init__(self, venue: KucoinVenue, *, scale: float) -> None:
        self._venue = venue
        self._contracts = venue.futures.contracts
        self._top_readers, self._ticker_readers = venue.arguments(TICKER_V2), venue.arguments(TICKER)
        self._level2_readers, self._execution_readers = venue.arguments(LEVEL2), venue.arguments(EXECUTION)
        self._candle_readers, self._snapshot_readers = venue.arguments(CANDLES), venue.arguments(SNAPSHOT)
        # A trade is reported before the book has changed, so its ticker waits for the end of the turn.
        self._trades: dict[str, list[Trade]] = {}
        agenda = venue.agenda
        self._tickers = Pace(agenda, 0.0, self._publish_tickers)
        self._candles = Pace(agenda, CANDLE_INTERVAL * scale, self._publish_candle)
        self._depths = [_Depth(venue, path, depth, DEPTH_INTERVAL * scale) for path, depth in DEPTHS.items()]
        self._depth_beat = Beat(agenda.now_ns, DEPTH_INTERVAL * scale)
        self._snapshot_beat = Beat(agenda.now_ns, SNAPSHOT_INTERVAL * scale)
        self.reactions: Reactions = {
            BookChanged: self._book_changed,
            Traded: self._traded,
            TickerChanged: self._ticker_changed,
            MarkPriceChanged: self._prices_changed,
            FundingRateChanged: self._funding_rate_changed,
            FundingSettled: self._funding_settled,
        }

    # Feed.

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Nothing is sent at once: the next change is."""

    def step(self) -> None:
        """Publish what comes round by itself; books do, changed or not (seen on the wire)."""
        if self._depth_beat.is_due():
            for depth in self._depths:
                for symbol in depth.readers:
                    depth.mark(symbol)
        if self._snapshot_beat.is_due():
            for symbol in list(self._snapshot_readers):
                self._publish_snapshot(symbol)

    def shut_down(self) -> None:
        """Cancel the timers."""
        for pace in (self._tickers, self._candles, *(depth.pace for depth in self._depths)):
            pace.cancel()
        self._trades.clear()

    # What the engine reports.

    def _book_changed(self, change: BookChanged) -> None:
        symbol = change.symbol
        if symbol in self._level2_readers and symbol in self._contracts:
            data = frames.change_payload(change)
            self._venue.publish(f"{LEVEL2}:{symbol}", "level2", data, envelope={"sn": change.sequence})
        for depth in self._depths:
            if symbol in depth.readers:
                depth.mark(symbol)

    def _traded(self, event: Traded) -> None:
        trade, symbol = event.trade, event.trade.symbol
        if symbol not in self._contracts:
            return
        if symbol in self._execution_readers:
            data = frames.execution_payload(trade)
            self._venue.publish(f"{EXECUTION}:{symbol}", "match", data, envelope={"sn": trade.trade_id})
        if symbol in self._ticker_readers:
            self._trades.setdefault(symbol, []).append(trade)
            self._tickers.mark(symbol)
        if self._candle_readers:
            self._mark_candles(symbol)

    def _mark_candles(self, symbol: str) -> None:
        """Note the running candles by their start: one that ends while its push waits still goes out complete."""
        for interval in FUTURES_INTERVALS:
            if f"{symbol}_{interval}" in self._candle_readers:
                candle = self._venue.futures_market.candle(symbol, interval)
                if candle is not None:
                    self._candles.mark(f"{symbol}_{interval}_{candle.start}")

    def _ticker_changed(self, event: TickerChanged) -> None:
        ticker, symbol = event.ticker, event.ticker.symbol
        if symbol in self._top_readers and symbol in self._contracts:
            sequence = self._venue.futures.book(symbol).sequence
            data = frames.top_payload(ticker, sequence, self._venue.now_ns())
            self._venue.publish(f"{TICKER_V2}:{symbol}", "tickerV2", data, envelope={"sn": sequence})

    def _prices_changed(self, event: MarkPriceChanged) -> None:
        self._venue.publish(f"{INSTRUMENT}:{event.symbol}", "mark.index.price", frames.mark_price_payload(event))

    def _funding_rate_changed(self, event: FundingRateChanged) -> None:
        self._venue.publish(f"{INSTRUMENT}:{event.symbol}", "funding.rate", frames.funding_rate_payload(event))

    def _funding_settled(self, event: FundingSettled) -> None:
        self._venue.publish(ANNOUNCEMENT, f"funding.{event.phase}", frames.announcement_payload(event))

    # Pushes.

    def _publish_tickers(self, symbol: str) -> None:
        futures = self._venue.futures
        sequence = futures.book(symbol).sequence
        for trade in self._trades.pop(symbol, ()):
            data = frames.ticker_payload(futures.ticker(symbol), trade, sequence)
            self._venue.publish(f"{TICKER}:{symbol}", "ticker", data, envelope={"sn": sequence})

    def _publish_candle(self, key: str) -> None:
        symbol, interval, start = key.rsplit("_", 2)
        for candle in self._venue.futures_market.candles(symbol, interval, start=int(start), end=int(start) + 1):
            data = frames.candle_payload(symbol, candle, self._venue.now_ms())
            self._venue.publish(f"{CANDLES}:{symbol}_{interval}", "candle.stick", data)

    def _publish_snapshot(self, symbol: str) -> None:
        if symbol in self._contracts:
            venue = self._venue
            day = venue.futures_market.statistics(symbol)
            data = frames.snapshot_payload(symbol, day, venue.futures.funding[symbol].rate, venue.now_ns())
            venue.publish(f"{SNAPSHOT}:{symbol}", "snapshot.24h", data)


class _Depth:
    """One of the topics with the best levels of a book."""

    def __init__(self, venue: KucoinVenue, path: str, depth: int, interval: float) -> None:
        self.readers = venue.arguments(path)
        self.pace = Pace(venue.agenda, interval, self._publish)
        self._venue, self._path, self._depth = venue, path, depth

    def mark(self, symbol: str) -> None:
        """Note that a book is to be sent; unknown contracts have none."""
        if symbol in self._venue.futures.contracts:
            self.pace.mark(symbol)

    def _publish(self, symbol: str) -> None:
        now = self._venue.now_ms()
        data = frames.depth_payload(self._venue.futures.book(symbol), self._depth, now)
        self._venue.publish(f"{self._path}:{symbol}", "level2", data, envelope={"sn": now})
