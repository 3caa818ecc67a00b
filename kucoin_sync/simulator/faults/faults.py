"""All faults of one simulator, as the rest of it sees them. Everything runs on the simulator's loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..private_pushes import PrivatePushes
from .acks import AckFaults
from .armed import ArmedFault, ArmedFaults
from .pushes import PushFaults
from .rest_answers import RestFaults

__all__ = ["Faults"]


class Faults:
    """
    What is armed, held back or out of true.

    Args:
        now_ns: Clock for the log.
        events: Where private pushes wait for their turn.
        rest_error: Spells an error of the exchange over HTTP, from code and text.
        seed: Of the chance with which those strike that have a probability.
    """

    def __init__(
        self,
        *,
        now_ns: Callable[[], int],
        events: PrivatePushes,
        rest_error: Callable[[str, str], Mapping[str, Any]],
        seed: int = 0,
    ) -> None:
        self.armed = ArmedFaults(now_ns=now_ns, seed=seed)
        self.events = events
        #: What becomes of the replies of operations.
        self.acks = AckFaults(self.take)
        #: What becomes of public messages and of first order books.
        self.pushes = PushFaults(self.take)
        #: What becomes of answers over HTTP.
        self.rest = RestFaults(self.take, rest_error)
        #: How far the server's clock is off.
        self.skew_ns = 0
        #: Nanoseconds for which a new order is unknown to look-ups by id.
        self.lookup_lag_ns = 0
        #: Whether lists of done spot and margin orders go by when orders ended, not by when they were made.
        self.lists_by_end = False

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is armed or held back: then a frame needs no further question."""
        return not (self.armed or self.acks.is_holding or self.pushes.is_holding or self.rest.is_holding)

    def arm(
        self,
        name: str,
        count: int | None = 1,
        probability: float = 1.0,
        *,
        match: Mapping[str, Any] | None = None,
        **details: Any,
    ) -> None:
        """Let a fault wait, see `ArmedFaults.arm`."""
        self.armed.arm(name, count, probability, match or {}, details)

    def take(self, name: str, **facts: Any) -> Mapping[str, Any] | None:
        """Use up one waiting fault, see `ArmedFaults.take`; costs nothing while none waits."""
        return self.armed.take(name, facts) if self.armed else None

    def in_force(self) -> list[ArmedFault]:
        """Return what waits, is held back or is out of true."""
        states = [*self.acks.states(), *self.pushes.states(), *self.rest.states()]
        states += [("hold_events", {})] if self.events.is_kept else []
        states += [("events_first", {})] if self.events.is_first else []
        states += [("clock_skew", {"ms": self.skew_ns // 1_000_000})] if self.skew_ns else []
        states += [("lists_by_end", {})] if self.lists_by_end else []
        states += [("lookup_lag", {"seconds": self.lookup_lag_ns / 1e9})] if self.lookup_lag_ns else []
        return self.armed.waiting() + [ArmedFault(name, None, 1.0, details) for name, details in states]

    def clear(self) -> None:
        """Disarm everything, forget held replies, send kept events and held messages, end skew and lag."""
        self.armed.clear()
        self.acks.clear()
        self.pushes.clear()
        self.rest.clear()
        self.events.is_first = self.lists_by_end = False
        self.events.release()
        self.skew_ns = self.lookup_lag_ns = 0
