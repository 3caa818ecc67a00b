"""Every REST call by name: the exact request, whether it is signed, and what its data may be. No network here."""

from __future__ import annotations

import inspect
import json
import re
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest

from kucoin_sync import (
    ConfigError,
    ConnectionLost,
    DeadlineExceeded,
    OutcomeUnknown,
    RateLimit,
    RestClient,
    RestError,
)
from kucoin_sync.engine.rest import NoAnswer
from kucoin_sync.protocol.dialect import HttpAnswer, HttpCall
from tests.kucoin.rest_recorder import Recorder
from tests.kucoin.samples import MISSING, folder

SPOT, FUTURES = "https://api.kucoin.com", "https://api-futures.kucoin.com"
SYMBOL = {"symbol": "BTC-USDT"}


Call = Callable[[RestClient], Any]
PAGE = {"currentPage": 1, "pageSize": 50, "totalNum": 0, "totalPage": 0, "items": []}
BOOK = {"time": 1729176273859, "sequence": "14610502970", "bids": [["1", "2"]], "asks": [["3", "4"]]}
FUTURES_BOOK = {
    "ts": 1729168101216000000,
    "sequence": 1697895963339,
    "symbol": "X",
    "bids": [[1, 2]],
    "asks": [[3.5, 4]],
}

