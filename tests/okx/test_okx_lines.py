"""
OKX's lines with a scripted peer: login, refusal, pings, notices, drops, and the way back.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from typing import Any

import pytest

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import AuthError, ConfigError, ConnectError, SubscribeError
from kucoin_sync.okx.client import WebsocketClient
from kucoin_sync.okx.keys import WsKey
from tests.clients import Clients
from tests.okx.lines import (
    CREDENTIALS,
    SECRET,
    accept_command,
    acknowledge,
    login,
    okx_client,
    open_line,
    ticker,
)
from tests.peers import Line, Opcode, ScriptedPeer, background

LIMIT = 10.0
BTC = {"channel": "tickers", "instId": "BTC-USDT"}
ETH = {"channel": "tickers", "instId": "ETH-USDT"}
ORDERS = {"channel": "orders", "instType": "ANY"}
NOTICE = {
    "event": "notice",
    "code": "64008",
    "msg": "The connection will soon be closed for a service upgrade. Please reconnect.",
    "connId": "a4d3ae55",
}


def streaming(clients: Clients, peer: ScriptedPeer, **options: Any) -> tuple[WebsocketClient, Any, Line]:
    """A client with a stream of the tickers of BTC, and the other end of its line."""
    client = okx_client(clients, peer, **options)
    call = background(client.stream, BTC)
    line = open_line(peer, "public")
    accept_command(line, "subscribe", BTC)
    return client, call.result(), line


def events(client: WebsocketClient, *names: str) -> queue.Queue[tuple[str, Any]]:
    """Collect these events of a client."""
    seen: queue.Queue[tuple[str, Any]] = queue.Queue()
    for name in names:
        client.on(name, lambda event, name=name: seen.put((name, event)))
    return seen


def lasts(stream: Any, count: int) -> list[tuple[str, bool]]:
    updates = [stream.get(LIMIT) for _ in range(count)]
    return [(update.data[0]["last"], update.gap_before) for update in updates]


# Opening.


@pytest.mark.parametrize("path", ["private", "business"])
def test_X18_okx_an_account_logs_in_with_a_signature_of_now(path: str, peer: ScriptedPeer, clients: Clients) -> None:
    client = okx_client(clients, peer, **CREDENTIALS)
    seen = events(client, "open", "authenticated")
    connecting = background(client.connect_private, business=path == "business")
    line = peer.accept()
    assert line.upgrade().path == f"/ws/v5/{path}"
    arg = login(line)
    assert arg["passphrase"] == "simulator-passphrase"
    assert abs(int(arg["timestamp"]) - time.time()) < 10
    line.send_json({"event": "login", "msg": "", "code": "0", "connId": "a4d3ae55"})
    connecting.result()
    assert [seen.get(timeout=LIMIT)[0] for _ in range(2)] == ["open", "authenticated"]


def test_a_public_line_logs_nobody_in(peer: ScriptedPeer, clients: Clients) -> None:
    client = okx_client(clients, peer, **CREDENTIALS)
    connecting = background(client.connect_public)
    open_line(peer, "public")
    connecting.result()
    assert client.is_connected(WsKey.PROD_PUBLIC)
    assert not client.is_connected(WsKey.PROD_PRIVATE)


def test_the_lines_for_requests_open_side_by_side(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client = okx_client(clients, plain_peer, market="US", **CREDENTIALS)
    connecting = background(client.connect_ws_api, instruments=())
    lines = [plain_peer.accept() for _ in range(2)]  # both, before one of them goes on
    assert {line.upgrade().path for line in lines} == {"/ws/v5/private", "/ws/v5/business"}
    for line in lines:
        login(line)
        line.send_json({"event": "login", "msg": "", "code": "0", "connId": "a4d3ae55"})
    connecting.result()
    assert client.is_connected(client.get_market_ws_key("private"))
    assert client.is_connected(WsKey.US_LIVE_BUSINESS)


def test_P16_R01_okx_a_refused_login_is_told_and_not_tried_again(peer: ScriptedPeer, clients: Clients) -> None:
    client = okx_client(clients, peer, **CREDENTIALS)
    connecting = background(client.connect_private)
    line = peer.accept()
    line.upgrade()
    login(line)
    line.send_json({"event": "error", "code": "60009", "msg": "Login failed.", "connId": "a4d3ae55"})
    with pytest.raises(AuthError, match="60009 Login failed") as caught:
        connecting.result()
    assert not caught.value.retryable
    line.expect_eof()
    assert not peer.has_pending()


def test_a_login_that_the_exchange_was_too_busy_for_is_tried_again(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client = okx_client(clients, plain_peer, **CREDENTIALS)
    connecting = background(client.connect_private)
    line = plain_peer.accept()
    line.upgrade()
    login(line)
    line.send_json({"event": "error", "code": "60023", "msg": "Bulk login requests too frequent"})
    with pytest.raises(ConnectError) as caught:
        connecting.result()
    assert caught.value.retryable
    connecting = background(client.connect_private)
    open_line(plain_peer, "private", secret=SECRET)
    connecting.result()


@pytest.fixture
def clockless() -> Iterator[ScriptedPeer]:
    """A peer that is asked for the time in lockstep, too."""
    with ScriptedPeer() as peer:
        yield peer


def tell_time(peer: ScriptedPeer, ahead_ms: int = 0) -> None:
    """Answer the call for the exchange's clock, which has to be the next."""
    with peer.accept() as line:
        assert line.read_request().path == "/api/v5/public/time"
        now_ms = int(time.time() * 1000) + ahead_ms
        line.respond(200, body={"code": "0", "msg": "", "data": [{"ts": str(now_ms)}]})


