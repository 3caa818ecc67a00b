"""
A real server on loopback that does nothing unless the test says so.

`ScriptedPeer` listens; `ScriptedPeer.accept` returns a `Line`, one connection, and the test thread plays the
server on it step by step: read this, send that, break here. Every wait has a deadline and fails with
`TimeoutError`; a client that does something else than expected fails with `AssertionError`. As the client's
own calls block too, run one of the two sides with `background`::

    with ScriptedPeer() as peer:
        opened = background(client.open)
        line = peer.accept()
        line.upgrade()
        line.send_json({"id": "1", "type": "welcome"})
        opened.result()
        line.rst()
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import http
import json
import queue
import select
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .frames import Opcode, apply_mask, frame
from .stream import Ending, Stream, reset
from .waiting import DEFAULT_TIMEOUT, Deadline

__all__ = ["Line", "Request", "ScriptedPeer"]

_ACCEPT_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_HEAD_LIMIT = 65536
_OPCODES = frozenset(Opcode)
_TIME_ANSWERS: Mapping[str, Callable[[int], Any]] = {
    "/api/v1/timestamp": lambda now_ms: {"code": "200000", "data": now_ms},
    "/api/v5/public/time": lambda now_ms: {"code": "0", "msg": "", "data": [{"ts": str(now_ms)}]},
}


@dataclasses.dataclass(frozen=True)
class Request:
    """
    One HTTP request as it was read.

    Attributes:
        method: ``GET``, ``POST``...
        path: Path without the query.
        query: Decoded parameters; of a repeated one the last.
        headers: By lower-case name; the values of a repeated one joined with a comma.
        body: As many bytes as Content-Length says.
        head: Request line and headers as received.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    head: bytes = dataclasses.field(repr=False)

    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)


