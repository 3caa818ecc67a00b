"""Every fault can be ordered in every way there is, with the same effect, and is in the log."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from kucoin_sync.cli.fault_option import FaultType, order_faults
from kucoin_sync.simulator import Simulator, faults_by_name
from tests.simulator.clients import LIMIT, Socket, open_orders_socket, open_stream

Make = Callable[..., Simulator]

VALUES = {"seconds": 0.5, "patch": {"data": None}, "topic": "/market/ticker:BTC-USDT", "path": "/bullet-", "ms": 1000}
VALUES |= {"payload": "{}", "symbol": "BTC-USDT"}
"""Values of the parameters that have no default."""

#: They act at once, or take back; only what waits or lasts is in force afterwards.
AT_ONCE = {"cut", "close", "silence", "stop_reading", "bad_frame", "error_without_id", "clear_faults"}
AT_ONCE |= {"release_acks", "release_events", "release_pushes", "release_snapshots", "service_notice", "reset_books"}

#: What only OKX does.
OF_OKX = {"service_notice", "reset_books", "late_subscribe_ack", "late_unsubscribe"}


def arguments_of(name: str) -> dict[str, Any]:
    """Return arguments for a fault: what it needs, and a count of two where it counts."""
    parameters = list(inspect.signature(faults_by_name()[name]).parameters.values())[1:]
    needed = {p.name: VALUES[p.name] for p in parameters if p.default is p.empty}
    return needed | ({"count": 2} if any(p.name == "count" for p in parameters) else {})


def from_python(simulator: Simulator, name: str, arguments: dict[str, Any]) -> None:
    getattr(simulator, name)(**arguments)


def from_another_process(simulator: Simulator, name: str, arguments: dict[str, Any]) -> None:
    getattr(Simulator.connect(simulator.url), name)(**arguments)


def from_the_command_line(simulator: Simulator, name: str, arguments: dict[str, Any]) -> None:
    """As ``--fault`` does, which is given one word."""
    word = name + ":" * bool(arguments) + ",".join(f"{key}={json.dumps(value)}" for key, value in arguments.items())
    order_faults(simulator, [FaultType().convert(word, None, None)])


def over_http(simulator: Simulator, name: str, arguments: dict[str, Any]) -> None:
    headers = {"X-Simulator-Key": simulator.api_key}
    url = f"{simulator.url}/_simulator/{name}"
    assert requests.post(url, json=arguments, headers=headers, timeout=LIMIT).json()["code"] == "200000"


@pytest.mark.parametrize("name", sorted(faults_by_name()))
def test_fault_is_the_same_however_it_is_ordered(make: Make, name: str) -> None:
    simulator = make(exchange="okx" if name in OF_OKX else "kucoin")
    arguments = arguments_of(name)
    seen = []
    for order in (from_python, from_another_process, from_the_command_line, over_http):
        before = len(simulator.fault_log())
        order(simulator, name, arguments)
        logged = [(entry.name, entry.what, dict(entry.details)) for entry in simulator.fault_log()[before:]]
        seen.append((logged, simulator.faults_in_force()))
        simulator.clear_faults()
        assert simulator.faults_in_force() == []
    assert all(one == seen[0] for one in seen)
    logged, in_force = seen[0]
    assert [(entry[0], entry[1]) for entry in logged] == [(name, "ordered")]
    assert bool(in_force) is (name not in AT_ONCE)


def test_same_seed_strikes_the_same_operations(make: Make) -> None:
    """Whatever else differs; and what struck is in the log with the operation it met."""
    struck = []
    for seed in (7, 7, 8):
        simulator = make(fault_seed=seed)
        simulator.drop_ack(None, "spot.order", probability=0.5)
        with open_orders_socket(simulator) as orders:
            for number in range(40):
                orders.order(f"o{number}")
            simulator.wait_for(lambda s: len(s.truth_frames()) == 40)
            struck.append([frame.client_oid for frame in simulator.truth_frames() if not frame.replies_sent])
        hits = [entry for entry in simulator.fault_log() if entry.what == "struck"]
        assert len(hits) == len(struck[-1]) and {hit.details["op"] for hit in hits} == {"spot.order"}
    assert struck[0] == struck[1] != struck[2]
    assert 0 < len(struck[0]) < 40


def test_truth_tells_when_a_frame_arrived_and_what_became_of_it(simulator: Simulator, orders: Socket) -> None:
    simulator.cut_before_execution(op="spot.order")
    with open_orders_socket(simulator) as other:
        other.order("cut")
        simulator.wait_for(lambda s: s.truth("cut").frames_received)
    orders.order("good").receive()
    orders.order("bad", price="-1").receive()
    frames = simulator.truth_frames()
    assert [(f.client_oid, f.outcome, f.executed, f.replies_sent) for f in frames] == [
        ("cut", "cut", False, 0),
        ("good", "accepted", True, 1),
        ("bad", "refused", False, 1),
    ]
    assert [f.connection_id for f in frames] == ["ws_api-2", "ws_api-1", "ws_api-1"]
    times = [f.arrived_monotonic_ns for f in frames]
    assert times == sorted(times) and times[0] < times[-1]
    assert frames[2].code == "400100" and frames[1].order_id == simulator.open_orders()[0].order_id


def test_faults_of_the_streams_and_of_the_order_entry_compose(simulator: Simulator, orders: Socket) -> None:
    """Each waits for its own moment; neither uses the other up."""
    simulator.dup_push(1, "/market/ticker:BTC-USDT")
    simulator.dup_ack(1, "spot.order", {})
    with open_stream(simulator) as stream:
        stream.subscribe("/market/ticker:BTC-USDT")
        simulator.push_ticker("BTC-USDT")
        assert len(stream.arrived()) == 2
        orders.order("a")
        assert orders.receive() == orders.receive()
    assert simulator.faults_in_force() == []