READS: list[Any] = [
    # name, call, request, data
    ("time", lambda r: r.server_time_ms(), f"GET {SPOT}/api/v1/timestamp", 1729100692873),
    ("time-futures", lambda r: r.server_time_ms(host="futures"), f"GET {FUTURES}/api/v1/timestamp", 1729100692873),
    ("status", lambda r: r.service_status(), f"GET {SPOT}/api/v1/status", {"status": "open", "msg": ""}),
    ("status-futures", lambda r: r.service_status(host="futures"), f"GET {FUTURES}/api/v1/status", {"status": "open"}),
    ("symbols", lambda r: r.symbols(), f"GET {SPOT}/api/v2/symbols", [{"symbol": "BTC-USDT"}]),
    ("symbols-of-a-market", lambda r: r.symbols("USDS"), f"GET {SPOT}/api/v2/symbols?market=USDS", []),
    ("symbol", lambda r: r.symbol("BTC-USDT"), f"GET {SPOT}/api/v2/symbols/BTC-USDT", {"symbol": "BTC-USDT"}),
    ("markets", lambda r: r.markets(), f"GET {SPOT}/api/v1/markets", ["USDS", "KCS"]),
    ("contracts", lambda r: r.contracts(), f"GET {FUTURES}/api/v1/contracts/active", [{"symbol": "XBTUSDTM"}]),
    ("contract", lambda r: r.contract("XBTUSDTM"), f"GET {FUTURES}/api/v1/contracts/XBTUSDTM", {"symbol": "XBTUSDTM"}),
    ("book-20", lambda r: r.book("A-B", 20), f"GET {SPOT}/api/v1/market/orderbook/level2_20?symbol=A-B", BOOK),
    ("book-100", lambda r: r.book("A-B", 100), f"GET {SPOT}/api/v1/market/orderbook/level2_100?symbol=A-B", BOOK),
    ("futures-book", lambda r: r.futures_book("X"), f"GET {FUTURES}/api/v1/level2/snapshot?symbol=X", FUTURES_BOOK),
    ("futures-20", lambda r: r.futures_book("X", 20), f"GET {FUTURES}/api/v1/level2/depth20?symbol=X", FUTURES_BOOK),
    ("futures-100", lambda r: r.futures_book("X", 100), f"GET {FUTURES}/api/v1/level2/depth100?symbol=X", FUTURES_BOOK),
]
SIGNED_READS: list[Any] = [
    ("book", lambda r: r.book("A-B"), f"GET {SPOT}/api/v3/market/orderbook/level2?symbol=A-B", BOOK),
    (
        "spot-order",
        lambda r: r.spot_order("BTC-USDT", order_id="o1"),
        f"GET {SPOT}/api/v1/hf/orders/o1?symbol=BTC-USDT",
        {"id": "o1"},
    ),
    (
        "spot-order-by-client-oid",
        lambda r: r.spot_order("BTC-USDT", client_oid="c-1"),
        f"GET {SPOT}/api/v1/hf/orders/client-order/c-1?symbol=BTC-USDT",
        {"id": "o1"},
    ),
    (
        "margin-order",
        lambda r: r.margin_order("BTC-USDT", order_id="o1"),
        f"GET {SPOT}/api/v3/hf/margin/orders/o1?symbol=BTC-USDT",
        {"id": "o1"},
    ),
    (
        "margin-order-by-client-oid",
        lambda r: r.margin_order("BTC-USDT", client_oid="c-1"),
        f"GET {SPOT}/api/v3/hf/margin/orders/client-order/c-1?symbol=BTC-USDT",
        {"id": "o1"},
    ),
    ("futures-order", lambda r: r.futures_order(order_id="236"), f"GET {FUTURES}/api/v1/orders/236", {"id": "236"}),
    (
        "futures-order-by-client-oid",
        lambda r: r.futures_order(client_oid="c-1"),
        f"GET {FUTURES}/api/v1/orders/byClientOid?clientOid=c-1",
        {"id": "236"},
    ),
    (
        "open-spot",
        lambda r: r.open_spot_orders("BTC-USDT"),
        f"GET {SPOT}/api/v1/hf/orders/active?symbol=BTC-USDT",
        [{"id": "o1"}],
    ),
    (
        "open-spot-page",
        lambda r: r.open_spot_orders_page("BTC-USDT", page=2, page_size=50),
        f"GET {SPOT}/api/v1/hf/orders/active/page?pageNum=2&pageSize=50&symbol=BTC-USDT",
        PAGE,
    ),
    (
        "open-spot-symbols",
        lambda r: r.symbols_with_open_spot_orders(),
        f"GET {SPOT}/api/v1/hf/orders/active/symbols",
        {"symbols": ["BTC-USDT"]},
    ),
    (
        "open-margin",
        lambda r: r.open_margin_orders("BTC-USDT", "MARGIN_TRADE"),
        f"GET {SPOT}/api/v3/hf/margin/orders/active?symbol=BTC-USDT&tradeType=MARGIN_TRADE",
        [],
    ),
    (
        "open-margin-symbols",
        lambda r: r.symbols_with_open_margin_orders("MARGIN_ISOLATED_TRADE"),
        f"GET {SPOT}/api/v3/hf/margin/order/active/symbols?tradeType=MARGIN_ISOLATED_TRADE",
        {"symbolSize": 0, "symbols": None},
    ),
    (
        "open-futures",
        lambda r: r.open_futures_orders("XBTUSDTM"),
        f"GET {FUTURES}/api/v1/orders?currentPage=1&pageSize=1000&status=active&symbol=XBTUSDTM",
        PAGE,
    ),
    (
        "futures-orders",
        lambda r: r.futures_orders(
            status="done", side="buy", type="limit_stop", start_ms=1729176273859, end_ms=1729176273860
        ),
        f"GET {FUTURES}/api/v1/orders?currentPage=1&endAt=1729176273860&pageSize=50&side=buy&startAt=1729176273859"
        "&status=done&type=limit_stop",
        PAGE,
    ),
    (
        "futures-totals",
        lambda r: r.open_futures_order_totals("XBTUSDTM"),
        f"GET {FUTURES}/api/v1/openOrderStatistics?symbol=XBTUSDTM",
        {"openOrderBuySize": 1},
    ),
    (
        "done-spot",
        lambda r: r.done_spot_orders("BTC-USDT", side="sell", type="market", last_id=7, limit=100),
        f"GET {SPOT}/api/v1/hf/orders/done?lastId=7&limit=100&side=sell&symbol=BTC-USDT&type=market",
        {"lastId": 7, "items": []},
    ),
    (
        "done-margin",
        lambda r: r.done_margin_orders("BTC-USDT", "MARGIN_TRADE"),
        f"GET {SPOT}/api/v3/hf/margin/orders/done?limit=20&symbol=BTC-USDT&tradeType=MARGIN_TRADE",
        {"lastId": 7, "items": []},
    ),
    ("done-futures", lambda r: r.recent_done_futures_orders(), f"GET {FUTURES}/api/v1/recentDoneOrders", []),
    (
        "spot-fills",
        lambda r: r.spot_fills("BTC-USDT", order_id="o1"),
        f"GET {SPOT}/api/v1/hf/fills?limit=20&orderId=o1&symbol=BTC-USDT",
        {"lastId": 7, "items": []},
    ),
    (
        "margin-fills",
        lambda r: r.margin_fills("BTC-USDT", "MARGIN_TRADE", start_ms=1729176273859),
        f"GET {SPOT}/api/v3/hf/margin/fills?limit=20&startAt=1729176273859&symbol=BTC-USDT&tradeType=MARGIN_TRADE",
        {"lastId": 7, "items": []},
    ),
    (
        "futures-fills",
        lambda r: r.futures_fills(symbol="XBTUSDTM", trade_types=["trade", "adl"]),
        f"GET {FUTURES}/api/v1/fills?currentPage=1&pageSize=50&symbol=XBTUSDTM&tradeTypes=trade,adl",
        PAGE,
    ),
    ("recent-fills", lambda r: r.recent_futures_fills("X"), f"GET {FUTURES}/api/v1/recentFills?symbol=X", []),
    (
        "stop-orders",
        lambda r: r.stop_orders(symbol="BTC-USDT", trade_type="TRADE", order_ids=["a", "b"]),
        f"GET {SPOT}/api/v1/stop-order?currentPage=1&orderIds=a,b&pageSize=50&symbol=BTC-USDT&tradeType=TRADE",
        PAGE,
    ),
    ("stop-order", lambda r: r.stop_order("vs9"), f"GET {SPOT}/api/v1/stop-order/vs9", {"id": "vs9"}),
    (
        "stop-orders-by-client-oid",
        lambda r: r.stop_orders_by_client_oid("c1", symbol="A-B"),
        f"GET {SPOT}/api/v1/stop-order/queryOrderByClientOid?clientOid=c1&symbol=A-B",
        [{"id": "vs9"}],
    ),
    (
        "futures-stop-orders",
        lambda r: r.futures_stop_orders(side="buy", page=2),
        f"GET {FUTURES}/api/v1/stopOrders?currentPage=2&pageSize=50&side=buy",
        PAGE,
    ),
    ("deadman", lambda r: r.deadman(), f"GET {SPOT}/api/v1/hf/orders/dead-cancel-all/query", {"timeout": 5}),
    ("deadman-unset", lambda r: r.deadman(), f"GET {SPOT}/api/v1/hf/orders/dead-cancel-all/query", None),
    ("accounts", lambda r: r.accounts(), f"GET {SPOT}/api/v1/accounts", [{"currency": "USDT"}]),
    (
        "accounts-of",
        lambda r: r.accounts("USDT", "trade"),
        f"GET {SPOT}/api/v1/accounts?currency=USDT&type=trade",
        [{"currency": "USDT"}],
    ),
    ("account", lambda r: r.account("548674591753"), f"GET {SPOT}/api/v1/accounts/548674591753", {"currency": "USDT"}),
    (
        "cross",
        lambda r: r.cross_margin_accounts(quote_currency="USDT", query_type="MARGIN"),
        f"GET {SPOT}/api/v3/margin/accounts?queryType=MARGIN&quoteCurrency=USDT",
        {"accounts": []},
    ),
    (
        "isolated",
        lambda r: r.isolated_margin_accounts(symbol="BTC-USDT"),
        f"GET {SPOT}/api/v3/isolated/accounts?symbol=BTC-USDT",
        {"assets": []},
    ),
    (
        "futures-account",
        lambda r: r.futures_account("USDT"),
        f"GET {FUTURES}/api/v1/account-overview?currency=USDT",
        {"currency": "USDT"},
    ),
    ("api-key", lambda r: r.api_key_info(), f"GET {SPOT}/api/v1/user/api-key", {"apiVersion": 3}),
    ("position", lambda r: r.position("X"), f"GET {FUTURES}/api/v1/position?symbol=X", {"symbol": "X"}),
    ("positions", lambda r: r.positions("USDT"), f"GET {FUTURES}/api/v1/positions?currency=USDT", []),
    (
        "margin-mode",
        lambda r: r.margin_mode("X"),
        f"GET {FUTURES}/api/v2/position/getMarginMode?symbol=X",
        {"symbol": "X", "marginMode": "CROSS"},
    ),
    (
        "leverage",
        lambda r: r.cross_leverage("X"),
        f"GET {FUTURES}/api/v2/getCrossUserLeverage?symbol=X",
        {"symbol": "X", "leverage": "3"},
    ),
]
TESTS: list[Any] = [
    (
        "test-spot",
        lambda r: r.test_order(
            "spot.order", symbol="BTC-USDT", side="buy", type="limit", price=Decimal("1E-7"), size=1, client_oid="c1"
        ),
        f"POST {SPOT}/api/v1/hf/orders/test",
        {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "0.0000001", "size": "1", "clientOid": "c1"},
        {"orderId": "1"},
    ),
    (
        "test-margin",
        lambda r: r.test_order(
            "margin.order",
            symbol="BTC-USDT",
            side="buy",
            is_isolated=True,
            type="market",
            size=Decimal("0.1"),
            client_oid="c1",
        ),
        f"POST {SPOT}/api/v3/hf/margin/order/test",
        {"symbol": "BTC-USDT", "side": "buy", "type": "market", "isIsolated": True, "size": "0.1", "clientOid": "c1"},
        {"orderId": "1"},
    ),
    (
        "test-futures",
        lambda r: r.test_order(
            "futures.order", {"symbol": "XBTUSDTM", "clientOid": "c1", "side": "buy", "type": "market", "size": 1}
        ),
        f"POST {FUTURES}/api/v1/orders/test",
        {"symbol": "XBTUSDTM", "clientOid": "c1", "side": "buy", "type": "market", "size": 1},
        {"orderId": "1"},
    ),
]
CHANGES: list[Any] = [
    (
        "cancel-all-spot",
        lambda r: r.cancel_all_spot_orders(),
        f"DELETE {SPOT}/api/v1/hf/orders/cancelAll",
        None,
        {"succeedSymbols": ["ETH-USDT"], "failedSymbols": []},
    ),
    (
        "cancel-all-spot-of-a-symbol",
        lambda r: r.cancel_all_spot_orders("BTC-USDT"),
        f"DELETE {SPOT}/api/v1/hf/orders?symbol=BTC-USDT",
        None,
        "success",
    ),
    (
        "cancel-all-margin",
        lambda r: r.cancel_all_margin_orders("BTC-USDT", "MARGIN_TRADE"),
        f"DELETE {SPOT}/api/v3/hf/margin/orders?symbol=BTC-USDT&tradeType=MARGIN_TRADE",
        None,
        "success",
    ),
    (
        "cancel-all-of-a-contract",
        lambda r: r.cancel_all_futures_orders("XBTUSDTM"),
        f"DELETE {FUTURES}/api/v3/orders?symbol=XBTUSDTM",
        None,
        {"cancelledOrderIds": ["1"]},
    ),
    (
        "cancel-all-futures-stop",
        lambda r: r.cancel_all_futures_stop_orders(),
        f"DELETE {FUTURES}/api/v1/stopOrders",
        None,
        {"cancelledOrderIds": []},
    ),
    (
        "cancel-stop",
        lambda r: r.cancel_stop_order(order_id="671"),
        f"DELETE {SPOT}/api/v1/stop-order/671",
        None,
        {"cancelledOrderIds": ["671"]},
    ),
    (
        "cancel-stop-by-client-oid",
        lambda r: r.cancel_stop_order(client_oid="c1", symbol="BTC-USDT"),
        f"DELETE {SPOT}/api/v1/stop-order/cancelOrderByClientOid?clientOid=c1&symbol=BTC-USDT",
        None,
        {"cancelledOrderId": "vs8", "clientOid": "c1"},
    ),
    (
        "set-deadman",
        lambda r: r.set_deadman(5, ["BTC-USDT", "ETH-USDT"]),
        f"POST {SPOT}/api/v1/hf/orders/dead-cancel-all",
        {"timeout": 5, "symbols": "BTC-USDT,ETH-USDT"},
        {"currentTime": 1729656588, "triggerTime": 1729656593},
    ),
    (
        "set-deadman-for-all",
        lambda r: r.set_deadman(60),
        f"POST {SPOT}/api/v1/hf/orders/dead-cancel-all",
        {"timeout": 60},
        {"currentTime": 1729656588, "triggerTime": 1729656593},
    ),
    (
        "change-margin-mode",
        lambda r: r.change_margin_mode("XBTUSDTM", "CROSS"),
        f"POST {FUTURES}/api/v2/position/changeMarginMode",
        {"symbol": "XBTUSDTM", "marginMode": "CROSS"},
        {"symbol": "XBTUSDTM", "marginMode": "CROSS"},
    ),
    (
        "change-leverage",
        lambda r: r.change_cross_leverage("XBTUSDTM", 10),
        f"POST {FUTURES}/api/v2/changeCrossUserLeverage",
        {"symbol": "XBTUSDTM", "leverage": "10"},
        True,
    ),
]


