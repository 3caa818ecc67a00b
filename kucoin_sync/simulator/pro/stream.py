"""
One connection of the Pro streams, seen from the server: frames in, replies out.

Source: KuCoin docs, unified account WebSocket pages, and captures of 2025 and 2026; what neither states is
marked "assumed".
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from typing import Any

from ..json_text import compact, read_object
from ..kucoin_signatures import SignatureRefused
from ..kucoin_venue import KucoinVenue
from ..peer import Peer
from .channels import ProRefused, read_topics
from .login import check_auth_frame

__all__ = ["ProStream"]


class ProStream:
    """
    The server's side of one Pro stream connection.

    Args:
        venue: Shared state.
        peer: The connection.
        host: ``spot``, ``futures`` or ``private``.
        account: Whose token the URL of a private connection carried; ``None`` without a token.
    """

    def __init__(self, venue: KucoinVenue, peer: Peer, host: str, account: str | None = None) -> None:
        self._venue = venue
        self._peer = peer
        self._host = host
        limits = venue.limits
        private = host == "private"
        self._most_frames = limits.pro_private_frames if private else limits.pro_public_frames
        self._most_topics = limits.pro_private_topics if private else limits.pro_public_topics
        self._arrivals: deque[float] = deque()
        self._last_ping: float | None = None
        peer.account = account
        peer.opcode = venue.pro_forms.opcode

    def start(self) -> None:
        """Send the welcome; with a token it says that the log-in worked, without it says nothing of that."""
        welcome = {"sessionId": str(uuid.uuid4()), "message": "welcome", "pingInterval": 18000}
        self._venue.welcome(self._peer, lambda: self._send(welcome))

    def stop(self) -> None:
        """Nothing to release."""

    def on_text(self, text: str) -> None:
        """Handle one frame of the client; text that is not JSON gets no answer."""
        if not self._has_permit():
            self._drop()
            return
        frame = read_object(text)
        if frame is None:
            return
        action = frame.get("action")
        if frame.get("type") == "ping":
            self._ping(frame, is_older_form=True)
        elif frame.get("op") == "ping":
            self._ping(frame, is_older_form=False)
        elif frame.get("op") == "auth":
            self._log_in(frame)
        elif isinstance(action, str) and action.upper() in ("SUBSCRIBE", "UNSUBSCRIBE"):
            self._change_topics(frame, is_subscribe=action.upper() == "SUBSCRIBE")
        else:
            self._refuse(frame, "invalid request data", "message")

    # Keep-alive.

    def _ping(self, frame: dict[str, Any], *, is_older_form: bool) -> None:
        now, last, least = asyncio.get_running_loop().time(), self._last_ping, self._venue.limits.pro_ping_interval
        self._last_ping = now
        if least is not None and last is not None and now - last < least:
            self._drop()
            return
        if self._venue.faults.take("no_pong", system="pro_v2") is not None:
            return
        stamp = self._venue.line_ns()
        if is_older_form:
            self._send({"type": "pong", "id": _request_id(frame), "ts": stamp // 1000 * 1000})
        else:
            self._send({"id": _request_id(frame), "op": "pong", "timestamp": stamp // 1_000_000})

    # Log-in.

    def _log_in(self, frame: dict[str, Any]) -> None:
        """Check the auth frame; a refused client may try again (assumed), and so may one that is logged in."""
        if self._host != "private":
            self._refuse(frame, "invalid request data", "message")  # assumed
            return
        try:
            known, now_ms = self._venue.credentials, self._venue.line_ms()
            account = check_auth_frame(frame, known, now_ms=now_ms, replays=self._venue.replays).api_key
        except SignatureRefused as error:
            self._send(self._venue.pro_forms.login_refused(_request_id(frame), error.code, error.message))
            return
        if self._peer.account not in (None, account):
            self._refuse(frame, "invalid request data", "message")  # assumed: one connection, one account
            return
        self._peer.account = account
        self._send(self._venue.pro_forms.accepted(_request_id(frame)))

    # Topics.

    def _change_topics(self, frame: dict[str, Any], *, is_subscribe: bool) -> None:
        venue, peer = self._venue, self._peer
        try:
            if self._host == "private" and peer.account is None:
                raise ProRefused("login is required")  # text assumed
            topics = read_topics(frame, self._host)
            refused = venue.faults.take("reject_topic", topic=frozenset(topics)) if is_subscribe else None
            if refused is not None:
                raise ProRefused(refused["text"])
        except ProRefused as error:
            self._refuse(frame, error.text, error.where)
            return
        if is_subscribe:
            if self._most_topics is not None and len(peer.topics.union(topics)) > self._most_topics:
                self._drop()
                return
            venue.subscribe(peer, topics)
        else:
            venue.unsubscribe(peer, topics)
        if venue.faults.take("drop_subscribe_ack") is None:
            self._send(venue.pro_forms.accepted(_request_id(frame)))
        if is_subscribe:
            venue.subscribed(peer, topics)
        venue.on_change()

    # The line.

    def _send(self, frame: dict[str, Any]) -> None:
        self._peer.send_frame(self._peer.opcode, self._venue.pro_forms.encode(compact(frame)))

    def _refuse(self, frame: dict[str, Any], text: str, where: str) -> None:
        self._send({"id": _request_id(frame), "result": False, where: text})

    def _drop(self) -> None:
        """Disconnect a client that sends too much; that it gets no close frame is assumed."""
        self._peer.cut(reset=False)

    def _has_permit(self) -> bool:
        most, window = self._most_frames, self._venue.limits.frame_window
        if most is None:
            return True
        now, arrivals = asyncio.get_running_loop().time(), self._arrivals
        while arrivals and now - arrivals[0] >= window:
            arrivals.popleft()
        arrivals.append(now)
        return len(arrivals) <= most


def _request_id(frame: dict[str, Any]) -> str:
    """Return the id as the server echoes it: numbers as text, and an empty text where there is none (assumed)."""
    value = frame.get("id")
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
