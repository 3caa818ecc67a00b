"""One soak from beginning to end: what runs beside what, and what is left to compare."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs

from benchmarks.orders_truth.answers import Answer
from benchmarks.orders_truth.arrivals import Arrivals
from benchmarks.orders_truth.callers import Callers, Progress
from benchmarks.orders_truth.exchange import Exchange
from benchmarks.orders_truth.judge import HARMLESS, Finding, judge
from benchmarks.orders_truth.kucoin import Kucoin
from benchmarks.orders_truth.okx import Okx
from benchmarks.orders_truth.order_calls import Api, Dialect, OpenOrders
from benchmarks.orders_truth.reconciler import Reconciler, Resolution
from benchmarks.orders_truth.record import Record
from benchmarks.orders_truth.saboteur import Saboteur
from benchmarks.orders_truth.schedule import LONGEST_LAG, schedule
from benchmarks.orders_truth.witness import Witness
from kucoin_sync.fates import StillUnknown
from tests.peers import FaultProxy

__all__ = ["EXCHANGES", "Outcome", "Plan", "soak"]

EXCHANGES: dict[str, Callable[[], Dialect]] = {Kucoin.name: Kucoin, Okx.name: Okx}

SETTLE = 2.5 * LONGEST_LAG
"""Seconds; the client may not believe a look-up earlier than the exchange's own lag is over."""
RECONCILERS = 16
"""Threads; they wait most of the time, but a look-up over TLS is a handshake for both sides."""
RECONCILE_TIMEOUT = 30.0
RECEIVE_BUFFER = 2304
"""Of the proxy towards the client, so that a stalled line backs up into the client's kernel."""
PATIENCE = 120.0
"""Seconds after the last call was begun, after which calls are said to hang."""
RECONCILE_PATIENCE = 600.0
"""The same for the queue of what is unknown, which may be long on a busy machine."""

OPTIONS: dict[str, Any] = {
    "open_timeout": 1.0,
    "close_timeout": 1.0,
    "probe_after": 0.2,
    "probe_timeout": 0.3,
    "reconnect_timeout": 0.01,
    "reconnect_reset_after": 0.1,
    "openings_per_minute": 100_000,
    "settle": SETTLE,
    "track_orders": True,
}
"""Of the client: impatient, so that much happens in little time."""


@attrs.frozen
class Plan:
    """
    What to do.

    Attributes:
        orders: Calls in all.
        seed: Of calls and faults.
        threads: That make calls.
        tls: Whether everything is TLS.
        exchange: A name in `EXCHANGES`.
        journal: The client's journal, or ``None``.
        timeout: Seconds for most calls.
        gap: Calls between two faults, on average.
    """

    orders: int
    seed: int
    threads: int = 8
    tls: bool = False
    exchange: str = Kucoin.name
    journal: Path | None = None
    timeout: float = 0.5
    gap: float = 10.0


@attrs.frozen
class Outcome:
    """
    What came of it.

    Attributes:
        findings: Promises that were not kept.
        strange: What must not happen at all: calls that ended in no outcome, threads that died, what never ended.
        unresolved: Texts of what was still unknown in the end, though there are look-ups for it.
        resolutions: How long reconciliation took, of each call.
        faults: Fired, by kind.
        lines_lost: How often the client lost a line.
        starved: Seconds for which the machine let a thread wait that had nothing to wait for: the worst case.
        executed: Orders that the exchange's engine took.
        frames: Orders in all frames that reached it.
        elapsed: Seconds that the calls took.
        total: Seconds, with what was still to be reconciled after the last call.
    """

    answers: Sequence[Answer]
    findings: Sequence[Finding]
    strange: Sequence[str]
    unresolved: Sequence[str]
    resolutions: Sequence[Resolution]
    faults: dict[str, int]
    lines_lost: int
    starved: float
    executed: int
    frames: int
    elapsed: float
    total: float

    @property
    def has_failed(self) -> bool:
        """Whether anything is not zero that must be."""
        broken = [finding for finding in self.findings if finding.kind not in HARMLESS]
        return bool(broken or self.strange or self.unresolved)


def soak(plan: Plan, report_progress: Callable[[str], None] = lambda text: None) -> Outcome:
    """Run one soak and compare."""
    dialect, arrivals = EXCHANGES[plan.exchange](), Arrivals(tls=plan.tls)
    with (
        tempfile.TemporaryDirectory() as folder,
        Exchange(Path(folder), name=plan.exchange, tls=plan.tls, seed=plan.seed) as exchange,
        FaultProxy("127.0.0.1", exchange.port, receive_buffer=RECEIVE_BUFFER, watch=arrivals.watch) as proxy,
    ):
        return _Soak(plan, dialect, exchange, proxy, arrivals, report_progress).run()


