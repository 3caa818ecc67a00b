"""
The future that a `nowait` call returns.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, TimeoutError
from functools import partial
from typing import Any

from kucoin_sync.engine.listeners import ListenerHub
from kucoin_sync.engine.waiting import acquire

__all__ = ["ReplyFuture"]

# As `concurrent.futures` names them.
_RUNNING, _FINISHED = "RUNNING", "FINISHED"


class ReplyFuture(Future[Any]):
    """
    The outcome of a `nowait` call.

    It is running from the start, so ``cancel()`` returns ``False``: what was sent cannot be taken back. Callbacks
    run where listeners run, never on a thread that reads a connection.

    A `concurrent.futures.Future` makes a condition variable for each result, and takes it at every step; that is a
    third of what an order in flight costs. Here whoever waits for the result waits on one raw lock. The condition comes
    into being when somebody asks for it: ``add_done_callback``, ``concurrent.futures.wait``, ``as_completed``. For that
    the attributes of the base class have to stand in for what its constructor would set; tests hold them to
    `concurrent.futures` as it is in each version of Python.

    Args:
        hub: Runs the callbacks.
    """

    def __init__(self, hub: ListenerHub) -> None:
        self._hub = hub
        self._over = threading.Lock()  # held until there is a result
        self._over.acquire()
        self._made: threading.Condition | None = None
        self._state = _RUNNING
        self._result: Any = None
        self._exception: BaseException | None = None
        self._waiters: list[Any] = []
        self._done_callbacks: list[Callable[[Future[Any]], object]] = []

    @property
    def _condition(self) -> threading.Condition:  # type: ignore[override]
        if self._made is None:
            made = threading.Condition()
            with _making:
                if self._made is None:
                    self._made = made
        return self._made

    def result(self, timeout: float | None = None) -> Any:
        """Return what the blocking call would return, or raise what it would raise. Raises TimeoutError."""
        if self._state is not _FINISHED:
            self._wait(timeout)
        if self._exception is not None:
            try:
                raise self._exception
            finally:
                self = None  # type: ignore[assignment]  # else traceback and future would keep each other alive
        return self._result

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return what the blocking call would raise, or ``None``. Raises TimeoutError."""
        if self._state is not _FINISHED:
            self._wait(timeout)
        return self._exception

    def _wait(self, timeout: float | None) -> None:
        if not acquire(self._over, None if timeout is None else min(max(0.0, timeout), threading.TIMEOUT_MAX)):
            raise TimeoutError
        self._over.release()  # for the next one

    def set_result(self, result: Any) -> None:
        """End it: for the call it belongs to."""
        self._result = result
        self._finish()

    def set_exception(self, exception: BaseException | None) -> None:
        """End it with an exception: for the call it belongs to."""
        self._exception = exception
        self._finish()

    def _finish(self) -> None:
        with _making:  # else somebody could make the condition between our looking for one and the new state
            made = self._made
            if made is None:
                self._state = _FINISHED
        if made is None:
            self._over.release()
            return
        with made:  # `concurrent.futures.wait` looks at the state twice, and it must be the same
            self._state = _FINISHED
            self._over.release()
            for waiter in self._waiters:
                if self._exception is None:
                    waiter.add_result(self)
                else:
                    waiter.add_exception(self)
            made.notify_all()
            callbacks, self._done_callbacks = self._done_callbacks, []
        for callback in callbacks:
            callback(self)

    def add_done_callback(self, fn: Callable[[Future[Any]], object]) -> None:
        """Call ``fn`` with this future when it is done, on the listener thread."""
        self._hub.start()
        super().add_done_callback(partial(self._hub.deliver, listeners=(fn,)))


# Guards the moment in which a future gets its condition, or ends without one. Re-entrant, for a signal handler may end
# or ask for another one in the middle of it.
_making = threading.RLock()


def _after_fork_in_child() -> None:
    global _making
    _making = threading.RLock()  # the other one may be held by a thread that is not here


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
