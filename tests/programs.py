"""
Runs Python programs, each in a process of its own, without the second that starting and importing takes each time.

One process imports the package and then forks for each program (on a system that has ``fork``). So every program
has its own memory, threads, signals and exit, and a ``__main__`` that holds nothing but what it imports itself.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

__all__ = ["Done", "Program", "run_programs"]

SHARED = (
    "kucoin_sync",
    "kucoin_sync.simulator",
    "kucoin_sync.simulator.controls.endpoint",
    "kucoin_sync.simulator.kucoin_server",
    "kucoin_sync.simulator.okx_server",
)
"""Imported once for all programs."""
AT_ONCE = 4
LIMIT = 60.0
"""Seconds for one program: a hang, not a slow machine."""


@attrs.frozen
class Program:
    """
    What to run.

    Attributes:
        path: The file; its folder is where it imports from, as with ``python path``.
        arguments: Of its command line.
        variables: Environment variables, besides those of this process that are not KuCoin's.
        folder: Where it runs; ``None``: here.
    """

    path: Path
    arguments: tuple[str, ...] = ()
    variables: dict[str, str] = attrs.Factory(dict)
    folder: Path | None = None


@attrs.frozen
class Done:
    """How a program ended. ``code`` is ``None`` if it had to be killed, negative if a signal ended it."""

    code: int | None
    stdout: str
    stderr: str

    def flaw(self) -> str | None:
        """Return what went wrong, with all that was written."""
        if self.code is None:
            return f"still running after {LIMIT:g} s\n{self.stdout}{self.stderr}"
        if self.code or "Traceback" in self.stderr or "Warning" in self.stderr:
            return f"exit code {self.code}\n{self.stdout}{self.stderr}"
        return None


def run_programs(programs: Sequence[Program], folder: Path) -> list[Done]:
    """Run them all, some at a time; return how each ended, in their order. What they write is kept in ``folder``."""
    jobs = [attrs.asdict(program, value_serializer=lambda _i, _f, value: _plain(value)) for program in programs]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KUCOIN_")}
    done = subprocess.run(
        [sys.executable, "-W", "always::ResourceWarning", "-m", "tests.programs", str(folder)],
        input=json.dumps(jobs),
        cwd=Path(__file__).resolve().parent.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT * len(programs) + LIMIT,
    )
    assert done.returncode == 0, done.stderr
    return [Done(**ended) for ended in json.loads(done.stdout)]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


# From here on: the process that forks.


class _Child:
    """A running program. Its end is seen at a pipe that it holds open without knowing."""

    def __init__(self, number: int, outputs: list[Path], alive: int, pid: int) -> None:
        self.number = number
        self.pid = pid
        self.alive = alive
        self.until = time.monotonic() + LIMIT
        self._outputs = outputs

    def end(self, *, kill: bool) -> dict[str, Any]:
        if kill:
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.alive)
        stdout, stderr = (path.read_text(encoding="utf-8", errors="replace") for path in self._outputs)
        return {"code": None if kill else os.waitstatus_to_exitcode(status), "stdout": stdout, "stderr": stderr}


def _serve(jobs: list[dict[str, Any]], folder: Path) -> str | None:
    """Run the jobs and print how they ended; in each forked process, return the path of its program."""
    waiting = list(enumerate(jobs))
    running: dict[int, _Child] = {}
    ended: dict[int, dict[str, Any]] = {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            number, job = waiting.pop(0)
            outputs = [folder / f"{number}.{name}" for name in ("out", "err")]
            alive, held = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(alive)
                return _become(job, outputs)
            os.close(held)
            running[alive] = _Child(number, outputs, alive, pid)
        first = min(child.until for child in running.values())
        over, _, _ = select.select(list(running), [], [], max(0.0, first - time.monotonic()))
        late = [alive for alive, child in running.items() if child.until <= time.monotonic() and alive not in over]
        for alive in [*over, *late]:
            child = running.pop(alive)
            ended[child.number] = child.end(kill=alive in late)
    print(json.dumps([ended[number] for number in range(len(jobs))]))
    return None


def _become(job: dict[str, Any], outputs: list[Path]) -> str:
    """Make this forked process what a new one for the program would be."""
    for descriptor, path in zip((1, 2), outputs, strict=True):
        opened = os.open(path, os.O_CREAT | os.O_WRONLY)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.update(job["variables"])
    if job["folder"]:
        os.chdir(job["folder"])
    sys.argv = [job["path"], *job["arguments"]]
    sys.path[0] = str(Path(job["path"]).parent)
    return str(job["path"])


def _main() -> None:
    for name in SHARED:
        importlib.import_module(name)
    program = _serve(json.load(sys.stdin), Path(sys.argv[1]))
    if program is not None:
        runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    _main()
