"""What became of requests, counted."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import NotSent, OutcomeUnknown, Rejected
from kucoin_sync.events import BatchResult, OrderAck, Pong, RateLimit
from kucoin_sync.kucoin.operations import KucoinRules
from kucoin_sync.orders.tally import OperationStats, RequestTally
from kucoin_sync.protocol.messages import Reply

FACTS: dict[str, Any] = {
    "op": "spot.order",
    "request_id": "r-1",
    "client_oid": "c-1",
    "order_id": None,
    "symbol": "BTC-USDT",
    "request": {},
    "sent": "complete",
    "bytes_sent": 1,
    "started_at": 0.0,
    "elapsed": 0.0,
    "ws_key": "x",
    "connection_id": "life-1",
}
ACK = OrderAck("spot.order", "o", "c", "r", 0.1, None, None, None, "x", "life-1", None, "")
REJECTED = Rejected(code="1", msg="", **FACTS)
UNKNOWN = OutcomeUnknown(reason="timeout", **FACTS)
NOT_SENT = NotSent(**FACTS)


RULES = KucoinRules(None)
BATCH = RULES.operations["futures.multi_order"]


def ended(op: str = "spot.order", latency: float | None = None, limit: RateLimit | None = None) -> PendingRequest:
    request = PendingRequest("r", op, [{}, {}, {}], Deadline(1.0))
    if latency is not None:
        request.sent_at, request.finished_at = 100.0, 100.0 + latency
        request.reply = Reply("r", op, "200000", "", None, None, None, limit, "")
    return request


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (ACK, OperationStats(accepted=1)),
        (Pong("r", 0.1, None, "x", "life-1"), OperationStats(accepted=1)),
        (REJECTED, OperationStats(rejected=1)),
        (UNKNOWN, OperationStats(unknown=1)),
        (NOT_SENT, OperationStats(not_sent=3)),
        (BatchResult("spot.order", (ACK, REJECTED, ACK)), OperationStats(accepted=2, rejected=1)),
        (
            OutcomeUnknown(
                reason="partial_batch", results=BatchResult("spot.order", (ACK, REJECTED, UNKNOWN)), **FACTS
            ),
            OperationStats(accepted=1, rejected=1, unknown=1),
        ),
    ],
)
def test_each_order_is_counted_once_by_what_became_of_it(outcome: Any, expected: OperationStats) -> None:
    tally = RequestTally()
    tally.count(ended(), BATCH, outcome, ws_key="x")
    assert dict(tally.snapshot().operations) == {"spot.order": expected}


def test_latency_is_that_of_replies() -> None:
    tally = RequestTally()
    tally.count(ended(latency=1.0), BATCH, ACK, ws_key="x")
    tally.count(ended(), BATCH, UNKNOWN, ws_key="x")
    tally.count(ended(latency=3.0), BATCH, REJECTED, ws_key="x")
    stats = tally.snapshot().operations["spot.order"]
    assert (stats.last_latency, stats.mean_latency) == (3.0, 2.0)


def test_the_last_word_about_a_request_pool_is_kept_by_connection() -> None:
    first, last = RateLimit(10, 9, 1.0), RateLimit(10, 8, 0.9)
    tally = RequestTally()
    for ws_key, limit in (("spot", first), ("futures", first), ("spot", last), ("spot", None)):
        tally.count(ended(latency=1.0, limit=limit), BATCH, ACK, ws_key=ws_key)
    limits = tally.snapshot().rate_limits
    assert {name: reading.rate_limit for name, reading in limits.items()} == {"spot": last, "futures": first}
    assert limits["spot"].read_at >= limits["futures"].read_at


def test_a_snapshot_stays_as_it_was() -> None:
    tally = RequestTally()
    before = tally.snapshot()
    tally.count(ended(), BATCH, ACK, ws_key="x")
    assert dict(before.operations) == {}
    with pytest.raises(TypeError):
        before.operations["x"] = OperationStats()  # type: ignore[index]


def test_S33_no_count_is_lost_between_threads() -> None:
    tally = RequestTally()
    start = threading.Barrier(4)

    def count() -> None:
        start.wait(10)
        for _ in range(500):
            tally.count(ended(latency=1.0), BATCH, ACK, ws_key="x")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert tally.snapshot().operations["spot.order"].accepted == 2000
