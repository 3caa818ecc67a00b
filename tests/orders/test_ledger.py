"""
The ledger and the registry together: nothing that arrives at any moment is lost or counted twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.identifiers import Identifiers
from kucoin_sync.engine.line_end import LineEnd
from kucoin_sync.engine.listeners import ListenerHub
from kucoin_sync.engine.registry import PendingRequest, RequestRegistry
from kucoin_sync.errors import ConfigError, ConnectionLost, OutcomeUnknown, Rejected, RequestError
from kucoin_sync.events import BatchResult, OrderAck
from kucoin_sync.fates import Absent, Accepted, BatchFate, Fate, OrderState, OrderStatus
from kucoin_sync.kucoin.operations import KucoinRules
from kucoin_sync.orders.calls import RequestCalls
from kucoin_sync.orders.ledger import Call, Entry, Ledger
from kucoin_sync.protocol.messages import Reply

RULES = KucoinRules(None)
SPOT = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "1", "size": "1"}


class NoDesk:
    """Entries turn to nobody here."""

    def reconcile(self, entries: Sequence[Entry], timeout: float) -> list[Fate]:
        raise AssertionError

    def retry_cancel(self, entry: Entry, timeout: float | None) -> OrderAck:
        raise AssertionError


class Bench:
    """A ledger, a registry, and calls whose steps the test takes one by one, as `RequestCalls.call` takes them."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.registry = RequestRegistry()
        self.hub = ListenerHub(queue_size=10, inline=True, name="unused")
        self.calls = RequestCalls(RULES, Identifiers(), self.hub, self.ledger)
        self.resolved: list[tuple[Entry, Accepted | Absent]] = []
        self.ledger.desk = NoDesk()
        self.ledger.judge = self.calls.judge
        self.ledger.on_resolved = lambda entry, fate: self.resolved.append((entry, fate))

    def begin(self, request_id: str, op: str, args: Any) -> Call:
        request = PendingRequest(request_id, op, args, Deadline(5.0))
        call = Call(request, RULES.operations[op], "wsApiSpotV1")
        self.ledger.begin(call)
        return call

    def send(self, call: Call) -> None:
        call.request.line = LineEnd(None, "life-1")
        self.registry.begin_send(call.request, time.monotonic())
        call.request.sent = "partial"

    def sent(self, call: Call) -> None:
        call.request.sent = "complete"
        self.registry.end_send(call.request)

    @staticmethod
    def time_out(call: Call) -> None:
        request = call.request
        if request.reply is None and request.failure is None and request.discard():
            request.failure = ("timeout", None)

    def conclude(self, call: Call) -> Any:
        return self.calls._finish(call, self.calls._conclude(call))

    def reply(self, reply: Reply) -> None:
        if not self.registry.resolve(reply):
            self.ledger.take_reply(reply)

    def unknown(self, op: str = "spot.order", args: Any = None, request_id: str = "r-1") -> OutcomeUnknown:
        """Make a call that ends as unknown, and return what it raises."""
        call = self.begin(request_id, op, {**SPOT, "clientOid": "mine"} if args is None else args)
        self.send(call)
        self.sent(call)
        self.time_out(call)
        error = self.conclude(call)
        assert isinstance(error, OutcomeUnknown)
        return error


def reply(request_id: str, data: Any, *, op: str = "spot.order", code: str = "200000", msg: str = "") -> Reply:
    return Reply(request_id, op, code, msg, data, 1, 2, None, "{}")


def success(number: int) -> Reply:
    return reply(f"r-{number}", {"orderId": f"o-{number}", "clientOid": f"c-{number}"})


def state(
    status: OrderStatus = "live", *, oid: str | None = "mine", order_id: str = "o-1", **fields: Any
) -> OrderState:
    return OrderState(order_id, oid, fields.pop("symbol", "BTC-USDT"), status, **fields)


# Every order of events.

CALLER = ("send", "sent", "time-out", "conclude")
CUT, CLOSE = "cut", "close"
Step = tuple[str, int]


def interleavings(threads: Sequence[Sequence[Step]]) -> Iterator[tuple[Step, ...]]:
    """Return every order in which the steps of several threads can happen; nobody answers what was not sent."""
    done = [0] * len(threads)
    steps: list[Step] = []

    def grow() -> Iterator[tuple[Step, ...]]:
        over = True
        for index, thread in enumerate(threads):
            if done[index] == len(thread):
                continue
            over = False
            step = thread[done[index]]
            if step[0] == "reply" and ("send", step[1]) not in steps:
                continue
            done[index] += 1
            steps.append(step)
            yield from grow()
            steps.pop()
            done[index] -= 1
        if over:
            yield tuple(steps)

    return grow()


