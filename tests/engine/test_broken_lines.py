"""
Lines that break in every way and at every byte: what is known of an order then, and that the client comes back.
"""

from __future__ import annotations

import errno
import json
import queue
import socket
import threading
import time
from concurrent.futures import Future
from typing import Any

import pytest

from kucoin_sync import (
    AuthError,
    ConnectionLost,
    NotSent,
    OutcomeUnknown,
    ProtocolViolation,
)
from kucoin_sync.engine import beats, boot_clock, transport
from kucoin_sync.engine.channel import Channel, SendFailed
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.protocol import json_text
from tests import sides
from tests.clients import Clients
from tests.peers import (
    Background,
    FaultProxy,
    LeakGuard,
    Line,
    ScriptedPeer,
    background,
    client_context,
    frame,
    server_context,
)
from tests.peers.failing import FailingSocket
from tests.sides import Side

PATIENCE = 5.0
Failing = type[FailingSocket]


def streaming(side: Side, clients: Clients, peer: ScriptedPeer, **options: Any) -> tuple[Any, Any, Line]:
    """A client with one stream, and the other end of its line; it comes back at once."""
    at_once = {"reconnect_timeout": 0.0, "max_frames_per_window": 1000, **options}
    return sides.streaming(side, clients, peer, **at_once)


def ordering(side: Side, clients: Clients, peer: ScriptedPeer, **options: Any) -> tuple[Any, Line]:
    """A client with its order line open, and the other end of that line; it comes back at once."""
    return sides.opened(side, clients, peer, **{"reconnect_timeout": 0.0, **options})


def next_event(client: Any, name: str) -> Future[Any]:
    """Return a future of the next event of this name."""
    event: Future[Any] = Future()
    client.once(name, event.set_result)
    return event


# Cut at any byte.


