"""The faulty proxy between a raw client and a scripted server, and under a WebSocket echo."""

import contextlib
import socket
import struct
import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.peers import (
    FaultProxy,
    ScriptedPeer,
    background,
    client_context,
    for_two_threads,
    refused_port,
    server_context,
)

LIMIT = 10.0


@pytest.fixture
def peer():
    with ScriptedPeer() as peer:
        yield peer


@pytest.fixture
def proxy(peer):
    with FaultProxy("127.0.0.1", peer.port) as proxy:
        yield proxy


@contextlib.contextmanager
def connected(proxy, peer):
    """Yield the client's socket and the server's line of one connection through the proxy."""
    with socket.create_connection((proxy.host, proxy.port), timeout=LIMIT) as client:
        yield client, peer.accept()


def read_all(client: socket.socket) -> tuple[bytes, str]:
    data = b""
    try:
        while chunk := client.recv(65536):
            data += chunk
    except ConnectionResetError:
        return data, "rst"
    return data, "fin"


def connect_and_read(proxy: FaultProxy) -> bytes:
    with socket.create_connection((proxy.host, proxy.port), timeout=LIMIT) as client:
        return client.recv(1)


def abort(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def fill(client: socket.socket) -> int:
    """Send until nothing more is taken; return how much was."""
    client.setblocking(False)
    taken = 0
    with contextlib.suppress(BlockingIOError):
        while taken < 100_000_000:
            taken += client.send(bytes(65536))
    return taken


# Without faults


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_websocket_echo_passes(monkeypatch, tls):
    monkeypatch.setenv("no_proxy", "*")

    def echo(peer):
        line = peer.accept()
        line.upgrade()
        for _ in range(3):
            line.send_text(line.read_text())

    with ScriptedPeer(tls=server_context() if tls else None) as peer, FaultProxy("127.0.0.1", peer.port) as proxy:
        echoing = background(echo, peer)
        url = f"wss://localhost:{proxy.port}" if tls else f"ws://127.0.0.1:{proxy.port}"
        with connect(url, ssl=for_two_threads(client_context()) if tls else None, compression=None) as client:
            for message in ("", "hello", "x" * 500_000):
                client.send(message)
                assert client.recv(LIMIT) == message
            echoing.result()
            assert proxy.bytes_up > 500_000
            assert proxy.bytes_down > 500_000
            proxy.cut()
            with pytest.raises(ConnectionClosed):
                client.recv(LIMIT)


def test_bytes_and_connections_are_counted(proxy, peer):
    assert proxy.connections == 0
    with connected(proxy, peer) as (client, line):
        client.sendall(b"four")
        proxy.wait_for_bytes("up", 4)
        line.send(b"sixsix")
        proxy.wait_for_bytes("down", 6)
        assert (proxy.bytes_up, proxy.bytes_down, proxy.connections) == (4, 6, 1)
        with connected(proxy, peer):
            proxy.wait_for_connections(2)


def test_half_close_passes_both_ways(proxy, peer):
    with connected(proxy, peer) as (client, line):
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        assert line.expect_eof() == "fin"
        assert line.unread == b"question"
        line.send(b"answer")
        line.fin()
        assert read_all(client) == (b"answer", "fin")


def test_reset_of_the_client_passes(proxy, peer):
    with connected(proxy, peer) as (client, line):
        abort(client)
        assert line.expect_eof() == "rst"


def test_reset_of_the_target_passes(proxy, peer):
    with connected(proxy, peer) as (client, line):
        line.rst()
        assert read_all(client) == (b"", "rst")


def test_target_that_refuses_resets_the_client():
    """The reset may come while the client is still inside connect()."""
    with FaultProxy("127.0.0.1", refused_port()) as proxy, pytest.raises(ConnectionResetError):
        connect_and_read(proxy)


def test_waiting_in_vain_says_what_was_seen(proxy):
    with pytest.raises(TimeoutError, match="5 bytes up, saw 0"):
        proxy.wait_for_bytes("up", 5, timeout=0.01)
    with pytest.raises(TimeoutError, match="1 connections, saw 0"):
        proxy.wait_for_connections(1, timeout=0.01)


# Cuts


def test_cut_resets_both_sides_and_serves_new_connections(proxy, peer):
    with connected(proxy, peer) as (client, line):
        proxy.cut()
        assert line.expect_eof() == "rst"
        assert read_all(client) == (b"", "rst")
    with connected(proxy, peer) as (client, line):
        client.sendall(b"x")
        assert line.read_bytes(1) == b"x"


@pytest.mark.parametrize("count", range(9))
def test_cut_after_lets_so_many_bytes_up(proxy, peer, count):
    with connected(proxy, peer) as (client, line):
        client.sendall(b"before")
        proxy.wait_for_bytes("up", 6)
        proxy.cut_after(count)
        client.sendall(b"0123456789")
        assert line.expect_eof() == "rst"
        assert line.unread == b"before" + b"0123456789"[:count]
        assert read_all(client) == (b"", "rst")


@pytest.mark.parametrize("count", [0, 1, 10])
def test_cut_after_lets_so_many_bytes_down(proxy, peer, count):
    with connected(proxy, peer) as (client, line):
        proxy.cut_after(count, "down")
        line.send(b"0123456789")
        assert read_all(client) == (b"0123456789"[:count], "rst")
        assert line.expect_eof() == "rst"


def test_cut_after_counts_over_several_sends_and_happens_once(proxy, peer):
    proxy.cut_after(5)
    with connected(proxy, peer) as (client, line):
        for part in (b"01", b"23", b"45"):
            client.sendall(part)
        assert line.expect_eof() == "rst"
        assert line.unread == b"01234"
    with connected(proxy, peer) as (client, line):
        client.sendall(b"0123456789")
        assert line.read_bytes(10) == b"0123456789"


def test_cut_after_leaves_the_other_direction_alone(proxy, peer):
    with connected(proxy, peer) as (client, line):
        proxy.cut_after(1, "down")
        client.sendall(b"0123456789")
        assert line.read_bytes(10) == b"0123456789"


def test_cut_after_passes_on_an_end_that_comes_first(proxy, peer):
    with connected(proxy, peer) as (client, line):
        proxy.cut_after(5)
        client.sendall(b"01")
        client.shutdown(socket.SHUT_WR)
        assert line.expect_eof() == "fin"


def test_impossible_arguments_are_refused(proxy):
    with pytest.raises(ValueError, match="count"):
        proxy.cut_after(-1)
    with pytest.raises(ValueError, match="size"):
        proxy.slice(0)


# Holes


def test_stalled_direction_fills_the_senders_buffers(proxy, peer):
    with connected(proxy, peer) as (client, line):
        proxy.blackhole("up")
        assert 0 < fill(client) < 100_000_000
        assert proxy.bytes_up == 0
        line.send(b"other way")
        client.settimeout(LIMIT)
        assert client.recv(9) == b"other way"


def test_stalled_direction_down_leaves_up_alone(proxy, peer):
    with connected(proxy, peer) as (client, line):
        proxy.blackhole("down")
        line.send(b"lost")
        client.sendall(b"other way")
        assert line.read_bytes(9) == b"other way"
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)


