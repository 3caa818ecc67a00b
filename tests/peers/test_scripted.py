"""The scripted server against the client of another WebSocket implementation, and against raw sockets."""

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import struct
import threading

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.peers import (
    BAD_SERVER_CONTEXTS,
    Line,
    Opcode,
    ScriptedPeer,
    background,
    blackhole_port,
    ca_path,
    client_context,
    for_two_threads,
    frame,
    refused_port,
    serve_token,
    server_context,
    v1_handshake,
    ws_api_handshake,
)

LIMIT = 10.0


@pytest.fixture(autouse=True)
def no_http_proxy(monkeypatch):
    """The clients must not look for a proxy in the environment."""
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture(params=["plain", "tls"])
def peer(request):
    with ScriptedPeer(server_context() if request.param == "tls" else None) as peer:
        yield peer


@pytest.fixture
def plain_peer():
    with ScriptedPeer() as peer:
        yield peer


def open_client(peer: ScriptedPeer, path: str = "/") -> ClientConnection:
    context = for_two_threads(client_context()) if peer.url.startswith("wss:") else None
    # Entered at once: newer versions of the library want a context manager, and the callers close it.
    return connect(peer.url + path, ssl=context, close_timeout=LIMIT).__enter__()


@contextlib.contextmanager
def opened(peer: ScriptedPeer, extra: bytes = b""):
    """Yield both ends of an open WebSocket."""
    opening = background(open_client, peer)
    line = peer.accept()
    line.upgrade(extra=extra)
    client = opening.result()
    try:
        yield line, client
    finally:
        line.close()
        client.close()


def raw_client(peer: ScriptedPeer) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", peer.port), timeout=LIMIT)
    # Else a small write may wait for an acknowledgement, and a reset throws it away.
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


@contextlib.contextmanager
def raw_pair(peer: ScriptedPeer):
    """Yield the line and the plain socket of its client."""
    with raw_client(peer) as client:
        yield peer.accept(), client


def abort(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


# Frames


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, b"\x81\x02hi"),
        ({"fin": False}, b"\x01\x02hi"),
        ({"rsv": 4}, b"\xc1\x02hi"),
        ({"length_form": 16}, b"\x81\x7e\x00\x02hi"),
        ({"length_form": 64}, b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x02hi"),
        ({"length": 5}, b"\x81\x05hi"),
        ({"length": 1 << 63}, b"\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00hi"),
        ({"mask": b"\x01\x02\x03\x04"}, b"\x81\x82\x01\x02\x03\x04ik"),
    ],
    ids=lambda value: next(iter(value), "right") if isinstance(value, dict) else "",
)
def test_frame_spells_what_is_asked_for(options, expected):
    assert frame(Opcode.TEXT, "hi", **options) == expected


@pytest.mark.parametrize(("size", "head"), [(125, 2), (126, 4), (65535, 4), (65536, 10)])
def test_frame_takes_the_shortest_length(size, head):
    assert len(frame(Opcode.BINARY, bytes(size))) == head + size


@pytest.mark.parametrize("options", [{"length": 126, "length_form": 7}, {"length_form": 8}])
def test_frame_refuses_a_length_it_cannot_spell(options):
    with pytest.raises(ValueError, match="length"):
        frame(Opcode.TEXT, "", **options)


# WebSocket


def test_messages_go_both_ways(peer):
    with opened(peer) as (line, client):
        client.send("up")
        assert line.read_text() == "up"
        line.send_text("down")
        assert client.recv(LIMIT) == "down"
        line.send_json({"a": 1})
        assert client.recv(LIMIT) == '{"a":1}'
        line.send_frame(Opcode.BINARY, b"\x00\x01")
        assert client.recv(LIMIT) == b"\x00\x01"


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536, 1_000_000])
def test_frames_of_every_length_form_are_read(peer, size):
    with opened(peer) as (line, client):
        sending = background(client.send, bytes(size))
        assert line.read_frame() == (Opcode.BINARY, bytes(size))
        sending.result()


def test_large_messages_are_sent_while_the_client_reads(peer):
    with opened(peer) as (line, client):
        sending = background(line.send_text, "x" * 1_000_000)
        assert client.recv(LIMIT) == "x" * 1_000_000
        sending.result()


