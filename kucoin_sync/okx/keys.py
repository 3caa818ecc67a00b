"""
The connections of OKX, by the names that its Node client made known.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import attrs

from kucoin_sync.errors import ConfigError

__all__ = ["CONNECTIONS", "WS_KEY_MAP", "ConnectionFacts", "WsKey", "parse_ws_key", "ws_key_for"]


class WsKey(str, Enum):
    """Which dedicated connection."""

    PROD_PUBLIC = "prodPublic"
    PROD_PRIVATE = "prodPrivate"
    PROD_BUSINESS = "prodBusiness"
    PROD_DEMO_PUBLIC = "prodDemoPublic"
    PROD_DEMO_PRIVATE = "prodDemoPrivate"
    PROD_DEMO_BUSINESS = "prodDemoBusiness"
    EEA_LIVE_PUBLIC = "eeaLivePublic"
    EEA_LIVE_PRIVATE = "eeaLivePrivate"
    EEA_LIVE_BUSINESS = "eeaLiveBusiness"
    EEA_DEMO_PUBLIC = "eeaDemoPublic"
    EEA_DEMO_PRIVATE = "eeaDemoPrivate"
    EEA_DEMO_BUSINESS = "eeaDemoBusiness"
    US_LIVE_PUBLIC = "usLivePublic"
    US_LIVE_PRIVATE = "usLivePrivate"
    US_LIVE_BUSINESS = "usLiveBusiness"
    US_DEMO_PUBLIC = "usDemoPublic"
    US_DEMO_PRIVATE = "usDemoPrivate"
    US_DEMO_BUSINESS = "usDemoBusiness"

    def __str__(self) -> str:
        return str(self.value)


WS_KEY_MAP: Mapping[str, str] = {key.value: key.value for key in WsKey}
"""Names of all connections, as the Node client exports them."""


@attrs.frozen
class ConnectionFacts:
    """
    What kind of connection a WsKey is.

    Attributes:
        market: ``GLOBAL``, ``EEA`` or ``US``.
        demo: Whether it is of demo trading.
        path: ``public``, ``private`` or ``business``: the last part of its URL.
    """

    market: str
    demo: bool
    path: str


_HEADS = {
    ("GLOBAL", False): "prod",
    ("GLOBAL", True): "prodDemo",
    ("EEA", False): "eeaLive",
    ("EEA", True): "eeaDemo",
    ("US", False): "usLive",
    ("US", True): "usDemo",
}
_PATHS = ("public", "private", "business")

CONNECTIONS: Mapping[WsKey, ConnectionFacts] = {
    WsKey(head + path.capitalize()): ConnectionFacts(market, demo, path)
    for (market, demo), head in _HEADS.items()
    for path in _PATHS
}


def parse_ws_key(value: str) -> WsKey:
    """Return the WsKey of a text. Raises ConfigError if there is none."""
    try:
        return WsKey(value)
    except ValueError:
        raise ConfigError(f"ws_key: no connection {value!r}; there are {', '.join(WsKey)}") from None


def ws_key_for(market: str, path: str, *, demo: bool) -> WsKey:
    """
    Return the connection of a market that serves a path.

    Raises:
        ConfigError: If there is no such path.
    """
    if path not in _PATHS:
        raise ConfigError(f"path: must be one of {', '.join(_PATHS)}, got {path!r:.40}")
    return WsKey(_HEADS[market, demo] + path.capitalize())
