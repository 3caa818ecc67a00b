"""Log-in, keep-alive, subscriptions and limits of the simulated OKX, seen from raw connections."""

from __future__ import annotations

import json
import time
import types
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from kucoin_sync.simulator import Credentials, OkxForms, OkxLimits, Simulator
from tests.simulator.clients import on_venue, sign
from tests.simulator.okx.clients import SPOT, SPREAD, SWAP, OkxSocket, login_frame, open_okx, order

Make = Callable[..., Simulator]

TICKERS = {"channel": "tickers", "instId": SPOT}
ORDERS = {"channel": "orders", "instType": "ANY"}


def closed(socket: OkxSocket) -> tuple[int, str]:
    """Read to the end of a connection and return code and reason of its close frame."""
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            socket.text()
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


# Log-in.


def test_login_signature_is_that_of_the_reference() -> None:
    """The vector of the reference, so that client and simulator cannot be wrong together."""
    secret = "0123456789ABCDEF0123456789ABCDEF"
    assert sign(secret, "1704876947GET/users/self/verify") == "ZuGLUUn1vPbzKSG4K5HzbiibZHAU3Qmy4PHIlAGhMok="


def test_login_is_acknowledged(okx: Simulator) -> None:
    with open_okx(okx, login=False) as socket:
        answer = socket.ask(login_frame(okx))
        assert (answer["event"], answer["code"], answer["msg"]) == ("login", "0", "")
        assert len(answer["connId"]) == 8 and int(answer["connId"], 16) >= 0
        assert okx.welcomed("private") == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"timestamp": "soon"}, "60004"),
        ({"timestamp": "1704876947"}, "60006"),
        ({"apiKey": ""}, "60005"),
        ({"apiKey": "simulator-nobody"}, "60032"),
        ({"sign": "AAAA"}, "60007"),
        ({"passphrase": "wrong"}, "60024"),
    ],
)
def test_wrong_login_is_told_and_the_connection_closed(okx: Simulator, changes: dict[str, str], code: str) -> None:
    with open_okx(okx, login=False) as socket:
        answer = socket.ask(login_frame(okx, **changes))
        assert (answer["event"], answer["code"]) == ("error", code)
        assert closed(socket) == (4001, "Login Failed")


def test_timestamp_may_be_a_number_and_thirty_seconds_off(okx: Simulator) -> None:
    stamp = int(time.time()) - 28
    with open_okx(okx, login=False) as socket:
        frame = login_frame(okx, timestamp=str(stamp))
        frame["args"][0]["timestamp"] = stamp
        assert socket.ask(frame)["event"] == "login"


@pytest.mark.parametrize("again", [False, True])
def test_several_accounts_and_a_second_login_are_refused(make_okx: Make, again: bool) -> None:
    other = Credentials("simulator-other", "simulator-other-secret", "simulator-other-passphrase")
    okx = make_okx(credentials=(Simulator(exchange="okx").credentials, other), okx=OkxForms(failed_logins="kept"))
    with open_okx(okx, login=again) as socket:
        frame = login_frame(okx)
        if not again:
            frame["args"] += login_frame(okx, other)["args"]
        assert socket.ask(frame)["code"] == "60031"
        assert socket.arrived() == []


def test_login_may_echo_its_id(make_okx: Make) -> None:
    for form, expected in (("echoed", "7"), ("none", None)):
        okx = make_okx(okx=OkxForms(login_ids=form))
        with open_okx(okx, login=False) as socket:
            assert socket.ask({"id": "7", **login_frame(okx)}).get("id") == expected


def test_handshake_header_may_tell_the_environment(make_okx: Make) -> None:
    forms = OkxForms(environment="demo", handshake_header="honoured", wrong_environments="60005")
    okx = make_okx(okx=forms)
    with open_okx(okx, login=False) as socket:
        assert socket.ask(login_frame(okx))["code"] == "60005"
    with open_okx(okx, additional_headers={"x-simulated-trading": "1"}):
        pass


