"""
Lists of an exchange that change rarely, fetched when they are first needed and again when they are old.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.errors import ConnectError, DeadlineExceeded, KucoinSyncError

__all__ = ["MAX_AGE", "MISS_AGE", "RETRY_AFTER", "Fetch", "Shelf"]

logger = logging.getLogger("kucoin_sync.exchange_rest.shelf")

MAX_AGE = 3600.0
"""Seconds after which a list is fetched again."""
MISS_AGE = 5.0
"""Seconds for which what was not found is believed not to exist."""
RETRY_AFTER = 60.0
"""Seconds for which an old list serves after it could not be fetched anew."""

Fetch = Callable[[float], Sequence[Mapping[str, Any]]]
"""Takes the seconds it may last; returns the exchange's objects."""

Item = TypeVar("Item")


class Shelf(Generic[Item]):
    """
    What an exchange lists under one heading, by name.

    Safe from any thread; one fetch runs at a time.

    Args:
        name: Of the heading, for errors and logs.
        fetch: Fetches the list.
        read: Makes of it what is kept.
    """

    def __init__(self, name: str, fetch: Fetch, read: Callable[[Sequence[Mapping[str, Any]]], dict[str, Item]]) -> None:
        self._name = name
        self._fetch = fetch
        self._read = read
        self._fetching = threading.Lock()  # held by the one who fetches; he replaces what is below
        self._items: Mapping[str, Item] | None = None  # as a whole, so readers need no lock
        self._version = 0
        self._fetched_at = self._try_at = float("-inf")

    def find(self, name: str, *, now: float, deadline: Deadline, wait: bool) -> Item | None:
        """
        Return what is listed under a name; ``None`` if nothing is.

        Args:
            name: It.
            now: Monotonic clock.
            deadline: For fetching the list.
            wait: Whether to wait for a list that has to be fetched; else what is there has to do.

        Raises:
            KucoinSyncError: If there is no list, for whatever kept it from being fetched.
        """
        if not wait:
            if self._items is None:
                raise ConnectError(f"the {self._name} were not fetched yet; connect first", phase="tcp")
            return self._items.get(name)
        items = self.load(now=now, deadline=deadline)
        if name not in items and now - self._fetched_at >= MISS_AGE:
            items = self._fetch_anew(self._version, now, deadline)
        return items.get(name)

    def load(self, *, now: float, deadline: Deadline) -> Mapping[str, Item]:
        """Return the list, fetched if it is not there, or old. Raises as `find`."""
        items = self._items
        if items is None:
            return self._fetch_anew(self._version, now, deadline)
        if now - self._fetched_at > MAX_AGE and now >= self._try_at:
            return self._refresh(items, now, deadline)
        return items

    def _fetch_anew(self, seen: int, now: float, deadline: Deadline) -> Mapping[str, Item]:
        """Return newer items than those of version ``seen``: fetch them, or wait for somebody who does."""
        if not self._fetching.acquire(timeout=deadline.remaining()):
            raise DeadlineExceeded(f"the {self._name} did not come in time")
        try:
            items = self._items
            if items is None or self._version == seen:
                items = self._take(self._fetch(deadline.remaining()), now)
            return items
        finally:
            self._fetching.release()

    def _refresh(self, old: Mapping[str, Item], now: float, deadline: Deadline) -> Mapping[str, Item]:
        """Replace old items. They go on serving while somebody else does that, and if it fails."""
        if not self._fetching.acquire(blocking=False):
            return old
        try:
            if now < self._try_at:
                return old
            self._try_at = now + RETRY_AFTER
            return self._take(self._fetch(deadline.remaining() / 2), now)
        except KucoinSyncError as error:
            logger.warning("the %s are old and could not be fetched anew: %s", self._name, error)
            return old
        finally:
            self._fetching.release()

    def _take(self, rows: Sequence[Mapping[str, Any]], now: float) -> Mapping[str, Item]:
        """Put new items up; the lock is held."""
        self._items = items = self._read(rows)
        self._fetched_at = now
        self._version += 1
        return items
