"""
What the exchange says about its symbols: steps, limits and whether one can be traded, checked before an order leaves.

Pure: built from the exchange's symbol and contract objects. Limits that move with the market (the price bands) are not
here; the exchange checks those.

Source: KuCoin docs, Get All Symbols, Get All Contracts (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Any

import attrs

from kucoin_sync.errors import ConfigError, shorten
from kucoin_sync.protocol.decimals import MAX_DIGITS, exact

__all__ = ["CHECKED", "SymbolRule", "read_contracts", "read_symbols", "uses_contracts"]

_EXACT = Context(prec=120)
_OPEN = "Open"

Spell = Callable[[str], str]


@attrs.frozen
class Range:
    """What a number may be: a multiple of ``step`` from ``least`` to ``most``; ``None`` leaves that open."""

    step: Decimal | None = None
    least: Decimal | None = None
    most: Decimal | None = None

    def check(self, name: str, value: Decimal) -> None:
        """Raise `ConfigError` naming the rule, and the nearest numbers that keep it."""
        if self.least is not None and value < self.least:
            raise ConfigError(f"{name}: {value:f} is below the smallest allowed, {self.least:f}")
        if self.most is not None and value > self.most:
            raise ConfigError(f"{name}: {value:f} is above the largest allowed, {self.most:f}")
        step = self.step
        if step is None or not step > 0 or not _EXACT.remainder(value, step):
            return
        below = _EXACT.multiply(_EXACT.divide_int(value, step), step)
        nearest = [f"{number:f}" for number in (below, _EXACT.add(below, step)) if self._allows(number)]
        hint = f"; nearest {'are' if len(nearest) > 1 else 'is'} {' and '.join(nearest)}" if nearest else ""
        raise ConfigError(f"{name}: {value:f} is not a multiple of {step:f}{hint}")

    def _allows(self, number: Decimal) -> bool:
        return (self.least or 0) <= number <= (self.most or number) and number > 0


@attrs.frozen
class SymbolRule:
    """
    The rules of one symbol.

    Attributes:
        symbol: Its name.
        closed: Why no order can be placed or changed now; ``None`` if one can.
        ranges: By what a number counts: ``price``, ``base``, ``quote`` or ``contracts``.
        least_value: Smallest price times size of a limit order.
        inverse: Settled in the coin itself, so that sizes in base or quote currency do not exist.
    """

    symbol: str
    closed: str | None
    ranges: Mapping[str, Range]
    least_value: Decimal | None = None
    inverse: bool = False

    def check(self, op: str, args: Mapping[str, Any], spell: Spell = str) -> None:
        """
        Check one order against the rules.

        Args:
            op: Operation, one of `CHECKED`.
            args: Its arguments as the exchange spells them.
            spell: Returns an argument's name as the caller wrote it.

        Raises:
            ConfigError: Naming the argument, the rule and the nearest allowed values.
        """
        if self.closed is not None:
            raise ConfigError(f"{spell('symbol')}: {self.symbol} takes no orders now: {self.closed}")
        for wire, counted in _counted(op, args):
            value = exact(args.get(wire))
            if value is None:
                continue
            if self.inverse and counted in ("base", "quote"):
                raise ConfigError(f"{spell(wire)}: {self.symbol} is settled in coins; give its size in contracts")
            if counted in self.ranges:
                self.ranges[counted].check(spell(wire), value)
        price, size = exact(args.get("price")), exact(args.get("size"))
        if self.least_value is None or price is None or size is None or args.get("sizeUnit", "BASECCY") != "BASECCY":
            return
        value = _EXACT.multiply(price, size)
        if value < self.least_value:
            least = _EXACT.divide(self.least_value, price)
            step = self.ranges["base"].step if "base" in self.ranges else None
            if step:
                least = _EXACT.multiply(_round_up(_EXACT.divide(least, step)), step)
            raise ConfigError(
                f"{spell('size')}: {size:f} at {price:f} is worth {value:f}, below the smallest value of an order, "
                f"{self.least_value:f}; the smallest size is {least:f}"
            )


# Which number of an operation counts what.

_SPOT_ORDER = (("price", "price"), ("size", "base"), ("funds", "quote"))
_FUTURES_ORDER = (("price", "price"), ("size", "contracts"), ("qty", "base"), ("valueQty", "quote"))
_UNITS = {"BASECCY": "base", "QUOTECCY": "quote", "UNIT": "contracts"}

CHECKED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "spot.order": _SPOT_ORDER,
    "spot.sync_order": _SPOT_ORDER,
    "spot.modify": (("newPrice", "price"), ("newSize", "base")),
    "margin.order": _SPOT_ORDER,
    "futures.order": _FUTURES_ORDER,
    "futures.multi_order": _FUTURES_ORDER,
    "uta.order": (("price", "price"),),
    "uta.amend": (("newPrice", "price"),),
}
"""Operations that are checked, and for each the arguments whose meaning does not depend on another one."""

_SIZED_BY_UNIT = {"uta.order": "size", "uta.amend": "newSize"}


def _counted(op: str, args: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    yield from CHECKED[op]
    size, unit = _SIZED_BY_UNIT.get(op), _UNITS.get(args.get("sizeUnit", ""))
    if size is not None and unit is not None:
        yield size, unit


def uses_contracts(op: str, args: Mapping[str, Any]) -> bool:
    """Whether the symbol of an order is a futures contract."""
    if op.startswith("uta."):
        trade_type = args.get("tradeType")
        return trade_type == "FUTURES" if trade_type is not None else "-" not in args["symbol"]
    return op.startswith("futures.")


# The exchange's objects.


def read_symbols(rows: Iterable[Mapping[str, Any]]) -> dict[str, SymbolRule]:
    """
    Read the exchange's spot symbols; one without a name is passed over.

    Args:
        rows: ``{"symbol": "BTC-USDT", "baseIncrement": "0.00000001", "priceIncrement": "0.1", "baseMinSize": ...}``
    """
    return {
        row["symbol"]: SymbolRule(
            symbol=row["symbol"],
            closed="trading is not enabled" if row.get("enableTrading") is False else None,
            ranges={
                "price": Range(_positive(row, "priceIncrement")),
                "base": _range(row, "baseIncrement", "baseMinSize", "baseMaxSize"),
                "quote": _range(row, "quoteIncrement", "quoteMinSize", "quoteMaxSize"),
            },
            least_value=_positive(row, "minFunds"),
        )
        for row in rows
        if isinstance(row.get("symbol"), str)
    }


def read_contracts(rows: Iterable[Mapping[str, Any]]) -> dict[str, SymbolRule]:
    """
    Read the exchange's futures contracts; one without a name is passed over.

    Args:
        rows: ``{"symbol": "XBTUSDTM", "tickSize": 0.1, "lotSize": 1, "multiplier": 0.001, "maxOrderQty": 1000000,
            "maxPrice": 1000000.0, "status": "Open", ...}``; ``multiplier`` is -1 on inverse contracts.
    """
    return {
        row["symbol"]: SymbolRule(
            symbol=row["symbol"],
            closed=f"its status is {shorten(row['status'], 40)}" if row.get("status", _OPEN) != _OPEN else None,
            ranges={
                "price": Range(_positive(row, "tickSize"), most=_positive(row, "maxPrice")),
                "contracts": Range(_positive(row, "lotSize"), most=_positive(row, "maxOrderQty")),
                "base": Range(_positive(row, "multiplier")),
            },
            inverse=row.get("isInverse") is True or (exact(row.get("multiplier")) or Decimal(0)) < 0,
        )
        for row in rows
        if isinstance(row.get("symbol"), str)
    }


def _range(row: Mapping[str, Any], step: str, least: str, most: str) -> Range:
    return Range(_positive(row, step), _positive(row, least), _positive(row, most))


def _positive(row: Mapping[str, Any], name: str) -> Decimal | None:
    """Return a number above zero; ``None`` if it is none, or one that no price or size can be compared with."""
    value = exact(row.get(name))
    return value if value is not None and value > 0 and abs(value.adjusted()) < MAX_DIGITS else None


def _round_up(value: Decimal) -> Decimal:
    return -((-value).to_integral_value(ROUND_FLOOR, _EXACT))
