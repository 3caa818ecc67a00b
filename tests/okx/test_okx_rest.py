"""OKX's REST calls: what is sent and signed, and what answers mean."""

from __future__ import annotations

import calendar
import json
import time
from typing import Any

import pytest

from kucoin_sync.engine.rest import NoAnswer
from kucoin_sync.errors import (
    AuthError,
    ConfigError,
    ConnectError,
    ConnectionLost,
    DeadlineExceeded,
    NotSent,
    OutcomeUnknown,
    Rejected,
    RestError,
)
from kucoin_sync.okx.rest import RestClient
from kucoin_sync.protocol.dialect import HttpAnswer, HttpCall
from tests.okx.order_samples import MISSING, samples
from tests.okx.rest_recorder import Recorder, refused, sign

ORDER = {"instId": "BTC-USDT", "ordId": "31", "clOrdId": "a1", "state": "live", "cTime": "1775556000201"}
PLACE = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "1", "px": "2"}
PLACE_PATH = "/api/v5/trade/order"
MOMENT = 1_704_876_947_123


VECTORS = {
    "?ordId=680800019749904384&instId=BTC-USDT": "TsJC/WUnThk9BUp+CfXayte4UvMfqsVAvAQe53tWsfQ=",
    "?instId=BTC-USDT&clOrdId=b15": "ronOYVFWqIj7pLU+b+F+WZMYupN6bshDUB49oPqe0gY=",
}


@pytest.mark.parametrize("query", VECTORS)
def test_the_signature_that_these_tests_check_by_is_that_of_the_reference(query: str) -> None:
    assert sign("GET", PLACE_PATH + query, "", MOMENT)["OK-ACCESS-SIGN"] == VECTORS[query]


def test_X16_okx_a_call_is_signed_exactly_as_it_is_sent() -> None:
    """Query and body belong to what is signed, by the exchange's time."""
    recorder = Recorder([ORDER])
    wall = time.time() * 1000
    recorder.clock.observe(int(wall) + 3_600_000, sent_ms=wall, received_ms=wall, now=0.0)
    recorder.rest.order("BTC-USDT", cl_ord_id="a1")
    recorder.rest.request("POST", PLACE_PATH, body=PLACE)
    for call in recorder.calls:
        path = call.url.removeprefix("https://rest.example")
        stamp = call.headers["OK-ACCESS-TIMESTAMP"]
        moment = time.strftime("%Y-%m-%dT%H", time.gmtime(wall / 1000 + 3600))
        assert stamp.startswith(moment)
        assert [call.headers[name] for name in sign(call.method, path, call.body, 0)] == list(
            sign(call.method, path, call.body, _milliseconds(stamp)).values()
        )
    assert json.loads(recorder.calls[1].body) == PLACE
    assert recorder.calls[1].headers["Content-Type"] == "application/json"


