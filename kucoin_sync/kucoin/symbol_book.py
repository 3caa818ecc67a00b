"""
The rules of all symbols, fetched when they are first needed and again when they are old.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.errors import ConfigError, ConnectError, DeadlineExceeded, KucoinSyncError
from kucoin_sync.kucoin.symbol_rules import Spell, SymbolRule, read_contracts, read_symbols, uses_contracts

__all__ = ["Fetch", "SymbolBook"]

logger = logging.getLogger("kucoin_sync.kucoin.symbol_book")

MAX_AGE = 3600.0
"""Seconds after which rules are fetched again."""
MISS_AGE = 5.0
"""Seconds for which a symbol that was not found is believed not to exist."""
RETRY_AFTER = 60.0
"""Seconds for which old rules serve after they could not be fetched anew."""

Fetch = Callable[[float], Sequence[Mapping[str, Any]]]
"""Takes the seconds it may last; returns the exchange's objects."""


class SymbolBook:
    """
    Check orders against what the exchange says about its symbols.

    Safe from any thread; one fetch of a kind runs at a time.

    Args:
        symbols: Fetches the spot symbols.
        contracts: Fetches the futures contracts.
    """

    def __init__(self, symbols: Fetch, contracts: Fetch) -> None:
        self._symbols = _Shelf("symbols", symbols, read_symbols)
        self._contracts = _Shelf("contracts", contracts, read_contracts)

    def check(
        self,
        op: str,
        orders: Sequence[Mapping[str, Any]],
        spellings: Sequence[Spell],
        *,
        now: float,
        deadline: Deadline,
        wait: bool,
    ) -> None:
        """
        Check the orders of one request.

        Args:
            op: Operation.
            orders: Arguments of each order, as the exchange spells them.
            spellings: For each order, how the caller spelled its arguments.
            now: Monotonic clock.
            deadline: Of the call.
            wait: Whether to wait for rules that have to be fetched; else what is there has to do.

        Raises:
            ConfigError: Naming argument, rule and nearest allowed values; or that there is no such symbol.
            KucoinSyncError: If there are no rules, for whatever kept them from being fetched.
        """
        for args, spell in zip(orders, spellings, strict=True):
            shelf = self._contracts if uses_contracts(op, args) else self._symbols
            rule = shelf.find(args["symbol"], now=now, deadline=deadline, wait=wait)
            if rule is None:
                raise ConfigError(f"{spell('symbol')}: the exchange lists no {args['symbol']}")
            rule.check(op, args, spell)

    def load(self, *, contracts: bool, now: float, deadline: Deadline) -> None:
        """Fetch one of the two kinds ahead of time, if it is not there or old. Raises as `check`."""
        (self._contracts if contracts else self._symbols).load(now=now, deadline=deadline)


class _Shelf:
    """The rules of one kind of symbols."""

    def __init__(
        self, name: str, fetch: Fetch, read: Callable[[Sequence[Mapping[str, Any]]], dict[str, SymbolRule]]
    ) -> None:
        self._name = name
        self._fetch = fetch
        self._read = read
        self._fetching = threading.Lock()  # held by the one who fetches; he replaces what is below
        self._rules: Mapping[str, SymbolRule] | None = None  # as a whole, so readers need no lock
        self._version = 0
        self._fetched_at = self._try_at = float("-inf")

    def find(self, symbol: str, *, now: float, deadline: Deadline, wait: bool) -> SymbolRule | None:
        if not wait:
            if self._rules is None:
                raise ConnectError(f"the {self._name} were not fetched yet; connect first", phase="tcp")
            return self._rules.get(symbol)
        rules = self.load(now=now, deadline=deadline)
        if symbol not in rules and now - self._fetched_at >= MISS_AGE:
            rules = self._fetch_anew(self._version, now, deadline)
        return rules.get(symbol)

    def load(self, *, now: float, deadline: Deadline) -> Mapping[str, SymbolRule]:
        rules = self._rules
        if rules is None:
            return self._fetch_anew(self._version, now, deadline)
        if now - self._fetched_at > MAX_AGE and now >= self._try_at:
            return self._refresh(rules, now, deadline)
        return rules

    def _fetch_anew(self, seen: int, now: float, deadline: Deadline) -> Mapping[str, SymbolRule]:
        """Return newer rules than those of version ``seen``: fetch them, or wait for somebody who does."""
        if not self._fetching.acquire(timeout=deadline.remaining()):
            raise DeadlineExceeded(f"the {self._name} did not come in time")
        try:
            rules = self._rules
            if rules is None or self._version == seen:
                rules = self._take(self._fetch(deadline.remaining()), now)
            return rules
        finally:
            self._fetching.release()

    def _refresh(self, old: Mapping[str, SymbolRule], now: float, deadline: Deadline) -> Mapping[str, SymbolRule]:
        """Replace old rules. They go on serving while somebody else does that, and if it fails."""
        if not self._fetching.acquire(blocking=False):
            return old
        try:
            if now < self._try_at:
                return old
            self._try_at = now + RETRY_AFTER
            return self._take(self._fetch(deadline.remaining() / 2), now)
        except KucoinSyncError as error:
            logger.warning("the %s are old and could not be fetched anew: %s", self._name, error)
            return old
        finally:
            self._fetching.release()

    def _take(self, rows: Sequence[Mapping[str, Any]], now: float) -> Mapping[str, SymbolRule]:
        """Put new rules up; the lock is held."""
        self._rules = rules = self._read(rows)
        self._fetched_at = now
        self._version += 1
        return rules
