"""
What the simulator does with output: bursts, ends of connections, and clients that do not read.

Real sockets, and no time is measured: a test waits until something has happened.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from websockets.sync.client import connect

from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.peer import MAX_GATHERED, Peer
from tests.peers import for_two_threads
from tests.simulator.clients import LIMIT, Socket, on_venue, open_orders_socket, open_stream

TICKER = "/market/ticker:BTC-USDT"
LEVEL2 = "/market/level2:BTC-USDT"


def stream_path(simulator: Simulator) -> str:
    """Path of the classic stream with a token that was made without HTTP."""
    token = on_venue(simulator, lambda venue: venue.tokens.issue(None, "spot"))
    return "/v1/stream/spot?" + urlencode({"token": token, "connectId": "c1"})


def open_reader(simulator: Simulator) -> Socket:
    """A connection of a client that reads, over TLS where the simulator has it."""
    context = None if simulator.ca_pem is None else for_two_threads(simulator.ssl_context())
    url = simulator.ws_url + stream_path(simulator)
    reader = Socket(connect(url, compression=None, proxy=None, max_queue=None, ssl=context))
    assert reader.receive()["type"] == "welcome"
    return reader


class RawReader:
    """A classic stream connection on a bare socket, which reads only when it is told to."""

    def __init__(self, simulator: Simulator) -> None:
        port = int(simulator.url.rpartition(":")[2])
        # A small buffer, so that what is not read soon waits in the simulator.
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.settimeout(LIMIT)
        plain.connect(("127.0.0.1", port))
        self.sock: socket.socket = plain
        if simulator.ca_pem is not None:
            self.sock = simulator.ssl_context().wrap_socket(plain, server_hostname="localhost")
        path = stream_path(simulator)
        self.sock.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        self.send({"id": "1", "type": "subscribe", "topic": TICKER, "response": True})
        seen = b""
        while b'"ack"' not in seen:
            seen += self.sock.recv(1)

    def send(self, frame: Any) -> None:
        payload = json.dumps(frame).encode()
        assert len(payload) < 126
        self.sock.sendall(bytes((0x81, 0x80 | len(payload), 0, 0, 0, 0)) + payload)

    def end(self) -> str:
        """Read to the end and tell how the connection ended; over TLS some builds of Python tell no reset."""
        try:
            while self.sock.recv(65536):
                pass
        except (ConnectionResetError, ssl.SSLError):
            return "reset"
        return "reset" if isinstance(self.sock, ssl.SSLSocket) else "end of stream"

    def __enter__(self) -> RawReader:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.sock.close()


def test_what_one_turn_sends_arrives_whole_and_in_order(simulator: Simulator, stream: Socket) -> None:
    """Frames of one turn leave as one write, or as several where they are many: nobody can tell."""
    stream.subscribe(TICKER)
    payload = "x" * 1000
    count = 3 * MAX_GATHERED // 1000

    def burst(venue: Any) -> int:
        return sum(venue.publish(TICKER, "burst", {"number": n, "x": payload}) for n in range(count))

    assert on_venue(simulator, burst) == count
    assert [stream.next_of(TICKER)["data"]["number"] for _ in range(count)] == list(range(count))


@pytest.mark.parametrize("end", ["fin", "reset", "close", "stop"])
def test_what_was_sent_before_an_end_in_the_same_turn_still_leaves(make: Callable[..., Simulator], end: str) -> None:
    """Gathering must not turn "sent, then cut" into "never sent"."""
    simulator = make()
    with open_stream(simulator) as stream:
        stream.subscribe(TICKER)

        def send_and_end(venue: Any) -> None:
            venue.publish(TICKER, "last words", {"number": 1})
            [peer] = venue.peers("all")
            if end == "close":
                peer.close(1000, "Bye")
            elif end == "stop":
                peer.drop()
            else:
                peer.cut(reset=end == "reset")

        on_venue(simulator, send_and_end)
        assert stream.next_of(TICKER)["subject"] == "last words"


def test_what_was_sent_before_silence_in_the_same_turn_still_leaves(simulator: Simulator, stream: Socket) -> None:
    """Silence begins with the next frame."""
    stream.subscribe(TICKER)

    def send_and_fall_silent(venue: Any) -> int:
        [peer] = venue.peers("all")
        taken = venue.publish(TICKER, "heard", {})
        peer.is_silent = True
        return int(taken + venue.publish(TICKER, "not heard", {}))

    assert on_venue(simulator, send_and_fall_silent) == 1
    simulator.silence(on=False)
    simulator.publish(TICKER, "heard again", {})
    assert [stream.next_of(TICKER)["subject"] for _ in range(2)] == ["heard", "heard again"]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("size", [50, 5000, 500_000], ids=["small", "medium", "large"])
def test_a_client_that_does_not_read_is_cut_and_nobody_else_notices(
    make: Callable[..., Simulator], tls: bool, size: int
) -> None:
    """Bursts of small and large messages; what waits stays within the bound."""
    bound = 256 * 1024
    simulator = make(tls=tls, max_output=bound)
    with RawReader(simulator) as slow, open_reader(simulator) as reader:
        [peer, _] = on_venue(simulator, lambda venue: venue.peers("v1"))
        reader.subscribe(TICKER)

        number = max(1, 20_000 // size)

        def burst(venue: Any) -> None:
            # One turn of the loop.
            for _ in range(number):
                venue.publish(TICKER, "burst", {"x": "x" * size})

        most = turns = 0
        while peer.is_open:
            turns += 1
            assert turns < 500
            on_venue(simulator, burst)
            for _ in range(number):
                reader.next_of(TICKER)
            most = max(most, on_venue(simulator, lambda venue: peer.backlog))
        assert most <= bound + MAX_GATHERED + 2 * size
        simulator.wait_for(lambda s: s.connections() == 1)
        assert reader.arrived() is not None
        # What it never took is gone.
        assert slow.end() == "reset"


def test_a_client_that_pings_and_does_not_read_is_cut(make: Callable[..., Simulator]) -> None:
    """Answers to WebSocket pings wait in the same bounded queue."""
    simulator = make(max_output=64 * 1024)
    ping = bytes((0x89, 0x80 | 125, 0, 0, 0, 0)) + b"p" * 125
    with RawReader(simulator) as slow:
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(1000):
                slow.sock.sendall(ping * 500)
        simulator.wait_for(lambda s: s.connections() == 0)


def test_nothing_is_encoded_for_topics_without_readers(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trading in front of nobody must cost the engine only."""
    with open_orders_socket(simulator) as orders:
        encoded: list[object] = []
        monkeypatch.setattr("kucoin_sync.simulator.kucoin_venue.compact", lambda value: encoded.append(value) or "{}")
        simulator.counter_order("BTC-USDT", "sell", "0.5", "60000")
        answer = orders.order("quiet", price="60000").receive()
        assert answer["code"] == "200000"
        assert simulator.trades()
        assert encoded == []


