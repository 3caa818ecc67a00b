"""
Models of the public futures topics: tickers, books, candles, trades, mark prices, funding, snapshots.

Sizes are counts of contracts.

Source: KuCoin docs, WebSocket API, Futures Trading, Public Channels (read 2026-11).
"""

from __future__ import annotations

from decimal import Decimal

import attrs

from kucoin_sync.kucoin.models.fields import (
    Model,
    choice,
    decimal,
    identifier,
    levels,
    milliseconds,
    nanoseconds,
    seconds,
    text,
    whole,
)
from kucoin_sync.kucoin.models.values import Level, Side

__all__ = [
    "FuturesBook",
    "FuturesBookChange",
    "FuturesCandle",
    "FuturesFundingRate",
    "FuturesFundingSettlement",
    "FuturesMarkPrice",
    "FuturesSnapshot",
    "FuturesTicker",
    "FuturesTickerV1",
    "FuturesTrade",
]


@attrs.frozen(repr=False)
class FuturesTicker(Model):
    """
    Best bid and ask: ``/contractMarket/tickerV2:{symbol}``.

    Attributes:
        channel_sequence: ``sn`` of the frame, the same as ``sequence``.
    """

    symbol: str | None = text("symbol", topic="symbol")
    sequence: int | None = whole("sequence")
    best_bid_price: Decimal | None = decimal("bestBidPrice")
    best_bid_size: Decimal | None = decimal("bestBidSize")
    best_ask_price: Decimal | None = decimal("bestAskPrice")
    best_ask_size: Decimal | None = decimal("bestAskSize")
    time_ns: int | None = nanoseconds("ts")
    channel_sequence: int | None = whole(envelope="sn")


@attrs.frozen(repr=False)
class FuturesTickerV1(Model):
    """
    Best bid and ask with the last trade, on every trade: ``/contractMarket/ticker:{symbol}``.

    Attributes:
        side: Of the taker in the last trade; ``price``, ``size`` and ``trade_id`` are of it too.
    """

    symbol: str | None = text("symbol", topic="symbol")
    sequence: int | None = whole("sequence")
    side: Side | str | None = choice(Side, "side")
    price: Decimal | None = decimal("price")
    size: Decimal | None = decimal("size")
    trade_id: str | None = identifier("tradeId")
    best_bid_price: Decimal | None = decimal("bestBidPrice")
    best_bid_size: Decimal | None = decimal("bestBidSize")
    best_ask_price: Decimal | None = decimal("bestAskPrice")
    best_ask_size: Decimal | None = decimal("bestAskSize")
    time_ns: int | None = nanoseconds("ts")
    channel_sequence: int | None = whole(envelope="sn")


@attrs.frozen(repr=False)
class FuturesBookChange(Model):
    """
    A change of one price: ``/contractMarket/level2:{symbol}``.

    Attributes:
        sequence: One more than that of the push before.
        side: Of the book that changed.
        size: New size at ``price``; 0 removes it.
    """

    symbol: str | None = text(topic="symbol")
    sequence: int | None = whole("sequence")
    price: Decimal | None = decimal("change.0")
    side: Side | str | None = choice(Side, "change.1")
    size: Decimal | None = decimal("change.2")
    time_ms: int | None = milliseconds("timestamp")
    channel_sequence: int | None = whole(envelope="sn")


@attrs.frozen(repr=False)
class FuturesBook(Model):
    """
    The best 5 or 50 levels, complete in every push.

    Topics: ``/contractMarket/level2Depth5:{symbol}``, ``/contractMarket/level2Depth50:{symbol}``.

    Attributes:
        sequence: Of the book, the one that `FuturesBookChange` counts.
        asks: Best first, as ``bids``.
        channel_sequence: ``sn`` of the frame, here a clock in milliseconds.
    """

    symbol: str | None = text(topic="symbol")
    sequence: int | None = whole("sequence")
    asks: tuple[Level, ...] | None = levels("asks")
    bids: tuple[Level, ...] | None = levels("bids")
    time_ms: int | None = milliseconds("timestamp", "ts")
    channel_sequence: int | None = whole(envelope="sn")


