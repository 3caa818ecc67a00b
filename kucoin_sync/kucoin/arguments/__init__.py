"""
Arguments of order methods: what each operation takes, checked before anything is sent.

A table an operation, in the module of its product; `tables` says what a table is, `checks` what a single value may be.
"""

from kucoin_sync.kucoin.arguments.futures import (
    FUTURES_CANCEL,
    FUTURES_MULTI_CANCEL,
    FUTURES_MULTI_ORDER,
    FUTURES_ORDER,
)
from kucoin_sync.kucoin.arguments.spot import MARGIN_ORDER, SPOT_CANCEL, SPOT_MODIFY, SPOT_ORDER
from kucoin_sync.kucoin.arguments.tables import ANYTHING, ArgumentTable, NoArguments, OperationArguments, OrderList
from kucoin_sync.kucoin.arguments.unified import UNIFIED_AMEND, UNIFIED_CANCEL, UNIFIED_ORDER

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
