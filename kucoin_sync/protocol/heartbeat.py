"""
When to ping, and when a line is dead: missing *our* pong, never merely "no data for a while".

Two rules, both computed from readings of one clock:

- A ping leaves every ``interval``; each is answered within ``pong_timeout`` or the line is dead. Data that keeps
  coming proves that we can hear, not that we are heard, so only a pong with a known id counts.
- While a request waits and the line has been silent for ``probe_after``, a probe ping leaves at once and must be
  answered within ``probe_timeout``: a dead line is found in seconds when money hangs on it.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

__all__ = ["Action", "Beat", "Heartbeat"]

NEVER = float("inf")


class Action(Enum):
    """What the heartbeat asks for."""

    WAIT = "wait"
    PING = "ping"
    DEAD = "dead"


class Beat(NamedTuple):
    """What to do now and when to ask again; ``wait`` is the pong timeout of the ping to send."""

    action: Action
    due: float
    wait: float = 0.0


class Heartbeat:
    """
    The ping clock of one line. Not thread-safe: its owner holds a lock.

    Args:
        interval: Seconds between pings.
        pong_timeout: Seconds until a regular ping's pong is late.
        probe_after: Seconds of silence, with a request waiting, until a probe.
        probe_timeout: Seconds until a probe's pong is late.
        now: Monotonic clock.
    """

    def __init__(
        self, *, interval: float, pong_timeout: float, probe_after: float, probe_timeout: float, now: float
    ) -> None:
        self.interval = interval
        self.pong_timeout = pong_timeout
        self._probe_after = probe_after
        self._probe_timeout = probe_timeout
        self.proven_at = now
        """When the latest ping was sent that has an answer."""
        self._next_ping = now + interval
        self._unanswered: dict[str, tuple[float, float]] = {}  # id -> (sent at, deadline), in order of sending
        self.round_trip: float | None = None
        """Seconds from the latest answered ping to its pong."""

    def poll(self, now: float, *, last_received: float, waiting_since: float | None) -> Beat:
        """
        Say what to do.

        Args:
            now: Monotonic clock.
            last_received: When the last byte came in.
            waiting_since: When the longest-waiting request was sent, or ``None``.
        """
        late = min((deadline for _, deadline in self._unanswered.values()), default=NEVER)
        if now >= late:
            return Beat(Action.DEAD, late)
        due = min(self._next_ping, late)
        if waiting_since is not None:
            silent_since = max(last_received, waiting_since)
            probe_at = silent_since + self._probe_after
            # A regular ping does for a probe only if its pong is due as soon as the probe's would be.
            latest = max(probe_at, now) + self._probe_timeout
            probed = any(
                sent_at >= silent_since and deadline <= latest for sent_at, deadline in self._unanswered.values()
            )
            if not probed:
                if now >= probe_at:
                    return Beat(Action.PING, now, self._probe_timeout)
                due = min(due, probe_at)
        if now >= self._next_ping:
            return Beat(Action.PING, now, self.pong_timeout)
        return Beat(Action.WAIT, due)

    def ask(self, now: float) -> None:
        """Let the next regular ping leave now: somebody waits for its answer."""
        self._next_ping = min(self._next_ping, now)

    def ping_sent(self, ping_id: str, now: float, wait: float) -> None:
        """Take note of a ping that leaves now and is to be answered within ``wait`` seconds."""
        self._unanswered[ping_id] = (now, now + wait)
        self._next_ping = now + self.interval

    def pong(self, ping_id: str | None, now: float) -> float | None:
        """
        Take a pong.

        Args:
            ping_id: Of the ping it answers. ``None`` where pings carry no id: first in, first out, so that each ping
                still needs an answer of its own.
            now: Monotonic clock.

        Returns:
            Round-trip time in seconds, or ``None`` if no ping with this id waits. Pings sent before the answered
            one count as answered too: the line delivered something newer.
        """
        if ping_id is None:
            ping_id = next(iter(self._unanswered), "")
        if ping_id not in self._unanswered:
            return None
        sent_at = self.proven_at = self._unanswered[ping_id][0]
        for earlier in list(self._unanswered):
            del self._unanswered[earlier]
            if earlier == ping_id:
                break
        self.round_trip = now - sent_at
        return self.round_trip

    @property
    def unanswered(self) -> int:
        """Pings without a pong so far."""
        return len(self._unanswered)
