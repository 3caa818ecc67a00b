"""
Order calls over real lines that break: each ends as accepted, rejected, not sent or unknown, and in time.
"""

from __future__ import annotations

import gc
import os
import queue
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import wait as wait_futures
from contextlib import contextmanager
from typing import Any

import pytest

from kucoin_sync import (
    ClosedError,
    ConfigError,
    ConnectionLost,
    NotSent,
    OrderAck,
    OutcomeUnknown,
    ReentrantCallError,
    Rejected,
    WebsocketAPIClient,
)
from kucoin_sync.kucoin.trade import TradeDialect
from tests.clients import CREDENTIALS, ORDER, TICKER, Clients
from tests.peers import Background, FaultProxy, Line, ScriptedPeer, background, ws_api_handshake
from tests.sides import SIDES, Side, opened

LIMIT = 0.25


def opened_kucoin(clients: Clients, peer: ScriptedPeer, **options: Any) -> tuple[WebsocketAPIClient, Line]:
    """A client of KuCoin with its order line open, and the other end of that line."""
    api = clients.api(peer, **options)
    connecting = background(api.connect_ws_api)
    line = ws_api_handshake(peer, secret=CREDENTIALS["api_secret"])
    connecting.result()
    return api, line


def order(api: WebsocketAPIClient, **arguments: Any) -> Any:
    return background(api.submit_new_spot_order, **{**ORDER, **arguments})


