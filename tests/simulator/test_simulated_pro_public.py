"""Public Pro channels besides the order book: what the engines report, in the words of the wire."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from kucoin_sync.simulator import Simulator, Symbol
from tests.kucoin.samples import Sample, parameters
from tests.simulator.clients import ProSocket, open_pro, unified_book

Make = Callable[..., Simulator]
SYMBOL = "BTC-USDT"
SECOND = 1_000_000_000


class Clock:
    """The server's time, moved by hand."""

    def __init__(self) -> None:
        # The middle of a minute of UTC, so that a few seconds more stay inside it.
        self.now_ns = time.time_ns() // (60 * SECOND) * 60 * SECOND + 30 * SECOND

    def __call__(self) -> int:
        return self.now_ns


def subscribe(socket: ProSocket, channel: str, **parameters: Any) -> None:
    frame = {"tradeType": "SPOT", "symbol": SYMBOL, **parameters}
    assert socket.subscribe(channel, **frame) == {"id": "s", "result": True}


def trade(simulator: Simulator, side: str = "buy", size: str = "0.2", price: str = "50000") -> None:
    """Let the other trader meet itself."""
    resting = "sell" if side == "buy" else "buy"
    simulator.counter_order(SYMBOL, resting, size, price)
    simulator.counter_order(SYMBOL, side, size, price)


def test_each_match_is_a_trade(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        subscribe(socket, "trade")
        trade(simulator, "sell")
        frame = socket.receive()
        assert abs(frame["d"].pop("M") - time.time_ns()) < 5 * SECOND
        assert frame.pop("P") > 0
        assert frame == {
            "T": "trade.SPOT",
            "d": {"s": SYMBOL, "E": 1, "ti": "1", "p": "50000", "q": "0.2", "S": "sell"},
        }


def test_ticker_is_sent_after_each_order_that_traded(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        subscribe(socket, "ticker")
        simulator.counter_order(SYMBOL, "sell", "0.1", "50000")
        simulator.counter_order(SYMBOL, "sell", "0.4", "50001")
        simulator.counter_order(SYMBOL, "buy", "0.3", "49000")
        simulator.counter_order(SYMBOL, "buy", "0.2", "50001")
        frame = socket.receive()
        assert abs(frame["d"].pop("M") - time.time_ns()) < 5 * SECOND
        assert frame.pop("P") > 0
        assert frame == {
            "T": "ticker.SPOT",
            "d": {
                "s": SYMBOL,
                "E": unified_book(simulator, "SPOT", SYMBOL)["data"]["sequence"],
                "b": "49000",
                "B": "0.3",
                "a": "50001",
                "A": "0.3",
                "l": "50001",
                "q": "0.1",
                "S": "BUY",
            },
        }


def test_tickers_of_several_symbols_come_on_one_connection(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        assert socket.subscribe("ticker", tradeType="SPOT", symbols=[SYMBOL, "ETH-USDT"])["result"] is True
        assert simulator.push_ticker("ETH-USDT") == 1
        assert simulator.push_ticker(SYMBOL) == 1
        first, second = socket.receive(), socket.receive()
        assert [frame["d"]["s"] for frame in (first, second)] == ["ETH-USDT", SYMBOL]
        assert first["d"]["l"] == "3000", "the price before the first trade"


def test_candles_are_sent_once_a_second(make: Make) -> None:
    clock = Clock()
    simulator = make(clock=clock)
    with open_pro(simulator) as socket:
        subscribe(socket, "kline", interval="1min")
        trade(simulator, price="50000", size="0.2")
        trade(simulator, price="50100", size="0.1")
        clock.now_ns += SECOND
        frame = socket.receive()
        start = clock.now_ns // (60 * SECOND) * 60
        assert frame.pop("P") == clock.now_ns
        assert frame == {
            "T": "kline.SPOT",
            "d": {
                "s": SYMBOL,
                "i": "1min",
                "O": start,
                "C": start + 60,
                "o": "50000",
                "c": "50100",
                "h": "50100",
                "l": "50000",
                "v": "0.3",
                "a": "15010",
                "S": True,
            },
        }
        trade(simulator, price="49900", size="0.1")
        clock.now_ns += SECOND
        changed = socket.receive()["d"]
        assert (changed["l"], changed["v"], changed["S"]) == ("49900", "0.4", False)
        clock.now_ns += 60 * SECOND
        trade(simulator)
        clock.now_ns += SECOND
        following = socket.receive()["d"]
        assert (following["O"], following["o"], following["S"]) == (start + 60, "50000", True)


def test_each_interval_has_its_own_candle(make: Make) -> None:
    clock = Clock()
    simulator = make(clock=clock)
    intervals = ["1min", "6hour", "1week", "1month"]
    with open_pro(simulator) as socket:
        for interval in intervals:
            subscribe(socket, "kline", interval=interval)
        trade(simulator)
        clock.now_ns += SECOND
        frames = [socket.receive()["d"] for _ in intervals]
        assert [frame["i"] for frame in frames] == intervals
        assert all(frame["O"] <= clock.now_ns // SECOND <= frame["C"] for frame in frames)


def test_running_call_auction_is_told_ten_times_a_second(make: Make) -> None:
    pair = Symbol("ABC-USDT", "ABC", "USDT", price_increment="0.01", initial_price="10", call_auction=True)
    simulator = make(symbols=[pair])
    with open_pro(simulator) as socket:
        simulator.counter_order("ABC-USDT", "buy", "3", "11")
        simulator.counter_order("ABC-USDT", "sell", "2", "10.5")
        assert socket.subscribe("callAuctionInfo", symbol="ABC-USDT")["result"] is True
        first, second = socket.receive(), socket.receive()
        assert (first["T"], first["t"]) == ("callAuctionInfo.SPOT", "snapshot")
        stamps = [frame["d"].pop("ts") for frame in (first, second)]
        assert stamps == sorted(stamps)
        assert first["d"] == second["d"]
        assert first["d"] == {
            "s": "ABC-USDT",
            "slp": 1,
            "blp": 1,
            "shp": 100,
            "bhp": 100,
            "eq": 10.5,
            "es": 2,
        }


SPOT_CHANNELS = ("ticker.SPOT", "trade.SPOT", "kline.SPOT")


@pytest.mark.parametrize("sample", parameters("messages.jsonl", topic=SPOT_CHANNELS))
def test_frames_have_the_keys_of_the_captured_ones(make: Make, sample: Sample) -> None:
    clock = Clock()
    simulator = make(clock=clock)
    channel = sample.frame["T"].partition(".")[0]
    with open_pro(simulator) as socket:
        subscribe(socket, channel, **({"interval": "1min"} if channel == "kline" else {}))
        trade(simulator)
        clock.now_ns += SECOND
        frame = socket.receive()
        assert set(frame) == set(sample.frame) and set(frame["d"]) == set(sample.frame["d"])
        for key, value in sample.frame["d"].items():
            # One source prints the flag of a candle as a text.
            assert type(frame["d"][key]) in ((bool, str) if key == "S" and channel == "kline" else (type(value),))
