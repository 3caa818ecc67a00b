"""
How long a computing thread keeps the interpreter from the others, held low while lines are open.

A thread that computes gives the interpreter to a waiting one after the switch interval only, 5 ms by default, and each
hand-over between our threads can cost one: beside a strategy that computes, an order takes 15 ms more and a stream of a
thousand messages a second falls behind without end. The interval belongs to the whole process, so it is taken with
care: it is only ever lowered, and the user's own value comes back with the last line.

A call that waits for its reply needs two such hand-overs, for the reader and for itself, and its user waits for it. So
while one waits the interval is lower still; it costs the computing thread little, for it is so for milliseconds only.
"""

from __future__ import annotations

import os
import sys
import threading

__all__ = ["SwitchInterval", "switch_interval"]


FOR_CALLS = 50
"""Microseconds while a call waits for its reply: its two hand-overs beside a computing thread take 0.1 ms then."""


class SwitchInterval:
    """Counts who wants the interval low; see the module."""

    def __init__(self) -> None:
        # Guards everything below. An RLock: a signal handler may close a client where it interrupted this very thread.
        self._lock = threading.RLock()
        # In whole microseconds, which is what the interpreter keeps.
        self._held: list[int] = []
        self._own = 0  # what the user's program had set, while somebody holds
        self._for_lines = 0  # what it is while no call waits
        self._waiting: set[object] = set()  # calls; a set, for what a signal makes a call do twice or not at all
        self._ours = 0.0  # what we left it at, as the interpreter tells it

    def hold(self, seconds: float) -> None:
        """Keep the interval at this value or below, until `release` is called with the same one."""
        with self._lock:
            if not self._held:
                self._ours = sys.getswitchinterval()
                self._own = _microseconds(self._ours)
            self._held.append(_microseconds(seconds))
            self._apply()

    def release(self, seconds: float) -> None:
        """Take one `hold` back."""
        with self._lock:
            self._held.remove(_microseconds(seconds))
            self._apply()

    def call_waits(self, call: object) -> None:
        """Keep it lower still until `call_over`, if any line holds it."""
        with self._lock:
            if self._held:
                self._waiting.add(call)
                if len(self._waiting) == 1:
                    self._change(FOR_CALLS)

    def call_over(self, call: object) -> None:
        """Take a `call_waits` back; any number of times, for a Ctrl-C may come in the middle of it."""
        with self._lock:
            self._waiting.discard(call)
            if self._held and not self._waiting:
                self._change(self._for_lines)

    def _apply(self) -> None:
        """Set what is due; the lock is held."""
        present = sys.getswitchinterval()
        if present != self._ours:  # the user's program has changed it meanwhile, and means that
            self._own = _microseconds(present)
            self._ours = present
        if not self._held:
            self._waiting.clear()
        self._for_lines = min(self._own, *self._held) if self._held else self._own
        self._change(FOR_CALLS if self._waiting else self._for_lines)

    def _change(self, microseconds: int) -> None:
        """Set it, unless the user's program has changed it meanwhile; the lock is held."""
        if sys.getswitchinterval() == self._ours:
            least = microseconds if microseconds < self._for_lines else self._for_lines
            sys.setswitchinterval((least + 0.5) / 1e6)  # it rounds down
            self._ours = sys.getswitchinterval()

    def after_fork_in_child(self) -> None:
        """Give the child, in which no line is open, the user's value."""
        self._lock = threading.RLock()  # the other one may be held by a thread that is not here
        if self._held:
            self._held = []
            self._apply()


def _microseconds(seconds: float) -> int:
    return max(1, round(seconds * 1e6))


switch_interval = SwitchInterval()
"""The one of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=switch_interval.after_fork_in_child)
