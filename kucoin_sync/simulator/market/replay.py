"""
Plays recorded market data into the engines, so that everybody can trade with it.

The house keeps an order, or several, at each recorded level and changes them as the recording does; so all that is
told of the books comes from the engines, and the books are the recorded ones as long as nobody else trades. A recorded
trade becomes an order of the house that takes that much at that price. Somebody's order that rests where the recording
wants to go is filled by it, as in a market; what the house then lacks comes back with the next change of that level.

Plain computation: time is an argument.
"""

from __future__ import annotations

import logging
from decimal import Decimal, localcontext
from typing import Protocol

from attrs import frozen

from ..matching.accounts import EXACT
from ..matching.book import Book
from ..matching.orders import Refused
from .recording import FULL_BOOK, BadLine, BookPart, Change, Changes, Line, RecordedTrade, Recording

__all__ = ["House", "Player", "ReplayProgress"]

ZERO = Decimal(0)

#: Lines played in one go; the rest of one moment follows at once, but lets others have their turn.
LINES_AT_ONCE = 100
#: Orders that the house has at one level: what grows in between keeps its turn, and the cost of a change is bounded.
MAX_ORDERS = 8
#: Levels that the house keeps on one side of one book.
MAX_LEVELS = 10_000
#: Increments of one book that wait for its snapshot.
MAX_WAITING = 10_000
#: Bad lines that are logged; more are counted only.
MAX_LOGGED = 20

_logger = logging.getLogger("kucoin_sync.simulator")
_OTHER = {"buy": "sell", "sell": "buy"}


@frozen
class ReplayProgress:
    """
    How far a recording was played.

    Attributes:
        played: Lines that changed or could have changed the market.
        skipped: Lines about something else: other symbols and topics, or a poorer source than the symbol has.
        bad: Lines that were no recorded market data.
        refused: Orders of the house that the rules of the symbol forbid.
        done: Whether the end was reached; the market then stays as it is.
    """

    played: int
    skipped: int
    bad: int
    refused: int
    done: bool


class House(Protocol):
    """What the player needs of an engine; sizes and prices that break the rules of the symbol raise `Refused`."""

    def serves(self, symbol: str) -> bool:
        """Whether there is such a market."""

    def book(self, symbol: str) -> Book:
        """Return its book."""

    def rest(self, symbol: str, side: str, price: Decimal, size: Decimal) -> str:
        """Place an order that rests and return its id."""

    def take(self, symbol: str, side: str, price: Decimal, size: Decimal) -> None:
        """Take what there is up to a price, as somebody else than who rests."""

    def left(self, order_id: str) -> Decimal:
        """Return what is left of an order, zero when it is over."""

    def reduce(self, symbol: str, order_id: str, size: Decimal) -> None:
        """Take ``size`` away from a resting order, which keeps its turn."""

    def moved(self, symbol: str) -> None:
        """The book of a symbol was moved by the recording."""


