"""
OKX's hosts by market, and what a user puts in their place.

Source: OKX docs v5, Overview, Production and Demo Trading Services (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import attrs

from kucoin_sync.errors import ConfigError
from kucoin_sync.okx.options import Options
from kucoin_sync.options import is_loopback

__all__ = ["DEMO_HEADERS", "SITES", "Site", "bound", "is_simulated", "rest_url", "ws_url"]

SIMULATOR_PREFIX = "simulator-"

DEMO_HEADERS: Mapping[str, str] = {"x-simulated-trading": "1"}
"""What makes a REST call one of demo trading: the host is the same. A demo WebSocket has a host of its own."""


@attrs.frozen
class Site:
    """Hosts of one market: REST, WebSocket of production, WebSocket of demo trading."""

    rest: str
    ws: str
    demo_ws: str


SITES: Mapping[str, Site] = {
    "GLOBAL": Site("https://openapi.okx.com", "wss://ws.okx.com:8443", "wss://wspap.okx.com:8443"),
    "EEA": Site("https://eea.okx.com", "wss://wseea.okx.com:8443", "wss://wseeapap.okx.com:8443"),
    "US": Site("https://us.okx.com", "wss://wsus.okx.com:8443", "wss://wsuspap.okx.com:8443"),
}


def rest_url(options: Options, *, private: bool) -> str:
    """
    Return the URL of the REST host, without a path.

    Args:
        options: Of the client.
        private: Whether credentials go there.

    Raises:
        ConfigError: If they are the simulator's and the host is not this machine.
    """
    url = options.hosts.get("rest", SITES[options.site].rest).rstrip("/")
    return bound(options, "hosts['rest']", url) if private else url


def ws_url(options: Options, path: str, *, private: bool) -> str:
    """
    Return the URL of a WebSocket: ``wss://ws.okx.com:8443/ws/v5/private``.

    Args, Raises: As `rest_url`; ``path`` is ``public``, ``private`` or ``business``.
    """
    if options.ws_url is not None:
        return bound(options, "ws_url", options.ws_url) if private else options.ws_url
    site = SITES[options.site]
    host = options.hosts.get("ws", site.demo_ws if options.demo_trading else site.ws).rstrip("/")
    url = f"{host}/ws/v5/{path}" + "?" * bool(options.ws_query) + options.ws_query
    return bound(options, "hosts['ws']", url) if private else url


def bound(options: Options, name: str, url: str) -> str:
    """Keep an account and the exchange it belongs to together, so that practice never meets the real thing."""
    host = urlsplit(url).hostname or ""
    if is_simulated(options) and not is_loopback(host):
        raise ConfigError(f"{name}: the simulator's credentials do not go to {host}")
    return url


def is_simulated(options: Options) -> bool:
    """Whether an account is one of the simulator."""
    return any(account.api_key.startswith(SIMULATOR_PREFIX) for account in options.named_accounts.values())
