"""
WebSocket frames (RFC 6455), client side: bytes in, messages out; messages in, bytes out.

`FrameParser` owns the receive buffer: a socket reads straight into it, and every whole frame of one read is parsed
in place. Rules of this module:

- A length is checked against the bound before any memory is set aside for it.
- Messages that were complete before a violation are delivered first: `parse` returns them and leaves the
  violation in ``failure``; nothing is parsed after it.
- Text is decoded strictly; whoever receives a ``str`` can rely on it being what was sent.
"""

from __future__ import annotations

import codecs
import struct
from typing import Final, NamedTuple

from kucoin_sync.errors import ProtocolViolation

__all__ = [
    "BINARY",
    "CLOSE",
    "PING",
    "PONG",
    "TEXT",
    "CloseFrame",
    "FrameParser",
    "Item",
    "PingFrame",
    "PongFrame",
    "encode_close",
    "encode_frame",
]

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

MAX_MESSAGE: Final = 4 * 1024 * 1024
"""Largest message accepted, bytes; KuCoin's largest known push is under 100 KB."""

MAX_FRAGMENTS: Final = 1024
BUFFER_SIZE: Final = 64 * 1024
"""One read's worth. Measured: 256 KiB at once is no faster."""

_WHOLE_TEXT: Final = 0x80 | TEXT
_LONG_TEXT: Final = _WHOLE_TEXT << 8 | 126
_read_head = struct.Struct(">HH").unpack_from
_short_head = struct.Struct(">BB4s").pack
_middle_head = struct.Struct(">BBH4s").pack
_long_head = struct.Struct(">BBQ4s").pack
_LONG_FORM: Final = "frame length not in its shortest form"


class PingFrame(NamedTuple):
    """A WebSocket ping, to be answered with the same payload."""

    payload: bytes


class PongFrame(NamedTuple):
    """A WebSocket pong."""

    payload: bytes


class CloseFrame(NamedTuple):
    """A close frame; ``code`` is 1005 where it carried none."""

    code: int
    reason: str


Item = str | bytes | PingFrame | PongFrame | CloseFrame
"""What a parser yields: a text message, a binary message, or a control frame."""


