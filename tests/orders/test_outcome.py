"""What may be said of an ended request: each row of the rules, and unknown wherever proof is missing."""

from __future__ import annotations

import pickle
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.line_end import LineEnd
from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import ClosedError, ConnectionLost, NotSent, OutcomeUnknown, Rejected
from kucoin_sync.events import OrderAck, Pong, RateLimit
from kucoin_sync.kucoin.operations import KucoinRules
from kucoin_sync.orders.outcome import abandoned, conclude
from kucoin_sync.protocol.messages import Reply

RULES = KucoinRules(None)
ARGS: dict[str, dict[str, Any]] = {
    "spot.order": {"symbol": "BTC-USDT", "side": "buy", "type": "market", "size": "1", "clientOid": "c-1"},
    "spot.cancel": {"symbol": "BTC-USDT", "orderId": "o1"},
    "spot.modify": {"symbol": "BTC-USDT", "orderId": "o1", "newPrice": "2"},
}
BY_CLIENT_OID = {"symbol": "BTC-USDT", "clientOid": "c-1"}
PROOF: dict[str, Any] = {
    "spot.order": {"orderId": "o1"},
    "spot.cancel": {"orderId": "o1"},
    "spot.modify": {"newOrderId": "n1"},
}
OPS = list(ARGS)
POOL = RateLimit(4000, 0, 15.2)


def ended(op: str, args: Any = None, *, sent: Any = "complete", bytes_sent: int = 120) -> PendingRequest:
    """Return a request as the engine leaves it, without an end yet."""
    request = PendingRequest("r-1", op, ARGS[op] if args is None else args, Deadline(5.0))
    request.sent, request.bytes_sent = sent, bytes_sent
    request.sent_at = request.deadline.started + 0.5
    request.finished_at = request.deadline.started + 0.75
    request.line = LineEnd(None, "life-1") if sent != "no" else None
    return request


def reply(
    op: str | None, code: str = "200000", data: Any = None, message: str = "", rate_limit: RateLimit | None = None
) -> Reply:
    return Reply("r-1", op, code, message, data, 11, 12, rate_limit, '{"raw":1}')


def outcome(request: PendingRequest, answer: Reply | None = None, failure: Any = None) -> Any:
    """Return what a call would return or raise."""
    request.reply, request.failure = answer, failure
    operation = RULES.operations[request.op]
    return conclude(request, operation, RULES, ws_key="wsApiSpotV1")


ACCEPTED: list[Any] = [
    pytest.param("spot.order", None, {"orderId": "o1", "clientOid": "c-1"}, "o1", "c-1", id="place"),
    pytest.param("spot.order", None, {"orderId": "o1"}, "o1", "c-1", id="place-without-echo"),
    pytest.param("spot.order", None, {"orderId": "o1", "new": 1}, "o1", "c-1", id="P08-place-with-a-new-field"),
    pytest.param("spot.cancel", None, {"orderId": "o1"}, "o1", None, id="cancel-by-order-id"),
    pytest.param("spot.cancel", BY_CLIENT_OID, {"clientOid": "c-1"}, None, "c-1", id="cancel-by-client-oid"),
    pytest.param("spot.cancel", None, {"cancelledOrderIds": ["o0", "o1"]}, "o1", None, id="cancel-in-a-list"),
    pytest.param("spot.modify", None, {"newOrderId": "n1"}, "n1", None, id="modify"),
    pytest.param(
        "spot.modify", BY_CLIENT_OID, {"newOrderId": "n1", "clientOid": "c-1"}, "n1", "c-1", id="modify-by-oid"
    ),
]


@pytest.mark.parametrize(("op", "args", "data", "order_id", "client_oid"), ACCEPTED)
def test_O01_a_success_with_the_operations_proof_is_accepted(
    op: str, args: Any, data: Any, order_id: str | None, client_oid: str | None
) -> None:
    ack = outcome(ended(op, args), reply(op, data=data, rate_limit=POOL))
    assert ack == OrderAck(
        op=op,
        order_id=order_id,
        client_oid=client_oid,
        request_id="r-1",
        latency=pytest.approx(0.25),
        in_time=11,
        out_time=12,
        rate_limit=POOL,
        ws_key="wsApiSpotV1",
        connection_id="life-1",
        data=data,
        raw='{"raw":1}',
    )


