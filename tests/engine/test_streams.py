"""
Subscriptions over real lines: confirmed, kept through drops, and honest about gaps.
"""

from __future__ import annotations

import json
import threading
from concurrent.futures import Future
from typing import Any

import pytest

from kucoin_sync import (
    ClosedError,
    ConfigError,
    DeadlineExceeded,
    GapError,
    ReentrantCallError,
    SubscribeError,
    WebsocketClient,
)
from tests.clients import SPOT, TICKER, Clients, accept_subscribe, ticker
from tests.peers import Line, ScriptedPeer, background, frame, v1_handshake

ETH = "/market/ticker:ETH-USDT"


def streaming(clients: Clients, peer: ScriptedPeer, **options: Any) -> tuple[WebsocketClient, Any, Line]:
    """A client with one stream of the ticker, and the other end of its line."""
    client = clients.stream_client(peer, **options)
    opening = background(client.stream, TICKER, SPOT)
    line = v1_handshake(peer)
    accept_subscribe(line)
    return client, opening.result(), line


def sequence(update: Any) -> int:
    return int(update.data["sequence"])


def test_a_stream_delivers_in_order_with_the_raw_text(peer: ScriptedPeer, clients: Clients) -> None:
    """Each update is the exchange's message and knows where it came from."""
    client, stream, line = streaming(clients, peer)
    for n in range(100):
        line.send_text(ticker(n))
    updates = [stream.get(5) for _ in range(100)]
    assert [u.sequence for u in updates] == list(range(100))
    assert json.loads(updates[0].raw)["data"] == updates[0].data
    assert (updates[0].ws_key, updates[0].topic) == (SPOT, TICKER)
    assert not any(u.gap_before for u in updates)
    assert client.is_connected(SPOT)


def test_symbols_of_one_topic_are_joined_in_one_frame(peer: ScriptedPeer, clients: Clients) -> None:
    """The exchange's pushes name single symbols, and each finds its subscriber."""
    client = clients.stream_client(peer)
    call = background(client.subscribe, [f"{TICKER},ETH-USDT", {"topic": "/market/match:BTC-USDT"}], SPOT)
    line = v1_handshake(peer)
    accept_subscribe(line, f"{TICKER},ETH-USDT")
    accept_subscribe(line, "/market/match:BTC-USDT")
    assert call.result().state == dict.fromkeys([TICKER, ETH, "/market/match:BTC-USDT"], "active")


def test_S11_a_reconnect_resubscribes_and_reports_what_was_confirmed(peer: ScriptedPeer, clients: Clients) -> None:
    """`reconnected` comes after the last answer; the first update of each topic is marked."""
    client, stream, line = streaming(clients, peer)
    events: list[str] = []
    resumed: Future[Any] = Future()
    for name in ("suspended", "open"):
        client.on(name, lambda _, name=name: events.append(name))  # type: ignore[misc]
    client.on("reconnected", lambda event: (events.append("reconnected"), resumed.set_result(event)))
    line.send_text(ticker(1))
    assert not stream.get(5).gap_before
    line.rst()
    line = v1_handshake(peer)
    command = line.expect_json(type="subscribe", topic=TICKER)
    assert not resumed.done()
    line.send_json({"id": command["id"], "type": "ack"})
    assert resumed.result(5).confirmed == (TICKER,)
    assert events == ["suspended", "open", "reconnected"]
    line.send_text(ticker(5))
    line.send_text(ticker(6))
    assert [stream.get(5).gap_before for _ in range(2)] == [True, False]


def test_S11_topics_refused_at_the_reconnect_are_named_and_dropped(peer: ScriptedPeer, clients: Clients) -> None:
    """A stream whose only topic is refused for good ends with that error."""
    client, stream, line = streaming(clients, peer)
    resumed: Future[Any] = Future()
    client.on("reconnected", resumed.set_result)
    line.rst()
    line = v1_handshake(peer)
    command = line.expect_json(type="subscribe", topic=TICKER)
    line.send_json({"id": command["id"], "type": "error", "code": 404, "data": "topic does not exist"})
    assert dict(resumed.result(5).refused) == {TICKER: ("404", "topic does not exist")}
    with pytest.raises(SubscribeError, match="404"):
        stream.get(5)


