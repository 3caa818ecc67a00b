"""What look-ups ask for and what they make of the answers: what counts as "not there", and what does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kucoin_sync import DeadlineExceeded, RestError
from kucoin_sync.engine.rest import NoAnswer
from kucoin_sync.fates import OrderState
from kucoin_sync.kucoin.lookups import CLOCK_SLACK_MS, KucoinLookUps
from kucoin_sync.kucoin.operations import OPERATIONS, KucoinRules
from kucoin_sync.kucoin.order_states import state_of_event, state_of_order
from kucoin_sync.orders.lookup import LookUp, Question, Sighting
from kucoin_sync.protocol.dialect import HttpAnswer, HttpCall
from tests.kucoin.rest_recorder import Recorder
from tests.kucoin.samples import MISSING, folder

RULES = KucoinRules(None)
SINCE = 1_760_000_000_000
DAY = 86_400

SPOT_ARGS = {"symbol": "BTC-USDT", "side": "buy", "clientOid": "mine"}
FUTURES_ARGS = {"symbol": "XBTUSDTM", "side": "buy", "clientOid": "mine"}
ORDER: dict[str, Any] = {
    "id": "o1",
    "clientOid": "mine",
    "symbol": "BTC-USDT",
    "side": "buy",
    "type": "limit",
    "price": "20000",
    "size": "0.001",
    "dealSize": "0.0004",
    "active": True,
    "cancelExist": False,
    "tradeType": "TRADE",
    "createdAt": SINCE + 50,
}
FUTURES_ORDER: dict[str, Any] = {
    **{name: value for name, value in ORDER.items() if name not in ("active", "tradeType")},
    "symbol": "XBTUSDTM",
    "size": 3,
    "dealSize": 1,
    "isActive": True,
    "status": "open",
    "endAt": None,
    "orderTime": (SINCE + 50) * 1_000_000,
}


def question(op: str, args: Any) -> Question:
    return Question(RULES.operations[op], args, SINCE)


def ways(recorder: Recorder, op: str, args: Any) -> list[LookUp]:
    return list(KucoinLookUps(recorder.rest).ways(question(op, args)))


def look(recorder: Recorder, op: str, args: Any, way: int, timeout: float = 5.0) -> Sighting:
    return ways(recorder, op, args)[way].look(question(op, args), timeout)


def no(code: str, message: str, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, {}, json.dumps({"code": code, "msg": message}).encode())


def asked(recorder: Recorder) -> list[tuple[str, dict[str, str]]]:
    """Return path and parameters of each call."""
    parts = [urlsplit(call.url) for call in recorder.calls]
    return [(part.path, {name: values[0] for name, values in parse_qs(part.query).items()}) for part in parts]


def by_path(answers: dict[str, Any]) -> Callable[[HttpCall], Any]:
    """Answer by the last part of the path; an empty list of the right form else."""

    def answer(call: HttpCall) -> Any:
        path = urlsplit(call.url).path
        for end, data in answers.items():
            if path.endswith(end):
                return data(call) if callable(data) else data
        return {"items": [], "lastId": 0, "totalNum": 0, "totalPage": 0} if path.endswith(PAGED) else []

    return answer


PAGED = ("/orders/done", "/v1/orders", "/stopOrders")


# What is asked for.

PLACED = [
    ("spot.order", SPOT_ARGS, "/api/v1/hf/orders/client-order/mine"),
    ("spot.sync_order", SPOT_ARGS, "/api/v1/hf/orders/client-order/mine"),
    ("margin.order", SPOT_ARGS, "/api/v3/hf/margin/orders/client-order/mine"),
    ("futures.order", FUTURES_ARGS, "/api/v1/orders/byClientOid"),
    ("futures.multi_order", FUTURES_ARGS, "/api/v1/orders/byClientOid"),
]


@pytest.mark.parametrize(("op", "args", "path"), PLACED)
def test_O11_an_order_is_asked_for_by_its_client_order_id(op: str, args: Any, path: str) -> None:
    recorder = Recorder(no("1", "no"))
    with pytest.raises(RestError):
        look(recorder, op, args, 0)
    assert [asked_path for asked_path, _ in asked(recorder)] == [path]


def test_O11_lists_are_asked_for_what_was_made_since_the_call() -> None:
    recorder = Recorder(answer=by_path({}))
    assert look(recorder, "spot.order", SPOT_ARGS, 1) == Sighting()
    assert asked(recorder) == [
        ("/api/v1/hf/orders/active", {"symbol": "BTC-USDT"}),
        ("/api/v1/hf/orders/done", {"symbol": "BTC-USDT", "startAt": str(SINCE - CLOCK_SLACK_MS), "limit": "100"}),
    ]


def test_O11_the_order_of_a_cancel_is_asked_for_as_far_back_as_there_is_any() -> None:
    recorder = Recorder(answer=by_path({}))
    assert look(recorder, "spot.cancel", {"symbol": "BTC-USDT", "orderId": "o1"}, 1) == Sighting()
    assert asked(recorder)[1] == ("/api/v1/hf/orders/done", {"symbol": "BTC-USDT", "limit": "100"})


@pytest.mark.parametrize(
    ("op", "more", "trade_types"),
    [
        ("margin.order", {}, ["MARGIN_TRADE"]),
        ("margin.order", {"isIsolated": False}, ["MARGIN_TRADE"]),
        ("margin.order", {"isIsolated": True}, ["MARGIN_ISOLATED_TRADE"]),
        ("margin.cancel", {}, ["MARGIN_TRADE", "MARGIN_ISOLATED_TRADE"]),
    ],
)
def test_O11_margin_lists_are_those_the_order_can_be_on(op: str, more: Any, trade_types: list[str]) -> None:
    recorder = Recorder(answer=by_path({}))
    assert look(recorder, op, {**SPOT_ARGS, **more}, 1) == Sighting()
    assert [query["tradeType"] for _, query in asked(recorder)] == trade_types * 2


@pytest.mark.parametrize(
    ("op", "args", "waiting"),
    [
        ("futures.order", FUTURES_ARGS, False),
        ("futures.order", {**FUTURES_ARGS, "stop": "up"}, True),
        ("futures.cancel", {"orderId": "o1"}, True),
    ],
)
def test_O11_stop_orders_that_wait_are_asked_for_where_it_can_be_one(op: str, args: Any, waiting: bool) -> None:
    recorder = Recorder(answer=by_path({}))
    assert look(recorder, op, args, 1) == Sighting()
    paths = ["/api/v1/stopOrders"] * waiting + ["/api/v1/orders", "/api/v1/recentDoneOrders"]
    assert [path for path, _ in asked(recorder)] == paths


@pytest.mark.parametrize("op", [op for op in OPERATIONS if op.startswith(("spot.", "margin.", "futures."))])
def test_O11_the_look_up_that_denies_orders_which_are_over_is_never_made(op: str) -> None:
    args = {**SPOT_ARGS, "orderId": "o1", "newPrice": "1"}
    recorder = Recorder(answer=by_path({"/o1": no("400100", "order not exist."), "/mine": ORDER}))
    for way in ways(recorder, op, args):
        try:
            way.look(question(op, args), 5.0)
        except RestError:
            pass
    assert len(recorder.calls) >= 2
    assert [path for path, _ in asked(recorder) if path.startswith("/api/v1/order/")] == []


# What says that there is none.

NOT_THERE = [
    ("spot.order", "400100", "order not exist."),
    ("spot.order", "400100", "Order not exist"),
    ("spot.order", "400100", "order_not_exist"),
    ("margin.order", "126043", ""),
    ("margin.order", "400100", "order not exist."),
    ("futures.order", "100001", "error.getOrder.orderNotExist"),
]
NO_ANSWER = [
    ("spot.order", "400100", "symbol is invalid"),
    ("spot.order", "900001", "symbol not exist"),
    ("spot.order", "126043", "order not exist"),
    ("spot.order", "404000", "Not Found"),
    ("spot.order", "200000", ""),
    ("margin.order", "135005", "order query failed"),
    ("margin.order", "400400", "service exception"),
    ("futures.order", "100001", "parameters invalid"),
    ("futures.order", "100004", "order is not in a cancelable state"),
    ("futures.order", "400100", "order not exist."),
    *((op, code, "order") for op in ("spot.order", "margin.order", "futures.order") for code in ("429000", "500000")),
]


@pytest.mark.parametrize(("op", "code", "message"), NOT_THERE)
@pytest.mark.parametrize("status", [200, 400])
def test_O12_what_says_that_there_is_no_order_is_known_by_code_and_words(
    op: str, code: str, message: str, status: int
) -> None:
    args = FUTURES_ARGS if op.startswith("futures") else SPOT_ARGS
    assert look(Recorder(no(code, message, status)), op, args, 0) == Sighting()


@pytest.mark.parametrize(("op", "code", "message"), NO_ANSWER)
def test_O14_whatever_else_is_said_is_a_look_up_that_failed(op: str, code: str, message: str) -> None:
    args = FUTURES_ARGS if op.startswith("futures") else SPOT_ARGS
    with pytest.raises(RestError):
        look(Recorder(no(code, message)), op, args, 0)


@pytest.mark.parametrize(
    "data", [None, {}, [], "o1", {**ORDER, "clientOid": "other"}, {**ORDER, "active": None}, {**ORDER, "createdAt": 0}]
)
def test_O12_an_answer_that_shows_no_order_does_not_say_that_there_is_none(data: Any) -> None:
    with pytest.raises(RestError):
        look(Recorder(data), "spot.order", SPOT_ARGS, 0)


@pytest.mark.parametrize("data", [None, {}, {"items": None}, {"items": [1]}, {"items": [ORDER], "lastId": "7"}])
def test_O12_a_list_that_cannot_be_read_does_not_say_that_there_is_none(data: Any) -> None:
    recorder = Recorder(answer=by_path({"/done": data}))
    with pytest.raises(RestError):
        look(recorder, "spot.order", {**SPOT_ARGS, "clientOid": "nobody"}, 1)


def test_O12_an_unreadable_order_of_others_does_no_harm() -> None:
    recorder = Recorder(answer=by_path({"/active": [{"clientOid": "other"}, ORDER]}))
    order = look(recorder, "spot.order", SPOT_ARGS, 1).order
    assert order is not None and order.order_id == "o1"


@pytest.mark.parametrize("way", [0, 1])
@pytest.mark.parametrize(
    ("age", "is_seen"), [(-60_000, True), (0, True), (CLOCK_SLACK_MS, True), (CLOCK_SLACK_MS + 1, False)]
)
def test_O12_an_order_made_before_its_call_is_not_the_one_of_the_call(age: int, is_seen: bool, way: int) -> None:
    row = {**ORDER, "createdAt": SINCE - age}
    recorder = Recorder(answer=by_path({"/mine": row, "/active": [row]}))
    assert (look(recorder, "spot.order", SPOT_ARGS, way).order is not None) is is_seen


# Long lists.


def numbered(first: int, count: int) -> list[dict[str, Any]]:
    return [{**ORDER, "id": f"o{number}", "clientOid": f"c{number}"} for number in range(first, first + count)]


def batches(*parts: tuple[int, list[dict[str, Any]]]) -> Callable[[HttpCall], Any]:
    """Answer with one part after the other, each with its ``lastId``."""
    left = list(parts)
    return lambda call: (lambda part: {"lastId": part[0], "items": part[1]})(left.pop(0))


@pytest.mark.parametrize(
    "parts",
    [
        [(9, numbered(0, 100)), (8, [ORDER])],
        [(9, numbered(0, 3)), (8, [ORDER])],  # a short one need not be the last
        [(9, numbered(0, 100)), (9, [*numbered(99, 1), ORDER])],
    ],
)
def test_O11_batches_are_read_on_from_the_last_one(parts: list[Any]) -> None:
    recorder = Recorder(answer=by_path({"/done": batches(*parts)}))
    order = look(recorder, "spot.order", SPOT_ARGS, 1).order
    assert order is not None and order.order_id == "o1"
    assert [query.get("lastId") for _, query in asked(recorder)] == [None, None, "9"]


@pytest.mark.parametrize(
    "parts",
    [
        [(0, [])],
        [(0, numbered(0, 2))],
        [(9, numbered(0, 100)), (0, [])],
        [(9, numbered(0, 100)), (9, numbered(99, 1))],  # the last order is told again
    ],
)
def test_O12_a_list_read_to_its_end_says_that_there_is_none(parts: list[Any]) -> None:
    recorder = Recorder(answer=by_path({"/done": batches(*parts)}))
    assert look(recorder, "spot.order", SPOT_ARGS, 1) == Sighting()
    assert len(recorder.calls) == 1 + len(parts)


@pytest.mark.parametrize(("op", "batches_read"), [("spot.order", 140), ("margin.order", 40)])
def test_O12_a_list_without_end_does_not_say_that_there_is_none(op: str, batches_read: int) -> None:
    numbers: Iterator[int] = iter(range(10**6, 0, -1))
    recorder = Recorder(answer=by_path({"/done": lambda call: {"lastId": next(numbers), "items": numbered(0, 100)}}))
    with pytest.raises(RestError, match="could not look far enough"):
        look(recorder, op, SPOT_ARGS, 1)
    assert len(recorder.calls) == 1 + batches_read


# Done orders of some time only.

UNTIL = SINCE + 400
BOUND = UNTIL + CLOCK_SLACK_MS
OURS = {**ORDER, "tradeType": "MARGIN_TRADE"}


def of_some_time(within: list[dict[str, Any]], since: list[dict[str, Any]]) -> Callable[[HttpCall], Any]:
    """Answer a list with an end with the first rows, one without with the others."""
    return lambda call: {"lastId": 0, "items": within if "endAt=" in call.url else since}


def look_until(lookups: KucoinLookUps, op: str, until_ms: int | None = UNTIL) -> Sighting:
    asking = Question(RULES.operations[op], SPOT_ARGS, SINCE, until_ms=until_ms)
    return lookups.ways(asking)[1].look(asking, 5.0)


def ends_asked(recorder: Recorder) -> list[str | None]:
    """Return the ``endAt`` of each list of done orders that was asked for since the last time."""
    ends = [query.get("endAt") for path, query in asked(recorder) if path.endswith("/done")]
    recorder.calls.clear()
    return ends


every_list = pytest.mark.parametrize("op", ["spot.order", "margin.order"])


@every_list
def test_O12_once_the_end_of_a_list_is_known_to_be_about_creation_no_more_is_read(op: str) -> None:
    """An order that ended after the list's end shows it, for this look-up and all after it."""
    rows = [{**ORDER, "id": "o2", "clientOid": "other", "lastUpdatedAt": BOUND + 1}]
    recorder = Recorder(answer=by_path({"/done": of_some_time(rows, [OURS])}))
    lookups = KucoinLookUps(recorder.rest)
    assert look_until(lookups, op) == Sighting()
    assert ends_asked(recorder) == [str(BOUND)]
    rows.clear()
    assert look_until(lookups, op) == Sighting()
    assert ends_asked(recorder) == [str(BOUND)]


