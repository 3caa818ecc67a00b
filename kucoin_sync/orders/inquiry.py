"""
How the fate of one unknown order is found out: which look-up is made when, and what is concluded from all of them.

Found is found. "Not found" is no proof, for look-ups lag behind the exchange's engine. An order is taken for absent
only if

- nothing of it can arrive any more: its line is over, or the exchange refuses it by its age;
- a settling time has gone by since then;
- two look-ups at two different endpoints, begun after that and at least a second apart, did not see it, and both reach
  back to when the order was sent.

Even then it is only likely to be absent. Pure: time comes as an argument, look-ups and lines are somebody else's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kucoin_sync.errors import KucoinSyncError
from kucoin_sync.fates import Absent, Accepted, Fate, StillUnknown
from kucoin_sync.orders.lookup import LookUp, Sighting
from kucoin_sync.orders.operation import OperationKind

__all__ = ["Ask", "Done", "Inquiry", "Wait"]

APART = 1.0
"""Seconds between the two look-ups that show an absence."""
MISSES_BEFORE_RETIRING = 3
"""Look-ups that saw nothing before a line is replaced: an order that is only a little late costs no line."""
FIRST_DELAY = 0.25
GROWTH = 2.0
LONGEST_DELAY = 5.0


class Ask(NamedTuple):
    """Make this look-up now; ``way`` is its number."""

    way: int


class Wait(NamedTuple):
    """There is nothing to do before ``until``, except, with ``retire``, to let the line go that carried the order."""

    until: float
    retire: bool = False


class Done(NamedTuple):
    """This is its fate."""

    fate: Fate


class Inquiry:
    """
    One unknown order on its way to its fate.

    Args:
        kind: What the request does.
        ways: Ways to look.
        settle: Seconds from when nothing can arrive any more until "not found" counts.
        age: Seconds since the order was sent, now.
        now: Monotonic clock.
    """

    def __init__(self, kind: OperationKind, ways: Sequence[LookUp], *, settle: float, age: float, now: float) -> None:
        self._kind = kind
        self._ways = ways
        self._settle = settle
        self._sent_at = now - age
        self._fate: Accepted | Absent | None = None
        self._vote: tuple[int, float] | None = None  # the first look-up that counted and saw nothing: way, beginning
        self._last = Sighting()
        self._misses = 0  # look-ups that saw nothing
        self._failures = 0  # in a row
        self._error: KucoinSyncError | None = None
        self._knows_gone = False
        self._next_at = now
        self._next_way = 0

    def step(self, now: float, gone_at: float | None) -> Ask | Wait | Done:
        """
        Say what to do.

        Args:
            now: Monotonic clock.
            gone_at: From when nothing of the order can arrive any more; may be in the future. ``None`` while nothing
                ends it, above all while its line is open.
        """
        if self._fate is not None:
            return Done(self._fate)
        if self._problem(now) is not None:
            return Done(self.give_up(now, gone_at))
        if gone_at is not None and not self._knows_gone:
            self._knows_gone = True
            if not self._failures:
                self._next_at = min(self._next_at, max(now, gone_at + self._settle))
        if self._next_at <= now:
            return Ask(self._next_way)
        return Wait(self._next_at, retire=gone_at is None and self._misses >= MISSES_BEFORE_RETIRING)

    def _problem(self, now: float) -> str | None:
        """Return why no look-up can help, if that is so."""
        if not self._ways:
            return "no look-up is known for such a request"
        if not any(self._reaches(way, now) for way in range(len(self._ways))):
            return "it is older than look-ups reach"
        return None

    def _reaches(self, way: int, at: float) -> bool:
        return at - self._sent_at < self._ways[way].reach

    def saw(self, way: int, sighting: Sighting, *, began: float, now: float, gone_at: float | None) -> None:
        """
        Take what a look-up saw.

        Args:
            way: Its number.
            sighting: What it saw.
            began: When it began.
            now: Monotonic clock.
            gone_at: As for `step`, when it began.
        """
        self._failures, self._error = 0, None
        self._knows_gone = self._knows_gone or gone_at is not None
        order = sighting.order
        # A cancel shows in that its order is no longer live.
        if order is not None and not (self._kind is OperationKind.CANCEL and order.is_live):
            no_effect = self._kind is OperationKind.CANCEL and order.status == "filled"
            self._fate = Accepted(order, "look-up", no_effect, sighting.old, order.order_id)
            return
        self._misses += 1
        self._last = Sighting(order or self._last.order, sighting.old or self._last.old)
        if gone_at is None or began < gone_at + self._settle or not self._reaches(way, began):
            self._look_again(now, gone_at)
        elif self._vote is None:
            self._vote = (way, began)
            self._look_elsewhere(now)
        elif way != self._vote[0] and began >= self._vote[1] + APART:  # as planned: the difference may round below it
            self._fate = Absent("likely", "look-up", order=self._last.order, old=self._last.old)
        else:
            self._look_elsewhere(now)

    def _look_again(self, now: float, gone_at: float | None) -> None:
        """
        Plan the next look-up with growing delays, and no later than one that would count.

        The best way again: the others read whole lists, which costs the user's request limits, and are kept for when
        they are needed.
        """
        self._next_at = now + min(LONGEST_DELAY, FIRST_DELAY * GROWTH ** (self._misses - 1))
        self._next_way = 0
        if gone_at is not None and now < gone_at + self._settle < self._next_at:
            self._next_at = gone_at + self._settle

    def _look_elsewhere(self, now: float) -> None:
        """Plan the look-up that confirms the one that counted."""
        assert self._vote is not None
        way, began = self._vote
        self._next_way = (way + 1) % len(self._ways)
        self._next_at = max(now, began + APART) if len(self._ways) > 1 else now + LONGEST_DELAY

    def failed(self, error: KucoinSyncError, *, now: float) -> None:
        """Take note that a look-up could not be made: the next one comes later and, if possible, another way."""
        self._failures += 1
        self._error = error
        delay = min(LONGEST_DELAY, FIRST_DELAY * GROWTH ** (self._failures - 1))
        self._next_at = now + max(delay, getattr(error, "retry_after", None) or 0.0)
        if self._vote is None:
            self._next_way = (self._next_way + 1) % len(self._ways)

    def give_up(self, now: float, gone_at: float | None) -> StillUnknown:
        """Return what is known at the deadline."""
        reason = self._problem(now)
        if reason is None and self._error is not None:
            reason = f"the last look-up failed: {self._error}"
        elif reason is None and gone_at is None:
            reason = "not found so far, but it may still be on its way"
        elif reason is None and gone_at is not None and now < gone_at + self._settle:
            reason = f"not found so far; that counts in {gone_at + self._settle - now:.1f} s"
        elif reason is None:
            reason = "not found so far, but not looked for in two ways yet"
        return StillUnknown(reason, self._error)
