"""
The two exchanges as tests of faults need them: the clients, the other ends of their lines, and what goes over them.

A test that takes ``side`` runs on both.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from kucoin_sync import WebsocketAPIClient, WebsocketClient
from kucoin_sync.kucoin.operations import KucoinRules
from kucoin_sync.okx import WebsocketAPIClient as OkxApi
from kucoin_sync.okx import WebsocketClient as OkxClient
from kucoin_sync.okx.operations import OkxRules
from kucoin_sync.orders.operation import Rules
from tests import clients as kucoin
from tests.clients import DELAYS, Clients
from tests.okx import lines as okx
from tests.peers import (
    Background,
    Line,
    ScriptedPeer,
    background,
    client_context,
    refused_port,
    serve_token,
    v1_handshake,
    welcome,
    ws_api_handshake,
)

__all__ = ["KUCOIN", "OKX", "SIDES", "Side", "opened", "streaming", "with_kucoin"]

_TOKENS = itertools.count()  # no line opens with the token of another one
SECRET = kucoin.CREDENTIALS["api_secret"]


class Side:
    """
    One exchange.

    Attributes:
        name: Of it.
        client_class, api_class: The clients.
        ws_key, other_key: Of two lines that take orders.
        op: Operation of a new order.
        yes, no: Codes of a reply: accepted, and refused for certain.
        error_frame: An error that names no request, and what a note of it says.
        proves_nothing: How a reply of success to an order called ``mine`` differs that proves nothing.
        price_key: Argument that holds the price.
        stream_key: Of the line that carries ``topic`` and ``other_topic``.
        topic, other_topic: Two topics that everybody may have; their pushes are numbered.
        account_key: Of the line that carries ``account_topic``.
        account_topic: A topic of the account.
        rules: What decides about a reply.
        batch_op: Operation of several new orders in one request.
        batch_key: Of the line that takes several orders in one request.
        no_such_order: Code of a refusal of a cancel because there is no such order.
        simulator: Options of a `Simulator` that plays this exchange.
        path, other_path: What the simulator calls the two order lines.
        other_op, other_cancel: Operations of an order on the second one, which does not expire, and of its cancel.
        busy, broken: Code and status of a refusal of a REST call: too many of them, and a failing server.
        cancelled, cancelled_symbol, cancel_path: What `cancel_all` returns, what it is about, and where it asks.
        read_path: Where `read` asks.
        odd: A message that is readable and not known.
        garbage: Messages that are not readable.
    """

    name: str
    client_class: type[Any]
    api_class: type[Any]
    ws_key: str
    other_key: str
    op: str
    yes: str
    no: str
    error_frame: tuple[dict[str, Any], str]
    proves_nothing: dict[str, dict[str, Any]]
    price_key: str
    stream_key: str
    topic: str
    other_topic: str
    account_key: str
    account_topic: str
    rules: Rules
    batch_op: str
    batch_key: str
    no_such_order: str
    simulator: dict[str, Any]
    path: str
    other_path: str
    other_op: str
    other_cancel: str
    busy: tuple[str, int]
    broken: tuple[str, int]
    cancelled: Any
    cancelled_symbol: str | None
    cancel_path: tuple[str, str]
    read_path: str
    odd: str
    garbage: tuple[str, ...]

    # Clients.

    def hosts(self, http_url: str, ws_url: str) -> dict[str, str]:
        """Return the option ``hosts`` that leads REST calls and order lines there."""
        raise NotImplementedError

    def stream_hosts(self, url: str) -> dict[str, str]:
        """Return the option ``hosts`` by which the opening of a stream begins at ``url``, ``http`` or ``https``."""
        raise NotImplementedError

    def options(self, peer: ScriptedPeer, **options: Any) -> dict[str, Any]:
        """Return options of a client whose lines go to ``peer``, with short delays."""
        return {
            **kucoin.CREDENTIALS,
            "hosts": self.hosts(peer.http_url, peer.url),
            "ssl_context": client_context(),
            **DELAYS,
            "openings_per_minute": 100_000,
            **options,
        }

    def api(self, clients: Clients, peer: ScriptedPeer, **options: Any) -> Any:
        """A client whose orders go to ``peer``, closed after the test."""
        return clients.enter_context(self.api_class(**self.options(peer, **options)))

    def client(self, clients: Clients, peer: ScriptedPeer, **options: Any) -> Any:
        """A client whose streams go to ``peer``, closed after the test."""
        return clients.enter_context(self.client_class(**self.options(peer, **options)))

    # The order line.

    def connect(self, api: Any, ws_key: str | None = None) -> None:
        """Open an order line: the first one, unless told."""
        api.get_ws_client().connect(ws_key or self.ws_key)

    def handshake(self, peer: ScriptedPeer, ws_key: str | None = None) -> Line:
        """Play the opening of an order line."""
        raise NotImplementedError

    def place(self, api: Any, client_oid: str | None = None, **options: Any) -> Any:
        """Place an order, over the client or its ``nowait``."""
        raise NotImplementedError

    def place_other(self, api: Any, client_oid: str | None = None, **options: Any) -> Any:
        """Place an order that goes over the other order line."""
        raise NotImplementedError

    def amend(self, api: Any, client_oid: str, **options: Any) -> Any:
        """Change the price of an order."""
        raise NotImplementedError

    def cancel(self, api: Any, *, client_oid: str | None = None, order_id: str | None = None, **options: Any) -> Any:
        """Cancel an order by one of its ids."""
        raise NotImplementedError

    def cancel_other(self, api: Any, order_id: str, **options: Any) -> Any:
        """Cancel an order over the other order line."""
        raise NotImplementedError

    def order(self, api: Any, client_oid: str | None = None, **options: Any) -> Background[Any]:
        """Place an order on a thread of its own."""
        return background(self.place, api, client_oid, **options)

    def client_oid(self, request: dict[str, Any]) -> str:
        """Return the client order id of an order on the wire."""
        raise NotImplementedError

    def success(self, request: dict[str, Any], order_id: str = "order1") -> dict[str, Any]:
        """Return the exchange's yes."""
        raise NotImplementedError

    def refusal(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the exchange's no."""
        raise NotImplementedError

    def batch(self, api: Any, client_oids: Sequence[str], **options: Any) -> Any:
        """Place several orders in one request."""
        raise NotImplementedError

    def cancel_batch(self, api: Any, order_ids: Sequence[str], **options: Any) -> Any:
        """Cancel several orders in one request."""
        raise NotImplementedError

    def batch_args(self, client_oids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the arguments of several new orders as they are on the wire."""
        raise NotImplementedError

    def answered(self, request: dict[str, Any], said: Mapping[str, str | None]) -> dict[str, Any]:
        """
        Return the reply to several orders.

        Args:
            request: What was asked.
            said: Client order ids, or the order ids of cancels, in the order of the reply: each with the order id that
                was given or cancelled, or ``None`` for a refusal.
        """
        raise NotImplementedError

    def read_key(self, line: Line) -> str:
        """Return by which key a client says who it is, of an order line whose upgrade was answered."""
        raise NotImplementedError

    # Streams and REST.

    def ask(self, client: Any, **options: Any) -> Any:
        """Make a REST call that changes nothing and needs no account."""
        raise NotImplementedError

    def read(self, client: Any, **options: Any) -> Any:
        """Make a REST call for a list of the account's."""
        raise NotImplementedError

    def cancel_all(self, client: Any, **options: Any) -> Any:
        """Make a REST call that changes the account; its answer is `cancelled`."""
        raise NotImplementedError

    def answer(self, data: Any) -> dict[str, Any]:
        """Return the answer to a REST call."""
        raise NotImplementedError

    def stream_handshake(self, peer: ScriptedPeer, *, account: bool = False) -> Line:
        """Play the opening of a stream."""
        raise NotImplementedError

    def read_command(self, line: Line, *topics: str, op: str = "subscribe") -> dict[str, Any]:
        """Read a subscribe or unsubscribe of exactly these topics in one frame, pings aside; of any without topics."""
        raise NotImplementedError

    def confirm(self, line: Line, command: dict[str, Any]) -> None:
        """Say yes to a command."""
        raise NotImplementedError

    def refuse(self, line: Line, command: dict[str, Any]) -> tuple[str, str]:
        """Say for good that there is no such topic; return code and text."""
        raise NotImplementedError

    def topics(self, count: int, first: int = 0) -> list[str]:
        """Return so many topics, which one frame can hold."""
        raise NotImplementedError

    def topics_in(self, command: dict[str, Any]) -> list[str]:
        """Return the single topics of a command."""
        raise NotImplementedError

    def stream_handshakes(self, peer: ScriptedPeer, count: int) -> list[Line]:
        """Play the openings of so many streams, which come side by side."""
        raise NotImplementedError

    def accept(self, line: Line, *topics: str, op: str = "subscribe") -> None:
        """Read a command and say yes to it; of the usual topic, unless told."""
        self.confirm(line, self.read_command(line, *(topics or (self.topic,)), op=op))

    def push(self, number: int, topic: str | None = None) -> str:
        """Return a push of a topic: of the usual one, unless told."""
        raise NotImplementedError

    def account_push(self, number: int) -> str:
        """Return a push of the account."""
        raise NotImplementedError

    def number(self, update: Any) -> int:
        """Return the number of a push of the account."""
        raise NotImplementedError

    def is_ping(self, text: str) -> bool:
        """Whether this is what keeps a line alive."""
        raise NotImplementedError

    def pong(self, ping: str) -> str:
        """Return the answer to a ping."""
        raise NotImplementedError

    def read_ping(self, line: Line) -> str:
        """Read a ping."""
        text = line.read_text()
        assert self.is_ping(text), text
        return text

    def read_past_pings(self, line: Line) -> dict[str, Any]:
        """Read a message of JSON that is no ping."""
        text = line.read_text()
        while self.is_ping(text):
            text = line.read_text()
        message: dict[str, Any] = json.loads(text)
        return message


class KucoinSide(Side):
    """KuCoin: a spot order, and the ticker."""

    name = "kucoin"
    client_class, api_class = WebsocketClient, WebsocketAPIClient
    ws_key, other_key = "wsApiSpotV1", "wsApiFuturesV1"
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
    stream_key = kucoin.SPOT
    topic, other_topic = kucoin.TICKER, "/market/ticker:ETH-USDT"
    account_key, account_topic = "spotPrivateV1", "/spotMarket/tradeOrdersV2"
    rules, batch_op = KucoinRules(None), "futures.multi_order"
    batch_key, no_such_order = "wsApiFuturesV1", "100004"
    simulator: dict[str, Any] = {}  # noqa: RUF012  (read only)
    path, other_path = "ws_api", "ws_api"
    other_op, other_cancel = "futures.order", "futures.cancel"
    busy, broken = ("429000", 429), ("500000", 500)
    cancelled, cancelled_symbol = "success", "BTC-USDT"
    cancel_path, read_path = ("DELETE", "/api/v1/hf/orders"), "/api/v1/accounts"
    odd = '{"type":"notice","topic":"/x","subject":"y","data":{}}'
    garbage = ("{not json", "[1,2]", '{"type":"message","topic":5}')

    _FUTURES = {  # noqa: RUF012  (read only)
        "symbol": "XBTUSDTM",
        "side": "buy",
        "type": "limit",
        "price": "59000",
        "size": 1,
        "leverage": 5,
    }

    def hosts(self, http_url: str, ws_url: str) -> dict[str, str]:
        return {"spot_rest": http_url, "futures_rest": http_url, "ws_api": f"{ws_url}/v1/private"}

    def stream_hosts(self, url: str) -> dict[str, str]:
        return {"spot_rest": url}

    def handshake(self, peer: ScriptedPeer, ws_key: str | None = None) -> Line:
        return ws_api_handshake(peer, secret=SECRET)

    def place(self, api: Any, client_oid: str | None = None, **options: Any) -> Any:
        named = {} if client_oid is None else {"client_oid": client_oid}
        return api.submit_new_spot_order(**{**kucoin.ORDER, **named, **options})

    def place_other(self, api: Any, client_oid: str | None = None, **options: Any) -> Any:
        return api.submit_futures_order(**self._FUTURES, client_oid=client_oid, **options)

    def amend(self, api: Any, client_oid: str, **options: Any) -> Any:
        return api.modify_spot_order(symbol="BTC-USDT", client_oid=client_oid, new_price="1", **options)

    def cancel(self, api: Any, *, client_oid: str | None = None, order_id: str | None = None, **options: Any) -> Any:
        return api.cancel_spot_order(symbol="BTC-USDT", client_oid=client_oid, order_id=order_id, **options)

    def cancel_other(self, api: Any, order_id: str, **options: Any) -> Any:
        return api.cancel_futures_order(order_id=order_id, **options)

    def client_oid(self, request: dict[str, Any]) -> str:
        return str(request["args"]["clientOid"])

    def success(self, request: dict[str, Any], order_id: str = "order1") -> dict[str, Any]:
        return kucoin.success(request, order_id)

    def refusal(self, request: dict[str, Any]) -> dict[str, Any]:
        return {**kucoin.success(request), "code": self.no, "msg": "no money", "data": None}

    def batch(self, api: Any, client_oids: Sequence[str], **options: Any) -> Any:
        orders = [{**self._FUTURES, "client_oid": each} for each in client_oids]
        return api.submit_multiple_futures_orders(orders, **options)

    def cancel_batch(self, api: Any, order_ids: Sequence[str], **options: Any) -> Any:
        return api.cancel_multiple_futures_orders(order_ids_list=list(order_ids), **options)

    def batch_args(self, client_oids: Sequence[str]) -> list[dict[str, Any]]:
        return [{**self._FUTURES, "clientOid": each} for each in client_oids]

    def answered(self, request: dict[str, Any], said: Mapping[str, str | None]) -> dict[str, Any]:
        if request["op"] == "futures.multi_cancel":
            data: list[Any] = [
                {"orderId": each, "clientOid": None, "code": "200" if order_id else self.no_such_order}
                for each, order_id in said.items()
            ]
        else:
            yes, no = {"code": self.yes, "msg": "success"}, {"code": "300003", "msg": "balance"}
            data = [
                {"orderId": order_id, "clientOid": each, "symbol": "XBTUSDTM", **(yes if order_id else no)}
                for each, order_id in said.items()
            ]
        return {"id": request["id"], "op": request["op"], "code": self.yes, "data": data, "inTime": 1, "outTime": 2}

    def read_key(self, line: Line) -> str:
        assert line.request is not None
        return line.request.query["apikey"]

    def ask(self, client: Any, **options: Any) -> Any:
        return client.rest.symbols(**options)

    def read(self, client: Any, **options: Any) -> Any:
        return client.rest.accounts(**options)

    def cancel_all(self, client: Any, **options: Any) -> Any:
        return client.rest.cancel_all_spot_orders("BTC-USDT", **options)

    def answer(self, data: Any) -> dict[str, Any]:
        return {"code": "200000", "data": data}

    def stream_handshake(self, peer: ScriptedPeer, *, account: bool = False) -> Line:
        path = "/api/v1/bullet-private" if account else "/api/v1/bullet-public"
        return v1_handshake(peer, path=path, token=f"token{next(_TOKENS)}")

    def read_command(self, line: Line, *topics: str, op: str = "subscribe") -> dict[str, Any]:
        command = self.read_past_pings(line)
        assert command["type"] == op
        if topics:
            path, _, first = topics[0].partition(":")
            symbols = [first, *(topic.partition(":")[2] for topic in topics[1:])]
            assert command["topic"] == (f"{path}:{','.join(symbols)}" if first else path)
        return command

    def confirm(self, line: Line, command: dict[str, Any]) -> None:
        line.send_json({"id": command["id"], "type": "ack"})

    def refuse(self, line: Line, command: dict[str, Any]) -> tuple[str, str]:
        line.send_json({"id": command["id"], "type": "error", "code": 404, "data": "topic does not exist"})
        return "404", "topic does not exist"

    def topics(self, count: int, first: int = 0) -> list[str]:
        return [f"/market/ticker:A{number}-USDT" for number in range(first, first + count)]

    def topics_in(self, command: dict[str, Any]) -> list[str]:
        path, _, symbols = command["topic"].partition(":")
        return [f"{path}:{symbol}" for symbol in symbols.split(",")]

    def stream_handshakes(self, peer: ScriptedPeer, count: int) -> list[Line]:
        lines: list[Line] = []
        while len(lines) < count:
            line = peer.accept()
            if line.read_request().method == "POST":
                serve_token(line, endpoint=peer.url)
            else:
                welcome(line, line.upgrade().query["connectId"])
                lines.append(line)
        return lines

    def push(self, number: int, topic: str | None = None) -> str:
        return kucoin.ticker(number, topic or self.topic)

    def account_push(self, number: int) -> str:
        data = {"orderId": str(number), "symbol": "BTC-USDT"}
        return json.dumps({"type": "message", "topic": self.account_topic, "subject": "orderChange", "data": data})

    def number(self, update: Any) -> int:
        return int(update.data["orderId"])

    def is_ping(self, text: str) -> bool:
        message = json.loads(text)
        return "ping" in (message.get("type"), message.get("op"))

    def pong(self, ping: str) -> str:
        message = json.loads(ping)
        word = "type" if "type" in message else "op"
        return json.dumps({"id": message["id"], word: "pong", "timestamp": 1})


class OkxSide(Side):
    """OKX: an order on a pair, whose number (the simulator's) is given so that nobody asks for it, and trades."""

    name = "okx"
    client_class, api_class = OkxClient, OkxApi
    ws_key, other_key = "prodPrivate", "prodBusiness"
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
    stream_key = "prodPublic"
    topic, other_topic = "trades:BTC-USDT", "trades:ETH-USDT"
    account_key, account_topic = "prodPrivate", "orders?instType=SPOT"
    rules, batch_op = OkxRules(None), "batch-orders"
    batch_key, no_such_order = "prodPrivate", "51400"
    simulator: dict[str, Any] = {"exchange": "okx"}  # noqa: RUF012  (read only)
    path, other_path = "private", "business"
    other_op, other_cancel = "sprd-order", "sprd-cancel-order"
    busy, broken = ("50011", 429), ("50026", 500)
    cancelled, cancelled_symbol = [{"result": True}], None
    cancel_path, read_path = ("POST", "/api/v5/sprd/mass-cancel"), "/api/v5/account/instruments"
    odd = '{"event":"brand-new","connId":"a4d3ae55"}'
    garbage = ("{not json", "[1,2]", '{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":5}')
    _INSTRUMENT = {"inst_id": "BTC-USDT", "inst_id_code": 2026032600000001}  # noqa: RUF012  (read only)
    _ORDER = {  # noqa: RUF012  (read only)
        **_INSTRUMENT,
        "td_mode": "cash",
        "side": "buy",
        "ord_type": "limit",
        "px": "20000",
        "sz": "0.0001",
    }

    def hosts(self, http_url: str, ws_url: str) -> dict[str, str]:
        return {"rest": http_url, "ws": ws_url}

    def stream_hosts(self, url: str) -> dict[str, str]:
        return {"rest": f"http://127.0.0.1:{refused_port()}", "ws": f"ws{url.removeprefix('http')}"}

    def handshake(self, peer: ScriptedPeer, ws_key: str | None = None) -> Line:
        return okx.open_line(peer, "business" if ws_key == self.other_key else "private", secret=SECRET)

    def place(self, api: Any, client_oid: str | None = None, **options: Any) -> Any:
        named = {} if client_oid is None else {"cl_ord_id": client_oid}
        return api.submit_new_order(**{**self._ORDER, **named, **options})

    def place_other(self, api: Any, client_oid: str | None = None, **options: Any) -> Any:
        order = {"sprd_id": "BTC-USDT_BTC-USDT-SWAP", "side": "buy", "ord_type": "limit", "px": "-50", "sz": "0.1"}
        return api.submit_spread_order(**order, cl_ord_id=client_oid, **options)

    def amend(self, api: Any, client_oid: str, **options: Any) -> Any:
        return api.amend_order(**self._INSTRUMENT, cl_ord_id=client_oid, new_px="1", **options)

    def cancel(self, api: Any, *, client_oid: str | None = None, order_id: str | None = None, **options: Any) -> Any:
        return api.cancel_order(**self._INSTRUMENT, cl_ord_id=client_oid, ord_id=order_id, **options)

    def cancel_other(self, api: Any, order_id: str, **options: Any) -> Any:
        return api.cancel_spread_order(ord_id=order_id, **options)

    def client_oid(self, request: dict[str, Any]) -> str:
        return str(request["args"][0]["clOrdId"])

    def success(self, request: dict[str, Any], order_id: str = "order1") -> dict[str, Any]:
        item = {"clOrdId": self.client_oid(request), "ordId": order_id, "tag": "", "sCode": "0", "sMsg": ""}
        return {"id": request["id"], "op": request["op"], "code": "0", "msg": "", "data": [item]}

    def refusal(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"id": request["id"], "op": request["op"], "code": self.no, "msg": "Invalid args", "data": []}

    def batch(self, api: Any, client_oids: Sequence[str], **options: Any) -> Any:
        return api.submit_multiple_orders([{**self._ORDER, "cl_ord_id": each} for each in client_oids], **options)

    def cancel_batch(self, api: Any, order_ids: Sequence[str], **options: Any) -> Any:
        return api.cancel_multiple_orders([{**self._INSTRUMENT, "ord_id": each} for each in order_ids], **options)

    def batch_args(self, client_oids: Sequence[str]) -> list[dict[str, Any]]:
        return [{"instId": "BTC-USDT", "side": "buy", "sz": "1", "clOrdId": each} for each in client_oids]

    def answered(self, request: dict[str, Any], said: Mapping[str, str | None]) -> dict[str, Any]:
        cancels = request["op"] == "batch-cancel-orders"
        no = self.no_such_order if cancels else "51008"
        data = [
            {
                "clOrdId": "" if cancels else each,
                "ordId": each if cancels else order_id or "",
                "sCode": self.yes if order_id else no,
                "sMsg": "" if order_id else "no",
            }
            for each, order_id in said.items()
        ]
        code = self.yes if all(said.values()) else "2" if any(said.values()) else "1"
        return {"id": request["id"], "op": request["op"], "code": code, "msg": "", "data": data}

    def read_key(self, line: Line) -> str:
        return str(line.expect_json(op="login")["args"][0]["apiKey"])

    def ask(self, client: Any, **options: Any) -> Any:
        return client.rest.instruments("SPOT", **options)

    def read(self, client: Any, **options: Any) -> Any:
        return client.rest.account_instruments("SPOT", **options)

    def cancel_all(self, client: Any, **options: Any) -> Any:
        return client.rest.cancel_all_spread_orders("BTC-USDT_BTC-USDT-SWAP", **options)

    def answer(self, data: Any) -> dict[str, Any]:
        return {"code": "0", "msg": "", "data": data}

    def stream_handshake(self, peer: ScriptedPeer, *, account: bool = False) -> Line:
        return self.handshake(peer) if account else okx.open_line(peer, "public")

    def read_command(self, line: Line, *topics: str, op: str = "subscribe") -> dict[str, Any]:
        command = self.read_past_pings(line)
        assert command["op"] == op
        if topics:
            assert command["args"] == [_arg(topic) for topic in topics]
        return command

    def confirm(self, line: Line, command: dict[str, Any]) -> None:
        for arg in command["args"]:
            okx.acknowledge(line, command, arg)

    def refuse(self, line: Line, command: dict[str, Any]) -> tuple[str, str]:
        (arg,) = command["args"]
        text = f"Wrong URL or channel:{arg['channel']},instId:{arg['instId']} doesn't exist. Please use the correct URL"
        line.send_json({"id": command["id"], "event": "error", "code": "60018", "msg": text, "connId": "a4d3ae55"})
        return "60018", text

    def topics(self, count: int, first: int = 0) -> list[str]:
        return [f"trades:A{number}-USDT" for number in range(first, first + count)]

    def topics_in(self, command: dict[str, Any]) -> list[str]:
        return [f"{arg['channel']}:{arg['instId']}" for arg in command["args"]]

    def stream_handshakes(self, peer: ScriptedPeer, count: int) -> list[Line]:
        return [okx.open_line(peer, "public") for _ in range(count)]

    def push(self, number: int, topic: str | None = None) -> str:
        arg = _arg(topic or self.topic)
        trade = {"instId": arg["instId"], "tradeId": str(number), "px": "60000.1", "sz": "0.01", "side": "buy"}
        more = {"ts": "1700000000000", "count": "1", "source": "0", "seqId": number}
        return json.dumps({"arg": arg, "data": [{**trade, **more}]})

    def account_push(self, number: int) -> str:
        data = [{"ordId": str(number), "instId": "BTC-USDT", "instType": "SPOT", "state": "live"}]
        return json.dumps({"arg": {**_arg(self.account_topic), "uid": "7"}, "data": data})

    def number(self, update: Any) -> int:
        return int(update.data[0]["ordId"])

    def is_ping(self, text: str) -> bool:
        return text == "ping"

    def pong(self, ping: str) -> str:
        return "pong"


def _arg(topic: str) -> dict[str, str]:
    """Return what names a topic on OKX's wire."""
    if "?" in topic:
        channel, _, filters = topic.partition("?")
        return {"channel": channel, **dict(each.split("=") for each in filters.split("&"))}
    channel, _, instrument = topic.partition(":")
    return {"channel": channel, "instId": instrument}


KUCOIN, OKX = KucoinSide(), OkxSide()
SIDES: tuple[Side, ...] = (KUCOIN, OKX)


with_kucoin = pytest.mark.parametrize("side", [KUCOIN], ids=["kucoin"], indirect=True)
"""Run a test, or the fixtures it takes, on KuCoin only."""


@pytest.fixture(params=SIDES, ids=lambda side: side.name)
def side(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Side:
    """Each exchange in turn; openings are not spread over seconds, which has a test of its own."""
    monkeypatch.setattr(OkxClient, "OPENINGS_AT_ONCE", None)
    found: Side = request.param
    return found


def opened(side: Side, clients: Clients, peer: ScriptedPeer, **options: Any) -> tuple[Any, Line]:
    """A client with its order line open, and the other end of that line."""
    api = side.api(clients, peer, **options)
    connecting = background(side.connect, api)
    line = side.handshake(peer)
    connecting.result()
    return api, line


def streaming(
    side: Side,
    clients: Clients,
    peer: ScriptedPeer,
    topics: Sequence[str] = (),
    *,
    stream: dict[str, Any] | None = None,
    **options: Any,
) -> tuple[Any, Any, Line]:
    """A client with one stream, of the usual topic unless told, and the other end of its line."""
    client = side.client(clients, peer, **options)
    wanted = list(topics) or [side.topic]
    opening = background(client.stream, wanted, side.stream_key, **(stream or {}))
    line = side.stream_handshake(peer)
    side.accept(line, *wanted)
    return client, opening.result(), line
