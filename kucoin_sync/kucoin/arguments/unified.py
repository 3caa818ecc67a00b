"""
Arguments of the unified account's operations (``uta.*``), and what one of them means for another.

Source: KuCoin docs, Unified Trading Account, Place Order, Cancel Order, Amend Order (read 2026-11). What they leave
open (the types of an amendment's numbers) is sent as text.
"""

from __future__ import annotations

from typing import Any

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.arguments.spot import CLIENT_OID, ORDER_ID, SYMBOL, check_one_order
from kucoin_sync.orders.arguments import Field, OperationArguments, Spell
from kucoin_sync.orders.checks import Choice, contracts, flag, short_text, whole
from kucoin_sync.protocol.decimals import decimal_text

__all__ = ["MARGIN_TYPES", "UNIFIED_AMEND", "UNIFIED_CANCEL", "UNIFIED_ORDER"]

MAX_TAGS = 20
MARGIN_TYPES = ("MARGIN", "ISOLATED", "CROSS")
_PRICE_KIND = Choice("TP", "IP", "MP")
_LEGS = ("tpTriggerPrice", "slTriggerPrice")
_CHANGES = ("newPrice", "newSize", *_LEGS)
# Arguments that only some trade types have.
_ONLY = {
    "reduceOnly": ("FUTURES",),
    "autoBorrow": MARGIN_TYPES,
    "autoRepay": MARGIN_TYPES,
    **{name: ("FUTURES",) for leg in _LEGS for name in (leg, f"{leg}Type")},
}


def _order_rule(args: dict[str, Any], spell: Spell) -> None:
    trade_type, force = args["tradeType"], args.get("timeInForce")
    for name, types in _ONLY.items():
        if name in args and trade_type not in types:
            raise ConfigError(f"{spell(name)}: goes with {spell('tradeType')} {' or '.join(types)} only")
    if args["orderType"] == "LIMIT" and "price" not in args:
        raise ConfigError(f"{spell('price')}: is required for a limit order")
    if args["orderType"] == "MARKET" and "price" in args:
        raise ConfigError(f"{spell('price')}: is for limit orders only")
    if args["sizeUnit"] == "UNIT" and trade_type != "FUTURES":
        raise ConfigError(f"{spell('sizeUnit')}: UNIT goes with {spell('tradeType')} FUTURES only")
    if force == "RPI" and trade_type != "FUTURES":
        raise ConfigError(f"{spell('timeInForce')}: RPI goes with {spell('tradeType')} FUTURES only")
    if force == "GTT" and trade_type == "FUTURES":
        raise ConfigError(f"{spell('timeInForce')}: GTT does not go with {spell('tradeType')} FUTURES")
    if (force == "GTT") != ("cancelAfter" in args):
        raise ConfigError(f"{spell('cancelAfter')}: goes together with {spell('timeInForce')} GTT")
    _check_trigger(args, spell, futures=trade_type == "FUTURES")
    _check_legs(args, spell)


def _check_trigger(args: dict[str, Any], spell: Spell, *, futures: bool) -> None:
    """A trigger is its direction, its price and, for futures, the kind of that price: all or nothing."""
    parts = ["triggerDirection", "triggerPrice", *(["triggerPriceType"] if futures else [])]
    given = [name for name in (*parts, "triggerPriceType") if name in args]
    for name in parts:
        if given and name not in args:
            raise ConfigError(f"{spell(name)}: is required with {spell(given[0])}")


def _check_legs(args: dict[str, Any], spell: Spell) -> None:
    for name in _LEGS:
        if f"{name}Type" in args and name not in args:
            raise ConfigError(f"{spell(f'{name}Type')}: goes with {spell(name)} only")


def _amend_rule(args: dict[str, Any], spell: Spell) -> None:
    check_one_order(args, spell)
    _check_legs(args, spell)
    if not any(name in args for name in _CHANGES):
        raise ConfigError(f"{spell('newPrice')}: give one of {', '.join(spell(name) for name in _CHANGES)} or several")


_TRADE_TYPE = Field("trade_type", "tradeType", Choice("SPOT", "FUTURES", *MARGIN_TYPES), required=True)
_SIZE_UNIT = Choice("BASECCY", "QUOTECCY", "UNIT")
_LEG_FIELDS = (
    Field("tp_trigger_price", "tpTriggerPrice", decimal_text),
    Field("tp_trigger_price_type", "tpTriggerPriceType", _PRICE_KIND),
    Field("sl_trigger_price", "slTriggerPrice", decimal_text),
    Field("sl_trigger_price_type", "slTriggerPriceType", _PRICE_KIND),
)

UNIFIED_ORDER = OperationArguments(
    _TRADE_TYPE,
    SYMBOL,
    Field("side", "side", Choice("BUY", "SELL"), required=True),
    Field("order_type", "orderType", Choice("LIMIT", "MARKET"), required=True),
    Field("size", "size", decimal_text, required=True),
    Field("size_unit", "sizeUnit", _SIZE_UNIT, required=True),
    Field("price", "price", decimal_text),
    CLIENT_OID,
    Field("time_in_force", "timeInForce", Choice("GTC", "IOC", "FOK", "GTT", "RPI")),
    Field("cancel_after", "cancelAfter", whole(1)),
    Field("post_only", "postOnly", flag),
    Field("reduce_only", "reduceOnly", flag),
    Field("stp", "stp", Choice("DC", "CO", "CN", "CB")),
    Field("tags", "tags", short_text(MAX_TAGS)),
    Field("position_side", "positionSide", Choice("BOTH", "LONG", "SHORT")),
    Field("margin_mode", "marginMode", Choice("ISOLATED", "CROSS")),
    Field("leverage", "leverage", contracts),
    Field("auto_borrow", "autoBorrow", flag),
    Field("auto_repay", "autoRepay", flag),
    Field("trigger_direction", "triggerDirection", Choice("UP", "DOWN")),
    Field("trigger_price", "triggerPrice", decimal_text),
    Field("trigger_price_type", "triggerPriceType", _PRICE_KIND),
    *_LEG_FIELDS,
    Field("close_order", "closeOrder", flag),
    rule=_order_rule,
)
UNIFIED_CANCEL = OperationArguments(_TRADE_TYPE, SYMBOL, ORDER_ID, CLIENT_OID, rule=check_one_order)
UNIFIED_AMEND = OperationArguments(
    SYMBOL,
    ORDER_ID,
    CLIENT_OID,
    Field("new_price", "newPrice", decimal_text),
    Field("new_size", "newSize", decimal_text),
    Field("size_unit", "sizeUnit", _SIZE_UNIT),
    Field("cxl_on_fail", "cxlOnFail", flag),
    *_LEG_FIELDS,
    rule=_amend_rule,
)
