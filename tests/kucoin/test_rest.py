"""Token and clock calls, and every way their answers can be wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.errors import AuthError, ConnectError, TokenError
from kucoin_sync.kucoin import codes, rest
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.protocol import json_text
from kucoin_sync.protocol.dialect import Endpoint, HttpAnswer, HttpCall
from tests.kucoin.samples import CREDENTIALS

SPOT = "https://api.kucoin.com"
SERVER = {
    "endpoint": "wss://ws.example/",
    "encrypt": True,
    "protocol": "websocket",
    "pingInterval": 18000,
    "pingTimeout": 10000,
}
DECODERS = [pytest.param(json_text.standard_loads, id="standard"), pytest.param(json_text.loads, id="installed")]


def answer(body: Any, status: int = 200, **headers: str) -> HttpAnswer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def token(*servers: Any, **changes: Any) -> dict[str, Any]:
    return {"code": "200000", "data": {"token": "t=/+k", "instanceServers": list(servers), **changes}}


def test_the_public_token_call_is_not_signed() -> None:
    assert rest.token_call(SPOT, None, timestamp_ms=1) == HttpCall("POST", f"{SPOT}/api/v1/bullet-public")


def test_the_private_token_call_is_signed_without_a_body() -> None:
    call = rest.token_call(SPOT, Signer(CREDENTIALS), timestamp_ms=1760000000000)
    assert (call.method, call.url, call.body) == ("POST", f"{SPOT}/api/v1/bullet-private", "")
    assert call.headers["KC-API-SIGN"] == "+U8IR1V4HaLjaIQmuDicFAclRhhg0zpIGQEGlUnmCTM="


def test_the_clock_call_needs_no_credentials() -> None:
    assert rest.time_call(SPOT) == HttpCall("GET", f"{SPOT}/api/v1/timestamp")


def test_a_token_becomes_endpoints_in_the_exchanges_order() -> None:
    """The token holds characters that mean something in a URL."""
    second = {"endpoint": "wss://two.example/endpoint?lang=en", "pingInterval": 50000}
    endpoints = rest.read_token(answer(token(SERVER, second)), connect_id="life 1")
    assert endpoints == [
        Endpoint("wss://ws.example/?token=t%3D%2F%2Bk&connectId=life%201", 18.0, 10.0),
        Endpoint("wss://two.example/endpoint?lang=en&token=t%3D%2F%2Bk&connectId=life%201", 50.0, None),
    ]


@pytest.mark.parametrize("code", list(codes.AUTH_CODES))
@pytest.mark.parametrize("status", [200, 400, 401, 403])
def test_R01_refused_credentials_are_an_auth_error_with_its_code(code: str, status: int) -> None:
    """Asking again with the same credentials cannot help, so nobody should."""
    with pytest.raises(AuthError) as caught:
        rest.read_token(answer({"code": code, "msg": "no"}, status), connect_id="x")
    error = caught.value
    assert (error.code, error.status, error.retryable, error.phase) == (code, status, False, "token")
    assert str(error) == f"token: {code} no"


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [b"", b"<html>Forbidden</html>", b'{"message":"no"}'], ids=["empty", "html", "json"])
def test_R01_a_closed_door_without_a_code_is_an_auth_error(status: int, body: bytes) -> None:
    with pytest.raises(AuthError) as caught:
        rest.read_token(answer(body, status), connect_id="x")
    assert (caught.value.status, caught.value.retryable) == (status, False)


@pytest.mark.parametrize(
    ("code", "retryable"),
    [
        *((code, True) for code in ("429000", "500000", "503000", "504000", "599999", "1015")),
        *((code, False) for code in ("400100", "400012", "900001", "200004", "300000", "0", "5", "50000", "5000000")),
    ],
)
def test_R02_another_code_is_a_token_error_worth_trying_again_only_where_it_passes(code: str, retryable: bool) -> None:
    with pytest.raises(TokenError) as caught:
        rest.read_token(answer({"code": code, "msg": "sorry"}), connect_id="x")
    assert (caught.value.code, caught.value.retryable, caught.value.status) == (code, retryable, 200)
    assert str(caught.value) == f"token: {code} sorry"


def test_R02_a_code_that_is_a_number_is_read_too() -> None:
    with pytest.raises(TokenError) as caught:
        rest.read_token(answer({"code": 429000, "msg": "slowly"}), connect_id="x")
    assert (caught.value.code, caught.value.retryable) == ("429000", True)


R03: list[Any] = [
    pytest.param({"code": "200000"}, id="no-data"),
    pytest.param({"code": "200000", "data": None}, id="data-null"),
    pytest.param({"code": "200000", "data": "x"}, id="data-text"),
    pytest.param({"code": "200000", "data": []}, id="data-list"),
    pytest.param(token(), id="no-servers"),
    pytest.param(token(instanceServers=None), id="servers-null"),
    pytest.param(token(instanceServers={"a": SERVER}), id="servers-object"),
    pytest.param(token(SERVER, token=""), id="token-empty"),
    pytest.param(token(SERVER, token=None), id="token-null"),
    pytest.param(token(SERVER, token=5), id="token-number"),
    pytest.param(token(None), id="server-null"),
    pytest.param(token("wss://x"), id="server-text"),
    pytest.param(token({}), id="server-empty"),
    pytest.param(token({"endpoint": ""}), id="endpoint-empty"),
    pytest.param(token({"endpoint": 5}), id="endpoint-number"),
    pytest.param(token({**SERVER, "pingInterval": "18000"}), id="ping-interval-text"),
    pytest.param(token({**SERVER, "pingInterval": True}), id="ping-interval-bool"),
    pytest.param(token({**SERVER, "pingTimeout": [1]}), id="ping-timeout-list"),
]


@pytest.mark.parametrize("body", R03)
def test_R03_an_unusable_answer_is_a_token_error_worth_trying_again(body: Any) -> None:
    with pytest.raises(TokenError) as caught:
        rest.read_token(answer(body), connect_id="x")
    assert caught.value.retryable
    assert caught.value.phase == "token"


@pytest.mark.parametrize(
    ("milliseconds", "seconds"), [(0, 0.0), (-5, -0.005), (10**9, 10**6), (18000.5, 18.0005), (None, None)]
)
def test_R03_odd_timings_are_passed_on_for_the_line_to_clamp(milliseconds: Any, seconds: Any) -> None:
    (endpoint,) = rest.read_token(answer(token({**SERVER, "pingInterval": milliseconds})), connect_id="x")
    assert endpoint.ping_interval == seconds


@pytest.mark.parametrize("loads", DECODERS)
@pytest.mark.parametrize("name", ["pingInterval", "pingTimeout"])
def test_R03_a_timing_beyond_every_float_is_a_token_error(loads: Callable[[str], Any], name: str) -> None:
    server = json.dumps({**SERVER, name: 0}).replace(f'"{name}": 0', f'"{name}": {"9" * 400}')
    body = json.dumps(token("server")).replace('"server"', server).encode()
    with patch.object(rest, "loads", loads), pytest.raises(TokenError):
        rest.read_token(answer(body), connect_id="x")


@pytest.mark.parametrize("loads", DECODERS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html><h1>It works!</h1></html>", id="html"),
        pytest.param(b'{"code":"200000","data":{"tok', id="cut-off"),
        pytest.param(b"\xff\xfe{\x00}\x00", id="other-charset"),
        pytest.param(b'\xef\xbb\xbf{"code":"200000"}', id="byte-order-mark"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"{}", id="no-code"),
        pytest.param(b'{"code":null}', id="code-null"),
        pytest.param(b'{"code":["200000"]}', id="code-list"),
        pytest.param(b"[" * 100_000, id="P03-nested-100000-deep"),
        pytest.param(b"x" * 1_000_000, id="long"),
    ],
)
def test_R05_what_is_not_the_exchanges_json_is_a_token_error_with_a_short_sample(
    loads: Callable[[str], Any], body: bytes
) -> None:
    with patch.object(rest, "loads", loads), pytest.raises(TokenError) as caught:
        rest.read_token(answer(body), connect_id="x")
    assert caught.value.retryable
    assert caught.value.status == 200
    assert len(str(caught.value)) < 600
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("loads", DECODERS)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"code":"400100","msg":@}', id="message"),
        pytest.param('{"code":"200000","data":@}', id="data"),
        pytest.param(
            '{"code":"200000","data":{"token":"x","instanceServers":[{"endpoint":"y","pingInterval":@}]}}', id="ms"
        ),
    ],
)
def test_P03_an_answer_too_deep_to_be_written_as_text_is_a_token_error(loads: Callable[[str], Any], text: str) -> None:
    """It once was an internal error of the opening."""
    deep = '{"a":' * 1000 + "1" + "}" * 1000
    with patch.object(rest, "loads", loads), pytest.raises(TokenError) as caught:
        rest.read_token(answer(text.replace("@", deep).encode()), connect_id="x")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 520])
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"code":"500000","msg":"later"}'], ids=["empty", "html", "json"])
def test_R07_a_failing_server_is_worth_trying_again(status: int, body: bytes) -> None:
    with pytest.raises(TokenError) as caught:
        rest.read_token(answer(body, status), connect_id="x")
    assert (caught.value.status, caught.value.retryable) == (status, True)


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 404, 415])
def test_R08_any_other_status_is_a_token_error_not_worth_trying_again(status: int) -> None:
    with pytest.raises(TokenError) as caught:
        rest.read_token(answer(b"moved", status, Location="https://elsewhere.example"), connect_id="x")
    assert (caught.value.status, caught.value.retryable) == (status, False)
    assert "elsewhere" not in str(caught.value)


@pytest.mark.parametrize(("status", "code"), [(429, "429000"), (400, "400100"), (500, "500000")])
def test_R02_the_code_is_kept_whatever_the_status(status: int, code: str) -> None:
    """The exchange sends its limits with status 429 and its code beside."""
    with pytest.raises(TokenError) as caught:
        rest.read_token(answer({"code": code, "msg": "sorry"}, status), connect_id="x")
    assert (caught.value.status, caught.value.code) == (status, code)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"Retry_After": "7"}, 7.0, id="seconds"),
        pytest.param({"retry_after": "7"}, 7.0, id="lower-case"),
        pytest.param({"gw_ratelimit_reset": "1500"}, 1.5, id="milliseconds-of-the-gateway"),
        pytest.param({"Retry_After": "7", "gw_ratelimit_reset": "1500"}, 7.0, id="both"),
        pytest.param({"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None, id="date"),
        pytest.param({"Retry_After": "-1"}, None, id="negative"),
        pytest.param({"Retry_After": ""}, None, id="empty"),
        pytest.param({"Retry_After": "²"}, None, id="superscript-digit"),
    ],
)
def test_T16_the_wait_that_the_server_asks_for_is_kept(headers: dict[str, str], seconds: float | None) -> None:
    with pytest.raises(TokenError) as caught:
        rest.read_token(answer(b"", 429, **headers), connect_id="x")
    assert caught.value.retry_after == seconds


def test_T16_a_wait_of_absurd_length_is_still_a_token_error() -> None:
    with pytest.raises(TokenError):
        rest.read_token(answer(b"", 503, Retry_After="9" * 5000), connect_id="x")


def test_a_v2_token_is_read_as_it_came() -> None:
    assert rest.read_token_v2(answer({"code": "200000", "data": {"token": "2neA=/+k"}})) == "2neA=/+k"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"code": "200000"}, id="no-data"),
        pytest.param({"code": "200000", "data": "2neA"}, id="data-text"),
        pytest.param({"code": "200000", "data": {}}, id="no-token"),
        pytest.param({"code": "200000", "data": {"token": ""}}, id="token-empty"),
        pytest.param({"code": "200000", "data": {"token": ["2neA"]}}, id="token-list"),
    ],
)
def test_R03_a_v2_answer_without_a_token_is_a_token_error(body: Any) -> None:
    with pytest.raises(TokenError) as caught:
        rest.read_token_v2(answer(body))
    assert caught.value.retryable
    assert "2neA" not in str(caught.value)


def test_R01_a_refused_v2_token_call_is_an_auth_error() -> None:
    with pytest.raises(AuthError):
        rest.read_token_v2(answer({"code": "400004", "msg": "no"}))


def test_the_clock_is_read() -> None:
    assert rest.read_time(answer({"code": "200000", "data": 1760000000123})) == 1760000000123


@pytest.mark.parametrize("data", [None, "1760000000123", 1.5, True, [], {}], ids=repr)
def test_R03_a_clock_that_is_no_whole_number_is_a_token_error(data: Any) -> None:
    with pytest.raises(TokenError, match="server time is no number"):
        rest.read_time(answer({"code": "200000", "data": data}))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(token(instanceServers=[]), id="no-servers"),
        pytest.param(token(instanceServers="x"), id="servers-of-a-wrong-type"),
        pytest.param(token({}), id="server-without-endpoint"),
        pytest.param(token({**SERVER, "pingInterval": "x"}), id="timing-of-a-wrong-type"),
    ],
)
def test_X01_the_token_is_in_no_error(body: Any) -> None:
    """It opens the account's private stream."""
    with pytest.raises(ConnectError) as caught:
        rest.read_token(answer(body), connect_id="x")
    assert "t=/+k" not in str(caught.value) + repr(caught.value) + repr(vars(caught.value))


