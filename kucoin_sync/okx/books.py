"""
OKX's order books for `LiveBook`: what their messages say. A subscription begins with the whole book.

Source: OKX docs v5, Order book channel, and Spread Trading, Order book channel (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from kucoin_sync.books.live_book import BookFeed
from kucoin_sync.books.order_book import BookDelta, BookShape, Change, Level
from kucoin_sync.errors import ConfigError
from kucoin_sync.events import BookSnapshot, Update
from kucoin_sync.protocol.json_text import MAX_EXPONENT

__all__ = ["BOOK_CHANNELS", "book_channel", "book_feed", "checksum", "read_book", "read_number"]

BOOK_CHANNELS: Mapping[str, BookShape]
"""Channels of order books, and what their books are like."""

_LONGEST = 64
"""Characters of a price or size."""
_REMEMBERED = 20_000
_MS = 1_000_000


def checksum(bids: Sequence[Level], asks: Sequence[Level]) -> int:
    """
    Make the checksum of a book: CRC-32, as a number with a sign, of ``bid:size:ask:size:...``, best first.

    Numbers are spelled as the exchange spelled them, which a `Decimal` keeps.
    """
    parts = [
        f"{price:f}:{size:f}" for pair in zip_longest(bids, asks) for level in pair if level for price, size in (level,)
    ]
    value = zlib.crc32(":".join(parts).encode())
    return value - 2**32 if value >= 2**31 else value


_WHOLE = BookShape(window=400, checksum=checksum, chained=True)
BOOK_CHANNELS = {
    "books": _WHOLE,
    "books-l2-tbt": _WHOLE,
    "books50-l2-tbt": BookShape(window=50, checksum=checksum, chained=True),
    "books-rpi": _WHOLE,
    "books5": BookShape(depth=5, chained=True),
    "bbo-tbt": BookShape(depth=1, chained=True),
    "sprd-books-l2-tbt": _WHOLE,
    "sprd-books5": BookShape(depth=5, chained=True),
    "sprd-bbo-tbt": BookShape(depth=1, chained=True),
}


def book_channel(symbol: Any, channel: str | None) -> dict[str, str]:
    """
    Return the channel of a book, as its subscription names it.

    Args:
        symbol: An instrument such as ``BTC-USDT``, or a spread such as ``BTC-USDT_BTC-USDT-SWAP``.
        channel: One of `BOOK_CHANNELS`; ``None`` is ``books``, of a spread ``sprd-books-l2-tbt``.

    Raises:
        ConfigError: If an argument breaks a rule.
    """
    if not isinstance(symbol, str) or not symbol:
        raise ConfigError(f"symbol: must be a text such as 'BTC-USDT', got {symbol!r:.80}")
    is_spread = "_" in symbol
    if channel is None:
        channel = "sprd-books-l2-tbt" if is_spread else "books"
    if channel not in BOOK_CHANNELS or channel.startswith("sprd-") is not is_spread:
        fitting = ", ".join(name for name in BOOK_CHANNELS if name.startswith("sprd-") is is_spread)
        raise ConfigError(f"channel: of {symbol:.80} must be one of {fitting}, got {channel!r:.40}")
    return {"channel": channel, "sprdId" if is_spread else "instId": symbol}


def book_feed(symbol: str, channel: str, topic: str) -> BookFeed:
    """Return what is needed for a book: its symbol, its channel, and the topic that this is."""
    number = lru_cache(_REMEMBERED)(read_number)  # prices come again and again

    def read(update: Update) -> BookDelta | BookSnapshot:
        return read_book(symbol, update.subject, update.data, number)

    return BookFeed(symbol, topic, BOOK_CHANNELS[channel], read)


def read_number(text: Any) -> Decimal:
    """Read a price, which may be negative, or a size. Raises TypeError, ValueError or ArithmeticError."""
    if type(text) is not str or len(text) > _LONGEST:
        raise TypeError("not a text of digits")
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
        raise ValueError("not a price or size")
    return number


def read_book(
    symbol: str, action: str | None, data: Any, price_of: Callable[[Any], Decimal]
) -> BookDelta | BookSnapshot:
    """
    Read a push of an order book channel.

    Args:
        symbol: Whose book.
        action: ``snapshot`` or ``update``; ``None`` for a channel that sends whole books only.
        data: ``[{"asks": [["8476.98", "415", "0", "13"]], "bids": [], "ts": "1597026383085", "checksum": 0,
            "prevSeqId": 123455, "seqId": 123456}]``
        price_of: Reads a price.
    """
    (book,) = data
    bids, asks = ([(price_of(row[0]), _size(row[1])) for row in book[name]] for name in ("bids", "asks"))
    sequence, time_ns = _sequence(book.get("seqId", 0)), _time(book.get("ts"))
    if action == "update":
        changes: list[list[Change]] = [[(price, size, sequence) for price, size in side] for side in (bids, asks)]
        told = book.get("checksum")  # retired on most channels, where it is 0 now
        mark = told if type(told) is int and told != 0 else None
        return BookDelta(_sequence(book["prevSeqId"]) + 1, sequence, changes[0], changes[1], time_ns, mark)
    if action not in (None, "snapshot"):
        raise ValueError("neither an update nor a snapshot")
    return BookSnapshot(symbol, sequence, tuple(bids), tuple(asks), time_ns)


def _size(text: Any) -> Decimal:
    size = read_number(text)
    if size.is_signed():
        raise ValueError("a size below zero")
    return size


def _sequence(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("not a sequence number")
    return value


def _time(value: Any) -> int:
    return int(value) * _MS if type(value) is str and value.isascii() and value.isdigit() and len(value) < 20 else 0
