"""
Channels of the Pro streams: which host serves them, what a command must name, and the topic it stands for.

The simulator keeps a subscription under one text, ``{channel}.{TRADETYPE}:{symbol}`` with what else tells two
subscriptions apart at its end: ``ticker.SPOT:BTC-USDT``, ``kline.SPOT:BTC-USDT_1hour``,
``obu.FUTURES:XBTUSDTM@50+rpi``, ``mark-price:XBTUSDTM``, ``orderAll.UNIFIED``.

Source: KuCoin docs, unified account WebSocket pages, and refusals captured in 2025 and 2026; which of several
failing checks wins is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import frozen

__all__ = ["CHANNELS", "HOSTS", "ProChannel", "ProRefused", "read_topics"]

#: Hosts and the name each has in a refusal; the second half of the names is assumed.
HOSTS: Mapping[str, str] = {"spot": "public_spot", "futures": "public_futures", "private": "private"}

_MINUTES, _HOURS = (1, 3, 5, 15, 30), (1, 2, 4, 6, 8, 12)
INTERVALS = frozenset(
    [*(f"{n}min" for n in _MINUTES), *(f"{n}hour" for n in _HOURS), "1day", "1week", "1month"],
)
DEPTHS = frozenset({"1", "5", "50", "increment", "increment@10ms"})

_PRODUCTS = ("SPOT", "FUTURES")
_TRADE_TYPES = ("UNIFIED", "SPOT", "FUTURES", "ISOLATED", "CROSS", "MARGIN")
_ACCOUNT_TYPES = ("UNIFIED", "FUNDING", "ISOLATED", "SPOT", "FUTURES", "CROSS")
# An unknown symbol is taken and stays silent; the alphabet is a bound of the simulator itself.
_SYMBOL = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


class ProRefused(Exception):
    """A command is refused; ``where`` says which key of the reply carries the text."""

    def __init__(self, text: str, where: str = "reason") -> None:
        super().__init__(text)
        self.text = text
        self.where = where


@frozen
class ProChannel:
    """
    One channel.

    Attributes:
        title: Its name in refusals.
        private: Whether it belongs to the private host.
        scope: Parameter whose value follows the dot of the topic; ``""`` where the channel has none.
        scopes: Values of that parameter.
        product: The product of a channel that has no such parameter, or can do without it.
        symbol: Whether a symbol must be named.
        takes_symbols: Whether a list of symbols will do.
    """

    title: str
    private: bool = False
    scope: str = "tradeType"
    scopes: tuple[str, ...] = _PRODUCTS
    product: str | None = None
    symbol: bool = True
    takes_symbols: bool = False


def _account(title: str, *, scope: str = "tradeType", symbol: bool = False) -> ProChannel:
    scopes = _TRADE_TYPES if scope == "tradeType" else _ACCOUNT_TYPES
    return ProChannel(title, private=True, scope=scope, scopes=scopes, symbol=symbol)


CHANNELS: Mapping[str, ProChannel] = {
    "ticker": ProChannel("Ticker", takes_symbols=True),
    "trade": ProChannel("Trade"),
    "kline": ProChannel("Kline"),
    "obu": ProChannel("Obu"),
    "callAuctionInfo": ProChannel("CallAuctionInfo", scopes=("SPOT",), product="SPOT"),
    "mark-price": ProChannel("MarkPrice", scope="", product="FUTURES"),
    "funding-fee": ProChannel("FundingFee", scope="", product="FUTURES", takes_symbols=True),
    "funding-fee-all-symbols": ProChannel("FundingFeeAllSymbols", scope="", product="FUTURES", symbol=False),
    "orderAll": _account("OrderAll"),
    "order": _account("Order", symbol=True),
    "execution": _account("Execution"),
    "execution.lite": _account("ExecutionLite"),
    "balance": _account("Balance", scope="accountType"),
    "positionAll": _account("PositionAll"),
    "position": _account("Position", symbol=True),
    "lw": _account("LiquidationWarning"),
    "leverage": _account("Leverage"),
}


def read_topics(frame: Mapping[str, Any], host: str) -> list[str]:
    """
    Return the topics a subscribe or unsubscribe command stands for, each once.

    Args:
        frame: ``{"id":"p1","action":"SUBSCRIBE","channel":"obu","tradeType":"SPOT","symbol":"BTC-USDT","depth":"5"}``
        host: A key of `HOSTS`.

    Raises:
        ProRefused: The host has no such channel, or a parameter is missing or wrong.
    """
    name = frame.get("channel")
    channel = CHANNELS.get(name) if isinstance(name, str) else None
    if channel is None:
        raise _invalid()
    scope = _read_scope(frame, channel)
    owner = "private" if channel.private else (scope or channel.product or "").lower()
    if owner != host:
        raise ProRefused(f'topic {channel.title} type = "{HOSTS[owner]}" not allowed in current environment')
    root = f"{name}.{scope}" if scope else str(name)
    if not channel.symbol:
        return [root]
    symbols = _read_symbols(frame, channel, str(name))
    suffix = _SUFFIXES[name](frame, channel, scope) if name in _SUFFIXES else ""
    return [f"{root}:{symbol}{suffix}" for symbol in dict.fromkeys(symbols)]


def _invalid() -> ProRefused:
    return ProRefused("invalid request data", "message")


def _missing(parameter: str, channel: ProChannel) -> ProRefused:
    return ProRefused(f"missing `{parameter}` for topic: {channel.title}")


def _read_scope(frame: Mapping[str, Any], channel: ProChannel) -> str:
    if not channel.scope:
        return ""
    scope = frame.get(channel.scope, channel.product)
    if scope is None:
        raise _missing(channel.scope, channel)
    if scope not in channel.scopes:
        raise _invalid()
    return str(scope)


def _read_symbols(frame: Mapping[str, Any], channel: ProChannel, name: str) -> list[str]:
    several, one = frame.get("symbols"), frame.get("symbol")
    if several is not None and not channel.takes_symbols:
        raise ProRefused(f"symbols are not supported for topic {name}")
    if several is not None and (not isinstance(several, list) or not several):
        raise _invalid()
    if several is None and (one is None or one == ""):
        raise _missing("symbol", channel)
    symbols = [one] if several is None else several
    if not all(isinstance(symbol, str) and _SYMBOL.match(symbol) for symbol in symbols):
        raise _invalid()
    return [str(symbol) for symbol in symbols]


def _read_interval(frame: Mapping[str, Any], channel: ProChannel, scope: str) -> str:
    interval = frame.get("interval")
    if interval is None:
        raise _missing("interval", channel)
    if not isinstance(interval, str) or interval not in INTERVALS:
        raise _invalid()
    return f"_{interval}"


def _read_depth(frame: Mapping[str, Any], channel: ProChannel, scope: str) -> str:
    depth, rpi = frame.get("depth"), frame.get("rpiFilter", 0)
    if depth is None:
        raise _missing("depth", channel)
    if not isinstance(depth, str) or depth not in DEPTHS or isinstance(rpi, bool) or rpi not in (0, 1):
        raise _invalid()
    if rpi and (scope != "FUTURES" or depth not in ("5", "50")):
        raise _invalid()
    return f"@{depth}+rpi" if rpi else f"@{depth}"


_SUFFIXES = {"kline": _read_interval, "obu": _read_depth}
