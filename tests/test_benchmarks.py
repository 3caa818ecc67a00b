"""
The benchmarks count, compare and print right; how fast anything is, no test asks.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks.clients import CLIENTS, DEFAULT, limit
from benchmarks.clients.measure import (
    FIRST_SEQUENCE,
    Tally,
    in_flight,
    many_callers,
    percentiles,
    round_trips,
    summarize_lateness,
)
from benchmarks.job import Job
from benchmarks.plan import GROUPS, LATE, PLAIN, SCALING, TLS, Plan, steps
from benchmarks.report import BEGINS, ENDS, Report, put_on_page
from benchmarks.results import Results, difference, ratio
from benchmarks.server import Server, build
from benchmarks.tables import tables
from benchmarks.targets import Verdict, verdicts

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.rst"
MILLISECOND = 1_000_000


def plan(*groups: str, clients: tuple[str, ...] = DEFAULT, scale: float = 1.0) -> Plan:
    return Plan(groups or GROUPS, clients, rounds=2, budget=60.0, scale=scale, frames_per_record=1)


def results() -> Results:
    """Two rounds of orders in which this library takes twice as long as the limit, then three times."""
    made = Results()
    for client, times in {"limit": (10.0, 20.0), "ours": (20.0, 60.0)}.items():
        for setting, held_back in ((PLAIN, 0), (LATE, 1000)):
            made.samples["orders", setting, client] = [
                {"round": number, "p50_us": took + held_back, "p99_us": 9 * took + held_back, "yardstick_ms": 5.0}
                for number, took in enumerate(times, 1)
            ]
    return made


def scaled(made: Results) -> Results:
    for topics, rate in ((10, 100_000.0), (5_000, 50_000.0)):
        made.samples["scaling: topics", str(topics), "ours"] = [
            {"round": 1, "messages_per_s": rate, "messages": 9, "lost": 0, "yardstick_ms": 5.0}
        ]
    return made


def report(made: Results) -> Report:
    machine = {
        "cpu": "a processor",
        "cores": 2,
        "kernel": "Linux 6",
        "python": "CPython 3",
        "openssl": "OpenSSL 3",
        "packages": {"kucoin-sync": "1", "orjson": None},
        "load_average": 0.5,
    }
    return Report(plan(), made, machine)


# What the clients measure


def test_percentiles_are_of_sorted_values_in_microseconds() -> None:
    assert percentiles([*range(100_000, 0, -1000)]) == {"p50_us": 51.0, "p99_us": 100.0}


def test_latency_is_between_stamp_and_arrival() -> None:
    stamps = [number * MILLISECOND for number in range(100)]
    arrivals = [stamp + 5_000 for stamp in stamps]
    found = summarize_lateness(stamps, arrivals, messages=100, every=MILLISECOND)
    assert found == {"received": 100, "backlog": 0, "p50_us": 5.0, "p99_us": 5.0}


def test_messages_that_did_not_arrive_count_with_their_age_and_as_backlog() -> None:
    """A client that reads ten of a hundred in time looks bad, and not as good as its ten."""
    stamps = [number * MILLISECOND for number in range(20)]
    arrivals = [10 * stamp + 1000 for stamp in stamps]
    found = summarize_lateness(stamps, arrivals, messages=100, every=MILLISECOND)
    assert found["received"] == 20
    # The last message was sent at 99 ms; those of 0 to 9 ms had arrived, and the last one itself is no backlog.
    assert found["backlog"] == 89
    # The count stops at 190 ms: message 20 is 170 ms old by then, message 99 is 91 ms old.
    assert found["p50_us"] > 90_000 and found["p99_us"] < 172_000


def test_a_tally_ends_with_the_last_sequence_and_tells_what_was_lost() -> None:
    tally = Tally(Job("ours", "stream", 1, messages=10))
    for number in (0, 1, 5, 9):
        is_last = tally.take({"sequence": str(FIRST_SEQUENCE + number)})
    assert is_last
    found = tally.wait(0)
    assert (found["messages"], found["lost"]) == (4, 6)


def test_a_tally_of_several_connections_ends_with_the_last_message() -> None:
    tally = Tally(Job("ours", "stream", 1, messages=6, connections=2))
    taken = [tally.take({"sequence": str(FIRST_SEQUENCE + number)}) for _ in range(2) for number in range(3)]
    assert taken == [False] * 5 + [True]
    assert tally.wait(0)["lost"] == 0


def test_a_stream_that_does_not_end_is_no_result() -> None:
    tally = Tally(Job("ours", "stream", 1, messages=6))
    tally.take({"sequence": str(FIRST_SEQUENCE)})
    with pytest.raises(TimeoutError, match="1 of 6 messages"):
        tally.wait(0)


def test_round_trips_are_counted_without_the_warm_up() -> None:
    placed: list[None] = []
    found = round_trips(lambda: placed.append(None), Job("ours", "orders", 1, warm_up=3, round_trips=7))
    assert found["round_trips"] == 7 and len(placed) == 10


def test_no_more_than_the_window_is_in_flight() -> None:
    open_at_once: list[int] = []
    waiting: set[Future[int]] = set()

    class Reply(Future[int]):
        def result(self, timeout: float | None = None) -> int:
            waiting.remove(self)
            return 0

    def submit() -> Reply:
        reply = Reply()
        waiting.add(reply)
        open_at_once.append(len(waiting))
        return reply

    found = in_flight(submit, Job("ours", "orders", 1, pipelined=20, window=8))
    assert found["pipelined"] == 20 and max(open_at_once) == 8 and not waiting


def test_each_of_many_callers_places_its_share() -> None:
    placed: list[None] = []
    job = Job("ours", "callers", 1, warm_up=0, round_trips=80, callers=4)
    assert many_callers(lambda: placed.append(None), job)["orders_per_s"] > 0
    assert len(placed) == 80


def test_what_a_caller_runs_into_ends_the_measurement() -> None:
    def fail() -> None:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        many_callers(fail, Job("ours", "callers", 1, warm_up=0, round_trips=8, callers=2))


# What is measured


def test_a_job_travels_as_json() -> None:
    job = Job("ours", "stream", 8080, certificate="/tmp/c.pem", per_second=1000, messages=5, computing=True)
    assert Job.from_json(job.to_json()) == job


@pytest.mark.parametrize(
    ("load", "topic"),
    [
        ({}, "/market/ticker:FLOOD-9"),
        ({"per_second": 1000}, "/market/ticker:FLOOD-9-P1000"),
        ({"message_size": 500}, "/market/ticker:FLOOD-9-B500"),
        ({"topics": 10}, "/market/ticker:FLOOD-9-A"),
    ],
)
def test_the_topic_says_what_stream_is_wanted(load: dict[str, Any], topic: str) -> None:
    assert Job("ours", "stream", 1, messages=9, **load).topic == topic


def test_connections_share_the_topics() -> None:
    job = Job("ours", "stream", 1, topics=5, connections=2)
    assert [len(job.topics_of(number)) for number in (0, 1)] == [3, 2]
    assert len({*job.topics_of(0), *job.topics_of(1)}) == 5


def test_every_group_has_steps_and_every_client_takes_part_in_what_it_says() -> None:
    found = list(steps(plan(clients=tuple(CLIENTS))))
    for name, client in CLIENTS.items():
        measured = {step.case.measurement.partition(":")[0] for step in found if step.client == name}
        assert measured == client.measured, name
    assert all(list(steps(plan(group))) for group in GROUPS)


def test_the_clients_of_one_case_take_turns() -> None:
    """The limit and the peers are measured next to each other, so that a machine that gets slower does so for all."""
    order = [step.case for step in steps(plan())]
    assert order == sorted(order, key=order.index)


def test_a_step_is_a_job_that_can_be_run() -> None:
    for step in steps(plan(clients=tuple(CLIENTS), scale=0.01)):
        job = Job(client=step.client, scenario=step.case.scenario, port=1, **step.load)
        assert job.window <= 512 and (job.messages or job.round_trips or job.pipelined or job.idle)


def test_scaling_goes_through_all_values() -> None:
    found = [(step.case.measurement, step.case.setting) for step in steps(plan("scaling"))]
    assert found == [(f"scaling: {axis.title}", str(value)) for axis in SCALING.values() for value in axis.values]


# What is made of it


def test_the_time_for_which_replies_were_held_back_is_taken_off() -> None:
    assert results().by_round("orders", LATE, "ours", "p50_us") == {1: 20.0, 2: 60.0}
    assert results().by_round("orders", LATE, "ours", "p99_us") == {1: 180.0, 2: 540.0}


def test_ratios_and_differences_are_of_the_same_round() -> None:
    assert ratio({1: 20.0, 2: 60.0, 3: 5.0}, {1: 10.0, 2: 20.0}) == 2.5
    assert difference({1: 20.0, 2: 60.0}, {1: 10.0, 2: 20.0, 3: 7.0}) == 25.0
    assert ratio({1: 20.0}, {2: 10.0}) is None and difference({}, {1: 1.0}) is None


def test_a_saved_run_shows_the_same_again() -> None:
    made = scaled(results())
    made.dropped["okx"] = "ImportError: no"
    made.notes.append("Something else.")
    first = report(made)
    again = Report.from_json(json.loads(json.dumps(first.to_json())))
    assert again == first and again.to_text() == first.to_text() and again.to_rst() == first.to_rst()


def test_a_table_has_the_ratio_to_the_limit_where_there_is_a_limit() -> None:
    orders, scaling, _ = tables(scaled(results()))
    assert orders.head == ("measurement", "client", "median", "min - max", "x limit", "p99")
    assert orders.body[1] == ("order round trip, us, plain", "kucoin_sync", "40.0", "20.0 - 60.0", "2.50", "360.0")
    assert [row[1:5] for row in scaling.body] == [
        ("10", "10.00", "10.00 - 10.00", "1.00"),
        ("5,000", "20.00", "20.00 - 20.00", "2.00"),
    ]
    alone = results()
    del alone.samples["orders", PLAIN, "limit"], alone.samples["orders", LATE, "limit"]
    assert "x limit" not in tables(alone)[0].head


def verdict_of(made: Results, target: str, bound: str) -> Verdict:
    (found,) = [each for each in verdicts(made) if each.target == target and each.bound == bound]
    return found


@pytest.mark.parametrize(
    ("factor", "measured", "word"), [(1.5, "1.5 x", "met"), (1.6, "1.6 x", "met"), (1.7, "1.7 x", "not met")]
)
def test_a_target_is_met_up_to_its_bound(factor: float, measured: str, word: str) -> None:
    made = Results()
    for client, took in (("limit", 10.0), ("ours", 10.0 * factor)):
        made.samples["orders", PLAIN, client] = [{"round": 1, "p50_us": took}]
    found = verdict_of(made, "order round trip, plain, p50", "at most 1.6 x limit")
    assert (found.measured, found.word) == (measured, word)


def test_a_target_is_judged_by_the_peer_that_does_best() -> None:
    made = Results()
    for client, rate in (("ours", 1000.0), ("websockets", 800.0), ("node", 1250.0), ("plain", 100.0)):
        made.samples["orders", TLS, client] = [{"round": 1, "orders_per_s": rate}]
    found = verdict_of(made, "64 orders in flight, TLS", "at least 1 x best peer")
    assert (found.measured, found.word) == ("0.8 x (kucoin-api (Node))", "not met")


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    assert {each.word for each in verdicts(Results())} == {"not measured"}


# The page and the command line


def test_the_page_keeps_everything_outside_of_its_markers() -> None:
    page = f"above\n\n{BEGINS}\nold\n\n{ENDS}\nbelow\n"
    once = put_on_page(page, "new")
    assert once == f"above\n\n{BEGINS}\nnew\n\n{ENDS}\nbelow\n"
    assert put_on_page(once, "new") == once


@pytest.mark.parametrize("page", ["", f"{BEGINS}", f"{ENDS}{BEGINS}", f"{BEGINS}{BEGINS}{ENDS}"])
def test_a_page_without_both_markers_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        put_on_page(page, "new")


def test_a_saved_run_is_put_on_the_page_by_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saved, page = tmp_path / "run.json", tmp_path / "performance.rst"
    saved.write_text(json.dumps(report(scaled(results())).to_json()))
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--from", str(saved), "--write", str(page), "--rst"])
    assert command.main() == 0
    assert capsys.readouterr().out.strip() in page.read_text(encoding="utf-8")
    assert ".. scaling-curves::" in page.read_text(encoding="utf-8")


def test_what_is_put_on_the_page_builds_without_a_warning(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'docs' / '_extensions')!r})\n"
        "extensions = ['benchmark_bars', 'scaling_curves']\n"
    )
    made = report(scaled(results()))
    made.results.dropped["okx"] = "ImportError: no module"
    made.results.samples["orders", TLS, "ours"] = [{"round": 1, "p50_us": 10.0, "yardstick_ms": 5.0}]
    (tmp_path / "index.rst").write_text(f"Page\n====\n\nResults\n-------\n\n{made.to_rst()}\n")
    sphinx = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(tmp_path), str(tmp_path / "html")]
    ended = subprocess.run(sphinx, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "html" / "index.html").read_text().count("<svg") == 3


def test_the_command_line_is_complete_without_options() -> None:
    options = command.parse([])
    assert (options.groups, options.clients, options.rounds) == (GROUPS, DEFAULT, 5)
    assert command.parse(["--quick", "latency"]).groups == ("latency",)
    assert command.parse(["safety"]).clients != DEFAULT
    assert command.SECONDS_PER_ROUND.keys() == set(GROUPS)


@pytest.mark.parametrize(
    "arguments", [["--clients", "nobody"], ["--rounds", "0"], ["--json", "--rst"], ["--frames-per-record", "61"]]
)
def test_options_that_make_no_sense_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.parse(arguments)
    assert "error:" in capsys.readouterr().err


# The server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not sys.platform.startswith("linux") or shutil.which("gcc") is None:
        pytest.skip("the server needs Linux and gcc")
    cores = sorted(os.sched_getaffinity(0))
    with Server(build(tmp_path_factory.mktemp("server")), core=cores[-1], max_seconds=120) as running:
        yield running


def messages(server: Server, **load: Any) -> list[dict[str, Any]]:
    """Return what a client that subscribes to the job's topic, and to symbols before that, gets."""
    job = Job("limit", "stream", server.port, **load)
    line = limit.Line(job, f"{job.stream_url}?token=t&connectId=test")
    line.sock.settimeout(30.0)
    found: list[dict[str, Any]] = []
    topics = [*job.topics_of(0), job.topic]
    joined = f"/market/ticker:{','.join(topic.partition(':')[2] for topic in topics[:-1])}"
    for topic in [joined, job.topic] if topics[:-1] else [job.topic]:
        line.send(json.dumps({"id": "1", "type": "subscribe", "topic": topic, "response": True}).encode())
    while len(found) < job.messages:
        message = json.loads(bytes(line.receive()))
        if message["type"] == "message":
            found.append(message)
    line.sock.close()
    return found


