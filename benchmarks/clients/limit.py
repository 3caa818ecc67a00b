"""
The limit: what this machine and Python can do at best without C code of one's own.

A blocking socket, frames written and read by hand, orjson, one thread, nothing handed over and nothing
checked beyond the id. It is no client: no second thread could use it, no fault is handled.
"""

from __future__ import annotations

import base64
import os
import socket
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from benchmarks.clients.measure import ORDER, rate
from benchmarks.clients.scenarios import Take
from benchmarks.job import Job

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["open_orders", "read_stream"]

BUFFER_SIZE = 65536
TEXT = 0x81  # first byte of an unfragmented text frame


class Line:
    """A WebSocket for one thread."""

    def __init__(self, job: Job, url: str) -> None:
        parts = urlsplit(url)
        sock = socket.create_connection((parts.hostname, parts.port), timeout=job.time_limit)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = job.ssl_context()
        self.sock = sock if context is None else context.wrap_socket(sock, server_hostname=parts.hostname)
        # Blocking for good: with a timeout Python polls before each read. The runner ends what hangs.
        self.sock.settimeout(None)
        self.buffer = bytearray(BUFFER_SIZE)
        self.view = memoryview(self.buffer)
        self.start = self.end = 0
        self._upgrade(f"{parts.path}?{parts.query}", f"{parts.hostname}:{parts.port}")

    def _upgrade(self, target: str, host: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall(
            f"GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        while (found := self.buffer.find(b"\r\n\r\n", 0, self.end)) < 0:
            self.read_more()
        if not self.buffer.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(bytes(self.buffer[:found]))
        self.start = found + 4

    @classmethod
    def logged_in(cls, job: Job) -> Self:
        """Open a line of the WS API."""
        line = cls(job, f"{job.private_url}?apikey=limit&timestamp=0&sign=s&passphrase=p")
        line.receive()  # challenge
        line.send(b"any answer will do")
        line.receive()  # welcome
        return line

    def read_more(self) -> None:
        if self.start == self.end:
            self.start = self.end = 0
        elif self.end > BUFFER_SIZE // 2:
            rest = self.buffer[self.start : self.end]
            self.buffer[: len(rest)] = rest
            self.start, self.end = 0, len(rest)
        received = self.sock.recv_into(self.view[self.end :])
        if not received:
            raise ConnectionError("closed by the server")
        self.end += received

    def send(self, payload: bytes) -> None:
        size = len(payload)
        mask = os.urandom(4)
        repeated = (mask * (size // 4 + 1))[:size]
        masked = int.from_bytes(payload, "little") ^ int.from_bytes(repeated, "little")
        head = bytes((TEXT, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
        self.sock.sendall(head + mask + masked.to_bytes(size, "little"))

    def receive(self) -> memoryview:
        """Return the payload of the next frame; it is valid until the next call."""
        while True:
            start, have = self.start, self.end - self.start
            if have >= 2:
                size = self.buffer[start + 1]
                head = 2
                if size == 126 and have >= 4:
                    size = self.buffer[start + 2] << 8 | self.buffer[start + 3]
                    head = 4
                if have >= head + size:
                    self.start = start + head + size
                    return self.view[start + head : self.start]
            self.read_more()


class OrderLine:
    """The WS API over one `Line`."""

    def __init__(self, job: Job) -> None:
        self._line = Line.logged_in(job)
        self._ids = count(1)

    def place_order(self) -> None:
        request_id = self.send_order()
        reply = orjson.loads(self._line.receive())
        if reply["id"] != request_id or reply["code"] != "200000":
            raise AssertionError(reply)

    def send_order(self) -> str:
        request_id = str(next(self._ids))
        args = {"clientOid": request_id, **ORDER}
        self._line.send(orjson.dumps({"id": request_id, "op": "spot.order", "args": args}))
        return request_id

    def keep_in_flight(self, job: Job) -> dict[str, Any]:
        """
        Keep ``job.window`` orders in flight.

        Each order is sent on its own, as a caller must who does not know the next one yet; replies are
        read as many at once as there are.
        """
        open_ids: set[str] = set()
        started = perf_counter()
        for _ in range(job.pipelined):
            if len(open_ids) == job.window:
                open_ids.remove(orjson.loads(self._line.receive())["id"])
            open_ids.add(self.send_order())
        while open_ids:
            open_ids.remove(orjson.loads(self._line.receive())["id"])
        return rate(job.pipelined, perf_counter() - started)


def open_orders(job: Job) -> OrderLine:
    return OrderLine(job)


def read_stream(job: Job, take: Take) -> object:
    """Parse all whole frames of one read in place; every message here has 126 to 65,535 bytes."""
    line = Line(job, f"{job.stream_url}?token=t&connectId=limit")
    line.receive()  # welcome
    line.send(orjson.dumps({"id": "1", "type": "subscribe", "topic": job.topic, "response": True}))
    line.receive()  # ack
    buffer, view, loads = line.buffer, line.view, orjson.loads
    is_last = False
    while not is_last:
        start, end = line.start, line.end
        while end - start >= 4:
            payload_at = start + 4
            frame_end = payload_at + (buffer[start + 2] << 8 | buffer[start + 3])
            if frame_end > end:
                break
            message = loads(view[payload_at:frame_end])
            start = frame_end
            if message["type"] == "message":
                is_last = take(message["data"])
        line.start = start
        if not is_last:
            line.read_more()
    return line
