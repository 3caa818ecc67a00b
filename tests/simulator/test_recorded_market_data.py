"""Recorded market data: reading it line by line, and playing it into the engines; no server."""

from __future__ import annotations

import json
import logging
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.simulator.futures.exchange import FuturesExchange
from kucoin_sync.simulator.market.quoter import MAKER, TAKER
from kucoin_sync.simulator.market.recording import (
    FULL_BOOK,
    MAX_LINE,
    BadLine,
    BookPart,
    Change,
    Changes,
    LineFile,
    RecordedTrade,
    Recording,
)
from kucoin_sync.simulator.market.replay import LINES_AT_ONCE, MAX_ORDERS, MAX_WAITING, Player
from kucoin_sync.simulator.market.replay_houses import ContractHouse, SpotHouse
from kucoin_sync.simulator.matching.events import Event, Traded
from kucoin_sync.simulator.matching.symbols import plain
from kucoin_sync.simulator.spot.exchange import Exchange
from tests.kucoin.samples import Sample, parameters

NOON = 1_709_208_000
SECOND = 10**9
BTC, XBT = "BTC-USDT", "XBTUSDTM"


def level2(*changes: tuple[str, str, str, int], symbol: str = BTC) -> dict[str, Any]:
    """A frame of ``/market/level2`` with changes of side, price, size and sequence."""
    sides: dict[str, list[Any]] = {"asks": [], "bids": []}
    for side, price, size, sequence in changes:
        sides["bids" if side == "buy" else "asks"].append([price, size, str(sequence)])
    numbers = [change[3] for change in changes]
    data = {"changes": sides, "sequenceStart": min(numbers), "sequenceEnd": max(numbers), "time": NOON * 1000}
    return {"topic": f"/market/level2:{symbol}", "type": "message", "data": {**data, "symbol": symbol}}


def match(side: str, price: str, size: str) -> dict[str, Any]:
    data = {"side": side, "price": price, "size": size, "time": str(NOON * SECOND)}
    return {"topic": f"/market/match:{BTC}", "type": "message", "data": data}


def depth(bids: Any, asks: Any, levels: int = 5) -> dict[str, Any]:
    data = {"bids": bids, "asks": asks, "timestamp": NOON * 1000}
    return {"topic": f"/spotMarket/level2Depth{levels}:{BTC}", "type": "message", "data": data}


def snapshot(bids: Any, asks: Any, sequence: int = 100, symbol: str = BTC) -> dict[str, Any]:
    return {"snapshot": {"symbol": symbol, "data": {"sequence": str(sequence), "bids": bids, "asks": asks}}}


def written(path: Path, *lines: Any) -> Path:
    """A file with these lines: frames get a time each, a second after the one before."""
    texts = []
    for number, line in enumerate(lines):
        if isinstance(line, dict) and "topic" in line:
            line = {"at": NOON + number, "frame": line}
        elif isinstance(line, dict) and "at" not in line:
            line = {"at": NOON + number, **line}
        texts.append(line if isinstance(line, (str, bytes)) else json.dumps(line))
    path.write_bytes(b"".join((text if isinstance(text, bytes) else text.encode()) + b"\n" for text in texts))
    return path


def what_of(path: Path, line: Any) -> Any:
    first = Recording(LineFile(written(path, line))).next()
    assert first is not None
    return first.what


