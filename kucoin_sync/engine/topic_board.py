"""
Who wants which topics of one connection, what the exchange has confirmed, and where each update goes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import attrs

from kucoin_sync.errors import KucoinSyncError, SubscribeError
from kucoin_sync.events import Update
from kucoin_sync.protocol.dialect import Dialect
from kucoin_sync.protocol.messages import Ack, Refusal, TopicsEnded
from kucoin_sync.protocol.subscriptions import Command, SubscriptionTable, Wire

__all__ = ["Put", "Route", "Subscriber", "TopicBoard", "Waiter"]

EMPTY: Mapping[str, tuple[str, str]] = MappingProxyType({})

Put = Callable[[Sequence[Update]], object]
"""Takes updates in their order; must not wait. ``False``: not all could be taken."""


class Route(NamedTuple):
    """Where the updates of a topic go, and whether none of them may be dropped."""

    puts: tuple[Put, ...]
    keep: bool


@attrs.define(eq=False)
class Subscriber:
    """
    Somebody who wants topics of this connection.

    Attributes:
        topics: Single topics; changed under the connection's lock.
        put: Takes the updates.
        end: Told once that no more will come, and why if that is an error.
        wish: Whatever this is a part of: tells one subscriber from another.
    """

    topics: tuple[str, ...]
    put: Put
    end: Callable[[KucoinSyncError | None], None]
    wish: object
    lost: Callable[[str], None] | None = None
    """Told why from now on updates may be missing: of every line that is lost, on its reading thread, and of a topic
    that somebody else has renewed."""


class Waiter:
    """
    Somebody who waits until topics are answered for: a call, or the resumption after a reconnect.

    Attributes:
        pending: Topics without an answer.
        acked: Topics that were confirmed.
        rejected: Topic to the exchange's ``(code, text)``.
    """

    def __init__(self, topics: Iterable[str]) -> None:
        self.pending = set(topics)
        self.acked: list[str] = []
        self.rejected: dict[str, tuple[str, str]] = {}


class TopicBoard:
    """
    The topics of one connection.

    Methods need the connection's lock, except those that say that they take it.

    Args:
        dialect: Spells the commands.
        changed: The connection's lock; notified when somebody may have waited for what happened.
        answer_timeout: Seconds until an unanswered command is sent again, and a resumption is announced as it is.
    """

    def __init__(self, dialect: Dialect, changed: threading.Condition, *, answer_timeout: float) -> None:
        self._dialect = dialect
        self._changed = changed
        self._answer_timeout = answer_timeout
        self._table = SubscriptionTable(dialect.group_topics, answer_timeout=answer_timeout)
        self._waiters: list[Waiter] = []
        self._resumption: Waiter | None = None
        self.resumption_due = float("inf")
        """When a resumption is announced although answers are missing."""
        self.subscribers: tuple[Subscriber, ...] = ()
        # Read by the reading thread without the lock; replaced, never changed, by whoever holds it.
        self.routes: dict[str, Route] = {}
        """Topic to who gets its updates: one and the same route for topics that have the same."""
        self.last_seen: dict[str, float] = {}
        """Topic of `routes` to when its latest update was read, monotonic; written by the reading thread."""
        self.watches = False
        """Whether updates have to go through `watch`."""
        self.crossing: Callable[[Update], None] | None = None
        """What takes the updates while the topics go over to another line, or come from one."""
        self._left = False  # the topics are another board's: no more commands
        self._unproven: frozenset[str] = frozenset()  # subscribing now: a push confirms them
        self._gapped: frozenset[str] = frozenset()  # their next update follows a lost line, or a renewal
        self._renewed: set[str] = set()  # to be unsubscribed although they are wanted

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, topic: object) -> bool:
        return topic in self._table

    # Wishes.

    def add(self, subscriber: Subscriber) -> Waiter:
        """Take a subscriber in; return what tells when his topics are answered for."""
        self._table.add(subscriber.topics)
        self.subscribers = (*self.subscribers, subscriber)
        self._route()
        waiter = Waiter(set(subscriber.topics) & self._table.unconfirmed())
        waiter.acked = [topic for topic in subscriber.topics if topic not in waiter.pending]
        self._waiters.append(waiter)
        return waiter

    def forget(self, waiter: Waiter) -> None:
        """Nobody looks at this waiter any more."""
        self._waiters.remove(waiter)
        self._changed.notify_all()

    def give_up(self, subscriber: Subscriber, waiter: Waiter) -> None:
        """Withdraw what was not confirmed."""
        if waiter.pending or waiter.rejected:
            self.withdraw(subscriber, (*waiter.pending, *waiter.rejected))

    def withdraw(self, subscriber: Subscriber, topics: Iterable[str]) -> None:
        """Take topics from a subscriber, who goes when he has none left."""
        if subscriber not in self.subscribers:
            return
        gone = set(topics) & set(subscriber.topics)
        self._table.remove(gone)
        subscriber.topics = tuple(topic for topic in subscriber.topics if topic not in gone)
        self.subscribers = tuple(s for s in self.subscribers if s.topics)
        self._route()
        self._changed.notify_all()

    def renew(self, topic: str) -> None:
        """Unsubscribe a topic and subscribe it again; its subscribers may miss something in between."""
        self._table.renew(topic)
        self._renewed.add(topic)
        self._changed.notify_all()

    def is_active(self, topic: str) -> bool:
        """Whether the exchange has confirmed a topic on the present line."""
        return self._table.wire(topic) is Wire.ACTIVE

    def take_all(self) -> tuple[Subscriber, ...]:
        """Return all subscribers and forget them and their wishes."""
        taken, self.subscribers = self.subscribers, ()
        for subscriber in taken:
            self._table.remove(subscriber.topics)
        self._route()
        return taken

    def leaving(self, topics: Iterable[str]) -> set[str]:
        """Return those of ``topics`` that nobody wants and that the exchange has not let go of yet."""
        on_wire = {t for t in topics if self._table.wire(t) is not Wire.IDLE}
        return on_wire - set(self._table.wanted())

    def ages(self, now: float) -> dict[str, tuple[str, float | None]]:
        """Return of each topic that is wanted what the exchange was told about it, and the seconds since its update."""
        seen = self.last_seen
        return {
            topic: (self._table.wire(topic).value, now - seen[topic] if topic in seen else None)
            for topic in self._table.wanted()
        }

    def states(self, topics: Iterable[str]) -> dict[str, str]:
        """Return what the exchange was told about each topic, in words."""
        return {topic: self._table.wire(topic).value for topic in topics}

    # Going over to another line.

    @property
    def is_awaited(self) -> bool:
        """Whether a call waits for an answer to its topics."""
        return bool(self._waiters)

    def leave(self, crossing: Callable[[Update], None]) -> tuple[Subscriber, ...]:
        """
        Return all subscribers for another board; what still comes goes to ``crossing``.

        The topics stay subscribed until the line ends.
        """
        taken, self.subscribers = self.subscribers, ()
        self._left = True
        self._end_resumption()
        self.crossing = crossing
        self._update_watches()
        return taken

    def take_over(self, subscribers: Iterable[Subscriber], crossing: Callable[[Update], None]) -> Waiter:
        """
        Take subscribers in from another board; what comes goes to ``crossing`` until `crossed`.

        Returns:
            What tells when all of their topics are answered for.
        """
        taken = tuple(subscribers)
        for subscriber in taken:
            self._table.add(subscriber.topics)
        self.subscribers = (*self.subscribers, *taken)
        self._route()
        waiter = Waiter(self._table.unconfirmed())
        self._waiters.append(waiter)
        self._gapped |= set(self._table.wanted())
        self.crossing = crossing
        self._update_watches()
        return waiter

    def crossed(self) -> None:
        """The other line is over."""
        self.crossing = None
        self._update_watches()

    def _route(self) -> None:
        puts: dict[str, tuple[Put, ...]] = {}
        for subscriber in self.subscribers:
            for topic in subscriber.topics:
                puts[topic] = (*puts.get(topic, ()), subscriber.put)
        same: dict[Route, Route] = {}
        routes = {}
        for topic, those in puts.items():
            route = Route(those, self._dialect.keeps(topic))
            routes[topic] = same.setdefault(route, route)
        self.routes = routes
        self.last_seen = {topic: at for topic, at in self.last_seen.copy().items() if topic in routes}

    # The line.

    def resume(self, now: float) -> None:
        """A line is ready after another one was lost: everything wanted has to be confirmed again."""
        self._resumption = Waiter(self._table.unconfirmed())
        self.resumption_due = now + self._answer_timeout

    def take_resumed(self, now: float) -> Waiter | None:
        """Return how the resumption went, once, when it is over."""
        resumption = self._resumption
        if resumption is None or (resumption.pending and now < self.resumption_due):
            return None
        resumption.pending &= set(self._table.wanted())
        self._end_resumption()
        return resumption

    def _end_resumption(self) -> None:
        self._resumption = None
        self.resumption_due = float("inf")

    def line_lost(self) -> None:
        """Nothing is subscribed any more; the next update of each wanted topic follows a gap."""
        self._table.line_lost()
        self._end_resumption()
        self._unproven = frozenset()
        self._renewed.clear()
        self._gapped = frozenset(self._table.wanted())
        self._update_watches()

    def next_text(self, now: float, next_id: Callable[[], str]) -> str | None:
        """Return the frame that has to leave now, if there is one, and take it for sent."""
        command = None if self._left else self._table.next_command(now)
        if command is None:
            return None
        request_id = next_id()
        self._table.sent(request_id, command, now)
        if command.subscribe:
            self._unproven |= set(command.topics)
            self._update_watches()
        spell = self._dialect.encode_subscribe if command.subscribe else self._dialect.encode_unsubscribe
        return spell(command.topics, request_id=request_id)

    def next_due(self) -> float:
        """Return when `next_text` may have something without anything having happened."""
        return float("inf") if self._left else self._table.next_due()

    # What comes in, on the reading thread; these take the lock.

    def watch(self, update: Update) -> Update:
        """Mark an update that follows a gap, and take one as the answer to a subscribe that has none."""
        topic = update.topic
        if topic not in self._gapped and topic not in self._unproven:
            return update
        with self._changed:
            if topic in self._gapped:
                self._gapped -= {topic}
                update = attrs.evolve(update, gap_before=True)
            if topic in self._unproven:
                self._table.data_seen(topic)
                self._settle((topic,))
            self._update_watches()
        return update

    def acknowledged(self, ack: Ack) -> Command | None:
        """Take the exchange's yes; return the command it answers, or ``None`` if it answers none of ours."""
        with self._changed:
            command = self._table.acknowledged(ack.id, ack.topic)
            if not ack.id and ack.topic is not None and self._table.data_seen(ack.topic):
                command = Command(True, (ack.topic,))
            if command is not None:
                if not command.subscribe and self._renewed:
                    self._gapped |= self._renewed.intersection(command.topics)
                    self._renewed.difference_update(command.topics)
                self._settle(command.topics)
        return command

    def refused(self, refusal: Refusal, now: float) -> tuple[Command | None, list[tuple[Subscriber, SubscribeError]]]:
        """
        Take the exchange's no.

        A frame with several topics that was refused is sent again in halves, until the topic to blame stands alone.

        Returns:
            The command it answers, or ``None``; and the subscribers who have lost their last topic by it, with why.
        """
        final = self._dialect.is_final_refusal(refusal)
        with self._changed:
            topic = refusal.topic if self._table.carries(refusal.id, refusal.topic) else None
            if (
                final
                and refusal.id is not None
                and topic is None
                and self._dialect.may_blame_one(refusal)
                and self._table.split(refusal.id)
            ):
                self._settle(())
                return Command(True, ()), []
            command = None
            if refusal.id is not None:
                command = self._table.refused(refusal.id, now, final=final, topic=topic)
            if command is None:
                return None, []
            rejected = dict.fromkeys(command.topics, (refusal.code, refusal.message))
            self._settle(command.topics, rejected)
            if not final or not command.subscribe:
                return command, []
            return command, self._drop(rejected)

    def ended(self, message: TopicsEnded) -> tuple[SubscribeError | None, list[tuple[Subscriber, SubscribeError]]]:
        """
        Take note that the exchange ended subscriptions by itself.

        Returns:
            What happened to topics that somebody wanted, if to any; and the subscribers who have lost their last topic
            by it, with why.
        """
        with self._changed:
            wanted = self._table.wanted()
            gone = [topic for topic in wanted if message.covers(topic)]
            for topic in self._table.subscribed():
                if message.covers(topic):
                    self._table.ended(topic)
            if not gone:
                self._settle(())
                return None, []
            rejected = dict.fromkeys(gone, (message.code, message.message))
            self._settle(gone, rejected)
            return SubscribeError(rejected=rejected, acked=(), unknown=()), self._drop(rejected)

    def _drop(self, rejected: dict[str, tuple[str, str]]) -> list[tuple[Subscriber, SubscribeError]]:
        """Take topics from everybody; return who has lost his last one, with why. The lock is held."""
        ended = []
        for subscriber in self.subscribers:
            subscriber.topics = tuple(topic for topic in subscriber.topics if topic not in rejected)
            if not subscriber.topics:
                ended.append((subscriber, SubscribeError(rejected=rejected, acked=(), unknown=())))
        self.subscribers = tuple(s for s in self.subscribers if s.topics)
        self._route()
        return ended

    def _settle(self, topics: Iterable[str], rejected: Mapping[str, tuple[str, str]] = EMPTY) -> None:
        """Tell the waiters what is known now of these topics; the lock is held."""
        for waiter in (*self._waiters, *([self._resumption] if self._resumption is not None else [])):
            for topic in waiter.pending.intersection(topics):
                if topic in rejected:
                    waiter.pending.discard(topic)
                    waiter.rejected[topic] = rejected[topic]
                elif self._table.wire(topic) is Wire.ACTIVE:
                    waiter.pending.discard(topic)
                    waiter.acked.append(topic)
        self._unproven = frozenset(t for t in self._unproven if self._table.wire(t) is Wire.SUBSCRIBING)
        self._update_watches()
        self._changed.notify_all()

    def _update_watches(self) -> None:
        self.watches = bool(self._unproven or self._gapped or self.crossing is not None)