@pytest.mark.parametrize(
    "shown",
    [
        repr(rest.token_call(SPOT, Signer(CREDENTIALS), timestamp_ms=1)),
        repr(rest.read_token(answer(token(SERVER)), connect_id="x")),
        repr(answer(token(SERVER))),
    ],
    ids=["call", "endpoints", "answer"],
)
def test_X02_no_repr_shows_a_signature_or_a_token(shown: str) -> None:
    assert "KC-API" not in shown and "t%3D" not in shown and "t=/+k" not in shown and "token=" not in shown


def test_P06_the_exchanges_words_are_escaped() -> None:
    with pytest.raises(TokenError) as caught:
        rest.read_token(answer({"code": "900001", "msg": "a\nb\u202e\x1b[31m"}), connect_id="x")
    assert str(caught.value) == "token: 900001 a\\nb\\u202e\\x1b[31m"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "data", "token", "instanceServers", "endpoint", "pingInterval", "msg"])
            | st.text(),
            children,
            max_size=5,
        )
    ),
    max_leaves=20,
)
_NEARLY = st.fixed_dictionaries(
    {"code": st.sampled_from(["200000", 200000, "429000", "400003", "x"]) | _JSON},
    optional={
        "msg": _JSON,
        "data": st.fixed_dictionaries(
            {},
            optional={
                "token": st.text(max_size=8) | _JSON,
                "instanceServers": st.lists(
                    st.fixed_dictionaries({"endpoint": st.text(max_size=8) | _JSON, "pingInterval": _JSON}), max_size=2
                )
                | _JSON,
            },
        )
        | _JSON,
    },
)


