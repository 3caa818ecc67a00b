"""
Models of the channels about an account: balances, positions, orders, fills.

Source: OKX docs v5, Trading Account and Order Book Trading, WebSocket, and Spread Trading (as of 2026-07, read
2026-11).
"""

from __future__ import annotations

from decimal import Decimal

import attrs

from kucoin_sync.okx.models.fields import (
    Model,
    choice,
    decimal,
    flag,
    identifier,
    milliseconds,
    several,
    text,
    texts,
    whole,
)
from kucoin_sync.okx.models.values import (
    AlgoState,
    AmendResult,
    BalanceEvent,
    InstrumentKind,
    Liquidity,
    MarginMode,
    OrderCategory,
    OrderState,
    OrderType,
    PositionSide,
    PushEvent,
    SelfTradePrevention,
    Side,
    SizeCurrency,
    SpreadTradeState,
    TradeMode,
)

__all__ = [
    "AccountState",
    "AlgoOrder",
    "Balance",
    "BalanceAndPosition",
    "CashBalance",
    "ClosingOrder",
    "Deposit",
    "Fill",
    "Greeks",
    "HeldPosition",
    "Order",
    "Position",
    "SpreadFill",
    "SpreadLeg",
    "SpreadOrder",
    "TradeOfPosition",
]


@attrs.frozen(repr=False)
class Balance(Model):
    """
    One currency of an account.

    Attributes:
        cash: What is there.
        available: Of it, for orders.
        frozen: Of it, held by whatever; ``ordered`` by open orders.
    """

    currency: str | None = text("ccy")
    equity: Decimal | None = decimal("eq")
    equity_usd: Decimal | None = decimal("eqUsd")
    cash: Decimal | None = decimal("cashBal")
    available: Decimal | None = decimal("availBal")
    available_equity: Decimal | None = decimal("availEq")
    frozen: Decimal | None = decimal("frozenBal")
    ordered: Decimal | None = decimal("ordFrozen")
    liability: Decimal | None = decimal("liab")
    interest: Decimal | None = decimal("interest")
    unrealised_pnl: Decimal | None = decimal("upl")
    isolated_equity: Decimal | None = decimal("isoEq")
    margin_ratio: Decimal | None = decimal("mgnRatio")
    updated_at_ms: int | None = milliseconds("uTime")


@attrs.frozen(repr=False)
class AccountState(Model):
    """
    An account: channel ``account``. Amounts are in USD; those that its mode has no use for are ``None``.

    Attributes:
        event: Whether this shows everything, in pages, or what changed.
        page: Of a snapshot, from 1.
        is_last_page: Likewise.
        balances: Currencies; after the snapshot those that changed.
    """

    event: PushEvent | str | None = choice(PushEvent, envelope="eventType")
    page: int | None = whole(envelope="curPage")
    is_last_page: bool | None = flag(envelope="lastPage")
    total_equity: Decimal | None = decimal("totalEq")
    adjusted_equity: Decimal | None = decimal("adjEq")
    available_equity: Decimal | None = decimal("availEq")
    isolated_equity: Decimal | None = decimal("isoEq")
    ordered: Decimal | None = decimal("ordFroz")
    initial_margin: Decimal | None = decimal("imr")
    maintenance_margin: Decimal | None = decimal("mmr")
    margin_ratio: Decimal | None = decimal("mgnRatio")
    notional_usd: Decimal | None = decimal("notionalUsd")
    unrealised_pnl: Decimal | None = decimal("upl")
    balances: tuple[Balance, ...] | None = several(Balance, "details")
    updated_at_ms: int | None = milliseconds("uTime")


@attrs.frozen(repr=False)
class ClosingOrder(Model):
    """An order that closes a position, or a fraction of it, at a price."""

    algo_id: str | None = identifier("algoId")
    stop_loss_price: Decimal | None = decimal("slTriggerPx")
    stop_loss_price_kind: str | None = text("slTriggerPxType")
    take_profit_price: Decimal | None = decimal("tpTriggerPx")
    take_profit_price_kind: str | None = text("tpTriggerPxType")
    fraction: Decimal | None = decimal("closeFraction")