def test_an_ack_is_as_one_that_its_constructor_makes() -> None:
    """Orders make theirs without it, which takes a fifth of the time."""
    ack = outcome(ended("spot.order"), reply("spot.order", data={"orderId": "o1", "clientOid": "c-1"}))
    made = OrderAck(**{field.name: getattr(ack, field.name) for field in attrs.fields(OrderAck)})
    assert type(ack) is OrderAck
    assert (ack, repr(ack), pickle.loads(pickle.dumps(ack))) == (made, repr(made), made)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        ack.order_id = "another"  # type: ignore[misc]


WITHOUT_PROOF: list[Any] = [
    *(
        pytest.param("spot.order", None, data, id=f"P18-place-{name}")
        for name, data in {
            "no-data": None,
            "empty-data": {},
            "order-id-empty": {"orderId": "", "clientOid": "c-1"},
            "order-id-null": {"orderId": None, "clientOid": "c-1"},
            "order-id-number": {"orderId": 5, "clientOid": "c-1"},
            "client-oid-alone": {"clientOid": "c-1"},
            "list": [{"orderId": "o1"}],
            "text": "o1",
        }.items()
    ),
    pytest.param("spot.order", None, {"orderId": "o1", "clientOid": "c-2"}, id="P17-place-foreign-client-oid"),
    pytest.param("spot.order", None, {"orderId": "o1", "clientOid": 1}, id="P17-place-client-oid-of-another-type"),
    pytest.param("spot.cancel", None, None, id="P18-cancel-no-data"),
    pytest.param("spot.cancel", None, {}, id="P18-cancel-empty-data"),
    pytest.param("spot.cancel", None, {"orderId": "o2"}, id="P17-cancel-another-order"),
    pytest.param("spot.cancel", None, {"clientOid": "c-1"}, id="P17-cancel-answered-by-another-kind-of-id"),
    pytest.param("spot.cancel", None, {"cancelledOrderIds": []}, id="P18-cancel-of-none"),
    pytest.param("spot.cancel", None, {"cancelledOrderIds": ["o2"]}, id="P17-cancel-of-others"),
    pytest.param("spot.cancel", None, {"cancelledOrderIds": "o1"}, id="P18-cancel-list-that-is-text"),
    pytest.param("spot.cancel", BY_CLIENT_OID, {"clientOid": "c-2"}, id="P17-cancel-foreign-client-oid"),
    pytest.param("spot.cancel", BY_CLIENT_OID, {"cancelledOrderIds": [None]}, id="P18-cancel-of-null"),
    pytest.param("spot.modify", None, None, id="P18-modify-no-data"),
    pytest.param("spot.modify", None, {"orderId": "o1"}, id="P18-modify-old-order-alone"),
    pytest.param("spot.modify", None, {"newOrderId": ""}, id="P18-modify-new-id-empty"),
    pytest.param("spot.modify", None, {"newOrderId": None}, id="P18-modify-new-id-null"),
]


@pytest.mark.parametrize(("op", "args", "data"), WITHOUT_PROOF)
def test_O02_P18_a_success_without_the_operations_proof_is_unknown(op: str, args: Any, data: Any) -> None:
    error = outcome(ended(op, args), reply(op, data=data))
    assert isinstance(error, OutcomeUnknown)
    assert (error.reason, error.code, error.safe_to_retry) == ("unreadable_reply", None, False)
    assert error.reply == '{"raw":1}'


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("other", [None, "", "spot.sync_order", "ping", "pong", "SPOT.ORDER", "error"])
@pytest.mark.parametrize("code", ["200000", "400100", "429000"])
def test_O04_P17_a_reply_with_another_operation_is_unknown_whatever_it_says(
    op: str, other: str | None, code: str
) -> None:
    """A refusal of something else is no refusal of this."""
    error = outcome(ended(op), reply(other, code, PROOF[op]))
    assert isinstance(error, OutcomeUnknown)
    assert error.reason == "unreadable_reply"


REFUSED: list[Any] = [
    *(pytest.param(op, "400100", "bad parameter", id=f"{op}-parameter") for op in OPS),
    *(pytest.param(op, "400005", "bad sign", id=f"{op}-gateway") for op in OPS),
    pytest.param("spot.order", "200004", "Balance insufficient!", id="spot.order-balance"),
    pytest.param("spot.order", "900001", "no symbol", id="spot.order-symbol"),
    pytest.param("spot.cancel", "400100", "order_not_exist_or_not_allow_to_cancel", id="spot.cancel-no-such-order"),
]


