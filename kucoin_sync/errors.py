"""
Everything this library raises.

::

    KucoinSyncError
    ├── ConfigError (ValueError)            an argument or an option breaks a rule; nothing was sent
    ├── ClosedError (RuntimeError)          the client or the connection is closed
    ├── ReentrantCallError (RuntimeError)   a blocking call where it would wait for itself
    ├── ForkedError (RuntimeError)          a client that was opened before fork() is used in the child
    ├── DeadlineExceeded (TimeoutError)     a wait ended at its timeout
    ├── JournalError                        the order journal cannot be read or written
    ├── ConnectError (ConnectionError)      a line could not be opened: ``phase`` says how far it came
    │   ├── AuthError                       the exchange does not accept the credentials
    │   ├── TlsError                        the certificate or the TLS version is not acceptable
    │   └── TokenError                      the token call answered something unusable
    ├── ConnectionLost (ConnectionError)    an open line ended
    ├── ProtocolViolation                   the peer broke the WebSocket or the message rules
    ├── SubscribeError                      topics were refused, or not confirmed in time
    ├── StaleBook                           a local order book cannot be read now
    ├── RestError                           a REST call was answered with a no, or with what makes no sense
    └── RequestError                        a request ended without the exchange's yes
        ├── NotSent                         not one byte of it left this process
        ├── Rejected                        the exchange refused it; it does not exist
        └── OutcomeUnknown                  anything else: it may or may not have happened

Attributes hold the facts, ``str()`` makes the sentence. Every exception pickles. Foreign exceptions are never
chained: their messages and frames may hold URLs with signatures, so a cause is always one of ours with the
original's type name and a short line (`describe_cause`).
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from kucoin_sync.tables import facts_html

if TYPE_CHECKING:
    from kucoin_sync.events import BatchResult, OrderAck
    from kucoin_sync.fates import BatchFate, Fate

__all__ = [
    "AuthError",
    "ClosedError",
    "ConfigError",
    "ConnectError",
    "ConnectionLost",
    "DeadlineExceeded",
    "ForkedError",
    "JournalError",
    "KucoinSyncError",
    "NotSent",
    "OutcomeUnknown",
    "ProtocolViolation",
    "ReentrantCallError",
    "Rejected",
    "RequestError",
    "RestError",
    "StaleBook",
    "SubscribeError",
    "TlsError",
    "TokenError",
    "Unresolved",
    "describe_cause",
    "freeze",
    "shorten",
]

Sent = Literal["no", "partial", "complete"]
UnknownReason = Literal[
    "timeout",
    "disconnected",
    "closed",
    "interrupted",
    "slept",
    "unreadable_reply",
    "server_error",
    "partial_batch",
]

SAMPLE_LIMIT = 256
"""Characters of a peer's text that an exception may show."""


# Python loads a codec when it is first asked for, and saves its byte code. That must not happen while an error is told
# because the disk is full: half of a file of byte code would break every later program that shares it.
_escape = codecs.getencoder("unicode_escape")


def shorten(text: object, limit: int = SAMPLE_LIMIT) -> str:
    """
    Cut a peer's text to ``limit`` characters and escape whatever does not print.

    Args:
        text: The text, or bytes, which are read as UTF-8 with replacements.
        limit: Characters kept before ``…``.

    Returns:
        Printable ASCII, safe in a log line: control characters, bidi marks and lone surrogates are escaped.
    """
    if isinstance(text, (bytes, bytearray, memoryview)):
        text = bytes(text[: limit * 4 + 4]).decode("utf-8", "replace")
    try:
        shown = str(text)
    except (RecursionError, ValueError):  # nested too deep to be written, or a number of too many digits
        shown = f"({type(text).__name__})"
    cut = len(shown) > limit
    return _escape(shown[:limit])[0].decode("ascii") + ("..." if cut else "")


def describe_cause(error: BaseException) -> str:
    """
    Say what a foreign exception was, without what it may have quoted.

    Only an `OSError`'s own number and text are kept: messages of HTTP libraries hold whole URLs, and our URLs
    hold signatures.
    """
    name = type(error).__name__
    if isinstance(error, OSError) and error.errno is not None and error.strerror:
        return f"{name}: {shorten(error.strerror, 120)}"
    return name