@attrs.frozen(repr=False)
class Position(Model):
    """
    A position: channels ``positions`` and ``liquidation-warning``.

    Attributes:
        event: Whether this shows everything, in pages, or what changed.
        quantity: Negative for short in net mode.
        deleverage_rank: In automatic deleveraging, 0 to 5.
        realised_pnl: ``closed_pnl`` with fees, funding and penalties.
    """

    event: PushEvent | str | None = choice(PushEvent, envelope="eventType")
    page: int | None = whole(envelope="curPage")
    is_last_page: bool | None = flag(envelope="lastPage")
    instrument: str | None = text("instId")
    kind: InstrumentKind | str | None = choice(InstrumentKind, "instType")
    position_id: str | None = identifier("posId")
    side: PositionSide | str | None = choice(PositionSide, "posSide")
    margin_mode: MarginMode | str | None = choice(MarginMode, "mgnMode")
    quantity: Decimal | None = decimal("pos")
    available: Decimal | None = decimal("availPos")
    position_currency: str | None = text("posCcy")
    currency: str | None = text("ccy")
    average_price: Decimal | None = decimal("avgPx")
    mark_price: Decimal | None = decimal("markPx")
    index_price: Decimal | None = decimal("idxPx")
    last_price: Decimal | None = decimal("last")
    liquidation_price: Decimal | None = decimal("liqPx")
    leverage: Decimal | None = decimal("lever")
    margin: Decimal | None = decimal("margin")
    initial_margin: Decimal | None = decimal("imr")
    maintenance_margin: Decimal | None = decimal("mmr")
    margin_ratio: Decimal | None = decimal("mgnRatio")
    notional_usd: Decimal | None = decimal("notionalUsd")
    unrealised_pnl: Decimal | None = decimal("upl")
    unrealised_pnl_ratio: Decimal | None = decimal("uplRatio")
    realised_pnl: Decimal | None = decimal("realizedPnl")
    closed_pnl: Decimal | None = decimal("pnl")
    fee: Decimal | None = decimal("fee")
    funding_fee: Decimal | None = decimal("fundingFee")
    liquidation_penalty: Decimal | None = decimal("liqPenalty")
    deleverage_rank: int | None = whole("adl")
    trade_id: str | None = identifier("tradeId")
    closing_orders: tuple[ClosingOrder, ...] | None = several(ClosingOrder, "closeOrderAlgo")
    created_at_ms: int | None = milliseconds("cTime")
    updated_at_ms: int | None = milliseconds("uTime")
    pushed_at_ms: int | None = milliseconds("pTime")


@attrs.frozen(repr=False)
class CashBalance(Model):
    """What there is of a currency."""

    currency: str | None = text("ccy")
    cash: Decimal | None = decimal("cashBal")
    updated_at_ms: int | None = milliseconds("uTime")


@attrs.frozen(repr=False)
class HeldPosition(Model):
    """A position in short."""

    instrument: str | None = text("instId")
    kind: InstrumentKind | str | None = choice(InstrumentKind, "instType")
    position_id: str | None = identifier("posId")
    trade_id: str | None = identifier("tradeId")
    side: PositionSide | str | None = choice(PositionSide, "posSide")
    margin_mode: MarginMode | str | None = choice(MarginMode, "mgnMode")
    quantity: Decimal | None = decimal("pos")
    position_currency: str | None = text("posCcy")
    currency: str | None = text("ccy")
    average_price: Decimal | None = decimal("avgPx")
    updated_at_ms: int | None = milliseconds("uTime")


@attrs.frozen(repr=False)
class TradeOfPosition(Model):
    """A trade that changed a position."""

    instrument: str | None = text("instId")
    trade_id: str | None = identifier("tradeId")


