"""
What an operation takes: its arguments by keyword and by wire name, checked before anything is sent.

Every error names the argument, as the caller spelled it, and the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import attrs

from kucoin_sync.errors import ConfigError
from kucoin_sync.orders.checks import Check, Choice
from kucoin_sync.protocol.decimals import decimal_text, is_price_text
from kucoin_sync.protocol.json_text import dumps

__all__ = ["ANYTHING", "ArgumentTable", "Field", "NoArguments", "OperationArguments", "OrderList", "Spell"]

Spell = Callable[[str], str]
"""Takes an argument's name on the wire and returns it as the caller wrote it."""


class ArgumentTable(Protocol):
    """What one operation takes."""

    def check(self, params: Any, keywords: Mapping[str, Any], extra: Mapping[str, Any] | None) -> Any:
        """
        Return the arguments as the exchange spells them.

        Args:
            params: Arguments named as in the exchange's documents, or ``None``.
            keywords: Names in snake_case. A value of ``None`` counts as not given.
            extra: Fields the library does not know, passed on as they are.

        Raises:
            ConfigError: Naming the argument and the rule it breaks.
        """

    def spellings(self, params: Any, keywords: Mapping[str, Any]) -> Sequence[Spell]:
        """Return, for each order among arguments that passed `check`, how the caller spelled its arguments."""


@attrs.frozen
class Field:
    """
    One argument: its keyword, its name on the wire, and its check.

    Attributes:
        takes: Says of a text whether its check surely takes it as it is; it may take others. Nearly every argument is
            told by this one call of C.
    """

    keyword: str
    wire: str
    check: Check
    required: bool = False
    takes: Callable[[str], object] = attrs.field()

    @takes.default
    def _takes(self) -> Callable[[str], object]:
        if isinstance(self.check, Choice):
            return self.check.words.__contains__
        return is_price_text if self.check is decimal_text else frozenset[str]().__contains__


_Known = Mapping[str, tuple[str, Callable[[str], object], Field]]
"""Arguments by the name that the caller gives them: the name on the wire, `Field.takes`, and the field itself."""