class Player:
    """
    Plays one recording.

    Args:
        recording: What is played.
        houses: Who trades; each serves other symbols.
    """

    def __init__(self, recording: Recording, houses: tuple[House, ...]) -> None:
        self._recording = recording
        self._houses = houses
        self._played = self._skipped = self._bad = 0
        self._symbols: dict[str, _ReplayedBook] = {}
        self._next = self._read()

    def progress(self) -> ReplayProgress:
        """Return how far it got."""
        refused = sum(book.refused for book in self._symbols.values())
        return ReplayProgress(self._played, self._skipped, self._bad, refused, self._next is None)

    def next_ns(self) -> int | None:
        """Return when the next line is due, after the first one; ``None`` at the end."""
        return None if self._next is None else self._next.at_ns - self._recording.start_ns

    def play(self, now_ns: int) -> None:
        """Play what is due, up to a number of lines; ``now_ns`` counts from the first line."""
        for _ in range(LINES_AT_ONCE):
            line = self._next
            if line is None or line.at_ns - self._recording.start_ns > now_ns:
                return
            # First, so that nothing is played twice should an engine fail with it.
            self._next = self._read()
            with localcontext(EXACT):
                is_played = self._play(line.what)
            self._played += is_played
            self._skipped += not is_played

    def _read(self) -> Line | None:
        # Bad lines have no time, so they are done with at once; a bounded number of them, for nobody else waits.
        for _ in range(LINES_AT_ONCE):
            try:
                return self._recording.next()
            except BadLine as error:
                self._bad += 1
                if self._bad <= MAX_LOGGED:
                    _logger.warning("recorded market data: %s", error)
            except OSError as error:
                _logger.error("recorded market data: the replay ends here: %s", error)
                return None
        _logger.error("recorded market data: %s bad lines in a row; the replay ends here", LINES_AT_ONCE)
        return None

    def _play(self, what: BookPart | Changes | RecordedTrade | None) -> bool:
        if what is None:
            return False
        book = self._symbols.get(what.symbol)
        if book is None:
            house = next((house for house in self._houses if house.serves(what.symbol)), None)
            if house is None:
                return False
            book = self._symbols[what.symbol] = _ReplayedBook(what.symbol, house)
        if isinstance(what, RecordedTrade):
            book.trade(what)
        elif not (book.set(what) if isinstance(what, BookPart) else book.change(what.changes)):
            return False
        book.house.moved(what.symbol)
        return True


