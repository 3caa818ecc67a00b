"""Private REST calls about spot and stop orders: what they do, and what they refuse."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from kucoin_sync.simulator import Simulator
from tests.simulator.clients import LIMIT, call, done, on_venue, rest_headers

Make = Callable[..., Simulator]

HF, STOP = "/api/v1/hf/orders", "/api/v1/stop-order"
ORDER = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "50000", "size": "0.01"}
PAIR = "symbol=BTC-USDT"


def place(simulator: Simulator, **changes: Any) -> str:
    return str(done(call(simulator, "POST", HF, {**ORDER, **changes}))["orderId"])


def look_up(simulator: Simulator, order_id: str) -> Any:
    return done(call(simulator, "GET", f"{HF}/{order_id}?{PAIR}"))


def test_order_is_placed_and_found_by_both_ids(simulator: Simulator) -> None:
    order_id = place(simulator, clientOid="x", remark="mine", tags="t", stp="CN")
    order = look_up(simulator, order_id)
    assert order == done(call(simulator, "GET", f"{HF}/client-order/x?{PAIR}"))
    expected = {
        "id": order_id,
        "clientOid": "x",
        "price": "50000",
        "size": "0.01",
        "funds": "500",
        "remainSize": "0.01",
        "remainFunds": "500",
        "dealSize": "0",
        "active": True,
        "inOrderBook": True,
        "cancelExist": False,
        "stp": "CN",
        "remark": "mine",
        "tags": "t",
        "tradeType": "TRADE",
        "timeInForce": "GTC",
        "cancelAfter": 0,
        "visibleSize": "0",
    }
    assert {name: order[name] for name in expected} == expected
    assert abs(order["createdAt"] - time.time_ns() // 1_000_000) < 60_000


def test_order_that_was_filled_at_a_better_price(simulator: Simulator) -> None:
    simulator.counter_order("BTC-USDT", "sell", "0.01", "40000")
    order = look_up(simulator, place(simulator))
    names = ("dealSize", "dealFunds", "remainSize", "remainFunds", "cancelledSize", "fee", "feeCurrency")
    assert [order[name] for name in names] == ["0.01", "400", "0", "100", "0", "0.4", "USDT"]
    assert (order["active"], order["cancelExist"], order["inOrderBook"]) == (False, False, False)


def test_order_that_was_cancelled_after_a_fill(simulator: Simulator) -> None:
    order_id = place(simulator, clientOid="x")
    simulator.counter_order("BTC-USDT", "sell", "0.004", "50000")
    assert done(call(simulator, "DELETE", f"{HF}/{order_id}?{PAIR}")) == {"orderId": order_id}
    order = look_up(simulator, order_id)
    names = ("dealSize", "remainSize", "remainFunds", "cancelledSize", "cancelledFunds")
    assert [order[name] for name in names] == ["0.004", "0", "0", "0.006", "300"]
    assert (order["active"], order["cancelExist"]) == (False, True)


def test_market_order_by_funds(simulator: Simulator) -> None:
    simulator.counter_order("BTC-USDT", "sell", "0.1", "50000")
    order = look_up(simulator, place(simulator, type="market", price=None, size=None, funds="1000.01"))
    names = ("price", "size", "funds", "dealSize", "dealFunds", "remainFunds", "cancelledFunds")
    assert [order[name] for name in names] == ["0", "0", "1000.01", "0.0200002", "1000.01", "0", "0"]


def test_sync_calls_tell_the_result_of_the_matching(simulator: Simulator) -> None:
    simulator.counter_order("BTC-USDT", "sell", "0.004", "50000")
    placed = done(call(simulator, "POST", f"{HF}/sync", {**ORDER, "clientOid": "x"}))
    names = ("originSize", "dealSize", "remainSize", "canceledSize", "status")
    assert [placed[name] for name in names] == ["0.01", "0.004", "0.006", "0", "open"]
    assert placed["matchTime"] >= placed["orderTime"]
    ended = done(call(simulator, "DELETE", f"{HF}/sync/client-order/x?{PAIR}"))
    assert ended.pop("clientOid") == "x"
    assert [ended[name] for name in names] == ["0.01", "0.004", "0", "0.006", "done"]
    other = place(simulator)
    assert done(call(simulator, "DELETE", f"{HF}/sync/{other}?{PAIR}"))["orderId"] == other


def test_look_ups_may_lag_behind_placing(make: Make) -> None:
    """The open orders know it at once, the look-up by id does not."""
    now = [time.time_ns()]
    simulator = make(clock=lambda: now[0])
    simulator.lookup_lag(0.5)
    order_id = place(simulator, clientOid="x")
    for path in (order_id, "client-order/x"):
        assert call(simulator, "GET", f"{HF}/{path}?{PAIR}")["msg"] == "order not exist."
    assert [order["id"] for order in done(call(simulator, "GET", f"{HF}/active?{PAIR}"))] == [order_id]
    now[0] += 5 * 10**8
    assert look_up(simulator, order_id)["active"] is True


def test_test_order_is_checked_and_not_placed(simulator: Simulator) -> None:
    answer = done(call(simulator, "POST", f"{HF}/test", {**ORDER, "clientOid": "x"}))
    assert answer["clientOid"] == "x" and answer["orderId"].startswith("SIM")
    assert call(simulator, "POST", f"{HF}/test", {**ORDER, "size": "0"})["code"] == "400100"
    assert simulator.orders() == []


def test_batch_answers_for_each_order(simulator: Simulator) -> None:
    orders = [
        {**ORDER, "clientOid": "a"},
        {**ORDER, "price": "0.1"},
        {**ORDER, "type": "market"},
        "nonsense",
        {**ORDER, "clientOid": "a"},
    ]
    answer = done(call(simulator, "POST", f"{HF}/multi", {"orderList": orders}))
    assert [item["success"] for item in answer] == [True, False, False, False, False]
    assert answer[0]["clientOid"] == "a" and "failMsg" not in answer[0]
    assert answer[1] == {"success": False, "failMsg": "Order size below the minimum requirement."}
    assert [order.client_oid for order in simulator.open_orders()] == ["a"]


@pytest.mark.parametrize("orders", [None, [], {}, [ORDER] * 21])
def test_batch_of_no_form(simulator: Simulator, orders: Any) -> None:
    assert call(simulator, "POST", f"{HF}/multi", {"orderList": orders})["code"] == "400100"


def test_modify_and_partial_cancel(simulator: Simulator) -> None:
    order_id = place(simulator, clientOid="x", size="0.03")
    size = done(call(simulator, "DELETE", f"{HF}/cancel/{order_id}?{PAIR}&cancelSize=0.01"))
    assert size == {"orderId": order_id, "cancelSize": "0.01"}
    order = look_up(simulator, order_id)
    assert [order[n] for n in ("size", "remainSize", "cancelledSize", "cancelExist")] == ["0.03", "0.02", "0.01", True]
    assert call(simulator, "DELETE", f"{HF}/cancel/{order_id}?{PAIR}&cancelSize=0.03")["code"] == "400100"
    changed = done(
        call(simulator, "POST", f"{HF}/alter", {"symbol": "BTC-USDT", "orderId": order_id, "newPrice": "40000"})
    )
    assert changed["clientOid"] == "x"
    order = look_up(simulator, changed["newOrderId"])
    assert (order["price"], order["size"]) == ("40000", "0.02")
    assert done(call(simulator, "DELETE", f"{HF}/cancel/{order['id']}?{PAIR}&cancelSize=0.02"))
    assert look_up(simulator, order["id"])["active"] is False


def test_open_orders_by_pair_by_page_and_their_pairs(simulator: Simulator) -> None:
    ids = [place(simulator) for _ in range(3)]
    eth = place(simulator, symbol="ETH-USDT", price="2000", size="1")
    assert [order["id"] for order in done(call(simulator, "GET", f"{HF}/active?{PAIR}"))] == ids[::-1]
    page = done(call(simulator, "GET", f"{HF}/active/page?{PAIR}&pageNum=2&pageSize=2"))
    assert [order["id"] for order in page.pop("items")] == ids[:1]
    assert page == {"currentPage": 2, "pageSize": 2, "totalNum": 3, "totalPage": 2}
    assert done(call(simulator, "GET", f"{HF}/active/symbols")) == {"symbols": ["BTC-USDT", "ETH-USDT"]}
    assert done(call(simulator, "DELETE", f"{HF}?{PAIR}")) == "success"
    assert [order.order_id for order in simulator.open_orders()] == [eth]
    assert done(call(simulator, "DELETE", f"{HF}/cancelAll")) == {"succeedSymbols": ["ETH-USDT"], "failedSymbols": []}
    assert simulator.open_orders() == []


def test_closed_orders_in_slices(simulator: Simulator) -> None:
    ids = [place(simulator, side=side) for side in ("buy", "sell", "buy", "buy")]
    done(call(simulator, "DELETE", f"{HF}/cancelAll"))
    place(simulator)
    first = done(call(simulator, "GET", f"{HF}/done?{PAIR}&limit=3"))
    assert [order["id"] for order in first["items"]] == ids[:0:-1]
    rest_of_it = done(call(simulator, "GET", f"{HF}/done?{PAIR}&limit=3&lastId={first['lastId']}"))
    assert [order["id"] for order in rest_of_it["items"]] == ids[:1]
    sold = done(call(simulator, "GET", f"{HF}/done?{PAIR}&side=sell&type=limit"))
    assert [order["id"] for order in sold["items"]] == [ids[1]]
    later = first["items"][0]["createdAt"] + 1
    assert done(call(simulator, "GET", f"{HF}/done?{PAIR}&startAt={later}")) == {"lastId": 0, "items": []}


def test_fills(simulator: Simulator) -> None:
    maker = place(simulator, clientOid="x")
    simulator.counter_order("BTC-USDT", "sell", "0.004", "50000")
    simulator.counter_order("BTC-USDT", "sell", "0.01", "50000")
    taker = place(simulator)
    answer = done(call(simulator, "GET", f"/api/v1/hf/fills?{PAIR}"))
    rows = [(f["orderId"], f["liquidity"], f["size"], f["funds"], f["fee"]) for f in answer["items"]]
    assert rows == [
        (taker, "taker", "0.004", "200", "0.2"),
        (maker, "maker", "0.006", "300", "0.3"),
        (maker, "maker", "0.004", "200", "0.2"),
    ]
    assert answer["lastId"] == answer["items"][-1]["id"]
    one = done(call(simulator, "GET", f"/api/v1/hf/fills?{PAIR}&orderId={maker}&limit=1"))
    assert [f["size"] for f in one["items"]] == ["0.006"]
    assert one["items"][0]["feeRate"] == "0.001"


@pytest.mark.parametrize(
    ("method", "path", "code", "message"),
    [
        ("GET", f"{HF}/nobody?{PAIR}", "400100", "order not exist."),
        ("GET", f"{HF}/client-order/nobody?{PAIR}", "400100", "order not exist."),
        ("GET", f"{HF}/nobody", "400100", "symbol is required."),
        ("GET", f"{HF}/active?symbol=NO-PE", "400100", "Unsupported trading pair."),
        ("GET", f"{HF}/active", "400100", "symbol is required."),
        ("GET", f"{HF}/active/page?{PAIR}&pageSize=51", "400100", "pageSize is invalid."),
        ("GET", f"{HF}/done?{PAIR}&limit=101", "400100", "limit is invalid."),
        ("GET", f"/api/v1/hf/fills?{PAIR}&lastId=x", "400100", "lastId is invalid."),
        ("DELETE", f"{HF}/nobody?{PAIR}", "400100", "order_not_exist_or_not_allow_to_cancel"),
        ("DELETE", f"{HF}/client-order/nobody?{PAIR}", "400100", "order_not_exist_or_not_allow_to_cancel"),
        ("DELETE", f"{HF}/cancel/nobody?{PAIR}", "400100", "cancelSize is required."),
        ("DELETE", f"{HF}?symbol=NO-PE", "400100", "Unsupported trading pair."),
        ("GET", f"{STOP}/nobody", "400100", "order not exist."),
        ("DELETE", f"{STOP}/nobody", "400100", "order_not_exist_or_not_allow_to_cancel"),
        ("DELETE", f"{STOP}/cancelOrderByClientOid?clientOid=x", "400100", "order_not_exist_or_not_allow_to_cancel"),
        ("GET", f"{STOP}?pageSize=9", "400100", "pageSize is invalid."),
    ],
)
def test_refused_calls(simulator: Simulator, method: str, path: str, code: str, message: str) -> None:
    answer = call(simulator, method, path)
    assert (answer["code"], answer["msg"]) == (code, message)


def test_order_of_another_pair_or_account_is_not_found(make: Make) -> None:
    simulator = make()
    order_id = place(simulator)
    assert call(simulator, "GET", f"{HF}/{order_id}?symbol=ETH-USDT")["msg"] == "order not exist."
    theirs = simulator.counter_order("BTC-USDT", "buy", "0.01", "40000")
    assert call(simulator, "GET", f"{HF}/{theirs.order_id}?{PAIR}")["msg"] == "order not exist."


def test_calls_need_a_signature(simulator: Simulator) -> None:
    answer = requests.post(simulator.url + HF, json=ORDER, timeout=LIMIT)
    assert (answer.status_code, answer.json()["code"]) == (401, "400001")
    stamp = str(time.time_ns() // 1_000_000)
    headers = {**rest_headers(simulator, HF, timestamp=stamp), "Content-Type": "application/json"}
    answer = requests.post(simulator.url + HF, data='{"symbol": "BTC-USDT"}', headers=headers, timeout=LIMIT)
    assert answer.json()["code"] == "400005", "the body is signed as well"
    assert simulator.orders() == []


def test_body_must_say_that_it_is_json(simulator: Simulator) -> None:
    body = json.dumps(ORDER)
    headers = {**rest_headers(simulator, HF + body), "Content-Type": "text/plain"}
    answer = requests.post(simulator.url + HF, data=body, headers=headers, timeout=LIMIT)
    assert answer.json()["code"] == "415000"
    assert simulator.orders() == []


def test_dead_mans_switch_cancels_when_nobody_calls(make: Make) -> None:
    now = [time.time_ns()]
    simulator = make(clock=lambda: now[0], step_interval=60)
    assert done(call(simulator, "GET", f"{HF}/dead-cancel-all/query")) is None
    btc = place(simulator)
    eth = place(simulator, symbol="ETH-USDT", price="2000", size="1")
    asked = {"timeout": 5, "symbols": "BTC-USDT"}
    answer = done(call(simulator, "POST", f"{HF}/dead-cancel-all", asked))
    assert answer["triggerTime"] - answer["currentTime"] == 5
    query = done(call(simulator, "GET", f"{HF}/dead-cancel-all/query"))
    assert query == {**asked, **answer}
    for _ in range(2):
        now[0] += 4 * 10**9
        on_venue(simulator, lambda venue: venue.step())
        assert len(simulator.open_orders()) == 2
        done(call(simulator, "POST", f"{HF}/dead-cancel-all", asked))
    now[0] += 5 * 10**9
    on_venue(simulator, lambda venue: venue.step())
    assert [order.order_id for order in simulator.open_orders()] == [eth]
    assert look_up(simulator, btc)["cancelExist"] is True
    done(call(simulator, "POST", f"{HF}/dead-cancel-all", {"timeout": 5}))
    done(call(simulator, "POST", f"{HF}/dead-cancel-all", {"timeout": -1}))
    now[0] += 6 * 10**9
    on_venue(simulator, lambda venue: venue.step())
    assert len(simulator.open_orders()) == 1


@pytest.mark.parametrize(
    "body", [{}, {"timeout": 4}, {"timeout": 86401}, {"timeout": "5"}, {"timeout": 5, "symbols": "NO-PE"}]
)
def test_bad_dead_mans_switch(simulator: Simulator, body: Any) -> None:
    assert call(simulator, "POST", f"{HF}/dead-cancel-all", body)["code"] == "400100"


# Stop orders.


def stop(simulator: Simulator, **changes: Any) -> str:
    body = {**ORDER, "price": "20000", "stopPrice": "50000", **changes}
    return str(done(call(simulator, "POST", STOP, body))["orderId"])


def test_stop_order_is_found_listed_and_cancelled(simulator: Simulator) -> None:
    first, second = stop(simulator, clientOid="x"), stop(simulator, symbol="ETH-USDT", stopPrice="2000", price="1000")
    order = done(call(simulator, "GET", f"{STOP}/{first}"))
    assert (order["status"], order["stop"], order["stopPrice"], order["price"]) == ("NEW", "loss", "50000", "20000")
    assert done(call(simulator, "GET", f"{STOP}/queryOrderByClientOid?clientOid=x")) == [order]
    page = done(call(simulator, "GET", STOP))
    assert [o["id"] for o in page["items"]] == [second, first] and page["totalNum"] == 2
    for query, ids in (("symbol=ETH-USDT", [second]), ("side=sell", []), (f"orderIds={first},none", [first])):
        assert [o["id"] for o in done(call(simulator, "GET", f"{STOP}?{query}"))["items"]] == ids
    assert done(call(simulator, "DELETE", f"{STOP}/{second}")) == {"cancelledOrderIds": [second]}
    cancelled = done(call(simulator, "DELETE", f"{STOP}/cancelOrderByClientOid?clientOid=x&{PAIR}"))
    assert cancelled == {"cancelledOrderId": first, "clientOid": "x"}
    assert done(call(simulator, "GET", STOP))["items"] == []
    assert done(call(simulator, "GET", f"{STOP}/{first}"))["status"] == "CANCELLED"


def test_stop_order_that_fired_names_the_order_it_placed(simulator: Simulator) -> None:
    first = stop(simulator, clientOid="x")
    simulator.counter_order("BTC-USDT", "sell", "0.01", "49000")
    simulator.counter_order("BTC-USDT", "buy", "0.01", "49000")
    order = done(call(simulator, "GET", f"{STOP}/{first}"))
    assert order["status"] == "TRIGGERED" and order["stopTriggerTime"] >= order["createdAt"]
    assert look_up(simulator, order["relatedNo"])["clientOid"] == "x"
