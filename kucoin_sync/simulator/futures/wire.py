"""
How orders, fills, positions and wallets of the futures exchange are written, in pushes and in answers of REST calls.

Numbers are rounded to ten places, as far as captured frames show them; the engine keeps all.

Source: KuCoin docs, pages of the calls and channels of classic futures, and captures of 2021 to 2026.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..matching.symbols import plain
from .contracts import Contract, divided, number
from .events import FuturesFill, FuturesOrderState, FuturesWallet, PositionState

__all__ = [
    "fill_row",
    "order_row",
    "overview",
    "position_row",
    "price_part",
    "stop_payload",
    "text",
    "trade_order_payload",
    "wallet_payload",
]


ZERO = Decimal(0)


def text(value: Decimal) -> str:
    """Return an amount as a string."""
    return plain(number(value))


# Pushes.


def trade_order_payload(
    order: FuturesOrderState, kind: str, *, fill: FuturesFill | None = None, old_size: Decimal | None = None
) -> dict[str, Any]:
    """
    Return the payload of ``/contractMarket/tradeOrders``.

    Args:
        order: After the event.
        kind: ``open``, ``match``, ``update``, ``filled`` or ``canceled``.
        fill: With ``match``.
        old_size: With ``update``.
    """
    data: dict[str, Any] = {
        "symbol": order.symbol,
        "orderType": order.type,
        "side": order.side,
        "canceledSize": plain(order.canceled_size),
        "orderId": order.order_id,
        "positionSide": order.position_side,
        "marginMode": order.margin_mode,
        "type": kind,
        "orderTime": order.created_at_ns,
        "size": plain(order.size),
        "filledSize": plain(order.deal_size),
        "price": plain(order.price),
        "remainSize": plain(order.remaining),
        "tradeType": order.trade_type,
        "status": {"open": "open", "update": "open", "match": "match"}.get(kind, "done"),
        "ts": order.updated_at_ns if fill is None else fill.time_ns,
    }
    if order.client_oid is not None:
        data["clientOid"] = order.client_oid
    if fill is not None:
        data.update(
            liquidity=fill.liquidity,
            feeType=f"{fill.liquidity}Fee",
            matchPrice=plain(fill.price),
            matchSize=plain(fill.size),
            tradeId=str(fill.trade_id),
        )
    elif kind in ("open", "update"):
        data["liquidity"] = "maker"
    if old_size is not None:
        data["oldSize"] = plain(old_size)
    if kind == "filled":
        data["allCanceledSize"] = plain(order.canceled_size)
    return data


def stop_payload(order: FuturesOrderState, kind: str, error: str | None, now_ns: int) -> dict[str, Any]:
    """Return the payload of ``/contractMarket/advancedOrders``."""
    assert order.stop_price is not None
    data: dict[str, Any] = {
        "createdAt": _ms(order.created_at_ns),
        "marginMode": order.margin_mode,
        "orderId": order.order_id,
        "orderPrice": plain(order.price),
        "orderType": "stop",
        "side": order.side,
        "size": int(order.size),
        "stop": order.stop,
        "stopPrice": plain(order.stop_price),
        "stopPriceType": order.stop_price_type,
        "symbol": order.symbol,
        "ts": now_ns,
        "type": kind,
    }
    if kind == "triggered":
        data["triggerSuccess"] = error is None
        if error is not None:
            data["error"] = error
    return data


def wallet_payload(wallet: FuturesWallet) -> dict[str, Any]:
    """Return the payload of ``walletBalance.change``; all of it is strings."""
    amounts = {
        "crossPosMargin": wallet.cross_pos_margin,
        "isolatedOrderMargin": wallet.isolated_order_margin,
        "holdBalance": wallet.hold,
        "equity": wallet.equity,
        "availableBalance": wallet.available,
        "isolatedPosMargin": wallet.isolated_pos_margin,
        "maxWithdrawAmount": wallet.available,
        "walletBalance": wallet.wallet_balance,
        "isolatedFundingFeeMargin": wallet.isolated_funding_margin,
        "crossUnPnl": wallet.cross_unrealised,
        "totalCrossMargin": wallet.total_cross_margin,
        "isolatedUnPnl": wallet.isolated_unrealised,
        "crossOrderMargin": wallet.cross_order_margin,
    }
    return {
        **{name: text(amount) for name, amount in amounts.items()},
        "version": str(wallet.version),
        "currency": wallet.currency,
        "timestamp": str(_ms(wallet.time_ns)),
    }


def price_part(position: PositionState) -> dict[str, Any]:
    """Return what of a position moves with the mark price: all that a push caused by it has."""
    return {
        "markPrice": number(position.mark_price),
        "markValue": number(position.mark_value),
        "maintMargin": number(position.maint_margin),
        "realLeverage": number(position.real_leverage),
        "unrealisedPnl": number(position.unrealised_pnl),
        "unrealisedRoePcnt": number(position.unrealised_roe_pcnt, 4),
        "unrealisedPnlPcnt": number(position.unrealised_pnl_pcnt, 4),
        "delevPercentage": number(position.delev_percentage, 2),
        "currentTimestamp": _ms(position.updated_at_ns),
        "settleCurrency": position.settle_currency,
    }


def position_row(position: PositionState) -> dict[str, Any]:
    """Return what a full push and the REST calls tell of a position; a cross position has no margin of its own."""
    isolated = position.margin_mode == "ISOLATED"
    row = {
        **price_part(position),
        "symbol": position.symbol,
        "crossMode": not isolated,
        "openingTimestamp": _ms(position.opened_at_ns),
        "currentQty": int(position.qty),
        "currentCost": number(position.current_cost),
        "currentComm": number(position.current_comm),
        "unrealisedCost": number(position.pos_cost),
        "realisedCost": number(position.realised_cost),
        "isOpen": position.is_open,
        "posCost": number(position.pos_cost),
        "posInit": number(position.pos_init),
        "posMargin": number(position.pos_margin),
        "avgEntryPrice": number(position.avg_entry_price),
        "liquidationPrice": number(position.liquidation_price),
        "bankruptPrice": number(position.bankrupt_price),
        "realisedGrossCost": number(position.realised_gross_cost),
        "realisedGrossPnl": number(position.realised_gross_pnl),
        "realisedPnl": number(position.realised_pnl),
        "leverage": number(position.leverage),
        "marginMode": position.margin_mode,
        "positionSide": position.position_side,
        "tax": 0,
        # Signed by what they did to the balance, other than in currentComm.
        "dealComm": number(-position.deal_comm),
        "fundingFee": number(position.pos_funding),
    }
    if not isolated:
        for name in ("maintMargin", "realLeverage"):
            del row[name]
        return row
    row.update(
        maintMarginReq=number(position.maint_margin_req),
        riskLimit=int(position.risk_limit),
        riskLimitLevel=position.risk_limit_level,
        autoDeposit=position.auto_deposit,
        posCross=number(position.pos_cross),
        posComm=number(position.pos_comm),
        posLoss=number(position.pos_loss),
        posFunding=number(position.pos_funding),
        posMaint=number(position.pos_maint),
    )
    return row


# Answers of REST calls.


def order_row(order: FuturesOrderState, contract: Contract) -> dict[str, Any]:
    """Return the order object of the REST calls."""
    average = ZERO
    if order.deal_size:
        average = contract.price_of(divided(order.deal_value.copy_sign(contract.multiplier), order.deal_size))
    return {
        "id": order.order_id,
        "symbol": order.symbol,
        "type": order.type,
        "side": order.side,
        "price": plain(order.price),
        "size": int(order.size),
        "value": text(order.value),
        "dealValue": text(order.deal_value),
        "dealSize": int(order.deal_size),
        "stp": order.stp,
        "stop": order.stop,
        "stopPriceType": order.stop_price_type,
        "stopTriggered": order.stop_triggered,
        "stopPrice": None if order.stop_price is None else plain(order.stop_price),
        "timeInForce": order.time_in_force,
        "postOnly": order.post_only,
        "hidden": order.hidden,
        "iceberg": order.iceberg,
        "leverage": plain(order.leverage),
        "forceHold": order.force_hold,
        "closeOrder": order.close_order,
        "visibleSize": int(order.visible_size),
        "clientOid": order.client_oid,
        "remark": order.remark,
        "tags": "",
        "isActive": order.is_live,
        "cancelExist": order.canceled_size > 0,
        "createdAt": _ms(order.created_at_ns),
        "updatedAt": _ms(order.updated_at_ns),
        "endAt": None if order.ended_at_ns is None else _ms(order.ended_at_ns),
        "orderTime": order.created_at_ns,
        "settleCurrency": order.settle_currency,
        "marginMode": order.margin_mode,
        "positionSide": order.position_side,
        "avgDealPrice": text(average),
        "filledSize": int(order.deal_size),
        "filledValue": text(order.deal_value),
        "status": "open" if order.is_live else "done",
        "reduceOnly": order.reduce_only,
    }


def fill_row(fill: FuturesFill) -> dict[str, Any]:
    """Return the fill object of the REST calls."""
    return {
        "symbol": fill.symbol,
        "tradeId": str(fill.trade_id),
        "orderId": fill.order_id,
        "side": fill.side,
        "liquidity": fill.liquidity,
        "forceTaker": False,
        "price": plain(fill.price),
        "size": int(fill.size),
        "value": text(fill.value),
        "openFeePay": text(fill.open_fee),
        "closeFeePay": text(fill.close_fee),
        "stop": fill.stop,
        "feeRate": format(fill.fee_rate, ".5f"),
        "fixFee": "0",
        "feeCurrency": fill.settle_currency,
        "subTradeType": None,
        "marginMode": fill.margin_mode,
        "positionSide": fill.position_side,
        "openFeeTaxPay": "0",
        "closeFeeTaxPay": "0",
        "displayType": f"{fill.order_type}_stop" if fill.stop else fill.order_type,
        "fee": text(fill.fee),
        "settleCurrency": fill.settle_currency,
        "orderType": fill.order_type,
        "tradeType": fill.trade_type,
        "tradeTime": fill.time_ns,
        "createdAt": _ms(fill.time_ns),
    }


def overview(wallet: FuturesWallet) -> dict[str, Any]:
    """Return the account object of ``GET /api/v1/account-overview``; all amounts are numbers."""
    margin = wallet.total_cross_margin
    return {
        "accountEquity": number(wallet.equity),
        "unrealisedPNL": number(wallet.cross_unrealised + wallet.isolated_unrealised),
        "marginBalance": number(wallet.wallet_balance),
        "positionMargin": number(wallet.cross_pos_margin + wallet.isolated_pos_margin),
        "orderMargin": number(wallet.cross_order_margin + wallet.isolated_order_margin),
        "frozenFunds": number(wallet.hold),
        "availableBalance": number(wallet.available),
        "currency": wallet.currency,
        "riskRatio": number(divided(wallet.cross_maint_margin, margin) if margin > 0 else ZERO),
        "maxWithdrawAmount": number(wallet.available),
    }


def _ms(time_ns: int) -> int:
    return time_ns // 1_000_000
