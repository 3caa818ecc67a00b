"""
Private channels of the Pro streams for balances, positions, risks and leverages.

Each wallet of an account is one account type: ``trade`` is ``SPOT``, ``main`` is ``FUNDING``, ``margin`` is ``CROSS``,
all isolated wallets are ``ISOLATED``, and the futures wallet is ``FUTURES``. An account is a unified one as well: its
``UNIFIED`` balance of a currency is what its spot and futures wallets have together. After each operation every
currency that changed is sent once (assumed).

A risk is that of the cross positions of one settle currency, because that is what the simulated exchange liquidates;
the kinds of warning and their rhythm are documented.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..feed import Reactions
from ..futures.events import CrossLeverageChanged, FuturesWallet, FuturesWalletChanged, PositionChanged
from ..matching.account_states import MAIN, MARGIN, TRADE
from ..matching.events import WalletChanged
from ..matching.symbols import plain
from ..peer import Peer
from .account_rows import (
    balance_row,
    futures_balance,
    margin_balance,
    position_row,
    risk_kind,
    risk_ratio,
    risk_row,
    unified_balance,
)

if TYPE_CHECKING:
    from ..kucoin_venue import KucoinVenue

__all__ = ["ProAccountFeed"]

WARNING_INTERVAL_NS = 60_000_000_000
"""Between two warnings of the same kind."""

_FUTURES, _ISOLATED = "futures", "isolated"
_SCOPES = ("UNIFIED", "FUTURES")
#: Kind of wallet to the account types that show it.
_TYPES: Mapping[str, tuple[str, ...]] = {
    TRADE: ("UNIFIED", "SPOT"),
    _FUTURES: ("UNIFIED", "FUTURES"),
    MAIN: ("FUNDING",),
    MARGIN: ("CROSS",),
    _ISOLATED: ("ISOLATED",),
}


class ProAccountFeed:
    """
    Publishes ``balance``, ``positionAll``, ``position``, ``lw`` and ``leverage``.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._venue = venue
        self._changed: dict[tuple[str, str, str], None] = {}
        # Live views of who reads balances, by kind of wallet.
        self._balance_readers = {
            wallet: [venue.arguments(f"balance.{name}") for name in names] for wallet, names in _TYPES.items()
        }
        self._due: asyncio.Handle | None = None
        #: Kind of the last warning of an account and currency, and when it was sent.
        self._warned: dict[tuple[str, str], tuple[str, int]] = {}
        self.reactions: Reactions = {
            WalletChanged: self._wallet_changed,
            FuturesWalletChanged: self._futures_wallet_changed,
            PositionChanged: self._position_changed,
            CrossLeverageChanged: self._leverage_changed,
        }
        self._rows: Mapping[str, Callable[[str, str, str], dict[str, Any]]] = {
            "UNIFIED": self._unified,
            "SPOT": self._spot,
            "FUTURES": self._futures,
            "FUNDING": self._funding,
            "CROSS": self._margin,
            "ISOLATED": self._margin,
        }

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Nothing is sent at once: the next change is."""

    def step(self) -> None:
        """Repeat the warnings."""
        if self._has_readers("lw"):
            for account in self._venue.credentials:
                self._warn(account)

    def shut_down(self) -> None:
        """Cancel what is due."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._changed.clear()

    # Balances.

    def _wallet_changed(self, event: WalletChanged) -> None:
        self._note(event.account, event.wallet, event.currency)

    def _futures_wallet_changed(self, event: FuturesWalletChanged) -> None:
        self._note(event.wallet.account, _FUTURES, event.wallet.currency)

    def _note(self, account: str, wallet: str, currency: str) -> None:
        """Note a change; it is sent after the operation, when debts and margins fit the balance again."""
        if account not in self._venue.credentials:
            return
        for readers in self._balance_readers[wallet.partition(":")[0]]:
            if readers:
                break
        else:
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
        return unified_balance(spot, self._futures_wallet(account, currency), self._venue.now_ns())

    def _spot(self, account: str, wallet: str, currency: str) -> dict[str, Any]:
        balance = self._venue.exchange.ledger.balance(account, wallet, currency)
        return balance_row(balance, currency, self._venue.now_ns())

    def _funding(self, account: str, wallet: str, currency: str) -> dict[str, Any]:
        balance = self._venue.exchange.ledger.balance(account, wallet, currency)
        return balance_row(balance, currency, str(self._venue.now_ms()))

    def _margin(self, account: str, wallet: str, currency: str) -> dict[str, Any]:
        return margin_balance(self._venue.exchange.margin.state(account, wallet), currency, self._venue.now_ns())

    def _futures(self, account: str, wallet: str, currency: str) -> dict[str, Any]:
        return futures_balance(self._futures_wallet(account, currency), self._venue.now_ns())

    def _futures_wallet(self, account: str, currency: str) -> FuturesWallet:
        return self._venue.futures.wallet(account, currency)

    # Positions, leverages.

    def _position_changed(self, event: PositionChanged) -> None:
        position = event.position
        if position.account not in self._venue.credentials:
            return
        if self._has_readers("positionAll") or self._has_readers("position", position.symbol):
            row = position_row(position, self._futures_wallet(position.account, position.settle_currency))
            self._publish("positionAll", row, position.account)
            self._publish("position", row, position.account, symbol=position.symbol)
        if self._has_readers("lw"):
            if event.reason == "liquidation":
                wallet = self._futures_wallet(position.account, position.settle_currency)
                self._send_warning(wallet, "FORCE_LIQUIDATION", max(Decimal(1), risk_ratio(wallet)))
            else:
                self._warn(position.account)

    def _leverage_changed(self, event: CrossLeverageChanged) -> None:
        row = {"s": event.symbol, "l": plain(event.leverage), "mM": "CROSS", "tT": "FUTURES"}
        self._publish("leverage", row, event.account)

    # Risks.

    def _warn(self, account: str) -> None:
        """Warn an account whose risk is of another kind than before, or is still high after a minute."""
        now = self._venue.now_ns()
        for currency in sorted({contract.settle for contract in self._venue.futures.contracts.values()}):
            wallet = self._futures_wallet(account, currency)
            ratio = risk_ratio(wallet)
            kind, key = risk_kind(ratio), (account, currency)
            last_kind, last_ns = self._warned.get(key, (None, 0))
            if kind is None:
                self._warned.pop(key, None)
            elif kind != last_kind or now - last_ns >= WARNING_INTERVAL_NS:
                self._send_warning(wallet, kind, ratio)

    def _send_warning(self, wallet: FuturesWallet, kind: str, ratio: Decimal) -> None:
        now = self._venue.now_ns()
        self._warned[wallet.account, wallet.currency] = (kind, now)
        self._publish("lw", risk_row(kind, ratio, wallet, self._dollars(wallet.currency), now), wallet.account)

    def _dollars(self, currency: str) -> Decimal:
        """Return what a settle currency is worth: a dollar, or the index of a contract that is settled in it."""
        for contract in self._venue.futures.contracts.values():
            if contract.settle == currency and contract.is_inverse:
                return self._venue.futures.prices[contract.symbol].index
        return Decimal(1)

    # Topics.

    def _has_readers(self, channel: str, symbol: str | None = None) -> bool:
        return any(self._venue.has_readers(_topic(channel, scope, symbol)) for scope in _SCOPES)

    def _publish(self, channel: str, row: dict[str, Any], account: str, *, symbol: str | None = None) -> None:
        for scope in _SCOPES:
            self._venue.publish_pro(_topic(channel, scope, symbol), row, account=account)


def _topic(channel: str, scope: str, symbol: str | None) -> str:
    return f"{channel}.{scope}" if symbol is None else f"{channel}.{scope}:{symbol}"


def _types_of(wallet: str) -> tuple[str, ...]:
    return _TYPES[wallet.partition(":")[0]]