def test_query_of_a_path_is_ignored(okx: Simulator) -> None:
    url = f"{okx.ws_url}/ws/v5/business?brokerId=9999"
    with connect(url, compression=None, proxy=None) as ws:
        ws.send("ping")
        assert ws.recv(timeout=5) == "pong"


# Keep-alive and notices.


def test_text_ping_is_answered_and_a_json_ping_refused(okx: Simulator) -> None:
    with open_okx(okx, "public") as socket:
        socket.send("ping")
        assert socket.text() == "pong"
        for text in ('{"op": "ping"}', '{"event":"ping"}', '{"op":"subscribe",', "hello", "[1]"):
            answer = socket.ask(text)
            assert (answer["code"], answer["msg"]) == ("60012", f"Illegal request: {text}")
        assert socket.arrived() == []


def test_a_line_on_which_nothing_passes_is_closed(make_okx: Make) -> None:
    okx = make_okx(idle_timeout=0.2)
    with open_okx(okx, "public") as socket:
        assert closed(socket) == (4004, "No data received in 30s.")


def test_traffic_in_either_direction_keeps_a_line_open(okx: Simulator) -> None:
    """Asked of the venue, with a clock of the test's own."""
    line = types.SimpleNamespace(id="public-9", last_received=100.0, frames_sent=0)

    def is_silent(now: float) -> bool:
        return bool(on_venue(okx, lambda venue: venue.is_silent(line, now)))

    assert not is_silent(100.0) and not is_silent(129.9) and is_silent(130.0)
    line.last_received = 120.0
    assert not is_silent(149.9)
    line.frames_sent = 1
    assert not is_silent(149.95) and not is_silent(179.9)
    assert is_silent(179.95)


def test_a_notice_comes_before_the_end(okx: Simulator) -> None:
    with open_okx(okx) as private, open_okx(okx, "public") as public:
        assert okx.service_notice(0.05, "private", code=4006, reason="upgrade") == 1
        notice = private.receive()
        assert (notice["event"], notice["code"]) == ("notice", "64008")
        assert closed(private) == (4006, "upgrade")
        assert public.arrived() == []


def test_only_okx_announces_an_end(make: Make) -> None:
    from tests.simulator.clients import open_stream

    simulator = make()
    with open_stream(simulator), pytest.raises(ValueError, match="KuCoin does not announce"):
        simulator.service_notice()


# Subscriptions.


def test_every_arg_is_acknowledged_with_the_id_of_its_request(okx: Simulator) -> None:
    with open_okx(okx, "public") as socket:
        args = [{"channel": channel, "instId": SPOT} for channel in ("trades", "tickers", "mark-price")]
        socket.send({"id": "1512", "op": "subscribe", "args": args})
        acks = [frame for frame in socket.arrived() if "event" in frame]
        assert [(ack["id"], ack["event"], ack["arg"]) for ack in acks] == [("1512", "subscribe", arg) for arg in args]
        socket.send({"op": "unsubscribe", "args": args})
        acks = socket.arrived()
        assert [(ack["event"], "id" in ack) for ack in acks] == [("unsubscribe", False)] * 3
        assert okx.subscriptions() == {}


def test_an_active_arg_is_acknowledged_again_without_a_snapshot(okx: Simulator) -> None:
    with open_okx(okx, "public") as socket:
        book = {"channel": "books", "instId": SPOT}
        for expected in (["subscribe", None], ["subscribe"], ["unsubscribe"], ["subscribe", None]):
            op = "unsubscribe" if expected == ["unsubscribe"] else "subscribe"
            socket.send({"op": op, "args": [book]})
            assert [frame.get("event") for frame in socket.arrived()] == expected