def test_swallowed_bytes_are_taken_and_counted(proxy, peer):
    with connected(proxy, peer) as (client, line):
        client.sendall(b"seen")
        proxy.wait_for_bytes("up", 4)
        proxy.blackhole("up", swallow=True)
        client.sendall(bytes(5_000_000))
        proxy.wait_for_bytes("up", 5_000_004)
        proxy.cut()
        assert line.expect_eof() == "rst"
        assert line.unread == b"seen"


@pytest.mark.parametrize("swallow", [False, True], ids=["stall", "swallow"])
@pytest.mark.parametrize("end", [socket.socket.close, abort], ids=["fin", "rst"])
def test_ends_do_not_pass_a_hole(proxy, peer, swallow, end):
    """The server keeps a half-open line; a cut at last shows that it was alive until then."""
    with connected(proxy, peer) as (client, line):
        proxy.blackhole(swallow=swallow)
        end(client)
        with pytest.raises(TimeoutError):
            line.expect_eof(0.05)
        proxy.cut()
        assert line.expect_eof() == "rst"


def test_hole_in_one_direction_survives_the_death_of_the_sink(proxy, peer):
    with connected(proxy, peer) as (client, line):
        proxy.blackhole("up")
        abort(client)
        line.send(b"to nobody")
        line.send(b"to nobody")
        with pytest.raises(TimeoutError):
            line.expect_eof(0.05)


