"""
One REST call: spelled, signed, sent, judged.

Two kinds. A **read** returns data or raises; it may be sent twice: once more if its connection broke, once more if only
the clocks differed. A call that **changes** the account is sent once, whatever happens, and ends as every order call
does: with the exchange's yes, or as `Rejected`, `NotSent` or `OutcomeUnknown`.

Calls run on their caller's thread, each over a connection of its own, under one deadline, and `close()` ends them.

Source: KuCoin docs, Authentication, and Rate limit (read 2026-11).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

import attrs

from kucoin_sync.engine.deadline import Deadline, checked_deadline
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
    NotSent,
    ProtocolViolation,
    ReentrantCallError,
)
from kucoin_sync.events import RateLimit
from kucoin_sync.kucoin import codes, rest
from kucoin_sync.kucoin.hosts import host_url
from kucoin_sync.kucoin.rest_answers import (
    Doubt,
    change_failure,
    closed,
    code_of,
    conclude_change,
    judge_read,
    odd_data,
    operation_of,
    rate_limit,
    read_failure,
)
from kucoin_sync.kucoin.rest_call import HOSTS, PUBLIC, RestCall
from kucoin_sync.kucoin.rest_spelling import spell_body, spell_target
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.options import Options
from kucoin_sync.orders.calls import raised_by_signal_handler
from kucoin_sync.orders.outcome import abandoned, not_sent
from kucoin_sync.protocol.dialect import HttpAnswer
from kucoin_sync.protocol.server_clock import ServerClock
from kucoin_sync.tables import Rows

__all__ = ["RestBase", "RestSurroundings", "observe"]

logger = logging.getLogger("kucoin_sync.kucoin.rest_calls")

MAX_BODY = 8 * 1024 * 1024
"""Bound of an answer: the list of all symbols is above one MiB already."""

_READING_POSTS = ("/test", "/bullet-public", "/bullet-private")
"""Ends of the paths whose POST changes nothing."""


@attrs.frozen
class RestSurroundings:
    """What all REST calls of one client share."""

    options: Options
    caller: RestCaller
    running: RunningCalls
    identifiers: Identifiers
    clock: ServerClock
    signer: Signer | None


class RestBase:
    """
    Makes REST calls; the calls by name are in the classes derived from it.

    Args:
        around: What the calls of the client share.
    """

    def __init__(self, around: RestSurroundings) -> None:
        self._around = around
        self._limits: dict[str, RateLimit] = {}

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        host: str = "spot",
        signed: bool | None = None,
        timeout: float | None = None,
    ) -> Any:
        """
        Make any REST call of KuCoin.

        A ``GET`` is a read, and so are test orders. Every other call counts as one that changes the account: it is
        sent once and ends as an order call does.

        Args:
            method: ``GET``, ``POST``, ``DELETE`` or ``PUT``.
            path: From ``/api/`` on, without a query.
            params: Query parameters as KuCoin spells them; values are texts, whole numbers, `Decimal`, booleans or
                lists of these, and ``None`` is left out.
            body: Mapping or list that is sent as JSON.
            host: ``spot`` (also margin, account and unified calls) or ``futures``.
            signed: Whether to sign it; ``None`` signs whatever is not known to be public, if there are credentials.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.

        Returns:
            The answer's ``data``, as KuCoin spells it; numbers with a fraction are `Decimal`.

        Raises:
            RestError: The exchange says no to a read, or answers what makes no sense.
            AuthError: It does not accept the credentials for a read.
            Rejected: It refuses a call that changes the account; the call had no effect.
            NotSent: Not one byte of such a call left.
            OutcomeUnknown: Anything else about such a call.
            ConnectError: There was no connection for a read.
            ConnectionLost: Its connection broke, twice.
            DeadlineExceeded: It was not answered in time.
            ClosedError: The client is closed, or was while a read waited.
            ConfigError: An argument breaks a rule; nothing was sent.
            ReentrantCallError: On a reading thread; nothing was sent.
        """
        if method not in ("GET", "POST", "DELETE", "PUT"):
            raise ConfigError(f"method: must be GET, POST, DELETE or PUT, got {method!r:.20}")
        return self._call(method, path, params=params, body=body, host=host, signed=signed, timeout=timeout)

    def limits(self) -> dict[str, RateLimit]:
        """
        Return the state of the request pools, as far as answers told.

        Returns:
            Such as ``{"spot Spot": RateLimit(limit=4000, remaining=3998, reset=29.4)}``: host and pool to what the
            latest answer said; ``reset`` counts from that answer.
        """
        return dict(self._limits)

    def __repr__(self) -> str:
        hosts = " ".join(host_url(self._around.options, name, private=False) for name in HOSTS.values())
        return f"<{type(self).__name__} {hosts}>"

    # One call.

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        host: str = "spot",
        signed: bool | None = True,
        timeout: float | None = None,
        doubt: Doubt | None = None,
    ) -> Any:
        """Make a call; ``doubt`` says what may be wrong with the data of a yes to a change."""
        call = self._prepare(method, path, params, body, host, signed)
        deadline = checked_deadline(timeout, self._around.options.request_timeout)
        try:
            return self._change(call, deadline, doubt) if call.changes else self._read(call, deadline)
        except KucoinSyncError:
            raise
        except BaseException as error:  # noqa: BLE001  (what a signal handler raised, Ctrl-C above all: it passes)
            interrupt = error
        raise interrupt.with_traceback(None)  # without the frames it came through: they hold signed headers

    def _object(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        """Make a read whose data is an object."""
        data = self._call(method, path, **how)
        if not isinstance(data, dict):
            raise odd_data(f"{method} {path}", data)
        return data

    def _objects(self, method: str, path: str, **how: Any) -> Rows:
        """Make a read whose data is a list of objects; ``null`` is an empty one."""
        data = self._call(method, path, **how)
        if data is None:
            return Rows()
        if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
            raise odd_data(f"{method} {path}", data)
        return Rows(data)

    def _prepare(
        self, method: str, path: str, params: Mapping[str, Any] | None, body: Any, host: str, signed: bool | None
    ) -> RestCall:
        """Check everything about a call before anything of it exists."""
        if host not in HOSTS:
            raise ConfigError(f"host: must be spot or futures, got {host!r:.20}")
        target, text = spell_target(path, params), spell_body(body)
        if method == "GET" and text:
            raise ConfigError("body: a GET has none")
        has_keys = self._around.signer is not None
        if signed is None:
            signed = has_keys and not path.startswith(PUBLIC[host])
        if signed and not has_keys:
            raise ConfigError(f"api_key: {method} {path} needs api_key, api_secret and api_passphrase")
        url = host_url(self._around.options, HOSTS[host], private=bool(signed))
        changes = method != "GET" and not (method == "POST" and path.endswith(_READING_POSTS))
        args = {**(params or {}), **(body if isinstance(body, Mapping) else {} if body is None else {"body": body})}
        return RestCall(method, target, text, host, url, bool(signed), changes, args)

    def _send(self, call: RestCall, deadline: Deadline, interrupt: Interrupt, progress: Progress) -> HttpAnswer:
        around = self._around
        timestamp_ms = int(time.time() * 1000 + around.clock.offset_ms)
        answer = around.caller.call(
            call.sign(around.signer, timestamp_ms=timestamp_ms),
            deadline=deadline,
            interrupt=interrupt,
            progress=progress,
            max_body=MAX_BODY,
        )
        limit = rate_limit(answer)
        if limit is not None:
            self._limits[f"{call.host} {call.pool}"] = limit
        return answer

    # Reads.

    def _read(self, call: RestCall, deadline: Deadline) -> Any:
        with self._around.running.begin(call.op) as interrupt:
            try:
                return self._read_answer(call, deadline, interrupt)
            except AuthError as error:
                if error.code != codes.CLOCK_CODE or not self._ask_time(call, deadline, interrupt):
                    raise
            try:
                return self._read_answer(call, deadline, interrupt)
            except AuthError as error:
                if error.code != codes.CLOCK_CODE:
                    raise
                again = error
        text = f"{again.message}; this machine's clock is {-self._around.clock.offset_ms:+.0f} ms off the exchange's"
        raise AuthError(text, phase=again.phase, code=again.code, status=again.status)

    def _read_answer(self, call: RestCall, deadline: Deadline, interrupt: Interrupt) -> Any:
        """Send once, and once more if the connection broke; return the answer's data."""
        outcome = self._attempt(call, deadline, interrupt)
        if isinstance(outcome, NoAnswer) and outcome.reason == "disconnected" and not deadline.expired():
            outcome = self._attempt(call, deadline, interrupt)
        if isinstance(outcome, NoAnswer):
            raise read_failure(call, outcome)
        return judge_read(call, outcome)

    def _attempt(
        self, call: RestCall, deadline: Deadline, interrupt: Interrupt, progress: Progress | None = None
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

    def _ask_time(self, call: RestCall, deadline: Deadline, interrupt: Interrupt) -> bool:
        """Learn the exchange's time after it said that ours is wrong; return whether that worked."""
        around, progress = self._around, Progress()
        time_call = rest.time_call(host_url(around.options, HOSTS[call.host], private=False))
        try:
            answer = around.caller.call(time_call, deadline=deadline, interrupt=interrupt, progress=progress)
            server_ms = rest.read_time(answer)
        except (ConnectError, NoAnswer) as error:
            logger.warning("%s: the clocks differ, and the exchange's time is not to be had (%s)", call.op, error)
            return False
        around.clock.distrust()
        observe(around.clock, server_ms, progress)
        return True

    # Changes.

    def _change(self, call: RestCall, deadline: Deadline, doubt: Doubt | None) -> Any:
        request = PendingRequest(self._around.identifiers.next(), call.op, call.args, deadline)
        progress = Progress()
        answer: HttpAnswer | None = None
        try:
            with self._around.running.begin(call.op) as interrupt:
                try:
                    answer = self._send(call, deadline, interrupt, progress)
                    if call.signed and code_of(answer) == codes.CLOCK_CODE:
                        self._ask_time(call, deadline, interrupt)  # for the next call: this one is not repeated
                except NoAnswer as failure:
                    request.failure = (failure.reason, change_failure(call, failure))
                except ConnectError as error:
                    request.failure = ("disconnected", closed(call) if interrupt.is_set() else error)
        except (ClosedError, ConnectError) as error:
            request.failure = ("closed", error)
        except (ConfigError, ReentrantCallError, ForkedError):
            raise
        except BaseException as error:
            self._leave(error, call, request, progress)
            raise
        self._settle(request, progress)
        return conclude_change(call, request, answer, doubt)

    def _not_sent(self, method: str, path: str, host: str, cause: KucoinSyncError, deadline: Deadline) -> NotSent:
        """Return how a change ended that was given up before it could be made."""
        call = self._prepare(method, path, None, None, host, signed=True)
        request = PendingRequest(self._around.identifiers.next(), call.op, call.args, deadline)
        return not_sent(request, operation_of(call), cause, ws_key=HOSTS[host])

    @staticmethod
    def _settle(request: PendingRequest, progress: Progress) -> None:
        request.sent, request.bytes_sent = progress.sent, progress.bytes_sent
        request.finished_at = time.monotonic()

    def _leave(self, error: BaseException, call: RestCall, request: PendingRequest, progress: Progress) -> None:
        """
        Decide what leaves a call that something interrupted: return to let it pass, or raise another one.

        What a signal handler raised, Ctrl-C above all, passes and carries what is known. Anything else is a bug in
        this library, and what became of the call is not known from that.
        """
        self._settle(request, progress)
        known = abandoned(request, operation_of(call), "interrupted", ws_key=HOSTS[call.host], line_alive=False)
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
