"""
The order books of a client: opened, and closed with it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable

from kucoin_sync.books.live_book import BookFeed, BookKeeper, LiveBook
from kucoin_sync.engine.connection_group import ConnectionGroup
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.listeners import ListenerHub
from kucoin_sync.engine.reader_thread import check_not_on_reader
from kucoin_sync.errors import ConfigError
from kucoin_sync.events import BookSnapshot
from kucoin_sync.options import Options

__all__ = ["OpenBooks"]

OnChange = Callable[[BookSnapshot], object]


class OpenBooks:
    """
    All order books of one client.

    Args:
        hub: Its listeners.
        options: Its options.
    """

    def __init__(self, hub: ListenerHub, options: Options) -> None:
        self._hub = hub
        self._options = options
        self._keepers: weakref.WeakSet[BookKeeper] = weakref.WeakSet()

    @staticmethod
    def check(on_change: OnChange | None, *, wait: bool) -> None:
        """Raise `ConfigError` or `ReentrantCallError` for what `open` would not take."""
        if wait:
            check_not_on_reader("order_book(wait=True)")
        if on_change is not None and not callable(on_change):
            raise ConfigError(f"on_change: must be callable, got {type(on_change).__name__}")

    def open(
        self,
        feed: BookFeed,
        group: ConnectionGroup,
        on_change: OnChange | None,
        *,
        check_process: Callable[[], None],
        wait: bool,
        deadline: Deadline,
    ) -> LiveBook:
        """
        Return a book that is kept in step from now on.

        Args:
            feed: What the exchange knows of it.
            group: The connections that its topic is on.
            on_change: Called after changes; see `BookKeeper`.
            check_process: Raises `ForkedError` in another process: a method of the client, which so lives as long as
                anybody holds the book.
            wait: Wait until it is live.
            deadline: How long.

        Raises:
            SubscribeError, DeadlineExceeded, RestError, AuthError, ConnectError, ClosedError: If it does not become so.
        """
        keeper = BookKeeper(feed, group, self._hub, self._options, on_change)
        self._keepers.add(keeper)
        keeper.start(deadline if wait else None)
        if wait:
            try:
                keeper.wait_live(deadline)
            except BaseException:
                keeper.stop()
                raise
        return LiveBook(keeper, check_process, self._options)

    def stop(self) -> None:
        """Keep none of them in step any more."""
        for keeper in list(self._keepers):
            keeper.stop()
