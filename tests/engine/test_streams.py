"""
Subscriptions over real lines: confirmed, kept through drops, and honest about gaps.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
import zlib
from concurrent.futures import Future
from typing import Any

import pytest

from kucoin_sync import ClosedError, ConfigError, DeadlineExceeded, GapError, ReentrantCallError, SubscribeError
from kucoin_sync.engine.connection_group import Wish
from kucoin_sync.engine.listeners import ListenerHub
from tests.clients import SPOT, TICKER, Clients, accept_subscribe
from tests.peers import Opcode, ScriptedPeer, background, frame, v1_handshake
from tests.sides import Side, streaming

ETH = "/market/ticker:ETH-USDT"

at_once_or_not = pytest.mark.parametrize("at_once", [False, True], ids=["one-by-one", "in-one-read"])


def test_a_stream_delivers_in_order_with_the_raw_text(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Each update is the exchange's message and knows where it came from."""
    client, stream, line = streaming(side, clients, peer)
    for n in range(100):
        line.send_text(side.push(n))
    updates = [stream.get(5) for _ in range(100)]
    assert [u.sequence for u in updates] == list(range(100))
    assert json.loads(updates[0].raw)["data"] == updates[0].data
    assert (updates[0].ws_key, updates[0].topic) == (side.stream_key, side.topic)
    assert not any(u.gap_before for u in updates)
    assert client.is_connected(side.stream_key)


def test_symbols_of_one_topic_are_joined_in_one_frame(peer: ScriptedPeer, clients: Clients) -> None:
    """The exchange's pushes name single symbols, and each finds its subscriber."""
    client = clients.stream_client(peer)
    call = background(client.subscribe, [f"{TICKER},ETH-USDT", {"topic": "/market/match:BTC-USDT"}], SPOT)
    line = v1_handshake(peer)
    accept_subscribe(line, f"{TICKER},ETH-USDT")
    accept_subscribe(line, "/market/match:BTC-USDT")
    assert call.result().state == dict.fromkeys([TICKER, ETH, "/market/match:BTC-USDT"], "active")


