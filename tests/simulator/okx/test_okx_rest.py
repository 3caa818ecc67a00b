"""REST calls of the simulated OKX: signatures, envelopes, look-ups, and the twins of the operations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import requests

from kucoin_sync.simulator import OkxForms, OkxLimits, Simulator
from tests.simulator.clients import LIMIT, sign
from tests.simulator.okx.clients import SPOT, SPREAD, SWAP, OkxSocket, call, open_okx, public, respond

Make = Callable[..., Simulator]

SECRET = "0123456789ABCDEF0123456789ABCDEF"
BODY = '{"instId":"BTC-USDT","tdMode":"cash","clOrdId":"b15","side":"buy","ordType":"limit","px":"2.15","sz":"2"}'
ORDER = {"instId": SPOT, "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "20000", "sz": "0.01"}


def get(okx: Simulator, path: str) -> Any:
    answer = call(okx, "GET", path)
    assert answer["code"] == "0", answer
    return answer["data"]


# Signatures.


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        (
            "GET/api/v5/trade/order?ordId=680800019749904384&instId=BTC-USDT",
            "TsJC/WUnThk9BUp+CfXayte4UvMfqsVAvAQe53tWsfQ=",
        ),
        ("POST/api/v5/trade/order" + BODY, "o/FjklifcaaD1adjdApiJ20X+tBqWsYMwGgnbnSYpPE="),
    ],
)
def test_signatures_are_those_of_the_reference(text: str, signature: str) -> None:
    assert sign(SECRET, "2024-01-10T08:55:47.123Z" + text) == signature


def stamp(seconds: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"OK-ACCESS-KEY": ""}, "50103"),
        ({"OK-ACCESS-PASSPHRASE": ""}, "50104"),
        ({"OK-ACCESS-PASSPHRASE": "wrong"}, "50105"),
        ({"OK-ACCESS-SIGN": ""}, "50106"),
        ({"OK-ACCESS-SIGN": "AAAA"}, "50113"),
        ({"OK-ACCESS-KEY": "simulator-nobody"}, "50119"),
        ({"timestamp": "1704876947"}, "50112"),
        ({"timestamp": "-40"}, "50102"),
        ({"timestamp": "40"}, "50102"),
    ],
)
def test_a_call_that_is_not_signed_well(okx: Simulator, changes: dict[str, str], code: str) -> None:
    if code == "50102":
        changes = {"timestamp": stamp(int(changes["timestamp"]))}
    response = respond(okx, "GET", "/api/v5/account/config", **changes)
    assert (response.status_code, response.json()["code"]) == (401, code)
    assert "data" not in response.json()


def test_a_query_belongs_to_what_is_signed(okx: Simulator) -> None:
    assert get(okx, f"/api/v5/trade/orders-pending?instType=SPOT&instId={SPOT}") == []


@pytest.mark.parametrize(("environment", "header"), [("live", "1"), ("demo", "0"), ("demo", "")])
def test_keys_of_the_other_environment_are_refused(make_okx: Make, environment: str, header: str) -> None:
    okx = make_okx(okx=OkxForms(environment=environment))
    response = respond(okx, "GET", "/api/v5/account/config", **{"x-simulated-trading": header})
    assert (response.status_code, response.json()["code"]) == (401, "50101")
    right = "1" if environment == "demo" else "0"
    assert call(okx, "GET", "/api/v5/account/config", **{"x-simulated-trading": right})["code"] == "0"


def test_calls_are_limited(make_okx: Make) -> None:
    okx = make_okx(limits=OkxLimits(order_window=3600))
    responses = [requests.get(okx.url + "/api/v5/system/status", timeout=LIMIT) for _ in range(2)]
    assert [(each.status_code, each.json()["code"]) for each in responses] == [(200, "0"), (429, "50011")]


# Public data.


def test_time_is_that_of_the_server(okx: Simulator) -> None:
    okx.clock_skew(-100_000)
    now = datetime.now(timezone.utc).timestamp() * 1000
    assert abs(int(public(okx, "/api/v5/public/time")[0]["ts"]) + 100_000 - now) < 5000
    assert call(okx, "GET", "/api/v5/account/config")["code"] == "50102"


def test_instruments_have_codes_beyond_32_bits(okx: Simulator) -> None:
    rows = public(okx, "/api/v5/public/instruments?instType=SPOT")
    assert [row["instId"] for row in rows] == [SPOT, "ETH-USDT"]
    assert all(isinstance(row["instIdCode"], int) and row["instIdCode"] > 1 << 32 for row in rows)
    (swap,) = public(okx, f"/api/v5/public/instruments?instType=SWAP&instId={SWAP}")
    assert (swap["ctVal"], swap["ctValCcy"], swap["ctType"], swap["settleCcy"]) == ("0.01", "BTC", "linear", "USDT")
    (inverse,) = public(okx, "/api/v5/public/instruments?instType=SWAP&instFamily=BTC-USD")
    assert (inverse["ctVal"], inverse["ctValCcy"], inverse["ctType"]) == ("100", "USD", "inverse")
    assert get(okx, "/api/v5/account/instruments?instType=SPOT") == rows
    assert public(okx, "/api/v5/public/instruments?instType=OPTION") == []
    margin = public(okx, "/api/v5/public/instruments?instType=MARGIN")
    assert [(row["instId"], row["instType"]) for row in margin] == [(SPOT, "MARGIN"), ("ETH-USDT", "MARGIN")]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v5/public/instruments", "50014"),
        ("/api/v5/public/instruments?instType=X", "51000"),
        ("/api/v5/public/instruments?instType=SPOT&instId=NO-PE", "51001"),
        ("/api/v5/market/ticker?instId=NO-PE", "51001"),
        ("/api/v5/public/funding-rate?instId=BTC-USDT", "51001"),
        ("/api/v5/market/candles?instId=BTC-USDT&bar=7m", "51000"),
        ("/api/v5/market/books?instId=BTC-USDT&sz=x", "51000"),
    ],
)
def test_a_public_call_is_refused(okx: Simulator, path: str, code: str) -> None:
    answer = requests.get(okx.url + path, timeout=LIMIT).json()
    assert (answer["code"], answer["data"]) == (code, []) and answer["msg"]


def test_book_candles_and_trades(okx: Simulator) -> None:
    okx.counter_order(SPOT, "sell", "1", "60000")
    okx.counter_order(SPOT, "buy", "0.4", None)
    okx.counter_order(SPOT, "buy", "2", "59999")
    (book,) = public(okx, f"/api/v5/market/books?instId={SPOT}&sz=5")
    assert (book["asks"], book["bids"]) == ([["60000", "0.6", "0", "1"]], [["59999", "2", "0", "1"]])
    assert book["seqId"] == okx.book(SPOT).sequence
    (trade,) = public(okx, f"/api/v5/market/trades?instId={SPOT}")
    assert (trade["px"], trade["sz"], trade["side"]) == ("60000", "0.4", "buy")
    (candle,) = public(okx, f"/api/v5/market/candles?instId={SPOT}&bar=1D")
    assert candle[1:8] == ["60000"] * 4 + ["0.4", "24000", "24000"]


def test_unknown_paths(okx: Simulator) -> None:
    response = requests.get(okx.url + "/api/v5/no/such", timeout=LIMIT)
    assert response.status_code == 404 and response.json()["code"] == "404"


# Orders and look-ups.


def test_an_order_is_found_by_either_id(okx: Simulator, private: OkxSocket) -> None:
    item = private.place("b15", tag="mine")
    okx.counter_order(SPOT, "sell", "0.004", "20000")
    by_id, by_name = (
        get(okx, f"/api/v5/trade/order?instId={SPOT}&{query}") for query in (f"ordId={item['ordId']}", "clOrdId=b15")
    )
    assert by_id == by_name
    (row,) = by_id
    assert (row["ordId"], row["clOrdId"], row["tag"], row["state"]) == (
        item["ordId"],
        "b15",
        "mine",
        "partially_filled",
    )
    assert (row["accFillSz"], row["fillPx"], row["fillSz"], row["cTime"]) == ("0.004", "20000", "0.004", item["ts"])
    assert row["tradeId"] and "amendResult" not in row


def test_before_a_fill_there_is_no_price(okx: Simulator, private: OkxSocket) -> None:
    private.place("b15")
    (row,) = get(okx, f"/api/v5/trade/order?instId={SPOT}&clOrdId=b15")
    assert (row["avgPx"], row["fillPx"], row["fillSz"], row["tradeId"]) == ("", "", "0", "")


def test_a_client_order_id_used_again_finds_the_newest(okx: Simulator, private: OkxSocket) -> None:
    first = private.place("b15", ordType="ioc")
    second = private.place("b15")
    assert first["ordId"] != second["ordId"]
    assert get(okx, f"/api/v5/trade/order?instId={SPOT}&clOrdId=b15")[0]["ordId"] == second["ordId"]
    assert get(okx, f"/api/v5/trade/order?instId={SPOT}&ordId={first['ordId']}")[0]["state"] == "canceled"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (f"instId={SPOT}&clOrdId=none", "51603"),
        (f"instId={SWAP}&clOrdId=b15", "51603"),
        (f"instId={SPOT}", "51003"),
        ("clOrdId=b15", "50014"),
        ("instId=NO-PE&clOrdId=b15", "51001"),
    ],
)
def test_an_order_is_not_found(okx: Simulator, private: OkxSocket, query: str, code: str) -> None:
    private.place("b15")
    answer = call(okx, "GET", f"/api/v5/trade/order?{query}")
    assert (answer["code"], answer["data"]) == (code, [])


def test_lookups_may_lag_and_forget(make_okx: Make) -> None:
    okx = make_okx(lookup_retention=0.0)
    okx.lookup_lag(3600)
    path = f"/api/v5/trade/order?instId={SPOT}&clOrdId="
    with open_okx(okx) as private:
        private.place("live")
        assert call(okx, "GET", path + "live")["code"] == "51603"
        okx.lookup_lag(0)
        assert get(okx, path + "live")[0]["state"] == "live"
        private.place("over", ordType="ioc")
        assert call(okx, "GET", path + "over")["code"] == "51603"
        assert get(okx, "/api/v5/trade/orders-history?instType=SPOT") == []


def test_lists_of_orders_and_fills(okx: Simulator, private: OkxSocket) -> None:
    okx.counter_order(SPOT, "sell", "0.01", "20000")
    okx.counter_contract_order(SWAP, "sell", 1, "58000")
    for name, inst_id in (("a", SPOT), ("b", SPOT), ("c", SWAP), ("d", SWAP)):
        private.place(name, inst_id=inst_id, sz="0.01" if inst_id == SPOT else "1")
    pending = get(okx, "/api/v5/trade/orders-pending")
    assert [row["clOrdId"] for row in pending] == ["d", "b"]
    assert [row["clOrdId"] for row in get(okx, "/api/v5/trade/orders-pending?instType=SWAP")] == ["d"]
    assert get(okx, "/api/v5/trade/orders-pending?state=partially_filled") == []
    assert [row["clOrdId"] for row in get(okx, "/api/v5/trade/orders-history?instType=SPOT")] == ["a"]
    fills = get(okx, "/api/v5/trade/fills")
    assert [(row["clOrdId"], row["fillSz"], row["execType"]) for row in fills] == [("c", "1", "T"), ("a", "0.01", "T")]
    assert [row["clOrdId"] for row in get(okx, f"/api/v5/trade/fills?after={fills[0]['billId']}")] == ["a"]
    assert [row["clOrdId"] for row in get(okx, "/api/v5/trade/orders-pending?limit=1")] == ["d"]
    older = get(okx, f"/api/v5/trade/orders-pending?after={pending[0]['ordId']}")
    assert [row["clOrdId"] for row in older] == ["b"]


def test_the_twins_of_the_operations(okx: Simulator) -> None:
    placed = call(okx, "POST", "/api/v5/trade/order", {**ORDER, "clOrdId": "a"})
    assert (placed["code"], placed["data"][0]["sCode"]) == ("0", "0") and placed["inTime"].isdigit()
    batch = call(okx, "POST", "/api/v5/trade/batch-orders", [{**ORDER, "clOrdId": "b"}, {**ORDER, "sz": "1000"}])
    assert (batch["code"], [item["sCode"] for item in batch["data"]]) == ("2", ["0", "51008"])
    change = {"instId": SPOT, "clOrdId": "a", "newSz": "0.02"}
    assert call(okx, "POST", "/api/v5/trade/amend-order", change)["code"] == "0"
    assert call(okx, "POST", "/api/v5/trade/amend-batch-orders", [change | {"newSz": "0.03"}])["code"] == "0"
    assert call(okx, "POST", "/api/v5/trade/cancel-order", {"instId": SPOT, "clOrdId": "a"})["code"] == "0"
    many = call(okx, "POST", "/api/v5/trade/cancel-batch-orders", [{"instId": SPOT, "clOrdId": name} for name in "ab"])
    assert [item["sCode"] for item in many["data"]] == ["51400", "0"]
    mass = call(okx, "POST", "/api/v5/trade/mass-cancel", {"instType": "OPTION", "instFamily": SPOT})
    assert mass["code"] == "51411"
    late = call(okx, "POST", "/api/v5/trade/order", ORDER, expTime="1000")
    assert late["data"][0]["sCode"] == "50036"
    spread = {"sprdId": SPREAD, "side": "buy", "ordType": "limit", "px": "1", "sz": "1", "clOrdId": "s"}
    assert call(okx, "POST", "/api/v5/sprd/order", spread)["code"] == "0"
    assert call(okx, "POST", "/api/v5/sprd/cancel-order", {"clOrdId": "s"})["code"] == "0"
    assert [state.outcome for state in okx.orders()] == ["canceled", "canceled"]


def test_all_orders_end_when_the_client_does_not_call_again(make_okx: Make) -> None:
    okx = make_okx(speed="stepped")
    path = "/api/v5/trade/cancel-all-after"
    with open_okx(okx) as private:
        for inst_id in (SPOT, SWAP):
            private.place("x" + inst_id[-4:], inst_id=inst_id)
        assert call(okx, "POST", path, {"timeOut": "5"})["code"] == "51000"
        answer = call(okx, "POST", path, {"timeOut": "10", "tag": "t"})["data"][0]
        assert int(answer["triggerTime"]) - int(answer["ts"]) == 10_000 and answer["tag"] == "t"
        okx.advance(9)
        assert call(okx, "POST", path, {"timeOut": "10"})["code"] == "0"
        okx.advance(9)
        assert len(okx.open_orders()) == len(okx.futures_open_orders()) == 1
        okx.advance(2)
        assert okx.open_orders() == okx.futures_open_orders() == []
        rows = [get(okx, f"/api/v5/trade/orders-history?instType={kind}")[0] for kind in ("SPOT", "SWAP")]
        assert [row["cancelSource"] for row in rows] == ["20", "20"]
        private.place("kept")
        assert call(okx, "POST", path, {"timeOut": "10"})["code"] == "0"
        assert call(okx, "POST", path, {"timeOut": "0"})["data"][0]["triggerTime"] == "0"
        okx.advance(60)
        assert len(okx.open_orders()) == 1


# Accounts.


def test_balance_positions_and_settings(okx: Simulator, private: OkxSocket) -> None:
    (account,) = get(okx, "/api/v5/account/balance?ccy=BTC,USDT")
    assert {row["ccy"]: row["cashBal"] for row in account["details"]} == {"BTC": "20", "USDT": "1100000"}
    assert Decimal(account["totalEq"]) == 1_100_000 + 20 * 60_000 + 100 * 3_000
    assert get(okx, "/api/v5/account/positions") == []
    leverage = {"instId": SWAP, "mgnMode": "cross", "lever": "20"}
    assert call(okx, "POST", "/api/v5/account/set-leverage", leverage)["data"][0]["lever"] == "20"
    assert call(okx, "POST", "/api/v5/account/set-leverage", leverage | {"lever": "1000"})["code"] == "51000"
    okx.counter_contract_order(SWAP, "sell", 10, "60000")
    private.place(inst_id=SWAP, ordType="market", px=None, sz="2")
    (position,) = get(okx, f"/api/v5/account/positions?instId={SWAP}")
    assert (position["pos"], position["lever"], position["mgnMode"]) == ("2", "20", "cross")
    (config,) = get(okx, "/api/v5/account/config")
    assert (config["acctLv"], config["posMode"]) == ("2", "net_mode")
    assert config["uid"].isdigit()
