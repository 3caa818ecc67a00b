"""Public topics of the classic spot stream over real connections: what comes, when, and that all of it agrees."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.market.market_maker import MAKER, TAKER, MarketMaker
from kucoin_sync.simulator.matching.events import BookChanged, Event
from kucoin_sync.simulator.matching.symbols import Symbol, many_symbols
from kucoin_sync.simulator.spot.exchange import Exchange
from tests.simulator.clients import Socket, get, open_orders_socket, open_stream
from tests.simulator.samples import covers, form, sample_forms

Make = Callable[..., Simulator]

NOON = 1_709_208_000
NOW_NS = NOON * 10**9 + 123_456_789
NOW_MS = NOW_NS // 10**6


@pytest.fixture
def fixed(make: Make) -> Simulator:
    """A quiet simulator whose clock stands, so that every frame can be told exactly."""
    return make(clock=lambda: NOW_NS, push_interval_scale=0.0, limits="off")


@pytest.fixture
def reader(fixed: Simulator) -> Iterator[Socket]:
    with open_stream(fixed) as socket:
        yield socket


def by_topic(frames: list[Any]) -> dict[str, list[Any]]:
    topics: dict[str, list[Any]] = {}
    for frame in frames:
        assert frame.pop("type") == "message"
        topics.setdefault(frame.pop("topic"), []).append(frame)
    return topics


def ladder(simulator: Simulator, levels: int = 7) -> None:
    """Quote 60001, 60002 ... and 59999, 59998 ... with sizes 0.1, 0.2 ..."""
    for level in range(1, levels + 1):
        simulator.counter_order("BTC-USDT", "sell", f"0.{level}", str(60000 + level))
        simulator.counter_order("BTC-USDT", "buy", f"0.{level}", str(60000 - level))


# Frame by frame.


def test_ticker_of_one_and_of_all(fixed: Simulator, reader: Socket) -> None:
    reader.subscribe("/market/ticker:BTC-USDT", "/market/ticker:all")
    fixed.counter_order("BTC-USDT", "sell", "0.5", "60001")
    fixed.counter_order("BTC-USDT", "buy", "0.2")
    sequence = get(fixed, "/api/v1/market/orderbook/level1?symbol=BTC-USDT")["sequence"]
    topics = by_topic(reader.arrived())
    data = {
        "bestAsk": "60001",
        "bestAskSize": "0.3",
        "bestBid": "0",
        "bestBidSize": "0",
        "price": "60001",
        "sequence": sequence,
        "size": "0.2",
        "time": NOW_MS,
    }
    assert topics["/market/ticker:BTC-USDT"][-1] == {"subject": "trade.ticker", "data": data}
    assert topics["/market/ticker:all"][-1] == {"subject": "BTC-USDT", "data": data}


def test_level1_is_one_flat_pair_a_side(fixed: Simulator, reader: Socket) -> None:
    reader.subscribe("/spotMarket/level1:BTC-USDT")
    fixed.counter_order("BTC-USDT", "sell", "0.5", "60001")
    assert by_topic(reader.arrived()) == {
        "/spotMarket/level1:BTC-USDT": [
            {"subject": "level1", "data": {"asks": ["60001", "0.5"], "bids": [], "timestamp": NOW_MS}}
        ]
    }


@pytest.mark.parametrize("depth", [5, 50])
def test_depth_holds_the_best_levels(fixed: Simulator, reader: Socket, depth: int) -> None:
    topic = f"/spotMarket/level2Depth{depth}:BTC-USDT"
    reader.subscribe(topic)
    ladder(fixed)
    shown = range(1, min(depth, 7) + 1)
    assert by_topic(reader.arrived())[topic][-1] == {
        "subject": "level2",
        "data": {
            "asks": [[str(60000 + level), f"0.{level}"] for level in shown],
            "bids": [[str(60000 - level), f"0.{level}"] for level in shown],
            "timestamp": NOW_MS,
        },
    }


def test_increments_of_one_command_come_in_one_frame(fixed: Simulator, reader: Socket) -> None:
    ladder(fixed, levels=3)
    reader.subscribe("/market/level2:BTC-USDT")
    before = int(get(fixed, "/api/v1/market/orderbook/level2_20?symbol=BTC-USDT")["sequence"])
    fixed.counter_order("BTC-USDT", "buy", "0.4", "60002")
    assert by_topic(reader.arrived()) == {
        "/market/level2:BTC-USDT": [
            {
                "subject": "trade.l2update",
                "data": {
                    "changes": {
                        "asks": [["60001", "0", str(before + 1)], ["60002", "0", str(before + 2)]],
                        "bids": [["60002", "0.1", str(before + 3)]],
                    },
                    "sequenceStart": before + 1,
                    "sequenceEnd": before + 3,
                    "symbol": "BTC-USDT",
                    "time": NOW_MS,
                },
            }
        ]
    }


def test_changes_of_one_price_are_merged_into_the_newest(fixed: Simulator, reader: Socket) -> None:
    for _ in range(3):
        fixed.counter_order("BTC-USDT", "sell", "0.1", "60001")
    reader.subscribe("/market/level2:BTC-USDT")
    first = 1 + int(get(fixed, "/api/v1/market/orderbook/level2_20?symbol=BTC-USDT")["sequence"])
    fixed.counter_order("BTC-USDT", "buy", "0.2")
    (frame,) = by_topic(reader.arrived())["/market/level2:BTC-USDT"]
    assert frame["data"]["changes"] == {"asks": [["60001", "0.1", str(first + 1)]], "bids": []}
    assert (frame["data"]["sequenceStart"], frame["data"]["sequenceEnd"]) == (first, first + 1)


def test_candle_comes_with_every_trade(fixed: Simulator, reader: Socket) -> None:
    ladder(fixed)
    reader.subscribe("/market/candles:BTC-USDT_1min", "/market/candles:BTC-USDT_1week", "/market/candles:BTC-USDT_2min")
    fixed.counter_order("BTC-USDT", "buy", "0.2")
    topics = by_topic(reader.arrived())
    assert sorted(topics) == ["/market/candles:BTC-USDT_1min", "/market/candles:BTC-USDT_1week"]
    start = str(NOON)
    assert [frame["data"]["candles"] for frame in topics["/market/candles:BTC-USDT_1min"]] == [
        [start, "60001", "60001", "60001", "60001", "0.1", "6000.1"],
        [start, "60001", "60002", "60002", "60001", "0.2", "12000.3"],
    ]
    week = topics["/market/candles:BTC-USDT_1week"][-1]
    assert week == {
        "subject": "trade.candles.update",
        "data": {
            "symbol": "BTC-USDT",
            "candles": ["1709164800", "60001", "60002", "60002", "60001", "0.2", "12000.3"],
            "time": NOW_NS,
        },
    }


def test_snapshot_of_a_pair(fixed: Simulator, reader: Socket) -> None:
    ladder(fixed, levels=2)
    fixed.counter_order("BTC-USDT", "buy", "0.2")
    reader.subscribe("/market/snapshot:BTC-USDT")
    frame = reader.next_of("/market/snapshot:BTC-USDT")
    sequence = get(fixed, "/api/v1/market/orderbook/level1?symbol=BTC-USDT")["sequence"]
    change = {
        "changePrice": 2,
        "changeRate": 0,
        "high": 60002,
        "low": 60001,
        "open": 60000,
        "vol": Decimal("0.2"),
        "volValue": Decimal("12000.3"),
    }
    assert frame["subject"] == "trade.snapshot"
    assert frame["data"] == {
        "sequence": sequence,
        "data": {
            **change,
            "askSize": Decimal("0.1"),
            "averagePrice": Decimal("60001.5"),
            "baseCurrency": "BTC",
            "bidSize": Decimal("0.1"),
            "board": 1,
            "buy": 59999,
            "close": 60002,
            "datetime": NOW_MS,
            "lastSize": Decimal("0.1"),
            "lastTradedPrice": 60002,
            "makerCoefficient": 1,
            "makerFeeRate": Decimal("0.001"),
            "marginTrade": True,
            "mark": 0,
            "market": "USDS",
            "marketChange1h": change,
            "marketChange4h": change,
            "marketChange24h": change,
            "markets": ["USDS"],
            "quoteCurrency": "USDT",
            "sell": 60002,
            "sequence": sequence,
            "siteTypes": ["global"],
            "sort": 100,
            "symbol": "BTC-USDT",
            "symbolCode": "BTC-USDT",
            "takerCoefficient": 1,
            "takerFeeRate": Decimal("0.001"),
            "trading": True,
        },
    }


def test_snapshot_of_an_empty_book_has_nulls(reader: Socket) -> None:
    reader.subscribe("/market/snapshot:ETH-USDT")
    data = reader.next_of("/market/snapshot:ETH-USDT")["data"]["data"]
    assert [data[key] for key in ("buy", "bidSize", "sell", "askSize")] == [None] * 4
    assert (data["close"], data["vol"], data["averagePrice"]) == (3000, 0, 3000)


def test_market_snapshot_has_one_frame_a_pair_and_then_those_that_move(make: Make) -> None:
    pairs = (*many_symbols(250), Symbol("KCS-BTC", "KCS", "BTC", price_increment=Decimal("0.0000001")))
    simulator = make(symbols=pairs, push_interval_scale=0.0, step_interval=0.005, limits="off")
    with open_stream(simulator) as reader:
        reader.subscribe("/market/snapshot:USDS")
        frames = [reader.next_of("/market/snapshot:USDS") for _ in range(250)]
        assert sorted(frame["data"]["data"]["symbol"] for frame in frames) == sorted(pair.name for pair in pairs[:250])
        assert {frame["data"]["data"]["market"] for frame in frames} == {"USDS"}
        assert all(isinstance(frame["data"]["sequence"], int) for frame in frames)
        simulator.counter_order("KCS-BTC", "sell", "1", "200")
        simulator.counter_order(pairs[3].name, "sell", "1000", "100")
        assert reader.next_of("/market/snapshot:USDS")["data"]["data"]["symbol"] == pairs[3].name


@pytest.mark.parametrize(
    ("pair", "value"), [("BTC-USDT", "60000"), ("USDT-BTC", "0.000016666666667"), ("ETH-BTC", "0.05")]
)
def test_index_and_mark_price_of_the_margin_market(reader: Socket, pair: str, value: str) -> None:
    reader.subscribe(f"/indicator/index:{pair}", f"/indicator/markPrice:{pair},XXX-YYY")
    for path in ("/indicator/index", "/indicator/markPrice"):
        assert reader.next_of(f"{path}:{pair}") == {
            "topic": f"{path}:{pair}",
            "type": "message",
            "subject": "tick",
            "data": {"symbol": pair, "granularity": 1000, "value": Decimal(value), "timestamp": NOON * 1000},
        }


CHANNELS = [
    ("/market/ticker", "BTC-USDT", "trade.ticker"),
    ("/spotMarket/level1", "BTC-USDT", "level1"),
    ("/spotMarket/level2Depth5", "BTC-USDT", "level2"),
    ("/spotMarket/level2Depth50", "BTC-USDT", "level2"),
    ("/market/level2", "BTC-USDT", "trade.l2update"),
    ("/market/candles", "BTC-USDT_1hour", "trade.candles.update"),
    ("/market/match", "BTC-USDT", "trade.l3match"),
    ("/market/snapshot", "BTC-USDT", "trade.snapshot"),
    ("/market/snapshot", "USDS", "trade.snapshot"),
    ("/indicator/markPrice", "ETH-BTC", "tick"),
    ("/indicator/index", "ETH-BTC", "tick"),
]

NEWER = {"lastSize", "sequence", "siteTypes"}
"""Keys of a snapshot that older captures do not have."""


@pytest.mark.parametrize(("path", "argument", "subject"), CHANNELS)
def test_frames_have_the_form_of_real_ones(make: Make, path: str, argument: str, subject: str) -> None:
    real = sample_forms("spotPublicV1", path, subject)
    simulator = make(market_maker=True, push_interval_scale=0.0, step_interval=0.005)
    with open_stream(simulator) as reader:
        reader.subscribe(f"{path}:{argument}")
        ours = (form(reader.next_of(f"{path}:{argument}")) for _ in range(20))
        assert any(covers(frame, other, optional=NEWER) for frame in ours for other in real)


# Who gets what.


def test_unknown_symbols_are_acknowledged_and_silent(fixed: Simulator, reader: Socket) -> None:
    for path, argument, _ in CHANNELS:
        reader.subscribe(path + ":" + argument.replace("BTC", "XXX").replace("USDS", "XXX"))
    ladder(fixed)
    assert reader.arrived() == []


def test_a_second_subscription_is_acknowledged_and_doubles_nothing(fixed: Simulator, reader: Socket) -> None:
    reader.subscribe(
        "/spotMarket/level1:BTC-USDT", "/spotMarket/level1:BTC-USDT,ETH-USDT", "/spotMarket/level1:BTC-USDT"
    )
    fixed.counter_order("BTC-USDT", "sell", "0.5", "60001")
    assert len(reader.arrived()) == 1


def test_unsubscribed_topics_stop(fixed: Simulator, reader: Socket) -> None:
    reader.subscribe("/spotMarket/level2Depth5:BTC-USDT")
    reader.send({"id": "u", "type": "unsubscribe", "topic": "/spotMarket/level2Depth5:BTC-USDT", "response": True})
    assert reader.receive() == {"id": "u", "type": "ack"}
    ladder(fixed)
    assert reader.arrived() == []


def test_changes_within_the_interval_are_one_push(make: Make) -> None:
    """With the intervals made endless only the first change goes out; what came later would be one push."""
    simulator = make(push_interval_scale=1e9, ticker_interval=None)
    with open_stream(simulator) as reader:
        reader.subscribe(
            "/market/ticker:BTC-USDT",
            "/spotMarket/level1:BTC-USDT",
            "/spotMarket/level2Depth5:BTC-USDT",
            "/market/level2:BTC-USDT",
        )
        ladder(simulator, levels=3)
        counts = {topic: len(frames) for topic, frames in by_topic(reader.arrived()).items()}
    assert counts == {
        "/market/ticker:BTC-USDT": 1,
        "/spotMarket/level1:BTC-USDT": 1,
        "/spotMarket/level2Depth5:BTC-USDT": 1,
        "/market/level2:BTC-USDT": 6,
    }


def test_what_waits_goes_out_with_the_newest_state(make: Make) -> None:
    simulator = make(push_interval_scale=0.3, ticker_interval=None)
    with open_stream(simulator) as reader:
        reader.subscribe("/market/ticker:BTC-USDT")
        for _ in range(3):
            simulator.counter_order("BTC-USDT", "sell", "0.1", "60001")
        sizes = [reader.receive()["data"]["bestAskSize"]]
        while sizes[-1] != "0.3":
            sizes.append(reader.receive()["data"]["bestAskSize"])
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("options", [{"push_interval_scale": -1.0}, {"ticker_interval": -0.1}])
def test_negative_intervals_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        Simulator(**options)  # type: ignore[arg-type]


def test_private_channel_of_matches_has_only_the_own_ones(make: Make) -> None:
    simulator = make(push_interval_scale=0.0)
    command = {"type": "subscribe", "topic": "/market/match:BTC-USDT", "privateChannel": True, "response": True}
    with (
        open_stream(simulator, private=True) as own,
        open_stream(simulator) as everybody,
        open_orders_socket(simulator) as orders,
    ):
        for reader in (own, everybody):
            assert reader.ask({"id": "1", **command})["type"] == "ack"
        simulator.counter_order("BTC-USDT", "sell", "1", "60001")
        simulator.counter_order("BTC-USDT", "buy", "0.1")
        assert orders.order("c1", price="60001", size="0.2").receive()["code"] == "200000"
        assert [frame["data"]["size"] for frame in everybody.arrived()] == ["0.1", "0.2"]
        assert [frame["data"]["size"] for frame in own.arrived()] == ["0.2"]
        assert own.ask({"id": "1", **command, "privateChannel": False})["type"] == "ack"
        simulator.counter_order("BTC-USDT", "buy", "0.3")
        assert [frame["data"]["size"] for frame in own.arrived()] == ["0.3"]


# A crowd.


def test_invented_pairs_are_all_quoted_in_their_turn() -> None:
    exchange = Exchange(now_ns=lambda: NOW_NS, symbols=many_symbols(60), house_accounts=(MAKER, TAKER))
    assert len(exchange.symbols) == 60
    assert {symbol.initial_price for symbol in exchange.symbols.values() if symbol.initial_price < 1}
    maker = MarketMaker(exchange, seed=1, pairs_per_step=10)
    for step in range(6):
        maker.step()
        quoted = [name for name in exchange.symbols if exchange.book(name).bids.top()[0]]
        assert quoted == list(exchange.symbols)[: 10 * (step + 1)]
    for name in exchange.symbols:
        book = exchange.book(name)
        assert len(list(book.bids.levels())) >= 4 and len(list(book.asks.levels())) >= 4


def walk(seed: int, *, disturbed: bool) -> list[tuple[str, Decimal]]:
    """Return the best bid after each step, with or without somebody who takes quotes away."""
    exchange = Exchange(now_ns=lambda: NOW_NS, house_accounts=(MAKER, TAKER))
    exchange.deposit("a", "BTC", "1000000")
    maker = MarketMaker(exchange, seed=seed, pairs_per_step=1)
    path = []
    for step in range(80):
        maker.step()
        path += [(name, exchange.book(name).bids.top()[0]) for name in exchange.symbols]
        if disturbed and step % 7 == 3:
            exchange.place("a", {"symbol": "BTC-USDT", "side": "sell", "type": "market", "size": "2"})
    return path


def test_same_seed_gives_the_same_walk_whoever_trades() -> None:
    calm = walk(11, disturbed=False)
    assert calm == walk(11, disturbed=False)
    assert calm != walk(12, disturbed=False)
    assert [row for row in walk(11, disturbed=True) if row[0] == "ETH-USDT"] == [r for r in calm if r[0] == "ETH-USDT"]


def test_thousands_of_pairs_can_be_subscribed(make: Make) -> None:
    pairs = many_symbols(2000)
    simulator = make(symbols=pairs, market_maker=True, limits="off", push_interval_scale=0.0, max_output=1 << 26)
    names = [pair.name for pair in pairs]
    paths = ("/market/ticker", "/market/match", "/spotMarket/level2Depth5")
    with open_stream(simulator) as reader:
        commands = [f"{path}:{','.join(names[at : at + 100])}" for path in paths for at in range(0, 2000, 100)]
        for topic in commands:
            reader.send({"id": topic, "type": "subscribe", "topic": topic, "response": True})
        waiting, moved = set(commands), set()
        while waiting or len(moved) < 50:
            frame = reader.receive()
            waiting.discard(frame.get("id"))
            moved.add(frame.get("topic"))
        assert simulator.stats()["topics"] == 6000


# All of it agrees.


def replay(book: dict[str, dict[str, str]], data: dict[str, Any]) -> None:
    """Apply one frame of increments, as the documents say."""
    for side in ("bids", "asks"):
        for price, size, _ in data["changes"][side]:
            if size == "0":
                book[side].pop(price, None)
            else:
                book[side][price] = size


def snapshot(data: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {side: dict(data[side]) for side in ("bids", "asks")}


def full_book(simulator: Simulator, symbol: str) -> dict[str, Any]:
    data = get(simulator, f"/api/v3/market/orderbook/level2?symbol={symbol}", signed=True)
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize("symbol", ["BTC-USDT", "ETH-USDT"])
@pytest.mark.parametrize("seed", [1, 2])
def test_book_from_snapshot_and_increments_is_the_engines_book(make: Make, symbol: str, seed: int) -> None:
    simulator = make(market_maker=True, seed=seed, step_interval=3600.0, push_interval_scale=0.0, limits="off")
    choose = random.Random(seed)
    topic = f"/market/level2:{symbol}"
    with open_stream(simulator) as reader:
        reader.subscribe(topic)
        simulator.step_market(3)
        first = full_book(simulator, symbol)
        book, sequence = snapshot(first), int(first["sequence"])
        for _ in range(60):
            simulator.step_market()
            if choose.random() < 0.5:
                side = choose.choice(("buy", "sell"))
                simulator.counter_order(symbol, side, str(choose.randint(1, 9)))
            for frame in reader.arrived():
                data = frame["data"]
                if data["sequenceEnd"] <= sequence:
                    continue
                assert data["sequenceStart"] <= sequence + 1
                every = [int(change[2]) for side in ("bids", "asks") for change in data["changes"][side]]
                assert max(every) == data["sequenceEnd"] and min(every) >= data["sequenceStart"]
                replay(book, data)
                sequence = data["sequenceEnd"]
            engine = full_book(simulator, symbol)
            assert (sequence, book) == (int(engine["sequence"]), snapshot(engine))


def test_every_change_of_a_level_is_counted() -> None:
    """Without the wire, where frames cover ranges: at each single sequence the replayed book is the engine's."""
    books: dict[str, dict[str, dict[Decimal, Decimal]]] = {}
    sequences: dict[str, int] = {}

    def replayed(event: Event) -> None:
        if isinstance(event, BookChanged):
            book = books[event.symbol]["bids" if event.side == "buy" else "asks"]
            book[event.price] = event.size
            if not event.size:
                del book[event.price]
            sequences[event.symbol] += 1
            engine = exchange.book(event.symbol)
            assert event.sequence == engine.sequence == sequences[event.symbol]
            assert books[event.symbol] == {"bids": dict(engine.bids.levels()), "asks": dict(engine.asks.levels())}

    exchange = Exchange(now_ns=lambda: NOW_NS, emit=replayed, house_accounts=(MAKER, TAKER))
    for name in exchange.symbols:
        books[name] = {"bids": {}, "asks": {}}
        sequences[name] = exchange.book(name).sequence
    maker = MarketMaker(exchange, seed=3)
    for _ in range(100):
        maker.step()
    assert {name: exchange.book(name).sequence for name in books} == sequences
    assert len(exchange.trades) > 20


