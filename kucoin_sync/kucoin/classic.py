"""
The dialect of the classic (V1) streams.

Source: KuCoin docs, WebSocket API, Base Info, Introduction (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kucoin_sync.errors import AuthError, ConfigError, ConnectError, shorten
from kucoin_sync.events import Origin, Update, make_update
from kucoin_sync.kucoin import classic_topics, rest
from kucoin_sync.kucoin.codes import CLOCK_CODE, wait_after
from kucoin_sync.kucoin.numbers import read_sequence, to_milliseconds
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.protocol.dialect import Endpoint, HttpAnswer, HttpCall, Limits, Step, TopicRequest
from kucoin_sync.protocol.json_text import dumps, loads, plain_text
from kucoin_sync.protocol.messages import Ack, Inbound, PongReceived, Refusal, Unknown, Unreadable, Welcome
from kucoin_sync.protocol.packed_text import unpack_text

__all__ = ["ClassicDialect"]

_LIMIT_CODE = "509"
_PASSING_REFUSALS = ("service busy", "permits per second", "system error")


class ClassicDialect:
    """
    One classic stream connection.

    Args:
        ws_key: Its name.
        rest_host: REST host that hands out its tokens.
        signer: For a private connection.
        ws_url: Fixed URL instead of the token call.
    """

    greeting: tuple[Step, ...] = (Step.WELCOME,)
    asks_time = False
    reply_clock: int | None = None
    limits = Limits(frames=100, window=10.0, topics_per_frame=100, topics_per_connection=300, idle=60.0)

    def __init__(self, ws_key: str, *, rest_host: str, signer: Signer | None = None, ws_url: str | None = None) -> None:
        self.ws_key = ws_key
        self._rest_host = rest_host
        self._signer = signer
        self._ws_url = ws_url
        self._private = signer is not None

    # Opening.

    def token_call(self, *, timestamp_ms: int) -> HttpCall | None:
        if self._ws_url is not None:
            return None
        return rest.token_call(self._rest_host, self._signer, timestamp_ms=timestamp_ms)

    def endpoints(self, answer: HttpAnswer | None, *, connect_id: str, timestamp_ms: int) -> Sequence[Endpoint]:
        if answer is None:
            return [Endpoint(str(self._ws_url))]
        return rest.read_token(answer, connect_id=connect_id)

    def time_call(self) -> HttpCall | None:
        return rest.time_call(self._rest_host) if self._private else None

    def read_time(self, answer: HttpAnswer) -> int:
        return rest.read_time(answer)

    def is_clock_error(self, error: ConnectError) -> bool:
        return isinstance(error, AuthError) and error.code == CLOCK_CODE

    def answer_challenge(self, text: str) -> str:
        raise NotImplementedError("the classic streams send no challenge")

    def encode_login(self, *, request_id: str, timestamp_ms: int) -> str:
        raise NotImplementedError("the classic streams have no login frame")

    def opening_error(self, refusal: Refusal, phase: str) -> ConnectError:
        # 401 here is a token that is invalid or too old, and every opening takes a new one; with a fresh token it
        # means the account, but that shows in the token call first.
        text = f"{shorten(refusal.code, 40)} {shorten(refusal.message)}"
        return ConnectError(text, phase=phase, retry_after=wait_after(refusal.code))

    # What comes in.

    def unpack(self, data: bytes) -> str:
        return unpack_text(data)

    def decode(self, text: str, received_at: float, origin: Origin) -> Inbound:
        try:
            frame = loads(text)
        except ValueError:
            return Unreadable("not JSON", text)
        if type(frame) is not dict:
            return Unreadable("not a JSON object", text)
        kind = frame.get("type")
        if kind == "message" or (kind is None and "topic" in frame and "data" in frame):
            topic, subject, data = frame.get("topic"), frame.get("subject"), frame.get("data")
            if type(topic) is not str or (type(subject) is not str and subject is not None):
                return Unreadable("a message without a topic", text)
            return make_update(topic, subject, data, frame.get("sn"), received_at, text, origin)
        return _control(frame, kind, text)

    @staticmethod
    def typed(update: Update) -> Any:
        from kucoin_sync.kucoin.models.typed import read_classic  # only now: see `kucoin_sync.__getattr__`

        return read_classic(update)

    @staticmethod
    def sequence(update: Update) -> int | None:
        number, data = update.told_sequence, update.data
        if number is None and type(data) is dict:
            number = data.get("sequence")
            if number is None:
                number = data.get("sequenceEnd")
        return read_sequence(number)

    # What goes out.

    def encode_ping(self, *, request_id: str, timestamp_ms: int) -> str:
        """Spell a ping: ``{"id": "7", "type": "ping"}``."""
        return dumps({"id": request_id, "type": "ping"})

    def encode_subscribe(self, topics: Sequence[str], *, request_id: str) -> str:
        """
        Spell a subscribe.

        Returns:
            ``{"id": "7", "type": "subscribe", "topic": "/market/ticker:BTC-USDT,ETH-USDT",
            "privateChannel": false, "response": true}``
        """
        return self._command("subscribe", topics, request_id)

    def encode_unsubscribe(self, topics: Sequence[str], *, request_id: str) -> str:
        """Spell an unsubscribe, as `encode_subscribe` with another ``type``."""
        return self._command("unsubscribe", topics, request_id)

    def _command(self, kind: str, single: Sequence[str], request_id: str) -> str:
        return dumps(
            {
                "id": request_id,
                "type": kind,
                "topic": classic_topics.join(single),
                # A public topic with this flag would bring the user's own messages only.
                "privateChannel": self._private and classic_topics.is_private(single[0]),
                "response": True,
            }
        )

    def encode_request(self, op: str, args: Any, *, request_id: str, expires_ms: int | None = None) -> str:
        raise ConfigError(f"ws_key: {self.ws_key} carries topics; requests go to wsApiSpotV1")

    # Topics.

    def single_topics(self, request: TopicRequest) -> Sequence[str]:
        if request.payload:
            raise ConfigError("topics: the classic streams take no payload beside the topic")
        return classic_topics.split(request.topic, ws_key=self.ws_key)

    def keeps(self, topic: str) -> bool:
        return self._signer is not None

    def group_topics(self, single: Sequence[str]) -> Sequence[Sequence[str]]:
        return classic_topics.group(single, self.limits.topics_per_frame)

    def is_final_refusal(self, refusal: Refusal) -> bool:
        return not any(text in refusal.message for text in _PASSING_REFUSALS)

    def may_blame_one(self, refusal: Refusal) -> bool:
        return refusal.code != _LIMIT_CODE


def _control(frame: dict[str, Any], kind: Any, text: str) -> Inbound:
    request_id = frame.get("id")
    request_id = None if request_id is None else plain_text(request_id)
    if kind == "ack" and request_id is not None:
        return Ack(request_id, text)
    if kind == "pong" and request_id is not None:
        return PongReceived(request_id, to_milliseconds(frame.get("timestamp")), text)
    if kind == "welcome":
        return Welcome(request_id)
    if kind == "error":
        return Refusal(request_id, plain_text(frame.get("code", "")), plain_text(frame.get("data", "")), text)
    return Unknown(text)
