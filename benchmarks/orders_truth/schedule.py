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

__all__ = ["KINDS", "LONGEST_LAG", "Fault", "schedule"]

LONGEST_LAG = 0.2
"""Seconds."""

CLOSE_CODES = (1000, 1001, 1011, 1012, 4000)
DEFINITE = (("400100", "Parameter error."), ("429000", "Too many requests."), ("400400", "Token invalid."))
UNCERTAIN = (("408000", "Network timeout"), ("230005", "Busy"), ("500000", "Error"), ("503000", "Busy"), ("987654", ""))
BAD_REPLIES: tuple[Mapping[str, Any], ...] = (
    {"op": "spot.dance"},
    {"op": None},
    {"code": None},
    {"code": "yes"},
    {"id": "nobody"},
    {"data": None},
    {"data": "done"},
    {"data": {"orderId": None, "clientOid": None, "newOrderId": None, "cancelledOrderIds": None}},
    {"data": {"orderId": "", "clientOid": "", "newOrderId": "", "cancelledOrderIds": []}},
)
SECOND_REPLIES: tuple[Mapping[str, Any], ...] = (
    {},
    {},
    {"code": "400100", "msg": "refused after all", "data": None},
    {"data": None},
)
BAD_FRAMES: tuple[tuple[str | bytes, bool], ...] = (
    ('{"id": "', False),
    ("null", False),
    ("[" * 2000, False),
    ('{"id": "nobody", "op": "spot.order", "code": "200000", "data": {"orderId": "1"}}', False),
    ('{"id": 7, "op": [], "code": {}, "data": 1}', False),
    (b"\xff\xfe\xfd", False),
    (b"\xff\xff\xff\xff", True),
    (b"\x81\x05ab", True),
)
REST_PROBLEMS = (("500000", 200), ("429000", 429), ("503000", 503))


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


def schedule(seed: int, *, gap: float) -> Iterator[Fault]:
    """
    Yield faults without end.

    Args:
        seed: Decides everything.
        gap: Calls between two faults, on average.
    """
    rng = random.Random(f"faults of {seed}")
    at = 0.0
    kinds, weights = list(KINDS), list(KINDS.values())
    while True:
        at += rng.expovariate(1 / gap)
        kind = rng.choices(kinds, weights)[0]
        seconds, details = _drawn(rng, kind)
        yield Fault(1 + int(at), kind, seconds, details)


def _drawn(rng: random.Random, kind: str) -> tuple[float, dict[str, Any]]:
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
        code, msg = rng.choice(DEFINITE if kind == "definite_error" else UNCERTAIN)
        return 0.0, {"code": code, "msg": msg, "executed": kind == "uncertain_error" and rng.random() < 0.5}
    if kind == "bad_lookup":
        code, status = rng.choice(REST_PROBLEMS)
        return 0.0, {"code": code, "status": status, "count": rng.randint(1, 3), "web_page": rng.random() < 0.3}
    return 0.0, {
        "patch": rng.choice(SECOND_REPLIES if kind == "dup_ack" else BAD_REPLIES),
        "count": rng.randint(1, 3),
        "reverse": rng.random() < 0.5,
        "frame": rng.choice(BAD_FRAMES),
        "opening": rng.choice(
            ("refuse_upgrade", "cut_before_welcome", "no_welcome", "late_welcome", "close_after_welcome", "dup_welcome")
        ),
    }
