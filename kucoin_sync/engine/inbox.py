"""
What comes in over a ready line, and where it goes: to a waiting call, to subscribers, to the heartbeat, to listeners.

All of this runs on the reading thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from kucoin_sync.engine.listeners import ListenerHub
from kucoin_sync.engine.opening import Line, read_item
from kucoin_sync.engine.registry import PendingRequest, RequestRegistry
from kucoin_sync.engine.topic_board import Route, TopicBoard
from kucoin_sync.errors import ConnectionLost, ProtocolViolation, shorten
from kucoin_sync.events import LateReply, Reconnected, Response, UnknownMessage, Update
from kucoin_sync.protocol.dialect import Dialect
from kucoin_sync.protocol.frames import Item
from kucoin_sync.protocol.messages import (
    Ack,
    Inbound,
    Notice,
    PingReceived,
    PongReceived,
    Refusal,
    Reply,
    TopicsEnded,
    Unreadable,
)
from kucoin_sync.protocol.server_clock import ServerClock
from kucoin_sync.protocol.subscriptions import Command

__all__ = ["Inbox"]

logger = logging.getLogger("kucoin_sync.engine.inbox")

MAX_UNREADABLE = 20
"""Unreadable messages in a row after which the line is given up."""


class Inbox:
    """
    Hands out what a connection's lines bring.

    Args:
        dialect: Reads the messages.
        hub: Listeners.
        late_reply: Told of every reply that no request waits for.
        registry: Requests that wait for their reply.
        board: Topics.
        server_clock: Told what pongs reveal about the exchange's clock.
        changed: The connection's lock, which guards the heartbeat of a line and the board.
        leaving: Told that the exchange will close a line soon; must not wait.
    """

    def __init__(
        self,
        dialect: Dialect,
        hub: ListenerHub,
        late_reply: Callable[[Reply], None],
        registry: RequestRegistry,
        board: TopicBoard,
        server_clock: ServerClock,
        changed: threading.Condition,
        leaving: Callable[[Line], None],
    ) -> None:
        self._dialect = dialect
        self._ws_key = dialect.ws_key
        self._keeps = dialect.keeps
        self._hub = hub
        self._late_reply = late_reply
        self._registry = registry
        self._board = board
        self._clock = server_clock
        self._reply_clock = dialect.reply_clock
        self._changed = changed
        self._leaving = leaving
        self._unreadable = 0

    def handle(self, line: Line, items: Sequence[Item]) -> None:
        """
        Do what the items of one read ask for, in their order.

        Raises:
            ConnectionLost: At the peer's close frame.
            ProtocolViolation: At one unreadable message too many.
        """
        decode, received_at, origin = self._dialect.decode, line.transport.received_at, line.origin
        board, lookout, most = self._board, self._registry.lookout, self._hub.batch
        updates: list[Update] = []  # read, and not handed out yet: one by one that costs as much as all the rest
        try:
            for item in items:
                if type(item) is str:
                    message: Inbound | None = decode(item, received_at, origin)
                else:
                    message = read_item(self._dialect, item, received_at, origin)
                kind = type(message)
                if kind is Update:
                    if most == 1:
                        self._unreadable = 0
                        if board.watches:
                            self.deliver(line, message)  # type: ignore[arg-type]
                        else:
                            self.hand_out(message)  # type: ignore[arg-type]
                        continue
                    updates.append(message)  # type: ignore[arg-type]
                    if len(updates) < most:
                        continue
                    message = None
                if updates:
                    ready, updates = updates, []
                    self._updates(line, ready)
                if kind is Reply:
                    self._unreadable = 0
                    request = self._registry.resolve(message)  # type: ignore[arg-type]
                    if request is None:
                        self._late(line, message)  # type: ignore[arg-type]
                    elif self._reply_clock and not self._clock.is_known(received_at):
                        self._tell_time(request, message)  # type: ignore[arg-type]
                elif message is not None:
                    self._control(line, message)
        finally:
            if updates:
                self._updates(line, updates)
        if lookout.is_looking:
            lookout.hand_back()

    def _updates(self, line: Line, updates: Sequence[Update]) -> None:
        self._unreadable = 0
        if self._board.watches:
            for update in updates:
                self.deliver(line, update)
            return
        topic, way = None, None
        run: list[Update] = []  # updates in a row that all go the same way
        for update in updates:
            if update.topic != topic:
                topic, route = update.topic, self._route(update)
                if route is not way and route != way:
                    if way is not None:
                        self._put(run, way)
                        run = []
                    way = route
            run.append(update)
        if way is not None:
            self._put(run, way)

    def deliver(self, line: Line, update: Update) -> None:
        """Hand an update to whoever wants it."""
        board = self._board
        if board.watches:
            update = board.watch(update)
            self.check_resumed(line)
            if board.crossing is not None:
                board.crossing(update)
                return
        self.hand_out(update)

    def hand_out(self, update: Update) -> None:
        """
        Put an update wherever it is wanted.

        Raises:
            ConnectionLost: If it may not be dropped and somebody has no room for it.
        """
        self._put([update], self._route(update))

    def _route(self, update: Update) -> Route:
        """Return where an update goes, and take note that its topic was seen."""
        topic, board = update.topic, self._board
        route = board.routes.get(topic)
        if route is None:
            return Route((), self._keeps(topic))
        board.last_seen[topic] = update.received_at
        return route

    def _put(self, updates: Sequence[Update], route: Route) -> None:
        puts, keep = route
        room = True
        for put in puts:
            if put(updates) is False:
                room = False
        if not self._hub.emit_updates(updates, keep):
            room = False
        if keep and not room:
            raise ConnectionLost("updates of the account are not read, and none of them is dropped", initiator="local")

    def _late(self, line: Line, reply: Reply) -> None:
        fields = {"ws_key": self._ws_key, "connection_id": line.origin.connection_id, "request_id": reply.id}
        text = "%s: reply to %s came after its call had ended"
        logger.warning(text, self._ws_key, shorten(reply.id, 64), extra={**fields, "op": reply.op})
        self._hub.emit(
            "late_reply",
            LateReply(self._ws_key, line.origin.connection_id, reply.id, reply.op, reply.code, reply.raw),
        )
        self._late_reply(reply)

    def _control(self, line: Line, message: Inbound) -> None:
        origin = line.origin
        if isinstance(message, Unreadable):
            self._unreadable += 1
            violation = ProtocolViolation(message.problem, sample=shorten(message.raw))
            self._hub.report(violation, "message", origin.ws_key, origin.connection_id)
            if self._unreadable >= MAX_UNREADABLE:
                self._unreadable = 0
                raise ProtocolViolation(f"{MAX_UNREADABLE} unreadable messages in a row", close_code=1003)
            return
        self._unreadable = 0
        if isinstance(message, PongReceived):
            self._pong(line, message)
        elif isinstance(message, PingReceived):
            with self._changed:  # the heartbeat thread sends: a peer that takes nothing must not stop the reading
                line.owed.append(message.answer)
                self._changed.notify_all()
        elif isinstance(message, Ack):
            command = self._board.acknowledged(message)
            if command is not None:
                self._answered(line, command, message.id, message.raw)
        elif isinstance(message, Refusal):
            self._refused(line, message)
        elif isinstance(message, TopicsEnded):
            self._ended(line, message)
        elif isinstance(message, Notice):
            self._hub.emit("response", Response(origin.ws_key, origin.connection_id, "", message.kind, message.raw))
            if message.leaving:
                self._leaving(line)
        else:
            raw = getattr(message, "raw", None) or repr(message)
            self._hub.emit("unknown", UnknownMessage(origin.ws_key, origin.connection_id, raw))

    def _pong(self, line: Line, pong: PongReceived) -> None:
        now, wall_ms = time.monotonic(), time.time() * 1000
        with self._changed:
            took = line.heartbeat.pong(pong.id, now)
            if took is not None:
                line.late_since = None
                self._changed.notify_all()  # for `Connection.prove_alive`
        if took is not None and pong.timestamp_ms is not None:
            self._clock.observe(pong.timestamp_ms, sent_ms=wall_ms - took * 1000, received_ms=wall_ms, now=now)
        if took is None and pong.id is not None:  # not the heartbeat's: a ping that a caller sent as a request
            self._registry.resolve(Reply(pong.id, "pong", "", "", pong.timestamp_ms, None, None, None, pong.raw))

    def _tell_time(self, request: PendingRequest, reply: Reply) -> None:
        """Read the exchange's clock from a reply: what was measured when the line opened is old."""
        now, wall_ms = time.monotonic(), time.time() * 1000
        if reply.out_time and self._reply_clock and request.sent_at:
            self._clock.observe(
                reply.out_time / self._reply_clock,
                sent_ms=wall_ms - (now - request.sent_at) * 1000,
                received_ms=wall_ms,
                now=now,
            )

    def _refused(self, line: Line, refusal: Refusal) -> None:
        command, dropped = self._board.refused(refusal, time.monotonic())
        if command is not None:
            for subscriber, error in dropped:
                subscriber.end(error)
            self._answered(line, command, refusal.id or "", refusal.raw)
            return
        # Some exchanges refuse a request by an error frame that names its id only.
        op = None if refusal.id is None else self._registry.op_of(refusal.id)
        if refusal.id is not None and op is not None:
            reply = Reply(refusal.id, op, refusal.code, refusal.message, None, None, None, None, refusal.raw)
            if self._registry.resolve(reply):
                return
        text = f"error frame without a request: {shorten(refusal.code)} {shorten(refusal.message)}"
        self._registry.add_note(text)
        self._hub.report(ProtocolViolation(text), "message", self._ws_key, line.origin.connection_id)

    def _ended(self, line: Line, message: TopicsEnded) -> None:
        error, dropped = self._board.ended(message)
        if error is None:
            return
        for subscriber, why in dropped:
            subscriber.end(why)
        self._hub.report(error, "subscription", self._ws_key, line.origin.connection_id)
        self.check_resumed(line)

    def _answered(self, line: Line, command: Command, request_id: str, raw: str) -> None:
        kind = "subscribe" if command.subscribe else "unsubscribe"
        self._hub.emit("response", Response(self._ws_key, line.origin.connection_id, request_id, kind, raw))
        self.check_resumed(line)

    def check_resumed(self, line: Line) -> None:
        """Announce the end of a resumption, when every topic was answered for or its time is over."""
        with self._changed:
            resumed = self._board.take_resumed(time.monotonic())
        if resumed is not None:
            self._hub.emit(
                "reconnected",
                Reconnected(
                    self._ws_key,
                    line.origin.connection_id,
                    tuple(resumed.acked),
                    resumed.rejected,
                    tuple(sorted(resumed.pending)),
                ),
            )
