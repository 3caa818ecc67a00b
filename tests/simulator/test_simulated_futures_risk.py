"""Prices, funding and liquidation of contracts: worked examples by hand, and a state machine that guards the money."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kucoin_sync.simulator.futures.events import (
    FundingRateChanged,
    FundingSettled,
    FuturesOrderDone,
    FuturesOrderMatched,
    FuturesWalletChanged,
    MarkPriceChanged,
    PositionChanged,
    PositionSettled,
)
from kucoin_sync.simulator.futures.exchange import FEES, INSURANCE, FuturesExchange
from kucoin_sync.simulator.matching.events import TickerChanged
from kucoin_sync.simulator.matching.orders import Refused
from tests.simulator.futures_desk import HOUSE, NOW_NS, FuturesDesk

D = Decimal
SECOND = 1_000_000_000
HOUR = 3600 * SECOND


@pytest.fixture
def desk() -> FuturesDesk:
    return FuturesDesk()


# Prices.


def test_mark_price_is_the_index_and_the_smoothed_distance_from_it() -> None:
    desk = FuturesDesk(index_of=lambda pair: D("60000") if pair == "BTC-USDT" else None)
    desk.exchange.set_index_price("XBTUSDTM", None)
    desk.order(HOUSE, "buy", "60099.9", 1)
    desk.order(HOUSE, "sell", "60100.1", 1)
    seen = []
    for _ in range(3):
        desk.now_ns += SECOND
        desk.exchange.poll()
        seen.append(desk.exchange.prices["XBTUSDTM"].mark)
    # A tenth of the way that is left to 60100, every second.
    assert seen == [D("60010.00"), D("60019.00"), D("60027.10")]
    assert desk.exchange.prices["XBTUSDTM"].index == 60000


def test_prices_are_calculated_once_a_second(desk: FuturesDesk) -> None:
    desk.events.clear()
    for _ in range(4):
        desk.now_ns += SECOND // 2
        desk.exchange.poll()
    assert [(e.symbol, e.time_ns - NOW_NS) for e in desk.of(MarkPriceChanged) if e.symbol == "ETHUSDTM"] == [
        ("ETHUSDTM", SECOND),
        ("ETHUSDTM", 2 * SECOND),
    ]


def test_index_without_a_spot_pair_walks_by_its_seed() -> None:
    def walk(seed: int) -> list[Decimal]:
        now = [NOW_NS]
        exchange = FuturesExchange(now_ns=lambda: now[0], seed=seed)
        prices = []
        for _ in range(20):
            now[0] += SECOND
            exchange.poll()
            prices.append(exchange.prices["XBTUSDTM"].index)
        return prices

    assert walk(1) == walk(1) != walk(2)


def test_positions_are_repriced_when_the_mark_price_moves_and_only_then(desk: FuturesDesk) -> None:
    desk.trade("ann", "bob", "60000", 10)
    desk.events.clear()
    desk.mark("60500")
    desk.mark("60500")
    changed = [e for e in desk.of(PositionChanged) if e.position.account == "ann"]
    assert [(e.reason, e.position.unrealised_pnl) for e in changed] == [("markPriceChange", 5)]
    assert desk.of(FuturesWalletChanged) == []


def test_deleveraging_rank_orders_positions_of_one_direction(desk: FuturesDesk) -> None:
    desk.trade("ann", HOUSE, "59000", 10)
    desk.trade("bob", HOUSE, "60000", 10)
    assert (desk.position("ann").delev_percentage, desk.position("bob").delev_percentage) == (1, D("0.5"))


# Funding.


def test_funding_moves_money_from_long_to_short(desk: FuturesDesk) -> None:
    desk.trade("ann", "bob", "60000", 100)
    desk.mark("61000")
    before = desk.balance("ann"), desk.balance("bob"), desk.position("ann").pos_margin
    desk.events.clear()
    desk.exchange.settle_funding("XBTUSDTM", "0.0001")
    # 0.001 * 100 * 61000 * 0.0001
    assert (desk.balance("ann"), desk.balance("bob")) == (before[0] - D("0.61"), before[1] + D("0.61"))
    settled = {e.position.account: e.funding_fee for e in desk.of(PositionSettled)}
    assert settled == {"ann": D("-0.61"), "bob": D("0.61")}
    position = desk.position("ann")
    assert (position.pos_loss, position.pos_funding, position.pos_margin) == (
        D("0.61"),
        D("-0.61"),
        before[2] - D("0.61"),
    )
    assert desk.position("bob").pos_cross == D("0.61")
    kinds = [type(e).__name__ for e in desk.events]
    assert kinds[:2] == ["FundingSettled", "PositionSettled"] and kinds.index("FundingSettled", 1) == 3
    assert [e.phase for e in desk.of(FundingSettled)] == ["begin", "end"]
    assert desk.is_conserved()


def test_funding_of_an_inverse_contract_is_paid_in_coins(desk: FuturesDesk) -> None:
    desk.trade("ann", "bob", "60000", 60_000, symbol="XBTUSDM")
    before = desk.balance("ann", "XBT")
    desk.exchange.settle_funding("XBTUSDM", "-0.001")
    assert round(desk.balance("ann", "XBT") - before, 12) == D("0.001")
    assert desk.is_conserved()


def test_funding_of_a_cross_position_goes_through_the_wallet(desk: FuturesDesk) -> None:
    desk.exchange.settings.set_margin_mode("ann", "XBTUSDTM", "CROSS")
    desk.order("bob", "sell", "60000", 100)
    desk.order("ann", "buy", "60000", 100, marginMode="CROSS")
    desk.exchange.settle_funding("XBTUSDTM", "0.001")
    position = desk.position("ann")
    assert (position.pos_loss, position.pos_funding, position.realised_pnl) == (0, -6, D("-9.6"))


def test_funding_is_settled_at_whole_intervals_and_what_was_slept_through_is_not_made_up(desk: FuturesDesk) -> None:
    # 1760000000 s is 08:53:20 UTC, so the next settlement is at 16:00.
    funding = desk.exchange.funding["XBTUSDTM"]
    due = funding.next_ns
    assert due // HOUR % 24 == 16
    desk.now_ns = due - 1
    desk.exchange.poll()
    assert desk.of(FundingSettled) == []
    desk.now_ns = due
    desk.exchange.poll()
    assert {e.funding_time_ns for e in desk.of(FundingSettled)} == {due}
    assert (funding.last_ns, funding.next_ns) == (due, due + 8 * HOUR)
    desk.now_ns = due + 25 * HOUR
    desk.events.clear()
    desk.exchange.poll()
    assert {e.funding_time_ns for e in desk.of(FundingSettled) if e.symbol == "XBTUSDTM"} == {due + 24 * HOUR}
    assert [e.settled for e in desk.of(FundingRateChanged) if e.symbol == "XBTUSDTM"] == [False, True]


def test_funding_rate_follows_the_distance_of_mark_and_index() -> None:
    desk = FuturesDesk(index_of=lambda pair: D("60000"))
    desk.exchange.set_index_price("XBTUSDTM", None)
    desk.order(HOUSE, "buy", "60119.9", 1)
    desk.order(HOUSE, "sell", "60120.1", 1)
    for _ in range(120):
        desk.now_ns += SECOND
        desk.exchange.poll()
    rates = [e.rate for e in desk.of(FundingRateChanged) if e.symbol == "XBTUSDTM"]
    # The distance is near 0.002, drawn by the damper of 0.0005 towards the interest of 0.0001.
    assert [round(rate, 4) for rate in rates] == [D("0.0015"), D("0.0015")]
    calm = [e.rate for e in desk.of(FundingRateChanged) if e.symbol == "ETHUSDTM"]
    assert calm == [D("0.0001"), D("0.0001")]


# Liquidation.


def test_isolated_position_is_liquidated_at_its_maintenance_margin_and_loses_its_margin(desk: FuturesDesk) -> None:
    desk.trade("ann", HOUSE, "60000", 100)
    position = desk.position("ann")
    # Margin 600 + 3.96; maintenance 24 + 3.96: 576 USDT of loss on a tenth of a coin are 5760 dollars.
    assert (position.pos_margin, position.pos_maint) == (D("603.96"), D("27.96"))
    assert (position.liquidation_price, position.bankrupt_price) == (54240, 54000)
    resting = desk.order("ann", "sell", "61000", 100)
    desk.mark("54240.01")
    assert desk.position("ann").qty == 100
    desk.mark("54240")
    assert desk.position("ann").qty == 0
    assert desk.balance("ann") == 10000 - D("3.6") - D("603.96")
    assert desk.balance(INSURANCE) == D("27.96")
    assert desk.exchange.order(resting.order_id).cancel_reason == "LIQUIDATION"  # type: ignore[union-attr]
    matched = desk.of(FuturesOrderMatched)[-1]
    assert (matched.fill.trade_type, matched.fill.price, matched.order.price) == ("liquid", 54240, 54000)
    assert (matched.fill.liquidity, matched.fill.closed_pnl) == ("taker", -576)
    assert desk.exchange.order(matched.order.order_id) is None
    assert [e.reason for e in desk.of(PositionChanged)][-1] == "liquidation"
    assert desk.is_conserved()


def test_insurance_fund_pays_what_a_jump_takes_beyond_the_margin(desk: FuturesDesk) -> None:
    desk.trade(HOUSE, "ann", "60000", 100)
    desk.mark("70000")
    assert desk.balance("ann") == 10000 - D("1.2") - D("603.96")
    assert desk.balance(INSURANCE) == D("603.96") - 1000
    assert desk.is_conserved()


def test_automatic_deposit_saves_a_position_while_there_is_money(desk: FuturesDesk) -> None:
    desk.trade("ann", HOUSE, "60000", 100)
    desk.exchange.settings.set_auto_deposit("ann", "XBTUSDTM", True)
    assert desk.of(PositionChanged)[-1].reason == "autoAppendMarginStatusChange"
    desk.mark("54000")
    position = desk.position("ann")
    assert (position.qty, position.auto_deposit, position.pos_cross) == (100, True, 600)
    desk.exchange.withdraw("ann", "USDT", desk.available("ann"))
    desk.mark("48000")
    assert desk.position("ann").qty == 0
    assert desk.balance("ann") == 0
    assert desk.is_conserved()


def test_cross_positions_are_liquidated_together_and_what_is_left_stays(desk: FuturesDesk) -> None:
    for symbol in ("XBTUSDTM", "ETHUSDTM"):
        desk.exchange.settings.set_margin_mode("ann", symbol, "CROSS")
        desk.exchange.settings.set_cross_leverage("ann", symbol, 10)
    desk.exchange.withdraw("ann", "USDT", "9000")
    desk.order(HOUSE, "sell", "60000", 100)
    desk.order("ann", "buy", "60000", 100, marginMode="CROSS")
    desk.order(HOUSE, "sell", "3000", 100, symbol="ETHUSDTM")
    desk.order("ann", "buy", "3000", 100, symbol="ETHUSDTM", marginMode="CROSS")
    resting = desk.order("ann", "buy", "50000", 1, marginMode="CROSS")
    # Fees 3.6 + 1.8. Maintenance at 52000: 0.004 * 5200 + 0.005 * 3000 = 35.8.
    desk.mark("50500")
    wallet = desk.exchange.wallet("ann", "USDT")
    assert (wallet.total_cross_margin, wallet.cross_maint_margin) == (D("44.6"), D("35.2"))
    assert round(desk.position("ann").liquidation_price, 1) == D("50405.6")
    assert wallet.available == 0
    desk.mark("50405.7")
    assert len(desk.exchange.positions("ann")) == 2
    desk.mark("50405.6")
    assert desk.exchange.positions("ann") == []
    assert desk.exchange.order(resting.order_id).cancel_reason == "LIQUIDATION"  # type: ignore[union-attr]
    fees = D("0.0006") * (D("5040.56") + 3000)
    assert desk.balance("ann") == 1000 - D("5.4") - D("959.44") - fees
    assert desk.is_conserved()


def test_insurance_fund_fills_a_cross_account_up_to_nothing(desk: FuturesDesk) -> None:
    desk.exchange.settings.set_margin_mode("ann", "XBTUSDTM", "CROSS")
    desk.exchange.withdraw("ann", "USDT", "9750")
    desk.order(HOUSE, "sell", "60000", 10)
    desk.order("ann", "buy", "60000", 10, marginMode="CROSS")
    desk.order(HOUSE, "sell", "3000", 10, symbol="ETHUSDTM")
    desk.order("ann", "buy", "3000", 10, symbol="ETHUSDTM")
    desk.mark("1")
    # The isolated position and its margin, 30 + 0.198, are untouched; all else is gone.
    wallet = desk.exchange.wallet("ann", "USDT")
    assert (wallet.wallet_balance, wallet.isolated_pos_margin, wallet.available) == (D("30.198"), D("30.198"), 0)
    assert [position.symbol for position in desk.exchange.positions("ann")] == ["ETHUSDTM"]
    assert desk.is_conserved()


def test_losing_sale_of_the_last_cross_position_takes_no_more_than_the_wallet(desk: FuturesDesk) -> None:
    """The market was far below the mark price; orders in other contracts have lost their margin."""
    desk.exchange.settings.set_margin_mode("ann", "XBTUSDTM", "CROSS")
    desk.exchange.withdraw("ann", "USDT", "9750")
    desk.order(HOUSE, "sell", "60000", 10)
    desk.order("ann", "buy", "60000", 10, marginMode="CROSS")
    other = desk.order("ann", "buy", "2000", 1, symbol="ETHUSDTM")
    desk.order(HOUSE, "buy", "30000", 10)
    desk.order("ann", "sell", None, 10, marginMode="CROSS", reduceOnly=True)
    assert desk.balance("ann") == 0
    assert desk.exchange.positions("ann") == [] and desk.exchange.open_orders("ann") == []
    ended = next(event.order for event in desk.of(FuturesOrderDone) if event.order.order_id == other.order_id)
    assert ended.cancel_reason == "NO_ENOUGH_BALANCE"
    assert desk.is_conserved()


def test_losing_sale_leaves_orders_that_there_is_margin_for(desk: FuturesDesk) -> None:
    desk.exchange.settings.set_margin_mode("ann", "XBTUSDTM", "CROSS")
    desk.exchange.withdraw("ann", "USDT", "9750")
    desk.order(HOUSE, "sell", "60000", 10)
    desk.order("ann", "buy", "60000", 10, marginMode="CROSS")
    order = desk.order("ann", "buy", "2500", 5, symbol="ETHUSDTM", leverage=5)
    desk.order(HOUSE, "buy", "50000", 10)
    desk.order("ann", "sell", None, 10, marginMode="CROSS", reduceOnly=True)
    # Of about 250 a hundred are lost, and the order needs 25.
    assert [live.order_id for live in desk.exchange.open_orders("ann")] == [order.order_id]
    assert 149 < desk.balance("ann") < 150
    assert desk.is_conserved()


def test_losing_sale_takes_no_more_than_the_margin_of_an_isolated_position(desk: FuturesDesk) -> None:
    desk.trade("ann", HOUSE, "60000", 100, leverage=100)
    desk.order(HOUSE, "buy", "57500", 100)
    desk.order("ann", "sell", "57500", 100)
    # 250 USDT lost and a fee of 3.45, of which the position had 60 + 3.636.
    assert desk.balance("ann") == 10000 - D("3.6") - D("63.636")
    assert desk.balance(INSURANCE) == D("63.636") - D("253.45")
    assert desk.is_conserved()


def test_risk_limit_level_chosen_before_a_position_holds_for_every_side_of_it(desk: FuturesDesk) -> None:
    desk.exchange.settings.set_position_mode("ann", hedging=True)
    desk.exchange.settings.set_risk_limit("ann", "XBTUSDTM", 3)
    for side, position_side in (("buy", "LONG"), ("sell", "SHORT")):
        desk.order("ann", side, "60000", 1, positionSide=position_side)
        assert desk.position("ann", side=position_side).risk_limit_level == 3
    with pytest.raises(Refused) as caught:
        desk.order("ann", "buy", "60000", 1, positionSide="LONG", leverage=42)
    assert caught.value.situation == "leverage"


def test_totals_are_exact_however_few_digits_the_caller_computes_with(desk: FuturesDesk) -> None:
    desk.trade("ann", "bob", "60000.7", 12345, symbol="XBTUSDM")
    with localcontext(Context(prec=9)):
        assert desk.exchange.accounts.totals() == desk.exchange.accounts.deposited()


def test_profit_that_is_not_realised_can_not_be_withdrawn(desk: FuturesDesk) -> None:
    """It counts for orders, but no wallet is emptied below zero."""
    desk.exchange.settings.set_margin_mode("ann", "XBTUSDTM", "CROSS")
    desk.exchange.settings.set_cross_leverage("ann", "XBTUSDTM", 100)
    desk.order(HOUSE, "sell", "60000", 1000)
    desk.order("ann", "buy", "60000", 1000, marginMode="CROSS")
    desk.mark("80000")
    balance = desk.balance("ann")
    assert desk.available("ann") > balance
    with pytest.raises(Refused) as caught:
        desk.exchange.withdraw("ann", "USDT", balance + 1)
    assert caught.value.situation == "balance"
    desk.exchange.withdraw("ann", "USDT", balance)
    assert desk.balance("ann") == 0


@pytest.mark.parametrize(("closing", "kept"), [({"reduceOnly": True}, 500), ({"forceHold": True}, 700)])
def test_orders_that_a_closing_order_left_without_margin_are_cancelled_newest_first(
    desk: FuturesDesk, closing: dict[str, Any], kept: int
) -> None:
    """They would have closed the position, and needed nothing; now they would open one, for 987 USDT each."""
    desk.trade("bob", "ann", "60000", 100)
    older, newer = (desk.order("ann", "buy", "59000", 50, leverage=3) for _ in range(2))
    desk.order(HOUSE, "sell", "60000", 100)
    desk.exchange.withdraw("ann", "USDT", desk.available("ann") - kept)
    desk.order("ann", "buy", "60000", 100, **closing)
    assert desk.position("ann").qty == 0
    states = [desk.exchange.order(order.order_id) for order in (older, newer)]
    assert [state and state.cancel_reason for state in states] == ["", "NO_ENOUGH_BALANCE"]
    assert desk.exchange.accounts.spare("ann", "USDT") >= 0
    assert desk.is_conserved()


# Any mix of commands.

_NAMES = st.sampled_from(
    [
        *("clientOid", "symbol", "side", "type", "price", "size", "qty", "valueQty", "leverage", "marginMode"),
        *("positionSide", "timeInForce", "postOnly", "hidden", "iceberg", "visibleSize", "reduceOnly", "closeOrder"),
        *("forceHold", "stop", "stopPrice", "stopPriceType", "stp", "remark", "orderId"),
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


@given(changes=st.dictionaries(_NAMES, _JSON, max_size=4))
@settings(max_examples=150)
def test_any_arguments_are_taken_or_refused(changes: dict[str, Any]) -> None:
    """Nothing a client sends makes the engine fail in another way."""
    desk = FuturesDesk()
    good = {"symbol": "XBTUSDTM", "side": "buy", "price": "60000", "size": 1, "leverage": 3, "clientOid": "live"}
    desk.exchange.place("ann", good)
    for command in (desk.exchange.place, desk.exchange.cancel):
        try:
            command("ann", {**good, **changes})
        except Refused:
            pass  # the other allowed outcome
    assert desk.is_conserved()


class FuturesMachine(RuleBasedStateMachine):
    """Any mix of commands keeps the money, the margins, the positions and the books in order."""

    accounts = st.sampled_from(["ann", "bob", "cat"])
    symbols = st.sampled_from(["XBTUSDTM", "XBTUSDM"])
    sides = st.sampled_from(["buy", "sell"])

    def __init__(self) -> None:
        super().__init__()
        self.desk = FuturesDesk()
        self.exchange = self.desk.exchange
        for currency, amount in (("USDT", "800"), ("XBT", "0.03")):
            self.exchange.deposit("cat", currency, amount)
        self.exchange.settings.set_position_mode("bob", hedging=True)
        for symbol in ("XBTUSDTM", "XBTUSDM"):
            self.exchange.settings.set_margin_mode("cat", symbol, "CROSS")
            self.exchange.settings.set_cross_leverage("cat", symbol, 20)

    def attempt(self, command: Any, *args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except Refused:
            pass  # refusals are fine; what they must not do is in the invariants

    #: In steps from the mark price; ``None`` for a market order.
    prices = st.integers(min_value=-3, max_value=3)

    def place(self, account: str, symbol: str, side: str, price: int | None, size: int, **more: Any) -> None:
        mark = int(self.exchange.prices.mark(symbol)) // 100 * 100
        text = None if price is None else str(mark + 25 * price)
        if account == "bob":
            more.setdefault("positionSide", "LONG")
        more["marginMode"] = "CROSS" if account == "cat" else "ISOLATED"
        contracts = size * 200 if symbol == "XBTUSDM" else size * 5
        self.attempt(self.desk.order, account, side, text, contracts, symbol=symbol, **more)

    @rule(account=accounts, symbol=symbols, side=sides, price=prices, size=st.integers(min_value=1, max_value=20))
    def limit(self, **order: Any) -> None:
        self.place(**order)

    @rule(
        buyer=accounts,
        seller=accounts,
        symbol=symbols,
        price=prices,
        size=st.integers(min_value=1, max_value=20),
        leverage=st.sampled_from([3, 50]),
    )
    def trade(self, buyer: str, seller: str, leverage: int, **order: Any) -> None:
        for account, side, position_side in ((seller, "sell", "SHORT"), (buyer, "buy", "LONG")):
            more = {"positionSide": position_side} if account == "bob" else {}
            self.place(account, side=side, leverage=leverage, **order, **more)

    @rule(
        account=accounts,
        symbol=symbols,
        side=sides,
        price=st.none() | prices,
        size=st.integers(min_value=1, max_value=20),
        kind=st.sampled_from(
            [{"timeInForce": "IOC"}, {"reduceOnly": True}, {"closeOrder": True}, {"stp": "CO"}, {"stp": "CB"}]
            + [{"forceHold": True}, {"postOnly": True}, {"iceberg": True, "visibleSize": "7"}]
            + [{"stop": "up", "stopPrice": "60010", "stopPriceType": name} for name in ("TP", "MP")]
            + [{"stop": "down", "stopPrice": "59990", "stopPriceType": name} for name in ("TP", "IP")]
            + [{"stop": "down", "stopPrice": "59990", "stopPriceType": "MP", "closeOrder": True}]
        ),
        position_side=st.sampled_from(["LONG", "SHORT"]),
    )
    def special(self, account: str, kind: dict[str, Any], position_side: str, **order: Any) -> None:
        more = {**kind, "positionSide": position_side} if account == "bob" else kind
        self.place(account, **order, **more)

    @rule(account=accounts, symbol=symbols, side=sides, price=prices)
    def improve(self, **order: Any) -> None:
        self.place(**order, size=3, timeInForce="RPI")

    @precondition(lambda self: any(self.exchange.open_orders(a) for a in ("ann", "bob", "cat")))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        orders = [order for a in ("ann", "bob", "cat") for order in self.exchange.open_orders(a)]
        order = data.draw(st.sampled_from(orders))
        self.exchange.cancel(order.account, {"orderId": order.order_id})

    @rule(symbol=symbols, change=st.integers(min_value=-600, max_value=600))
    def price_moves(self, symbol: str, change: int) -> None:
        self.desk.mark(str(max(10_000, self.exchange.prices.mark(symbol) + change)), symbol)

    @rule(symbol=symbols, price=st.sampled_from([40_000, 60_000, 80_000]))
    def price_jumps(self, symbol: str, price: int) -> None:
        self.desk.mark(str(price), symbol)

    @rule(symbol=symbols, rate=st.integers(min_value=-3000, max_value=3000))
    def funding(self, symbol: str, rate: int) -> None:
        self.exchange.settle_funding(symbol, Decimal(rate) / 1_000_000)

    @rule(
        account=accounts,
        symbol=symbols,
        leverage=st.integers(min_value=1, max_value=60),
        level=st.integers(min_value=1, max_value=3),
        on=st.booleans(),
    )
    def choices(self, account: str, symbol: str, leverage: int, level: int, on: bool) -> None:
        self.attempt(self.exchange.settings.set_cross_leverage, account, symbol, leverage)
        self.attempt(self.exchange.settings.set_risk_limit, account, symbol, level)
        self.attempt(self.exchange.settings.set_auto_deposit, account, symbol, on)
        self.attempt(self.exchange.settings.add_margin, account, symbol, "10" if symbol == "XBTUSDTM" else "0.001")

    @rule(seconds=st.integers(min_value=0, max_value=30_000))
    def time_passes(self, seconds: int) -> None:
        self.desk.now_ns += seconds * SECOND
        self.exchange.poll()

    @invariant()
    def money_is_conserved(self) -> None:
        assert self.exchange.accounts.totals() == self.exchange.accounts.deposited()
        assert self.exchange.accounts.balance(FEES, "USDT") >= 0

    @invariant()
    def long_and_short_contracts_are_as_many(self) -> None:
        for symbol in self.exchange.contracts:
            assert sum(position.qty for position in self.exchange.accounts.open_positions(symbol)) == 0

    @invariant()
    def no_isolated_position_outlives_its_margin(self) -> None:
        for symbol in self.exchange.contracts:
            mark = self.exchange.prices.mark(symbol)
            for position in self.exchange.accounts.open_positions(symbol):
                if position.account in ("ann", "bob"):
                    assert not position.is_exhausted(mark)
                    assert position.init >= 0

    @invariant()
    def isolated_accounts_never_owe(self) -> None:
        for account in ("ann", "bob"):
            for currency in ("USDT", "XBT"):
                assert self.exchange.accounts.spare(account, currency) >= 0, (account, currency)

    @invariant()
    def cross_account_has_its_maintenance(self) -> None:
        for currency in ("USDT", "XBT"):
            wallet = self.exchange.wallet("cat", currency)
            if any(position.settle_currency == currency for position in self.exchange.positions("cat")):
                assert wallet.total_cross_margin > wallet.cross_maint_margin
            assert wallet.total_cross_margin >= 0

    @invariant()
    def closing_orders_fit_their_positions(self) -> None:
        for account in ("ann", "bob", "cat"):
            for order in self.exchange.open_orders(account):
                if order.is_waiting or not (order.reduce_only or order.close_order):
                    continue
                qty = self.desk.position(account, order.symbol, order.position_side).qty
                assert order.remaining <= (-qty if order.side == "buy" else qty)

    @invariant()
    def book_is_not_crossed_and_holds_the_resting_orders(self) -> None:
        resting = set()
        for symbol in self.exchange.contracts:
            book = self.exchange.book(symbol)
            bid, ask = book.bids.top()[0], book.asks.top()[0]
            assert not bid or not ask or bid < ask
            resting |= {order.order_id for side in (book.bids, book.asks) for order in side.orders()}
        live = [order for account in ("ann", "bob", "cat") for order in self.exchange.open_orders(account)]
        assert resting == {order.order_id for order in live if not order.is_waiting}

    @invariant()
    def tickers_are_reported(self) -> None:
        last = {e.ticker.symbol: e.ticker for e in self.desk.of(TickerChanged)}
        self.desk.events[:] = [TickerChanged(ticker) for ticker in last.values()]
        for symbol, ticker in last.items():
            assert ticker == self.exchange.ticker(symbol)


FuturesMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=30)
TestFuturesMachine = FuturesMachine.TestCase


class LongFuturesMachine(FuturesMachine):
    """The same for longer."""


LongFuturesMachine.TestCase.settings = settings(max_examples=250, stateful_step_count=60)
TestLongFuturesMachine = pytest.mark.soak(LongFuturesMachine.TestCase)
