"""A WebSocket client that costs next to nothing: raw sockets, frames by hand, headers read and payloads left alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

__all__ = ["Line", "encode", "open_orders", "open_stream"]

PIECE = 1 << 20
TIMEOUT = 10.0


def encode(payload: bytes) -> bytes:
    """Return one text frame of a client; its mask is zero, so that masking is free."""
    size = len(payload)
    head = struct.pack("!BB", 0x81, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x81, 0x80 | 126, size)
    return head + b"\0\0\0\0" + payload


class Line:
    """One connection after its handshake."""

    def __init__(self, exchange: dict[str, Any], path: str, *, receive_buffer: int | None = None) -> None:
        address = ("127.0.0.1", exchange["port"])
        plain = socket.socket()
        if receive_buffer is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.settimeout(TIMEOUT)
        plain.connect(address)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if exchange["ca"] is not None:
            context = ssl.create_default_context(cadata=exchange["ca"])
            self.sock: socket.socket = context.wrap_socket(plain, server_hostname="localhost")
        else:
            self.sock = plain
        self._buffer = bytearray()
        self.frames = 0
        self.bytes = 0
        head = f"GET {path} HTTP/1.1\r\nHost: localhost:{exchange['port']}\r\nUpgrade: websocket\r\n"
        head += "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        head += f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n\r\n"
        self.sock.sendall(head.encode())
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self.sock.recv(PIECE)
        status, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if b" 101 " not in status[:20]:
            raise ConnectionError(status.decode())
        self._buffer = bytearray(rest)

    def send(self, frame: Any) -> None:
        """Send one value as JSON, or text as it is."""
        self.sock.sendall(encode((frame if isinstance(frame, str) else json.dumps(frame)).encode()))

    def fill(self) -> bool:
        """Read what is there, at most one piece; return False at the end of the stream."""
        piece = self.sock.recv(PIECE)
        self.bytes += len(piece)
        self._buffer += piece
        return bool(piece)

    def payloads(self) -> Iterator[bytes]:
        """Yield the payloads of the whole frames in hand."""
        buffer, at = self._buffer, 0
        for start, end in self._whole():
            yield bytes(buffer[start:end])
            at = end
        del buffer[:at]

    def skip(self) -> int:
        """Drop the whole frames in hand; return how many."""
        count = at = 0
        for _, at in self._whole():  # noqa: B007 - the last one is wanted
            count += 1
        del self._buffer[:at]
        return count

    def receive(self) -> Any:
        """Wait for the next frame, which must be JSON; any behind it are kept."""
        while True:
            for start, end in self._whole():
                payload = bytes(self._buffer[start:end])
                del self._buffer[:end]
                return json.loads(payload)
            if not self.fill():
                raise ConnectionError("the simulator ended the connection")

    def close(self) -> None:
        """Leave without a word."""
        self.sock.close()

    def _whole(self) -> Iterator[tuple[int, int]]:
        buffer, at = self._buffer, 0
        filled = len(buffer)
        while filled - at >= 2:
            size, start = buffer[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            at = start + size
            if at > filled:
                return
            self.frames += 1
            yield start, at


def _sign(secret: str, text: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha256)).decode()


def open_orders(exchange: dict[str, Any]) -> Line:
    """Connect to the order entry and log in."""
    stamp, key, secret = str(time.time_ns() // 1_000_000), exchange["key"], exchange["secret"]
    query = {
        "apikey": key,
        "timestamp": stamp,
        "sign": _sign(secret, key + stamp),
        "passphrase": _sign(secret, exchange["passphrase"]),
    }
    line = Line(exchange, "/v1/private?" + urlencode(query))
    challenge = line.receive()
    line.send(_sign(secret, json.dumps(challenge, separators=(",", ":"))))
    welcome = line.receive()
    if welcome.get("data") != "welcome":
        raise ConnectionError(str(welcome))
    return line


def open_stream(exchange: dict[str, Any], topics: list[str], **options: Any) -> Line:
    """Connect to the classic spot stream and subscribe."""
    context = None if exchange["ca"] is None else ssl.create_default_context(cadata=exchange["ca"])
    host = ("localhost", exchange["port"])
    server = (
        http.client.HTTPConnection(*host, timeout=TIMEOUT)
        if context is None
        else http.client.HTTPSConnection(*host, timeout=TIMEOUT, context=context)
    )
    server.request("POST", "/api/v1/bullet-public")
    token = json.loads(server.getresponse().read())["data"]["token"]
    server.close()
    line = Line(exchange, "/v1/stream/spot?" + urlencode({"token": token}), **options)
    if line.receive()["type"] != "welcome":
        raise ConnectionError("no welcome")
    for number, topic in enumerate(topics):
        line.send({"id": str(number), "type": "subscribe", "topic": topic, "response": True})
        while True:
            answer = line.receive()
            if answer["type"] == "ack":
                break
            if answer["type"] == "error":
                raise ConnectionError(str(answer))
    return line
