"""
The truth soak: its judge against made-up cases that must and must not be found, and a short soak with a fixed seed.

``python -m benchmarks.orders_truth`` is the long one.
"""

from __future__ import annotations

import inspect
import struct
import time
from collections.abc import Sequence
from itertools import islice
from typing import Any

import attrs
import pytest

from benchmarks.orders_truth.answers import Answer, Fate, OrderAnswer, TruthEntry, answer_of
from benchmarks.orders_truth.arrivals import Arrivals
from benchmarks.orders_truth.judge import HARMLESS, Finding, judge
from benchmarks.orders_truth.kucoin import FORMS, Kucoin
from benchmarks.orders_truth.order_calls import Request
from benchmarks.orders_truth.schedule import KINDS, LONGEST_LAG, schedule
from benchmarks.orders_truth.soak import EXCHANGES, SETTLE, Plan, soak
from benchmarks.orders_truth.table import to_text
from kucoin_sync import OutcomeUnknown, Rejected, RequestError, WebsocketAPIClient

ENDED = 1_000_000_000_000
SECOND = 1_000_000_000


def answer(*orders: OrderAnswer, **changes: Any) -> Answer:
    """A call that ended in time."""
    given = Answer(1, "spot.order", "place", "method", "r1", orders, ENDED, 0.1, 0.5)
    return attrs.evolve(given, **changes)


