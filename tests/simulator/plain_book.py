"""
A second opinion on matching: one list of orders, sorted anew for every question.

Slow on purpose and written without a look at the engine: whoever is next is found by sorting by price and turn, a
fill-or-kill order is tried on a copy, and what is visible is counted when it is asked for.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from decimal import Decimal

STEP = Decimal("0.00000001")


@dataclass
class Entry:
    """An order; of ``size`` and ``funds`` one is set. ``lost`` is what prevention took away."""

    name: str
    account: str
    side: str
    price: Decimal | None
    size: Decimal | None = None
    funds: Decimal | None = None
    force: str = "GTC"
    post_only: bool = False
    hidden: bool = False
    visible: Decimal | None = None
    stp: str = ""
    dealt: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)
    lost: Decimal = Decimal(0)
    slice: Decimal = Decimal(0)
    turn: int = 0
    born: int = 0

    def left(self) -> Decimal:
        assert self.size is not None
        return self.size - self.dealt - self.lost

    def can_take(self, price: Decimal) -> Decimal:
        if self.size is not None:
            return self.left()
        assert self.funds is not None
        steps = int((self.funds - self.spent - self.lost) / (price * STEP))
        return steps * STEP

    def accepts(self, price: Decimal) -> bool:
        if self.price is None:
            return True
        return price <= self.price if self.side == "buy" else price >= self.price


@dataclass
class PlainBook:
    resting: list[Entry] = field(default_factory=list)
    gathering: bool = False
    turns: int = 0

    def queue(self, side: str) -> list[Entry]:
        sign = -1 if side == "buy" else 1
        return sorted((o for o in self.resting if o.side == side), key=lambda o: (sign * (o.price or 0), o.turn))

    def levels(self, side: str) -> list[tuple[Decimal, Decimal]]:
        seen: dict[Decimal, Decimal] = {}
        for order in self.queue(side):
            if not order.hidden and order.price is not None:
                seen[order.price] = seen.get(order.price, Decimal(0)) + order.slice
        return list(seen.items())

    def enter(self, order: Entry) -> str | None:
        """Return how the order ended, ``None`` if it rests."""
        self.turns += 1
        order.born = self.turns
        if not self.gathering:
            outcome = self.meet(order)
            if outcome is not None:
                return outcome
            if order.price is None:
                return "filled" if order.funds is not None and order.dealt else "canceled"
            if order.force in ("IOC", "FOK"):
                return "canceled"
        self.resting.append(order)
        self.renew(order)
        return None

    def meet(self, order: Entry) -> str | None:
        others = self.queue("sell" if order.side == "buy" else "buy")
        if order.post_only:
            return "canceled" if others and order.accepts(others[0].price or Decimal(0)) else None
        if order.force == "FOK":
            trial, twin = copy.deepcopy((self, order))
            twin.force = "IOC"
            trial.meet(twin)
            if twin.dealt != order.size:
                return "canceled"
        while True:
            others = self.queue("sell" if order.side == "buy" else "buy")
            if not others or not order.accepts(others[0].price or Decimal(0)):
                return None
            other = others[0]
            assert other.price is not None
            wanted = order.can_take(other.price)
            if wanted <= 0:
                return None
            if order.stp and other.account == order.account:
                if self.prevent(order, other, wanted):
                    return "canceled"
                continue
            self.deal(order, other, min(wanted, other.slice), other.price)
            if order.size is not None and not order.left():
                return "filled"

    def prevent(self, order: Entry, other: Entry, wanted: Decimal) -> bool:
        """Return whether it ended the arriving order."""
        if order.stp == "DC":
            assert other.price is not None
            common = min(wanted, other.left())
            ends = common == wanted
            order.lost += common if order.size is not None else common * other.price
            self.cut(other, common)
            return ends
        if order.stp in ("CO", "CB"):
            self.resting.remove(other)
        return order.stp in ("CN", "CB")

    def deal(self, taker: Entry, maker: Entry, size: Decimal, price: Decimal) -> None:
        for order in (taker, maker):
            order.dealt += size
            order.spent += size * price
            if order in self.resting:
                order.slice -= size
                if not order.left():
                    self.resting.remove(order)
                elif not order.slice:
                    self.renew(order)

    def cut(self, order: Entry, size: Decimal) -> None:
        order.lost += size
        if not order.left():
            self.resting.remove(order)
        order.slice = min(order.slice, order.left())

    def renew(self, order: Entry) -> None:
        self.turns += 1
        order.turn = self.turns
        order.slice = order.left() if order.visible is None else min(order.visible, order.left())

    def volume_at(self, price: Decimal) -> Decimal:
        sides = [sum((o.left() for o in self.queue(side) if o.accepts(price)), Decimal(0)) for side in ("buy", "sell")]
        return min(sides)

    def uncross(self, price: Decimal) -> None:
        self.gathering = False
        while True:
            bids, asks = self.queue("buy"), self.queue("sell")
            if not price or not bids or not asks or not bids[0].accepts(price) or not asks[0].accepts(price):
                return
            older, younger = sorted((bids[0], asks[0]), key=lambda o: o.born)
            self.deal(younger, older, min(older.slice, younger.slice), price)
