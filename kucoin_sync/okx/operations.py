"""
The operations of OKX's WebSocket: one table, and what the outcome of a request is decided by.

A row says what an operation does, what it takes, what proves that it was accepted, which path serves it, and whether it
expires by itself. `proofs`, `arguments` and `refusals` hold what the rows refer to.

Source: OKX docs v5, Order Book Trading, Trade, WebSocket; Spread Trading, WebSocket (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from kucoin_sync.okx import arguments, proofs, refusals
from kucoin_sync.orders.arguments import ANYTHING, ArgumentTable
from kucoin_sync.orders.operation import Batch, ItemReply, Operation, OperationKind, Operations, Proof, Verdict

__all__ = ["OPERATIONS", "OkxRules", "OperationRow"]

Kind = OperationKind


@attrs.frozen
class OperationRow:
    """
    One operation.

    Attributes:
        name: As on the wire.
        kind: What it does.
        product: ``trade`` (orders on instruments) or ``spread``.
        arguments: What it takes.
        prove: What proves that it was accepted.
        answer: Finds what a reply says of its one order; ``None`` for an operation on several.
        batch: For an operation on several orders, how it is taken apart.
        expires: Whether the exchange refuses it when it arrives after its ``expTime``.
        path: Which connection serves it: ``private`` or ``business``.
    """

    name: str
    kind: OperationKind
    product: str
    arguments: ArgumentTable
    prove: Callable[[Any, Any], Proof | None]
    answer: Callable[[Any, str, str, Any], ItemReply | None] | None = proofs.answer_of_one
    batch: Batch | None = None
    expires: bool = False
    path: str = "private"

    @property
    def takes_instruments(self) -> bool:
        """Whether its orders name an instrument, whose number goes along."""
        return self.product == "trade" and self.kind is not Kind.OTHER


_place, _named, _mass = proofs.prove_place, proofs.prove_named, proofs.prove_mass
_batch: dict[str, Any] = {"answer": None, "batch": proofs.BATCH}
_business: dict[str, Any] = {"path": "business"}
_Row = OperationRow
OPERATIONS: Mapping[str, OperationRow] = {
    row.name: row
    for row in (
        _Row("order", Kind.PLACE, "trade", arguments.ORDER, _place, expires=True),
        _Row("batch-orders", Kind.PLACE, "trade", arguments.ORDERS, _place, expires=True, **_batch),
        _Row("amend-order", Kind.MODIFY, "trade", arguments.AMEND, _named, expires=True),
        _Row("batch-amend-orders", Kind.MODIFY, "trade", arguments.AMENDS, _named, expires=True, **_batch),
        _Row("cancel-order", Kind.CANCEL, "trade", arguments.CANCEL, _named),
        _Row("batch-cancel-orders", Kind.CANCEL, "trade", arguments.CANCELS, _named, **_batch),
        _Row("mass-cancel", Kind.OTHER, "trade", arguments.MASS_CANCEL, _mass, proofs.answer_of_mass),
        _Row("sprd-order", Kind.PLACE, "spread", arguments.SPREAD_ORDER, _place, **_business),
        _Row("sprd-amend-order", Kind.MODIFY, "spread", arguments.SPREAD_AMEND, _named, **_business),
        _Row("sprd-cancel-order", Kind.CANCEL, "spread", arguments.SPREAD_CANCEL, _named, **_business),
        _Row(
            "sprd-mass-cancel",
            Kind.OTHER,
            "spread",
            arguments.SPREAD_MASS_CANCEL,
            _mass,
            proofs.answer_of_mass,
            **_business,
        ),
    )
}
"""
All operations that the library knows, by name.

A mass cancel names no order, so it is of the kind ``OTHER``: what became of it no look-up of an order can tell.
"""


class OkxRules:
    """
    OKX's operations and codes.

    Args:
        recv_window: Seconds an order may take to reach the exchange; ``None``: the time its call has left.
    """

    success = refusals.SUCCESS

    def __init__(self, recv_window: float | None) -> None:
        self._recv_window = recv_window
        self.operations = Operations(map(self._operation, OPERATIONS.values()), self._other)

    def _operation(self, row: OperationRow) -> Operation:
        return Operation(
            name=row.name,
            product=row.product,
            kind=row.kind,
            reply_op=row.name,
            prove=row.prove,
            client_oid_key="clOrdId",
            order_id_key="ordId",
            symbol_key="sprdId" if row.product == "spread" else "instId",
            expire=self._expire if row.expires else None,
            batch=row.batch,
            answer=row.answer,
        )

    def _expire(self, args: Any, earliest_ms: int, remaining: float) -> tuple[Any, int | None]:
        """Let the exchange refuse what arrives after its call has ended: ``expTime``, beside ``args``."""
        return args, earliest_ms + max(1, int((self._recv_window or remaining) * 1000))

    def _other(self, name: str) -> Operation:
        return self._operation(OperationRow(name, Kind.OTHER, "", ANYTHING, proofs.prove_anything, answer=None))

    def judge(self, operation: Operation, args: Any, code: str, message: str) -> Verdict:
        """Say what a code that is not success means."""
        return refusals.judge(operation.name, args, code, message)
