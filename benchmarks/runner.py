"""Run the clients round by round, each in a process of its own, and collect what they measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs

from benchmarks.clients import CLIENTS
from benchmarks.job import Job
from benchmarks.server import Built, Server, build

__all__ = ["LATE", "LATE_REPLY_US", "PLAIN", "TLS", "Plan", "Results", "run"]

PROCESS_TIMEOUT = 20.0
OVERTIME = 4.0
"""Seconds past the budget which the last process may take."""

LATE_REPLY_US = 1000
PLAIN, TLS, LATE = "plain", "TLS", "TLS, replies 1 ms late"


@attrs.frozen
class Plan:
    """
    What to run.

    Attributes:
        scenarios: ``"orders"``, ``"stream"`` or both.
        clients: Names in `CLIENTS`, in the order in which they take turns.
        rounds: Turns of each client.
        budget: Seconds after which no further process is started.
        scale: Share of the full number of orders and messages.
        frames_per_record: How many stream messages share one TLS record.
    """

    scenarios: tuple[str, ...]
    clients: tuple[str, ...]
    rounds: int
    budget: float
    scale: float
    frames_per_record: int


@attrs.frozen
class Setting:
    """A server to measure against; `title` is one of the three constants above."""

    title: str
    server: Server
    is_late: bool


@attrs.define
class Results:
    """
    What came out.

    Attributes:
        samples: (scenario, setting, client) -> what its process printed, one entry for each round.
        dropped: Client, with scenario and setting where it applies -> why it was not measured to the end.
        notes: What else the reader must know.
    """

    samples: dict[tuple[str, str, str], list[dict[str, Any]]] = attrs.field(factory=dict)
    dropped: dict[str, str] = attrs.field(factory=dict)
    notes: list[str] = attrs.field(factory=list)


def run(plan: Plan, report_progress: Callable[[str], None]) -> Results:
    """
    Run the plan.

    Raises:
        BuildError: If the server cannot be built or started.
    """
    results = Results()
    deadline = time.monotonic() + plan.budget
    server_core, client_core = _choose_cores(results)
    with tempfile.TemporaryDirectory(prefix="kucoin-sync-benchmarks-") as directory, ExitStack() as stack:
        report_progress("building the server")
        built = build(Path(directory))
        settings = list(_start_servers(plan, built, Path(directory), server_core, stack, results))
        jobs = [*_plan_round(plan, settings, client_core)]
        for number in range(1, plan.rounds + 1):
            for setting, job in jobs:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    results.notes.append(f"The time budget of {plan.budget:.0f} s ended in round {number}.")
                    return results
                report_progress(f"round {number}: {job.scenario}, {setting.title}, {job.client}")
                timeout = min(PROCESS_TIMEOUT, remaining + OVERTIME)
                _run_job(setting, job, results, number=number, timeout=timeout)
    return results


def _choose_cores(results: Results) -> tuple[int, int | None]:
    """Return the server's core and the clients'."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) == 1:
        results.notes.append("Only one core: server and client share it, so the numbers mean little.")
        return cores[0], None
    return cores[-1], cores[0]


def _start_servers(
    plan: Plan, built: Built, directory: Path, core: int, stack: ExitStack, results: Results
) -> Iterator[Setting]:
    # A server without connections sleeps, so those that wait for their turn do not disturb the busy one.
    def start(**options: Any) -> Server:
        return stack.enter_context(Server(built, core=core, max_seconds=int(plan.budget) + 60, **options))

    yield Setting(PLAIN, start(), is_late=False)
    if built.no_tls_reason is not None:
        results.notes.append(f"TLS was skipped: {built.no_tls_reason}.")
        return
    certificate = directory / "server.pem"
    tls = start(certificate=certificate, frames_per_record=plan.frames_per_record)
    yield Setting(TLS, tls, is_late=False)
    if "orders" in plan.scenarios:
        late = start(certificate=directory / "late.pem", delay_us=LATE_REPLY_US)
        yield Setting(LATE, late, is_late=True)


def _plan_round(plan: Plan, settings: list[Setting], core: int | None) -> Iterator[tuple[Setting, Job]]:
    for scenario in plan.scenarios:
        for setting in settings:
            if scenario == "stream" and setting.is_late:
                continue
            for name in plan.clients:
                if CLIENTS[name].is_stream_only if scenario == "orders" else CLIENTS[name].is_orders_only:
                    continue
                certificate = setting.server.certificate
                yield (
                    setting,
                    Job(
                        client=name,
                        scenario=scenario,
                        port=setting.server.port,
                        certificate=None if certificate is None else str(certificate),
                        core=core,
                        warm_up=int((100 if setting.is_late else 500) * plan.scale),
                        round_trips=int((800 if setting.is_late else 5_000) * plan.scale),
                        pipelined=0 if setting.is_late else int(6_000 * plan.scale),
                        messages=int(CLIENTS[name].messages * plan.scale),
                    ),
                )


def _run_job(setting: Setting, job: Job, results: Results, *, number: int, timeout: float) -> None:
    label = f"{job.client}, {job.scenario}, {setting.title}"
    module = CLIENTS[job.client].module
    if module in results.dropped or label in results.dropped:
        return
    outcome = _run_process(job, timeout) | {"round": number}
    if "skipped" in outcome:
        results.dropped[module] = outcome["skipped"]
    elif "failed" in outcome:
        results.dropped[label] = outcome["failed"]
    else:
        results.samples.setdefault((job.scenario, setting.title, job.client), []).append(outcome)


def _run_process(job: Job, timeout: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.clients", job.to_json()]
    root = Path(__file__).resolve().parent.parent
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        return {"failed": f"no result within {timeout:.0f} s"}
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    try:
        outcome: dict[str, Any] = json.loads(output.splitlines()[-1])
        return outcome
    except (ValueError, IndexError):
        last = errors.strip().splitlines()[-1:] or ["nothing printed"]
        return {"failed": f"exit status {process.returncode}: {last[0]}"}
