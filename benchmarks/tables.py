"""The tables of a run, as rows of text; plain computation."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import attrs

from benchmarks.clients import CLIENTS
from benchmarks.plan import PLAIN, SCALING, TLS
from benchmarks.results import Results, median_of, ratio
from benchmarks.targets import NOTHING, verdicts

__all__ = ["Table", "simple_table", "tables"]

Cells = tuple[str, ...]


@attrs.frozen
class Table:
    """
    One table.

    Attributes:
        title: Its heading.
        head: Names of the columns.
        body: The rows.
        note: What must be known to read it; may be empty.
    """

    title: str
    head: Cells
    body: tuple[Cells, ...]
    note: str = ""


@attrs.frozen
class Line:
    """One kind of number: what it is called, where it comes from; its direction is told by ``key``."""

    title: str
    measurement: str
    key: str
    tail_key: str | None = None


@attrs.frozen
class Kind:
    """A table of clients: its lines, and columns that it has besides, as (key, heading, format)."""

    title: str
    lines: tuple[Line, ...]
    note: str
    tail: str = "p99"
    more: tuple[tuple[str, str, str], ...] = ()


KINDS = (
    Kind(
        "Orders one at a time, orders in flight, streams",
        (
            Line("order round trip, us", "orders", "p50_us", "p99_us"),
            Line("64 orders in flight, orders/s", "orders", "orders_per_s"),
            Line("stream, messages/s", "stream", "messages_per_s"),
        ),
        '"x limit" is the median of the ratios to the limit in the same round: for a round trip lower is better, for a '
        "rate higher is. Of replies that are late on purpose the lateness is taken off first.",
    ),
    Kind(
        "Latency of single messages",
        (Line("latency, us", "latency", "p50_us", "p99_us"),),
        "From the server's stamp in the message to the listener. A client whose backlog is more than a few messages "
        "cannot keep up: what has not come half a second after the end counts with the age that it had by then.",
        more=(("backlog", "backlog", "{:,.0f}"),),
    ),
    Kind(
        "Eight threads that place orders at once",
        (Line("8 callers, orders/s", "callers", "orders_per_s", "p99_us"),),
        "Each waits for its own reply before it places the next order.",
        tail="p99, us",
    ),
    Kind(
        "Beside a Python thread that computes without pause",
        (
            Line("order round trip beside computing, us", "computing orders", "p50_us", "p99_us"),
            Line("latency beside computing, us", "computing stream", "p50_us", "p99_us"),
        ),
        "Of the round trip the millisecond is not taken off. The last column is how often the computing thread gets "
        "through its loop in a second of processor time, against how often it does so alone: what it loses is what the "
        "client takes.",
        more=(("backlog", "backlog", "{:,.0f}"), ("kept", "computing keeps", "{:.2f}")),
    ),
    Kind(
        "Typed models",
        (
            Line("stream, every model asked for, messages/s", "typed", "messages_per_s"),
            Line("models alone, 1/s", "typed", "models_per_s"),
        ),
        "Inline listeners; with orjson, unless the line says otherwise.",
    ),
)


def tables(results: Results) -> list[Table]:
    """Return the tables for which there is anything, the targets last."""
    found = [_of_kind(kind, results) for kind in KINDS]
    found += [_scaling(results), _resources(results)]
    return [table for table in found if table.body] + [_targets(results)]


def _of_kind(kind: Kind, results: Results) -> Table:
    more = [column for column in kind.more if any(column[0] in sample for sample in _samples(kind, results))]
    head = ("measurement", "client", "median", "min - max", "x limit", kind.tail, *(name for _, name, _ in more))
    body = [
        (*_cells(line, setting, client, results), *_more_cells(line, setting, client, more, results))
        for line in kind.lines
        for setting in results.settings(line.measurement)
        for client in results.clients(line.measurement, setting)
        if results.by_round(line.measurement, setting, client, line.key)
    ]
    if not any(row[4] != NOTHING for row in body):
        head, body = head[:4] + head[5:], [row[:4] + row[5:] for row in body]
    return Table(kind.title, head, tuple(body), kind.note)


def _samples(kind: Kind, results: Results) -> Iterator[dict[str, float]]:
    measured = {line.measurement for line in kind.lines}
    for (measurement, _, _), samples in results.samples.items():
        if measurement in measured:
            yield from samples


def _cells(line: Line, setting: str, client: str, results: Results) -> Cells:
    values = results.by_round(line.measurement, setting, client, line.key)
    shown = "{:,.0f}" if line.key.endswith("_per_s") else "{:,.1f}"
    share = ratio(values, results.by_round(line.measurement, setting, "limit", line.key))
    tail = median_of(results.by_round(line.measurement, setting, client, line.tail_key))
    return (
        f"{line.title}, {setting}",
        CLIENTS[client].title,
        shown.format(median(values.values())),
        _spread(values, shown),
        NOTHING if share is None else f"{share:.2f}",
        NOTHING if tail is None else f"{tail:,.1f}",
    )


def _more_cells(
    line: Line, setting: str, client: str, more: list[tuple[str, str, str]], results: Results
) -> Iterator[str]:
    for key, _, shown in more:
        value = median_of(results.by_round(line.measurement, setting, client, key))
        yield NOTHING if value is None else shown.format(value)


def _spread(values: dict[int, float], shown: str) -> str:
    return f"{shown.format(min(values.values()))} - {shown.format(max(values.values()))}"


def _scaling(results: Results) -> Table:
    body: list[Cells] = []
    for axis in SCALING.values():
        measurement = f"scaling: {axis.title}"
        key = "messages_per_s" if axis.each == "message" else "orders_per_s"
        first: dict[int, float] = {}
        for setting in results.settings(measurement):
            values = {
                number: 1e6 / rate for number, rate in results.by_round(measurement, setting, "ours", key).items()
            }
            first = first or values
            times = ratio(values, first)
            body.append(
                (
                    f"scaling, {axis.title}",
                    f"{int(setting):,}",
                    f"{median(values.values()):.2f}",
                    _spread(values, "{:.2f}"),
                    NOTHING if times is None else f"{times:.2f}",
                    f"{median(1e6 / value for value in values.values()):,.0f}",
                    axis.each,
                )
            )
    note = (
        "What one order or one message costs while something grows, of all the others one (of topics ten); plain. Many "
        "orders in flight go through ``nowait``, messages to listeners of the reader thread."
    )
    head = ("what grows", "to", "us each", "min - max", "x first", "1/s", "of what")
    return Table("How cost grows", head, tuple(body), note)


def _resources(results: Results) -> Table:
    rows = (
        ("processor time of nine idle connections, %", "idle", TLS, "cpu_percent", "{:.3f}"),
        ("threads of a connection", "idle", TLS, "threads", "{:.1f}"),
        ("memory of a connection, KiB", "idle", TLS, "kib", "{:.0f}"),
        ("import of the package, ms", "imports", PLAIN, "package_ms", "{:.0f}"),
        ("import of its dependencies alone, ms", "imports", PLAIN, "dependencies_ms", "{:.0f}"),
    )
    body = []
    for title, measurement, setting, key, shown in rows:
        values = results.by_round(measurement, setting, "ours", key)
        if values:
            body.append((title, "kucoin_sync", shown.format(median(values.values())), _spread(values, shown)))
    seconds = median_of(results.by_round("idle", TLS, "ours", "seconds"))
    note = "Imports are in fresh interpreters."
    if seconds is not None:
        note = f"Nothing was sent for {seconds:.0f} s but pings, over TLS. " + note
    return Table("Idle connections, and imports", ("what", "client", "median", "min - max"), tuple(body), note)


def _targets(results: Results) -> Table:
    body = tuple((each.target, each.bound, each.measured, each.word) for each in verdicts(results))
    note = "That nothing grows in an hour of work is asked by ``python -m benchmarks.steady``."
    return Table("Targets", ("target", "bound", "measured", "verdict"), body, note)


def simple_table(head: Cells, body: tuple[Cells, ...]) -> str:
    """Return a simple table of reStructuredText."""
    widths = [max(len(cells[column]) for cells in [head, *body]) for column in range(len(head))]
    rule = "  ".join("=" * width for width in widths)

    def text(cells: Cells) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

    return "\n".join([rule, text(head), rule, *map(text, body), rule])
