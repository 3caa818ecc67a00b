"""
KuCoin's numbers: times in four units, prices and sizes as plain decimal text.
"""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Any

from kucoin_sync.errors import ConfigError

__all__ = ["decimal_text", "exact", "read_sequence", "to_milliseconds", "to_seconds"]

MAX_DIGITS = 40


def to_milliseconds(value: Any) -> int | None:
    """
    Return a time in ms whatever unit it came in; ``None`` if it is no time.

    Units differ by message and are told apart by magnitude: seconds below 1e11, ms below 1e14, µs below 1e17, else ns.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        value = int(value)
    if type(value) is not int or value <= 0:
        return None
    if value < 10**11:
        return value * 1000
    if value < 10**14:
        return value
    return value // 1000 if value < 10**17 else value // 1_000_000


def read_sequence(value: Any) -> int | None:
    """Return a sequence number, which is a whole number or its digits; ``None`` if it is none."""
    if type(value) is str:
        return int(value) if value.isdigit() and value.isascii() and len(value) <= MAX_DIGITS else None
    return value if type(value) is int else None


def to_seconds(value: Any) -> float | None:
    """Return an interval that a server gave in ms; ``None`` if it is none, or no interval of any server."""
    return value / 1000 if type(value) in (int, float) and 0 < value < 10**9 else None


def exact(value: Any) -> Decimal | None:
    """
    Return a number of the exchange as it was spelled; ``None`` if it is none.

    Args:
        value: Text, or a JSON number; a `float` is taken by its shortest form.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return None
    try:
        number = Decimal(float.__repr__(value) if isinstance(value, float) else value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def decimal_text(name: str, value: Any) -> str:
    """
    Return a price or size as the exchange takes it: plain decimal digits, never an exponent.

    Args:
        name: Of the argument, for the error.
        value: `str`, `Decimal`, `int`, or a finite `float`, which is taken by its shortest form (``1e-05`` becomes
            ``0.00001``).

    Raises:
        ConfigError: If it is not a finite number above zero, or a text in exponent form.
    """
    if isinstance(value, str):
        if value.startswith("-"):
            raise ConfigError(f"{name}: must be above zero, got {value[:60]!r}")
        if not _is_plain(value):
            raise ConfigError(f"{name}: must be plain decimal digits such as '0.001', got {value[:60]!r}")
        text, number = value, Decimal(value)
    elif isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ConfigError(f"{name}: must be a str, Decimal, int or float, got {type(value).__name__}")
    else:
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{name}: must be finite, got {value!r}")
        try:
            number = Decimal(float.__repr__(value)) if isinstance(value, float) else Decimal(value)
        except (InvalidOperation, ValueError):
            raise ConfigError(f"{name}: is not a number") from None
        if not number.is_finite():
            raise ConfigError(f"{name}: must be finite, got {value!r}")
        text = f"{number:f}"
    if number <= 0:
        raise ConfigError(f"{name}: must be above zero, got {text}")
    if len(text) > MAX_DIGITS:
        raise ConfigError(f"{name}: more than {MAX_DIGITS} characters")
    return text


def _is_plain(text: str) -> bool:
    whole, point, fraction = text.partition(".")
    digits = whole + fraction
    return (
        digits.isascii()
        and digits.isdigit()
        and bool(whole)
        and (bool(fraction) or not point)
        and len(text) <= MAX_DIGITS
    )
