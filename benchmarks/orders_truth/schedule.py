"""
Which fault comes when: a sequence drawn from a seed, in numbers of calls. Pure.

The exchange's own lag, that is how long it may hold a frame before it is executed, is below `LONGEST_LAG`. No client
can prove that an order is absent while something may still be holding it; that is what ``settle`` is for, which the
soak sets to more than this. A stalled proxy may hold bytes for longer: it forgets them when the client resets the line.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from benchmarks.orders_truth.order_calls import WireForms

__all__ = ["KINDS", "LONGEST_LAG", "Fault", "schedule"]

LONGEST_LAG = 0.2
"""Seconds."""

CLOSE_CODES = (1000, 1001, 1011, 1012, 4000)


@attrs.frozen
class Fault:
    """
    One fault.

    Attributes:
        at: Number of the call with which it comes.
        kind: Its name in `KINDS`.
        seconds: How long it lasts, for those that last.
        details: What else it needs, by name.
    """

    at: int
    kind: str
    seconds: float = 0.0
    details: Mapping[str, Any] = attrs.field(factory=dict)


KINDS: Mapping[str, float] = {
    # What becomes of a reply.
    "drop_ack": 8,
    "late_ack": 8,
    "dup_ack": 8,
    "swap_acks": 6,
    "bad_reply": 8,
    "edit_batch": 4,
    "ack_then_cut": 4,
    "cut_instead_of_ack": 6,
    "hold_acks": 2,
    "definite_error": 6,
    "uncertain_error": 8,
    "error_without_id": 3,
    # What becomes of an order.
    "cut_before_execution": 6,
    "cut_then_execute": 6,
    "late_execution": 6,
    # What becomes of a line.
    "cut": 4,
    "close": 4,
    "cut_by_bytes": 14,
    "cut_by_proxy": 4,
    "stall": 6,
    "blackhole": 2,
    "slice": 2,
    "silence": 2,
    "stop_reading": 3,
    "no_pong": 2,
    "bad_frame": 4,
    "bad_opening": 3,
    "restart": 0.5,
    # What becomes of a look-up.
    "bad_lookup": 4,
    "cut_lookup": 4,
    "lookup_lag": 2,
}
"""How often each comes, in relation to the others."""


def schedule(seed: int, forms: WireForms, *, gap: float) -> Iterator[Fault]:
    """
    Yield faults without end.

    Args:
        seed: Decides everything.
        forms: What goes on the wire.
        gap: Calls between two faults, on average.
    """
    rng = random.Random(f"faults of {seed}")
    at = 0.0
    kinds, weights = list(KINDS), list(KINDS.values())
    while True:
        at += rng.expovariate(1 / gap)
        kind = rng.choices(kinds, weights)[0]
        seconds, details = _drawn(rng, kind, forms)
        yield Fault(1 + int(at), kind, seconds, details)


def _drawn(rng: random.Random, kind: str, forms: WireForms) -> tuple[float, dict[str, Any]]:
    """Return how long a fault of a kind lasts, and its details."""
    lag = rng.uniform(0.0, LONGEST_LAG)
    if kind == "stop_reading":
        return rng.uniform(0.25, 1.0) * LONGEST_LAG, {}
    if kind in ("cut_then_execute", "late_execution"):
        return 0.0, {"seconds": lag}
    if kind == "late_ack":
        return 0.0, {"seconds": rng.choice((lag, rng.uniform(0.3, 1.5)))}
    if kind in ("hold_acks", "blackhole", "slice", "stall"):
        return rng.uniform(0.1, 0.8), {
            "hurry": rng.random() < 0.7,
            "swallow": rng.random() < 0.5,
            "size": rng.randint(1, 60),
        }
    if kind == "silence":
        return rng.choice((0.0, rng.uniform(0.1, 0.6))), {}
    if kind == "lookup_lag":
        return 0.0, {"seconds": rng.choice((0.0, lag))}
    if kind in ("cut", "cut_before_execution", "close"):
        return 0.0, {"reset": rng.random() < 0.5, "code": rng.choice(CLOSE_CODES)}
    if kind == "cut_by_bytes":
        # Within a frame, between two of them, or after some.
        return 0.0, {"count": rng.choice((0, rng.randint(1, 300), rng.randint(1, 3000))), "up": rng.random() < 0.6}
    if kind in ("definite_error", "uncertain_error"):
        code, msg = rng.choice(forms.definite if kind == "definite_error" else forms.uncertain)
        return 0.0, {"code": code, "msg": msg, "executed": kind == "uncertain_error" and rng.random() < 0.5}
    if kind == "bad_lookup":
        code, status = rng.choice(forms.rest_problems)
        return 0.0, {"code": code, "status": status, "count": rng.randint(1, 3), "web_page": rng.random() < 0.3}
    return 0.0, {
        "patch": rng.choice(forms.second_replies if kind == "dup_ack" else forms.bad_replies),
        "count": rng.randint(1, 3),
        "reverse": rng.random() < 0.5,
        "frame": rng.choice(forms.bad_frames),
        "opening": rng.choice(
            ("refuse_upgrade", "cut_before_welcome", "no_welcome", "late_welcome", "close_after_welcome", "dup_welcome")
        ),
    }
