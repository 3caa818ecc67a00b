"""The futures engine alone: refusals, profit and margin by hand, the kinds of orders, and what an account chooses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator.futures.contracts import DEFAULT_CONTRACTS, Contract
from kucoin_sync.simulator.futures.events import (
    CrossLeverageChanged,
    FuturesOrderDone,
    FuturesOrderMatched,
    FuturesOrderOpened,
    FuturesOrderUpdated,
    FuturesStopOrderChanged,
    FuturesWalletChanged,
    MarginModeChanged,
    PositionChanged,
    RiskLimitChanged,
)
from kucoin_sync.simulator.futures.exchange import FEES, INSURANCE
from kucoin_sync.simulator.futures.positions import Position, Pressure
from kucoin_sync.simulator.matching.events import BookChanged, Traded
from kucoin_sync.simulator.matching.orders import Refused
from tests.simulator.futures_desk import HOUSE, NOW_NS, FuturesDesk

D = Decimal


@pytest.fixture
def desk() -> FuturesDesk:
    return FuturesDesk()


GOOD = {
    "clientOid": "x",
    "symbol": "XBTUSDTM",
    "side": "buy",
    "type": "limit",
    "price": "50000",
    "size": 1,
    "leverage": 10,
}

REFUSALS = [
    ("unknown symbol", {"symbol": "DOGEUSDTM"}, "200003"),
    ("no symbol", {"symbol": None}, "200003"),
    ("no client id", {"clientOid": None}, "100001"),
    ("client id alphabet", {"clientOid": "a b"}, "100001"),
    ("client id length", {"clientOid": "a" * 41}, "100001"),
    ("bad side", {"side": "BUY"}, "100001"),
    ("no side", {"side": None}, "100001"),
    ("bad type", {"type": "stop"}, "100001"),
    ("no price", {"price": None}, "100001"),
    ("price as a number", {"price": 50000}, "100001"),
    ("price zero", {"price": "0"}, "100001"),
    ("price off the tick", {"price": "50000.05"}, "100001"),
    ("price above the maximum", {"price": "1000000.1", "side": "sell"}, "100001"),
    ("price above the band", {"price": "63000.1"}, "300011"),
    ("price below the band", {"price": "56999.9", "side": "sell"}, "300012"),
    ("no size", {"size": None}, "100001"),
    ("size as text", {"size": "1"}, "100001"),
    ("size as a flag", {"size": True}, "100001"),
    ("size zero", {"size": 0}, "100001"),
    ("size negative", {"size": -1}, "100001"),
    ("size above the maximum", {"size": 1_000_001}, "100001"),
    ("size twice", {"qty": "0.001"}, "100001"),
    ("qty off the step", {"size": None, "qty": "0.0005"}, "100001"),
    ("value below one contract", {"size": None, "valueQty": "49.9"}, "100001"),
    ("leverage as text", {"leverage": "10"}, "100001"),
    ("leverage zero", {"leverage": 0}, "100001"),
    ("leverage too high", {"leverage": 126}, "300016"),
    ("bad margin mode", {"marginMode": "isolated"}, "100001"),
    ("other margin mode", {"marginMode": "CROSS"}, "330005"),
    ("bad position side", {"positionSide": "long"}, "100001"),
    ("other position mode", {"positionSide": "LONG"}, "330011"),
    ("bad time in force", {"timeInForce": "FOK"}, "100001"),
    ("post only with IOC", {"postOnly": True, "timeInForce": "IOC"}, "100001"),
    ("post only and hidden", {"postOnly": True, "hidden": True}, "100001"),
    ("post only and iceberg", {"postOnly": True, "iceberg": True, "visibleSize": "1"}, "100001"),
    ("iceberg without visible size", {"iceberg": True}, "100001"),
    ("hidden and iceberg", {"hidden": True, "iceberg": True, "visibleSize": "1"}, "100001"),
    ("market order that improves", {"type": "market", "timeInForce": "RPI"}, "100001"),
    ("flag as text", {"postOnly": "true"}, "100001"),
    ("self-trade rule of spot", {"stp": "DC"}, "100001"),
    ("long remark", {"remark": "r" * 101}, "100001"),
    ("stop without price", {"stop": "up", "stopPriceType": "TP"}, "100001"),
    ("stop without price type", {"stop": "up", "stopPrice": "70000"}, "100001"),
    ("bad stop", {"stop": "left", "stopPrice": "70000", "stopPriceType": "TP"}, "100001"),
    ("nothing to reduce", {"reduceOnly": True}, "300009"),
    ("nothing to close", {"closeOrder": True, "size": None, "side": None}, "300009"),
    ("too little money", {"size": 2000}, "300003"),
    ("above the risk limit", {"size": 17_000}, "300005"),
]


@pytest.mark.parametrize(("changes", "code"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_order_is_refused_and_nothing_changes(desk: FuturesDesk, changes: Any, code: str) -> None:
    before, count = desk.exchange.wallet("ann", "USDT"), len(desk.events)
    with pytest.raises(Refused) as caught:
        desk.exchange.place("ann", {**GOOD, **changes})
    assert caught.value.code == code
    assert desk.exchange.wallet("ann", "USDT") == before
    assert desk.exchange.orders("ann") == []
    assert len(desk.events) == count


def test_contract_that_is_not_traded_takes_no_orders() -> None:
    paused = Contract("XBTUSDTM", "USDT", "XBT", "USDT", "USDT", D("0.1"), D("0.001"), enabled=False)
    others = [contract for contract in DEFAULT_CONTRACTS if contract.symbol != "XBTUSDTM"]
    with pytest.raises(Refused) as caught:
        FuturesDesk(contracts=[paused, *others]).exchange.place("ann", GOOD)
    assert caught.value.code == "300002"


def test_coin_margined_contract_takes_no_base_quantity(desk: FuturesDesk) -> None:
    for name in ("qty", "valueQty"):
        with pytest.raises(Refused) as caught:
            desk.exchange.place("ann", {**GOOD, "symbol": "XBTUSDM", "size": None, name: "1"})
        assert caught.value.code == "100001"


@pytest.mark.parametrize(
    ("amount", "size"), [({"qty": "0.005"}, 5), ({"valueQty": "149.9"}, 2), ({"valueQty": "150"}, 3), ({"size": 7}, 7)]
)
def test_size_may_be_given_in_coins_or_in_value(desk: FuturesDesk, amount: Any, size: int) -> None:
    assert desk.exchange.place("ann", {**GOOD, "size": None, **amount}).size == size


def test_client_order_id_is_unique_among_live_orders_only(desk: FuturesDesk) -> None:
    order = desk.exchange.place("ann", GOOD)
    desk.exchange.place("bob", GOOD)
    with pytest.raises(Refused) as caught:
        desk.exchange.place("ann", GOOD)
    assert caught.value.code == "300018"
    desk.exchange.cancel("ann", {"orderId": order.order_id})
    assert desk.exchange.place("ann", GOOD).is_live


def test_open_and_stop_orders_are_capped_apart() -> None:
    desk = FuturesDesk(max_open_orders=1, max_stop_orders=1)
    stop = {"stop": "up", "stopPrice": "70000", "stopPriceType": "MP"}
    desk.order("ann", "buy", "50000", 1)
    desk.order("ann", "buy", "50000", 1, **stop)
    for more, code in (({}, "300001"), (stop, "300004")):
        with pytest.raises(Refused) as caught:
            desk.order("ann", "buy", "50000", 1, **more)
        assert caught.value.code == code


# Profit, fees and margin.


def test_order_reserves_margin_and_fees_until_it_is_cancelled(desk: FuturesDesk) -> None:
    # Value 0.001 * 100 * 50000 = 5000; a tenth of it, and the taker fee 0.0006 on 5000 twice and on the margin once.
    order = desk.order("ann", "buy", "50000", 100)
    assert desk.available("ann") == 10000 - (500 + D("6.3"))
    assert desk.exchange.wallet("ann", "USDT").isolated_order_margin == D("506.3")
    done = desk.exchange.cancel("ann", {"orderId": order.order_id})
    assert (done.outcome, done.cancel_reason, done.canceled_size) == ("canceled", "USER", 100)
    assert desk.available("ann") == 10000
    kinds = [type(event) for event in desk.events[-5:]]
    assert kinds[0] is FuturesWalletChanged and FuturesOrderDone in kinds


def test_linear_contract_pays_the_difference_of_the_prices(desk: FuturesDesk) -> None:
    desk.trade("ann", "bob", "60000", 100)
    assert (desk.balance("ann"), desk.balance("bob")) == (D("9996.4"), D("9998.8"))  # 6 and 2 of 10000 of 6000
    assert desk.balance(FEES) == D("4.8")
    desk.mark("61000")
    assert desk.position("ann").unrealised_pnl == 100  # 0.001 * 100 * 1000
    assert desk.exchange.wallet("ann", "USDT").equity == D("10096.4")
    desk.trade("bob", "ann", "61500", 40)
    # Closed: 0.001 * 40 * 1500 = 60; the seller rested: fee 2 of 10000 of 2460.
    assert desk.balance("ann") == D("9996.4") + 60 - D("0.492")
    position = desk.position("ann")
    assert (position.qty, position.avg_entry_price, position.pos_cost) == (60, 60000, 3600)
    assert (position.current_cost, position.realised_gross_pnl) == (3540, 60)
    assert position.realised_pnl == 60 - D("3.6") - D("0.492")
    assert desk.is_conserved()


def test_inverse_contract_pays_in_coins(desk: FuturesDesk) -> None:
    desk.trade("ann", "bob", "60000", 60_000, symbol="XBTUSDM")
    # 60000 dollars are one coin, of which 6 in 10000 are the fee: to the places that one contract's value has.
    assert round(desk.balance("ann", "XBT"), 12) == 10 - D("0.0006")
    desk.mark("62500", "XBTUSDM")
    # 60000/60000 - 60000/62500 = 1 - 0.96
    position = desk.position("ann", "XBTUSDM")
    assert round(position.unrealised_pnl, 12) == D("0.04")
    assert (position.avg_entry_price, position.is_inverse) == (60000, True)
    assert position.unrealised_pnl == -desk.position("bob", "XBTUSDM").unrealised_pnl
    desk.trade("bob", "ann", "62500", 60_000, symbol="XBTUSDM")
    assert round(desk.balance("ann", "XBT"), 12) == 10 + D("0.04") - D("0.0006") - D("0.000192")
    assert desk.exchange.positions("ann") == desk.exchange.positions("bob") == []
    assert desk.is_conserved()


def test_fill_through_zero_turns_the_position_and_begins_a_new_life_of_it(desk: FuturesDesk) -> None:
    desk.trade("ann", "bob", "60000", 10)
    desk.trade("bob", "ann", "61000", 25)
    position = desk.position("ann")
    assert (position.qty, position.avg_entry_price, position.current_cost) == (-15, 61000, -915)
    assert (position.realised_gross_pnl, position.deal_comm) == (0, D("0.183"))
    fill = desk.exchange.fills("ann")[-1]
    assert (fill.closed_size, fill.closed_pnl) == (10, 10)
    assert (fill.open_fee, fill.close_fee, fill.fee) == (D("0.183"), D("0.122"), D("0.305"))
    assert desk.is_conserved()


def test_margin_of_an_isolated_position_is_that_of_a_captured_push() -> None:
    """KuCoin, position.change of 2024-11-18: one contract bought at 91694.5 with fivefold leverage, mark 91839.79."""
    position = Position("p", "a", DEFAULT_CONTRACTS[0], "BOTH", "ISOLATED")
    position.fill(D(1), D("91694.5"), D(5), NOW_NS)
    state = position.state(D("91839.79"), D(5), Pressure(D(0), D(0)), D(1), NOW_NS)
    assert (state.pos_cost, state.pos_init) == (D("91.6945"), D("18.3389"))
    assert (state.pos_comm, state.pos_margin) == (D("0.06602004"), D("18.40492004"))
    assert (state.mark_value, state.maint_margin) == (D("91.83979"), D("18.55021004"))
    assert (state.unrealised_pnl, state.unrealised_pnl_pcnt, state.unrealised_roe_pcnt) == (
        D("0.14529"),
        D("0.0016"),
        D("0.0079"),
    )
    assert (state.avg_entry_price, state.bankrupt_price) == (D("91694.5"), D("73355.6"))


def test_short_position_with_added_margin_is_that_of_a_captured_push() -> None:
    """KuCoin, position.change of 2026-02-19: sold at 68094.2 with fiftyfold leverage, one USDT added, funding paid."""
    contract = Contract("XBTUSDTM", "USDT", "XBT", "USDT", "USDT", D("0.1"), D("0.001"), taker_fee_rate=D(0))
    position = Position("p", "a", contract, "SHORT", "ISOLATED")
    position.fill(D(-1), D("68094.2"), D(50), NOW_NS)
    position.pay_fee(D("0.04085652"))
    position.settle_funding(D("-0.00291083"), NOW_NS)
    position.added += 1
    state = position.state(D("66954.6"), D(50), Pressure(D(0), D(0)), D(1), NOW_NS)
    assert (state.pos_init, state.pos_margin) == (D("1.361884"), D("2.35897317"))
    assert (state.maint_margin, state.real_leverage) == (D("3.49857317"), D("19.1376874933"))
    assert (state.current_comm, state.realised_cost) == (D("0.03794569"), D("0.03794569"))
    assert (state.realised_pnl, state.unrealised_pnl) == (D("-0.04376735"), D("1.1396"))
    assert (state.unrealised_pnl_pcnt, state.unrealised_roe_pcnt) == (D("0.0167"), D("0.8368"))
    assert state.bankrupt_price == D("70453.17317")


def test_cross_position_takes_its_margin_from_the_wallet_at_the_mark_price(desk: FuturesDesk) -> None:
    desk.exchange.settings.set_margin_mode("ann", "XBTUSDTM", "CROSS")
    desk.exchange.settings.set_cross_leverage("ann", "XBTUSDTM", 20)
    desk.order("bob", "sell", "60000", 100)
    desk.order("ann", "buy", "60000", 100, marginMode="CROSS")
    desk.mark("61000")
    wallet = desk.exchange.wallet("ann", "USDT")
    assert (wallet.wallet_balance, wallet.cross_unrealised) == (D("9996.4"), 100)
    assert (wallet.cross_pos_margin, wallet.total_cross_margin) == (305, D("10096.4"))
    assert wallet.available == D("9791.4")
    position = desk.position("ann")
    assert (position.leverage, position.pos_init, position.pos_margin) == (20, 300, 305)
    # Liquidated where 10096.4 + 100 * unit - 6100 = 0.004 * 100 * unit: below zero, that is never.
    assert position.liquidation_price == 0


def test_orders_that_close_need_no_margin_and_those_beyond_do(desk: FuturesDesk) -> None:
    desk.trade("ann", "bob", "60000", 10)
    before = desk.available("ann")
    desk.order("ann", "sell", "61000", 10)
    assert desk.available("ann") == before
    desk.order("ann", "sell", "62000", 5)
    # Five contracts at the dearer price: 310 / 10 and 0.0006 of 310 twice and of 31 once.
    assert before - desk.available("ann") == 31 + D("0.3906")
    desk.order("ann", "sell", "61000", 1, forceHold=True)
    assert before - desk.available("ann") == 31 + D("0.3906") + D("6.1") + D("0.07686")


def test_taker_is_charged_for_the_price_it_meets(desk: FuturesDesk) -> None:
    """A sale below the bid trades at the bid, which is worth more margin than its own price."""
    desk.exchange.withdraw("ann", "USDT", "9939.5")
    desk.order(HOUSE, "buy", "60000", 10)
    with pytest.raises(Refused) as caught:
        desk.order("ann", "sell", "59000", 10)  # 59 + 0.7434 would do at 59000, 60 + 0.756 is needed
    assert caught.value.code == "300003"
    desk.exchange.deposit("ann", "USDT", "0.256")
    assert desk.order("ann", "sell", "59000", 10).outcome == "filled"
    assert desk.available("ann") == 0


# Kinds of orders.


def test_events_of_a_trade_come_in_order(desk: FuturesDesk) -> None:
    desk.events.clear()
    desk.trade("ann", "bob", "60000", 1)
    kinds = [type(e).__name__ for e in desk.events if type(e).__name__ not in ("TickerChanged", "BookChanged")]
    assert kinds == [
        *("FuturesOrderOpened", "FuturesWalletChanged", "Traded"),
        *("FuturesOrderMatched", "FuturesOrderMatched", "FuturesOrderDone", "FuturesOrderDone"),
        *("PositionChanged", "PositionChanged", "FuturesWalletChanged", "FuturesWalletChanged"),
    ]
    assert [e.fill.liquidity for e in desk.of(FuturesOrderMatched)] == ["maker", "taker"]
    versions = [e.wallet.version for e in desk.of(FuturesWalletChanged) if e.wallet.account == "bob"]
    assert versions == sorted(set(versions))


@pytest.mark.parametrize(
    ("options", "dealt", "reason"),
    [
        ({"timeInForce": "IOC"}, 4, "IOC"),
        ({"postOnly": True}, 0, "POST_ONLY"),
        ({"timeInForce": "RPI"}, 0, "POST_ONLY"),
        ({"type": "market", "price": None}, 4, "NO_MAKER"),
    ],
)
def test_order_that_does_not_rest(desk: FuturesDesk, options: Any, dealt: int, reason: str) -> None:
    desk.order("bob", "sell", "60000", 4)
    order = desk.exchange.place("ann", {**GOOD, "price": "60000", "size": 10, **options})
    assert (order.deal_size, order.outcome, order.cancel_reason) == (dealt, "canceled", reason)
    assert desk.exchange.wallet("ann", "USDT").isolated_order_margin == 0


def test_retail_price_improvement_rests_unseen_and_its_trades_tell(desk: FuturesDesk) -> None:
    order = desk.order("bob", "sell", "60000", 4, timeInForce="RPI")
    assert (order.is_live, order.hidden, order.post_only, order.time_in_force) == (True, False, False, "RPI")
    assert list(desk.exchange.book("XBTUSDTM").asks.levels()) == []
    assert desk.exchange.rpi_levels("XBTUSDTM", "sell") == [(60000, 4)]
    assert desk.of(BookChanged) == []
    desk.order("ann", "buy", "60000", 1)
    assert [e.trade.is_rpi for e in desk.of(Traded)] == [True]


def test_iceberg_shows_its_visible_size(desk: FuturesDesk) -> None:
    order = desk.order("bob", "sell", "60000", 10, iceberg=True, visibleSize="3")
    assert (order.iceberg, order.visible_size) == (True, 3)
    assert list(desk.exchange.book("XBTUSDTM").asks.levels()) == [(60000, 3)]


@pytest.mark.parametrize(
    ("stp", "newest", "oldest"), [("CN", "canceled", None), ("CO", None, "canceled"), ("CB", "canceled", "canceled")]
)
def test_self_trade_is_prevented(desk: FuturesDesk, stp: str, newest: str | None, oldest: str | None) -> None:
    old = desk.order("ann", "sell", "60000", 5)
    new = desk.order("ann", "buy", "60000", 5, stp=stp)
    assert new.outcome == newest
    assert desk.exchange.order(old.order_id).outcome == oldest  # type: ignore[union-attr]
    assert desk.of(Traded) == []


def test_account_may_trade_with_itself(desk: FuturesDesk) -> None:
    desk.trade("ann", "ann", "60000", 5)
    assert desk.position("ann").qty == 0
    assert desk.balance("ann") == 10000 - D("0.24")
    assert desk.is_conserved()


def test_reduce_only_order_is_cut_to_the_position(desk: FuturesDesk) -> None:
    desk.trade("ann", "bob", "60000", 5)
    order = desk.order("ann", "sell", "61000", 8, reduceOnly=True)
    assert (order.size, order.canceled_size, order.remaining) == (8, 3, 5)
    with pytest.raises(Refused) as caught:
        desk.order("ann", "buy", "59000", 1, reduceOnly=True)
    assert caught.value.code == "300009"
    # Another order takes three of the five contracts: so much less is left to reduce.
    desk.order(HOUSE, "buy", "60000", 3)
    desk.order("ann", "sell", "60000", 3)
    updated = desk.of(FuturesOrderUpdated)[-1]
    assert (updated.order.order_id, updated.order.remaining, updated.old_size) == (order.order_id, 2, 5)
    desk.order(HOUSE, "buy", "60000", 2)
    desk.order("ann", "sell", "60000", 2)
    done = desk.of(FuturesOrderDone)
    assert order.order_id in [e.order.order_id for e in done if e.order.cancel_reason == "CLOSE_ORDER_WITHOUT_POSITION"]


def test_taker_never_meets_a_reduce_only_order_whose_position_it_just_closed(desk: FuturesDesk) -> None:
    desk.trade("ann", "bob", "60000", 5)
    desk.order("ann", "sell", "60010", 5)
    desk.order("ann", "sell", "60020", 5, reduceOnly=True)
    taker = desk.order("bob", "buy", "60020", 10)
    assert (taker.deal_size, taker.remaining) == (5, 5)
    assert desk.position("ann").qty == 0


def test_close_order_needs_neither_side_nor_size(desk: FuturesDesk) -> None:
    desk.trade("ann", "bob", "60000", 5)
    desk.order(HOUSE, "buy", "60100", 9)
    order = desk.exchange.place("ann", {"clientOid": "c", "symbol": "XBTUSDTM", "type": "market", "closeOrder": True})
    assert (order.side, order.size, order.outcome, order.close_order) == ("sell", 5, "filled", True)
    assert desk.position("ann").qty == 0


def test_hedging_account_has_a_long_and_a_short_position(desk: FuturesDesk) -> None:
    desk.exchange.settings.set_position_mode("ann", hedging=True)
    with pytest.raises(Refused) as caught:
        desk.order("ann", "buy", "60000", 1)
    assert caught.value.code == "330011"
    desk.order("bob", "sell", "60000", 5)
    desk.order("ann", "buy", "60000", 5, positionSide="LONG")
    desk.order("bob", "buy", "60000", 3)
    desk.order("ann", "sell", "60000", 3, positionSide="SHORT")
    assert (desk.position("ann", side="LONG").qty, desk.position("ann", side="SHORT").qty) == (5, -3)
    with pytest.raises(Refused) as caught:
        desk.exchange.settings.set_position_mode("ann", hedging=False)
    assert caught.value.code == "330011"
    # Selling the long side closes it and never opens: what exceeds it is cut.
    order = desk.order("ann", "sell", "61000", 9, positionSide="LONG")
    assert (order.remaining, order.canceled_size) == (5, 4)
    desk.order("bob", "buy", "61000", 9)
    assert (desk.position("ann", side="LONG").qty, desk.position("ann", side="SHORT").qty) == (0, -3)
    assert desk.is_conserved()


# Stop orders.


@pytest.mark.parametrize(
    ("stop", "kind", "before", "at"),
    [
        ("up", "MP", "61999.9", "62000"),
        ("down", "MP", "58000.1", "58000"),
        ("up", "IP", "61999.9", "62000"),
        ("down", "IP", "58000.1", "58000"),
    ],
)
def test_stop_order_waits_for_mark_or_index_price(
    desk: FuturesDesk, stop: str, kind: str, before: str, at: str
) -> None:
    order = desk.order("ann", "buy", "57000", 1, stop=stop, stopPrice=at, stopPriceType=kind)
    assert order.is_waiting and desk.available("ann") == 10000
    desk.mark(before)
    assert [e.kind for e in desk.of(FuturesStopOrderChanged)] == ["open"]
    desk.mark(at)
    assert [e.kind for e in desk.of(FuturesStopOrderChanged)] == ["open", "triggered"]
    state = desk.exchange.order(order.order_id)
    assert state is not None and state.stop_triggered and state.is_live and not state.is_waiting
    assert desk.of(FuturesOrderOpened)[-1].order.order_id == order.order_id


def test_stop_order_waits_for_the_last_trade(desk: FuturesDesk) -> None:
    desk.order("ann", "sell", None, 1, stop="down", stopPrice="59500", stopPriceType="TP")
    desk.order(HOUSE, "buy", "59400", 3)
    desk.trade("bob", HOUSE, "59600", 1)
    assert desk.position("ann").qty == 0
    desk.order("bob", "sell", "59400", 1)
    assert desk.position("ann").qty == -1


def test_stop_order_that_cannot_be_placed_says_why(desk: FuturesDesk) -> None:
    order = desk.order("ann", "sell", None, 1, stop="down", stopPrice="58000", stopPriceType="MP", reduceOnly=True)
    desk.mark("58000")
    event = desk.of(FuturesStopOrderChanged)[-1]
    assert (event.kind, event.error) == ("triggered", "There is no position to close.")
    state = desk.exchange.order(order.order_id)
    assert state is not None and (state.outcome, state.cancel_reason) == ("canceled", "CLOSE_ORDER_WITHOUT_POSITION")


def test_stop_order_that_closes_takes_the_position_there_is_when_it_fires(desk: FuturesDesk) -> None:
    desk.trade("ann", "bob", "60000", 5)
    args = {"clientOid": "c", "symbol": "XBTUSDTM", "type": "market", "closeOrder": True}
    desk.exchange.place("ann", {**args, "stop": "down", "stopPrice": "58000", "stopPriceType": "MP"})
    desk.trade("ann", "bob", "60000", 2)
    desk.order(HOUSE, "buy", "58000", 50)
    desk.mark("58000")
    assert desk.position("ann").qty == 0
    assert desk.exchange.order_by_client_oid("ann", "c").deal_size == 7  # type: ignore[union-attr]


def test_stop_orders_are_cancelled_alone_or_together(desk: FuturesDesk) -> None:
    stop = {"stop": "up", "stopPrice": "70000", "stopPriceType": "IP"}
    orders = [desk.order("ann", "buy", "60000", 1, **stop) for _ in range(3)]
    resting = desk.order("ann", "buy", "50000", 1)
    desk.exchange.cancel("ann", {"orderId": orders[0].order_id})
    assert desk.exchange.cancel_all("ann", stops=True) == [order.order_id for order in orders[1:]]
    assert [e.kind for e in desk.of(FuturesStopOrderChanged)] == ["open"] * 3 + ["cancel"] * 3
    assert desk.exchange.cancel_all("ann", "ETHUSDTM") == []
    assert desk.exchange.cancel_all("ann") == [resting.order_id]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"orderId": "nobody"}, "100004"),
        ({"clientOid": "nobody", "symbol": "XBTUSDTM"}, "100004"),
        ({"clientOid": "x", "symbol": "ETHUSDTM"}, "100004"),
        ({"clientOid": "x"}, "200003"),
        ({"symbol": "XBTUSDTM"}, "100001"),
    ],
)
def test_cancel_of_an_order_that_is_not_there(desk: FuturesDesk, args: Any, code: str) -> None:
    desk.exchange.place("ann", GOOD)
    with pytest.raises(Refused) as caught:
        desk.exchange.cancel("ann", args)
    assert caught.value.code == code


def test_nobody_cancels_another_accounts_order(desk: FuturesDesk) -> None:
    order = desk.exchange.place("ann", GOOD)
    with pytest.raises(Refused):
        desk.exchange.cancel("bob", {"orderId": order.order_id})


def test_test_order_is_checked_and_not_placed(desk: FuturesDesk) -> None:
    assert desk.exchange.place("ann", GOOD, test=True).order_id
    assert desk.exchange.orders("ann") == []
    with pytest.raises(Refused):
        desk.exchange.place("ann", {**GOOD, "size": 2000}, test=True)
    assert desk.order("ann", "buy", "50000", 1, leverage=None).leverage == 3


# What an account chooses.


def test_margin_mode_changes_only_while_the_contract_is_not_in_use(desk: FuturesDesk) -> None:
    settings = desk.exchange.settings
    order = desk.order("ann", "buy", "50000", 1)
    with pytest.raises(Refused) as caught:
        settings.set_margin_mode("ann", "XBTUSDTM", "CROSS")
    assert caught.value.code == "330005"
    desk.exchange.cancel("ann", {"orderId": order.order_id})
    settings.set_margin_mode("ann", "XBTUSDTM", "CROSS")
    settings.set_margin_mode("ann", "XBTUSDTM", "CROSS")
    assert desk.of(MarginModeChanged) == [MarginModeChanged("ann", "XBTUSDTM", "CROSS")]
    for symbol, mode, code in (("X", "CROSS", "200003"), ("XBTUSDTM", "cross", "100001")):
        with pytest.raises(Refused) as caught:
            settings.set_margin_mode("ann", symbol, mode)
        assert caught.value.code == code


def test_cross_leverage_is_refused_where_the_margin_would_not_do(desk: FuturesDesk) -> None:
    settings = desk.exchange.settings
    settings.set_margin_mode("ann", "XBTUSDTM", "CROSS")
    settings.set_cross_leverage("ann", "XBTUSDTM", 10)
    desk.order("bob", "sell", "60000", 1000)
    desk.order("ann", "buy", "60000", 1000, marginMode="CROSS")
    for leverage, code in ((2, "300003"), (126, "300016"), (0, "100001")):
        with pytest.raises(Refused) as caught:
            settings.set_cross_leverage("ann", "XBTUSDTM", leverage)
        assert caught.value.code == code
    assert desk.exchange.accounts.cross_leverage("ann", "XBTUSDTM") == 10
    settings.set_cross_leverage("ann", "XBTUSDTM", 20)
    assert [e.leverage for e in desk.of(CrossLeverageChanged)] == [10, 20]
    assert desk.exchange.wallet("ann", "USDT").cross_pos_margin == 3000
    assert desk.of(PositionChanged)[-1].reason == "marginChange"


def test_isolated_order_without_leverage_uses_the_last_one(desk: FuturesDesk) -> None:
    assert desk.order("ann", "buy", "50000", 1, leverage=None).leverage == 3
    desk.order("ann", "buy", "50000", 1, leverage=7)
    assert desk.order("ann", "buy", "50000", 1, leverage=None).leverage == 7


def test_added_margin_moves_the_liquidation_price(desk: FuturesDesk) -> None:
    desk.trade("ann", "bob", "60000", 10)
    before = desk.position("ann")
    desk.exchange.settings.add_margin("ann", "XBTUSDTM", "10")
    after = desk.position("ann")
    assert (after.pos_cross, after.pos_margin - before.pos_margin) == (10, 10)
    assert before.liquidation_price - after.liquidation_price == 1000  # ten USDT on a hundredth of a coin
    assert desk.of(PositionChanged)[-1].reason == "marginChange"
    for account, amount, code in (("ann", "99999", "300003"), ("ann", "0", "100001"), ("eve", "1", "300009")):
        with pytest.raises(Refused) as caught:
            desk.exchange.settings.add_margin(account, "XBTUSDTM", amount)
        assert caught.value.code == code


def test_risk_limit_level_raises_the_margin_or_says_why_not(desk: FuturesDesk) -> None:
    settings = desk.exchange.settings
    desk.trade("ann", "bob", "60000", 1000, leverage=100)
    resting = desk.order("ann", "buy", "50000", 1)
    settings.set_risk_limit("ann", "XBTUSDTM", 2)
    assert desk.exchange.order(resting.order_id).cancel_reason == "CHANGE_RISK_LIMIT"  # type: ignore[union-attr]
    position = desk.position("ann")
    # Level 2 allows leverage 62: 60000 / 62 instead of 600, and twice the maintenance rate.
    assert round(position.pos_init, 4) == D("967.7419")
    assert (position.risk_limit_level, position.risk_limit, position.maint_margin_req) == (2, 1_500_000, D("0.008"))
    assert desk.of(PositionChanged)[-1].reason == "changeRiskLimit"
    desk.exchange.withdraw("ann", "USDT", desk.available("ann"))
    settings.set_risk_limit("ann", "XBTUSDTM", 3)
    results = [(e.success, e.level, e.message) for e in desk.of(RiskLimitChanged)]
    assert results == [(True, 2, ""), (False, 3, "Insufficient balance. Cannot increase margin.")]
    assert desk.position("ann").risk_limit_level == 2
    with pytest.raises(Refused) as caught:
        settings.set_risk_limit("ann", "XBTUSDTM", 11)
    assert caught.value.code == "100005"


def test_money_that_margin_needs_cannot_be_withdrawn(desk: FuturesDesk) -> None:
    desk.order("ann", "buy", "50000", 100)
    with pytest.raises(Refused) as caught:
        desk.exchange.withdraw("ann", "USDT", "9493.71")
    assert caught.value.code == "300003"
    desk.exchange.withdraw("ann", "USDT", "9493.7")
    assert desk.available("ann") == 0
    assert desk.is_conserved()


def test_positions_of_the_house_and_the_fund_are_not_reported(desk: FuturesDesk) -> None:
    desk.order(HOUSE, "sell", "60000", 5)
    desk.order("ann", "buy", "60000", 5)
    assert {e.position.account for e in desk.of(PositionChanged)} == {"ann"}
    assert {e.wallet.account for e in desk.of(FuturesWalletChanged)} == {"ann", "bob"}
    assert desk.balance(HOUSE) < 0 == desk.balance(INSURANCE)
