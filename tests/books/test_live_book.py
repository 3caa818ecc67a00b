"""Live books against the simulator: whatever it loses, repeats, swaps or cuts, a book that can be read is right."""

from __future__ import annotations

import contextlib
import gc
import queue
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import attrs
import pytest

from kucoin_sync import (
    BookGap,
    BookSnapshot,
    BookStale,
    BookState,
    ClosedError,
    ConfigError,
    DeadlineExceeded,
    ExceptionRaised,
    ForkedError,
    LiveBook,
    Reconnected,
    RestError,
    StaleBook,
    SubscribeError,
    WebsocketClient,
    WsKey,
)
from kucoin_sync.books import live_book
from kucoin_sync.books.synced_book import Step
from kucoin_sync.simulator import Simulator
from tests.peers import background

PATIENCE = 10.0
ALL = 1_000_000


@attrs.frozen
class Case:
    """A kind of book: whose, over which connection, how deep, and the path of its snapshots if they are called for."""

    symbol: str
    ws_key: WsKey
    depth: int | None
    path: str | None


CASES = {
    "spot": Case("BTC-USDT", WsKey.SPOT_PUBLIC_V1, None, "/api/v3/market/orderbook/level2"),
    "spot-100": Case("BTC-USDT", WsKey.SPOT_PUBLIC_V1, 100, "/orderbook/level2_100"),
    "futures": Case("XBTUSDTM", WsKey.FUTURES_PUBLIC_V1, None, "/api/v1/level2/snapshot"),
    "pro-spot": Case("BTC-USDT", WsKey.SPOT_PUBLIC_PRO_V2, None, None),
    "pro-futures": Case("XBTUSDTM", WsKey.FUTURES_PUBLIC_PRO_V2, None, None),
}
CALLED_FOR = [name for name, case in CASES.items() if case.path]
IN_STREAM = [name for name, case in CASES.items() if not case.path]


READS = (
    lambda book: book.best_bid,
    lambda book: book.best_ask,
    lambda book: book.spread,
    lambda book: book.mid,
    lambda book: book.is_crossed,
    lambda book: book.sequence,
    lambda book: book.depth(),
    lambda book: book.size_at("bid", 1),
)


class Desk(ExitStack):
    """An exchange that moves when it is told to, a client, a live book, and what was told of it."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case
        self.exchange = self.enter_context(Simulator(step_interval=3600, ticker_interval=0.0, limits="off"))
        self.client = self.enter_context(
            WebsocketClient(**self.exchange.client_options(), reconnect_timeout=0.01, openings_per_minute=1000)
        )
        self.events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for name in ("gap", "stale", "reconnected", "exception"):
            self.client.on(name, self.events.put)
        self._seen = threading.Condition()
        self._prices = 0
        self.book = self.open()

    def open(self) -> LiveBook:
        case = self.case
        return self.client.order_book(case.symbol, case.ws_key, depth=case.depth, on_change=self._changed)

    def _changed(self, best: BookSnapshot) -> None:
        with self._seen:
            self._seen.notify_all()

    def event(self, kind: type, timeout: float = PATIENCE) -> Any:
        """Wait for an event of a kind; others are passed over."""
        while True:
            event = self.events.get(timeout=timeout)
            if isinstance(event, kind):
                return event

    def order(self) -> None:
        """A bid at a price that nobody has bid."""
        self._prices += 1
        price = str(59000 + self._prices)
        if self.case.symbol == "BTC-USDT":
            self.exchange.counter_order("BTC-USDT", "buy", "0.01", price)
        else:
            self.exchange.counter_contract_order(self.case.symbol, "buy", 1, price)

    def lose_one(self) -> BookGap:
        """Let a message be lost, and others come until that shows."""
        self.exchange.drop_push(1, self.book.topic)
        for _ in range(1000):
            self.order()  # some are told in one message, so it may take several
            try:
                gap: BookGap = self.event(BookGap, 0.05)
            except queue.Empty:
                continue
            return gap
        raise AssertionError("no gap was seen")

    def get_snapshot(self) -> None:
        """Have the exchange answer a call for a snapshot."""
        rest = self.client.rest
        (rest.futures_book if "level2/snapshot" in str(self.case.path) else rest.book)(
            self.case.symbol, self.case.depth
        )

    def caught_up(self) -> BookSnapshot:
        """Wait until the book is where the exchange is; return it."""
        self.order()
        truth = self.exchange.book(self.case.symbol, ALL)
        self.wait_for_sequence(truth.sequence)
        return self.book.depth()

    def wait_for_sequence(self, sequence: int, other: LiveBook | None = None) -> None:
        """Wait until the book, or another one that was opened here, is so far."""
        book = other or self.book

        def is_there() -> bool:
            try:
                return book.sequence >= sequence
            except StaleBook:
                return False

        with self._seen:
            assert self._seen.wait_for(is_there, PATIENCE), book

    def publish(self, first: int, last: int, bids: list[list[str]]) -> None:
        """Push a change of bids that is none of the exchange's own."""
        if self.case.ws_key is WsKey.SPOT_PUBLIC_V1:
            changes = {"bids": [[price, size, str(last)] for price, size in bids], "asks": []}
            data: Any = {"changes": changes, "sequenceStart": first, "sequenceEnd": last, "symbol": "BTC-USDT"}
        elif self.case.ws_key is WsKey.FUTURES_PUBLIC_V1:
            assert first == last and len(bids) == 1
            data = {"sequence": last, "change": f"{bids[0][0]},buy,{bids[0][1]}"}
        else:
            data = {"s": self.case.symbol, "O": first, "C": last, "a": [], "b": bids}
        self.exchange.publish(self.book.topic, "delta", data)

    def check(self) -> None:
        """The book is what the exchange's is, level by level, as far as it is known."""
        view = self.caught_up()
        truth = self.exchange.book(self.case.symbol, ALL)
        assert view.sequence == truth.sequence
        assert view.bids == tuple(level for level in truth.bids if self.book.size_at("bid", level[0]) is not None)
        assert view.asks == tuple(level for level in truth.asks if self.book.size_at("ask", level[0]) is not None)
        assert len(view.bids) >= 5 and len(view.asks) >= 5