def test_healing_serves_new_connections_only(proxy, peer):
    proxy.blackhole(swallow=True)
    proxy.slice(1)
    with connected(proxy, peer) as (dead, dead_line):
        proxy.heal()
        dead.sendall(b"lost")
        proxy.wait_for_bytes("up", 4)
        with connected(proxy, peer) as (client, line):
            client.sendall(b"alive")
            assert line.read_bytes(5) == b"alive"
        with pytest.raises(TimeoutError):
            dead_line.read_bytes(1, 0.01)


def test_stalled_connections_go_on_where_they_stopped(proxy, peer):
    with connected(proxy, peer) as (client, line):
        proxy.blackhole("up")
        client.sendall(b"held back")
        with pytest.raises(TimeoutError):
            line.read_bytes(1, 0.01)
        proxy.resume()
        assert line.read_bytes(9) == b"held back"
        client.sendall(b", and new")
        assert line.read_bytes(9) == b", and new"


def test_a_side_that_failed_in_a_hole_is_told_of_when_it_ends(proxy, peer):
    with connected(proxy, peer) as (client, line):
        proxy.blackhole("up")
        abort(client)
        line.send(b"to nobody")
        proxy.resume()
        assert line.expect_eof() == "rst"


def test_what_a_client_sent_before_it_reset_a_stalled_line_goes_nowhere(proxy, peer):
    with connected(proxy, peer) as (client, line):
        proxy.blackhole("up")
        client.sendall(b"held back, and taken back")
        abort(client)
        proxy.resume()
        assert line.expect_eof() == "rst"
        assert line.unread == b""


# Arrivals


def test_what_comes_from_a_client_is_told_with_the_time_it_arrived(peer):
    """The two times hold the moment of the arrival between them, however late the proxy comes to read."""
    seen: list[tuple[int, bytes, int, int]] = []
    watched = FaultProxy("127.0.0.1", peer.port, watch=lambda *told: seen.append(told))
    with watched as proxy, connected(proxy, peer) as (client, line):
        client.sendall(b"first")
        assert line.read_bytes(5) == b"first"
        proxy.blackhole("up")
        before = time.time_ns()
        client.sendall(b"second")
        with pytest.raises(TimeoutError):
            line.read_bytes(1, 0.01)
        proxy.resume()
        assert line.read_bytes(6) == b"second"
        line.send(b"not told")
        client.settimeout(LIMIT)
        assert client.recv(8) == b"not told"
    assert [data for _, data, _, _ in seen] == [b"", b"first", b"second"]
    assert len({port for port, _, _, _ in seen}) == 1
    assert seen[2][2] <= before <= seen[2][3]


# Slices


def test_slices_arrive_complete(proxy, peer):
    with connected(proxy, peer) as (client, line):
        proxy.slice(3)
        client.sendall(b"0123456789" * 100)
        assert line.read_bytes(1000) == b"0123456789" * 100
        proxy.slice(None)
        line.send(b"whole")
        assert client.recv(10) == b"whole"


def test_slices_are_pieces(proxy, peer):
    """With room for one piece only before the cut, no more than that has arrived."""
    proxy.slice(4)
    proxy.cut_after(6, "down")
    with connected(proxy, peer) as (client, line):
        line.send(b"0123456789")
        assert read_all(client) == (b"012345", "rst")


# Life


def test_close_ends_the_connections_and_the_port(proxy, peer):
    with connected(proxy, peer) as (client, line):
        proxy.close()
        assert line.expect_eof() == "fin"
        assert read_all(client) == (b"", "fin")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((proxy.host, proxy.port), timeout=LIMIT)
        proxy.close()
