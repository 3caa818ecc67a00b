"""
How a book is brought in step with its stream, and how it is seen that it is not: rules only, time is an argument.

- Deltas are kept from the moment the book is not live. A snapshot is replayed with them: what is older is passed over,
  and the rest must follow without a hole. If it does the book is live; if not, a newer snapshot is needed.
- A live book applies deltas one after the other. A hole, a checksum that does not match, a message that cannot be read,
  and a crossed book that stays crossed make it stale; so does a lost line.
- A snapshot behind what was seen already would be a book of the past, and is not taken.
- Where changes are chained the stream itself says where a snapshot belongs: it replaces whatever there is, and what
  came before it is of no use.
- While a live book waits for a snapshot with more levels it stays live: the new book is made beside it.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from kucoin_sync.books.order_book import Applied, BookDelta, BookShape, OrderBook
from kucoin_sync.events import BookSnapshot

__all__ = ["BookState", "Step", "SyncedBook"]

MAX_KEPT = 200_000
"""Changes kept for a snapshot; of more the oldest deltas go, and a newer snapshot is needed."""
MAX_OLD = 100
"""Old deltas in a row after which the stream is taken to count anew."""
CROSSED_PATIENCE = 1.0
"""Seconds that a book may be crossed: the two sides of one trade can come in two messages."""
LONGEST_PATIENCE = 60.0
"""The same, for a book whose snapshots are crossed, too: then it is how the exchange has it, as in an auction."""


class BookState(str, Enum):
    """Where a book stands: it can be read while it is ``live``."""

    SYNCING = "syncing"
    """It has not been live yet."""
    LIVE = "live"
    STALE = "stale"
    """It was live, and something may be missing."""

    def __str__(self) -> str:
        return str(self.value)


class Step(Enum):
    """What a message did to the book."""

    KEPT = "kept"
    """It waits for a snapshot."""
    IGNORED = "ignored"
    CHANGED = "changed"
    """The book is live and has changed."""
    WENT_LIVE = "went live"
    WENT_STALE = "went stale"
    """``reason`` says why; of a gap ``missing`` says what."""
    TOO_OLD = "too old"
    """A snapshot that does not reach the deltas at hand, or what was seen already."""


class SyncedBook:
    """
    A book and its state. Not thread-safe: its owner holds a lock.

    Args:
        shape: What books of its kind are like.
    """

    def __init__(self, shape: BookShape) -> None:
        self._shape = shape
        self.state = BookState.SYNCING
        self.reason = "no snapshot yet"
        """Why it is not live."""
        self.missing = (0, 0)
        """First and last sequence number of the latest gap."""
        self.book: OrderBook | None = None
        """The levels; those of the past while the state is not live."""
        self.applied = self.ignored = self.gaps = self.snapshots = self.too_old = self.mismatches = 0
        self._kept: deque[BookDelta] | None = deque()  # None: live, and no snapshot is awaited
        self._kept_changes = 0
        self._seen = 0  # highest sequence number of any message
        self._old_in_row = 0
        self._crossed_since: float | None = None
        self._patience = CROSSED_PATIENCE

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is not below the best ask."""
        return self._crossed_since is not None

    # Messages.

    def take_delta(self, delta: BookDelta, now: float) -> Step:
        """Take a delta; ``now`` is the monotonic clock."""
        if self._kept is not None and not self._shape.chained:
            self._keep(delta)
        if self.state is not BookState.LIVE:
            return Step.KEPT
        book = self.book
        assert book is not None
        known = book.sequence
        applied = book.apply(delta)
        if applied is Applied.OLD:
            self.ignored += 1
            self._old_in_row += 1
            return self.fail("the stream counts anew") if self._old_in_row >= MAX_OLD else Step.IGNORED
        self._old_in_row = 0
        if applied is Applied.GAP:
            self.gaps += 1
            self.missing = (known + 1, delta.first - 1)
            step = self.fail("gap")
            if not self._kept and not self._shape.chained:  # else it is there, or of no use
                self._keep(delta)
            return step
        self._seen = delta.last
        if applied is Applied.MISMATCH:
            self.mismatches += 1
            return self.fail("checksum")
        self.applied += 1
        self._look_if_crossed(now)
        return Step.CHANGED

    def take_snapshot(self, snapshot: BookSnapshot, now: float) -> Step:
        """Take a snapshot and replay on it what was kept."""
        self.snapshots += 1
        kept = self._kept
        if self._shape.chained:
            self._seen = 0  # what came before it in the stream is in it
        elif kept is None:
            assert self.book is not None
            if snapshot.sequence <= self.book.sequence:
                self.ignored += 1
                return Step.IGNORED
        book = OrderBook(snapshot, self._shape)
        while kept:
            applied = book.apply(kept[0])
            if applied is Applied.GAP:
                self.too_old += 1
                return Step.TOO_OLD
            self._drop_oldest()
            if applied is Applied.OLD:
                self.ignored += 1
            elif applied is Applied.MISMATCH:
                self.mismatches += 1
                return Step.TOO_OLD
            else:
                self.applied += 1
        if book.sequence < self._seen:
            self.too_old += 1
            return Step.TOO_OLD
        was_live = self.state is BookState.LIVE
        self._kept = None
        self._seen = book.sequence
        self.book, self.state, self.reason = book, BookState.LIVE, ""
        self._old_in_row = 0
        self._crossed_since = None
        self._look_if_crossed(now)
        if self.is_crossed and not was_live:
            self._patience = min(2 * self._patience, LONGEST_PATIENCE)
        return Step.CHANGED if was_live else Step.WENT_LIVE

    def fail(self, reason: str) -> Step:
        """Take note that something may be missing, or is wrong; deltas are kept from now on."""
        if self.state is not BookState.LIVE:
            return Step.KEPT
        self.state, self.reason = BookState.STALE, reason
        if self._kept is None:
            self._kept = deque()
        return Step.WENT_STALE

    def line_lost(self, reason: str) -> Step:
        """Take note that the line is gone, or the subscription: what was kept does not go on."""
        step = self.fail(reason)
        self._forget_kept()
        return step

    def want_levels(self) -> None:
        """Keep deltas from now on, for a snapshot that replaces a live book."""
        if self._kept is None:
            self._kept = deque()

    def start_over(self) -> None:
        """Take the next snapshot as it is: however often it was asked for, none fitted what was seen."""
        self._forget_kept()
        self._seen = 0

    # Crossed books.

    def _look_if_crossed(self, now: float) -> None:
        assert self.book is not None
        if not self.book.is_crossed:
            self._crossed_since, self._patience = None, CROSSED_PATIENCE
        elif self._crossed_since is None:
            self._crossed_since = now

    def crossed_until(self) -> float | None:
        """Return when a live book that is crossed has been so for too long, or ``None``."""
        if self._crossed_since is None or self.state is not BookState.LIVE:
            return None
        return self._crossed_since + self._patience

    # What is kept.

    def _keep(self, delta: BookDelta) -> None:
        assert self._kept is not None
        self._kept.append(delta)
        self._kept_changes += _weight(delta)
        while self._kept_changes > MAX_KEPT:
            self._drop_oldest()
        self._seen = max(self._seen, delta.last)

    def _drop_oldest(self) -> None:
        assert self._kept is not None
        self._kept_changes -= _weight(self._kept.popleft())

    def _forget_kept(self) -> None:
        self._kept_changes = 0
        if self._kept is not None:
            self._kept.clear()


def _weight(delta: BookDelta) -> int:
    return 1 + len(delta.bids) + len(delta.asks)
