"""
The order journal at work: what a client that was killed leaves, and what the next one makes of it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kucoin_sync import (
    Absent,
    Accepted,
    ConfigError,
    JournalError,
    NotSent,
    OutcomeUnknown,
    Rejected,
    WebsocketAPIClient,
)
from kucoin_sync.simulator import Simulator

SPOT: dict[str, Any] = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.001"}
FUTURES: dict[str, Any] = {
    "symbol": "XBTUSDTM",
    "side": "buy",
    "type": "limit",
    "price": "59000",
    "size": 1,
    "leverage": 5,
}
PATIENCE = 30.0
OPTIONS: dict[str, Any] = {
    "settle": 0.2,
    "openings_per_minute": 1000,
    # What the operating system may still send of a process that is gone, it sends no longer than these two together.
    "ping_interval": 0.2,
    "pong_timeout": 0.2,
}


@pytest.fixture
def exchange() -> Iterator[Simulator]:
    with Simulator(limits="off") as exchange:
        yield exchange


def client(exchange: Simulator, journal: Path, **options: Any) -> WebsocketAPIClient:
    return WebsocketAPIClient(**{**exchange.client_options(), **OPTIONS, "journal": journal, **options})


def records(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_text().splitlines()[1:]]


CHILD = """
import json, sys
from kucoin_sync import WebsocketAPIClient

options, orders = json.loads(sys.argv[1]), json.loads(sys.argv[2])
api = WebsocketAPIClient(**options)
api.connect_ws_api("wsApiSpotV1")
api.connect_ws_api("wsApiFuturesV1")
methods = {"spot": api.nowait.submit_new_spot_order, "futures": api.nowait.submit_futures_order}
futures = []
for product, order in orders["answered"]:
    methods[product](**order).result(20)
print("answered", flush=True)
sys.stdin.readline()
for product, order in orders["in flight"]:
    futures.append(methods[product](**order))
