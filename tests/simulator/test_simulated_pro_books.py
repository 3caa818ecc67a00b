"""The order book channel of the Pro streams: what a reader rebuilds is what the engine has."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator import Simulator
from tests.kucoin.samples import Sample, parameters
from tests.simulator.clients import ProSocket, open_pro, unified_book

Make = Callable[..., Simulator]
SYMBOL = "BTC-USDT"


@pytest.fixture
def quiet(make: Make) -> Simulator:
    """A simulator whose market moves by `step_market` only."""
    return make(market_maker=True, step_interval=3600.0)


def subscribe(socket: ProSocket, depth: str, symbol: str = SYMBOL) -> None:
    assert socket.subscribe("obu", tradeType="SPOT", symbol=symbol, depth=depth) == {"id": "s", "result": True}


def receive(socket: ProSocket, kind: str, depth: str) -> Any:
    frame = socket.receive()
    assert (frame["T"], frame["dp"], frame["t"]) == ("obu.SPOT", depth, kind)
    assert frame["P"] >= frame["d"]["M"]
    return frame["d"]


class Rebuilt:
    """A book as a reader keeps it, by the rules of the documentation; strict about continuity."""

    def __init__(self, snapshot: Any) -> None:
        assert snapshot["O"] == snapshot["C"]
        self.sides = {side: {Decimal(p): Decimal(s) for p, s in snapshot[side]} for side in "ab"}
        self.sequence: int = snapshot["C"]

    def apply(self, delta: Any) -> None:
        assert delta["O"] == self.sequence + 1 and delta["C"] > self.sequence
        for side, levels in self.sides.items():
            for price, size in delta[side]:
                if Decimal(size):
                    levels[Decimal(price)] = Decimal(size)
                else:
                    assert levels.pop(Decimal(price), None) is not None, "a level that was not there is gone"
        self.sequence = delta["C"]

    def as_wire(self) -> tuple[list[tuple[Decimal, Decimal]], list[tuple[Decimal, Decimal]]]:
        return sorted(self.sides["b"].items(), reverse=True), sorted(self.sides["a"].items())


def engine_book(simulator: Simulator, width: int = 500) -> Any:
    data = unified_book(simulator, "SPOT", SYMBOL)["data"]
    bids, asks = ([(Decimal(p), Decimal(s)) for p, s in data[side][:width]] for side in ("bids", "asks"))
    return data["sequence"], (bids, asks)


def test_increments_rebuild_the_engines_book(quiet: Simulator) -> None:
    quiet.step_market(3)
    with open_pro(quiet) as socket:
        subscribe(socket, "increment@10ms")
        book = Rebuilt(receive(socket, "snapshot", "increment@10ms"))
        assert (book.sequence, book.as_wire()) == engine_book(quiet)
        for _ in range(20):
            quiet.step_market(5)
            sequence, expected = engine_book(quiet)
            while book.sequence < sequence:
                book.apply(receive(socket, "delta", "increment@10ms"))
            assert (book.sequence, book.as_wire()) == (sequence, expected)


def test_every_change_comes_with_its_own_sequence(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        subscribe(socket, "increment")
        sequence, _ = engine_book(simulator)
        simulator.counter_order(SYMBOL, "buy", "0.5", "50000")
        simulator.counter_order(SYMBOL, "sell", "0.2", "50000")
        first, second = (receive(socket, "delta", "increment") for _ in range(2))
        assert isinstance(first.pop("M"), int)
        assert first == {
            "a": [],
            "b": [["50000", "0.5"]],
            "s": SYMBOL,
            "C": sequence + 1,
            "O": sequence + 1,
        }
        assert (second["b"], second["O"], second["C"]) == ([["50000", "0.3"]], sequence + 2, sequence + 2)


def test_changes_of_ten_milliseconds_are_one_frame(quiet: Simulator) -> None:
    with open_pro(quiet) as socket:
        subscribe(socket, "increment@10ms")
        book = Rebuilt(receive(socket, "snapshot", "increment@10ms"))
        quiet.step_market(30)
        deltas = [receive(socket, "delta", "increment@10ms")]
        sequence, _ = engine_book(quiet)
        while deltas[-1]["C"] < sequence:
            deltas.append(receive(socket, "delta", "increment@10ms"))
        assert len(deltas) < sequence - book.sequence
        for delta in deltas:
            book.apply(delta)
            bids, asks = [Decimal(p) for p, _ in delta["b"]], [Decimal(p) for p, _ in delta["a"]]
            assert bids == sorted(bids, reverse=True) and asks == sorted(asks)


def test_levels_leave_and_enter_the_window_of_500(simulator: Simulator) -> None:
    for number in range(500):
        simulator.counter_order(SYMBOL, "buy", "0.001", str(1000 + number))
    with open_pro(simulator) as socket:
        subscribe(socket, "increment@10ms")
        book = Rebuilt(receive(socket, "snapshot", "increment@10ms"))
        assert len(book.sides["b"]) == 500
        simulator.counter_order(SYMBOL, "buy", "0.002", "2000")
        delta = receive(socket, "delta", "increment@10ms")
        assert delta["b"] == [["2000", "0.002"], ["1000", "0"]]
        book.apply(delta)
        # Far below the window: nothing is sent, and the next increment covers this sequence as well.
        simulator.counter_order(SYMBOL, "buy", "0.003", "999")
        simulator.counter_order(SYMBOL, "sell", "0.002", "2000")
        delta = receive(socket, "delta", "increment@10ms")
        assert delta["b"] == [["2000", "0"], ["1000", "0.001"]]
        book.apply(delta)
        assert (book.sequence, book.as_wire()) == engine_book(simulator)


def test_late_readers_and_early_ones_see_the_same_sequences(quiet: Simulator) -> None:
    quiet.step_market(2)
    with open_pro(quiet) as early, open_pro(quiet) as late:
        subscribe(early, "increment@10ms")
        first = Rebuilt(receive(early, "snapshot", "increment@10ms"))
        quiet.step_market(2)
        late.send({"id": "s", "action": "subscribe", "channel": "obu", "tradeType": "SPOT", "symbol": SYMBOL,
                   "depth": "increment@10ms"})  # fmt: skip
        frames = [late.receive()]
        while frames[-1].get("t") != "snapshot":
            frames.append(late.receive())
        assert frames[0] == {"id": "s", "result": True}
        second = Rebuilt(frames[-1]["d"])
        assert all(frame["d"]["C"] <= second.sequence for frame in frames[1:-1]), "increments that the snapshot has"
        quiet.step_market(2)
        sequence, expected = engine_book(quiet)
        for book, socket in ((first, early), (second, late)):
            while book.sequence < sequence:
                book.apply(receive(socket, "delta", "increment@10ms"))
            assert book.as_wire() == expected


def test_top_of_the_book_is_sent_when_it_changes(simulator: Simulator) -> None:
    with open_pro(simulator) as socket:
        simulator.counter_order(SYMBOL, "buy", "0.5", "50000")
        subscribe(socket, "1")
        assert receive(socket, "snapshot", "1")["b"] == [["50000", "0.5"]]
        simulator.counter_order(SYMBOL, "sell", "0.5", "70000.5")
        top = receive(socket, "snapshot", "1")
        assert (top["b"], top["a"]) == ([["50000", "0.5"]], [["70000.5", "0.5"]])
        assert (top["O"], top["C"]) == (engine_book(simulator)[0],) * 2
        simulator.counter_order(SYMBOL, "buy", "0.5", "40000")  # below the top: silence
        simulator.counter_order(SYMBOL, "buy", "0.1", "50000")
        assert receive(socket, "snapshot", "1")["b"] == [["50000", "0.6"]]


@pytest.mark.parametrize(("depth", "levels"), [("5", 5), ("50", 50)])
def test_best_levels_are_repeated_when_quiet(simulator: Simulator, depth: str, levels: int) -> None:
    for number in range(60):
        simulator.counter_order(SYMBOL, "buy", "0.001", str(1000 + number))
        simulator.counter_order(SYMBOL, "sell", "0.001", str(2000 + number))
    with open_pro(simulator) as socket:
        subscribe(socket, depth)
        first, second = (receive(socket, "snapshot", depth) for _ in range(2))
        assert first == second
        assert [p for p, _ in first["b"]] == [str(1059 - n) for n in range(levels)]
        assert [p for p, _ in first["a"]] == [str(2000 + n) for n in range(levels)]
        answer = {"id": "u", "result": True}
        socket.send({"id": "u", "action": "UNSUBSCRIBE", "channel": "obu", "tradeType": "SPOT", "symbol": SYMBOL,
                     "depth": depth})  # fmt: skip
        while socket.receive() != answer:
            pass  # snapshots that were on their way
        assert socket.ask({"id": "after", "type": "ping"})["id"] == "after"


def test_second_subscription_brings_another_snapshot(quiet: Simulator) -> None:
    with open_pro(quiet) as socket:
        subscribe(socket, "increment@10ms")
        first = receive(socket, "snapshot", "increment@10ms")
        subscribe(socket, "increment@10ms")
        assert receive(socket, "snapshot", "increment@10ms") == {**first, "M": pytest.approx(first["M"], abs=10**10)}


def test_snapshots_can_be_held_while_increments_go_on(quiet: Simulator) -> None:
    quiet.step_market(1)
    quiet.hold_snapshots()
    with open_pro(quiet) as socket:
        subscribe(socket, "increment@10ms")
        quiet.step_market(5)
        delta = receive(socket, "delta", "increment@10ms")
        assert quiet.release_snapshots() == 1
        frame = socket.receive()
        while frame["t"] == "delta":
            assert frame["d"]["O"] == delta["C"] + 1
            delta, frame = frame["d"], socket.receive()
        book = Rebuilt(frame["d"])
        assert book.sequence >= delta["C"]
        quiet.step_market(5)
        sequence, expected = engine_book(quiet)
        while book.sequence < sequence:
            book.apply(receive(socket, "delta", "increment@10ms"))
        assert book.as_wire() == expected


def test_lost_pushes_leave_a_gap(simulator: Simulator) -> None:
    topic = "obu.SPOT:BTC-USDT@increment"
    with open_pro(simulator) as socket:
        subscribe(socket, "increment")
        simulator.drop_push(2, topic)
        sequence, _ = engine_book(simulator)
        for price in ("40000", "40001", "40002"):
            simulator.counter_order(SYMBOL, "buy", "0.1", price)
        assert receive(socket, "delta", "increment")["C"] == sequence + 3
        assert [entry.name for entry in simulator.fault_log() if entry.what == "struck"] == ["drop_push"] * 2


def test_order_book_call_cuts_and_checks(quiet: Simulator) -> None:
    quiet.step_market(3)
    full = unified_book(quiet, "SPOT", SYMBOL)["data"]
    assert (full["tradeType"], full["symbol"]) == ("SPOT", SYMBOL) and isinstance(full["sequence"], int)
    assert unified_book(quiet, "SPOT", SYMBOL, limit="20")["data"]["bids"] == full["bids"][:20]
    assert unified_book(quiet, "SPOT", "NO-SUCH")["code"] == "106054"
    assert unified_book(quiet, "MOON", SYMBOL)["code"] == "106000"
    assert unified_book(quiet, "SPOT", SYMBOL, limit="7")["code"] == "106000"


@pytest.mark.parametrize("sample", parameters("messages.jsonl", topic=("obu.SPOT",)))
def test_frames_have_the_keys_of_the_captured_ones(quiet: Simulator, sample: Sample) -> None:
    quiet.step_market(2)
    with open_pro(quiet) as socket:
        subscribe(socket, sample.frame["dp"])
        if sample.frame["t"] == "delta":
            quiet.step_market(2)
        frame = socket.receive()
        while frame["t"] != sample.frame["t"]:
            frame = socket.receive()
        assert set(frame) == set(sample.frame) and set(frame["d"]) == set(sample.frame["d"])
        for key, value in sample.frame["d"].items():
            assert type(frame["d"][key]) is type(value)
        levels = [level for side in "ab" for level in frame["d"][side]]
        assert levels and all(isinstance(text, str) for level in levels for text in level)
