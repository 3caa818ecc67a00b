"""
The operations of the WebSocket API: one table, and what the outcome of a request is decided by.

A row says what an operation does, what it takes, what proves that it was accepted, which order line it goes to if the
caller names none, and whether it expires by itself. `proofs`, `arguments` and `refusals` hold what the rows refer to.

Source: KuCoin docs, WebSocket API (order entry), Introduction, Add Order, Cancel Order, Modify Order (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from kucoin_sync.kucoin import arguments, codes, proofs
from kucoin_sync.kucoin.arguments import ArgumentTable
from kucoin_sync.kucoin.keys import WsKey
from kucoin_sync.orders.operation import Batch, Operation, OperationKind, Operations, Proof, Verdict

__all__ = ["OPERATIONS", "KucoinRules", "OperationRow"]

Kind = OperationKind


def _unified_line(args: Any) -> WsKey:
    """Any line takes them; the same order's requests share one, so that they arrive in their order."""
    futures = args["tradeType"] == "FUTURES" if "tradeType" in args else "-" not in args["symbol"]
    return WsKey.WS_API_FUTURES_V1 if futures else WsKey.WS_API_SPOT_V1


@attrs.frozen
class OperationRow:
    """
    One operation.

    Attributes:
        name: As on the wire.
        kind: What it does.
        product: ``spot``, ``margin``, ``futures`` or ``uta``.
        arguments: What it takes.
        prove: What proves that it was accepted.
        line: Which order line it goes to.
        line_of: Which one it goes to by its arguments, for an operation on every market.
        expires: Whether it carries a window after which the gateway refuses it.
        batch: For an operation on several orders, how it is taken apart.
        reply_op: What a reply to it calls itself.
    """

    name: str
    kind: OperationKind
    product: str
    arguments: ArgumentTable
    prove: Callable[[Any, Any], Proof | None]
    line: WsKey = WsKey.WS_API_SPOT_V1
    expires: bool = False
    batch: Batch | None = None
    reply_op: str = attrs.field()
    line_of: Callable[[Any], WsKey] | None = None

    @reply_op.default
    def _same(self) -> str:
        return self.name


_Row = OperationRow
OPERATIONS: Mapping[str, OperationRow] = {
    row.name: row
    for row in (
        _Row("ping", Kind.READ, "spot", arguments.NoArguments(), proofs.prove_anything, reply_op="pong"),
        _Row("spot.order", Kind.PLACE, "spot", arguments.SPOT_ORDER, proofs.prove_place, expires=True),
        _Row("spot.sync_order", Kind.PLACE, "spot", arguments.SPOT_ORDER, proofs.prove_sync_place, expires=True),
        _Row("spot.modify", Kind.MODIFY, "spot", arguments.SPOT_MODIFY, proofs.prove_modify),
        _Row("spot.cancel", Kind.CANCEL, "spot", arguments.SPOT_CANCEL, proofs.prove_cancel),
        _Row("spot.sync_cancel", Kind.CANCEL, "spot", arguments.SPOT_CANCEL, proofs.prove_sync_cancel),
        _Row("margin.order", Kind.PLACE, "margin", arguments.MARGIN_ORDER, proofs.prove_margin_place),
        _Row("margin.cancel", Kind.CANCEL, "margin", arguments.SPOT_CANCEL, proofs.prove_cancel),
        _Row(
            "futures.order", Kind.PLACE, "futures", arguments.FUTURES_ORDER, proofs.prove_place, WsKey.WS_API_FUTURES_V1
        ),
        _Row(
            "futures.cancel",
            Kind.CANCEL,
            "futures",
            arguments.FUTURES_CANCEL,
            proofs.prove_cancel,
            WsKey.WS_API_FUTURES_V1,
        ),
        _Row(
            "futures.multi_order",
            Kind.PLACE,
            "futures",
            arguments.FUTURES_MULTI_ORDER,
            proofs.prove_multi_place,
            WsKey.WS_API_FUTURES_V1,
            batch=proofs.MULTI_ORDER,
        ),
        _Row(
            "futures.multi_cancel",
            Kind.CANCEL,
            "futures",
            arguments.FUTURES_MULTI_CANCEL,
            proofs.prove_cancel,
            WsKey.WS_API_FUTURES_V1,
            batch=proofs.MULTI_CANCEL,
        ),
        _Row("uta.order", Kind.PLACE, "uta", arguments.UNIFIED_ORDER, proofs.prove_place, line_of=_unified_line),
        _Row("uta.amend", Kind.MODIFY, "uta", arguments.UNIFIED_AMEND, proofs.prove_amend, line_of=_unified_line),
        _Row("uta.cancel", Kind.CANCEL, "uta", arguments.UNIFIED_CANCEL, proofs.prove_cancel, line_of=_unified_line),
    )
}
"""
All operations that the library knows, by name.

An operation that changes an order in place is of the kind ``MODIFY``: it may act in two steps, a cancel and a new
order, so only what surely refuses before the first of them is a refusal.
"""


class KucoinRules:
    """
    KuCoin's operations and codes.

    Args:
        recv_window: Seconds an order may take to reach the gateway; ``None``: the time its call has left.
    """

    success = codes.SUCCESS

    def __init__(self, recv_window: float | None) -> None:
        self._recv_window = recv_window
        self.operations = Operations(map(self._operation, OPERATIONS.values()), self._other)

    def _operation(self, row: OperationRow) -> Operation:
        return Operation(
            name=row.name,
            product=row.product,
            kind=row.kind,
            reply_op=row.reply_op,
            prove=row.prove,
            client_oid_key="clientOid",
            order_id_key="orderId",
            symbol_key="symbol",
            expire=self._expire if row.expires else None,
            batch=row.batch,
        )

    def _expire(self, args: Any, earliest_ms: int, remaining: float) -> tuple[Any, int | None]:
        """
        Let the exchange refuse the order when it arrives too late.

        ``clientTimestamp`` and ``allowMaxTimeWindow`` (both ms) belong together; what the caller gave is kept.
        """
        if "clientTimestamp" in args or "allowMaxTimeWindow" in args:
            begin, given = args.get("clientTimestamp"), args.get("allowMaxTimeWindow")
            return args, begin + given if type(begin) is int and type(given) is int else None
        window = int((self._recv_window or remaining) * 1000) or 1
        return {**args, "clientTimestamp": earliest_ms, "allowMaxTimeWindow": window}, earliest_ms + window

    def _other(self, name: str) -> Operation:
        return self._operation(
            OperationRow(name, Kind.OTHER, name.partition(".")[0], arguments.ANYTHING, proofs.prove_anything)
        )

    def judge(self, operation: Operation, args: Any, code: str, message: str) -> Verdict:
        """Say what a code that is not success means."""
        return codes.judge(operation.name, args, code, message)
