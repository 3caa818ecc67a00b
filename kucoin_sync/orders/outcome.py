"""
From what came back to what may be said: the only place where a request's outcome is decided.

The default is `OutcomeUnknown`. A path leaves it only with proof:

- **accepted**: a reply with our id and our operation, a success code, and the proof that the operation's row asks for;
- **rejected**: a reply with our id and our operation, and a code listed as a definite refusal;
- **not sent**: the count of bytes that left is 0 and can no longer grow.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import attrs

from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import (
    KucoinSyncError,
    NotSent,
    OutcomeUnknown,
    Rejected,
    RequestError,
    UnknownReason,
    shorten,
)
from kucoin_sync.events import OrderAck, Pong
from kucoin_sync.protocol.messages import Reply
from kucoin_sync.protocol.server_clock import ServerClock

__all__ = [
    "Operation",
    "OperationKind",
    "Proof",
    "Rules",
    "Verdict",
    "conclude",
    "describe_request",
    "not_sent",
    "unknown_after_interrupt",
]


class OperationKind(Enum):
    """What a request does to the account."""

    PLACE = "place"
    MODIFY = "modify"
    CANCEL = "cancel"
    READ = "read"
    OTHER = "other"
    """Unknown to the library: treated as one that changes the account."""


class Proof(NamedTuple):
    """What a success reply names: the order concerned."""

    order_id: str | None
    client_oid: str | None


class Verdict(Enum):
    """What a code that is not success means."""

    REFUSED = "refused"
    DUPLICATE = "duplicate"
    """Refused, because an order with this client order id is live."""
    LIMITED = "limited"
    """Refused by a request limit."""
    UNKNOWN = "unknown"


@attrs.frozen
class Operation:
    """
    One row of an exchange's operation table.

    Attributes:
        name: As on the wire, such as ``spot.order``.
        product: ``spot``, ``margin``, ``futures`` ...: which table of codes applies.
        kind: What it does.
        reply_op: What a reply to it calls itself.
        prove: Takes the arguments and the reply's ``data``; returns what they prove, or ``None``.
        client_oid_key: Argument that holds the client order id.
        order_id_key: Argument that holds the exchange's order id.
        symbol_key: Argument that holds the symbol.
        expire: Takes the arguments, the exchange's clock and the seconds left; returns the arguments with an expiry
            window. ``None`` where the operation has no such fields.
    """

    name: str
    product: str
    kind: OperationKind
    reply_op: str
    prove: Callable[[Any, Any], Proof | None]
    client_oid_key: str
    order_id_key: str
    symbol_key: str
    expire: Callable[[Any, ServerClock, float], Any] | None = None


class Rules(Protocol):
    """What an exchange knows about its operations."""

    def operation(self, name: str) -> Operation:
        """Return the row of an operation; one that is not listed gets a row of kind ``OTHER``."""

    def is_success(self, code: str) -> bool:
        """Whether a code means yes."""

    def judge(self, operation: Operation, code: str, message: str) -> Verdict:
        """Say what a code that is not success means; whatever is not listed is ``UNKNOWN``."""


def conclude(request: PendingRequest, operation: Operation, rules: Rules, *, ws_key: str, line_alive: bool) -> Any:
    """
    Say how an ended request ended.

    Args:
        request: With its reply or its failure.
        operation: Its row.
        rules: Of the exchange.
        ws_key: Name of the connection.
        line_alive: Whether the line that carried it is still open.

    Returns:
        `OrderAck`, or `Pong` for a ping.

    Raises:
        Rejected, NotSent, OutcomeUnknown: As the module says.
    """
    reply = request.reply
    if reply is None:
        reason, cause = request.failure or ("timeout", None)
        if request.sent == "no":
            raise not_sent(request, operation, cause, ws_key=ws_key)
        raise _unknown(request, operation, reason, ws_key=ws_key, line_alive=line_alive, cause=cause)
    if reply.op != operation.reply_op:
        raise _unknown(request, operation, "unreadable_reply", ws_key=ws_key, line_alive=line_alive)
    if operation.kind is OperationKind.READ:
        return _pong(request, reply, ws_key)
    if rules.is_success(reply.code):
        proof = operation.prove(request.args, reply.data)
        if proof is None:
            raise _unknown(request, operation, "unreadable_reply", ws_key=ws_key, line_alive=line_alive)
        return _ack(request, operation, reply, proof, ws_key)
    verdict = rules.judge(operation, reply.code, reply.message)
    if verdict is Verdict.UNKNOWN:
        raise _unknown(request, operation, "server_error", ws_key=ws_key, line_alive=line_alive)
    limit = reply.rate_limit
    raise Rejected(
        code=reply.code,
        msg=reply.message,
        data=reply.data,
        rate_limit=limit,
        retry_after=limit.reset if verdict is Verdict.LIMITED and limit is not None else None,
        duplicate=verdict is Verdict.DUPLICATE,
        **describe_request(request, operation, ws_key=ws_key),
    )


def _ack(request: PendingRequest, operation: Operation, reply: Reply, proof: Proof, ws_key: str) -> OrderAck:
    return OrderAck(
        op=operation.name,
        order_id=proof.order_id,
        client_oid=proof.client_oid or _text(request.args, operation.client_oid_key),
        request_id=request.id,
        latency=request.finished_at - request.sent_at,
        in_time=reply.in_time,
        out_time=reply.out_time,
        rate_limit=reply.rate_limit,
        ws_key=ws_key,
        connection_id=request.connection_id or "",
        data=reply.data,
        raw=reply.raw,
    )


def _pong(request: PendingRequest, reply: Reply, ws_key: str) -> Pong:
    return Pong(
        request_id=request.id,
        latency=request.finished_at - request.sent_at,
        server_timestamp_ms=reply.data if isinstance(reply.data, int) else None,
        ws_key=ws_key,
        connection_id=request.connection_id or "",
    )


def not_sent(request: PendingRequest, operation: Operation, cause: KucoinSyncError | None, *, ws_key: str) -> NotSent:
    """Return the error for a request of which no byte left, nor can leave."""
    error = NotSent(cause=cause, safe_to_retry=True, **describe_request(request, operation, ws_key=ws_key))
    error.__cause__ = cause
    return error


def _unknown(
    request: PendingRequest,
    operation: Operation,
    reason: UnknownReason | str,
    *,
    ws_key: str,
    line_alive: bool,
    cause: KucoinSyncError | None = None,
) -> OutcomeUnknown:
    reply = request.reply
    error = OutcomeUnknown(
        reason=reason,  # type: ignore[arg-type]  # the engine's reasons are these words
        code=reply.code if reply is not None and reason == "server_error" else None,
        line_alive=line_alive,
        reply=shorten(reply.raw, 1000) if reply is not None else None,
        cause=cause,
        safe_to_retry=operation.kind is OperationKind.READ,
        **describe_request(request, operation, ws_key=ws_key),
    )
    error.__cause__ = cause
    return error


def unknown_after_interrupt(
    request: PendingRequest, operation: Operation, *, ws_key: str, line_alive: bool
) -> RequestError:
    """Return what is known of a request whose caller was interrupted."""
    if request.sent == "no":
        return not_sent(request, operation, None, ws_key=ws_key)
    return _unknown(request, operation, "interrupted", ws_key=ws_key, line_alive=line_alive)


def describe_request(request: PendingRequest, operation: Operation, *, ws_key: str) -> Mapping[str, Any]:
    """Return the facts that every `RequestError` carries."""
    now = request.finished_at or time.monotonic()
    args = request.args
    return {
        "op": request.op,
        "request_id": request.id,
        "client_oid": _text(args, operation.client_oid_key),
        "order_id": _text(args, operation.order_id_key),
        "symbol": _text(args, operation.symbol_key),
        "request": MappingProxyType(dict(args)) if isinstance(args, Mapping) else args,
        "sent": request.sent,
        "bytes_sent": request.bytes_sent,
        "started_at": request.started_at,
        "elapsed": now - request.deadline.started,
        "ws_key": ws_key,
        "connection_id": request.connection_id,
        "notes": tuple(request.notes),
    }


def _text(args: Any, name: str) -> str | None:
    value = args.get(name) if isinstance(args, Mapping) else None
    return value if isinstance(value, str) else None
