"""
A byte pipe with deadlines: a TCP socket, plain or under TLS, that one thread reads and any thread writes.

Rules of this module:

- The socket never blocks; every wait is a ``poll`` on it and on an `Interrupt`, with a deadline.
- The reading thread is the only one that closes the socket. Whoever else wants it gone sets the interrupt.
- Senders hold one lock from encrypting to sending, so bytes leave in one order. It is an RLock for one reason only:
  releasing one that we do not own is an error we can see, so a Ctrl-C that lands between taking it and taking note
  of that can be cleaned up.
- A frame that has left in part poisons the stream: the channel is given up before anything else happens.
- One ``SSLObject`` must not be used by two threads at once, so each use holds `_tls_lock`; waiting and system calls
  happen outside of it.
"""

from __future__ import annotations

import array
import contextlib
import io
import socket
import ssl
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.interrupt import Interrupt, SocketWait
from kucoin_sync.errors import (
    ConnectError,
    ConnectionLost,
    DeadlineExceeded,
    KucoinSyncError,
    ReentrantCallError,
    TlsError,
    describe_cause,
)

__all__ = ["Channel", "ChannelFile", "ReceiveTimeout", "SendFailed"]

READ_SIZE = 64 * 1024
COUNT_PATIENCE = 0.02
"""Seconds to wait for a sender before the bytes are counted beside it."""
MOST_URGENT = 64
URGENT_PATIENCE = 0.25
"""Seconds the reading thread waits at most to send a pong: a peer that takes none has stopped reading."""

try:
    import fcntl
    import termios

    _UNACKNOWLEDGED = termios.TIOCOUTQ if sys.platform == "linux" else None
except ImportError:  # Windows
    _UNACKNOWLEDGED = None
"""Request that tells how many bytes of a TCP socket the peer's kernel has not acknowledged (Linux: ``SIOCOUTQ``)."""

_RESET_ON_CLOSE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class ReceiveTimeout(Exception):
    """Nothing to read before the deadline."""


class SendFailed(Exception):
    """
    A send ended before its last byte.

    Attributes:
        bytes_sent: Bytes of the frame (under TLS: of its records) that the operating system took.
        cause: Why.
    """

    def __init__(self, bytes_sent: int, cause: KucoinSyncError) -> None:
        super().__init__(bytes_sent)
        self.bytes_sent = bytes_sent
        self.cause = cause


def _is_cut(error: Exception) -> bool:
    """Whether the stream ended inside TLS: early releases of Python 3.11 give it no class of its own."""
    return isinstance(error, ssl.SSLEOFError) or getattr(error, "reason", None) == "UNEXPECTED_EOF_WHILE_READING"


