"""
The thread that reads a connection, and what must not be done on it.
"""

from __future__ import annotations

import threading

from kucoin_sync.errors import ReentrantCallError

__all__ = ["ReaderThread", "check_not_on_reader"]


class ReaderThread(threading.Thread):
    """A thread that must never wait for what only a reader can bring."""


def check_not_on_reader(what: str) -> None:
    """Raise `ReentrantCallError` if the calling thread is the reader of any connection."""
    if isinstance(threading.current_thread(), ReaderThread):
        raise ReentrantCallError(
            f"{what} would block a reading thread; call it from another thread, or use listeners that are not inline"
        )