@every_list
@pytest.mark.parametrize("ended", [BOUND, None, "soon"])
def test_O12_a_list_that_may_be_about_when_orders_ended_is_not_enough(op: str, ended: Any) -> None:
    rows = [{**ORDER, "id": "o2", "clientOid": "other", "lastUpdatedAt": ended}]
    recorder = Recorder(answer=by_path({"/done": of_some_time(rows, [OURS])}))
    order = look_until(KucoinLookUps(recorder.rest), op).order
    assert order is not None and order.order_id == "o1"
    assert ends_asked(recorder) == [str(BOUND), None]


@every_list
def test_O12_an_order_that_may_come_at_any_time_is_looked_for_among_all(op: str) -> None:
    recorder = Recorder(answer=by_path({"/done": of_some_time([], [OURS])}))
    assert look_until(KucoinLookUps(recorder.rest), op, None).order is not None
    assert ends_asked(recorder) == [None]


@pytest.mark.parametrize(
    ("op", "args", "path", "answer", "calls"),
    [
        ("spot.cancel", SPOT_ARGS, "/done", lambda call: {"lastId": 9 + len(call.url), "items": numbered(0, 100)}, 4),
        ("futures.cancel", FUTURES_ARGS, "/recentDoneOrders", lambda call: numbered(0, 1000), 3),
    ],
    ids=["spot", "futures"],
)
def test_O12_a_cancel_asks_whether_an_order_is_live_and_not_for_all_that_are_done(
    op: str, args: Any, path: str, answer: Callable[[HttpCall], Any], calls: int
) -> None:
    """On a busy account there are more of them than can be read, and one that is done cannot be cancelled."""
    recorder = Recorder(answer=by_path({path: answer}))
    assert look(recorder, op, args, 1) == Sighting()
    assert len(recorder.calls) == calls


