"""Stop orders: when they fire, what they place, and what ends them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator.matching.events import StopOrderChanged
from kucoin_sync.simulator.matching.orders import Refused, StopOrderState
from tests.simulator.desk import Desk


@pytest.fixture
def desk() -> Desk:
    """The last price is 50000."""
    desk = Desk()
    desk.trade_at("50000")
    desk.events.clear()
    return desk


def stop(desk: Desk, stop_price: str, **changes: Any) -> StopOrderState:
    args = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "30000", "size": "0.01"}
    return desk.exchange.place_stop("ann", {**args, "stopPrice": stop_price, **changes})


def told(desk: Desk) -> list[tuple[str, str, str | None]]:
    return [(e.order.order_id, e.kind, e.error) for e in desk.of_kind(StopOrderChanged)]


@pytest.mark.parametrize(
    ("stop_price", "named", "expected"),
    [("49000", "", "loss"), ("51000", "", "entry"), ("49000", "loss", "loss"), ("51000", "entry", "entry")],
)
def test_direction_is_named_or_follows_from_the_last_price(
    desk: Desk, stop_price: str, named: str, expected: str
) -> None:
    order = stop(desk, stop_price, stop=named)
    assert (order.request.stop, order.status) == (expected, "NEW")
    assert order.order_id.startswith("vsSIM")
    assert desk.amounts("ann")["USDT"] == (100000, 0)


@pytest.mark.parametrize(
    ("stop_price", "short_of", "at"), [("49000", "49000.1", "49000"), ("51000", "50999.9", "51000")]
)
def test_order_fires_when_the_last_price_reaches_it(desk: Desk, stop_price: str, short_of: str, at: str) -> None:
    order = stop(desk, stop_price, clientOid="x")
    desk.trade_at(short_of)
    assert told(desk) == [(order.order_id, "open", None)]
    desk.trade_at(at)
    assert told(desk)[1:] == [(order.order_id, "triggered", None)]
    fired = desk.exchange.stop_orders.get("ann", order.order_id)
    assert fired is not None and fired.status == "TRIGGERED"
    placed = desk.exchange.order(str(fired.related_order_id))
    assert placed is not None and placed.is_live
    assert (placed.client_oid, placed.request.stop_price) == ("x", Decimal(stop_price))


def test_order_whose_price_is_there_already_fires_at_once(desk: Desk) -> None:
    order = stop(desk, "51000", stop="loss")
    assert [kind for _, kind, _ in told(desk)] == ["open", "triggered"]
    assert desk.exchange.stop_orders.waiting() == [] and order.status == "NEW"


def test_order_that_cannot_be_paid_when_it_fires(desk: Desk) -> None:
    order = stop(desk, "49000", size="4")
    desk.trade_at("48000")
    assert told(desk)[-1] == (order.order_id, "triggered", "Balance insufficient!")
    fired = desk.exchange.stop_orders.get("ann", order.order_id)
    assert fired is not None and fired.related_order_id is None


def test_one_stop_order_can_set_off_the_next(desk: Desk) -> None:
    """The first sells down to where the second fires, which sells down to the third."""
    desk.exchange.deposit("bob", "USDT", "100000")
    for price in ("49000", "48000", "47000"):
        desk.limit("bob", "buy", price, "1")
    for price in ("49500", "48500", "47500"):
        stop(desk, price, side="sell", type="market", price=None, size="1")
    desk.limit("bob", "sell", "49000", "0.5")
    assert [kind for _, kind, _ in told(desk)] == ["open"] * 3 + ["triggered"] * 3
    assert desk.amounts("ann")["BTC"] == (Decimal("7.5"), 0)
    desk.check_money()


@pytest.mark.parametrize("trade_type", ["MARGIN_TRADE", "MARGIN_ISOLATED_TRADE"])
def test_margin_order_behind_a_stop_order(desk: Desk, trade_type: str) -> None:
    wallet = "margin" if trade_type == "MARGIN_TRADE" else "isolated:BTC-USDT"
    desk.exchange.transfer("ann", "USDT", "1000", "trade", wallet)
    stop(desk, "49000", clientOid="x", tradeType=trade_type)
    desk.trade_at("48000")
    (placed,) = desk.exchange.open_orders("ann")
    assert placed.request.trade_type == trade_type
    assert desk.amounts("ann", wallet)["USDT"][1] == Decimal("300.3")


@pytest.mark.parametrize(
    ("stop_price", "changes"),
    [
        ("49000.05", {}),
        ("0", {}),
        ("x", {}),
        ("49000", {"symbol": "NO-PE"}),
        ("49000", {"stop": "tso"}),
        ("49000", {"tradeType": "SPOT"}),
        ("49000", {"size": "0.000001"}),
        ("49000", {"tradeType": "MARGIN_TRADE"}),
    ],
)
def test_bad_stop_order(desk: Desk, stop_price: str, changes: Any) -> None:
    with pytest.raises(Refused):
        stop(desk, stop_price, **changes)
    assert desk.events == []


def test_cancelled_stop_order_never_fires(desk: Desk) -> None:
    order = stop(desk, "49000", clientOid="x")
    with pytest.raises(Refused) as caught:
        stop(desk, "48000", clientOid="x")
    assert caught.value.situation == "duplicate"
    with pytest.raises(Refused):
        desk.exchange.cancel_stop("bob", order)
    desk.exchange.cancel_stop("ann", order)
    assert told(desk)[-1] == (order.order_id, "cancel", None)
    desk.trade_at("48000")
    assert desk.exchange.open_orders("ann") == []
    with pytest.raises(Refused):
        desk.exchange.cancel_stop("ann", desk.exchange.stop_orders.get("ann", order.order_id))


def test_stop_orders_are_capped(desk: Desk) -> None:
    for _ in range(200):
        stop(desk, "49000")
    with pytest.raises(Refused) as caught:
        stop(desk, "49000")
    assert caught.value.situation == "too_many"


def test_stop_orders_are_found_by_what_they_are(desk: Desk) -> None:
    first, second = stop(desk, "49000", clientOid="x"), stop(desk, "48000", side="sell")
    orders = desk.exchange.stop_orders
    assert orders.waiting({"account": "ann"}) == [second, first]
    assert orders.waiting({"account": "ann", "side": "buy"}) == [first]
    assert orders.waiting({"account": "bob"}) == []
    assert orders.by_client_oid("ann", "x") == orders.by_client_oid("ann", "x", "BTC-USDT") == [first]
    assert orders.by_client_oid("ann", "x", "ETH-USDT") == orders.by_client_oid("bob", "x") == []
    assert orders.get("bob", first.order_id) is None
