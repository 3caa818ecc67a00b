"""Every frame means what the exchange's documents say: its own samples, and the fixtures of this repository."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.errors import AuthError, ConnectError, TokenError
from kucoin_sync.events import Update
from kucoin_sync.modelling.fields import Unmodelled
from kucoin_sync.okx import models, topic_texts
from kucoin_sync.okx.models.typed import MODELS
from kucoin_sync.protocol import messages
from kucoin_sync.protocol.dialect import HttpAnswer, TopicRequest
from kucoin_sync.protocol.messages import (
    Ack,
    Inbound,
    LoginReply,
    Notice,
    PongReceived,
    Refusal,
    Reply,
    TopicsEnded,
    Unreadable,
)
from tests.okx.samples import ORIGIN, Sample, dialect, exchange_frames, own_frames


def decode(text: str) -> Inbound:
    return dialect("private", login=True).decode(text, 0.0, ORIGIN)


def check_control(sample: Sample) -> None:
    """Compare what an event means with its fields."""
    frame, message = sample.frame, decode(sample.text)
    event = frame["event"]
    if event == "login":
        assert message == LoginReply(True, "0", "")
    elif event == "subscribe" or (event == "unsubscribe" and "id" in frame):
        topic = topic_texts.topic_of(frame["arg"])
        assert topic is not None
        assert message == Ack(frame.get("id", ""), sample.text, topic)
    elif event == "notice":
        assert message == Notice("notice", frame["code"] == "64008", sample.text)
    elif event == "channel-conn-count":
        assert message == Notice(event, False, sample.text)
    elif event == "error" and frame["code"] != "64004":
        assert isinstance(message, Refusal)
        assert (message.id, message.code, message.message) == (frame.get("id"), frame["code"], frame["msg"])
    else:
        assert isinstance(message, TopicsEnded)
        assert message.code == frame.get("code", event)


@pytest.mark.parametrize("sample", exchange_frames(direction="server->client"))
def test_a_frame_of_the_exchange_is_read_as_its_documents_say(sample: Sample) -> None:
    frame, message = sample.frame, decode(sample.text)
    if frame == "pong":
        assert message == PongReceived(None, None, "pong")
    elif "event" in frame:
        check_control(sample)
    elif "op" in frame:
        assert isinstance(message, Reply)
        assert (message.id, message.op, message.code, message.message, message.data) == (
            frame["id"],
            frame["op"],
            frame["code"],
            frame["msg"],
            frame["data"],
        )
        assert message.in_time == (int(frame["inTime"]) if "inTime" in frame else None)
        assert message.out_time == (int(frame["outTime"]) if "outTime" in frame else None)
    else:
        assert isinstance(message, Update)
        assert message.topic == topic_texts.topic_of(frame["arg"])
        assert message.subject == frame.get("action", frame.get("eventType"))
        assert message.data == frame["data"]
        assert len(message.typed) == len(frame["data"])
        channel = sample.row["channel"]
        modelled = channel in MODELS or "candle" in channel
        assert all(isinstance(item, Unmodelled) is not modelled for item in message.typed)


@pytest.mark.parametrize("sample", exchange_frames(direction="client->server", channels=("subscribe", "unsubscribe")))
def test_what_the_documents_send_is_what_we_would_send(sample: Sample) -> None:
    """Subscriptions: the args of a frame are taken as topics and spelled again."""
    for arg in sample.frame["args"]:
        request = TopicRequest(arg["channel"], {key: value for key, value in arg.items() if key != "channel"})
        ((topic, row),) = topic_texts.single(request)
        assert row is not None, "every channel of the documents is in the table"
        line = dialect(row.path, login=row.login)
        assert line.single_topics(request) == [topic]
        spelled = json.loads(line.encode_subscribe([topic], request_id="1512"))
        assert spelled == {"id": "1512", "op": "subscribe", "args": [arg]}
        spelled = json.loads(line.encode_unsubscribe([topic], request_id="1512"))
        assert spelled == {"id": "1512", "op": "unsubscribe", "args": [arg]}


@pytest.mark.parametrize("sample", own_frames())
def test_a_fixture_is_read_as_its_row_says(sample: Sample) -> None:
    row, message = sample.row, decode(sample.text)
    kind = Update if row["kind"] == "Update" else getattr(messages, row["kind"])
    assert type(message) is kind
    if isinstance(message, Update):
        typed = message.typed
        assert {type(item).__name__ for item in typed} == {row["model"]}
        if row["model"] != "Unmodelled":
            assert [item.extra for item in typed] == [{}] * len(typed), "every name of a fixture has a field"
    if "leaving" in row:
        assert isinstance(message, Notice)
        assert message.leaving is row["leaving"]
    if isinstance(message, TopicsEnded):
        assert message.covers(row["topic"])
        assert not message.covers("trades:ETH-USDT")
    elif "topic" in row:
        assert isinstance(message, (Ack, Refusal))
        assert message.topic == row["topic"]
    if isinstance(message, Reply):
        assert message.op == row["op"]


def test_the_fixtures_cover_every_meaning_a_text_can_have() -> None:
    """A new kind of message needs a line in the file, unless it is of greetings that OKX does not have."""
    foreign = {messages.Welcome, messages.Challenge, messages.Unreadable}
    kinds = {kind.__name__ for kind in Inbound.__args__} - {kind.__name__ for kind in foreign}
    assert {sample.values[0].row["kind"] for sample in own_frames()} == kinds


def test_every_model_has_a_fixture() -> None:
    """So that a clone proves its models without the exchange's samples."""
    shown = {sample.values[0].row["model"] for sample in own_frames() if "model" in sample.values[0].row}
    assert {model.__name__ for model in MODELS.values()} <= shown
    assert set(models.__all__) >= {model.__name__ for model in MODELS.values()}


