"""
What became of requests so far, in numbers: a snapshot that any thread may take.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs

from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import NotSent, Rejected
from kucoin_sync.events import OrderAck, Pong, RateLimit
from kucoin_sync.orders.operation import Operation

__all__ = ["OperationStats", "PoolReading", "RequestStats", "RequestTally"]


@attrs.frozen
class OperationStats:
    """
    What became of the requests of one operation; of a batch every order counts.

    Attributes:
        accepted: Acks, and pongs.
        rejected: Refusals.
        not_sent: Of which no byte left.
        unknown: The others.
        last_latency: Seconds from sending a frame to its reply, the last time there was one; ``None`` before.
        mean_latency: The same on average over all replies.
    """

    accepted: int = 0
    rejected: int = 0
    not_sent: int = 0
    unknown: int = 0
    last_latency: float | None = None
    mean_latency: float | None = None


@attrs.frozen
class PoolReading:
    """State of a request pool as a reply told it, and the wall clock then, seconds since 1970."""

    rate_limit: RateLimit
    read_at: float


@attrs.frozen
class RequestStats:
    """
    What became of a client's requests so far.

    Attributes:
        operations: By operation.
        rate_limits: By connection: what its last reply said of the request pool it draws from.
    """

    operations: Mapping[str, OperationStats]
    rate_limits: Mapping[str, PoolReading]


class _Counts:
    """Counters of one operation; the tally's lock is held."""

    __slots__ = ("accepted", "last_latency", "not_sent", "rejected", "replies", "total_latency", "unknown")

    def __init__(self) -> None:
        self.accepted = self.rejected = self.not_sent = self.unknown = self.replies = 0
        self.total_latency = 0.0
        self.last_latency: float | None = None

    def add(self, outcome: Any) -> None:
        if isinstance(outcome, (OrderAck, Pong)):
            self.accepted += 1
        elif isinstance(outcome, Rejected):
            self.rejected += 1
        else:
            self.unknown += 1

    def frozen(self) -> OperationStats:
        return OperationStats(
            self.accepted,
            self.rejected,
            self.not_sent,
            self.unknown,
            self.last_latency,
            self.total_latency / self.replies if self.replies else None,
        )


class RequestTally:
    """Counts requests as they end."""

    def __init__(self) -> None:
        # Guards both tables and the counters in them. Re-entrant, for a signal handler may make a request from the
        # middle of it.
        self._lock = threading.RLock()
        self._operations: dict[str, _Counts] = {}
        self._rate_limits: dict[str, PoolReading] = {}

    def count(self, request: PendingRequest, operation: Operation, outcome: Any, *, ws_key: str) -> None:
        """
        Count a request that ended.

        Args:
            request: With its reply, if it had one.
            operation: Its row.
            outcome: What its call returns or raises.
            ws_key: Name of the connection.
        """
        reply = request.reply
        with self._lock:
            counts = self._operations.get(request.op)
            if counts is None:
                counts = self._operations[request.op] = _Counts()
            if isinstance(outcome, OrderAck):
                counts.accepted += 1
            elif isinstance(outcome, NotSent):
                counts.not_sent += len(operation.items(request.args))
            else:
                results = getattr(outcome, "results", None)  # of a batch, or of the error about one
                for each in (outcome,) if results is None else results:
                    counts.add(each)
            if reply is not None:
                counts.replies += 1
                counts.last_latency = request.finished_at - request.sent_at
                counts.total_latency += counts.last_latency
                if reply.rate_limit is not None:
                    self._rate_limits[ws_key] = PoolReading(reply.rate_limit, time.time())

    def snapshot(self) -> RequestStats:
        """Return the numbers as they are now."""
        with self._lock:
            operations = {name: counts.frozen() for name, counts in self._operations.items()}
            rate_limits = dict(self._rate_limits)
        return RequestStats(MappingProxyType(operations), MappingProxyType(rate_limits))
