"""
Recorded market data: one JSON object a line, read lazily and turned into what it says about books and trades.

A line is one of

- ``{"at": 1663747970.273, "frame": {...}}``: a frame as it came from the exchange, and when it did (seconds since
  1970, a number or a text);
- ``{"at": ..., "snapshot": {"symbol": "BTC-USDT", "data": {...}}}``: a book as REST gave it, ``data`` being what
  ``GET /api/v3/market/orderbook/level2`` or ``GET /api/v1/level2/snapshot`` answers;
- a bare frame, which then happened when it says so itself.

Frames of the topics in `TOPICS` count. Wrong lines raise `BadLine` and the next one is read as if nothing was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from attrs import frozen

from ..clock import nanoseconds
from ..json_text import read_object

__all__ = [
    "FULL_BOOK",
    "MAX_LINE",
    "TOPICS",
    "BadLine",
    "BookPart",
    "Change",
    "Changes",
    "Line",
    "LineFile",
    "RecordedTrade",
    "Recording",
]

MAX_LINE = 1024 * 1024
"""Bytes of one line."""
_CHUNK = 1024 * 1024

#: Digits before and behind the point that a price or size may have.
_MAX_DIGITS = 20

FULL_BOOK = 1 << 20
"""Depth of a part that leaves nothing out."""


class BadLine(ValueError):
    """A line that is not what it should be; its text says which and why."""


@frozen
class BookPart:
    """
    The best levels of a book at one moment; what is deeper is not known.

    Attributes:
        depth: Levels of each side that the source shows; `FULL_BOOK` for all.
        sequence: Of the last change in it; ``None`` where the source has none that goes with increments.
        bids, asks: Price and size, best first.
    """

    symbol: str
    depth: int
    sequence: int | None
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]


@frozen
class Change:
    """A level has another size now, zero for none; ``side`` is ``buy`` or ``sell``."""

    side: str
    price: Decimal
    size: Decimal
    sequence: int


@frozen
class Changes:
    """Increments of one book."""

    symbol: str
    changes: tuple[Change, ...]


@frozen
class RecordedTrade:
    """Somebody took ``size`` at ``price``; ``side`` is his."""

    symbol: str
    side: str
    price: Decimal
    size: Decimal


@frozen
class Line:
    """
    One line of a recording.

    Attributes:
        number: Of the line, from 1.
        at_ns: When it happened, nanoseconds since 1970; never before the line that came before it.
        what: What it says, ``None`` if that is about something else.
    """

    number: int
    at_ns: int
    what: BookPart | Changes | RecordedTrade | None


class LineFile:
    """
    The lines of a file, which is not kept open: a simulator that is dropped leaves no descriptor behind.

    Args:
        path: The file; as much of it is read as is asked for.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = self._at = 0
        self._chunk = b""

    def readline(self, most: int) -> bytes:
        """Return up to ``most`` bytes, up to the end of a line; nothing at the end of the file."""
        while True:
            end = self._chunk.find(b"\n", self._at, self._at + most) + 1
            if not end and len(self._chunk) - self._at < most:
                more = self._more()
                if more:
                    self._chunk, self._at = self._chunk[self._at :] + more, 0
                    continue
            start, self._at = self._at, end or min(len(self._chunk), self._at + most)
            return self._chunk[start : self._at]

    def _more(self) -> bytes:
        with self._path.open("rb") as file:
            file.seek(self._read)
            more = file.read(_CHUNK)
        self._read += len(more)
        return more


class Recording:
    """
    Reads lines one by one.

    Args:
        file: Where they are.

    Raises:
        BadLine: The first one is none.
        OSError: The file cannot be read.
    """

    def __init__(self, file: LineFile) -> None:
        self._file = file
        self._number = 0
        self._at_ns = 0
        first = self._read_line()
        if first is None:
            raise BadLine("line 1: there is none")
        #: When the recording begins, nanoseconds since 1970.
        self.start_ns = first.at_ns
        self._first: Line | None = first

    def next(self) -> Line | None:
        """
        Return the next line, ``None`` at the end; empty ones are passed over.

        Raises:
            BadLine: It is none; the next call goes on behind it.
            OSError: The file cannot be read any more.
        """
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return self._read_line()

    def _read_line(self) -> Line | None:
        while raw := self._file.readline(MAX_LINE + 1):
            self._number += 1
            if len(raw) > MAX_LINE and not raw.endswith(b"\n"):
                while raw and not raw.endswith(b"\n"):
                    raw = self._file.readline(MAX_LINE)
                raise BadLine(f"line {self._number}: longer than {MAX_LINE} bytes")
            if not raw.strip():
                continue
            try:
                at_ns, what = _read(raw)
            except (LookupError, TypeError, ValueError, InvalidOperation) as error:
                raise BadLine(f"line {self._number}: {_reason(error)}") from error
            # Clocks of recorders are set back too.
            self._at_ns = max(self._at_ns, at_ns)
            return Line(self._number, self._at_ns, what)
        return None


