"""
How the topic functions check their arguments and put them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kucoin_sync.errors import ConfigError, shorten
from kucoin_sync.okx import topic_texts
from kucoin_sync.okx.topic_table import BARS
from kucoin_sync.protocol.dialect import TopicRequest

__all__ = ["KINDS", "bar", "interval", "kind_of", "one_of", "request", "several"]

KINDS = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS", "ANY")


def request(channel: str, **filters: Any) -> TopicRequest:
    """Return a channel with those filters that are not ``None``. Raises ConfigError if one is malformed."""
    given = {name: value for name, value in filters.items() if value is not None}
    made = TopicRequest(channel, given or None)
    topic_texts.single(made)
    return made


def several(name: str, values: Sequence[Any]) -> str | list[Any]:
    """Return one value, or a list of several."""
    if not values:
        raise ConfigError(f"{name}: must be at least one")
    return values[0] if len(values) == 1 else list(values)


def one_of(name: str, value: Any, allowed: Sequence[str]) -> str:
    """Check one of several words."""
    if not isinstance(value, str) or value not in allowed:
        raise ConfigError(f"{name}: must be one of {', '.join(allowed)}, got {shorten(repr(value))}")
    return allowed[allowed.index(value)]


def kind_of(value: Any) -> str:
    """Check what an instrument is, in any case."""
    return one_of("kind", value.upper() if isinstance(value, str) else value, KINDS)


def bar(value: Any) -> str:
    """Check the length of a candle."""
    return one_of("length", value, BARS)


def interval(value: Any, allowed: Sequence[str]) -> dict[str, str] | None:
    """Return the extra parameters that say how often a channel is pushed."""
    text = str(value) if type(value) is int else value
    return None if text is None else {"updateInterval": one_of("update_interval", text, allowed)}
