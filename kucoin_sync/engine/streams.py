"""
A subscription read with a plain loop.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Literal

from kucoin_sync.engine.queues import QueueClosed, UpdateQueue
from kucoin_sync.errors import ConfigError, DeadlineExceeded, ForkedError, KucoinSyncError
from kucoin_sync.events import Update
from kucoin_sync.stats import QueueStats

__all__ = ["GapError", "Stream"]

GapPolicy = Literal["mark", "raise"]


class GapError(KucoinSyncError):
    """A stream with ``on_gap="raise"`` may have missed updates before ``update``, which was not delivered."""

    def __init__(self, update: Update) -> None:
        super().__init__(update.topic)
        self.update = update

    def __str__(self) -> str:
        return f"{self.update.topic}: updates may be missing before this one"


class Stream:
    """
    Updates of some topics, in order, as an iterator.

    Iterating waits for the next update without a deadline and ends when the stream or its client is closed; it
    raises when the connection was given up for good. One thread reads a stream.

    Args:
        topics: What it is subscribed to.
        queue: Where the reading thread puts the updates.
        on_gap: ``mark`` (``update.gap_before``) or ``raise`` `GapError`.
        on_close: Withdraws the subscription.
    """

    def __init__(
        self,
        topics: tuple[str, ...],
        queue: UpdateQueue,
        *,
        on_gap: GapPolicy,
        on_close: Callable[[], None],
    ) -> None:
        if on_gap not in ("mark", "raise"):
            raise ConfigError(f"on_gap: must be 'mark' or 'raise', got {on_gap!r}")
        self.topics = topics
        self._queue = queue
        self._raise_gaps = on_gap == "raise"
        self._on_close = on_close
        self._closed = False
        self._pid = os.getpid()
        self._batch: deque[Update] = deque()  # taken from the queue, and not read yet

    def __iter__(self) -> Iterator[Update]:
        return self

    def __next__(self) -> Update:
        try:
            return self._take(None)
        except QueueClosed:
            raise StopIteration from None

    def get(self, timeout: float) -> Update:
        """
        Wait for the next update.

        Args:
            timeout: Seconds.

        Raises:
            DeadlineExceeded: (a `TimeoutError`) if none came.
            EOFError: If the stream is closed and read empty.
        """
        try:
            return self._take(timeout)
        except QueueClosed:
            raise EOFError("the stream is closed") from None
        except TimeoutError:
            raise DeadlineExceeded(f"no update of {', '.join(self.topics)} in {timeout:g} s") from None

    def _take(self, timeout: float | None) -> Update:
        if os.getpid() != self._pid:
            raise ForkedError("this stream was opened before fork(), and what it reads comes to the parent process")
        if not self._batch:
            try:
                self._batch.extend([item for item, _, _ in self._queue.get_batch(timeout)])
            except QueueClosed as closed:
                error = closed.__cause__
                if error is not None and not isinstance(error, QueueClosed):
                    self.close()  # it brings nothing more, so it need not stay subscribed
                    raise error from None
                raise
        update = self._batch.popleft()
        if update.gap_before and self._raise_gaps:
            raise GapError(update)
        return update

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @property
    def dropped(self) -> int:
        """Updates lost because this loop was too slow."""
        return self._queue.dropped

    def stats(self) -> QueueStats:
        """Return how many updates wait to be read, and how many were lost."""
        return QueueStats(", ".join(self.topics), len(self._queue), self._queue.maxlen, self.dropped)

    def close(self) -> None:
        """Withdraw the subscription; a loop on another thread ends after what is queued."""
        if not self._closed:
            self._closed = True
            if os.getpid() == self._pid:
                self._queue.close()
                self._on_close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        waiting = len(self._queue) + len(self._batch)
        return f"<Stream {', '.join(self.topics)} {state}, {waiting} waiting, {self.dropped} dropped>"