def test_S11_a_reconnect_resubscribes_and_reports_what_was_confirmed(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """`reconnected` comes after the last answer; the first update of each topic is marked."""
    client, stream, line = streaming(side, clients, peer)
    events: list[str] = []
    resumed: Future[Any] = Future()
    for name in ("suspended", "open"):
        client.on(name, lambda _, name=name: events.append(name))  # type: ignore[misc]
    client.on("reconnected", lambda event: (events.append("reconnected"), resumed.set_result(event)))
    line.send_text(side.push(1))
    assert not stream.get(5).gap_before
    line.rst()
    line = side.stream_handshake(peer)
    command = side.read_command(line, side.topic)
    assert not resumed.done()
    side.confirm(line, command)
    assert resumed.result(5).confirmed == (side.topic,)
    assert events == ["suspended", "open", "reconnected"]
    line.send_text(side.push(5))
    line.send_text(side.push(6))
    assert [stream.get(5).gap_before for _ in range(2)] == [True, False]


def test_S11_topics_refused_at_the_reconnect_are_named_and_dropped(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """A stream whose only topic is refused for good ends with that error."""
    client, stream, line = streaming(side, clients, peer)
    resumed: Future[Any] = Future()
    client.on("reconnected", resumed.set_result)
    line.rst()
    line = side.stream_handshake(peer)
    command = side.read_command(line, side.topic)
    said = side.refuse(line, command)
    assert dict(resumed.result(5).refused) == {side.topic: said}
    with pytest.raises(SubscribeError, match=said[0]):
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


def test_S12_a_lost_ack_is_named_at_the_deadline(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """And the wish is withdrawn: nobody holds a subscription that he was told he has not."""
    client = side.client(clients, peer)
    call = background(client.subscribe, side.topic, side.stream_key, timeout=0.4)
    line = side.stream_handshake(peer)
    side.read_command(line)
    with pytest.raises(SubscribeError) as caught:
        call.result()
    assert caught.value.unknown == (side.topic,)


def test_S12_a_first_push_counts_as_the_ack(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Data proves the subscription better than an acknowledgement."""
    client = side.client(clients, peer)
    call = background(client.stream, side.topic, side.stream_key)
    line = side.stream_handshake(peer)
    side.read_command(line)
    line.send_text(side.push(1))
    assert call.result().get(5).sequence == 1


def test_S12_an_unanswered_subscribe_is_sent_again(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """With ``wait=False`` the library goes on trying."""
    client = side.client(clients, peer, request_timeout=0.2)
    subscription = client.subscribe(side.topic, side.stream_key, wait=False)
    line = side.stream_handshake(peer)
    first = side.read_command(line)
    second = side.read_command(line)
    assert first["id"] != second["id"]
    answered: Future[Any] = Future()
    client.on("response", answered.set_result)
    side.confirm(line, second)
    answered.result(5)
    assert subscription.state == {side.topic: "active"}


def test_unsubscribe_is_confirmed_and_what_still_comes_is_filtered(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """Others who want the topic keep it."""
    client = side.client(clients, peer)
    seen: list[Any] = []
    call = background(client.subscribe, [side.topic, side.other_topic], side.stream_key, listener=seen.append)
    line = side.stream_handshake(peer)
    side.accept(line, side.topic, side.other_topic)
    call.result()
    leaving = background(client.unsubscribe, side.topic, side.stream_key)
    command = side.read_command(line, side.topic, op="unsubscribe")
    line.send_text(side.push(1))
    side.confirm(line, command)
    leaving.result()
    arrived = threading.Event()
    client.on("update", lambda update: arrived.set() if update.topic == side.other_topic else None)
    line.send_text(side.push(2, side.other_topic))
    assert arrived.wait(5)
    assert [u.topic for u in seen] == [side.other_topic]


def test_an_unconfirmed_unsubscribe_says_so(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """At its deadline."""
    client = side.client(clients, peer)
    call = background(client.subscribe, side.topic, side.stream_key)
    line = side.stream_handshake(peer)
    side.accept(line)
    call.result()
    with pytest.raises(DeadlineExceeded):
        client.unsubscribe(side.topic, side.stream_key, timeout=0.2)


def test_S13_an_unsubscribe_during_a_reconnect_leaves_no_zombie(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """The resubscription reads the wishes when it sends."""
    client = side.client(clients, peer)
    call = background(client.subscribe, [side.topic, side.other_topic], side.stream_key)
    line = side.stream_handshake(peer)
    side.accept(line, side.topic, side.other_topic)
    call.result()
    lost: Future[Any] = Future()
    client.on("suspended", lost.set_result)
    line.rst()
    lost.result(5)
    client.unsubscribe(side.topic, side.stream_key)
    line = side.stream_handshake(peer)
    side.accept(line, side.other_topic)


def test_P01_a_corrupt_frame_is_reported_and_the_next_good_one_delivered(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """Garbage costs itself and nothing else."""
    client, stream, line = streaming(side, clients, peer)
    reports: list[Any] = []
    all_reported = threading.Event()

    def report(event: Any) -> None:
        reports.append(event)
        if len(reports) == 3:
            all_reported.set()

    client.on("exception", report)
    for n, garbage in enumerate(side.garbage):
        line.send_text(side.push(n))
        line.send_text(garbage)
    line.send_text(side.push(3))
    assert [stream.get(5).sequence for _ in range(4)] == [0, 1, 2, 3]
    assert all_reported.wait(5)
    assert "not JSON" in str(reports[0].error)


def test_P01_twenty_unreadable_frames_in_a_row_cost_the_line(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """A peer that only sends nonsense is left; the client comes back."""
    _client, stream, line = streaming(side, clients, peer)
    for _ in range(20):
        line.send_text("nonsense")
    line = side.stream_handshake(peer)
    side.accept(line)
    line.send_text(side.push(1))
    assert stream.get(5).sequence == 1


@pytest.mark.parametrize("inline", [False, True], ids=["listener-thread", "inline"])
def test_P01_P08_what_comes_in_one_read_is_told_in_its_order(
    side: Side, peer: ScriptedPeer, clients: Clients, inline: bool
) -> None:
    """Updates of two topics, wanted by different people, with good and bad messages between them."""
    client = side.client(clients, peer, inline_listeners=inline)
    told: list[Any] = []
    last = threading.Event()
    client.on("update", lambda update: (told.append(update.sequence), update.sequence == 299 and last.set()))
    client.on("unknown", lambda event: told.append("unknown"))
    client.on("exception", lambda event: told.append("exception"))
    opening = background(client.stream, side.topic, side.stream_key)
    line = side.stream_handshake(peer)
    side.accept(line)
    stream = opening.result()
    others: list[Any] = []
    opening = background(client.subscribe, side.other_topic, side.stream_key, listener=others.append)
    side.accept(line, side.other_topic)
    opening.result()
    told.clear()
    texts = [side.push(n, side.other_topic if n % 3 == 0 or n % 7 == 0 else side.topic) for n in range(300)]
    texts[200:200] = [side.odd]
    texts[100:100] = [side.garbage[0], side.odd]
    line.send_texts(texts, at_once=True)
    assert last.wait(5)
    assert told == [*range(100), "exception", "unknown", *range(100, 200), "unknown", *range(200, 300)]
    own = [n for n in range(300) if n % 3 and n % 7]
    assert [stream.get(5).sequence for _ in own] == own
    assert [update.sequence for update in others] == [n for n in range(300) if n % 3 == 0 or n % 7 == 0]


def test_S16_an_inline_listener_that_closes_its_subscription_hears_no_more_of_the_same_read(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    client = side.client(clients, peer, inline_listeners=True)
    heard: list[int] = []

    def hear(update: Any) -> None:
        heard.append(update.sequence)
        if update.sequence == 2:
            subscription.close()

    opening = background(client.subscribe, side.topic, side.stream_key, listener=hear)
    line = side.stream_handshake(peer)
    side.accept(line)
    subscription = opening.result()
    last = threading.Event()
    client.on("update", lambda update: last.set() if update.sequence == 9 else None)
    line.send_texts([side.push(n) for n in range(10)], at_once=True)
    assert last.wait(5)
    assert heard == [0, 1, 2]


def test_P08_an_unknown_type_is_delivered_as_it_came(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Nothing readable is thrown away."""
    client, _, line = streaming(side, clients, peer)
    unknown: Future[Any] = Future()
    client.on("unknown", unknown.set_result)
    line.send_text(side.odd)
    assert unknown.result(5).raw == side.odd


def test_P09_a_binary_message_is_the_text_it_holds(side: Side, plain_peer: ScriptedPeer, clients: Clients) -> None:
    """Plain or packed."""
    _, stream, line = streaming(side, clients, plain_peer)
    for number, pack in enumerate((bytes, zlib.compress, gzip.compress)):
        line.send(frame(0x2, pack(side.push(number).encode())))
        assert stream.get(5).sequence == number


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
    side: Side, bad: bytes, words: str, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """What was whole before it is delivered, and so is what comes on the next line."""
    client, stream, line = streaming(side, clients, plain_peer)
    lost: Future[Any] = Future()
    client.on("suspended", lost.set_result)
    line.send(frame(0x1, side.push(1)) + bad)
    assert stream.get(5).sequence == 1
    assert words in str(lost.result(5).error)
    line = side.stream_handshake(plain_peer)
    side.accept(line)
    line.send_text(side.push(2))
    assert stream.get(5).sequence == 2


def test_T06_T07_a_cut_at_every_position_of_a_frame(side: Side, plain_peer: ScriptedPeer, clients: Clients) -> None:
    """Half a message is never delivered, and the stream goes on after the reconnect."""
    client, stream, line = streaming(side, clients, plain_peer, reconnect_timeout=0.0)
    whole = frame(0x1, side.push(7))
    for position in range(0, len(whole), 3):
        line.send(whole[:position])
        line.rst() if position % 2 else line.fin()
        line = side.stream_handshake(plain_peer)
        side.accept(line)
        line.send_text(side.push(1000 + position))
        assert stream.get(5).sequence == 1000 + position
    assert client.is_connected(side.stream_key)


def test_T31_fragments_with_a_ping_between_them(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """The message is put together, and the ping is answered at once."""
    _, stream, line = streaming(side, clients, peer)
    text = side.push(1).encode()
    line.send(frame(0x1, text[:20], fin=False) + frame(0x9, b"hi") + frame(0x0, text[20:]))
    assert line.read_frame() == (0xA, b"hi")
    assert stream.get(5).sequence == 1


def test_T23_a_polite_close_is_answered_and_followed_by_a_reconnect(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """As the exchange does once or twice a week."""
    client, stream, line = streaming(side, clients, peer)
    lost: Future[Any] = Future()
    client.on("suspended", lost.set_result)
    line.send_close(1000, "Bye")
    assert line.read_frame()[0] == 0x8
    assert line.expect_eof() == "fin"
    error = lost.result(5).error
    assert (error.code, error.reason, error.initiator) == (1000, "Bye", "peer")
    line = side.stream_handshake(peer)
    side.accept(line)
    line.send_text(side.push(9))
    assert stream.get(5).gap_before


@at_once_or_not
def test_S20_a_slow_loop_loses_the_oldest_and_is_told(
    side: Side, peer: ScriptedPeer, clients: Clients, at_once: bool
) -> None:
    """The next update is marked, and the loss is counted."""
    client = side.client(clients, peer)
    call = background(client.stream, side.topic, side.stream_key, maxlen=10)
    line = side.stream_handshake(peer)
    side.accept(line)
    stream = call.result()
    last = threading.Event()
    client.on("update", lambda update: last.set() if update.sequence == 99 else None)
    line.send_texts([side.push(n) for n in range(100)], at_once=at_once)
    assert last.wait(5)
    updates = [stream.get(5) for _ in range(10)]
    assert [u.sequence for u in updates] == list(range(90, 100))
    assert [u.gap_before for u in updates] == [True] + [False] * 9
    assert stream.dropped == 90


@at_once_or_not
def test_S20_the_policy_latest_keeps_one_update_a_topic(
    side: Side, peer: ScriptedPeer, clients: Clients, at_once: bool
) -> None:
    """Conflation: the newest of each."""
    client = side.client(clients, peer)
    call = background(client.stream, [side.topic, side.other_topic], side.stream_key, overflow="latest")
    line = side.stream_handshake(peer)
    side.accept(line, side.topic, side.other_topic)
    stream = call.result()
    last = threading.Event()
    client.on("update", lambda update: last.set() if update.sequence == 9 else None)
    texts = [side.push(n, side.other_topic if n % 2 else side.topic) for n in range(10)]
    line.send_texts(texts, at_once=at_once)
    assert last.wait(5)
    assert sorted(stream.get(5).sequence for _ in range(2)) == [8, 9]


@at_once_or_not
def test_S20_the_policy_error_ends_the_stream(side: Side, peer: ScriptedPeer, clients: Clients, at_once: bool) -> None:
    """For those who would rather stop than miss one."""
    client = side.client(clients, peer)
    call = background(client.stream, side.topic, side.stream_key, overflow="error", maxlen=2)
    line = side.stream_handshake(peer)
    side.accept(line)
    stream = call.result()
    last = threading.Event()
    client.on("update", lambda update: last.set() if update.sequence == 4 else None)
    line.send_texts([side.push(n) for n in range(5)], at_once=at_once)
    assert last.wait(5)
    assert [stream.get(5).sequence for _ in range(2)] == [0, 1]
    with pytest.raises(OverflowError):
        stream.get(5)


def test_a_stream_can_raise_at_a_gap(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """`on_gap="raise"` for those who keep state."""
    client = side.client(clients, peer)
    call = background(client.stream, side.topic, side.stream_key, on_gap="raise")
    line = side.stream_handshake(peer)
    side.accept(line)
    stream = call.result()
    line.rst()
    line = side.stream_handshake(peer)
    side.accept(line)
    line.send_text(side.push(1))
    with pytest.raises(GapError):
        stream.get(5)


def test_a_loop_ends_when_the_client_is_closed(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """From another thread, after what is queued."""
    client, stream, line = streaming(side, clients, peer)
    line.send_text(side.push(1))
    first = stream.get(5)
    looping = background(lambda: [first, *stream])
    client.close()
    assert [u.sequence for u in looping.result()] == [1]
    with pytest.raises(EOFError):
        stream.get(1)


def test_get_ends_at_its_timeout(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """As a TimeoutError."""
    _, stream, _ = streaming(side, clients, peer)
    with pytest.raises(TimeoutError):
        stream.get(0.05)


def test_S16_a_subscribe_inside_a_listener(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """The reader takes the acknowledgement while the listener waits for it."""
    client = side.client(clients, peer)
    subscribed: Future[Any] = Future()
    client.on("open", lambda _: subscribed.set_result(client.subscribe(side.topic, side.stream_key).state))
    opening = background(client.connect, side.stream_key)
    line = side.stream_handshake(peer)
    side.accept(line)
    opening.result()
    assert subscribed.result(5) == {side.topic: "active"}


def test_S19_a_raising_listener_stops_nobody(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """The next listener, the next update and the line go on; the error is reported once."""
    client, _, line = streaming(side, clients, peer)
    reported: list[Any] = []
    got: list[int] = []
    done = threading.Event()

    def bad(_: Any) -> None:
        raise SystemExit("from a listener")

    def good(update: Any) -> None:
        got.append(update.sequence)
        if len(got) == 3:
            done.set()

    client.on("update", bad)
    client.on("update", good)
    client.on("exception", reported.append)
    client.on("exception", bad)
    for n in range(3):
        line.send_text(side.push(n))
    assert done.wait(5)
    assert got == [0, 1, 2]
    client.close()
    assert [type(e.error) for e in reported] == [SystemExit] * 3


def test_S19_what_a_listener_raises_while_the_client_closes_is_reported_too() -> None:
    hub = ListenerHub(queue_size=8, inline=False, name="kucoin-sync-listener")
    called, closed = threading.Event(), threading.Event()
    reported: list[Any] = []

    def bad(_: Any) -> None:
        called.set()
        assert closed.wait(5)
        raise ValueError("late")

    hub.on("update", bad)
    hub.on("exception", reported.append)
    hub.emit("update", None)
    assert called.wait(5)
    assert not hub.close(0), "it is still running"
    closed.set()
    assert hub.close(5)
    assert [str(event.error) for event in reported] == ["late"]


def test_S21_listeners_may_come_and_go_while_events_are_dispatched(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """`once` is a listener that removes itself."""
    client, _stream, line = streaming(side, clients, peer)
    seen: list[int] = []
    client.once("update", lambda update: seen.append(update.sequence))
    done = threading.Event()
    client.on("update", lambda update: done.set() if update.sequence == 2 else None)
    for n in range(3):
        line.send_text(side.push(n))
    assert done.wait(5)
    assert seen == [0]


def test_S22_close_inside_a_listener_returns_at_once(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """It goes on in the background and leaves nothing behind."""
    client, _, line = streaming(side, clients, peer)
    closed: Future[Any] = Future()
    client.on("update", lambda _: (client.close(), closed.set_result(None)))
    line.send_text(side.push(1))
    closed.result(5)
    assert client.wait(timeout=5)


def test_S23_close_twice_and_from_two_threads(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """The second waits for the first."""
    client, _, _ = streaming(side, clients, peer)
    closing = [background(client.close) for _ in range(3)]
    for call in closing:
        call.result()
    client.close()
    with pytest.raises(ClosedError):
        client.subscribe(side.topic, side.stream_key)


def test_S23_close_before_anything_was_opened(side: Side, plain_peer: ScriptedPeer, clients: Clients) -> None:
    """There is nothing to close, and that is no error."""
    client = side.client(clients, plain_peer)
    client.close()
    with pytest.raises(ClosedError):
        client.connect(side.stream_key)


def test_S25_close_while_a_frame_is_half_read(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """The peer neither finishes it nor answers the close."""
    client, _, line = streaming(side, clients, peer)
    line.send(frame(0x1, side.push(1))[:10])
    closing = background(client.close, timeout=0.5)
    closing.result(timeout=1.0)


def test_wait_for_returns_the_event(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Only one for which the predicate is true."""
    client, _, line = streaming(side, clients, peer)
    waiting = background(client.wait_for, "update", lambda update: update.sequence >= 2, 5)
    while not waiting.is_done():
        for n in range(3):
            line.send_text(side.push(n))
    assert waiting.result().sequence == 2
    with pytest.raises(TimeoutError):
        client.wait_for("close", timeout=0.05)


def test_blocking_calls_are_refused_on_a_reading_thread(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """With inline listeners, before anything happens."""
    client = side.client(clients, peer, inline_listeners=True)
    outcome: Future[list[str]] = Future()

    def try_all(_: Any) -> None:
        names = []
        for call in (
            lambda: client.subscribe(side.other_topic, side.stream_key),
            lambda: client.unsubscribe(side.topic, side.stream_key),
            lambda: client.stream(side.other_topic, side.stream_key),
            lambda: client.wait_for("open"),
            lambda: client.connect(side.stream_key),
            lambda: client.wait(1),
        ):
            try:
                call()
            except ReentrantCallError as error:
                names.append(type(error).__name__)
        outcome.set_result(names)

    client.once("update", try_all)
    call = background(client.subscribe, side.topic, side.stream_key)
    line = side.stream_handshake(peer)
    side.accept(line)
    call.result()
    line.send_text(side.push(1))
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
        pytest.param(lambda c: c.on(["open"], print), "event: must be the name", id="events"),
        pytest.param(lambda c: c.connect([SPOT]), "ws_key: must be a WsKey", id="ws-keys"),
        pytest.param(lambda c: c.is_connected([SPOT]), "ws_key: must be a WsKey", id="ws-keys-asked"),
        pytest.param(lambda c: c.close({SPOT}), "ws_key: must be a WsKey", id="ws-keys-closed"),
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


def test_wait_for_ends_when_the_client_is_closed(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """There is nothing to wait for any more."""
    client, _, _ = streaming(side, clients, peer)
    waiting = background(client.wait_for, "late_reply", timeout=9)
    closing = background(client.close)
    closing.result()
    with pytest.raises(ClosedError):
        waiting.result(timeout=5)


def test_S20_the_policy_latest_keeps_the_mark_of_what_it_replaces(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """A gap before the replaced update is a gap before its successor too."""
    client = side.client(clients, peer)
    call = background(client.stream, side.topic, side.stream_key, overflow="latest")
    line = side.stream_handshake(peer)
    side.accept(line)
    stream = call.result()
    line.rst()
    line = side.stream_handshake(peer)
    side.accept(line)
    last = threading.Event()
    client.on("update", lambda update: last.set() if update.sequence == 2 else None)
    for n in range(3):
        line.send_text(side.push(n))
    assert last.wait(5)
    update = stream.get(5)
    assert (update.sequence, update.gap_before) == (2, True)


@at_once_or_not
def test_S20_updates_of_the_account_are_never_dropped_their_line_is(
    side: Side, peer: ScriptedPeer, clients: Clients, at_once: bool
) -> None:
    """What was there can be read without a hole; what comes on the next line is marked."""
    client = side.client(clients, peer)
    opening = background(client.stream, side.account_topic, side.account_key, maxlen=3)
    line = side.stream_handshake(peer, account=True)
    side.accept(line, side.account_topic)
    stream = opening.result()
    lost: Future[Any] = Future()
    client.once("suspended", lost.set_result)
    line.send_texts([side.account_push(n) for n in range(4)], at_once=at_once)
    assert "not read" in str(lost.result(5).error)
    updates = [stream.get(5) for _ in range(3)]
    assert [side.number(u) for u in updates] == [0, 1, 2]
    assert not any(u.gap_before for u in updates)
    line = side.stream_handshake(peer, account=True)
    side.accept(line, side.account_topic)
    line.send_text(side.account_push(9))
    update = stream.get(5)
    assert (side.number(update), update.gap_before) == (9, True)


def test_S20_a_listener_of_the_account_that_does_not_keep_up_costs_the_line_too(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """While market data in the same queue makes room for it."""
    client = side.client(clients, peer, queue_size=3)
    hold, holds = threading.Event(), threading.Event()
    seen: list[str] = []
    client.on("update", lambda update: (holds.set(), hold.wait(9), seen.append(update.topic)))
    opening = background(client.subscribe, side.topic, side.stream_key)
    public = side.stream_handshake(peer)
    side.accept(public)
    opening.result()
    opening = background(client.subscribe, side.account_topic, side.account_key)
    line = side.stream_handshake(peer, account=True)
    side.accept(line, side.account_topic)
    opening.result()
    public.send_text(side.push(0))
    assert holds.wait(5)  # it is in that one now; what follows has to wait
    reader = client.stream(side.account_topic, side.account_key)  # tells how far the reading thread has come
    for n in range(3):
        line.send_text(side.account_push(n))
        assert side.number(reader.get(5)) == n
    market = client.stream(side.topic, side.stream_key)
    for n in range(1, 8):
        public.send_text(side.push(n))
        assert market.get(5).sequence == n
    assert client.is_connected(side.account_key)
    line.send_text(side.account_push(3))
    side.stream_handshake(peer, account=True)  # the line was given up
    done = threading.Event()
    client.on("suspended", print)
    hold.set()
    client.once("update", lambda update: done.set())
    public.send_text(side.push(99))
    assert done.wait(5)
    assert seen.count(side.account_topic) == 3
    assert 4 <= seen.count(side.topic) <= 5  # the first, the last three, and the one that woke this test


@pytest.mark.parametrize("event", ["open", "update", "response", "suspended", "reconnect", "reconnected", "unknown"])
def test_S19_a_listener_that_raises_at_any_event_stops_nothing(
    side: Side, event: str, peer: ScriptedPeer, clients: Clients
) -> None:
    """Of each kind once through a drop and back; the error is reported, and raising about that is only logged."""
    client = side.client(clients, peer)
    reported: list[Any] = []

    def bad(value: Any) -> None:
        raise KeyboardInterrupt(type(value).__name__)

    client.on(event, bad)
    client.on("exception", lambda value: reported.append(value.error))
    client.on("exception", bad)
    opening = background(client.stream, side.topic, side.stream_key)
    for n in range(2):
        line = side.stream_handshake(peer)
        side.accept(line)
        stream = opening.result()
        line.send_text(side.odd)
        line.send_text(side.push(n))
        assert stream.get(5).sequence == n
        line.rst() if n == 0 else None
    closing = background(client.close, timeout=5)
    while line.read_frame()[0] != Opcode.CLOSE:
        pass
    line.send_close(1000)
    closing.result()
    assert [type(error) for error in reported if isinstance(error, KeyboardInterrupt)]


def test_whoever_shares_a_topic_knows_that_it_is_subscribed_anew_before_it_is(
    side: Side, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """Else the new snapshot of an order book could come first, and the book would take itself for stale after it."""
    client, _, line = streaming(side, clients, plain_peer)
    group = client._group(side.stream_key)
    connection = group.first
    (topic,) = connection._board.subscribers[0].topics
    due: list[str | None] = []

    def lost(_: str) -> None:
        with connection._changed:
            due.append(connection._board.next_text(time.monotonic(), lambda: "x1"))

    sharing, asking = (Wish((topic,), lambda _: None, lambda _: None, lost=each) for each in (lost, None))
    group.subscribe(sharing, sharing.topics, None)
    group.renew(topic, asking)
    assert due == [None]
    assert "unsubscribe" in line.read_text()
