"""
The comparison of every answer with the truth. Pure: answers, fates and the exchange's log go in, findings come out.

- accepted: the engine took it, exactly once, under the id that was told;
- a cancel that is told to have had no effect: the engine cancelled nothing by it, and the order is not live;
- a cancel of which only an order event tells: the order is not live; what ended it the event does not say;
- rejected: it reached the exchange, and the engine did not take it;
- not sent: it never reached the exchange;
- unknown: either; but what reconciliation said of it later must be true in the same sense;
- of one call at most one frame, under one client order id at most one order;
- no order is executed whose last byte left the client after its call had ended.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Literal

import attrs

from benchmarks.orders_truth.answers import Answer, Fate, Interval, OrderAnswer, TruthEntry

__all__ = ["GRACE", "HARMLESS", "Finding", "FindingKind", "judge"]

GRACE = 0.25
"""Seconds that a call may take beyond its timeout."""

THREADS = 3
"""Threads that a call passes one after another, each of which may be left waiting: caller, proxy, reader."""

FindingKind = Literal["misreported", "duplicate", "late", "overtime", "stray", "unplaced", "starved", "undecided"]
HARMLESS = ("starved", "undecided")
"""Kinds of findings that are no broken promise, or not known to be one."""

Arrival = Callable[[TruthEntry], Interval | None]


@attrs.frozen
class Finding:
    """
    One promise that was not kept.

    Attributes:
        kind: ``misreported``: an answer or a fate contradicts the truth. ``duplicate``: more than one frame of a call,
            or more than one order under a client order id. ``late``: executed although it left after its call had
            ended. ``overtime``: a call took longer than it may. ``stray``: the exchange has a frame that no call made.
            ``unplaced``: nothing tells when the frame left, so nothing proves that it was in time. ``starved``: a call
            took longer than it may, but the machine let threads wait for as long. ``undecided``: it cannot be told
            whether a frame left before or after the end of its call.
        number: Of the call; ``None`` for a frame without one.
        text: What was told, and what is true.
    """

    kind: FindingKind
    number: int | None
    text: str


def judge(
    answers: Iterable[Answer],
    truth: Iterable[TruthEntry],
    *,
    fates: Mapping[tuple[str, int], Fate],
    live: Set[str],
    arrival: Arrival,
) -> list[Finding]:
    """
    Compare.

    Args:
        answers: Of all calls.
        truth: Every order of every frame that reached the exchange.
        fates: What reconciliation said last: by request id and the order's place in the request.
        live: Ids of the orders that were live in the end.
        arrival: When the last byte of an entry's frame had left the client; ``None`` if nobody knows.
    """
    rows: dict[str, list[TruthEntry]] = defaultdict(list)
    placed: dict[str, list[TruthEntry]] = defaultdict(list)
    for entry in truth:
        rows[entry.request_id].append(entry)
    findings: list[Finding] = []
    for answer in answers:
        entries = rows.pop(answer.request_id, [])
        judged = _Judged(answer, entries, live)
        findings += judged.findings(fates)
        findings += _lateness(answer, entries, arrival)
        if answer.action == "place":
            for entry in entries:
                if entry.executed and entry.client_oid is not None:
                    placed[entry.client_oid].append(entry)
    for request_id, entries in rows.items():
        findings.append(Finding("stray", None, f"no call has the id {request_id}: {entries}"))
    for client_oid, entries in placed.items():
        if len(entries) > 1:
            findings.append(Finding("duplicate", None, f"{len(entries)} orders under {client_oid}: {entries}"))
    return findings


@attrs.define
class _Judged:
    """One answer with its rows of the truth."""

    answer: Answer
    entries: Sequence[TruthEntry]
    live: Set[str]

    def findings(self, fates: Mapping[tuple[str, int], Fate]) -> list[Finding]:
        """Return what is wrong with the answer and with what was found out later."""
        answer, found = self.answer, []
        if answer.elapsed > answer.timeout + GRACE:
            is_excused = answer.elapsed - THREADS * answer.starved <= answer.timeout + GRACE
            text = f"took {answer.elapsed:.3f} s of {answer.timeout:.3f} s, starved for {answer.starved:.3f} s of them"
            found.append(self._finding("starved" if is_excused else "overtime", text))
        frames = {(entry.connection, entry.offset) for entry in self.entries}
        if len(frames) > 1:
            found.append(self._finding("duplicate", f"{len(frames)} frames"))
        elif self.entries and len(self.entries) != len(answer.orders):
            text = f"the frame has {len(self.entries)} orders, the answer {len(answer.orders)}"
            found.append(self._finding("misreported", text))
        for place, order in enumerate(answer.orders):
            entry = self.entries[place] if place < len(self.entries) else None
            wrong = self._contradiction(order, entry)
            if wrong is not None:
                found.append(self._finding("misreported", f"{order.kind}, but {wrong}; {order.text}"))
            fate = fates.get((answer.request_id, place))
            wrong = None if fate is None else self._false_fate(fate, order, entry)
            if fate is not None and wrong is not None:
                found.append(self._finding("misreported", f"reconciled: {fate.text}, but {wrong}; {order.text}"))
        return found

    def _contradiction(self, order: OrderAnswer, entry: TruthEntry | None) -> str | None:
        """Return what the truth has against an answer."""
        if order.kind == "unknown":
            return None
        if order.kind == "not sent":
            return None if entry is None else "it reached the exchange"
        if order.by_event and self.answer.action == "cancel":
            return self._still_live(order)
        if entry is None:
            return "it never reached the exchange"
        if order.kind == "rejected":
            return "the engine took it" if entry.executed else None
        if order.no_effect:
            return "the engine did it" if entry.executed else self._still_live(order)
        return self._not_done(order, entry, order.order_id)

    def _false_fate(self, fate: Fate, order: OrderAnswer, entry: TruthEntry | None) -> str | None:
        """Return what the truth has against a fate."""
        if order.kind != "unknown":
            return "it was not unknown"
        if fate.kind == "still unknown":
            return None
        done = entry is not None and entry.executed
        if fate.kind == "absent":
            # Of a cancel it says that the cancel did nothing; what else ended the order is another matter.
            return "the engine took it" if done else None
        if self.answer.action == "cancel":
            return self._still_live(order)
        return "it never reached the exchange" if entry is None else self._not_done(order, entry, fate.order_id)

    def _not_done(self, order: OrderAnswer, entry: TruthEntry, told: str | None) -> str | None:
        if not entry.executed:
            return "the engine did not take it"
        if told is not None and told != entry.order_id:
            return f"the engine took {entry.order_id}"
        if order.target is None:
            return None
        if self.answer.action in ("cancel", "amend") and entry.order_id != order.target:
            return f"it was about {order.target}, and the engine took {entry.order_id}"
        return None if self.answer.action == "amend" else self._still_live(order)

    def _still_live(self, order: OrderAnswer) -> str | None:
        return f"{order.target} is live" if order.target in self.live else None

    def _finding(self, kind: FindingKind, text: str) -> Finding:
        answer = self.answer
        what = f"call {answer.number}, {answer.op} by {answer.way}, request {answer.request_id}"
        truth = "; ".join(_shown(entry) for entry in self.entries) or "nothing"
        return Finding(kind, answer.number, f"{what}: {text} [the exchange has: {truth}]")


def _lateness(answer: Answer, entries: Sequence[TruthEntry], arrival: Arrival) -> list[Finding]:
    """Return whether something of the call was executed that left the client after the call's end."""
    found: list[Finding] = []
    for entry in entries:
        if not entry.executed:
            continue
        left = arrival(entry)
        what = f"call {answer.number}, {answer.op} by {answer.way}, request {answer.request_id}: {_shown(entry)}"
        if left is None:
            found.append(Finding("unplaced", answer.number, what))
        elif left[1] > answer.ended_ns:
            after = [(time_ns - answer.ended_ns) / 1e6 for time_ns in left]
            text = f"{what}, which left {after[0]:.3f} to {after[1]:.3f} ms after the end of its call"
            found.append(Finding("late" if left[0] > answer.ended_ns else "undecided", answer.number, text))
    return found


def _shown(entry: TruthEntry) -> str:
    done = "executed" if entry.executed else "not executed"
    return f"{entry.client_oid} {done} as {entry.order_id} on {entry.connection} at byte {entry.offset}"
