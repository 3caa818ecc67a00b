"""Prices and sizes as plain decimal text, and times in whatever unit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.numbers import to_milliseconds
from kucoin_sync.protocol.decimals import MAX_DIGITS, decimal_text


class Float64(float):
    """A float as numerical libraries make them: its repr is no number."""

    def __repr__(self) -> str:
        return f"np.float64({float(self)})"


GOOD: list[Any] = [
    pytest.param("0.001", "0.001", id="text"),
    pytest.param("50000", "50000", id="whole-text"),
    pytest.param("0.10", "0.10", id="text-is-kept-as-it-is"),
    pytest.param("9" * MAX_DIGITS, "9" * MAX_DIGITS, id="longest-text"),
    pytest.param(1, "1", id="int"),
    pytest.param(10**20, "1" + "0" * 20, id="large-int"),
    pytest.param(Decimal("0.10"), "0.10", id="Decimal"),
    pytest.param(Decimal("1E-8"), "0.00000001", id="Decimal-with-exponent"),
    pytest.param(Decimal("1E+3"), "1000", id="Decimal-with-positive-exponent"),
    pytest.param(0.1, "0.1", id="float"),
    pytest.param(1e-05, "0.00001", id="float-with-exponent"),
    pytest.param(1.5e16, "15000000000000000", id="large-float"),
    pytest.param(50000.0, "50000.0", id="whole-float"),
    pytest.param(Float64(0.25), "0.25", id="float-of-a-numerical-library"),
]


@pytest.mark.parametrize(("value", "text"), GOOD)
def test_X22_a_number_becomes_plain_digits(value: Any, text: str) -> None:
    """``1e-05`` on the wire would be refused, or read as something else."""
    assert decimal_text("size", value) == text


BAD: list[Any] = [
    pytest.param("", "plain decimal digits", id="empty"),
    pytest.param("0", "above zero", id="zero"),
    pytest.param("0.000", "above zero", id="zero-with-digits"),
    pytest.param("-1", "above zero", id="negative-text"),
    pytest.param("+1", "plain decimal digits", id="plus-sign"),
    pytest.param("1e-05", "plain decimal digits", id="exponent"),
    pytest.param("1E5", "plain decimal digits", id="capital-exponent"),
    pytest.param("nan", "plain decimal digits", id="nan-text"),
    pytest.param("inf", "plain decimal digits", id="inf-text"),
    pytest.param("1,5", "plain decimal digits", id="comma"),
    pytest.param(" 1", "plain decimal digits", id="blank"),
    pytest.param("1\n", "plain decimal digits", id="line-end"),
    pytest.param(".5", "plain decimal digits", id="no-whole-part"),
    pytest.param("5.", "plain decimal digits", id="no-fraction"),
    pytest.param("1.2.3", "plain decimal digits", id="two-points"),
    pytest.param("1_000", "plain decimal digits", id="underscore"),
    pytest.param("0x10", "plain decimal digits", id="hexadecimal"),
    pytest.param("１", "plain decimal digits", id="digit-of-another-script"),
    pytest.param("²", "plain decimal digits", id="superscript"),
    pytest.param("9" * (MAX_DIGITS + 1), "plain decimal digits", id="too-long-text"),
    pytest.param(0, "above zero", id="int-zero"),
    pytest.param(-1, "above zero", id="negative-int"),
    pytest.param(-0.0, "above zero", id="float-minus-zero"),
    pytest.param(-0.5, "above zero", id="negative-float"),
    pytest.param(Decimal("-0.1"), "above zero", id="negative-Decimal"),
    pytest.param(Decimal(0), "above zero", id="Decimal-zero"),
    pytest.param(float("nan"), "finite", id="nan"),
    pytest.param(float("inf"), "finite", id="inf"),
    pytest.param(float("-inf"), "finite", id="minus-inf"),
    pytest.param(Decimal("NaN"), "finite", id="Decimal-nan"),
    pytest.param(Decimal("sNaN"), "finite", id="Decimal-signalling-nan"),
    pytest.param(Decimal("Infinity"), "finite", id="Decimal-inf"),
    pytest.param(10**MAX_DIGITS, "characters", id="too-long-int"),
    pytest.param(1e300, "characters", id="too-long-float"),
    pytest.param(1e-300, "characters", id="too-small-float"),
    pytest.param(Decimal("1E-50"), "characters", id="too-small-Decimal"),
    pytest.param(True, "str, Decimal, int or float", id="bool"),
    pytest.param(None, "str, Decimal, int or float", id="None"),
    pytest.param(b"1", "str, Decimal, int or float", id="bytes"),
    pytest.param([1], "str, Decimal, int or float", id="list"),
    pytest.param(1 + 0j, "str, Decimal, int or float", id="complex"),
]


@pytest.mark.parametrize(("value", "rule"), BAD)
def test_X22_what_is_no_positive_number_is_refused_by_name_and_rule(value: Any, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule) as caught:
        decimal_text("new_size", value)
    assert str(caught.value).startswith("new_size: ")


@given(text=st.text(alphabet="0015.-+e \n²１", max_size=MAX_DIGITS + 2), signed=st.booleans())
@settings(max_examples=500)
def test_X22_a_text_is_taken_as_it_is_or_not_at_all(text: str, signed: bool) -> None:
    """It is taken if it is ASCII digits with at most one point between them, and above zero unless it may be signed."""
    digits = text.removeprefix("-") if signed else text
    parts = digits.split(".")
    plain = len(parts) <= 2 and all(part and set(part) <= set("0123456789") for part in parts)
    if plain and len(text) <= MAX_DIGITS and (signed or Decimal(text) > 0):
        assert decimal_text("size", text, signed=signed) == text
    else:
        with pytest.raises(ConfigError, match=r"^size: "):
            decimal_text("size", text, signed=signed)


@given(value=st.decimals(min_value=Decimal("1E-15"), max_value=Decimal("1E+15"), allow_nan=False, allow_infinity=False))
def test_a_decimal_arrives_unchanged(value: Decimal) -> None:
    try:
        text = decimal_text("size", value)
    except ConfigError as error:
        assert "characters" in str(error)
        assert len(f"{value:f}") > MAX_DIGITS
        return
    assert Decimal(text) == value
    assert "e" not in text.lower()


@given(value=st.floats(min_value=1e-15, max_value=1e15))
def test_a_float_arrives_as_the_number_a_user_sees(value: float) -> None:
    """``0.1 + 0.2`` is what the user computed; it goes out as it prints, no digit more."""
    text = decimal_text("size", value)
    assert Decimal(text) == Decimal(repr(value))
    assert float(text) == value


@given(value=st.text(max_size=12) | st.text(alphabet="0123456789.-+eE", max_size=12))
@settings(max_examples=300)
def test_any_text_is_sent_as_it_is_or_refused(value: str) -> None:
    try:
        text = decimal_text("size", value)
    except ConfigError:
        return
    assert text == value
    assert Decimal(text) > 0
    assert set(text) <= set("0123456789.")


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [
        pytest.param(1_760_000_000, 1_760_000_000_000, id="seconds"),
        pytest.param(99_999_999_999, 99_999_999_999_000, id="last-seconds"),
        pytest.param(100_000_000_000, 100_000_000_000, id="first-milliseconds"),
        pytest.param(1_760_000_000_123, 1_760_000_000_123, id="milliseconds"),
        pytest.param(1_760_000_000_123_456, 1_760_000_000_123, id="microseconds"),
        pytest.param(1_760_000_000_123_456_789, 1_760_000_000_123, id="nanoseconds"),
        pytest.param("1760000000123", 1_760_000_000_123, id="text"),
        pytest.param(0, None, id="zero"),
        pytest.param(-5, None, id="negative"),
        pytest.param("", None, id="empty"),
        pytest.param("soon", None, id="word"),
        pytest.param("²", None, id="superscript"),
        pytest.param("9" * 5000, None, id="5000-digits"),
        pytest.param(1.5e12, None, id="float"),
        pytest.param(True, None, id="bool"),
        pytest.param(None, None, id="None"),
        pytest.param({}, None, id="object"),
    ],
)
def test_a_times_unit_is_told_by_its_magnitude(value: Any, milliseconds: int | None) -> None:
    assert to_milliseconds(value) == milliseconds
