"""
Public channels but the order books: tickers, trades, candles, prices, rates, liquidations.

Prices and rates are looked at every 200 ms, open interest every three seconds, candles every second; what did not
change is not sent, but for prices every ten seconds. What is sent to a new reader is not documented: the current state,
at once (assumed). ``instruments`` and ``status`` stay silent, for nothing of the kind ever changes here.

Source: OKX v5 documents of 2026, public channels.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

from attrs import evolve

from ..agenda import Entry
from ..clock import SECOND_NS
from ..feed import Reactions
from ..futures.events import FuturesOrderMatched, FuturesOrderState
from ..market.candles import Candle, CandleSeries
from ..matching.accounts import EXACT
from ..matching.events import TickerChanged, Trade, Traded
from ..matching.symbols import plain
from ..peer import Peer
from .candles import bar_period
from .channels import BARS, inst_id_of
from .instruments import Instrument
from .market_rows import MarketRows
from .numbers import milliseconds
from .orders import OkxOrders
from .venue import OkxVenue

__all__ = ["MarketFeed"]

TICKER, PRICES, CANDLES, OPEN_INTEREST, UNCHANGED = 0.1, 0.2, 1.0, 3.0, 10.0
"""Seconds between two messages of a topic; the last is for prices that stand."""

_ZERO = Decimal(0)


class MarketFeed:
    """
    Publishes what the market does.

    Args:
        venue: Shared state.
        rows: Spells it.
        orders: Knows the limits of prices.
        scale: Factor of all intervals.
    """

    def __init__(self, venue: OkxVenue, rows: MarketRows, orders: OkxOrders, *, scale: float) -> None:
        self._venue = venue
        self._rows = rows
        self._orders = orders
        self._scale = scale
        self._due: dict[str, Entry] = {}
        self._last_sent: dict[str, int] = {}
        self._told: dict[str, object] = {}
        #: Of one price of one operation, the trades that are told as one.
        self._aggregate: list[Trade] = []
        self._price_candles: dict[str, CandleSeries] = {}
        self._looked_at: dict[float, int] = {}
        self._snapshots: dict[str, Callable[[Instrument], dict[str, Any] | None]] = {
            "mark-price": rows.mark_price,
            "funding-rate": rows.funding_rate,
            "open-interest": rows.open_interest,
            "price-limit": lambda instrument: rows.price_limit(instrument, orders.price_limits(instrument)),
        }
        self.reactions: Reactions = {
            Traded: self._traded,
            TickerChanged: self._ticker_changed,
            FuturesOrderMatched: self._matched,
        }

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Send the current state where a channel has one."""
        data = self._state(topic)
        if data is not None:
            peer.send_text(self._venue.spell(topic, [data]))

    def step(self) -> None:
        """Publish what comes round by itself."""
        if self._is_time(PRICES):
            for channel in ("mark-price", "index-tickers", "price-limit", "funding-rate"):
                self._look(channel, UNCHANGED)
        if self._is_time(OPEN_INTEREST):
            self._look("open-interest", 0.0)
        if self._is_time(CANDLES):
            for bar in BARS:
                self._publish_candles(f"candle{bar}", bar)
                self._publish_price_candles(f"mark-price-candle{bar}", bar)
                self._publish_price_candles(f"index-candle{bar}", bar)
            for topic in [topic for topic in self._told if not self._venue.has_readers(topic)]:
                del self._told[topic]
                self._last_sent.pop(topic, None)
                self._price_candles.pop(topic, None)

    def shut_down(self) -> None:
        """Cancel what is due."""
        for entry in self._due.values():
            entry.cancel()
        self._due.clear()
        self._aggregate.clear()

    def push_ticker(self, symbol: str) -> int:
        """Send the ticker of an instrument now; return how many connections took it."""
        instrument = self._venue.instruments.by_id[symbol]
        return self._venue.push(f"tickers:{symbol}", [self._rows.ticker(instrument)])

    # Trades and tickers.

    def _traded(self, event: Traded) -> None:
        trade = event.trade
        topic = f"trades-all:{trade.symbol}"
        if self._venue.has_readers(topic):
            self._venue.push(topic, [self._rows.trade(trade)])
        if not self._venue.has_readers(f"trades:{trade.symbol}"):
            return
        if self._aggregate and not _belongs(self._aggregate[0], trade):
            self._publish_trades()
        self._aggregate.append(trade)
        if "trades" not in self._due:
            self._due["trades"] = self._venue.agenda.soon(self._trades_are_due)

    def _trades_are_due(self) -> None:
        self._due.pop("trades", None)
        self._publish_trades()

    def _publish_trades(self) -> None:
        trades, self._aggregate = self._aggregate, []
        if trades:
            with localcontext(EXACT):
                size = sum((trade.size for trade in trades), _ZERO)
            last = evolve(trades[-1], size=size)
            engine = self._venue.exchange if last.symbol in self._venue.exchange.symbols else self._venue.futures
            row = self._rows.trade(last, count=len(trades), sequence=engine.book(last.symbol).sequence)
            self._venue.push(f"trades:{last.symbol}", [row])

    def _ticker_changed(self, event: TickerChanged) -> None:
        topic = f"tickers:{event.ticker.symbol}"
        if topic in self._due or not self._venue.has_readers(topic):
            return
        now = self._venue.agenda.now_ns()
        earliest = self._last_sent.get(topic, -SECOND_NS) + round(TICKER * self._scale * SECOND_NS)
        agenda = self._venue.agenda
        if now >= earliest:
            self._due[topic] = agenda.soon(lambda: self._ticker_is_due(topic))
        else:
            self._due[topic] = agenda.at(earliest, lambda: self._ticker_is_due(topic))

    def _ticker_is_due(self, topic: str) -> None:
        self._due.pop(topic, None)
        self._last_sent[topic] = self._venue.agenda.now_ns()
        self.push_ticker(inst_id_of(topic))

    # Liquidations.

    def _matched(self, event: FuturesOrderMatched) -> None:
        order = event.order
        if order.trade_type == "liquid" and self._venue.arguments("liquidation-orders"):
            row = self._liquidation(order, event.fill.price)
            for inst_type in ("ANY", "SWAP"):
                self._venue.push(f"liquidation-orders:{inst_type}", [row])

    def _liquidation(self, order: FuturesOrderState, price: Decimal) -> dict[str, Any]:
        instrument = self._venue.instruments.by_id[order.symbol]
        detail = {
            "bkLoss": "0",
            "bkPx": plain(price),
            "ccy": "",
            "posSide": "short" if order.side == "buy" else "long",
            "side": order.side,
            "sz": plain(order.deal_size),
            "ts": milliseconds(self._venue.now_ns()),
        }
        return {
            "details": [detail],
            "instFamily": instrument.family,
            "instId": instrument.inst_id,
            "instType": "SWAP",
            "uly": instrument.family,
        }

    # What comes round by itself.

    def _is_time(self, interval: float) -> bool:
        now = self._venue.agenda.now_ns()
        if now - self._looked_at.get(interval, -(1 << 62)) < round(interval * self._scale * SECOND_NS):
            return False
        self._looked_at[interval] = now
        return True

    def _look(self, channel: str, unchanged: float) -> None:
        """Send what changed of a channel, and what did not after so many seconds (0: in any case)."""
        now = self._venue.agenda.now_ns()
        for argument in list(self._venue.arguments(channel)):
            topic = f"{channel}:{argument}"
            data = self._state(topic)
            if data is None:
                continue
            facts = {name: value for name, value in data.items() if name != "ts"}
            is_old = now - self._last_sent.get(topic, -(1 << 62)) >= round(unchanged * self._scale * SECOND_NS)
            if facts != self._told.get(topic) or is_old:
                self._told[topic] = facts
                self._last_sent[topic] = now
                self._venue.push(topic, [data])

    def _state(self, topic: str) -> dict[str, Any] | None:
        channel, argument = topic.partition(":")[0], inst_id_of(topic)
        if channel == "tickers":
            return self._rows.ticker(self._venue.instruments.by_id[argument])
        with localcontext(EXACT):
            if channel == "index-tickers":
                return self._rows.index_ticker(argument)
            spell = self._snapshots.get(channel)
            return None if spell is None else spell(self._venue.instruments.by_id[argument])

    # Candles.

    def _publish_candles(self, channel: str, bar: str) -> None:
        for argument in list(self._venue.arguments(channel)):
            topic = f"{channel}:{argument}"
            rows = self._rows.candles(self._venue.instruments.by_id[argument], bar, 1)
            if rows and rows[0] != self._told.get(topic):
                self._told[topic] = rows[0]
                self._venue.push(topic, rows)

    def _publish_price_candles(self, channel: str, bar: str) -> None:
        """Make candles of a price from when somebody reads them (assumed: no history is kept of prices)."""
        for argument in list(self._venue.arguments(channel)):
            topic = f"{channel}:{argument}"
            if channel.startswith("index-"):
                price = self._rows.index_of(argument)
            else:
                price = self._rows.mark_of(self._venue.instruments.by_id[argument])
            now = self._venue.now_ns() // SECOND_NS
            series = self._price_candles.get(topic)
            if series is None:
                series = CandleSeries(lambda second: bar_period(bar, second), history=2)
                self._price_candles[topic] = series
            before = series.newest()
            series.add(now, price, _ZERO, _ZERO)
            candle = series.newest()
            assert candle is not None
            rows = [_price_row(candle, "0")]
            if before is not None and before.start != candle.start:
                rows.append(_price_row(before, "1"))
            if rows[0] != self._told.get(topic):
                self._told[topic] = rows[0]
                self._venue.push(topic, rows)


def _belongs(first: Trade, trade: Trade) -> bool:
    """Whether two trades are told as one: of the same arriving order, at the same price."""
    same = first.symbol == trade.symbol and first.taker_order_id == trade.taker_order_id
    return same and first.price == trade.price and first.is_rpi == trade.is_rpi


def _price_row(candle: Candle, confirm: str) -> list[str]:
    prices = (candle.open, candle.high, candle.low, candle.close)
    return [str(candle.start * 1000), *(plain(price) for price in prices), confirm]
