"""
Unknown orders and how their fate is found out, against the simulator, whose own record says what really happened.
"""

from __future__ import annotations

import pickle
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kucoin_sync import (
    Absent,
    Accepted,
    BatchFate,
    ClosedError,
    ConfigError,
    OrderAck,
    OutcomeUnknown,
    ReentrantCallError,
    Rejected,
    Resolved,
    StillUnknown,
)
from kucoin_sync.kucoin.order_lists import CLOCK_SLACK_MS
from kucoin_sync.simulator import Simulator
from tests.okx import test_okx_operations_simulated as okx
from tests.peers import background
from tests.sides import KUCOIN, OKX, Side, with_kucoin

SPOT: dict[str, Any] = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.001"}
FUTURES: dict[str, Any] = {
    "symbol": "XBTUSDTM",
    "side": "buy",
    "type": "limit",
    "price": "59000",
    "size": 1,
    "leverage": 5,
}
SHORT = 0.3
"""Seconds that a call waits for a reply that does not come."""
SETTLE = 0.2
PATIENCE = 20.0


@pytest.fixture
def exchange(side: Side) -> Iterator[Simulator]:
    with Simulator(**side.simulator, limits="off") as exchange:
        yield exchange


Connect = Callable[..., Any]


@pytest.fixture
def connect(side: Side, exchange: Simulator) -> Iterator[Connect]:
    """Makes clients and closes them after the test."""
    made: list[Any] = []

    def connect(**options: Any) -> Any:
        options = {"settle": SETTLE, "openings_per_minute": 1000, "reconnect_timeout": 0.01, **options}
        api = side.api_class(**{**exchange.client_options(), **options})
        made.append(api)
        return api

    yield connect
    for api in made:
        api.close()


@pytest.fixture
def api(connect: Connect) -> Any:
    api = connect()
    api.connect_ws_api()
    return api


def unknown(call: Callable[..., Any], *positional: Any, **arguments: Any) -> OutcomeUnknown:
    """Make a call whose reply is lost, and return what it raises."""
    with pytest.raises(OutcomeUnknown) as caught:
        call(*positional, **{"timeout": SHORT, **arguments})
    return caught.value


# Found.


PLACED: dict[str, tuple[Side, str, dict[str, Any]]] = {
    "spot.order": (KUCOIN, "submit_new_spot_order", SPOT),
    "spot.sync_order": (KUCOIN, "submit_sync_spot_order", SPOT),
    "margin.order": (KUCOIN, "submit_margin_order", SPOT),
    "margin.order, isolated": (KUCOIN, "submit_margin_order", {**SPOT, "is_isolated": True}),
    "futures.order": (KUCOIN, "submit_futures_order", FUTURES),
    "order": (OKX, "submit_new_order", okx.SPOT),
    "sprd-order": (OKX, "submit_spread_order", okx.SPREAD),
}


@pytest.mark.parametrize(("side", "method", "order"), PLACED.values(), ids=PLACED, indirect=["side"])
def test_O11_an_order_whose_reply_was_lost_is_found(
    side: Side, exchange: Simulator, api: Any, method: str, order: dict[str, Any]
) -> None:
    exchange.drop_ack()
    error = unknown(getattr(api, method), **order)
    assert [each.client_oid for each in api.unresolved()] == [error.client_oid]

    fate = error.reconcile(PATIENCE)

    assert isinstance(fate, Accepted)
    assert fate.order is not None
    truth = exchange.truth(error.client_oid)
    assert (fate.evidence, fate.order.order_id) == ("look-up", truth.order_id)
    assert (fate.order.status, fate.order.client_oid) == ("live", error.client_oid)
    assert error.fate == fate
    assert api.unresolved() == []
    assert error.reconcile(0.0) == fate, "what is known stays known"


def test_O11_an_order_that_was_filled_is_found_as_filled(side: Side, exchange: Simulator, api: Any) -> None:
    exchange.drop_ack()
    error = unknown(side.place, api, **{side.price_key: "60500"})

    fate = error.reconcile(PATIENCE)

    assert isinstance(fate, Accepted)
    assert fate.order is not None
    assert fate.order.status == "filled"


