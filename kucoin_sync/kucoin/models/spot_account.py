"""
Models of the private spot and margin topics: orders, stop orders, balances, debts.

Source: KuCoin docs, WebSocket API, Spot Trading and Margin Trading, Private Channels (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs

from kucoin_sync.kucoin.models.fields import (
    Model,
    by_name,
    choice,
    decimal,
    flag,
    identifier,
    milliseconds,
    nanoseconds,
    read_number,
    text,
    whole,
)
from kucoin_sync.kucoin.models.values import (
    FeeType,
    IsolatedEvent,
    IsolatedStatus,
    LendingSide,
    Liquidity,
    LoanEnd,
    MarginEvent,
    OrderEvent,
    OrderStatus,
    OrderType,
    Side,
    SpotTradeType,
    StopEvent,
    StopKind,
)

__all__ = [
    "AccountBalance",
    "AssetChange",
    "IsolatedPosition",
    "LoanOrder",
    "MarginAsset",
    "MarginDebt",
    "MarginStatus",
    "SpotOrderChange",
    "SpotStopOrder",
]


@attrs.frozen(repr=False)
class SpotOrderChange(Model):
    """
    An event of a spot or margin order: ``/spotMarket/tradeOrdersV2`` and ``/spotMarket/tradeOrders``.

    Attributes:
        event: What happened; ``status``: what the order is then.
        size: Now; ``original_size`` at creation; ``old_size`` before an update.
        original_funds: Of a market order by funds, as ``remaining_funds`` and ``canceled_funds``.
        match_price: Of this fill, as ``match_size``, ``trade_id``, ``liquidity`` and ``fee_type``.
        filled_size: So far, as ``remaining_size`` and ``canceled_size``.
        order_time_ns: When the order was made; the wire has milliseconds today.
        time_ns: When this happened.
    """

    symbol: str | None = text("symbol")
    order_id: str | None = identifier("orderId")
    client_oid: str | None = text("clientOid")
    event: OrderEvent | str | None = choice(OrderEvent, "type")
    status: OrderStatus | str | None = choice(OrderStatus, "status")
    side: Side | str | None = choice(Side, "side")
    order_type: OrderType | str | None = choice(OrderType, "orderType")
    price: Decimal | None = decimal("price")
    size: Decimal | None = decimal("size")
    original_size: Decimal | None = decimal("originSize")
    old_size: Decimal | None = decimal("oldSize")
    filled_size: Decimal | None = decimal("filledSize")
    remaining_size: Decimal | None = decimal("remainSize")
    canceled_size: Decimal | None = decimal("canceledSize")
    original_funds: Decimal | None = decimal("originFunds")
    remaining_funds: Decimal | None = decimal("remainFunds")
    canceled_funds: Decimal | None = decimal("canceledFunds")
    match_price: Decimal | None = decimal("matchPrice")
    match_size: Decimal | None = decimal("matchSize")
    trade_id: str | None = identifier("tradeId")
    liquidity: Liquidity | str | None = choice(Liquidity, "liquidity")
    fee_type: FeeType | str | None = choice(FeeType, "feeType")
    order_time_ns: int | None = nanoseconds("orderTime")
    time_ns: int | None = nanoseconds("ts")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class SpotStopOrder(Model):
    """
    An event of a spot stop order: ``/spotMarket/advancedOrders``.

    Attributes:
        order_id: Of the stop order, not of the order it makes.
        trigger_success: When it was triggered: whether the order could be placed.
        error: Why not.
    """

    symbol: str | None = text("symbol")
    order_id: str | None = identifier("orderId")
    event: StopEvent | str | None = choice(StopEvent, "type")
    side: Side | str | None = choice(Side, "side")
    order_type: OrderType | str | None = choice(OrderType, "orderType")
    stop: StopKind | str | None = choice(StopKind, "stop")
    stop_price: Decimal | None = decimal("stopPrice")
    order_price: Decimal | None = decimal("orderPrice")
    size: Decimal | None = decimal("size")
    trade_type: SpotTradeType | str | None = choice(SpotTradeType, "tradeType")
    trigger_success: bool | None = flag("triggerSuccess")
    error: str | None = text("error")
    created_at_ms: int | None = milliseconds("createdAt")
    time_ns: int | None = nanoseconds("ts")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class AccountBalance(Model):
    """
    A change of a balance: ``/account/balance``.

    Attributes:
        total: After the change, as ``available`` and ``hold``; the sum of both.
        available_change: Signed, as ``hold_change``.
        event: What caused it, such as ``trade.hold``; what stands before the dot names the account.
        symbol: Of the trade that caused it, as ``order_id`` and ``trade_id``.
    """

    account_id: str | None = identifier("accountId")
    currency: str | None = text("currency")
    total: Decimal | None = decimal("total")
    available: Decimal | None = decimal("available")
    hold: Decimal | None = decimal("hold")
    available_change: Decimal | None = decimal("availableChange")
    hold_change: Decimal | None = decimal("holdChange")
    event: str | None = text("relationEvent")
    event_id: str | None = identifier("relationEventId")
    symbol: str | None = text("relationContext.symbol")
    order_id: str | None = identifier("relationContext.orderId")
    trade_id: str | None = identifier("relationContext.tradeId")
    time_ms: int | None = milliseconds("time")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class MarginAsset(Model):
    """What a cross margin account has of one currency; part of `MarginDebt`."""

    total: Decimal | None = decimal("total")
    available: Decimal | None = decimal("available")
    hold: Decimal | None = decimal("hold")


@attrs.frozen(repr=False)
class MarginDebt(Model):
    """
    How much of a cross margin account is debt: ``/margin/position``, subject ``debt.ratio``.

    Attributes:
        total_asset: In BTC, as ``margin_coefficient_total_asset`` and ``total_debt``.
        assets: By currency.
        debts: By currency.
    """

    debt_ratio: Decimal | None = decimal("debtRatio")
    total_asset: Decimal | None = decimal("totalAsset")
    margin_coefficient_total_asset: Decimal | None = decimal("marginCoefficientTotalAsset")
    total_debt: Decimal | None = decimal("totalDebt")
    assets: Mapping[str, MarginAsset] | None = by_name(MarginAsset, "assetList")
    debts: Mapping[str, Decimal] | None = by_name(read_number, "debtList")
    time_ms: int | None = milliseconds("timestamp")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class MarginStatus(Model):
    """A change of state of a cross margin account: ``/margin/position``, told apart by its event."""

    event: MarginEvent | str | None = choice(MarginEvent, "type")
    time_ms: int | None = milliseconds("timestamp")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class AssetChange(Model):
    """One currency of an isolated margin position; part of `IsolatedPosition`."""

    total: Decimal | None = decimal("total")
    hold: Decimal | None = decimal("hold")
    liability_principal: Decimal | None = decimal("liabilityPrincipal")
    liability_interest: Decimal | None = decimal("liabilityInterest")


@attrs.frozen(repr=False)
class IsolatedPosition(Model):
    """
    A change of an isolated margin position: ``/margin/isolatedPosition:{symbol}``.

    Attributes:
        event: What brought it into its ``status``.
        assets: By currency.
    """

    symbol: str | None = text("tag", topic="symbol")
    status: IsolatedStatus | str | None = choice(IsolatedStatus, "status")
    event: IsolatedEvent | str | None = choice(IsolatedEvent, "statusBizType")
    accumulated_principal: Decimal | None = decimal("accumulatedPrincipal")
    assets: Mapping[str, AssetChange] | None = by_name(AssetChange, "changeAssets")
    time_ms: int | None = milliseconds("timestamp")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class LoanOrder(Model):
    """
    An order of the retired lending market: ``/margin/loan:{currency}``, which may be silent.

    Attributes:
        subject: ``order.open``, ``order.update`` or ``order.done``.
        lent_size: With ``order.update``.
        reason: With ``order.done``: how it ended.
    """

    subject: str | None = text(envelope="subject")
    currency: str | None = text("currency", topic="symbol")
    order_id: str | None = identifier("orderId")
    side: LendingSide | str | None = choice(LendingSide, "side")
    daily_interest_rate: Decimal | None = decimal("dailyIntRate")
    term_days: int | None = whole("term")
    size: Decimal | None = decimal("size")
    lent_size: Decimal | None = decimal("lentSize")
    reason: LoanEnd | str | None = choice(LoanEnd, "reason")
    time_ns: int | None = nanoseconds("ts")
    user_id: str | None = text(envelope="userId")
