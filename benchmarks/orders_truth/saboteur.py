"""Carries out a schedule of faults, on a thread of its own, while calls are made."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable

from benchmarks.orders_truth.callers import Progress
from benchmarks.orders_truth.exchange import Exchange
from benchmarks.orders_truth.order_calls import Dialect
from benchmarks.orders_truth.schedule import Fault
from tests.peers import FaultProxy

__all__ = ["Saboteur"]

LATE_WELCOME = 0.2
"""Seconds."""
LEAD = 25
"""Calls that may begin after the one that a fault comes with, so that there are some in flight when it comes."""


class Saboteur:
    """
    Breaks things.

    Args:
        dialect: Names the lines and look-ups.
        exchange: The simulator.
        proxy: Between it and the client.
        progress: Tells how many calls were begun.
    """

    def __init__(self, dialect: Dialect, exchange: Exchange, proxy: FaultProxy, progress: Progress) -> None:
        self._systems, self._lookups, self._batch_op = dialect.systems, dialect.lookup_path, dialect.forms.batch_op
        self._exchange, self._controls, self._proxy = exchange, exchange.controls, proxy
        self._progress = progress
        self._thread: threading.Thread | None = None
        # When which of the faults that last are to end; a number, because functions have no order.
        self._ends: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self.fired: Counter[str] = Counter()
        """How often each kind was ordered; read it after `stop`."""
        self.failure: BaseException | None = None
        """What ended the thread before its time."""

    def start(self, faults: Iterable[Fault]) -> None:
        """Begin."""
        # A daemon, so that a simulator that does not answer does not keep the soak from saying so.
        self._thread = threading.Thread(target=self._run, args=(faults,), name="saboteur", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Make everything whole again, after the last call was begun."""
        if self._thread is not None:
            self._thread.join(30.0)
        self._proxy.slice(None)
        self._proxy.heal()
        self._proxy.cut()
        for armed in self._controls.faults_in_force():
            self.fired[f"({armed.name} that found nothing to strike)"] += armed.left or 1
        self._controls.lookup_lag(0.0)
        self._controls.clear_faults()

    def _run(self, faults: Iterable[Fault]) -> None:
        try:
            for fault in faults:
                self._progress.allow(fault.at + LEAD)
                self._wait_for(fault.at)
                if self._progress.is_over:
                    break
                self._order(fault)
            self._end_all(math.inf)
        except BaseException as error:
            self.failure = error
            self._progress.stop()
            raise

    def _order(self, fault: Fault) -> None:
        """Order a fault; on a machine that is too busy to take the order in time, leave it out."""
        try:
            getattr(self, f"_{fault.kind}")(fault)
        except ConnectionError:
            self.fired["(left out, for the simulator was too busy to be told)"] += 1
        else:
            self.fired[fault.kind] += 1

    def _wait_for(self, count: int) -> None:
        """Wait until so many calls were begun, and end meanwhile what has lasted long enough."""
        while True:
            wait = max(0.0, self._ends[0][0] - time.monotonic()) if self._ends else None
            is_there = self._progress.wait_for(count, wait)
            self._end_all(time.monotonic())
            if is_there:
                return

    def _end_all(self, now: float) -> None:
        while self._ends and self._ends[0][0] <= now:
            end = heapq.heappop(self._ends)[2]
            try:
                end()
            except ConnectionError:
                if now == math.inf:
                    raise
                heapq.heappush(self._ends, (now + 1.0, next(self._numbers), end))  # too busy: once more, later

    def _last(self, fault: Fault, end: Callable[[], object]) -> None:
        """Let a fault last, and end it in time."""
        heapq.heappush(self._ends, (time.monotonic() + fault.seconds, next(self._numbers), end))

    # Replies.

    def _drop_ack(self, fault: Fault) -> None:
        self._controls.drop_ack()

    def _late_ack(self, fault: Fault) -> None:
        self._controls.late_ack(fault.details["seconds"])

    def _dup_ack(self, fault: Fault) -> None:
        self._controls.dup_ack(patch=fault.details["patch"])

    def _swap_acks(self, fault: Fault) -> None:
        self._controls.swap_acks()

    def _bad_reply(self, fault: Fault) -> None:
        self._controls.edit_ack(fault.details["patch"])

    def _edit_batch(self, fault: Fault) -> None:
        drop = 0 if fault.details["reverse"] else fault.details["count"]
        self._controls.edit_batch(drop, fault.details["reverse"], op=self._batch_op)

    def _ack_then_cut(self, fault: Fault) -> None:
        self._controls.ack_then_cut()

    def _cut_instead_of_ack(self, fault: Fault) -> None:
        self._controls.cut_instead_of_ack()

    def _hold_acks(self, fault: Fault) -> None:
        self._controls.hold_acks()
        self._last(fault, self._controls.release_acks)

    def _definite_error(self, fault: Fault) -> None:
        self._controls.refuse_order(fault.details["code"], fault.details["msg"])

    def _uncertain_error(self, fault: Fault) -> None:
        self._controls.refuse_order(fault.details["code"], fault.details["msg"], executed=fault.details["executed"])

    def _error_without_id(self, fault: Fault) -> None:
        self._controls.error_without_id()

    # Orders.

    def _cut_before_execution(self, fault: Fault) -> None:
        self._controls.cut_before_execution()

    def _cut_then_execute(self, fault: Fault) -> None:
        self._controls.cut_then_execute(fault.details["seconds"])

    def _late_execution(self, fault: Fault) -> None:
        self._controls.late_execution(fault.details["seconds"])

    # Lines.

    def _system(self, fault: Fault) -> str:
        """Return the kind of connections that a fault strikes."""
        return self._systems[fault.at % len(self._systems)]

    def _cut(self, fault: Fault) -> None:
        self._controls.cut(self._system(fault), fault.details["reset"])

    def _close(self, fault: Fault) -> None:
        self._controls.close(fault.details["code"], "Bye", self._system(fault))

    def _cut_by_bytes(self, fault: Fault) -> None:
        self._proxy.cut_after(fault.details["count"], "up" if fault.details["up"] else "down")

    def _cut_by_proxy(self, fault: Fault) -> None:
        self._proxy.cut()

    def _stall(self, fault: Fault) -> None:
        self._proxy.blackhole("up")
        self._progress.is_hurried = fault.details["hurry"]
        self._last(fault, self._end_stall)

    def _end_stall(self) -> None:
        self._proxy.resume()
        self._progress.is_hurried = False

    def _blackhole(self, fault: Fault) -> None:
        self._proxy.blackhole(swallow=fault.details["swallow"])
        self._proxy.heal()
        self._last(fault, self._proxy.cut)

    def _slice(self, fault: Fault) -> None:
        self._proxy.slice(fault.details["size"])
        self._last(fault, lambda: self._proxy.slice(None))

    def _silence(self, fault: Fault) -> None:
        self._controls.silence(self._system(fault))
        if fault.seconds:
            self._last(fault, lambda: self._controls.silence(self._system(fault), False))

    def _stop_reading(self, fault: Fault) -> None:
        self._controls.stop_reading(self._system(fault))
        self._last(fault, lambda: self._controls.stop_reading(self._system(fault), False))

    def _no_pong(self, fault: Fault) -> None:
        self._controls.no_pong(fault.details["count"], self._system(fault))

    def _bad_frame(self, fault: Fault) -> None:
        payload, raw = fault.details["frame"]
        self._controls.bad_frame(payload, self._system(fault), raw)

    def _bad_opening(self, fault: Fault) -> None:
        opening = getattr(self._controls, fault.details["opening"])
        if fault.details["opening"] == "late_welcome":
            opening(LATE_WELCOME, system=self._system(fault))
        else:
            opening(system=self._system(fault))
        self._proxy.cut()

    def _restart(self, fault: Fault) -> None:
        self._exchange.restart()

    # Look-ups.

    def _bad_lookup(self, fault: Fault) -> None:
        details = fault.details
        if details["web_page"]:
            self._controls.answer_rest(self._lookups, status=details["status"], count=details["count"])
        else:
            self._controls.refuse_rest(self._lookups, details["code"], status=details["status"], count=details["count"])

    def _cut_lookup(self, fault: Fault) -> None:
        self._controls.cut_rest(self._lookups, count=fault.details["count"])

    def _lookup_lag(self, fault: Fault) -> None:
        self._controls.lookup_lag(fault.details["seconds"])
