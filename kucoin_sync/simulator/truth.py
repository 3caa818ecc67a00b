"""
The truth log: what really reached the simulator and what it really did.

Bounded in memory; optionally every finished record is also appended to a file the user names.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Collection, Iterator
from pathlib import Path

from attrs import asdict, define, frozen

__all__ = ["TruthFrame", "TruthLog", "TruthRecord"]


@frozen
class TruthFrame:
    """One order-carrying frame."""

    op: str
    client_oid: str | None
    request_id: str
    connection_id: str
    #: Bytes that its connection had sent before it, counted from the end of the handshake.
    offset: int
    #: Wall clock (without any simulated skew) and the machine's monotonic clock at arrival.
    arrived_at_ns: int
    arrived_monotonic_ns: int
    #: Whether the engine took it, i.e. the account may have changed.
    executed: bool
    #: ``"accepted"``, ``"refused"``, or ``"cut"`` if a fault ended it before the engine saw it.
    outcome: str
    code: str | None
    order_id: str | None
    replies_sent: int
    #: Port that its connection came from, by which a proxy in between knows it; ``None`` if that is not told.
    remote_port: int | None = None


@frozen
class TruthRecord:
    """All that is known about the frames of one client order id (by default those that place an order)."""

    client_oid: str
    frames_received: int
    executed: int
    order_id: str | None
    arrived_at_ns: int | None
    outcome: str | None
    code: str | None
    replies_sent: int
    frames: tuple[TruthFrame, ...]


@define
class Entry:
    """The log's own, still changing form of a `TruthFrame`."""

    op: str
    client_oid: str | None
    request_id: str
    connection_id: str
    offset: int
    arrived_at_ns: int
    arrived_monotonic_ns: int
    executed: bool = False
    outcome: str = "pending"
    code: str | None = None
    order_id: str | None = None
    replies_sent: int = 0
    remote_port: int | None = None


class TruthLog:
    """
    Frames by client order id, oldest forgotten first.

    Args:
        placing: Operations that place an order under a client order id.
        max_frames: Frames kept in memory.
        spool: File to append each frame to as one JSON line, once the engine is done with it.
    """

    def __init__(self, placing: Collection[str], *, max_frames: int = 100_000, spool: Path | None = None) -> None:
        self._placing = placing
        self._max_frames = max_frames
        self._spool = spool
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._by_client_oid: dict[str, list[int]] = {}
        self._next = 0
        #: Of all operations that were ever received, those that the engine took.
        self.executed_count = 0

    @property
    def received_count(self) -> int:
        """How many frames were ever received."""
        return self._next

    def received(self, entry: Entry) -> Entry:
        """Note a frame that has just arrived; the caller fills in the rest as it happens."""
        number = self._next
        self._next += 1
        self._entries[number] = entry
        if entry.client_oid is not None:
            self._by_client_oid.setdefault(entry.client_oid, []).append(number)
        if len(self._entries) > self._max_frames:
            _, oldest = self._entries.popitem(last=False)
            if oldest.client_oid is not None:
                numbers = self._by_client_oid[oldest.client_oid]
                del numbers[0]
                if not numbers:
                    del self._by_client_oid[oldest.client_oid]
        return entry

    def finished(self, entry: Entry) -> None:
        """Count a frame with which the engine is done, and write it to the spool file, if there is one."""
        self.executed_count += entry.executed
        if self._spool is not None:
            with self._spool.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry)) + "\n")

    def frames(self, *, client_oid: str | None = None, op: str | None = None) -> list[TruthFrame]:
        """Return the remembered frames, oldest first, optionally only some."""
        return [TruthFrame(**asdict(entry)) for entry in self._select(client_oid) if op in (None, entry.op)]

    def record(self, client_oid: str, op: str | None = None) -> TruthRecord:
        """
        Sum up the frames of one client order id.

        Args:
            client_oid: The id; one that was never seen gives a record of zeros.
            op: Operation to look at; ``None`` takes those that place orders.
        """
        ops = self._placing if op is None else {op}
        frames = tuple(frame for frame in self.frames(client_oid=client_oid) if frame.op in ops)
        decisive = next((f for f in frames if f.executed), frames[-1] if frames else None)
        return TruthRecord(
            client_oid,
            len(frames),
            sum(frame.executed for frame in frames),
            decisive.order_id if decisive else None,
            frames[0].arrived_at_ns if frames else None,
            decisive.outcome if decisive else None,
            decisive.code if decisive else None,
            sum(frame.replies_sent for frame in frames),
            frames,
        )

    def _select(self, client_oid: str | None) -> Iterator[Entry]:
        if client_oid is None:
            yield from self._entries.values()
        else:
            for number in self._by_client_oid.get(client_oid, ()):
                yield self._entries[number]