def rows(table: list[Any]) -> list[Any]:
    return [pytest.param(*row[1:], id=row[0]) for row in table]


@pytest.mark.parametrize(("call", "request_", "data"), rows(READS))
def test_a_public_call_is_sent_as_it_stands_and_unsigned(call: Call, request_: str, data: Any) -> None:
    """No key is shown where none is needed."""
    recorder = Recorder(data)
    call(recorder.rest)
    (sent,) = recorder.calls
    assert f"{sent.method} {sent.url}" == request_
    assert (sent.headers, sent.body, recorder.signed) == ({}, "", [])


@pytest.mark.parametrize(("call", "request_", "data"), rows(SIGNED_READS))
def test_a_private_read_signs_method_path_and_query(call: Call, request_: str, data: Any) -> None:
    recorder = Recorder(data)
    result = call(recorder.rest)
    (sent,) = recorder.calls
    assert f"{sent.method} {sent.url}" == request_
    assert_signed(recorder, sent, "")
    if not request_.endswith(("orderbook/level2?symbol=A-B", "/symbols", "TRADE", "PageSize=1000")):
        assert result == data or result == []


@pytest.mark.parametrize(("call", "request_", "body", "data"), rows(TESTS + CHANGES))
def test_a_call_with_consequences_signs_its_body_too(call: Call, request_: str, body: Any, data: Any) -> None:
    recorder = Recorder(data)
    assert call(recorder.rest) == data
    (sent,) = recorder.calls
    assert f"{sent.method} {sent.url}" == request_
    assert (json.loads(sent.body) if sent.body else None) == body
    assert_signed(recorder, sent, sent.body)
    assert sent.headers.get("Content-Type") == ("application/json" if body is not None else None)


