"""
Arguments of the unified order operations, turned into those of the engine that will do it.

Only what the unified form says in its own way is checked here: the rest, such as steps, limits and balances, is left to
the engines, whose refusals are translated afterwards. Texts and the sequence of the checks are assumed.

Source: KuCoin docs, unified account, Place Order, Cancel Order and Amend Order over WebSocket and REST.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..matching.orders import Refused
from ..matching.symbols import plain

__all__ = [
    "FUTURES",
    "MARGIN_TYPES",
    "TRADE_TYPES",
    "Arguments",
    "read_amend",
    "read_cancel",
    "read_closing_stops",
    "read_order",
]

Arguments = Mapping[str, Any]

FUTURES = "FUTURES"
MARGIN_TYPES = ("MARGIN", "CROSS", "ISOLATED")
TRADE_TYPES = ("SPOT", FUTURES, *MARGIN_TYPES)

_TIMES_IN_FORCE = {
    "SPOT": ("GTC", "IOC", "FOK", "GTT"),
    "MARGIN": ("GTC", "IOC", "FOK", "GTT"),
    FUTURES: ("GTC", "IOC", "FOK", "RPI"),
}
_TRIGGERS = {"SPOT": {"UP": "entry", "DOWN": "loss"}, FUTURES: {"UP": "up", "DOWN": "down"}}
_PRICE_KINDS = ("TP", "IP", "MP")
_CLOSING = ("tpTriggerPrice", "tpTriggerPriceType", "slTriggerPrice", "slTriggerPriceType")
#: What a stop order that closes has in common with the order it belongs to.
_KEPT = ("symbol", "size", "qty", "valueQty", "marginMode", "positionSide")
#: Unit of the size to the argument of the engine's order, by product and order type.
_SIZES = {
    ("SPOT", "LIMIT"): {"BASECCY": "size"},
    ("SPOT", "MARKET"): {"BASECCY": "size", "QUOTECCY": "funds"},
    (FUTURES, "LIMIT"): {"UNIT": "size", "BASECCY": "qty", "QUOTECCY": "valueQty"},
    (FUTURES, "MARKET"): {"UNIT": "size", "BASECCY": "qty", "QUOTECCY": "valueQty"},
}
_SAME_NAMES = ("symbol", "clientOid", "cancelAfter", "postOnly", "stp")
_SAME_NAMES_OF = {
    "SPOT": ("tags",),
    "MARGIN": ("autoBorrow", "autoRepay"),
    FUTURES: ("reduceOnly", "closeOrder", "positionSide", "marginMode", "leverage"),
}


def read_order(args: Arguments) -> tuple[str, dict[str, Any]]:
    """
    Read ``uta.order``.

    Args:
        args: ``{"tradeType":"SPOT","symbol":"BTC-USDT","side":"BUY","orderType":"LIMIT","size":"0.001",
            "sizeUnit":"BASECCY","price":"50000"}``

    Returns:
        The product, ``SPOT``, ``MARGIN`` or ``FUTURES``, and the arguments of the order operation of that engine; with
        ``stop`` among them where it is a conditional order.

    Raises:
        Refused: An argument is missing, wrong, or has no place with this product.
    """
    trade_type = _one_of(args, "tradeType", TRADE_TYPES, code="106205")
    product = "MARGIN" if trade_type in MARGIN_TYPES else trade_type
    kind = _one_of(args, "orderType", ("LIMIT", "MARKET"))
    order: dict[str, Any] = {
        "symbol": _text(args, "symbol"),
        "side": _one_of(args, "side", ("BUY", "SELL"), default="" if args.get("closeOrder") is True else None).lower(),
        "type": kind.lower(),
        "timeInForce": _one_of(args, "timeInForce", _TIMES_IN_FORCE[product], default="GTC"),
    }
    if not order["side"]:
        del order["side"]  # the engine finds out which side closes
    for name in (*_SAME_NAMES, *_SAME_NAMES_OF[product]):
        if args.get(name) is not None:
            order[name] = args[name]
    leverage = order.get("leverage")
    if isinstance(leverage, str) and leverage.isascii() and leverage.isdigit():
        order["leverage"] = int(leverage)  # texts and numbers both occur
    if product != "SPOT":
        _text(args, "clientOid")
    if product != FUTURES and args.get("reduceOnly"):
        raise Refused("106000", "reduceOnly is for futures only.")
    if kind == "LIMIT":
        order["price"] = _text(args, "price", code="106161")
    order |= _read_size(args, product, kind)
    if product == "MARGIN":
        order["isIsolated"] = trade_type == "ISOLATED"
    return product, order | _read_trigger(args, "SPOT" if product == "MARGIN" else product)


def read_cancel(args: Arguments) -> tuple[str, dict[str, Any]]:
    """
    Read ``uta.cancel``.

    Returns:
        The product, and the arguments of the cancel operation of its engine.

    Raises:
        Refused: An argument is missing or wrong.
    """
    trade_type = _one_of(args, "tradeType", TRADE_TYPES, code="106205")
    return "MARGIN" if trade_type in MARGIN_TYPES else trade_type, _read_named(args)


def read_amend(args: Arguments, *, is_futures: bool) -> tuple[dict[str, Any], dict[str, Any], bool]:
    """
    Read ``uta.amend``.

    Args:
        args: ``{"symbol":"BTC-USDT","orderId":"...","newPrice":"51000","cxlOnFail":true}``; numbers may be texts.
        is_futures: Whether the symbol is a contract.

    Returns:
        What names the order; ``newPrice`` and ``newSize`` where there are any; and whether a refusal ends the order.

    Raises:
        Refused: An argument is missing or wrong. Take profit and stop loss cannot be amended here.
    """
    named = _read_named(args)
    if any(args.get(name) is not None for name in _CLOSING):
        raise Refused("106000", "SIMULATOR: take profit and stop loss can not be amended.")
    changes = {name: _digits(args, name) for name in ("newPrice", "newSize") if args.get(name) is not None}
    if not changes:
        raise Refused("106100", "newPrice or newSize is required.")
    if "newSize" in changes:
        unit = "UNIT" if is_futures else "BASECCY"
        _one_of(args, "sizeUnit", (unit,), default=unit)
    cancel_on_fail = args.get("cxlOnFail", False)
    if not isinstance(cancel_on_fail, bool):
        raise Refused("106000", "cxlOnFail is invalid.")
    return named, changes, cancel_on_fail


def read_closing_stops(args: Arguments, order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    Return the arguments of the stop orders behind take profit and stop loss of a futures order.

    Args:
        args: Of ``uta.order``.
        order: What `read_order` made of them.

    Raises:
        Refused: An argument is missing or wrong, or the order closes a position.
    """
    stops = []
    for name, rises_with in (("tp", "buy"), ("sl", "sell")):
        if args.get(f"{name}TriggerPrice") is None:
            if args.get(f"{name}TriggerPriceType") is not None:
                raise Refused("106000", f"{name}TriggerPriceType is for a price.")
            continue
        if "side" not in order:
            raise Refused("106000", "A closing order has neither take profit nor stop loss.")
        stops.append(
            {
                **{key: order[key] for key in _KEPT if key in order},
                "side": "sell" if order["side"] == "buy" else "buy",
                "type": "market",
                "reduceOnly": True,
                "stop": "up" if order["side"] == rises_with else "down",
                "stopPrice": _text(args, f"{name}TriggerPrice"),
                "stopPriceType": _one_of(args, f"{name}TriggerPriceType", _PRICE_KINDS, default="TP"),
            }
        )
    return stops


