"""
Arguments of the spot and margin order calls: what a frame or a body may ask for.

These are the checks that need no market state. Numbers must be strings and flags must be booleans, as documented.
Where the exchange does not publish a text or does not say which of several failing checks wins, the choice made here
is marked "assumed". Keys that no page names are ignored (assumed).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import evolve

from ..matching.orders import OrderRequest, Refused
from ..matching.symbols import Symbol
from .refusals import refused

__all__ = [
    "modified",
    "one_of",
    "positive_number",
    "read_client_oid",
    "read_margin_request",
    "read_order_request",
]

_CLIENT_OID = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
# Bounded on purpose: products of two such numbers and a fee rate stay exact in 60 digits.
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,12})?\Z")
_ASCII_20 = re.compile(r"[ -~]{0,20}\Z")
_MAX_CANCEL_AFTER = 2_592_000


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
    symbol = _symbol(args, symbols)
    kind = one_of(args, "type", ("limit", "market"), None)
    client_oid = read_client_oid(args.get("clientOid"))
    _check_window(args, now_ms)
    request = _read_common(args, symbol, kind, client_oid, tags=_text(args, "tags"))
    check_size_and_price(request, symbol)
    return request


def read_margin_request(args: Mapping[str, Any], symbols: Mapping[str, Symbol]) -> OrderRequest:
    """
    Check the arguments of ``margin.order``: ``clientOid`` is required, ``type`` is not.

    Raises:
        Refused: In the words of the spot market, see `refusals`.
    """
    symbol = _symbol(args, symbols)
    if not symbol.margin_enabled:
        raise refused("symbol")
    kind = one_of(args, "type", ("limit", "market"), "limit")
    client_oid = read_client_oid(args.get("clientOid"))
    if client_oid is None:
        raise Refused("400100", "validation.createOrder.clientOidIsRequired")
    request = evolve(
        _read_common(args, symbol, kind, client_oid),
        trade_type="MARGIN_ISOLATED_TRADE" if _flag(args, "isIsolated") else "MARGIN_TRADE",
        auto_borrow=_flag(args, "autoBorrow"),
        auto_repay=_flag(args, "autoRepay"),
    )
    check_size_and_price(request, symbol)
    return request


def read_client_oid(value: object) -> str | None:
    """
    Check a client order id: at most 40 of ``A-Za-z0-9_-``; absent or empty means none.

    Raises:
        Refused: 400100, with an assumed text.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _CLIENT_OID.match(value):
        raise refused("parameter", "clientOid is invalid.")
    return value


def check_size_and_price(request: OrderRequest, symbol: Symbol) -> None:
    """
    Check price, size and funds against the steps and limits of the pair.

    Raises:
        Refused: The first check that fails.
    """
    if request.size is not None:
        _check_size(request.size, symbol)
    if request.type == "limit":
        if request.price <= 0 or request.price % symbol.price_increment:
            raise refused("price_step")
        assert request.size is not None
        if request.price * request.size < symbol.min_funds:
            raise refused("too_small")
    if request.funds is not None:
        if request.funds < max(symbol.quote_min_size, symbol.min_funds):
            raise refused("too_small")
        if request.funds > symbol.quote_max_size:
            raise refused("too_large")
        if request.funds % symbol.quote_increment:
            raise refused("size_step")


def modified(request: OrderRequest, args: Mapping[str, Any], symbol: Symbol, remaining: Decimal) -> OrderRequest:
    """
    Build the request that replaces a live one: ``newPrice`` and ``newSize``, at least one of them.

    Without ``newSize`` the replacement has the size that was still open (assumed).

    Raises:
        Refused: 400100.
    """
    if args.get("newPrice") is None and args.get("newSize") is None:
        raise refused("parameter", "newPrice or newSize is required.")
    price = request.price if args.get("newPrice") is None else positive_number(args, "newPrice")
    size = remaining if args.get("newSize") is None else positive_number(args, "newSize")
    changed = evolve(request, price=price, size=size)
    check_size_and_price(changed, symbol)
    return changed


def one_of(args: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: str | None) -> str:
    """
    Read a text out of a set; ``default`` stands for an absent one, ``None`` makes it required.

    Raises:
        Refused: 400100, with an assumed text.
    """
    value = args.get(name)
    if value is None:
        value = default
    if not isinstance(value, str) or value not in allowed:
        raise refused("parameter", f"{name} is invalid.")
    return value


