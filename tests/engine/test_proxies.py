"""
Proxies: everything goes through them, TLS reaches to the exchange, and they fail inside the deadline.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kucoin_sync import ConfigError, ConnectError, Options, WebsocketClient
from kucoin_sync.engine.rest import proxy_for
from kucoin_sync.proxy import Proxy
from tests.clients import ORDER, SPOT, Clients, success
from tests.peers import (
    Background,
    ConnectProxy,
    Line,
    ScriptedPeer,
    SocksProxy,
    TunnelProxy,
    background,
    refused_port,
    serve_token,
    unknown_ca_server_context,
    v1_handshake,
    ws_api_handshake,
)

LIMIT = 0.25
LOGIN = ("proxy-user", "proxy-Passw0rd")
KINDS: list[Any] = [
    pytest.param("http", None, id="http"),
    pytest.param("http", LOGIN, id="http-login"),
    pytest.param("socks5", None, id="socks5"),
    pytest.param("socks5", LOGIN, id="socks5-login"),
    pytest.param("socks5h", LOGIN, id="socks5h-login"),
    pytest.param("socks4", LOGIN, id="socks4-login"),
    pytest.param("socks4a", None, id="socks4a"),
]


def open_proxy(scheme: str, login: tuple[str, str] | None) -> tuple[TunnelProxy, str]:
    if scheme == "http":
        http_proxy = ConnectProxy(login)
        return http_proxy, http_proxy.url
    socks_proxy = SocksProxy(login)
    return socks_proxy, socks_proxy.url(scheme)


def opening(client: WebsocketClient, timeout: float | None = None) -> Background[None]:
    return background(client.connect, SPOT, timeout=timeout)


def read_connect(line: Line) -> str:
    """Read a CONNECT; return its target."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += line.read_bytes(1)
    method, target, _ = head.decode().split("\r\n")[0].split(" ")
    assert method == "CONNECT"
    return target


def assert_hidden(error: BaseException, *more: str) -> None:
    """Neither user name nor password, nor how HTTP spells them, in what a program may print of an error."""
    assert error.__traceback__ is not None
    ours = error.__traceback__.tb_next  # without the test's own frame
    shown = "".join(traceback.TracebackException(type(error), error, ours, capture_locals=True).format())
    for text in (str(error), repr(error), repr(vars(error)), shown, *more):
        for secret in (*LOGIN, "cHJveHktdXNlcjpwcm94eS1QYXNzdzByZA=="):
            assert secret not in text


@pytest.mark.parametrize(("scheme", "login"), KINDS)
def test_token_call_and_stream_go_through_the_proxy(
    scheme: str, login: tuple[str, str] | None, peer: ScriptedPeer, clients: Clients
) -> None:
    """Over TLS too: what the proxy carries is encrypted for the exchange."""
    proxy, url = open_proxy(scheme, login)
    with proxy:
        client = clients.stream_client(peer, proxy=url)
        call = opening(client)
        line = v1_handshake(peer)
        call.result()
        name = peer.url.split("//")[1].split(":")[0]
        resolved_here = scheme in ("socks5", "socks4")
        host = "127.0.0.1" if resolved_here else name
        assert proxy.targets == [f"{host}:{peer.port}"] * 2
        client.close()
        line.close()


def test_an_order_goes_through_the_proxy(peer: ScriptedPeer, clients: Clients) -> None:
    with ConnectProxy(LOGIN) as proxy:
        call = background(clients.api(peer, proxy=proxy.url).submit_new_spot_order, **ORDER)
        line = ws_api_handshake(peer)
        line.send_json(success(line.read_json()))
        assert call.result().order_id == "order1"
        assert len(proxy.targets) == 1


