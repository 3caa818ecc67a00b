"""
REST calls about the market: clocks, symbols and order books. All but one need no credentials.

Source: KuCoin docs, Market Data of spot and of futures (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from kucoin_sync.engine.deadline import checked_deadline
from kucoin_sync.errors import ConfigError
from kucoin_sync.events import BookSnapshot
from kucoin_sync.exchange_rest.answers import odd_data
from kucoin_sync.exchange_rest.spelling import spell_id
from kucoin_sync.kucoin.numbers import to_milliseconds
from kucoin_sync.kucoin.rest_calls import RestBase
from kucoin_sync.protocol.json_text import MAX_EXPONENT
from kucoin_sync.tables import Rows

__all__ = ["MarketCalls"]

_TIME = "/api/v1/timestamp"
SAMPLES = 5

Levels = tuple[tuple[Decimal, Decimal], ...]


class MarketCalls(RestBase):
    """Clocks, symbols and order books."""

    # Clocks and state.

    def server_time_ms(self, *, host: str = "spot", timeout: float | None = None) -> int:
        """
        Return the exchange's clock, milliseconds since 1970.

        Args:
            host: ``spot`` or ``futures``.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        return _time(self._call("GET", _TIME, host=host, signed=False, timeout=timeout))

    def clock_offset_ms(self, *, samples: int = SAMPLES, host: str = "spot", timeout: float | None = None) -> float:
        """
        Measure how far the exchange's clock is ahead of this machine's.

        The call whose answer came quickest counts: it leaves the least room for a mistake. What is learned is kept:
        later calls are signed with the exchange's time, and orders expire by it.

        Args:
            samples: How often to ask.
            host: ``spot`` or ``futures``.
            timeout: Seconds for all of them; ``None`` takes ``request_timeout``. If they end early, what there is
                counts.

        Returns:
            Milliseconds; negative if this machine's clock is ahead.
        """
        call = self._prepare("GET", _TIME, None, None, host, signed=False)
        return self._measure_clock(
            call, samples, checked_deadline(timeout, self._around.options.request_timeout), _time
        )

    def service_status(self, *, host: str = "spot", timeout: float | None = None) -> dict[str, Any]:
        """
        Return whether the exchange is open: ``{"status": "open", "msg": ""}``.

        Args:
            host: ``spot`` or ``futures``.
            timeout: Seconds; ``None`` takes ``request_timeout``.

        Returns:
            ``status`` is ``open``, ``close`` or ``cancelonly``.
        """
        return self._object("GET", "/api/v1/status", host=host, signed=False, timeout=timeout)

    # Symbols.

    def symbols(self, market: str | None = None, *, timeout: float | None = None) -> Rows:
        """
        Return all spot symbols with their steps and limits.

        Args:
            market: Only those of one market, such as ``USDS``; see `markets`.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        return self._objects("GET", "/api/v2/symbols", params={"market": market}, signed=False, timeout=timeout)

    def symbol(self, name: str, *, timeout: float | None = None) -> dict[str, Any]:
        """Return one spot symbol, such as ``BTC-USDT``, with its steps and limits."""
        return self._object("GET", f"/api/v2/symbols/{spell_id('name', name)}", signed=False, timeout=timeout)

    def markets(self, *, timeout: float | None = None) -> list[str]:
        """Return the names of the spot markets."""
        data = self._call("GET", "/api/v1/markets", signed=False, timeout=timeout)
        if not isinstance(data, list) or not all(isinstance(name, str) for name in data):
            raise odd_data("GET /api/v1/markets", data)
        return data

    def contracts(self, *, timeout: float | None = None) -> Rows:
        """Return all futures contracts that are open."""
        return self._objects("GET", "/api/v1/contracts/active", host="futures", signed=False, timeout=timeout)

    def contract(self, name: str, *, timeout: float | None = None) -> dict[str, Any]:
        """Return one futures contract, such as ``XBTUSDTM``."""
        path = f"/api/v1/contracts/{spell_id('name', name)}"
        return self._object("GET", path, host="futures", signed=False, timeout=timeout)

    # Order books.

    def book(self, symbol: str, depth: int | None = None, *, timeout: float | None = None) -> BookSnapshot:
        """
        Return the order book of a spot symbol.

        Args:
            symbol: Such as ``BTC-USDT``.
            depth: ``20`` or ``100`` levels a side; ``None`` is the whole book, which needs credentials.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        path = "/api/v3/market/orderbook/level2"
        if depth is not None:
            path = f"/api/v1/market/orderbook/level2_{_depth(depth)}"
        params = {"symbol": spell_id("symbol", symbol)}
        data = self._object("GET", path, params=params, signed=depth is None, timeout=timeout)
        return _book(f"GET {path}", symbol, data, "time")

    def futures_book(self, symbol: str, depth: int | None = None, *, timeout: float | None = None) -> BookSnapshot:
        """
        Return the order book of a futures contract; sizes are contracts.

        Args:
            symbol: Such as ``XBTUSDTM``.
            depth: ``20`` or ``100`` levels a side; ``None`` is the whole book.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        path = "/api/v1/level2/snapshot" if depth is None else f"/api/v1/level2/depth{_depth(depth)}"
        params = {"symbol": spell_id("symbol", symbol)}
        data = self._object("GET", path, params=params, host="futures", signed=False, timeout=timeout)
        return _book(f"GET {path}", symbol, data, "ts")


def _time(data: Any) -> int:
    if type(data) is not int or not 0 < data < 10**15:
        raise odd_data(f"GET {_TIME}", data)
    return data


def _depth(depth: int) -> int:
    if isinstance(depth, bool) or depth not in (20, 100):
        raise ConfigError(f"depth: must be 20, 100, or None for the whole book, got {depth!r:.40}")
    return depth


def _book(op: str, symbol: str, data: Mapping[str, Any], time_key: str) -> BookSnapshot:
    try:
        return BookSnapshot(
            symbol=symbol,
            sequence=_whole(data["sequence"]),
            bids=_levels(data["bids"]),
            asks=_levels(data["asks"]),
            time_ns=_nanoseconds(data[time_key]),
        )
    except (LookupError, TypeError, ValueError, InvalidOperation):
        pass
    raise odd_data(op, data)


def _levels(levels: Any) -> Levels:
    if levels is None:  # an empty side
        return ()
    if not isinstance(levels, list) or not all(isinstance(level, list) for level in levels):
        raise TypeError
    return tuple((_number(level[0]), _number(level[1])) for level in levels)


def _number(value: Any) -> Decimal:
    """Return a price or size that came as a text or as a number."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise TypeError
    number = Decimal(value)
    if not number.is_finite() or number < 0 or abs(number.adjusted()) > MAX_EXPONENT:
        raise ValueError
    return number


def _whole(value: Any) -> int:
    """Return a number that came as a text or as a number."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 30:
        return int(value)
    if type(value) is not int:
        raise TypeError
    return value


def _nanoseconds(value: Any) -> int:
    """Return a time in nanoseconds, whatever unit it came in."""
    whole = _whole(value)
    milliseconds = to_milliseconds(whole)
    if milliseconds is None:
        raise ValueError
    return whole if milliseconds == whole // 1_000_000 else milliseconds * 1_000_000
