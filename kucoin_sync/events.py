"""
The frozen values a user receives: one class an event, and the acknowledgement of a request.

`EVENTS` maps the name used with ``on(name, listener)`` to the class its listeners receive. Every event has
``ws_key`` and ``connection_id``: which connection, and which of its lives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Protocol

import attrs

from kucoin_sync.errors import KucoinSyncError, OutcomeUnknown, Rejected
from kucoin_sync.fates import Absent, Accepted, Evidence, OrderState
from kucoin_sync.tables import facts_html, rows_html

__all__ = [
    "EVENTS",
    "Authenticated",
    "BatchResult",
    "BookGap",
    "BookSnapshot",
    "BookStale",
    "Closed",
    "ExceptionRaised",
    "LateReply",
    "Opened",
    "OrderAck",
    "OrderResult",
    "Origin",
    "Overflow",
    "Pong",
    "RateLimit",
    "Reconnected",
    "Reconnecting",
    "Resolved",
    "Response",
    "Suspended",
    "UnknownMessage",
    "Update",
    "UpdateReader",
]


class UpdateReader(Protocol):
    """Reads what is not read of an update before somebody asks for it. Never raises, whatever the update holds."""

    @staticmethod
    def typed(update: Update) -> Any:
        """Return the model of its payload."""

    @staticmethod
    def sequence(update: Update) -> int | None:
        """Return its sequence number, where it has one."""


@attrs.frozen
class Origin:
    """
    Which connection a message came from (``ws_key``) and which life of it (``connection_id``).

    Attributes:
        reader: What ``update.typed`` and ``update.sequence`` ask. It goes with every update that a user stores or
            pickles, so it is a class, and nothing of a connection that signs.
    """

    ws_key: str
    connection_id: str
    reader: type[UpdateReader] = attrs.field(repr=False, eq=False)


class _NewUpdate:
    """
    What an `Update` is while it is made: a frozen class cannot simply set its own attributes, and streams make a
    hundred thousand a second.
    """

    __slots__ = (
        "__weakref__",
        "data",
        "gap_before",
        "origin",
        "raw",
        "received_at",
        "subject",
        "told_sequence",
        "topic",
    )

    def __init__(
        self,
        topic: str,
        subject: str | None,
        data: Any,
        told_sequence: Any,
        received_at: float,
        raw: str,
        origin: Origin,
    ) -> None:
        self.topic = topic
        self.subject = subject
        self.data = data
        self.told_sequence = told_sequence
        self.received_at = received_at
        self.raw = raw
        self.origin = origin
        self.gap_before = False
        self.__class__ = Update  # both have the same slots


@attrs.frozen(repr=False)
class Update(_NewUpdate):
    """
    One push of data.

    Attributes:
        topic: The single topic it belongs to, such as ``/market/ticker:BTC-USDT``.
        subject: What kind of push it is, or ``None``.
        data: The payload as the exchange spells it; JSON numbers are `float` or `int` here, the exact digits
            are in ``raw`` and in ``typed``.
        told_sequence: What the message tells beside its payload where a sequence number belongs, unread.
        received_at: Monotonic clock when it was read, seconds.
        raw: The message as received.
        gap_before: Something may be missing between this update and the one before it: a reconnect, or a
            full queue.
    """

    topic: str
    subject: str | None
    data: Any
    told_sequence: Any
    received_at: float
    raw: str
    origin: Origin
    gap_before: bool = False

    @property
    def ws_key(self) -> str:
        """Name of the connection it came from."""
        return self.origin.ws_key

    @property
    def connection_id(self) -> str:
        """Which life of that connection it came from."""
        return self.origin.connection_id

    @property
    def sequence(self) -> int | None:
        """The exchange's sequence number where the message has one; read whenever it is asked for."""
        return self.origin.reader.sequence(self)

    @property
    def typed(self) -> Any:
        """
        The payload as a model: names in words, exact decimals, one class for each kind of push.

        It is made from ``raw`` whenever it is asked for: keep it rather than ask twice. What the library does not know
        comes as ``Unmodelled``, and no content of a push makes it raise.
        """
        return self.origin.reader.typed(self)

    def __repr__(self) -> str:
        return (
            f"Update(topic={self.topic!r}, subject={self.subject!r}, data={self.data!r}, sequence={self.sequence!r}, "
            f"received_at={self.received_at!r}, origin={self.origin!r}, gap_before={self.gap_before!r})"
        )


make_update: Callable[[str, str | None, Any, Any, float, str, Origin], Update] = _NewUpdate  # type: ignore[assignment]
"""Make an `Update`, as its constructor does, in a third of the time: for dialects."""


@attrs.frozen
class Opened:
    """``open``: a line is ready for use. ``opening_time`` is what it took, in seconds."""

    ws_key: str
    connection_id: str
    opening_time: float


