"""
Public topics of the classic spot stream, made from what the spot engine reports.

Source: KuCoin docs, pages of the channels, and captures of 2021 to 2026. The speeds are those of the documents;
`classic.spot_public_frames` has the payloads. Nothing is made that has no reader, and no cost grows with the number
of pairs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..feed import Reactions
from ..market.candles import INTERVALS
from ..market.market_data import WINDOWS
from ..matching.events import BookChanged, TickerChanged, Traded
from ..peer import Peer
from . import spot_public_frames as frames
from .pacing import Beat, Pace

if TYPE_CHECKING:
    from ..kucoin_venue import KucoinVenue

__all__ = ["SpotPublicFeed"]

TICKER, TICKER_ALL = "/market/ticker", "/market/ticker:all"
LEVEL1, LEVEL2 = "/spotMarket/level1", "/market/level2"
DEPTHS: Mapping[str, int] = {"/spotMarket/level2Depth5": 5, "/spotMarket/level2Depth50": 50}
CANDLES, MATCH, SNAPSHOT = "/market/candles", "/market/match", "/market/snapshot"
MARK_PRICE, INDEX = "/indicator/markPrice", "/indicator/index"

#: Seconds between two pushes, from the documents; increments, candles and matches do not wait.
TICKER_INTERVAL = 0.1
LEVEL1_INTERVAL = 0.01
DEPTH_INTERVAL = 0.1
SNAPSHOT_INTERVAL = 2.0
INDICATOR_INTERVAL = 1.0

# Snapshots made in one step: a market of thousands of pairs must neither stop the loop nor fill the output of a
# client at once.
_SNAPSHOTS_AT_ONCE = 100


class SpotPublicFeed:
    """
    All public spot topics but those of call auctions and lending.

    Args:
        venue: Shared state.
        ticker_interval: Least seconds between two tickers of one pair.
        scale: Factor of all other intervals; 0 sends at once.
    """

    def __init__(self, venue: KucoinVenue, *, ticker_interval: float, scale: float) -> None:
        self._venue = venue
        venue.push_tickers.append(self.push_ticker)
        self._symbols = venue.exchange.symbols
        agenda = venue.agenda
        self._tickers = Pace(agenda, ticker_interval, self._publish_ticker)
        self._tops = Pace(agenda, LEVEL1_INTERVAL * scale, self._publish_top)
        self._level2 = Pace(agenda, 0.0, self._publish_increments)
        self._increments: dict[str, frames.Increments] = {}
        # Live views of who reads what, so that an event looks up one name and no more.
        self._ticker_readers, self._top_readers = venue.arguments(TICKER), venue.arguments(LEVEL1)
        self._level2_readers, self._candle_readers = venue.arguments(LEVEL2), venue.arguments(CANDLES)
        self._match_readers, self._snapshot_readers = venue.arguments(MATCH), venue.arguments(SNAPSHOT)
        self._depths = [_Depth(venue, path, depth, DEPTH_INTERVAL * scale) for path, depth in DEPTHS.items()]
        self._markets: dict[str, dict[str, None]] = {}
        for symbol in self._symbols.values():
            self._markets.setdefault(symbol.market, {})[symbol.name] = None
        self._snapshot_beat = Beat(agenda.now_ns, SNAPSHOT_INTERVAL * scale)
        self._indicator_beat = Beat(agenda.now_ns, INDICATOR_INTERVAL * scale)
        #: Snapshots to be made: what follows the colon of the topic, and the pair.
        self._snapshots: deque[tuple[str, str]] = deque()
        self._moved: dict[str, None] = {}
        self.reactions: Reactions = {
            BookChanged: self._book_changed,
            Traded: self._traded,
            TickerChanged: self._ticker_changed,
        }

    # Feed.

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """A market begins with snapshots of all its pairs (assumed); elsewhere the next change is the first push."""
        path, _, argument = topic.partition(":")
        if path == SNAPSHOT and argument in self._markets:
            self._snapshots.extend((argument, symbol) for symbol in self._markets[argument])

    def step(self) -> None:
        """Publish what comes round by itself."""
        if self._indicator_beat.is_due():
            self._publish_indicators()
        if self._snapshot_beat.is_due() and not self._snapshots:
            self._collect_snapshots()
        for _ in range(min(_SNAPSHOTS_AT_ONCE, len(self._snapshots))):
            self._publish_snapshot(*self._snapshots.popleft())

    def shut_down(self) -> None:
        """Cancel the timers."""
        for pace in (self._tickers, self._tops, self._level2, *(depth.pace for depth in self._depths)):
            pace.cancel()
        self._increments.clear()
        self._snapshots.clear()

    def push_ticker(self, symbol: str) -> int:
        """Send the ticker of one pair now, changed or not; return how many connections took it."""
        return self._publish_ticker(symbol)

    # What the engine reports.

    def _book_changed(self, change: BookChanged) -> None:
        symbol = change.symbol
        if symbol not in self._symbols:
            return
        if symbol in self._level2_readers:
            waiting = self._increments.get(symbol)
            if waiting is None:
                self._increments[symbol] = frames.Increments(change)
                self._level2.mark(symbol)
            else:
                waiting.add(change)
        for depth in self._depths:
            if symbol in depth.readers:
                depth.pace.mark(symbol)

    def _traded(self, event: Traded) -> None:
        trade, symbol = event.trade, event.trade.symbol
        if symbol not in self._symbols:
            return
        if symbol in self._match_readers:
            owners = (trade.maker_account, trade.taker_account)
            self._venue.publish(f"{MATCH}:{symbol}", "trade.l3match", frames.match_payload(trade), owners=owners)
        if self._candle_readers:
            for interval in INTERVALS:
                if f"{symbol}_{interval}" in self._candle_readers:
                    self._publish_candle(symbol, interval)

    def _ticker_changed(self, event: TickerChanged) -> None:
        symbol = event.ticker.symbol
        if symbol not in self._symbols:
            return
        if symbol in self._ticker_readers or "all" in self._ticker_readers:
            self._tickers.mark(symbol)
        if symbol in self._top_readers:
            self._tops.mark(symbol)
        if self._snapshot_readers:
            self._moved[symbol] = None

    # Pushes.

    def _publish_ticker(self, symbol: str) -> int:
        exchange = self._venue.exchange
        data = frames.ticker_payload(exchange.ticker(symbol), exchange.book(symbol).sequence, self._venue.now_ms())
        single = self._venue.publish(f"{TICKER}:{symbol}", "trade.ticker", data)
        return single + self._venue.publish(TICKER_ALL, symbol, data)

    def _publish_top(self, symbol: str) -> None:
        data = frames.top_payload(self._venue.exchange.ticker(symbol), self._venue.now_ms())
        self._venue.publish(f"{LEVEL1}:{symbol}", "level1", data)

    def _publish_increments(self, symbol: str) -> None:
        data = self._increments.pop(symbol).payload()
        self._venue.publish(f"{LEVEL2}:{symbol}", "trade.l2update", data)

    def _publish_candle(self, symbol: str, interval: str) -> None:
        candle = self._venue.spot_market.candle(symbol, interval)
        if candle is not None:
            data = frames.candle_payload(symbol, candle, self._venue.now_ns())
            self._venue.publish(f"{CANDLES}:{symbol}_{interval}", "trade.candles.update", data)

    def _publish_indicators(self) -> None:
        venue = self._venue
        for path, value_of in ((MARK_PRICE, venue.index_prices.mark), (INDEX, venue.index_prices.index)):
            for pair in list(venue.arguments(path)):
                value = value_of(pair)
                if value is not None:
                    venue.publish(f"{path}:{pair}", "tick", frames.indicator_payload(pair, value, venue.now_ms()))

    def _collect_snapshots(self) -> None:
        """Queue the snapshots of this round: of a pair always, of a market those of pairs that moved (assumed)."""
        for argument in self._snapshot_readers:
            if argument in self._symbols:
                self._snapshots.append((argument, argument))
            elif argument in self._markets:
                pairs = self._markets[argument]
                self._snapshots.extend((argument, symbol) for symbol in self._moved if symbol in pairs)
        self._moved.clear()

    def _publish_snapshot(self, argument: str, symbol: str) -> None:
        venue = self._venue
        if argument not in self._snapshot_readers:
            return
        exchange = venue.exchange
        sequence = exchange.book(symbol).sequence
        source = frames.SnapshotSource(
            exchange.symbols[symbol],
            exchange.ticker(symbol),
            sequence,
            {hours: venue.spot_market.statistics(symbol, hours) for hours in WINDOWS},
            exchange.settlement.maker_fee,
            exchange.settlement.taker_fee,
        )
        # The wire has a text for a pair and a number for a market.
        outer = str(sequence) if argument == symbol else sequence
        data = {"sequence": outer, "data": frames.snapshot_payload(source, venue.now_ms())}
        venue.publish(f"{SNAPSHOT}:{argument}", "trade.snapshot", data)


class _Depth:
    """One of the topics with the best levels of a book."""

    def __init__(self, venue: KucoinVenue, path: str, depth: int, interval: float) -> None:
        self.readers = venue.arguments(path)
        self.pace = Pace(venue.agenda, interval, self._publish)
        self._venue, self._path, self._depth = venue, path, depth

    def _publish(self, symbol: str) -> None:
        venue = self._venue
        data = frames.depth_payload(venue.exchange.book(symbol), self._depth, venue.now_ms())
        venue.publish(f"{self._path}:{symbol}", "level2", data)
