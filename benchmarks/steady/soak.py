"""One soak from beginning to end."""

from __future__ import annotations

import collections
import contextlib
import itertools
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from benchmarks.bad_inputs.watch import LogWatch, check_error, resident_bytes, return_free_memory
from benchmarks.child import Child
from benchmarks.steady.exchange import HOW
from benchmarks.steady.numbers import Comparison, Numbers, Sent, compare
from benchmarks.steady.tables import kept_objects, table_sizes
from benchmarks.steady.trend import Range, Samples, has_grown, slope
from kucoin_sync import (
    Accepted,
    NotSent,
    OutcomeUnknown,
    RequestError,
    StillUnknown,
    Stream,
    Update,
    WebsocketAPIClient,
    WsKey,
    topics,
)
from kucoin_sync.simulator import Simulator
from tests.peers.leaks import LeakGuard

__all__ = ["LIMIT", "SHORTEST_JUDGED", "WINDOWS", "Outcome", "Plan", "soak"]

SHORTEST_JUDGED = 20.0
"""Minutes of a run whose memory is judged: a shorter one says more about the allocator than about the client."""
LIMIT = 1.0
"""MiB an hour."""
WINDOWS = ("OpeningBudget._taken", "MessagePace._sent")
"""Tables that remember the last minute, or ten seconds: they fill up first. They are shown and not judged."""

WARM_UP = 12
"""Ends of all lines before tables are judged: by then every way of ending them has met every fate of an order."""

LINES = (WsKey.SPOT_PUBLIC_V1, WsKey.SPOT_PUBLIC_PRO_V2, WsKey.SPOT_PRIVATE_V1, WsKey.WS_API_SPOT_V1)
# Topics on which the exchange itself has nothing to say here: the orders are of another pair, or do not trade.
STREAMED, HEARD, PRO = "/market/match:BTC-USDT", "/market/match:ETH-USDT", "ticker.SPOT:ETH-USDT"
PATIENCE = 30.0
"""Seconds for what must happen to happen."""
LOOK_INTERVAL = 0.01
RECONCILE_TIMEOUT = 20.0
MOST_PROBLEMS = 50

OPTIONS: dict[str, Any] = {
    "track_orders": True,
    "ping_interval": 1.0,  # else a line would end before its first ping
    "pong_timeout": 2.0,
    "reconnect_timeout": 0.2,
    "reconnect_reset_after": 0.5,  # all lines end on purpose here: that must not be taken for an exchange in trouble
    "openings_per_minute": 10_000,
    "settle": 0.3,  # look-ups of this exchange do not lag
}


@attrs.frozen
class Plan:
    """
    What to do.

    Attributes:
        rate: Messages a second, over three topics.
        minutes: How long.
        reconnect: Seconds from one end of all lines to the next.
        orders: Order calls a second.
        sample: Seconds between two samples.
        tls: Whether everything is TLS.
    """

    rate: float = 1000.0
    minutes: float = 60.0
    reconnect: float = 10.0
    orders: float = 10.0
    sample: float = 5.0
    tls: bool = False


