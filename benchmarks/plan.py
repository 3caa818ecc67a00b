"""What each sub-command measures: against which server, with which load, in how many rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs

from benchmarks.clients import CLIENTS

__all__ = [
    "GROUPS",
    "LATE",
    "LATENCY_RATES",
    "LATE_REPLY_US",
    "PLAIN",
    "SCALING",
    "STANDARD_JSON",
    "TLS",
    "Axis",
    "Case",
    "Plan",
    "Step",
    "steps",
]

LATE_REPLY_US = 1000
PLAIN, TLS, LATE = "plain", "TLS", "TLS, replies 1 ms late"
"""The servers, and how the tables call them."""

LATENCY_RATES = (1_000, 20_000)
STANDARD_JSON = "standard json"


@attrs.frozen
class Plan:
    """
    What to run.

    Attributes:
        groups: Names in `GROUPS`.
        clients: Names in `benchmarks.clients.CLIENTS`, in the order in which they take turns.
        rounds: Turns of each client.
        budget: Seconds after which no further process is started.
        scale: Share of the full number of orders and messages.
        frames_per_record: How many stream messages share one TLS record.
    """

    groups: tuple[str, ...]
    clients: tuple[str, ...]
    rounds: int
    budget: float
    scale: float
    frames_per_record: int


@attrs.frozen
class Case:
    """
    One thing to measure.

    Attributes:
        measurement: What the results are filed under, together with `setting`; what comes before a colon is what a
            client must say that it has measured.
        setting: `server`, with the load where that differs.
        server: `PLAIN`, `TLS` or `LATE`.
        scenario: Function that measures it; see `Job`.
        load: Fields of the `Job`.
        rounds: Rounds it takes part in; ``None`` is all of them.
    """

    measurement: str
    setting: str
    server: str
    scenario: str
    load: dict[str, Any]
    rounds: int | None = None


@attrs.frozen
class Step:
    """One process of one client in each round; `load` is that of the case, made complete."""

    case: Case
    client: str
    load: dict[str, Any]


@attrs.frozen
class Axis:
    """
    A quantity that grows: `field` of the `Job` gets each of `values`, `load` are its other fields in a full run.

    `each` is what is counted: an order or a message.
    """

    title: str
    each: str
    scenario: str
    field: str
    values: tuple[int, ...]
    load: dict[str, int]


SCALING = {
    axis.title: axis
    for axis in (
        Axis("orders in flight", "order", "outstanding", "window", (1, 8, 64, 512), {"pipelined": 4_000}),
        Axis("callers", "order", "callers", "callers", (1, 4, 16, 64), {"round_trips": 3_200}),
        Axis("topics", "message", "stream", "topics", (10, 100, 1_000, 5_000), {"messages": 40_000}),
        Axis("connections", "message", "stream", "connections", (1, 5, 10, 20), {"messages": 40_000}),
        Axis("listeners", "message", "stream", "listeners", (1, 5, 20, 50), {"messages": 20_000}),
        Axis("bytes of a message", "message", "stream", "message_size", (125, 1_000, 10_000, 100_000), {}),
    )
}
SLOW_ROUNDS = 3
"""Rounds that measurements of many processes, or of seconds each, take part in."""

MOST_BYTES = 50_000_000
"""Of all messages together where their size grows."""

MESSAGES = 40_000
SMALLEST_MESSAGE = 125
CONNECTION_TOPICS = 20
"""Topics that the connections share, where their number grows."""


def steps(plan: Plan) -> Iterator[Step]:
    """Return what one round is made of, in order; the clients of one case take turns."""
    for group in plan.groups:
        for case in _CASES[group](plan.scale):
            for name in plan.clients:
                client = CLIENTS[name]
                if case.measurement.partition(":")[0] in client.measured:
                    # How many messages make a second depends on the client, unless the case says how many there are.
                    yield Step(case, name, {"messages": int(client.messages * plan.scale), **case.load})


def _orders(scale: float) -> Iterator[Case]:
    for server in (PLAIN, TLS):
        load = {"warm_up": int(500 * scale), "round_trips": int(5_000 * scale), "pipelined": int(6_000 * scale)}
        yield Case("orders", server, server, "orders", load)
    load = {"warm_up": int(100 * scale), "round_trips": int(800 * scale)}
    yield Case("orders", LATE, LATE, "orders", load)


def _stream(scale: float) -> Iterator[Case]:
    for server in (PLAIN, TLS):
        yield Case("stream", server, server, "stream", {})


def _latency(scale: float) -> Iterator[Case]:
    for per_second in LATENCY_RATES:
        yield _steady("latency", per_second, 1.0 * max(scale, 0.3), {})


def _steady(measurement: str, per_second: int, seconds: float, load: dict[str, Any]) -> Case:
    load = {"per_second": per_second, "messages": int(per_second * seconds), **load}
    return Case(measurement, f"{TLS}, {per_second:,}/s", TLS, "latency", load, SLOW_ROUNDS)


def _callers(scale: float) -> Iterator[Case]:
    load = {"warm_up": int(500 * scale), "round_trips": int(8_000 * scale), "callers": 8}
    yield Case("callers", PLAIN, PLAIN, "callers", load)


def _computing(scale: float) -> Iterator[Case]:
    load = {"warm_up": 10, "round_trips": int(150 * max(scale, 0.3)), "computing": True}
    yield Case("computing orders", LATE, LATE, "orders", load, SLOW_ROUNDS)
    yield _steady("computing stream", 1_000, 2.0 * max(scale, 0.3), {"computing": True})


def _typed(scale: float) -> Iterator[Case]:
    messages = {"messages": int(60_000 * scale)}
    yield Case("typed", PLAIN, PLAIN, "typed", messages)
    yield Case("typed", f"{PLAIN}, {STANDARD_JSON}", PLAIN, "typed", {"standard_json": True, **messages})


def _scaling(scale: float) -> Iterator[Case]:
    for axis in SCALING.values():
        for value in axis.values:
            load = {name: max(int(full * scale), value) for name, full in axis.load.items()}
            load[axis.field] = value
            if axis.field == "message_size":
                load["messages"] = int(min(MESSAGES, MOST_BYTES / value) * scale)
                load["message_size"] = 1 if value == SMALLEST_MESSAGE else value
            if axis.field == "connections":
                load["topics"] = CONNECTION_TOPICS
            yield Case(f"scaling: {axis.title}", str(value), PLAIN, axis.scenario, load, SLOW_ROUNDS)


def _idle(scale: float) -> Iterator[Case]:
    yield Case("idle", TLS, TLS, "idle", {"idle": 20.0 if scale == 1 else 2.0, "time_limit": 40.0}, rounds=1)
    yield Case("imports", PLAIN, PLAIN, "imports", {"round_trips": 3})


_CASES: dict[str, Callable[[float], Iterator[Case]]] = {
    "orders": _orders,
    "stream": _stream,
    "latency": _latency,
    "callers": _callers,
    "computing": _computing,
    "typed": _typed,
    "idle": _idle,
    "scaling": _scaling,
}
GROUPS = tuple(_CASES)
