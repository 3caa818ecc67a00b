"""
One REST call: signed, sent, judged.

Two kinds. A **read** returns data or raises; it may be sent twice: once more if its connection broke, once more if only
the clocks differed. A call that **changes** the account is sent once, whatever happens, and ends as every order call
does: with the exchange's yes, or as `Rejected`, `NotSent` or `OutcomeUnknown`.

Calls run on their caller's thread, each over a connection of its own, under one deadline, and `close()` ends them.
"""

from __future__ import annotations

import abc
import logging
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, Protocol, TypeVar

import attrs

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.identifiers import Identifiers
from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.engine.rest import NoAnswer, Progress, RestCaller
from kucoin_sync.engine.running import RunningCalls
from kucoin_sync.errors import (
    AuthError,
    ClosedError,
    ConfigError,
    ConnectError,
    ForkedError,
    KucoinSyncError,
    ProtocolViolation,
    ReentrantCallError,
)
from kucoin_sync.exchange_rest.answers import AnswerReader, Doubt, change_failure, closed, read_failure
from kucoin_sync.options import Options
from kucoin_sync.orders.calls import raised_by_signal_handler
from kucoin_sync.orders.operation import CodeRules, Operation
from kucoin_sync.orders.outcome import abandoned
from kucoin_sync.protocol.dialect import HttpAnswer, HttpCall
from kucoin_sync.protocol.server_clock import ServerClock

__all__ = ["MAX_BODY", "Prepared", "RestCalls", "RestSurroundings", "observe"]

logger = logging.getLogger("kucoin_sync.exchange_rest.calls")

MAX_BODY = 8 * 1024 * 1024
"""Bound of an answer: the list of all symbols is above one MiB already."""

MAX_SAMPLES = 100

Signing = TypeVar("Signing")
"""What signs the calls of one exchange."""


@attrs.frozen
class RestSurroundings(Generic[Signing]):
    """What all REST calls of one client share."""

    options: Options
    caller: RestCaller
    running: RunningCalls
    identifiers: Identifiers
    clock: ServerClock
    signer: Signing | None


class Prepared(Protocol):
    """
    One call, checked and spelled, but not signed yet.

    Attributes:
        op: Method and path: what errors call it.
        args: Query parameters and body as given, for the errors of a call that changes something.
        signed: Whether to sign it.
        changes: Whether it changes the account.
        line: What errors call its host.
    """

    @property
    def op(self) -> str: ...
    @property
    def args(self) -> Mapping[str, Any]: ...
    @property
    def signed(self) -> bool: ...
    @property
    def changes(self) -> bool: ...
    @property
    def line(self) -> str: ...


Call = TypeVar("Call", bound=Prepared)


