"""
What a received text can mean to the engine, once a dialect has read it.

Data pushes are `kucoin_sync.events.Update`; everything else is one of the classes below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from kucoin_sync.events import RateLimit, Update

__all__ = [
    "Ack",
    "Challenge",
    "Inbound",
    "LoginReply",
    "Notice",
    "PingReceived",
    "PongReceived",
    "Refusal",
    "Reply",
    "TopicsEnded",
    "Unknown",
    "Unreadable",
    "Welcome",
]


@attrs.frozen
class Welcome:
    """The server is ready to listen; timings in seconds where it announced any."""

    session_id: str | None
    ping_interval: float | None = None
    pong_timeout: float | None = None


@attrs.frozen
class Challenge:
    """The server wants ``text`` signed; ``timestamp_ms`` is its clock, where it told."""

    text: str
    timestamp_ms: int | None


@attrs.frozen
class LoginReply:
    """The server's answer to a login frame."""

    accepted: bool
    code: str
    message: str


@attrs.frozen
class Ack:
    """
    Yes to the subscribe or unsubscribe with this id.

    Attributes:
        id: Empty where a yes to a subscribe names none; then ``topic`` tells what it is about.
        topic: The single topic it is about, where the exchange answers for each; ``None`` for all of that command.
    """

    id: str
    raw: str = attrs.field(repr=False)
    topic: str | None = None


@attrs.frozen
class Refusal:
    """
    No: to the frame with this id where ``id`` is one of ours, else to the line as a whole.

    Attributes:
        topic: The single topic to blame, where the exchange names it; ``None`` for all of that command.
    """

    id: str | None
    code: str
    message: str
    raw: str = attrs.field(repr=False)
    topic: str | None = None


@attrs.frozen
class Notice:
    """
    What the exchange tells about the line: ``kind`` in its own words.

    Attributes:
        leaving: It will close this line soon and wants us on another one.
    """

    kind: str
    leaving: bool
    raw: str = attrs.field(repr=False)


@attrs.frozen
class PingReceived:
    """The server asks, by a message of its own, whether we are there; ``answer`` is the text that says so."""

    answer: str


@attrs.frozen
class PongReceived:
    """
    Answer to our ping with this id, or, where pings have none (``None``), to the oldest that waits.

    ``timestamp_ms`` is the server's clock, where it told.
    """

    id: str | None
    timestamp_ms: int | None
    raw: str = attrs.field(repr=False)


@attrs.frozen
class TopicsEnded:
    """
    The exchange ended subscriptions by itself, without being asked.

    Attributes:
        covers: Takes a single topic; returns whether it is among them.
        code: Why, as the exchange puts it.
        message: Likewise.
    """

    covers: Callable[[str], bool]
    code: str
    message: str
    raw: str = attrs.field(repr=False)


@attrs.define
class Reply:
    """Answer to the request with this id; ``code`` is ``""`` where the frame had none."""

    id: str
    op: str | None
    code: str
    message: str
    data: Any
    in_time: int | None
    out_time: int | None
    rate_limit: RateLimit | None
    raw: str = attrs.field(repr=False)


@attrs.frozen
class Unknown:
    """Readable, but of a kind the dialect does not know."""

    raw: str


@attrs.frozen
class Unreadable:
    """Not a message at all: ``problem`` says why. ``raw`` may still name a request's id."""

    problem: str
    raw: str = attrs.field(repr=False)


Inbound = (
    Update
    | Reply
    | Welcome
    | Challenge
    | LoginReply
    | Ack
    | Refusal
    | Notice
    | PingReceived
    | PongReceived
    | TopicsEnded
    | Unknown
    | Unreadable
)
