"""
Private channels of the Pro streams for balances.

Each wallet of an account is one account type: ``trade`` is ``SPOT``, ``main`` is ``FUNDING``, ``margin`` is ``CROSS``
and all isolated wallets are ``ISOLATED``. An account is a unified one as well: its ``UNIFIED`` balance of a currency is
what its spot and futures wallets have together, and owes nothing. After each operation every currency that changed is
sent once (assumed).

Source: KuCoin docs, unified account WebSocket, balance page, and frames captured in 2026; the rows of ``SPOT``,
``CROSS`` and ``ISOLATED`` are assumed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .account_states import MAIN, MARGIN, TRADE
from .events import Event, WalletChanged
from .peer import Peer
from .symbols import plain

if TYPE_CHECKING:
    from .venue import Venue

__all__ = ["ProAccountFeed"]

_ISOLATED = "isolated"
#: Kind of wallet to the account types that show it.
_TYPES: Mapping[str, tuple[str, ...]] = {
    TRADE: ("UNIFIED", "SPOT"),
    MAIN: ("FUNDING",),
    MARGIN: ("CROSS",),
    _ISOLATED: ("ISOLATED",),
}


class ProAccountFeed:
    """
    Publishes ``balance``.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._changed: dict[tuple[str, str, str], None] = {}
        self._due: asyncio.Handle | None = None
        self._rows: Mapping[str, Callable[[str, str, str], dict[str, Any]]] = {
            "UNIFIED": self._unified,
            "SPOT": self._spot,
            "FUNDING": self._funding,
            "CROSS": self._margin,
            "ISOLATED": self._margin,
        }

    def on_event(self, event: Event) -> None:
        """See `Feed.on_event`."""
        if isinstance(event, WalletChanged):
            self._wallet_changed(event.account, event.wallet, event.currency)

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Nothing is sent at once: the next change is."""

    def step(self) -> None:
        """Nothing hangs on time here."""

    def shut_down(self) -> None:
        """Cancel what is due."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._changed.clear()

    # Balances.

    def _wallet_changed(self, account: str, wallet: str, currency: str) -> None:
        """Note a change; it is sent after the operation, when debts and margins fit the balance again."""
        if account not in self._venue.credentials:
            return
        if not any(self._venue.has_readers(f"balance.{name}") for name in _types_of(wallet)):
            return
        self._changed[account, wallet, currency] = None
        if self._due is None:
            self._due = asyncio.get_running_loop().call_soon(self._publish_balances)

    def _publish_balances(self) -> None:
        self._due = None
        changed, self._changed = self._changed, {}
        for account, wallet, currency in changed:
            for name in _types_of(wallet):
                topic = f"balance.{name}"
                if self._venue.has_readers(topic):
                    self._venue.publish_pro(topic, self._rows[name](account, wallet, currency), account=account)

    def _unified(self, account: str, wallet: str, currency: str) -> dict[str, Any]:
        spot = self._venue.exchange.ledger.balance(account, TRADE, currency)
        total = plain(spot.total)
        return {
            "U": self._venue.now_ns(),
            "a": plain(spot.available),
            "b": total,
            "c": currency,
            "e": total,
            "h": plain(spot.held),
            "l": "0",
            "cS": "1",
        }

    def _spot(self, account: str, wallet: str, currency: str) -> dict[str, Any]:
        balance = self._venue.exchange.ledger.balance(account, wallet, currency)
        return {
            "U": self._venue.now_ns(),
            "a": plain(balance.available),
            "b": plain(balance.total),
            "c": currency,
            "h": plain(balance.held),
        }

    def _funding(self, account: str, wallet: str, currency: str) -> dict[str, Any]:
        return {**self._spot(account, wallet, currency), "U": str(self._venue.now_ms())}

    def _margin(self, account: str, wallet: str, currency: str) -> dict[str, Any]:
        state = self._venue.exchange.margin.state(account, wallet)
        debt = state.debts[currency].total
        row = {
            **self._spot(account, wallet, currency),
            "e": plain(state.assets[currency].total - debt),
            "l": plain(debt),
        }
        return {**row, "s": state.symbol} if state.symbol else row


def _types_of(wallet: str) -> tuple[str, ...]:
    return _TYPES[wallet.partition(":")[0]]
