"""
How long a computing thread keeps the interpreter from the others, held low while lines are open.

A thread that computes gives the interpreter to a waiting one after the switch interval only, 5 ms by default, and each
hand-over between our threads can cost one: beside a strategy that computes, an order takes 15 ms more and a stream of a
thousand messages a second falls behind without end. The interval belongs to the whole process, so it is taken with
care: it is only ever lowered, and the user's own value comes back with the last line.
"""

from __future__ import annotations

import os
import sys
import threading

__all__ = ["SwitchInterval", "switch_interval"]


class SwitchInterval:
    """Counts who wants the interval low; see the module."""

    def __init__(self) -> None:
        # Guards everything below. An RLock: a signal handler may close a client where it interrupted this very thread.
        self._lock = threading.RLock()
        # All in whole microseconds, which is what the interpreter keeps.
        self._held: list[int] = []
        self._own = 0  # what the user's program had set, while somebody holds
        self._ours = 0  # what we left it at

    def hold(self, seconds: float) -> None:
        """Keep the interval at this value or below, until `release` is called with the same one."""
        with self._lock:
            if not self._held:
                self._own = self._ours = _present()
            self._held.append(_microseconds(seconds))
            self._apply()

    def release(self, seconds: float) -> None:
        """Take one `hold` back."""
        with self._lock:
            self._held.remove(_microseconds(seconds))
            self._apply()

    def _apply(self) -> None:
        """Set what is due; the lock is held."""
        present = _present()
        if present != self._ours:  # the user's program has changed it meanwhile, and means that
            self._own = present
        due = min(self._own, *self._held) if self._held else self._own
        if due != present:
            sys.setswitchinterval((due + 0.5) / 1e6)  # it rounds down
        self._ours = due

    def after_fork_in_child(self) -> None:
        """Give the child, in which no line is open, the user's value."""
        self._lock = threading.RLock()  # the other one may be held by a thread that is not here
        if self._held:
            self._held = []
            self._apply()


def _microseconds(seconds: float) -> int:
    return max(1, round(seconds * 1e6))


def _present() -> int:
    return _microseconds(sys.getswitchinterval())


switch_interval = SwitchInterval()
"""The one of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=switch_interval.after_fork_in_child)