# Reading.


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            level2(("sell", "60001", "0.5", 12), ("buy", "59999", "0", 11)),
            Changes(
                BTC, (Change("buy", Decimal(59999), Decimal(0), 11), Change("sell", Decimal(60001), Decimal("0.5"), 12))
            ),
        ),
        (match("sell", "60000.1", "0.25"), RecordedTrade(BTC, "sell", Decimal("60000.1"), Decimal("0.25"))),
        (
            depth([["59999", "1"]], [["60001", "2"]], 50),
            BookPart(BTC, 50, None, ((Decimal(59999), Decimal(1)),), ((Decimal(60001), Decimal(2)),)),
        ),
        (
            {
                "topic": f"/market/ticker:{BTC}",
                "data": {"bestBid": "9", "bestBidSize": "1", "bestAsk": "10", "bestAskSize": "2", "time": 1},
            },
            BookPart(BTC, 1, None, ((Decimal(9), Decimal(1)),), ((Decimal(10), Decimal(2)),)),
        ),
        (
            {"topic": f"/contractMarket/level2:{XBT}", "data": {"sequence": 7, "change": "83614,buy,12"}},
            Changes(XBT, (Change("buy", Decimal(83614), Decimal(12), 7),)),
        ),
        (
            {"topic": f"/contractMarket/level2Depth5:{XBT}", "data": {"bids": [[9.5, 3]], "asks": None, "ts": 1}},
            BookPart(XBT, 5, None, ((Decimal("9.5"), Decimal(3)),), ()),
        ),
        (
            {"topic": f"/contractMarket/execution:{XBT}", "data": {"side": "buy", "price": "9.5", "size": 3}},
            RecordedTrade(XBT, "buy", Decimal("9.5"), Decimal(3)),
        ),
        (
            snapshot([["9", "1"]], [["10", "2"]]),
            BookPart(BTC, FULL_BOOK, 100, ((Decimal(9), Decimal(1)),), ((Decimal(10), Decimal(2)),)),
        ),
        ({"topic": "/market/candles:BTC-USDT_1min", "data": {}}, None),
        ({"topic": f"/market/level2:{BTC}", "type": "ack"}, None),
    ],
)
def test_lines_become_what_they_say(tmp_path: Path, line: Any, expected: Any) -> None:
    assert what_of(tmp_path / "file", line) == expected


CAPTURED = (
    "/market/level2:BTC-USDT",
    "/spotMarket/level2Depth5:BTC-USDT",
    "/spotMarket/level2Depth50:BTC-USDT",
    "/market/match:BTC-USDT",
    "/market/ticker:BTC-USDT",
    "/market/ticker:all",
    "/contractMarket/level2:XBTUSDTM",
    "/contractMarket/level2Depth5:XBTUSDTM",
    "/contractMarket/level2Depth50:XBTUSDTM",
    "/contractMarket/execution:XBTUSDTM",
)


@pytest.mark.parametrize("sample", parameters("messages.jsonl", topic=CAPTURED))
def test_captured_frames_are_read_bare(tmp_path: Path, sample: Sample) -> None:
    """Some older tickers tell no time; they need one from who records them."""
    bare = json.dumps(sample.frame)
    tells_time = sample.frame["data"].keys() & {"time", "timestamp", "ts"}
    path = written(tmp_path / "file", bare if tells_time else {"at": NOON, "frame": sample.frame})
    line = Recording(LineFile(path)).next()
    assert line is not None and line.what is not None
    assert line.what.symbol in (BTC, XBT)
    # Between 2015 and 2035, whatever unit the frame has.
    assert 1_420_000_000 * SECOND < line.at_ns < 2_050_000_000 * SECOND