SHARE = 3_000
"""Interleavings that one test checks."""
ORDERS: dict[tuple[tuple[int, ...], str | None], int] = {
    ((), None): 70,
    ((), CUT): 630,
    ((), CLOSE): 630,
    ((1,), None): 504,
    ((1,), CUT): 5_040,
    ((1,), CLOSE): 5_040,
    ((1, 1), None): 4_200,
    ((1, 2), None): 2_016,
    ((1, 2), CUT): 22_176,
}
"""Which replies come, and what ends the line: how many orders of events there are."""


@pytest.mark.parametrize(
    ("replies", "end", "share"),
    [(*case, share) for case, orders in ORDERS.items() for share in range(0, orders, SHARE)],
    ids=str,
)
def test_O04_every_interleaving_of_send_reply_time_out_close_and_cut_for_two_callers(
    replies: tuple[int, ...], end: str | None, share: int
) -> None:
    """A reply that came before the call ended is its outcome; one that came after resolves it; nothing stays behind."""
    threads: list[Sequence[Step]] = [[(step, number) for step in CALLER] for number in (1, 2)]
    threads += [[("reply", number)] for number in replies]
    threads += [[(end, 0)]] if end else []
    number = 0
    for steps in interleavings(threads):
        if replies == (1, 2) and steps.index(("send", 2)) < steps.index(("send", 1)):
            continue  # the same as another one, with the callers' names swapped
        if share <= number < share + SHARE:
            check_interleaving(steps)
        number += 1
    assert number == ORDERS[replies, end]


def check_interleaving(steps: tuple[Step, ...]) -> None:
    bench = Bench()
    calls = {
        number: bench.begin(f"r-{number}", "spot.order", {**SPOT, "clientOid": f"c-{number}"}) for number in (1, 2)
    }
    outcomes: dict[int, Any] = {}
    answered: dict[int, bool] = {}
    for step, number in steps:
        if step == "send":
            bench.send(calls[number])
        elif step == "sent":
            bench.sent(calls[number])
        elif step == "time-out":
            bench.time_out(calls[number])
        elif step == "reply":
            answered.setdefault(number, number not in outcomes)
            bench.reply(success(number))
        elif step == "conclude":
            outcomes[number] = bench.conclude(calls[number])
        else:
            bench.registry.fail_all("closed" if step == CLOSE else "disconnected", ConnectionLost("gone"))
    for number, outcome in outcomes.items():
        in_time = answered.get(number)
        if in_time:
            assert isinstance(outcome, OrderAck), steps
        else:
            assert isinstance(outcome, OutcomeUnknown), steps
            assert (outcome.fate is not None) == (in_time is not None), steps
    unknown = sum(1 for outcome in outcomes.values() if isinstance(outcome, RequestError) and outcome.fate is None)  # type: ignore[attr-defined]
    assert len(bench.ledger) == unknown, steps
    assert not len(bench.registry), steps
    assert not any(bench.ledger.is_running(f"r-{number}") for number in (1, 2)), steps
    assert len(bench.resolved) == sum(1 for in_time in answered.values() if not in_time), steps


# What resolves an entry.


def test_O15_a_late_reply_resolves_it_as_accepted() -> None:
    bench = Bench()
    error = bench.unknown()

    bench.reply(reply("r-1", {"orderId": "o-1", "clientOid": "mine"}))

    assert error.fate == Accepted(None, "reply", order_id="o-1")
    assert len(bench.ledger) == 0


def test_O15_a_late_refusal_resolves_it_as_absent_for_certain() -> None:
    bench = Bench()
    error = bench.unknown()

    bench.reply(reply("r-1", None, code="200004", msg="Balance insufficient!"))

    assert error.fate == Absent("certain", "reply", refusal="200004 Balance insufficient!")


@pytest.mark.parametrize(
    "late",
    [
        reply("r-1", None, code="500000", msg="internal error"),
        reply("r-1", {"orderId": "o-1", "clientOid": "another"}),
        reply("r-1", {"orderId": "o-1", "clientOid": "mine"}, op="spot.cancel"),
        reply("r-2", {"orderId": "o-1", "clientOid": "mine"}),
    ],
    ids=["uncertain code", "foreign client order id", "other operation", "other request"],
)
def test_O15_a_late_reply_that_proves_nothing_resolves_nothing(late: Reply) -> None:
    bench = Bench()
    error = bench.unknown()

    bench.reply(late)

    assert error.fate is None
    assert [entry.error.client_oid for entry in bench.ledger.unresolved()] == ["mine"]