@attrs.frozen
class Authenticated:
    """``authenticated``: the exchange accepted the login of this line."""

    ws_key: str
    connection_id: str


@attrs.frozen
class Suspended:
    """``suspended``: the line was lost; from now on data may be missing."""

    ws_key: str
    connection_id: str
    error: KucoinSyncError


@attrs.frozen
class Reconnecting:
    """``reconnect``: another opening will be tried in ``delay`` seconds; ``attempt`` counts from 1."""

    ws_key: str
    connection_id: str | None
    attempt: int
    delay: float


@attrs.frozen
class Reconnected:
    """
    ``reconnected``: the line is back and every topic has been answered for.

    Attributes:
        confirmed: Topics that are subscribed again.
        refused: Topic to ``(code, text)`` for those the exchange refused.
        unanswered: Topics without an answer so far; they are asked for again.
    """

    ws_key: str
    connection_id: str
    confirmed: tuple[str, ...]
    refused: Mapping[str, tuple[str, str]]
    unanswered: tuple[str, ...]


@attrs.frozen
class Closed:
    """``close``: the connection was closed, or given up for good when ``error`` is set."""

    ws_key: str
    connection_id: str | None
    error: KucoinSyncError | None


@attrs.frozen
class Response:
    """
    ``response``: the exchange answered a subscribe or an unsubscribe (``kind``), or told something about the line.

    Attributes:
        id: Of the command; empty for what answers none.
        kind: ``subscribe``, ``unsubscribe``, or what the exchange calls its notice.
        raw: Its text.
    """

    ws_key: str
    connection_id: str
    id: str
    kind: str
    raw: str = attrs.field(repr=False)


@attrs.frozen
class ExceptionRaised:
    """``exception``: something went wrong that no call could raise. ``where`` names the place."""

    ws_key: str | None
    connection_id: str | None
    error: BaseException
    where: str


@attrs.frozen
class LateReply:
    """``late_reply``: a reply to a request whose call had ended, or that nobody here made."""

    ws_key: str
    connection_id: str
    id: str
    op: str | None
    code: str | None
    raw: str = attrs.field(repr=False)


@attrs.frozen
class Resolved:
    """
    ``resolved``: it became known what an order call did whose outcome was unknown. One event an order.

    Attributes:
        error: What that call raised; of a batch, what it said of this order.
        fate: What is known now.
    """

    ws_key: str
    connection_id: str | None
    error: OutcomeUnknown
    fate: Accepted | Absent


@attrs.frozen
class UnknownMessage:
    """``unknown``: a readable message of a kind the library does not know, as received."""

    ws_key: str
    connection_id: str
    raw: str


@attrs.frozen
class Overflow:
    """
    ``overflow``: listeners were too slow and updates were dropped. One event an episode, when the queue was read
    empty. A stream marks and counts its own losses (``update.gap_before``, ``stream.dropped``).
    """

    ws_key: str | None
    connection_id: str | None
    queue: str
    dropped: int


class _NewRateLimit:
    """What a `RateLimit` is while it is made, as `_NewUpdate`."""

    __slots__ = ("__weakref__", "limit", "remaining", "reset")

    def __init__(self, limit: int | None, remaining: int | None, reset: float | None) -> None:
        self.limit = limit
        self.remaining = remaining
        self.reset = reset
        self.__class__ = RateLimit  # both have the same slots


@attrs.frozen
class RateLimit(_NewRateLimit):
    """State of the exchange's request pool: ``limit``, ``remaining``, and ``reset`` seconds until it refills."""

    limit: int | None
    remaining: int | None
    reset: float | None


make_rate_limit: Callable[[int | None, int | None, float | None], RateLimit] = _NewRateLimit  # type: ignore[assignment]
"""Make a `RateLimit`, as its constructor does, in half of the time: for dialects."""


@attrs.frozen
class Pong:
    """Answer to a ``ping`` request: ``latency`` in seconds, the exchange's clock in ms where it told."""

    request_id: str
    latency: float
    server_timestamp_ms: int | None
    ws_key: str
    connection_id: str


@attrs.frozen
class OrderResult:
    """
    What matching made of an order, as the operations say that wait for it.

    Attributes:
        origin_size: Size asked for.
        deal_size: Filled of it.
        remain_size: On the book.
        canceled_size: Cancelled.
        status: ``open`` or ``done``.
        order_time_ms: When the exchange took the order.
        match_time_ms: When matching was through with it.

    Sizes are exact, in base currency; what the reply does not tell is ``None``.
    """

    origin_size: Decimal | None
    deal_size: Decimal | None
    remain_size: Decimal | None
    canceled_size: Decimal | None
    status: str | None
    order_time_ms: int | None = None
    match_time_ms: int | None = None


