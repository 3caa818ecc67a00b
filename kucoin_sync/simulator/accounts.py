"""Balances of the simulated accounts. Nothing is ever created or lost outside `Ledger.deposit`."""

from __future__ import annotations

from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, localcontext

from attrs import frozen

__all__ = ["EXACT", "Balance", "Ledger", "LedgerError"]

ZERO = Decimal(0)

#: The arithmetic of all money. Inexact is trapped: a rounded product would break the conservation of money,
#: so it must be loud.
EXACT = Context(prec=80, traps=[Inexact, InvalidOperation, DivisionByZero])


class LedgerError(AssertionError):
    """The engine tried to make a balance negative: a bug in the simulator, not in its user."""


@frozen
class Balance:
    """What one account owns of one currency."""

    available: Decimal
    held: Decimal

    @property
    def total(self) -> Decimal:
        """Available and held together."""
        return self.available + self.held


class Ledger:
    """Available and held amounts by account and currency."""

    def __init__(self) -> None:
        self._available: dict[tuple[str, str], Decimal] = {}
        self._held: dict[tuple[str, str], Decimal] = {}
        self._deposited: dict[str, Decimal] = {}

    def deposit(self, account: str, currency: str, amount: Decimal) -> None:
        """Bring new money in."""
        if amount < 0:
            raise LedgerError(f"deposit of {amount} {currency}")
        self.credit(account, currency, amount)
        self._deposited[currency] = self._deposited.get(currency, ZERO) + amount

    def hold(self, account: str, currency: str, amount: Decimal) -> bool:
        """Move ``amount`` from available to held; return False and change nothing if it is not there."""
        key = (account, currency)
        available = self._available.get(key, ZERO)
        if amount < 0:
            raise LedgerError(f"hold of {amount} {currency}")
        if available < amount:
            return False
        self._available[key] = available - amount
        self._held[key] = self._held.get(key, ZERO) + amount
        return True

    def release(self, account: str, currency: str, amount: Decimal) -> None:
        """Move ``amount`` from held back to available."""
        self.spend(account, currency, amount)
        self.credit(account, currency, amount)

    def spend(self, account: str, currency: str, amount: Decimal) -> None:
        """Take ``amount`` out of held; the caller credits it to somebody else."""
        key = (account, currency)
        left = self._held.get(key, ZERO) - amount
        if amount < 0 or left < 0:
            raise LedgerError(f"{account} spends {amount} {currency} of {left + amount} held")
        self._held[key] = left

    def credit(self, account: str, currency: str, amount: Decimal) -> None:
        """Add ``amount`` to available."""
        if amount < 0:
            raise LedgerError(f"credit of {amount} {currency}")
        key = (account, currency)
        self._available[key] = self._available.get(key, ZERO) + amount

    def available(self, account: str, currency: str) -> Decimal:
        """Return what the account may spend."""
        return self._available.get((account, currency), ZERO)

    def balances(self, account: str) -> dict[str, Balance]:
        """Return the balances of one account by currency."""
        currencies = sorted({c for a, c in (*self._available, *self._held) if a == account})
        return {
            c: Balance(self._available.get((account, c), ZERO), self._held.get((account, c), ZERO)) for c in currencies
        }

    def totals(self) -> dict[str, Decimal]:
        """Return the sum over all accounts by currency."""
        totals: dict[str, Decimal] = {}
        with localcontext(EXACT):
            for table in (self._available, self._held):
                for (_, currency), amount in table.items():
                    totals[currency] = totals.get(currency, ZERO) + amount
        return totals

    def deposited(self) -> dict[str, Decimal]:
        """Return all that ever came in by currency; always equal to `totals`."""
        return dict(self._deposited)

    def lowest(self) -> Decimal:
        """Return the smallest amount in any account, available or held; never negative."""
        return min((*self._available.values(), *self._held.values()), default=ZERO)
