"""
What an exchange says about its operations: rows of data, and the questions that outcomes are decided by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any, Protocol

import attrs

__all__ = ["Batch", "CodeRules", "ItemReply", "Operation", "OperationKind", "Operations", "Proof", "Rules", "Verdict"]


class OperationKind(Enum):
    """What a request does to the account."""

    PLACE = "place"
    MODIFY = "modify"
    CANCEL = "cancel"
    READ = "read"
    OTHER = "other"
    """Unknown to the library: treated as one that changes the account."""


@attrs.define
class Proof:
    """What a success reply names: the order concerned. ``details`` are further fields of the ack."""

    order_id: str | None
    client_oid: str | None
    details: Mapping[str, Any] = MappingProxyType({})


class Verdict(Enum):
    """What a code that is not success means."""

    REFUSED = "refused"
    DUPLICATE = "duplicate"
    """Refused, because an order with this client order id is live."""
    LIMITED = "limited"
    """Refused by a request limit."""
    NO_SUCH_ORDER = "no such order"
    """Refused, because no live order was found: it is done, never was, or is too new. Only a look-up tells which."""
    NO_EFFECT = "no effect"
    """A cancel that changes nothing, because the order is done or being cancelled already."""
    UNKNOWN = "unknown"


@attrs.frozen
class ItemReply:
    """What a reply says of one order; ``succeeded`` is what ``code`` means for this operation."""

    succeeded: bool
    code: str
    message: str
    data: Any


@attrs.frozen
class Batch:
    """
    How an operation on several orders is taken apart.

    Attributes:
        items: Takes the arguments; returns those of each order, in the order sent. For an operation that places orders
            these are the very mappings inside the arguments: a client order id put there is sent.
        match: Takes these items and the reply's ``data``; returns for each item what the reply says of it, found by
            its id and never by its place, or ``None``.
        summaries: Codes of a reply that are not success and yet say no more than that some orders, or all, have codes
            of their own.
    """

    items: Callable[[Any], Sequence[Any]]
    match: Callable[[Sequence[Any], Any], Sequence[ItemReply | None]]
    summaries: frozenset[str] = frozenset()


@attrs.frozen
class Operation:
    """
    One row of an exchange's operation table.

    Attributes:
        name: As on the wire, such as ``spot.order``.
        product: ``spot``, ``margin``, ``futures`` ...
        kind: What it does.
        reply_op: What a reply to it calls itself.
        prove: Takes the arguments and the reply's ``data``, of one order; returns what they prove, or ``None``.
        client_oid_key: Argument that holds the client order id.
        order_id_key: Argument that holds the exchange's order id.
        symbol_key: Argument that holds the symbol.
        expire: Takes the arguments, the earliest time it can be at the exchange (ms since 1970) and the seconds left;
            returns the arguments as they are sent, for exchanges that take it there, and from when the exchange
            refuses them by itself, in its own time, ms since 1970. ``None`` where a request cannot expire.
        batch: For an operation on several orders.
        answer: Where a reply to one order holds a code inside that decides: takes the order's arguments and the
            reply's code, message and data; returns what the reply says of the order, or ``None`` if that is of another
            one or cannot be read. ``None``: the reply's own code and data are the answer.
        places: Whether it is of the kind ``PLACE``; each call asks that several times, as it does what follows.
        cancels: Whether it is of the kind ``CANCEL``.
        reads: Whether it is of the kind ``READ``.
    """

    name: str
    product: str
    kind: OperationKind
    reply_op: str
    prove: Callable[[Any, Any], Proof | None]
    client_oid_key: str
    order_id_key: str
    symbol_key: str
    expire: Callable[[Any, int, float], tuple[Any, int | None]] | None = None
    batch: Batch | None = None
    answer: Callable[[Any, str, str, Any], ItemReply | None] | None = None
    places: bool = attrs.field(init=False)
    cancels: bool = attrs.field(init=False)
    reads: bool = attrs.field(init=False)

    @places.default
    def _places(self) -> bool:
        return self.kind is OperationKind.PLACE

    @cancels.default
    def _cancels(self) -> bool:
        return self.kind is OperationKind.CANCEL

    @reads.default
    def _reads(self) -> bool:
        return self.kind is OperationKind.READ

    def items(self, args: Any) -> Sequence[Any]:
        """Return the arguments of each order: of a batch its items, else ``args`` alone."""
        return (args,) if self.batch is None else self.batch.items(args)


class Operations(dict[str, Operation]):
    """
    Rows by name.

    Args:
        rows: Of the operations that are known.
        other: Takes the name of one that is not; returns its row.
    """

    def __init__(self, rows: Iterable[Operation], other: Callable[[str], Operation]) -> None:
        super().__init__((row.name, row) for row in rows)
        self._other = other

    def __missing__(self, name: str) -> Operation:
        return self._other(name)


class CodeRules(Protocol):
    """
    What the codes of an exchange mean.

    Attributes:
        success: The code that means yes.
    """

    success: str

    def judge(self, operation: Operation, args: Any, code: str, message: str) -> Verdict:
        """Say what a code that is not success means for these arguments; whatever is not listed is ``UNKNOWN``."""


class Rules(CodeRules, Protocol):
    """
    What an exchange knows about its operations.

    Attributes:
        operations: Their rows; one that is not listed has a row of kind ``OTHER``: it is taken to change the account.
    """

    operations: Operations
