"""A simulator steered from another process sees and does what it does from inside."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from kucoin_sync.simulator import Controls, Credentials, Refused, Simulator
from kucoin_sync.simulator.controls.control import changes_something, controls_of
from tests.peers import refused_port
from tests.simulator.clients import Socket, open_orders_socket, open_stream

Make = Callable[..., Simulator]

#: Arguments of the queries that need some.
ARGUMENTS = {"truth": ("a",), "ticker": ("BTC-USDT",), "book": ("BTC-USDT",), "margin_account": ("BTC-USDT",)}
QUERIES = sorted(
    name
    for name, method in controls_of(Controls).items()
    if not changes_something(method) and name != "replay_progress"
)


@pytest.fixture
def lively(make: Make) -> Simulator:
    """A simulator on which something of every kind has happened."""
    now_ns = time.time_ns()
    simulator = make(clock=lambda: now_ns)
    simulator.counter_order("BTC-USDT", "sell", "1", "60000")
    simulator.borrow("USDT", "100", symbol="BTC-USDT")
    simulator.counter_contract_order("XBTUSDTM", "sell", 10, "60000")
    with open_orders_socket(simulator) as orders:
        orders.order("a", price="60000").receive()
        orders.order("b").receive()
        frame = {"clientOid": "f", "symbol": "XBTUSDTM", "side": "buy", "type": "market", "size": 2, "leverage": 3}
        assert orders.ask({"id": "f", "op": "futures.order", "args": frame})["code"] == "200000"
        frame.update(clientOid="g", type="limit", price="50000")
        assert orders.ask({"id": "g", "op": "futures.order", "args": frame})["code"] == "200000"
    with open_stream(simulator) as stream:
        stream.subscribe("/market/ticker:BTC-USDT")
    simulator.wait_for(lambda s: s.connections() == 0)
    simulator.drop_ack(2, probability=0.5)
    simulator.reject_topic("/market/ticker:BTC-USDT", count=None)
    simulator.hold_acks("spot.order")
    return simulator


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_has_the_same_answer_from_outside(lively: Simulator, name: str) -> None:
    here = getattr(lively, name)(*ARGUMENTS.get(name, ()))
    there = getattr(Simulator.connect(lively.url), name)(*ARGUMENTS.get(name, ()))
    assert there == here


def test_actions_act(simulator: Simulator, orders: Socket) -> None:
    remote = Simulator.connect(simulator.url)
    order = remote.counter_order("BTC-USDT", "sell", "0.5", "60000")
    assert simulator.book("BTC-USDT").asks == ((order.price, order.size),)
    remote.deposit("BTC", "2.5")
    assert str(simulator.balances()["BTC"].available) == "12.5"
    remote.drop_ack(op="spot.order")
    orders.order("a").order("b")
    assert orders.receive()["id"] == "r-b"
    assert remote.truth("a").replies_sent == 0
    assert remote.bad_frame(b"\xff\x00", "ws_api", raw=True) == 1
    simulator.wait_for(lambda s: s.connections("ws_api") == 0)


def test_waits_for_what_happens(simulator: Simulator) -> None:
    remote = Simulator.connect(simulator.url)
    began = threading.Event()

    def trade() -> None:
        began.wait(5)
        simulator.counter_order("BTC-USDT", "sell", "1", "60000")

    thread = threading.Thread(target=trade)
    thread.start()

    def offer(sim: Controls) -> object:
        began.set()
        return sim.book("BTC-USDT").asks

    assert remote.wait_for(offer)
    thread.join()
    with pytest.raises(TimeoutError, match=r"within 0\.05 s at <RemoteSimulator KuCoin SIMULATOR at http"):
        remote.wait_for(lambda s: False, timeout=0.05)


def test_refusals_and_mistakes_come_back_as_what_they_are(simulator: Simulator) -> None:
    remote = Simulator.connect(simulator.url)
    with pytest.raises(Refused) as refused:
        remote.counter_order("BTC-USDT", "sell", "0.000000001", "60000")
    with pytest.raises(Refused) as same:
        simulator.counter_order("BTC-USDT", "sell", "0.000000001", "60000")
    assert (refused.value.code, refused.value.message) == (same.value.code, same.value.message)
    with pytest.raises(ValueError, match="count must be a positive integer"):
        remote.drop_ack(0)
    with pytest.raises(ValueError, match="there is no 'NO-SUCH'"):
        remote.ticker("NO-SUCH")
    with pytest.raises(RuntimeError, match="replays nothing"):
        remote.replay_progress()
    with pytest.raises(RuntimeError, match="speed='stepped'"):
        remote.advance(1)
    with pytest.raises(TypeError):
        remote.drop_ack(colour="red")  # type: ignore[call-arg]


def test_moves_the_time_of_a_stepped_market(make: Make) -> None:
    simulator = make(speed="stepped", market_maker=True, market_start=1_700_000_000)
    remote = Simulator.connect(simulator.url)
    remote.advance(60)
    assert remote.market_time() == simulator.market_time() == 1_700_000_060
    assert remote.trades() == simulator.trades() != []


def test_over_tls(make: Make, tmp_path: Path) -> None:
    simulator = make(tls=True)
    assert simulator.ca_pem is not None
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(simulator.ca_pem)
    remote = Simulator.connect(simulator.url, ca_file=ca_file)
    assert remote.client_options()["hosts"] == simulator.client_options()["hosts"]
    assert remote.connections() == 0
    with pytest.raises(ValueError, match="needs ca_file"):
        Simulator.connect(simulator.url)
    ca_file.write_text("nothing of the kind")
    with pytest.raises(ValueError, match="holds no certificate"):
        Simulator.connect(simulator.url, ca_file=ca_file)


def test_only_accounts_may_steer(make: Make) -> None:
    other = Credentials("simulator-key-2", "simulator-secret-2", "simulator-passphrase-2")
    stranger = Simulator.connect(make().url, credentials=other)
    with pytest.raises(PermissionError, match="X-Simulator-Key must be"):
        stranger.cut()


@pytest.mark.parametrize("url", ["ftp://127.0.0.1:1", "127.0.0.1:80", "http://127.0.0.1:1/path", "http://"])
def test_address_must_be_one(url: str) -> None:
    with pytest.raises(ValueError, match="url must be the address"):
        Simulator.connect(url)


def test_nobody_there_and_somebody_else(simulator: Simulator) -> None:
    with pytest.raises(ConnectionError, match="no simulator answers at"):
        Simulator.connect(f"http://127.0.0.1:{refused_port()}")
    remote = Simulator.connect(simulator.url)
    simulator.stop()
    with pytest.raises(ConnectionError, match="no simulator answers at"):
        remote.connections()


@pytest.mark.parametrize("body", [b"<html>", json.dumps({"code": "200000", "data": {"msg": ""}}).encode(), b"[]"])
def test_another_server_is_not_taken_for_a_simulator(body: bytes) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        try:
            with pytest.raises(ConnectionError, match="is not a kucoin-sync simulator"):
                Simulator.connect(f"http://127.0.0.1:{server.server_port}")
        finally:
            thread.join()
