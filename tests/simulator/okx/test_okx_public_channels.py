"""Public channels of the simulated OKX: order books, tickers, trades, candles, prices and rates."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.okx.candles import bar_period
from tests.simulator.okx.clients import SPOT, SPREAD, SWAP, OkxSocket, open_okx, public

Make = Callable[..., Simulator]


class ReaderBook:
    """A book as the rules of the reference build it."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[str, list[str]]] = {"asks": {}, "bids": {}}
        self.sequence: int | None = None
        self.gaps = 0

    def take(self, frame: Any) -> None:
        (data,) = frame["data"]
        if frame["action"] == "snapshot":
            assert data["prevSeqId"] == -1
            self.sides = {name: {level[0]: level for level in data[name]} for name in self.sides}
        elif data["prevSeqId"] != self.sequence:
            self.gaps += 1
            return
        else:
            for name, side in self.sides.items():
                for level in data[name]:
                    if level[1] == "0":
                        del side[level[0]]
                    else:
                        side[level[0]] = level
        self.sequence = data["seqId"]

    def levels(self) -> dict[str, list[tuple[Decimal, Decimal]]]:
        found = {
            name: [(Decimal(p), Decimal(level[1])) for p, level in side.items()] for name, side in self.sides.items()
        }
        return {"asks": sorted(found["asks"]), "bids": sorted(found["bids"], reverse=True)}


def truth(okx: Simulator, symbol: str, depth: int = 400) -> dict[str, list[tuple[Decimal, Decimal]]]:
    book = okx.book(symbol, depth)
    return {"asks": list(book.asks), "bids": list(book.bids)}


@pytest.mark.parametrize(("channel", "depth"), [("books", 400), ("books-l2-tbt", 400), ("books50-l2-tbt", 50)])
@pytest.mark.parametrize("inst_id", [SPOT, SWAP])
def test_a_book_built_from_increments_is_the_real_one(make_okx: Make, channel: str, depth: int, inst_id: str) -> None:
    okx = make_okx(push_interval_scale=0.0)
    chance = random.Random(5)

    def stir() -> None:
        for _ in range(60):
            price = str(60000 + chance.randint(-90, 90))
            side = chance.choice(("buy", "sell"))
            if inst_id == SPOT:
                okx.counter_order(SPOT, side, str(Decimal(chance.randint(1, 9)) / 100), price)
            else:
                okx.counter_contract_order(SWAP, side, chance.randint(1, 9), price)

    stir()
    with open_okx(okx, "public", login=True) as socket:
        socket.subscribe({"channel": channel, "instId": inst_id})
        book, updates = ReaderBook(), 0
        for _ in range(3):
            stir()
            for frame in socket.arrived():
                assert frame["data"][0]["checksum"] == 0
                book.take(frame)
                updates += frame["action"] == "update"
            assert book.levels() == truth(okx, inst_id, depth)
        assert (book.gaps, book.sequence) == (0, okx.book(inst_id).sequence)
        assert updates > 20


def test_levels_tell_how_many_orders_they_are_made_of(okx: Simulator) -> None:
    for size in ("1", "2", "3"):
        okx.counter_order(SPOT, "sell", size, "60001")
    with open_okx(okx, "public") as socket:
        socket.subscribe({"channel": "books", "instId": SPOT}, {"channel": "bbo-tbt", "instId": SPOT})
        assert [frame["data"][0]["asks"] for frame in socket.seen if "data" in frame] == [[["60001", "6", "0", "3"]]]
        assert socket.next_of("bbo-tbt")["data"][0]["asks"] == [["60001", "6", "0", "3"]]
        assert socket.arrived() == []


def test_small_books_are_sent_whole_and_only_when_they_changed(make_okx: Make) -> None:
    okx = make_okx(push_interval_scale=0.0)
    for number in range(7):
        okx.counter_order(SPOT, "sell", "1", str(60001 + number))
    with open_okx(okx, "public") as socket:
        socket.subscribe({"channel": "books5", "instId": SPOT})
        first = socket.next_of("books5")
        assert "action" not in first and first["data"][0]["instId"] == SPOT
        assert [level[0] for level in first["data"][0]["asks"]] == ["60001", "60002", "60003", "60004", "60005"]
        okx.counter_order(SPOT, "sell", "1", "60006")
        assert socket.arrived() == []
        okx.counter_order(SPOT, "sell", "1", "60000")
        (change,) = socket.arrived()
        assert change["data"][0]["asks"][0] == ["60000", "1", "0", "1"]


