"""Call auctions: gathering, the expected result, and the match at one price."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator.matching.events import CallAuctionChanged, OrderMatched, Traded
from kucoin_sync.simulator.matching.orders import Refused
from kucoin_sync.simulator.matching.symbols import Symbol
from kucoin_sync.simulator.spot.call_auction import equilibrium
from tests.simulator.desk import Desk


def levels(*pairs: tuple[int, int]) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(price), Decimal(size)) for price, size in pairs]


@pytest.mark.parametrize(
    ("bids", "asks", "price", "size"),
    [
        (levels(), levels((10, 1)), 0, 0),
        (levels((9, 1)), levels((10, 1)), 0, 0),
        (levels((10, 1)), levels((10, 2)), 10, 1),
        (levels((12, 5), (11, 5)), levels((9, 4), (10, 4), (11, 4)), 11, 10),
        (levels((12, 5)), levels((9, 5)), 9, 5),
        (levels((12, 5)), levels((8, 5), (11, 1)), 8, 5),
        (levels((20, 3), (10, 3)), levels((5, 3), (15, 3)), 10, 3),
    ],
    ids=[
        "one side",
        "no cross",
        "touch",
        "most volume",
        "nearest to the last price",
        "least left over",
        "nearest of four",
    ],
)
def test_price_at_which_most_can_be_traded(bids: Any, asks: Any, price: int, size: int) -> None:
    assert equilibrium(bids, asks, Decimal(10)) == (price, size)


@pytest.fixture
def desk() -> Desk:
    """BTC-USDT is in an auction that takes prices from 40000 to 60000."""
    desk = Desk()
    desk.trade_at("50000")
    desk.exchange.start_call_auction("BTC-USDT", floor=Decimal(40000), ceiling=Decimal(60000))
    return desk


def test_orders_gather_and_the_expected_result_is_told(desk: Desk) -> None:
    desk.limit("bob", "sell", "49000", "1")
    desk.limit("ann", "buy", "51000", "0.5")
    desk.limit("bob", "sell", "50000", "1")
    assert not [e for e in desk.of_kind(Traded) if e.trade.taker_account == "ann"]
    assert len(desk.exchange.open_orders()) == 3
    last = desk.of_kind(CallAuctionChanged)[-1]
    assert (last.estimated_price, last.estimated_size) == (49000, Decimal("0.5"))
    assert (last.sell_low, last.sell_high, last.buy_low, last.buy_high) == (40000, 60000, 40000, 60000)
    assert desk.exchange.call_auction("BTC-USDT") == last
    assert desk.exchange.call_auction("ETH-USDT") is None
    assert dict(desk.exchange.book("BTC-USDT").bids.levels()) == {51000: Decimal("0.5")}


def test_end_matches_at_one_price_and_gives_the_difference_back(desk: Desk) -> None:
    desk.limit("ann", "buy", "55000", "0.3")
    desk.limit("ann", "buy", "51000", "0.5", hidden=True)
    desk.limit("ann", "buy", "45000", "1")
    desk.limit("bob", "sell", "49000", "0.4", iceberg=True, visibleSize="0.1")
    desk.limit("bob", "sell", "50000", "0.4")
    desk.events.clear()
    desk.exchange.end_call_auction("BTC-USDT")
    trades = [e.trade for e in desk.of_kind(Traded)]
    assert {t.price for t in trades} == {50000}
    assert sum(t.size for t in trades) == Decimal("0.8")
    assert [o.price for o in desk.exchange.open_orders("ann")] == [45000]
    assert desk.exchange.open_orders("bob") == []
    assert desk.amounts("ann")["USDT"] == (100000 - Decimal(40040) - Decimal(45045), Decimal(45045))
    assert {e.is_maker for e in desk.of_kind(OrderMatched) if e.order.account == "ann"} == {True}
    assert desk.exchange.call_auction("BTC-USDT") is None
    desk.limit("bob", "sell", "45000", "1")
    assert desk.exchange.open_orders() == []
    desk.check_money()


def test_auction_without_a_cross_ends_without_a_trade(desk: Desk) -> None:
    desk.limit("ann", "buy", "45000", "0.3")
    desk.limit("bob", "sell", "46000", "0.3")
    desk.events.clear()
    desk.exchange.end_call_auction("BTC-USDT")
    assert desk.of_kind(Traded) == [] and len(desk.exchange.open_orders()) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "market", "price": None},
        {"timeInForce": "IOC"},
        {"timeInForce": "FOK"},
        {"price": "39999.9"},
        {"price": "60000.1"},
    ],
)
def test_order_that_an_auction_does_not_take(desk: Desk, changes: Any) -> None:
    args = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "50000", "size": "0.01"}
    with pytest.raises(Refused) as caught:
        desk.exchange.place("ann", {**args, **changes})
    assert caught.value.code == "400100"


def test_gathering_orders_can_be_changed_and_cancelled(desk: Desk) -> None:
    order = desk.limit("ann", "buy", "50000", "0.3", clientOid="x")
    with pytest.raises(Refused):
        desk.exchange.modify("ann", {"symbol": "BTC-USDT", "orderId": order.order_id, "newPrice": "30000"})
    desk.exchange.modify("ann", {"symbol": "BTC-USDT", "orderId": order.order_id, "newPrice": "52000"})
    desk.exchange.cancel("ann", {"symbol": "BTC-USDT", "clientOid": "x"})
    assert desk.amounts("ann")["USDT"] == (100000, 0)


def test_pair_can_begin_its_life_in_an_auction() -> None:
    pair = Symbol("ABC-USDT", "ABC", "USDT", "0.01", initial_price="1", call_auction=True, call_auction_ceiling="1.9")
    desk = Desk(symbols=[pair])
    state = desk.exchange.call_auction("ABC-USDT")
    assert state is not None and (state.buy_low, state.buy_high) == (Decimal("0.1"), Decimal("1.9"))
    assert pair.as_wire()["callauctionIsEnabled"] is True
    assert pair.as_wire()["callauctionPriceCeiling"] == "1.9"
