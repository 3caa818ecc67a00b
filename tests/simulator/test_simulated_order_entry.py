"""The order-entry host: log-in, operations, limits and the truth log."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from kucoin_sync.simulator import Limits, Simulator
from tests.simulator.clients import Socket, open_orders_socket, query, sign

Make = Callable[..., Simulator]


def raw_socket(simulator: Simulator, **changes: str) -> Socket:
    url = f"{simulator.ws_url}/v1/private?{query(simulator, **changes)}"
    return Socket(connect(url, compression=None, proxy=None))


def expect_refusal(socket: Socket, code: str) -> None:
    frame = socket.receive()
    assert frame["code"] == code
    assert set(frame) == {"code", "msg", "inTime", "outTime"}
    with pytest.raises(ConnectionClosed):
        socket.text()
    assert socket.ws.close_code == 1000


def test_log_in(simulator: Simulator) -> None:
    with raw_socket(simulator) as socket:
        challenge = socket.text()
        assert " " not in challenge
        assert set(json.loads(challenge)) == {"sessionId", "timestamp"}
        socket.send(sign(simulator.api_secret, challenge))
        assert socket.receive() == {
            "sessionId": json.loads(challenge)["sessionId"],
            "data": "welcome",
            "pingInterval": 18000,
            "pingTimeout": 10000,
        }
        assert simulator.welcomed("ws_api") == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sign": ""}, "400001"),
        ({"timestamp": "1760000000000"}, "400002"),
        ({"apikey": "64f0c3a1e5b7d90001a2b3c4"}, "400003"),
        ({"passphrase": "simulator-passphrase"}, "400004"),
        ({"sign": "é"}, "400005"),
    ],
)
def test_query_is_checked_after_the_upgrade(simulator: Simulator, changes: Any, code: str) -> None:
    with raw_socket(simulator, **changes) as socket:
        expect_refusal(socket, code)


def test_wrong_answer_to_the_challenge(simulator: Simulator) -> None:
    with raw_socket(simulator) as socket:
        socket.text()
        socket.send("AAAA")
        expect_refusal(socket, "400011")


def test_missing_answer_to_the_challenge(make: Make) -> None:
    with raw_socket(make(challenge_timeout=0.05)) as socket:
        socket.text()
        expect_refusal(socket, "400012")


def test_ping(orders: Socket) -> None:
    pong = orders.ask({"id": "ping-123", "op": "ping", "timestamp": 1742175983900})
    assert set(pong) == {"id", "op", "timestamp"}
    assert (pong["id"], pong["op"]) == ("ping-123", "pong")


def test_order_modify_cancel(simulator: Simulator, orders: Socket) -> None:
    placed = orders.order("a").receive()
    order_id = placed["data"]["orderId"]
    assert set(placed) == {"id", "op", "code", "data", "inTime", "outTime", "userRateLimit"}
    assert (placed["id"], placed["op"], placed["code"]) == ("r-a", "spot.order", "200000")
    assert placed["data"] == {"orderId": order_id, "clientOid": "a"}
    limit = placed["userRateLimit"]
    assert (limit["limit"], limit["remaining"]) == (4000, 3999)
    assert 25_000 < limit["reset"] <= 30_000
    args = {"symbol": "BTC-USDT", "orderId": order_id, "newPrice": "21000"}
    changed = orders.ask({"id": "2", "op": "spot.modify", "args": args})["data"]
    assert changed["clientOid"] == "a" and changed["newOrderId"] != order_id
    assert [str(o.price) for o in simulator.open_orders()] == ["21000"]
    args = {"symbol": "BTC-USDT", "clientOid": "a"}
    assert orders.ask({"id": "3", "op": "spot.cancel", "args": args})["data"] == {"clientOid": "a"}
    again = orders.ask({"id": "4", "op": "spot.cancel", "args": args})
    assert (again["code"], again["msg"]) == ("400100", "order_not_exist_or_not_allow_to_cancel")
    assert "data" not in again
    assert simulator.open_orders() == []
    assert simulator.truth("a", op="spot.cancel").frames_received == 2
    assert simulator.truth("a", op="spot.modify").executed == 1


def test_sync_operations_report_the_matching(simulator: Simulator, orders: Socket) -> None:
    simulator.counter_order("BTC-USDT", "sell", "0.004", "50000")
    args = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "50000", "size": "0.01"}
    placed = orders.ask({"id": "1", "op": "spot.sync_order", "args": args})["data"]
    sizes = [placed[name] for name in ("originSize", "dealSize", "remainSize", "canceledSize", "status")]
    assert sizes == ["0.01", "0.004", "0.006", "0", "open"]
    args = {"symbol": "BTC-USDT", "orderId": placed["orderId"]}
    ended = orders.ask({"id": "2", "op": "spot.sync_cancel", "args": args})["data"]
    sizes = [ended[name] for name in ("originSize", "dealSize", "remainSize", "canceledSize", "status")]
    assert sizes == ["0.01", "0.004", "0", "0.006", "done"]


def test_marketable_order_fills(make: Make) -> None:
    simulator = make(market_maker=True)
    with open_orders_socket(simulator) as orders:
        assert orders.order("a").receive()["code"] == "200000"
        assert orders.order("b", price="70000").receive()["code"] == "200000"
        assert [o.client_oid for o in simulator.open_orders()] == ["a"]
        assert simulator.balances()["BTC"].total == simulator.orders()[1].deal_size + 10
        assert simulator.trades()


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"symbol": "NO-PE"}, "400100", "Unsupported trading pair."),
        ({"size": "1000"}, "200004", "Balance insufficient!"),
        ({"clientOid": "x" * 41}, "400100", "clientOid is invalid."),
        ({"clientTimestamp": 1, "allowMaxTimeWindow": 5000}, "400002", None),
    ],
)
def test_refused_orders(orders: Socket, changes: Any, code: str, text: str | None) -> None:
    reply = orders.order("a", **changes).receive()
    assert (reply["id"], reply["op"], reply["code"]) == ("r-a", "spot.order", code)
    assert text is None or reply["msg"] == text


def test_window_follows_the_servers_clock(simulator: Simulator, orders: Socket) -> None:
    window = {"clientTimestamp": time.time_ns() // 1_000_000, "allowMaxTimeWindow": 60_000}
    assert orders.order("a", **window).receive()["code"] == "200000"
    simulator.clock_skew(120_000)
    assert orders.order("b", **window).receive()["code"] == "400002"


@pytest.mark.parametrize("text", ["nonsense", "[]", "{}", '{"id": "", "op": "ping"}', '{"id": 7, "op": "ping"}'])
def test_request_without_id_is_answered_without_id(orders: Socket, text: str) -> None:
    reply = orders.ask(text)
    assert reply["code"] == "4001002"
    assert "id" not in reply and "op" not in reply


@pytest.mark.parametrize(
    "frame", [{"id": "1", "op": "spot.dance"}, {"id": "1", "op": "spot.order"}, {"id": "1", "op": 7}]
)
def test_bad_request_is_answered_with_id(orders: Socket, frame: Any) -> None:
    reply = orders.ask(frame)
    assert (reply["id"], reply["op"], reply["code"]) == ("1", str(frame["op"]), "400100")


def test_duplicate_client_order_id_is_refused_while_live(simulator: Simulator, orders: Socket) -> None:
    orders.order("a").receive()
    assert orders.order("a").receive()["msg"] == "validation.createOrder.clientOidDuplicated"
    record = simulator.truth("a")
    assert (record.frames_received, record.executed, record.replies_sent) == (2, 1, 2)
    assert (record.outcome, record.code) == ("accepted", "200000")
    assert record.order_id == simulator.orders()[0].order_id


def test_truth_tells_the_port_that_an_order_came_from(simulator: Simulator, orders: Socket) -> None:
    """A proxy in between knows a connection by it, and so which of its bytes the order was."""
    orders.order("a").receive()
    assert simulator.truth_frames()[0].remote_port == orders.ws.socket.getsockname()[1]


def test_truth_of_an_order_that_never_came(simulator: Simulator) -> None:
    record = simulator.truth("nobody")
    assert (record.frames_received, record.executed, record.outcome) == (0, 0, None)


def test_truth_names_connection_request_and_arrival(make: Make, tmp_path: Path) -> None:
    simulator = make(truth_file=tmp_path / "truth.jsonl")
    with open_orders_socket(simulator) as orders:
        before = time.time_ns()
        orders.order("a").receive()
        (frame,) = simulator.truth_frames(op="spot.order")
        assert (frame.connection_id, frame.request_id, frame.op) == ("ws_api-1", "r-a", "spot.order")
        assert before <= frame.arrived_at_ns <= time.time_ns()
    assert json.loads((tmp_path / "truth.jsonl").read_text())["client_oid"] == "a"


def test_truth_outlives_the_server(simulator: Simulator) -> None:
    with open_orders_socket(simulator) as orders:
        orders.order("a").receive()
    simulator.stop()
    simulator.start()
    assert simulator.truth("a").executed == 1


def test_order_pool_runs_dry(make: Make) -> None:
    with open_orders_socket(make(limits=Limits(order_pool=1))) as orders:
        orders.order("a").receive()
        reply = orders.order("b").receive()
        assert (reply["code"], reply["userRateLimit"]["remaining"]) == ("429000", 0)


def test_nanosecond_times_on_request(simulator: Simulator) -> None:
    with raw_socket(simulator, enable_ns="true") as socket:
        socket.send(sign(simulator.api_secret, socket.text()))
        socket.receive()
        assert socket.order("a").receive()["inTime"] > 10**18
