"""
One accepted connection as a stream of bytes, plain or TLS, with a deadline on every step.

TLS runs over memory buffers and not over `ssl.SSLSocket`, because a scripted server has to do what that
class prevents: send raw bytes into the line, end it without a close_notify, read after its own FIN.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
from typing import Literal

from .waiting import Deadline

__all__ = ["Ending", "Stream", "reset"]

Ending = Literal["fin", "rst"]

_READ_SIZE = 65536


class Stream:
    """
    The server's end of one connection.

    Args:
        sock: The accepted socket; the stream owns it.
        context: Server's context for TLS, ``None`` for a plain line. The handshake waits for `handshake`.
    """

    def __init__(self, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else small segments wait for acknowledgements
        self._at_end = False
        # Guards the TLS object and its two buffers: a script may send while the test reads.
        self._tls_lock = threading.Lock()
        self._tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        if context is not None:
            self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def handshake(self, deadline: Deadline) -> None:
        """
        Do the server's part of the TLS handshake; nothing on a plain line.

        Raises:
            OSError: If the client breaks it off; an `ssl.SSLError` if it says why.
        """
        if self._tls is None:
            return
        while True:
            try:
                with self._tls_lock:
                    self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush(deadline)
                self._feed(deadline, "the client's part of the TLS handshake")
            except ssl.SSLError:
                with contextlib.suppress(OSError):  # the alert is a courtesy to a client that may be gone
                    self._flush(deadline)
                raise
            else:
                self._flush(deadline)
                return

    def send(self, data: bytes, deadline: Deadline) -> None:
        """Send all of ``data``, encrypted on a TLS line."""
        if self._tls is None:
            self.send_raw(data, deadline)
            return
        with self._tls_lock:
            if data:
                self._tls.write(data)
        self._flush(deadline)

    def send_and_corrupt(self, data: bytes, deadline: Deadline) -> None:
        """Send all of ``data`` encrypted, and in the same piece a record that was changed on its way."""
        assert self._tls is not None
        with self._tls_lock:
            self._tls.write(data)
            good = self._outgoing.read()
            self._tls.write(b"changed")
            bad = bytearray(self._outgoing.read())
        bad[-1] ^= 1
        self.send_raw(good + bad, deadline)

    def send_raw(self, data: bytes, deadline: Deadline) -> None:
        """Send all of ``data`` as it is, below TLS."""
        view = memoryview(data)
        while view:
            try:
                view = view[self.sock.send(view) :]
            except BlockingIOError:
                awaited = f"the client to take the last {len(view)} of {len(data)} bytes"
                select.select([], [self.sock], [], deadline.remaining(awaited))

    def receive(self, deadline: Deadline, awaited: str) -> bytes:
        """
        Return what the client sent next, ``b""`` at the end of the stream.

        Raises:
            ConnectionResetError: If the client reset the connection.
            ssl.SSLError: If the client sent an alert, or bytes that are not TLS.
        """
        if self._tls is None:
            return self._receive_raw(deadline, awaited)
        while True:
            try:
                with self._tls_lock:
                    return self._tls.read(_READ_SIZE)
            except ssl.SSLWantReadError:
                self._flush(deadline)
                self._feed(deadline, awaited)
            except (ssl.SSLEOFError, ssl.SSLZeroReturnError):  # without and with a close_notify
                return b""

    def drain(self, deadline: Deadline) -> tuple[bytes, Ending]:
        """Read to the end of the connection; return what was read and how it ended."""
        awaited = "the client to end the connection"
        data = bytearray()
        try:
            try:
                while chunk := self.receive(deadline, awaited):
                    data += chunk
            except ssl.SSLError:
                pass  # an alert, which ends TLS and not yet the connection, as does a close_notify
            while not self._at_end:
                self._receive_raw(deadline, awaited)
        except (ConnectionResetError, BrokenPipeError):
            return bytes(data), "rst"
        return bytes(data), "fin"

    def close_notify(self, deadline: Deadline) -> None:
        """Say inside TLS that nothing more comes, without ending the connection; nothing on a plain line."""
        if self._tls is None:
            return
        try:
            with self._tls_lock:
                self._tls.unwrap()
        except ssl.SSLError:
            pass  # ours is written; the client's answer is not waited for, and none is due before a handshake
        self._flush(deadline)

    def fin(self, deadline: Deadline, *, close_notify: bool) -> None:
        """End our half of the connection; on TLS with or without saying so inside TLS first."""
        if close_notify:
            self.close_notify(deadline)
        self.sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close politely: with a close_notify on TLS, if the client still takes it."""
        if self.sock.fileno() < 0:
            return
        with contextlib.suppress(OSError, TimeoutError):
            self.close_notify(Deadline(1.0))
        self.sock.close()

    def _flush(self, deadline: Deadline) -> None:
        with self._tls_lock:
            data = self._outgoing.read()
        self.send_raw(data, deadline)

    def _feed(self, deadline: Deadline, awaited: str) -> None:
        data = self._receive_raw(deadline, awaited)
        with self._tls_lock:
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()

    def _receive_raw(self, deadline: Deadline, awaited: str) -> bytes:
        while True:
            try:
                data = self.sock.recv(_READ_SIZE)
            except BlockingIOError:
                select.select([self.sock], [], [], deadline.remaining(awaited))
            else:
                self._at_end = not data
                return data


def reset(sock: socket.socket) -> None:
    """Close ``sock`` with a reset (RST), whatever is still unsent."""
    if sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
