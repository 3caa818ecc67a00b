"""How the simulated service writes JSON, and how deep it reads."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.simulator.json_text import MAX_DEPTH, compact, is_too_deep, read_object


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


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")], ids=["arrays", "objects"])
@pytest.mark.parametrize("depth, is_read", [(MAX_DEPTH, True), (MAX_DEPTH + 1, False), (900, False), (100_000, False)])
def test_what_is_nested_too_deeply_is_no_object(opening: str, closing: str, depth: int, is_read: bool) -> None:
    """The outermost object counts; text that ends in the middle is never read."""
    inner = '"x"' if depth == 1 else opening * (depth - 1) + '"x"' + closing * (depth - 1)
    assert (read_object('{"a":' + inner + "}") is not None) is is_read
    assert read_object('{"a":' + opening * depth) is None


def test_brackets_inside_of_texts_are_no_levels() -> None:
    assert read_object(compact({"a": "[" * 1000, "b": [[], []] * 100})) is not None


def nested(depth: int) -> str:
    return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


@pytest.mark.parametrize(
    ("text", "is_deep"),
    [
        (nested(MAX_DEPTH), False),
        (nested(MAX_DEPTH + 1), True),
        ("[" * 100_000, True),
        ("[" + "[],{}," * 100 + "0]", False),
        ('["' + "[{" * 100 + '"]', False),
        ('["\\"' + "[{" * 100 + '"]', False),
        ('"\\\\"' + "[" * 65, True),
        ('"' + "[" * 200, False),
    ],
    ids=["just", "one-more", "open", "wide", "in-text", "in-text-behind-a-quote", "behind-a-text", "in-an-open-text"],
)
def test_nesting_is_bounded_where_it_is_nesting(text: str, is_deep: bool) -> None:
    assert is_too_deep(text) is is_deep
    if is_deep:
        assert read_object(text) is None


@given(st.recursive(st.text('[]{}"\\a'), lambda inner: st.lists(inner) | st.dictionaries(st.text('[{"\\'), inner)))
def test_depth_is_told_like_the_values_is(value: object) -> None:
    """Around the bound, whatever stands in the texts."""
    for levels in range(MAX_DEPTH - 4, MAX_DEPTH + 1):
        text = "[" * levels + compact(value) + "]" * levels
        assert is_too_deep(text) is (levels + depth_of(value) > MAX_DEPTH)


def depth_of(value: object) -> int:
    if isinstance(value, (list, dict)):
        inner = value if isinstance(value, list) else value.values()
        return 1 + max(map(depth_of, inner), default=0)
    return 0
