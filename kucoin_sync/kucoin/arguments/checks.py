"""
Checks of single values that only KuCoin has: each returns the value as it is taken, or says which rule it breaks.

What one argument means for another is not here but with the operations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kucoin_sync.errors import ConfigError

__all__ = [
    "MAX_CLIENT_OID",
    "client_oid",
    "client_oids",
    "is_client_oid",
    "is_plain_symbol",
    "order_id",
    "order_ids",
    "symbol",
]

MAX_CLIENT_OID = 40
MAX_ORDER_ID = 64
_CLIENT_OID_EXTRA = "-_"

# As the checks of the same things below, for texts, in one call of C; what they do not take may be right all the same.
is_plain_symbol = re.compile("[A-Za-z0-9][A-Za-z0-9-]*").fullmatch
is_client_oid = re.compile(f"[A-Za-z0-9_-]{{1,{MAX_CLIENT_OID}}}").fullmatch


def symbol(name: str, value: Any) -> str:
    """Check a symbol, of any product."""
    if not isinstance(value, str) or not value or not value.isascii() or not value.replace("-", "").isalnum():
        raise ConfigError(f"{name}: must be a symbol such as 'BTC-USDT' or 'XBTUSDTM', got {value!r}")
    return value


def client_oid(name: str, value: Any) -> str:
    """Check a client order id."""
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_CLIENT_OID:
        raise ConfigError(f"{name}: must be a text of 1 to {MAX_CLIENT_OID} characters, got {value!r}")
    if not value.isascii() or not all(c.isalnum() or c in _CLIENT_OID_EXTRA for c in value):
        raise ConfigError(f"{name}: only letters, digits, - and _ are allowed, got {value!r}")
    return value


def order_id(name: str, value: Any) -> str:
    """Check an order id of the exchange."""
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_ORDER_ID or not value.isascii() or not value.isalnum():
        raise ConfigError(f"{name}: must be an order id as the exchange gave it, got {value!r}")
    return value


def order_ids(name: str, value: Any) -> list[str]:
    """Check a list of order ids, each once."""
    checked = [order_id(f"{name}[{index}]", each) for index, each in enumerate(_several(name, value))]
    _refuse_doubles(name, checked)
    return checked


def client_oids(name: str, value: Any) -> list[dict[str, str]]:
    """
    Check a list of ``{"symbol": ..., "clientOid": ...}``; ``client_oid`` is taken too.

    A client order id is taken once, also for two symbols: the answers name no symbol, so they could not be told apart.
    """
    checked = []
    for index, each in enumerate(_several(name, value)):
        where = f"{name}[{index}]"
        if not isinstance(each, Mapping):
            raise ConfigError(f"{where}: must be a mapping with symbol and clientOid, got {type(each).__name__}")
        spelled = "client_oid" if "client_oid" in each else "clientOid"
        for key in each:
            if key not in ("symbol", spelled):
                raise ConfigError(f"{where}: no such field {key!r}; known: symbol, clientOid")
        for key in ("symbol", spelled):
            if key not in each:
                raise ConfigError(f"{where}.{key}: is required")
        checked.append(
            {
                "symbol": symbol(f"{where}.symbol", each["symbol"]),
                "clientOid": client_oid(f"{where}.{spelled}", each[spelled]),
            }
        )
    _refuse_doubles(name, [each["clientOid"] for each in checked])
    return checked


def _several(name: str, value: Any) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes, bytearray)) or not value:
        raise ConfigError(f"{name}: must be a list of at least one, got {value!r:.60}")
    return value


def _refuse_doubles(name: str, ids: list[str]) -> None:
    for index, each in enumerate(ids):
        if each in ids[:index]:
            raise ConfigError(f"{name}[{index}]: {each} is in the list already")
