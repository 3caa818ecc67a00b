"""The topic functions: what each spells, what it refuses, and that there is one for every topic."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from kucoin_sync import models, topics
from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin import classic_topics, pro_topics
from kucoin_sync.kucoin.keys import WsKey
from kucoin_sync.kucoin.models.typed import CLASSIC, PRO
from kucoin_sync.kucoin.topic_table import CLASSIC_TOPICS, PRO_TOPICS, TopicRow
from kucoin_sync.protocol.dialect import TopicRequest
from tests.kucoin.samples import classic

SPOT, SPOT_PRIVATE = "spotPublicV1", "spotPrivateV1"
FUTURES, FUTURES_PRIVATE = "futuresPublicV1", "futuresPrivateV1"
PRO_SPOT, PRO_FUTURES, PRO_PRIVATE = "spotPublicProV2", "futuresPublicProV2", "privateProV2"

CLASSIC_CALLS: list[tuple[str, str, str]] = [
    (topics.ticker("AB-CD"), SPOT, "/market/ticker:AB-CD"),
    (topics.ticker("AB-CD", "EF-CD"), SPOT, "/market/ticker:AB-CD,EF-CD"),
    (topics.all_tickers(), SPOT, "/market/ticker:all"),
    (topics.best_prices("AB-CD", "EF-CD"), SPOT, "/spotMarket/level1:AB-CD,EF-CD"),
    (topics.book("AB-CD"), SPOT, "/spotMarket/level2Depth5:AB-CD"),
    (topics.book("AB-CD", "EF-CD", depth=50), SPOT, "/spotMarket/level2Depth50:AB-CD,EF-CD"),
    (topics.book_changes("AB-CD"), SPOT, "/market/level2:AB-CD"),
    (topics.candles("AB-CD", "1hour"), SPOT, "/market/candles:AB-CD_1hour"),
    (topics.trades("AB-CD"), SPOT, "/market/match:AB-CD"),
    (topics.snapshot("AB-CD"), SPOT, "/market/snapshot:AB-CD"),
    (topics.market_snapshot("USDS"), SPOT, "/market/snapshot:USDS"),
    (topics.call_auction_book("AB-CD"), SPOT, "/callauction/level2Depth50:AB-CD"),
    (topics.call_auction("AB-CD"), SPOT, "/callauction/callauctionData:AB-CD"),
    (topics.mark_price("CD-AB", "EF-AB"), SPOT, "/indicator/markPrice:CD-AB,EF-AB"),
    (topics.index_price("CD-AB"), SPOT, "/indicator/index:CD-AB"),
    (topics.lending_offers("AB", "EF"), SPOT, "/margin/fundingBook:AB,EF"),
    (topics.orders(), SPOT_PRIVATE, "/spotMarket/tradeOrdersV2"),
    (topics.orders_v1(), SPOT_PRIVATE, "/spotMarket/tradeOrders"),
    (topics.stop_orders(), SPOT_PRIVATE, "/spotMarket/advancedOrders"),
    (topics.balances(), SPOT_PRIVATE, "/account/balance"),
    (topics.margin_position(), SPOT_PRIVATE, "/margin/position"),
    (topics.isolated_margin_position("AB-CD"), SPOT_PRIVATE, "/margin/isolatedPosition:AB-CD"),
    (topics.loans("AB"), SPOT_PRIVATE, "/margin/loan:AB"),
    (topics.futures_ticker("ABUSDTM", "EFUSDTM"), FUTURES, "/contractMarket/tickerV2:ABUSDTM,EFUSDTM"),
    (topics.futures_ticker_v1("ABUSDTM"), FUTURES, "/contractMarket/ticker:ABUSDTM"),
    (topics.futures_book_changes("ABUSDTM"), FUTURES, "/contractMarket/level2:ABUSDTM"),
    (topics.futures_book("ABUSDTM"), FUTURES, "/contractMarket/level2Depth5:ABUSDTM"),
    (topics.futures_book("ABUSDTM", "EFMZ26", depth=50), FUTURES, "/contractMarket/level2Depth50:ABUSDTM,EFMZ26"),
    (topics.futures_candles("ABUSDTM", "1month"), FUTURES, "/contractMarket/limitCandle:ABUSDTM_1month"),
    (topics.futures_trades("ABUSDTM"), FUTURES, "/contractMarket/execution:ABUSDTM"),
    (topics.futures_instrument("ABUSDTM"), FUTURES, "/contract/instrument:ABUSDTM"),
    (topics.futures_announcements(), FUTURES, "/contract/announcement"),
    (topics.futures_snapshot("ABUSDTM"), FUTURES, "/contractMarket/snapshot:ABUSDTM"),
    (topics.futures_orders(), FUTURES_PRIVATE, "/contractMarket/tradeOrders"),
    (topics.futures_orders("ABUSDTM"), FUTURES_PRIVATE, "/contractMarket/tradeOrders:ABUSDTM"),
    (topics.futures_stop_orders(), FUTURES_PRIVATE, "/contractMarket/advancedOrders"),
    (topics.futures_wallet(), FUTURES_PRIVATE, "/contractAccount/wallet"),
    (topics.futures_position("ABUSDTM"), FUTURES_PRIVATE, "/contract/position:ABUSDTM"),
    (topics.futures_positions(), FUTURES_PRIVATE, "/contract/positionAll"),
    (topics.futures_margin_modes(), FUTURES_PRIVATE, "/contract/marginMode"),
    (topics.futures_cross_leverages(), FUTURES_PRIVATE, "/contract/crossLeverage"),
]
"""What a function returned, connection, what it has to be."""

PRO_CALLS: list[tuple[TopicRequest, str, str, dict[str, Any] | None, list[str]]] = [
    (
        topics.pro_ticker("AB-CD", trade_type="SPOT"),
        PRO_SPOT,
        "ticker",
        {"tradeType": "SPOT", "symbol": "AB-CD"},
        ["ticker.SPOT:AB-CD"],
    ),
    (
        topics.pro_ticker("ABUSDTM", "EFUSDTM", trade_type="FUTURES"),
        PRO_FUTURES,
        "ticker",
        {"tradeType": "FUTURES", "symbols": ["ABUSDTM", "EFUSDTM"]},
        ["ticker.FUTURES:ABUSDTM", "ticker.FUTURES:EFUSDTM"],
    ),
    (
        topics.pro_candles("AB-CD", "6hour", trade_type="SPOT"),
        PRO_SPOT,
        "kline",
        {"tradeType": "SPOT", "symbol": "AB-CD", "interval": "6hour"},
        ["kline.SPOT:AB-CD_6hour"],
    ),
    (
        topics.pro_trades("ABUSDTM", trade_type="FUTURES"),
        PRO_FUTURES,
        "trade",
        {"tradeType": "FUTURES", "symbol": "ABUSDTM"},
        ["trade.FUTURES:ABUSDTM"],
    ),
    (
        topics.pro_book("AB-CD", trade_type="SPOT"),
        PRO_SPOT,
        "obu",
        {"tradeType": "SPOT", "symbol": "AB-CD", "depth": "increment@10ms"},
        ["obu.SPOT:AB-CD@increment@10ms"],
    ),
    (
        topics.pro_book("ABUSDTM", 5, trade_type="FUTURES", rpi=True),
        PRO_FUTURES,
        "obu",
        {"tradeType": "FUTURES", "symbol": "ABUSDTM", "depth": "5", "rpiFilter": 1},
        ["obu.FUTURES:ABUSDTM@5+rpi"],
    ),
    (
        topics.pro_call_auction("AB-CD"),
        PRO_SPOT,
        "callAuctionInfo",
        {"symbol": "AB-CD"},
        ["callAuctionInfo.SPOT:AB-CD"],
    ),
    (topics.pro_mark_price("ABUSDTM"), PRO_FUTURES, "mark-price", {"symbol": "ABUSDTM"}, ["mark-price:ABUSDTM"]),
    (topics.pro_funding_fee("ABUSDTM"), PRO_FUTURES, "funding-fee", {"symbol": "ABUSDTM"}, ["funding-fee:ABUSDTM"]),
    (
        topics.pro_funding_fee("ABUSDTM", "EFUSDTM"),
        PRO_FUTURES,
        "funding-fee",
        {"symbols": ["ABUSDTM", "EFUSDTM"]},
        ["funding-fee:ABUSDTM", "funding-fee:EFUSDTM"],
    ),
    (topics.pro_all_funding_fees(), PRO_FUTURES, "funding-fee-all-symbols", None, ["funding-fee-all-symbols"]),
    (topics.pro_orders(), PRO_PRIVATE, "orderAll", {"tradeType": "UNIFIED"}, ["orderAll.UNIFIED"]),
    (
        topics.pro_symbol_orders("AB-CD", trade_type="MARGIN"),
        PRO_PRIVATE,
        "order",
        {"tradeType": "MARGIN", "symbol": "AB-CD"},
        ["order.MARGIN:AB-CD"],
    ),
    (topics.pro_executions(), PRO_PRIVATE, "execution", {"tradeType": "UNIFIED"}, ["execution.UNIFIED"]),
    (
        topics.pro_executions_lite(),
        PRO_PRIVATE,
        "execution.lite",
        {"tradeType": "UNIFIED"},
        ["execution.lite.UNIFIED"],
    ),
    (
        topics.pro_balances(account_type="FUNDING"),
        PRO_PRIVATE,
        "balance",
        {"accountType": "FUNDING"},
        ["balance.FUNDING"],
    ),
    (
        topics.pro_positions(trade_type="FUTURES"),
        PRO_PRIVATE,
        "positionAll",
        {"tradeType": "FUTURES"},
        ["positionAll.FUTURES"],
    ),
    (
        topics.pro_position("ABUSDTM"),
        PRO_PRIVATE,
        "position",
        {"tradeType": "UNIFIED", "symbol": "ABUSDTM"},
        ["position.UNIFIED:ABUSDTM"],
    ),
    (topics.pro_liquidation_warnings(), PRO_PRIVATE, "lw", {"tradeType": "UNIFIED"}, ["lw.UNIFIED"]),
    (topics.pro_leverages(), PRO_PRIVATE, "leverage", {"tradeType": "UNIFIED"}, ["leverage.UNIFIED"]),
]
"""What a function returned, connection, channel and parameters it has to have, single topics that it stands for."""


@pytest.mark.parametrize(("topic", "ws_key", "text"), CLASSIC_CALLS, ids=[text for *_, text in CLASSIC_CALLS])
def test_a_classic_topic_is_spelled_and_its_connection_takes_it(topic: str, ws_key: str, text: str) -> None:
    assert topic == text
    single = classic(ws_key).single_topics(TopicRequest(topic))
    path, colon, args = text.partition(":")
    assert single == [path + colon + arg for arg in args.split(",")]


@pytest.mark.parametrize(
    ("request_", "ws_key", "channel", "payload", "single"), PRO_CALLS, ids=[single[0] for *_, single in PRO_CALLS]
)
def test_a_pro_topic_is_spelled_and_its_connection_takes_it(
    request_: TopicRequest, ws_key: str, channel: str, payload: dict[str, Any] | None, single: list[str]
) -> None:
    assert request_ == TopicRequest(channel, payload)
    assert pro_topics.parse(request_, ws_key=ws_key) == single


def fits(row: TopicRow, text: str) -> bool:
    """Whether a single topic is one of a row of the table."""
    pattern = re.escape(row.pattern).replace(r"\{", "{").replace(r"\}", "}")
    return re.fullmatch(re.sub(r"\{\w+\}", "[A-Za-z0-9@-]+?([+]rpi)?", pattern), text) is not None


@pytest.mark.parametrize("row", CLASSIC_TOPICS, ids=lambda row: row.pattern)
def test_every_classic_topic_has_a_function_a_model_and_a_connection(row: TopicRow) -> None:
    assert callable(getattr(topics, row.constructor))
    assert CLASSIC[row.name].all and all(model.__name__ in models.__all__ for model in CLASSIC[row.name].all)
    assert all(WsKey(ws_key) for ws_key in row.ws_keys)
    assert classic_topics.PATHS[row.name][0] in row.ws_keys
    spelled = [(text.partition(",")[0], ws_key) for text, ws_key, _ in CLASSIC_CALLS]
    assert any(fits(row, text) and ws_key in row.ws_keys for text, ws_key in spelled)


@pytest.mark.parametrize("row", PRO_TOPICS, ids=lambda row: row.pattern)
def test_every_pro_topic_has_a_function_a_model_and_a_connection(row: TopicRow) -> None:
    assert callable(getattr(topics, row.constructor))
    assert PRO[row.name].all and all(model.__name__ in models.__all__ for model in PRO[row.name].all)
    assert set(row.ws_keys) == set(pro_topics.CHANNELS[row.name].homes.values())
    assert any(fits(row, single[0]) and ws_key in row.ws_keys for _, ws_key, _, _, single in PRO_CALLS)


def test_the_tables_speak_of_the_same_topics() -> None:
    assert {row.name for row in CLASSIC_TOPICS} == set(CLASSIC) == set(classic_topics.PATHS)
    assert {row.name for row in PRO_TOPICS} == set(PRO) == set(pro_topics.CHANNELS)
    functions = {name for name in topics.__all__ if not name.isupper()}
    assert {row.constructor for row in (*CLASSIC_TOPICS, *PRO_TOPICS)} == functions


@pytest.mark.parametrize("row", [*CLASSIC_TOPICS, *PRO_TOPICS], ids=lambda row: row.pattern)
def test_what_a_function_says_of_its_topic_is_what_the_tables_say(row: TopicRow) -> None:
    """Connection and models are in the docstring, where a user looks."""
    written = inspect.getdoc(getattr(topics, row.constructor)) or ""
    assert all(f"``{WsKey(ws_key).name}``" in written for ws_key in row.ws_keys)
    kinds = (CLASSIC if row.name in CLASSIC else PRO)[row.name]
    assert all(f"`models.{model.__name__}`" in written for model in kinds.all)


# The pages.

PAGES = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("row", [*CLASSIC_TOPICS, *PRO_TOPICS], ids=lambda row: row.pattern)
def test_the_page_of_topics_has_a_row_for_each_as_the_tables_have_it(row: TopicRow) -> None:
    kinds = (CLASSIC if row.name in CLASSIC else PRO)[row.name]
    cells = [
        f"   * - ``{row.pattern}``",
        f"     - `topics.{row.constructor}`",
        "     - " + ", ".join(f"``{WsKey(ws_key).name}``" for ws_key in row.ws_keys),
        "     - " + ", ".join(f"`models.{model.__name__}`" for model in kinds.all),
        f"     - {row.speed}",
    ]
    assert "\n".join(cells) + "\n" in (PAGES / "topics.rst").read_text(encoding="utf-8")


def test_the_page_of_topics_has_no_row_for_anything_else() -> None:
    rows = re.findall(r"^   \* - ``(.+)``$", (PAGES / "topics.rst").read_text(encoding="utf-8"), re.M)
    assert rows == [row.pattern for row in (*CLASSIC_TOPICS, *PRO_TOPICS)]


@pytest.mark.parametrize(("page", "module"), [("topics", topics), ("models", models)], ids=["topics", "models"])
def test_every_public_name_is_on_its_page(page: str, module: Any) -> None:
    written = (PAGES / f"{page}.rst").read_text(encoding="utf-8")
    shown = re.findall(rf"^\.\. (?:auto\w+:: kucoin_sync::|data:: ){page}\.(\w+)", written, re.M)
    assert len(shown) == len(set(shown))
    assert set(shown) == set(module.__all__)


# Arguments.

S, F = {"trade_type": "SPOT"}, {"trade_type": "FUTURES"}


@pytest.mark.parametrize(
    ("name", "args", "keywords", "text"),
    [
        pytest.param("ticker", [], {}, "symbols: must be at least one", id="no-symbol"),
        pytest.param("ticker", ["BTCUSDT"], {}, "symbols: must be a spot symbol such as 'BTC-USDT', got", id="no-dash"),
        pytest.param("ticker", ["A-B,C-D"], {}, "symbols: must be a spot symbol such as", id="joined-by-the-user"),
        pytest.param("ticker", ["A-B", 5], {}, "symbols: must be a spot symbol such as", id="number-for-a-symbol"),
        pytest.param("ticker", [["A-B"]], {}, "symbols: must be a spot symbol such as", id="list-for-a-symbol"),
        pytest.param("snapshot", ["USDS"], {}, "symbol: must be a spot symbol such as", id="market-for-a-symbol"),
        pytest.param("market_snapshot", ["A B"], {}, "market: must be a market such as 'USDS', got 'A B'", id="market"),
        pytest.param("book", ["A-B"], {"depth": 20}, "depth: must be one of 5, 50, got 20", id="depth"),
        pytest.param("book", ["A-B"], {"depth": True}, "depth: must be one of 5, 50, got True", id="flag-for-a-depth"),
        pytest.param("futures_book", ["AM"], {"depth": 1}, "depth: must be one of 5, 50, got 1", id="futures-depth"),
        pytest.param("candles", ["A-B", "2min"], {}, "interval: must be one of 1min, 3min", id="interval"),
        pytest.param("candles", ["A-B", 60], {}, "interval: must be one of 1min", id="number-for-an-interval"),
        pytest.param("futures_candles", ["AM", "6hour"], {}, "interval: must be one of 1min", id="futures-interval"),
        pytest.param("futures_ticker", ["A-B"], {}, "symbols: must be a futures symbol such as 'XBTUSDTM'", id="spot"),
        pytest.param("futures_orders", ["A-B"], {}, "symbol: must be a futures symbol such as", id="spot-orders"),
        pytest.param("futures_orders", [""], {}, "symbol: must be a futures symbol such as", id="empty-symbol"),
        pytest.param("lending_offers", [], {}, "currencies: must be at least one", id="no-currency"),
        pytest.param("lending_offers", ["A-B"], {}, "currencies: must be a currency such as 'BTC'", id="currencies"),
        pytest.param("loans", ["A-B"], {}, "currency: must be a currency such as 'BTC'", id="currency"),
        pytest.param(
            "pro_ticker", ["A-B"], {"trade_type": "MARGIN"}, "trade_type: must be one of SPOT, FUTURES", id="t"
        ),
        pytest.param(
            "pro_ticker", ["A-B"], {"trade_type": "spot"}, "trade_type: must be one of SPOT, FUTURES", id="low"
        ),
        pytest.param("pro_ticker", ["A-B"], F, "symbols: must be a futures symbol such as", id="pro-spot-on-futures"),
        pytest.param("pro_trades", ["AM"], S, "symbol: must be a spot symbol such as", id="pro-futures-on-spot"),
        pytest.param("pro_candles", ["AM", "6hour"], F, "interval: must be one of 1min", id="pro-6hour-on-futures"),
        pytest.param("pro_book", ["A-B", "20"], S, "depth: must be one of 1, 5, 50, increment@10ms", id="pro-depth"),
        pytest.param("pro_book", ["A-B", "5"], {**S, "rpi": True}, "rpi: is served with trade_type FUTURES", id="rpi"),
        pytest.param("pro_book", ["AM", "1"], {**F, "rpi": True}, "rpi: is served with trade_type", id="rpi-depth"),
        pytest.param("pro_book", ["AM", "5"], {**F, "rpi": 1}, "rpi: must be True or False, got 1", id="rpi-number"),
        pytest.param("pro_orders", [], {"trade_type": "X"}, "trade_type: must be one of UNIFIED, SPOT", id="account"),
        pytest.param(
            "pro_symbol_orders", ["A B"], {}, "symbol: must be a symbol such as 'BTC-USDT' or", id="pro-symbol"
        ),
        pytest.param("pro_position", ["A-B"], {}, "symbol: must be a futures symbol such as", id="pro-position"),
        pytest.param(
            "pro_balances", [], {"account_type": "X"}, "account_type: must be one of UNIFIED, FUNDING", id="b"
        ),
    ],
)
def test_a_wrong_argument_is_refused_by_name_and_rule(
    name: str, args: list[Any], keywords: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        getattr(topics, name)(*args, **keywords)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize("interval", topics.SPOT_INTERVALS)
def test_every_spot_interval_is_taken(interval: str) -> None:
    assert topics.candles("A-B", interval) == f"/market/candles:A-B_{interval}"


@pytest.mark.parametrize("interval", topics.PRO_INTERVALS)
def test_every_pro_interval_is_taken(interval: str) -> None:
    request = topics.pro_candles("A-B", interval, trade_type="SPOT")
    assert pro_topics.parse(request, ws_key=PRO_SPOT) == [f"kline.SPOT:A-B_{interval}"]


@pytest.mark.parametrize("depth", topics.PRO_DEPTHS)
def test_every_pro_depth_is_taken(depth: str) -> None:
    request = topics.pro_book("AM", depth, trade_type="FUTURES")
    assert pro_topics.parse(request, ws_key=PRO_FUTURES) == [f"obu.FUTURES:AM@{depth}"]
