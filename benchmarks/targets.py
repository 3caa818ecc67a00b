"""What this library promises of its speed, and whether a run keeps it; plain computation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import attrs

from benchmarks.clients import CLIENTS
from benchmarks.plan import LATE, PLAIN, TLS
from benchmarks.results import Results, difference, median_of, ratio

__all__ = ["NOTHING", "Verdict", "verdicts"]

NOTHING = "--"
"""What stands where nothing was measured: a single dash would begin a list in a page of the documentation."""

THREADED = ("websockets", "plain", "kucoin-sdk")
"""Peers that hand replies from a reader thread to the caller."""

MOST_BACKLOG = 10
"""Messages of a stream of 1,000 a second that may be on their way: 10 ms of it."""

LATENCY = f"{TLS}, 1,000/s"


@attrs.frozen
class Verdict:
    """
    One target.

    Attributes:
        target: What is promised of.
        bound: The promise.
        measured: What this run says; `NOTHING` if it does not.
        is_met: Whether it is kept; ``None`` if this run does not say.
    """

    target: str
    bound: str
    measured: str
    is_met: bool | None

    @property
    def word(self) -> str:
        return {True: "met", False: "not met", None: "not measured"}[self.is_met]


def _at_most(target: str, bound: float, unit: str, value: float | None, peer: str = "") -> Verdict:
    return _judge(target, f"at most {bound:,g} {unit}", unit, value, peer, lambda found: found <= bound)


def _at_least(target: str, bound: float, unit: str, value: float | None, peer: str = "") -> Verdict:
    return _judge(target, f"at least {bound:,g} {unit}", unit, value, peer, lambda found: found >= bound)


def _judge(
    target: str, bound: str, unit: str, value: float | None, peer: str, is_kept: Callable[[float], bool]
) -> Verdict:
    if value is None:
        return Verdict(target, bound, NOTHING, None)
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    # Of "x limit" the number has the x; what it is a multiple of stands in the bound.
    measured = f"{number} {unit.split()[0]}" + (f" ({CLIENTS[peer].title})" if peer else "")
    return Verdict(target, bound, measured, is_kept(value))


def verdicts(results: Results) -> Iterator[Verdict]:
    """Judge a run by every target that a run of minutes can judge."""
    yield from _round_trips(results)
    yield from _in_flight(results)
    yield from _streams(results)
    yield from _computing(results)
    yield from _callers_and_latency(results)
    yield from _resources(results)


def _against(results: Results, measurement: str, setting: str, key: str, client: str, other: str) -> float | None:
    """Return how many times the value of ``other`` that of ``client`` is."""
    values = results.by_round(measurement, setting, client, key)
    return ratio(values, results.by_round(measurement, setting, other, key))


def _worst(
    results: Results, measurement: str, setting: str, key: str, peers: Iterable[str]
) -> tuple[str, float | None]:
    """Return the peer of those measured against which this library looks worst, and the ratio to it."""
    found = {peer: _against(results, measurement, setting, key, "ours", peer) for peer in peers}
    ratios = {peer: value for peer, value in found.items() if value is not None}
    if not ratios:
        return "", None
    peer = (min if key.endswith("_per_s") else max)(ratios, key=lambda name: ratios[name])
    return peer, ratios[peer]


def _round_trips(results: Results) -> Iterator[Verdict]:
    for server in (PLAIN, TLS):
        value = _against(results, "orders", server, "p50_us", "ours", "limit")
        yield _at_most(f"order round trip, {server}, p50", 1.6, "x limit", value)
    for server in (PLAIN, TLS):
        for key, word in (("p50_us", "p50"), ("p99_us", "p99")):
            value = _against(results, "orders", server, key, "ours", "node")
            yield _at_most(f"order round trip, {server}, {word}", 1.0, "x kucoin-api (Node)", value)
    for server in (PLAIN, TLS):
        value = _against(results, "orders", server, "p50_us", "plain", "ours")
        yield _at_least(f"order round trip of websocket-client written plainly, {server}, p50", 4.0, "x ours", value)
    ours = results.by_round("orders", LATE, "ours", "p50_us")
    value = difference(ours, results.by_round("orders", LATE, "limit", "p50_us"))
    yield _at_most(f"order round trip, {LATE}, p50, above the limit", 45.0, "us", value)
    peer, value = _worst(results, "orders", LATE, "p50_us", THREADED)
    yield _at_most(f"order round trip, {LATE}, p50", 1.0, "x best threaded peer", value, peer)


def _in_flight(results: Results) -> Iterator[Verdict]:
    for server in (PLAIN, TLS):
        value = _against(results, "orders", server, "orders_per_s", "ours", "limit")
        yield _at_least(f"64 orders in flight, {server}", 0.5, "x limit", value)
    for server in (PLAIN, TLS):
        peer, value = _worst(results, "orders", server, "orders_per_s", (*THREADED, "node"))
        yield _at_least(f"64 orders in flight, {server}", 1.0, "x best peer", value, peer)


def _streams(results: Results) -> Iterator[Verdict]:
    for client, bounds in (("ours", (0.75, 0.9)), ("ours-listener", (0.5, 0.75))):
        how = "inline listener" if client == "ours" else "listener thread"
        for server, bound in zip((PLAIN, TLS), bounds, strict=True):
            value = _against(results, "stream", server, "messages_per_s", client, "limit")
            yield _at_least(f"stream, {how}, {server}", bound, "x limit", value)
    value = median_of(results.by_round("typed", PLAIN, "ours", "messages_per_s"))
    yield _at_least("stream of which every typed model is asked for", 80_000, "messages/s", value)


def _computing(results: Results) -> Iterator[Verdict]:
    value = _against(results, "computing orders", LATE, "p50_us", "ours", "plain")
    peer = "x websocket-client written plainly"
    yield _at_most("order round trip beside a computing thread, replies 1 ms late, p50", 0.2, peer, value)
    for key, bound, unit in (("p50_us", 2_000, "us"), ("backlog", MOST_BACKLOG, "messages")):
        what = "backlog at the end" if key == "backlog" else "latency p50"
        value = median_of(results.by_round("computing stream", LATENCY, "ours-listener", key))
        yield _at_most(f"1,000 messages/s beside a computing thread, {what}", bound, unit, value)


def _callers_and_latency(results: Results) -> Iterator[Verdict]:
    value = _against(results, "callers", PLAIN, "orders_per_s", "ours", "websockets")
    yield _at_least("8 threads that place orders at once", 3.0, "x websockets.sync + Future", value)
    value = _against(results, "latency", LATENCY, "p50_us", "ours-listener", "websockets")
    yield _at_most("latency at 1,000 messages/s, TLS, p50", 2.0, "x websockets.sync", value)


def _resources(results: Results) -> Iterator[Verdict]:
    for key, bound, unit, what in (
        ("threads", 2, "threads", "threads of a connection"),
        ("kib", 300, "KiB", "memory of a connection"),
        ("cpu_percent", 0.1, "%", "processor time of nine idle connections"),
    ):
        yield _at_most(what, bound, unit, median_of(results.by_round("idle", TLS, "ours", key)))
    package = results.by_round("imports", PLAIN, "ours", "package_ms")
    value = ratio(package, results.by_round("imports", PLAIN, "ours", "dependencies_ms"))
    yield _at_most("import of the package", 1.3, "x its dependencies", value)
