"""
The order methods, once for calls that block and for those that return a future: only what they return differs.
"""

from kucoin_sync.okx.order_methods.calling import Ack, Batch
from kucoin_sync.okx.order_methods.spread import SpreadMethods
from kucoin_sync.okx.order_methods.trade import TradeMethods

__all__ = ["OrderMethods"]


class OrderMethods(TradeMethods[Ack, Batch], SpreadMethods[Ack, Batch]):
    """
    All operations of OKX's WebSocket as methods.

    Arguments are keywords in snake_case, or one mapping with the names of OKX's documents. Every method takes
    ``account`` (which account; ``None`` is the first), ``timeout`` (seconds for everything together; ``None`` takes
    ``request_timeout``) and ``extra`` (fields the library does not know yet).
    """
