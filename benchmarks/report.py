"""A run as text for people (reStructuredText), as JSON, and on a page of the documentation."""

from __future__ import annotations

import os
import platform
import ssl
import textwrap
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import attrs

from benchmarks.clients import CLIENTS
from benchmarks.plan import Plan
from benchmarks.results import Results
from benchmarks.tables import Table, simple_table, tables

__all__ = ["BEGINS", "ENDS", "Report", "describe_machine", "machine_text", "put_on_page"]

PACKAGES = ("kucoin-sync", "websocket-client", "websockets", "orjson", "requests", "attrs")
PEER_PACKAGES = ("picows", "kucoin-universal-sdk", "python-kucoin")

BEGINS, ENDS = ".. benchmark table begins\n", ".. benchmark table ends\n"
"""Lines of the page between which the results stand."""

BARS = (
    "order round trip, us, TLS",
    "order round trip, us, TLS, replies 1 ms late",
    "64 orders in flight, orders/s, TLS",
    "stream, messages/s, plain",
    "stream, messages/s, TLS",
    "latency, us, TLS, 1,000/s",
)
"""Measurements that the page draws, where there are any."""

NOT_MEASURED = (
    "Not measured: a real network and the exchange behind it (this is loopback), connecting and reconnecting, "
    "compression. Client and server have one core each, so a client with several threads runs them on one core. Only "
    "the ratios inside one table mean anything."
)
DRAWN = (
    "The medians of some of these measurements, drawn from the tables. A time is better when it is short, a rate "
    "when it is high."
)
WIDTH = 110


@attrs.frozen
class Report:
    """A run and where it ran, see `describe_machine`."""

    plan: Plan
    results: Results
    machine: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return machine, plan, tables and every single sample."""
        return {
            "machine": self.machine,
            "plan": attrs.asdict(self.plan),
            "tables": [attrs.asdict(table) for table in tables(self.results)],
            **self.results.to_json(),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Report:
        """Return what `to_json` was made of."""
        plan = {**value["plan"], "groups": tuple(value["plan"]["groups"]), "clients": tuple(value["plan"]["clients"])}
        return cls(Plan(**plan), Results.from_json(value), value["machine"])

    def to_text(self) -> str:
        """Return the tables with what must be known to read them."""
        return "\n\n".join(
            [
                machine_text(self.machine),
                *(_section(table, _heading(table)) for table in tables(self.results)),
                *self._notes(),
                _wrap(NOT_MEASURED),
            ]
        )

    def to_rst(self) -> str:
        """Return what stands between the markers of the page: the same with figures."""
        found = tables(self.results)
        drawn = {row[0] for table in found for row in table.body}
        bars = "\n".join(f".. benchmark-bars:: {title}" for title in BARS if title in drawn)
        parts = [_wrap(f"The machine: {machine_text(self.machine)}")]
        for table in found:
            parts.append(_section(table, _heading(table)))
            if any(row[0].startswith("scaling, ") for row in table.body):
                parts.append(".. scaling-curves::")
        parts += [*self._notes(), _wrap(NOT_MEASURED)]
        if bars:
            parts.append(_wrap(DRAWN) + "\n\n" + bars)
        return "\n\n".join(parts)

    def _notes(self) -> list[str]:
        samples = self.results.samples
        counts = sorted({len(each) for (name, *_), each in samples.items() if name not in ("idle",)}) or [0]
        rounds = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else f"{counts[0]}"
        yardsticks = [sample["yardstick_ms"] for each in samples.values() for sample in each] or [0]
        notes = [
            _wrap(
                f"Medians of {rounds} interleaved rounds, with the smallest and the largest. Over TLS the server puts "
                f"{self.plan.frames_per_record} stream message(s) into each record. The same Python loop at the start "
                f"of each process took {min(yardsticks):.1f} to {max(yardsticks):.1f} ms, median "
                f"{median(yardsticks):.1f}: so much did the machine itself vary."
            ),
        ]
        if self.plan.scale < 1:
            notes.append(f"A quick run with {self.plan.scale:g} of the load: its figures mean little.")
        notes += self.results.notes
        lost = [
            f"{CLIENTS[client].title}, {setting}: lost {sum(sample['lost'] for sample in each):,} messages of "
            f"{sum(sample['lost'] + sample['messages'] for sample in each):,}."
            for (_, setting, client), each in samples.items()
            if any(sample.get("lost") for sample in each)
        ]
        if lost:
            notes.append("Queues that were too short; the rates count what arrived:\n\n" + _items(lost))
        if self.results.dropped:
            skipped = [f"{what}: {why}" for what, why in self.results.dropped.items()]
            notes.append("Skipped:\n\n" + _items(skipped))
        return notes


def _section(table: Table, heading: str) -> str:
    return "\n\n".join(part for part in (heading, simple_table(table.head, table.body), _wrap(table.note)) if part)


def _heading(table: Table) -> str:
    return f"{table.title}\n{'~' * len(table.title)}"


def _wrap(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _items(texts: list[str]) -> str:
    return "\n".join(
        textwrap.fill(text, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
        for text in texts
    )


def put_on_page(page: str, content: str) -> str:
    """
    Return the page with ``content`` between its markers, in place of what stood there.

    Raises:
        ValueError: If the page does not have both markers once, in their order.
    """
    before, begins, rest = page.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not begins or not ends or page.count(BEGINS) != 1 or page.count(ENDS) != 1:
        raise ValueError(f"the page needs the lines {BEGINS.strip()!r} and {ENDS.strip()!r} once each")
    return f"{before}{BEGINS}\n{content}\n\n{ENDS}{after}"


def describe_machine() -> dict[str, Any]:
    """Return what the numbers depend on: processor, cores, kernel, Python and package versions."""
    versions: dict[str, str | None] = {}
    for package in (*PACKAGES, *PEER_PACKAGES):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            if package in PACKAGES:
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


def machine_text(machine: dict[str, Any]) -> str:
    """Return what `describe_machine` found, in three lines."""
    packages = ", ".join(f"{name} {version or 'missing'}" for name, version in machine["packages"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['kernel']}, "
        f"load {machine['load_average']:.2f};\n{machine['python']}, {machine['openssl']};\n{packages}."
    )
