"""
What a client did so far and how it stands, in numbers: the frozen values that ``client.stats()`` returns.

All durations are seconds. Counters begin with the client and never go back.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from kucoin_sync.events import RateLimit
from kucoin_sync.tables import data_frame, facts_html, rows_html

__all__ = [
    "BUCKET_BOUNDS",
    "ClientStats",
    "ClockStats",
    "ConnectionStats",
    "LatencyHistogram",
    "OperationStats",
    "PoolReading",
    "QueueStats",
    "RequestStats",
    "TopicStats",
    "bucket_of",
]

_STEP = 1.25
BUCKET_BOUNDS: tuple[float, ...] = tuple(50e-6 * _STEP**index for index in range(64))
"""Upper bounds of the latency buckets, seconds: from 50 microseconds to 64 seconds, each a quarter above the last."""


def bucket_of(seconds: float) -> int:
    """Return which bucket a latency falls into; the one behind the last bound takes what is above it."""
    return bisect.bisect_left(BUCKET_BOUNDS, seconds)


@attrs.frozen(repr=False)
class LatencyHistogram:
    """
    How many latencies fell into which bucket.

    Attributes:
        counts: One more than `BUCKET_BOUNDS`: bucket ``i`` counts what is at most ``BUCKET_BOUNDS[i]`` and above the
            bound before it, the last one what is above them all.
        least: The smallest; ``None`` if there is none.
        most: The largest.
    """

    counts: tuple[int, ...] = (0,) * (len(BUCKET_BOUNDS) + 1)
    least: float | None = None
    most: float | None = None

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.counts)

    def quantile(self, share: float) -> float | None:
        """
        Return a latency that this share of all does not exceed, too large by a quarter at most.

        Args:
            share: From 0 to 1; 0.5 is the median.

        Returns:
            Seconds; ``None`` if there are no latencies.

        Raises:
            ValueError: If ``share`` is outside.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"share: must be from 0 to 1, got {share!r}")
        if self.least is None or self.most is None:
            return None
        rank = max(1, math.ceil(share * self.total))
        for count, bound in zip(self.counts, BUCKET_BOUNDS, strict=False):
            rank -= count
            if rank <= 0:
                return min(max(bound, self.least), self.most)
        return self.most

    def buckets(self) -> Iterator[tuple[float, int]]:
        """Yield the upper bound and the count of each bucket that is not empty."""
        for bound, count in zip((*BUCKET_BOUNDS, math.inf), self.counts, strict=True):
            if count:
                yield bound, count

    def __repr__(self) -> str:
        if not self.total:
            return "<LatencyHistogram empty>"
        shown = ", ".join(f"p{share * 100:g} {show_ms(self.quantile(share))}" for share in (0.5, 0.99))
        return f"<LatencyHistogram {self.total}: {shown}, most {show_ms(self.most)}>"


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
        latency: The same of all replies, as a histogram.
    """

    accepted: int = 0
    rejected: int = 0
    not_sent: int = 0
    unknown: int = 0
    last_latency: float | None = None
    mean_latency: float | None = None
    latency: LatencyHistogram = LatencyHistogram()


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

    def rows(self) -> list[dict[str, Any]]:
        """Return a row an operation: counts, and latencies in milliseconds."""
        return [
            {
                "operation": name,
                "accepted": each.accepted,
                "rejected": each.rejected,
                "not_sent": each.not_sent,
                "unknown": each.unknown,
                "p50_ms": _ms(each.latency.quantile(0.5)),
                "p99_ms": _ms(each.latency.quantile(0.99)),
                "most_ms": _ms(each.latency.most),
            }
            for name, each in self.operations.items()
        ]

    def to_dataframe(self) -> Any:
        """Return `rows` as a `pandas.DataFrame`. Raises ImportError without pandas (extra ``notebook``)."""
        return data_frame(self.rows())

    def _repr_html_(self) -> str:
        return rows_html("Requests", self.rows())


@attrs.frozen
class ClockStats:
    """
    What is known of the exchange's clock.

    Attributes:
        offset_ms: Its clock minus this machine's, milliseconds; 0 before anything is known.
        uncertainty_ms: How far that may be off; infinite before anything is known.
    """

    offset_ms: float
    uncertainty_ms: float


@attrs.frozen
class ConnectionStats:
    """
    One connection.

    Attributes:
        ws_key: Name of the connection; further ones of the same name have a number, ``spotPublicV1.2``.
        state: ``idle``, ``opening``, ``ready``, ``lost``, ``draining`` or ``closed``.
        connection_id: Which life of it is ready now; ``None`` if none is.
        age: Seconds since that life became ready.
        silence: Seconds since it last brought anything, pongs included.
        round_trip: Of its latest answered heartbeat, seconds; ``None`` before one was answered.
        reconnects: Lines that were opened after the first.
        failed_openings: Attempts that failed.
        last_error: How the last line ended or why the last opening failed, in words; ``None`` if nothing did.
        topics: Single topics that are wanted on it.
        in_flight: Requests that wait for their reply.
    """

    ws_key: str
    state: str
    connection_id: str | None
    age: float | None
    silence: float | None
    round_trip: float | None
    reconnects: int
    failed_openings: int
    last_error: str | None
    topics: int
    in_flight: int


@attrs.frozen
class TopicStats:
    """
    One topic.

    Attributes:
        ws_key: Name of its connection.
        topic: Single topic.
        state: ``idle``, ``subscribing``, ``active``, ``unsubscribing`` or ``doubtful``.
        age: Seconds since its last message; ``None`` if none came since it was subscribed.
    """

    ws_key: str
    topic: str
    state: str
    age: float | None


@attrs.frozen
class QueueStats:
    """
    One queue of updates that wait to be taken.

    Attributes:
        name: ``listeners``, or the topics of a stream.
        waiting: Items in it.
        size: Updates it holds at most.
        dropped: Updates it lost so far.
    """

    name: str
    waiting: int
    size: int
    dropped: int


@attrs.frozen(repr=False)
class ClientStats:
    """
    Everything at one glance. Taking it costs the client's lines nothing: they only count.

    ``stats["requests"]`` is the same as ``stats.requests``, and so on.

    Attributes:
        taken_at: Wall clock, seconds since 1970.
        requests: What became of requests, by operation.
        unresolved: Orders whose outcome is unknown now.
        clock: The exchange's clock.
        connections: The connections there are.
        topics: What is subscribed.
        queues: The listeners' queue and that of every open stream.
        openings_left: Connections that may still be opened now; more every minute.
        rest_limits: State of the request pools of REST calls, by host and pool, as the latest answers told.
    """

    taken_at: float
    requests: RequestStats
    unresolved: int
    clock: ClockStats
    connections: tuple[ConnectionStats, ...]
    topics: tuple[TopicStats, ...]
    queues: tuple[QueueStats, ...]
    openings_left: int
    rest_limits: Mapping[str, RateLimit]

    @property
    def reconnects(self) -> int:
        """Of all connections together."""
        return sum(each.reconnects for each in self.connections)

    @property
    def dropped(self) -> int:
        """Updates that were lost in all queues together."""
        return sum(each.dropped for each in self.queues)

    def __getitem__(self, name: str) -> Any:
        if name not in _FIELDS:
            raise KeyError(name)
        return getattr(self, name)

    def as_dict(self) -> dict[str, Any]:
        """Return it as dictionaries, lists, texts and numbers, ready for ``json.dumps``; latencies as quantiles."""
        pools = {name: reading.rate_limit for name, reading in self.requests.rate_limits.items()}
        return {
            "taken_at": self.taken_at,
            "requests": self.requests.rows(),
            "rate_limits": {name: attrs.asdict(limit) for name, limit in {**pools, **self.rest_limits}.items()},
            "unresolved": self.unresolved,
            "clock_offset_ms": self.clock.offset_ms if math.isfinite(self.clock.uncertainty_ms) else None,
            "connections": [attrs.asdict(each) for each in self.connections],
            "topics": [attrs.asdict(each) for each in self.topics],
            "queues": [attrs.asdict(each) for each in self.queues],
            "openings_left": self.openings_left,
        }

    def to_dataframe(self, table: str = "connections") -> Any:
        """
        Return one of its tables as a `pandas.DataFrame`.

        Args:
            table: ``connections``, ``topics``, ``queues`` or ``requests``.

        Raises:
            ValueError: If there is no such table.
            ImportError: Without pandas, which the extra ``notebook`` brings.
        """
        if table not in ("connections", "topics", "queues", "requests"):
            raise ValueError(f"table: must be connections, topics, queues or requests, got {table!r:.60}")
        return data_frame(self.as_dict()[table])

    def _facts(self) -> dict[str, Any]:
        clock = "not known yet"
        if math.isfinite(self.clock.uncertainty_ms):
            clock = f"{self.clock.offset_ms:+.0f} ms off this machine's, known to {self.clock.uncertainty_ms:.1f} ms"
        return {
            "exchange's clock": clock,
            "unresolved orders": self.unresolved,
            "reconnects": self.reconnects,
            "updates dropped": self.dropped,
            "openings left": self.openings_left,
        }

    def _repr_html_(self) -> str:
        parts = [facts_html("Client", self._facts())]
        shown = self.as_dict()
        for name in ("connections", "requests", "topics", "queues"):
            if shown[name]:
                parts.append(rows_html(name.capitalize(), [_rounded(row) for row in shown[name]]))
        return "".join(parts)

    def __repr__(self) -> str:
        lines = ", ".join(f"{each.ws_key} {each.state}" for each in self.connections) or "no connections yet"
        calls = sum(each.accepted + each.rejected + each.unknown for each in self.requests.operations.values())
        return (
            f"<ClientStats {lines}; {len(self.topics)} topics, {calls} requests, {self.unresolved} unresolved,"
            f" {self.reconnects} reconnects, {self.dropped} dropped>"
        )


_FIELDS = frozenset(field.name for field in attrs.fields(ClientStats))


def show_ms(seconds: float | None) -> str:
    """Return a latency for people, such as ``4.1 ms``; ``-`` for none."""
    return "-" if seconds is None else f"{seconds * 1000:.1f} ms"


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def _rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in row.items()}