def _read(raw: bytes) -> tuple[int, BookPart | Changes | RecordedTrade | None]:
    line = read_object(raw.decode())
    if line is None:
        raise ValueError("not a JSON object")
    if "frame" not in line and "snapshot" not in line:
        if "topic" not in line:
            raise ValueError("neither frame nor snapshot nor topic is there")
        return _frame_time(line), _frame(line)
    at_ns = nanoseconds(line["at"])
    if isinstance(line["at"], bool) or at_ns < 0:
        raise ValueError("at is no time since 1970")
    if "frame" in line:
        return at_ns, _frame(_object(line["frame"]))
    snapshot = _object(line["snapshot"])
    data = _object(snapshot["data"])
    return at_ns, _part(_text(snapshot["symbol"]), FULL_BOOK, _whole(data["sequence"]), data)


def _frame(frame: Mapping[str, Any]) -> BookPart | Changes | RecordedTrade | None:
    path, _, symbol = str(frame.get("topic")).partition(":")
    reader = TOPICS.get(path)
    if reader is None or frame.get("type", "message") != "message":
        return None
    # The topic of all tickers names the pair elsewhere.
    return reader(str(frame.get("subject")) if symbol == "all" else symbol, _object(frame["data"]))


def _frame_time(frame: Mapping[str, Any]) -> int:
    """Return the time that a frame tells: texts and numbers of seconds, milli-, micro- or nanoseconds are seen."""
    data = _object(frame.get("data"))
    for name in ("time", "timestamp", "ts"):
        if name in data:
            stamp = _whole(data[name])
            factor = next((f for least, f in ((10**17, 1), (10**14, 10**3), (10**11, 10**6)) if stamp >= least), 10**9)
            return stamp * factor
    raise ValueError("the frame tells no time of its own")


# Topics.


def _spot_changes(symbol: str, data: Mapping[str, Any]) -> Changes:
    sides = _object(data["changes"])
    found = [
        Change(side, *_level(level), _whole(level[2]))
        for side, name in (("buy", "bids"), ("sell", "asks"))
        for level in _list(sides.get(name))
        if _number(level[0])  # the price 0 stands for a change that nobody sees
    ]
    return Changes(symbol, tuple(sorted(found, key=lambda change: change.sequence)))


def _contract_change(symbol: str, data: Mapping[str, Any]) -> Changes:
    price, side, size = _text(data["change"]).split(",")
    change = Change(_side(side), _price(price), _number(size), _whole(data["sequence"]))
    return Changes(symbol, (change,))


def _depth(depth: int) -> Callable[[str, Mapping[str, Any]], BookPart]:
    return lambda symbol, data: _part(symbol, depth, None, data)


def _ticker(symbol: str, data: Mapping[str, Any]) -> BookPart:
    sides = {
        name: [[data[f"best{side}"], data[f"best{side}Size"]]] if _number(data[f"best{side}"]) else []
        for name, side in (("bids", "Bid"), ("asks", "Ask"))
    }
    return _part(symbol, 1, None, sides)


def _trade(symbol: str, data: Mapping[str, Any]) -> RecordedTrade:
    size = _number(data["size"])
    if not size:
        raise ValueError("a trade of size 0")
    return RecordedTrade(symbol, _side(data["side"]), _price(data["price"]), size)


TOPICS: Mapping[str, Callable[[str, Mapping[str, Any]], BookPart | Changes | RecordedTrade]] = {
    "/market/level2": _spot_changes,
    "/spotMarket/level2Depth5": _depth(5),
    "/spotMarket/level2Depth50": _depth(50),
    "/market/match": _trade,
    "/market/ticker": _ticker,
    "/contractMarket/level2": _contract_change,
    "/contractMarket/level2Depth5": _depth(5),
    "/contractMarket/level2Depth50": _depth(50),
    "/contractMarket/execution": _trade,
}
"""What frames of a topic are read as."""


# Values.


def _part(symbol: str, depth: int, sequence: int | None, data: Mapping[str, Any]) -> BookPart:
    bids, asks = (tuple(_level(level) for level in _list(data[name])) for name in ("bids", "asks"))
    if bids and asks and max(price for price, _ in bids) >= min(price for price, _ in asks):
        raise ValueError("the book is crossed")
    return BookPart(symbol, depth, sequence, bids, asks)


def _level(level: Any) -> tuple[Decimal, Decimal]:
    return _price(level[0]), _number(level[1])


def _price(value: Any) -> Decimal:
    price = _number(value)
    if not price:
        raise ValueError("a price of 0")
    return price


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise TypeError(f"{value!r:.40} is no number")
    number = Decimal(value)
    if not number.is_finite() or number < 0:
        raise ValueError(f"{value!r:.40} is no amount")
    # Before anything is made of it: a short text can have a very long number in it.
    if number.adjusted() > _MAX_DIGITS or int(number.as_tuple().exponent) < -_MAX_DIGITS:
        raise ValueError(f"{value!r:.40} has too many digits")
    return number


def _whole(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError(f"{value!r:.40} is no whole number")
    return int(number)


def _side(value: Any) -> str:
    if value not in ("buy", "sell"):
        raise ValueError(f"{value!r:.40} is no side")
    return str(value)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("an object is missing")
    return value


def _list(value: Any) -> list[Any]:
    if value is None:  # an empty side
        return []
    if not isinstance(value, list):
        raise TypeError("a list is missing")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is missing")
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, InvalidOperation):
        return "something is no number"
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return str(error)
