"""
Arguments of futures operations, and what one of them means for another.

Source: KuCoin docs, WebSocket API (order entry), Add Order, Cancel Order; Futures Trading, Add Order, Batch Add Orders,
Batch Cancel Orders (read 2026-11).
"""

from __future__ import annotations

from typing import Any

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.arguments.checks import client_oids, order_ids, symbol
from kucoin_sync.kucoin.arguments.spot import (
    CLIENT_OID,
    ORDER_ID,
    SYMBOL,
    check_iceberg,
    check_one_order,
    check_post_only,
)
from kucoin_sync.orders.arguments import Field, OperationArguments, OrderList, Spell
from kucoin_sync.orders.checks import Choice, contracts, contracts_text, flag, short_text
from kucoin_sync.protocol.decimals import decimal_text

__all__ = ["FUTURES_CANCEL", "FUTURES_MULTI_CANCEL", "FUTURES_MULTI_ORDER", "FUTURES_ORDER"]

MAX_REMARK = 100
MAX_BATCH = 20
_SIZES = ("size", "qty", "valueQty")
_STOP = ("stopPrice", "stopPriceType")


def _order_rule(args: dict[str, Any], spell: Spell) -> None:
    closing = args.get("closeOrder") is True
    market = args.get("type", "limit") == "market"
    if "side" not in args and not closing:
        raise ConfigError(f"{spell('side')}: is required unless {spell('closeOrder')} is set")
    sizes = [name for name in _SIZES if name in args]
    if len(sizes) > 1 or (not sizes and not closing):
        either = " or ".join(spell(name) for name in _SIZES)
        raise ConfigError(f"{spell(sizes[0] if sizes else 'size')}: give one of {either}")
    if market and "price" in args:
        raise ConfigError(f"{spell('price')}: is for limit orders only")
    if not market and "price" not in args:
        raise ConfigError(f"{spell('price')}: is required for a limit order")
    check_post_only(args, spell, market=market, never_with=("IOC",))
    for name in ("hidden", "iceberg"):
        if args.get("postOnly") and args.get(name):
            raise ConfigError(f"{spell('postOnly')}: does not go with {spell(name)}")
    check_iceberg(args, spell)
    for name in _STOP:
        if "stop" in args and name not in args:
            raise ConfigError(f"{spell(name)}: is required with {spell('stop')}")
        if name in args and "stop" not in args:
            raise ConfigError(f"{spell(name)}: goes with {spell('stop')} only")


def _cancel_rule(args: dict[str, Any], spell: Spell) -> None:
    check_one_order(args, spell)
    if "clientOid" in args and "symbol" not in args:
        raise ConfigError(f"{spell('symbol')}: is required with {spell('clientOid')}")
    if "orderId" in args and "symbol" in args:
        raise ConfigError(f"{spell('symbol')}: goes with {spell('clientOid')} only")


def _multi_cancel_rule(args: dict[str, Any], spell: Spell) -> None:
    if ("orderIdsList" in args) == ("clientOidsList" in args):
        either = f"{spell('orderIdsList')} or {spell('clientOidsList')}"
        raise ConfigError(f"{spell('orderIdsList')}: give either {either}")


FUTURES_ORDER = OperationArguments(
    CLIENT_OID,
    SYMBOL,
    Field("side", "side", Choice("buy", "sell")),
    Field("leverage", "leverage", contracts),
    Field("type", "type", Choice("limit", "market")),
    Field("price", "price", decimal_text),
    Field("size", "size", contracts),
    Field("qty", "qty", decimal_text),
    Field("value_qty", "valueQty", decimal_text),
    Field("margin_mode", "marginMode", Choice("ISOLATED", "CROSS")),
    Field("position_side", "positionSide", Choice("BOTH", "LONG", "SHORT")),
    Field("time_in_force", "timeInForce", Choice("GTC", "IOC", "RPI")),
    Field("post_only", "postOnly", flag),
    Field("hidden", "hidden", flag),
    Field("iceberg", "iceberg", flag),
    Field("visible_size", "visibleSize", contracts_text),
    Field("reduce_only", "reduceOnly", flag),
    Field("close_order", "closeOrder", flag),
    Field("force_hold", "forceHold", flag),
    Field("stop", "stop", Choice("up", "down")),
    Field("stop_price", "stopPrice", decimal_text),
    Field("stop_price_type", "stopPriceType", Choice("TP", "MP", "IP")),
    Field("stp", "stp", Choice("CN", "CO", "CB")),
    Field("remark", "remark", short_text(MAX_REMARK, ascii_only=False)),
    rule=_order_rule,
)
FUTURES_CANCEL = OperationArguments(ORDER_ID, CLIENT_OID, Field("symbol", "symbol", symbol), rule=_cancel_rule)
FUTURES_MULTI_ORDER = OrderList(FUTURES_ORDER, most=MAX_BATCH)
FUTURES_MULTI_CANCEL = OperationArguments(
    Field("order_ids_list", "orderIdsList", order_ids),
    Field("client_oids_list", "clientOidsList", client_oids),
    rule=_multi_cancel_rule,
)
