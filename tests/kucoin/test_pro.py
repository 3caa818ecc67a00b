"""The dialect of the Pro V2 streams: the samples of the wire, and what they do not show."""

from __future__ import annotations

import json
import zlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.errors import AuthError, ConfigError, ConnectError, TokenError
from kucoin_sync.events import Update
from kucoin_sync.kucoin import pro_topics
from kucoin_sync.protocol.dialect import Endpoint, HttpAnswer, Step, TopicRequest
from kucoin_sync.protocol.messages import Ack, PongReceived, Refusal, Unknown, Unreadable, Welcome
from tests.kucoin.samples import PRO_ORIGIN, Sample, parameters, pro

PUBLIC = ("spotPublicProV2", "futuresPublicProV2")
PRIVATE = "privateProV2"


def decode(frame: Any) -> Any:
    text = frame if isinstance(frame, str) else json.dumps(frame)
    return pro(PUBLIC[0]).decode(text, 1.5, PRO_ORIGIN)


# The samples.


@pytest.mark.parametrize("sample", parameters("messages.jsonl", ws_key=(*PUBLIC, PRIVATE)))
def test_every_push_becomes_an_update_that_says_what_the_frame_says(sample: Sample) -> None:
    message = pro(sample.row["ws_key"]).decode(sample.text, 1.5, PRO_ORIGIN)
    assert isinstance(message, Update)
    assert message.topic.startswith(sample.frame["T"])
    assert (message.subject, message.data) == (sample.frame.get("t"), sample.frame["d"])
    keys = {"obu": "C", "ticker": "E", "trade": "E", "balance": "E"}
    key = keys.get(sample.frame["T"].partition(".")[0], "")
    assert message.sequence == sample.frame["d"].get(key)
    assert message.raw == sample.text


@pytest.mark.parametrize("sample", parameters("messages.jsonl", ws_key=(*PUBLIC, PRIVATE)))
def test_what_a_push_belongs_to_can_be_subscribed_on_its_connection(sample: Sample) -> None:
    """So every push finds whoever subscribed to it."""
    dialect = pro(sample.row["ws_key"])
    message = dialect.decode(sample.text, 1.5, PRO_ORIGIN)
    assert isinstance(message, Update)
    assert dialect.single_topics(TopicRequest(message.topic)) == [message.topic]


KINDS = {
    "welcome": Welcome,
    "ack": Ack,
    "refusal": Refusal,
    "pong": PongReceived,
    "newer pong": PongReceived,
    "auth accepted": Ack,
}


@pytest.mark.parametrize("sample", parameters("control_frames.jsonl", system=("pro_v2",)))
def test_every_control_frame_is_known(sample: Sample) -> None:
    if sample.row["direction"] == "client":
        return
    kind = next(KINDS[words] for words in sorted(KINDS, key=len, reverse=True) if sample.row["case"].startswith(words))
    message = pro(PRIVATE).decode(sample.text, 1.5, PRO_ORIGIN)
    assert type(message) is kind
    if isinstance(message, Refusal):
        assert message.message == (sample.frame.get("message") or sample.frame.get("reason"))
    if isinstance(message, Welcome):
        assert message.ping_interval == sample.frame["pingInterval"] / 1000


# Opening.


def test_the_private_connection_logs_in_after_the_welcome() -> None:
    assert pro(PRIVATE).greeting == (Step.WELCOME, Step.LOGIN)
    assert pro(PUBLIC[0]).greeting == pro(PRIVATE, login="token").greeting == (Step.WELCOME,)


def test_the_login_frame_is_the_documented_one() -> None:
    """The signature of the vectors, over the fixed text."""
    frame = json.loads(pro(PRIVATE).encode_login(request_id="auth-1", timestamp_ms=1760000000000))
    assert frame == {
        "id": "auth-1",
        "op": "auth",
        "kc-api-key": "64f0c3a1e5b7d90001a2b3c4",
        "kc-api-sign": "eS4y9QR8sSEaPkNDZDkdKYod21PHsMO9hsSMyhctCmw=",
        "kc-api-timestamp": "1760000000000",
        "kc-api-passphrase": "iYOAFZryTxkDN+/vUoUzekNzrRBqAuQ5ziHpxYdYIPs=",
    }