class Line:
    """
    One connection of the client, played by the test; returned by `ScriptedPeer.accept`.

    Attributes:
        request: The HTTP request read last.
        unread: Bytes that have arrived and were not asked for.
    """

    def __init__(self, stream: Stream, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        self.request: Request | None = None
        self._stream = stream
        self._timeout = timeout
        self._buffer = bytearray()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @property
    def unread(self) -> bytes:
        """Bytes that have arrived and were not asked for."""
        return bytes(self._buffer)

    # Bytes

    def send(self, data: bytes) -> None:
        """Send ``data``, in one segment if it is small."""
        self._sending(self._stream.send, data)

    def send_raw(self, data: bytes) -> None:
        """Send ``data`` below TLS, for instance an alert or rubbish."""
        self._sending(self._stream.send_raw, data)

    def send_slowly(self, data: bytes, pause: threading.Event | Callable[[], object], *, piece: int = 1) -> None:
        """
        Send ``data`` in pieces.

        Args:
            data: What to send.
            pause: What lies between two pieces: an event that is awaited and cleared, or a call.
            piece: Bytes sent together.
        """
        for start in range(0, len(data), piece):
            if start == 0:
                pass
            elif not isinstance(pause, threading.Event):
                pause()
            elif pause.wait(self._timeout):
                pause.clear()
            else:
                raise TimeoutError(f"waited {self._timeout:g} s to be let on after {start} bytes")
            self.send(data[start : start + piece])

    def read_bytes(self, count: int, timeout: float | None = None) -> bytes:
        """Return the next ``count`` bytes."""
        return self._take(count, self._deadline(timeout), f"{count} bytes")

    def expect_eof(self, timeout: float | None = None) -> Ending:
        """
        Wait for the client to end the connection; what it sends before is added to `unread`.

        Returns:
            ``"fin"`` or ``"rst"``. The kernel of a client that closes with unread bytes sends a reset, too.
        """
        data, ending = self._stream.drain(self._deadline(timeout))
        self._buffer += data
        return ending

    # HTTP

    def read_request(self, timeout: float | None = None) -> Request:
        """Read one HTTP request with its body."""
        deadline = self._deadline(timeout)
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > _HEAD_LIMIT:
                raise AssertionError(f"the head of the request exceeds {_HEAD_LIMIT} bytes")
            self._fill(deadline, "the head of an HTTP request")
        head = self._take(self._buffer.index(b"\r\n\r\n") + 4, deadline, "")
        request = _parse_head(head)
        if "transfer-encoding" in request.headers:
            raise AssertionError("the request has a Transfer-Encoding, which is not supported here")
        length = int(request.headers.get("content-length", "0"))
        body = self._take(length, deadline, f"the body of {length} bytes of {request.method} {request.path}")
        self.request = dataclasses.replace(request, body=body)
        return self.request

    def respond(
        self,
        status: int,
        headers: Mapping[str, str | None] | None = None,
        body: bytes | str | dict[str, Any] = b"",
    ) -> None:
        """
        Answer a request; the connection stays open until `close`.

        Args:
            status: HTTP status.
            headers: Added to, or replacing, ``Content-Length`` and ``Connection: close``; ``None`` as a value
                removes one.
            body: A dict is sent as JSON.
        """
        fields: dict[str, str | None] = {}
        if isinstance(body, dict):
            fields["Content-Type"] = "application/json"
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        fields |= {"Content-Length": str(len(body)), "Connection": "close"}
        self.send(_spell_head(status, fields, headers) + body)

    def upgrade(self, headers: Mapping[str, str | None] | None = None, extra: bytes = b"") -> Request:
        """
        Accept the WebSocket: read the request, unless that has been done, and answer 101.

        Args:
            headers: Added to, or replacing, those of a right answer; ``None`` as a value removes one.
            extra: Sent in the same segment as the answer.

        Returns:
            The request, which was checked to be a right one.
        """
        request = self.request or self.read_request()
        asked = request.headers
        key = asked.get("sec-websocket-key", "")
        assert request.method == "GET", f"the upgrade is a {request.method} and not a GET"
        assert asked.get("upgrade", "").lower() == "websocket", f"Upgrade: {asked.get('upgrade')!r}"
        assert "upgrade" in asked.get("connection", "").lower(), f"Connection: {asked.get('connection')!r}"
        assert asked.get("sec-websocket-version") == "13", f"version {asked.get('sec-websocket-version')!r}"
        assert len(_decode_base64(key)) == 16, f"Sec-WebSocket-Key: {key!r}"
        digest = hashlib.sha1(key.encode() + _ACCEPT_GUID).digest()
        fields: dict[str, str | None] = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": base64.b64encode(digest).decode(),
        }
        self.send(_spell_head(101, fields, headers) + extra)
        return request

    # WebSocket

    frame = staticmethod(frame)

    def send_frame(self, opcode: int, payload: bytes | str = b"", **options: Any) -> None:
        """Send one frame; the options are those of `frame`."""
        self.send(frame(opcode, payload, **options))

    def send_text(self, text: str) -> None:
        """Send a text message."""
        self.send_frame(Opcode.TEXT, text)

    def send_texts(self, texts: Sequence[str], *, at_once: bool) -> None:
        """Send text messages: one after the other, or together, so that they are read together."""
        if at_once:
            self.send(b"".join(frame(Opcode.TEXT, text.encode()) for text in texts))
        else:
            for text in texts:
                self.send_text(text)

    def send_json(self, message: Any) -> None:
        """Send a text message: ``message`` as JSON without blanks."""
        self.send_text(json.dumps(message, separators=(",", ":")))

    def send_close(self, code: int | None = 1000, reason: str = "") -> None:
        """Send a close frame; ``None`` sends one without a code."""
        self.send_frame(Opcode.CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason.encode())

    def read_frame(self, timeout: float | None = None) -> tuple[Opcode, bytes]:
        """
        Read the client's next frame.

        Returns:
            Its opcode and unmasked payload.

        Raises:
            AssertionError: If the frame is not masked, is part of a message, has reserved bits set, or spells
                its length longer than necessary.
        """
        deadline = self._deadline(timeout)
        first, second = self._take(2, deadline, "a frame")
        assert first & 0x0F in _OPCODES, f"the client's frame has the opcode {first & 0x0F:#x}"
        opcode, length = Opcode(first & 0x0F), second & 0x7F
        assert first & 0x70 == 0, f"the client's {opcode.name} frame has reserved bits: {first:#x}"
        assert first & 0x80, f"the client's {opcode.name} frame is only part of a message"
        assert second & 0x80, f"the client's {opcode.name} frame is not masked"
        if length > 125:
            size, least = (2, 126) if length == 126 else (8, 1 << 16)
            length = int.from_bytes(self._take(size, deadline, "the length of a frame"), "big")
            assert length >= least, f"the client spelled the length {length} in {size} bytes"
        assert opcode < 8 or length < 126, f"the client's {opcode.name} frame has {length} bytes"
        key = self._take(4, deadline, "the mask of a frame")
        return opcode, apply_mask(self._take(length, deadline, f"the payload of {length} bytes"), key)

    def read_text(self, timeout: float | None = None) -> str:
        """Read the client's next frame, a text message."""
        opcode, payload = self.read_frame(timeout)
        assert opcode is Opcode.TEXT, f"expected a text frame, got {opcode.name} {payload[:200]!r}"
        return payload.decode()

    def read_json(self, timeout: float | None = None) -> Any:
        """Read the client's next frame, a text message of JSON."""
        return json.loads(self.read_text(timeout))

    def expect_json(self, **subset: Any) -> dict[str, Any]:
        """
        Read the client's next message and check that it has these fields; inside objects likewise.

        Returns:
            The whole message.
        """
        message = self.read_json()
        differences = _missing(subset, message, "")
        assert not differences, f"{'; '.join(differences)} in {message}"
        return message  # type: ignore[no-any-return]

    # Ends

    def start_tls(self, timeout: float | None = None) -> None:
        """Do the TLS handshake that ``accept(handshake=False)`` left out."""
        self._stream.handshake(self._deadline(timeout))

    def stop_reading(self) -> None:
        """
        Let the client's bytes pile up: nothing is read from here on until the test reads again.

        Nothing ever reads on its own; this shrinks the receive buffer, so that it is full sooner.
        """
        self._stream.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)

    def close_notify(self) -> None:
        """Say inside TLS that nothing more comes, and leave the connection open; nothing on a plain line."""
        self._stream.close_notify(self._deadline(None))

    def fin(self, *, close_notify: bool = False) -> None:
        """End our half of the connection; TLS is cut off without ``close_notify``. Reading goes on."""
        self._stream.fin(self._deadline(None), close_notify=close_notify)

    def rst(self) -> None:
        """Close with a reset."""
        reset(self._stream.sock)

    def close(self) -> None:
        """Close politely, without a close frame."""
        self._stream.close()

    # Private

    def _deadline(self, timeout: float | None) -> Deadline:
        return Deadline(self._timeout if timeout is None else timeout)

    def _sending(self, send: Callable[[bytes, Deadline], None], data: bytes) -> None:
        try:
            send(data, self._deadline(None))
        except ConnectionError as error:
            raise AssertionError(f"the client was gone when {len(data)} bytes were due: {error}") from error

    def _take(self, count: int, deadline: Deadline, awaited: str) -> bytes:
        while len(self._buffer) < count:
            self._fill(deadline, awaited)
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _fill(self, deadline: Deadline, awaited: str) -> None:
        if self._buffer:
            awaited = f"{awaited} (so far: {bytes(self._buffer[:200])!r})"
        try:
            data = self._stream.receive(deadline, awaited)
        except ConnectionResetError as error:
            raise AssertionError(f"the client reset the connection instead of sending {awaited}") from error
        except ssl.SSLError as error:
            raise AssertionError(f"the client broke TLS instead of sending {awaited}: {error}") from error
        if not data:
            raise AssertionError(f"the client closed the connection instead of sending {awaited}")
        self._buffer += data

    def _begins_with(self, heads: Sequence[bytes]) -> bool:
        """Read only as far as needed to tell whether the request begins so; nothing is consumed."""
        deadline = self._deadline(None)
        while any(len(self._buffer) <= len(head) and head.startswith(self._buffer) for head in heads):
            self._fill(deadline, "the start of an HTTP request")
        return any(self._buffer.startswith(head) and self._buffer[len(head)] in b" ?" for head in heads)


