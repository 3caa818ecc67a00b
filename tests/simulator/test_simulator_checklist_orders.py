"""What the checklist of the simulator says of orders and look-ups and no other test shows."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from websockets.sync.client import connect

from kucoin_sync.simulator import Credentials, Limits, Simulator, venue
from kucoin_sync.simulator.credentials import DEFAULT_CREDENTIALS
from tests.simulator.clients import (
    LIMIT,
    Socket,
    call,
    done,
    on_venue,
    open_orders_socket,
    open_stream,
    rest_headers,
    token_url,
)

Make = Callable[..., Simulator]

HF, PAIR = "/api/v1/hf/orders", "symbol=BTC-USDT"
OLD = "/api/v1/order/client-order"
ORDER = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "50000", "size": "0.01"}
CONTRACT = {"symbol": "XBTUSDTM", "side": "buy", "leverage": 3, "type": "limit", "price": "59000", "size": 1}


class Clock:
    def __init__(self) -> None:
        self.now_ns = time.time_ns()

    def __call__(self) -> int:
        return self.now_ns

    def turn(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


def place(simulator: Simulator, client_oid: str) -> str:
    return str(done(call(simulator, "POST", HF, {**ORDER, "clientOid": client_oid}))["orderId"])


def cancel(simulator: Simulator, client_oid: str) -> None:
    done(call(simulator, "DELETE", f"{HF}/client-order/{client_oid}?{PAIR}"))


# Look-ups.


def test_look_ups_forget_an_order_some_time_after_its_end(make: Make) -> None:
    """A live one is found for ever; of one that is over neither look-ups nor lists tell any more."""
    clock = Clock()
    simulator = make(clock=clock, lookup_retention=10)
    ids = {name: place(simulator, name) for name in ("live", "over")}
    clock.turn(60)
    cancel(simulator, "over")
    clock.turn(9.999)
    paths = [f"{HF}/{ids['over']}?{PAIR}", f"{HF}/client-order/over?{PAIR}"]
    assert [done(call(simulator, "GET", path))["active"] for path in paths] == [False, False]
    listed = f"{HF}/done?{PAIR}"
    assert [order["id"] for order in done(call(simulator, "GET", listed))["items"]] == [ids["over"]]
    clock.turn(0.001)
    assert [call(simulator, "GET", path)["msg"] for path in paths] == ["order not exist."] * 2
    assert done(call(simulator, "GET", listed))["items"] == []
    assert done(call(simulator, "GET", f"{HF}/{ids['live']}?{PAIR}"))["active"] is True


def test_look_ups_forget_contract_orders_too(make: Make) -> None:
    clock = Clock()
    simulator = make(clock=clock, lookup_retention=10)
    order_id = done(call(simulator, "POST", "/api/v1/orders", {**CONTRACT, "clientOid": "c"}, host="/futures"))[
        "orderId"
    ]
    done(call(simulator, "DELETE", f"/api/v1/orders/{order_id}", host="/futures"))
    paths = [f"/api/v1/orders/{order_id}", "/api/v1/orders/byClientOid?clientOid=c"]
    assert [done(call(simulator, "GET", path, host="/futures"))["id"] for path in paths] == [order_id] * 2
    clock.turn(10)
    answers = [call(simulator, "GET", path, host="/futures") for path in paths]
    assert [answer["msg"] for answer in answers] == ["error.getOrder.orderNotExist"] * 2
    assert done(call(simulator, "GET", "/api/v1/orders?status=done", host="/futures"))["items"] == []


def test_negative_retention_is_refused() -> None:
    with pytest.raises(ValueError, match="lookup_retention"):
        Simulator(lookup_retention=-1)


def test_old_look_up_does_not_know_an_order_that_is_over(simulator: Simulator) -> None:
    """So its "not exist" says nothing; the newer call tells the truth."""
    order_id = place(simulator, "x")
    assert done(call(simulator, "GET", f"{OLD}/x"))["id"] == order_id
    simulator.counter_order("BTC-USDT", "sell", "0.01", "50000")
    answer = call(simulator, "GET", f"{OLD}/x")
    assert (answer["code"], answer["msg"]) == ("400100", "order not exist.")
    assert done(call(simulator, "GET", f"{HF}/client-order/x?{PAIR}"))["dealSize"] == "0.01"


def test_old_look_up_may_lag_and_is_for_the_own_account(make: Make) -> None:
    clock = Clock()
    other = Credentials("simulator-other", "simulator-secret", "simulator-passphrase")
    simulator = make(clock=clock, credentials=(DEFAULT_CREDENTIALS, other))
    simulator.lookup_lag(1)
    on_venue(simulator, lambda venue: venue.exchange.place(other.api_key, {**ORDER, "clientOid": "theirs"}))
    place(simulator, "x")
    assert call(simulator, "GET", f"{OLD}/x")["msg"] == "order not exist."
    clock.turn(1)
    assert done(call(simulator, "GET", f"{OLD}/x"))["clientOid"] == "x"
    assert call(simulator, "GET", f"{OLD}/theirs")["msg"] == "order not exist."


def test_too_many_look_ups_are_told_when_to_come_back(make: Make) -> None:
    """A look-up weighs 2; the headers tell what is left of the pool and when it is full again."""
    simulator = make(limits=Limits(order_pool=5))
    place(simulator, "x")
    path = f"{HF}/client-order/x?{PAIR}"

    def look_up() -> requests.Response:
        headers = rest_headers(simulator, path, method="GET")
        return requests.get(simulator.url + path, headers=headers, timeout=LIMIT)

    left = [look_up().headers["gw-ratelimit-remaining"] for _ in range(2)]
    assert left == ["2", "0"]
    refused = look_up()
    assert (refused.status_code, refused.json()["code"]) == (429, "429000")
    assert 0 < int(refused.headers["gw-ratelimit-reset"]) <= 30_000
    assert refused.headers["gw-ratelimit-limit"] == "5"


# Bounds.


@pytest.mark.parametrize("limits", ["off", Limits(open_orders=None, open_orders_per_symbol=None)], ids=["off", "own"])
def test_live_orders_are_bounded_even_without_limits(make: Make, monkeypatch: pytest.MonkeyPatch, limits: Any) -> None:
    assert venue.MAX_ORDERS == 100_000
    monkeypatch.setattr(venue, "MAX_ORDERS", 3)
    simulator = make(limits=limits)
    for number in range(3):
        place(simulator, f"o{number}")
    assert call(simulator, "POST", HF, {**ORDER, "clientOid": "one-more"})["msg"] == "Too many open orders."
    assert len(simulator.open_orders()) == 3


def test_contract_orders_are_bounded_even_without_limits(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venue, "MAX_ORDERS", 1)
    simulator = make(limits="off")
    stop = {"stop": "down", "stopPrice": "50000", "stopPriceType": "TP"}
    for changes, text in (({}, "Too many active orders."), (stop, "Too many stop orders.")):
        for number, code in ((1, "200000"), (2, None)):
            body = {**CONTRACT, **changes, "clientOid": f"c{number}{len(changes)}"}
            answer = call(simulator, "POST", "/api/v1/orders", body, host="/futures")
            assert answer.get("code") == code or (code is None and answer["msg"] == text)


def test_there_are_100_connections_at_most(make: Make) -> None:
    simulator = make(limits="off")
    sockets = [open_stream(simulator) for _ in range(100)]
    try:
        with Socket(connect(token_url(simulator), compression=None, proxy=None)) as one_more:
            assert one_more.receive()["data"] == "exceed max session count limitation of 100"
        simulator.wait_for(lambda s: s.connections() == 100)
        sockets.pop().ws.close()
        simulator.wait_for(lambda s: s.connections() == 99)
        sockets.append(open_stream(simulator))
    finally:
        simulator.cut()


# Whose orders these are.


def test_every_order_id_shows_that_it_is_simulated(simulator: Simulator, orders: Socket) -> None:
    """Acks, pushes and look-ups carry them; those of waiting stop orders have the service's own mark before it."""
    args = {
        "spot.order": {**ORDER, "clientOid": "a"},
        "spot.sync_order": {**ORDER, "clientOid": "b"},
        "margin.order": {**ORDER, "clientOid": "c"},
        "futures.order": {**CONTRACT, "clientOid": "d"},
        "uta.order": {
            "tradeType": "SPOT",
            "symbol": "BTC-USDT",
            "side": "BUY",
            "orderType": "LIMIT",
            "size": "0.01",
            "sizeUnit": "BASECCY",
            "price": "50000",
            "timeInForce": "GTC",
            "clientOid": "e",
        },
    }
    for op, arguments in args.items():
        answer = orders.ask({"id": op, "op": op, "args": arguments})
        assert answer["data"]["orderId"].startswith("SIM"), answer
    stop = {**ORDER, "clientOid": "s", "stop": "loss", "stopPrice": "49000", "type": "limit"}
    assert "SIM" in done(call(simulator, "POST", "/api/v1/stop-order", stop))["orderId"]


# When events come.


def test_event_may_come_before_the_reply_with_it_or_after_it(simulator: Simulator) -> None:
    """Two connections have no order between them; here each can be made certain."""
    topic = "/spotMarket/tradeOrdersV2"
    names = map("o{}".format, itertools.count(1))
    with open_orders_socket(simulator) as orders, open_stream(simulator, private=True) as private:
        private.subscribe(topic)

        def event_of(name: str) -> None:
            while private.next_of(topic)["data"]["clientOid"] != name:
                pass

        # With it: neither has to wait for the other.
        name = next(names)
        assert orders.order(name).receive()["code"] == "200000"
        event_of(name)
        # Before it: the reply waits until the event was seen.
        simulator.hold_acks()
        name = next(names)
        orders.order(name)
        event_of(name)
        assert simulator.held_acks() == 1
        simulator.release_acks()
        assert orders.receive()["code"] == "200000"
        simulator.clear_faults()
        private.arrived()
        # After it: the event waits until the reply was seen.
        simulator.hold_events()
        name = next(names)
        assert orders.order(name).receive()["code"] == "200000"
        assert private.arrived() == []
        simulator.release_events()
        event_of(name)
