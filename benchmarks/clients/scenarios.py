"""
What is measured of every synchronous client.

Its module has ``open_orders(job)``, which returns an `OrderLine` that is ready, and ``read_stream(job, take)``, which
subscribes to ``job.topic`` and has ``take`` called with the data of each message; it may return at once or when
``take`` says that it was the last, and returns what must live until then: a client that nobody holds closes itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs

from benchmarks.clients.computing import Computing
from benchmarks.clients.measure import Lateness, Tally, Waitable, in_flight, many_callers, round_trips
from benchmarks.job import Job

__all__ = ["FutureLine", "OrderLine", "Take", "callers", "latency", "orders", "outstanding", "stream"]

Take = Callable[[Mapping[str, Any]], bool]

ALONE = 0.3
"""Seconds in which the computing thread is measured by itself."""


class OrderLine(Protocol):
    """How a client places one order and waits for its reply, and keeps ``job.window`` orders in flight."""

    @property
    def place_order(self) -> Callable[[], object]: ...

    def keep_in_flight(self, job: Job) -> dict[str, Any]: ...


@attrs.frozen
class FutureLine:
    """The `OrderLine` of a client that can return a Future of each reply, too."""

    place_order: Callable[[], object]
    submit_order: Callable[[], Waitable]

    def keep_in_flight(self, job: Job) -> dict[str, Any]:
        return in_flight(self.submit_order, job)


class ClientModule(Protocol):
    """A module of this package that measures a synchronous client."""

    def open_orders(self, job: Job) -> OrderLine: ...

    def read_stream(self, job: Job, take: Take) -> object: ...


def orders(client: ClientModule, job: Job) -> dict[str, Any]:
    """Measure round trips, and orders in flight where the job has some; beside a computing thread if it says so."""
    computing = Computing(ALONE) if job.computing else None
    line = client.open_orders(job)
    if computing is not None:
        computing.mark()
    result = round_trips(line.place_order, job)
    if computing is not None:
        result["kept"] = computing.kept()
    if job.pipelined:
        result |= line.keep_in_flight(job)
    return result


def outstanding(client: ClientModule, job: Job) -> dict[str, Any]:
    """Measure orders in flight alone."""
    line = client.open_orders(job)
    for _ in range(job.warm_up):
        line.place_order()
    return line.keep_in_flight(job)


def callers(client: ClientModule, job: Job) -> dict[str, Any]:
    """Measure orders of many threads at once."""
    return many_callers(client.open_orders(job).place_order, job)


def stream(client: ClientModule, job: Job) -> dict[str, Any]:
    """Measure how fast a stream is read."""
    tally = Tally(job)
    held = client.read_stream(job, tally.take)
    result = tally.wait(job.time_limit)
    del held
    return result


def latency(client: ClientModule, job: Job) -> dict[str, Any]:
    """Measure how old the messages of a steady stream are; beside a computing thread if the job says so."""
    computing = Computing(ALONE) if job.computing else None
    lateness = Lateness(job)
    if computing is not None:
        computing.mark()
    held = client.read_stream(job, lateness.take)
    result = lateness.wait(job.time_limit)
    if computing is not None:
        result["kept"] = computing.kept()
    del held
    return result
