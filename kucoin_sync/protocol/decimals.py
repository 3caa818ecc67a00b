"""
Prices and sizes, read and written without losing a digit.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from kucoin_sync.errors import ConfigError

__all__ = ["MAX_DIGITS", "decimal_text", "exact", "is_price_text"]

MAX_DIGITS = 40
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?").fullmatch
is_price_text = re.compile(rf"(?=[0-9.]{{1,{MAX_DIGITS}}}\Z)(?=[0.]*[1-9])[0-9]+(?:\.[0-9]+)?").fullmatch
"""Say whether a text is as nearly every price and size comes: plain digits, not too many, above zero."""


def exact(value: Any) -> Decimal | None:
    """
    Return a number of an exchange as it was spelled; ``None`` if it is none.

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


def decimal_text(name: str, value: Any, *, signed: bool = False) -> str:
    """
    Return a price or size as exchanges take it: plain decimal digits, never an exponent.

    Args:
        name: Of the argument, for the error.
        value: `str`, `Decimal`, `int`, or a finite `float`, which is taken by its shortest form (``1e-05`` becomes
            ``0.00001``).
        signed: Whether it may be zero or negative, as the price of a difference may.

    Raises:
        ConfigError: If it is not a finite number above zero, or a text in exponent form.
    """
    if isinstance(value, str):
        if value.startswith("-") and not signed:
            raise ConfigError(f"{name}: must be above zero, got {value[:60]!r}")
        digits = value.removeprefix("-") if signed else value
        if len(digits) > MAX_DIGITS or _PLAIN(digits) is None:
            raise ConfigError(f"{name}: must be plain decimal digits such as '0.001', got {value[:60]!r}")
        text, positive = value, bool(value.strip("0."))  # some digit is not zero
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
        text, positive = f"{number:f}", number > 0
    if not positive and not signed:
        raise ConfigError(f"{name}: must be above zero, got {text}")
    if len(text) > MAX_DIGITS:
        raise ConfigError(f"{name}: more than {MAX_DIGITS} characters")
    return text