@pytest.mark.parametrize(
    ("line", "at_ns"),
    [
        ({"at": 1663747970.273, "frame": {}}, 1663747970273000000),
        ({"at": "1663747970.273000001", "frame": {}}, 1663747970273000001),
        ({"at": 0, "frame": {}}, 0),
        ({"topic": "x", "data": {"time": 1663747970273}}, 1663747970273000000),
        ({"topic": "x", "data": {"time": "1729843222921000000"}}, 1729843222921000000),
        ({"topic": "x", "data": {"ts": 1729843222921000}}, 1729843222921000000),
        ({"topic": "x", "data": {"timestamp": 1729843222}}, 1729843222000000000),
    ],
)
def test_moments_are_read(tmp_path: Path, line: Any, at_ns: int) -> None:
    first = Recording(LineFile(written(tmp_path / "file", json.dumps(line)))).next()
    assert first is not None
    assert first.at_ns == at_ns


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("no json", "not a JSON object"),
        ("[1]", "not a JSON object"),
        (b"\xff\xfe{}", "decode"),
        ("[" * 100_000, "not a JSON object"),
        ({"at": 1}, "neither frame nor snapshot nor topic"),
        ({"at": -1, "frame": {}}, "no time"),
        ({"at": True, "frame": {}}, "no number of seconds|no time"),
        ({"at": "nan", "frame": {}}, "no number of seconds"),
        ('{"frame": {}}', "at is missing"),
        ({"at": 1, "frame": []}, "an object is missing"),
        ({"at": 1, "snapshot": {"data": {}}}, "symbol is missing"),
        ('{"topic": "x", "data": {}}', "no time of its own"),
        (match("buy", "0", "1"), "price of 0"),
        (match("buy", "1", "0"), "size 0"),
        (match("hold", "1", "1"), "no side"),
        (match("buy", "-1", "1"), "no amount"),
        (match("buy", "1e999999", "1"), "too many digits"),
        (match("buy", "NaN", "1"), "no amount"),
        (match("buy", "one", "1"), "no number"),
        (depth([["1"]], []), "index out of range"),
        (depth([["2", "1"]], [["1", "1"]]), "crossed"),
        (depth("none", []), "a list is missing"),
        ({"topic": f"/contractMarket/level2:{XBT}", "data": {"sequence": 7.5, "change": "1,buy,1"}}, "no whole number"),
        ({"topic": f"/contractMarket/level2:{XBT}", "data": {"sequence": 7, "change": "1,buy"}}, "not enough values"),
        ("x" * (MAX_LINE + 1), "longer than"),
    ],
    ids=str,
)
def test_bad_first_line_is_told_with_its_reason(tmp_path: Path, line: Any, reason: str) -> None:
    with pytest.raises(BadLine, match=f"line 1: .*({reason})"):
        Recording(LineFile(written(tmp_path / "file", line)))


def test_bad_line_is_passed_over_and_times_never_go_back(tmp_path: Path) -> None:
    good = json.dumps({"at": NOON + 5, "frame": match("buy", "1", "1")})
    older = json.dumps({"at": NOON, "frame": match("buy", "2", "1")})
    recording = Recording(LineFile(written(tmp_path / "file", good, "", "x" * (3 * MAX_LINE), older, "bad")))
    first = recording.next()
    with pytest.raises(BadLine, match="line 3: longer than"):
        recording.next()
    second = recording.next()
    assert first is not None and second is not None
    assert (first.number, second.number) == (1, 4)
    assert first.at_ns == second.at_ns == (NOON + 5) * SECOND
    with pytest.raises(BadLine, match="line 5: not a JSON object"):
        recording.next()
    assert recording.next() is None
    assert recording.next() is None


def test_empty_and_missing_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadLine, match="line 1: there is none"):
        Recording(LineFile(written(tmp_path / "file")))
    with pytest.raises(FileNotFoundError):
        Recording(LineFile(tmp_path / "nothing"))


@given(
    lengths=st.lists(st.integers(0, 9), max_size=20),
    most=st.integers(1, 12),
    chunk=st.integers(1, 7),
    ends=st.booleans(),
)
def test_lines_of_a_file_are_those_of_python(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], most: int, chunk: int, ends: bool
) -> None:
    content = b"\n".join(b"x" * length for length in lengths) + (b"\n" if ends else b"")
    path = tmp_path_factory.getbasetemp() / "lines"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kucoin_sync.simulator.market.recording._CHUNK", chunk)
        file = LineFile(path)
        with path.open("rb") as expected:
            for _ in range(len(content) + 2):
                assert file.readline(most) == expected.readline(most)


