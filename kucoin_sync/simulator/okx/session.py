"""
One connection of a simulated OKX, seen from the server: frames in, replies out.

All three paths speak the same; what differs is which channels and operations they have. Nothing is sent after the
handshake. A log-in is acknowledged like a welcome, so the faults of welcomes strike there.

Source: OKX v5 documents of 2026, WebSocket overview, and captures; what neither states is marked "assumed".
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from ..json_text import compact, read_object
from ..matching.orders import Refused
from ..order_line import Operation, OrderLine
from ..peer import Peer
from ..truth import Entry
from .channels import COUNTED, topic_of
from .login import check_login
from .operations import OPERATIONS, Answer
from .venue import OkxVenue, connection_id

__all__ = ["OkxSession"]

_REQUEST_ID = re.compile(r"[A-Za-z0-9]{1,32}\Z")
_HOUR = 3600.0
# Orders of one batch that get a record: more than any operation takes.
_MAX_RECORDS = 50
_MAX_ECHO = 4096
# Bound of the simulator itself, whatever its limits say.
_MAX_TOPICS = 10_000
_STRONGEST, _WEAKER = "books-l2-tbt", ("books", "books50-l2-tbt")


class OkxSession:
    """
    The server's side of one connection.

    Args:
        venue: Shared state.
        peer: The connection.
        says_demo: Whether the handshake said that this is demo trading.
    """

    def __init__(self, venue: OkxVenue, peer: Peer, *, says_demo: bool) -> None:
        self._venue = venue
        self._peer = peer
        self._operations = venue.operations
        self._says_demo = says_demo
        self._line = OrderLine(venue, peer)
        self._connection_id = connection_id(peer)
        self._requests_end = asyncio.get_running_loop().time() + _HOUR
        self._requests = 0

    def start(self) -> None:
        """Nothing is sent: the client begins."""

    def stop(self) -> None:
        """Nothing to release."""

    def on_text(self, text: str) -> None:
        """Handle one frame of the client."""
        most = self._venue.limits.frame_bytes
        if most is not None and len(text) > most:
            self._peer.close(1009, "Request message exceeds the maximum frame length")
            return
        if text == "ping":
            if self._venue.faults.take("no_pong", system=self._peer.system) is None:
                self._peer.send_text("pong")
            return
        in_ns = self._venue.line_ns()
        frame = read_object(text)
        op = None if frame is None else frame.get("op")
        if frame is None or not isinstance(op, str) or op == "ping":
            self._error(frame, "60012", f"Illegal request: {text[:_MAX_ECHO]}")
            return
        if frame.get("id") is not None and _id_of(frame) is None:
            self._error(frame, "60013", "Invalid args")  # assumed
        elif op == "login":
            self._log_in(frame)
        elif op in ("subscribe", "unsubscribe"):
            self._change_topics(frame, text, is_subscribe=op == "subscribe")
        elif op in OPERATIONS:
            self._operate(op, frame, in_ns)
        else:
            self._turn_away(frame, op, in_ns, "60019", f"Invalid op: {op[:100]}")

    # Log-in.

    def _log_in(self, frame: dict[str, Any]) -> None:
        venue, peer, args = self._venue, self._peer, frame.get("args")
        try:
            if not self._has_permit():
                raise Refused("60014", "Requests too frequent")
            if not isinstance(args, list) or not args:
                raise Refused("60009", "Login failed.")
            if len(args) > 1 or peer.account is not None:
                raise Refused("60031", "The WebSocket endpoint does not allow multiple or repeated logins.")
            self._check_environment()
            credentials = check_login(args[0], venue.credentials, now_ms=venue.line_ms())
        except Refused as refusal:
            self._error(frame if venue.forms.login_ids == "echoed" else None, refusal.code, refusal.message)
            # A connection that is logged in stays (assumed).
            if venue.forms.failed_logins == "closed" and peer.account is None:
                peer.close(4001, "Login Failed")
            return
        peer.account = credentials.api_key
        answer = {"event": "login", "msg": "", "code": "0", "connId": self._connection_id}
        request_id = _id_of(frame)
        if venue.forms.login_ids == "echoed" and request_id is not None:
            answer = {"id": request_id, **answer}
        venue.welcome(peer, lambda: peer.send_text(compact(answer)))

    def _check_environment(self) -> None:
        forms = self._venue.forms
        if forms.environment == "any" or forms.handshake_header == "ignored":
            return
        if self._says_demo != (forms.environment == "demo"):
            code = forms.wrong_environments
            raise Refused(code, "API key doesn't exist." if code == "60032" else "Invalid apiKey")

    # Topics.

    def _change_topics(self, frame: dict[str, Any], text: str, *, is_subscribe: bool) -> None:
        args = frame.get("args")
        if not isinstance(args, list) or not args or not all(isinstance(arg, dict) for arg in args):
            self._error(frame, "60012", f"Illegal request: {text[:_MAX_ECHO]}")
            return
        if not self._has_permit():
            self._error(frame, "60014", "Requests too frequent")
            return
        for arg in args:
            if not self._peer.is_open:
                return
            try:
                topic = self._topic(arg)
                if is_subscribe:
                    self._check_rejection(topic)
            except Refused as refusal:
                self._error(frame, refusal.code, refusal.message)
                continue
            if is_subscribe:
                self._subscribe(frame, arg, topic)
            else:
                self._unsubscribe(frame, arg, topic)
        self._venue.on_change()

    def _topic(self, arg: dict[str, Any]) -> str:
        venue = self._venue
        return topic_of(
            arg,
            self._peer.system,
            venue.instruments,
            venue.spreads.by_id,
            is_logged_in=self._peer.account is not None,
            fee_tier=venue.forms.fee_tier,
            tells_moved=venue.forms.wrong_paths == "moved",
        )

    def _check_rejection(self, topic: str) -> None:
        names = frozenset((topic, topic.partition(":")[0]))
        rejection = self._venue.faults.take("reject_topic", topic=names)
        if rejection is not None:
            raise Refused(str(rejection["code"]), rejection["text"])

    def _subscribe(self, frame: dict[str, Any], arg: dict[str, Any], topic: str) -> None:
        venue, peer = self._venue, self._peer
        channel, _, argument = topic.partition(":")
        is_new = topic not in peer.topics
        if is_new and len(peer.topics) >= _MAX_TOPICS:
            peer.close(4009, "The number of subscription channels for this connection exceeds the limit")
            return
        is_first = is_new and not any(other.partition(":")[0] == channel for other in peer.topics)
        if channel in _WEAKER and f"{_STRONGEST}:{argument}" in peer.topics:
            self._acknowledge(frame, "subscribe", arg)
            self._error(frame, "64004", _EXCLUSIVE.format(channel, argument))
            return
        if is_new:
            # A push carries the arg as the first reader of its topic spelled it.
            venue.args.setdefault(topic, dict(arg))
            venue.subscribe(peer, [topic])
        is_late = venue.faults.take("late_subscribe_ack") is not None
        if is_late and is_new:
            venue.subscribed(peer, [topic])
        self._acknowledge(frame, "subscribe", arg)
        if channel == _STRONGEST:
            for weaker in _WEAKER:
                self._replace(f"{weaker}:{argument}")
        if channel in COUNTED and is_first and not self._is_counted_in(channel):
            venue.unsubscribe(peer, [topic])
            return
        # An active arg is acknowledged again, and begins nothing anew.
        if is_new and not is_late:
            venue.subscribed(peer, [topic])

    def _unsubscribe(self, frame: dict[str, Any], arg: dict[str, Any], topic: str) -> None:
        late = self._venue.faults.take("late_unsubscribe")
        if late is None:
            self._venue.unsubscribe(self._peer, [topic])
        else:
            asyncio.get_running_loop().call_later(late["seconds"], self._leave, topic)
        self._acknowledge(frame, "unsubscribe", arg)

    def _leave(self, topic: str) -> None:
        if self._peer.is_open:
            self._venue.unsubscribe(self._peer, [topic])

    def _replace(self, topic: str) -> None:
        """End a weaker channel of the same book, and say so."""
        if topic in self._peer.topics:
            arg = self._venue.args[topic]
            self._venue.unsubscribe(self._peer, [topic])
            self._acknowledge({}, "unsubscribe", arg)

    def _is_counted_in(self, channel: str) -> bool:
        """Tell how many connections of the account have a channel; return False if this one is too many."""
        venue, peer = self._venue, self._peer
        count = sum(
            other.account == peer.account and any(topic.partition(":")[0] == channel for topic in other.topics)
            for other in venue.peers("all")
        )
        most = venue.limits.connections_per_channel
        is_in = most is None or count <= most
        event = "channel-conn-count" if is_in else "channel-conn-count-error"
        number = count if is_in else most
        self._send({"event": event, "channel": channel, "connCount": str(number), "connId": self._connection_id})
        return is_in

    def _acknowledge(self, frame: dict[str, Any], event: str, arg: dict[str, Any]) -> None:
        if self._venue.faults.take("drop_subscribe_ack") is not None:
            return
        answer = {"event": event, "arg": arg, "connId": self._connection_id}
        request_id = _id_of(frame)
        self._send(answer if request_id is None else {"id": request_id, **answer})

    # Operations.

    def _operate(self, op: str, frame: dict[str, Any], in_ns: int) -> None:
        request_id, operation = _id_of(frame), OPERATIONS[op]
        if operation.path != self._peer.system:
            self._turn_away(frame, op, in_ns, "60028", _WRONG_URL)
            return
        if self._peer.account is None:
            self._turn_away(frame, op, in_ns, "60011", "Please log in")
            return
        if request_id is None:
            self._error(frame, "60013", "Invalid args")  # assumed: nothing tells what becomes of it
            return
        account, exp_time = self._peer.account, frame.get("expTime")
        args = frame.get("args")
        wrong = self._operations.check(op, args, exp_time)
        given = [each for each in args if isinstance(each, dict)][:_MAX_RECORDS] if isinstance(args, list) else []

        def execute(entries: list[Entry]) -> Answer:
            form = self._venue.forms.instruments
            answer = wrong
            if answer is None:
                answer = self._operations.run(op, account, given, form=form, exp_time=exp_time)
            for entry, item in zip(entries, answer.items, strict=False):
                entry.executed, entry.code, entry.order_id = item.executed, item.code, item.order_id
                entry.outcome = "accepted" if item.code == "0" else "refused"
            if not answer.items:
                for entry in entries:
                    entry.outcome, entry.code = "refused", answer.code
            return answer

        self._line.run(
            Operation(
                op,
                request_id,
                [self._client_oid_of(each) for each in given] or [None],
                execute,
                lambda code, message: self._operations.refuse(op, given, code, message),
                lambda answer: self._reply(op, request_id, in_ns, answer),
            )
        )

    def _client_oid_of(self, args: dict[str, Any]) -> str | None:
        """Return the client order id that an item is about, by way of the order id if need be."""
        client_oid, order_id = args.get("clOrdId"), args.get("ordId")
        if isinstance(client_oid, str) and client_oid:
            return client_oid
        return self._venue.client_oid_of(order_id) if isinstance(order_id, str) else None

    def _reply(self, op: str, request_id: str, in_ns: int, answer: Answer) -> dict[str, Any]:
        reply: dict[str, Any] = {"id": request_id, "op": op}
        reply.update(code=answer.code, msg=answer.msg, data=answer.data)
        operation = OPERATIONS.get(op)
        if (operation is not None and operation.has_times) or self._venue.forms.gateway_times == "all":
            reply["inTime"] = str(in_ns // 1000)
            reply["outTime"] = str(self._venue.line_ns() // 1000)
        return reply

    def _turn_away(self, frame: dict[str, Any], op: str, in_ns: int, code: str, message: str) -> None:
        """Refuse an operation that is not even looked at."""
        request_id = _id_of(frame)
        if self._venue.forms.gate_errors == "event" or request_id is None:
            self._error(frame, code, message)
        else:
            self._send(self._reply(op, request_id, in_ns, Answer(code, message, [])))

    # The line.

    def _has_permit(self) -> bool:
        """Count one request of those that have a limit by the hour."""
        most, now = self._venue.limits.requests_per_hour, asyncio.get_running_loop().time()
        if now >= self._requests_end:
            self._requests, self._requests_end = 0, now + _HOUR
        self._requests += 1
        return most is None or self._requests <= most

    def _error(self, frame: dict[str, Any] | None, code: str, message: str) -> None:
        answer = {"event": "error", "msg": message, "code": code, "connId": self._connection_id}
        request_id = None if frame is None else _id_of(frame)
        self._send(answer if request_id is None else {"id": request_id, **answer})

    def _send(self, frame: dict[str, Any]) -> None:
        self._peer.send_text(compact(frame))


_WRONG_URL = (
    "The current operation is not supported by this URL. Please use the correct WebSocket URL for the operation."
)
_EXCLUSIVE = "Subscribe to both {0} and books-l2-tbt for {1} is not allowed. Unsubscribe books-l2-tbt first."


def _id_of(frame: dict[str, Any]) -> str | None:
    """Return the id of a request, if it has one in the documented form."""
    value = frame.get("id")
    return value if isinstance(value, str) and _REQUEST_ID.match(value) else None
