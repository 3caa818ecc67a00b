"""
The one reader of all models: it is compiled from the declarations of a class, once.

A payload is gone through name by name. What a field holds goes there, and whatever is left over goes to ``extra``: so
nothing is lost, and no payload is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from kucoin_sync.modelling.fields import WIRE, Model, Read, Wire

__all__ = ["Reader", "reader_of", "wire_names"]

_MISFITS = (ValueError, TypeError, ArithmeticError, LookupError)
"""What reading a value raises when the field cannot hold it."""

_REST = "*"

Slot = tuple[int, Callable[..., Any]]
"""
Index of the field and what reads it; an index below zero means a function that gets all values, fills in several of
them and returns what is left over, or ``None``.
"""

Surrounding = Callable[[str, "str | None", Mapping[str, Any]], Any]
"""What finds a field around the payload: in the topic, the subject or the frame."""


def wire_names(model: type[Model]) -> dict[str, tuple[str, ...]]:
    """
    Return the names on the wire of each field of a model.

    Returns:
        ``{"symbol": (), "price": ("price",), "time_ms": ("time", "Time"), ...}``; a dot leads into an object or array.
    """
    return {field.name: field.metadata[WIRE].names for field in attrs.fields(model) if WIRE in field.metadata}


_readers: dict[type[Model], Reader] = {}


def reader_of(model: type[Model]) -> Reader:
    """Return the reader of a model."""
    return _readers.get(model) or _readers.setdefault(model, Reader(model))


class Reader:
    """Reads one model."""

    def __init__(self, model: type[Model]) -> None:
        self._model = model
        fields = attrs.fields(model)
        self._blank: list[Any] = [None] * len(fields)
        self._extra = [field.name for field in fields].index("extra")
        tree: dict[str, Any] = {}
        self._rest: Slot | None = None
        self._around: list[tuple[int, Surrounding]] = []
        for index, field in enumerate(fields):
            wire: Wire | None = field.metadata.get(WIRE)
            if wire is None:
                continue
            read = _apply(wire)
            for name in wire.names:
                if name == _REST:
                    self._rest = (index, _whatever(wire.read))
                else:
                    _plant(tree, name.split("."), (index, read))
            self._around += [(index, around) for around in _surroundings(wire)]
        self._slots = _slots(tree)

    def read(
        self, payload: Any, *, topic: str = "", subject: str | None = None, frame: Mapping[str, Any] | None = None
    ) -> Model:
        """
        Read a payload.

        Args:
            payload: Decoded JSON, its numbers exact (`Decimal` and `int`). One that is no object is taken for an object
                with the one name ``data``; ``None`` for an empty one.
            topic: Of the push.
            subject: Of the push.
            frame: What surrounds the payload; ``None`` for a part of one.
        """
        values = self._blank.copy()
        is_object = type(payload) is dict
        if not is_object:
            payload = {} if payload is None else {"data": payload}
        extra = _fill(self._slots, payload, values)
        if extra and is_object and self._rest is not None:
            index, read = self._rest
            values[index], extra = read(extra)
        if frame is not None:
            for index, around in self._around:
                if values[index] is None:
                    values[index] = around(topic, subject, frame)
        values[self._extra] = extra or {}
        return self._model(*values)


# Compiling.


def _apply(wire: Wire) -> Read:
    """Return what reads the value of one field."""
    if wire.form == "model":
        return _as_model(wire.read)
    if wire.form == "models":
        return _as_models(_as_model(wire.read), wire.inside)
    if wire.form == "mapping":
        return _as_mapping(wire.read)
    return wire.read  # type: ignore[no-any-return]


def _as_model(model: type[Model]) -> Read:
    def read(value: Any) -> Model:
        if type(value) is not dict:
            raise TypeError("no object")
        return reader_of(model).read(value)

    return read


def _as_models(one: Read, inside: str | None) -> Read:
    def read(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise TypeError("no array")
        return tuple([one(row if inside is None else {inside: row}) for row in value])

    return read


def _as_mapping(read_one: Any) -> Read:
    one = _as_model(read_one) if isinstance(read_one, type) else read_one

    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise TypeError("no object")
        found = {name: one(inner) for name, inner in value.items()}
        if None in found.values():
            raise ValueError("a name without a value")
        return found

    return read


def _whatever(read_one: Any) -> Callable[[dict[str, Any]], tuple[dict[str, Any], dict[str, Any]]]:
    """Return what parts the names that nobody asked for into those that can be read and the others."""
    one = _as_model(read_one) if isinstance(read_one, type) else read_one

    def read(payload: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        good, left = {}, {}
        for name, value in payload.items():
            try:
                found = one(value)
            except _MISFITS:
                found = None
            if found is None:
                left[name] = value
            else:
                good[name] = found
        return good, left

    return read


def _surroundings(wire: Wire) -> list[Surrounding]:
    """Return what finds a field around the payload."""
    found: list[Surrounding] = []
    if wire.topic is not None:
        read_topic = wire.topic

        def from_topic(topic: str, subject: str | None, frame: Mapping[str, Any]) -> Any:
            return read_topic(topic, subject)

        found.append(from_topic)
    if wire.envelope is not None:
        name, read = wire.envelope, wire.read

        def from_envelope(topic: str, subject: str | None, frame: Mapping[str, Any]) -> Any:
            value = frame.get(name)
            try:
                return None if value is None else read(value)
            except _MISFITS:
                return None

        found.append(from_envelope)
    return found


def _plant(tree: dict[str, Any], path: list[str], slot: Slot) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    tree[path[-1]] = slot


def _slots(tree: dict[str, Any]) -> dict[str, Slot]:
    return {name: (-1, _inside(branch)) if type(branch) is dict else branch for name, branch in tree.items()}


def _inside(tree: dict[str, Any]) -> Callable[[Any, list[Any]], Any]:
    """Return what fills in the fields that lie inside one value, an array if their names are positions."""
    slots = _slots(tree)
    if not all(name.isdigit() for name in tree):

        def fill_object(value: Any, values: list[Any]) -> Any:
            return _fill(slots, value, values) if type(value) is dict else value

        return fill_object
    row = [slots[str(position)] for position in range(len(slots))]

    def fill_array(value: Any, values: list[Any]) -> Any:
        parts = value.split(",") if type(value) is str else value
        if type(parts) is not list or len(parts) not in (0, len(row)):
            return value
        found = [(index, read(part)) for (index, read), part in zip(row, parts, strict=False)]
        for index, part in found:
            values[index] = part
        return None

    return fill_array


# Reading.


def _fill(slots: Mapping[str, Slot], payload: dict[str, Any], values: list[Any]) -> dict[str, Any] | None:
    """Fill in the values of a payload; return what is left over, ``None`` for nothing."""
    left: dict[str, Any] | None = None
    for name, value in payload.items():
        slot = slots.get(name)
        if slot is not None:
            if value is None:
                continue
            index, read = slot
            try:
                if index < 0:
                    value = read(value, values)
                    if value is None:
                        continue
                else:
                    found = read(value)
                    if values[index] is None:
                        values[index] = found
                        continue
                    if found == values[index]:  # one fact under two names
                        continue
            except _MISFITS:
                pass
        if left is None:
            left = {}
        left[name] = value
    return left
