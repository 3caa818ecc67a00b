"""
How a field of a model is declared: its names on the wire and what reads its value.

A declaration is data, kept in the field's metadata as a `Wire`; `kucoin_sync.modelling.reading` makes of it
whatever is needed to read a payload. The functions that read a value return it, or ``None`` for the empty text, by
which the exchange says that there is none, and raise `ValueError`, `TypeError` or `ArithmeticError` for whatever the
field cannot hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any

import attrs

__all__ = [
    "WIRE",
    "FromTopic",
    "Model",
    "Read",
    "Unmodelled",
    "Wire",
    "Word",
    "by_name",
    "choice",
    "code",
    "columns",
    "decimal",
    "declare",
    "every_name",
    "flag",
    "identifier",
    "milliseconds",
    "nanoseconds",
    "nested",
    "numbers",
    "read_number",
    "read_whole",
    "reader_of_words",
    "seconds",
    "several",
    "text",
    "texts",
    "whole",
]

WIRE = "wire"
"""Key of a field's metadata under which its `Wire` is."""

Read = Callable[[Any], Any]
FromTopic = Callable[[str, "str | None"], "str | None"]

LONGEST_WHOLE = 40
LATEST = 10**20
"""Beyond every time, in any unit."""

_PLAIN = "0123456789.-"
# Each character has one place where it can go: a peer's text of any length is matched, or not, in one pass.
_WITH_EXPONENT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_LARGEST_EXPONENT = 999


class Word(str, Enum):
    """A word of an exchange; its ``str`` is the word, and it equals its text."""

    def __str__(self) -> str:
        return str(self.value)


@attrs.frozen(repr=False)
class Model:
    """
    What all models have.

    Every field may be ``None``: the exchange leaves out what a push does not concern. ``repr`` shows what is there.

    Attributes:
        extra: What no field holds, under its name on the wire: fields that the exchange added, and values that the
            field of that name cannot hold.
    """

    extra: Mapping[str, Any] = attrs.field(factory=dict, hash=False)

    def __repr__(self) -> str:
        named = {field.name: getattr(self, field.name) for field in attrs.fields(type(self))}
        extra = named.pop("extra")
        shown = [f"{name}={value!r}" for name, value in named.items() if value is not None]
        return f"{type(self).__name__}({', '.join(shown + [f'extra={extra!r}'] * bool(extra))})"


@attrs.frozen(repr=False)
class Unmodelled(Model):
    """
    A push of a topic or subject that the library does not know.

    Attributes:
        data: The payload as the exchange spells it; JSON numbers are `decimal.Decimal` or `int`, with all their digits.
    """

    topic: str | None = None
    subject: str | None = None
    data: Any = attrs.field(default=None, hash=False)


@attrs.frozen
class Wire:
    """
    Where a field comes from.

    Attributes:
        names: Names in the payload, any of which may be used. A dot leads into an object (``"changes.asks"``) or an
            array (``"candles.0"``); ``"*"`` stands for all names that no other field has.
        read: Makes the field's value of the wire's. For a field of another model: that model.
        form: How ``read`` is applied: to the value, or to each of several.
        topic: Takes topic and subject; returns the value where they say it and the payload does not.
        envelope: Name in the frame around the payload that says it where the payload does not.
        inside: Name under which each of several values is read.
    """

    names: tuple[str, ...]
    read: Any
    form: str = "value"
    topic: FromTopic | None = None
    envelope: str | None = None
    inside: str | None = None


def declare(names: tuple[str, ...], read: Any, *, hashed: bool = True, **where: Any) -> Any:
    """Declare a field: ``where`` are further attributes of its `Wire`."""
    return attrs.field(default=None, hash=None if hashed else False, metadata={WIRE: Wire(names, read, **where)})


# Texts and numbers.


def text(*names: str, topic: FromTopic | None = None, envelope: str | None = None) -> Any:
    """Declare a text, kept as it is."""
    return declare(names, _read_text, topic=topic, envelope=envelope)


def texts(*names: str) -> Any:
    """Declare an array of texts."""
    return declare(names, _read_texts)


def identifier(*names: str) -> Any:
    """Declare an id: a text, which is a number in some messages."""
    return declare(names, _read_identifier)


def decimal(*names: str) -> Any:
    """Declare a price, size, rate or balance: exact, whether the wire has a text or a number."""
    return declare(names, _read_decimal)


def whole(*names: str, envelope: str | None = None) -> Any:
    """Declare a whole number, whether the wire has a text or a number."""
    return declare(names, read_whole, envelope=envelope)


def flag(*names: str, envelope: str | None = None) -> Any:
    """Declare a boolean, which is a text in some messages."""
    return declare(names, _read_flag, envelope=envelope)


def seconds(*names: str) -> Any:
    """Declare a point in time, in seconds since 1970."""
    return declare(names, _in_unit(0))


