"""
One WebSocket connection as the server sees it: writing, cutting, counting.

Publishing needs no task and no await: frames gather until the loop's turn is over, and what one turn sent leaves as one
write, because a write costs more than most frames do. The transport's own buffer, watched here, is the bounded output
queue. Everything runs on the simulator's loop.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from .frame_log import EXCERPT, FrameLog

__all__ = ["Peer", "encode_frame", "payload_of"]

TEXT, BINARY, CLOSE, PONG = 0x1, 0x2, 0x8, 0xA

#: Seconds a client gets to answer a close frame before the connection is dropped.
CLOSE_WAIT = 1.0

#: Bytes that gather at most: more in one turn of the loop are several writes.
MAX_GATHERED = 64 * 1024


def encode_frame(opcode: int, payload: bytes) -> bytes:
    """Return one unmasked, unfragmented WebSocket frame (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65536:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload


def payload_of(frame: bytes) -> bytes:
    """Return what an unmasked frame carries; of other bytes, what is left after two."""
    length = frame[1] & 0x7F if len(frame) > 1 else 0
    return frame[4:] if length == 126 else frame[10:] if length == 127 else frame[2:]


class Peer:
    """
    A connected client.

    Args:
        peer_id: Name in logs and truth records, such as ``"ws_api-3"``.
        system: ``"v1"``, ``"pro_v2"`` or ``"ws_api"``.
        transport: The connection.
        max_output: Bytes that may wait for a slow client before it is dropped.
        on_change: Called after frames went out.
        frame_log: Where frames are noted, if they are.
    """

    def __init__(
        self,
        peer_id: str,
        system: str,
        transport: asyncio.Transport,
        *,
        max_output: int,
        on_change: Callable[[], None],
        frame_log: FrameLog,
    ) -> None:
        self.id = peer_id
        self.system = system
        self.account: str | None = None
        self.topics: set[str] = set()
        #: Those of them on which only what concerns the account of the connection is wanted.
        self.own_topics: set[str] = set()
        self.frames_received = 0
        self.frames_sent = 0
        self.is_silent = False
        self.is_reading = True
        self.close_sent = False
        self.is_welcomed = False
        #: Opcode of the frames that carry data here.
        self.opcode = TEXT
        address = transport.get_extra_info("peername")
        #: Where the connection came from; ``None`` if the transport does not tell.
        self.remote_port: int | None = address[1] if address else None
        self.last_received = asyncio.get_running_loop().time()
        #: Bytes that came before the frame that came last, counted from the end of the handshake.
        self.frame_offset = 0
        self._bytes_received = self._bytes_sent = 0
        self._frame_log = frame_log
        self._transport = transport
        self._max_output = max_output
        self._on_change = on_change
        self._close_timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._gathered: list[bytes] = []
        self._gathered_size = 0

    def __repr__(self) -> str:
        state = "open" if self.is_open else "closing" if self.close_sent else "closed"
        return f"<Peer SIMULATOR {self.id} {state} in={self.frames_received} out={self.frames_sent}>"

    @property
    def is_open(self) -> bool:
        """Whether frames can still be sent and are still listened to."""
        return not self.close_sent and not self._transport.is_closing()

    @property
    def backlog(self) -> int:
        """Bytes that the client has not taken yet."""
        return 0 if self._transport.is_closing() else self._gathered_size + self._transport.get_write_buffer_size()

    def send_text(self, text: str) -> bool:
        """Send one text frame; return False if the connection is gone, closing or silenced."""
        return self.send_frame(TEXT, text.encode())

    def send_frame(self, opcode: int, payload: bytes) -> bool:
        """Send one frame of any kind."""
        return self.send_raw(encode_frame(opcode, payload))

    def send_raw(self, data: bytes) -> bool:
        """Write bytes to the socket as they are, when this turn of the loop is over."""
        if self.is_silent or self.close_sent or self._transport.is_closing():
            return False
        if not self._gathered:
            self._loop.call_soon(self._flush)
        if self._frame_log.is_on:
            self._frame_log.note(self.id, "out", data[0] & 0xF, self._bytes_sent, len(data), payload_of(data))
        self._bytes_sent += len(data)
        self._gathered.append(data)
        self._gathered_size += len(data)
        self.frames_sent += 1
        if self._gathered_size > MAX_GATHERED:
            self._flush()
        return True

    def received(self, opcode: int, payload: str | bytes) -> None:
        """Count a frame of the client."""
        size = len(payload) if isinstance(payload, bytes) or payload.isascii() else len(payload.encode())
        # Two bytes, the length if it is longer, and the mask.
        size += 6 if size < 126 else 8 if size < 65536 else 14
        self.frame_offset = self._bytes_received
        self._bytes_received += size
        if self._frame_log.is_on:
            data = payload if isinstance(payload, bytes) else payload[:EXCERPT].encode("utf-8", "surrogatepass")
            self._frame_log.note(self.id, "in", opcode, self.frame_offset, size, data)

    def close(self, code: int, reason: str) -> None:
        """Start the closing handshake; the connection is dropped if the client does not join in."""
        if not self.is_open:
            return
        self._flush()
        if not self.is_silent:
            self._transport.write(encode_frame(CLOSE, struct.pack("!H", code) + reason.encode()[:123]))
        self.close_sent = True
        loop = asyncio.get_running_loop()
        self._close_timer = loop.call_later(CLOSE_WAIT, self._transport.abort)

    def answer_close(self, code: int | None) -> None:
        """Answer the client's close frame, unless ours came first, and end the connection."""
        self._flush()
        if self.is_open and not self.is_silent:
            payload = struct.pack("!H", code) if code and code != 1005 else b""
            self._transport.write(encode_frame(CLOSE, payload))
        self.close_sent = True
        self._transport.close()

    def cut(self, *, reset: bool) -> None:
        """End the TCP connection without a close frame: by RST, or by FIN after what is queued."""
        self._flush()
        if not reset:
            self._transport.close()
            return
        # Asked only while it is open: a TLS transport that was closed twice no longer knows its socket.
        sock = None if self._transport.is_closing() else self._transport.get_extra_info("socket")
        if sock is not None:
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass  # the other side was faster
        self._transport.abort()

    def stop_reading(self, on: bool) -> None:
        """Leave what the client sends in the buffers of the network, or read again."""
        self.is_reading = not on
        if self._transport.is_closing():
            return
        if on:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def drop(self) -> None:
        """End the connection at once, whatever is still queued."""
        self._flush()
        self._transport.abort()

    def forget(self) -> None:
        """Release the timer; the connection is over."""
        if self._close_timer is not None:
            self._close_timer.cancel()
            self._close_timer = None
        self._transport.close()

    def _flush(self) -> None:
        """Hand what has gathered to the transport, and drop a client that leaves too much of it there."""
        if not self._gathered or self._transport.is_closing():
            return
        data = b"".join(self._gathered)
        self._gathered.clear()
        self._gathered_size = 0
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > self._max_output:
            self.cut(reset=True)  # a consumer this slow is dropped, as the real service does
        self._on_change()
