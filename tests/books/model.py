"""A book that is only a dictionary a side, and a stream of deltas made from it: what a synchronised book is held to."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal

from kucoin_sync.books.order_book import BookDelta, Change
from kucoin_sync.events import BookSnapshot

SYMBOL = "BTC-USDT"
Sides = tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]


class Market:
    """
    A market that moves by itself, and remembers what its book was at every sequence number.

    Args:
        seed: Of its moves.
        most: Changes in one message at most.
    """

    def __init__(self, seed: int, most: int = 4) -> None:
        self._random = random.Random(seed)
        self._most = most
        self.sequence = 100
        self._bids = {Decimal(99 - n): Decimal(1 + n) for n in range(8)}
        self._asks = {Decimal(101 + n): Decimal(1 + n) for n in range(8)}
        self.past: dict[int, Sides] = {}
        self._remember()

    def _remember(self) -> None:
        self.past[self.sequence] = (dict(self._bids), dict(self._asks))

    def step(self) -> BookDelta:
        """Change some levels; return the message that tells it: of each price the newest size."""
        first = self.sequence + 1
        changes: tuple[dict[Decimal, Change], dict[Decimal, Change]] = ({}, {})
        for _ in range(self._random.randint(1, self._most)):
            self.sequence += 1
            index = self._random.randint(0, 1)
            side = (self._bids, self._asks)[index]
            if side and self._random.random() < 0.4:
                price, size = self._random.choice(sorted(side)), Decimal(0)
                del side[price]
            else:
                away = Decimal(self._random.randint(1, 12))
                price = Decimal(100) + (away if index else -away)
                size = side[price] = Decimal(self._random.randint(1, 9)) / 10
            changes[index][price] = (price, size, self.sequence)
            self._remember()
        return BookDelta(first, self.sequence, tuple(changes[0].values()), tuple(changes[1].values()))

    def snapshot(self, sequence: int | None = None) -> BookSnapshot:
        """Return the book as it was at a sequence number, or is."""
        at = self.sequence if sequence is None else sequence
        bids, asks = self.past[at]
        return BookSnapshot(SYMBOL, at, tuple(sorted(bids.items(), reverse=True)), tuple(sorted(asks.items())), 0)

    def agrees(self, view: BookSnapshot) -> bool:
        """Whether a view of a book, all levels, is what the book was at its sequence number."""
        here = self.snapshot(view.sequence)
        return (view.bids, view.asks) == (here.bids, here.asks)


def level(price: str, size: str) -> tuple[Decimal, Decimal]:
    return Decimal(price), Decimal(size)


def change(price: str, size: str, sequence: int) -> Change:
    return Decimal(price), Decimal(size), sequence


def snapshot(sequence: int, bids: Sequence[tuple[str, str]], asks: Sequence[tuple[str, str]]) -> BookSnapshot:
    return BookSnapshot(SYMBOL, sequence, tuple(level(*b) for b in bids), tuple(level(*a) for a in asks), 0)