def test_R13_okx_a_clock_that_is_off_is_set_by_the_exchange_s(clockless: ScriptedPeer, clients: Clients) -> None:
    client = okx_client(clients, clockless, **CREDENTIALS)
    connecting = background(client.connect_private)
    line = clockless.accept()
    line.upgrade()
    login(line)
    line.send_json({"event": "error", "code": "60006", "msg": "Timestamp request expired"})
    tell_time(clockless, 3_600_000)
    line = clockless.accept()
    line.upgrade()
    arg = login(line)
    assert abs(int(arg["timestamp"]) - 3600 - time.time()) < 10
    line.send_json({"event": "login", "msg": "", "code": "0", "connId": "a4d3ae55"})
    connecting.result()


@pytest.mark.parametrize("path", ["private", "business"])
def test_R13_okx_a_line_for_orders_asks_for_the_clock_by_which_they_expire(
    path: str, clockless: ScriptedPeer, clients: Clients
) -> None:
    """Once: nothing on the line tells it, and the next line knows."""
    client = okx_client(clients, clockless, **CREDENTIALS)
    connecting = background(client.connect_private, business=path == "business")
    line = open_line(clockless, path, secret=SECRET)
    tell_time(clockless, 5000)
    connecting.result()
    clock = client.stats().clock
    assert abs(clock.offset_ms - 5000) <= clock.uncertainty_ms + 1  # the time was told in whole milliseconds
    line.rst()
    open_line(clockless, path, secret=SECRET)
    connecting = background(client.connect_public)
    open_line(clockless, "public")
    connecting.result()
    assert not clockless.has_pending()


def test_R13_okx_a_line_is_good_although_nobody_tells_the_time(clockless: ScriptedPeer, clients: Clients) -> None:
    """That is reported, and the next line asks again."""
    client = okx_client(clients, clockless, **CREDENTIALS)
    seen = events(client, "exception")
    connecting = background(client.connect_private)
    line = open_line(clockless, "private", secret=SECRET)
    with clockless.accept() as asked:
        asked.read_request()
        asked.respond(200, body={"code": "50026", "msg": "System error", "data": []})
    connecting.result()
    report = seen.get(timeout=LIMIT)[1]
    assert (report.where, report.ws_key) == ("clock", "prodPrivate")
    line.rst()
    open_line(clockless, "private", secret=SECRET)
    tell_time(clockless)


