"""Every fault, seen from a client, ordered from Python or over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import connect

from kucoin_sync.simulator import Simulator
from tests.simulator.clients import LIMIT, Socket, open_orders_socket, open_stream, query, sign, token_url

Make = Callable[..., Simulator]

SUBSCRIBE = {"id": "s", "type": "subscribe", "topic": "/market/ticker:BTC-USDT", "response": True}


def expect_reset(socket: Socket) -> None:
    with pytest.raises(ConnectionClosedError) as caught:
        socket.text()
    assert isinstance(caught.value.__cause__, ConnectionResetError)


def expect_ping_pong(stream: Socket, request_id: str = "after") -> None:
    """Whatever the server sent before would arrive before this."""
    assert stream.ask({"id": request_id, "type": "ping"})["id"] == request_id


def test_cut_by_reset(simulator: Simulator, stream: Socket, orders: Socket) -> None:
    assert simulator.cut("ws_api") == 1
    expect_reset(orders)
    expect_ping_pong(stream)
    simulator.wait_for(lambda s: (s.connections("v1"), s.connections("ws_api")) == (1, 0))


def test_cut_by_fin(simulator: Simulator, stream: Socket) -> None:
    simulator.cut("v1", reset=False)
    with pytest.raises(ConnectionClosedError) as caught:
        stream.text()
    assert not isinstance(caught.value.__cause__, ConnectionResetError)


def test_swallowed_reply(simulator: Simulator, orders: Socket) -> None:
    simulator.drop_ack(op="spot.order")
    orders.order("a").order("b")
    assert orders.receive()["id"] == "r-b"
    record = simulator.truth("a")
    assert (record.executed, record.replies_sent) == (1, 0)
    assert [entry.what for entry in simulator.fault_log()] == ["ordered", "struck"]


def test_fault_for_another_operation_waits(simulator: Simulator, orders: Socket) -> None:
    simulator.drop_ack(op="spot.cancel")
    assert orders.order("a").receive()["id"] == "r-a"
    assert [(fault.name, fault.left) for fault in simulator.faults_in_force()] == [("drop_ack", 1)]


def test_cut_instead_of_ack(simulator: Simulator, orders: Socket) -> None:
    simulator.cut_instead_of_ack()
    orders.order("a")
    expect_reset(orders)
    assert simulator.truth("a").executed == 1
    assert len(simulator.open_orders()) == 1


def test_cut_before_execution(simulator: Simulator, orders: Socket) -> None:
    simulator.cut_before_execution()
    orders.order("a")
    expect_reset(orders)
    record = simulator.truth("a")
    assert (record.frames_received, record.executed, record.outcome) == (1, 0, "cut")
    assert simulator.orders() == []


def test_held_acks_come_when_released(simulator: Simulator, orders: Socket) -> None:
    simulator.hold_acks("spot.order")
    orders.order("a").order("b")
    simulator.wait_for(lambda s: s.held_acks() == 2)
    assert simulator.truth("b").executed == 1
    assert orders.ask({"id": "p", "op": "ping"})["op"] == "pong"
    assert simulator.truth("a").replies_sent == 0
    assert simulator.release_acks() == 2
    assert [orders.receive()["id"] for _ in range(2)] == ["r-a", "r-b"]
    assert simulator.truth("a").replies_sent == 1
    assert orders.order("c").receive()["id"] == "r-c"


def test_silent_server_reads_on(simulator: Simulator, orders: Socket, stream: Socket) -> None:
    stream.ask(SUBSCRIBE)
    assert simulator.silence("all") == 2
    orders.order("a")
    stream.send({"id": "p", "type": "ping"})
    simulator.wait_for(lambda s: s.truth("a").executed and s.frames_received("v1") == 2)
    assert simulator.push_ticker("BTC-USDT") == 0
    with open_stream(simulator) as other:
        expect_ping_pong(other)
    simulator.silence("all", on=False)
    expect_ping_pong(stream)
    assert orders.order("b").receive()["id"] == "r-b"


def test_close_frame(simulator: Simulator, stream: Socket) -> None:
    simulator.close(1012, "restart", "v1")
    with pytest.raises(ConnectionClosed):
        stream.text()
    assert (stream.ws.close_code, stream.ws.close_reason) == (1012, "restart")


def test_no_welcome(simulator: Simulator) -> None:
    simulator.no_welcome(system="v1")
    with Socket(connect(token_url(simulator), proxy=None)) as stream:
        expect_ping_pong(stream)
        assert (simulator.connections("v1"), simulator.welcomed("v1")) == (1, 0)
    simulator.no_welcome(system="ws_api")
    with Socket(connect(f"{simulator.ws_url}/v1/private?{query(simulator)}", proxy=None)) as orders:
        orders.send(sign(simulator.api_secret, orders.text()))
        assert orders.ask({"id": "1", "op": "ping"})["op"] == "pong"


def test_no_ack_but_subscribed(simulator: Simulator, stream: Socket) -> None:
    simulator.drop_subscribe_ack()
    stream.send(SUBSCRIBE)
    expect_ping_pong(stream)
    assert simulator.subscriptions() == {"/market/ticker:BTC-USDT": 1}
    assert stream.ask(SUBSCRIBE)["type"] == "ack"


def test_rejected_topic(simulator: Simulator, stream: Socket) -> None:
    simulator.reject_topic("/market/ticker:BTC-USDT", 509, "service busy, please retry later")
    assert stream.ask({**SUBSCRIBE, "topic": "/market/ticker:ETH-USDT"})["type"] == "ack"
    refusal = stream.ask({**SUBSCRIBE, "topic": "/market/ticker:ETH-USDT,BTC-USDT"})
    assert (refusal["id"], refusal["code"], refusal["data"]) == ("s", 509, "service busy, please retry later")
    assert stream.ask(SUBSCRIBE)["type"] == "ack"


def test_refused_and_html_tokens(simulator: Simulator) -> None:
    def call() -> requests.Response:
        return requests.post(simulator.url + "/api/v1/bullet-public", timeout=LIMIT)

    simulator.refuse_rest("/bullet-", "429000", "Too many requests", 429)
    simulator.answer_rest("/bullet-")
    refused, html = call(), call()
    assert html.status_code == 200 and html.headers["Content-Type"].startswith("text/html")
    assert (refused.status_code, refused.json()) == (429, {"code": "429000", "msg": "Too many requests"})
    assert call().json()["code"] == "200000"
    assert simulator.stats()["token_calls"] == 3


def test_skewed_clock(simulator: Simulator) -> None:
    simulator.clock_skew(-60_000)
    url = f"{simulator.ws_url}/v1/private?{query(simulator)}"
    with Socket(connect(url, proxy=None)) as socket:
        assert socket.receive()["code"] == "400002"


@pytest.mark.parametrize("payload", ["not json", b"\xff\xfe"])
def test_bad_text_frame(simulator: Simulator, stream: Socket, payload: Any) -> None:
    simulator.bad_frame(payload, "v1")
    if isinstance(payload, str):
        assert stream.text() == payload
    else:
        with pytest.raises(ConnectionClosed):
            stream.text()


def test_raw_bytes_break_the_framing(simulator: Simulator, stream: Socket) -> None:
    simulator.bad_frame(b"\x83\x00", "v1", raw=True)
    with pytest.raises(ConnectionClosed):
        stream.text()


def test_error_without_id(simulator: Simulator, orders: Socket, stream: Socket) -> None:
    assert simulator.error_without_id("501000", "Service stopping.") == 1
    frame = orders.receive()
    assert (frame["code"], frame["msg"], "id" in frame) == ("501000", "Service stopping.", False)
    expect_ping_pong(stream)


def test_frames_behind_a_cut_are_lost(simulator: Simulator, orders: Socket) -> None:
    simulator.cut_before_execution()
    orders.order("a")
    try:
        orders.order("b")
    except ConnectionClosed:
        pass  # the reset may be faster
    simulator.wait_for(lambda s: s.connections("ws_api") == 0)
    assert simulator.truth("b").executed == 0


def test_faults_compose(simulator: Simulator) -> None:
    simulator.drop_ack(2, op="spot.order")
    simulator.cut_instead_of_ack(op="spot.cancel")
    with open_orders_socket(simulator) as orders:
        orders.order("a").order("b").order("c")
        assert orders.receive()["id"] == "r-c"
        orders.send({"id": "1", "op": "spot.cancel", "args": {"symbol": "BTC-USDT", "clientOid": "a"}})
        expect_reset(orders)
    assert [o.client_oid for o in simulator.open_orders()] == ["b", "c"]


def test_clear_faults(simulator: Simulator, orders: Socket) -> None:
    simulator.drop_ack(5)
    simulator.hold_acks()
    simulator.silence()
    simulator.clear_faults()
    assert orders.order("a").receive()["id"] == "r-a"


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("cut", {"system": "v3"}),
        ("drop_ack", {"count": 0}),
        ("refuse_rest", {"status": 100}),
        ("no_welcome", {"system": "okx"}),
    ],
)
def test_wrong_orders_are_refused(simulator: Simulator, method: str, arguments: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        getattr(simulator, method)(**arguments)


def control(simulator: Simulator, name: str, arguments: Any = None, key: str | None = None) -> requests.Response:
    headers = {"X-Simulator-Key": simulator.api_key if key is None else key}
    return requests.post(f"{simulator.url}/_simulator/{name}", json=arguments, headers=headers, timeout=LIMIT)


def test_controls_over_http(simulator: Simulator, orders: Socket) -> None:
    assert control(simulator, "drop_ack", {"count": 1, "op": "spot.order"}).json() == {"code": "200000", "data": None}
    orders.order("a").order("b")
    assert orders.receive()["id"] == "r-b"
    assert control(simulator, "truth", {"client_oid": "a"}).json()["data"]["executed"] == 1
    assert control(simulator, "cut", {"system": "ws_api"}).json()["data"] == 1
    expect_reset(orders)


@pytest.mark.parametrize(
    ("name", "arguments", "key", "status"),
    [
        ("cut", {}, "wrong", 403),
        ("cut", {}, "schlüssel", 403),
        ("__init__", {}, None, 400),
        ("stop", {}, None, 400),
        ("client_options", {}, None, 400),
        ("cut", {"speed": 1}, None, 400),
        ("cut", {"system": ["v1"]}, None, 400),
        ("drop_ack", {"count": "many"}, None, 400),
        ("drop_ack", {"count": True}, None, 400),
        ("late_ack", {}, None, 400),
        ("late_ack", {"seconds": float("inf")}, None, 400),
        ("late_ack", {"seconds": 1e9}, None, 400),
        ("deposit", {"currency": "BTC", "amount": "NaN"}, None, 400),
        ("deposit", {"currency": "BTC", "amount": "-1"}, None, 400),
        ("deposit", {"currency": "BTC", "amount": float("nan")}, None, 400),
        ("bad_frame", {"payload": {"base64": "?"}}, None, 400),
        ("advance", {"seconds": "soon"}, None, 400),
        ("advance", {"seconds": 1}, None, 409),
        ("ticker", {"symbol": "NO-SUCH"}, None, 400),
        ("wait", {"after": "x"}, None, 400),
        ("cut", [], None, 400),
    ],
)
def test_control_endpoint_refuses(
    simulator: Simulator, name: str, arguments: Any, key: str | None, status: int
) -> None:
    text = json.dumps(arguments)
    headers = {"X-Simulator-Key": (simulator.api_key if key is None else key).encode()}
    answer = requests.post(f"{simulator.url}/_simulator/{name}", data=text, headers=headers, timeout=LIMIT)
    assert answer.status_code == status and answer.json()["msg"]


def test_deep_json_does_not_reach_the_controls(simulator: Simulator) -> None:
    headers = {"X-Simulator-Key": simulator.api_key}
    answer = requests.post(simulator.url + "/_simulator/cut", data="[" * 200_000, headers=headers, timeout=LIMIT)
    assert answer.status_code == 400
