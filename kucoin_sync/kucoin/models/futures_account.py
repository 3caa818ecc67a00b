"""
Models of the private futures topics: orders, stop orders, wallets, positions, margin settings.

Sizes are counts of contracts.

Source: KuCoin docs, WebSocket API, Futures Trading, Private Channels (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs

from kucoin_sync.kucoin.models.fields import (
    Model,
    choice,
    decimal,
    every_name,
    flag,
    identifier,
    milliseconds,
    nanoseconds,
    reader_of_words,
    text,
    whole,
)
from kucoin_sync.kucoin.models.values import (
    FeeType,
    FuturesTradeType,
    Liquidity,
    MarginMode,
    OrderEvent,
    OrderStatus,
    OrderType,
    PositionChangeReason,
    PositionSide,
    PriceKind,
    Side,
    StopEvent,
    TriggerDirection,
)

__all__ = [
    "FuturesAvailableBalance",
    "FuturesCrossLeverage",
    "FuturesCrossLeverages",
    "FuturesMarginModes",
    "FuturesOrderChange",
    "FuturesOrderMargin",
    "FuturesPosition",
    "FuturesPositionSettlement",
    "FuturesRiskLimitChange",
    "FuturesStopOrder",
    "FuturesWallet",
    "FuturesWithdrawHold",
]


@attrs.frozen(repr=False)
class FuturesOrderChange(Model):
    """
    An event of a futures order: ``/contractMarket/tradeOrders`` and ``/contractMarket/tradeOrders:{symbol}``.

    A liquidation or automatic deleveraging comes as a ``match`` of an order that nobody here made.

    Attributes:
        event: What happened; ``status``: what the order is then. A ``match`` may complete the order.
        size: Now; ``old_size`` before an update.
        filled_size: So far, as ``remaining_size`` and ``canceled_size``.
        match_price: Of this fill, as ``match_size``, ``trade_id``, ``liquidity`` and ``fee_type``.
        order_time_ns: When the order was made.
        time_ns: When this happened.
    """

    symbol: str | None = text("symbol", topic="symbol")
    order_id: str | None = identifier("orderId")
    client_oid: str | None = text("clientOid")
    event: OrderEvent | str | None = choice(OrderEvent, "type")
    status: OrderStatus | str | None = choice(OrderStatus, "status")
    side: Side | str | None = choice(Side, "side")
    position_side: PositionSide | str | None = choice(PositionSide, "positionSide")
    margin_mode: MarginMode | str | None = choice(MarginMode, "marginMode")
    order_type: OrderType | str | None = choice(OrderType, "orderType")
    trade_type: FuturesTradeType | str | None = choice(FuturesTradeType, "tradeType")
    price: Decimal | None = decimal("price")
    size: Decimal | None = decimal("size")
    old_size: Decimal | None = decimal("oldSize")
    filled_size: Decimal | None = decimal("filledSize")
    remaining_size: Decimal | None = decimal("remainSize")
    canceled_size: Decimal | None = decimal("canceledSize")
    all_canceled_size: Decimal | None = decimal("allCanceledSize")
    match_price: Decimal | None = decimal("matchPrice")
    match_size: Decimal | None = decimal("matchSize")
    trade_id: str | None = identifier("tradeId")
    liquidity: Liquidity | str | None = choice(Liquidity, "liquidity")
    fee_type: FeeType | str | None = choice(FeeType, "feeType")
    order_time_ns: int | None = nanoseconds("orderTime")
    time_ns: int | None = nanoseconds("ts")
    user_id: str | None = text("userId", envelope="userId")


@attrs.frozen(repr=False)
class FuturesStopOrder(Model):
    """
    An event of a futures stop order: ``/contractMarket/advancedOrders``.

    Attributes:
        order_id: Of the stop order, not of the order it makes.
        stop: Whether the price has to rise or to fall.
        trigger_success: In older messages: whether the order could be placed; ``error``: why not.
    """

    symbol: str | None = text("symbol")
    order_id: str | None = identifier("orderId")
    event: StopEvent | str | None = choice(StopEvent, "type")
    side: Side | str | None = choice(Side, "side")
    order_type: OrderType | str | None = choice(OrderType, "orderType")
    margin_mode: MarginMode | str | None = choice(MarginMode, "marginMode")
    stop: TriggerDirection | str | None = choice(TriggerDirection, "stop")
    stop_price: Decimal | None = decimal("stopPrice")
    stop_price_kind: PriceKind | str | None = choice(PriceKind, "stopPriceType")
    order_price: Decimal | None = decimal("orderPrice")
    size: Decimal | None = decimal("size")
    trigger_success: bool | None = flag("triggerSuccess")
    error: str | None = text("error")
    created_at_ms: int | None = milliseconds("createdAt")
    time_ns: int | None = nanoseconds("ts")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class FuturesWallet(Model):
    """
    All of a futures wallet: ``/contractAccount/wallet``, subject ``walletBalance.change``.

    Attributes:
        version: Grows; of two pushes the one with the higher version counts.
        total_cross_margin: Of cross margin, as what begins with ``cross``; the rest of isolated margin.
    """

    currency: str | None = text("currency")
    wallet_balance: Decimal | None = decimal("walletBalance")
    equity: Decimal | None = decimal("equity")
    available_balance: Decimal | None = decimal("availableBalance")
    available_margin: Decimal | None = decimal("availableMargin")
    hold_balance: Decimal | None = decimal("holdBalance")
    max_withdraw_amount: Decimal | None = decimal("maxWithdrawAmount")
    total_cross_margin: Decimal | None = decimal("totalCrossMargin")
    cross_position_margin: Decimal | None = decimal("crossPosMargin")
    cross_order_margin: Decimal | None = decimal("crossOrderMargin")
    cross_unrealised_pnl: Decimal | None = decimal("crossUnPnl")
    isolated_position_margin: Decimal | None = decimal("isolatedPosMargin")
    isolated_order_margin: Decimal | None = decimal("isolatedOrderMargin")
    isolated_funding_fee_margin: Decimal | None = decimal("isolatedFundingFeeMargin")
    isolated_unrealised_pnl: Decimal | None = decimal("isolatedUnPnl")
    version: int | None = whole("version")
    time_ms: int | None = milliseconds("timestamp")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class FuturesOrderMargin(Model):
    """Margin of open orders: ``/contractAccount/wallet``, subject ``orderMargin.change`` (deprecated)."""

    currency: str | None = text("currency")
    order_margin: Decimal | None = decimal("orderMargin")
    time_ms: int | None = milliseconds("timestamp")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class FuturesAvailableBalance(Model):
    """Available balance: ``/contractAccount/wallet``, subject ``availableBalance.change`` (deprecated)."""

    currency: str | None = text("currency")
    available_balance: Decimal | None = decimal("availableBalance")
    hold_balance: Decimal | None = decimal("holdBalance")
    time_ms: int | None = milliseconds("timestamp")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class FuturesWithdrawHold(Model):
    """Amount held for withdrawals: ``/contractAccount/wallet``, subject ``withdrawHold.change`` (deprecated)."""

    currency: str | None = text("currency")
    withdraw_hold: Decimal | None = decimal("withdrawHold")
    time_ms: int | None = milliseconds("timestamp")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class FuturesPosition(Model):
    """
    A position: ``/contract/position:{symbol}`` and ``/contract/positionAll``, subject ``position.change``.

    A push that the mark price caused has the fields that depend on it and no others: merge it into the position that is
    known. On ``/contract/positionAll`` such a push does not even name its symbol.

    Attributes:
        quantity: Contracts, negative for short.
        deleverage_rank: Rank in automatic deleveraging.
        time_ms: When this was so.
    """

    symbol: str | None = text("symbol", topic="symbol")
    settle_currency: str | None = text("settleCurrency")
    change_reason: PositionChangeReason | str | None = choice(PositionChangeReason, "changeReason")
    is_open: bool | None = flag("isOpen")
    quantity: Decimal | None = decimal("currentQty")
    margin_mode: MarginMode | str | None = choice(MarginMode, "marginMode")
    position_side: PositionSide | str | None = choice(PositionSide, "positionSide")
    is_cross: bool | None = flag("crossMode")
    auto_deposit: bool | None = flag("autoDeposit")
    average_entry_price: Decimal | None = decimal("avgEntryPrice")
    mark_price: Decimal | None = decimal("markPrice")
    liquidation_price: Decimal | None = decimal("liquidationPrice")
    bankrupt_price: Decimal | None = decimal("bankruptPrice")
    mark_value: Decimal | None = decimal("markValue")
    leverage: Decimal | None = decimal("leverage")
    real_leverage: Decimal | None = decimal("realLeverage")
    current_cost: Decimal | None = decimal("currentCost")
    current_commission: Decimal | None = decimal("currentComm")
    unrealised_cost: Decimal | None = decimal("unrealisedCost")
    realised_cost: Decimal | None = decimal("realisedCost")
    position_cost: Decimal | None = decimal("posCost")
    position_cross: Decimal | None = decimal("posCross")
    position_initial_margin: Decimal | None = decimal("posInit")
    position_commission: Decimal | None = decimal("posComm")
    position_loss: Decimal | None = decimal("posLoss")
    position_margin: Decimal | None = decimal("posMargin")
    position_funding: Decimal | None = decimal("posFunding")
    position_maintenance_margin: Decimal | None = decimal("posMaint")
    maintenance_margin: Decimal | None = decimal("maintMargin")
    maintenance_margin_rate: Decimal | None = decimal("maintMarginReq")
    realised_gross_cost: Decimal | None = decimal("realisedGrossCost")
    realised_gross_pnl: Decimal | None = decimal("realisedGrossPnl")
    realised_pnl: Decimal | None = decimal("realisedPnl")
    unrealised_pnl: Decimal | None = decimal("unrealisedPnl")
    unrealised_pnl_rate: Decimal | None = decimal("unrealisedPnlPcnt")
    unrealised_return_on_equity: Decimal | None = decimal("unrealisedRoePcnt")
    risk_limit: Decimal | None = decimal("riskLimit")
    risk_limit_level: int | None = whole("riskLimitLevel")
    deleverage_rank: Decimal | None = decimal("delevPercentage")
    tax: Decimal | None = decimal("tax")
    deal_commission: Decimal | None = decimal("dealComm")
    funding_fee: Decimal | None = decimal("fundingFee")
    aggregate_rate: Decimal | None = decimal("aggRate")
    opened_at_ms: int | None = milliseconds("openingTimestamp")
    time_ms: int | None = milliseconds("currentTimestamp")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class FuturesPositionSettlement(Model):
    """
    A funding fee: the topics of `FuturesPosition`, subject ``position.settlement``.

    Attributes:
        quantity: Contracts, negative for short.
    """

    symbol: str | None = text("symbol", topic="symbol")
    settle_currency: str | None = text("settleCurrency")
    quantity: Decimal | None = decimal("qty")
    mark_price: Decimal | None = decimal("markPrice")
    funding_rate: Decimal | None = decimal("fundingRate")
    funding_fee: Decimal | None = decimal("fundingFee")
    margin_mode: MarginMode | str | None = choice(MarginMode, "marginMode")
    position_side: PositionSide | str | None = choice(PositionSide, "positionSide")
    funding_time_ms: int | None = milliseconds("fundingTime")
    time_ns: int | None = nanoseconds("ts")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class FuturesRiskLimitChange(Model):
    """
    Result of a change of the risk limit: the topics of `FuturesPosition`, subject ``position.adjustRiskLimit``.

    Attributes:
        message: Why it failed.
    """

    symbol: str | None = text("symbol", topic="symbol")
    success: bool | None = flag("success")
    risk_limit_level: int | None = whole("riskLimitLevel")
    message: str | None = text("msg")
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class FuturesMarginModes(Model):
    """
    Margin modes that the user changed: ``/contract/marginMode``.

    Attributes:
        modes: By symbol.
    """

    modes: Mapping[str, MarginMode | str] | None = every_name(reader_of_words(MarginMode))
    user_id: str | None = text(envelope="userId")


@attrs.frozen(repr=False)
class FuturesCrossLeverage(Model):
    """Leverage of one symbol; part of `FuturesCrossLeverages`."""

    leverage: Decimal | None = decimal("leverage")


@attrs.frozen(repr=False)
class FuturesCrossLeverages(Model):
    """
    Leverages in cross margin that the user changed: ``/contract/crossLeverage``.

    Attributes:
        leverages: By symbol.
    """

    leverages: Mapping[str, FuturesCrossLeverage] | None = every_name(FuturesCrossLeverage)
    user_id: str | None = text(envelope="userId")
