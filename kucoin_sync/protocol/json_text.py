"""
JSON in and out: orjson where it is installed (the ``[fast]`` extra), the standard library otherwise.

Both refuse ``NaN`` and ``Infinity``, and both report any unreadable text, however deep or long, as `ValueError`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

__all__ = ["dumps", "loads", "standard_dumps", "standard_loads"]


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def standard_loads(text: str) -> Any:
    """Decode one JSON text with the standard library. Raises ValueError if it is not JSON."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deep") from None


def standard_dumps(value: Any) -> str:
    """Spell a value as compact JSON text with the standard library."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


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
        return orjson.dumps(value).decode()

    loads, dumps = orjson.loads, _fast_dumps