def freeze(value: Any) -> Any:
    """Return a copy of a request's arguments that cannot be changed: mappings and lists, however deep."""
    if isinstance(value, Mapping):
        return MappingProxyType({name: freeze(each) for name, each in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple(freeze(each) for each in value)
    return value


def _thaw(value: Any) -> Any:
    """Undo `freeze`: what is frozen so cannot be pickled."""
    if isinstance(value, MappingProxyType):
        return {name: _thaw(each) for name, each in value.items()}
    return [_thaw(each) for each in value] if isinstance(value, tuple) else value


def _rebuild(kind: type[KucoinSyncError], args: tuple[Any, ...], state: dict[str, Any]) -> KucoinSyncError:
    error = kind.__new__(kind)
    error.args = args
    for name, value in state.items():
        error.__dict__[name] = freeze(value) if name == "request" else value
    return error


class KucoinSyncError(Exception):
    """Root of everything this library raises."""

    def __reduce__(self) -> tuple[Any, ...]:
        # What a private name holds belongs to this process: locks, lines.
        state = {name: value for name, value in self.__dict__.items() if not name.startswith("_")}
        if "request" in state:
            state["request"] = _thaw(state["request"])
        return (_rebuild, (type(self), self.args, state))


class ConfigError(KucoinSyncError, ValueError):
    """An argument or option breaks a rule. Raised before anything is sent; the text names both."""


class ClosedError(KucoinSyncError, RuntimeError):
    """The client or the connection was closed."""


class ReentrantCallError(KucoinSyncError, RuntimeError):
    """A blocking call was made where it would wait for itself: on a reader thread, or in a signal handler."""


class ForkedError(KucoinSyncError, RuntimeError):
    """The client was opened before ``fork()`` and belongs to the parent process."""


class DeadlineExceeded(KucoinSyncError, TimeoutError):
    """A wait ended at its timeout."""


class JournalError(KucoinSyncError):
    """The order journal cannot be read or written. What it should have recorded first was not sent."""


class ConnectError(KucoinSyncError, ConnectionError):
    """
    A line could not be opened.

    Attributes:
        phase: How far the opening came: ``token``, ``dns``, ``tcp``, ``proxy``, ``tls``, ``upgrade``, ``welcome``,
            ``auth``.
        retryable: Whether trying again can help.
        retry_after: Seconds the peer asked to wait, or ``None``.
        status: HTTP status, where there was one.
        attempts: Openings tried so far without success.
        elapsed: Seconds since the first of them began.
    """

    def __init__(
        self,
        message: str,
        *,
        phase: str,
        retryable: bool = True,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.phase = phase
        self.retryable = retryable
        self.retry_after = retry_after
        self.status = status
        self.attempts = 1
        self.elapsed = 0.0

    def __str__(self) -> str:
        tries = f" (attempt {self.attempts}, {self.elapsed:.1f} s)" if self.attempts > 1 else ""
        return f"{self.phase}: {self.message}{tries}"


class AuthError(ConnectError):
    """The exchange does not accept the credentials. ``code`` is its code; trying again cannot help."""

    def __init__(self, message: str, *, phase: str, code: str | None = None, status: int | None = None) -> None:
        super().__init__(message, phase=phase, retryable=False, status=status)
        self.code = code


class TlsError(ConnectError):
    """The peer's certificate or TLS version is not acceptable. There is no fall-back."""

    def __init__(self, message: str) -> None:
        super().__init__(message, phase="tls", retryable=False)


class TokenError(ConnectError):
    """The token call answered something unusable: ``code`` and ``status`` as far as there were any."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        retryable: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, phase="token", retryable=retryable, retry_after=retry_after, status=status)
        self.code = code


class ConnectionLost(KucoinSyncError, ConnectionError):
    """
    An open line ended.

    Attributes:
        code: WebSocket close code; 1006 where the line ended without one.
        reason: The peer's text, or our own words.
        initiator: ``peer``, ``local`` (we gave it up) or ``network``.
    """

    def __init__(self, reason: str, *, code: int = 1006, initiator: str = "network") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.initiator = initiator

    def __str__(self) -> str:
        return f"line ended by {self.initiator} (code {self.code}): {shorten(self.reason)}"


class ProtocolViolation(KucoinSyncError):
    """The peer broke the rules: ``close_code`` as WebSocket names it, ``sample`` of what it sent."""

    def __init__(self, message: str, *, close_code: int = 1002, sample: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.close_code = close_code
        self.sample = sample

    def __str__(self) -> str:
        return f"{self.message}: {self.sample}" if self.sample else self.message


class SubscribeError(KucoinSyncError):
    """
    Not every topic was confirmed.

    Attributes:
        rejected: Topic to the exchange's ``(code, text)``.
        acked: Topics that were confirmed.
        unknown: Topics without an answer at the deadline.
    """

    def __init__(
        self,
        *,
        rejected: dict[str, tuple[str, str]],
        acked: tuple[str, ...],
        unknown: tuple[str, ...],
        cause: KucoinSyncError | None = None,
    ) -> None:
        super().__init__("subscribe")
        self.rejected = rejected
        self.acked = acked
        self.unknown = unknown
        self.cause = cause

    def __str__(self) -> str:
        parts = [
            f"{topic} refused: {shorten(code, 40)} {shorten(text)}" for topic, (code, text) in self.rejected.items()
        ]
        if self.unknown:
            parts.append(f"no answer in time for {', '.join(self.unknown)}")
        if self.cause is not None:
            parts.append(str(self.cause))
        return "; ".join(parts)


class StaleBook(KucoinSyncError):
    """
    A local order book was read while it was not live.

    Attributes:
        symbol: Whose book.
        state: ``syncing`` (it has not been live yet) or ``stale``.
        reason: Why.
    """

    def __init__(self, symbol: str, state: str, reason: str) -> None:
        super().__init__(symbol)
        self.symbol = symbol
        self.state = state
        self.reason = reason

    def __str__(self) -> str:
        return f"the order book of {self.symbol} is {self.state}: {self.reason}"


class RestError(KucoinSyncError):
    """
    A REST call was answered with a no, or with something that makes no sense.

    Attributes:
        op: Method and path, such as ``GET /api/v2/symbols``.
        msg: The exchange's text, or our own words.
        code: The exchange's code, or ``None`` where there was none.
        status: HTTP status, or ``None`` where the answer was readable but of a wrong shape.
        retryable: Whether trying again can help.
        retry_after: Seconds the exchange asks to wait, or ``None``.
    """

    def __init__(
        self,
        msg: str,
        *,
        op: str,
        code: str | None = None,
        status: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(msg)
        self.op = op
        self.msg = msg
        self.code = code
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after

    def __str__(self) -> str:
        words = [self.op + ":", shorten(self.msg)]
        if self.code is not None:
            words.insert(1, shorten(self.code, 40))
        if self.status not in (None, 200):
            words.append(f"(HTTP status {self.status})")
        if self.retry_after is not None:
            words.append(f"(asks to wait {self.retry_after:.1f} s)")
        return " ".join(words)


class RequestError(KucoinSyncError):
    """
    A request ended without the exchange's yes. One of its three children says what is known.

    Attributes:
        op: Operation, such as ``spot.order``.
        request_id: Id of the frame.
        client_oid: Client order id, or ``None`` where the operation has none; of a batch a tuple of them.
        order_id: The exchange's id of the order it was about, where it named one; of a batch a tuple of them.
        symbol: Symbol, or ``None``; of a batch the one that all its orders have.
        request: Frozen copy of the arguments as the exchange spells them.
        sent: ``no``, ``partial`` or ``complete``: how much of the frame left this process.
        bytes_sent: The same in bytes, as handed to the operating system.
        started_at: Wall clock at the call, seconds since 1970.
        elapsed: Seconds from the call to its end.
        ws_key: Name of the connection.
        connection_id: Which life of the connection carried it, or ``None``.
        expires_ms: From when the exchange refuses it by itself, in its own time, milliseconds since 1970; ``None`` if
            it does not.
        cause: What went wrong below, one of our own exceptions, or ``None``.
        notes: Error frames without an id that arrived while it was in flight.
        safe_to_retry: Whether repeating it can do no harm.
    """

    def __init__(
        self,
        *,
        op: str,
        request_id: str,
        # A text or None, and for a batch a tuple. A union would make every handler of single orders ask which.
        client_oid: Any,
        order_id: Any,
        symbol: str | None,
        request: Any,
        sent: Sent,
        bytes_sent: int,
        started_at: float,
        elapsed: float,
        ws_key: str,
        connection_id: str | None,
        expires_ms: int | None = None,
        cause: KucoinSyncError | None = None,
        notes: tuple[str, ...] = (),
        safe_to_retry: bool = False,
    ) -> None:
        super().__init__(op, request_id)
        self.op = op
        self.request_id = request_id
        self.client_oid = client_oid
        self.order_id = order_id
        self.symbol = symbol
        self.request = request
        self.sent = sent
        self.bytes_sent = bytes_sent
        self.started_at = started_at
        self.elapsed = elapsed
        self.ws_key = ws_key
        self.connection_id = connection_id
        self.expires_ms = expires_ms
        self.cause = cause
        self.notes = notes
        self.safe_to_retry = safe_to_retry

    def _rows(self) -> dict[str, Any]:
        """Return what a table about it shows: heading to value."""
        asked = {"operation": self.op, "symbol": self.symbol, "clientOid": self.client_oid, "orderId": self.order_id}
        shown = {name: value if isinstance(value, str) else _join(value) for name, value in asked.items() if value}
        return {**shown, "sent": _SENT[self.sent], "after": f"{self.elapsed:.2f} s", "cause": self.cause}

    def _repr_html_(self) -> str:
        """Return a small table, for notebooks."""
        return facts_html(type(self).__name__, self._rows())

    def _subject(self) -> str:
        words = [self.op]
        if self.symbol:
            words.append(self.symbol)
        if self.client_oid:
            words.append(f"clientOid={_join(self.client_oid)}")
        elif self.order_id:
            words.append(f"orderId={_join(self.order_id)}")
        return " ".join(words)


def _join(ids: str | tuple[str, ...]) -> str:
    return ids if isinstance(ids, str) else ",".join(ids)


class NotSent(RequestError):
    """Not one byte of the request left this process, and none ever will."""

    def _rows(self) -> dict[str, Any]:
        return {**super()._rows(), "what to do": "nothing reached the exchange: it is safe to try again"}

    def __str__(self) -> str:
        why = str(self.cause) if self.cause is not None else "its time was over before it could be sent"
        return f"{self._subject()}: not sent ({why}); nothing reached the exchange, it is safe to try again"


class Rejected(RequestError):
    """
    The exchange refused the request; it had no effect.

    Attributes:
        code: The exchange's code.
        msg: Its text.
        data: Its ``data``, if any.
        rate_limit: State of the request pool, or ``None``.
        retry_after: Seconds until the pool refills, for a refusal by rate.
        duplicate: An order with this client order id is live already.
        no_such_order: The exchange found no live order with the id that was named: it is done, never was, or is too
            new to be found. Only a look-up tells which.
    """

    def __init__(
        self,
        *,
        code: str,
        msg: str,
        data: Any = None,
        rate_limit: Any = None,
        retry_after: float | None = None,
        duplicate: bool = False,
        no_such_order: bool = False,
        **facts: Any,
    ) -> None:
        super().__init__(**facts)
        self.code = code
        self.msg = msg
        self.data = data
        self.rate_limit = rate_limit
        self.retry_after = retry_after
        self.duplicate = duplicate
        self.no_such_order = no_such_order

    def _rows(self) -> dict[str, Any]:
        return {**super()._rows(), "refused": f"{self.code} {self.msg}"}

    def __str__(self) -> str:
        text = f"{self._subject()}: refused by the exchange ({self.code} {shorten(self.msg)}); it had no effect"
        if self.duplicate:
            text += "; but an order with this clientOid is live already"
        if self.no_such_order:
            text += "; it found no live order with that id"
        if self.retry_after is not None:
            text += f"; the limit resets in {self.retry_after:.1f} s"
        return text


_KNOWN: dict[str, str] = {
    "timeout": "no reply",
    "disconnected": "the line was lost",
    "closed": "the client was closed",
    "interrupted": "interrupted",
    "slept": "the machine slept",
    "unreadable_reply": "the reply proves nothing",
    "server_error": "the exchange answered an error that does not say whether it acted",
    "partial_batch": "some items have no definite answer",
}

_SENT: dict[str, str] = {"no": "not sent", "partial": "partly sent", "complete": "sent"}


class Unresolved(Protocol):
    """What a client keeps of a request whose outcome it does not know."""

    @property
    def fate(self) -> Fate | BatchFate | None:
        """What was found out since."""

    def reconcile(self, timeout: float | None) -> Fate | BatchFate:
        """Find out."""

    def retry_cancel(self, timeout: float | None) -> OrderAck:
        """Send the cancel once more."""


class OutcomeUnknown(RequestError):
    """
    It is not known whether the request took effect.

    Attributes:
        reason: ``timeout``, ``disconnected``, ``closed``, ``interrupted``, ``slept``, ``unreadable_reply``,
            ``server_error`` or ``partial_batch``.
        code: The exchange's code, for ``server_error``.
        line_alive: Whether the line was still open when the call ended.
        reply: The raw reply that proves nothing, or ``None``.
        results: Of a batch, what is known of each of its orders: a `BatchResult`. Else ``None``.
        kind: What the request does: ``place``, ``modify``, ``cancel``, ``read`` or ``other``.
    """

    _entry: Unresolved | None = None
    """Its place among the unresolved ones of the client that raised it; it stays in this process."""

    def __init__(
        self,
        *,
        reason: UnknownReason,
        code: str | None = None,
        line_alive: bool = False,
        reply: str | None = None,
        results: BatchResult | None = None,
        kind: str = "other",
        **facts: Any,
    ) -> None:
        super().__init__(**facts)
        self.reason = reason
        self.kind = kind
        self.code = code
        self.line_alive = line_alive
        self.reply = reply
        self.results = results

    @property
    def fate(self) -> Fate | BatchFate | None:
        """What was found out about it since, by `reconcile`, a late reply or an event; ``None`` if nothing was."""
        return None if self._entry is None else self._entry.fate

    def reconcile(self, timeout: float | None = 30.0) -> Fate | BatchFate:
        """
        Find out what became of it: from what came in since, and by looking it up.

        "Not there" takes its time, because look-ups lag behind the exchange's engine: it is believed only after nothing
        of the request can arrive any more (which may take a new line), some seconds more, and two look-ups.

        Args:
            timeout: Seconds for everything together; ``None`` takes 30.

        Returns:
            `Accepted`, `Absent` or `StillUnknown`; for a request about several orders a `BatchFate`.

        Raises:
            ConfigError: If this error has been pickled, or its client cannot look such a request up: call
                ``client.reconcile(error)``.
            ClosedError: If the client is closed.
            ReentrantCallError: On a reading thread.
        """
        return self._known().reconcile(timeout)

    def retry_cancel(self, timeout: float | None = None) -> OrderAck:
        """
        Send a cancel whose outcome is unknown once more: it can only reduce what is open.

        Not for a cancel by a client order id that you use for several orders, one after the other.

        Args:
            timeout: Seconds; ``None`` takes ``request_timeout``.

        Returns:
            The ack. If the order was done already, ``no_effect`` is set and ``order`` tells how it ended.

        Raises:
            Rejected, NotSent, OutcomeUnknown: As for every order call.
            ConfigError: If this is no cancel of one order; nothing was sent.
        """
        return self._known().retry_cancel(timeout)

    def _known(self) -> Unresolved:
        if self._entry is None:
            raise ConfigError(f"{self.op}: not an order call of a client in this process; call client.reconcile(error)")
        return self._entry

    def _rows(self) -> dict[str, Any]:
        found = {} if self.fate is None else {"since then": str(self.fate)}
        return {**super()._rows(), "unknown because": self._why(), **found, "what to do": self._what_to_do()}

    def _why(self) -> str:
        why = _KNOWN[self.reason]
        if self.code is not None:
            why += f", code {shorten(self.code, 40)}"
        if self.results is not None:
            counts = (len(self.results.accepted), len(self.results.rejected), len(self.results.unknown))
            why += ", {} accepted, {} refused, {} unknown".format(*counts)
        return why

    def _what_to_do(self) -> str:
        if self.safe_to_retry:
            return "it changes nothing, so it may be repeated"
        if self.kind in ("place", "modify", "cancel"):
            how = "client.reconcile(error)" if self._entry is None else ".reconcile()"
            if self.results is not None:
                return f"do not resend; call {how} for the unknown ones in error.results"
            if self.kind == "cancel" and self._entry is not None:
                return f"call {how} or .retry_cancel()"
            return f"do not resend; call {how}"
        return "do not resend; look up what it did"

    def __str__(self) -> str:
        line = "line alive" if self.line_alive else "line gone"
        text = (
            f"{self._subject()}: outcome unknown after {self.elapsed:.2f} s ({_SENT[self.sent]}, {self._why()}, {line})"
        )
        return f"{text}; {self._what_to_do()}"