@attrs.frozen(repr=False)
class BalanceAndPosition(Model):
    """Balances and positions, in the first push all and then those that changed: channel ``balance_and_position``."""

    event: BalanceEvent | str | None = choice(BalanceEvent, "eventType")
    balances: tuple[CashBalance, ...] | None = several(CashBalance, "balData")
    positions: tuple[HeldPosition, ...] | None = several(HeldPosition, "posData")
    trades: tuple[TradeOfPosition, ...] | None = several(TradeOfPosition, "trades")
    pushed_at_ms: int | None = milliseconds("pTime")


@attrs.frozen(repr=False)
class Greeks(Model):
    """
    Greeks of a currency's options: channel ``account-greeks``.

    Attributes:
        delta_bs: By Black and Scholes, in USD, as what ends likewise.
        delta_pa: In coins, as what ends likewise.
    """

    currency: str | None = text("ccy")
    delta_bs: Decimal | None = decimal("deltaBS")
    delta_pa: Decimal | None = decimal("deltaPA")
    gamma_bs: Decimal | None = decimal("gammaBS")
    gamma_pa: Decimal | None = decimal("gammaPA")
    theta_bs: Decimal | None = decimal("thetaBS")
    theta_pa: Decimal | None = decimal("thetaPA")
    vega_bs: Decimal | None = decimal("vegaBS")
    vega_pa: Decimal | None = decimal("vegaPA")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class Order(Model):
    """
    An order and what just happened to it: channel ``orders``.

    The same push can come twice with another ``updated_at_ms``.

    Attributes:
        request_id: Of the amendment, as the user gave it.
        fill_price: Of the fill that this push is about, as all that begins with ``fill``; ``None`` without one.
        filled_size: Of all fills together.
        average_price: Likewise; 0 before the first.
        fee: Of all fills together, negative if paid.
        cancel_source: Why it was canceled, by the exchange's numbers.
        code: Why the last amendment failed, with ``message``.
    """

    instrument: str | None = text("instId")
    kind: InstrumentKind | str | None = choice(InstrumentKind, "instType")
    order_id: str | None = identifier("ordId")
    client_order_id: str | None = text("clOrdId")
    tag: str | None = text("tag")
    algo_id: str | None = identifier("algoId")
    client_algo_id: str | None = text("algoClOrdId")
    state: OrderState | str | None = choice(OrderState, "state")
    side: Side | str | None = choice(Side, "side")
    position_side: PositionSide | str | None = choice(PositionSide, "posSide")
    trade_mode: TradeMode | str | None = choice(TradeMode, "tdMode")
    order_type: OrderType | str | None = choice(OrderType, "ordType")
    price: Decimal | None = decimal("px")
    price_usd: Decimal | None = decimal("pxUsd")
    price_volatility: Decimal | None = decimal("pxVol")
    price_type: str | None = text("pxType")
    size: Decimal | None = decimal("sz")
    size_currency: SizeCurrency | str | None = choice(SizeCurrency, "tgtCcy")
    margin_currency: str | None = text("ccy")
    trade_quote_currency: str | None = text("tradeQuoteCcy")
    leverage: Decimal | None = decimal("lever")
    reduce_only: bool | None = flag("reduceOnly")
    is_take_profit_limit: bool | None = flag("isTpLimit")
    self_trade_prevention: SelfTradePrevention | str | None = choice(SelfTradePrevention, "stpMode")
    take_profit_price: Decimal | None = decimal("tpTriggerPx")
    take_profit_price_kind: str | None = text("tpTriggerPxType")
    take_profit_order_price: Decimal | None = decimal("tpOrdPx")
    stop_loss_price: Decimal | None = decimal("slTriggerPx")
    stop_loss_price_kind: str | None = text("slTriggerPxType")
    stop_loss_order_price: Decimal | None = decimal("slOrdPx")
    outcome: str | None = text("outcome")
    trade_id: str | None = identifier("tradeId")
    fill_price: Decimal | None = decimal("fillPx")
    fill_size: Decimal | None = decimal("fillSz")
    fill_fee: Decimal | None = decimal("fillFee")
    fill_fee_currency: str | None = text("fillFeeCcy")
    fill_pnl: Decimal | None = decimal("fillPnl")
    fill_notional_usd: Decimal | None = decimal("fillNotionalUsd")
    fill_mark_price: Decimal | None = decimal("fillMarkPx")
    fill_index_price: Decimal | None = decimal("fillIdxPx")
    filled_at_ms: int | None = milliseconds("fillTime")
    liquidity: Liquidity | str | None = choice(Liquidity, "execType")
    filled_size: Decimal | None = decimal("accFillSz")
    average_price: Decimal | None = decimal("avgPx")
    fee: Decimal | None = decimal("fee")
    fee_currency: str | None = text("feeCcy")
    rebate: Decimal | None = decimal("rebate")
    rebate_currency: str | None = text("rebateCcy")
    pnl: Decimal | None = decimal("pnl")
    notional_usd: Decimal | None = decimal("notionalUsd")
    category: OrderCategory | str | None = choice(OrderCategory, "category")
    source: str | None = text("source")
    cancel_source: str | None = text("cancelSource")
    amend_source: str | None = text("amendSource")
    amend_result: AmendResult | str | None = choice(AmendResult, "amendResult")
    request_id: str | None = text("reqId")
    code: str | None = text("code")
    message: str | None = text("msg")
    last_price: Decimal | None = decimal("lastPx")
    created_at_ms: int | None = milliseconds("cTime")
    updated_at_ms: int | None = milliseconds("uTime")