def page(number: int, pages: int, total: int, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"currentPage": number, "pageSize": 1000, "totalNum": total, "totalPage": pages, "items": items}


def pages(*parts: Any) -> Callable[[HttpCall], Any]:
    left = list(parts)
    return lambda call: left.pop(0) if len(left) > 1 else left[0]


def test_O11_pages_are_read_to_the_last() -> None:
    parts = pages(page(1, 2, 2, numbered(0, 1)), page(2, 2, 2, [FUTURES_ORDER]))
    recorder = Recorder(answer=by_path({"/v1/orders": parts}))
    order = look(recorder, "futures.order", FUTURES_ARGS, 1).order
    assert order is not None and order.order_id == "o1"
    assert [query["currentPage"] for _, query in asked(recorder)] == ["1", "2"]


def test_O12_pages_that_moved_while_they_were_read_say_nothing() -> None:
    """An order may have gone from the second page to the first."""
    parts = pages(page(1, 2, 1001, numbered(0, 1000)), page(2, 2, 1000, []))
    with pytest.raises(RestError, match="changed") as caught:
        look(Recorder(answer=by_path({"/v1/orders": parts})), "futures.order", FUTURES_ARGS, 1)
    assert caught.value.retryable


@pytest.mark.parametrize(
    "data", [{"items": []}, page(1, 99, 99_000, numbered(0, 2)), {**page(1, 1, 1, []), "items": 1}]
)
def test_O12_pages_that_cannot_be_read_to_the_end_say_nothing(data: Any) -> None:
    recorder = Recorder(answer=by_path({"/v1/orders": data}))
    with pytest.raises(RestError):
        look(recorder, "futures.order", FUTURES_ARGS, 1)
    assert len(recorder.calls) <= 10


