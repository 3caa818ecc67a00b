"""
Index and mark prices of contracts, and the funding rate that their distance makes. All of it is assumed.

The index is the middle of the spot pair, or a seeded walk where there is none. The mark price is the index and the
smoothed distance of the contract's own middle from it, so that one odd trade moves it little. The funding rate is the
mean distance of mark and index over the interval, drawn towards the interest rate and kept within the cap.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from .contracts import Contract, divided, round_places, to_tick

__all__ = ["FUNDING_STEP_NS", "PRICE_STEP_NS", "Funding", "MarkPrice", "MarkPrices", "middle"]

ZERO = Decimal(0)

PRICE_STEP_NS = 1_000_000_000
FUNDING_STEP_NS = 60_000_000_000

_SMOOTHING = Decimal("0.1")
_WIDEST_SPREAD = Decimal("0.01")
_WIDEST_BASIS = Decimal("0.005")
_WIDEST_WALK = Decimal("0.02")
_DAMPER = Decimal("0.0005")


def middle(bid: Decimal, ask: Decimal) -> Decimal | None:
    """Return the middle of a market, ``None`` where it is one-sided or so wide that the middle says nothing."""
    if not bid or not ask or ask - bid > bid * _WIDEST_SPREAD:
        return None
    return (bid + ask) / 2


class MarkPrice:
    """
    The prices of one contract.

    Attributes:
        index, mark: Current prices.
        fixed: Price set by hand, for both, until it is taken back.
    """

    def __init__(self, contract: Contract, seed: int) -> None:
        self.contract = contract
        self.index = self.mark = contract.initial_price
        self.fixed: Decimal | None = None
        self._basis = ZERO
        self._offset = 0
        self._random = random.Random(f"{seed}-{contract.symbol}")

    def step(self, index: Decimal | None, middle: Decimal | None) -> None:
        """Calculate anew, from the middle of the spot pair and that of the contract, as far as there are such."""
        if self.fixed is not None:
            self.index = self.mark = self.fixed
            self._basis = ZERO
            return
        tick = self.contract.index_tick_size
        self.index = self._walk() if index is None else to_tick(index, tick, rounding=ROUND_HALF_EVEN)
        bound = self.index * _WIDEST_BASIS
        target = ZERO if middle is None else max(-bound, min(bound, middle - self.index))
        self._basis += (target - self._basis) * _SMOOTHING
        # Rounded at every step: the exact sum would gain a digit each time.
        self._basis = round_places(self._basis, 6)
        self.mark = max(tick, to_tick(self.index + self._basis, tick, rounding=ROUND_HALF_EVEN))

    def _walk(self) -> Decimal:
        contract = self.contract
        bound = int(divided(contract.initial_price * _WIDEST_WALK, contract.tick_size))
        self._offset = max(-bound, min(bound, self._offset + self._random.randint(-5, 5)))
        return contract.initial_price + self._offset * contract.tick_size


class MarkPrices:
    """
    The prices of all contracts.

    Args:
        contracts: By symbol.
        index_of: Returns the price of a spot pair, ``None`` where there is no such pair.
        middle_of: Returns the middle of a contract's own market, ``None`` where there is none.
        seed: Of the walks.
        now: Nanoseconds.
    """

    def __init__(
        self,
        contracts: Mapping[str, Contract],
        *,
        index_of: Callable[[str], Decimal | None],
        middle_of: Callable[[str], Decimal | None],
        seed: int,
        now: int,
    ) -> None:
        self._prices = {symbol: MarkPrice(contract, seed) for symbol, contract in contracts.items()}
        self._index_of = index_of
        self._middle_of = middle_of
        self._due = now + PRICE_STEP_NS

    def __getitem__(self, symbol: str) -> MarkPrice:
        return self._prices[symbol]

    def mark(self, symbol: str) -> Decimal:
        """Return the mark price."""
        return self._prices[symbol].mark

    def next_due_ns(self) -> int:
        """Return when `step` calculates again."""
        return self._due

    def step(self, now: int) -> bool:
        """Calculate all prices anew once a second; return whether that was now."""
        if now < self._due:
            return False
        self._due = now + PRICE_STEP_NS
        for symbol in self._prices:
            self.refresh(symbol)
        return True

    def refresh(self, symbol: str) -> None:
        """Calculate the prices of one contract now."""
        price = self._prices[symbol]
        price.step(self._index_of(price.contract.index_symbol), self._middle_of(symbol))


class Funding:
    """
    The funding schedule of one contract: settlements at whole multiples of the interval.

    Attributes:
        rate: Estimate for the running interval.
        last_rate: Of the last settlement; the interest rate before the first.
        last_ns, next_ns: When the interval began and ends.
    """

    def __init__(self, contract: Contract, now: int) -> None:
        self.contract = contract
        self.interval_ns = contract.funding_interval_ms * 1_000_000
        self.rate = self.last_rate = contract.interest_rate
        self.last_ns = now - now % self.interval_ns
        self.next_ns = self.last_ns + self.interval_ns
        self._premiums = ZERO
        self._count = 0
        self._due = now + FUNDING_STEP_NS

    def next_due_ns(self) -> int:
        """Return when the next sample or settlement is due."""
        return min(self._due, self.next_ns)

    def step(self, now: int, price: MarkPrice) -> bool:
        """Take a sample once a minute and estimate the rate anew; return whether that was now."""
        if now < self._due:
            return False
        self._due = now + FUNDING_STEP_NS
        self._premiums += round_places(divided(price.mark - price.index, price.index), 10)
        self._count += 1
        premium = divided(self._premiums, Decimal(self._count))
        drawn = max(-_DAMPER, min(_DAMPER, self.contract.interest_rate - premium))
        cap = self.contract.funding_cap
        self.rate = round_places(max(-cap, min(cap, premium + drawn)), 6)
        return True

    def settled(self, now: int) -> None:
        """Begin the interval in which ``now`` lies; intervals slept through are not made up."""
        self.last_rate = self.rate
        self.last_ns = now - now % self.interval_ns
        self.next_ns = self.last_ns + self.interval_ns
        self._premiums, self._count = ZERO, 0
