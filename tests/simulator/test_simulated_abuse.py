"""
Whatever clients do, the simulator goes on, stays the size it is, and ends when it is told to.

The attacks are in `abuse`. A small round runs with every suite; ``-m soak`` runs minutes of it.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import json
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import websocket
from aiohttp.http_exceptions import HttpProcessingError

from kucoin_sync.simulator import Limits, Simulator, door
from kucoin_sync.simulator.server import SPARE_CONNECTIONS
from kucoin_sync.simulator.spot.exchange import Exchange
from kucoin_sync.simulator.spot.floor import LEAST_EXPIRIES
from tests.conftest import HANGING_TEST
from tests.simulator.abuse import Abuser
from tests.simulator.clients import LIMIT, Socket, on_venue, open_orders_socket


def resident() -> int:
    """Return the memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def check_sound(simulator: Simulator) -> None:
    """After the harm: nobody is left, nothing is kept for him, money is whole, and a good order is answered."""
    simulator.wait_for(lambda s: s.connections() == 0)

    def state(venue: Any) -> tuple[Any, ...]:
        return (
            venue.subscriptions(),
            {path: topics for path, topics in venue._arguments.items() if topics},
            venue.exchange.ledger.totals() == venue.exchange.ledger.deposited(),
            venue.futures.accounts.totals() == venue.futures.accounts.deposited(),
            venue.exchange.ledger.lowest() >= 0,
        )

    assert on_venue(simulator, state) == ({}, {}, True, True, True)
    with open_orders_socket(simulator) as orders:
        number = simulator.opened("ws_api")
        reply = orders.order(f"good-{number}", size="0.001").receive()
        while reply["code"] == "429000":
            reply = orders.order(f"good-{number}", size="0.001").receive()
        assert reply["code"] == "200000", reply
        cancel = {"symbol": "BTC-USDT", "clientOid": f"good-{number}"}
        assert orders.ask({"id": "c", "op": "spot.cancel", "args": cancel})["code"] == "200000"
    simulator.wait_for(lambda s: s.connections() == 0)


@pytest.mark.parametrize("seed", range(3))
def test_a_hostile_client_neither_stops_nor_corrupts_the_simulator(
    make: Callable[..., Simulator], caplog: pytest.LogCaptureFixture, seed: int
) -> None:
    """Three attacks of each kind; nothing of it may show as an error inside."""
    simulator = make(market_maker=True, limits="off")
    abuser = Abuser(simulator, seed)
    with caplog.at_level(logging.WARNING):
        abuser.run(3 * len(abuser.attacks))
        check_sound(simulator)
    # The HTTP library reports requests that are no HTTP, which is not a failure.
    assert [record.getMessage() for record in caplog.records if not _is_bad_http(record)] == []
    # The attacks got as far as the engines.
    assert {frame.outcome for frame in simulator.truth_frames()} >= {"accepted", "refused"}


def test_the_limits_of_the_exchange_hold_against_a_hostile_client(make: Callable[..., Simulator]) -> None:
    """With limits on, pools run dry and connections are dropped; nothing else changes."""
    simulator = make(tls=False, limits=Limits(order_window=0.05))
    abuser = Abuser(simulator, 7)
    abuser.run(2 * len(abuser.attacks))
    check_sound(simulator)