def test_extra_bytes_follow_the_upgrade_at_once(plain_peer):
    """They share a segment, so one read of the client gets both."""
    with raw_pair(plain_peer) as (line, client):
        client.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        line.upgrade(extra=frame(Opcode.TEXT, "early"))
        answer = client.recv(65536)
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer
    assert answer.endswith(b"\r\n\r\n\x81\x05early")


def test_extra_frame_is_the_first_message(peer):
    with opened(peer, extra=frame(Opcode.TEXT, "early")) as (_, client):
        assert client.recv(LIMIT) == "early"


def test_upgrade_headers_can_be_replaced_and_removed(plain_peer):
    with raw_pair(plain_peer) as (line, client):
        client.sendall(
            b"GET /a?b=c%20d HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        request = line.upgrade({"sec-websocket-accept": "wrong", "upgrade": None})
        answer = client.recv(65536)
    assert answer.split(b"\r\n") == [
        b"HTTP/1.1 101 Switching Protocols",
        b"Connection: Upgrade",
        b"sec-websocket-accept: wrong",
        b"",
        b"",
    ]
    assert (request.path, request.query) == ("/a", {"b": "c d"})


def test_upgrade_refuses_a_request_that_is_none(plain_peer):
    with raw_pair(plain_peer) as (line, client):
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(AssertionError, match="Upgrade: None"):
            line.upgrade()


def test_client_sees_the_status_of_a_refusal(peer):
    opening = background(open_client, peer)
    with peer.accept() as line:
        line.read_request()
        line.respond(429, {"Retry-After": "7"}, "slow down")
    with pytest.raises(InvalidStatus) as caught:
        opening.result()
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"


def test_close_frames_go_both_ways(peer):
    with opened(peer) as (line, client):
        line.send_close(4001, "bye")
        assert line.read_frame() == (Opcode.CLOSE, b"\x0f\xa1bye")
        line.close()
        with pytest.raises(ConnectionClosedError) as caught:
            client.recv(LIMIT)
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (4001, "bye")


def test_expect_json_compares_the_named_fields_only(plain_peer):
    with opened(plain_peer) as (line, client):
        message = {"id": "1", "op": "order", "args": {"side": "buy", "size": "2"}}
        client.send(json.dumps(message))
        assert line.expect_json(op="order", args={"side": "buy"}) == message
        client.send(json.dumps(message))
        with pytest.raises(AssertionError, match=r"args\.side is 'buy' and not 'sell'; args\.price is missing"):
            line.expect_json(op="order", args={"side": "sell", "price": "1"})


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (frame(1, "x"), "not masked"),
        (frame(1, "x", mask=True, rsv=4), "reserved bits"),
        (frame(1, "x", mask=True, fin=False), "only part"),
        (frame(1, "x", mask=True, length_form=16), "spelled the length 1 in 2 bytes"),
        (frame(1, bytes(200), mask=True, length_form=64), "spelled the length 200 in 8 bytes"),
        (frame(9, bytes(126), mask=True), "PING frame has 126 bytes"),
        (frame(5, "x", mask=True), "opcode 0x5"),
    ],
    ids=["unmasked", "reserved", "fragment", "long 16", "long 64", "long ping", "unknown opcode"],
)
def test_read_frame_refuses_bad_frames(plain_peer, data, text):
    with raw_pair(plain_peer) as (line, client):
        client.sendall(data)
        with pytest.raises(AssertionError, match=text):
            line.read_frame()


def test_read_text_refuses_other_frames(plain_peer):
    with raw_pair(plain_peer) as (line, client):
        client.sendall(frame(Opcode.PING, "are you there", mask=True))
        with pytest.raises(AssertionError, match="expected a text frame, got PING b'are you there'"):
            line.read_text()


# Bytes and ends


def test_send_slowly_waits_for_the_event(plain_peer):
    """The event lets exactly one piece through."""
    with raw_pair(plain_peer) as (line, client):
        go_on = threading.Event()
        sending = background(line.send_slowly, b"abc", go_on)
        received = client.recv(10)
        while len(received) < 3:
            assert not sending.is_done()
            go_on.set()
            received += client.recv(10)
        sending.result()
    assert received == b"abc"


