"""Wild prices, stop orders, leverage and liquidations together: nothing fails, and no money is made or lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.simulator.matching.events import IsolatedPositionChanged, MarginStatusChanged, StopOrderChanged
from kucoin_sync.simulator.matching.orders import Refused
from kucoin_sync.simulator.spot.exchange import FEES, LENDING_HOUSE
from tests.simulator.desk import Desk

ZERO = Decimal(0)
ACCOUNTS = ("ann", "bob", "cat")
WALLETS = ("trade", "main", "margin", "isolated:BTC-USDT", "isolated:ETH-USDT")
PAIRS = {"BTC-USDT": 50_000, "ETH-USDT": 3_000}


class Storm:
    """Random commands whose prices jump by up to a fifth."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.desk = Desk(lending_pool="200000")
        self.exchange = self.desk.exchange
        self.prices = dict(PAIRS)
        for currency, amount in (("BTC", "10"), ("ETH", "100"), ("USDT", "500000")):
            self.exchange.deposit("cat", currency, amount)
        for account in ACCOUNTS:
            for wallet in WALLETS[1:]:
                for currency, amount in (("USDT", "4000"), ("BTC", "0.1"), ("ETH", "0.5")):
                    self.attempt(self.exchange.transfer, account, currency, amount, "trade", wallet)
        self.commands: list[Callable[[], Any]] = [
            *[self.order] * 6,
            *[self.margin_order] * 5,
            *[self.stop_order] * 2,
            self.cancel,
            self.transfer,
            self.borrow,
            self.repay,
            *[self.jump] * 4,
            self.time,
            self.lend,
            self.auction,
        ]

    def attempt(self, command: Callable[..., Any], *args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except Refused:
            pass  # refusals are fine; what they must not do is checked after every command

    def step(self) -> None:
        self.random.choice(self.commands)()
        self.check()

    def args(self) -> dict[str, Any]:
        choice, pair = self.random.choice, self.random.choice(list(PAIRS))
        price = round(self.prices[pair] * self.random.uniform(0.97, 1.03), 1)
        size = Decimal(self.random.randint(1, 60)) / (100 if pair == "BTC-USDT" else 10)
        args: dict[str, Any] = {"symbol": pair, "side": choice(("buy", "sell")), "size": str(size)}
        if self.random.random() < 0.7:
            args |= {"type": "limit", "price": str(price), "timeInForce": choice(("GTC", "GTC", "IOC", "GTT"))}
            args |= {"cancelAfter": 60, "stp": choice(("", "DC", "CO", "CN", "CB"))}
            args |= choice(({}, {"hidden": True}, {"iceberg": True, "visibleSize": "0.01"}, {"postOnly": True}))
        else:
            args["type"] = "market"
        return args

    def order(self) -> None:
        self.attempt(self.exchange.place, self.random.choice(ACCOUNTS), self.args())

    def margin_args(self) -> dict[str, Any]:
        flags = {name: self.random.random() < 0.7 for name in ("isIsolated", "autoBorrow", "autoRepay")}
        return {**self.args(), **flags, "clientOid": f"c{self.random.randint(0, 10**9)}"}

    def margin_order(self) -> None:
        self.attempt(self.exchange.place_margin, self.random.choice(ACCOUNTS), self.margin_args())

    def stop_order(self) -> None:
        args = self.margin_args()
        price = round(self.prices[args["symbol"]] * self.random.uniform(0.9, 1.1), 1)
        kind = self.random.choice(("TRADE", "MARGIN_TRADE", "MARGIN_ISOLATED_TRADE"))
        args |= {"stopPrice": str(price), "tradeType": kind}
        self.attempt(self.exchange.place_stop, self.random.choice(ACCOUNTS), args)

    def cancel(self) -> None:
        account = self.random.choice(ACCOUNTS)
        kinds = self.random.choice((("TRADE",), ("MARGIN_TRADE",), ("MARGIN_ISOLATED_TRADE",)))
        self.exchange.cancel_all(account, trade_types=kinds)

    def transfer(self) -> None:
        source, target = self.random.sample(WALLETS, 2)
        currency, amount = self.random.choice((("USDT", "1000"), ("BTC", "0.01"), ("ETH", "0.1")))
        self.attempt(self.exchange.transfer, self.random.choice(ACCOUNTS), currency, amount, source, target)

    def borrow(self) -> None:
        currency, amount = self.random.choice((("USDT", "9999"), ("BTC", "0.1"), ("ETH", "2")))
        symbol = self.random.choice((None, *PAIRS))
        self.attempt(self.exchange.borrow, self.random.choice(ACCOUNTS), currency, amount, symbol=symbol)

    def repay(self) -> None:
        currency, symbol = self.random.choice(("USDT", "BTC", "ETH")), self.random.choice((None, *PAIRS))
        self.exchange.repay(self.random.choice(ACCOUNTS), currency, symbol=symbol)

    def jump(self) -> None:
        """Move the price a long way: everything in between is bought or sold by cat."""
        pair = self.random.choice(list(PAIRS))
        self.prices[pair] = round(self.prices[pair] * self.random.uniform(0.8, 1.2), 1)
        price, size = str(self.prices[pair]), "2"
        for side in self.random.sample(("buy", "sell"), 2):
            args = {"symbol": pair, "side": side, "type": "limit", "price": price, "size": size}
            self.attempt(self.exchange.place, "cat", args)

    def time(self) -> None:
        self.desk.pass_time(self.random.choice((1, 61, 3600, 8 * 24 * 3600)))

    def lend(self) -> None:
        account, side = self.random.choice(ACCOUNTS), "lend"
        if self.random.random() < 0.5:
            account, side = LENDING_HOUSE, "borrow"
        rate = str(Decimal(self.random.randint(1, 30)) / 100_000)
        self.attempt(self.exchange.lending.place, account, side, "BTC", "0.01", rate, 7)

    def auction(self) -> None:
        self.exchange.start_call_auction("BTC-USDT")
        for _ in range(6):
            self.attempt(self.exchange.place, self.random.choice(ACCOUNTS), {**self.args(), "symbol": "BTC-USDT"})
        self.exchange.end_call_auction("BTC-USDT")

    def check(self) -> None:
        self.desk.check_money()
        needed: dict[tuple[str, str, str], Decimal] = {}
        for order in self.exchange.open_orders():
            amount = order.remaining * (order.price * Decimal("1.001") if order.side == "buy" else 1)
            base, _, quote = order.symbol.partition("-")
            key = (order.account, order.request.wallet, quote if order.side == "buy" else base)
            needed[key] = needed.get(key, ZERO) + amount
        for offer in self.exchange.lending.open_orders():
            if offer.side == "lend":
                key = (offer.account, "main", offer.currency)
                needed[key] = needed.get(key, ZERO) + offer.size - offer.lent
        for account in ACCOUNTS:
            for wallet in WALLETS:
                for currency, balance in self.exchange.balances(account, wallet).items():
                    assert balance.held == needed.get((account, wallet, currency), ZERO)
        for pair in PAIRS:
            book = self.exchange.book(pair)
            bids, asks = book.bids.best(), book.asks.best()
            assert bids is None or asks is None or bids.request.price < asks.request.price
        for account, wallet in self.exchange.margin.debtors():
            state = self.exchange.margin.state(account, wallet)
            assert all(debt.principal >= 0 and debt.interest >= 0 for debt in state.debts.values())
        fees = sum((trade.maker_fee + trade.taker_fee for trade in self.exchange.trades), ZERO)
        assert self.exchange.ledger.balance(FEES, "trade", "USDT").total == fees


@given(seed=st.integers(min_value=0, max_value=10**9))
@settings(max_examples=8)
def test_nothing_is_lost_in_a_storm(seed: int) -> None:
    storm = Storm(seed)
    for _ in range(60):
        storm.step()


def test_storms_reach_what_they_are_meant_for() -> None:
    """Known storms have liquidations, debts, and stop orders that fired and failed: else the other proves little."""
    events = []
    for seed in (1, 10):
        storm = Storm(seed)
        for _ in range(300):
            storm.step()
        events += storm.desk.events
    kinds = {e.kind for e in events if isinstance(e, MarginStatusChanged)}
    assert kinds >= {"FROZEN_FL", "UNFROZEN_FL", "LIABILITY"}
    statuses = {e.status for e in events if isinstance(e, IsolatedPositionChanged)}
    assert statuses == {"DEBT", "CLEAR", "IN_LIQUIDATION"}
    fired = [e for e in events if isinstance(e, StopOrderChanged) and e.kind == "triggered"]
    assert any(e.error for e in fired) and any(e.order.related_order_id for e in fired)


@pytest.mark.soak
@given(seed=st.integers(min_value=0, max_value=10**9))
@settings(max_examples=300)
def test_nothing_is_lost_in_a_long_storm(seed: int) -> None:
    storm = Storm(seed)
    for _ in range(400):
        storm.step()
