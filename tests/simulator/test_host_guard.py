"""Under which names a simulator answers."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.host_guard import HostGuard


@pytest.mark.parametrize(
    ("host", "origin", "here", "remote", "named"),
    [
        ("127.0.0.1:80", None, True, True, True),
        ("[::1]:80", None, True, True, True),
        ("LOCALHOST", None, True, True, True),
        ("", None, False, False, False),
        ("192.0.2.7:80", None, False, True, False),
        ("[2001:db8::1]", None, False, True, False),
        ("sim.example", None, False, False, True),
        ("evil.example", None, False, False, False),
        ("127.0.0.1.evil.example", None, False, False, False),
        ("[::1", None, False, False, False),
        ("localhost", "http://localhost:3000", True, True, True),
        ("localhost", "http://evil.example", False, False, False),
        ("localhost", "http://192.0.2.7", False, False, False),
        ("localhost", "http://sim.example", False, False, True),
        ("localhost", "null", False, False, False),
    ],
)
def test_names(host: str, origin: str | None, here: bool, remote: bool, named: bool) -> None:
    guards = HostGuard(), HostGuard(takes_addresses=True), HostGuard(["Sim.Example"])
    assert [guard.refusal(host, origin) is None for guard in guards] == [here, remote, named]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "sim.example", ""])
def test_other_addresses_need_a_word(host: str) -> None:
    with pytest.raises(ValueError, match="allow_remote"):
        Simulator(host=host)


def test_all_addresses_with_that_word(tmp_path: Path) -> None:
    with Simulator(host="0.0.0.0", allow_remote=True, tls=True, allowed_hosts=["sim.example"]) as simulator:
        ca_file = tmp_path / "ca.pem"
        ca_file.write_bytes(simulator.ca_pem or b"")
        here = Simulator.connect(simulator.url.replace("0.0.0.0", "127.0.0.1"), ca_file=ca_file)
        assert here.connections() == 0
        # Its certificate is for this machine's names and those it was told.
        port = int(simulator.url.rpartition(":")[2])
        for name, status in (("sim.example", b" 200 "), ("evil.example", b" 403 ")):
            with (
                socket.create_connection(("127.0.0.1", port), 5) as plain,
                simulator.ssl_context().wrap_socket(plain, server_hostname="sim.example") as line,
            ):
                line.sendall(f"GET /api/v1/status HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
                assert status in line.recv(4096)