def _milliseconds(stamp: str) -> int:
    return calendar.timegm(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")) * 1000 + int(stamp[20:23])


def test_public_calls_are_not_signed_and_private_ones_need_keys() -> None:
    recorder = Recorder([{"ts": "1597026383085"}], keys=False)
    assert recorder.rest.server_time_ms() == 1597026383085
    assert recorder.calls[0].headers == {}
    with pytest.raises(ConfigError, match="api_key"):
        recorder.rest.open_orders()
    with pytest.raises(ConfigError, match="api_key"):
        recorder.rest.request("GET", "/api/v5/market/ticker", signed=True)
    assert recorder.rest.request("GET", "/api/v5/market/ticker", params={"instId": "BTC-USDT"})
    assert len(recorder.calls) == 2


ROW: Any = [{"any": "row"}]
NAMED: dict[str, Any] = {
    "server_time_ms": (lambda r: r.server_time_ms(), [{"ts": "1"}], "GET /api/v5/public/time"),
    "system_status": (lambda r: r.system_status(), ROW, "GET /api/v5/system/status"),
    "instruments": (
        lambda r: r.instruments("OPTION", inst_family="BTC-USD"),
        ROW,
        "GET /api/v5/public/instruments?instFamily=BTC-USD&instType=OPTION",
    ),
    "account_instruments": (
        lambda r: r.account_instruments("SPOT"),
        ROW,
        "GET /api/v5/account/instruments?instType=SPOT",
    ),
    "spreads": (lambda r: r.spreads(), ROW, "GET /api/v5/sprd/spreads"),
    "account_config": (lambda r: r.account_config(), ROW, "GET /api/v5/account/config"),
    "balance": (lambda r: r.balance("BTC,USDT"), ROW, "GET /api/v5/account/balance?ccy=BTC,USDT"),
    "order": (lambda r: r.order("BTC-USDT", ord_id="31"), ROW, "GET /api/v5/trade/order?instId=BTC-USDT&ordId=31"),
    "open_orders": (
        lambda r: r.open_orders("BTC-USDT", after="9"),
        ROW,
        "GET /api/v5/trade/orders-pending?after=9&instId=BTC-USDT&limit=100",
    ),
    "done_orders": (
        lambda r: r.done_orders("SPOT", begin_ms=5),
        ROW,
        "GET /api/v5/trade/orders-history?begin=5&instType=SPOT&limit=100",
    ),
    "fills": (lambda r: r.fills(ord_id="31"), ROW, "GET /api/v5/trade/fills?ordId=31"),
    "spread_order": (lambda r: r.spread_order(cl_ord_id="a1"), ROW, "GET /api/v5/sprd/order?clOrdId=a1"),
    "open_spread_orders": (lambda r: r.open_spread_orders(), ROW, "GET /api/v5/sprd/orders-pending?limit=100"),
    "done_spread_orders": (
        lambda r: r.done_spread_orders("X_Y", begin_ms=5),
        ROW,
        "GET /api/v5/sprd/orders-history?begin=5&limit=100&sprdId=X_Y",
    ),
    "mass_cancel": (
        lambda r: r.mass_cancel("BTC-USD", lock_ms=5),
        [{"result": True}],
        "POST /api/v5/trade/mass-cancel",
    ),
    "cancel_all_spread_orders": (
        lambda r: r.cancel_all_spread_orders(),
        [{"result": False}],
        "POST /api/v5/sprd/mass-cancel",
    ),
    "set_deadman": (lambda r: r.set_deadman(10), [{"triggerTime": "1"}], "POST /api/v5/trade/cancel-all-after"),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_named_call_is_the_call_of_the_reference(name: str) -> None:
    make, data, asked = NAMED[name]
    recorder = Recorder(data)
    assert make(recorder.rest)
    assert recorder.asked == [asked]


def test_every_named_call_is_in_the_table() -> None:
    others = {"request", "clock_offset_ms", "cancel_all_orders"}
    assert {name for name in dir(RestClient) if not name.startswith("_")} == set(NAMED) | others


def test_an_order_is_looked_up_by_one_id() -> None:
    recorder = Recorder([ORDER])
    for ids in ({}, {"ord_id": "1", "cl_ord_id": "2"}):
        with pytest.raises(ConfigError, match="ord_id"):
            recorder.rest.order("BTC-USDT", **ids)
    assert recorder.calls == []


def test_the_clock_is_measured_and_kept() -> None:
    recorder = Recorder(answer=lambda call: [{"ts": str(int(time.time() * 1000) + 60_000)}])
    assert 59_000 < recorder.rest.clock_offset_ms(samples=3) < 61_000
    assert len(recorder.calls) == 3
    assert 59_000 < recorder.clock.offset_ms < 61_000


# Reads.


@pytest.mark.parametrize(
    ("answer", "error", "retryable"),
    [
        (refused("51603", []), RestError, False),
        (refused("50011", [], 429), RestError, True),
        (refused("50001", [], 503), RestError, True),
        (refused("50026", []), RestError, True),
        (refused("50113", [], 401), AuthError, False),
        (refused("50101", None, 401), AuthError, False),
        (HttpAnswer(403, {}, b"<html>"), AuthError, False),
        (HttpAnswer(502, {}, b"<html>"), RestError, True),
        (HttpAnswer(200, {}, b"{}"), RestError, True),
        (NoAnswer("no answer in time", "timeout"), DeadlineExceeded, None),
        (NoAnswer("gone", "disconnected"), ConnectionLost, None),
        (ConnectError("no", phase="tcp"), ConnectError, None),
    ],
)
def test_R01_R02_R05_R07_okx_a_read_returns_its_data_or_says_why_not(
    answer: Any, error: type[Exception], retryable: bool | None
) -> None:
    with pytest.raises(error) as caught:
        Recorder(answer).rest.open_orders()
    if retryable is not None:
        assert getattr(caught.value, "retryable") is retryable  # noqa: B009  (of either kind of error)


def test_R13_okx_a_read_whose_clock_was_off_is_made_once_more_by_the_exchanges() -> None:
    ahead = str(int(time.time() * 1000) + 120_000)
    recorder = Recorder(refused("50102", [], 401), [{"ts": ahead}], [ORDER])
    assert recorder.rest.open_orders() == [ORDER]
    pending = "GET /api/v5/trade/orders-pending?limit=100"
    assert recorder.asked == [pending, "GET /api/v5/public/time", pending]
    first, again = (recorder.calls[i].headers["OK-ACCESS-TIMESTAMP"] for i in (0, 2))
    assert again > first


@pytest.mark.parametrize("data", [None, {}, "x", [[]], [1]])
def test_R05_okx_data_of_another_shape_is_an_error(data: Any) -> None:
    with pytest.raises(RestError):
        Recorder(data).rest.open_orders()
    with pytest.raises(RestError):
        Recorder([ORDER, ORDER]).rest.order("BTC-USDT", ord_id="31")


# Changes.


def change(answer: Any, body: Any = PLACE, path: str = PLACE_PATH) -> Any:
    return Recorder(answer).rest.request("POST", path, body=body)


def test_a_change_that_is_accepted_returns_its_data() -> None:
    assert change([{"ordId": "31", "sCode": "0"}]) == [{"ordId": "31", "sCode": "0"}]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refused("1", [{"ordId": "", "sCode": "51008", "sMsg": "no", "subCode": "1000"}]), "51008"),
        (refused("50014", []), "50014"),
        (refused("50113", [], 401), "50113"),
        (refused("50011", [], 429), "50011"),
        (refused("1", [{"clOrdId": "a1", "ordId": "", "sCode": "51016", "sMsg": ""}]), "51016"),
    ],
)
def test_a_change_that_is_refused_is_rejected_with_the_code_inside(answer: Any, code: str) -> None:
    with pytest.raises(Rejected) as caught:
        change(answer)
    assert caught.value.code == code
    assert caught.value.duplicate == (code == "51016")