def test_a_refused_topic_raises_with_code_and_text(peer: ScriptedPeer, clients: Clients) -> None:
    """And the topics that were confirmed are named too."""
    client = clients.stream_client(peer)
    call = background(client.subscribe, [TICKER, "/no/such:thing"], SPOT)
    line = v1_handshake(peer)
    accept_subscribe(line)
    command = line.expect_json(type="subscribe", topic="/no/such:thing")
    line.send_json({"id": command["id"], "type": "error", "code": 404, "data": "topic does not exist"})
    with pytest.raises(SubscribeError) as caught:
        call.result()
    assert caught.value.rejected == {"/no/such:thing": ("404", "topic does not exist")}
    assert caught.value.acked == (TICKER,)


def test_S12_a_lost_ack_is_named_at_the_deadline(peer: ScriptedPeer, clients: Clients) -> None:
    """And the wish is withdrawn: nobody holds a subscription that he was told he has not."""
    client = clients.stream_client(peer)
    call = background(client.subscribe, TICKER, SPOT, timeout=0.4)
    line = v1_handshake(peer)
    line.expect_json(type="subscribe")
    with pytest.raises(SubscribeError) as caught:
        call.result()
    assert caught.value.unknown == (TICKER,)


def test_S12_a_first_push_counts_as_the_ack(peer: ScriptedPeer, clients: Clients) -> None:
    """Data proves the subscription better than an acknowledgement."""
    client = clients.stream_client(peer)
    call = background(client.stream, TICKER, SPOT)
    line = v1_handshake(peer)
    line.expect_json(type="subscribe")
    line.send_text(ticker(1))
    assert sequence(call.result().get(5)) == 1


def test_S12_an_unanswered_subscribe_is_sent_again(peer: ScriptedPeer, clients: Clients) -> None:
    """With ``wait=False`` the library goes on trying."""
    client = clients.stream_client(peer, request_timeout=0.2)
    subscription = client.subscribe(TICKER, SPOT, wait=False)
    line = v1_handshake(peer)
    first = line.expect_json(type="subscribe")
    second = line.expect_json(type="subscribe")
    assert first["id"] != second["id"]
    answered: Future[Any] = Future()
    client.on("response", answered.set_result)
    line.send_json({"id": second["id"], "type": "ack"})
    answered.result(5)
    assert subscription.state == {TICKER: "active"}


def test_unsubscribe_is_confirmed_and_what_still_comes_is_filtered(peer: ScriptedPeer, clients: Clients) -> None:
    """Others who want the topic keep it."""
    client = clients.stream_client(peer)
    seen: list[Any] = []
    call = background(client.subscribe, [TICKER, ETH], SPOT, listener=seen.append)
    line = v1_handshake(peer)
    accept_subscribe(line, f"{TICKER},ETH-USDT")
    call.result()
    leaving = background(client.unsubscribe, TICKER, SPOT)
    command = line.expect_json(type="unsubscribe", topic=TICKER)
    line.send_text(ticker(1))
    line.send_json({"id": command["id"], "type": "ack"})
    leaving.result()
    arrived = threading.Event()
    client.on("update", lambda update: arrived.set() if update.topic == ETH else None)
    line.send_text(ticker(2, ETH))
    assert arrived.wait(5)
    assert [u.topic for u in seen] == [ETH]


def test_an_unconfirmed_unsubscribe_says_so(peer: ScriptedPeer, clients: Clients) -> None:
    """At its deadline."""
    client = clients.stream_client(peer)
    call = background(client.subscribe, TICKER, SPOT)
    line = v1_handshake(peer)
    accept_subscribe(line)
    call.result()
    with pytest.raises(DeadlineExceeded):
        client.unsubscribe(TICKER, SPOT, timeout=0.2)


def test_S13_an_unsubscribe_during_a_reconnect_leaves_no_zombie(peer: ScriptedPeer, clients: Clients) -> None:
    """The resubscription reads the wishes when it sends."""
    client = clients.stream_client(peer)
    call = background(client.subscribe, [TICKER, ETH], SPOT)
    line = v1_handshake(peer)
    accept_subscribe(line, f"{TICKER},ETH-USDT")
    call.result()
    lost: Future[Any] = Future()
    client.on("suspended", lost.set_result)
    line.rst()
    lost.result(5)
    client.unsubscribe(TICKER, SPOT)
    line = v1_handshake(peer)
    accept_subscribe(line, ETH)