class RestCalls(abc.ABC, Generic[Call, Signing]):
    """
    Makes REST calls of one exchange; what is its own is in the methods that are abstract here.

    Args:
        around: What the calls of the client share.
    """

    _answers: AnswerReader
    """How its answers are read."""
    _clock_codes: tuple[str, ...]
    """Its codes for a time stamp that is off."""

    def __init__(self, around: RestSurroundings[Signing]) -> None:
        self._around = around

    @abc.abstractmethod
    def _sign(self, call: Call, timestamp_ms: int) -> HttpCall:
        """Return a call as it leaves at this moment. Raises AuthError if the user's signing function fails."""

    @abc.abstractmethod
    def _operation(self, call: Call) -> tuple[Operation, CodeRules]:
        """Return the row of a call that changes the account, and what its codes mean."""

    @abc.abstractmethod
    def _time_call(self, call: Call) -> HttpCall:
        """Return the call that tells the clock of a call's host."""

    @abc.abstractmethod
    def _read_time(self, answer: HttpAnswer) -> int:
        """Return the exchange's clock in ms from the answer to it. Raises TokenError."""

    def _answered(self, call: Call, answer: HttpAnswer) -> None:
        """Take note of an answer, whatever it says."""

    def _make(
        self, call: Call, deadline: Deadline, doubt: Doubt | None = None, *, summaries: Collection[str] = ()
    ) -> Any:
        """
        Make a call.

        Args:
            call: It.
            deadline: For everything together.
            doubt: Says what may be wrong with the data of a yes to a change.
            summaries: Codes beside that of a yes under which that decides, because each entry has a code of its own.
        """
        try:
            return self._change(call, deadline, doubt, summaries) if call.changes else self._read(call, deadline)
        except KucoinSyncError:
            raise
        except BaseException as error:  # noqa: BLE001  (what a signal handler raised, Ctrl-C above all: it passes)
            interrupt = error
        raise interrupt.with_traceback(None)  # without the frames it came through: they hold signed headers

    def _send(self, call: Call, deadline: Deadline, interrupt: Interrupt, progress: Progress) -> HttpAnswer:
        around = self._around
        timestamp_ms = int(time.time() * 1000 + around.clock.offset_ms)
        answer = around.caller.call(
            self._sign(call, timestamp_ms),
            deadline=deadline,
            interrupt=interrupt,
            progress=progress,
            max_body=MAX_BODY,
        )
        self._answered(call, answer)
        return answer

    # Reads.

    def _read(self, call: Call, deadline: Deadline) -> Any:
        with self._around.running.begin(call.op) as interrupt:
            try:
                return self._read_answer(call, deadline, interrupt)
            except AuthError as error:
                if error.code not in self._clock_codes or not self._ask_time(call, deadline, interrupt):
                    raise
            try:
                return self._read_answer(call, deadline, interrupt)
            except AuthError as error:
                if error.code not in self._clock_codes:
                    raise
                again = error
        text = f"{again.message}; this machine's clock is {-self._around.clock.offset_ms:+.0f} ms off the exchange's"
        raise AuthError(text, phase=again.phase, code=again.code, status=again.status)

    def _read_answer(self, call: Call, deadline: Deadline, interrupt: Interrupt) -> Any:
        """Send once, and once more if the connection broke; return the answer's data."""
        outcome = self._attempt(call, deadline, interrupt)
        if isinstance(outcome, NoAnswer) and outcome.reason == "disconnected" and not deadline.expired():
            outcome = self._attempt(call, deadline, interrupt)
        if isinstance(outcome, NoAnswer):
            raise read_failure(call.op, outcome)
        return self._answers.judge_read(call.op, outcome)

    def _attempt(
        self, call: Call, deadline: Deadline, interrupt: Interrupt, progress: Progress | None = None
    ) -> HttpAnswer | NoAnswer:
        """Send once; return the answer, or why there is none. Raises ConnectError if another try may find a way."""
        try:
            return self._send(call, deadline, interrupt, progress or Progress())
        except NoAnswer as failure:
            return failure
        except ConnectError as error:
            if interrupt.is_set():
                return NoAnswer("given up", "closed")
            if isinstance(error, AuthError) or not deadline.expired():
                raise
            return NoAnswer(str(error), "timeout")

    def _ask_time(self, call: Call, deadline: Deadline, interrupt: Interrupt) -> bool:
        """Learn the exchange's time after it said that ours is wrong; return whether that worked."""
        around, progress = self._around, Progress()
        try:
            answer = around.caller.call(
                self._time_call(call), deadline=deadline, interrupt=interrupt, progress=progress
            )
            server_ms = self._read_time(answer)
        except (ConnectError, NoAnswer) as error:
            logger.warning("%s: the clocks differ, and the exchange's time is not to be had (%s)", call.op, error)
            return False
        around.clock.distrust()
        observe(around.clock, server_ms, progress)
        return True

    def _measure_clock(self, call: Call, samples: int, deadline: Deadline, read: Callable[[Any], int]) -> float:
        """
        Measure how far the exchange's clock is ahead of ours; the call whose answer came quickest counts.

        Args:
            call: Asks for the exchange's time.
            samples: How often to make it.
            deadline: For all of them; if it comes early, what there is counts.
            read: Takes the data; returns the time, or raises RestError.

        Returns:
            Milliseconds; negative if our clock is ahead.
        """
        if not isinstance(samples, int) or isinstance(samples, bool) or not 1 <= samples <= MAX_SAMPLES:
            raise ConfigError(f"samples: must be a whole number from 1 to {MAX_SAMPLES}, got {samples!r}")
        fresh = ServerClock()
        with self._around.running.begin(call.op) as interrupt:
            for _ in range(samples):
                progress = Progress()
                outcome = self._attempt(call, deadline, interrupt, progress)
                if isinstance(outcome, NoAnswer):
                    if outcome.reason == "timeout" and fresh.uncertainty_ms != float("inf"):
                        break
                    raise read_failure(call.op, outcome)
                server_ms = read(self._answers.judge_read(call.op, outcome))
                for clock in (fresh, self._around.clock):
                    observe(clock, server_ms, progress)
        return fresh.offset_ms

    # Changes.

    def _change(self, call: Call, deadline: Deadline, doubt: Doubt | None, summaries: Collection[str]) -> Any:
        request = PendingRequest(self._around.identifiers.next(), call.op, call.args, deadline)
        progress = Progress()
        answer: HttpAnswer | None = None
        try:
            with self._around.running.begin(call.op) as interrupt:
                try:
                    answer = self._send(call, deadline, interrupt, progress)
                    if call.signed and self._answers.code_of(answer) in self._clock_codes:
                        self._ask_time(call, deadline, interrupt)  # for the next call: this one is not repeated
                except NoAnswer as failure:
                    request.failure = (failure.reason, change_failure(call.op, failure))
                except ConnectError as error:
                    request.failure = ("disconnected", closed(call.op) if interrupt.is_set() else error)
        except (ClosedError, ConnectError) as error:
            request.failure = ("closed", error)
        except (ConfigError, ReentrantCallError, ForkedError):
            raise
        except BaseException as error:
            self._leave(error, call, request, progress)
            raise
        self._settle(request, progress)
        operation, rules = self._operation(call)
        return self._answers.conclude_change(
            operation, rules, request, answer, doubt, ws_key=call.line, summaries=summaries
        )

    @staticmethod
    def _settle(request: PendingRequest, progress: Progress) -> None:
        request.sent, request.bytes_sent = progress.sent, progress.bytes_sent
        request.finished_at = time.monotonic()

    def _leave(self, error: BaseException, call: Call, request: PendingRequest, progress: Progress) -> None:
        """
        Decide what leaves a call that something interrupted: return to let it pass, or raise another one.

        What a signal handler raised, Ctrl-C above all, passes and carries what is known. Anything else is a bug in
        this library, and what became of the call is not known from that.
        """
        self._settle(request, progress)
        known = abandoned(request, self._operation(call)[0], "interrupted", ws_key=call.line)
        if isinstance(error, Exception) and not raised_by_signal_handler(error):
            logger.error("%s: a bug in this library", call.op, exc_info=error)
            known.cause = ProtocolViolation(f"internal error ({type(error).__name__})")
            raise known from None
        error.kucoin_sync = known  # type: ignore[attr-defined]
        logger.warning("interrupted: %s", known)
        if hasattr(error, "add_note"):
            error.add_note(str(known))


def observe(clock: ServerClock, server_ms: int, progress: Progress) -> None:
    """Tell a clock what a call for the exchange's time brought."""
    clock.observe(
        server_ms, sent_ms=progress.sent_at * 1000, received_ms=progress.received_at * 1000, now=time.monotonic()
    )