def test_channels_of_one_book_come_in_a_fixed_order(make_okx: Make) -> None:
    okx = make_okx(push_interval_scale=0.0)
    with open_okx(okx, "public", login=True) as socket:
        for channel in ("books5", "books50-l2-tbt", "books-rpi", "bbo-tbt", "books"):
            socket.subscribe({"channel": channel, "instId": SPOT})
        socket.arrived()
        okx.counter_order(SPOT, "sell", "1", "60001")
        channels = [frame["arg"]["channel"] for frame in socket.arrived()]
        assert channels == ["bbo-tbt", "books50-l2-tbt", "books", "books-rpi", "books5"]


def test_retail_orders_are_in_their_own_book_only(make_okx: Make) -> None:
    okx = make_okx(push_interval_scale=0.0)
    okx.counter_contract_order(SWAP, "buy", 5, "58000")
    with open_okx(okx) as private, open_okx(okx, "public") as socket:
        assert private.place(inst_id=SWAP, ordType="rpi", sz="3")["sCode"] == "0"
        socket.subscribe({"channel": "books", "instId": SWAP})
        assert socket.next_of("books")["data"][0]["bids"] == [["58000", "5", "0", "1"]]
        socket.subscribe({"channel": "books-rpi", "instId": SWAP})
        rpi = socket.next_of("books-rpi")["data"][0]
        assert rpi["bids"] == [["58000", "8", "5", "2"]] and "checksum" not in rpi


def test_a_quiet_book_says_so_after_a_minute(make_okx: Make) -> None:
    okx = make_okx(speed="stepped")
    okx.counter_order(SPOT, "sell", "1", "60001")
    with open_okx(okx, "public") as socket:
        socket.subscribe({"channel": "books", "instId": SPOT}, {"channel": "books5", "instId": SPOT})
        sequence = socket.next_of("books5")["data"][0]["seqId"]
        okx.advance(59)
        assert socket.arrived() == []
        okx.advance(2)
        idle, repeated = socket.arrived()
        (data,) = idle["data"]
        assert (data["asks"], data["bids"], data["prevSeqId"], data["seqId"]) == ([], [], sequence, sequence)
        assert repeated["data"][0]["asks"] == [["60001", "1", "0", "1"]]


def test_maintenance_begins_the_count_anew(make_okx: Make) -> None:
    okx = make_okx(push_interval_scale=0.0)
    okx.counter_order(SPOT, "sell", "1", "60001")
    with open_okx(okx, "public") as socket:
        socket.subscribe({"channel": "books", "instId": SPOT})
        book = ReaderBook()
        book.take(socket.next_of("books"))
        before = book.sequence
        assert okx.reset_books(SPOT) == 1
        reset = socket.next_of("books")
        assert (reset["data"][0]["prevSeqId"], reset["data"][0]["seqId"]) == (before, 1)
        book.take(reset)
        okx.counter_order(SPOT, "sell", "1", "60002")
        book.take(socket.next_of("books"))
        assert (book.gaps, book.sequence) == (0, 2)
        assert book.levels() == truth(okx, SPOT)
        with pytest.raises(ValueError, match="no instrument"):
            okx.reset_books("NO-PE")


def test_updates_are_gathered_for_their_interval(make_okx: Make) -> None:
    okx = make_okx(speed="stepped")
    with open_okx(okx, "public") as socket:
        socket.subscribe({"channel": "books", "instId": SPOT})
        socket.next_of("books")
        okx.advance(1)
        for number in range(5):
            okx.counter_order(SPOT, "sell", "1", str(60001 + number))
        okx.advance("0.099")
        first = socket.arrived()
        okx.advance("0.1")
        frames = first + socket.arrived()
        assert [len(frame["data"][0]["asks"]) for frame in frames] in ([5], [1, 4])


