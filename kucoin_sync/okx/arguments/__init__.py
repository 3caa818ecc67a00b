"""
Arguments of order methods: what each operation takes, checked before anything is sent.

A table an operation; `kucoin_sync.orders.arguments` says what a table is.
"""

from kucoin_sync.okx.arguments.spread import SPREAD_AMEND, SPREAD_CANCEL, SPREAD_MASS_CANCEL, SPREAD_ORDER
from kucoin_sync.okx.arguments.trade import AMEND, AMENDS, CANCEL, CANCELS, MASS_CANCEL, ORDER, ORDERS

__all__ = [
    "AMEND",
    "AMENDS",
    "CANCEL",
    "CANCELS",
    "MASS_CANCEL",
    "ORDER",
    "ORDERS",
    "SPREAD_AMEND",
    "SPREAD_CANCEL",
    "SPREAD_MASS_CANCEL",
    "SPREAD_ORDER",
]
