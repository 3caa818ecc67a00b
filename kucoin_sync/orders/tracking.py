"""
Private order events as evidence: with ``track_orders`` they tell what became of an order whose reply was lost.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import attrs

from kucoin_sync.engine.connection_group import ConnectionGroup, Wish
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.errors import KucoinSyncError
from kucoin_sync.events import Update
from kucoin_sync.fates import OrderState
from kucoin_sync.protocol.dialect import TopicRequest

__all__ = ["OrderStream", "OrderTracker"]

logger = logging.getLogger("kucoin_sync.orders.tracking")


@attrs.frozen
class OrderStream:
    """
    Where the events of orders come.

    Attributes:
        ws_key: Name of the connection.
        topic: What to subscribe there.
        read: Takes an update; returns the orders it shows.
    """

    ws_key: str
    topic: TopicRequest
    read: Callable[[Update], Iterable[OrderState]]


class OrderTracker:
    """
    Follows the order events of accounts.

    Args:
        take: Takes each order that an event shows, and the name of the connection it came over, on a reading thread.
        group: Returns the connections of a name.
    """

    def __init__(self, take: Callable[[OrderState, str], None], group: Callable[[str], ConnectionGroup]) -> None:
        self._take = take
        self._group = group
        self._lock = threading.Lock()  # guards _followed
        self._followed: set[str] = set()

    def follow(self, stream: OrderStream | None, deadline: Deadline | None = None) -> None:
        """
        Follow the events of a stream from now on.

        Args:
            stream: It; ``None`` for orders of which no events are known.
            deadline: How long to wait until the exchange confirmed it; ``None`` does not wait, and raises nothing.

        Raises:
            SubscribeError, ConnectError, ClosedError: If it did not in time; the next order tries again.
        """
        if stream is None or stream.ws_key in self._followed:
            return
        with self._lock:
            if stream.ws_key in self._followed:
                return
            self._followed.add(stream.ws_key)
        try:
            group = self._group(stream.ws_key)
            topics = tuple(group.dialect.single_topics(stream.topic))
            wish = Wish(topics, partial(self._put, stream), self._ended(stream.ws_key))
            group.subscribe(wish, wish.topics, deadline)
        except KucoinSyncError as error:
            self._ended(stream.ws_key)(error)
            if deadline is not None:
                raise

    def _put(self, stream: OrderStream, updates: Sequence[Update]) -> None:
        for update in updates:
            for state in stream.read(update):
                self._take(state, stream.ws_key)

    def _ended(self, ws_key: str) -> Callable[[KucoinSyncError | None], None]:
        def ended(error: KucoinSyncError | None) -> None:
            if error is not None:
                logger.warning("%s: order events are not followed: %s", ws_key, error)
            with self._lock:
                self._followed.discard(ws_key)  # the next order tries again

        return ended
