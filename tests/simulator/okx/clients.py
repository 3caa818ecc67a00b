"""Real loopback connections to a simulated OKX, made with other libraries than those of the client."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from typing import Any

import requests
from websockets.sync.client import ClientConnection, connect

from kucoin_sync.simulator import Credentials, Simulator
from tests.simulator.clients import LIMIT, Socket, on_venue, sign

SPOT, SWAP, SPREAD = "BTC-USDT", "BTC-USDT-SWAP", "BTC-USDT_BTC-USDT-SWAP"


class OkxSocket(Socket):
    """A WebSocket of one of the three paths."""

    def __init__(self, ws: ClientConnection, simulator: Simulator) -> None:
        super().__init__(ws)
        self.simulator = simulator
        #: All that was ever received, but pongs.
        self.seen: list[Any] = []

    def receive(self) -> Any:
        self.seen.append(json.loads(self.text()))
        return self.seen[-1]

    def subscribe(self, *args: Any, **more: Any) -> None:  # type: ignore[override]
        """Subscribe and take the acknowledgements, and what is told of the number of connections."""
        for arg in args:
            self.send({"id": "s1", "op": "subscribe", "args": [arg]})
            answer = self.next(lambda frame: frame.get("event") in ("subscribe", "error"))
            assert answer["event"] == "subscribe", answer

    def next(self, wanted: Any) -> Any:
        """Return the next frame that ``wanted`` is true of, dropping up to a thousand others."""
        for _ in range(1000):
            frame = self.receive()
            if wanted(frame):
                return frame
        raise AssertionError("no such frame among a thousand")

    def next_of(self, channel: str) -> Any:
        """Return the next push of a channel."""
        return self.next(lambda frame: frame.get("arg", {}).get("channel") == channel and "data" in frame)

    def arrived(self) -> list[Any]:
        """Return what was sent until now: all that comes before the answer to a ping."""
        self.send("ping")
        frames: list[Any] = []
        while (text := self.text()) != "pong":
            frames.append(json.loads(text))
        self.seen += frames
        return frames

    def run(self, op: str, *args: Any, request_id: str = "9", **members: Any) -> Any:
        """Run an operation and return its reply, dropping pushes."""
        self.send({"id": request_id, "op": op, "args": list(args), **members})
        return self.next(lambda frame: frame.get("id") == request_id)

    def place(self, client_oid: str = "", **changes: Any) -> Any:
        """Place an order and return the item of its reply."""
        reply = self.run("order", order(self.simulator, clOrdId=client_oid, **changes))
        assert len(reply["data"]) == 1, reply
        return reply["data"][0]


def codes(simulator: Simulator) -> dict[str, int]:
    """Return the code of each instrument, as the instruments list tells it."""
    return on_venue(simulator, lambda venue: {i.inst_id: i.code for i in venue.instruments.by_id.values()})


def order(simulator: Simulator, inst_id: str = SPOT, **changes: Any) -> dict[str, Any]:
    """Return the args of a resting limit order; what is changed to None is left out."""
    args: dict[str, Any] = {
        "instIdCode": codes(simulator)[inst_id],
        "tdMode": "cash" if inst_id == SPOT else "cross",
        "side": "buy",
        "ordType": "limit",
        "px": "20000" if inst_id == SPOT else "58000",
        "sz": "0.01" if inst_id == SPOT else "2",
        **changes,
    }
    return {name: value for name, value in args.items() if value is not None}


def login_frame(simulator: Simulator, credentials: Credentials | None = None, **changes: Any) -> dict[str, Any]:
    """Return the frame that logs in, by default the first account."""
    own = credentials or simulator.credentials
    stamp = changes.pop("timestamp", str(int(time.time())))
    account = {
        "apiKey": own.api_key,
        "passphrase": own.api_passphrase,
        "timestamp": stamp,
        "sign": sign(own.api_secret, f"{stamp}GET/users/self/verify"),
        **changes,
    }
    return {"op": "login", "args": [account]}


def open_okx(
    simulator: Simulator,
    path: str = "private",
    *,
    login: bool | None = None,
    credentials: Credentials | None = None,
    **options: Any,
) -> OkxSocket:
    """Connect to a path and log in, by default everywhere but on the public one."""
    url = f"{simulator.ws_url}/ws/v5/{path}"
    socket = OkxSocket(connect(url, compression=None, proxy=None, **{"max_queue": None, **options}), simulator)
    if login or (login is None and path != "public"):
        answer = socket.ask(login_frame(simulator, credentials))
        assert answer["event"] == "login", answer
    return socket


def public(simulator: Simulator, path: str) -> Any:
    """Call REST without a signature and return ``data``."""
    answer = requests.get(simulator.url + path, timeout=LIMIT).json()
    assert answer["code"] == "0", answer
    return answer["data"]


def headers(simulator: Simulator, method: str, path: str, body: str = "", **changes: str) -> dict[str, str]:
    """Return the headers of a signed call."""
    now = datetime.now(timezone.utc)
    stamp = changes.pop("timestamp", f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z")
    signed = {
        "OK-ACCESS-KEY": simulator.api_key,
        "OK-ACCESS-SIGN": sign(simulator.api_secret, f"{stamp}{method}{path}{body}"),
        "OK-ACCESS-TIMESTAMP": stamp,
        "OK-ACCESS-PASSPHRASE": simulator.api_passphrase,
        "Content-Type": "application/json",
        **changes,
    }
    return {name: value for name, value in signed.items() if value}


def respond(simulator: Simulator, method: str, path: str, body: Any = None, **changes: str) -> requests.Response:
    """Send a signed call and return the whole response."""
    text = "" if body is None else json.dumps(body)
    return requests.request(
        method,
        simulator.url + path,
        data=text or None,
        headers=headers(simulator, method, path, text, **changes),
        timeout=LIMIT,
    )


def call(simulator: Simulator, method: str, path: str, body: Any = None, **changes: str) -> Any:
    """Send a signed call and return the whole answer."""
    return respond(simulator, method, path, body, **changes).json()
