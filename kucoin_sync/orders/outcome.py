"""
From what came back to what may be said: the only place where a request's outcome is decided.

The default is `OutcomeUnknown`. A path leaves it only with proof:

- **accepted**: a reply with our id and our operation, a success code, and the proof that the operation's row asks for;
- **rejected**: a reply with our id and our operation, and a code listed as a definite refusal;
- **not sent**: the count of bytes that left is 0 and can no longer grow.

A batch is decided order by order, by the same rules. If every order of it is definite, accepted or refused, its
outcome is a `BatchResult`; if one is not, it is an `OutcomeUnknown` with all of them. The reason is ``partial_batch``
if some of them are definite, else why none is: one and the same reason for all without a reply, and as a rule with one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import (
    KucoinSyncError,
    NotSent,
    OutcomeUnknown,
    Rejected,
    RequestError,
    UnknownReason,
    freeze,
    shorten,
)
from kucoin_sync.events import BatchResult, OrderAck, Pong, make_order_ack
from kucoin_sync.fates import Accepted
from kucoin_sync.orders.operation import CodeRules, ItemReply, Operation, Proof, Verdict
from kucoin_sync.protocol.messages import Reply

__all__ = ["Outcome", "abandoned", "ack_of_event", "conclude", "merged", "not_sent"]

Outcome = OrderAck | Rejected | OutcomeUnknown
"""Of one order."""
_OF_ONE_ORDER = (Verdict.DUPLICATE, Verdict.NO_SUCH_ORDER, Verdict.NO_EFFECT)
"""Verdicts that are about one order; of a whole batch they do not say which."""


def conclude(request: PendingRequest, operation: Operation, rules: CodeRules, *, ws_key: str) -> Any:
    """
    Say how an ended request ended.

    Args:
        request: With its reply or its failure.
        operation: Its row.
        rules: Of the exchange.
        ws_key: Name of the connection.

    Returns:
        `OrderAck`, `Rejected`, `NotSent` or `OutcomeUnknown`, as the module says; for a batch `BatchResult` in place of
        the first two; for a ping `Pong`.
    """
    reply = request.reply
    if reply is not None and reply.op == operation.reply_op:
        if operation.reads:
            return _pong(request, reply, ws_key)
        # The common end first, and nothing built for it that it does not need.
        if operation.batch is None and operation.answer is None and reply.code == rules.success:
            proof = operation.prove(request.args, reply.data)
            if proof is not None:
                return _ack(request, operation, ws_key, reply, request.args, reply.data, proof)
    ended = _Ended(request, operation, ws_key)
    if reply is None:
        reason, cause = request.failure or ("timeout", None)
        if request.sent == "no":
            return not_sent(request, operation, cause, ws_key=ws_key)
        return ended.unknown(reason, cause=cause)
    if reply.op != operation.reply_op:
        return ended.unknown("unreadable_reply")
    if operation.batch is not None:
        return _conclude_batch(ended, reply, rules)
    if operation.answer is None:
        answer = ItemReply(reply.code == rules.success, reply.code, reply.message, reply.data)
    else:
        found = operation.answer(request.args, reply.code, reply.message, reply.data)
        if found is None:
            return ended.unknown("unreadable_reply")
        answer = found
    return _decide(ended, reply, answer, request.args, rules)


def not_sent(request: PendingRequest, operation: Operation, cause: KucoinSyncError | None, *, ws_key: str) -> NotSent:
    """Return the error for a request of which no byte left, nor can leave."""
    error = NotSent(cause=cause, safe_to_retry=True, **_facts(request, operation, ws_key))
    error.__cause__ = cause
    return error


def abandoned(
    request: PendingRequest,
    operation: Operation,
    reason: UnknownReason,
    *,
    ws_key: str,
    cause: KucoinSyncError | None = None,
) -> RequestError:
    """Return what is known of a request whose call ended before it was concluded: interrupted, or hit by a bug."""
    if request.sent == "no":
        return not_sent(request, operation, cause, ws_key=ws_key)
    return _Ended(request, operation, ws_key).unknown(reason, cause=cause)


# One order.


@attrs.frozen
class _Ended:
    """An ended request, and what every error about it says."""

    request: PendingRequest
    operation: Operation
    ws_key: str

    def unknown(self, reason: UnknownReason | str, *, cause: KucoinSyncError | None = None) -> OutcomeUnknown:
        """Return the error for a request of which nothing is known, and so of every order in it."""
        results = None
        if self.operation.batch is not None:
            items = self.operation.items(self.request.args)
            results = BatchResult(
                self.operation.name, tuple(self.unknown_order(reason, item, cause=cause) for item in items)
            )
        return self._unknown(reason, _facts(self.request, self.operation, self.ws_key), cause=cause, results=results)

    def together(self, results: BatchResult, *, cause: KucoinSyncError | None = None) -> BatchResult | OutcomeUnknown:
        """Return the outcome of a batch: its results, or the error with them if some orders are unknown."""
        if not results.unknown:
            return results
        reasons = {(result.reason, result.code) for result in results.unknown}
        reason, code = reasons.pop()
        if reasons or len(results.unknown) < len(results):
            reason, code = "partial_batch", None
        facts = _facts(self.request, self.operation, self.ws_key)
        return self._unknown(reason, facts, code=code, results=results, cause=cause)

    def unknown_order(
        self,
        reason: UnknownReason | str,
        args: Any,
        *,
        code: str | None = None,
        cause: KucoinSyncError | None = None,
    ) -> OutcomeUnknown:
        """Return the error for one order of which nothing is known; ``args`` are its own."""
        return self._unknown(reason, self.facts_of(args), code=code, cause=cause)

    def _unknown(
        self,
        reason: UnknownReason | str,
        facts: Mapping[str, Any],
        *,
        code: str | None = None,
        cause: KucoinSyncError | None = None,
        results: BatchResult | None = None,
    ) -> OutcomeUnknown:
        reply = self.request.reply
        error = OutcomeUnknown(
            reason=reason,  # type: ignore[arg-type]  # the engine's reasons are these words
            code=code,
            line_alive=self.request.line_alive,
            reply=shorten(reply.raw, 1000) if reply is not None else None,
            results=results,
            kind=self.operation.kind.value,
            cause=cause,
            safe_to_retry=self.operation.reads,
            **facts,
        )
        error.__cause__ = cause
        return error

    def facts_of(self, args: Any) -> Mapping[str, Any]:
        """Return the facts that every `RequestError` about one order carries."""
        if args is self.request.args:
            return _facts(self.request, self.operation, self.ws_key)
        operation = self.operation
        return {
            **_facts(self.request, operation, self.ws_key),
            "client_oid": _text(args, operation.client_oid_key),
            "order_id": _text(args, operation.order_id_key),
            "symbol": _text(args, operation.symbol_key),
            "request": freeze(args),
        }


def _decide(ended: _Ended, reply: Reply, answer: ItemReply, args: Any, rules: CodeRules) -> Outcome:
    """Say what an answer to one order means."""
    operation = ended.operation
    if answer.succeeded:
        proof = operation.prove(args, answer.data)
        if proof is None:
            return ended.unknown_order("unreadable_reply", args)
        return _ack(ended.request, operation, ended.ws_key, reply, args, answer.data, proof)
    verdict = rules.judge(operation, args, answer.code, answer.message)
    return _refuse(ended, reply, answer, args, verdict)


def _refuse(ended: _Ended, reply: Reply, answer: ItemReply, args: Any, verdict: Verdict) -> Outcome:
    """Say what a code that is not success means for one order, from what the exchange's table says of it."""
    operation = ended.operation
    if verdict is Verdict.UNKNOWN:
        return ended.unknown_order("server_error", args, code=answer.code)
    if verdict is Verdict.NO_EFFECT and operation.cancels:
        named = Proof(_text(args, operation.order_id_key), None, {"no_effect": True})
        return _ack(ended.request, operation, ended.ws_key, reply, args, answer.data, named)
    limit = reply.rate_limit
    return Rejected(
        code=answer.code,
        msg=answer.message,
        data=answer.data,
        rate_limit=limit,
        retry_after=limit.reset if verdict is Verdict.LIMITED and limit is not None else None,
        duplicate=verdict is Verdict.DUPLICATE,
        no_such_order=verdict is Verdict.NO_SUCH_ORDER,
        **ended.facts_of(args),
    )


