"""
Models of the public spot topics: tickers, books, candles, trades, snapshots, call auctions, margin indices.

Source: KuCoin docs, WebSocket API, Spot Trading and Margin Trading, Public Channels (read 2026-11).
"""

from __future__ import annotations

from decimal import Decimal

import attrs

from kucoin_sync.kucoin.models.fields import (
    Model,
    choice,
    code,
    decimal,
    flag,
    identifier,
    levels,
    milliseconds,
    nanoseconds,
    nested,
    seconds,
    sequenced_levels,
    several,
    text,
    texts,
    whole,
)
from kucoin_sync.kucoin.models.values import Board, LendingSide, Level, SequencedLevel, Side, SymbolMark

__all__ = [
    "CallAuction",
    "IndicatorPrice",
    "LendingOffer",
    "PriceChange",
    "SpotBestPrices",
    "SpotBook",
    "SpotBookChange",
    "SpotCandle",
    "SpotSnapshot",
    "SpotSnapshots",
    "SpotTicker",
    "SpotTrade",
]


@attrs.frozen(repr=False)
class SpotTicker(Model):
    """
    Last trade and best prices: ``/market/ticker:{symbol}`` and ``/market/ticker:all``.

    Attributes:
        symbol: From the topic; from the subject where the topic is all symbols.
        price: Of the last trade, as ``size``.
        time_ms: When that trade was.
    """

    symbol: str | None = text(topic="symbol")
    sequence: int | None = whole("sequence")
    price: Decimal | None = decimal("price")
    size: Decimal | None = decimal("size")
    best_ask_price: Decimal | None = decimal("bestAsk")
    best_ask_size: Decimal | None = decimal("bestAskSize")
    best_bid_price: Decimal | None = decimal("bestBid")
    best_bid_size: Decimal | None = decimal("bestBidSize")
    time_ms: int | None = milliseconds("time", "Time")


@attrs.frozen(repr=False)
class SpotBestPrices(Model):
    """Best bid and ask: ``/spotMarket/level1:{symbol}``. A side of the book that is empty is ``None``."""

    symbol: str | None = text(topic="symbol")
    best_ask_price: Decimal | None = decimal("asks.0")
    best_ask_size: Decimal | None = decimal("asks.1")
    best_bid_price: Decimal | None = decimal("bids.0")
    best_bid_size: Decimal | None = decimal("bids.1")
    time_ms: int | None = milliseconds("timestamp")


@attrs.frozen(repr=False)
class SpotBook(Model):
    """
    The best 5 or 50 levels, complete in every push and without a sequence.

    Topics: ``/spotMarket/level2Depth5:{symbol}``, ``/spotMarket/level2Depth50:{symbol}``, and during a call auction
    ``/callauction/level2Depth50:{symbol}``.

    Attributes:
        asks: Best first, as ``bids``.
    """

    symbol: str | None = text(topic="symbol")
    asks: tuple[Level, ...] | None = levels("asks")
    bids: tuple[Level, ...] | None = levels("bids")
    time_ms: int | None = milliseconds("timestamp")


@attrs.frozen(repr=False)
class SpotBookChange(Model):
    """
    A change of the whole book: ``/market/level2:{symbol}``.

    Attributes:
        asks: New sizes at their prices, as ``bids``; 0 removes a price. Not sorted by sequence.
        first_sequence: With ``last_sequence`` the range of sequences covered.
    """

    symbol: str | None = text("symbol", topic="symbol")
    first_sequence: int | None = whole("sequenceStart")
    last_sequence: int | None = whole("sequenceEnd")
    asks: tuple[SequencedLevel, ...] | None = sequenced_levels("changes.asks")
    bids: tuple[SequencedLevel, ...] | None = sequenced_levels("changes.bids")
    time_ms: int | None = milliseconds("time")


@attrs.frozen(repr=False)
class SpotCandle(Model):
    """
    A candle: ``/market/candles:{symbol}_{interval}``.

    Attributes:
        interval: From the topic, such as ``1hour``.
        start_s: When the candle starts.
        volume: In base currency.
        turnover: In quote currency.
        time_ns: When it was pushed.
    """

    symbol: str | None = text("symbol", topic="symbol")
    interval: str | None = text(topic="interval")
    start_s: int | None = seconds("candles.0")
    open: Decimal | None = decimal("candles.1")
    close: Decimal | None = decimal("candles.2")
    high: Decimal | None = decimal("candles.3")
    low: Decimal | None = decimal("candles.4")
    volume: Decimal | None = decimal("candles.5")
    turnover: Decimal | None = decimal("candles.6")
    time_ns: int | None = nanoseconds("time")


@attrs.frozen(repr=False)
class SpotTrade(Model):
    """
    A trade: ``/market/match:{symbol}``.

    Attributes:
        side: Of the taker.
        kind: ``match``.
    """

    symbol: str | None = text("symbol", topic="symbol")
    sequence: int | None = whole("sequence")
    side: Side | str | None = choice(Side, "side")
    price: Decimal | None = decimal("price")
    size: Decimal | None = decimal("size")
    trade_id: str | None = identifier("tradeId")
    taker_order_id: str | None = identifier("takerOrderId")
    maker_order_id: str | None = identifier("makerOrderId")
    kind: str | None = text("type")
    time_ns: int | None = nanoseconds("time")


@attrs.frozen(repr=False)
class PriceChange(Model):
    """How a symbol moved in some hours; part of `SpotSnapshot`."""

    open: Decimal | None = decimal("open")
    high: Decimal | None = decimal("high")
    low: Decimal | None = decimal("low")
    change: Decimal | None = decimal("changePrice")
    change_rate: Decimal | None = decimal("changeRate")
    volume: Decimal | None = decimal("vol")
    turnover: Decimal | None = decimal("volValue")


