"""
Arguments of operations on instruments, and what one of them means for another.

An instrument is named by its id; the number that goes along is looked up. ``attachAlgoOrds`` is documented for REST
alone and so has no argument here.

Source: OKX docs v5, Order Book Trading, Trade, WebSocket (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

from typing import Any

from kucoin_sync.errors import ConfigError
from kucoin_sync.okx.arguments.checks import (
    check_named,
    instrument,
    is_plain_instrument,
    letters,
    lock_interval,
    number,
    order_id,
    slippage,
)
from kucoin_sync.orders.arguments import Field, OperationArguments, OrderList, Spell
from kucoin_sync.orders.checks import Choice, flag
from kucoin_sync.protocol.decimals import decimal_text

__all__ = ["AMEND", "AMENDS", "CANCEL", "CANCELS", "CLIENT_ID", "MASS_CANCEL", "ORDER", "ORDERS", "ORDER_ID", "TAG"]

MAX_BATCH = 20
MAX_CLIENT_ID = 32
MAX_TAG = 16

_PRICES = ("px", "pxUsd", "pxVol")
_NEW_PRICES = ("newPx", "newPxUsd", "newPxVol")
_PRICED = ("limit", "post_only", "fok", "ioc", "mmp", "mmp_and_post_only")
_TYPES = ("market", *_PRICED, "optimal_limit_ioc", "rpi", "elp")


def _check_instrument(args: dict[str, Any], spell: Spell) -> None:
    if "instId" not in args and "instIdCode" not in args:
        raise ConfigError(f"{spell('instId')}: give {spell('instId')} or {spell('instIdCode')}")


def _at_most_one(args: dict[str, Any], spell: Spell, names: tuple[str, ...]) -> list[str]:
    given = [name for name in names if name in args]
    if len(given) > 1:
        raise ConfigError(f"{spell(given[1])}: does not go with {spell(given[0])}")
    return given


def _order_rule(args: dict[str, Any], spell: Spell) -> None:
    _check_instrument(args, spell)
    kind = args["ordType"]
    prices = _at_most_one(args, spell, _PRICES)
    if kind in _PRICED and not prices:
        raise ConfigError(f"{spell('px')}: is required for {spell('ordType')} {kind}")
    if kind == "market" and prices:
        raise ConfigError(f"{spell(prices[0])}: does not go with a market order")
    if args.get("stpMode") == "cancel_both" and kind == "fok":
        raise ConfigError(f"{spell('stpMode')}: cancel_both does not go with {spell('ordType')} fok")
    if "rpiPxRound" in args and kind != "rpi":
        raise ConfigError(f"{spell('rpiPxRound')}: goes with {spell('ordType')} rpi only")


def _amend_rule(args: dict[str, Any], spell: Spell) -> None:
    _check_instrument(args, spell)
    check_named(args, spell)
    prices = _at_most_one(args, spell, _NEW_PRICES)
    if not prices and "newSz" not in args:
        raise ConfigError(f"{spell('newPx')}: give {spell('newPx')}, {spell('newSz')} or both")


def _cancel_rule(args: dict[str, Any], spell: Spell) -> None:
    _check_instrument(args, spell)
    check_named(args, spell)


def _no_rule(args: dict[str, Any], spell: Spell) -> None:
    """Nothing about one argument depends on another."""


_INSTRUMENT = (
    Field("inst_id", "instId", instrument, takes=is_plain_instrument),
    Field("inst_id_code", "instIdCode", number),
)
ORDER_ID = Field("ord_id", "ordId", order_id)
CLIENT_ID = Field("cl_ord_id", "clOrdId", letters(MAX_CLIENT_ID))
TAG = Field("tag", "tag", letters(MAX_TAG))
_ADJUST = Field("px_amend_type", "pxAmendType", Choice("0", "1"))
_RPI_TAKER = Field("rpi_taker_access", "rpiTakerAccess", flag)

ORDER = OperationArguments(
    *_INSTRUMENT,
    Field("td_mode", "tdMode", Choice("cash", "cross", "isolated", "spot_isolated"), required=True),
    Field("side", "side", Choice("buy", "sell"), required=True),
    Field("ord_type", "ordType", Choice(*_TYPES), required=True),
    Field("sz", "sz", decimal_text, required=True),
    Field("px", "px", decimal_text),
    Field("px_usd", "pxUsd", decimal_text),
    Field("px_vol", "pxVol", decimal_text),
    Field("ccy", "ccy", letters(MAX_TAG)),
    CLIENT_ID,
    TAG,
    Field("pos_side", "posSide", Choice("net", "long", "short")),
    Field("reduce_only", "reduceOnly", flag),
    Field("tgt_ccy", "tgtCcy", Choice("base_ccy", "quote_ccy")),
    Field("ban_amend", "banAmend", flag),
    _ADJUST,
    Field("trade_quote_ccy", "tradeQuoteCcy", letters(MAX_TAG)),
    Field("slippage_pct", "slippagePct", slippage),
    Field("stp_mode", "stpMode", Choice("cancel_maker", "cancel_taker", "cancel_both")),
    _RPI_TAKER,
    Field("is_elp_taker_access", "isElpTakerAccess", flag),
    Field("rpi_px_round", "rpiPxRound", flag),
    Field("outcome", "outcome", Choice("yes", "no")),
    rule=_order_rule,
)
AMEND = OperationArguments(
    *_INSTRUMENT,
    ORDER_ID,
    CLIENT_ID,
    Field("cxl_on_fail", "cxlOnFail", flag),
    Field("req_id", "reqId", letters(MAX_CLIENT_ID)),
    Field("new_sz", "newSz", decimal_text),
    Field("new_px", "newPx", decimal_text),
    Field("new_px_usd", "newPxUsd", decimal_text),
    Field("new_px_vol", "newPxVol", decimal_text),
    _ADJUST,
    _RPI_TAKER,
    rule=_amend_rule,
)
CANCEL = OperationArguments(*_INSTRUMENT, ORDER_ID, CLIENT_ID, rule=_cancel_rule)
MASS_CANCEL = OperationArguments(
    Field("inst_type", "instType", Choice("OPTION"), required=True),
    Field("inst_family", "instFamily", instrument, required=True),
    Field("lock_interval", "lockInterval", lock_interval),
    rule=_no_rule,
)
ORDERS = OrderList(ORDER, most=MAX_BATCH)
# Two entries for one order could not be told apart, and of amendments the exchange refuses them.
AMENDS = OrderList(AMEND, most=MAX_BATCH, once=("ordId", "clOrdId"))
CANCELS = OrderList(CANCEL, most=MAX_BATCH, once=("ordId", "clOrdId"))
