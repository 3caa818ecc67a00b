"""
Arguments of the spot order calls: what a frame or a body may ask for.

`read_order_request` holds every check that needs no market state. Where the exchange does not publish a
text or does not say which of several failing checks wins, the choice made here is marked "assumed".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import evolve

from .orders import OrderRequest, Refused
from .symbols import Symbol

__all__ = ["check_limit", "modified", "read_client_oid", "read_order_request"]

_CLIENT_OID = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
# Bounded on purpose: products of two such numbers and a fee rate stay exact in 60 digits.
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,12})?\Z")
_ASCII_20 = re.compile(r"[ -~]{0,20}\Z")


def read_client_oid(value: object) -> str | None:
    """
    Check a client order id: at most 40 of ``A-Za-z0-9_-``; absent or empty means none.

    Raises:
        Refused: 400100, with an assumed text.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _CLIENT_OID.match(value):
        raise Refused("400100", "clientOid is invalid.")
    return value


def read_order_request(args: Mapping[str, Any], symbols: Mapping[str, Symbol], now_ms: int) -> OrderRequest:
    """
    Check the arguments of ``spot.order`` against the pair's steps and limits.

    Args:
        args: The ``args`` object of the frame, e.g. ``{"type": "limit", "symbol": "BTC-USDT",
            "side": "buy", "price": "50000", "size": "0.00001"}``.
        symbols: Known pairs by name.
        now_ms: Server time at which the frame arrived.

    Returns:
        The request; balances and live orders have not been looked at.

    Raises:
        Refused: With the exchange's code and text. Order of the checks: assumed.
    """
    symbol = symbols.get(str(args.get("symbol")))
    if symbol is None:
        raise Refused("400100", "Unsupported trading pair.")
    if not symbol.enabled:
        raise Refused("600203", "Symbol is not enabled for trading.")
    side = _one_of(args, "side", ("buy", "sell"), None)
    kind = _one_of(args, "type", ("limit", "market"), None)
    client_oid = read_client_oid(args.get("clientOid"))
    _check_window(args, now_ms)
    tags, remark = _text(args, "tags"), _text(args, "remark")
    stp = _one_of(args, "stp", ("DC", "CO", "CN", "CB", ""), "")
    if kind == "market":
        return evolve(_read_market(args, symbol, side, client_oid), stp=stp, tags=tags, remark=remark)
    force = _one_of(args, "timeInForce", ("GTC", "GTT", "IOC", "FOK"), "GTC")
    cancel_after = args.get("cancelAfter", -1)
    if not isinstance(cancel_after, int) or isinstance(cancel_after, bool) or not -1 <= cancel_after <= 10**9:
        raise Refused("400100", "cancelAfter is invalid.")
    post_only = _flag(args, "postOnly")
    hidden, iceberg = _flag(args, "hidden"), _flag(args, "iceberg")
    visible = _number(args, "visibleSize") if iceberg else None
    if visible is not None:
        _check_size(visible, symbol)  # assumed: the documents name no rule
    if hidden and iceberg:
        raise Refused("400100", "hidden and iceberg can not be used together.")  # assumed
    if post_only and force in ("IOC", "FOK"):
        raise Refused("400100", "postOnly can not be used with IOC or FOK.")
    request = OrderRequest(
        symbol.name,
        side,
        "limit",
        client_oid,
        _number(args, "price"),
        _number(args, "size"),
        None,
        force,
        cancel_after,
        post_only,
        hidden=hidden,
        visible_size=visible,
        stp=stp,
        tags=tags,
        remark=remark,
    )
    check_limit(request, symbol)
    return request


def check_limit(request: OrderRequest, symbol: Symbol) -> None:
    """
    Check price and size of a limit order against the steps of its pair.

    Raises:
        Refused: 400100.
    """
    assert request.size is not None
    if request.price <= 0 or request.price % symbol.price_increment:
        raise Refused("400100", "Price increment invalid.")  # text assumed
    _check_size(request.size, symbol)
    if request.price * request.size < symbol.min_funds:
        raise Refused("400100", "Order size below the minimum requirement.")


