"""
Models of the private Pro V2 channels.

Source: KuCoin docs, Pro API (UTA V2), WebSocket, Private Channels (read 2026-11).
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
    nanoseconds,
    text,
    whole,
)
from kucoin_sync.kucoin.models.values import (
    CancelReason,
    CollateralStatus,
    ExecutionType,
    Liquidity,
    MarginMode,
    OrderSource,
    OrderType,
    PositionSide,
    PriceKind,
    ProductType,
    ProOrderEvent,
    ProOrderStatus,
    RiskEvent,
    SelfTradePrevention,
    Side,
    SizeUnit,
    TimeInForce,
    TriggerDirection,
)

__all__ = [
    "ProBalance",
    "ProExecution",
    "ProExecutionLite",
    "ProLeverage",
    "ProLiquidationWarning",
    "ProOrder",
    "ProPosition",
]


@attrs.frozen(repr=False)
class ProOrder(Model):
    """
    An event of an order: channels ``order`` and ``orderAll``.

    Attributes:
        size: In ``size_unit``, as ``filled_size``, ``remaining_size`` and ``canceled_size``.
        last_size: Of the last fill, as ``last_price``, ``liquidity`` and ``trade_id``.
        fee: So far, in ``fee_currency``, as ``tax``.
        parent_order_id: The conditional order this order came from.
        take_profit_price: Triggers at it; the order is then at ``take_profit_order_price``. Likewise for stop loss.
    """

    symbol: str | None = text("s")
    product: ProductType | str | None = choice(ProductType, "tT")
    order_id: str | None = identifier("oi")
    client_oid: str | None = text("ci")
    status: ProOrderStatus | int | None = code(ProOrderStatus, "os")
    event: ProOrderEvent | str | None = choice(ProOrderEvent, "eT")
    side: Side | str | None = choice(Side, "S")
    position_side: PositionSide | str | None = choice(PositionSide, "pS")
    order_type: OrderType | str | None = choice(OrderType, "oT")
    source: OrderSource | str | None = choice(OrderSource, "oS")
    price: Decimal | None = decimal("p")
    size: Decimal | None = decimal("q")
    size_unit: SizeUnit | str | None = choice(SizeUnit, "qU")
    filled_size: Decimal | None = decimal("fS")
    remaining_size: Decimal | None = decimal("rS")
    canceled_size: Decimal | None = decimal("cS")
    cancel_reason: CancelReason | str | None = choice(CancelReason, "cR")
    average_price: Decimal | None = decimal("aP")
    last_size: Decimal | None = decimal("lS")
    last_price: Decimal | None = decimal("ls")
    liquidity: Liquidity | str | None = choice(Liquidity, "lR")
    trade_id: str | None = identifier("ti")
    fee: Decimal | None = decimal("f")
    fee_currency: str | None = text("fC")
    tax: Decimal | None = decimal("t")
    margin_mode: MarginMode | str | None = choice(MarginMode, "mM")
    trigger_direction: TriggerDirection | str | None = choice(TriggerDirection, "tD")
    trigger_price: Decimal | None = decimal("tP")
    trigger_price_kind: PriceKind | str | None = choice(PriceKind, "tPT")
    parent_order_id: str | None = identifier("toi")
    take_profit_price: Decimal | None = decimal("pP")
    take_profit_price_kind: PriceKind | str | None = choice(PriceKind, "pPT")
    take_profit_order_price: Decimal | None = decimal("pOP")
    stop_loss_price: Decimal | None = decimal("lP")
    stop_loss_price_kind: PriceKind | str | None = choice(PriceKind, "lPT")
    stop_loss_order_price: Decimal | None = decimal("lOP")
    self_trade_prevention: SelfTradePrevention | str | None = choice(SelfTradePrevention, "stp")
    reduce_only: bool | None = flag("rO")
    post_only: bool | None = flag("pO")
    time_in_force: TimeInForce | str | None = choice(TimeInForce, "tIF")
    broker: str | None = text("bT")
    created_at_ns: int | None = nanoseconds("O")
    updated_at_ns: int | None = nanoseconds("U")
    pushed_at_ns: int | None = nanoseconds(envelope="P")


@attrs.frozen(repr=False)
class ProExecution(Model):
    """
    A fill: channel ``execution``.

    Attributes:
        order_id: ``"0"`` for a liquidation, automatic deleveraging or settlement.
        closed_pnl: Profit of a futures fill that closes.
    """

    symbol: str | None = text("s")
    order_id: str | None = identifier("oi")
    client_oid: str | None = text("ci")
    trade_id: str | None = identifier("ti")
    kind: ExecutionType | str | None = choice(ExecutionType, "fT")
    side: Side | str | None = choice(Side, "S")
    order_type: OrderType | str | None = choice(OrderType, "oT")
    liquidity: Liquidity | str | None = choice(Liquidity, "lR")
    price: Decimal | None = decimal("p")
    size: Decimal | None = decimal("q")
    fee: Decimal | None = decimal("f")
    fee_currency: str | None = text("fC")
    closed_pnl: Decimal | None = decimal("fP")
    executed_at_ns: int | None = nanoseconds("E")
    pushed_at_ns: int | None = nanoseconds(envelope="P")


@attrs.frozen(repr=False)
class ProExecutionLite(Model):
    """A fill, without its fee: channel ``execution.lite``."""

    symbol: str | None = text("s")
    order_id: str | None = identifier("oi")
    client_oid: str | None = text("ci")
    trade_id: str | None = identifier("ti")
    side: Side | str | None = choice(Side, "S")
    order_type: OrderType | str | None = choice(OrderType, "oT")
    liquidity: Liquidity | str | None = choice(Liquidity, "lR")
    price: Decimal | None = decimal("p")
    size: Decimal | None = decimal("q")
    executed_at_ns: int | None = nanoseconds("E")
    pushed_at_ns: int | None = nanoseconds(envelope="P")


@attrs.frozen(repr=False)
class ProBalance(Model):
    """
    A change of a balance: channel ``balance``.

    Attributes:
        total_cross_margin: Of cross margin, as what begins with ``cross``; what begins with ``isolated`` of isolated
            margin.
    """

    currency: str | None = text("c")
    equity: Decimal | None = decimal("e")
    wallet_balance: Decimal | None = decimal("b")
    available: Decimal | None = decimal("a")
    frozen: Decimal | None = decimal("h")
    liability: Decimal | None = decimal("l")
    total_cross_margin: Decimal | None = decimal("tCM")
    cross_position_margin: Decimal | None = decimal("cPM")
    cross_order_margin: Decimal | None = decimal("cOM")
    cross_unrealised_pnl: Decimal | None = decimal("cUP")
    isolated_position_margin: Decimal | None = decimal("iPM")
    isolated_order_margin: Decimal | None = decimal("iOM")
    isolated_funding_fee: Decimal | None = decimal("iFF")
    isolated_unrealised_pnl: Decimal | None = decimal("iUP")
    collateral_status: CollateralStatus | int | None = code(CollateralStatus, "cS")
    sequence: int | None = whole("E")
    updated_at_ns: int | None = nanoseconds("U")
    pushed_at_ns: int | None = nanoseconds(envelope="P")


@attrs.frozen(repr=False)
class ProPosition(Model):
    """
    A position: channels ``position`` and ``positionAll``.

    Attributes:
        quantity: Contracts, negative for short.
        value: At the mark price.
        margin: Occupied.
        risk_ratio: Of an isolated position; 1 is liquidation.
        deleverage_rank: Percentile in automatic deleveraging.
    """

    symbol: str | None = text("s")
    position_id: str | None = identifier("pi")
    margin_mode: MarginMode | str | None = choice(MarginMode, "mM")
    quantity: Decimal | None = decimal("q")
    entry_price: Decimal | None = decimal("eP")
    mark_price: Decimal | None = decimal("mP")
    liquidation_price: Decimal | None = decimal("lP")
    bankrupt_price: Decimal | None = decimal("bP")
    value: Decimal | None = decimal("pV")
    margin: Decimal | None = decimal("pM")
    leverage: Decimal | None = decimal("l")
    unrealised_pnl: Decimal | None = decimal("uPL")
    realised_pnl: Decimal | None = decimal("rPL")
    initial_margin: Decimal | None = decimal("iM")
    maintenance_margin_rate: Decimal | None = decimal("mmr")
    maintenance_margin: Decimal | None = decimal("mtM")
    risk_ratio: Decimal | None = decimal("r")
    deleverage_rank: Decimal | None = decimal("adl")
    created_at_ns: int | None = nanoseconds("O")
    updated_at_ns: int | None = nanoseconds("U")
    pushed_at_ns: int | None = nanoseconds(envelope="P")


@attrs.frozen(repr=False)
class ProLiquidationWarning(Model):
    """
    How near a liquidation is: channel ``lw``, whose pushes may be called ``risk``.

    Attributes:
        risk_ratio: 0.93 is 93 %.
        adjusted_equity: In USD, as all amounts here.
    """

    event: RiskEvent | str | None = choice(RiskEvent, "eT")
    risk_ratio: Decimal | None = decimal("r")
    adjusted_equity: Decimal | None = decimal("a")
    initial_margin: Decimal | None = decimal("iM")
    maintenance_margin: Decimal | None = decimal("mM")
    available_margin: Decimal | None = decimal("aM")
    equity: Decimal | None = decimal("e")
    liability: Decimal | None = decimal("l")
    updated_at_ns: int | None = nanoseconds("U")
    pushed_at_ns: int | None = nanoseconds(envelope="P")


@attrs.frozen(repr=False)
class ProLeverage(Model):
    """
    A leverage that the user changed: channel ``leverage``.

    Attributes:
        symbol: Of a contract; or ``currency`` in cross margin.
    """

    symbol: str | None = text("s")
    currency: str | None = text("c")
    leverage: Decimal | None = decimal("l")
    margin_mode: MarginMode | str | None = choice(MarginMode, "mM")
    product: ProductType | str | None = choice(ProductType, "tT")
    pushed_at_ns: int | None = nanoseconds(envelope="P")
