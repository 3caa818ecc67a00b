"""
What a reader makes of the streams is what the engines have: books at every sequence, candles and statistics of trades.

The engines' books are noted at each of their changes, and both kinds of readers are held against that: plain sockets,
and this library's own client.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync import BookSnapshot, Update, WebsocketClient, WsKey
from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.classic.futures_public_feed import FUTURES_INTERVALS
from kucoin_sync.simulator.market.candles import INTERVALS, period
from kucoin_sync.simulator.matching.events import BookChanged
from kucoin_sync.simulator.venue import Venue
from tests.simulator.clients import (
    ProSocket,
    contract_order,
    get,
    on_venue,
    open_pro,
    open_stream,
    unified_book,
)

Make = Callable[..., Simulator]
Levels = dict[Decimal, Decimal]
Sides = dict[str, Levels]

PAIRS, CONTRACTS = ("BTC-USDT", "ETH-USDT"), ("XBTUSDTM", "XBTUSDM")
BTC, XBT = PAIRS[0], CONTRACTS[0]
NOON = 1_709_208_000


class Truth:
    """Notes the books of some symbols at each of their sequences."""

    def __init__(self, symbols: tuple[str, ...]) -> None:
        self.symbols = symbols
        self.books: dict[tuple[str, int], Sides] = {}
        self._venue: Venue | None = None

    def install(self, simulator: Simulator) -> Truth:
        """Note the books as they are, and all that follow."""

        def begin(venue: Venue) -> None:
            self._venue = venue
            for symbol in self.symbols:
                self._note(symbol)
            # First, so that no reader can be faster than the note.
            venue._reactions.setdefault(BookChanged, []).insert(0, self._changed)

        on_venue(simulator, begin)
        return self

    def _note(self, symbol: str) -> None:
        assert self._venue is not None
        market = self._venue.futures if symbol in self._venue.futures.contracts else self._venue.exchange
        book = market.book(symbol)
        self.books[symbol, book.sequence] = {"buy": dict(book.bids.levels()), "sell": dict(book.asks.levels())}

    def _changed(self, event: BookChanged) -> None:
        if event.symbol in self.symbols:
            self._note(event.symbol)


class Reader:
    """A book as a client keeps it; strict about sequences, and compared with the truth after each frame."""

    def __init__(self, truth: Truth, symbol: str, bids: Any, asks: Any, sequence: Any) -> None:
        self.truth, self.symbol, self.sequence, self.compared = truth, symbol, int(sequence), 0
        self.sides: Sides = {"buy": _levels(bids), "sell": _levels(asks)}
        self.check()

    def check(self) -> None:
        assert self.sides == self.truth.books[self.symbol, self.sequence]

    def take(self, first: int, last: int, changes: list[tuple[str, Any, Any]]) -> None:
        """Take in a frame that covers some sequences."""
        if last <= self.sequence:
            return
        assert first <= self.sequence + 1
        for side, price, size in changes:
            if Decimal(str(size)):
                self.sides[side][Decimal(str(price))] = Decimal(str(size))
            else:
                self.sides[side].pop(Decimal(str(price)), None)
        self.sequence = last
        self.compared += 1
        self.check()

    def take_spot(self, data: Any) -> None:
        sides = (("buy", data["changes"]["bids"]), ("sell", data["changes"]["asks"]))
        # A change that is in the snapshot already must not be made again.
        changes = [(side, p, s) for side, rows in sides for p, s, n in rows if int(n) > self.sequence]
        self.take(data["sequenceStart"], data["sequenceEnd"], changes)

    def take_contract(self, data: Any) -> None:
        price, side, size = data["change"].split(",")
        self.take(data["sequence"], data["sequence"], [(side, price, size)])

    def take_pro(self, data: Any) -> None:
        self.take(data["O"], data["C"], [(s, p, z) for s, key in (("buy", "b"), ("sell", "a")) for p, z in data[key]])


def _levels(rows: Any) -> Levels:
    return {Decimal(str(price)): Decimal(str(size)) for price, size in rows}


def moving(make: Make, **options: Any) -> Simulator:
    values = {"market_maker": True, "limits": "off", "step_interval": 0.5, "seed": 11, "speed": "stepped"}
    return make(**{**values, **options})


def disturb(simulator: Simulator, chance: random.Random) -> None:
    """Trade and quote besides the market maker, at prices near and far."""
    for symbol in PAIRS:
        side = chance.choice(("buy", "sell"))
        size = f"{chance.randint(1, 900) / 1000:.3f}"
        price = simulator.ticker(symbol).price * Decimal(chance.randint(990, 1010)) / 1000
        simulator.counter_order(symbol, side, size, f"{price:.1f}" if chance.random() < 0.6 else None)
    for symbol in CONTRACTS:
        mark = on_venue(simulator, lambda venue, name=symbol: venue.futures.prices.mark(name))  # type: ignore[misc]
        price = f"{mark * chance.randint(997, 1003) / 1000:.0f}" if chance.random() < 0.6 else None
        contract_order(simulator, chance.choice(("buy", "sell")), chance.randint(1, 300), price, symbol=symbol)


# Books.


@pytest.mark.parametrize("seed", [1, 2])
def test_classic_increments_are_the_engines_book_at_every_sequence(make: Make, seed: int) -> None:
    simulator = moving(make, seed=seed)
    chance = random.Random(seed)
    truth = Truth((*PAIRS, *CONTRACTS)).install(simulator)
    readers: dict[str, Reader] = {}
    with open_stream(simulator) as spot, open_stream(simulator, host="/futures") as futures:
        spot.subscribe(*(f"/market/level2:{symbol}" for symbol in PAIRS))
        futures.subscribe(*(f"/contractMarket/level2:{symbol}" for symbol in CONTRACTS))
        for round_ in range(15):
            simulator.advance(chance.choice(["0.5", "1", "2.5"]))
            disturb(simulator, chance)
            if round_ == 2:  # snapshots come after the first increments
                for symbol in PAIRS:
                    book = get(simulator, f"/api/v3/market/orderbook/level2?symbol={symbol}", signed=True)
                    readers[symbol] = Reader(truth, symbol, book["bids"], book["asks"], book["sequence"])
                for symbol in CONTRACTS:
                    book = get(simulator, f"/api/v1/level2/snapshot?symbol={symbol}", host="/futures")
                    readers[symbol] = Reader(truth, symbol, book["bids"], book["asks"], book["sequence"])
            if readers:
                for frame in spot.arrived():
                    readers[frame["data"]["symbol"]].take_spot(frame["data"])
                for frame in futures.arrived():
                    readers[frame["topic"].partition(":")[2]].take_contract(frame["data"])
        for symbol, reader in readers.items():
            assert reader.sequence == max(number for name, number in truth.books if name == symbol)
            assert reader.compared > 10


@pytest.mark.parametrize("depth", ["increment", "increment@10ms"])
@pytest.mark.parametrize(("host", "trade_type", "symbol"), [("spot", "SPOT", BTC), ("futures", "FUTURES", XBT)])
def test_pro_increments_are_the_engines_book_at_every_sequence(
    make: Make, depth: str, host: str, trade_type: str, symbol: str
) -> None:
    simulator = moving(make, seed=5)
    chance = random.Random(5)
    truth = Truth((symbol,)).install(simulator)
    with open_pro(simulator, host) as socket:
        parameters = {"tradeType": trade_type, "symbol": symbol, "depth": depth}
        assert socket.subscribe("obu", **parameters) == {"id": "s", "result": True}
        if depth == "increment":
            book = unified_book(simulator, trade_type, symbol, limit="FULL")["data"]
            reader = Reader(truth, symbol, book["bids"], book["asks"], book["sequence"])
        else:
            data = socket.receive()["d"]
            reader = Reader(truth, symbol, data["b"], data["a"], data["C"])
        for _ in range(15):
            simulator.advance("1.5")
            disturb(simulator, chance)
            simulator.advance("0.01")
            for frame in arrived(socket):
                assert (frame["dp"], frame["t"]) == (depth, "delta")
                if depth == "increment":
                    assert frame["d"]["O"] == frame["d"]["C"] == reader.sequence + 1
                reader.take_pro(frame["d"])
            assert reader.sequence == max(number for _, number in truth.books)
        assert reader.compared > 20


def arrived(socket: ProSocket) -> list[Any]:
    """Return the pushes sent until now."""
    socket.send({"id": "until-now", "op": "ping"})
    frames: list[Any] = []
    while (frame := socket.receive()).get("op") != "pong":
        frames.append(frame)
    return frames


def test_books_over_rest_are_the_engines_at_their_sequence(make: Make) -> None:
    simulator = moving(make, seed=7)
    chance = random.Random(7)
    truth = Truth((*PAIRS, *CONTRACTS)).install(simulator)
    part = "/api/v1/market/orderbook/level2"
    spot = [("/api/v3/market/orderbook/level2", None), (f"{part}_20", 20), (f"{part}_100", 100)]
    futures = [("/api/v1/level2/snapshot", None), *((f"/api/v1/level2/depth{n}", n) for n in (20, 100))]
    for _ in range(5):
        # More levels than the parts show.
        for level in range(30):
            simulator.counter_order(BTC, "buy", "0.01", f"{40000 + chance.randint(0, 500) + level * 10}")
            contract_order(simulator, "sell", 1, f"{61000 + level}")
        simulator.advance(1)
        for (path, depth), symbol in itertools.product(spot, PAIRS):
            book = get(simulator, f"{path}?symbol={symbol}", signed=depth is None)
            agrees(truth, symbol, book, depth)
        for (path, depth), symbol in itertools.product(futures, CONTRACTS):
            agrees(truth, symbol, get(simulator, f"{path}?symbol={symbol}", host="/futures"), depth)


def agrees(truth: Truth, symbol: str, book: Any, depth: int | None) -> None:
    expected = truth.books[symbol, int(book["sequence"])]
    for side, name in (("buy", "bids"), ("sell", "asks")):
        best = sorted(expected[side].items(), reverse=side == "buy")[:depth]
        assert [(Decimal(str(price)), Decimal(str(size))) for price, size in book[name]] == best


def test_client_of_this_library_rebuilds_running_books(make: Make) -> None:
    """The market runs on twenty times faster while the client reads; snapshots fall anywhere between the increments."""
    simulator = make(market_maker=True, limits="off", seed=3, speed=20)
    truth = Truth((BTC, XBT)).install(simulator)
    with WebsocketClient(**simulator.client_options()) as client:
        for topic, key, snapshot, name, symbol in (
            (f"/market/level2:{BTC}", WsKey.SPOT_PUBLIC_V1, client.rest.book, "take_spot", BTC),
            (f"/contractMarket/level2:{XBT}", WsKey.FUTURES_PUBLIC_V1, client.rest.futures_book, "take_contract", XBT),
        ):
            with client.stream(topic, key) as updates:
                book: BookSnapshot = snapshot(symbol)
                reader = Reader(truth, symbol, book.bids, book.asks, book.sequence)
                while reader.compared < 150:
                    update: Update = updates.get(timeout=5)
                    assert not update.gap_before
                    getattr(reader, name)(update.data)
            book = snapshot(symbol)
            assert {"buy": dict(book.bids), "sell": dict(book.asks)} == truth.books[symbol, book.sequence]


# Candles, tickers and statistics.


class Summary:
    """Candles of trades, and what happened in the last hours, by slow arithmetic."""

    def __init__(self, initial: Decimal, worth: Callable[[Decimal, Decimal], Decimal]) -> None:
        self.trades: list[tuple[int, Decimal, Decimal]] = []
        self._initial, self._worth = initial, worth

    def add(self, second: int, price: Any, size: Any) -> None:
        self.trades.append((second, Decimal(str(price)), Decimal(str(size))))

    def candles(self, interval: str) -> dict[int, list[Decimal]]:
        """Start to open, close, high, low, volume and turnover."""
        found: dict[int, list[tuple[Decimal, Decimal]]] = {}
        for second, price, size in self.trades:
            found.setdefault(period(interval, second)[0], []).append((price, size))
        return {start: self._candle(trades) for start, trades in found.items()}

    def _candle(self, trades: list[tuple[Decimal, Decimal]]) -> list[Decimal]:
        prices = [price for price, _ in trades]
        turnover = sum((self._worth(price, size) for price, size in trades), Decimal(0))
        return [prices[0], prices[-1], max(prices), min(prices), sum((s for _, s in trades), Decimal(0)), turnover]

    def day(self, now: int) -> dict[str, Decimal]:
        """The last 24 hours, by whole minutes."""
        within = [trade for trade in self.trades if trade[0] // 60 * 60 + 60 > now - 86_400]
        before = self.trades[: len(self.trades) - len(within)]
        last = self.trades[-1][1]
        prices = [price for _, price, _ in within] or [last]
        opened = before[-1][1] if before else self._initial
        return {
            "high": max(prices),
            "low": min(prices),
            "last": last,
            "changePrice": last - opened,
            "vol": sum((size for _, _, size in within), Decimal(0)),
            "volValue": sum((self._worth(price, size) for _, price, size in within), Decimal(0)),
        }


class Calendar:
    """A market whose clock jumps by seconds, hours and days."""

    def __init__(self, make: Make, seed: int) -> None:
        self.now = NOON
        self.chance = random.Random(seed)
        self.simulator = make(
            clock=lambda: self.now * 10**9,
            market_maker=True,
            seed=seed,
            step_interval=3600.0,
            push_interval_scale=0.0,
            limits="off",
        )

    def turn(self) -> None:
        self.now += self.chance.choice([1, 20, 61, 400, 3000, 8000, 40_000, 100_000, 400_000])
        on_venue(self.simulator, lambda venue: venue.step())
        self.simulator.counter_order(BTC, self.chance.choice(("buy", "sell")), f"0.{self.chance.randint(1, 999):03}")
        contract_order(self.simulator, self.chance.choice(("buy", "sell")), self.chance.randint(1, 50))
        # What comes round by itself comes with the next step.
        on_venue(self.simulator, lambda venue: venue.step())


def test_spot_candles_tickers_and_statistics_are_made_of_the_matches(make: Make) -> None:
    market = Calendar(make, 4)
    simulator = market.simulator
    initial = on_venue(simulator, lambda venue: venue.exchange.symbols[BTC].initial_price)
    with open_stream(simulator) as reader:
        topics = [f"/market/candles:{BTC}_{interval}" for interval in INTERVALS]
        match, ticker, day = f"/market/match:{BTC}", f"/market/ticker:{BTC}", f"/market/snapshot:{BTC}"
        # The opening step traded before anybody looked.
        summary = Summary(initial, lambda price, size: price * size)
        for row in get(simulator, f"/api/v1/market/histories?symbol={BTC}"):
            summary.add(row["time"] // 10**9, row["price"], row["size"])
        reader.subscribe(match, ticker, day, *topics)
        pushed: dict[str, dict[int, list[Decimal]]] = {interval: {} for interval in INTERVALS}
        for _ in range(80):
            market.turn()
            last: dict[str, Any] = {}
            for frame in reader.arrived():
                data = last[frame["topic"]] = frame["data"]
                if frame["topic"] == match:
                    summary.add(int(data["time"]) // 10**9, data["price"], data["size"])
                elif "candles" in data:
                    interval = frame["topic"].rpartition("_")[2]
                    pushed[interval][int(data["candles"][0])] = [Decimal(text) for text in data["candles"][1:]]
            assert (last[ticker]["price"], last[ticker]["size"]) == (last[match]["price"], last[match]["size"])
            assert last[ticker]["time"] == int(last[match]["time"]) // 10**6
            expected = summary.day(market.now)
            row = get(simulator, f"/api/v1/market/stats?symbol={BTC}")
            assert {name: Decimal(row[name]) for name in expected} == expected
            window = last[day]["data"]["marketChange24h"]
            assert [Decimal(str(window[name])) for name in ("high", "low", "vol", "volValue", "changePrice")] == [
                expected[name] for name in ("high", "low", "vol", "volValue", "changePrice")
            ]
    assert market.now - NOON > 40 * 86_400
    for interval in INTERVALS:
        expected_candles = summary.candles(interval)
        # Those that the opening step began were pushed with their next trade, or never.
        assert pushed[interval].items() <= expected_candles.items()
        assert len(expected_candles) - len(pushed[interval]) <= 1
        rows = get(simulator, f"/api/v1/market/candles?symbol={BTC}&type={interval}")
        assert {int(row[0]): [Decimal(text) for text in row[1:]] for row in rows} == expected_candles
        assert [int(row[0]) for row in rows] == sorted(expected_candles, reverse=True)


GRANULARITIES: Mapping[str, int] = {
    "1min": 1,
    "5min": 5,
    "15min": 15,
    "30min": 30,
    "1hour": 60,
    "2hour": 120,
    "4hour": 240,
    "8hour": 480,
    "12hour": 720,
    "1day": 1440,
    "1week": 10080,
}


def test_contract_candles_tickers_and_statistics_are_made_of_the_executions(make: Make) -> None:
    market = Calendar(make, 6)
    simulator = market.simulator
    contract = on_venue(simulator, lambda venue: venue.futures.contracts[XBT])
    summary = Summary(contract.initial_price, lambda price, size: price * size * contract.multiplier)
    for row in reversed(get(simulator, f"/api/v1/trade/history?symbol={XBT}", host="/futures")):
        summary.add(row["ts"] // 10**9, row["price"], row["size"])
    with open_stream(simulator, host="/futures") as reader:
        execution, ticker = f"/contractMarket/execution:{XBT}", f"/contractMarket/ticker:{XBT}"
        day = f"/contractMarket/snapshot:{XBT}"
        reader.subscribe(
            execution, ticker, day, *(f"/contractMarket/limitCandle:{XBT}_{interval}" for interval in FUTURES_INTERVALS)
        )
        pushed: dict[str, dict[int, list[Decimal]]] = {interval: {} for interval in FUTURES_INTERVALS}
        for _ in range(80):
            market.turn()
            last: dict[str, Any] = {}
            for frame in reader.arrived():
                data = last[frame["topic"]] = frame["data"]
                if frame["topic"] == execution:
                    summary.add(data["ts"] // 10**9, data["price"], data["size"])
                elif "candles" in data:
                    interval = frame["topic"].rpartition("_")[2]
                    start, open_, close, high, low, turnover, volume = (Decimal(text) for text in data["candles"])
                    pushed[interval][int(start)] = [open_, close, high, low, volume, turnover]
            names = ("price", "size", "side", "tradeId", "ts")
            assert [last[ticker][name] for name in names] == [last[execution][name] for name in names]
            expected = summary.day(market.now)
            statistics = last[day]
            assert [statistics[name] for name in ("highPrice", "lowPrice", "lastPrice", "priceChg", "turnover")] == [
                expected[name] for name in ("high", "low", "last", "changePrice", "volValue")
            ]
            assert statistics["volume"] == expected["vol"] * contract.multiplier
    for interval in FUTURES_INTERVALS:
        expected_candles = summary.candles(interval)
        assert pushed[interval].items() <= expected_candles.items()
        assert len(expected_candles) - len(pushed[interval]) <= 1
        if interval in GRANULARITIES:
            path = f"/api/v1/kline/query?symbol={XBT}&granularity={GRANULARITIES[interval]}"
            rows = get(simulator, path, host="/futures")
            # The columns have another order here.
            assert {row[0] // 1000: [row[n] for n in (1, 4, 2, 3, 5, 6)] for row in rows} == expected_candles


@pytest.mark.parametrize(
    ("trade_type", "symbol", "multiplier", "intervals"),
    [("SPOT", BTC, "1", tuple(INTERVALS)), ("FUTURES", XBT, "0.001", FUTURES_INTERVALS)],
)
def test_pro_candles_are_made_of_the_trades(
    make: Make, trade_type: str, symbol: str, multiplier: str, intervals: tuple[str, ...]
) -> None:
    market = Calendar(make, 9)
    simulator = market.simulator
    is_spot = trade_type == "SPOT"
    summary = Summary(Decimal(0), lambda price, size: price * size * Decimal(multiplier))
    for trade in simulator.trades() if is_spot else on_venue(simulator, lambda venue: list(venue.futures.trades)):
        if trade.symbol == symbol:
            summary.add(trade.time_ns // 10**9, trade.price, trade.size)
    opened = len(summary.trades)
    with open_pro(simulator, trade_type.lower()) as socket:
        for interval in intervals:
            answer = socket.subscribe("kline", tradeType=trade_type, symbol=symbol, interval=interval)
            assert answer == {"id": "s", "result": True}
        assert socket.subscribe("trade", tradeType=trade_type, symbol=symbol)["result"] is True
        pushed: dict[str, dict[int, list[Decimal]]] = {interval: {} for interval in intervals}
        for _ in range(40):
            market.turn()
            # A ping may come once a second only; a subscription is answered as well.
            socket.send(
                {"id": "s", "action": "SUBSCRIBE", "channel": "trade", "tradeType": trade_type, "symbol": symbol}
            )
            while (frame := socket.receive()).get("result") is not True:
                data = frame["d"]
                if frame["T"].startswith("trade."):
                    summary.add(data["M"] // 10**9, data["p"], data["q"])
                else:
                    pushed[data["i"]][data["O"]] = [Decimal(data[key]) for key in "ochlva"]
    assert len(summary.trades) - opened >= 40
    for interval in intervals:
        expected = summary.candles(interval)
        assert pushed[interval] and pushed[interval].items() <= expected.items()
        assert len(expected) - len(pushed[interval]) <= 1
