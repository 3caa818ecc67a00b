"""
Arguments of the topic functions, checked before a topic exists. Every error names the argument and the rule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from kucoin_sync.errors import ConfigError, shorten

__all__ = ["check_choice", "check_currencies", "check_currency", "check_market", "check_symbol", "check_symbols"]

_FORMS = {
    "spot": (re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)+"), "a spot symbol such as 'BTC-USDT'"),
    "futures": (re.compile(r"[A-Za-z0-9]+"), "a futures symbol such as 'XBTUSDTM'"),
    "any": (re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*"), "a symbol such as 'BTC-USDT' or 'XBTUSDTM'"),
    "currency": (re.compile(r"[A-Za-z0-9]+"), "a currency such as 'BTC'"),
    "market": (re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*"), "a market such as 'USDS'"),
}
"""What a text of each kind looks like. The exchange takes any symbol, and says nothing of one that does not exist."""


def _check(name: str, value: Any, kind: str) -> str:
    form, words = _FORMS[kind]
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ConfigError(f"{name}: must be {words}, got {shorten(repr(value))}")
    return value


def check_symbol(value: Any, kind: str) -> str:
    """Check one symbol of ``spot``, ``futures`` or ``any`` product."""
    return _check("symbol", value, kind)


def check_symbols(values: Sequence[Any], kind: str) -> str:
    """Check one or more symbols; return them joined."""
    if not values:
        raise ConfigError("symbols: must be at least one")
    return ",".join([_check("symbols", value, kind) for value in values])


def check_currency(value: Any) -> str:
    """Check one currency."""
    return _check("currency", value, "currency")


def check_currencies(values: Sequence[Any]) -> str:
    """Check one or more currencies; return them joined."""
    if not values:
        raise ConfigError("currencies: must be at least one")
    return ",".join([_check("currencies", value, "currency") for value in values])


def check_market(value: Any) -> str:
    """Check the name of a market."""
    return _check("market", value, "market")


def check_choice(name: str, value: Any, allowed: Sequence[str]) -> str:
    """Check one of several words; a whole number stands for its digits."""
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or text not in allowed:
        raise ConfigError(f"{name}: must be one of {', '.join(allowed)}, got {shorten(repr(value))}")
    return allowed[allowed.index(text)]
