"""
Calls that run on their caller's thread and belong to no connection; a close ends them.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.engine.reader_thread import check_not_on_reader
from kucoin_sync.errors import ClosedError, ConnectError, ForkedError, describe_cause

__all__ = ["RunningCalls"]


class RunningCalls:
    """The calls under way, each with the interrupt that ends it."""

    def __init__(self) -> None:
        # Guards the two below. An RLock: a signal handler may make a call where it interrupted this very thread.
        self._lock = threading.RLock()
        self._interrupts: set[Interrupt] = set()
        self._closed = False
        self._pid = os.getpid()

    @contextlib.contextmanager
    def begin(self, what: str) -> Iterator[Interrupt]:
        """
        Run a call inside this context.

        Args:
            what: What to call it in an error.

        Raises:
            ForkedError: In a child of the process that made the client.
            ReentrantCallError: On a reading thread.
            ClosedError: If the client is closed.
            ConnectError: If the process has no descriptors left.
        """
        if os.getpid() != self._pid:
            raise ForkedError("this client was opened before fork(); make one in the child process")
        check_not_on_reader(what)
        try:
            interrupt = Interrupt()
        except OSError as error:
            raise ConnectError(describe_cause(error), phase="tcp") from None
        try:
            with self._lock:
                if self._closed:
                    raise ClosedError("the client is closed")
                self._interrupts.add(interrupt)
            yield interrupt
        finally:
            with self._lock:
                self._interrupts.discard(interrupt)
            interrupt.close()

    def end_all(self) -> None:
        """End the calls under way, and refuse those to come."""
        with self._lock:
            self._closed = True
            under_way = list(self._interrupts)
        for interrupt in under_way:
            interrupt.set()
