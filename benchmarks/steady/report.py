"""What a soak found, as tables and as JSON."""

from __future__ import annotations

from typing import Any

import attrs

from benchmarks.bad_inputs.report import table
from benchmarks.steady.soak import LIMIT, SHORTEST_JUDGED, Outcome, Plan
from benchmarks.steady.trend import Range

__all__ = ["to_json", "to_text"]

MAIN = (
    "RequestRegistry._pending",
    "RequestRegistry._deadlines",
    "Ledger._calls",
    "Ledger._entries",
    "Ledger._claims",
    "Ledger._cancels",
    "UpdateQueue._items",
    "SubscriptionTable._entries",
    "SubscriptionTable._sent",
    "TopicBoard._waiters",
    "TopicBoard.subscribers",
    "ListenerHub._listeners[]",
    "Heartbeat._unanswered",
    "ConnectionGroup._leaving",
    "OpeningBudget._taken",
    "MessagePace._sent",
)
"""Tables that are shown in any case; of the others those that grew."""


def to_json(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    """Return everything that was counted."""
    return {"plan": attrs.asdict(plan), **attrs.asdict(outcome), "broken": outcome.broken(plan)}


def to_text(plan: Plan, outcome: Outcome) -> str:
    """Return the tables, and what is not as it has to be."""
    messages = [
        (topic, f"{found.sent:,}", f"{found.delivered:,}", f"{found.cut_off:,}", f"{len(found.problems)}")
        for topic, found in outcome.topics.items()
    ]
    sent = sum(found.sent for found in outcome.topics.values())
    objects = {name: found for name, found in outcome.tables.items() if name.endswith(" objects")}
    kept = [("threads", outcome.threads), ("descriptors", outcome.descriptors)]
    kept += [(name, outcome.tables[name]) for name in MAIN if name in outcome.tables]
    kept += [(name, outcome.tables[name]) for name in outcome.grown if name not in MAIN]
    ends = ", ".join(f"{count} {how}" for how, count in outcome.ended.items())
    first, middle, last = outcome.memory
    judged = "" if plan.minutes >= SHORTEST_JUDGED else f"; not judged under {SHORTEST_JUDGED:g} minutes"
    parts = [
        f"{'TLS' if plan.tls else 'plain'}, {outcome.seconds:,.0f} s, {sent / outcome.seconds:,.0f} messages/s, "
        f"all lines ended {sum(outcome.ended.values())} times ({ends or 'never'}), {outcome.lines_lost} lines lost; "
        f"slowest until all worked again {outcome.slowest:.2f} s",
        table(("messages", "sent", "delivered", "reset on their way", "findings"), messages),
        "order calls: " + ", ".join(f"{count:,} {how}" for how, count in sorted(outcome.orders.items())),
        table(("kept", "first", "least", "most", "last"), [_row(name, found) for name, found in kept]),
        f"{len(outcome.tables) - len(objects)} tables and {len(objects)} classes of objects in {outcome.samples} "
        "samples; "
        f"{len(outcome.grown)} of them grew in the {outcome.judged} samples after the warm-up",
        f"memory in use {first:.1f} MiB at the first sample, {middle:.1f} half-way, {last:.1f} at the last; "
        f"{outcome.slope:+.2f} MiB an hour over the second half (at most {LIMIT:g}{judged})",
        "\n".join(f"FOUND: {text}" for text in outcome.broken(plan)) or "no finding",
    ]
    return "\n\n".join(parts)


def _row(name: str, found: Range) -> tuple[str, ...]:
    return (name, *(f"{number:,}" for number in attrs.astuple(found)))