@attrs.frozen
class Outcome:
    """
    What came of it.

    Attributes:
        seconds: How long messages were sent.
        topics: Messages, by topic.
        ended: How often all lines were ended, by how.
        lines_lost: How often the client lost a line, all lines together.
        slowest: Longest time from the end of the lines until all of them worked again, seconds; without the time until
            a silence is noticed it would be less.
        orders: Order calls, by how they ended.
        samples: Samples taken.
        threads, descriptors: While all lines were ready and no call ran.
        tables: By name: containers, and objects of the library.
        grown: Names of those that only grow.
        judged: Samples after the warm-up, which say so.
        memory: MiB in use at the first sample, at the one in the middle, and at the last.
        slope: MiB an hour over the second half.
        problems: What must not happen at all.
    """

    seconds: float
    topics: dict[str, Comparison]
    ended: dict[str, int]
    lines_lost: int
    slowest: float
    orders: dict[str, int]
    samples: int
    threads: Range
    descriptors: Range
    tables: dict[str, Range]
    grown: Sequence[str]
    judged: int
    memory: tuple[float, float, float]
    slope: float
    problems: Sequence[str]

    def broken(self, plan: Plan) -> list[str]:
        """Return what is not as it has to be, in words."""
        said = [*self.problems, *(text for topic in self.topics.values() for text in topic.problems)]
        for name, found in (("threads", self.threads), ("descriptors", self.descriptors)):
            if found.least != found.most:
                said.append(f"{name} are not constant: {found.least} to {found.most}")
        said += [f"{name} grows: {self.tables[name].first} to {self.tables[name].last}" for name in self.grown]
        if plan.minutes >= SHORTEST_JUDGED and self.slope > LIMIT:
            said.append(f"memory in use grows by {self.slope:.2f} MiB an hour")
        return said


def soak(plan: Plan, report_progress: Callable[[str], None] = lambda text: None) -> Outcome:
    """Run one soak."""
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as folder, LeakGuard() as guard, LogWatch().attached() as log:
        ca_file = Path(folder, "ca.pem") if plan.tls else None
        options = {
            "tls": plan.tls,
            "ca_file": str(ca_file),
            "topics": [STREAMED, HEARD, PRO],
            "rate": plan.rate,
        }
        with Child("benchmarks.steady.exchange", options) as exchange:
            given = Simulator.connect(exchange.ready, ca_file=ca_file).client_options()
            run = _Soak(plan, exchange, problems, report_progress)
            with WebsocketAPIClient(**given, **OPTIONS) as api:
                run.work(api)
        try:
            guard.check()
        except AssertionError as error:
            problems.append(str(error))
            guard.uncaught.clear()
        problems += log.problems
    return run.outcome()


