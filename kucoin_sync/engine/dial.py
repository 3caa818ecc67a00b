"""
From a host name to a connected TCP socket, inside one deadline that covers the resolver too.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from typing import Any

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.interrupt import Interrupt, SocketWait
from kucoin_sync.errors import ConnectError, describe_cause

__all__ = ["Resolver", "dial"]

Address = tuple[Any, ...]
_CONNECTING = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, getattr(errno, "WSAEWOULDBLOCK", -1)}


class _Lookup:
    """One ``getaddrinfo`` in a thread of its own; it cannot be stopped, only abandoned."""

    def __init__(self, host: str, port: int) -> None:
        self.finished = False
        self.addresses: list[Address] = []
        self.error: OSError | None = None
        self._host, self._port = host, port
        self._lock = threading.Lock()  # guards finished and _waiters
        self._waiters: list[threading.Event] = []
        # daemon: a resolver that hangs must not keep the interpreter from ending
        self._thread = threading.Thread(target=self._run, name=f"kucoin-sync-resolver-{host}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake_when_done(self, waiter: threading.Event) -> None:
        with self._lock:
            if not self.finished:
                self._waiters.append(waiter)
                return
        waiter.set()

    def _run(self) -> None:
        try:
            self.addresses = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError as error:
            self.error = error
        except UnicodeError:
            self.error = OSError(errno.EINVAL, "not a host name")
        with self._lock:
            self.finished = True
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.set()


class Resolver:
    """
    Resolve host names under a deadline.

    At most one look-up of a name is under way: callers that come while one hangs wait for the same one, each until
    its own deadline.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _lookups
        self._lookups: dict[tuple[str, int], _Lookup] = {}

    def resolve(self, host: str, port: int, deadline: Deadline, interrupt: Interrupt) -> list[Address]:
        """
        Return the addresses of a host in the system's order, as ``getaddrinfo`` does.

        Raises:
            ConnectError: With phase ``dns``.
        """
        try:  # an address literal needs no thread
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except (OSError, UnicodeError):
            pass
        lookup = self._lookup(host, port)
        woken = threading.Event()
        lookup.wake_when_done(woken)
        forget = interrupt.on_set(woken.set)
        try:
            woken.wait(deadline.remaining())
        finally:
            forget()
        if not lookup.finished:
            text = "given up" if interrupt.is_set() else f"no answer for {host} in time"
            raise ConnectError(text, phase="dns")
        if lookup.error is not None:
            raise ConnectError(f"{host}: {describe_cause(lookup.error)}", phase="dns")
        return lookup.addresses

    def _lookup(self, host: str, port: int) -> _Lookup:
        with self._lock:
            lookup = self._lookups.get((host, port))
            if lookup is None or lookup.finished:
                lookup = _Lookup(host, port)
                try:
                    lookup.start()
                except RuntimeError:
                    raise ConnectError("no thread for the resolver", phase="dns") from None
                self._lookups[host, port] = lookup
            return lookup


def dial(host: str, port: int, resolver: Resolver, deadline: Deadline, interrupt: Interrupt) -> socket.socket:
    """
    Connect to the first address of a host that answers.

    Args:
        host: Name or address literal.
        port: TCP port.
        resolver: Resolves the name.
        deadline: For everything together; each address gets an even share of what is left.
        interrupt: Ends the attempt at once.

    Returns:
        A non-blocking socket.

    Raises:
        ConnectError: With phase ``dns`` or ``tcp``.
    """
    addresses = resolver.resolve(host, port, deadline, interrupt)
    problem = "no address"
    for index, (family, kind, proto, _, address) in enumerate(addresses):
        if interrupt.is_set():  # before anything leaves: a closed client connects to nobody
            problem = "given up"
            break
        share = deadline.capped(deadline.remaining() / (len(addresses) - index))
        try:
            return _connect(family, kind, proto, address, share, interrupt)
        except OSError as error:
            problem = "given up" if interrupt.is_set() else describe_cause(error)
    raise ConnectError(f"{host}:{port}: {problem}", phase="tcp")


def _connect(
    family: int, kind: int, proto: int, address: Any, deadline: Deadline, interrupt: Interrupt
) -> socket.socket:
    sock = socket.socket(family, kind, proto)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        code = sock.connect_ex(address)
        if code in _CONNECTING:
            if not SocketWait(sock, interrupt, write=True).wait(deadline.remaining()):
                raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
    except BaseException:
        sock.close()
        raise
    return sock