def test_each_account_has_lines_of_its_own(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """OKX takes one account a line; the first is meant where a call names none."""
    accounts = [
        {"apiKey": "simulator-a", "apiSecret": "secret-a", "apiPass": "pass-a"},
        {"api_key": "simulator-b", "api_secret": "secret-b", "api_passphrase": "pass-b", "name": "second"},
    ]
    client = okx_client(clients, plain_peer, accounts=accounts)
    first = background(client.stream, ORDERS)
    accept_command(open_line(plain_peer, "private", secret="secret-a", key="simulator-a"), "subscribe", ORDERS)
    second = background(client.stream, ORDERS, account="second")
    line = open_line(plain_peer, "private", secret="secret-b", key="simulator-b")
    accept_command(line, "subscribe", ORDERS)
    streams = [first.result(), second.result()]
    line.send_json({"arg": {**ORDERS, "uid": "7"}, "data": [{"ordId": "1", "state": "live"}]})
    update = streams[1].get(LIMIT)
    assert (update.ws_key, update.topic) == ("prodPrivate@second", "orders?instType=ANY")
    assert update.typed[0].order_id == "1"
    with pytest.raises(TimeoutError):
        streams[0].get(0.0)
    assert client.is_connected(WsKey.PROD_PRIVATE, account="second")
    assert client.is_connected("prodPrivate@second")
    with pytest.raises(ConfigError, match="no account 'third'; there are 1, second"):
        client.subscribe(ORDERS, account="third")


def test_a_demo_client_uses_the_demo_lines(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client = okx_client(clients, plain_peer, demo_trading=True, market="EEA", ws_query="brokerId=9999")
    connecting = background(client.connect_public)
    line = plain_peer.accept()
    assert line.upgrade().query == {"brokerId": "9999"}
    connecting.result()
    assert client.is_connected(WsKey.EEA_DEMO_PUBLIC)
    with pytest.raises(ConfigError, match="prodPublic is of another market"):
        client.connect(WsKey.PROD_PUBLIC)


# Pings.


def test_T09_T29_okx_pings_are_bare_text_and_answered_first_in_first_out(peer: ScriptedPeer, clients: Clients) -> None:
    """One pong missing of two is one too few, whatever else comes in."""
    client, stream, line = streaming(clients, peer, ping_interval=0.05, pong_timeout=2.0)
    seen = events(client, "suspended")
    for _ in range(3):
        assert line.read_frame() == (Opcode.TEXT, b"ping")
        line.send_text("pong")
    assert line.read_frame() == (Opcode.TEXT, b"ping")
    line.send_json(ticker("1"))
    assert lasts(stream, 1) == [("1", False)]
    assert "pong" in str(seen.get(timeout=LIMIT)[1].error)
    line.expect_eof()


def test_a_ping_of_the_server_is_answered(plain_peer: ScriptedPeer, clients: Clients) -> None:
    _, _, line = streaming(clients, plain_peer)
    line.send_text("ping")
    assert line.read_text() == "pong"


# Topics.


def test_each_topic_of_a_frame_has_an_answer_of_its_own(peer: ScriptedPeer, clients: Clients) -> None:
    client = okx_client(clients, peer)
    call = background(client.subscribe, [BTC, ETH])
    line = open_line(peer, "public")
    command = line.expect_json(op="subscribe")
    assert command["args"] == [BTC, ETH]
    acknowledge(line, command, ETH)
    acknowledge(line, command, BTC)
    subscription = call.result()
    assert subscription.state == {"tickers:BTC-USDT": "active", "tickers:ETH-USDT": "active"}
    leaving = background(client.unsubscribe, "tickers:BTC-USDT")
    accept_command(line, "unsubscribe", BTC)
    leaving.result()
    assert subscription.state["tickers:BTC-USDT"] == "idle"


def test_S11_okx_one_bad_topic_costs_no_other(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """The refusal names it in words; the others of its frame are confirmed by their own answers."""
    client = okx_client(clients, plain_peer)
    bad = {"channel": "tickers", "instId": "NO-SUCH"}
    call = background(client.subscribe, [BTC, bad])
    line = open_line(plain_peer, "public")
    command = line.expect_json(op="subscribe")
    message = "Wrong URL or channel:tickers,instId:NO-SUCH doesn't exist. Please use the correct URL"
    line.send_json({"id": command["id"], "event": "error", "code": "60018", "msg": message})
    acknowledge(line, command, BTC)
    with pytest.raises(SubscribeError) as caught:
        call.result()
    assert caught.value.rejected == {"tickers:NO-SUCH": ("60018", message)}
    assert caught.value.acked == ("tickers:BTC-USDT",)


def test_S11_okx_a_refusal_that_names_nobody_is_narrowed_down(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client = okx_client(clients, plain_peer)
    call = background(client.subscribe, [BTC, ETH])
    line = open_line(plain_peer, "public")
    command = line.expect_json(op="subscribe")
    line.send_json({"id": command["id"], "event": "error", "code": "64003", "msg": "Your trading fee tier"})
    for arg in (BTC, ETH):
        command = line.expect_json(op="subscribe", args=[arg])
        if arg is BTC:
            line.send_json({"id": command["id"], "event": "error", "code": "64003", "msg": "Your trading fee tier"})
        else:
            acknowledge(line, command, arg)
    with pytest.raises(SubscribeError) as caught:
        call.result()
    assert set(caught.value.rejected) == {"tickers:BTC-USDT"}
    assert caught.value.acked == ("tickers:ETH-USDT",)


def test_a_push_before_its_ack_is_delivered(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """Recorded sessions show that order."""
    client = okx_client(clients, plain_peer)
    call = background(client.stream, BTC)
    line = open_line(plain_peer, "public")
    line.expect_json(op="subscribe")
    line.send_json(ticker("1"))
    assert lasts(call.result(), 1) == [("1", False)]


def test_channels_find_their_connections_by_themselves(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """One stream over three connections."""
    client = okx_client(clients, plain_peer, **CREDENTIALS)
    candle = {"channel": "candle1m", "instId": "BTC-USDT"}
    call = background(client.stream, [BTC, candle, ORDERS])
    lines: dict[str, Line] = {}
    for _ in range(3):
        line = plain_peer.accept()
        path = line.upgrade().path.rpartition("/")[2]
        lines[path] = line
        if path != "public":
            login(line)
            line.send_json({"event": "login", "msg": "", "code": "0"})
    for path, arg in (("public", BTC), ("business", candle), ("private", ORDERS)):
        accept_command(lines[path], "subscribe", arg)
    stream = call.result()
    assert stream.topics == ("tickers:BTC-USDT", "candle1m:BTC-USDT", "orders?instType=ANY")
    lines["private"].send_json({"arg": {**ORDERS, "uid": "7"}, "data": []})
    assert stream.get(LIMIT).ws_key == "prodPrivate"
    lines["business"].send_json({"arg": candle, "data": [["1", "1", "1", "1", "1", "1", "1", "1", "0"]]})
    assert stream.get(LIMIT).ws_key == "prodBusiness"


def test_a_public_channel_that_needs_an_account_gets_a_line_that_logs_in(
    plain_peer: ScriptedPeer, clients: Clients
) -> None:
    client = okx_client(clients, plain_peer, **CREDENTIALS)
    arg = {"channel": "books-l2-tbt", "instId": "BTC-USDT"}
    call = background(client.subscribe, arg)
    accept_command(open_line(plain_peer, "public", secret=SECRET), "subscribe", arg)
    assert call.result().ws_keys == ("prodPublic@1",)


def test_a_channel_that_needs_an_account_is_refused_here_without_one(
    plain_peer: ScriptedPeer, clients: Clients
) -> None:
    client = okx_client(clients, plain_peer)
    for channel in ("orders?instType=ANY", "deposit-info", "books-l2-tbt:BTC-USDT"):
        with pytest.raises(ConfigError, match="needs an account"):
            client.subscribe(channel)


def test_a_channel_that_is_not_known_goes_where_the_caller_says(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client = okx_client(clients, plain_peer)
    arg = {"channel": "brand-new", "instId": "BTC-USDT"}
    with pytest.raises(ConfigError, match="ws_key: is required"):
        client.subscribe(arg)
    call = background(client.subscribe, arg, "prodPublic")
    accept_command(open_line(plain_peer, "public"), "subscribe", arg)
    assert call.result().topics == ("brand-new:BTC-USDT",)


@pytest.mark.parametrize("ended", ["count", "replaced"])
def test_an_end_that_nobody_asked_for_ends_the_stream_with_a_word(
    ended: str, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """Too many connections, or a stronger book channel: the exchange says so after its yes."""
    client = okx_client(clients, plain_peer, **CREDENTIALS)
    arg = ORDERS if ended == "count" else {"channel": "books", "instId": "BTC-USDT"}
    call = background(client.stream, arg)
    line = open_line(
        plain_peer, *(("private",) if ended == "count" else ("public",)), secret=SECRET if ended == "count" else None
    )
    accept_command(line, "subscribe", arg)
    stream = call.result()
    seen = events(client, "exception")
    if ended == "count":
        line.send_json({"event": "channel-conn-count-error", "channel": "orders", "connCount": "30", "connId": "a4"})
    else:
        line.send_json({"event": "unsubscribe", "arg": arg, "connId": "a4"})
    with pytest.raises(SubscribeError):
        stream.get(LIMIT)
    name, event = seen.get(timeout=LIMIT)
    assert (name, event.where) == ("exception", "subscription")
    again = background(client.stream, arg)  # not a word about the end is to be said before
    accept_command(line, "subscribe", arg)
    again.result()


def test_the_number_of_connections_is_told(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client, _, line = streaming(clients, plain_peer)
    seen = events(client, "response")
    line.send_json({"event": "channel-conn-count", "channel": "orders", "connCount": "2", "connId": "abcd1234"})
    _, event = seen.get(timeout=LIMIT)
    assert event.kind == "channel-conn-count"
    assert '"connCount":"2"' in event.raw


# The end of a line.


def test_a_drop_is_told_and_everything_comes_back(peer: ScriptedPeer, clients: Clients) -> None:
    client, stream, line = streaming(clients, peer)
    seen = events(client, "suspended", "reconnect", "open", "reconnected")
    line.rst()
    line = open_line(peer, "public")
    accept_command(line, "subscribe", BTC)
    happened = [seen.get(timeout=LIMIT) for _ in range(4)]
    assert [name for name, _ in happened] == ["suspended", "reconnect", "open", "reconnected"]
    assert happened[-1][1].confirmed == ("tickers:BTC-USDT",)
    line.send_json(ticker("2"))
    assert lasts(stream, 1) == [("2", True)]


def test_an_account_logs_in_again_before_it_subscribes(peer: ScriptedPeer, clients: Clients) -> None:
    client = okx_client(clients, peer, **CREDENTIALS)
    call = background(client.stream, ORDERS)
    line = open_line(peer, "private", secret=SECRET)
    accept_command(line, "subscribe", ORDERS)
    call.result()
    line.send_close(4004, "No data received in 30s.")
    line = open_line(peer, "private", secret=SECRET)
    accept_command(line, "subscribe", ORDERS)


def test_a_notice_is_followed_before_the_line_is_closed(peer: ScriptedPeer, clients: Clients) -> None:
    """First the new line, then the topics, then the old line goes, politely; nobody hears of a loss."""
    client, stream, old = streaming(clients, peer)
    seen = events(client, "suspended", "open", "response", "close")
    old.send_json(NOTICE)
    new = open_line(peer, "public")
    command = new.expect_json(op="subscribe", args=[BTC])
    old.send_json(ticker("1"))
    assert lasts(stream, 1) == [("1", False)]
    assert client.is_connected(WsKey.PROD_PUBLIC)
    acknowledge(new, command, BTC)
    assert old.read_frame()[0] is Opcode.CLOSE
    old.send_json(ticker("2"))
    old.send_close(1000)
    old.expect_eof()
    new.send_json(ticker("3"))
    assert lasts(stream, 2) == [("2", False), ("3", True)]
    told = [seen.get(timeout=LIMIT) for _ in range(3)]
    assert sorted((name, getattr(event, "kind", "")) for name, event in told) == [
        ("open", ""),
        ("response", "notice"),
        ("response", "subscribe"),
    ]
    assert seen.empty()


def test_a_notice_to_a_further_connection_moves_its_topics_only(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client = okx_client(clients, plain_peer, max_topics_per_connection=1)
    call = background(client.stream, [BTC, ETH])
    lines = {}
    for _ in range(2):
        line = open_line(plain_peer, "public")
        command = line.expect_json(op="subscribe")
        (arg,) = command["args"]
        lines[arg["instId"]] = line
        acknowledge(line, command, arg)
    stream = call.result()
    lines["ETH-USDT"].send_json(NOTICE)
    new = open_line(plain_peer, "public")
    accept_command(new, "subscribe", ETH)
    assert lines["ETH-USDT"].read_frame()[0] is Opcode.CLOSE
    lines["ETH-USDT"].send_close(1000)
    new.send_json(ticker("1", "ETH-USDT"))
    assert lasts(stream, 1) == [("1", True)]
    lines["BTC-USDT"].send_json(ticker("2"))
    assert lasts(stream, 1) == [("2", False)]


def test_a_notice_to_an_account_s_line_logs_in_first(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client = okx_client(clients, plain_peer, **CREDENTIALS)
    call = background(client.stream, ORDERS)
    old = open_line(plain_peer, "private", secret=SECRET)
    accept_command(old, "subscribe", ORDERS)
    stream = call.result()
    old.send_json(NOTICE)
    new = open_line(plain_peer, "private", secret=SECRET)
    accept_command(new, "subscribe", ORDERS)
    assert old.read_frame()[0] is Opcode.CLOSE
    old.send_close(1000)
    new.send_json({"arg": {**ORDERS, "uid": "7"}, "data": []})
    assert stream.get(LIMIT).gap_before


def test_a_hand_over_that_fails_at_first_is_tried_again(plain_peer: ScriptedPeer, clients: Clients) -> None:
    _, stream, old = streaming(clients, plain_peer)
    old.send_json(NOTICE)
    plain_peer.accept().rst()
    new = open_line(plain_peer, "public")
    accept_command(new, "subscribe", BTC)
    assert old.read_frame()[0] is Opcode.CLOSE
    old.send_close(1000)
    new.send_json(ticker("1"))
    assert lasts(stream, 1) == [("1", True)]


def test_a_notice_that_is_repeated_changes_nothing(plain_peer: ScriptedPeer, clients: Clients) -> None:
    _, stream, old = streaming(clients, plain_peer)
    for _ in range(3):
        old.send_json(NOTICE)
    new = open_line(plain_peer, "public")
    accept_command(new, "subscribe", BTC)
    assert old.read_frame()[0] is Opcode.CLOSE
    old.send_close(1000)
    old.expect_eof()
    new.send_json(ticker("1"))
    assert lasts(stream, 1) == [("1", True)]
    assert not plain_peer.has_pending()


def test_S24_okx_a_close_during_a_hand_over_leaves_nothing_behind(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client, stream, old = streaming(clients, plain_peer)
    old.send_json(NOTICE)
    new = plain_peer.accept()
    new.read_request()
    client.close()
    assert list(stream) == []
    for line in (old, new):
        line.expect_eof()


def test_S09_okx_openings_are_spread_over_seconds(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """The exchange counts three a second for an address; the fourth waits a second, and a margin."""
    accounts = [
        {"api_key": f"simulator-{name}", "api_secret": SECRET, "api_passphrase": "pass"} for name in ("a", "b", "c")
    ]
    client = okx_client(clients, plain_peer, accounts=accounts)
    began = time.monotonic()
    connecting = background(client.connect_all)
    for number in range(4):
        line = plain_peer.accept()
        if line.upgrade().path.endswith("private"):
            line.expect_json(op="login")
            line.send_json({"event": "login", "msg": "", "code": "0"})
        assert number < 3 or time.monotonic() - began >= 1.25
    connecting.result()


# Requests.


def ask(client: WebsocketClient, request_id: str) -> PendingRequest:
    """Send an order over the private line, which must be ready."""
    request = PendingRequest(request_id, "order", [{"instIdCode": 1}], Deadline(LIMIT))
    client._group("prodPrivate").send_request(request, None, wait_ready=True)
    return request


def ready(clients: Clients, peer: ScriptedPeer) -> tuple[WebsocketClient, Line]:
    """A client whose private line is open, and its other end."""
    client = okx_client(clients, peer, **CREDENTIALS)
    connecting = background(client.connect_private)
    line = open_line(peer, "private", secret=SECRET)
    connecting.result()
    return client, line


def test_a_reply_is_known_by_its_id_with_or_without_times(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client, line = ready(clients, plain_peer)
    first, second = ask(client, "a1"), ask(client, "a2")
    line.expect_json(id="a1", op="order", args=[{"instIdCode": 1}])
    line.expect_json(id="a2")
    line.send_json({"id": "a2", "op": "order", "code": "0", "msg": "", "data": [], "inTime": "5", "outTime": "7"})
    line.send_json({"id": "a1", "op": "order", "code": "1", "msg": "", "data": []})
    assert second.wait()
    assert first.wait()
    assert first.reply is not None
    assert second.reply is not None
    assert (first.reply.code, first.reply.in_time) == ("1", None)
    assert (second.reply.code, second.reply.in_time, second.reply.out_time) == ("0", 5, 7)


def test_an_error_frame_with_the_id_of_a_request_is_its_answer(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """One without an id is nobody's, and only noted."""
    client, line = ready(clients, plain_peer)
    seen = events(client, "exception")
    other, request = ask(client, "a1"), ask(client, "a2")
    line.send_json({"event": "error", "code": "60012", "msg": "Illegal request", "connId": "a4"})
    line.send_json({"id": "a2", "event": "error", "code": "60028", "msg": "not supported by this URL", "connId": "a4"})
    assert request.wait()
    assert request.reply is not None
    assert (request.reply.op, request.reply.code) == ("order", "60028")
    assert "60012" in str(seen.get(timeout=LIMIT)[1].error)
    assert other.reply is None
    assert len(other.notes) == 1


def test_a_notice_leaves_requests_in_flight_their_answer(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """What is asked from then on goes over the new line; nothing is sent twice."""
    client, old = ready(clients, plain_peer)
    subscribing = background(client.subscribe, ORDERS)
    accept_command(old, "subscribe", ORDERS)
    subscribing.result()
    first = ask(client, "a1")
    old.expect_json(id="a1")
    old.send_json(NOTICE)
    new = open_line(plain_peer, "private", secret=SECRET)
    accept_command(new, "subscribe", ORDERS)  # so it has taken the place
    second = ask(client, "a2")
    new.expect_json(id="a2")
    new.send_json({"id": "a2", "op": "order", "code": "0", "msg": "", "data": []})
    assert second.wait()
    old.send_json({"id": "a1", "op": "order", "code": "0", "msg": "", "data": []})
    assert first.wait()
    assert first.reply is not None
    assert old.read_frame()[0] is Opcode.CLOSE
    old.send_close(1000)
    old.expect_eof()
    assert client.is_connected(WsKey.PROD_PRIVATE)
