"""
Topics of OKX: a channel with its filters, and the text that stands for both.

The text is the engine's key and what ``Update.topic`` says: ``tickers:BTC-USDT`` where the one filter is the
instrument, ``sprd-bbo-tbt:BTC-USDT_BTC-USDT-SWAP`` where it is the spread, ``account`` where there is none, else
``orders?instId=BTC-USDT&instType=SPOT`` with the filters in the order of their names.

Source: OKX docs v5, WebSocket, Subscribe (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kucoin_sync.errors import ConfigError, shorten
from kucoin_sync.okx.topic_table import Channel, channel_of
from kucoin_sync.protocol.dialect import TopicRequest
from kucoin_sync.protocol.json_text import dumps

__all__ = ["MOST_BYTES", "arg_of", "bare", "blamed", "excluded", "group", "single", "topic_of"]

MOST_BYTES = 60_000
"""Of one frame: the exchange takes 64 KB."""
_FRAME_BYTES = 100
"""Of a frame without its args, generously."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_VALUE = re.compile(r"[A-Za-z0-9._/-]+")
_EXTRA = "extraParams"
_OWN_KEYS = ("channel", "uid")  # of an arg: not filters

_PAIRS = re.compile(r"channel:[\w-]+(?:,\w+:[\w./-]+)*")
_BESIDE = re.compile(r"both ([\w-]+) and [\w-]+ for ([\w./-]+) is not allowed")


# From the user.


def single(request: TopicRequest) -> list[tuple[str, Channel | None]]:
    """
    Return the single topics of what a user asks for, each with the row of its channel.

    Args:
        request: ``TopicRequest("tickers", {"instId": "BTC-USDT"})``, where a list of values stands for as many topics;
            or a topic's text without filters, in which several values may be joined by commas: ``tickers:BTC-USDT,
            ETH-USDT``.

    Returns:
        ``[("tickers:BTC-USDT", Channel(...))]``; no row for a channel that is not known, which is let through: the
        exchange decides.

    Raises:
        ConfigError: If a filter is missing or malformed.
    """
    name, payload = request.topic, request.payload
    if not isinstance(name, str) or not name:
        raise ConfigError(f"topics: must be a text that is not empty, got {shorten(repr(name))}")
    if payload is not None and not isinstance(payload, Mapping):
        raise ConfigError(f"topics: the filters of {shorten(name)} must be a mapping")
    if not payload:
        name, filters = _take_apart(name)
        payload = {key: value.split(",") if "," in value and key != _EXTRA else value for key, value in filters.items()}
    if not _NAME.fullmatch(name):
        raise ConfigError(f"topics: must be the name of a channel such as 'tickers', got {shorten(repr(name))}")
    channel = channel_of(name)
    return [(_spell(name, channel, filters), channel) for filters in _one_by_one(name, payload)]


