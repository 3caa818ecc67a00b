"""
Orders and fills of both engines in the words of the private Pro channels.

Source: KuCoin docs, unified account WebSocket, order and execution pages, and frames captured in 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from attrs import frozen

from ..futures.events import FuturesFill, FuturesOrderState
from ..matching.events import Trade
from ..matching.orders import OrderRequest, OrderState, StopOrderState
from ..matching.symbols import plain

__all__ = [
    "NO_FILL",
    "LastFill",
    "classic_execution",
    "classic_order",
    "futures_execution",
    "futures_order",
    "lite_execution",
    "scopes_of",
    "spot_execution",
    "spot_order",
    "spot_stop_order",
]

ZERO = Decimal(0)

_AVERAGE_STEP = Decimal("0.0000000001")
# An average is a quotient, which the exact arithmetic of money refuses.
_ROUNDED = Context(prec=60, rounding=ROUND_HALF_EVEN)

#: Trade type of the spot engine to the words of the wire: product, and margin mode.
_PRODUCTS = {
    "TRADE": ("SPOT", ""),
    "MARGIN_TRADE": ("MARGIN", "CROSS"),
    "MARGIN_ISOLATED_TRADE": ("MARGIN", "ISOLATED"),
}
_TRIGGERS = {"loss": "DOWN", "entry": "UP", "down": "DOWN", "up": "UP"}
_FILL_TYPES = {"trade": "NORMAL", "liquid": "LIQUID", "settlement": "SETTLEMENT", "adl": "ADL"}

#: What a row says where an order has nothing to say, in the order of the captured frames.
_EMPTY: Mapping[str, Any] = {
    "O": 0,
    "S": "",
    "U": 0,
    "f": "0",
    "p": "",
    "q": "0",
    "s": "",
    "t": "0",
    "aP": "0",
    "cR": "",
    "cS": "0",
    "ci": "",
    "eT": "",
    "fC": "",
    "fS": "0",
    "lP": "",
    "lR": "",
    "lS": "0",
    "ls": "0",
    "mM": "",
    "oS": "USER",
    "oT": "",
    "oi": "",
    "os": 2,
    "pO": False,
    "pP": "",
    "qU": "BASECCY",
    "rO": False,
    "rS": "0",
    "tD": "",
    "tP": "",
    "tT": "",
    "ti": "",
    "lOP": "",
    "lPT": "",
    "pOP": "",
    "pPT": "",
    "stp": "",
    "tIF": "GTC",
    "tPT": "",
    "toi": "",
    "bT": "",
}

_CLASSIC_ORDER = "O S U f p q s t aP cS ci eT fC fS oT oi os pO qU rS ti tIF".split()  # noqa: SIM905 - reads better
_CLASSIC_EXECUTION = "E S f p q s fC lR oT oi ti".split()  # noqa: SIM905
_LITE_EXECUTION = "E S p q s lR oT oi ti".split()  # noqa: SIM905


@frozen
class LastFill:
    """The fill a row is about; all empty where it is about none."""

    trade_id: str = ""
    price: Decimal = ZERO
    size: Decimal = ZERO
    liquidity: str = ""


NO_FILL = LastFill()


def scopes_of(request: OrderRequest) -> tuple[str, ...]:
    """Return the trade types under which an order of the spot engine is seen."""
    return tuple(scope for scope in ("UNIFIED", *_PRODUCTS[request.trade_type]) if scope)


def spot_order(
    order: OrderState, event: str, *, fee_currency: str, fill: LastFill = NO_FILL, origin: str = ""
) -> dict[str, Any]:
    """
    Spell an order of the spot engine.

    Args:
        order: Its state.
        event: ``OPEN``, ``UPDATE``, ``MATCH``, ``FILL`` or ``CANCEL``.
        fee_currency: In which its fees are.
        fill: What an event of a fill is about.
        origin: The conditional order it came from.
    """
    by_funds = order.funds is not None
    ordered = _ordered(order.request)
    # An order by funds counts in its own unit what is left of it; what it got is in base currency (assumed).
    left = ordered - order.deal_funds if by_funds else order.remaining
    over = order.outcome is not None
    return {
        **_EMPTY,
        **_wished(order.request),
        **_last(fill),
        "oi": order.order_id,
        "O": order.created_at_ns,
        "U": order.updated_at_ns,
        "eT": event,
        "os": _status(event, order.deal_size),
        "fS": plain(order.deal_size),
        "aP": _average(order.deal_funds, order.deal_size),
        "rS": plain(ZERO if over else left),
        "cS": plain((left if by_funds else order.cancelled_size) if order.outcome == "canceled" else ZERO),
        "cR": order.cancel_reason or "",
        "f": plain(order.fee),
        "fC": fee_currency,
        "toi": origin,
    }


def spot_stop_order(
    order: StopOrderState, event: str, *, fee_currency: str, now_ns: int, cancel_reason: str = ""
) -> dict[str, Any]:
    """
    Spell an order of the spot engine that waits for its price.

    Args:
        order: Its state.
        event: ``OPEN``, ``TRIGGER`` or ``CANCEL``.
        fee_currency: In which the fees of the order behind it will be.
        now_ns: When this happened.
        cancel_reason: With ``CANCEL``.
    """
    size = plain(_ordered(order.request))
    is_cancelled = event == "CANCEL"
    return {
        **_EMPTY,
        **_wished(order.request),
        "oi": order.order_id,
        "O": order.created_at_ns,
        "U": now_ns,
        "eT": event,
        "os": 0 if event == "OPEN" else _status(event, ZERO),
        "rS": "0" if is_cancelled else size,
        "cS": size if is_cancelled else "0",
        "cR": cancel_reason,
        "fC": fee_currency,
        "tD": _TRIGGERS[order.request.stop],
        "tP": plain(order.request.stop_price),
        "tPT": "TP",
    }


def futures_order(
    order: FuturesOrderState,
    event: str,
    *,
    average: Decimal,
    fill: LastFill = NO_FILL,
) -> dict[str, Any]:
    """
    Spell an order on a contract, also one that waits for its price.

    Args:
        order: Its state.
        event: ``OPEN``, ``UPDATE``, ``MATCH``, ``FILL``, ``CANCEL`` or ``TRIGGER``.
        average: Average price of its fills.
        fill: What an event of a fill is about.
    """
    conditional = event == "TRIGGER" or order.is_waiting or (order.stop and not order.stop_triggered)
    status = 0 if event == "OPEN" and order.is_waiting else _status(event, order.deal_size)
    return {
        **_EMPTY,
        **_last(fill),
        "oi": order.order_id,
        "ci": order.client_oid or "",
        "s": order.symbol,
        "S": order.side.upper(),
        "oT": order.type.upper(),
        "O": order.created_at_ns,
        "U": order.updated_at_ns,
        "eT": event,
        "os": status,
        "tT": "FUTURES",
        "mM": order.margin_mode,
        "pS": order.position_side,
        "p": plain(order.price) if order.type == "limit" else "",
        "q": plain(order.size),
        "qU": "UNIT",
        "fS": plain(order.deal_size),
        "aP": plain(average),
        "rS": plain(order.remaining),
        "cS": plain(order.canceled_size),
        "cR": order.cancel_reason,
        "f": plain(order.fee),
        "fC": order.settle_currency,
        "rO": order.reduce_only,
        "pO": order.post_only,
        "stp": order.stp,
        "tIF": order.time_in_force,
        "tD": _TRIGGERS.get(order.stop, ""),
        "tP": "" if order.stop_price is None else plain(order.stop_price),
        "tPT": order.stop_price_type,
        # A stop order of the simulated exchange keeps its id when it fires; that one is named here.
        "toi": "" if conditional or not order.stop else order.order_id,
    }


def spot_execution(order: OrderState, trade: Trade, *, is_maker: bool, fee_currency: str) -> dict[str, Any]:
    """Spell one side of a fill of the spot engine."""
    return {
        "oi": order.order_id,
        "s": order.symbol,
        "S": order.side.upper(),
        "oT": order.type.upper(),
        "p": plain(trade.price),
        "q": plain(trade.size),
        "ti": str(trade.trade_id),
        "E": trade.time_ns,
        "lR": "MAKER" if is_maker else "TAKER",
        "f": plain(trade.maker_fee if is_maker else trade.taker_fee),
        "fC": fee_currency,
        "fT": "NORMAL",
        "ci": order.client_oid or "",
        "fP": "",
    }


def futures_execution(fill: FuturesFill) -> dict[str, Any]:
    """Spell one side of a fill on a contract; one that nobody ordered has order id ``0`` and no order type."""
    kind = _FILL_TYPES[fill.trade_type]
    is_ordered = kind == "NORMAL"
    return {
        "oi": fill.order_id if is_ordered else "0",
        "s": fill.symbol,
        "S": fill.side.upper(),
        "oT": fill.order_type.upper() if is_ordered else "",
        "p": plain(fill.price),
        "q": plain(fill.size),
        "ti": str(fill.trade_id),
        "E": fill.time_ns,
        "lR": fill.liquidity.upper(),
        "f": plain(fill.fee),
        "fC": fill.settle_currency,
        "fT": kind,
        "ci": (fill.client_oid or "") if is_ordered else "",
        "fP": plain(fill.closed_pnl) if fill.closed_size else "",
    }


def lite_execution(execution: Mapping[str, Any], *, is_futures: bool) -> dict[str, Any]:
    """Return the short form of a fill; the trade id of spot is a number there."""
    row = {key: execution[key] for key in _LITE_EXECUTION}
    return row if is_futures else {**row, "ti": int(row["ti"])}


def classic_order(row: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return what an account in classic mode gets of an order.

    Captured are spot orders: less keys, and a zero for no price. Those of contracts keep all but the product (assumed).
    """
    if row["tT"] == "FUTURES":
        return {**{key: value for key, value in row.items() if key != "tT"}, "p": row["p"] or "0"}
    return {**{key: row[key] for key in _CLASSIC_ORDER}, "p": row["p"] or "0"}


