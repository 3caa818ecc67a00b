"""
The legacy lending market: accounts offer coins at a daily rate for a term, the house borrows them.

The service behind the documents is retired. Assumed are: only the house borrows (`LENDING_HOUSE`), offers of the lowest
rate go first, then the oldest; loans are paid back with interest when their term is over, into ``main``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal, localcontext

from attrs import define, frozen

from ..matching.account_states import MAIN
from ..matching.accounts import EXACT, OTHER, Ledger, Reason
from ..matching.events import Event, LendingChanged, LendingOrderChanged
from ..matching.orders import LendingOrderState
from .refusals import refused

__all__ = ["LENDING_HOUSE", "TERMS", "LendingMarket"]

ZERO = Decimal(0)

#: House account that borrows what users lend.
LENDING_HOUSE = "simulator-lending-house"

TERMS = (7, 14, 28)
_DAY_NS = 24 * 3600 * 1_000_000_000
_RATE_STEP, _MAX_RATE = Decimal("0.00001"), Decimal("0.002")
_SIZE_STEP = Decimal("0.00000001")
_MAX_OPEN, _MAX_LOANS = 10_000, 100_000


@define
class _Order:
    order_id: str
    account: str
    side: str
    currency: str
    daily_rate: Decimal
    term: int
    size: Decimal
    lent: Decimal = ZERO
    outcome: str | None = None

    @property
    def left(self) -> Decimal:
        return self.size - self.lent

    def state(self) -> LendingOrderState:
        return LendingOrderState(
            self.order_id,
            self.account,
            self.side,
            self.currency,
            self.daily_rate,
            self.term,
            self.size,
            self.lent,
            self.outcome,
        )


@frozen
class _Loan:
    lender: str
    currency: str
    size: Decimal
    interest: Decimal
    due_ns: int


class LendingMarket:
    """
    The lending books of all currencies.

    Args:
        ledger: Where the money is.
        now_ns: Clock.
        emit: Called with every event.
    """

    def __init__(self, ledger: Ledger, *, now_ns: Callable[[], int], emit: Callable[[Event], None]) -> None:
        self._ledger = ledger
        self._now_ns = now_ns
        self._emit = emit
        self._orders: dict[str, _Order] = {}
        self._loans: deque[_Loan] = deque()
        self._sequences: dict[str, int] = {}
        self._number = 0

    def place(
        self, account: str, side: str, currency: str, size: Decimal | str, daily_rate: Decimal | str, term: int
    ) -> LendingOrderState:
        """
        Offer to lend from ``main``, or wish to borrow for the house.

        Args:
            account: Who; only `LENDING_HOUSE` may borrow.
            side: ``lend`` or ``borrow``.
            currency, size: What and how much.
            daily_rate: Least rate of a lender, highest rate of a borrower.
            term: Days, one of `TERMS`.

        Raises:
            Refused: Bad arguments, too many orders, or not enough balance.
        """
        size, daily_rate = Decimal(size), Decimal(daily_rate)
        with localcontext(EXACT):
            if side not in ("lend", "borrow") or (side == "borrow") != (account == LENDING_HOUSE):
                raise refused("parameter", "side is invalid.")
            if not ZERO < daily_rate <= _MAX_RATE or daily_rate % _RATE_STEP:
                raise refused("parameter", "dailyIntRate is invalid.")
            if term not in TERMS:
                raise refused("parameter", "term is invalid.")
            if not ZERO < size < Decimal(10**15) or size % _SIZE_STEP:
                raise refused("parameter", "size is invalid.")
            if len(self._orders) >= _MAX_OPEN or len(self._loans) >= _MAX_LOANS:
                raise refused("too_many")
            if side == "lend" and not self._ledger.hold(account, MAIN, currency, size, OTHER):
                raise refused("balance")
            self._number += 1
            order = _Order(f"SIMC{self._number:020x}", account, side, currency, daily_rate, term, size)
            self._match(order)
            if order.outcome is None:
                self._orders[order.order_id] = order
                self._report(order, "open")
                self._publish(order)
            return order.state()

    def cancel(self, account: str, order_id: str) -> LendingOrderState:
        """
        Take an open order back.

        Raises:
            Refused: The account has no such open order.
        """
        with localcontext(EXACT):
            order = self._orders.get(order_id)
            if order is None or order.account != account:
                raise refused("no_such_live_order")
            if order.side == "lend":
                self._ledger.change(account, MAIN, order.currency, OTHER, available=order.left, held=-order.left)
            self._finish(order, "canceled")
            return order.state()

    def poll(self) -> None:
        """Pay back the loans whose term is over."""
        now = self._now_ns()
        with localcontext(EXACT):
            due = [loan for loan in self._loans if loan.due_ns <= now]
            for loan in due:
                self._loans.remove(loan)
                back = loan.size + loan.interest
                self._ledger.move((LENDING_HOUSE, MAIN), (loan.lender, MAIN), loan.currency, back, OTHER)

    def next_due_ns(self) -> int | None:
        """Return when the first term is over."""
        return min((loan.due_ns for loan in self._loans), default=None)

    def open_orders(self, currency: str | None = None) -> list[LendingOrderState]:
        """Return the open orders, oldest first."""
        return [order.state() for order in self._orders.values() if currency in (None, order.currency)]

    def lent(self, account: str, currency: str) -> Decimal:
        """Return what an account has lent out at the moment."""
        return sum((loan.size for loan in self._loans if (loan.lender, loan.currency) == (account, currency)), ZERO)

    def _match(self, order: _Order) -> None:
        fits = [o for o in self._orders.values() if o.side != order.side and _agree(o, order)]
        # Lenders that ask least and borrowers that pay most go first; the sort keeps the older of equals in front.
        for other in sorted(fits, key=lambda o: o.daily_rate, reverse=order.side == "lend"):
            size = min(order.left, other.left)
            lender = order if order.side == "lend" else other
            self._lend(lender, size, other.daily_rate)
            for side in (other, order):
                side.lent += size
            if other.left:
                self._report(other, "update")
                self._publish(other)
            else:
                self._finish(other, "filled")
            if not order.left:
                order.outcome = "filled"
                self._report(order, "done")
                return

    def _lend(self, lender: _Order, size: Decimal, rate: Decimal) -> None:
        reason = Reason("other", order_id=lender.order_id)
        self._ledger.change(lender.account, MAIN, lender.currency, reason, held=-size)
        self._ledger.change(LENDING_HOUSE, MAIN, lender.currency, reason, available=size)
        due = self._now_ns() + lender.term * _DAY_NS
        self._loans.append(_Loan(lender.account, lender.currency, size, size * rate * lender.term, due))

    def _finish(self, order: _Order, outcome: str) -> None:
        order.outcome = outcome
        del self._orders[order.order_id]
        self._report(order, "done")
        self._publish(order)

    def _report(self, order: _Order, kind: str) -> None:
        if order.account != LENDING_HOUSE:
            self._emit(LendingOrderChanged(order.state(), kind, self._now_ns()))

    def _publish(self, order: _Order) -> None:
        """Tell the new size of the level that an order belongs to."""
        currency = order.currency
        self._sequences[currency] = sequence = self._sequences.get(currency, 0) + 1
        size = sum((o.left for o in self._orders.values() if _level(o) == _level(order)), ZERO)
        rate = order.daily_rate
        self._emit(LendingChanged(currency, sequence, rate, rate * 365, order.term, size, order.side, self._now_ns()))


def _agree(one: _Order, other: _Order) -> bool:
    lender, borrower = (one, other) if one.side == "lend" else (other, one)
    same = (lender.currency, lender.term) == (borrower.currency, borrower.term)
    return same and lender.daily_rate <= borrower.daily_rate


def _level(order: _Order) -> tuple[str, str, Decimal, int]:
    return order.currency, order.side, order.daily_rate, order.term
