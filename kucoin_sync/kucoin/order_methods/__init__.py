"""
The order methods, once for calls that block and for those that return a future: only what they return differs.
"""

from kucoin_sync.kucoin.order_methods.calling import Ack, Batch, Pulse
from kucoin_sync.kucoin.order_methods.futures import FuturesMethods
from kucoin_sync.kucoin.order_methods.margin import MarginMethods
from kucoin_sync.kucoin.order_methods.spot import SpotMethods
from kucoin_sync.kucoin.order_methods.unified import UnifiedMethods

__all__ = ["OrderMethods"]


class OrderMethods(
    SpotMethods[Ack, Batch, Pulse],
    MarginMethods[Ack, Batch, Pulse],
    FuturesMethods[Ack, Batch, Pulse],
    UnifiedMethods[Ack, Batch, Pulse],
):
    """
    All operations of the WebSocket API as methods.

    Arguments are keywords in snake_case, or one mapping with the names of KuCoin's documents. Every method takes
    ``ws_key`` (which order line; ``None`` takes the operation's own), ``timeout`` (seconds for everything together;
    ``None`` takes ``request_timeout``) and ``extra`` (fields the library does not know yet).
    """
