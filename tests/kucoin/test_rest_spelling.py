"""Path, query and body of REST calls: what is signed, what is sent, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.errors import ConfigError
from kucoin_sync.exchange_rest.spelling import spell_body, spell_id, spell_target
from kucoin_sync.kucoin.keys import WsKey

PATH = "/api/v1/hf/orders"


@pytest.mark.parametrize(
    ("params", "raw", "encoded"),
    [
        pytest.param(None, "", "", id="none"),
        pytest.param({}, "", "", id="empty"),
        pytest.param({"a": None}, "", "", id="only-None"),
        pytest.param({"symbol": "BTC-USDT", "b": None}, "symbol=BTC-USDT", "symbol=BTC-USDT", id="plain"),
        pytest.param({"b": "2", "a": "1", "B": "0"}, "B=0&a=1&b=2", "B=0&a=1&b=2", id="sorted"),
        pytest.param({"n": 5, "t": True, "f": False}, "f=false&n=5&t=true", "f=false&n=5&t=true", id="kinds"),
        pytest.param({"d": Decimal("1E-7")}, "d=0.0000001", "d=0.0000001", id="decimal"),
        pytest.param({"e": WsKey.SPOT_PUBLIC_V1}, "e=spotPublicV1", "e=spotPublicV1", id="enum"),
        pytest.param({"l": ["a", 2]}, "l=a,2", "l=a,2", id="list"),
        pytest.param({"s": "a:b/c@d,e"}, "s=a:b/c@d,e", "s=a:b/c@d,e", id="fits-as-it-is"),
        pytest.param({"s": "a b&c=d+e%"}, "s=a b&c=d+e%", "s=a%20b%26c%3Dd%2Be%25", id="needs-encoding"),
        pytest.param({"s": "ä€"}, "s=ä€", "s=%C3%A4%E2%82%AC", id="not-ascii"),
        pytest.param({"s": ""}, "s=", "s=", id="empty-text"),
    ],
)
def test_the_query_is_sorted_and_the_raw_text_is_what_is_signed(
    params: dict[str, Any] | None, raw: str, encoded: str
) -> None:
    target = spell_target(PATH, params)
    assert target.raw == (f"{PATH}?{raw}" if raw else PATH)
    assert target.encoded == (f"{PATH}?{encoded}" if encoded else PATH)
    assert target.path == PATH


TEXTS = st.text(max_size=12).filter(str.isprintable)


@given(params=st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True), TEXTS, max_size=4))
def test_X16_requests_sends_the_query_as_it_is_spelled(params: dict[str, str]) -> None:
    """It likes to normalise URLs, and a server may check either form against the signature."""
    target = spell_target(PATH, params)
    prepared = requests.Request("GET", f"https://api.example{target.encoded}").prepare()
    assert prepared.path_url == target.encoded
    assert dict(parse_qsl(urlsplit(target.encoded).query, keep_blank_values=True)) == params


@pytest.mark.parametrize(
    ("path", "params", "words"),
    [
        pytest.param("api/v1/x", None, "path: must be a text that starts with /api/", id="no-slash"),
        pytest.param("/v1/x", None, "path: must be a text that starts with /api/", id="other-root"),
        pytest.param(5, None, "path: must be a text that starts with /api/", id="number"),
        pytest.param("/api/v1/ä", None, "path: must be a text that starts with /api/", id="not-ascii"),
        pytest.param("/api/v1/x\r\n", None, "path: must be a text that starts with /api/", id="line-end"),
        pytest.param("/api/v1/x?a=1", None, "path: must be plain", id="query"),
        pytest.param("/api/v1/x#a", None, "path: must be plain", id="fragment"),
        pytest.param("/api/v1/%2e", None, "path: must be plain", id="encoded"),
        pytest.param("/api/v1/../../x", None, "path: must be plain", id="parent"),
        pytest.param("/api/v1/..", None, "path: must be plain", id="parent-at-the-end"),
        pytest.param("/api//x", None, "path: must be plain", id="double-slash"),
        pytest.param(PATH, "a=1", "params: must be a mapping, got str", id="text"),
        pytest.param(PATH, {5: "a"}, "params: 5 is no name of a parameter", id="name-number"),
        pytest.param(PATH, {"a&b": "a"}, "params: 'a&b' is no name of a parameter", id="name-odd"),
        pytest.param(PATH, {"a": 0.1}, "a: must be a text, a whole number", id="float"),
        pytest.param(PATH, {"a": {}}, "a: must be a text, a whole number", id="mapping"),
        pytest.param(PATH, {"a": "x\r\ny"}, "a: must be printable text", id="line-end-in-a-value"),
        pytest.param(PATH, {"a": "x" * 5000}, "a: must be printable text of at most 4000", id="long-value"),
        pytest.param(PATH, {"a": Decimal("NaN")}, "a: must be a finite number", id="nan"),
        pytest.param(PATH, {"a": Decimal("1E+999999")}, "a: must be a finite number", id="giant"),
    ],
)
def test_X12_what_is_no_plain_path_or_query_is_refused(path: Any, params: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        spell_target(path, params)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (None, ""),
        ({}, "{}"),
        ([], "[]"),
        ({"timeout": 5, "symbols": "A,B"}, '{"timeout":5,"symbols":"A,B"}'),
        ({"price": Decimal("1E-7"), "size": 0.1}, '{"price":"0.0000001","size":"0.1"}'),
        ({"a": [1, True, None, {"b": Decimal("2.50")}]}, '{"a":[1,true,null,{"b":"2.50"}]}'),
        ([{"a": "ä"}], '[{"a":"ä"}]'),
    ],
)
def test_a_body_is_compact_json_with_plain_digits(body: Any, text: str) -> None:
    assert spell_body(body) == text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param("{}", "body: must be a mapping or a list, got str", id="text"),
        pytest.param(b"{}", "body: must be a mapping or a list, got bytes", id="bytes"),
        pytest.param(5, "body: must be a mapping or a list, got int", id="number"),
        pytest.param({"a": object()}, "body: not JSON (", id="object"),
        pytest.param({"a": float("inf")}, "body: must be a finite number", id="infinity"),
        pytest.param({"a": "\ud800"}, "body: not JSON (", id="lone-surrogate"),
    ],
)
def test_a_body_that_is_no_json_is_refused(body: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        spell_body(body)
    assert str(caught.value).startswith(words)


def test_a_body_that_holds_itself_is_refused() -> None:
    body: dict[str, Any] = {}
    body["a"] = body
    with pytest.raises(ConfigError, match="body: not JSON"):
        spell_body(body)


@pytest.mark.parametrize("value", ["670fd33bf9406e0007ab3945", "BTC-USDT", ".KXBT", "a_b-C.9", "x" * 64])
def test_an_id_becomes_a_part_of_a_path(value: str) -> None:
    assert spell_id("order_id", value) == value


@pytest.mark.parametrize(
    "value", ["", ".", "..", "a/b", "../x", "a?b", "a#b", "a%2fb", "a b", "a\n", "ä", "x" * 65, None, 5, b"a"], ids=repr
)
def test_X12_an_id_that_could_be_more_than_that_is_refused(value: Any) -> None:
    """It would ask for something else, with the account's signature."""
    with pytest.raises(ConfigError, match="order_id: "):
        spell_id("order_id", value)
