"""JSON in and out, the same with either decoder."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.protocol import json_text

LOADS = [
    pytest.param(json_text.standard_loads, id="standard"),
    pytest.param(json_text.loads, id="installed"),
]
DUMPS = [
    pytest.param(json_text.standard_dumps, id="standard"),
    pytest.param(json_text.dumps, id="installed"),
]

NOT_JSON = [
    pytest.param("", id="P01-empty"),
    pytest.param("  \n", id="P01-blanks"),
    pytest.param("not json", id="P01-words"),
    pytest.param('{"a":1', id="P01-cut-off"),
    pytest.param('{"a":1}}', id="P01-one-brace-too-many"),
    pytest.param("{'a':1}", id="P01-single-quotes"),
    pytest.param('{"a":1,}', id="P01-trailing-comma"),
    pytest.param('\ufeff{"a":1}', id="R05-byte-order-mark"),
    pytest.param("NaN", id="P04-nan"),
    pytest.param('{"price":NaN}', id="P04-nan-inside"),
    pytest.param("Infinity", id="P04-infinity"),
    pytest.param("[-Infinity]", id="P04-minus-infinity"),
    pytest.param("1e999", id="P04-number-beyond-every-float"),
    pytest.param('{"price":-1e999}', id="P04-number-beyond-every-float-inside"),
    pytest.param("9" * 5000, id="P04-5000-digits"),
    pytest.param("[" * 100_000, id="P03-nested-100000-deep"),
    pytest.param("[" * 100_000 + "]" * 100_000, id="P03-nested-100000-deep-and-closed"),
    pytest.param('{"a":' * 100_000 + "1" + "}" * 100_000, id="P03-objects-100000-deep"),
]


@pytest.mark.parametrize("loads", LOADS)
@pytest.mark.parametrize("text", NOT_JSON)
def test_P01_whatever_is_not_json_is_a_value_error(loads: Callable[[str], Any], text: str) -> None:
    """One kind of error, however deep or long the text is: the reader has to survive all of them."""
    with pytest.raises(ValueError):
        loads(text)


DECODERS = [*LOADS, pytest.param(json_text.exact_loads, id="exact")]


@pytest.mark.parametrize("loads", DECODERS)
@pytest.mark.parametrize("depth", [1, 63, 64])
def test_P03_sane_depths_are_read(loads: Callable[[str], Any], depth: int) -> None:
    value = loads("[" * depth + "]" * depth)
    for _ in range(depth - 1):
        (value,) = value
    assert value == []


@pytest.mark.parametrize("loads", DECODERS)
@pytest.mark.parametrize("depth", [65, 66, 128, 129, 500, 900, 990, 1100])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("[", "]"),
        ('{"a":', "}"),
        ('[{"a":', "}]"),
        ('["]",', "]"),
        ('["]",', ',"["]'),
        (r'["\"]",', r',"[\""]'),
        ('[[],{},"a",', ",[]]"),
    ],
    ids=["lists", "objects", "both", "brackets in strings", "balanced so", "and quoted", "with siblings"],
)
def test_P03_what_is_nested_too_deep_is_refused(
    loads: Callable[[str], Any], depth: int, opening: str, closing: str
) -> None:
    """No matter what else it holds: a value that can be decoded can still be too deep for those who walk through it."""
    times = -(-depth // (opening.count("[") + opening.count("{") if opening == '[{"a":' else 1))
    with pytest.raises(ValueError):
        loads(opening * times + "1" + closing * times)


@given(
    st.recursive(
        st.sampled_from(["]", "[", '"', "\\", "", "{"]),
        lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.sampled_from('[]{}"a'), inner, max_size=8),
        max_leaves=200,
    ),
    st.integers(0, 70),
    st.booleans(),
)
def test_P03_depth_is_counted_as_it_is(value: Any, more: int, escaped: bool) -> None:
    """By either of the two ways to count it."""
    for n in range(more):
        value = [value, []] if n % 2 else {"]": value, "b": [1]}

    def depth_of(each: Any) -> int:
        inner = each.values() if isinstance(each, dict) else each if isinstance(each, list) else None
        return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)

    text = json.dumps([*([""] * escaped), value, *[[]] * 65], separators=(",", ":") if more % 3 else None)
    deep = 1 + max(1, depth_of(value)) > json_text.MAX_DEPTH
    for loads in (json_text.standard_loads, json_text.loads, json_text.exact_loads):
        if deep:
            with pytest.raises(ValueError):
                loads(text)
        else:
            assert loads(text) == json.loads(text)


def test_P03_an_order_book_of_a_thousand_levels_is_not_deep() -> None:
    """Many brackets are no sign of depth."""
    book = {"data": {"asks": [[str(n), "1"] for n in range(1000)], "note": 'with "quotes" and [brackets'}}
    assert json_text.loads(json.dumps(book)) == book
    assert json_text.loads(json.dumps(book, separators=(",", ":"))) == book


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "-0",
        "1e5",
        "1E-5",
        "0.1",
        "123456789012345678",
        "18446744073709551615",
        "-9223372036854775808",
        '"\\u00e9\\n\\ud83d\\ude00"',
        '{"a":1,"a":2}',
        '  [1, 2.5, "x", true, null]  ',
        '{"price":"0.00052431772284080000000"}',
    ],
)
def test_both_decoders_read_the_same(text: str) -> None:
    """A user who installs the faster one must not get other data."""
    standard, installed = json_text.standard_loads(text), json_text.loads(text)
    assert standard == installed
    assert type(standard) is type(installed)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4),
    max_leaves=15,
)


@given(value=_VALUES)
def test_what_is_spelled_is_read_back_by_both(value: Any) -> None:
    for dumps in (json_text.standard_dumps, json_text.dumps):
        text = dumps(value)
        assert json_text.standard_loads(text) == value
        assert json_text.loads(text) == value


@given(text=st.text(max_size=40) | st.text(alphabet='[]{}",:0123456789.eE+-tfn \\', max_size=40))
@settings(max_examples=300)
def test_any_text_is_read_or_a_value_error_with_both(text: str) -> None:
    for loads in (json_text.standard_loads, json_text.loads):
        try:
            loads(text)
        except ValueError:
            continue


@pytest.mark.parametrize("dumps", DUMPS)
def test_text_is_compact_and_keeps_its_characters(dumps: Callable[[Any], str]) -> None:
    """It is signed and counted as it is sent."""
    assert dumps({"a": [1, "é"], "b": None}) == '{"a":[1,"é"],"b":null}'


@pytest.mark.parametrize("dumps", DUMPS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")], ids=str)
def test_P04_what_json_cannot_say_is_refused_and_not_sent_as_null(dumps: Callable[[Any], str], value: float) -> None:
    with pytest.raises((TypeError, ValueError)):
        dumps({"size": value})


@pytest.mark.parametrize("dumps", DUMPS)
@pytest.mark.parametrize("value", [Decimal("1"), object(), {1, 2}, b"x"], ids=lambda value: type(value).__name__)
def test_values_json_has_no_form_for_are_refused(dumps: Callable[[Any], str], value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        dumps({"size": value})


@pytest.mark.parametrize("dumps", DUMPS)
def test_P06_what_utf8_cannot_carry_is_refused(dumps: Callable[[Any], str]) -> None:
    """Else the error would come after the request had been entered, from the encoding of its frame."""
    with pytest.raises((TypeError, ValueError)):
        dumps({"remark": "\ud800"})


@pytest.mark.parametrize("dumps", DUMPS)
def test_P03_a_value_nested_too_deep_is_refused_as_any_other(dumps: Callable[[Any], str]) -> None:
    value: Any = []
    for _ in range(100_000):
        value = [value]
    try:
        with pytest.raises((TypeError, ValueError)):
            dumps(value)
    finally:
        while value:  # a list this deep is taken apart level by level, not by recursion
            value = value.pop()


def test_the_installed_decoder_reads_what_the_standard_library_writes() -> None:
    frame = {"id": "1", "type": "message", "data": {"price": 0.1, "ts": 1760000000000000001}}
    assert json_text.loads(json.dumps(frame)) == frame
