"""The order book of one pair: price-time priority, nothing about money."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from decimal import Decimal

from .orders import Order

__all__ = ["Book", "BookSide"]

ZERO = Decimal(0)


class _Level:
    """Orders of one price in order of arrival (dicts keep it), and their summed size."""

    __slots__ = ("orders", "size")

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.size = ZERO


class BookSide:
    """One side of a book. Sorting keys rise towards the best price, which is the last one."""

    def __init__(self, *, is_bid: bool) -> None:
        self._is_bid = is_bid
        self._keys: list[Decimal] = []
        self._levels: dict[Decimal, _Level] = {}

    def __len__(self) -> int:
        return sum(len(level.orders) for level in self._levels.values())

    def add(self, order: Order) -> None:
        """Put an order behind all others of its price."""
        price = order.request.price
        level = self._levels.get(price)
        if level is None:
            level = self._levels[price] = _Level()
            key = price if self._is_bid else -price
            self._keys.insert(bisect_left(self._keys, key), key)
        level.orders[order.order_id] = order
        level.size += order.remaining

    def remove(self, order: Order) -> None:
        """Take an order out, whatever is left of it."""
        price = order.request.price
        level = self._levels[price]
        del level.orders[order.order_id]
        level.size -= order.remaining
        if not level.orders:
            del self._levels[price]
            key = price if self._is_bid else -price
            del self._keys[bisect_left(self._keys, key)]

    def has(self, order: Order) -> bool:
        """Tell whether the order rests here."""
        level = self._levels.get(order.request.price)
        return level is not None and order.order_id in level.orders

    def reduce(self, order: Order, size: Decimal) -> None:
        """Note that a resting order lost ``size`` to a fill."""
        self._levels[order.request.price].size -= size

    def best(self) -> Order | None:
        """Return the order that trades next, or ``None``."""
        if not self._keys:
            return None
        return next(iter(self._levels[abs(self._keys[-1])].orders.values()))

    def top(self) -> tuple[Decimal, Decimal]:
        """Return price and size of the best level, zeros when the side is empty."""
        if not self._keys:
            return ZERO, ZERO
        price = abs(self._keys[-1])
        return price, self._levels[price].size

    def levels(self) -> Iterator[tuple[Decimal, Decimal]]:
        """Yield price and size, best first."""
        for key in reversed(self._keys):
            yield abs(key), self._levels[abs(key)].size

    def orders(self) -> Iterator[Order]:
        """Yield the orders in the sequence in which they would trade."""
        for key in reversed(self._keys):
            yield from self._levels[abs(key)].orders.values()


class Book:
    """Both sides of one pair, its last trade and its counters."""

    def __init__(self, last_price: Decimal) -> None:
        self.bids = BookSide(is_bid=True)
        self.asks = BookSide(is_bid=False)
        self.last_price = last_price
        self.last_size = ZERO
        self.last_time_ns = 0

    def side(self, name: str) -> BookSide:
        """Return the side on which orders called ``name`` (``buy`` or ``sell``) rest."""
        return self.bids if name == "buy" else self.asks

    def opposite(self, name: str) -> BookSide:
        """Return the side against which orders called ``name`` trade."""
        return self.asks if name == "buy" else self.bids
