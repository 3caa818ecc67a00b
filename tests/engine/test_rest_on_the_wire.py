"""
REST calls over real connections: exact requests, deadlines, broken lines, and a close that does not wait.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from kucoin_sync import (
    AuthError,
    Broker,
    ClosedError,
    ConfigError,
    ConnectError,
    ConnectionLost,
    DeadlineExceeded,
    KucoinSyncError,
    NotSent,
    OutcomeUnknown,
    ReentrantCallError,
    Rejected,
    RequestError,
    RestError,
    TlsError,
    WebsocketClient,
)
from kucoin_sync.exchange_rest.calls import MAX_BODY
from tests.clients import CREDENTIALS, SPOT, Clients
from tests.peers import (
    Background,
    ConnectProxy,
    Line,
    Request,
    ScriptedPeer,
    background,
    blackhole_port,
    ca_path,
    client_context,
    refused_port,
    server_context,
)
from tests.sides import KUCOIN, Side

LIMIT = 0.25
YES = {"code": "200000", "data": "success"}
CANCEL = "/api/v1/hf/orders"


def serve(peer: ScriptedPeer, body: Any, status: int = 200, headers: Any = None) -> Request:
    """Answer one call and close its connection."""
    with peer.accept() as line:
        request = line.read_request()
        line.respond(status, headers=headers, body=body)
    return request


def reading(client: Any, timeout: float | None = None, side: Side = KUCOIN) -> Background[Any]:
    return background(side.read, client, timeout=timeout)


def cancelling(client: Any, timeout: float | None = None, side: Side = KUCOIN) -> Background[Any]:
    return background(side.cancel_all, client, timeout=timeout)


def signature(text: str) -> str:
    digest = hmac.digest(CREDENTIALS["api_secret"].encode(), text.encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def assert_hidden(error: BaseException) -> None:
    """No credential and no signature in what a program may print of an error."""
    assert error.__traceback__ is not None
    ours = error.__traceback__.tb_next  # without the test's own frame
    shown = "".join(traceback.TracebackException(type(error), error, ours, capture_locals=True).format())
    for text in (str(error), repr(error), repr(vars(error)), shown):
        for secret in (*CREDENTIALS.values(), signature(CREDENTIALS["api_passphrase"]), "KC-API"):
            assert secret not in text


# What is sent, and what comes back.


def test_a_signed_read_as_it_is_on_the_wire(peer: ScriptedPeer, clients: Clients) -> None:
    rest = clients.stream_client(peer).rest
    call = background(rest.request, "GET", "/api/v1/x", params={"b": "c d", "a": "ä"})
    data = b'{"code":"200000","data":[{"balance":1.10,"name":"\xc3\xa4"}]}'
    request = serve(peer, data)
    assert call.result() == [{"balance": Decimal("1.10"), "name": "ä"}]
    assert request.head.startswith(b"GET /api/v1/x?a=%C3%A4&b=c%20d HTTP/1.1\r\n")
    sent = dict(request.headers)
    stamp = sent["kc-api-timestamp"]
    assert sent == {
        "host": f"{'localhost' if 'https' in peer.http_url else '127.0.0.1'}:{peer.port}",
        "user-agent": "kucoin-sync/0.1.0",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
        "kc-api-key": "simulator-key",
        "kc-api-sign": signature(f"{stamp}GET/api/v1/x?a=ä&b=c d"),
        "kc-api-timestamp": stamp,
        "kc-api-passphrase": signature(CREDENTIALS["api_passphrase"]),
        "kc-api-key-version": "3",
    }
    assert abs(int(stamp) / 1000 - time.time()) < 5


def test_a_call_may_have_more_time_than_the_system_counts(peer: ScriptedPeer, clients: Clients) -> None:
    """Three years, where one wait for a socket can be 25 days long at most."""
    call = reading(clients.stream_client(peer), timeout=1e8)
    serve(peer, {"code": "200000", "data": []})
    assert call.result() == []


def test_X16_exactly_the_body_that_is_sent_is_signed(peer: ScriptedPeer, clients: Clients) -> None:
    call = background(clients.stream_client(peer).rest.request, "POST", "/api/v1/x", body={"ä": Decimal("0.10")})
    request = serve(peer, YES)
    assert call.result() == "success"
    assert request.body == '{"ä":"0.10"}'.encode()
    assert request.headers["content-type"] == "application/json"
    assert request.headers["content-length"] == str(len(request.body))
    stamp = request.headers["kc-api-timestamp"]
    assert request.headers["kc-api-sign"] == signature(f'{stamp}POST/api/v1/x{{"ä":"0.10"}}')


def test_options_of_the_account_show_in_its_calls(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """Region, key version, partner, and the user's own signatures."""
    client = clients.stream_client(
        plain_peer,
        api_region="au",
        api_key_version=1,
        broker=Broker("demoPartner", "partner-key", "desk"),
        custom_sign_message_fn=lambda message, secret: f"signed-{len(message)}-with-{len(secret)}",
    )
    call = reading(client)
    sent = serve(plain_peer, {"code": "200000", "data": []}).headers
    call.result()
    assert sent["x-site-type"] == "australia"
    assert (sent["kc-api-key-version"], sent["kc-api-passphrase"]) == ("1", CREDENTIALS["api_passphrase"])
    assert (
        sent["kc-api-sign"] == f"signed-{len('1760000000000GET/api/v1/accounts')}-with-{len(CREDENTIALS['api_secret'])}"
    )
    assert (sent["kc-api-partner"], sent["kc-api-partner-verify"]) == ("demoPartner", "true")
    assert sent["kc-api-partner-sign"] == f"signed-{len('1760000000000demoPartnersimulator-key')}-with-11"
    assert sent["kc-broker-name"] == "desk"
    call = background(client.rest.symbols)
    sent = serve(plain_peer, {"code": "200000", "data": []}).headers
    call.result()
    assert sent["x-site-type"] == "australia"
    assert not [name for name in sent if name.startswith("kc-")]


