"""The spot exchange alone: tables of refusals, the kinds of orders, changing and cancelling them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.simulator.market.market_maker import MAKER, TAKER, MarketMaker
from kucoin_sync.simulator.matching.events import OrderDone, OrderMatched, OrderOpened, OrderReceived, Traded
from kucoin_sync.simulator.matching.orders import Refused
from kucoin_sync.simulator.spot.exchange import FEES, Exchange
from tests.simulator.desk import NOW_MS, Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


GOOD = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "50000", "size": "0.01"}

REFUSALS = [
    ("unknown symbol", {"symbol": "DOGE-USDT"}, "400100", "Unsupported trading pair."),
    ("no symbol", {"symbol": None}, "400100", "Unsupported trading pair."),
    ("bad side", {"side": "BUY"}, "400100", "side is invalid."),
    ("bad type", {"type": "stop"}, "400100", "type is invalid."),
    ("no price", {"price": None}, "400100", "price is invalid."),
    ("exponent", {"size": "1e-2"}, "400100", "size is invalid."),
    ("nan", {"price": "NaN"}, "400100", "price is invalid."),
    ("negative", {"size": "-1"}, "400100", "size is invalid."),
    ("boolean", {"size": True}, "400100", "size is invalid."),
    ("price off the step", {"price": "50000.05"}, "400100", "Price increment invalid."),
    ("price zero", {"price": "0"}, "400100", "Price increment invalid."),
    ("size below minimum", {"size": "0.000001"}, "400100", "Order size below the minimum requirement."),
    ("funds below minimum", {"price": "1"}, "400100", "Order size below the minimum requirement."),
    ("size off the step", {"size": "0.000010001"}, "400100", "Order size increment invalid."),
    ("size as a number", {"size": 1}, "400100", "size is invalid."),
    ("price as a number", {"price": Decimal("50000")}, "400100", "price is invalid."),
    ("flag as a text", {"postOnly": "true"}, "400100", "postOnly is invalid."),
    ("iceberg without its size", {"iceberg": True}, "400100", "visibleSize is invalid."),
    ("iceberg and hidden", {"iceberg": True, "visibleSize": "0.01", "hidden": True}, "400100", None),
    ("bad prevention", {"stp": "XX"}, "400100", "stp is invalid."),
    ("long remark", {"remark": "x" * 21}, "400100", "remark is invalid."),
    ("endless life", {"timeInForce": "GTT", "cancelAfter": 2_592_001}, "400100", "cancelAfter is invalid."),
    ("no life", {"timeInForce": "GTT", "cancelAfter": 0}, "400100", "cancelAfter is invalid."),
    ("life as a text", {"timeInForce": "GTT", "cancelAfter": "5"}, "400100", "cancelAfter is invalid."),
    ("too little money", {"size": "3"}, "200004", "Balance insufficient!"),
    ("client id alphabet", {"clientOid": "a b"}, "400100", "clientOid is invalid."),
    ("client id length", {"clientOid": "a" * 41}, "400100", "clientOid is invalid."),
    ("client id newline", {"clientOid": "a\n"}, "400100", "clientOid is invalid."),
    ("post only with IOC", {"postOnly": True, "timeInForce": "IOC"}, "400100", None),
    ("bad time in force", {"timeInForce": "GTX"}, "400100", "timeInForce is invalid."),
    ("market with both", {"type": "market", "funds": "10"}, "400100", None),
    ("market with neither", {"type": "market", "size": None}, "400100", None),
    ("window without stamp", {"allowMaxTimeWindow": 100}, "400100", None),
    ("late", {"clientTimestamp": NOW_MS - 101, "allowMaxTimeWindow": 100}, "400002", None),
]


@pytest.mark.parametrize(("changes", "code", "text"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_order_is_refused_and_nothing_changes(desk: Desk, changes: Any, code: str, text: str | None) -> None:
    before = desk.exchange.balances("ann")
    with pytest.raises(Refused) as caught:
        desk.exchange.place("ann", {**GOOD, **changes})
    assert caught.value.code == code
    assert text is None or caught.value.message == text
    assert desk.exchange.balances("ann") == before
    assert desk.exchange.orders() == []


def test_order_inside_its_window_is_taken(desk: Desk) -> None:
    args = {**GOOD, "clientTimestamp": NOW_MS - 100, "allowMaxTimeWindow": 100}
    assert desk.exchange.place("ann", args).is_live


def test_resting_order_holds_funds_and_fee_until_it_is_canceled(desk: Desk) -> None:
    order = desk.limit("ann", "buy", "50000", "1", clientOid="x")
    balance = desk.exchange.balances("ann")["USDT"]
    assert (balance.available, balance.held) == (Decimal("49950"), Decimal("50050"))
    assert order.order_id.startswith("SIM")
    desk.exchange.cancel("ann", {"symbol": "BTC-USDT", "clientOid": "x"})
    assert desk.exchange.balances("ann")["USDT"].available == 100000
    assert desk.kinds() == [OrderReceived, OrderOpened, OrderDone]


def test_price_then_time_decides_who_trades(desk: Desk) -> None:
    late_best = desk.limit("bob", "sell", "50001", "1")
    first = desk.limit("bob", "sell", "50000", "1")
    second = desk.limit("bob", "sell", "50000", "1")
    taker = desk.limit("ann", "buy", "50001", "1.5")
    assert taker.outcome == "filled"
    assert [t.maker_order_id for t in desk.exchange.trades] == [first.order_id, second.order_id]
    assert desk.exchange.order(late_best.order_id).deal_size == 0  # type: ignore[union-attr]


def test_trade_moves_money_and_fees(desk: Desk) -> None:
    desk.limit("bob", "sell", "50000", "1")
    order = desk.limit("ann", "buy", "60000", "1")
    assert (order.deal_funds, order.fee, order.held) == (50000, 50, 0)
    assert desk.exchange.balances("ann")["USDT"].total == 100000 - 50050
    assert desk.exchange.balances("bob")["USDT"].total == 100000 + 49950
    assert desk.exchange.balances(FEES)["USDT"].total == 100
    trade = [OrderReceived, Traded, OrderMatched, OrderMatched, OrderDone, OrderDone]
    assert desk.kinds() == [OrderReceived, OrderOpened, *trade]


def test_partial_fill_leaves_the_rest_in_the_book(desk: Desk) -> None:
    desk.limit("bob", "sell", "50000", "0.4")
    order = desk.limit("ann", "buy", "50000", "1")
    assert order.is_live and order.remaining == Decimal("0.6")
    assert desk.exchange.ticker("BTC-USDT").best_bid_size == Decimal("0.6")


@pytest.mark.parametrize(
    ("size", "options", "dealt", "outcome"),
    [
        ("1", {"timeInForce": "IOC"}, "0.4", "canceled"),
        ("0.4", {"timeInForce": "IOC"}, "0.4", "filled"),
        ("1", {"timeInForce": "FOK"}, "0", "canceled"),
        ("0.4", {"timeInForce": "FOK"}, "0.4", "filled"),
        ("0.4", {"postOnly": True}, "0", "canceled"),
    ],
)
def test_kinds_of_limit_orders(desk: Desk, size: str, options: Any, dealt: str, outcome: str) -> None:
    desk.limit("bob", "sell", "50000", "0.4")
    order = desk.limit("ann", "buy", "50000", size, **options)
    assert (order.deal_size, order.outcome, order.held) == (Decimal(dealt), outcome, 0)


def test_good_till_time_order_ends_by_itself(desk: Desk) -> None:
    order = desk.limit("ann", "buy", "50000", "1", timeInForce="GTT", cancelAfter=10)
    desk.now_ms += 9_999
    desk.exchange.poll()
    assert desk.exchange.open_orders("ann")
    desk.now_ms += 1
    desk.exchange.poll()
    assert desk.exchange.order(order.order_id).outcome == "canceled"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("side", "amount", "dealt", "funds"),
    [
        ("buy", {"size": "1.5"}, "1.5", "76000"),
        ("buy", {"funds": "76000"}, "1.5", "76000"),
        ("sell", {"size": "1.5"}, "1.5", "59000"),
        ("sell", {"funds": "59000"}, "1.5", "59000"),
        ("buy", {"funds": "0.1"}, "0.000002", "0.1"),
    ],
)
def test_market_orders_by_size_and_by_funds(desk: Desk, side: str, amount: Any, dealt: str, funds: str) -> None:
    for price, other in (("50000", "sell"), ("52000", "sell"), ("40000", "buy"), ("38000", "buy")):
        desk.limit("bob", other, price, "1")
    order = desk.market("ann", side, **amount)
    assert (order.deal_size, order.deal_funds, order.outcome) == (Decimal(dealt), Decimal(funds), "filled")
    assert desk.exchange.balances("ann")["USDT"].held == 0


def test_market_order_without_counterpart_is_taken_and_canceled(desk: Desk) -> None:
    assert desk.market("ann", "buy", size="1").outcome == "canceled"


def test_client_order_id_is_unique_among_live_orders_of_one_account_only(desk: Desk) -> None:
    desk.limit("ann", "buy", "50000", "0.1", clientOid="x")
    desk.limit("bob", "buy", "50000", "0.1", clientOid="x")
    with pytest.raises(Refused, match="clientOidDuplicated"):
        desk.limit("ann", "buy", "50000", "0.1", clientOid="x")
    desk.exchange.cancel("ann", {"symbol": "BTC-USDT", "clientOid": "x"})
    assert desk.limit("ann", "buy", "50000", "0.1", clientOid="x").is_live


def test_strict_client_order_ids_are_never_reused() -> None:
    desk = Desk(strict_client_oids=True)
    desk.limit("ann", "buy", "50000", "0.1", clientOid="x")
    desk.exchange.cancel("ann", {"symbol": "BTC-USDT", "clientOid": "x"})
    with pytest.raises(Refused, match="clientOidDuplicated"):
        desk.limit("ann", "buy", "50000", "0.1", clientOid="x")


def test_modify_replaces_the_order_and_keeps_the_client_id(desk: Desk) -> None:
    old = desk.limit("ann", "buy", "50000", "1", clientOid="x")
    new = desk.exchange.modify("ann", {"symbol": "BTC-USDT", "clientOid": "x", "newPrice": "51000"})
    assert new.order_id != old.order_id
    assert (new.client_oid, new.price, new.size) == ("x", 51000, 1)
    assert [o.order_id for o in desk.exchange.open_orders()] == [new.order_id]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"newPrice": "99999"}, "200004"),
        ({"newSize": "0.000000001"}, "400100"),
        ({}, "400100"),
        ({"orderId": "SIM00", "newPrice": "1000"}, "400100"),
    ],
)
def test_refused_modify_leaves_the_order_alone(desk: Desk, changes: Any, code: str) -> None:
    order = desk.limit("ann", "buy", "50000", "1.5", clientOid="x")
    with pytest.raises(Refused) as caught:
        desk.exchange.modify("ann", {"symbol": "BTC-USDT", "orderId": order.order_id, **changes})
    assert caught.value.code == code
    assert desk.exchange.open_orders() == [order]


@pytest.mark.parametrize(
    "args",
    [
        {"symbol": "BTC-USDT", "orderId": "nobody"},
        {"symbol": "BTC-USDT", "clientOid": "nobody"},
        {"symbol": "ETH-USDT", "clientOid": "x"},
        {"symbol": "BTC-USDT", "orderId": ["x"]},
    ],
)
def test_cancel_of_an_order_that_is_not_there(desk: Desk, args: Any) -> None:
    desk.limit("ann", "buy", "50000", "1", clientOid="x")
    with pytest.raises(Refused, match="order_not_exist_or_not_allow_to_cancel"):
        desk.exchange.cancel("ann", args)


def test_nobody_cancels_another_accounts_order(desk: Desk) -> None:
    order = desk.limit("ann", "buy", "50000", "1")
    with pytest.raises(Refused, match="order_not_exist"):
        desk.exchange.cancel("bob", {"symbol": "BTC-USDT", "orderId": order.order_id})


def test_open_orders_are_capped() -> None:
    desk = Desk(max_open_orders_per_symbol=1)
    desk.limit("ann", "buy", "50000", "0.1")
    with pytest.raises(Refused) as caught:
        desk.limit("ann", "buy", "50000", "0.1")
    assert caught.value.code == "200003"


def test_largest_numbers_stay_exact(desk: Desk) -> None:
    for currency in ("BTC", "USDT"):
        desk.exchange.deposit("ann", currency, "1" + "0" * 30)
        desk.exchange.deposit("bob", currency, "1" + "0" * 30)
    price, size = "999999999999999.9", "9999999999.99999999"
    desk.limit("bob", "sell", price, size)
    desk.limit("ann", "buy", price, size)
    assert desk.exchange.ledger.totals() == desk.exchange.ledger.deposited()


def test_market_maker_with_the_same_seed_does_the_same() -> None:
    def run(seed: int) -> list[Any]:
        exchange = Exchange(now_ns=lambda: NOW_MS * 1_000_000, house_accounts=(MAKER, TAKER))
        maker = MarketMaker(exchange, seed=seed)
        for _ in range(50):
            maker.step()
        assert exchange.orders() == exchange.open_orders()
        return [(t.symbol, t.side, t.price, t.size) for t in exchange.trades]

    assert run(1) == run(1) != run(2)


_NAMES = st.sampled_from(
    [
        *GOOD,
        *("clientOid", "orderId", "funds", "timeInForce", "cancelAfter", "postOnly", "stp", "remark"),
        *("clientTimestamp", "allowMaxTimeWindow", "newPrice", "newSize"),
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


@given(changes=st.dictionaries(_NAMES, _JSON, max_size=4))
@settings(max_examples=200)
def test_any_arguments_are_taken_or_refused(changes: dict[str, Any]) -> None:
    """Nothing a client sends makes the engine fail in another way."""
    desk = Desk()
    desk.limit("ann", "sell", "50000", "0.1", clientOid="live")
    for command in (desk.exchange.place, desk.exchange.modify, desk.exchange.cancel):
        try:
            command("ann", {**GOOD, "clientOid": "live", **changes})
        except Refused:
            pass  # the other allowed outcome
    assert desk.exchange.ledger.totals() == desk.exchange.ledger.deposited()