def test_the_proxy_is_asked_with_our_name_and_nothing_of_the_account(peer: ScriptedPeer, clients: Clients) -> None:
    """It needs to know where to, and who asks; keys and tokens travel inside."""
    with ConnectProxy(LOGIN) as proxy:
        call = opening(clients.stream_client(peer, proxy=proxy.url))
        v1_handshake(peer)
        call.result()
        target = proxy.targets[0]
        expected = (
            f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: kucoin-sync/0.1.0\r\n"
            "Proxy-Authorization: Basic cHJveHktdXNlcjpwcm94eS1QYXNzdzByZA==\r\n\r\n"
        )
        assert [head.decode() for head in proxy.heads] == [expected] * 2


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h", "socks4"])
def test_X01_a_login_the_proxy_does_not_accept_is_final_and_shown_nowhere(
    scheme: str, plain_peer: ScriptedPeer, clients: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    """Trying again with the same login cannot help, and the login is in no error, repr or log line."""
    caplog.set_level(logging.DEBUG)
    theirs, _ = open_proxy(scheme, ("somebody", "else"))
    with theirs:
        login = LOGIN[0] if scheme == "socks4" else ":".join(LOGIN)
        client = clients.stream_client(plain_peer, proxy=f"{scheme}://{login}@127.0.0.1:{theirs.port}")
        with pytest.raises(ConnectError) as caught:
            client.connect(SPOT)
        error = caught.value
        assert (error.phase, error.retryable) == ("proxy", False)
        assert f"{scheme}://127.0.0.1:{theirs.port}: wants " in str(error)
        assert error.status == (407 if scheme == "http" else None)
        assert_hidden(error, repr(client), repr(client.options), caplog.text)
        assert theirs.targets == []


def test_a_login_that_a_proxy_wants_and_nobody_gave_is_final(plain_peer: ScriptedPeer, clients: Clients) -> None:
    with SocksProxy(LOGIN) as proxy:
        client = clients.stream_client(plain_peer, proxy=f"socks5h://127.0.0.1:{proxy.port}")
        with pytest.raises(ConnectError, match="a login of a kind that was not offered") as caught:
            client.connect(SPOT)
        assert not caught.value.retryable


@pytest.fixture
def gate() -> Iterator[ScriptedPeer]:
    """A proxy that the test plays."""
    with ScriptedPeer() as gate:
        yield gate


HTTP_ANSWERS: list[Any] = [
    pytest.param(b"HTTP/1.1 403 Forbidden\r\n\r\n", "HTTP status 403", 403, False, id="403"),
    pytest.param(b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", "HTTP status 302", 302, False, id="302"),
    pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", "HTTP status 100", 100, False, id="100"),
    pytest.param(b"HTTP/1.1 502 Bad\r\n\r\n", "HTTP status 502", 502, True, id="502"),
    pytest.param(b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n\r\n", "HTTP status 503", 503, True, id="503"),
    pytest.param(b"HTTP/1.0 429 Slow\r\n\r\n", "HTTP status 429", 429, True, id="429"),
    pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "not an HTTP/1.1 or HTTP/1.0 response", None, True, id="ssh"),
    pytest.param(b"HTTP/1.1 2000 OK\r\n\r\n", "not an HTTP/1.1", None, True, id="status-of-four-digits"),
    pytest.param(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "header without a colon", None, True, id="no-colon"),
    pytest.param(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000, "above the bound", None, True, id="giant-header"),
    pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200, "above the bound", None, True, id="many-headers"),
    pytest.param(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 X", "more came than the answer", None, False, id="more"),
]


@pytest.mark.parametrize(("answer", "words", "status", "retryable"), HTTP_ANSWERS)
def test_T14_an_http_proxys_answer_that_is_no_tunnel(
    answer: bytes, words: str, status: int | None, retryable: bool, gate: ScriptedPeer, clients: Clients
) -> None:
    """Whatever it is, it is told in a bounded sample with the proxy's name, and nothing is sent into it."""
    client = clients.stream_client(gate, proxy=gate.http_url, hosts={"spot_rest": "https://localhost:1"})
    call = opening(client)
    with gate.accept() as line:
        assert read_connect(line) == "localhost:1"
        line.send(answer)
        with pytest.raises(ConnectError) as caught:
            call.result()
        error = caught.value
        assert (error.phase, error.status, error.retryable) == ("proxy", status, retryable)
        assert str(error).startswith(f"proxy: http://127.0.0.1:{gate.port}: ")
        assert words in str(error)
        assert len(str(error)) < 500
        assert error.retry_after == (7.0 if status == 503 else None)
        client.close()
        line.expect_eof()
        assert line.unread == b""


SOCKS_ANSWERS: list[Any] = [
    *(
        pytest.param("socks5h", [b"\x05\x00", bytes([5, code]) + bytes(8)], words, retryable, id=f"socks5-code-{code}")
        for code, words, retryable in [
            (1, "failed", True),
            (2, "does not allow this connection", False),
            (3, "finds the network unreachable", True),
            (4, "finds the host unreachable", True),
            (5, "was refused by the host", True),
            (6, "ran out of hops", True),
            (7, "does not know the command", False),
            (8, "does not take this kind of address", False),
        ]
    ),
    *(
        pytest.param("socks4a", [bytes([0, code]) + bytes(6)], words, retryable, id=f"socks4-code-{code:#x}")
        for code, words, retryable in [
            (0x5B, "refused or failed", True),
            (0x5C, "wants an identd on this machine", False),
            (0x5D, "wants another user name", False),
        ]
    ),
    pytest.param("socks5h", [b"\x05\x00", b"\x05\x63" + bytes(8)], "not a SOCKS5 answer", True, id="socks5-code-99"),
    pytest.param("socks5h", [b"HTTP/1.1 400 Bad\r\n\r\n"], "not a SOCKS5 answer", True, id="socks5-http"),
    pytest.param("socks5h", [b"\x05\x07"], "not a SOCKS5 answer", True, id="socks5-method-7"),
    pytest.param("socks5h", [b"\x05\x00", b"\x05\x00\x00\x09"], "not a SOCKS5 answer", True, id="socks5-address-kind"),
    pytest.param("socks4a", [b"HTTP/1.1"], "not a SOCKS4 answer", True, id="socks4-http"),
]


@pytest.mark.parametrize(("scheme", "answers", "words", "retryable"), SOCKS_ANSWERS)
def test_a_socks_proxys_refusal_says_what_it_was(
    scheme: str, answers: list[bytes], words: str, retryable: bool, gate: ScriptedPeer, clients: Clients
) -> None:
    client = clients.stream_client(
        gate, proxy=f"{scheme}://127.0.0.1:{gate.port}", hosts={"spot_rest": "https://localhost:1"}
    )
    call = opening(client)
    with gate.accept() as line:
        for answer in answers:
            line.read_bytes(3 if scheme == "socks5h" else 8)
            line.send(answer)
        with pytest.raises(ConnectError) as caught:
            call.result()
        assert (caught.value.phase, caught.value.retryable) == ("proxy", retryable)
        assert str(caught.value).startswith(f"proxy: {scheme}://127.0.0.1:{gate.port}: {words}")


def proxy_urls(gate: ScriptedPeer) -> dict[str, str]:
    return {scheme: f"{scheme}://127.0.0.1:{gate.port}" for scheme in ("http", "socks5h", "socks4a")}


@pytest.mark.parametrize("scheme", ["http", "socks5h", "socks4a"])
def test_T12_a_proxy_that_never_answers_ends_at_open_timeout(scheme: str, gate: ScriptedPeer, clients: Clients) -> None:
    client = clients.stream_client(gate, proxy=proxy_urls(gate)[scheme], open_timeout=0.4, max_reconnect_attempts=1)
    started = time.monotonic()
    call = opening(client, timeout=5)
    with gate.accept():
        with pytest.raises(ConnectError, match="no answer in time") as caught:
            call.result()
        assert time.monotonic() - started < 0.4 + LIMIT
        assert (caught.value.phase, caught.value.retryable) == ("proxy", False)  # the one attempt it was given


@pytest.mark.parametrize(
    ("scheme", "answer"), [("http", b"HTTP/1.1 200 OK\r\nX-Filler: " + b"x" * 1000), ("socks4a", bytes(7))]
)
def test_T12_a_dripping_proxy_ends_at_open_timeout(
    scheme: str, answer: bytes, gate: ScriptedPeer, clients: Clients
) -> None:
    """A byte now and then must not start the time anew."""
    client = clients.stream_client(gate, proxy=proxy_urls(gate)[scheme], open_timeout=0.4, max_reconnect_attempts=1)
    started = time.monotonic()
    call = opening(client, timeout=5)
    stop = threading.Event()
    with gate.accept() as line:

        def drip() -> None:
            for byte in answer:
                if stop.wait(0.02):
                    return
                try:
                    line.send(bytes([byte]))
                except (OSError, AssertionError):
                    return

        dripping = background(drip)
        with pytest.raises(ConnectError) as caught:
            call.result()
        assert time.monotonic() - started < 0.4 + LIMIT
        assert caught.value.phase == "proxy"
        stop.set()
        dripping.result()


@pytest.mark.parametrize("scheme", ["http", "socks5h", "socks4a"])
@pytest.mark.parametrize("end", [Line.fin, Line.rst], ids=["fin", "rst"])
def test_T05_a_proxy_that_hangs_up_is_worth_another_try(
    scheme: str, end: Callable[[Line], None], gate: ScriptedPeer, clients: Clients
) -> None:
    call = opening(clients.stream_client(gate, proxy=proxy_urls(gate)[scheme]))
    with gate.accept() as line:
        line.read_bytes(3)
        end(line)
        with pytest.raises(ConnectError) as caught:
            call.result()
        assert (caught.value.phase, caught.value.retryable) == ("proxy", True)


@pytest.mark.parametrize("scheme", ["http", "socks5h", "socks4a"])
def test_S24_close_while_a_proxy_keeps_silent(scheme: str, gate: ScriptedPeer, clients: Clients) -> None:
    client = clients.stream_client(gate, proxy=proxy_urls(gate)[scheme])
    call = opening(client)
    with gate.accept() as line:
        line.read_bytes(3)
        started = time.monotonic()
        client.close(timeout=5)
        assert time.monotonic() - started < 0.5
        with pytest.raises(RuntimeError, match="closed"):
            call.result()


def test_T01_a_proxy_that_is_not_there_is_named(clients: Clients, plain_peer: ScriptedPeer) -> None:
    port = refused_port()
    client = clients.stream_client(plain_peer, proxy=f"http://{':'.join(LOGIN)}@127.0.0.1:{port}")
    with pytest.raises(ConnectError) as caught:
        client.connect(SPOT)
    assert (caught.value.phase, caught.value.retryable) == ("tcp", True)
    assert f"proxy 127.0.0.1:{port}: " in str(caught.value)
    assert_hidden(caught.value)


def test_T19_the_certificate_is_checked_behind_the_proxy(clients: Clients) -> None:
    """A proxy that answers in the exchange's place has no certificate for it."""
    with ConnectProxy() as proxy, ScriptedPeer(tls=unknown_ca_server_context()) as impostor:
        call = opening(clients.stream_client(impostor, proxy=proxy.url))
        impostor.expect_failed_handshake()
        with pytest.raises(ConnectError) as caught:
            call.result()
        assert (caught.value.phase, caught.value.retryable) == ("tls", False)


# Which proxy.


ENVIRONMENT: list[Any] = [
    pytest.param({}, "https://api.example", None, id="none"),
    pytest.param({"HTTPS_PROXY": "http://p:1"}, "https://api.example", Proxy("http", "p", 1), id="https"),
    pytest.param({"https_proxy": "http://p:1"}, "wss://ws.example", Proxy("http", "p", 1), id="wss-is-https"),
    pytest.param({"HTTPS_PROXY": "p:1"}, "https://api.example", Proxy("http", "p", 1), id="no-scheme"),
    pytest.param({"HTTPS_PROXY": "http://p"}, "https://api.example", Proxy("http", "p", 80), id="no-port"),
    pytest.param({"HTTP_PROXY": "http://p:1"}, "https://api.example", None, id="http-is-not-https"),
    pytest.param({"ALL_PROXY": "socks5h://p"}, "wss://ws.example", Proxy("socks5h", "p", 1080), id="all"),
    pytest.param(
        {"ALL_PROXY": "http://a:1", "HTTPS_PROXY": "http://u:p%40s@p:1"},
        "wss://ws.example",
        Proxy("http", "p", 1, "u", "p@s"),
        id="https-before-all",
    ),
    pytest.param({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example"}, "wss://ws.example", None, id="no-proxy"),
    pytest.param(
        {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other"}, "wss://ws.example", Proxy("http", "p", 1), id="others"
    ),
    *(
        pytest.param({"ALL_PROXY": "http://p:1", "NO_PROXY": "other"}, f"{scheme}://{host}:8080", None, id=host)
        for scheme in ("ws", "wss")
        for host in ("127.0.0.1", "localhost", "[::1]")
    ),
]


@pytest.mark.parametrize(("variables", "url", "proxy"), ENVIRONMENT)
def test_R15_the_environments_proxies_are_those_requests_would_take(
    variables: dict[str, str], url: str, proxy: Proxy | None, environment: pytest.MonkeyPatch
) -> None:
    """Except for this machine itself, which no proxy elsewhere can mean."""
    for name, value in variables.items():
        environment.setenv(name, value)
    assert proxy_for(url, options=Options()) == proxy
    assert proxy_for(url, options=Options(trust_env=False)) is None


@pytest.mark.parametrize("option", [False, ""])
def test_R15_the_option_switches_the_environments_proxies_off(option: Any, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HTTPS_PROXY", "http://p:1")
    assert proxy_for("wss://ws.example", options=Options(proxy=option)) is None


@pytest.mark.parametrize("url", ["wss://ws.example", "https://api.example", "ws://127.0.0.1:8080"])
def test_the_option_is_taken_for_every_host(url: str, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("NO_PROXY", "*")
    assert proxy_for(url, options=Options(proxy="socks5://u:p@10.0.0.1")) == Proxy("socks5", "10.0.0.1", 1080, "u", "p")


@pytest.mark.parametrize("value", ["https://p:1", "ftp://u:Passw0rd@p:1", "http://u:Passw0rd@:1", "http://p:x"])
def test_R15_a_proxy_of_the_environment_that_cannot_be_is_a_connect_error(
    value: str, environment: pytest.MonkeyPatch, clients: Clients
) -> None:
    """Going without it would show the exchange an address that was to be hidden."""
    environment.setenv("HTTPS_PROXY", value)
    client = clients.enter_context(WebsocketClient(hosts={"spot_rest": "https://exchange.invalid"}))
    with pytest.raises(ConnectError) as caught:
        client.connect(SPOT)
    assert (caught.value.phase, caught.value.retryable) == ("proxy", False)
    assert "Passw0rd" not in str(caught.value)


BAD: list[Any] = [
    pytest.param("https://p:1", "must start with one of http://, socks5://, ", id="tls-to-the-proxy"),
    pytest.param("ftp://p:1", "must start with one of http://, socks5://, ", id="ftp"),
    pytest.param("http://", "names no host or no port", id="no-host"),
    pytest.param("http://p:0", "names no host or no port", id="port-0"),
    pytest.param("http://p:99999", "not a URL", id="port-too-large"),
    pytest.param("http://p p", "not a URL", id="blank"),
    pytest.param("http://p\r\nX: y", "not a URL", id="line-end"),
    pytest.param("http://Secret%0d%0a:x@p:1", "user name and password must be printable ASCII", id="line-end-in-user"),
    pytest.param("http://x:%e2%82%acSecret@p:1", "user name and password must be printable ASCII", id="euro"),
    pytest.param(f"http://{'u' * 256}:x@p:1", "user name and password must be printable ASCII", id="long-user"),
    pytest.param("http://:Secret@p:1", "a password needs a user name", id="no-user"),
    pytest.param("http://u%3aSecret:x@p:1", "the user name of an HTTP proxy cannot hold a colon", id="colon-in-user"),
    pytest.param("socks4://u:Secret@p:1", "socks4:// takes a user name and no password", id="socks4-password"),
    pytest.param("socks5://Secret@p:1", "socks5:// takes user name and password together", id="socks5-no-password"),
    pytest.param(True, "must be a URL, False, or None, got bool", id="True"),
    pytest.param(5, "must be a URL, False, or None, got int", id="number"),
]


@pytest.mark.parametrize(("value", "words"), BAD)
def test_a_bad_proxy_is_refused_by_its_rule(value: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Options(proxy=value)
    assert str(caught.value).startswith(f"proxy: {words}")
    assert "Secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://u:Secret@p.example:3128", "proxy='http://p.example:3128'"),
        ("socks5h://u:Secret@[::1]", "proxy='socks5h://[::1]:1080'"),
        ("u:Secret@p.example:1", "proxy='http://p.example:1'"),
        (None, "proxy=None"),
        (False, "proxy=False"),
    ],
)
def test_X01_a_repr_shows_the_proxy_without_its_login(value: Any, shown: str) -> None:
    options = Options(proxy=value)
    assert shown in repr(options)
    assert "Secret" not in repr(options)


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks4", "socks4a"])
def test_a_socks_proxy_without_its_library_is_refused_when_the_client_is_made(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text says what to install; HTTP proxies need nothing."""
    monkeypatch.setitem(sys.modules, "python_socks", None)
    with pytest.raises(ConfigError, match=r"pip install 'kucoin-sync\[socks\]'"):
        WebsocketClient(proxy=f"{scheme}://p:1")
    WebsocketClient(proxy="http://p:1").close()


def test_a_token_call_that_fails_through_a_proxy_goes_on_through_it(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """Every attempt takes the same way; none goes around the proxy."""
    with ConnectProxy() as proxy:
        call = background(clients.stream_client(plain_peer, proxy=proxy.url).subscribe, "/a/b:1", SPOT)
        with plain_peer.accept() as line:
            line.read_request()
            line.respond(503)
        serve_token(plain_peer, endpoint=plain_peer.url)
        line = plain_peer.accept()
        line.upgrade()
        line.send_json({"id": "x", "type": "welcome"})
        command = line.expect_json(type="subscribe")
        line.send_json({"id": command["id"], "type": "ack"})
        call.result()
        assert proxy.targets == [f"127.0.0.1:{plain_peer.port}"] * 3
