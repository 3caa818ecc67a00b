"""
Candles of every bar OKX has, made of the series the market data keeps.

Bars of a day and more begin at midnight in Hong Kong, those called ``utc`` at midnight in UTC. Days are counted in
groups from the first day of 1970, weeks from its first Monday (both assumed). Months are those of the calendar. Of bars
that no series has, as much is known as its source remembers: 1500 hours, and 100 trades of ``1s``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from decimal import Decimal

from ..market.candles import Candle
from ..market.market_data import MarketData
from ..matching.events import Trade

__all__ = ["bar_period", "candles_of", "day_open"]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_UNITS = {"s": 1, "m": _MINUTE, "H": _HOUR, "D": _DAY, "W": 7 * _DAY}
#: Bars that begin at multiples of their length in UTC, and the series that has them.
_SERIES = {
    "1m": "1min",
    "3m": "3min",
    "5m": "5min",
    "15m": "15min",
    "30m": "30min",
    "1H": "1hour",
    "2H": "2hour",
    "4H": "4hour",
}
HONG_KONG = 8 * _HOUR
#: The first Monday of 1970.
_MONDAY = 4 * _DAY
#: Seconds of trades and hours of candles that are looked through.
_MOST_SOURCES = 1500


def bar_period(bar: str, second: int) -> tuple[int, int]:
    """Return when the period of a bar that a moment lies in begins and ends, seconds since 1970."""
    name = bar.removesuffix("utc")
    count, unit = int(name[:-1]), name[-1]
    shift = 0 if name != bar or (unit in "smH" and name not in ("6H", "12H")) else HONG_KONG
    local = second + shift
    if unit == "M":
        moment = datetime.fromtimestamp(local, timezone.utc)
        month = moment.year * 12 + moment.month - 1
        first = month - month % count
        return _month(first) - shift, _month(first + count) - shift
    length, start = count * _UNITS[unit], _MONDAY if unit == "W" else 0
    begin = start + (local - start) // length * length
    return begin - shift, begin + length - shift


def candles_of(data: MarketData, symbol: str, bar: str, *, limit: int) -> list[Candle]:
    """
    Return the newest candles of a bar, oldest first.

    Args:
        data: Trades and series of the product.
        symbol: Any symbol.
        bar: Such as ``1m``, ``1Dutc``.
        limit: How many at most.
    """
    series = _SERIES.get(bar)
    if series is not None:
        return data.candles(symbol, series, limit=limit)
    if bar == "1s":
        sources: Iterable[Candle] = (_of_trade(trade) for trade in data.trades(symbol))
    else:
        sources = data.candles(symbol, "1hour", limit=_MOST_SOURCES)
    merged: list[Candle] = []
    for source in sources:
        start, end = bar_period(bar, source.start)
        if merged and merged[-1].start == start:
            merged[-1] = _joined(merged[-1], source)
        else:
            merged.append(
                Candle(
                    start,
                    end,
                    source.open,
                    source.close,
                    source.high,
                    source.low,
                    source.volume,
                    source.turnover,
                    source.trades,
                )
            )
    return merged[-limit:]


def day_open(data: MarketData, symbol: str, now: int, *, bar: str) -> Decimal:
    """Return the price at which the day began: its first trade, or the last one before it (assumed)."""
    start, _ = bar_period(bar, now)
    for candle in candles_of(data, symbol, bar, limit=1):
        return candle.open if candle.start == start else candle.close
    return data.last_price(symbol)


def _of_trade(trade: Trade) -> Candle:
    second, price = trade.time_ns // 1_000_000_000, trade.price
    return Candle(second, second + 1, price, price, price, price, trade.size, trade.size * price, 1)


def _joined(first: Candle, second: Candle) -> Candle:
    return Candle(
        first.start,
        first.end,
        first.open,
        second.close,
        max(first.high, second.high),
        min(first.low, second.low),
        first.volume + second.volume,
        first.turnover + second.turnover,
        first.trades + second.trades,
    )


def _month(number: int) -> int:
    return int(datetime(number // 12, number % 12 + 1, 1, tzinfo=timezone.utc).timestamp())