def test_by_token_the_url_carries_it() -> None:
    dialect = pro(PRIVATE, login="token")
    call = dialect.token_call(timestamp_ms=1760000000000)
    assert call is not None and (call.method, call.url) == ("POST", "https://api.kucoin.com/api/v2/bullet-private")
    answer = HttpAnswer(200, {}, b'{"code":"200000","data":{"token":"a+b/c="}}')
    [endpoint] = dialect.endpoints(answer, connect_id="x", timestamp_ms=1)
    assert parse_qs(urlsplit(endpoint.url).query) == {"token": ["a+b/c="]}
    assert "a%2Bb" not in repr(endpoint)
    with pytest.raises(TokenError):
        dialect.endpoints(HttpAnswer(200, {}, b'{"code":"200000","data":{}}'), connect_id="x", timestamp_ms=1)


def test_a_public_connection_needs_neither_token_nor_clock() -> None:
    dialect = pro(PUBLIC[1])
    assert dialect.token_call(timestamp_ms=1) is dialect.time_call() is None
    assert dialect.endpoints(None, connect_id="x", timestamp_ms=1) == [Endpoint("wss://wsapi-push.kucoin.com")]
    assert pro(PRIVATE).time_call() is not None


@pytest.mark.parametrize(
    ("refusal", "phase", "kind"),
    [
        (Refusal("1", "400003", "KC-API-KEY not exists", "{}"), "auth", AuthError),
        (Refusal("1", "", "auth failed", "{}"), "auth", AuthError),
        (Refusal("1", "503000", "busy", "{}"), "auth", ConnectError),
        (Refusal(None, "", "no", "{}"), "welcome", ConnectError),
    ],
    ids=["code", "text", "busy", "before-the-welcome"],
)
def test_a_refused_login_is_final_unless_the_exchange_is_busy(refusal: Refusal, phase: str, kind: type) -> None:
    error = pro(PRIVATE).opening_error(refusal, phase)
    assert type(error) is kind
    assert error.retryable is (kind is ConnectError)


def test_R13_a_clock_error_is_told_by_its_code() -> None:
    dialect = pro(PRIVATE)
    assert dialect.is_clock_error(dialect.opening_error(Refusal("1", "400002", "timestamp", "{}"), "auth"))
    assert not dialect.is_clock_error(dialect.opening_error(Refusal("1", "400005", "sign", "{}"), "auth"))


# Frames.


@pytest.mark.parametrize("result", [True, "true"])
def test_both_spellings_of_yes_are_an_ack(result: object) -> None:
    assert decode({"id": "p1", "result": result}) == Ack("p1", json.dumps({"id": "p1", "result": result}))


@pytest.mark.parametrize(
    ("frame", "code", "message"),
    [
        ({"id": "1", "result": False, "message": "invalid request data"}, "", "invalid request data"),
        ({"id": "1", "result": "false", "reason": "missing"}, "", "missing"),
        ({"id": "1", "code": "400100", "msg": "no"}, "400100", "no"),
        ({"id": "1", "code": 400100, "msg": "no", "result": False}, "400100", "no"),
        ({"id": "1", "result": False}, "", ""),
    ],
)
def test_a_no_is_read_in_every_spelling(frame: dict[str, Any], code: str, message: str) -> None:
    refused = decode(frame)
    assert type(refused) is Refusal
    assert (refused.id, refused.code, refused.message) == ("1", code, message)


@pytest.mark.parametrize(
    ("frame", "milliseconds"),
    [
        ({"type": "pong", "id": "p", "ts": 1790113111261396000}, 1790113111261),
        ({"op": "pong", "id": "p", "timestamp": "1742175983900"}, 1742175983900),
        ({"op": "pong", "id": "p"}, None),
    ],
)
def test_pongs_of_both_forms(frame: dict[str, Any], milliseconds: int | None) -> None:
    pong = decode(frame)
    assert type(pong) is PongReceived
    assert (pong.id, pong.timestamp_ms) == ("p", milliseconds)


def test_a_book_that_became_empty_is_a_push_like_any_other() -> None:
    push = decode({"T": "obu.SPOT", "dp": "5", "t": "snapshot", "P": 1, "d": {"s": "A-B", "a": [], "b": [], "C": 7}})
    assert type(push) is Update and (push.topic, push.sequence) == ("obu.SPOT:A-B@5", 7)