def test_O12_a_look_up_that_lags_is_waited_for(side: Side, exchange: Simulator, api: Any) -> None:
    exchange.lookup_lag(0.8)
    exchange.drop_ack()
    error = unknown(side.place, api, timeout=0.1)

    assert isinstance(error.reconcile(PATIENCE), Accepted)


def test_O14_failing_look_ups_do_not_end_it(side: Side, exchange: Simulator, api: Any) -> None:
    exchange.drop_ack()
    error = unknown(side.place, api)
    exchange.refuse_rest(code=side.busy[0], msg="too many requests", status=side.busy[1], count=1)
    exchange.refuse_rest(code=side.broken[0], status=side.broken[1], count=1)
    exchange.cut_rest(count=1)

    assert isinstance(error.reconcile(PATIENCE), Accepted)


def test_O14_a_failing_exchange_leaves_it_unknown_at_the_deadline(side: Side, exchange: Simulator, api: Any) -> None:
    exchange.drop_ack()
    error = unknown(side.place, api)
    exchange.refuse_rest(code=side.broken[0], status=side.broken[1], count=None)

    fate = error.reconcile(0.5)

    assert isinstance(fate, StillUnknown)
    assert fate.last_error is not None
    assert side.broken[0] in str(fate)
    assert error.fate is None
    assert len(api.unresolved()) == 1, "nothing is lost: ask again"


# Not there.


def test_O12_an_order_that_died_with_its_line_is_absent_and_only_likely(
    side: Side, exchange: Simulator, api: Any
) -> None:
    exchange.cut_before_execution()
    error = unknown(side.place, api)
    assert error.reason == "disconnected"

    fate = error.reconcile(PATIENCE)

    assert isinstance(fate, Absent)
    assert (fate.confidence, fate.evidence, fate.order) == ("likely", "look-up", None)
    assert exchange.truth(error.client_oid).executed == 0


@pytest.mark.parametrize(("side", "method", "order"), PLACED.values(), ids=PLACED, indirect=["side"])
def test_O12_an_order_that_the_exchange_swallowed_is_absent_after_its_line_was_let_go(
    side: Side, exchange: Simulator, api: Any, method: str, order: dict[str, Any]
) -> None:
    """The line is alive, so nothing shows that the order is not still on its way, until the line is replaced."""
    side.place(api)  # the exchange is heard from
    exchange.late_execution(3600.0)
    error = unknown(getattr(api, method), **order)
    assert error.line_alive

    fate = error.reconcile(PATIENCE)

    assert isinstance(fate, Absent)
    assert exchange.truth(error.client_oid).executed == 0


def listened(monkeypatch: pytest.MonkeyPatch, api: Any, name: str) -> list[Any]:
    """Return what the calls for done margin orders will be given under a name."""
    given: list[Any] = []
    call = api.rest.done_margin_orders

    def listening(*args: Any, **keywords: Any) -> Any:
        given.append(keywords[name])
        return call(*args, **keywords)

    monkeypatch.setattr(api.rest, "done_margin_orders", listening)
    return given