class _NewOrderAck:
    """What an `OrderAck` is while it is made, as `_NewUpdate`."""

    __slots__ = (
        "__weakref__",
        "borrow_size",
        "client_oid",
        "connection_id",
        "data",
        "evidence",
        "in_time",
        "latency",
        "loan_apply_id",
        "no_effect",
        "op",
        "order",
        "order_id",
        "out_time",
        "rate_limit",
        "raw",
        "request_id",
        "result",
        "test",
        "ws_key",
    )

    def __init__(
        self,
        op: str,
        order_id: str | None,
        client_oid: str | None,
        request_id: str,
        latency: float,
        in_time: int | None,
        out_time: int | None,
        rate_limit: RateLimit | None,
        ws_key: str,
        connection_id: str,
        data: Any,
        raw: str,
    ) -> None:
        self.op = op
        self.order_id = order_id
        self.client_oid = client_oid
        self.request_id = request_id
        self.latency = latency
        self.in_time = in_time
        self.out_time = out_time
        self.rate_limit = rate_limit
        self.ws_key = ws_key
        self.connection_id = connection_id
        self.data = data
        self.raw = raw
        self.result: OrderResult | None = None
        self.borrow_size: Decimal | None = None
        self.loan_apply_id: str | None = None
        self.no_effect = False
        self.test = False
        self.evidence: Evidence = "reply"
        self.order: OrderState | None = None
        self.__class__ = OrderAck  # both have the same slots


@attrs.frozen
class OrderAck(_NewOrderAck):
    """
    The exchange took the request (which does not mean that an order rests or was filled).

    Attributes:
        op: Operation, such as ``spot.order``.
        order_id: The exchange's order id; for a modification the id of the new order; ``None`` where the
            exchange answered by client order id only.
        client_oid: Client order id of the order concerned, where known.
        request_id: Id of the frame.
        latency: Seconds from handing over the frame to reading the reply.
        in_time: Gateway's receive time as sent: KuCoin's in ms (ns on connections opened so), OKX's in µs.
        out_time: Gateway's send time, same unit.
        rate_limit: State of the request pool, or ``None``.
        data: The reply's ``data``; of a batch what it says of this order.
        raw: The reply as received.
        result: What matching made of the order, for the operations that wait for it, else ``None``.
        borrow_size: What a margin order borrowed, where the reply tells.
        loan_apply_id: Id of that loan.
        no_effect: The cancel changed nothing, because the order was done or being cancelled already.
        evidence: How it is known: by the exchange's ``reply``, or, where none came, by a private order ``event``. Then
            ``raw`` is empty and there are no times of the gateway.
        order: The order as that event, or a look-up, showed it; else ``None``.
        test: The order was checked and not placed: the ids are of an order that does not exist. It went over REST,
            so there is no line and no request id.
    """

    op: str
    order_id: str | None
    client_oid: str | None
    request_id: str
    latency: float
    in_time: int | None
    out_time: int | None
    rate_limit: RateLimit | None
    ws_key: str
    connection_id: str
    data: Any = attrs.field(repr=False)
    raw: str = attrs.field(repr=False)
    result: OrderResult | None = None
    borrow_size: Decimal | None = None
    loan_apply_id: str | None = None
    no_effect: bool = False
    test: bool = False
    evidence: Evidence = "reply"
    order: OrderState | None = None

    def _repr_html_(self) -> str:
        """Return a small table, for notebooks."""
        effect = "none: the order was done, or being cancelled, already" if self.no_effect else None
        left = None if self.rate_limit is None else f"{self.rate_limit.remaining} of {self.rate_limit.limit}"
        facts = {
            "operation": f"{self.op}, as a test: nothing was placed" if self.test else self.op,
            "orderId": self.order_id,
            "clientOid": self.client_oid,
            "effect": effect,
            "after": f"{self.latency * 1000:.1f} ms",
            "known by": None if self.evidence == "reply" else "a private order event",
            "request limit left": left,
        }
        return facts_html(type(self).__name__, facts)


make_order_ack: Callable[..., OrderAck] = _NewOrderAck  # type: ignore[assignment]
"""Make an `OrderAck` of its fields without a default, as its constructor does, in a fifth of the time."""