def test_T29_pong_inside_of_data_is_data() -> None:
    push = decode({"T": "orderAll.UNIFIED", "P": 1, "d": {"ci": "pong", "type": "pong", "oi": "1"}})
    assert type(push) is Update and push.topic == "orderAll.UNIFIED"


@pytest.mark.parametrize("frame", ["", "x", "[1]", "5", {"T": "ticker.SPOT"}, {"T": "ticker.SPOT", "d": {}, "t": 5}])
def test_P01_what_is_no_message_is_unreadable(frame: Any) -> None:
    assert type(decode(frame)) is Unreadable


def test_P08_what_is_not_known_is_passed_on() -> None:
    assert type(decode({"event": "notice"})) is Unknown
    new = decode({"T": "brand.NEW", "P": 1, "d": [1]})
    assert type(new) is Update and (new.topic, new.data, new.sequence) == ("brand.NEW", [1], None)


def test_P09_a_packed_frame_is_unpacked() -> None:
    text = '{"id":"p1","result":true}'
    packer = zlib.compressobj(wbits=-15)
    assert pro(PUBLIC[0]).unpack(packer.compress(text.encode()) + packer.flush()) == text
    assert pro(PUBLIC[0]).unpack(text.encode()) == text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["s", "i", "a", "b", "C", "E", "O", "dp"]), inner, max_size=4)
    ),
)
FRAMES = st.fixed_dictionaries(
    {},
    optional={
        "T": st.sampled_from([*pro_topics.CHANNELS, "obu.SPOT", "obu.spot", "kline.FUTURES", "order.UNIFIED"]) | VALUES,
        **dict.fromkeys(("d", "t", "dp", "P", "id", "result", "code", "type", "op", "message", "ts"), VALUES),
    },
)


@given(st.text() | FRAMES.map(json.dumps))
def test_P02_any_text_is_some_message(text: str) -> None:
    """Nothing that a server may send raises."""
    assert pro(PRIVATE).decode(text, 1.5, PRO_ORIGIN) is not None


# Topics.


def test_topics_of_one_channel_share_a_frame_where_the_exchange_lets_them() -> None:
    dialect = pro(PUBLIC[0])
    tickers = list(dialect.single_topics(TopicRequest("ticker", {"tradeType": "SPOT", "symbols": ["A-B", "C-D"]})))
    assert tickers == ["ticker.SPOT:A-B", "ticker.SPOT:C-D"]
    [group] = dialect.group_topics(tickers)
    assert json.loads(dialect.encode_subscribe(group, request_id="7")) == {
        "id": "7",
        "action": "SUBSCRIBE",
        "channel": "ticker",
        "tradeType": "SPOT",
        "symbols": ["A-B", "C-D"],
    }
    assert len(dialect.group_topics(["trade.SPOT:A-B", "trade.SPOT:C-D"])) == 2


def test_an_unsubscribe_says_the_same_parameters() -> None:
    frame = json.loads(pro(PUBLIC[1]).encode_unsubscribe(["obu.FUTURES:XBTUSDTM@increment@10ms"], request_id="8"))
    assert frame == {
        "id": "8",
        "action": "UNSUBSCRIBE",
        "channel": "obu",
        "tradeType": "FUTURES",
        "symbol": "XBTUSDTM",
        "depth": "increment@10ms",
    }


def test_requests_do_not_go_here() -> None:
    with pytest.raises(ConfigError, match="wsApiSpotV1"):
        pro(PUBLIC[0]).encode_request("spot.order", {}, request_id="1")


@pytest.mark.parametrize(
    ("code", "message", "final"),
    [
        ("", "invalid request data", True),
        ("", 'topic Obu type = "public_spot" not allowed in current environment', True),
        ("429000", "too many requests", False),
        ("", "service busy, please retry later", False),
        ("400100", "x", True),
    ],
)
def test_a_refusal_is_final_unless_it_says_not_now(code: str, message: str, final: bool) -> None:
    assert pro(PUBLIC[0]).is_final_refusal(Refusal("1", code, message, "{}")) is final
