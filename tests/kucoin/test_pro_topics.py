"""Topics of the Pro V2 streams: from a user's parameters to a text, to the wire's parameters, and back from a push."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin import pro_topics
from kucoin_sync.protocol.dialect import TopicRequest
from kucoin_sync.protocol.json_text import loads

from . import samples

SPOT, FUTURES, PRIVATE = "spotPublicProV2", "futuresPublicProV2", "privateProV2"


def parse(topic: str, payload: dict[str, Any] | None = None, ws_key: str = SPOT) -> list[str]:
    return pro_topics.parse(TopicRequest(topic, payload), ws_key=ws_key)


ROWS = [
    ("ticker", {"tradeType": "SPOT", "symbol": "AB-CD"}, SPOT, "ticker.SPOT:AB-CD"),
    ("ticker", {"tradeType": "FUTURES", "symbol": "ABUSDTM"}, FUTURES, "ticker.FUTURES:ABUSDTM"),
    ("trade", {"tradeType": "FUTURES", "symbol": "ABUSDTM"}, FUTURES, "trade.FUTURES:ABUSDTM"),
    ("kline", {"tradeType": "SPOT", "symbol": "AB-CD", "interval": "6hour"}, SPOT, "kline.SPOT:AB-CD_6hour"),
    ("obu", {"tradeType": "SPOT", "symbol": "AB-CD", "depth": "1"}, SPOT, "obu.SPOT:AB-CD@1"),
    ("obu", {"tradeType": "SPOT", "symbol": "AB-CD", "depth": "increment"}, SPOT, "obu.SPOT:AB-CD@increment"),
    (
        "obu",
        {"tradeType": "FUTURES", "symbol": "ABUSDTM", "depth": "increment@10ms"},
        FUTURES,
        "obu.FUTURES:ABUSDTM@increment@10ms",
    ),
    (
        "obu",
        {"tradeType": "FUTURES", "symbol": "ABUSDTM", "depth": "50", "rpiFilter": 1},
        FUTURES,
        "obu.FUTURES:ABUSDTM@50+rpi",
    ),
    ("callAuctionInfo", {"symbol": "AB-CD"}, SPOT, "callAuctionInfo.SPOT:AB-CD"),
    ("mark-price", {"symbol": "ABUSDTM"}, FUTURES, "mark-price:ABUSDTM"),
    ("funding-fee", {"symbol": "ABUSDTM"}, FUTURES, "funding-fee:ABUSDTM"),
    ("funding-fee-all-symbols", {}, FUTURES, "funding-fee-all-symbols"),
    ("orderAll", {"tradeType": "UNIFIED"}, PRIVATE, "orderAll.UNIFIED"),
    ("order", {"tradeType": "UNIFIED", "symbol": "AB-CD"}, PRIVATE, "order.UNIFIED:AB-CD"),
    ("execution", {"tradeType": "MARGIN"}, PRIVATE, "execution.MARGIN"),
    ("execution.lite", {"tradeType": "UNIFIED"}, PRIVATE, "execution.lite.UNIFIED"),
    ("balance", {"accountType": "FUNDING"}, PRIVATE, "balance.FUNDING"),
    ("positionAll", {"tradeType": "CROSS"}, PRIVATE, "positionAll.CROSS"),
    ("position", {"tradeType": "UNIFIED", "symbol": "ABUSDTM"}, PRIVATE, "position.UNIFIED:ABUSDTM"),
    ("lw", {"tradeType": "UNIFIED"}, PRIVATE, "lw.UNIFIED"),
    ("leverage", {"tradeType": "FUTURES"}, PRIVATE, "leverage.FUTURES"),
]
"""Channel, its parameters as on the wire, connection, text."""

IDS = [text for *_, text in ROWS]


@pytest.mark.parametrize(("channel", "payload", "ws_key", "text"), ROWS, ids=IDS)
def test_a_channel_with_its_parameters_becomes_one_text(
    channel: str, payload: dict[str, Any], ws_key: str, text: str
) -> None:
    assert parse(channel, payload, ws_key) == [text]


@pytest.mark.parametrize(("channel", "payload", "ws_key", "text"), ROWS, ids=IDS)
def test_a_text_means_itself(channel: str, payload: dict[str, Any], ws_key: str, text: str) -> None:
    assert parse(text, None, ws_key) == [text]


@pytest.mark.parametrize(("channel", "payload", "ws_key", "text"), ROWS, ids=IDS)
def test_a_text_is_turned_into_the_parameters_of_the_wire(
    channel: str, payload: dict[str, Any], ws_key: str, text: str
) -> None:
    assert pro_topics.parameters(text) == {"channel": channel, **payload}
    assert pro_topics.parameters_of_group([text]) == {"channel": channel, **payload}


def test_every_channel_is_in_the_rows_above() -> None:
    assert {channel for channel, *_ in ROWS} == set(pro_topics.CHANNELS)


@pytest.mark.parametrize(
    ("topic", "payload", "ws_key", "texts"),
    [
        pytest.param(
            "ticker",
            {"tradeType": "SPOT", "symbols": ["A-B", "C-D"]},
            SPOT,
            ["ticker.SPOT:A-B", "ticker.SPOT:C-D"],
            id="list-of-symbols",
        ),
        pytest.param(
            "trade",
            {"tradeType": "SPOT", "symbols": ("A-B", "C-D")},
            SPOT,
            ["trade.SPOT:A-B", "trade.SPOT:C-D"],
            id="list-where-the-wire-takes-none",
        ),
        pytest.param(
            "funding-fee", {"symbol": "AM,BM"}, FUTURES, ["funding-fee:AM", "funding-fee:BM"], id="joined-symbols"
        ),
        pytest.param(
            "kline.SPOT:A-B_1min,C-D_1day",
            None,
            SPOT,
            ["kline.SPOT:A-B_1min", "kline.SPOT:C-D_1day"],
            id="joined-in-a-text",
        ),
        pytest.param("markPrice", {"symbol": "AM"}, FUTURES, ["mark-price:AM"], id="mark-price-of-the-node-client"),
        pytest.param("fundingFee", {"symbol": "AM"}, FUTURES, ["funding-fee:AM"], id="funding-fee-of-the-node-client"),
        pytest.param("markPrice:AM", None, FUTURES, ["mark-price:AM"], id="mark-price-of-the-node-client-as-text"),
        pytest.param(
            "ticker", {"tradeType": "spot", "symbol": "A-B"}, SPOT, ["ticker.SPOT:A-B"], id="trade-type-in-lower-case"
        ),
        pytest.param("obu.spot:A-B@5", None, SPOT, ["obu.SPOT:A-B@5"], id="text-in-lower-case"),
        pytest.param("orderall.unified", None, PRIVATE, ["orderAll.UNIFIED"], id="channel-in-lower-case"),
        pytest.param("risk.UNIFIED", None, PRIVATE, ["lw.UNIFIED"], id="other-name-of-a-push"),
        pytest.param(
            "obu",
            {"tradeType": "FUTURES", "symbol": "AM", "depth": 5, "rpiFilter": True},
            FUTURES,
            ["obu.FUTURES:AM@5+rpi"],
            id="depth-as-a-number",
        ),
        pytest.param(
            "obu",
            {"tradeType": "SPOT", "symbol": "A-B", "depth": "increment@10ms", "rpiFilter": "0"},
            SPOT,
            ["obu.SPOT:A-B@increment@10ms"],
            id="no-rpi-is-the-default",
        ),
        pytest.param(
            "callAuctionInfo",
            {"tradeType": "SPOT", "symbol": "A-B"},
            SPOT,
            ["callAuctionInfo.SPOT:A-B"],
            id="trade-type-that-goes-without-saying",
        ),
        pytest.param("callAuctionInfo:A-B", None, SPOT, ["callAuctionInfo.SPOT:A-B"], id="the-same-as-text"),
        pytest.param("funding-fee-all-symbols", {}, FUTURES, ["funding-fee-all-symbols"], id="no-parameters"),
        pytest.param(
            "newThing", {"tradeType": "SPOT", "b": 1, "a": "1"}, SPOT, ['newThing?a="1"&b=1&tradeType=SPOT'], id="new"
        ),
        pytest.param("newThing", None, PRIVATE, ["newThing"], id="new-channel-without-parameters"),
        pytest.param(
            "ticker?tradeType=SPOT&symbol=A-B", None, SPOT, ["ticker.SPOT:A-B"], id="known-channel-in-the-general-form"
        ),
    ],
)
def test_what_users_write_is_brought_into_one_form(
    topic: str, payload: dict[str, Any] | None, ws_key: str, texts: list[str]
) -> None:
    """The engine finds subscribers by the text, so one topic has one text."""
    assert parse(topic, payload, ws_key) == texts


BASE = {"tradeType": "SPOT", "symbol": "A-B"}
BOOK = {"tradeType": "FUTURES", "symbol": "AM", "depth": "5"}


@pytest.mark.parametrize(
    ("topic", "payload", "ws_key", "text"),
    [
        pytest.param("", None, SPOT, "must be a text that is not empty", id="empty"),
        pytest.param("ticker", None, SPOT, "ticker needs tradeType", id="nothing-but-the-channel"),
        pytest.param("ticker", {"symbol": "A-B"}, SPOT, "ticker needs tradeType", id="no-trade-type"),
        pytest.param("ticker", {"tradeType": "SPOT"}, SPOT, "ticker needs symbol", id="no-symbol"),
        pytest.param("ticker.SPOT:", None, SPOT, "ticker needs symbol", id="colon-without-symbol"),
        pytest.param("ticker.SPOT:A-B,,C-D", None, SPOT, "ticker needs symbol", id="empty-symbol-inside"),
        pytest.param("kline", BASE, SPOT, "kline needs interval", id="no-interval"),
        pytest.param("obu", BASE, SPOT, "obu needs depth", id="no-depth"),
        pytest.param("execution.lite", None, PRIVATE, "execution.lite needs tradeType", id="channel-with-a-dot"),
        pytest.param("balance", {"tradeType": "UNIFIED"}, PRIVATE, "balance has no parameter 'tradeType'", id="other"),
        pytest.param("ticker", {**BASE, "depth": "5"}, SPOT, "ticker has no parameter 'depth'", id="unknown-parameter"),
        pytest.param("ticker", {**BASE, "id": "1"}, SPOT, "ticker has no parameter 'id'", id="parameter-of-the-frame"),
        pytest.param("orderAll.UNIFIED:A-B", None, PRIVATE, "orderAll takes no symbol", id="symbol-too-many"),
        pytest.param("ticker", {**BASE, "symbols": ["C-D"]}, SPOT, "ticker takes symbol or symbols", id="both"),
        pytest.param("ticker", {"tradeType": "SPOT", "symbols": []}, SPOT, "symbols must be a list", id="empty-list"),
        pytest.param("ticker", {"tradeType": "SPOT", "symbols": "A-B"}, SPOT, "symbols must be a list", id="no-list"),
        pytest.param(
            "ticker", {**BASE, "tradeType": "UNIFIED"}, SPOT, "tradeType must be one of SPOT, FUTURES", id="t"
        ),
        pytest.param("ticker", {**BASE, "tradeType": None}, SPOT, "tradeType must be one of SPOT, FUTURES", id="none"),
        pytest.param("balance.MARGIN", None, PRIVATE, "accountType must be one of UNIFIED, FUNDING", id="account-type"),
        pytest.param("ticker", {**BASE, "symbol": "A B"}, SPOT, "symbol must be a text such as 'BTC-USDT'", id="blank"),
        pytest.param("ticker", {**BASE, "symbol": 5}, SPOT, "symbol must be a text such as 'BTC-USDT'", id="number"),
        pytest.param("ticker", {**BASE, "symbol": "é-B"}, SPOT, "symbol must be a text such", id="not-ascii"),
        pytest.param("ticker", {**BASE, "symbol": "AM"}, SPOT, "symbol must be a spot symbol", id="futures-symbol"),
        pytest.param("mark-price:A-B", None, FUTURES, "symbol must be a futures symbol", id="spot-symbol"),
        pytest.param("kline", {**BASE, "interval": "2min"}, SPOT, "interval must be one of 1min, 3min", id="interval"),
        pytest.param("kline.FUTURES:AM_6hour", None, FUTURES, "interval 6hour is served on spot only", id="6hour"),
        pytest.param("obu", {**BASE, "depth": "20"}, SPOT, "depth must be one of 1, 5, 50, increment@10ms", id="depth"),
        pytest.param("obu", {**BASE, "depth": True}, SPOT, "depth must be one of", id="flag-for-a-depth"),
        pytest.param("obu", {**BOOK, "rpiFilter": 2}, FUTURES, "rpiFilter must be 0 or 1, got 2", id="filter"),
        pytest.param("obu", {**BOOK, "rpiFilter": None}, FUTURES, "rpiFilter must be 0 or 1, got None", id="no-filter"),
        pytest.param("obu.SPOT:A-B@5+rpi", None, SPOT, "rpiFilter 1 is served with tradeType FUTURES", id="rpi-spot"),
        pytest.param("obu.FUTURES:AM@1+rpi", None, FUTURES, "rpiFilter 1 is served with", id="rpi-depth"),
        pytest.param(
            "ticker.FUTURES:AM",
            None,
            SPOT,
            f"ticker.FUTURES belongs to the connection {FUTURES}, not to {SPOT}",
            id="R14-futures-on-spot",
        ),
        pytest.param(
            "ticker", BASE, FUTURES, f"ticker.SPOT belongs to the connection {SPOT}", id="R14-spot-on-futures"
        ),
        pytest.param(
            "callAuctionInfo:A-B", None, FUTURES, "callAuctionInfo.SPOT belongs", id="R14-call-auction-on-futures"
        ),
        pytest.param("mark-price:AM", None, SPOT, "mark-price belongs", id="R14-mark-price-on-spot"),
        pytest.param("ticker", BASE, PRIVATE, "ticker.SPOT belongs", id="R14-public-on-private"),
        pytest.param("orderAll.UNIFIED", None, SPOT, "orderAll.UNIFIED belongs", id="R14-private-on-public"),
        pytest.param(
            "tickr.SPOT:A-B", None, SPOT, "no channel in 'tickr.SPOT:A-B'; there are ticker, kline", id="typo"
        ),
        pytest.param("orderAl.UNIFIED", None, PRIVATE, "no channel in 'orderAl.UNIFIED'", id="typo-without-symbol"),
        pytest.param("/market/ticker:A-B", None, SPOT, "no channel in '/market/ticker:A-B'", id="classic-topic"),
        pytest.param("/contract/announcement", None, FUTURES, "no channel in '/contract", id="classic-without-symbol"),
        pytest.param("ticker.SPOT", {"symbol": "A-B"}, SPOT, "must be the name of a channel", id="dot-and-parameters"),
        pytest.param("new thing", {"a": 1}, SPOT, "must be the name of a channel", id="blank-in-a-name"),
        pytest.param("newThing", {"a b": 1}, SPOT, "'a b' is no name of a parameter", id="blank-in-a-parameter"),
        pytest.param("newThing", {"action": "x"}, SPOT, "'action' is no name of a parameter", id="action"),
        pytest.param("newThing", {"a": float("nan")}, SPOT, "a must be a value that JSON has", id="nan"),
        pytest.param("newThing", {"a": object()}, SPOT, "a must be a value that JSON has", id="no-json"),
        pytest.param("newThing?=1", None, SPOT, "'' is no name of a parameter", id="no-name"),
        pytest.param("newThing?", None, SPOT, "must be the name of a channel", id="question-mark-alone"),
    ],
)
def test_R14_a_wrong_or_misplaced_topic_is_refused_by_name_and_rule(
    topic: str, payload: dict[str, Any] | None, ws_key: str, text: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(topic, payload, ws_key)
    assert str(caught.value).startswith(f"topics: {text}")


def test_R14_parameters_that_are_no_mapping_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^topics: the parameters of ticker must be a mapping$"):
        parse("ticker", [("tradeType", "SPOT")])  # type: ignore[arg-type]


def test_P06_a_long_malformed_topic_is_shown_cut_and_escaped() -> None:
    symbols = ["\u202e" * 10_000, "A" * 10_000]
    for payload in (None, *({"tradeType": "SPOT", "symbol": symbol} for symbol in symbols)):
        with pytest.raises(ConfigError) as caught:
            parse("\u202e" * 10_000 if payload is None else "ticker", payload)
        assert len(str(caught.value)) < 1000
        assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("single", "size", "groups"),
    [
        pytest.param([], 100, [], id="none"),
        pytest.param(
            ["ticker.SPOT:A-B", "trade.SPOT:A-B", "ticker.SPOT:C-D", "trade.SPOT:C-D"],
            100,
            [["ticker.SPOT:A-B", "ticker.SPOT:C-D"], ["trade.SPOT:A-B"], ["trade.SPOT:C-D"]],
            id="only-some-channels-share",
        ),
        pytest.param(
            ["funding-fee:AM", "ticker.FUTURES:AM", "funding-fee:BM"],
            100,
            [["funding-fee:AM", "funding-fee:BM"], ["ticker.FUTURES:AM"]],
            id="one-group-a-channel",
        ),
        pytest.param(
            [f"ticker.SPOT:{s}-X" for s in "ABC"],
            2,
            [["ticker.SPOT:A-X", "ticker.SPOT:B-X"], ["ticker.SPOT:C-X"]],
            id="S15-more-than-a-frame-takes",
        ),
        pytest.param(["orderAll.UNIFIED", "newThing?a=1"], 100, [["orderAll.UNIFIED"], ["newThing?a=1"]], id="alone"),
    ],
)
def test_S15_single_topics_are_grouped_as_frames_can_carry_them(
    single: list[str], size: int, groups: list[list[str]]
) -> None:
    assert pro_topics.group(single, size) == groups


@pytest.mark.parametrize(
    ("single", "joined"),
    [
        (
            ["ticker.SPOT:A-B", "ticker.SPOT:C-D"],
            {"channel": "ticker", "tradeType": "SPOT", "symbols": ["A-B", "C-D"]},
        ),
        (["funding-fee:AM", "funding-fee:BM"], {"channel": "funding-fee", "symbols": ["AM", "BM"]}),
        (["newThing?a=1"], {"channel": "newThing", "a": 1}),
    ],
    ids=["ticker", "funding-fee", "unknown"],
)
def test_a_group_is_said_in_one_set_of_parameters(single: list[str], joined: dict[str, Any]) -> None:
    assert pro_topics.parameters_of_group(single) == joined


PUSHES = [
    ('{"T":"ticker.SPOT","P":1,"d":{"s":"AB-CD","b":"1"}}', "ticker.SPOT:AB-CD"),
    ('{"T":"trade.FUTURES","P":1,"d":{"s":"ABUSDTM"}}', "trade.FUTURES:ABUSDTM"),
    ('{"T":"kline.SPOT","P":1,"d":{"s":"AB-CD","i":"1hour"}}', "kline.SPOT:AB-CD_1hour"),
    ('{"T":"obu.spot","dp":"5","t":"snapshot","d":{"s":"AB-CD","a":[["1","2"]],"b":[]}}', "obu.SPOT:AB-CD@5"),
    ('{"T":"obu.FUTURES","dp":"increment@10ms","t":"delta","d":{"s":"AM"}}', "obu.FUTURES:AM@increment@10ms"),
    ('{"T":"obu.FUTURES","dp":"50","d":{"s":"AM","a":[],"b":[["1","2","3"]]}}', "obu.FUTURES:AM@50+rpi"),
    ('{"T":"callAuctionInfo.SPOT","t":"snapshot","d":{"s":"AB-CD"}}', "callAuctionInfo.SPOT:AB-CD"),
    ('{"T":"mark-price","d":{"s":"AM"}}', "mark-price:AM"),
    ('{"T":"funding-fee","d":{"s":"AM"}}', "funding-fee:AM"),
    ('{"T":"funding-fee-all-symbols","d":[{"s":"AM"}]}', "funding-fee-all-symbols"),
    ('{"T":"orderAll.UNIFIED","d":{"s":"AB-CD"}}', "orderAll.UNIFIED"),
    ('{"T":"order.UNIFIED","d":{"s":"AB-CD"}}', "order.UNIFIED:AB-CD"),
    ('{"T":"execution.lite.UNIFIED","d":{"s":"AB-CD"}}', "execution.lite.UNIFIED"),
    ('{"T":"EXECUTION.unified","d":{"s":"AB-CD"}}', "execution.UNIFIED"),
    ('{"T":"balance.ISOLATED","d":{}}', "balance.ISOLATED"),
    ('{"T":"position.UNIFIED","d":{"s":"AM"}}', "position.UNIFIED:AM"),
    ('{"T":"positionAll.FUTURES","d":{"s":"AM"}}', "positionAll.FUTURES"),
    ('{"T":"risk.UNIFIED","d":{}}', "lw.UNIFIED"),
    ('{"T":"lw.UNIFIED","d":{}}', "lw.UNIFIED"),
    ('{"T":"leverage.UNIFIED","d":{}}', "leverage.UNIFIED"),
    ('{"T":"newThing.SPOT","d":{"s":"AB-CD"}}', "newThing.SPOT"),
    ('{"T":"ticker.SPOT","d":null}', "ticker.SPOT"),
    ('{"T":"obu.SPOT","d":{"s":"AB-CD"}}', "obu.SPOT:AB-CD"),
    ('{"T":"obu.SPOT","dp":"5","d":{"s":"AB-CD","a":5,"b":[[]]}}', "obu.SPOT:AB-CD@5"),
    ('{"T":7}', None),
    ('{"id":"1","result":true}', None),
]


@pytest.mark.parametrize(("text", "topic"), PUSHES, ids=[str(number) for number in range(len(PUSHES))])
def test_a_push_is_traced_to_its_topic(text: str, topic: str | None) -> None:
    """Whatever the exchange's spelling is, the topic is the one that was subscribed to."""
    assert pro_topics.topic_of(loads(text)) == topic