def modified(request: OrderRequest, args: Mapping[str, Any], symbol: Symbol, remaining: Decimal) -> OrderRequest:
    """
    Build the request that replaces a live one: ``newPrice`` and ``newSize``, at least one of them.

    Without ``newSize`` the replacement has the size that was still open (assumed).

    Raises:
        Refused: 400100.
    """
    if args.get("newPrice") is None and args.get("newSize") is None:
        raise Refused("400100", "newPrice or newSize is required.")
    price = request.price if args.get("newPrice") is None else _number(args, "newPrice")
    size = remaining if args.get("newSize") is None else _number(args, "newSize")
    changed = evolve(request, price=price, size=size)
    check_limit(changed, symbol)
    return changed


def _read_market(args: Mapping[str, Any], symbol: Symbol, side: str, client_oid: str | None) -> OrderRequest:
    has_size, has_funds = args.get("size") is not None, args.get("funds") is not None
    if has_size == has_funds:
        raise Refused("400100", "Either size or funds is required.")  # text assumed
    if has_size:
        size = _number(args, "size")
        _check_size(size, symbol)
        return OrderRequest(symbol.name, side, "market", client_oid, size=size)
    funds = _number(args, "funds")
    if funds < max(symbol.quote_min_size, symbol.min_funds):
        raise Refused("400100", "Order size below the minimum requirement.")
    if funds > symbol.quote_max_size:
        raise Refused("400100", "Order size above the maximum requirement.")  # text assumed
    if funds % symbol.quote_increment:
        raise Refused("400100", "Order size increment invalid.")
    return OrderRequest(symbol.name, side, "market", client_oid, funds=funds)


def _check_size(size: Decimal, symbol: Symbol) -> None:
    if size < symbol.base_min_size:
        raise Refused("400100", "Order size below the minimum requirement.")
    if size > symbol.base_max_size:
        raise Refused("400100", "Order size above the maximum requirement.")  # text assumed
    if size % symbol.base_increment:
        raise Refused("400100", "Order size increment invalid.")


def _check_window(args: Mapping[str, Any], now_ms: int) -> None:
    """Refuse an order that arrives after ``clientTimestamp + allowMaxTimeWindow`` (code and text assumed)."""
    window = args.get("allowMaxTimeWindow")
    if window is None:
        return
    stamp = args.get("clientTimestamp")
    for value in (window, stamp):
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise Refused("400100", "clientTimestamp and allowMaxTimeWindow must be used together.")
    assert isinstance(stamp, int)
    if now_ms > stamp + window:
        raise Refused("400002", "The request arrived later than clientTimestamp + allowMaxTimeWindow.")


def _one_of(args: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: str | None) -> str:
    value = args.get(name)
    if value is None:
        value = default
    if not isinstance(value, str) or value not in allowed:
        raise Refused("400100", f"{name} is invalid.")
    return value


def _text(args: Mapping[str, Any], name: str) -> str | None:
    text = args.get(name)
    if text is not None and (not isinstance(text, str) or not _ASCII_20.match(text)):
        raise Refused("400100", f"{name} is invalid.")
    return text


def _flag(args: Mapping[str, Any], name: str) -> bool:
    value = args.get(name, False)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise Refused("400100", f"{name} is invalid.")
    return value


def _number(args: Mapping[str, Any], name: str) -> Decimal:
    """Read a positive number; strings are documented, plain JSON numbers are taken too (assumed)."""
    value = args.get(name)
    if isinstance(value, Decimal):
        value = format(value, "f") if value.is_finite() and -30 < value.adjusted() < 30 else ""
    elif isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if 0 <= value < 10**15 else ""
    if not isinstance(value, str) or not _NUMBER.match(value):
        raise Refused("400100", f"{name} is invalid.")
    return Decimal(value)
