"""
Opening a line: token call, connect, handshake and greeting, all inside one deadline.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

import attrs

from kucoin_sync.engine.boot_clock import read_clocks
from kucoin_sync.engine.channel import ReceiveTimeout, SendFailed
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.identifiers import Identifiers
from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.engine.line_end import LineEnd
from kucoin_sync.engine.listeners import ListenerHub
from kucoin_sync.engine.network import Network
from kucoin_sync.engine.rest import NoAnswer, Progress, RestCaller
from kucoin_sync.engine.transport import Transport, open_transport
from kucoin_sync.errors import AuthError, ConnectError, ConnectionLost, ProtocolViolation, TokenError, shorten
from kucoin_sync.events import Origin
from kucoin_sync.options import Options
from kucoin_sync.protocol.backoff import OpeningBudget
from kucoin_sync.protocol.dialect import Dialect, Endpoint, HttpAnswer, HttpCall
from kucoin_sync.protocol.frames import CloseFrame, Item
from kucoin_sync.protocol.heartbeat import Heartbeat
from kucoin_sync.protocol.messages import Challenge, Inbound, Reply, Unreadable
from kucoin_sync.protocol.pacing import MessagePace
from kucoin_sync.protocol.server_clock import ServerClock
from kucoin_sync.protocol.session import Session
from kucoin_sync.protocol.sleep import SleepWatch
from kucoin_sync.protocol.state import Phase

__all__ = ["Line", "Opener", "Surroundings", "read_item"]

logger = logging.getLogger("kucoin_sync.engine.opening")

DEFAULT_PING_INTERVAL = 18.0
DEFAULT_PONG_TIMEOUT = 10.0
TIME_PATIENCE = 2.0
"""Seconds that a line which is open waits for the exchange to tell its clock."""
MOST_OWED = 3
"""Answers to the server's pings that may wait; one that pings faster than we can answer gets no more than these."""
SHORTEST = 1.0
"""Least ping interval and pong timeout taken from a server, seconds."""


@attrs.frozen
class Surroundings:
    """What all connections of one client share."""

    options: Options
    hub: ListenerHub
    identifiers: Identifiers
    network: Network
    rest: RestCaller
    server_clock: ServerClock
    budget: OpeningBudget
    budget_lock: threading.Lock
    late_reply: Callable[[Reply], None]
    """Told of every reply that no request waits for."""


class Line:
    """
    One life of a connection: from an opened transport to its end.

    Attributes:
        verdict: Why we gave it up, when it was us.
        ended_as: What that means for requests in flight: a reason of `OutcomeUnknown`.
        sleep_watch: Tells whether the machine slept since.
        pace: When a frame that can wait may leave; guarded by the connection's lock, as the next one.
        owed: Answers to the server's pings that have to leave.
        rest: Items that were read together with the end of the greeting.
        end: Tells when it ended.
    """

    def __init__(
        self,
        transport: Transport,
        session: Session,
        origin: Origin,
        heartbeat: Heartbeat,
        pace: MessagePace,
        rest: list[Item],
    ) -> None:
        self.transport = transport
        self.session = session
        self.origin = origin
        self.heartbeat = heartbeat
        self.pace = pace
        self.rest = rest
        self.end = LineEnd(self, origin.connection_id)
        self.ready_at = time.monotonic()
        self.verdict: ConnectionLost | None = None
        self.ended_as = "disconnected"
        self.sleep_watch = SleepWatch(*read_clocks())
        self.owed: deque[str] = deque(maxlen=MOST_OWED)
        self.late_since: float | None = None

    def give_up(self, verdict: ConnectionLost, *, ended_as: str = "disconnected") -> None:
        """End the line from any thread; its reader wakes and closes."""
        if self.verdict is None:
            self.verdict, self.ended_as = verdict, ended_as
        self.transport.give_up()


def read_item(dialect: Dialect, item: Item, received_at: float, origin: Origin) -> Inbound | None:
    """
    Say what an item means; ``None`` for control frames that mean nothing to us.

    Raises:
        ConnectionLost: If it is the peer's close frame.
    """
    if type(item) is str:
        return dialect.decode(item, received_at, origin)
    if isinstance(item, bytes):
        try:
            return dialect.decode(dialect.unpack(item), received_at, origin)
        except ValueError as error:
            return Unreadable(str(error), shorten(item))
    if isinstance(item, CloseFrame):
        raise ConnectionLost(item.reason or "no reason given", code=item.code, initiator="peer")
    return None


