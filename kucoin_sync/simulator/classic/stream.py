"""
One connection of the classic streams, seen from the server: frames in, replies out.

Source: KuCoin docs, WebSocket base info and error pages, and captures of 2021 to 2026; what neither states
is marked "assumed".
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import Any

from ..json_text import compact, read_object
from ..kucoin_venue import KucoinVenue
from ..peer import Peer
from ..tokens import Token
from .channels import BOTH, CHANNELS

__all__ = ["V1Stream"]

# Bound of the simulator itself, far above a hundred symbols.
_MAX_TOPIC = 65536
_MAX_TOPICS = 10_000

OWN_TRADES = "/market/match:"


class V1Stream:
    """
    The server's side of one classic stream connection.

    Args:
        venue: Shared state.
        peer: The connection.
        token: The token it was opened with.
        connect_id: Echoed by the welcome; made up when the client sent none.
    """

    def __init__(self, venue: KucoinVenue, peer: Peer, token: Token, connect_id: str | None) -> None:
        self._venue = venue
        self._peer = peer
        self._token = token
        self._connect_id = connect_id or secrets.token_hex(8)
        self._arrivals: deque[float] = deque()
        peer.account = token.account

    def start(self) -> None:
        """Send the welcome."""
        welcome = compact({"id": self._connect_id, "type": "welcome"})
        self._venue.welcome(self._peer, lambda: self._peer.send_text(welcome))

    def stop(self) -> None:
        """Nothing to release."""

    def on_text(self, text: str) -> None:
        """Handle one frame of the client."""
        if not self._has_permit():
            self._venue.send_v1_error(self._peer, secrets.token_hex(8), 509, "exceed max permits per second")
            self._peer.close(1000, "Bye")
            return
        frame = read_object(text)
        if frame is None:
            excerpt = text.split(None, 1)[0][:40] if text.strip() else ""
            self._venue.send_v1_error(
                self._peer, secrets.token_hex(8), 400, f"Unrecognized token '{excerpt}': was expecting JSON"
            )
            return
        request_id, kind = _request_id(frame.get("id")), frame.get("type")
        if kind == "ping":
            if self._venue.faults.take("no_pong", system="v1") is not None:
                return
            stamp = self._venue.line_ns() // 1000
            self._peer.send_text(compact({"id": request_id, "type": "pong", "timestamp": stamp}))
        elif kind in ("subscribe", "unsubscribe"):
            self._change_topics(frame, request_id, is_subscribe=kind == "subscribe")
        else:
            self._venue.send_v1_error(self._peer, request_id, 415, "type is not supported")

    def _change_topics(self, frame: dict[str, Any], request_id: str, *, is_subscribe: bool) -> None:
        venue, peer = self._venue, self._peer
        topic = frame.get("topic")
        refusal, singles = self._check_topic(topic, is_subscribe=is_subscribe)
        if refusal is None and is_subscribe:
            refused = venue.faults.take("reject_topic", topic=frozenset((str(topic), *singles)))
            if refused is not None:
                refusal = (refused["code"], refused["text"])
        if refusal is not None:
            venue.send_v1_error(peer, request_id, *refusal)
            return
        if is_subscribe:
            # On a few public topics this asks for one's own messages; the simulator does it for trades.
            wants_own = frame.get("privateChannel") in (True, "true") and self._token.is_private
            venue.subscribe(peer, singles, own=wants_own and str(topic).startswith(OWN_TRADES))
        else:
            venue.unsubscribe(peer, singles)
        wants_ack = frame.get("response") in (True, "true")
        if wants_ack and venue.faults.take("drop_subscribe_ack") is None:
            peer.send_text(compact({"id": request_id, "type": "ack"}))
        if is_subscribe:
            venue.subscribed(peer, singles)
        venue.on_change()

    def _check_topic(self, topic: object, *, is_subscribe: bool) -> tuple[tuple[int, str] | None, list[str]]:
        """Return the refusal, if any, and the single topics behind a topic text."""
        if topic is None or topic == "":
            return (406, "topic is required"), []
        if not isinstance(topic, str) or not topic.startswith("/") or len(topic) > _MAX_TOPIC:
            return (400, "topic is invalid"), []
        path, colon, argument = topic.partition(":")
        channel = CHANNELS.get(path)
        if channel is None or self._token.product not in (channel.product, BOTH):
            return (404, "topic does not exist"), []
        symbols = argument.split(",")
        if channel.argument != "optional" and bool(colon) != (channel.argument == "needed"):
            return (400, "topic is invalid"), []
        if (colon and not all(symbols)) or (len(symbols) > 1 and not channel.takes_list):
            return (400, "topic is invalid"), []  # the second half is assumed
        if channel.private and not self._token.is_private:
            return (403, "login is required"), []
        limits = self._venue.limits
        per_frame = limits.topics_per_frame
        # The futures host has no documented limit; this one protects the simulator itself.
        per_connection = limits.topics_per_connection if channel.product == "spot" else _MAX_TOPICS
        if per_frame is not None and len(symbols) > per_frame:
            return (509, f"exceed max subscription count limitation of {per_frame} per time"), []
        singles = [f"{path}:{symbol}" for symbol in dict.fromkeys(symbols)] if colon else [path]
        if is_subscribe and per_connection is not None:
            new = sum(single not in self._peer.topics for single in singles)
            if len(self._peer.topics) + new > per_connection:
                return (509, f"exceed max subscription count limitation of {per_connection} per session"), []
        return None, singles

    def _has_permit(self) -> bool:
        limits = self._venue.limits
        if limits.frames_per_window is None:
            return True
        now, arrivals = asyncio.get_running_loop().time(), self._arrivals
        while arrivals and now - arrivals[0] >= limits.frame_window:
            arrivals.popleft()
        arrivals.append(now)
        return len(arrivals) <= limits.frames_per_window


def _request_id(value: object) -> str:
    """Return the id as the string the server echoes; random when there is none."""
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return secrets.token_hex(8)
