"""
The bounded queue between a reading thread and whoever takes its updates: the listener thread, or a stream's loop.

The reading thread never waits for the other side. When the queue is full the oldest update goes (`drop_oldest`), or
the older one of the same topic (`latest`), or the queue breaks (`error`); what was lost is counted and marked on the
next update. Life-cycle events are never dropped. Nor are updates of the account: one that does not fit is refused, and
its line is given up, for a stream of orders with a hole in it is worse than one that begins anew.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, Literal

import attrs

from kucoin_sync.engine.waiting import acquire
from kucoin_sync.errors import ConfigError
from kucoin_sync.events import Update

__all__ = ["OverflowPolicy", "QueueClosed", "UpdateQueue", "check_policy"]

OverflowPolicy = Literal["drop_oldest", "latest", "error"]
MAX_BYTES = 32 * 1024 * 1024
BATCH = 64
"""Items taken at once at most: a lock for each costs more than the rest of handing one over."""
BATCH_BYTES = 1024 * 1024

Entry = tuple[Any, Any, bool]
"""An update or event, who it is for, and whether it must be kept."""


class QueueClosed(Exception):
    """The queue was closed and is empty."""


def check_policy(policy: str, maxlen: object) -> None:
    """Raise `ConfigError` for an overflow policy or a length that does not exist."""
    if policy not in ("drop_oldest", "latest", "error"):
        raise ConfigError(f"overflow: must be 'drop_oldest', 'latest' or 'error', got {policy!r}")
    if not isinstance(maxlen, int) or isinstance(maxlen, bool) or maxlen < 1:
        raise ConfigError(f"maxlen: must be a whole number of at least 1, got {maxlen!r}")


class UpdateQueue:
    """
    A queue of ``(update or event, who it is for)``.

    Args:
        maxlen: Updates held at most.
        policy: What happens to one more.
    """

    def __init__(self, maxlen: int, policy: OverflowPolicy = "drop_oldest") -> None:
        self.dropped = 0
        """Updates lost so far."""
        self.maxlen = maxlen
        """Updates held at most."""
        self._policy = policy
        self._replaces = policy == "latest"
        self._lock = threading.Lock()  # guards everything below
        self._items: deque[Entry] = deque()
        self._latest: dict[str, tuple[Any, Any]] = {}  # policy latest: one update a topic, in order of arrival
        self._events = 0  # items of _items that are not dropped: no updates, or such as must be kept
        self._kept = 0  # updates of _items that must be kept
        self._bytes = 0
        self._gap = False  # the next update taken follows a loss
        self._closed: BaseException | None = None
        self._waiting = False
        self._wake = threading.Lock()  # held while somebody waits
        self._wake.acquire()

    def put(self, item: Any, target: Any = None, keep: bool = False) -> bool:
        """
        Add an item; never waits.

        Args:
            item: An update, or an event.
            target: Who it is for.
            keep: Do not drop this update, now or later, under the policy ``drop_oldest``.

        Returns:
            ``False`` if this item made the queue lose an update, or break; or if it was to be kept and did not fit.
        """
        with self._lock:
            kept = self._add(item, target, keep)
            self._wake_up()
        return kept

    def put_all(self, updates: Sequence[Update], target: Any = None, keep: bool = False) -> bool:
        """As `put`, of several updates in their order; of such as must be kept none after one that does not fit."""
        size = sum([len(update.raw) for update in updates])
        with self._lock:
            room = len(self._items) - self._events + len(updates) <= self.maxlen and self._bytes + size <= MAX_BYTES
            if room and not keep and not self._replaces and self._closed is None:
                self._items.extend([(update, target, False) for update in updates])
                self._bytes += size
                kept = True
            else:
                kept = True
                for update in updates:
                    if not self._add(update, target, keep):
                        kept = False
                        if keep:
                            break
            self._wake_up()
        return kept

    def _add(self, item: Any, target: Any, keep: bool) -> bool:
        """Add an item, as `put`; the lock is held."""
        if self._closed is not None:
            return True
        kept = True
        if type(item) is not Update:
            self._events += 1
            self._items.append((item, target, False))
        elif self._replaces:
            kept = self._replace(item, target)
        elif not keep or self._policy == "error":
            self._items.append((item, target, False))
            self._bytes += len(item.raw)
            if len(self._items) - self._events > self.maxlen or self._bytes > MAX_BYTES:
                kept = self._overflow()
        else:
            kept = self._kept < self.maxlen and self._bytes + len(item.raw) <= MAX_BYTES
            if kept:
                self._events += 1
                self._kept += 1
                self._bytes += len(item.raw)
                self._items.append((item, target, True))
        if not kept:
            self.dropped += 1
        return kept

    def _wake_up(self) -> None:
        """Wake whoever waits; the lock is held."""
        if self._waiting:
            self._waiting = False
            self._wake.release()

    def _replace(self, item: Update, target: Any) -> bool:
        """Put an update in the place of the older one of its topic; ``False`` if that of another one had to go."""
        replaced = self._latest.pop(item.topic, None)
        if replaced is not None and replaced[0].gap_before and not item.gap_before:
            item = attrs.evolve(item, gap_before=True)  # the gap before the replaced one is before this one too
        self._latest[item.topic] = (item, target)
        if len(self._latest) <= self.maxlen:
            return True
        self._latest.pop(next(iter(self._latest)))
        self._gap = True
        return False

    def _overflow(self) -> bool:
        if self._policy == "error":
            self._items.pop()
            self._closed = OverflowError(f"more than {self.maxlen} updates were waiting")
            return False
        events = []
        while self._items:
            item, target, keep = self._items.popleft()
            if type(item) is Update and not keep:
                self._bytes -= len(item.raw)
                self._gap = True
                break
            events.append((item, target, keep))
        self._items.extendleft(reversed(events))
        return False

    def get(self, timeout: float | None = None) -> tuple[Any, Any]:
        """
        Take the oldest item; one thread at a time.

        Args:
            timeout: Seconds; ``None`` waits for ever.

        Raises:
            TimeoutError: At the timeout.
            QueueClosed: If the queue was closed and is empty.
        """
        return self.get_batch(timeout, 1)[0][:2]

    def get_batch(self, timeout: float | None = None, most: int = BATCH) -> list[Entry]:
        """Take the oldest items, at least one, as `get`: few enough that a reader who stops leaves little undropped."""
        while True:
            with self._lock:
                if self._items or self._latest:
                    # One at a time where they are large, and where a new one may replace an old one.
                    if most == 1 or not self._items or self._bytes >= BATCH_BYTES:
                        return [self._take()]
                    return self._take_batch(min(most, len(self._items)))
                if self._closed is not None:
                    raise QueueClosed from self._closed
                self._waiting = True
            if not acquire(self._wake, timeout):
                with self._lock:
                    if self._waiting:
                        self._waiting = False
                        raise TimeoutError
                self._wake.acquire()  # it was woken between our giving up and our taking the lock

    def _take_batch(self, count: int) -> list[Entry]:
        """Take so many of the items there are; the lock is held."""
        if self._events or self._gap:
            return [self._take() for _ in range(count)]
        # Nothing but updates, of which nothing is to be told.
        items = self._items
        if count == len(items):
            batch = list(items)
            items.clear()
            self._bytes = 0
            return batch
        batch = [items.popleft() for _ in range(count)]
        self._bytes -= sum([len(item.raw) for item, _, _ in batch])
        return batch

    def _take(self) -> Entry:
        """Take what is there; the lock is held."""
        if self._items:
            entry = self._items.popleft()
            item, target, keep = entry
            if keep or type(item) is not Update:
                self._events -= 1
            if type(item) is not Update:
                return entry
            self._bytes -= len(item.raw)
            if keep:
                self._kept -= 1
                return entry
        else:
            item, target = self._latest.pop(next(iter(self._latest)))
        if self._gap:
            self._gap = False
            item = attrs.evolve(item, gap_before=True)
        return item, target, False

    def close(self, error: BaseException | None = None) -> None:
        """Take nothing more; what is in the queue can still be read. ``error`` explains an end that is no end."""
        with self._lock:
            if self._closed is None:
                self._closed = error or QueueClosed()
            self._wake_up()

    def __len__(self) -> int:
        return len(self._items) + len(self._latest)