def test_O15_an_order_event_resolves_it() -> None:
    bench = Bench()
    error = bench.unknown()

    bench.ledger.take_event(state("filled"))

    assert error.fate == Accepted(state("filled"), "event", order_id="o-1")


def test_ids_of_two_accounts_have_nothing_to_do_with_each_other() -> None:
    """The same client order id may be in flight for both, and an event is about the account it came to."""
    bench = Bench()
    bench.ledger = Ledger({"a": "main", "b": "other", "a events": "main", "b events": "other"}.__getitem__)
    args = {"clientOid": "c-1", "symbol": "BTC-USDT", "side": "buy"}
    calls = []
    for request_id, ws_key in (("r1", "a"), ("r2", "b")):
        call = Call(
            PendingRequest(request_id, "spot.order", dict(args), Deadline(5.0)), RULES.operations["spot.order"], ws_key
        )
        bench.ledger.begin(call)
        calls.append(call)
    with pytest.raises(ConfigError, match="c-1"):
        bench.ledger.begin(
            Call(PendingRequest("r3", "spot.order", dict(args), Deadline(5.0)), RULES.operations["spot.order"], "a")
        )

    bench.ledger.take_event(state("live", oid="c-1"), "b events")

    assert [len(call.evidence) for call in calls] == [0, 1]


@pytest.mark.parametrize(
    "event",
    [state(oid="another"), state(oid=None), state(symbol="ETH-USDT"), state(created_ms=-5_000)],
    ids=["another client order id", "no client order id", "another symbol", "older than its call"],
)
def test_O15_an_event_of_another_order_resolves_nothing(event: OrderState) -> None:
    bench = Bench()
    error = bench.unknown()

    bench.ledger.take_event(event)

    assert error.fate is None


@pytest.mark.parametrize(
    "named", [{"orderId": "o-1"}, {"clientOid": "mine"}], ids=["by order id", "by client order id"]
)
def test_O15_a_cancel_is_resolved_by_the_event_that_ends_its_order(named: dict[str, str]) -> None:
    bench = Bench()
    error = bench.unknown("spot.cancel", {"symbol": "BTC-USDT", **named})
    other = bench.unknown("spot.cancel", {"symbol": "BTC-USDT", **named}, "r-2")

    bench.ledger.take_event(state("live"))
    assert error.fate is None

    bench.ledger.take_event(state("cancelled"))
    assert error.fate == other.fate == Accepted(state("cancelled"), "event", order_id="o-1")


def test_O15_a_filled_order_tells_that_its_cancel_had_no_effect() -> None:
    bench = Bench()
    error = bench.unknown("spot.cancel", {"symbol": "BTC-USDT", "orderId": "o-1"})

    bench.ledger.take_event(state("filled"))

    assert isinstance(error.fate, Accepted)
    assert error.fate.no_effect


def test_O15_an_event_says_nothing_about_a_modification() -> None:
    bench = Bench()
    error = bench.unknown("spot.modify", {"symbol": "BTC-USDT", "clientOid": "mine", "newPrice": "2"})

    bench.ledger.take_event(state("cancelled"))
    bench.ledger.take_event(state("live", order_id="o-2"))

    assert error.fate is None


# Evidence that comes while a call still runs.


def test_O15_an_event_makes_an_ack_of_a_call_that_would_have_ended_as_unknown() -> None:
    bench = Bench()
    call = bench.begin("r-1", "spot.order", {**SPOT, "clientOid": "mine"})
    bench.send(call)
    bench.sent(call)
    bench.ledger.take_event(state("live"))
    bench.time_out(call)

    ack = bench.conclude(call)

    assert isinstance(ack, OrderAck)
    assert (ack.evidence, ack.order_id, ack.client_oid, ack.order) == ("event", "o-1", "mine", state("live"))
    assert len(bench.ledger) == 0


def test_O15_an_event_of_something_else_leaves_it_unknown() -> None:
    bench = Bench()
    call = bench.begin("r-1", "spot.cancel", {"symbol": "BTC-USDT", "orderId": "o-1"})
    bench.send(call)
    bench.sent(call)
    bench.ledger.take_event(state("live"))
    bench.time_out(call)

    assert isinstance(bench.conclude(call), OutcomeUnknown)