def test_numbers_keep_all_their_digits() -> None:
    """Those that are JSON numbers too, whatever decoder is installed."""
    text = '{"arg":{"channel":"mark-price","instId":"A-B"},"data":[{"markPx":0.1234567890123456789012345,"seqId":1}]}'
    update = decode(text)
    assert isinstance(update, Update)
    assert update.typed[0].price == Decimal("0.1234567890123456789012345")


def test_the_words_of_a_push_come_as_words() -> None:
    order = decode(
        '{"arg":{"channel":"orders","instType":"ANY"},"data":[{"state":"filled","side":"buy","execType":"T",'
        '"reduceOnly":"true","ordType":"brand_new","amendResult":"-1"}]}'
    )
    assert isinstance(order, Update)
    (typed,) = order.typed
    assert typed.state is models.OrderState.FILLED
    assert typed.liquidity is models.Liquidity.TAKER
    assert typed.amend_result is models.AmendResult.FAILED
    assert typed.reduce_only is True
    assert typed.order_type == "brand_new"


def test_a_candle_tells_its_length_and_whether_it_is_complete() -> None:
    update = decode(
        '{"arg":{"channel":"candle1Dutc","instId":"A-B"},"data":[["1","1","2","0.5","1.5","9","8","7","1"]]}'
    )
    assert isinstance(update, Update)
    (candle,) = update.typed
    assert (candle.instrument, candle.length, candle.closed, candle.volume_quote) == ("A-B", "1Dutc", True, Decimal(7))


def test_a_push_that_leaves_extra_parameters_out_belongs_to_the_topic_that_has_them() -> None:
    """The documents show both ways; the ack is taken likewise."""
    line = dialect("private", login=True)
    request = TopicRequest("account", {"extraParams": {"updateInterval": 0}})
    (topic,) = line.single_topics(request)
    assert topic == 'account?extraParams={"updateInterval":"0"}'
    arg = {"channel": "account", "extraParams": '{"updateInterval":"0"}'}
    assert topic_texts.arg_of(topic) == arg
    for echoed in (arg, {"channel": "account"}):
        push = line.decode(json.dumps({"arg": {**echoed, "uid": "7"}, "data": []}), 0.0, ORIGIN)
        ack = line.decode(json.dumps({"id": "1", "event": "subscribe", "arg": echoed}), 0.0, ORIGIN)
        assert isinstance(push, Update)
        assert isinstance(ack, Ack)
        assert (push.topic, ack.topic) == (topic, topic)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not JSON"),
        ("pong ", "not JSON"),
        ("5", "not a JSON object"),
        ("[]", "not a JSON object"),
        ('{"arg":{"channel":"tickers"},"data":{}}', "a push without a list of data"),
        ('{"arg":{"channel":"tickers"}}', "a push without a list of data"),
    ],
)
def test_P01_what_is_no_message_is_told_as_such(text: str, problem: str) -> None:
    assert decode(text) == Unreadable(problem, text)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
