"""Loopback ports at which no server answers: one that refuses, one that keeps silent."""

from __future__ import annotations

import contextlib
import random
import select
import socket
from collections.abc import Iterator

__all__ = ["blackhole_port", "refused_port"]


def refused_port() -> int:
    """
    Return a port of 127.0.0.1 that refuses connections: it was bound and closed again.

    It lies below the ports the system gives out by itself: one of those may go to another test at once, or
    to the very client that connects to it, which then talks to itself.
    """
    ports = list(range(20000, 32000))
    random.shuffle(ports)
    for port in ports:
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:  # in use
                continue
            return port
    raise AssertionError("no port is free")


@contextlib.contextmanager
def blackhole_port() -> Iterator[int]:
    """
    Offer a port of 127.0.0.1 at which connects get no answer while the context lasts.

    A listening socket whose queue of connections is full drops what else arrives (Linux).
    """
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(16):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            # A connect over loopback is answered at once, or it meets the full queue and never is.
            if not select.select([], [filler], [], 0.2)[1]:
                break
        else:
            raise AssertionError("the queue of the listening socket does not fill up on this system")
        yield int(listener.getsockname()[1])