NAMES = ("at", "frame", "snapshot", "topic", "data", "symbol", "changes", "price", "size", "side", "time")
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner))


@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_read_or_bad(tmp_path_factory: pytest.TempPathFactory, line: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(line)
    try:
        recording = Recording(LineFile(path))
        while recording.next() is not None:
            pass
    except BadLine as error:
        assert str(error).startswith("line ")


# Playing.


class Floor:
    """The engines, and a recording that is played into them."""

    def __init__(self, path: Path, *lines: Any) -> None:
        self.now_ns = NOON * SECOND
        self.trades: list[tuple[str, Decimal, Decimal]] = []
        self.pairs: list[tuple[str, str]] = []
        house = (MAKER, TAKER)
        self.spot = Exchange(now_ns=lambda: self.now_ns, emit=self._heard, house_accounts=house)
        self.futures = FuturesExchange(now_ns=lambda: self.now_ns, emit=self._heard, house_accounts=house)
        for currency in ("BTC", "USDT"):
            self.spot.deposit("ann", currency, "1000000000")
        self.futures.deposit("ann", "USDT", "1000000")
        houses = (SpotHouse(self.spot), ContractHouse(self.futures, self.spot))
        self.player = Player(Recording(LineFile(written(path, *lines))), houses)

    def _heard(self, event: Event) -> None:
        if isinstance(event, Traded):
            self.trades.append((event.trade.side, event.trade.price, event.trade.size))
            self.pairs.append((event.trade.maker_account, event.trade.taker_account))

    @property
    def makers(self) -> list[str]:
        return [maker for maker, _ in self.pairs]

    def play(self, seconds: int = 1000) -> Floor:
        """Play what is due within so many seconds of the first line."""
        while (due := self.player.next_ns()) is not None and due <= seconds * SECOND:
            self.now_ns = max(self.now_ns, NOON * SECOND + due)
            self.player.play(due)
        return self

    def book(self, symbol: str = BTC) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        book = (self.spot if symbol in self.spot.symbols else self.futures).book(symbol)
        bids, asks = ([(plain(p), plain(s)) for p, s in side.levels()] for side in (book.bids, book.asks))
        return bids, asks

    def order(self, side: str, price: str, size: str) -> Any:
        return self.spot.place("ann", {"symbol": BTC, "type": "limit", "side": side, "price": price, "size": size})


BIDS, ASKS = [["59999", "1"], ["59998", "2"]], [["60001", "1"], ["60002", "2"]]
START = snapshot(BIDS, ASKS)


def test_snapshot_and_increments_become_the_book(tmp_path: Path) -> None:
    floor = Floor(
        tmp_path / "file",
        START,
        level2(("sell", "60001", "0.4", 101), ("buy", "60000", "3", 102)),
        level2(("sell", "60001", "0", 103), ("sell", "60002", "5.00000001", 104), ("buy", "60000", "0.00000001", 105)),
    )
    assert floor.play(0).book() == ([("59999", "1"), ("59998", "2")], [("60001", "1"), ("60002", "2")])
    assert floor.play(1).book() == (
        [("60000", "3"), ("59999", "1"), ("59998", "2")],
        [("60001", "0.4"), ("60002", "2")],
    )
    # Less than the least size of an order.
    assert floor.play(2).book() == (
        [("60000", "0.00000001"), ("59999", "1"), ("59998", "2")],
        [("60002", "5.00000001")],
    )
    progress = floor.player.progress()
    assert (progress.played, progress.skipped, progress.bad, progress.refused, progress.done) == (3, 0, 0, 0, True)
    assert floor.trades == []


def test_increments_that_came_before_their_snapshot_are_applied_after_it(tmp_path: Path) -> None:
    floor = Floor(
        tmp_path / "file",
        level2(("buy", "59999", "9", 100)),
        level2(("buy", "59999", "7", 101), ("sell", "60001", "0", 102)),
        START,
        level2(("buy", "59998", "0", 102)),
        level2(("buy", "59998", "4", 103)),
        snapshot([], [], sequence=102),
    )
    assert floor.play(1).book() == ([], [])
    assert floor.play(2).book() == ([("59999", "7"), ("59998", "2")], [("60002", "2")])
    assert floor.play(3).book()[0][1] == ("59998", "2")
    assert floor.play().book()[0][1] == ("59998", "4")
    assert floor.player.progress().skipped == 1  # the older snapshot


def test_increments_without_a_snapshot_wait_within_bounds(tmp_path: Path) -> None:
    frames = [level2(*(("buy", "1", "1", n * 1000 + k) for k in range(1000))) for n in range(12)]
    floor = Floor(tmp_path / "file", *frames).play()
    assert floor.book() == ([], [])
    assert floor.player.progress().skipped == 12 - MAX_WAITING // 1000


def test_best_levels_are_a_book_until_a_better_source_comes(tmp_path: Path) -> None:
    ticker = {
        "topic": f"/market/ticker:{BTC}",
        "data": {"bestBid": "10", "bestBidSize": "1", "bestAsk": "11", "bestAskSize": "2", "time": 1},
    }
    five = depth([["20", "1"], ["19", "2"]], [["21", "1"]])
    fifty = depth([["30", "1"]], [["31", "1"]], 50)
    floor = Floor(tmp_path / "file", ticker, five, ticker, fifty, five, START, fifty)
    assert floor.play(0).book() == ([("10", "1")], [("11", "2")])
    assert floor.play(2).book() == ([("20", "1"), ("19", "2")], [("21", "1")])
    assert floor.play(4).book() == ([("30", "1")], [("31", "1")])
    assert floor.play().book() == ([("59999", "1"), ("59998", "2")], [("60001", "1"), ("60002", "2")])
    assert (floor.player.progress().played, floor.player.progress().skipped) == (4, 3)
    assert floor.trades == []


def test_levels_that_would_meet_make_way(tmp_path: Path) -> None:
    """A part of a book does not tell that deeper levels are gone."""
    floor = Floor(tmp_path / "file", START, level2(("buy", "60001.5", "1", 101)))
    floor.play()
    assert floor.book() == ([("60001.5", "1"), ("59999", "1"), ("59998", "2")], [("60002", "2")])
    assert floor.trades == []


def test_recorded_trade_takes_from_the_book_and_the_increment_agrees(tmp_path: Path) -> None:
    floor = Floor(
        tmp_path / "file",
        START,
        match("buy", "60001", "0.25"),
        level2(("sell", "60001", "0.75", 101)),
        match("sell", "59999", "1"),
        level2(("buy", "59999", "0", 102)),
    )
    assert floor.play(1).book()[1][0] == ("60001", "0.75")
    sequence = floor.spot.book(BTC).sequence
    assert floor.play(2).book()[1][0] == ("60001", "0.75")
    assert floor.spot.book(BTC).sequence == sequence  # nothing flickered
    assert floor.play().book() == ([("59998", "2")], [("60001", "0.75"), ("60002", "2")])
    assert floor.trades == [("buy", Decimal(60001), Decimal("0.25")), ("sell", Decimal(59999), Decimal(1))]
    assert floor.spot.ticker(BTC).price == 59999


def test_trade_that_comes_after_its_increment_heals_with_the_next_one(tmp_path: Path) -> None:
    floor = Floor(
        tmp_path / "file",
        START,
        level2(("sell", "60001", "0.75", 101)),
        match("buy", "60001", "0.25"),
        level2(("buy", "59998", "1", 102)),
    )
    assert floor.play(2).trades == [("buy", Decimal(60001), Decimal("0.25"))]
    assert floor.play().book() == ([("59999", "1"), ("59998", "1")], [("60001", "0.75"), ("60002", "2")])


@pytest.mark.parametrize(
    ("side", "price"), [("buy", "60001.5"), ("sell", "59990"), ("buy", "59999"), ("sell", "60002")]
)
def test_trade_happens_at_its_price_wherever_the_book_is(tmp_path: Path, side: str, price: str) -> None:
    floor = Floor(tmp_path / "file", START, match(side, price, "3"), level2(("buy", "59997", "1", 101)))
    floor.play(1)
    assert floor.trades == [(side, Decimal(price), Decimal(3))]
    bids, asks = floor.play().book()
    assert bids == [("59999", "1"), ("59998", "2"), ("59997", "1")]
    assert asks == [("60001", "1"), ("60002", "2")]


def test_trades_alone_are_enough(tmp_path: Path) -> None:
    floor = Floor(tmp_path / "file", match("buy", "60000", "1"), match("sell", "60000", "2")).play()
    assert floor.trades == [("buy", Decimal(60000), Decimal(1)), ("sell", Decimal(60000), Decimal(2))]
    assert floor.book() == ([], [])


def test_order_in_the_way_of_a_trade_is_filled(tmp_path: Path) -> None:
    floor = Floor(tmp_path / "file", START, match("buy", "60001", "1.5"), level2(("buy", "59997", "1", 101)))
    floor.play(0)
    better, behind = floor.order("sell", "60000.5", "0.25"), floor.order("sell", "60001", "0.75")
    floor.play(1)
    assert floor.trades == [
        ("buy", Decimal("60000.5"), Decimal("0.25")),
        ("buy", Decimal(60001), Decimal(1)),  # the house was there first
        ("buy", Decimal(60001), Decimal("0.25")),
    ]
    assert floor.makers == ["ann", MAKER, "ann"]
    orders = [floor.spot.order(order.order_id) for order in (better, behind)]
    assert [order.remaining for order in orders if order is not None] == [0, Decimal("0.5")]
    # The recording knows nothing of it: what it says is there again.
    assert floor.play().book()[1] == [("60001", "1.5"), ("60002", "2")]


def test_order_in_the_way_of_a_level_is_filled(tmp_path: Path) -> None:
    floor = Floor(tmp_path / "file", START, level2(("buy", "60000.5", "1", 101)))
    floor.play(0)
    mine = floor.order("sell", "60000.2", "0.25")
    floor.play()
    assert floor.trades == [("buy", Decimal("60000.2"), Decimal("0.25"))]
    order = floor.spot.order(mine.order_id)
    assert order is not None and order.outcome == "filled"


def test_what_others_take_comes_back_with_the_next_change_of_the_level(tmp_path: Path) -> None:
    floor = Floor(tmp_path / "file", START, level2(("buy", "59997", "1", 101)), level2(("sell", "60001", "0.5", 102)))
    floor.play(0)
    floor.order("buy", "60001", "0.75")
    assert floor.book()[1][0] == ("60001", "0.25")
    assert floor.play(1).book()[1][0] == ("60001", "0.25")
    assert floor.play().book()[1][0] == ("60001", "0.5")


def test_grown_level_keeps_the_turn_of_what_was_there(tmp_path: Path) -> None:
    floor = Floor(
        tmp_path / "file",
        START,
        level2(("sell", "60001", "3", 101)),
        level2(("sell", "60001", "2", 102)),
        match("buy", "60001", "1.5"),
    )
    floor.play(0)
    mine = floor.order("sell", "60001", "0.25")
    floor.play()
    assert floor.makers == [MAKER, "ann", MAKER]
    order = floor.spot.order(mine.order_id)
    assert order is not None and order.outcome == "filled"


def test_level_that_grows_and_grows_stays_a_few_orders(tmp_path: Path) -> None:
    changes = [level2(("sell", "60001", f"{size}", 100 + size)) for size in range(2, 100)]
    floor = Floor(tmp_path / "file", START, *changes).play()
    assert floor.book()[1][0] == ("60001", "99")
    assert len(floor.spot.open_orders(MAKER)) <= 3 + MAX_ORDERS


def test_contracts_are_replayed_and_their_index_follows(tmp_path: Path) -> None:
    """The simulator's own index is 60000, and nobody could trade half as high again."""
    frames = [
        snapshot([["90000", 10]], [["90001", 20]], symbol=XBT),
        {"topic": f"/contractMarket/level2:{XBT}", "data": {"sequence": 101, "change": "90001,sell,5", "timestamp": 1}},
        {"topic": f"/contractMarket/execution:{XBT}", "data": {"side": "buy", "price": "90001", "size": 2, "ts": 1}},
        {"topic": f"/contractMarket/level2:{XBT}", "data": {"sequence": 102, "change": "90001,sell,3", "timestamp": 1}},
    ]
    floor = Floor(tmp_path / "file", *frames)
    assert floor.play(1).book(XBT) == ([("90000", "10")], [("90001", "5")])
    assert floor.play().book(XBT) == ([("90000", "10")], [("90001", "3")])
    assert floor.trades == [("buy", Decimal(90001), Decimal(2))]
    assert floor.futures.prices.mark(XBT) == Decimal("90000.5")
    order = {"symbol": XBT, "side": "buy", "type": "limit", "price": "90001", "size": 1, "leverage": 3}
    state = floor.futures.place("ann", {**order, "clientOid": "mine"})
    assert state.outcome == "filled"


def test_what_is_not_served_or_forbidden_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="kucoin_sync.simulator"):
        floor = Floor(
            tmp_path / "file",
            START,
            level2(("buy", "1", "1", 1), symbol="NOBODY-USDT"),
            "bad",
            level2(("buy", "59999.05", "1", 101), ("buy", "59997", "1", 102)),
            {"topic": "/market/candles:BTC-USDT_1min", "data": {}},
        ).play()
    progress = floor.player.progress()
    assert (progress.played, progress.skipped, progress.bad, progress.refused) == (2, 2, 1, 1)
    assert "line 3: not a JSON object" in caplog.text
    assert floor.book()[0][-1] == ("59997", "1")