@attrs.frozen(repr=False)
class FuturesCandle(Model):
    """
    A candle: ``/contractMarket/limitCandle:{symbol}_{interval}``.

    Attributes:
        interval: From the topic, such as ``1min``.
        start_s: When the candle starts.
        turnover: In quote currency, as the wire is today; documents call it a volume that is not to be used.
        volume: In contracts.
    """

    symbol: str | None = text("symbol", topic="symbol")
    interval: str | None = text(topic="interval")
    start_s: int | None = seconds("candles.0")
    open: Decimal | None = decimal("candles.1")
    close: Decimal | None = decimal("candles.2")
    high: Decimal | None = decimal("candles.3")
    low: Decimal | None = decimal("candles.4")
    turnover: Decimal | None = decimal("candles.5")
    volume: Decimal | None = decimal("candles.6")
    time_ms: int | None = milliseconds("time")


@attrs.frozen(repr=False)
class FuturesTrade(Model):
    """
    A trade: ``/contractMarket/execution:{symbol}``.

    Attributes:
        side: Of the taker.
    """

    symbol: str | None = text("symbol", topic="symbol")
    sequence: int | None = whole("sequence")
    side: Side | str | None = choice(Side, "side")
    price: Decimal | None = decimal("price")
    size: Decimal | None = decimal("size")
    trade_id: str | None = identifier("tradeId")
    taker_order_id: str | None = identifier("takerOrderId")
    maker_order_id: str | None = identifier("makerOrderId")
    time_ns: int | None = nanoseconds("ts")
    channel_sequence: int | None = whole(envelope="sn")


@attrs.frozen(repr=False)
class FuturesMarkPrice(Model):
    """
    Mark price and index: ``/contract/instrument:{symbol}``, subject ``mark.index.price``.

    Attributes:
        granularity_ms: Time between updates.
    """

    symbol: str | None = text(topic="symbol")
    mark_price: Decimal | None = decimal("markPrice")
    index_price: Decimal | None = decimal("indexPrice")
    granularity_ms: int | None = whole("granularity")
    time_ms: int | None = milliseconds("timestamp")


@attrs.frozen(repr=False)
class FuturesFundingRate(Model):
    """
    Funding rate: ``/contract/instrument:{symbol}``, subject ``funding.rate``.

    Attributes:
        granularity_ms: 60000 for the predicted rate, 28800000 for the settled one.
        period: Seen as 1; not documented.
    """

    symbol: str | None = text(topic="symbol")
    funding_rate: Decimal | None = decimal("fundingRate")
    granularity_ms: int | None = whole("granularity")
    period: int | None = whole("period")
    time_ms: int | None = milliseconds("timestamp")


@attrs.frozen(repr=False)
class FuturesFundingSettlement(Model):
    """
    Begin or end of a funding settlement: ``/contract/announcement``.

    Attributes:
        subject: ``funding.begin`` or ``funding.end``.
    """

    subject: str | None = text(envelope="subject")
    symbol: str | None = text("symbol")
    funding_time_ms: int | None = milliseconds("fundingTime")
    funding_rate: Decimal | None = decimal("fundingRate")
    time_ms: int | None = milliseconds("timestamp")


@attrs.frozen(repr=False)
class FuturesSnapshot(Model):
    """
    A contract's 24 hours: ``/contractMarket/snapshot:{symbol}``.

    Attributes:
        price_before: 24 hours ago.
        volume: In base currency.
        turnover: In quote currency.
    """

    symbol: str | None = text("symbol", topic="symbol")
    last_price: Decimal | None = decimal("lastPrice")
    high_price: Decimal | None = decimal("highPrice")
    low_price: Decimal | None = decimal("lowPrice")
    price_before: Decimal | None = decimal("price24HoursBefore")
    change: Decimal | None = decimal("priceChg")
    change_rate: Decimal | None = decimal("priceChgPct")
    volume: Decimal | None = decimal("volume")
    turnover: Decimal | None = decimal("turnover")
    funding_rate: Decimal | None = decimal("fundingRate")
    time_ns: int | None = nanoseconds("ts")
