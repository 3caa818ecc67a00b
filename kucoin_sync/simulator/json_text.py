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


#: Objects and arrays inside each other; the service's own are a handful.
MAX_DEPTH = 64

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
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    # Brackets inside of texts count as well: more of them only say that it is worth to look.
    is_suspect = text.count("[") + text.count("{") > MAX_DEPTH
    return None if is_suspect and _is_too_deep(value) else value


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        inner = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, (dict, list))]
        level = [each for children in inner for each in children if isinstance(each, (dict, list))]
    return bool(level)