def test_long_row_of_bad_lines_ends_the_replay(tmp_path: Path) -> None:
    floor = Floor(tmp_path / "file", START, *["bad"] * (LINES_AT_ONCE + 1)).play()
    assert (floor.player.progress().bad, floor.player.progress().done) == (LINES_AT_ONCE, True)


def test_file_that_is_gone_ends_the_replay(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    floor = Floor(tmp_path / "file", *[match("buy", "60000", "1")] * 20_000)
    (tmp_path / "file").unlink()
    floor.play(10**6)
    assert floor.player.progress().done
    assert 0 < floor.player.progress().played < 20_000
    assert "the replay ends here" in caplog.text


@pytest.mark.parametrize("seed", range(3))
def test_any_market_is_rebuilt_change_by_change(tmp_path: Path, seed: int) -> None:
    """Against a plain dictionary; prices cross over each other, sizes are of all kinds."""
    chance = random.Random(seed)
    sides: dict[str, dict[int, int]] = {"buy": {}, "sell": {}}
    frames, states = [START], []
    sequence = 100
    sides["buy"] = {599990: 100, 599980: 200}
    sides["sell"] = {600010: 100, 600020: 200}
    middle = 600000
    for _ in range(150):
        middle += chance.randint(-15, 15)
        changes = []
        for side in ("buy", "sell"):
            for price in [p for p in sides[side] if (p >= middle if side == "buy" else p <= middle)]:
                del sides[side][price]
                changes.append((side, price, 0))
            for _ in range(chance.randint(0, 3)):
                price = middle + chance.randint(1, 20) * (-1 if side == "buy" else 1)
                size = chance.choice([0, 1, 7, 100, 2500])
                changes.append((side, price, size))
                sides[side].pop(price, None)
                if size:
                    sides[side][price] = size
        numbered = []
        for side, price, size in changes:
            sequence += 1
            numbered.append((side, f"{price / 10:.1f}", f"{size / 100:.2f}", sequence))
        # One change of a price a frame, as on the wire.
        newest = {(side, price): (side, price, size, number) for side, price, size, number in numbered}
        if newest:
            frames.append(level2(*newest.values()))
            states.append({side: dict(levels) for side, levels in sides.items()})
    floor = Floor(tmp_path / "file", *frames)
    floor.play(0)
    for number, state in enumerate(states, 1):
        floor.play(number)
        for side in ("buy", "sell"):
            book = floor.spot.book(BTC).side(side)
            assert {int(p * 10): int(s * 100) for p, s in book.levels()} == state[side]
    assert floor.trades == []
    assert floor.spot.ledger.lowest() >= 0


@pytest.mark.parametrize("seed", range(4))
def test_others_may_do_anything_during_a_replay(tmp_path: Path, seed: int) -> None:
    """Books never cross, money stays, the house meets itself for recorded trades only, and in the end all is healed."""
    chance = random.Random(seed)

    def size() -> str:
        return plain(Decimal(chance.randint(1, 300)) / 100)

    def around(middle: int) -> dict[str, list[list[str]]]:
        sides = {}
        for name, sign in (("bids", -1), ("asks", 1)):
            ticks = sorted(chance.sample(range(1, 30), 8))
            sides[name] = [[plain(Decimal(middle + sign * tick) / 10), size()] for tick in ticks]
        return sides

    frames: list[Any] = [snapshot(**around(600_000))]
    sequence = 100
    for _ in range(120):
        middle = 600_000 + chance.randint(-40, 40)
        kind = chance.random()
        if kind < 0.3:
            frames.append(match(chance.choice(("buy", "sell")), f"{middle / 10:.1f}", size()))
        elif kind < 0.4:
            sequence += 1
            frames.append(snapshot(**around(middle), sequence=sequence))
        else:
            changes = []
            for side, name in (("buy", "bids"), ("sell", "asks")):
                for price, more in around(middle)[name][: chance.randint(1, 3)]:
                    sequence += 1
                    changes.append((side, price, chance.choice((more, "0")), sequence))
            frames.append(level2(*changes))
    last = around(600_000)
    frames.append(snapshot(**last, sequence=sequence + 1))
    floor = Floor(tmp_path / "file", *frames)
    for number in range(len(frames) - 1):
        floor.play(number)
        for _ in range(chance.randint(0, 2)):
            price = f"{60000 + chance.randint(-50, 50) / 10:.1f}"
            floor.order(chance.choice(("buy", "sell")), price, size())
        if chance.random() < 0.2:
            floor.spot.cancel_all("ann")
        bid, ask = (side.top()[0] for side in (floor.spot.book(BTC).bids, floor.spot.book(BTC).asks))
        assert not bid or not ask or bid < ask
    floor.spot.cancel_all("ann")
    assert floor.play().book() == tuple([(price, more) for price, more in last[name]] for name in ("bids", "asks"))
    progress = floor.player.progress()
    assert (progress.refused, progress.bad, progress.skipped, progress.done) == (0, 0, 0, True)
    assert floor.spot.ledger.totals() == floor.spot.ledger.deposited()
    assert floor.spot.ledger.lowest() >= 0
    own = sum(trade[2] for pair, trade in zip(floor.pairs, floor.trades, strict=True) if pair == (MAKER, TAKER))
    recorded = [frame["data"]["size"] for frame in frames if "match" in frame.get("topic", "")]
    assert 0 < own <= sum(Decimal(text) for text in recorded)
    assert not any(maker in (taker, TAKER) for maker, taker in floor.pairs if maker != "ann")
    assert any("ann" in pair for pair in floor.pairs)