def test_P01_a_corrupt_frame_is_reported_and_the_next_good_one_delivered(peer: ScriptedPeer, clients: Clients) -> None:
    """Garbage costs itself and nothing else."""
    client, stream, line = streaming(clients, peer)
    reports: list[Any] = []
    all_reported = threading.Event()

    def report(event: Any) -> None:
        reports.append(event)
        if len(reports) == 3:
            all_reported.set()

    client.on("exception", report)
    for n, garbage in enumerate(["{not json", "[1,2]", '{"type":"message","topic":5}']):
        line.send_text(ticker(n))
        line.send_text(garbage)
    line.send_text(ticker(3))
    assert [sequence(stream.get(5)) for _ in range(4)] == [0, 1, 2, 3]
    assert all_reported.wait(5)
    assert "not JSON" in str(reports[0].error)


def test_P01_twenty_unreadable_frames_in_a_row_cost_the_line(peer: ScriptedPeer, clients: Clients) -> None:
    """A peer that only sends nonsense is left; the client comes back."""
    _client, stream, line = streaming(clients, peer)
    for _ in range(20):
        line.send_text("nonsense")
    line = v1_handshake(peer)
    accept_subscribe(line)
    line.send_text(ticker(1))
    assert sequence(stream.get(5)) == 1


def test_P08_an_unknown_type_is_delivered_as_it_came(peer: ScriptedPeer, clients: Clients) -> None:
    """Nothing readable is thrown away."""
    client, _, line = streaming(clients, peer)
    unknown: Future[Any] = Future()
    client.on("unknown", unknown.set_result)
    line.send_text('{"type":"notice","topic":"/x","subject":"y","data":{}}')
    assert unknown.result(5).raw == '{"type":"notice","topic":"/x","subject":"y","data":{}}'


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        pytest.param(frame(0x1, b"\xff\xfe"), "not UTF-8", id="T34-utf8"),
        pytest.param(frame(0x1, b"x", mask=True), "masked", id="T33-masked"),
        pytest.param(frame(0x1, b"x", rsv=4), "reserved bit", id="T33-rsv"),
        pytest.param(frame(0x3, b"x"), "reserved opcode", id="T33-opcode"),
        pytest.param(frame(0x0, b"x"), "continuation", id="T33-continuation"),
        pytest.param(frame(0x1, b"x", length=2**33, length_form=64), "announced", id="T32-8-GiB"),
    ],
)
def test_T32_T33_T34_a_broken_frame_costs_the_line_and_nothing_before_or_after_it(
    bad: bytes, words: str, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """What was whole before it is delivered, and so is what comes on the next line."""
    client, stream, line = streaming(clients, plain_peer)
    lost: Future[Any] = Future()
    client.on("suspended", lost.set_result)
    line.send(frame(0x1, ticker(1)) + bad)
    assert sequence(stream.get(5)) == 1
    assert words in str(lost.result(5).error)
    line = v1_handshake(plain_peer)
    accept_subscribe(line)
    line.send_text(ticker(2))
    assert sequence(stream.get(5)) == 2


def test_T06_T07_a_cut_at_every_position_of_a_frame(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """Half a message is never delivered, and the stream goes on after the reconnect."""
    client, stream, line = streaming(clients, plain_peer, reconnect_timeout=0.0)
    whole = frame(0x1, ticker(7))
    for position in range(0, len(whole), 3):
        line.send(whole[:position])
        line.rst() if position % 2 else line.fin()
        line = v1_handshake(plain_peer)
        accept_subscribe(line)
        line.send_text(ticker(1000 + position))
        assert sequence(stream.get(5)) == 1000 + position
    assert client.is_connected(SPOT)


def test_T31_fragments_with_a_ping_between_them(peer: ScriptedPeer, clients: Clients) -> None:
    """The message is put together, and the ping is answered at once."""
    _, stream, line = streaming(clients, peer)
    text = ticker(1).encode()
    line.send(frame(0x1, text[:20], fin=False) + frame(0x9, b"hi") + frame(0x0, text[20:]))
    assert line.read_frame() == (0xA, b"hi")
    assert sequence(stream.get(5)) == 1


def test_T23_a_polite_close_is_answered_and_followed_by_a_reconnect(peer: ScriptedPeer, clients: Clients) -> None:
    """As the exchange does once or twice a week."""
    client, stream, line = streaming(clients, peer)
    lost: Future[Any] = Future()
    client.on("suspended", lost.set_result)
    line.send_close(1000, "Bye")
    assert line.read_frame()[0] == 0x8
    assert line.expect_eof() == "fin"
    error = lost.result(5).error
    assert (error.code, error.reason, error.initiator) == (1000, "Bye", "peer")
    line = v1_handshake(peer)
    accept_subscribe(line)
    line.send_text(ticker(9))
    assert stream.get(5).gap_before


def test_S20_a_slow_loop_loses_the_oldest_and_is_told(peer: ScriptedPeer, clients: Clients) -> None:
    """The next update is marked, and the loss is counted."""
    client = clients.stream_client(peer)
    call = background(client.stream, TICKER, SPOT, maxlen=10)
    line = v1_handshake(peer)
    accept_subscribe(line)
    stream = call.result()
    last = threading.Event()
    client.on("update", lambda update: last.set() if sequence(update) == 99 else None)
    for n in range(100):
        line.send_text(ticker(n))
    assert last.wait(5)
    updates = [stream.get(5) for _ in range(10)]
    assert [sequence(u) for u in updates] == list(range(90, 100))
    assert [u.gap_before for u in updates] == [True] + [False] * 9
    assert stream.dropped == 90


def test_S20_the_policy_latest_keeps_one_update_a_topic(peer: ScriptedPeer, clients: Clients) -> None:
    """Conflation: the newest of each."""
    client = clients.stream_client(peer)
    call = background(client.stream, [TICKER, ETH], SPOT, overflow="latest")
    line = v1_handshake(peer)
    accept_subscribe(line, f"{TICKER},ETH-USDT")
    stream = call.result()
    last = threading.Event()
    client.on("update", lambda update: last.set() if sequence(update) == 9 else None)
    for n in range(10):
        line.send_text(ticker(n, ETH if n % 2 else TICKER))
    assert last.wait(5)
    assert sorted(sequence(stream.get(5)) for _ in range(2)) == [8, 9]


def test_S20_the_policy_error_ends_the_stream(peer: ScriptedPeer, clients: Clients) -> None:
    """For those who would rather stop than miss one."""
    client = clients.stream_client(peer)
    call = background(client.stream, TICKER, SPOT, overflow="error", maxlen=2)
    line = v1_handshake(peer)
    accept_subscribe(line)
    stream = call.result()
    last = threading.Event()
    client.on("update", lambda update: last.set() if sequence(update) == 4 else None)
    for n in range(5):
        line.send_text(ticker(n))
    assert last.wait(5)
    assert [sequence(stream.get(5)) for _ in range(2)] == [0, 1]
    with pytest.raises(OverflowError):
        stream.get(5)


def test_a_stream_can_raise_at_a_gap(peer: ScriptedPeer, clients: Clients) -> None:
    """`on_gap="raise"` for those who keep state."""
    client = clients.stream_client(peer)
    call = background(client.stream, TICKER, SPOT, on_gap="raise")
    line = v1_handshake(peer)
    accept_subscribe(line)
    stream = call.result()
    line.rst()
    line = v1_handshake(peer)
    accept_subscribe(line)
    line.send_text(ticker(1))
    with pytest.raises(GapError):
        stream.get(5)


def test_a_loop_ends_when_the_client_is_closed(peer: ScriptedPeer, clients: Clients) -> None:
    """From another thread, after what is queued."""
    client, stream, line = streaming(clients, peer)
    line.send_text(ticker(1))
    first = stream.get(5)
    looping = background(lambda: [first, *stream])
    client.close()
    assert [sequence(u) for u in looping.result()] == [1]
    with pytest.raises(EOFError):
        stream.get(1)


def test_get_ends_at_its_timeout(peer: ScriptedPeer, clients: Clients) -> None:
    """As a TimeoutError."""
    _, stream, _ = streaming(clients, peer)
    with pytest.raises(TimeoutError):
        stream.get(0.05)


def test_S16_a_subscribe_inside_a_listener(peer: ScriptedPeer, clients: Clients) -> None:
    """The reader takes the acknowledgement while the listener waits for it."""
    client = clients.stream_client(peer)
    subscribed: Future[Any] = Future()
    client.on("open", lambda _: subscribed.set_result(client.subscribe(TICKER, SPOT).state))
    opening = background(client.connect, SPOT)
    line = v1_handshake(peer)
    accept_subscribe(line)
    opening.result()
    assert subscribed.result(5) == {TICKER: "active"}


def test_S19_a_raising_listener_stops_nobody(peer: ScriptedPeer, clients: Clients) -> None:
    """The next listener, the next update and the line go on; the error is reported once."""
    client, _, line = streaming(clients, peer)
    reported: list[Any] = []
    got: list[int] = []
    done = threading.Event()

    def bad(_: Any) -> None:
        raise SystemExit("from a listener")

    def good(update: Any) -> None:
        got.append(sequence(update))
        if len(got) == 3:
            done.set()

    client.on("update", bad)
    client.on("update", good)
    client.on("exception", reported.append)
    client.on("exception", bad)
    for n in range(3):
        line.send_text(ticker(n))
    assert done.wait(5)
    assert got == [0, 1, 2]
    client.close()
    assert [type(e.error) for e in reported] == [SystemExit] * 3


def test_S21_listeners_may_come_and_go_while_events_are_dispatched(peer: ScriptedPeer, clients: Clients) -> None:
    """`once` is a listener that removes itself."""
    client, _stream, line = streaming(clients, peer)
    seen: list[int] = []
    client.once("update", lambda update: seen.append(sequence(update)))
    done = threading.Event()
    client.on("update", lambda update: done.set() if sequence(update) == 2 else None)
    for n in range(3):
        line.send_text(ticker(n))
    assert done.wait(5)
    assert seen == [0]


def test_S22_close_inside_a_listener_returns_at_once(peer: ScriptedPeer, clients: Clients) -> None:
    """It goes on in the background and leaves nothing behind."""
    client, _, line = streaming(clients, peer)
    closed: Future[Any] = Future()
    client.on("update", lambda _: (client.close(), closed.set_result(None)))
    line.send_text(ticker(1))
    closed.result(5)
    assert client.wait(timeout=5)


def test_S23_close_twice_and_from_two_threads(peer: ScriptedPeer, clients: Clients) -> None:
    """The second waits for the first."""
    client, _, _ = streaming(clients, peer)
    closing = [background(client.close) for _ in range(3)]
    for call in closing:
        call.result()
    client.close()
    with pytest.raises(ClosedError):
        client.subscribe(TICKER, SPOT)


def test_S23_close_before_anything_was_opened(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """There is nothing to close, and that is no error."""
    client = clients.stream_client(plain_peer)
    client.close()
    with pytest.raises(ClosedError):
        client.connect(SPOT)


def test_S25_close_while_a_frame_is_half_read(peer: ScriptedPeer, clients: Clients) -> None:
    """The peer neither finishes it nor answers the close."""
    client, _, line = streaming(clients, peer)
    line.send(frame(0x1, ticker(1))[:10])
    closing = background(client.close, timeout=0.5)
    closing.result(timeout=1.0)


def test_wait_for_returns_the_event(peer: ScriptedPeer, clients: Clients) -> None:
    """Only one for which the predicate is true."""
    client, _, line = streaming(clients, peer)
    waiting = background(client.wait_for, "update", lambda update: sequence(update) >= 2, 5)
    while not waiting.is_done():
        for n in range(3):
            line.send_text(ticker(n))
    assert sequence(waiting.result()) == 2
    with pytest.raises(TimeoutError):
        client.wait_for("close", timeout=0.05)


def test_blocking_calls_are_refused_on_a_reading_thread(peer: ScriptedPeer, clients: Clients) -> None:
    """With inline listeners, before anything happens."""
    client = clients.stream_client(peer, inline_listeners=True)
    outcome: Future[list[str]] = Future()

    def try_all(_: Any) -> None:
        names = []
        for call in (
            lambda: client.subscribe(ETH, SPOT),
            lambda: client.unsubscribe(TICKER, SPOT),
            lambda: client.stream(ETH, SPOT),
            lambda: client.wait_for("open"),
            lambda: client.connect(SPOT),
            lambda: client.wait(1),
        ):
            try:
                call()
            except ReentrantCallError as error:
                names.append(type(error).__name__)
        outcome.set_result(names)

    client.once("update", try_all)
    call = background(client.subscribe, TICKER, SPOT)
    line = v1_handshake(peer)
    accept_subscribe(line)
    call.result()
    line.send_text(ticker(1))
    assert outcome.result(5) == ["ReentrantCallError"] * 6


@pytest.mark.parametrize(
    ("call", "words"),
    [
        pytest.param(lambda c: c.subscribe("", SPOT), "slash", id="empty-topic"),
        pytest.param(lambda c: c.subscribe([], SPOT), "at least one", id="no-topic"),
        pytest.param(lambda c: c.subscribe("market/ticker:BTC-USDT", SPOT), "slash", id="no-slash"),
        pytest.param(lambda c: c.subscribe("/market/ticker:BTC-USDT,,ETH-USDT", SPOT), "empty symbol", id="empty"),
        pytest.param(lambda c: c.subscribe("/market/ticker:BTC USDT", SPOT), "blanks", id="blank"),
        pytest.param(lambda c: c.subscribe(5, SPOT), "topics", id="number"),
        pytest.param(lambda c: c.subscribe(b"/market/ticker:BTC-USDT", SPOT), "topics", id="bytes"),
        pytest.param(lambda c: c.subscribe({"name": "x"}, SPOT), "topics", id="mapping"),
        pytest.param(lambda c: c.subscribe(TICKER, "spot"), "no connection 'spot'", id="ws-key"),
        pytest.param(lambda c: c.subscribe(TICKER, None), "ws_key", id="no-ws-key"),
        pytest.param(lambda c: c.subscribe(TICKER, "futuresPublicV1"), "belongs to", id="wrong-connection"),
        pytest.param(lambda c: c.subscribe("/account/balance", SPOT), "belongs to", id="private-topic"),
        pytest.param(lambda c: c.subscribe(TICKER, SPOT, listener=5), "listener", id="listener"),
        pytest.param(lambda c: c.subscribe(TICKER, SPOT, timeout=-1), "timeout", id="timeout"),
        pytest.param(lambda c: c.stream(TICKER, SPOT, overflow="block"), "overflow", id="overflow"),
        pytest.param(lambda c: c.stream(TICKER, SPOT, maxlen=0), "maxlen", id="maxlen"),
        pytest.param(lambda c: c.stream(TICKER, SPOT, on_gap="skip"), "on_gap", id="on-gap"),
        pytest.param(lambda c: c.on("opened", print), "no event", id="event"),
    ],
)
def test_bad_arguments_fail_before_anything_is_sent(
    call: Any, words: str, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """Each names the argument and the rule."""
    client = clients.stream_client(plain_peer)
    with pytest.raises(ConfigError, match=words):
        call(client)
    assert not plain_peer.has_pending()


def test_wait_for_ends_when_the_client_is_closed(peer: ScriptedPeer, clients: Clients) -> None:
    """There is nothing to wait for any more."""
    client, _, _ = streaming(clients, peer)
    waiting = background(client.wait_for, "late_reply", timeout=9)
    closing = background(client.close)
    closing.result()
    with pytest.raises(ClosedError):
        waiting.result(timeout=5)


def test_S20_the_policy_latest_keeps_the_mark_of_what_it_replaces(peer: ScriptedPeer, clients: Clients) -> None:
    """A gap before the replaced update is a gap before its successor too."""
    client = clients.stream_client(peer)
    call = background(client.stream, TICKER, SPOT, overflow="latest")
    line = v1_handshake(peer)
    accept_subscribe(line)
    stream = call.result()
    line.rst()
    line = v1_handshake(peer)
    accept_subscribe(line)
    last = threading.Event()
    client.on("update", lambda update: last.set() if sequence(update) == 2 else None)
    for n in range(3):
        line.send_text(ticker(n))
    assert last.wait(5)
    update = stream.get(5)
    assert (sequence(update), update.gap_before) == (2, True)


ORDERS_TOPIC = "/spotMarket/tradeOrdersV2"
PRIVATE = "spotPrivateV1"
PRIVATE_TOKEN = "/api/v1/bullet-private"


def private(number: int) -> str:
    data = {"orderId": str(number), "symbol": "BTC-USDT"}
    return json.dumps({"type": "message", "topic": ORDERS_TOPIC, "subject": "orderChange", "data": data})


def accept_private(line: Line) -> None:
    accept_subscribe(line, ORDERS_TOPIC)


def test_S20_updates_of_the_account_are_never_dropped_their_line_is(peer: ScriptedPeer, clients: Clients) -> None:
    """What was there can be read without a hole; what comes on the next line is marked."""
    client = clients.stream_client(peer)
    opening = background(client.stream, ORDERS_TOPIC, PRIVATE, maxlen=3)
    line = v1_handshake(peer, path=PRIVATE_TOKEN)
    accept_private(line)
    stream = opening.result()
    lost: Future[Any] = Future()
    client.once("suspended", lost.set_result)
    for n in range(4):
        line.send_text(private(n))
    assert "not read" in str(lost.result(5).error)
    updates = [stream.get(5) for _ in range(3)]
    assert [u.data["orderId"] for u in updates] == ["0", "1", "2"]
    assert not any(u.gap_before for u in updates)
    line = v1_handshake(peer, path=PRIVATE_TOKEN)
    accept_private(line)
    line.send_text(private(9))
    update = stream.get(5)
    assert (update.data["orderId"], update.gap_before) == ("9", True)


def test_S20_a_listener_of_the_account_that_does_not_keep_up_costs_the_line_too(
    peer: ScriptedPeer, clients: Clients
) -> None:
    """While market data in the same queue makes room for it."""
    client = clients.stream_client(peer, queue_size=3)
    hold, holds = threading.Event(), threading.Event()
    seen: list[str] = []
    client.on("update", lambda update: (holds.set(), hold.wait(9), seen.append(update.topic)))
    opening = background(client.subscribe, TICKER, SPOT)
    public = v1_handshake(peer)
    accept_subscribe(public)
    opening.result()
    opening = background(client.subscribe, ORDERS_TOPIC, PRIVATE)
    line = v1_handshake(peer, path=PRIVATE_TOKEN)
    accept_private(line)
    opening.result()
    public.send_text(ticker(0))
    assert holds.wait(5)  # it is in that one now; what follows has to wait
    reader = client.stream(ORDERS_TOPIC, PRIVATE)  # tells how far the reading thread has come
    for n in range(3):
        line.send_text(private(n))
        assert reader.get(5).data["orderId"] == str(n)
    market = client.stream(TICKER, SPOT)
    for n in range(1, 8):
        public.send_text(ticker(n))
        assert sequence(market.get(5)) == n
    assert client.is_connected(PRIVATE)
    line.send_text(private(3))
    v1_handshake(peer, path=PRIVATE_TOKEN)  # the line was given up
    done = threading.Event()
    client.on("suspended", print)
    hold.set()
    client.once("update", lambda update: done.set())
    public.send_text(ticker(99))
    assert done.wait(5)
    assert seen.count(ORDERS_TOPIC) == 3
    assert 4 <= seen.count(TICKER) <= 5  # the first, the last three, and the one that woke this test


@pytest.mark.parametrize("event", ["open", "update", "response", "suspended", "reconnect", "reconnected", "unknown"])
def test_S19_a_listener_that_raises_at_any_event_stops_nothing(
    event: str, peer: ScriptedPeer, clients: Clients
) -> None:
    """Of each kind once through a drop and back; the error is reported, and raising about that is only logged."""
    client = clients.stream_client(peer)
    reported: list[Any] = []

    def bad(value: Any) -> None:
        raise KeyboardInterrupt(type(value).__name__)

    client.on(event, bad)
    client.on("exception", lambda value: reported.append(value.error))
    client.on("exception", bad)
    opening = background(client.stream, TICKER, SPOT)
    for n in range(2):
        line = v1_handshake(peer)
        accept_subscribe(line)
        stream = opening.result()
        line.send_text('{"type":"notice"}')
        line.send_text(ticker(n))
        assert sequence(stream.get(5)) == n
        line.rst() if n == 0 else None
    client.close(timeout=5)
    assert [type(error) for error in reported if isinstance(error, KeyboardInterrupt)]
