"""
One long-lived connection: it opens lines, keeps what is wanted subscribed, carries requests, and survives.

Two threads. The **reader** opens each line (token, handshake, greeting), then reads it, hands out what comes, and
opens the next line when one is lost; it is the only one that closes a socket, and never runs user code (unless
listeners are inline). The **heartbeat** thread waits for whatever is due: a ping, a late pong, a subscribe frame that
the message limit allows now, a request whose time is over and for which nobody waits.

Callers send their own requests, on their own threads.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from kucoin_sync.engine.beats import SEND_TIMEOUT, Beats
from kucoin_sync.engine.channel import ReceiveTimeout, SendFailed
from kucoin_sync.engine.deadline import END_PATIENCE, Deadline
from kucoin_sync.engine.inbox import Inbox
from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.engine.line_end import LineEnd, forget_frames
from kucoin_sync.engine.opening import Line, Opener, Surroundings
from kucoin_sync.engine.reader_thread import ReaderThread, check_not_on_reader
from kucoin_sync.engine.registry import PendingRequest, RequestRegistry
from kucoin_sync.engine.subscriptions import Subscriptions
from kucoin_sync.engine.switch_interval import switch_interval
from kucoin_sync.engine.topic_board import TopicBoard
from kucoin_sync.engine.waiting import nap, wait
from kucoin_sync.errors import (
    AuthError,
    ClosedError,
    ConnectError,
    ConnectionLost,
    DeadlineExceeded,
    KucoinSyncError,
    ProtocolViolation,
    ReentrantCallError,
    describe_cause,
)
from kucoin_sync.events import (
    Authenticated,
    Closed,
    Opened,
    Reconnecting,
    Suspended,
)
from kucoin_sync.protocol.backoff import LONGEST_DELAY, Backoff
from kucoin_sync.protocol.close_codes import CloseHistory, ComeBack
from kucoin_sync.protocol.dialect import Dialect
from kucoin_sync.protocol.server_clock import ServerClock
from kucoin_sync.protocol.state import ConnectionState, check_transition
from kucoin_sync.stats import ConnectionStats, TopicStats

__all__ = ["Connection"]

logger = logging.getLogger("kucoin_sync.engine.connection")

JOIN_GRACE = 0.1
"""Seconds beyond its deadline that a close gives its threads to end, all together."""
POLITE_CLOSE = 1.0
"""Longest wait for the peer's answer to our close frame."""

_AT_LEAST = {ComeBack.SOON: 0.0, ComeBack.LATER: 1.0, ComeBack.LAST: LONGEST_DELAY}
"""Seconds until the next opening."""

State = ConnectionState


