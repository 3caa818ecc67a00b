"""
Every operation over a real line: accepted, refused, unknown without a reply, and unknown with one that proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
import pytest

from kucoin_sync import (
    BatchResult,
    ConfigError,
    NotSent,
    OrderAck,
    OutcomeUnknown,
    Pong,
    Rejected,
    RestError,
    WebsocketAPIClient,
)
from kucoin_sync.kucoin.operations import OPERATIONS
from kucoin_sync.orders.operation import OperationKind
from tests.clients import Clients
from tests.peers import Background, Line, ScriptedPeer, background, ws_api_handshake
from tests.sides import OKX, Side

SPOT, FUTURES = "wsApiSpotV1", "wsApiFuturesV1"
MATCHED = {"originSize": "2", "dealSize": "0.5", "remainSize": "1.5", "canceledSize": "0", "status": "open"}
LIMIT = {"limit": 2000, "remaining": 1999, "reset": 30000}


def place_data(args: Any) -> dict[str, Any]:
    return {"orderId": "1001", "clientOid": args["clientOid"]}


def named_data(args: Any) -> dict[str, Any]:
    return {name: args[name] for name in ("orderId", "clientOid") if name in args}


@attrs.frozen
class Case:
    """How an operation is called, and what the exchange says to it."""

    method: str
    arguments: dict[str, Any]
    data: Callable[[Any], Any]
    refusal: str = "400100"
    positional: tuple[Any, ...] = ()


SPOT_ORDER = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.0001"}
FUTURES_ORDER = {"symbol": "XBTUSDTM", "side": "buy", "price": "20000", "size": 1}
UTA_ORDER = {
    "trade_type": "SPOT",
    "symbol": "BTC-USDT",
    "side": "BUY",
    "order_type": "LIMIT",
    "size": "1",
    "size_unit": "BASECCY",
    "price": "20000",
}
BY_ID = {"symbol": "BTC-USDT", "order_id": "1001"}
BY_OID = {"symbol": "BTC-USDT", "client_oid": "mine"}
CASES: dict[str, Case] = {
    "spot.order": Case("submit_new_spot_order", SPOT_ORDER, place_data, "200004"),
    "spot.sync_order": Case(
        "submit_sync_spot_order", SPOT_ORDER, lambda args: {**place_data(args), **MATCHED}, "200004"
    ),
    "spot.modify": Case("modify_spot_order", {**BY_ID, "new_price": 1}, lambda args: {"newOrderId": "1002"}),
    "spot.cancel": Case("cancel_spot_order", BY_ID, named_data),
    "spot.sync_cancel": Case("cancel_sync_spot_order", BY_OID, lambda args: {**named_data(args), **MATCHED}),
    "margin.order": Case(
        "submit_margin_order",
        {**SPOT_ORDER, "auto_borrow": True},
        lambda args: {**place_data(args), "borrowSize": "10.2", "loanApplyId": "loan"},
        "126013",
    ),
    "margin.cancel": Case("cancel_margin_order", BY_OID, named_data, "126043"),
    "futures.order": Case("submit_futures_order", FUTURES_ORDER, place_data, "300003"),
    "futures.cancel": Case(
        "cancel_futures_order", {"order_id": "1001"}, lambda args: {"cancelledOrderIds": [args["orderId"]]}, "100004"
    ),
    "futures.multi_order": Case(
        "submit_multiple_futures_orders",
        {},
        lambda args: [
            {"orderId": f"o-{item['clientOid']}", "clientOid": item["clientOid"], "code": "200000", "msg": "success"}
            for item in args
        ],
        "100001",
        ([FUTURES_ORDER, {**FUTURES_ORDER, "client_oid": "mine"}],),
    ),
    "futures.multi_cancel": Case(
        "cancel_multiple_futures_orders",
        {"order_ids_list": ["1", "2"]},
        lambda args: [{"orderId": each, "clientOid": None, "code": "200"} for each in args["orderIdsList"]],
        "100001",
    ),
    "uta.order": Case("submit_uta_order", UTA_ORDER, lambda args: {**place_data(args), "ts": 1}, "106150"),
    "uta.amend": Case("amend_uta_order", {**BY_OID, "new_price": 1}, named_data, "106052"),
    "uta.cancel": Case("cancel_uta_order", {"trade_type": "FUTURES", **BY_OID}, named_data, "106102"),
}
EVERY = pytest.mark.parametrize("op", list(CASES))


def test_no_operation_is_left_out() -> None:
    assert set(CASES) == set(OPERATIONS) - {"ping"}, "a ping has tests of its own"


def is_batch(op: str) -> bool:
    return op.startswith("futures.multi")


def opened(clients: Clients, peer: ScriptedPeer, ws_key: str, **options: Any) -> tuple[WebsocketAPIClient, Line]:
    """A client with one of its order lines open, and the other end of that line."""
    api = clients.api(peer, **options)
    connecting = background(api.connect_ws_api, ws_key)
    line = ws_api_handshake(peer)
    connecting.result()
    return api, line


def line_of(op: str) -> str:
    return FUTURES if op.startswith("futures.") or op == "uta.cancel" else SPOT


def call(api: Any, op: str, **more: Any) -> Background[Any]:
    case = CASES[op]
    return background(getattr(api, case.method), *case.positional, **{**case.arguments, **more})


def answer(line: Line, request: Any, code: str, data: Any = None, message: str = "") -> None:
    frame = {"id": request["id"], "op": request["op"], "code": code, "inTime": 1, "outTime": 2, "userRateLimit": LIMIT}
    if data is not None:
        frame["data"] = data
    if message:
        frame["msg"] = message
    line.send_json(frame)


def outcomes(result: Any) -> list[Any]:
    """Return what became of each order: of a call's result, or of the error it raised."""
    if isinstance(result, BatchResult):
        return list(result)
    results = getattr(result, "results", None)
    return [result] if results is None else list(results)