def test_send_slowly_calls_between_the_pieces(plain_peer):
    with raw_pair(plain_peer) as (line, client):
        seen = []
        line.send_slowly(b"abcde", lambda: seen.append(client.recv(10)), piece=2)
        seen.append(client.recv(10))
    assert seen == [b"ab", b"cd", b"e"]


def test_send_slowly_gives_up_without_the_event():
    with ScriptedPeer(timeout=0.01) as peer, raw_client(peer):
        line = peer.accept(LIMIT)
        with pytest.raises(TimeoutError, match="after 1 bytes"):
            line.send_slowly(b"ab", threading.Event())


def test_fin_ends_the_stream_and_leaves_the_other_way_open(plain_peer):
    with raw_pair(plain_peer) as (line, client):
        line.send(b"half")
        line.fin()
        assert client.recv(10) == b"half"
        assert client.recv(10) == b""
        client.sendall(b"still here")
        assert line.read_bytes(10) == b"still here"


def test_rst_is_seen_as_a_reset(plain_peer):
    with raw_pair(plain_peer) as (line, client):
        line.send(b"half")
        line.rst()
        assert client.recv(10) == b"half"
        with pytest.raises(ConnectionResetError):
            client.recv(10)


@pytest.mark.parametrize("end", [Line.fin, Line.rst, Line.close])
def test_client_notices_every_end(peer, end):
    with opened(peer) as (line, client):
        end(line)
        with pytest.raises(ConnectionClosed):
            client.recv(LIMIT)
        line.close()


@pytest.mark.parametrize("with_notify", [False, True], ids=["cut off", "close_notify"])
def test_fin_on_tls_can_leave_out_the_close_notify(with_notify):
    with ScriptedPeer(server_context()) as peer:
        reading = background(read_all_tls, peer)
        line = peer.accept()
        line.send(b"data")
        line.fin(close_notify=with_notify)
        assert reading.result() == ([b"data", b""] if with_notify else [b"data", "cut off"])
        assert line.expect_eof() == "fin"


def read_all_tls(peer: ScriptedPeer) -> list:
    context = client_context()
    with (
        raw_client(peer) as sock,
        context.wrap_socket(sock, server_hostname="localhost", suppress_ragged_eofs=False) as client,
    ):
        seen = [client.recv(10)]
        try:
            seen.append(client.recv(10))
        except ssl.SSLError:  # an SSLEOFError, but with early releases of Python 3.11
            seen.append("cut off")
        return seen


def test_expect_eof_tells_a_fin(plain_peer):
    with raw_pair(plain_peer) as (line, client):
        client.sendall(b"rest")
        client.close()
        assert line.expect_eof() == "fin"
        assert line.unread == b"rest"


def test_expect_eof_tells_a_reset(plain_peer):
    with raw_pair(plain_peer) as (line, client):
        client.sendall(b"rest")
        abort(client)
        assert line.expect_eof() == "rst"
        assert line.unread == b"rest"


@pytest.mark.parametrize("how", ["unwrap", "fin", "rst"])
def test_expect_eof_looks_below_tls(how):
    with ScriptedPeer(server_context()) as peer, raw_client(peer) as sock:
        wrapping = background(client_context().wrap_socket, sock, server_hostname="localhost")
        line = peer.accept()
        with wrapping.result() as client:
            client.sendall(b"rest")
            if how == "unwrap":
                unwrapping = background(client.unwrap)
                assert line.read_bytes(4) == b"rest"
                line.fin(close_notify=True)
                unwrapping.result().close()
            elif how == "rst":
                abort(client)
            else:
                client.close()
            assert line.expect_eof() == ("rst" if how == "rst" else "fin")
            assert line.unread == (b"" if how == "unwrap" else b"rest")


@pytest.mark.parametrize(
    ("end", "text"), [(socket.socket.close, "closed the connection"), (abort, "reset the connection")]
)
def test_waiting_for_a_client_that_is_gone_says_so(plain_peer, end, text):
    with raw_pair(plain_peer) as (line, client):
        client.sendall(b"GET / HT")
        end(client)
        with pytest.raises(AssertionError, match=f"{text} instead of sending the head of an HTTP request"):
            line.read_request()