def test_futures_calls_go_to_the_futures_host_below_its_own_path(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """The signature begins at /api/, wherever the host's face begins."""
    hosts = {"spot_rest": "http://127.0.0.1:1", "futures_rest": f"{plain_peer.http_url}/futures"}
    call = background(clients.stream_client(plain_peer, hosts=hosts).rest.positions)
    request = serve(plain_peer, {"code": "200000", "data": []})
    call.result()
    assert request.path == "/futures/api/v1/positions"
    stamp = request.headers["kc-api-timestamp"]
    assert request.headers["kc-api-sign"] == signature(f"{stamp}GET/api/v1/positions")


def test_a_signature_that_cannot_be_made_ends_a_call_before_anything_is_sent(
    plain_peer: ScriptedPeer, clients: Clients
) -> None:
    def sign(message: str, secret: str) -> str:
        raise OSError(f"no {secret}")

    rest = clients.stream_client(plain_peer, custom_sign_message_fn=sign).rest
    with pytest.raises(AuthError, match="custom_sign_message_fn: raised OSError"):
        rest.accounts()
    with pytest.raises(NotSent) as caught:
        rest.cancel_all_spot_orders()
    assert isinstance(caught.value.cause, AuthError)
    assert not plain_peer.has_pending()


def test_calls_go_through_the_proxy(peer: ScriptedPeer, clients: Clients) -> None:
    with ConnectProxy(("user", "password")) as proxy:
        call = cancelling(clients.stream_client(peer, proxy=proxy.url))
        serve(peer, YES)
        assert call.result() == "success"
        assert len(proxy.targets) == 1


def test_S33_many_threads_get_their_own_answers(side: Side, plain_peer: ScriptedPeer, clients: Clients) -> None:
    rest = side.client(clients, plain_peer).rest
    calls = {n: background(rest.request, "GET", "/api/v1/x", params={"n": n}) for n in range(16)}
    for _ in calls:
        with plain_peer.accept() as line:
            number = line.read_request().query["n"]
            line.respond(200, body=side.answer([{"n": number}]))
    assert {n: call.result() for n, call in calls.items()} == {n: [{"n": str(n)}] for n in calls}


# Answers that must not do harm.


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_R08_X08_a_redirect_of_a_rest_call_is_not_followed(
    side: Side, status: int, peer: ScriptedPeer, clients: Clients
) -> None:
    """It would hand the signed headers to another host, and a change would be made twice."""
    with ScriptedPeer() as other:
        client = side.client(clients, peer)
        headers = {"Location": f"{other.http_url}/api/v1/accounts"}
        call = reading(client, side=side)
        serve(peer, b"", status, headers)
        with pytest.raises(RestError) as caught:
            call.result()
        assert (caught.value.status, caught.value.retryable) == (status, False)
        change = cancelling(client, side=side)
        serve(peer, b"", status, headers)
        with pytest.raises(OutcomeUnknown):
            change.result()
        assert not other.has_pending()


def test_R10_an_endless_rest_answer_is_cut(side: Side, plain_peer: ScriptedPeer, clients: Clients) -> None:
    call = reading(side.client(clients, plain_peer), timeout=9, side=side)
    with plain_peer.accept() as line:
        line.read_request()
        line.respond(200, headers={"Content-Length": str(10**9)}, body=b"x" * (MAX_BODY + 1))
        with pytest.raises(RestError, match="answer above the bound"):
            call.result()


def test_R10_endless_tiny_chunks_are_cut(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """Bytes on the wire are bounded too, not only those of the body."""
    call = reading(clients.stream_client(plain_peer), timeout=30)
    with plain_peer.accept() as line:
        line.read_request()
        line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        block = (b"1;" + b"x" * 1000 + b"\r\n1\r\n") * 1000
        pouring = background(_pour, line, block, 80)
        with pytest.raises(RestError, match="answer above the bound"):
            call.result(30)
    pouring.result(30)


def _pour(line: Line, block: bytes, times: int) -> None:
    for _ in range(times):
        try:
            line.send(block)
        except (OSError, AssertionError):
            return


def test_R10_an_answer_that_was_packed_unasked_is_not_unpacked(
    side: Side, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    call = reading(side.client(clients, plain_peer), side=side)
    serve(plain_peer, gzip.compress(b"0" * 10**7), headers={"Content-Encoding": "gzip"})
    with pytest.raises(RestError, match=r"not .*JSON"):
        call.result()


def test_a_large_answer_that_a_token_could_not_have_is_read(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """The list of all symbols is above one MiB."""
    symbols = [{"symbol": f"S{n}-USDT", "filler": "x" * 600} for n in range(3000)]
    call = background(clients.stream_client(plain_peer).rest.symbols)
    serve(plain_peer, {"code": "200000", "data": symbols})
    assert len(call.result()) == 3000


def test_R15_cookies_of_one_answer_are_in_no_later_call(side: Side, plain_peer: ScriptedPeer, clients: Clients) -> None:
    client = side.client(clients, plain_peer)
    call = reading(client, side=side)
    serve(plain_peer, side.answer([]), headers={"Set-Cookie": "a=b; Path=/"})
    call.result()
    call = reading(client, side=side)
    assert "cookie" not in serve(plain_peer, side.answer([])).headers
    call.result()


def test_R15_a_netrc_is_not_read(
    side: Side, plain_peer: ScriptedPeer, clients: Clients, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """requests would add its login to every call."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    netrc.chmod(0o600)
    environment.setenv("NETRC", str(netrc))
    with requests.Session() as session:
        for options in ({}, {"rest_session": session}):
            call = reading(side.client(clients, plain_peer, **options), side=side)
            assert "authorization" not in serve(plain_peer, side.answer([])).headers
            call.result()


# Time.


def drip(line: Line) -> tuple[threading.Event, Background[None]]:
    stop = threading.Event()

    def send() -> None:
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 10_000:
            if stop.wait(0.02):
                return
            try:
                line.send(bytes([byte]))
            except (OSError, AssertionError):
                return

    return stop, background(send)


@pytest.mark.parametrize(
    ("start", "kind"), [(reading, DeadlineExceeded), (cancelling, OutcomeUnknown)], ids=["read", "change"]
)
def test_T12_a_dripping_rest_answer_ends_at_the_calls_deadline(
    side: Side, start: Callable[..., Background[Any]], kind: type[KucoinSyncError], peer: ScriptedPeer, clients: Clients
) -> None:
    """requests alone would start its time anew with every byte."""
    started = time.monotonic()
    call = start(side.client(clients, peer), timeout=0.4, side=side)
    with peer.accept() as line:
        line.read_request()
        stop, dripping = drip(line)
        with pytest.raises(kind) as caught:
            call.result()
        assert 0.4 <= time.monotonic() - started < 0.4 + LIMIT
        if isinstance(caught.value, OutcomeUnknown):
            assert (caught.value.reason, caught.value.sent) == ("timeout", "complete")
        assert_hidden(caught.value)
        stop.set()
        dripping.result()


def test_T02_a_host_that_does_not_answer_costs_a_call_its_time_and_no_more(side: Side, clients: Clients) -> None:
    with blackhole_port() as port:
        hosts = side.hosts(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}")
        client = clients.enter_context(side.client_class(**CREDENTIALS, hosts=hosts))
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded, match=f"GET {side.read_path}.*tcp: "):
            side.read(client, timeout=0.3)
        with pytest.raises(NotSent):
            side.cancel_all(client, timeout=0.3)
        assert time.monotonic() - started < 0.6 + 2 * LIMIT


def test_T01_a_refused_connection_is_told_at_once(side: Side, clients: Clients) -> None:
    port = refused_port()
    hosts = side.hosts(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}")
    client = clients.enter_context(side.client_class(**CREDENTIALS, hosts=hosts))
    with pytest.raises(ConnectError) as caught:
        side.read(client)
    assert (caught.value.phase, caught.value.retryable) == ("tcp", True)
    with pytest.raises(NotSent) as refused:
        side.cancel_all(client)
    assert isinstance(refused.value.cause, ConnectError)
    assert refused.value.safe_to_retry


def test_O03_a_rest_call_without_time_left_sends_nothing(
    side: Side, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    client = side.client(clients, plain_peer)
    with pytest.raises(DeadlineExceeded):
        side.read(client, timeout=0)
    with pytest.raises(NotSent):
        side.cancel_all(client, timeout=0)
    while plain_peer.has_pending():
        with plain_peer.accept() as line:
            line.expect_eof()
            assert line.unread == b""


def test_T10_a_peer_that_stops_reading_leaves_a_change_partly_sent(side: Side, clients: Clients) -> None:
    """Of a body that did not leave whole nobody knows what the exchange made; and no more of it leaves later."""
    with ScriptedPeer(receive_buffer=4096) as peer:
        rest = side.client(clients, peer).rest
        body = {"filler": "x" * 20_000_000}
        call = background(rest.request, "POST", "/api/v1/x", body=body, timeout=2.0)
        with peer.accept() as line:
            line.stop_reading()
            with pytest.raises(OutcomeUnknown) as caught:
                call.result()
            error = caught.value
            assert (error.reason, error.sent) == ("timeout", "partial")
            assert 0 < error.bytes_sent < 20_000_000
            assert line.expect_eof() == "rst"


# Lines that break.


@pytest.mark.parametrize("end", [Line.fin, Line.rst], ids=["fin", "rst"])
def test_R16_a_read_whose_line_breaks_is_made_again(
    side: Side, end: Callable[[Line], None], peer: ScriptedPeer, clients: Clients
) -> None:
    call = reading(side.client(clients, peer), side=side)
    with peer.accept() as line:
        line.read_request()
        end(line)
        serve(peer, side.answer([{"currency": "USDT"}]))
        assert call.result() == [{"currency": "USDT"}]


def test_R16_a_read_whose_answer_was_cut_is_made_again(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """http.client takes a body that ends too soon for a whole one."""
    call = reading(side.client(clients, peer), side=side)
    with peer.accept() as line:
        line.read_request()
        line.respond(200, headers={"Content-Length": "40"}, body=b'{"code":"200000","data":[]}')
        line.fin()
        serve(peer, side.answer([{}]))
        assert call.result() == [{}]


def test_R16_two_broken_lines_are_enough(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    call = reading(side.client(clients, peer), side=side)
    for _ in range(2):
        line = peer.accept()
        line.read_request()
        line.rst()
    with pytest.raises(ConnectionLost) as caught:
        call.result()
    assert_hidden(caught.value)


@pytest.mark.parametrize("end", [Line.fin, Line.rst], ids=["fin", "rst"])
def test_R16_a_change_whose_line_breaks_is_unknown_and_not_made_again(
    side: Side, end: Callable[[Line], None], peer: ScriptedPeer, clients: Clients
) -> None:
    call = cancelling(side.client(clients, peer), side=side)
    with peer.accept() as line:
        request = line.read_request()
        assert (request.method, request.path) == side.cancel_path
        end(line)
        with pytest.raises(OutcomeUnknown) as caught:
            call.result()
        error = caught.value
        assert (error.reason, error.sent, error.symbol) == ("disconnected", "complete", side.cancelled_symbol)
        assert_hidden(error)
        assert not peer.has_pending()


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\0" * 100 + b"\r\n"])
def test_R05_what_is_no_http_settles_nothing(
    side: Side, answer: bytes, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    client = side.client(clients, plain_peer)
    for start, kind in ((reading, RestError), (cancelling, OutcomeUnknown)):
        call = start(client, side=side)
        with plain_peer.accept() as line:
            line.read_request()
            line.send(answer)
            with pytest.raises(kind):
                call.result()


def test_a_send_that_fails_does_not_look_like_a_closed_client(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """A request far above what buffers hold is still being written when the line is reset."""
    with requests.Session() as session:
        session.headers["X-Large"] = "x" * 20_000_000
        client = clients.stream_client(plain_peer, rest_session=session)
        call = reading(client, timeout=9)
        for _ in range(2):  # a read is tried twice
            with plain_peer.accept() as line:
                line.rst()
        with pytest.raises(ConnectionLost):
            call.result()
        session.headers.clear()
        again = reading(client, timeout=9)
        serve(plain_peer, {"code": "200000", "data": []})
        assert again.result() == []


# The end of the client.


def test_S24_close_ends_a_read_that_waits_at_once(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    client = side.client(clients, peer)
    call = reading(client, timeout=9, side=side)
    with peer.accept() as line:
        line.read_request()
        started = time.monotonic()
        client.close(timeout=5)
        with pytest.raises(ClosedError, match=f"GET {side.read_path}.*: the client was closed"):
            call.result()
        assert time.monotonic() - started < 0.5


def test_S24_close_ends_a_change_that_waits_as_unknown(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    client = side.client(clients, peer)
    call = cancelling(client, timeout=9, side=side)
    with peer.accept() as line:
        line.read_request()
        started = time.monotonic()
        client.close(timeout=5)
        with pytest.raises(OutcomeUnknown) as caught:
            call.result()
        assert time.monotonic() - started < 0.5
        assert caught.value.reason == "closed"
        assert isinstance(caught.value.cause, ClosedError)
        assert line.expect_eof() == "rst"


def test_S24_close_ends_a_change_before_its_first_byte_as_not_sent(side: Side, clients: Clients) -> None:
    with ScriptedPeer(tls=server_context()) as peer:
        client = side.client(clients, peer)
        call = cancelling(client, timeout=9, side=side)
        with peer.accept(handshake=False):
            client.close(timeout=5)
            with pytest.raises(NotSent) as caught:
                call.result()
            assert isinstance(caught.value.cause, ClosedError)


def test_S27_calls_of_a_closed_client(side: Side, plain_peer: ScriptedPeer, clients: Clients) -> None:
    client = side.client(clients, plain_peer)
    client.close()
    with pytest.raises(ClosedError):
        side.ask(client)
    with pytest.raises(NotSent) as caught:
        side.cancel_all(client)
    assert isinstance(caught.value.cause, ClosedError)
    assert not plain_peer.has_pending()


# Threads.


def test_S17_a_rest_call_inside_a_listener_works(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    client = side.client(clients, peer)
    called: Future[Any] = Future()
    client.on("open", lambda _: called.set_result(side.read(client)))
    call = background(client.connect, side.stream_key)
    side.stream_handshake(peer)
    serve(peer, side.answer([]))
    assert called.result(5) == []
    call.result()


def test_S17_a_rest_call_inside_an_inline_listener_is_refused_at_once(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """The reading thread would keep its line waiting."""
    client = side.client(clients, peer, inline_listeners=True)
    outcomes: list[Future[Any]] = [Future(), Future()]

    def calls(_: Any) -> None:
        for outcome, method in zip(outcomes, (side.read, side.cancel_all), strict=True):
            try:
                outcome.set_result(method(client))
            except Exception as error:  # handed to the test
                outcome.set_exception(error)

    client.on("open", calls)
    call = background(client.connect, side.stream_key)
    line = side.stream_handshake(peer)
    for outcome in outcomes:
        with pytest.raises(ReentrantCallError):
            outcome.result(5)
    call.result()
    assert not peer.has_pending()
    line.close()


class Alarm(Exception):
    """What a user's signal handler raises."""


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals for single threads here")
@pytest.mark.parametrize("kind", [KeyboardInterrupt, Alarm])
def test_O18_an_interrupt_of_a_change_passes_and_carries_what_is_known(
    side: Side, kind: type[BaseException], peer: ScriptedPeer, clients: Clients
) -> None:
    """The tests run on the main thread, which is where signals arrive."""
    client = side.client(clients, peer)

    def interrupt() -> Line:
        line = peer.accept()
        line.read_request()
        os.kill(os.getpid(), signal.SIGUSR1)
        return line

    def handler(*_: Any) -> None:
        raise kind

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        interrupting = background(interrupt)
        with pytest.raises(kind) as caught:
            side.cancel_all(client, timeout=9)
    finally:
        signal.signal(signal.SIGUSR1, before)
    line = interrupting.result()
    known = caught.value.kucoin_sync  # type: ignore[attr-defined]
    assert isinstance(known, OutcomeUnknown)
    assert (known.reason, known.symbol) == ("interrupted", side.cancelled_symbol)
    assert known.sent != "no"  # the peer has all of it, but the send may just have been about to return
    assert line.expect_eof() == "rst"
    call = cancelling(client, side=side)
    serve(peer, side.answer(side.cancelled))
    assert call.result() == side.cancelled


# Clocks.


def test_R13_a_read_refused_for_its_timestamp_is_made_again_with_the_exchanges_time(
    peer: ScriptedPeer, clients: Clients
) -> None:
    """One question for the time, one repetition; later calls are right from the start."""
    ahead = 3_600_000
    with ScriptedPeer() as second:
        client = clients.stream_client(peer, hosts={"spot_rest": second.http_url, "futures_rest": second.http_url})
        call = reading(client)
        refused = serve(second, {"code": "400002", "msg": "KC-API-TIMESTAMP invalid"})
        asked = serve(second, {"code": "200000", "data": int(time.time() * 1000) + ahead})
        again = serve(second, {"code": "200000", "data": []})
        assert call.result() == []
        assert (asked.path, "kc-api-key" in asked.headers) == ("/api/v1/timestamp", False)
        moved = int(again.headers["kc-api-timestamp"]) - int(refused.headers["kc-api-timestamp"])
        assert ahead - 1000 < moved < ahead + 5000
        call = background(client.rest.positions)
        later = serve(second, {"code": "200000", "data": []})
        call.result()
        assert int(later.headers["kc-api-timestamp"]) - time.time() * 1000 > ahead - 5000


def test_R13_a_second_refusal_names_the_difference(clients: Clients) -> None:
    with ScriptedPeer() as peer:
        call = reading(clients.stream_client(peer))
        no = {"code": "400002", "msg": "KC-API-TIMESTAMP invalid"}
        serve(peer, no)
        serve(peer, {"code": "200000", "data": int(time.time() * 1000) + 60_000})
        serve(peer, no)
        with pytest.raises(AuthError, match=r"this machine's clock is -(59|60)\d\d\d ms off the exchange's") as caught:
            call.result()
        assert caught.value.code == "400002"
        assert not peer.has_pending()


def test_a_measured_clock_signs_the_calls_that_follow(clients: Clients) -> None:
    with ScriptedPeer() as peer:
        client = clients.stream_client(peer)
        call = background(client.rest.clock_offset_ms, samples=3)
        for _ in range(3):
            serve(peer, {"code": "200000", "data": int(time.time() * 1000) + 3_600_000})
        assert 3_590_000 < call.result() < 3_610_000
        call = reading(client)
        sent = serve(peer, {"code": "200000", "data": []})
        call.result()
        assert 3_590_000 < int(sent.headers["kc-api-timestamp"]) - time.time() * 1000 < 3_610_000


# A session of the user's.


def test_a_session_lends_its_headers_and_nothing_that_is_the_accounts(
    plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """Cookies, logins and what belongs to the connection are not taken; the session is only read."""
    with requests.Session() as session:
        session.headers.update({"X-Desk": "7", "User-Agent": "mine/1", "accept-encoding": "gzip", "Cookie": "a=b"})
        session.headers.update({"Authorization": "Bearer x", "Host": "elsewhere", "KC-API-KEY": "another"})
        session.cookies.set("c", "d")
        session.auth = ("user", "password")
        before = dict(session.headers), dict(session.cookies), dict(session.adapters)
        client = clients.stream_client(plain_peer, rest_session=session)
        call = reading(client)
        sent = serve(plain_peer, {"code": "200000", "data": []}, headers={"Set-Cookie": "e=f"}).headers
        call.result()
        assert (sent["x-desk"], sent["user-agent"]) == ("7", "mine/1")
        assert (sent["accept-encoding"], sent["kc-api-key"]) == ("identity", "simulator-key")
        assert sent["host"] == f"127.0.0.1:{plain_peer.port}"
        assert not {"cookie", "authorization"} & set(sent)
        assert (dict(session.headers), dict(session.cookies), dict(session.adapters)) == before
        session.headers["X-Desk"] = "8"
        call = reading(client)
        assert serve(plain_peer, {"code": "200000", "data": []}).headers["x-desk"] == "8"
        call.result()


def test_a_session_without_headers_of_its_own_changes_none(plain_peer: ScriptedPeer, clients: Clients) -> None:
    with requests.Session() as session:
        call = reading(clients.stream_client(plain_peer, rest_session=session))
        sent = serve(plain_peer, {"code": "200000", "data": []}).headers
        call.result()
        assert (sent["user-agent"], sent["accept"]) == ("kucoin-sync/0.1.0", "*/*")


def test_a_sessions_proxies_and_certificates_are_for_rest_calls_alone(clients: Clients) -> None:
    with ConnectProxy() as proxy, ScriptedPeer(tls=server_context()) as peer, requests.Session() as session:
        session.verify = ca_path()
        session.proxies = {"https": proxy.url}
        client = clients.enter_context(
            WebsocketClient(
                **CREDENTIALS, hosts={"spot_rest": peer.http_url}, rest_session=session, max_reconnect_attempts=1
            )
        )
        call = reading(client)
        serve(peer, {"code": "200000", "data": []})
        call.result()
        assert proxy.targets == [f"localhost:{peer.port}"]
        opening = background(client.connect, SPOT)
        serve(
            peer,
            {"code": "200000", "data": {"token": "t", "instanceServers": [{"endpoint": peer.url, "pingInterval": 1}]}},
        )
        peer.expect_failed_handshake()  # the WebSocket trusts the system's certificates
        with pytest.raises(TlsError):
            opening.result()
        assert len(proxy.targets) == 2  # the token call is a REST call


def test_the_option_proxy_goes_before_a_sessions(plain_peer: ScriptedPeer, clients: Clients) -> None:
    with ConnectProxy() as first, ConnectProxy() as second, requests.Session() as session:
        session.proxies = {"http": second.url}
        call = reading(clients.stream_client(plain_peer, rest_session=session, proxy=first.url))
        serve(plain_peer, {"code": "200000", "data": []})
        call.result()
        assert (len(first.targets), len(second.targets)) == (1, 0)


def test_a_sessions_no_proxy_is_kept(plain_peer: ScriptedPeer, clients: Clients) -> None:
    with ConnectProxy() as proxy, requests.Session() as session:
        session.proxies = {"http": proxy.url, "no_proxy": "127.0.0.1"}
        call = reading(clients.stream_client(plain_peer, rest_session=session))
        serve(plain_peer, {"code": "200000", "data": []})
        call.result()
        assert proxy.targets == []


# Nothing leaks.


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"code": "400100", "msg": "no"}),
        (200, {"code": "400005", "msg": "Invalid KC-API-SIGN".replace("KC-API-SIGN", "signature")}),
        (500, b"oops"),
        (200, b"<html>"),
    ],
)
def test_X01_no_error_of_a_rest_call_shows_a_credential(
    answer: tuple[int, Any], plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """Not even in the local variables of the frames it came through."""
    rest = clients.stream_client(plain_peer).rest
    for method in ("GET", "POST"):
        call = background(rest.request, method, "/api/v1/x")
        serve(plain_peer, answer[1], answer[0])
        with pytest.raises((RestError, AuthError, RequestError)) as caught:
            call.result()
        assert_hidden(caught.value)


def test_X01_nor_does_one_of_its_connection(clients: Clients) -> None:
    hosts = {"spot_rest": f"http://127.0.0.1:{refused_port()}"}
    rest = clients.enter_context(WebsocketClient(**CREDENTIALS, hosts=hosts)).rest
    for call in (rest.accounts, rest.cancel_all_spot_orders):
        with pytest.raises((ConnectError, NotSent)) as caught:
            call()
        assert_hidden(caught.value)


def test_R14_the_wrong_kind_of_host_is_refused(clients: Clients) -> None:
    client = clients.enter_context(WebsocketClient(**CREDENTIALS, ssl_context=client_context()))
    with pytest.raises(ConfigError, match="the simulator's credentials do not go to"):
        client.rest.accounts()
    with pytest.raises(ConfigError, match="the simulator's credentials do not go to"):
        client.cancel_all_orders(market="all")


def test_a_refused_cancel_keeps_the_exchanges_words(plain_peer: ScriptedPeer, clients: Clients) -> None:
    call = background(clients.api(plain_peer).cancel_all_orders, "BTC-USDT")
    serve(plain_peer, json.dumps({"code": "400100", "msg": "no such symbol"}).encode())
    with pytest.raises(Rejected, match="400100 no such symbol"):
        call.result()
