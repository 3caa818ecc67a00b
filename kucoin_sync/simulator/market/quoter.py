"""Quoting as such: keeping a ladder of orders on both sides of a middle, and trading with it now and then."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterable
from decimal import Decimal

from attrs import frozen

__all__ = ["MAKER", "TAKER", "Instrument", "Quoter"]

#: The two house accounts: one quotes, the other takes now and then.
MAKER = "simulator-market-maker"
TAKER = "simulator-market-taker"


@frozen
class Instrument:
    """
    What is quoted.

    Attributes:
        tick: Step of the price.
        lot: Sizes are multiples of this.
        quoted, taken: Least and greatest size of a quote and of a taking order, in lots.
        enabled: Whether it is traded.
    """

    name: str
    tick: Decimal
    lot: Decimal
    quoted: tuple[int, int]
    taken: tuple[int, int]
    enabled: bool


class Quoter(ABC):
    """
    Quotes some instruments; the same seed gives the same steps.

    With many instruments a step visits some of them, and the next step those after them: the cost of a step is
    bounded, and which one is visited when follows from the number of the step alone. Which trades it does follows
    from the seed; only how much is quoted differs when others took quotes away.

    Args:
        instruments: What is quoted, in this order.
        seed: Of all chance.
        levels: Quotes on each side.
        visits: Instruments visited in one step.
    """

    def __init__(self, instruments: Iterable[Instrument], *, seed: int, levels: int, visits: int) -> None:
        self.instruments = tuple(instruments)
        self.random = random.Random(seed)
        # Apart, because how many quotes are missing depends on others, and the rest must not.
        self._sizes = random.Random(f"sizes of {seed}")
        self._levels = levels
        #: By instrument, then by side and price: the id of the order.
        self._quotes: dict[str, dict[tuple[str, Decimal], str]] = {each.name: {} for each in self.instruments}
        self._visits = min(visits, len(self.instruments))
        self.steps = 0

    @abstractmethod
    def move(self, instrument: Instrument) -> None:
        """Move the middle a little, where it is the quoter that moves it."""

    @abstractmethod
    def middle(self, instrument: Instrument) -> Decimal:
        """Return the price that is quoted around, a multiple of the tick."""

    @abstractmethod
    def place(self, account: str, what: Instrument, side: str, size: Decimal, price: Decimal | None) -> str | None:
        """Place a limit order, or a market order without a price; return its id, or ``None`` if it was refused."""

    @abstractmethod
    def is_live(self, order_id: str) -> bool:
        """Whether an order still rests."""

    @abstractmethod
    def withdraw(self, instrument: Instrument, order_id: str) -> None:
        """Cancel a quote."""

    def step(self) -> None:
        """Move the middle of some instruments, renew their quotes, and trade in about every third visit."""
        first = self.steps * self._visits
        self.steps += 1
        for number in range(first, first + self._visits):
            instrument = self.instruments[number % len(self.instruments)]
            if not instrument.enabled:
                continue
            self.move(instrument)
            self._quote(instrument)
            if self.random.random() < 0.35:
                self._take(instrument)

    def _quote(self, instrument: Instrument) -> None:
        middle, tick = self.middle(instrument), instrument.tick
        quotes = self._quotes[instrument.name]
        wanted = {
            (side, middle + sign * tick * (1 + 2 * level))
            for level in range(self._levels)
            for side, sign in (("buy", -1), ("sell", 1))
        }
        best = {"buy": middle - tick, "sell": middle + tick}
        stale: list[tuple[str, Decimal]] = []
        # Quotes that the new ones of the other side would trade with: of one side, for the middle moves one way.
        in_the_way: dict[str, list[tuple[str, Decimal]]] = {"buy": [], "sell": []}
        # Sorted: iterating a set of strings would differ from run to run.
        for key in sorted(quotes):
            side, price = key
            if not self.is_live(quotes[key]):
                del quotes[key]
            elif key in wanted:
                wanted.discard(key)
            elif price >= best["sell"] if side == "buy" else price <= best["buy"]:
                in_the_way[side].append(key)
            else:
                stale.append(key)
        # New quotes before the old ones go, and the side that has to give way first: so none is ever empty in between.
        for side in ("sell", "buy") if in_the_way["sell"] else ("buy", "sell"):
            for key in sorted(wanted):
                if key[0] == side:
                    self._place_quote(instrument, key)
            for key in in_the_way[side]:
                self.withdraw(instrument, quotes.pop(key))
        for key in stale:
            self.withdraw(instrument, quotes.pop(key))

    def _place_quote(self, instrument: Instrument, key: tuple[str, Decimal]) -> None:
        side, price = key
        if price <= 0:
            return
        size = instrument.lot * self._sizes.randint(*instrument.quoted)
        order_id = self.place(MAKER, instrument, side, size, price)
        if order_id is not None:
            self._quotes[instrument.name][key] = order_id

    def _take(self, instrument: Instrument) -> None:
        side = self.random.choice(("buy", "sell"))
        self.place(TAKER, instrument, side, instrument.lot * self.random.randint(*instrument.taken), None)
