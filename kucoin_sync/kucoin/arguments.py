"""
Arguments of order methods: what each operation takes, checked before anything is sent.

The tables say how a keyword is spelled on the wire and what it may be; the functions below them hold the rules between
arguments. Every error names the argument and the rule.

Source: KuCoin docs, WebSocket API (order entry), Add Order, Modify Order, Cancel Order (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.numbers import decimal_text
from kucoin_sync.protocol.json_text import dumps

__all__ = ["SPOT_CANCEL", "SPOT_MODIFY", "SPOT_ORDER", "OperationArguments"]

MAX_CLIENT_OID = 40
MAX_REMARK = 20
_CLIENT_OID_EXTRA = "-_"

Check = Callable[[str, Any], Any]


def _choice(*allowed: str) -> Check:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ConfigError(f"{name}: must be one of {', '.join(allowed)}, got {value!r}")
        return allowed[allowed.index(value)]

    return check


def _symbol(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value or not value.isascii() or not value.replace("-", "").isalnum():
        raise ConfigError(f"{name}: must be a symbol such as 'BTC-USDT', got {value!r}")
    return value


def _client_oid(name: str, value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_CLIENT_OID:
        raise ConfigError(f"{name}: must be a text of 1 to {MAX_CLIENT_OID} characters, got {value!r}")
    if not value.isascii() or not all(c.isalnum() or c in _CLIENT_OID_EXTRA for c in value):
        raise ConfigError(f"{name}: only letters, digits, - and _ are allowed, got {value!r}")
    return value


def _order_id(name: str, value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 64 or not value.isascii() or not value.isalnum():
        raise ConfigError(f"{name}: must be an order id as the exchange gave it, got {value!r}")
    return value


def _short_text(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_REMARK or not value.isascii() or not value.isprintable():
        raise ConfigError(f"{name}: must be at most {MAX_REMARK} printable ASCII characters, got {value!r}")
    return value


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{name}: must be True or False, got {value!r}")
    return value


def _whole(least: int) -> Check:
    def check(name: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**63:
            raise ConfigError(f"{name}: must be a whole number of at least {least}, got {value!r}")
        return value

    return check


@attrs.frozen
class _Field:
    """One argument: its keyword, its name on the wire, and its check."""

    keyword: str
    wire: str
    check: Check
    required: bool = False


class OperationArguments:
    """
    What one operation takes.

    Args:
        fields: Its arguments.
        rule: Checks what one argument means for another; takes the arguments as on the wire and a function that
            spells a wire name as the caller wrote it.
    """

    def __init__(self, *fields: _Field, rule: Callable[[dict[str, Any], Callable[[str], str]], None]) -> None:
        self._by_keyword = {field.keyword: field for field in fields}
        self._by_wire = {field.wire: field for field in fields}
        self._rule = rule

    def check(
        self, mapping: Mapping[str, Any] | None, keywords: Mapping[str, Any], extra: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """
        Return the arguments as the exchange spells them.

        Args:
            mapping: Names as in the exchange's documents, or ``None``.
            keywords: Names in snake_case. A value of ``None`` counts as not given.
            extra: Fields the library does not know, passed on as they are.

        Raises:
            ConfigError: Naming the argument and the rule it breaks.
        """
        keywords = {name: value for name, value in keywords.items() if value is not None}
        if mapping is not None and keywords:
            raise ConfigError(f"{next(iter(keywords))}: give one mapping or keywords, not both")
        if mapping is not None and not isinstance(mapping, Mapping):
            raise ConfigError(f"params: must be a mapping, got {type(mapping).__name__}")
        known = self._by_keyword if mapping is None else self._by_wire
        args: dict[str, Any] = {}
        for name, value in (keywords if mapping is None else mapping).items():
            field = known.get(name)
            if field is None:
                raise ConfigError(f"{name}: no such argument (pass unknown fields in extra); known: {', '.join(known)}")
            args[field.wire] = field.check(name, value)

        def spell(wire: str) -> str:
            return wire if mapping is not None else self._by_wire[wire].keyword

        for field in self._by_wire.values():
            if field.required and field.wire not in args:
                raise ConfigError(f"{spell(field.wire)}: is required")
        self._rule(args, spell)
        return {**args, **self._check_extra(extra)}

    def _check_extra(self, extra: Mapping[str, Any] | None) -> Mapping[str, Any]:
        if extra is None:
            return {}
        if not isinstance(extra, Mapping) or not all(isinstance(name, str) for name in extra):
            raise ConfigError("extra: must map field names to values")
        for name in extra:
            if name in self._by_wire:
                raise ConfigError(f"extra: {name} has an argument of its own, {self._by_wire[name].keyword}")
        try:
            dumps(dict(extra))
        except (TypeError, ValueError) as error:
            raise ConfigError(f"extra: not JSON ({type(error).__name__})") from None
        return extra


def _order_rule(args: dict[str, Any], spell: Callable[[str], str]) -> None:
    if args["type"] == "limit":
        for name in ("price", "size"):
            if name not in args:
                raise ConfigError(f"{spell(name)}: is required for a limit order")
        if "funds" in args:
            raise ConfigError(f"{spell('funds')}: is for market orders only")
    else:
        if "price" in args:
            raise ConfigError(f"{spell('price')}: is for limit orders only")
        if ("size" in args) == ("funds" in args):
            raise ConfigError(f"{spell('size')}: a market order takes either size or funds")
        if args.get("postOnly"):
            raise ConfigError(f"{spell('postOnly')}: is for limit orders only")
    if args.get("postOnly") and args.get("timeInForce") in ("IOC", "FOK"):
        raise ConfigError(f"{spell('postOnly')}: does not go with {args['timeInForce']}")
    if "cancelAfter" in args and args.get("timeInForce") != "GTT":
        raise ConfigError(f"{spell('cancelAfter')}: goes with {spell('timeInForce')} GTT only")
    if args.get("iceberg") and "visibleSize" not in args:
        raise ConfigError(f"{spell('visibleSize')}: is required for an iceberg order")
    if ("clientTimestamp" in args) != ("allowMaxTimeWindow" in args):
        raise ConfigError(f"{spell('clientTimestamp')}: goes together with {spell('allowMaxTimeWindow')}")


def _one_order(args: dict[str, Any], spell: Callable[[str], str]) -> None:
    if ("orderId" in args) == ("clientOid" in args):
        raise ConfigError(f"{spell('orderId')}: give either {spell('orderId')} or {spell('clientOid')}")


def _modify_rule(args: dict[str, Any], spell: Callable[[str], str]) -> None:
    _one_order(args, spell)
    if "newPrice" not in args and "newSize" not in args:
        raise ConfigError(f"{spell('newPrice')}: give {spell('newPrice')}, {spell('newSize')} or both")


_SYMBOL = _Field("symbol", "symbol", _symbol, required=True)
_CLIENT_OID = _Field("client_oid", "clientOid", _client_oid)
_ORDER_ID = _Field("order_id", "orderId", _order_id)

SPOT_ORDER = OperationArguments(
    _SYMBOL,
    _Field("side", "side", _choice("buy", "sell"), required=True),
    _Field("type", "type", _choice("limit", "market"), required=True),
    _CLIENT_OID,
    _Field("price", "price", decimal_text),
    _Field("size", "size", decimal_text),
    _Field("funds", "funds", decimal_text),
    _Field("time_in_force", "timeInForce", _choice("GTC", "GTT", "IOC", "FOK")),
    _Field("cancel_after", "cancelAfter", _whole(-1)),
    _Field("post_only", "postOnly", _flag),
    _Field("hidden", "hidden", _flag),
    _Field("iceberg", "iceberg", _flag),
    _Field("visible_size", "visibleSize", decimal_text),
    _Field("stp", "stp", _choice("DC", "CO", "CN", "CB")),
    _Field("tags", "tags", _short_text),
    _Field("remark", "remark", _short_text),
    _Field("client_timestamp", "clientTimestamp", _whole(0)),
    _Field("allow_max_time_window", "allowMaxTimeWindow", _whole(1)),
    rule=_order_rule,
)
SPOT_CANCEL = OperationArguments(_SYMBOL, _ORDER_ID, _CLIENT_OID, rule=_one_order)
SPOT_MODIFY = OperationArguments(
    _SYMBOL,
    _ORDER_ID,
    _CLIENT_OID,
    _Field("new_price", "newPrice", decimal_text),
    _Field("new_size", "newSize", decimal_text),
    rule=_modify_rule,
)
