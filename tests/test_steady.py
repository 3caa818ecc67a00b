"""
The soak of ``python -m benchmarks.steady``: it finds what is planted, and a short one finds nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.steady import __main__ as command
from benchmarks.steady.numbers import Numbers, Sent, compare
from benchmarks.steady.soak import Plan, soak
from benchmarks.steady.tables import kept_objects, table_sizes
from benchmarks.steady.trend import Samples, has_grown, slope
from kucoin_sync import WebsocketClient
from kucoin_sync.engine.connection import Connection
from kucoin_sync.events import EVENTS

SHORT = Plan(rate=300.0, minutes=0.09, reconnect=1.0, orders=20.0, sample=0.3)

needs_linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is counted as Linux counts it")


def taken(*messages: tuple[int, bool]) -> Numbers:
    numbers = Numbers("t")
    for number, marked in messages:
        numbers.take(number, marked=marked)
    return numbers


@pytest.mark.parametrize(
    ("messages", "runs", "problems"),
    [
        ([(1, False), (2, False), (3, False)], [(1, 3)], 0),
        ([(5, False), (6, False), (9, True), (10, False)], [(5, 6), (9, 10)], 0),
        ([(1, False), (2, True)], [(1, 1), (2, 2)], 0),
        ([(1, False), (3, False)], [(1, 1), (3, 3)], 1),
        ([(1, False), (1, False)], [(1, 1)], 1),
        ([(1, False), (2, False), (1, True)], [(1, 2)], 1),
    ],
)
def test_arrivals_are_runs_that_a_mark_begins(
    messages: Sequence[tuple[int, bool]], runs: Sequence[tuple[int, int]], problems: int
) -> None:
    numbers = taken(*messages)
    assert numbers.runs == runs
    assert len(numbers.problems) == problems


@pytest.mark.parametrize(
    ("sent", "arrived", "cut_off", "problems"),
    [
        ([Sent(1, 9, "fin"), Sent(12, 20, "end")], [[1, 9], [12, 20]], 0, 0),
        ([Sent(1, 9, "rst"), Sent(12, 20, "end")], [[1, 6], [12, 20]], 3, 0),
        ([Sent(1, 9, "rst"), Sent(12, 20, "end")], [[12, 20]], 9, 0),
        ([Sent(1, 9, "fin"), Sent(12, 20, "end")], [[1, 6], [12, 20]], 0, 1),
        ([Sent(1, 9, "close"), Sent(12, 20, "end")], [[12, 20]], 0, 1),
        ([Sent(1, 9, "rst"), Sent(12, 20, "end")], [[2, 9], [12, 20]], 0, 1),
        ([Sent(1, 9, "rst"), Sent(12, 20, "end")], [[1, 4], [6, 9], [12, 20]], 0, 1),
        ([Sent(1, 9, "rst"), Sent(10, 20, "end")], [[1, 20]], 9 + 2, 2),
        ([Sent(1, 9, "end")], [[1, 9], [30, 31]], 0, 1),
    ],
)
def test_only_a_reset_may_cost_messages_and_only_the_last_of_a_line(
    sent: Sequence[Sent], arrived: Sequence[Sequence[int]], cut_off: int, problems: int
) -> None:
    found = compare("t", sent, arrived)
    assert len(found.problems) == problems, found.problems
    if not problems:
        assert found.cut_off == cut_off
        assert found.sent == found.delivered + cut_off
    assert found.sent == sum(line.last - line.first + 1 for line in sent)


def test_a_number_that_moves_has_not_grown() -> None:
    assert has_grown([1, 2, 3, 4, 5, 6])
    assert has_grown([7, 7, 8, 8, 9, 9])
    assert not has_grown([0, 1, 1, 1, 1, 1])
    assert not has_grown([1, 2, 3, 4, 5, 1])
    assert not has_grown([4, 4, 4, 4, 4, 4])
    assert not has_grown([1, 2])


def test_a_sample_that_does_not_name_a_number_counts_it_as_none() -> None:
    samples = Samples(3)
    for found in ({"a": 1}, {"a": 2, "b": 7}, {"b": 8}):
        samples.add(found)
    assert {name: list(row) for name, row in samples.rows().items()} == {"a": [1, 2, 0], "b": [0, 7, 8]}


def test_the_slope_is_that_of_the_line() -> None:
    assert slope([0.0, 1.0, 2.0, 3.0], [5.0, 7.0, 9.0, 11.0]) == pytest.approx(2.0)
    assert slope([0.0, 1.0, 2.0, 3.0], [1.0, -1.0, -1.0, 1.0]) == pytest.approx(0.0)
    assert slope([1.0], [5.0]) == 0.0


def test_every_container_of_a_client_is_counted() -> None:
    with WebsocketClient() as client:
        before = table_sizes(client)
        for _ in range(3):
            client.on("open", print)
        after = table_sizes(client)
        assert kept_objects()["WebsocketClient objects"] >= 1
    assert after["ListenerHub._listeners"] == before["ListenerHub._listeners"] == len(EVENTS)
    assert after["ListenerHub._listeners[]"] == before["ListenerHub._listeners[]"] + 3
    assert {"Ledger._calls", "Ledger._entries", "WebsocketClient._groups", "OpeningBudget._taken"} <= set(after)


@needs_linux
def test_a_short_soak_finds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "steady.json"
    arguments = ["--rate", "300", "--minutes", "0.09", "--reconnect", "1", "--orders", "20", "--sample", "0.3"]
    status = command.main([*arguments, "--json", str(file)])
    printed = capsys.readouterr().out
    assert status == 0, printed
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told["broken"] == [] and "no finding" in printed
    assert sum(told["ended"].values()) >= 1 and told["lines_lost"] >= 4
    assert all(topic["delivered"] > 0 for topic in told["topics"].values())
    assert told["orders"]["accepted"] > 0 and told["samples"] > 1


@needs_linux
def test_a_soak_finds_threads_and_objects_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    released = threading.Event()
    over = Connection._line_over

    def leaking(self: Connection, *args: Any) -> None:
        kept.append(args)
        kept.append(threading.Thread(target=released.wait, daemon=True))
        kept[-1].start()
        over(self, *args)

    monkeypatch.setattr(Connection, "_line_over", leaking)
    try:
        outcome = soak(SHORT)
    finally:
        released.set()
    assert outcome.threads.most > outcome.threads.least
    assert outcome.tables["Line objects"].last > outcome.tables["Line objects"].first
    assert any("threads are not constant" in text for text in outcome.broken(SHORT))
