"""The trials: a fault at some moment, what the client says of it, and when."""

from __future__ import annotations

import contextlib
import queue
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from benchmarks.child import Child
from benchmarks.orders_truth.witness import Witness
from benchmarks.recovery.exchange import ORDERS, STREAM
from benchmarks.recovery.samples import Case
from kucoin_sync import OutcomeUnknown, WebsocketAPIClient, WsKey
from kucoin_sync.simulator import Simulator

__all__ = ["FAULTS", "IDLE_OPTIONS", "Outcome", "Plan", "run"]

LINES = {WsKey.SPOT_PUBLIC_V1.value: STREAM, WsKey.WS_API_SPOT_V1.value: ORDERS}
"""The lines, and the proxy of each."""
TOPIC = "/market/match:BTC-USDT"
ORDER = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.0001"}

PATIENCE = 15.0
"""Seconds after which something is said not to happen."""
SPREAD = 0.5
"""Seconds over which the moments of the faults are spread, so that they meet every phase of the heartbeat."""
DOWN = 0.5
"""Seconds for which the exchange is gone when it restarts."""

IDLE_OPTIONS: dict[str, Any] = {"ping_interval": 0.5, "pong_timeout": 0.5}
OPTIONS: dict[str, Any] = {
    "openings_per_minute": 10_000,  # many lines are opened here on purpose
    "reconnect_reset_after": 0.0,  # so that each trial begins with the first step
}

NOTICED: dict[str, float | None] = {
    "FIN": 0.05,
    "RST": 0.05,
    "blackhole, order in flight": 3.2,
    "blackhole, idle": IDLE_OPTIONS["ping_interval"] + IDLE_OPTIONS["pong_timeout"] + 0.5,
    "restart": None,
}
"""Seconds in which each fault has to be noticed. The end of a restarting exchange takes its own time."""
FAULTS = tuple(NOTICED)


@attrs.frozen
class Plan:
    """
    What to do.

    Attributes:
        trials: Of each fault.
        slow_trials: Of a blackhole with an order in flight, which takes three seconds each.
        transports: Whether with TLS, one after the other.
        faults: Names in `FAULTS`.
        seed: Of the moments.
    """

    trials: int = 30
    slow_trials: int = 5
    transports: Sequence[bool] = (False, True)
    faults: Sequence[str] = FAULTS
    seed: int = 1


@attrs.frozen
class Outcome:
    """
    What came of it.

    Attributes:
        cases: One for each fault, line and transport.
        starved: Longest time for which the machine let a thread wait that had nothing to wait for, seconds.
        seconds: How long it took.
    """

    cases: Sequence[Case]
    starved: float
    seconds: float

    def broken(self) -> list[str]:
        """Return which bounds were broken, in words."""
        return [text for case in self.cases for text in case.broken()]


def run(plan: Plan, report_progress: Callable[[str], None] = lambda text: None) -> Outcome:
    """Run all trials."""
    witness, began, cases = Witness(), time.monotonic(), []
    witness.start()
    try:
        for tls in plan.transports:
            with _exchange(tls) as (exchange, options):
                for fault in plan.faults:
                    cases += _run_fault(fault, plan, exchange, options, tls=tls)
                    report_progress(f"{fault}, {'TLS' if tls else 'plain'}: {time.monotonic() - began:.0f} s")
    finally:
        witness.stop()
    return Outcome(cases, witness.worst, time.monotonic() - began)


def _run_fault(fault: str, plan: Plan, exchange: Child, options: dict[str, Any], *, tls: bool) -> list[Case]:
    rng = random.Random(f"{plan.seed} {fault} {tls}")
    lines = [ORDERS] if fault == "blackhole, order in flight" else [STREAM, ORDERS]
    cases = {line: Case(fault, line, tls, NOTICED[fault]) for line in lines}
    count = plan.slow_trials if fault == "blackhole, order in flight" else plan.trials
    with WebsocketAPIClient(**options, **OPTIONS, **(IDLE_OPTIONS if fault == "blackhole, idle" else {})) as api:
        trials = _Trials(exchange, api, cases)
        for _ in range(count):
            threading.Event().wait(rng.random() * SPREAD)
            try:
                trials.make(fault)
            except _NothingHappened:  # it is among the problems, and nobody knows what to expect now
                break
    return list(cases.values())


