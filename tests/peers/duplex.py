"""
TLS for clients of other libraries that read on one thread and write on another.

OpenSSL wants one thread at a time on a connection, and neither Python 3.11 nor `websockets.sync` sees to that: once in
a while such a client waits in vain for the answer to its opening handshake.
"""

from __future__ import annotations

import select
import ssl
import threading
from typing import Any

__all__ = ["for_two_threads"]


class _OneAtATime(ssl.SSLSocket):
    """A TLS socket that waits for its peer with no thread inside of OpenSSL."""

    @property
    def _busy(self) -> threading.Lock:
        return self.__dict__.setdefault("_lock", threading.Lock())  # atomic; the class makes its own instances

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        timeout = self.gettimeout()
        while True:
            with self._busy:
                self.settimeout(0.0)
                try:
                    return super().recv(buflen, flags)
                except ssl.SSLWantReadError:
                    pass
                finally:
                    self.settimeout(timeout)
            if not select.select([self], [], [], timeout)[0]:
                raise TimeoutError("timed out")

    def sendall(self, data: Any, flags: int = 0) -> None:
        with self._busy:
            super().sendall(data, flags)


def for_two_threads(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return the context, whose sockets may be read by one thread and written by another from now on."""
    context.sslsocket_class = _OneAtATime
    return context