@pytest.mark.soak
def test_the_same_harm_again_takes_no_more_memory(
    make: Callable[..., Simulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the second and the third of three equal rounds the process stays the size it is."""
    # What is logged is kept by the test runner, with all that the tracebacks refer to.
    monkeypatch.setattr(logging.getLogger("aiohttp.server"), "disabled", True)
    simulator = make(market_maker=True, limits="off")
    threads, sizes = threading.active_count(), []
    for _ in range(3):
        faulthandler.dump_traceback_later(HANGING_TEST, exit=True)  # each round has the time of a test
        for seed in range(12):
            abuser = Abuser(simulator, seed)
            abuser.run(3 * len(abuser.attacks))
        check_sound(simulator)
        gc.collect()
        sizes.append(resident())
    assert threading.active_count() == threads
    # What is remembered of some thousand orders and frames, within the bounds of the tables.
    assert sizes[2] - sizes[1] < 24_000_000, sizes


# Ends.


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_stop_ends_a_hundred_connections_in_any_state(make: Callable[..., Simulator], tls: bool) -> None:
    """The guard of all tests looks for threads and descriptors that are left."""
    simulator = make(tls=tls, limits="off", market_maker=True)
    port = int(simulator.url.rpartition(":")[2])
    on_pro = f"{simulator.ws_url}/pro/spot"
    with ExitStack() as stack:

        def connect_raw(data: bytes) -> socket.socket:
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=LIMIT))
            sock.sendall(data)
            return sock

        for number in range(20):
            # Of one thread: over TLS the `websockets` library reads and writes with two, and now and then loses what it
            # sends first when these are switched often.
            ws = websocket.create_connection(on_pro, sslopt={"context": simulator.ssl_context()} if tls else {})
            stack.callback(ws.shutdown)
            ws.send(
                json.dumps({"id": "1", "action": "SUBSCRIBE", "channel": "ticker", "tradeType": "SPOT", "symbol": "A"})
            )
            if number % 2:
                ws.send("{")
            # Nothing, half a request (over TLS: no hello, or the beginning of one), and a body that does not come.
            connect_raw(b"")
            connect_raw(b"\x16\x03\x01\x02" if tls else b"GET / HTTP/1.1\r\nHost: loc")
            connect_raw(b"POST /api/v1/bullet-public HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
            left = connect_raw(b"GET / HTTP/1.1\r\n")
            left.shutdown(socket.SHUT_WR)
        simulator.wait_for(lambda s: s.connections() == 20)
        simulator.close()
        simulator.stop()
        assert repr(simulator).endswith("stopped>")
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=LIMIT).close()


@pytest.mark.parametrize("stage", ["accepted", "without-transport"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_stop_ends_a_connection_that_has_only_just_arrived(
    make: Callable[..., Simulator], tls: bool, stage: str
) -> None:
    """The loop has accepted it and has not asked for its protocol yet, or knows no transport of it."""
    simulator = make(tls=tls)
    server: Any = simulator._server

    def has_come() -> bool:
        if stage == "accepted":
            return any("accept_connection" in repr(task) for task in asyncio.all_tasks())
        return any(protocol.transport is None for protocol in server._door._waiting)

    async def arrive_and_stop() -> socket.socket:
        arrived = socket.create_connection(("127.0.0.1", server.port), LIMIT)
        while not has_come():
            await asyncio.sleep(0)
        assert stage != "accepted" or not server._door._waiting
        await server.stop()
        return arrived

    assert simulator._loop is not None
    with asyncio.run_coroutine_threadsafe(arrive_and_stop(), simulator._loop).result(LIMIT) as arrived:
        try:
            assert arrived.recv(1) == b""
        except ConnectionResetError:
            pass


def test_stop_right_after_a_refused_body_leaves_nothing_at_work(
    make: Callable[..., Simulator], caplog: pytest.LogCaptureFixture
) -> None:
    """The HTTP library still waits for the rest of it when the client has long gone."""
    simulator = make()
    port = int(simulator.url.rpartition(":")[2])
    head = b"POST /api/v1/bullet-public HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n"
    with caplog.at_level(logging.WARNING):
        with socket.create_connection(("127.0.0.1", port), timeout=LIMIT) as sock:
            sock.sendall(head + b"x" * 1_500_000)
            assert sock.recv(100)[9:12] == b"413"
        simulator.stop()
        gc.collect()
    assert caplog.records == []


# Bounds.


def test_connections_that_never_ask_are_dropped(
    make: Callable[..., Simulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that comes drop by drop has its time, and so has a body; a WebSocket may stay."""
    monkeypatch.setattr(door, "REQUEST_TIME", 0.1)
    simulator = make()
    port = int(simulator.url.rpartition(":")[2])
    with open_orders_socket(simulator) as orders:
        for data, answer in (
            (b"", b""),
            (b"GET /api/v1/timestamp HTTP/1.1\r\nHost: loc", b""),
            (b"POST /api/v1/bullet-public HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{", b"408"),
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=LIMIT) as sock:
                sock.sendall(data)
                assert read_to_end(sock)[9:12] == answer
        assert orders.ask({"id": "1", "op": "ping"})["op"] == "pong"


def test_a_flood_of_connections_leaves_room_for_others(make: Callable[..., Simulator]) -> None:
    """Those that wait longest without a request go first, and the rest of the world is served."""
    simulator = make(max_connections=5)
    port = int(simulator.url.rpartition(":")[2])
    bound = 5 + SPARE_CONNECTIONS
    with ExitStack() as stack, open_orders_socket(simulator) as orders:
        flood = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=LIMIT)) for _ in range(bound + 50)
        ]
        assert read_to_end(flood[0]) == b""
        assert len(simulator._server._door._waiting) <= bound  # type: ignore[union-attr]
        assert orders.ask({"id": "1", "op": "ping"})["op"] == "pong"
        for sock in flood:
            sock.close()
        assert orders.order("after the flood".replace(" ", "-")).receive()["code"] == "200000"


def test_a_client_that_leaves_inside_a_body_is_no_error(
    make: Callable[..., Simulator], caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is there to be told, and the log is for what matters."""
    simulator = make()
    port = int(simulator.url.rpartition(":")[2])
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", port), timeout=LIMIT) as sock:
                sock.sendall(b"POST /api/v1/bullet-public HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
                sock.shutdown(socket.SHUT_WR)
                read_to_end(sock)
    assert caplog.records == []


def test_a_batch_of_a_hundred_thousand_orders_is_one_refusal(orders: Socket, simulator: Simulator) -> None:
    """It must not push everybody else's frames out of the truth log."""
    reply = orders.ask({"id": "1", "op": "futures.multi_order", "args": [{"clientOid": "x"}] * 100_000})
    assert reply["code"] == "100001" or reply["code"] == "400100", reply
    assert len(simulator.truth_frames()) <= 50


def test_expiries_of_orders_that_are_over_are_forgotten() -> None:
    """Placing and cancelling orders that would live for a month must not fill the memory for a month."""
    exchange = Exchange(now_ns=lambda: 1_760_000_000_000_000_000)
    exchange.deposit("ann", "USDT", "100000")
    args = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.001"}
    gtt = {"timeInForce": "GTT", "cancelAfter": 2_592_000}
    exchange.place("ann", {**args, **gtt, "clientOid": "stays"})
    for _ in range(3 * LEAST_EXPIRIES):
        order = exchange.place("ann", {**args, **gtt})
        exchange.cancel("ann", {"symbol": "BTC-USDT", "orderId": order.order_id})
    assert len(exchange._floor._expiries) <= LEAST_EXPIRIES + 1
    assert "stays" in [order.client_oid for order in exchange.open_orders("ann")]
    assert any(exchange.order(order_id).is_live for _, order_id in exchange._floor._expiries)  # type: ignore[union-attr]


def read_to_end(sock: socket.socket) -> bytes:
    """Return what still comes; a reset is an end as well."""
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def _is_bad_http(record: logging.LogRecord) -> bool:
    return record.exc_info is not None and isinstance(record.exc_info[1], HttpProcessingError)
