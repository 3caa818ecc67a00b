"""The Pro streams as a session: welcome, log-in, topics, refusals, pings, limits and faults, over real connections."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from kucoin_sync.simulator import Limits, Simulator
from tests.peers import for_two_threads
from tests.simulator.clients import LIMIT, ProSocket, Socket, auth_frame, open_pro, pro_token

Make = Callable[..., Simulator]

HOSTS = ["spot", "futures", "private"]
TICKER = {"id": "p1", "action": "SUBSCRIBE", "channel": "ticker", "tradeType": "SPOT", "symbol": "BTC-USDT"}


def expect_end(socket: Socket, code: int = 1006) -> None:
    with pytest.raises(ConnectionClosed):
        while True:
            socket.ws.recv(timeout=LIMIT)
    assert socket.ws.close_code == code


def raw(simulator: Simulator, host: str = "spot", query: str = "") -> ProSocket:
    return ProSocket(connect(f"{simulator.ws_url}/pro/{host}{query}", compression=None, proxy=None))


# Welcome and forms.


@pytest.mark.parametrize("host", HOSTS)
def test_welcome_is_a_binary_frame(simulator: Simulator, host: str) -> None:
    with raw(simulator, host) as socket:
        welcome = socket.receive()
        assert len(welcome.pop("sessionId")) == 36
        assert welcome == {"message": "welcome", "pingInterval": 18000}
        simulator.wait_for(lambda s: s.welcomed("pro_v2") == 1)


def test_every_frame_can_be_text(make: Make) -> None:
    simulator = make(pro_frames="text")
    with Socket(connect(simulator.ws_url + "/pro/spot", proxy=None)) as socket:
        assert socket.receive()["message"] == "welcome"
        assert socket.ask(TICKER) == {"id": "p1", "result": True}
        simulator.publish("ticker.SPOT:BTC-USDT", None, {"s": "BTC-USDT"})
        assert socket.receive()["d"] == {"s": "BTC-USDT"}


def test_every_frame_can_be_deflated_without_a_header(make: Make) -> None:
    simulator = make(pro_frames="deflate")

    def receive(socket: Socket) -> Any:
        payload = socket.ws.recv(timeout=LIMIT)
        assert isinstance(payload, bytes)
        return json.loads(zlib.decompress(payload, wbits=-15))

    with raw(simulator) as socket:
        assert receive(socket)["message"] == "welcome"
        socket.send(TICKER)
        assert receive(socket) == {"id": "p1", "result": True}
        simulator.publish("ticker.SPOT:BTC-USDT", None, {"s": "BTC-USDT"})
        assert receive(socket)["T"] == "ticker.SPOT"


def test_acks_can_be_strings(make: Make) -> None:
    simulator = make(pro_acks="string")
    with open_pro(simulator) as socket:
        assert socket.ask(TICKER) == {"id": "p1", "result": "true"}


@pytest.mark.parametrize("option", ["pro_frames", "pro_acks", "pro_refusals"])
def test_unknown_forms_are_refused(option: str) -> None:
    with pytest.raises(ValueError, match=option.removeprefix("pro_")):
        Simulator(**{option: "morse"})  # type: ignore[arg-type]


def test_client_options_name_the_hosts(simulator: Simulator) -> None:
    hosts = simulator.client_options()["hosts"]
    assert {name: hosts[f"pro_{name}"] for name in HOSTS} == {n: f"{simulator.ws_url}/pro/{n}" for n in HOSTS}


# Log-in.


def test_auth_frame_logs_in(simulator: Simulator) -> None:
    with open_pro(simulator, "private", login=False) as socket:
        assert socket.ask(auth_frame(simulator)) == {"id": "auth-1", "result": True}
        assert socket.ask(auth_frame(simulator)) == {"id": "auth-1", "result": True}
        assert socket.subscribe("orderAll", tradeType="UNIFIED") == {"id": "s", "result": True}


@pytest.mark.parametrize("prefix", ["", "/futures"])
def test_token_in_the_url_logs_in(simulator: Simulator, prefix: str) -> None:
    query = "?" + urlencode({"token": pro_token(simulator, prefix)})
    with raw(simulator, "private", query) as socket:
        assert socket.receive()["message"] == "welcome"
        assert socket.subscribe("orderAll", tradeType="UNIFIED") == {"id": "s", "result": True}


def test_token_is_for_this_stream_and_lasts_a_day(make: Make) -> None:
    now = [time.time_ns()]
    simulator = make(clock=lambda: now[0])
    token = urlencode({"token": pro_token(simulator)})
    with pytest.raises(InvalidStatus, match="401"):
        connect(f"{simulator.ws_url}/v1/stream/spot?{token}", proxy=None)
    now[0] += 24 * 3600 * 10**9
    with pytest.raises(InvalidStatus, match="401"):
        connect(f"{simulator.ws_url}/pro/private?{token}", proxy=None)


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"kc-api-sign": ""}, "400001", "missing"),
    ({"kc-api-timestamp": 1760000000000}, "400001", "missing"),
    ({"timestamp": str(time.time_ns() // 1_000_000 - 60_000)}, "400002", "TIMESTAMP"),
    ({"kc-api-key": "64f0c3a1e5b7d90001a2b3c4"}, "400003", "not exists"),
    ({"kc-api-passphrase": "simulator-passphrase"}, "400004", "PASSPHRASE"),
    ({"kc-api-sign": "AAAA"}, "400005", "Signature"),
]


@pytest.mark.parametrize("form", ["message", "reason", "code"])
def test_wrong_logins_are_refused_in_each_form(make: Make, form: Any) -> None:
    simulator = make(pro_refusals=form)
    with open_pro(simulator, "private", login=False) as socket:
        for changes, code, text in WRONG:
            answer = socket.ask(auth_frame(simulator, **changes))
            assert text in answer.pop("msg" if form == "code" else form)
            expected = {"code": code} if form == "code" else {"result": False}
            assert answer == {"id": "auth-1", **expected}
        assert "result" in socket.ask(auth_frame(simulator))


def test_subscribing_before_login_is_refused(simulator: Simulator) -> None:
    with open_pro(simulator, "private", login=False) as socket:
        answer = socket.subscribe("orderAll", tradeType="UNIFIED")
        assert answer == {"id": "s", "result": False, "reason": "login is required"}
        assert simulator.subscriptions() == {}


@pytest.mark.parametrize("host", ["spot", "futures"])
def test_public_hosts_take_no_login(simulator: Simulator, host: str) -> None:
    with open_pro(simulator, host) as socket:
        assert socket.ask(auth_frame(simulator))["result"] is False


# Topics.


@pytest.mark.parametrize(
    ("host", "parameters", "topic"),
    [
        ("spot", {"channel": "ticker", "tradeType": "SPOT", "symbol": "BTC-USDT"}, "ticker.SPOT:BTC-USDT"),
        ("futures", {"channel": "trade", "tradeType": "FUTURES", "symbol": "XBTUSDTM"}, "trade.FUTURES:XBTUSDTM"),
        (
            "spot",
            {"channel": "kline", "tradeType": "SPOT", "symbol": "BTC-USDT", "interval": "1hour"},
            "kline.SPOT:BTC-USDT_1hour",
        ),
        (
            "futures",
            {"channel": "obu", "tradeType": "FUTURES", "symbol": "XBTUSDTM", "depth": "increment@10ms"},
            "obu.FUTURES:XBTUSDTM@increment@10ms",
        ),
        (
            "futures",
            {"channel": "obu", "tradeType": "FUTURES", "symbol": "XBTUSDTM", "depth": "50", "rpiFilter": 1},
            "obu.FUTURES:XBTUSDTM@50+rpi",
        ),
        ("spot", {"channel": "callAuctionInfo", "symbol": "ABC-USDT"}, "callAuctionInfo.SPOT:ABC-USDT"),
        ("futures", {"channel": "mark-price", "symbol": "XBTUSDTM"}, "mark-price:XBTUSDTM"),
        ("futures", {"channel": "funding-fee", "symbols": ["XBTUSDTM"]}, "funding-fee:XBTUSDTM"),
        ("futures", {"channel": "funding-fee-all-symbols"}, "funding-fee-all-symbols"),
        ("private", {"channel": "orderAll", "tradeType": "UNIFIED"}, "orderAll.UNIFIED"),
        ("private", {"channel": "order", "tradeType": "SPOT", "symbol": "BTC-USDT"}, "order.SPOT:BTC-USDT"),
        ("private", {"channel": "execution", "tradeType": "MARGIN"}, "execution.MARGIN"),
        ("private", {"channel": "execution.lite", "tradeType": "UNIFIED"}, "execution.lite.UNIFIED"),
        ("private", {"channel": "balance", "accountType": "FUNDING"}, "balance.FUNDING"),
        ("private", {"channel": "positionAll", "tradeType": "FUTURES"}, "positionAll.FUTURES"),
        ("private", {"channel": "position", "tradeType": "UNIFIED", "symbol": "XBTUSDTM"}, "position.UNIFIED:XBTUSDTM"),
        ("private", {"channel": "lw", "tradeType": "UNIFIED"}, "lw.UNIFIED"),
        ("private", {"channel": "leverage", "tradeType": "UNIFIED"}, "leverage.UNIFIED"),
    ],
)
@pytest.mark.parametrize("action", [str.upper, str.lower])
def test_commands_become_topics(
    simulator: Simulator, host: str, parameters: Any, topic: str, action: Callable[[str], str]
) -> None:
    with open_pro(simulator, host) as socket:
        socket.send({"id": "1", "action": action("subscribe"), **parameters})
        assert socket.receive() == {"id": "1", "result": True}
        assert simulator.subscriptions() == {topic: 1}
        socket.send({"id": "2", "action": action("unsubscribe"), **parameters})
        while socket.receive() != {"id": "2", "result": True}:
            pass  # a push that was on its way
        assert simulator.subscriptions() == {}


def test_symbols_become_one_topic_each(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        assert socket.subscribe("ticker", tradeType="SPOT", symbols=["BTC-USDT", "ETH-USDT", "BTC-USDT"])["result"]
        assert simulator.subscriptions() == {"ticker.SPOT:BTC-USDT": 1, "ticker.SPOT:ETH-USDT": 1}


INVALID = {"message": "invalid request data"}


@pytest.mark.parametrize(
    ("host", "parameters", "refusal"),
    [
        ("spot", {"channel": "nothing", "tradeType": "SPOT", "symbol": "BTC-USDT"}, INVALID),
        ("spot", {"channel": ["obu"], "tradeType": "SPOT"}, INVALID),
        ("spot", {"channel": "ticker", "tradeType": "MOON", "symbol": "BTC-USDT"}, INVALID),
        ("spot", {"channel": "ticker", "tradeType": "SPOT", "symbols": []}, INVALID),
        ("spot", {"channel": "ticker", "tradeType": "SPOT", "symbols": ["BTC-USDT", 7]}, INVALID),
        ("spot", {"channel": "obu", "tradeType": "SPOT", "symbol": "BTC-USDT", "depth": "7"}, INVALID),
        ("spot", {"channel": "obu", "tradeType": "SPOT", "symbol": "BTC-USDT", "depth": ["5"]}, INVALID),
        ("spot", {"channel": "obu", "tradeType": "SPOT", "symbol": "BTC-USDT", "depth": "5", "rpiFilter": 1}, INVALID),
        ("spot", {"channel": "kline", "tradeType": "SPOT", "symbol": "BTC-USDT", "interval": "7min"}, INVALID),
        (
            "futures",
            {"channel": "obu", "tradeType": "SPOT", "symbol": "BTC-USDT", "depth": "5"},
            {"reason": 'topic Obu type = "public_spot" not allowed in current environment'},
        ),
        (
            "spot",
            {"channel": "mark-price", "symbol": "XBTUSDTM"},
            {"reason": 'topic MarkPrice type = "public_futures" not allowed in current environment'},
        ),
        (
            "futures",
            {"channel": "obu", "tradeType": "FUTURES", "symbols": ["XBTUSDTM"], "depth": "5"},
            {"reason": "symbols are not supported for topic obu"},
        ),
        (
            "futures",
            {"channel": "mark-price", "symbols": ["XBTUSDTM"]},
            {"reason": "symbols are not supported for topic mark-price"},
        ),
        (
            "private",
            {"channel": "position", "tradeType": "UNIFIED"},
            {"reason": "missing `symbol` for topic: Position"},
        ),
        ("private", {"channel": "orderAll"}, {"reason": "missing `tradeType` for topic: OrderAll"}),
        (
            "private",
            {"channel": "balance", "tradeType": "SPOT"},
            {"reason": "missing `accountType` for topic: Balance"},
        ),
        (
            "spot",
            {"channel": "obu", "tradeType": "SPOT", "symbol": "BTC-USDT"},
            {"reason": "missing `depth` for topic: Obu"},
        ),
    ],
)
def test_wrong_commands_are_refused_word_by_word(
    simulator: Simulator, host: str, parameters: Any, refusal: Any
) -> None:
    with open_pro(simulator, host) as socket:
        answer = socket.ask({"id": "p18", "action": "SUBSCRIBE", **parameters})
        assert answer == {"id": "p18", "result": False, **refusal}
        assert simulator.subscriptions() == {}


def test_frames_without_a_known_command_are_invalid(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        assert socket.ask({"id": 7, "action": "DANCE"}) == {"id": "7", "result": False, **INVALID}
        assert socket.ask({}) == {"id": "", "result": False, **INVALID}


def test_unknown_symbol_is_accepted_and_silent(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        for depth in ("1", "5", "increment@10ms"):
            assert socket.subscribe("obu", tradeType="SPOT", symbol="NO-SUCH", depth=depth)["result"] is True
        assert socket.ask({"id": "after", "type": "ping"})["type"] == "pong"


@pytest.mark.parametrize("text", ["not json", "[1]", "", "[" * 100_000])
def test_text_that_is_no_object_gets_no_answer(simulator: Simulator, text: str) -> None:
    with open_pro(simulator) as socket:
        socket.send(text)
        assert socket.ask({"id": "after", "type": "ping"})["id"] == "after"


def test_second_subscription_is_accepted_and_stays_single(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        assert socket.ask(TICKER)["result"] is True
        assert socket.ask(TICKER)["result"] is True
        assert simulator.publish("ticker.SPOT:BTC-USDT", None, {"s": "BTC-USDT"}) == 1


def test_published_frames_carry_the_envelope(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        socket.ask(TICKER)
        before = time.time_ns()
        simulator.publish("ticker.SPOT:BTC-USDT", None, {"s": "BTC-USDT"})
        push = socket.receive()
        assert before <= push.pop("P") <= time.time_ns()
        assert push == {"T": "ticker.SPOT", "d": {"s": "BTC-USDT"}}


# Keep-alive and limits.


def test_older_ping_is_answered_in_nanoseconds(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        pong = socket.ask({"id": "p32", "type": "ping"})
        assert abs(pong.pop("ts") - time.time_ns()) < 5 * 10**9
        assert pong == {"type": "pong", "id": "p32"}


@pytest.mark.parametrize("stamp", [1742175983900, "1742175983900"])
def test_newer_ping_is_answered_in_milliseconds(simulator: Simulator, stamp: Any) -> None:
    with open_pro(simulator, "private") as socket:
        pong = socket.ask({"id": "ping-123", "op": "ping", "timestamp": stamp})
        assert abs(pong.pop("timestamp") - time.time() * 1000) < 5000
        assert pong == {"id": "ping-123", "op": "pong"}


def test_two_pings_in_a_second_end_the_connection(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        socket.send({"id": "1", "type": "ping"})
        socket.send({"id": "2", "op": "ping"})
        assert socket.receive()["id"] == "1"
        expect_end(socket)


@pytest.mark.parametrize(("host", "most"), [("spot", 300), ("futures", 300), ("private", 100)])
def test_too_many_frames_end_the_connection(simulator: Simulator, host: str, most: int) -> None:
    with open_pro(simulator, host, login=False) as socket:
        for _ in range(most + 1):
            socket.send({"id": "x"})
        assert [socket.receive()["result"] for _ in range(most)] == [False] * most
        expect_end(socket)


@pytest.mark.parametrize(("host", "most"), [("spot", 600), ("futures", 600)])
def test_too_many_public_topics_end_the_connection(simulator: Simulator, host: str, most: int) -> None:
    with open_pro(simulator, host) as socket:
        symbols = [f"S{n}" for n in range(most + 1)]
        assert socket.subscribe("ticker", tradeType=host.upper(), symbols=symbols[:-1])["result"] is True
        socket.send({"id": "s", "action": "SUBSCRIBE", "channel": "ticker", "tradeType": host.upper(), "symbol": "S0"})
        assert socket.receive()["result"] is True
        socket.send({"id": "s", "action": "SUBSCRIBE", "channel": "ticker", "tradeType": host.upper(), "symbol": "T"})
        expect_end(socket)


def test_too_many_private_topics_end_the_connection(make: Make) -> None:
    assert Limits().pro_private_topics == 400
    simulator = make(limits=Limits(pro_private_topics=2))
    with open_pro(simulator, "private") as socket:
        socket.subscribe("orderAll", tradeType="UNIFIED")
        socket.subscribe("positionAll", tradeType="UNIFIED")
        socket.send({"id": "s", "action": "SUBSCRIBE", "channel": "execution", "tradeType": "UNIFIED"})
        expect_end(socket)


def test_limits_can_be_off(make: Make) -> None:
    with open_pro(make(limits="off")) as socket:
        for number in range(350):
            assert socket.ask({"id": str(number), "type": "ping"})["id"] == str(number)


def test_silent_client_without_topics_is_dropped(make: Make) -> None:
    with open_pro(make(idle_timeout=0.1)) as socket:
        expect_end(socket)


def test_silent_client_with_a_topic_stays(make: Make) -> None:
    simulator = make(idle_timeout=0.1)
    with open_pro(simulator) as socket, open_pro(simulator) as silent:
        assert socket.ask(TICKER)["result"] is True
        expect_end(silent)
        assert simulator.connections("pro_v2") == 1
        assert socket.ask({"id": "1", "type": "ping"})["id"] == "1"


# Faults.


def test_welcome_can_be_kept_back(simulator: Simulator) -> None:
    simulator.no_welcome(system="pro_v2")
    with raw(simulator) as socket:
        assert socket.ask({"id": "1", "type": "ping"})["type"] == "pong"
        assert simulator.welcomed("pro_v2") == 0


def test_ack_can_be_kept_back(simulator: Simulator) -> None:
    simulator.drop_subscribe_ack()
    with open_pro(simulator) as socket:
        socket.send(TICKER)
        simulator.wait_for(lambda s: "ticker.SPOT:BTC-USDT" in s.subscriptions())
        assert socket.ask({"id": "after", "type": "ping"})["id"] == "after"


def test_topic_can_be_rejected(simulator: Simulator) -> None:
    simulator.reject_topic("ticker.SPOT:BTC-USDT", text="no such luck")
    with open_pro(simulator) as socket:
        assert socket.ask(TICKER) == {"id": "p1", "result": False, "reason": "no such luck"}
        assert socket.ask(TICKER) == {"id": "p1", "result": True}


def test_connections_can_be_cut_closed_and_silenced(simulator: Simulator) -> None:
    with open_pro(simulator) as first, open_pro(simulator) as second, open_pro(simulator) as third:
        assert simulator.silence("pro_v2") == 3
        first.send(TICKER)
        simulator.wait_for(lambda s: bool(s.subscriptions()))
        assert simulator.silence("pro_v2", on=False) == 3
        assert simulator.publish("ticker.SPOT:BTC-USDT", None, {}) == 1
        assert first.receive()["T"] == "ticker.SPOT"
        assert simulator.close(1001, "later", system="pro_v2") == 3
        expect_end(first, 1001)
        expect_end(second, 1001)
        expect_end(third, 1001)
    with open_pro(simulator) as last:
        assert simulator.cut("pro_v2") == 1
        with pytest.raises(ConnectionClosedError) as caught:
            last.text()
        assert isinstance(caught.value.__cause__, ConnectionResetError)


def test_bad_frames_are_binary_too(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        assert simulator.bad_frame("not json", "pro_v2") == 1
        assert socket.text() == "not json"
        assert simulator.bad_frame(b"\x82\x01\x03", "pro_v2", raw=True) == 1
        assert socket.text() == "\x03"


def test_connections_are_counted_and_capped(make: Make) -> None:
    simulator = make(max_connections=1)
    with open_pro(simulator) as socket, raw(simulator) as second:
        expect_end(second)
        socket.ask(TICKER)
    assert (simulator.opened("pro_v2"), simulator.frames_received("pro_v2")) == (2, 1)
    assert simulator.stats()["opened"] == {"v1": 0, "pro_v2": 2, "ws_api": 0}


def test_works_over_tls(make: Make) -> None:
    simulator = make(tls=True)
    with ProSocket(
        connect(simulator.ws_url + "/pro/spot", ssl=for_two_threads(simulator.ssl_context()), proxy=None)
    ) as socket:
        assert socket.receive()["message"] == "welcome"
        assert socket.ask(TICKER)["result"] is True
