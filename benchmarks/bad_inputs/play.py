"""What all targets share, and the right things that a server says."""

from __future__ import annotations

import json
import ssl
import time
from typing import Any

from benchmarks.bad_inputs.answers import plain_answer, upgrade_answer
from benchmarks.bad_inputs.inputs import ACCEPT, Chunk
from benchmarks.bad_inputs.peer import LoopbackOnly, Peer, Request, Wire
from benchmarks.bad_inputs.watch import GOOD, Watch
from kucoin_sync import WebsocketClient
from tests.peers.certificates import client_context
from tests.peers.frames import Opcode, frame

__all__ = [
    "SESSION",
    "Target",
    "challenge",
    "good_late_reply",
    "good_push",
    "text_frame",
    "token_answer",
    "trade_welcome",
    "upgrade",
    "welcome",
]

SESSION = "bad-inputs"
_CREDENTIALS = {
    "api_key": "simulator-key",
    "api_secret": "simulator-secret",
    "api_passphrase": "simulator-passphrase",
}
_NEVER = 3600.0


def text_frame(message: Any) -> bytes:
    """Return a message as a text frame."""
    return frame(Opcode.TEXT, json.dumps(message, separators=(",", ":")))


def good_push(system: str, number: int) -> bytes:
    """Return a numbered push of a stream: a text, and on Pro every other one as a binary message."""
    if system == "classic":
        data = {"sequence": str(number), "price": "1.25", "n": number, "mark": GOOD}
        message = {"type": "message", "topic": "/market/ticker:BTC-USDT", "subject": "trade.ticker", "data": data}
        return text_frame(message)
    data = {"s": "BTC-USDT", "E": number, "l": "1.25", "n": number, "mark": GOOD}
    text = json.dumps({"T": "ticker.SPOT", "P": 1, "d": data})
    return frame(Opcode.BINARY if number % 2 else Opcode.TEXT, text)


def good_late_reply(number: int) -> bytes:
    """Return a numbered reply to no request, which order entry reports as it comes."""
    return text_frame({"id": f"{GOOD}-{number}", "op": "spot.order", "code": "200000", "data": {"orderId": "a"}})


def welcome(system: str) -> bytes:
    """Return the greeting of a stream."""
    if system == "classic":
        return text_frame({"id": SESSION, "type": "welcome"})
    return text_frame({"sessionId": SESSION, "message": "welcome", "pingInterval": 18000})


def challenge() -> bytes:
    """Return the first message of order entry."""
    return text_frame({"sessionId": SESSION, "timestamp": time.time_ns() // 1_000_000})


def trade_welcome() -> bytes:
    """Return the second one, after the client's signature."""
    return text_frame({"sessionId": SESSION, "data": "welcome", "pingInterval": 18000, "pingTimeout": 10000})


def upgrade(request: Request) -> bytes:
    """Return the right answer to an upgrade."""
    return upgrade_answer().replace(ACCEPT, request.accept)


def token_answer(url: str) -> bytes:
    """Return a right token answer."""
    server = {"endpoint": url, "encrypt": False, "protocol": "websocket", "pingInterval": 18000, "pingTimeout": 10000}
    return plain_answer(json.dumps({"code": "200000", "data": {"token": "t", "instanceServers": [server]}}).encode())


class Target:
    """
    A client, the server it talks to, and what is counted.

    Args:
        network: Told which port may be reached.
        context: Server's TLS context, ``None`` for plain.
        limit: Seconds within which whatever must happen has to happen.

    Attributes:
        good: Number of the last good message sent.
        worst_delay: Longest time from the last byte of a batch or a chunk to the arrival of its good messages, seconds.
    """

    client: WebsocketClient

    def __init__(self, *, network: LoopbackOnly, context: ssl.SSLContext | None, limit: float) -> None:
        self.watch = Watch()
        self.limit = limit
        self.good = 0
        self.good_sent = 0
        self.good_delivered = 0
        self.lines_ended = 0
        self.lines_opened = 0
        self.worst_delay = 0.0
        self.peer = Peer(context, limit)
        network.allow(self.peer.port)

    def open(self) -> None:
        """Make the client and have it open its first line."""
        raise NotImplementedError

    def run(self, chunk: Chunk) -> None:
        """Send a chunk and see its good messages arrive. Raises Finding."""
        raise NotImplementedError

    def end_opening(self) -> None:
        """Let go of what the client may wait for when it closes."""

    def close(self) -> None:
        """Close the client and the server."""
        self.end_opening()
        self.peer.close()
        client = getattr(self, "client", None)
        if client is not None:
            client.close_all()

    def options(self, **others: Any) -> dict[str, Any]:
        """Return options of a client that comes back at once, never pings, and talks to our server only."""
        http, ws = self.peer.http_url, self.peer.ws_url
        hosts = {"spot_rest": http, "futures_rest": http, "ws_api": f"{ws}/v1/private", "pro_spot": ws}
        return {
            **_CREDENTIALS,
            "hosts": hosts,
            "ssl_context": client_context(),
            "reconnect_timeout": 0.0,
            "reconnect_reset_after": 0.0,  # or two lines closed as our fault in a row would cost half a minute
            "openings_per_minute": 10**9,
            "ping_interval": _NEVER,
            "probe_after": _NEVER,
            "open_timeout": self.limit,
            "request_timeout": self.limit,
            **others,
        }

    def accept(self) -> Wire:
        """Return the client's next connection. Raises TimeoutError."""
        wire = self.peer.accept()
        assert wire is not None
        return wire

    def serve_call(self, wire: Wire, request: Request) -> None:
        """Answer a REST call as it should be: a token, the clock, or that there is no such thing."""
        if "bullet" in request.path:
            answer = token_answer(self.peer.ws_url)
        elif "timestamp" in request.path:
            answer = plain_answer(b'{"code":"200000","data":%d}' % (time.time_ns() // 1_000_000))
        else:
            answer = plain_answer(b'{"code":"400100","msg":"order does not exist"}')
        wire.send(answer)
        wire.end()
