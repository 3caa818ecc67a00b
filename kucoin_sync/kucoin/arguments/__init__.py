"""
Arguments of order methods: what each operation takes, checked before anything is sent.

A table an operation, in the module of its product; `kucoin_sync.orders.arguments` says what a table is.
"""

from kucoin_sync.kucoin.arguments.futures import (
    FUTURES_CANCEL,
    FUTURES_MULTI_CANCEL,
    FUTURES_MULTI_ORDER,
    FUTURES_ORDER,
)
from kucoin_sync.kucoin.arguments.spot import MARGIN_ORDER, SPOT_CANCEL, SPOT_MODIFY, SPOT_ORDER
from kucoin_sync.kucoin.arguments.unified import UNIFIED_AMEND, UNIFIED_CANCEL, UNIFIED_ORDER
from kucoin_sync.orders.arguments import ANYTHING, ArgumentTable, NoArguments, OperationArguments, OrderList

__all__ = [
    "ANYTHING",
    "FUTURES_CANCEL",
    "FUTURES_MULTI_CANCEL",
    "FUTURES_MULTI_ORDER",
    "FUTURES_ORDER",
    "MARGIN_ORDER",
    "SPOT_CANCEL",
    "SPOT_MODIFY",
    "SPOT_ORDER",
    "UNIFIED_AMEND",
    "UNIFIED_CANCEL",
    "UNIFIED_ORDER",
    "ArgumentTable",
    "NoArguments",
    "OperationArguments",
    "OrderList",
]
