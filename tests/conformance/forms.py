"""What kinds of values are where in a JSON value, and how two of such forms differ."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

__all__ = ["differences"]


def differences(expected: Any, found: Any, where: str = "") -> Iterator[str]:
    """
    Yield in words how the form of one value differs from that of another.

    Keys and kinds count, values do not. ``null`` may stand for anything, and a list is as good as its first element, an
    empty one as good as any.
    """
    if expected is None or found is None:
        return
    if _kind(expected) != _kind(found):
        yield f"{where or 'all of it'}: {_kind(found)}, not {_kind(expected)}"
    elif isinstance(expected, dict):
        for key in expected.keys() - found.keys():
            yield f"{_at(where, key)} is missing"
        for key in found.keys() - expected.keys():
            yield f"{_at(where, key)} is new"
        for key in expected.keys() & found.keys():
            yield from differences(expected[key], found[key], _at(where, key))
    elif isinstance(expected, list):
        if _is_row(expected) and _is_row(found) and len(expected) != len(found):
            yield f"{where or 'all of it'}: {len(found)} elements, not {len(expected)}"
        for one, other in zip(expected[:1], found[:1], strict=False):
            yield from differences(one, other, f"{where}[0]")


def _is_row(value: list[Any]) -> bool:
    """Whether a list is a row, such as a level or a candle: numbers, or texts that are some."""
    return bool(value) and all(isinstance(item, (int, Decimal, str)) and _is_number(item) for item in value)


def _is_number(item: int | Decimal | str) -> bool:
    try:
        Decimal(item)
    except ArithmeticError:
        return False
    return True


def _at(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, (int, Decimal)):
        return "number"
    return {dict: "object", list: "list", str: "text"}.get(type(value), type(value).__name__)
