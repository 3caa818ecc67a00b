"""What an account has and owes, as values: balances, debts, margin wallets. The names of the wallets live here too."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from attrs import frozen

__all__ = ["MAIN", "MARGIN", "TRADE", "Balance", "Debt", "Loan", "MarginAccount", "isolated"]

MAIN, TRADE, MARGIN = "main", "trade", "margin"


def isolated(symbol: str) -> str:
    """Return the name of the isolated margin wallet of a pair."""
    return f"isolated:{symbol}"


@frozen
class Balance:
    """What one account owns of one currency in one wallet."""

    available: Decimal
    held: Decimal

    @property
    def total(self) -> Decimal:
        """Available and held together."""
        return self.available + self.held


@frozen
class Debt:
    """What is owed in one currency."""

    principal: Decimal
    interest: Decimal

    @property
    def total(self) -> Decimal:
        """Principal and interest together."""
        return self.principal + self.interest


@frozen
class Loan:
    """One borrowing, as its reply names it."""

    loan_id: str
    account: str
    wallet: str
    currency: str
    size: Decimal


@frozen
class MarginAccount:
    """
    A margin wallet with its debts.

    Attributes:
        wallet: ``margin`` or ``isolated:<SYMBOL>``.
        status: ``EFFECTIVE``, ``LIQUIDATION`` or ``BANKRUPTCY``.
        assets: Balances by currency, of every currency of the wallet.
        debts: The same for what is owed.
        total_asset: Worth of the balances in USDT.
        total_debt: Worth of the debts in USDT.
        debt_ratio: Four decimals.
        own_capital: Worth in USDT of what the owner brought in, at the prices of then.
    """

    account: str
    wallet: str
    status: str
    assets: Mapping[str, Balance]
    debts: Mapping[str, Debt]
    total_asset: Decimal
    total_debt: Decimal
    debt_ratio: Decimal
    own_capital: Decimal

    @property
    def symbol(self) -> str:
        """Pair of an isolated wallet, ``""`` for the cross wallet."""
        return self.wallet.partition(":")[2]
