"""
Public channels of the Pro streams but the order book: tickers, trades, candles, mark prices and funding rates.

Source: KuCoin docs, unified account WebSocket, pages of the channels, and captures of 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..agenda import Entry
from ..clock import SECOND_NS
from ..feed import Reactions
from ..futures.events import FundingRateChanged, MarkPriceChanged
from ..market.candles import Candle
from ..matching.events import CallAuctionChanged, Trade, Traded
from ..matching.symbols import plain
from ..peer import Peer
from .market import ProMarket, market_of, split_topic

if TYPE_CHECKING:
    from ..kucoin_venue import KucoinVenue

__all__ = ["ProPublicFeed"]

AUCTION_INTERVAL = 0.1
"""Seconds between two pushes of a call auction."""
CANDLE_INTERVAL_NS = 1_000_000_000
"""Between two pushes of one candle."""
LEAST_INTERVAL = 0.001
"""What comes round by itself needs some time between, whatever the factor of all intervals."""

# Each product spells the taker's side in its tickers in its own way.
_SIDES: Mapping[str, Callable[[str], str]] = {"SPOT": str.upper, "FUTURES": str.lower}
_ALL_FUNDING = "funding-fee-all-symbols"
_NO_6_HOURS = "FUTURES"  # this candle is taken and stays silent there


class ProPublicFeed:
    """
    Publishes what the engines report to the public Pro topics.

    Args:
        venue: Shared state.
        scale: Factor of all intervals.
    """

    def __init__(self, venue: KucoinVenue, *, scale: float = 1.0) -> None:
        self._venue = venue
        venue.push_tickers.append(self.push_ticker)
        self._candle_interval_ns = int(CANDLE_INTERVAL_NS * scale)
        self._auction_interval_ns = round(max(AUCTION_INTERVAL * scale, LEAST_INTERVAL) * SECOND_NS)
        self._due: dict[str, Entry] = {}
        self._candles: dict[str, Candle] = {}
        self._candles_at_ns = 0
        self._funding: dict[str, dict[str, Any]] = {}
        self.reactions: Reactions = {
            Traded: self._traded,
            CallAuctionChanged: self._call_auction_changed,
            MarkPriceChanged: self._mark_price_changed,
            FundingRateChanged: self._funding_rate_changed,
        }

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Begin with a running call auction; of all else the next change is the first."""
        if topic.startswith("callAuctionInfo."):
            self._call_auction_is_on(topic)

    def step(self) -> None:
        """Publish the candles once a second."""
        now = self._venue.now_ns()
        if 0 <= now - self._candles_at_ns < self._candle_interval_ns:
            return
        self._candles_at_ns = now
        topics = self._venue.readers("kline.")
        for topic in topics:
            self._publish_candle(topic)
        for topic in self._candles.keys() - set(topics):
            del self._candles[topic]

    def shut_down(self) -> None:
        """Cancel what is due."""
        for entry in self._due.values():
            entry.cancel()
        self._due.clear()

    def push_ticker(self, symbol: str) -> int:
        """Send the ticker of one symbol now, traded or not; return how many connections took it."""
        market = market_of(self._venue.pro_markets, symbol)
        return 0 if market is None else self._publish_ticker(f"ticker.{market.trade_type}:{symbol}", market)

    # Trades and tickers.

    def _traded(self, event: Traded) -> None:
        trade = event.trade
        market = market_of(self._venue.pro_markets, trade.symbol)
        if market is None:
            return
        topic = f"trade.{market.trade_type}:{trade.symbol}"
        if self._venue.has_readers(topic):
            self._venue.publish_pro(topic, _trade(trade, is_futures=market.trade_type == "FUTURES"))
        topic = f"ticker.{market.trade_type}:{trade.symbol}"
        if self._venue.has_readers(topic) and topic not in self._due:
            # After the operation: only then is the top of the book what it leaves behind.
            self._due[topic] = self._venue.agenda.soon(lambda: self._ticker_is_due(topic, market))

    def _ticker_is_due(self, topic: str, market: ProMarket) -> None:
        del self._due[topic]
        self._publish_ticker(topic, market)

    def _publish_ticker(self, topic: str, market: ProMarket) -> int:
        symbol = topic.partition(":")[2]
        ticker, trade = market.ticker(symbol), market.data.last_trade(symbol)
        side = "buy" if trade is None else trade.side  # before the first trade: assumed
        data = {
            "s": symbol,
            "E": market.book(symbol).sequence,
            "b": plain(ticker.best_bid),
            "B": plain(ticker.best_bid_size),
            "a": plain(ticker.best_ask),
            "A": plain(ticker.best_ask_size),
            "l": plain(ticker.price),
            "q": plain(ticker.size),
            "S": _SIDES[market.trade_type](side),
            "M": ticker.time_ns or self._venue.now_ns(),
        }
        return self._venue.publish_pro(topic, data)

    # Candles.

    def _publish_candle(self, topic: str) -> None:
        _, trade_type, rest = split_topic(topic)
        symbol, _, interval = rest.rpartition("_")
        market = self._venue.pro_markets.get(trade_type)
        if market is None or symbol not in market.symbols or (trade_type == _NO_6_HOURS and interval == "6hour"):
            return
        candle, last = market.data.candle(symbol, interval), self._candles.get(topic)
        if candle is None or candle == last:
            return
        self._candles[topic] = candle
        data = {
            "s": symbol,
            "i": interval,
            "O": candle.start,
            "C": candle.end,
            "o": plain(candle.open),
            "c": plain(candle.close),
            "h": plain(candle.high),
            "l": plain(candle.low),
            "v": plain(candle.volume),
            "a": plain(candle.turnover),
            # The first push of this candle here; what else "first tick" could mean is not documented.
            "S": last is None or last.start != candle.start,
        }
        self._venue.publish_pro(topic, data)

    # Call auctions.

    def _call_auction_changed(self, event: CallAuctionChanged) -> None:
        self._call_auction_is_on(f"callAuctionInfo.SPOT:{event.symbol}")

    def _call_auction_is_on(self, topic: str) -> None:
        if topic not in self._due and self._venue.has_readers(topic):
            agenda = self._venue.agenda
            due_ns = agenda.now_ns() + self._auction_interval_ns
            self._due[topic] = agenda.at(due_ns, lambda: self._call_auction_is_due(topic))

    def _call_auction_is_due(self, topic: str) -> None:
        """Publish the expected result, as long as the auction runs, and come back."""
        del self._due[topic]
        symbol = topic.partition(":")[2]
        exchange = self._venue.exchange
        state = exchange.call_auction(symbol) if symbol in exchange.symbols else None
        if state is None:
            return
        data = {
            "s": symbol,
            "slp": state.sell_low,
            "blp": state.buy_low,
            "shp": state.sell_high,
            "bhp": state.buy_high,
            "eq": state.estimated_price,
            "es": state.estimated_size,
            "ts": self._venue.now_ms(),
        }
        self._venue.publish_pro(topic, data, kind="snapshot")
        self._call_auction_is_on(topic)

    # Mark prices and funding.

    def _mark_price_changed(self, event: MarkPriceChanged) -> None:
        topic = f"mark-price:{event.symbol}"
        if self._venue.has_readers(topic):
            data = {
                "s": event.symbol,
                "mp": plain(event.mark),
                "ip": plain(event.index),
                "oi": plain(event.open_interest),
                "ts": event.time_ns // 1_000_000,
            }
            self._venue.publish_pro(topic, data)

    def _funding_rate_changed(self, event: FundingRateChanged) -> None:
        market = market_of(self._venue.pro_markets, event.symbol)
        if market is None or market.funding_limits is None:
            return
        cap, floor = market.funding_limits(event.symbol)
        row = {
            "s": event.symbol,
            "fr": plain(event.rate),
            "ft": event.last_funding_ns // 1_000_000,
            "lfr": plain(event.last_rate),
            "nt": event.next_funding_ns // 1_000_000,
            "gl": event.interval_ns // 1_000_000,
            "fc": plain(cap),
            "ff": plain(floor),
        }
        self._funding[event.symbol] = row
        self._venue.publish_pro(f"funding-fee:{event.symbol}", row)
        if _ALL_FUNDING not in self._due and self._venue.has_readers(_ALL_FUNDING):
            # After the operation: the engine reports the contracts one by one, and this is one frame of all.
            self._due[_ALL_FUNDING] = self._venue.agenda.soon(self._all_funding_is_due)

    def _all_funding_is_due(self) -> None:
        del self._due[_ALL_FUNDING]
        self._venue.publish_pro(_ALL_FUNDING, list(self._funding.values()))


def _trade(trade: Trade, *, is_futures: bool) -> dict[str, Any]:
    """Return ``{"s":"BTC-USDT","E":7,"ti":"7","p":"92525.6","q":"0.00008036","S":"sell","M":...}``."""
    data: dict[str, Any] = {
        "s": trade.symbol,
        "E": trade.trade_id,
        "ti": str(trade.trade_id),
        "p": plain(trade.price),
        "q": plain(trade.size),
        "S": trade.side,
        "M": trade.time_ns,
    }
    if is_futures:
        data["rpi"] = trade.is_rpi
    return data
