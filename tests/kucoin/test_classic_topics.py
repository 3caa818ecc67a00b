"""Topic texts: taken apart, grouped, and put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin import classic_topics

SPOT, SPOT_PRIVATE = "spotPublicV1", "spotPrivateV1"
FUTURES, FUTURES_PRIVATE = "futuresPublicV1", "futuresPrivateV1"


@pytest.mark.parametrize(
    ("topic", "ws_key", "single"),
    [
        pytest.param("/market/ticker:BTC-USDT", SPOT, ["/market/ticker:BTC-USDT"], id="one-symbol"),
        pytest.param(
            "/market/ticker:BTC-USDT,ETH-USDT",
            SPOT,
            ["/market/ticker:BTC-USDT", "/market/ticker:ETH-USDT"],
            id="joined-symbols",
        ),
        pytest.param("/market/ticker:all", SPOT, ["/market/ticker:all"], id="all-symbols"),
        pytest.param("/contract/announcement", FUTURES, ["/contract/announcement"], id="no-symbol"),
        pytest.param("/account/balance", SPOT_PRIVATE, ["/account/balance"], id="private"),
        pytest.param("/market/ticker:A-B", SPOT_PRIVATE, ["/market/ticker:A-B"], id="public-on-the-private-connection"),
        pytest.param(
            "/contractMarket/level2:XM", FUTURES_PRIVATE, ["/contractMarket/level2:XM"], id="same-for-futures"
        ),
        pytest.param(
            "/contractMarket/tradeOrders:XBTUSDTM",
            FUTURES_PRIVATE,
            ["/contractMarket/tradeOrders:XBTUSDTM"],
            id="optional-symbol",
        ),
        pytest.param("/new/channel:A,B", SPOT, ["/new/channel:A", "/new/channel:B"], id="unknown-path-is-let-through"),
        pytest.param("/market/candles:BTC-USDT_1hour", SPOT, ["/market/candles:BTC-USDT_1hour"], id="candles"),
        pytest.param("/a:b:c", SPOT, ["/a:b:c"], id="second-colon-belongs-to-the-symbol"),
        pytest.param("/market/ticker:A,A", SPOT, ["/market/ticker:A", "/market/ticker:A"], id="the-same-twice"),
    ],
)
def test_a_topic_text_is_split_into_single_topics(topic: str, ws_key: str, single: list[str]) -> None:
    """The exchange's pushes name single symbols, so that is what a subscriber is found by."""
    assert classic_topics.split(topic, ws_key=ws_key) == single


