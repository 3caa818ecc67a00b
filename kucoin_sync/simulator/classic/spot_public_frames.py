"""
Payloads of the public topics of the classic spot stream.

Source: KuCoin docs, pages of the channels, and captures of 2021 to 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from attrs import frozen

from ..market.candles import Candle
from ..market.market_data import Statistics
from ..matching.book import Book, BookSide
from ..matching.events import BookChanged, Ticker, Trade
from ..matching.symbols import Symbol, plain

__all__ = [
    "Increments",
    "SnapshotSource",
    "candle_payload",
    "depth_payload",
    "indicator_payload",
    "levels",
    "match_payload",
    "snapshot_payload",
    "ticker_payload",
    "top_payload",
]


def ticker_payload(ticker: Ticker, sequence: int, now_ms: int) -> dict[str, Any]:
    """``{"sequence": "1545896668986", "price": "0.08", ...}``; the time is that of the last trade."""
    return {
        "bestAsk": plain(ticker.best_ask),
        "bestAskSize": plain(ticker.best_ask_size),
        "bestBid": plain(ticker.best_bid),
        "bestBidSize": plain(ticker.best_bid_size),
        "price": plain(ticker.price),
        "sequence": str(sequence),
        "size": plain(ticker.size),
        "time": ticker.time_ns // 1_000_000 or now_ms,
    }


def top_payload(ticker: Ticker, now_ms: int) -> dict[str, Any]:
    """``{"asks": ["68145.8", "0.51987471"], "bids": [...], "timestamp": 1729816058766}``: one flat pair a side."""
    return {
        "asks": _pair(ticker.best_ask, ticker.best_ask_size),
        "bids": _pair(ticker.best_bid, ticker.best_bid_size),
        "timestamp": now_ms,
    }


def levels(side: BookSide, depth: int | None) -> list[list[str]]:
    """Return ``[price, size]`` of the best levels, or of all of them."""
    return [[plain(price), plain(size)] for price, size in islice(side.levels(), depth)]


def depth_payload(book: Book, depth: int, now_ms: int) -> dict[str, Any]:
    """``{"asks": [["67996.7", "1.14213262"], ...], "bids": [...], "timestamp": 1729822226746}``."""
    return {"asks": levels(book.asks, depth), "bids": levels(book.bids, depth), "timestamp": now_ms}


class Increments:
    """Changes of one book between two frames: the newest of each price, and the range of sequences covered."""

    __slots__ = ("_asks", "_bids", "_last", "_start")

    def __init__(self, first: BookChanged) -> None:
        self._start = first.sequence
        self._last = first
        self._bids: dict[Decimal, BookChanged] = {}
        self._asks: dict[Decimal, BookChanged] = {}
        self.add(first)

    def add(self, change: BookChanged) -> None:
        """Take in one more change."""
        (self._bids if change.side == "buy" else self._asks)[change.price] = change
        self._last = change

    def payload(self) -> dict[str, Any]:
        """``{"changes": {"asks": [["18906", "0.00331", "14103845"]], "bids": []}, "sequenceStart": ...}``."""
        return {
            "changes": {"asks": _changes(self._asks), "bids": _changes(self._bids)},
            "sequenceEnd": self._last.sequence,
            "sequenceStart": self._start,
            "symbol": self._last.symbol,
            "time": self._last.time_ns // 1_000_000,
        }


def candle_payload(symbol: str, candle: Candle, now_ns: int) -> dict[str, Any]:
    """``{"symbol": "BTC-USDT", "candles": [start, open, close, high, low, volume, turnover], "time": ...}``."""
    return {"symbol": symbol, "candles": candle_row(candle), "time": now_ns}


def candle_row(candle: Candle) -> list[str]:
    """Return start, open, close, high, low, volume and turnover, as the stream and the REST call have them."""
    amounts = (candle.open, candle.close, candle.high, candle.low, candle.volume, candle.turnover)
    return [str(candle.start), *(plain(amount) for amount in amounts)]


def match_payload(trade: Trade) -> dict[str, Any]:
    """``{"makerOrderId": "...", "price": "67523", "side": "buy", "time": "1729843222921000000", ...}``."""
    return {
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
    }


@frozen
class SnapshotSource:
    """What a snapshot is made of: the pair, its book, its statistics by hours, and the fee rates."""

    symbol: Symbol
    ticker: Ticker
    sequence: int
    statistics: Mapping[int, Statistics]
    maker_fee: Decimal
    taker_fee: Decimal


def snapshot_payload(source: SnapshotSource, now_ms: int) -> dict[str, Any]:
    """Return the inner ``data`` of ``/market/snapshot``: prices as numbers, null where a side is empty (assumed)."""
    symbol, ticker, day = source.symbol, source.ticker, source.statistics[24]
    bid_is_there, ask_is_there = bool(ticker.best_bid), bool(ticker.best_ask)
    return {
        "askSize": ticker.best_ask_size if ask_is_there else None,
        "averagePrice": day.average_price,
        "baseCurrency": symbol.base,
        "bidSize": ticker.best_bid_size if bid_is_there else None,
        "board": 1,
        "buy": ticker.best_bid if bid_is_there else None,
        "close": ticker.price,
        "datetime": now_ms,
        "lastSize": ticker.size,
        "lastTradedPrice": ticker.price,
        "makerCoefficient": 1,
        "makerFeeRate": source.maker_fee,
        "marginTrade": symbol.margin_enabled,
        "mark": 0,
        "market": symbol.market,
        "marketChange1h": _change(source.statistics[1]),
        "marketChange24h": _change(day),
        "marketChange4h": _change(source.statistics[4]),
        "markets": [symbol.market],
        "quoteCurrency": symbol.quote,
        "sell": ticker.best_ask if ask_is_there else None,
        "sequence": str(source.sequence),
        "siteTypes": ["global"],
        "sort": 100,
        "symbol": symbol.name,
        "symbolCode": symbol.name,
        "takerCoefficient": 1,
        "takerFeeRate": source.taker_fee,
        "trading": symbol.enabled,
        **_change(day),
    }


def indicator_payload(pair: str, value: Decimal, now_ms: int) -> dict[str, Any]:
    """``{"symbol": "ETH-BTC", "granularity": 1000, "value": 0.03156, "timestamp": 1790984308000}``: whole seconds."""
    return {"symbol": pair, "granularity": 1000, "value": value, "timestamp": now_ms // 1000 * 1000}


def _pair(price: Decimal, size: Decimal) -> list[str]:
    return [plain(price), plain(size)] if price else []


def _changes(changes: Mapping[Decimal, BookChanged]) -> list[list[str]]:
    return [[plain(price), plain(change.size), str(change.sequence)] for price, change in changes.items()]


def _change(statistics: Statistics) -> dict[str, Decimal]:
    return {
        "changePrice": statistics.change_price,
        "changeRate": statistics.change_rate,
        "high": statistics.high,
        "low": statistics.low,
        "open": statistics.open,
        "vol": statistics.volume,
        "volValue": statistics.turnover,
    }