def ended(count: int, end: int | None) -> list[dict[str, Any]]:
    return [{**FUTURES_ORDER, "id": f"o{n}", "clientOid": f"c{n}", "endAt": end} for n in range(count)]


@pytest.mark.parametrize(
    ("op", "rows", "says"),
    [
        ("futures.order", ended(999, SINCE), True),
        ("futures.order", ended(1000, None), False),
        ("futures.order", [*ended(999, SINCE), *ended(1, SINCE - 60_000)], True),
        ("futures.cancel", ended(999, SINCE), True),
        ("futures.cancel", [*ended(999, SINCE), *ended(1, SINCE - 60_000)], True),
    ],
    ids=["all", "full, no ends", "full, far back", "cancel, all", "cancel, full"],
)
def test_O12_a_full_list_of_done_orders_counts_if_it_goes_back_to_before_the_call(
    op: str, rows: list[Any], says: bool
) -> None:
    recorder = Recorder(answer=by_path({"/recentDoneOrders": rows}))
    if says:
        assert look(recorder, op, FUTURES_ARGS, 1) == Sighting()
    else:
        with pytest.raises(RestError, match="could not look far enough"):
            look(recorder, op, FUTURES_ARGS, 1)


class DoneOrders:
    """
    Serves a busy account's done futures orders: the last thousand that ended, and all of them by the time asked for.

    Args:
        orders: How many were made and ended after the call began, one every 10 ms; our own was the first of them.
        by: Which time ``startAt`` and ``endAt`` are about: ``createdAt`` or ``endAt``.
        exclusive: Whether an order at the end asked for is left out.
    """

    def __init__(self, orders: int, by: str = "endAt", *, exclusive: bool = False, has_ours: bool = True) -> None:
        made = [
            {**FUTURES_ORDER, "id": f"n{n}", "clientOid": f"c{n}", "createdAt": made, "endAt": made + 5}
            for n, made in enumerate(range(SINCE, SINCE + 10 * orders, 10))
        ]
        if has_ours:
            made[0] |= {"id": "o1", "clientOid": "mine"}
        self.newest, self._by, self._exclusive = made[::-1], by, exclusive
        self.recorder = Recorder(answer=by_path({"/recentDoneOrders": self.newest[:1000], "/v1/orders": self._page}))

    def _page(self, call: HttpCall) -> Any:
        query = {name: values[0] for name, values in parse_qs(urlsplit(call.url).query).items()}
        if query["status"] != "done":
            return page(1, 0, 0, [])
        start, end = int(query["startAt"]), int(query["endAt"]) - self._exclusive
        found = [row for row in self.newest if start <= row[self._by] <= end]
        return page(1, -(-len(found) // 1000), len(found), found[:1000])


@pytest.mark.parametrize("by", ["createdAt", "endAt"])
@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("orders", [1001, 3000, 7000])
def test_O11_an_order_before_the_last_thousand_is_found_whatever_a_lists_times_mean(
    by: str, exclusive: bool, orders: int
) -> None:
    done = DoneOrders(orders, by, exclusive=exclusive)
    order = look(done.recorder, "futures.order", FUTURES_ARGS, 1).order
    assert order is not None and order.order_id == "o1"


@pytest.mark.parametrize("by", ["createdAt", "endAt"])
@pytest.mark.parametrize(("orders", "lists"), [(1000, 1), (1999, 1), (2100, 3), (8000, 15)])
def test_O12_done_orders_before_the_last_thousand_are_read_in_parts_of_one_page(
    by: str, orders: int, lists: int
) -> None:
    done = DoneOrders(orders, by, has_ours=False)
    assert look(done.recorder, "futures.order", FUTURES_ARGS, 1) == Sighting()
    queries = [query for path, query in asked(done.recorder) if query.get("status") == "done"]
    assert len(queries) == lists
    assert {query.get("currentPage") for query in queries} == {"1"}


def test_O12_more_done_orders_than_can_be_read_say_nothing() -> None:
    done = DoneOrders(20_000, has_ours=False)
    with pytest.raises(RestError, match="could not look far enough"):
        look(done.recorder, "futures.order", FUTURES_ARGS, 1)
    assert len(done.recorder.calls) == 2 + 20


def test_O12_more_done_orders_in_a_moment_than_a_page_holds_say_nothing() -> None:
    rows = ended(1000, SINCE)
    full = by_path({"/recentDoneOrders": rows, "/v1/orders": lambda call: page(1, 2, 1001, rows)})

    def answer(call: HttpCall) -> Any:
        return page(1, 0, 0, []) if "status=active" in call.url else full(call)

    recorder = Recorder(answer=answer)
    with pytest.raises(RestError, match="could not look far enough"):
        look(recorder, "futures.order", FUTURES_ARGS, 1)
    assert len(recorder.calls) < 2 + 20


# Modified orders.


def test_O11_one_of_two_ids_that_is_unknown_says_nothing_about_a_change() -> None:
    recorder = Recorder(answer=by_path({"/o1": ORDER, "/client-order/mine": no("400100", "order not exist.")}))
    with pytest.raises(RestError, match="cannot tell"):
        look(recorder, "spot.modify", {"symbol": "BTC-USDT", "orderId": "o1", "newPrice": "1"}, 0)


def test_O11_an_old_order_that_was_read_before_the_change_is_read_again() -> None:
    old = pages(ORDER, {**ORDER, "active": False, "cancelExist": True})
    new = {**ORDER, "id": "o2", "price": "1"}
    recorder = Recorder(answer=by_path({"/o1": old, "/client-order/mine": new}))
    seen = look(recorder, "spot.modify", {"symbol": "BTC-USDT", "orderId": "o1", "newPrice": "1"}, 0)
    assert seen.order is not None and (seen.order.order_id, seen.order.status) == ("o2", "live")
    assert seen.old is not None and (seen.old.order_id, seen.old.status) == ("o1", "cancelled")


@pytest.mark.parametrize("way", [0, 1])
@pytest.mark.parametrize(("size", "is_seen"), [("0.003", True), ("0.0026", True), ("0.0025", False)])
def test_O11_a_new_size_may_or_may_not_count_what_was_filled_before(size: str, is_seen: bool, way: int) -> None:
    """Of the old order 0.0004 were filled."""
    old = {**ORDER, "active": False, "cancelExist": True}
    new = {**ORDER, "id": "o2", "size": size, "createdAt": SINCE + 60}
    answers = {"/o1": old, "/client-order/mine": new, "/active": [new], "/done": {"lastId": 0, "items": [old]}}
    args = {"symbol": "BTC-USDT", "orderId": "o1", "newSize": "0.003"}
    if way == 0 and not is_seen:
        with pytest.raises(RestError, match="cannot tell"):
            look(Recorder(answer=by_path(answers)), "spot.modify", args, way)
    else:
        seen = look(Recorder(answer=by_path(answers)), "spot.modify", args, way)
        assert (seen.order is not None, seen.old and seen.old.status) == (is_seen, "cancelled")


def test_O11_an_older_order_under_the_same_client_order_id_is_not_the_new_one() -> None:
    older = {**ORDER, "id": "o0", "price": "1", "createdAt": SINCE - 10**7}
    recorder = Recorder(answer=by_path({"/o1": ORDER, "/client-order/mine": older}))
    seen = look(recorder, "spot.modify", {"symbol": "BTC-USDT", "orderId": "o1", "newPrice": "1"}, 0)
    assert (seen.order, seen.old and seen.old.order_id) == (None, "o1")


# Time.


class Slow(Recorder):
    """A recorder whose calls take a second each, on a clock of its own; it keeps when each call had to be over."""

    def __init__(self, patch: pytest.MonkeyPatch, **how: Any) -> None:
        super().__init__(**how)
        self.now = 100.0
        self.ends: list[float] = []
        patch.setattr("kucoin_sync.engine.deadline.time", SimpleNamespace(monotonic=lambda: self.now))

    def call(self, call: HttpCall, *, deadline: Any = None, **how: Any) -> HttpAnswer:
        self.ends.append(deadline.at)
        self.now += 1.0
        return super().call(call, **how)


@pytest.mark.parametrize(
    ("op", "args", "way"),
    [
        ("spot.order", SPOT_ARGS, 1),
        ("margin.cancel", SPOT_ARGS, 1),
        ("futures.cancel", FUTURES_ARGS, 1),
        ("spot.modify", {**SPOT_ARGS, "newPrice": "1"}, 1),
        ("spot.modify", {"symbol": "BTC-USDT", "orderId": "o1", "newPrice": "1"}, 0),
        ("spot.modify", {"symbol": "BTC-USDT", "orderId": "o1", "newPrice": "1"}, 1),
    ],
)
def test_O14_all_calls_of_a_way_share_its_time(monkeypatch: pytest.MonkeyPatch, op: str, args: Any, way: int) -> None:
    answers = {"/o1": {**ORDER, "clientOid": None}, "/mine": no("400100", "order not exist.")}
    recorder = Slow(monkeypatch, answer=by_path(answers))
    look(recorder, op, args, way, timeout=7.0)
    assert len(recorder.ends) >= 2
    assert set(recorder.ends) == {107.0}


@pytest.mark.parametrize("way", [0, 1])
def test_O14_a_look_up_that_runs_out_of_time_says_so(way: int) -> None:
    with pytest.raises(DeadlineExceeded):
        look(Recorder(NoAnswer("no answer", "timeout")), "spot.order", SPOT_ARGS, way)


@pytest.mark.parametrize(
    ("op", "args", "days"),
    [
        ("spot.order", SPOT_ARGS, (2, 2)),
        ("spot.modify", SPOT_ARGS, (2, 2)),
        ("margin.cancel", SPOT_ARGS, (2, 2)),
        ("futures.order", FUTURES_ARGS, (7, 1)),
    ],
)
def test_O13_a_way_says_how_long_it_finds_an_order_that_is_over(op: str, args: Any, days: tuple[int, int]) -> None:
    assert tuple(way.reach / DAY for way in ways(Recorder(), op, args)) == days


@pytest.mark.parametrize(
    ("op", "args", "names"),
    [
        (
            "spot.order",
            SPOT_ARGS,
            ["GET /api/v1/hf/orders/client-order/{clientOid}", "GET /api/v1/hf/orders/active, /done"],
        ),
        (
            "futures.cancel",
            {"orderId": "o1"},
            ["GET /api/v1/orders/{orderId}", "GET /api/v1/orders, /recentDoneOrders"],
        ),
    ],
)
def test_a_way_is_named_by_its_calls(op: str, args: Any, names: list[str]) -> None:
    assert [way.name for way in ways(Recorder(), op, args)] == names


# Orders and events.


def state(**fields: Any) -> OrderState:
    known: dict[str, Any] = {
        "order_id": "o1",
        "client_oid": "mine",
        "symbol": "BTC-USDT",
        "status": "live",
        "side": "buy",
        "type": "limit",
        "price": Decimal(20000),
        "size": Decimal("0.001"),
        "filled_size": Decimal("0.0004"),
        "created_ms": SINCE + 50,
    }
    return OrderState(**{**known, **fields})


FUTURES_SIZES: dict[str, Any] = {"symbol": "XBTUSDTM", "size": Decimal(3), "filled_size": Decimal(1)}
DONE, CANCELLED = {"active": False}, {"active": False, "cancelExist": True}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (ORDER, state()),
        ({**ORDER, **DONE}, state(status="filled")),
        ({**ORDER, **CANCELLED}, state(status="cancelled")),
        ({**ORDER, "cancelExist": True}, state()),  # a part of it was cancelled
        (FUTURES_ORDER, state(**FUTURES_SIZES)),
        ({**FUTURES_ORDER, "isActive": False, "status": "done"}, state(**FUTURES_SIZES, status="filled")),
        ({**FUTURES_ORDER, "isActive": False, "cancelExist": True}, state(**FUTURES_SIZES, status="cancelled")),
        ({**ORDER, "clientOid": "", "price": "0", "size": "0"}, state(client_oid=None, price=None, size=None)),
        ({**ORDER, "createdAt": (SINCE + 50) * 10**6}, state()),
        (
            {"id": "o1", "symbol": "BTC-USDT", "active": True, "createdAt": SINCE + 50},
            OrderState("o1", None, "BTC-USDT", "live", created_ms=SINCE + 50),
        ),
    ],
)
def test_O11_an_order_of_rest_is_read(row: dict[str, Any], expected: OrderState) -> None:
    read = state_of_order(row)
    assert read == expected
    assert read.raw == row


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": 7},
        {"symbol": ""},
        {"active": None},
        {"active": "true"},
        {"active": 1},
        {"active": False, "cancelExist": None},
        {"createdAt": None},
    ],
    ids=str,
)
def test_O12_an_order_that_does_not_tell_how_it_stands_is_an_error(change: dict[str, Any]) -> None:
    with pytest.raises(RestError, match="another shape"):
        state_of_order({**ORDER, **change}, "GET /x")


