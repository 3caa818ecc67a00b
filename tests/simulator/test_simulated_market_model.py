"""Any mix of commands: matching agrees with a plain list, and no money is made, lost or held for nothing."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kucoin_sync.simulator.matching.events import BookChanged, Traded, WalletChanged
from kucoin_sync.simulator.matching.orders import OrderState, Refused
from kucoin_sync.simulator.spot.exchange import FEES, LENDER
from tests.simulator.desk import Desk
from tests.simulator.plain_book import Entry, PlainBook

ZERO = Decimal(0)
PAIR = "BTC-USDT"
WALLETS = ("trade", "main", "margin", f"isolated:{PAIR}")


class ExchangeMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(lending_pool="20000")
        self.exchange = self.desk.exchange
        self.plain = PlainBook()
        self.mirror: dict[tuple[str, Decimal], Decimal] = {}
        self.wallets: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}
        self.sequence = self.exchange.book(PAIR).sequence
        self.fees = ZERO
        self.interest: dict[str, Decimal] = {}
        for account in ("ann", "bob"):
            for wallet in WALLETS[2:]:
                self.exchange.transfer(account, "USDT", "20000", "trade", wallet)
                self.exchange.transfer(account, "BTC", "1", "trade", wallet)
            for wallet in WALLETS:
                for currency, balance in self.exchange.balances(account, wallet).items():
                    self.wallets[account, wallet, currency] = (balance.available, balance.held)
        self.desk.events.clear()

    accounts = st.sampled_from(["ann", "bob"])
    prices = st.integers(min_value=499_995, max_value=500_005).map(lambda n: str(Decimal(n) / 10))
    sizes = st.integers(min_value=1, max_value=50).map(lambda n: format(Decimal(n) / 100, "f"))
    #: A crowd of orders: drawn from a seed, because choices made one by one rarely meet each other in a book.
    crowds = st.integers(min_value=0, max_value=10**9).map(random.Random)

    # What both are told.

    def enter(self, state: OrderState) -> None:
        """Tell the plain book of an order that the exchange took, and compare what became of it."""
        request = state.request
        entry = Entry(
            state.order_id,
            state.account,
            request.side,
            request.price if request.type == "limit" else None,
            request.size,
            request.funds,
            request.time_in_force,
            request.post_only,
            request.hidden,
            request.visible_size,
            request.stp,
        )
        assert self.plain.enter(entry) == state.outcome
        assert (entry.dealt, entry.spent) == (state.deal_size, state.deal_funds)

    def drop(self, order_id: str) -> None:
        self.plain.resting = [o for o in self.plain.resting if o.name != order_id]

    def attempt(self, command: Any, *args: Any, **options: Any) -> Any:
        """Return what a command returns, ``None`` if it was refused."""
        try:
            return command(*args, **options)
        except Refused:
            return None

    # Commands.

    def limit(self, crowd: random.Random) -> None:
        """Place a limit order on the spot or the margin market."""
        account, flag = crowd.choice(("ann", "bob")), crowd.choice(("", "", "postOnly", "hidden", "iceberg", "iceberg"))
        args = {
            "symbol": PAIR,
            "type": "limit",
            "side": crowd.choice(("buy", "sell")),
            "price": str(Decimal(crowd.randint(499_995, 500_005)) / 10),
            "size": str(Decimal(crowd.randint(1, 50)) / 100),
            "stp": crowd.choice(("", "", "DC", "CO", "CN", "CB")),
            "timeInForce": crowd.choice(("GTC", "GTC", "GTC", "GTT", "IOC", "FOK")),
            "cancelAfter": 5,
            "clientOid": crowd.choice((None, None, None, "x")),
        }
        if flag:
            args |= {flag: True, "visibleSize": "0.02"}
        if crowd.random() < 0.6:
            state = self.attempt(self.exchange.place, account, args)
        else:
            args |= {name: crowd.random() < 0.5 for name in ("isIsolated", "autoBorrow", "autoRepay")}
            args["clientOid"] = f"m{crowd.randint(0, 10**9)}"
            taken = self.attempt(self.exchange.place_margin, account, args)
            state = None if taken is None else taken[0]
        if state is not None:
            self.enter(state)

    def market(self, crowd: random.Random) -> None:
        """Place a market order by size or by funds."""
        amount = {"size": str(Decimal(crowd.randint(1, 90)) / 100)}
        if crowd.random() < 0.5:
            amount = {"funds": str(Decimal(crowd.randint(10, 4_000_000)) / 100)}
        stp = crowd.choice(("", "", "DC", "CO", "CN", "CB"))
        account, side = crowd.choice(("ann", "bob")), crowd.choice(("buy", "sell"))
        state = self.attempt(self.desk.market, account, side, stp=stp, **amount)
        if state is not None:
            self.enter(state)

    @initialize(crowd=crowds)
    def quote(self, crowd: random.Random) -> None:
        for _ in range(10):
            self.limit(crowd)

    @rule(crowd=crowds, count=st.integers(min_value=1, max_value=12))
    def trade(self, crowd: random.Random, count: int) -> None:
        for _ in range(count):
            self.limit(crowd)
            if crowd.random() < 0.15:
                self.market(crowd)

    @precondition(lambda self: self.exchange.open_orders())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.exchange.open_orders()))
        is_margin = order.request.trade_type != "TRADE"
        self.exchange.cancel(order.account, {"symbol": PAIR, "orderId": order.order_id}, margin=is_margin)
        self.drop(order.order_id)

    @precondition(lambda self: self.exchange.open_orders())
    @rule(data=st.data(), size=sizes)
    def decrease(self, data: st.DataObject, size: str) -> None:
        order = data.draw(st.sampled_from(self.exchange.open_orders()))
        args = {"symbol": PAIR, "orderId": order.order_id, "cancelSize": size}
        if self.attempt(self.exchange.decrease, order.account, args) is not None:
            (entry,) = [o for o in self.plain.resting if o.name == order.order_id]
            self.plain.cut(entry, Decimal(size))
            if not entry.left():
                self.drop(order.order_id)

    @precondition(lambda self: self.exchange.open_orders())
    @rule(data=st.data(), price=prices, size=sizes)
    def modify(self, data: st.DataObject, price: str, size: str) -> None:
        order = data.draw(st.sampled_from(self.exchange.open_orders()))
        args = {"symbol": PAIR, "orderId": order.order_id, "newPrice": price, "newSize": size}
        state = self.attempt(self.exchange.modify, order.account, args)
        if state is not None:
            self.drop(order.order_id)
            self.enter(state)

    @rule(account=accounts)
    def cancel_all(self, account: str) -> None:
        self.exchange.cancel_all(account)
        live = {order.order_id for order in self.exchange.open_orders()}
        assert not any(o.request.trade_type == "TRADE" for o in self.exchange.open_orders(account))
        self.plain.resting = [o for o in self.plain.resting if o.name in live]

    @rule(
        account=accounts,
        currency=st.sampled_from(["BTC", "USDT"]),
        amount=sizes,
        wallets=st.lists(st.sampled_from(WALLETS), min_size=2, max_size=2, unique=True),
    )
    def transfer(self, account: str, currency: str, amount: str, wallets: list[str]) -> None:
        self.attempt(self.exchange.transfer, account, currency, amount, *wallets)

    @rule(
        account=accounts, currency=st.sampled_from(["BTC", "USDT"]), amount=sizes, symbol=st.sampled_from([None, PAIR])
    )
    def borrow(self, account: str, currency: str, amount: str, symbol: str | None) -> None:
        self.attempt(self.exchange.borrow, account, currency, amount, symbol=symbol)

    @rule(account=accounts, currency=st.sampled_from(["BTC", "USDT"]), symbol=st.sampled_from([None, PAIR]))
    def repay(self, account: str, currency: str, symbol: str | None) -> None:
        self.exchange.repay(account, currency, symbol=symbol)

    @rule(seconds=st.sampled_from([1, 3, 6, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.desk.pass_time(seconds)
        live = {order.order_id for order in self.exchange.open_orders()}
        gone = [o for o in self.plain.resting if o.name not in live]
        assert all(o.force == "GTT" for o in gone)
        self.plain.resting = [o for o in self.plain.resting if o.name in live]

    @rule(crowd=crowds, count=st.integers(min_value=2, max_value=15))
    def auction(self, crowd: random.Random, count: int) -> None:
        """Let orders gather, and match what has gathered."""
        self.exchange.start_call_auction(PAIR)
        self.plain.gathering = True
        for _ in range(count):
            self.limit(crowd)
        self.book_is_that_of_the_plain_list()
        expected = self.exchange.call_auction(PAIR)
        assert expected is not None
        prices = [o.price for o in self.plain.resting if o.price is not None]
        best = max((self.plain.volume_at(price) for price in prices), default=ZERO)
        assert expected.estimated_size == best
        if best:
            assert self.plain.volume_at(expected.estimated_price) == best
        self.exchange.end_call_auction(PAIR)
        self.plain.uncross(expected.estimated_price)

    # What must be true.

    @invariant()
    def events_add_up(self) -> None:
        """The book, the wallets and the fees that the events tell of are those of the exchange."""
        for event in self.desk.events:
            if isinstance(event, BookChanged):
                self.sequence += 1
                assert event.sequence == self.sequence
                self.mirror[event.side, event.price] = event.size
            elif isinstance(event, WalletChanged):
                key = (event.account, event.wallet, event.currency)
                available, held = self.wallets.get(key, (ZERO, ZERO))
                self.wallets[key] = (available + event.available_change, held + event.held_change)
                assert self.wallets[key] == (event.available, event.held)
            elif isinstance(event, Traded):
                self.fees += event.trade.maker_fee + event.trade.taker_fee
        self.desk.events.clear()
        book = self.exchange.book(PAIR)
        assert self.sequence == book.sequence
        for side in ("buy", "sell"):
            levels = dict(book.side(side).levels())
            assert {price: size for (s, price), size in self.mirror.items() if s == side and size} == levels
        for (account, wallet, currency), amounts in self.wallets.items():
            balance = self.exchange.ledger.balance(account, wallet, currency)
            assert amounts == (balance.available, balance.held)
        assert (
            self.exchange.balances(FEES).get("USDT", self.exchange.ledger.balance(FEES, "trade", "USDT")).total
            == self.fees
        )

    @invariant()
    def book_is_that_of_the_plain_list(self) -> None:
        book = self.exchange.book(PAIR)
        for side in ("buy", "sell"):
            mine, plain = book.side(side), self.plain.queue(side)
            assert [(o.order_id, o.remaining, o.slice) for o in mine.orders()] == [
                (o.name, o.left(), o.slice) for o in plain
            ]
            assert list(mine.levels()) == self.plain.levels(side)
        assert {o.order_id for o in self.exchange.open_orders()} == {o.name for o in self.plain.resting}

    @invariant()
    def money_is_conserved(self) -> None:
        self.desk.check_money()

    @invariant()
    def lender_has_or_is_owed_what_was_his(self) -> None:
        """What is more than that is interest, which only grows."""
        for currency in ("BTC", "USDT"):
            owed = sum(
                (
                    self.exchange.margin.state(account, wallet).debts[currency].principal
                    for account in ("ann", "bob")
                    for wallet in WALLETS[2:]
                ),
                ZERO,
            )
            earned = self.exchange.ledger.balance(LENDER, "pool", currency).total + owed - 20000
            assert earned >= self.interest.get(currency, ZERO)
            self.interest[currency] = earned

    @invariant()
    def held_is_what_the_open_orders_need(self) -> None:
        needed: dict[tuple[str, str, str], Decimal] = {}
        for order in self.exchange.open_orders():
            amount = order.remaining
            if order.side == "buy":
                amount *= order.price * Decimal("1.001")
            key = (order.account, order.request.wallet, "USDT" if order.side == "buy" else "BTC")
            needed[key] = needed.get(key, ZERO) + amount
            assert order.held == amount
        for account in ("ann", "bob"):
            for wallet in WALLETS:
                for currency, balance in self.exchange.balances(account, wallet).items():
                    assert balance.held == needed.get((account, wallet, currency), 0)


ExchangeMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=15)
TestExchangeMachine = ExchangeMachine.TestCase


@pytest.mark.soak
def test_exchange_machine_for_long() -> None:
    run_state_machine_as_test(ExchangeMachine, settings=settings(max_examples=2000, stateful_step_count=60))
