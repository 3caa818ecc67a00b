"""
The dialect of the Pro V2 streams.

Source: KuCoin docs, Pro API (UTA V2), WebSocket, Introduction, and captures of 2026 (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from kucoin_sync.errors import AuthError, ConfigError, ConnectError, shorten
from kucoin_sync.events import Origin, Update, make_update
from kucoin_sync.kucoin import codes, pro_topics, rest
from kucoin_sync.kucoin.codes import wait_after
from kucoin_sync.kucoin.numbers import to_milliseconds, to_seconds
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.protocol.dialect import Endpoint, HttpAnswer, HttpCall, Limits, Step, TopicRequest
from kucoin_sync.protocol.json_text import dumps, loads, plain_text
from kucoin_sync.protocol.messages import Ack, Inbound, PongReceived, Refusal, Unknown, Unreadable, Welcome
from kucoin_sync.protocol.packed_text import unpack_text

__all__ = ["ProDialect"]

# The limits page. The private host's number of topics is one client's. The server drops a line on two pings in a
# second, so the gap leaves room for what the network does to the time between them.
_PUBLIC = Limits(frames=300, window=10.0, topics_per_frame=100, topics_per_connection=600, idle=60.0, ping_gap=1.2)
_PRIVATE = Limits(frames=100, window=10.0, topics_per_frame=100, topics_per_connection=300, idle=60.0, ping_gap=1.2)
_SEQUENCE_KEYS: Mapping[str, str] = {"obu": "C", "ticker": "E", "trade": "E", "balance": "E"}
"""Where a channel's sequence is; in other channels the same keys are times."""
_PASSING_TEXTS = ("busy", "too many", "system error", "internal")
_PASSING_CODES = ("429000", "429001", "429002", "500000", "501000", "503000", "504000", "505000")


