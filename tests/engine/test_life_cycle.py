"""
Clients from their making to their end: dropped, without threads or descriptors to be had, interrupted, in two at once.
"""

from __future__ import annotations

import errno
import gc
import logging
import os
import pkgutil
import queue
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import attrs
import pytest
import websocket

from kucoin_sync import (
    ClosedError,
    ConnectError,
    NotSent,
    OrderAck,
    OutcomeUnknown,
)
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.dial import Resolver, dial
from kucoin_sync.engine.identifiers import Identifiers
from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.engine.registry import PendingRequest, RequestRegistry
from kucoin_sync.engine.transport import Transport
from kucoin_sync.events import EVENTS
from tests.clients import CREDENTIALS, ORDER, ORDERS, SPOT, Clients, accept_subscribe, ticker
from tests.peers import (
    ScriptedPeer,
    background,
    blackhole_port,
    refused_port,
    serve_token,
    v1_handshake,
)
from tests.sides import Side, opened

PATIENCE = 5.0


def made(side: Side, peer: ScriptedPeer, *, api: bool = False) -> Any:
    """Make a client that nothing closes."""
    return (side.api_class if api else side.client_class)(**side.options(peer, close_timeout=2.0))


def client_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("kucoin-sync-")]


def wait_for_threads(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), thread.name


# Dropped.


