"""
Reading what a client sent: every function takes one object of ``args`` and a name, and refuses what is wrong.

An empty text is the same as nothing, as everywhere in OKX's messages. What is wrong is refused with 51000, and what is
missing with 50014.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .refusals import bad, empty

__all__ = ["ID", "SIGNED", "TAG", "flag", "given", "has", "number", "one_of", "text"]

ID = re.compile(r"[A-Za-z0-9]{1,32}\Z")
TAG = re.compile(r"[A-Za-z0-9]{1,16}\Z")
# Bounded on purpose: what is multiplied with such numbers stays exact.
UNSIGNED = re.compile(r"[0-9]{1,15}(\.[0-9]{1,12})?\Z")
SIGNED = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?\Z")


def has(args: Mapping[str, Any], name: str) -> bool:
    """Whether there is anything under a name."""
    return args.get(name) not in (None, "")


def given(args: Mapping[str, Any], name: str) -> str:
    """Return a text that must be there."""
    if not has(args, name):
        raise empty(name)
    value = args[name]
    if not isinstance(value, str):
        raise bad(name)
    return value


def one_of(args: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    """Return a text out of a set; ``default`` stands for a missing one, ``None`` makes it required."""
    if default is not None and not has(args, name):
        return default
    value = given(args, name)
    if value not in allowed:
        raise bad(name)
    return value


def text(args: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    """Return a text that fits a pattern, ``""`` for none."""
    if not has(args, name):
        return ""
    value = args[name]
    if not isinstance(value, str) or not pattern.match(value):
        raise bad(name)
    return value


def number(args: Mapping[str, Any], name: str, pattern: re.Pattern[str] = UNSIGNED) -> Decimal:
    """Return a number that is spelled as a text, without exponent."""
    value = given(args, name)
    if not pattern.match(value):
        raise bad(name)
    return Decimal(value)


def flag(args: Mapping[str, Any], name: str) -> bool:
    """Return a boolean, False for none."""
    value = args.get(name)
    if value in (None, "", False):
        return False
    if value is not True:
        raise bad(name)
    return True
