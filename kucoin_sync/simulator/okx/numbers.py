"""Quotients and times as OKX writes them."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

from ..matching.symbols import plain

__all__ = ["milliseconds", "quotient", "ratio"]

# A quotient is what the exact arithmetic of money refuses.
_ROUNDED = Context(prec=60, rounding=ROUND_HALF_EVEN)
_STEP = Decimal("1E-16")


def milliseconds(ns: int) -> str:
    """Return a moment as a text of milliseconds."""
    return str(ns // 1_000_000)


def ratio(part: Decimal, whole: Decimal) -> Decimal:
    """Return a quotient to sixteen places, zero where there is nothing to divide by."""
    if not whole:
        return Decimal(0)
    return _ROUNDED.quantize(_ROUNDED.divide(part, whole), _STEP)


def quotient(part: Decimal, whole: Decimal) -> str:
    """Return a quotient as a text."""
    return plain(ratio(part, whole))
