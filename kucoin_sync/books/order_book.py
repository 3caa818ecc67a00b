"""
An order book as a value in memory: levels, and changes that are applied by their sequence numbers.

No thread, clock or socket. What is not known is not shown: a book that begins with the best levels of each side knows
nothing beyond the last of them, and changes out there are passed over.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from decimal import Context, Decimal
from enum import Enum
from typing import NamedTuple

import attrs

from kucoin_sync.events import BookSnapshot

__all__ = ["Applied", "BookDelta", "BookShape", "Change", "Checksum", "Level", "OrderBook"]

Level = tuple[Decimal, Decimal]
"""Price and size."""
Change = tuple[Decimal, Decimal, int]
"""Price, new size (0: the level is gone), and the sequence number of the change."""
Checksum = Callable[[Sequence[Level], Sequence[Level]], int]
"""Makes an exchange's checksum of a book from the best `CHECKED_LEVELS` bids and asks, best first."""

CHECKED_LEVELS = 25
MANY = 128
"""From so many changes on, sorting all prices once costs less than moving them for each price that comes or goes."""

_EXACT = Context(prec=2000, traps=[])
"""Whatever the user's context: no two prices that `kucoin_sync` reads make a number of more digits."""


class BookDelta(NamedTuple):
    """
    What one message changes in a book.

    Attributes:
        first: First sequence number that it covers.
        last: Last one.
        bids: Changes.
        asks: Likewise.
        time_ns: The exchange's time of it, nanoseconds since 1970; 0 where it does not tell.
        checksum: Of the book after it, where the exchange tells.
    """

    first: int
    last: int
    bids: Sequence[Change]
    asks: Sequence[Change]
    time_ns: int = 0
    checksum: int | None = None


@attrs.frozen
class BookShape:
    """
    What an exchange's books of one kind are like.

    Attributes:
        depth: How many levels of each side a snapshot is asked to have; ``None``: all there are.
        window: How many levels of each side the stream covers, as it moves; ``None``: all there are.
        checksum: Makes the exchange's checksum, where it has one.
        chained: Each change names the number of the one before it, ``first - 1``, and follows nothing else; numbers
            leave others out, and may begin anew. A snapshot comes in the stream, and is in its place there.
    """

    depth: int | None = None
    window: int | None = None
    checksum: Checksum | None = None
    chained: bool = False


class Applied(Enum):
    """What became of a delta."""

    YES = "yes"
    OLD = "old"
    """All of it is in the book already."""
    GAP = "gap"
    """Something between the book and it is missing; the book is as before."""
    MISMATCH = "mismatch"
    """The checksum says that the book is wrong."""


class _Side:
    """One side: sizes by price, and the prices in rising order."""

    __slots__ = ("_window", "edge", "is_bids", "prices", "sizes")

    def __init__(self, levels: Iterable[Level], shape: BookShape, *, is_bids: bool) -> None:
        self.is_bids = is_bids
        self._window = shape.window
        self.sizes = {price: size for price, size in levels if size}
        self.prices = sorted(self.sizes)
        # A side that fills the depth asked for may have more behind it; a shorter one is all there is.
        is_part = shape.depth is not None and len(self.prices) >= shape.depth
        self.edge = self._worst() if is_part else None
        """The last price that changes are taken of, or ``None`` if that is every one."""

    def _worst(self) -> Decimal | None:
        return self.prices[0 if self.is_bids else -1] if self.prices else None

    def is_unknown(self, price: Decimal) -> bool:
        """Whether nothing is known of a price."""
        is_full = self._window is not None and len(self.prices) >= self._window
        edge = self._worst() if is_full else self.edge
        return edge is not None and self._is_beyond(price, edge)

    def _is_beyond(self, price: Decimal, edge: Decimal) -> bool:
        return price < edge if self.is_bids else price > edge

    def change(self, changes: Sequence[Change], after: int) -> None:
        """Take those of the changes that are newer than the sequence number ``after``."""
        sizes, prices, edge = self.sizes, self.prices, self.edge
        one_by_one = len(changes) < MANY
        for price, size, sequence in changes:
            if sequence <= after:
                continue
            if size:
                if price not in sizes:
                    if edge is not None and self._is_beyond(price, edge):
                        continue
                    if one_by_one:
                        insort(prices, price)
                sizes[price] = size
            elif sizes.pop(price, None) is not None and one_by_one:
                del prices[bisect_left(prices, price)]
        if not one_by_one:
            self.prices = sorted(sizes)

    def best(self) -> Level | None:
        if not self.prices:
            return None
        price = self.prices[-1 if self.is_bids else 0]
        return price, self.sizes[price]

    def top(self, count: int | None) -> tuple[Level, ...]:
        """Return the best ``count`` levels, best first; all for ``None``."""
        if count is None:
            count = len(self.prices)
        prices = self.prices[: -count - 1 : -1] if self.is_bids else self.prices[:count]
        sizes = self.sizes
        return tuple((price, sizes[price]) for price in prices)