class ProDialect:
    """
    One Pro V2 connection.

    Args:
        ws_key: Its name.
        url: Of its host, without query.
        rest_host: REST host, for the exchange's clock and the older form of login.
        signer: For the private connection.
        login: ``auth``: a frame after the welcome; ``token``: a token in the URL, the older form.
    """

    asks_time = False
    reply_clock: int | None = None

    def __init__(
        self, ws_key: str, *, url: str, rest_host: str, signer: Signer | None = None, login: str = "auth"
    ) -> None:
        self.ws_key = ws_key
        self._url = url
        self._rest_host = rest_host
        self._signer = signer
        self._by_token = signer is not None and login == "token"
        self.limits = _PUBLIC if signer is None else _PRIVATE
        by_frame = signer is not None and not self._by_token
        self.greeting: tuple[Step, ...] = (Step.WELCOME, Step.LOGIN) if by_frame else (Step.WELCOME,)

    # Opening.

    def token_call(self, *, timestamp_ms: int) -> HttpCall | None:
        if self._signer is None or not self._by_token:
            return None
        return rest.token_v2_call(self._rest_host, self._signer, timestamp_ms=timestamp_ms)

    def endpoints(self, answer: HttpAnswer | None, *, connect_id: str, timestamp_ms: int) -> Sequence[Endpoint]:
        if answer is None:
            return [Endpoint(self._url)]
        return [Endpoint(f"{self._url}?token={quote(rest.read_token_v2(answer), safe='')}")]

    def time_call(self) -> HttpCall | None:
        return rest.time_call(self._rest_host) if self._signer is not None else None

    def read_time(self, answer: HttpAnswer) -> int:
        return rest.read_time(answer)

    def is_clock_error(self, error: ConnectError) -> bool:
        return isinstance(error, AuthError) and error.code == codes.CLOCK_CODE

    def answer_challenge(self, text: str) -> str:
        raise NotImplementedError("the Pro streams send no challenge")

    def encode_login(self, *, request_id: str, timestamp_ms: int) -> str:
        """
        Spell the login of the private connection.

        Returns:
            ``{"id": "7", "op": "auth", "kc-api-key": ..., "kc-api-sign": ..., "kc-api-timestamp": ...,
            "kc-api-passphrase": ...}``
        """
        assert self._signer is not None
        return dumps({"id": request_id, "op": "auth", **self._signer.pro_auth(timestamp_ms=timestamp_ms)})

    def opening_error(self, refusal: Refusal, phase: str) -> ConnectError:
        text = f"{shorten(refusal.code, 40)} {shorten(refusal.message)}".strip()
        if phase == "auth" and refusal.code not in _PASSING_CODES and wait_after(refusal.code) is None:
            return AuthError(text, phase=phase, code=refusal.code or None)
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
        topic = pro_topics.topic_of(frame)
        if topic is None:
            return _control(frame, text)
        kind = frame.get("t")
        if "d" not in frame or (kind is not None and type(kind) is not str):
            return Unreadable("a push without a payload", text)
        data = frame["d"]
        return make_update(topic, kind, data, None, received_at, text, origin)

    @staticmethod
    def typed(update: Update) -> Any:
        from kucoin_sync.kucoin.models.typed import read_pro  # only now: see `kucoin_sync.__getattr__`

        return read_pro(update)

    @staticmethod
    def sequence(update: Update) -> int | None:
        key, data = _SEQUENCE_KEYS.get(update.topic.partition(".")[0]), update.data
        value = data.get(key) if key is not None and type(data) is dict else None
        return value if type(value) is int else None

    # What goes out.

    def encode_ping(self, *, request_id: str, timestamp_ms: int) -> str:
        """Spell a ping: ``{"id": "7", "type": "ping"}``."""
        return dumps({"id": request_id, "type": "ping"})

    def encode_subscribe(self, topics: Sequence[str], *, request_id: str) -> str:
        """
        Spell a subscribe.

        Returns:
            ``{"id": "7", "action": "SUBSCRIBE", "channel": "obu", "tradeType": "FUTURES", "symbol": "XBTUSDTM",
            "depth": "increment@10ms"}``
        """
        return dumps({"id": request_id, "action": "SUBSCRIBE", **pro_topics.parameters_of_group(topics)})

    def encode_unsubscribe(self, topics: Sequence[str], *, request_id: str) -> str:
        """Spell an unsubscribe, as `encode_subscribe` with another ``action``."""
        return dumps({"id": request_id, "action": "UNSUBSCRIBE", **pro_topics.parameters_of_group(topics)})

    def encode_request(self, op: str, args: Any, *, request_id: str, expires_ms: int | None = None) -> str:
        raise ConfigError(f"ws_key: {self.ws_key} carries topics; requests go to wsApiSpotV1 or wsApiFuturesV1")

    # Topics.

    def single_topics(self, request: TopicRequest) -> Sequence[str]:
        return pro_topics.parse(request, ws_key=self.ws_key)

    def keeps(self, topic: str) -> bool:
        return self._signer is not None

    def group_topics(self, single: Sequence[str]) -> Sequence[Sequence[str]]:
        return pro_topics.group(single, self.limits.topics_per_frame)

    def is_final_refusal(self, refusal: Refusal) -> bool:
        text = refusal.message.lower()
        return refusal.code not in _PASSING_CODES and not any(passing in text for passing in _PASSING_TEXTS)

    def may_blame_one(self, refusal: Refusal) -> bool:
        return True


def _control(frame: dict[str, Any], text: str) -> Inbound:
    request_id = frame.get("id")
    request_id = None if request_id is None else plain_text(request_id)
    if "pong" in (frame.get("type"), frame.get("op")) and request_id is not None:
        return PongReceived(request_id, to_milliseconds(frame.get("ts", frame.get("timestamp"))), text)
    if "result" in frame and frame["result"] in (True, "true") and request_id is not None:
        return Ack(request_id, text)
    if "result" in frame or "code" in frame:
        words = (frame.get(key) for key in ("message", "reason", "msg"))
        message = next((plain_text(word) for word in words if word), "")
        return Refusal(request_id, plain_text(frame.get("code", "")), message, text)
    if frame.get("message") == "welcome":
        return Welcome(
            plain_text(frame.get("sessionId") or "") or None,
            ping_interval=to_seconds(frame.get("pingInterval")),
            pong_timeout=to_seconds(frame.get("pingTimeout")),
        )
    return Unknown(text)
