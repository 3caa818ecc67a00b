"""
Payloads of the private topics of the classic spot stream, and of what they share with REST.

Source: KuCoin docs, pages of the private spot and margin channels; the forms of orders placed by funds are assumed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, Context, Decimal
from typing import Any

from ..matching.account_states import MAIN, MARGIN, TRADE, MarginAccount
from ..matching.events import (
    IsolatedPositionChanged,
    LendingOrderChanged,
    OrderDone,
    OrderMatched,
    OrderOpened,
    OrderReceived,
    OrderUpdated,
    StopOrderChanged,
    WalletChanged,
)
from ..matching.symbols import plain

__all__ = [
    "OrderEvent",
    "account_id",
    "advanced_order",
    "balance_change",
    "debt_ratio",
    "isolated_position",
    "loan_order",
    "order_change",
]

OrderEvent = OrderReceived | OrderOpened | OrderMatched | OrderUpdated | OrderDone

ZERO = Decimal(0)
_ROUGH = Context(prec=60)
_PREFIXES = {MAIN: "main", TRADE: "trade_hf", MARGIN: "margin"}


def account_id(account: str, wallet: str, currency: str) -> str:
    """Return the id of one balance: twelve digits, always the same."""
    digest = hashlib.sha256(f"{account}/{wallet}/{currency}".encode()).digest()
    return str(10**11 + int.from_bytes(digest[:8], "big") % (9 * 10**11))


def order_change(event: OrderEvent) -> dict[str, Any]:
    """Return ``data`` of an ``orderChange``."""
    order, request = event.order, event.order.request
    data: dict[str, Any] = {
        "clientOid": order.client_oid or "",
        "orderId": order.order_id,
        "orderTime": order.created_at_ns // 1_000_000,
        "orderType": order.type,
    }
    if request.funds is None:
        data["originSize"] = plain(request.size or ZERO)
    else:
        data["originFunds"] = plain(request.funds)
    if order.type == "limit":
        data["price"] = plain(order.price)
    data |= {"side": order.side, "symbol": order.symbol, "ts": order.updated_at_ns}
    if isinstance(event, OrderReceived):
        return {**data, "status": "new", "type": "received"}
    data |= {
        "canceledSize": plain(order.cancelled_size),
        "filledSize": plain(order.deal_size),
        "remainSize": plain(order.remaining),
        "size": plain(order.deal_size if order.size is None else order.size),
    }
    if isinstance(event, OrderMatched):
        data |= _fill(event)
    elif isinstance(event, OrderUpdated):
        data |= {"oldSize": plain(event.old_size), "status": "open", "type": "update"}
    elif isinstance(event, OrderOpened):
        data |= {"status": "open", "type": "open"}
    else:
        data |= {"remainFunds": "0", "status": "done", "type": str(order.outcome)}
        if request.funds is not None and order.outcome == "canceled":
            data["canceledFunds"] = plain(request.funds - order.deal_funds)
    return data


def _fill(event: OrderMatched) -> dict[str, Any]:
    role = "maker" if event.is_maker else "taker"
    rests = event.is_maker and event.order.remaining > 0
    return {
        "feeType": f"{role}Fee",
        "liquidity": role,
        "matchPrice": plain(event.trade.price),
        "matchSize": plain(event.trade.size),
        "status": "open" if rests else "match",
        "tradeId": str(event.trade.trade_id),
        "type": "match",
    }


def advanced_order(event: StopOrderChanged) -> dict[str, Any]:
    """Return ``data`` of a ``stopOrder``."""
    order, request = event.order, event.order.request
    data: dict[str, Any] = {
        "createdAt": order.created_at_ns // 1_000_000,
        "orderId": order.order_id,
        "orderPrice": plain(request.price),
        "orderType": "stop",
        "side": request.side,
        "size": plain(request.size or ZERO),
        "stop": request.stop,
        "stopPrice": plain(request.stop_price),
        "symbol": request.symbol,
        "tradeType": request.trade_type,
        "ts": event.time_ns,
        "type": event.kind,
    }
    if event.kind == "triggered":
        data["triggerSuccess"] = event.error is None
        if event.error is not None:
            data["error"] = event.error
    return data


def balance_change(event: WalletChanged, event_id: str) -> dict[str, Any]:
    """Return ``data`` of an ``account.balance``; borrowing and paying back count as ``other`` (assumed)."""
    kind, _, symbol = event.wallet.partition(":")
    prefix = f"isolated_{symbol}" if symbol else _PREFIXES[kind]
    context = {"symbol": event.symbol, "orderId": event.order_id, "tradeId": event.trade_id}
    return {
        "accountId": account_id(event.account, event.wallet, event.currency),
        "available": plain(event.available),
        "availableChange": plain(event.available_change),
        "currency": event.currency,
        "hold": plain(event.held),
        "holdChange": plain(event.held_change),
        "relationContext": {name: str(value) for name, value in context.items() if value is not None},
        "relationEvent": f"{prefix}.{event.cause}",
        "relationEventId": event_id,
        "time": str(event.time_ns // 1_000_000),
        "total": plain(event.available + event.held),
    }


def debt_ratio(state: MarginAccount, in_btc: Callable[[Decimal], Decimal], now_ms: int) -> dict[str, Any]:
    """Return ``data`` of a ``debt.ratio``; currencies without balance and debt are left out (assumed)."""
    used = [c for c, balance in state.assets.items() if balance.total or state.debts[c].total]
    worth = in_btc(state.total_asset)
    return {
        "debtRatio": state.debt_ratio,
        "totalAsset": worth,
        "marginCoefficientTotalAsset": plain(worth),
        "totalDebt": plain(in_btc(state.total_debt)),
        "assetList": {
            c: {
                "total": plain(state.assets[c].total),
                "available": plain(state.assets[c].available),
                "hold": plain(state.assets[c].held),
            }
            for c in used
        },
        "debtList": {c: plain(state.debts[c].total) for c in used},
        "timestamp": now_ms,
    }


def isolated_position(event: IsolatedPositionChanged, quote_price: Decimal) -> dict[str, Any]:
    """Return ``data`` of a ``positionChange``; the accumulated principal is what the owner brought in (assumed)."""
    state = event.state
    own = _ROUGH.divide(state.own_capital, quote_price) if quote_price else ZERO
    return {
        "tag": state.symbol,
        "status": event.status,
        "statusBizType": event.cause,
        "accumulatedPrincipal": plain(own.quantize(Decimal("0.01"), ROUND_DOWN, _ROUGH)),
        "changeAssets": {
            currency: {
                "total": plain(balance.total),
                "hold": plain(balance.held),
                "liabilityPrincipal": plain(state.debts[currency].principal),
                "liabilityInterest": plain(state.debts[currency].interest),
            }
            for currency, balance in state.assets.items()
        },
        "timestamp": event.time_ns // 1_000_000,
    }


def loan_order(event: LendingOrderChanged) -> Mapping[str, Any]:
    """Return ``data`` of ``order.open``, ``order.update`` and ``order.done`` of the lending market."""
    order = event.order
    data = {"currency": order.currency, "orderId": order.order_id, "side": order.side, "ts": event.time_ns}
    if event.kind == "done":
        return {**data, "reason": str(order.outcome)}
    data |= {"dailyIntRate": order.daily_rate, "term": order.term, "size": order.size}
    return {**data, "lentSize": order.lent} if event.kind == "update" else data