def milliseconds(*names: str) -> Any:
    """Declare a point in time, in milliseconds since 1970."""
    return declare(names, _in_unit(3))


def nanoseconds(*names: str, envelope: str | None = None) -> Any:
    """Declare a point in time, in nanoseconds since 1970."""
    return declare(names, _in_unit(9), envelope=envelope)


def choice(words: type[Enum], *names: str, envelope: str | None = None) -> Any:
    """Declare one of several words, whatever their case; one that is not listed stays a text."""
    return declare(names, reader_of_words(words), envelope=envelope)


def code(codes: type[IntEnum], *names: str) -> Any:
    """Declare one of several numbers; one that is not listed stays a number."""
    known = {int(member): member for member in codes}

    def read(value: Any) -> int | None:
        number = read_whole(value)
        return None if number is None else known.get(number, number)

    return declare(names, read)


# Values of several parts.


def nested(model: type[Model], *names: str) -> Any:
    """Declare an object that has a model of its own."""
    return declare(names, model, form="model")


def several(model: type[Model], *names: str, inside: str | None = None) -> Any:
    """Declare an array of such objects; ``inside`` says under which name the model looks for them."""
    return declare(names, model, form="models", inside=inside)


def by_name(read: Read | type[Model], *names: str) -> Any:
    """Declare an object whose names are data, such as currencies."""
    return declare(names, read, form="mapping", hashed=False)


def every_name(read: Read | type[Model]) -> Any:
    """Declare that the payload itself is such an object."""
    return declare(("*",), read, form="mapping", hashed=False)


# Reading.


def _read_text(value: Any) -> str:
    """Read a text."""
    if type(value) is not str:
        raise TypeError("no text")
    return value


def _read_texts(value: Any) -> tuple[str, ...]:
    if type(value) is not list or not set(map(type, value)) <= {str}:
        raise TypeError("no array of texts")
    return tuple(value)


def _read_identifier(value: Any) -> str:
    if type(value) is int:
        return str(value)
    return _read_text(value)


def _read_decimal(value: Any) -> Decimal | None:
    """Read a number with all its digits; one whose plain form would be thousands of digits long is none."""
    kind = type(value)
    if kind is str:
        if value.strip(_PLAIN):
            if not _WITH_EXPONENT.fullmatch(value):
                raise ValueError("no number")
        elif not value:
            return None
        return Decimal(value)
    if kind is int:
        return Decimal(value)
    if kind is Decimal and -_LARGEST_EXPONENT <= value.adjusted() <= _LARGEST_EXPONENT:
        return value  # type: ignore[no-any-return]
    raise TypeError("no number")


def read_number(value: Any) -> Decimal:
    """Read a number that has to be there."""
    number = _read_decimal(value)
    if number is None:
        raise ValueError("no number")
    return number


def read_whole(value: Any) -> int | None:
    """Read a whole number."""
    if type(value) is int:
        return value
    if type(value) is not str:
        raise TypeError("no whole number")
    if not value:
        return None
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_WHOLE):
        raise ValueError("no whole number")
    return int(value)


def _read_flag(value: Any) -> bool:
    if type(value) is bool:
        return value
    return {"true": True, "false": False}[_read_text(value).lower()]


def _in_unit(wanted: int) -> Read:
    """
    Return what reads a time into one unit, whichever it came in.

    Units are told apart by magnitude, and not by what a document says of a field: some are ms in one message and ns in
    another.

    Args:
        wanted: Decimal places of a second.
    """

    def read(value: Any) -> int | None:
        number: int | None = value if type(value) is int else read_whole(value)
        if number is None:
            return None
        if not 0 <= number < LATEST:
            raise ValueError("no time")
        given = 0 if number < 10**11 else 3 if number < 10**14 else 6 if number < 10**17 else 9
        factor: int = 10 ** abs(wanted - given)
        return number * factor if wanted >= given else number // factor

    return read


def reader_of_words(words: type[Enum]) -> Read:
    """Return what reads one of several words."""
    known: dict[str, Enum] = {}
    for member in words:
        known[member.value] = known[member.value.lower()] = member

    def read(value: Any) -> Any:
        if type(value) is not str:
            raise TypeError("no word")
        return known.get(value) or known.get(value.lower()) or value or None

    return read


def columns(value: Any, width: int) -> list[tuple[Any, ...]]:
    """Check that a value is an array of arrays of one length; return their first elements, their second ones..."""
    if type(value) is not list or not set(map(type, value)) <= {list}:
        raise TypeError("no array of levels")
    if not set(map(len, value)) <= {width}:
        raise ValueError("no level")
    return list(zip(*value, strict=True))


def numbers(column: tuple[Any, ...]) -> Iterator[Decimal]:
    """Read many numbers; if all are plain texts, as they nearly always are, what they consist of is checked at once."""
    if set(map(type, column)) == {str} and all(column) and not "".join(column).strip(_PLAIN):
        return map(Decimal, column)
    return map(read_number, column)
