"""Run one job given as JSON in the first argument and print its result as JSON; started by the runner."""

from __future__ import annotations

import importlib
import json
import os
import sys
from time import perf_counter
from typing import Any

from benchmarks.clients import CLIENTS, scenarios
from benchmarks.job import Job

YARDSTICK_LOOPS = 100_000


def measure_yardstick() -> float:
    """Return the milliseconds of a fixed piece of Python: how quick the machine was for this process."""
    before = perf_counter()
    total = 0
    for number in range(YARDSTICK_LOOPS):
        total += number & 1
    return (perf_counter() - before) * 1000


def run(job: Job) -> dict[str, Any]:
    """Measure; where the client cannot be had or fails, return why."""
    if job.standard_json:
        sys.modules["orjson"] = None  # type: ignore[assignment]
    try:
        module = importlib.import_module(f"benchmarks.clients.{CLIENTS[job.client].module}")
    except ImportError as exc:
        return {"skipped": f"{type(exc).__name__}: {exc}"}
    own = getattr(module, job.scenario, None)
    try:
        result: dict[str, Any] = own(job) if own else getattr(scenarios, job.scenario)(module, job)
        return result
    except Exception as exc:  # whatever it is, the runner reports it and goes on with the other clients
        return {"failed": f"{type(exc).__name__}: {exc}"}


def main() -> None:
    job = Job.from_json(sys.argv[1])
    if job.core is not None:
        os.sched_setaffinity(0, {job.core})
    yardstick = measure_yardstick()
    result = run(job) | {"yardstick_ms": yardstick}
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()
    # A client whose threads cannot be ended (a finding, not our problem here) must not hold the process.
    os._exit(0)


if __name__ == "__main__":
    main()
