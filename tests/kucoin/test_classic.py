"""The dialect of the streams, beyond what the frames of the samples show."""

from __future__ import annotations

import json

import pytest

from kucoin_sync.errors import AuthError, ConfigError, ConnectError, TokenError
from kucoin_sync.events import Update
from kucoin_sync.kucoin.classic import ClassicDialect
from kucoin_sync.protocol.dialect import Endpoint, HttpAnswer, TopicRequest
from kucoin_sync.protocol.messages import Refusal, Unknown
from tests.kucoin.samples import ORIGIN, classic


def refusal(code: str, message: str) -> Refusal:
    return Refusal("1", code, message, "{}")


def test_a_fixed_url_skips_the_token_call() -> None:
    dialect = ClassicDialect("spotPublicV1", rest_host="https://x", ws_url="ws://127.0.0.1:1/?a=b")
    assert dialect.token_call(timestamp_ms=1) is None
    assert dialect.endpoints(None, connect_id="x", timestamp_ms=1) == [Endpoint("ws://127.0.0.1:1/?a=b")]


@pytest.mark.parametrize(
    ("ws_key", "path"), [("spotPublicV1", "/api/v1/bullet-public"), ("futuresPrivateV1", "/api/v1/bullet-private")]
)
def test_a_connection_asks_for_the_token_of_its_kind(ws_key: str, path: str) -> None:
    call = classic(ws_key).token_call(timestamp_ms=1)
    assert call is not None and call.url.endswith(path)


def test_R13_only_a_signed_connection_minds_the_clock() -> None:
    assert classic("spotPublicV1").time_call() is None
    assert classic("spotPrivateV1").time_call() is not None


@pytest.mark.parametrize(
    ("error", "is_clock"),
    [
        pytest.param(AuthError("x", phase="token", code="400002"), True, id="timestamp-refused"),
        pytest.param(AuthError("x", phase="token", code="400005"), False, id="signature-refused"),
        pytest.param(TokenError("x", code="400002"), False, id="no-auth-error"),
        pytest.param(ConnectError("400002", phase="tcp"), False, id="text-alone"),
    ],
)
def test_R13_a_clock_error_is_told_by_its_code(error: ConnectError, is_clock: bool) -> None:
    assert classic("spotPrivateV1").is_clock_error(error) is is_clock


def test_the_clock_is_read_from_its_answer() -> None:
    got = HttpAnswer(200, {}, b'{"code":"200000","data":1760000000123}')
    assert classic("spotPrivateV1").read_time(got) == 1760000000123


@pytest.mark.parametrize(
    "topic", ["/market/match:BTC-USDT", "/market/level2:BTC-USDT", "/market/ticker:BTC-USDT", "/market/ticker:all"]
)
@pytest.mark.parametrize("kind", ["subscribe", "unsubscribe"])
def test_a_public_topic_on_a_private_connection_is_asked_for_as_public(topic: str, kind: str) -> None:
    """With ``privateChannel`` some public topics send the account's own messages only: silence for the rest."""
    dialect = classic("spotPrivateV1")
    encode = dialect.encode_subscribe if kind == "subscribe" else dialect.encode_unsubscribe
    assert json.loads(encode([topic], request_id="1"))["privateChannel"] is False


@pytest.mark.parametrize("topic", ["/spotMarket/tradeOrdersV2", "/account/balance", "/margin/isolatedPosition:A-B"])
def test_a_private_topic_is_asked_for_as_private(topic: str) -> None:
    assert json.loads(classic("spotPrivateV1").encode_subscribe([topic], request_id="1"))["privateChannel"] is True


@pytest.mark.parametrize(
    ("code", "message", "final"),
    [
        pytest.param("404", "topic does not exist", True, id="unknown-topic"),
        pytest.param("403", "login is required", True, id="private-topic-on-a-public-line"),
        pytest.param("400", "topic is invalid", True, id="malformed"),
        pytest.param("509", "exceed max subscription count limitation of 300 per session", True, id="too-many-topics"),
        pytest.param("509", "exceed max permits per second", False, id="too-fast"),
        pytest.param("509", "service busy, please retry later", False, id="busy"),
        pytest.param("500", "system error", False, id="internal-error"),
    ],
)
def test_S11_a_refusal_that_passes_is_told_from_one_that_does_not(code: str, message: str, final: bool) -> None:
    assert classic("spotPublicV1").is_final_refusal(refusal(code, message)) is final


def test_a_refusal_while_opening_is_worth_another_try() -> None:
    """Each opening takes a new token; a wrong key shows in the token call."""
    error = classic("spotPrivateV1").opening_error(refusal("401", "token is expired"), "welcome")
    assert type(error) is ConnectError
    assert error.retryable
    assert str(error) == "welcome: 401 token is expired"


def test_P06_a_refusals_words_are_cut_and_escaped() -> None:
    """They end in exceptions and logs."""
    error = classic("spotPublicV1").opening_error(refusal("4\n0", "no\n\u202e\x1b[31m" + "x" * 2000), "welcome")
    assert str(error).isprintable()
    assert len(str(error)) < 1000


def test_topics_are_split_by_the_connections_own_rules() -> None:
    dialect = classic("spotPublicV1")
    assert dialect.single_topics(TopicRequest("/market/ticker:A,B")) == ["/market/ticker:A", "/market/ticker:B"]
    with pytest.raises(ConfigError, match="belongs to the connection"):
        dialect.single_topics(TopicRequest("/account/balance"))


def test_a_payload_beside_the_topic_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^topics: the classic streams take no payload"):
        classic("spotPublicV1").single_topics(TopicRequest("/market/ticker:A", {"depth": 5}))


def test_S15_a_frame_takes_a_hundred_topics() -> None:
    single = [f"/market/ticker:S{n}-B" for n in range(250)]
    assert [len(group) for group in classic("spotPublicV1").group_topics(single)] == [100, 100, 50]


def test_a_request_on_a_stream_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^ws_key: spotPublicV1 carries topics"):
        classic("spotPublicV1").encode_request("spot.order", {}, request_id="1")


@pytest.mark.parametrize("sequence", ["x", "", "-5", "²", "9" * 50, 1.5, True, None, [], {}], ids=repr)
def test_a_sequence_that_is_no_number_is_none(sequence: object) -> None:
    text = json.dumps({"type": "message", "topic": "/a:b", "subject": "s", "data": {"sequence": sequence}})
    message = classic("spotPublicV1").decode(text, 0.0, ORIGIN)
    assert isinstance(message, Update)
    assert message.sequence is None


@pytest.mark.parametrize("frame", [{"type": "ack"}, {"type": "pong"}, {"type": ["message"]}, {}], ids=str)
def test_P08_a_frame_that_lacks_what_its_type_needs_is_unknown(frame: dict[str, object]) -> None:
    text = json.dumps(frame)
    assert classic("spotPublicV1").decode(text, 0.0, ORIGIN) == Unknown(text)


def test_P08_fields_that_nobody_knows_do_no_harm() -> None:
    text = '{"type":"message","topic":"/a:b","subject":"s","data":{},"tunnelId":"bt1","new":[1]}'
    assert isinstance(classic("spotPublicV1").decode(text, 0.0, ORIGIN), Update)


def test_P09_a_binary_message_holds_the_same_text() -> None:
    assert classic("spotPublicV1").unpack('{"a":"é"}'.encode()) == '{"a":"é"}'
    with pytest.raises(ValueError):
        classic("spotPublicV1").unpack(b"\xff")
