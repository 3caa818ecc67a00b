"""
KuCoin's hosts by region, and what a user puts in their place.

Source: KuCoin docs, Introduction, base URLs, and the regions of its Node client (read 2026-11). The hosts of the EU
beyond the spot REST host are what single clients name; KuCoin itself documents none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import attrs

from kucoin_sync.errors import ConfigError
from kucoin_sync.options import Options, check_url, is_loopback

__all__ = ["REGIONS", "Region", "bound", "check_hosts", "host_url", "is_simulated", "region_of"]

SIMULATOR_PREFIX = "simulator-"


@attrs.frozen
class Region:
    """
    Where one region's accounts live.

    Attributes:
        spot_rest: REST of spot, margin, account and unified calls.
        futures_rest: REST of futures.
        ws_api: Order entry over WebSocket.
        pro_spot: Pro V2 public spot streams.
        pro_futures: Pro V2 public futures streams.
        pro_private: Pro V2 private streams.
        headers: Sent with every REST call, the token calls included, and with no WebSocket handshake.
    """

    spot_rest: str
    futures_rest: str
    ws_api: str
    pro_spot: str
    pro_futures: str
    pro_private: str
    headers: Mapping[str, str] = attrs.field(factory=dict)


_GLOBAL = Region(
    spot_rest="https://api.kucoin.com",
    futures_rest="https://api-futures.kucoin.com",
    ws_api="wss://wsapi.kucoin.com/v1/private",
    pro_spot="wss://x-push-spot.kucoin.com",
    pro_futures="wss://x-push-futures.kucoin.com",
    pro_private="wss://wsapi-push.kucoin.com",
)

REGIONS: Mapping[str, Region] = {
    "GLOBAL": _GLOBAL,
    # Order entry has no host of the EU's own that anybody knows; the global one is used there, too.
    "EU": attrs.evolve(
        _GLOBAL,
        spot_rest="https://api.kucoin.eu",
        futures_rest="https://api-futures.kucoin.eu",
        pro_spot="wss://x-push-spot.kucoin.eu",
        pro_futures="wss://x-push-futures.kucoin.eu",
        pro_private="wss://wsapi-push.kucoin.eu",
    ),
    "AU": attrs.evolve(_GLOBAL, headers={"X-SITE-TYPE": "australia"}),
}

HOST_NAMES = tuple(field.name for field in attrs.fields(Region) if field.name != "headers")


def check_hosts(api_region: str, hosts: Mapping[str, str]) -> None:
    """Raise `ConfigError` for a region that does not exist, or a host by an unknown name or with an unfit URL."""
    if api_region.upper() not in REGIONS:
        raise ConfigError(f"api_region: must be one of global, EU, AU, got {api_region[:40]!r}")
    for name, url in hosts.items():
        if name not in HOST_NAMES:
            raise ConfigError(f"hosts: no host {name!r}; there are {', '.join(HOST_NAMES)}")
        check_url(f"hosts[{name!r}]", url, ("https", "http") if name.endswith("_rest") else ("wss", "ws"))


def host_url(options: Options, name: str, *, private: bool) -> str:
    """
    Return the URL of one host of a client.

    Args:
        options: Of the client, checked.
        name: A field of `Region`.
        private: Whether credentials go there.

    Raises:
        ConfigError: If they are the simulator's and the host is not this machine.
    """
    url: str = getattr(region_of(options.api_region, options.hosts), name)
    return bound(options, f"hosts[{name!r}]", url) if private else url


def bound(options: Options, name: str, url: str) -> str:
    """Keep an account and the exchange it belongs to together, so that practice never meets the real thing."""
    host = urlsplit(url).hostname or ""
    if is_simulated(options) and not is_loopback(host):
        raise ConfigError(f"{name}: the simulator's credentials do not go to {host}")
    return url


def is_simulated(options: Options) -> bool:
    """Whether the account is one of the simulator."""
    return str(options.api_key).startswith(SIMULATOR_PREFIX)


def region_of(api_region: str, hosts: Mapping[str, str]) -> Region:
    """
    Return the hosts of a client.

    Args:
        api_region: ``global``, ``EU`` or ``AU`` in any case.
        hosts: URLs that replace single ones, by name; all checked.
    """
    own: dict[str, Any] = {name: url.rstrip("/") for name, url in hosts.items()}
    return attrs.evolve(REGIONS[api_region.upper()], **own)