@pytest.fixture(params=CASES)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with Desk(CASES[request.param]) as desk:
        yield desk


def only(*names: str) -> pytest.MarkDecorator:
    """Run a test on these kinds of books."""
    return pytest.mark.parametrize("desk", names, indirect=True)


def test_a_live_book_is_the_exchanges_own(desk: Desk) -> None:
    for _ in range(20):
        desk.exchange.step_market(10)
        desk.check()
    book = desk.book
    best_bid, best_ask = book.best_bid, book.best_ask
    assert best_bid and best_ask
    assert book.spread == best_ask[0] - best_bid[0]
    assert book.mid == (best_ask[0] + best_bid[0]) / 2
    assert (book.depth(1).bids, book.depth(1).asks) == ((best_bid,), (best_ask,))
    assert book.size_at("ask", str(best_ask[0])) == best_ask[1]
    assert book.size_at("bid", best_ask[0]) == 0
    assert book.stats()["gaps"] == 0
    assert not book.is_crossed
    assert f"live, bid {best_bid[0]:f}, ask {best_ask[0]:f}" in repr(book)


def test_B01_a_lost_change_makes_the_book_stale_until_it_has_caught_up(desk: Desk) -> None:
    before = desk.caught_up().sequence
    gap = desk.lose_one()
    assert (gap.symbol, gap.ws_key) == (desk.case.symbol, str(desk.case.ws_key))
    assert before < gap.first_missing <= gap.last_missing
    assert desk.event(BookStale).reason == "gap"
    desk.book.wait_live(PATIENCE)
    desk.check()
    assert desk.book.stats()["gaps"] == 1