def test_sending_to_a_client_that_is_gone_says_so(plain_peer):
    with raw_pair(plain_peer) as (line, client):
        abort(client)
        assert line.expect_eof() == "rst"
        with pytest.raises(AssertionError, match="the client was gone when 4 bytes were due"):
            line.send(b"data")


def test_waiting_in_vain_says_what_for():
    with ScriptedPeer(timeout=0.01) as peer, raw_client(peer) as client:
        line = peer.accept(LIMIT)
        client.sendall(b"\x81")
        assert line.read_bytes(1, LIMIT) == b"\x81"
        with pytest.raises(TimeoutError, match=r"waited 0\.01 s for a frame"):
            line.read_frame()
        with pytest.raises(TimeoutError, match=r"waited 0\.01 s for a connection to port"):
            peer.accept()


def test_peer_that_stops_reading_blocks_the_client():
    with ScriptedPeer(receive_buffer=4096) as peer, raw_pair(peer) as (line, client):
        line.stop_reading()
        client.setblocking(False)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        with pytest.raises(BlockingIOError):
            for _ in range(1000):
                client.send(bytes(4096))
        assert line.read_bytes(4096) == bytes(4096)


def test_raw_bytes_below_tls_break_the_client():
    with ScriptedPeer(server_context()) as peer, opened(peer) as (line, client):
        line.send_raw(b"\x15\x03\x03\x00\x02\x02\x50")  # an alert nobody encrypted
        with pytest.raises(ConnectionClosed):
            client.recv(LIMIT)


# HTTP


def test_http_requests_are_parsed_and_answered(peer):
    def post():
        if peer.http_url.startswith("https:"):
            client = http.client.HTTPSConnection("localhost", peer.port, context=client_context(), timeout=LIMIT)
        else:
            client = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=LIMIT)
        with contextlib.closing(client):
            client.request("POST", "/orders?a=1&b=", b'{"x":2}', {"X-Two": "1"})
            response = client.getresponse()
            return response.status, response.reason, response.headers["X-Own"], json.loads(response.read())

    posting = background(post)
    with peer.accept() as line:
        request = line.read_request()
        line.respond(201, {"X-Own": "yes"}, {"done": True})
        assert posting.result() == (201, "Created", "yes", {"done": True})
    assert (request.method, request.path, request.query) == ("POST", "/orders", {"a": "1", "b": ""})
    assert request.headers["x-two"] == "1"
    assert request.json() == {"x": 2}
    assert request.head.startswith(b"POST /orders?a=1&b= HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"GET /\r\n\r\n", "not a request line"),
        (b"GET / HTTP/1.0\r\n\r\n", "not a request line"),
        (b"GET / HTTP/1.1\r\nHost\r\n\r\n", "not a header"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding"),
    ],
)
def test_bad_requests_are_refused(plain_peer, head, text):
    with raw_pair(plain_peer) as (line, client):
        client.sendall(head)
        with pytest.raises(AssertionError, match=text):
            line.read_request()


# Listening


def test_accept_no_more_refuses_new_clients_and_keeps_old_lines(plain_peer):
    with raw_pair(plain_peer) as (line, client):
        plain_peer.accept_no_more()
        with pytest.raises(ConnectionRefusedError):
            raw_client(plain_peer)
        line.send(b"x")
        assert client.recv(1) == b"x"
        assert not plain_peer.has_pending()


def test_pending_connections_are_seen(plain_peer):
    assert not plain_peer.has_pending()
    with raw_client(plain_peer):
        assert plain_peer.has_pending()
        plain_peer.accept()
        assert not plain_peer.has_pending()


def test_refused_port_refuses():
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", refused_port()), timeout=LIMIT)


def test_blackhole_port_never_answers():
    with blackhole_port() as port, pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", port), timeout=0.05)


@pytest.mark.parametrize("reason", BAD_SERVER_CONTEXTS)
def test_clients_refuse_bad_certificates(reason):
    with ScriptedPeer(BAD_SERVER_CONTEXTS[reason]()) as peer:
        opening = background(open_client, peer)
        assert isinstance(peer.expect_failed_handshake(), ssl.SSLError | ConnectionError)
        with pytest.raises(ssl.SSLError) as caught:
            opening.result()
    expected = {
        "expired": "certificate has expired",
        "wrong host": "Hostname mismatch",
        "unknown CA": "unable to get local issuer certificate",
        "self-signed": "self-signed certificate",
        "legacy TLS": "VERSION",
    }
    assert expected[reason] in str(caught.value)


