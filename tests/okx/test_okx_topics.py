"""The topic functions and texts: what each spells, what is refused, and one function for every channel."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync import okx
from kucoin_sync.errors import ConfigError
from kucoin_sync.okx import topic_texts, topics
from kucoin_sync.okx.models.typed import MODELS
from kucoin_sync.okx.topic_table import BARS, CHANNEL_FAMILIES, CHANNELS, channel_of
from kucoin_sync.protocol.dialect import TopicRequest
from tests.okx.samples import dialect

CALLS: list[tuple[TopicRequest, str]] = [
    (topics.instruments("spot"), "instruments?instType=SPOT"),
    (topics.event_markets(), "event-contract-markets?instType=EVENTS"),
    (topics.tickers("A-B"), "tickers:A-B"),
    (topics.tickers("A-B", "C-D"), "tickers:A-B tickers:C-D"),
    (topics.trades("A-B"), "trades:A-B"),
    (topics.all_trades("A-B"), "trades-all:A-B"),
    (topics.candles("A-B", "C-D", length="1Dutc"), "candle1Dutc:A-B candle1Dutc:C-D"),
    (topics.mark_price_candles("A-B-SWAP", length="1H"), "mark-price-candle1H:A-B-SWAP"),
    (topics.index_candles("A-B", length="3M"), "index-candle3M:A-B"),
    (topics.option_trades(family="A-B"), "option-trades?instFamily=A-B&instType=OPTION"),
    (topics.call_auctions("A-B"), "call-auction-details:A-B"),
    (topics.open_interest("A-B-SWAP"), "open-interest:A-B-SWAP"),
    (topics.funding_rates("A-B-SWAP"), "funding-rate:A-B-SWAP"),
    (topics.price_limits("A-B-SWAP"), "price-limit:A-B-SWAP"),
    (topics.option_summaries("A-B"), "opt-summary?instFamily=A-B"),
    (topics.estimated_prices("FUTURES", family="A-B"), "estimated-price?instFamily=A-B&instType=FUTURES"),
    (topics.mark_prices("A-B"), "mark-price:A-B"),
    (topics.index_tickers("A-B"), "index-tickers:A-B"),
    (topics.liquidations("SWAP"), "liquidation-orders?instType=SWAP"),
    (topics.deleverage_warnings("SWAP"), "adl-warning?instType=SWAP"),
    (topics.system_status(), "status"),
    (topics.block_trades("A-B"), "public-block-trades:A-B"),
    (topics.block_tickers("A-B"), "block-tickers:A-B"),
    (topics.structure_block_trades(), "public-struc-block-trades"),
    (topics.spread_trades("A-B_A-B-SWAP"), "sprd-public-trades:A-B_A-B-SWAP"),
    (topics.spread_tickers("A-B_A-B-SWAP"), "sprd-tickers:A-B_A-B-SWAP"),
    (topics.spread_candles("A-B_A-B-SWAP", length="1D"), "sprd-candle1D:A-B_A-B-SWAP"),
    (topics.spread_orders(), "sprd-orders"),
    (topics.spread_fills("A-B_A-B-SWAP"), "sprd-trades:A-B_A-B-SWAP"),
    (topics.orders(), "orders?instType=ANY"),
    (topics.orders("SPOT", instrument="A-B"), "orders?instId=A-B&instType=SPOT"),
    (topics.fills(), "fills"),
    (topics.account("A"), "account?ccy=A"),
    (topics.account(update_interval="0"), 'account?extraParams={"updateInterval":"0"}'),
    (topics.positions(), "positions?instType=ANY"),
    (topics.positions(update_interval="2000"), 'positions?extraParams={"updateInterval":"2000"}&instType=ANY'),
    (topics.balances_and_positions(), "balance_and_position"),
    (topics.liquidation_warnings(), "liquidation-warning?instType=ANY"),
    (topics.greeks(), "account-greeks"),
    (topics.algo_orders(), "orders-algo?instType=ANY"),
    (topics.advanced_algo_orders("SPOT", algo_id="5"), "algo-advance?algoId=5&instType=SPOT"),
    (topics.spot_grids(), "grid-orders-spot?instType=ANY"),
    (topics.contract_grids(), "grid-orders-contract?instType=ANY"),
    (topics.grid_positions("5"), "grid-positions?algoId=5"),
    (topics.grid_sub_orders("5"), "grid-sub-orders?algoId=5"),
    (topics.recurring_buys(), "algo-recurring-buy?instType=SPOT"),
    (topics.lead_notifications(), "copytrading-lead-notification?instType=SWAP"),
    (topics.deposits(), "deposit-info"),
    (topics.withdrawals("A"), "withdrawal-info?ccy=A"),
    (topics.economic_calendar(), "economic-calendar"),
    (topics.quote_requests(), "rfqs"),
    (topics.quotes(), "quotes"),
    (topics.structure_blocks(), "struc-block-trades"),
    *[(topics.book("A-B", channel=channel), f"{channel}:A-B") for channel in topics.BOOKS],
    *[(topics.spread_book("S_T", channel=channel), f"{channel}:S_T") for channel in topics.SPREAD_BOOKS],
]


@pytest.mark.parametrize(("request_", "texts"), CALLS, ids=[texts for _, texts in CALLS])
def test_a_function_spells_its_topics(request_: TopicRequest, texts: str) -> None:
    """The same by the text alone, and back from what the wire says."""
    spelled = [topic for topic, _ in topic_texts.single(request_)]
    assert spelled == texts.split(" ")
    for text in spelled:
        assert [topic for topic, _ in topic_texts.single(TopicRequest(text))] == [text]
        arg = topic_texts.arg_of(text)
        assert topic_texts.topic_of({**arg, "uid": "77"}) == text
        assert topic_texts.topic_of(dict(reversed(list(arg.items())))) == text


def test_every_channel_has_a_function() -> None:
    rows = [channel_of(request.topic) for request, _ in CALLS]
    assert {row.name for row in rows if row is not None} == {*CHANNELS, *CHANNEL_FAMILIES}


def test_a_function_says_where_its_channel_is_served_and_which_model_it_has() -> None:
    for request, _ in CALLS:
        row = channel_of(request.topic)
        assert row is not None
        makers = [
            getattr(topics, name).__doc__
            for name in topics.__all__
            if callable(getattr(topics, name))
            and re.search(
                rf'"{re.escape(request.topic)}"|``{re.escape(request.topic)}``', getattr(topics, name).__doc__
            )
        ]
        assert len(makers) == 1 or "candle" in request.topic, request.topic
        for text in makers:
            assert f"On the {row.path} connection" in text
            assert ("with an account" in text) is row.login or row.name.startswith("books")
            model = MODELS.get(row.name)
            assert (f"`models.{model.__name__}`" if model else "no model") in text


REFUSED: list[tuple[Any, dict[str, Any] | None, str]] = [
    ("", None, "not empty"),
    ("tickers", None, "tickers needs instId"),
    ("orders:BTC-USDT", None, "orders needs instType"),
    ("tickers", {"instId": "BTC USDT"}, "instId of tickers must be a text"),
    ("tickers", {"instId": 5}, "instId of tickers must be a text"),
    ("tickers", {"instId": []}, "a list that is not empty"),
    ("tickers", {"instId": ["A"], "ccy": ["B"]}, "one filter of tickers may be a list"),
    ("tickers", {"uid": "5", "instId": "A"}, "no name of a filter"),
    ("tickers", {"inst-id": "5"}, "no name of a filter"),
    ("/market/ticker", None, "name of a channel"),
    ("account", {"extraParams": "a&b"}, "extraParams of account"),
    (None, None, "must be a text"),
    ("tickers", [1], "must be a mapping"),
]


@pytest.mark.parametrize(("topic", "payload", "words"), REFUSED)
def test_a_malformed_topic_is_refused_with_the_rule(topic: Any, payload: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        topic_texts.single(TopicRequest(topic, payload))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: topics.tickers(), "instruments: must be at least one"),
        (lambda: topics.candles("A-B", length="1min"), "length: must be one of 1s, 1m"),
        (lambda: topics.orders("STOCK"), "kind: must be one of SPOT"),
        (lambda: topics.book("A-B", channel="book"), "channel: must be one of books"),
        (lambda: topics.account(update_interval="1"), "update_interval: must be one of 0"),
        (lambda: topics.tickers("A B"), "instId of tickers"),
    ],
)
def test_an_argument_that_breaks_a_rule_is_named(make: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make()


@pytest.mark.parametrize("length", ["", "2m", "1d", "1mutc"])
def test_a_candle_of_a_length_that_does_not_exist_is_not_known(length: str) -> None:
    assert channel_of(f"candle{length}") is None
    assert all(channel_of(f"candle{bar}") is CHANNEL_FAMILIES["candle"] for bar in BARS)


@pytest.mark.parametrize("path", ["public", "private", "business"])
def test_R14_okx_a_line_takes_the_channels_of_its_path_only(path: str) -> None:
    line = dialect(path, login=True)
    for request, _ in CALLS:
        row = channel_of(request.topic)
        assert row is not None
        if row.path == path:
            assert line.single_topics(request)
        else:
            with pytest.raises(ConfigError, match=f"is a {row.path} channel"):
                line.single_topics(request)


@given(st.lists(st.text("ABCDEFGHIJ-", min_size=1, max_size=60), min_size=1, max_size=3000, unique=True))
@settings(max_examples=50)
def test_S15_okx_no_frame_is_larger_than_the_exchange_takes(names: list[str]) -> None:
    """64 KB; every topic is in one frame, in order."""
    line = dialect("public")
    wanted = [f"tickers:{name}" for name in names]
    groups = line.group_topics(wanted)
    assert [topic for group in groups for topic in group] == wanted
    for group in groups:
        assert len(line.encode_subscribe(group, request_id="x" * 32).encode()) <= 65_536


def test_many_topics_are_as_few_frames_as_they_can_be() -> None:
    """Each counts among 480 an hour, however many topics it has."""
    line = dialect("private", login=True)
    wanted = [f'positions?extraParams={{"updateInterval":"{n}"}}&instType=ANY' for n in range(1500)]
    groups = line.group_topics(wanted)
    sizes = [len(line.encode_subscribe(group, request_id="x" * 32).encode()) for group in groups]
    assert max(sizes) <= 65_536
    assert all(size > 55_000 for size in sizes[:-1])


@pytest.mark.parametrize(
    ("args", "spelled"),
    [
        ({"instIdCode": 1}, {"args": [{"instIdCode": 1}]}),
        ([{"a": "1"}, {"a": "2"}], {"args": [{"a": "1"}, {"a": "2"}]}),
    ],
)
def test_a_request_has_its_arguments_in_a_list(args: Any, spelled: dict[str, Any]) -> None:
    line = dialect("private", login=True)
    frame = json.loads(line.encode_request("order", args, request_id="7"))
    assert frame == {"id": "7", "op": "order", **spelled}
    frame = json.loads(line.encode_request("order", args, request_id="7", expires_ms=1597026383085))
    assert frame == {"id": "7", "op": "order", "expTime": "1597026383085", **spelled}
    with pytest.raises(ConfigError, match="requests need a line of an account"):
        dialect("public").encode_request("order", args, request_id="7")


def test_models_and_topics_show_all_they_have() -> None:
    """What cannot be named from outside is of no use, and the lists are in the order a linter keeps."""
    shown = {"models": ("account", "market", "values"), "topics": ("accounts", "market", "spreads")}
    for part, modules in shown.items():
        package = getattr(okx, part)
        inner = {name for module in modules for name in getattr(package, module).__all__}
        assert set(package.__all__) == inner | {"models": {"Model", "Unmodelled"}, "topics": {"BARS"}}[part]
    for names in (okx.__all__, okx.models.__all__, okx.topics.__all__):
        assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
        assert len(set(names)) == len(names)


def test_every_public_class_and_function_says_what_it_is_for() -> None:
    for package in (okx, okx.models, okx.topics):
        for name in package.__all__:
            thing = getattr(package, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                assert inspect.getdoc(thing), name
    for name, member in vars(okx.WebsocketClient).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            assert inspect.getdoc(member), name
