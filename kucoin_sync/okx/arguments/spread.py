"""
Arguments of operations on spreads, and what one of them means for another.

Source: OKX docs v5, Spread Trading, WebSocket (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

from typing import Any

from kucoin_sync.errors import ConfigError
from kucoin_sync.okx.arguments.checks import check_named, instrument, letters, price_of_difference
from kucoin_sync.okx.arguments.trade import CLIENT_ID, MAX_CLIENT_ID, ORDER_ID, TAG
from kucoin_sync.orders.arguments import Field, OperationArguments, Spell
from kucoin_sync.orders.checks import Choice
from kucoin_sync.protocol.decimals import decimal_text

__all__ = ["SPREAD_AMEND", "SPREAD_CANCEL", "SPREAD_MASS_CANCEL", "SPREAD_ORDER"]


def _order_rule(args: dict[str, Any], spell: Spell) -> None:
    market = args["ordType"] == "market"
    if market and "px" in args:
        raise ConfigError(f"{spell('px')}: does not go with a market order")
    if not market and "px" not in args:
        raise ConfigError(f"{spell('px')}: is required for {spell('ordType')} {args['ordType']}")


def _amend_rule(args: dict[str, Any], spell: Spell) -> None:
    check_named(args, spell)
    if "newPx" not in args and "newSz" not in args:
        raise ConfigError(f"{spell('newPx')}: give {spell('newPx')}, {spell('newSz')} or both")


def _no_rule(args: dict[str, Any], spell: Spell) -> None:
    """Without a spread all of them are meant."""


SPREAD_ORDER = OperationArguments(
    Field("sprd_id", "sprdId", instrument, required=True),
    Field("side", "side", Choice("buy", "sell"), required=True),
    Field("ord_type", "ordType", Choice("market", "limit", "post_only", "ioc"), required=True),
    Field("sz", "sz", decimal_text, required=True),
    Field("px", "px", price_of_difference),
    CLIENT_ID,
    TAG,
    rule=_order_rule,
)
SPREAD_AMEND = OperationArguments(
    ORDER_ID,
    CLIENT_ID,
    Field("req_id", "reqId", letters(MAX_CLIENT_ID)),
    Field("new_sz", "newSz", decimal_text),
    Field("new_px", "newPx", price_of_difference),
    rule=_amend_rule,
)
SPREAD_CANCEL = OperationArguments(ORDER_ID, CLIENT_ID, rule=check_named)
SPREAD_MASS_CANCEL = OperationArguments(Field("sprd_id", "sprdId", instrument), rule=_no_rule)