def assert_signed(recorder: Recorder, sent: HttpCall, body: str) -> None:
    parts = urlsplit(sent.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    (message,) = recorder.signed
    assert re.fullmatch(r"1\d{12}", sent.headers["KC-API-TIMESTAMP"])
    assert message == f"{sent.headers['KC-API-TIMESTAMP']}{sent.method}{target}{body}"
    assert sent.headers["KC-API-SIGN"] == "signature"


def test_every_call_by_name_is_in_these_tables() -> None:
    """One that is not would be one that nobody looked at."""
    source = "".join(inspect.getsource(row[1]) for row in READS + SIGNED_READS + TESTS + CHANGES)
    named = set(re.findall(r"\br\.(\w+)\(", source))
    methods = {name for name, member in inspect.getmembers(RestClient, inspect.isfunction) if not name.startswith("_")}
    assert methods - named == {"request", "limits", "clock_offset_ms", "cancel_all_orders"}


def documented() -> list[Any]:
    data = folder()
    if data is None:
        return [pytest.param("", "", "", "", None, marks=pytest.mark.skip(reason=MISSING), id="no-samples")]
    known = json.loads((data / "rest_endpoints.json").read_text(encoding="utf-8"))["endpoints"]
    found = []
    for table in (READS, SIGNED_READS, TESTS, CHANGES):
        for row in table:
            method, url = row[2].split(" ")
            parts = urlsplit(url)
            host = parts.netloc.split(".")[0]
            found.append(pytest.param(method, host, parts.path, parts.query, known, id=row[0]))
    return found


@pytest.mark.parametrize(("method", "host", "path", "query", "known"), documented())
def test_every_call_is_one_the_exchange_documents(method: str, host: str, path: str, query: str, known: Any) -> None:
    """With its host, its pool, its signature, and no parameter that it does not have."""
    endpoints = [
        endpoint
        for endpoint in known
        if (endpoint["method"], endpoint["host"]) == (method, host)
        and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", endpoint["path"]), path)
    ]
    endpoint = min(endpoints, key=lambda one: one["path"].count("{"))
    params = {param["name"]: param for param in endpoint.get("params", []) if param["in"] == "query"}
    given = {pair.split("=")[0] for pair in query.split("&") if pair}
    assert given <= set(params)
    required = {name for name, param in params.items() if param["required"]}
    assert required <= given or path == "/api/v1/level2/snapshot"
    prepared = Recorder(None).rest._prepare(
        method, path, None, None, "futures" if host == "api-futures" else "spot", signed=None
    )
    assert prepared.signed == bool(endpoint["auth"])
    assert prepared.pool == endpoint["rate_limit_pool"]


BAD: list[Any] = [
    (lambda r: r.request("PATCH", "/api/v1/x"), "method: must be GET, POST, DELETE or PUT"),
    (lambda r: r.request("get", "/api/v1/x"), "method: must be GET, POST, DELETE or PUT"),
    (lambda r: r.request("GET", "/api/v1/x", host="margin"), "host: must be spot or futures"),
    (lambda r: r.request("GET", "/api/v1/x", body={}), "body: a GET has none"),
    (lambda r: r.request("GET", "/api/v1/x", timeout=-1), "timeout: must be a number of seconds"),
    (lambda r: r.server_time_ms(host="ws"), "host: must be spot or futures"),
    (lambda r: r.clock_offset_ms(samples=0), "samples: must be a whole number from 1 to 100"),
    (lambda r: r.symbol("a/b"), "name: only letters, digits"),
    (lambda r: r.contract(""), "name: must be a text"),
    (lambda r: r.book("BTC-USDT", 50), "depth: must be 20, 100, or None"),
    (lambda r: r.futures_book("X", True), "depth: must be 20, 100, or None"),
    (lambda r: r.spot_order("BTC-USDT"), "order_id: give either order_id or client_oid"),
    (lambda r: r.spot_order("BTC-USDT", order_id="1", client_oid="2"), "order_id: give either"),
    (lambda r: r.margin_order("BTC-USDT", order_id="../accounts"), "order_id: only letters, digits"),
    (lambda r: r.futures_order(), "order_id: give either order_id or client_oid"),
    (lambda r: r.futures_order(order_id="a/b"), "order_id: only letters, digits"),
    (lambda r: r.open_margin_orders("BTC-USDT", "TRADE"), "trade_type: must be one of MARGIN_TRADE, "),
    (lambda r: r.futures_orders(status="open"), "status: must be one of active, done"),
    (lambda r: r.futures_orders(start_ms=1729176273), "start_ms: must be milliseconds since 1970"),
    (lambda r: r.done_spot_orders("BTC-USDT", side="long"), "side: must be one of buy, sell"),
    (lambda r: r.stop_orders(trade_type="x"), "trade_type: must be one of TRADE, MARGIN_TRADE, "),
    (lambda r: r.cancel_all_margin_orders("A-B", "x"), "trade_type: must be one of MARGIN_TRADE, "),
    (lambda r: r.cancel_all_futures_orders(""), "symbol: must be a text"),
    (lambda r: r.cancel_stop_order(), "order_id: give either order_id or client_oid"),
    (lambda r: r.set_deadman(0), "timeout_seconds: must be whole seconds from 1"),
    (lambda r: r.set_deadman(1.5), "timeout_seconds: must be whole seconds from 1"),
    (lambda r: r.set_deadman(5, []), "symbols: give at least one"),
    (lambda r: r.set_deadman(5, "BTC USDT"), "symbols: only letters, digits"),
    (lambda r: r.test_order("spot.order", symbol="BTC-USDT"), "side: is required"),
    (lambda r: r.test_order("spot.cancel", symbol="BTC-USDT"), "op: must be one of"),
    (lambda r: r.test_order("margin.order", {}, size=1), "size: give one mapping or keywords, not both"),
    (lambda r: r.test_order("futures.order", []), "params: must be a mapping, got list"),
    (lambda r: r.accounts(type="spot"), "type: must be one of main, trade, option"),
    (lambda r: r.change_margin_mode("X", "cross"), "margin_mode: must be one of ISOLATED, CROSS"),
    (lambda r: r.change_cross_leverage("X", 0), "leverage: must be above zero"),
    (lambda r: r.cancel_all_orders(market="options"), "market: must be one of spot, margin, futures, all"),
    (lambda r: r.cancel_all_orders("BTC-USDT", market="all"), "symbol: the markets name their symbols differently"),
]


@pytest.mark.parametrize(("call", "words"), BAD)
def test_X23_a_bad_argument_of_a_rest_call_is_refused_by_name_and_rule(call: Call, words: str) -> None:
    """Nothing is sent."""
    recorder = Recorder(None)
    with pytest.raises(ConfigError) as caught:
        call(recorder.rest)
    assert str(caught.value).startswith(words)
    assert recorder.calls == []


def test_a_test_order_gets_a_client_order_id_as_an_order_would() -> None:
    """The exchange wants one of margin and futures orders."""
    recorder = Recorder({"orderId": "1"})
    order = {"symbol": "BTC-USDT", "side": "buy", "type": "market", "funds": 1}
    for op in ("spot.order", "margin.order"):
        recorder.rest.test_order(op, **order)
    first, second = (json.loads(call.body)["clientOid"] for call in recorder.calls)
    assert first != second
    assert (first + second).isalnum()


def test_a_private_call_without_credentials_is_refused_by_what_is_missing() -> None:
    around = Recorder(None).rest._around
    rest = RestClient(attrs.evolve(around, signer=None))
    with pytest.raises(ConfigError, match="api_key: GET /api/v1/accounts needs api_key, api_secret and api_passphrase"):
        rest.accounts()


@pytest.mark.parametrize(
    ("path", "signed", "expected"),
    [
        ("/api/v1/timestamp", None, False),
        ("/api/v1/accounts", None, True),
        ("/api/v3/currencies", None, True),
        ("/api/v3/currencies", False, False),
        ("/api/v1/timestamp", True, True),
    ],
)
def test_a_call_by_path_is_signed_unless_it_is_known_to_be_public(
    path: str, signed: bool | None, expected: bool
) -> None:
    recorder = Recorder([])
    recorder.rest.request("GET", path, signed=signed)
    assert bool(recorder.signed) == expected


def test_the_raw_query_is_signed_and_the_encoded_one_is_sent() -> None:
    recorder = Recorder([])
    recorder.rest.request("GET", "/api/v1/x", params={"b": "c d", "a": "ä"})
    (sent,) = recorder.calls
    assert sent.url == f"{SPOT}/api/v1/x?a=%C3%A4&b=c%20d"
    assert recorder.signed[0].endswith("GET/api/v1/x?a=ä&b=c d")


def test_a_book_has_exact_numbers_and_one_kind_of_time() -> None:
    """The same value, whether the exchange sent texts or numbers, milliseconds or nanoseconds."""
    data = {
        "time": 1729176273859,
        "sequence": "14610502970",
        "bids": [["66976.4", "0.69109872"]],
        "asks": [["66976.5", "0.05408199"], ["66976.8", "0.0005"]],
    }
    book = Recorder(data).rest.book("BTC-USDT", 20)
    assert (book.symbol, book.sequence) == ("BTC-USDT", 14610502970)
    assert book.bids == ((Decimal("66976.4"), Decimal("0.69109872")),)
    assert book.asks[1] == (Decimal("66976.8"), Decimal("0.0005"))
    assert (book.time_ms, book.time_ns) == (1729176273859, 1729176273859000000)
    raw = (
        b'{"code":"200000","data":{"sequence":1697895963339,"symbol":"XBTUSDM","bids":[[66968,2],[66964.80,25596]],'
        b'"asks":null,"ts":1729168101216000123}}'
    )
    futures = Recorder(HttpAnswer(200, {}, raw)).rest.futures_book("XBTUSDM")
    assert [str(price) for price, _ in futures.bids] == ["66968", "66964.80"]
    assert futures.asks == ()
    assert (futures.time_ms, futures.time_ns) == (1729168101216, 1729168101216000123)


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": None},
        {"sequence": "x"},
        {"sequence": 1.5},
        {"bids": "x"},
        {"bids": [["1"]]},
        {"bids": ["12"]},
        {"bids": [["1", "1E+999999"]]},
        {"bids": [["1", "x"]]},
        {"bids": [["NaN", "1"]]},
        {"bids": [["-1", "1"]]},
        {"asks": [[True, "1"]]},
        {"time": None},
        {"time": 0},
        {"time": "later"},
    ],
    ids=str,
)
def test_R05_a_book_that_is_none_is_a_rest_error(change: dict[str, Any]) -> None:
    with pytest.raises(RestError, match="an answer of another shape"):
        Recorder({**BOOK, **change}).rest.book("BTC-USDT", 20)