class Opener:
    """
    Opens the lines of one connection.

    Args:
        dialect: How the connection is spelled.
        around: What the client's connections share.
        server_clock: Told what the greeting reveals about the exchange's clock.
    """

    def __init__(self, dialect: Dialect, around: Surroundings, server_clock: ServerClock) -> None:
        self.phase = Phase.TCP
        """How far the present opening has come, for those whose deadline ends before it does."""
        self._dialect = dialect
        self._around = around
        self._clock = server_clock

    def timestamp_ms(self) -> int:
        """Return the exchange's time now, as far as it is known."""
        return int(time.time() * 1000 + self._clock.offset_ms)

    def open(self, interrupt: Interrupt) -> Line:
        """
        Open a line, with one retry if only the clocks differ; learn the exchange's clock where the line does not tell.

        Args:
            interrupt: Ends the opening at once, and later the line.

        Raises:
            ConnectError: If it fails; what had been opened is closed.
        """
        deadline = Deadline(self._around.options.open_timeout)
        line = self._open_and_correct(interrupt, deadline)
        call = self._dialect.time_call() if self._dialect.asks_time else None
        if call is not None and not self._clock.is_known(time.monotonic()):
            try:
                self._ask_time(call, interrupt, deadline.capped(TIME_PATIENCE))
            except ConnectError as error:  # the line is good all the same
                self._around.hub.report(error, "clock", self._dialect.ws_key, line.origin.connection_id)
            except BaseException:
                line.transport.discard()
                raise
        return line

    def _open_and_correct(self, interrupt: Interrupt, deadline: Deadline) -> Line:
        try:
            return self._open_once(interrupt, deadline)
        except ConnectError as error:
            call = self._dialect.time_call()
            if call is None or not self._dialect.is_clock_error(error):
                raise
        self._ask_time(call, interrupt, deadline)
        try:
            return self._open_once(interrupt, deadline)
        except ConnectError as error:
            if not self._dialect.is_clock_error(error):
                raise
            text = f"{error.message}; this machine's clock is {-self._clock.offset_ms:+.0f} ms off the exchange's"
            raise AuthError(text, phase=error.phase, code=getattr(error, "code", None)) from None

    def _open_once(self, interrupt: Interrupt, deadline: Deadline) -> Line:
        connection_id = self._around.identifiers.next()
        answer = None
        call = self._dialect.token_call(timestamp_ms=self.timestamp_ms())
        if call is not None:
            self.phase = Phase.TOKEN
            answer = self._call(call, interrupt, deadline)
        endpoints = self._dialect.endpoints(answer, connect_id=connection_id, timestamp_ms=self.timestamp_ms())
        for index, endpoint in enumerate(endpoints):
            share = deadline.capped(deadline.remaining() / (len(endpoints) - index))
            try:
                return self._open_endpoint(endpoint, connection_id, interrupt, share)
            except ConnectError as error:
                if not error.retryable or endpoint is endpoints[-1] or interrupt.is_set():
                    raise
                self._around.hub.report(error, "opening", self._dialect.ws_key, connection_id)
        raise ConnectError("the exchange named no server", phase="token")

    def _call(self, call: HttpCall, interrupt: Interrupt, deadline: Deadline) -> HttpAnswer:
        return self._call_timed(call, interrupt, deadline, Progress())

    def _call_timed(self, call: HttpCall, interrupt: Interrupt, deadline: Deadline, progress: Progress) -> HttpAnswer:
        try:
            return self._around.rest.call(call, deadline=deadline, interrupt=interrupt, progress=progress)
        except NoAnswer as failure:
            problem, status = failure.text, failure.status
        raise TokenError(problem, status=status)

    def _ask_time(self, call: HttpCall, interrupt: Interrupt, deadline: Deadline) -> None:
        progress = Progress()
        server_ms = self._dialect.read_time(self._call_timed(call, interrupt, deadline, progress))
        self._clock.distrust()  # it is why we ask
        self._clock.observe(
            server_ms,
            sent_ms=progress.sent_at * 1000,
            received_ms=progress.received_at * 1000,
            now=time.monotonic(),
        )

    def _open_endpoint(self, endpoint: Endpoint, connection_id: str, interrupt: Interrupt, deadline: Deadline) -> Line:
        asked = time.time()
        self.phase = Phase.TCP
        failure = None
        try:
            transport = open_transport(
                endpoint.url, network=self._around.network, deadline=deadline, interrupt=interrupt
            )
        except ConnectError as error:
            failure = error
        if failure is not None:
            # Without the frames it came through: their local variables hold the URL with its signature.
            raise failure.with_traceback(None)
        try:
            session = Session(self._dialect, self._around.identifiers.next)
            origin = Origin(self._dialect.ws_key, connection_id, type(self._dialect))
            rest = self._greet(transport, session, origin, deadline, asked)
        except BaseException as error:
            transport.discard()  # the interrupt stays unset: another server may be tried
            if not isinstance(error, ConnectError):
                raise
            failure = error
        if failure is not None:
            raise failure.with_traceback(None)  # as above: in there is what we signed
        limits = self._dialect.limits
        pace = MessagePace(limits.frames, limits.window)
        if session.logged_in:
            pace.count(time.monotonic())
        return Line(transport, session, origin, self._heartbeat(endpoint, session, transport), pace, rest)

    def _greet(
        self, transport: Transport, session: Session, origin: Origin, deadline: Deadline, asked: float
    ) -> list[Item]:
        """Go through the greeting; return what was read beyond it."""
        try:
            for text in session.start(timestamp_ms=self.timestamp_ms()):
                transport.send_text(text, deadline)
            items: list[Item] = []
            while not session.ready:
                self.phase = session.phase
                items = items or transport.receive(deadline)
                message = read_item(self._dialect, items.pop(0), transport.received_at, origin) if items else None
                if isinstance(message, Challenge) and message.timestamp_ms is not None:
                    self._clock.observe(
                        message.timestamp_ms,
                        sent_ms=asked * 1000,
                        received_ms=time.time() * 1000,
                        now=time.monotonic(),
                    )
                if message is not None:
                    for text in session.receive(message, timestamp_ms=self.timestamp_ms()):
                        transport.send_text(text, deadline)
            return items
        except ReceiveTimeout:
            raise ConnectError(f"no {session.phase.value} in time", phase=session.phase.value) from None
        except SendFailed as failed:
            raise ConnectError(str(failed.cause), phase=session.phase.value) from None
        except ConnectionLost as lost:
            raise ConnectError(str(lost), phase=session.phase.value) from None
        except ProtocolViolation as violation:
            raise ConnectError(str(violation), phase=session.phase.value) from None

    def _heartbeat(self, endpoint: Endpoint, session: Session, transport: Transport) -> Heartbeat:
        options, welcome = self._around.options, session.welcome
        interval, wait = options.ping_interval, options.pong_timeout
        if interval is None:
            announced = welcome.ping_interval if welcome else None
            interval = self._sane("ping interval", announced or endpoint.ping_interval or DEFAULT_PING_INTERVAL)
        if wait is None:
            announced = welcome.pong_timeout if welcome else None
            wait = self._sane("pong timeout", announced or endpoint.pong_timeout or DEFAULT_PONG_TIMEOUT)
        interval = max(interval, self._dialect.limits.ping_gap)
        transport.set_user_timeout(interval + wait)
        return Heartbeat(
            interval=interval,
            pong_timeout=wait,
            probe_after=options.probe_after,
            probe_timeout=options.probe_timeout,
            now=time.monotonic(),
        )

    def _sane(self, name: str, seconds: float) -> float:
        """Clamp what a server announced: below a half of the silence after which it closes."""
        clamped = min(max(seconds, SHORTEST), self._dialect.limits.idle / 2)
        if clamped != seconds:
            logger.warning("%s: %s of %s s clamped to %s s", self._dialect.ws_key, name, seconds, clamped)
        return clamped
