"""
Private order events as evidence: with ``track_orders`` they tell what became of an order whose reply was lost.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from kucoin_sync.engine.connection_group import ConnectionGroup, Wish
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.errors import KucoinSyncError
from kucoin_sync.events import Update
from kucoin_sync.fates import OrderState
from kucoin_sync.kucoin.keys import WsKey
from kucoin_sync.kucoin.order_states import state_of_event, state_of_pro_event
from kucoin_sync.kucoin.topics.pro import pro_orders
from kucoin_sync.protocol.dialect import TopicRequest

__all__ = ["OrderTracker"]

logger = logging.getLogger("kucoin_sync.kucoin.order_tracking")

Reader = Callable[[Mapping[str, Any]], OrderState | None]

_SPOT = (WsKey.SPOT_PRIVATE_V1, TopicRequest("/spotMarket/tradeOrdersV2"), state_of_event)
_STREAMS: Mapping[str, tuple[WsKey, TopicRequest, Reader]] = {
    "spot": _SPOT,
    "margin": _SPOT,
    "futures": (WsKey.FUTURES_PRIVATE_V1, TopicRequest("/contractMarket/tradeOrders"), state_of_event),
    "uta": (WsKey.PRIVATE_PRO_V2, pro_orders(), state_of_pro_event),
}
"""By product: where its orders' events come, and what reads them."""


class OrderTracker:
    """
    Follows the account's order events.

    Args:
        take: Takes each order that an event shows, on a reading thread.
        group: Returns the connections of a name.
    """

    def __init__(self, take: Callable[[OrderState], None], group: Callable[[str], ConnectionGroup]) -> None:
        self._take = take
        self._group = group
        self._lock = threading.Lock()  # guards _followed
        self._followed: set[WsKey] = set()

    def follow(self, product: str, deadline: Deadline | None = None) -> None:
        """
        Follow the events of a product's orders from now on.

        Args:
            product: ``spot``, ``margin``, ``futures`` or ``uta``; of others no order events are known.
            deadline: How long to wait until the exchange confirmed it; ``None`` does not wait, and raises nothing.

        Raises:
            SubscribeError, ConnectError, ClosedError: If it did not in time; the next order tries again.
        """
        stream = _STREAMS.get(product)
        if stream is None or stream[0] in self._followed:
            return
        key, topic, read = stream
        with self._lock:
            if key in self._followed:
                return
            self._followed.add(key)
        try:
            group = self._group(key.value)
            wish = Wish(tuple(group.dialect.single_topics(topic)), partial(self._put, read), self._ended(key))
            group.subscribe(wish, wish.topics, deadline)
        except KucoinSyncError as error:
            self._ended(key)(error)
            if deadline is not None:
                raise

    def _put(self, read: Reader, update: Update) -> None:
        state = read(update.data) if isinstance(update.data, Mapping) else None
        if state is not None:
            self._take(state)

    def _ended(self, key: WsKey) -> Callable[[KucoinSyncError | None], None]:
        def ended(error: KucoinSyncError | None) -> None:
            if error is not None:
                logger.warning("%s: order events are not followed: %s", key, error)
            with self._lock:
                self._followed.discard(key)  # the next order tries again

        return ended
