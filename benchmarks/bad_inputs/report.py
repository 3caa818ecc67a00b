"""The table of a run, and the same as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from benchmarks.bad_inputs.run import Counts, Harm, Result

__all__ = ["table", "to_json", "to_text"]

_COLUMNS = ("kind", "inputs", "good sent", "delivered", "lines ended", "opened again", "worst delay, ms", "inputs/s")
_SHOWN = 4000
"""Bytes of an input that are printed."""


def to_text(result: Result) -> str:
    """Return the tables, and the finding if there is one."""
    plan = result.plan
    rows = [_row(kind, counts) for kind, counts in result.kinds.items()]
    if len(rows) > 1:
        rows.append(_row("all", _sum(list(result.kinds.values())), seconds=result.seconds))
    names = list(dict.fromkeys(name for counter in result.mutations.values() for name, _ in counter.most_common()))
    mutations = [
        (name, *(f"{counter[name]:,}" if name in counter else "-" for counter in result.mutations.values()))
        for name in names
    ]
    begin = f"{result.rss_start / 2**20:,.1f} MiB after the first inputs, " if result.rss_start else ""
    parts = [
        f"seed {plan.seed}, {'TLS' if plan.tls else 'plain'}, {result.inputs:,} inputs in {result.seconds:,.0f} s; "
        f"memory in use {begin}{result.rss_end / 2**20:,.1f} MiB at the end",
        table(_COLUMNS, rows),
        table(("mutation", *result.mutations), mutations),
        "exceptions reported: "
        + (", ".join(f"{count:,} {name}" for name, count in sorted(result.exceptions.items())) or "none"),
        "no finding" if result.harm is None else _harm(result, result.harm),
    ]
    return "\n\n".join(parts)


def _row(name: str, counts: Counts, *, seconds: float | None = None) -> Sequence[str]:
    took = counts.seconds if seconds is None else seconds
    return (
        name,
        f"{counts.inputs:,}",
        f"{counts.good_sent:,}",
        f"{counts.good_delivered:,}",
        f"{counts.lines_ended:,}",
        f"{counts.lines_opened:,}",
        f"{counts.worst_delay * 1000:,.0f}",
        f"{counts.inputs / took:,.0f}" if took else "-",
    )


def _sum(all_counts: Sequence[Counts]) -> Counts:
    total = Counts()
    for counts in all_counts:
        for field in attrs.fields(Counts):
            mine, theirs = getattr(total, field.name), getattr(counts, field.name)
            setattr(total, field.name, max(mine, theirs) if field.name == "worst_delay" else mine + theirs)
    return total


def _harm(result: Result, harm: Harm) -> str:
    again = f"--kind {harm.kind} --seed {result.plan.seed} --first-chunk {harm.chunk}" + (
        " --tls" if result.plan.tls else ""
    )
    lines = [
        f"FOUND after {harm.index:,} inputs: {harm.category}: {harm.detail}",
        f"again: python -m benchmarks.bad_inputs {again}",
        f"the smallest that does it, {len(harm.inputs)} of the chunk's inputs:",
    ]
    for one in harm.inputs:
        more = "" if len(one.data) <= _SHOWN else f" and {len(one.data) - _SHOWN} more bytes"
        lines.append(f"  {one.mutation}: {one.data[:_SHOWN].hex()}{more}")
    return "\n".join(lines)


def table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Return a table as the documentation writes it."""
    widths = [max(len(cells[column]) for cells in [head, *body]) for column in range(len(head))]
    rule = "  ".join("=" * width for width in widths)

    def text(cells: Sequence[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

    return "\n".join([rule, text(head), rule, *map(text, body), rule])


def to_json(result: Result) -> dict[str, Any]:
    """Return everything that was counted, and the finding with its bytes as hex."""
    harm = result.harm
    return {
        "plan": attrs.asdict(result.plan),
        "inputs": result.inputs,
        "seconds": result.seconds,
        "rss_start": result.rss_start,
        "rss_end": result.rss_end,
        "kinds": {kind: attrs.asdict(counts) for kind, counts in result.kinds.items()},
        "mutations": {kind: dict(counter) for kind, counter in result.mutations.items()},
        "exceptions": dict(result.exceptions),
        "finding": None
        if harm is None
        else {
            "category": harm.category,
            "detail": harm.detail,
            "kind": harm.kind,
            "chunk": harm.chunk,
            "index": harm.index,
            "inputs": [{"mutation": one.mutation, "hex": one.data.hex()} for one in harm.inputs],
        },
    }
