"""Orders of unknown outcome on OKX: where they are looked for, and what is believed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.errors import ConfigError, ConnectError, RestError
from kucoin_sync.okx.instrument_book import InstrumentBook, types_of
from kucoin_sync.okx.lookups import MOST_PAGES, OkxLookUps
from kucoin_sync.okx.operations import OPERATIONS, OkxRules
from kucoin_sync.okx.order_states import state_of_item
from kucoin_sync.orders.lookup import Question, Sighting
from kucoin_sync.protocol.dialect import HttpCall
from tests.okx.order_samples import MISSING, samples
from tests.okx.rest_recorder import HOST, Recorder, refused

RULES = OkxRules(None)
SENT = 1_775_556_000_000
ROW = {
    "instId": "BTC-USDT",
    "ordId": "31",
    "clOrdId": "a1",
    "state": "live",
    "side": "buy",
    "ordType": "limit",
    "px": "30000",
    "sz": "0.01",
    "accFillSz": "0",
    "cTime": str(SENT + 100),
}
SPREAD_ROW = {**{name: value for name, value in ROW.items() if name != "instId"}, "sprdId": "X_Y"}
PLACE = {"instId": "BTC-USDT", "clOrdId": "a1", "side": "buy"}
CANCEL = {"instId": "BTC-USDT", "ordId": "31"}
AMEND = {**CANCEL, "newPx": "31000", "newSz": "0.02"}
NOT_FOUND = refused("51603", [])


class Exchange:
    """Tells its orders, live or done, one or many at a time."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = rows
        self.asked: list[str] = []

    def __call__(self, call: HttpCall) -> Any:
        path, _, query = call.url.removeprefix(HOST).partition("?")
        asked = dict(pair.split("=") for pair in query.split("&"))
        last = path.split("/")[-1]
        self.asked.append(last if "instType" not in asked else f"{last} {asked['instType']}")
        same = [
            row
            for row in self.rows
            if all(row.get(name) == asked[name] for name in ("instId", "ordId", "clOrdId", "sprdId") if name in asked)
        ]
        if last == "order":
            return same[:1] or NOT_FOUND
        return [row for row in same if (row["state"] in ("live", "partially_filled")) == (last == "orders-pending")]


def ask(op: str, args: dict[str, Any], *rows: dict[str, Any], since_ms: int = SENT) -> list[Sighting]:
    """Return what each way saw."""
    question = Question(RULES.operations[op], args, since_ms)
    ways = OkxLookUps(Recorder(answer=Exchange(*rows)).rest).ways(question)
    return [way.look(question, 5.0) for way in ways]


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("order", PLACE),
        ("cancel-order", CANCEL),
        ("cancel-order", {"instId": "BTC-USDT", "clOrdId": "a1"}),
        ("sprd-order", {"sprdId": "X_Y", "clOrdId": "a1", "side": "buy"}),
        ("sprd-cancel-order", {"clOrdId": "a1"}),
    ],
)
@pytest.mark.parametrize("state", ["live", "partially_filled", "filled", "canceled", "mmp_canceled"])
def test_O11_an_order_is_found_in_two_ways_however_it_stands(op: str, args: dict[str, Any], state: str) -> None:
    row = {**(SPREAD_ROW if op.startswith("sprd") else ROW), "state": state}
    seen = ask(op, args, row)
    assert len(seen) == 2
    for sighting in seen:
        assert sighting.order is not None
        assert sighting.order.order_id == "31"
        assert sighting.order.is_live == (state in ("live", "partially_filled"))


@pytest.mark.parametrize("op", ["order", "cancel-order", "amend-order", "sprd-order", "sprd-cancel-order"])
def test_O12_an_order_that_is_nowhere_is_seen_by_no_way(op: str) -> None:
    args = {"order": PLACE, "cancel-order": CANCEL, "amend-order": AMEND}.get(op, {"sprdId": "X_Y", "clOrdId": "a1"})
    assert ask(op, args) == [Sighting(), Sighting()]


def test_the_two_ways_are_different_calls_and_live_orders_come_before_done_ones() -> None:
    exchange = Exchange()
    question = Question(RULES.operations["order"], PLACE, SENT)
    for way in OkxLookUps(Recorder(answer=exchange).rest).ways(question):
        way.look(question, 5.0)
        assert way.reach < 7200, "the exchange says about two hours"
    assert exchange.asked == ["order", "orders-pending", "orders-history SPOT", "orders-history MARGIN"]


