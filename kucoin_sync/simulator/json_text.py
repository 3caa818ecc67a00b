"""JSON as the simulated service writes and reads it. The client has its own code for this, on purpose."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .matching.symbols import plain

__all__ = ["MAX_DEPTH", "compact", "is_too_deep", "merged", "read_array", "read_object"]

#: How deep what a client sends may be nested; no request of the exchange comes near.
MAX_DEPTH = 64

# The encoder cannot write a number it does not know, and a float would lose digits. So a decimal goes through it
# as a text between marks that nobody can guess, which are taken off afterwards.
_MARK = f"number-{secrets.token_hex(12)}-"
_MARKED = re.compile(f'"{_MARK}([^"]*)"')

# What opens and closes something, and the strings, in which brackets mean nothing.
_NESTING = re.compile(r'"(?:[^"\\]|\\.)*"?|[][{}]', re.DOTALL)


def _number(value: object) -> str:
    if isinstance(value, Decimal):
        return _MARK + plain(value)
    raise TypeError(f"{type(value).__name__} has no place in a frame")


# Made once: json.dumps and json.loads with options build a new codec for every call.
# ASCII only: an echoed id may hold a lone surrogate, which UTF-8 cannot carry.
_ENCODER = json.JSONEncoder(separators=(",", ":"), default=_number)
_DECODER = json.JSONDecoder(parse_float=Decimal)


def compact(value: object) -> str:
    """Write JSON without blanks; a decimal becomes a number with all of its digits."""
    text = _ENCODER.encode(value)
    return _MARKED.sub(r"\1", text) if _MARK in text else text


def read_object(text: str) -> dict[str, Any] | None:
    """Parse one JSON object, keeping all digits; ``None`` for any other text, or one that is too deep."""
    value = _read(text)
    return value if isinstance(value, dict) else None


def read_array(text: str) -> list[Any] | None:
    """Parse one JSON array, keeping all digits; ``None`` for any other text, or one that is too deep."""
    value = _read(text)
    return value if isinstance(value, list) else None


def is_too_deep(text: str) -> bool:
    """Whether a text is nested deeper than `MAX_DEPTH`; told before parsing, which would need stack for each level."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return False  # nearly all that ever comes
    depth = 0
    for part in _NESTING.finditer(text):
        mark = part[0]
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif mark in "]}":
            depth -= 1
    return False


def merged(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object changed by a JSON merge patch (RFC 7396): ``None`` takes a key away, objects are merged."""
    result = dict(target)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            old = result.get(key)
            result[key] = merged(old if isinstance(old, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def _read(text: str) -> Any:
    if is_too_deep(text):
        return None
    try:
        return _DECODER.decode(text)
    except ValueError:
        return None
