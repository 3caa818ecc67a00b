"""
Which names a request may come under.

A web page in the user's browser can reach a server on this machine by a name of its own that it points here (DNS
rebinding). Such a request carries that name as ``Host``, or the page's own address as ``Origin``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

__all__ = ["HostGuard"]

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class HostGuard:
    """
    Tells requests for the simulator from those of web pages.

    Args:
        names: Host names to answer to besides those of this machine.
        takes_addresses: Whether any address will do as ``Host``: nobody can point an address elsewhere.
    """

    def __init__(self, names: Iterable[str] = (), *, takes_addresses: bool = False) -> None:
        self._names = _LOOPBACK | {name.lower() for name in names}
        self._takes_addresses = takes_addresses

    def refusal(self, host: str, origin: str | None) -> str | None:
        """Return why a request with these headers is turned away, or ``None``."""
        name = _host_name("//" + host)
        if name not in self._names and not (self._takes_addresses and _is_address(name)):
            return "SIMULATOR: Host is not a name of this simulator"
        if origin is not None and _host_name(origin) not in self._names:
            return "SIMULATOR: Origin is not a name of this simulator"
        return None


def _host_name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_address(name: str | None) -> bool:
    try:
        ipaddress.ip_address(name or "")
    except ValueError:
        return False
    return True