@pytest.mark.parametrize(
    ("path", "arg", "code"),
    [
        ("public", {"channel": "nonsense"}, "60018"),
        ("public", {"channel": "tickers"}, "60018"),
        ("public", {"channel": "tickers", "instId": "NO-PE"}, "60018"),
        ("public", {"channel": "candle1m", "instId": SPOT}, "60018"),
        ("business", {"channel": "tickers", "instId": SPOT}, "60018"),
        ("business", {"channel": "candle7m", "instId": SPOT}, "60018"),
        ("public", ORDERS, "60018"),
        ("private", ORDERS, "60011"),
        ("business", {"channel": "sprd-orders"}, "60011"),
        ("public", {"channel": "books-l2-tbt", "instId": SPOT}, "60011"),
        ("private", {"channel": "orders"}, "60011"),
        ("public", {"channel": "opt-summary", "uly": "BTC-USD"}, "64000"),
        ("public", {}, "60018"),
        ("public", {"channel": ["tickers"]}, "60018"),
    ],
)
def test_an_arg_that_cannot_be_subscribed_to(okx: Simulator, path: str, arg: dict[str, Any], code: str) -> None:
    with open_okx(okx, path, login=False) as socket:
        socket.send({"id": "5", "op": "subscribe", "args": [arg, arg]})
        answers = socket.arrived()
        assert [(answer["event"], answer["code"], answer["id"]) for answer in answers] == [("error", code, "5")] * 2
        assert "arg" not in answers[0]


def test_60018_names_channel_and_instrument(okx: Simulator) -> None:
    with open_okx(okx, "public") as socket:
        answer = socket.ask({"op": "subscribe", "args": [{"channel": "candle1s", "instId": SWAP}]})
        assert answer["msg"].startswith(f"Wrong URL or channel:candle1s,instId:{SWAP} doesn't exist. Please use")


@pytest.mark.parametrize(
    ("path", "channel", "code"), [("public", "candle1m", "64001"), ("business", "tickers", "64002")]
)
def test_a_channel_may_be_told_to_have_moved(make_okx: Make, path: str, channel: str, code: str) -> None:
    okx = make_okx(okx=OkxForms(wrong_paths="moved"))
    with open_okx(okx, path, login=False) as socket:
        assert socket.ask({"op": "subscribe", "args": [{"channel": channel, "instId": SPOT}]})["code"] == code


def test_channels_above_the_fee_tier_are_refused(make_okx: Make) -> None:
    okx = make_okx(okx=OkxForms(fee_tier=3))
    with open_okx(okx) as private, open_okx(okx, "public", login=True) as public:
        assert private.ask({"op": "subscribe", "args": [{"channel": "fills"}]})["code"] == "64003"
        assert public.ask({"op": "subscribe", "args": [{"channel": "books-l2-tbt", "instId": SPOT}]})["code"] == "64003"


def test_the_strongest_book_excludes_weaker_ones(okx: Simulator) -> None:
    strongest, weaker = {"channel": "books-l2-tbt", "instId": SPOT}, {"channel": "books", "instId": SPOT}
    with open_okx(okx, "public", login=True) as socket:
        socket.subscribe(weaker)
        socket.send({"id": "1", "op": "subscribe", "args": [strongest]})
        events = [(frame["event"], frame["arg"]["channel"]) for frame in socket.arrived() if "event" in frame]
        assert events == [("subscribe", "books-l2-tbt"), ("unsubscribe", "books")]
        socket.send({"id": "2", "op": "subscribe", "args": [weaker]})
        ack, error = socket.arrived()
        assert (ack["event"], error["code"]) == ("subscribe", "64004")
        assert list(okx.subscriptions()) == [f"books-l2-tbt:{SPOT}"]


def test_connections_of_a_counted_channel_are_told_and_limited(make_okx: Make) -> None:
    okx = make_okx(limits=OkxLimits(connections_per_second=None, connections_per_channel=2))
    with open_okx(okx) as one, open_okx(okx) as two, open_okx(okx) as three:
        for number, socket in enumerate((one, two), 1):
            socket.subscribe(ORDERS)
            count = socket.receive()
            assert (count["event"], count["channel"], count["connCount"]) == (
                "channel-conn-count",
                "orders",
                str(number),
            )
        one.subscribe({"channel": "orders", "instType": "SWAP"})
        assert one.arrived() == []
        three.subscribe(ORDERS)
        refusal = three.receive()
        assert (refusal["event"], refusal["connCount"]) == ("channel-conn-count-error", "2")
        assert okx.subscriptions()["orders:ANY"] == 2
        three.subscribe({"channel": "account"})
        assert three.receive()["connCount"] == "1"


