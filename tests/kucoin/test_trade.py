"""The dialect of order entry and its operations, beyond what the frames of the samples show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kucoin_sync.errors import AuthError, ConfigError, ConnectError
from kucoin_sync.kucoin import codes
from kucoin_sync.kucoin.trade import KucoinRules
from kucoin_sync.orders.outcome import OperationKind, Proof
from kucoin_sync.protocol.dialect import TopicRequest
from kucoin_sync.protocol.messages import PongReceived, Refusal, Reply
from kucoin_sync.protocol.server_clock import ServerClock
from tests.kucoin.samples import ORIGIN, trade

NOW = 1_760_000_000.0


def rules(recv_window: float | None = None) -> KucoinRules:
    return KucoinRules(recv_window, lambda: NOW)


def measured(offset_ms: float, uncertainty_ms: float) -> ServerClock:
    clock = ServerClock()
    clock.observe(
        NOW * 1000 + offset_ms,
        sent_ms=NOW * 1000 - uncertainty_ms,
        received_ms=NOW * 1000 + uncertainty_ms,
        now=0.0,
    )
    return clock


@pytest.mark.parametrize("code", list(codes.AUTH_CODES))
def test_P16_refused_credentials_while_opening_are_an_auth_error(code: str) -> None:
    """The frame has no id and belongs to no request; it belongs to the opening."""
    error = trade().opening_error(Refusal(None, code, "no", "{}"), "welcome")
    assert isinstance(error, AuthError)
    assert (error.code, error.phase, error.retryable) == (code, "auth", False)


@pytest.mark.parametrize(
    ("code", "phase"), [("400012", "auth"), ("503000", "welcome"), ("501000", "welcome"), ("", "welcome")]
)
def test_any_other_refusal_while_opening_is_worth_another_try(code: str, phase: str) -> None:
    error = trade().opening_error(Refusal(None, code, "later", "{}"), "welcome")
    assert type(error) is ConnectError
    assert (error.phase, error.retryable) == (phase, True)


def test_P06_a_refusals_words_are_cut_and_escaped() -> None:
    for code in ("400003", "9\n9"):
        error = trade().opening_error(Refusal(None, code, "no\n\u202e\x1b[31m" + "x" * 2000, "{}"), "auth")
        assert str(error).isprintable()
        assert len(str(error)) < 1000


def test_R13_a_refused_timestamp_is_a_clock_error() -> None:
    dialect = trade()
    assert dialect.is_clock_error(dialect.opening_error(Refusal(None, "400002", "", "{}"), "auth"))
    assert not dialect.is_clock_error(dialect.opening_error(Refusal(None, "400005", "", "{}"), "auth"))
    assert dialect.time_call() is not None


def test_topics_do_not_go_to_order_entry() -> None:
    with pytest.raises(ConfigError, match=r"^ws_key: wsApiSpotV1 carries requests"):
        trade().single_topics(TopicRequest("/market/ticker:A"))


def test_a_ping_request_has_no_arguments() -> None:
    assert json.loads(trade().encode_request("ping", {}, request_id="7")) == {"id": "7", "op": "ping"}


def test_T29_an_ack_whose_client_order_id_holds_pong_is_an_ack() -> None:
    text = '{"id":"1","op":"spot.order","code":"200000","data":{"orderId":"a","clientOid":"pong"}}'
    assert isinstance(trade().decode(text, 0.0, ORIGIN), Reply)
    assert isinstance(trade().decode('{"id":"1","op":"pong"}', 0.0, ORIGIN), PongReceived)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        pytest.param({"limit": 1, "remaining": 2, "reset": 3000}, (1, 2, 3.0), id="whole"),
        pytest.param({}, None, id="empty"),
        pytest.param({"limit": "1", "remaining": None, "reset": "x"}, (None, None, None), id="wrong-types"),
        pytest.param({"reset": 0}, (None, None, None), id="reset-zero"),
        pytest.param([1, 2], None, id="list"),
        pytest.param("x", None, id="text"),
    ],
)
def test_P08_the_state_of_the_pool_is_read_as_far_as_it_is_there(limit: Any, expected: Any) -> None:
    text = json.dumps({"id": "1", "op": "spot.order", "code": "200000", "userRateLimit": limit})
    reply = trade().decode(text, 0.0, ORIGIN)
    assert isinstance(reply, Reply)
    got = reply.rate_limit and (reply.rate_limit.limit, reply.rate_limit.remaining, reply.rate_limit.reset)
    # An empty object may as well count as nothing said.
    assert got == expected or (limit == {} and got == (None, None, None))


@pytest.mark.parametrize(
    ("name", "kind", "product", "expires"),
    [
        ("spot.order", OperationKind.PLACE, "spot", True),
        ("spot.modify", OperationKind.MODIFY, "spot", False),
        ("spot.cancel", OperationKind.CANCEL, "spot", False),
        ("ping", OperationKind.READ, "spot", False),
        ("futures.order", OperationKind.OTHER, "futures", False),
        ("something new", OperationKind.OTHER, "something new", False),
    ],
)
def test_an_operation_is_known_or_taken_to_change_the_account(
    name: str, kind: OperationKind, product: str, expires: bool
) -> None:
    operation = rules().operation(name)
    assert (operation.kind, operation.product, operation.expire is not None) == (kind, product, expires)
    assert operation.reply_op == ("pong" if name == "ping" else name)


PLACE = {"symbol": "BTC-USDT", "clientOid": "c-1"}


def test_O10_an_order_ends_with_its_call_by_the_earliest_time_it_can_be_at_the_exchange() -> None:
    """Exchange 3 s ahead, known to 50 ms: the window begins at what its clock shows at least."""
    operation = rules().operation("spot.order")
    assert operation.expire is not None
    assert operation.expire(PLACE, measured(3000, 50), 2.5) == {
        **PLACE,
        "clientTimestamp": int(NOW * 1000) + 2950,
        "allowMaxTimeWindow": 2500,
    }


def test_O10_a_window_that_the_user_set_replaces_the_time_left() -> None:
    operation = rules(recv_window=0.75).operation("spot.order")
    assert operation.expire is not None
    assert operation.expire(PLACE, measured(0, 1), 2.5)["allowMaxTimeWindow"] == 750


def test_O10_an_order_at_the_very_end_of_its_call_still_has_a_window() -> None:
    operation = rules().operation("spot.order")
    assert operation.expire is not None
    assert operation.expire(PLACE, measured(0, 1), 0.0)["allowMaxTimeWindow"] == 1


def test_O10_the_callers_own_window_is_kept_and_nothing_else_is_changed() -> None:
    operation = rules().operation("spot.order")
    assert operation.expire is not None
    own = {**PLACE, "clientTimestamp": 1, "allowMaxTimeWindow": 2}
    assert operation.expire(own, measured(0, 1), 2.5) == own
    before = dict(PLACE)
    operation.expire(PLACE, measured(0, 1), 2.5)
    assert before == PLACE


PROOFS: list[Any] = [
    pytest.param("spot.order", {"orderId": "a", "clientOid": "c-1"}, Proof("a", "c-1"), id="place"),
    pytest.param("spot.order", {"orderId": "a"}, Proof("a", "c-1"), id="place-without-echo"),
    pytest.param("spot.cancel", {"clientOid": "c-1"}, Proof(None, "c-1"), id="cancel-by-client-oid"),
    pytest.param("spot.modify", {"newOrderId": "n", "clientOid": "c-1"}, Proof("n", "c-1"), id="modify"),
]


@pytest.mark.parametrize(("op", "data", "proof"), PROOFS)
def test_a_success_reply_proves_which_order_it_is_about(op: str, data: Any, proof: Proof) -> None:
    assert rules().operation(op).prove(PLACE, data) == proof
