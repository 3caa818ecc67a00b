"""
Waking a thread that waits on a socket.

Linux does not wake a thread in ``poll`` or ``recv`` when another thread closes the socket, and a reset that is asked
for meanwhile is never sent. So every wait on a socket also waits on an `Interrupt`, and the thread that waits is the
one that closes.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from kucoin_sync.engine.waiting import LONGEST_NAP, nap

__all__ = ["Interrupt", "SocketWait"]


_NAP_MS = LONGEST_NAP * 1000
LONGEST_SLEEP = 86_400.0
"""Seconds in one go: ``poll`` counts milliseconds, and no more than fit into an int of C, which is 25 days."""


class Interrupt:
    """
    A flag with a file descriptor that becomes readable when it is set, once and for all.

    `set` may be called from any thread and any number of times, also after `close`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the descriptors against a set() beside a close()
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._set = False
        self._closed = False
        self._callbacks: list[Callable[[], None]] = []

    def fileno(self) -> int:
        """Return the descriptor that becomes readable."""
        return self._reader.fileno()

    def is_set(self) -> bool:
        """Whether `set` was called."""
        return self._set

    def set(self) -> None:
        """Wake whoever waits, now and for every later wait."""
        with self._lock:
            if self._set:
                return
            self._set = True
            if not self._closed:
                self._writer.send(b"\0")
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_set(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call ``callback`` when set (at once, if it is); return a function that takes it back."""
        with self._lock:
            if not self._set:
                self._callbacks.append(callback)
                return lambda: self._forget(callback)
        callback()
        return lambda: None

    def _forget(self, callback: Callable[[], None]) -> None:
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

    def close(self) -> None:
        """Give the descriptors back."""
        with self._lock:
            self._closed = True
            self._reader.close()
            self._writer.close()


class SocketWait:
    """
    Wait for one socket, or for an interrupt.

    Args:
        sock: The socket.
        interrupt: Ends every wait early.
        write: Wait for room to send instead of something to read.
    """

    def __init__(self, sock: socket.socket, interrupt: Interrupt, *, write: bool) -> None:
        self._interrupt = interrupt
        # Takes milliseconds, which it rounds up, or None; returns something true when either of the two is ready.
        self._sleep: Callable[[float | None], object]
        if hasattr(select, "poll"):
            # Registered once: the reading thread waits here before nearly every read.
            poll = select.poll()
            poll.register(sock, select.POLLOUT if write else select.POLLIN)
            poll.register(interrupt, select.POLLIN)
            self._sleep = poll.poll
        else:  # Windows
            self._sleep = _selecting(sock, interrupt, write)

    def wait(self, timeout: float | None) -> bool:
        """
        Wait until the socket is ready.

        Args:
            timeout: Seconds, none if below 0; ``None`` waits until the socket or the interrupt.

        Returns:
            Whether the socket is ready; ``False`` after an interrupt or at the timeout.
        """
        if timeout is None:
            return bool(self._sleep(None)) and not self._interrupt._set
        # Whatever the thread, the first sleep is short: most waits end in it, and whose turn it is need not be asked.
        if self._sleep(_NAP_MS if timeout >= LONGEST_NAP else timeout * 1000 if timeout > 0.0 else 0):
            return not self._interrupt._set
        end = time.monotonic() + timeout - LONGEST_NAP
        while (left := end - time.monotonic()) > 0:
            if self._sleep(nap(min(left, LONGEST_SLEEP)) * 1000):
                return not self._interrupt._set
        return False


def _selecting(sock: socket.socket, interrupt: Interrupt, write: bool) -> Callable[[float | None], bool]:
    readers: list[Any] = [interrupt] if write else [interrupt, sock]
    writers: list[Any] = [sock] if write else []

    def wait(milliseconds: float | None) -> bool:
        seconds = None if milliseconds is None else milliseconds / 1000
        return any(select.select(readers, writers, writers, seconds))  # a failed connect shows in the third set

    return wait