def _ack(
    request: PendingRequest, operation: Operation, ws_key: str, reply: Reply, args: Any, data: Any, proof: Proof
) -> OrderAck:
    ack = make_order_ack(
        operation.name,
        proof.order_id,
        proof.client_oid or _text(args, operation.client_oid_key),
        request.id,
        request.finished_at - request.sent_at,
        reply.in_time,
        reply.out_time,
        reply.rate_limit,
        ws_key,
        request.line.connection_id if request.line is not None else "",
        data,
        reply.raw,
    )
    return attrs.evolve(ack, **proof.details) if proof.details else ack


def _pong(request: PendingRequest, reply: Reply, ws_key: str) -> Pong:
    return Pong(
        request_id=request.id,
        latency=request.finished_at - request.sent_at,
        server_timestamp_ms=reply.data if isinstance(reply.data, int) else None,
        ws_key=ws_key,
        connection_id=request.connection_id or "",
    )


# Several orders.


def _conclude_batch(ended: _Ended, reply: Reply, rules: CodeRules) -> BatchResult | OutcomeUnknown:
    """Return one outcome an order, as an `OutcomeUnknown` if one of them is."""
    operation = ended.operation
    assert operation.batch is not None
    items = operation.items(ended.request.args)
    answers = operation.batch.match(items, reply.data)
    refusal = None
    if reply.code != rules.success and reply.code not in operation.batch.summaries:
        refusal = rules.judge(operation, ended.request.args, reply.code, reply.message)
        if refusal in _OF_ONE_ORDER:
            refusal = Verdict.REFUSED
    outcomes = (
        _decide_item(ended, reply, answer, item, refusal, rules) for item, answer in zip(items, answers, strict=True)
    )
    return ended.together(BatchResult(operation.name, tuple(outcomes)))


