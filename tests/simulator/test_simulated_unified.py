"""Unified operations and their REST twins: one face for both engines, and what the Pro streams tell of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.venue import Venue
from tests.simulator.clients import (
    LIMIT,
    ProSocket,
    Socket,
    auth_frame,
    on_venue,
    open_pro,
    rest_headers,
    sign,
)

Make = Callable[..., Simulator]

SPOT = {
    "tradeType": "SPOT",
    "symbol": "BTC-USDT",
    "side": "BUY",
    "orderType": "LIMIT",
    "size": "0.01",
    "sizeUnit": "BASECCY",
    "price": "20000",
}
FUTURES = {
    "tradeType": "FUTURES",
    "symbol": "XBTUSDTM",
    "side": "BUY",
    "orderType": "LIMIT",
    "size": "2",
    "sizeUnit": "UNIT",
    "price": "59000",
    "clientOid": "f",
}
MARGIN = {**SPOT, "tradeType": "MARGIN", "clientOid": "m", "autoBorrow": True}


@pytest.fixture
def rows(simulator: Simulator) -> Iterator[ProSocket]:
    """The unified orders of the account, as they are told."""
    with open_pro(simulator, "private") as socket:
        assert socket.subscribe("orderAll", tradeType="UNIFIED")["result"] is True
        yield socket


def ask(orders: Socket, op: str, args: Any) -> Any:
    return orders.ask({"id": "u", "op": op, "args": args})


def place(orders: Socket, args: dict[str, Any], **changes: Any) -> Any:
    reply = ask(orders, "uta.order", {**args, **changes})
    assert reply["code"] == "200000", reply
    return reply["data"]


def row(rows: ProSocket, *keys: str) -> list[Any]:
    """Return some values of the next order push."""
    data = rows.receive()["d"]
    return [data[key] for key in keys]


def without(args: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in args.items() if name not in names}


# Orders of each product.


def test_spot_order_is_one_of_the_spot_market(simulator: Simulator, orders: Socket, rows: ProSocket) -> None:
    reply = ask(orders, "uta.order", {**SPOT, "clientOid": "mine", "timeInForce": "GTC", "stp": "CO", "tags": "t"})
    assert (reply["id"], reply["op"], reply["code"]) == ("u", "uta.order", "200000")
    assert reply["userRateLimit"]["limit"] == 2000
    data = reply["data"]
    assert abs(data.pop("ts") - time.time_ns()) < 10**10
    order = simulator.open_orders()[0]
    assert data == {"orderId": order.order_id, "clientOid": "mine", "tradeType": "SPOT"}
    assert (order.side, order.type, order.request.stp, order.request.tags) == ("buy", "limit", "CO", "t")
    assert row(rows, "oi", "tT", "eT", "os", "qU") == [order.order_id, "SPOT", "OPEN", 2, "BASECCY"]
    assert simulator.truth("mine").executed == 1


@pytest.mark.parametrize(("unit", "size", "bought"), [("BASECCY", "0.002", "0.002"), ("QUOTECCY", "40", "0.002")])
def test_market_orders_take_both_units(simulator: Simulator, orders: Socket, unit: str, size: str, bought: str) -> None:
    simulator.counter_order("BTC-USDT", "sell", "0.5", "20000")
    place(orders, without(SPOT, "price"), orderType="MARKET", size=size, sizeUnit=unit)
    assert [trade.size for trade in simulator.trades()] == [Decimal(bought)]


def test_futures_order_is_one_of_the_contract(orders: Socket, rows: ProSocket) -> None:
    data = place(orders, FUTURES, leverage="5", postOnly=True)
    assert (data["clientOid"], data["tradeType"]) == ("f", "FUTURES")
    keys = ("oi", "tT", "eT", "os", "q", "qU", "rS", "pS", "mM", "pO", "fC")
    assert row(rows, *keys) == [
        data["orderId"],
        "FUTURES",
        "OPEN",
        2,
        "2",
        "UNIT",
        "2",
        "BOTH",
        "ISOLATED",
        True,
        "USDT",
    ]


@pytest.mark.parametrize(("unit", "size"), [("UNIT", "3"), ("BASECCY", "0.003"), ("QUOTECCY", "179")])
def test_contracts_are_ordered_in_three_units(orders: Socket, rows: ProSocket, unit: str, size: str) -> None:
    place(orders, FUTURES, size=size, sizeUnit=unit)
    assert row(rows, "q", "qU") == ["3", "UNIT"]


@pytest.mark.parametrize(
    ("trade_type", "wallet", "mode"),
    [("MARGIN", "margin", "CROSS"), ("CROSS", "margin", "CROSS"), ("ISOLATED", "isolated:BTC-USDT", "ISOLATED")],
)
def test_margin_orders_use_their_wallet_and_borrow(
    simulator: Simulator, orders: Socket, rows: ProSocket, trade_type: str, wallet: str, mode: str
) -> None:
    for currency, balance in simulator.balances(wallet=wallet).items():
        simulator.transfer(currency, balance.available, wallet, "trade")
    assert ask(orders, "uta.order", {**MARGIN, "tradeType": trade_type})["code"] == "106150"
    on_venue(simulator, lambda venue: venue.exchange.deposit(simulator.api_key, "USDT", "100", wallet=wallet))
    assert rows.subscribe("balance", accountType=mode)["result"] is True
    data = place(orders, {**MARGIN, "tradeType": trade_type})
    assert data["tradeType"] == trade_type
    assert row(rows, "oi", "tT", "mM", "eT") == [data["orderId"], "MARGIN", mode, "OPEN"]
    balance = rows.receive()
    assert balance["T"] == f"balance.{mode}"
    keys = ("c", "b", "h", "l", "e", "a")
    assert [balance["d"][key] for key in keys] == ["USDT", "200.2", "200.2", "100.2", "100", "0"]
    assert balance["d"].get("s") == ("BTC-USDT" if mode == "ISOLATED" else None)
    named = {"symbol": "BTC-USDT", "clientOid": "m"}
    assert ask(orders, "uta.cancel", {**named, "tradeType": "SPOT"})["code"] == "106052"
    assert ask(orders, "uta.cancel", {**named, "tradeType": trade_type})["code"] == "200000"


# Conditional orders.


def test_conditional_spot_order_fires(simulator: Simulator, orders: Socket, rows: ProSocket) -> None:
    simulator.counter_order("BTC-USDT", "sell", "0.5", "61000")
    data = place(
        orders,
        without(SPOT, "price"),
        orderType="MARKET",
        clientOid="c",
        triggerDirection="UP",
        triggerPrice="61000",
        triggerPriceType="TP",
    )
    waiting = row(rows, "oi", "eT", "os", "tD", "tP", "tPT", "rS", "toi")
    assert waiting == [data["orderId"], "OPEN", 0, "UP", "61000", "TP", "0.01", ""]
    simulator.counter_order("BTC-USDT", "buy", "0.1", "61000")
    child = row(rows, "oi", "eT", "os", "toi", "tD")
    assert child[1:] == ["OPEN", 2, data["orderId"], ""] and child[0] != data["orderId"]
    assert row(rows, "oi", "eT", "toi") == [child[0], "FILL", data["orderId"]]
    assert row(rows, "oi", "eT", "os") == [data["orderId"], "TRIGGER", 1]


def test_conditional_spot_order_without_money_ends(simulator: Simulator, orders: Socket, rows: ProSocket) -> None:
    place(orders, SPOT, size="1000", triggerDirection="UP", triggerPrice="61000", price="61000")
    simulator.counter_order("BTC-USDT", "sell", "0.1", "61000")
    simulator.counter_order("BTC-USDT", "buy", "0.1", "61000")
    assert row(rows, "eT", "os") == ["OPEN", 0]
    assert row(rows, "eT", "os", "cR", "cS") == ["CANCEL", 5, "NO_ENOUGH_BALANCE", "1000"]


def test_conditional_futures_order_waits(orders: Socket, rows: ProSocket) -> None:
    data = place(orders, FUTURES, triggerDirection="DOWN", triggerPrice="50000", triggerPriceType="MP")
    keys = ("oi", "eT", "os", "tD", "tP", "tPT", "toi")
    assert row(rows, *keys) == [data["orderId"], "OPEN", 0, "DOWN", "50000", "MP", ""]
    cancelled = ask(orders, "uta.cancel", {**without(FUTURES, "clientOid"), "orderId": data["orderId"]})
    assert cancelled["data"]["orderId"] == data["orderId"]
    assert row(rows, "eT", "os", "cR", "cS") == ["CANCEL", 5, "USER", "2"]


def test_take_profit_and_stop_loss_are_closing_stop_orders(orders: Socket, rows: ProSocket) -> None:
    place(orders, FUTURES, tpTriggerPrice="70000", tpTriggerPriceType="TP", slTriggerPrice="50000")
    assert row(rows, "ci", "eT") == ["f", "OPEN"]
    keys = ("S", "oT", "rO", "tD", "tP", "tPT", "q")
    assert row(rows, *keys) == ["SELL", "MARKET", True, "UP", "70000", "TP", "2"]
    assert row(rows, *keys) == ["SELL", "MARKET", True, "DOWN", "50000", "TP", "2"]


# Cancelling and amending.


@pytest.mark.parametrize("name", ["orderId", "clientOid"])
@pytest.mark.parametrize("args", [{**SPOT, "clientOid": "s"}, FUTURES], ids=["spot", "futures"])
def test_cancel_by_either_id(orders: Socket, rows: ProSocket, args: dict[str, Any], name: str) -> None:
    data = place(orders, args)
    named = {"tradeType": args["tradeType"], "symbol": args["symbol"], name: data[name]}
    reply = ask(orders, "uta.cancel", named)["data"]
    assert reply.pop("ts") >= data.pop("ts")
    assert reply == data
    assert row(rows, "eT") == ["OPEN"]
    assert row(rows, "eT", "cR") == ["CANCEL", "USER"]
    assert ask(orders, "uta.cancel", named)["code"] == "106052"


def test_waiting_spot_order_is_cancelled_by_client_id(orders: Socket, rows: ProSocket) -> None:
    data = place(orders, SPOT, clientOid="w", triggerDirection="DOWN", triggerPrice="30000")
    reply = ask(orders, "uta.cancel", {"tradeType": "SPOT", "symbol": "BTC-USDT", "clientOid": "w"})
    assert reply["data"]["orderId"] == data["orderId"]
    assert row(rows, "eT", "os") == ["OPEN", 0]
    assert row(rows, "eT", "os", "cR") == ["CANCEL", 5, "USER"]


@pytest.mark.parametrize("price", ["21000", 21000])
def test_amended_spot_order_keeps_its_id(simulator: Simulator, orders: Socket, rows: ProSocket, price: Any) -> None:
    order_id = place(orders, SPOT, clientOid="a")["orderId"]
    simulator.counter_order("BTC-USDT", "sell", "0.004", "20000")
    reply = ask(orders, "uta.amend", {"symbol": "BTC-USDT", "orderId": order_id, "newPrice": price, "newSize": "0.02"})
    assert reply["data"] == {"orderId": order_id, "clientOid": "a"}
    order = simulator.open_orders()[0]
    assert (order.order_id, str(order.price), str(order.remaining)) == (order_id, "21000", "0.016")
    assert order.held == Decimal("21000") * Decimal("0.016") * Decimal("1.001")
    assert [row(rows, "oi", "eT", "os") for _ in range(2)] == [[order_id, "OPEN", 2], [order_id, "MATCH", 4]]
    keys = ("oi", "eT", "os", "p", "q", "fS", "rS")
    assert row(rows, *keys) == [order_id, "UPDATE", 4, "21000", "0.02", "0.004", "0.016"]
    assert (
        ask(orders, "uta.cancel", {"tradeType": "SPOT", "symbol": "BTC-USDT", "orderId": order_id})["code"] == "200000"
    )


def test_amended_order_trades_if_its_price_now_crosses(simulator: Simulator, orders: Socket, rows: ProSocket) -> None:
    simulator.counter_order("BTC-USDT", "sell", "0.5", "21000")
    order_id = place(orders, SPOT)["orderId"]
    ask(orders, "uta.amend", {"symbol": "BTC-USDT", "orderId": order_id, "newPrice": "21500"})
    assert [row(rows, "oi", "eT", "lR") for _ in range(3)] == [
        [order_id, "OPEN", ""],
        [order_id, "UPDATE", ""],
        [order_id, "FILL", "TAKER"],
    ]
    assert simulator.balances()["USDT"].held == 0


def test_amended_futures_order_keeps_its_id(orders: Socket, rows: ProSocket) -> None:
    order_id = place(orders, FUTURES, stp="CN")["orderId"]
    args = {"symbol": "XBTUSDTM", "clientOid": "f", "newPrice": "59500", "newSize": "4", "sizeUnit": "UNIT"}
    reply = ask(orders, "uta.amend", args)
    assert reply["data"] == {"orderId": order_id, "clientOid": "f"}
    assert row(rows, "eT") == ["OPEN"]
    keys = ("oi", "eT", "os", "p", "q", "rS", "stp")
    assert row(rows, *keys) == [order_id, "UPDATE", 2, "59500", "4", "4", "CN"]


def test_margin_order_is_amended_too(simulator: Simulator, orders: Socket, rows: ProSocket) -> None:
    on_venue(simulator, lambda venue: venue.exchange.deposit(simulator.api_key, "USDT", "1000", wallet="margin"))
    order_id = place(orders, MARGIN)["orderId"]
    reply = ask(orders, "uta.amend", {"symbol": "BTC-USDT", "clientOid": "m", "newSize": "0.02"})
    assert reply["data"]["orderId"] == order_id
    assert [row(rows, "eT", "q", "mM") for _ in range(2)] == [["OPEN", "0.01", "CROSS"], ["UPDATE", "0.02", "CROSS"]]


@pytest.mark.parametrize(
    ("args", "change", "code"),
    [
        (SPOT, {"newSize": "1000"}, "106150"),
        (SPOT, {"newSize": "0.00000001"}, "106164"),
        (FUTURES, {"newSize": "900000"}, "106212"),
        (FUTURES, {"newPrice": "90000"}, "106170"),
        (FUTURES, {"newSize": "0"}, "106168"),
    ],
)
def test_refused_amend_changes_nothing(
    simulator: Simulator, orders: Socket, args: dict[str, Any], change: dict[str, Any], code: str
) -> None:
    place(orders, {**args, "clientOid": "f"})

    def state(venue: Venue) -> Any:
        account = simulator.api_key
        orders = [*venue.exchange.open_orders(account), *venue.futures.open_orders(account)]
        return orders, venue.exchange.balances(account), venue.futures.wallet(account, "USDT").available

    before = on_venue(simulator, state)
    assert ask(orders, "uta.amend", {"symbol": args["symbol"], "clientOid": "f", **change})["code"] == code
    assert on_venue(simulator, state) == before


@pytest.mark.parametrize("args", [{**SPOT, "clientOid": "f"}, FUTURES], ids=["spot", "futures"])
@pytest.mark.parametrize(("cancels", "left"), [(False, "106169"), (True, "106052")])
def test_refused_amend_leaves_the_order_unless_told_otherwise(
    orders: Socket, args: dict[str, Any], cancels: bool, left: str
) -> None:
    place(orders, args)
    amend = {"symbol": args["symbol"], "clientOid": "f", "newPrice": "59000.123", "cxlOnFail": cancels}
    assert ask(orders, "uta.amend", amend)["code"] == "106169"
    assert ask(orders, "uta.amend", amend)["code"] == left


# Refusals.


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ([], "106000"),
        ({}, "106100"),
        ({**SPOT, "tradeType": "MOON"}, "106205"),
        ({**SPOT, "symbol": "NO-SUCH"}, "106054"),
        ({**SPOT, "side": "buy"}, "106000"),
        ({**SPOT, "sizeUnit": "UNIT"}, "106000"),
        ({**SPOT, "sizeUnit": "QUOTECCY"}, "106000"),
        (without(SPOT, "size"), "106162"),
        (without(SPOT, "price"), "106161"),
        ({**SPOT, "timeInForce": "RPI"}, "106000"),
        ({**SPOT, "reduceOnly": True}, "106000"),
        ({**SPOT, "price": "20000.01"}, "106169"),
        ({**SPOT, "size": "0.000000001"}, "106164"),
        ({**SPOT, "size": "0.010000001"}, "106168"),
        ({**SPOT, "size": "1000"}, "106150"),
        ({**SPOT, "clientOid": "not allowed"}, "106000"),
        ({**SPOT, "triggerPrice": "1"}, "106100"),
        ({**SPOT, "triggerPrice": "1", "triggerDirection": "UP", "triggerPriceType": "MP"}, "106000"),
        ({**FUTURES, "symbol": "NOSUCH"}, "106054"),
        (without(FUTURES, "clientOid"), "106100"),
        ({**FUTURES, "timeInForce": "GTT"}, "106000"),
        ({**FUTURES, "price": "59000.05"}, "106169"),
        ({**FUTURES, "size": "1.5"}, "106168"),
        ({**FUTURES, "price": "90000"}, "106170"),
        ({**FUTURES, "side": "SELL", "price": "30000"}, "106171"),
        ({**FUTURES, "size": "900000"}, "106212"),
        ({**FUTURES, "size": "16000", "leverage": 1}, "106150"),
        ({**FUTURES, "leverage": 200}, "106174"),
        ({**without(FUTURES, "side", "size"), "closeOrder": True}, "106182"),
        ({**FUTURES, "triggerPrice": "1", "triggerDirection": "UP"}, "106100"),
        ({**FUTURES, "tpTriggerPriceType": "TP"}, "106000"),
        (without(MARGIN, "clientOid"), "106100"),
    ],
)
def test_refusals_have_the_codes_of_the_unified_list(orders: Socket, args: Any, code: str) -> None:
    reply = ask(orders, "uta.order", args)
    assert reply["code"] == code, reply
    assert reply["msg"] and "data" not in reply


@pytest.mark.parametrize("args", [{**SPOT, "clientOid": "d"}, {**FUTURES, "clientOid": "d"}], ids=["spot", "futures"])
def test_client_id_of_a_live_order_is_taken(orders: Socket, args: dict[str, Any]) -> None:
    place(orders, args)
    assert ask(orders, "uta.order", args)["code"] == "106151"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"symbol": "BTC-USDT", "orderId": "x"}, "106100"),
        ({"symbol": "BTC-USDT", "newPrice": "1"}, "106100"),
        ({"symbol": "BTC-USDT", "orderId": "x", "newPrice": "1"}, "106052"),
        ({"symbol": "XBTUSDTM", "orderId": "x", "newPrice": "1"}, "106052"),
        ({"symbol": "XBTUSDTM", "orderId": "x", "newSize": "1", "sizeUnit": "BASECCY"}, "106000"),
        ({"symbol": "BTC-USDT", "orderId": "x", "newPrice": "1", "cxlOnFail": "yes"}, "106000"),
        ({"symbol": "XBTUSDTM", "orderId": "x", "tpTriggerPrice": "1"}, "106000"),
    ],
)
def test_refused_amends(orders: Socket, args: Any, code: str) -> None:
    assert ask(orders, "uta.amend", args)["code"] == code


# The REST twins, and the newer host.


def post(simulator: Simulator, name: str, body: dict[str, Any]) -> Any:
    path, text = f"/api/ua/v1/unified/order/{name}", json.dumps(body)
    stamp = str(time.time_ns() // 1_000_000)
    headers = rest_headers(simulator, path, timestamp=stamp, **{"Content-Type": "application/json"})
    headers["KC-API-SIGN"] = sign(simulator.api_secret, f"{stamp}POST{path}{text}")
    return requests.post(simulator.url + path, data=text, headers=headers, timeout=LIMIT).json()


def test_rest_twins_answer_the_same(simulator: Simulator) -> None:
    placed = post(simulator, "place", {**SPOT, "clientOid": "r"})
    assert placed["code"] == "200000" and set(placed["data"]) == {"orderId", "clientOid", "tradeType", "ts"}
    order_id = placed["data"]["orderId"]
    amended = post(simulator, "amend", {"symbol": "BTC-USDT", "clientOid": "r", "newSize": "0.02"})
    assert amended["data"] == {"orderId": order_id, "clientOid": "r"}
    named = {"tradeType": "SPOT", "symbol": "BTC-USDT", "orderId": order_id}
    assert post(simulator, "cancel", named)["data"]["orderId"] == order_id
    assert post(simulator, "cancel", named)["code"] == "106052"
    assert simulator.open_orders() == []


def open_newer_host(simulator: Simulator) -> Socket:
    return Socket(connect(simulator.ws_url + "/v2/private", proxy=None))


def test_newer_host_takes_an_auth_frame_and_unified_operations_only(simulator: Simulator) -> None:
    with open_newer_host(simulator) as socket:
        welcome = socket.ask(auth_frame(simulator))
        assert (welcome["data"], welcome["pingInterval"]) == ("welcome", 18000)
        assert place(socket, SPOT)["tradeType"] == "SPOT"
        assert ask(socket, "spot.order", {})["code"] == "400100"
        assert socket.ask({"id": "p", "op": "ping"})["op"] == "pong"


@pytest.mark.parametrize(
    ("frame", "code"),
    [({"kc-api-sign": "AAAA"}, "400005"), ({"op": "ping"}, "400001"), ({"kc-api-key": "x"}, "400003")],
)
def test_newer_host_refuses_and_closes(simulator: Simulator, frame: dict[str, Any], code: str) -> None:
    with open_newer_host(simulator) as socket:
        assert socket.ask({**auth_frame(simulator), **frame})["code"] == code
        with pytest.raises(ConnectionClosed):
            socket.text()


def test_newer_host_does_not_wait_for_ever(make: Make) -> None:
    with open_newer_host(make(challenge_timeout=0.05)) as socket:
        assert socket.receive()["code"] == "400012"
