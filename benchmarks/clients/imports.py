"""How long it takes to import the package, and what it needs of others, each time in a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.job import Job

__all__ = ["imports"]

ROOT = Path(__file__).resolve().parents[2]
WHAT = {"package_ms": "kucoin_sync", "dependencies_ms": "attrs, requests, websocket"}
PROGRAM = "from time import perf_counter as t; before = t(); import {}; print((t() - before) * 1000)"


def imports(job: Job) -> dict[str, Any]:
    """Return the medians of ``job.round_trips`` turns; the first of all, which writes byte code, does not count."""
    took: dict[str, list[float]] = {name: [] for name in WHAT}
    with tempfile.TemporaryDirectory() as folder:
        # Byte code for all of them, also where the environment forbids to keep it beside the sources.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for number in range(job.round_trips + 1):
            for name, modules in WHAT.items():
                command = [sys.executable, "-c", PROGRAM.format(modules)]
                ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
                if number:
                    took[name].append(float(ended.stdout))
    return {name: median(times) for name, times in took.items()}