def test_O15_a_refusal_wins_over_an_event() -> None:
    """The exchange's own answer is what counts: an order event under the same id belongs to another order."""
    bench = Bench()
    call = bench.begin("r-1", "spot.order", {**SPOT, "clientOid": "mine"})
    bench.send(call)
    bench.sent(call)
    bench.ledger.take_event(state("live"))
    bench.reply(reply("r-1", None, code="200004", msg="Balance insufficient!"))

    assert isinstance(bench.conclude(call), Rejected)


# Batches.

BATCH = [{"symbol": "XBTUSDTM", "clientOid": f"c-{number}", "side": "buy", "size": 1} for number in (1, 2, 3)]


def batch_reply(*numbers: int) -> Reply:
    taken = [
        {"orderId": f"o-{number}", "clientOid": f"c-{number}", "symbol": "XBTUSDTM", "code": "200000", "msg": ""}
        for number in numbers
    ]
    return reply("r-1", taken, op="futures.multi_order")


def test_O15_each_order_of_a_batch_is_resolved_by_itself() -> None:
    bench = Bench()
    error = bench.unknown("futures.multi_order", [dict(item) for item in BATCH])
    assert [entry.error.client_oid for entry in bench.ledger.unresolved()] == ["c-1", "c-2", "c-3"]

    bench.ledger.take_event(state(oid="c-2", order_id="o-2", symbol="XBTUSDTM"))
    assert error.fate is None
    bench.reply(batch_reply(1))
    assert [entry.error.client_oid for entry in bench.ledger.unresolved()] == ["c-3"]
    bench.reply(batch_reply(3))

    assert isinstance(error.fate, BatchFate)
    assert [type(fate) for fate in error.fate] == [Accepted, Accepted, Accepted]
    assert error.results is not None
    assert [each.fate for each in error.results.unknown] == list(error.fate)


def test_O15_events_complete_a_batch_whose_reply_leaves_some_out() -> None:
    bench = Bench()
    call = bench.begin("r-1", "futures.multi_order", [dict(item) for item in BATCH])
    bench.send(call)
    bench.sent(call)
    bench.ledger.take_event(state(oid="c-2", order_id="o-2", symbol="XBTUSDTM"))
    bench.reply(batch_reply(1, 3))

    result = bench.conclude(call)

    assert isinstance(result, BatchResult)
    assert [ack.evidence for ack in result.accepted] == ["reply", "event", "reply"]


# Client order ids.


def test_O09_an_id_is_taken_while_its_order_is_unknown_and_free_after_it_is_resolved() -> None:
    bench = Bench()
    bench.unknown()
    with pytest.raises(ConfigError, match="client_oid: mine belongs to an order whose outcome is unknown"):
        bench.begin("r-2", "spot.order", {**SPOT, "clientOid": "mine"})

    bench.ledger.take_event(state())

    bench.ledger.end(bench.begin("r-3", "spot.order", {**SPOT, "clientOid": "mine"}))
    bench.ledger.end(bench.begin("r-4", "spot.order", {**SPOT, "clientOid": "mine"}))


def test_O09_the_definite_orders_of_a_batch_free_their_ids() -> None:
    bench = Bench()
    call = bench.begin("r-1", "futures.multi_order", [dict(item) for item in BATCH])
    bench.send(call)
    bench.sent(call)
    bench.reply(batch_reply(1, 3))
    assert isinstance(bench.conclude(call), OutcomeUnknown)

    bench.begin("r-2", "futures.order", dict(BATCH[0]))
    with pytest.raises(ConfigError, match="c-2"):
        bench.begin("r-3", "futures.order", dict(BATCH[1]))


def test_O20_an_entry_can_be_dismissed() -> None:
    bench = Bench()
    bench.unknown()
    (entry,) = bench.ledger.unresolved()

    assert bench.ledger.dismiss(entry)

    assert not bench.ledger.dismiss(entry)
    assert not bench.resolved, "nobody found anything out"
    assert len(bench.ledger) == 0


def test_O20_the_list_keeps_no_frames_of_its_callers_alive() -> None:
    bench = Bench()
    error = bench.unknown()
    with pytest.raises(OutcomeUnknown):
        raise error

    (entry,) = bench.ledger.unresolved()

    assert entry.error is not error
    assert entry.error.__traceback__ is None
    assert (entry.error.request_id, entry.error.request) == (error.request_id, error.request)
