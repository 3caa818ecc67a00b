"""
When the frames of a client left it, told by a proxy that sees the bytes of its connections.

The kernel tells when the last bytes of what is read arrived; if something came behind a frame before it was read, that
is the time of what came behind. So a time is an interval: from when there was nothing to be read until then.

The exchange's log names a frame by its connection's port and by the bytes before it. On a plain line the frames are
read here; on a TLS line the lengths of the records are, which their headers tell: a client that writes each frame with
one call puts it into one record.
"""

from __future__ import annotations

import threading
from bisect import bisect_right

from benchmarks.orders_truth.answers import Interval, TruthEntry

__all__ = ["Arrivals", "FrameClock", "PlainClock", "TlsClock"]

_TLS_HEADER, _TLS_DATA, _TLS_OVERHEAD = 5, 23, 17
"""Of TLS 1.3: the length of a record's header, the type of those with data, and what they carry besides it."""


class FrameClock:
    """When the frames of one connection were complete: the part that plain lines and TLS have in common."""

    def __init__(self) -> None:
        self.began_ns = 0
        self._rest = bytearray()
        self._count = 0
        self._ends: list[int] = []
        self._times: list[Interval] = []

    def feed(self, data: bytes, interval: Interval) -> None:
        """Take bytes of the client and when the last of them arrived."""
        self.began_ns = self.began_ns or interval[1]
        self._rest += data
        while (size := self._unit_size()) is not None and size <= len(self._rest):
            carried = self._carried(size)
            del self._rest[:size]
            if carried:
                self._count += carried
                self._ends.append(self._count)
                self._times.append(interval)

    def complete_at(self, offset: int) -> Interval | None:
        """Return when the frame was complete that begins after ``offset`` bytes; ``None`` if it never was."""
        place = bisect_right(self._ends, offset)
        return self._times[place] if place < len(self._times) else None

    def _unit_size(self) -> int | None:
        """Return how long the next frame or record is, ``None`` if too little of it is there."""
        raise NotImplementedError

    def _carried(self, size: int) -> int:
        """Return how many bytes of frames are in the next ``size`` bytes."""
        raise NotImplementedError


class PlainClock(FrameClock):
    """Of a connection in plain text: the request of the handshake, then masked frames."""

    def __init__(self) -> None:
        super().__init__()
        self._is_open = False

    def _unit_size(self) -> int | None:
        rest = self._rest
        if not self._is_open:
            end = rest.find(b"\r\n\r\n")
            return None if end < 0 else end + 4
        if len(rest) < 2:
            return None
        length = rest[1] & 0x7F
        more = {126: 2, 127: 8}.get(length, 0)
        if len(rest) < 2 + more:
            return None
        if more:
            length = int.from_bytes(rest[2 : 2 + more], "big")
        return 2 + more + 4 + length

    def _carried(self, size: int) -> int:
        if self._is_open:
            return size
        self._is_open = True
        return 0


class TlsClock(FrameClock):
    """Of a TLS 1.3 connection: its last two records before the frames are the client's Finished and the handshake."""

    def __init__(self) -> None:
        super().__init__()
        self._records = 0

    def _unit_size(self) -> int | None:
        if len(self._rest) < _TLS_HEADER:
            return None
        return _TLS_HEADER + int.from_bytes(self._rest[3:5], "big")

    def _carried(self, size: int) -> int:
        if self._rest[0] != _TLS_DATA:
            return 0
        self._records += 1
        return size - _TLS_HEADER - _TLS_OVERHEAD if self._records > 2 else 0


class Arrivals:
    """
    The clocks of all connections through a proxy.

    Args:
        tls: Whether they are TLS.
    """

    def __init__(self, *, tls: bool) -> None:
        self._make: type[FrameClock] = TlsClock if tls else PlainClock
        self._lock = threading.Lock()  # guards the clocks
        # Of each port the connections that came from it one after another.
        self._clocks: dict[int, list[FrameClock]] = {}

    def watch(self, port: int, data: bytes, since_ns: int, until_ns: int) -> None:
        """Take bytes of a client, or none for a new connection from a port: what the proxy tells."""
        with self._lock:
            if data:
                self._clocks[port][-1].feed(data, (since_ns, until_ns))
            else:
                self._clocks.setdefault(port, []).append(self._make())

    def __call__(self, entry: TruthEntry) -> Interval | None:
        """Return when the last byte of a frame had left the client."""
        with self._lock:
            clocks = self._clocks.get(entry.remote_port or 0, ())
            fitting = [clock for clock in clocks if clock.began_ns and clock.began_ns <= entry.arrived_ns]
            return fitting[-1].complete_at(entry.offset) if fitting else None
