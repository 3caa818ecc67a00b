"""What the trials took, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from benchmarks.bad_inputs.report import table
from benchmarks.recovery.samples import REOPEN, Case, Times
from benchmarks.recovery.trials import Outcome, Plan

__all__ = ["to_json", "to_text"]

HEAD = (
    "fault",
    "line",
    "",
    "trials",
    "noticed, ms: p50",
    "p99",
    "max",
    "bound",
    "open again, ms: p50",
    "p99",
    "max",
    "over the step: p99",
)


def to_json(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    """Return every single time, in seconds."""
    return {
        "plan": attrs.asdict(plan),
        "cases": [{**attrs.asdict(case), "over_step": case.over_step} for case in outcome.cases],
        "starved": outcome.starved,
        "seconds": outcome.seconds,
        "broken": outcome.broken(),
    }


def to_text(outcome: Outcome) -> str:
    """Return the table, and the bounds that were broken."""
    parts = [
        table(HEAD, [_row(case) for case in outcome.cases]),
        f"{outcome.seconds:,.0f} s; a thread that only waits was late by {outcome.starved * 1000:,.0f} ms at most; "
        f"another line may take {REOPEN * 1000:.0f} ms beyond the step of the backoff",
        "\n".join(f"FOUND: {text}" for text in outcome.broken()) or "all bounds were kept",
    ]
    return "\n\n".join(parts)


def _row(case: Case) -> tuple[str, ...]:
    bound = "-" if case.bound is None else f"{case.bound * 1000:,.0f}"
    over = _ms(Times.of(case.over_step).p99) if case.recover else "-"
    transport = "TLS" if case.tls else "plain"
    noticed, again = _cells(case.detect), _cells(case.recover)
    return (case.fault, case.line, transport, f"{len(case.detect)}", *noticed, bound, *again, over)


def _cells(values: Sequence[float]) -> tuple[str, ...]:
    if not values:
        return ("-", "-", "-")
    return tuple(_ms(value) for value in attrs.astuple(Times.of(values)))


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f}"
