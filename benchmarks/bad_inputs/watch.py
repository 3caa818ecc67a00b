"""What is watched while inputs run: events, logs, threads and memory."""

from __future__ import annotations

import collections
import ctypes
import gc
import logging
import mmap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import kucoin_sync.errors
from benchmarks.bad_inputs.inputs import Finding
from kucoin_sync import WebsocketClient

__all__ = ["GOOD", "LogWatch", "Watch", "check_error", "resident_bytes", "return_free_memory"]

GOOD = "good-4f1d"
"""Marks good messages; no mutation makes it."""

_DOCUMENTED = tuple(getattr(kucoin_sync.errors, name) for name in kucoin_sync.errors.__all__ if name[0].isupper())
MAX_MESSAGE = 4 * 1024 * 1024
"""Bytes that a message may have, unpacked."""


def resident_bytes() -> int:
    """Return the memory of this process that is in use (Linux)."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  (asked for thousands of times)
        return int(file.read().split()[1]) * mmap.PAGESIZE


def return_free_memory() -> None:
    """Let go of what is not in use: garbage, and what glibc's allocator keeps of it."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def check_error(error: BaseException) -> str | None:
    """Say what is wrong with an exception that a user gets to see; ``None`` if it is one of the documented."""
    if type(error) not in _DOCUMENTED:
        return f"an undocumented exception: {type(error).__name__}: {error!r:.300}"
    text = str(error)
    if not text.isascii() or not text.isprintable():
        return f"an exception whose text is not printable: {text!r:.300}"
    if "internal error" in text:
        return f"an exception that hides a fault of the library: {text:.300}"
    return None


class LogWatch(logging.Handler):
    """Reads the library's log as a strict terminal would, and keeps what tells of a fault."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.problems: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record."""
        try:
            record.getMessage().encode("ascii")
        except UnicodeError as error:
            self.problems.append(f"a log line that cannot be written: {error}")
        if record.exc_info:
            self.problems.append(f"a traceback in the log: {logging.Formatter().format(record)[-2000:]}")

    @contextmanager
    def attached(self) -> Iterator[LogWatch]:
        """Listen to the library's loggers, and keep what they say from everybody else."""
        logger = logging.getLogger("kucoin_sync")
        propagate, logger.propagate = logger.propagate, False
        logger.addHandler(self)
        try:
            yield self
        finally:
            logger.removeHandler(self)
            logger.propagate = propagate


class Watch:
    """
    The listeners of one client. They run on its listener thread; the thread that runs the inputs asks and waits.

    Attributes:
        opened, suspended: How often a line was ready, and lost.
        rested: Set when the connection has given up and must be asked for again.
        good: Number of the last good message.
        exceptions: Exceptions reported, by class.
    """

    def __init__(self) -> None:
        self.opened = 0
        self.suspended = 0
        self.rested = threading.Event()
        self.good = 0
        self.exceptions: collections.Counter[str] = collections.Counter()
        self._changed = threading.Condition()
        self._problems: list[Finding] = []

    def attach(self, client: WebsocketClient) -> None:
        """Listen to everything."""
        for name in ("open", "suspended", "close", "update", "late_reply", "exception", "overflow"):
            client.on(name, getattr(self, f"_on_{name}"))

    def check(self) -> None:
        """Raise what was noticed so far."""
        with self._changed:
            if self._problems:
                raise self._problems[0]

    def problem(self, category: str, detail: str) -> None:
        """Take note of a finding, from any thread."""
        with self._changed:
            self._problems.append(Finding(category, detail))
            self._changed.notify_all()

    def wait(self, done: Callable[[], bool], limit: float, awaited: str) -> None:
        """Wait until something is so. Raises Finding if it is not in time, or if something was noticed meanwhile."""
        until = time.monotonic() + limit
        with self._changed:
            while not done():
                if self._problems:
                    raise self._problems[0]
                if not self._changed.wait(max(0.0, until - time.monotonic())) and time.monotonic() >= until:
                    raise Finding("loss", f"waited {limit:g} s for {awaited}")

    def _on_open(self, _: Any) -> None:
        with self._changed:
            self.opened += 1
            self._changed.notify_all()

    def _on_suspended(self, _: Any) -> None:
        with self._changed:
            self.suspended += 1
            self._changed.notify_all()

    def _on_close(self, _: Any) -> None:
        self.rested.set()

    def _on_update(self, update: Any) -> None:
        update.typed  # noqa: B018  (must not raise, whatever came)
        if len(update.raw) > MAX_MESSAGE:
            self.problem("accepted", f"a message of {len(update.raw)} characters")
        data = update.data
        if type(data) is dict and data.get("mark") == GOOD:
            self._take_good(data["n"])

    def _on_late_reply(self, reply: Any) -> None:
        if reply.id.startswith(GOOD):
            self._take_good(int(reply.id[len(GOOD) + 1 :]))

    def _take_good(self, number: int) -> None:
        with self._changed:
            if number != self.good + 1:
                self._problems.append(Finding("loss", f"good message {number} came after {self.good}"))
            self.good = number
            self._changed.notify_all()

    def _on_exception(self, event: Any) -> None:
        self.exceptions[type(event.error).__name__] += 1
        wrong = check_error(event.error)
        if wrong is not None:
            self.problem("exception", wrong)

    def _on_overflow(self, event: Any) -> None:
        self.problem("loss", f"a queue ran over: {event!r:.200}")
