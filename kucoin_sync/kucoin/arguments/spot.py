"""
Arguments of spot and margin operations, and what one of them means for another.

Source: KuCoin docs, WebSocket API (order entry), Add Order, Modify Order, Cancel Order (read 2026-11).
"""

from __future__ import annotations

from typing import Any

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.arguments.checks import client_oid, is_client_oid, is_plain_symbol, order_id, symbol
from kucoin_sync.orders.arguments import Field, OperationArguments, Spell
from kucoin_sync.orders.checks import Choice, flag, short_text, whole
from kucoin_sync.protocol.decimals import decimal_text

__all__ = [
    "CLIENT_OID",
    "MARGIN_ORDER",
    "ORDER_ID",
    "SPOT_CANCEL",
    "SPOT_MODIFY",
    "SPOT_ORDER",
    "SYMBOL",
    "check_iceberg",
    "check_one_order",
    "check_post_only",
]

MAX_REMARK = 20


def check_iceberg(args: dict[str, Any], spell: Spell) -> None:
    """``visibleSize`` and ``iceberg`` belong together."""
    if args.get("iceberg") and "visibleSize" not in args:
        raise ConfigError(f"{spell('visibleSize')}: is required for an iceberg order")
    if "visibleSize" in args and not args.get("iceberg"):
        raise ConfigError(f"{spell('visibleSize')}: goes with {spell('iceberg')} only")


def check_post_only(args: dict[str, Any], spell: Spell, *, market: bool, never_with: tuple[str, ...]) -> None:
    """``postOnly`` means to rest on the book, which a market order and an immediate one cannot."""
    if not args.get("postOnly"):
        return
    if market:
        raise ConfigError(f"{spell('postOnly')}: is for limit orders only")
    if args.get("timeInForce") in never_with:
        raise ConfigError(f"{spell('postOnly')}: does not go with {args['timeInForce']}")


def check_one_order(args: dict[str, Any], spell: Spell) -> None:
    """An order is named in one of two ways."""
    if ("orderId" in args) == ("clientOid" in args):
        raise ConfigError(f"{spell('orderId')}: give either {spell('orderId')} or {spell('clientOid')}")


def _order_rule(args: dict[str, Any], spell: Spell) -> None:
    market = args.get("type", "limit") == "market"
    if market:
        if "price" in args:
            raise ConfigError(f"{spell('price')}: is for limit orders only")
        if ("size" in args) == ("funds" in args):
            raise ConfigError(f"{spell('size')}: a market order takes either size or funds")
    else:
        if "price" not in args or "size" not in args:
            missing = "size" if "price" in args else "price"
            raise ConfigError(f"{spell(missing)}: is required for a limit order")
        if "funds" in args:
            raise ConfigError(f"{spell('funds')}: is for market orders only")
    if "postOnly" in args:
        check_post_only(args, spell, market=market, never_with=("IOC", "FOK"))
    if "cancelAfter" in args and args.get("timeInForce") != "GTT":
        raise ConfigError(f"{spell('cancelAfter')}: goes with {spell('timeInForce')} GTT only")
    if "iceberg" in args or "visibleSize" in args:
        check_iceberg(args, spell)
    if ("clientTimestamp" in args) != ("allowMaxTimeWindow" in args):
        raise ConfigError(f"{spell('clientTimestamp')}: goes together with {spell('allowMaxTimeWindow')}")


def _modify_rule(args: dict[str, Any], spell: Spell) -> None:
    check_one_order(args, spell)
    if "newPrice" not in args and "newSize" not in args:
        raise ConfigError(f"{spell('newPrice')}: give {spell('newPrice')}, {spell('newSize')} or both")


SYMBOL = Field("symbol", "symbol", symbol, required=True, takes=is_plain_symbol)
CLIENT_OID = Field("client_oid", "clientOid", client_oid, takes=is_client_oid)
ORDER_ID = Field("order_id", "orderId", order_id)
_SIDE = Field("side", "side", Choice("buy", "sell"), required=True)
_TERMS = (
    CLIENT_OID,
    Field("price", "price", decimal_text),
    Field("size", "size", decimal_text),
    Field("funds", "funds", decimal_text),
    Field("time_in_force", "timeInForce", Choice("GTC", "GTT", "IOC", "FOK")),
    Field("cancel_after", "cancelAfter", whole(-1)),
    Field("post_only", "postOnly", flag),
    Field("hidden", "hidden", flag),
    Field("iceberg", "iceberg", flag),
    Field("visible_size", "visibleSize", decimal_text),
    Field("stp", "stp", Choice("DC", "CO", "CN", "CB")),
    Field("remark", "remark", short_text(MAX_REMARK)),
)

SPOT_ORDER = OperationArguments(
    SYMBOL,
    _SIDE,
    Field("type", "type", Choice("limit", "market"), required=True),
    *_TERMS,
    Field("tags", "tags", short_text(MAX_REMARK)),
    Field("client_timestamp", "clientTimestamp", whole(0)),
    Field("allow_max_time_window", "allowMaxTimeWindow", whole(1)),
    rule=_order_rule,
)
SPOT_CANCEL = OperationArguments(SYMBOL, ORDER_ID, CLIENT_OID, rule=check_one_order)
SPOT_MODIFY = OperationArguments(
    SYMBOL,
    ORDER_ID,
    CLIENT_OID,
    Field("new_price", "newPrice", decimal_text),
    Field("new_size", "newSize", decimal_text),
    rule=_modify_rule,
)
# The schema has no remark here, but the exchange's own example does.
MARGIN_ORDER = OperationArguments(
    SYMBOL,
    _SIDE,
    Field("type", "type", Choice("limit", "market")),
    *_TERMS,
    Field("is_isolated", "isIsolated", flag),
    Field("auto_borrow", "autoBorrow", flag),
    Field("auto_repay", "autoRepay", flag),
    rule=_order_rule,
)
