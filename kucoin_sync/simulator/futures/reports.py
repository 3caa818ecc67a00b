"""Collects which positions and wallets a command touched, and reports each once when the command is through."""

from __future__ import annotations

from collections.abc import Callable

from ..matching.events import Event
from .accounts import FuturesAccounts
from .events import FuturesWallet, FuturesWalletChanged, PositionChanged
from .positions import Position

__all__ = ["FuturesReports"]


class FuturesReports:
    """
    What is to be reported of positions and wallets. Accounts of the simulator itself are never reported.

    Args:
        accounts: Where the snapshots come from.
        emit: Called with every event.
    """

    def __init__(self, accounts: FuturesAccounts, emit: Callable[[Event], None]) -> None:
        self._accounts = accounts
        self._emit = emit
        self._positions: dict[Position, str] = {}
        self._wallets: dict[tuple[str, str], None] = {}
        self._last: dict[tuple[str, str], FuturesWallet] = {}

    def position(self, position: Position, reason: str = "positionChange") -> None:
        """Note that a position changed; a liquidation outweighs other reasons."""
        if position.account not in self._accounts.house:
            if reason == "liquidation" or position not in self._positions:
                self._positions[position] = reason
            self.wallet(position.account, position.contract.settle)

    def wallet(self, account: str, currency: str) -> None:
        """Note that a wallet, or what it must cover, may have changed."""
        if account not in self._accounts.house:
            self._wallets[account, currency] = None

    def flush(self, now: int) -> None:
        """Report everything noted."""
        positions, self._positions = self._positions, {}
        wallets, self._wallets = self._wallets, {}
        for position, reason in positions.items():
            self._emit(PositionChanged(self._accounts.state(position, now), reason))
        for key in wallets:
            self._report_wallet(*key, now)

    def _report_wallet(self, account: str, currency: str, now: int) -> None:
        key = account, currency
        last, wallet = self._last.get(key), self._accounts.wallet(account, currency, now)
        if last is not None and _without_price(last) == _without_price(wallet):
            return
        self._accounts.next_version(account, currency)
        wallet = self._last[key] = self._accounts.wallet(account, currency, now)
        self._emit(
            FuturesWalletChanged(
                wallet,
                available_changed=last is None or last.available != wallet.available,
                order_margin_changed=last is None or _order_margin(last) != _order_margin(wallet),
            )
        )


def _without_price(wallet: FuturesWallet) -> tuple[object, ...]:
    """Return what of a wallet does not move with the mark price alone."""
    return (
        wallet.wallet_balance,
        wallet.isolated_pos_margin,
        wallet.isolated_order_margin,
        wallet.cross_order_margin,
        wallet.available,
    )


def _order_margin(wallet: FuturesWallet) -> object:
    return wallet.isolated_order_margin + wallet.cross_order_margin