@only("spot")
def test_B01_a_gap_is_told_before_what_it_leads_to_whichever_thread_tells(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The book's own thread has something to tell while the reading thread has only told a half."""
    hub, emit = desk.client._hub, desk.client._hub.emit
    others: list[threading.Thread] = []

    def overtaken(name: str, event: Any) -> None:
        if name == "gap":
            others.append(threading.Thread(target=desk.book._keeper._tell, args=(Step.KEPT,)))
            others[-1].start()
            others[-1].join(PATIENCE)
        emit(name, event)

    desk.caught_up()
    monkeypatch.setattr(hub, "emit", overtaken)
    desk.lose_one()
    assert desk.event(BookStale).reason == "gap"
    assert others and not any(thread.is_alive() for thread in others)


@pytest.mark.parametrize("fault", ["drop_push", "dup_push", "swap_pushes"])
def test_B01_B02_changes_are_lost_or_come_twice_or_late(desk: Desk, fault: str) -> None:
    getattr(desk.exchange, fault)(None, desk.book.topic, probability=0.2)
    for _ in range(15):
        desk.exchange.step_market(1)
        desk.order()
    desk.exchange.clear_faults()
    desk.check()


@only(*CALLED_FOR)
def test_B02_a_change_that_comes_twice_is_counted(desk: Desk) -> None:
    desk.exchange.dup_push(3, desk.book.topic)
    for _ in range(4):
        desk.check()
    assert (desk.book.stats()["ignored"], desk.book.stats()["gaps"]) == (3, 0)


@only(*CALLED_FOR)
def test_B05_an_old_snapshot_is_fetched_again(desk: Desk) -> None:
    """As from a cache: the answer stays what it was before the changes."""
    desk.exchange.freeze_rest(str(desk.case.path), 2)
    desk.get_snapshot()  # what will be answered twice more
    desk.lose_one()
    desk.book.wait_live(PATIENCE)
    assert desk.book.stats()["too_old"] == 2
    desk.check()


@only(*CALLED_FOR)
def test_B05_a_snapshot_newer_than_all_changes_at_hand_stands_alone(desk: Desk) -> None:
    """The changes before it come later than the answer, and are not applied again."""
    desk.exchange.hold_pushes(desk.book.topic)
    for _ in range(3):
        desk.order()
    with desk.open() as late:
        assert late.sequence == desk.exchange.book(desk.case.symbol).sequence > desk.book.sequence
        desk.exchange.release_pushes()
        desk.check()
        desk.wait_for_sequence(desk.book.sequence, late)
        assert (late.depth().bids, late.stats()["gaps"]) == (desk.book.depth().bids, 0)


@only("spot", "futures")
def test_B05_snapshots_are_fetched_a_bounded_number_of_times(desk: Desk) -> None:
    """Then somebody is told, and the book waits; a new line ends that wait."""
    desk.exchange.freeze_rest(str(desk.case.path), 1000)
    desk.get_snapshot()
    desk.lose_one()
    trouble = desk.event(ExceptionRaised)
    assert (trouble.where, desk.book.stats()["too_old"]) == ("order book", live_book.MOST_SNAPSHOTS)
    assert desk.book.state is BookState.STALE
    with pytest.raises(DeadlineExceeded, match=r"not live in time: gap; the snapshot of .* is older than its changes"):
        desk.book.wait_live(0)
    desk.exchange.clear_faults()
    desk.exchange.cut()
    desk.book.wait_live(PATIENCE)
    desk.check()


def test_B06_a_book_that_stays_crossed_is_fetched_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.book._keeper.synced, "_patience", 0.05)
    sequence = desk.caught_up().sequence
    desk.publish(sequence + 1, sequence + 1, [["70000", "1"]])
    desk.wait_for_sequence(sequence + 1)
    desk.order()  # the exchange's own change of that number comes too late
    assert desk.event(BookStale).reason == "crossed"
    desk.book.wait_live(PATIENCE)
    desk.check()


@only("spot", "futures", "pro-spot")
def test_B09_a_book_is_stale_from_the_loss_of_its_line_until_it_has_caught_up(desk: Desk) -> None:
    desk.exchange.refuse_upgrade(503, None, retry_after=0)
    desk.exchange.cut()
    assert desk.event(BookStale).reason == "the line was lost"
    assert (desk.book.state, desk.book.is_live) == (BookState.STALE, False)
    for read in READS:
        with pytest.raises(StaleBook, match="is stale: the line was lost"):
            read(desk.book)
    assert "stale: the line was lost" in repr(desk.book)
    desk.order()
    desk.exchange.clear_faults()
    desk.book.wait_live(PATIENCE)
    desk.check()


@only("spot", "futures")
def test_B09_a_line_that_is_back_makes_no_book_live_without_a_snapshot(desk: Desk) -> None:
    desk.exchange.refuse_rest(desk.case.path, status=500, count=None)
    desk.exchange.cut("v1")
    desk.event(Reconnected)
    desk.order()
    assert desk.book.state is BookState.STALE
    desk.exchange.clear_faults()
    desk.book.wait_live(PATIENCE)
    desk.check()