@pytest.mark.parametrize("loads", DECODERS)
@given(
    body=_NEARLY.map(lambda value: json.dumps(value).encode())
    | _JSON.map(lambda v: json.dumps(v).encode())
    | st.binary(),
    status=st.sampled_from([200, 200, 200, 201, 302, 400, 401, 403, 429, 500, 503]) | st.integers(100, 599),
    headers=st.dictionaries(
        st.sampled_from(["Retry-After", "retry-after", "GW-RateLimit-Reset"]),
        st.text(alphabet=st.characters(max_codepoint=255), max_size=6) | st.integers(0, 10**9).map(str),
    ),
)
@settings(max_examples=150)
def test_R03_any_answer_is_endpoints_or_one_of_two_errors(
    loads: Callable[[str], Any], body: bytes, status: int, headers: dict[str, str]
) -> None:
    """The opener knows what to do with these three and with nothing else."""
    got = HttpAnswer(status, headers, body)
    with patch.object(rest, "loads", loads):
        try:
            endpoints = rest.read_token(got, connect_id="x")
        except (TokenError, AuthError) as error:
            assert str(error).isprintable()
            assert error.phase == "token"
        else:
            assert endpoints and all(isinstance(endpoint, Endpoint) for endpoint in endpoints)
        try:
            assert type(rest.read_time(got)) is int
        except (TokenError, AuthError):
            pass


@pytest.mark.parametrize(
    "body",
    [
        b'{"code":"200000","data":{"token":"very-secret',
        b'{"code":"200000","data":{"token":"very-secret","instanceServers":[]}}',
        b'{"code":"200000","data":[{"token":"very-secret"}]}',
        b'{"token":"very-secret"}',
    ],
)
@pytest.mark.parametrize("status", [200, 400, 503])
def test_X01_no_error_shows_a_token(body: bytes, status: int) -> None:
    """A token opens a private line; an answer that was cut short still holds it."""
    with pytest.raises(ConnectError) as caught:
        rest.read_token(HttpAnswer(status, {}, body), connect_id="c")
    assert "very-secret" not in str(caught.value) + repr(caught.value.__dict__)