def _one_by_one(name: str, payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the filters of each topic, for a list of values."""
    lists = [key for key, value in payload.items() if isinstance(value, (list, tuple))]
    if not lists:
        return [dict(payload)]
    if len(lists) > 1 or not payload[lists[0]]:
        raise ConfigError(f"topics: one filter of {name} may be a list that is not empty")
    return [{**payload, lists[0]: value} for value in payload[lists[0]]]


def _spell(name: str, channel: Channel | None, filters: Mapping[str, Any]) -> str:
    spelled = {key: _check(name, key, value) for key, value in filters.items()}
    if channel is not None:
        for key in channel.needs:
            if key not in spelled:
                raise ConfigError(f"topics: {name} needs {key}")
    return _text(name, spelled)


def _check(name: str, key: Any, value: Any) -> str:
    if not isinstance(key, str) or not _KEY.fullmatch(key) or key in _OWN_KEYS:
        raise ConfigError(f"topics: {shorten(repr(key))} is no name of a filter")
    if key == _EXTRA and isinstance(value, Mapping):
        value = dumps({each: str(content) for each, content in value.items()})
    fits = isinstance(value, str) and (
        "&" not in value and value.isascii() if key == _EXTRA else _VALUE.fullmatch(value)
    )
    if not fits:
        raise ConfigError(f"topics: {key} of {name} must be a text such as 'BTC-USDT', got {shorten(repr(value))}")
    return str(value)


# Texts.


def _text(name: str, filters: Mapping[str, str]) -> str:
    if not filters:
        return name
    own = _own_key(name)
    if len(filters) == 1 and own in filters:
        return f"{name}:{filters[own]}"
    return f"{name}?" + "&".join(f"{key}={filters[key]}" for key in sorted(filters))


def _own_key(name: str) -> str:
    return "sprdId" if name.startswith("sprd-") else "instId"


def _take_apart(text: str) -> tuple[str, dict[str, str]]:
    """Return channel and filters of a topic."""
    name, question, query = text.partition("?")
    if question:
        pairs = (pair.partition("=") for pair in query.split("&"))
        return name, {key: value for key, _, value in pairs}
    name, colon, value = text.partition(":")
    return name, {_own_key(name): value} if colon else {}


def arg_of(topic: str) -> dict[str, str]:
    """
    Return what the wire calls a topic.

    Args:
        topic: One of the texts that `single` returned.

    Returns:
        ``{"channel": "orders", "instId": "BTC-USDT", "instType": "SPOT"}``
    """
    name, filters = _take_apart(topic)
    return {"channel": name, **filters}


def bare(topic: str) -> str:
    """Return a topic without its ``extraParams``, which say how it is pushed and not what."""
    name, filters = _take_apart(topic)
    filters.pop(_EXTRA, None)
    return _text(name, filters)


def group(topics: Sequence[str], size: int) -> list[list[str]]:
    """Group single topics, at most ``size`` each and as many as fit into one frame."""
    groups: list[list[str]] = []
    room = 0
    for topic in topics:
        # As many bytes as its JSON has: every filter has quotes and marks around it, and inside it quotes are escaped.
        length = len(dumps(arg_of(topic)).encode()) + 1
        if not groups or length > room or len(groups[-1]) >= size:
            groups.append([])
            room = MOST_BYTES - _FRAME_BYTES
        groups[-1].append(topic)
        room -= length
    return groups


# From the exchange.


def topic_of(arg: Mapping[str, Any]) -> str | None:
    """
    Return the single topic that an ``arg`` of a push or an ack stands for; ``None`` if it is none.

    Args:
        arg: ``{"channel": "orders", "instType": "SPOT", "uid": "614488474791936"}``

    Returns:
        ``"orders?instType=SPOT"``
    """
    name = arg.get("channel")
    if type(name) is not str:
        return None
    if len(arg) == 2:  # by far the most pushes
        value = arg.get(_own_key(name))
        if type(value) is str:
            return f"{name}:{value}"
    filters = {key: value for key, value in arg.items() if key not in _OWN_KEYS}
    if not all(type(value) is str for value in filters.values()):
        return None
    return _text(name, filters)


def blamed(message: str) -> str | None:
    """
    Return the topic that the text of a refusal names.

    Args:
        message: ``"Wrong URL or channel:candle1s,instId:BTC-USDT-SWAP doesn't exist. Please use ..."``

    Returns:
        ``"candle1s:BTC-USDT-SWAP"``
    """
    pairs = _PAIRS.search(message)
    if pairs is None:
        return None
    arg = dict(pair.partition(":")[::2] for pair in pairs[0].split(","))
    return topic_of(arg)


def excluded(message: str) -> str | None:
    """
    Return the topic that cannot be subscribed beside another one.

    Args:
        message: ``"Subscribe to both books and books-l2-tbt for BTC-USDT is not allowed. ..."``

    Returns:
        ``"books:BTC-USDT"``
    """
    found = _BESIDE.search(message)
    return None if found is None else f"{found[1]}:{found[2]}"
