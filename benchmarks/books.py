"""
What a change of a local order book costs, beside a plain dictionary: ``python -m benchmarks.books``.

Both read the same messages of a spot stream, one change each, near the top of the book, and look at the best prices
after each. No network: messages as the decoder hands them over.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from kucoin_sync.books.order_book import BookDelta, BookShape, OrderBook
from kucoin_sync.books.synced_book import SyncedBook
from kucoin_sync.events import BookSnapshot
from kucoin_sync.kucoin.books import read_number, read_spot_changes

SEED = 1
ROUNDS = 5
MESSAGES = 20_000
SORTED_MESSAGES = 300
"""Of the plain ways, which take long on a deep book."""
SWEEP = 10_000

Message = dict[str, Any]


def snapshot(levels: int) -> BookSnapshot:
    """A book with so many levels a side, 0.1 apart."""
    bids = tuple((Decimal(100_000 - n) / 10, Decimal(1)) for n in range(levels))
    asks = tuple((Decimal(100_001 + n) / 10, Decimal(1)) for n in range(levels))
    return BookSnapshot("BTC-USDT", 0, bids, asks, 0)


def messages(levels: int) -> list[Message]:
    """Changes near the top, three of ten of which take a level away."""
    chance = random.Random(SEED)
    made = []
    for sequence in range(1, MESSAGES + 1):
        away = min(int(abs(chance.gauss(0, levels / 20))), levels - 1)
        side, price = chance.choice((("bids", 100_000 - away), ("asks", 100_001 + away)))
        size = "0" if chance.random() < 0.3 else str(chance.randint(1, 99_999) / 10_000)
        changes = {"bids": [], "asks": [], side: [[str(Decimal(price) / 10), size, str(sequence)]]}
        made.append({"changes": changes, "sequenceStart": sequence, "sequenceEnd": sequence, "time": 1_700_000_000_000})
    return made


def by_live_book(start: BookSnapshot, stream: list[Message]) -> None:
    price_of = lru_cache(20_000)(read_number)
    synced = SyncedBook(BookShape())
    synced.take_snapshot(start, 0.0)
    book = synced.book
    assert book is not None
    for message in stream:
        synced.take_delta(read_spot_changes(message, price_of), 0.0)
        _ = book.best_bid, book.best_ask


def by_plain_dictionary(best: Callable[[dict[Decimal, Decimal], dict[Decimal, Decimal]], object]) -> Any:
    def run(start: BookSnapshot, stream: list[Message]) -> None:
        sides = {"bids": dict(start.bids), "asks": dict(start.asks)}
        for message in stream:
            for name, levels in sides.items():
                for price, size, _ in message["changes"][name]:
                    if Decimal(size):
                        levels[Decimal(price)] = Decimal(size)
                    else:
                        levels.pop(Decimal(price), None)
            best(sides["bids"], sides["asks"])

    return run


WAYS: dict[str, tuple[Any, int]] = {
    "kucoin_sync": (by_live_book, MESSAGES),
    "dict, max and min": (by_plain_dictionary(lambda bids, asks: (max(bids), min(asks))), SORTED_MESSAGES),
    "dict, sorted": (by_plain_dictionary(lambda bids, asks: (sorted(bids)[-1], sorted(asks)[0])), SORTED_MESSAGES),
}


def best_time(call: Callable[[], object]) -> float:
    """Return the shortest of some runs, seconds: what disturbs only ever adds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)


def sweep_time() -> float:
    """Return the seconds that one message takes which ends all levels of a side but one."""
    start = BookSnapshot("BTC-USDT", 0, (), tuple((Decimal(1 + n), Decimal(1)) for n in range(SWEEP)), 0)
    delta = BookDelta(1, 1, (), [(price, Decimal(0), 1) for price, _ in start.asks[:-1]])
    times = []
    for _ in range(ROUNDS):
        book = OrderBook(start, BookShape())
        began = time.perf_counter()
        book.apply(delta)
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    print("microseconds for a message of one change: read, applied, best prices looked at")
    print(f"{'levels a side':>14}", *(f"{name:>18}" for name in WAYS))
    for levels in (50, 500, 5_000):
        start, stream = snapshot(levels), messages(levels)
        costs = []
        for run, count in WAYS.values():
            costs.append(best_time(partial(run, start, stream[:count])) / count * 1e6)
        print(f"{levels:>14,}", *(f"{cost:>18.1f}" for cost in costs))
    print(f"a message that ends {SWEEP - 1:,} levels: {sweep_time() * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
