"""
JSON in and out: orjson where it is installed (the ``[fast]`` extra), the standard library otherwise.

Both refuse ``NaN`` and ``Infinity``, and what is nested too deep: a value that they can read may still be more than
code that walks through it can take. Both report any unreadable text, however deep or long, as `ValueError`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["dumps", "exact_loads", "loads", "plain_text", "standard_dumps", "standard_loads"]

MAX_DEPTH = 64
"""Lists and objects inside of each other; the exchange's deepest known message has 6."""
DEEP_LENGTH = 5 * MAX_DEPTH
"""Shortest text, without a list, that can be nested deeper than that: each object inside takes ``{"":`` and ``}``."""
_BRACES_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))

FAST_LENGTH = 256 * 1024
"""Longest text for orjson, which takes 12 times its length in memory whatever it holds; no push is half as long."""

MAX_EXPONENT = 400
"""No price is beyond ten to this power, and writing one out in plain digits would fill the memory."""


def _check_depth(text: str, value: Any) -> Any:
    """Return ``value``, which ``text`` spells. Raises ValueError if it is nested too deep."""
    # Nearly every message has too few brackets to be deep at all; or neighbours, of which each pair counts as one.
    many = text.count("[") + text.count("{")
    if many > MAX_DEPTH and many - text.count("],[") - text.count("},{") > MAX_DEPTH and not _is_shallow(text, value):
        raise ValueError("nested too deep")
    return value


def _is_shallow(text: str, value: Any) -> bool:
    """Whether a text with many brackets is one of many small things, like the levels of an order book."""
    if "\\" in text:  # then a quote may be inside of a string
        return _is_shallow_value(value)
    # What is outside of strings, only its brackets, and of these layer after layer is taken off: each step runs in C.
    brackets = "".join(text.split('"')[::2]).encode().translate(_BRACES_AS_BRACKETS, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"")
        if not brackets:
            return True
    return False


def _is_shallow_value(value: Any) -> bool:
    layer = [value]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for each in layer:
            inner += each.values() if type(each) is dict else each
        layer = [each for each in inner if type(each) in (dict, list)]
        if not layer:
            return True
    return False


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
        return _check_depth(text, _decode(text))
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
        return _check_depth(text, _decode_exact(text))
    except RecursionError:
        raise ValueError("nested too deep") from None


# Made once: when they are given options, `json.loads` makes a decoder for each text and `json.dumps` an encoder.
_decode = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite).decode
_decode_exact = json.JSONDecoder(parse_constant=_refuse, parse_float=_exact).decode
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def plain_text(value: Any) -> str:
    """Return a value of a decoded text as text, where a text is due but anything may stand, however deep."""
    try:
        return str(value)
    except RecursionError:  # the fast decoder reads deeper than `str` can write
        return "(nested too deep)"


def standard_dumps(value: Any) -> str:
    """Spell a value as compact JSON text with the standard library. Raises ValueError or TypeError."""
    try:
        text = _encode(value)
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

    def _fast_loads(text: str) -> Any:
        if len(text) > FAST_LENGTH:
            return standard_loads(text)
        value = orjson.loads(text)
        # As `_check_depth` begins: this is the hottest line of all, and a call costs as much as both counts. Most
        # messages are too short for so many objects, and have no list.
        if (len(text) >= DEEP_LENGTH or "[" in text) and text.count("[") + text.count("{") > MAX_DEPTH:
            _check_depth(text, value)
        return value

    loads, dumps = _fast_loads, _fast_dumps
