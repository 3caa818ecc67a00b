"""How the simulated service writes JSON."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kucoin_sync.simulator.json_text import compact, read_object


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1, "b": "x"}, '{"a":1,"b":"x"}'),
        ({"n": Decimal("0.00052431772284080000001")}, '{"n":0.00052431772284080000001}'),
        ([Decimal("1E+3"), Decimal("-2.50"), Decimal(0)], "[1000,-2.5,0]"),
        ({"s": "number-1", "n": Decimal(1)}, '{"s":"number-1","n":1}'),
        ({"id": "\ud800"}, '{"id":"\\ud800"}'),
    ],
)
def test_compact(value: object, text: str) -> None:
    assert compact(value) == text


def test_a_decimal_survives_writing_and_reading() -> None:
    value = {"volValue": Decimal("147972941.078575073000000000019"), "text": "0.10"}
    assert read_object(compact(value)) == value


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(TypeError, match="Peer has no place"):
        compact({"a": type("Peer", (), {})()})