@only(*IN_STREAM)
def test_B09_changes_that_come_before_the_snapshot_wait_for_it(desk: Desk) -> None:
    desk.exchange.hold_snapshots()
    desk.exchange.cut("pro_v2")
    desk.event(Reconnected)
    with desk.client.stream(desk.book.topic, desk.case.ws_key) as changes:
        desk.order()
        assert changes.get(PATIENCE).subject == "delta"
        assert desk.book.state is BookState.STALE
        assert desk.exchange.release_snapshots()
        desk.book.wait_live(PATIENCE)
    desk.check()


def test_B09_many_lines_are_lost_one_after_the_other(desk: Desk) -> None:
    for _ in range(5):
        desk.exchange.cut()
        desk.exchange.step_market(2)
        desk.event(BookStale)
        desk.book.wait_live(PATIENCE)
        desk.check()


@only("spot", "pro-spot")
def test_B10_ten_thousand_levels_come_and_go_as_a_whole(desk: Desk) -> None:
    """A reader on another thread sees the book before or after, and nothing between."""
    sequence = desk.caught_up().sequence
    seen: set[int] = {len(desk.book.depth().bids)}
    before = next(iter(seen))
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(len(desk.book.depth().bids))

    reader = background(read)
    levels = [[f"{1 + n}", "1"] for n in range(10_000)]
    desk.publish(sequence + 1, sequence + 1, levels)
    desk.wait_for_sequence(sequence + 1)
    desk.publish(sequence + 2, sequence + 2, [[price, "0"] for price, _ in levels])
    desk.wait_for_sequence(sequence + 2)
    done.set()
    reader.result()
    assert seen <= {before, before + 10_000}
    assert len(desk.book.depth().bids) == before


@only("spot", "pro-spot")
def test_B10_a_call_auction_and_its_end_leave_the_book_right(desk: Desk) -> None:
    desk.exchange.start_call_auction("BTC-USDT")
    desk.order()
    desk.exchange.counter_order("BTC-USDT", "sell", "0.01", "58000")
    desk.exchange.end_call_auction("BTC-USDT")
    desk.book.wait_live(PATIENCE)
    desk.check()


def test_a_message_that_makes_no_sense_makes_the_book_stale_and_no_more(desk: Desk) -> None:
    """Nobody knows what it changed."""
    desk.exchange.publish(desk.book.topic, "delta", {"O": "x", "s": desk.case.symbol})
    assert "cannot be read" in str(desk.event(ExceptionRaised).error)
    assert desk.event(BookStale).reason == "a message could not be read"
    desk.book.wait_live(PATIENCE)
    desk.check()


@only("spot")
def test_a_snapshot_asked_for_before_a_message_that_was_not_understood_is_not_taken(desk: Desk) -> None:
    """What that message changed may not be in it."""
    keeper, fetched = desk.book._keeper, []
    fetch = keeper.feed.fetch
    assert fetch is not None

    def fetch_while_it_comes() -> BookSnapshot:
        fetched.append(fetch())
        if len(fetched) == 1:
            desk.exchange.publish(desk.book.topic, "delta", {})
            desk.event(ExceptionRaised)
            with keeper.lock:
                keeper._changed.wait_for(lambda: keeper._line == 1, PATIENCE)
        return fetched[-1]

    keeper.feed = attrs.evolve(keeper.feed, fetch=fetch_while_it_comes)
    desk.lose_one()
    desk.book.wait_live(PATIENCE)
    assert (len(fetched), desk.book.stats()["snapshots"]) == (2, 2)  # with the very first one
    desk.check()


@only("spot")
def test_a_slow_listener_is_called_once_for_several_changes(desk: Desk) -> None:
    calls: queue.SimpleQueue[BookSnapshot] = queue.SimpleQueue()
    go_on = threading.Event()

    def slow(best: BookSnapshot) -> None:
        calls.put(best)
        assert go_on.wait(PATIENCE)

    with (
        desk.client.order_book("BTC-USDT", on_change=slow),
        desk.client.stream(desk.book.topic, desk.case.ws_key) as changes,
    ):
        calls.get(timeout=PATIENCE)  # the listener holds its thread now
        for _ in range(20):
            desk.order()
        last = desk.exchange.book("BTC-USDT").sequence
        while (changes.get(PATIENCE).sequence or 0) < last:
            pass  # the books get each message before this stream does
        go_on.set()
        assert calls.get(timeout=PATIENCE).sequence == last
        desk.check()
        assert calls.qsize() <= 1  # of the change that the check made


