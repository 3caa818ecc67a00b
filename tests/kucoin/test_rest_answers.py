"""What answers to REST calls mean: for a read, and for a call that changes the account."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync import (
    AuthError,
    ClosedError,
    ConnectError,
    ConnectionLost,
    DeadlineExceeded,
    NotSent,
    OutcomeUnknown,
    RateLimit,
    Rejected,
    RequestError,
    RestError,
)
from kucoin_sync.engine.rest import NoAnswer
from kucoin_sync.kucoin import codes
from kucoin_sync.protocol.dialect import HttpAnswer, HttpCall
from tests.kucoin.rest_recorder import Recorder

OP = "GET /api/v1/accounts"


def answer(body: Any, status: int = 200, **headers: str) -> HttpAnswer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def read(*answers: Any) -> Any:
    return Recorder(*answers).rest.request("GET", "/api/v1/accounts")


def change(*answers: Any, method: str = "DELETE", path: str = "/api/v1/hf/orders/cancelAll") -> Any:
    return Recorder(*answers).rest.request(method, path)


# Reads.


def test_P04_numbers_with_a_fraction_keep_every_digit() -> None:
    raw = b'{"code":"200000","data":{"a":0.00052431772284080000000,"b":9007199254740993,"c":"1.10","d":1E-7,"e":-0.0}}'
    data = read(HttpAnswer(200, {}, raw))
    assert data == {
        "a": Decimal("0.0005243177228408"),
        "b": 9007199254740993,
        "c": "1.10",
        "d": Decimal("1E-7"),
        "e": 0,
    }
    assert str(data["a"]) == "0.00052431772284080000000"


def test_a_yes_without_data_is_none() -> None:
    assert read(answer({"code": "200000"})) is None
    assert read(answer({"code": 200000, "data": [], "success": True})) == []


@pytest.mark.parametrize("code", [code for code in codes.AUTH_CODES if code != codes.CLOCK_CODE])
@pytest.mark.parametrize("status", [200, 401])
def test_R01_refused_credentials_are_an_auth_error_of_a_read(code: str, status: int) -> None:
    with pytest.raises(AuthError) as caught:
        read(answer({"code": code, "msg": "no"}, status))
    error = caught.value
    assert (error.code, error.status, error.phase, error.retryable) == (code, status, "auth", False)
    assert str(error) == f"auth: {OP}: {code} no"


@pytest.mark.parametrize("status", [401, 403])
def test_R01_a_door_closed_by_something_else_is_an_auth_error_of_a_read(status: int) -> None:
    with pytest.raises(AuthError) as caught:
        read(answer(b"<html>no</html>", status))
    assert (caught.value.code, caught.value.status) == (None, status)


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        *((200, code, True) for code in ("429000", "500000", "503000", "504000", "1015")),
        *((200, code, False) for code in ("400100", "100001", "900001", "300000", "0", "")),
        *((status, "x", True) for status in (429, 500, 502, 503, 504)),
        *((status, "x", False) for status in (201, 302, 400, 404, 415)),
        (500, "200000", True),
    ],
)
def test_R02_another_code_is_a_rest_error_worth_trying_again_only_where_it_passes(
    status: int, code: str, retryable: bool
) -> None:
    with pytest.raises(RestError) as caught:
        read(answer({"code": code, "msg": "sorry"}, status))
    error = caught.value
    assert (error.code, error.msg, error.status, error.retryable, error.op) == (code, "sorry", status, retryable, OP)


@pytest.mark.parametrize(
    ("status", "code", "headers", "seconds"),
    [
        (429, "429000", {"gw_ratelimit_reset": "1500"}, 1.5),
        (200, "429000", {"gw_ratelimit_reset": "1500"}, 1.5),
        (503, "x", {"Retry_After": "7"}, 7.0),
        (429, "429000", {}, None),
        (200, "400100", {"gw_ratelimit_reset": "1500"}, None),
    ],
)
def test_T16_the_wait_a_rest_answer_asks_for_is_kept(
    status: int, code: str, headers: dict[str, str], seconds: float | None
) -> None:
    """Every answer tells of the pool; only a refusal by it asks to wait."""
    with pytest.raises(RestError) as caught:
        read(answer({"code": code, "msg": "sorry"}, status, **headers))
    assert caught.value.retry_after == seconds


UNREADABLE = [
    pytest.param(b"", id="empty"),
    pytest.param(b"<html>maintenance</html>", id="html"),
    pytest.param(b'{"code":"200000","data":[', id="cut-off"),
    pytest.param(b"\xff\xfe{\x00}\x00", id="other-charset"),
    pytest.param(b"null", id="null"),
    pytest.param(b"[]", id="list"),
    pytest.param(b"{}", id="no-code"),
    pytest.param(b'{"code":true}', id="code-bool"),
    pytest.param(b'{"code":"200000","data":NaN}', id="P04-nan"),
    pytest.param(b'{"code":"200000","data":1e999999999}', id="P04-giant"),
    pytest.param(b'{"code":"200000","data":1e99999999999999999999}', id="P04-beyond-decimals"),
    pytest.param(b"[" * 100_000, id="P03-deep"),
    pytest.param(b"x" * 1_000_000, id="long"),
]


@pytest.mark.parametrize("body", UNREADABLE)
@pytest.mark.parametrize(("status", "retryable"), [(200, True), (302, False), (404, False), (503, True)])
def test_R05_what_is_not_the_exchanges_json_is_a_rest_error_with_a_short_sample(
    body: bytes, status: int, retryable: bool
) -> None:
    with pytest.raises(RestError) as caught:
        read(answer(body, status))
    assert (caught.value.code, caught.value.status, caught.value.retryable) == (None, status, retryable)
    assert len(str(caught.value)) < 600
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("failure", "kind", "text"),
    [
        (NoAnswer("no answer in time", "timeout"), DeadlineExceeded, f"{OP}: no answer in time"),
        (NoAnswer("given up", "closed"), ClosedError, f"{OP}: the client was closed"),
        (NoAnswer("reset", "disconnected"), ConnectionLost, f"{OP}: reset"),
        (NoAnswer("no HTTP answer (BadStatusLine)", "unreadable_reply"), RestError, f"{OP}: no HTTP answer"),
        (ConnectError("refused", phase="tcp"), ConnectError, "tcp: refused"),
    ],
)
def test_a_read_without_an_answer_says_why(failure: Exception, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as caught:
        read(failure)
    assert text in str(caught.value)


def test_R16_a_read_is_sent_once_more_if_its_connection_broke_and_no_third_time() -> None:
    lost = NoAnswer("reset", "disconnected")
    assert read(lost, [1]) == [1]
    recorder = Recorder(lost, lost, [1])
    with pytest.raises(ConnectionLost):
        recorder.rest.accounts()
    assert len(recorder.calls) == 2


@pytest.mark.parametrize("failure", [NoAnswer("late", "timeout"), NoAnswer("x", "unreadable_reply")])
def test_R16_nothing_else_is_repeated(failure: NoAnswer) -> None:
    recorder = Recorder(failure, [])
    with pytest.raises((DeadlineExceeded, RestError)):
        recorder.rest.accounts()
    assert len(recorder.calls) == 1


# Calls that change the account.


def test_a_yes_returns_its_data() -> None:
    assert change(answer({"code": "200000", "data": {"succeedSymbols": []}})) == {"succeedSymbols": []}


REFUSED: list[Any] = [
    pytest.param("DELETE", "/api/v1/hf/orders/cancelAll", 200, "400100", id="parameter"),
    pytest.param("DELETE", "/api/v1/hf/orders/cancelAll", 401, "400003", id="credentials"),
    pytest.param("DELETE", "/api/v1/hf/orders/cancelAll", 200, "200002", id="cancel-suspended"),
    pytest.param("DELETE", "/api/v1/nothing", 404, "404000", id="no-such-path"),
    pytest.param("POST", "/api/v1/hf/orders", 200, "200004", id="balance"),
    pytest.param("POST", "/api/v1/hf/orders", 415, "415000", id="content-type"),
    pytest.param("DELETE", "/api/v1/orders/1", 400, "400005", id="futures-signature"),
    pytest.param("POST", "/api/v3/hf/margin/order", 200, "126013", id="margin-balance"),
    pytest.param("POST", "/api/ua/v1/unified/order/place", 200, "106150", id="unified-balance"),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), REFUSED)
def test_O01_a_definite_refusal_of_a_rest_call_is_rejected(method: str, path: str, status: int, code: str) -> None:
    with pytest.raises(Rejected) as caught:
        change(answer({"code": code, "msg": "no"}, status), method=method, path=path)
    error = caught.value
    assert (error.op, error.code, error.msg, error.sent) == (f"{method} {path}", code, "no", "complete")
    assert f"{method} {path}: refused by the exchange ({code} no); it had no effect" in str(error)


@pytest.mark.parametrize("code", ["300003", "100004"])
def test_O01_a_definite_refusal_on_the_futures_host_is_rejected(code: str) -> None:
    """Also where the order to cancel is done already: there is no ack to say so with."""
    recorder = Recorder(answer({"code": code, "msg": "no"}))
    method, path = ("POST", "/api/v1/orders") if code == "300003" else ("DELETE", "/api/v1/orders/1")
    with pytest.raises(Rejected) as caught:
        recorder.rest.request(method, path, host="futures")
    assert caught.value.code == code


def test_O01_a_refusal_by_rate_of_a_rest_call_says_when_the_pool_refills() -> None:
    headers = {"gw_ratelimit_limit": "4000", "gw_ratelimit_remaining": "0", "gw_ratelimit_reset": "2500"}
    with pytest.raises(Rejected) as caught:
        change(answer({"code": "429000", "msg": "slowly"}, 429, **headers))
    assert (caught.value.rate_limit, caught.value.retry_after) == (RateLimit(4000, 0, 2.5), 2.5)


UNKNOWN: list[Any] = [
    pytest.param({"code": "123456", "msg": "?"}, 200, "server_error", "123456", id="unlisted"),
    pytest.param({"code": "408000", "msg": "timeout"}, 200, "server_error", "408000", id="timeout"),
    pytest.param({"code": "500000", "msg": "oops"}, 200, "server_error", "500000", id="internal"),
    pytest.param({"code": "230005", "msg": "busy"}, 200, "server_error", "230005", id="busy"),
    pytest.param({"code": "400100", "msg": "no"}, 500, "server_error", None, id="refusal-of-a-failing-server"),
    pytest.param({"code": "200000"}, 502, "server_error", None, id="yes-of-a-failing-server"),
    pytest.param(b"<html>", 503, "server_error", None, id="html-503"),
    pytest.param({"code": "200000"}, 201, "unreadable_reply", None, id="yes-with-another-status"),
    pytest.param(b"<html>", 200, "unreadable_reply", None, id="html"),
    pytest.param(b"", 302, "unreadable_reply", None, id="R08-redirect"),
    pytest.param(b"{}", 401, "unreadable_reply", None, id="no-code"),
]


@pytest.mark.parametrize(("body", "status", "reason", "code"), UNKNOWN)
def test_O02_an_answer_that_settles_nothing_leaves_a_change_unknown(
    body: Any, status: int, reason: str, code: str | None
) -> None:
    recorder = Recorder(answer(body, status))
    with pytest.raises(OutcomeUnknown) as caught:
        recorder.rest.request("DELETE", "/api/v1/hf/orders", params={"symbol": "BTC-USDT"})
    error = caught.value
    assert (error.reason, error.code, error.sent, error.safe_to_retry) == (reason, code, "complete", False)
    assert (error.op, error.symbol, error.ws_key) == ("DELETE /api/v1/hf/orders", "BTC-USDT", "spot_rest")
    assert dict(error.request) == {"symbol": "BTC-USDT"}
    assert len(recorder.calls) == 1


def test_O02_a_refusal_that_may_concern_the_second_half_of_a_modification_is_unknown() -> None:
    """It cancels before it places."""
    with pytest.raises(OutcomeUnknown):
        change(answer({"code": "200004", "msg": "no"}), method="POST", path="/api/v1/hf/orders/alter")


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (NoAnswer("no answer in time", "timeout"), "timeout"),
        (NoAnswer("reset", "disconnected"), "disconnected"),
        (NoAnswer("given up", "closed"), "closed"),
        (NoAnswer("no HTTP answer (BadStatusLine)", "unreadable_reply"), "unreadable_reply"),
    ],
)
def test_O02_a_change_without_an_answer_is_unknown_and_never_sent_again(failure: NoAnswer, reason: str) -> None:
    recorder = Recorder(failure, {"succeedSymbols": [], "failedSymbols": []})
    with pytest.raises(OutcomeUnknown) as caught:
        recorder.rest.cancel_all_spot_orders()
    assert (caught.value.reason, len(recorder.calls)) == (reason, 1)


def test_R13_a_change_refused_for_its_timestamp_is_rejected_and_the_next_one_is_right() -> None:
    """It had no effect; but it is not repeated all the same. Only the exchange's time is asked for."""
    answers = [
        answer({"code": "400002", "msg": "KC-API-TIMESTAMP invalid"}),
        answer({"code": "200000", "data": 2_000_000_000_000}),
        answer({"code": "200000", "data": "success"}),
    ]
    recorder = Recorder(*answers)
    with pytest.raises(Rejected) as caught:
        recorder.rest.cancel_all_spot_orders("BTC-USDT")
    assert caught.value.code == "400002"
    assert [call.url.split(".com")[1] for call in recorder.calls[1:]] == ["/api/v1/timestamp"]
    recorder.rest.cancel_all_spot_orders("BTC-USDT")
    assert 0 <= int(recorder.calls[2].headers["KC-API-TIMESTAMP"]) - 2_000_000_000_000 < 60_000


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ANSWERS = st.builds(
    HttpAnswer,
    st.sampled_from([200, 200, 200, 201, 302, 400, 401, 403, 404, 429, 500, 503]) | st.integers(100, 599),
    st.dictionaries(
        st.sampled_from(["Retry-After", "gw-ratelimit-limit", "GW-RateLimit-Remaining", "gw-ratelimit-reset"]),
        st.text(alphabet=st.characters(max_codepoint=255), max_size=6) | st.integers(0, 10**9).map(str),
    ),
    st.fixed_dictionaries(
        {"code": st.sampled_from(["200000", "400100", "429000", "400003", "500000", "x", 200000]) | ANY_JSON},
        optional={"msg": ANY_JSON, "data": ANY_JSON},
    ).map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=40),
)