def positive_number(args: Mapping[str, Any], name: str) -> Decimal:
    """
    Read a number that is spelled as a string without sign and exponent.

    Raises:
        Refused: 400100, with an assumed text.
    """
    value = args.get(name)
    if not isinstance(value, str) or not _NUMBER.match(value):
        raise refused("parameter", f"{name} is invalid.")
    return Decimal(value)


def _symbol(args: Mapping[str, Any], symbols: Mapping[str, Symbol]) -> Symbol:
    symbol = symbols.get(str(args.get("symbol")))
    if symbol is None:
        raise refused("symbol")
    if not symbol.enabled:
        raise refused("suspended")
    return symbol


def _read_common(
    args: Mapping[str, Any], symbol: Symbol, kind: str, client_oid: str | None, *, tags: str | None = None
) -> OrderRequest:
    """Read what the calls of both markets share."""
    side = one_of(args, "side", ("buy", "sell"), None)
    stp = one_of(args, "stp", ("DC", "CO", "CN", "CB", ""), "")
    remark = _text(args, "remark")
    if kind == "market":
        return _read_market(args, symbol, side, client_oid, stp=stp, tags=tags, remark=remark)
    force = one_of(args, "timeInForce", ("GTC", "GTT", "IOC", "FOK"), "GTC")
    cancel_after = args.get("cancelAfter", -1)
    if not isinstance(cancel_after, int) or isinstance(cancel_after, bool):
        raise refused("parameter", "cancelAfter is invalid.")
    if not -1 <= cancel_after <= _MAX_CANCEL_AFTER or (force == "GTT" and cancel_after == 0):
        raise refused("parameter", "cancelAfter is invalid.")
    post_only, hidden, iceberg = (_flag(args, name) for name in ("postOnly", "hidden", "iceberg"))
    if post_only and force in ("IOC", "FOK"):
        raise refused("parameter", "postOnly can not be used with IOC or FOK.")
    if hidden and iceberg:
        raise refused("parameter", "hidden and iceberg can not be used together.")  # assumed
    visible = positive_number(args, "visibleSize") if iceberg else None
    if visible is not None:
        _check_size(visible, symbol)  # assumed: the documents name no rule
    price, size = positive_number(args, "price"), positive_number(args, "size")
    return OrderRequest(
        symbol.name,
        side,
        "limit",
        client_oid,
        price,
        size,
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


def _read_market(
    args: Mapping[str, Any],
    symbol: Symbol,
    side: str,
    client_oid: str | None,
    *,
    stp: str,
    tags: str | None,
    remark: str | None,
) -> OrderRequest:
    has_size, has_funds = args.get("size") is not None, args.get("funds") is not None
    if has_size == has_funds:
        raise refused("parameter", "Either size or funds is required.")
    size = positive_number(args, "size") if has_size else None
    funds = positive_number(args, "funds") if has_funds else None
    return OrderRequest(
        symbol.name, side, "market", client_oid, size=size, funds=funds, stp=stp, tags=tags, remark=remark
    )


def _check_size(size: Decimal, symbol: Symbol) -> None:
    if size < symbol.base_min_size:
        raise refused("too_small")
    if size > symbol.base_max_size:
        raise refused("too_large")
    if size % symbol.base_increment:
        raise refused("size_step")


def _check_window(args: Mapping[str, Any], now_ms: int) -> None:
    """Refuse an order that arrives after ``clientTimestamp + allowMaxTimeWindow`` (code and text assumed)."""
    window = args.get("allowMaxTimeWindow")
    if window is None:
        return
    stamp = args.get("clientTimestamp")
    for value in (window, stamp):
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise refused("parameter", "clientTimestamp and allowMaxTimeWindow must be used together.")
    assert isinstance(stamp, int)
    if now_ms > stamp + window:
        raise refused("late")


def _text(args: Mapping[str, Any], name: str) -> str | None:
    text = args.get(name)
    if text is not None and (not isinstance(text, str) or not _ASCII_20.match(text)):
        raise refused("parameter", f"{name} is invalid.")
    return text


def _flag(args: Mapping[str, Any], name: str) -> bool:
    value = args.get(name, False)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise refused("parameter", f"{name} is invalid.")
    return value