def test_messages_are_numbered(server: Server) -> None:
    found = messages(server, messages=1200)
    assert [int(each["data"]["sequence"]) for each in found] == [*range(FIRST_SEQUENCE, FIRST_SEQUENCE + 1200)]
    assert {each["topic"] for each in found} == {"/market/ticker:FLOOD-1200"}


def test_a_steady_stream_carries_the_time_at_which_each_message_was_sent(server: Server) -> None:
    before = time.monotonic_ns()
    stamps = [each["data"]["stamp"] for each in messages(server, messages=50, per_second=1000)]
    assert stamps == sorted(stamps) and {len(stamp) for stamp in stamps} == {19}
    # Nothing is sent before it is due, and both sides read the same clock.
    assert before + 49 * MILLISECOND <= int(stamps[-1]) <= time.monotonic_ns()


@pytest.mark.parametrize("size", [1, 1_000, 20_000, 60_000])
def test_messages_have_the_size_that_was_asked_for(server: Server, size: int) -> None:
    (found,) = {json.dumps(each["data"]) for each in messages(server, messages=1, message_size=size)}
    data = json.loads(found)
    assert ("price" in data) is (size > 1)
    assert size - 300 < len(json.dumps(data, separators=(",", ":"))) < size + 300


def test_messages_come_on_all_topics_by_turns(server: Server) -> None:
    found = messages(server, messages=9, topics=3)
    assert [each["topic"] for each in found] == [f"/market/ticker:S{number % 3:04}" for number in range(9)]
