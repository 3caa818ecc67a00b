"""
Reading the head of an HTTP response byte for byte, bounded, and nothing beyond what came with it.

For answers after which the connection becomes something else: a WebSocket, or a tunnel.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import attrs

from kucoin_sync._version import __version__
from kucoin_sync.engine.channel import ChannelFile
from kucoin_sync.errors import ConnectError, shorten

__all__ = ["USER_AGENT", "ResponseHead", "parse_retry_after", "read_head"]

MAX_HEADER_BYTES = 64 * 1024
MAX_HEADER_LINES = 128
USER_AGENT = f"kucoin-sync/{__version__}"


@attrs.frozen
class ResponseHead:
    """
    The head of a response.

    Attributes:
        status: HTTP status.
        status_line: As received.
        lines: Header lines as received.
        fields: Headers by lower-case name; of a repeated one the last.
        rest: Bytes that came together with the head.
    """

    status: int
    status_line: bytes
    lines: tuple[bytes, ...] = attrs.field(repr=False)
    fields: Mapping[bytes, bytes] = attrs.field(repr=False)
    rest: bytes = attrs.field(repr=False)

    @property
    def retry_after(self) -> float | None:
        """Seconds the peer asks to wait, or ``None``."""
        return parse_retry_after(self.fields.get(b"retry-after", b"").decode("ascii", "replace"))


def read_head(file: ChannelFile, *, phase: str, versions: tuple[bytes, ...]) -> ResponseHead:
    """
    Read the head of a response.

    Args:
        file: Where from.
        phase: Of the opening, for the error.
        versions: Which versions of HTTP are welcome.

    Raises:
        ConnectError: If it is no such head, or above the bounds.
        ConnectionLost: If the line broke.
        TimeoutError: At the deadline.
    """
    received = bytearray()
    room = bytearray(4096)
    while b"\r\n\r\n" not in received:
        if len(received) > MAX_HEADER_BYTES or received.count(b"\n") > MAX_HEADER_LINES:
            raise ConnectError("response head above the bound", phase=phase)
        count = file.recv_into(room)
        if not count:
            sample = f": {shorten(received)}" if received else ""
            raise ConnectError(f"the peer closed without a whole response{sample}", phase=phase)
        received += room[:count]
    head, _, rest = bytes(received).partition(b"\r\n\r\n")
    if head.count(b"\r\n") > MAX_HEADER_LINES or len(head) > MAX_HEADER_BYTES:
        raise ConnectError("response head above the bound", phase=phase)
    status_line, *lines = head.split(b"\r\n")
    words = status_line.split(b" ", 2)
    if len(words) < 2 or words[0] not in versions or len(words[1]) != 3 or not words[1].isdigit():
        expected = b" or ".join(versions).decode()
        raise ConnectError(f"not an {expected} response: {shorten(status_line)}", phase=phase)
    fields = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise ConnectError(f"header without a colon: {shorten(line)}", phase=phase)
        fields[name.strip().lower()] = value.strip()
    return ResponseHead(int(words[1]), status_line, tuple(lines), fields, rest)


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds a ``Retry-After`` header asks for (a number or a date), or ``None``."""
    if not value:
        return None
    try:
        return max(0.0, float(value)) if value.replace(".", "", 1).isdigit() else _seconds_until(value)
    except (ValueError, TypeError, OverflowError):
        return None


def _seconds_until(date: str) -> float:
    return max(0.0, parsedate_to_datetime(date).timestamp() - time.time())