def test_the_book_of_a_spread_has_a_checksum_and_negative_prices(okx: Simulator) -> None:
    for side, price in (("buy", "-2.1"), ("buy", "-3"), ("sell", "0"), ("sell", "1.5")):
        okx.counter_spread_order(SPREAD, side, "2", price)
    with open_okx(okx, "business") as socket:
        socket.subscribe({"channel": "sprd-books-l2-tbt", "sprdId": SPREAD})
        (data,) = socket.next_of("sprd-books-l2-tbt")["data"]
        assert data["bids"] == [["-2.1", "2", "1"], ["-3", "2", "1"]]
        assert data["asks"] == [["0", "2", "1"], ["1.5", "2", "1"]]
        crc = zlib.crc32(b"-2.1:2:0:2:-3:2:1.5:2")
        assert data["checksum"] == (crc - (1 << 32) if crc >= 1 << 31 else crc)
        socket.subscribe({"channel": "sprd-public-trades", "sprdId": SPREAD})
        okx.counter_spread_order(SPREAD, "sell", "3", None)
        trades = [socket.next_of("sprd-public-trades")["data"][0] for _ in range(2)]
        assert [(trade["px"], trade["sz"], trade["side"]) for trade in trades] == [
            ("-2.1", "2", "sell"),
            ("-3", "1", "sell"),
        ]


# Trades, tickers, candles.


def test_trades_of_one_price_are_told_as_one(okx: Simulator) -> None:
    for size, price in (("1", "60001"), ("2", "60001"), ("3", "60002")):
        okx.counter_order(SPOT, "sell", size, price)
    with open_okx(okx, "public") as some, open_okx(okx, "business") as every:
        some.subscribe({"channel": "trades", "instId": SPOT})
        every.subscribe({"channel": "trades-all", "instId": SPOT})
        okx.counter_order(SPOT, "buy", "4", None)
        told = [frame["data"][0] for frame in some.arrived()]
        assert [(row["px"], row["sz"], row["count"], row["source"]) for row in told] == [
            ("60001", "3", "2", "0"),
            ("60002", "1", "1", "0"),
        ]
        assert [row["sz"] for frame in every.arrived() for row in frame["data"]] == ["1", "2", "1"]
        last = okx.trades()[-1]
        assert (told[-1]["tradeId"], told[-1]["side"]) == (str(last.trade_id), "buy")


def test_a_ticker_counts_in_the_units_of_its_instrument(okx: Simulator) -> None:
    okx.counter_contract_order(SWAP, "sell", 10, "60000")
    okx.counter_contract_order(SWAP, "buy", 4)
    okx.counter_order(SPOT, "sell", "1", "60000")
    okx.counter_order(SPOT, "buy", "0.5", None)
    swap, spot = (public(okx, f"/api/v5/market/ticker?instId={name}")[0] for name in (SWAP, SPOT))
    assert (swap["vol24h"], swap["volCcy24h"], swap["last"], swap["lastSz"]) == ("4", "0.04", "60000", "4")
    assert (spot["vol24h"], spot["volCcy24h"], spot["askSz"], spot["bidPx"]) == ("0.5", "30000", "0.5", "")
    with open_okx(okx, "public") as socket:
        socket.subscribe({"channel": "tickers", "instId": SWAP})
        assert socket.next_of("tickers")["data"][0]["vol24h"] == "4"
        assert okx.push_ticker(SWAP) == 1
        assert socket.next_of("tickers")["data"][0]["askSz"] == "6"


@pytest.mark.parametrize(
    ("bar", "second", "start", "end"),
    [
        ("1s", 1_790_000_123, 1_790_000_123, 1_790_000_124),
        ("1m", 1_790_000_123, 1_790_000_100, 1_790_000_160),
        ("4H", 1_790_000_123, 1_789_992_000, 1_790_006_400),
        ("1D", 1_790_000_123, 1_789_920_000, 1_790_006_400),
        ("1Dutc", 1_790_000_123, 1_789_948_800, 1_790_035_200),
        ("1Wutc", 1_790_000_123, 1_789_948_800, 1_790_553_600),
        ("1Mutc", 1_790_000_123, 1_788_220_800, 1_790_812_800),
        ("3Mutc", 1_790_000_123, 1_782_864_000, 1_790_812_800),
    ],
)
def test_periods_of_bars(bar: str, second: int, start: int, end: int) -> None:
    assert bar_period(bar, second) == (start, end)


