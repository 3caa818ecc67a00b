"""
Orders, fills and stop orders as REST tells them.

Source: KuCoin docs, Get Order By OrderId, Get Trade History, Get Stop Order, of the spot and the margin market. What an
order placed by funds has for ``size`` and one placed by size at the market for ``funds`` is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, localcontext
from itertools import islice
from typing import Any, TypeVar

from ..matching.accounts import EXACT
from ..matching.events import OrderMatched
from ..matching.orders import OrderState, StopOrderState
from ..matching.symbols import plain
from .calls import RestCall

__all__ = [
    "fill_number",
    "fill_object",
    "margin_order_object",
    "order_number",
    "order_object",
    "page_of",
    "slice_of",
    "stop_order_object",
]

ZERO = Decimal(0)
T = TypeVar("T")


def order_object(order: OrderState, fee_currency: str) -> dict[str, Any]:
    """Return one spot order."""
    request = order.request
    is_cancelled = order.outcome == "canceled"
    cancelled_size = order.cancelled_size
    with localcontext(EXACT):
        if request.funds is not None:
            funds = request.funds
            cancelled_funds = funds - order.deal_funds if is_cancelled else ZERO
        else:
            funds = request.price * (request.size or ZERO)
            cancelled_funds = request.price * cancelled_size
        remaining_funds = ZERO if is_cancelled or not funds else funds - order.deal_funds - cancelled_funds
    return {
        "id": order.order_id,
        "clientOid": order.client_oid,
        "symbol": order.symbol,
        "opType": "DEAL",
        "type": order.type,
        "side": order.side,
        "price": plain(order.price),
        "size": plain(request.size or ZERO),
        "funds": plain(funds),
        "dealSize": plain(order.deal_size),
        "dealFunds": plain(order.deal_funds),
        "remainSize": plain(order.remaining),
        "remainFunds": plain(remaining_funds),
        "cancelledSize": plain(cancelled_size),
        "cancelledFunds": plain(cancelled_funds),
        "fee": plain(order.fee),
        "feeCurrency": fee_currency,
        "stp": request.stp or None,
        "timeInForce": request.time_in_force,
        "postOnly": request.post_only,
        "hidden": request.hidden,
        "iceberg": request.visible_size is not None,
        "visibleSize": plain(request.visible_size or ZERO),
        "cancelAfter": max(0, request.cancel_after),
        "channel": "API",
        "remark": request.remark,
        "tags": request.tags,
        "cancelExist": is_cancelled or bool(cancelled_size),
        "tradeType": request.trade_type,
        "inOrderBook": order.is_live,
        "active": order.is_live,
        "tax": "0",
        "createdAt": order.created_at_ns // 1_000_000,
        "lastUpdatedAt": order.updated_at_ns // 1_000_000,
    }


def margin_order_object(order: OrderState, fee_currency: str) -> dict[str, Any]:
    """Return one margin order."""
    request = order.request
    return {
        **order_object(order, fee_currency),
        "stop": request.stop or None,
        "stopTriggered": bool(request.stop),
        "stopPrice": plain(request.stop_price),
    }


def fill_object(fill: OrderMatched, fee_currency: str, fee_rate: Decimal) -> dict[str, Any]:
    """Return one fill."""
    order, trade = fill.order, fill.trade
    with localcontext(EXACT):
        funds = trade.price * trade.size
    fee = trade.maker_fee if fill.is_maker else trade.taker_fee
    return {
        "id": fill_number(fill),
        "symbol": order.symbol,
        "tradeId": trade.trade_id,
        "orderId": order.order_id,
        "counterOrderId": trade.taker_order_id if fill.is_maker else trade.maker_order_id,
        "side": order.side,
        "liquidity": "maker" if fill.is_maker else "taker",
        "type": order.type,
        "forceTaker": False,
        "price": plain(trade.price),
        "size": plain(trade.size),
        "funds": plain(funds),
        "fee": plain(fee),
        "feeRate": plain(fee_rate),
        "feeCurrency": fee_currency,
        "stop": order.request.stop,
        "tradeType": order.request.trade_type,
        "taxRate": "0",
        "tax": "0",
        "createdAt": trade.time_ns // 1_000_000,
    }


def stop_order_object(
    order: StopOrderState, *, user: str, fee_currency: str, taker_fee: Decimal, maker_fee: Decimal
) -> dict[str, Any]:
    """Return one stop order."""
    request = order.request
    triggered = order.triggered_at_ns
    return {
        "id": order.order_id,
        "symbol": request.symbol,
        "userId": user,
        "status": order.status,
        "type": request.type,
        "side": request.side,
        "price": plain(request.price),
        "size": None if request.size is None else plain(request.size),
        "funds": None if request.funds is None else plain(request.funds),
        "stp": request.stp or None,
        "timeInForce": request.time_in_force,
        "cancelAfter": request.cancel_after,
        "postOnly": request.post_only,
        "hidden": request.hidden,
        "iceberg": request.visible_size is not None,
        "visibleSize": None if request.visible_size is None else plain(request.visible_size),
        "channel": "API",
        "clientOid": request.client_oid,
        "remark": request.remark,
        "tags": request.tags,
        "relatedNo": order.related_order_id,
        "orderTime": order.created_at_ns,
        "domainId": "kucoin",
        "tradeSource": "USER",
        "tradeType": request.trade_type,
        "feeCurrency": fee_currency,
        "takerFeeRate": plain(taker_fee),
        "makerFeeRate": plain(maker_fee),
        "createdAt": order.created_at_ns // 1_000_000,
        "stop": request.stop,
        "stopTriggerTime": None if triggered is None else triggered // 1_000_000,
        "stopPrice": plain(request.stop_price),
        "limitPrice": None,
        "pop": None,
        "activateCondition": None,
    }


def order_number(order: OrderState) -> int:
    """Return the number that ``lastId`` goes by."""
    return int(order.order_id.removeprefix("SIM"), 16)


def fill_number(fill: OrderMatched) -> int:
    """Return the id of a fill: an account may be on both sides of a trade."""
    return 2 * fill.trade.trade_id + fill.is_maker


def page_of(items: Sequence[T], call: RestCall, *, number: str, default: int, least: int, most: int) -> dict[str, Any]:
    """Return one page; ``number`` is the parameter that says which, ``pageSize`` says how long it is."""
    page = call.whole(number, 1, least=1)
    size = call.whole("pageSize", default, least=least, most=most)
    return {
        "currentPage": page,
        "pageSize": size,
        "totalNum": len(items),
        "totalPage": -(-len(items) // size),
        "items": list(items[(page - 1) * size : page * size]),
    }


def slice_of(items: Iterable[T], call: RestCall, *, number: Callable[[T], int]) -> tuple[list[T], int]:
    """
    Return the newest items before ``lastId``, ``limit`` of them, and the ``lastId`` for the next call (0 at the end).

    Args:
        items: Newest first.
        call: With ``lastId`` and ``limit``.
        number: Gives the number of an item.
    """
    last = call.whole("lastId", 0)
    limit = call.whole("limit", 20, least=1, most=100)
    wanted = list(islice((item for item in items if not last or number(item) < last), limit))
    return wanted, number(wanted[-1]) if wanted else 0
