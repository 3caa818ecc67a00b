"""
A WebSocket line: opening it, and messages over it.

websocket-client does the opening handshake and nothing else. It is kept at arm's length: it gets a file-like face of
our channel, only ever sees a response that says 101, cannot follow redirects, and is dropped once the handshake is
done. After it the frames are ours.
"""

from __future__ import annotations

import logging
import os
import time

import websocket

from kucoin_sync.engine.channel import Channel, ChannelFile, ReceiveTimeout
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.http_head import USER_AGENT, ResponseHead, read_head
from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.engine.network import Network
from kucoin_sync.errors import (
    AuthError,
    ConfigError,
    ConnectError,
    ConnectionLost,
    ProtocolViolation,
    describe_cause,
    shorten,
)
from kucoin_sync.options import check_url
from kucoin_sync.protocol.frames import (
    BINARY,
    PONG,
    TEXT,
    FrameParser,
    Item,
    PingFrame,
    encode_close,
    encode_frame,
)

__all__ = ["Transport", "open_transport"]

logger = logging.getLogger("kucoin_sync.engine.transport")

MASKS = 64
"""How many masks of frames are made at a time."""
FRAME_TIMEOUT = 10.0
"""Seconds that a frame may take from its first byte to its last: the largest allowed still fits through a slow line."""


def open_transport(
    url: str,
    *,
    network: Network,
    deadline: Deadline,
    interrupt: Interrupt,
) -> Transport:
    """
    Open a WebSocket.

    Args:
        url: ``wss://``, or ``ws://`` for a loopback host.
        network: The way to the host.
        deadline: For everything together.
        interrupt: Ends the opening, and later the line.

    Raises:
        ConnectError: Phase ``dns``, ``tcp``, ``proxy``, ``tls`` or ``upgrade``.
    """
    try:
        check_url("endpoint", url, ("wss", "ws"))
    except ConfigError as error:
        raise ConnectError(str(error), phase="upgrade", retryable=False) from None
    channel = network.open_channel(url, deadline, interrupt)
    try:
        return Transport(channel, _shake_hands(channel, url, deadline))
    except BaseException:
        channel.discard(reset=True)
        raise


def _shake_hands(channel: Channel, url: str, deadline: Deadline) -> bytes:
    """Do the opening handshake; return the bytes that came after the response."""
    file = _HandshakeFile(channel, deadline)
    if websocket.isEnabledForTrace():
        logger.warning("websocket.enableTrace() was called: it prints tokens, signatures and passphrases")
    try:
        websocket.WebSocket().connect(  # type: ignore[no-untyped-call]
            url,
            socket=file,
            redirect_limit=0,
            suppress_origin=True,
            header=[f"User-Agent: {USER_AGENT}"],
        )
    except ConnectError:
        raise
    except ConnectionLost as lost:
        raise ConnectError(lost.reason, phase="upgrade") from None
    except TimeoutError:
        raise ConnectError("no answer to the upgrade in time", phase="upgrade") from None
    except (websocket.WebSocketException, OSError, ValueError) as error:
        # Its text may hold the whole response and the URL with its signature: only the kind is kept.
        raise ConnectError(f"upgrade failed ({describe_cause(error)})", phase="upgrade") from None
    return file.rest


class _HandshakeFile(ChannelFile):
    """
    What websocket-client's handshake sees of the channel: one request, one checked response.

    It reads byte by byte and without any bound, shares cookies between all connections of a process, and reports
    whole bodies in its errors. So the response head is read here, bounded, judged here unless it says 101, and
    handed over without its cookies.
    """

    def __init__(self, channel: Channel, deadline: Deadline) -> None:
        super().__init__(channel, deadline)
        self.rest = b""
        self._head: bytes | None = None
        self._given = 0

    def sendall(self, data: bytes) -> None:
        lines = [line for line in data.split(b"\r\n") if not line.lower().startswith(b"cookie:")]
        super().sendall(b"\r\n".join(lines))

    def recv(self, size: int) -> bytes:
        if self._head is None:
            self._head = self._read_head()
        part = self._head[self._given : self._given + size]
        self._given += len(part)
        return part

    def _read_head(self) -> bytes:
        head = read_head(self, phase="upgrade", versions=(b"HTTP/1.1",))
        self._judge(head)
        self.rest = head.rest
        kept = [line for line in head.lines if not line.lower().startswith(b"set-cookie")]
        return b"\r\n".join([head.status_line, *kept, b"", b""])

    def _judge(self, head: ResponseHead) -> None:
        if head.status == 101:
            if b"sec-websocket-extensions" in head.fields:
                raise ConnectError("the server uses an extension nobody asked for", phase="upgrade")
            return
        sample = f": {shorten(head.rest)}" if head.rest else ""
        text = f"HTTP status {head.status}{sample}"
        if head.status in (401, 403):
            raise AuthError(text, phase="upgrade", status=head.status)
        raise ConnectError(
            text,
            phase="upgrade",
            status=head.status,
            retryable=not 300 <= head.status < 400,
            retry_after=head.retry_after,
        )


