"""
The thread that reads a connection, and what must not be done on it.
"""

from __future__ import annotations

import os
import threading

from kucoin_sync.errors import ReentrantCallError

__all__ = ["ReaderThread", "check_not_on_reader"]


_reading: set[int] = set()
"""Identifiers of the threads that read now: each order asks, and this is quicker than to ask for the thread itself."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reading.clear)  # they are not there, and another thread may get their numbers


class ReaderThread(threading.Thread):
    """A thread that must never wait for what only a reader can bring."""

    def run(self) -> None:
        """Do what the thread is for."""
        number = threading.get_ident()
        _reading.add(number)
        try:
            super().run()
        finally:
            _reading.discard(number)


def check_not_on_reader(what: str) -> None:
    """Raise `ReentrantCallError` if the calling thread is the reader of any connection."""
    if threading.get_ident() in _reading:
        raise ReentrantCallError(
            f"{what} would block a reading thread; call it from another thread, or use listeners that are not inline"
        )
