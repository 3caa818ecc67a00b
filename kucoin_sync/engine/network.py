"""
The way to a host: names, proxies and TLS settings, shared by all that a client opens.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import attrs

from kucoin_sync.engine.channel import Channel
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.dial import Resolver, dial
from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.engine.proxies import open_tunnel
from kucoin_sync.errors import ConnectError
from kucoin_sync.proxy import Proxy

__all__ = ["Network"]

_RESOLVED_HERE = ("socks5", "socks4")


@attrs.frozen
class Network:
    """
    How a client reaches hosts.

    Attributes:
        resolver: Resolves names.
        context: TLS settings.
        proxy_for: Returns the proxy on the way to a URL, or ``None``. Raises ConnectError.
    """

    resolver: Resolver
    context: ssl.SSLContext
    proxy_for: Callable[[str], Proxy | None] = lambda _: None

    def open_channel(self, url: str, deadline: Deadline, interrupt: Interrupt) -> Channel:
        """
        Connect to the host of a URL, through its proxy, and with TLS where the scheme asks for it.

        Args:
            url: ``wss``, ``https``, or ``ws`` and ``http`` for plain text.
            deadline: For everything together.
            interrupt: Ends the attempt at once, and later the channel.

        Raises:
            ConnectError: With phase ``dns``, ``tcp``, ``proxy`` or ``tls``.
        """
        parts = urlsplit(url)
        host, tls = parts.hostname or "", parts.scheme in ("wss", "https")
        port = parts.port or (443 if tls else 80)
        proxy = self.proxy_for(url)
        if proxy is None:
            channel = Channel(dial(host, port, self.resolver, deadline, interrupt), interrupt)
        else:
            channel = self._through(proxy, host, port, deadline, interrupt)
        if tls:
            try:
                channel.start_tls(self.context, host, deadline)
            except BaseException:
                channel.discard(reset=True)
                raise
        return channel

    def _through(self, proxy: Proxy, host: str, port: int, deadline: Deadline, interrupt: Interrupt) -> Channel:
        if proxy.scheme in _RESOLVED_HERE:
            host = self._address(host, port, proxy, deadline, interrupt)
        try:
            channel = Channel(dial(proxy.host, proxy.port, self.resolver, deadline, interrupt), interrupt)
        except ConnectError as error:
            error.message = f"proxy {error.message}"
            raise
        try:
            open_tunnel(channel, proxy, host, port, deadline)
        except BaseException:
            channel.discard(reset=True)
            raise
        return channel

    def _address(self, host: str, port: int, proxy: Proxy, deadline: Deadline, interrupt: Interrupt) -> str:
        """Return one address: IPv4 if there is one, for nobody knows what the proxy can reach."""
        addresses = self.resolver.resolve(host, port, deadline, interrupt)
        best = sorted(addresses, key=lambda entry: entry[0] != socket.AF_INET)
        if not best or (proxy.scheme == "socks4" and best[0][0] != socket.AF_INET):
            raise ConnectError(f"{proxy}: {host} has no address that it could be told", phase="proxy")
        return str(best[0][4][0])
