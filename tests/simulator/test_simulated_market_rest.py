"""Market data over REST: fields as in the answers of the exchange, and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import requests

from kucoin_sync.simulator import Simulator
from tests.kucoin.samples import MISSING, folder
from tests.simulator.clients import LIMIT, contract_order, get, rest_headers
from tests.simulator.samples import covers, form

Make = Callable[..., Simulator]

NOW_NS = 1_709_208_000_123_456_789
DAY_FIELDS = {
    "changeRate": "0",
    "changePrice": "1.5",
    "high": "60001.5",
    "low": "60001",
    "vol": "0.3",
    "volValue": "18000.35",
    "last": "60001.5",
    "averagePrice": "60001.16666667",
    "takerFeeRate": "0.001",
    "makerFeeRate": "0.001",
    "takerCoefficient": "1",
    "makerCoefficient": "1",
}


@pytest.fixture
def traded(make: Make) -> Simulator:
    """A quiet market with two trades and a bid, at a clock that stands."""
    simulator = make(clock=lambda: NOW_NS)
    simulator.counter_order("BTC-USDT", "sell", "0.2", "60001")
    simulator.counter_order("BTC-USDT", "sell", "0.5", "60001.5")
    simulator.counter_order("BTC-USDT", "buy", "0.4", "59999")
    simulator.counter_order("BTC-USDT", "buy", "0.3")
    for side, size, price in (("sell", 5, "60001"), ("buy", 4, "59999"), ("buy", 2, "60001")):
        contract_order(simulator, side, size, price)
    return simulator


def book(simulator: Simulator) -> int:
    return int(get(simulator, "/api/v1/market/orderbook/level1?symbol=BTC-USDT")["sequence"])


def test_level1(traded: Simulator) -> None:
    data = get(traded, "/api/v1/market/orderbook/level1?symbol=BTC-USDT")
    assert data.pop("sequence").isdigit()
    assert data == {
        "time": NOW_NS // 10**6,
        "price": "60001.5",
        "size": "0.1",
        "bestBid": "59999",
        "bestBidSize": "0.4",
        "bestAsk": "60001.5",
        "bestAskSize": "0.4",
    }


@pytest.mark.parametrize(
    ("path", "signed"),
    [
        ("/api/v1/market/orderbook/level2_20", False),
        ("/api/v1/market/orderbook/level2_100", False),
        ("/api/v3/market/orderbook/level2", True),
    ],
)
def test_books(traded: Simulator, path: str, signed: bool) -> None:
    assert get(traded, f"{path}?symbol=BTC-USDT", signed=signed) == {
        "time": NOW_NS // 10**6,
        "sequence": str(book(traded)),
        "bids": [["59999", "0.4"]],
        "asks": [["60001.5", "0.4"]],
    }


def test_parts_of_a_book_are_cut_and_the_full_one_is_not(make: Make) -> None:
    simulator = make(limits="off")
    for level in range(120):
        simulator.counter_order("BTC-USDT", "sell", "0.1", str(60000 + level))
    for path, signed, count in (
        ("/api/v1/market/orderbook/level2_20", False, 20),
        ("/api/v1/market/orderbook/level2_100", False, 100),
        ("/api/v3/market/orderbook/level2", True, 120),
    ):
        asks = get(simulator, f"{path}?symbol=BTC-USDT", signed=signed)["asks"]
        assert [price for price, _ in asks] == [str(60000 + level) for level in range(count)]


def test_full_book_needs_a_signature(traded: Simulator) -> None:
    answer = requests.get(traded.url + "/api/v3/market/orderbook/level2?symbol=BTC-USDT", timeout=LIMIT)
    assert (answer.status_code, answer.json()["code"]) == (401, "400001")


def test_last_trades(traded: Simulator) -> None:
    assert get(traded, "/api/v1/market/histories?symbol=BTC-USDT") == [
        {"sequence": "1", "price": "60001", "size": "0.2", "side": "buy", "time": NOW_NS},
        {"sequence": "2", "price": "60001.5", "size": "0.1", "side": "buy", "time": NOW_NS},
    ]
    assert get(traded, "/api/v1/market/histories?symbol=ETH-USDT") == []


@pytest.mark.parametrize(
    ("query", "starts"),
    [
        ("type=1min", ["1709208000"]),
        ("type=1day", ["1709164800"]),
        ("type=1month", ["1706745600"]),
        ("type=1min&startAt=1709208000&endAt=1709208001", ["1709208000"]),
        ("type=1min&startAt=1709208001", []),
        ("type=1min&endAt=1709208000", []),
        ("type=1min&startAt=0&endAt=0", ["1709208000"]),
    ],
)
def test_candles(traded: Simulator, query: str, starts: list[str]) -> None:
    rows = get(traded, f"/api/v1/market/candles?symbol=BTC-USDT&{query}")
    assert rows == [[start, "60001", "60001.5", "60001.5", "60001", "0.3", "18000.35"] for start in starts]


def test_statistics_of_a_day(traded: Simulator) -> None:
    assert get(traded, "/api/v1/market/stats?symbol=BTC-USDT") == {
        "time": NOW_NS // 10**6,
        "symbol": "BTC-USDT",
        "buy": "59999",
        "sell": "60001.5",
        **DAY_FIELDS,
    }


def test_all_tickers(traded: Simulator) -> None:
    data = get(traded, "/api/v1/market/allTickers")
    assert data["time"] == NOW_NS // 10**6
    rows = {row["symbol"]: row for row in data["ticker"]}
    assert {"BTC-USDT", "ETH-USDT"} <= rows.keys()
    assert rows["BTC-USDT"] == {
        "symbol": "BTC-USDT",
        "symbolName": "BTC-USDT",
        "buy": "59999",
        "bestBidSize": "0.4",
        "sell": "60001.5",
        "bestAskSize": "0.4",
        **DAY_FIELDS,
    }


def test_markets_filter_the_list_of_symbols(traded: Simulator) -> None:
    markets = get(traded, "/api/v1/markets")
    assert "USDS" in markets
    listed = [s["symbol"] for market in markets for s in get(traded, f"/api/v2/symbols?market={market}")]
    assert sorted(listed) == sorted(s["symbol"] for s in get(traded, "/api/v2/symbols"))
    assert get(traded, "/api/v2/symbols?market=none") == []


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("/api/v1/market/orderbook/level1", "400100", "symbol is required."),
        ("/api/v1/market/orderbook/level1?symbol=XXX-USDT", "900001", "Symbol not exists"),
        ("/api/v1/market/orderbook/level2_20?symbol=XBTUSDTM", "900001", "Symbol not exists"),
        ("/api/v1/market/orderbook/level2_50?symbol=BTC-USDT", "400100", "size is invalid."),
        ("/api/v1/market/histories?symbol=", "400100", "symbol is required."),
        ("/api/v1/market/candles?symbol=BTC-USDT", "400100", "type is required."),
        ("/api/v1/market/candles?symbol=BTC-USDT&type=2min", "400100", "type is invalid."),
        ("/api/v1/market/candles?symbol=BTC-USDT&type=1min&startAt=-1", "400100", "startAt is invalid."),
        ("/api/v1/market/candles?symbol=BTC-USDT&type=1min&endAt=soon", "400100", "endAt is invalid."),
        ("/api/v1/market/stats?symbol=btc-usdt", "900001", "Symbol not exists"),
    ],
)
def test_refused_calls(simulator: Simulator, path: str, code: str, message: str) -> None:
    answer = requests.get(simulator.url + path, timeout=LIMIT).json()
    assert answer == {"code": code, "msg": message}


PATHS = [
    ("api", "/api/v1/market/orderbook/level1", "/api/v1/market/orderbook/level1?symbol=BTC-USDT"),
    ("api", "/api/v1/market/orderbook/level2_{size}", "/api/v1/market/orderbook/level2_20?symbol=BTC-USDT"),
    ("api", "/api/v3/market/orderbook/level2", "/api/v3/market/orderbook/level2?symbol=BTC-USDT"),
    ("api", "/api/v1/market/histories", "/api/v1/market/histories?symbol=BTC-USDT"),
    ("api", "/api/v1/market/stats", "/api/v1/market/stats?symbol=BTC-USDT"),
    ("api", "/api/v1/market/allTickers", "/api/v1/market/allTickers"),
    ("api", "/api/v1/markets", "/api/v1/markets"),
    ("api-futures", "/api/v1/ticker", "/api/v1/ticker?symbol=XBTUSDTM"),
    ("api-futures", "/api/v1/level2/snapshot", "/api/v1/level2/snapshot?symbol=XBTUSDTM"),
    ("api-futures", "/api/v1/level2/depth{size}", "/api/v1/level2/depth20?symbol=XBTUSDTM"),
    ("api-futures", "/api/v1/trade/history", "/api/v1/trade/history?symbol=XBTUSDTM"),
    ("api-futures", "/api/v1/mark-price/{symbol}/current", "/api/v1/mark-price/XBTUSDTM/current"),
]


def endpoint(host: str, path: str) -> dict[str, Any]:
    data = folder()
    if data is None:
        pytest.skip(MISSING)
    every = json.loads((data / "rest_endpoints.json").read_text(encoding="utf-8"), parse_float=Decimal)["endpoints"]
    (found,) = [e for e in every if (e["host"], e["method"], e["path"]) == (host, "GET", path)]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("host", "path", "call"), PATHS, ids=[path for _, path, _ in PATHS])
def test_answers_have_the_form_of_real_ones(traded: Simulator, host: str, path: str, call: str) -> None:
    real = endpoint(host, path)
    prefix = "" if host == "api" else "/futures"
    headers = rest_headers(traded, call, method="GET", timestamp=str(NOW_NS // 10**6)) if real["auth"] else {}
    answer = requests.get(traded.url + prefix + call, headers=headers, timeout=LIMIT)
    assert covers(form(answer.json()), form(real["response_example"]), optional=set())
    used = int(answer.headers["gw-ratelimit-limit"]) - int(answer.headers["gw-ratelimit-remaining"])
    assert used == real["rate_limit_weight"]