class _Soak:
    """The parts of one soak."""

    def __init__(
        self,
        plan: Plan,
        dialect: Dialect,
        exchange: Exchange,
        proxy: FaultProxy,
        arrivals: Arrivals,
        report_progress: Callable[[str], None],
    ) -> None:
        self._plan, self._dialect, self._exchange = plan, dialect, exchange
        self._proxy, self._arrivals, self._report = proxy, arrivals, report_progress
        self._record, self._progress = Record(), Progress(plan.orders)
        self._orders = OpenOrders(dialect.made_up)
        self._saboteur = Saboteur(dialect, exchange, proxy, self._progress)
        self._reconciler = Reconciler(
            self._orders,
            self._record,
            seed=plan.seed,
            timeout=RECONCILE_TIMEOUT,
            never_resolved=dialect.never_resolved,
        )
        self._lines_lost, self._witness = _Counter(), Witness()

    def run(self) -> Outcome:
        """Make the calls, find out what is unknown, compare."""
        plan = self._plan
        self._dialect.prepare(self._exchange.controls)
        options = {**OPTIONS, "request_timeout": plan.timeout, "journal": plan.journal}
        api = self._dialect.open(self._exchange.controls, self._proxy.port, options)
        with api:
            api.get_ws_client().on("suspended", lambda _: self._lines_lost.add())
            began = time.monotonic()
            elapsed = self._make_calls(api)
            unresolved = self._resolve_all(api)
            total = time.monotonic() - began
        return self._compare(unresolved, elapsed, total)

    def _make_calls(self, api: Api) -> float:
        """Have all calls made under faults; return the seconds that took."""
        plan, began = self._plan, time.monotonic()
        callers = Callers(
            self._dialect,
            api,
            self._orders,
            self._progress,
            self._record,
            self._reconciler,
            self._witness,
            seed=plan.seed,
            timeout=plan.timeout,
        )
        self._witness.start()
        self._reconciler.start(RECONCILERS)
        self._saboteur.start(schedule(plan.seed, self._dialect.forms, gap=plan.gap))
        callers.start(plan.threads)
        for count in range(plan.orders // 10, plan.orders, max(1, plan.orders // 10)):
            self._progress.wait_for(count)
            self._report(f"{count} of {plan.orders} calls, {time.monotonic() - began:.0f} s")
        if not callers.join(PATIENCE):
            self._record.put_strange(f"a call did not end within {PATIENCE:g} s")
        elapsed = time.monotonic() - began
        self._saboteur.stop()
        self._witness.stop()
        if self._saboteur.failure is not None:
            self._record.put_strange(f"the saboteur died of {self._saboteur.failure!r}")
        return elapsed

    def _resolve_all(self, api: Api) -> list[str]:
        """Find out about everything that is still unknown; return what stays so and could be looked up."""
        if not self._reconciler.finish(RECONCILE_PATIENCE):
            self._record.put_strange(f"reconciliation did not end within {RECONCILE_PATIENCE:g} s")
        client = api.get_ws_client()
        left = client.unresolved()
        fates = client.reconcile_all(timeout=RECONCILE_TIMEOUT)
        self._reconciler.note_again()
        unknown = [(error, fate) for error, fate in zip(left, fates, strict=True) if isinstance(fate, StillUnknown)]
        if len(client.unresolved()) != len(unknown):
            text = f"{len(unknown)} fates are unknown, and the client has {len(client.unresolved())} orders unresolved"
            self._record.put_strange(text)
        return [f"{error}: {fate}" for error, fate in unknown if error.op not in self._dialect.never_resolved]

    def _compare(self, unresolved: list[str], elapsed: float, total: float) -> Outcome:
        answers, truth = self._record.answers, self._exchange.truth()
        findings = judge(
            answers,
            truth,
            fates=self._reconciler.fates,
            live=self._exchange.live_orders(),
            arrival=self._arrivals,
        )
        return Outcome(
            answers=answers,
            findings=findings,
            strange=self._record.strange,
            unresolved=unresolved,
            resolutions=self._reconciler.resolutions,
            faults=dict(self._saboteur.fired),
            lines_lost=self._lines_lost.count,
            starved=self._witness.worst,
            executed=sum(entry.executed for entry in truth),
            frames=len(truth),
            elapsed=elapsed,
            total=total,
        )


class _Counter:
    """Counts, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def add(self) -> None:
        """One more."""
        with self._lock:
            self.count += 1
