"""
How arguments and results of controls travel as JSON.

Types come from the annotations of the methods: decimals are texts, bytes are ``{"base64": "..."}``, values with
fields are objects.
"""

from __future__ import annotations

import base64
import functools
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from decimal import Decimal
from typing import Any

from cattrs import Converter
from cattrs.errors import BaseValidationError

__all__ = ["arguments_from_wire", "arguments_to_wire", "result_from_wire", "to_wire"]

_WORDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    bytes: "bytes",
    Decimal: "a decimal",
    type(None): "null",
}


def arguments_to_wire(method: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the arguments of a call by name.

    Raises:
        TypeError: They do not fit the method, as for any call.
    """
    bound = inspect.signature(method).bind(None, *args, **kwargs)
    given = dict(bound.arguments)
    del given["self"]
    return {name: to_wire(value) for name, value in given.items()}


def arguments_from_wire(method: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the keyword arguments for a method.

    Raises:
        ValueError: One is missing, unknown or of a wrong type; the text names it.
    """
    parameters = dict(inspect.signature(method).parameters)
    del parameters["self"]
    for name in given:
        if name not in parameters:
            takes = ", ".join(parameters) or "nothing"
            raise ValueError(f"{method.__name__} takes {takes}, not {name}")
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in given:
            raise ValueError(f"{method.__name__} needs {name}")
    hints = _hints(method)
    values = {}
    for name, value in given.items():
        try:
            values[name] = _converter().structure(value, hints[name])
        except (BaseValidationError, ValueError, TypeError, ArithmeticError):
            raise ValueError(f"{name} of {method.__name__} must be {_spelled(hints[name])}") from None
    return values


def result_from_wire(method: Callable[..., Any], value: object) -> Any:
    """Return the result of a method from what `to_wire` made of it."""
    kind = _hints(method)["return"]
    if typing.get_origin(kind) is Future:
        (kind,) = typing.get_args(kind)
    return _converter().structure(value, kind)


def to_wire(value: object) -> Any:
    """Return a value in the types that JSON has."""
    return _converter().unstructure(value)


@functools.cache
def _hints(method: Callable[..., Any]) -> dict[str, Any]:
    return typing.get_type_hints(method)


def _spelled(kind: Any) -> str:
    members = [member for member in typing.get_args(kind) if _is_plain_union(kind)] or [kind]
    return " or ".join(_WORDS.get(member, "a JSON object") for member in members)


@functools.cache
def _converter() -> Converter:
    converter = Converter()
    converter.register_unstructure_hook(Decimal, str)
    converter.register_unstructure_hook(bytes, lambda data: {"base64": base64.b64encode(data).decode()})
    converter.register_structure_hook(Decimal, lambda value, _: _decimal(value))
    converter.register_structure_hook(type(None), lambda value, _: value)
    converter.register_structure_hook(bool, lambda value, _: _checked(value, bool))
    converter.register_structure_hook(int, lambda value, _: _checked(value, int))
    converter.register_structure_hook(str, lambda value, _: _text(value))
    converter.register_structure_hook(float, lambda value, _: float(_checked(value, int, float)))
    converter.register_structure_hook_func(lambda kind: kind in (Any, object), lambda value, _: value)
    converter.register_structure_hook_func(_is_plain_union, _plain)
    return converter


def _is_plain_union(kind: Any) -> bool:
    is_union = isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union
    return is_union and all(member in _WORDS for member in typing.get_args(kind))


def _plain(value: Any, kind: Any) -> Any:
    members = typing.get_args(kind)
    if value is None and type(None) in members:
        return None
    if bytes in members and isinstance(value, Mapping):
        return base64.b64decode(value["base64"], validate=True)
    if bool in members and isinstance(value, bool):
        return value
    number = _decimal(value) if Decimal in members else None
    if isinstance(value, str) and str in members:
        return value
    if float in members:
        return float(_checked(value, int, float))
    if int in members:
        return _checked(value, int)
    return _text(value) if str in members else number


def _checked(value: Any, *kinds: type) -> Any:
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise ValueError(value)
    return value


def _text(value: Any) -> str:
    """Take a number for a text as well: 429000 is a fine code."""
    if isinstance(value, bool):
        raise ValueError(value)
    return str(_checked(value, str, int, float, Decimal))


def _decimal(value: Any) -> Decimal:
    number = Decimal(_text(value))
    if not number.is_finite():
        raise ValueError(value)
    return number
