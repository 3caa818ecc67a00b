"""
Making a request: one deadline, one send, one outcome.

A blocking call runs on its caller's thread from beginning to end. `call_nowait` sends on the caller's thread and
leaves the rest to a `concurrent.futures.Future`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.identifiers import Identifiers
from kucoin_sync.engine.line_end import LineEnd
from kucoin_sync.engine.listeners import ListenerHub
from kucoin_sync.engine.reader_thread import check_not_on_reader
from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import (
    ClosedError,
    ConfigError,
    ConnectError,
    ConnectionLost,
    DeadlineExceeded,
    ForkedError,
    JournalError,
    KucoinSyncError,
    NotSent,
    OutcomeUnknown,
    ProtocolViolation,
    ReentrantCallError,
    Rejected,
    RequestError,
    UnknownReason,
)
from kucoin_sync.events import BatchResult, OrderAck
from kucoin_sync.fates import OrderState
from kucoin_sync.orders.evidence import fate_of_event
from kucoin_sync.orders.journal import Journal
from kucoin_sync.orders.ledger import Call, Ledger
from kucoin_sync.orders.operation import Operation, Rules
from kucoin_sync.orders.outcome import abandoned, ack_of_event, conclude, merged, not_sent
from kucoin_sync.orders.outcome_log import log_outcome, outcome_logger
from kucoin_sync.orders.reply_future import ReplyFuture
from kucoin_sync.orders.tally import RequestTally
from kucoin_sync.protocol.messages import Reply
from kucoin_sync.protocol.server_clock import ServerClock
from kucoin_sync.stats import RequestStats

__all__ = ["LastCheck", "OrderLine", "RequestCalls", "raised_by_signal_handler"]

logger = logging.getLogger("kucoin_sync.orders.calls")

LastCheck = Callable[[Any, Deadline, bool], None]
"""
A check that may take time, made inside the call's deadline and before anything is sent: takes the arguments, which it
may complete in place, the deadline and whether it may wait; raises `ConfigError` for what must not be sent.
"""

_BEFORE_ANYTHING = (ConfigError, ReentrantCallError, ForkedError)


class OrderLine(Protocol):
    """Where requests are sent: the connections of one name."""

    ws_key: str

    def send_request(
        self, request: PendingRequest, prepare: Callable[[ServerClock], Any] | None, *, wait_ready: bool
    ) -> None:
        """Send a request once; see `Connection.send_request`."""

    def retire(self, end: LineEnd, deadline: Deadline) -> bool:
        """Let a line go, after opening another one; see `ConnectionGroup.retire`."""


class RequestCalls:
    """
    Make requests and say how they ended.

    Args:
        rules: What the exchange knows about its operations.
        identifiers: Source of request ids and client order ids.
        hub: Runs callbacks of futures.
        ledger: Where running calls and unknown orders are kept.
        journal: Where orders are noted before they are sent; ``None``: nowhere.
        retry_not_sent: Whether an order of which no byte left is tried again inside its deadline.
    """

    def __init__(
        self,
        rules: Rules,
        identifiers: Identifiers,
        hub: ListenerHub,
        ledger: Ledger,
        *,
        journal: Journal | None = None,
        retry_not_sent: bool = False,
    ) -> None:
        self._rules = rules
        self._identifiers = identifiers
        self._hub = hub
        self._ledger = ledger
        self._journal = journal
        self._retry_not_sent = retry_not_sent
        self._tally = RequestTally()

    def stats(self) -> RequestStats:
        """Return what became of the requests so far."""
        return self._tally.snapshot()

    def call(
        self,
        line: OrderLine,
        op: str,
        args: Any,
        *,
        timeout: float,
        check: LastCheck | None = None,
        expires_ms: int | None = None,
    ) -> Any:
        """
        Make a request and wait for its outcome.

        Args:
            line: Where to send it.
            op: Operation.
            args: Arguments as the exchange spells them, checked: a mapping, or a list of mappings. They are the call's
                own from here on: client order ids are put into them.
            timeout: Seconds for everything together: getting a line, sending, waiting.
            check: Made before anything is sent. If it fails for another reason than what it checks, the call ends as
                `NotSent`.
            expires_ms: From when the exchange is to refuse it, in its own time, milliseconds since 1970; ``None``: when
                the call ends, where the operation can expire.

        Returns:
            `OrderAck`; `BatchResult` for a batch; `Pong` for a ping.

        Raises:
            Rejected, NotSent, OutcomeUnknown: One of the three, whatever happens.
            ConfigError: If a client order id belongs to a call that has not ended, or to an order whose outcome is
                unknown, or from ``check``; nothing was sent.
            ReentrantCallError: On a reading thread; nothing was sent.
        """
        check_not_on_reader(op)
        call = self._begin(line, op, args, timeout, expires_ms)
        request = call.request
        try:
            while True:
                problem = self._send(line, call, wait_ready=True, check=check)
                if problem is None:
                    if not request.wait() and request.discard():
                        request.failure = ("timeout", None)
                        request.hold_back()
                    elif request.reply is None and request.failure is None:
                        # Somebody took it at the very last moment; if he starves it is a time-out.
                        request.wait_for_end()
                    problem = conclude(request, call.operation, self._rules, ws_key=call.ws_key)
                if self._retry_not_sent and self._may_repeat(problem, call):
                    check = None
                    self._forget_attempt(call)
                    continue
                outcome = self._finish(call, problem)
                if isinstance(outcome, RequestError):
                    raise outcome
                return outcome
        except BaseException as error:  # noqa: BLE001  (raised again there, unless an outcome takes its place)
            return self._leave(error, call)

    def call_nowait(
        self,
        line: OrderLine,
        op: str,
        args: Any,
        *,
        timeout: float,
        check: LastCheck | None = None,
        expires_ms: int | None = None,
    ) -> Future[Any]:
        """
        Send a request now or not at all, and return its outcome as a future.

        Args, and what the future ends with: as `call`; but a connection that is not ready ends it as `NotSent` at
        once.

        Raises:
            ConfigError: As `call`.
        """
        call = self._begin(line, op, args, timeout, expires_ms)
        future = ReplyFuture(self._hub)
        call.request.on_done = partial(self._settle, future, call)
        try:
            problem = self._send(line, call, wait_ready=False, check=check)
            if problem is not None:
                future.set_exception(self._finish(call, problem))
        except BaseException as error:  # noqa: BLE001  (raised again there, unless an outcome takes its place)
            future.set_result(self._leave(error, call))
        return future

    # The beginning.

    def _begin(self, line: OrderLine, op: str, args: Any, timeout: float, expires_ms: int | None) -> Call:
        operation = self._rules.operations[op]
        request_id = self._identifiers.next()
        if operation.places:
            # Every order has a client order id: without one an unknown order could not even be looked up.
            if operation.batch is not None:
                self._fill_client_oids(operation, operation.items(args))
            elif args.get(operation.client_oid_key) is None:
                args[operation.client_oid_key] = request_id  # one name for both is one thing less to look for in a log
        call = Call(PendingRequest(request_id, op, args, Deadline(timeout)), operation, line.ws_key)
        call.request.expires_ms = expires_ms
        self._ledger.begin(call)
        return call

    def _fill_client_oids(self, operation: Operation, items: Sequence[Any]) -> None:
        """Give every order of a batch a client order id of its own."""
        key = operation.client_oid_key
        claimed: set[str] = set()
        for item in items:
            client_oid = item.get(key)
            if client_oid is None:
                client_oid = item[key] = self._identifiers.next()
            elif client_oid in claimed:
                raise ConfigError(f"client_oid: {client_oid} is given to two orders of the batch")
            claimed.add(client_oid)

    def _send(self, line: OrderLine, call: Call, *, wait_ready: bool, check: LastCheck | None) -> NotSent | None:
        """Send the request once; return why nothing was sent, if that is so and it is in no table."""
        request = call.request
        if check is not None:
            try:
                check(request.args, request.deadline, wait_ready)
            except _BEFORE_ANYTHING:
                raise
            except KucoinSyncError as error:  # whatever kept the check from being made: nothing was sent yet
                return not_sent(request, call.operation, error, ws_key=call.ws_key)
        prepare = None if call.operation.reads else partial(self._prepare, call)
        try:
            line.send_request(request, prepare, wait_ready=wait_ready)
        except (ConnectError, ClosedError, DeadlineExceeded, JournalError) as error:
            return not_sent(request, call.operation, error, ws_key=call.ws_key)
        return None

    def _prepare(self, call: Call, clock: ServerClock) -> Any:
        """Complete and note an order that is about to be sent; return its arguments."""
        request, operation = call.request, call.operation
        call.since_ms = clock.earliest_ms(time.time() * 1000)
        args = request.args
        if operation.expire is not None and request.expires_ms is None:
            left = request.deadline.at - time.monotonic()
            args, request.expires_ms = operation.expire(args, call.since_ms, left if left > 0.0 else 0.0)
        if self._journal is not None:
            self._note_beginning(self._journal, call, args)
        return args

    @staticmethod
    def _note_beginning(journal: Journal, call: Call, args: Any) -> None:
        request, operation = call.request, call.operation
        try:
            journal.begin(
                request.id,
                request.op,
                args,
                ws_key=call.ws_key,
                started_at=request.started_at,
                timeout=request.deadline.at - request.deadline.started,
                expires_ms=request.expires_ms,
                since_ms=call.since_ms,
                items=None if operation.batch is None else len(operation.items(args)),
            )
        except JournalError as error:
            if not operation.cancels:
                raise
            # A full disk must not keep anybody from reducing his risk.
            logger.warning("%s is sent without being noted: %s", request.op, error)
        else:
            call.is_journaled = True

    @staticmethod
    def _may_repeat(outcome: Any, call: Call) -> bool:
        """Whether to try once more, for no byte left and the cause may have passed."""
        if not isinstance(outcome, NotSent) or call.operation.reads:
            return False
        cause, request = outcome.cause, call.request
        passing = isinstance(cause, ConnectionLost) or (isinstance(cause, ConnectError) and cause.retryable)
        if not passing or request.deadline.expired():
            return False
        if request.line is not None:
            request.line.wait(request.deadline.remaining())  # else the same dying line would be tried again
        return not request.deadline.expired()

    def _forget_attempt(self, call: Call) -> None:
        """Make a call of which no byte left as it was before it was tried."""
        if self._journal is not None and call.is_journaled:
            self._journal.end(call.request.id, "not_sent")
            call.is_journaled = False
        call.request.reset()

    # The end.

    def _conclude(self, call: Call) -> Any:
        return conclude(call.request, call.operation, self._rules, ws_key=call.ws_key)

    def _finish(self, call: Call, outcome: Any) -> Any:
        """Settle what a call ends with: enter what is unknown, unless something came in that tells; note, count."""
        while isinstance(outcome, OutcomeUnknown) and not call.operation.reads:
            evidence = self._ledger.enter(call, outcome)
            if not evidence:
                break
            outcome = self._improve(call, outcome, evidence)
        else:
            self._ledger.end(call)
        call.outcome = outcome
        if self._journal is not None and call.is_journaled:
            _note(self._journal, call.request.id, outcome)
        self._tally.count(call.request, call.operation, outcome, ws_key=call.ws_key)
        if outcome_logger.isEnabledFor(logging.INFO):  # not as a rule; then DEBUG is not wanted either
            log_outcome(call.request, outcome, ws_key=call.ws_key)
        return outcome

    def _improve(self, call: Call, error: OutcomeUnknown, evidence: Sequence[Reply | OrderState]) -> Any:
        """Return what is known of a call whose wait ended without an outcome, with what came in for it since."""
        items = call.operation.items(call.request.args)
        for piece in evidence:
            if isinstance(piece, OrderState):
                others: list[Any] = [self._by_event(call, args, piece) for args in items]
            else:
                others = list(self.judge(call, piece))
            if error.results is None:
                outcome = error if others[0] is None or isinstance(others[0], OutcomeUnknown) else others[0]
            else:
                outcome = merged(call.request, call.operation, call.ws_key, error, others)
            if not isinstance(outcome, OutcomeUnknown):
                return outcome
            error = outcome
        return error

    @staticmethod
    def _by_event(call: Call, args: Any, state: OrderState) -> OrderAck | None:
        fate = fate_of_event(call.question(args), state)
        if fate is None:
            return None
        request = call.request
        request.finished_at = request.finished_at or time.monotonic()
        return ack_of_event(request, call.operation, call.ws_key, fate)

    def judge(self, call: Call, reply: Reply) -> Sequence[Any]:
        """
        Return what a reply that came too late to end a call says of each of its orders.

        Where there was an answer before, which proved nothing, a refusal proves nothing either: two answers contradict
        each other, and only one of them can be true. It is left out then (``None``).
        """
        request = call.request
        answered = request.reply is not None
        request.reply, request.finished_at = reply, time.monotonic()
        outcome = self._conclude(call)
        if call.operation.batch is None:
            outcomes: Sequence[Any] = (outcome,)
        else:
            outcomes = tuple(outcome if isinstance(outcome, BatchResult) else outcome.results)
        return [None if answered and isinstance(one, Rejected) else one for one in outcomes]

    def _settle(self, future: Future[Any], call: Call, _: PendingRequest) -> None:
        """End a future: on whatever thread ended its request."""
        try:
            outcome = self._finish(call, self._conclude(call))
        # A bug must not end the reading thread, nor leave the future open.
        except Exception as error:
            logger.exception("%s: a bug in this library", call.request.op)
            outcome = self._finish(call, self._after_bug(call, error))
        if isinstance(outcome, RequestError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    def _leave(self, error: BaseException, call: Call) -> Any:
        """
        Decide what leaves a call that ended by an exception: return an outcome, or raise this or another exception.

        Its outcome passes. So does what a signal handler raised, Ctrl-C above all; it gets to carry what is known.
        Anything else is a bug in this library, and an order's fate is not known from that.
        """
        request = call.request
        if error is call.outcome:
            raise error
        if isinstance(error, _BEFORE_ANYTHING) and request.sent == "no":
            self._ledger.end(call)
            raise error
        request.abandon()
        bug = isinstance(error, Exception) and not raised_by_signal_handler(error)
        if bug:
            logger.error("%s: a bug in this library", request.op, exc_info=error)
        if call.outcome is None:
            if bug:
                known = self._after_bug(call, error)
            elif request.reply is not None:
                known = self._conclude(call)
            else:
                known = self._abandoned(call, "interrupted")
            self._finish(call, known)
        if not bug:
            self._attach(error, call)
            raise error
        if isinstance(call.outcome, RequestError):
            raise call.outcome from None
        return call.outcome

    def _after_bug(self, call: Call, error: BaseException) -> RequestError:
        call.request.discard()
        cause = ProtocolViolation(f"internal error ({type(error).__name__})")
        return self._abandoned(call, "unreadable_reply", cause)

    def _abandoned(self, call: Call, reason: UnknownReason, cause: KucoinSyncError | None = None) -> RequestError:
        return abandoned(call.request, call.operation, reason, cause=cause, ws_key=call.ws_key)

    @staticmethod
    def _attach(interrupt: BaseException, call: Call) -> None:
        """Let a Ctrl-C carry what is known of the request it interrupted, above all its client order id."""
        known, op = call.outcome, call.request.op
        interrupt.kucoin_sync = known  # type: ignore[attr-defined]
        answered = not isinstance(known, RequestError)
        text = f"{op}: the exchange had answered: {known}" if answered else str(known)
        logger.warning("interrupted: %s", text)
        if hasattr(interrupt, "add_note"):
            interrupt.add_note(text)


def _note(journal: Journal, request_id: str, outcome: Any) -> None:
    """Note in the journal how a request ended."""
    if isinstance(outcome, OutcomeUnknown):
        results = outcome.results
        items = None if results is None else tuple(i for i, each in enumerate(results) if each in results.unknown)
        journal.unknown(request_id, outcome.reason, items)
    elif isinstance(outcome, NotSent):
        journal.end(request_id, "not_sent")
    else:
        refused = isinstance(outcome, RequestError) or (isinstance(outcome, BatchResult) and not outcome.accepted)
        journal.end(request_id, "rejected" if refused else "accepted")


def raised_by_signal_handler(error: Exception) -> bool:
    """Whether code that is not ours raised it: on this thread that can only be a signal handler's."""
    trace = error.__traceback__
    while trace is not None:
        if not trace.tb_frame.f_globals.get("__name__", "").startswith("kucoin_sync"):
            return True
        trace = trace.tb_next
    return False
