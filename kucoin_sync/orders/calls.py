"""
Making a request: one deadline, one send, one outcome.

A blocking call runs on its caller's thread from beginning to end. `call_nowait` sends on the caller's thread and
leaves the rest to a `concurrent.futures.Future`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from kucoin_sync.engine.connection import Connection
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.identifiers import Identifiers
from kucoin_sync.engine.listeners import ListenerHub
from kucoin_sync.engine.reader_thread import check_not_on_reader
from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import (
    ClosedError,
    ConfigError,
    ConnectError,
    DeadlineExceeded,
    ForkedError,
    KucoinSyncError,
    ProtocolViolation,
    ReentrantCallError,
    RequestError,
)
from kucoin_sync.orders.operation import Operation, OperationKind, Rules
from kucoin_sync.orders.outcome import abandoned, conclude, not_sent
from kucoin_sync.orders.tally import RequestStats, RequestTally
from kucoin_sync.protocol.server_clock import ServerClock

__all__ = ["LastCheck", "ReplyFuture", "RequestCalls", "raised_by_signal_handler"]

logger = logging.getLogger("kucoin_sync.orders.calls")

LastCheck = Callable[[Any, Deadline, bool], None]
"""
A check that may take time, made inside the call's deadline and before anything is sent: takes the arguments, the
deadline and whether it may wait; raises `ConfigError` for what must not be sent.
"""

_BEFORE_ANYTHING = (ConfigError, ReentrantCallError, ForkedError)


class ReplyFuture(Future[Any]):
    """
    The outcome of a `nowait` call.

    It is running from the start, so ``cancel()`` returns ``False``: what was sent cannot be taken back. Callbacks
    run where listeners run, never on a thread that reads a connection.
    """

    def __init__(self, hub: ListenerHub) -> None:
        super().__init__()
        self._hub = hub
        self.set_running_or_notify_cancel()

    def add_done_callback(self, fn: Callable[[Future[Any]], object]) -> None:
        """Call ``fn`` with this future when it is done, on the listener thread."""
        self._hub.start()
        super().add_done_callback(partial(self._hub.deliver, listeners=(fn,)))


class RequestCalls:
    """
    Make requests and say how they ended.

    Args:
        rules: What the exchange knows about its operations.
        identifiers: Source of request ids and client order ids.
        hub: Runs callbacks of futures.
    """

    def __init__(self, rules: Rules, identifiers: Identifiers, hub: ListenerHub) -> None:
        self._rules = rules
        self._identifiers = identifiers
        self._hub = hub
        # Guards _client_oids. Re-entrant, for a signal handler may place an order from the middle of it.
        self._lock = threading.RLock()
        self._client_oids: set[str] = set()  # of placing calls that have not ended
        self._tally = RequestTally()

    def stats(self) -> RequestStats:
        """Return what became of the requests so far."""
        return self._tally.snapshot()

    def call(
        self, connection: Connection, op: str, args: Any, *, timeout: float, check: LastCheck | None = None
    ) -> Any:
        """
        Make a request and wait for its outcome.

        Args:
            connection: Which connection.
            op: Operation.
            args: Arguments as the exchange spells them, checked: a mapping, or a list of mappings.
            timeout: Seconds for everything together: getting a line, sending, waiting.
            check: Made before anything is sent. If it fails for another reason than what it checks, the call ends as
                `NotSent`.

        Returns:
            `OrderAck`; `BatchResult` for a batch; `Pong` for a ping.

        Raises:
            Rejected, NotSent, OutcomeUnknown: One of the three, whatever happens.
            ConfigError: If a client order id belongs to a call that has not ended, or from ``check``; nothing was sent.
            ReentrantCallError: On a reading thread; nothing was sent.
        """
        check_not_on_reader(op)
        operation, request = self._begin(op, args, timeout)
        try:
            self._send(connection, request, operation, wait_ready=True, check=check)
            if not request.wait() and connection.registry.discard(request):
                request.failure = ("timeout", None)
            elif request.reply is None and request.failure is None:
                request.wait_for_end()  # somebody took it at the very last moment; if he starves it is a time-out
            outcome = self._conclude(connection, request, operation)
            self._count(outcome, connection, request, operation)
            return outcome
        except BaseException as error:
            self._leave(error, connection, request, operation)
            raise
        finally:
            self._end(request, operation)

    def call_nowait(
        self, connection: Connection, op: str, args: Any, *, timeout: float, check: LastCheck | None = None
    ) -> Future[Any]:
        """
        Send a request now or not at all, and return its outcome as a future.

        Args, and what the future ends with: as `call`; but a connection that is not ready ends it as `NotSent` at
        once.

        Raises:
            ConfigError: As `call`.
        """
        operation, request = self._begin(op, args, timeout)
        future = ReplyFuture(self._hub)
        request.on_done = lambda ended: self._settle(future, connection, ended, operation)
        try:
            self._send(connection, request, operation, wait_ready=False, check=check)
        except RequestError as error:
            self._end(request, operation)
            self._count(error, connection, request, operation)
            future.set_exception(error)
        except BaseException as error:
            self._end(request, operation)
            self._leave(error, connection, request, operation)
            raise
        return future

    def _leave(
        self, error: BaseException, connection: Connection, request: PendingRequest, operation: Operation
    ) -> None:
        """
        Decide what leaves a call that ended by an exception: return to let it pass, or raise another one.

        Our own outcome passes. So does what a signal handler raised, Ctrl-C above all; it gets to carry what is known.
        Anything else is a bug in this library, and an order's fate is not known from that.
        """
        if isinstance(error, RequestError) and error.request_id == request.id:
            self._count(error, connection, request, operation)
            return
        if isinstance(error, _BEFORE_ANYTHING) and request.sent == "no":
            return
        connection.registry.discard(request)
        if isinstance(error, Exception) and not raised_by_signal_handler(error):
            logger.error("%s: a bug in this library", request.op, exc_info=error)
            known = self._after_bug(connection, request, operation, error)
            self._count(known, connection, request, operation)
            raise known from None
        self._attach(error, connection, request, operation)

    def _begin(self, op: str, args: Any, timeout: float) -> tuple[Operation, PendingRequest]:
        operation = self._rules.operation(op)
        args = _copy(args)
        if operation.kind is OperationKind.PLACE:
            self._claim_client_oids(operation, operation.items(args))
        return operation, PendingRequest(self._identifiers.next(), op, args, Deadline(timeout))

    def _claim_client_oids(self, operation: Operation, items: Sequence[Any]) -> None:
        """Give every order a client order id: without one an unknown order could not even be looked up."""
        key = operation.client_oid_key
        claimed: set[str] = set()
        for item in items:
            client_oid = item.get(key)
            if client_oid is None:
                client_oid = item[key] = self._identifiers.next()
            elif client_oid in claimed:
                raise ConfigError(f"client_oid: {client_oid} is given to two orders of the batch")
            claimed.add(client_oid)
        with self._lock:
            if not self._client_oids.isdisjoint(claimed):
                taken = min(self._client_oids & claimed)
                raise ConfigError(f"client_oid: {taken} belongs to an order call that has not ended")
            self._client_oids |= claimed

    def _end(self, request: PendingRequest, operation: Operation) -> None:
        if operation.kind is OperationKind.PLACE:
            claimed = [item[operation.client_oid_key] for item in operation.items(request.args)]
            with self._lock:
                self._client_oids.difference_update(claimed)

    def _send(
        self,
        connection: Connection,
        request: PendingRequest,
        operation: Operation,
        *,
        wait_ready: bool,
        check: LastCheck | None,
    ) -> None:
        if check is not None:
            try:
                check(request.args, request.deadline, wait_ready)
            except _BEFORE_ANYTHING:
                raise
            except KucoinSyncError as error:  # whatever kept the check from being made: nothing was sent yet
                raise not_sent(request, operation, error, ws_key=connection.ws_key) from error
        prepare = None
        if operation.expire is not None:
            prepare = partial(self._with_expiry, request, operation)
        try:
            connection.send_request(request, prepare, wait_ready=wait_ready)
        except (ConnectError, ClosedError, DeadlineExceeded) as error:
            raise not_sent(request, operation, error, ws_key=connection.ws_key) from error

    @staticmethod
    def _with_expiry(request: PendingRequest, operation: Operation, clock: ServerClock) -> Any:
        assert operation.expire is not None
        return operation.expire(request.args, clock, request.deadline.remaining())

    def _conclude(self, connection: Connection, request: PendingRequest, operation: Operation) -> Any:
        return conclude(
            request,
            operation,
            self._rules,
            ws_key=connection.ws_key,
            line_alive=self._line_alive(connection, request),
        )

    @staticmethod
    def _line_alive(connection: Connection, request: PendingRequest) -> bool:
        # After a failed send the line is given up, even if its reader has not come to that yet.
        return request.sent == "complete" and connection.connection_id == request.connection_id

    def _settle(
        self, future: Future[Any], connection: Connection, request: PendingRequest, operation: Operation
    ) -> None:
        self._end(request, operation)
        try:
            outcome = self._outcome(connection, request, operation)
            self._count(outcome, connection, request, operation)
        # A bug must not end the reading thread, nor leave the future open.
        except Exception as error:
            logger.exception("%s: a bug in this library", request.op)
            outcome = self._after_bug(connection, request, operation, error)
        if isinstance(outcome, RequestError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    def _outcome(self, connection: Connection, request: PendingRequest, operation: Operation) -> Any:
        """Return what `_conclude` returns or raises."""
        try:
            return self._conclude(connection, request, operation)
        except RequestError as error:
            return error

    def _count(self, outcome: Any, connection: Connection, request: PendingRequest, operation: Operation) -> None:
        self._tally.count(request, operation, outcome, ws_key=connection.ws_key)

    def _after_bug(
        self, connection: Connection, request: PendingRequest, operation: Operation, error: Exception
    ) -> RequestError:
        connection.registry.discard(request)
        return abandoned(
            request,
            operation,
            "unreadable_reply",
            cause=ProtocolViolation(f"internal error ({type(error).__name__})"),
            ws_key=connection.ws_key,
            line_alive=self._line_alive(connection, request),
        )

    def _attach(
        self, interrupt: BaseException, connection: Connection, request: PendingRequest, operation: Operation
    ) -> None:
        """Let a Ctrl-C carry what is known of the request it interrupted, above all its client order id."""
        if request.reply is not None:
            known = self._outcome(connection, request, operation)
        else:
            known = abandoned(
                request,
                operation,
                "interrupted",
                ws_key=connection.ws_key,
                line_alive=self._line_alive(connection, request),
            )
        interrupt.kucoin_sync = known  # type: ignore[attr-defined]
        self._count(known, connection, request, operation)
        answered = not isinstance(known, RequestError)
        text = f"{request.op}: the exchange had answered: {known}" if answered else str(known)
        logger.warning("interrupted: %s", text)
        if hasattr(interrupt, "add_note"):
            interrupt.add_note(text)


def raised_by_signal_handler(error: Exception) -> bool:
    """Whether code that is not ours raised it: on this thread that can only be a signal handler's."""
    trace = error.__traceback__
    while trace is not None:
        if not trace.tb_frame.f_globals.get("__name__", "").startswith("kucoin_sync"):
            return True
        trace = trace.tb_next
    return False


def _copy(args: Any) -> Any:
    """Return arguments of our own, to which client order ids can be added: a mapping, or a list of mappings."""
    if isinstance(args, Mapping):
        return dict(args)
    return [dict(item) if isinstance(item, Mapping) else item for item in args]
