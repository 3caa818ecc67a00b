"""
The channels of the three paths: who may subscribe to what, with which filters, and how the simulator names it.

A single topic is the channel and the values of its filters: ``tickers:BTC-USDT``, ``orders:SWAP,BTC-USDT-SWAP``,
``positions:ANY``, ``account``; a family and other parameters are marked, ``orders:SWAP,family=BTC-USDT``.

Channels of things that are not simulated are acknowledged and stay silent: options, events, grids, copy trading, block
trades, deposits.

Source: OKX v5 documents of 2026, and the path of each channel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ..matching.orders import Refused
from .instruments import Instruments
from .paths import BUSINESS, PRIVATE, PUBLIC

__all__ = ["BARS", "COUNTED", "Channel", "channel_of", "inst_id_of", "topic_of"]

BARS = (
    *("1s", "1m", "3m", "5m", "15m", "30m", "1H", "2H", "4H", "6H", "12H", "1D", "2D", "3D", "5D", "1W", "1M", "3M"),
    *("6Hutc", "12Hutc", "1Dutc", "2Dutc", "3Dutc", "5Dutc", "1Wutc", "1Mutc", "3Mutc"),
)
COUNTED = frozenset({"orders", "account", "positions", "balance_and_position", "liquidation-warning", "account-greeks"})
"""Channels of which an account may have a limited number of connections."""

MAX_VALUE = 200
_BAR = re.compile(r"(?:mark-price-|index-|sprd-)?candle(.+)\Z")
#: What stands before the values of filters that others could be taken for.
_MARKS = {"instFamily": "family=", "extraParams": "extra="}
_TYPES = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS", "ANY")


@frozen
class Channel:
    """
    What one channel asks for.

    Attributes:
        path: ``public``, ``private`` or ``business``.
        needs, takes: Filters that must and may be there.
        is_private: Whether a log-in is needed.
        tier: Fee tier from which on it is open.
        instruments: What ``instId`` must be: ``any`` instrument, an ``index``, ``free`` for whatever it is.
    """

    path: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    is_private: bool = False
    tier: int = 0
    instruments: str = "any"


def _public(*needs: str, **more: Any) -> Channel:
    return Channel(PUBLIC, needs, **more)


def _private(*needs: str, takes: tuple[str, ...] = (), tier: int = 0) -> Channel:
    return Channel(PRIVATE, needs, takes, is_private=True, tier=tier, instruments="free")


def _business(*needs: str, **more: Any) -> Channel:
    return Channel(BUSINESS, needs, **more)


def _own_business(*needs: str, takes: tuple[str, ...] = ()) -> Channel:
    return Channel(BUSINESS, needs, takes, is_private=True, instruments="free")


_ON_INSTRUMENTS = ("instFamily", "instId")

_CHANNELS: Mapping[str, Channel] = {
    **{
        name: _public("instId")
        for name in (
            *("tickers", "trades", "books", "books5", "bbo-tbt", "books-elp", "books-rpi"),
            *("call-auction-details", "open-interest", "funding-rate", "price-limit", "mark-price"),
        )
    },
    **{name: _public("instId", is_private=True, tier=4) for name in ("books-l2-tbt", "books50-l2-tbt")},
    "instruments": _public("instType"),
    "event-contract-markets": _public("instType"),
    "option-trades": _public("instType", takes=_ON_INSTRUMENTS, instruments="free"),
    "opt-summary": _public("instFamily"),
    "estimated-price": _public("instType", takes=_ON_INSTRUMENTS, instruments="free"),
    "index-tickers": _public("instId", instruments="index"),
    "liquidation-orders": _public("instType"),
    "adl-warning": _public("instType", takes=("instFamily",)),
    "status": _public(),
    "orders": _private("instType", takes=_ON_INSTRUMENTS),
    "fills": _private(takes=("instId",), tier=4),
    "account": _private(takes=("ccy", "extraParams")),
    "positions": _private("instType", takes=(*_ON_INSTRUMENTS, "extraParams")),
    "balance_and_position": _private(),
    "liquidation-warning": _private("instType", takes=_ON_INSTRUMENTS),
    "account-greeks": _private(takes=("ccy",)),
    "trades-all": _business("instId"),
    **{
        name: _business("sprdId")
        for name in ("sprd-bbo-tbt", "sprd-books5", "sprd-books-l2-tbt", "sprd-public-trades", "sprd-tickers")
    },
    "public-struc-block-trades": _business(),
    "public-block-trades": _business("instId"),
    "block-tickers": _business("instId"),
    "orders-algo": _own_business("instType", takes=_ON_INSTRUMENTS),
    "algo-advance": _own_business("instType", takes=("instId", "algoId")),
    "grid-orders-spot": _own_business("instType", takes=("instId", "algoId")),
    "grid-orders-contract": _own_business("instType", takes=("instId", "algoId")),
    "grid-positions": _own_business("algoId"),
    "grid-sub-orders": _own_business("algoId"),
    "algo-recurring-buy": _own_business("instType", takes=("algoId",)),
    "copytrading-lead-notification": _own_business("instType", takes=("instId",)),
    "deposit-info": _own_business(takes=("ccy",)),
    "withdrawal-info": _own_business(takes=("ccy",)),
    "economic-calendar": _own_business(),
    "sprd-orders": _own_business(takes=("sprdId",)),
    "sprd-trades": _own_business(takes=("sprdId",)),
    "rfqs": _own_business(),
    "quotes": _own_business(),
    "struc-block-trades": _own_business(),
}
_CANDLES: Mapping[str, Channel] = {
    "candle": _business("instId"),
    "mark-price-candle": _business("instId"),
    "index-candle": _business("instId", instruments="index"),
    "sprd-candle": _business("sprdId"),
}


def channel_of(name: str) -> Channel | None:
    """Return a channel by its name, ``None`` for an unknown one."""
    bar = _BAR.match(name)
    if bar is not None and bar[1] in BARS:
        return _CANDLES[name.removesuffix(bar[1])]
    return _CHANNELS.get(name)


def topic_of(
    arg: Mapping[str, Any],
    path: str,
    instruments: Instruments,
    spreads: Mapping[str, Any],
    *,
    is_logged_in: bool,
    fee_tier: int,
    tells_moved: bool,
) -> str:
    """
    Return the single topic that an ``arg`` names.

    Args:
        arg: As the client sent it.
        path: On which connection it was sent.
        instruments, spreads: What there is.
        is_logged_in: Whether the connection is.
        fee_tier: Of the account.
        tells_moved: Whether a channel of the other public path is told to have moved.

    Raises:
        Refused: With code and text of the error event; which check comes first is assumed.
    """
    name = arg.get("channel")
    channel = channel_of(name) if isinstance(name, str) else None
    if "uly" in arg:
        raise Refused("64000", "Subscription parameter uly is no longer available. Please replace uly with instFamily.")
    if channel is None:
        raise _unknown(arg)
    if channel.path != path:
        if tells_moved and {channel.path, path} == {PUBLIC, BUSINESS}:
            raise Refused("64001", _MOVED) if channel.path == BUSINESS else Refused("64002", _NOT_HERE)
        raise _unknown(arg)
    if channel.is_private and not is_logged_in:
        raise Refused("60011", "Please log in")
    if fee_tier < channel.tier:
        raise Refused("64003", "Your trading fee tier doesn't meet the requirement to access this channel")
    values = []
    for key in (*channel.needs, *channel.takes):
        value = arg.get(key)
        if value in (None, ""):
            if key in channel.needs:
                raise _unknown(arg)
            continue
        if (
            not isinstance(value, str)
            or len(value) > MAX_VALUE
            or not _exists(key, value, channel, instruments, spreads)
        ):
            raise _unknown(arg)
        values.append(f"family={value}" if key == "instFamily" else f"extra={value}" if key == "extraParams" else value)
    return f"{name}:{','.join(values)}" if values else str(name)


def inst_id_of(topic: str) -> str:
    """Return the instrument or spread of a topic of one."""
    return topic.partition(":")[2]


_MOVED = (
    "This channel has been migrated to the '/business' URL. Please subscribe using the new URL. More details can refer "
    "to: https://www.okx.com/help-center/changes-to-v5-api-websocket-subscription-parameter-and-url"
)
_NOT_HERE = "This channel is not supported by the '/business' URL. Please use the '/private' or '/public' URL."


def _exists(key: str, value: str, channel: Channel, instruments: Instruments, spreads: Mapping[str, Any]) -> bool:
    if key == "instType":
        return value in _TYPES
    if key == "sprdId":
        return channel.is_private or value in spreads
    if key != "instId" or channel.instruments == "free":
        return True
    if channel.instruments == "index":
        return any(instrument.index == value for instrument in instruments.by_id.values())
    return value in instruments.by_id


def _unknown(arg: Mapping[str, Any]) -> Refused:
    named = ",".join(f"{key}:{value}" for key, value in arg.items())[:MAX_VALUE]
    text = f"Wrong URL or {named} doesn't exist."
    return Refused("60018", f"{text} Please use the correct URL, channel and parameters referring to API document.")
