"""
The order desk of a client: its order calls, its unknown orders, its journal, and finding out. Knows no exchange.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.identifiers import Identifiers
from kucoin_sync.engine.listeners import ListenerHub
from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import ConfigError, OutcomeUnknown
from kucoin_sync.events import Resolved
from kucoin_sync.fates import Absent, Accepted, BatchFate, Fate
from kucoin_sync.options import Options
from kucoin_sync.orders.calls import OrderLine, RequestCalls
from kucoin_sync.orders.journal import Journal, JournalEntry
from kucoin_sync.orders.ledger import Call, Entry, Ledger
from kucoin_sync.orders.lookup import LookUps
from kucoin_sync.orders.operation import Rules
from kucoin_sync.orders.outcome import abandoned
from kucoin_sync.orders.reconcile import Reconciler
from kucoin_sync.protocol.server_clock import ServerClock

__all__ = ["OrderDesk"]

logger = logging.getLogger("kucoin_sync.orders.desk")

LINE_LINGERS = 30.0
"""
Seconds after its last call for which a line of a process that was killed may still deliver: the operating system goes
on sending what was handed over, for as long as it waits for the peer (``TCP_USER_TIMEOUT``: ping interval and pong
timeout together).
"""


class OrderDesk:
    """
    Everything about the orders of one client.

    Args:
        ledger: Its ledger, which takes late replies already.
        rules: What the exchange knows about its operations.
        lookups: Its ways to look orders up.
        line: Returns the connections of a name.
        options: Of the client.
        identifiers: Source of ids.
        hub: Its listeners.
        clock: The exchange's clock.

    Raises:
        ConfigError: If the journal is in use, or unreadable.
    """

    def __init__(
        self,
        ledger: Ledger,
        rules: Rules,
        lookups: LookUps,
        line: Callable[[str], OrderLine],
        *,
        options: Options,
        identifiers: Identifiers,
        hub: ListenerHub,
        clock: ServerClock,
    ) -> None:
        self._ledger = ledger
        self._rules = rules
        self._clock = clock
        self._journal = None if options.journal is None else Journal(options.journal)
        self.calls = RequestCalls(
            rules, identifiers, hub, ledger, journal=self._journal, retry_not_sent=options.retry_not_sent
        )
        """Makes requests."""
        self._reconciler = Reconciler(
            ledger,
            lookups,
            line,
            self.calls,
            clock,
            settle=options.settle,
            look_timeout=options.request_timeout,
        )
        ledger.desk = self._reconciler
        ledger.judge = self.calls.judge
        ledger.on_resolved = partial(_tell, hub, self._journal)
        if self._journal is not None:
            for noted in self._journal.pending:
                self._restore(noted, _lingering(options))

    # What is unknown.

    def unresolved(self) -> list[OutcomeUnknown]:
        """Return what is unknown, one error an order, the oldest first."""
        return [entry.error for entry in self._ledger.unresolved()]

    def reconcile(self, error: OutcomeUnknown, timeout: float | None) -> Fate | BatchFate:
        """Find out what became of what an error is about, of whatever process."""
        if not isinstance(error, OutcomeUnknown):
            raise ConfigError(f"error: must be an OutcomeUnknown, got {type(error).__name__}")
        entries = self._ledger.find(error)
        if not entries and error.fate is not None:
            return error.fate
        strangers = [] if entries else self._take_in(error)
        fates = self._reconciler.reconcile(entries or strangers, timeout)
        for entry in strangers:  # what is still unknown stays with whoever raised it
            self._ledger.dismiss(entry)
        if error.results is None:
            return fates[0]
        return BatchFate(tuple(entry.error for entry in entries or strangers), tuple(fates))

    def reconcile_all(self, timeout: float | None) -> list[Fate]:
        """Find out what became of everything that is unknown, in the order of `unresolved`."""
        return self._reconciler.reconcile(self._ledger.unresolved(), timeout)

    def dismiss(self, error: OutcomeUnknown) -> None:
        """Take what an error is about out of the list."""
        for entry in self._ledger.find(error):
            if self._ledger.dismiss(entry) and self._journal is not None:
                self._journal.resolved(entry.call.request.id, entry.index, "dismissed")

    # From elsewhere.

    def _restore(self, noted: JournalEntry, lingering: float) -> None:
        """Enter an order that an earlier process left without an outcome."""
        call = self._call(noted.request_id, noted.op, noted.args, noted.ws_key, noted.started_at)
        call.since_ms, call.is_journaled = noted.since_ms, True
        call.request.expires_ms = noted.expires_ms
        call.request.notes += (f"from the journal: process {noted.pid} ended without its outcome",)
        reason = noted.reason or "interrupted"
        error = abandoned(call.request, call.operation, reason, ws_key=call.ws_key)  # type: ignore[arg-type]
        # That process is gone, or it would still hold the journal; what it handed over may be on its way for a while.
        ended = noted.started_at + noted.timeout + lingering
        gone_at = time.monotonic() + max(0.0, min(ended - time.time(), noted.timeout + lingering))
        self._enter(call, error, noted.open_items, gone_at)

    def _take_in(self, error: OutcomeUnknown) -> list[Entry]:
        """Enter what an error of another process is about; nothing is known about that process."""
        args = _plain(error.request)
        call = self._call(error.request_id, error.op, args, error.ws_key, error.started_at)
        call.since_ms = self._clock.earliest_ms(error.started_at * 1000)
        call.request.expires_ms = error.expires_ms
        items = (
            None
            if error.results is None
            else tuple(index for index, result in enumerate(error.results) if isinstance(result, OutcomeUnknown))
        )
        return self._enter(call, error, items, None)

    def _call(self, request_id: str, op: str, args: Any, ws_key: str, started_at: float) -> Call:
        request = PendingRequest(request_id, op, args, Deadline(0.0))
        request.started_at, request.sent = started_at, "complete"
        request.finished_at = request.deadline.started
        return Call(request, self._rules.operations[op], ws_key)

    def _enter(self, call: Call, error: Any, items: Sequence[int] | None, gone_at: float | None) -> list[Entry]:
        results = (error,) if error.results is None else tuple(error.results)
        chosen = range(len(results)) if items is None else items
        entries = [Entry(call, index, copy.copy(results[index]), self._reconciler, gone_at) for index in chosen]
        for entry in entries:
            entry.error._entry = entry
        self._ledger.restore(entries)
        return entries

    def close(self) -> None:
        """Let go of the journal."""
        if self._journal is not None:
            self._journal.close()


def _tell(hub: ListenerHub, journal: Journal | None, entry: Entry, fate: Accepted | Absent) -> None:
    """Tell everybody that an unknown order is unknown no more."""
    call = entry.call
    if journal is not None and call.is_journaled:
        journal.resolved(call.request.id, entry.index, type(fate).__name__.lower())
    error, outcome = entry.error, type(fate).__name__.lower()
    fields = {"op": call.request.op, "client_oid": error.client_oid, "order_id": error.order_id, "outcome": outcome}
    logger.info("%s %s: %s", call.request.op, error.client_oid or error.order_id or "", fate, extra=fields)
    hub.emit("resolved", Resolved(call.ws_key, call.request.connection_id, entry.error, fate))


def _lingering(options: Options) -> float:
    if options.ping_interval is None or options.pong_timeout is None:
        return LINE_LINGERS
    return options.ping_interval + options.pong_timeout


def _plain(value: Any) -> Any:
    """Undo the freezing of a request's arguments."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value
