"""
What a connection should be subscribed to, and what it is.

Each single topic has a wish (how many subscribers want it) and a wire state (what the exchange was told and has
confirmed). The table never acts by events but by comparing the two: `next_command` returns whatever would bring the
wire closer to the wishes. So an unsubscribe during a reconnect, a subscribe that overtakes an unsubscribe, or a lost
acknowledgement need no rules of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import NamedTuple

__all__ = ["Command", "SubscriptionTable", "Wire"]


class Wire(Enum):
    """What the exchange was told about a topic on the present line."""

    IDLE = "idle"
    SUBSCRIBING = "subscribing"
    ACTIVE = "active"
    UNSUBSCRIBING = "unsubscribing"
    DOUBTFUL = "doubtful"
    """The answer is missing, or was "not now": whatever is wanted has to be said again."""


class Command(NamedTuple):
    """A frame to send: ``subscribe`` or ``unsubscribe`` these topics."""

    subscribe: bool
    topics: tuple[str, ...]


class _Entry:
    __slots__ = ("company", "not_before", "wanted", "wire")

    def __init__(self) -> None:
        self.wanted = 0
        self.wire = Wire.IDLE
        self.not_before = 0.0
        self.company = 0
        """Topics it may share a frame with, itself included, after a shared frame was refused; 0: no such limit."""


class SubscriptionTable:
    """
    Wishes and wire states of one connection. Not thread-safe: its owner holds a lock.

    Args:
        group: Groups single topics into what one frame can carry (`Dialect.group_topics`).
        answer_timeout: Seconds after which an unanswered command is sent again.
        retry_delay: Seconds until a topic that was refused for a passing reason is asked for again.
    """

    def __init__(
        self,
        group: Callable[[Sequence[str]], Sequence[Sequence[str]]],
        *,
        answer_timeout: float,
        retry_delay: float = 1.0,
    ) -> None:
        self._group = group
        self._answer_timeout = answer_timeout
        self._retry_delay = retry_delay
        self._entries: dict[str, _Entry] = {}
        self._sent: dict[str, tuple[Command, float]] = {}  # request id -> command, deadline of its answer

    # Wishes.

    def add(self, topics: Iterable[str]) -> None:
        """One more subscriber wants these topics."""
        for topic in topics:
            self._entries.setdefault(topic, _Entry()).wanted += 1

    def remove(self, topics: Iterable[str]) -> None:
        """One subscriber less wants these topics."""
        for topic in topics:
            entry = self._entries.get(topic)
            if entry is not None and entry.wanted > 0:
                entry.wanted -= 1
                self._tidy(topic, entry)

    def wanted(self) -> tuple[str, ...]:
        """Topics somebody wants, in the order they were first asked for."""
        return tuple(topic for topic, entry in self._entries.items() if entry.wanted)

    def wire(self, topic: str) -> Wire:
        """What the exchange was told about a topic."""
        entry = self._entries.get(topic)
        return entry.wire if entry is not None else Wire.IDLE

    def unconfirmed(self) -> frozenset[str]:
        """Wanted topics that are not active."""
        return frozenset(t for t, e in self._entries.items() if e.wanted and e.wire is not Wire.ACTIVE)

    # The line.

    def line_lost(self) -> None:
        """Nothing is subscribed any more; the wishes stay."""
        self._sent.clear()
        for topic, entry in list(self._entries.items()):
            entry.wire = Wire.IDLE
            entry.not_before = 0.0
            self._tidy(topic, entry)

    def next_command(self, now: float) -> Command | None:
        """Return the next frame to send, or ``None`` if there is none now."""
        self._expire(now)
        entries = self._entries
        due = [(t, e) for t, e in entries.items() if e.not_before <= now]
        closing = [t for t, e in due if not e.wanted and e.wire in (Wire.ACTIVE, Wire.DOUBTFUL)]
        if closing:
            return Command(False, tuple(self._group(closing)[0]))
        opening = [(t, e.company) for t, e in due if e.wanted and e.wire in (Wire.IDLE, Wire.DOUBTFUL)]
        if opening:
            company = opening[0][1]
            group = self._group([topic for topic, its in opening if its == company])[0]
            return Command(True, tuple(group[: company or len(group)]))
        return None

    def next_due(self) -> float:
        """When `next_command` may have something new without a message or a wish having come."""
        due = min((deadline for _, deadline in self._sent.values()), default=float("inf"))
        for entry in self._entries.values():
            if entry.wire is Wire.DOUBTFUL or (entry.wanted and entry.wire is Wire.IDLE):
                due = min(due, entry.not_before)
        return due

    def sent(self, request_id: str, command: Command, now: float) -> None:
        """Take note that a command leaves now."""
        self._sent[request_id] = (command, now + self._answer_timeout)
        for topic in command.topics:
            self._entries[topic].wire = Wire.SUBSCRIBING if command.subscribe else Wire.UNSUBSCRIBING

    def acknowledged(self, request_id: str) -> Command | None:
        """
        Take the exchange's yes.

        Returns:
            The command it answers, or ``None`` if no command with this id waits.
        """
        command, _ = self._sent.pop(request_id, (None, 0.0))
        if command is not None:
            for topic in command.topics:
                self._settle(topic, command)
        return command

    def refused(self, request_id: str, now: float, *, final: bool) -> Command | None:
        """
        Take the exchange's no.

        Args:
            request_id: Of the command.
            now: Monotonic clock.
            final: The wish is dropped too; else the topics are asked for again later.

        Returns:
            The command it answers, or ``None`` if no command with this id waits.
        """
        command, _ = self._sent.pop(request_id, (None, 0.0))
        if command is None:
            return None
        for topic in command.topics:
            entry = self._entries.get(topic)
            if entry is None or entry.wire not in (Wire.SUBSCRIBING, Wire.UNSUBSCRIBING):
                continue
            # A refused unsubscribe means that nothing was subscribed: the wire is idle either way.
            entry.wire = Wire.IDLE if final else Wire.DOUBTFUL
            entry.not_before = now + self._retry_delay
            if final and command.subscribe:
                entry.wanted = 0
            self._tidy(topic, entry)
        return command

    def split(self, request_id: str) -> bool:
        """
        Take a no to a frame with several topics as one to some of them: they are asked for again in halves.

        Returns:
            Whether a subscribe with this id waits that carries more than one topic; else nothing has changed.
        """
        command, _ = self._sent.get(request_id, (None, 0.0))
        if command is None or not command.subscribe or len(command.topics) < 2:
            return False
        del self._sent[request_id]
        for topic in command.topics:
            entry = self._entries.get(topic)
            if entry is not None and entry.wire is Wire.SUBSCRIBING:
                entry.wire = Wire.IDLE
                entry.company = len(command.topics) // 2
                self._tidy(topic, entry)
        return True

    def data_seen(self, topic: str) -> bool:
        """A push for ``topic`` came: that confirms a subscribe whose acknowledgement is missing or late."""
        entry = self._entries.get(topic)
        if entry is None or entry.wire is not Wire.SUBSCRIBING:
            return False
        entry.wire = Wire.ACTIVE
        return True

    def _settle(self, topic: str, command: Command) -> None:
        entry = self._entries.get(topic)
        if entry is None:
            return
        if command.subscribe and entry.wire is Wire.SUBSCRIBING:
            entry.wire = Wire.ACTIVE
            entry.company = 0
        elif not command.subscribe and entry.wire is Wire.UNSUBSCRIBING:
            entry.wire = Wire.IDLE
            self._tidy(topic, entry)

    def _expire(self, now: float) -> None:
        """Forget commands whose answer is overdue, so that the comparison sends them again."""
        for request_id, (command, deadline) in list(self._sent.items()):
            if now >= deadline:
                del self._sent[request_id]
                for topic in command.topics:
                    entry = self._entries.get(topic)
                    if entry is not None and entry.wire in (Wire.SUBSCRIBING, Wire.UNSUBSCRIBING):
                        entry.wire = Wire.DOUBTFUL

    def _tidy(self, topic: str, entry: _Entry) -> None:
        if not entry.wanted and entry.wire is Wire.IDLE:
            self._entries.pop(topic, None)

    def __contains__(self, topic: object) -> bool:
        return topic in self._entries

    def __len__(self) -> int:
        return len(self._entries)
