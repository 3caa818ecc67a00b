"""The loops around what is measured, the same for every client."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from time import monotonic_ns, perf_counter, perf_counter_ns
from typing import Any, Protocol

from benchmarks.job import Job

__all__ = [
    "FIRST_SEQUENCE",
    "GRACE",
    "ORDER",
    "Lateness",
    "Tally",
    "Waitable",
    "in_flight",
    "many_callers",
    "percentiles",
    "rate",
    "round_trips",
    "summarize_lateness",
]

ORDER: dict[str, Any] = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.0001"}

FIRST_SEQUENCE = 1_000_000_000_001
"""Where the server's streams begin."""

GRACE = 0.5
"""Seconds that a steady stream may be behind when it ends; what has not come by then counts as not come."""


class Waitable(Protocol):
    """The part of a ``concurrent.futures.Future`` that is used here."""

    def result(self, timeout: float | None = None) -> object: ...


def percentiles(nanoseconds: Sequence[int]) -> dict[str, float]:
    """Return p50 and p99 in microseconds."""
    ordered = sorted(nanoseconds)
    return {"p50_us": ordered[len(ordered) // 2] / 1000, "p99_us": ordered[len(ordered) * 99 // 100] / 1000}


def round_trips(place_order: Callable[[], object], job: Job) -> dict[str, Any]:
    """Place orders one after another and take the time of each."""
    for _ in range(job.warm_up):
        place_order()
    took = _time_orders(place_order, job.round_trips, job.time_limit)
    return {"round_trips": len(took), **percentiles(took)}


def _time_orders(place_order: Callable[[], object], orders: int, limit: float) -> list[int]:
    took = []
    before = perf_counter_ns()
    stop = before + int(limit * 1e9)
    for _ in range(orders):
        place_order()
        now = perf_counter_ns()
        took.append(now - before)
        if now > stop:
            break
        before = now
    return took


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


def many_callers(place_order: Callable[[], object], job: Job) -> dict[str, Any]:
    """Place orders from ``job.callers`` threads at once, each waiting for its own."""
    for _ in range(job.warm_up):
        place_order()
    start = threading.Barrier(job.callers + 1)
    took: list[list[int]] = []
    failures: list[BaseException] = []

    def call() -> None:
        start.wait()
        try:
            took.append(_time_orders(place_order, job.round_trips // job.callers, job.time_limit))
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=call) for _ in range(job.callers)]
    for thread in threads:
        thread.start()
    start.wait()
    started = perf_counter()
    for thread in threads:
        thread.join()
    seconds = perf_counter() - started
    if failures:
        raise failures[0]
    merged = [each for one in took for each in one]
    return {"orders_per_s": len(merged) / seconds, **percentiles(merged)}


class Tally:
    """
    Counts the payloads of one stream; the same listener for every client, on any number of threads.

    The clock runs from the first payload to the last of the stream, so connecting is not in it.
    """

    def __init__(self, job: Job) -> None:
        self._expected = job.messages
        self._last = str(FIRST_SEQUENCE + job.messages - 1)
        self._numbers = count(1)
        self._received = 0
        self._started = self._ended = 0.0
        self._is_over = threading.Event()

    def take(self, payload: Mapping[str, Any]) -> bool:
        """Take one payload; return whether it is the last."""
        number = next(self._numbers)
        if number == 1:
            self._started = perf_counter()
        # By number where several connections have a part of the sequence, and by sequence where some were dropped.
        if number == self._expected or payload["sequence"] == self._last:
            self._ended = perf_counter()
            self._received = number
            self._is_over.set()
            return True
        return False

    def wait(self, timeout: float) -> dict[str, Any]:
        """Return the rate once the last payload is in; ``TimeoutError`` if it does not come."""
        if not self._is_over.wait(timeout):
            raise TimeoutError(f"{next(self._numbers) - 1} of {self._expected} messages in {timeout} s")
        return {
            "messages": self._received,
            "lost": self._expected - self._received,
            "messages_per_s": self._received / (self._ended - self._started),
        }


class Lateness:
    """
    Compares the server's stamp in each payload of a steady stream with the moment at which the listener has it.

    Both sides read CLOCK_MONOTONIC, which all processes of a Linux machine share.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._stamps: list[int] = []
        self._arrivals: list[int] = []
        self._stop = 0
        self._is_over = threading.Event()

    def take(self, payload: Mapping[str, Any]) -> bool:
        """Take one payload; return whether it is the last that counts."""
        now = monotonic_ns()
        if not self._stop:
            self._stop = now + int((self._job.messages / self._job.per_second + GRACE) * 1e9)
        self._stamps.append(int(payload["stamp"]))
        self._arrivals.append(now)
        if len(self._arrivals) == self._job.messages or now > self._stop:
            self._is_over.set()
            return True
        return False

    def wait(self, timeout: float) -> dict[str, Any]:
        """Return what `summarize_lateness` does once the stream is over; ``TimeoutError`` if nothing came."""
        longest = self._job.messages / self._job.per_second + 2 * GRACE
        self._is_over.wait(min(timeout, longest))
        if not self._arrivals:
            raise TimeoutError(f"no message in {longest} s")
        received = len(self._arrivals)
        return summarize_lateness(
            self._stamps[:received], self._arrivals[:received], messages=self._job.messages, every=self._every
        )

    @property
    def _every(self) -> int:
        return 1_000_000_000 // self._job.per_second


def summarize_lateness(stamps: Sequence[int], arrivals: Sequence[int], *, messages: int, every: int) -> dict[str, Any]:
    """
    Return p50 and p99 of the latency in microseconds, and the backlog.

    What has not arrived when the count stops counts with the age that it has by then, or the median would get better
    the further a client falls behind. The backlog is what had not arrived when the last message was sent, without that
    message.

    Args:
        stamps: When each message that arrived was sent, in nanoseconds.
        arrivals: When the listener had it, on the same clock.
        messages: How many were sent, one every ``every`` nanoseconds.
    """
    received = len(arrivals)
    ages = [arrived - sent for sent, arrived in zip(stamps, arrivals, strict=True)]
    last_sent = stamps[-1] if received == messages else stamps[0] + (messages - 1) * every
    end = max(arrivals[-1], last_sent)
    ages += [end - (stamps[0] + number * every) for number in range(received, messages)]
    in_time = sum(arrived <= last_sent for arrived in arrivals)
    return {"received": received, "backlog": max(0, messages - 1 - in_time), **percentiles(ages)}
