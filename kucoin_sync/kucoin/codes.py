"""
What KuCoin's codes mean for a request: refused for certain, or unknown.

The table is `refusals.TABLE`; how it is read is in `kucoin_sync.orders.code_table`.
"""

from __future__ import annotations

from kucoin_sync.kucoin.refusals import AUTH_CODES, NOT_FOUND, TABLE
from kucoin_sync.orders.code_table import CodeTable

__all__ = ["AUTH_CODES", "CLOCK_CODE", "SUCCESS", "find", "is_not_found", "judge", "wait_after"]

SUCCESS = "200000"
CLOCK_CODE = "400002"
MAINTENANCE_CODE = "300002"
"""Trading is suspended. That an opening is refused with it too while the exchange is closed is assumed."""
MAINTENANCE_WAIT = 30.0
"""Seconds until the exchange is asked again then: a maintenance is long."""

_TABLE = CodeTable(TABLE, cancel_flag="cxlOnFail")
find, judge = _TABLE.find, _TABLE.judge


def wait_after(code: str) -> float | None:
    """Return the seconds to wait after an opening was refused with this code; ``None`` where it takes no longer."""
    return MAINTENANCE_WAIT if code == MAINTENANCE_CODE else None


def is_not_found(product: str, code: str | None, message: str) -> bool:
    """Whether this answer to the look-up of one order says that there is none: `refusals.NOT_FOUND`."""
    return any(code == row and part.lower() in message.lower() for row, part in NOT_FOUND[product])
