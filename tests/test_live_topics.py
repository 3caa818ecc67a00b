"""
Every topic of KuCoin, live: subscribed with our client, pushed by the simulator's engines, read as its model.

One eventful market serves all tests of this module; each then looks at what one topic brought.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync import Update, WebsocketAPIClient, WebsocketClient, models
from kucoin_sync.kucoin.models.typed import CLASSIC, PRO
from kucoin_sync.kucoin.topic_table import CLASSIC_TOPICS, PRO_TOPICS, TopicRow
from kucoin_sync.simulator import Simulator, Symbol
from kucoin_sync.simulator.matching.symbols import DEFAULT_SYMBOLS
from tests.simulator.clients import on_venue

LIMIT = 30.0
KEPT = 200
AUCTION = Symbol("NEW-USDT", "NEW", "USDT", price_increment=Decimal("0.01"), call_auction=True)

NEVER_PUSHED: set[type] = {models.FuturesWithdrawHold}
"""Withdrawals are not simulated, and the subject is deprecated."""

Place = tuple[str, str]
"""A connection and a topic's pattern."""


def text_of(row: TopicRow, ws_key: str) -> str:
    """Return the topic to subscribe to on one connection."""
    is_futures = "futures" in ws_key or "contract" in row.pattern
    symbol = "XBTUSDTM" if is_futures else "NEW-USDT" if "auction" in row.pattern.lower() else "BTC-USDT"
    if row.name == "position":
        symbol = "XBTUSDTM"
    trade_type = "UNIFIED" if ws_key == "privateProV2" else "FUTURES" if is_futures else "SPOT"
    return row.pattern.format(
        symbol=symbol,
        market="USDS",
        currency="USDT",
        interval="1min",
        tradeType=trade_type,
        accountType="UNIFIED",
        depth="increment@10ms",
    )


def expected(row: TopicRow) -> set[type]:
    kinds = CLASSIC.get(row.name) or PRO[row.name]
    return set(kinds.all) - NEVER_PUSHED


PLACES: dict[Place, TopicRow] = {
    (ws_key, row.pattern): row for row in (*CLASSIC_TOPICS, *PRO_TOPICS) for ws_key in row.ws_keys
}


class Seen:
    """What each topic brought: its latest updates, by model."""

    def __init__(self) -> None:
        self.updates: dict[Place, list[Update]] = defaultdict(list)
        self._models: dict[Place, set[type]] = defaultdict(set)
        self._changed = threading.Condition()

    def take(self, place: Place, update: Update) -> None:
        with self._changed:
            self._models[place].add(type(update.typed))
            if len(self.updates[place]) < KEPT:
                self.updates[place].append(update)
            self._changed.notify_all()

    def missing(self) -> dict[Place, list[str]]:
        left = {place: expected(row) - self._models[place] for place, row in PLACES.items()}
        return {place: sorted(model.__name__ for model in models) for place, models in left.items() if models}

    def wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self.missing(), LIMIT)


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    seen = Seen()
    ahead = [0]  # minutes
    with (
        Simulator(
            clock=lambda: time.time_ns() + ahead[0] * 60 * 10**9,
            symbols=[*DEFAULT_SYMBOLS, AUCTION],
            futures_balances={"USDT": "2000", "XBT": "10"},
            market_maker=False,
            limits="off",
            push_interval_scale=0.0,
            deprecated_subjects=True,
        ) as exchange,
        WebsocketClient(**exchange.client_options(), queue_size=100_000) as client,
    ):
        for (ws_key, pattern), row in PLACES.items():
            place = (ws_key, pattern)
            client.subscribe(
                text_of(row, ws_key),
                ws_key,
                listener=lambda update, place=place: seen.take(place, update),  # type: ignore[misc]
            )
        trade(exchange, WebsocketAPIClient(client=client))
        ahead[0] = 1  # funding rates are told by the minute
        seen.wait()
    yield seen


def trade(exchange: Simulator, api: WebsocketAPIClient) -> None:
    """Let everything happen that some topic tells of."""
    spot(exchange, api)
    margin(exchange, api)
    futures(exchange, api)
    sink_a_cross_position(exchange, api)