def _read_named(args: Arguments) -> dict[str, Any]:
    """Return symbol and id of the order that is meant. Raises Refused where one is missing."""
    named: dict[str, Any] = {"symbol": _text(args, "symbol")}
    for name in ("orderId", "clientOid"):
        if args.get(name):
            return {**named, name: _text(args, name)}
    raise Refused("106100", "orderId or clientOid is required.")


def _read_size(args: Arguments, product: str, kind: str) -> dict[str, Any]:
    if args.get("size") is None and args.get("closeOrder") is True and product == FUTURES:
        return {}
    size = _text(args, "size", code="106162")
    units = _SIZES[FUTURES if product == FUTURES else "SPOT", kind]
    unit = _one_of(args, "sizeUnit", tuple(units))
    if unit != "UNIT":
        return {units[unit]: size}
    if not (size.isascii() and size.isdigit() and len(size) <= 15):
        raise Refused("106168", "BaseStepSizeMismatch")
    return {"size": int(size)}


def _read_trigger(args: Arguments, product: str) -> dict[str, Any]:
    """Return what makes an order wait for a price; direction, price and kind of price belong together."""
    names = ("triggerDirection", "triggerPrice", "triggerPriceType")
    if all(args.get(name) is None for name in names):
        return {}
    direction = _one_of(args, "triggerDirection", ("UP", "DOWN"))
    stop = {"stop": _TRIGGERS[product][direction], "stopPrice": _text(args, "triggerPrice")}
    if product == FUTURES:
        return {**stop, "stopPriceType": _one_of(args, "triggerPriceType", _PRICE_KINDS)}
    # On spot there is no other price than that of the last trade.
    _one_of(args, "triggerPriceType", ("TP",), default="TP")
    return stop


def _digits(args: Arguments, name: str) -> str:
    """Read a number that may be a text or a number, as a text."""
    value = args[name]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**15 else ""
    if isinstance(value, Decimal):
        return plain(value) if value.is_finite() and -30 < value.adjusted() < 30 else ""
    return _text(args, name)


def _text(args: Arguments, name: str, *, code: str = "106100") -> str:
    """Read a text. Raises Refused, with ``code`` where it is missing."""
    value = args.get(name)
    if value is None or value == "":
        raise Refused(code, f"{name} is required.")
    if not isinstance(value, str):
        raise Refused("106000", f"{name} is invalid.")
    return value


def _one_of(
    args: Arguments, name: str, allowed: tuple[str, ...], *, default: str | None = None, code: str = "106000"
) -> str:
    value = args.get(name)
    if value is None and default is not None:
        return default
    if value is None:
        raise Refused("106100", f"{name} is required.")
    if not isinstance(value, str) or value not in allowed:
        raise Refused(code, f"{name} is invalid.")
    return value
