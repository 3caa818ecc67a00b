"""The lending market: offers, loans, what is told of them, and the way back of the money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator.matching.events import LendingChanged, LendingOrderChanged
from kucoin_sync.simulator.matching.orders import Refused
from kucoin_sync.simulator.spot.exchange import LENDING_HOUSE
from tests.simulator.desk import Desk

DAY = 24 * 3600


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    for account in ("ann", "bob"):
        desk.exchange.transfer(account, "BTC", "5", "trade", "main")
    desk.events.clear()
    return desk


def lend(desk: Desk, account: str, size: str, rate: str, term: int = 7) -> Any:
    return desk.exchange.lending.place(account, "lend", "BTC", size, rate, term)


def borrow(desk: Desk, size: str, rate: str, term: int = 7) -> Any:
    return desk.exchange.lending.place(LENDING_HOUSE, "borrow", "BTC", size, rate, term)


def levels(desk: Desk) -> list[tuple[int, str, str, str]]:
    return [(e.sequence, e.side, str(e.daily_rate), str(e.size)) for e in desk.of_kind(LendingChanged)]


def test_offer_holds_money_and_comes_back_when_it_is_cancelled(desk: Desk) -> None:
    order = lend(desk, "ann", "2", "0.0001")
    assert desk.amounts("ann", "main")["BTC"] == (3, 2)
    assert order.order_id.startswith("SIMC")
    assert desk.exchange.lending.cancel("ann", order.order_id).outcome == "canceled"
    assert desk.amounts("ann", "main")["BTC"] == (5, 0)
    assert [(e.kind, e.order.outcome) for e in desk.of_kind(LendingOrderChanged)] == [
        ("open", None),
        ("done", "canceled"),
    ]
    assert levels(desk) == [(1, "lend", "0.0001", "2"), (2, "lend", "0.0001", "0")]
    with pytest.raises(Refused):
        desk.exchange.lending.cancel("ann", order.order_id)


def test_cheapest_offer_is_borrowed_first_and_of_equals_the_oldest(desk: Desk) -> None:
    dear, cheap, later = (
        lend(desk, "ann", "1", "0.0002"),
        lend(desk, "bob", "1", "0.0001"),
        lend(desk, "ann", "1", "0.0001"),
    )
    desk.events.clear()
    borrow(desk, "1.5", "0.0002")
    told = [(e.order.order_id, e.kind, e.order.lent) for e in desk.of_kind(LendingOrderChanged)]
    assert told == [(cheap.order_id, "done", 1), (later.order_id, "update", Decimal("0.5"))]
    assert [o.order_id for o in desk.exchange.lending.open_orders("BTC")] == [dear.order_id, later.order_id]
    assert desk.exchange.lending.lent("bob", "BTC") == 1


def test_wish_to_borrow_waits_in_the_book(desk: Desk) -> None:
    borrow(desk, "2", "0.0002")
    assert levels(desk) == [(1, "borrow", "0.0002", "2")]
    assert desk.of_kind(LendingOrderChanged) == []
    order = lend(desk, "ann", "0.5", "0.0001")
    assert order.outcome == "filled"
    assert levels(desk)[1:] == [(2, "borrow", "0.0002", "1.5")]
    desk.pass_time(7 * DAY)
    assert desk.amounts("ann", "main")["BTC"] == (5 + Decimal("0.5") * 7 * Decimal("0.0002"), 0)


@pytest.mark.parametrize(("rate", "term"), [("0.0003", 7), ("0.0001", 14)])
def test_offer_that_does_not_fit_is_left_alone(desk: Desk, rate: str, term: int) -> None:
    lend(desk, "ann", "1", rate, term)
    borrow(desk, "1", "0.0002")
    assert len(desk.exchange.lending.open_orders()) == 2


def test_loan_comes_back_with_interest_when_its_term_is_over(desk: Desk) -> None:
    lend(desk, "ann", "2", "0.0001")
    borrow(desk, "2", "0.0001")
    assert desk.amounts("ann", "main")["BTC"] == (3, 0)
    desk.pass_time(7 * DAY - 1)
    assert desk.exchange.lending.lent("ann", "BTC") == 2
    assert desk.exchange.next_due_ns() == (desk.now_ms + 1000) * 1_000_000
    desk.pass_time(1)
    assert desk.exchange.next_due_ns() is None
    assert desk.amounts("ann", "main")["BTC"] == (Decimal("5.0014"), 0)
    assert desk.exchange.lending.lent("ann", "BTC") == 0
    desk.check_money()


@pytest.mark.parametrize(
    ("account", "changes", "code"),
    [
        ("ann", {"size": "6"}, "200004"),
        ("ann", {"size": "0"}, "400100"),
        ("ann", {"size": "0.000000001"}, "400100"),
        ("ann", {"daily_rate": "0.000001"}, "400100"),
        ("ann", {"daily_rate": "0.00201"}, "400100"),
        ("ann", {"term": 8}, "400100"),
        ("ann", {"side": "borrow"}, "400100"),
        ("ann", {"side": "sell"}, "400100"),
        (LENDING_HOUSE, {}, "400100"),
    ],
)
def test_bad_lending_order(desk: Desk, account: str, changes: Any, code: str) -> None:
    args = {"side": "lend", "currency": "BTC", "size": "1", "daily_rate": "0.0001", "term": 7, **changes}
    with pytest.raises(Refused) as caught:
        desk.exchange.lending.place(account, **args)
    assert caught.value.code == code
    assert desk.events == []