@pytest.mark.parametrize(
    "change",
    [{"cTime": str(SENT - 6000)}, {"side": "sell"}, {"clOrdId": "a2"}, {"instId": "ETH-USDT"}],
)
def test_an_older_order_or_another_one_under_the_id_is_not_ours(change: dict[str, str]) -> None:
    assert ask("order", PLACE, {**ROW, **change}) == [Sighting(), Sighting()]


def test_an_order_just_before_its_call_is_ours_for_clocks_are_not_that_exact() -> None:
    assert all(sighting.order for sighting in ask("order", PLACE, {**ROW, "cTime": str(SENT - 4000)}))


@pytest.mark.parametrize("args", [AMEND, {**AMEND, "ordId": None, "clOrdId": "a1"}])
def test_an_amendment_shows_in_the_order_itself(args: dict[str, Any]) -> None:
    """The id stays: whether the order has what was asked for tells."""
    args = {name: value for name, value in args.items() if value is not None}
    old = {**ROW, "cTime": str(SENT - 10**6)}
    for sighting in ask("amend-order", args, {**old, "px": "31000.0", "sz": "0.020"}):
        assert sighting.order is not None
    for change in ({}, {"px": "31000"}, {"sz": "0.02"}, {"state": "canceled"}):
        for sighting in ask("amend-order", args, {**old, **change}):
            assert sighting.order is None
            assert sighting.old is not None
            assert sighting.old.is_live == (change != {"state": "canceled"})


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("mass-cancel", {"instType": "OPTION", "instFamily": "BTC-USD"}),
        ("sprd-mass-cancel", {}),
        ("new-operation", {"instId": "X", "ordId": "1"}),
        ("order", {"instId": "BTC-USDT"}),
        ("cancel-order", {"ordId": "31"}),
        ("order", [PLACE]),
    ],
)
def test_what_names_no_order_cannot_be_looked_up(op: str, args: Any) -> None:
    question = Question(RULES.operations[op], args, SENT)
    assert OkxLookUps(Recorder([]).rest).ways(question) == ()


def looks(op: str, args: dict[str, Any], answer: Any) -> Any:
    question = Question(RULES.operations[op], args, SENT)
    recorder = Recorder(answer=answer if callable(answer) else lambda call: answer)
    return [lambda way=way: way.look(question, 5.0) for way in OkxLookUps(recorder.rest).ways(question)]


@pytest.mark.parametrize("answer", [refused("50026", []), refused("50011", [], 429), [{**ROW, "state": "new"}], [{}]])
def test_O14_a_look_up_that_could_not_look_raises_and_says_nothing_of_the_order(answer: Any) -> None:
    single, _ = looks("order", PLACE, answer)
    with pytest.raises(RestError):
        single()


def test_an_answer_about_another_order_is_no_answer() -> None:
    single, _ = looks("order", PLACE, [{**ROW, "clOrdId": "other"}])
    with pytest.raises(RestError, match="another order"):
        single()


def test_a_list_that_cannot_be_read_to_its_end_says_nothing_of_the_order() -> None:
    numbers = iter(range(10**6))

    def endless(call: HttpCall) -> Any:
        return [{**ROW, "ordId": str(next(numbers)), "clOrdId": "other"} for _ in range(100)]

    _, listed = looks("order", PLACE, endless)
    with pytest.raises(RestError, match="far enough"):
        listed()
    assert next(numbers) == 100 * MOST_PAGES
    _, stuck = looks("order", PLACE, [{**ROW, "clOrdId": "other"}] * 100)
    with pytest.raises(RestError, match="nowhere"):
        stuck()


# How an order stands.

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(ROW)), inner, max_size=6),
    max_leaves=8,
)


@given(changes=st.dictionaries(st.sampled_from(sorted(ROW)), JUNK), data=JUNK)
def test_whatever_comes_is_an_order_or_none(changes: dict[str, Any], data: Any) -> None:
    for item in ({**ROW, **changes}, data):
        state = state_of_item(item)
        assert state is None or (state.order_id and state.symbol and state.created_ms is not None)


PUSHES = [
    item
    for line in samples("orders", "server") + samples("sprd-orders", "server")
    for item in line["frame"].get("data", [])
    if line["channel"] in ("orders", "sprd-orders")
]
DETAILS = [row for line in samples("rest:GET /api/v5/trade/order") for row in line["frame"].get("data", [])]


