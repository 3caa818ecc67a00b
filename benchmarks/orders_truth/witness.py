"""A thread that only sees whether it is let run in time, so that a busy machine is not taken for a slow call."""

from __future__ import annotations

import math
import threading
import time

__all__ = ["Witness"]

LOOK_INTERVAL = 0.01
WORTH_NOTING = 0.02
"""Seconds of lateness."""


class Witness:
    """
    Notes when threads of this process had to wait for a processor or for the interpreter.

    A client that held the interpreter for long would excuse itself with this, so how often it did is told as well.
    """

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._lock = threading.Lock()  # guards the list
        # When a wait should have ended, and by how much it was late.
        self._late: list[tuple[float, float]] = []
        self._due = math.inf  # when its present wait should end
        # A daemon, so that a soak that breaks does not wait for it.
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._ended.set()
        self._thread.join()

    def starved_since(self, began: float) -> float:
        """Return for how many seconds threads had to wait since a point on the monotonic clock."""
        now = time.monotonic()
        with self._lock:
            spans = [(due, due + late) for due, late in self._late[-100:]]
            spans.append((self._due, now))  # it may not have been let run yet, to note the wait that is just over
        return sum(max(0.0, min(now, end) - max(began, due)) for due, end in spans)

    @property
    def worst(self) -> float:
        """The longest wait, seconds."""
        with self._lock:
            return max((late for _, late in self._late), default=0.0)

    def _run(self) -> None:
        due = self._due = time.monotonic() + LOOK_INTERVAL
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            if now - due > WORTH_NOTING:
                with self._lock:
                    self._late.append((due, now - due))
                    self._due = math.inf
            due = self._due = now + LOOK_INTERVAL
        self._due = math.inf