def test_accept_reports_a_failed_handshake():
    with ScriptedPeer(BAD_SERVER_CONTEXTS["expired"]()) as peer:
        opening = background(open_client, peer)
        with pytest.raises(AssertionError, match="the TLS handshake failed"):
            peer.accept()
        with pytest.raises(ssl.SSLCertVerificationError):
            opening.result()


def test_handshake_that_succeeds_is_not_a_failed_one():
    with ScriptedPeer(server_context()) as peer:
        opening = background(open_client, peer)
        with pytest.raises(AssertionError, match="the client accepted"):
            peer.expect_failed_handshake()
        with pytest.raises((OSError, EOFError, InvalidHandshake, ConnectionClosed)):
            opening.result()


def test_handshake_can_be_left_to_the_test():
    """For servers that accept and then stall, or answer TLS with something else."""
    with ScriptedPeer(server_context()) as peer:
        opening = background(open_client, peer)
        line = peer.accept(handshake=False)
        assert not opening.is_done()
        line.start_tls()
        line.upgrade()
        client = opening.result()
        line.close()
        client.close()


def test_ca_path_is_a_file_clients_can_trust():
    """The default context is the strictest: it asks for proper certificates from Python 3.13 on."""
    context = ssl.create_default_context(cafile=ca_path())
    with ScriptedPeer(server_context()) as peer, raw_client(peer) as sock:
        wrapping = background(context.wrap_socket, sock, server_hostname="localhost")
        peer.accept()
        wrapping.result().close()


# The exchange


def get_token(peer: ScriptedPeer) -> dict:
    return http_call(peer, "POST", "/api/v1/bullet-public")["data"]


def http_call(peer: ScriptedPeer, method: str, path: str) -> dict:
    if peer.http_url.startswith("https:"):
        client = http.client.HTTPSConnection("localhost", peer.port, context=client_context(), timeout=LIMIT)
    else:
        client = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=LIMIT)
    with contextlib.closing(client):
        client.request(method, path)
        return json.loads(client.getresponse().read())


def test_token_has_the_shape_of_the_documentation(plain_peer):
    asking = background(get_token, plain_peer)
    serve_token(plain_peer, endpoint="wss://elsewhere/", ping_interval=1000, ping_timeout=500, token="t=1")
    assert asking.result() == {
        "token": "t=1",
        "instanceServers": [
            {
                "endpoint": "wss://elsewhere/",
                "encrypt": True,
                "protocol": "websocket",
                "pingInterval": 1000,
                "pingTimeout": 500,
            }
        ],
    }


def test_token_is_served_on_a_line_and_for_another_path(plain_peer):
    asking = background(http_call, plain_peer, "POST", "/api/v1/bullet-private")
    request = serve_token(plain_peer.accept(), endpoint=plain_peer.url, path="/api/v1/bullet-private")
    assert request.method == "POST"
    assert asking.result()["data"]["instanceServers"][0]["encrypt"] is False


def test_token_is_not_served_to_other_requests(plain_peer):
    with raw_client(plain_peer) as client:
        client.sendall(b"GET /api/v1/bullet-public HTTP/1.1\r\n\r\n")
        with pytest.raises(AssertionError, match="got GET /api/v1/bullet-public"):
            serve_token(plain_peer, endpoint=plain_peer.url)


def open_v1(peer: ScriptedPeer) -> ClientConnection:
    http_call(peer, "GET", "/api/v1/timestamp?x=1")
    found = get_token(peer)
    assert found["instanceServers"][0]["endpoint"] == peer.url
    return open_client(peer, f"/?token={found['token']}&connectId=abc")


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_v1_handshake_plays_the_whole_opening(tls):
    """The clock call in front of it is answered in the background."""
    with ScriptedPeer(server_context() if tls else None, auto_time=True) as peer:
        opening = background(open_v1, peer)
        line = v1_handshake(peer)
        client = opening.result()
        assert json.loads(client.recv(LIMIT)) == {"id": "abc", "type": "welcome"}
        assert peer.time_requests == 1
        assert line.request.query == {"token": "token", "connectId": "abc"}
        line.close()
        client.close()


