"""What the checklist of the simulator says of tokens, handshakes and frames and no other test shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.json_text import MAX_DEPTH
from kucoin_sync.simulator.kucoin_signatures import MAX_SEEN, TIMESTAMP_WINDOW_MS, ReplayGuard, SignatureRefused
from tests.simulator.clients import (
    LIMIT,
    Socket,
    auth_frame,
    call,
    open_orders_socket,
    open_pro,
    open_stream,
    query,
    rest_headers,
    token_url,
)

Make = Callable[..., Simulator]


def open_socket(url: str) -> Socket:
    return Socket(connect(url, compression=None, proxy=None))


def expect_close(socket: Socket) -> None:
    with pytest.raises(ConnectionClosed):
        socket.text()
    assert (socket.ws.close_code, socket.ws.close_reason) == (1000, "Bye")


# Tokens.


@pytest.mark.parametrize("host", ["", "/futures"])
@pytest.mark.parametrize("private", [False, True])
def test_token_call_answers_in_the_form_of_the_service(simulator: Simulator, host: str, private: bool) -> None:
    path = "/api/v1/bullet-" + ("private" if private else "public")
    headers = rest_headers(simulator) if private else {}
    answer = requests.post(simulator.url + host + path, headers=headers, timeout=LIMIT).json()
    product = "futures" if host else "spot"
    assert answer == {
        "code": "200000",
        "data": {
            "token": answer["data"]["token"],
            "instanceServers": [
                {
                    "endpoint": f"{simulator.ws_url}/v1/stream/{product}",
                    "encrypt": False,
                    "protocol": "websocket",
                    "pingInterval": 18000,
                    "pingTimeout": 10000,
                }
            ],
        },
    }
    assert set("=-_.") & set(answer["data"]["token"]), "a token needs percent-encoding, as the real ones do"


@pytest.mark.parametrize(("host", "other"), [("", "futures"), ("/futures", "spot")])
def test_token_opens_the_stream_of_its_own_product_only(simulator: Simulator, host: str, other: str) -> None:
    query = token_url(simulator, host=host).partition("?")[2]
    with pytest.raises(InvalidStatus, match="401"):
        connect(f"{simulator.ws_url}/v1/stream/{other}?{query}", proxy=None)


def test_token_opens_any_number_of_connections(simulator: Simulator) -> None:
    url = token_url(simulator)
    with open_socket(url) as one, open_socket(url) as two:
        assert one.receive()["type"] == two.receive()["type"] == "welcome"


@pytest.mark.parametrize(("token", "text"), [("", "token is invalid"), ("?token=SIM-old", "token is expired")])
def test_wrong_token_may_be_told_by_a_frame(make: Make, token: str, text: str) -> None:
    simulator = make(token_refusals="frame")
    with open_socket(f"{simulator.ws_url}/v1/stream/spot{token}") as socket:
        error = socket.receive()
        assert error == {"id": error["id"], "type": "error", "code": 401, "data": text}
        expect_close(socket)
    with open_stream(simulator) as stream:
        assert stream.ask({"id": "1", "type": "ping"})["type"] == "pong"


def test_unknown_way_to_refuse_tokens() -> None:
    with pytest.raises(ValueError, match="'status' or 'frame'"):
        Simulator(token_refusals="silence")  # type: ignore[arg-type]


# Frames.


def test_welcome_is_the_first_frame_whoever_speaks_first(simulator: Simulator) -> None:
    with open_socket(token_url(simulator) + "&connectId=mine") as socket:
        socket.send({"id": "1", "type": "ping"})
        assert socket.receive() == {"id": "mine", "type": "welcome"}
        assert socket.receive()["id"] == "1"


def test_connect_id_is_made_up_where_there_is_none(simulator: Simulator) -> None:
    with open_socket(token_url(simulator)) as socket:
        assert socket.receive()["id"]


@pytest.mark.parametrize("opened", [open_stream, open_orders_socket, open_pro], ids=["v1", "ws_api", "pro_v2"])
def test_pings_of_the_websocket_itself_are_answered(simulator: Simulator, opened: Callable[..., Socket]) -> None:
    """With their own payload, and they count as no frame of the client."""
    with opened(simulator) as socket:
        before = simulator.stats()
        for payload in (b"", b"mark", b"x" * 125):
            assert socket.ws.ping(payload).wait(LIMIT)
        assert simulator.stats()["frames_received"] == before["frames_received"]


@pytest.mark.parametrize(("given", "echoed"), [(17, "17"), ("17", "17")])
def test_ids_are_echoed_as_texts_on_the_pro_streams_too(simulator: Simulator, given: Any, echoed: str) -> None:
    with open_pro(simulator) as socket:
        frame = {"id": given, "action": "SUBSCRIBE", "channel": "ticker", "tradeType": "SPOT", "symbol": "BTC-USDT"}
        assert socket.ask(frame)["id"] == echoed


@pytest.mark.parametrize("given", [17, None, "", ["a"]])
def test_order_entry_takes_texts_as_ids_only(orders: Socket, given: Any) -> None:
    answer = orders.ask({"id": given, "op": "ping"})
    assert answer["code"] == "4001002" and "id" not in answer and "op" not in answer


def test_operation_that_is_none_is_refused_with_its_id(orders: Socket) -> None:
    answer = orders.ask({"id": "1", "op": "spot.dance", "args": {}})
    assert (answer["id"], answer["code"], answer["op"]) == ("1", "400100", "spot.dance")


# Depth.

DEEP = '{"a":' * MAX_DEPTH + "1" + "}" * MAX_DEPTH
"""An object that is nested just as deep as may be."""


def with_deep(frame: str) -> str:
    """Put a value into a frame which makes it one level too deep."""
    return frame[:-1] + ',"x":' + DEEP + "}"


def test_deep_frames_of_the_classic_streams_are_no_json(stream: Socket) -> None:
    answer = stream.ask(with_deep('{"id":"1","type":"ping"}'))
    assert (answer["type"], answer["code"]) == ("error", 400) and answer["id"] != "1"
    assert stream.ask('{"id":"2","type":"ping","x":' + DEEP[5:-1] + "}")["type"] == "pong"


def test_deep_frames_of_the_order_entry_are_refused(simulator: Simulator, orders: Socket) -> None:
    answer = orders.ask(with_deep('{"id":"1","op":"ping"}'))
    assert (answer["code"], "id" in answer) == ("4001002", False)
    assert orders.ask({"id": "2", "op": "ping"})["op"] == "pong"


def test_deep_frames_of_the_pro_streams_get_no_answer(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        socket.send(with_deep('{"id":"1","type":"ping"}'))
        assert socket.ask({"id": "2", "type": "ping"})["id"] == "2"


def test_deep_bodies_are_refused_in_the_usual_form(simulator: Simulator) -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    assert call(simulator, "POST", "/api/v1/hf/orders", {"x": deep})["code"] == "400100"
    assert simulator.orders() == []
    answer = requests.post(
        simulator.url + "/_simulator/drop_ack",
        data=with_deep('{"count":1}'),
        headers={"X-Simulator-Key": simulator.api_key},
        timeout=LIMIT,
    )
    assert (answer.status_code, answer.json()["msg"]) == (400, f"the body is nested deeper than {MAX_DEPTH}")
    assert simulator.faults_in_force() == []


# Log-ins that were overheard.


def log_in_to_orders(simulator: Simulator, text: str) -> Any:
    with open_socket(f"{simulator.ws_url}/v1/private?{text}") as socket:
        return socket.receive()


def test_signed_handshake_works_once_if_so_wanted(make: Make) -> None:
    simulator = make(refuse_replays=True)
    once = query(simulator)
    assert "sessionId" in log_in_to_orders(simulator, once)
    again = log_in_to_orders(simulator, once)
    assert again["code"] == "400005"
    later = query(simulator, timestamp=str(time.time_ns() // 1_000_000 + 1000))
    assert "sessionId" in log_in_to_orders(simulator, later)


def test_auth_frame_works_once_if_so_wanted(make: Make) -> None:
    simulator = make(refuse_replays=True)
    frame = auth_frame(simulator)
    with open_pro(simulator, "private", login=False) as socket:
        assert socket.ask(frame)["result"] is True
    with open_pro(simulator, "private", login=False) as socket:
        assert socket.ask(frame)["result"] is False
    with open_socket(f"{simulator.ws_url}/v2/private") as newer:
        assert newer.ask(frame)["code"] == "400005"


def test_handshakes_can_be_repeated_by_default(simulator: Simulator) -> None:
    once = query(simulator)
    assert all("sessionId" in log_in_to_orders(simulator, once) for _ in range(2))
    frame = auth_frame(simulator)
    for _ in range(2):
        with open_pro(simulator, "private", login=False) as socket:
            assert socket.ask(frame)["result"] is True


def test_signatures_are_remembered_as_long_as_their_timestamps_hold() -> None:
    guard = ReplayGuard()
    guard.check("a", 0)
    with pytest.raises(SignatureRefused):
        guard.check("a", 2 * TIMESTAMP_WINDOW_MS)
    guard.check("a", 2 * TIMESTAMP_WINDOW_MS + 1)


def test_remembered_signatures_are_bounded() -> None:
    guard = ReplayGuard()
    for number in range(MAX_SEEN + 1):
        guard.check(str(number), 0)
    guard.check("0", 0)
    with pytest.raises(SignatureRefused):
        guard.check(str(MAX_SEEN), 0)
