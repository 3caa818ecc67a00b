"""
What a connection should be subscribed to, and what it is.

Each single topic has a wish (how many subscribers want it) and a wire state (what the exchange was told and has
confirmed). The table never acts by events but by comparing the two: `next_command` returns whatever would bring the
wire closer to the wishes. So an unsubscribe during a reconnect, a subscribe that overtakes an unsubscribe, or a lost
acknowledgement need no rules of their own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
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


_UNSAID = {True: (Wire.IDLE, Wire.DOUBTFUL), False: (Wire.ACTIVE, Wire.DOUBTFUL)}
"""By whether a topic should be subscribed: the wire states that a command has to change."""


class _Entry:
    __slots__ = ("again", "company", "not_before", "wanted", "wire")

    def __init__(self) -> None:
        self.wanted = 0
        self.wire = Wire.IDLE
        self.not_before = 0.0
        self.again = False
        """It is to be unsubscribed once, although it is wanted: `SubscriptionTable.renew`."""
        self.company = 0
        """Topics it may share a frame with, itself included, after a shared frame was refused; 0: no such limit."""

    @property
    def is_due(self) -> bool:
        """Whether it should be subscribed now."""
        return self.wanted > 0 and not self.again


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
        # Topics whose wire has to be brought to their wish by a command that is not sent yet, in the order of asking.
        self._unsaid: dict[str, None] = {}
        # The commands for them, made together and used one by one; dropped when anything else comes up.
        self._plan: deque[Command] = deque()
        self._sent: dict[str, tuple[Command, float]] = {}  # request id -> command, deadline of its answer

    # Wishes.

    def add(self, topics: Iterable[str]) -> None:
        """One more subscriber wants these topics."""
        for topic in topics:
            entry = self._entries.setdefault(topic, _Entry())
            entry.wanted += 1
            self._file(topic, entry)

    def remove(self, topics: Iterable[str]) -> None:
        """One subscriber less wants these topics."""
        for topic in topics:
            entry = self._entries.get(topic)
            if entry is not None and entry.wanted > 0:
                entry.wanted -= 1
                self._file(topic, entry)

    def renew(self, topic: str) -> None:
        """Unsubscribe a wanted topic and subscribe it again, for whatever the exchange sends at the beginning."""
        entry = self._entries.get(topic)
        if entry is not None and entry.wanted and entry.wire is not Wire.IDLE:
            entry.again = True
            self._file(topic, entry)

    def wanted(self) -> tuple[str, ...]:
        """Topics somebody wants, in the order they were first asked for."""
        return tuple(topic for topic, entry in self._entries.items() if entry.wanted)

    def subscribed(self) -> tuple[str, ...]:
        """Topics that the exchange was told about and has not let go of."""
        return tuple(topic for topic, entry in self._entries.items() if entry.wire is not Wire.IDLE)

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
            self._file(topic, entry)

    def next_command(self, now: float) -> Command | None:
        """Return the next frame to send, or ``None`` if there is none now."""
        self._expire(now)
        if not self._plan and self._unsaid:
            self._plan.extend(self._commands(now))
        return self._plan[0] if self._plan else None

    def _commands(self, now: float) -> Iterator[Command]:
        """Make the commands that are due; what is to go goes first, which leaves room for what is to come."""
        due = [(topic, self._entries[topic]) for topic in self._unsaid if self._entries[topic].not_before <= now]
        closing = [topic for topic, entry in due if not entry.is_due]
        opening: dict[int, list[str]] = {}
        for topic, entry in due:
            if entry.is_due:
                opening.setdefault(entry.company, []).append(topic)
        for group in self._group(closing) if closing else ():
            yield Command(False, tuple(group))
        for company, topics in opening.items():
            for group in self._group(topics):
                size = company or len(group)
                for start in range(0, len(group), size):
                    yield Command(True, tuple(group[start : start + size]))

    def next_due(self) -> float:
        """When `next_command` may have something new without a message or a wish having come."""
        due = min((deadline for _, deadline in self._sent.values()), default=float("inf"))
        return min(due, min((self._entries[topic].not_before for topic in self._unsaid), default=due))

    def sent(self, request_id: str, command: Command, now: float) -> None:
        """Take note that a command leaves now."""
        self._sent[request_id] = (command, now + self._answer_timeout)
        if self._plan and self._plan[0] is command:
            self._plan.popleft()
        for topic in command.topics:
            self._entries[topic].wire = Wire.SUBSCRIBING if command.subscribe else Wire.UNSUBSCRIBING
            self._unsaid.pop(topic, None)

    def acknowledged(self, request_id: str, topic: str | None = None) -> Command | None:
        """
        Take the exchange's yes.

        Args:
            request_id: Of the command.
            topic: The one topic that it is about; ``None`` for all of the command.

        Returns:
            The command it answers, with the topics that it is about, or ``None`` if no such command waits.
        """
        command = self._answered(request_id, topic)
        if command is not None:
            for topic in command.topics:
                self._settle(topic, command)
        return command

    def carries(self, request_id: str | None, topic: str | None) -> bool:
        """Whether the command with this id waits for an answer about this topic."""
        command, _ = self._sent.get(request_id or "", (None, 0.0))
        return command is not None and topic in command.topics

    def _answered(self, request_id: str, topic: str | None) -> Command | None:
        """Take what was answered out of the commands that wait."""
        command, deadline = self._sent.get(request_id, (None, 0.0))
        if command is None or (topic is not None and topic not in command.topics):
            return None
        del self._sent[request_id]
        if topic is None:
            return command
        others = tuple(other for other in command.topics if other != topic)
        if others:
            self._sent[request_id] = (command._replace(topics=others), deadline)
        return command._replace(topics=(topic,))

    def refused(self, request_id: str, now: float, *, final: bool, topic: str | None = None) -> Command | None:
        """
        Take the exchange's no.

        Args:
            request_id: Of the command.
            now: Monotonic clock.
            final: The wish is dropped too; else the topics are asked for again later.
            topic: The one topic that it is about; ``None`` for all of the command.

        Returns:
            The command it answers, with the topics that it is about, or ``None`` if no such command waits.
        """
        command = self._answered(request_id, topic)
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
            self._file(topic, entry)
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
                self._file(topic, entry)
        return True

    def ended(self, topic: str) -> None:
        """The exchange ended the subscription of ``topic`` by itself: nobody wants it any more."""
        entry = self._entries.get(topic)
        if entry is not None:
            entry.wanted, entry.wire = 0, Wire.IDLE
            self._file(topic, entry)

    def data_seen(self, topic: str) -> bool:
        """A push for ``topic`` came: that confirms a subscribe whose acknowledgement is missing or late."""
        entry = self._entries.get(topic)
        if entry is None or entry.wire is not Wire.SUBSCRIBING:
            return False
        entry.wire = Wire.ACTIVE
        self._file(topic, entry)
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
        self._file(topic, entry)

    def _expire(self, now: float) -> None:
        """Forget commands whose answer is overdue, so that the comparison sends them again."""
        for request_id, (command, deadline) in list(self._sent.items()):
            if now >= deadline:
                del self._sent[request_id]
                for topic in command.topics:
                    entry = self._entries.get(topic)
                    if entry is not None and entry.wire in (Wire.SUBSCRIBING, Wire.UNSUBSCRIBING):
                        entry.wire = Wire.DOUBTFUL
                        self._file(topic, entry)

    def _file(self, topic: str, entry: _Entry) -> None:
        """Note whether a command is due for a topic, after its wish or its wire changed; forget what nobody wants."""
        if entry.wire is Wire.IDLE:
            entry.again = False
        if entry.wire in _UNSAID[entry.is_due]:
            self._unsaid[topic] = None
            self._plan.clear()
        elif self._unsaid.pop(topic, self) is None:
            self._plan.clear()
        if not entry.wanted and entry.wire is Wire.IDLE:
            self._entries.pop(topic, None)

    def __contains__(self, topic: object) -> bool:
        return topic in self._entries

    def __len__(self) -> int:
        return len(self._entries)
