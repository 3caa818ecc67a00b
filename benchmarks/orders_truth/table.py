"""What a soak found out, as a table and as JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

from benchmarks.orders_truth.judge import GRACE, HARMLESS
from benchmarks.orders_truth.soak import EXCHANGES, Outcome, Plan

__all__ = ["to_json", "to_text"]

QUICK = 5.0
"""Seconds within which an unknown is expected to be resolved."""
MOST_SHOWN = 20
ZEROS = {
    "misreported": "misreported",
    "duplicate": "duplicates",
    "late": "executed after their call ended",
    "overtime": f"calls over timeout + {GRACE:g} s",
    "stray": "frames of no call",
    "unplaced": "executed, left at an unknown time",
}


def to_json(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    """Return everything that was counted."""
    orders = [order for answer in outcome.answers for order in answer.orders]
    over = max((answer.elapsed - answer.timeout for answer in outcome.answers), default=0.0)
    without = EXCHANGES[plan.exchange]().never_resolved
    resolutions = [resolution for resolution in outcome.resolutions if resolution.op not in without]
    took = sorted(resolution.took for resolution in resolutions)
    quick = sum(one.resolved and one.took <= QUICK for one in resolutions)
    return {
        "exchange": plan.exchange,
        "tls": plan.tls,
        "journal": plan.journal is not None,
        "seed": plan.seed,
        "threads": plan.threads,
        "calls": len(outcome.answers),
        "calls_by_operation": dict(Counter(answer.op for answer in outcome.answers)),
        "calls_by_way": dict(Counter(answer.way for answer in outcome.answers)),
        "orders": len(orders),
        "outcomes": dict(Counter(order.kind for order in orders)),
        "unknown_by_reason": dict(Counter(str(order.reason) for order in orders if order.kind == "unknown")),
        "reached_the_exchange": outcome.frames,
        "executed": outcome.executed,
        "zeros": {
            **{kind: sum(finding.kind == kind for finding in outcome.findings) for kind in ZEROS},
            "unresolved": len(outcome.unresolved),
            "strange": len(outcome.strange),
        },
        "harmless": {kind: sum(finding.kind == kind for finding in outcome.findings) for kind in HARMLESS},
        "longest_over_timeout_s": over,
        "longest_starvation_s": outcome.starved,
        "reconciled": len(took),
        "without_a_look_up": len(outcome.resolutions) - len(resolutions),
        "resolved_within_5_s": quick / len(took) if took else None,
        "longest_queue_s": max((one.since_end - one.took for one in resolutions), default=0.0),
        "reconcile_median_s": took[len(took) // 2] if took else None,
        "reconcile_worst_s": took[-1] if took else None,
        "faults": dict(sorted(outcome.faults.items())),
        "lines_lost": outcome.lines_lost,
        "elapsed_s": outcome.elapsed,
        "total_s": outcome.total,
        "calls_per_s": len(outcome.answers) / outcome.elapsed,
        "findings": [finding.text for finding in outcome.findings],
        "unresolved": list(outcome.unresolved),
        "strange": list(outcome.strange),
    }


def to_text(plan: Plan, outcome: Outcome) -> str:
    """Return the table, and above it whatever was wrong."""
    told = to_json(plan, outcome)
    rows: list[tuple[str, str]] = [
        ("seed", str(plan.seed)),
        ("exchange", f"{plan.exchange}, {'TLS' if plan.tls else 'plain'}{', journal' if plan.journal else ''}"),
        ("calls", f"{told['calls']:,} from {plan.threads} threads"),
        ("orders in them", f"{told['orders']:,}"),
        *((f"  {kind}", f"{count:,}") for kind, count in sorted(told["outcomes"].items())),
        *((f"    {reason}", f"{count:,}") for reason, count in sorted(told["unknown_by_reason"].items())),
        ("reached the exchange", f"{told['reached_the_exchange']:,}"),
        ("executed", f"{told['executed']:,}"),
        ("", ""),
        *((f"{title}: 0 wanted", f"{told['zeros'][kind]:,}") for kind, title in ZEROS.items()),
        ("unresolved after reconcile: 0 wanted", f"{told['zeros']['unresolved']:,}"),
        ("calls and threads that broke: 0 wanted", f"{told['zeros']['strange']:,}"),
        ("", ""),
        ("longest call, beyond its timeout", f"{told['longest_over_timeout_s'] * 1000:.0f} ms"),
        ("calls that long for want of a processor", f"{told['harmless']['starved']:,}"),
        ("longest wait of a thread for a processor", f"{told['longest_starvation_s'] * 1000:.0f} ms"),
        ("left at about the end of their call", f"{told['harmless']['undecided']:,}"),
        ("unknown calls for which there is no look-up", f"{told['without_a_look_up']:,}"),
        ("unknown calls reconciled", f"{told['reconciled']:,}"),
    ]
    if told["reconciled"]:
        rows += [
            (f"  resolved within {QUICK:g} s", f"{told['resolved_within_5_s']:.2%}"),
            ("  longest wait for a reconciling thread", f"{told['longest_queue_s']:.1f} s"),
            ("  reconcile, median", f"{told['reconcile_median_s']:.3f} s"),
            ("  reconcile, worst", f"{told['reconcile_worst_s']:.3f} s"),
        ]
    rows += [
        ("lines lost", f"{told['lines_lost']:,}"),
        ("faults fired", f"{sum(outcome.faults.values()):,}"),
        *((f"  {kind}", f"{count:,}") for kind, count in told["faults"].items()),
        ("elapsed", f"{outcome.elapsed:.1f} s, with reconciliation {outcome.total:.1f} s"),
        ("calls a second", f"{told['calls_per_s']:,.0f}"),
    ]
    width = max(len(name) for name, _ in rows)
    table = "\n".join(f"{name.ljust(width)}  {value}".rstrip() for name, value in rows)
    wrong = [*told["strange"], *(f"unresolved: {text}" for text in told["unresolved"])]
    wrong += [f"{finding.kind}: {finding.text}" for finding in outcome.findings if finding.kind not in HARMLESS]
    shown = "\n".join(wrong[:MOST_SHOWN])
    if len(wrong) > MOST_SHOWN:
        shown += f"\n... and {len(wrong) - MOST_SHOWN} more"
    return f"{shown}\n\n{table}" if wrong else table
