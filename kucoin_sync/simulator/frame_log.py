"""Every frame in and out, with its connection and its place among the bytes of that connection."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from attrs import evolve, frozen

__all__ = ["FrameLog", "FrameRecord"]

#: Bytes of each frame that are kept.
EXCERPT = 1024


@frozen
class FrameRecord:
    """
    One frame.

    Attributes:
        at_ns: The machine's clock, nanoseconds since 1970.
        monotonic_ns: The machine's monotonic clock.
        connection_id: As in truth records.
        direction: ``"in"`` from the client, ``"out"`` to it (handed over for sending).
        opcode: 1 text, 2 binary, 8 close, 9 ping, 10 pong.
        offset: Bytes that went the same way on this connection before it, counted from the end of the handshake. A
            message in several frames counts as one.
        size: Its bytes on the wire, without TLS.
        payload: The beginning of what it carries; bytes that are no UTF-8 are escaped.
    """

    at_ns: int
    monotonic_ns: int
    connection_id: str
    direction: str
    opcode: int
    offset: int
    size: int
    payload: str


class FrameLog:
    """
    The last frames of all connections, if any are to be kept.

    Args:
        keep: How many; 0 keeps none.
        machine_ns: The machine's clock.
    """

    def __init__(self, keep: int, machine_ns: Callable[[], int]) -> None:
        self.is_on = keep > 0
        self._machine_ns = machine_ns
        self._kept: deque[tuple[FrameRecord, bytes]] = deque(maxlen=keep)

    def note(self, connection_id: str, direction: str, opcode: int, offset: int, size: int, payload: bytes) -> None:
        """Keep a frame; the oldest one makes room."""
        now = (self._machine_ns(), time.monotonic_ns())
        record = FrameRecord(*now, connection_id, direction, opcode, offset, size, "")
        self._kept.append((record, payload[:EXCERPT]))

    def records(self, connection_id: str | None) -> list[FrameRecord]:
        """Return what is kept, oldest first, of all connections or of one."""
        return [
            evolve(record, payload=payload.decode("utf-8", "backslashreplace"))
            for record, payload in self._kept
            if connection_id in (None, record.connection_id)
        ]
