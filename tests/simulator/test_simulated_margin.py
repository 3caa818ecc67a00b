"""Margin: borrowing, interest, paying back, limits and forced liquidation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator.matching.events import (
    IsolatedPositionChanged,
    MarginStatusChanged,
    OrderDone,
    WalletChanged,
)
from kucoin_sync.simulator.matching.orders import Refused
from kucoin_sync.simulator.matching.symbols import DEFAULT_SYMBOLS, Symbol
from kucoin_sync.simulator.spot.exchange import LENDER
from tests.simulator.desk import Desk

HOUR = 3600


@pytest.fixture
def desk() -> Desk:
    """Ann has 10000 USDT in her cross wallet and as much on the isolated one of BTC-USDT, which costs 50000."""
    desk = Desk()
    desk.trade_at("50000")
    for wallet in ("margin", "isolated:BTC-USDT"):
        desk.exchange.transfer("ann", "USDT", "10000", "trade", wallet)
    desk.events.clear()
    return desk


def debts(desk: Desk, wallet: str = "margin") -> dict[str, tuple[Decimal, Decimal]]:
    state = desk.exchange.margin.state("ann", wallet)
    return {currency: (debt.principal, debt.interest) for currency, debt in state.debts.items() if debt.total}


@pytest.mark.parametrize("isolated", [False, True])
def test_order_is_paid_out_of_its_wallet(desk: Desk, isolated: bool) -> None:
    wallet = "isolated:BTC-USDT" if isolated else "margin"
    order, loan = desk.margin("ann", "buy", "40000", "0.1", isIsolated=isolated)
    assert loan is None
    assert order.request.trade_type == ("MARGIN_ISOLATED_TRADE" if isolated else "MARGIN_TRADE")
    assert desk.amounts("ann", wallet)["USDT"] == (5996, 4004)
    desk.exchange.cancel("ann", {"symbol": "BTC-USDT", "orderId": order.order_id}, margin=True)
    assert desk.amounts("ann", wallet)["USDT"] == (10000, 0)


@pytest.mark.parametrize("isolated", [False, True])
def test_order_borrows_what_is_missing(desk: Desk, isolated: bool) -> None:
    wallet = "isolated:BTC-USDT" if isolated else "margin"
    order, loan = desk.margin("ann", "buy", "50000", "0.5", isIsolated=isolated, autoBorrow=True)
    assert (loan.currency, loan.size, loan.wallet) == ("USDT", Decimal("15025"), wallet)
    assert loan.loan_id.startswith("SIML") and order.is_live
    assert debts(desk, wallet) == {"USDT": (Decimal(15025), Decimal(0))}
    assert desk.exchange.balances(LENDER, "pool")["USDT"].available == 1_000_000 - 15025
    desk.check_money()


def test_short_sale_borrows_coins_and_repays_when_it_is_closed(desk: Desk) -> None:
    desk.limit("bob", "buy", "50000", "1")
    order, loan = desk.margin("ann", "sell", None, "0.2", autoBorrow=True)
    assert (order.outcome, loan.currency, loan.size) == ("filled", "BTC", Decimal("0.2"))
    desk.limit("bob", "sell", "49000", "1", postOnly=False)
    order, loan = desk.margin("ann", "buy", "51000", "0.2", autoRepay=True)
    assert loan is None and order.outcome == "filled"
    assert debts(desk) == {}
    assert desk.exchange.balances(LENDER, "pool")["BTC"].available == 1_000_000
    desk.check_money()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "200004"),
        ({"size": "5", "autoBorrow": True}, "200004"),
        ({"clientOid": None}, "400100"),
        ({"autoBorrow": "yes"}, "400100"),
        ({"isIsolated": 1}, "400100"),
    ],
)
def test_order_that_is_refused_borrows_nothing(desk: Desk, changes: Any, code: str) -> None:
    with pytest.raises(Refused) as caught:
        desk.margin("ann", "buy", "50000", changes.pop("size", "0.5"), **changes)
    assert caught.value.code == code
    assert debts(desk) == {} and not desk.of_kind(WalletChanged)


def test_type_of_a_margin_order_defaults_to_limit(desk: Desk) -> None:
    args = {"symbol": "BTC-USDT", "side": "buy", "price": "40000", "size": "0.1", "clientOid": "x"}
    assert desk.exchange.place_margin("ann", args)[0].type == "limit"


def test_pair_without_margin_trading() -> None:
    desk = Desk(symbols=[*DEFAULT_SYMBOLS, Symbol("DOGE-USDT", "DOGE", "USDT", "0.1", margin_enabled=False)])
    with pytest.raises(Refused) as caught:
        desk.margin("ann", "buy", "1", "100", symbol="DOGE-USDT")
    assert caught.value.situation == "symbol"


def test_spot_and_margin_orders_are_cancelled_by_their_own_calls(desk: Desk) -> None:
    spot = desk.limit("ann", "buy", "40000", "0.1")
    margin, _ = desk.margin("ann", "buy", "40000", "0.1")
    for order, is_margin in ((spot, True), (margin, False)):
        with pytest.raises(Refused):
            desk.exchange.cancel("ann", {"symbol": "BTC-USDT", "orderId": order.order_id}, margin=is_margin)
    assert desk.exchange.cancel_all("ann") == ["BTC-USDT"]
    assert [o.order_id for o in desk.exchange.open_orders("ann")] == [margin.order_id]


def test_borrowing_ends_at_the_leverage_and_at_the_pool(desk: Desk) -> None:
    margin = desk.exchange.margin
    assert margin.max_borrow("ann", "margin", "USDT") == 40000
    assert margin.max_borrow("ann", "isolated:BTC-USDT", "USDT") == 90000
    assert margin.max_borrow("ann", "margin", "BTC") == Decimal("0.8")
    assert margin.max_borrow("ann", "isolated:BTC-USDT", "ETH") == 0
    desk.exchange.borrow("ann", "USDT", "40000")
    assert margin.max_borrow("ann", "margin", "USDT") == 0
    with pytest.raises(Refused):
        desk.exchange.borrow("ann", "USDT", "0.00000001")
    small = Desk(lending_pool="5")
    small.exchange.transfer("ann", "USDT", "10000", "trade", "margin")
    assert small.exchange.margin.max_borrow("ann", "margin", "USDT") == 5


def test_interest_is_due_for_each_full_hour_and_paid_first(desk: Desk) -> None:
    desk.exchange.borrow("ann", "USDT", "1000")
    desk.pass_time(HOUR - 1)
    assert debts(desk)["USDT"] == (1000, 0)
    desk.pass_time(1)
    assert debts(desk)["USDT"] == (1000, Decimal("0.005"))
    desk.pass_time(10 * HOUR)
    assert debts(desk)["USDT"] == (1000, Decimal("0.055"))
    assert desk.exchange.repay("ann", "USDT", "100") == 100
    assert debts(desk)["USDT"] == (Decimal("900.055"), 0)
    assert desk.exchange.repay("ann", "USDT") == Decimal("900.055")
    assert debts(desk) == {}
    assert desk.exchange.balances(LENDER, "pool")["USDT"].available == Decimal("1000000.055")
    desk.check_money()


def test_interest_is_rounded_up_to_eight_decimals(desk: Desk) -> None:
    desk.exchange.borrow("ann", "BTC", "0.00000001")
    desk.pass_time(HOUR)
    assert debts(desk)["BTC"] == (Decimal("0.00000001"), Decimal("0.00000001"))


def test_nothing_is_paid_back_where_nothing_is_owed_or_there(desk: Desk) -> None:
    assert desk.exchange.repay("ann", "BTC") == 0
    desk.exchange.borrow("ann", "USDT", "1000")
    desk.margin("ann", "buy", "10000", "1.0989")
    desk.exchange.transfer("ann", "USDT", desk.amounts("ann", "margin")["USDT"][0], "margin", "trade")
    assert desk.exchange.repay("ann", "USDT") == 0


def test_money_that_stands_for_a_debt_cannot_leave(desk: Desk) -> None:
    desk.exchange.borrow("ann", "USDT", "20000")
    with pytest.raises(Refused) as caught:
        desk.exchange.transfer("ann", "USDT", "5001", "margin", "trade")
    assert caught.value.code == "200004"
    desk.exchange.transfer("ann", "USDT", "5000", "margin", "trade")
    state = desk.exchange.margin.state("ann", "margin")
    assert (state.total_asset, state.total_debt, state.debt_ratio) == (25000, 20000, Decimal("0.8"))


def test_worth_of_a_wallet_counts_all_its_currencies(desk: Desk) -> None:
    desk.exchange.transfer("ann", "BTC", "0.5", "trade", "margin")
    desk.exchange.borrow("ann", "ETH", "1")
    state = desk.exchange.margin.state("ann", "margin")
    assert list(state.assets) == list(state.debts) == ["BTC", "ETH", "USDT"]
    assert (state.total_asset, state.total_debt) == (10000 + 25000 + 3000, 3000)
    assert state.own_capital == 35000


def test_isolated_position_tells_its_changes_once_a_command(desk: Desk) -> None:
    wallet = "isolated:BTC-USDT"
    desk.exchange.borrow("ann", "USDT", "26", symbol="BTC-USDT")
    desk.exchange.repay("ann", "USDT", symbol="BTC-USDT")
    desk.margin("ann", "buy", "50000", "0.5", isIsolated=True, autoBorrow=True)
    desk.limit("bob", "sell", "50000", "0.1")
    told = [(e.state.wallet, e.status, e.cause) for e in desk.of_kind(IsolatedPositionChanged)]
    assert told == [
        (wallet, "DEBT", "USER_BORROW"),
        (wallet, "CLEAR", "USER_REPAY"),
        (wallet, "DEBT", "TRADE_AUTO_BORROW"),
        (wallet, "DEBT", "DEFAULT_DEBT"),
    ]


def crash(desk: Desk, price: str, *, depth: str = "1") -> None:
    """Let bob bid at a price and trade there with himself, so that it is the last price and can be sold at."""
    desk.exchange.cancel_all("bob")
    desk.limit("bob", "buy", price, depth)
    desk.limit("bob", "sell", price, "0.001")


def test_wallet_is_liquidated_when_its_debt_is_97_per_cent_of_its_worth(desk: Desk) -> None:
    """Coins for 39500 were bought, 29539.5 of that borrowed: the limit is crossed between 38600 and 38500."""
    desk.limit("bob", "sell", "50000", "0.79")
    desk.margin("ann", "buy", None, "0.79", autoBorrow=True)
    resting, _ = desk.margin("ann", "sell", "60000", "0.1")
    owed = debts(desk)["USDT"][0]
    assert owed == Decimal("29539.5")
    desk.events.clear()
    crash(desk, "38600")
    assert not desk.of_kind(MarginStatusChanged)
    crash(desk, "38500")
    assert [e.kind for e in desk.of_kind(MarginStatusChanged)] == ["FROZEN_FL", "UNFROZEN_FL"]
    ended = {e.order.order_id: e.order.cancel_reason for e in desk.of_kind(OrderDone)}
    assert ended[resting.order_id] == "LIQUIDATION"
    state = desk.exchange.margin.state("ann", "margin")
    assert (state.status, state.total_debt) == ("EFFECTIVE", 0)
    assert state.assets["USDT"].total == Decimal("0.79") * 38500 * Decimal("0.999") - owed
    desk.check_money()


def test_liquidation_that_puts_another_wallet_at_risk_is_followed_by_its_liquidation(desk: Desk) -> None:
    """The isolated wallet is sold first and takes the price to 38000, where the cross wallet goes, too."""
    desk.exchange.deposit("bob", "BTC", "10")
    desk.exchange.deposit("bob", "USDT", "1000000")
    desk.limit("bob", "sell", "50000", "2.39")
    desk.margin("ann", "buy", None, "0.79", autoBorrow=True)
    desk.margin("ann", "buy", None, "1.6", autoBorrow=True, isIsolated=True)
    desk.limit("bob", "buy", "38000", "5")
    desk.limit("bob", "buy", "44000", "0.01")
    desk.limit("bob", "sell", "44000", "0.01")
    assert desk.exchange.ticker("BTC-USDT").price == 38000
    for wallet in ("margin", "isolated:BTC-USDT"):
        state = desk.exchange.margin.state("ann", wallet)
        assert state.assets["BTC"].total == 0
        assert desk.exchange.margin.status("ann", wallet) in ("EFFECTIVE", "BANKRUPTCY")
    assert not list(desk.exchange.margin.at_risk())
    desk.check_money()


def test_liquidation_that_leaves_debt_stops_trading_until_it_is_paid(desk: Desk) -> None:
    desk.limit("bob", "sell", "50000", "0.79")
    desk.margin("ann", "buy", None, "0.79", autoBorrow=True)
    desk.events.clear()
    crash(desk, "30000")
    assert [e.kind for e in desk.of_kind(MarginStatusChanged)] == ["FROZEN_FL", "UNFROZEN_FL", "LIABILITY"]
    assert desk.exchange.margin.state("ann", "margin").status == "BANKRUPTCY"
    for attempt in (
        lambda: desk.margin("ann", "buy", "20000", "0.001"),
        lambda: desk.exchange.borrow("ann", "USDT", "1"),
    ):
        with pytest.raises(Refused) as caught:
            attempt()
        assert caught.value.situation == "at_risk"
    desk.pass_time(1)
    assert len(desk.of_kind(MarginStatusChanged)) == 3
    desk.exchange.transfer("ann", "USDT", "20000", "trade", "margin")
    desk.exchange.repay("ann", "USDT")
    assert desk.of_kind(MarginStatusChanged)[-1].kind == "UNLIABILITY"
    assert desk.margin("ann", "buy", "20000", "0.001")[0].is_live
    desk.check_money()


def test_liquidation_without_a_market_leaves_everything_where_it_is(desk: Desk) -> None:
    desk.limit("bob", "sell", "50000", "0.79")
    desk.margin("ann", "buy", None, "0.79", autoBorrow=True)
    desk.trade_at("30000")
    state = desk.exchange.margin.state("ann", "margin")
    assert (state.status, state.assets["BTC"].total) == ("BANKRUPTCY", Decimal("0.79"))
    desk.check_money()


def test_liquidation_sells_nothing_when_the_debt_can_be_paid_without_it(desk: Desk) -> None:
    desk.limit("bob", "sell", "50000", "0.199")
    desk.exchange.borrow("ann", "USDT", "40000")
    desk.margin("ann", "buy", None, "0.199")
    crash(desk, "6000")
    state = desk.exchange.margin.state("ann", "margin")
    assert [e.kind for e in desk.of_kind(MarginStatusChanged)] == ["FROZEN_FL", "UNFROZEN_FL"]
    assert (state.total_debt, state.assets["BTC"].total) == (0, Decimal("0.199"))


def test_liquidation_of_a_short_buys_the_coins_back(desk: Desk) -> None:
    wallet = "isolated:BTC-USDT"
    desk.limit("bob", "buy", "50000", "1")
    desk.margin("ann", "sell", None, "1", isIsolated=True, autoBorrow=True)
    desk.limit("bob", "sell", "58200", "2")
    desk.events.clear()
    desk.trade_at("58100")
    assert desk.of_kind(IsolatedPositionChanged) == []
    desk.limit("bob", "buy", "58200", "0.001")
    told = [(e.status, e.cause) for e in desk.of_kind(IsolatedPositionChanged)]
    assert told == [("IN_LIQUIDATION", "FORCE_LIQUIDATION"), ("CLEAR", "FORCE_LIQUIDATION")]
    assert debts(desk, wallet) == {}
    assert desk.amounts("ann", wallet) == {"USDT": (10000 + Decimal(49950) - Decimal("58258.2"), 0)}
    desk.check_money()
