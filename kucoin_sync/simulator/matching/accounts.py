"""
Balances of the simulated accounts, by wallet. Nothing is ever created or lost outside `Ledger.deposit`.

The wallets of an account are ``main``, ``trade`` (spot), ``margin`` (cross) and one ``isolated:<SYMBOL>`` a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, localcontext

from attrs import frozen

from .account_states import Balance
from .events import WalletChanged

__all__ = ["EXACT", "OTHER", "TRANSFER", "Balance", "Ledger", "LedgerError", "Reason"]

ZERO = Decimal(0)

#: The arithmetic of all money. Inexact is trapped: a rounded product would break the conservation of money,
#: so it must be loud.
EXACT = Context(prec=80, traps=[Inexact, InvalidOperation, DivisionByZero])


class LedgerError(AssertionError):
    """The engine tried to make a balance negative: a bug in the simulator, not in its user."""


@frozen
class Reason:
    """Why a balance changes; ``cause`` is that of `WalletChanged`."""

    cause: str
    symbol: str | None = None
    order_id: str | None = None
    trade_id: int | None = None


NOTHING = Balance(ZERO, ZERO)
OTHER, TRANSFER = Reason("other"), Reason("transfer")


class Ledger:
    """
    Available and held amounts by account, wallet and currency.

    Args:
        now_ns: Clock of the reports.
        report: Called after every change of a balance.
        quiet: Accounts whose changes are not reported.
    """

    def __init__(
        self,
        *,
        now_ns: Callable[[], int] = lambda: 0,
        report: Callable[[WalletChanged], None] | None = None,
        quiet: Iterable[str] = (),
    ) -> None:
        self._now_ns = now_ns
        self._report = report
        self._quiet = frozenset(quiet)
        self._wallets: dict[tuple[str, str], dict[str, Balance]] = {}
        self._deposited: dict[str, Decimal] = {}

    def deposit(self, account: str, wallet: str, currency: str, amount: Decimal) -> None:
        """Bring new money in."""
        if amount < 0:
            raise LedgerError(f"deposit of {amount} {currency}")
        self._deposited[currency] = self._deposited.get(currency, ZERO) + amount
        self.change(account, wallet, currency, OTHER, available=amount)

    def change(
        self,
        account: str,
        wallet: str,
        currency: str,
        reason: Reason,
        *,
        available: Decimal = ZERO,
        held: Decimal = ZERO,
    ) -> None:
        """
        Add signed amounts to a balance; what leaves one must enter another, which is the caller's duty.

        Raises:
            LedgerError: An amount would become negative.
        """
        purse = self._wallets.setdefault((account, wallet), {})
        before = purse.get(currency, NOTHING)
        after = Balance(before.available + available, before.held + held)
        if after.available < 0 or after.held < 0:
            raise LedgerError(f"{account} {wallet} {currency}: {before} cannot take {available} and {held}")
        purse[currency] = after
        if self._report is None or account in self._quiet or not (available or held):
            return
        self._report(
            WalletChanged(
                account,
                wallet,
                currency,
                after.available,
                after.held,
                available,
                held,
                reason.cause,
                reason.symbol,
                reason.order_id,
                reason.trade_id,
                self._now_ns(),
            )
        )

    def hold(self, account: str, wallet: str, currency: str, amount: Decimal, reason: Reason) -> bool:
        """Move ``amount`` from available to held; return False and change nothing if it is not there."""
        if amount < 0:
            raise LedgerError(f"hold of {amount} {currency}")
        if self.available(account, wallet, currency) < amount:
            return False
        self.change(account, wallet, currency, reason, available=-amount, held=amount)
        return True

    def move(
        self,
        source: tuple[str, str],
        target: tuple[str, str],
        currency: str,
        amount: Decimal,
        reason: Reason = TRANSFER,
    ) -> bool:
        """Move available money between two (account, wallet); return False and change nothing if it is not there."""
        if amount < 0:
            raise LedgerError(f"move of {amount} {currency}")
        if self.available(*source, currency) < amount:
            return False
        self.change(*source, currency, reason, available=-amount)
        self.change(*target, currency, reason, available=amount)
        return True

    def balance(self, account: str, wallet: str, currency: str) -> Balance:
        """Return one balance."""
        return self._wallets.get((account, wallet), {}).get(currency, NOTHING)

    def available(self, account: str, wallet: str, currency: str) -> Decimal:
        """Return what may be spent."""
        return self.balance(account, wallet, currency).available

    def balances(self, account: str, wallet: str) -> dict[str, Balance]:
        """Return the balances of one wallet by currency, in alphabetical order."""
        return dict(sorted(self._wallets.get((account, wallet), {}).items()))

    def totals(self) -> dict[str, Decimal]:
        """Return the sum over all accounts by currency."""
        totals: dict[str, Decimal] = {}
        with localcontext(EXACT):
            for purse in self._wallets.values():
                for currency, balance in purse.items():
                    totals[currency] = totals.get(currency, ZERO) + balance.total
        return totals

    def deposited(self) -> dict[str, Decimal]:
        """Return all that ever came in by currency; always equal to `totals`."""
        return dict(self._deposited)

    def lowest(self) -> Decimal:
        """Return the smallest amount in any wallet, available or held; never negative."""
        amounts = (balance for purse in self._wallets.values() for balance in purse.values())
        return min((min(balance.available, balance.held) for balance in amounts), default=ZERO)
