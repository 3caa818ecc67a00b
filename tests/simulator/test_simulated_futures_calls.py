"""Order entry on contracts and the REST calls of the futures host, over real connections."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator import Limits, Refused, Simulator
from kucoin_sync.simulator.futures.contract_market_maker import ContractMarketMaker
from kucoin_sync.simulator.futures.exchange import FuturesExchange
from kucoin_sync.simulator.market.market_maker import MAKER, TAKER
from kucoin_sync.simulator.matching.events import BookChanged
from tests.kucoin.samples import MISSING, folder
from tests.simulator.clients import Socket, call, contract_order, get, on_venue, open_orders_socket
from tests.simulator.samples import form

Make = Callable[..., Simulator]

D = Decimal
XBT = "XBTUSDTM"
ARGS = {"symbol": XBT, "side": "buy", "leverage": 3, "type": "limit", "price": "50000", "size": 1}


@pytest.fixture
def simulator(make: Make) -> Simulator:
    simulator = make(limits="off")
    for symbol, price in (("XBTUSDTM", "60000"), ("ETHUSDTM", "3000"), ("XBTUSDM", "60000")):
        simulator.set_index_price(symbol, price)
    return simulator


def ask(orders: Socket, op: str, args: Any) -> Any:
    return orders.ask({"id": "r1", "op": op, "args": args})


def rest(simulator: Simulator, method: str, path: str, body: Any = None) -> Any:
    """Call the futures host; return ``data``."""
    answer = call(simulator, method, path, body, host="/futures")
    assert answer["code"] == "200000", answer
    return answer["data"]


def refusal(simulator: Simulator, method: str, path: str, body: Any = None) -> str:
    """Call the futures host; return the code of its refusal."""
    answer = call(simulator, method, path, body, host="/futures")
    assert "data" not in answer and answer["msg"]
    return str(answer["code"])


def public(simulator: Simulator, path: str) -> Any:
    return get(simulator, path, host="/futures")


def example(method: str, path: str) -> Any:
    """Return ``data`` of the documented example of a call; skips the test where no samples are at hand."""
    data = folder()
    if data is None:
        pytest.skip(MISSING)
    calls = json.loads((data / "rest_endpoints.json").read_text(encoding="utf-8"), parse_float=Decimal)["endpoints"]
    found = [c for c in calls if (c["method"], c["path"], c["host"]) == (method, path, "api-futures")]
    return found[0]["response_example"]["data"]


# Order entry.


def test_order_is_placed_and_cancelled_by_its_id_or_the_clients(simulator: Simulator, orders: Socket) -> None:
    reply = ask(orders, "futures.order", {**ARGS, "clientOid": "one"})
    order_id = reply["data"]["orderId"]
    assert (reply["id"], reply["op"], reply["code"]) == ("r1", "futures.order", "200000")
    assert reply["data"] == {"orderId": order_id, "clientOid": "one"}
    assert ask(orders, "futures.cancel", {"orderId": order_id})["data"] == {"cancelledOrderIds": [order_id]}
    ask(orders, "futures.order", {**ARGS, "clientOid": "two"})
    reply = ask(orders, "futures.cancel", {"clientOid": "two", "symbol": XBT})
    assert reply["data"] == {"clientOid": "two"}
    assert simulator.futures_open_orders() == []


@pytest.mark.parametrize(
    ("op", "args", "code"),
    [
        ("futures.order", {**ARGS, "clientOid": "x", "size": 1_000_000}, "300005"),
        ("futures.order", {**ARGS, "clientOid": "x", "size": 16_000, "leverage": 1}, "300003"),
        ("futures.order", {**ARGS, "clientOid": "x", "symbol": "NOUSDTM"}, "200003"),
        ("futures.order", {**ARGS}, "100001"),
        ("futures.order", [ARGS], "100001"),
        ("futures.order", {**ARGS, "clientOid": "x", "leverage": 126}, "300016"),
        ("futures.order", {**ARGS, "clientOid": "x", "marginMode": "CROSS"}, "330005"),
        ("futures.order", {**ARGS, "clientOid": "x", "reduceOnly": True}, "300009"),
        ("futures.order", {**ARGS, "clientOid": "x", "price": "70000"}, "300011"),
        ("futures.order", {**ARGS, "clientOid": "x", "price": "50000", "side": "sell"}, "300012"),
        ("futures.cancel", {"orderId": "nobody"}, "100004"),
        ("futures.cancel", None, "100001"),
        ("futures.multi_order", {"orders": []}, "100001"),
        ("futures.multi_order", [], "100001"),
        ("futures.multi_order", [{**ARGS, "clientOid": f"c{n}"} for n in range(21)], "100001"),
        ("futures.multi_cancel", {}, "100001"),
        ("futures.multi_cancel", {"orderIdsList": [1]}, "100001"),
    ],
)
def test_operation_is_refused(simulator: Simulator, orders: Socket, op: str, args: Any, code: str) -> None:
    reply = ask(orders, op, args)
    assert reply["code"] == code and reply["msg"] and "data" not in reply
    assert simulator.futures_orders() == []


def test_client_order_id_in_use_is_refused(simulator: Simulator, orders: Socket) -> None:
    ask(orders, "futures.order", {**ARGS, "clientOid": "x"})
    assert ask(orders, "futures.order", {**ARGS, "clientOid": "x"})["code"] == "300018"


def test_batch_answers_for_each_order(simulator: Simulator, orders: Socket) -> None:
    batch = [
        {**ARGS, "clientOid": "good"},
        {**ARGS, "clientOid": "bad", "price": "0.05"},
        {**ARGS, "clientOid": "good"},
    ]
    reply = ask(orders, "futures.multi_order", batch)
    good, bad, twice = reply["data"]
    assert reply["code"] == "200000"
    assert good == {
        "orderId": simulator.futures_orders()[0].order_id,
        "clientOid": "good",
        "symbol": XBT,
        "code": "200000",
        "msg": "success",
    }
    assert (bad["orderId"], bad["clientOid"], bad["code"]) == (None, "bad", "100001")
    assert twice["code"] == "300018"
    assert simulator.truth("good", op="futures.multi_order").executed == 1
    assert simulator.truth("bad", op="futures.multi_order").executed == 0


def test_batch_cancel_answers_for_each_order(simulator: Simulator, orders: Socket) -> None:
    for name in ("a", "b"):
        ask(orders, "futures.order", {**ARGS, "clientOid": name})
    order_id = simulator.futures_orders()[0].order_id
    args = {"orderIdsList": [order_id, "nobody"], "clientOidsList": [{"symbol": XBT, "clientOid": "b"}]}
    assert ask(orders, "futures.multi_cancel", args)["data"] == [
        {"orderId": order_id, "clientOid": None, "code": "200", "msg": "success"},
        {"orderId": "nobody", "clientOid": None, "code": "100004", "msg": "The order cannot be canceled."},
        {"orderId": None, "clientOid": "b", "code": "200", "msg": "success"},
    ]


def test_truth_of_a_cancel_by_order_id_knows_the_client_order_id(simulator: Simulator, orders: Socket) -> None:
    order_id = ask(orders, "futures.order", {**ARGS, "clientOid": "x"})["data"]["orderId"]
    ask(orders, "futures.cancel", {"orderId": order_id})
    assert simulator.truth("x", op="futures.cancel").executed == 1


def test_orders_draw_from_the_futures_pool(make: Make) -> None:
    simulator = make(limits=Limits(other_pools=1))
    with open_orders_socket(simulator) as orders:
        assert ask(orders, "futures.order", {**ARGS, "clientOid": "a"})["userRateLimit"]["remaining"] == 0
        assert ask(orders, "futures.order", {**ARGS, "clientOid": "b"})["code"] == "429000"


# Orders over REST.


def test_orders_are_placed_and_cancelled_over_rest(simulator: Simulator) -> None:
    data = rest(simulator, "POST", "/api/v1/orders", {**ARGS, "clientOid": "one"})
    assert data == {"orderId": simulator.futures_orders()[0].order_id, "clientOid": "one"}
    assert rest(simulator, "POST", "/api/v1/orders/test", {**ARGS, "clientOid": "test"})["clientOid"] == "test"
    assert len(simulator.futures_orders()) == 1
    batch = [{**ARGS, "clientOid": name} for name in ("two", "three", "four", "five")]
    assert [row["code"] for row in rest(simulator, "POST", "/api/v1/orders/multi", batch)] == ["200000"] * 4
    ids = [order.order_id for order in simulator.futures_orders()]
    assert rest(simulator, "DELETE", f"/api/v1/orders/{ids[0]}") == {"cancelledOrderIds": [ids[0]]}
    assert rest(simulator, "DELETE", f"/api/v1/orders/client-order/two?symbol={XBT}") == {"clientOid": "two"}
    rows = rest(simulator, "DELETE", "/api/v1/orders/multi-cancel", {"orderIdsList": [ids[2]]})
    assert rows == [{"orderId": ids[2], "clientOid": None, "code": "200", "msg": "success"}]
    rest(simulator, "POST", "/api/v1/orders", {**ARGS, "clientOid": "other", "symbol": "XBTUSDM"})
    assert rest(simulator, "DELETE", f"/api/v3/orders?symbol={XBT}") == {"cancelledOrderIds": ids[3:]}
    assert [order.symbol for order in simulator.futures_open_orders()] == ["XBTUSDM"]


def test_stop_orders_are_listed_and_cancelled_over_rest(simulator: Simulator) -> None:
    stop = {"stop": "up", "stopPrice": "70000", "stopPriceType": "MP"}
    for name, more in (("a", {}), ("b", {"type": "market", "price": None}), ("c", {"symbol": "XBTUSDM"})):
        rest(simulator, "POST", "/api/v1/orders", {**ARGS, **stop, "clientOid": name, **more})
    page = rest(simulator, "GET", f"/api/v1/stopOrders?symbol={XBT}&type=limit")
    assert [item["clientOid"] for item in page["items"]] == ["a"]
    assert (page["items"][0]["stopPrice"], page["items"][0]["stopTriggered"]) == ("70000", False)
    assert rest(simulator, "GET", "/api/v1/orders?status=active")["items"] == []
    assert len(rest(simulator, "DELETE", f"/api/v1/stopOrders?symbol={XBT}")["cancelledOrderIds"]) == 2
    assert len(rest(simulator, "DELETE", "/api/v1/stopOrders")["cancelledOrderIds"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/api/v1/orders/nobody", "100001"),
        ("GET", "/api/v1/orders/byClientOid?clientOid=nobody", "100001"),
        ("GET", "/api/v1/orders/byClientOid", "400100"),
        ("GET", "/api/v1/orders?status=open", "100001"),
        ("GET", "/api/v1/orders?side=BUY", "100001"),
        ("GET", "/api/v1/orders?currentPage=0", "400100"),
        ("GET", "/api/v1/orders?pageSize=1001", "400100"),
        ("GET", "/api/v1/fills?type=stop", "100001"),
        ("GET", "/api/v1/position?symbol=NOUSDTM", "200003"),
        ("GET", "/api/v1/openOrderStatistics?symbol=NOUSDTM", "200003"),
        ("GET", "/api/v2/getCrossUserLeverage", "400100"),
        ("GET", "/api/v1/account-overview?currency=BTC", "100001"),
        ("DELETE", "/api/v1/orders/nobody", "100004"),
        ("DELETE", "/api/v1/orders/client-order/nobody?symbol=XBTUSDTM", "100004"),
        ("DELETE", "/api/v3/orders?symbol=NOUSDTM", "200003"),
        ("DELETE", "/api/v1/stopOrders?symbol=NOUSDTM", "200003"),
        ("DELETE", "/api/v1/orders/multi-cancel", "100001"),
        ("POST", "/api/v1/orders/multi", "100001"),
        ("POST", "/api/v2/position/changeMarginMode", "200003"),
        ("POST", "/api/v2/changeCrossUserLeverage", "100001"),
        ("GET", "/api/v1/contracts/NOUSDTM", "200003"),
    ],
)
def test_rest_call_is_refused(simulator: Simulator, method: str, path: str, code: str) -> None:
    assert refusal(simulator, method, path) == code


def test_calls_about_an_account_need_a_signature(simulator: Simulator) -> None:
    with pytest.raises(AssertionError, match="400001"):
        public(simulator, "/api/v1/positions")


def trade(simulator: Simulator) -> str:
    """Buy five of seven contracts of a resting order; return its id."""
    contract_order(simulator, "sell", 5, "60000")
    return str(
        rest(simulator, "POST", "/api/v1/orders", {**ARGS, "clientOid": "x", "price": "60000", "size": 7})["orderId"]
    )


def test_order_is_looked_up_by_both_ids_and_told_in_full(simulator: Simulator) -> None:
    order_id = trade(simulator)
    row = rest(simulator, "GET", f"/api/v1/orders/{order_id}")
    assert row == rest(simulator, "GET", "/api/v1/orders/byClientOid?clientOid=x")
    assert (row["size"], row["dealSize"], row["filledSize"], row["status"]) == (7, 5, 5, "open")
    assert (row["value"], row["dealValue"], row["avgDealPrice"], row["leverage"]) == ("420", "300", "60000", "3")
    assert (row["isActive"], row["cancelExist"], row["endAt"], row["stopPrice"]) == (True, False, None, None)
    rest(simulator, "DELETE", f"/api/v1/orders/{order_id}")
    row = rest(simulator, "GET", f"/api/v1/orders/{order_id}")
    assert (row["isActive"], row["cancelExist"], row["status"], row["dealSize"]) == (False, True, "done", 5)
    assert row["endAt"] >= row["createdAt"]


def test_look_ups_may_lag_behind_placing(make: Make) -> None:
    now_ns = [1_760_000_000_000_000_000]
    simulator = make(limits="off", clock=lambda: now_ns[0])
    simulator.lookup_lag(0.5)
    order_id = rest(simulator, "POST", "/api/v1/orders", {**ARGS, "clientOid": "x"})["orderId"]
    for path in (f"/api/v1/orders/{order_id}", "/api/v1/orders/byClientOid?clientOid=x"):
        answer = call(simulator, "GET", path, host="/futures")
        assert (answer["code"], answer["msg"]) == ("100001", "error.getOrder.orderNotExist")
    assert len(rest(simulator, "GET", "/api/v1/orders?status=active")["items"]) == 1
    now_ns[0] += 500_000_000
    assert rest(simulator, "GET", f"/api/v1/orders/{order_id}")["clientOid"] == "x"


def test_average_price_of_an_inverse_contract_is_a_price(simulator: Simulator) -> None:
    contract_order(simulator, "sell", 500, "60000", symbol="XBTUSDM")
    args = {**ARGS, "clientOid": "x", "symbol": "XBTUSDM", "price": "60000", "size": 500}
    order_id = rest(simulator, "POST", "/api/v1/orders", args)["orderId"]
    row = rest(simulator, "GET", f"/api/v1/orders/{order_id}")
    assert (row["avgDealPrice"], row["settleCurrency"], row["dealValue"]) == ("60000", "XBT", "0.0083333333")


def test_lists_of_orders_are_filtered_and_paged(simulator: Simulator) -> None:
    for number in range(5):
        rest(simulator, "POST", "/api/v1/orders", {**ARGS, "clientOid": f"c{number}"})
    page = rest(simulator, "GET", "/api/v1/orders?status=active&currentPage=2&pageSize=2")
    assert [page[name] for name in ("currentPage", "pageSize", "totalNum", "totalPage")] == [2, 2, 5, 3]
    assert [item["clientOid"] for item in page["items"]] == ["c2", "c1"]
    rest(simulator, "DELETE", f"/api/v1/orders/client-order/c3?symbol={XBT}")
    done = rest(simulator, "GET", f"/api/v1/orders?status=done&symbol={XBT}&side=buy&type=limit")
    assert [item["clientOid"] for item in done["items"]] == ["c3"]
    assert [item["clientOid"] for item in rest(simulator, "GET", "/api/v1/recentDoneOrders")] == ["c3"]
    for nothing in ("symbol=ETHUSDTM", "side=sell", "type=market", "startAt=9999999999999", "endAt=1"):
        assert rest(simulator, "GET", f"/api/v1/orders?status=active&{nothing}")["totalNum"] == 0


def test_statistics_of_open_orders_add_up(simulator: Simulator) -> None:
    trade(simulator)
    rest(simulator, "POST", "/api/v1/orders", {**ARGS, "clientOid": "s", "side": "sell", "price": "61000", "size": 3})
    assert rest(simulator, "GET", f"/api/v1/openOrderStatistics?symbol={XBT}") == {
        "openOrderBuySize": 2,
        "openOrderSellSize": 3,
        "openOrderBuyCost": "120",
        "openOrderSellCost": "183",
        "settleCurrency": "USDT",
    }


def test_fills_are_filtered_and_paged(simulator: Simulator) -> None:
    order_id = trade(simulator)
    contract_order(simulator, "buy", 5, "60100")
    rest(simulator, "POST", "/api/v1/orders", {"clientOid": "c", "symbol": XBT, "type": "market", "closeOrder": True})
    page = rest(simulator, "GET", f"/api/v1/fills?symbol={XBT}&pageSize=1")
    assert (page["totalNum"], len(page["items"])) == (2, 1)
    first = rest(simulator, "GET", f"/api/v1/fills?orderId={order_id}&type=limit&tradeTypes=trade,liquid")["items"][0]
    assert (first["size"], first["price"], first["value"], first["liquidity"]) == (5, "60000", "300", "taker")
    assert (first["fee"], first["openFeePay"], first["closeFeePay"], first["feeRate"]) == (
        "0.18",
        "0.18",
        "0",
        "0.00060",
    )
    recent = rest(simulator, "GET", "/api/v1/recentFills")
    assert (recent[0]["side"], recent[0]["displayType"], recent[0]["openFeePay"]) == ("sell", "market", "0")
    assert rest(simulator, "GET", "/api/v1/fills?tradeTypes=adl")["items"] == []


# Positions, settings, accounts, contracts.


def test_position_is_told_open_or_not(simulator: Simulator) -> None:
    row = rest(simulator, "GET", f"/api/v1/position?symbol={XBT}")
    assert (row["isOpen"], row["currentQty"], row["avgEntryPrice"], row["liquidationPrice"]) == (False, 0, 0, 0)
    assert rest(simulator, "GET", "/api/v1/positions") == []
    trade(simulator)
    row = rest(simulator, "GET", f"/api/v1/position?symbol={XBT}")
    assert (row["isOpen"], row["currentQty"], row["posInit"], row["avgEntryPrice"]) == (True, 5, 100, 60000)
    listed = rest(simulator, "GET", "/api/v1/positions?currency=USDT")
    assert [item["id"] for item in listed] == [row["id"]]
    assert rest(simulator, "GET", "/api/v1/positions?currency=XBT") == []


def test_margin_mode_and_cross_leverage_are_read_and_changed(simulator: Simulator) -> None:
    mode = f"/api/v2/position/getMarginMode?symbol={XBT}"
    assert rest(simulator, "GET", mode) == {"symbol": XBT, "marginMode": "ISOLATED"}
    rest(simulator, "POST", "/api/v2/position/changeMarginMode", {"symbol": XBT, "marginMode": "CROSS"})
    assert rest(simulator, "GET", mode)["marginMode"] == "CROSS"
    leverage = f"/api/v2/getCrossUserLeverage?symbol={XBT}"
    assert rest(simulator, "GET", leverage) == {"symbol": XBT, "leverage": "3"}
    body = {"symbol": XBT, "leverage": "126"}
    assert refusal(simulator, "POST", "/api/v2/changeCrossUserLeverage", body) == "300016"
    rest(simulator, "POST", "/api/v2/changeCrossUserLeverage", {**body, "leverage": "10"})
    assert rest(simulator, "GET", leverage)["leverage"] == "10"


def test_account_overview_adds_up(simulator: Simulator) -> None:
    assert rest(simulator, "GET", "/api/v1/account-overview")["currency"] == "XBT"
    trade(simulator)
    simulator.set_index_price(XBT, "61000")
    row = rest(simulator, "GET", "/api/v1/account-overview?currency=USDT")
    # 300 of value at a third, and the fee reserve 0.0006 of 400; the two that rest: 40 + 0.0006 of 280.
    assert (row["marginBalance"], row["unrealisedPNL"], row["accountEquity"]) == (D("99999.82"), 5, D("100004.82"))
    assert (row["positionMargin"], row["orderMargin"]) == (D("100.24"), D("40.168"))
    assert row["availableBalance"] == D("99999.82") - D("100.24") - D("40.168")
    assert row["riskRatio"] == 0


def test_contract_tells_steps_limits_and_prices(simulator: Simulator) -> None:
    contract_order(simulator, "sell", 5, "60600")
    contract_order(simulator, "buy", 2, "60600")
    row = public(simulator, f"/api/v1/contracts/{XBT}")
    assert (row["tickSize"], row["multiplier"], row["maxLeverage"]) == (D("0.1"), D("0.001"), 125)
    assert (row["markPrice"], row["indexPrice"], row["lastTradePrice"]) == (60000, 60000, 60600)
    assert (row["buyLimit"], row["sellLimit"], row["openInterest"]) == (63000, 57000, "0")
    assert (row["priceChg"], row["priceChgPct"], row["volumeOf24h"]) == (600, D("0.01"), D("0.002"))
    assert 0 < row["nextFundingRateTime"] <= 28_800_000
    names = [item["symbol"] for item in public(simulator, "/api/v1/contracts/active")]
    assert names == ["XBTUSDTM", "ETHUSDTM", "XBTUSDM"]
    rate = public(simulator, f"/api/v1/funding-rate/{XBT}/current")
    assert (rate["value"], rate["fundingRateCap"], rate["fundingRateFloor"]) == (D("0.0001"), D("0.003"), D("-0.003"))


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/api/v1/orders/{order-id}", "/api/v1/orders/{id}"),
        ("GET", "/api/v1/orders/byClientOid", "?clientOid=x"),
        ("GET", "/api/v1/orders", "?status=active"),
        ("GET", "/api/v1/recentDoneOrders", ""),
        ("GET", "/api/v1/openOrderStatistics", f"?symbol={XBT}"),
        ("GET", "/api/v1/recentFills", ""),
        ("GET", "/api/v1/fills", ""),
        ("GET", "/api/v1/position", f"?symbol={XBT}"),
        ("GET", "/api/v2/position/getMarginMode", f"?symbol={XBT}"),
        ("GET", "/api/v2/getCrossUserLeverage", f"?symbol={XBT}"),
        ("GET", "/api/v1/account-overview", "?currency=USDT"),
        ("GET", "/api/v1/contracts/active", ""),
        ("GET", "/api/v1/contracts/{symbol}", f"/api/v1/contracts/{XBT}"),
    ],
)
def test_answer_has_all_that_the_documented_one_has(simulator: Simulator, method: str, path: str, query: str) -> None:
    order_id = trade(simulator)
    contract_order(simulator, "buy", 2, "60100")
    rest(simulator, "POST", "/api/v1/orders", {"clientOid": "c", "symbol": XBT, "type": "market", "closeOrder": True})
    target = query.format(id=order_id) if query.startswith("/") else path + query
    ours, real = form(rest(simulator, method, target)), form(example(method, path))
    missing = _missing(ours, real)
    # What nobody needs to trade: the market risk parameters of a contract, and a sum that one document prints twice.
    assert missing <= {"k", "m", "f", "mmrLimit", "mmrLevConstant", "posCommCommon", "posCrossMargin"}


def _missing(ours: Any, real: Any) -> set[str]:
    """Return the keys that ours lacks or has with another kind of value, at any depth."""
    if isinstance(ours, list) and isinstance(real, list):
        return _missing(ours[0], real[0]) if ours and real else set()
    if not isinstance(ours, dict) or not isinstance(real, dict):
        return set()
    lacking = set()
    for key, kind in real.items():
        nested = isinstance(kind, (dict, list))
        if key not in ours or (not nested and None not in (ours[key], kind) and ours[key] != kind):
            lacking.add(key)
    return lacking.union(*(_missing(ours[key], real[key]) for key in real if key in ours))


# The simulator's own methods.


def test_simulator_shows_and_moves_contracts(simulator: Simulator) -> None:
    simulator.counter_contract_order(XBT, "sell", 5, "60000")
    rest(simulator, "POST", "/api/v1/orders", {**ARGS, "clientOid": "x", "price": "60000", "size": 7})
    assert [(p.symbol, p.qty) for p in simulator.positions()] == [(XBT, 5)]
    assert [f.size for f in simulator.futures_fills()] == [5]
    assert [o.remaining for o in simulator.futures_open_orders()] == [2]
    simulator.add_position_margin(XBT, "50")
    assert simulator.positions()[0].pos_cross == 50
    simulator.set_auto_deposit(XBT)
    assert simulator.positions()[0].auto_deposit
    simulator.set_auto_deposit(XBT, False)
    simulator.counter_contract_order(XBT, "sell", 2)
    simulator.set_index_price(XBT, "30000")
    simulator.futures_deposit("USDT", "10")
    assert simulator.positions() == []
    with pytest.raises(Refused):
        simulator.counter_contract_order("NOUSDTM", "buy", 1)
    simulator.set_position_mode(hedging=True)
    reply = call(simulator, "POST", "/api/v1/orders", {**ARGS, "clientOid": "y"}, host="/futures")
    assert reply["code"] == "330011"


def test_market_maker_quotes_contracts_around_the_index() -> None:
    def run(seed: int) -> list[Any]:
        exchange = FuturesExchange(now_ns=lambda: 1_760_000_000_000_000_000, house_accounts=(MAKER, TAKER))
        maker = ContractMarketMaker(exchange, seed=seed)
        for step in range(50):
            exchange.set_index_price(XBT, str(60000 + step % 7))
            maker.step()
            ticker = exchange.ticker(XBT)
            assert ticker.best_bid < 60000 + step % 7 < ticker.best_ask
        assert not any(exchange.accounts.totals().values())
        return [(t.symbol, t.side, t.price, t.size) for t in exchange.trades]

    assert run(1) == run(1) != run(2)


@pytest.mark.parametrize("jump", [3, -3, 50, -50])
def test_market_maker_leaves_no_side_empty_while_the_price_jumps(jump: int) -> None:
    """A ticker between two of its orders is pushed like any other."""
    seen: list[BookChanged] = []
    exchange = FuturesExchange(
        now_ns=lambda: 1_760_000_000_000_000_000,
        house_accounts=(MAKER, TAKER),
        emit=lambda event: seen.append(event) if isinstance(event, BookChanged) and event.symbol == XBT else None,
    )
    maker = ContractMarketMaker(exchange)
    sides: dict[str, dict[Decimal, Decimal]] = {"buy": {}, "sell": {}}
    for step in range(6):
        exchange.set_index_price(XBT, str(60000 + jump * step))
        maker.step()
        for event in seen:
            sides[event.side][event.price] = event.size
            assert step == 0 or all(any(levels.values()) for levels in sides.values())
        assert seen
        seen.clear()


def test_index_follows_the_spot_market_while_it_is_narrow(make: Make) -> None:
    simulator = make(limits="off")

    def index() -> Decimal:
        on_venue(simulator, lambda venue: venue.futures.prices.refresh(XBT))
        return on_venue(simulator, lambda venue: venue.futures.prices[XBT].index)

    assert index() == 60000  # the last price, before any trade
    simulator.counter_order("BTC-USDT", "buy", "1", "60090")
    simulator.counter_order("BTC-USDT", "sell", "1", "60110")
    assert index() == 60100
    simulator.counter_order("BTC-USDT", "sell", "1")
    simulator.counter_order("BTC-USDT", "buy", "1", "40000")
    assert index() == 60090  # a market that wide tells less than the last trade
