"""
Every named REST call, made of the simulator after some trading: what comes back is about what was done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kucoin_sync import RestClient, WebsocketAPIClient
from kucoin_sync.simulator import Simulator

SPOT: dict[str, Any] = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.001"}
FUTURES: dict[str, Any] = {
    "symbol": "XBTUSDTM",
    "side": "buy",
    "type": "limit",
    "price": "59000",
    "size": 1,
    "leverage": 5,
}
PAIR, CONTRACT, CROSS = "BTC-USDT", "XBTUSDTM", "MARGIN_TRADE"


class Desk:
    """A client with a resting and a filled order on each market, and their ids."""

    def __init__(self, exchange: Simulator, api: WebsocketAPIClient) -> None:
        self.rest: RestClient = api.rest
        exchange.counter_order(PAIR, "sell", "1", "60000")
        exchange.counter_contract_order(CONTRACT, "sell", 10, "60010")
        self.spot = api.submit_new_spot_order(**SPOT)
        self.margin = api.submit_margin_order(**SPOT)
        self.futures = api.submit_futures_order(**FUTURES)
        market = {"symbol": PAIR, "side": "buy", "type": "market", "size": "0.001"}
        self.spot_filled = api.submit_new_spot_order(**market)
        self.margin_filled = api.submit_margin_order(**market)
        self.futures_filled = api.submit_futures_order(**{**FUTURES, "type": "market", "price": None})
        self.stop = self.rest.request(
            "POST",
            "/api/v1/stop-order",
            body={**SPOT, "side": "sell", "stop": "loss", "stopPrice": "21000", "clientOid": "stop1"},
        )
        self.futures_stop = api.submit_futures_order(
            **{**FUTURES, "price": "58000"}, stop="down", stop_price="58500", stop_price_type="TP"
        )


@pytest.fixture
def desk() -> Iterator[Desk]:
    with (
        Simulator(market_maker=False, limits="off") as exchange,
        WebsocketAPIClient(**exchange.client_options()) as api,
    ):
        yield Desk(exchange, api)


def ids(rows: Any) -> set[str]:
    """Return the order ids of rows, whatever the market calls them."""
    return {str(row.get("id") if "clientOid" in row or "opType" in row else row.get("orderId")) for row in rows}


def of_fills(rows: Any) -> set[str]:
    return {row["orderId"] for row in rows}


CALLS: dict[str, Callable[[Desk], Any]] = {
    "account": lambda d: d.rest.account(d.rest.accounts("USDT", type="trade")[0]["id"])["currency"] == "USDT",
    "accounts": lambda d: {row["type"] for row in d.rest.accounts()} >= {"main", "trade"},
    "api_key_info": lambda d: "apiKey" in d.rest.api_key_info(),
    "book": lambda d: str(d.rest.book(PAIR).asks[0][0]) == "60000",
    "cancel_all_futures_orders": lambda d: (
        d.futures.order_id in d.rest.cancel_all_futures_orders(CONTRACT)["cancelledOrderIds"]
    ),
    "cancel_all_futures_stop_orders": lambda d: (
        d.futures_stop.order_id in d.rest.cancel_all_futures_stop_orders(CONTRACT)["cancelledOrderIds"]
    ),
    "cancel_all_margin_orders": lambda d: d.rest.cancel_all_margin_orders(PAIR, CROSS) == "success",
    "cancel_all_orders": lambda d: (
        set(d.rest.cancel_all_orders(market="all")) >= {"spot", "futures"} and not d.rest.open_spot_orders(PAIR)
    ),
    "cancel_all_spot_orders": lambda d: d.rest.cancel_all_spot_orders()["succeedSymbols"] == [PAIR],
    "cancel_stop_order": lambda d: d.rest.cancel_stop_order(order_id=d.stop["orderId"]),
    "change_cross_leverage": lambda d: d.rest.change_cross_leverage("ETHUSDTM", 7) is True,
    "change_margin_mode": lambda d: d.rest.change_margin_mode("ETHUSDTM", "CROSS")["marginMode"] == "CROSS",
    "clock_offset_ms": lambda d: abs(d.rest.clock_offset_ms()) < 1000,
    "contract": lambda d: d.rest.contract(CONTRACT)["symbol"] == CONTRACT,
    "contracts": lambda d: CONTRACT in {row["symbol"] for row in d.rest.contracts()},
    "cross_leverage": lambda d: d.rest.cross_leverage("ETHUSDTM")["symbol"] == "ETHUSDTM",
    "cross_margin_accounts": lambda d: d.rest.cross_margin_accounts()["accounts"],
    "deadman": lambda d: d.rest.set_deadman(60) and d.rest.deadman(),
    "done_margin_orders": lambda d: ids(d.rest.done_margin_orders(PAIR, CROSS)["items"]) == {d.margin_filled.order_id},
    "done_spot_orders": lambda d: ids(d.rest.done_spot_orders(PAIR)["items"]) == {d.spot_filled.order_id},
    "futures_account": lambda d: d.rest.futures_account("USDT")["currency"] == "USDT",
    "futures_book": lambda d: d.rest.futures_book(CONTRACT).sequence > 0,
    "futures_fills": lambda d: of_fills(d.rest.futures_fills(symbol=CONTRACT)["items"]) == {d.futures_filled.order_id},
    "futures_order": lambda d: (
        d.rest.futures_order(client_oid=d.futures.client_oid) == d.rest.futures_order(order_id=d.futures.order_id)
    ),
    "futures_orders": lambda d: ids(d.rest.futures_orders(status="active")["items"]) == {d.futures.order_id},
    "futures_stop_orders": lambda d: (
        ids(d.rest.futures_stop_orders(symbol=CONTRACT)["items"]) == {d.futures_stop.order_id}
    ),
    "isolated_margin_accounts": lambda d: "assets" in d.rest.isolated_margin_accounts(),
    "limits": lambda d: d.rest.server_time_ms() and d.rest.limits(),
    "margin_fills": lambda d: of_fills(d.rest.margin_fills(PAIR, CROSS)["items"]) == {d.margin_filled.order_id},
    "margin_mode": lambda d: d.rest.margin_mode(CONTRACT)["marginMode"] == "ISOLATED",
    "margin_order": lambda d: (
        d.rest.margin_order(PAIR, client_oid=d.margin.client_oid)
        == d.rest.margin_order(PAIR, order_id=d.margin.order_id)
    ),
    "markets": lambda d: d.rest.markets(),
    "open_futures_order_totals": lambda d: d.rest.open_futures_order_totals(CONTRACT)["openOrderBuySize"] == 1,
    "open_futures_orders": lambda d: ids(d.rest.open_futures_orders(CONTRACT)) == {d.futures.order_id},
    "open_margin_orders": lambda d: ids(d.rest.open_margin_orders(PAIR, CROSS)) == {d.margin.order_id},
    "open_spot_orders": lambda d: ids(d.rest.open_spot_orders(PAIR)) == {d.spot.order_id},
    "open_spot_orders_page": lambda d: ids(d.rest.open_spot_orders_page(PAIR)["items"]) == {d.spot.order_id},
    "position": lambda d: d.rest.position(CONTRACT),
    "positions": lambda d: [row["currentQty"] for row in d.rest.positions()] == [1],
    "recent_done_futures_orders": lambda d: (
        ids(d.rest.recent_done_futures_orders(CONTRACT)) == {d.futures_filled.order_id}
    ),
    "recent_futures_fills": lambda d: of_fills(d.rest.recent_futures_fills(CONTRACT)) == {d.futures_filled.order_id},
    "request": lambda d: d.rest.request("GET", "/api/v1/timestamp", signed=False) > 0,
    "server_time_ms": lambda d: d.rest.server_time_ms(host="futures") > 0,
    "service_status": lambda d: d.rest.service_status(host="futures")["status"] == "open",
    "set_deadman": lambda d: "currentTime" in d.rest.set_deadman(60),
    "spot_fills": lambda d: of_fills(d.rest.spot_fills(PAIR)["items"]) == {d.spot_filled.order_id},
    "spot_order": lambda d: (
        d.rest.spot_order(PAIR, client_oid=d.spot.client_oid) == d.rest.spot_order(PAIR, order_id=d.spot.order_id)
    ),
    "stop_order": lambda d: d.rest.stop_order(d.stop["orderId"])["clientOid"] == "stop1",
    "stop_orders": lambda d: ids(d.rest.stop_orders(symbol=PAIR)["items"]) == {d.stop["orderId"]},
    "stop_orders_by_client_oid": lambda d: ids(d.rest.stop_orders_by_client_oid("stop1")) == {d.stop["orderId"]},
    "symbol": lambda d: d.rest.symbol(PAIR)["symbol"] == PAIR,
    "symbols": lambda d: PAIR in {row["symbol"] for row in d.rest.symbols("USDS")},
    "symbols_with_open_margin_orders": lambda d: d.rest.symbols_with_open_margin_orders(CROSS) == [PAIR],
    "symbols_with_open_spot_orders": lambda d: d.rest.symbols_with_open_spot_orders() == [PAIR],
    "test_order": lambda d: (
        d.rest.test_order("futures.order", FUTURES)["clientOid"] and len(d.rest.open_futures_orders(CONTRACT)) == 1
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_tells_of_what_was_done(name: str, desk: Desk) -> None:
    assert CALLS[name](desk)


def test_every_named_call_is_in_the_table() -> None:
    assert {name for name in dir(RestClient) if not name.startswith("_")} == set(CALLS)
