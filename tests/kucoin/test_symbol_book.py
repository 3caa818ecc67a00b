"""The rules of all symbols: when they are fetched, by whom, and what happens when they cannot be."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.errors import ConfigError, ConnectError, DeadlineExceeded
from kucoin_sync.exchange_rest.shelf import MAX_AGE, MISS_AGE, RETRY_AFTER
from kucoin_sync.kucoin.symbol_book import SymbolBook
from tests.peers import background

GOOD = {"symbol": "BTC-USDT", "price": "1.5", "size": "1"}
BAD = {**GOOD, "price": "1.55"}
CONTRACT = {"symbol": "XBTUSDTM", "price": "1", "size": 1}
LIMIT = 10.0


class Source:
    """Answers with what it is given, counts, and can be made to wait or to fail."""

    def __init__(self, *symbols: str) -> None:
        self.symbols = list(symbols)
        self.timeouts: list[float] = []
        self.error: Exception | None = None
        self.entered = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, timeout: float) -> Sequence[Mapping[str, Any]]:
        self.timeouts.append(timeout)
        self.entered.release()
        assert self.go_on.wait(LIMIT)
        if self.error is not None:
            raise self.error
        return [{"symbol": symbol, "priceIncrement": "0.1", "tickSize": "0.1"} for symbol in self.symbols]


def check(
    book: SymbolBook, order: dict[str, Any], *, now: float = 0.0, wait: bool = True, timeout: float = 5.0
) -> None:
    op = "spot.order" if "-" in order["symbol"] else "futures.order"
    book.check(op, [order], [str], now=now, deadline=Deadline(timeout), wait=wait)


@pytest.fixture
def spot() -> Source:
    return Source("BTC-USDT")


@pytest.fixture
def contracts() -> Source:
    return Source("XBTUSDTM")


@pytest.fixture
def book(spot: Source, contracts: Source) -> SymbolBook:
    return SymbolBook(spot, contracts)


def test_rules_are_fetched_once_with_the_first_order_that_needs_them(
    book: SymbolBook, spot: Source, contracts: Source
) -> None:
    for _ in range(3):
        check(book, GOOD)
        with pytest.raises(ConfigError, match=r"^price: 1\.55 is not a multiple of 0\.1"):
            check(book, BAD)
    assert (len(spot.timeouts), len(contracts.timeouts)) == (1, 0)
    check(book, CONTRACT)
    assert (len(spot.timeouts), len(contracts.timeouts)) == (1, 1)
    assert 4 < spot.timeouts[0] <= 5, "inside the call's own deadline"


def test_every_order_of_a_batch_is_checked_and_the_bad_one_named(book: SymbolBook) -> None:
    with pytest.raises(ConfigError, match=r"^two\.price: "):
        book.check(
            "futures.multi_order",
            [CONTRACT, {**CONTRACT, "price": "0.55"}],
            [lambda wire: f"one.{wire}", lambda wire: f"two.{wire}"],
            now=0.0,
            deadline=Deadline(5.0),
            wait=True,
        )


def test_old_rules_are_fetched_anew(book: SymbolBook, spot: Source) -> None:
    check(book, GOOD, now=0.0)
    check(book, GOOD, now=MAX_AGE)
    assert len(spot.timeouts) == 1
    check(book, GOOD, now=MAX_AGE + 1)
    check(book, GOOD, now=MAX_AGE + 2)
    assert len(spot.timeouts) == 2


def test_old_rules_serve_while_they_cannot_be_fetched_anew(
    book: SymbolBook, spot: Source, caplog: pytest.LogCaptureFixture
) -> None:
    """An order must not fail because a list of symbols is an hour old; and not wait for it again and again."""
    check(book, GOOD, now=0.0)
    spot.error = ConnectError("refused", phase="tcp")
    with caplog.at_level(logging.WARNING, logger="kucoin_sync"):
        for later in (1, 2, RETRY_AFTER):
            check(book, GOOD, now=MAX_AGE + later)
    assert len(spot.timeouts) == 2
    assert spot.timeouts[1] <= 2.5, "half of the call's time is left for the order"
    assert [record.getMessage() for record in caplog.records] == [
        "the symbols are old and could not be fetched anew: tcp: refused"
    ]
    spot.error = None
    check(book, GOOD, now=MAX_AGE + 1 + RETRY_AFTER)
    check(book, GOOD, now=MAX_AGE + 2 + RETRY_AFTER)
    assert len(spot.timeouts) == 3


def test_a_symbol_that_is_not_listed_is_looked_for_once_more(book: SymbolBook, spot: Source) -> None:
    """It may have been listed since."""
    new = {**GOOD, "symbol": "NEW-USDT"}
    with pytest.raises(ConfigError, match=r"^symbol: the exchange lists no NEW-USDT$"):
        check(book, new, now=0.0)
    assert len(spot.timeouts) == 1, "the answer was fresh"
    with pytest.raises(ConfigError):
        check(book, new, now=MISS_AGE - 1)
    assert len(spot.timeouts) == 1, "a wrong name in a loop is no flood of requests"
    spot.symbols.append("NEW-USDT")
    check(book, new, now=MISS_AGE)
    assert len(spot.timeouts) == 2


def test_without_rules_there_is_no_check_and_the_reason_is_told(book: SymbolBook, spot: Source) -> None:
    spot.error = ConnectError("refused", phase="tcp")
    for _ in range(2):
        with pytest.raises(ConnectError, match="refused"):
            check(book, GOOD)
    assert len(spot.timeouts) == 2, "the next order tries again"


def test_a_call_that_may_not_wait_takes_what_is_there(book: SymbolBook, spot: Source) -> None:
    with pytest.raises(ConnectError, match="not fetched yet"):
        check(book, GOOD, wait=False)
    book.load(contracts=False, now=0.0, deadline=Deadline(5.0))
    check(book, GOOD, wait=False, now=MAX_AGE * 2)
    with pytest.raises(ConfigError, match="multiple"):
        check(book, BAD, wait=False)
    with pytest.raises(ConfigError, match="lists no"):
        check(book, {**GOOD, "symbol": "NEW-USDT"}, wait=False, now=MAX_AGE * 2)
    assert len(spot.timeouts) == 1


def test_one_fetch_at_a_time_and_the_others_use_what_it_brings(book: SymbolBook, spot: Source) -> None:
    spot.go_on.clear()
    calls = [background(check, book, GOOD, now=float(n)) for n in range(5)]
    assert spot.entered.acquire(timeout=LIMIT)
    assert not any(call.is_done() for call in calls)
    spot.go_on.set()
    for call in calls:
        call.result()
    assert len(spot.timeouts) == 1


def test_O03_waiting_for_somebody_elses_fetch_ends_at_the_deadline(book: SymbolBook, spot: Source) -> None:
    spot.go_on.clear()
    first = background(check, book, GOOD)
    assert spot.entered.acquire(timeout=LIMIT)
    with pytest.raises(DeadlineExceeded):
        check(book, GOOD, timeout=0.05)
    spot.go_on.set()
    first.result()


def test_old_rules_serve_others_while_one_fetches_anew(book: SymbolBook, spot: Source) -> None:
    check(book, GOOD, now=0.0)
    assert spot.entered.acquire(timeout=LIMIT)
    spot.go_on.clear()
    refreshing = background(check, book, GOOD, now=MAX_AGE + 1)
    assert spot.entered.acquire(timeout=LIMIT)
    check(book, GOOD, now=MAX_AGE + 1)
    assert not refreshing.is_done()
    spot.go_on.set()
    refreshing.result()
