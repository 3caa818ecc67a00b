"""Turn results into a table for people (a simple table of reStructuredText) or into JSON."""

from __future__ import annotations

import os
import platform
import ssl
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import attrs

from benchmarks.clients import CLIENTS
from benchmarks.runner import LATE, LATE_REPLY_US, PLAIN, TLS, Plan, Results

__all__ = ["describe_machine", "machine_text", "to_json", "to_text"]

PACKAGES = ("kucoin-sync", "websocket-client", "websockets", "orjson", "requests", "attrs")

SETTINGS = (PLAIN, TLS, LATE)

NOT_MEASURED = """\
Not measured: a real network and the exchange behind it (this is loopback), another Python thread that
computes at the same time, many callers at once, the one-way latency of single messages, memory, connecting
and reconnecting, compression, messages other than one ticker. Client and server have one core each, so a
client with several threads runs them on one core. Only the ratios inside one table mean anything."""


@attrs.frozen
class Line:
    """One kind of number: what it is called, where it comes from and which direction is good."""

    title: str
    scenario: str
    key: str
    tail_key: str | None = None

    @property
    def is_rate(self) -> bool:
        return self.key.endswith("_per_s")


LINES = (
    Line("order round trip, us", "orders", "p50_us", "p99_us"),
    Line("64 orders in flight, orders/s", "orders", "orders_per_s"),
    Line("stream, messages/s", "stream", "messages_per_s"),
)


@attrs.frozen
class Row:
    """One line of the table; `ratio` is the median of the ratios to the limit, `tail` of the p99."""

    measurement: str
    client: str
    median: float
    low: float
    high: float
    ratio: float | None
    tail: float | None
    rounds: int
    is_rate: bool


def rows(plan: Plan, results: Results) -> Iterator[Row]:
    for line in LINES:
        for setting in SETTINGS:
            limits = _values(results, line.scenario, setting, "limit", line.key)
            for client in plan.clients:
                by_round = _values(results, line.scenario, setting, client, line.key)
                if not by_round:
                    continue
                values = by_round.values()
                ratios = [value / limits[number] for number, value in by_round.items() if number in limits]
                tails = _values(results, line.scenario, setting, client, line.tail_key).values()
                yield Row(
                    measurement=f"{line.title}, {setting}",
                    client=CLIENTS[client].title,
                    median=median(values),
                    low=min(values),
                    high=max(values),
                    ratio=median(ratios) if ratios else None,
                    tail=median(tails) if tails else None,
                    rounds=len(values),
                    is_rate=line.is_rate,
                )


def _values(results: Results, scenario: str, setting: str, client: str, key: str | None) -> dict[int, float]:
    """Return round -> value, without the time for which the server held a reply back."""
    samples = results.samples.get((scenario, setting, client), [])
    held_back = LATE_REPLY_US if setting == LATE and key in ("p50_us", "p99_us") else 0
    return {sample["round"]: sample[key] - held_back for sample in samples if key in sample}


def describe_machine() -> dict[str, Any]:
    """Return what the numbers depend on: processor, cores, kernel, Python and package versions."""
    versions: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "openssl": ssl.OPENSSL_VERSION,
        "packages": versions,
        "load_average": os.getloadavg()[0],
    }


def _cpu_model() -> str:
    for text in Path("/proc/cpuinfo").read_text().splitlines():
        if text.startswith("model name"):
            return text.partition(":")[2].strip()
    return platform.machine()


def to_json(plan: Plan, results: Results, machine: dict[str, Any]) -> dict[str, Any]:
    """Return table, machine and every single sample."""
    return {
        "machine": machine,
        "plan": attrs.asdict(plan),
        "rows": [attrs.asdict(row) for row in rows(plan, results)],
        "samples": [
            {"scenario": scenario, "setting": setting, "client": client, "rounds": samples}
            for (scenario, setting, client), samples in results.samples.items()
        ],
        "dropped": results.dropped,
        "notes": results.notes,
    }


def to_text(plan: Plan, results: Results, machine: dict[str, Any]) -> str:
    """Return the table with what must be known to read it, as reStructuredText."""
    found = list(rows(plan, results))
    head = ("measurement", "client", "median", "min - max", "x limit", "p99")
    body = [_cells(row) for row in found]
    return "\n\n".join(
        [
            machine_text(machine),
            _simple_table(head, body),
            _notes(plan, results, found),
            NOT_MEASURED,
        ]
    )


def _cells(row: Row) -> tuple[str, ...]:
    number = "{:,.0f}" if row.is_rate else "{:.1f}"
    return (
        row.measurement,
        row.client,
        number.format(row.median),
        f"{number.format(row.low)} - {number.format(row.high)}",
        "-" if row.ratio is None else f"{row.ratio:.2f}",
        "-" if row.tail is None else number.format(row.tail),
    )


def _simple_table(head: tuple[str, ...], body: list[tuple[str, ...]]) -> str:
    widths = [max(len(cells[column]) for cells in [head, *body]) for column in range(len(head))]
    rule = "  ".join("=" * width for width in widths)

    def text(cells: tuple[str, ...]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

    return "\n".join([rule, text(head), rule, *map(text, body), rule])


def machine_text(machine: dict[str, Any]) -> str:
    """Return what `describe_machine` found, in three lines."""
    packages = ", ".join(f"{name} {version or 'missing'}" for name, version in machine["packages"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['kernel']}, "
        f"load {machine['load_average']:.2f};\n{machine['python']}, {machine['openssl']};\n{packages}."
    )


def _notes(plan: Plan, results: Results, found: list[Row]) -> str:
    counts = sorted({row.rounds for row in found}) or [0]
    yardsticks = [sample["yardstick_ms"] for samples in results.samples.values() for sample in samples] or [0]
    rounds = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else f"{counts[0]}"
    notes = [
        f"""\
Medians of {rounds} interleaved rounds. "x limit" is the median of the ratios to the limit in the same round:
for a round trip lower is better, for a rate higher is. Of replies that are late on purpose the lateness is
taken off first. Over TLS the server puts {plan.frames_per_record} stream message(s) into each record.""",
        f"""\
The same Python loop at the start of each process took {min(yardsticks):.1f} to {max(yardsticks):.1f} ms,
median {median(yardsticks):.1f}: so much did the machine itself vary.""",
    ]
    if results.notes:
        notes.append("\n".join(results.notes))
    lost = [
        f"{CLIENTS[client].title}, {setting}: lost {sum(sample['lost'] for sample in samples):,} messages of "
        f"{sum(sample['lost'] + sample['messages'] for sample in samples):,}."
        for (_, setting, client), samples in results.samples.items()
        if any(sample.get("lost") for sample in samples)
    ]
    if lost:
        notes.append("Queues that were too short; the rates count what arrived:\n" + "\n".join(lost))
    if results.dropped:
        notes.append("\n".join(f"Skipped: {what}: {why}" for what, why in results.dropped.items()))
    return "\n\n".join(notes)
