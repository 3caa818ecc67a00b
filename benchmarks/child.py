"""
A process of our own that plays the other side: started with options, asked over its standard input.

It ends when that input does, so it cannot outlive the process that started it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["Child", "answer_parent"]

ROOT = Path(__file__).resolve().parent.parent
END_TIMEOUT = 5.0


class Child:
    """
    A running child.

    Args:
        module: What it runs, with `answer_parent`.
        options: JSON values for it.

    Attributes:
        ready: What it said of itself when it was ready.

    Raises:
        RuntimeError: If it ends instead of answering; so does `ask`.
    """

    def __init__(self, module: str, options: Mapping[str, Any]) -> None:
        command = [sys.executable, "-m", module, json.dumps(options)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        try:
            self.ready: Any = self._answer()
        except BaseException:
            self.close()
            raise

    def ask(self, do: str, **details: Any) -> Any:
        """Have something done; return the answer when it is."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **details}) + "\n")
        return self._answer()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process of the other side ended")
        return json.loads(line)

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def answer_parent(ready: Any, do: Callable[[str, dict[str, Any]], Any]) -> None:
    """
    Say that this process is ready, then do what it is asked for until its input ends.

    Args:
        ready: JSON value that the parent finds in `Child.ready`.
        do: Called with each command and its details; returns the answer, a JSON value.
    """
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        details = json.loads(line)
        print(json.dumps(do(details.pop("do"), details)), flush=True)
