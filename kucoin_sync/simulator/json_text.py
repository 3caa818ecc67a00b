"""JSON as the simulated service writes and reads it. The client has its own code for this, on purpose."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

__all__ = ["compact", "read_object"]

# Made once: json.dumps and json.loads with options build a new codec for every call.
# ASCII only: an echoed id may hold a lone surrogate, which UTF-8 cannot carry.
_ENCODER = json.JSONEncoder(separators=(",", ":"))
_DECODER = json.JSONDecoder(parse_float=Decimal)


def compact(value: object) -> str:
    """Write JSON without blanks."""
    return _ENCODER.encode(value)


def read_object(text: str) -> dict[str, Any] | None:
    """Parse one JSON object, keeping all digits; ``None`` for any other text."""
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