@attrs.frozen(repr=False)
class Fill(Model):
    """
    A fill: channel ``fills``.

    Attributes:
        client_order_id: ``"0"`` unless it is a whole number.
        count: How many fills this one stands for.
    """

    instrument: str | None = text("instId")
    order_id: str | None = identifier("ordId")
    client_order_id: str | None = text("clOrdId")
    trade_id: str | None = identifier("tradeId")
    side: Side | str | None = choice(Side, "side")
    price: Decimal | None = decimal("fillPx")
    size: Decimal | None = decimal("fillSz")
    liquidity: Liquidity | str | None = choice(Liquidity, "execType")
    count: int | None = whole("count")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class AlgoOrder(Model):
    """
    An order that waits for its moment: channels ``orders-algo`` and ``algo-advance``.

    Attributes:
        order_ids: Orders that it placed.
        actual_price: What it placed, as all that begins with ``actual``.
    """

    instrument: str | None = text("instId")
    kind: InstrumentKind | str | None = choice(InstrumentKind, "instType")
    algo_id: str | None = identifier("algoId")
    client_algo_id: str | None = text("algoClOrdId")
    order_ids: tuple[str, ...] | None = texts("ordIdList")
    client_order_id: str | None = text("clOrdId")
    tag: str | None = text("tag")
    state: AlgoState | str | None = choice(AlgoState, "state")
    order_type: OrderType | str | None = choice(OrderType, "ordType")
    side: Side | str | None = choice(Side, "side")
    position_side: PositionSide | str | None = choice(PositionSide, "posSide")
    trade_mode: TradeMode | str | None = choice(TradeMode, "tdMode")
    size: Decimal | None = decimal("sz")
    size_currency: SizeCurrency | str | None = choice(SizeCurrency, "tgtCcy")
    margin_currency: str | None = text("ccy")
    close_fraction: Decimal | None = decimal("closeFraction")
    reduce_only: bool | None = flag("reduceOnly")
    leverage: Decimal | None = decimal("lever")
    trigger_price: Decimal | None = decimal("triggerPx")
    order_price: Decimal | None = decimal("ordPx")
    take_profit_price: Decimal | None = decimal("tpTriggerPx")
    take_profit_price_kind: str | None = text("tpTriggerPxType")
    take_profit_order_price: Decimal | None = decimal("tpOrdPx")
    stop_loss_price: Decimal | None = decimal("slTriggerPx")
    stop_loss_price_kind: str | None = text("slTriggerPxType")
    stop_loss_order_price: Decimal | None = decimal("slOrdPx")
    actual_price: Decimal | None = decimal("actualPx")
    actual_size: Decimal | None = decimal("actualSz")
    actual_side: str | None = text("actualSide")
    fail_code: str | None = text("failCode")
    last_price: Decimal | None = decimal("last")
    notional_usd: Decimal | None = decimal("notionalUsd")
    triggered_at_ms: int | None = milliseconds("triggerTime")
    created_at_ms: int | None = milliseconds("cTime")
    updated_at_ms: int | None = milliseconds("uTime")


