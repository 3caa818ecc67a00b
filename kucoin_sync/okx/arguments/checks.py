"""
Checks of single argument values that only OKX has: each returns the value as it is taken, or says which rule it breaks.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from kucoin_sync.errors import ConfigError
from kucoin_sync.orders.arguments import Spell
from kucoin_sync.orders.checks import Check
from kucoin_sync.protocol.decimals import decimal_text

__all__ = [
    "check_named",
    "instrument",
    "is_plain_instrument",
    "letters",
    "lock_interval",
    "number",
    "order_id",
    "price_of_difference",
    "slippage",
]

MAX_ID = 64
LONGEST_LOCK_MS = 10_000
LARGEST_SLIPPAGE = Decimal("0.05")
SLIPPAGE_DIGITS = 4

is_plain_instrument = re.compile(f"[A-Za-z0-9][A-Za-z0-9_-]{{0,{MAX_ID - 1}}}").fullmatch
"""As `instrument`, for texts, in one call of C; what it does not take may be right all the same."""


def letters(most: int) -> Check:
    """Return the check of a text of letters and digits, such as a client order id: not even a hyphen is taken."""

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= most or not value.isascii() or not value.isalnum():
            raise ConfigError(f"{name}: must be 1 to {most} letters and digits, got {value!r:.80}")
        return value

    return check


def order_id(name: str, value: Any) -> str:
    """Check an order id of the exchange."""
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_ID or not value.isascii() or not value.isdigit():
        raise ConfigError(f"{name}: must be an order id as the exchange gave it, got {value!r:.80}")
    return value


def instrument(name: str, value: Any) -> str:
    """Check the id of an instrument, a spread or a family."""
    plain = isinstance(value, str) and value.isascii() and value.replace("-", "").replace("_", "").isalnum()
    if not plain or len(value) > MAX_ID:
        raise ConfigError(f"{name}: must be an id such as 'BTC-USDT' or 'BTC-USDT-SWAP', got {value!r:.80}")
    return str(value)


def number(name: str, value: Any) -> int:
    """Check the exchange's number of an instrument; it may need more than 32 bits."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise ConfigError(f"{name}: must be a whole number as the list of instruments has it, got {value!r:.80}")
    return value


def price_of_difference(name: str, value: Any) -> str:
    """Check the price of a spread, which may be negative."""
    return decimal_text(name, value, signed=True)


def slippage(name: str, value: Any) -> str:
    """Check a share from 0 to 0.05 with at most four decimals."""
    text = decimal_text(name, value, signed=True)
    share = Decimal(text)
    if not 0 <= share <= LARGEST_SLIPPAGE or share != round(share, SLIPPAGE_DIGITS):
        raise ConfigError(f"{name}: must be from 0 to {LARGEST_SLIPPAGE} with at most 4 decimals, got {text}")
    return text


def lock_interval(name: str, value: Any) -> str:
    """Check milliseconds from 0 to 10000, which the exchange takes as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LONGEST_LOCK_MS:
        raise ConfigError(f"{name}: must be whole milliseconds from 0 to {LONGEST_LOCK_MS}, got {value!r:.40}")
    return str(value)


def check_named(args: dict[str, Any], spell: Spell) -> None:
    """An order is named by the exchange's id, which wins, or the client's."""
    if "ordId" not in args and "clOrdId" not in args:
        raise ConfigError(f"{spell('ordId')}: give {spell('ordId')} or {spell('clOrdId')}")