# Limits.


def test_requests_of_an_hour_are_limited(make_okx: Make) -> None:
    okx = make_okx(limits=OkxLimits(requests_per_hour=3))
    with open_okx(okx, "public") as socket:
        for op in ("subscribe", "unsubscribe", "subscribe"):
            assert socket.ask({"op": op, "args": [{"channel": "trades", "instId": SPOT}]})["event"] == op
        assert socket.ask({"op": "subscribe", "args": [TICKERS]})["code"] == "60014"
        assert socket.ask(login_frame(okx))["code"] == "60014"


def test_a_frame_that_is_too_long_ends_the_connection(make_okx: Make) -> None:
    okx = make_okx(limits="on")
    with open_okx(okx, "public") as socket:
        text = json.dumps({"op": "subscribe", "args": [TICKERS]})
        socket.send(text + " " * (65536 - len(text)))
        assert socket.receive()["event"] == "subscribe"
        socket.send(text + " " * (65537 - len(text)))
        assert closed(socket) == (1009, "Request message exceeds the maximum frame length")


def test_a_fourth_connection_within_a_second_is_refused(make_okx: Make) -> None:
    okx = make_okx(limits="on")
    assert on_venue(okx, lambda venue: [venue.may_open() for _ in range(4)]) == [True, True, True, False]
    none = make_okx(limits=OkxLimits(connections_per_second=0))
    with pytest.raises(InvalidStatus) as caught:
        open_okx(none, "public")
    assert caught.value.response.status_code == 429
    assert none.opened("public") == 0


def test_limits_of_the_other_exchange_are_refused() -> None:
    from kucoin_sync.simulator import Limits

    with pytest.raises(ValueError, match="OkxLimits"):
        Simulator(exchange="okx", limits=Limits())
    with pytest.raises(ValueError, match="exchange must be"):
        Simulator(exchange="binance")  # type: ignore[arg-type]


# What is turned away before it is looked at.


@pytest.mark.parametrize("form", ["event", "reply"])
@pytest.mark.parametrize(
    ("path", "op", "login", "code"),
    [("private", "order", False, "60011"), ("public", "order", True, "60028"), ("private", "no-such", True, "60019")],
)
def test_an_operation_that_is_turned_away(
    make_okx: Make, form: str, path: str, op: str, login: bool, code: str
) -> None:
    okx = make_okx(okx=OkxForms(gate_errors=form))
    with open_okx(okx, path, login=login) as socket:
        answer = socket.ask({"id": "12", "op": op, "args": [order(okx)]})
        assert (answer["id"], answer["code"]) == ("12", code)
        assert (answer.get("event"), answer.get("data")) == (("error", None) if form == "event" else (None, []))
    assert okx.orders() == []


@pytest.mark.parametrize("request_id", ["", "a-b", "a" * 33, 7])
def test_a_request_id_of_another_form_is_refused(okx: Simulator, private: OkxSocket, request_id: object) -> None:
    answer = private.ask({"id": request_id, "op": "order", "args": [order(okx)]})
    assert answer["code"] == "60013" and "id" not in answer
    assert okx.orders() == []


def test_client_options_name_two_hosts(okx: Simulator) -> None:
    assert okx.client_options()["hosts"] == {"rest": okx.url, "ws": okx.ws_url}
    remote = Simulator.connect(okx.url)
    assert (remote.exchange, remote.client_options()["hosts"]) == ("okx", okx.client_options()["hosts"])
    assert repr(remote) == f"<RemoteSimulator OKX SIMULATOR at {okx.url}>"


def test_spread_channels_know_their_spreads(okx: Simulator) -> None:
    with open_okx(okx, "business") as socket:
        socket.subscribe({"channel": "sprd-books5", "sprdId": SPREAD})
        assert socket.next_of("sprd-books5")["data"][0]["asks"] == []
        answer = socket.ask({"op": "subscribe", "args": [{"channel": "sprd-books5", "sprdId": "A_B"}]})
        assert answer["code"] == "60018"