def test_ticker_level1_depth_and_rest_agree_with_each_other(make: Make) -> None:
    simulator = make(market_maker=True, seed=5, step_interval=3600.0, push_interval_scale=0.0, limits="off")
    with open_stream(simulator) as reader:
        reader.subscribe("/market/ticker:BTC-USDT", "/spotMarket/level1:BTC-USDT", "/spotMarket/level2Depth5:BTC-USDT")
        for _ in range(20):
            simulator.step_market()
            topics = by_topic(reader.arrived())
            if len(topics) < 3:
                continue
            ticker = topics["/market/ticker:BTC-USDT"][-1]["data"]
            top = topics["/spotMarket/level1:BTC-USDT"][-1]["data"]
            depth = topics["/spotMarket/level2Depth5:BTC-USDT"][-1]["data"]
            part = get(simulator, "/api/v1/market/orderbook/level2_20?symbol=BTC-USDT")
            level1 = get(simulator, "/api/v1/market/orderbook/level1?symbol=BTC-USDT")
            assert [ticker["bestAsk"], ticker["bestAskSize"]] == top["asks"] == depth["asks"][0] == part["asks"][0]
            assert [ticker["bestBid"], ticker["bestBidSize"]] == top["bids"] == depth["bids"][0] == part["bids"][0]
            assert depth["asks"] == part["asks"][:5] and depth["bids"] == part["bids"][:5]
            assert {key: level1[key] for key in ticker if key != "time"} == {
                k: ticker[k] for k in ticker if k != "time"
            }
            assert level1["sequence"] == part["sequence"]


