"""
How an order stands, read from what OKX tells about it: rows of REST, and items of the ``orders`` and ``sprd-orders``
channels, which have the same fields.

Source: OKX docs v5, Get order details, Order channel, Spread Trading, Get order details (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kucoin_sync.errors import RestError
from kucoin_sync.exchange_rest.answers import odd_data
from kucoin_sync.fates import OrderState, OrderStatus
from kucoin_sync.protocol.decimals import exact

__all__ = ["state_of_item", "state_of_order"]

_STATUS: Mapping[str, OrderStatus] = {
    "live": "live",
    "partially_filled": "live",
    "filled": "filled",
    "canceled": "cancelled",
    "mmp_canceled": "cancelled",
}
_MARKET = ("market", "optimal_limit_ioc")
_NAMED = ("ordId", "instId", "sprdId", "state", "cTime")
_LONGEST_TIME = 16


def state_of_item(data: Any) -> OrderState | None:
    """
    Read an order.

    Args:
        data: ``{"instId": "BTC-USDT", "ordId": "4521...", "clOrdId": "b16a", "state": "live", "cTime": "1654...", "px":
            "30000", "sz": "0.01", "accFillSz": "0", ...}``; of a spread ``sprdId`` is in place of ``instId``.

    Returns:
        ``None`` for what does not tell which order it is, when it was made, or how it stands.
    """
    if not isinstance(data, Mapping):
        return None
    order_id, symbol = _text(data, "ordId"), _text(data, "instId") or _text(data, "sprdId")
    status, created_ms = _STATUS.get(_text(data, "state") or ""), _time(data.get("cTime"))
    if order_id is None or symbol is None or status is None or created_ms is None:
        return None
    kind = _text(data, "ordType")
    return OrderState(
        order_id=order_id,
        client_oid=_text(data, "clOrdId"),
        symbol=symbol,
        status=status,
        side=_text(data, "side"),
        type=kind and ("market" if kind in _MARKET else "limit"),
        price=exact(data.get("px")),
        size=exact(data.get("sz")),
        filled_size=exact(data.get("accFillSz")),
        created_ms=created_ms,
        raw=data,
    )


def state_of_order(data: Any, op: str) -> OrderState:
    """As `state_of_item`, of the answer to the call ``op``. Raises RestError for what cannot be read."""
    state = state_of_item(data)
    if state is None:
        raise _unreadable(data, op)
    return state


def _unreadable(data: Any, op: str) -> RestError:
    return odd_data(op, {name: data[name] for name in _NAMED if name in data} if isinstance(data, Mapping) else data)


def _text(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) and value else None


def _time(value: Any) -> int | None:
    """Read milliseconds since 1970, which come as text."""
    fits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST_TIME
    return int(value) if fits else None
