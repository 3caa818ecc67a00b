"""What callers were told, and what the exchange knows: the values that `judge` compares. No I/O, no threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs

from kucoin_sync import BatchResult, NotSent, OrderAck, OutcomeUnknown, Rejected, RequestError
from kucoin_sync.fates import Absent, Accepted, StillUnknown

__all__ = ["Action", "Answer", "Fate", "Interval", "OrderAnswer", "TruthEntry", "answer_of", "fate_of"]

Action = Literal["place", "modify", "amend", "cancel"]
"""What is asked for; a modification makes a new order, an amendment keeps the old one's id."""
Kind = Literal["accepted", "rejected", "not sent", "unknown"]
Interval = tuple[int, int]
"""Something happened not before the first and not after the second: wall clock in nanoseconds."""


@attrs.frozen
class OrderAnswer:
    """
    What a caller was told about one order.

    Attributes:
        kind: Which outcome.
        client_oid: Client order id, of orders placed.
        order_id: The exchange's id, as the answer told it.
        target: Id of the order that was to be changed or cancelled; ``None`` if the call placed one, or made it up.
        reason: Why it is unknown.
        no_effect: Of a cancel: it was told to have changed nothing.
        by_event: It was told not by a reply but by a private order event.
        text: For the report.
    """

    kind: Kind
    client_oid: str | None = None
    order_id: str | None = None
    target: str | None = None
    reason: str | None = None
    no_effect: bool = False
    by_event: bool = False
    text: str = ""


@attrs.frozen
class Answer:
    """
    How one call ended.

    Attributes:
        number: Of the call.
        op: Operation.
        action: What it asked for.
        way: How it was made: ``method``, ``nowait``, ``request`` or ``retry``.
        request_id: Id of its frame.
        orders: One answer an order.
        ended_ns: When it ended, wall clock.
        elapsed: Seconds it took.
        timeout: Seconds it was given.
        starved: Seconds of them for which the machine let a thread wait that had nothing to wait for.
    """

    number: int
    op: str
    action: Action
    way: str
    request_id: str
    orders: tuple[OrderAnswer, ...]
    ended_ns: int
    elapsed: float
    timeout: float
    starved: float = 0.0


@attrs.frozen
class Fate:
    """What reconciliation said of one order: ``accepted``, ``absent`` or ``still unknown``, and with which words."""

    kind: Literal["accepted", "absent", "still unknown"]
    order_id: str | None = None
    text: str = ""


@attrs.frozen
class TruthEntry:
    """
    One order of one frame, as the exchange's log has it.

    Attributes:
        connection: The connection it came on.
        offset: Bytes of that connection before its frame.
        remote_port: Port that the connection came from.
        arrived_ns: When the exchange read it, wall clock.
        executed: Whether the engine took it.
        order_id: Of what it placed, changed or cancelled.
    """

    op: str
    request_id: str
    client_oid: str | None
    connection: str
    offset: int
    remote_port: int | None
    arrived_ns: int
    executed: bool
    order_id: str | None

    @classmethod
    def of_line(cls, line: Mapping[str, Any]) -> TruthEntry:
        """Read a line of the simulator's truth file."""
        return cls(
            op=line["op"],
            request_id=line["request_id"],
            client_oid=line["client_oid"],
            connection=line["connection_id"],
            offset=line["offset"],
            remote_port=line["remote_port"],
            arrived_ns=line["arrived_at_ns"],
            executed=line["executed"],
            order_id=line["order_id"],
        )


def answer_of(
    result: object, *, number: int, action: Action, way: str, targets: Sequence[str | None], **times: Any
) -> Answer:
    """
    Say how a call ended.

    Args:
        result: What it returned or raised.
        targets: One an order: the order that was to be changed or cancelled, ``None`` for one to be placed.
        **times: ``ended_ns``, ``elapsed``, ``timeout``.

    Raises:
        TypeError: It ended as no order call may end.
    """
    if isinstance(result, OutcomeUnknown) and result.results is not None:
        each: Sequence[object] = result.results.results
    elif isinstance(result, BatchResult):
        each = result.results
    elif isinstance(result, NotSent):
        each = [result] * len(targets)
    else:
        each = [result]
    if not isinstance(result, (OrderAck, BatchResult, RequestError)) or len(each) != len(targets):
        raise TypeError(f"a call ended with {result!r:.300}")
    first = result[0] if isinstance(result, BatchResult) else result
    return Answer(
        number,
        result.op,
        action,
        way,
        first.request_id,
        tuple(_order(one, target) for one, target in zip(each, targets, strict=True)),
        **times,
    )


def _order(result: object, target: str | None) -> OrderAnswer:
    if isinstance(result, OrderAck):
        text = f"ack order_id={result.order_id} by {result.evidence}"
        return OrderAnswer(
            "accepted",
            result.client_oid,
            result.order_id,
            target,
            no_effect=result.no_effect,
            by_event=result.evidence == "event",
            text=text,
        )
    if not isinstance(result, (Rejected, NotSent, OutcomeUnknown)):
        raise TypeError(f"a call ended with {result!r:.300}")
    client_oid = result.client_oid if isinstance(result.client_oid, str) else None
    text = str(result)
    if isinstance(result, Rejected):
        return OrderAnswer("rejected", client_oid, None, target, text=text)
    if isinstance(result, NotSent):
        return OrderAnswer("not sent", client_oid, None, target, text=text)
    return OrderAnswer("unknown", client_oid, None, target, result.reason, text=text)


def fate_of(fate: Accepted | Absent | StillUnknown) -> Fate:
    """Say what reconciliation found out."""
    if isinstance(fate, Accepted):
        order_id = fate.order_id if fate.order is None else fate.order.order_id
        return Fate("accepted", order_id, str(fate))
    if isinstance(fate, Absent):
        return Fate("absent", None, str(fate))
    return Fate("still unknown", None, str(fate))
