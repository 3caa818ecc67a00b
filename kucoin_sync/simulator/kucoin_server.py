"""
KuCoin's HTTP and WebSocket face: its hosts and paths on one port.

Only routing and the checks of a request live here; what frames mean is in `classic.stream`,
`pro.stream` and `order_entry.ws_api`.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from .classic.channels import BOTH
from .classic.stream import V1Stream
from .credentials import Credentials
from .json_text import compact, read_array, read_object
from .kucoin_signatures import SignatureRefused, check_signature
from .kucoin_venue import KucoinVenue
from .limits import Pool
from .matching.orders import Refused
from .order_entry.uta_session import UtaSession
from .order_entry.ws_api import WsApiSession
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
from .server import NotPerformed, Server, ServerOptions, json_response, transport_of
from .tokens import Token

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


class KucoinServer(Server):
    """The server of one simulated KuCoin; see `Server` for the arguments."""

    def __init__(self, venue: KucoinVenue, options: ServerOptions) -> None:
        super().__init__(venue, options)
        self._venue: KucoinVenue = venue

    def mount(self, app: web.Application) -> None:
        """Add the hosts, which are prefixes here, and the WebSocket paths."""
        for prefix, routes in self._hosts().items():
            for route in routes:
                app.router.add_route(
                    route.method, prefix + route.path, self.rest_handler(self._performer(route, prefix))
                )
        for path, product in V1_PATHS.items():
            app.router.add_get(path, functools.partial(self._v1_stream, product))
        for host in PRO_HOSTS:
            app.router.add_get(f"/pro/{host}", functools.partial(self._pro_stream, host))
        for ws_api_path in (WS_API_PATH, WS_API_UNSIGNED_PATH):
            app.router.add_get(ws_api_path, self._ws_api)
        app.router.add_get(UTA_PATH, self._ws_api)

    def not_found(self) -> web.Response:
        """Answer as the gateway does."""
        return _error("404000", "URL not found", 404)

    # REST.

    def called(self, path: str) -> None:
        """Count the calls for tokens, refused ones as well."""
        if "/bullet-" in path:
            self._venue.token_calls += 1
            self._venue.on_change()

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

    def _performer(self, route: Route, prefix: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def perform(request: web.Request) -> web.Response:
            try:
                account = (await self._signed_account(request, prefix)).api_key if route.signed else ""
            except SignatureRefused as error:
                raise NotPerformed(_error(error.code, error.message, 401)) from None
            pool = self._venue.pool(account, route.pool)
            now = asyncio.get_running_loop().time()
            if not pool.take(now, route.weight):
                refusal = _error("429000", "Too many requests in a short period of time.", 429)
                raise NotPerformed(_limited(refusal, pool, now))
            try:
                body, items = await _read_body(request)
                call = RestCall(account, dict(request.match_info), dict(request.query), body, items)
                response = _ok(route.handler(call), says_success=route.says_success)
            except Refused as refused:
                response = _error(refused.code, refused.message, 200)
            return _limited(response, pool, now)

        return perform

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
        check_signature(
            credentials,
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
        ws = await self.upgrade("v1", request)
        if not isinstance(ws, web.WebSocketResponse):
            return ws
        peer = self._venue.open_peer("v1", transport_of(request))
        session = V1Stream(
            self._venue, peer, token or Token(product, None, expires_at_ns=0), request.query.get("connectId")
        )
        refusal: str | None
        if token is None:
            # Which of its two texts the service uses when, and that it closes as in other cases, is assumed.
            refusal = "token is expired" if request.query.get("token") else "token is invalid"
        elif self.is_full():
            refusal = f"exceed max session count limitation of {self._max_connections}"
        else:
            refusal = self._venue.refusal_of(peer)
        if refusal is not None:
            self._venue.send_v1_error(peer, peer.id, 401 if token is None else 509, refusal)
            peer.close(1000, "Bye")
        return await self.serve(ws, peer, session)

    async def _pro_stream(self, host: str, request: web.Request) -> web.StreamResponse:
        """Serve a Pro stream; a token, where the private one has any, must be valid (its refusal is assumed)."""
        account = None
        if host == "private" and "token" in request.query:
            token = self._venue.tokens.find(request.query["token"], "pro")
            if token is None:
                return web.Response(status=401, text=compact({"code": "401", "msg": "token is invalid"}))
            account = token.account
        ws = await self.upgrade("pro_v2", request)
        if not isinstance(ws, web.WebSocketResponse):
            return ws
        peer = self._venue.open_peer("pro_v2", transport_of(request))
        session = ProStream(self._venue, peer, host, account)
        if self.is_full():
            peer.cut(reset=False)
        return await self.serve(ws, peer, session)

    async def _ws_api(self, request: web.Request) -> web.StreamResponse:
        ws = await self.upgrade("ws_api", request)
        if not isinstance(ws, web.WebSocketResponse):
            return ws
        peer = self._venue.open_peer("ws_api", transport_of(request))
        if request.path == UTA_PATH:
            session: WsApiSession = UtaSession(self._venue, peer)
        else:
            session = WsApiSession(self._venue, peer, request.query, request.match_info.get("apikey"))
        if self.is_full():
            # Neither code nor close is documented for this host.
            self._venue.send_ws_api_error(peer, "429002", "Too many connections.")
            peer.close(1000, "Bye")
        return await self.serve(ws, peer, session)

    def _url_of(self, path: str) -> str:
        return self.ws_url + path


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


def _ok(data: object, *, says_success: bool = False) -> web.Response:
    return json_response({**({"success": True} if says_success else {}), "code": "200000", "data": data}, 200)


def _error(code: str, message: str, status: int) -> web.Response:
    return json_response({"code": code, "msg": message}, status)
