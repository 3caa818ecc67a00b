"""
The dialect of all OKX connections: one form of messages, three paths.

Source: OKX docs v5, WebSocket, and captures of 2022 to 2026 (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from kucoin_sync.errors import AuthError, ConfigError, ConnectError, TokenError, shorten
from kucoin_sync.events import Origin, Update, make_update
from kucoin_sync.okx import codes, topic_texts
from kucoin_sync.okx.signing import Signer
from kucoin_sync.okx.topic_table import COUNTED
from kucoin_sync.protocol.dialect import Endpoint, HttpAnswer, HttpCall, Limits, Step, TopicRequest
from kucoin_sync.protocol.json_text import dumps, loads
from kucoin_sync.protocol.messages import (
    Ack,
    Inbound,
    LoginReply,
    Notice,
    PingReceived,
    PongReceived,
    Refusal,
    Reply,
    TopicsEnded,
    Unknown,
    Unreadable,
)
from kucoin_sync.protocol.packed_text import unpack_text

__all__ = ["OkxDialect"]

# 480 subscribes, unsubscribes and logins an hour on a line: pings do not count. How many topics a line takes is not
# documented: 1200 were seen on one. Whoever is silent for 30 s is closed.
_LIMITS = Limits(
    frames=480, window=3600.0, topics_per_frame=1000, topics_per_connection=1000, idle=30.0, pings_count=False
)
_PING_INTERVAL = 10.0
_PONG_TIMEOUT = 10.0

_COUNT = "channel-conn-count"
_COUNT_ERROR = "channel-conn-count-error"


class OkxDialect:
    """
    One connection.

    Args:
        ws_key: Its name.
        path: ``public``, ``private`` or ``business``.
        url: Of its WebSocket.
        rest_host: REST host, for the exchange's clock.
        signer: Of the account that logs in; ``None``: nobody does.
    """

    def __init__(self, ws_key: str, *, path: str, url: str, rest_host: str, signer: Signer | None = None) -> None:
        self.ws_key = ws_key
        self.limits = _LIMITS
        self.greeting: tuple[Step, ...] = () if signer is None else (Step.LOGIN,)
        self.asks_time = signer is not None and path != "public"  # there is no challenge, and pongs are bare text
        self.reply_clock: int | None = 1000  # of a line that is open for long: microseconds
        self._path = path
        self._url = url
        self._rest_host = rest_host
        self._signer = signer
        # Topics that were asked for with extra parameters, by their text without: pushes may leave those out.
        self._adorned: dict[str, str] = {}
        self._kept: set[str] = set()  # topics of the account on a path that serves everybody too

    # Opening.

    def token_call(self, *, timestamp_ms: int) -> HttpCall | None:
        return None

    def endpoints(self, answer: HttpAnswer | None, *, connect_id: str, timestamp_ms: int) -> Sequence[Endpoint]:
        return [Endpoint(self._url, ping_interval=_PING_INTERVAL, pong_timeout=_PONG_TIMEOUT)]

    def time_call(self) -> HttpCall | None:
        return None if self._signer is None else HttpCall("GET", f"{self._rest_host}/api/v5/public/time")

    def read_time(self, answer: HttpAnswer) -> int:
        """Read ``{"code": "0", "msg": "", "data": [{"ts": "1597026383085"}]}``."""
        try:
            return int(loads(answer.body.decode())["data"][0]["ts"])
        except (ValueError, LookupError, TypeError):
            raise TokenError("the exchange's clock: no time in the answer", status=answer.status) from None

    def is_clock_error(self, error: ConnectError) -> bool:
        return isinstance(error, AuthError) and error.code in codes.CLOCK_CODES

    def answer_challenge(self, text: str) -> str:
        raise NotImplementedError("there is no challenge")

    def encode_login(self, *, request_id: str, timestamp_ms: int) -> str:
        """
        Spell the login; it takes no id, and its answer names none.

        Returns:
            ``{"op": "login", "args": [{"apiKey": ..., "passphrase": ..., "timestamp": "1704876947", "sign": ...}]}``
        """
        assert self._signer is not None
        return dumps({"op": "login", "args": [self._signer.login_args(timestamp_ms // 1000)]})

    def opening_error(self, refusal: Refusal, phase: str) -> ConnectError:
        text = f"{shorten(refusal.code, 40)} {shorten(refusal.message)}".strip()
        if phase == "auth" and refusal.code not in codes.PASSING_CODES:
            return AuthError(text, phase=phase, code=refusal.code or None)
        return ConnectError(text, phase=phase)

    # What comes in.

    def unpack(self, data: bytes) -> str:
        return unpack_text(data)

    def decode(self, text: str, received_at: float, origin: Origin) -> Inbound:
        if text == "pong":
            return PongReceived(None, None, text)
        if text == "ping":
            return PingReceived("pong")
        try:
            frame = loads(text)
        except ValueError:
            return Unreadable("not JSON", text)
        if type(frame) is not dict:
            return Unreadable("not a JSON object", text)
        if "event" in frame:
            message = _control(frame, text)
            if self._adorned and isinstance(message, Ack):
                return attrs.evolve(message, topic=self._adorned.get(message.topic or "", message.topic))
            return message
        if "op" in frame:
            return _reply(frame, text)
        arg = frame.get("arg")
        topic = topic_texts.topic_of(arg) if type(arg) is dict else None
        if topic is None:
            return Unknown(text)
        data = frame.get("data")
        if type(data) is not list:
            return Unreadable("a push without a list of data", text)
        if self._adorned:
            topic = self._adorned.get(topic, topic)
        kind = frame.get("action") or frame.get("eventType")
        return make_update(topic, kind if type(kind) is str else None, data, None, received_at, text, origin)

    @staticmethod
    def typed(update: Update) -> Any:
        from kucoin_sync.okx.models.typed import read  # only now: see `kucoin_sync.__getattr__`

        return read(update)

    @staticmethod
    def sequence(update: Update) -> int | None:
        data = update.data
        value = data[-1].get("seqId") if type(data) is list and data and type(data[-1]) is dict else None
        return value if type(value) is int else None

    # What goes out.

    def encode_ping(self, *, request_id: str, timestamp_ms: int) -> str:
        """Spell a ping: four letters that are no JSON."""
        return "ping"

    def encode_subscribe(self, topics: Sequence[str], *, request_id: str) -> str:
        """
        Spell a subscribe.

        Returns:
            ``{"id": "7", "op": "subscribe", "args": [{"channel": "tickers", "instId": "BTC-USDT"}, ...]}``
        """
        return self._command("subscribe", topics, request_id)

    def encode_unsubscribe(self, topics: Sequence[str], *, request_id: str) -> str:
        """Spell an unsubscribe, as `encode_subscribe` with another ``op``."""
        return self._command("unsubscribe", topics, request_id)

    def _command(self, op: str, topics: Sequence[str], request_id: str) -> str:
        return dumps({"id": request_id, "op": op, "args": [topic_texts.arg_of(topic) for topic in topics]})

    def encode_request(self, op: str, args: Any, *, request_id: str, expires_ms: int | None = None) -> str:
        """
        Spell a request.

        Args:
            op: Such as ``order``.
            args: A mapping, or a list of mappings where the operation takes several.
            request_id: Echoed by the reply.
            expires_ms: From when the exchange is not to process it any more, in its own time.

        Returns:
            ``{"id": "7", "op": "order", "expTime": "1597026383085", "args": [{...}]}``
        """
        if self._signer is None:
            raise ConfigError(f"ws_key: {self.ws_key} carries topics; requests need a line of an account")
        beside = {} if expires_ms is None else {"expTime": str(expires_ms)}
        listed = list(args) if isinstance(args, (list, tuple)) else [args]
        return dumps({"id": request_id, "op": op, **beside, "args": listed})

    # Topics.

    def single_topics(self, request: TopicRequest) -> Sequence[str]:
        topics = topic_texts.single(request)
        for topic, channel in topics:
            if channel is not None and channel.path != self._path:
                raise ConfigError(
                    f"topics: {shorten(topic)} is a {channel.path} channel, which {self.ws_key} does not serve"
                )
            if channel is not None and channel.login and self._signer is None:
                raise ConfigError(f"topics: {shorten(topic)} needs an account, and nobody logs in on {self.ws_key}")
            if channel is not None and channel.login and self._path == "business":
                self._kept.add(topic)
            plain = topic_texts.bare(topic)
            if plain != topic:
                self._adorned[plain] = topic
        return [topic for topic, _ in topics]

    def keeps(self, topic: str) -> bool:
        return self._path == "private" or topic in self._kept

    def group_topics(self, single: Sequence[str]) -> Sequence[Sequence[str]]:
        return topic_texts.group(single, self.limits.topics_per_frame)

    def is_final_refusal(self, refusal: Refusal) -> bool:
        return refusal.code not in codes.PASSING_CODES

    def may_blame_one(self, refusal: Refusal) -> bool:
        return True


# Everything but pushes.


def _control(frame: Mapping[str, Any], text: str) -> Inbound:
    read_event = _EVENTS.get(str(frame["event"]))
    return Unknown(text) if read_event is None else read_event(frame, text)


def _answer(frame: Mapping[str, Any], text: str) -> Inbound:
    arg = frame.get("arg")
    topic = topic_texts.topic_of(arg) if type(arg) is dict else None
    request_id = frame.get("id")
    if request_id not in (None, ""):
        return Ack(str(request_id), text, topic)
    if topic is None:
        return Unknown(text)
    if frame["event"] == "unsubscribe":  # each of ours has an id: nobody asked for this one
        return TopicsEnded(partial(_is, topic), "unsubscribe", "the exchange replaced it by another channel", text)
    return Ack("", text, topic)


def _login(frame: Mapping[str, Any], text: str) -> Inbound:
    code = _text(frame.get("code"))
    return LoginReply(code == "0", code, _text(frame.get("msg")))


def _error(frame: Mapping[str, Any], text: str) -> Inbound:
    code, message, request_id = _text(frame.get("code")), _text(frame.get("msg")), frame.get("id")
    if code == codes.EXCLUDED_CODE:
        topic = topic_texts.excluded(message)
        if topic is not None:  # acknowledged a moment before
            return TopicsEnded(partial(_is, topic), code, message, text)
    return Refusal(
        None if request_id in (None, "") else str(request_id), code, message, text, topic_texts.blamed(message)
    )


def _notice(frame: Mapping[str, Any], text: str) -> Inbound:
    return Notice("notice", frame.get("code") == codes.LEAVING_CODE, text)


def _count(frame: Mapping[str, Any], text: str) -> Inbound:
    return Notice(_COUNT, False, text)


def _count_error(frame: Mapping[str, Any], text: str) -> Inbound:
    channel = frame.get("channel")
    if channel not in COUNTED:
        return Unknown(text)
    message = f"{shorten(frame.get('connCount'), 20)} connections of the account subscribe to {channel} already"
    return TopicsEnded(partial(_is_of, str(channel)), _COUNT_ERROR, message, text)


_EVENTS: Mapping[str, Callable[[Mapping[str, Any], str], Inbound]] = {
    "subscribe": _answer,
    "unsubscribe": _answer,
    "login": _login,
    "error": _error,
    "notice": _notice,
    _COUNT: _count,
    _COUNT_ERROR: _count_error,
}


def _reply(frame: Mapping[str, Any], text: str) -> Inbound:
    request_id, op = frame.get("id"), frame.get("op")
    if request_id in (None, ""):
        return Refusal(None, _text(frame.get("code")), _text(frame.get("msg")), text)
    return Reply(
        str(request_id),
        op if type(op) is str else None,
        _text(frame.get("code")),
        _text(frame.get("msg")),
        frame.get("data"),
        _whole(frame.get("inTime")),
        _whole(frame.get("outTime")),
        None,
        text,
    )


def _is(topic: str, other: str) -> bool:
    return topic_texts.bare(other) == topic


def _is_of(channel: str, topic: str) -> bool:
    return topic_texts.arg_of(topic)["channel"] == channel


def _text(value: Any) -> str:
    return value if type(value) is str else "" if value is None else str(value)


def _whole(value: Any) -> int | None:
    """Read a time of the gateway, a text of digits; some replies have none."""
    return int(value) if type(value) is str and value.isascii() and value.isdigit() and len(value) < 20 else None