class _ReplayedBook:
    """The orders that the house has in one book, by side and price."""

    def __init__(self, symbol: str, house: House) -> None:
        self.house = house
        self.refused = 0
        self._symbol = symbol
        self._wanted: dict[str, dict[Decimal, Decimal]] = {"buy": {}, "sell": {}}
        self._orders: dict[str, dict[Decimal, list[str]]] = {"buy": {}, "sell": {}}
        #: Levels that may not be as they are wanted: a trade or somebody's order came between.
        self._unsure: dict[tuple[str, Decimal], None] = {}
        #: Levels a side of the best source so far; sources that show less are left alone.
        self._depth = 0
        self._sequence: int | None = None
        self._waiting: list[Change] = []

    # What a recording says.

    def set(self, part: BookPart) -> bool:
        """Make the book this one; return whether the source is good enough."""
        if part.depth < self._depth:
            return False
        if part.sequence is not None and self._sequence is not None and part.sequence < self._sequence:
            return False  # it came late, and what has happened since is known
        self._depth = part.depth
        sides = {"buy": dict(part.bids), "sell": dict(part.asks)}
        if part.depth == FULL_BOOK and part.sequence is not None:
            self._sequence = part.sequence
            # Increments that were recorded before the snapshot came, as the procedure of the exchange wants it.
            later, self._waiting = [c for c in self._waiting if c.sequence > part.sequence], []
            for change in later:
                sides[change.side][change.price] = change.size
                self._sequence = max(self._sequence, change.sequence)
        for side, levels in sides.items():
            gone = [price for price in self._wanted[side] if price not in levels]
            levels.update(dict.fromkeys(gone, ZERO))
        self._apply([(side, price, size) for side, levels in sides.items() for price, size in levels.items()])
        return True

    def change(self, changes: tuple[Change, ...]) -> bool:
        """Change levels; return whether there is a snapshot they belong to, or are to wait for."""
        if self._sequence is None:
            if len(self._waiting) + len(changes) > MAX_WAITING:
                return False
            self._waiting += changes
            return True
        new = [change for change in changes if change.sequence > self._sequence]
        if new:
            self._sequence = new[-1].sequence
            self._apply([(change.side, change.price, change.size) for change in new])
        return True

    def trade(self, trade: RecordedTrade) -> None:
        """Take that much at that price, whatever the house has to do for it."""
        side, price, other = trade.side, trade.price, _OTHER[trade.side]
        # Where the trade was, nothing better was left.
        for stale in self._crossing(other, price, or_at=False):
            self._hold(other, stale, ZERO)
        missing = trade.size - self._to_be_had(side, price, trade.size)
        if missing > 0:
            for stale in self._crossing(side, price, or_at=True):
                self._hold(side, stale, ZERO)
            self._hold(other, price, self._held(other, price) + missing)
        self._unsure[other, price] = None
        try:
            self.house.take(self._symbol, side, price, trade.size)
        except Refused:
            self.refused += 1
        if not self._depth:
            self._settle()  # nothing else will ever say what is wanted there

    # Keeping orders.

    def _apply(self, levels: list[tuple[str, Decimal, Decimal]]) -> None:
        for side, price, size in levels:
            wanted = self._wanted[side]
            if not size:
                wanted.pop(price, None)
            elif price in wanted or len(wanted) < MAX_LEVELS:
                wanted[price] = size
            else:
                self.refused += 1
            self._unsure[side, price] = None
        self._settle()

    def _settle(self) -> None:
        """Make what may be otherwise as it is wanted; first what goes, so that the house does not meet itself."""
        unsure, self._unsure = list(self._unsure), {}
        rising = []
        for side, price in unsure:
            size = self._wanted[side].get(price, ZERO)
            if size > self._held(side, price):
                rising.append((side, price, size))
            else:
                self._hold(side, price, size)
        for side, price, size in rising:
            for stale in self._crossing(_OTHER[side], price, or_at=True):
                # The recording has forgotten to take it away: it saw a part of the book.
                self._wanted[_OTHER[side]].pop(stale, None)
                self._hold(_OTHER[side], stale, ZERO)
            self._hold(side, price, size)

    def _hold(self, side: str, price: Decimal, size: Decimal) -> None:
        """Let the house have that much at a level; what it has longest stays longest."""
        orders = self._orders[side].setdefault(price, [])
        if size != self._wanted[side].get(price, ZERO):
            self._unsure[side, price] = None
        too_much = self._held(side, price) - size
        try:
            if too_much < 0:
                self._grow(orders, side, price, -too_much)
            while too_much > 0:
                part = min(too_much, self.house.left(orders[-1]))
                self.house.reduce(self._symbol, orders[-1], part)
                too_much -= part
                if not self.house.left(orders[-1]):
                    orders.pop()
        except Refused:
            self.refused += 1
        if not orders:
            del self._orders[side][price]

    def _grow(self, orders: list[str], side: str, price: Decimal, more: Decimal) -> None:
        if len(orders) == MAX_ORDERS:
            # The newest has the last turn of them anyway, or nearly so.
            newest = orders.pop()
            left = self.house.left(newest)
            self.house.reduce(self._symbol, newest, left)
            more += left
        orders.append(self.house.rest(self._symbol, side, price, more))

    def _held(self, side: str, price: Decimal) -> Decimal:
        """Return what the house has at a level; orders that are over are forgotten."""
        orders = self._orders[side].get(price)
        if not orders:
            return ZERO
        left = {order_id: self.house.left(order_id) for order_id in orders}
        orders[:] = [order_id for order_id, size in left.items() if size]
        return sum(left.values(), ZERO)

    def _crossing(self, side: str, price: Decimal, *, or_at: bool) -> list[Decimal]:
        """Return the levels of the house that an order of the other side at that price would trade with."""
        best = self.house.book(self._symbol).side(side).best()
        if best is None or not _is_beyond(side, best.request.price, price, or_at=or_at):
            return []
        return [level for level in self._orders[side] if _is_beyond(side, level, price, or_at=or_at)]

    def _to_be_had(self, side: str, price: Decimal, most: Decimal) -> Decimal:
        """Return how much an order could take up to a price, counted up to ``most``."""
        size = ZERO
        for level, orders in self.house.book(self._symbol).opposite(side).queues():
            if size >= most or not _is_beyond(_OTHER[side], level, price, or_at=True):
                break
            size += sum((order.remaining for order in orders), ZERO)
        return min(size, most)


def _is_beyond(side: str, level: Decimal, price: Decimal, *, or_at: bool) -> bool:
    """Whether a level of a side is better for who trades with it than a price, or just as good."""
    if level == price:
        return or_at
    return level > price if side == "buy" else level < price