class ScriptedPeer:
    """
    The listening server; a context manager that closes itself and every line it accepted.

    Args:
        tls: Server's context; ``None`` is a plain server.
        auto_time: Answer calls for either exchange's time in the background and hand only other connections to
            `accept`. Those are then handed over once their first bytes have arrived, so this does not go
            with tests of clients that connect and keep silent, nor with ``accept(handshake=False)``.
        receive_buffer: Size of the receive buffer of accepted connections; ``None`` is the system's.
        timeout: Seconds that any wait of the peer and its lines takes at most, unless told otherwise.

    Attributes:
        port: Of 127.0.0.1.
        url: ``ws://127.0.0.1:PORT`` or ``wss://localhost:PORT``.
        http_url: The same for HTTP.
        time_requests: How many requests were answered by ``auto_time``.
    """

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        *,
        auto_time: bool = False,
        receive_buffer: int | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        self._tls = tls
        self._timeout = timeout
        self._listener = socket.socket()
        self._listener.setblocking(False)
        if receive_buffer is not None:  # before listen(), as the window's scale is fixed by the handshake
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.port: int = self._listener.getsockname()[1]
        host = "localhost" if tls else "127.0.0.1"
        secure = "s" if tls else ""
        self.url = f"ws{secure}://{host}:{self.port}"
        self.http_url = f"http{secure}://{host}:{self.port}"
        self.time_requests = 0
        self._sorter = _Sorter(self) if auto_time else None
        self._lock = threading.Lock()  # guards _streams and time_requests
        self._streams: list[Stream] = []
        if self._sorter is not None:
            self._sorter.start()

    def __enter__(self) -> ScriptedPeer:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def accept(self, timeout: float | None = None, *, handshake: bool = True) -> Line:
        """
        Return the next connection, after its TLS handshake unless ``handshake`` is false.

        Raises:
            AssertionError: If the TLS handshake fails.
            TimeoutError: If no client connects.
        """
        deadline = Deadline(self._timeout if timeout is None else timeout)
        awaited = f"a connection to port {self.port}"
        if self._sorter is not None:
            assert handshake, "auto_time looks into the connections, so it cannot leave out the handshake"
            return self._sorter.next_line(deadline, awaited)
        stream = self._accept_stream(deadline, awaited)
        if handshake:
            try:
                stream.handshake(deadline)
            except OSError as error:
                if isinstance(error, TimeoutError):
                    raise
                raise AssertionError(f"the TLS handshake failed: {error}") from error
        return Line(stream, timeout=self._timeout)

    def expect_failed_handshake(self, timeout: float | None = None) -> OSError:
        """Accept a connection whose TLS handshake the client refuses; return the error this was seen as."""
        with self.accept(timeout, handshake=False) as line:
            try:
                line.start_tls(timeout)
            except TimeoutError:
                raise
            except OSError as error:
                return error
        raise AssertionError("the client accepted the TLS handshake")

    def has_pending(self) -> bool:
        """Tell whether a connection is waiting to be accepted."""
        if self._sorter is not None:
            return self._sorter.has_lines()
        return self._listener.fileno() >= 0 and bool(select.select([self._listener], [], [], 0)[0])

    def accept_no_more(self) -> None:
        """Close the listening socket: clients are refused, accepted lines live on."""
        if self._sorter is not None:
            self._sorter.stop_accepting()
        self._listener.close()

    def close(self) -> None:
        """Close the listening socket and every line."""
        self.accept_no_more()
        if self._sorter is not None:
            for stream in self._copy_streams():
                with contextlib.suppress(OSError):  # wakes a thread that reads from it
                    stream.sock.shutdown(socket.SHUT_RDWR)
            self._sorter.join(self._timeout)
        for stream in self._copy_streams():
            stream.close()

    def _accept_stream(self, deadline: Deadline, awaited: str) -> Stream:
        while True:
            try:
                sock, _ = self._listener.accept()
            except BlockingIOError:
                select.select([self._listener], [], [], deadline.remaining(awaited))
            else:
                return self._adopt(sock)

    def _adopt(self, sock: socket.socket) -> Stream:
        stream = Stream(sock, self._tls)
        with self._lock:
            self._streams.append(stream)
        return stream

    def _copy_streams(self) -> list[Stream]:
        with self._lock:
            return list(self._streams)


