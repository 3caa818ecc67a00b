"""Real loopback connections to a simulator, made with other libraries than those of the client."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import struct
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlencode

import requests
from websockets.sync.client import ClientConnection, connect

from kucoin_sync.simulator import Credentials, Simulator
from kucoin_sync.simulator.futures.events import FuturesOrderState
from kucoin_sync.simulator.venue import COUNTERPARTY

T = TypeVar("T")

LIMIT = 5.0

_numbers = itertools.count(1)


def sign(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


class Socket:
    """A WebSocket that talks JSON."""

    def __init__(self, ws: ClientConnection) -> None:
        # Entered here because newer versions of the library want it, although this class does the closing.
        self.ws = ws.__enter__()

    def send(self, frame: Any) -> None:
        self.ws.send(frame if isinstance(frame, str) else json.dumps(frame))

    def send_together(self, *frames: Any) -> None:
        """Send frames in one segment, so that the simulator has read all before it does anything else."""
        data = b""
        for frame in frames:
            payload = json.dumps(frame).encode()
            data += struct.pack("!BBH4x", 0x81, 0x80 | 126, len(payload)) + payload
        self.ws.socket.sendall(data)

    def text(self) -> str:
        text = self.ws.recv(timeout=LIMIT)
        assert isinstance(text, str)
        return text

    def receive(self) -> Any:
        return json.loads(self.text(), parse_float=Decimal)

    def ask(self, frame: Any) -> Any:
        self.send(frame)
        return self.receive()

    def subscribe(self, *topics: str) -> None:
        """Subscribe to topics and take the acknowledgements; pushes that come in between are dropped."""
        for topic in topics:
            self.send({"id": topic, "type": "subscribe", "topic": topic, "response": True})
            answer = self.receive()
            while answer["type"] == "message":
                answer = self.receive()
            assert answer == {"id": topic, "type": "ack"}

    def arrived(self) -> list[Any]:
        """Return the pushes sent until now: all that come before the answer to a ping."""
        self.send({"id": "until-now", "type": "ping"})
        frames: list[Any] = []
        while True:
            frame = self.receive()
            if frame.get("id") == "until-now":
                return frames
            frames.append(frame)

    def next_of(self, topic: str) -> Any:
        """Return the next push of a topic, dropping up to a thousand others."""
        for _ in range(1000):
            frame = self.receive()
            if frame.get("topic") == topic:
                return frame
        raise AssertionError(f"no push of {topic} among a thousand")

    def order(self, client_oid: str, **changes: Any) -> Any:
        self.send(self.order_frame(client_oid, **changes))
        return self

    @staticmethod
    def order_frame(client_oid: str, **changes: Any) -> dict[str, Any]:
        args = {
            "symbol": "BTC-USDT",
            "side": "buy",
            "type": "limit",
            "price": "20000",
            "size": "0.01",
            "clientOid": client_oid,
        }
        return {"id": f"r-{client_oid}", "op": "spot.order", "args": {**args, **changes}}

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.ws.close()


def query(simulator: Simulator, **changes: str) -> str:
    stamp = changes.pop("timestamp", str(time.time_ns() // 1_000_000))
    values = {
        "apikey": simulator.api_key,
        "timestamp": stamp,
        "sign": sign(simulator.api_secret, simulator.api_key + stamp),
        "passphrase": sign(simulator.api_secret, simulator.api_passphrase),
        **changes,
    }
    return urlencode({name: value for name, value in values.items() if value})


def rest_headers(simulator: Simulator, path: str = "/api/v1/bullet-private", **changes: str) -> dict[str, str]:
    stamp = changes.pop("timestamp", str(time.time_ns() // 1_000_000))
    method = changes.pop("method", "POST")
    return {
        "KC-API-KEY": simulator.api_key,
        "KC-API-SIGN": sign(simulator.api_secret, f"{stamp}{method}{path}"),
        "KC-API-TIMESTAMP": stamp,
        "KC-API-PASSPHRASE": sign(simulator.api_secret, simulator.api_passphrase),
        "KC-API-KEY-VERSION": "3",
        **changes,
    }


def on_venue(simulator: Simulator, action: Callable[[Any], T]) -> T:
    """Do something with the engines that has no method on the simulator, on its own thread."""
    return simulator._call(lambda: action(simulator._venue))


def contract_order(
    simulator: Simulator, side: str, size: int, price: str | None = None, *, symbol: str = "XBTUSDTM"
) -> FuturesOrderState:
    """Place an order for contracts as another trader with deep pockets: a market order without a price."""
    args: dict[str, Any] = {"symbol": symbol, "side": side, "size": size, "leverage": 10}
    args.update({"type": "market"} if price is None else {"type": "limit", "price": price})
    args["clientOid"] = f"contract-{next(_numbers)}"
    return on_venue(simulator, lambda venue: venue.futures.place(COUNTERPARTY, args))


def get(simulator: Simulator, path: str, *, host: str = "", signed: bool = False) -> Any:
    """Call REST and return ``data``; ``host`` is the prefix that stands for another host than spot."""
    headers = {}
    if signed:
        # The simulator's clock may stand.
        stamp = str(requests.get(simulator.url + "/api/v1/timestamp", timeout=LIMIT).json()["data"])
        headers = rest_headers(simulator, path, method="GET", timestamp=stamp)
    answer = requests.get(simulator.url + host + path, headers=headers, timeout=LIMIT).json(parse_float=Decimal)
    assert answer["code"] == "200000", answer
    return answer["data"]


def call(simulator: Simulator, method: str, path: str, body: Any = None, *, host: str = "", **changes: str) -> Any:
    """Send a signed call to a host, told by its prefix, and return the whole answer."""
    text = "" if body is None else json.dumps(body)
    # The simulator's clock may stand.
    stamp = str(requests.get(simulator.url + "/api/v1/timestamp", timeout=LIMIT).json()["data"])
    headers = rest_headers(simulator, path + text, method=method, timestamp=stamp, **changes)
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    answer = requests.request(method, simulator.url + host + path, data=text or None, headers=headers, timeout=LIMIT)
    return answer.json(parse_float=Decimal)


def done(answer: Any) -> Any:
    """Return ``data`` of an answer that must be a success."""
    assert answer["code"] == "200000", answer
    return answer["data"]


def token_url(simulator: Simulator, *, private: bool = False, host: str = "") -> str:
    path = "/api/v1/bullet-" + ("private" if private else "public")
    headers = rest_headers(simulator) if private else {}
    data = requests.post(simulator.url + host + path, headers=headers, timeout=LIMIT).json()["data"]
    return str(data["instanceServers"][0]["endpoint"] + "?" + urlencode({"token": data["token"]}))


def open_stream(simulator: Simulator, *, private: bool = False, host: str = "", **options: Any) -> Socket:
    """Connect to the classic stream and take the welcome; ``/futures`` is the host of the futures stream."""
    # Without a bound a test need not read all that was sent before it closes.
    options.setdefault("max_queue", None)
    url = token_url(simulator, private=private, host=host) + "&connectId=c1"
    socket = Socket(connect(url, compression=None, proxy=None, **options))
    assert socket.receive() == {"id": "c1", "type": "welcome"}
    return socket


def open_orders_socket(simulator: Simulator, **options: Any) -> Socket:
    """Connect to the order-entry host and log in."""
    url = f"{simulator.ws_url}/v1/private?{query(simulator)}"
    socket = Socket(connect(url, compression=None, proxy=None, **options))
    socket.send(sign(simulator.api_secret, socket.text()))
    assert socket.receive()["data"] == "welcome"
    return socket


class ProSocket(Socket):
    """A WebSocket of the Pro streams: what the server sends is binary, what the client sends is text."""

    def text(self) -> str:
        payload = self.ws.recv(timeout=LIMIT)
        assert isinstance(payload, bytes)
        return payload.decode()

    def subscribe(self, channel: str, **parameters: Any) -> Any:
        """Subscribe and return the answer."""
        return self.ask({"id": "s", "action": "SUBSCRIBE", "channel": channel, **parameters})


def auth_frame(simulator: Simulator, credentials: Credentials | None = None, **changes: Any) -> dict[str, Any]:
    """The frame that logs a private Pro connection in, by default for the first account."""
    own = credentials or simulator.credentials
    stamp = changes.pop("timestamp", str(time.time_ns() // 1_000_000))
    return {
        "id": "auth-1",
        "op": "auth",
        "kc-api-key": own.api_key,
        "kc-api-sign": sign(own.api_secret, f"{stamp}POST/api/websocket/users/verify"),
        "kc-api-timestamp": stamp,
        "kc-api-passphrase": sign(own.api_secret, own.api_passphrase),
        **changes,
    }


def pro_token(simulator: Simulator, prefix: str = "") -> str:
    """The token that opens a private Pro connection."""
    path = "/api/v2/bullet-private"
    headers = rest_headers(simulator, path)
    answer = requests.post(simulator.url + prefix + path, headers=headers, timeout=LIMIT).json()
    assert list(answer["data"]) == ["token"]
    return str(answer["data"]["token"])


def open_pro(
    simulator: Simulator,
    host: str = "spot",
    *,
    login: bool = True,
    credentials: Credentials | None = None,
    now_ns: int | None = None,
    **options: Any,
) -> ProSocket:
    """Connect to a Pro stream, take the welcome and log in where that is due; ``now_ns``: when its clock stands."""
    url = f"{simulator.ws_url}/pro/{host}"
    # No bound on what waits: else the closing handshake would wait behind pushes that the test does not read.
    socket = ProSocket(connect(url, compression=None, proxy=None, **{"max_queue": None, **options}))
    assert socket.receive()["message"] == "welcome"
    if host == "private" and login:
        stamp = str((time.time_ns() if now_ns is None else now_ns) // 1_000_000)
        assert socket.ask(auth_frame(simulator, credentials, timestamp=stamp)) == {"id": "auth-1", "result": True}
    return socket


def unified_book(simulator: Simulator, trade_type: str, symbol: str, *, now_ns: int | None = None, **query: str) -> Any:
    """The answer of the unified order book call; ``now_ns``: when the simulator's clock stands."""
    path = "/api/ua/v1/market/orderbook?" + urlencode({"tradeType": trade_type, "symbol": symbol, **query})
    stamp = str((time.time_ns() if now_ns is None else now_ns) // 1_000_000)
    headers = rest_headers(simulator, path, method="GET", timestamp=stamp)
    return requests.get(simulator.url + path, headers=headers, timeout=LIMIT).json()
