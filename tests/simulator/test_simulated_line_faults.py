"""What can become of a connection and of the messages on it, seen from a raw one; and of calls over HTTP."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from kucoin_sync.simulator import Simulator
from tests.peers import for_two_threads
from tests.simulator.clients import (
    LIMIT,
    Socket,
    get,
    open_orders_socket,
    open_pro,
    open_stream,
    query,
    rest_headers,
    sign,
    token_url,
)

Make = Callable[..., Simulator]

TOPIC = "/market/ticker:BTC-USDT"
BULLET = "/api/v1/bullet-public"


def url_of(simulator: Simulator, system: str) -> str:
    if system == "v1":
        return token_url(simulator) + "&connectId=c1"
    return simulator.ws_url + {"pro_v2": "/pro/spot", "ws_api": f"/v1/private?{query(simulator)}"}[system]


def opened(simulator: Simulator, system: str) -> Socket:
    """Connect and do what the client has to do before it is welcomed."""
    line = Socket(connect(url_of(simulator, system), compression=None, proxy=None))
    if system == "ws_api":
        line.send(sign(simulator.api_secret, line.text()))
    return line


def raw(line: Socket) -> str | bytes:
    return line.ws.recv(timeout=LIMIT)


systems = pytest.mark.parametrize("system", ["v1", "pro_v2", "ws_api"])


@systems
def test_refused_upgrade(simulator: Simulator, system: str) -> None:
    simulator.refuse_upgrade(503, system=system, retry_after=2)
    with pytest.raises(InvalidStatus) as caught:
        opened(simulator, system)
    response = caught.value.response
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert simulator.opened() == 0
    with opened(simulator, system) as line:
        assert "welcome" in str(raw(line))


def test_redirected_upgrade(simulator: Simulator) -> None:
    simulator.refuse_upgrade(302, location="ws://127.0.0.1:1/")
    with socket.create_connection(("127.0.0.1", int(simulator.url.rpartition(":")[2])), LIMIT) as line:
        line.sendall(
            b"GET /pro/spot HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        answer = line.recv(65536)
    assert answer.startswith(b"HTTP/1.1 302 ") and b"Location: ws://127.0.0.1:1/\r\n" in answer


@systems
def test_cut_before_the_welcome(simulator: Simulator, system: str) -> None:
    simulator.cut_before_welcome(system=system)
    line = Socket(connect(url_of(simulator, system), compression=None, proxy=None))
    with line, pytest.raises(ConnectionClosed):
        raw(line)
    assert (simulator.opened(), simulator.welcomed()) == (1, 0)


@systems
def test_late_welcome(simulator: Simulator, system: str) -> None:
    simulator.late_welcome(0.05, system=system)
    with opened(simulator, system) as line:
        assert "welcome" in str(raw(line))
        simulator.wait_for(lambda s: s.welcomed() == 1)


@systems
def test_welcome_comes_twice(simulator: Simulator, system: str) -> None:
    simulator.dup_welcome(system=system)
    with opened(simulator, system) as line:
        assert raw(line) == raw(line)


@systems
def test_close_right_behind_the_welcome(simulator: Simulator, system: str) -> None:
    simulator.close_after_welcome(1012, system=system, reason="restart")
    with opened(simulator, system) as line:
        assert "welcome" in str(raw(line))
        with pytest.raises(ConnectionClosed):
            raw(line)
        assert (line.ws.close_code, line.ws.close_reason) == (1012, "restart")


def test_pings_without_pongs(make: Make) -> None:
    simulator = make(limits="off")
    with open_stream(simulator) as stream, open_pro(simulator) as pro, open_orders_socket(simulator) as orders:
        for line, frame in (
            (stream, {"type": "ping"}),
            (pro, {"op": "ping"}),
            (orders, {"op": "ping"}),
        ):
            simulator.no_pong()
            line.send({"id": "lost", **frame})
            assert line.ask({"id": "found", **frame})["id"] == "found"


def test_client_of_a_server_that_stops_reading_cannot_send(simulator: Simulator, stream: Socket) -> None:
    assert simulator.stop_reading("v1") == 1
    line = stream.ws.socket
    line.setblocking(False)
    with pytest.raises(BlockingIOError):
        for _ in range(10_000):
            line.send(b"\x81\xfe\x7f\xff" + bytes(4) + b" " * 0x7FFF)
    assert simulator.frames_received("v1") == 0
    simulator.stop_reading("v1", on=False)
    simulator.wait_for(lambda s: s.frames_received("v1") > 0 or s.connections("v1") == 0)


# Messages.


def pushes(simulator: Simulator, stream: Socket, *prices: str) -> list[Any]:
    for price in prices:
        simulator.publish(TOPIC, "trade.ticker", {"price": price})
    return [frame["data"]["price"] for frame in stream.arrived() if frame.get("topic") == TOPIC]


@pytest.fixture
def reader(stream: Socket) -> Socket:
    stream.subscribe(TOPIC)
    stream.arrived()
    return stream


def test_doubled_message(simulator: Simulator, reader: Socket) -> None:
    simulator.dup_push(topic=TOPIC)
    assert pushes(simulator, reader, "1", "2") == ["1", "1", "2"]


def test_swapped_messages(simulator: Simulator, reader: Socket) -> None:
    simulator.swap_pushes(topic=TOPIC)
    assert pushes(simulator, reader, "1", "2", "3") == ["2", "1", "3"]
    simulator.swap_pushes()
    assert pushes(simulator, reader, "4") == []
    simulator.clear_faults()
    assert pushes(simulator, reader) == ["4"]


def test_held_messages_come_when_released(simulator: Simulator, reader: Socket) -> None:
    simulator.hold_pushes(TOPIC)
    assert pushes(simulator, reader, "1", "2") == []
    assert simulator.release_pushes() == 2
    assert pushes(simulator, reader, "3") == ["1", "2", "3"]


def test_lost_messages_of_one_topic(simulator: Simulator, reader: Socket) -> None:
    simulator.drop_push(2, topic=TOPIC)
    assert simulator.publish("/market/ticker:ETH-USDT", "trade.ticker", {}) == 0
    assert pushes(simulator, reader, "1", "2", "3") == ["3"]


# Calls over HTTP.


def token(simulator: Simulator) -> requests.Response:
    return requests.post(simulator.url + BULLET, timeout=LIMIT)


def test_refused_call_says_when_to_come_back(simulator: Simulator) -> None:
    simulator.refuse_rest("/bullet-public", "429000", "Too many requests", 429, retry_after=3)
    answer = token(simulator)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["code"]) == (429, "3", "429000")
    assert token(simulator).json()["code"] == "200000"


@pytest.mark.parametrize("text", ["", "{", "\ufeff{}", '{"code":"200000","data":' + "[" * 2000, "x" * 3_000_000])
def test_answer_of_ones_own(simulator: Simulator, text: str) -> None:
    simulator.answer_rest("/bullet-public", text, 200, "application/json")
    answer = token(simulator)
    assert (answer.status_code, answer.content.decode()) == (200, text)


@pytest.mark.parametrize("executed", [False, True])
def test_call_whose_connection_ends(simulator: Simulator, executed: bool) -> None:
    path = "/api/v1/hf/orders"
    body = {"clientOid": "a", "symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.01"}
    text = json.dumps(body)
    headers = {**rest_headers(simulator, path + text), "Content-Type": "application/json"}
    simulator.cut_rest("/hf/orders", executed=executed)
    with pytest.raises(requests.ConnectionError):
        requests.post(simulator.url + path, data=text, headers=headers, timeout=LIMIT)
    assert len(simulator.orders()) == executed


def test_changed_answers(simulator: Simulator) -> None:
    simulator.edit_rest("/bullet-", {"data": {"instanceServers": []}})
    simulator.edit_rest("/api/v1/status", {"data": {"status": "close", "msg": "Upgrading"}}, count=None)
    assert token(simulator).json()["data"]["instanceServers"] == []
    assert token(simulator).json()["data"]["instanceServers"]
    assert get(simulator, "/api/v1/status") == {"status": "close", "msg": "Upgrading"}


def test_frozen_book_is_older_than_the_messages(simulator: Simulator) -> None:
    path = "/api/v1/market/orderbook/level2_20?symbol=BTC-USDT"
    simulator.freeze_rest("/orderbook", 2)
    first = get(simulator, path)
    simulator.counter_order("BTC-USDT", "sell", "1", "60000")
    assert get(simulator, path) == get(simulator, path) == first
    assert get(simulator, path)["asks"] == [["60000", "1"]]


def test_lists_of_done_orders_go_by_creation_or_by_end(simulator: Simulator, orders: Socket) -> None:
    """The order ends later than it was made; a list up to its creation shows it, or not, as its end comes later."""
    orders.order("a").receive()
    by_id = "/api/v1/hf/orders/client-order/a?symbol=BTC-USDT"
    made = get(simulator, by_id, signed=True)["createdAt"]
    while simulator.market_time() * 1000 <= made + 1:
        pass
    orders.ask({"id": "c", "op": "spot.cancel", "args": {"symbol": "BTC-USDT", "clientOid": "a"}})
    ended = get(simulator, by_id, signed=True)["lastUpdatedAt"]
    path = "/api/v1/hf/orders/done?symbol=BTC-USDT&startAt={}&endAt={}"

    def listed(start: int, end: int) -> list[str]:
        items = get(simulator, path.format(start, end), signed=True)["items"]
        return [item["clientOid"] for item in items]

    assert (listed(made, made), listed(made + 1, ended)) == (["a"], [])
    simulator.lists_by_end()
    assert (listed(made, made), listed(made + 1, ended)) == ([], ["a"])
    simulator.clear_faults()
    assert listed(made, made) == ["a"]


def test_look_ups_lag_by_order_of_a_fault(simulator: Simulator, orders: Socket) -> None:
    simulator.lookup_lag(3600)
    orders.order("a").receive()
    path = "/api/v1/hf/orders/client-order/a?symbol=BTC-USDT"
    headers = rest_headers(simulator, path, method="GET")
    assert requests.get(simulator.url + path, headers=headers, timeout=LIMIT).json()["code"] != "200000"
    simulator.lookup_lag(0)
    assert get(simulator, path, signed=True)["clientOid"] == "a"


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("late_ack", {"seconds": -1}),
        ("drop_ack", {"probability": 0}),
        ("drop_ack", {"probability": 1.5}),
        ("close", {"code": 99}),
        ("refuse_upgrade", {"status": 1000}),
        ("freeze_rest", {"path": "/", "count": 0}),
    ],
)
def test_values_out_of_range_are_refused(simulator: Simulator, method: str, arguments: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        getattr(simulator, method)(**arguments)


def test_waiting_faults_are_bounded(simulator: Simulator) -> None:
    for _ in range(1000):
        simulator.drop_ack()
    with pytest.raises(ValueError, match="at most 1000"):
        simulator.drop_ack()


def test_a_tls_line_that_is_ending_already_can_be_cut(make: Make) -> None:
    """Asking such a line for its socket fails once its end was asked for twice; one cut must not spoil the others."""
    simulator = make(tls=True)
    with connect(
        url_of(simulator, "ws_api"), compression=None, proxy=None, ssl=for_two_threads(simulator.ssl_context())
    ):

        def cut_again_and_again(simulator: Simulator) -> list[int]:
            return [simulator.cut(reset=reset) for reset in (False, False, True)]

        # On the simulator's own thread, so that the client cannot join in between.
        assert simulator.wait_for(cut_again_and_again) == [1, 1, 1]
        simulator.wait_for(lambda s: s.connections() == 0)