@given(got=ANSWERS)
@settings(max_examples=300)
def test_R03_any_answer_to_a_read_is_data_or_one_of_two_errors(got: HttpAnswer) -> None:
    try:
        read(got)
    except (RestError, AuthError) as error:
        assert str(error).isprintable()


@given(got=ANSWERS, method=st.sampled_from(["POST", "DELETE", "PUT"]))
@settings(max_examples=300)
def test_O02_any_answer_to_a_change_is_data_or_one_of_two_outcomes(got: HttpAnswer, method: str) -> None:
    """A yes needs the code and the status; nothing else passes as one."""
    try:
        change(got, method=method)
    except (Rejected, OutcomeUnknown) as error:
        assert str(error).isprintable()
    else:
        assert got.status == 200
        assert str(json.loads(got.body)["code"]) == "200000"


# One wish, several calls.


def by_path(table: dict[str, Any]) -> Any:
    """Answer by the longest beginning of method and path; what is not in the table is a failing test."""

    def respond(call: HttpCall) -> Any:
        asked = f"{call.method} {call.url.split('.com')[1]}"
        return table[max((begin for begin in table if asked.startswith(begin)), key=len)]

    return respond


ALL_WELL: dict[str, Any] = {
    "DELETE /api/v1/hf/orders/cancelAll": {"succeedSymbols": ["A-B"], "failedSymbols": []},
    "DELETE /api/v1/hf/orders?": "success",
    "GET /api/v3/hf/margin/order/active/symbols?tradeType=MARGIN_TRADE": {"symbolSize": 2, "symbols": ["A-B", "C-D"]},
    "GET /api/v3/hf/margin/order/active/symbols?tradeType=MARGIN_ISOLATED": {"symbolSize": 0, "symbols": []},
    "DELETE /api/v3/hf/margin/orders?": "success",
    "GET /api/v1/orders?": {"totalPage": 1, "items": [{"id": "1", "symbol": "X"}, {"id": "2", "symbol": "Y"}]},
    "DELETE /api/v3/orders?symbol=X": {"cancelledOrderIds": ["1"]},
    "DELETE /api/v3/orders?symbol=Y": {"cancelledOrderIds": ["2"]},
}


