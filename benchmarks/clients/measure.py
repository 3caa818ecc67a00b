"""The loops around what is measured, the same for every client."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from time import perf_counter, perf_counter_ns
from typing import Any, Protocol

from benchmarks.job import Job

__all__ = ["FIRST_SEQUENCE", "ORDER", "Tally", "in_flight", "rate", "round_trips"]

ORDER = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.0001"}

FIRST_SEQUENCE = 1_000_000_000_001
"""Where the server's streams begin."""


class Waitable(Protocol):
    """The part of a ``concurrent.futures.Future`` that is used here."""

    def result(self, timeout: float | None = None) -> object: ...


def round_trips(place_order: Callable[[], object], job: Job) -> dict[str, Any]:
    """Place orders one after another and take the time of each."""
    for _ in range(job.warm_up):
        place_order()
    took = []
    before = perf_counter_ns()
    stop = before + int(job.time_limit * 1e9)
    for _ in range(job.round_trips):
        place_order()
        now = perf_counter_ns()
        took.append(now - before)
        if now > stop:
            break
        before = now
    took.sort()
    return {
        "round_trips": len(took),
        "p50_us": took[len(took) // 2] / 1000,
        "p99_us": took[len(took) * 99 // 100] / 1000,
    }


def in_flight(submit_order: Callable[[], Waitable], job: Job) -> dict[str, Any]:
    """Keep ``job.window`` orders in flight: wait for the oldest, then submit the next."""
    waiting: deque[Waitable] = deque()
    done = 0
    started = perf_counter()
    stop = started + job.time_limit
    for _ in range(job.pipelined):
        if len(waiting) == job.window:
            waiting.popleft().result(job.time_limit)
            done += 1
            if perf_counter() > stop:
                break
        waiting.append(submit_order())
    for future in waiting:
        future.result(job.time_limit)
    return rate(done + len(waiting), perf_counter() - started)


def rate(orders: int, seconds: float) -> dict[str, Any]:
    return {"pipelined": orders, "orders_per_s": orders / seconds}


class Tally:
    """
    Counts the ticker payloads of one stream; the same listener for every client.

    The clock runs from the first payload to the last of the stream, so connecting is not in it.
    """

    def __init__(self, job: Job) -> None:
        self._expected = job.messages
        self._last = str(FIRST_SEQUENCE + job.messages - 1)
        self._received = 0
        self._started = self._ended = 0.0
        self._is_over = threading.Event()

    def count(self, payload: Mapping[str, Any]) -> bool:
        """Take one payload; return whether it is the last."""
        if not self._received:
            self._started = perf_counter()
        self._received += 1
        if payload["sequence"] == self._last:
            self._ended = perf_counter()
            self._is_over.set()
            return True
        return False

    def wait(self, timeout: float) -> dict[str, Any]:
        """Return the rate once the last payload is in; ``TimeoutError`` if it does not come."""
        if not self._is_over.wait(timeout):
            raise TimeoutError(f"{self._received} of {self._expected} messages in {timeout} s")
        return {
            "messages": self._received,
            "lost": self._expected - self._received,
            "messages_per_s": self._received / (self._ended - self._started),
        }