@with_kucoin
def test_O12_done_orders_are_read_up_to_when_the_last_may_have_been_made(
    exchange: Simulator, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A margin order does not expire: none can be made once its line is over and the settling time has gone by."""
    exchange.cut_before_execution()
    error = unknown(api.submit_margin_order, **SPOT)
    lost_ms = time.time() * 1000
    ends = listened(monkeypatch, api, "end_ms")

    assert isinstance(error.reconcile(PATIENCE), Absent)
    bounds = {end - CLOCK_SLACK_MS - SETTLE * 1000 for end in ends if end is not None}
    assert len(bounds) == 1
    assert error.started_at * 1000 < bounds.pop() < lost_ms + 100


@with_kucoin
def test_O12_a_list_of_several_calls_may_take_the_time_of_several(
    exchange: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy account there are many; in the time of one call they could never be read."""
    api = connect(request_timeout=1.0)
    exchange.cut_before_execution()
    error = unknown(api.submit_margin_order, **SPOT)
    seconds = listened(monkeypatch, api, "timeout")

    assert isinstance(error.reconcile(PATIENCE), Absent)
    assert max(seconds) > 2.0


def test_O12_letting_a_line_go_costs_no_call_that_is_in_flight(
    side: Side, exchange: Simulator, connect: Connect
) -> None:
    """The new line is there before the old one goes, and what is in flight is answered over the old one."""
    api = connect()
    side.connect(api, side.other_key)
    before = exchange.connections(side.other_path)
    exchange.late_execution(3600.0, op=side.other_op)
    error = unknown(side.place_other, api)
    exchange.hold_acks(op=side.other_cancel)
    held = side.cancel_other(api.nowait, "1", timeout=60.0)
    exchange.wait_for(lambda sim: sim.truth_frames(op=side.other_cancel))
    reconciling = background(error.reconcile, PATIENCE)
    exchange.wait_for(lambda sim: sim.connections(side.other_path) == before + 1, PATIENCE)
    placed = side.place_other(api)

    assert not held.done()
    assert exchange.release_acks() == 1
    with pytest.raises(Rejected):
        held.result(PATIENCE)

    assert isinstance(reconciling.result(), Absent)
    assert isinstance(placed, OrderAck)
    exchange.wait_for(lambda sim: sim.connections(side.other_path) == before, PATIENCE)


# Cancels.


def test_O11_a_cancel_whose_reply_was_lost_is_found_done(side: Side, exchange: Simulator, api: Any) -> None:
    placed = side.place(api)
    exchange.drop_ack()
    error = unknown(side.cancel, api, order_id=placed.order_id)

    fate = error.reconcile(PATIENCE)

    assert isinstance(fate, Accepted)
    assert fate.order is not None
    assert (fate.order.status, fate.order.order_id, fate.no_effect) == ("cancelled", placed.order_id, False)


def test_O12_a_cancel_that_did_not_arrive_leaves_its_order_live(side: Side, exchange: Simulator, api: Any) -> None:
    placed = side.place(api)
    exchange.cut_before_execution()
    error = unknown(side.cancel, api, client_oid=placed.client_oid)

    fate = error.reconcile(PATIENCE)

    assert isinstance(fate, Absent)
    assert fate.order is not None
    assert fate.order.is_live


def test_O08_a_cancel_can_be_repeated(side: Side, exchange: Simulator, api: Any) -> None:
    placed = side.place(api)
    exchange.cut_before_execution()
    error = unknown(side.cancel, api, order_id=placed.order_id)

    ack = error.retry_cancel()

    assert not ack.no_effect
    assert exchange.open_orders() == []
    assert isinstance(error.fate, Accepted)
    assert api.unresolved() == []


@pytest.mark.parametrize("line", ["first", "other"])
def test_O08_a_repeated_cancel_of_a_done_order_tells_how_it_ended(
    side: Side, exchange: Simulator, api: Any, line: str
) -> None:
    if line == "first":
        placed = side.place(api)
        exchange.drop_ack()
        error = unknown(side.cancel, api, order_id=placed.order_id)
    else:
        placed = side.place_other(api)
        exchange.drop_ack()
        error = unknown(side.cancel_other, api, placed.order_id)

    ack = error.retry_cancel()

    assert ack.no_effect
    assert api.unresolved() == []


def test_O08_a_repeated_cancel_of_an_order_that_never_was_is_refused(side: Side, exchange: Simulator, api: Any) -> None:
    exchange.drop_ack()
    error = unknown(side.cancel, api, client_oid="never")

    with pytest.raises(Rejected) as caught:
        error.retry_cancel()

    assert caught.value.no_such_order


def test_O08_only_a_cancel_can_be_repeated(side: Side, exchange: Simulator, api: Any) -> None:
    exchange.drop_ack()
    error = unknown(side.place, api)

    with pytest.raises(ConfigError, match="no cancel of one order"):
        error.retry_cancel()

    assert exchange.truth(error.client_oid).frames_received == 1


# Modifications and batches.


@with_kucoin
def test_O11_a_modification_whose_reply_was_lost_is_found_whole(exchange: Simulator, api: Any) -> None:
    placed = api.submit_new_spot_order(**SPOT)
    exchange.drop_ack()
    error = unknown(api.modify_spot_order, symbol="BTC-USDT", order_id=placed.order_id, new_price="20001")

    fate = error.reconcile(PATIENCE)

    assert isinstance(fate, Accepted)
    assert fate.order is not None and fate.old is not None
    assert (fate.old.order_id, fate.old.status) == (placed.order_id, "cancelled")
    assert fate.order.is_live
    assert str(fate.order.price) == "20001"


@with_kucoin
def test_O12_a_modification_that_did_not_arrive_leaves_the_old_order(exchange: Simulator, api: Any) -> None:
    placed = api.submit_new_spot_order(**SPOT)
    exchange.cut_before_execution()
    error = unknown(api.modify_spot_order, symbol="BTC-USDT", order_id=placed.order_id, new_price="20001")

    fate = error.reconcile(PATIENCE)

    assert isinstance(fate, Absent)
    assert fate.old is not None
    assert (fate.old.order_id, fate.old.is_live) == (placed.order_id, True)


def test_O11_each_order_of_a_batch_has_its_fate(side: Side, exchange: Simulator, api: Any) -> None:
    exchange.edit_batch(drop=2)
    error = unknown(side.batch, api, [f"mine{number}" for number in range(4)])
    assert error.results is not None
    assert len(api.unresolved()) == len(error.results.unknown) == 2

    fate = error.reconcile(PATIENCE)

    assert isinstance(fate, BatchFate)
    assert [type(each) for each in fate] == [Accepted, Accepted]
    assert {each.client_oid for each in error.results.unknown} == set(fate.by_client_oid)
    assert api.unresolved() == []


def test_O11_a_batch_cancel_has_a_fate_for_each_order(side: Side, exchange: Simulator, api: Any) -> None:
    placed = [ack.order_id for ack in side.batch(api, [f"mine{number}" for number in range(3)])]
    exchange.drop_ack()
    error = unknown(side.cancel_batch, api, placed)

    fate = error.reconcile(PATIENCE)

    assert isinstance(fate, BatchFate)
    assert [type(each) for each in fate] == [Accepted] * 3
    assert exchange.open_orders() == []


# Evidence that comes by itself.


def test_O15_a_late_reply_resolves_it_and_tells(side: Side, exchange: Simulator, api: Any) -> None:
    seen: queue.Queue[Resolved] = queue.Queue()
    api.get_ws_client().on("resolved", seen.put)
    exchange.hold_acks()
    error = unknown(side.place, api)
    exchange.release_acks()

    told = seen.get(timeout=PATIENCE)

    assert told.fate == error.fate
    assert isinstance(told.fate, Accepted)
    assert (told.fate.evidence, told.fate.order_id) == ("reply", exchange.truth(error.client_oid).order_id)
    assert told.error.client_oid == error.client_oid
    assert api.unresolved() == []


def test_O15_a_reconcile_that_waits_ends_with_what_comes_by_itself(side: Side, exchange: Simulator, api: Any) -> None:
    exchange.hold_acks()
    error = unknown(side.place, api)
    exchange.refuse_rest(code=side.broken[0], status=side.broken[1], count=None)
    reconciling = background(error.reconcile, PATIENCE)
    exchange.release_acks()

    fate = reconciling.result()

    assert isinstance(fate, Accepted)
    assert fate.evidence == "reply"


def told_by_event(exchange: Simulator, api: Any, call: Callable[..., Any], event: str, **arguments: Any) -> Any:
    """Make a call whose reply is lost, cut its line once an event with this text is here, and return the outcome."""
    here = threading.Event()
    api.get_ws_client().on("update", lambda update: here.set() if event in update.raw else None)
    exchange.drop_ack()
    calling = background(call, **arguments, timeout=PATIENCE)
    assert here.wait(PATIENCE)
    exchange.cut("ws_api")
    return calling.result()


@pytest.mark.parametrize("product", ["spot", "margin"])
@with_kucoin
def test_O15_P21_an_order_event_takes_the_place_of_a_lost_reply(
    exchange: Simulator, connect: Connect, product: str
) -> None:
    api = connect(track_orders=True)
    api.connect_ws_api()
    call = api.submit_new_spot_order if product == "spot" else api.submit_margin_order

    ack = told_by_event(exchange, api, call, "placed-1", client_oid="placed-1", **SPOT)

    assert (ack.evidence, ack.raw) == ("event", "")
    assert ack.order is not None
    assert (ack.order_id, ack.order.is_live) == (exchange.truth(ack.client_oid).order_id, True)

    cancel = api.cancel_spot_order if product == "spot" else api.cancel_margin_order
    cancelled = told_by_event(exchange, api, cancel, '"canceled"', symbol="BTC-USDT", order_id=ack.order_id)

    assert cancelled.evidence == "event"
    assert cancelled.order is not None
    assert cancelled.order.status == "cancelled"


@with_kucoin
def test_O15_an_order_event_tells_of_a_unified_order_too(exchange: Simulator, connect: Connect) -> None:
    """For these no look-up is documented, so events are all there is."""
    api = connect(track_orders=True)
    confirmed: queue.Queue[Any] = queue.Queue()
    api.get_ws_client().on("response", confirmed.put)
    order = {"trade_type": "SPOT", "symbol": "BTC-USDT", "side": "BUY", "order_type": "LIMIT", "price": "20000"}
    order |= {"size": "0.001", "size_unit": "BASECCY"}
    api.submit_uta_order(**order)
    assert confirmed.get(timeout=PATIENCE).ws_key == "privateProV2"

    ack = told_by_event(exchange, api, api.submit_uta_order, "placed-2", client_oid="placed-2", **order)

    assert ack.evidence == "event"
    assert ack.order is not None
    assert (ack.order_id, ack.order.side, ack.order.is_live) == (exchange.truth(ack.client_oid).order_id, "buy", True)


def test_O15_an_event_after_the_call_resolves_it(side: Side, exchange: Simulator, connect: Connect) -> None:
    api = connect(track_orders=True)
    api.connect_ws_api()
    exchange.hold_events()
    exchange.drop_ack()
    error = unknown(side.place, api)
    resolved: queue.Queue[Resolved] = queue.Queue()
    api.get_ws_client().on("resolved", resolved.put)
    exchange.refuse_rest(code=side.broken[0], status=side.broken[1], count=None)
    reconciling = background(error.reconcile, PATIENCE)
    exchange.release_events()

    fate = reconciling.result()

    assert isinstance(fate, Accepted)
    assert fate.evidence == "event"
    assert resolved.get(timeout=PATIENCE).fate == error.fate == fate


# Where and when.


def test_O11_everything_unknown_is_reconciled_at_once(side: Side, exchange: Simulator, api: Any) -> None:
    exchange.drop_ack(count=3)
    errors = [unknown(side.place, api, timeout=0.1) for _ in range(3)]
    exchange.cut_before_execution()
    errors.append(unknown(side.place, api))
    assert [each.client_oid for each in api.unresolved()] == [error.client_oid for error in errors], "oldest first"

    fates = api.reconcile_all(PATIENCE)

    assert [type(fate) for fate in fates] == [Accepted, Accepted, Accepted, Absent]
    assert [error.fate for error in errors] == fates
    assert api.unresolved() == []
    assert api.reconcile_all(0.0) == []


def test_O11_an_error_that_was_pickled_is_reconciled_by_any_client(
    side: Side, exchange: Simulator, api: Any, connect: Connect
) -> None:
    exchange.drop_ack()
    error = unknown(side.place, api)
    copied = pickle.loads(pickle.dumps(error))
    with pytest.raises(ConfigError, match=r"client.reconcile\(error\)"):
        copied.reconcile()

    other = connect()
    fate = other.reconcile(copied, PATIENCE)

    assert isinstance(fate, Accepted)
    assert other.unresolved() == []
    assert error.fate is None, "that is another client's list"
    assert api.reconcile(copied, PATIENCE) == error.fate


def test_O12_what_another_process_may_still_send_is_not_taken_for_absent(
    side: Side, exchange: Simulator, api: Any, connect: Connect
) -> None:
    """Some orders do not expire, and nothing is known about the line of the process that sent it."""
    exchange.late_execution(3600.0)
    error = pickle.loads(pickle.dumps(unknown(side.place_other, api)))

    other = connect()
    fate = other.reconcile(error, 2.0)

    assert isinstance(fate, StillUnknown)
    assert "on its way" in fate.reason
    assert other.unresolved() == []


def test_O12_what_another_process_sent_is_absent_once_it_has_expired(
    side: Side, exchange: Simulator, api: Any, connect: Connect
) -> None:
    exchange.late_execution(3600.0)
    error = pickle.loads(pickle.dumps(unknown(side.place, api)))

    other = connect()
    other.connect_ws_api()  # the exchange's clock is known from here

    assert isinstance(other.reconcile(error, PATIENCE), Absent)


def test_O19_after_close_it_takes_another_client(side: Side, exchange: Simulator, connect: Connect) -> None:
    api = connect()
    api.connect_ws_api()
    exchange.drop_ack()
    error = unknown(side.place, api)
    api.close()
    with pytest.raises(ClosedError):
        error.reconcile()

    again = connect()

    assert isinstance(again.reconcile(pickle.loads(pickle.dumps(error)), PATIENCE), Accepted)


def test_O21_on_a_reading_thread_it_is_refused(side: Side, exchange: Simulator, connect: Connect) -> None:
    api = connect(inline_listeners=True)
    api.connect_ws_api()
    exchange.hold_acks()
    error = unknown(side.place, api)
    raised: queue.Queue[BaseException] = queue.Queue()

    def listen(_: Any) -> None:
        try:
            error.reconcile()
        except BaseException as problem:
            raised.put(problem)

    api.get_ws_client().on("late_reply", listen)
    exchange.release_acks()

    assert isinstance(raised.get(timeout=PATIENCE), ReentrantCallError)


def test_O21_a_listener_may_reconcile(side: Side, exchange: Simulator, api: Any) -> None:
    exchange.drop_ack()
    error = unknown(side.place, api)
    done: queue.Queue[Any] = queue.Queue()
    api.get_ws_client().on("suspended", lambda _: done.put(error.reconcile(PATIENCE)))

    exchange.cut(side.path)

    assert isinstance(done.get(timeout=PATIENCE), Accepted)


def test_two_may_reconcile_the_same_order(side: Side, exchange: Simulator, api: Any) -> None:
    exchange.cut_before_execution()
    error = unknown(side.place, api)
    start = threading.Barrier(4)

    def together() -> Any:
        start.wait(PATIENCE)
        return error.reconcile(PATIENCE)

    fates = [each.result() for each in [background(together) for _ in range(4)]]

    assert len({id(fate) for fate in fates}) == 1


def test_O20_an_order_the_user_looked_up_himself_can_be_dismissed(side: Side, exchange: Simulator, api: Any) -> None:
    exchange.drop_ack()
    error = unknown(side.place, api, client_oid="mine")

    api.dismiss(error)

    assert api.unresolved() == []
    assert side.place(api, client_oid="mine2").client_oid == "mine2"


@with_kucoin
def test_an_error_shows_itself_as_a_table(exchange: Simulator, api: Any) -> None:
    exchange.drop_ack()
    error = unknown(api.submit_new_spot_order, **SPOT, client_oid="mine")

    table = error._repr_html_()

    for text in ("OutcomeUnknown", "spot.order", "BTC-USDT", "mine", "no reply", "do not resend; call .reconcile()"):
        assert text in table
    error.reconcile(PATIENCE)
    assert "accepted" in error._repr_html_()
