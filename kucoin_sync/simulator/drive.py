"""
What keeps the market going: steps, due pushes and expiries, by the machine's clock or by `Drive.advance`.

Everything runs on the simulator's loop; without one, between `Simulator.stop` and `start`, `advance` works as well.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
from collections import deque
from collections.abc import Callable

from .clock import SECOND_NS, Clock
from .venue import Venue

__all__ = ["Drive"]

_logger = logging.getLogger("kucoin_sync.simulator")

#: Seconds of the machine between two looks at the connections of a market that stands.
LOOK_AT_LINES = 0.05
#: Seconds of the machine between two runs of what is due in a fast market, which gathers what falls in between.
LEAST_WAIT = 0.001
ROUNDING = 1e-6
#: Seconds of the machine that an advancing market works before it lets the connections have their turn.
SLICE = 0.01
#: Seconds of the machine that an advancing market waits for readers that do not keep up.
PATIENCE = 5.0


class Drive:
    """
    The rhythm of one simulator.

    In a running market steps that the machine cannot do in time are left out, and never take more than half of the
    thread. In a stepped one every step is done, however long that takes, and each at its exact moment.

    Args:
        venue: What is driven.
        step_interval: Seconds of market time between steps.
    """

    def __init__(self, venue: Venue, step_interval: float) -> None:
        self._venue = venue
        self._clock: Clock = venue.clock
        self._interval_ns = max(1, round(step_interval * SECOND_NS))
        # When the next step is due; the first one opens the market.
        self._step_ns = 0
        # When the engines were last asked to do what is due.
        self._polled_ns = -1
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timers: dict[str, asyncio.Handle] = {}
        self._least_wait = LEAST_WAIT if self._clock.is_fast else 0.0
        self._ran_at = float("-inf")
        # Of the timer for what is due.
        self._timer_ns: int | None = None
        #: Spans still to be gone through, oldest first: nanoseconds, and who waits for it.
        self._spans: deque[tuple[int, concurrent.futures.Future[None]]] = deque()
        self._end_ns: int | None = None
        self._waits_since: float | None = None
        venue.agenda.on_earlier = self._wake

    # Life.

    def start(self) -> None:
        """Begin on the running loop: open the market and keep it going."""
        self._loop = asyncio.get_running_loop()
        _safely(self._venue.open)
        if self._clock.is_stepped:
            self._pass_until(self._clock.rhythm_ns())
            self._look_at_lines()
        else:
            self._step_and_again()
        self._wake()

    def stop(self) -> None:
        """Leave everything as it is; spans that were not gone through to their end fail."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._loop = self._end_ns = self._waits_since = self._timer_ns = None
        while self._spans:
            _, future = self._spans.popleft()
            _settle(future, RuntimeError("the simulator was stopped"))

    # A market that stands.

    def advance(self, span_ns: int) -> concurrent.futures.Future[None]:
        """Let market time pass; the result is there when all that is due in it has happened."""
        future: concurrent.futures.Future[None] = concurrent.futures.Future()
        if self._loop is None:
            _safely(self._venue.open)
            self._pass_until(self._clock.rhythm_ns() + span_ns)
            future.set_result(None)
            return future
        self._spans.append((span_ns, future))
        if len(self._spans) == 1:
            self._go_on()
        return future

    def _go_on(self) -> None:
        """Go on for a slice, and let the connections have their turn."""
        assert self._loop is not None
        if self._has_to_wait():
            self._later("go on", LEAST_WAIT, self._go_on)
            return
        span_ns, future = self._spans[0]
        if self._end_ns is None:
            self._end_ns = self._clock.rhythm_ns() + span_ns
        slice_ends = self._loop.time() + SLICE
        if not self._pass_until(self._end_ns, lambda: asyncio.get_running_loop().time() >= slice_ends):
            self._later("go on", 0.0, self._go_on)
            return
        self._end_ns = None
        self._spans.popleft()
        _settle(future, None)
        if self._spans:
            self._later("go on", 0.0, self._go_on)

    def _has_to_wait(self) -> bool:
        """Whether a reader is so far behind that more would cost it its connection; it has some seconds to catch up."""
        assert self._loop is not None
        now = self._loop.time()
        if not self._venue.has_late_readers():
            self._waits_since = None
        elif self._waits_since is None:
            self._waits_since = now
        return self._waits_since is not None and now - self._waits_since < PATIENCE

    def _pass_until(self, end_ns: int, is_enough: Callable[[], bool] = lambda: False) -> bool:
        """Go from one due moment to the next; return whether the end was reached."""
        venue, clock = self._venue, self._clock
        venue.agenda.run_soon()
        while (moment := self._next_moment()) <= end_ns:
            clock.turn_to(moment)
            self._polled_ns = moment
            if moment >= self._step_ns:
                self._step_ns += self._interval_ns
                _safely(venue.step_market_time)
            else:
                _safely(venue.poll)
            # Of one moment the market is first, then come the pushes that were waiting for it.
            venue.agenda.run(clock.rhythm_ns())
            if is_enough() and self._next_moment() <= end_ns:
                venue.on_change()
                return False
        clock.turn_to(end_ns)
        venue.on_change()
        return True

    def _next_moment(self) -> int:
        """Return when something is due next."""
        moment, pushes, engines = self._step_ns, self._venue.agenda.next_ns(), self._venue.next_due_ns()
        if pushes is not None:
            moment = min(moment, pushes)
        # What an engine failed to do at a moment is tried again with the next step, not for ever.
        if max(engines, self._clock.rhythm_ns()) > self._polled_ns:
            moment = min(moment, engines)
        return max(moment, self._clock.rhythm_ns())

    def _look_at_lines(self) -> None:
        _safely(self._venue.step_lines)
        self._later("lines", LOOK_AT_LINES, self._look_at_lines)

    # A market that runs.

    def _step_and_again(self) -> None:
        assert self._loop is not None
        began = self._loop.time()
        _safely(self._venue.step)
        took = self._loop.time() - began
        now_ns = self._clock.rhythm_ns()
        self._step_ns = max(self._step_ns + self._interval_ns, now_ns)
        self._later("step", max(self._clock.seconds_until(self._step_ns), took), self._step_and_again)

    def _wake(self) -> None:
        """The agenda has something to do, or has it earlier."""
        loop, agenda = self._loop, self._venue.agenda
        if loop is None:
            return
        if agenda.has_soon and "soon" not in self._timers:
            self._timers["soon"] = loop.call_soon(self._run_soon)
        due = agenda.next_ns()
        if due is not None and due != self._timer_ns and not self._clock.is_stepped:
            # A little more, for a timer may come a rounding error early.
            wait = self._clock.seconds_until(due) + ROUNDING
            self._later("due", max(wait, self._ran_at + self._least_wait - loop.time()), self._run_due)
            self._timer_ns = due

    def _run_soon(self) -> None:
        del self._timers["soon"]
        self._venue.agenda.run_soon()

    def _run_due(self) -> None:
        assert self._loop is not None
        del self._timers["due"]
        self._timer_ns = None
        self._venue.agenda.run(self._clock.rhythm_ns())
        self._ran_at = self._loop.time()
        self._wake()

    def _later(self, name: str, wait: float, action: Callable[[], None]) -> None:
        """Set the timer of that name, in place of the one there was."""
        assert self._loop is not None
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()
        self._timers[name] = self._loop.call_later(wait, action)


def _safely(action: Callable[[], None]) -> None:
    try:
        action()
    except Exception:  # safety net: one bad step must not take the server down
        _logger.exception("a step of the simulator failed")


def _settle(future: concurrent.futures.Future[None], error: Exception | None) -> None:
    """Tell who waits, unless he gave up."""
    if future.set_running_or_notify_cancel():
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