class _Soak:
    """The parts of one soak. The thread that runs `work` ends lines and takes samples, one after the other."""

    def __init__(
        self, plan: Plan, exchange: Child, problems: list[str], report_progress: Callable[[str], None]
    ) -> None:
        self._plan, self._exchange, self._problems, self._report = plan, exchange, problems, report_progress
        self._numbers = {topic: Numbers(topic) for topic in (STREAMED, HEARD, PRO)}
        self._sent: dict[str, list[Sent]] = {}
        self._ended: collections.Counter[str] = collections.Counter()
        self._orders = _Orders(plan.orders, self._problem)
        self._slowest = self._seconds = 0.0
        self._lost = 0  # listener thread only
        self._times: list[float] = []
        self._warm = sys.maxsize
        self._samples = Samples(int(plan.minutes * 60 / plan.sample) + 2)

    def work(self, api: WebsocketAPIClient) -> None:
        """Do everything that needs the client."""
        client = api.get_ws_client()
        client.on("suspended", self._on_suspended)
        client.on("exception", self._on_exception)
        client.on("overflow", lambda event: self._problem(f"a queue ran over: {event}"))
        api.connect_ws_api(WsKey.WS_API_SPOT_V1)
        heard = client.subscribe(HEARD, WsKey.SPOT_PUBLIC_V1, listener=self._take)
        streamed = client.stream(STREAMED, WsKey.SPOT_PUBLIC_V1)
        pro = client.stream(topics.pro_ticker("ETH-USDT", trade_type="SPOT"), WsKey.SPOT_PUBLIC_PRO_V2)
        loops = [threading.Thread(target=self._read, args=(stream,), daemon=True) for stream in (streamed, pro)]
        for loop in loops:
            loop.start()
        self._orders.start(api)
        self._exchange.ask("start")

        def is_up() -> bool:
            return all(map(client.is_connected, LINES)) and set(heard.state.values()) == {"active"} and pushes_come()

        def pushes_come() -> bool:
            # Not the states of the topics of a stream, which it does not tell: that something arrives on each.
            return all(numbers.last > before for numbers, before in zip(self._numbers.values(), since, strict=True))

        since: list[int] = [0, 0, 0]
        began = time.monotonic()
        try:
            self._await(is_up, "the first messages")
            samples = itertools.count(1)
            ends = itertools.count(1)
            next_sample, next_end = began, began + self._plan.reconnect
            until = began + self._plan.minutes * 60
            for how in itertools.cycle(HOW):
                while next_sample < min(next_end, until):
                    _wait_until(next_sample)
                    self._sample(client, began)
                    next_sample = began + next(samples) * self._plan.sample
                if next_end >= until:
                    break
                _wait_until(next_end)
                ended_at, lost = time.monotonic(), self._lost + len(LINES)
                self._exchange.ask("end lines", how=how)
                self._ended[how] += 1
                if self._ended.total() == WARM_UP:
                    self._warm = len(self._times)
                self._await(partial(self._has_lost, lost), f"the client to lose its lines ({how})")
                since[:] = [numbers.last for numbers in self._numbers.values()]
                self._await(is_up, f"all lines after {how}")
                self._slowest = max(self._slowest, time.monotonic() - ended_at)
                # Not in a row if the machine is slow: lines have to be up for a while.
                next_end = max(began + (next(ends) + 1) * self._plan.reconnect, time.monotonic() + 0.1)
            _wait_until(until)
        except _TooLate:
            if not self._times:
                raise
        finally:
            self._seconds = time.monotonic() - began
            self._orders.stop()
            runs = self._exchange.ask("stop")
            self._sent = {topic: [Sent(*run) for run in lines] for topic, lines in runs.items()}
        with contextlib.suppress(_TooLate):  # then the comparison tells what is missing
            self._await(self._has_all, "the last messages")
        for stream in (streamed, pro):
            if stream.dropped:
                self._problem(f"{stream!r} dropped {stream.dropped}")
            stream.close()
        for loop in loops:
            loop.join(PATIENCE)

    def outcome(self) -> Outcome:
        """Return what came of it, when everything is closed."""
        half = len(self._times) // 2
        hours = [at / 3600 for at in self._times[half:]]
        counts = self._samples.rows()
        mebibytes = [size / 2**20 for size in counts.pop("memory")]
        for numbers in self._numbers.values():
            self._problems += numbers.problems
        threads, descriptors = (Range.of(counts.pop(name)) for name in ("threads", "descriptors"))
        return Outcome(
            seconds=self._seconds,
            topics={
                topic: compare(topic, self._sent.get(topic, []), numbers.runs)
                for topic, numbers in self._numbers.items()
            },
            ended=dict(self._ended),
            lines_lost=self._lost,
            slowest=self._slowest,
            orders=dict(self._orders.counts),
            samples=len(self._times),
            threads=threads,
            descriptors=descriptors,
            tables={name: Range.of(values) for name, values in sorted(counts.items())},
            grown=[name for name, row in counts.items() if name not in WINDOWS and has_grown(row[self._warm :])],
            judged=max(0, len(self._times) - self._warm),
            memory=(mebibytes[0], mebibytes[half], mebibytes[-1]),
            slope=slope(hours, mebibytes[half:]),
            problems=self._problems[:MOST_PROBLEMS],
        )

    # Samples.

    def _sample(self, client: Any, began: float) -> None:
        """Count everything, while all lines are ready and no order call runs."""
        with self._orders.at_rest():
            while True:
                self._await(lambda: all(map(client.is_connected, LINES)), "all lines, for a sample")
                lost = self._lost
                return_free_memory()
                found = {"threads": threading.active_count(), "descriptors": _descriptors()}
                found |= table_sizes(client) | kept_objects()
                memory = resident_bytes()
                if self._lost == lost and all(map(client.is_connected, LINES)):
                    break
            self._samples.add({**found, "memory": memory})
            self._times.append(time.monotonic() - began)
        if len(self._times) % 12 == 0:
            self._report(
                f"{self._times[-1]:.0f} s: {memory / 2**20:.1f} MiB, {found['threads']} threads, "
                f"{found['descriptors']} descriptors, {self._ended.total()} reconnects"
            )

    # Messages.

    def _take(self, update: Update) -> None:
        self._numbers[update.topic].take(update.data["n"], marked=update.gap_before)

    def _read(self, stream: Stream) -> None:
        for update in stream:
            self._take(update)

    def _has_all(self) -> bool:
        return all(self._numbers[topic].last >= lines[-1].last for topic, lines in self._sent.items() if lines)

    # Events.

    def _has_lost(self, lines: int) -> bool:
        return self._lost >= lines

    def _on_suspended(self, _: Any) -> None:
        self._lost += 1

    def _on_exception(self, event: Any) -> None:
        wrong = check_error(event.error)
        if wrong is not None:
            self._problem(wrong)

    def _problem(self, text: str) -> None:
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(text)

    def _await(self, done: Callable[[], bool], awaited: str) -> None:
        until, never = time.monotonic() + PATIENCE, threading.Event()
        while not done():
            if time.monotonic() > until:
                self._problem(f"waited {PATIENCE:g} s for {awaited}")
                raise _TooLate(awaited)
            never.wait(LOOK_INTERVAL)


