"""
The rules of all symbols, fetched when they are first needed and again when they are old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.errors import ConfigError
from kucoin_sync.exchange_rest.shelf import Fetch, Shelf
from kucoin_sync.kucoin.symbol_rules import Spell, read_contracts, read_symbols, uses_contracts

__all__ = ["SymbolBook"]


class SymbolBook:
    """
    Check orders against what the exchange says about its symbols.

    Safe from any thread; one fetch of a kind runs at a time.

    Args:
        symbols: Fetches the spot symbols.
        contracts: Fetches the futures contracts.
    """

    def __init__(self, symbols: Fetch, contracts: Fetch) -> None:
        self._symbols = Shelf("symbols", symbols, read_symbols)
        self._contracts = Shelf("contracts", contracts, read_contracts)

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
