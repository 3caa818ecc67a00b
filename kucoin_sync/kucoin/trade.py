"""
The dialect of the WebSocket API (order entry). What can be asked on it is in `operations`.

Source: KuCoin docs, WebSocket API (order entry), Introduction (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kucoin_sync.errors import AuthError, ConfigError, ConnectError, shorten
from kucoin_sync.events import Origin, RateLimit, Update, make_rate_limit
from kucoin_sync.kucoin import codes, rest
from kucoin_sync.kucoin.numbers import to_milliseconds, to_seconds
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.orders.code_table import code_text
from kucoin_sync.protocol.dialect import Endpoint, HttpAnswer, HttpCall, Limits, Step, TopicRequest
from kucoin_sync.protocol.json_text import dumps, loads, plain_text
from kucoin_sync.protocol.messages import (
    Challenge,
    Inbound,
    PongReceived,
    Refusal,
    Reply,
    Unknown,
    Unreadable,
    Welcome,
)
from kucoin_sync.protocol.packed_text import unpack_text

__all__ = ["TradeDialect"]

_CHALLENGE_EXPIRED = "400012"


class TradeDialect:
    """
    One order entry connection.

    Args:
        ws_key: Its name.
        url: Without query.
        rest_host: For the exchange's clock.
        signer: Signs the URL and the challenge.
        enable_ns: Ask for gateway times in nanoseconds.
    """

    greeting: tuple[Step, ...] = (Step.CHALLENGE, Step.WELCOME)
    asks_time = False  # the challenge tells
    reply_clock: int | None = None  # the pongs tell
    # No limit of topics applies; the idle limit is the one of the streams, which nobody documents for this host.
    limits = Limits(frames=100, window=10.0, topics_per_frame=1, topics_per_connection=1, idle=60.0)

    def __init__(self, ws_key: str, *, url: str, rest_host: str, signer: Signer, enable_ns: bool = False) -> None:
        self.ws_key = ws_key
        self._enable_ns = enable_ns
        self._url = url
        self._rest_host = rest_host
        self._signer = signer

    # Opening.

    def token_call(self, *, timestamp_ms: int) -> HttpCall | None:
        return None

    def endpoints(self, answer: HttpAnswer | None, *, connect_id: str, timestamp_ms: int) -> Sequence[Endpoint]:
        query = self._signer.order_entry_query(timestamp_ms=timestamp_ms, enable_ns=self._enable_ns)
        return [Endpoint(f"{self._url}?{query}")]

    def time_call(self) -> HttpCall | None:
        return rest.time_call(self._rest_host)

    def read_time(self, answer: HttpAnswer) -> int:
        return rest.read_time(answer)

    def is_clock_error(self, error: ConnectError) -> bool:
        return isinstance(error, AuthError) and error.code == codes.CLOCK_CODE

    def answer_challenge(self, text: str) -> str:
        """Sign the challenge exactly as it was received; the answer is bare text, not JSON."""
        return self._signer.sign(text)

    def encode_login(self, *, request_id: str, timestamp_ms: int) -> str:
        raise NotImplementedError("order entry logs in by its URL and the challenge")

    def opening_error(self, refusal: Refusal, phase: str) -> ConnectError:
        text = f"{shorten(refusal.code)} {shorten(refusal.message)}"
        if refusal.code in codes.AUTH_CODES:
            return AuthError(text, phase="auth", code=refusal.code)
        phase = "auth" if refusal.code == _CHALLENGE_EXPIRED else phase
        return ConnectError(text, phase=phase, retry_after=codes.wait_after(refusal.code))

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
        op, request_id = frame.get("op"), frame.get("id")
        if op == "pong" or frame.get("type") == "pong":
            return PongReceived(plain_text(request_id), to_milliseconds(frame.get("timestamp")), text)
        if request_id not in (None, "") and ("op" in frame or "code" in frame):
            # Of each order one: what is as it should be is taken without a call.
            code, message = frame.get("code"), frame.get("msg") or ""
            in_time, out_time = frame.get("inTime"), frame.get("outTime")
            return Reply(
                request_id if type(request_id) is str else plain_text(request_id),
                op if type(op) is str else None,
                code if type(code) is str else code_text(code),
                message if type(message) is str else plain_text(message),
                frame.get("data"),
                in_time if type(in_time) is int else None,
                out_time if type(out_time) is int else None,
                _rate_limit(frame.get("userRateLimit") or frame.get("rateLimit")),
                text,
            )
        if "code" in frame:
            return Refusal(None, code_text(frame["code"]), plain_text(frame.get("msg") or ""), text)
        return _greeting(frame, text)

    @staticmethod
    def typed(update: Update) -> Any:
        return update.data  # this connection pushes nothing

    @staticmethod
    def sequence(update: Update) -> int | None:
        return None

    # What goes out.

    def encode_ping(self, *, request_id: str, timestamp_ms: int) -> str:
        """Spell a ping: ``{"id": "7", "op": "ping", "timestamp": 1742175983900}``."""
        return dumps({"id": request_id, "op": "ping", "timestamp": timestamp_ms})

    def encode_request(self, op: str, args: Any, *, request_id: str, expires_ms: int | None = None) -> str:
        """Spell a request: ``{"id": "7", "op": "spot.order", "args": {...}}``; its window is among the arguments."""
        if op == "ping":
            return dumps({"id": request_id, "op": op})
        return dumps({"id": request_id, "op": op, "args": args})

    def encode_subscribe(self, topics: Sequence[str], *, request_id: str) -> str:
        raise NotImplementedError("order entry has no topics")

    def encode_unsubscribe(self, topics: Sequence[str], *, request_id: str) -> str:
        raise NotImplementedError("order entry has no topics")

    # Topics: there are none.

    def single_topics(self, request: TopicRequest) -> Sequence[str]:
        raise ConfigError(f"ws_key: {self.ws_key} carries requests; topics go to a stream connection")

    def keeps(self, topic: str) -> bool:
        return True

    def group_topics(self, single: Sequence[str]) -> Sequence[Sequence[str]]:
        return [single]

    def is_final_refusal(self, refusal: Refusal) -> bool:
        return True

    def may_blame_one(self, refusal: Refusal) -> bool:
        return False


def _greeting(frame: dict[str, Any], text: str) -> Inbound:
    if "welcome" in (frame.get("data"), frame.get("message")):
        return Welcome(
            plain_text(frame.get("sessionId") or "") or None,
            ping_interval=to_seconds(frame.get("pingInterval")),
            pong_timeout=to_seconds(frame.get("pingTimeout")),
        )
    if "sessionId" in frame and "timestamp" in frame:
        return Challenge(text, to_milliseconds(frame["timestamp"]))
    return Unknown(text)


def _rate_limit(value: Any) -> RateLimit | None:
    if type(value) is not dict:
        return None
    limit, remaining = value.get("limit"), value.get("remaining")
    return make_rate_limit(
        limit if type(limit) is int else None,
        remaining if type(remaining) is int else None,
        to_seconds(value.get("reset")),
    )