@attrs.frozen(repr=False)
class BatchResult:
    """
    One outcome an order of a batch. A sequence of them, in the order sent.

    Attributes:
        op: Operation, such as ``futures.multi_order``.
        results: `OrderAck`, `Rejected` or `OutcomeUnknown`, each a value: nothing was raised for one order. A batch
            that a call returns holds no `OutcomeUnknown`; one that an `OutcomeUnknown` carries holds at least one.
    """

    op: str
    results: tuple[OrderAck | Rejected | OutcomeUnknown, ...]

    @property
    def accepted(self) -> tuple[OrderAck, ...]:
        """The acks."""
        return tuple(result for result in self.results if isinstance(result, OrderAck))

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The refusals."""
        return tuple(result for result in self.results if isinstance(result, Rejected))

    @property
    def unknown(self) -> tuple[OutcomeUnknown, ...]:
        """Those of which it is not known whether the exchange took them."""
        return tuple(result for result in self.results if isinstance(result, OutcomeUnknown))

    @property
    def all_accepted(self) -> bool:
        """Whether the exchange took every order of the batch."""
        return len(self.accepted) == len(self.results)

    def by_client_oid(self, client_oid: str) -> OrderAck | Rejected | OutcomeUnknown:
        """Return the outcome of the order with this client order id. Raises KeyError if the batch has none."""
        return self._find("client_oid", client_oid)

    def by_order_id(self, order_id: str) -> OrderAck | Rejected | OutcomeUnknown:
        """Return the outcome of the order with this id of the exchange. Raises KeyError if the batch has none."""
        return self._find("order_id", order_id)

    def _find(self, name: str, value: str) -> OrderAck | Rejected | OutcomeUnknown:
        for result in self.results:
            if getattr(result, name) == value:
                return result
        raise KeyError(value)

    def __iter__(self) -> Iterator[OrderAck | Rejected | OutcomeUnknown]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, index: int) -> OrderAck | Rejected | OutcomeUnknown:
        return self.results[index]

    def rows(self) -> list[dict[str, Any]]:
        """Return a row an order: its ids, and how it ended in a word and a sentence."""
        return [
            {
                "outcome": type(result).__name__,
                "order_id": result.order_id,
                "client_oid": result.client_oid,
                "text": "" if isinstance(result, OrderAck) else str(result),
            }
            for result in self.results
        ]

    def _repr_html_(self) -> str:
        return rows_html(f"BatchResult {self.op}", self.rows())

    def __repr__(self) -> str:
        counts = {"accepted": self.accepted, "refused": self.rejected, "unknown": self.unknown}
        told = ", ".join(f"{len(results)} {word}" for word, results in counts.items() if results)
        return f"<BatchResult {self.op}: {told or 'empty'}>"


@attrs.frozen
class BookSnapshot:
    """
    An order book at one moment, as a REST call or a local order book tells it.

    Attributes:
        symbol: Whose book.
        sequence: The number of the last change that is in it.
        bids: ``(price, size)`` of each level, best first.
        asks: Likewise.
        time_ns: The exchange's time of it, nanoseconds since 1970; spot books tell milliseconds.
    """

    symbol: str
    sequence: int
    bids: tuple[tuple[Decimal, Decimal], ...] = attrs.field(repr=False)
    asks: tuple[tuple[Decimal, Decimal], ...] = attrs.field(repr=False)
    time_ns: int

    @property
    def time_ms(self) -> int:
        """The same time in milliseconds."""
        return self.time_ns // 1_000_000

    def rows(self) -> list[dict[str, Any]]:
        """Return a row a level: ``side`` (``bid`` or ``ask``), ``price`` and ``size``, best first."""
        sides = {"bid": self.bids, "ask": self.asks}
        return [
            {"side": side, "price": price, "size": size} for side, levels in sides.items() for price, size in levels
        ]

    def _repr_html_(self) -> str:
        return rows_html(f"{self.symbol}, sequence {self.sequence}", self.rows())


@attrs.frozen
class BookGap:
    """
    ``gap``: changes of a local order book are missing.

    Attributes:
        symbol: Whose book.
        first_missing: First sequence number that did not come.
        last_missing: Last one before the change that did.
    """

    ws_key: str
    connection_id: str | None
    symbol: str
    first_missing: int
    last_missing: int


@attrs.frozen
class BookStale:
    """
    ``stale``: a local order book that was live cannot be read until it has caught up.

    Attributes:
        symbol: Whose book.
        reason: Why, in words: ``gap``, ``the line was lost``, ``crossed``, ``checksum``, or what else it was.
    """

    ws_key: str
    connection_id: str | None
    symbol: str
    reason: str


EVENTS: Mapping[str, type] = {
    "open": Opened,
    "update": Update,
    "response": Response,
    "authenticated": Authenticated,
    "reconnect": Reconnecting,
    "reconnected": Reconnected,
    "close": Closed,
    "exception": ExceptionRaised,
    "suspended": Suspended,
    "overflow": Overflow,
    "late_reply": LateReply,
    "resolved": Resolved,
    "unknown": UnknownMessage,
    "gap": BookGap,
    "stale": BookStale,
}
"""Event names accepted by ``on``, ``once``, ``off`` and ``wait_for``."""
