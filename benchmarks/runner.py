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

from benchmarks.clients import CLIENTS
from benchmarks.job import Job
from benchmarks.plan import LATE, LATE_REPLY_US, PLAIN, TLS, Plan, Step, steps
from benchmarks.results import Results
from benchmarks.server import Built, Server, build

__all__ = ["run"]

PROCESS_TIMEOUT = 20.0
OVERTIME = 4.0
"""Seconds past the budget which the last process may take."""


def run(plan: Plan, report_progress: Callable[[str], None]) -> Results:
    """
    Run the plan.

    Raises:
        BuildError: If the server cannot be built or started.
    """
    results = Results()
    deadline = time.monotonic() + plan.budget
    server_core, client_core = _choose_cores(results)
    todo = list(steps(plan))
    with tempfile.TemporaryDirectory(prefix="kucoin-sync-benchmarks-") as directory, ExitStack() as stack:
        report_progress("building the server")
        built = build(Path(directory))
        needed = {step.case.server for step in todo}
        servers = dict(_start_servers(plan, needed, built, Path(directory), server_core, stack, results))
        for number in range(1, plan.rounds + 1):
            for step in todo:
                if step.case.server not in servers or number > (step.case.rounds or number):
                    continue
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    results.notes.append(f"The time budget of {plan.budget:.0f} s ended in round {number}.")
                    return results
                report_progress(f"round {number}: {step.case.measurement}, {step.case.setting}, {step.client}")
                _run_step(step, servers[step.case.server], client_core, results, number=number, remaining=remaining)
    return results


def _choose_cores(results: Results) -> tuple[int, int | None]:
    """Return the server's core and the clients'."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) == 1:
        results.notes.append("Only one core: server and client share it, so the numbers mean little.")
        return cores[0], None
    return cores[-1], cores[0]


def _start_servers(
    plan: Plan, needed: set[str], built: Built, directory: Path, core: int, stack: ExitStack, results: Results
) -> Iterator[tuple[str, Server]]:
    # A server without connections sleeps, so those that wait for their turn do not disturb the busy one.
    def start(**options: Any) -> Server:
        return stack.enter_context(Server(built, core=core, max_seconds=int(plan.budget) + 60, **options))

    if PLAIN in needed:
        yield PLAIN, start()
    if built.no_tls_reason is not None and needed != {PLAIN}:
        results.notes.append(f"TLS was skipped: {built.no_tls_reason}.")
        return
    if TLS in needed:
        yield TLS, start(certificate=directory / "server.pem", frames_per_record=plan.frames_per_record)
    if LATE in needed:
        yield LATE, start(certificate=directory / "late.pem", delay_us=LATE_REPLY_US)


def _run_step(step: Step, server: Server, core: int | None, results: Results, *, number: int, remaining: float) -> None:
    case, client = step.case, step.client
    label = f"{client}, {case.measurement}, {case.setting}"
    module = CLIENTS[client].module
    if module in results.dropped or label in results.dropped:
        return
    job = Job(
        client=client,
        scenario=case.scenario,
        port=server.port,
        certificate=None if server.certificate is None else str(server.certificate),
        core=core,
        **step.load,
    )
    timeout = min(PROCESS_TIMEOUT + job.idle, remaining + OVERTIME)
    outcome = _run_process(job, timeout) | {"round": number}
    if "skipped" in outcome:
        results.dropped[module] = outcome["skipped"]
    elif "failed" in outcome:
        results.dropped[label] = outcome["failed"]
    else:
        results.samples.setdefault((case.measurement, case.setting, client), []).append(outcome)


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
