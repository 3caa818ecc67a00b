"""Waiting with a limit: one deadline for the steps of a wait, and a call that runs beside the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["DEFAULT_TIMEOUT", "Background", "Deadline", "background"]

# Generous: reached only when something is broken, so it costs a passing test nothing.
DEFAULT_TIMEOUT = 10.0

T = TypeVar("T")


class Deadline:
    """
    A point in time that the steps of one wait share.

    Args:
        timeout: Seconds from now.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._at = time.monotonic() + timeout

    def remaining(self, awaited: str) -> float:
        """
        Tell the seconds left, more than zero.

        Raises:
            TimeoutError: If none are left; the text says what was ``awaited``.
        """
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"waited {self._timeout:g} s for {awaited}")
        return left


class Background(Generic[T]):
    """A call that runs in a thread of its own; made by `background`."""

    def __init__(self, call: Callable[[], T], name: str) -> None:
        self._call = call
        self._name = name
        self._value: T
        self._error: BaseException | None = None
        # A daemon, so that a call that never returns fails its test and not the whole run.
        self._thread = threading.Thread(target=self._run, name=f"background-{name}", daemon=True)
        self._thread.start()

    def result(self, timeout: float = DEFAULT_TIMEOUT) -> T:
        """
        Wait for the call; return its result or raise its exception.

        Raises:
            TimeoutError: If the call has not ended within ``timeout`` seconds.
        """
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"waited {timeout:g} s for {self._name} to return")
        if self._error is not None:
            raise self._error
        return self._value

    def is_done(self) -> bool:
        """Tell whether the call has ended."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._value = self._call()
        except BaseException as error:  # handed to the thread that asks for the result
            self._error = error


def background(call: Callable[..., T], /, *args: Any, **kwargs: Any) -> Background[T]:
    """
    Run ``call(*args, **kwargs)`` beside the test, typically a blocking ``open()`` of the client.

    Always ask for the ``result()``: an exception is seen only there.
    """
    return Background(lambda: call(*args, **kwargs), getattr(call, "__name__", repr(call)))