def drop(held: list[Any]) -> list[str]:
    """Let go of a client that only this list holds; return the warnings about it once it is gone."""
    gone = threading.Event()
    client = held.pop()
    reference = weakref.ref(
        client.get_ws_client() if hasattr(client, "get_ws_client") else client, lambda _: gone.set()
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del client
        gc.collect()
    told = [str(w.message) for w in caught if issubclass(w.category, ResourceWarning)]
    caught.clear()  # a warning holds on to its client
    # One that is in no circle is gone when the thread that closes it has ended.
    assert gone.wait(PATIENCE), reference()
    return told


def test_S32_a_client_that_is_dropped_closes_itself(side: Side, peer: ScriptedPeer) -> None:
    """Its threads hold nothing of it: they end, the peer sees a polite close, and a warning names the client."""
    client = made(side, peer)
    client.on("update", print)
    connecting = background(client.connect, side.stream_key)
    line = side.stream_handshake(peer)
    connecting.result()
    del connecting
    held, threads = [client], client_threads()
    del client
    assert len(threads) >= 3
    started = time.monotonic()
    dropping = background(drop, held)
    assert line.read_frame()[0] == 0x8
    line.send_close(1000)
    line.close()
    told = dropping.result()
    wait_for_threads(threads)
    assert time.monotonic() - started < PATIENCE
    assert len(told) == 1
    assert "dropped without close()" in told[0]
    assert "WebsocketClient" in told[0]


def test_S32_an_api_client_that_is_dropped_in_an_opening(side: Side, plain_peer: ScriptedPeer) -> None:
    """And with an order in flight that nobody waits for: its future ends, too."""
    api = made(side, plain_peer, api=True)
    connecting = background(side.connect, api)
    line = side.handshake(plain_peer)
    connecting.result()
    future = side.place(api.nowait)
    line.read_json()
    opening = background(lambda client: client.get_ws_client().subscribe(side.topic, side.stream_key, wait=False), api)
    opening.result()
    plain_peer.accept().read_request()  # a token, or an upgrade, that never comes
    held, threads = [api], client_threads()
    del api, connecting, opening
    assert len(drop(held)) == 1
    assert future.exception(PATIENCE).reason == "closed"
    wait_for_threads(threads)


def test_S32_listeners_alone_are_ended_too_and_nothing_at_all_is_no_leak(side: Side, plain_peer: ScriptedPeer) -> None:
    client = made(side, plain_peer)
    client.once("update", print)
    held, threads = [client], client_threads()
    del client
    assert len(drop(held)) == 1
    wait_for_threads(threads)
    assert drop([made(side, plain_peer)]) == []


def test_S32_what_a_client_gave_out_keeps_it_alive(side: Side, peer: ScriptedPeer) -> None:
    """A loop over a stream needs no second name for the client."""
    opening = background(lambda: made(side, peer).stream(side.topic, side.stream_key))
    line = side.stream_handshake(peer)
    side.accept(line)
    stream = opening.result()
    del opening
    gc.collect()
    line.send_text(side.push(1))
    assert stream.get(PATIENCE).sequence == 1
    threads = client_threads()
    with pytest.warns(ResourceWarning, match="dropped without"):
        del stream
        gc.collect()
    line.close()
    wait_for_threads(threads)


def test_S32_a_closed_client_is_dropped_without_a_word(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    client = made(side, peer)
    connecting = background(client.connect, side.stream_key)
    line = side.stream_handshake(peer)
    connecting.result()
    closing = background(client.close)
    assert line.read_frame()[0] == 0x8
    line.send_close(1000)
    closing.result()
    del connecting, closing
    held = [client]
    del client
    assert drop(held) == []


DROPPED_ANYWHERE = """
    import gc, sys, threading
    from kucoin_sync import WebsocketClient
    from kucoin_sync.simulator import Simulator

    sys.setswitchinterval(1e-5)
    gc.set_threshold(1, 1, 1)  # the collector runs wherever anything is made, our own locks held or not
    with Simulator() as exchange:
        for n in range(20):
            client = WebsocketClient(**exchange.client_options())
            client.me = client  # a cycle: only the collector can drop it
            client.on("update", lambda update: [update])
            client.subscribe("/market/ticker:BTC-USDT", "spotPublicV1")
            del client
        gc.set_threshold(700, 10, 10)
        gc.collect()
        for thread in threading.enumerate():
            if thread.name.startswith("kucoin-sync-") and "simulat" not in thread.name:
                thread.join(10)
                assert not thread.is_alive(), thread.name
    print("done")
"""


def run(script: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run a script in an interpreter of its own."""
    return subprocess.run(
        [sys.executable, *flags, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_S32_the_collector_may_come_at_any_moment() -> None:
    """In the middle of our own code as well: the end takes no lock there."""
    ended = run(DROPPED_ANYWHERE)
    assert ended.stdout == "done\n", ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr


# Without threads.


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Let threads whose name holds a text not start; returns the function that says which."""
    refused: list[str] = []
    start = threading.Thread.start

    def start_or_not(thread: threading.Thread) -> None:
        if any(text in thread.name for text in refused):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_or_not)

    def refuse(text: str) -> None:
        refused.append(text) if text else refused.clear()

    yield refuse
    refused.clear()


@pytest.mark.parametrize("name", ["-reader", "-heartbeat"])
def test_S35_a_connection_without_threads_is_a_connect_error_and_opens_later(
    side: Side, name: str, peer: ScriptedPeer, clients: Clients, no_threads: Callable[[str], None]
) -> None:
    """There is no state in between: nothing runs, nothing is open, and the next call starts anew."""
    client = side.client(clients, peer)
    no_threads(name)
    before = len(client_threads())
    for call in (
        lambda: client.connect(side.stream_key),
        lambda: client.subscribe(side.topic, side.stream_key),
        lambda: client.subscribe(side.topic, side.stream_key, wait=False),
        lambda: client.stream(side.topic, side.stream_key),
    ):
        with pytest.raises(ConnectError, match="no thread"):
            call()
    assert not client.is_connected(side.stream_key)
    wait_for_threads(client_threads()[before:])
    no_threads("")
    opening = background(client.stream, side.topic, side.stream_key)
    line = side.stream_handshake(peer)
    side.accept(line)
    line.send_text(side.push(1))
    assert opening.result().get(PATIENCE).sequence == 1


def test_S35_an_order_without_threads_was_not_sent(
    side: Side, peer: ScriptedPeer, clients: Clients, no_threads: Callable[[str], None]
) -> None:
    api = side.api(clients, peer)
    no_threads("-reader")
    with pytest.raises(NotSent) as caught:
        side.place(api)
    assert isinstance(caught.value.cause, ConnectError)
    with pytest.raises(NotSent):
        side.place(api.nowait).result(PATIENCE)


def test_S35_a_listener_that_nobody_could_run_is_refused_and_not_kept(
    side: Side, peer: ScriptedPeer, clients: Clients, no_threads: Callable[[str], None]
) -> None:
    client = side.client(clients, peer)
    no_threads("-listeners")
    heard: list[Any] = []
    for call in (
        lambda: client.on("open", heard.append),
        lambda: client.once("open", heard.append),
        lambda: client.subscribe(side.topic, side.stream_key, listener=heard.append),
        lambda: client.wait_for("open"),
    ):
        with pytest.raises(ConnectError, match="no thread"):
            call()
    no_threads("")
    told: Future[Any] = Future()
    client.on("open", told.set_result)
    opening = background(client.connect, side.stream_key)
    side.stream_handshake(peer)
    opening.result()
    told.result(PATIENCE)
    assert heard == []


def test_S35_a_name_that_no_thread_can_look_up_is_a_connect_error(
    side: Side, clients: Clients, no_threads: Callable[[str], None]
) -> None:
    hosts = side.stream_hosts("https://no-such-host.invalid")
    client = clients.enter_context(side.client_class(hosts=hosts))
    no_threads("-resolver")
    with pytest.raises(ConnectError, match="no thread") as caught:
        client.connect(side.stream_key)
    assert (caught.value.phase, caught.value.retryable) == ("dns", True)


@pytest.mark.parametrize("inline", [False, True])
def test_S35_close_in_a_listener_works_without_a_thread_to_hand_it_to(
    side: Side, inline: bool, peer: ScriptedPeer, clients: Clients, no_threads: Callable[[str], None]
) -> None:
    """It holds the listener up then, for no longer than a close may take."""
    client = side.client(clients, peer, inline_listeners=inline)
    returned: Future[Any] = Future()
    client.on("update", lambda _: returned.set_result(client.close()))
    opening = background(client.subscribe, side.topic, side.stream_key)
    line = side.stream_handshake(peer)
    side.accept(line)
    opening.result()
    no_threads("kucoin-sync-close")
    threads = client_threads()
    line.send_text(side.push(1))
    returned.result(PATIENCE)
    assert client.wait(PATIENCE)
    line.close()
    wait_for_threads(threads)


# Without descriptors.


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


NO_DESCRIPTORS = """
    import os, resource, sys, threading
    from kucoin_sync import ConnectError, WebsocketClient
    from kucoin_sync.protocol import backoff

    backoff.LONGEST_DELAY = 0.001
    client = WebsocketClient(hosts={"spot_rest": sys.argv[1]}, openings_per_minute=1_000_000)
    stream = client.stream("/market/ticker:BTC-USDT", "spotPublicV1")
    failed, errors, delays = threading.Semaphore(0), [], []
    client.on("exception", lambda event: (errors.append(event.error), failed.release()))
    client.on("reconnect", lambda event: delays.append(event.delay))
    before = len(os.listdir("/proc/self/fd"))
    low, high = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, high))  # what is open stays, and nothing new can be opened
    print("none left", flush=True)
    for _ in range(1000):
        assert failed.acquire(timeout=10)
    resource.setrlimit(resource.RLIMIT_NOFILE, (low, high))
    print(sorted({(type(error).__name__, error.phase, error.retryable) for error in errors}), flush=True)
    assert stream.get(10).gap_before
    assert len(delays) >= 1000 and all(delay > 0 for delay in delays)
    assert len(os.listdir("/proc/self/fd")) <= before, os.listdir("/proc/self/fd")
    client.close()
    print("done", flush=True)
"""


def test_T40_a_thousand_openings_without_a_descriptor_left(plain_peer: ScriptedPeer) -> None:
    """Each fails as any other does, and is followed by a delay; with descriptors again the stream goes on."""
    command = [sys.executable, "-X", "dev", "-c", textwrap.dedent(NO_DESCRIPTORS), plain_peer.http_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        line = v1_handshake(plain_peer)
        accept_subscribe(line)
        assert child.stdout.readline() == "none left\n"
        line.rst()
        assert child.stdout.readline() == "[('ConnectError', 'tcp', True)]\n"
        line = v1_handshake(plain_peer)
        accept_subscribe(line)
        line.send_text(ticker(2))
        out, err = child.communicate(timeout=30)
    assert out == "done\n", err
    assert "Traceback" not in err, err


def test_T40_the_last_descriptors_are_given_back_by_an_opening_that_needs_more(
    side: Side, plain_peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the wake-up are taken before there is a socket."""
    client = side.client(clients, plain_peer, reconnect_timeout=0.0)
    failures: queue.Queue[Any] = queue.Queue()
    client.on("exception", lambda event: failures.put(event.error))
    opening = background(client.stream, side.topic, side.stream_key)
    line = side.stream_handshake(plain_peer)
    side.accept(line)
    stream = opening.result()
    before = descriptors()
    with monkeypatch.context() as patch:

        def none_left(*_: Any, **__: Any) -> Any:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

        patch.setattr("kucoin_sync.engine.dial._connect", none_left)
        line.rst()
        for _ in range(200):
            error = failures.get(timeout=PATIENCE)
            assert (error.phase, error.retryable) == ("tcp", True)
            assert "Too many open files" in str(error)
    line = side.stream_handshake(plain_peer)
    side.accept(line)
    line.send_text(side.push(2))
    assert stream.get(PATIENCE).gap_before
    assert descriptors() <= before + 4  # the peer keeps both ends of its own


# A token too late, an exchange that is closed, a trace that tells too much.


def test_R12_a_token_that_comes_after_close_opens_nothing(peer: ScriptedPeer, clients: Clients) -> None:
    """The call is given up with the client, so that the answer finds nobody."""
    client = clients.stream_client(peer)
    opening = background(client.connect, SPOT)
    asked = peer.accept()
    asked.read_request()
    client.close()
    with pytest.raises(ClosedError):
        opening.result()
    with pytest.raises((AssertionError, OSError)):  # the connection is over, at the latest when it is read from
        serve_token(asked, endpoint=peer.url)
        asked.read_bytes(1)
    assert not peer.has_pending()
    assert client_threads() == []


@pytest.mark.parametrize("step", ["endpoints", "open_transport", "resolve"])
def test_R12_a_token_that_comes_just_before_close_opens_nothing(
    step: str, peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the opening has come to: held there, closed meanwhile, and let go."""
    reached, let_go = threading.Event(), threading.Event()
    place = {
        "endpoints": "kucoin_sync.kucoin.classic.ClassicDialect.endpoints",
        "open_transport": "kucoin_sync.engine.opening.open_transport",
        "resolve": "kucoin_sync.engine.dial.Resolver.resolve",
    }[step]
    module, _, name = place.rpartition(".")
    owner = pkgutil.resolve_name(module.replace(".ClassicDialect", ":ClassicDialect").replace(".Resolver", ":Resolver"))
    real = getattr(owner, name)

    def held(*args: Any, **keywords: Any) -> Any:
        found = real(*args, **keywords) if step != "open_transport" else None
        if tokens:
            reached.set()
            assert let_go.wait(PATIENCE)
        return real(*args, **keywords) if step == "open_transport" else found

    tokens: list[Any] = []
    client = clients.stream_client(peer, close_timeout=PATIENCE)
    monkeypatch.setattr(owner, name, held)
    opening = background(client.connect, SPOT)
    asked = peer.accept()
    asked.read_request()
    tokens.append(asked)
    serve_token(asked, endpoint=peer.url)
    assert reached.wait(PATIENCE)
    closing = background(client.close)
    with pytest.raises(ClosedError):
        opening.result()  # it is being closed, so the opening is given up by now
    monkeypatch.setattr(owner, name, real)
    let_go.set()
    closing.result()
    assert not peer.has_pending()


@pytest.mark.parametrize("door", ["token", "challenge"])
def test_R18_an_exchange_closed_for_maintenance_is_asked_again_after_the_longest_delay(
    door: str, peer: ScriptedPeer, clients: Clients
) -> None:
    """And says so meanwhile, to those who ask and to the listeners."""
    api = clients.api(peer)
    client = api.get_ws_client()
    events: queue.Queue[Any] = queue.Queue()
    client.on("exception", lambda event: events.put(event.error))
    client.on("reconnect", events.put)
    opening = background(client.connect, SPOT if door == "token" else ORDERS)
    line = peer.accept()
    if door == "token":
        line.read_request()
        line.respond(200, body={"code": "300002", "msg": "The system is under maintenance."})
        line.close()
    else:
        line.upgrade()
        line.send_json({"code": "300002", "data": "The system is under maintenance."})
    with pytest.raises(ConnectError, match="300002") as caught:
        opening.result()
    assert (caught.value.retryable, caught.value.retry_after) == (True, 30.0)
    assert events.get(timeout=PATIENCE) is caught.value
    assert events.get(timeout=PATIENCE).delay == 30.0
    if door == "challenge":
        call = background(
            api.submit_new_spot_order, **ORDER, timeout=0.2
        )  # not gated: it waits for a line in its own time
        with pytest.raises(NotSent):
            call.result()


def test_X03_a_trace_that_the_user_switched_on_is_warned_of(
    side: Side,
    plain_peer: ScriptedPeer,
    clients: Clients,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """It prints the URL with its signature, and that is not ours to change."""
    handler = logging.NullHandler()
    logger = logging.getLogger("websocket")
    before = list(logger.handlers)
    websocket.enableTrace(True, handler)
    try:
        opened(side, clients, plain_peer)
    finally:
        websocket.enableTrace(False)
        logger.handlers[:] = before
    assert "prints tokens, signatures and passphrases" in caplog.text
    caplog.clear()
    opened(side, clients, plain_peer)
    assert "enableTrace" not in caplog.text


def test_X04_no_event_carries_a_url_a_token_or_a_signature(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Whatever is told from an opening to its end, and by whatever of it one looks at."""
    api = side.api(clients, peer, reconnect_timeout=0.0)
    client = api.get_ws_client()
    told: list[Any] = []
    for name in EVENTS:
        client.on(name, told.append)
    for _ in range(2):
        opening = background(side.connect, api) if _ == 0 else None
        line = side.handshake(peer)
        query = line.request.query if line.request is not None else {}
        if opening is not None:
            opening.result()
        secrets = [*CREDENTIALS.values(), *(value for value in query.values() if len(value) > 8)]
        line.rst()
    peer.accept().respond(400, body=b"wrong")  # an opening that fails
    client.close()
    kinds = {type(event).__name__ for event in told}
    assert {"Opened", "Authenticated", "Suspended", "Reconnecting", "Closed"} <= kinds
    for event in told:
        shown = repr(event) + repr(attrs.asdict(event, recurse=True)) + repr(getattr(event, "error", ""))
        assert "://" not in shown
        assert not [secret for secret in secrets if secret in shown], shown


# Several addresses.


class FixedResolver(Resolver):
    """Knows one host, with these addresses."""

    def __init__(self, *ports: int) -> None:
        super().__init__()
        self._ports = ports

    def resolve(self, *_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)) for port in self._ports]


def test_T03_a_dead_address_is_passed_over_at_once(plain_peer: ScriptedPeer) -> None:
    interrupt = Interrupt()
    resolver = FixedResolver(refused_port(), refused_port(), plain_peer.port)
    with dial("host", 1, resolver, Deadline(PATIENCE), interrupt) as sock:
        assert sock.getpeername()[1] == plain_peer.port
    interrupt.close()


def test_T03_a_silent_address_takes_its_share_of_the_one_deadline(plain_peer: ScriptedPeer) -> None:
    """Not a deadline of its own: the live one is reached, and all dead ones together keep it."""
    interrupt = Interrupt()
    with blackhole_port() as silent:
        deadline = Deadline(0.6)
        with dial("host", 1, FixedResolver(silent, plain_peer.port), deadline, interrupt) as sock:
            assert sock.getpeername()[1] == plain_peer.port
            assert not deadline.expired()
        deadline = Deadline(0.3)
        with pytest.raises(ConnectError) as caught:
            dial("host", 1, FixedResolver(silent, silent, silent), deadline, interrupt)
        assert (caught.value.phase, caught.value.retryable) == ("tcp", True)
        assert deadline.elapsed() < 0.3 + 0.25
    interrupt.close()


def test_T03_no_address_at_all_is_a_connect_error() -> None:
    interrupt = Interrupt()
    with pytest.raises(ConnectError, match="no address"):
        dial("host", 1, FixedResolver(), Deadline(PATIENCE), interrupt)
    interrupt.close()


def test_T03_a_client_reaches_the_live_address_of_its_host(
    side: Side, plain_peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an address of this machine where nobody listens, and then on the one where somebody does."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def two(host: Any, port: Any, *args: Any, flags: int = 0, **keywords: Any) -> Any:
        if host != "localhost":
            return real(host, port, *args, flags=flags, **keywords)
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    url = f"http://localhost:{plain_peer.port}"
    client = side.client(clients, plain_peer, hosts=side.stream_hosts(url))
    opening = background(client.connect, side.stream_key)
    side.stream_handshake(plain_peer)
    opening.result()
    assert asked


# Who is first.


def test_S05_a_reply_that_loses_against_the_deadline_is_a_late_one(
    side: Side, plain_peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader has read it and is held there until the call has ended."""
    api, line = opened(side, clients, plain_peer)
    late: Future[Any] = Future()
    api.get_ws_client().on("late_reply", late.set_result)
    ended = threading.Event()
    resolve = RequestRegistry.resolve

    def held(self: RequestRegistry, reply: Any) -> bool:
        assert ended.wait(PATIENCE)
        return resolve(self, reply)

    monkeypatch.setattr(RequestRegistry, "resolve", held)
    call = side.order(api, timeout=0.3)
    request = line.read_json()
    line.send_json(side.success(request))
    with pytest.raises(OutcomeUnknown) as caught:
        call.result()
    assert caught.value.reason == "timeout"
    ended.set()
    assert late.result(PATIENCE).id == request["id"]


def test_S05_a_deadline_that_loses_against_the_reply_is_an_answer(
    side: Side, plain_peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader has taken the request out of the table, and is held until the caller's time is over."""
    api, line = opened(side, clients, plain_peer)
    gave_up = threading.Event()
    finish, discard = PendingRequest.finish, RequestRegistry.discard

    def held(self: PendingRequest, reply: Any, failure: Any) -> None:
        assert gave_up.wait(PATIENCE)
        finish(self, reply, failure)

    def noted(self: RequestRegistry, request: PendingRequest) -> bool:
        found = discard(self, request)
        gave_up.set()
        return found

    monkeypatch.setattr(PendingRequest, "finish", held)
    monkeypatch.setattr(RequestRegistry, "discard", noted)
    call = side.order(api, timeout=0.3)
    line.send_json(side.success(line.read_json()))
    assert call.result().order_id == "order1"
    assert gave_up.is_set()


def test_S06_a_reply_that_is_faster_than_the_return_from_the_send_counts(
    side: Side, peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is in the table before its first byte leaves."""
    api, line = opened(side, clients, peer)
    resolved = threading.Event()
    send, resolve = Transport.send_text, RequestRegistry.resolve

    def slow_return(self: Transport, text: str, deadline: Any) -> Any:
        sent = send(self, text, deadline)
        assert "op" not in text or "ping" in text or resolved.wait(PATIENCE)
        return sent

    def noted(self: RequestRegistry, reply: Any) -> bool:
        found = resolve(self, reply)
        resolved.set()
        return found

    monkeypatch.setattr(Transport, "send_text", slow_return)
    monkeypatch.setattr(RequestRegistry, "resolve", noted)
    for nowait in (False, True):
        resolved.clear()
        call = background((lambda: side.place(api.nowait).result(PATIENCE)) if nowait else (lambda: side.place(api)))
        line.send_json(side.success(line.read_json()))
        assert call.result().order_id == "order1"


@pytest.mark.parametrize("nowait", [False, True])
@pytest.mark.parametrize("place", ["before-a-byte-left", "after-all-of-them"])
def test_S07_a_bug_in_the_send_leaves_nothing_in_the_table(
    side: Side, nowait: bool, place: str, peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outcome is unknown, for nobody can be trusted to have counted the bytes; and the next order works."""
    api, line = opened(side, clients, peer)
    connection = api.get_ws_client()._group(side.ws_key).first
    with monkeypatch.context() as patch:
        # Functions without a frame of their own: what raises in foreign code is taken for a signal handler's doing.
        if place == "before-a-byte-left":
            patch.setattr("kucoin_sync.engine.transport.encode_frame", int)
        else:
            patch.setattr(connection.registry, "end_send", len)
            # Else the line would be reset if the frame was not acknowledged yet: another test's matter.
            patch.setattr(PendingRequest, "hold_back", lambda _: None)
        call = background((lambda: side.place(api.nowait).result(PATIENCE)) if nowait else (lambda: side.place(api)))
        with pytest.raises(OutcomeUnknown):
            call.result()
    assert "0 in flight" in repr(connection)
    if place == "before-a-byte-left":
        assert line.expect_eof() == "rst"
        line = side.handshake(peer)
    else:
        line.read_json()
    call = side.order(api)
    line.send_json(side.success(line.read_json()))
    call.result()


def test_P22_one_id_on_two_connections_is_two_requests(
    side: Side, plain_peer: ScriptedPeer, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply ends the request of the line that it came on."""
    api = side.api(clients, plain_peer)
    keys, lines = (side.ws_key, side.other_key), []
    for key in keys:
        connecting = background(side.connect, api, key)
        lines.append(side.handshake(plain_peer, key))
        connecting.result()
    monkeypatch.setattr(Identifiers, "next", lambda self: "same1")
    first = side.order(api, client_oid="one", timeout=9)
    request = lines[0].read_json()
    second = background(side.place_other, api, "two", timeout=9)
    other = lines[1].read_json()
    assert request["id"] == other["id"]
    lines[1].send_json(side.success(other, "order2"))
    assert second.result().order_id == "order2"
    assert not first.is_done()
    lines[0].send_json(side.success(request, "order1"))
    assert first.result().order_id == "order1"


# Interrupted.


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda side, c: c.connect(side.stream_key), id="connect"),
        pytest.param(lambda side, c: c.subscribe(side.topic, side.stream_key), id="subscribe"),
        pytest.param(lambda side, c: c.stream(side.topic, side.stream_key), id="stream"),
        pytest.param(lambda side, c: c.wait_for("close", timeout=9), id="wait_for"),
        pytest.param(lambda side, c: side.ask(c), id="rest"),
        pytest.param(lambda side, c: side.place(side.api_class(client=c)), id="order"),
    ],
)
def test_S29_ctrl_c_ends_any_wait_at_once_and_the_client_goes_on(
    side: Side, call: Callable[[Side, Any], Any], plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """Raised where the call waits for a peer that says nothing; the next call works."""
    client = side.api(clients, plain_peer, open_timeout=9.0, request_timeout=9.0).get_ws_client()

    def raise_it(*_: Any) -> None:
        raise KeyboardInterrupt

    timer = threading.Timer(0.2, signal.pthread_kill, (threading.get_ident(), signal.SIGINT))
    before = signal.signal(signal.SIGINT, raise_it)
    started = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            timer.start()
            call(side, client)
        timer.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - started < PATIENCE
    client.close(ws_key=side.stream_key)
    client.close(ws_key=side.ws_key)
    while plain_peer.has_pending():
        plain_peer.accept().close()
    opening = background(client.stream, side.topic, side.stream_key)
    line = side.stream_handshake(plain_peer)
    side.accept(line)
    line.send_text(side.push(1))
    assert opening.result().get(PATIENCE).sequence == 1


TWICE = """
    import signal, threading, time
    from kucoin_sync import WebsocketAPIClient
    from kucoin_sync.simulator import Simulator

    exchange = Simulator(market_maker=False, limits="off").start()
    client = WebsocketAPIClient(**exchange.client_options(), close_timeout=5.0)

    def watch():
        while client.stats().connections[0].state == "ready":
            threading.Event().wait(0.01)
        print("closing", flush=True)

    try:
        with client as api:
            api.connect_ws_api()
            exchange.stop_reading("ws_api")  # the polite close waits for an answer
            api.get_ws_client().on("close", print)
            watcher = threading.Thread(target=watch)
            watcher.start()
            print("ready", flush=True)
            for _ in range(300):  # no long wait: a signal that comes just before one does not end it
                threading.Event().wait(0.1)
    except KeyboardInterrupt:
        print("out", flush=True)
    client.get_ws_client().close()
    watcher.join()
    exchange.stop()
"""


def test_S29_a_second_ctrl_c_during_the_close_does_no_harm() -> None:
    """The first ends the block, the second the wait of its close; the program ends by itself and in time."""
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(TWICE)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "closing\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert out.splitlines()[-1] == "out", (out, err)
    assert process.returncode == 0, err
    assert "Exception ignored" not in err


# Two at once, and threads that are switched at any instruction.


def test_S40_two_clients_share_no_cookie_and_no_credential(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """websocket-client keeps one jar of cookies for the whole process."""
    first = side.api(clients, peer, api_key="simulator-first", max_reconnect_attempts=1)
    second = side.api(clients, peer, api_key="simulator-second", max_reconnect_attempts=1)
    seen, keys = [], []
    for api in (first, second):
        connecting = background(side.connect, api)
        line = peer.accept()
        seen.append(line.read_request())
        line.upgrade(headers={"Set-Cookie": "account=first; Path=/; Domain=localhost"})
        keys.append(side.read_key(line))
        line.send_close(1000)
        with pytest.raises(ConnectError):
            connecting.result()
        api.close()
    assert keys == ["simulator-first", "simulator-second"]
    assert not any("cookie" in request.headers for request in seen)
    assert "simulator-first" not in str(seen[1].head)


def test_S41_every_answer_is_right_when_threads_are_switched_at_any_moment(
    side: Side, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """A switch every microsecond finds an update that is not one step."""
    api, line = opened(side, clients, plain_peer)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads, each = 8, 25
    try:

        def serve() -> None:
            held = []
            for _ in range(threads * each):
                held.append(line.read_json())
                if len(held) == 3:  # in another order than asked for
                    for request in reversed(held):
                        line.send_json(side.success(request, f"of {side.client_oid(request)}"))
                    held.clear()
            for request in held:
                line.send_json(side.success(request, f"of {side.client_oid(request)}"))

        def place(number: int) -> list[OrderAck]:
            futures = [side.place(api.nowait, client_oid=f"o{number}x{n}", timeout=60) for n in range(each)]
            return [future.result(60) for future in futures]

        serving = background(serve)
        placing = [background(place, number) for number in range(threads)]
        for number, call in enumerate(placing):
            acks = call.result(60)
            assert [ack.order_id for ack in acks] == [f"of o{number}x{n}" for n in range(each)]
        serving.result(60)
    finally:
        sys.setswitchinterval(before)
    stats = api.get_ws_client().stats()["requests"]
    assert stats.operations[side.op].accepted == threads * each
    assert "0 in flight" in repr(api.get_ws_client()._group(side.ws_key).first)