def test_candles_histories_and_statistics_hold_the_same_trades(make: Make) -> None:
    now = [NOW_NS]
    simulator = make(
        clock=lambda: now[0],
        market_maker=True,
        seed=7,
        step_interval=3600.0,
        push_interval_scale=0.0,
        limits="off",
    )
    with open_stream(simulator) as reader:
        # What was traded before anybody looked is out of the window of a day then.
        now[0] += 25 * 3600 * 10**9
        begin = now[0] // 10**9
        reader.subscribe("/market/match:BTC-USDT", "/market/candles:BTC-USDT_5min")
        trades, pushed = [], {}
        for _ in range(60):
            now[0] += 40 * 10**9
            simulator.step_market()
            for frame in reader.arrived():
                if frame["subject"] == "trade.l3match":
                    trades.append(frame["data"])
                else:
                    pushed[frame["data"]["candles"][0]] = frame["data"]["candles"]
    assert len(trades) > 10
    made: dict[str, list[Decimal]] = {}
    for trade in trades:
        start = str(int(trade["time"]) // (300 * 10**9) * 300)
        price, size = Decimal(trade["price"]), Decimal(trade["size"])
        old = made.get(start, [price, price, price, price, Decimal(0), Decimal(0)])
        open_, _, high, low, volume, turnover = old
        made[start] = [open_, price, max(high, price), min(low, price), volume + size, turnover + price * size]
    assert {start: [Decimal(text) for text in row[1:]] for start, row in pushed.items()} == made
    rows = get(simulator, f"/api/v1/market/candles?symbol=BTC-USDT&type=5min&startAt={begin}")
    assert rows == [pushed[start] for start in sorted(pushed, reverse=True)]
    histories = get(simulator, "/api/v1/market/histories?symbol=BTC-USDT")[-len(trades) :]
    assert [(row["sequence"], row["price"], row["size"], row["side"], str(row["time"])) for row in histories] == [
        (trade["sequence"], trade["price"], trade["size"], trade["side"], trade["time"]) for trade in trades[-100:]
    ]
    stats = get(simulator, "/api/v1/market/stats?symbol=BTC-USDT")
    assert Decimal(stats["high"]) == max(row[2] for row in made.values())
    assert Decimal(stats["low"]) == min(row[3] for row in made.values())
    assert Decimal(stats["vol"]) == sum(row[4] for row in made.values())
    assert Decimal(stats["volValue"]) == sum(row[5] for row in made.values())
    assert stats["last"] == trades[-1]["price"]
