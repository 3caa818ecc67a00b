"""The levels of a book: changes, reads, and what is not known."""

from __future__ import annotations

import decimal
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.books.order_book import MANY, Applied, BookDelta, BookShape, OrderBook
from kucoin_sync.events import BookSnapshot
from tests.books.model import Market, change, level, snapshot

WHOLE = BookShape()
SNAPSHOT = snapshot(16, [("3988.50", "15")], [("3988.61", "32")])


def sweep(levels: int) -> tuple[OrderBook, BookDelta]:
    """A book with so many asks, and one message that takes all of them but the last, and adds a bid."""
    book = OrderBook(snapshot(1, [("1", "1")], [(str(2 + n), "1") for n in range(levels)]), WHOLE)
    gone = [change(str(2 + n), "0", 2 + n) for n in range(levels - 1)]
    return book, BookDelta(2, levels + 1, [change("1.5", "7", levels + 1)], gone)


def test_B03_the_newer_part_of_an_overlapping_change_is_applied() -> None:
    """The exchange's own example: entries up to the sequence of the book are passed over."""
    book = OrderBook(SNAPSHOT, WHOLE)
    asks = [change("3988.59", "3", 16), change("3988.61", "0", 19), change("3988.62", "8", 15)]
    assert book.apply(BookDelta(15, 19, [change("3988.50", "44", 18)], asks)) is Applied.YES
    assert (book.sequence, book.view(None).bids, book.view(None).asks) == (19, (level("3988.50", "44"),), ())


@pytest.mark.parametrize(("first", "last"), [(10, 15), (16, 16), (1, 16)])
def test_B02_an_old_change_leaves_the_book_as_it_is(first: int, last: int) -> None:
    book = OrderBook(SNAPSHOT, WHOLE)
    assert book.apply(BookDelta(first, last, [change("3988.50", "1", last)], ())) is Applied.OLD
    assert book.view(None) == SNAPSHOT


def test_B01_a_change_behind_a_hole_leaves_the_book_as_it_is() -> None:
    book = OrderBook(SNAPSHOT, WHOLE)
    assert book.apply(BookDelta(18, 18, [change("3988.50", "1", 18)], ())) is Applied.GAP
    assert book.view(None) == SNAPSHOT


def test_reads_are_exact_whatever_the_context_of_the_user_is() -> None:
    book = OrderBook(snapshot(1, [("0.00000012345678901", "1")], [("60000.00000000000000001", "2")]), WHOLE)
    with decimal.localcontext() as context:
        context.prec = 3
        assert str(book.spread()) == "59999.99999987654321100"
        assert str(book.mid()) == "30000.00000006172839451"


def test_a_price_has_one_level_however_it_is_spelled() -> None:
    book = OrderBook(snapshot(1, [("10.0", "1")], []), WHOLE)
    book.apply(BookDelta(2, 2, [change("10", "2.50", 2)], ()))
    assert book.view(None).bids == (level("10", "2.5"),)
    assert book.size_at(Decimal("10.00"), is_bid=True) == Decimal("2.5")
    book.apply(BookDelta(3, 3, [change("10.000", "0.00", 3)], ()))
    assert book.best_bid is None


def test_an_empty_side_has_no_best_price_and_makes_no_middle() -> None:
    book = OrderBook(snapshot(1, [], [("2", "1")]), WHOLE)
    assert (book.best_bid, book.best_ask) == (None, level("2", "1"))
    assert book.spread() is book.mid() is None
    assert not book.is_crossed


@pytest.mark.parametrize("ask", ["10", "9"])
def test_a_book_is_crossed_when_the_sides_touch(ask: str) -> None:
    assert OrderBook(snapshot(1, [("10", "1")], [(ask, "1")]), WHOLE).is_crossed


def test_levels_beyond_a_part_are_not_known_and_not_shown() -> None:
    """A level that appears out there has neighbours that nobody told of."""
    book = OrderBook(snapshot(1, [("9", "1"), ("8", "1")], [("11", "1")]), BookShape(depth=2))
    book.apply(BookDelta(2, 4, [change("7", "5", 2), change("8.5", "5", 3)], [change("20", "5", 4)]))
    assert book.view(None).bids == (level("9", "1"), level("8.5", "5"), level("8", "1"))
    assert book.size_at(Decimal(7), is_bid=True) is None
    assert book.size_at(Decimal("8.7"), is_bid=True) == 0
    # The asks were fewer than asked for: they are all there are.
    assert book.view(None).asks == (level("11", "1"), level("20", "5"))


def test_a_part_that_has_lost_half_of_its_levels_is_thin() -> None:
    book = OrderBook(snapshot(1, [("9", "1"), ("8", "1"), ("7", "1")], [("10", "1")]), BookShape(depth=3))
    assert not book.is_thin
    book.apply(BookDelta(2, 3, [change("9", "0", 2), change("8", "0", 3)], ()))
    assert book.is_thin


def test_beyond_a_window_nothing_is_known_while_it_is_full() -> None:
    book = OrderBook(snapshot(1, [("9", "1"), ("8", "1")], []), BookShape(window=2))
    assert book.size_at(Decimal(7), is_bid=True) is None
    book.apply(BookDelta(2, 2, [change("8", "0", 2)], ()))
    assert book.size_at(Decimal(7), is_bid=True) == 0


@given(st.integers(0, 2**32), st.sampled_from([1, 4, 3 * MANY]))
def test_a_book_that_misses_nothing_is_the_market_at_every_message(seed: int, most: int) -> None:
    """With few changes in a message, and with so many that prices are sorted at once."""
    market = Market(seed, most)
    book = OrderBook(market.snapshot(), WHOLE)
    for _ in range(30):
        assert book.apply(market.step()) is Applied.YES
        view = book.view(None)
        assert market.agrees(view)
        assert (book.best_bid, book.best_ask) == (next(iter(view.bids), None), next(iter(view.asks), None))
        assert book.view(3) == BookSnapshot(view.symbol, view.sequence, view.bids[:3], view.asks[:3], view.time_ns)


def test_B10_a_sweep_of_ten_thousand_levels_is_one_change() -> None:
    book, delta = sweep(10_000)
    assert book.apply(delta) is Applied.YES
    assert book.view(None).asks == (level("10001", "1"),)
    assert book.best_bid == level("1.5", "7")
