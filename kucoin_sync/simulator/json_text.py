"""JSON as the simulated service writes and reads it. The client has its own code for this, on purpose."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .matching.symbols import plain

__all__ = ["compact", "merged", "read_array", "read_object"]

# The encoder cannot write a number it does not know, and a float would lose digits. So a decimal goes through it
# as a text between marks that nobody can guess, which are taken off afterwards.
_MARK = f"number-{secrets.token_hex(12)}-"
_MARKED = re.compile(f'"{_MARK}([^"]*)"')


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
    """Parse one JSON object, keeping all digits; ``None`` for any other text."""
    value = _read(text)
    return value if isinstance(value, dict) else None


def read_array(text: str) -> list[Any] | None:
    """Parse one JSON array, keeping all digits; ``None`` for any other text."""
    value = _read(text)
    return value if isinstance(value, list) else None


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
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
