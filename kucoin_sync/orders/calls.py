"""
Making a request: one deadline, one send, one outcome.

A blocking call runs on its caller's thread from beginning to end. `call_nowait` sends on the caller's thread and
leaves the rest to a `concurrent.futures.Future`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from kucoin_sync.engine.connection import Connection, check_not_on_reader
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.identifiers import Identifiers
from kucoin_sync.engine.listeners import ListenerHub
from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import (
    ClosedError,
    ConfigError,
    ConnectError,
    DeadlineExceeded,
    ForkedError,
    KucoinSyncError,
    OutcomeUnknown,
    ProtocolViolation,
    ReentrantCallError,
    RequestError,
)
from kucoin_sync.orders.outcome import (
    Operation,
    OperationKind,
    Rules,
    conclude,
    not_sent,
    unknown_after_interrupt,
)
from kucoin_sync.protocol.server_clock import ServerClock

__all__ = ["ReplyFuture", "RequestCalls", "raised_by_signal_handler"]

logger = logging.getLogger("kucoin_sync.orders.calls")

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
        self._lock = threading.Lock()  # guards _client_oids
        self._client_oids: set[str] = set()  # of placing calls that have not ended

    def call(self, connection: Connection, op: str, args: Mapping[str, Any], *, timeout: float) -> Any:
        """
        Make a request and wait for its outcome.

        Args:
            connection: Which connection.
            op: Operation.
            args: Arguments as the exchange spells them, checked.
            timeout: Seconds for everything together: getting a line, sending, waiting.

        Returns:
            `OrderAck`, or `Pong` for a ping.

        Raises:
            Rejected, NotSent, OutcomeUnknown: One of the three, whatever happens.
            ConfigError: If the client order id belongs to a call that has not ended; nothing was sent.
            ReentrantCallError: On a reading thread; nothing was sent.
        """
        check_not_on_reader(op)
        operation, request = self._begin(op, args, timeout)
        try:
            self._send(connection, request, operation, wait_ready=True)
            if not request.wait() and connection.registry.discard(request):
                request.failure = ("timeout", None)
            elif request.reply is None and request.failure is None:
                request.wait_for_end()  # somebody took it at the very last moment; if he starves it is a time-out
            return self._conclude(connection, request, operation)
        except BaseException as error:
            self._leave(error, connection, request, operation)
            raise
        finally:
            self._end(request, operation)

    def call_nowait(self, connection: Connection, op: str, args: Mapping[str, Any], *, timeout: float) -> Future[Any]:
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
            self._send(connection, request, operation, wait_ready=False)
        except RequestError as error:
            self._end(request, operation)
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
            return
        if isinstance(error, _BEFORE_ANYTHING) and request.sent == "no":
            return
        connection.registry.discard(request)
        if isinstance(error, Exception) and not raised_by_signal_handler(error):
            logger.error("%s: a bug in this library", request.op, exc_info=error)
            raise self._after_bug(connection, request, operation, error) from None
        self._attach(error, connection, request, operation)

    def _begin(self, op: str, args: Mapping[str, Any], timeout: float) -> tuple[Operation, PendingRequest]:
        operation = self._rules.operation(op)
        args = dict(args)
        if operation.kind is OperationKind.PLACE:
            # Without one an unknown order could not even be looked up.
            client_oid = args.setdefault(operation.client_oid_key, self._identifiers.next())
            with self._lock:
                if client_oid in self._client_oids:
                    raise ConfigError(f"client_oid: {client_oid} belongs to an order call that has not ended")
                self._client_oids.add(client_oid)
        return operation, PendingRequest(self._identifiers.next(), op, args, Deadline(timeout))

    def _end(self, request: PendingRequest, operation: Operation) -> None:
        if operation.kind is OperationKind.PLACE:
            with self._lock:
                self._client_oids.discard(request.args[operation.client_oid_key])

    def _send(self, connection: Connection, request: PendingRequest, operation: Operation, *, wait_ready: bool) -> None:
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
            future.set_result(self._conclude(connection, request, operation))
        except RequestError as error:
            future.set_exception(error)
        # A bug must not end the reading thread, nor leave the future open.
        except Exception as error:
            logger.exception("%s: a bug in this library", request.op)
            future.set_exception(self._after_bug(connection, request, operation, error))

    def _after_bug(
        self, connection: Connection, request: PendingRequest, operation: Operation, error: Exception
    ) -> RequestError:
        connection.registry.discard(request)
        known = unknown_after_interrupt(
            request, operation, ws_key=connection.ws_key, line_alive=self._line_alive(connection, request)
        )
        known.cause = ProtocolViolation(f"internal error ({type(error).__name__})")
        if isinstance(known, OutcomeUnknown):
            known.reason = "unreadable_reply"
        return known

    def _attach(
        self, interrupt: BaseException, connection: Connection, request: PendingRequest, operation: Operation
    ) -> None:
        """Let a Ctrl-C carry what is known of the request it interrupted, above all its client order id."""
        known: KucoinSyncError | None
        try:
            if request.reply is not None:
                outcome = self._conclude(connection, request, operation)
                text, known = f"{request.op}: the exchange had answered: {outcome}", None
                interrupt.kucoin_sync = outcome  # type: ignore[attr-defined]
            else:
                known = unknown_after_interrupt(
                    request, operation, ws_key=connection.ws_key, line_alive=self._line_alive(connection, request)
                )
        except RequestError as error:
            known = error
        if known is not None:
            text = str(known)
            interrupt.kucoin_sync = known  # type: ignore[attr-defined]
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
