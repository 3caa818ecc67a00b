"""What is asked of the simulator, and what is counted; each scenario has a simulator of its own."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any

import attrs

from benchmarks.simulator.exchange import BURST_TOPIC
from benchmarks.simulator.wire import Line, encode, open_orders, open_stream
from kucoin_sync.simulator.matching.symbols import many_symbols

__all__ = ["MIXES", "Fanout", "measure_orders", "measure_slow_reader", "measure_streams"]

ROOT = Path(__file__).resolve().parent.parent.parent
WINDOW = 256
"""Orders in flight on the one connection."""
TIME_LIMIT = 15.0
MAX_OUTPUT = 1024 * 1024
"""Bytes that may wait for the slow client; the simulator's default is four times as many."""
TOPICS = (
    "/market/level2",
    "/market/ticker",
    "/market/match",
    "/spotMarket/level1",
    "/spotMarket/level2Depth5",
    "/spotMarket/level2Depth50",
)
CANDLES = ("1min", "5min", "1hour", "1day")


class Exchange:
    """
    The process with the simulator.

    Args:
        core: The core it takes for itself, ``None`` for none.
        pairs: Invented pairs to trade; 0 for the usual two.
        options: Of `Simulator`.
    """

    def __init__(self, core: int | None, *, pairs: int = 0, **options: Any) -> None:
        command = [sys.executable, "-m", "benchmarks.simulator.exchange"]
        command.append(json.dumps({"core": core, "pairs": pairs, **options}))
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.pid = self._process.pid
        self.address: dict[str, Any] = self._answer()

    def ask(self, command: str) -> dict[str, Any]:
        """Send one command and wait for its result."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process with the simulator ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Exchange:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


# Orders.


def _spot(number: int, side: str, price: str, size: str = "0.0001") -> dict[str, Any]:
    args = {"clientOid": f"c{number}", "symbol": "BTC-USDT", "side": side, "type": "limit", "price": price}
    return {"op": "spot.order", "args": {**args, "size": size}}


def _rest_on_spot() -> Iterator[dict[str, Any]]:
    for number in count():
        yield _spot(number, "buy", f"{20000 + number % 200}")


def _rest_and_cancel_on_spot() -> Iterator[dict[str, Any]]:
    for number in count():
        yield _spot(number, "buy", f"{20000 + number % 200}")
        yield {"op": "spot.cancel", "args": {"symbol": "BTC-USDT", "clientOid": f"c{number}"}}


def _cross_on_spot() -> Iterator[dict[str, Any]]:
    for number in count():
        yield _spot(number, "sell" if number % 2 == 0 else "buy", "60000")


def _rest_and_cancel_on_futures() -> Iterator[dict[str, Any]]:
    for number in count():
        args = {"clientOid": f"c{number}", "symbol": "XBTUSDTM", "side": "buy", "type": "limit", "size": 1}
        yield {"op": "futures.order", "args": {**args, "price": f"{20000 + number % 200}", "leverage": 5}}
        yield {"op": "futures.cancel", "args": {"symbol": "XBTUSDTM", "clientOid": f"c{number}"}}


def _cross_on_futures() -> Iterator[dict[str, Any]]:
    for number in count():
        args = {"clientOid": f"c{number}", "symbol": "XBTUSDTM", "type": "limit", "size": 1, "leverage": 5}
        yield {"op": "futures.order", "args": {**args, "side": "sell" if number % 2 == 0 else "buy", "price": "60000"}}


MIXES: dict[str, tuple[str, Callable[[], Iterator[dict[str, Any]]]]] = {
    "spot_rest": ("spot.order that rests", _rest_on_spot),
    "spot_cancel": ("spot.order and spot.cancel in turn", _rest_and_cancel_on_spot),
    "spot_cross": ("spot.order, every second one trades", _cross_on_spot),
    "futures_cancel": ("futures.order and futures.cancel in turn", _rest_and_cancel_on_futures),
    "futures_cross": ("futures.order, every second one trades", _cross_on_futures),
}


def measure_orders(core: int | None, mix: str, commands: int) -> dict[str, Any]:
    """
    Send commands over one connection, `WINDOW` of them in flight, and check every reply.

    Raises:
        AssertionError: A reply is missing, wrong or not a success, or the truth log knows something else.
    """
    warm_up = commands // 10
    with Exchange(core, market_maker=False) as exchange:
        line = open_orders(exchange.address)
        script = MIXES[mix][1]()
        frames = [
            encode(json.dumps({"id": f"{number:07}", **next(script)}).encode()) for number in range(warm_up + commands)
        ]
        _send_all(line, frames[:warm_up], first=0)
        before = exchange.ask("begin")
        started = perf_counter()
        _send_all(line, frames[warm_up:], first=warm_up)
        took = perf_counter() - started
        after = exchange.ask("counters")
        truth = exchange.ask("executed")
        line.close()
    assert truth == {"frames": len(frames), "executed": len(frames), "replied": len(frames)}, truth
    return {
        "commands": commands,
        "commands_per_s": commands / took,
        "cpu_us": (after["cpu_s"] - before["cpu_s"]) / commands * 1e6,
        "lateness_p50_ms": after["lateness_p50_ms"],
        "lateness_max_ms": after["lateness_max_ms"],
    }


def _send_all(line: Line, frames: list[bytes], *, first: int) -> None:
    sent = answered = 0
    while answered < len(frames):
        batch = frames[sent : answered + WINDOW]
        if batch:
            line.sock.sendall(b"".join(batch))
            sent += len(batch)
        if not line.fill():
            raise AssertionError("the simulator ended the connection")
        for payload in line.payloads():
            # The id comes first and the code after the op: cheaper than parsing, and wrong if anything is.
            expected = b'{"id":"%07d","op":' % (first + answered)
            assert payload.startswith(expected) and b'"code":"200000"' in payload[:70], payload
            answered += 1


# Streams.


@attrs.frozen
class Fanout:
    """
    A market and its readers.

    Attributes:
        clients: Connections, each subscribed to everything.
        pairs: Pairs that are traded.
        step_interval: Seconds between two steps of the market maker.
        seconds: How long it is measured.
        tls: Whether it runs over TLS.
    """

    clients: int
    pairs: int
    step_interval: float
    seconds: float
    tls: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """Arguments of `Exchange`."""
        return {"pairs": self.pairs, "step_interval": self.step_interval, "tls": self.tls}


def measure_streams(core: int | None, plan: Fanout) -> dict[str, Any]:
    """
    Let many clients read a busy market, and count on both sides.

    Raises:
        AssertionError: Somebody lost a message or got the increments of a book out of order.
    """
    with Exchange(core, **plan.options) as exchange:
        lines = [open_stream(exchange.address, _topics(plan.pairs)) for _ in range(plan.clients)]
        checker = _BookCheck()
        _read(lines, plan.seconds / 10, checker)
        before, read_before = exchange.ask("begin"), sum(line.frames for line in lines)
        started = perf_counter()
        _read(lines, plan.seconds, checker)
        took = perf_counter() - started
        after, read_after = exchange.ask("counters"), sum(line.frames for line in lines)
        for line in lines:
            line.close()
    assert after["connections"] == plan.clients, after
    steps = after["steps"] - before["steps"]
    return {
        "clients": plan.clients,
        "pairs": plan.pairs,
        "pushed_per_s": (after["sent"] - before["sent"]) / took,
        "received_per_s": (read_after - read_before) / took,
        "steps_per_s": steps / took,
        "steps_wanted_per_s": 1 / plan.step_interval,
        "increments_checked": checker.checked,
        "load": (after["cpu_s"] - before["cpu_s"]) / took,
        "lateness_p50_ms": after["lateness_p50_ms"],
        "lateness_max_ms": after["lateness_max_ms"],
    }


class _BookCheck:
    """Follows the increments that one client gets: each must begin where the last one of its pair ended."""

    def __init__(self) -> None:
        self._ends: dict[str, int] = {}
        self.checked = 0

    def look(self, payload: bytes) -> None:
        """Take one message."""
        if b'"trade.l2update"' not in payload:
            return
        data = json.loads(payload)["data"]
        start, end, symbol = data["sequenceStart"], data["sequenceEnd"], data["symbol"]
        assert self._ends.get(symbol, start - 1) == start - 1, (symbol, start, self._ends[symbol])
        self._ends[symbol] = end
        self.checked += 1


def _topics(pairs: int) -> list[str]:
    names = [symbol.name for symbol in many_symbols(pairs)]
    candles = [f"/market/candles:{','.join(f'{name}_{interval}' for name in names)}" for interval in CANDLES]
    return [*candles, *(f"{path}:{','.join(names)}" for path in TOPICS)]


def _read(lines: list[Line], seconds: float, checker: _BookCheck, bursts: _BurstCount | None = None) -> None:
    """Read all lines for so long; the messages of the first are looked at, and for bursts those of all."""
    with selectors.DefaultSelector() as selector:
        for each in lines:
            selector.register(each.sock, selectors.EVENT_READ, each)
        end = perf_counter() + seconds
        while (left := end - perf_counter()) > 0:
            for key, _ in selector.select(left):
                line: Line = key.data
                if not line.fill():
                    raise AssertionError("the simulator dropped a client that reads")
                if line is not lines[0] and bursts is None:
                    line.skip()
                    continue
                for payload in line.payloads():
                    if line is lines[0]:
                        checker.look(payload)
                    if bursts is not None:
                        bursts.look(line, payload)


def measure_slow_reader(core: int | None, plan: Fanout) -> dict[str, Any]:
    """
    Let one client of several stop reading while long messages come on top of the market; it must be cut.

    Raises:
        AssertionError: It was not, or another client was dropped, or missed a message or an increment.
    """
    topics = [*_topics(plan.pairs), BURST_TOPIC]
    with Exchange(core, max_output=MAX_OUTPUT, **plan.options) as exchange:
        lines = [open_stream(exchange.address, topics) for _ in range(plan.clients)]
        slow = open_stream(exchange.address, topics, receive_buffer=1 << 16)
        checker, bursts = _BookCheck(), _BurstCount(lines)
        exchange.ask("begin")
        started = perf_counter()
        after = exchange.ask("counters")
        while after["connections"] > plan.clients:
            assert perf_counter() - started < TIME_LIMIT, "the slow client was not cut"
            pushed = exchange.ask("burst")
            _read(lines, 0.02, checker, bursts)
            after = exchange.ask("counters")
        cut_after = perf_counter() - started
        _read(lines, 1.0, checker, bursts)
        after = exchange.ask("counters")
        ended_by = "end of stream"
        try:
            while slow.fill():
                slow.skip()
        except ConnectionResetError:
            ended_by = "reset"
        for line in (*lines, slow):
            line.close()
    assert after["connections"] == plan.clients, after
    assert set(bursts.counts.values()) == {pushed["messages"]}, (bursts.counts, pushed)
    return {
        "max_output": MAX_OUTPUT,
        "pushed_bytes": pushed["bytes"],
        "read_by_it": slow.bytes,
        "ended_by": ended_by,
        "seconds_until_cut": cut_after,
        "others": plan.clients,
        "messages_each_of_them_got": pushed["messages"],
        "increments_checked": checker.checked,
        "lateness_p50_ms": after["lateness_p50_ms"],
        "lateness_max_ms": after["lateness_max_ms"],
    }


class _BurstCount:
    """Counts the long messages that each client gets."""

    def __init__(self, lines: list[Line]) -> None:
        self.counts = dict.fromkeys(lines, 0)

    def look(self, line: Line, payload: bytes) -> None:
        """Take one message."""
        self.counts[line] += b'"subject":"burst"' in payload
