"""
How the fields of OKX's models are declared: as any exchange's, and besides by its book levels and its arguments.

Whatever surrounds the items of a push is read as if it were one object: the members of its ``arg`` and of the frame.
"""

from __future__ import annotations

from typing import Any

from kucoin_sync.modelling import fields
from kucoin_sync.modelling.fields import (
    Model,
    Word,
    choice,
    columns,
    decimal,
    declare,
    flag,
    identifier,
    milliseconds,
    nested,
    numbers,
    read_whole,
    several,
    text,
    texts,
    whole,
)
from kucoin_sync.okx.models.values import BookLevel, RpiLevel, SpreadLevel

__all__ = [
    "Model",
    "Word",
    "bar",
    "book_levels",
    "choice",
    "decimal",
    "digit_flag",
    "flag",
    "identifier",
    "milliseconds",
    "nested",
    "rpi_levels",
    "several",
    "spread_levels",
    "text",
    "texts",
    "whole",
]


def bar() -> Any:
    """Declare the length of a candle, which only the channel's name says."""
    return fields.text(topic=_bar_of)


def _bar_of(topic: str, subject: str | None) -> str | None:
    """Return ``1m`` of ``mark-price-candle1m:BTC-USDT``."""
    return topic.partition(":")[0].partition("candle")[2] or None


def digit_flag(*names: str) -> Any:
    """Declare a boolean that is ``"0"`` or ``"1"`` on the wire."""
    return declare(names, {"0": False, "1": True}.__getitem__)


def book_levels(*names: str) -> Any:
    """Declare a side of a book: ``[[price, size, "0", orders], ...]``."""
    return declare(names, _read_book_levels)


def rpi_levels(*names: str) -> Any:
    """Declare a side of a book with RPI orders: ``[[price, size, size without RPI, orders], ...]``."""
    return declare(names, _read_rpi_levels)


def spread_levels(*names: str) -> Any:
    """Declare a side of a book of spreads: ``[[price, size, orders], ...]``."""
    return declare(names, _read_spread_levels)


def _orders(value: Any) -> int:
    number = read_whole(value)
    if number is None:
        raise ValueError("no number of orders")
    return number


def _read_book_levels(value: Any) -> tuple[BookLevel, ...]:
    if not (parts := columns(value, 4)):
        return ()
    prices, sizes, _, counts = parts
    return tuple(map(BookLevel, numbers(prices), numbers(sizes), map(_orders, counts)))


def _read_rpi_levels(value: Any) -> tuple[RpiLevel, ...]:
    if not (parts := columns(value, 4)):
        return ()
    prices, sizes, organic, counts = parts
    return tuple(map(RpiLevel, numbers(prices), numbers(sizes), numbers(organic), map(_orders, counts)))


def _read_spread_levels(value: Any) -> tuple[SpreadLevel, ...]:
    if not (parts := columns(value, 3)):
        return ()
    prices, sizes, counts = parts
    return tuple(map(SpreadLevel, numbers(prices), numbers(sizes), map(_orders, counts)))