@pytest.mark.parametrize(
    "answer",
    [
        refused("1", [{"ordId": "", "sCode": "51149", "sMsg": "timed out"}]),
        refused("1", [{"ordId": "", "sCode": "99999", "sMsg": ""}]),
        refused("1", []),
        refused("50004", []),
        refused("50013", [], 503),
        refused("77777", []),
        HttpAnswer(200, {}, b"<html>"),
        HttpAnswer(500, {}, b""),
        [{"ordId": "", "sCode": "51008"}],
        NoAnswer("no answer in time", "timeout"),
        NoAnswer("gone", "disconnected"),
    ],
)
def test_anything_else_about_a_change_is_unknown_and_it_is_not_sent_again(answer: Any) -> None:
    recorder = Recorder(answer)
    with pytest.raises(OutcomeUnknown):
        recorder.rest.request("POST", PLACE_PATH, body=PLACE)
    assert len(recorder.calls) == 1


def test_a_change_that_did_not_leave_is_not_sent() -> None:
    class Unreachable(Recorder):
        def call(self, call: HttpCall, **_: Any) -> HttpAnswer:
            raise ConnectError("no", phase="tcp")

    with pytest.raises(NotSent):
        Unreachable([]).rest.request("POST", PLACE_PATH, body=PLACE)