@pytest.mark.parametrize(
    ("arguments", "result", "deletes"),
    [
        pytest.param(
            {}, {"spot": {"succeedSymbols": ["A-B"], "failedSymbols": []}}, ["/api/v1/hf/orders/cancelAll"], id="spot"
        ),
        pytest.param(
            {"symbol": "BTC-USDT"}, {"spot": "success"}, ["/api/v1/hf/orders?symbol=BTC-USDT"], id="spot-symbol"
        ),
        pytest.param(
            {"market": "margin"},
            {"margin": {"MARGIN_TRADE A-B": "success", "MARGIN_TRADE C-D": "success"}},
            [f"/api/v3/hf/margin/orders?symbol={symbol}&tradeType=MARGIN_TRADE" for symbol in ("A-B", "C-D")],
            id="margin",
        ),
        pytest.param(
            {"market": "margin", "symbol": "A-B"},
            {"margin": {"MARGIN_TRADE A-B": "success", "MARGIN_ISOLATED_TRADE A-B": "success"}},
            [
                f"/api/v3/hf/margin/orders?symbol=A-B&tradeType={kind}"
                for kind in ("MARGIN_TRADE", "MARGIN_ISOLATED_TRADE")
            ],
            id="margin-symbol",
        ),
        pytest.param(
            {"market": "futures"},
            {"futures": {"cancelledOrderIds": ["1", "2"]}},
            ["/api/v3/orders?symbol=X", "/api/v3/orders?symbol=Y"],
            id="futures",
        ),
        pytest.param(
            {"market": "futures", "symbol": "X"},
            {"futures": {"cancelledOrderIds": ["1"]}},
            ["/api/v3/orders?symbol=X"],
            id="futures-symbol",
        ),
    ],
)
def test_the_panic_button_cancels_what_it_says(
    arguments: dict[str, Any], result: dict[str, Any], deletes: list[str]
) -> None:
    recorder = Recorder(answer=by_path(ALL_WELL))
    assert recorder.rest.cancel_all_orders(**arguments) == result
    assert [call.url.split(".com")[1] for call in recorder.calls if call.method == "DELETE"] == deletes


