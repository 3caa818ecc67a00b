"""
Positions in contracts: what fills, funding and added margin do to one, and what it is worth.

Plain arithmetic without a wallet. A position keeps its *cost*, the signed value at which the contracts in it were
opened, and not an average price: profit is value less cost, and whatever the rounding of the part of the cost that
leaves with closed contracts, what it takes from the one it leaves to the other, so no money appears or vanishes.

The parts of the margin of an isolated position follow captured pushes of the exchange (margin = initial margin and
closing fee and added margin less funding paid); how much maintenance needs beside the closing fee is assumed.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from attrs import frozen

from .contracts import Contract, divided, round_places
from .events import PositionState

__all__ = ["Filled", "Position", "Pressure"]

ZERO = Decimal(0)


@frozen
class Filled:
    """
    What one fill did to a position.

    Attributes:
        closed, opened: Contracts, never negative.
        realised: Profit or loss of the closed contracts, before fees.
        released: Margin of an isolated position that was set free.
    """

    closed: Decimal
    opened: Decimal
    realised: Decimal
    released: Decimal


@frozen
class Pressure:
    """
    What a cross position shares with others: the margin there is, and the maintenance that all of them need.

    `state` works out from this at which price of its own contract the account would be liquidated.
    """

    margin: Decimal
    maintenance: Decimal


class Position:
    """
    The contracts of one account in one symbol and position side. Nobody outside the engine gets one; see `state`.

    Attributes:
        qty: Contracts, negative for a short position.
        cost: Signed value of the contracts at opening.
        init: Initial margin of an isolated position.
        added: Margin added to an isolated position, funding received included.
        loss: Funding that an isolated position paid out of its margin.
    """

    __slots__ = (
        "account",
        "added",
        "auto_deposit",
        "contract",
        "cost",
        "current_cost",
        "deal_comm",
        "funding",
        "init",
        "level",
        "loss",
        "margin_mode",
        "opened_at_ns",
        "position_id",
        "qty",
        "side",
        "updated_at_ns",
    )

    def __init__(self, position_id: str, account: str, contract: Contract, side: str, margin_mode: str) -> None:
        self.position_id = position_id
        self.account = account
        self.contract = contract
        self.side = side
        self.margin_mode = margin_mode
        self.level = 1
        self.auto_deposit = False
        self.qty = ZERO
        self.opened_at_ns = self.updated_at_ns = 0
        self._begin()

    def _begin(self) -> None:
        """Forget the last life of the position: its fees, its funding and its realised profit."""
        self.cost = self.current_cost = self.deal_comm = self.funding = ZERO
        self.init = self.added = self.loss = ZERO

    @property
    def is_isolated(self) -> bool:
        """Whether it has a margin of its own."""
        return self.margin_mode == "ISOLATED"

    @property
    def comm(self) -> Decimal:
        """Fee that closing may cost, set aside."""
        return self.contract.taker_fee_rate * (abs(self.cost) + self.init)

    @property
    def margin(self) -> Decimal:
        """Margin of an isolated position."""
        return self.init + self.comm + self.added - self.loss

    @property
    def maintenance(self) -> Decimal:
        """Below this the margin and the unrealised profit of an isolated position must not fall."""
        return abs(self.cost) * self.contract.maintenance_rate(self.level) + self.comm

    def value(self, mark: Decimal) -> Decimal:
        """Return the signed value at a price."""
        return self.qty * self.contract.unit(mark)

    def unrealised(self, mark: Decimal) -> Decimal:
        """Return the profit that closing at a price would bring, before fees."""
        return self.value(mark) - self.cost

    def cross_margin(self, mark: Decimal, leverage: Decimal) -> Decimal:
        """Return what a cross position at this price takes from the margin of its account."""
        return divided(abs(self.value(mark)), leverage)

    def cross_maintenance(self, mark: Decimal) -> Decimal:
        """Return what a cross position needs as maintenance."""
        return abs(self.value(mark)) * self.contract.maintain_margin

    def is_exhausted(self, mark: Decimal) -> bool:
        """Whether an isolated position has to be liquidated."""
        return self.qty != 0 and self.margin + self.unrealised(mark) <= self.maintenance

    # Changes.

    def fill(self, change: Decimal, price: Decimal, leverage: Decimal, now: int) -> Filled:
        """
        Take in a fill: first it closes contracts of the other direction, what is left opens new ones.

        Args:
            change: Contracts, negative for a sale.
            price: Of the fill.
            leverage: At which contracts are opened.
            now: Nanoseconds.
        """
        unit = self.contract.unit(price)
        self.updated_at_ns = now
        closed = min(abs(change), abs(self.qty)) if change * self.qty < 0 else ZERO
        realised = released = ZERO
        if closed:
            realised, released = self._close(closed.copy_sign(change), unit)
        opened = abs(change) - closed
        if opened:
            self._open(opened.copy_sign(change), unit, leverage, now)
        return Filled(closed, opened, realised, released)

    def _close(self, change: Decimal, unit: Decimal) -> tuple[Decimal, Decimal]:
        before, left = self.margin, self.qty + change
        cost = divided(self.cost * left, self.qty)
        realised = -change * unit - (self.cost - cost)
        for name in ("init", "added", "loss"):
            # Down, so that never more stays set aside than there was.
            setattr(self, name, divided(getattr(self, name) * left, self.qty, rounding=ROUND_DOWN))
        self.cost, self.qty = cost, left
        self.current_cost += change * unit
        return realised, before - self.margin

    def _open(self, change: Decimal, unit: Decimal, leverage: Decimal, now: int) -> None:
        if not self.qty:
            self._begin()
            self.opened_at_ns = now
        self.qty += change
        self.cost += change * unit
        self.current_cost += change * unit
        if self.is_isolated:
            self.init += divided(abs(change * unit), leverage)

    def pay_fee(self, fee: Decimal) -> None:
        """Count a fee of this life of the position."""
        self.deal_comm += fee

    def settle_funding(self, amount: Decimal, now: int) -> None:
        """Count funding, positive where it was received; it stays in or leaves the margin of an isolated position."""
        self.funding += amount
        self.updated_at_ns = now
        if self.is_isolated:
            if amount > 0:
                self.added += amount
            else:
                self.loss -= amount

    # Look-ups.

    def state(self, mark: Decimal, leverage: Decimal, pressure: Pressure, rank: Decimal, now: int) -> PositionState:
        """
        Return a frozen snapshot.

        Args:
            mark: Mark price.
            leverage: Set for cross positions in this contract.
            pressure: Of all cross positions in the same currency.
            rank: For deleveraging, 0 to 1.
            now: Nanoseconds.
        """
        value, unrealised, cost = self.value(mark), self.unrealised(mark), abs(self.cost)
        gross = self.current_cost - self.cost
        if self.is_isolated:
            init, margin, maintenance = self.init, self.margin, self.maintenance
            rate = self.contract.maintenance_rate(self.level)
        else:
            init, margin = divided(cost, leverage), self.cross_margin(mark, leverage)
            maintenance, rate = self.cross_maintenance(mark), self.contract.maintain_margin
        real = _ratio(abs(value), margin + unrealised, 10) if self.is_isolated else leverage
        return PositionState(
            position_id=self.position_id,
            account=self.account,
            symbol=self.contract.symbol,
            settle_currency=self.contract.settle,
            margin_mode=self.margin_mode,
            position_side=self.side,
            qty=self.qty,
            avg_entry_price=self.contract.price_of(divided(self.cost, self.qty)) if self.qty else ZERO,
            mark_price=mark,
            mark_value=value,
            current_cost=self.current_cost,
            pos_cost=self.cost,
            current_comm=self.deal_comm + self.funding,
            deal_comm=self.deal_comm,
            realised_gross_cost=gross,
            realised_cost=gross + self.deal_comm + self.funding,
            realised_gross_pnl=-gross,
            realised_pnl=self.funding - gross - self.deal_comm,
            unrealised_pnl=unrealised,
            unrealised_pnl_pcnt=_ratio(unrealised, cost, 4),
            unrealised_roe_pcnt=_ratio(unrealised, init, 4),
            pos_init=init,
            pos_comm=self.comm if self.is_isolated else ZERO,
            pos_cross=self.added,
            pos_loss=self.loss,
            pos_margin=margin,
            pos_funding=self.funding,
            pos_maint=maintenance,
            maint_margin=margin + unrealised,
            maint_margin_req=rate,
            leverage=real,
            real_leverage=real,
            risk_limit=self.contract.risk_limit(self.level),
            risk_limit_level=self.level,
            delev_percentage=rank,
            auto_deposit=self.auto_deposit,
            is_inverse=self.contract.is_inverse,
            liquidation_price=self._liquidation_price(mark, pressure),
            bankrupt_price=self.bankrupt_price(mark, pressure),
            opened_at_ns=self.opened_at_ns,
            updated_at_ns=now,
        )

    def bankrupt_price(self, mark: Decimal, pressure: Pressure) -> Decimal:
        """Return the price at which nothing is left of the margin, closing fee aside."""
        if not self.qty:
            return ZERO
        if self.is_isolated:
            return self._price_at(self.cost - (self.margin - self.comm))
        return self._price_at(self.value(mark) - pressure.margin)

    def _liquidation_price(self, mark: Decimal, pressure: Pressure) -> Decimal:
        if not self.qty:
            return ZERO
        if self.is_isolated:
            return self._price_at(self.cost - (self.margin - self.maintenance))
        others = pressure.maintenance - self.cross_maintenance(mark)
        value, rate = self.value(mark), self.contract.maintain_margin
        # margin + (v - value) = others + rate * |v|, for the value v at the price sought
        slope = 1 - rate if value > 0 else 1 + rate
        return self._price_at(divided(others - pressure.margin + value, slope))

    def _price_at(self, value: Decimal) -> Decimal:
        return self.contract.price_of(divided(value, self.qty))


def _ratio(dividend: Decimal, divisor: Decimal, places: int) -> Decimal:
    return round_places(divided(dividend, divisor), places) if divisor > 0 else ZERO