@pytest.mark.parametrize("sample", samples.parameters("messages.jsonl", ws_key=(SPOT, FUTURES, PRIVATE)))
def test_the_topic_of_every_sample_can_be_subscribed_to(sample: samples.Sample) -> None:
    topic = pro_topics.topic_of(sample.frame)
    assert topic is not None
    assert parse(topic, None, sample.row["ws_key"]) == [topic]


# Any topic.

_SPOT_SYMBOLS = st.from_regex(r"[A-Z0-9]{1,5}-[A-Z]{1,4}", fullmatch=True)
_FUTURES_SYMBOLS = st.from_regex(r"[A-Z0-9]{1,8}M", fullmatch=True)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    """Return the connection, the channel and right parameters of any topic."""
    channel = draw(st.sampled_from(sorted(pro_topics.CHANNELS.values(), key=lambda channel: channel.name)))
    kind = draw(st.sampled_from([*channel.homes]))
    home = channel.homes[kind]
    given: dict[str, Any] = {}
    if kind is not None and channel.kind not in channel.optional:
        given[str(channel.kind)] = kind
    if "symbol" in channel.arguments:
        either = {SPOT: _SPOT_SYMBOLS, FUTURES: _FUTURES_SYMBOLS}.get(home, _SPOT_SYMBOLS | _FUTURES_SYMBOLS)
        given["symbol"] = draw(either)
    if "interval" in channel.arguments:
        allowed = [i for i in pro_topics.INTERVALS if kind == "SPOT" or i != "6hour"]
        given["interval"] = draw(st.sampled_from(allowed))
    if "depth" in channel.arguments:
        given["depth"] = draw(st.sampled_from(pro_topics.DEPTHS))
        if kind == "FUTURES" and given["depth"] in ("5", "50") and draw(st.booleans()):
            given["rpiFilter"] = 1
    return home, channel.name, given


