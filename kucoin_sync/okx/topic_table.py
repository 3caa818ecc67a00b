"""
All channels in one table: where they are served, what they are asked for by, how fast they are.

Source: OKX docs v5, the pages of the channels (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

__all__ = ["BARS", "CHANNELS", "CHANNEL_FAMILIES", "COUNTED", "Channel", "channel_of"]

BARS = (
    *("1s", "1m", "3m", "5m", "15m", "30m", "1H", "2H", "4H", "6H", "12H"),
    *("1D", "2D", "3D", "5D", "1W", "1M", "3M"),
    *("6Hutc", "12Hutc", "1Dutc", "2Dutc", "3Dutc", "5Dutc", "1Wutc", "1Mutc", "3Mutc"),
)
"""Lengths of a candle; those that end in ``utc`` begin by UTC and the others by Hong Kong time."""

COUNTED = ("orders", "account", "positions", "balance_and_position", "liquidation-warning", "account-greeks")
"""Channels that only so many connections of one account may subscribe to at a time."""


@attrs.frozen
class Channel:
    """
    One channel, or a family of them that differ in the length of a candle.

    Attributes:
        name: As on the wire; of a family without the length.
        path: ``public``, ``private`` or ``business``.
        login: Whether it needs an account.
        needs: Filters that have to be given.
        takes: Filters that may be given.
        speed: How often it is pushed.
    """

    name: str
    path: str
    login: bool
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    speed: str = "on change"


_INSTRUMENT = ("instId",)
_SPREAD = ("sprdId",)
_FAMILY = ("instFamily", "instId")


def _public(name: str, needs: tuple[str, ...], speed: str = "on change", *takes: str) -> Channel:
    return Channel(name, "public", False, needs, takes, speed)


def _private(name: str, needs: tuple[str, ...], *takes: str) -> Channel:
    return Channel(name, "private", True, needs, takes)


def _business(
    name: str, needs: tuple[str, ...], speed: str = "on change", *, login: bool, takes: tuple[str, ...] = ()
) -> Channel:
    return Channel(name, "business", login, needs, takes, speed)


CHANNELS: Mapping[str, Channel] = {
    channel.name: channel
    for channel in (
        _public("instruments", ("instType",)),
        _public("event-contract-markets", ("instType",)),
        _public("tickers", _INSTRUMENT, "100 ms"),
        _public("trades", _INSTRUMENT, "each taker order"),
        _public("option-trades", ("instType",), "each trade", *_FAMILY),
        _public("books", _INSTRUMENT, "100 ms"),
        _public("books5", _INSTRUMENT, "100 ms"),
        _public("bbo-tbt", _INSTRUMENT, "10 ms"),
        _public("books-elp", _INSTRUMENT, "100 ms"),
        _public("books-rpi", _INSTRUMENT, "100 ms"),
        Channel("books-l2-tbt", "public", True, _INSTRUMENT, (), "10 ms"),
        Channel("books50-l2-tbt", "public", True, _INSTRUMENT, (), "10 ms"),
        _public("call-auction-details", _INSTRUMENT),
        _public("open-interest", _INSTRUMENT, "3 s"),
        _public("funding-rate", _INSTRUMENT),
        _public("price-limit", _INSTRUMENT),
        _public("opt-summary", ("instFamily",)),
        _public("estimated-price", ("instType",), "on change", *_FAMILY),
        _public("mark-price", _INSTRUMENT, "200 ms, 10 s"),
        _public("index-tickers", _INSTRUMENT),
        _public("liquidation-orders", ("instType",), "sampled"),
        _public("adl-warning", ("instType",), "on change", "instFamily"),
        _public("status", ()),
        _private("orders", ("instType",), *_FAMILY),
        _private("fills", (), "instId"),
        _private("account", (), "ccy", "extraParams"),
        _private("positions", ("instType",), *_FAMILY, "extraParams"),
        _private("balance_and_position", ()),
        _private("liquidation-warning", ("instType",), *_FAMILY),
        _private("account-greeks", (), "ccy"),
        _business("trades-all", _INSTRUMENT, "each fill", login=False),
        _business("sprd-bbo-tbt", _SPREAD, "10 ms", login=False),
        _business("sprd-books5", _SPREAD, "100 ms", login=False),
        _business("sprd-books-l2-tbt", _SPREAD, "10 ms", login=False),
        _business("sprd-public-trades", _SPREAD, "each trade", login=False),
        _business("sprd-tickers", _SPREAD, login=False),
        _business("public-struc-block-trades", (), "each trade", login=False),
        _business("public-block-trades", _INSTRUMENT, "each trade", login=False),
        _business("block-tickers", _INSTRUMENT, login=False),
        _business("orders-algo", ("instType",), login=True, takes=_FAMILY),
        _business("algo-advance", ("instType",), login=True, takes=("instId", "algoId")),
        _business("grid-orders-spot", ("instType",), login=True, takes=("instId", "algoId")),
        _business("grid-orders-contract", ("instType",), login=True, takes=("instId", "algoId")),
        _business("grid-positions", ("algoId",), login=True),
        _business("grid-sub-orders", ("algoId",), login=True),
        _business("algo-recurring-buy", ("instType",), login=True, takes=("algoId",)),
        _business("copytrading-lead-notification", ("instType",), login=True, takes=("instId",)),
        _business("deposit-info", (), login=True, takes=("ccy",)),
        _business("withdrawal-info", (), login=True, takes=("ccy",)),
        _business("economic-calendar", (), login=True),
        _business("sprd-orders", (), login=True, takes=_SPREAD),
        _business("sprd-trades", (), login=True, takes=_SPREAD),
        _business("rfqs", (), login=True),
        _business("quotes", (), login=True),
        _business("struc-block-trades", (), login=True),
    )
}
"""Channels by name, without the candles."""

CHANNEL_FAMILIES: Mapping[str, Channel] = {
    channel.name: channel
    for channel in (
        _business("candle", _INSTRUMENT, "1 s", login=False),
        _business("mark-price-candle", _INSTRUMENT, "1 s", login=False),
        _business("index-candle", _INSTRUMENT, "1 s", login=False),
        _business("sprd-candle", _SPREAD, "1 s", login=False),
    )
}
"""Channels of candles, by name without the length."""

_CANDLE = re.compile(r"((?:mark-price-|index-|sprd-)?candle)(\w+)")


def channel_of(name: str) -> Channel | None:
    """Return the row of a channel; ``None`` if it is not known."""
    found = CHANNELS.get(name)
    candle = None if found is not None else _CANDLE.fullmatch(name)
    if candle is not None and candle[2] in BARS:
        return CHANNEL_FAMILIES[candle[1]]
    return found
