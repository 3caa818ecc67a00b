"""
Payloads of the public topics of the classic futures stream.

Source: KuCoin docs, pages of the channels, and captures of 2021 to 2026. Sizes are whole numbers of contracts.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from typing import Any

from ..futures.events import FundingRateChanged, FundingSettled, MarkPriceChanged
from ..market.candles import Candle
from ..market.market_data import Statistics
from ..matching.book import Book, BookSide
from ..matching.events import BookChanged, Ticker, Trade
from ..matching.symbols import plain

__all__ = [
    "announcement_payload",
    "candle_payload",
    "change_payload",
    "depth_payload",
    "execution_payload",
    "funding_rate_payload",
    "mark_price_payload",
    "snapshot_payload",
    "ticker_payload",
    "top_payload",
]


def top_payload(ticker: Ticker, sequence: int, time_ns: int) -> dict[str, Any]:
    """``{"symbol": "XBTUSDTM", "sequence": 1709284589209, "bestBidSize": 713, "bestBidPrice": "88987.4", ...}``."""
    return {
        "symbol": ticker.symbol,
        "sequence": sequence,
        "bestBidSize": int(ticker.best_bid_size),
        "bestBidPrice": plain(ticker.best_bid),
        "bestAskPrice": plain(ticker.best_ask),
        "bestAskSize": int(ticker.best_ask_size),
        "ts": time_ns,
    }


def ticker_payload(ticker: Ticker, trade: Trade, sequence: int) -> dict[str, Any]:
    """Return the same with the trade that caused it: ``side``, ``size``, ``price`` and ``tradeId``."""
    return {
        **top_payload(ticker, sequence, trade.time_ns),
        "side": trade.side,
        "size": int(trade.size),
        "price": plain(trade.price),
        "tradeId": str(trade.trade_id),
    }


def change_payload(change: BookChanged) -> dict[str, Any]:
    """``{"sequence": 1747821025244, "change": "83614,buy,12", "timestamp": 1790113097240}``."""
    return {
        "sequence": change.sequence,
        "change": f"{plain(change.price)},{change.side},{int(change.size)}",
        "timestamp": change.time_ns // 1_000_000,
    }


def depth_payload(book: Book, depth: int, now_ms: int) -> dict[str, Any]:
    """``{"bids": [["89720.9", 513], ...], "sequence": ..., "timestamp": ..., "ts": ..., "asks": [...]}``."""
    return {
        "bids": _levels(book.bids, depth),
        "sequence": book.sequence,
        "timestamp": now_ms,
        "ts": now_ms,
        "asks": _levels(book.asks, depth),
    }


def candle_payload(symbol: str, candle: Candle, now_ms: int) -> dict[str, Any]:
    """``{"symbol": ..., "candles": [start, open, close, high, low, turnover, volume], "time": ...}``."""
    amounts = (candle.open, candle.close, candle.high, candle.low, candle.turnover, candle.volume)
    return {"symbol": symbol, "candles": [str(candle.start), *(plain(amount) for amount in amounts)], "time": now_ms}


def execution_payload(trade: Trade) -> dict[str, Any]:
    """``{"symbol": "XBTUSDTM", "sequence": 1794100537695, "side": "buy", "size": 2, "price": "90503.9", ...}``."""
    return {
        "symbol": trade.symbol,
        "sequence": trade.trade_id,
        "side": trade.side,
        "size": int(trade.size),
        "price": plain(trade.price),
        "takerOrderId": trade.taker_order_id,
        "makerOrderId": trade.maker_order_id,
        "tradeId": str(trade.trade_id),
        "ts": trade.time_ns,
    }


def mark_price_payload(event: MarkPriceChanged) -> dict[str, Any]:
    """``{"markPrice": 90445.02, "indexPrice": 90445.02, "granularity": 1000, "timestamp": 1731899129000}``."""
    return {
        "markPrice": event.mark,
        "indexPrice": event.index,
        "granularity": 1000,
        "timestamp": event.time_ns // 1_000_000_000 * 1000,
    }


def funding_rate_payload(event: FundingRateChanged) -> dict[str, Any]:
    """``{"period": 1, "granularity": 60000, "fundingRate": -0.000002, ...}``; a settled rate bears its interval."""
    return {
        "period": 1,
        "granularity": event.interval_ns // 1_000_000 if event.settled else 60000,
        "fundingRate": event.last_rate if event.settled else event.rate,
        "timestamp": event.time_ns // 1_000_000,
    }


def announcement_payload(event: FundingSettled) -> dict[str, Any]:
    """``{"symbol": "XBTUSDTM", "fundingTime": 1551770400000, "fundingRate": -0.002966, "timestamp": ...}``."""
    return {
        "symbol": event.symbol,
        "fundingTime": event.funding_time_ns // 1_000_000,
        "fundingRate": event.rate,
        "timestamp": event.time_ns // 1_000_000,
    }


def snapshot_payload(symbol: str, day: Statistics, funding_rate: Decimal, now_ns: int) -> dict[str, Any]:
    """``{"highPrice": 91512.8, "lastPrice": 90326.7, ..., "volume": 5834.46}``: 24 hours, volume in coins."""
    return {
        "fundingRate": funding_rate,
        "highPrice": day.high,
        "lastPrice": day.close,
        "lowPrice": day.low,
        "price24HoursBefore": day.open,
        "priceChg": day.change_price,
        "priceChgPct": day.change_rate,
        "symbol": symbol,
        "ts": now_ns,
        "turnover": day.turnover,
        "volume": day.volume,
    }


def _levels(side: BookSide, depth: int) -> list[list[str | int]]:
    return [[plain(price), int(size)] for price, size in islice(side.levels(), depth)]
