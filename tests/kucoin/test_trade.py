"""The dialect of order entry, beyond what the frames of the samples show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kucoin_sync.errors import AuthError, ConfigError, ConnectError
from kucoin_sync.kucoin import codes
from kucoin_sync.protocol.dialect import TopicRequest
from kucoin_sync.protocol.messages import PongReceived, Refusal, Reply
from tests.kucoin.samples import ORIGIN, trade


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