@given(request=requests())
def test_parameters_and_texts_are_two_forms_of_one_thing(request: tuple[str, str, dict[str, Any]]) -> None:
    ws_key, channel, payload = request
    [text] = parse(channel, payload, ws_key)
    assert pro_topics.parameters(text) == {"channel": channel, **payload}
    assert parse(text, None, ws_key) == [text]


@given(request=requests())
def test_a_push_of_a_topic_leads_back_to_it(request: tuple[str, str, dict[str, Any]]) -> None:
    ws_key, channel, payload = request
    [text] = parse(channel, payload, ws_key)
    level = ["1", "2"] + ["3"] * ("rpiFilter" in payload)
    push = {
        "T": text.partition(":")[0],
        "dp": payload.get("depth"),
        "d": {"s": payload.get("symbol"), "i": payload.get("interval"), "a": [level], "b": [level]},
    }
    assert pro_topics.topic_of(push) == text
    assert pro_topics.topic_of({**push, "T": push["T"].lower()}) == text


@given(several=st.lists(requests(), max_size=8), size=st.integers(1, 5))
def test_grouping_keeps_every_topic_and_every_group_can_be_said(
    several: list[tuple[str, str, dict[str, Any]]], size: int
) -> None:
    """Nothing is lost, nothing is added, and what a group says is what its topics are."""
    homes = {parse(channel, payload, ws_key)[0]: ws_key for ws_key, channel, payload in several}
    groups = pro_topics.group(list(homes), size)
    assert sorted(topic for one in groups for topic in one) == sorted(homes)
    for one in groups:
        assert len(one) <= size
        said = pro_topics.parameters_of_group(one)
        channel = str(said.pop("channel"))
        assert parse(channel, said, homes[one[0]]) == one


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(payload=st.dictionaries(st.from_regex(r"x[A-Za-z]{0,5}", fullmatch=True), _JSON, max_size=4))
def test_parameters_of_an_unknown_channel_survive_as_they_are(payload: dict[str, Any]) -> None:
    """A channel that the exchange adds tomorrow can be used today."""
    try:
        [text] = parse("newThing", payload)
    except ConfigError:
        # A lone surrogate: no text that can be sent.
        assert any("\\ud" in ascii(value) for value in payload.values())
        return
    assert parse(text) == [text]
    assert pro_topics.parameters(text) == {"channel": "newThing", **payload}


