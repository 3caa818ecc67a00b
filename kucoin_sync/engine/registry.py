"""
Requests that wait for their reply, by id.

Exactly one of reply, timeout, loss of the line and close ends a request: the one that takes it out of the table.
A caller waits on one raw lock of its own, so a reply wakes one thread and nothing else is built per request. A
`concurrent.futures.Future` exists only where a user asked for one (`nowait`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from kucoin_sync.engine.deadline import END_PATIENCE, Deadline
from kucoin_sync.engine.line_end import LineEnd
from kucoin_sync.engine.lookout import Lookout
from kucoin_sync.engine.switch_interval import switch_interval
from kucoin_sync.engine.waiting import acquire, wait
from kucoin_sync.errors import KucoinSyncError, Sent
from kucoin_sync.protocol.messages import Reply

__all__ = ["Failure", "PendingRequest", "RequestRegistry"]

Failure = tuple[str, KucoinSyncError | None]
"""Why a request ended without a reply: a reason of `OutcomeUnknown`, and what happened below."""


class PendingRequest:
    """
    One request from before its first byte to its end.

    Attributes:
        reply: The exchange's answer, once there is one.
        failure: Why there will be none here, once that is clear.
        sent: How much of its frame left, ``no``, ``partial`` or ``complete``; settled when the send is over.
        sent_at: Monotonic clock when the send began; 0 before.
        line: The end of the line that carried it.
        position: Where its frame ends in all that was sent on that line, in bytes; 0 unless all of it left.
        expires_ms: From when the exchange refuses it by itself, in its own time, milliseconds since 1970; ``None`` if
            it does not.
        notes: Texts of error frames without an id that came meanwhile.
    """

    __slots__ = (
        "_done",
        "_in_send",
        "_lost",
        "args",
        "bytes_sent",
        "deadline",
        "expires_ms",
        "failure",
        "finished_at",
        "id",
        "line",
        "notes",
        "on_done",
        "op",
        "position",
        "registry",
        "reply",
        "sent",
        "sent_at",
        "started_at",
    )

    def __init__(self, request_id: str, op: str, args: Any, deadline: Deadline) -> None:
        self.id = request_id
        self.op = op
        self.args = args
        self.deadline = deadline
        self.started_at = time.time()
        self.line: LineEnd | None = None
        self.registry: RequestRegistry | None = None
        self.position = 0
        self.expires_ms: int | None = None
        self.reply: Reply | None = None
        self.failure: Failure | None = None
        self.sent: Sent = "no"
        self.bytes_sent = 0
        self.sent_at = 0.0
        self.finished_at = 0.0
        self.notes: tuple[str, ...] = ()
        self.on_done: Callable[[PendingRequest], None] | None = None
        """Called instead of waking a waiter; on the reading or the heartbeat thread, so it must be short."""
        self._in_send = False  # under the registry's lock: its sender is the only one who knows what left
        self._lost: Failure | None = None
        self._done = threading.Lock()
        self._done.acquire()

    def wait(self) -> bool:
        """Wait until the request ended; return ``False`` at its deadline."""
        done, registry = self._done, self.registry
        # With others in flight there is always somebody who wants the processor.
        if registry is None or len(registry._pending) > 1 or not registry.lookout.sees(done):
            try:
                switch_interval.call_waits(self)
                left = self.deadline.at - time.monotonic()
                if not acquire(done, left if left > 0.0 else 0.0):
                    return False
            finally:
                switch_interval.call_over(self)
        done.release()
        return True

    @property
    def connection_id(self) -> str | None:
        """Which life of the connection carried it."""
        return None if self.line is None else self.line.connection_id

    @property
    def line_alive(self) -> bool:
        """Whether the line that carried it is still open."""
        # After a failed send the line is given up, even if its reader has not come to that yet.
        return self.sent == "complete" and self.line is not None and self.line.at is None

    def discard(self) -> bool:
        """Take it out of the table without ending it; return ``False`` if somebody else ended it first."""
        return self.registry is None or self.registry.discard(self)

    def hold_back(self) -> None:
        """Make sure that not one byte of it leaves from now on: for a call that ends without an answer."""
        if self.line is not None and self.position:
            self.line.reset_if_held(self.position)

    def abandon(self) -> None:
        """Make sure that nobody waits for it and nothing of it leaves: its call was interrupted, wherever it was."""
        self.discard()
        self.hold_back()
        switch_interval.call_over(self)

    def reset(self) -> None:
        """Make it as it was before its send, for another try: only if not one byte of it left."""
        self.line, self.registry, self.position = None, None, 0
        self.reply, self.failure, self._lost = None, None, None
        self.sent, self.bytes_sent, self.sent_at, self.finished_at = "no", 0, 0.0, 0.0
        self._done.acquire(blocking=False)

    def wait_for_end(self) -> bool:
        """Wait until whoever took the request out of the table has ended it: a matter of microseconds."""
        return self._done.acquire(timeout=END_PATIENCE)

    def finish(self, reply: Reply | None, failure: Failure | None) -> None:
        """End it: only for the one who took it out of the table."""
        self.finished_at = time.monotonic()
        self.reply = reply
        self.failure = failure
        on_done = self.on_done
        if on_done is not None:
            self.on_done = None  # it knows its call, which knows this request: a cycle is garbage that has to be found
            on_done(self)
        else:
            self._done.release()


class RequestRegistry:
    """
    The requests of one connection that wait for their reply.

    Attributes:
        lookout: Of calls that wait alone.
    """

    def __init__(self) -> None:
        self.lookout = Lookout()
        self._lock = threading.Lock()  # guards _pending and _deadlines
        self._pending: dict[str, PendingRequest] = {}
        self._deadlines: list[tuple[float, str]] = []  # heap of those that nobody waits for
        self._idle: threading.Event | None = None  # set when the table is empty, while somebody waits for that

    def begin_send(self, request: PendingRequest, now: float) -> None:
        """
        Enter a request; always before its first byte, for a reply can be faster than the sender.

        Until `end_send` only a reply ends it: if the line is lost meanwhile, its sender is the one who knows how
        many bytes left, and ends it.

        Args:
            request: Not in the table.
            now: Monotonic clock.
        """
        request.sent_at = now
        request._in_send = True
        request.registry = self
        with self._lock:
            self._pending[request.id] = request
            if request.on_done is not None:
                heappush(self._deadlines, (request.deadline.at, request.id))

    def end_send(self, request: PendingRequest, failure: Failure | None = None) -> None:
        """
        Take note that the send is over; ``request.sent`` says how far it came.

        Args:
            request: The request.
            failure: Why the send failed, or ``None`` if every byte left.
        """
        with self._lock:
            request._in_send = False
            failure = failure or request._lost
            if failure is None or self._remove(request.id) is None:
                return
        request.finish(None, failure)

    def resolve(self, reply: Reply) -> PendingRequest | None:
        """End the request this reply belongs to and return it; ``None`` if none waits under its id."""
        with self._lock:
            request = self._pending.pop(reply.id, None)
            if self._idle is not None:
                self._note_idle()
        if request is not None:
            request.finish(reply, None)
        return request

    def discard(self, request: PendingRequest) -> bool:
        """Take a request out without ending it; return ``False`` if somebody else ended it first."""
        with self._lock:
            return self._remove(request.id) is not None

    def fail_all(self, reason: str, cause: KucoinSyncError | None) -> None:
        """End every request without a reply: the line that carried them is closed."""
        with self._lock:
            ended = []
            for request in list(self._pending.values()):
                if request._in_send:
                    request._lost = (reason, cause)
                else:
                    ended.append(request)
                    self._remove(request.id)
        for request in ended:
            request.finish(None, (reason, cause))

    def expire(self, now: float) -> None:
        """End the overdue requests that nobody waits for."""
        overdue = []
        with self._lock:
            while self._deadlines and self._deadlines[0][0] <= now:
                request_id = heappop(self._deadlines)[1]
                request = self._pending.get(request_id)
                if request is not None and request._in_send:
                    request._lost = ("timeout", None)  # the send has the same deadline and is about to end
                elif request is not None:
                    self._remove(request_id)
                    overdue.append(request)
        for request in overdue:
            request.hold_back()
            request.finish(None, ("timeout", None))

    def wait_idle(self, timeout: float) -> bool:
        """Wait until no request is in the table; return ``False`` at the timeout."""
        idle = threading.Event()
        with self._lock:
            if not self._pending:
                return True
            self._idle = idle
        return wait(idle, timeout)

    def next_deadline(self) -> float:
        """Return when `expire` has something to do."""
        with self._lock:
            while self._deadlines and self._deadlines[0][1] not in self._pending:
                heappop(self._deadlines)
            return self._deadlines[0][0] if self._deadlines else float("inf")

    def latest_deadline(self) -> float:
        """Return by when every request in the table will have ended; 0 if there is none."""
        with self._lock:
            return max((request.deadline.at for request in self._pending.values()), default=0.0)

    def waiting_since(self) -> float | None:
        """Return when the oldest request that waits for its reply was sent, or ``None``."""
        with self._lock:
            for request in self._pending.values():  # in order of sending
                return request.sent_at
        return None

    def op_of(self, request_id: str) -> str | None:
        """Return the operation of the request that waits under an id, or ``None`` if none does."""
        request = self._pending.get(request_id)
        return None if request is None else request.op

    def add_note(self, text: str) -> None:
        """Attach an error frame that names no request to all that are in flight."""
        with self._lock:
            for request in self._pending.values():
                request.notes += (text,)

    def _remove(self, request_id: str) -> PendingRequest | None:
        """Take a request out; the lock is held."""
        request = self._pending.pop(request_id, None)
        if self._idle is not None:
            self._note_idle()
        return request

    def _note_idle(self) -> None:
        """Tell who waits for an empty table, if it is empty; the lock is held."""
        if self._idle is not None and not self._pending:
            self._idle.set()

    def __contains__(self, request_id: object) -> bool:
        return request_id in self._pending

    def __len__(self) -> int:
        return len(self._pending)
