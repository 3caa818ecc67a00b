"""
Finding out what became of unknown orders: looks them up, lets lines go, waits for what comes in by itself.

What is asked when, and what follows from the answers, is decided by `inquiry`; this module has the clock, the network
and the patience. It runs on its caller's thread.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

import attrs

from kucoin_sync.engine.deadline import Deadline, checked_deadline
from kucoin_sync.engine.reader_thread import check_not_on_reader
from kucoin_sync.engine.waiting import nap
from kucoin_sync.errors import ClosedError, ConfigError, KucoinSyncError, Rejected
from kucoin_sync.events import OrderAck
from kucoin_sync.fates import Accepted, Fate, OrderState, StillUnknown
from kucoin_sync.orders.calls import OrderLine, RequestCalls
from kucoin_sync.orders.inquiry import Ask, Done, Inquiry
from kucoin_sync.orders.ledger import Entry, Ledger
from kucoin_sync.orders.lookup import LookUp, LookUps, Question
from kucoin_sync.protocol.server_clock import ServerClock

__all__ = ["Reconciler"]

logger = logging.getLogger("kucoin_sync.orders.reconcile")

RECONCILE_TIMEOUT = 30.0


class Reconciler:
    """
    Finds out.

    Args:
        ledger: Where the unknown orders are.
        lookups: The exchange's ways to look.
        line: Returns the connections of a name, to replace one or to cancel over.
        calls: Sends cancels.
        clock: The exchange's clock.
        settle: Seconds from when nothing of an order can arrive any more until "not found" counts.
        look_timeout: Seconds that one call of a look-up may take.
    """

    def __init__(
        self,
        ledger: Ledger,
        lookups: LookUps,
        line: Callable[[str], OrderLine],
        calls: RequestCalls,
        clock: ServerClock,
        *,
        settle: float,
        look_timeout: float,
    ) -> None:
        self._ledger = ledger
        self._lookups = lookups
        self._line = line
        self._calls = calls
        self._clock = clock
        self._settle = settle
        self._look_timeout = look_timeout

    def reconcile(self, entries: Sequence[Entry], timeout: float | None) -> list[Fate]:
        """
        Find out what became of orders, all of them at the same time.

        Args:
            entries: Unknown orders; some may be resolved meanwhile.
            timeout: Seconds for everything together; ``None`` takes 30.

        Returns:
            A fate an entry, in their order.

        Raises:
            ClosedError: If the client is closed.
            ReentrantCallError: On a reading thread.
        """
        check_not_on_reader("reconcile()")
        cases = [_Case(entry, self._lookups.ways(entry.question), self._settle) for entry in entries]
        self._run(cases, checked_deadline(timeout, RECONCILE_TIMEOUT))
        return [case.fate for case in cases]

    def _run(self, cases: Sequence[_Case], deadline: Deadline) -> None:
        open_cases = list(cases)
        while open_cases:
            open_cases = [case for case in open_cases if not self._is_over(case)]
            for case in open_cases:
                if not deadline.expired() and not self._is_over(case):
                    self._advance(case, deadline)
            open_cases = [case for case in open_cases if not self._is_over(case)]
            if deadline.expired():
                now = time.monotonic()
                for case in open_cases:
                    case.still_unknown = case.inquiry.give_up(now, self._gone_at(case.entry, now))
                return
            if open_cases:
                self._pause(open_cases, deadline)

    @staticmethod
    def _is_over(case: _Case) -> bool:
        return case.entry.fate is not None or case.still_unknown is not None

    def _advance(self, case: _Case, deadline: Deadline) -> None:
        """Do for one order what there is to do now."""
        entry, inquiry, now = case.entry, case.inquiry, time.monotonic()
        gone_at = self._gone_at(entry, now)
        step = inquiry.step(now, gone_at)
        if isinstance(step, Done):
            if isinstance(step.fate, StillUnknown):
                case.still_unknown = step.fate
            elif not self._ledger.resolve(entry, step.fate) and entry.fate is None:
                case.still_unknown = StillUnknown("it was dismissed meanwhile")
        elif isinstance(step, Ask):
            self._ask(case, step.way, gone_at, now, deadline)
        elif not (step.retire and self._retire(case, deadline)):
            case.due = step.until

    def _ask(self, case: _Case, way: int, gone_at: float | None, began: float, deadline: Deadline) -> None:
        question = self._bounded(case.entry.question, gone_at, began)
        case.due = began
        try:
            sighting = case.ways[way].look(question, self._time_of(case.ways[way], deadline))
        except (ClosedError, ConfigError):
            raise
        except KucoinSyncError as error:
            logger.info("%s: %s failed: %s", question.operation.name, case.ways[way].name, error)
            case.inquiry.failed(error, now=time.monotonic())
        else:
            case.inquiry.saw(way, sighting, began=began, now=time.monotonic(), gone_at=gone_at)

    def _time_of(self, way: LookUp, deadline: Deadline) -> float:
        return min(self._look_timeout * way.calls, deadline.remaining())

    def _bounded(self, question: Question, gone_at: float | None, now: float) -> Question:
        """Say in the question how late the order can have been created, once that is over."""
        if question.until_ms is not None or gone_at is None or now < gone_at + self._settle:
            return question
        return attrs.evolve(
            question, until_ms=self._clock.latest_ms((time.time() - now + gone_at + self._settle) * 1000)
        )

    def _retire(self, case: _Case, deadline: Deadline) -> bool:
        """Let the line go that carried an order; return whether it is over."""
        end = case.entry.line
        if end is None:
            return False  # it is another process's
        try:
            return self._line(case.entry.call.ws_key).retire(end, deadline.capped(self._look_timeout))
        except ClosedError:
            raise
        except KucoinSyncError as error:
            logger.info("%s: its line could not be replaced: %s", case.entry.call.request.op, error)
            case.inquiry.failed(error, now=time.monotonic())
            return False

    def _pause(self, cases: Sequence[_Case], deadline: Deadline) -> None:
        """Wait until the next step is due, or something was resolved by itself."""
        with self._ledger.changed:
            if any(case.entry.fate is not None for case in cases):
                return
            due = min(case.due for case in cases) - time.monotonic()
            if due > 0:
                self._ledger.changed.wait(nap(min(due, deadline.remaining())))

    def _gone_at(self, entry: Entry, now: float) -> float | None:
        """Return from when nothing of an order can arrive any more, as far as that is clear."""
        line = entry.line
        moments = [entry.gone_at, None if line is None else line.at, self._expires_at(entry, now)]
        return min((moment for moment in moments if moment is not None), default=None)

    def _expires_at(self, entry: Entry, now: float) -> float | None:
        expires_ms = entry.call.request.expires_ms
        if expires_ms is None or self._clock.uncertainty_ms == float("inf"):
            return None
        return now + (expires_ms - self._clock.earliest_ms(time.time() * 1000)) / 1000

    # Cancels.

    def retry_cancel(self, entry: Entry, timeout: float | None) -> OrderAck:
        """
        Send a cancel once more.

        Args:
            entry: The unknown cancel.
            timeout: Seconds for everything together; ``None`` takes what one look-up may take.

        Returns:
            The ack; if the order was done, with ``no_effect`` and how it ended.

        Raises:
            Rejected, NotSent, OutcomeUnknown: As for every order call.
            ConfigError: If it is no cancel.
        """
        operation, question = entry.call.operation, entry.question
        if not operation.cancels or operation.batch is not None:
            raise ConfigError(f"retry_cancel: {operation.name} is no cancel of one order")
        deadline = checked_deadline(timeout, self._look_timeout)
        try:
            ack: OrderAck = self._calls.call(
                self._line(entry.call.ws_key), operation.name, dict(question.args), timeout=deadline.remaining()
            )
        except Rejected as error:
            state = self._look_once(entry, deadline) if error.no_such_order else None
            if state is None or state.is_live:
                raise
            ack = OrderAck(
                op=error.op,
                order_id=state.order_id,
                client_oid=state.client_oid,
                request_id=error.request_id,
                latency=error.elapsed,
                in_time=None,
                out_time=None,
                rate_limit=error.rate_limit,
                ws_key=error.ws_key,
                connection_id=error.connection_id or "",
                data=error.data,
                raw="",
                no_effect=True,
                order=state,
            )
        # One of the two has done it, or found it done.
        no_effect = ack.no_effect if ack.order is None else ack.order.status == "filled"
        self._ledger.resolve(entry, Accepted(ack.order, "reply", no_effect=no_effect, order_id=ack.order_id))
        return ack

    def _look_once(self, entry: Entry, deadline: Deadline) -> OrderState | None:
        for way in self._lookups.ways(entry.question):
            try:
                state = way.look(entry.question, self._time_of(way, deadline)).order
            except ClosedError:
                raise
            except KucoinSyncError as error:
                logger.info("%s failed: %s", way.name, error)
                continue
            if state is not None:
                return state
        return None


class _Case:
    """An entry on its way to its fate."""

    def __init__(self, entry: Entry, ways: Sequence[LookUp], settle: float) -> None:
        now = time.monotonic()
        age = max(0.0, time.time() - entry.error.started_at)
        self.entry = entry
        self.ways = ways
        self.inquiry = Inquiry(entry.call.operation.kind, ways, settle=settle, age=age, now=now)
        self.due = now
        self.still_unknown: StillUnknown | None = None

    @property
    def fate(self) -> Fate:
        fate = self.entry.fate or self.still_unknown
        assert fate is not None
        return fate