@pytest.mark.parametrize("seconds", [-1, 1, 9, 121, True, 10.0, "10"])
def test_a_dead_mans_switch_is_10_to_120_seconds_or_off(seconds: Any) -> None:
    recorder = Recorder([{"triggerTime": "0"}])
    with pytest.raises(ConfigError, match="seconds"):
        recorder.rest.set_deadman(seconds)
    recorder.rest.set_deadman(0)
    assert json.loads(recorder.calls[0].body) == {"timeOut": "0"}
    with pytest.raises(OutcomeUnknown):
        Recorder([{}]).rest.set_deadman(10)


# The panic button.


class Exchange:
    """Open orders, told a page at a time and cancelled in batches."""

    def __init__(self, count: int, codes: dict[str, str] | None = None) -> None:
        self.open = [str(number) for number in range(count, 0, -1)]
        self.codes = codes or {}
        self.batches: list[int] = []

    def __call__(self, call: HttpCall) -> Any:
        if call.method == "GET":
            query = dict(pair.split("=") for pair in call.url.split("?")[1].split("&"))
            after = int(query.get("after", len(self.open) + 1))
            return [{"instId": "X", "ordId": ord_id} for ord_id in self.open if int(ord_id) < after][:100]
        orders = json.loads(call.body)
        self.batches.append(len(orders))
        entries = [{"ordId": order["ordId"], "sCode": self.codes.get(order["ordId"], "0")} for order in orders]
        if any(entry["sCode"] != "0" for entry in entries):
            return refused("2", entries)
        return entries


def test_all_open_orders_are_cancelled_20_at_a_time() -> None:
    exchange = Exchange(130)
    done = Recorder(answer=exchange).rest.cancel_all_orders()
    assert sorted(int(entry["ordId"]) for entry in done) == list(range(1, 131))
    assert exchange.batches == [20] * 6 + [10]


def test_an_order_that_is_gone_already_is_as_good_as_cancelled() -> None:
    assert len(Recorder(answer=Exchange(3, {"2": "51400", "3": "51410"})).rest.cancel_all_orders("X")) == 3
    assert Recorder(answer=Exchange(0)).rest.cancel_all_orders() == []


def test_one_that_may_still_be_open_makes_the_whole_unknown_and_the_others_are_cancelled_all_the_same() -> None:
    exchange = Exchange(45, {"44": "50026"})
    with pytest.raises(OutcomeUnknown) as caught:
        Recorder(answer=exchange).rest.cancel_all_orders()
    assert caught.value.reason == "partial_batch"
    assert exchange.batches == [20, 20, 5]
    assert len(caught.value.notes) == 2


def test_open_orders_that_cannot_be_asked_for_are_an_error() -> None:
    recorder = Recorder(NoAnswer("gone", "disconnected"))
    with pytest.raises(ConnectionLost):
        recorder.rest.cancel_all_orders()


# The exchange's own samples.

RECORDED = samples("rest:", "server")


@pytest.mark.skipif(not RECORDED, reason=MISSING)
def test_every_recorded_answer_is_data_or_a_refusal() -> None:
    assert len(RECORDED) >= 8
    for line in RECORDED:
        frame = line["frame"]
        answer = HttpAnswer(200, {}, json.dumps(frame).encode())
        if frame["code"] == "0":
            assert Recorder(answer).rest.request("GET", "/api/v5/any") == frame["data"]
            continue
        with pytest.raises((RestError, AuthError)) as caught:
            Recorder(answer).rest.request("GET", "/api/v5/any")
        assert getattr(caught.value, "code") == frame["code"]  # noqa: B009  (of either kind of error)
