"""
The connections of one WsKey: one, and further ones while more topics are wanted than one of them takes.

A topic lives on one connection as long as anybody wants it. Further connections open when the others are full and
close when nobody wants anything of them; requests always go over the first.

A connection can be replaced while it works: another one is opened first and takes over what is wanted and what is asked
from then on, while the old one goes on being heard and answers what is in flight; then it is closed.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kucoin_sync.engine.connection import Connection
from kucoin_sync.engine.deadline import END_PATIENCE, Deadline
from kucoin_sync.engine.hand_over import HandOver
from kucoin_sync.engine.line_end import LineEnd
from kucoin_sync.engine.opening import Surroundings
from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.engine.topic_board import Put, Subscriber, Waiter
from kucoin_sync.engine.waiting import acquire
from kucoin_sync.errors import ClosedError, ConnectError, KucoinSyncError, SubscribeError
from kucoin_sync.protocol.backoff import BUDGET_WINDOW
from kucoin_sync.protocol.dialect import Dialect
from kucoin_sync.protocol.pacing import time_of_frames
from kucoin_sync.protocol.server_clock import ServerClock
from kucoin_sync.protocol.state import ConnectionState

__all__ = ["ConnectionGroup", "Wish"]

logger = logging.getLogger("kucoin_sync.engine.connection_group")


HAND_OVER_TIME = 30.0
"""Seconds that another line may take to open after the exchange announced the end of one: a fair bit less than that."""

HAND_OVER_PAUSE = 1.0
"""Seconds until that is tried again."""


def _nothing() -> None:
    """Do nothing."""


class Wish:
    """
    Topics that one caller wants, on whatever connections they are.

    Args:
        topics: Single topics.
        put: Takes the updates.
        end: Told that no more will come, and why if that is an error.
        is_stream: Whether a stream wants them, which keeps its topics through ``unsubscribe``.
        lost: Told why updates may be missing from now on; see `Subscriber`.
    """

    def __init__(
        self,
        topics: tuple[str, ...],
        put: Put,
        end: Callable[[KucoinSyncError | None], None],
        *,
        is_stream: bool = False,
        lost: Callable[[str], None] | None = None,
    ) -> None:
        self.topics = topics
        self.put = put
        self.is_stream = is_stream
        self._lost = lost
        self._end = end
        self._lock = threading.Lock()  # guards _parts
        self._parts: set[Subscriber] = set()

    def part(self, topics: tuple[str, ...], on_end: Callable[[], None]) -> Subscriber:
        """Return the part of this wish that is about ``topics``; ``on_end`` is told when the connection dropped it."""

        def end(error: KucoinSyncError | None) -> None:
            with self._lock:
                self._parts.discard(part)
                others = bool(self._parts)
            # A refusal is about the topics of this part; whatever else ends a part ends the wish.
            if not (others and isinstance(error, SubscribeError)):
                self._end(error)
            on_end()

        part = Subscriber(topics, self.put, end, self, self._lost)
        with self._lock:
            self._parts.add(part)
        return part


class ConnectionGroup:
    """
    The connections of one WsKey.

    Args:
        dialect: How they are spelled; all alike.
        around: What all connections of the client share.
    """

    def __init__(self, dialect: Dialect, around: Surroundings) -> None:
        self.dialect = dialect
        self.ws_key = dialect.ws_key
        self.first = Connection(dialect, around, leaving=self._begin_hand_over)
        """The connection that requests go over."""
        self._around = around
        # Guards _others, _leaving, _numbers and the choice of a connection for a topic. A connection's own lock is
        # taken inside of it, never the other way round. Reentrant: a signal handler may subscribe or close too.
        self._lock = threading.RLock()
        self._retiring = threading.Lock()  # held while a line is being replaced: one at a time
        self._others: list[Connection] = []
        self._leaving: list[Connection] = []  # being closed; requests in flight on them are still answered
        self._numbers = 1

    @property
    def state(self) -> ConnectionState:
        """Where the first connection stands; the others come and go."""
        return self.first.state

    @property
    def is_ready(self) -> bool:
        """Whether every connection has a line that is ready."""
        return all(connection.is_ready for connection in self.connections())

    def connections(self) -> list[Connection]:
        """Return the connections there are, the first one first."""
        with self._lock:
            return [self.first, *self._others]

    # Requests.

    def send_request(
        self, request: PendingRequest, prepare: Callable[[ServerClock], Any] | None, *, wait_ready: bool
    ) -> None:
        """Send a request once, over the first connection; see `Connection.send_request`."""
        while True:
            connection = self.first
            try:
                connection.send_request(request, prepare, wait_ready=wait_ready)
                return
            except ClosedError:
                if self.first is connection:  # else another line took its place, and nothing was sent
                    raise

    def prove_alive(self, deadline: Deadline) -> None:
        """Have a ping answered over the first connection; see `Connection.prove_alive`."""
        self.first.prove_alive(deadline)

    def retire(self, end: LineEnd, deadline: Deadline) -> bool:
        """
        Let a line go that carried requests, without missing any: open another one first, send what is new over that
        one, let the old one answer what is in flight, and reset it.

        Args:
            end: Of the line.
            deadline: For everything together.

        Returns:
            Whether the line is over.

        Raises:
            ConnectError: If no other line could be opened; the old one stays.
            ClosedError: If the connections are closed.
        """
        if end.at is not None or not acquire(self._retiring, deadline.remaining()):
            return end.at is not None
        try:
            old = self.first
            if end.at is not None or old.line_end is not end:
                return end.wait(deadline.remaining())  # it is on its way already
            self._replace(old, deadline, reset=True)
            return end.wait(deadline.remaining())
        finally:
            self._retiring.release()

    def _begin_hand_over(self, old: Connection, end: LineEnd) -> None:
        """Have another connection take the place of one that the exchange will close soon; does not wait."""
        try:
            # daemon: as all of our threads
            threading.Thread(
                target=self._hand_over, args=(old, end), name=f"kucoin-sync-{self.ws_key}-handover", daemon=True
            ).start()
        except RuntimeError:
            logger.warning("%s: no thread to hand a line over with; it will be lost and opened again", self.ws_key)

    def _hand_over(self, old: Connection, end: LineEnd) -> None:
        deadline = Deadline(HAND_OVER_TIME)
        # If it never works, the line will be lost and opened again as any other.
        while acquire(self._retiring, deadline.remaining()):
            try:
                # It may have been replaced or lost meanwhile, or the notice been repeated.
                if old in self.connections() and old.line_end is end:
                    self._replace(old, deadline, reset=False)
                return
            except KucoinSyncError as error:
                logger.warning("%s: line %s could not be handed over: %s", self.ws_key, end.connection_id, error)
                if not isinstance(error, ConnectError) or not error.retryable:
                    return
            finally:
                self._retiring.release()
            if deadline.expired() or end.wait(deadline.capped(HAND_OVER_PAUSE).remaining()):
                return

    def _replace(self, old: Connection, deadline: Deadline, *, reset: bool) -> None:
        """
        Open a new connection, move the topics there, and close the old one when everything in flight on it has ended.

        Args:
            old: It.
            deadline: For the opening.
            reset: End the old line by a reset.
        """
        with self._lock:
            new = self._next()
            self._leaving.append(new)  # so that a close of everything finds it
        hand_over = HandOver()
        try:
            new.open(deadline)
            patience = deadline.capped(self._around.options.request_timeout)
            waiter = None
            while waiter is None:
                # Whoever waits for an answer gets it over the line that he asked on.
                old.subscriptions.wait_unawaited(patience)
                # In this order: nobody else knows of the first lock yet, so nobody can hold it and want the other.
                with hand_over.lock, self._lock:
                    if not old.subscriptions.is_awaited or patience.expired():
                        waiter = self._take_place(old, new, hand_over)
        except BaseException:
            with self._lock, contextlib.suppress(ValueError):
                self._leaving.remove(new)
            new.close(Deadline(0.0), drain=False, quiet=True)
            raise
        old.begin_close()
        self._let_go(old, new, waiter, reset=reset)

    def _take_place(self, old: Connection, new: Connection, hand_over: HandOver) -> Waiter:
        """Put a new connection in the place of an old one, with its topics; both locks are held."""
        if old is not self.first and old not in self._others:
            raise ClosedError(f"{self.ws_key}: the connection is closed")
        self._leaving.remove(new)
        self._leaving.append(old)
        if old is self.first:
            self.first = new
        else:
            self._others[self._others.index(old)] = new
        return old.subscriptions.move_topics(new.subscriptions, hand_over)

    def _let_go(self, old: Connection, new: Connection, waiter: Waiter, *, reset: bool) -> None:
        """Close an old connection, on another thread, when the new one is subscribed and nothing is in flight."""
        limits = self.dialect.limits
        frames = len(self.dialect.group_topics(sorted(waiter.pending))) if waiter.pending else 0
        patience = self._around.options.request_timeout + time_of_frames(frames, limits.frames, limits.window)

        def confirm() -> None:
            with contextlib.suppress(KucoinSyncError):  # then there is nothing to wait for
                new.subscriptions.confirm(waiter, Deadline(patience))

        # A close keeps some of its time for itself; what is in flight gets all of its own.
        in_flight = max(0.0, old.registry.latest_deadline() - time.monotonic()) * 1.2 + END_PATIENCE
        self._close_later(
            [old],
            in_flight,
            drain=True,
            reset=reset,
            before=confirm,
            after=lambda: new.subscriptions.end_hand_over(waiter),
        )

    def _next(self) -> Connection:
        """Return one more connection; the lock is held."""
        if self.first.state in (ConnectionState.DRAINING, ConnectionState.CLOSED):
            raise ClosedError(f"{self.ws_key}: the connection is closed")
        self._numbers += 1
        return Connection(self.dialect, self._around, number=self._numbers, leaving=self._begin_hand_over)

    # Topics.

    def subscribe(self, wish: Wish, topics: Sequence[str], deadline: Deadline | None) -> None:
        """
        Want topics.

        Args:
            wish: Who wants them.
            topics: Those of the wish that are served here.
            deadline: How long to wait until all are confirmed; ``None`` returns at once and goes on trying.

        Raises:
            SubscribeError: If some were refused, or not confirmed in time; those are withdrawn.
            ConnectError: If a connection cannot be opened at all; everything is withdrawn.
            ClosedError: If the connections are closed.
        """
        waits: list[tuple[Connection, Subscriber, Waiter]] = []
        settled = False
        try:
            self._want(wish, topics, waits)
            causes = []
            if deadline is not None:
                causes = [connection.subscriptions.confirm(waiter, deadline) for connection, _, waiter in waits]
            settled = True
        finally:
            for connection, part, waiter in waits:
                connection.subscriptions.forget(part, waiter, withdraw=settled and deadline is not None)
                if not settled:
                    for present in {connection, *self.connections()}:  # it may have moved meanwhile
                        present.subscriptions.withdraw(part)
            self._close_unused()
        if deadline is not None:
            _raise_unless_confirmed([waiter for _, _, waiter in waits], causes)

    def _want(self, wish: Wish, wanted: Sequence[str], waits: list[tuple[Connection, Subscriber, Waiter]]) -> None:
        """Choose a connection for each topic and want it there; what was done so far is in ``waits``."""
        with self._lock:
            for connection, topics in self._choose(wanted):
                part = wish.part(topics, self._close_unused)
                waits.append((connection, part, connection.subscriptions.want(part)))

    def _choose(self, topics: Sequence[str]) -> list[tuple[Connection, tuple[str, ...]]]:
        """Return which connection takes which topics, opening further ones where all are full; the lock is held."""
        connections = [self.first, *self._others]
        most = self.dialect.limits.topics_per_connection
        room = [most - len(connection.subscriptions) for connection in connections]
        chosen: list[list[str]] = [[] for _ in connections]
        for topic in topics:
            index = next((i for i, connection in enumerate(connections) if topic in connection.subscriptions), None)
            if index is None:
                index = next((i for i, left in enumerate(room) if left > 0), len(connections))
                if index == len(connections):
                    connections.append(self._another())
                    room.append(most)
                    chosen.append([])
                room[index] -= 1
            chosen[index].append(topic)
        return [(c, tuple(names)) for c, names in zip(connections, chosen, strict=True) if names]

    def takes(self, topics: Sequence[str]) -> bool:
        """Whether the connections that are ready have room for these topics."""
        most = self.dialect.limits.topics_per_connection
        room = sum(most - len(connection.subscriptions) for connection in self.connections())
        return self.is_ready and room >= len(topics)

    def pace(self, topics: Sequence[str]) -> float:
        """Return the seconds that the limits of messages and openings alone take for that many topics."""
        limits, per_minute = self.dialect.limits, self._around.options.openings_per_minute
        share = topics[: limits.topics_per_connection]
        openings = len(topics) // limits.topics_per_connection
        frames = len(self.dialect.group_topics(share))
        return time_of_frames(frames, limits.frames, limits.window) + openings // per_minute * BUDGET_WINDOW

    def _another(self) -> Connection:
        connection = self._next()
        self._others.append(connection)
        return connection

    def unsubscribe(self, topics: Iterable[str], *, of: Callable[[Wish], bool], deadline: Deadline | None) -> None:
        """
        Want topics no more.

        Args:
            topics: Single topics.
            of: Whose wishes are meant.
            deadline: How long to wait for the exchange's confirmation; ``None`` returns at once.

        Raises:
            DeadlineExceeded: If it did not come; the topics are unwanted all the same and nothing is delivered.
        """
        gone = tuple(topics)
        try:
            for connection in self.connections():
                connection.subscriptions.unsubscribe(gone, of=lambda part: of(part.wish), deadline=deadline)  # type: ignore[arg-type]
        finally:
            self._close_unused()

    def wait_active(self, topic: str, deadline: Deadline, goes_on: Callable[[], bool]) -> bool:
        """Wait until the exchange has confirmed a topic that is wanted; see `Subscriptions.wait_active`."""
        connection = self._home(topic)
        return connection is not None and connection.subscriptions.wait_active(topic, deadline, goes_on)

    def renew(self, topic: str, by: Wish) -> None:
        """Unsubscribe a topic and subscribe it again; see `Subscriptions.renew`."""
        connection = self._home(topic)
        if connection is not None:
            connection.subscriptions.renew(topic, by)

    def _home(self, topic: str) -> Connection | None:
        """Return the connection that a topic lives on."""
        return next((connection for connection in self.connections() if topic in connection.subscriptions), None)

    def topic_states(self, topics: Iterable[str]) -> dict[str, str]:
        """Return what the exchange was told about each topic, in words."""
        states = dict.fromkeys(topics, "idle")
        for connection in self.connections():
            found = connection.subscriptions.topic_states(states)
            states.update({topic: state for topic, state in found.items() if state != "idle"})
        return states

    # The end.

    def _close_unused(self) -> None:
        """Close further connections that nobody wants anything of."""
        with self._lock:
            unused = [connection for connection in self._others if not connection.subscriptions.has_subscribers]
            for connection in unused:
                self._others.remove(connection)
                self._leaving.append(connection)
        if unused:
            self._close_later(unused, self._around.options.close_timeout)

    def _close_later(
        self,
        leaving: Sequence[Connection],
        timeout: float,
        *,
        drain: bool = False,
        reset: bool = False,
        before: Callable[[], None] = _nothing,
        after: Callable[[], None] = _nothing,
    ) -> None:
        """Close connections that are among the leaving ones, each in ``timeout``, on a thread of their own."""

        def close() -> None:
            before()
            for connection in leaving:
                connection.close(Deadline(timeout), drain=drain, quiet=True, reset=reset)
                with self._lock:
                    self._leaving.remove(connection)
            after()

        try:
            # daemon: as all of our threads
            threading.Thread(target=close, name=f"kucoin-sync-{self.ws_key}-close", daemon=True).start()
        except RuntimeError:
            logger.warning("%s: no thread to close a connection with; it goes with the client", self.ws_key)

    def begin_close(self) -> None:
        """Refuse new calls and let those that wait for a line go. Does not wait."""
        for connection in self._all():
            connection.begin_close()

    def close(self, deadline: Deadline, *, drain: bool) -> None:
        """
        Close all connections for good; safe from any thread but their own, and any number of times.

        Args:
            deadline: For everything together.
            drain: Whether requests in flight get time to be answered.
        """
        self.begin_close()
        connections = self._all()
        # One after the other: at the interpreter's exit no thread can be started to close them side by side.
        for index, connection in enumerate(connections):
            share = deadline.capped(deadline.remaining() / (len(connections) - index))
            connection.close(share, drain=drain, quiet=connection is not self.first)

    def _all(self) -> list[Connection]:
        with self._lock:
            return [self.first, *self._others, *self._leaving]

    def __repr__(self) -> str:
        return f"<ConnectionGroup {self.ws_key} {self.connections()}>"


def _raise_unless_confirmed(waiters: Sequence[Waiter], causes: Sequence[KucoinSyncError | None]) -> None:
    unknown = sorted(topic for waiter in waiters for topic in waiter.pending)
    rejected = {topic: why for waiter in waiters for topic, why in waiter.rejected.items()}
    if not unknown and not rejected:
        return
    raise SubscribeError(
        rejected=rejected,
        acked=tuple(topic for waiter in waiters for topic in waiter.acked),
        unknown=tuple(unknown),
        cause=next((cause for cause in causes if cause is not None), None) if unknown else None,
    )