def open_ws_api(peer: ScriptedPeer, secret: bytes) -> ClientConnection:
    client = open_client(peer, "/v1/private?apikey=k")
    challenge = client.recv(LIMIT)
    assert json.loads(challenge)["sessionId"] == "scripted"
    client.send(base64.b64encode(hmac.digest(secret, challenge.encode(), hashlib.sha256)).decode())
    return client


@pytest.mark.parametrize("with_welcome", [True, False], ids=["welcome", "no welcome"])
def test_ws_api_handshake_challenges_and_welcomes(peer, with_welcome):
    opening = background(open_ws_api, peer, b"secret")
    line = ws_api_handshake(peer, with_welcome, secret="secret")
    client = opening.result()
    line.send_text("next")
    if with_welcome:
        assert json.loads(client.recv(LIMIT)) == {
            "sessionId": "scripted",
            "data": "welcome",
            "pingInterval": 18000,
            "pingTimeout": 10000,
        }
    assert client.recv(LIMIT) == "next"
    line.close()
    client.close()


def test_ws_api_handshake_refuses_a_wrong_signature(plain_peer):
    opening = background(open_ws_api, plain_peer, b"other")
    with pytest.raises(AssertionError, match="is not the signature of"):
        ws_api_handshake(plain_peer, secret="secret")
    client = opening.result()
    plain_peer.close()
    client.close()


# auto_time


def test_auto_time_hands_over_everything_else_in_full():
    with ScriptedPeer(auto_time=True) as peer:
        for head in (
            b"GET /api/v1/timestamps HTTP/1.1",
            b"POST /api/v1/timestamp HTTP/1.1",
            b"GET / HTTP/1.1",
        ):
            with raw_client(peer) as client:
                client.sendall(head + b"\r\n\r\n")
                assert peer.accept().read_request().head.startswith(head)
        assert peer.time_requests == 0


def test_auto_time_answers_many_clients_at_once():
    with ScriptedPeer(auto_time=True) as peer:
        calls = [background(http_call, peer, "GET", "/api/v1/timestamp") for _ in range(10)]
        assert all(call.result()["data"] > 1_700_000_000_000 for call in calls)
        assert not peer.has_pending()


def test_auto_time_hands_over_a_client_that_leaves_at_once():
    with ScriptedPeer(auto_time=True) as peer:
        raw_client(peer).close()
        assert peer.accept().expect_eof() == "fin"


def test_auto_time_reports_a_failed_handshake():
    with ScriptedPeer(BAD_SERVER_CONTEXTS["unknown CA"](), auto_time=True) as peer:
        opening = background(open_client, peer)
        with pytest.raises(AssertionError, match="the TLS handshake failed"):
            peer.accept()
        with pytest.raises(ssl.SSLCertVerificationError):
            opening.result()


def test_auto_time_peer_closes_under_a_silent_client():
    """Its thread that looks into the connection is woken and ends."""
    with ScriptedPeer(auto_time=True) as peer, raw_client(peer) as client:
        client.sendall(b"GET /api")
        peer.close()
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("peer-")]


def test_auto_time_stops_accepting():
    with ScriptedPeer(auto_time=True) as peer:
        peer.accept_no_more()
        with pytest.raises(ConnectionRefusedError):
            raw_client(peer)


def test_auto_time_gives_up_at_the_deadline():
    with (
        ScriptedPeer(auto_time=True, timeout=0.01) as peer,
        pytest.raises(TimeoutError, match="a connection"),
    ):
        peer.accept()


# Background


def test_background_hands_over_results_and_errors():
    assert background(int, "7").result() == 7
    with pytest.raises(ValueError, match="invalid literal"):
        background(int, "x").result()


def test_background_gives_up_at_the_deadline():
    event = threading.Event()
    waiting = background(event.wait, LIMIT)
    with pytest.raises(TimeoutError, match="for wait to return"):
        waiting.result(0.01)
    event.set()
    assert waiting.result() is True
