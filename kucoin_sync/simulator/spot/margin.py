"""
Margin debts: who owes what, interest, borrowing limits, and what the wallets that stand for the debts are worth.

Cross debts belong to the wallet ``margin``, isolated ones to ``isolated:<SYMBOL>``. The lender is the house account
`LENDER` with a bounded pool. Documented are the forms of the pushes and replies; assumed are: leverage 5 (cross) and 10
(isolated), all currencies valued fully at the last price, interest due for each full hour at one rate, payments that
go to interest first, and forced liquidation at a debt ratio of 0.97.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_DOWN, ROUND_UP, Context, Decimal, localcontext

from attrs import define

from ..matching.account_states import MARGIN, Balance, Debt, Loan, MarginAccount, isolated
from ..matching.accounts import EXACT, OTHER, Ledger
from ..matching.events import Event, IsolatedPositionChanged, MarginStatusChanged
from ..matching.symbols import Symbol
from .refusals import refused

__all__ = ["LENDER", "LENDER_WALLET", "MarginDesk"]

ZERO = Decimal(0)

#: House account that lends.
LENDER, LENDER_WALLET = "simulator-lender", "pool"

CROSS_LEVERAGE, ISOLATED_LEVERAGE = 5, 10
LIQUIDATION_RATIO = Decimal("0.97")
HOURLY_RATE = Decimal("0.000005")
_HOUR_NS = 3600 * 1_000_000_000

#: Smallest unit of a debt: amounts stay short, however long interest runs.
_CENT = Decimal("0.00000001")
# For ratios and limits only; no money is computed with it.
_ROUGH = Context(prec=60)


@define
class _Debt:
    principal: Decimal
    interest: Decimal
    #: Up to when interest has been charged.
    charged_ns: int


class MarginDesk:
    """
    Debts of all margin wallets.

    Args:
        ledger: Where the money is.
        symbols: Pairs by name.
        price: Returns what one unit of a currency is worth in USDT, zero if nobody knows.
        now_ns: Clock.
        emit: Called with every event.
    """

    def __init__(
        self,
        ledger: Ledger,
        symbols: Mapping[str, Symbol],
        *,
        price: Callable[[str], Decimal],
        now_ns: Callable[[], int],
        emit: Callable[[Event], None],
    ) -> None:
        self._ledger = ledger
        self._price = price
        self._now_ns = now_ns
        self._emit = emit
        self._currencies: dict[str, tuple[str, ...]] = {
            isolated(symbol.name): (symbol.base, symbol.quote) for symbol in symbols.values() if symbol.margin_enabled
        }
        every = {currency for pair in self._currencies.values() for currency in pair}
        self._currencies[MARGIN] = tuple(sorted(every))
        self._debts: dict[tuple[str, str], dict[str, _Debt]] = {}
        self._statuses: dict[tuple[str, str], str] = {}
        self._own_capital: dict[tuple[str, str], Decimal] = {}
        self._changed: dict[tuple[str, str], str] = {}
        self._loans = 0

    # Borrowing and paying back.

    def borrow(self, account: str, wallet: str, currency: str, amount: Decimal, *, cause: str = "USER_BORROW") -> Loan:
        """
        Lend an account money.

        Args:
            account, wallet: Who gets it.
            currency: What is lent.
            amount: Rounded up to eight decimals.
            cause: ``statusBizType`` of the push that follows on an isolated wallet.

        Raises:
            Refused: Not that much may be borrowed, or the wallet is being liquidated.
        """
        with localcontext(EXACT):
            amount = amount.quantize(_CENT, ROUND_UP, context=_ROUGH)
            if self.status(account, wallet) != "EFFECTIVE":
                raise refused("at_risk")
            if amount <= 0 or amount > self.max_borrow(account, wallet, currency):
                raise refused("balance", "The amount can not be borrowed.")
            self._ledger.move((LENDER, LENDER_WALLET), (account, wallet), currency, amount, OTHER)
            debts = self._debts.setdefault((account, wallet), {})
            debt = debts.setdefault(currency, _Debt(ZERO, ZERO, self._now_ns()))
            debt.principal += amount
            self._loans += 1
            self.touch(account, wallet, cause)
            return Loan(f"SIML{self._loans:020x}", account, wallet, currency, amount)

    def repay(
        self, account: str, wallet: str, currency: str, amount: Decimal | None = None, *, cause: str = "USER_REPAY"
    ) -> Decimal:
        """Pay a debt back, interest first, as far as ``amount`` and the available balance go; return what was paid."""
        with localcontext(EXACT):
            debt = self._debts.get((account, wallet), {}).get(currency)
            if debt is None:
                return ZERO
            paid = min(debt.principal + debt.interest, self._ledger.available(account, wallet, currency))
            paid = paid if amount is None else min(paid, amount)
            paid = paid.quantize(_CENT, ROUND_DOWN, context=_ROUGH)
            if paid <= 0:
                return ZERO
            self._ledger.move((account, wallet), (LENDER, LENDER_WALLET), currency, paid, OTHER)
            to_interest = min(paid, debt.interest)
            debt.interest -= to_interest
            debt.principal -= paid - to_interest
            if not debt.principal and not debt.interest:
                self._forget(account, wallet, currency)
            self.touch(account, wallet, cause)
            return paid

    def accrue(self) -> None:
        """Charge the interest of the full hours that have passed."""
        now = self._now_ns()
        with localcontext(EXACT):
            for (account, wallet), debts in self._debts.items():
                for debt in debts.values():
                    hours = (now - debt.charged_ns) // _HOUR_NS
                    if hours <= 0:
                        continue
                    debt.charged_ns += hours * _HOUR_NS
                    charge = debt.principal * HOURLY_RATE * hours
                    debt.interest += charge.quantize(_CENT, ROUND_UP, context=_ROUGH)
                    self.touch(account, wallet, "DEFAULT_DEBT")

    def next_due_ns(self) -> int | None:
        """Return when interest is due next."""
        charged = (debt.charged_ns for debts in self._debts.values() for debt in debts.values())
        return min((moment + _HOUR_NS for moment in charged), default=None)

    def max_borrow(self, account: str, wallet: str, currency: str) -> Decimal:
        """Return how much of a currency may be borrowed now."""
        if currency not in self._currencies.get(wallet, ()):
            return ZERO
        price = self._price(currency)
        if not price:
            return ZERO
        with localcontext(_ROUGH):
            room = self._room(account, wallet) / price
            pool = self._ledger.available(LENDER, LENDER_WALLET, currency)
            return max(ZERO, min(room, pool)).quantize(_CENT, ROUND_DOWN)

    def may_leave(self, account: str, wallet: str, currency: str, amount: Decimal) -> bool:
        """Tell whether a wallet stands for its debts without ``amount``."""
        if not self._debts.get((account, wallet)):
            return True
        leverage = self._leverage(wallet)
        with localcontext(_ROUGH):
            return self._room(account, wallet) >= amount * self._price(currency) * (leverage - 1)

    # States.

    def status(self, account: str, wallet: str) -> str:
        """Return ``EFFECTIVE``, ``LIQUIDATION`` while it runs, or ``BANKRUPTCY`` when it left debt (words assumed)."""
        return self._statuses.get((account, wallet), "EFFECTIVE")

    def has_debt(self, account: str, wallet: str) -> bool:
        """Tell whether a wallet owes anything."""
        return bool(self._debts.get((account, wallet)))

    def debtors(self) -> list[tuple[str, str]]:
        """Return account and wallet of all who owe something."""
        return list(self._debts)

    def at_risk(self) -> Iterator[tuple[str, str]]:
        """Yield account and wallet of those that must be liquidated."""
        for account, wallet in list(self._debts):
            if self.status(account, wallet) != "EFFECTIVE":
                continue
            state = self.state(account, wallet)
            with localcontext(_ROUGH):
                if state.total_debt and state.total_debt >= LIQUIDATION_RATIO * state.total_asset:
                    yield account, wallet

    def state(self, account: str, wallet: str) -> MarginAccount:
        """Return assets, debts and worth of one wallet."""
        assets = dict.fromkeys(self._currencies.get(wallet, ()), Balance(ZERO, ZERO))
        assets |= self._ledger.balances(account, wallet)
        debts = dict.fromkeys(assets, Debt(ZERO, ZERO))
        for currency, debt in self._debts.get((account, wallet), {}).items():
            debts[currency] = Debt(debt.principal, debt.interest)
        with localcontext(_ROUGH):
            total_asset = sum((b.total * self._price(c) for c, b in assets.items()), ZERO)
            total_debt = sum((d.total * self._price(c) for c, d in debts.items()), ZERO)
            ratio = ZERO if not total_debt else Decimal(1) if not total_asset else total_debt / total_asset
        return MarginAccount(
            account,
            wallet,
            self.status(account, wallet),
            assets,
            debts,
            total_asset,
            total_debt,
            ratio.quantize(Decimal("0.0001"), ROUND_DOWN, context=_ROUGH),
            self._own_capital.get((account, wallet), ZERO),
        )

    # What the exchange tells.

    def touch(self, account: str, wallet: str, cause: str | None = None) -> None:
        """Note that a margin wallet changed; `report` tells it once, with the last cause that was named."""
        if wallet != MARGIN:
            self._changed[account, wallet] = cause or self._changed.get((account, wallet), "")

    def moved(self, account: str, wallet: str, currency: str, amount: Decimal) -> None:
        """Note that the owner brought money in, or took it out if ``amount`` is negative."""
        if wallet in self._currencies:
            key = (account, wallet)
            self._own_capital[key] = self._own_capital.get(key, ZERO) + amount * self._price(currency)
            self.touch(account, wallet)

    def report(self) -> None:
        """Emit what has changed on isolated wallets."""
        changed, self._changed = self._changed, {}
        for (account, wallet), cause in changed.items():
            self._emit_isolated(account, wallet, cause)

    def freeze(self, account: str, wallet: str) -> None:
        """A forced liquidation starts."""
        self._set_status(account, wallet, "LIQUIDATION", "FROZEN_FL")
        if wallet != MARGIN:
            self._emit_isolated(account, wallet, "FORCE_LIQUIDATION")

    def thaw(self, account: str, wallet: str) -> None:
        """The forced liquidation is over; debt may be left."""
        is_clear = not self.has_debt(account, wallet)
        self._set_status(account, wallet, "EFFECTIVE" if is_clear else "BANKRUPTCY", "UNFROZEN_FL")
        if not is_clear and wallet == MARGIN:
            self._emit(MarginStatusChanged(account, "LIABILITY", self._now_ns()))
        self.touch(account, wallet, "FORCE_LIQUIDATION")

    # Inside.

    def _room(self, account: str, wallet: str) -> Decimal:
        """Return the worth in USDT that may still be borrowed; negative if too much is."""
        state = self.state(account, wallet)
        return (state.total_asset - state.total_debt) * (self._leverage(wallet) - 1) - state.total_debt

    def _leverage(self, wallet: str) -> int:
        return CROSS_LEVERAGE if wallet == MARGIN else ISOLATED_LEVERAGE

    def _forget(self, account: str, wallet: str, currency: str) -> None:
        debts = self._debts[account, wallet]
        del debts[currency]
        if debts:
            return
        del self._debts[account, wallet]
        if self.status(account, wallet) == "BANKRUPTCY":
            self._set_status(account, wallet, "EFFECTIVE", "UNLIABILITY")

    def _set_status(self, account: str, wallet: str, status: str, kind: str) -> None:
        self._statuses[account, wallet] = status
        if wallet == MARGIN:
            self._emit(MarginStatusChanged(account, kind, self._now_ns()))

    def _emit_isolated(self, account: str, wallet: str, cause: str) -> None:
        state = self.state(account, wallet)
        word = "DEBT" if self.has_debt(account, wallet) else "CLEAR"
        if state.status == "LIQUIDATION":
            word = "IN_LIQUIDATION"
        self._emit(IsolatedPositionChanged(state, word, cause or f"DEFAULT_{word}", self._now_ns()))