@only(*IN_STREAM)
def test_a_book_is_stale_while_another_one_has_its_topic_subscribed_anew(desk: Desk) -> None:
    """Changes are missing in between."""
    with desk.open():
        assert desk.event(BookStale).reason == "the topic is subscribed anew"
        desk.book.wait_live(PATIENCE)
        desk.check()


def test_two_books_of_one_symbol_do_not_disturb_each_other(desk: Desk) -> None:
    with desk.open() as other:
        desk.book.wait_live(PATIENCE)
        desk.check()
        desk.wait_for_sequence(desk.book.sequence, other)
        assert other.depth() == desk.book.depth()
    with pytest.raises(ClosedError):
        other.depth()
    desk.check()


@only(*IN_STREAM)
def test_a_stream_of_the_same_topic_is_told_that_it_was_subscribed_anew(desk: Desk) -> None:
    with desk.client.stream(desk.book.topic, desk.case.ws_key) as changes:
        desk.lose_one()
        desk.book.wait_live(PATIENCE)
        update = changes.get(PATIENCE)
        while not update.gap_before:
            update = changes.get(PATIENCE)
        assert update.subject == "snapshot"


@only("spot-100")
def test_a_part_of_a_book_gets_more_levels_before_it_runs_out(desk: Desk) -> None:
    """And stays live meanwhile."""
    for price in range(50_000, 50_300):
        desk.exchange.counter_order("BTC-USDT", "buy", "0.01", str(price))
    desk.check()
    with desk.open() as part:
        known = part.depth().bids
        assert len(known) == 100
        assert part.size_at("bid", "50000") is None
        for price, size in known[:60]:
            desk.exchange.counter_order("BTC-USDT", "sell", str(size), str(price))
        desk.order()
        with desk._seen:
            assert desk._seen.wait_for(lambda: part.stats()["snapshots"] == 2, PATIENCE)
        desk.wait_for_sequence(desk.exchange.book("BTC-USDT").sequence, part)
        bids = part.depth().bids
        assert len(bids) >= 90
        assert bids == desk.exchange.book("BTC-USDT", ALL).bids[: len(bids)]
        assert (part.stats()["snapshots"], part.stats()["gaps"]) == (2, 0)
    assert desk.events.empty()  # none of them was stale


def test_a_closed_book_can_not_be_read(desk: Desk) -> None:
    desk.book.close()
    desk.book.close()
    for read in READS:
        with pytest.raises(ClosedError):
            read(desk.book)
    with pytest.raises(ClosedError):
        desk.book.wait_live(0)
    assert repr(desk.book).endswith(" closed>")
    assert not [t.name for t in threading.enumerate() if "book" in t.name]


def test_closing_the_client_ends_its_books(desk: Desk) -> None:
    desk.client.close()
    with pytest.raises(ClosedError):
        desk.book.depth()
    assert not [t.name for t in threading.enumerate() if "book" in t.name]


def test_a_listener_that_raises_or_closes_does_no_harm(desk: Desk) -> None:
    closed = threading.Event()

    def close(best: BookSnapshot) -> None:
        books.get(timeout=PATIENCE).close()
        closed.set()
        raise RuntimeError("of the user")

    books: queue.SimpleQueue[LiveBook] = queue.SimpleQueue()
    case = desk.case
    books.put(desk.client.order_book(case.symbol, case.ws_key, depth=case.depth, on_change=close))
    assert closed.wait(PATIENCE)
    assert str(desk.event(ExceptionRaised).error) == "of the user"
    desk.book.wait_live(PATIENCE)
    desk.check()


def test_a_book_that_need_not_be_waited_for_becomes_live_in_the_background(desk: Desk) -> None:
    case = desk.case
    with desk.client.order_book(case.symbol, case.ws_key, depth=case.depth, wait=False) as book:
        book.wait_live(PATIENCE)
        assert book.is_live


@only("futures")
def test_a_book_that_the_exchange_refuses_is_said_so_at_once(desk: Desk) -> None:
    with pytest.raises((RestError, SubscribeError)):
        desk.client.order_book("NOSUCH", WsKey.FUTURES_PUBLIC_V1)
    with pytest.raises((RestError, SubscribeError)):
        desk.client.order_book("NO-SUCH")
    desk.exchange.refuse_rest(desk.case.path, "400100", "no", 200)
    with pytest.raises(RestError, match="400100 no"):
        desk.client.order_book("ETHUSDTM")