class Channel:
    """
    A connected socket.

    Args:
        sock: Connected and non-blocking; the channel owns it.
        interrupt: Set to give the channel up, from any thread.
    """

    def __init__(self, sock: socket.socket, interrupt: Interrupt) -> None:
        self.interrupt = interrupt
        self._sock = sock
        self._readable = SocketWait(sock, interrupt, write=False)
        self._send_lock = threading.RLock()
        self._sending = False  # under _send_lock: a frame is on its way, on this very thread if we see it
        self._position = 0  # under _send_lock: bytes that the operating system took so far
        # Pongs: sent by whoever holds the send lock. The oldest go first: a flood of pings must not fill the memory.
        self._urgent: deque[bytes] = deque(maxlen=MOST_URGENT)
        self._tls: ssl.SSLObject | None = None
        self._tls_lock = threading.Lock()  # guards _tls and both its BIOs
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls_has_more = False  # reader only: decrypted or undecrypted bytes are waiting in memory
        self._tls_over = False  # reader only: the peer said inside TLS that nothing more comes, or it was cut off
        self._tls_failure: ConnectionLost | None = None  # reader only: what it sent last is no TLS, or not the peer's
        self._more_likely = False  # reader only: the last read filled its buffer
        self._scratch_view = memoryview(bytearray(READ_SIZE))
        self._closed = False
        self._broken: str | None = None  # what the operating system said when a send failed

    def start_tls(self, context: ssl.SSLContext, host: str, deadline: Deadline) -> None:
        """
        Do the TLS handshake.

        Raises:
            TlsError: If the certificate or the version is not acceptable.
            ConnectError: With phase ``tls``, if the peer is silent or gone.
        """
        # Built into a local name first: while it is not complete, receive and send must take the plain path.
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                self._exchange_handshake(deadline)
                continue
            except ssl.SSLCertVerificationError as error:
                self._flush_handshake(deadline)  # the alert that tells the peer why
                raise TlsError(f"certificate of {host} refused: {error.verify_message}") from None
            except (ssl.SSLError, ValueError) as error:
                if _is_cut(error):
                    raise ConnectError("the peer closed in the TLS handshake", phase="tls") from None
                reason = getattr(error, "reason", None) or type(error).__name__
                raise TlsError(f"TLS handshake with {host} failed: {reason}") from None
            break
        self._flush_handshake(deadline)
        self._tls = tls

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS session, to be asked about its version and the peer's certificate; ``None`` on a plain channel."""
        return self._tls

    def _exchange_handshake(self, deadline: Deadline) -> None:
        self._flush_handshake(deadline)
        try:
            count = self._receive_raw(self._scratch_view, deadline)
        except ReceiveTimeout:
            raise ConnectError("no answer in the TLS handshake", phase="tls") from None
        except ConnectionLost as lost:
            raise ConnectError(lost.reason, phase="tls") from None
        if count:
            self._incoming.write(self._scratch_view[:count])
        else:
            self._incoming.write_eof()

    def _flush_handshake(self, deadline: Deadline) -> None:
        if self._outgoing.pending:
            try:
                self._send_raw(self._outgoing.read(), deadline)
            except SendFailed as failed:
                raise ConnectError(str(failed.cause), phase="tls") from None

    # Reading: one thread only.

    def reader(self) -> Callable[[memoryview, Deadline | None], int]:
        """Return `receive_into`, or what it comes down to on a plain channel, bound once for all reads."""
        return self._receive_raw if self._tls is None else self.receive_into

    def receive_into(self, view: memoryview, deadline: Deadline | None = None) -> int:
        """
        Wait for bytes and put them into ``view``.

        Args:
            view: Where to put them; not empty.
            deadline: When to give up; ``None`` waits until bytes, end or interrupt.

        Returns:
            How many; 0 at the end of the stream.

        Raises:
            ReceiveTimeout: At the deadline.
            ConnectionLost: If the line broke, or the channel was given up.
        """
        if self._tls is None:
            return self._receive_raw(view, deadline)
        while True:
            if self._tls_has_more:
                count = self._decrypt_into(view)
                if count:
                    return count
            if self._tls_failure is not None:
                raise self._tls_failure
            if self._tls_over:  # whether the connection below has ended or not: it may stay open for minutes
                return 0
            count = self._receive_raw(self._scratch_view, deadline)
            with self._tls_lock:
                if count:
                    self._incoming.write(self._scratch_view[:count])
                else:
                    self._incoming.write_eof()
            self._tls_has_more = True

    def _decrypt_into(self, view: memoryview) -> int:
        tls, incoming = self._tls, self._incoming
        assert tls is not None
        total, room = 0, len(view)
        try:
            with self._tls_lock:
                # A record holds at most 16 KiB; many small ones come in one read.
                while True:
                    count: int = tls.read(room - total, view[total:] if total else view)  # type: ignore[assignment]
                    total += count
                    if not count:
                        self._tls_over = True
                    self._tls_has_more = bool(incoming.pending or tls.pending())
                    if not count or total == room or not self._tls_has_more:
                        break
        except ssl.SSLWantReadError:
            self._tls_has_more = False
        except ssl.SSLError as error:
            self._tls_has_more = False
            if isinstance(error, ssl.SSLZeroReturnError) or _is_cut(error):
                self._tls_over = True
            else:
                self._tls_failure = ConnectionLost(f"TLS: {error.reason or type(error).__name__}")
        if self._outgoing.pending:  # an answer of the TLS layer itself, such as to a key update
            self._send_urgent()
        return total

    def _receive_raw(self, view: memoryview, deadline: Deadline | None) -> int:
        while True:
            if not self._more_likely:
                left = None if deadline is None else deadline.at - time.monotonic()
                if not self._readable.wait(left):
                    self._check_interrupt()
                    raise ReceiveTimeout
            try:
                count = self._sock.recv_into(view)
            except (BlockingIOError, InterruptedError):
                self._more_likely = False
                continue
            except OSError as error:
                raise ConnectionLost(describe_cause(error)) from None
            self._more_likely = count == len(view)
            if self._more_likely:
                self._check_interrupt()  # a flood must not hide it
            return count

    def _check_interrupt(self) -> None:
        if self.interrupt.is_set():
            if self._broken is not None:
                raise ConnectionLost(self._broken)
            raise ConnectionLost("given up", initiator="local")

    def has_unread(self) -> bool:
        """Whether the kernel holds bytes that the reading thread has not come to yet."""
        try:
            return not self._closed and SocketWait(self._sock, self.interrupt, write=False).wait(0.0)
        except (OSError, ValueError):  # closed in between
            return False

    # Writing: any thread.

    def send(self, data: bytes, deadline: Deadline) -> int:
        """
        Hand over all of ``data``, or none, or give the channel up.

        Args:
            data: One whole frame.
            deadline: For getting the line to ourselves and for sending, together.

        Returns:
            The position of its end in all that was ever sent here, in bytes, for `holds`.

        Raises:
            SendFailed: With the number of bytes that left. If it is not 0 the channel is given up already.
            ReentrantCallError: If a signal handler calls while this thread is inside a send.
        """
        lock = self._send_lock
        try:
            # Nearly always free, and then the clock need not be asked.
            if not lock.acquire(False) and not lock.acquire(timeout=deadline.remaining()):
                raise SendFailed(0, ConnectionLost("the line was busy until the deadline", initiator="local"))
            if self._sending:
                raise ReentrantCallError("a send was interrupted by this call; it cannot start another one")
            if self.interrupt.is_set():
                raise SendFailed(0, ConnectionLost("the line was lost before the send"))
            if time.monotonic() >= deadline.at:
                raise SendFailed(0, DeadlineExceeded("there was no time left to send"))
            try:
                self._sending = True
                self._send_raw(data if self._tls is None else self._encrypt(data), deadline)
                position = self._position
                if self._urgent:
                    self._drain_urgent()
            except BaseException:
                # Whatever ended the send, Ctrl-C included: bytes may have left that nobody counted.
                self.interrupt.set()
                raise
            finally:
                self._sending = False
        finally:
            self._release_send_lock()
        if self._urgent or self._outgoing.pending:
            self._send_urgent()  # came in after our last look, found the lock taken, and relies on us
        return position

    def send_soon(self, data: bytes) -> None:
        """Hand over a small control frame without ever waiting for another sender: for the reading thread."""
        self._urgent.append(data)
        self._send_urgent()

    def _send_urgent(self) -> None:
        """Send what is waiting, unless another thread is sending: then that one does, after releasing."""
        while (self._urgent or self._outgoing.pending) and not self.interrupt.is_set():
            if not self._send_lock.acquire(blocking=False):
                return
            try:
                if self._sending:
                    return
                self._drain_urgent()
            finally:
                self._release_send_lock()

    def _drain_urgent(self) -> None:
        data = b"".join(self._urgent.popleft() for _ in range(len(self._urgent)))
        try:
            self._send_raw(self._encrypt(data) if self._tls is not None else data, Deadline(URGENT_PATIENCE))
        except SendFailed:
            self.interrupt.set()

    def _release_send_lock(self) -> None:
        try:
            self._send_lock.release()
        except RuntimeError:
            pass  # not ours: the acquire timed out or was interrupted

    def _encrypt(self, data: bytes) -> bytes:
        """Return the records to send: the layer's own answers that wait, then ``data``, which may be empty."""
        assert self._tls is not None
        try:
            with self._tls_lock:
                if data:
                    self._tls.write(data)
                return self._outgoing.read()
        except ssl.SSLError as error:
            raise SendFailed(0, ConnectionLost(f"TLS: {error.reason or 'closed'}")) from None

    def _send_raw(self, data: bytes, deadline: Deadline) -> None:
        sent = 0
        try:
            while True:
                try:
                    count = self._sock.send(memoryview(data)[sent:] if sent else data)
                    self._position += count
                    sent += count
                    if sent == len(data):
                        return
                except (BlockingIOError, InterruptedError):
                    pass
                ready = SocketWait(self._sock, self.interrupt, write=True).wait(deadline.remaining())
                if self.interrupt.is_set():
                    raise SendFailed(sent, ConnectionLost("given up", initiator="local"))
                if not ready or deadline.expired():  # a kernel short of memory may say ready and take nothing
                    raise SendFailed(sent, ConnectionLost("the peer takes no data", initiator="local"))
        except OSError as error:
            self._broken = describe_cause(error)
            raise SendFailed(sent, ConnectionLost(self._broken)) from None

    # The end.

    def close(self, *, reset: bool) -> None:
        """
        Close the socket: the reading thread only, or before there is one.

        Args:
            reset: Discard what the kernel still holds, so that not one more byte reaches the peer.
        """
        self.interrupt.set()  # senders leave their waits, and none comes in
        self.discard(reset=reset)

    def discard(self, *, reset: bool = False) -> None:
        """Close the socket of a conversation that only one thread ever used; the interrupt stays as it is."""
        with self._send_lock:
            if self._closed:
                return
            self._closed = True
            if reset:
                with contextlib.suppress(OSError):
                    self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            elif self._tls is not None:
                with contextlib.suppress(ssl.SSLError, OSError), self._tls_lock:
                    self._tls.unwrap()
                with contextlib.suppress(OSError):
                    self._sock.send(self._outgoing.read())  # close_notify, if the kernel has room for it
            self._sock.close()

    def holds(self, position: int) -> bool:
        """
        Whether bytes before ``position`` are still with the kernel here: sent, but not known to be at the peer's.

        Where the kernel does not tell (only Linux does) the answer is ``False``.
        """
        if _UNACKNOWLEDGED is None or self._closed:
            return False
        held = array.array("i", [0])
        try:
            # So that both numbers are of one moment. A sender who keeps the lock for longer waits for the peer, and
            # changes neither.
            self._send_lock.acquire(timeout=COUNT_PATIENCE)
            fcntl.ioctl(self._sock, _UNACKNOWLEDGED, held)
            return self._position - held[0] < position
        except (OSError, ValueError):  # closed in between
            return False
        finally:
            self._release_send_lock()

    def set_user_timeout(self, seconds: float) -> None:
        """Bound how long the kernel keeps retransmitting unacknowledged bytes, where it can (Linux)."""
        option = getattr(socket, "TCP_USER_TIMEOUT", None)
        if option is not None:
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.IPPROTO_TCP, option, int(seconds * 1000))


