"""What KuCoin's order book messages say to a local book."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.books.live_book import UNREADABLE
from kucoin_sync.books.order_book import BookDelta, BookShape, OrderBook
from kucoin_sync.events import BookSnapshot, Update
from kucoin_sync.kucoin.books import read_futures_change, read_number, read_pro_book, read_spot_changes
from tests.kucoin.samples import ORIGIN, PRO_ORIGIN, Sample, classic, parameters, pro

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def spot(**changed: Any) -> dict[str, Any]:
    data = {
        "changes": {
            "asks": [["18906", "0.00331", "14103845"], ["18907.3", "0.58751503", "14103844"]],
            "bids": [["18891.9", "0", "14103847"], ["0", "0", "14103846"]],
        },
        "sequenceEnd": 14103847,
        "sequenceStart": 14103844,
        "symbol": "BTC-USDT",
        "time": 1663747970273,
    }
    return {**data, **changed}


def pro_data(**changed: Any) -> dict[str, Any]:
    return {"a": [], "b": [["65739.9", "0"]], "C": 58, "s": "XBTUSDTM", "M": 1781666796658000000, "O": 50, **changed}


def test_a_spot_message_covers_a_range_and_each_change_has_its_number() -> None:
    """One at the price 0 only moves the sequence."""
    assert read_spot_changes(spot(), read_number) == BookDelta(
        14103844,
        14103847,
        [(Decimal("18891.9"), Decimal(0), 14103847)],
        [(Decimal(18906), Decimal("0.00331"), 14103845), (Decimal("18907.3"), Decimal("0.58751503"), 14103844)],
        1663747970273000000,
    )


@pytest.mark.parametrize(("side", "index"), [("buy", 2), ("sell", 3)])
def test_a_futures_message_is_one_change(side: str, index: int) -> None:
    data = {"sequence": 7, "change": f"83614.5,{side},12", "timestamp": 1790113097240}
    delta = read_futures_change(data, read_number)
    assert (delta.first, delta.last, delta.time_ns) == (7, 7, 1790113097240000000)
    assert delta[index] == ((Decimal("83614.5"), Decimal(12), 7),)
    assert delta[5 - index] == ()


def test_a_pro_message_is_a_snapshot_or_covers_a_range() -> None:
    assert read_pro_book("delta", pro_data(), read_number) == BookDelta(
        50, 58, [(Decimal("65739.9"), Decimal(0), 58)], [], 1781666796658000000
    )
    whole = read_pro_book("snapshot", pro_data(O=58, b=[["65739.9", "3"]]), read_number)
    assert whole == BookSnapshot("XBTUSDTM", 58, ((Decimal("65739.9"), Decimal(3)),), (), 1781666796658000000)


@pytest.mark.parametrize(
    "data",
    [
        spot(sequenceStart=14103848),
        spot(sequenceStart="14103844"),
        spot(sequenceStart=True),
        spot(sequenceStart=-1),
        spot(changes=None),
        spot(changes={"asks": [["1", "2"]], "bids": []}),
        spot(changes={"asks": [[1.5, "2", "3"]], "bids": []}),
        spot(changes={"asks": [["1", "NaN", "3"]], "bids": []}),
        spot(changes={"asks": [["1", "-1", "3"]], "bids": []}),
        spot(changes={"asks": [["1e999", "1", "3"]], "bids": []}),
        spot(changes={"asks": [["1" * 65, "1", "3"]], "bids": []}),
        spot(changes={"asks": []}),
        [],
        None,
    ],
)
def test_what_makes_no_sense_is_no_change(data: Any) -> None:
    with pytest.raises(UNREADABLE):
        read_spot_changes(data, read_number)


@given(JSON)
def test_whatever_a_message_holds_is_read_or_is_an_error_that_the_book_knows(data: Any) -> None:
    """The reading thread hands them over: nothing else may be raised."""
    for read in (
        lambda: read_spot_changes(data, read_number),
        lambda: read_futures_change(data, read_number),
        lambda: read_pro_book("delta", data, read_number),
        lambda: read_pro_book("snapshot", data, read_number),
        lambda: read_spot_changes(spot(changes=data), read_number),
        lambda: read_futures_change({"sequence": 1, "change": data}, read_number),
        lambda: read_pro_book("delta", pro_data(b=data), read_number),
    ):
        try:
            read()
        except UNREADABLE:
            pass


READERS: dict[str, Any] = {
    "/market/level2:": lambda update: read_spot_changes(update.data, read_number),
    "/contractMarket/level2:": lambda update: read_futures_change(update.data, read_number),
    "obu.": lambda update: read_pro_book(update.subject, update.data, read_number),
}


@pytest.mark.parametrize(
    "sample",
    parameters("messages.jsonl", ws_key=("spotPublicV1", "futuresPublicV1", "spotPublicProV2", "futuresPublicProV2")),
)
def test_every_book_message_of_the_exchange_is_read(sample: Sample) -> None:
    key = sample.row["ws_key"]
    dialect, origin = (pro(key), PRO_ORIGIN) if "Pro" in key else (classic(key), ORIGIN)
    update = dialect.decode(sample.text, 0.0, origin)
    assert isinstance(update, Update)
    read = next((reader for start, reader in READERS.items() if update.topic.startswith(start)), None)
    if read is None or update.topic.endswith("+rpi"):
        return
    message = read(update)
    assert message.time_ns > 10**18
    if isinstance(message, BookSnapshot):
        book = OrderBook(message, BookShape())
        assert book.view(None) == message
        assert update.sequence == message.sequence
    else:
        assert message.bids or message.asks
        assert update.sequence == message.last
