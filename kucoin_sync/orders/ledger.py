"""
The order calls that run, and the orders whose outcome is unknown: who may use which client order id, and where late
knowledge belongs.

A call is entered before its first byte and stays until its outcome is known, so that nothing which arrives at any
moment falls between two tables: while the call runs it is kept for the call, which looks at it before it ends as
unknown; afterwards it resolves the entry. Nothing here waits, sends or computes an outcome.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from kucoin_sync.engine.line_end import LineEnd
from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import ConfigError, OutcomeUnknown
from kucoin_sync.events import OrderAck
from kucoin_sync.fates import Absent, Accepted, BatchFate, Fate, OrderState
from kucoin_sync.orders.evidence import fate_of_event, fate_of_outcome
from kucoin_sync.orders.lookup import Question
from kucoin_sync.orders.operation import Operation
from kucoin_sync.protocol.messages import Reply

__all__ = ["BatchEntry", "Call", "Desk", "Entry", "Ledger"]


_Name = tuple[str, str]
"""An account, and an id of one of its orders."""


class Desk(Protocol):
    """Where an entry turns to when the user asks: who can look it up, and send it once more."""

    def reconcile(self, entries: Sequence[Entry], timeout: float | None) -> list[Fate]:
        """Find out what became of these."""

    def retry_cancel(self, entry: Entry, timeout: float | None) -> OrderAck:
        """Send a cancel once more."""


class Call:
    """
    A call from before its first byte to its end.

    Attributes:
        request: Its request.
        operation: Its row.
        ws_key: Name of the connection.
        items: The arguments of each of its orders, with the ids that it is entered by.
        account: Whose orders it is about; set when it is entered.
        since_ms: Earliest time at the exchange just before the send; 0 before.
        evidence: Replies and order events that came for it while nobody waited for them.
        outcome: What it ended with, once that is settled.
        is_journaled: Whether the journal knows of it.
    """

    __slots__ = (
        "account",
        "evidence",
        "is_journaled",
        "items",
        "operation",
        "outcome",
        "request",
        "since_ms",
        "ws_key",
    )

    def __init__(self, request: PendingRequest, operation: Operation, ws_key: str) -> None:
        self.request = request
        self.operation = operation
        self.ws_key = ws_key
        self.items = (request.args,) if operation.batch is None else operation.items(request.args)
        self.account = ""
        self.since_ms = 0
        self.evidence: list[Reply | OrderState] = []
        self.outcome: Any = None
        self.is_journaled = False

    def question(self, args: Any) -> Question:
        """Return the question what became of one order of it, whose arguments are ``args``."""
        return Question(self.operation, args, self.since_ms, self.ws_key, self.request.expires_ms)


class Entry:
    """
    One order whose outcome is unknown.

    Attributes:
        call: The call it comes from.
        index: Which order of it.
        error: What is known of it: a copy of what the call raised, so that no frames of the caller are kept alive.
        gone_at: Monotonic clock from which nothing of it can arrive any more, where that is known without its line: it
            was sent by a process that has ended.
        line: The end of the line that carried it; ``None`` if that was another process's.
    """

    __slots__ = ("_desk", "call", "error", "fate", "gone_at", "index", "question")

    def __init__(self, call: Call, index: int, error: OutcomeUnknown, desk: Desk, gone_at: float | None = None) -> None:
        self.call = call
        self.index = index
        self.error = error
        self.gone_at = gone_at
        self.question = call.question(call.operation.items(call.request.args)[index])
        self.fate: Accepted | Absent | None = None
        self._desk = desk

    @property
    def line(self) -> LineEnd | None:
        """The end of the line that carried it."""
        return self.call.request.line

    def reconcile(self, timeout: float | None) -> Fate:
        """Find out what became of it."""
        return self._desk.reconcile([self], timeout)[0]

    def retry_cancel(self, timeout: float | None) -> OrderAck:
        """Send it once more, if it is a cancel."""
        return self._desk.retry_cancel(self, timeout)


class BatchEntry:
    """The orders of one request whose outcomes are unknown."""

    def __init__(self, entries: Sequence[Entry], desk: Desk) -> None:
        self.entries = tuple(entries)
        self._desk = desk

    @property
    def fate(self) -> BatchFate | None:
        """What was found out, once that is so for every order."""
        fates = tuple(entry.fate for entry in self.entries)
        return None if None in fates else self._fate(fates)  # type: ignore[arg-type]

    def _fate(self, fates: tuple[Fate, ...]) -> BatchFate:
        return BatchFate(tuple(entry.error for entry in self.entries), fates)

    def reconcile(self, timeout: float | None) -> BatchFate:
        """Find out what became of them."""
        return self._fate(tuple(self._desk.reconcile(self.entries, timeout)))

    def retry_cancel(self, timeout: float | None) -> OrderAck:
        """Refuse: one ack says nothing about several orders."""
        raise ConfigError("retry_cancel: a cancel of several orders; reconcile, and cancel what is still live")


class Ledger:
    """
    Running calls and unknown orders.

    Attributes:
        desk: Where entries turn to.
        judge: Takes a call and a late reply; returns the outcome it amounts to for each of its orders.
        on_resolved: Told of every entry that is resolved, on whatever thread that happens, without the lock.

    All three are set before the first call.

    Args:
        account: Takes the name of a connection; returns whose orders go over it. Ids of orders of two accounts have
            nothing to do with each other.
    """

    desk: Desk
    judge: Callable[[Call, Reply], Sequence[Any]]
    on_resolved: Callable[[Entry, Accepted | Absent], None]

    def __init__(self, account: Callable[[str], str] = lambda ws_key: "") -> None:
        self._account = account
        # Guards everything below. Re-entrant, for a signal handler may place an order from the middle of it.
        self._lock = threading.RLock()
        self.changed = threading.Condition(self._lock)
        """Of the same lock: whoever resolves an entry notifies."""
        self._calls: dict[str, Call] = {}
        self._entries: dict[str, list[Entry]] = {}  # by request, the oldest first
        self._claims: dict[_Name, str] = {}  # client order id of an order that is placed: its request
        self._cancels: dict[_Name, list[str]] = {}  # id of an order that is cancelled: the requests

    # Calls.

    def begin(self, call: Call) -> None:
        """
        Enter a call: always before its first byte.

        Raises:
            ConfigError: If a client order id of it belongs to a call that runs, or to an order that is unknown.
        """
        request_id, operation = call.request.id, call.operation
        account = call.account = self._account(call.ws_key)
        with self._lock:
            if operation.places:
                claims, key = self._claims, operation.client_oid_key
                for item in call.items:
                    if (account, item[key]) in claims:
                        oid = account, item[key]
                        raise ConfigError(f"client_oid: {oid[1]} belongs to {self._owner(oid)}")
                for item in call.items:
                    claims[account, item[key]] = request_id
            elif operation.cancels:
                for name in self._named(call, call.items):
                    self._cancels.setdefault(name, []).append(request_id)
            self._calls[request_id] = call

    def _owner(self, client_oid: _Name) -> str:
        if self._claims[client_oid] in self._calls:
            return "an order call that has not ended"
        return "an order whose outcome is unknown: reconcile it first"

    def end(self, call: Call) -> None:
        """Take a call out that ended with a definite outcome, or with none; any number of times."""
        with self._lock:
            if self._calls.pop(call.request.id, None) is not None:
                self._release(call, call.items)

    def enter(self, call: Call, error: OutcomeUnknown) -> list[Reply | OrderState]:
        """
        End a call as unknown, unless something is known.

        Args:
            call: It.
            error: What it is going to raise.

        Returns:
            What came for the call and was not looked at yet: then nothing was changed. Empty: it is entered.
        """
        with self._lock:
            if call.evidence:
                evidence, call.evidence = call.evidence, []
                return evidence
            if self._calls.pop(call.request.id, None) is not None:
                self._enter(call, error)
            return []

    def _enter(self, call: Call, error: OutcomeUnknown) -> None:
        call = copy.copy(call)  # the caller's is given its outcome, whose traceback would keep all his frames alive
        items = call.operation.items(call.request.args)
        results = (error,) if error.results is None else tuple(error.results)
        entries = []
        for index, result in enumerate(results):
            if isinstance(result, OutcomeUnknown):
                entry = Entry(call, index, copy.copy(result), self.desk)
                result._entry = entry.error._entry = entry
                entries.append(entry)
        if error.results is not None:
            error._entry = BatchEntry(entries, self.desk)
        self._entries[call.request.id] = entries
        known = [item for index, item in enumerate(items) if index not in {entry.index for entry in entries}]
        self._release(call, known)

    def restore(self, entries: Sequence[Entry]) -> None:
        """Enter the unknown orders of one request of an earlier process."""
        if entries:
            call = entries[0].call
            call.account = self._account(call.ws_key)
            with self._lock:
                self._entries[call.request.id] = list(entries)
                for entry in entries:
                    client_oid = entry.question.client_oid
                    if client_oid is not None and call.operation.places:
                        self._claims[call.account, client_oid] = call.request.id

    def _release(self, call: Call, items: Sequence[Any]) -> None:
        """Let go of the ids of some of a call's orders; the lock is held."""
        operation, request_id = call.operation, call.request.id
        if operation.places:
            for item in items:
                oid = call.account, item[operation.client_oid_key]
                if self._claims.get(oid) == request_id:
                    del self._claims[oid]
        elif operation.cancels:
            for name in self._named(call, items):
                requests = self._cancels.get(name, [])
                if request_id in requests:
                    requests.remove(request_id)
                if not requests:
                    self._cancels.pop(name, None)

    def _named(self, call: Call, items: Sequence[Any]) -> list[_Name]:
        """Return the ids by which a cancel names its orders."""
        account, operation = call.account, call.operation
        keys = (operation.order_id_key, operation.client_oid_key)
        names = (item.get(key) for item in items for key in keys)
        return [(account, name) for name in names if isinstance(name, str)]

    # What comes in by itself.

    def take_reply(self, reply: Reply) -> None:
        """Take a reply that no request waits for: on a reading thread."""
        with self._lock:
            call = self._calls.get(reply.id)
            if call is not None:  # between the end of its wait and its outcome
                call.evidence.append(reply)
                return
            entries = list(self._entries.get(reply.id, ()))
        if entries:
            for entry, fate in self._fates(entries, reply):
                self.resolve(entry, fate)

    def _fates(self, entries: Sequence[Entry], reply: Reply) -> list[tuple[Entry, Accepted | Absent]]:
        outcomes = self.judge(entries[0].call, reply)
        fates = ((entry, fate_of_outcome(outcomes[entry.index])) for entry in entries)
        return [(entry, fate) for entry, fate in fates if fate is not None]

    def take_event(self, state: OrderState, ws_key: str = "") -> None:
        """Take an order as a private event shows it, and the connection it came over: on a reading thread."""
        found: list[tuple[Entry, Accepted]] = []
        with self._lock:
            for request_id in self._about(state, self._account(ws_key)):
                call = self._calls.get(request_id)
                if call is not None:
                    call.evidence.append(state)
                for entry in self._entries.get(request_id, ()):
                    fate = fate_of_event(entry.question, state)
                    if fate is not None:
                        found.append((entry, fate))
        for entry, fate in found:
            self.resolve(entry, fate)

    def _about(self, state: OrderState, account: str) -> set[str]:
        """Return which requests an order of an account may concern; the lock is held."""
        by_id, by_client = (account, state.order_id), (account, state.client_oid or "")
        requests = {*self._cancels.get(by_id, ()), *self._cancels.get(by_client, ())}
        placed = self._claims.get(by_client)
        return requests if placed is None else {*requests, placed}

    # Entries.

    def resolve(self, entry: Entry, fate: Accepted | Absent) -> bool:
        """Take an entry out with what became of it; return ``False`` if somebody did that before."""
        if not self._take_out(entry, fate):
            return False
        self.on_resolved(entry, fate)
        return True

    def _take_out(self, entry: Entry, fate: Accepted | Absent | None) -> bool:
        request_id = entry.call.request.id
        with self._lock:
            entries = self._entries.get(request_id, [])
            if entry not in entries:
                return False
            entry.fate = fate
            entries.remove(entry)
            if not entries:
                del self._entries[request_id]
            self._release(entry.call, [entry.question.args])
            self.changed.notify_all()
            return True

    def dismiss(self, entry: Entry) -> bool:
        """Take an entry out about which the user knows more than we do."""
        return self._take_out(entry, None)

    def unresolved(self) -> list[Entry]:
        """Return the unknown orders, the oldest first."""
        with self._lock:
            found = [entry for entries in self._entries.values() for entry in entries]
        return sorted(found, key=lambda entry: entry.error.started_at)

    def find(self, error: OutcomeUnknown) -> list[Entry]:
        """Return the entries that an error of any process is about, those of one order if it is about one."""
        with self._lock:
            entries = list(self._entries.get(error.request_id, ()))
        if error.results is not None:
            return entries
        ids = (error.client_oid, error.order_id)
        return [entry for entry in entries if (entry.error.client_oid, entry.error.order_id) == ids]

    def __len__(self) -> int:
        return len(self.unresolved())

    def is_running(self, request_id: str) -> bool:
        """Whether a call is in the table."""
        return request_id in self._calls
