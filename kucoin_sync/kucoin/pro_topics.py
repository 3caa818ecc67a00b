"""
Topics of the Pro V2 streams: a channel with its parameters, and the text that stands for both.

The text is the engine's key and what ``Update.topic`` says: ``{channel}.{TRADETYPE}:{symbol}``, such as
``ticker.SPOT:BTC-USDT``, ``kline.SPOT:BTC-USDT_1hour`` or ``obu.FUTURES:XBTUSDTM@increment@10ms``. `CHANNELS` says
which parameters a channel has and where it lives; everything else here reads that table.

Source: KuCoin docs, Pro API (UTA V2), WebSocket, and the pages of the channels (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from kucoin_sync.errors import ConfigError, shorten
from kucoin_sync.protocol.dialect import TopicRequest
from kucoin_sync.protocol.json_text import dumps, loads

__all__ = [
    "ACCOUNT_TYPES",
    "CHANNELS",
    "DEPTHS",
    "INTERVALS",
    "TRADE_TYPES",
    "Channel",
    "group",
    "parameters",
    "parameters_of_group",
    "parse",
    "topic_of",
]

_SPOT, _FUTURES, _PRIVATE = "spotPublicProV2", "futuresPublicProV2", "privateProV2"

INTERVALS = (
    *("1min", "3min", "5min", "15min", "30min"),
    *("1hour", "2hour", "4hour", "6hour", "8hour", "12hour"),
    *("1day", "1week", "1month"),
)
DEPTHS = ("1", "5", "50", "increment@10ms", "increment")
TRADE_TYPES = ("UNIFIED", "SPOT", "FUTURES", "ISOLATED", "CROSS", "MARGIN")
"""Of the private channels: ``UNIFIED`` for unified accounts, the others for accounts in classic mode."""
ACCOUNT_TYPES = ("UNIFIED", "FUNDING", "ISOLATED", "SPOT", "FUTURES", "CROSS")

_RPI_DEPTHS = ("5", "50")
_SPOT_ONLY_INTERVAL = "6hour"  # a futures connection takes it and stays silent
_RPI_MARK = "+rpi"
_SEPARATORS = {"interval": "_", "depth": "@"}
"""What stands before the second argument of a text; no symbol holds either."""

_FORMS = {_SPOT: "a spot symbol such as 'BTC-USDT'", _FUTURES: "a futures symbol such as 'XBTUSDTM'"}
_SYMBOL = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@attrs.frozen
class Channel:
    """
    One channel.

    Attributes:
        name: As on the wire.
        homes: What stands after the dot (``None`` where nothing does) to the connection it is served on.
        kind: Name of the parameter after the dot, or ``None``.
        arguments: Names of the parameters after the colon.
        optional: Parameters that may be left out.
        shares_frame: Whether one frame can carry several symbols, as ``symbols``.
    """

    name: str
    homes: Mapping[str | None, str]
    kind: str | None = "tradeType"
    arguments: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    shares_frame: bool = False

    def head(self, kind: str | None) -> str:
        """Return the text before the colon."""
        return self.name if kind is None else f"{self.name}.{kind}"


_BOTH: Mapping[str | None, str] = {"SPOT": _SPOT, "FUTURES": _FUTURES}
_FUTURES_ONLY: Mapping[str | None, str] = {None: _FUTURES}
_ORDERS: Mapping[str | None, str] = dict.fromkeys(TRADE_TYPES, _PRIVATE)
_BALANCES: Mapping[str | None, str] = dict.fromkeys(ACCOUNT_TYPES, _PRIVATE)

CHANNELS: Mapping[str, Channel] = {
    channel.name: channel
    for channel in (
        Channel("ticker", _BOTH, arguments=("symbol",), shares_frame=True),
        Channel("kline", _BOTH, arguments=("symbol", "interval")),
        Channel("trade", _BOTH, arguments=("symbol",)),
        Channel("obu", _BOTH, arguments=("symbol", "depth"), optional=("rpiFilter",)),
        # Its pushes name the trade type, its subscription does not.
        Channel("callAuctionInfo", {"SPOT": _SPOT}, arguments=("symbol",), optional=("tradeType",)),
        Channel("mark-price", _FUTURES_ONLY, kind=None, arguments=("symbol",)),
        Channel("funding-fee", _FUTURES_ONLY, kind=None, arguments=("symbol",), shares_frame=True),
        Channel("funding-fee-all-symbols", _FUTURES_ONLY, kind=None),
        Channel("orderAll", _ORDERS),
        Channel("order", _ORDERS, arguments=("symbol",)),
        Channel("execution", _ORDERS),
        Channel("execution.lite", _ORDERS),
        Channel("balance", _BALANCES, kind="accountType"),
        Channel("positionAll", _ORDERS),
        Channel("position", _ORDERS, arguments=("symbol",)),
        Channel("lw", _ORDERS),
        Channel("leverage", _ORDERS),
    )
}

_ALIASES = {"markPrice": "mark-price", "fundingFee": "funding-fee", "risk": "lw"}
"""Other spellings: of the Node client's examples, and of a push."""

