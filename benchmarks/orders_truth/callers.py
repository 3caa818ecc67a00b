"""The threads that make order calls, and the queue of what became unknown."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

import attrs

from benchmarks.orders_truth.answers import answer_of
from benchmarks.orders_truth.judge import GRACE
from benchmarks.orders_truth.order_calls import Api, Dialect, OpenOrder, OpenOrders, Request
from benchmarks.orders_truth.reconciler import Reconciler
from benchmarks.orders_truth.record import Record
from benchmarks.orders_truth.witness import Witness
from kucoin_sync import KucoinSyncError, OutcomeUnknown, Rejected

__all__ = ["Callers", "Progress"]

BURST = 4
"""Calls in flight at once from one thread, by ``nowait``."""
PATIENCE = 120.0
"""Seconds for those who find out about unknown calls to catch up."""
HURRY = 0.15
"""Share of the usual time that calls get in a hurry."""


class Progress:
    """How many calls were begun: callers ask for the next one, and the faults keep pace with them."""

    def __init__(self, orders: int) -> None:
        self.is_hurried = False
        """Whether all calls get little time, so that many end on a line that takes nothing any more."""
        self._orders = orders
        self._begun = 0
        self._allowed: float = 0
        self._changed = threading.Condition()  # guards the numbers

    def next(self) -> int | None:
        """Return the number of the next call to make, ``None`` if there were enough; wait for faults that are late."""
        with self._changed:
            self._changed.wait_for(lambda: self._begun < self._allowed or self._begun >= self._orders)
            if self._begun >= self._orders:
                return None
            self._begun += 1
            self._changed.notify_all()
            return self._begun

    def allow(self, count: float) -> None:
        """Let so many calls begin."""
        with self._changed:
            self._allowed = count
            self._changed.notify_all()

    def wait_for(self, count: int, timeout: float | None = None) -> bool:
        """Wait until so many calls were begun, or all; return False if ``timeout`` seconds are over before that."""
        with self._changed:
            return self._changed.wait_for(lambda: self._begun >= min(count, self._orders), timeout)

    @property
    def is_over(self) -> bool:
        """Whether the last call was begun."""
        with self._changed:
            return self._begun >= self._orders

    def stop(self) -> None:
        """Let no further call begin, and nobody wait."""
        with self._changed:
            self._begun = self._orders
            self._changed.notify_all()


class Callers:
    """
    Threads that share one client and make calls until there were enough.

    Args:
        exchange: Its dialect.
        api: The client.
        orders: Orders that may be changed or cancelled.
        progress: Numbers the calls.
        record: Where answers go.
        reconciler: Takes what ended unknown, with its request.
        witness: Knows when the machine let threads wait.
        seed: Decides what is called; each thread has a sequence of its own.
        timeout: Seconds for most calls; some get less.
    """

    def __init__(
        self,
        exchange: Dialect,
        api: Api,
        orders: OpenOrders,
        progress: Progress,
        record: Record,
        reconciler: Reconciler,
        witness: Witness,
        *,
        seed: int,
        timeout: float,
    ) -> None:
        self._exchange, self._api, self._orders = exchange, api, orders
        self._progress, self._record, self._reconciler = progress, record, reconciler
        self._witness, self._seed, self._timeout = witness, seed, timeout
        self._threads: list[threading.Thread] = []

    def start(self, count: int) -> None:
        """Start so many threads."""
        for number in range(count):
            # A daemon, so that a call that never ends does not keep the soak from saying so.
            thread = threading.Thread(target=self._run, args=(number,), name=f"caller-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def join(self, timeout: float) -> bool:
        """Wait until all calls have ended; return False if one has not in time."""
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, number: int) -> None:
        rng = random.Random(f"caller {number} of {self._seed}")
        own_ids = (f"own{self._seed}x{number}x{count}" for count in range(1_000_000_000))
        try:
            while self._step(rng, own_ids):
                pass
        except BaseException as error:
            self._record.put_strange(f"caller {number} died of {error!r}")
            self._progress.stop()
            raise

    def _step(self, rng: random.Random, own_ids: Iterator[str]) -> bool:
        """Make a call, or some at once; return False if there were enough."""
        if not self._reconciler.wait_for_room(PATIENCE):
            self._record.put_strange(f"reconciliation made no room within {PATIENCE:g} s")
        way = rng.choices(("method", "request", "nowait"), (6, 1, 1))[0]
        timeout = self._timeout if rng.random() < 0.75 else self._timeout * rng.uniform(0.1, 1.0)
        if self._progress.is_hurried:
            timeout = min(timeout, self._timeout * HURRY)
        calls: list[tuple[_Call, Future[Any]]] = []
        for _ in range(BURST if way == "nowait" else 1):
            number = self._progress.next()
            if number is None:
                break
            request = self._exchange.draw(rng, self._orders, lambda: next(own_ids))
            call = _Call(number, request, way, timeout)
            make = self._exchange.call_by_name if way == "request" else self._exchange.call
            try:
                if way == "nowait":
                    future = self._exchange.call_nowait(self._api, request, timeout)
                    # The end of this one, while the next are being sent.
                    future.add_done_callback(lambda _, call=call: call.end())
                    calls.append((call, future))
                else:
                    self._end(call, make(self._api, request, timeout))
            except KucoinSyncError as error:
                self._end(call, error)
        for call, future in calls:
            try:
                self._end(call, future.result(timeout + 5.0))
            except KucoinSyncError as error:
                self._end(call, error)
            except FutureTimeoutError:  # not the built-in one before Python 3.11
                self._record.put_strange(f"call {call.number}, {call.request.op} by nowait, never ended")
        return number is not None

    def _end(self, call: _Call, result: Any) -> None:
        """Put down how a call ended, and see to the orders it was about."""
        ended_ns, elapsed = call.end()
        request = call.request
        try:
            answer = answer_of(
                result,
                number=call.number,
                action=request.action,
                way=call.way,
                targets=request.target_ids,
                ended_ns=ended_ns,
                elapsed=elapsed,
                timeout=call.timeout,
                starved=self._witness.starved_since(call.began) if elapsed > call.timeout + GRACE else 0.0,
            )
        except TypeError as error:
            self._record.put_strange(f"call {call.number}, {request.op} by {call.way}: {error}")
            return
        self._record.put(answer)
        if isinstance(result, OutcomeUnknown):
            self._reconciler.put(result, request, time.monotonic())
        for order, target in zip(answer.orders, request.targets, strict=True):
            if order.kind == "accepted" and request.action != "cancel" and order.order_id is not None:
                client_oid = order.client_oid if target is None else target.client_oid
                self._orders.add(OpenOrder(request.product, order.order_id, client_oid))
            elif target is not None and (order.kind == "not sent" or _is_untouched(result)):
                self._orders.add(target)


def _is_untouched(result: Any) -> bool:
    """Whether the exchange refused to change or cancel an order for a reason that leaves it as it was."""
    return isinstance(result, Rejected) and not result.no_such_order


@attrs.define
class _Call:
    """A call that was begun; it ends when that is first noted."""

    number: int
    request: Request
    way: str
    timeout: float
    began: float = attrs.field(factory=time.monotonic)
    _ended: tuple[int, float] | None = None

    def end(self) -> tuple[int, float]:
        """Return when it ended, wall clock in nanoseconds, and how many seconds it took."""
        if self._ended is None:
            self._ended = (time.time_ns(), time.monotonic() - self.began)
        return self._ended
