"""
Where the events of KuCoin's orders come, by product, and what reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from kucoin_sync.events import Update
from kucoin_sync.fates import OrderState
from kucoin_sync.kucoin.keys import WsKey
from kucoin_sync.kucoin.order_states import state_of_event, state_of_pro_event
from kucoin_sync.kucoin.topics.pro import pro_orders
from kucoin_sync.orders.tracking import OrderStream
from kucoin_sync.protocol.dialect import TopicRequest

__all__ = ["ORDER_STREAMS"]


def _one(read: Callable[[Mapping[str, Any]], OrderState | None], update: Update) -> Iterable[OrderState]:
    """Return the one order of a push."""
    state = read(update.data) if isinstance(update.data, Mapping) else None
    return () if state is None else (state,)


_classic = partial(_one, state_of_event)
_SPOT = OrderStream(WsKey.SPOT_PRIVATE_V1.value, TopicRequest("/spotMarket/tradeOrdersV2"), _classic)
ORDER_STREAMS: Mapping[str, OrderStream] = {
    "spot": _SPOT,
    "margin": _SPOT,
    "futures": OrderStream(WsKey.FUTURES_PRIVATE_V1.value, TopicRequest("/contractMarket/tradeOrders"), _classic),
    "uta": OrderStream(WsKey.PRIVATE_PRO_V2.value, pro_orders(), partial(_one, state_of_pro_event)),
}
"""By product."""
