"""
Models of the channels about the market.

Source: OKX docs v5, Public Data and Order Book Trading, Market Data, WebSocket (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

from decimal import Decimal

import attrs

from kucoin_sync.okx.models.fields import (
    Model,
    bar,
    book_levels,
    choice,
    decimal,
    digit_flag,
    flag,
    identifier,
    milliseconds,
    rpi_levels,
    several,
    spread_levels,
    text,
    texts,
    whole,
)
from kucoin_sync.okx.models.values import (
    BookAction,
    BookLevel,
    InstrumentKind,
    InstrumentState,
    PositionSide,
    RpiLevel,
    SettlementKind,
    Side,
    SpreadLevel,
)

__all__ = [
    "Book",
    "Candle",
    "EstimatedPrice",
    "FundingRate",
    "IndexTicker",
    "Instrument",
    "InstrumentChange",
    "Liquidation",
    "Liquidations",
    "MarkPrice",
    "OpenInterest",
    "OptionSummary",
    "PriceCandle",
    "PriceLimit",
    "RpiBook",
    "SpreadBook",
    "SpreadTrade",
    "SystemStatus",
    "Ticker",
    "Trade",
]


@attrs.frozen(repr=False)
class Ticker(Model):
    """
    Last trade, best prices and the last 24 hours: channel ``tickers``.

    Attributes:
        volume_24h: In base currency, or in contracts.
        volume_currency_24h: In quote currency; of derivatives in base currency.
        open_utc: Price at the beginning of the day by UTC.
        open_utc8: Price at the beginning of the day by Hong Kong time.
    """

    instrument: str | None = text("instId", envelope="instId")
    kind: InstrumentKind | str | None = choice(InstrumentKind, "instType")
    last_price: Decimal | None = decimal("last")
    last_size: Decimal | None = decimal("lastSz")
    ask: Decimal | None = decimal("askPx")
    ask_size: Decimal | None = decimal("askSz")
    bid: Decimal | None = decimal("bidPx")
    bid_size: Decimal | None = decimal("bidSz")
    open_24h: Decimal | None = decimal("open24h")
    high_24h: Decimal | None = decimal("high24h")
    low_24h: Decimal | None = decimal("low24h")
    volume_24h: Decimal | None = decimal("vol24h")
    volume_currency_24h: Decimal | None = decimal("volCcy24h")
    open_utc: Decimal | None = decimal("sodUtc0")
    open_utc8: Decimal | None = decimal("sodUtc8")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class Trade(Model):
    """
    A trade, or several of one taker order at one price: channels ``trades`` and ``trades-all``.

    Attributes:
        trade_id: Of several the last.
        count: How many; ``trades`` only.
        side: Of the taker.
        source: ``"0"`` normal, ``"1"`` an order for retail price improvement.
        sequence: Of the book; may repeat.
    """

    instrument: str | None = text("instId", envelope="instId")
    trade_id: str | None = identifier("tradeId")
    price: Decimal | None = decimal("px")
    size: Decimal | None = decimal("sz")
    side: Side | str | None = choice(Side, "side")
    count: int | None = whole("count")
    source: str | None = text("source")
    sequence: int | None = whole("seqId")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class Candle(Model):
    """
    A candle of trades: channels ``candle...``.

    Attributes:
        length: As in the channel's name: ``1m``, ``1H``, ``1Dutc``.
        volume: In base currency, or in contracts.
        volume_currency: In quote currency; of derivatives in base currency.
        volume_quote: In quote currency.
        closed: Whether it is complete.
    """

    instrument: str | None = text(envelope="instId")
    length: str | None = bar()
    opened_at_ms: int | None = milliseconds("data.0")
    open: Decimal | None = decimal("data.1")
    high: Decimal | None = decimal("data.2")
    low: Decimal | None = decimal("data.3")
    close: Decimal | None = decimal("data.4")
    volume: Decimal | None = decimal("data.5")
    volume_currency: Decimal | None = decimal("data.6")
    volume_quote: Decimal | None = decimal("data.7")
    closed: bool | None = digit_flag("data.8")


@attrs.frozen(repr=False)
class PriceCandle(Model):
    """A candle of a price that is not traded at: channels ``mark-price-candle...`` and ``index-candle...``."""

    instrument: str | None = text(envelope="instId")
    length: str | None = bar()
    opened_at_ms: int | None = milliseconds("data.0")
    open: Decimal | None = decimal("data.1")
    high: Decimal | None = decimal("data.2")
    low: Decimal | None = decimal("data.3")
    close: Decimal | None = decimal("data.4")
    closed: bool | None = digit_flag("data.5")


@attrs.frozen(repr=False)
class Book(Model):
    """
    A book, or a change of it: channels ``books``, ``books5``, ``bbo-tbt``, ``books-l2-tbt``, ``books50-l2-tbt`` and
    ``books-elp``.

    Attributes:
        action: ``None`` in channels whose pushes all are snapshots.
        sequence: Of this push; the next one's ``previous_sequence`` is the same, unless something is missing.
        previous_sequence: -1 of a snapshot.
        checksum: 0 since 2026-06: the sequences tell what is missing.
    """

    instrument: str | None = text("instId", envelope="instId")
    action: BookAction | str | None = choice(BookAction, envelope="action")
    asks: tuple[BookLevel, ...] | None = book_levels("asks")
    bids: tuple[BookLevel, ...] | None = book_levels("bids")
    sequence: int | None = whole("seqId")
    previous_sequence: int | None = whole("prevSeqId")
    checksum: int | None = whole("checksum")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class RpiBook(Model):
    """A book with retail price improvement orders, or a change of it: channel ``books-rpi``; as `Book`."""

    instrument: str | None = text("instId", envelope="instId")
    action: BookAction | str | None = choice(BookAction, envelope="action")
    asks: tuple[RpiLevel, ...] | None = rpi_levels("asks")
    bids: tuple[RpiLevel, ...] | None = rpi_levels("bids")
    sequence: int | None = whole("seqId")
    previous_sequence: int | None = whole("prevSeqId")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class SpreadBook(Model):
    """
    A book of a spread, or a change of it: channels ``sprd-books-l2-tbt``, ``sprd-books5`` and ``sprd-bbo-tbt``.

    As `Book`; its checksum is in use.
    """

    spread: str | None = text("sprdId", envelope="sprdId")
    action: BookAction | str | None = choice(BookAction, envelope="action")
    asks: tuple[SpreadLevel, ...] | None = spread_levels("asks")
    bids: tuple[SpreadLevel, ...] | None = spread_levels("bids")
    sequence: int | None = whole("seqId")
    previous_sequence: int | None = whole("prevSeqId")
    checksum: int | None = whole("checksum")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class SpreadTrade(Model):
    """A trade of a spread: channel ``sprd-public-trades``. Prices may be negative."""

    spread: str | None = text("sprdId", envelope="sprdId")
    trade_id: str | None = identifier("tradeId")
    price: Decimal | None = decimal("px")
    size: Decimal | None = decimal("sz")
    side: Side | str | None = choice(Side, "side")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class InstrumentChange(Model):
    """An announced change of an instrument: ``parameter`` is its name on the wire, such as ``tickSz``."""

    parameter: str | None = text("param")
    new_value: Decimal | None = decimal("newValue")
    effective_at_ms: int | None = milliseconds("effTime")


@attrs.frozen(repr=False)
class Instrument(Model):
    """
    What an instrument is and which prices and sizes it takes: channel ``instruments``.

    Attributes:
        code: By which orders name it.
        price_step: Prices are multiples of it.
        size_step: Sizes are multiples of it.
        contract_value: Of one contract, in ``contract_currency``.
        contract_type: ``linear`` or ``inverse``.
    """

    instrument: str | None = text("instId")
    code: int | None = whole("instIdCode")
    kind: InstrumentKind | str | None = choice(InstrumentKind, "instType")
    family: str | None = text("instFamily")
    underlying: str | None = text("uly")
    category: str | None = text("instCategory")
    base_currency: str | None = text("baseCcy")
    quote_currency: str | None = text("quoteCcy")
    settle_currency: str | None = text("settleCcy")
    state: InstrumentState | str | None = choice(InstrumentState, "state")
    price_step: Decimal | None = decimal("tickSz")
    size_step: Decimal | None = decimal("lotSz")
    least_size: Decimal | None = decimal("minSz")
    most_limit_size: Decimal | None = decimal("maxLmtSz")
    most_market_size: Decimal | None = decimal("maxMktSz")
    most_limit_amount: Decimal | None = decimal("maxLmtAmt")
    most_market_amount: Decimal | None = decimal("maxMktAmt")
    contract_value: Decimal | None = decimal("ctVal")
    contract_currency: str | None = text("ctValCcy")
    contract_multiplier: Decimal | None = decimal("ctMult")
    contract_type: str | None = text("ctType")
    leverage: Decimal | None = decimal("lever")
    strike: Decimal | None = decimal("stk")
    option_type: str | None = text("optType")
    rule_type: str | None = text("ruleType")
    trade_quote_currencies: tuple[str, ...] | None = texts("tradeQuoteCcyList")
    upcoming_changes: tuple[InstrumentChange, ...] | None = several(InstrumentChange, "upcChg")
    listed_at_ms: int | None = milliseconds("listTime")
    expires_at_ms: int | None = milliseconds("expTime")


@attrs.frozen(repr=False)
class MarkPrice(Model):
    """The mark price: channel ``mark-price``."""

    instrument: str | None = text("instId", envelope="instId")
    kind: InstrumentKind | str | None = choice(InstrumentKind, "instType")
    price: Decimal | None = decimal("markPx")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class IndexTicker(Model):
    """The price of an index: channel ``index-tickers``; as `Ticker`."""

    instrument: str | None = text("instId", envelope="instId")
    price: Decimal | None = decimal("idxPx")
    open_24h: Decimal | None = decimal("open24h")
    high_24h: Decimal | None = decimal("high24h")
    low_24h: Decimal | None = decimal("low24h")
    open_utc: Decimal | None = decimal("sodUtc0")
    open_utc8: Decimal | None = decimal("sodUtc8")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class FundingRate(Model):
    """
    What holders of a perpetual contract pay each other: channel ``funding-rate``.

    Attributes:
        settled_rate: What was or is being paid; ``settle_state`` says which.
    """

    instrument: str | None = text("instId", envelope="instId")
    kind: InstrumentKind | str | None = choice(InstrumentKind, "instType")
    rate: Decimal | None = decimal("fundingRate")
    funding_at_ms: int | None = milliseconds("fundingTime")
    next_rate: Decimal | None = decimal("nextFundingRate")
    next_funding_at_ms: int | None = milliseconds("nextFundingTime")
    least_rate: Decimal | None = decimal("minFundingRate")
    most_rate: Decimal | None = decimal("maxFundingRate")
    premium: Decimal | None = decimal("premium")
    settle_state: str | None = text("settState")
    settled_rate: Decimal | None = decimal("settFundingRate")
    method: str | None = text("method")
    formula: str | None = text("formulaType")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class OpenInterest(Model):
    """Open positions, in contracts, in coins and in USD: channel ``open-interest``."""

    instrument: str | None = text("instId", envelope="instId")
    kind: InstrumentKind | str | None = choice(InstrumentKind, "instType")
    contracts: Decimal | None = decimal("oi")
    coins: Decimal | None = decimal("oiCcy")
    usd: Decimal | None = decimal("oiUsd")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class PriceLimit(Model):
    """The highest price that buys and the lowest that sells: channel ``price-limit``; none when not ``enabled``."""

    instrument: str | None = text("instId", envelope="instId")
    highest_bid: Decimal | None = decimal("buyLmt")
    lowest_ask: Decimal | None = decimal("sellLmt")
    enabled: bool | None = flag("enabled")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class OptionSummary(Model):
    """Greeks and volatilities of an option: channel ``opt-summary``; those that the docs list beyond are in extra."""

    instrument: str | None = text("instId")
    family: str | None = text("instFamily", envelope="instFamily")
    kind: InstrumentKind | str | None = choice(InstrumentKind, "instType")
    underlying: str | None = text("uly")
    delta: Decimal | None = decimal("delta")
    gamma: Decimal | None = decimal("gamma")
    theta: Decimal | None = decimal("theta")
    vega: Decimal | None = decimal("vega")
    mark_volatility: Decimal | None = decimal("markVol")
    bid_volatility: Decimal | None = decimal("bidVol")
    ask_volatility: Decimal | None = decimal("askVol")
    forward_price: Decimal | None = decimal("fwdPx")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class EstimatedPrice(Model):
    """The price of a delivery, exercise or settlement that is near: channel ``estimated-price``."""

    instrument: str | None = text("instId")
    kind: InstrumentKind | str | None = choice(InstrumentKind, "instType")
    price: Decimal | None = decimal("settlePx")
    purpose: SettlementKind | str | None = choice(SettlementKind, "settleType")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class Liquidation(Model):
    """One liquidation order."""

    side: Side | str | None = choice(Side, "side")
    position_side: PositionSide | str | None = choice(PositionSide, "posSide")
    bankruptcy_price: Decimal | None = decimal("bkPx")
    bankruptcy_loss: Decimal | None = decimal("bkLoss")
    size: Decimal | None = decimal("sz")
    currency: str | None = text("ccy")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class Liquidations(Model):
    """Liquidation orders of an instrument: channel ``liquidation-orders``, which shows a sample and not all."""

    instrument: str | None = text("instId")
    kind: InstrumentKind | str | None = choice(InstrumentKind, "instType")
    family: str | None = text("instFamily")
    underlying: str | None = text("uly")
    orders: tuple[Liquidation, ...] | None = several(Liquidation, "details")


@attrs.frozen(repr=False)
class SystemStatus(Model):
    """A planned maintenance: channel ``status``. What is a number on the wire is explained in the exchange's docs."""

    title: str | None = text("title")
    state: str | None = text("state")
    begins_at_ms: int | None = milliseconds("begin")
    ends_at_ms: int | None = milliseconds("end")
    preopens_at_ms: int | None = milliseconds("preOpenBegin")
    link: str | None = text("href")
    rescheduled: str | None = text("scheDesc")
    service: str | None = text("serviceType")
    system: str | None = text("system")
    maintenance: str | None = text("maintType")
    environment: str | None = text("env")
    time_ms: int | None = milliseconds("ts")