def _decide_item(
    ended: _Ended, reply: Reply, answer: ItemReply | None, item: Any, refusal: Verdict | None, rules: CodeRules
) -> Outcome:
    """
    Say what a reply means for one order of a batch.

    Args:
        ended: The request.
        reply: To the whole batch.
        answer: What it says of this order, or ``None`` if it does not mention it.
        item: The order's arguments.
        refusal: What the code of the whole reply means; ``None`` if it is success.
        rules: Of the exchange.
    """
    if answer is not None:
        if answer.succeeded and refusal not in (None, Verdict.UNKNOWN):
            return ended.unknown_order("unreadable_reply", item)  # refused and accepted at once
        return _decide(ended, reply, answer, item, rules)
    if refusal is None:
        return ended.unknown_order("unreadable_reply", item)
    return _refuse(ended, reply, ItemReply(False, reply.code, reply.message, None), item, refusal)


# What came in after the call had ended its wait.


def ack_of_event(request: PendingRequest, operation: Operation, ws_key: str, fate: Accepted) -> OrderAck:
    """Return the ack for an order without a reply that a private event showed."""
    state = fate.order
    assert state is not None
    return OrderAck(
        op=operation.name,
        order_id=state.order_id,
        client_oid=state.client_oid,
        request_id=request.id,
        latency=request.finished_at - request.sent_at,
        in_time=None,
        out_time=None,
        rate_limit=None,
        ws_key=ws_key,
        connection_id=request.connection_id or "",
        data=state.raw,
        raw="",
        no_effect=fate.no_effect,
        evidence="event",
        order=state,
    )


def merged(
    request: PendingRequest, operation: Operation, ws_key: str, error: OutcomeUnknown, others: Sequence[Any]
) -> Any:
    """
    Return the outcome of a batch of which some orders were unknown, with what else is known of its orders.

    Args:
        request: Its request.
        operation: Its row.
        ws_key: Name of the connection.
        error: What was known so far.
        others: For each order what else is known of it; `OutcomeUnknown` or ``None`` where nothing is.
    """
    assert error.results is not None
    unknown = (OutcomeUnknown, type(None))
    pairs = zip(error.results, others, strict=True)
    results = tuple(old if isinstance(new, unknown) or not isinstance(old, unknown) else new for old, new in pairs)
    ended = _Ended(request, operation, ws_key)
    return ended.together(BatchResult(operation.name, results), cause=error.cause)


# What every error carries.


def _facts(request: PendingRequest, operation: Operation, ws_key: str) -> Mapping[str, Any]:
    """Return the facts that every `RequestError` about a whole request carries."""
    now = request.finished_at or time.monotonic()
    args = request.args
    return {
        "op": request.op,
        "request_id": request.id,
        "client_oid": _texts(operation, args, operation.client_oid_key),
        "order_id": _texts(operation, args, operation.order_id_key),
        "symbol": _symbol(operation, args),
        "request": freeze(args),
        "sent": request.sent,
        "bytes_sent": request.bytes_sent,
        "started_at": request.started_at,
        "elapsed": now - request.deadline.started,
        "ws_key": ws_key,
        "connection_id": request.connection_id,
        "expires_ms": request.expires_ms,
        "notes": request.notes,
    }


def _texts(operation: Operation, args: Any, name: str) -> str | tuple[str, ...] | None:
    """Return a field of the arguments; of a batch the one of every order that has it."""
    if operation.batch is None:
        return _text(args, name)
    texts = (_text(item, name) for item in operation.items(args))
    return tuple(text for text in texts if text is not None) or None


def _symbol(operation: Operation, args: Any) -> str | None:
    symbols = {_text(item, operation.symbol_key) for item in operation.items(args)}
    return symbols.pop() if len(symbols) == 1 else None


def _text(args: Any, name: str) -> str | None:
    value = args.get(name) if isinstance(args, Mapping) else None
    return value if isinstance(value, str) else None
