"""
OKX's HTTP and WebSocket face: three WebSocket paths and the REST calls on one port.

Only routing and the checks of a request live here; what frames mean is in `okx.session`.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .json_text import read_array, read_object
from .matching.orders import Refused
from .okx.login import check_rest_call
from .okx.operations import Answer
from .okx.rest import OkxCall, OkxRest, OkxRoute
from .okx.session import OkxSession
from .okx.venue import OkxVenue
from .server import NotPerformed, Server, ServerOptions, json_response, transport_of

__all__ = ["OkxServer"]


class OkxServer(Server):
    """The server of one simulated OKX; see `Server` for the arguments."""

    def __init__(self, venue: OkxVenue, options: ServerOptions) -> None:
        super().__init__(venue, options)
        self._venue: OkxVenue = venue

    def mount(self, app: web.Application) -> None:
        """Add the REST calls and the three paths; a query of a path is ignored."""
        for route in OkxRest(self._venue).routes():
            app.router.add_route(route.method, route.path, self.rest_handler(self._performer(route)))
        for path in self._venue.systems:
            app.router.add_get(f"/ws/v5/{path}", functools.partial(self._stream, path))

    def not_found(self) -> web.Response:
        """Answer with the text of the exchange's gateway (assumed)."""
        return json_response({"code": "404", "data": {}, "msg": "Not Found"}, 404)

    # REST.

    def _performer(self, route: OkxRoute) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def perform(request: web.Request) -> web.Response:
            text = (await request.read()).decode("utf-8", "replace")
            account = self._account(request, text) if route.signed else ""
            self._take(route, account)
            in_ns = self._venue.line_ns()
            try:
                result = route.handler(
                    OkxCall(account, dict(request.query), _read(text), request.headers.get("expTime"))
                )
            except Refused as refusal:
                return json_response(self._venue.rest_error(refusal.code, refusal.message))
            if not isinstance(result, Answer):
                return json_response({"code": "0", "msg": "", "data": result})
            times = {"inTime": str(in_ns // 1000), "outTime": str(self._venue.line_ns() // 1000)}
            return json_response({"code": result.code, "msg": result.msg, "data": result.data, **times})

        return perform

    def _account(self, request: web.Request, text: str) -> str:
        venue = self._venue
        try:
            return check_rest_call(
                request.headers,
                venue.credentials,
                signed=f"{request.method}{request.raw_path}{text}",
                now_ms=venue.line_ms(),
                environment=venue.forms.environment,
            ).api_key
        except Refused as refusal:
            # An answer of this kind has no data at all.
            raise NotPerformed(json_response({"msg": refusal.message, "code": refusal.code}, 401)) from None

    def _take(self, route: OkxRoute, account: str) -> None:
        limit = route.limit if self._venue.limits.rest else None
        pool = self._venue.pool("rest", account, route.method, route.path, limit=limit)
        if not pool.take(asyncio.get_running_loop().time()):
            raise NotPerformed(json_response(self._venue.rest_error("50011", "Too Many Requests"), 429))

    # WebSockets.

    async def _stream(self, path: str, request: web.Request) -> web.StreamResponse:
        if not self._venue.may_open():
            # How a connection too many is turned away is not documented.
            return web.Response(status=429, text="SIMULATOR: too many new connections")
        ws = await self.upgrade(path, request)
        if not isinstance(ws, web.WebSocketResponse):
            return ws
        peer = self._venue.open_peer(path, transport_of(request))
        session = OkxSession(self._venue, peer, says_demo=request.headers.get("x-simulated-trading") == "1")
        if self.is_full():
            peer.close(4008, "The number of subscribed channels exceeds the maximum limit.")
        return await self.serve(ws, peer, session)


def _read(text: str) -> Any:
    """Return the JSON object or array of a body, an empty object for none or for anything else."""
    if not text:
        return {}
    found: Any = read_object(text)
    if found is None:
        found = read_array(text)
    return {} if found is None else found