EVENT: dict[str, Any] = {
    "orderId": "o1",
    "clientOid": "mine",
    "symbol": "BTC-USDT",
    "side": "buy",
    "orderType": "limit",
    "price": "20000",
    "originSize": "0.001",
    "size": "0.0007",
    "filledSize": "0.0004",
    "type": "open",
    "status": "open",
    "orderTime": SINCE + 50,
}


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("received", "new", "live"),
        ("open", "open", "live"),
        ("match", "match", "live"),
        ("match", "open", "live"),
        ("match", "done", "live"),
        ("update", "open", "live"),
        ("filled", "done", "filled"),
        ("canceled", "done", "cancelled"),
    ],
)
@pytest.mark.parametrize("unit", [1, 10**6], ids=["ms", "ns"])
def test_O11_an_event_of_an_order_is_read(kind: str, status: str, expected: str, unit: int) -> None:
    data = {**EVENT, "type": kind, "status": status, "orderTime": (SINCE + 50) * unit}
    read = state_of_event(data)
    assert read == state(status=expected)
    assert read is not None and read.raw == data


@pytest.mark.parametrize(
    "change", [{"type": "new_kind"}, {"type": None}, {"orderId": None}, {"symbol": None}, {"orderId": 7}], ids=str
)
def test_O11_what_is_no_event_of_an_order_shows_nothing(change: dict[str, Any]) -> None:
    assert state_of_event({**EVENT, **change}) is None