@attrs.frozen(repr=False)
class SpreadOrder(Model):
    """
    An order for a spread: channel ``sprd-orders``.

    Attributes:
        pending_fill_size: Not filled yet.
        pending_settle_size: Filled and not settled yet.
        filled_size: Settled.
    """

    spread: str | None = text("sprdId")
    order_id: str | None = identifier("ordId")
    client_order_id: str | None = text("clOrdId")
    tag: str | None = text("tag")
    state: OrderState | str | None = choice(OrderState, "state")
    side: Side | str | None = choice(Side, "side")
    order_type: OrderType | str | None = choice(OrderType, "ordType")
    price: Decimal | None = decimal("px")
    size: Decimal | None = decimal("sz")
    trade_id: str | None = identifier("tradeId")
    fill_price: Decimal | None = decimal("fillPx")
    fill_size: Decimal | None = decimal("fillSz")
    filled_size: Decimal | None = decimal("accFillSz")
    pending_fill_size: Decimal | None = decimal("pendingFillSz")
    pending_settle_size: Decimal | None = decimal("pendingSettleSz")
    canceled_size: Decimal | None = decimal("canceledSz")
    average_price: Decimal | None = decimal("avgPx")
    cancel_source: str | None = text("cancelSource")
    amend_result: AmendResult | str | None = choice(AmendResult, "amendResult")
    request_id: str | None = text("reqId")
    code: str | None = text("code")
    message: str | None = text("msg")
    created_at_ms: int | None = milliseconds("cTime")
    updated_at_ms: int | None = milliseconds("uTime")


@attrs.frozen(repr=False)
class SpreadLeg(Model):
    """One instrument of a spread's trade; ``contracts`` is its size in contracts."""

    instrument: str | None = text("instId")
    side: Side | str | None = choice(Side, "side")
    price: Decimal | None = decimal("px")
    size: Decimal | None = decimal("sz")
    contracts: Decimal | None = decimal("szCont")
    fee: Decimal | None = decimal("fee")
    fee_currency: str | None = text("feeCcy")
    fill_pnl: Decimal | None = decimal("fillPnl")
    trade_id: str | None = identifier("tradeId")


@attrs.frozen(repr=False)
class SpreadFill(Model):
    """A trade of an order for a spread, with its legs: channel ``sprd-trades``."""

    spread: str | None = text("sprdId")
    trade_id: str | None = identifier("tradeId")
    order_id: str | None = identifier("ordId")
    client_order_id: str | None = text("clOrdId")
    tag: str | None = text("tag")
    state: SpreadTradeState | str | None = choice(SpreadTradeState, "state")
    side: Side | str | None = choice(Side, "side")
    price: Decimal | None = decimal("fillPx")
    size: Decimal | None = decimal("fillSz")
    liquidity: Liquidity | str | None = choice(Liquidity, "execType")
    legs: tuple[SpreadLeg, ...] | None = several(SpreadLeg, "legs")
    code: str | None = text("code")
    message: str | None = text("msg")
    time_ms: int | None = milliseconds("ts")


@attrs.frozen(repr=False)
class Deposit(Model):
    """A deposit: channel ``deposit-info``. What is a number on the wire is explained in the exchange's docs."""

    deposit_id: str | None = identifier("depId")
    currency: str | None = text("ccy")
    chain: str | None = text("chain")
    amount: Decimal | None = decimal("amt")
    state: str | None = text("state")
    sender: str | None = text("from")
    receiver: str | None = text("to")
    transaction: str | None = text("txId")
    confirmations: int | None = whole("actualDepBlkConfirm")
    sub_account: str | None = text("subAcct")
    user_id: str | None = text("uid")
    time_ms: int | None = milliseconds("ts")
    pushed_at_ms: int | None = milliseconds("pTime")