@pytest.mark.parametrize(
    ("call", "data"),
    [
        (lambda r: r.server_time_ms(), "1729100692873"),
        (lambda r: r.server_time_ms(), True),
        (lambda r: r.server_time_ms(), 10**20),
        (lambda r: r.service_status(), None),
        (lambda r: r.symbols(), {}),
        (lambda r: r.symbols(), ["BTC-USDT"]),
        (lambda r: r.markets(), [5]),
        (lambda r: r.markets(), None),
        (lambda r: r.spot_order("BTC-USDT", order_id="1"), None),
        (lambda r: r.symbols_with_open_spot_orders(), {"symbols": [5]}),
        (lambda r: r.symbols_with_open_spot_orders(), {"symbols": ["a/b"]}),
        (lambda r: r.open_futures_orders(), {"items": []}),
        (lambda r: r.deadman(), []),
    ],
)
def test_R05_data_of_another_shape_is_a_rest_error(call: Call, data: Any) -> None:
    with pytest.raises(RestError) as caught:
        call(Recorder(data).rest)
    assert (caught.value.code, caught.value.status, caught.value.retryable) == (None, 200, True)


@pytest.mark.parametrize(
    ("call", "data", "reason"),
    [
        (lambda r: r.cancel_all_spot_orders("A-B"), None, "unreadable_reply"),
        (lambda r: r.cancel_all_spot_orders(), "success", "unreadable_reply"),
        (
            lambda r: r.cancel_all_spot_orders(),
            {"succeedSymbols": ["A-B"], "failedSymbols": [{"symbol": "C-D", "error": "busy"}]},
            "partial_batch",
        ),
        (lambda r: r.cancel_all_margin_orders("A-B", "MARGIN_TRADE"), {}, "unreadable_reply"),
        (lambda r: r.cancel_all_futures_orders("X"), {}, "unreadable_reply"),
        (lambda r: r.cancel_all_futures_stop_orders("X"), {"cancelledOrderIds": None}, "unreadable_reply"),
        (lambda r: r.cancel_stop_order(order_id="1"), {"cancelledOrderIds": ["2"]}, "unreadable_reply"),
        (lambda r: r.cancel_stop_order(client_oid="1"), {"clientOid": "2"}, "unreadable_reply"),
        (lambda r: r.set_deadman(5), {}, "unreadable_reply"),
        (lambda r: r.change_margin_mode("X", "CROSS"), {"marginMode": "ISOLATED"}, "unreadable_reply"),
        (lambda r: r.change_cross_leverage("X", 3), False, "unreadable_reply"),
    ],
)
def test_O02_a_yes_that_does_not_prove_the_change_leaves_it_unknown(call: Call, data: Any, reason: str) -> None:
    """As for orders: a success code alone is no proof."""
    with pytest.raises(OutcomeUnknown) as caught:
        call(Recorder(data).rest)
    error = caught.value
    assert (error.reason, error.sent, error.safe_to_retry) == (reason, "complete", False)
    assert "an answer that proves nothing" in str(error.cause)