def test_a_message_is_encoded_once_for_all_of_its_readers(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fan-out must cost a write per connection and no more."""
    with open_stream(simulator) as one, open_stream(simulator) as other:
        for socket_ in (one, other):
            socket_.subscribe(LEVEL2)
        from kucoin_sync.simulator import kucoin_venue

        encoded: list[object] = []
        compact = kucoin_venue.compact
        monkeypatch.setattr(kucoin_venue, "compact", lambda value: encoded.append(value) or compact(value))
        simulator.counter_order("BTC-USDT", "sell", "0.5", "60000")
        assert one.next_of(LEVEL2) == other.next_of(LEVEL2)
        assert len(encoded) == 1


def test_a_client_with_many_frames_at_once_lets_others_have_their_turn(simulator: Simulator) -> None:
    """A burst of commands is answered in order, and another client's command comes in between."""
    count = 400
    with open_orders_socket(simulator) as busy, open_orders_socket(simulator) as other:
        answered: list[str] = []

        def remember(venue: Any) -> None:
            original = Peer.send_raw

            def send_raw(peer: Peer, data: bytes) -> bool:
                answered.append(peer.id)
                return original(peer, data)

            for peer in venue.peers("ws_api"):
                object.__setattr__(peer, "send_raw", send_raw.__get__(peer))

        on_venue(simulator, remember)
        busy_id = f"ws_api-{simulator.opened('ws_api') - 1}"
        ping = json.dumps({"id": "p", "op": "ping"}).encode()
        frame = bytes((0x81, 0x80 | len(ping), 0, 0, 0, 0)) + ping

        def block(venue: Any) -> None:
            # While the loop is here both clients' frames arrive, so that they are all there when it goes on.
            busy.ws.socket.sendall(frame * count)
            other.ws.socket.sendall(frame)

        on_venue(simulator, block)
        assert other.receive()["op"] == "pong"
        for _ in range(count):
            assert busy.receive()["op"] == "pong"
        assert answered.count(busy_id) == count
        assert answered[-1] == busy_id
