"""
Models of the public Pro V2 channels.

Source: KuCoin docs, Pro API (UTA V2), WebSocket, Public Channels (read 2026-11).
"""

from __future__ import annotations

from decimal import Decimal

import attrs

from kucoin_sync.kucoin.models.fields import (
    Model,
    choice,
    decimal,
    flag,
    identifier,
    milliseconds,
    nanoseconds,
    rpi_levels,
    seconds,
    several,
    text,
    whole,
)
from kucoin_sync.kucoin.models.values import Level, PushKind, RpiLevel, Side

__all__ = [
    "ProBook",
    "ProCallAuction",
    "ProCandle",
    "ProFundingFee",
    "ProFundingFees",
    "ProMarkPrice",
    "ProTicker",
    "ProTrade",
]


@attrs.frozen(repr=False)
class ProTicker(Model):
    """
    Last trade and best prices: channel ``ticker``.

    Attributes:
        sequence: Grows, with gaps.
        side: Of the taker in the last trade.
        match_time_ns: Of the match engine.
        pushed_at_ns: Of the gateway.
    """

    symbol: str | None = text("s")
    sequence: int | None = whole("E")
    last_price: Decimal | None = decimal("l")
    last_size: Decimal | None = decimal("q")
    side: Side | str | None = choice(Side, "S")
    best_bid_price: Decimal | None = decimal("b")
    best_bid_size: Decimal | None = decimal("B")
    best_ask_price: Decimal | None = decimal("a")
    best_ask_size: Decimal | None = decimal("A")
    match_time_ns: int | None = nanoseconds("M")
    pushed_at_ns: int | None = nanoseconds(envelope="P")


@attrs.frozen(repr=False)
class ProTrade(Model):
    """
    A trade: channel ``trade``.

    Attributes:
        side: Of the taker.
        is_rpi: Futures: whether a retail price improvement order took part.
    """

    symbol: str | None = text("s")
    sequence: int | None = whole("E")
    trade_id: str | None = identifier("ti")
    side: Side | str | None = choice(Side, "S")
    price: Decimal | None = decimal("p")
    size: Decimal | None = decimal("q")
    is_rpi: bool | None = flag("rpi")
    match_time_ns: int | None = nanoseconds("M")
    pushed_at_ns: int | None = nanoseconds(envelope="P")


@attrs.frozen(repr=False)
class ProCandle(Model):
    """
    A candle: channel ``kline``.

    Attributes:
        volume: Spot: in base currency; futures: in contracts.
        turnover: In quote currency.
        is_first: Whether this is the first push of the candle.
    """

    symbol: str | None = text("s")
    interval: str | None = text("i")
    start_s: int | None = seconds("O")
    end_s: int | None = seconds("C")
    open: Decimal | None = decimal("o")
    close: Decimal | None = decimal("c")
    high: Decimal | None = decimal("h")
    low: Decimal | None = decimal("l")
    volume: Decimal | None = decimal("v")
    turnover: Decimal | None = decimal("a")
    is_first: bool | None = flag("S")
    pushed_at_ns: int | None = nanoseconds(envelope="P")


@attrs.frozen(repr=False)
class ProMarkPrice(Model):
    """
    Mark price and index of a contract: channel ``mark-price``.

    Attributes:
        open_interest: In contracts.
        time_ms: When it was computed.
    """

    symbol: str | None = text("s")
    mark_price: Decimal | None = decimal("mp")
    index_price: Decimal | None = decimal("ip")
    open_interest: Decimal | None = decimal("oi")
    time_ms: int | None = milliseconds("ts")
    pushed_at_ns: int | None = nanoseconds(envelope="P")


@attrs.frozen(repr=False)
class ProFundingFee(Model):
    """
    Funding of a contract: channel ``funding-fee``, and each row of `ProFundingFees`.

    Attributes:
        funding_rate: Of the interval that runs; ``last_funding_rate`` of the one before.
        last_settlement_ms: When the interval began; ``next_settlement_ms`` when it ends.
        interval_ms: Its length.
        rate_cap: Highest possible rate; ``rate_floor`` the lowest.
    """

    symbol: str | None = text("s")
    funding_rate: Decimal | None = decimal("fr")
    last_funding_rate: Decimal | None = decimal("lfr")
    last_settlement_ms: int | None = milliseconds("ft")
    next_settlement_ms: int | None = milliseconds("nt")
    interval_ms: int | None = whole("gl")
    rate_cap: Decimal | None = decimal("fc")
    rate_floor: Decimal | None = decimal("ff")
    pushed_at_ns: int | None = nanoseconds(envelope="P")


@attrs.frozen(repr=False)
class ProFundingFees(Model):
    """Funding of all contracts: channel ``funding-fee-all-symbols``."""

    fees: tuple[ProFundingFee, ...] | None = several(ProFundingFee, "data")
    pushed_at_ns: int | None = nanoseconds(envelope="P")


@attrs.frozen(repr=False)
class ProCallAuction(Model):
    """
    What a call auction would come to: channel ``callAuctionInfo``, pushed while there is one.

    Attributes:
        estimated_price: With ``estimated_size`` the expected result.
        lowest_sell_price: With ``highest_sell_price`` the range allowed for sell orders; likewise for buy orders.
    """

    symbol: str | None = text("s")
    kind: PushKind | str | None = choice(PushKind, envelope="t")
    estimated_price: Decimal | None = decimal("ep", "eq")
    estimated_size: Decimal | None = decimal("es")
    lowest_sell_price: Decimal | None = decimal("slp")
    highest_sell_price: Decimal | None = decimal("shp")
    lowest_buy_price: Decimal | None = decimal("blp")
    highest_buy_price: Decimal | None = decimal("bhp")
    time_ms: int | None = milliseconds("ts")
    pushed_at_ns: int | None = nanoseconds(envelope="P")


@attrs.frozen(repr=False)
class ProBook(Model):
    """
    A book or a change of it: channel ``obu``.

    Attributes:
        depth: As subscribed: ``1``, ``5``, ``50``, ``increment@10ms`` or ``increment``.
        kind: Whether this is the whole or a change; in a change a size of 0 removes a price.
        first_sequence: With ``last_sequence`` the range of sequences covered; the same in a snapshot.
        asks: Ascending; ``bids`` descending. With ``rpiFilter`` their elements are `RpiLevel`.
        match_time_ns: Of the last change.
    """

    symbol: str | None = text("s")
    depth: str | None = text(envelope="dp")
    kind: PushKind | str | None = choice(PushKind, envelope="t")
    first_sequence: int | None = whole("O")
    last_sequence: int | None = whole("C")
    asks: tuple[Level | RpiLevel, ...] | None = rpi_levels("a")
    bids: tuple[Level | RpiLevel, ...] | None = rpi_levels("b")
    match_time_ns: int | None = nanoseconds("M")
    pushed_at_ns: int | None = nanoseconds(envelope="P")