def test_O01_a_success_reply_with_its_proof_is_an_ack(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """The line is opened by the first order; its reply is matched by id."""
    api = side.api(clients, peer)
    call = side.order(api, client_oid="mine1")
    line = side.handshake(peer)
    request = line.expect_json(op=side.op)
    line.send_json(side.success(request, "6711249365000734"))
    ack = call.result()
    assert (ack.order_id, ack.client_oid) == ("6711249365000734", "mine1")
    assert side.client_oid(request) == "mine1"
    assert 0 < ack.latency < 5


def test_O09_an_order_without_client_order_id_gets_one_before_its_first_byte(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """Without one an unknown order could not even be looked up."""
    api, line = opened(side, clients, peer)
    calls = [side.order(api), side.order(api)]
    ids = [side.client_oid(line.read_json()) for _ in calls]
    assert len(set(ids)) == 2
    assert all(client_oid.isalnum() and len(client_oid) <= 32 for client_oid in ids)
    line.rst()
    for call in calls:
        with pytest.raises(OutcomeUnknown) as caught:
            call.result()
        assert caught.value.client_oid in ids


def test_O09_a_client_order_id_in_flight_is_refused_before_sending(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """Two orders under one id could not be told apart."""
    api, line = opened(side, clients, peer)
    first = side.order(api, client_oid="same")
    request = line.read_json()
    with pytest.raises(ConfigError, match="client_oid"):
        side.place(api, client_oid="same")
    line.send_json(side.success(request))
    first.result()
    again = side.order(api, client_oid="same")
    line.send_json(side.success(line.read_json()))
    assert again.result().client_oid == "same"


def test_O10_a_spot_order_expires_with_its_call(peer: ScriptedPeer, clients: Clients) -> None:
    """The window starts no later than now by the exchange's clock and ends no later than the call."""
    api, line = opened_kucoin(clients, peer)
    before = time.time() * 1000
    call = order(api, timeout=2.0)
    args = line.read_json()["args"]
    after = time.time() * 1000
    assert before - 1000 <= args["clientTimestamp"] <= after
    assert 0 < args["allowMaxTimeWindow"] <= 2000
    assert args["clientTimestamp"] + args["allowMaxTimeWindow"] <= after + 2000
    line.rst()
    with pytest.raises(OutcomeUnknown) as caught:
        call.result()
    assert caught.value.expires_ms == args["clientTimestamp"] + args["allowMaxTimeWindow"]


def test_O10_recv_window_sets_the_expiry(peer: ScriptedPeer, clients: Clients) -> None:
    """The user's own figure wins over the call's remaining time."""
    api, line = opened_kucoin(clients, peer, recv_window=0.75)
    call = order(api)
    assert line.read_json()["args"]["allowMaxTimeWindow"] == 750
    line.rst()
    with pytest.raises(OutcomeUnknown):
        call.result()


@pytest.mark.parametrize("given", [None, 1_800_000_000_000])
def test_O10_what_spells_a_request_is_told_when_it_expires(
    peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch, given: int | None
) -> None:
    """Some exchanges take it beside the arguments. Where the caller gave it, nothing is put among them."""
    spelled: list[tuple[Any, int | None]] = []
    encode = TradeDialect.encode_request

    def spell(dialect: TradeDialect, op: str, args: Any, *, request_id: str, expires_ms: int | None = None) -> str:
        spelled.append((args, expires_ms))
        return encode(dialect, op, args, request_id=request_id, expires_ms=expires_ms)

    monkeypatch.setattr(TradeDialect, "encode_request", spell)
    api, line = opened_kucoin(clients, peer)
    client = api.get_ws_client()
    order_line = client._group("wsApiSpotV1")
    call = background(client._desk.calls.call, order_line, "spot.order", dict(ORDER), timeout=5.0, expires_ms=given)
    line.read_json()
    line.rst()
    with pytest.raises(OutcomeUnknown) as caught:
        call.result()
    ((args, expires_ms),) = spelled
    assert expires_ms == caught.value.expires_ms == (given or args["clientTimestamp"] + args["allowMaxTimeWindow"])
    assert ("clientTimestamp" in args) == (given is None)


def test_P20_no_reply_is_unknown_at_the_deadline(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """The line is alive, the frame was sent whole, and nothing more is known."""
    api, line = opened(side, clients, peer)
    started = time.monotonic()
    call = side.order(api, timeout=0.3)
    line.read_json()
    with pytest.raises(OutcomeUnknown) as caught:
        call.result()
    took = time.monotonic() - started
    error = caught.value
    assert 0.3 <= took < 0.3 + LIMIT
    assert (error.reason, error.sent, error.line_alive, error.safe_to_retry) == ("timeout", "complete", True, False)
    assert error.symbol == "BTC-USDT"
    assert error.request[side.price_key] == "20000"


def test_P15_a_late_reply_is_an_event(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """The caller has his answer; what comes after it is told to whoever listens."""
    api, line = opened(side, clients, peer)
    late: Future[Any] = Future()
    api.get_ws_client().on("late_reply", late.set_result)
    call = side.order(api, timeout=0.1)
    request = line.read_json()
    with pytest.raises(OutcomeUnknown):
        call.result()
    line.send_json(side.success(request))
    event = late.result(5)
    assert (event.id, event.code) == (request["id"], side.yes)


def test_P14_a_reply_to_an_unknown_id_is_never_matched(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Not by position, not by being the only one, not by the client order id."""
    api, line = opened(side, clients, peer)
    late: Future[Any] = Future()
    api.get_ws_client().on("late_reply", late.set_result)
    call = side.order(api)
    request = line.read_json()
    line.send_json({**side.success(request), "id": "somebody-else"})
    assert late.result(5).id == "somebody-else"
    line.send_json(side.success(request, "right"))
    assert call.result().order_id == "right"


def test_P12_a_second_reply_is_an_event(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """The first wins."""
    api, line = opened(side, clients, peer)
    late: Future[Any] = Future()
    api.get_ws_client().on("late_reply", late.set_result)
    call = side.order(api)
    request = line.read_json()
    line.send_json(side.success(request, "first"))
    line.send_json(side.refusal(request))
    assert call.result().order_id == "first"
    assert late.result(5).code == side.no


@pytest.mark.parametrize(
    ("side", "change"),
    [
        pytest.param(each, change, id=f"{each.name}-{name}")
        for each in SIDES
        for name, change in each.proves_nothing.items()
    ],
)
def test_P17_P18_a_reply_that_proves_nothing_is_unknown(
    side: Side, change: dict[str, Any], plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """Success is believed only with its proof."""
    api, line = opened(side, clients, plain_peer)
    call = side.order(api, "mine")
    line.send_json({**side.success(line.read_json()), **change})
    with pytest.raises(OutcomeUnknown) as caught:
        call.result()
    assert caught.value.reason == "unreadable_reply"
    assert caught.value.reply is not None


def test_P12_a_refusal_after_an_answer_that_proved_nothing_proves_nothing_either(
    side: Side, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """Two answers contradict each other: the order may be there. A proof of it, however late, is one."""
    api, line = opened(side, clients, plain_peer)
    late: queue.SimpleQueue[Any] = queue.SimpleQueue()
    api.get_ws_client().on("late_reply", late.put)
    call = side.order(api, "mine")
    request = line.read_json()
    line.send_json({**side.success(request), "data": None})
    with pytest.raises(OutcomeUnknown) as caught:
        call.result()
    line.send_json(side.refusal(request))
    late.get(timeout=5)
    assert len(api.unresolved()) == 1
    resolved: Future[Any] = Future()
    api.get_ws_client().on("resolved", resolved.set_result)
    line.send_json(side.success(request, "right"))
    assert resolved.result(5).fate.order_id == "right"
    assert caught.value.fate is not None and api.unresolved() == []


def test_P16_an_error_frame_without_id_becomes_a_note(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """It is nobody's answer, but whoever waits may want to know of it."""
    api, line = opened(side, clients, peer)
    noticed: Future[Any] = Future()
    api.get_ws_client().on("exception", noticed.set_result)
    call = side.order(api, timeout=0.5)
    line.read_json()
    frame, note = side.error_frame
    line.send_json(frame)
    noticed.result(5)
    with pytest.raises(OutcomeUnknown) as caught:
        call.result()
    assert note in caught.value.notes[0]


def test_P01_garbage_between_replies_fails_no_order(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Bad frames are reported, and the next good one is delivered."""
    api, line = opened(side, clients, peer)
    reported = threading.Semaphore(0)
    api.get_ws_client().on("exception", lambda _: reported.release())
    call = side.order(api)
    request = line.read_json()
    for garbage in ("", "   ", "{", "null", "5", "[]", '"text"', "\x00"):
        line.send_text(garbage)
    line.send_json(side.success(request))
    assert call.result().order_id == "order1"
    for _ in range(8):
        assert reported.acquire(timeout=5)


def test_T29_an_ack_with_pong_in_its_client_order_id_is_delivered(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """A client that looks for the word alone swallows it."""
    api, line = opened(side, clients, peer)
    call = side.order(api, client_oid="pingpong1")
    line.send_json(side.success(line.read_json()))
    assert call.result().client_oid == "pingpong1"


def test_refusal_says_code_and_text(peer: ScriptedPeer, clients: Clients) -> None:
    """A listed code with our id and operation is certain."""
    api, line = opened_kucoin(clients, peer)
    call = order(api)
    request = line.read_json()
    limit = {"limit": 4000, "remaining": 0, "reset": 1500}
    answer = {"id": request["id"], "op": "spot.order", "inTime": 1, "outTime": 2, "userRateLimit": limit}
    line.send_json({**answer, "code": "429000", "msg": "Too many requests."})
    with pytest.raises(Rejected) as caught:
        call.result()
    assert (caught.value.code, caught.value.retry_after) == ("429000", 1.5)


def test_S03_every_order_in_flight_is_unknown_when_the_line_breaks(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """All of them within 100 ms of the drop, each with an error of its own."""
    api, line = opened(side, clients, peer)
    calls = [side.order(api, client_oid=f"n{i}") for i in range(20)]
    for _ in calls:
        line.read_json()
    started = time.monotonic()
    line.rst()
    errors = []
    for call in calls:
        with pytest.raises(OutcomeUnknown) as caught:
            call.result()
        errors.append(caught.value)
    assert max(e.started_at + e.elapsed for e in errors) - min(e.started_at + e.elapsed for e in errors) < 1
    assert time.monotonic() - started < 0.5
    assert {e.client_oid for e in errors} == {f"n{i}" for i in range(20)}
    assert all((e.reason, e.sent, e.line_alive) == ("disconnected", "complete", False) for e in errors)
    assert len({id(e) for e in errors}) == 20


class Book:
    """Something big that a caller holds while he trades."""


def trade(place: Callable[[Any], Any], api: WebsocketAPIClient, books: list[weakref.ref[Book]]) -> None:
    book = Book()
    books.append(weakref.ref(book))
    with pytest.raises(OutcomeUnknown):
        place(api)


@pytest.mark.parametrize("form", ["call", "nowait"])
@pytest.mark.parametrize("end", ["time-out", "reset"])
def test_O20_an_unknown_order_keeps_no_frame_of_its_caller_alive(
    side: Side, peer: ScriptedPeer, clients: Clients, form: str, end: str
) -> None:
    """It stays in the list for hours; what its caller held when it was raised must not."""
    api, line = opened(side, clients, peer)
    wait = {"timeout": 0.2 if end == "time-out" else 5.0}

    def place(api: WebsocketAPIClient) -> Any:
        return side.place(api, **wait) if form == "call" else side.place(api.nowait, **wait).result(5.0)

    books: list[weakref.ref[Book]] = []
    call = background(trade, place, api, books)
    line.read_json()
    if end == "reset":
        line.rst()
    call.result()
    del call
    gc.collect()
    assert len(api.get_ws_client().unresolved()) == 1
    assert books[0]() is None


@pytest.mark.parametrize("end", ["fin", "rst", "close frame", "violation"])
def test_O20_the_reason_why_its_line_was_lost_keeps_no_frame_of_the_reader_alive(
    side: Side, peer: ScriptedPeer, clients: Clients, end: str
) -> None:
    """An unknown order keeps the reason for as long as it is unknown; the frames behind it hold the line's buffers."""
    api, line = opened(side, clients, peer)
    call = side.order(api, timeout=5.0)
    line.read_json()
    if end == "close frame":
        line.send_close(1001)
    elif end == "violation":
        line.send(b"\xff\x00")
    else:
        getattr(line, end)()
    with pytest.raises(OutcomeUnknown) as caught:
        call.result()
    (entry,) = api.get_ws_client().unresolved()
    for error in (caught.value, entry):
        reason: BaseException | None = error.cause
        assert isinstance(reason, ConnectionLost)
        while reason is not None:
            assert reason.__traceback__ is None
            reason = reason.__cause__ or reason.__context__


def test_S04_replies_in_the_same_segment_as_the_end_count(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """What was received is parsed before the end of the line is."""
    api, line = opened(side, clients, peer)
    calls = [side.order(api, client_oid=f"n{i}") for i in range(4)]
    requests = [line.read_json() for _ in calls]
    for request in requests[:3]:
        line.send_json(side.success(request))
    line.fin()
    outcomes = {}
    for call in calls:
        try:
            outcomes[call.result().client_oid] = "ack"
        except OutcomeUnknown as error:
            outcomes[error.client_oid] = "unknown"
    expected = {side.client_oid(r): "ack" for r in requests[:3]} | {side.client_oid(requests[3]): "unknown"}
    assert outcomes == expected


def test_S01_orders_that_wait_for_a_line_are_not_sent_when_none_comes(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """Nothing is queued for later: the line that opens afterwards carries only what is called then."""
    api, line = opened(side, clients, peer, open_timeout=5.0)
    line.rst()
    silent = peer.accept()  # the reconnect, whose upgrade is not answered
    calls = [side.order(api, client_oid=f"lost{i}", timeout=0.2) for i in range(20)]
    for call in calls:
        with pytest.raises(NotSent) as caught:
            call.result()
        assert (caught.value.sent, caught.value.bytes_sent) == ("no", 0)
    silent.rst()
    line = side.handshake(peer)
    call = side.order(api, client_oid="new")
    request = line.read_json()
    assert side.client_oid(request) == "new"
    line.send_json(side.success(request))
    call.result()


def test_S08_a_reply_on_the_next_line_does_not_complete_an_order_of_the_last(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """The order ended with its line."""
    api, line = opened(side, clients, peer)
    late: Future[Any] = Future()
    api.get_ws_client().on("late_reply", late.set_result)
    call = side.order(api)
    request = line.read_json()
    line.rst()
    with pytest.raises(OutcomeUnknown):
        call.result()
    line = side.handshake(peer)
    line.send_json(side.success(request))
    assert late.result(5).id == request["id"]


def test_O05_a_caller_waits_for_ready_through_a_drop(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Inside its deadline, and then sends once."""
    api, line = opened(side, clients, peer)
    lost: Future[Any] = Future()
    api.get_ws_client().on("suspended", lost.set_result)
    line.rst()
    lost.result(5)
    call = side.order(api, timeout=8)
    line = side.handshake(peer)
    line.send_json(side.success(line.read_json()))
    assert isinstance(call.result(), OrderAck)


def test_O22_frames_of_one_thread_leave_in_call_order(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Also when nobody waits for the replies."""
    api, line = opened(side, clients, peer)
    futures = [side.place(api.nowait, client_oid=f"n{i}") for i in range(50)]
    requests = [line.read_json() for _ in futures]
    assert [side.client_oid(r) for r in requests] == [f"n{i}" for i in range(50)]
    for request in reversed(requests):
        line.send_json(side.success(request))
    assert [f.result(5).client_oid for f in futures] == [f"n{i}" for i in range(50)]


def test_nowait_without_a_ready_line_is_not_sent_at_once(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """It never waits, so there is nothing it could wait for."""
    api = side.api(clients, peer)
    future = side.place(api.nowait)
    with pytest.raises(NotSent):
        future.result(1)
    side.handshake(peer)


def test_nowait_ends_at_its_own_deadline_and_cannot_be_cancelled(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """Nobody waits for it, so the heartbeat thread keeps its time."""
    api, _line = opened(side, clients, peer)
    futures = [side.place(api.nowait, timeout=t) for t in (0.4, 0.1)]
    assert not futures[0].cancel()
    done = wait_futures(futures, timeout=5)
    assert not done.not_done
    for future, timeout in zip(futures, (0.4, 0.1), strict=True):
        error = future.exception()
        assert isinstance(error, OutcomeUnknown)
        assert timeout <= error.elapsed < timeout + LIMIT


def test_a_callback_of_a_future_may_place_the_next_order(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Callbacks run where listeners run, so a slow one stops no reply."""
    api, line = opened(side, clients, peer)
    second: Future[Any] = Future()
    first = side.place(api.nowait, client_oid="first")
    first.add_done_callback(lambda _: second.set_result(side.place(api, client_oid="second")))
    for name in ("first", "second"):
        request = line.read_json()
        assert side.client_oid(request) == name
        line.send_json(side.success(request))
    assert second.result(5).client_oid == "second"


def test_T10_a_peer_that_stops_reading_cannot_hold_a_call(side: Side, clients: Clients) -> None:
    """Frames that did not fit are not sent or partly sent; the line is reset, so nothing leaves later."""
    with ScriptedPeer(receive_buffer=4096, auto_time=True) as peer:
        api, line = opened(side, clients, peer, reconnect=False)
        line.stop_reading()
        remark = {"extra": {"padding": "x" * 200_000}}
        started = time.monotonic()
        calls = [side.order(api, client_oid=f"n{i}", timeout=1.0, **remark) for i in range(40)]
        kinds = set()
        for call in calls:
            with pytest.raises((NotSent, OutcomeUnknown)) as caught:
                call.result()
            kinds.add((type(caught.value).__name__, caught.value.sent))
        # Left to the peer they would last for five seconds and more. How soon each of forty threads is let run when its
        # time is over is up to the machine.
        assert time.monotonic() - started < 4.0
        assert kinds >= {("NotSent", "no"), ("OutcomeUnknown", "complete")}
        # A reset that lies outside of a window that is shut is ignored; a byte from here asks for another one.
        try:
            line.send_frame(0x9, b"still there?")
        except AssertionError as error:
            assert "reset" in str(error)
        else:
            assert line.expect_eof() == "rst"


def test_O16_T08_a_blackhole_under_an_order_is_found_by_the_probe(
    side: Side, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """probe_after plus probe_timeout, no earlier and not much later; long before the regular ping."""
    with FaultProxy("127.0.0.1", plain_peer.port) as proxy:
        hosts = side.hosts(plain_peer.http_url, f"ws://127.0.0.1:{proxy.port}")
        api, _ = opened(side, clients, plain_peer, hosts=hosts, probe_after=0.2, probe_timeout=0.3, reconnect=False)
        proxy.blackhole("both")
        call = side.order(api, timeout=9)
        with pytest.raises(OutcomeUnknown) as caught:
            call.result()
        assert caught.value.reason == "disconnected"
        assert 0.5 <= caught.value.elapsed < 0.5 + LIMIT


def test_T08_an_idle_blackhole_is_found_by_the_missing_pong(
    side: Side, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """ping_interval plus pong_timeout."""
    lost: Future[float] = Future()
    api = side.api(clients, plain_peer, ping_interval=0.2, pong_timeout=0.3, reconnect=False)
    api.get_ws_client().on("suspended", lambda _: lost.set_result(time.monotonic()))
    connecting = background(side.connect, api)
    line = side.handshake(plain_peer)
    started = time.monotonic()
    connecting.result()
    side.read_ping(line)
    assert 0.4 <= lost.result(5) - started < 0.5 + LIMIT
    assert line.expect_eof() == "rst"


def test_T29_a_pong_with_another_id_does_not_save_the_line(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """Only an answer to our own ping proves that we are heard."""
    lost: Future[Any] = Future()
    api = clients.api(plain_peer, ping_interval=0.2, pong_timeout=0.3, reconnect=False)
    api.get_ws_client().on("suspended", lost.set_result)
    connecting = background(api.connect_ws_api)
    line = ws_api_handshake(plain_peer)
    connecting.result()
    line.expect_json(op="ping")
    line.send_json({"id": "another", "op": "pong", "timestamp": 1})
    assert "no pong" in str(lost.result(5).error)


def test_O03_the_server_cannot_make_a_call_last(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Traffic that is not the answer does not prolong the wait."""
    api, line = opened(side, clients, peer)
    stop = threading.Event()
    noise = background(_chatter, line, stop)
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        side.place(api, timeout=0.3)
    assert time.monotonic() - started < 0.3 + LIMIT
    stop.set()
    noise.result()


def _chatter(line: Line, stop: threading.Event) -> None:
    while not stop.wait(0.005):
        line.send_json({"id": "noise", "op": "spot.order", "code": "200000"})


def test_O21_S17_an_order_inside_a_listener(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Listeners have a thread of their own, so they may block."""
    api, line = opened(side, clients, peer)
    placed: Future[Any] = Future()
    api.get_ws_client().on("unknown", lambda _: placed.set_result(side.place(api)))
    line.send_json({"hello": "you"})
    line.send_json(side.success(line.read_json()))
    assert placed.result(5).order_id == "order1"


def test_O21_S17_S18_an_order_inside_an_inline_listener_is_refused_at_once(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """The reading thread would wait for what only it can read."""
    api, line = opened(side, clients, peer, inline_listeners=True)
    outcome: Future[Any] = Future()

    def place(_: Any) -> None:
        try:
            side.place(api)
        except ReentrantCallError as error:
            outcome.set_result(error)

    api.get_ws_client().on("unknown", place)
    line.send_json({"hello": "you"})
    assert isinstance(outcome.result(5), ReentrantCallError)
    call = side.order(api)
    line.send_json(side.success(line.expect_json(op=side.op)))  # the first frame since: nothing was sent above
    call.result()


def test_O19_S26_close_with_orders_in_flight_waits_for_their_replies(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """Those that are answered in time succeed, the rest are unknown, and the line is reset."""
    api, line = opened(side, clients, peer)
    calls = [side.order(api, client_oid=f"n{i}", timeout=9) for i in range(2)]
    requests = [line.read_json() for _ in calls]
    closing = background(api.close, timeout=0.6)
    line.send_json(side.success(requests[0]))
    outcomes = {}
    for call in calls:
        try:
            ack = call.result()
            outcomes[ack.client_oid] = "accepted"
        except OutcomeUnknown as error:
            outcomes[error.client_oid] = error.reason
    closing.result()
    ids = [side.client_oid(r) for r in requests]
    assert outcomes == {ids[0]: "accepted", ids[1]: "closed"}
    assert line.expect_eof() == "rst"


def test_O19_S27_an_order_after_close_was_not_sent(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """With the closed client as its cause."""
    api, line = opened(side, clients, peer)
    closing = background(api.close)
    line.read_frame()
    line.send_close(1000)
    closing.result()
    with pytest.raises(NotSent) as caught:
        side.place(api)
    assert isinstance(caught.value.cause, ClosedError)


def test_a_ping_measures_the_line(peer: ScriptedPeer, clients: Clients) -> None:
    """It changes nothing, so an unanswered one may be repeated."""
    api, line = opened_kucoin(clients, peer)
    call = background(api.ping)
    request = line.expect_json(op="ping")
    line.send_json({"id": request["id"], "op": "pong", "timestamp": 1_700_000_000_123})
    pong = call.result()
    assert pong.server_timestamp_ms == 1_700_000_000_123
    with pytest.raises(OutcomeUnknown) as caught:
        api.ping(timeout=0.1)
    assert caught.value.safe_to_retry


def test_S33_many_threads_get_their_own_answers(side: Side, plain_peer: ScriptedPeer, clients: Clients) -> None:
    """Answers in another order than the requests; nobody gets somebody else's."""
    # No probe: this peer answers none until it has read all orders, which takes long where processors are few.
    api, line = opened(side, clients, plain_peer, probe_after=60.0)
    calls = [side.order(api, client_oid=f"n{i}", timeout=20) for i in range(200)]
    requests = [line.read_json() for _ in calls]
    for request in reversed(requests):
        line.send_json(side.success(request, "o" + side.client_oid(request)))
    for i, call in enumerate(calls):
        assert call.result().order_id == f"on{i}"


def test_topics_do_not_go_to_the_order_line(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """Refused before anything is opened."""
    with pytest.raises(ConfigError, match="ws_key"):
        clients.stream_client(plain_peer).subscribe(TICKER, "wsApiSpotV1")


def raise_signal_in_send(line: Line) -> Background[None]:
    """Wait until a frame has begun to arrive here, then interrupt the main thread, which cannot have ended its send."""

    def kick() -> None:
        line.read_bytes(100)
        os.kill(os.getpid(), signal.SIGUSR1)

    return background(kick)


@contextmanager
def on_signal(handler: Callable[..., None]) -> Iterator[None]:
    previous = signal.signal(signal.SIGUSR1, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, previous)


TOO_LARGE = {"padding": "x" * 10_000_000}
"""More than the kernels' buffers take while nobody reads."""


def test_S30_a_signal_handler_that_calls_into_an_interrupted_send_is_refused(side: Side, clients: Clients) -> None:
    """Its frame would land inside the one that is on its way; the handler is told so at once."""
    with ScriptedPeer(receive_buffer=4096, auto_time=True) as peer:
        api, line = opened(side, clients, peer, reconnect=False)
        seen: list[type[BaseException]] = []

        def handler(*_: Any) -> None:
            try:
                side.place(api, timeout=5)
            except ReentrantCallError as error:
                seen.append(type(error))

        kick = raise_signal_in_send(line)
        with on_signal(handler), pytest.raises(OutcomeUnknown) as caught:
            side.place(api, timeout=2.0, extra=TOO_LARGE)
        kick.result()
        assert (caught.value.op, caught.value.sent, caught.value.line_alive) == (side.op, "partial", False)
        assert seen == [ReentrantCallError]


def test_O18_what_a_signal_handler_raises_in_the_send_passes_and_costs_the_line(side: Side, clients: Clients) -> None:
    """Nobody can count the bytes of an interrupted send, so the line is reset and the outcome unknown."""

    class Alarm(Exception):
        pass

    def handler(*_: Any) -> None:
        raise Alarm

    with ScriptedPeer(receive_buffer=4096, auto_time=True) as peer:
        api, line = opened(side, clients, peer, reconnect=False)
        kick = raise_signal_in_send(line)
        with on_signal(handler), pytest.raises(Alarm) as caught:
            side.place(api, client_oid="mine", timeout=5.0, extra=TOO_LARGE)
        kick.result()
        known = caught.value.kucoin_sync  # type: ignore[attr-defined]
        assert isinstance(known, OutcomeUnknown)
        assert (known.reason, known.client_oid, known.sent) == ("interrupted", "mine", "partial")
        with pytest.raises(NotSent):
            side.place(api.nowait).result(5)


def test_O18_what_a_signal_handler_raises_in_the_wait_passes_and_costs_nothing(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """A script's own alarm: the frame was sent whole, and the line is good for the next order."""
    api, line = opened(side, clients, peer)

    def handler(*_: Any) -> None:
        raise RuntimeError("alarm")

    connection = api.get_ws_client()._group(side.ws_key).first

    def kick() -> None:
        line.read_json()
        line.send_json({"hello": 1})  # takes the acknowledgement of what was read along
        request = next(iter(connection.registry._pending.values()))
        transport = connection._line.transport  # type: ignore[union-attr]
        give_up = time.monotonic() + 10
        while (request.sent != "complete" or transport.holds(request.position)) and time.monotonic() < give_up:
            pass  # the frame is here, but its sender, or the kernel on its side, may not have been told yet
        os.kill(os.getpid(), signal.SIGUSR1)

    kicking = background(kick)
    with on_signal(handler), pytest.raises(RuntimeError, match="alarm") as caught:
        side.place(api, timeout=5.0)
    kicking.result()
    known = caught.value.kucoin_sync  # type: ignore[attr-defined]
    assert (known.reason, known.sent, known.line_alive) == ("interrupted", "complete", True)
    call = side.order(api)
    line.send_json(side.success(line.read_json()))
    assert call.result().order_id == "order1"


def test_O03_a_call_without_time_left_sends_nothing(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Also on a line that is ready: the next frame there is the next call's."""
    api, line = opened(side, clients, peer)
    with pytest.raises(NotSent):
        side.place(api, client_oid="late", timeout=0)
    call = side.order(api, client_oid="next")
    request = line.read_json()
    assert side.client_oid(request) == "next"
    line.send_json(side.success(request))
    call.result()
