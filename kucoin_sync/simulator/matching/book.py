"""
The order book of one symbol: price-time priority, and what of it is to be seen. Nothing about money.

A resting order has a *slice* that trades before it loses its place: all of a plain or hidden order, the visible
part of an iceberg. When an iceberg's slice is used up the next one queues behind all others of its price.
A hidden order trades in its turn like any other but is in no level (both assumed: the documents are silent).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from decimal import Decimal

from .orders import Order

__all__ = ["Book", "BookSide", "next_slice"]

ZERO = Decimal(0)


def next_slice(visible: Decimal | None, remaining: Decimal) -> Decimal:
    """Return what an order with this visible size brings to the queue at once."""
    return remaining if visible is None else min(visible, remaining)


class _Level:
    """Orders of one price in their turn (dicts keep it), and the size that is to be seen."""

    __slots__ = ("orders", "size")

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.size = ZERO


class BookSide:
    """
    One side of a book. Sorting keys rise towards the best price, which is the last one.

    Args:
        is_bid: Which side.
        on_change: Called with price and visible size after the visible size of a level changed.
    """

    def __init__(self, *, is_bid: bool, on_change: Callable[[Decimal, Decimal], None]) -> None:
        self._is_bid = is_bid
        self._on_change = on_change
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
            key = self._turned(price)
            self._keys.insert(bisect_left(self._keys, key), key)
        self._queue(order, level)

    def remove(self, order: Order) -> None:
        """Take an order out, whatever is left of it."""
        price = order.request.price
        level = self._levels[price]
        del level.orders[order.order_id]
        if not level.orders:
            del self._levels[price]
            del self._keys[bisect_left(self._keys, self._turned(price))]
        shown, order.slice = order.slice, ZERO
        self._show(order, level, -shown)

    def has(self, order: Order) -> bool:
        """Tell whether the order rests here."""
        level = self._levels.get(order.request.price)
        return level is not None and order.order_id in level.orders

    def take(self, order: Order, size: Decimal) -> None:
        """Note that a resting order traded ``size`` of its slice; its own counters know already."""
        level = self._levels[order.request.price]
        order.slice -= size
        self._show(order, level, -size)
        if not order.slice and order.remaining:
            del level.orders[order.order_id]
            self._queue(order, level)

    def shrink(self, order: Order) -> None:
        """Note that a resting order lost size without a fill; it keeps its place."""
        lost = order.slice - min(order.slice, order.remaining)
        order.slice -= lost
        self._show(order, self._levels[order.request.price], -lost)

    def best(self) -> Order | None:
        """Return the order that trades next, or ``None``."""
        if not self._keys:
            return None
        return next(iter(self._levels[self._turned(self._keys[-1])].orders.values()))

    def top(self) -> tuple[Decimal, Decimal]:
        """Return price and size of the best visible level, zeros when there is none."""
        for key in reversed(self._keys):
            size = self._levels[self._turned(key)].size
            if size:
                return self._turned(key), size
        return ZERO, ZERO

    def levels(self) -> Iterator[tuple[Decimal, Decimal]]:
        """Yield price and visible size, best first."""
        for key in reversed(self._keys):
            size = self._levels[self._turned(key)].size
            if size:
                yield self._turned(key), size

    def counted_levels(self) -> Iterator[tuple[Decimal, Decimal, int]]:
        """Yield price, visible size and number of visible orders, best first."""
        for key in reversed(self._keys):
            level = self._levels[self._turned(key)]
            if level.size:
                yield self._turned(key), level.size, sum(not order.request.hidden for order in level.orders.values())

    def queues(self) -> Iterator[tuple[Decimal, list[Order]]]:
        """Yield each price, best first, with its orders in their turn; hidden ones too."""
        for key in reversed(self._keys):
            yield self._turned(key), list(self._levels[self._turned(key)].orders.values())

    def orders(self) -> Iterator[Order]:
        """Yield the orders by price and turn."""
        for _, orders in self.queues():
            yield from orders

    def _turned(self, number: Decimal) -> Decimal:
        """Return the sorting key of a price, or the price of a key; prices of spreads may be negative."""
        return number if self._is_bid else -number

    def _queue(self, order: Order, level: _Level) -> None:
        order.slice = next_slice(order.request.visible_size, order.remaining)
        level.orders[order.order_id] = order
        self._show(order, level, order.slice)

    def _show(self, order: Order, level: _Level, change: Decimal) -> None:
        if change and not order.request.hidden:
            level.size += change
            self._on_change(order.request.price, level.size)


class Book:
    """
    Both sides of one symbol, its last trade and its counters.

    Args:
        last_price: Before the first trade.
        sequence: Where the count of changes starts.
        on_change: Called with side (``buy`` or ``sell``), price and visible size after `sequence` was raised.
    """

    def __init__(
        self, last_price: Decimal, *, sequence: int, on_change: Callable[[str, Decimal, Decimal], None]
    ) -> None:
        #: Raised by one with every change of a visible level.
        self.sequence = sequence
        self._on_change = on_change
        self.bids = BookSide(is_bid=True, on_change=self._bids_changed)
        self.asks = BookSide(is_bid=False, on_change=self._asks_changed)
        self.last_price = last_price
        self.last_size = ZERO
        self.last_time_ns = 0

    def side(self, name: str) -> BookSide:
        """Return the side on which orders called ``name`` (``buy`` or ``sell``) rest."""
        return self.bids if name == "buy" else self.asks

    def opposite(self, name: str) -> BookSide:
        """Return the side against which orders called ``name`` trade."""
        return self.asks if name == "buy" else self.bids

    def _bids_changed(self, price: Decimal, size: Decimal) -> None:
        self.sequence += 1
        self._on_change("buy", price, size)

    def _asks_changed(self, price: Decimal, size: Decimal) -> None:
        self.sequence += 1
        self._on_change("sell", price, size)