@pytest.mark.parametrize(("op", "code", "message"), REFUSED)
def test_O01_a_code_listed_as_a_definite_refusal_is_rejected(op: str, code: str, message: str) -> None:
    error = outcome(ended(op), reply(op, code, {"detail": 1}, message, rate_limit=POOL))
    assert isinstance(error, Rejected)
    assert (error.code, error.msg, error.data, error.rate_limit) == (code, message, {"detail": 1}, POOL)
    assert (error.retry_after, error.duplicate, error.safe_to_retry) == (None, False, False)


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize(
    ("limit", "retry_after"),
    [(POOL, 15.2), (RateLimit(1, 0, None), None), (None, None)],
    ids=["pool", "no-reset", "none"],
)
def test_O01_a_refusal_by_rate_says_when_the_pool_refills(op: str, limit: Any, retry_after: Any) -> None:
    error = outcome(ended(op), reply(op, "429000", None, "Too many requests", limit))
    assert isinstance(error, Rejected)
    assert error.retry_after == retry_after


def test_O01_a_duplicate_is_rejected_and_marked() -> None:
    """This frame made no order, but one with the same id is live: worth knowing before one tries another id."""
    error = outcome(
        ended("spot.order"), reply("spot.order", "400100", None, "validation.createOrder.clientOidDuplicated")
    )
    assert isinstance(error, Rejected)
    assert error.duplicate


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("code", ["500000", "503000", "504000", "230005", "408000", "420001", "1015", "999999", "0"])
def test_O02_an_uncertain_or_unlisted_code_is_unknown(op: str, code: str) -> None:
    """A failing server may have acted first."""
    error = outcome(ended(op), reply(op, code, PROOF[op], "system busy"))
    assert isinstance(error, OutcomeUnknown)
    assert (error.reason, error.code, error.line_alive, error.safe_to_retry) == ("server_error", code, True, False)


@pytest.mark.parametrize("op", OPS)
def test_O02_a_reply_without_a_code_is_a_server_error(op: str) -> None:
    """Even one that names an order: success was not said."""
    error = outcome(ended(op), reply(op, "", PROOF[op]))
    assert isinstance(error, OutcomeUnknown)
    assert error.reason == "server_error"


@pytest.mark.parametrize("code", ["200004", "600203", "200001"])
def test_O02_a_modification_that_may_have_cancelled_first_is_unknown(code: str) -> None:
    """It is a cancel and a new order; the code may be about the second half."""
    error = outcome(ended("spot.modify"), reply("spot.modify", code, None, "Balance insufficient!"))
    assert isinstance(error, OutcomeUnknown)
    assert error.reason == "server_error"


def test_O02_an_operation_the_library_does_not_know_is_unknown_where_its_codes_are_not_listed() -> None:
    error = outcome(ended("spot.new", {"clientOid": "c-9"}), reply("spot.new", "200004", None, "balance"))
    assert isinstance(error, OutcomeUnknown)
    assert error.client_oid == "c-9"


def test_a_cancel_of_an_order_that_is_not_live_is_rejected_and_marked() -> None:
    """Done, never there, or too new to be found: the code does not say, so nothing is claimed but that."""
    message = "order_not_exist_or_not_allow_to_cancel"
    error = outcome(ended("spot.cancel"), reply("spot.cancel", "400100", None, message))
    assert isinstance(error, Rejected)
    assert error.no_such_order
    placed = outcome(ended("spot.order"), reply("spot.order", "400100", None, message))
    assert isinstance(placed, Rejected)
    assert not placed.no_such_order


def test_a_cancel_of_an_order_that_is_being_cancelled_is_an_ack_without_effect() -> None:
    """What the caller wanted is under way; his request changed nothing."""
    args = {"tradeType": "SPOT", "symbol": "BTC-USDT", "clientOid": "c-1"}
    ack = outcome(ended("uta.cancel", args), reply("uta.cancel", "106050", None, "Canceling"))
    assert isinstance(ack, OrderAck)
    assert (ack.no_effect, ack.client_oid, ack.order_id) == (True, "c-1", None)


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("reason", ["timeout", "disconnected", "closed", "slept"])
@pytest.mark.parametrize("sent", ["partial", "complete"])
def test_O02_a_request_of_which_a_byte_left_is_unknown_without_a_reply(op: str, reason: str, sent: str) -> None:
    cause = ConnectionLost("gone")
    error = outcome(ended(op, sent=sent, bytes_sent=3), failure=(reason, cause))
    assert isinstance(error, OutcomeUnknown)
    assert (error.reason, error.sent, error.bytes_sent, error.reply) == (reason, sent, 3, None)
    assert error.cause is cause and error.__cause__ is cause
    assert not error.safe_to_retry


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("reason", ["timeout", "disconnected", "closed"])
def test_O01_a_request_of_which_no_byte_left_is_not_sent(op: str, reason: str) -> None:
    error = outcome(ended(op, sent="no", bytes_sent=0), failure=(reason, ClosedError("closed")))
    assert type(error) is NotSent
    assert error.safe_to_retry
    assert isinstance(error.cause, ClosedError) and error.__cause__ is error.cause


