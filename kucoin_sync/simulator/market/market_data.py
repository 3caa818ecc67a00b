"""
What the market did: candles, rolling statistics and last trades of every symbol, kept from trades.

Plain computation: time comes from the trades and from the ``now_ns`` callable. One value serves one product;
the feeds and REST calls of all generations read it, so that they agree. Everything is bounded by symbol.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from attrs import frozen

from ..futures.contracts import Contract
from ..matching.accounts import EXACT
from ..matching.events import Trade
from .candles import INTERVALS, Candle, CandleSeries, RunningCandle

__all__ = ["HISTORY", "WINDOWS", "MarketData", "Statistics", "contract_market_data"]

ZERO = Decimal(0)

HISTORY = 1500
"""Candles kept of each symbol and interval: as many as one REST call of the exchange returns."""
LAST_TRADES = 100
"""Trades kept of each symbol: as many as one REST call returns."""
WINDOWS: Mapping[int, int] = {1: 3600, 4: 14400, 24: 86400}
"""Hours of a rolling window to its length in seconds."""

_NEVER = 1 << 62
# Rates and averages are quotients, which the exact arithmetic of money refuses.
_ROUNDED = Context(prec=60, rounding=ROUND_HALF_EVEN)
_RATE_STEP, _AVERAGE_STEP, _COIN_STEP = Decimal("0.0001"), Decimal("0.00000001"), Decimal("0.00000001")


@frozen
class Statistics:
    """
    What one symbol did in a rolling window.

    Attributes:
        open: The price when the window began, of the last trade before it; the first of all is the symbol's
            initial price.
        close: The last price.
        high, low: Of the trades in the window; the last price where there were none (assumed).
        volume: Traded amount of the base currency.
        turnover: The same in the quote currency.
    """

    open: Decimal
    close: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    turnover: Decimal

    @property
    def change_price(self) -> Decimal:
        """How far the price went, signed."""
        return self.close - self.open

    @property
    def change_rate(self) -> Decimal:
        """The same as a part of the opening price: 0.0047 for 0.47 per cent, four digits as on the wire."""
        if not self.open:
            return ZERO
        return _ROUNDED.quantize(_ROUNDED.divide(self.change_price, self.open), _RATE_STEP)

    @property
    def average_price(self) -> Decimal:
        """Turnover by volume to eight digits (what the exchange averages is not documented: assumed)."""
        if not self.volume:
            return self.close
        return _ROUNDED.quantize(_ROUNDED.divide(self.turnover, self.volume), _AVERAGE_STEP)


class MarketData:
    """
    Candles, statistics and trades of all symbols of one product.

    Args:
        initial_prices: Symbol to its price before the first trade; trades of other symbols are ignored.
        now_ns: Clock, nanoseconds since 1970.
        turnover_of: What a trade is worth in the quote currency; ``None`` for price times size.
        base_of: What it moved of the base currency; ``None`` for its size.
        history: Candles kept of each symbol and interval.
    """

    def __init__(
        self,
        initial_prices: Mapping[str, Decimal],
        now_ns: Callable[[], int],
        *,
        turnover_of: Callable[[Trade], Decimal] | None = None,
        base_of: Callable[[Trade], Decimal] | None = None,
        history: int = HISTORY,
    ) -> None:
        self._initial_prices = dict(initial_prices)
        self._now_ns = now_ns
        self._turnover_of = _price_times_size if turnover_of is None else turnover_of
        self._base_of = _size if base_of is None else base_of
        self._history = history
        # Made at the first trade: thousands of symbols may never have one.
        self._markets: dict[str, _Market] = {}

    def record(self, trade: Trade) -> None:
        """Take in one trade; one of an unknown symbol is another product's and ignored."""
        price = self._initial_prices.get(trade.symbol)
        if price is None:
            return
        market = self._markets.get(trade.symbol)
        if market is None:
            market = self._markets[trade.symbol] = _Market(price, self._history)
        with localcontext(EXACT):
            market.record(trade, self._base_of(trade), self._turnover_of(trade))

    def last_price(self, symbol: str) -> Decimal:
        """Return the price of the last trade, before the first one the initial price."""
        market = self._markets.get(symbol)
        return self._initial_prices[symbol] if market is None else market.trades[-1].price

    def last_trade(self, symbol: str) -> Trade | None:
        """Return the last trade, ``None`` before the first one."""
        market = self._markets.get(symbol)
        return None if market is None else market.trades[-1]

    def trades(self, symbol: str) -> list[Trade]:
        """Return the last trades, oldest first."""
        market = self._markets.get(symbol)
        return [] if market is None else list(market.trades)

    def candle(self, symbol: str, interval: str) -> Candle | None:
        """Return the candle of the last trade, ``None`` before the first one; its period may be over."""
        market = self._markets.get(symbol)
        return None if market is None else market.series[interval].newest()

    def candles(
        self, symbol: str, interval: str, *, start: int = 0, end: int | None = None, limit: int = HISTORY
    ) -> list[Candle]:
        """
        Return candles, oldest first.

        Args:
            symbol: Any symbol.
            interval: A name of `INTERVALS`.
            start, end: Seconds since 1970: only candles that start at ``start`` or later and before ``end``;
                ``None`` for no end.
            limit: The newest that many of them.
        """
        market = self._markets.get(symbol)
        if market is None:
            return []
        return market.series[interval].between(start, _NEVER if end is None else end, limit)

    def statistics(self, symbol: str, hours: int = 24) -> Statistics:
        """
        Return what happened in the last hours.

        Args:
            symbol: A known symbol.
            hours: A key of `WINDOWS`.

        The window moves by whole minutes: a trade leaves it up to a minute late (assumed).
        """
        market = self._markets.get(symbol)
        if market is None:
            price = self._initial_prices[symbol]
            return Statistics(price, price, price, price, ZERO, ZERO)
        with localcontext(EXACT):
            return market.windows[hours].statistics(self._now_ns() // 1_000_000_000, market.trades[-1].price)


def contract_market_data(contracts: Mapping[str, Contract], now_ns: Callable[[], int]) -> MarketData:
    """Return market data of contracts: their candles count contracts, their windows coins of the base currency."""

    def turnover(trade: Trade) -> Decimal:
        contract = contracts[trade.symbol]
        return trade.size * (-contract.multiplier if contract.is_inverse else contract.unit(trade.price))

    def base(trade: Trade) -> Decimal:
        contract = contracts[trade.symbol]
        if not contract.is_inverse:
            return trade.size * contract.multiplier
        # A quotient; a satoshi is as near as anybody looks.
        return _ROUNDED.quantize(-contract.unit(trade.price) * trade.size, _COIN_STEP)

    prices = {symbol: contract.initial_price for symbol, contract in contracts.items()}
    return MarketData(prices, now_ns, turnover_of=turnover, base_of=base)


class _Market:
    """What is kept of one symbol."""

    __slots__ = ("minutes", "series", "trades", "windows")

    def __init__(self, initial_price: Decimal, history: int) -> None:
        self.series = {interval: CandleSeries(interval, history=history) for interval in INTERVALS}
        # The windows need amounts of the base currency, which candles of contracts do not have.
        self.minutes = CandleSeries("1min", history=1)
        self.windows = {hours: _Window(length, initial_price) for hours, length in WINDOWS.items()}
        self.trades: deque[Trade] = deque(maxlen=LAST_TRADES)

    def record(self, trade: Trade, base: Decimal, turnover: Decimal) -> None:
        second = trade.time_ns // 1_000_000_000
        for series in self.series.values():
            series.add(second, trade.price, trade.size, turnover)
        minute = self.minutes.add(second, trade.price, base, turnover)
        for window in self.windows.values():
            window.add(minute, base, turnover)
        self.trades.append(trade)


class _Window:
    """Sums and extremes of the minutes of one rolling window; each step costs the same, however long it is."""

    __slots__ = ("_highs", "_length", "_lows", "_minutes", "_open", "_turnover", "_volume")

    def __init__(self, length: int, initial_price: Decimal) -> None:
        self._length = length
        self._open = initial_price
        self._volume = self._turnover = ZERO
        self._minutes: deque[RunningCandle] = deque()
        # Only minutes that can still be the extreme: prices fall (rise) from the first one to the last.
        self._highs: deque[RunningCandle] = deque()
        self._lows: deque[RunningCandle] = deque()

    def add(self, minute: RunningCandle, base: Decimal, turnover: Decimal) -> None:
        """Take in a trade that already counts in ``minute``."""
        if self._minutes and self._minutes[-1] is minute:
            self._volume += base
            self._turnover += turnover
        else:
            # All of it, not the trade alone: the clock may have left this minute behind and been set back.
            self._volume += minute.volume
            self._turnover += minute.turnover
        for minutes in (self._minutes, self._highs, self._lows):
            if not minutes or minutes[-1] is not minute:
                minutes.append(minute)
        while len(self._highs) > 1 and self._highs[-2].high <= minute.high:
            del self._highs[-2]
        while len(self._lows) > 1 and self._lows[-2].low >= minute.low:
            del self._lows[-2]
        self._drop(minute.start)

    def statistics(self, now: int, close: Decimal) -> Statistics:
        self._drop(now)
        high = self._highs[0].high if self._highs else close
        low = self._lows[0].low if self._lows else close
        return Statistics(self._open, close, high, low, self._volume, self._turnover)

    def _drop(self, now: int) -> None:
        """Let go of the minutes that ended before the window."""
        while self._minutes and self._minutes[0].end <= now - self._length:
            minute = self._minutes.popleft()
            self._volume -= minute.volume
            self._turnover -= minute.turnover
            self._open = minute.close
            for extremes in (self._highs, self._lows):
                if extremes[0] is minute:
                    extremes.popleft()


def _price_times_size(trade: Trade) -> Decimal:
    return trade.price * trade.size


def _size(trade: Trade) -> Decimal:
    return trade.size
