"""
Where the events of OKX's orders come, and what reads them.
"""

from __future__ import annotations

from collections.abc import Iterable

from kucoin_sync.events import Update
from kucoin_sync.fates import OrderState
from kucoin_sync.okx.order_states import state_of_item
from kucoin_sync.orders.tracking import OrderStream
from kucoin_sync.protocol.dialect import TopicRequest

__all__ = ["ORDER_PATHS", "order_stream"]

ORDER_PATHS = {"private": TopicRequest("orders", {"instType": "ANY"}), "business": TopicRequest("sprd-orders")}
"""By path: the channel of the events of the orders that are placed there."""


def order_stream(ws_key: str, path: str) -> OrderStream:
    """Return the events of the orders that are placed over a connection, which come over the same."""
    return OrderStream(ws_key, ORDER_PATHS[path], _orders)


def _orders(update: Update) -> Iterable[OrderState]:
    states = (state_of_item(item) for item in update.data)
    return [state for state in states if state is not None]