@pytest.mark.parametrize("ending", ["T06-rst", "T07-fin"])
def test_T06_T07_a_cut_at_every_byte_of_a_push(
    side: Side, ending: str, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """Half a message is never delivered; the loss is told with how it came; the stream goes on after the reconnect."""
    client, stream, line = streaming(side, clients, plain_peer)
    whole = frame(0x1, side.push(7))
    for position in range(len(whole)):
        lost = next_event(client, "suspended")
        line.send(whole[:position])
        line.fin() if ending == "T07-fin" else line.rst()
        error = lost.result(PATIENCE).error
        assert isinstance(error, ConnectionLost)
        assert (error.code, error.initiator) == (1006, "peer" if ending == "T07-fin" else "network")
        line = side.stream_handshake(plain_peer)
        side.accept(line)
        line.send_text(side.push(1000 + position))
        update = stream.get(PATIENCE)
        assert (update.sequence, update.gap_before) == (1000 + position, True)


@pytest.mark.parametrize("ending", ["T06-rst", "T07-fin"])
def test_T06_T07_a_cut_at_every_byte_of_a_reply(
    side: Side, ending: str, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """An order is accepted if the last byte of its reply came, and unknown with any byte less."""
    api, line = ordering(side, clients, plain_peer)
    position, whole = 0, 1
    while position <= whole:
        call = side.order(api, timeout=9)
        reply = frame(0x1, json_text.dumps(side.success(line.read_json())))
        whole = len(reply)
        line.send(reply[:position])
        # A reset may overtake bytes that were not read yet, so a whole reply comes with a polite end only.
        line.fin() if ending == "T07-fin" or position == whole else line.rst()
        if position == whole:
            assert call.result().order_id == "order1"
        else:
            with pytest.raises(OutcomeUnknown) as caught:
                call.result()
            assert (caught.value.reason, caught.value.sent) == ("disconnected", "complete")
            line = side.handshake(plain_peer)
        position += 1


def test_T06_a_cut_at_every_byte_of_an_order(side: Side, plain_peer: ScriptedPeer, clients: Clients) -> None:
    """
    However little of it arrived: its caller learns that it is unknown, and no piece of it is on the next line.

    The client handed over the whole frame, and cannot know how far it came.
    """
    with FaultProxy("127.0.0.1", plain_peer.port) as proxy:
        hosts = side.hosts(plain_peer.http_url, f"ws://127.0.0.1:{proxy.port}")
        api, line = ordering(side, clients, plain_peer, hosts=hosts, probe_after=9.0)
        before = proxy.bytes_up
        call = side.order(api, client_oid="oid0", timeout=9)
        line.send_json(side.success(line.read_json()))
        call.result()
        length = proxy.bytes_up - before
        for count in range(0, length, 7):
            # Ids may grow by some digits, so the cut stays clear of the very end.
            proxy.cut_after(min(count, length - 8), "up")
            with pytest.raises(OutcomeUnknown) as caught:
                side.order(api, client_oid=f"cut{count}", timeout=9).result()
            assert (caught.value.reason, caught.value.sent) == ("disconnected", "complete")
            with pytest.raises(AssertionError):  # the end of the line instead of a frame
                line.read_frame()
            line = side.handshake(plain_peer)
            proxy.heal()
        call = side.order(api, client_oid="oid1", timeout=9)
        assert side.client_oid(line.read_json()) == "oid1"
        line.rst()
        with pytest.raises(OutcomeUnknown):
            call.result()


# Close codes.


def test_T23_a_second_refusal_by_close_code_ends_the_attempts(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """With a fresh token in between; whoever waits is told, and a later call tries anew."""
    client, stream, line = streaming(side, clients, peer)
    reports: queue.Queue[Any] = queue.Queue()
    client.on("exception", lambda event: reports.put(event.error))
    line.send_close(1008, "not\u202eallowed\n")
    line = side.stream_handshake(peer)
    side.accept(line)
    line.send_close(1008, "not allowed")
    error = reports.get(timeout=PATIENCE)
    assert isinstance(error, AuthError)
    with pytest.raises(AuthError):
        stream.get(PATIENCE)
    assert not client.is_connected(side.stream_key)
    opening = background(client.connect, side.stream_key)
    side.stream_handshake(peer)
    opening.result()


def test_T23_a_peer_that_finds_fault_with_us_again_is_left_alone_for_long(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """Once may be its mistake."""
    client, _, line = streaming(side, clients, peer)
    events: queue.Queue[Any] = queue.Queue()
    client.on("reconnect", lambda event: events.put(event.delay))
    client.on("exception", lambda event: events.put(event.error))
    line.send_close(1002, "what was that\x1b[2J?")
    assert events.get(timeout=PATIENCE) == 0
    line = side.stream_handshake(peer)
    side.accept(line)
    line.send_close(1007, "and that?")
    error = events.get(timeout=PATIENCE)
    assert isinstance(error, ProtocolViolation)
    assert "and that?" in str(error)
    assert events.get(timeout=PATIENCE) == 30.0


@pytest.mark.parametrize("code", [1012, 1013])
def test_T23_a_peer_that_restarts_or_is_busy_gets_a_second(
    side: Side, code: int, peer: ScriptedPeer, clients: Clients
) -> None:
    client, _, line = streaming(side, clients, peer)
    delayed = next_event(client, "reconnect")
    line.send_close(code)
    assert delayed.result(PATIENCE).delay == 1.0


# Partial sends.


def channel_pair(tls: bool) -> tuple[Channel, Line, ScriptedPeer]:
    """A channel of the library over a socket that can be made to fail, and the other end of it."""
    peer = ScriptedPeer(tls=server_context() if tls else None)
    sock = socket.socket()
    sock.connect_ex(("127.0.0.1", peer.port))
    sock.setblocking(False)
    pipe = Channel(sock, Interrupt())
    if tls:
        accepting = background(peer.accept)
        pipe.start_tls(client_context(), "localhost", Deadline(PATIENCE))
        return pipe, accepting.result(), peer
    return pipe, peer.accept(), peer


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("number", [errno.ECONNRESET, errno.ENOBUFS, None], ids=["reset", "no-buffers", "full"])
def test_T11_a_send_that_ends_after_any_byte_is_the_last(
    number: int | None, tls: bool, failing_sockets: Failing
) -> None:
    """What left is counted, the channel is given up, and no byte of a second frame follows the torn one."""
    first, second = b"first " * 4, b"second" * 4
    for count in range(0, 24, 1 if not tls else 5):
        pipe, line, peer = channel_pair(tls)
        with peer, line:
            failing_sockets.fail(count, number)
            with pytest.raises(SendFailed) as caught:
                pipe.send(first, Deadline(0.01 if number is None else PATIENCE))
            assert caught.value.bytes_sent == count
            assert pipe.interrupt.is_set()
            failing_sockets.fail(10_000)  # the socket itself would take more
            with pytest.raises(SendFailed) as caught:
                pipe.send(second, Deadline(PATIENCE))
            assert caught.value.bytes_sent == 0
            pipe.send_soon(b"pong")
            pipe.close(reset=True)
            pipe.interrupt.close()
            with pytest.raises((AssertionError, OSError)):
                line.read_bytes(count + 1)
            assert tls or line.unread in (first[:count], b"")


@pytest.mark.parametrize("count", [1, 6, 60])
def test_S02_a_line_that_breaks_in_the_middle_of_a_send_leaves_the_order_partly_sent(
    side: Side, count: int, peer: ScriptedPeer, clients: Clients, failing_sockets: Failing
) -> None:
    """Unknown; the line is opened again for the next order."""
    api, line = ordering(side, clients, peer)
    failing_sockets.fail(count)
    call = side.order(api, timeout=9)
    with pytest.raises(OutcomeUnknown) as caught:
        call.result()
    assert (caught.value.reason, caught.value.sent, caught.value.bytes_sent) == ("disconnected", "partial", count)
    assert line.expect_eof() == "rst"
    line = side.handshake(peer)
    call = side.order(api, timeout=9)
    line.send_json(side.success(line.read_json()))
    assert call.result().order_id == "order1"


@pytest.mark.parametrize(
    "number", [errno.EPIPE, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL], ids=errno.errorcode.get
)
def test_T39_S02_a_network_that_is_gone_ends_the_line_at_the_next_send(
    side: Side, number: int, peer: ScriptedPeer, clients: Clients, failing_sockets: Failing
) -> None:
    """Not one byte left, so the order was not sent, and that is known."""
    api, line = ordering(side, clients, peer)
    lost = next_event(api.get_ws_client(), "suspended")
    failing_sockets.fail(0, number)
    call = side.order(api, timeout=9)
    with pytest.raises(NotSent) as caught:
        call.result()
    assert (caught.value.sent, caught.value.bytes_sent) == ("no", 0)
    assert isinstance(caught.value.cause, ConnectionLost)
    lost.result(PATIENCE)
    assert line.expect_eof() == "rst"
    with side.handshake(peer) as line:
        call = side.order(api, timeout=9)
        line.send_json(side.success(line.read_json()))
        call.result()


def test_T39_a_ping_that_cannot_leave_ends_the_line(
    side: Side, peer: ScriptedPeer, clients: Clients, failing_sockets: Failing
) -> None:
    """Nobody has to send an order to find out."""
    client, stream, _ = streaming(side, clients, peer, ping_interval=0.1)
    lost = next_event(client, "suspended")
    failing_sockets.fail(0, errno.ENETUNREACH)
    assert "ENETUNREACH" in str(lost.result(PATIENCE).error) or "unreachable" in str(lost.result().error)
    line = side.stream_handshake(peer)
    side.accept(line)
    line.send_text(side.push(2))
    assert stream.get(PATIENCE).gap_before


def test_T39_a_network_that_swallows_everything_and_comes_back(
    side: Side, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """The line, and every opening while it is gone, ends at its own limit; the first opening after that works."""
    with FaultProxy("127.0.0.1", plain_peer.port) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        client = side.client(
            clients,
            plain_peer,
            hosts=side.stream_hosts(url),
            ping_interval=0.1,
            pong_timeout=0.2,
            open_timeout=0.3,
            reconnect_timeout=0.0,
        )
        failures = threading.Semaphore(0)
        client.on("exception", lambda _: failures.release())
        opening = background(client.stream, side.topic, side.stream_key, timeout=9)
        line = side.stream_handshake(plain_peer)
        # Where a token names the peer itself, the proxy carries the token call only.
        side.accept(line)
        stream = opening.result()
        lost = next_event(client, "suspended")
        proxy.blackhole("both")
        assert "no pong" in str(lost.result(PATIENCE).error)  # nobody answers the pings here
        assert all(failures.acquire(timeout=PATIENCE) for _ in range(3))
        proxy.heal()
        line = side.stream_handshake(plain_peer)
        side.accept(line)
        line.send_text(side.push(2))
        assert stream.get(PATIENCE).gap_before


def test_T28_a_missing_pong_costs_its_line_and_nothing_piles_up(
    side: Side, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """Line after line, each after its first ping without an answer: a pong is due before the next ping."""
    client, _, line = streaming(side, clients, plain_peer, ping_interval=0.2, pong_timeout=0.1)
    for _ in range(4):
        lost = next_event(client, "suspended")
        side.read_ping(line)
        assert "no pong" in str(lost.result(PATIENCE).error)
        assert line.expect_eof() == "rst"
        assert line.unread == b""  # one ping a line
        line = side.stream_handshake(plain_peer)
        side.accept(line)


def test_T07_an_end_that_is_told_inside_of_TLS_only_ends_the_line(side: Side, clients: Clients) -> None:
    """As of a server that waits for the answer before it ends the connection: what came before is delivered."""
    with ScriptedPeer(tls=server_context(), auto_time=True) as peer:
        client, stream, line = streaming(side, clients, peer)
        lost = next_event(client, "suspended")
        line.send_text(side.push(1))
        line.close_notify()
        assert stream.get(PATIENCE).sequence == 1
        error = lost.result(PATIENCE).error
        assert isinstance(error, ConnectionLost)
        assert (error.code, error.initiator) == (1006, "peer")
        line.expect_eof()
        line = side.stream_handshake(peer)
        side.accept(line)
        line.send_text(side.push(2))
        assert stream.get(PATIENCE).gap_before


# Frames that drip.


def dripping(line: Line, data: bytes) -> tuple[threading.Event, Background[None]]:
    """Send ``data`` byte by byte, now and then, until it is over, the event is set or the client has gone."""
    stop = threading.Event()

    def drip() -> None:
        for byte in data:
            if stop.wait(0.02):
                return
            try:
                line.send(bytes([byte]))
            except (OSError, AssertionError):
                return

    return stop, background(drip)


def test_T13_a_frame_that_drips_is_given_up(
    side: Side, peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although a byte comes every now and then, and pongs could too if the frame ever ended."""
    monkeypatch.setattr(transport, "FRAME_TIMEOUT", 0.3)
    client, stream, line = streaming(side, clients, peer)
    lost = next_event(client, "suspended")
    started = time.monotonic()
    stop, drip = dripping(line, frame(0x1, b"x" * 1000))
    assert "not complete after 0.3 s" in str(lost.result(PATIENCE).error)
    assert time.monotonic() - started >= 0.3
    stop.set()
    drip.result()
    line = side.stream_handshake(peer)
    side.accept(line)
    line.send_text(side.push(1))
    assert stream.get(PATIENCE).sequence == 1


def test_T13_frames_that_end_in_time_may_drip_for_ever(
    side: Side, peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is that of one frame: fragments, and frames that end in the read that begins the next, start anew."""
    monkeypatch.setattr(transport, "FRAME_TIMEOUT", 0.5)
    _, stream, line = streaming(side, clients, peer)
    text = side.push(1).encode()
    pieces = [text[start : start + 20] for start in range(0, len(text), 20)]
    frames = [frame(0x1 if not n else 0x0, p, fin=n == len(pieces) - 1) for n, p in enumerate(pieces)]
    data, pause = b"".join(frames), threading.Event()
    started, sent = time.monotonic(), 0
    for end in (sum(map(len, frames[: n + 1])) + 3 for n in range(len(frames))):  # inside of the next frame
        line.send(data[sent:end])
        sent = end
        pause.wait(0.1)
    assert time.monotonic() - started > 0.5
    assert stream.get(PATIENCE).sequence == 1


def test_T13_close_is_in_time_while_a_frame_drips(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Long before the frame's own limit."""
    client, _, line = streaming(side, clients, peer)
    stop, drip = dripping(line, frame(0x1, b"x" * 1000))
    started = time.monotonic()
    client.close(timeout=0.5)
    assert time.monotonic() - started < 1.0
    stop.set()
    drip.result()


def test_T13_a_greeting_that_drips_ends_with_its_frames_limit(
    side: Side, plain_peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The opening has a deadline of its own, whichever comes first."""
    monkeypatch.setattr(transport, "FRAME_TIMEOUT", 0.2)
    api = side.api(clients, plain_peer, reconnect_timeout=9.0)
    connecting = background(side.connect, api)
    line = plain_peer.accept()
    line.upgrade()
    stop, drip = dripping(line, frame(0x1, b"x" * 1000))
    with pytest.raises(Exception, match=r"not complete after 0\.2 s"):
        connecting.result()
    stop.set()
    drip.result()


# A machine that sleeps.


class Sleep:
    """Makes the machine seem to sleep: the clock that goes on jumps."""

    def __init__(self) -> None:
        self._slept = 0.0

    def read_clocks(self) -> tuple[float, float, float]:
        now = time.monotonic()
        return now, now + self._slept, now

    def sleep(self, seconds: float) -> None:
        self._slept += seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Sleep:
    """A machine that can be put to sleep; its heartbeats look often."""
    machine = Sleep()
    monkeypatch.setattr("kucoin_sync.engine.opening.read_clocks", machine.read_clocks)
    monkeypatch.setattr(beats, "read_clocks", machine.read_clocks)
    monkeypatch.setattr(beats, "LOOK_AGAIN", 0.02)
    return machine


def test_T37_after_a_sleep_every_line_is_reset_and_opened_again_at_once(
    side: Side, peer: ScriptedPeer, clients: Clients, machine: Sleep
) -> None:
    """An order in flight is unknown for that reason; no back-off, for nothing is wrong with the exchange."""
    api, line = ordering(side, clients, peer, reconnect_timeout=9.0)
    call = side.order(api, timeout=9)
    line.read_json()
    lost = next_event(api.get_ws_client(), "suspended")
    machine.sleep(30.0)
    with pytest.raises(OutcomeUnknown) as caught:
        call.result()
    assert (caught.value.reason, caught.value.sent) == ("slept", "complete")
    assert "slept for 30 s" in str(lost.result(PATIENCE).error)
    assert line.expect_eof() == "rst"
    line = side.handshake(peer)
    call = side.order(api, timeout=9)
    line.send_json(side.success(line.read_json()))
    assert call.result().order_id == "order1"
    assert not peer.has_pending()  # one sleep costs one line


def test_T37_a_nap_or_a_process_that_had_to_wait_costs_nothing(
    side: Side, peer: ScriptedPeer, clients: Clients, machine: Sleep
) -> None:
    """Less than the pong timeout, however often: the line could have been silent that long too."""
    client, stream, line = streaming(side, clients, peer, ping_interval=30.0, pong_timeout=10.0)
    suspended = next_event(client, "suspended")
    looks = threading.Semaphore(0)
    read = machine.read_clocks

    def counted() -> tuple[float, float, float]:
        looks.release()
        return read()

    beats.read_clocks = counted  # undone by the fixture
    for _ in range(5):
        machine.sleep(9.0)
        assert looks.acquire(timeout=PATIENCE)
        assert looks.acquire(timeout=PATIENCE)
    line.send_text(side.push(1))
    assert stream.get(PATIENCE).sequence == 1
    assert not suspended.done()


def test_T37_a_sleep_in_an_order_call_without_waiter_is_told_by_its_future(
    side: Side, plain_peer: ScriptedPeer, clients: Clients, machine: Sleep
) -> None:
    """And timers that would all be overdue by the other clock end nothing."""
    api, line = ordering(side, clients, plain_peer)
    futures = [side.place(api.nowait, timeout=9) for _ in range(5)]
    for _ in futures:
        line.read_json()
    machine.sleep(3600.0)
    reasons = {future.exception(PATIENCE).reason for future in futures}  # type: ignore[union-attr]
    assert reasons == {"slept"}
    side.handshake(plain_peer)


def test_T37_the_clocks_of_this_machine_can_be_told_apart() -> None:
    """They are read in order, and are those the class expects."""
    before, boot, after = boot_clock.read_clocks()
    assert before <= after
    if hasattr(time, "CLOCK_BOOTTIME"):
        assert before - 1 <= boot <= time.clock_gettime(time.CLOCK_BOOTTIME)


# Threads that die, starve or run out of memory.


@pytest.fixture
def short_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the reading thread ask for the heartbeat often."""
    monkeypatch.setattr(beats, "STUCK_AFTER", 0.1)
    monkeypatch.setattr(beats, "STUCK_PATIENCE", 0.5)
    monkeypatch.setattr(beats, "LOOK_AGAIN", 0.05)


@pytest.mark.parametrize("data", [False, True], ids=["silent", "busy"])
def test_S36_a_dead_heartbeat_is_reported_and_replaced(
    side: Side,
    data: bool,
    peer: ScriptedPeer,
    clients: Clients,
    short_watch: None,
    monkeypatch: pytest.MonkeyPatch,
    guard: LeakGuard,
) -> None:
    """Whether or not anything comes in: a dead line would not be noticed any more."""
    client, stream, line = streaming(side, clients, peer, ping_interval=0.05, pong_timeout=5.0)
    reports: Future[Any] = Future()
    client.on("exception", lambda event: reports.done() or reports.set_result(event))
    due = beats.Beats._due

    died: list[Any] = []

    def die_once(*args: Any) -> Any:
        if not died:
            died.append(threading.current_thread())
            raise MemoryError
        return due(*args)

    monkeypatch.setattr(beats.Beats, "_due", die_once)
    stop, drip = dripping(line, frame(0x1, side.push(0)) * 100 if data else b"")
    report = reports.result(PATIENCE)
    assert report.where == "heartbeat"
    stop.set()
    drip.result()
    line = side.stream_handshake(peer)
    side.accept(line)
    side.read_ping(line)
    line.send_text(side.push(9))
    while stream.get(PATIENCE).sequence != 9:
        pass
    assert client.is_connected(side.stream_key)
    assert "MemoryError" in guard.uncaught.pop()


def test_S36_a_heartbeat_that_is_merely_idle_or_late_is_left_alone(
    side: Side, peer: ScriptedPeer, clients: Clients, short_watch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was held up gets a moment to show itself."""
    client, stream, line = streaming(side, clients, peer, ping_interval=0.05, pong_timeout=9.0)
    asked = threading.Semaphore(0)
    asking, was_late = threading.Event(), threading.Event()
    is_stuck, due = beats.Beats.is_stuck, beats.Beats._due

    def counted(self: beats.Beats) -> bool:
        asking.set()
        stuck = is_stuck(self)
        asking.clear()
        asked.release()
        return stuck

    def late(self: beats.Beats, *args: Any) -> Any:
        if not was_late.is_set():  # once, until the reader has begun to wait for it
            asking.wait(PATIENCE)
            was_late.set()
        return due(self, *args)

    monkeypatch.setattr(beats.Beats, "is_stuck", counted)
    assert asked.acquire(timeout=PATIENCE)  # whoever asks now is counted
    monkeypatch.setattr(beats.Beats, "_due", late)
    assert all(asked.acquire(timeout=PATIENCE) for _ in range(3))
    assert was_late.is_set()
    line.send_text(side.push(1))
    assert stream.get(PATIENCE).sequence == 1
    assert not peer.has_pending()
    assert client.is_connected(side.stream_key)


def test_T09_an_order_that_leaves_while_the_heartbeat_looks_is_probed_in_time(
    side: Side, plain_peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came too late for that look, and the next one is seconds away."""
    monkeypatch.setattr(beats, "LOOK_AGAIN", 0.05)
    api, line = ordering(side, clients, plain_peer, probe_after=0.1, probe_timeout=9.0)
    due, expect_reply = beats.Beats._due, beats.Beats.expect_reply
    told = threading.Event()
    calls: list[Any] = []

    def interrupted(self: beats.Beats, *args: Any) -> Any:
        monkeypatch.setattr(beats, "LOOK_AGAIN", 9.0)
        found = due(self, *args)
        if found[0] is None and not calls:
            calls.append(side.order(api, timeout=9))
            told.wait(0.3)  # it cannot have told while the look goes on
        return found

    def telling(self: beats.Beats, request: Any) -> None:
        expect_reply(self, request)
        told.set()

    monkeypatch.setattr(beats.Beats, "expect_reply", telling)
    monkeypatch.setattr(beats.Beats, "_due", interrupted)
    texts = sorted((line.read_text(2.0) for _ in range(2)), key=side.is_ping)  # the call is waiting since that look
    assert [side.is_ping(text) for text in texts] == [False, True]
    line.send_json(side.success(json.loads(texts[0])))
    assert calls[0].result()


def test_S37_a_pong_that_waits_for_a_reader_that_is_held_up_saves_the_line(
    side: Side, peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lateness is judged when the reader had a chance to run."""
    client = side.client(clients, peer, inline_listeners=True, ping_interval=0.1, pong_timeout=1.5)
    opening = background(client.connect, side.stream_key)
    line = side.stream_handshake(peer)
    opening.result()
    lost: list[Any] = []
    client.on("suspended", lost.append)
    excused = threading.Semaphore(0)
    let_go, holds = threading.Event(), threading.Event()
    has_unread = beats.Beats._has_unread_pong

    def counted(self: beats.Beats, *args: Any) -> bool:
        found = has_unread(self, *args)
        if found:
            excused.release()
        return found

    monkeypatch.setattr(beats.Beats, "_has_unread_pong", counted)
    client.on("unknown", lambda _: (holds.set(), let_go.wait(PATIENCE)))  # on the reading thread
    line.send_text(side.odd)
    assert holds.wait(PATIENCE)
    ping = side.read_ping(line)
    line.send_text(side.pong(ping))
    assert all(excused.acquire(timeout=PATIENCE) for _ in range(3))
    monkeypatch.setattr(beats.Beats, "_due", lambda self, line, now: (None, now + 60))  # no further ping
    let_go.set()
    client.on("update", lambda _: holds.set())
    holds.clear()
    line.send_text(side.push(1))
    assert holds.wait(PATIENCE)
    assert lost == []
    assert client.is_connected(side.stream_key)


@pytest.mark.parametrize("error", [MemoryError, RecursionError, ZeroDivisionError])
def test_S38_whatever_is_raised_on_the_reading_thread_costs_the_line_and_not_the_client(
    side: Side, error: type[Exception], peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of memory above all: what was in flight is unknown, and the next line works."""
    api, line = ordering(side, clients, peer)
    call = side.order(api, timeout=9)
    request = line.read_json()

    def fail(*_: Any) -> Any:
        raise error

    lost = next_event(api.get_ws_client(), "suspended")
    with monkeypatch.context() as patch:
        patch.setattr("kucoin_sync.engine.inbox.Inbox.handle", fail)
        line.send_json(side.success(request))
        with pytest.raises(OutcomeUnknown) as caught:
            call.result()
        assert (caught.value.reason, caught.value.sent) == ("disconnected", "complete")
        assert error.__name__ in str(lost.result(PATIENCE).error)
    assert line.expect_eof() == "rst"
    line = side.handshake(peer)
    call = side.order(api, timeout=9)
    line.send_json(side.success(line.read_json()))
    assert call.result().order_id == "order1"