def classic_execution(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an account in classic mode gets of a fill (as captured)."""
    return {key: row[key] for key in _CLASSIC_EXECUTION}


def _wished(request: OrderRequest) -> dict[str, Any]:
    """Return what was ordered of the spot engine."""
    product, mode = _PRODUCTS[request.trade_type]
    return {
        "ci": request.client_oid or "",
        "s": request.symbol,
        "S": request.side.upper(),
        "oT": request.type.upper(),
        "tT": product,
        "mM": mode,
        "p": plain(request.price) if request.type == "limit" else "",
        "q": plain(_ordered(request)),
        "qU": "BASECCY" if request.funds is None else "QUOTECCY",
        "pO": request.post_only,
        "stp": request.stp,
        "tIF": request.time_in_force,
    }


def _ordered(request: OrderRequest) -> Decimal:
    """Return size or funds, whichever was ordered."""
    return request.funds if request.funds is not None else request.size or ZERO


def _last(fill: LastFill) -> dict[str, Any]:
    return {"ti": fill.trade_id, "ls": plain(fill.price), "lS": plain(fill.size), "lR": fill.liquidity}


def _status(event: str, deal_size: Decimal) -> int:
    """Return 1 triggered, 2 live, 3 filled, 4 partly filled, 5 canceled or 6 partly filled, then canceled."""
    partly = {"OPEN": (2, 4), "UPDATE": (2, 4), "CANCEL": (5, 6)}
    if event in partly:
        return partly[event][bool(deal_size)]
    return {"TRIGGER": 1, "MATCH": 4, "FILL": 3}[event]


def _average(value: Decimal, size: Decimal) -> str:
    if not size:
        return "0"
    return plain(_ROUNDED.quantize(_ROUNDED.divide(value, size), _AVERAGE_STEP))