class Connection:
    """
    The connection of one WsKey.

    Args:
        dialect: How it is spelled.
        around: What it shares with the client's other connections.
        number: Which connection of its WsKey it is; in the names of its threads.
        leaving: Told that the exchange will close a line of it soon, on the reading thread; must not wait.

    Attributes:
        state: Where it stands; for others to read.
        failure: Why the last opening failed; ``None`` after one that did not. For others to read.
        registry: The requests that wait for their reply.
        subscriptions: What is wanted of it.
    """

    def __init__(
        self,
        dialect: Dialect,
        around: Surroundings,
        *,
        number: int = 1,
        leaving: Callable[[Connection, LineEnd], None],
    ) -> None:
        options = around.options
        self.dialect = dialect
        self.ws_key = dialect.ws_key
        self._shown = self.ws_key + (f".{number}" if number > 1 else "")
        self._name = f"kucoin-sync-{self._shown}"
        self.registry = RequestRegistry()
        self.server_clock = around.server_clock
        self._opener = Opener(dialect, around, self.server_clock)
        self._options = options
        self._hub = around.hub
        self._around = around
        # Guards everything below. Under it: read and change state. Sending, listeners and requests' ends happen
        # outside of it. Whoever changes what somebody may wait for notifies all.
        self._changed = threading.Condition()
        self.state = State.IDLE
        self._line: Line | None = None
        self._interrupt: Interrupt | None = None  # of the present opening or line
        self.failure: ConnectError | None = None  # of the last opening; cleared by success
        self._lost: KucoinSyncError | None = None  # how the last line ended
        self._was_ready = False
        self._lines = 0  # that became ready
        self._failed_openings = 0
        self._opening_began = 0.0
        self._reader: threading.Thread | None = None
        self._beater: threading.Thread | None = None
        self._closes = CloseHistory()  # reader only
        self._beater_stuck = False  # reader only: it is to be replaced before the next line
        self._board = TopicBoard(dialect, self._changed, answer_timeout=options.request_timeout)
        self._inbox = Inbox(
            dialect,
            around.hub,
            around.late_reply,
            self.registry,
            self._board,
            self.server_clock,
            self._changed,
            lambda line: leaving(self, line.end),
        )
        self.subscriptions = Subscriptions(self._board, self._changed, self, self._inbox.hand_out)
        self._beats = Beats(dialect, around, self.registry, self._board, self._inbox, self._opener, self._changed)
        self._close_begun = False
        self._closed = threading.Event()

    # Opening.

    @property
    def is_closing(self) -> bool:
        """Whether the connection is closed, or about to be."""
        return self.state in (State.DRAINING, State.CLOSED)

    @property
    def is_ready(self) -> bool:
        """Whether a line is ready now."""
        return self._line is not None

    @property
    def connection_id(self) -> str | None:
        """Which life of the connection is ready now, if one is."""
        line = self._line
        return line.origin.connection_id if line is not None else None

    @property
    def line_end(self) -> LineEnd | None:
        """End of the line that is ready now, if one is."""
        line = self._line
        return line.end if line is not None else None

    def start(self) -> None:
        """Begin to open a line, if there is none, without waiting for it. Raises ClosedError."""
        with self._changed:
            self._start()

    def open(self, deadline: Deadline) -> None:
        """
        Wait until a line is ready, opening one if there is none.

        Raises:
            ConnectError: If an opening fails; a retryable failure goes on being retried in the background.
            ClosedError: If the connection is closed.
        """
        if self._line is not None:
            return
        with self._changed:
            before = self.failure if self.state in (State.OPENING, State.LOST) else None
            self._start()
            while self._line is None:
                self.check_open()
                if self.failure is not None and self.failure is not before:
                    raise self.failure
                if not self._changed.wait(nap(deadline.remaining())) and deadline.expired():
                    raise self._not_ready()

    def ready_line(self, deadline: Deadline, *, wait: bool) -> Line:
        """
        Return the line to send on.

        Args:
            deadline: How long to wait for one.
            wait: Whether to wait at all; else the connection is only asked to open.

        Raises:
            ConnectError: If there is none in time, or the opening failed for good.
            ClosedError: If the connection is closed.
        """
        with self._changed:
            self._start()
            while self._line is None or self.state is not State.READY:
                self.check_open()
                if self.failure is not None and not self.failure.retryable:
                    raise self.failure
                if not wait or deadline.expired():
                    raise self._not_ready()
                self._changed.wait(nap(deadline.remaining()))
            return self._line

    def check_open(self) -> None:
        """Raise ClosedError if the connection is closing."""
        if self.is_closing:
            raise ClosedError(f"{self.ws_key}: the connection is closed")

    def _not_ready(self) -> ConnectError:
        if self.failure is not None:
            return self.failure
        why = f"{self._lost}; it is being opened again" if self._lost is not None else "it is being opened"
        return ConnectError(f"no line is ready ({why})", phase=self._opener.phase.value)

    def _start(self) -> None:
        """Start the threads if they are not running; the lock is held."""
        self.check_open()
        if self._reader is not None:
            return
        self.failure = None
        self.state = check_transition(self.state, State.OPENING)
        # daemon: a script that ends without close() must end; our exit hook closes politely before that
        reader = ReaderThread(target=self._run, name=f"{self._name}-reader", daemon=True)
        beater = self._make_beater(reader)
        self._reader, self._beater = reader, beater
        try:
            beater.start()
            reader.start()
        except BaseException as error:  # no thread to be had, or a Ctrl-C
            self._reader = self._beater = None  # a thread that did start sees that and ends
            self.state = check_transition(self.state, State.IDLE)
            self._changed.notify_all()
            if isinstance(error, RuntimeError):
                raise ConnectError("no thread for the connection", phase="tcp") from None
            raise

    def _make_beater(self, reader: threading.Thread) -> threading.Thread:
        """Return a heartbeat thread that runs as long as it and ``reader`` are those of this connection."""

        def goes_on() -> bool:
            return self._reader is reader and self._beater is threading.current_thread()

        # daemon: as the reader
        return threading.Thread(
            target=self._beats.run,
            args=(goes_on, lambda: self._line),
            name=f"{self._name}-heartbeat",
            daemon=True,
        )

    # The reader.

    def _run(self) -> None:
        backoff = Backoff(self._options.reconnect_timeout, random.random)
        began = time.monotonic()
        while self._begin_opening():
            interrupt: Interrupt | None = None
            try:
                interrupt = self._make_interrupt()
                self._check_beater()
                line = self._opener.open(interrupt)
            # Also a safety net: a bug in here must not end the thread without anybody knowing.
            except Exception as error:
                if interrupt is not None:
                    interrupt.close()
                if isinstance(error, OSError) and not isinstance(error, ConnectError):  # no descriptors left
                    error = ConnectError(describe_cause(error), phase="tcp")
                elif not isinstance(error, ConnectError):
                    logger.exception("%s: opening failed", self.ws_key)
                    error = ConnectError(f"internal error ({type(error).__name__})", phase="tcp")
                error.attempts = backoff.attempts + 1
                error.elapsed = time.monotonic() - began
                if not self._opening_failed(error, backoff):
                    break
                continue
            with self._quick_hand_overs():
                lost = self._serve(line)
                self._line_over(line, lost)
            interrupt.close()
            began = time.monotonic()
            if began - line.ready_at >= self._options.reconnect_reset_after:
                backoff.reset()
                self._closes.reset()
            if not self._go_on_after(lost, backoff, at_once=line.ended_as == "slept"):
                break

    @contextlib.contextmanager
    def _quick_hand_overs(self) -> Iterator[None]:
        seconds = self._options.switch_interval
        if seconds is None:
            yield
            return
        switch_interval.hold(seconds)
        try:
            yield
        finally:
            switch_interval.release(seconds)

    def _begin_opening(self) -> bool:
        """Wait for the shared budget; return ``False`` if the connection is being closed, or has another reader."""
        with self._changed:
            while not self.is_closing and self._reader is threading.current_thread():
                with self._around.budget_lock:
                    now = time.monotonic()
                    delay = self._around.budget.delay(now)
                    if not delay:
                        self._around.budget.take(now)
                if not delay:
                    if self.state is State.LOST:
                        self.state = check_transition(self.state, State.OPENING)
                    self._opening_began = now
                    return True
                self._changed.wait(delay)
            return False

    def _make_interrupt(self) -> Interrupt:
        """Return what ends the opening that begins now, and later its line. Raises OSError: no descriptors left."""
        interrupt = Interrupt()
        with self._changed:
            self._interrupt = interrupt
            if self.is_closing:  # since the wait for the budget
                interrupt.set()
        return interrupt

    def _check_beater(self) -> None:
        """Replace a heartbeat thread that does not run any more. Raises ConnectError: no thread to be had."""
        with self._changed:
            beater = self._beater
            if self.is_closing or beater is None or (beater.is_alive() and not self._beater_stuck):
                return
            self._beater = self._make_beater(threading.current_thread())
            try:
                self._beater.start()
            except RuntimeError:
                raise ConnectError("no thread for the heartbeat", phase="tcp") from None
            self._beater_stuck = False

    def _opening_failed(self, error: ConnectError, backoff: Backoff) -> bool:
        """Tell everybody and wait for the next attempt; return ``False`` if there is to be none."""
        if self.is_closing:
            return False
        self._failed_openings += 1
        most = self._options.max_reconnect_attempts
        if error.retryable and (most is None or backoff.attempts + 1 < most):
            delay = backoff.next_delay(retry_after=error.retry_after)
            with self._changed:
                self.failure = error
                self._changed.notify_all()
            self._hub.report(error, "opening", self.ws_key, None)
            return self._pause(delay, backoff.attempts)
        error.retryable = False
        self._hub.report(error, "opening", self.ws_key, None)
        self._rest(error)
        return False

    def _go_on_after(self, lost: KucoinSyncError, backoff: Backoff, *, at_once: bool) -> bool:
        """Wait until the next line may be opened; return ``False`` if there is to be none."""
        if self.is_closing:
            return False
        if not self._options.reconnect:
            self._rest(ConnectError(f"the line was lost ({lost}) and reconnect is off", phase="tcp", retryable=False))
            return False
        if at_once:  # nothing is wrong with the exchange
            return self._pause(0.0, backoff.attempts)
        by_peer = isinstance(lost, ConnectionLost) and lost.initiator == "peer"
        come_back = self._closes.closed(lost.code if isinstance(lost, ConnectionLost) and by_peer else 1006)
        if come_back is ComeBack.NEVER:
            refusal = AuthError(f"refused twice ({lost})", phase="auth")
            self._hub.report(refusal, "opening", self.ws_key, None)
            self._rest(refusal)
            return False
        if come_back is ComeBack.LAST:
            violation = ProtocolViolation(f"the peer says again that we broke its rules ({lost})")
            self._hub.report(violation, "closing", self.ws_key, None)
        return self._pause(backoff.next_delay(at_least=_AT_LEAST[come_back]), backoff.attempts)

    def _pause(self, delay: float, attempt: int) -> bool:
        fields = {"ws_key": self.ws_key, "attempt": attempt, "delay": delay}
        logger.info("%s: next opening in %.2f s (attempt %d)", self.ws_key, delay, attempt, extra=fields)
        self._hub.emit("reconnect", Reconnecting(self.ws_key, None, attempt, delay))
        deadline = Deadline(delay)
        with self._changed:
            while not self.is_closing and not deadline.expired():
                self._changed.wait(deadline.remaining())
            return not self.is_closing

    def _rest(self, failure: ConnectError) -> None:
        """Give up until somebody asks for this connection again."""
        with self._changed:
            if self.is_closing:
                return
            self.failure = failure
            self.state = check_transition(self.state, State.IDLE)
            self._reader = self._beater = None
            subscribers = self._board.take_all()
            self._changed.notify_all()
        for subscriber in subscribers:
            subscriber.end(failure)
        self._hub.emit("close", Closed(self.ws_key, None, failure))

    def _serve(self, line: Line) -> KucoinSyncError:
        """Declare the line ready and read it to its end; return why it ended."""
        try:
            if not self._line_ready(line):
                return ConnectionLost("the connection was closed", initiator="local")
            for update in line.session.early:
                self._inbox.deliver(line, update)
            line.session.early.clear()
            items = line.rest
            check = Deadline(self._beats.stuck_after(line))
            while True:
                self._inbox.handle(line, items)
                try:
                    items = line.transport.receive(check)
                except ReceiveTimeout:
                    items = []
                if line.transport.received_at >= check.at or (not items and check.expired()):
                    self._check_heartbeat()
                    check = Deadline(self._beats.stuck_after(line))
        except ProtocolViolation as violation:
            line.transport.fail(violation)
            return violation
        except ConnectionLost as lost:
            return line.verdict or lost
        # A safety net (out of memory, a bug): the line is given up and its requests end as unknown.
        except Exception as error:
            logger.exception("%s: reader", self.ws_key)
            return ConnectionLost(f"internal error ({type(error).__name__})", initiator="local")
        finally:
            line.session.end()

    def _check_heartbeat(self) -> None:
        """Raise `ConnectionLost` if the heartbeat thread is dead: nobody would see that the line is."""
        if self._beats.is_stuck():
            self._beater_stuck = True
            lost = ConnectionLost("the heartbeat thread does not run", initiator="local")
            self._hub.report(lost, "heartbeat", self.ws_key, self.connection_id)
            raise lost

    def _line_ready(self, line: Line) -> bool:
        with self._changed:
            if self.is_closing:
                return False
            self.state = check_transition(self.state, State.READY)
            self._line = line
            self.failure = None
            again, self._was_ready = self._was_ready, True
            self._lines += 1
            if again:
                self._board.resume(time.monotonic())
            self._changed.notify_all()
        connection_id, took = line.origin.connection_id, time.monotonic() - self._opening_began
        fields = {"ws_key": self.ws_key, "connection_id": connection_id, "elapsed": took}
        logger.info("%s: line %s ready after %.3f s", self.ws_key, connection_id, took, extra=fields)
        self._hub.emit("open", Opened(self.ws_key, connection_id, took))
        if line.session.logged_in:
            self._hub.emit("authenticated", Authenticated(self.ws_key, connection_id))
        self._inbox.check_resumed(line)  # nothing may have been subscribed
        return True

    def _line_over(self, line: Line, lost: KucoinSyncError) -> None:
        """Close the socket, end what waited for this line, and say so: in this order."""
        forget_frames(lost)  # every request of this line that stays unknown keeps it
        with self._changed:
            closing = self.is_closing
            if not closing:
                self.state = check_transition(self.state, State.LOST)
            self._line = None
            self._lost = lost
            self._interrupt = None
            self._board.line_lost()
            subscribers = self._board.subscribers
            self._changed.notify_all()
        # Anything but a close that both sides agreed on is a reset: no byte of an unanswered request may still leave.
        agreed = isinstance(lost, ConnectionLost) and lost.initiator == "peer" and lost.code != 1006
        if agreed and isinstance(lost, ConnectionLost):
            line.transport.send_close(lost.code)
        line.transport.close(reset=not agreed)
        line.end.come()
        cause = lost if isinstance(lost, ConnectionLost) else ConnectionLost(str(lost), initiator="local")
        self.registry.fail_all("closed" if closing else line.ended_as, cause)
        if not closing:
            for subscriber in subscribers:
                if subscriber.lost is not None:
                    subscriber.lost("the line was lost")
            fields = {"ws_key": self.ws_key, "connection_id": line.origin.connection_id, "error": type(lost).__name__}
            logger.warning("%s: line %s lost: %s", self.ws_key, line.origin.connection_id, lost, extra=fields)
            self._hub.emit("suspended", Suspended(self.ws_key, line.origin.connection_id, lost))

    # Requests, on the callers' threads.

    def send_request(
        self, request: PendingRequest, prepare: Callable[[ServerClock], Any] | None, *, wait_ready: bool
    ) -> None:
        """
        Send a request once; afterwards it is in the table, or ended.

        Args:
            request: Not sent yet.
            prepare: Makes the arguments when the line is ready, just before the send, from the exchange's clock;
                ``None`` takes ``request.args`` as they are.
            wait_ready: Whether to wait for a line inside the request's deadline.

        Raises:
            ConnectError, ClosedError, DeadlineExceeded: If there was no line in time; nothing was sent.
            ReentrantCallError: In a signal handler that interrupted a send of this thread; nothing was sent.
            BaseException: Whatever a signal handler raises (Ctrl-C): the request is out of the table, and unless
                ``request.sent`` is ``no`` the line is given up.
        """
        line = self._line
        if line is None or self.state is not State.READY:
            line = self.ready_line(request.deadline, wait=wait_ready)
        if prepare is not None:
            request.args = prepare(self.server_clock)
        text = self.dialect.encode_request(
            request.op, request.args, request_id=request.id, expires_ms=request.expires_ms
        )
        now = time.monotonic()
        if now >= request.deadline.at:
            raise DeadlineExceeded("the line was ready too late")
        request.line = line.end
        try:
            self.registry.begin_send(request, now)
            request.sent = "partial"
            due = request.deadline.capped(SEND_TIMEOUT)
            request.bytes_sent, request.position = line.transport.send_text(text, due)
            request.sent = "complete"
            # From here on nothing delays the order any more: what remains is done while it is on its way.
            self.registry.end_send(request)
            self._beats.expect_reply(request)
        except SendFailed as failed:
            request.bytes_sent = failed.bytes_sent
            request.sent = "partial" if failed.bytes_sent else "no"
            self.registry.end_send(request, ("disconnected", failed.cause))
        except ReentrantCallError:
            request.sent = "no"
            self.registry.discard(request)
            raise
        except BaseException:
            self.registry.discard(request)
            if request.sent == "partial":
                line.give_up(ConnectionLost("a send was interrupted", initiator="local"))
                line.end.wait(END_PATIENCE)  # until it is reset: who knows how much of the frame is on its way
            raise

    def prove_alive(self, deadline: Deadline) -> None:
        """
        Have a ping answered that leaves from now on.

        Raises:
            ConnectError, ClosedError: If there is no line.
            ConnectionLost: If it ended meanwhile.
            DeadlineExceeded: If there was no answer in time.
            ReentrantCallError: On a reading thread.
        """
        check_not_on_reader("prove_alive()")
        line = self.ready_line(deadline, wait=False)
        asked = time.monotonic()
        with self._changed:
            line.heartbeat.ask(asked)
            self._changed.notify_all()
            while line.heartbeat.proven_at < asked:
                if self._line is not line:
                    raise ConnectionLost("the line ended before a ping was answered")
                if not self._changed.wait(nap(deadline.remaining())) and deadline.expired():
                    raise DeadlineExceeded("no answer to a ping in time")

    def stats(self, now: float) -> tuple[ConnectionStats, list[TopicStats]]:
        """Return how the connection stands at ``now``, monotonic, and each of its topics."""
        with self._changed:
            line, problem = self._line, self.failure or self._lost
            topics = self._board.ages(now)
            round_trip = line.heartbeat.round_trip if line is not None else None
        connection = ConnectionStats(
            ws_key=self._shown,
            state=self.state.value,
            connection_id=None if line is None else line.origin.connection_id,
            age=None if line is None else now - line.ready_at,
            silence=None if line is None else now - line.transport.received_at,
            round_trip=round_trip,
            reconnects=max(0, self._lines - 1),
            failed_openings=self._failed_openings,
            last_error=None if problem is None else str(problem),
            topics=len(topics),
            in_flight=len(self.registry),
        )
        return connection, [TopicStats(self._shown, topic, *facts) for topic, facts in topics.items()]

    # The end.

    def begin_close(self) -> None:
        """Refuse new calls and let those that wait for a line go. Does not wait."""
        with self._changed:
            if not self.is_closing:
                self.state = check_transition(self.state, State.DRAINING)
                self._changed.notify_all()

    def close(self, deadline: Deadline, *, drain: bool, quiet: bool = False, reset: bool = False) -> None:
        """
        Close for good; safe from any thread but the connection's own, and any number of times.

        Args:
            deadline: For everything together.
            drain: Whether requests in flight get time to be answered.
            quiet: Do not tell the listeners of ``close``: the user did not ask for it and loses nothing.
            reset: End the line by a reset, even if nothing is in flight and the peer would agree to close it.
        """
        self.begin_close()
        with self._changed:
            first, self._close_begun = not self._close_begun, True
        if not first:
            wait(self._closed, deadline.remaining())
            return
        try:
            self._end_line(deadline, drain=drain, reset=reset)
            self._join(deadline)
        finally:
            with self._changed:
                subscribers = self._board.take_all()
                self._reader = self._beater = None
                self.state = check_transition(self.state, State.CLOSED)
                self._changed.notify_all()
            self.registry.fail_all("closed", ConnectionLost("the connection was closed", initiator="local"))
            for subscriber in subscribers:
                subscriber.end(None)
            self._closed.set()
        if not quiet:
            self._hub.emit("close", Closed(self.ws_key, None, None))

    def _end_line(self, deadline: Deadline, *, drain: bool, reset: bool) -> None:
        if drain and len(self.registry):
            self.registry.wait_idle(max(0.0, deadline.remaining() * 0.9))
        with self._changed:
            line, interrupt = self._line, self._interrupt
        if line is not None and not reset and not len(self.registry):
            line.transport.send_close(1000)
            reader = self._reader
            if reader is not None and reader is not threading.current_thread():  # it is running: it opened the line
                reader.join(min(POLITE_CLOSE, deadline.remaining() / 2))
        if line is not None:
            line.give_up(ConnectionLost("the connection was closed", initiator="local"))
        elif interrupt is not None:
            interrupt.set()

    def _join(self, deadline: Deadline) -> None:
        with self._changed:
            reader, beater = self._reader, self._beater
            self._reader = None  # tells the heartbeat thread to end
            self._changed.notify_all()
        for thread in (reader, beater):
            if thread is not None:
                try:
                    thread.join(deadline.remaining(grace=JOIN_GRACE))
                except RuntimeError:
                    continue  # it is this one, or a Ctrl-C came between making and starting it
                if thread.is_alive():
                    logger.warning("%s did not end in time; is a listener running on it?", thread.name)

    def __repr__(self) -> str:
        topics = len(self._board)
        return f"<Connection {self.ws_key} {self.state.value}, {topics} topics, {len(self.registry)} in flight>"
