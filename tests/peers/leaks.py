"""A guard that fails a test which leaves threads or descriptors behind, or errors nobody caught."""

from __future__ import annotations

import collections
import gc
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from .waiting import Deadline

__all__ = ["LeakGuard"]

_PREFIX = "kucoin-sync-"
# A resolver may hang in getaddrinfo, which nothing can interrupt; the client leaves it behind by design.
_EXEMPT_PREFIX = "kucoin-sync-resolver"
_DESCRIPTORS = Path("/proc/self/fd")


LOOKS_BEFORE_COLLECTING = 5
"""A server's end closes a moment after ours: that is waited for, as a collection takes longer."""


class LeakGuard:
    """
    Watch one test: enter before it, call `check` after it, leave.

    Leaving restores the two hooks and checks nothing, so that a failed test is reported as itself.

    Attributes:
        uncaught: Texts of the exceptions that reached `threading.excepthook` or `sys.unraisablehook`; a test
            that provokes one takes it out again.
    """

    def __init__(self) -> None:
        self.uncaught: list[str] = []

    def __enter__(self) -> LeakGuard:
        self._threads = set(threading.enumerate())
        self._descriptors = _count_descriptors()
        self._thread_hook = threading.excepthook
        self._unraisable_hook = sys.unraisablehook
        threading.excepthook = self._on_thread_exception
        sys.unraisablehook = self._on_unraisable
        return self

    def __exit__(self, *exc_info: object) -> None:
        threading.excepthook = self._thread_hook
        sys.unraisablehook = self._unraisable_hook

    def check(self, timeout: float = 5.0) -> None:
        """
        Wait for threads and descriptors to go.

        Threads count if their name starts with ``kucoin-sync-``, except for ``kucoin-sync-resolver``;
        descriptors count on systems with ``/proc``.

        Raises:
            AssertionError: If some outlive ``timeout`` seconds, or if there were uncaught exceptions.
        """
        deadline = Deadline(timeout)
        problems = [f"thread {thread.name} is alive" for thread in self._outliving_threads(deadline)]
        problems += [f"descriptor of {target} is open" for target in self._outliving_descriptors(deadline)]
        problems += self.uncaught
        if problems:
            raise AssertionError("the test left something behind:\n" + "\n".join(problems))

    def _outliving_threads(self, deadline: Deadline) -> list[threading.Thread]:
        outliving = []
        for thread in threading.enumerate():
            if thread in self._threads or not thread.name.startswith(_PREFIX):
                continue
            if thread.name.startswith(_EXEMPT_PREFIX):
                continue
            thread.join(_left(deadline))
            if thread.is_alive():
                outliving.append(thread)
        return outliving

    def _outliving_descriptors(self, deadline: Deadline) -> list[str]:
        never = threading.Event()
        # Nothing announces that a descriptor is closed, so this looks again and again; few tests have to wait.
        looks = 0
        while (opened := _count_descriptors() - self._descriptors) and _left(deadline):
            looks += 1
            if looks == LOOKS_BEFORE_COLLECTING:
                gc.collect()  # a forgotten socket in a cycle closes now, and is told on by its ResourceWarning
            else:
                never.wait(0.01)
        return sorted(opened.elements())

    def _on_thread_exception(self, args: Any) -> None:
        name = args.thread.name if args.thread is not None else "?"
        error = traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback)
        self.uncaught.append(f"uncaught in thread {name}:\n{''.join(error)}")

    def _on_unraisable(self, args: Any) -> None:
        # Only text is kept: to hold the object would bring it back to life.
        error = traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback)
        what = args.err_msg or "Exception ignored in"
        self.uncaught.append(f"{what} {args.object!r}:\n{''.join(error)}")


def _left(deadline: Deadline) -> float:
    try:
        return deadline.remaining("")
    except TimeoutError:
        return 0.0


def _count_descriptors() -> collections.Counter[str]:
    """Count open descriptors by what they point to: ``socket:[4711]``, a path..."""
    counted: collections.Counter[str] = collections.Counter()
    if not _DESCRIPTORS.exists():
        return counted
    for descriptor in _DESCRIPTORS.iterdir():
        try:
            counted[str(descriptor.readlink())] += 1
        except OSError:  # closed since it was listed, as the one that did the listing
            continue
    return counted