@attrs.frozen(repr=False)
class SpotSnapshot(Model):
    """
    A symbol's 24 hours: ``/market/snapshot:{symbol}``, and for each symbol of a market ``/market/snapshot:{market}``.

    Attributes:
        sequence: Of the push.
        symbol_sequence: Of the symbol, where it is told.
        open: Of 24 hours, as ``high``, ``low``, ``volume``, ``turnover``, ``change``, ``change_rate`` and
            ``average_price``.
        markets: All markets of the symbol.
        sites: Sites that list it.
        sort: Without a meaning.
    """

    sequence: int | None = whole("sequence")
    symbol: str | None = text("data.symbol")
    symbol_code: str | None = text("data.symbolCode")
    base_currency: str | None = text("data.baseCurrency")
    quote_currency: str | None = text("data.quoteCurrency")
    market: str | None = text("data.market")
    markets: tuple[str, ...] | None = texts("data.markets")
    sites: tuple[str, ...] | None = texts("data.siteTypes")
    best_bid_price: Decimal | None = decimal("data.buy")
    best_bid_size: Decimal | None = decimal("data.bidSize")
    best_ask_price: Decimal | None = decimal("data.sell")
    best_ask_size: Decimal | None = decimal("data.askSize")
    last_price: Decimal | None = decimal("data.lastTradedPrice")
    last_size: Decimal | None = decimal("data.lastSize")
    open: Decimal | None = decimal("data.open")
    close: Decimal | None = decimal("data.close")
    high: Decimal | None = decimal("data.high")
    low: Decimal | None = decimal("data.low")
    volume: Decimal | None = decimal("data.vol")
    turnover: Decimal | None = decimal("data.volValue")
    change: Decimal | None = decimal("data.changePrice")
    change_rate: Decimal | None = decimal("data.changeRate")
    average_price: Decimal | None = decimal("data.averagePrice")
    change_1h: PriceChange | None = nested(PriceChange, "data.marketChange1h")
    change_4h: PriceChange | None = nested(PriceChange, "data.marketChange4h")
    change_24h: PriceChange | None = nested(PriceChange, "data.marketChange24h")
    is_trading: bool | None = flag("data.trading")
    has_margin: bool | None = flag("data.marginTrade")
    board: Board | int | None = code(Board, "data.board")
    mark: SymbolMark | int | None = code(SymbolMark, "data.mark")
    maker_fee_rate: Decimal | None = decimal("data.makerFeeRate")
    taker_fee_rate: Decimal | None = decimal("data.takerFeeRate")
    maker_coefficient: Decimal | None = decimal("data.makerCoefficient")
    taker_coefficient: Decimal | None = decimal("data.takerCoefficient")
    sort: int | None = whole("data.sort")
    symbol_sequence: int | None = whole("data.sequence")
    time_ms: int | None = milliseconds("data.datetime")


@attrs.frozen(repr=False)
class SpotSnapshots(Model):
    """Several symbols in one push of ``/market/snapshot:{market}``, as older documents show it."""

    sequence: int | None = whole("sequence")
    snapshots: tuple[SpotSnapshot, ...] | None = several(SpotSnapshot, "data", inside="data")


@attrs.frozen(repr=False)
class CallAuction(Model):
    """
    What a call auction would come to: ``/callauction/callauctionData:{symbol}``, pushed while there is one.

    Attributes:
        estimated_price: With ``estimated_size`` the expected result.
        lowest_sell_price: With ``highest_sell_price`` the range allowed for sell orders; likewise for buy orders.
    """

    symbol: str | None = text("symbol", "s", topic="symbol")
    estimated_price: Decimal | None = decimal("estimatedPrice", "ep")
    estimated_size: Decimal | None = decimal("estimatedSize", "es")
    lowest_sell_price: Decimal | None = decimal("sellOrderRangeLowPrice", "slp")
    highest_sell_price: Decimal | None = decimal("sellOrderRangeHighPrice", "shp")
    lowest_buy_price: Decimal | None = decimal("buyOrderRangeLowPrice", "blp")
    highest_buy_price: Decimal | None = decimal("buyOrderRangeHighPrice", "bhp")
    time_ms: int | None = milliseconds("time", "ts")


@attrs.frozen(repr=False)
class IndicatorPrice(Model):
    """
    Mark price or index of a margin pair: ``/indicator/markPrice:{symbol}``, ``/indicator/index:{symbol}``.

    Attributes:
        symbol: As in ``USDT-BTC`` or ``ETH-BTC``.
        granularity_ms: Time between updates.
    """

    symbol: str | None = text("symbol", topic="symbol")
    value: Decimal | None = decimal("value")
    granularity_ms: int | None = whole("granularity")
    time_ms: int | None = milliseconds("timestamp")


@attrs.frozen(repr=False)
class LendingOffer(Model):
    """
    The book of the retired lending market: ``/margin/fundingBook:{currency}``, which may be silent.

    Attributes:
        daily_interest_rate: For one day; ``annual_interest_rate`` for a year.
        term_days: How long a loan lasts.
    """

    sequence: int | None = whole("sequence")
    currency: str | None = text("currency", topic="symbol")
    side: LendingSide | str | None = choice(LendingSide, "side")
    daily_interest_rate: Decimal | None = decimal("dailyIntRate")
    annual_interest_rate: Decimal | None = decimal("annualIntRate")
    term_days: int | None = whole("term")
    size: Decimal | None = decimal("size")
    time_ns: int | None = nanoseconds("ts")