def test_the_panic_button_for_all_markets_makes_every_call_whatever_became_of_the_others() -> None:
    """A market that cannot be reached must not keep the others' orders alive."""
    table = {
        **ALL_WELL,
        "DELETE /api/v1/hf/orders/cancelAll": NoAnswer("reset", "disconnected"),
        "DELETE /api/v3/orders?symbol=X": answer({"code": "400100", "msg": "no"}),
    }
    recorder = Recorder(answer=by_path(table))
    with pytest.raises(OutcomeUnknown) as caught:
        recorder.rest.cancel_all_orders(market="all")
    error = caught.value
    assert (error.op, error.reason) == ("DELETE /api/v1/hf/orders/cancelAll", "disconnected")
    assert error.notes[0] == "margin: done"
    assert error.notes[1].startswith("futures: DELETE /api/v3/orders X: refused by the exchange (400100 no)")
    assert len([call for call in recorder.calls if call.method == "DELETE"]) == 5


@pytest.mark.parametrize(
    ("table", "kind", "op", "notes"),
    [
        pytest.param(
            {"GET /api/v1/orders?": answer({"code": "500000", "msg": "oops"})},
            NotSent,
            "DELETE /api/v3/orders",
            ("spot: done", "margin: done"),
            id="futures-list-fails",
        ),
        pytest.param(
            {"GET /api/v1/orders?": {"totalPage": 1, "items": [{"symbol": "../x"}]}},
            NotSent,
            "DELETE /api/v3/orders",
            ("spot: done", "margin: done"),
            id="futures-list-makes-no-sense",
        ),
        pytest.param(
            {"GET /api/v3/hf/margin/order/active/symbols?tradeType=MARGIN_ISOLATED": NoAnswer("late", "timeout")},
            NotSent,
            "DELETE /api/v3/hf/margin/orders",
            ("spot: done", "futures: done"),
            id="margin-list-fails",
        ),
        pytest.param(
            {"DELETE /api/v3/hf/margin/orders?symbol=C-D": answer(b"", 503)},
            OutcomeUnknown,
            "DELETE /api/v3/hf/margin/orders",
            ("MARGIN_TRADE A-B: done", "spot: done", "futures: done"),
            id="one-margin-symbol-unknown",
        ),
    ],
)
def test_the_panic_button_tells_the_worst_and_notes_the_rest(
    table: dict[str, Any], kind: type[RequestError], op: str, notes: tuple[str, ...]
) -> None:
    """What could not even be looked up was not cancelled, and that is what it says."""
    with pytest.raises(kind) as caught:
        Recorder(answer=by_path({**ALL_WELL, **table})).rest.cancel_all_orders(market="all")
    assert caught.value.op == op
    assert tuple(note for note in caught.value.notes if note in notes) == notes