print("sent", flush=True)
sys.stdin.read()
"""


def test_O20_a_killed_process_leaves_exactly_its_orders_without_outcome(exchange: Simulator, tmp_path: Path) -> None:
    """Fifty in flight, forty of them taken by the exchange and ten not; ten more had been answered before."""
    journal = tmp_path / "orders.journal"
    products = {"spot": SPOT, "futures": FUTURES}
    names = [("spot" if number % 2 else "futures", number) for number in range(60)]
    orders = [[product, {**products[product], "client_oid": f"killed{number}"}] for product, number in names]
    options = {**exchange.client_options(), **OPTIONS, "journal": str(journal)}
    plan = json.dumps({"answered": orders[:10], "in flight": orders[10:]})
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, json.dumps(options), plan],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None and child.stdout is not None
    with child:
        try:
            assert child.stdout.readline() == "answered\n"
            exchange.late_execution(3600.0, count=10)
            exchange.drop_ack(count=40)
            child.stdin.write("go on\n")
            child.stdin.flush()
            assert child.stdout.readline() == "sent\n"
            exchange.wait_for(lambda sim: sum(len(sim.truth_frames(op=op)) for op in PLACING) == 60, PATIENCE)
        finally:
            child.send_signal(signal.SIGKILL)
    lost = {f"killed{number}" for number in range(10, 60)}
    taken = {oid for oid in lost if exchange.truth(oid).executed}

    with client(exchange, journal) as api:
        api.connect_ws_api()
        unknown = api.unresolved()
        assert [error.client_oid for error in unknown] == sorted(lost, key=lambda oid: int(oid[6:])), "oldest first"
        assert {error.reason for error in unknown} == {"interrupted"}
        assert f"process {child.pid}" in unknown[0].notes[0]
        fates = api.reconcile_all(PATIENCE)
        found = {error.client_oid for error, fate in zip(unknown, fates, strict=True) if isinstance(fate, Accepted)}
        gone = {error.client_oid for error, fate in zip(unknown, fates, strict=True) if isinstance(fate, Absent)}

    assert found == taken
    assert gone == lost - taken
    assert len(taken) == 40
    with client(exchange, journal) as api:
        assert api.unresolved() == []


PLACING = ("spot.order", "futures.order")


def test_O20_each_order_is_noted_before_it_is_sent_and_its_outcome_after(exchange: Simulator, tmp_path: Path) -> None:
    journal = tmp_path / "orders.journal"
    with client(exchange, journal) as api:
        ack = api.submit_new_spot_order(**SPOT)
        with pytest.raises(Rejected):
            api.submit_new_spot_order(**{**SPOT, "symbol": "NO-USDT"})
        exchange.drop_ack()
        with pytest.raises(OutcomeUnknown) as caught:
            api.submit_new_spot_order(**SPOT, timeout=0.3)
        caught.value.reconcile(PATIENCE)
        api.ping()
    written = records(journal)
    assert [next(iter(record)) for record in written] == [
        "begin",
        "end",
        "begin",
        "end",
        "begin",
        "unknown",
        "resolved",
    ], "a ping changes nothing"
    assert [record.get("outcome", record.get("fate")) for record in written] == [
        None,
        "accepted",
        None,
        "rejected",
        None,
        None,
        "accepted",
    ]
    assert written[0]["args"]["clientOid"] == ack.client_oid
    assert written[0]["expires_ms"] > written[0]["since_ms"], "as it was sent"
    assert journal.stat().st_mode & 0o777 == 0o600


def test_O20_an_unknown_order_of_a_batch_outlives_its_process(exchange: Simulator, tmp_path: Path) -> None:
    journal = tmp_path / "orders.journal"
    with client(exchange, journal) as api:
        exchange.edit_batch(drop=1)
        orders = [{**FUTURES, "client_oid": f"mine{number}"} for number in range(3)]
        with pytest.raises(OutcomeUnknown) as caught:
            api.submit_multiple_futures_orders(orders=orders)
        assert caught.value.results is not None
        (lost,) = caught.value.results.unknown

    with client(exchange, journal) as api:
        (error,) = api.unresolved()
        assert (error.client_oid, error.reason) == (lost.client_oid, "partial_batch")
        with pytest.raises(ConfigError, match="whose outcome is unknown"):
            api.submit_futures_order(**FUTURES, client_oid=error.client_oid)
        assert isinstance(error.reconcile(PATIENCE), Accepted)

    with client(exchange, journal) as api:
        assert api.unresolved() == []


def test_O20_what_is_dismissed_is_not_listed_again(exchange: Simulator, tmp_path: Path) -> None:
    journal = tmp_path / "orders.journal"
    with client(exchange, journal) as api:
        exchange.drop_ack()
        with pytest.raises(OutcomeUnknown) as caught:
            api.submit_new_spot_order(**SPOT, timeout=0.3)
        api.dismiss(caught.value)

    with client(exchange, journal) as api:
        assert api.unresolved() == []


def test_O20_an_order_that_cannot_be_noted_is_not_sent(
    exchange: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full: the descriptor of the journal is one of a device that says so."""
    with client(exchange, tmp_path / "orders.journal") as api:
        placed = api.submit_new_spot_order(**SPOT)
        journal = api.get_ws_client()._desk._journal
        assert journal is not None
        full = os.open("/dev/full", os.O_WRONLY)
        good, journal._fd = journal._fd, full
        try:
            with pytest.raises(NotSent) as caught:
                api.submit_new_spot_order(**SPOT, client_oid="mine")
            cancelled = api.cancel_spot_order(symbol="BTC-USDT", order_id=placed.order_id)
        finally:
            journal._fd = good
            os.close(full)
        assert cancelled.order_id == placed.order_id, "a cancel reduces risk, so it goes out all the same"
        assert isinstance(caught.value.cause, JournalError)
        assert exchange.truth("mine").frames_received == 0
        assert api.submit_new_spot_order(**SPOT, client_oid="mine").client_oid == "mine", "and the next one is"


def test_O20_a_second_client_on_the_same_journal_is_refused(exchange: Simulator, tmp_path: Path) -> None:
    journal = tmp_path / "orders.journal"
    with client(exchange, journal), pytest.raises(ConfigError, match=r"journal: .* in use by another client"):
        client(exchange, journal)
    client(exchange, tmp_path / "orders.journal").close()


@pytest.mark.parametrize("path", ["", 7, object()])
def test_O20_a_journal_that_is_no_path_is_refused(path: Any) -> None:
    with pytest.raises(ConfigError, match="journal: must be a path"):
        WebsocketAPIClient(journal=path)
