"""
The heartbeat thread of a connection: it waits for whatever is due next.

That is a ping, a late pong, the answer to a ping, a subscribe frame that the message limit allows now, the end of a
resumption, or a request whose time is over and for which nobody waits. While there is a line it looks every few
seconds in any case: whether the machine slept, and so that the reading thread can tell a heartbeat that is idle from
one that is dead.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from kucoin_sync.engine.boot_clock import read_clocks
from kucoin_sync.engine.channel import SendFailed
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.inbox import Inbox
from kucoin_sync.engine.opening import Line, Opener, Surroundings
from kucoin_sync.engine.registry import PendingRequest, RequestRegistry
from kucoin_sync.engine.topic_board import TopicBoard
from kucoin_sync.errors import ConnectionLost
from kucoin_sync.protocol.dialect import Dialect
from kucoin_sync.protocol.heartbeat import Action

__all__ = ["SEND_TIMEOUT", "Beats"]

logger = logging.getLogger("kucoin_sync.engine.beats")

SEND_TIMEOUT = 5.0
"""Longest time one frame may take to leave."""
UNREAD_RECHECK = 0.05
NEVER = float("inf")
LOOK_AGAIN = 5.0
"""
Longest time between two looks at a line, seconds: less than any exchange's time between pings and than `STUCK_AFTER`.
While a request waits, the probe's clock makes it look sooner. A look a second was nearly all that an idle line cost.
"""
STUCK_AFTER = 2 * SEND_TIMEOUT
"""Seconds without a look after which the heartbeat may be dead: a send is the longest thing that it does."""
STUCK_PATIENCE = 1.0
"""Seconds that it gets then to show itself: after a halt of the whole process it is merely not its turn yet."""


class Beats:
    """
    What is due on a connection, and when.

    Args:
        dialect: Spells pings.
        around: Options and identifiers.
        registry: Requests that wait for their reply.
        board: Topics, with the frames they need.
        inbox: Announces the end of a resumption.
        opener: Knows the exchange's time.
        changed: The connection's lock; a change of it makes the thread look again.
    """

    def __init__(
        self,
        dialect: Dialect,
        around: Surroundings,
        registry: RequestRegistry,
        board: TopicBoard,
        inbox: Inbox,
        opener: Opener,
        changed: threading.Condition,
    ) -> None:
        self._dialect = dialect
        self._around = around
        self._probe_after = around.options.probe_after
        self._registry = registry
        self._board = board
        self._inbox = inbox
        self._opener = opener
        self._changed = changed
        self._wake_at = 0.0  # when the thread looks again by itself
        self._looked = threading.Event()

    def run(self, goes_on: Callable[[], bool], line: Callable[[], Line | None]) -> None:
        """
        Do what is due: the body of the thread.

        Args:
            goes_on: Whether to go on; asked with the lock held, after each change.
            line: Returns the line that is ready now.
        """
        while True:
            with self._changed:
                while True:
                    if not goes_on():
                        return
                    now = time.monotonic()
                    self._wake_at = NEVER  # a request that comes from here on may go unseen: it has to wake us
                    work, self._wake_at = self._due(line(), now)
                    if work is not None:
                        break
                    self._changed.wait(min(self._wake_at - now, threading.TIMEOUT_MAX))
            try:
                work()
            # A safety net: a starved or dead heartbeat would leave a dead line undetected.
            except Exception:
                logger.exception("%s: heartbeat", self._dialect.ws_key)

    def _due(self, line: Line | None, now: float) -> tuple[Callable[[], None] | None, float]:
        """Return what is to be done now, if anything, and when to ask again; the lock is held."""
        if not self._looked.is_set():
            self._looked.set()
        if line is not None:
            slept = line.sleep_watch.slept(*read_clocks())
            if slept > line.heartbeat.pong_timeout:
                lost = ConnectionLost(f"the machine slept for {slept:.0f} s", initiator="local")
                return partial(line.give_up, lost, ended_as="slept"), now
        due = self._registry.next_deadline()
        if due <= now:
            return partial(self._registry.expire, now), now
        if line is None or line.verdict is not None:
            return None, due
        due = min(due, now + LOOK_AGAIN)
        if line.owed:
            self._count_ping(line, now)
            return partial(self._send_text, line, line.owed.popleft(), SEND_TIMEOUT), now
        waiting_since = self._registry.waiting_since()
        beat = line.heartbeat.poll(now, last_received=line.transport.received_at, waiting_since=waiting_since)
        if beat.action is Action.DEAD:
            if not self._has_unread_pong(line):
                lost = ConnectionLost("no pong in time", initiator="local")
                return partial(line.give_up, lost), now
            beat = beat._replace(due=now + UNREAD_RECHECK)
        elif beat.action is Action.PING:
            ping_id = self._around.identifiers.next()
            line.heartbeat.ping_sent(ping_id, now, beat.wait)
            self._count_ping(line, now)
            text = self._dialect.encode_ping(request_id=ping_id, timestamp_ms=self._opener.timestamp_ms())
            return partial(self._send_text, line, text, beat.wait), now
        due = min(due, beat.due)
        resumption_due = self._board.resumption_due
        if now >= resumption_due:
            return partial(self._inbox.check_resumed, line), now
        due = min(due, resumption_due)
        delay = line.pace.delay(now)
        if delay:
            return None, min(due, now + delay)
        command = self._board.next_text(now, self._around.identifiers.next)
        if command is not None:
            line.pace.count(now)
            return partial(self._send_text, line, command, SEND_TIMEOUT), now
        return None, min(due, self._board.next_due())

    @staticmethod
    def stuck_after(line: Line) -> float:
        """Return how often to ask `is_stuck`, seconds: not before two pings should have left."""
        return max(STUCK_AFTER, 2 * line.heartbeat.interval)

    def is_stuck(self) -> bool:
        """Whether the thread has not looked since the last call, and does not now either: for the reading thread."""
        if not self._looked.is_set():
            with self._changed:
                self._changed.notify_all()
            if not self._looked.wait(STUCK_PATIENCE):
                return True
        self._looked.clear()
        return False

    def _count_ping(self, line: Line, now: float) -> None:
        if self._dialect.limits.pings_count:
            line.pace.count(now)

    def _has_unread_pong(self, line: Line) -> bool:
        """
        Whether the late pong may be waiting for a reader that had no chance to run.

        Bytes in the kernel excuse the pong until the reader has read once more; data that keeps coming without it
        does not.
        """
        if line.late_since is None:
            line.late_since = line.transport.received_at
        return line.transport.received_at == line.late_since and line.transport.has_unread()

    def _send_text(self, line: Line, text: str, timeout: float) -> None:
        try:
            line.transport.send_text(text, Deadline(min(timeout, SEND_TIMEOUT)))
        except SendFailed as failed:
            line.give_up(
                failed.cause
                if isinstance(failed.cause, ConnectionLost)
                else ConnectionLost(str(failed.cause), initiator="local")
            )

    def expect_reply(self, request: PendingRequest) -> None:
        """Make sure the thread looks again soon enough to probe, or to end what nobody waits for; takes the lock."""
        soon = request.sent_at + self._probe_after
        if request.on_done is not None:
            soon = min(soon, request.deadline.at)
        if soon < self._wake_at:
            with self._changed:
                self._changed.notify_all()