class Transport:
    """
    An open WebSocket line. One thread receives; any thread sends.

    Args:
        channel: The open channel.
        rest: Bytes that came together with the handshake's response.
    """

    def __init__(self, channel: Channel, rest: bytes = b"") -> None:
        self.received_at = time.monotonic()
        """Monotonic clock of the last read that brought bytes."""
        self._channel = channel
        self._read = channel.reader()
        self._parser = FrameParser()
        self._parser.feed(rest)
        self._primed = bool(rest)
        self._frame_due: Deadline | None = None  # of a frame that has begun and is not complete
        self._close_sent = False
        self._masks: list[bytes] = []  # random, and taken by whoever sends

    def receive(self, deadline: Deadline | None = None) -> list[Item]:
        """
        Wait for messages.

        Pings are answered here. All whole messages of one read come together.

        Args:
            deadline: When to give up; ``None`` waits until something comes.

        Returns:
            Texts (``str``), binary messages (``bytes``) and control frames, in order; possibly none.

        Raises:
            ConnectionLost: When the line is over and everything before that was returned. A close frame ends
                the line too and is answered first.
            ProtocolViolation: If the peer broke the rules, or takes too long over one frame.
            ReceiveTimeout: At the deadline.
        """
        parser = self._parser
        if self._primed:
            self._primed = False
            return self._look_at(parser.parse())
        count = self._read(parser.room, deadline) if parser.plain else self._read_on(deadline)
        self.received_at = time.monotonic()
        if not count:
            raise ConnectionLost("the peer closed the connection", initiator="peer")
        items = parser.parse(count)
        return items if parser.plain and self._frame_due is None else self._look_at(items)

    def _read_on(self, deadline: Deadline | None) -> int:
        """Read after something else than whole texts; return how many bytes came."""
        if self._parser.failure is not None:
            raise self._parser.failure
        room, due = self._parser.room, self._frame_due
        if due is None or (deadline is not None and deadline.at <= due.at):
            return self._read(room, deadline)
        try:
            return self._read(room, due)
        except ReceiveTimeout:
            raise ProtocolViolation(f"a frame was not complete after {FRAME_TIMEOUT:g} s") from None

    def _look_at(self, items: list[Item]) -> list[Item]:
        """Do what is due after what came in: set the time for a frame that has begun, answer pings."""
        parser = self._parser
        if not parser.has_part:
            self._frame_due = None
        elif parser.moved or self._frame_due is None:  # a new one has begun
            self._frame_due = Deadline(FRAME_TIMEOUT)
        for item in items:
            if type(item) is PingFrame:
                self._channel.send_soon(encode_frame(PONG, item.payload, os.urandom(4)))
        return items

    def send_text(self, text: str, deadline: Deadline) -> tuple[int, int]:
        """
        Send one text message.

        Returns:
            The length of its frame, and the position of its end for `holds`.

        Raises:
            SendFailed: With the number of bytes that left.
        """
        try:
            mask = self._masks.pop()
        except IndexError:
            mask = self._more_masks()
        frame = encode_frame(TEXT, text.encode(), mask)
        return len(frame), self._channel.send(frame, deadline)

    def _more_masks(self) -> bytes:
        """Return one mask, and keep others: to ask the system for each of them costs as much as half of a frame."""
        fresh = os.urandom(4 * MASKS)
        self._masks += [fresh[at : at + 4] for at in range(4, len(fresh), 4)]
        return fresh[:4]

    def holds(self, position: int) -> bool:
        """Whether the kernel here still holds bytes before ``position``: sent, but not known to be at the peer's."""
        return self._channel.holds(position)

    def send_binary(self, data: bytes, deadline: Deadline) -> None:
        """Send one binary message. Raises SendFailed."""
        self._channel.send(encode_frame(BINARY, data, os.urandom(4)), deadline)

    def send_close(self, code: int = 1000, reason: str = "") -> None:
        """Send a close frame once, without waiting for other senders."""
        if not self._close_sent:
            self._close_sent = True
            self._channel.send_soon(encode_close(code, reason, os.urandom(4)))

    def fail(self, violation: ProtocolViolation) -> None:
        """Tell the peer which rule it broke, before the line is given up."""
        self.send_close(violation.close_code)

    def has_unread(self) -> bool:
        """Whether bytes wait that the receiving thread has not come to yet."""
        return self._channel.has_unread()

    def give_up(self) -> None:
        """End the line from any thread: the receiving thread wakes, and closes."""
        self._channel.interrupt.set()

    def close(self, *, reset: bool) -> None:
        """Close the socket: the receiving thread only."""
        self._channel.close(reset=reset)

    def discard(self) -> None:
        """Close the socket of a line that was never handed out; the interrupt stays as it is."""
        self._channel.discard(reset=True)

    def set_user_timeout(self, seconds: float) -> None:
        """Bound how long the kernel keeps retransmitting (Linux)."""
        self._channel.set_user_timeout(seconds)
