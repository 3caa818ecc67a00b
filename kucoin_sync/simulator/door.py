"""
Who may stay at the door: connections that have not brought a whole request yet.

The HTTP library waits long for the first request of a connection, and for ever for the rest of a body. Here both have
a time, and there is a bound for all connections together, so that nobody can use up the descriptors. TLS begins here
as well, because the loop does not tell of connections that are still at it, and these must end with the server, too.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from aiohttp import web

__all__ = ["REQUEST_TIME", "Door"]

#: Seconds for the TLS handshake, for the first request of a connection, and for the body of any.
REQUEST_TIME = 10.0
#: Seconds between two looks at who has left; until then what he sent is kept.
LOOK_INTERVAL = 0.5


class Door:
    """
    Makes the protocol of each new connection; give it to ``create_server``.

    Args:
        server: The HTTP library's side.
        ssl_context: Server context, ``None`` for plain HTTP.
        max_connections: How many may wait for their first request; one more, and the oldest of these is dropped. Of
            twice as many in all, whatever they are for, one more is dropped unread.
    """

    def __init__(self, server: web.Server, *, ssl_context: ssl.SSLContext | None, max_connections: int) -> None:
        self._server = server
        self._ssl_context = ssl_context
        self._max_connections = max_connections
        self._request_time = REQUEST_TIME
        # Protocols with a ``transport``, by age.
        self._waiting: dict[Any, asyncio.TimerHandle] = {}

    def __call__(self) -> asyncio.BaseProtocol:
        """Return the protocol of one more connection."""
        if len(self._waiting) >= self._max_connections:
            self._drop(next(iter(self._waiting)))
        # There is no transport yet, so even the one that is too many is dropped a little later.
        is_full = len(self._server.connections) >= 2 * self._max_connections
        protocol = self._server() if self._ssl_context is None else _Handshake(self, self._ssl_context)
        self._wait_for(protocol, 0.0 if is_full else self._request_time)
        return protocol

    async def enter(self, request: web.Request) -> web.Response | None:
        """Take the request of a connection with its body, which the request keeps; return what is wrong with it."""
        self._forget(request.protocol)
        if not request.can_read_body:
            return None
        try:
            await asyncio.wait_for(request.read(), self._request_time)
        except (asyncio.TimeoutError, TimeoutError):
            response = web.Response(status=408, text="SIMULATOR: the body did not come in time")
            response.force_close()
            return response
        except ConnectionError:
            return web.Response(status=400)  # nobody is there to read it
        return None

    def let_in(self, handshake: _Handshake, transport: asyncio.Transport, early: bytes) -> None:
        """Hand a connection over whose TLS handshake is done, with what it has sent already."""
        if not self._forget(handshake) or transport.is_closing():
            transport.abort()
            return
        protocol = self._server()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        self._wait_for(protocol, self._request_time)
        if early:
            protocol.data_received(early)

    def leave(self, handshake: _Handshake) -> None:
        """A TLS handshake came to nothing."""
        self._forget(handshake)

    def close(self) -> None:
        """Drop everybody who is still here."""
        for protocol in list(self._waiting):
            self._forget(protocol)
            if protocol.transport is not None:
                protocol.transport.abort()

    def _wait_for(self, protocol: asyncio.BaseProtocol, seconds: float) -> None:
        loop, look = asyncio.get_running_loop(), min(seconds, LOOK_INTERVAL)
        self._waiting[protocol] = loop.call_later(look, self._look, protocol, seconds - look)

    def _look(self, protocol: Any, seconds: float) -> None:
        """Wait on for somebody who is still there and has time left."""
        if protocol.transport is None or seconds <= 0:
            self._drop(protocol)
        else:
            self._wait_for(protocol, seconds)

    def _forget(self, protocol: object) -> bool:
        timer = self._waiting.pop(protocol, None)
        if timer is not None:
            timer.cancel()
        return timer is not None

    def _drop(self, protocol: Any) -> None:
        self._forget(protocol)
        if protocol.transport is not None:
            protocol.transport.abort()


class _Handshake(asyncio.Protocol):
    """The TLS handshake of one connection."""

    def __init__(self, door: Door, context: ssl.SSLContext) -> None:
        self._door = door
        self._context = context
        self._early = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._task = asyncio.get_running_loop().create_task(self._shake(transport))

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None

    def data_received(self, data: bytes) -> None:
        # The first request may come with the end of the handshake.
        self._early += data

    async def _shake(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        try:
            secure = await loop.start_tls(
                transport, self, self._context, server_side=True, ssl_handshake_timeout=REQUEST_TIME
            )
        except (OSError, ssl.SSLError):
            transport.abort()
            secure = None
        if secure is None:
            self._door.leave(self)
        else:
            self._door.let_in(self, secure, self._early)