class OrderBook:
    """
    The levels of one symbol. Not thread-safe: its owner holds a lock.

    Args:
        snapshot: What it begins with.
        shape: What books of its kind are like.
    """

    __slots__ = ("_asks", "_bids", "_shape", "sequence", "symbol", "time_ns")

    def __init__(self, snapshot: BookSnapshot, shape: BookShape) -> None:
        self.symbol = snapshot.symbol
        self.sequence = snapshot.sequence
        self.time_ns = snapshot.time_ns
        self._shape = shape
        self._bids = _Side(snapshot.bids, shape, is_bids=True)
        self._asks = _Side(snapshot.asks, shape, is_bids=False)

    def apply(self, delta: BookDelta) -> Applied:
        """Apply what is new in a delta, if it continues the book."""
        known = self.sequence
        if self._shape.chained:
            if delta.first != known + 1:
                return Applied.GAP
            known = delta.last - 1  # all of it is new, whatever its numbers
        elif delta.last <= known:
            return Applied.OLD
        elif delta.first > known + 1:
            return Applied.GAP
        if delta.bids:
            self._bids.change(delta.bids, known)
        if delta.asks:
            self._asks.change(delta.asks, known)
        self.sequence = delta.last
        if delta.time_ns:
            self.time_ns = delta.time_ns
        if delta.checksum is not None and self._shape.checksum is not None:
            made = self._shape.checksum(self._bids.top(CHECKED_LEVELS), self._asks.top(CHECKED_LEVELS))
            if made != delta.checksum:
                return Applied.MISMATCH
        return Applied.YES

    # Reading.

    @property
    def best_bid(self) -> Level | None:
        """The highest bid, or ``None`` if there are none."""
        return self._bids.best()

    @property
    def best_ask(self) -> Level | None:
        """The lowest ask, or ``None`` if there are none."""
        return self._asks.best()

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is not below the best ask, as no book stays while it is matched."""
        bids, asks = self._bids.prices, self._asks.prices
        return bool(bids and asks and bids[-1] >= asks[0])

    @property
    def is_thin(self) -> bool:
        """Whether a part of a book has lost more than half of the levels it began with, and needs new ones."""
        depth = self._shape.depth
        return depth is not None and any(
            side.edge is not None and len(side.prices) * 2 < depth for side in (self._bids, self._asks)
        )

    def spread(self) -> Decimal | None:
        """Return the distance between the best prices, exactly; ``None`` if a side is empty."""
        bids, asks = self._bids.prices, self._asks.prices
        return _EXACT.subtract(asks[0], bids[-1]) if bids and asks else None

    def mid(self) -> Decimal | None:
        """Return the middle between the best prices, exactly; ``None`` if a side is empty."""
        bids, asks = self._bids.prices, self._asks.prices
        return _EXACT.divide(_EXACT.add(asks[0], bids[-1]), Decimal(2)) if bids and asks else None

    def size_at(self, price: Decimal, *, is_bid: bool) -> Decimal | None:
        """Return the size at a price: 0 if nobody is there, ``None`` if that is not known."""
        side = self._bids if is_bid else self._asks
        size = side.sizes.get(price)
        if size is None:
            return None if side.is_unknown(price) else Decimal(0)
        return size

    def view(self, levels: int | None) -> BookSnapshot:
        """Return the best ``levels`` of each side, or all, as a value."""
        return BookSnapshot(self.symbol, self.sequence, self._bids.top(levels), self._asks.top(levels), self.time_ns)
