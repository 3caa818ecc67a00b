"""A market recorded from one simulator and replayed in another, over real connections."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kucoin_sync import WebsocketAPIClient, WebsocketClient, WsKey
from kucoin_sync.simulator import Simulator
from tests.simulator.clients import LIMIT, get, on_venue, open_stream
from tests.simulator.test_market_data_over_the_wire import Truth, disturb
from tests.simulator.test_recorded_market_data import NOON, START, level2, match, written

Make = Callable[..., Simulator]
BTC, XBT = "BTC-USDT", "XBTUSDTM"
BEGIN = 1_704_067_200
OPTIONS: dict[str, Any] = {"speed": "stepped", "limits": "off", "balances": {"USDT": "1000000", "BTC": "100"}}


class Recorded:
    """
    What a market maker and others did for some seconds, as this library's client records it.

    Attributes:
        states: Moment in nanoseconds to the books when that moment was over.
        trades: Moment, side and price to the size that was traded.
    """

    def __init__(self, simulator: Simulator, path: Path, seed: int) -> None:
        self.path = path
        self.truth = Truth((BTC, XBT)).install(simulator)
        self.states: dict[int, dict[str, Any]] = {}
        chance = random.Random(seed)
        lines: list[str] = []
        topics = {
            WsKey.SPOT_PUBLIC_V1: (f"/market/level2:{BTC}", f"/market/match:{BTC}"),
            WsKey.FUTURES_PUBLIC_V1: (f"/contractMarket/level2:{XBT}", f"/contractMarket/execution:{XBT}"),
        }
        with WebsocketClient(**simulator.client_options()) as client:
            # One line after the other: frames of two connections have no order between them.
            for key, names in topics.items():
                client.subscribe(names, key, listener=lambda update: lines.append(update.raw))
            for symbol, read in ((BTC, client.rest.book), (XBT, client.rest.futures_book)):
                book = read(symbol)
                data = {"sequence": book.sequence, "bids": _rows(book.bids), "asks": _rows(book.asks)}
                lines.append(json.dumps({"at": BEGIN, "snapshot": {"symbol": symbol, "data": data}}))
            self.states[BEGIN * 10**9] = books_of(simulator)
            for _ in range(25):
                simulator.advance("0.5")
                disturb(simulator, chance)
                # Orders and steps of one moment are one state.
                now_ns = on_venue(simulator, lambda venue: venue.now_ns())
                self.states[now_ns] = books_of(simulator)
            self.sequences = {symbol: books[1] for symbol, books in self.states[now_ns].items()}
            simulator.wait_for(lambda s: self._has_all(lines), LIMIT)
        self.trades = trades_of(simulator)
        path.write_text("\n".join(sorted(lines, key=_moment)), encoding="utf-8")

    def _has_all(self, lines: list[str]) -> bool:
        texts = list(lines)
        return all(any(f"{number}" in text for text in texts) for number in self.sequences.values())


def books_of(simulator: Simulator) -> dict[str, Any]:
    """By symbol: bids and asks, and the sequence."""

    def read(venue: Any) -> dict[str, Any]:
        found = {}
        for symbol, engine in ((BTC, venue.exchange), (XBT, venue.futures)):
            book = engine.book(symbol)
            found[symbol] = ((list(book.bids.levels()), list(book.asks.levels())), book.sequence)
        return found

    return on_venue(simulator, read)


def trades_of(simulator: Simulator) -> dict[tuple[str, int, str, Decimal], Decimal]:
    sizes: dict[tuple[str, int, str, Decimal], Decimal] = {}
    for trade in [*simulator.trades(), *on_venue(simulator, lambda venue: list(venue.futures.trades))]:
        if trade.symbol in (BTC, XBT) and trade.time_ns > BEGIN * 10**9:
            key = (trade.symbol, trade.time_ns, trade.side, trade.price)
            sizes[key] = sizes.get(key, Decimal(0)) + trade.size
    return sizes


def _rows(levels: Any) -> list[list[str]]:
    return [[f"{price:f}", f"{size:f}"] for price, size in levels]


def _moment(line: str) -> int:
    """Sorting keeps the order of what has the same moment."""
    value = json.loads(line)
    if "at" in value:
        return int(value["at"]) * 1000
    data = value["data"]
    stamp = int(data.get("time") or data.get("timestamp") or data.get("ts"))
    return stamp // 10**6 if stamp > 10**15 else stamp


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_replayed_books_and_trades_are_the_recorded_ones(make: Make, tmp_path: Path, seed: int) -> None:
    original = make(market_maker=True, seed=seed, step_interval=0.25, market_start=BEGIN, **OPTIONS)
    recorded = Recorded(original, tmp_path / "recorded", seed)
    original.stop()
    replayed = make(market_maker=None, replay=recorded.path, **OPTIONS)
    assert replayed.market_time() == BEGIN
    for moment, books in recorded.states.items():
        replayed.advance(Decimal(moment) / 10**9 - replayed.market_time())
        here = books_of(replayed)
        assert {symbol: here[symbol][0] for symbol in here} == {symbol: books[symbol][0] for symbol in books}
    assert trades_of(replayed) == recorded.trades
    assert len(recorded.trades) > 20
    progress = replayed.replay_progress()
    assert (progress.skipped, progress.bad, progress.refused, progress.done) == (0, 0, 0, True)
    assert progress.played == len(recorded.path.read_text().splitlines())
    # The market stays as it is.
    last = books_of(replayed)
    replayed.advance(60)
    assert books_of(replayed) == last


def test_readers_of_a_replay_see_one_market(make: Make, tmp_path: Path) -> None:
    """Increments, snapshots, candles and tickers come from the engines, as in any market."""
    lines = [START]
    for number in range(1, 121):
        lines.append(match("buy", "60001", "0.001"))
        lines.append(level2(("sell", "60001", f"{1 - number / 1000:.3f}", 100 + number)))
    replayed = make(market_maker=None, replay=written(tmp_path / "file", *lines), **OPTIONS)
    with open_stream(replayed) as reader:
        reader.subscribe(f"/market/level2:{BTC}", f"/market/match:{BTC}", f"/market/candles:{BTC}_1min")
        replayed.advance(240)
        frames = reader.arrived()
    kinds = [frame["subject"] for frame in frames]
    assert kinds.count("trade.l3match") == 120
    changes = [frame["data"]["changes"]["asks"] for frame in frames if frame["subject"] == "trade.l2update"]
    assert [Decimal(rows[0][1]) for rows in changes] == [1 - Decimal(number) / 1000 for number in range(1, 121)]
    rows = get(replayed, f"/api/v1/market/candles?symbol={BTC}&type=1min")
    assert [int(row[0]) for row in rows] == [NOON // 60 * 60 + minute * 60 for minute in (3, 2, 1, 0)][-len(rows) :]
    assert sum(Decimal(row[5]) for row in rows) == Decimal("0.120")


def test_orders_of_a_client_trade_with_the_recording(make: Make, tmp_path: Path) -> None:
    lines = [START, match("sell", "59999.5", "0.5"), level2(("buy", "59997", "1", 101))]
    replayed = make(market_maker=None, replay=written(tmp_path / "file", *lines), **OPTIONS)
    with WebsocketAPIClient(**replayed.client_options()) as api:
        api.submit_new_spot_order(symbol=BTC, side="buy", type="market", size="0.25", client_oid="taker")
        api.submit_new_spot_order(symbol=BTC, side="buy", type="limit", price="59999.7", size="0.1", client_oid="maker")
        replayed.advance(2)
    first, second = replayed.orders()
    assert (first.outcome, first.deal_funds) == ("filled", Decimal("15000.25"))
    assert (second.outcome, second.deal_funds) == ("filled", Decimal("5999.97"))


def test_replay_runs_by_itself_at_its_speed(make: Make, tmp_path: Path) -> None:
    """Ten minutes of a recording, in less than a second."""
    lines = [START, *(level2(("buy", "59999", f"{n}", 100 + n)) for n in range(1, 601))]
    replayed = make(market_maker=None, replay=written(tmp_path / "file", *lines), speed=1000)
    replayed.wait_for(lambda s: s.replay_progress().done, LIMIT)
    assert replayed.replay_progress().played == 601
    assert on_venue(replayed, lambda venue: venue.exchange.book(BTC).bids.top()) == (59999, 600)


def test_many_lines_of_one_moment_do_not_stop_the_server(make: Make, tmp_path: Path) -> None:
    lines = [START, *({"at": NOON, "frame": level2(("buy", "59999", f"{n}", 100 + n))} for n in range(1, 4001))]
    replayed = make(market_maker=None, replay=written(tmp_path / "file", *lines), limits="off")
    seen = []
    while not replayed.replay_progress().done:
        seen.append(replayed.replay_progress().played)
        assert get(replayed, "/api/v1/timestamp") > 0
    assert len(set(seen)) > 3
    assert replayed.replay_progress().played == 4001


def test_replay_goes_on_after_a_restart(make: Make, tmp_path: Path) -> None:
    lines = [START, *(level2(("buy", "59999", f"{n}", 100 + n)) for n in range(1, 11))]
    replayed = make(market_maker=None, replay=written(tmp_path / "file", *lines), **OPTIONS)
    replayed.advance(5)
    replayed.stop()
    replayed.start()
    replayed.advance(1)
    assert on_venue(replayed, lambda venue: venue.exchange.book(BTC).bids.top()) == (59999, 6)
    assert replayed.replay_progress().played == 7


def test_market_time_of_a_replay_can_begin_elsewhere(make: Make, tmp_path: Path) -> None:
    path = written(tmp_path / "file", START, match("buy", "60001", "1"))
    replayed = make(market_maker=None, replay=path, market_start=BEGIN, **OPTIONS)
    replayed.advance(1)
    assert [trade.time_ns for trade in replayed.trades()] == [(BEGIN + 1) * 10**9]


def test_wrong_replays_are_refused(tmp_path: Path) -> None:
    good = written(tmp_path / "good", START)
    with pytest.raises(ValueError, match="not by both"):
        Simulator(replay=good, market_maker=True)
    with pytest.raises(ValueError, match="line 1: not a JSON object"):
        Simulator(replay=written(tmp_path / "bad", "bad"))
    with pytest.raises(FileNotFoundError):
        Simulator(replay=tmp_path / "nothing")
    with pytest.raises(RuntimeError, match="replays nothing"):
        Simulator().replay_progress()
    # A path as a text is one as well, and neither starting nor stopping is needed.
    simulator = Simulator(replay=str(good), speed="stepped")
    simulator.advance(0)
    assert simulator.replay_progress().done