@pytest.mark.parametrize("bar", ["1s", "1m", "1D", "1Wutc", "3M"])
def test_candles_of_any_bar(make_okx: Make, bar: str) -> None:
    okx = make_okx(speed="stepped", market_start=1_790_000_000)
    okx.counter_order(SPOT, "sell", "9", "60000")
    with open_okx(okx, "business") as socket:
        socket.subscribe({"channel": f"candle{bar}", "instId": SPOT})
        okx.counter_order(SPOT, "buy", "0.5", None)
        okx.advance(2)
        okx.counter_order(SPOT, "buy", "1", None)
        okx.advance(2)
        told = [frame["data"][0] for frame in socket.arrived() if "data" in frame]
        start = bar_period(bar, 1_790_000_002)[0] * 1000
        assert told[-1][0] == str(start) and told[-1][1:5] == ["60000"] * 4
        assert told[-1][5:] == (["1", "60000", "60000", "1"] if bar == "1s" else ["1.5", "90000", "90000", "0"])


def test_price_candles(make_okx: Make) -> None:
    okx = make_okx(speed="stepped")
    okx.set_index_price(SWAP, "60000")
    with open_okx(okx, "business") as socket:
        args = [{"channel": "mark-price-candle1D", "instId": SWAP}, {"channel": "index-candle1m", "instId": SPOT}]
        socket.subscribe(*args)
        okx.advance(1)
        okx.set_index_price(SWAP, "60100")
        okx.advance(1)
        last = [frame for frame in socket.arrived() if "data" in frame][-2:]
        assert {frame["arg"]["channel"]: frame["data"][0][1:] for frame in last} == {
            arg["channel"]: ["60000", "60100", "60000", "60100", "0"] for arg in args
        }


# Prices and rates.


def state(socket: OkxSocket, channel: str, inst_id: str) -> Any:
    socket.subscribe({"channel": channel, "instId": inst_id})
    return socket.next_of(channel)["data"][0]


def test_prices_and_rates(okx: Simulator) -> None:
    okx.set_index_price(SWAP, "60000")
    with open_okx(okx, "public") as socket:
        assert state(socket, "mark-price", SWAP)["markPx"] == "60000"
        assert state(socket, "index-tickers", SPOT)["idxPx"] == "60000"
        limits = state(socket, "price-limit", SWAP)
        assert (limits["buyLmt"], limits["sellLmt"], limits["enabled"]) == ("63000", "57000", True)
        limits = state(socket, "price-limit", SPOT)
        assert (limits["buyLmt"], limits["enabled"]) == ("", False)
        rate = state(socket, "funding-rate", SWAP)
        assert (rate["fundingRate"], rate["method"]) == ("0.0001", "current_period")
        okx.counter_contract_order(SWAP, "sell", 10, "60000")
        with open_okx(okx) as private:
            private.place(inst_id=SWAP, ordType="market", px=None, sz="4")
        interest = state(socket, "open-interest", SWAP)
        assert (interest["oi"], interest["oiCcy"], interest["oiUsd"]) == ("4", "0.04", "2400")
        socket.send({"op": "subscribe", "args": [{"channel": "funding-rate", "instId": SPOT}]})
        assert [frame["event"] for frame in socket.arrived() if "event" in frame] == ["subscribe"]


def test_prices_are_sent_when_they_change(make_okx: Make) -> None:
    okx = make_okx(speed="stepped")
    okx.set_index_price(SWAP, "60000")
    with open_okx(okx, "public") as socket:
        assert state(socket, "mark-price", SWAP)["markPx"] == "60000"
        okx.advance(1)
        socket.arrived()
        okx.advance(5)
        assert socket.arrived() == []
        okx.set_index_price(SWAP, "60001")
        okx.advance("0.4")
        assert [frame["data"][0]["markPx"] for frame in socket.arrived()] == ["60001"]
        okx.advance(11)
        assert [frame["data"][0]["markPx"] for frame in socket.arrived()] == ["60001"]
