"""
JSON in and out: orjson where it is installed (the ``[fast]`` extra), the standard library otherwise.

Both refuse ``NaN`` and ``Infinity``, and both report any unreadable text, however deep or long, as `ValueError`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["dumps", "exact_loads", "loads", "plain_text", "standard_dumps", "standard_loads"]

MAX_EXPONENT = 400
"""No price is beyond ten to this power, and writing one out in plain digits would fill the memory."""


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number beyond every float")
    return value


def standard_loads(text: str) -> Any:
    """Decode one JSON text with the standard library. Raises ValueError if it is not JSON."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _exact(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("a number beyond every decimal") from None
    if value and abs(value.adjusted()) > MAX_EXPONENT:
        raise ValueError("a number beyond every price")
    return value


def exact_loads(text: str) -> Any:
    """
    Decode one JSON text with every digit: numbers with a fraction or an exponent become `Decimal`.

    Raises:
        ValueError: If it is not JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_exact)
    except RecursionError:
        raise ValueError("nested too deep") from None


def plain_text(value: Any) -> str:
    """Return a value of a decoded text as text, where a text is due but anything may stand, however deep."""
    try:
        return str(value)
    except RecursionError:  # the fast decoder reads deeper than `str` can write
        return "(nested too deep)"


def standard_dumps(value: Any) -> str:
    """Spell a value as compact JSON text with the standard library. Raises ValueError or TypeError."""
    try:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise ValueError("nested too deep") from None
    text.encode()  # a lone surrogate is found here and not when the text is sent
    return text


loads: Callable[[str], Any] = standard_loads
"""Decode one JSON text. Raises ValueError if it is not JSON."""
dumps: Callable[[Any], str] = standard_dumps
"""Spell a value as compact JSON text."""

try:
    import orjson
except ImportError:
    pass
else:

    def _fast_dumps(value: Any) -> str:
        text = orjson.dumps(value).decode()
        if "null" in text:  # perhaps a NaN, which orjson writes so
            standard_dumps(value)
        return text

    loads, dumps = orjson.loads, _fast_dumps
