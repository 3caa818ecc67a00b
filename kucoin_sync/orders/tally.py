"""
What became of requests so far, in numbers: a snapshot that any thread may take.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from types import MappingProxyType
from typing import Any

from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import NotSent, Rejected
from kucoin_sync.events import OrderAck, Pong, RateLimit
from kucoin_sync.orders.operation import Operation
from kucoin_sync.stats import BUCKET_BOUNDS, LatencyHistogram, OperationStats, PoolReading, RequestStats

__all__ = ["RequestTally"]


class _Counts:
    """Counters of one operation; the tally's lock is held."""

    __slots__ = (
        "accepted",
        "buckets",
        "last_latency",
        "least",
        "most",
        "not_sent",
        "rejected",
        "replies",
        "total_latency",
        "unknown",
    )

    def __init__(self) -> None:
        self.accepted = self.rejected = self.not_sent = self.unknown = self.replies = 0
        self.total_latency = 0.0
        self.last_latency: float | None = None
        self.buckets = [0] * (len(BUCKET_BOUNDS) + 1)
        self.least, self.most = float("inf"), 0.0

    def add(self, outcome: Any) -> None:
        if isinstance(outcome, (OrderAck, Pong)):
            self.accepted += 1
        elif isinstance(outcome, Rejected):
            self.rejected += 1
        else:
            self.unknown += 1

    def frozen(self) -> OperationStats:
        histogram = LatencyHistogram()
        if self.replies:
            histogram = LatencyHistogram(tuple(self.buckets), self.least, self.most)
        return OperationStats(
            self.accepted,
            self.rejected,
            self.not_sent,
            self.unknown,
            self.last_latency,
            self.total_latency / self.replies if self.replies else None,
            histogram,
        )


class RequestTally:
    """Counts requests as they end."""

    def __init__(self) -> None:
        # Guards both tables and the counters in them. Re-entrant, for a signal handler may make a request from the
        # middle of it.
        self._lock = threading.RLock()
        self._operations: dict[str, _Counts] = {}
        self._rate_limits: dict[str, tuple[RateLimit, float]] = {}  # and when it was told, seconds since 1970

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
            if type(outcome) is OrderAck:
                counts.accepted += 1
            elif isinstance(outcome, NotSent):
                counts.not_sent += len(operation.items(request.args))
            else:
                results = getattr(outcome, "results", None)  # of a batch, or of the error about one
                for each in (outcome,) if results is None else results:
                    counts.add(each)
            if reply is not None:
                latency = request.finished_at - request.sent_at
                counts.replies += 1
                counts.last_latency = latency
                counts.total_latency += latency
                counts.buckets[bisect_left(BUCKET_BOUNDS, latency)] += 1  # as `bucket_of`
                if latency < counts.least:
                    counts.least = latency
                if latency > counts.most:
                    counts.most = latency
                if reply.rate_limit is not None:
                    self._rate_limits[ws_key] = reply.rate_limit, time.time()

    def snapshot(self) -> RequestStats:
        """Return the numbers as they are now."""
        with self._lock:
            operations = {name: counts.frozen() for name, counts in self._operations.items()}
            rate_limits = {name: PoolReading(*told) for name, told in self._rate_limits.items()}
        return RequestStats(MappingProxyType(operations), MappingProxyType(rate_limits))
