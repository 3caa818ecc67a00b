"""
A TCP proxy in the test's own process that breaks lines on demand.

One thread owns every socket; the public methods hand it a command and wait until it is carried out, so a
fault is in force when the call returns. "Up" is from client to target, "down" the other way.
"""

from __future__ import annotations

import errno
import queue
import selectors
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Literal

from .stream import reset
from .waiting import DEFAULT_TIMEOUT

__all__ = ["FaultProxy"]

Direction = Literal["up", "down"]
Hole = Literal["stall", "swallow"]
Watch = Callable[[int, bytes, int, int], None]

_DIRECTIONS: tuple[Direction, Direction] = ("up", "down")
_BUFFER_SIZE = 65536
_TIMESTAMPS = 35 if sys.platform == "linux" else None
"""SO_TIMESTAMPNS, which the socket module does not name."""
_TIMESPEC = struct.Struct("qq")
_TOLD_SIZE = 128


class FaultProxy:
    """
    Forward connections from a port of 127.0.0.1 to a target, with faults.

    Resets are passed on as resets and half-closes as half-closes. Faults hold for the connections open at
    the time and for later ones, until `heal`.

    Args:
        target_host: Where to connect for each client.
        target_port: The same.
        receive_buffer: Size of the proxy's receive buffers towards clients; ``None`` is the system's.
        watch: Called on the proxy's thread, before they are forwarded, for bytes that came from a client: with the
            port that the connection to the target comes from, the bytes, and two wall clock times in nanoseconds. The
            last byte reached this side not before the first, when there was none to be read, and not after the second,
            the kernel's own time of it where it tells that (Linux), else the time of reading. With no bytes for each
            new connection, because ports are used again.

    Attributes:
        host: Always ``127.0.0.1``.
        port: Where clients connect.
    """

    host = "127.0.0.1"

    def __init__(
        self, target_host: str, target_port: int, *, receive_buffer: int | None = None, watch: Watch | None = None
    ) -> None:
        self._target = (target_host, target_port)
        self._watch_bytes = watch
        self._listener = socket.socket()
        self._listener.setblocking(False)
        if receive_buffer is not None:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._listener.bind((self.host, 0))
        self._listener.listen(64)
        self.port: int = self._listener.getsockname()[1]
        # What the loop thread owns.
        self._selector = selectors.DefaultSelector()
        self._links: list[_Link] = []
        self._holes: dict[Direction, Hole | None] = {"up": None, "down": None}
        self._cuts: dict[Direction, int | None] = {"up": None, "down": None}
        self._piece: int | None = None
        self._running = True
        # The ways into the loop thread and out of it.
        self._commands: queue.SimpleQueue[tuple[Callable[[], None], Future[None]]] = queue.SimpleQueue()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._changed = threading.Condition()  # guards the counters
        self._bytes: dict[Direction, int] = {"up": 0, "down": 0}
        self._connections = 0
        # A daemon, so that a broken test does not keep the interpreter alive.
        self._thread = threading.Thread(target=self._loop, name="fault-proxy", daemon=True)
        self._thread.start()

    def __enter__(self) -> FaultProxy:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<FaultProxy {self.port} to {self._target[0]}:{self._target[1]}>"

    # Faults

    def cut(self) -> None:
        """Reset both sides of every open connection; new ones are served."""
        self._order(self._cut_all)

    def cut_after(self, count: int, direction: Direction = "up") -> None:
        """
        Let ``count`` more bytes pass in one direction, then reset both sides of the connection, once.

        The bytes are counted from now over all connections. With 0 the reset comes when the next byte
        arrives, and that byte is lost.
        """
        if count < 0:
            raise ValueError(f"count is {count}")

        def arm() -> None:
            self._cuts[direction] = count

        self._order(arm)

    def blackhole(self, direction: Direction | Literal["both"] = "both", *, swallow: bool = False) -> None:
        """
        Forward nothing more, neither bytes nor an end, and keep the sockets open.

        Args:
            direction: Which way is dead.
            swallow: Read and discard; otherwise nothing is read, and the sender's buffers fill.
        """
        hole: Hole = "swallow" if swallow else "stall"

        def dig() -> None:
            for one in _DIRECTIONS if direction == "both" else (direction,):
                self._holes[one] = hole
                for link in self._links:
                    link.flows[one].hole = hole

        self._order(dig)

    def slice(self, size: int | None) -> None:
        """Forward pieces of at most ``size`` bytes, each in a segment of its own; ``None`` ends that."""
        if size is not None and size < 1:
            raise ValueError(f"size is {size}")

        def set_piece() -> None:
            self._piece = size
            for flow in self._flows():
                flow.piece = size

        self._order(set_piece)

    def resume(self) -> None:
        """
        Forward again what stalled connections held back, and serve new ones as well; swallowed bytes are gone.

        What a side sent that has reset its connection meanwhile is discarded with it.
        """

        def open_up() -> None:
            for one in _DIRECTIONS:
                self._holes[one] = None
            for link in list(self._links):
                if link.is_broken or any(_has_failed(sock) for sock in (link.client, link.target)):
                    self._drop(link)
            for flow in self._flows():
                flow.hole = None

        self._order(open_up)

    def heal(self) -> None:
        """Serve connections that come from now on without faults; blackholed ones stay as they are."""

        def forget() -> None:
            self._piece = None
            for one in _DIRECTIONS:
                self._holes[one] = self._cuts[one] = None

        self._order(forget)

    # Observations

    @property
    def bytes_up(self) -> int:
        """Bytes forwarded to the target or swallowed on the way, over all connections."""
        with self._changed:
            return self._bytes["up"]

    @property
    def bytes_down(self) -> int:
        """Bytes forwarded to clients or swallowed on the way, over all connections."""
        with self._changed:
            return self._bytes["down"]

    @property
    def connections(self) -> int:
        """Connections accepted so far."""
        with self._changed:
            return self._connections

    def wait_for_bytes(self, direction: Direction, count: int, timeout: float = DEFAULT_TIMEOUT) -> None:
        """
        Wait until `bytes_up` or `bytes_down` is at least ``count``.

        Raises:
            TimeoutError: After ``timeout`` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._bytes[direction] >= count, timeout):
                got = self._bytes[direction]
                raise TimeoutError(f"waited {timeout:g} s for {count} bytes {direction}, saw {got}")

    def wait_for_connections(self, count: int, timeout: float = DEFAULT_TIMEOUT) -> None:
        """
        Wait until ``count`` connections have been accepted.

        Raises:
            TimeoutError: After ``timeout`` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._connections >= count, timeout):
                raise TimeoutError(f"waited {timeout:g} s for {count} connections, saw {self._connections}")

    def close(self) -> None:
        """Close every socket and end the thread."""
        if self._thread.is_alive():
            self._order(self._stop)
            self._thread.join(DEFAULT_TIMEOUT)
        for link in self._links:
            link.client.close()
            link.target.close()
        self._links.clear()
        self._selector.close()
        for sock in (self._listener, self._wake_reader, self._wake_writer):
            sock.close()

    # Loop thread; everything below runs there, except for _order.

    def _order(self, command: Callable[[], None]) -> None:
        done: Future[None] = Future()
        self._commands.put((command, done))
        self._wake_writer.send(b"x")
        try:
            done.result(DEFAULT_TIMEOUT)
        except FutureTimeoutError:  # not the built-in one before Python 3.11
            raise TimeoutError("the proxy's thread does not answer") from None

    def _loop(self) -> None:
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        while self._running:
            for key, events in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._wake_reader:
                    self._obey()
                elif key.data in self._links:  # not cut since the selector returned
                    self._serve(key.data, key.fileobj, events)  # type: ignore[arg-type]

    def _obey(self) -> None:
        self._wake_reader.recv(_BUFFER_SIZE)
        while not self._commands.empty():
            command, done = self._commands.get()
            try:
                command()
            except Exception as error:  # handed to the thread that gave the command
                done.set_exception(error)
                continue
            for link in self._links:
                self._watch(link)
            done.set_result(None)

    def _stop(self) -> None:
        self._running = False

    def _flows(self) -> Iterator[_Flow]:
        for link in self._links:
            yield from link.flows.values()

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # the client is gone already
            return
        target = socket.socket()
        for sock in (client, target):
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = _Link(client, target)
        for direction, flow in link.flows.items():
            flow.hole = self._holes[direction]
            flow.piece = self._piece
        if self._watch_bytes is not None and _TIMESTAMPS is not None:
            client.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        self._links.append(link)
        if target.connect_ex(self._target) in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
            if self._watch_bytes is not None:
                now_ns = time.time_ns()
                self._watch_bytes(target.getsockname()[1], b"", now_ns, now_ns)
            self._watch(link)
        else:
            self._drop(link)
        with self._changed:
            self._connections += 1
            self._changed.notify_all()

    def _serve(self, link: _Link, sock: socket.socket, events: int) -> None:
        try:
            if sock is link.target and not link.is_connected:
                if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    self._drop(link)
                    return
                link.is_connected = True
            elif events & selectors.EVENT_READ and (flow := link.flow_from(sock)).wants_read():
                self._read(flow)
            elif events & selectors.EVENT_WRITE and (flow := link.flow_to(sock)).wants_write():
                self._write(link, flow)
        except BlockingIOError:
            pass
        except OSError:
            self._break(link, sock)
        if link in self._links:
            self._watch(link)

    def _read(self, flow: _Flow) -> None:
        if self._watch_bytes is None or flow.direction == "down":
            data = flow.source.recv(_BUFFER_SIZE)
        else:
            asked_ns = time.time_ns()
            data, arrived_ns = _receive(flow.source)
            if data:
                self._watch_bytes(flow.sink.getsockname()[1], data, flow.empty_ns, arrived_ns)
            if len(data) < _BUFFER_SIZE:
                flow.empty_ns = asked_ns
        flow.has_ended = not data
        if flow.hole == "swallow":
            self._count(flow.direction, len(data))
        else:
            flow.buffer += data

    def _write(self, link: _Link, flow: _Flow) -> None:
        if flow.buffer:
            # Held from the sending to the counting: who received the bytes finds them counted, and who
            # waited for the count finds its cut carried out.
            with self._changed:
                self._forward(link, flow)
        if flow.has_ended and not flow.buffer and link in self._links:
            flow.is_finished = True
            flow.sink.shutdown(socket.SHUT_WR)
            if all(one.is_finished for one in link.flows.values()):
                self._drop(link, with_reset=False)

    def _forward(self, link: _Link, flow: _Flow) -> None:
        """Send one piece; needs the counters' lock."""
        limit = len(flow.buffer) if flow.piece is None else flow.piece
        cut = self._cuts[flow.direction]
        if cut is not None:
            limit = min(limit, cut)
        sent = flow.sink.send(flow.buffer[:limit]) if limit else 0
        del flow.buffer[:sent]
        if cut is not None and sent == cut:
            self._cuts[flow.direction] = None
            self._drop(link)
        elif cut is not None:
            self._cuts[flow.direction] = cut - sent
        self._count(flow.direction, sent)

    def _count(self, direction: Direction, count: int) -> None:
        with self._changed:
            self._bytes[direction] += count
            self._changed.notify_all()

    def _break(self, link: _Link, sock: socket.socket) -> None:
        """Pass on the failure of one side, unless it fell into a hole."""
        if link.flow_from(sock).hole is None:
            self._drop(link)
            return
        link.is_broken = True
        self._forget(sock)
        reset(sock)
        for flow in link.flows.values():
            flow.hole = "stall"

    def _drop(self, link: _Link, *, with_reset: bool = True) -> None:
        self._links.remove(link)
        for sock in (link.client, link.target):
            self._forget(sock)
            if with_reset:
                reset(sock)
            sock.close()

    def _cut_all(self) -> None:
        for link in list(self._links):
            self._drop(link)

    def _watch(self, link: _Link) -> None:
        """Register for what can be done now; a socket with nothing to do is not even seen to fail."""
        for sock in (link.client, link.target):
            if sock.fileno() < 0:
                continue
            events = 0
            if sock is link.target and not link.is_connected:
                events = selectors.EVENT_WRITE
            else:
                if link.flow_from(sock).wants_read():
                    events |= selectors.EVENT_READ
                if link.is_connected and link.flow_to(sock).wants_write():
                    events |= selectors.EVENT_WRITE
            known = self._selector.get_map().get(sock)
            if known is None and events:
                self._selector.register(sock, events, link)
            elif known is not None and events:
                self._selector.modify(sock, events, link)
            elif known is not None:
                self._selector.unregister(sock)

    def _forget(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0 and sock in self._selector.get_map():
            self._selector.unregister(sock)


def _has_failed(sock: socket.socket) -> bool:
    """Return whether the other end has reset, which reading would tell only after what came before."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


def _receive(source: socket.socket) -> tuple[bytes, int]:
    """Return what came in, and when the last byte of it did."""
    data, told, _, _ = source.recvmsg(_BUFFER_SIZE, _TOLD_SIZE)
    for level, kind, value in told:
        if (level, kind) == (socket.SOL_SOCKET, _TIMESTAMPS) and len(value) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(value)
            return data, seconds * 1_000_000_000 + nanoseconds
    return data, time.time_ns()


class _Flow:
    """One direction of one connection."""

    def __init__(self, direction: Direction, source: socket.socket, sink: socket.socket) -> None:
        self.direction = direction
        self.source = source
        self.sink = sink
        self.buffer = bytearray()
        self.hole: Hole | None = None
        self.piece: int | None = None
        self.has_ended = False  # the source sent its FIN
        self.is_finished = False  # the sink was sent one
        self.empty_ns = 0  # when nothing was left to be read, wall clock

    def wants_read(self) -> bool:
        if self.has_ended or self.hole == "stall":
            return False
        return self.hole == "swallow" or len(self.buffer) < _BUFFER_SIZE

    def wants_write(self) -> bool:
        return self.hole is None and not self.is_finished and (bool(self.buffer) or self.has_ended)


class _Link:
    """One client's connection and the one made for it to the target."""

    def __init__(self, client: socket.socket, target: socket.socket) -> None:
        self.client = client
        self.target = target
        self.is_connected = False
        self.is_broken = False  # one side failed, and the other was not told
        self.flows: dict[Direction, _Flow] = {
            "up": _Flow("up", client, target),
            "down": _Flow("down", target, client),
        }

    def flow_from(self, sock: socket.socket) -> _Flow:
        return self.flows["up" if sock is self.client else "down"]

    def flow_to(self, sock: socket.socket) -> _Flow:
        return self.flows["down" if sock is self.client else "up"]