class ChannelFile:
    """
    The part of a socket's face that HTTP code needs, over a channel and under one deadline.

    Both `http.client` and websocket-client's opening handshake talk to it; so both keep our deadline however slowly
    the peer drips, and both end at once when the channel is given up.

    Args:
        channel: Where the bytes go.
        deadline: For the whole conversation.
    """

    def __init__(self, channel: Channel, deadline: Deadline) -> None:
        self._channel = channel
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        """Send everything or raise OSError."""
        try:
            self._channel.send(bytes(data), self._deadline)
        except SendFailed as failed:
            raise OSError(str(failed.cause)) from None

    def send(self, data: Any) -> int:
        """Send everything, as `sendall`; return its length."""
        self.sendall(data)
        return len(data)

    def recv_into(self, view: Any) -> int:
        """Read some bytes; 0 at the end of the stream. Raises TimeoutError at the deadline."""
        try:
            return self._channel.receive_into(memoryview(view), self._deadline)
        except ReceiveTimeout:
            raise TimeoutError("no answer in time") from None

    def makefile(self, mode: str, *_: Any, **__: Any) -> io.BufferedReader:
        """Return a buffered reader over the channel."""
        assert mode == "rb"
        return io.BufferedReader(_RawReader(self))

    def gettimeout(self) -> float:
        """Return the seconds left."""
        return self._deadline.remaining()

    def settimeout(self, _: float | None) -> None:
        """Do nothing: the deadline holds."""

    def close(self) -> None:
        """Do nothing: who opened the channel closes it."""


class _RawReader(io.RawIOBase):
    def __init__(self, file: ChannelFile) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._file.recv_into(buffer)
