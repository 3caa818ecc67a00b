"""A book is live only while it is known to be right: whatever the stream loses, repeats or swaps."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.books.order_book import BookDelta, BookShape, Level
from kucoin_sync.books.synced_book import CROSSED_PATIENCE, MAX_KEPT, MAX_OLD, BookState, Step, SyncedBook
from kucoin_sync.events import BookSnapshot
from tests.books.model import SYMBOL, Market, change, snapshot

START = snapshot(10, [("9", "1")], [("11", "1")])


def delta(first: int, last: int | None = None, bid: str = "8") -> BookDelta:
    return BookDelta(first, first if last is None else last, [change(bid, str(first), last or first)], ())


def live_book(shape: BookShape | None = None) -> SyncedBook:
    synced = SyncedBook(shape or BookShape())
    assert synced.take_snapshot(START, 0.0) is Step.WENT_LIVE
    return synced


def view(synced: SyncedBook) -> BookSnapshot:
    assert synced.state is BookState.LIVE and synced.book is not None
    return synced.book.view(None)


def test_a_snapshot_is_caught_up_with_what_was_kept() -> None:
    synced = SyncedBook(BookShape())
    assert [synced.take_delta(delta(n), 0.0) for n in (9, 10, 11, 12)] == [Step.KEPT] * 4
    assert synced.state is BookState.SYNCING
    assert synced.take_snapshot(START, 0.0) is Step.WENT_LIVE
    assert view(synced).sequence == 12
    assert view(synced).bids == ((Decimal(9), Decimal(1)), (Decimal(8), Decimal(12)))
    assert (synced.ignored, synced.applied) == (2, 2)


def test_B01_a_gap_ends_the_book_until_a_newer_snapshot_has_caught_up() -> None:
    synced = live_book()
    assert synced.take_delta(delta(13), 0.0) is Step.WENT_STALE
    assert (synced.state, synced.reason, synced.missing) == (BookState.STALE, "gap", (11, 12))
    assert synced.take_delta(delta(14), 0.0) is Step.KEPT
    assert synced.take_snapshot(snapshot(11, [], []), 0.0) is Step.TOO_OLD  # does not reach the change behind the gap
    assert synced.state is BookState.STALE
    assert synced.take_snapshot(snapshot(12, [("1", "1")], []), 0.0) is Step.WENT_LIVE
    assert view(synced).sequence == 14
    assert synced.gaps == 1


def test_B01_a_gap_among_what_was_kept_takes_a_snapshot_from_behind_it() -> None:
    synced = SyncedBook(BookShape())
    for n in (11, 12, 15):
        synced.take_delta(delta(n), 0.0)
    assert synced.take_snapshot(START, 0.0) is Step.TOO_OLD
    assert synced.take_snapshot(snapshot(14, [], []), 0.0) is Step.WENT_LIVE


def test_B02_old_and_repeated_changes_are_ignored_and_counted() -> None:
    synced = live_book()
    synced.take_delta(delta(11), 0.0)
    before = view(synced)
    assert [synced.take_delta(d, 0.0) for d in (delta(11), delta(5, 9), delta(10))] == [Step.IGNORED] * 3
    assert view(synced) == before
    assert synced.ignored == 3


def test_B05_a_snapshot_older_than_the_changes_at_hand_is_not_taken() -> None:
    synced = SyncedBook(BookShape())
    synced.take_delta(delta(20), 0.0)
    assert synced.take_snapshot(START, 0.0) is Step.TOO_OLD
    assert synced.state is BookState.SYNCING
    assert synced.too_old == 1


def test_B05_a_snapshot_newer_than_all_that_was_kept_stands_alone() -> None:
    synced = SyncedBook(BookShape())
    for n in (5, 6):
        synced.take_delta(delta(n), 0.0)
    assert synced.take_snapshot(START, 0.0) is Step.WENT_LIVE
    assert view(synced) == START
    assert synced.take_delta(delta(11), 0.0) is Step.CHANGED


def test_B05_a_snapshot_of_the_past_is_not_taken_although_nothing_was_kept() -> None:
    """A cache between us and the exchange answers so: the book would be right at a time that is over."""
    synced = live_book()
    synced.take_delta(delta(11, 15), 0.0)
    synced.fail("crossed")
    assert synced.take_snapshot(snapshot(14, [], []), 0.0) is Step.TOO_OLD
    synced.start_over()  # the exchange counts anew: it has been asked often enough
    assert synced.take_snapshot(snapshot(14, [], []), 0.0) is Step.WENT_LIVE


def test_B06_a_book_may_be_crossed_for_a_second_and_not_longer() -> None:
    synced = live_book()
    assert synced.take_delta(delta(11, bid="11"), 5.0) is Step.CHANGED
    assert synced.is_crossed
    assert synced.crossed_until() == 5.0 + CROSSED_PATIENCE
    synced.take_delta(delta(12), 5.5)
    assert synced.crossed_until() == 5.0 + CROSSED_PATIENCE  # from the moment it began
    synced.take_delta(BookDelta(13, 13, [change("11", "0", 13)], ()), 5.9)
    assert not synced.is_crossed
    assert synced.crossed_until() is None


def test_B06_a_book_that_the_exchange_itself_shows_crossed_is_looked_at_more_seldom() -> None:
    """As in an auction: else it would be fetched every second for nothing."""
    crossed = snapshot(10, [("9", "1")], [("9", "1")])
    synced = SyncedBook(BookShape())
    waits = []
    for _ in range(8):
        assert synced.take_snapshot(crossed, 0.0) is Step.WENT_LIVE
        until = synced.crossed_until()
        assert until is not None
        waits.append(until)
        synced.fail("crossed")
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    synced.take_snapshot(snapshot(11, [("9", "1")], [("10", "1")]), 0.0)
    synced.take_delta(delta(12, bid="10"), 0.0)
    assert synced.crossed_until() == CROSSED_PATIENCE


def checksum(bids: Sequence[Level], asks: Sequence[Level]) -> int:
    return zlib.crc32(":".join(f"{price:f}:{size:f}" for side in (bids, asks) for price, size in side).encode())


def test_B08_a_checksum_that_does_not_match_ends_the_book() -> None:
    synced = live_book(BookShape(checksum=checksum))
    right = checksum([(Decimal(9), Decimal(1)), (Decimal(8), Decimal(11))], [(Decimal(11), Decimal(1))])
    assert synced.take_delta(delta(11)._replace(checksum=right), 0.0) is Step.CHANGED
    assert synced.take_delta(delta(12)._replace(checksum=right), 0.0) is Step.WENT_STALE
    assert (synced.state, synced.reason, synced.mismatches) == (BookState.STALE, "checksum", 1)
    assert synced.take_snapshot(snapshot(11, [], []), 0.0) is Step.TOO_OLD  # from before the change that was wrong
    assert synced.take_snapshot(snapshot(12, [], []), 0.0) is Step.WENT_LIVE


def test_B08_a_checksum_that_does_not_match_while_catching_up_takes_another_snapshot() -> None:
    synced = SyncedBook(BookShape(checksum=checksum))
    synced.take_delta(delta(11)._replace(checksum=1), 0.0)
    assert synced.take_snapshot(START, 0.0) is Step.TOO_OLD
    assert synced.mismatches == 1
    assert synced.take_snapshot(snapshot(11, [], []), 0.0) is Step.WENT_LIVE


def test_B09_what_was_kept_does_not_outlive_the_line() -> None:
    synced = live_book()
    assert synced.line_lost("the line was lost") is Step.WENT_STALE
    synced.take_delta(delta(20), 0.0)
    assert synced.line_lost("the line was lost") is Step.KEPT
    assert synced.take_snapshot(snapshot(19, [], []), 0.0) is Step.TOO_OLD  # 20 was seen
    assert synced.take_snapshot(snapshot(30, [("1", "2")], []), 0.0) is Step.WENT_LIVE
    assert view(synced).sequence == 30


def test_a_live_book_stays_live_while_it_gets_more_levels() -> None:
    synced = live_book()
    synced.want_levels()
    assert synced.take_delta(delta(11), 0.0) is Step.CHANGED
    assert synced.take_snapshot(snapshot(9, [], []), 0.0) is Step.TOO_OLD
    assert view(synced).sequence == 11
    assert synced.take_snapshot(snapshot(10, [("9", "1"), ("7", "1")], []), 0.0) is Step.CHANGED
    assert view(synced).bids == ((Decimal(9), Decimal(1)), (Decimal(8), Decimal(11)), (Decimal(7), Decimal(1)))


def test_a_stream_that_counts_anew_is_not_taken_for_old_for_ever() -> None:
    synced = live_book()
    steps = [synced.take_delta(delta(1 + n % 5), 0.0) for n in range(MAX_OLD)]
    assert steps == [Step.IGNORED] * (MAX_OLD - 1) + [Step.WENT_STALE]


def test_what_is_kept_for_a_snapshot_is_bounded() -> None:
    synced = SyncedBook(BookShape())
    for n in range(11, 16):
        bids = [change("8", "1", n)] * (MAX_KEPT // 4)
        synced.take_delta(BookDelta(n, n, bids, ()), 0.0)
    assert synced.take_snapshot(START, 0.0) is Step.TOO_OLD  # the first ones are gone
    assert synced.take_snapshot(snapshot(14, [], []), 0.0) is Step.WENT_LIVE


def test_a_snapshot_in_the_stream_moves_a_live_book_forward_and_never_back() -> None:
    synced = live_book()
    assert synced.take_snapshot(snapshot(12, [("1", "1")], []), 0.0) is Step.CHANGED
    assert synced.take_snapshot(START, 0.0) is Step.IGNORED
    assert view(synced).sequence == 12


FAULTS = ("pass", "pass", "pass", "drop", "repeat", "swap", "cut", "lose the line", "crossed for long")


@settings(max_examples=300)
@given(
    seed=st.integers(0, 2**32),
    most=st.sampled_from([1, 4]),
    faults=st.lists(st.sampled_from(FAULTS), max_size=60),
    lag=st.integers(0, 12),
    whole=st.booleans(),
)
def test_B01_B02_B03_B05_B09_a_live_book_is_the_market_at_its_sequence(
    seed: int, most: int, faults: list[str], lag: int, whole: bool
) -> None:
    """The stream drops, repeats, swaps and cuts short; snapshots lag behind; lines are lost: no live book is wrong."""
    market, chance = Market(seed, most), random.Random(seed)
    synced = SyncedBook(BookShape())
    sent: list[BookDelta] = []
    held: list[BookDelta] = []

    def check() -> None:
        if synced.state is BookState.LIVE:
            assert market.agrees(view(synced))

    def deliver(message: BookDelta) -> None:
        synced.take_delta(message, 0.0)
        check()

    for fault in faults:
        message = market.step()
        sent.append(message)
        if fault == "drop":
            continue
        if fault == "cut":  # only the first part arrives as a message of its own: a hole follows
            middle = (message.first + message.last) // 2
            if middle < message.last and not whole:
                bids, asks = ([c for c in side if c[2] <= middle] for side in (message.bids, message.asks))
                if len(bids) + len(asks) == middle - message.first + 1:
                    deliver(BookDelta(message.first, middle, bids, asks))
            continue
        if fault == "swap":
            held.append(message)
            continue
        deliver(message)
        if fault == "repeat":
            deliver(chance.choice(sent))
        while held:
            deliver(held.pop())
        if fault == "lose the line":
            synced.line_lost("the line was lost")
            held.clear()
        if fault == "crossed for long":
            synced.fail("crossed")
        if synced.state is not BookState.LIVE:
            at = max(100, market.sequence - chance.randint(0, lag))
            synced.take_snapshot(market.snapshot(at), 0.0)
            check()
    synced.line_lost("the line was lost")
    assert synced.take_snapshot(market.snapshot(), 0.0) is Step.WENT_LIVE
    assert view(synced).symbol == SYMBOL
    check()
