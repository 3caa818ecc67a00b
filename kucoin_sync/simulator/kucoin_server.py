"""
The HTTP and WebSocket face of the simulator: one port for REST, all WebSocket systems and the controls.

Only routing, the checks of a request, and reading frames live here; what frames mean is in `classic.stream`,
`pro.stream` and `order_entry.ws_api`.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
import struct
import types
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any
from urllib.parse import unquote

from aiohttp import WSMsgType, web

from .classic.channels import BOTH
from .classic.stream import V1Stream
from .controls.endpoint import KEY_HEADER, PREFIX, Endpoint
from .credentials import Credentials, SignatureRefused
from .door import Door
from .faults.rest_answers import Answer
from .host_guard import HostGuard
from .json_text import compact, read_array, read_object
from .limits import Pool
from .matching.orders import Refused
from .order_entry.uta_session import UtaSession
from .order_entry.ws_api import WsApiSession
from .peer import PONG, Peer
from .pro.channels import HOSTS as PRO_HOSTS
from .pro.stream import ProStream
from .rest.accounts import AccountCalls
from .rest.calls import RestCall, Route
from .rest.futures import FuturesCalls
from .rest.futures_market import FuturesMarketCalls
from .rest.margin_orders import MarginOrderCalls
from .rest.market import SpotMarketCalls
from .rest.public import PublicCalls
from .rest.spot import SpotCalls
from .rest.spot_orders import SpotOrderCalls
from .rest.stop_orders import StopOrderCalls
from .rest.unified import UnifiedCalls
from .tokens import Token
from .venue import Venue

__all__ = ["FUTURES_PREFIX", "UTA_PATH", "WS_API_PATH", "KucoinServer"]

FUTURES_PREFIX = "/futures"
"""Path that stands for the futures REST host."""
BOTH_PREFIX = "/both"
"""Path of a host of the simulator's own: for clients that ask one host for the tokens of spot and of futures."""
V1_PATHS = {"/v1/stream/spot": "spot", "/v1/stream/futures": "futures", "/v1/stream/both": BOTH}
WS_API_PATH = "/v1/private"
WS_API_UNSIGNED_PATH = "/v1/private/{apikey}"
"""A path of the simulator's own: for clients that open a URL given to them as it is, and so cannot sign it."""
UTA_PATH = "/v2/private"

