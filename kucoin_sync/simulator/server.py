"""
What every HTTP and WebSocket face of the simulator does: one port for REST, all WebSockets and the controls.

Only the door, the guard, the controls and the reading of frames live here; what the paths are and what frames mean is
for the exchange to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
import types
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any, Protocol

from aiohttp import WSMsgType, web
from attrs import frozen

from .controls.endpoint import KEY_HEADER, PREFIX, Endpoint
from .door import Door
from .faults.rest_answers import Answer
from .host_guard import HostGuard
from .json_text import compact
from .matching.orders import Refused
from .peer import PONG, Peer
from .venue import Venue

__all__ = ["Handler", "NotPerformed", "Server", "ServerOptions", "Session", "json_response", "transport_of"]

MAX_FRAME = 4 * 1024 * 1024
MAX_BODY = 1024 * 1024
#: Connections that may be at the door besides as many as may be WebSockets.
SPARE_CONNECTIONS = 100
#: Frames of one client that are handled in a row while others wait.
FRAMES_IN_A_ROW = 16

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Session(Protocol):
    """The server's side of one WebSocket connection."""

    def start(self) -> None:
        """The handshake is done."""

    def stop(self) -> None:
        """The connection is over."""

    def on_text(self, text: str) -> None:
        """A frame of the client came."""


class NotPerformed(Exception):
    """A call over HTTP was turned away before anything was done; ``response`` says why."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


@frozen
class ServerOptions:
    """
    How a server serves.

    Attributes:
        endpoint: Runs the controls.
        guard: Tells which host names a request may come under.
        host: Address to bind.
        port: 0 takes a free one; see `Server.port` afterwards.
        ssl_context: Server context, ``None`` for plain HTTP.
        max_connections: WebSocket connections at once.
    """

    endpoint: Endpoint
    guard: HostGuard
    host: str
    port: int
    ssl_context: ssl.SSLContext | None
    max_connections: int


class Server(ABC):
    """
    The server of one simulator.

    Args:
        venue: Shared state.
        options: Where and for whom.
    """

    def __init__(self, venue: Venue, options: ServerOptions) -> None:
        self.port = options.port
        self._venue = venue
        self._endpoint = options.endpoint
        self._guard = options.guard
        self._host = options.host
        self._ssl_context = options.ssl_context
        self._max_connections = options.max_connections
        self._runner: web.AppRunner | None = None
        self._door: Door | None = None
        self._listener: asyncio.Server | None = None

    @abstractmethod
    def mount(self, app: web.Application) -> None:
        """Add the paths of the exchange."""

    @abstractmethod
    def not_found(self) -> web.Response:
        """Return the answer to a path that nobody knows."""

    async def start(self) -> None:
        """Bind and serve."""
        app = web.Application(middlewares=[self._guarded], client_max_size=MAX_BODY)
        self.mount(app)
        app.router.add_get(PREFIX, self._introduce)
        app.router.add_post(PREFIX + "{name}", self._control)
        # It lingers over a body that was refused, so that the client gets to read why.
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=0.2, lingering_time=1.0
        )
        await self._runner.setup()
        assert self._runner.server is not None
        self._door = Door(
            self._runner.server,
            ssl_context=self._ssl_context,
            max_connections=self._max_connections + SPARE_CONNECTIONS,
        )
        self._listener = await asyncio.get_running_loop().create_server(
            self._door, self._host, self.port, reuse_address=True
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Drop all connections and free the port."""
        if self._runner is None:
            return
        if self._listener is not None:
            await _close_listener(self._listener)
        if self._door is not None:
            self._door.close()
        self._venue.shut_down()
        await self._runner.cleanup()
        self._runner = self._listener = self._door = None

    # Guard.

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keep web pages out: a foreign name in Host or Origin means somebody's browser was rebound to us."""
        refusal = self._guard.refusal(request.headers.get("Host", ""), request.headers.get("Origin"))
        if refusal is not None:
            return web.Response(status=403, text=refusal)
        assert self._door is not None
        try:
            return await self._door.enter(request) or await handler(request)
        except web.HTTPNotFound:
            return self.not_found()

    # REST.

    def called(self, path: str) -> None:  # noqa: B027 - most exchanges have nothing to count
        """A call over HTTP came in."""

    def rest_handler(self, perform: Callable[[web.Request], Awaitable[web.Response]]) -> Handler:
        """
        Return what answers calls over HTTP, with the faults that were ordered.

        Args:
            perform: Does what is called for; raises `NotPerformed` for what is turned away.
        """

        async def handle(request: web.Request) -> web.StreamResponse:
            faults = self._venue.faults
            self.called(request.path)
            answer = faults.rest.instead_of(request.path)
            if answer is not None:
                return _faulty(request, answer)
            try:
                response = await perform(request)
            except NotPerformed as turned_away:
                return turned_away.response
            self._venue.on_change()
            answer = faults.rest.changed(request.path, response.text or "", response.status)
            return response if answer is None else _faulty(request, answer)

        return handle

    # WebSockets.

    async def upgrade(self, system: str, request: web.Request) -> web.StreamResponse:
        """Do the handshake; the result is no `WebSocketResponse` if it was refused, or the client left meanwhile."""
        refusal = self._venue.faults.take("refuse_upgrade", system=system)
        if refusal is not None:
            wanted = {"Retry-After": refusal["retry_after"], "Location": refusal["location"]}
            headers = {name: str(value) for name, value in wanted.items() if value is not None}
            return web.Response(status=refusal["status"], text="SIMULATOR: refused by a fault", headers=headers)
        # Pings and closes are answered by `Peer`, so that a silenced connection is silent in these as well.
        ws = web.WebSocketResponse(timeout=0.2, autoping=False, autoclose=False, compress=False, max_msg_size=MAX_FRAME)
        try:
            await ws.prepare(request)
        except ConnectionError:
            return web.Response()
        return ws if request.transport is not None else web.Response()

    def is_full(self) -> bool:
        """Whether there are more WebSockets than may be."""
        return len(self._venue.peers("all")) > self._max_connections

    async def serve(self, ws: web.WebSocketResponse, peer: Peer, session: Session) -> web.WebSocketResponse:
        """
        Read frames until the connection ends; each is handled here and now, without a task.

        A client that has sent many at once does not hold up the others and the clock: receiving what has arrived
        already does not let the loop go on, so that is done here from time to time.
        """
        venue, in_a_row = self._venue, 0
        try:
            end = venue.faults.take("cut_before_welcome", system=peer.system)
            if end is not None:
                peer.cut(reset=end["reset"])
            if peer.is_open:
                session.start()
            while True:
                message = await ws.receive()
                kind = message.type
                if kind is WSMsgType.TEXT or kind is WSMsgType.BINARY:
                    if not peer.is_open:
                        # Frames that were read before a cut or close took effect count as lost on the way.
                        continue
                    data = message.data if kind is WSMsgType.TEXT else bytes(message.data)
                    venue.received(peer, kind, data)
                    session.on_text(data if isinstance(data, str) else data.decode("utf-8", "replace"))
                    venue.on_change()
                    in_a_row += 1
                    if in_a_row == FRAMES_IN_A_ROW:
                        in_a_row = 0
                        await _others()
                elif kind is WSMsgType.PING:
                    peer.received(kind, bytes(message.data))
                    peer.send_frame(PONG, message.data)
                elif kind is WSMsgType.CLOSE:
                    reason = str(message.extra or "").encode()
                    peer.received(kind, struct.pack("!H", message.data) + reason if message.data else b"")
                    peer.answer_close(message.data)
                    break
                elif kind is WSMsgType.PONG:
                    peer.received(kind, bytes(message.data))
                else:
                    break
        finally:
            session.stop()
            venue.forget_peer(peer)
        return ws

    # Controls.

    async def _introduce(self, request: web.Request) -> web.Response:
        """``GET /_simulator/``: what this is, for those who look for a simulator."""
        return _ok({"msg": "SIMULATOR", "exchange": self._venue.name.lower()})

    async def _control(self, request: web.Request) -> web.Response:
        """``POST /_simulator/drop_ack`` with ``{"op": "spot.order"}``: a method of `Simulator` and its arguments."""
        if not self._endpoint.may_call(request.headers.get(KEY_HEADER, "")):
            return _error("400003", f"{KEY_HEADER} must be the simulator's API key", 403)
        try:
            result, changed = await self._endpoint.call(request.match_info["name"], await request.read())
        except ValueError as error:
            return _error("400100", str(error), 400)
        except Refused as refused:
            return _error(refused.code, refused.message, 200)
        except RuntimeError as error:
            return _error("409000", str(error), 409)
        if changed:
            self._venue.on_change()
        return _ok(result)

    @property
    def url(self) -> str:
        """Base URL of the REST calls."""
        return self._base("https" if self._ssl_context is not None else "http")

    @property
    def ws_url(self) -> str:
        """Base URL of the WebSockets."""
        return self._base("wss" if self._ssl_context is not None else "ws")

    def _base(self, scheme: str) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{host}:{self.port}"