def ended(calling: Background[Any]) -> Any:
    """Return what a call returned or raised."""
    try:
        return calling.result()
    except (Rejected, NotSent, OutcomeUnknown) as error:
        return error


@EVERY
def test_O01_every_operation_is_accepted_with_its_proof(op: str, plain_peer: ScriptedPeer, clients: Clients) -> None:
    """On the line that the operation goes to, for nobody named one."""
    api, line = opened(clients, plain_peer, line_of(op))
    calling = call(api, op)
    request = line.expect_json(op=op)
    answer(line, request, "200000", CASES[op].data(request["args"]))
    result = calling.result()
    assert isinstance(result, BatchResult if is_batch(op) else OrderAck)
    acks = outcomes(result)
    assert len(acks) == (2 if is_batch(op) else 1)
    for ack in acks:
        assert isinstance(ack, OrderAck)
        assert (ack.op, ack.request_id, ack.ws_key) == (op, request["id"], line_of(op))
        assert ack.order_id or ack.client_oid
        assert ack.rate_limit is not None and ack.rate_limit.remaining == 1999
        assert 0 < ack.latency < 10


@EVERY
def test_O01_every_operation_is_rejected_by_a_code_that_refuses_it(
    op: str, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """A batch that is refused as a whole returns a refusal an order."""
    api, line = opened(clients, plain_peer, line_of(op))
    calling = call(api, op)
    answer(line, line.expect_json(op=op), CASES[op].refusal, None, "bad")
    result = ended(calling)
    assert isinstance(result, BatchResult if is_batch(op) else Rejected)
    for error in outcomes(result):
        assert isinstance(error, Rejected)
        assert (error.op, error.code, error.msg, error.sent) == (op, CASES[op].refusal, "bad", "complete")
        assert not error.safe_to_retry


@EVERY
def test_O02_P20_every_operation_is_unknown_when_no_reply_comes(
    op: str, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    api, line = opened(clients, plain_peer, line_of(op))
    calling = call(api, op, timeout=0.1)
    line.expect_json(op=op)
    error = ended(calling)
    assert isinstance(error, OutcomeUnknown)
    assert (error.reason, error.sent, error.line_alive) == ("timeout", "complete", True)
    assert not error.safe_to_retry
    for each in outcomes(error):
        assert (each.reason, each.op) == ("timeout", op)
        assert each.client_oid or each.order_id, "something to look it up by"


@EVERY
def test_O02_S03_every_operation_is_unknown_when_the_line_breaks(
    op: str, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    api, line = opened(clients, plain_peer, line_of(op), reconnect=False)
    calling = call(api, op)
    line.expect_json(op=op)
    line.rst()
    error = ended(calling)
    assert isinstance(error, OutcomeUnknown)
    assert (error.reason, error.line_alive) == ("disconnected", False)
    assert {each.reason for each in outcomes(error)} == {"disconnected"}


UNREADABLE: dict[str, Callable[[Any], Any]] = {
    "no-data": lambda args: None,
    "empty": lambda args: [] if isinstance(args, list) else {},
    "foreign": lambda args: {"orderId": "9", "newOrderId": "", "clientOid": "foreign", "cancelledOrderIds": ["9"]},
    "wrong-shape": lambda args: {"a": 1} if isinstance(args, list) else [1],
}


@EVERY
@pytest.mark.parametrize("form", list(UNREADABLE))
def test_P17_P18_every_operation_is_unknown_when_its_reply_proves_nothing(
    form: str, op: str, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    api, line = opened(clients, plain_peer, line_of(op))
    calling = call(api, op)
    request = line.expect_json(op=op)
    answer(line, request, "200000", UNREADABLE[form](request["args"]))
    error = ended(calling)
    assert isinstance(error, OutcomeUnknown)
    assert error.reason == "unreadable_reply"
    assert error.reply is not None
    assert {each.reason for each in outcomes(error)} == {"unreadable_reply"}


@EVERY
def test_every_operation_has_a_twin_that_returns_a_future(op: str, plain_peer: ScriptedPeer, clients: Clients) -> None:
    api, line = opened(clients, plain_peer, line_of(op))
    case = CASES[op]
    future = getattr(api.nowait, case.method)(*case.positional, **case.arguments)
    request = line.expect_json(op=op)
    answer(line, request, "200000", case.data(request["args"]))
    result = future.result(10)
    assert {type(each) for each in outcomes(result)} == {OrderAck}


@EVERY
def test_every_operation_takes_the_same_path_by_its_name(op: str, plain_peer: ScriptedPeer, clients: Clients) -> None:
    """With the exchange's own names, a list for a batch, and on whatever line one likes."""
    api, line = opened(clients, plain_peer, SPOT)
    client = api.get_ws_client()
    case = CASES[op]
    given = {"orders": case.positional[0]} if case.positional else case.arguments
    wire = OPERATIONS[op].arguments.check(None, given, None)
    calling = background(client.send_ws_api_request, SPOT, op, wire)
    request = line.expect_json(op=op)
    answer(line, request, "200000", case.data(request["args"]))
    assert {type(each) for each in outcomes(calling.result())} == {OrderAck}
    with pytest.raises(ConfigError, match="no such argument"):
        client.send_ws_api_request(SPOT, op, [{"nothing": 1}] if isinstance(wire, list) else {"nothing": 1})


@pytest.mark.parametrize("op", [op for op, row in OPERATIONS.items() if row.kind is OperationKind.PLACE])
def test_O09_O10_every_order_has_a_client_order_id_and_spot_orders_expire(
    op: str, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    api, line = opened(clients, plain_peer, line_of(op), reconnect=False)
    calling = call(api, op)
    args = line.expect_json(op=op)["args"]
    items = args if isinstance(args, list) else [args]
    ids = [item["clientOid"] for item in items]
    assert len(set(ids)) == len(items)
    for item in items:
        assert ("allowMaxTimeWindow" in item) == ("clientTimestamp" in item) == op.startswith("spot.")
    line.rst()
    error = ended(calling)
    assert error.client_oid == (tuple(ids) if is_batch(op) else ids[0])


def test_the_operations_that_wait_for_matching_say_what_it_made_of_the_order(
    plain_peer: ScriptedPeer, clients: Clients
) -> None:
    api, line = opened(clients, plain_peer, SPOT)
    calling = call(api, "spot.sync_order")
    request = line.read_json()
    answer(line, request, "200000", {**place_data(request["args"]), **MATCHED, "orderTime": 1729174140586})
    result = calling.result().result
    assert (result.origin_size, result.deal_size, result.remain_size) == (Decimal(2), Decimal("0.5"), Decimal("1.5"))
    assert (result.status, result.order_time_ms, result.match_time_ms) == ("open", 1729174140586, None)
    calling = call(api, "margin.order")
    request = line.read_json()
    answer(line, request, "200000", CASES["margin.order"].data(request["args"]))
    ack = calling.result()
    assert (ack.borrow_size, ack.loan_apply_id, ack.result) == (Decimal("10.2"), "loan", None)


# Batches.


def batching(side: Side, clients: Clients, peer: ScriptedPeer) -> tuple[Any, Line]:
    """A client with the line for several orders open, and the other end of it."""
    api = side.api(clients, peer)
    connecting = background(side.connect, api, side.batch_key)
    line = side.handshake(peer, side.batch_key)
    connecting.result()
    return api, line


def test_P19_a_batch_answered_in_part_is_unknown_with_what_is_known_of_each(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """In another order, one refused, one not mentioned."""
    api, line = batching(side, clients, peer)
    calling = background(side.batch, api, ["n0", "n1", "n2"])
    request = line.read_json()
    assert [item["clOrdId" if side is OKX else "clientOid"] for item in request["args"]] == ["n0", "n1", "n2"]
    line.send_json(side.answered(request, {"n2": None, "n0": "77"}))
    error = ended(calling)
    assert isinstance(error, OutcomeUnknown)
    assert (error.reason, error.client_oid) == ("partial_batch", ("n0", "n1", "n2"))
    assert error.results is not None
    assert [type(each).__name__ for each in error.results] == ["OrderAck", "OutcomeUnknown", "Rejected"]
    assert error.results.by_client_oid("n0").order_id == "77"


def test_P19_a_batch_answered_in_another_order_is_definite(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    api, line = batching(side, clients, peer)
    calling = background(side.cancel_batch, api, ["1", "2", "3"])
    line.send_json(side.answered(line.read_json(), {"3": "3", "1": None, "2": "2"}))
    result = calling.result()
    assert [type(each) for each in result] == [Rejected, OrderAck, OrderAck]
    assert result[0].no_such_order


def test_O09_a_client_order_id_is_refused_twice_in_a_batch_and_while_it_is_in_flight(
    side: Side, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """Nothing of a refused batch leaves: the next frame is the next call's."""
    api, line = batching(side, clients, plain_peer)
    with pytest.raises(ConfigError, match="mine is given to two orders"):
        side.batch(api, ["mine", "mine"])
    first = background(side.batch, api, ["mine", "other"])
    request = line.read_json()
    one = side.place_other if side.batch_key == side.other_key else side.place
    for again in (lambda: one(api, "mine"), lambda: side.batch(api, ["mine"])):
        with pytest.raises(ConfigError, match="mine belongs to an order call that has not ended"):
            again()
    line.send_json(side.answered(request, {"mine": "1", "other": "2"}))
    first.result()
    last = background(side.batch, api, ["mine"])
    request = line.read_json()
    line.send_json(side.answered(request, {"mine": "3"}))
    assert last.result()[0].order_id == "3"


# Operations the library does not know.


def test_an_unknown_operation_is_sent_as_it_is_and_taken_to_change_the_account(
    plain_peer: ScriptedPeer, clients: Clients
) -> None:
    api, line = opened(clients, plain_peer, SPOT)
    client = api.get_ws_client()
    for params in ({"a": 1}, [{"a": 1}, {"b": 2}]):
        calling = background(client.send_ws_api_request, SPOT, "spot.new", params)
        request = line.expect_json(op="spot.new")
        assert request["args"] == params
        answer(line, request, "200000", {"orderId": "5"})
        assert calling.result().order_id == "5"
        calling = background(client.send_ws_api_request, SPOT, "spot.new", params)
        answer(line, line.expect_json(op="spot.new"), "200004")
        error = ended(calling)
        assert isinstance(error, OutcomeUnknown)
        assert (error.reason, error.safe_to_retry) == ("server_error", False)
    with pytest.raises(ConfigError, match=r"^ws_key: is required for an operation"):
        client.send_ws_api_request(None, "spot.new", {})


# Numbers.


def test_the_client_counts_what_became_of_requests_and_shows_the_last_word_about_limits(
    plain_peer: ScriptedPeer, clients: Clients
) -> None:
    api, line = opened(clients, plain_peer, FUTURES)
    client = api.get_ws_client()
    assert dict(client.stats()["requests"].operations) == {}
    for _ in range(2):
        calling = call(api, "futures.order")
        request = line.read_json()
        answer(line, request, "200000", place_data(request["args"]))
        calling.result()
    calling = call(api, "futures.order")
    answer(line, line.read_json(), "300003")
    ended(calling)
    ended(call(api, "futures.order", timeout=0.05))
    line.read_json()
    ended(call(api, "futures.order", timeout=0))
    calling = call(api, "futures.multi_order")
    request = line.read_json()
    answer(line, request, "200000", CASES["futures.multi_order"].data(request["args"])[:1])
    ended(calling)
    future = api.nowait.submit_new_spot_order(**SPOT_ORDER)  # its line is not open
    assert isinstance(future.exception(10), NotSent)
    with pytest.raises(ConfigError):
        api.submit_futures_order(symbol="XBTUSDTM")
    stats = client.stats()["requests"]
    counts = {op: (each.accepted, each.rejected, each.not_sent, each.unknown) for op, each in stats.operations.items()}
    assert counts == {
        "futures.order": (2, 1, 1, 1),
        "futures.multi_order": (1, 0, 0, 1),
        "spot.order": (0, 0, 1, 0),
    }
    assert stats.operations["futures.order"].last_latency > 0
    assert stats.operations["spot.order"].mean_latency is None
    assert set(stats.rate_limits) == {FUTURES}
    reading = stats.rate_limits[FUTURES]
    assert (reading.rate_limit.limit, reading.rate_limit.remaining, reading.rate_limit.reset) == (2000, 1999, 30.0)
    assert reading.read_at > 1_700_000_000


# Symbol rules.

SYMBOLS = [{"symbol": "BTC-USDT", "priceIncrement": "0.1", "baseIncrement": "0.0001", "enableTrading": True}]
CONTRACTS = [{"symbol": "XBTUSDTM", "tickSize": 0.1, "lotSize": 1, "status": "Open"}]


def serve_rules(peer: ScriptedPeer, path: str, rules: Any) -> None:
    """Answer the call for the exchange's symbols or contracts, which there must be."""
    with peer.accept() as line:
        request = line.read_request()
        assert (request.method, request.path) == ("GET", path)
        line.respond(200, body={"code": "200000", "data": rules})


def test_check_symbols_refuses_an_order_off_its_steps_before_anything_is_sent(
    plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """By the name that the caller used; cancels are not held up."""
    api = clients.api(plain_peer, check_symbols=True)
    connecting = background(api.connect_ws_api, FUTURES)
    line = ws_api_handshake(plain_peer)
    serve_rules(plain_peer, "/api/v1/contracts/active", CONTRACTS)  # so that the first order need not wait
    connecting.result()
    bad = {**FUTURES_ORDER, "price": "20000.05"}
    with pytest.raises(ConfigError, match=r"^price: 20000\.05 is not a multiple of 0\.1; nearest are 20000\.0 and 200"):
        api.submit_futures_order(**bad)
    with pytest.raises(ConfigError, match=r"^orders\[1\]\.price: 20000\.05 is not a multiple"):
        api.submit_multiple_futures_orders([FUTURES_ORDER, bad])
    with pytest.raises(ConfigError, match=r"^price: 20000\.05"):
        api.nowait.submit_futures_order(**bad)
    changing = background(api.modify_spot_order, symbol="BTC-USDT", order_id="1", new_price="0.01", ws_key=FUTURES)
    serve_rules(plain_peer, "/api/v2/symbols", SYMBOLS)
    with pytest.raises(ConfigError, match=r"^new_price: 0\.01"):
        changing.result()
    calling = call(api, "futures.cancel")
    request = line.expect_json(op="futures.cancel")  # the first frame: nothing was sent above
    answer(line, request, "200000", CASES["futures.cancel"].data(request["args"]))
    calling.result()
    calling = call(api, "futures.order")
    request = line.read_json()
    answer(line, request, "200000", place_data(request["args"]))
    calling.result()
    assert not plain_peer.has_pending(), "the rules were not asked for again"


def test_an_order_whose_symbol_could_not_be_checked_was_not_sent(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """Who asks for the check does not want the order without it; the reason is its cause."""
    api = clients.api(plain_peer, check_symbols=True)
    calling = background(api.submit_new_spot_order, **SPOT_ORDER)
    with plain_peer.accept() as line:
        line.read_request()
        line.respond(503, body={"code": "503000", "msg": "busy"})
    with pytest.raises(NotSent) as caught:
        calling.result()
    assert isinstance(caught.value.cause, RestError)
    assert caught.value.safe_to_retry
    error = api.nowait.submit_futures_order(**FUTURES_ORDER).exception(10)
    assert isinstance(error, NotSent)
    assert "not fetched yet" in str(error)


def test_a_ping_goes_to_the_line_it_is_asked_for(plain_peer: ScriptedPeer, clients: Clients) -> None:
    api, line = opened(clients, plain_peer, FUTURES)
    for ping in (lambda: api.ping(ws_key=FUTURES), lambda: api.nowait.ping(ws_key=FUTURES).result(10)):
        calling = background(ping)
        request = line.expect_json(op="ping")
        line.send_json({"id": request["id"], "op": "pong", "timestamp": 1_700_000_000_123})
        pong = calling.result()
        assert isinstance(pong, Pong)
        assert pong.ws_key == FUTURES