MAX_FRAME = 4 * 1024 * 1024
MAX_BODY = 1024 * 1024
#: Connections that may be at the door besides as many as may be WebSockets.
SPARE_CONNECTIONS = 100
#: Frames of one client that are handled in a row while others wait.
FRAMES_IN_A_ROW = 16

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class KucoinServer:
    """
    The server of one simulator.

    Args:
        venue: Shared state.
        endpoint: Runs the controls.
        guard: Tells which host names a request may come under.
        host: Address to bind.
        port: 0 takes a free one; see `port` afterwards.
        ssl_context: Server context, ``None`` for plain HTTP.
        max_connections: WebSocket connections at once.
    """

    def __init__(
        self,
        venue: Venue,
        endpoint: Endpoint,
        guard: HostGuard,
        *,
        host: str,
        port: int,
        ssl_context: ssl.SSLContext | None,
        max_connections: int,
    ) -> None:
        self.port = port
        self._venue = venue
        self._endpoint = endpoint
        self._guard = guard
        self._host = host
        self._ssl_context = ssl_context
        self._max_connections = max_connections
        self._runner: web.AppRunner | None = None
        self._door: Door | None = None
        self._listener: asyncio.Server | None = None

    async def start(self) -> None:
        """Bind and serve."""
        app = web.Application(middlewares=[self._guarded], client_max_size=MAX_BODY)
        for prefix, routes in self._hosts().items():
            for route in routes:
                app.router.add_route(route.method, prefix + route.path, self._rest_handler(route, prefix))
        for path, product in V1_PATHS.items():
            app.router.add_get(path, functools.partial(self._v1_stream, product))
        for host in PRO_HOSTS:
            app.router.add_get(f"/pro/{host}", functools.partial(self._pro_stream, host))
        for ws_api_path in (WS_API_PATH, WS_API_UNSIGNED_PATH):
            app.router.add_get(ws_api_path, self._ws_api)
        app.router.add_get(UTA_PATH, self._ws_api)
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
            self._listener.close()
        if self._door is not None:
            self._door.close()
        self._venue.shut_down()
        await self._runner.cleanup()
        self._runner = self._listener = self._door = None

    # Guard.

    @web.middleware
    async def _guarded(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Keep web pages out: a foreign name in Host or Origin means somebody's browser was rebound to us."""
        refusal = self._guard.refusal(request.headers.get("Host", ""), request.headers.get("Origin"))
        if refusal is not None:
            return web.Response(status=403, text=refusal)
        assert self._door is not None
        try:
            return await self._door.enter(request) or await handler(request)
        except web.HTTPNotFound:
            return _error("404000", "URL not found", 404)

    # REST.

    def _hosts(self) -> dict[str, list[Route]]:
        """Return the calls of each host: they share one port and are told apart by a prefix of the path."""
        venue = self._venue
        encrypted = self._ssl_context is not None
        public = {
            product: PublicCalls(venue, product, functools.partial(self._url_of, path), encrypted=encrypted)
            for path, product in V1_PATHS.items()
        }
        return {
            "": [
                *public["spot"].routes(),
                *SpotCalls(venue).routes(),
                *SpotOrderCalls(venue).routes(),
                *StopOrderCalls(venue).routes(),
                *MarginOrderCalls(venue).routes(),
                *AccountCalls(venue).routes(),
                *SpotMarketCalls(venue).routes(),
                *UnifiedCalls(venue).routes(),
            ],
            FUTURES_PREFIX: [
                *public["futures"].routes(),
                *FuturesMarketCalls(venue).routes(),
                *FuturesCalls(venue).routes(),
                *UnifiedCalls(venue).token_routes(),
            ],
            BOTH_PREFIX: [*public[BOTH].routes(), *UnifiedCalls(venue).token_routes()],
        }

    def _rest_handler(self, route: Route, prefix: str) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            faults = self._venue.faults
            if "/bullet-" in request.path:
                self._venue.token_calls += 1
                self._venue.on_change()
            answer = faults.rest.instead_of(request.path)
            if answer is not None:
                return _faulty(request, answer)
            try:
                account = (await self._signed_account(request, prefix)).api_key if route.signed else ""
            except SignatureRefused as error:
                return _error(error.code, error.message, 401)
            pool = self._venue.pool(account, route.pool)
            now = asyncio.get_running_loop().time()
            if not pool.take(now, route.weight):
                return _limited(_error("429000", "Too many requests in a short period of time.", 429), pool, now)
            try:
                body, items = await _read_body(request)
                call = RestCall(account, dict(request.match_info), dict(request.query), body, items)
                response = _ok(route.handler(call), says_success=route.says_success)
            except Refused as refused:
                response = _error(refused.code, refused.message, 200)
            self._venue.on_change()
            answer = faults.rest.changed(request.path, response.text or "", response.status)
            return _limited(response, pool, now) if answer is None else _faulty(request, answer)

        return handle

    async def _signed_account(self, request: web.Request, prefix: str) -> Credentials:
        """Check the KC-API headers of a signed call; the prefix that stands for a host is not signed."""
        headers = request.headers
        key, given = headers.get("KC-API-KEY"), headers.get("KC-API-SIGN")
        stamp, passphrase = headers.get("KC-API-TIMESTAMP"), headers.get("KC-API-PASSPHRASE")
        if not (key and given and stamp and passphrase):
            raise SignatureRefused("400001")
        # Some clients send none, and the passphrase in clear: as with keys of version 1 (assumed).
        version = headers.get("KC-API-KEY-VERSION", "1")
        if version not in ("1", "2", "3"):
            raise SignatureRefused("400009")
        credentials = self._venue.credentials.get(key)
        if credentials is None:
            raise SignatureRefused("400003")
        body = (await request.read()).decode("utf-8", "replace")
        target = request.raw_path.removeprefix(prefix)
        credentials.check(
            sign_=given,
            passphrase=passphrase,
            timestamp=stamp,
            # Clients differ in whether they sign the query before or after percent-encoding.
            prehash=tuple(f"{stamp}{request.method}{path}{body}" for path in (target, unquote(target))),
            now_ms=self._venue.line_ms(),
            in_clear=version == "1",
        )
        return credentials

    # WebSockets.

    async def _v1_stream(self, product: str, request: web.Request) -> web.StreamResponse:
        token = self._venue.tokens.find(request.query.get("token", ""), product)
        if token is None and self._venue.token_refusals == "status":
            return web.Response(status=401, text=compact({"code": "401", "msg": "token is invalid"}))
        ws = await self._upgrade("v1", request)
        if not isinstance(ws, web.WebSocketResponse):
            return ws
        peer = self._venue.open_peer("v1", _transport(request))
        session = V1Stream(
            self._venue, peer, token or Token(product, None, expires_at_ns=0), request.query.get("connectId")
        )
        refusal: str | None
        if token is None:
            # Which of its two texts the service uses when, and that it closes as in other cases, is assumed.
            refusal = "token is expired" if request.query.get("token") else "token is invalid"
        elif self._is_full():
            refusal = f"exceed max session count limitation of {self._max_connections}"
        else:
            refusal = self._venue.refusal_of(peer)
        if refusal is not None:
            self._venue.send_v1_error(peer, peer.id, 401 if token is None else 509, refusal)
            peer.close(1000, "Bye")
        return await self._serve(ws, peer, session)

    async def _pro_stream(self, host: str, request: web.Request) -> web.StreamResponse:
        """Serve a Pro stream; a token, where the private one has any, must be valid (its refusal is assumed)."""
        account = None
        if host == "private" and "token" in request.query:
            token = self._venue.tokens.find(request.query["token"], "pro")
            if token is None:
                return web.Response(status=401, text=compact({"code": "401", "msg": "token is invalid"}))
            account = token.account
        ws = await self._upgrade("pro_v2", request)
        if not isinstance(ws, web.WebSocketResponse):
            return ws
        peer = self._venue.open_peer("pro_v2", _transport(request))
        session = ProStream(self._venue, peer, host, account)
        if self._is_full():
            peer.cut(reset=False)
        return await self._serve(ws, peer, session)

    async def _ws_api(self, request: web.Request) -> web.StreamResponse:
        ws = await self._upgrade("ws_api", request)
        if not isinstance(ws, web.WebSocketResponse):
            return ws
        peer = self._venue.open_peer("ws_api", _transport(request))
        if request.path == UTA_PATH:
            session: WsApiSession = UtaSession(self._venue, peer)
        else:
            session = WsApiSession(self._venue, peer, request.query, request.match_info.get("apikey"))
        if self._is_full():
            # Neither code nor close is documented for this host.
            self._venue.send_ws_api_error(peer, "429002", "Too many connections.")
            peer.close(1000, "Bye")
        return await self._serve(ws, peer, session)

    async def _upgrade(self, system: str, request: web.Request) -> web.StreamResponse:
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

    def _is_full(self) -> bool:
        return len(self._venue.peers("all")) > self._max_connections

    async def _serve(
        self, ws: web.WebSocketResponse, peer: Peer, session: V1Stream | ProStream | WsApiSession
    ) -> web.WebSocketResponse:
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

    def _url_of(self, path: str) -> str:
        return self.ws_url + path

    def _base(self, scheme: str) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{host}:{self.port}"


def _transport(request: web.Request) -> asyncio.Transport:
    transport = request.transport
    if not isinstance(transport, asyncio.Transport):
        raise ConnectionResetError("the client left during the handshake")
    return transport


@types.coroutine
def _others() -> Generator[None, None, None]:
    """Let the loop see to everything else once."""
    yield


async def _read_body(request: web.Request) -> tuple[Mapping[str, Any], list[Any] | None]:
    """Return the JSON object or array of a body. Raises Refused (400100, text assumed) for any other body."""
    text = (await request.read()).decode("utf-8", "replace")
    if text and request.content_type != "application/json":
        raise Refused("415000", "Content-Type must be application/json")
    body = read_object(text) if text else {}
    items = read_array(text) if body is None else None
    if body is None and items is None:
        raise Refused("400100", "The body must be a JSON object or array.")
    return body or {}, items


def _limited(response: web.Response, pool: Pool, now: float) -> web.Response:
    """Add the headers that tell the state of the request pool."""
    for name, value in pool.as_wire(now).items():
        response.headers[f"gw-ratelimit-{name}"] = str(value)
    return response


def _faulty(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Return what a fault makes of an answer; one without text is the end of the connection."""
    if answer.text is None:
        _transport(request).abort()
        return web.Response()
    return web.Response(
        text=answer.text, status=answer.status, content_type=answer.content_type, headers=answer.headers
    )


def _ok(data: object, *, says_success: bool = False) -> web.Response:
    return _json({**({"success": True} if says_success else {}), "code": "200000", "data": data}, 200)


def _error(code: str, message: str, status: int) -> web.Response:
    return _json({"code": code, "msg": message}, status)


def _json(value: Mapping[str, Any], status: int) -> web.Response:
    return web.Response(text=compact(value), status=status, content_type="application/json")