def test_O11_an_event_with_few_fields_is_read() -> None:
    """As the first one of an order is, and those of futures."""
    few = {"orderId": "o1", "symbol": "XBTUSDTM", "type": "match", "size": "3840", "filledSize": 1116}
    assert state_of_event(few) == OrderState(
        "o1", None, "XBTUSDTM", "live", size=Decimal(3840), filled_size=Decimal(1116)
    )


def test_O11_every_order_in_the_samples_of_rest_is_read() -> None:
    data = folder()
    if data is None:
        pytest.skip(MISSING)
    seen = set()
    for call in json.loads((data / "rest_endpoints.json").read_text(encoding="utf-8"))["endpoints"]:
        rows = call.get("response_example", {}).get("data")
        rows = rows.get("items", [rows]) if isinstance(rows, dict) else rows
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and {"cancelExist", "clientOid"} <= set(row):
                read = state_of_order(row)
                assert (read.order_id, read.client_oid) == (row["id"], row["clientOid"])
                assert read.created_ms == row["createdAt"]
                seen.add((call["path"], read.status))
    assert {status for _, status in seen} == {"live", "filled", "cancelled"}
    assert len(seen) >= 10


def test_O11_every_event_of_an_order_in_the_samples_is_read() -> None:
    data = folder()
    if data is None:
        pytest.skip(MISSING)
    seen = []
    for line in (data / "messages.jsonl").read_text(encoding="utf-8").splitlines():
        sample = json.loads(line)
        if "/tradeOrders" in sample["topic"]:
            payload = sample["frame"]["data"]
            read = state_of_event(payload)
            assert read is not None and read.order_id == payload["orderId"]
            assert read.created_ms is not None and 10**12 <= read.created_ms < 10**13
            seen.append(read.status)
    assert len(seen) >= 20
    assert set(seen) == {"live", "filled", "cancelled"}