def spot(exchange: Simulator, api: WebsocketAPIClient) -> None:
    exchange.counter_order("BTC-USDT", "sell", "2", "60000")
    exchange.counter_order("BTC-USDT", "buy", "2", "59990")
    resting = api.submit_new_spot_order(symbol="BTC-USDT", side="buy", type="limit", price="59000", size="0.01")
    api.submit_sync_spot_order(symbol="BTC-USDT", side="buy", type="market", size="0.01")
    api.modify_spot_order(symbol="BTC-USDT", order_id=resting.order_id, new_price="59001")
    api.rest.request(
        "POST",
        "/api/v1/stop-order",
        body={
            "clientOid": "stop1",
            "symbol": "BTC-USDT",
            "side": "sell",
            "type": "limit",
            "price": "50000",
            "size": "0.01",
            "stop": "loss",
            "stopPrice": "51000",
        },
    )
    exchange.counter_order("NEW-USDT", "buy", "10", "101")
    exchange.counter_order("NEW-USDT", "sell", "4", "100")
    exchange.transfer("USDT", "1000", "trade", "main")
    exchange.lend("USDT", "100", "0.0001", 7)
    exchange.house_borrow("USDT", "40", "0.0001", 7)
    exchange.house_borrow("USDT", "60", "0.0001", 7)


def margin(exchange: Simulator, api: WebsocketAPIClient) -> None:
    """Borrow in both kinds of wallet, and let the price fall until the cross wallet is liquidated."""
    for currency, balance in exchange.margin_account().assets.items():
        if balance.available:  # only what it borrows is to be on its side
            exchange.transfer(currency, balance.available, "margin", "trade")
    exchange.transfer("USDT", "1000", "trade", "isolated:BTC-USDT")
    exchange.borrow("USDT", "100", symbol="BTC-USDT")
    exchange.transfer("USDT", "6000", "trade", "margin")
    api.submit_margin_order(symbol="BTC-USDT", side="buy", type="market", size="0.49", auto_borrow=True)
    exchange.wait_for(lambda _: exchange.margin_account().debts, LIMIT)
    exchange.counter_order("BTC-USDT", "sell", "5", "40000")
    exchange.counter_order("BTC-USDT", "buy", "1", "40000")


def futures(exchange: Simulator, api: WebsocketAPIClient) -> None:
    exchange.set_index_price("XBTUSDTM", "60000")  # else it is that of the spot market, which has just fallen
    exchange.counter_contract_order("XBTUSDTM", "sell", 100, "60010")
    exchange.counter_contract_order("XBTUSDTM", "buy", 100, "59990")
    order: dict[str, Any] = {"symbol": "XBTUSDTM", "side": "buy", "leverage": 5}
    resting = api.submit_futures_order(**order, type="limit", price="59000", size=1)
    api.submit_futures_order(**order, type="market", size=2)
    api.cancel_futures_order(order_id=resting.order_id)
    api.submit_futures_order(
        **order, type="limit", price="58000", size=1, stop="down", stop_price="58500", stop_price_type="TP"
    )
    exchange.set_risk_limit("XBTUSDTM", 2)
    exchange.settle_funding("XBTUSDTM", "0.0001")


def sink_a_cross_position(exchange: Simulator, api: WebsocketAPIClient) -> None:
    """A cross position the account can just afford, and a falling price: warnings first, then the liquidation."""
    api.rest.change_margin_mode("ETHUSDTM", "CROSS")
    api.rest.change_cross_leverage("ETHUSDTM", 10)
    exchange.counter_contract_order("ETHUSDTM", "sell", 400, "3000")
    api.submit_futures_order(symbol="ETHUSDTM", side="buy", type="market", size=300, margin_mode="CROSS")
    for price in range(3000, 1000, -20):
        exchange.set_index_price("ETHUSDTM", str(price))
        on_venue(exchange, lambda venue: venue.step())
        if not any(position.symbol == "ETHUSDTM" and position.is_open for position in exchange.positions()):
            return
    pytest.fail("the price fell, and nothing came of it")


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0]}-{place[1]}")
def test_a_topic_is_live_and_brings_each_of_its_models(place: Place, seen: Seen) -> None:
    """Whatever came has a model, names its topic, and holds nothing that the model does not know."""
    row = PLACES[place]
    updates = seen.updates[place]
    assert not seen.missing().get(place)
    for update in updates:
        assert update.topic == text_of(row, place[0]) or ":all" in update.topic
        typed = update.typed
        assert type(typed) in expected(row)
        assert not typed.extra, f"{update.raw}"
        assert time.monotonic() >= update.received_at > 0
