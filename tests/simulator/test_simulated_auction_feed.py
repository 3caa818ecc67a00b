"""Call auctions and the lending market on the classic spot stream and over REST."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests

from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.matching.symbols import Symbol
from kucoin_sync.simulator.spot.lending import LENDING_HOUSE
from tests.simulator.clients import LIMIT, Socket, get, on_venue, open_stream
from tests.simulator.samples import covers, form, sample_forms

Make = Callable[..., Simulator]

NOW_NS = 1_709_208_000_123_456_789
BOOK, DATA = "/callauction/level2Depth50:ABC-USDT", "/callauction/callauctionData:ABC-USDT"


@pytest.fixture
def auction(make: Make) -> Simulator:
    """A market whose only pair starts in a call auction."""
    pair = Symbol(
        "ABC-USDT",
        "ABC",
        "USDT",
        price_increment=Decimal("0.01"),
        initial_price=Decimal(1),
        call_auction=True,
        call_auction_floor=Decimal("0.5"),
        call_auction_ceiling=Decimal(2),
    )
    other = Symbol("XYZ-USDT", "XYZ", "USDT", price_increment=Decimal("0.01"))
    return make(symbols=(pair, other), clock=lambda: NOW_NS, push_interval_scale=0.0, limits="off")


@pytest.fixture
def reader(auction: Simulator) -> Iterator[Socket]:
    with open_stream(auction) as socket:
        yield socket


def expected(price: str, size: str) -> dict[str, object]:
    return {
        "symbol": "ABC-USDT",
        "estimatedPrice": price,
        "estimatedSize": size,
        "sellOrderRangeLowPrice": "0.5",
        "sellOrderRangeHighPrice": "2",
        "buyOrderRangeLowPrice": "0.5",
        "buyOrderRangeHighPrice": "2",
        "time": NOW_NS // 10**6,
    }


def test_running_auction_is_pushed_from_the_subscription_on(auction: Simulator, reader: Socket) -> None:
    reader.subscribe(BOOK, DATA)
    auction.counter_order("ABC-USDT", "buy", "10", "1.2")
    auction.counter_order("ABC-USDT", "sell", "4", "1.1")
    frames = reader.arrived()
    book = [frame for frame in frames if frame["topic"] == BOOK][-1]
    data = [frame for frame in frames if frame["topic"] == DATA][-1]
    assert book == {
        "topic": BOOK,
        "type": "message",
        "subject": "level2",
        "data": {"asks": [["1.1", "4"]], "bids": [["1.2", "10"]], "timestamp": NOW_NS // 10**6},
    }
    assert data == {
        "topic": DATA,
        "type": "message",
        "subject": "callauction.callauctionData",
        "data": expected(data["data"]["estimatedPrice"], "4"),
    }
    assert data["data"] == get(auction, "/api/v1/market/callauctionData?symbol=ABC-USDT")
    part = get(auction, "/api/v1/market/orderbook/callauction/level2_20?symbol=ABC-USDT")
    assert (part["asks"], part["bids"]) == (book["data"]["asks"], book["data"]["bids"])


def test_first_push_tells_the_present_state(auction: Simulator) -> None:
    auction.counter_order("ABC-USDT", "buy", "10", "1.2")
    with open_stream(auction) as reader:
        reader.send({"id": "1", "type": "subscribe", "topic": DATA, "response": True})
        assert reader.receive()["type"] == "ack"
        assert reader.receive()["data"] == expected("0", "0")


def test_after_the_auction_there_is_silence(auction: Simulator, reader: Socket) -> None:
    reader.subscribe(BOOK, DATA, "/callauction/level2Depth50:XYZ-USDT", "/callauction/callauctionData:XYZ-USDT")
    auction.counter_order("ABC-USDT", "buy", "10", "1.2")
    auction.counter_order("ABC-USDT", "sell", "4", "1.1")
    on_venue(auction, lambda venue: venue.exchange.end_call_auction("ABC-USDT"))
    assert auction.trades()[-1].size == 4
    reader.arrived()
    auction.counter_order("ABC-USDT", "buy", "1", "1")
    auction.counter_order("XYZ-USDT", "buy", "1", "1")
    assert reader.arrived() == []
    for path in ("callauctionData?", "orderbook/callauction/level2_100?"):
        answer = requests.get(f"{auction.url}/api/v1/market/{path}symbol=ABC-USDT", timeout=LIMIT).json()
        assert answer == {"code": "400100", "msg": "The symbol is not in a call auction."}


def test_book_of_an_auction_has_the_form_of_real_ones(auction: Simulator, reader: Socket) -> None:
    real = sample_forms("spotPublicV1", "/callauction/level2Depth50", "level2")
    reader.subscribe(BOOK)
    auction.counter_order("ABC-USDT", "buy", "10", "1.2")
    auction.counter_order("ABC-USDT", "sell", "4", "1.1")
    assert any(covers(form(reader.arrived()[-1]), frame, optional=set()) for frame in real)


FUNDING_BOOK = "/margin/fundingBook:BTC"


@pytest.fixture
def lending(make: Make) -> list[Any]:
    """What a reader of the lending book gets when two wishes to borrow and an offer to lend come in."""
    simulator = make(clock=lambda: NOW_NS)
    on_venue(simulator, lambda venue: venue.exchange.deposit(simulator.api_key, "BTC", "5", wallet="main"))
    with open_stream(simulator) as reader:
        reader.subscribe(FUNDING_BOOK, "/margin/fundingBook:ETH,USDT")
        for size in ("1017.5", "2"):
            on_venue(
                simulator,
                lambda venue, size=size: venue.exchange.lending.place(
                    LENDING_HOUSE, "borrow", "BTC", size, "0.00007", 7
                ),
            )
        on_venue(
            simulator,
            lambda venue: venue.exchange.lending.place(simulator.api_key, "lend", "BTC", "1", "0.0001", 14),
        )
        return reader.arrived()


def test_lending_book_is_pushed_change_by_change(lending: list[Any]) -> None:
    assert [
        (f["data"]["sequence"], f["data"]["side"], f["data"]["size"], f["data"]["term"], f["data"]["dailyIntRate"])
        for f in lending
    ] == [
        (1, "borrow", "1017.5", 7, "0.00007"),
        (2, "borrow", "1019.5", 7, "0.00007"),
        (3, "lend", "1", 14, "0.0001"),
    ]
    assert lending[0] == {
        "id": "000000000000000000000001",
        "type": "message",
        "topic": FUNDING_BOOK,
        "subject": "funding.update",
        "data": {
            "sequence": 1,
            "currency": "BTC",
            "dailyIntRate": "0.00007",
            "annualIntRate": "0.02555",
            "term": 7,
            "size": "1017.5",
            "side": "borrow",
            "ts": NOW_NS,
        },
    }


def test_lending_push_has_the_form_of_a_real_one(lending: list[Any]) -> None:
    assert form(lending[0]) in sample_forms("spotPublicV1", "/margin/fundingBook", "funding.update")