class FrameParser:
    """
    Parse what a server sends.

    Read into `room`, say how many bytes came to `parse`, and take the messages from it.

    Attributes:
        room: The free part of the buffer; never empty. Each `parse` and `feed` renews it.
        plain: Whether all was parsed, and the last `parse` brought nothing but whole texts: no frame and no message has
            begun, nothing is to be answered, nothing is wrong. May be ``False`` in spite of that.
        failure: What the server broke. Nothing is parsed after it.
        closed: A close frame was parsed; whatever follows it is ignored, as the RFC asks.
        moved: If `has_part`: whether the last `parse` took a whole frame before that part, be it one that completed no
            message.
    """

    def __init__(self, *, max_message: int = MAX_MESSAGE, max_fragments: int = MAX_FRAGMENTS) -> None:
        self.plain = True
        self.failure: ProtocolViolation | None = None
        self.closed = False
        self.moved = False
        self._max_message = max_message
        self._max_fragments = max_fragments
        self._buffer = bytearray()
        self._view = self.room = memoryview(self._buffer)
        self._start = 0
        self._end = 0
        # The message whose fragments are arriving.
        self._opcode = CONTINUATION
        self._parts: list[str] | list[bytes] = []
        self._fragments = 0
        self._size = 0
        self._decoder: codecs.IncrementalDecoder | None = None
        self._resize(BUFFER_SIZE)
        self._make_room()

    @property
    def has_part(self) -> bool:
        """Whether a frame has begun and is not complete."""
        return self._start != self._end

    def feed(self, data: bytes) -> None:
        """Take bytes that were read elsewhere, such as those that came with the opening handshake."""
        while data:
            count = min(len(self.room), len(data))
            self.room[:count] = data[:count]
            self._end += count
            self._make_room()
            self.plain = False
            data = data[count:]

    def parse(self, count: int = 0) -> list[Item]:
        """
        Return all messages and control frames that are complete; see ``failure`` afterwards.

        Args:
            count: How many bytes were written into `room` since.
        """
        if self.plain:
            # Nearly every push and every reply: a whole text, its length in two bytes, and nothing else.
            head, length = _read_head(self._buffer)
            if head == _LONG_TEXT and length == count - 4 and 126 <= length <= self._max_message:
                try:
                    return [str(self._view[4:count], "utf-8")]
                except UnicodeDecodeError:
                    pass  # for the other way to report
        items: list[Item] = []
        start, end, plain = self._start, self._end + count, True
        if self.failure is None and not self.closed:
            buffer, view, longest = self._buffer, self._view, self._max_message
            try:
                while end - start >= 2:
                    head, length = _read_head(buffer, start)
                    stop = start + 4 + length
                    if head == _LONG_TEXT and 126 <= length <= longest and stop <= end and self._opcode == CONTINUATION:
                        items.append(str(view[start + 4 : stop], "utf-8"))
                        start = stop
                        continue
                    plain = False
                    stop = self._take_frame(items, start, end)
                    if stop == start:
                        break
                    start = stop
                if plain and start == end and self._opcode == CONTINUATION:
                    self._start = self._end = 0
                    self.room, self.plain = view, True
                    return items
            except UnicodeDecodeError:
                self.failure = ProtocolViolation("text that is not UTF-8", close_code=1007)
            except ProtocolViolation as violation:
                self.failure = violation
        self.plain = False
        self.moved = start != self._start
        self._start, self._end = start, end
        self._make_room()
        return items

    def _take_frame(self, items: list[Item], start: int, end: int) -> int:
        """Take one frame of whatever kind; return where the next begins, or ``start`` if it is not complete."""
        buffer, view = self._buffer, self._view
        first = buffer[start]
        length = buffer[start + 1]
        body = start + 2
        if length == 126:
            body = start + 4
            if body > end:
                return start
            length = buffer[start + 2] << 8 | buffer[start + 3]
            if length < 126:
                raise ProtocolViolation(_LONG_FORM)
        elif length == 127:
            body = start + 10
            if body > end:
                return start
            length = int.from_bytes(view[start + 2 : body], "big")
            if length < 0x10000:
                raise ProtocolViolation(_LONG_FORM)
        elif length > 127:
            raise ProtocolViolation("masked frame from the server")
        if length > self._max_message:
            raise ProtocolViolation(f"frame of {length} bytes announced", close_code=1009)
        self._check_head(first, length)  # a bad frame is refused before its payload has come
        stop = body + length
        if stop > end:
            return start
        if first == _WHOLE_TEXT:
            items.append(str(view[body:stop], "utf-8"))
            return stop
        item = self._slow_frame(first, bytes(view[body:stop]))
        if item is not None:
            items.append(item)
        return end if self.closed else stop

    def _check_head(self, first: int, length: int) -> None:
        opcode = first & 0x0F
        if first & 0x70:
            raise ProtocolViolation("reserved bit set")
        if opcode in (CLOSE, PING, PONG):
            if not first & 0x80 or length > 125:
                raise ProtocolViolation("control frame fragmented or too long")
        elif opcode == CONTINUATION:
            if self._opcode == CONTINUATION:
                raise ProtocolViolation("continuation without a start")
        elif opcode not in (TEXT, BINARY):
            raise ProtocolViolation(f"reserved opcode {opcode:#x}")
        elif self._opcode != CONTINUATION:
            raise ProtocolViolation("new message inside a fragmented one")

    def _slow_frame(self, first: int, payload: bytes) -> Item | None:
        """Take any frame but a whole text; its head was checked."""
        opcode = first & 0x0F
        if opcode == PING:
            return PingFrame(payload)
        if opcode == PONG:
            return PongFrame(payload)
        if opcode == CLOSE:
            self.closed = True
            return _parse_close(payload)
        if opcode == BINARY and first & 0x80:
            return payload
        if opcode != CONTINUATION:
            self._opcode = opcode
            self._parts = []
            self._fragments = self._size = 0
            self._decoder = codecs.getincrementaldecoder("utf-8")() if opcode == TEXT else None
        return self._fragment(payload, final=bool(first & 0x80))

    def _fragment(self, payload: bytes, *, final: bool) -> Item | None:
        self._fragments += 1
        self._size += len(payload)
        if self._size > self._max_message or self._fragments > self._max_fragments:
            raise ProtocolViolation("fragmented message above the bound", close_code=1009)
        part: str | bytes = payload
        if self._decoder is not None:
            try:
                part = self._decoder.decode(payload, final)
            except UnicodeDecodeError:
                raise ProtocolViolation("text that is not UTF-8", close_code=1007) from None
        self._parts.append(part)  # type: ignore[arg-type]  # one kind a message
        if not final:
            return None
        parts, opcode = self._parts, self._opcode
        self._parts, self._opcode, self._decoder = [], CONTINUATION, None
        return "".join(parts) if opcode == TEXT else b"".join(parts)  # type: ignore[arg-type]

    def _make_room(self) -> None:
        if self._start == self._end:
            self._start = self._end = 0
            if len(self._view) > 4 * BUFFER_SIZE:
                self._resize(BUFFER_SIZE)  # one giant message must not cost its memory for ever
        elif self._end == len(self._view):
            if self._start > len(self._view) // 2:
                self._resize(len(self._view))
            else:
                self._resize(min(2 * len(self._view), self._max_message + BUFFER_SIZE))
        self.room = self._view[self._end :]

    def _resize(self, size: int) -> None:
        """Move what is unread to the front of a buffer of ``size`` bytes."""
        # Two bytes more: `parse` always looks at four bytes of a frame, and may have only two.
        fresh = bytearray(size + 2)
        unread = self._end - self._start
        if unread:
            fresh[:unread] = self._view[self._start : self._end]
        self._end -= self._start
        self._start = 0
        self._buffer = fresh
        self._view = memoryview(fresh)[:size]


