"""What OKX's order book messages say to a local book, and local books against the simulator."""

from __future__ import annotations

import queue
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync import BookState, ConfigError, StaleBook
from kucoin_sync.books.live_book import UNREADABLE
from kucoin_sync.books.order_book import Applied, BookDelta, BookShape, OrderBook
from kucoin_sync.books.synced_book import Step, SyncedBook
from kucoin_sync.events import BookSnapshot
from kucoin_sync.okx import WebsocketClient
from kucoin_sync.okx.books import BOOK_CHANNELS, book_channel, checksum, read_book, read_number
from kucoin_sync.simulator import Simulator
from tests.okx.samples import exchange_frames

LIMIT = 5.0
CHAINED = BookShape(chained=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def message(previous: int, sequence: int, *bids: str, **changed: Any) -> list[dict[str, Any]]:
    """One push, whose bids have the size 1 unless they are called ``price:size``."""
    rows = [[*bid.partition(":")[::2], "0", "1"] for bid in bids]
    rows = [[price, size or "1", *rest] for price, size, *rest in rows]
    book = {"asks": [], "bids": rows, "ts": "1597026383085", "checksum": 0, "prevSeqId": previous, "seqId": sequence}
    return [{**book, **changed}]


def read(action: str | None, data: Any) -> Any:
    return read_book("BTC-USDT", action, data, read_number)


def test_a_snapshot_is_a_book_and_an_update_names_what_it_follows() -> None:
    assert read("snapshot", message(-1, 10, "8476.98:415")) == BookSnapshot(
        "BTC-USDT", 10, ((Decimal("8476.98"), Decimal(415)),), (), 1597026383085000000
    )
    assert read(None, message(-1, 10)) == read("snapshot", message(-1, 10))
    assert read("update", message(10, 15, "8476.98:0")) == BookDelta(
        11, 15, [(Decimal("8476.98"), Decimal(0), 15)], [], 1597026383085000000
    )


def test_numbers_that_jump_stand_still_and_begin_anew_are_one_chain() -> None:
    """The worked ids of the reference: snapshot, update, idle, reset, update."""
    synced = SyncedBook(CHAINED)
    assert synced.take_delta(read("update", message(3, 10, "1")), 0.0) is Step.KEPT
    assert synced.take_snapshot(read("snapshot", message(-1, 10, "5")), 0.0) is Step.WENT_LIVE
    for previous, sequence, bids in ((10, 15, ("6",)), (15, 15, ()), (15, 3, ("7",)), (3, 5, ("5:0",))):
        assert synced.take_delta(read("update", message(previous, sequence, *bids)), 0.0) is Step.CHANGED
    assert synced.book is not None
    assert [price for price, _ in synced.book.view(None).bids] == [7, 6]
    assert (synced.book.sequence, synced.gaps) == (5, 0)


@pytest.mark.parametrize("previous", [4, 9, 11])
def test_B01_any_other_number_is_a_gap_until_the_next_snapshot(previous: int) -> None:
    synced = SyncedBook(CHAINED)
    synced.take_snapshot(read("snapshot", message(-1, 10, "5")), 0.0)
    assert synced.take_delta(read("update", message(previous, 20, "6")), 0.0) is Step.WENT_STALE
    assert synced.take_delta(read("update", message(20, 21, "6")), 0.0) is Step.KEPT
    assert synced.take_snapshot(read("snapshot", message(-1, 8, "4")), 0.0) is Step.WENT_LIVE
    assert synced.take_snapshot(read("snapshot", message(-1, 8, "3")), 0.0) is Step.CHANGED
    assert synced.book is not None and synced.book.view(None).bids == ((Decimal(3), Decimal(1)),)


@pytest.mark.parametrize(
    ("bids", "asks", "value"),
    [
        ((("3366.1", "7"), ("3366", "6")), (("3366.8", "9"), ("3368", "8")), -1881014294),
        ((("3366.1", "7"),), (("3366.8", "9"), ("3368", "8"), ("3372", "8")), 831078360),
    ],
)
def test_B08_the_checksum_is_that_of_the_reference(bids: Any, asks: Any, value: int) -> None:
    sides = [[(Decimal(price), Decimal(size)) for price, size in side] for side in (bids, asks)]
    assert checksum(sides[0], sides[1]) == value


@pytest.mark.parametrize(
    "sample", exchange_frames(direction="server->client", channels=("books", "sprd-books", "bbo", "sprd-bbo"))
)
def test_every_book_of_the_exchange_is_read_and_its_checksum_fits(sample: Any) -> None:
    frame = sample.frame
    channel = frame["arg"]["channel"]
    found = read(frame.get("action"), frame["data"])
    assert isinstance(found, BookDelta if frame.get("action") == "update" else BookSnapshot)
    mark = frame["data"][0].get("checksum")
    if isinstance(found, BookSnapshot) and mark and len(found.bids) >= 25:
        book = OrderBook(found, BOOK_CHANNELS[channel])
        delta = BookDelta(found.sequence + 1, found.sequence + 1, [], [], 0, mark)
        assert book.apply(delta) is Applied.YES


@pytest.mark.parametrize(
    "data",
    [
        [],
        None,
        {},
        message(10, -1),
        message(10, 11, seqId=True),
        message(10, 11, prevSeqId=None),
        message(10, 11, asks=None),
        message(10, 11, "1:-1"),
        message(10, 11, "1e999:1"),
        message(10, 11, "NaN:1"),
        message(10, 11) * 2,
    ],
)
def test_what_makes_no_sense_is_no_change(data: Any) -> None:
    with pytest.raises(UNREADABLE):
        read("update", data)


@given(st.sampled_from(["update", "snapshot", None, "other"]), JSON)
def test_whatever_a_message_holds_is_read_or_is_an_error_that_the_book_knows(action: str | None, data: Any) -> None:
    """The reading thread hands them over: nothing else may be raised."""
    for each in (data, [data], [{"bids": data, "asks": data, "seqId": 1, "prevSeqId": 0}]):
        try:
            read(action, each)
        except UNREADABLE:
            pass


def test_a_book_has_a_channel_of_its_kind() -> None:
    assert book_channel("BTC-USDT", None) == {"channel": "books", "instId": "BTC-USDT"}
    assert book_channel("A-B_C-D", None) == {"channel": "sprd-books-l2-tbt", "sprdId": "A-B_C-D"}
    for symbol, channel in (("BTC-USDT", "sprd-books5"), ("A-B_C-D", "books5"), ("BTC-USDT", "tickers"), ("", None)):
        with pytest.raises(ConfigError):
            book_channel(symbol, channel)


# Against the simulator.


class Watched:
    """A live book that has seen a change, and what waits for it to hold something."""

    def __init__(self, exchange: Simulator, client: WebsocketClient, channel: str | None = None) -> None:
        self._changes: queue.Queue[Any] = queue.Queue()
        self.book = client.order_book("BTC-USDT", channel, on_change=self._changes.put, timeout=LIMIT)
        exchange.counter_order("BTC-USDT", "buy", "1", "59000")
        self.wait_for("59000")

    def wait_for(self, price: str | None) -> None:
        """Wait until there is a bid at a price, or none at all."""
        while not self._holds(price):
            self._changes.get(timeout=LIMIT)

    def _holds(self, price: str | None) -> bool:
        try:
            if price is None:
                return self.book.best_bid is None
            return self.book.size_at("bid", price) == Decimal(1)
        except StaleBook:
            return False


@pytest.fixture
def exchange() -> Any:
    with Simulator(exchange="okx", market_maker=False, limits="off") as exchange:
        yield exchange


@pytest.fixture
def client(exchange: Simulator) -> Any:
    options = {**exchange.client_options(), "reconnect_timeout": 0.01, "openings_per_minute": 1000}
    with WebsocketClient(**options) as client:
        yield client


@pytest.mark.parametrize("channel", ["books", "books-l2-tbt", "books50-l2-tbt", "books5", "bbo-tbt"])
def test_a_book_of_every_channel_follows_the_exchange(
    channel: str, exchange: Simulator, client: WebsocketClient
) -> None:
    watched = Watched(exchange, client, channel)
    book = watched.book
    assert book.best_bid == (Decimal(59000), Decimal(1))
    exchange.counter_order("BTC-USDT", "sell", "1", "59000")
    watched.wait_for(None)
    assert book.stats()["gaps"] == 0


def test_B01_a_missing_change_makes_the_book_stale_until_it_is_subscribed_anew(
    exchange: Simulator, client: WebsocketClient
) -> None:
    watched = Watched(exchange, client)
    book = watched.book
    exchange.drop_push(1, "books:BTC-USDT")
    exchange.counter_order("BTC-USDT", "buy", "1", "58000")
    exchange.wait_for(lambda _: not exchange.faults_in_force(), LIMIT)
    exchange.counter_order("BTC-USDT", "buy", "1", "57000")
    watched.wait_for("57000")
    assert book.size_at("bid", "58000") == Decimal(1)
    assert book.stats()["gaps"] == 1


def test_a_count_that_begins_anew_is_no_gap(exchange: Simulator, client: WebsocketClient) -> None:
    watched = Watched(exchange, client)
    book = watched.book
    before = book.sequence
    assert exchange.reset_books("BTC-USDT") == 1
    exchange.counter_order("BTC-USDT", "buy", "1", "57000")
    watched.wait_for("57000")
    assert (book.stats()["gaps"], book.stats()["snapshots"]) == (0, 1)
    assert book.sequence < before


def test_B09_a_lost_line_makes_a_book_stale_until_it_is_back(exchange: Simulator, client: WebsocketClient) -> None:
    watched = Watched(exchange, client)
    book = watched.book
    exchange.cut("public")
    exchange.counter_order("BTC-USDT", "buy", "1", "57000")
    watched.wait_for("57000")
    assert book.stats()["snapshots"] == 2


def test_a_line_that_is_handed_over_takes_the_book_along(exchange: Simulator, client: WebsocketClient) -> None:
    watched = Watched(exchange, client)
    book = watched.book
    exchange.service_notice(60.0, "public")
    exchange.wait_for(lambda _: exchange.opened("public") == 2 and exchange.connections("public") == 1, LIMIT)
    exchange.counter_order("BTC-USDT", "buy", "1", "57000")
    watched.wait_for("57000")
    assert book.state is BookState.LIVE
    assert (book.stats()["gaps"], book.stats()["snapshots"]) == (0, 2)
