"""The benchmark of books compares ways that come to the same book."""

from __future__ import annotations

from functools import lru_cache

import pytest

from benchmarks import books
from kucoin_sync.books.order_book import Applied, BookShape, OrderBook
from kucoin_sync.kucoin.books import read_number, read_spot_changes


def test_the_plain_ways_and_the_book_see_the_same_best_prices() -> None:
    start, stream = books.snapshot(50), books.messages(50)[:200]
    book, price_of = OrderBook(start, BookShape()), lru_cache(100)(read_number)
    seen: list[tuple[object, object]] = []
    books.by_plain_dictionary(lambda bids, asks: seen.append((max(bids), min(asks))))(start, stream)
    for message, best in zip(stream, seen, strict=True):
        assert book.apply(read_spot_changes(message, price_of)) is Applied.YES
        assert book.best_bid and book.best_ask
        assert (book.best_bid[0], book.best_ask[0]) == best


def test_the_benchmark_prints_a_line_for_each_size(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(books, "ROUNDS", 1)
    monkeypatch.setattr(books, "MESSAGES", 50)
    monkeypatch.setattr(books, "WAYS", {name: (run, 50) for name, (run, _) in books.WAYS.items()})
    books.main()
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("kucoin_sync", "dict, sorted", "5,000", "levels: "))
