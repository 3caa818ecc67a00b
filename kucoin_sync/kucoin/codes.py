"""
What KuCoin's codes mean for a request: refused for certain, or unknown.

The table is `refusals.TABLE`; here is how it is read. A code that is not listed for an operation is unknown.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from kucoin_sync.errors import shorten
from kucoin_sync.kucoin.refusals import AUTH_CODES, NOT_FOUND, TABLE, CodeRow
from kucoin_sync.orders.operation import Verdict

__all__ = ["AUTH_CODES", "CLOCK_CODE", "SUCCESS", "code_text", "find", "is_not_found", "judge", "wait_after"]

logger = logging.getLogger("kucoin_sync.kucoin.codes")

SUCCESS = "200000"
CLOCK_CODE = "400002"
MAINTENANCE_CODE = "300002"
"""Trading is suspended. That an opening is refused with it too while the exchange is closed is assumed."""
MAINTENANCE_WAIT = 30.0
"""Seconds until the exchange is asked again then: a maintenance is long."""

_BY_CODE: dict[str, list[CodeRow]] = {}
for _row in TABLE:
    _BY_CODE.setdefault(_row.code, []).append(_row)


def code_text(value: Any) -> str:
    """Return a code as text; ``""`` for whatever is no code."""
    if type(value) is str:
        return value
    return str(value) if type(value) is int else ""


def wait_after(code: str) -> float | None:
    """Return the seconds to wait after an opening was refused with this code; ``None`` where it takes no longer."""
    return MAINTENANCE_WAIT if code == MAINTENANCE_CODE else None


def find(op: str, code: str, message: str) -> CodeRow | None:
    """Return the first row of the table that is about this operation, code and message."""
    for row in _BY_CODE.get(code, ()):
        if (not row.ops or op in row.ops) and row.pattern.lower() in message.lower():
            return row
    return None


def judge(op: str, args: Any, code: str, message: str) -> Verdict:
    """
    Say what a code that is not success means for an operation.

    Args:
        op: Its name.
        args: Its arguments as sent.
        code: As sent by the exchange.
        message: The text beside it.

    Returns:
        `Verdict.UNKNOWN` for whatever the table does not list, and lists as such.
    """
    row = find(op, code, message)
    verdict = Verdict.UNKNOWN if row is None else row.verdict
    # With cxlOnFail a refused amendment may have cancelled the order; unless it came no further than the door, or there
    # was no order.
    cancels = isinstance(args, Mapping) and args.get("cxlOnFail") is True
    if cancels and row is not None and not row.door and verdict is not Verdict.NO_SUCH_ORDER:
        verdict = Verdict.UNKNOWN
    if verdict is Verdict.UNKNOWN:
        logger.warning("%s: code %s is not a definite refusal; the outcome is unknown", op, shorten(code, 40))
    return verdict


def is_not_found(product: str, code: str | None, message: str) -> bool:
    """Whether this answer to the look-up of one order says that there is none: `refusals.NOT_FOUND`."""
    return any(code == row and part.lower() in message.lower() for row, part in NOT_FOUND[product])
