"""
Gates: hold a thread at a chosen point of the library, and let it go.

The point is a method of a real object; the method itself runs as it is.
"""

from __future__ import annotations

import threading
from typing import Any

__all__ = ["Gate"]

LONGEST = 30.0
"""Seconds after which a forgotten gate lets its thread go."""


class Gate:
    """
    Holds the first thread that comes to a method of an object, before or after it.

    Args:
        owner: The object.
        name: Its method.
        after: Hold it when the method is done, instead of before.
    """

    def __init__(self, owner: Any, name: str, *, after: bool = False) -> None:
        self._owner = owner
        self._name = name
        self._after = after
        self._first = threading.Lock()
        self._reached = threading.Event()
        self._open = threading.Event()

    def __enter__(self) -> Gate:
        self._own = self._name in vars(self._owner)
        self._method = getattr(self._owner, self._name)
        setattr(self._owner, self._name, self._guarded)
        return self

    def __exit__(self, *_: object) -> None:
        self.open()
        if self._own:
            setattr(self._owner, self._name, self._method)
        else:
            delattr(self._owner, self._name)

    def _guarded(self, *args: Any, **keywords: Any) -> Any:
        held = self._first.acquire(blocking=False)
        if held and not self._after:
            self._hold()
        result = self._method(*args, **keywords)
        if held and self._after:
            self._hold()
        return result

    def _hold(self) -> None:
        self._reached.set()
        self._open.wait(LONGEST)

    def wait(self) -> None:
        """Wait until a thread is held."""
        assert self._reached.wait(LONGEST), f"nobody came to {self._name}"

    def open(self) -> None:
        """Let it go, and everybody after it."""
        self._open.set()
