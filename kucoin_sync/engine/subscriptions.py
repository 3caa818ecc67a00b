"""
The topics of one connection as callers want them, wait for them and leave them: on their threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.hand_over import HandOver
from kucoin_sync.engine.topic_board import Subscriber, TopicBoard, Waiter
from kucoin_sync.engine.waiting import nap
from kucoin_sync.errors import ConnectError, DeadlineExceeded, KucoinSyncError
from kucoin_sync.events import Update
from kucoin_sync.protocol.state import ConnectionState

__all__ = ["Life", "Subscriptions"]


class Life(Protocol):
    """What topics need to know of their connection, with its lock held; see `Connection`."""

    @property
    def state(self) -> ConnectionState:
        """Where it stands."""

    @property
    def is_ready(self) -> bool:
        """Whether a line is ready."""

    @property
    def is_closing(self) -> bool:
        """Whether it is closed, or about to be."""

    @property
    def failure(self) -> ConnectError | None:
        """Why the last opening failed; ``None`` after one that did not."""

    def check_open(self) -> None:
        """Raise ClosedError if it is closing."""

    def start(self) -> None:
        """Begin to open a line, if there is none. Raises ClosedError, ConnectError."""


class Subscriptions:
    """
    The callers' side of a topic board.

    Args:
        board: It.
        changed: The connection's lock; notified when somebody may have waited for what happened.
        life: The connection.
        hand_out: Delivers an update of the connection's line, for topics that come over from another one.
    """

    def __init__(
        self, board: TopicBoard, changed: threading.Condition, life: Life, hand_out: Callable[[Update], None]
    ) -> None:
        self._board = board
        self._changed = changed
        self._life = life
        self._hand_out = hand_out

    def want(self, subscriber: Subscriber) -> Waiter:
        """
        Want topics, and open a line if there is none. Does not wait.

        Returns:
            What tells when they are confirmed, for `confirm` and `forget`.

        Raises:
            ClosedError: If the connection is closed.
            ConnectError: If it has no thread to be had.
        """
        with self._changed:
            self._life.check_open()
            waiter = self._board.add(subscriber)
            try:
                self._life.start()
            except BaseException:
                self._board.forget(waiter)
                self._board.withdraw(subscriber, subscriber.topics)
                raise
            self._changed.notify_all()
            return waiter

    def confirm(self, waiter: Waiter, deadline: Deadline) -> KucoinSyncError | None:
        """
        Wait until every topic was answered for, at most until the deadline.

        Returns:
            Why no line is ready, if that is what the answers are missing for.

        Raises:
            ConnectError: If the connection cannot be opened at all.
            ClosedError: If the connection is closed.
        """
        with self._changed:
            while waiter.pending and not deadline.expired():
                self._life.check_open()
                failure = self._life.failure
                if failure is not None and not failure.retryable:
                    raise failure
                self._changed.wait(nap(deadline.remaining()))
            return self._life.failure

    def forget(self, subscriber: Subscriber, waiter: Waiter, *, withdraw: bool) -> None:
        """
        End the wait for topics.

        Args:
            subscriber: Who wants them.
            waiter: From `want`.
            withdraw: Want those that were not confirmed no more.
        """
        with self._changed:
            self._board.forget(waiter)
            if withdraw:
                self._board.give_up(subscriber, waiter)

    def withdraw(self, subscriber: Subscriber) -> None:
        """Want nothing more of what this subscriber wants."""
        with self._changed:
            self._board.withdraw(subscriber, subscriber.topics)

    def wait_active(self, topic: str, deadline: Deadline, goes_on: Callable[[], bool]) -> bool:
        """
        Wait until the exchange has confirmed a topic that is wanted here already.

        Args:
            topic: Single topic.
            deadline: When to give up.
            goes_on: Asked with the connection's lock held whenever something has changed; ``False`` ends the wait.

        Returns:
            Whether it is confirmed; ``False`` at once if nobody wants it any more, or the connection is closing.
        """
        with self._changed:
            while not self._board.is_active(topic):
                if self._life.is_closing or topic not in self._board or not goes_on() or deadline.expired():
                    return False
                self._changed.wait(nap(deadline.remaining()))
            return True

    def renew(self, topic: str, by: object) -> None:
        """
        Unsubscribe a topic and subscribe it again, for whatever the exchange sends at the beginning.

        Args:
            topic: Single topic.
            by: The wish of who asks for it; the others are told.
        """
        with self._changed:
            subscribers = [each for each in self._board.subscribers if topic in each.topics and each.wish is not by]
        # Before it is: what the exchange sends at the beginning could come before they know that they need it.
        for subscriber in subscribers:
            if subscriber.lost is not None:
                subscriber.lost("the topic is subscribed anew")
        with self._changed:
            self._board.renew(topic)

    def __contains__(self, topic: object) -> bool:
        """Whether a topic is wanted here, or not let go of yet."""
        with self._changed:
            return topic in self._board

    def __len__(self) -> int:
        """Return how many single topics are wanted here or not let go of yet."""
        return len(self._board)

    @property
    def has_subscribers(self) -> bool:
        """Whether anybody wants anything of this connection."""
        return bool(self._board.subscribers)

    def unsubscribe(
        self, topics: Iterable[str], *, of: Callable[[Subscriber], bool], deadline: Deadline | None
    ) -> None:
        """
        Want topics no more.

        Args:
            topics: Single topics.
            of: Whose wishes are meant.
            deadline: How long to wait for the exchange's confirmation; ``None`` returns at once.

        Raises:
            DeadlineExceeded: If it did not come; the topics are unwanted all the same and nothing is delivered.
        """
        gone = set(topics)
        with self._changed:
            for subscriber in self._board.subscribers:
                if of(subscriber):
                    self._board.withdraw(subscriber, gone)
            while deadline is not None and self._life.is_ready:
                waiting = self._board.leaving(gone)
                if not waiting or self._life.is_closing:
                    return
                if not self._changed.wait(nap(deadline.remaining())) and deadline.expired():
                    raise DeadlineExceeded(f"no answer to the unsubscribe of {', '.join(sorted(waiting))} in time")

    def topic_states(self, topics: Iterable[str]) -> dict[str, str]:
        """Return what the exchange was told about each topic, in words."""
        with self._changed:
            return self._board.states(topics)

    # Going over to another connection.

    @property
    def is_awaited(self) -> bool:
        """Whether a call waits for an answer to its topics."""
        return self._board.is_awaited

    def wait_unawaited(self, deadline: Deadline) -> None:
        """Wait until no call waits for an answer to its topics, or until the deadline."""
        with self._changed:
            while self._board.is_awaited and not self._life.is_closing and not deadline.expired():
                self._changed.wait(nap(deadline.remaining()))

    def move_topics(self, new: Subscriptions, hand_over: HandOver) -> Waiter:
        """
        Move everything that is wanted here to another connection; what still comes here goes through ``hand_over``.

        Args:
            new: It.
            hand_over: Of both lines; its lock is held.

        Returns:
            What tells when the topics are confirmed there, for `confirm` and `end_hand_over` of the other connection.
        """
        assert hand_over.lock.locked()
        with self._changed:
            subscribers = self._board.leave(partial(hand_over.from_old, new._hand_out))
        with new._changed:
            waiter = new._board.take_over(subscribers, partial(hand_over.from_new, new._hand_out))
            new._changed.notify_all()
            # A close takes them with it, but not those that come after it.
            homeless = new._board.take_all() if new._life.state is ConnectionState.CLOSED else ()
        for subscriber in homeless:
            subscriber.end(None)
        return waiter

    def end_hand_over(self, waiter: Waiter) -> None:
        """The connection that topics were moved from is over."""
        with self._changed:
            self._board.forget(waiter)
            self._board.crossed()
