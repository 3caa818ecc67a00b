"""
The two exchanges as tests of faults need them: the client, the other end of its order line, and what goes over it.

A test that takes ``side`` runs on both.
"""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from kucoin_sync import WebsocketAPIClient
from kucoin_sync.okx import WebsocketAPIClient as OkxApi
from tests import clients as kucoin
from tests.clients import Clients
from tests.okx import lines as okx
from tests.peers import Background, Line, ScriptedPeer, background, client_context, ws_api_handshake

__all__ = ["SIDES", "Side", "opened"]


class Side(Protocol):
    """
    One exchange.

    Attributes:
        name: Of it.
        ws_key: Of its order line.
        op: Operation of a new order.
        yes, no: Codes of a reply: accepted, and refused for certain.
        error_frame: An error that names no request, and what a note of it says.
        proves_nothing: How a reply of success to an order called ``mine`` differs that proves nothing.
        price_key: Argument that holds the price.
    """

    name: str
    ws_key: str
    op: str
    yes: str
    no: str
    error_frame: tuple[dict[str, Any], str]
    proves_nothing: dict[str, dict[str, Any]]
    price_key: str

    def api(self, clients: Clients, peer: ScriptedPeer, **options: Any) -> Any:
        """A client whose orders go to ``peer``."""

    def connect(self, api: Any) -> None:
        """Open the order line."""

    def handshake(self, peer: ScriptedPeer) -> Line:
        """Play the opening of the order line."""

    def place(self, api: Any, client_oid: str | None = None, **options: Any) -> Any:
        """Place an order, over the client or its ``nowait``."""

    def order(self, api: Any, client_oid: str | None = None, **options: Any) -> Background[Any]:
        """Place an order on a thread of its own."""

    def client_oid(self, request: dict[str, Any]) -> str:
        """Return the client order id of an order on the wire."""

    def success(self, request: dict[str, Any], order_id: str = "order1") -> dict[str, Any]:
        """Return the exchange's yes."""

    def refusal(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the exchange's no."""


class _Side:
    """What both do alike."""

    def place(self, api: Any, client_oid: str | None = None, **options: Any) -> Any:
        raise NotImplementedError

    def order(self, api: Any, client_oid: str | None = None, **options: Any) -> Background[Any]:
        return background(self.place, api, client_oid, **options)


class KucoinSide(_Side):
    """KuCoin: a spot order."""

    name = "kucoin"
    ws_key = "wsApiSpotV1"
    op = "spot.order"
    yes, no = "200000", "200004"
    error_frame = ({"code": "503000", "msg": "busy", "inTime": 1, "outTime": 2}, "503000 busy")
    price_key = "price"
    proves_nothing = {  # noqa: RUF012  (read only)
        "P17-wrong-op": {"op": "spot.cancel"},
        "P17-foreign-client-oid": {"data": {"orderId": "o", "clientOid": "foreign"}},
        "P18-no-order-id": {"data": {"clientOid": "mine"}},
        "P18-empty-order-id": {"data": {"orderId": "", "clientOid": "mine"}},
        "P18-no-data": {"data": None},
    }

    def api(self, clients: Clients, peer: ScriptedPeer, **options: Any) -> WebsocketAPIClient:
        return clients.api(peer, **options)

    def connect(self, api: Any) -> None:
        api.connect_ws_api()

    def handshake(self, peer: ScriptedPeer) -> Line:
        return ws_api_handshake(peer, secret=kucoin.CREDENTIALS["api_secret"])

    def place(self, api: Any, client_oid: str | None = None, **options: Any) -> Any:
        named = {} if client_oid is None else {"client_oid": client_oid}
        return api.submit_new_spot_order(**kucoin.ORDER, **named, **options)

    def client_oid(self, request: dict[str, Any]) -> str:
        return str(request["args"]["clientOid"])

    def success(self, request: dict[str, Any], order_id: str = "order1") -> dict[str, Any]:
        return kucoin.success(request, order_id)

    def refusal(self, request: dict[str, Any]) -> dict[str, Any]:
        return {**kucoin.success(request), "code": self.no, "msg": "no money", "data": None}


class OkxSide(_Side):
    """OKX: an order on a pair, whose number is given so that no list of instruments is asked for."""

    name = "okx"
    ws_key = "prodPrivate"
    op = "order"
    yes, no = "0", "60013"
    error_frame = ({"event": "error", "code": "60012", "msg": "Illegal request: x", "connId": "a4d3ae55"}, "60012")
    price_key = "px"
    proves_nothing = {  # noqa: RUF012  (read only)
        "P17-wrong-op": {"op": "cancel-order"},
        "P17-foreign-client-oid": {"data": [{"ordId": "9", "clOrdId": "foreign", "sCode": "0", "sMsg": ""}]},
        "P18-no-order-id": {"data": [{"clOrdId": "mine", "sCode": "0", "sMsg": ""}]},
        "P18-empty-order-id": {"data": [{"ordId": "", "clOrdId": "mine", "sCode": "0", "sMsg": ""}]},
        "P18-no-data": {"data": None},
    }
    _ORDER = {  # noqa: RUF012  (read only)
        "inst_id": "BTC-USDT",
        "inst_id_code": 7,
        "td_mode": "cash",
        "side": "buy",
        "ord_type": "limit",
        "px": "20000",
        "sz": "0.0001",
    }

    def api(self, clients: Clients, peer: ScriptedPeer, **options: Any) -> OkxApi:
        given = {
            **kucoin.CREDENTIALS,
            "hosts": {"rest": peer.http_url, "ws": peer.url},
            "ssl_context": client_context(),
            "reconnect_timeout": 0.01,
            "openings_per_minute": 1000,
            "close_timeout": 0.2,
            **options,
        }
        return clients.enter_context(OkxApi(**given))

    def connect(self, api: Any) -> None:
        api.get_ws_client().connect("prodPrivate")

    def handshake(self, peer: ScriptedPeer) -> Line:
        return okx.open_line(peer, "private", secret=kucoin.CREDENTIALS["api_secret"])

    def place(self, api: Any, client_oid: str | None = None, **options: Any) -> Any:
        named = {} if client_oid is None else {"cl_ord_id": client_oid}
        return api.submit_new_order(**self._ORDER, **named, **options)

    def client_oid(self, request: dict[str, Any]) -> str:
        return str(request["args"][0]["clOrdId"])

    def success(self, request: dict[str, Any], order_id: str = "order1") -> dict[str, Any]:
        item = {"clOrdId": self.client_oid(request), "ordId": order_id, "tag": "", "sCode": "0", "sMsg": ""}
        return {"id": request["id"], "op": request["op"], "code": "0", "msg": "", "data": [item]}

    def refusal(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"id": request["id"], "op": request["op"], "code": self.no, "msg": "Invalid args", "data": []}


SIDES: tuple[Side, ...] = (KucoinSide(), OkxSide())


@pytest.fixture(params=SIDES, ids=lambda side: side.name)
def side(request: pytest.FixtureRequest) -> Side:
    """Each exchange in turn."""
    found: Side = request.param
    return found


def opened(side: Side, clients: Clients, peer: ScriptedPeer, **options: Any) -> tuple[Any, Line]:
    """A client with its order line open, and the other end of that line."""
    api = side.api(clients, peer, **options)
    connecting = background(side.connect, api)
    line = side.handshake(peer)
    connecting.result()
    return api, line
