"""What may be said of several orders in one request: each by the rules for one, and of the whole what they say."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.line_end import LineEnd
from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import ConnectionLost, NotSent, OutcomeUnknown, Rejected
from kucoin_sync.events import BatchResult, OrderAck, RateLimit
from kucoin_sync.kucoin.operations import KucoinRules
from kucoin_sync.orders.outcome import abandoned, conclude
from kucoin_sync.protocol.messages import Reply
from tests.sides import Side

RULES = KucoinRules(None)
PLACE, CANCEL = "futures.multi_order", "futures.multi_cancel"
ORDERS = [{"clientOid": oid, "symbol": "XBTUSDTM", "side": "buy", "size": 1} for oid in ("a", "b", "c")]
BY_ID = {"orderIdsList": ["1", "2"]}
POOL = RateLimit(2000, 0, 15.2)


def ended(op: str, args: Any, *, sent: Any = "complete") -> PendingRequest:
    """Return a request as the engine leaves it, without an end yet."""
    request = PendingRequest("r-1", op, args, Deadline(5.0))
    request.sent, request.bytes_sent = sent, 0 if sent == "no" else 300
    request.sent_at = request.deadline.started + 0.5
    request.finished_at = request.deadline.started + 0.75
    request.line = LineEnd(None, "life-1")
    return request


def outcome(
    data: Any,
    *,
    op: str = PLACE,
    args: Any = ORDERS,
    code: str = "200000",
    message: str = "",
    reply_op: str | None = "",
    failure: Any = None,
    sent: Any = "complete",
) -> Any:
    """Return what a call would return or raise."""
    request = ended(op, args, sent=sent)
    if failure is None:
        reply_op = op if reply_op == "" else reply_op
        request.reply = Reply("r-1", reply_op, code, message, data, 11, 12, POOL, '{"raw":1}')
    request.failure = failure
    return conclude(request, RULES.operations[op], RULES, ws_key="wsApiFuturesV1")


def taken(oid: str) -> dict[str, Any]:
    return {"orderId": f"o-{oid}", "clientOid": oid, "symbol": "XBTUSDTM", "code": "200000", "msg": "success"}


def refused(oid: str, code: str = "300003") -> dict[str, Any]:
    return {"orderId": None, "clientOid": oid, "symbol": "XBTUSDTM", "code": code, "msg": "no"}


def kinds(result: Any) -> list[str]:
    """Return the outcomes of a batch, or of the error about one, as words."""
    results = result if isinstance(result, BatchResult) else result.results
    return [type(each).__name__ for each in results]


def test_P19_a_batch_that_was_taken_whole_is_an_ack_for_each_order_in_the_order_sent() -> None:
    result = outcome([taken("c"), taken("a"), taken("b")])
    assert isinstance(result, BatchResult)
    assert [(ack.client_oid, ack.order_id) for ack in result.accepted] == [("a", "o-a"), ("b", "o-b"), ("c", "o-c")]
    assert result.all_accepted
    first = result.by_client_oid("a")
    assert isinstance(first, OrderAck)
    assert (first.op, first.request_id, first.latency) == (PLACE, "r-1", pytest.approx(0.25))
    assert (first.in_time, first.out_time, first.rate_limit) == (11, 12, POOL)
    assert (first.ws_key, first.connection_id, first.data, first.raw) == (
        "wsApiFuturesV1",
        "life-1",
        taken("a"),
        '{"raw":1}',
    )


def test_P19_a_batch_that_was_taken_in_part_returns_both_kinds_of_outcome() -> None:
    """Every order is definite, so nothing is raised; who looks at one only must look at it."""
    result = outcome([taken("a"), refused("b"), refused("c", "300018")])
    assert kinds(result) == ["OrderAck", "Rejected", "Rejected"]
    assert not result.all_accepted
    assert [(error.client_oid, error.code, error.duplicate) for error in result.rejected] == [
        ("b", "300003", False),
        ("c", "300018", True),
    ]
    error = result.by_client_oid("b")
    assert isinstance(error, Rejected)
    assert (error.op, error.symbol, error.msg, error.data) == (PLACE, "XBTUSDTM", "no", refused("b"))
    assert error.request == ORDERS[1]
    assert repr(result) == "<BatchResult futures.multi_order: 1 accepted, 2 refused>"


def test_P19_a_batch_that_was_refused_order_by_order_is_returned_too() -> None:
    result = outcome([refused("a"), refused("b"), refused("c")])
    assert kinds(result) == ["Rejected"] * 3
    assert result.accepted == ()


UNCERTAIN: list[Any] = [
    pytest.param([taken("a"), taken("b")], "unreadable_reply", None, id="missing"),
    pytest.param([taken("a"), taken("b"), taken("d")], "unreadable_reply", None, id="foreign"),
    pytest.param([taken("a"), taken("b"), {**taken("c"), "orderId": ""}], "unreadable_reply", None, id="no-order-id"),
    pytest.param([taken("a"), taken("b"), {**taken("c"), "symbol": "X"}], "unreadable_reply", None, id="other-symbol"),
    pytest.param([taken("a"), taken("b"), {"clientOid": "c"}], "server_error", "", id="no-code"),
    pytest.param([taken("a"), taken("b"), refused("c", "500000")], "server_error", "500000", id="failing-server"),
    pytest.param([taken("a"), taken("b"), refused("c", "999999")], "server_error", "999999", id="unlisted-code"),
]


@pytest.mark.parametrize(("data", "reason", "code"), UNCERTAIN)
def test_P19_one_order_without_a_definite_outcome_makes_the_whole_unknown_and_keeps_the_rest(
    data: Any, reason: str, code: str | None
) -> None:
    error = outcome(data)
    assert isinstance(error, OutcomeUnknown)
    assert (error.reason, error.code, error.safe_to_retry) == ("partial_batch", None, False)
    assert kinds(error) == ["OrderAck", "OrderAck", "OutcomeUnknown"]
    unknown = error.results.by_client_oid("c")
    assert (unknown.reason, unknown.code, unknown.client_oid) == (reason, code, "c")
    assert str(error) == (
        "futures.multi_order XBTUSDTM clientOid=a,b,c: outcome unknown after 0.75 s (sent, some items have no definite "
        "answer, 2 accepted, 0 refused, 1 unknown, line alive); "
        "do not resend; call client.reconcile(error) for the unknown ones in error.results"
    )


@pytest.mark.parametrize("data", [None, {}, "text", [], [1, None], {"clientOid": "a", "orderId": "1"}])
def test_P19_success_without_a_word_about_any_order_proves_nothing_about_all(data: Any) -> None:
    error = outcome(data)
    assert isinstance(error, OutcomeUnknown)
    assert error.reason == "unreadable_reply"
    assert kinds(error) == ["OutcomeUnknown"] * 3


@pytest.mark.parametrize(
    ("code", "message"),
    [("400100", "bad parameter"), ("400005", "signature"), ("300003", "balance"), ("429000", "Too many requests")],
)
def test_P19_a_refusal_of_the_whole_batch_refuses_every_order(code: str, message: str) -> None:
    result = outcome(None, code=code, message=message)
    assert isinstance(result, BatchResult)
    assert [(error.client_oid, error.code, error.msg) for error in result.rejected] == [
        (oid, code, message) for oid in ("a", "b", "c")
    ]
    assert {error.retry_after for error in result.rejected} == {15.2 if code == "429000" else None}


@pytest.mark.parametrize(
    ("op", "args", "code"), [(PLACE, ORDERS, "300018"), (CANCEL, BY_ID, "100004")], ids=["duplicate", "no-such-order"]
)
def test_P19_what_a_refusal_of_the_whole_says_of_one_order_is_said_of_none(op: str, args: Any, code: str) -> None:
    """One of them is the duplicate, or is not there; which, the reply does not say."""
    result = outcome(None, op=op, args=args, code=code)
    assert len(result.rejected) == len(result)
    assert not any(error.duplicate or error.no_such_order for error in result.rejected)


@pytest.mark.parametrize("code", ["500000", "504000", "999999", ""])
def test_P19_an_error_of_the_whole_that_is_no_refusal_leaves_every_order_unknown(code: str) -> None:
    error = outcome(None, code=code)
    assert isinstance(error, OutcomeUnknown)
    assert (error.reason, error.code) == ("server_error", code)
    assert {(each.reason, each.code) for each in error.results} == {("server_error", code)}


def test_P19_an_error_of_the_whole_does_not_undo_what_is_said_of_an_order() -> None:
    error = outcome([taken("a"), refused("b")], code="999999")
    assert kinds(error) == ["OrderAck", "Rejected", "OutcomeUnknown"]
    assert error.reason == "partial_batch"


def test_P19_an_order_that_is_taken_in_a_batch_that_is_refused_is_unknown() -> None:
    """The reply contradicts itself; neither half of it is proof."""
    error = outcome([taken("a"), refused("b")], code="400100", message="bad parameter")
    assert kinds(error) == ["OutcomeUnknown", "Rejected", "Rejected"]
    assert error.results[0].reason == "unreadable_reply"


def ended_on(side: Side, *, sent: Any = "complete") -> PendingRequest:
    """As `ended`, for three orders on either exchange."""
    return ended(side.batch_op, side.batch_args(["a", "b", "c"]), sent=sent)


def outcome_on(
    side: Side, said: Any = None, *, reply_op: str | None = "", failure: Any = None, sent: Any = "complete"
) -> Any:
    """As `outcome`, for three orders on either exchange; ``said`` is what `Side.answered` takes."""
    request = ended_on(side, sent=sent)
    if said is not None:
        frame = side.answered({"id": "r-1", "op": side.batch_op}, said)
        reply_op = side.batch_op if reply_op == "" else reply_op
        request.reply = Reply("r-1", reply_op, frame["code"], "", frame["data"], 11, 12, None, "{}")
    request.failure = failure
    rules = side.rules
    return conclude(request, rules.operations[side.batch_op], rules, ws_key=side.batch_key)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"c": "3", "a": "1", "b": "2"}, ["OrderAck", "OrderAck", "OrderAck"]),
        ({"a": "1", "b": None, "c": None}, ["OrderAck", "Rejected", "Rejected"]),
        ({"a": None, "b": None, "c": None}, ["Rejected", "Rejected", "Rejected"]),
        ({"a": "1", "c": None}, ["OrderAck", "OutcomeUnknown", "Rejected"]),
        ({"a": "1", "b": "2", "foreign": "3"}, ["OrderAck", "OrderAck", "OutcomeUnknown"]),
    ],
)
def test_P19_each_order_of_a_batch_has_the_outcome_that_the_reply_tells_of_it(
    side: Side, said: dict[str, str | None], expected: list[str]
) -> None:
    result = outcome_on(side, said)
    assert kinds(result) == expected
    assert isinstance(result, OutcomeUnknown) == ("OutcomeUnknown" in expected)
    for each in result.results if isinstance(result, OutcomeUnknown) else result:
        assert not isinstance(each, OrderAck) or each.order_id == said[str(each.client_oid)]


@pytest.mark.parametrize("reply_op", ["of-one", None, "of-cancels"])
def test_P17_P19_a_batch_answered_by_another_operation_is_unknown(side: Side, reply_op: str | None) -> None:
    error = outcome_on(side, {"a": "1", "b": "2", "c": "3"}, reply_op=reply_op)
    assert isinstance(error, OutcomeUnknown)
    assert error.reason == "unreadable_reply"
    assert kinds(error) == ["OutcomeUnknown"] * 3


@pytest.mark.parametrize("reason", ["timeout", "disconnected", "closed", "slept"])
def test_P20_a_batch_without_a_reply_is_unknown_for_that_reason_order_by_order(side: Side, reason: str) -> None:
    cause = ConnectionLost("gone")
    error = outcome_on(side, failure=(reason, cause))
    assert isinstance(error, OutcomeUnknown)
    symbol = {each.get("symbol", each.get("instId")) for each in side.batch_args(["a"])}
    assert (error.reason, error.client_oid, {error.symbol}) == (reason, ("a", "b", "c"), symbol)
    assert [(each.client_oid, each.reason, each.cause) for each in error.results] == [
        (oid, reason, cause) for oid in ("a", "b", "c")
    ]
    assert error.request == tuple(side.batch_args(["a", "b", "c"]))


def test_O01_a_batch_of_which_no_byte_left_is_not_sent(side: Side) -> None:
    error = outcome_on(side, failure=("closed", None), sent="no")
    assert type(error) is NotSent
    assert (error.client_oid, error.safe_to_retry) == (("a", "b", "c"), True)


def test_O18_an_interrupted_batch_is_unknown_order_by_order(side: Side) -> None:
    operation = side.rules.operations[side.batch_op]
    error = abandoned(ended_on(side), operation, "interrupted", ws_key="x")
    assert isinstance(error, OutcomeUnknown)
    assert error.results is not None
    assert {each.reason for each in error.results.unknown} == {"interrupted"}


def test_orders_of_several_symbols_have_no_symbol_in_common() -> None:
    error = outcome(None, args=[ORDERS[0], {**ORDERS[1], "symbol": "ETHUSDTM"}])
    assert error.symbol is None
    assert [each.symbol for each in error.results] == ["XBTUSDTM", "ETHUSDTM"]


# Cancels.


def test_P19_a_batch_of_cancels_is_answered_by_the_ids_that_were_asked_for() -> None:
    entries = [
        {"orderId": "2", "clientOid": None, "code": "100004", "msg": "not cancelable"},
        {"orderId": "1", "clientOid": None, "code": "200", "msg": "success"},
    ]
    result = outcome(entries, op=CANCEL, args=BY_ID)
    assert kinds(result) == ["OrderAck", "Rejected"]
    assert result.by_order_id("1").order_id == "1"
    error = result.by_order_id("2")
    assert (error.no_such_order, error.order_id, error.client_oid) == (True, "2", None)


def test_P19_a_batch_of_cancels_by_client_order_ids() -> None:
    args = {"clientOidsList": [{"symbol": "X", "clientOid": "a"}, {"symbol": "Y", "clientOid": "b"}]}
    result = outcome([{"clientOid": "b", "code": "200"}, {"clientOid": "a", "code": "200"}], op=CANCEL, args=args)
    assert [ack.client_oid for ack in result.accepted] == ["a", "b"]
    error = outcome(None, op=CANCEL, args=args, failure=("timeout", None))
    assert (error.client_oid, error.order_id, error.symbol) == (("a", "b"), None, None)
    assert error.results[1].request == {"symbol": "Y", "clientOid": "b"}


def test_a_batch_of_cancels_without_a_reply_names_the_orders() -> None:
    error = outcome(None, op=CANCEL, args=BY_ID, failure=("timeout", None))
    assert (error.client_oid, error.order_id) == (None, ("1", "2"))
    assert str(error).startswith("futures.multi_cancel orderId=1,2: outcome unknown")


# The value.


def test_a_batch_result_is_a_sequence_that_finds_orders_by_their_ids() -> None:
    result = outcome([taken("a"), refused("b"), taken("c")])
    assert len(result) == 3
    assert [each.client_oid for each in result] == ["a", "b", "c"]
    assert result[-1] is result.by_order_id("o-c") is result.by_client_oid("c")
    for find in (result.by_client_oid, result.by_order_id):
        with pytest.raises(KeyError):
            find("nobody")


def test_S39_a_batch_and_the_error_about_one_survive_a_pickle() -> None:
    for outcome_ in (outcome([taken("a"), refused("b"), taken("c")]), outcome([taken("a")])):
        again = pickle.loads(pickle.dumps(outcome_))
        assert str(again) == str(outcome_)
        assert kinds(again) == kinds(outcome_)
        results = again.results if isinstance(again, OutcomeUnknown) else again
        assert [each.client_oid for each in results] == ["a", "b", "c"]


_ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "orderId": st.sampled_from(["o-1", "", None, 5]),
        "clientOid": st.sampled_from(["a", "b", "c", "d", None]),
        "symbol": st.sampled_from(["XBTUSDTM", "X", None]),
        "code": st.sampled_from(["200000", "200", "300003", "500000", "", None, 200000]),
        "msg": st.text(max_size=3),
    },
)


@given(
    code=st.sampled_from(["200000", "400100", "429000", "500000", "", "999999"]),
    data=st.lists(_ENTRY | st.none() | st.integers(), max_size=6) | _ENTRY | st.none(),
)
@settings(max_examples=250)
def test_O02_P19_any_reply_to_a_batch_ends_in_one_outcome_an_order_and_acks_only_with_proof(
    code: str, data: Any
) -> None:
    result = outcome(data, code=code)
    assert isinstance(result, (BatchResult, OutcomeUnknown))
    results = result if isinstance(result, BatchResult) else result.results
    assert len(results) == 3
    assert isinstance(result, OutcomeUnknown) == bool(results.unknown)
    for oid, each in zip(("a", "b", "c"), results, strict=True):
        assert each.client_oid == oid
        if isinstance(each, OrderAck):
            entries = [entry for entry in data if isinstance(entry, dict) and entry.get("clientOid") == oid]
            assert all(e["orderId"] == "o-1" and str(e["code"]) == "200000" for e in entries) and entries
