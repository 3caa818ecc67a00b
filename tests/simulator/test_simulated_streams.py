"""REST calls, the guard against web pages, and the classic streams, over real loopback connections."""

from __future__ import annotations

import socket as sockets
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from kucoin_sync.simulator import Credentials, Limits, Simulator
from kucoin_sync.simulator.admission import MAX_USERS, Admission
from tests.peers import for_two_threads
from tests.simulator.clients import LIMIT, Socket, open_stream, rest_headers, sign, token_url

Make = Callable[..., Simulator]


def get(simulator: Simulator, path: str, **headers: str) -> requests.Response:
    return requests.get(simulator.url + path, headers=headers, timeout=LIMIT)


def test_public_calls_use_the_envelope(simulator: Simulator) -> None:
    assert abs(get(simulator, "/api/v1/timestamp").json()["data"] - time.time() * 1000) < 5000
    assert get(simulator, "/api/v1/status").json()["data"]["status"] == "open"
    symbols = get(simulator, "/api/v2/symbols").json()["data"]
    assert [s["symbol"] for s in symbols] == ["BTC-USDT", "ETH-USDT"]
    assert symbols[0]["priceIncrement"] == "0.1"
    assert get(simulator, "/api/v9/nothing").json()["code"] == "404000"


@pytest.mark.parametrize("private", [False, True])
def test_token_call_names_this_server(simulator: Simulator, private: bool) -> None:
    assert token_url(simulator, private=private).startswith(simulator.ws_url + "/v1/stream/spot?token=")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"KC-API-SIGN": ""}, "400001"),
        ({"timestamp": str(time.time_ns() // 1_000_000 - 6000)}, "400002"),
        ({"timestamp": "soon"}, "400002"),
        ({"KC-API-KEY": "64f0c3a1e5b7d90001a2b3c4"}, "400003"),
        ({"KC-API-PASSPHRASE": "simulator-passphrase"}, "400004"),
        ({"KC-API-SIGN": "AAAA"}, "400005"),
        ({"KC-API-KEY-VERSION": "4"}, "400009"),
        ({"KC-API-KEY-VERSION": "1"}, "400004"),
    ],
)
def test_private_token_call_checks_the_signature(simulator: Simulator, changes: Any, code: str) -> None:
    headers = rest_headers(simulator, **changes)
    answer = requests.post(simulator.url + "/api/v1/bullet-private", headers=headers, timeout=LIMIT)
    assert answer.json()["code"] == code


@pytest.mark.parametrize("version", ["2", "3"])
def test_both_key_versions_are_accepted(simulator: Simulator, version: str) -> None:
    headers = rest_headers(simulator, **{"KC-API-KEY-VERSION": version})
    answer = requests.post(simulator.url + "/api/v1/bullet-private", headers=headers, timeout=LIMIT)
    assert answer.json()["code"] == "200000"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_web_pages_are_kept_out(simulator: Simulator, headers: Any, status: int) -> None:
    assert get(simulator, "/api/v1/timestamp", **headers).status_code == status


def test_web_pages_cannot_open_streams(simulator: Simulator) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        connect(token_url(simulator), proxy=None, origin="https://evil.example")  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost", "::", "192.168.0.1"])
def test_only_loopback_addresses_are_bound(host: str) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1 or ::1"):
        Simulator(host=host)


def test_live_looking_credentials_are_refused() -> None:
    with pytest.raises(ValueError, match="never use live ones"):
        Credentials("64f0c3a1", "simulator-a", "simulator-b")
    assert "simulator-a" not in repr(Credentials("simulator-k", "simulator-a", "simulator-b"))


@pytest.mark.parametrize("query", ["", "?token=", "?token=SIM-wrong"])
def test_stream_without_a_valid_token_is_401(simulator: Simulator, query: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        connect(simulator.ws_url + "/v1/stream/spot" + query, proxy=None)
    assert caught.value.response.status_code == 401


def test_token_lasts_24_hours_and_the_connection_longer(make: Make) -> None:
    now = [time.time_ns()]
    simulator = make(clock=lambda: now[0])
    url = token_url(simulator)
    with Socket(connect(url, proxy=None)) as stream:
        stream.receive()
        now[0] += 24 * 3600 * 10**9
        with pytest.raises(InvalidStatus, match="401"):
            connect(url, proxy=None)
        assert stream.ask({"id": "1", "type": "ping"})["type"] == "pong"


def test_ping_is_answered_with_microseconds(stream: Socket) -> None:
    pong = stream.ask({"id": "p16", "type": "ping"})
    assert (pong["id"], pong["type"]) == ("p16", "pong")
    assert abs(pong["timestamp"] - time.time() * 1e6) < 5e6


def test_number_ids_come_back_as_strings(stream: Socket) -> None:
    frame = {"id": 1545910660739, "type": "subscribe", "topic": "/market/match:BTC-USDT", "response": True}
    assert stream.ask(frame) == {"id": "1545910660739", "type": "ack"}


def subscribe(topic: Any, **more: Any) -> dict[str, Any]:
    return {"id": "s", "type": "subscribe", "topic": topic, "response": True, **more}


@pytest.mark.parametrize(
    ("frame", "code", "text"),
    [
        (subscribe("/market/nothing:BTC-USDT"), 404, "topic does not exist"),
        (subscribe("/contractMarket/tickerV2:XBTUSDTM"), 404, "topic does not exist"),
        (subscribe(None), 406, "topic is required"),
        (subscribe("market"), 400, "topic is invalid"),
        (subscribe("/market/ticker"), 400, "topic is invalid"),
        (subscribe("/market/ticker:BTC-USDT,,"), 400, "topic is invalid"),
        (subscribe(7), 400, "topic is invalid"),
        (subscribe("/account/balance", privateChannel=True), 403, "login is required"),
        ({"id": "s", "type": "dance"}, 415, "type is not supported"),
        (
            subscribe("/market/ticker:" + ",".join(f"A{n}-USDT" for n in range(101))),
            509,
            "exceed max subscription count limitation of 100 per time",
        ),
    ],
)
def test_refused_commands(stream: Socket, frame: Any, code: int, text: str) -> None:
    assert stream.ask(frame) == {"id": "s", "type": "error", "code": code, "data": text}


@pytest.mark.parametrize("text", ["not json", "[1]", "", "[" * 100_000, '{"id": "\\ud800", "type": "ping"}'])
def test_odd_text_never_ends_the_connection(stream: Socket, text: str) -> None:
    assert stream.ask(text)["type"] in ("error", "pong")
    assert stream.ask({"id": "1", "type": "ping"})["id"] == "1"


def test_topics_per_connection_are_limited(make: Make) -> None:
    with open_stream(make(limits=Limits(topics_per_connection=3))) as stream:
        assert stream.ask(subscribe("/market/match:A-B,C-D"))["type"] == "ack"
        assert stream.ask(subscribe("/market/match:A-B,C-D,E-F"))["type"] == "ack"
        assert stream.ask(subscribe("/market/match:G-H"))["data"].endswith("of 3 per session")


def test_private_topic_needs_a_private_token(simulator: Simulator) -> None:
    with open_stream(simulator, private=True) as stream:
        assert stream.ask(subscribe("/account/balance", privateChannel=True))["type"] == "ack"


def test_subscriptions_come_and_go_by_single_topic(simulator: Simulator, stream: Socket) -> None:
    stream.ask(subscribe("/market/ticker:BTC-USDT,ETH-USDT"))
    stream.ask(subscribe("/market/ticker:BTC-USDT"))
    assert simulator.subscriptions() == {"/market/ticker:BTC-USDT": 1, "/market/ticker:ETH-USDT": 1}
    stream.ask({**subscribe("/market/ticker:ETH-USDT"), "type": "unsubscribe"})
    assert simulator.subscriptions() == {"/market/ticker:BTC-USDT": 1}
    stream.ws.close()
    simulator.wait_for(lambda s: not s.subscriptions())


def test_without_response_flag_there_is_no_ack(stream: Socket) -> None:
    stream.send({"id": "a", "type": "subscribe", "topic": "/market/match:BTC-USDT"})
    assert stream.ask({"id": "b", "type": "ping"})["id"] == "b"


def test_trade_moves_match_and_ticker_streams(simulator: Simulator, stream: Socket) -> None:
    stream.ask(subscribe("/market/match:BTC-USDT"))
    stream.ask(subscribe("/market/ticker:BTC-USDT"))
    stream.ask(subscribe("/market/ticker:all"))
    maker = simulator.counter_order("BTC-USDT", "sell", "0.5", "50000")
    stream.receive(), stream.receive()
    taker = simulator.counter_order("BTC-USDT", "buy", "0.2")
    match, ticker, all_ticker = stream.receive(), stream.receive(), stream.receive()
    assert match["data"].pop("time").isdigit()
    assert match == {
        "topic": "/market/match:BTC-USDT",
        "type": "message",
        "subject": "trade.l3match",
        "data": {
            "makerOrderId": maker.order_id,
            "price": "50000",
            "sequence": "1",
            "side": "buy",
            "size": "0.2",
            "symbol": "BTC-USDT",
            "takerOrderId": taker.order_id,
            "tradeId": "1",
            "type": "match",
        },
    }
    assert isinstance(ticker["data"].pop("time"), int)
    assert ticker["data"].pop("sequence").isdigit()
    assert ticker == {
        "topic": "/market/ticker:BTC-USDT",
        "type": "message",
        "subject": "trade.ticker",
        "data": {
            "bestAsk": "50000",
            "bestAskSize": "0.3",
            "bestBid": "0",
            "bestBidSize": "0",
            "price": "50000",
            "size": "0.2",
        },
    }
    assert (all_ticker["topic"], all_ticker["subject"]) == ("/market/ticker:all", "BTC-USDT")


def test_market_maker_moves_the_streams(make: Make) -> None:
    simulator = make(market_maker=True)
    with open_stream(simulator) as stream:
        stream.ask(subscribe("/market/ticker:BTC-USDT"))
        price = float(stream.receive()["data"]["bestBid"])
        assert 58000 < price < 62000


def test_push_ticker_and_publish_send_on_demand(simulator: Simulator, stream: Socket) -> None:
    stream.ask(subscribe("/market/ticker:BTC-USDT"))
    assert simulator.push_ticker("BTC-USDT") == 1
    assert stream.receive()["data"]["price"] == "60000"
    assert simulator.publish("/market/ticker:BTC-USDT", "trade.ticker", {"price": "1"}) == 1
    assert stream.receive()["data"] == {"price": "1"}
    assert simulator.publish("/market/ticker:ETH-USDT", "trade.ticker", {}) == 0


def expect_close(stream: Socket, code: int, reason: str) -> None:
    with pytest.raises(ConnectionClosed):
        while True:
            stream.text()
    assert (stream.ws.close_code, stream.ws.close_reason) == (code, reason)


def test_too_many_frames_end_the_connection(stream: Socket) -> None:
    for number in range(101):
        stream.send({"id": str(number), "type": "ping"})
    answers = [stream.receive() for _ in range(101)]
    assert [a["type"] for a in answers] == ["pong"] * 100 + ["error"]
    assert (answers[-1]["code"], answers[-1]["data"]) == (509, "exceed max permits per second")
    expect_close(stream, 1000, "Bye")


def test_limits_can_be_off(make: Make) -> None:
    with open_stream(make(limits="off")) as stream:
        for number in range(150):
            assert stream.ask({"id": str(number), "type": "ping"})["type"] == "pong"


def test_silent_client_is_told_and_closed(make: Make) -> None:
    with open_stream(make(idle_timeout=0.1)) as stream:
        assert stream.receive()["data"] == "ping timeout"
        expect_close(stream, 1000, "Bye")


def test_connections_are_capped(make: Make) -> None:
    simulator = make(max_connections=1)
    with open_stream(simulator), Socket(connect(token_url(simulator), proxy=None)) as second:
        assert second.receive()["code"] == 509
        expect_close(second, 1000, "Bye")


def test_connections_of_a_user_are_limited(make: Make) -> None:
    simulator = make(limits=Limits(connections=2))
    with open_stream(simulator), open_stream(simulator, host="/futures"):
        with Socket(connect(token_url(simulator), proxy=None)) as third:
            assert third.receive()["data"] == "exceed max session count limitation of 2"
            expect_close(third, 1000, "Bye")
        # An account is another user than everybody without one.
        with open_stream(simulator, private=True):
            assert simulator.connections("v1") == 3


def test_connections_opened_in_a_minute_are_limited(make: Make) -> None:
    simulator = make(limits=Limits(connections_per_minute=2))
    for _ in range(2):
        with open_stream(simulator):
            pass
    with Socket(connect(token_url(simulator), proxy=None)) as third:
        assert third.receive()["data"] == "exceed max session count limitation of 2 per minute"
        expect_close(third, 1000, "Bye")


@pytest.mark.parametrize(
    ("limits", "at", "user", "others", "answer"),
    [
        ({"at_once": 1, "per_minute": None}, [0] * 50, "a", 0, None),
        ({"at_once": 1, "per_minute": None}, [], "a", 1, "exceed max session count limitation of 1"),
        ({"at_once": None, "per_minute": 2}, [0, 30], "a", 99, "exceed max session count limitation of 2 per minute"),
        ({"at_once": None, "per_minute": 2}, [0, 30], "b", 0, None),
        ({"at_once": None, "per_minute": 2}, [-0.1, 30], "a", 0, None),
        ({"at_once": None, "per_minute": None}, [0] * 50, "a", 99, None),
    ],
)
def test_admission_of_one_more_at_59_9_seconds(
    limits: dict[str, int | None], at: list[float], user: str, others: int, answer: str | None
) -> None:
    admission = Admission(at_once=limits["at_once"], per_minute=limits["per_minute"])
    for second in at:
        assert admission.refusal("a", others=0, now=second) is None
    assert admission.refusal(user, others=others, now=59.9) == answer


def test_users_whose_openings_are_counted_are_bounded() -> None:
    admission = Admission(at_once=None, per_minute=1)
    for number in range(MAX_USERS + 1):
        assert admission.refusal(str(number), others=0, now=0.0) is None
    assert admission.refusal("0", others=0, now=0.0) is None
    assert admission.refusal(str(MAX_USERS), others=0, now=0.0) is not None


def test_limits_of_the_service_are_the_default() -> None:
    limits = Limits()
    assert (limits.frames_per_window, limits.frame_window, limits.topics_per_frame) == (100, 10.0, 100)
    assert (limits.topics_per_connection, limits.connections, limits.connections_per_minute) == (400, 800, 30)


@pytest.mark.parametrize("path", ["/contractMarket/level2Depth20", "/contractMarket/level3v2", "/market/ticker"])
def test_topics_that_the_futures_host_does_not_have(make: Make, path: str) -> None:
    with open_stream(make(), host="/futures") as stream:
        answer = stream.ask(subscribe(f"{path}:XBTUSDTM"))
    assert answer == {"id": "s", "type": "error", "code": 404, "data": "topic does not exist"}


def test_futures_topics_have_no_limit_of_their_own(make: Make) -> None:
    with open_stream(make(limits=Limits(topics_per_connection=3)), host="/futures") as stream:
        stream.subscribe("/contractMarket/tickerV2:A,B,C,D,E")


def test_slow_consumer_is_dropped(make: Make) -> None:
    simulator = make(max_output=100_000)
    with open_stream(simulator, max_queue=1) as stream:
        stream.ask(subscribe("/market/ticker:BTC-USDT"))
        for _ in range(200):
            simulator.publish("/market/ticker:BTC-USDT", "trade.ticker", {"x": "y" * 100_000})
        simulator.wait_for(lambda s: s.connections() == 0)


def test_oversized_frame_ends_the_connection_only(simulator: Simulator, stream: Socket) -> None:
    with pytest.raises(ConnectionClosed):
        stream.send("x" * (5 * 1024 * 1024))
        stream.text()
    assert get(simulator, "/api/v1/status").status_code == 200


def test_tls_with_its_own_authority(make: Make) -> None:
    simulator = make(tls=True)
    assert simulator.url.startswith("https://") and simulator.ws_url.startswith("wss://")
    options = simulator.client_options()
    assert options["hosts"]["ws_api"] == simulator.ws_url + "/v1/private"
    context = options["ssl_context"]
    plain = sockets.create_connection(("127.0.0.1", int(simulator.url.rpartition(":")[2])), LIMIT)
    with context.wrap_socket(plain, server_hostname="localhost") as tls:
        tls.sendall(b"POST /api/v1/bullet-public HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: tls.recv(65536), b""))
    assert b'"encrypt":true' in answer
    url = f"{simulator.ws_url}/v1/private?apikey=x"
    with Socket(connect(url, ssl=for_two_threads(context), proxy=None)) as socket:
        assert socket.receive()["code"] == "400001"
    with Socket(connect(url, ssl=for_two_threads(context), proxy=None)) as socket:
        simulator.cut("ws_api")
        with pytest.raises(ConnectionClosed):
            while True:
                socket.text()


def test_ipv6_loopback(make: Make) -> None:
    simulator = make(host="::1")
    assert "[::1]" in simulator.url
    with open_stream(simulator):
        assert simulator.connections("v1") == 1


def test_stop_is_quick_idempotent_and_start_serves_again(make: Make) -> None:
    simulator = make()
    url = simulator.url
    with open_stream(simulator) as stream:
        begin = time.monotonic()
        simulator.stop()
        simulator.stop()
        assert time.monotonic() - begin < 1
        with pytest.raises(ConnectionClosed):
            stream.text()
    assert "stopped" in repr(simulator)
    assert simulator.opened("v1") == 1
    simulator.start()
    assert simulator.start().url == url
    assert "SIMULATOR" in repr(simulator)
    with open_stream(simulator):
        assert simulator.opened("v1") == 2


def test_port_in_use_is_reported(make: Make) -> None:
    port = int(make().url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        make(port=port)


def test_wait_for_times_out_and_passes_errors_on(simulator: Simulator) -> None:
    with pytest.raises(TimeoutError):
        simulator.wait_for(lambda s: False, timeout=0.01)
    with pytest.raises(ZeroDivisionError):
        simulator.wait_for(lambda s: 1 // 0)


def test_signature_vector() -> None:
    secret = "11111111-2222-3333-4444-555555555555"
    assert sign(secret, "my-Passphrase_1") == "iYOAFZryTxkDN+/vUoUzekNzrRBqAuQ5ziHpxYdYIPs="
