"""
The one question-and-answer list between the engine and an exchange.

A `Dialect` is a pure object that describes one connection of one exchange: how it is opened, how it is spoken to, and
what it says. The engine asks; it never branches on an exchange. A new exchange is a new set of dialects and nothing
else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

import attrs

from kucoin_sync.errors import ConfigError, ConnectError
from kucoin_sync.events import Origin, UpdateReader
from kucoin_sync.protocol.messages import Inbound, Refusal

__all__ = ["Dialect", "Endpoint", "HttpAnswer", "HttpCall", "Limits", "Step", "TopicRequest", "ws_key_text"]


def ws_key_text(ws_key: str | Enum) -> str:
    """Return the text of a WsKey. Raises ConfigError if it is neither a WsKey nor a text."""
    text = str(ws_key.value) if isinstance(ws_key, Enum) else ws_key
    if not isinstance(text, str):
        raise ConfigError(f"ws_key: must be a WsKey or its text, got {type(text).__name__}")
    return text


class Step(Enum):
    """One thing that must come from the server before a line is ready. `Dialect.greeting` lists them in order."""

    WELCOME = "welcome"
    CHALLENGE = "challenge"
    LOGIN = "login"


@attrs.frozen
class HttpCall:
    """A REST call, complete with its signature. ``repr`` shows neither headers nor query."""

    method: str
    url: str = attrs.field(repr=lambda url: repr(url.split("?")[0]))
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: str = attrs.field(default="", repr=False)


@attrs.frozen
class HttpAnswer:
    """What came back: bounded in size, not yet judged."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)


@attrs.frozen
class Endpoint:
    """
    Where to open a line. ``repr`` hides the query, which holds tokens and signatures.

    Attributes:
        url: Full WebSocket URL.
        ping_interval: Seconds, where the exchange announced it before the opening.
        pong_timeout: Seconds, likewise.
    """

    url: str = attrs.field(repr=lambda url: repr(url.split("?")[0]))
    ping_interval: float | None = None
    pong_timeout: float | None = None


@attrs.frozen
class Limits:
    """
    What one line takes.

    Attributes:
        frames: Messages in any ``window`` seconds.
        window: Seconds.
        topics_per_frame: Single topics that one subscribe can carry.
        topics_per_connection: Single topics; for more of them further connections are opened.
        idle: Seconds of our silence until the exchange closes.
        ping_gap: Least seconds between two pings.
        pings_count: Whether pings are among the messages of a window.
    """

    frames: int
    window: float
    topics_per_frame: int
    topics_per_connection: int
    idle: float
    ping_gap: float = 0.0
    pings_count: bool = True

    def adjusted(
        self, *, frames: int | None, topics_per_frame: int | None, topics_per_connection: int | None
    ) -> Limits:
        """Return these limits with those replaced that are not ``None``."""
        given: dict[str, Any] = {
            "frames": frames,
            "topics_per_frame": topics_per_frame,
            "topics_per_connection": topics_per_connection,
        }
        return attrs.evolve(self, **{name: value for name, value in given.items() if value is not None})


@attrs.frozen
class TopicRequest:
    """A topic to subscribe to, with parameters where the exchange's topics have any."""

    topic: str
    payload: Mapping[str, Any] | None = None


class Dialect(UpdateReader, Protocol):
    """How one connection of one exchange is spelled."""

    ws_key: str
    greeting: tuple[Step, ...]
    limits: Limits
    asks_time: bool
    """Whether a line that opened asks `time_call` unless the exchange's clock is known: nothing that comes over it
    tells, and orders expire by that clock."""
    reply_clock: int | None
    """How many units of `Reply.out_time` a millisecond has, where replies are all that tells the exchange's clock."""

    def token_call(self, *, timestamp_ms: int) -> HttpCall | None:
        """Return the REST call that has to come first, or ``None``."""

    def endpoints(self, answer: HttpAnswer | None, *, connect_id: str, timestamp_ms: int) -> Sequence[Endpoint]:
        """
        Return where to open the line, best first.

        Raises:
            TokenError: If the answer to `token_call` is unusable.
            AuthError: If it refuses the credentials.
        """

    def time_call(self) -> HttpCall | None:
        """Return the REST call that tells the exchange's clock, or ``None``."""

    def read_time(self, answer: HttpAnswer) -> int:
        """Return the exchange's clock in ms from the answer to `time_call`. Raises TokenError."""

    def is_clock_error(self, error: ConnectError) -> bool:
        """Whether the opening failed because our clock and the exchange's differ."""

    def decode(self, text: str, received_at: float, origin: Origin) -> Inbound:
        """Say what a text means. Never raises: what cannot be read is `Unreadable`."""

    def unpack(self, data: bytes) -> str:
        """Return the text inside a binary message. Raises ValueError."""

    def answer_challenge(self, text: str) -> str:
        """Return the text that answers a challenge."""

    def encode_login(self, *, request_id: str, timestamp_ms: int) -> str:
        """Spell the login frame."""

    def opening_error(self, refusal: Refusal, phase: str) -> ConnectError:
        """Return the error for a refusal that came while the line was being opened."""

    def encode_ping(self, *, request_id: str, timestamp_ms: int) -> str:
        """Spell a ping, with the id if the exchange's pongs name one."""

    def encode_subscribe(self, topics: Sequence[str], *, request_id: str) -> str:
        """Spell the subscribe of one group of `group_topics`."""

    def encode_unsubscribe(self, topics: Sequence[str], *, request_id: str) -> str:
        """Spell the unsubscribe of one group of `group_topics`."""

    def encode_request(self, op: str, args: Any, *, request_id: str, expires_ms: int | None = None) -> str:
        """
        Spell a request.

        Args:
            op: Operation.
            args: Arguments.
            request_id: Comes back in the reply.
            expires_ms: From when the exchange is to refuse it, in its own time, milliseconds since 1970; ``None``:
                never. An exchange that takes this among the arguments finds it there already.
        """

    def single_topics(self, request: TopicRequest) -> Sequence[str]:
        """
        Return the single topics a user's topic stands for.

        Raises:
            ConfigError: If the topic is malformed, or not one of this connection.
        """

    def keeps(self, topic: str) -> bool:
        """Whether the updates of a topic are of the account: none is dropped, and unread ones end the line."""

    def group_topics(self, topics: Sequence[str]) -> Sequence[Sequence[str]]:
        """Group single topics into what one frame can carry each."""

    def is_final_refusal(self, refusal: Refusal) -> bool:
        """Whether asking again for a refused topic is pointless."""

    def may_blame_one(self, refusal: Refusal) -> bool:
        """Whether a refusal of several topics may be about some of them only, and the others are worth asking for."""
