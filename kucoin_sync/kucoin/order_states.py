"""
How an order stands, read from what KuCoin tells about it: order objects of REST, and events of the private topics.

Source: KuCoin docs, Get Order By ClientOid of spot, margin and futures, and the private order channels of spot and
futures (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kucoin_sync.errors import RestError
from kucoin_sync.exchange_rest.answers import odd_data
from kucoin_sync.fates import OrderState, OrderStatus
from kucoin_sync.kucoin.numbers import to_milliseconds
from kucoin_sync.protocol.decimals import exact

__all__ = ["state_of_event", "state_of_order", "state_of_pro_event"]

_STATUS_OF_EVENT: Mapping[str, OrderStatus] = {
    "received": "live",
    "open": "live",
    # A fill that leaves nothing may say ``done`` already, or not; ``filled`` is what tells that the order is over.
    "match": "live",
    "update": "live",
    "filled": "filled",
    "canceled": "cancelled",
}
"""``type`` of an event to how the order stands then."""

_STATUS_OF_PRO_EVENT: Mapping[int, OrderStatus] = {
    0: "live",  # waits for its trigger
    2: "live",
    3: "filled",
    4: "live",
    5: "cancelled",
    6: "cancelled",
}
"""``os`` of an event of the Pro stream to the same."""


def state_of_order(data: Mapping[str, Any], op: str = "order object") -> OrderState:
    """
    Read an order object of REST, of any product.

    Args:
        data: ``{"id": "6717...", "clientOid": "5c52...", "symbol": "BTC-USDT", "side": "buy", "active": false,
            "cancelExist": false, "createdAt": 1729577515444, ...}``; futures say ``isActive``.
        op: The call it came from, for the error.

    Raises:
        RestError: If it does not tell which order it is, when it was made, or how it stands.
    """
    order_id, symbol = _text(data, "id"), _text(data, "symbol")
    created_ms = to_milliseconds(data.get("createdAt"))
    status = _status_of_order(data)
    if order_id is None or symbol is None or created_ms is None or status is None:
        raise _unreadable(data, op)
    return OrderState(
        order_id=order_id,
        client_oid=_text(data, "clientOid"),
        symbol=symbol,
        status=status,
        side=_text(data, "side"),
        type=_text(data, "type"),
        price=_positive(data, "price"),
        size=_positive(data, "size"),
        filled_size=exact(data.get("dealSize")),
        created_ms=created_ms,
        raw=data,
    )


def state_of_event(data: Mapping[str, Any]) -> OrderState | None:
    """
    Read an event of ``/spotMarket/tradeOrdersV2``, ``/spotMarket/tradeOrders`` or ``/contractMarket/tradeOrders``.

    Args:
        data: Of the push: ``{"orderId": "6720...", "clientOid": "5c52...", "symbol": "BTC-USDT", "type": "open",
            "orderTime": 1730211033305, ...}``.

    Returns:
        ``None`` for what is no event of an order, or one of a kind that is not known.
    """
    order_id, symbol, event = _text(data, "orderId"), _text(data, "symbol"), _text(data, "type")
    status = None if event is None else _STATUS_OF_EVENT.get(event)
    if order_id is None or symbol is None or status is None:
        return None
    return OrderState(
        order_id=order_id,
        client_oid=_text(data, "clientOid"),
        symbol=symbol,
        status=status,
        side=_text(data, "side"),
        type=_text(data, "orderType"),
        price=_positive(data, "price"),
        # ``size`` shrinks with an update; futures have no other.
        size=_positive(data, "originSize") or _positive(data, "size"),
        filled_size=exact(data.get("filledSize")),
        created_ms=to_milliseconds(data.get("orderTime")),
        raw=data,
    )


def state_of_pro_event(data: Mapping[str, Any]) -> OrderState | None:
    """
    Read an event of the Pro stream's ``orderAll`` or ``order``.

    Args:
        data: The push's ``d``: ``{"oi": "4092...", "ci": "3935...", "s": "BTC-USDT", "os": 3, "O": 1770380108442909926,
            ...}``.

    Returns:
        ``None`` for what is no event of an order, or one with a status that is not known. One that was triggered has
        none: what it has become is another order.
    """
    order_id, symbol, number = _text(data, "oi"), _text(data, "s"), data.get("os")
    status = _STATUS_OF_PRO_EVENT.get(number) if type(number) is int else None
    if order_id is None or symbol is None or status is None:
        return None
    side, kind = _text(data, "S"), _text(data, "oT")
    return OrderState(
        order_id=order_id,
        client_oid=_text(data, "ci"),
        symbol=symbol,
        status=status,
        side=side and side.lower(),
        type=kind and kind.lower(),
        price=_positive(data, "p"),
        size=_positive(data, "q"),
        filled_size=exact(data.get("fS")),
        created_ms=to_milliseconds(data.get("O")),
        raw=data,
    )


def _status_of_order(data: Mapping[str, Any]) -> OrderStatus | None:
    """There is no word for it on spot and margin, only flags; futures have them too."""
    active = data.get("active", data.get("isActive"))
    cancelled = data.get("cancelExist")
    if active is True:
        return "live"
    if active is not False or not isinstance(cancelled, bool):
        return None
    return "cancelled" if cancelled else "filled"


def _unreadable(data: Mapping[str, Any], op: str) -> RestError:
    named = ("id", "symbol", "createdAt", "active", "isActive", "cancelExist")
    return odd_data(op, {name: data[name] for name in named if name in data})


def _text(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) and value else None


def _positive(data: Mapping[str, Any], name: str) -> Decimal | None:
    """A market order has a price of 0 on the wire, and one by funds a size of 0: they have none."""
    return exact(data.get(name)) or None
