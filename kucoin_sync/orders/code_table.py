"""
What an exchange's codes mean for a request: rows of data, and how they are read.

A code that is not listed for an operation is unknown.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from kucoin_sync.errors import shorten
from kucoin_sync.orders.operation import Verdict

__all__ = ["CodeRow", "CodeTable", "code_text", "rows"]

logger = logging.getLogger("kucoin_sync.orders.code_table")


@attrs.frozen
class CodeRow:
    """
    One row.

    Attributes:
        code: As text, as the exchange sends it.
        verdict: What it means.
        meaning: What the exchange says it means.
        source: Where it says so.
        ops: For which operations; empty: for all.
        pattern: A part of the message, compared without case; empty: any message.
        door: It is said before any order is looked at: of credentials, limits, and what cannot be read.
    """

    code: str
    verdict: Verdict
    meaning: str
    source: str
    ops: tuple[str, ...] = ()
    pattern: str = ""
    door: bool = False


def rows(
    source: str,
    ops: tuple[str, ...],
    verdict: Verdict,
    codes: Mapping[str, str],
    *,
    pattern: str = "",
    door: bool = False,
) -> list[CodeRow]:
    """Return a row for each of ``codes``, which are code to meaning; the rest as in `CodeRow`."""
    return [CodeRow(code, verdict, meaning, source, ops, pattern, door) for code, meaning in codes.items()]


class CodeTable:
    """
    The codes of one exchange.

    Args:
        rows: The first one that fits counts.
        cancel_flag: Argument that lets a refused amendment cancel its order.
    """

    def __init__(self, rows: Iterable[CodeRow], *, cancel_flag: str) -> None:
        self._cancel_flag = cancel_flag
        self._by_code: dict[str, list[CodeRow]] = {}
        for row in rows:
            self._by_code.setdefault(row.code, []).append(row)

    def find(self, op: str, code: str, message: str) -> CodeRow | None:
        """Return the first row that is about this operation, code and message."""
        for row in self._by_code.get(code, ()):
            if (not row.ops or op in row.ops) and row.pattern.lower() in message.lower():
                return row
        return None

    def judge(self, op: str, args: Any, code: str, message: str) -> Verdict:
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
        row = self.find(op, code, message)
        verdict = Verdict.UNKNOWN if row is None else row.verdict
        # A refused amendment may have cancelled the order where it was asked to; unless it came no further than the
        # door, or there was no order.
        if row is not None and not row.door and verdict is not Verdict.NO_SUCH_ORDER and self._cancels(args):
            verdict = Verdict.UNKNOWN
        if verdict is Verdict.UNKNOWN:
            logger.warning("%s: code %s is not a definite refusal; the outcome is unknown", op, shorten(code, 40))
        return verdict

    def _cancels(self, args: Any) -> bool:
        orders = (args,) if isinstance(args, Mapping) else args if isinstance(args, Sequence) else ()
        return any(isinstance(order, Mapping) and order.get(self._cancel_flag) is True for order in orders)


def code_text(value: Any) -> str:
    """Return a code as text; ``""`` for whatever is no code."""
    if type(value) is str:
        return value
    return str(value) if type(value) is int else ""
