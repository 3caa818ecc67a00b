"""What can become of an order and of its reply, seen from a raw connection."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from kucoin_sync.simulator import Simulator
from tests.simulator.clients import Socket, open_orders_socket

Make = Callable[..., Simulator]


def ids(orders: Socket, count: int) -> list[str]:
    return [orders.receive()["id"] for _ in range(count)]


def test_late_reply_lets_others_pass(simulator: Simulator, orders: Socket) -> None:
    simulator.late_ack(0.05)
    orders.send_together(orders.order_frame("a"), orders.order_frame("b"))
    assert ids(orders, 2) == ["r-b", "r-a"]


def test_doubled_reply_may_contradict_itself(simulator: Simulator, orders: Socket) -> None:
    simulator.dup_ack(patch={"code": "400100", "msg": "no", "data": None})
    first, second = orders.order("a").receive(), orders.receive()
    assert (first["id"], first["code"], second["id"], second["code"]) == ("r-a", "200000", "r-a", "400100")
    assert second["msg"] == "no" and "data" not in second
    assert simulator.truth("a").replies_sent == 2


def test_swapped_replies(simulator: Simulator, orders: Socket) -> None:
    simulator.swap_acks()
    orders.order("a").order("b").order("c")
    assert ids(orders, 3) == ["r-b", "r-a", "r-c"]


def test_reply_that_waits_to_be_overtaken_leaves_when_faults_are_cleared(simulator: Simulator, orders: Socket) -> None:
    simulator.swap_acks()
    orders.order("a")
    simulator.wait_for(lambda s: s.truth("a").executed)
    simulator.clear_faults()
    assert ids(orders, 1) == ["r-a"]


@pytest.mark.parametrize(
    ("patch", "key", "value"),
    [
        ({"op": "spot.cancel"}, "op", "spot.cancel"),
        ({"data": {"orderId": ""}}, "data", {"orderId": "", "clientOid": "a"}),
        ({"data": {"orderId": None, "clientOid": "z"}}, "data", {"clientOid": "z"}),
        ({"code": None}, "code", None),
    ],
)
def test_changed_reply(simulator: Simulator, orders: Socket, patch: object, key: str, value: object) -> None:
    simulator.edit_ack(patch)  # type: ignore[arg-type]
    reply = orders.order("a").receive()
    if isinstance(value, dict):
        assert {name: reply[key].get(name) for name in value} == value
        assert set(value) >= set(reply[key]) & {"orderId", "clientOid"}
    else:
        assert reply.get(key) == value
    assert orders.order("b").receive()["code"] == "200000"


def test_batch_reply_with_fewer_items_or_in_another_order(simulator: Simulator, orders: Socket) -> None:
    def names(request_id: str) -> list[str]:
        args = [
            {"clientOid": f"{request_id}{number}", "symbol": "XBTUSDTM", "side": "buy", "type": "limit"}
            | {"price": "50000", "size": 1, "leverage": 2}
            for number in range(3)
        ]
        reply = orders.ask({"id": request_id, "op": "futures.multi_order", "args": args})
        return [item["clientOid"] for item in reply["data"]]

    simulator.edit_batch(1, op="futures.multi_order")
    assert names("a") == ["a0", "a1"]
    simulator.edit_batch(reverse=True)
    assert names("b") == ["b2", "b1", "b0"]
    assert names("c") == ["c0", "c1", "c2"]
    assert len(simulator.futures_open_orders()) == 9
    simulator.edit_batch(5)
    args = {"orderIdsList": [order.order_id for order in simulator.futures_open_orders()[:2]]}
    reply = orders.ask({"id": "d", "op": "futures.multi_cancel", "args": args})
    assert reply["code"] == "200000" and not any(
        reply["data"] if isinstance(reply["data"], list) else reply["data"].values()
    )
    assert len(simulator.futures_open_orders()) == 7


def test_reply_and_end_come_together(simulator: Simulator, orders: Socket) -> None:
    simulator.ack_then_cut()
    assert orders.order("a").receive()["id"] == "r-a"
    with pytest.raises(ConnectionClosedError) as caught:
        orders.text()
    assert not isinstance(caught.value.__cause__, ConnectionResetError)


def test_order_executes_after_its_line_was_cut(simulator: Simulator, orders: Socket) -> None:
    simulator.cut_then_execute(0.02)
    orders.order("a")
    with pytest.raises(ConnectionClosed):
        orders.text()
    record = simulator.wait_for(lambda s: s.truth("a").executed and s.truth("a"))
    assert (record.frames_received, record.outcome, record.replies_sent) == (1, "accepted", 0)
    assert [order.client_oid for order in simulator.open_orders()] == ["a"]


def test_order_lies_before_it_executes(simulator: Simulator, orders: Socket) -> None:
    simulator.late_execution(0.05)
    orders.send_together(orders.order_frame("a"), orders.order_frame("b"))
    assert ids(orders, 2) == ["r-b", "r-a"]
    assert [order.client_oid for order in simulator.orders()] == ["b", "a"]


@pytest.mark.parametrize("executed", [False, True])
def test_refused_order_was_executed_or_not(simulator: Simulator, orders: Socket, executed: bool) -> None:
    simulator.refuse_order("408000", "Network timeout", executed=executed)
    reply = orders.order("a").receive()
    assert (reply["code"], reply["msg"], "data" in reply) == ("408000", "Network timeout", False)
    record = simulator.truth("a")
    assert (record.executed, record.code, len(simulator.orders())) == (executed, "408000", executed)


def test_chance_comes_from_a_seed(make: Make) -> None:
    def dropped(seed: int) -> list[str]:
        simulator = make(fault_seed=seed)
        simulator.drop_ack(None, probability=0.5)
        with open_orders_socket(simulator) as orders:
            for number in range(20):
                orders.order(f"o{number}")
            simulator.wait_for(lambda s: s.truth("o19").executed)
        return [frame.request_id for frame in simulator.truth_frames() if not frame.replies_sent]

    assert dropped(1) == dropped(1) != dropped(2)
    assert 0 < len(dropped(1)) < 20


def test_faults_that_last_until_they_are_cleared(simulator: Simulator, orders: Socket) -> None:
    simulator.drop_ack(None, op="spot.order")
    orders.order("a").order("b").order("c")
    simulator.wait_for(lambda s: s.truth("c").executed)
    (fault,) = simulator.faults_in_force()
    assert (fault.name, fault.left, fault.details) == ("drop_ack", None, {"op": "spot.order"})
    simulator.clear_faults()
    assert simulator.faults_in_force() == []
    assert ids(orders.order("d"), 1) == ["r-d"]


def test_everything_in_force_is_told(simulator: Simulator, orders: Socket) -> None:
    simulator.hold_acks("spot.order")
    simulator.hold_pushes("/market/ticker:BTC-USDT")
    simulator.hold_snapshots()
    simulator.hold_events()
    simulator.events_first()
    simulator.freeze_rest("/orderbook", 2)
    simulator.lookup_lag(0.5)
    simulator.clock_skew(-100)
    simulator.silence()
    simulator.stop_reading()
    assert {fault.name for fault in simulator.faults_in_force()} == {
        "hold_acks",
        "hold_pushes",
        "hold_snapshots",
        "hold_events",
        "events_first",
        "freeze_rest",
        "lookup_lag",
        "clock_skew",
        "silence",
        "stop_reading",
    }
    simulator.clear_faults()
    assert simulator.faults_in_force() == []