_BY_NAME: Mapping[str, Channel] = {
    **{name.lower(): channel for name, channel in CHANNELS.items()},
    **{alias.lower(): CHANNELS[name] for alias, name in _ALIASES.items()},
}


# From the user.


def parse(request: TopicRequest, *, ws_key: str) -> list[str]:
    """
    Return the single topics of what a user asks for.

    Args:
        request: A channel with its parameters, as in ``TopicRequest("ticker", {"tradeType": "SPOT", "symbols":
            ["BTC-USDT", "ETH-USDT"]})``, or a topic's text without parameters.
        ws_key: The connection it is meant for.

    Returns:
        ``["ticker.SPOT:BTC-USDT", "ticker.SPOT:ETH-USDT"]``. A channel that is not known is let through, as
        ``channel?name=value&name=value``: the exchange decides.

    Raises:
        ConfigError: If a parameter is unknown, missing or wrong, or the topic belongs to another connection.
    """
    name, payload = request.topic, request.payload
    if not isinstance(name, str) or not name:
        raise ConfigError(f"topics: must be a text that is not empty, got {shorten(repr(name))}")
    if payload is not None and not isinstance(payload, Mapping):
        raise ConfigError(f"topics: the parameters of {shorten(name)} must be a mapping")
    head, _, query = name.partition("?")
    if query and not payload:
        name, payload = head, _read_query(query)
    if payload:
        channel = _BY_NAME.get(name.lower())
        if channel is None:
            return [_spell_unknown(name, payload)]
        return [_spell(channel, given, ws_key) for given in _one_by_one(channel, payload)]
    channel, kind, args = _take_apart(name)
    if channel is None:
        return [_spell_unknown(name, {})]
    return [_spell(channel, _given(channel, kind, arg), ws_key) for arg in args.split(",")]


