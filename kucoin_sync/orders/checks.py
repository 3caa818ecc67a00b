"""
Checks of single argument values: each returns the value as exchanges take it, or says which rule it breaks.

What one argument means for another is not here but with the operations.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from kucoin_sync.errors import ConfigError

__all__ = ["Check", "Choice", "contracts", "contracts_text", "flag", "short_text", "whole"]

Check = Callable[[str, Any], Any]
"""Takes the argument's name as the caller wrote it, for the error, and the value."""


class Choice:
    """The check of a word out of a few."""

    def __init__(self, *allowed: str) -> None:
        self._allowed = allowed
        self.words = frozenset(allowed)

    def __call__(self, name: str, value: Any) -> str:
        allowed = self._allowed
        if not isinstance(value, str) or value not in allowed:
            raise ConfigError(f"{name}: must be one of {', '.join(allowed)}, got {value!r}")
        return allowed[allowed.index(value)]  # of an enumeration's member its plain text


def short_text(most: int, *, ascii_only: bool = True) -> Check:
    """Return the check of a text of at most so many printable characters."""

    kind = "printable ASCII" if ascii_only else "printable"

    def check(name: str, value: Any) -> str:
        if (
            not isinstance(value, str)
            or len(value) > most
            or not value.isprintable()
            or (ascii_only and not value.isascii())
        ):
            raise ConfigError(f"{name}: must be at most {most} {kind} characters, got {value!r}")
        return value

    return check


def flag(name: str, value: Any) -> bool:
    """Check a boolean."""
    if not isinstance(value, bool):
        raise ConfigError(f"{name}: must be True or False, got {value!r}")
    return value


def whole(least: int) -> Check:
    """Return the check of a whole number that counts something on the wire: seconds, milliseconds."""

    def check(name: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**63:
            raise ConfigError(f"{name}: must be a whole number of at least {least}, got {value!r}")
        return value

    return check


def contracts(name: str, value: Any) -> int:
    """Check a number that the exchange takes as a whole one (contracts, leverage), in whatever type a size may come."""
    number: int | None = None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        number = int(value)
    elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        try:
            # The range first: the whole number of an enormous Decimal is an enormous computation.
            number = int(value) if 1 <= value < 2**63 and int(value) == value else None
        except ArithmeticError:  # a signalling NaN
            number = None
    if number is None or number < 1:
        raise ConfigError(f"{name}: must be a whole number of at least 1, got {value!r}")
    return number


def contracts_text(name: str, value: Any) -> str:
    """As `contracts`, for an argument that the exchange takes as text."""
    return str(contracts(name, value))
