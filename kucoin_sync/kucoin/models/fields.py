"""
How the fields of KuCoin's models are declared: as any exchange's, and besides by its book levels and its topics.
"""

from __future__ import annotations

from typing import Any

from kucoin_sync.kucoin.models.values import Level, RpiLevel, SequencedLevel
from kucoin_sync.modelling import fields
from kucoin_sync.modelling.fields import (
    Model,
    by_name,
    choice,
    code,
    columns,
    decimal,
    declare,
    every_name,
    flag,
    identifier,
    milliseconds,
    nanoseconds,
    nested,
    numbers,
    read_number,
    read_whole,
    reader_of_words,
    seconds,
    several,
    texts,
    whole,
)

__all__ = [
    "Model",
    "by_name",
    "choice",
    "code",
    "decimal",
    "every_name",
    "flag",
    "identifier",
    "levels",
    "milliseconds",
    "nanoseconds",
    "nested",
    "read_number",
    "reader_of_words",
    "rpi_levels",
    "seconds",
    "sequenced_levels",
    "several",
    "text",
    "texts",
    "whole",
]


def text(*names: str, topic: str | None = None, envelope: str | None = None) -> Any:
    """Declare a text, kept as it is; ``topic`` is the part of the topic that says it otherwise."""
    found = {None: None, "symbol": _symbol_of, "interval": _interval_of}[topic]
    return fields.text(*names, topic=found, envelope=envelope)


def _symbol_of(topic: str, subject: str | None) -> str | None:
    """Return the symbol of ``/path:symbol`` or ``/path:symbol_interval``; where one topic is all, it is the subject."""
    symbol = topic.partition(":")[2].partition("_")[0]
    return subject if symbol == "all" else symbol or None


def _interval_of(topic: str, subject: str | None) -> str | None:
    return topic.partition(":")[2].partition("_")[2] or None


def levels(*names: str) -> Any:
    """Declare a side of a book: ``[[price, size], ...]``."""
    return declare(names, _read_levels)


def sequenced_levels(*names: str) -> Any:
    """Declare a side of a spot increment: ``[[price, size, sequence], ...]``."""
    return declare(names, _read_sequenced_levels)


def rpi_levels(*names: str) -> Any:
    """Declare a side of a book whose levels may have a third element, the size of RPI orders."""
    return declare(names, _read_rpi_levels)


def _sequence(value: Any) -> int:
    number = read_whole(value)
    if number is None:
        raise ValueError("no sequence number")
    return number


def _read_levels(value: Any) -> tuple[Level, ...]:
    sides = columns(value, 2)
    return tuple(map(Level, *map(numbers, sides))) if sides else ()


def _read_sequenced_levels(value: Any) -> tuple[SequencedLevel, ...]:
    if not (parts := columns(value, 3)):
        return ()
    prices, sizes, counts = parts
    return tuple(map(SequencedLevel, numbers(prices), numbers(sizes), map(_sequence, counts)))


def _read_rpi_levels(value: Any) -> tuple[Level, ...] | tuple[RpiLevel, ...]:
    if type(value) is list and value and type(value[0]) is list and len(value[0]) == 3:
        return tuple(map(RpiLevel, *map(numbers, columns(value, 3))))
    return _read_levels(value)
