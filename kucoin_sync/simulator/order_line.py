"""
What becomes of an operation between its arrival and its reply: the truth log, and the faults that may strike there.

What the operation means, and how its reply is spelled, is for the exchange to say.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from attrs import frozen

from .json_text import compact
from .peer import Peer
from .truth import Entry
from .venue import Venue

__all__ = ["Operation", "OrderLine"]

T = TypeVar("T")

# Longer ids are cut in the truth log, which would else grow with what a client sends.
MAX_ID = 128


@frozen
class Operation(Generic[T]):
    """
    One operation that has arrived.

    Attributes:
        op: Its name.
        request_id: As the client sent it.
        client_oids: Client order id of each order it is about, ``None`` where there is none: a batch is one frame
            with several orders, each with a record of its own.
        execute: Lets the engine do it and fills the records; returns the answer.
        refuse: Makes an answer of a code and a text, without the engine.
        spell: Makes the frame of the reply of an answer.
    """

    op: str
    request_id: str
    client_oids: Sequence[str | None]
    execute: Callable[[list[Entry]], T]
    refuse: Callable[[str, str], T]
    spell: Callable[[T], Mapping[str, Any]]


class OrderLine:
    """
    Runs the operations of one connection.

    Args:
        venue: Shared state.
        peer: The connection.
    """

    def __init__(self, venue: Venue, peer: Peer) -> None:
        self._venue = venue
        self._peer = peer

    def run(self, operation: Operation[Any]) -> None:
        """Note an operation, execute and answer it, or do with it what was ordered."""
        venue, faults, op = self._venue, self._venue.faults, operation.op
        entries = [
            venue.truth.received(
                Entry(
                    op,
                    None if client_oid is None else client_oid[:MAX_ID],
                    operation.request_id[:MAX_ID],
                    self._peer.id,
                    self._peer.frame_offset,
                    venue.clock.machine_ns(),
                    time.monotonic_ns(),
                    remote_port=self._peer.remote_port,
                )
            )
            for client_oid in operation.client_oids
        ]
        if faults.is_quiet:
            self._perform(operation, entries)
            return
        if faults.take("cut_before_execution", op=op) is not None:
            for entry in entries:
                entry.outcome = "cut"
                venue.truth.finished(entry)
            self._peer.cut(reset=True)
            return
        late = faults.take("cut_then_execute", op=op)
        if late is not None:
            self._peer.cut(reset=True)
        else:
            late = faults.take("late_execution", op=op)
        if late is None:
            self._perform(operation, entries)
        else:
            asyncio.get_running_loop().call_later(late["seconds"], self._perform, operation, entries)

    def _perform(self, operation: Operation[Any], entries: list[Entry]) -> None:
        """Execute an operation and answer it."""
        venue, faults, op = self._venue, self._venue.faults, operation.op
        refusal = faults.take("refuse_order", op=op)
        if refusal is None or refusal["executed"]:
            answer = operation.execute(entries)
        if refusal is not None:
            answer = operation.refuse(refusal["code"], refusal["msg"])
            for entry in entries:
                entry.outcome = entry.outcome if entry.executed else "refused"
                entry.code = refusal["code"]
        for entry in entries:
            venue.truth.finished(entry)

        def count_reply() -> None:
            for entry in entries:
                entry.replies_sent += 1

        frame = operation.spell(answer)
        if not faults.is_quiet:
            faults.acks.deliver(op, self._peer, frame, count_reply)
        elif self._peer.send_text(compact(frame)):
            count_reply()
        venue.on_change()
