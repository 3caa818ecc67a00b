"""
Opening a line: every way it can fail ends in the class that says what happened, within its deadline.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from kucoin_sync import AuthError, ConnectError, NotSent, TlsError, TokenError
from tests.clients import CREDENTIALS, ORDERS, SPOT, Clients
from tests.peers import (
    BAD_SERVER_CONTEXTS,
    Background,
    Line,
    ScriptedPeer,
    background,
    blackhole_port,
    refused_port,
    serve_token,
    server_context,
    welcome,
    ws_api_handshake,
)
from tests.sides import Side

LIMIT = 0.25
"""What a call may last beyond its deadline, seconds."""


def pointed_at(side: Side, clients: Clients, port: int, **options: Any) -> Any:
    """A client whose orders go to a port where nothing of ours need be."""
    hosts = side.hosts(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}")
    return clients.enter_context(side.api_class(**CREDENTIALS, hosts=hosts, close_timeout=1.0, **options))


def opening(client: Any, key: str, timeout: float | None = None) -> Background[None]:
    return background(client.connect, key, timeout=timeout)


def drip(line: Line) -> tuple[threading.Event, Background[None]]:
    """Send a byte now and then until the event is set or the client has gone."""
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(0.02):
            try:
                line.send(b"H")
            except (OSError, AssertionError):
                return

    return stop, background(send)


def test_T01_connection_refused_is_a_retryable_tcp_error(side: Side, clients: Clients) -> None:
    """The first explicit call says so at once; the rest is left to the background."""
    api = pointed_at(side, clients, refused_port())
    with pytest.raises(ConnectError) as caught:
        side.connect(api)
    assert (caught.value.phase, caught.value.retryable) == ("tcp", True)


def test_T01_an_order_waits_for_a_line_until_its_deadline_and_was_not_sent(side: Side, clients: Clients) -> None:
    """Refused openings are tried again inside the call's time."""
    api = pointed_at(side, clients, refused_port(), reconnect_timeout=0.01)
    started = time.monotonic()
    with pytest.raises(NotSent) as caught:
        side.place(api, timeout=0.3)
    assert 0.3 <= time.monotonic() - started < 0.3 + LIMIT
    assert isinstance(caught.value.cause, ConnectError)
    assert caught.value.safe_to_retry


def test_T02_a_host_that_does_not_answer_is_given_up_at_open_timeout(side: Side, clients: Clients) -> None:
    """The library below has no time-out of its own here."""
    with blackhole_port() as port:
        api = pointed_at(side, clients, port, open_timeout=0.3)
        started = time.monotonic()
        with pytest.raises(ConnectError) as caught:
            api.get_ws_client().connect(side.ws_key, timeout=5)
        assert time.monotonic() - started < 0.3 + LIMIT
        assert caught.value.phase == "tcp"


def test_T04_an_unknown_host_is_a_dns_error(side: Side, clients: Clients) -> None:
    """The resolver runs beside us, so a hanging one could not hold the deadline up either."""
    hosts = side.stream_hosts("https://no-such-host.invalid")
    client = clients.enter_context(side.client_class(hosts=hosts, open_timeout=5.0))
    with pytest.raises(ConnectError) as caught:
        client.connect(side.stream_key)
    assert caught.value.phase == "dns"