class _Sorter:
    """Accepts the connections of a peer, answers those that ask for the time, and queues the others."""

    def __init__(self, peer: ScriptedPeer) -> None:
        self._peer = peer
        self._lines: queue.Queue[Line | BaseException] = queue.Queue()
        self._wake_reader, self._wake_writer = socket.socketpair()
        # Only the acceptor adds to this, and it has ended before the list is read.
        self._sorting: list[threading.Thread] = []
        # Daemons, so that a thread stuck in a bad test does not keep the interpreter alive.
        self._acceptor = threading.Thread(target=self._accept_all, name="peer-acceptor", daemon=True)

    def start(self) -> None:
        self._acceptor.start()

    def next_line(self, deadline: Deadline, awaited: str) -> Line:
        try:
            line = self._lines.get(timeout=deadline.remaining(awaited))
        except queue.Empty:
            raise TimeoutError(f"waited for {awaited} in vain") from None
        if isinstance(line, BaseException):
            raise AssertionError(f"the TLS handshake failed: {line}") from line
        return line

    def has_lines(self) -> bool:
        return not self._lines.empty()

    def stop_accepting(self) -> None:
        if self._acceptor.is_alive():
            self._wake_writer.send(b"x")
            self._acceptor.join()
        self._wake_writer.close()
        self._wake_reader.close()

    def join(self, timeout: float) -> None:
        deadline = Deadline(timeout)
        for thread in self._sorting:
            thread.join(deadline.remaining("the threads that look into the connections"))

    def _accept_all(self) -> None:
        listener = self._peer._listener
        while True:
            readable, _, _ = select.select([listener, self._wake_reader], [], [])
            if self._wake_reader in readable:
                return
            try:
                sock, _ = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):  # the client is gone already
                continue
            stream = self._peer._adopt(sock)
            thread = threading.Thread(target=self._sort, args=(stream,), name="peer-sorter", daemon=True)
            self._sorting.append(thread)
            thread.start()

    def _sort(self, stream: Stream) -> None:
        line = Line(stream, timeout=self._peer._timeout)
        try:
            line.start_tls()
        except OSError as error:
            self._lines.put(error)
            return
        try:
            if not line._begins_with([f"GET {path}".encode() for path in _TIME_ANSWERS]):
                self._lines.put(line)
                return
        except (AssertionError, OSError):  # a client that says nothing is the test's business
            self._lines.put(line)
            return
        with line, contextlib.suppress(AssertionError, OSError):  # the client may leave without its answer
            path = line.read_request().path
            line.respond(200, body=_TIME_ANSWERS[path](time.time_ns() // 1_000_000))
            with self._peer._lock:
                self._peer.time_requests += 1


def _parse_head(head: bytes) -> Request:
    request_line, *rows = head[:-4].decode("latin-1").split("\r\n")
    parts = request_line.split(" ")
    assert len(parts) == 3 and parts[2] == "HTTP/1.1", f"not a request line: {request_line!r}"
    method, target, _ = parts
    headers: dict[str, str] = {}
    for row in rows:
        name, colon, value = row.partition(":")
        assert colon and name == name.strip(), f"not a header: {row!r}"
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    path, _, query = target.partition("?")
    parameters = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    return Request(method=method, path=path, query=parameters, headers=headers, body=b"", head=head)


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _spell_head(status: int, fields: Mapping[str, str | None], replaced: Mapping[str, str | None] | None) -> bytes:
    replaced = replaced or {}
    names = {name.lower() for name in replaced}
    kept = {name: value for name, value in fields.items() if name.lower() not in names}
    try:
        reason = http.HTTPStatus(status).phrase
    except ValueError:
        reason = "Unknown"
    rows = [f"{name}: {value}" for name, value in {**kept, **replaced}.items() if value is not None]
    return "\r\n".join([f"HTTP/1.1 {status} {reason}", *rows, "", ""]).encode("latin-1")


def _missing(expected: Any, actual: Any, where: str) -> list[str]:
    if not isinstance(expected, dict):
        return [] if expected == actual else [f"{where} is {actual!r} and not {expected!r}"]
    if not isinstance(actual, dict):
        return [f"{where or 'the message'} is {actual!r} and not an object"]
    found = []
    for name, value in expected.items():
        inner = f"{where}.{name}" if where else name
        found += _missing(value, actual[name], inner) if name in actual else [f"{inner} is missing"]
    return found