def _one_by_one(channel: Channel, payload: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the parameters of each symbol, for a list of them or a comma-joined text."""
    rest = {name: value for name, value in payload.items() if name != "symbols"}
    if "symbols" in payload:
        if "symbol" in rest:
            raise ConfigError(f"topics: {channel.name} takes symbol or symbols, not both")
        symbols = payload["symbols"]
        if not isinstance(symbols, (list, tuple)) or not symbols:
            raise ConfigError("topics: symbols must be a list that is not empty")
    elif isinstance(rest.get("symbol"), str):
        symbols = rest["symbol"].split(",")
    else:
        return [rest]
    return [{**rest, "symbol": symbol} for symbol in symbols]


def _spell(channel: Channel, given: Mapping[str, Any], ws_key: str) -> str:
    """Check the parameters of one topic and return its text."""
    kind = _check_names(channel, given)
    home = channel.homes[kind]
    if home != ws_key:
        raise ConfigError(f"topics: {channel.head(kind)} belongs to the connection {home}, not to {ws_key}")
    arguments = {name: _CHECKS[name](given[name]) for name in channel.arguments}
    symbol = arguments.get("symbol")
    if symbol is not None and home in _FORMS and ("-" in symbol) != (home == _SPOT):
        raise ConfigError(f"topics: symbol must be {_FORMS[home]}, got {shorten(repr(symbol))}")
    if arguments.get("interval") == _SPOT_ONLY_INTERVAL and kind != "SPOT":
        raise ConfigError(f"topics: interval {_SPOT_ONLY_INTERVAL} is served on spot only")
    text = "".join(_SEPARATORS.get(name, ":") + value for name, value in arguments.items())
    if _flag(given.get("rpiFilter", 0)):
        if kind != "FUTURES" or arguments["depth"] not in _RPI_DEPTHS:
            raise ConfigError("topics: rpiFilter 1 is served with tradeType FUTURES and depth 5 or 50 only")
        text += _RPI_MARK
    return channel.head(kind) + text


def _check_names(channel: Channel, given: Mapping[str, Any]) -> str | None:
    """Check which parameters there are; return the value of the one that stands after the dot."""
    own = (channel.kind,) if channel.kind is not None else ()
    known = {*own, *channel.arguments, *channel.optional}
    for name in given:
        if name not in known:
            raise ConfigError(f"topics: {channel.name} has no parameter {shorten(repr(name))}")
    for name in (*own, *channel.arguments):
        if name not in given and name not in channel.optional:
            raise ConfigError(f"topics: {channel.name} needs {name}")
    kinds = [kind for kind in channel.homes if kind is not None]
    if not kinds:
        return None
    value = given.get(str(channel.kind), kinds[0])
    kind = value.upper() if isinstance(value, str) else value
    if kind not in kinds:
        raise ConfigError(f"topics: {channel.kind} must be one of {', '.join(kinds)}, got {shorten(repr(value))}")
    return str(kind)


def _symbol(value: Any) -> str:
    if not isinstance(value, str) or not _SYMBOL.fullmatch(value):
        raise ConfigError(f"topics: symbol must be a text such as 'BTC-USDT', got {shorten(repr(value))}")
    return value


def _interval(value: Any) -> str:
    if not isinstance(value, str) or value not in INTERVALS:
        raise ConfigError(f"topics: interval must be one of {', '.join(INTERVALS)}, got {shorten(repr(value))}")
    return INTERVALS[INTERVALS.index(value)]


def _depth(value: Any) -> str:
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or text not in DEPTHS:
        raise ConfigError(f"topics: depth must be one of {', '.join(DEPTHS)}, got {shorten(repr(value))}")
    return DEPTHS[DEPTHS.index(text)]


def _flag(value: Any) -> bool:
    if not isinstance(value, (int, str)) or str(int(value) if isinstance(value, bool) else value) not in ("0", "1"):
        raise ConfigError(f"topics: rpiFilter must be 0 or 1, got {shorten(repr(value))}")
    return bool(int(value))


_CHECKS: Mapping[str, Callable[[Any], str]] = {"symbol": _symbol, "interval": _interval, "depth": _depth}


# Texts.


def _take_apart(text: str) -> tuple[Channel | None, str | None, str]:
    """Return channel, what stands after the dot, and what stands after the colon; no channel if it is not known."""
    head, colon, args = text.partition(":")
    channel, kind = _BY_NAME.get(head.lower()), None
    if channel is None:
        name, dot, kind = head.rpartition(".")
        channel = _BY_NAME.get(name.lower()) if dot else None
        if channel is None and (colon or kind.upper() in {*TRADE_TYPES, *ACCOUNT_TYPES} or text.startswith("/")):
            raise ConfigError(
                f"topics: no channel in {shorten(repr(text))}; there are {', '.join(CHANNELS)}, and another one is"
                " asked for by TopicRequest(channel, parameters)"
            )
    if channel is not None and args and not channel.arguments:
        raise ConfigError(f"topics: {channel.name} takes no symbol, got {shorten(repr(text))}")
    return channel, kind, args


def _given(channel: Channel, kind: str | None, arg: str) -> dict[str, Any]:
    """Return the parameters that a text names."""
    given: dict[str, Any] = {}
    if kind is not None:
        given[channel.kind or "tradeType"] = kind
    if "rpiFilter" in channel.optional and arg.endswith(_RPI_MARK):
        given["rpiFilter"] = 1
        arg = arg.removesuffix(_RPI_MARK)
    for name in reversed(channel.arguments[1:]):
        arg, separator, value = arg.partition(_SEPARATORS[name])
        if separator:
            given[name] = value
    if arg:
        given["symbol"] = arg
    return given


def parameters(topic: str) -> dict[str, object]:
    """
    Return what the wire wants to know about a topic, without ``id`` and ``action``.

    Args:
        topic: One of the texts that `parse` returned.

    Returns:
        ``{"channel": "obu", "tradeType": "FUTURES", "symbol": "XBTUSDTM", "depth": "increment@10ms"}``
    """
    name, _, query = topic.partition("?")
    if query:
        return {"channel": name, **_read_query(query)}
    channel, kind, arg = _take_apart(topic)
    if channel is None:
        return {"channel": topic}
    given = _given(channel, kind, arg)
    order = (channel.kind, *channel.arguments, *channel.optional)
    unsaid = {channel.kind}.intersection(channel.optional)
    return {"channel": channel.name, **{name: given[name] for name in order if name in given and name not in unsaid}}


def group(topics: Sequence[str], size: int) -> list[list[str]]:
    """Group single topics, at most ``size`` each, so that `parameters_of_group` can say each group in one frame."""
    groups: list[list[str]] = []
    open_groups: dict[str, list[str]] = {}
    for topic in topics:
        head = topic.partition(":")[0]
        joinable = _PUSHES[head].channel.shares_frame if head in _PUSHES else False
        current = open_groups.get(head) if joinable else None
        if current is None or len(current) >= size:
            current = []
            groups.append(current)
            if joinable:
                open_groups[head] = current
        current.append(topic)
    return groups


def parameters_of_group(topics: Sequence[str]) -> dict[str, object]:
    """
    Return what the wire wants to know about one group of `group`.

    Returns:
        As `parameters`; for several topics ``{"channel": "ticker", "tradeType": "SPOT", "symbols": ["BTC-USDT",
        "ETH-USDT"]}``
    """
    single = [parameters(topic) for topic in topics]
    if len(single) == 1:
        return single[0]
    joined = {name: value for name, value in single[0].items() if name != "symbol"}
    return {**joined, "symbols": [one["symbol"] for one in single]}


# Channels that are not known.


def _spell_unknown(name: str, payload: Mapping[str, Any]) -> str:
    known = _BY_NAME.get(name.rpartition(".")[0].lower())
    if not _NAME.fullmatch(name) or known is not None:
        raise ConfigError(f"topics: must be the name of a channel such as 'ticker', got {shorten(repr(name))}")
    return name + "?" * bool(payload) + "&".join(sorted(_spell_pair(key, value) for key, value in payload.items()))


def _spell_pair(key: Any, value: Any) -> str:
    """Spell one parameter: a text as it is unless that would read as something else, other values as JSON."""
    if not isinstance(key, str) or not _KEY.fullmatch(key) or key in ("id", "action", "channel"):
        raise ConfigError(f"topics: {shorten(repr(key))} is no name of a parameter")
    try:
        text = dumps(value)
    except (ValueError, TypeError):
        raise ConfigError(f"topics: {key} must be a value that JSON has") from None
    if isinstance(value, str) and value and _SYMBOL.fullmatch(value) and _read_value(value) == value:
        text = value
    # The characters that separate; inside JSON only a text can hold them.
    return f"{key}={text.replace('&', chr(92) + 'u0026')}"


def _read_query(query: str) -> dict[str, Any]:
    pairs = (pair.partition("=") for pair in query.split("&"))
    return {key: _read_value(value) for key, _, value in pairs}


def _read_value(text: str) -> Any:
    try:
        return loads(text)
    except ValueError:
        return text


# From the exchange.


@attrs.frozen
class _Push:
    """How the topic of a push is spelled: ``head`` and then the fields of the payload that `channel` has."""

    channel: Channel
    head: str


_PUSHES: dict[str, _Push] = {
    spelling: _Push(channel, channel.head(kind))
    for name, channel in _BY_NAME.items()
    for kind in channel.homes
    for spelling in {channel.head(kind), name if kind is None else f"{name}.{kind.lower()}"}
}
"""By a push's ``T``, in its usual spelling and in lower case."""

_PAYLOAD_KEYS = {"symbol": "s", "interval": "i"}


def topic_of(frame: Mapping[str, Any]) -> str | None:
    """
    Return the single topic that a push belongs to.

    Args:
        frame: ``{"T": "obu.FUTURES", "dp": "5", "t": "snapshot", "P": ..., "d": {"s": "XBTUSDTM", ...}}``

    Returns:
        ``"obu.FUTURES:XBTUSDTM@5"``, in the spelling of `parse` whatever the case of ``T``; ``T`` itself if it is not
        known; the part before the colon if the payload names no symbol; ``None`` if it is no push.
    """
    name = frame.get("T")
    if type(name) is not str:
        return None
    push = _PUSHES.get(name) or _PUSHES.get(name.lower())
    if push is None:
        return name
    text, payload = push.head, frame.get("d")
    for argument in push.channel.arguments:
        if argument == "depth":
            value = frame.get("dp")
        else:
            value = payload.get(_PAYLOAD_KEYS[argument]) if type(payload) is dict else None
        if type(value) is not str:
            return text
        text += _SEPARATORS.get(argument, ":") + value
    if push.channel.optional == ("rpiFilter",) and _has_rpi(payload):
        text += _RPI_MARK
    return text


def _has_rpi(book: Any) -> bool:
    """Whether the levels of a book push have a third element, which tells the two kinds of size apart."""
    levels = book.get("a") or book.get("b")
    return type(levels) is list and bool(levels) and type(levels[0]) is list and len(levels[0]) > 2