def test_all_pages_of_open_futures_orders_are_read_and_no_order_comes_twice() -> None:
    pages = [
        {**PAGE, "totalPage": 3, "items": [{"id": "1"}, {"id": "2"}]},
        {**PAGE, "totalPage": 3, "items": [{"id": "2", "newer": True}, {"id": "3"}]},
        {**PAGE, "totalPage": 3, "items": [{"id": "4"}]},
    ]
    recorder = Recorder(*pages)
    orders = recorder.rest.open_futures_orders()
    assert [order["id"] for order in orders] == ["1", "2", "3", "4"]
    assert orders[1].get("newer")
    assert [call.url.split("?")[1][: len("currentPage=1&")] for call in recorder.calls] == [
        "currentPage=1&",
        "currentPage=2&",
        "currentPage=3&",
    ]


def test_the_latest_state_of_each_pool_is_kept() -> None:
    def answer(remaining: int, data: Any = None) -> HttpAnswer:
        headers = {"Limit": "4000", "remaining": str(remaining), "reset": "29432"}
        fields = {f"GW-RateLimit-{name}": value for name, value in headers.items()}
        return HttpAnswer(200, fields, json.dumps({"code": "200000", "data": data or []}).encode())

    recorder = Recorder(answer(3998), answer(3996), answer(1999), HttpAnswer(200, {}, b'{"code":"200000","data":[]}'))
    assert recorder.rest.limits() == {}
    for _ in range(2):
        recorder.rest.open_spot_orders("BTC-USDT")
    recorder.rest.positions()
    recorder.rest.symbols()
    assert recorder.rest.limits() == {
        "spot Spot": RateLimit(4000, 3996, 29.432),
        "futures Futures": RateLimit(4000, 1999, 29.432),
    }