class OperationArguments:
    """
    Arguments of an operation on one order.

    Args:
        fields: Its arguments.
        rule: Checks what one argument means for another; takes the arguments as on the wire and a function that
            spells a wire name as the caller wrote it.
    """

    def __init__(self, *fields: Field, rule: Callable[[dict[str, Any], Spell], None]) -> None:
        self._by_keyword: _Known = {field.keyword: (field.wire, field.takes, field) for field in fields}
        self._by_wire: _Known = {field.wire: (field.wire, field.takes, field) for field in fields}
        self._keyword_of = {field.wire: field.keyword for field in fields}
        self._required = tuple(field.wire for field in fields if field.required)
        self._rule = rule
        # How to spell a name on the wire for a caller who wrote keywords, and for one who wrote names as on the wire.
        self._as_keyword: Spell = lambda wire: self._keyword_of.get(wire, wire)
        self._as_wire: Spell = lambda wire: wire

    @property
    def keywords(self) -> tuple[str, ...]:
        """Its arguments in snake_case."""
        return tuple(self._by_keyword)

    def check(
        self, params: Mapping[str, Any] | None, keywords: Mapping[str, Any], extra: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """See `ArgumentTable.check`."""
        if params is None:
            given, known, spell = keywords, self._by_keyword, self._as_keyword
        else:
            given, known, spell = _only(params, keywords), self._by_wire, self._as_wire
        args: dict[str, Any] = {}
        for name, value in given.items():
            try:
                wire, takes, field = known[name]
            except KeyError:
                if value is None and params is None:
                    continue  # it is not given
                names = ", ".join(known)
                text = f"{name}: no such argument (pass unknown fields in extra); known: {names}"
                raise ConfigError(text) from None
            if type(value) is str and takes(value):
                args[wire] = value
            elif value is not None or params is not None:
                args[wire] = field.check(name, value)
        for wire in self._required:
            if wire not in args:
                raise ConfigError(f"{spell(wire)}: is required")
        self._rule(args, spell)
        return args if extra is None else {**args, **self._check_extra(extra)}

    def spellings(self, params: Mapping[str, Any] | None, keywords: Mapping[str, Any]) -> Sequence[Spell]:
        """See `ArgumentTable.spellings`."""
        return [self._as_keyword if params is None else self._as_wire]

    def check_item(self, where: str, item: Any) -> dict[str, Any]:
        """
        Return the arguments of one order of a list as the exchange spells them.

        Args:
            where: Its place, such as ``orders[2]``, for errors.
            item: A mapping with the exchange's names or with keywords, whichever its writer likes better; fields
                that the library does not know in ``extra``.

        Raises:
            ConfigError: Naming place, argument and rule.
        """
        if not isinstance(item, Mapping):
            raise ConfigError(f"{where}: must be a mapping, got {type(item).__name__}")
        extra = item.get("extra")
        given = {name: value for name, value in item.items() if name != "extra"}
        params, keywords = (None, given) if self._has_keywords(item) else (given, {})
        try:
            return self.check(params, keywords, extra)
        except ConfigError as error:
            raise ConfigError(f"{where}.{error}") from None

    def item_spelling(self, where: str, item: Mapping[str, Any]) -> Spell:
        """Return how the writer of an item spelled its arguments."""
        spell = self._as_keyword if self._has_keywords(item) else self._as_wire
        return lambda wire: f"{where}.{spell(wire)}"

    def _has_keywords(self, item: Mapping[str, Any]) -> bool:
        """Whether an item's names are keywords: one of them has no other reading."""
        return any(name in self._by_keyword and name not in self._by_wire for name in item)

    def _check_extra(self, extra: Mapping[str, Any]) -> Mapping[str, Any]:
        check_fields(extra, "extra")
        for name in extra:
            if name in self._keyword_of:
                raise ConfigError(f"extra: {name} has an argument of its own, {self._keyword_of[name]}")
        return extra


def _only(params: Any, keywords: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``params``. Raises ConfigError if it is no mapping, or not the only thing that was given."""
    for name, value in keywords.items():
        if value is not None:
            raise ConfigError(f"{name}: give one mapping or keywords, not both")
    if not isinstance(params, Mapping):
        raise ConfigError(f"params: must be a mapping, got {type(params).__name__}")
    return params


class OrderList:
    """
    Arguments of an operation on several orders at once: a list.

    Args:
        item: What each order takes.
        most: How many there may be.
        once: Fields that name an order which must not be in the list twice.
    """

    def __init__(self, item: OperationArguments, *, most: int, once: tuple[str, ...] = ()) -> None:
        self._item = item
        self._most = most
        self._once = once

    @property
    def item(self) -> OperationArguments:
        """What each order takes."""
        return self._item

    def check(self, params: Any, keywords: Mapping[str, Any], extra: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """See `ArgumentTable.check`; ``keywords`` holds ``orders``, the list under the name its method gives it."""
        name, orders = self._given(params, keywords)
        if not isinstance(orders, Sequence) or isinstance(orders, (str, bytes, bytearray)):
            raise ConfigError(f"{name}: must be a list of orders, got {type(orders).__name__}")
        if not 1 <= len(orders) <= self._most:
            raise ConfigError(f"{name}: must hold 1 to {self._most} orders, got {len(orders)}")
        if extra is not None:
            raise ConfigError(f"extra: belongs into each order of {name}, under the name 'extra'")
        checked = [self._item.check_item(f"{name}[{index}]", order) for index, order in enumerate(orders)]
        for field in self._once:
            seen = [order[field] for order in checked if field in order]
            for index, value in enumerate(seen):
                if value in seen[:index]:
                    raise ConfigError(f"{name}: {field} {value} is in the list twice")
        return checked

    def spellings(self, params: Any, keywords: Mapping[str, Any]) -> Sequence[Spell]:
        """See `ArgumentTable.spellings`."""
        name, orders = self._given(params, keywords)
        return [self._item.item_spelling(f"{name}[{index}]", order) for index, order in enumerate(orders)]

    @staticmethod
    def _given(params: Any, keywords: Mapping[str, Any]) -> tuple[str, Any]:
        return ("orders", keywords["orders"]) if "orders" in keywords else ("params", params)


class NoArguments:
    """An operation that takes none, and no unknown fields either: they would not be sent."""

    def check(self, params: Any, keywords: Mapping[str, Any], extra: Mapping[str, Any] | None) -> dict[str, Any]:
        """See `ArgumentTable.check`."""
        for name, given in (("params", params), ("extra", extra)):
            if given is not None and (not isinstance(given, Mapping) or given):
                raise ConfigError(f"{name}: this operation takes no arguments")
        for name in keywords:
            raise ConfigError(f"{name}: no such argument")
        return {}

    def spellings(self, params: Any, keywords: Mapping[str, Any]) -> Sequence[Spell]:
        """See `ArgumentTable.spellings`."""
        return []


class _Anything:
    """Arguments of an operation the library does not know: whatever JSON can carry."""

    def check(self, params: Any, keywords: Mapping[str, Any], extra: Mapping[str, Any] | None) -> Any:
        """See `ArgumentTable.check`."""
        if params is None or isinstance(params, Mapping):
            args = {**(params or {}), **(extra or {})}
            check_fields(args, "params")
            return args
        if not isinstance(params, Sequence) or isinstance(params, (str, bytes, bytearray)):
            raise ConfigError(f"params: must be a mapping or a list of mappings, got {type(params).__name__}")
        if extra is not None:
            raise ConfigError("extra: does not go with a list")
        for index, item in enumerate(params):
            check_fields(item, f"params[{index}]")
        return [dict(item) for item in params]

    def spellings(self, params: Any, keywords: Mapping[str, Any]) -> Sequence[Spell]:
        """See `ArgumentTable.spellings`."""
        return []


ANYTHING = _Anything()


def check_fields(fields: Any, name: str) -> None:
    """Raise `ConfigError` unless ``fields`` maps texts to what JSON can carry."""
    if not isinstance(fields, Mapping) or not all(isinstance(key, str) for key in fields):
        raise ConfigError(f"{name}: must map field names to values")
    try:
        dumps(dict(fields))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name}: not JSON ({type(error).__name__})") from None
