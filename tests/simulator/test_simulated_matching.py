"""Matching of one symbol alone: who trades with whom, what is to be seen of it, and what ends an order."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator.matching.events import BookChanged, Event, OrderDone, OrderUpdated, Traded
from kucoin_sync.simulator.matching.matching import Market
from kucoin_sync.simulator.matching.orders import Order, OrderRequest

ZERO = Decimal(0)


class Pit:
    """A market without money: every fill is free."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.finished_orders: list[str] = []
        self.market = Market(
            "X",
            self,
            emit=self.events.append,
            size_step=Decimal("0.01"),
            last_price=Decimal(100),
            next_trade_id=itertools.count(1).__next__,
        )
        self._names = itertools.count(1)

    def fill(self, taker: Order, maker: Order, price: Decimal, size: Decimal, trade_id: int) -> tuple[Decimal, Decimal]:
        return ZERO, ZERO

    def shrunk(self, order: Order) -> None:
        assert order.remaining > 0 if order.size is not None else True

    def finished(self, order: Order) -> None:
        self.finished_orders.append(order.order_id)

    def limit(self, account: str, side: str, price: str, size: str, **more: Any) -> Order:
        request = OrderRequest("X", side, "limit", price=Decimal(price), size=Decimal(size), **more)
        return self.enter(account, request)

    def market_order(self, account: str, side: str, **more: Any) -> Order:
        return self.enter(account, OrderRequest("X", side, "market", **more))

    def enter(self, account: str, request: OrderRequest) -> Order:
        order = Order(f"{account}-{next(self._names)}", account, request, 1)
        self.market.enter(order, 1)
        return order

    def trades(self) -> list[tuple[str, str, str]]:
        """Return maker, price and size of each trade."""
        return [
            (e.trade.maker_order_id, str(e.trade.price), str(e.trade.size))
            for e in self.events
            if isinstance(e, Traded)
        ]

    def changes(self) -> list[tuple[str, str, str]]:
        return [(e.side, str(e.price), str(e.size)) for e in self.events if isinstance(e, BookChanged)]


@pytest.fixture
def pit() -> Pit:
    return Pit()


def test_hidden_order_trades_in_its_turn_and_is_never_seen(pit: Pit) -> None:
    pit.limit("a", "sell", "100", "1")
    pit.limit("b", "sell", "100", "2", hidden=True)
    pit.limit("c", "sell", "99", "1", hidden=True)
    assert list(pit.market.book.asks.levels()) == [(100, 1)]
    assert pit.market.ticker().best_ask == 100
    pit.limit("d", "buy", "100", "3")
    assert pit.trades() == [("c-3", "99", "1"), ("a-1", "100", "1"), ("b-2", "100", "1")]
    assert pit.changes() == [("sell", "100", "1"), ("sell", "100", "0")]


def test_each_slice_of_an_iceberg_queues_behind_the_others(pit: Pit) -> None:
    pit.limit("a", "sell", "100", "5", visible_size=Decimal(2))
    pit.limit("b", "sell", "100", "1")
    assert list(pit.market.book.asks.levels()) == [(100, 3)]
    pit.limit("c", "buy", "100", "4.5")
    assert pit.trades() == [("a-1", "100", "2"), ("b-2", "100", "1"), ("a-1", "100", "1.5")]
    assert list(pit.market.book.asks.levels()) == [(100, Decimal("0.5"))]
    pit.limit("c", "buy", "100", "0.5")
    assert list(pit.market.book.asks.levels()) == [(100, 1)]


def test_book_built_from_changes_equals_the_book_at_every_sequence(pit: Pit) -> None:
    pit.limit("a", "sell", "101", "5", visible_size=Decimal(2))
    pit.limit("a", "sell", "100", "1")
    pit.limit("b", "buy", "99", "2")
    pit.limit("b", "buy", "101", "2.5")
    pit.market.cancel(pit.limit("a", "buy", "98", "1"), 2)
    levels: dict[tuple[str, Decimal], Decimal] = {}
    changes = [e for e in pit.events if isinstance(e, BookChanged)]
    assert [e.sequence for e in changes] == list(range(1, pit.market.book.sequence + 1))
    for change in changes:
        levels[change.side, change.price] = change.size
    book = pit.market.book
    assert {key: size for key, size in levels.items() if size} == {
        (side, price): size for side in ("buy", "sell") for price, size in book.side(side).levels()
    }


@pytest.mark.parametrize(
    ("stp", "maker", "taker", "dealt", "maker_left"),
    [
        ("", "filled", None, "2", None),
        ("CN", None, "canceled", "1", "1"),
        ("CO", "canceled", None, "1", None),
        ("CB", "canceled", "canceled", "1", None),
        ("DC", "canceled", None, "1", None),
    ],
)
def test_self_trade_prevention(
    pit: Pit, stp: str, maker: str | None, taker: str | None, dealt: str, maker_left: str | None
) -> None:
    """A stranger's order comes first; then the account meets its own, smaller one."""
    pit.limit("b", "sell", "99", "1")
    own = pit.limit("a", "sell", "100", "1")
    order = pit.limit("a", "buy", "100", "4", stp=stp)
    assert (own.outcome, order.outcome) == (maker, taker)
    assert order.deal_size == Decimal(dealt)
    assert maker_left is None or own.remaining == Decimal(maker_left)