def test_the_clock_is_measured_by_the_quickest_of_several_answers() -> None:
    """A slow answer says little about the moment it was made in."""
    now = int(time.time() * 1000)
    recorder = Recorder(now + 9_000_000, now + 3_600_000, now + 5_000_000)
    recorder.trips = [2.0, 0.01, 1.0]
    assert abs(recorder.rest.clock_offset_ms(samples=3) - 3_600_000) < 5000
    assert [call.url for call in recorder.calls] == [f"{SPOT}/api/v1/timestamp"] * 3
    assert abs(recorder.rest._around.clock.offset_ms - 3_600_000) < 5000


def test_a_measurement_whose_time_ends_takes_what_there_is() -> None:
    late = NoAnswer("no answer in time", "timeout")
    now = int(time.time() * 1000)
    assert abs(Recorder(now + 3_600_000, late).rest.clock_offset_ms() - 3_600_000) < 5000
    with pytest.raises(DeadlineExceeded):
        Recorder(late).rest.clock_offset_ms()
    with pytest.raises(ConnectionLost):
        Recorder(now, NoAnswer("reset", "disconnected")).rest.clock_offset_ms()


def test_a_repr_names_the_hosts() -> None:
    assert repr(Recorder(None).rest) == f"<RestClient {SPOT} {FUTURES}>"
