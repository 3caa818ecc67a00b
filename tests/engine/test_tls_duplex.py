"""
One TLS line and many threads.

T21 has one reader and eight senders at full speed: no disconnect, every message delivered, in order. A short run in
every test run, the long one with ``-m soak``.
"""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest

from kucoin_sync import ConnectError, ConnectionLost
from kucoin_sync.engine.channel import Channel, SendFailed
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.dial import Resolver
from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.engine.network import Network
from kucoin_sync.engine.transport import Transport, open_transport
from tests.peers import Deadline as PeerDeadline
from tests.peers import ScriptedPeer, background, client_context, server_context
from tests.peers.stream import Stream

SENDERS = 8


def send_numbers(transport: Transport, name: str, stop: threading.Event) -> int:
    count = 0
    while not stop.is_set():
        transport.send_text(f"{name} {count}", Deadline(10.0))
        count += 1
    return count


def read_until_report(transport: Transport) -> tuple[int, dict[str, object]]:
    """Read numbers, each exactly one above the last, and then the server's report."""
    expected = 0
    while True:
        for item in transport.receive(Deadline(20.0)):
            assert isinstance(item, str)
            if item.startswith("{"):
                return expected, json.loads(item)
            assert item == str(expected)
            expected += 1


@pytest.mark.parametrize(
    "seconds", [pytest.param(1.0, id="short"), pytest.param(10.0, id="soak", marks=pytest.mark.soak)]
)
def test_O25_T21_reader_and_senders_share_a_tls_line(seconds: float) -> None:
    """OpenSSL breaks connections when two threads use one; the serialised channel must not."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.engine.flood_server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    interrupt = Interrupt()
    transport = None
    try:
        assert server.stdout is not None
        port, authority = server.stdout.readline().split()
        transport = open_transport(
            f"wss://localhost:{port}/",
            network=Network(Resolver(), ssl.create_default_context(cafile=authority)),
            deadline=Deadline(10.0),
            interrupt=interrupt,
        )
        reading = background(read_until_report, transport)
        stop = threading.Event()
        sending = {str(n): background(send_numbers, transport, str(n), stop) for n in range(SENDERS)}
        started = time.monotonic()
        stop.wait(seconds)  # the flood itself: nothing is waited for but its length
        stop.set()
        sent = {name: sender.result(timeout=30) for name, sender in sending.items()}
        transport.send_text("stop", Deadline(10.0))
        received, report = reading.result(timeout=60)
        took = time.monotonic() - started
        print(f"{received} received, {sum(sent.values())} sent in {took:.1f} s")
        assert report == {"sent": received, "received": sent, "in_order": True}
        assert received > 1000
        assert min(sent.values()) > 100
    finally:
        if transport is not None:
            transport.close(reset=True)
        server.communicate(timeout=10)
        interrupt.close()


def test_T21_what_came_before_a_corrupt_record_is_delivered_and_the_line_ends_after_it() -> None:
    """Both are decrypted in one go, and a reply in the first of them is the outcome of an order."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
    near.setblocking(False)
    interrupt = Interrupt()
    channel = Channel(near, interrupt)
    peer = Stream(far, server_context())
    answering = background(peer.handshake, PeerDeadline(10.0))
    channel.start_tls(client_context(), "localhost", Deadline(10.0))
    answering.result()
    peer.send_and_corrupt(b"a reply", PeerDeadline(10.0))

    room = memoryview(bytearray(100))
    assert channel.receive_into(room, Deadline(10.0)) == 7
    assert room[:7] == b"a reply"
    for _ in range(2):
        with pytest.raises(ConnectionLost, match="TLS"):
            channel.receive_into(room, Deadline(10.0))
    channel.close(reset=True)
    interrupt.close()
    peer.close()


@pytest.mark.parametrize("first", ["close", "order"])
def test_T19_a_close_or_an_order_on_a_line_cut_without_a_close_notify_ends_as_a_failed_send(first: str) -> None:
    """OpenSSL refuses to encrypt after a read that found the cut, with an error of its own that nobody expects."""
    interrupt = Interrupt()
    with ScriptedPeer(tls=server_context()) as peer:
        network = Network(Resolver(), client_context())
        url = peer.http_url.replace("https", "wss")
        opening = background(open_transport, url, network=network, deadline=Deadline(10.0), interrupt=interrupt)
        line = peer.accept()
        line.upgrade()
        transport = opening.result()
        line.fin()
        with pytest.raises(ConnectionLost, match="the peer closed the connection"):
            transport.receive(Deadline(10.0))

        if first == "close":
            transport.send_close(1000)
        with pytest.raises(SendFailed) as failed:
            transport.send_text("an order", Deadline(10.0))
        assert failed.value.bytes_sent == 0
        transport.send_close(1000)  # once is enough: a second one does nothing
        transport.close(reset=True)
    interrupt.close()


def test_T19_a_peer_that_ends_inside_the_tls_handshake_may_be_tried_again() -> None:
    """A server that is going down says nothing of its certificate."""
    interrupt = Interrupt()
    with ScriptedPeer() as peer:
        network = Network(Resolver(), client_context())
        url = peer.http_url.replace("http:", "wss:")
        opening = background(open_transport, url, network=network, deadline=Deadline(10.0), interrupt=interrupt)
        line = peer.accept()
        line.read_bytes(5)  # the greeting has begun
        line.fin()
        with pytest.raises(ConnectError, match="the peer closed in the TLS handshake") as failed:
            opening.result()
        assert failed.value.retryable
    interrupt.close()
