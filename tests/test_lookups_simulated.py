"""
Look-ups of orders against the simulator: each way sees what is there, and nothing that is not, or says that it cannot.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from kucoin_sync import OutcomeUnknown, RestError, WebsocketAPIClient
from kucoin_sync.fates import OrderState
from kucoin_sync.kucoin import order_lists
from kucoin_sync.kucoin.lookups import KucoinLookUps
from kucoin_sync.kucoin.operations import KucoinRules
from kucoin_sync.orders.lookup import LookUp, Question, Sighting
from kucoin_sync.simulator import Simulator

LIMIT = 5.0
LONG = 3600.0
SPOT: dict[str, Any] = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.001"}
CROSS: dict[str, Any] = {**SPOT, "isIsolated": False}
ISOLATED: dict[str, Any] = {**SPOT, "isIsolated": True}
FUTURES: dict[str, Any] = {
    "symbol": "XBTUSDTM",
    "side": "buy",
    "type": "limit",
    "price": "59000",
    "size": 1,
    "leverage": 5,
}
STOP: dict[str, Any] = {**FUTURES, "stop": "down", "stopPrice": "50000", "stopPriceType": "TP"}

RULES = KucoinRules(None)


@attrs.frozen
class Market:
    """One kind of order, and the REST calls that place and cancel one: the line of orders is not the subject here."""

    place: str
    cancel: str
    order: dict[str, Any]
    place_path: str
    cancel_path: str
    host: str = "spot"


MARKETS = {
    "spot": Market("spot.order", "spot.cancel", SPOT, "/api/v1/hf/orders", "/api/v1/hf/orders"),
    "sync": Market("spot.sync_order", "spot.sync_cancel", SPOT, "/api/v1/hf/orders", "/api/v1/hf/orders"),
    "cross": Market("margin.order", "margin.cancel", CROSS, "/api/v3/hf/margin/order", "/api/v3/hf/margin/orders"),
    "isolated": Market(
        "margin.order", "margin.cancel", ISOLATED, "/api/v3/hf/margin/order", "/api/v3/hf/margin/orders"
    ),
    "futures": Market("futures.order", "futures.cancel", FUTURES, "/api/v1/orders", "/api/v1/orders", "futures"),
    "stop": Market("futures.order", "futures.cancel", STOP, "/api/v1/orders", "/api/v1/orders", "futures"),
    "batch": Market(
        "futures.multi_order", "futures.multi_cancel", FUTURES, "/api/v1/orders", "/api/v1/orders", "futures"
    ),
}


class Desk:
    """An exchange, a client, and what is asked of it."""

    def __init__(self, exchange: Simulator, api: WebsocketAPIClient) -> None:
        self.exchange = exchange
        self.api = api
        self.since_ms = int(time.time() * 1000)
        self.lookups = KucoinLookUps(api.rest)

    def place(self, market: Market, client_oid: str | None, **more: Any) -> str:
        body = {**market.order, **more}
        if client_oid is not None:
            body["clientOid"] = client_oid
        return str(self.api.rest.request("POST", market.place_path, body=body, host=market.host)["orderId"])

    def cancel(self, market: Market, order_id: str) -> None:
        params = {"symbol": market.order["symbol"]}
        path = f"{market.cancel_path}/{order_id}"
        self.api.rest.request("DELETE", path, params=params, host=market.host)

    def modify(self, **args: Any) -> str:
        body = {"symbol": "BTC-USDT", **args}
        return str(self.api.rest.request("POST", "/api/v1/hf/orders/alter", body=body)["newOrderId"])

    def ways(self, op: str, args: dict[str, Any]) -> list[Way]:
        question = Question(RULES.operations[op], args, self.since_ms)
        return [Way(way, question) for way in self.lookups.ways(question)]

    def placed(self, market: Market, client_oid: str, **more: Any) -> list[Way]:
        return self.ways(market.place, {**market.order, "clientOid": client_oid, **more})

    def modified(self, **args: Any) -> list[Way]:
        return self.ways("spot.modify", {"symbol": "BTC-USDT", **args})


@attrs.frozen
class Way:
    """A way to look with its question."""

    way: LookUp
    question: Question

    def look(self, timeout: float = LIMIT) -> Sighting:
        return self.way.look(self.question, timeout)

    def seen(self) -> tuple[str, str] | None:
        """Return id and status of the order."""
        return told(self.look().order)


def told(order: OrderState | None) -> tuple[str, str] | None:
    return None if order is None else (order.order_id, order.status)


def both(sighting: Sighting) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
    """Return id and status of the new order and of the old one."""
    return told(sighting.order), told(sighting.old)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Simulator(market_maker=False, ticker_interval=0.0) as exchange:
        exchange.deposit("USDT", "5000")
        exchange.transfer("USDT", "1000", "trade", "margin")
        exchange.transfer("USDT", "1000", "trade", "isolated:BTC-USDT")
        with WebsocketAPIClient(**exchange.client_options()) as api:
            yield Desk(exchange, api)


every_market = pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)
every_way = pytest.mark.parametrize("way", [0, 1], ids=["single", "listed"])


# Placed orders.


@every_market
def test_O11_both_ways_see_a_placed_order_live_and_cancelled(desk: Desk, market: Market) -> None:
    ways = desk.placed(market, "mine")
    assert [way.seen() for way in ways] == [None, None]
    order_id = desk.place(market, "mine")
    assert [way.seen() for way in ways] == [(order_id, "live")] * 2
    desk.cancel(market, order_id)
    assert [way.seen() for way in ways] == [(order_id, "cancelled")] * 2


@pytest.mark.parametrize("name", ["spot", "futures"])
def test_O11_both_ways_see_a_filled_order(desk: Desk, name: str) -> None:
    if name == "spot":
        desk.exchange.counter_order("BTC-USDT", "sell", "1", "19000")
    else:
        desk.exchange.counter_contract_order("XBTUSDTM", "sell", 10, "58900")
    order_id = desk.place(MARKETS[name], "mine")
    ways = desk.placed(MARKETS[name], "mine")
    assert [way.seen() for way in ways] == [(order_id, "filled")] * 2
    orders = [way.look().order for way in ways]
    assert [order and (order.filled_size, order.size, order.side, order.type) for order in orders] == [
        (orders[0] and orders[0].size, orders[1] and orders[1].size, "buy", "limit")
    ] * 2


def test_O11_a_stop_order_is_seen_when_it_was_triggered_too(desk: Desk) -> None:
    stop = MARKETS["stop"]
    order_id = desk.place(stop, "mine", stop="up", stopPrice="59500")
    desk.exchange.counter_contract_order("XBTUSDTM", "sell", 1, "60000")
    desk.exchange.counter_contract_order("XBTUSDTM", "buy", 1, "60000")
    ways = desk.placed(stop, "mine", stop="up", stopPrice="59500")
    assert [way.seen() for way in ways] == [(order_id, "live")] * 2
    orders = [way.look().order for way in ways]
    assert [order and order.raw["stopTriggered"] for order in orders] == [True, True]


@every_market
def test_O12_an_order_that_look_ups_do_not_know_yet_is_not_seen_and_then_is(desk: Desk, market: Market) -> None:
    """The other way sees it at once, so the two together are worth more than twice one of them."""
    desk.exchange.lookup_lag(LONG)
    order_id = desk.place(market, "mine")
    single, listed = desk.placed(market, "mine")
    assert single.seen() is None
    assert listed.seen() == (order_id, "live")
    desk.exchange.lookup_lag(0)
    assert single.seen() == (order_id, "live")


@every_way
@every_market
def test_O12_an_older_order_under_the_same_client_order_id_is_not_ours(desk: Desk, market: Market, way: int) -> None:
    desk.place(market, "mine")
    ours = desk.placed(market, "mine")
    desk.since_ms += 60_000
    later = desk.placed(market, "mine")
    assert (ours[way].seen() is None, later[way].seen() is None) == (False, True)


@every_way
def test_O12_an_order_that_seems_a_little_older_than_its_call_is_ours(desk: Desk, way: int) -> None:
    """No clock is exact."""
    order_id = desk.place(MARKETS["spot"], "mine")
    desk.since_ms = int(time.time() * 1000) + 1000
    assert desk.placed(MARKETS["spot"], "mine")[way].seen() == (order_id, "live")


@every_way
@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("spot", {"side": "sell"}),
        ("cross", {"isIsolated": True}),
        ("isolated", {"isIsolated": False}),
        ("futures", {"side": "sell"}),
        ("futures", {"symbol": "ETHUSDTM"}),
    ],
)
def test_O12_an_order_that_contradicts_the_arguments_is_not_ours(
    desk: Desk, name: str, other: dict[str, Any], way: int
) -> None:
    desk.place(MARKETS[name], "mine")
    assert desk.placed(MARKETS[name], "mine")[way].seen() is not None
    assert desk.placed(MARKETS[name], "mine", **other)[way].seen() is None


@every_way
@every_market
@pytest.mark.parametrize(("status", "code"), [(429, "429000"), (200, "429000"), (503, "503000"), (500, "500000")])
def test_O14_a_look_up_that_is_refused_is_no_answer(
    desk: Desk, market: Market, way: int, status: int, code: str
) -> None:
    order_id = desk.place(market, "mine")
    looking = desk.placed(market, "mine")[way]
    desk.exchange.refuse_rest(code=code, msg="not now", status=status)
    with pytest.raises(RestError) as caught:
        looking.look()
    assert (caught.value.code, caught.value.retryable) == (code, True)
    assert looking.seen() == (order_id, "live")


@every_way
def test_O14_the_second_call_of_a_way_may_fail_as_well(desk: Desk, way: int) -> None:
    """Done orders are not told: that there is no live one says nothing."""
    order_id = desk.place(MARKETS["spot"], "mine")
    desk.cancel(MARKETS["spot"], order_id)
    looking = desk.placed(MARKETS["spot"], "mine")[way]
    desk.exchange.refuse_rest("/orders/done", count=None)
    if way == 1:
        with pytest.raises(RestError):
            looking.look()
    else:
        assert looking.seen() == (order_id, "cancelled")


def test_O13_orders_that_the_exchange_forgot_are_not_seen() -> None:
    """Why a way says how long it can be believed."""
    with (
        Simulator(market_maker=False, lookup_retention=0) as exchange,
        WebsocketAPIClient(**exchange.client_options()) as api,
    ):
        desk = Desk(exchange, api)
        order_id = desk.place(MARKETS["spot"], "mine")
        ways = desk.placed(MARKETS["spot"], "mine")
        assert [way.seen() for way in ways] == [(order_id, "live")] * 2
        desk.cancel(MARKETS["spot"], order_id)
        assert [way.seen() for way in ways] == [None, None]


@pytest.mark.parametrize("name", ["spot", "cross", "futures"])
def test_O11_an_order_is_found_behind_hundreds_of_others(desk: Desk, name: str) -> None:
    """Done orders come in batches of 100."""
    market = MARKETS[name]
    order_id = desk.place(market, "mine")
    desk.cancel(market, order_id)
    for number in range(130):
        desk.cancel(market, desk.place(market, f"other{number}"))
    assert desk.placed(market, "mine")[1].seen() == (order_id, "cancelled")
    assert desk.placed(market, "nobody")[1].seen() is None


# Orders to cancel.


@every_way
@pytest.mark.parametrize("by", ["orderId", "clientOid"])
@every_market
def test_O11_a_cancel_is_asked_about_its_order_whenever_that_was_made(
    desk: Desk, market: Market, by: str, way: int
) -> None:
    symbol = {} if by == "orderId" and market.host == "futures" else {"symbol": market.order["symbol"]}
    nobody = desk.ways(market.cancel, {by: "nobody", **symbol})[way]
    assert nobody.look() == Sighting()
    order_id = desk.place(market, "mine")
    desk.since_ms += 10**9
    ids = {"orderId": order_id, "clientOid": "mine"}
    looking = desk.ways(market.cancel, {by: ids[by], **symbol})[way]
    assert looking.seen() == (order_id, "live")
    desk.cancel(market, order_id)
    assert looking.seen() == (order_id, "cancelled")
    assert nobody.look() == Sighting()


@every_way
@pytest.mark.parametrize("name", ["spot", "futures"])
def test_O11_a_cancel_by_a_client_order_id_is_about_the_latest_order_that_has_it(
    desk: Desk, name: str, way: int
) -> None:
    market = MARKETS[name]
    desk.cancel(market, desk.place(market, "mine"))
    order_id = desk.place(market, "mine")
    looking = desk.ways(market.cancel, {"clientOid": "mine", "symbol": market.order["symbol"]})[way]
    assert looking.seen() == (order_id, "live")
    desk.cancel(market, order_id)
    assert looking.seen() == (order_id, "cancelled")


@pytest.mark.parametrize("by", ["orderId", "clientOid"])
@every_market
def test_O12_the_order_of_a_cancel_is_not_seen_while_look_ups_do_not_know_it(
    desk: Desk, market: Market, by: str
) -> None:
    desk.exchange.lookup_lag(LONG)
    ids = {"orderId": desk.place(market, "mine"), "clientOid": "mine"}
    single, listed = desk.ways(market.cancel, {by: ids[by], "symbol": market.order["symbol"]})
    assert single.seen() is None
    assert listed.seen() == (ids["orderId"], "live")
    desk.exchange.lookup_lag(0)
    assert single.seen() == (ids["orderId"], "live")


@pytest.mark.parametrize("name", ["spot", "cross"])
@pytest.mark.parametrize("by_end", [False, True])
def test_O12_an_order_is_found_whatever_the_end_of_a_list_means(desk: Desk, by_end: bool, name: str) -> None:
    market = MARKETS[name]
    desk.exchange.lists_by_end(by_end)
    order_id = desk.place(market, "mine")
    created_ms = desk.placed(market, "mine")[0].look().order.created_ms  # type: ignore[union-attr]
    assert created_ms is not None
    while desk.api.rest.server_time_ms() <= created_ms + 1:
        pass
    desk.cancel(market, order_id)

    def looking(client_oid: str) -> Way:
        args = {**market.order, "clientOid": client_oid}
        question = Question(
            RULES.operations[market.place], args, desk.since_ms, until_ms=created_ms - order_lists.CLOCK_SLACK_MS
        )
        return Way(desk.lookups.ways(question)[1], question)

    assert looking("mine").seen() == (order_id, "cancelled")
    assert looking("nobody").look() == Sighting()


# Modified orders.

PRICE, SIZE, BOTH = {"newPrice": "21000"}, {"newSize": "0.002"}, {"newPrice": "21000", "newSize": "0.002"}
every_change = pytest.mark.parametrize("change", [PRICE, SIZE, BOTH], ids=["price", "size", "both"])
by_either_id = pytest.mark.parametrize("by", ["orderId", "clientOid"])


@every_way
@every_change
@by_either_id
def test_O11_a_change_that_did_not_happen_shows_the_old_order_live(
    desk: Desk, by: str, change: dict[str, str], way: int
) -> None:
    """It was placed a moment before, so its age alone does not tell it from a new one."""
    ids = {"orderId": desk.place(MARKETS["spot"], "mine"), "clientOid": "mine"}
    assert both(desk.modified(**{by: ids[by]}, **change)[way].look()) == (None, (ids["orderId"], "live"))


@every_way
@every_change
@by_either_id
def test_O11_a_change_that_happened_shows_the_new_order(desk: Desk, by: str, change: dict[str, str], way: int) -> None:
    ids = {"orderId": desk.place(MARKETS["spot"], "mine"), "clientOid": "mine"}
    new_id = desk.modify(**{by: ids[by]}, **change)
    looking = desk.modified(**{by: ids[by]}, **change)[way]
    new, old = both(looking.look())
    assert new == (new_id, "live")
    # The one look-up of a client order id tells one order.
    assert old == (None if (by, way) == ("clientOid", 0) else (ids["orderId"], "cancelled"))
    desk.cancel(MARKETS["spot"], new_id)
    assert both(looking.look())[0] == (new_id, "cancelled")


@every_way
@every_change
@by_either_id
def test_O11_a_change_that_only_cancelled_shows_the_old_order_cancelled(
    desk: Desk, by: str, change: dict[str, str], way: int
) -> None:
    ids = {"orderId": desk.place(MARKETS["spot"], "mine"), "clientOid": "mine"}
    desk.cancel(MARKETS["spot"], ids["orderId"])
    assert both(desk.modified(**{by: ids[by]}, **change)[way].look()) == (None, (ids["orderId"], "cancelled"))


@every_way
def test_O11_of_two_changes_each_finds_its_own_order_or_says_that_it_cannot_tell(desk: Desk, way: int) -> None:
    first = desk.place(MARKETS["spot"], "mine")
    second = desk.modify(orderId=first, newPrice="21000")
    third = desk.modify(orderId=second, newPrice="22000")
    assert both(desk.modified(orderId=second, newPrice="22000")[way].look())[0] == (third, "live")
    looking = desk.modified(orderId=first, newPrice="21000")[way]
    if way == 1:
        assert both(looking.look()) == ((second, "cancelled"), (first, "cancelled"))
    else:
        with pytest.raises(RestError, match="cannot tell"):
            looking.look()


@every_way
def test_O11_a_change_of_a_partly_filled_order_is_found(desk: Desk, way: int) -> None:
    old_id = desk.place(MARKETS["spot"], "mine", size="0.003")
    desk.exchange.counter_order("BTC-USDT", "sell", "0.001", "20000")
    new_id = desk.modify(orderId=old_id, newPrice="21000")
    new, old = both(desk.modified(orderId=old_id, newPrice="21000")[way].look())
    assert (new, old) == ((new_id, "live"), (old_id, "cancelled"))


@every_way
def test_O11_an_order_without_a_client_order_id_is_told_by_price_and_size(desk: Desk, way: int) -> None:
    spot = MARKETS["spot"]
    old_id = desk.place(spot, None)
    looking = desk.modified(orderId=old_id, **BOTH)[way]
    assert both(looking.look()) == (None, (old_id, "live"))
    desk.place(spot, "named", price="21000", size="0.002")
    assert both(looking.look()) == (None, (old_id, "live"))
    new_id = desk.modify(orderId=old_id, **BOTH)
    assert both(looking.look()) == ((new_id, "live"), (old_id, "cancelled"))
    desk.place(spot, None, price="21000", size="0.002")
    with pytest.raises(RestError, match="cannot tell"):
        looking.look()


@every_way
def test_O11_of_an_unknown_order_nothing_is_seen_and_nothing_guessed(desk: Desk, way: int) -> None:
    """An order with the new price and size may be anybody's."""
    looking = desk.modified(orderId="nobody", **BOTH)[way]
    assert looking.look() == Sighting()
    desk.place(MARKETS["spot"], "other", price="21000", size="0.002")
    with pytest.raises(RestError, match="cannot tell"):
        looking.look()


