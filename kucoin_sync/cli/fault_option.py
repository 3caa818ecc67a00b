"""
The option ``--fault NAME[:VALUE][,KEY=VALUE...]``: the faults of the simulator as one word.

``drop_ack``, ``drop_ack:3``, ``drop_ack:3,op=spot.order``, ``close:1012``, ``edit_ack:{"data":{"orderId":null}}``.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import click

if TYPE_CHECKING:
    from kucoin_sync.simulator import Controls

__all__ = ["Fault", "FaultType", "order_faults", "table_of_faults"]

_NEXT = re.compile(r",(?=[a-z_0-9]+=)")


@attrs.frozen
class Fault:
    """A fault to be ordered."""

    name: str
    arguments: Mapping[str, Any]


class FaultType(click.ParamType):  # type: ignore[type-arg, unused-ignore] # generic since click 8.2
    """Reads one ``--fault``; values are JSON, or else texts."""

    name = "fault"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fault:
        """Return the fault that a word names."""
        if isinstance(value, Fault):
            return value
        name, colon, rest = str(value).partition(":")
        from kucoin_sync.simulator import Controls, faults_by_name

        method = faults_by_name().get(name)
        if method is None:
            self.fail(f"unknown fault {name!r}; 'kucoin-sync faults' lists them", param, ctx)
        arguments: dict[str, Any] = {}
        for number, part in enumerate(_NEXT.split(rest) if colon else ()):
            key, equals, text = part.partition("=")
            if not (equals and re.fullmatch("[a-z_0-9]+", key)):
                first = _parameters(name)[:1]
                if number or not first:
                    self.fail(f"{name}: {part!r} is no KEY=VALUE", param, ctx)
                key, text = first[0], part
            arguments[key] = _value(text)
        try:
            return Fault(name, Controls.checked_arguments(name, arguments))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def order_faults(simulator: Controls, faults: Iterable[Fault]) -> None:
    """
    Order faults at a simulator.

    Raises:
        ValueError: A value is out of range.
    """
    for fault in faults:
        getattr(simulator, fault.name)(**fault.arguments)


def table_of_faults() -> list[tuple[str, str]]:
    """Return each fault with its arguments, and what it does."""
    rows = []
    from kucoin_sync.simulator import faults_by_name

    for name, method in faults_by_name().items():
        spelled = [
            key if parameter.default is parameter.empty else f"{key}={json.dumps(parameter.default)}"
            for key, parameter in inspect.signature(method).parameters.items()
            if key not in ("self", "probability")
        ]
        line = (inspect.getdoc(method) or "").split("\n")[0].replace("``", "")
        rows.append((f"{name}:{','.join(spelled)}" if spelled else name, line))
    return rows


def _parameters(name: str) -> list[str]:
    from kucoin_sync.simulator import faults_by_name

    return [key for key in inspect.signature(faults_by_name()[name]).parameters if key != "self"]


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
