"""
Decoding a frame that has been decoded before, for its numbers with all their digits.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["exact_frame"]


def exact_frame(text: str) -> Any:
    """Decode a frame, its numbers as `Decimal` and `int`; ``None`` if it is no JSON."""
    try:
        return _exact_decoder.raw_decode(text)[0]  # the dialect has read it before: nothing stands behind the frame
    except (ValueError, InvalidOperation):
        pass
    except RecursionError:
        return None
    try:
        return _lenient_decoder.decode(text)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _lenient(literal: str) -> Any:
    """Return a number that no `Decimal` can hold as its text."""
    try:
        return Decimal(literal)
    except InvalidOperation:
        return literal


_exact_decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)
_lenient_decoder = json.JSONDecoder(parse_float=_lenient, parse_int=_lenient, parse_constant=_refuse)