_KEYS = st.sampled_from(["id", "op", "event", "code", "msg", "arg", "data", "channel", "action", "connCount", "inTime"])
_WORDS = st.sampled_from(["subscribe", "unsubscribe", "error", "login", "notice", "channel-conn-count-error", "orders"])


@given(st.dictionaries(_KEYS, _WORDS | _JSON | st.dictionaries(_KEYS, _WORDS | _JSON), max_size=6))
@settings(max_examples=300)
def test_P02_any_frame_is_read_without_an_exception(frame: dict[str, Any]) -> None:
    """And so is the model of any push, and whatever asks which topics a message covers."""
    message = decode(json.dumps(frame))
    assert isinstance(message, Inbound)
    if isinstance(message, Update):
        assert isinstance(message.typed, tuple)
        assert message.sequence is None or type(message.sequence) is int
    if isinstance(message, TopicsEnded):
        assert message.covers("orders?instType=ANY") in (True, False)


# Lines.


def test_a_login_is_spelled_in_seconds_and_without_an_id() -> None:
    """The vector of the documents' formula."""
    text = dialect("private", login=True).encode_login(request_id="x1", timestamp_ms=1704876947999)
    assert json.loads(text) == {
        "op": "login",
        "args": [
            {
                "apiKey": "simulator-key",
                "passphrase": "my-Passphrase_1",
                "timestamp": "1704876947",
                "sign": "ZuGLUUn1vPbzKSG4K5HzbiibZHAU3Qmy4PHIlAGhMok=",
            }
        ],
    }


@pytest.mark.parametrize(
    ("code", "error", "clock"),
    [
        ("60004", AuthError, True),
        ("60006", AuthError, True),
        ("60005", AuthError, False),
        ("60007", AuthError, False),
        ("60009", AuthError, False),
        ("60024", AuthError, False),
        ("60031", AuthError, False),
        ("60032", AuthError, False),
        ("60014", ConnectError, False),
        ("60023", ConnectError, False),
        ("63999", ConnectError, False),
    ],
)
def test_a_refused_login_says_whether_it_is_worth_another_try(
    code: str, error: type[ConnectError], clock: bool
) -> None:
    line = dialect("private", login=True)
    made = line.opening_error(Refusal(None, code, "words", "{}"), "auth")
    assert type(made) is error
    assert made.retryable is (error is ConnectError)
    assert line.is_clock_error(made) is clock
    assert code in str(made)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data":[]}', b'{"data":[{"ts":"x"}]}', b"\xff"])
def test_a_clock_that_tells_no_time_is_an_error(body: bytes) -> None:
    line = dialect("private", login=True)
    call = line.time_call()
    assert call is not None
    assert call.url == "https://openapi.okx.com/api/v5/public/time"
    assert line.read_time(HttpAnswer(200, {}, b'{"code":"0","data":[{"ts":"1597026383085"}]}')) == 1597026383085
    with pytest.raises(TokenError):
        line.read_time(HttpAnswer(200, {}, body))


def test_pings_leave_well_before_half_of_the_silence_that_closes_a_line() -> None:
    line = dialect("public")
    (endpoint,) = line.endpoints(None, connect_id="1", timestamp_ms=0)
    assert endpoint.ping_interval is not None
    assert endpoint.ping_interval < line.limits.idle / 2
    assert line.encode_ping(request_id="1", timestamp_ms=0) == "ping"
    assert attrs.asdict(line.limits)["pings_count"] is False