@pytest.mark.parametrize(
    ("topic", "ws_key", "text"),
    [
        pytest.param("", SPOT, "topics: a topic starts with a slash", id="empty"),
        pytest.param("/", SPOT, "topics: a topic starts with a slash", id="slash-alone"),
        pytest.param("/:A", SPOT, "topics: a topic starts with a slash", id="no-path"),
        pytest.param("market/ticker:A", SPOT, "topics: a topic starts with a slash", id="no-slash"),
        pytest.param("/market/ticker:", SPOT, "topics: an empty symbol", id="colon-without-symbol"),
        pytest.param("/market/ticker:A,,B", SPOT, "topics: an empty symbol", id="empty-symbol-inside"),
        pytest.param("/market/ticker:A,", SPOT, "topics: an empty symbol", id="comma-at-the-end"),
        pytest.param("/market/ticker: A", SPOT, "topics: must be printable ASCII without blanks", id="blank"),
        pytest.param("/market/ticker:A\n", SPOT, "topics: must be printable ASCII without blanks", id="line-end"),
        pytest.param("/market/ticker:é", SPOT, "topics: must be printable ASCII without blanks", id="not-ascii"),
        pytest.param(
            "/market,ticker:A", SPOT, "topics: must be printable ASCII without blanks", id="comma-in-the-path"
        ),
        pytest.param(
            "/account/balance",
            SPOT,
            f"topics: /account/balance belongs to the connection {SPOT_PRIVATE}",
            id="R14-private-on-public",
        ),
        pytest.param(
            "/market/ticker:A",
            FUTURES,
            f"topics: /market/ticker belongs to the connection {SPOT}",
            id="R14-spot-on-futures",
        ),
        pytest.param(
            "/contractMarket/ticker:A",
            SPOT_PRIVATE,
            f"topics: /contractMarket/ticker belongs to the connection {FUTURES}",
            id="R14-futures-on-private-spot",
        ),
        pytest.param(
            "/contractAccount/wallet",
            FUTURES,
            f"topics: /contractAccount/wallet belongs to the connection {FUTURES_PRIVATE}",
            id="R14-private-futures-on-public",
        ),
    ],
)
def test_R14_a_malformed_or_misplaced_topic_is_refused_by_name_and_rule(topic: str, ws_key: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        classic_topics.split(topic, ws_key=ws_key)
    assert str(caught.value).startswith(text)


def test_P06_a_long_malformed_topic_is_shown_cut_and_escaped() -> None:
    with pytest.raises(ConfigError) as caught:
        classic_topics.split("\u202e" * 10_000, ws_key=SPOT)
    assert len(str(caught.value)) < 1000
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("single", "size", "groups"),
    [
        pytest.param([], 100, [], id="none"),
        pytest.param(
            ["/market/ticker:A", "/market/ticker:B"], 100, [["/market/ticker:A", "/market/ticker:B"]], id="one-path"
        ),
        pytest.param(
            ["/market/ticker:A", "/market/match:A", "/market/ticker:B"],
            100,
            [["/market/ticker:A", "/market/ticker:B"], ["/market/match:A"]],
            id="two-paths",
        ),
        pytest.param(
            [f"/market/ticker:{s}" for s in "ABCDE"],
            2,
            [["/market/ticker:A", "/market/ticker:B"], ["/market/ticker:C", "/market/ticker:D"], ["/market/ticker:E"]],
            id="S15-more-than-a-frame-takes",
        ),
        pytest.param(
            ["/market/candles:A_1min", "/market/candles:B_1min"],
            100,
            [["/market/candles:A_1min"], ["/market/candles:B_1min"]],
            id="path-that-takes-one",
        ),
        pytest.param(
            ["/market/ticker:all", "/market/ticker:A"],
            100,
            [["/market/ticker:all"], ["/market/ticker:A"]],
            id="all-stands-alone",
        ),
        pytest.param(
            ["/new/channel:A", "/new/channel:B"],
            100,
            [["/new/channel:A"], ["/new/channel:B"]],
            id="unknown-path-is-not-joined",
        ),
        pytest.param(
            ["/contract/announcement", "/account/balance"],
            100,
            [["/contract/announcement"], ["/account/balance"]],
            id="no-symbols",
        ),
    ],
)
def test_S15_single_topics_are_grouped_as_frames_can_carry_them(
    single: list[str], size: int, groups: list[list[str]]
) -> None:
    assert classic_topics.group(single, size) == groups


@pytest.mark.parametrize(
    ("single", "text"),
    [
        pytest.param(["/contract/announcement"], "/contract/announcement", id="no-symbol"),
        pytest.param(["/market/ticker:A"], "/market/ticker:A", id="one"),
        pytest.param(["/market/ticker:A", "/market/ticker:B"], "/market/ticker:A,B", id="two"),
        pytest.param(["/a:b:c", "/a:d"], "/a:b:c,d", id="second-colon"),
    ],
)
def test_a_group_is_joined_into_one_text(single: list[str], text: str) -> None:
    assert classic_topics.join(single) == text


_PATHS = st.sampled_from([path for path, (home, _) in classic_topics.PATHS.items() if home == SPOT] + ["/new/channel"])
_SYMBOLS = st.lists(st.from_regex(r"[A-Z0-9]{1,5}(-[A-Z]{1,4})?(:[a-z])?", fullmatch=True) | st.just("all"), max_size=6)


@given(texts=st.lists(st.tuples(_PATHS, _SYMBOLS), max_size=8), size=st.integers(1, 5))
def test_split_group_and_join_keep_every_topic(texts: list[tuple[str, list[str]]], size: int) -> None:
    """Nothing is lost, nothing is added, and no frame is larger than the exchange takes."""
    single = []
    for path, symbols in texts:
        single += classic_topics.split(path + ":" + ",".join(symbols) if symbols else path, ws_key=SPOT)
    joined = [classic_topics.join(group) for group in classic_topics.group(single, size)]
    again = [classic_topics.split(text, ws_key=SPOT) for text in joined]
    assert sorted(topic for group in again for topic in group) == sorted(single)
    assert all(len(group) <= size for group in again)
