"""
Candles of one symbol: the intervals of both products and a bounded series for each, made from trades.

Plain computation. Which periods there are:

- All start at multiples of their length since 1970, in UTC: a week runs from Thursday to Wednesday, as on the
  exchange (seen in its answers of 2022). Months are those of the calendar (assumed).
- A period without a trade has no candle, as the exchange says of its own: nothing repeats the last price.
- A trade that is older than the newest candle, because the clock was set back, counts in that candle: no
  candle changes once the next one has begun.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from decimal import Decimal

from attrs import frozen

__all__ = ["INTERVALS", "Candle", "CandleSeries", "RunningCandle", "period"]

_MONTH = "1month"

INTERVALS: Mapping[str, int] = {
    "1min": 60,
    "3min": 180,
    "5min": 300,
    "15min": 900,
    "30min": 1800,
    "1hour": 3600,
    "2hour": 7200,
    "4hour": 14400,
    "6hour": 21600,
    "8hour": 28800,
    "12hour": 43200,
    "1day": 86400,
    "1week": 604800,
    _MONTH: 2592000,
}
"""Interval to its length in seconds; the length of a month is nominal, see `period`."""


@frozen
class Candle:
    """
    One period of one symbol.

    Attributes:
        start, end: Seconds since 1970; the period ends just before ``end``.
        volume: Summed sizes: base currency on spot, contracts on futures.
        turnover: The same in the quote currency.
        trades: How many trades made it; 1 after the first.
    """

    start: int
    end: int
    open: Decimal
    close: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    turnover: Decimal
    trades: int


class RunningCandle:
    """A candle that may still change; everybody else gets the frozen `Candle`."""

    __slots__ = ("close", "end", "high", "low", "open", "start", "trades", "turnover", "volume")

    def __init__(self, start: int, end: int, price: Decimal) -> None:
        self.start, self.end = start, end
        self.open = self.close = self.high = self.low = price
        self.volume = self.turnover = Decimal(0)
        self.trades = 0

    def add(self, price: Decimal, volume: Decimal, turnover: Decimal) -> None:
        """Take in one trade."""
        self.close = price
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.volume += volume
        self.turnover += turnover
        self.trades += 1

    def value(self) -> Candle:
        """Return what it is by now."""
        return Candle(
            self.start,
            self.end,
            self.open,
            self.close,
            self.high,
            self.low,
            self.volume,
            self.turnover,
            self.trades,
        )


class CandleSeries:
    """
    The candles of one symbol and interval.

    Args:
        interval: A name of `INTERVALS`, or what tells beginning and end of the period of a second.
        history: How many candles are kept.
    """

    def __init__(self, interval: str | Callable[[int], tuple[int, int]], *, history: int) -> None:
        self._period = functools.partial(period, interval) if isinstance(interval, str) else interval
        self._candles: deque[RunningCandle] = deque(maxlen=history)

    def add(self, second: int, price: Decimal, volume: Decimal, turnover: Decimal) -> RunningCandle:
        """Take in one trade; return its candle."""
        candle = self._candles[-1] if self._candles else None
        if candle is None or second >= candle.end:
            candle = RunningCandle(*self._period(second), price)
            self._candles.append(candle)
        candle.add(price, volume, turnover)
        return candle

    def newest(self) -> Candle | None:
        """Return the candle of the last trade, ``None`` before the first one."""
        return self._candles[-1].value() if self._candles else None

    def between(self, start: int, end: int, limit: int) -> list[Candle]:
        """Return the newest ``limit`` candles that start at ``start`` or later and before ``end``, oldest first."""
        found: list[Candle] = []
        for candle in reversed(self._candles):
            if candle.start < start or len(found) == limit:
                break
            if candle.start < end:
                found.append(candle.value())
        found.reverse()
        return found


def period(interval: str, second: int) -> tuple[int, int]:
    """Return start and end, in seconds since 1970, of the period that contains ``second``."""
    if interval != _MONTH:
        length = INTERVALS[interval]
        start = second - second % length
        return start, start + length
    day = datetime.fromtimestamp(second, timezone.utc)
    first = datetime(day.year, day.month, 1, tzinfo=timezone.utc)
    following = datetime(day.year + day.month // 12, day.month % 12 + 1, 1, tzinfo=timezone.utc)
    return int(first.timestamp()), int(following.timestamp())