@pytest.mark.skipif(not PUSHES, reason=MISSING)
def test_every_recorded_order_is_read() -> None:
    assert len(DETAILS) == 1
    orders = [row for row in [*PUSHES, *DETAILS] if "ordId" in row]
    assert len(orders) >= 6
    for row in orders:
        state = state_of_item(row)
        assert state is not None
        assert state.order_id == row["ordId"]
        assert state.symbol == row.get("instId", row.get("sprdId"))
        assert state.client_oid == (row["clOrdId"] or None)
        assert state.status == {"live": "live", "partially_filled": "live", "canceled": "cancelled"}.get(
            row["state"], row["state"]
        )


# Numbers of instruments.


@pytest.mark.parametrize(
    ("inst_id", "kinds"),
    [
        ("BTC-USDT", ("SPOT", "MARGIN")),
        ("BTC-USDT-SWAP", ("SWAP",)),
        ("BTC-USD-241227", ("FUTURES",)),
        ("BTC-USD-241227-50000-C", ("OPTION",)),
        ("BTC-USD-241227-50000-P", ("OPTION",)),
        ("BTC-ABOVE-100K-20260101-1600", ("EVENTS",)),
    ],
)
def test_the_form_of_an_id_shows_its_kind(inst_id: str, kinds: tuple[str, ...]) -> None:
    assert types_of(inst_id) == kinds


class Listing:
    """Lists instruments and keeps what was asked for."""

    def __init__(self, **numbers: Any) -> None:
        self.rows = [{"instId": name.replace("_", "-"), "instIdCode": number} for name, number in numbers.items()]
        self.asked: list[tuple[str, str | None]] = []

    def __call__(self, kind: str, family: str | None, seconds: float) -> Any:
        self.asked.append((kind, family))
        return self.rows


def complete(book: InstrumentBook, *orders: dict[str, Any], now: float = 0.0, wait: bool = True) -> list[Any]:
    book.complete(orders, now=now, deadline=Deadline(5.0), wait=wait)
    return [order.get("instIdCode") for order in orders]


def test_orders_get_the_number_of_their_instrument_from_a_list_that_is_fetched_once() -> None:
    listing = Listing(BTC_USDT=2021032622051187, ETH_USDT=0)
    book = InstrumentBook(listing)
    first, second = {"instId": "BTC-USDT"}, {"instId": "ETH-USDT"}
    assert complete(book, first, second) == [2021032622051187, 0]
    assert first["instId"] == "BTC-USDT"
    assert complete(book, {"instId": "BTC-USDT"}, now=10.0) == [2021032622051187]
    assert listing.asked == [("SPOT", None)]


def test_a_number_that_the_caller_gave_is_kept() -> None:
    listing = Listing()
    assert complete(InstrumentBook(listing), {"instIdCode": 7}, {"instId": "X", "instIdCode": 8}) == [7, 8]
    assert listing.asked == []


def test_options_are_listed_by_family() -> None:
    listing = Listing(BTC_USD_241227_50000_C=5)
    assert complete(InstrumentBook(listing), {"instId": "BTC-USD-241227-50000-C"}) == [5]
    assert listing.asked == [("OPTION", "BTC-USD")]


@pytest.mark.parametrize("number", [None, "7", 7.0, True])
def test_an_instrument_without_a_number_is_refused(number: Any) -> None:
    with pytest.raises(ConfigError, match=r"inst_id: .* no number for BTC-USDT"):
        complete(InstrumentBook(Listing(BTC_USDT=number)), {"instId": "BTC-USDT"})


def test_what_is_not_listed_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ConfigError, match="inst_id"):
        complete(InstrumentBook(Listing()), {"instId": "NO-SUCH"})
    with pytest.raises(ConfigError, match="inst_id_code"):
        complete(InstrumentBook(Listing()), {"instId": "SOME-EVENT-OF-ANOTHER-FORM"})


def test_a_caller_who_does_not_wait_takes_what_is_there() -> None:
    book = InstrumentBook(Listing(BTC_USDT=1))
    with pytest.raises(ConnectError, match="connect first"):
        complete(book, {"instId": "BTC-USDT"}, wait=False)
    book.load("BTC-USDT", now=0.0, deadline=Deadline(5.0))
    assert complete(book, {"instId": "BTC-USDT"}, wait=False) == [1]


def test_operations_that_name_instruments_say_so() -> None:
    named = {name for name, row in OPERATIONS.items() if row.takes_instruments}
    assert named == {name for name in OPERATIONS if "sprd" not in name and name != "mass-cancel"}
