"""Threads that find out what became of unknown orders, so that callers need not wait for that."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Mapping, Sequence

import attrs

from benchmarks.orders_truth.answers import Fate, answer_of, fate_of
from benchmarks.orders_truth.order_calls import OpenOrder, OpenOrders, Request
from benchmarks.orders_truth.record import Record
from kucoin_sync import KucoinSyncError, OutcomeUnknown
from kucoin_sync.fates import Absent, Accepted, BatchFate, StillUnknown

__all__ = ["Reconciler", "Resolution"]

RETRIES = 0.2
"""Share of the unknown cancels that are sent once more before they are looked up."""


@attrs.frozen
class Resolution:
    """
    How long it took to find out about one call.

    Attributes:
        op: Operation.
        took: Seconds that ``reconcile`` took.
        since_end: Seconds from the end of the call.
        resolved: Whether nothing of it is unknown any more.
    """

    op: str
    took: float
    since_end: float
    resolved: bool


IN_VAIN = 2.0
"""Seconds for what there is no look-up for."""
MOST_WAITING = 4
"""Unknown calls under way and waiting; with more of them nobody makes new ones."""


class Reconciler:
    """
    A queue of unknown calls and the threads that work on it.

    Args:
        orders: Where orders go that turn out to be open.
        record: Where the answers of repeated cancels go.
        seed: Decides which cancels are repeated.
        timeout: Seconds that each may take.
        never_resolved: Operations without a look-up: only what arrives by itself could tell, and waits are short.
    """

    def __init__(
        self, orders: OpenOrders, record: Record, *, seed: int, timeout: float, never_resolved: Sequence[str]
    ) -> None:
        self._orders, self._record, self._timeout = orders, record, timeout
        self._never_resolved = never_resolved
        self._random = random.Random(f"reconciler of {seed}")
        self._queue: queue.SimpleQueue[tuple[OutcomeUnknown, Request, float] | None] = queue.SimpleQueue()
        self._backlog = 0
        self._less = threading.Condition()  # guards the backlog
        self._lock = threading.Lock()  # guards everything below, and the random numbers
        self._fates: dict[tuple[str, int], Fate] = {}
        self._resolutions: list[Resolution] = []
        self._left: list[OutcomeUnknown] = []
        self._threads: list[threading.Thread] = []

    def start(self, count: int) -> None:
        """Start so many threads."""
        for number in range(count):
            thread = threading.Thread(target=self._run, name=f"reconciler-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def put(self, error: OutcomeUnknown, request: Request, ended: float) -> None:
        """Take a call that ended unknown at ``ended`` on the monotonic clock."""
        with self._less:
            self._backlog += 1
        self._queue.put((error, request, ended))

    def wait_for_room(self, timeout: float) -> bool:
        """
        Wait until few calls are in the queue, so that each comes to its turn soon.

        Returns:
            False if there are still many after ``timeout`` seconds.
        """
        with self._less:
            return self._less.wait_for(lambda: self._backlog <= MOST_WAITING, timeout)

    def finish(self, timeout: float) -> bool:
        """Wait until the queue is empty and its threads are through; return False if they are not in time."""
        for _ in self._threads:
            self._queue.put(None)
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    @property
    def fates(self) -> Mapping[tuple[str, int], Fate]:
        """What was found out last: by request id and the order's place in the request."""
        with self._lock:
            return dict(self._fates)

    @property
    def resolutions(self) -> list[Resolution]:
        """How long each took."""
        with self._lock:
            return list(self._resolutions)

    def note_again(self) -> None:
        """Put down what was found out since about the calls that were still unknown."""
        with self._lock:
            left = list(self._left)
        for error in left:
            if error.fate is not None:
                self._note(error, error.fate)

    def _note(self, error: OutcomeUnknown, fate: Accepted | Absent | StillUnknown | BatchFate) -> None:
        """Put down what was found out about the orders of a call."""
        if isinstance(fate, BatchFate):
            assert error.results is not None
            places = [place for place, result in enumerate(error.results.results) if isinstance(result, OutcomeUnknown)]
            found = dict(zip(places, fate.fates, strict=True))
        else:
            found = {0: fate}
        with self._lock:
            for place, one in found.items():
                self._fates[error.request_id, place] = fate_of(one)

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            try:
                self._find_out(*job)
            except Exception as error:
                self._record.put_strange(f"reconciling {job[0]} ended with {error!r}")
            finally:
                with self._less:
                    self._backlog -= 1
                    self._less.notify_all()

    def _find_out(self, error: OutcomeUnknown, request: Request, ended: float) -> None:
        with self._lock:
            is_repeated = self._random.random() < RETRIES
        if is_repeated and request.action == "cancel" and error.results is None:
            self._cancel_again(error, request)
        began = time.monotonic()
        fate = error.reconcile(timeout=IN_VAIN if error.op in self._never_resolved else self._timeout)
        now = time.monotonic()
        self._note(error, fate)
        fates = list(fate) if isinstance(fate, BatchFate) else [fate]
        resolved = not any(isinstance(one, StillUnknown) for one in fates)
        with self._lock:
            self._resolutions.append(Resolution(error.op, now - began, now - ended, resolved))
            if not resolved:
                self._left.append(error)
        for one in fates:
            self._offer(one, request)

    def _offer(self, fate: Accepted | Absent | StillUnknown, request: Request) -> None:
        """Offer an order that is there after all, so that it is cancelled once: a crowd of them slows the exchange."""
        if isinstance(fate, StillUnknown):
            if len(request.targets) == 1 and request.targets[0] is not None:
                self._orders.add(request.targets[0])  # it may be there: nobody can tell
            return
        if fate.order is not None:
            if fate.order.is_live:
                self._orders.add(OpenOrder(request.product, fate.order.order_id, fate.order.client_oid))
        elif isinstance(fate, Accepted) and fate.order_id is not None and request.action != "cancel":
            self._orders.add(OpenOrder(request.product, fate.order_id, None))  # a late reply tells no more

    def _cancel_again(self, error: OutcomeUnknown, request: Request) -> None:
        began, timeout = time.monotonic(), 1.0
        result: object
        try:
            result = error.retry_cancel(timeout=timeout)
        except KucoinSyncError as ended:
            result = ended
        times = {"ended_ns": time.time_ns(), "elapsed": time.monotonic() - began, "timeout": timeout}
        targets = request.target_ids
        self._record.put(answer_of(result, number=0, action="cancel", way="retry", targets=targets, **times))
