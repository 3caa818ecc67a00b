"""Public topics of the classic futures stream and the market calls of its host, over real connections."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests

from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.classic.futures_public_feed import FUTURES_INTERVALS
from kucoin_sync.simulator.classic.futures_public_frames import announcement_payload, funding_rate_payload
from kucoin_sync.simulator.futures.events import FundingRateChanged, FundingSettled, FuturesOrderState
from tests.simulator.clients import LIMIT, Socket, contract_order, get, on_venue, open_stream
from tests.simulator.samples import covers, form, sample_forms

Make = Callable[..., Simulator]

NOON = 1_709_208_000
NOW_NS = NOON * 10**9 + 123_456_789
NOW_MS = NOW_NS // 10**6
XBT = "XBTUSDTM"


class Market:
    """A quiet futures market whose clock stands until it is moved."""

    def __init__(self, make: Make) -> None:
        self.now_ns = NOW_NS
        self.simulator = make(
            clock=lambda: self.now_ns,
            push_interval_scale=0.0,
            step_interval=0.005,
            limits="off",
        )

    def order(self, side: str, size: int, price: str | None = None, *, symbol: str = XBT) -> FuturesOrderState:
        return contract_order(self.simulator, side, size, price, symbol=symbol)

    def ladder(self, levels: int = 7) -> None:
        """Quote 60001, 60002 ... and 59999, 59998 ... with 1, 2 ... contracts."""
        for level in range(1, levels + 1):
            self.order("sell", level, str(60000 + level))
            self.order("buy", level, str(60000 - level))

    def sequence(self) -> int:
        return int(self.get(f"/api/v1/level2/snapshot?symbol={XBT}")["sequence"])

    def get(self, path: str) -> Any:
        return get(self.simulator, path, host="/futures")


@pytest.fixture
def market(make: Make) -> Market:
    return Market(make)


@pytest.fixture
def reader(market: Market) -> Iterator[Socket]:
    with open_stream(market.simulator, host="/futures") as socket:
        yield socket


def of(topic: str, frames: list[Any]) -> list[Any]:
    return [frame for frame in frames if frame["topic"] == topic]


# Frame by frame.


def test_ticker_v2_comes_with_every_change_of_the_top(market: Market, reader: Socket) -> None:
    topic = f"/contractMarket/tickerV2:{XBT}"
    reader.subscribe(topic)
    market.order("sell", 5, "60001")
    market.order("buy", 3, "59999")
    market.order("buy", 4, "59998")  # not the top
    frames = reader.arrived()
    sequence = market.sequence() - 1
    assert [frame["data"]["bestBidSize"] for frame in frames] == [0, 3]
    assert frames[-1] == {
        "topic": topic,
        "type": "message",
        "subject": "tickerV2",
        "sn": sequence,
        "data": {
            "symbol": XBT,
            "sequence": sequence,
            "bestBidSize": 3,
            "bestBidPrice": "59999",
            "bestAskPrice": "60001",
            "bestAskSize": 5,
            "ts": NOW_NS,
        },
    }


def test_ticker_comes_with_every_trade(market: Market, reader: Socket) -> None:
    topic = f"/contractMarket/ticker:{XBT}"
    market.ladder(3)
    reader.subscribe(topic)
    market.order("buy", 2)
    frames = reader.arrived()
    assert [(f["data"]["price"], f["data"]["size"], f["data"]["side"]) for f in frames] == [
        ("60001", 1, "buy"),
        ("60002", 1, "buy"),
    ]
    data = frames[-1]["data"]
    assert (data["bestAskPrice"], data["bestAskSize"], data["bestBidPrice"], data["ts"]) == (
        "60002",
        1,
        "59999",
        NOW_NS,
    )
    assert frames[-1]["sn"] == data["sequence"] == market.sequence()
    assert data == market.get(f"/api/v1/ticker?symbol={XBT}")


def test_increments_are_one_change_a_frame(market: Market, reader: Socket) -> None:
    topic = f"/contractMarket/level2:{XBT}"
    market.ladder(2)
    reader.subscribe(topic)
    before = market.sequence()
    market.order("buy", 4, "60002")
    frames = reader.arrived()
    assert [frame["data"]["change"] for frame in frames] == ["60001,sell,0", "60002,sell,0", "60002,buy,1"]
    assert frames[0] == {
        "topic": topic,
        "type": "message",
        "subject": "level2",
        "sn": before + 1,
        "data": {"sequence": before + 1, "change": "60001,sell,0", "timestamp": NOW_MS},
    }


@pytest.mark.parametrize("depth", [5, 50])
def test_depth_comes_again_when_nothing_changed(market: Market, reader: Socket, depth: int) -> None:
    topic = f"/contractMarket/level2Depth{depth}:{XBT}"
    market.ladder()
    reader.subscribe(topic, f"/contractMarket/level2Depth{depth}:XXXUSDTM")
    first, second = reader.next_of(topic), reader.next_of(topic)
    shown = range(1, min(depth, 7) + 1)
    assert first == second
    assert first == {
        "topic": topic,
        "type": "message",
        "subject": "level2",
        "sn": NOW_MS,
        "data": {
            "bids": [[str(60000 - level), level] for level in shown],
            "asks": [[str(60000 + level), level] for level in shown],
            "sequence": market.sequence(),
            "timestamp": NOW_MS,
            "ts": NOW_MS,
        },
    }


def test_candles_hold_contracts_and_turnover(market: Market, reader: Socket) -> None:
    market.ladder(3)
    one, week = f"/contractMarket/limitCandle:{XBT}_1min", f"/contractMarket/limitCandle:{XBT}_1week"
    reader.subscribe(one, week, f"/contractMarket/limitCandle:{XBT}_6hour")
    market.order("buy", 2)
    frames = reader.arrived()
    assert {frame["topic"] for frame in frames} == {one, week}
    assert of(one, frames)[-1] == {
        "topic": one,
        "type": "message",
        "subject": "candle.stick",
        "data": {
            "symbol": XBT,
            "candles": [str(NOON), "60001", "60002", "60002", "60001", "120.003", "2"],
            "time": NOW_MS,
        },
    }
    assert of(week, frames)[-1]["data"]["candles"][0] == "1709164800"


def test_candle_that_ends_while_its_push_waits_goes_out_complete(make: Make) -> None:
    market = Market(lambda **options: make(**{**options, "push_interval_scale": 0.2}))
    market.ladder()
    topic = f"/contractMarket/limitCandle:{XBT}_1min"
    with open_stream(market.simulator, host="/futures") as reader:
        reader.subscribe(topic)
        market.order("buy", 1)
        assert reader.next_of(topic)["data"]["candles"][6] == "1"
        market.order("buy", 1)
        market.now_ns += 60 * 10**9
        market.order("buy", 1)
        rows = [reader.next_of(topic)["data"]["candles"] for _ in range(2)]
    assert [(int(row[0]) - NOON, row[6]) for row in rows] == [(0, "2"), (60, "1")]


def test_execution(market: Market, reader: Socket) -> None:
    topic = f"/contractMarket/execution:{XBT}"
    reader.subscribe(topic, "/contractMarket/execution:BTC-USDT")
    maker = market.order("sell", 5, "60001")
    taker = market.order("buy", 2)
    market.simulator.counter_order("BTC-USDT", "sell", "1", "60000")
    market.simulator.counter_order("BTC-USDT", "buy", "1", "60000")
    (frame,) = reader.arrived()
    number = frame["sn"]
    assert frame == {
        "topic": topic,
        "type": "message",
        "subject": "match",
        "sn": number,
        "data": {
            "symbol": XBT,
            "sequence": number,
            "side": "buy",
            "size": 2,
            "price": "60001",
            "takerOrderId": taker.order_id,
            "makerOrderId": maker.order_id,
            "tradeId": str(number),
            "ts": NOW_NS,
        },
    }


def test_mark_and_index_price_come_every_second_of_the_clock(market: Market, reader: Socket) -> None:
    topic = f"/contract/instrument:{XBT}"
    on_venue(market.simulator, lambda venue: venue.futures.set_index_price(XBT, "60123.45"))
    reader.subscribe(topic)
    for second in (1, 2):
        market.now_ns += 10**9
        assert reader.next_of(topic) == {
            "topic": topic,
            "type": "message",
            "subject": "mark.index.price",
            "data": {
                "markPrice": Decimal("60123.45"),
                "indexPrice": Decimal("60123.45"),
                "granularity": 1000,
                "timestamp": (NOON + second) * 1000,
            },
        }


def test_funding_rate_comes_every_minute_of_the_clock(market: Market, reader: Socket) -> None:
    reader.subscribe(f"/contract/instrument:{XBT}")
    market.now_ns += 60 * 10**9
    frame = reader.receive()
    while frame["subject"] != "funding.rate":
        frame = reader.receive()
    rate = on_venue(market.simulator, lambda venue: venue.futures.funding[XBT].rate)
    assert frame["data"] == {
        "period": 1,
        "granularity": 60000,
        "fundingRate": rate,
        "timestamp": NOW_MS + 60_000,
    }


def test_settlement_is_announced_without_a_symbol_in_the_topic(market: Market, reader: Socket) -> None:
    reader.subscribe("/contract/announcement")
    on_venue(market.simulator, lambda venue: venue.futures.settle_funding(XBT, "-0.0003"))
    frames = reader.arrived()
    assert [frame["subject"] for frame in frames] == ["funding.begin", "funding.end"]
    assert frames[0]["topic"] == "/contract/announcement"
    data = frames[0]["data"]
    assert (data["symbol"], data["fundingRate"], data["timestamp"]) == (XBT, Decimal("-0.0003"), NOW_MS)
    assert isinstance(data["fundingTime"], int)


def test_settled_rate_bears_the_interval() -> None:
    hours = 8 * 3600 * 10**9
    rate = FundingRateChanged(XBT, Decimal("0.0001"), Decimal("0.0002"), NOW_NS, NOW_NS + hours, hours, True, NOW_NS)
    assert funding_rate_payload(rate) == {
        "period": 1,
        "granularity": 28_800_000,
        "fundingRate": Decimal("0.0002"),
        "timestamp": NOW_MS,
    }
    settled = FundingSettled(XBT, "end", Decimal("0.0002"), NOON * 10**9, NOW_NS)
    assert announcement_payload(settled) == {
        "symbol": XBT,
        "fundingTime": NOON * 1000,
        "fundingRate": Decimal("0.0002"),
        "timestamp": NOW_MS,
    }


def test_snapshot_of_a_day(market: Market, reader: Socket) -> None:
    topic = f"/contractMarket/snapshot:{XBT}"
    market.ladder(3)
    market.order("buy", 2)
    reader.subscribe(topic, "/contractMarket/snapshot:XXXUSDTM")
    frame = reader.next_of(topic)
    rate = on_venue(market.simulator, lambda venue: venue.futures.funding[XBT].rate)
    assert frame == {
        "topic": topic,
        "type": "message",
        "subject": "snapshot.24h",
        "data": {
            "fundingRate": rate,
            "highPrice": 60002,
            "lastPrice": 60002,
            "lowPrice": 60001,
            "price24HoursBefore": 60000,
            "priceChg": 2,
            "priceChgPct": 0,
            "symbol": XBT,
            "ts": NOW_NS,
            "turnover": Decimal("120.003"),
            "volume": Decimal("0.002"),
        },
    }


def test_inverse_contract_is_worth_dollars_and_moves_coins(market: Market) -> None:
    market.order("sell", 300, "60000", symbol="XBTUSDM")
    market.order("buy", 120, symbol="XBTUSDM")
    data = on_venue(market.simulator, lambda venue: venue.futures_market.statistics("XBTUSDM"))
    assert (data.turnover, data.volume, data.average_price) == (120, Decimal("0.002"), 60000)


CHANNELS = [
    ("/contractMarket/tickerV2", XBT, "tickerV2"),
    ("/contractMarket/level2", XBT, "level2"),
    ("/contractMarket/level2Depth5", XBT, "level2"),
    ("/contractMarket/level2Depth50", XBT, "level2"),
    ("/contractMarket/limitCandle", f"{XBT}_1min", "candle.stick"),
    ("/contractMarket/execution", XBT, "match"),
    ("/contract/instrument", XBT, "mark.index.price"),
    ("/contract/instrument", XBT, "funding.rate"),
    ("/contractMarket/snapshot", XBT, "snapshot.24h"),
    ("/contract/announcement", "", "funding.begin"),
]


@pytest.mark.parametrize(("path", "argument", "subject"), CHANNELS)
def test_frames_have_the_form_of_real_ones(
    market: Market, reader: Socket, path: str, argument: str, subject: str
) -> None:
    real = sample_forms("futuresPublicV1", path, subject)
    topic = f"{path}:{argument}" if argument else path
    reader.subscribe(topic)
    market.ladder(3)
    market.order("buy", 1)
    on_venue(market.simulator, lambda venue: venue.futures.settle_funding(XBT))
    market.now_ns += 60 * 10**9
    frame = reader.next_of(topic)
    while frame["subject"] != subject or frame["data"].get("bids") == []:
        frame = reader.next_of(topic)
    # A capture without an id has a rate, one with an id none: both were seen.
    assert any(covers(form(frame), {k: v for k, v in other.items() if k != "id"}, optional=NEWER) for other in real)


NEWER = {"fundingRate", "ts", "period"}
"""Keys that only some captures have."""


def test_unknown_contracts_are_acknowledged_and_silent(market: Market, reader: Socket) -> None:
    for path, argument, _ in CHANNELS[:9]:
        reader.subscribe(f"{path}:{argument.replace('XBT', 'ABC')}")
    market.ladder(2)
    market.order("buy", 1)
    market.now_ns += 60 * 10**9
    assert reader.arrived() == []


# All of it agrees.


def replay(book: dict[str, dict[str, int]], change: str) -> None:
    """Apply one increment, as the documents say."""
    price, side, size = change.split(",")
    levels = book["bids" if side == "buy" else "asks"]
    if size == "0":
        levels.pop(price, None)
    else:
        levels[price] = int(size)


def snapshot(data: dict[str, Any]) -> dict[str, dict[str, int]]:
    return {side: {str(price): size for price, size in data[side]} for side in ("bids", "asks")}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_book_from_snapshot_and_increments_is_the_engines_book(market: Market, reader: Socket, seed: int) -> None:
    """Orders at random, compared at every sequence: each is a frame of its own here."""
    choose = random.Random(seed)
    topic = f"/contractMarket/level2:{XBT}"
    reader.subscribe(topic)
    market.ladder()
    reader.arrived()
    first = market.get(f"/api/v1/level2/snapshot?symbol={XBT}")
    book, sequence = snapshot(first), first["sequence"]
    for _ in range(60):
        side = choose.choice(("buy", "sell"))
        price = None if choose.random() < 0.3 else str(60000 + choose.randint(-8, 8))
        market.order(side, choose.randint(1, 6), price)
        for frame in reader.arrived():
            data = frame["data"]
            assert frame["sn"] == data["sequence"] == sequence + 1
            replay(book, data["change"])
            sequence = data["sequence"]
        engine = market.get(f"/api/v1/level2/snapshot?symbol={XBT}")
        assert (sequence, book) == (engine["sequence"], snapshot(engine))


@pytest.mark.parametrize("symbol", [XBT, "XBTUSDM"])
def test_book_of_the_market_maker_can_be_followed(make: Make, symbol: str) -> None:
    """Prices move with the seconds of the clock, and the quotes with the prices."""
    now = [NOW_NS]
    simulator = make(
        market_maker=True,
        seed=3,
        clock=lambda: now[0],
        step_interval=0.005,
        push_interval_scale=0.0,
        limits="off",
    )
    topic = f"/contractMarket/level2:{symbol}"
    with open_stream(simulator, host="/futures") as reader:
        reader.subscribe(topic)
        first = get(simulator, f"/api/v1/level2/snapshot?symbol={symbol}", host="/futures")
        book, sequence, compared = snapshot(first), first["sequence"], 0
        while compared < 10:
            now[0] += 10**9
            engine = get(simulator, f"/api/v1/level2/snapshot?symbol={symbol}", host="/futures")
            while sequence < engine["sequence"]:
                frame = reader.next_of(topic)
                if frame["sn"] <= sequence:
                    continue  # older than the snapshot
                assert frame["sn"] == sequence + 1
                sequence = frame["sn"]
                replay(book, frame["data"]["change"])
            if sequence == engine["sequence"] > first["sequence"]:
                assert book == snapshot(engine)
                compared += 1
        assert get(simulator, f"/api/v1/trade/history?symbol={symbol}", host="/futures")


def test_candles_executions_and_histories_hold_the_same_trades(market: Market, reader: Socket) -> None:
    choose = random.Random(4)
    reader.subscribe(f"/contractMarket/execution:{XBT}", f"/contractMarket/limitCandle:{XBT}_5min")
    trades, pushed = [], {}
    for _ in range(40):
        market.now_ns += 40 * 10**9
        price = str(60000 + choose.randint(-8, 8))
        market.order(choose.choice(("buy", "sell")), choose.randint(1, 6), price)
        for frame in reader.arrived():
            if frame["subject"] == "match":
                trades.append(frame["data"])
            else:
                pushed[int(frame["data"]["candles"][0])] = frame["data"]["candles"]
    assert len(trades) > 10
    made: dict[int, list[Decimal]] = {}
    for trade in trades:
        start = trade["ts"] // (300 * 10**9) * 300
        price_, size = Decimal(trade["price"]), Decimal(trade["size"])
        open_, _, high, low, turnover, volume = made.get(start, [price_] * 4 + [Decimal(0)] * 2)
        turnover += price_ * size * Decimal("0.001")
        made[start] = [open_, price_, max(high, price_), min(low, price_), turnover, volume + size]
    assert {start: [Decimal(text) for text in row[1:]] for start, row in pushed.items()} == made
    rows = market.get(f"/api/v1/kline/query?symbol={XBT}&granularity=5")
    assert rows == [
        [start * 1000, open_, high, low, close, volume, turnover]
        for start, (open_, close, high, low, turnover, volume) in sorted(made.items())
    ]
    history = market.get(f"/api/v1/trade/history?symbol={XBT}")
    assert [(row["sequence"], row["price"], row["size"], row["ts"]) for row in reversed(history)] == [
        (trade["sequence"], trade["price"], trade["size"], trade["ts"]) for trade in trades[-100:]
    ]


# REST.


def test_books_have_numbers(market: Market) -> None:
    market.order("sell", 5, "60001.5")
    market.order("buy", 3, "59999")
    for path in ("level2/snapshot", "level2/depth20", "level2/depth100"):
        data = market.get(f"/api/v1/{path}?symbol={XBT}")
        assert data.pop("sequence") == market.sequence()
        assert data == {"symbol": XBT, "bids": [[59999, 3]], "asks": [[Decimal("60001.5"), 5]], "ts": NOW_NS}


def test_parts_of_a_book_are_cut_and_the_full_one_is_not(market: Market) -> None:
    for level in range(110):
        market.order("sell", 1, str(60000 + level))
    for path, count in (("level2/depth20", 20), ("level2/depth100", 100), ("level2/snapshot", 110)):
        asks = market.get(f"/api/v1/{path}?symbol={XBT}")["asks"]
        assert [price for price, _ in asks] == [60000 + level for level in range(count)]


def test_ticker_before_the_first_trade(market: Market) -> None:
    data = market.get(f"/api/v1/ticker?symbol={XBT}")
    assert (data["price"], data["size"], data["tradeId"], data["bestBidSize"]) == ("60000", 0, "0", 0)


def test_last_trades_newest_first(market: Market) -> None:
    maker = market.order("sell", 5, "60001", symbol="ETHUSDTM")
    takers = [market.order("buy", size, symbol="ETHUSDTM") for size in (1, 2)]
    rows = market.get("/api/v1/trade/history?symbol=ETHUSDTM")
    assert [(row["size"], row["takerOrderId"]) for row in rows] == [(2, takers[1].order_id), (1, takers[0].order_id)]
    assert rows[0] == {
        "sequence": rows[0]["sequence"],
        "contractId": 2,
        "tradeId": str(rows[0]["sequence"]),
        "makerOrderId": maker.order_id,
        "takerOrderId": takers[1].order_id,
        "ts": NOW_NS,
        "size": 2,
        "price": "60001",
        "side": "buy",
    }


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("granularity=1", 1),
        ("granularity=10080", 1),
        (f"granularity=1&from={NOON * 1000}&to={NOON * 1000 + 1}", 1),
        (f"granularity=1&from={NOON * 1000 + 1}", 0),
        (f"granularity=1&to={NOON * 1000}", 0),
    ],
)
def test_candles_are_chosen_by_milliseconds(market: Market, query: str, count: int) -> None:
    market.ladder(2)
    market.order("buy", 2)
    rows = market.get(f"/api/v1/kline/query?symbol={XBT}&{query}")
    assert [row[1:] for row in rows] == [[60001, 60002, 60001, 60002, 2, Decimal("120.003")]] * count


def test_current_mark_price(market: Market) -> None:
    on_venue(market.simulator, lambda venue: venue.futures.set_index_price(XBT, "60123.45"))
    assert market.get(f"/api/v1/mark-price/{XBT}/current") == {
        "symbol": XBT,
        "granularity": 1000,
        "timePoint": NOON * 1000,
        "value": Decimal("60123.45"),
        "indexPrice": Decimal("60123.45"),
    }


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("/api/v1/ticker", "400100", "symbol is required."),
        ("/api/v1/ticker?symbol=BTC-USDT", "200003", "The symbol is invalid."),
        ("/api/v1/level2/depth50?symbol=XBTUSDTM", "400100", "size is invalid."),
        ("/api/v1/kline/query?symbol=XBTUSDTM", "400100", "granularity is invalid."),
        ("/api/v1/kline/query?symbol=XBTUSDTM&granularity=3", "400100", "granularity is invalid."),
        ("/api/v1/kline/query?symbol=XBTUSDTM&granularity=1&from=x", "400100", "from is invalid."),
        ("/api/v1/mark-price/XXX/current", "200003", "The symbol is invalid."),
    ],
)
def test_refused_calls(market: Market, path: str, code: str, message: str) -> None:
    answer = requests.get(market.simulator.url + "/futures" + path, timeout=LIMIT).json()
    assert answer == {"code": code, "msg": message}


def test_intervals_of_the_stream() -> None:
    assert "6hour" not in FUTURES_INTERVALS
    assert len(FUTURES_INTERVALS) == 13
