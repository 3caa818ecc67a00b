"""
What clients of every exchange have for orders: the list of what is unknown, finding out, following events, dead man's
switches.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping

from kucoin_sync.engine.client import EngineClient
from kucoin_sync.engine.connection_group import ConnectionGroup
from kucoin_sync.errors import ClosedError, KucoinSyncError, OutcomeUnknown
from kucoin_sync.events import RateLimit
from kucoin_sync.fates import BatchFate, Fate
from kucoin_sync.options import Options
from kucoin_sync.orders.deadman import Deadman
from kucoin_sync.orders.desk import OrderDesk
from kucoin_sync.orders.ledger import Ledger
from kucoin_sync.orders.lookup import LookUps
from kucoin_sync.orders.operation import Rules
from kucoin_sync.orders.tracking import OrderTracker
from kucoin_sync.stats import ClientStats

__all__ = ["OrderClient"]


class OrderClient(EngineClient):
    """
    An `EngineClient` with an order desk.

    Args:
        options: Of the client.
        account: Whose orders go over the connection of a name; see `Ledger`.
    """

    def __init__(self, options: Options, account: Callable[[str], str] = lambda ws_key: "") -> None:
        self._ledger = Ledger(account)
        super().__init__(options, late_reply=self._ledger.take_reply)

    def _open_desk(self, rules: Rules, lookups: LookUps) -> None:
        """
        Open the order desk: the last step of making a client.

        Raises:
            ConfigError: If the journal is in use, or unreadable.
        """
        line = _lines_of(weakref.ref(self))
        self._desk = OrderDesk(
            self._ledger,
            rules,
            lookups,
            line,
            options=self.options,
            identifiers=self._around.identifiers,
            hub=self._hub,
            clock=self._around.server_clock,
        )
        self._deadmen: weakref.WeakSet[Deadman] = weakref.WeakSet()
        self._tracker = OrderTracker(self._ledger.take_event, line) if self.options.track_orders else None

    def stats(self) -> ClientStats:
        """
        Return how the client stands and what it did so far, in numbers.

        Any thread may ask at any time; nothing is sent, and no line waits for it.
        """
        return self._stats(
            requests=self._desk.calls.stats(), unresolved=len(self._desk.unresolved()), rest_limits=self._rest_limits()
        )

    def _rest_limits(self) -> Mapping[str, RateLimit]:
        """Return what REST answers said of the exchange's request pools, by pool."""
        return {}

    # Orders whose outcome is unknown.

    def unresolved(self) -> list[OutcomeUnknown]:
        """
        Return the orders whose outcome is unknown, the oldest first.

        With a ``journal`` that includes those that earlier processes left.

        Returns:
            One error an order, each with its ``reconcile``; of a batch one for each order that is unknown.
        """
        return self._desk.unresolved()

    def reconcile(self, error: OutcomeUnknown, timeout: float | None = 30.0) -> Fate | BatchFate:
        """
        Find out what became of an order, also one of another process, whose error was pickled.

        Args:
            error: What its call raised, or one of `unresolved`.
            timeout: Seconds for everything together.

        Returns:
            `Accepted`, `Absent` or `StillUnknown`; see `OutcomeUnknown.reconcile`. For an error about several orders a
            `BatchFate`.

        Raises:
            ConfigError: If ``error`` is none.
            ClosedError: If the client is closed.
            ReentrantCallError: On a reading thread.
        """
        return self._desk.reconcile(error, timeout)

    def reconcile_all(self, timeout: float | None = 30.0) -> list[Fate]:
        """
        Find out what became of every order that is unknown, all at the same time.

        Args:
            timeout: Seconds for everything together.

        Returns:
            A fate an order, in the order of `unresolved`.

        Raises:
            ClosedError: If the client is closed.
            ReentrantCallError: On a reading thread.
        """
        return self._desk.reconcile_all(timeout)

    def dismiss(self, error: OutcomeUnknown) -> None:
        """
        Take an order off the list of `unresolved`, because you found out yourself.

        Args:
            error: One of `unresolved`, or what its call raised.
        """
        self._desk.dismiss(error)

    def _deadman(
        self,
        seconds: int,
        *,
        prove: Callable[[float], object],
        arm: Callable[[float], object],
        disarm: Callable[[float], object],
        ws_key: str,
    ) -> Deadman:
        """Return a dead man's switch that ends with the client; arguments as of `Deadman`, and where it fails."""

        def report(error: KucoinSyncError) -> None:
            self._hub.report(error, "deadman", ws_key, None)

        switch = Deadman(seconds, prove=prove, arm=arm, disarm=disarm, report=report)
        self._deadmen.add(switch)
        return switch

    def _closed(self) -> None:
        for switch in list(self._deadmen):
            switch.stop()
        self._desk.close()


def _lines_of(client: weakref.ref[OrderClient]) -> Callable[[str], ConnectionGroup]:
    """Return what finds a client's lines without keeping the client alive."""

    def line(ws_key: str) -> ConnectionGroup:
        found = client()
        if found is None:
            raise ClosedError("the client is gone")
        return found._group(ws_key)

    return line