def test_O06_a_ping_may_always_be_repeated() -> None:
    error = outcome(ended("ping", {}), failure=("timeout", None))
    assert isinstance(error, OutcomeUnknown)
    assert error.safe_to_retry


def test_a_ping_is_answered_by_a_pong() -> None:
    assert outcome(ended("ping", {}), reply("pong", "", 1760000000000)) == Pong(
        "r-1", pytest.approx(0.25), 1760000000000, "wsApiSpotV1", "life-1"
    )


@pytest.mark.parametrize("sent", ["no", "partial", "complete"])
def test_O18_an_interrupted_request_is_not_sent_or_unknown_by_the_bytes_that_left(sent: str) -> None:
    error = abandoned(
        ended("spot.order", sent=sent),
        RULES.operations["spot.order"],
        "interrupted",
        ws_key="wsApiSpotV1",
    )
    if sent == "no":
        assert type(error) is NotSent
    else:
        assert isinstance(error, OutcomeUnknown)
        assert error.reason == "interrupted"
    assert error.client_oid == "c-1"


def test_every_outcome_carries_the_facts_of_its_request() -> None:
    request = ended("spot.order", bytes_sent=222)
    request.notes += ("error frame without an id",)
    error = outcome(request, failure=("timeout", None))
    assert {name: getattr(error, name) for name in ("op", "request_id", "client_oid", "order_id", "symbol")} == {
        "op": "spot.order",
        "request_id": "r-1",
        "client_oid": "c-1",
        "order_id": None,
        "symbol": "BTC-USDT",
    }
    assert (error.ws_key, error.connection_id, error.bytes_sent) == ("wsApiSpotV1", "life-1", 222)
    assert error.notes == ("error frame without an id",)
    assert error.elapsed == pytest.approx(0.75)
    assert error.started_at == request.started_at
    assert error.request == ARGS["spot.order"]


def test_the_arguments_in_an_outcome_are_a_frozen_copy() -> None:
    request = ended("spot.order", dict(ARGS["spot.order"]))
    error = outcome(request, failure=("timeout", None))
    request.args["symbol"] = "changed"
    assert error.request["symbol"] == "BTC-USDT"
    with pytest.raises(TypeError):
        error.request["symbol"] = "changed"


def test_a_long_reply_that_proves_nothing_is_cut() -> None:
    long = Reply("r-1", None, "200000", "", None, None, None, None, "x" * 100_000)
    error = outcome(ended("spot.order"), long)
    assert len(error.reply) <= 1010


_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["o1", "c-1", "n1"]),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["orderId", "clientOid", "newOrderId", "cancelledOrderIds"]) | st.text(max_size=3),
            children,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(
    op=st.sampled_from(OPS),
    by_client_oid=st.booleans(),
    reply_op=st.sampled_from([*OPS, None, "x"]),
    code=st.sampled_from(["200000", "400100", "429000", "500000", "200004", ""]) | st.text(max_size=6),
    data=_DATA,
    message=st.text(max_size=20),
)
@settings(max_examples=250)
def test_O02_any_reply_ends_in_one_of_the_four_outcomes(
    op: str, by_client_oid: bool, reply_op: str | None, code: str, data: Any, message: str
) -> None:
    """No reply, however odd, leaves an order call with another exception; and without proof it is unknown."""
    args = BY_CLIENT_OID if by_client_oid and op != "spot.order" else ARGS[op]
    result = outcome(ended(op, args), reply(reply_op, code, data, message))
    assert isinstance(result, (OrderAck, Rejected, OutcomeUnknown))
    if isinstance(result, OrderAck):
        assert reply_op == op and code == "200000" and isinstance(data, dict)
    if isinstance(result, Rejected):
        assert reply_op == op and code not in ("200000", "500000", "")
