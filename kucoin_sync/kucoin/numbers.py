"""
KuCoin's times, which come in four units, and its sequence numbers.
"""

from __future__ import annotations

from typing import Any

__all__ = ["read_sequence", "to_milliseconds", "to_seconds"]

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