class _TooLate(RuntimeError):
    """Something did not happen; it is among the problems."""


class _Orders:
    """
    A thread that places an order and cancels it, again and again, and finds out about those that are unknown.

    Args:
        rate: Calls a second.
        problem: Told of what must not happen.
    """

    def __init__(self, rate: float, problem: Callable[[str], None]) -> None:
        self.counts: collections.Counter[str] = collections.Counter()
        self._pause = 1.0 / rate
        self._problem = problem
        self._lock = threading.Lock()  # held while a call runs, and by who wants none to
        self._stopping = threading.Event()
        self._live: str | None = None
        self._thread = threading.Thread(target=self._run, name="orders", daemon=True)

    def start(self, api: WebsocketAPIClient) -> None:
        """Begin."""
        self._api = api
        self._thread.start()

    def stop(self) -> None:
        """End, after the present call."""
        self._stopping.set()
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            self._problem("an order call does not end")

    @contextlib.contextmanager
    def at_rest(self) -> Iterator[None]:
        """While entered, no call runs."""
        with self._lock:
            yield

    def _run(self) -> None:
        while not self._stopping.wait(self._pause):
            with self._lock:
                try:
                    self._call()
                except Exception as error:  # told in the end; the soak goes on
                    self._problem(f"an order call ended as {error!r}")

    def _call(self) -> None:
        """Cancel the order that is live; if there is none, place one."""
        live = self._live
        try:
            if live is None:
                order = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.0001"}
                self._live = self._api.submit_new_spot_order(order).order_id
            else:
                self._api.cancel_spot_order({"symbol": "BTC-USDT", "orderId": live})
                self._live = None
            self.counts["accepted"] += 1
        except NotSent:
            self.counts["not sent"] += 1
        except OutcomeUnknown as error:
            self.counts["unknown"] += 1
            self._find_out(error)
        except RequestError as error:
            self.counts["refused"] += 1
            self._problem(f"an order was refused: {error}")
            self._live = None

    def _find_out(self, error: OutcomeUnknown) -> None:
        fate = error.reconcile(timeout=RECONCILE_TIMEOUT)
        if isinstance(fate, StillUnknown):
            self._problem(f"still unknown: {error}: {fate}")
            self._api.get_ws_client().dismiss(error)
            self._live = None
            return
        self.counts[f"found to be {type(fate).__name__.lower()}"] += 1
        if isinstance(fate, Accepted):
            placed = fate.order_id if fate.order is None else fate.order.order_id
            self._live = placed if self._live is None else None


def _wait_until(at: float) -> None:
    threading.Event().wait(max(0.0, at - time.monotonic()))


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
