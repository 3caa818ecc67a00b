"""
A second opinion on matching: one list of orders, sorted anew for every question.

Slow on purpose and written without a look at the engine: whoever is next is found by sorting by price and turn, a
fill-or-kill order is tried on a copy, and what is visible is counted when it is asked for. What happened is told as a
story that can be compared with the events of an engine:

- ``("deal", maker, taker, price, size)``: two orders traded,
- ``("cut", name, old size, new size)``: an order lost size, or was given another one, without a trade,
- ``("rests", name)``: a new order came to rest,
- ``("done", name, outcome, reason)``: an order is over.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from decimal import Decimal

STEP = Decimal("0.00000001")

Chapter = tuple[object, ...]


@dataclass(eq=False)
class Entry:
    """An order; of ``size`` and ``funds`` one is set. ``lost`` is what was taken away without a trade."""

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
    outcome: str | None = None
    reason: str | None = None

    def left(self) -> Decimal:
        assert self.size is not None
        return self.size - self.dealt - self.lost

    def can_take(self, price: Decimal, step: Decimal) -> Decimal:
        if self.size is not None:
            return self.left()
        assert self.funds is not None
        steps = int((self.funds - self.spent - self.lost) / (price * step))
        return steps * step

    def accepts(self, price: Decimal) -> bool:
        if self.price is None:
            return True
        return price <= self.price if self.side == "buy" else price >= self.price


@dataclass(eq=False)
class PlainBook:
    resting: list[Entry] = field(default_factory=list)
    gathering: bool = False
    turns: int = 0
    step: Decimal = STEP
    story: list[Chapter] = field(default_factory=list)

    # What those who keep the money do with a trade; here it is free.

    def pay(self, taker: Entry, maker: Entry, size: Decimal, price: Decimal) -> None:
        """Both orders count the trade already, and none of them is over yet."""

    def paid(self, taker: Entry, maker: Entry) -> None:
        """All of the trade is through."""

    # Questions.

    def queue(self, side: str) -> list[Entry]:
        sign = -1 if side == "buy" else 1
        return sorted((o for o in self.resting if o.side == side), key=lambda o: (sign * (o.price or 0), o.turn))

    def levels(self, side: str) -> list[tuple[Decimal, Decimal]]:
        seen: dict[Decimal, Decimal] = {}
        for order in self.queue(side):
            if not order.hidden and order.price is not None:
                seen[order.price] = seen.get(order.price, Decimal(0)) + order.slice
        return list(seen.items())

    def volume_at(self, price: Decimal) -> Decimal:
        return min(self.volumes_at(price))

    def volumes_at(self, price: Decimal) -> tuple[Decimal, Decimal]:
        """Return what would be bought and what would be sold at one price."""
        bought, sold = (
            sum((o.left() for o in self.resting if o.side == side and o.accepts(price)), Decimal(0))
            for side in ("buy", "sell")
        )
        return bought, sold

    def trial(self, order: Entry) -> Entry:
        """Return what an order would be after it met this book and could not rest."""
        twin = copy.copy(order)
        twin.force = "IOC"
        copied = [copy.copy(other) for other in self.resting]
        PlainBook(copied, turns=self.turns, step=self.step).meet(twin)
        return twin

    # What happens to orders.

    def enter(self, order: Entry) -> str | None:
        """Return how the order ended, ``None`` if it rests."""
        self.turns += 1
        order.born = self.turns
        self.trade_or_rest(order)
        if order.outcome is None:
            self.story.append(("rests", order.name))
        return order.outcome

    def amend(self, order: Entry, price: Decimal, size: Decimal) -> None:
        """Give a resting order another price and another size, which counts what is dealt already."""
        assert order.size is not None
        self.resting.remove(order)
        self.story.append(("cut", order.name, order.size - order.lost, size))
        order.price, order.size, order.lost = price, size, Decimal(0)
        self.changed(order)
        self.trade_or_rest(order)

    def trade_or_rest(self, order: Entry) -> None:
        if not self.gathering:
            self.meet(order)
        if order.outcome is not None:
            return
        if order.price is None:
            if order.funds is not None and order.dealt:
                self.end(order, "filled")
            else:
                self.end(order, "canceled", "NO_MAKER")
        elif order.force in ("IOC", "FOK"):
            self.end(order, "canceled", order.force)
        else:
            self.resting.append(order)
            self.renew(order)

    def meet(self, order: Entry) -> None:
        others = self.queue("sell" if order.side == "buy" else "buy")
        if order.post_only:
            if others and order.accepts(others[0].price or Decimal(0)):
                self.end(order, "canceled", "POST_ONLY")
            return
        if order.force == "FOK" and order.size is not None and self.trial(order).dealt != order.size:
            self.end(order, "canceled", "FOK")
        while order.outcome is None:
            others = self.queue("sell" if order.side == "buy" else "buy")
            if not others or not order.accepts(others[0].price or Decimal(0)):
                return
            other = others[0]
            assert other.price is not None
            wanted = order.can_take(other.price, self.step)
            if wanted <= 0:
                return
            if order.stp and other.account == order.account:
                self.prevent(order, other, wanted)
            else:
                self.deal(order, other, min(wanted, other.slice), other.price)

    def prevent(self, order: Entry, other: Entry, wanted: Decimal) -> None:
        ended = {"CN": [order], "CO": [other], "CB": [other, order], "DC": []}[order.stp]
        if order.stp == "DC":
            assert other.price is not None
            common = min(wanted, other.left())
            for each, all_of_it in ((other, other.left()), (order, wanted)):
                if common == all_of_it:
                    ended.append(each)
                else:
                    self.cut(each, common, other.price)
        for each in ended:
            self.end(each, "canceled", "STP")

    def deal(self, taker: Entry, maker: Entry, size: Decimal, price: Decimal) -> None:
        for order in (taker, maker):
            order.dealt += size
            order.spent += size * price
        self.pay(taker, maker, size, price)
        self.story.append(("deal", maker.name, taker.name, price, size))
        for order in (maker, taker):
            if order in self.resting:
                order.slice -= size
                if order.left() and not order.slice:
                    self.renew(order)
            if order.size is not None and not order.left():
                self.end(order, "filled")
        self.paid(taker, maker)

    def cut(self, order: Entry, size: Decimal, price: Decimal | None = None) -> None:
        """Take size away, of an order by funds what it is worth at ``price``."""
        if order.size is None:
            assert price is not None
            order.lost += size * price
        else:
            old = order.size - order.lost
            order.lost += size
            order.slice = min(order.slice, order.left())
            self.story.append(("cut", order.name, old, old - size))
        self.changed(order)

    def changed(self, order: Entry) -> None:
        """An order has another size without a trade."""

    def end(self, order: Entry, outcome: str, reason: str | None = None) -> None:
        if order in self.resting:
            self.resting.remove(order)
        order.outcome, order.reason, order.slice = outcome, reason, Decimal(0)
        self.story.append(("done", order.name, outcome, reason))

    def renew(self, order: Entry) -> None:
        self.turns += 1
        order.turn = self.turns
        order.slice = order.left() if order.visible is None else min(order.visible, order.left())

    # Call auctions.

    def equilibrium(self, last: Decimal) -> tuple[Decimal, Decimal]:
        """Return price and size of the best match: largest size, least over, nearest to the last price, lowest."""
        best = Decimal(0), Decimal(0)
        best_rank: tuple[Decimal, ...] = ()
        for price in sorted({o.price for o in self.resting if o.price is not None}, reverse=True):
            bought, sold = self.volumes_at(price)
            rank = min(bought, sold), -abs(bought - sold), -abs(price - last), -price
            if rank[0] and rank > best_rank:
                best, best_rank = (price, rank[0]), rank
        return best

    def uncross(self, price: Decimal) -> None:
        self.gathering = False
        while True:
            bids, asks = self.queue("buy"), self.queue("sell")
            if not price or not bids or not asks or not bids[0].accepts(price) or not asks[0].accepts(price):
                return
            older, younger = sorted((bids[0], asks[0]), key=lambda o: o.born)
            self.deal(younger, older, min(older.slice, younger.slice), price)