def transport_of(request: web.Request) -> asyncio.Transport:
    """Return the connection of a request. Raises ConnectionResetError if the client has left."""
    transport = request.transport
    if not isinstance(transport, asyncio.Transport):
        raise ConnectionResetError("the client left during the handshake")
    return transport


async def _close_listener(listener: asyncio.Server) -> None:
    """
    Take nobody in any more.

    Whoever was accepted in this turn of the loop gets his transport in the next one, which fails and leaves him
    connected if the listener is closed by then, and his protocol hears of it in the one after that.
    """
    loop = asyncio.get_running_loop()
    for sock in listener.sockets:
        with contextlib.suppress(NotImplementedError):  # the loop of Windows accepts otherwise
            loop.remove_reader(sock)
    await _others()
    await _others()
    listener.close()


@types.coroutine
def _others() -> Generator[None, None, None]:
    """Let the loop see to everything else once."""
    yield


def _faulty(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Return what a fault makes of an answer; one without text is the end of the connection."""
    if answer.text is None:
        if request.transport is not None:  # else the client was quicker
            request.transport.abort()
        return web.Response()
    return web.Response(
        text=answer.text, status=answer.status, content_type=answer.content_type, headers=answer.headers
    )


def json_response(value: Mapping[str, Any], status: int = 200) -> web.Response:
    """Return an answer with a JSON body."""
    return web.Response(text=compact(value), status=status, content_type="application/json")


def _ok(data: object) -> web.Response:
    return json_response({"code": "200000", "data": data})


def _error(code: str, message: str, status: int) -> web.Response:
    return json_response({"code": code, "msg": message}, status)
