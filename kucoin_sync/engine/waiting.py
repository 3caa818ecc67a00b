"""
Waits of calling threads, which signals must be able to end.

Python runs signal handlers on the main thread. A signal that comes just before that thread goes to sleep, or that the
system gives to another thread, does not wake it: the interpreter has only taken note by then. So the main thread never
sleeps for long in one go.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Protocol

__all__ = ["LONGEST_NAP", "acquire", "nap", "wait"]

LONGEST_NAP = 0.1
"""Seconds that the main thread may sleep in one go."""


class _Lock(Protocol):
    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...


_main = threading.main_thread().ident


def _after_fork_in_child() -> None:
    global _main
    _main = threading.main_thread().ident  # the one that forked, whichever it was


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def nap(seconds: float) -> float:
    """Return how long this thread may sleep in one go, of so many seconds."""
    return LONGEST_NAP if seconds > LONGEST_NAP and threading.get_ident() == _main else seconds


def acquire(lock: _Lock, seconds: float | None) -> bool:
    """Acquire a lock within so many seconds, ``None``: however long it takes; return whether that worked."""
    if seconds is None:
        seconds = threading.TIMEOUT_MAX
    # Whatever the thread, the first sleep is short: most waits end in it, and whose turn it is need not be asked.
    if lock.acquire(timeout=seconds if seconds < LONGEST_NAP else LONGEST_NAP):
        return True
    end = time.monotonic() + seconds - LONGEST_NAP
    while (left := end - time.monotonic()) > 0:
        if lock.acquire(timeout=nap(left)):
            return True
    return False


def wait(event: threading.Event, seconds: float | None) -> bool:
    """Wait for an event, at most so many seconds, ``None``: however long it takes; return whether it happened."""
    end = None if seconds is None else time.monotonic() + seconds
    while not event.wait(nap(threading.TIMEOUT_MAX if end is None else max(0.0, end - time.monotonic()))):
        if end is not None and time.monotonic() >= end:
            return False
    return True