def _parse_close(payload: bytes) -> CloseFrame:
    if not payload:
        return CloseFrame(1005, "")
    if len(payload) == 1:
        raise ProtocolViolation("close frame with half a code")
    code = int.from_bytes(payload[:2], "big")
    if not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        raise ProtocolViolation(f"close code {code} is not allowed on the wire")
    try:
        return CloseFrame(code, payload[2:].decode())
    except UnicodeDecodeError:
        raise ProtocolViolation("close reason that is not UTF-8", close_code=1007) from None


def encode_frame(opcode: int, payload: bytes, mask: bytes) -> bytes:
    """
    Spell one whole client frame.

    Args:
        opcode: `TEXT`, `BINARY`, `CLOSE`, `PING` or `PONG`.
        payload: Its content.
        mask: Four random bytes, fresh for each frame.

    Returns:
        Head, mask and masked payload, to be sent in one piece.
    """
    length = len(payload)
    # One XOR of two big integers is how plain Python masks fastest.
    key = int.from_bytes((mask * (length // 4 + 1))[:length], "little")
    masked = (int.from_bytes(payload, "little") ^ key).to_bytes(length, "little")
    if length < 126:
        return _short_head(0x80 | opcode, 0x80 | length, mask) + masked
    if length < 0x10000:
        return _middle_head(0x80 | opcode, 0xFE, length, mask) + masked
    return _long_head(0x80 | opcode, 0xFF, length, mask) + masked


def encode_close(code: int, reason: str, mask: bytes) -> bytes:
    """Spell a close frame; 1005 and 1006 stand for "no code" and become an empty frame."""
    if code in (1005, 1006):
        return encode_frame(CLOSE, b"", mask)
    cut = reason.encode()[:123].decode(errors="ignore").encode()  # at a whole character
    return encode_frame(CLOSE, code.to_bytes(2, "big") + cut, mask)