@contextlib.contextmanager
def _exchange(tls: bool) -> Iterator[tuple[Child, dict[str, Any]]]:
    """Run the other side; yield it and the options that point a client at it."""
    with tempfile.TemporaryDirectory() as folder:
        ca_file = Path(folder, "ca.pem") if tls else None
        with Child("benchmarks.recovery.exchange", {"tls": tls, "ca_file": str(ca_file)}) as exchange:
            options = Simulator.connect(exchange.ready["url"], ca_file=ca_file).client_options()
            options["hosts"] = {**options["hosts"], "ws_api": exchange.ready["ws_api"]}
            yield exchange, options


class _NothingHappened(RuntimeError):
    """An event did not come."""


class _Trials:
    """
    Trials of one fault with one client.

    Args:
        exchange: The other side.
        api: The client.
        cases: By line, those that are looked at.
    """

    def __init__(self, exchange: Child, api: WebsocketAPIClient, cases: dict[str, Case]) -> None:
        self._exchange = exchange
        self._api = api
        self._cases = cases
        self._events: queue.SimpleQueue[tuple[str, str, float, Any]] = queue.SimpleQueue()
        client = api.get_ws_client()
        client.subscribe(TOPIC, WsKey.SPOT_PUBLIC_V1)
        api.connect_ws_api(WsKey.WS_API_SPOT_V1)
        for name in ("suspended", "reconnect", "open"):
            client.on(name, partial(self._note, name))

    def _note(self, name: str, event: Any) -> None:
        line = LINES[event.ws_key]
        if line in self._cases:
            self._events.put((line, name, time.monotonic(), event))

    def make(self, fault: str) -> None:
        """Make one trial. Raises _NothingHappened."""
        while not self._events.empty():  # those of the first opening
            self._events.get()
        if fault in ("FIN", "RST"):
            began = self._exchange.ask(fault.lower())
            self._follow(began, healed=began)
        elif fault == "restart":
            self._follow(self._exchange.ask("stop"), all_lost=self._start_again)
        elif fault == "blackhole, idle":
            self._follow(self._exchange.ask("hole", proxies=list(self._cases)), heal=self._heal)
        else:
            began = self._exchange.ask("hole", proxies=list(self._cases))
            future = self._api.nowait.submit_new_spot_order(ORDER)
            self._follow(began, heal=self._heal)
            error = future.exception(PATIENCE)
            if isinstance(error, OutcomeUnknown):
                self._api.get_ws_client().dismiss(error)
            else:
                self._cases[ORDERS].problems.append(f"the order ended as {error!r}")

    def _heal(self, line: str) -> float:
        healed: float = self._exchange.ask("heal", proxy=line)
        return healed

    def _start_again(self) -> float:
        threading.Event().wait(DOWN)
        started: float = self._exchange.ask("start")
        return started

    def _follow(
        self,
        began: float,
        *,
        healed: float | None = None,
        heal: Callable[[str], float] | None = None,
        all_lost: Callable[[], float] | None = None,
    ) -> None:
        """
        Follow all lines until they are open again.

        Args:
            began: When the fault began.
            healed: When it was over, if it is.
            heal: Ends it for a line, as soon as that is noticed to be lost; returns when.
            all_lost: Ends it for all lines when the last one is lost; returns when.
        """
        over = dict.fromkeys(self._cases, healed)
        lost, waited = set[str](), dict.fromkeys(self._cases, 0.0)
        waiting = set(self._cases)
        while waiting:
            line, name, at, event = self._next(waiting)
            case = self._cases[line]
            if name == "suspended":
                case.detect.append(at - began)
                lost.add(line)
                if heal is not None:
                    over[line] = heal(line)
                if all_lost is not None and lost == set(self._cases):
                    over = dict.fromkeys(self._cases, all_lost())
            elif name == "reconnect":
                waited[line] = event.delay  # the last one is the step that was being waited out when the fault ended
            else:
                ended = over[line]
                if ended is None or line not in lost:
                    case.problems.append("open while the fault lasts")
                    raise _NothingHappened
                case.recover.append(at - ended)
                case.steps.append(waited[line])
                waiting.discard(line)

    def _next(self, waiting: set[str]) -> tuple[str, str, float, Any]:
        try:
            return self._events.get(timeout=PATIENCE)
        except queue.Empty:
            for line in waiting:
                self._cases[line].problems.append(f"nothing more happened in {PATIENCE:g} s")
            raise _NothingHappened from None