@only("spot")
def test_arguments_are_checked_before_anything_is_sent(desk: Desk) -> None:
    order_book = desk.client.order_book
    calls: list[tuple[str, Any]] = [
        ("ws_key: spotPrivateV1 carries no order books", lambda: order_book("BTC-USDT", "spotPrivateV1")),
        ("ws_key: no connection", lambda: order_book("BTC-USDT", "nowhere")),
        ("depth: must be 20, 100, or None", lambda: order_book("BTC-USDT", depth=5)),
        ("depth: must be 1, 5, 50, or None", lambda: order_book("BTC-USDT", "spotPublicProV2", depth=100)),
        ("symbols: must be a spot symbol", lambda: order_book("XBTUSDTM", "spotPublicV1")),
        ("on_change: must be callable", lambda: order_book("BTC-USDT", on_change=5)),  # type: ignore[arg-type]
        ("timeout: must be", lambda: order_book("BTC-USDT", timeout=-1)),
        ("levels: must be", lambda: desk.book.depth(0)),
        ("side: must be", lambda: desk.book.size_at("buy", 1)),  # type: ignore[arg-type]
        ("price: must be a text, an int", lambda: desk.book.size_at("bid", 1.5)),  # type: ignore[arg-type]
        ("price: must be a number", lambda: desk.book.size_at("bid", "much")),
    ]
    for text, call in calls:
        with pytest.raises(ConfigError, match=text):
            call()


@pytest.mark.parametrize("depth", [1, 5, 50])
@only(*IN_STREAM)
def test_books_that_come_whole_are_as_the_last_of_them(desk: Desk, depth: int) -> None:
    with desk.client.order_book(desk.case.symbol, desk.case.ws_key, depth=depth) as book:
        expected = desk.book.depth(depth)
        assert (book.depth().bids, book.depth().asks) == (expected.bids, expected.asks)


def test_without_credentials_a_spot_book_is_the_best_hundred_levels() -> None:
    with Simulator(market_maker=False) as exchange:
        for price in range(50_000, 50_150):
            exchange.counter_order("BTC-USDT", "buy", "0.01", str(price))
        options = exchange.client_options()
        keys = ("api_key", "api_secret", "api_passphrase")
        public = {name: value for name, value in options.items() if name not in keys}
        with WebsocketClient(**public) as client, client.order_book("BTC-USDT") as book:
            assert len(book.depth().bids) == 100
            assert book.size_at("bid", Decimal(50_000)) is None


@only("spot")
def test_a_child_of_fork_is_refused_and_can_close_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as child:
        child.setattr(desk.client, "_pid", 0)
        for read in (*READS, lambda book: book.wait_live(0)):
            with pytest.raises(ForkedError):
                read(desk.book)
        assert repr(desk.book).endswith(" of another process>")
        desk.book.close()
    desk.check()


@pytest.mark.parametrize("name", ["spot", "pro-spot"])
def test_a_book_that_is_dropped_with_its_client_ends(name: str) -> None:
    """Its thread keeps neither of them alive."""
    case = CASES[name]
    with Simulator(market_maker=False) as exchange:
        client = WebsocketClient(**exchange.client_options())
        book = client.order_book(case.symbol, case.ws_key)
        threads = [thread for thread in threading.enumerate() if thread.name.startswith("kucoin-sync-")]
        assert "kucoin-sync-book-BTC-USDT" in [thread.name for thread in threads]
        with pytest.warns(ResourceWarning, match="was dropped without close"):
            del client, book
            gc.collect()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.mark.parametrize("name", CASES)
def test_a_listener_on_the_reading_thread_may_close_the_book(name: str) -> None:
    case, closed = CASES[name], threading.Event()
    books: queue.SimpleQueue[LiveBook] = queue.SimpleQueue()

    def close(best: BookSnapshot) -> None:
        with contextlib.suppress(queue.Empty):  # not there yet: the book became live while it was being made
            books.get_nowait().close()
            closed.set()

    with (
        Simulator() as exchange,
        WebsocketClient(**exchange.client_options(), inline_listeners=True) as client,
    ):
        book = client.order_book(case.symbol, case.ws_key, depth=case.depth, on_change=close)
        books.put(book)
        assert closed.wait(PATIENCE)
        with pytest.raises(ClosedError):
            book.wait_live(PATIENCE)