@given(topic=st.text(max_size=40) | st.from_regex(r"(ticker|obu|kline|order)(\.[A-Z]{0,6})?[:?].{0,20}"))
def test_any_text_is_a_topic_or_refused(topic: str) -> None:
    for ws_key in (SPOT, FUTURES, PRIVATE):
        try:
            texts = parse(topic, None, ws_key)
        except ConfigError:
            continue
        assert [again for text in texts for again in parse(text, None, ws_key)] == texts
        assert all(pro_topics.parameters(text)["channel"] for text in texts)


@given(frame=st.dictionaries(st.sampled_from(["T", "d", "dp", "t", "P"]), _JSON, max_size=5))
def test_any_frame_has_a_topic_or_none(frame: dict[str, Any]) -> None:
    topic = pro_topics.topic_of(frame)
    assert topic is None or isinstance(topic, str)


@given(
    channel=st.sampled_from(["ticker.SPOT", "obu.FUTURES", "kline.SPOT", "order.UNIFIED"]), payload=_JSON, depth=_JSON
)
def test_a_push_with_any_payload_has_a_topic(channel: str, payload: Any, depth: Any) -> None:
    topic = pro_topics.topic_of({"T": channel, "d": payload, "dp": depth})
    assert topic is not None and topic.startswith(channel)
