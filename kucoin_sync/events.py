"""
The frozen values a user receives: one class an event, and the acknowledgement of a request.

`EVENTS` maps the name used with ``on(name, listener)`` to the class its listeners receive. Every event has
``ws_key`` and ``connection_id``: which connection, and which of its lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from kucoin_sync.errors import KucoinSyncError

__all__ = [
    "EVENTS",
    "Authenticated",
    "BookSnapshot",
    "Closed",
    "ExceptionRaised",
    "LateReply",
    "Opened",
    "OrderAck",
    "Origin",
    "Overflow",
    "Pong",
    "RateLimit",
    "Reconnected",
    "Reconnecting",
    "Response",
    "Suspended",
    "UnknownMessage",
    "Update",
]


@attrs.frozen
class Origin:
    """Which connection a message came from (``ws_key``) and which life of it (``connection_id``)."""

    ws_key: str
    connection_id: str


@attrs.frozen
class Update:
    """
    One push of data.

    Attributes:
        topic: The single topic it belongs to, such as ``/market/ticker:BTC-USDT``.
        subject: What kind of push it is, or ``None``.
        data: The payload as the exchange spells it; JSON numbers are `float` or `int` here, the exact digits
            are in ``raw``.
        sequence: The exchange's sequence number where the message has one.
        received_at: Monotonic clock when it was read, seconds.
        raw: The message as received.
        gap_before: Something may be missing between this update and the one before it: a reconnect, or a
            full queue.
    """

    topic: str
    subject: str | None
    data: Any
    sequence: int | None
    received_at: float
    raw: str = attrs.field(repr=False)
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
    """``response``: the exchange answered a subscribe or an unsubscribe (``kind``). ``raw`` is its text."""

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


@attrs.frozen
class RateLimit:
    """State of the exchange's request pool: ``limit``, ``remaining``, and ``reset`` seconds until it refills."""

    limit: int | None
    remaining: int | None
    reset: float | None


@attrs.frozen
class Pong:
    """Answer to a ``ping`` request: ``latency`` in seconds, the exchange's clock in ms where it told."""

    request_id: str
    latency: float
    server_timestamp_ms: int | None
    ws_key: str
    connection_id: str


@attrs.frozen
class OrderAck:
    """
    The exchange took the request (which does not mean that an order rests or was filled).

    Attributes:
        op: Operation, such as ``spot.order``.
        order_id: The exchange's order id; for a modification the id of the new order; ``None`` where the
            exchange answered by client order id only.
        client_oid: Client order id of the order concerned, where known.
        request_id: Id of the frame.
        latency: Seconds from handing over the frame to reading the reply.
        in_time: Gateway's receive time as sent, ms (ns on connections opened so).
        out_time: Gateway's send time, same unit.
        rate_limit: State of the request pool, or ``None``.
        data: The reply's ``data``.
        raw: The reply as received.
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


@attrs.frozen
class BookSnapshot:
    """
    An order book at one moment, as a REST call tells it.

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
    "unknown": UnknownMessage,
}
"""Event names accepted by ``on``, ``once``, ``off`` and ``wait_for``."""