def test_decrease_and_cancel_takes_the_smaller_size_from_both(pit: Pit) -> None:
    own = pit.limit("a", "sell", "100", "5")
    order = pit.limit("a", "buy", "100", "2", stp="DC")
    assert (order.outcome, order.cancel_reason, own.outcome, own.remaining) == ("canceled", "STP", None, 3)
    (update,) = [e for e in pit.events if isinstance(e, OrderUpdated)]
    assert (update.old_size, update.order.size, update.order.cancelled_size) == (5, 3, 2)
    larger = pit.limit("a", "buy", "100", "4", stp="DC")
    assert (own.outcome, larger.outcome, larger.remaining, larger.cut) == ("canceled", None, 1, 3)
    assert pit.trades() == []


def test_decrease_and_cancel_looks_at_the_whole_of_an_iceberg(pit: Pit) -> None:
    own = pit.limit("a", "sell", "100", "5", visible_size=Decimal(1))
    order = pit.limit("a", "buy", "100", "2", stp="DC")
    assert (order.outcome, own.remaining, own.slice) == ("canceled", 3, 1)
    assert len([e for e in pit.events if isinstance(e, OrderUpdated)]) == 1


def test_decrease_and_cancel_of_equals_ends_both(pit: Pit) -> None:
    own, order = pit.limit("a", "sell", "100", "5"), pit.limit("a", "buy", "100", "5", stp="DC")
    assert (own.outcome, order.outcome) == ("canceled", "canceled")
    assert not any(isinstance(e, OrderUpdated) for e in pit.events)


def test_decrease_and_cancel_of_an_order_by_funds_takes_funds(pit: Pit) -> None:
    pit.limit("a", "sell", "100", "1")
    pit.limit("b", "sell", "101", "5")
    order = pit.market_order("a", "buy", funds=Decimal(302), stp="DC")
    assert (order.deal_size, order.deal_funds, order.cut, order.outcome) == (2, 202, 100, "filled")


@pytest.mark.parametrize(
    ("more", "outcome", "reason"),
    [
        ({"time_in_force": "IOC"}, "canceled", "IOC"),
        ({"time_in_force": "FOK"}, "canceled", "FOK"),
        ({"post_only": True}, "canceled", "POST_ONLY"),
        ({}, None, None),
    ],
)
def test_what_ends_an_order_that_cannot_be_filled(pit: Pit, more: Any, outcome: str | None, reason: str | None) -> None:
    pit.limit("b", "sell", "100", "1")
    order = pit.limit("a", "buy", "100", "2", **more)
    assert (order.outcome, order.cancel_reason) == (outcome, reason)
    assert order.deal_size == (0 if reason in ("FOK", "POST_ONLY") else 1)


def test_post_only_order_does_not_meet_a_hidden_one(pit: Pit) -> None:
    pit.limit("b", "sell", "100", "1", hidden=True)
    assert pit.limit("a", "buy", "100", "1", post_only=True).cancel_reason == "POST_ONLY"


@pytest.mark.parametrize(
    ("stp", "outcome"), [("", "filled"), ("CN", "canceled"), ("CO", "canceled"), ("DC", "canceled")]
)
def test_fill_or_kill_counts_on_hidden_size_but_not_on_its_own_orders(pit: Pit, stp: str, outcome: str) -> None:
    pit.limit("b", "sell", "100", "3", visible_size=Decimal(1))
    pit.limit("a", "sell", "100", "1")
    order = pit.limit("a", "buy", "100", "4", time_in_force="FOK", stp=stp)
    assert (order.outcome, order.deal_size) == (outcome, 4 if outcome == "filled" else 0)


def test_fill_or_kill_sees_that_prevention_comes_before_the_next_slice(pit: Pit) -> None:
    """The first slice is in front of the account's own order, the second behind it."""
    pit.limit("b", "sell", "100", "3", visible_size=Decimal(1))
    pit.limit("a", "sell", "100", "1")
    assert pit.limit("a", "buy", "100", "2", time_in_force="FOK", stp="CN").deal_size == 0
    assert pit.limit("a", "buy", "100", "2", time_in_force="FOK", stp="CO").deal_size == 2


def test_decreased_order_keeps_its_place(pit: Pit) -> None:
    first, second = pit.limit("a", "sell", "100", "3"), pit.limit("b", "sell", "100", "1")
    pit.market.decrease(first, Decimal(2), 5)
    assert list(pit.market.book.asks.levels()) == [(100, 2)]
    pit.limit("c", "buy", "100", "1.5")
    assert (first.outcome, second.remaining, first.updated_at_ns) == ("filled", Decimal("0.5"), 1)


def test_order_by_funds_stops_at_less_than_one_step(pit: Pit) -> None:
    pit.limit("b", "sell", "30", "5")
    order = pit.market_order("a", "buy", funds=Decimal(100))
    assert (order.deal_size, order.deal_funds, order.outcome) == (Decimal("3.33"), Decimal("99.90"), "filled")
    assert pit.market_order("a", "sell", size=Decimal(1)).cancel_reason == "NO_MAKER"


def test_every_order_ends_once(pit: Pit) -> None:
    pit.limit("a", "sell", "100", "1")
    pit.limit("b", "buy", "100", "1")
    done = [e.order.order_id for e in pit.events if isinstance(e, OrderDone)]
    assert sorted(done) == sorted(pit.finished_orders) == ["a-1", "b-2"]