def entry(**changes: Any) -> TruthEntry:
    """An order that the engine took from the call's one frame."""
    given = TruthEntry("spot.order", "r1", "c1", "ws_api-1", 400, 50_000, ENDED - SECOND // 10, True, "o1")
    return attrs.evolve(given, **changes)


def judged(
    answers: Sequence[Answer],
    truth: Sequence[TruthEntry],
    *,
    fates: dict[tuple[str, int], Fate] | None = None,
    live: Sequence[str] = (),
    left: tuple[int, int] | None = (ENDED - SECOND, ENDED - SECOND),
) -> list[str]:
    findings: list[Finding] = judge(answers, truth, fates=fates or {}, live=set(live), arrival=lambda _: left)
    assert all(finding.text for finding in findings)
    return [finding.kind for finding in findings]


PLACED = OrderAnswer("accepted", "c1", "o1")
CANCELLED = OrderAnswer("accepted", None, "o1", "o1")
UNKNOWN = OrderAnswer("unknown", "c1", reason="timeout")
UNKNOWN_CANCEL = OrderAnswer("unknown", None, None, "o1", "timeout")
NO_EFFECT = attrs.evolve(CANCELLED, no_effect=True)
REJECTED, NOT_SENT = OrderAnswer("rejected", "c1"), OrderAnswer("not sent", "c1")
REFUSED = entry(executed=False, order_id=None)
CANCEL = {"op": "spot.cancel", "action": "cancel"}
MODIFY = {"op": "spot.modify", "action": "modify"}


@pytest.mark.parametrize(
    ("told", "truth"),
    [
        (answer(PLACED), [entry()]),
        (answer(REJECTED), [REFUSED]),
        (answer(NOT_SENT), []),
        (answer(UNKNOWN), []),
        (answer(UNKNOWN), [REFUSED]),
        (answer(UNKNOWN), [entry()]),
        (answer(CANCELLED, **CANCEL), [entry()]),
        (answer(NO_EFFECT, **CANCEL), [REFUSED]),
        (answer(attrs.evolve(PLACED, order_id="o2", target="o1"), **MODIFY), [entry(order_id="o2")]),
        (answer(PLACED, REJECTED), [entry(), REFUSED]),
    ],
)
def test_an_answer_that_is_true_passes(told: Answer, truth: list[TruthEntry]) -> None:
    assert judged([told], truth) == []


@pytest.mark.parametrize(
    ("told", "truth"),
    [
        (answer(PLACED), []),
        (answer(PLACED), [REFUSED]),
        (answer(PLACED), [entry(order_id="o2")]),
        (answer(REJECTED), [entry()]),
        (answer(REJECTED), []),
        (answer(NOT_SENT), [entry()]),
        (answer(NOT_SENT), [REFUSED]),
        (answer(CANCELLED, **CANCEL), [REFUSED]),
        (answer(CANCELLED, **CANCEL), [entry(order_id="o2")]),
        (answer(NO_EFFECT, **CANCEL), [entry()]),
        (answer(REJECTED, REJECTED), [REFUSED, entry()]),
        (answer(PLACED, PLACED), [entry()]),
    ],
)
def test_an_answer_that_contradicts_the_truth_is_misreported(told: Answer, truth: list[TruthEntry]) -> None:
    assert set(judged([told], truth)) == {"misreported"}


@pytest.mark.parametrize("told", [CANCELLED, NO_EFFECT])
def test_a_cancel_that_left_the_order_live_is_misreported(told: OrderAnswer) -> None:
    truth = [entry(executed=not told.no_effect)]
    assert judged([answer(told, **CANCEL)], truth, live=["o1"]) == ["misreported"]


def test_a_cancel_that_an_event_tells_of_is_about_the_order_it_named() -> None:
    """The event shows that the order is over, not that this cancel, and not another one, did it."""
    told = answer(attrs.evolve(CANCELLED, by_event=True), **CANCEL)
    assert judged([told], []) == judged([told], [REFUSED]) == []
    assert judged([told], [], live=["o1"]) == ["misreported"]


def test_a_modification_that_left_the_old_order_live_is_misreported() -> None:
    told = answer(attrs.evolve(PLACED, order_id="o2", target="o1"), **MODIFY)
    assert judged([told], [entry(order_id="o2")], live=["o1", "o2"]) == ["misreported"]


@pytest.mark.parametrize(
    ("truth", "fate"),
    [
        ([entry()], Fate("accepted", "o1")),
        ([entry()], Fate("accepted")),
        ([entry()], Fate("still unknown")),
        ([REFUSED], Fate("absent")),
        ([], Fate("absent")),
    ],
)
def test_a_fate_that_is_true_passes(truth: list[TruthEntry], fate: Fate) -> None:
    assert judged([answer(UNKNOWN)], truth, fates={("r1", 0): fate}) == []


@pytest.mark.parametrize(
    ("truth", "fate"),
    [
        ([], Fate("accepted", "o1")),
        ([REFUSED], Fate("accepted", "o1")),
        ([entry()], Fate("accepted", "o2")),
        ([entry()], Fate("absent")),
    ],
)
def test_a_fate_that_contradicts_the_truth_is_misreported(truth: list[TruthEntry], fate: Fate) -> None:
    assert judged([answer(UNKNOWN)], truth, fates={("r1", 0): fate}) == ["misreported"]


def test_what_is_found_out_about_a_definite_answer_is_misreported() -> None:
    assert judged([answer(PLACED)], [entry()], fates={("r1", 0): Fate("accepted", "o1")}) == ["misreported"]


def test_the_fate_of_a_cancel_is_about_the_order_it_named() -> None:
    """Whoever ended the order: it must not be live any more."""
    told, fates = answer(UNKNOWN_CANCEL, **CANCEL), {("r1", 0): Fate("accepted", "o1")}
    assert judged([told], [], fates=fates) == []
    assert judged([told], [], fates=fates, live=["o1"]) == ["misreported"]


def test_two_frames_of_one_call_are_a_duplicate() -> None:
    truth = [REFUSED, attrs.evolve(REFUSED, offset=800)]
    assert judged([answer(REJECTED)], truth) == ["duplicate"]


def test_two_orders_under_one_client_order_id_are_a_duplicate() -> None:
    again = answer(PLACED, request_id="r2")
    assert judged([answer(PLACED), again], [entry(), entry(request_id="r2")]) == ["duplicate"]


def test_two_orders_of_one_frame_are_none() -> None:
    other = attrs.evolve(PLACED, client_oid="c2", order_id="o2")
    assert judged([answer(PLACED, other)], [entry(), entry(client_oid="c2", order_id="o2")]) == []


@pytest.mark.parametrize(
    ("left", "found"),
    [
        ((ENDED - 2, ENDED), []),
        ((ENDED - 2, ENDED + 5), ["undecided"]),
        ((ENDED + 1, ENDED + 5), ["late"]),
        (None, ["unplaced"]),
    ],
)
def test_an_order_that_left_after_its_call_had_ended_is_late(left: tuple[int, int] | None, found: list[str]) -> None:
    assert judged([answer(UNKNOWN)], [entry()], left=left) == found


def test_an_order_that_was_not_executed_is_never_late() -> None:
    assert judged([answer(UNKNOWN)], [REFUSED], left=(ENDED + 1, ENDED + 5)) == []


@pytest.mark.parametrize(
    ("elapsed", "starved", "found"),
    [(0.75, 0.0, []), (0.76, 0.0, ["overtime"]), (0.9, 0.04, ["overtime"]), (0.9, 0.06, ["starved"])],
)
def test_a_call_that_took_too_long_is_found(elapsed: float, starved: float, found: list[str]) -> None:
    assert judged([answer(PLACED, elapsed=elapsed, starved=starved)], [entry()]) == found


def test_a_frame_that_no_call_made_is_found() -> None:
    assert judged([], [entry()]) == ["stray"]


@pytest.mark.parametrize("result", [None, ValueError("what is that"), "accepted"])
def test_a_call_that_ends_in_no_outcome_is_refused(result: object) -> None:
    with pytest.raises(TypeError, match="ended with"):
        answer_of(result, number=1, action="place", way="method", targets=[None], ended_ns=1, elapsed=1.0, timeout=1.0)


# When frames left.


def masked(size: int) -> bytes:
    """A client's frame with so many bytes of payload."""
    length = struct.pack("!B", 0x80 | size) if size < 126 else struct.pack("!BH", 0x80 | 126, size)
    return b"\x81" + length + b"mask" + bytes(size)


def record(kind: int, size: int) -> bytes:
    """A TLS record with so many bytes in it."""
    return struct.pack("!BHH", kind, 0x0303, size) + bytes(size)


def at(arrivals: Arrivals, offset: int, arrived_ns: int = 10_000) -> tuple[int, int] | None:
    return arrivals(entry(offset=offset, arrived_ns=arrived_ns))


def test_frames_of_a_plain_line_are_timed_by_their_last_byte() -> None:
    arrivals, port = Arrivals(tls=False), entry().remote_port
    assert port is not None
    first, second = masked(20), masked(300)
    arrivals.watch(port, b"", 100, 100)
    arrivals.watch(port, b"GET / HTTP/1.1\r\n\r", 100, 101)
    arrivals.watch(port, b"\n" + first + second[:1], 101, 102)
    arrivals.watch(port, second[1:300], 102, 103)
    assert at(arrivals, len(first)) is None
    arrivals.watch(port, second[300:], 103, 104)
    assert at(arrivals, 0) == (101, 102)
    assert at(arrivals, len(first)) == (103, 104)
    assert at(arrivals, len(first + second)) is None


def test_frames_of_a_tls_line_are_timed_by_their_record() -> None:
    arrivals, port = Arrivals(tls=True), entry().remote_port
    assert port is not None
    arrivals.watch(port, b"", 100, 100)
    arrivals.watch(port, record(22, 517) + record(20, 1) + record(23, 53), 100, 101)
    arrivals.watch(port, record(23, 200 + 17), 101, 102)  # the handshake's request
    arrivals.watch(port, record(23, 40 + 17), 102, 103)
    arrivals.watch(port, record(23, 60 + 17)[:50], 103, 104)
    assert at(arrivals, 40) is None
    arrivals.watch(port, record(23, 60 + 17)[50:], 104, 105)
    assert (at(arrivals, 0), at(arrivals, 40), at(arrivals, 100)) == ((102, 103), (104, 105), None)


def test_a_port_that_is_used_again_is_another_line() -> None:
    arrivals, port = Arrivals(tls=False), entry().remote_port
    assert port is not None
    for begins in (100, 200):
        arrivals.watch(port, b"", begins, begins)
        arrivals.watch(port, b"GET / HTTP/1.1\r\n\r\n" + masked(5), begins, begins + 1)
    assert (at(arrivals, 0, 150), at(arrivals, 0, 250)) == ((100, 101), (200, 201))


# The schedule, and a soak.


def test_the_schedule_is_its_seed_and_has_every_fault() -> None:
    faults = list(islice(schedule(7, FORMS, gap=10.0), 5000))
    assert faults == list(islice(schedule(7, FORMS, gap=10.0), 5000))
    assert faults != list(islice(schedule(8, FORMS, gap=10.0), 5000))
    assert {fault.kind for fault in faults} == set(KINDS)
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert faults[-1].at == pytest.approx(50_000, rel=0.1)


def test_nothing_is_held_for_longer_than_an_absent_order_takes_to_be_believed() -> None:
    held = ("stop_reading", "cut_then_execute", "late_execution", "lookup_lag")
    longest = max(
        max(fault.seconds, fault.details.get("seconds", 0.0))
        for fault in islice(schedule(7, FORMS, gap=10.0), 5000)
        if fault.kind in held
    )
    assert 0 < longest <= LONGEST_LAG < SETTLE


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_every_answer_of_a_short_soak_is_true(tls: bool) -> None:
    plan = Plan(orders=300, seed=5, tls=tls, gap=5.0)
    outcome = soak(plan)
    # How long calls take is for a machine that has time: the long soak looks at it.
    broken = [finding for finding in outcome.findings if finding.kind not in (*HARMLESS, "overtime")]
    assert not broken and not outcome.strange and not outcome.unresolved, to_text(plan, outcome)
    assert len({answer.number for answer in outcome.answers} - {0}) == plan.orders
    kinds = {order.kind for answer in outcome.answers for order in answer.orders}
    assert kinds >= {"accepted", "rejected", "unknown"}
    assert outcome.lines_lost and sum(outcome.faults.values()) > 30
    assert {resolution.resolved for resolution in outcome.resolutions} >= {True}


class Liar(Kucoin):
    """Tells that what it does not know was refused."""

    def call(self, api: WebsocketAPIClient, request: Request, timeout: float) -> Any:
        try:
            return super().call(api, request, timeout)
        except OutcomeUnknown as error:
            if error.results is not None:
                raise
            facts = {name: getattr(error, name) for name in inspect.signature(RequestError).parameters}
            raise Rejected(code="0", msg="surely not", **facts) from None


class Repeater(Kucoin):
    """Sends once more what it does not know."""

    def call(self, api: WebsocketAPIClient, request: Request, timeout: float) -> Any:
        if request.op == "spot.order":
            request.params.setdefault("clientOid", f"again{id(request)}x{time.monotonic_ns()}")
        try:
            return super().call(api, request, timeout)
        except OutcomeUnknown:
            return super().call(api, request, timeout)


@pytest.mark.parametrize(("client", "found"), [(Liar, "misreported"), (Repeater, "stray")])
def test_a_soak_finds_a_client_that_is_not_to_be_trusted(
    client: type[Kucoin], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXCHANGES, "kucoin", client)
    outcome = soak(Plan(orders=300, seed=5, gap=5.0))
    assert outcome.has_failed
    assert found in {finding.kind for finding in outcome.findings}