@by_either_id
def test_O12_a_change_is_not_seen_while_look_ups_do_not_know_the_orders(desk: Desk, by: str) -> None:
    desk.exchange.lookup_lag(LONG)
    ids = {"orderId": desk.place(MARKETS["spot"], "mine"), "clientOid": "mine"}
    new_id = desk.modify(**{by: ids[by]}, newPrice="21000")
    single, listed = desk.modified(**{by: ids[by]}, newPrice="21000")
    assert told(listed.look().order) == (new_id, "live")
    if by == "clientOid":
        assert single.look() == Sighting()
    desk.exchange.lookup_lag(0)
    assert told(single.look().order) == (new_id, "live")


@every_way
def test_O14_a_look_up_of_a_change_that_is_refused_is_no_answer(desk: Desk, way: int) -> None:
    old_id = desk.place(MARKETS["spot"], "mine")
    desk.modify(orderId=old_id, newPrice="21000")
    paths = ("/client-order/", "/orders/done")
    desk.exchange.refuse_rest(paths[way], status=503)
    looking = desk.modified(orderId=old_id, newPrice="21000")[way]
    with pytest.raises(RestError):
        looking.look()
    assert looking.look().order is not None


# What has no look-up.


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("uta.order", {"tradeType": "SPOT", "symbol": "BTC-USDT", "clientOid": "mine"}),
        ("uta.amend", {"symbol": "BTC-USDT", "clientOid": "mine"}),
        ("uta.cancel", {"tradeType": "SPOT", "symbol": "BTC-USDT", "orderId": "1"}),
        ("spot.new_operation", {"symbol": "BTC-USDT", "clientOid": "mine"}),
        ("ping", {}),
        ("spot.order", {"symbol": "BTC-USDT"}),
        ("spot.order", {"symbol": "BTC-USDT", "orderId": "1"}),
        ("spot.order", {"clientOid": "mine"}),
        ("spot.cancel", {"orderId": "1"}),
        ("spot.cancel", {"symbol": "BTC-USDT"}),
        ("futures.multi_order", [{"symbol": "XBTUSDTM", "clientOid": "mine"}]),
    ],
)
def test_O11_what_cannot_be_looked_up_has_no_ways(desk: Desk, op: str, args: Any) -> None:
    assert desk.ways(op, args) == []


# From the call to the look-up.


def test_O11_an_order_whose_reply_was_lost_is_found_by_what_the_error_carries(desk: Desk) -> None:
    desk.exchange.drop_ack(1, "spot.order")
    with pytest.raises(OutcomeUnknown) as caught:
        desk.api.submit_new_spot_order(
            symbol="BTC-USDT", side="buy", type="limit", price="20000", size="0.001", timeout=0.4
        )
    error = caught.value
    order_id = desk.exchange.truth(str(error.client_oid)).order_id
    ways = desk.ways(error.op, dict(error.request))
    assert [way.seen() for way in ways] == [(order_id, "live")] * 2