def test_T05_reset_during_the_upgrade(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """A reset after the request is an upgrade that failed, and worth another try."""
    call = opening(side.api(clients, peer).get_ws_client(), side.ws_key)
    line = peer.accept()
    line.read_request()
    line.rst()
    with pytest.raises(ConnectError) as caught:
        call.result()
    assert (caught.value.phase, caught.value.retryable) == ("upgrade", True)


def test_T12_a_dripping_upgrade_response_ends_at_open_timeout(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """A byte now and then must not start the time anew."""
    api = side.api(clients, peer, open_timeout=0.4, max_reconnect_attempts=1)
    started = time.monotonic()
    call = opening(api.get_ws_client(), side.ws_key, timeout=5)
    line = peer.accept()
    line.read_request()
    stop, dripping = drip(line)
    with pytest.raises(ConnectError) as caught:
        call.result()
    assert time.monotonic() - started < 0.4 + LIMIT
    assert caught.value.phase == "upgrade"
    stop.set()
    dripping.result()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP status 200: hello", id="200"),
        pytest.param(b"HTTP/1.0 101 X\r\n\r\n", "not an HTTP/1.1 response", id="http-1.0"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", "not an HTTP/1.1 response", id="no-status-line"),
        pytest.param(b"HTTP/1.1 101 X\r\nno colon here\r\n\r\n", "header without a colon", id="no-colon"),
        pytest.param(b"HTTP/1.1 101 X\r\n" + b"A: b\r\n" * 200 + b"\r\n", "above the bound", id="many-lines"),
        pytest.param(b"HTTP/1.1 101 X\r\nA: " + b"b" * 70_000, "above the bound", id="giant-header"),
        pytest.param(b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n", "upgrade failed", id="no-accept-key"),
        pytest.param(b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n\r\n", "HTTP status 503", id="503"),
    ],
)
def test_T14_T16_a_bad_upgrade_answer(
    side: Side, answer: bytes, words: str, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """Whatever comes instead of a WebSocket is told in a bounded sample."""
    call = opening(side.api(clients, plain_peer, max_reconnect_attempts=1).get_ws_client(), side.ws_key)
    line = plain_peer.accept()
    line.read_request()
    line.send(answer)
    with pytest.raises(ConnectError) as caught:
        call.result()
    assert caught.value.phase == "upgrade"
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400
    assert caught.value.retry_after == (7.0 if b"Retry-After" in answer else None)


@pytest.mark.parametrize("status", [401, 403])
def test_T15_a_refused_upgrade_is_an_auth_error_and_releases_callers_at_once(
    side: Side, status: int, peer: ScriptedPeer, clients: Clients
) -> None:
    """Trying again with the same key cannot help, so nobody waits for his deadline."""
    call = side.order(side.api(clients, peer), timeout=9)
    line = peer.accept()
    line.read_request()
    started = time.monotonic()
    line.respond(status, body=b"no")
    with pytest.raises(NotSent) as caught:
        call.result()
    assert time.monotonic() - started < 2
    assert isinstance(caught.value.cause, AuthError)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_T17_X08_a_redirect_of_the_upgrade_is_refused(
    side: Side, status: int, peer: ScriptedPeer, clients: Clients
) -> None:
    """Following it would carry the signed URL to another host."""
    with ScriptedPeer() as other:
        call = opening(side.api(clients, peer).get_ws_client(), side.ws_key)
        line = peer.accept()
        line.read_request()
        line.respond(status, headers={"Location": f"{other.url}/elsewhere"}, body=b"")
        with pytest.raises(ConnectError) as caught:
            call.result()
        assert (caught.value.retryable, caught.value.status) == (False, status)
        assert not other.has_pending()


@pytest.mark.parametrize("name", sorted(BAD_SERVER_CONTEXTS))
def test_T19_a_certificate_that_is_not_acceptable(side: Side, name: str, clients: Clients) -> None:
    """There is no fall-back to less."""
    with ScriptedPeer(tls=BAD_SERVER_CONTEXTS[name]()) as peer:
        call = opening(side.api(clients, peer).get_ws_client(), side.ws_key)
        peer.expect_failed_handshake()
        with pytest.raises(TlsError) as caught:
            call.result()
        assert not caught.value.retryable


def test_T19_a_silent_tls_handshake_ends_at_open_timeout(side: Side, clients: Clients) -> None:
    """A peer that accepts and says nothing."""
    with ScriptedPeer(tls=server_context()) as peer:
        call = opening(side.api(clients, peer, open_timeout=0.3).get_ws_client(), side.ws_key, timeout=5)
        line = peer.accept(handshake=False)
        with pytest.raises(ConnectError) as caught:
            call.result()
        assert caught.value.phase == "tls"
        line.close()


def test_T20_a_plain_endpoint_on_another_host_is_refused(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """A token answer must not lead a client out of TLS."""
    call = opening(clients.stream_client(plain_peer), SPOT)
    serve_token(plain_peer, endpoint="ws://192.0.2.1/")
    with pytest.raises(ConnectError) as caught:
        call.result()
    assert not caught.value.retryable


def test_T25_a_close_before_the_greeting_is_over(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """Before the challenge, or the answer to the login."""
    call = opening(side.client(clients, peer), side.ws_key)
    line = peer.accept()
    line.upgrade()
    line.send_close(1001, "going away")
    with pytest.raises(ConnectError) as caught:
        call.result()
    assert (caught.value.phase, caught.value.retryable) == ("auth", True)


def test_T26_a_greeting_that_never_comes_costs_one_opening(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """The order that waits leaves over the next line."""
    call = side.order(side.api(clients, peer, open_timeout=0.3), timeout=8)
    silent = peer.accept()
    silent.upgrade()
    line = side.handshake(peer)
    line.send_json(side.success(line.read_json()))
    assert call.result().order_id == "order1"


def test_T25_a_close_before_the_welcome(peer: ScriptedPeer, clients: Clients) -> None:
    """The line was open for an instant, but never ready."""
    call = opening(clients.stream_client(peer), SPOT)
    serve_token(peer, endpoint=peer.url)
    line = peer.accept()
    line.upgrade()
    line.send_close(1001, "going away")
    with pytest.raises(ConnectError) as caught:
        call.result()
    assert caught.value.phase == "welcome"


def test_T26_a_missing_welcome_costs_one_opening(peer: ScriptedPeer, clients: Clients) -> None:
    """The next attempt is a whole new one: token, upgrade, welcome."""
    client = clients.stream_client(peer, open_timeout=0.3)
    call = background(client.subscribe, "/market/ticker:BTC-USDT", SPOT, timeout=8)
    serve_token(peer, endpoint=peer.url)
    silent = peer.accept()
    silent.upgrade()
    serve_token(peer, endpoint=peer.url)
    line = peer.accept()
    query = line.upgrade().query
    line.send_json({"id": query["connectId"], "type": "welcome"})
    command = line.expect_json(type="subscribe")
    line.send_json({"id": command["id"], "type": "ack"})
    assert call.result().state == {"/market/ticker:BTC-USDT": "active"}


def test_T27_data_before_the_welcome_is_delivered_after_open(peer: ScriptedPeer, clients: Clients) -> None:
    """Nothing is sent before the welcome, and nothing that came early is lost."""
    client = clients.stream_client(peer)
    seen: list[str] = []
    both = threading.Event()
    client.on("open", lambda _: seen.append("open"))
    client.on("update", lambda update: (seen.append(update.topic), both.set()))
    call = opening(client, SPOT)
    serve_token(peer, endpoint=peer.url)
    line = peer.accept()
    line.upgrade()
    line.send_json({"type": "message", "topic": "/a:1", "subject": "s", "data": {}})
    line.send_json({"id": "x", "type": "welcome"})
    call.result()
    assert both.wait(5)
    assert seen == ["open", "/a:1"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param((200, b"<html>maintenance</html>"), TokenError, id="html"),
        pytest.param((200, b""), TokenError, id="empty"),
        pytest.param((200, b'{"code":"200000","data":{'), TokenError, id="truncated"),
        pytest.param((200, b'{"code":"429000","msg":"slow down"}'), TokenError, id="limited"),
        pytest.param((200, b'{"code":"400003","msg":"KC-API-KEY not exists."}'), AuthError, id="key"),
        pytest.param((401, b"nope"), AuthError, id="401"),
    ],
)
def test_R05_a_token_answer_that_is_no_token(
    answer: tuple[int, bytes], kind: type[ConnectError], peer: ScriptedPeer, clients: Clients
) -> None:
    """The class says whether the key or the moment is wrong."""
    call = opening(clients.stream_client(peer), SPOT)
    with peer.accept() as line:
        line.read_request()
        line.respond(answer[0], body=answer[1])
    with pytest.raises(kind) as caught:
        call.result()
    assert caught.value.phase == "token"
    assert len(str(caught.value)) < 400


def test_R04_a_dead_server_of_a_token_is_passed_over(peer: ScriptedPeer, clients: Clients) -> None:
    """Inside the same opening and its deadline; the failure is reported, and no second token is asked for."""
    client = clients.stream_client(peer)
    reported: list[object] = []
    client.on("exception", reported.append)
    call = opening(client, SPOT)
    scheme = peer.url.partition(":")[0]
    serve_token(peer, endpoint=peer.url, before=[f"{scheme}://127.0.0.1:{refused_port()}"])
    line = peer.accept()
    welcome(line, line.upgrade().query["connectId"])
    call.result()
    client.close()
    assert [type(event.error) for event in reported] == [ConnectError]  # type: ignore[attr-defined]


def test_R04_a_silent_server_takes_its_share_of_the_time_and_no_more(
    plain_peer: ScriptedPeer, clients: Clients
) -> None:
    client = clients.stream_client(plain_peer, open_timeout=2.0)
    began = time.monotonic()
    call = opening(client, SPOT)
    with blackhole_port() as port:
        serve_token(plain_peer, endpoint=plain_peer.url, before=[f"ws://127.0.0.1:{port}"])
        line = plain_peer.accept()
        welcome(line, line.upgrade().query["connectId"])
        call.result()
    assert time.monotonic() - began < 2.0


def test_R08_X08_a_redirect_of_the_token_call_is_not_followed(peer: ScriptedPeer, clients: Clients) -> None:
    """It would hand the signed headers to another host."""
    with ScriptedPeer() as other:
        call = opening(clients.stream_client(peer), SPOT)
        with peer.accept() as line:
            line.read_request()
            line.respond(307, headers={"Location": f"{other.http_url}/token"}, body=b"")
        with pytest.raises(TokenError):
            call.result()
        assert not other.has_pending()


def test_R10_an_endless_token_answer_is_cut(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """1 MiB is read, whatever was promised."""
    call = opening(clients.stream_client(plain_peer, max_reconnect_attempts=1), SPOT)
    with plain_peer.accept() as line:
        line.read_request()
        line.respond(200, headers={"Content-Length": "3000000"}, body=b"x" * (1024 * 1024 + 1))
        with pytest.raises(TokenError, match="above the bound"):
            call.result()


def test_T12_a_dripping_token_answer_ends_at_open_timeout(peer: ScriptedPeer, clients: Clients) -> None:
    """requests alone would start its time-out anew with every byte."""
    call = opening(clients.stream_client(peer, open_timeout=0.4, max_reconnect_attempts=1), SPOT, timeout=5)
    line = peer.accept()
    line.read_request()
    started = time.monotonic()
    stop, dripping = drip(line)
    with pytest.raises(TokenError):
        call.result()
    assert time.monotonic() - started < 0.4 + LIMIT
    stop.set()
    dripping.result()


def _token_phase(peer: ScriptedPeer) -> Line:
    line = peer.accept()
    line.read_request()
    return line


def _token_upgrade_phase(peer: ScriptedPeer) -> Line:
    serve_token(peer, endpoint=peer.url)
    return _upgrade_phase(peer)


def _welcome_phase(peer: ScriptedPeer) -> Line:
    serve_token(peer, endpoint=peer.url)
    return _greeting_phase(peer)


def _tls_phase(peer: ScriptedPeer) -> Line:
    return peer.accept(handshake=False)


def _upgrade_phase(peer: ScriptedPeer) -> Line:
    line = peer.accept()
    line.read_request()
    return line


def _greeting_phase(peer: ScriptedPeer) -> Line:
    line = peer.accept()
    line.upgrade()
    return line


def close_while_opening(client: Any, key: str, peer: ScriptedPeer, reach: Callable[[ScriptedPeer], Line]) -> None:
    """The opening thread is woken, and the waiting call is told that the client is closed."""
    call = opening(client, key)
    line = reach(peer)
    started = time.monotonic()
    client.close(timeout=5)
    assert time.monotonic() - started < 0.5
    with pytest.raises(RuntimeError, match="closed"):
        call.result()
    line.close()


@pytest.mark.parametrize("reach", [_token_phase, _tls_phase, _token_upgrade_phase, _welcome_phase])
def test_S24_close_during_opening_ends_it_at_once(reach: Callable[[ScriptedPeer], Line], clients: Clients) -> None:
    """In every phase of a stream with a token."""
    with ScriptedPeer(tls=server_context()) as peer:
        close_while_opening(clients.stream_client(peer), SPOT, peer, reach)


@pytest.mark.parametrize("reach", [_tls_phase, _upgrade_phase, _greeting_phase])
def test_S24_close_during_the_opening_of_an_order_line_ends_it_at_once(
    side: Side, reach: Callable[[ScriptedPeer], Line], clients: Clients
) -> None:
    """The last phase is that of a challenge that never comes, or of a login that is not answered."""
    with ScriptedPeer(tls=server_context()) as peer:
        close_while_opening(side.client(clients, peer), side.ws_key, peer, reach)


def test_P16_a_refused_login_is_an_auth_error(peer: ScriptedPeer, clients: Clients) -> None:
    """The refusal has neither id nor operation; while the line opens it can only mean the login."""
    call = opening(clients.api(peer).get_ws_client(), ORDERS)
    line = ws_api_handshake(peer, welcome=False)
    line.send_json({"code": "400003", "msg": "KC-API-KEY not exists.", "inTime": 1, "outTime": 2})
    with pytest.raises(AuthError) as caught:
        call.result()
    assert caught.value.code == "400003"


def test_X02_no_error_of_an_opening_shows_the_signed_url(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """The URL of the order line holds signature and passphrase."""
    call = opening(clients.api(plain_peer, max_reconnect_attempts=1).get_ws_client(), ORDERS)
    line = plain_peer.accept()
    request = line.read_request()
    line.respond(500, body=b"x")
    with pytest.raises(ConnectError) as caught:
        call.result()
    ours = caught.tb.tb_next
    frames = "".join(traceback.TracebackException(ConnectError, caught.value, ours, capture_locals=True).format())
    shown = repr(caught.value) + str(caught.value) + repr(caught.value.__dict__) + frames
    for name in ("sign", "passphrase", "apikey"):
        assert request.query[name] not in shown
