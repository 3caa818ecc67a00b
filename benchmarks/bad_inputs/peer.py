"""
The server's end: accepts connections one by one and is played, step by step, by the thread that runs the inputs.

As `tests.peers.ScriptedPeer`, on whose streams it is built, but fit for a million inputs: it keeps no connection, sends
many frames at once, and does not judge what the client sends.
"""

from __future__ import annotations

import base64
import hashlib
import select
import socket
import ssl
from typing import Any

import attrs

from tests.peers.frames import apply_mask
from tests.peers.stream import Ending, Stream, reset
from tests.peers.waiting import Deadline

__all__ = ["LoopbackOnly", "Peer", "Request", "Wire"]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_HEAD_LIMIT = 64 * 1024
_TLS_HANDSHAKE = b"\x16"


@attrs.frozen
class Request:
    """One HTTP request: its method, its path without the query, and what the right accept key is for it."""

    method: str
    path: str
    accept: bytes

    @property
    def upgrades(self) -> bool:
        """Whether it asks for a WebSocket; all other requests with GET are for the exchange's clock or an order."""
        return self.method == "GET" and not self.path.startswith("/api/")


class Wire:
    """
    One connection of the client.

    Args:
        stream: Accepted, with its TLS handshake done.
        limit: Seconds that any wait may take.
    """

    def __init__(self, stream: Stream, limit: float) -> None:
        self._stream = stream
        self._limit = limit
        self._buffer = bytearray()

    def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError."""
        self._stream.send(data, Deadline(self._limit))

    def read_request(self) -> Request:
        """Read one HTTP request with its body. Raises EOFError, OSError."""
        deadline = Deadline(self._limit)
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > _HEAD_LIMIT or self._buffer.startswith(_TLS_HANDSHAKE):
                # Such as TLS, where a spoilt token answer says wss:// of a plain server.
                raise EOFError("not a request")
            self._fill(deadline, "an HTTP request")
        head = self._take(self._buffer.index(b"\r\n\r\n") + 4, deadline)
        line, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ", 2)
        fields = {name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        self._take(int(fields.get("content-length", "0")), deadline)
        key = fields.get("sec-websocket-key", "").encode()
        return Request(method, target.partition("?")[0], base64.b64encode(hashlib.sha1(key + _GUID).digest()))

    def read_frame(self) -> tuple[int, bytes]:
        """Read one frame: its opcode and its payload. Raises EOFError, OSError."""
        deadline = Deadline(self._limit)
        first, second = self._take(2, deadline)
        length = second & 0x7F
        if length > 125:
            length = int.from_bytes(self._take(2 if length == 126 else 8, deadline), "big")
        key = self._take(4, deadline)
        return first & 0x0F, apply_mask(self._take(length, deadline), key)

    def read_text(self) -> str:
        """Read the next text, past pongs and whatever else answers our frames."""
        while True:
            opcode, payload = self.read_frame()
            if opcode == 1:
                return payload.decode()

    def discard_waiting(self) -> bool:
        """Read and forget what has come, such as pongs; return whether the line still stands."""
        self._buffer.clear()
        try:
            while select.select([self._stream.sock], [], [], 0)[0]:
                if not self._stream.receive(Deadline(self._limit), "what is there already"):
                    return False
        except OSError:
            return False
        return True

    def end(self) -> Ending:
        """Wait until the client has ended the line, and close it."""
        try:
            return self._stream.drain(Deadline(self._limit))[1]
        finally:
            self.close()

    def fin(self) -> None:
        """End our half of the connection."""
        self._stream.fin(Deadline(self._limit), close_notify=False)

    def rst(self) -> None:
        """Close with a reset."""
        reset(self._stream.sock)

    def close(self) -> None:
        """Close the socket."""
        self._stream.sock.close()

    def _take(self, count: int, deadline: Deadline) -> bytes:
        while len(self._buffer) < count:
            self._fill(deadline, f"{count} bytes")
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _fill(self, deadline: Deadline, awaited: str) -> None:
        data = self._stream.receive(deadline, awaited)
        if not data:
            raise EOFError(f"the client closed instead of sending {awaited}")
        self._buffer += data


class Peer:
    """
    The listening socket.

    Args:
        context: Server's TLS context, ``None`` for plain.
        limit: Seconds that any wait may take.
    """

    def __init__(self, context: ssl.SSLContext | None, limit: float) -> None:
        self._context = context
        self._limit = limit
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        host, secure = ("localhost", "s") if context else ("127.0.0.1", "")
        self.ws_url = f"ws{secure}://{host}:{self.port}"
        self.http_url = f"http{secure}://{host}:{self.port}"

    def accept(self, *, unless: socket.socket | None = None) -> Wire | None:
        """
        Return the next connection, after its TLS handshake; one whose client gives up in the handshake is passed over.

        Args:
            unless: Return ``None`` as soon as this can be read.

        Raises:
            TimeoutError: If none comes.
        """
        deadline = Deadline(self._limit)
        waiting = [self._listener] if unless is None else [self._listener, unless]
        while True:
            ready = select.select(waiting, [], [], deadline.remaining("a connection"))[0]
            if unless is not None and unless in ready and self._listener not in ready:
                return None
            try:
                sock, _ = self._listener.accept()
            except BlockingIOError:
                continue
            stream = Stream(sock, self._context)
            try:
                stream.handshake(deadline)
            except TimeoutError:
                sock.close()
                raise
            except OSError:
                sock.close()
                continue
            return Wire(stream, self._limit)

    def close(self) -> None:
        """Listen no more; whoever waits to be accepted is reset."""
        self._listener.close()


class LoopbackOnly:
    """
    While entered, this process finds no other address than those of its own servers.

    A spoilt token answer names any host; the client may ask for it, and must get no further.
    """

    def __init__(self) -> None:
        self._resolve = socket.getaddrinfo
        self._ports: set[int] = set()

    def allow(self, port: int) -> None:
        """Let connections to this port of loopback through."""
        self._ports.add(port)

    def __enter__(self) -> LoopbackOnly:
        socket.getaddrinfo = self._guarded
        return self

    def __exit__(self, *_: object) -> None:
        socket.getaddrinfo = self._resolve

    def _guarded(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in ("127.0.0.1", "localhost") or port not in self._ports:
            raise socket.gaierror(socket.EAI_NONAME, "not one of our own servers")
        return self._resolve(host, port, *args, **kwargs)
