"""
How an unknown order's fate is found out, on the pure inquiry: time is a number, look-ups are answers.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.errors import ConnectionLost, RestError
from kucoin_sync.fates import Absent, Accepted, OrderState, OrderStatus, StillUnknown
from kucoin_sync.orders.inquiry import APART, MISSES_BEFORE_RETIRING, Ask, Done, Inquiry, Wait
from kucoin_sync.orders.lookup import LookUp, Question, Sighting
from kucoin_sync.orders.operation import OperationKind

SETTLE = 5.0
DAYS = 86_400.0
NOTHING = Sighting()


def never_called(_: Question, __: float) -> Sighting:
    raise AssertionError("an inquiry looks nothing up by itself")


def ways(*reaches: float) -> list[LookUp]:
    return [LookUp(f"way {number}", never_called, reach) for number, reach in enumerate(reaches)]


def order(status: OrderStatus = "live") -> OrderState:
    return OrderState("670f", "mine", "BTC-USDT", status)


def inquiry(
    kind: OperationKind = OperationKind.PLACE, *, reaches: tuple[float, ...] = (2 * DAYS, 2 * DAYS), age: float = 0.0
) -> Inquiry:
    return Inquiry(kind, ways(*reaches), settle=SETTLE, age=age, now=0.0)


class Run:
    """An inquiry, driven to its end: what it was told, and when."""

    def __init__(
        self, subject: Inquiry, see: Callable[[int, float], Sighting | Exception], gone_at: float | None
    ) -> None:
        self.subject = subject
        self.see = see
        self.gone_at = gone_at
        self.asked: list[tuple[float, int]] = []
        self.retired_at: float | None = None

    def to_end(self, *, deadline: float = 60.0, retire_works: bool = True) -> Accepted | Absent | StillUnknown:
        now = 0.0
        while now < deadline:
            step = self.subject.step(now, self.gone_at)
            if isinstance(step, Done):
                return step.fate
            if isinstance(step, Ask):
                assert self.asked[-2:] != [(now, step.way)] * 2, "a look-up again and again at the same time spins"
                self.asked.append((now, step.way))
                seen = self.see(step.way, now)
                if isinstance(seen, Exception):
                    self.subject.failed(seen, now=now)  # type: ignore[arg-type]
                else:
                    self.subject.saw(step.way, seen, began=now, now=now, gone_at=self.gone_at)
                continue
            assert step.until > now, "a wait that does not wait spins"
            if step.retire and self.retired_at is None and retire_works:
                self.retired_at = self.gone_at = now
                continue
            now = step.until
        return self.subject.give_up(deadline, self.gone_at)


def test_O12_what_is_found_is_accepted_at_once_even_while_its_line_is_open() -> None:
    run = Run(inquiry(), lambda way, now: Sighting(order("filled")), gone_at=None)

    fate = run.to_end()

    assert fate == Accepted(order("filled"), "look-up", order_id="670f")
    assert run.asked == [(0.0, 0)]


def test_O12_an_absence_takes_a_dead_line_a_settling_time_and_two_ways_a_second_apart() -> None:
    run = Run(inquiry(), lambda way, now: NOTHING, gone_at=2.0)

    fate = run.to_end()

    assert fate == Absent("likely", "look-up")
    counted = [(at, way) for at, way in run.asked if at >= 2.0 + SETTLE]
    assert counted[0][0] == 2.0 + SETTLE, "asked as soon as it counts"
    assert len({way for _, way in counted}) == 2
    assert counted[-1][0] - counted[0][0] >= APART
    assert counted[-1][0] <= 2.0 + SETTLE + APART + 0.001, "and no later than it has to be"


@pytest.mark.parametrize("gone_at", [gone_at / 7 for gone_at in range(1, 200)])
def test_O12_the_second_look_counts_when_it_is_made_whatever_the_clock_reads(gone_at: float) -> None:
    run = Run(inquiry(), lambda way, now: NOTHING, gone_at)

    assert run.to_end() == Absent("likely", "look-up")
    counted = [(at, way) for at, way in run.asked if at >= gone_at + SETTLE]
    assert len(counted) == 2, "and none is made in vain"


def test_O12_while_the_line_is_open_not_found_never_means_absent() -> None:
    run = Run(inquiry(), lambda way, now: NOTHING, gone_at=None)

    fate = run.to_end(retire_works=False)

    assert isinstance(fate, StillUnknown)
    assert "on its way" in fate.reason


def test_O12_a_line_is_let_go_only_after_several_looks_in_vain() -> None:
    run = Run(inquiry(), lambda way, now: NOTHING, gone_at=None)

    fate = run.to_end()

    assert isinstance(fate, Absent)
    assert run.retired_at is not None
    assert len([at for at, _ in run.asked if at <= run.retired_at]) == MISSES_BEFORE_RETIRING


def test_O12_a_look_up_that_lags_does_not_cost_the_line() -> None:
    """Placed half a second ago, not seen yet: seen at the third look."""
    run = Run(inquiry(), lambda way, now: Sighting(order()) if now >= 0.5 else NOTHING, gone_at=None)

    assert isinstance(run.to_end(), Accepted)
    assert run.retired_at is None


def test_O12_an_order_that_shows_up_late_is_accepted_and_not_absent() -> None:
    """The lag is longer than the settling time of the first look that counts."""
    run = Run(inquiry(), lambda way, now: Sighting(order()) if now >= SETTLE + 0.5 else NOTHING, gone_at=0.0)

    assert isinstance(run.to_end(), Accepted)


def test_O12_one_way_alone_never_shows_an_absence() -> None:
    run = Run(inquiry(reaches=(DAYS,)), lambda way, now: NOTHING, gone_at=0.0)

    fate = run.to_end()

    assert isinstance(fate, StillUnknown)
    assert "two ways" in fate.reason


def test_O12_what_counts_is_when_a_look_began() -> None:
    """One that began before the settling time was over and ended after it saw the past."""
    subject = inquiry()
    subject.saw(0, NOTHING, began=SETTLE - 0.1, now=SETTLE + 3.0, gone_at=0.0)
    subject.saw(1, NOTHING, began=SETTLE + 3.0, now=SETTLE + 3.0, gone_at=0.0)

    assert not isinstance(subject.step(SETTLE + 3.1, 0.0), Done)


def test_O12_two_looks_less_than_a_second_apart_are_one() -> None:
    subject = inquiry()
    subject.saw(0, NOTHING, began=SETTLE, now=SETTLE, gone_at=0.0)
    subject.saw(1, NOTHING, began=SETTLE + 0.9, now=SETTLE + 0.9, gone_at=0.0)

    step = subject.step(SETTLE + 0.9, 0.0)

    assert step == Wait(SETTLE + APART)


def test_O13_an_order_older_than_look_ups_reach_stays_unknown_at_once() -> None:
    run = Run(inquiry(age=3 * DAYS), lambda way, now: NOTHING, gone_at=-3 * DAYS)

    fate = run.to_end()

    assert isinstance(fate, StillUnknown)
    assert "older" in fate.reason
    assert not run.asked


def test_O13_a_way_that_does_not_reach_back_far_enough_does_not_count() -> None:
    run = Run(inquiry(reaches=(2 * DAYS, 3600.0), age=7200.0), lambda way, now: NOTHING, gone_at=-7000.0)

    assert isinstance(run.to_end(), StillUnknown)


def test_O11_a_request_without_a_known_look_up_stays_unknown_at_once() -> None:
    fate = Run(inquiry(OperationKind.OTHER, reaches=()), lambda way, now: NOTHING, gone_at=0.0).to_end()

    assert isinstance(fate, StillUnknown)
    assert "no look-up" in fate.reason


def test_O14_failing_look_ups_never_end_it_and_back_off() -> None:
    error = RestError("busy", op="GET", status=503, retryable=True)
    run = Run(inquiry(), lambda way, now: error if now < 20 else Sighting(order()), gone_at=0.0)

    assert isinstance(run.to_end(), Accepted)
    delays = [later - earlier for (earlier, _), (later, _) in zip(run.asked, run.asked[1:], strict=False)]
    assert delays == sorted(delays), "they grow"
    assert max(delays) <= 5.0
    assert {way for _, way in run.asked} == {0, 1}, "the other way is tried too"


def test_O14_the_exchange_is_asked_no_earlier_than_it_wants() -> None:
    error = RestError("limit", op="GET", status=429, retry_after=3.0)
    run = Run(inquiry(), lambda way, now: error if now < 1 else Sighting(order()), gone_at=0.0)

    run.to_end()

    assert [at for at, _ in run.asked] == [0.0, 3.0]


def test_O14_at_the_deadline_the_last_error_is_told() -> None:
    error = ConnectionLost("cut")
    fate = Run(inquiry(), lambda way, now: error, gone_at=0.0).to_end(deadline=10.0)

    assert isinstance(fate, StillUnknown)
    assert fate.last_error is error


@pytest.mark.parametrize(("status", "no_effect"), [("cancelled", False), ("filled", True)])
def test_O11_a_cancel_is_accepted_when_its_order_is_no_longer_live(status: OrderStatus, no_effect: bool) -> None:
    run = Run(inquiry(OperationKind.CANCEL), lambda way, now: Sighting(order(status)), gone_at=None)

    fate = run.to_end()

    assert isinstance(fate, Accepted)
    assert fate.no_effect is no_effect


def test_O11_a_cancel_whose_order_stays_live_did_not_arrive() -> None:
    run = Run(inquiry(OperationKind.CANCEL), lambda way, now: Sighting(order("live")), gone_at=0.0)

    assert run.to_end() == Absent("likely", "look-up", order=order("live"))


def test_O11_a_modification_is_two_questions() -> None:
    old = OrderState("old", "mine", "BTC-USDT", "cancelled")
    whole = Run(inquiry(OperationKind.MODIFY), lambda way, now: Sighting(order(), old), gone_at=0.0).to_end()
    half = Run(inquiry(OperationKind.MODIFY), lambda way, now: Sighting(None, old), gone_at=0.0).to_end()

    assert whole == Accepted(order(), "look-up", old=old, order_id="670f")
    assert half == Absent("likely", "look-up", old=old)


@given(
    gone_at=st.none() | st.floats(0, 20),
    appears=st.none() | st.floats(0, 40),
    failing=st.lists(st.tuples(st.floats(0, 40), st.floats(0, 5)), max_size=4),
    retire_works=st.booleans(),
)
def test_O12_whatever_happens_absent_is_said_only_of_what_two_late_looks_did_not_see(
    gone_at: float | None, appears: float | None, failing: list[tuple[float, float]], retire_works: bool
) -> None:
    error = RestError("busy", op="GET", retryable=True)

    def see(_: int, now: float) -> Sighting | Exception:
        if any(begin <= now <= begin + length for begin, length in failing):
            return error
        return Sighting(order()) if appears is not None and now >= appears else NOTHING

    run = Run(inquiry(), see, gone_at)
    fate = run.to_end(retire_works=retire_works)

    if isinstance(fate, Absent):
        assert run.gone_at is not None
        end = run.asked[-1][0]
        late = [(at, way) for at, way in run.asked if at >= run.gone_at + SETTLE and see(way, at) == NOTHING]
        assert len({way for _, way in late}) == 2
        assert max(at for at, _ in late) >= min(at for at, _ in late) + APART
        assert appears is None or appears > end
    if isinstance(fate, Accepted):
        assert appears is not None
