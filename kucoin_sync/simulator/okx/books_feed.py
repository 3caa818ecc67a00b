"""
The order book channels: incremental books, small snapshots, and the same of spreads.

``seqId`` is the count of changes of the engine's book, so it rises in jumps. An incremental channel sends one snapshot
of its best levels, then what changed among these; an empty message after a minute without change; and a smaller
``seqId`` where the count began anew. ``checksum`` is always 0 but for spreads.

Per connection and instrument the order of the channels is fixed, see `_ORDER`.

Source: OKX v5 documents of 2026, order book channel, and captures of 2026.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from attrs import frozen

from ..agenda import Entry
from ..clock import SECOND_NS
from ..feed import Reactions
from ..matching.book import Book, BookSide
from ..matching.events import BookChanged, Event
from ..matching.symbols import plain
from ..peer import Peer
from .channels import inst_id_of
from .venue import OkxVenue

__all__ = ["BooksFeed", "levels"]

IDLE = 60.0
"""Seconds without a change after which an incremental channel says so."""


@frozen
class _Form:
    """How one channel shows a book: levels of each side, seconds between two messages, and whether in increments."""

    depth: int
    interval: float
    is_incremental: bool


#: In the order in which they are sent.
_ORDER = {
    "bbo-tbt": _Form(1, 0.01, False),
    "books-l2-tbt": _Form(400, 0.01, True),
    "books50-l2-tbt": _Form(50, 0.01, True),
    "books": _Form(400, 0.1, True),
    "books-elp": _Form(400, 0.1, True),
    "books-rpi": _Form(400, 0.1, True),
    "books5": _Form(5, 0.1, False),
    "sprd-bbo-tbt": _Form(1, 0.01, False),
    "sprd-books-l2-tbt": _Form(400, 0.01, True),
    "sprd-books5": _Form(5, 0.1, False),
}

_Levels = dict[str, tuple[str, ...]]


class BooksFeed:
    """
    Publishes order books.

    Args:
        venue: Shared state.
        scale: Factor of all intervals.
    """

    def __init__(self, venue: OkxVenue, *, scale: float) -> None:
        self._venue = venue
        self._scale = scale
        self._windows: dict[str, _Window] = {}
        self._due: dict[str, Entry] = {}
        self._last_sent: dict[str, int] = {}
        self._changed_at: dict[str, int] = {}
        #: How far the told count of an instrument is behind that of the engine.
        self._offsets: dict[str, int] = {}
        self._readers = {channel: venue.arguments(channel) for channel in _ORDER}
        self.reactions: Reactions = {BookChanged: self._book_changed}
        venue.spreads.listeners.append(self._spread_event)
        venue.on_reset_books = self._reset

    def _spread_event(self, event: Event) -> None:
        if isinstance(event, BookChanged):
            self._book_changed(event)

    def _book_changed(self, event: BookChanged) -> None:
        symbol = event.symbol
        self._changed_at[symbol] = event.time_ns
        for channel, readers in self._readers.items():
            if symbol in readers:
                self._schedule(f"{channel}:{symbol}", channel)

    def _schedule(self, topic: str, channel: str) -> None:
        """Let a topic be published at once if its last message is long enough ago, else when it is."""
        if topic in self._due:
            return
        now = self._venue.agenda.now_ns()
        earliest = self._last_sent.get(topic, 0) + round(_ORDER[channel].interval * self._scale * SECOND_NS)
        if now >= earliest:
            self._due[topic] = self._venue.agenda.soon(lambda: self._is_due(topic))
        else:
            self._due[topic] = self._venue.agenda.at(earliest, lambda: self._is_due(topic))

    def _is_due(self, topic: str) -> None:
        self._due.pop(topic, None)
        self._last_sent[topic] = self._venue.agenda.now_ns()
        self._publish(topic)

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Send the first snapshot."""
        channel = topic.partition(":")[0]
        if channel not in _ORDER:
            return
        # What is gathered so far goes out first, so that all readers of the topic stand at one count.
        if topic in self._windows:
            self._publish(topic)
        else:
            self._windows[topic] = _Window(self._book(topic), _ORDER[channel].depth, self._sequence(topic), channel)
            self._last_sent.setdefault(topic, self._venue.agenda.now_ns())

        def send() -> None:
            if topic not in peer.topics:
                return
            action = "snapshot" if _ORDER[channel].is_incremental else None
            peer.send_text(self._venue.spell(topic, [self._snapshot(topic)], action=action))

        if not self._venue.faults.pushes.hold_snapshot(peer.id, topic, send):
            send()

    def step(self) -> None:
        """Tell the readers of books that stand still that they do, and forget topics without readers."""
        now = self._venue.agenda.now_ns()
        for topic in list(self._windows):
            if not self._venue.has_readers(topic):
                del self._windows[topic]
                self._last_sent.pop(topic, None)
            elif now - self._last_sent.get(topic, now) >= round(IDLE * self._scale * SECOND_NS) > 0:
                self._last_sent[topic] = now
                self._repeat(topic)

    def shut_down(self) -> None:
        """Cancel what is due."""
        for entry in self._due.values():
            entry.cancel()
        self._due.clear()
        self._windows.clear()
        self._last_sent.clear()

    def _reset(self, symbol: str) -> int:
        """Begin the count of a book anew, at 1, with an empty message to those who read increments."""
        book = self._book(f"books:{symbol}")
        readers = 0
        topics = [topic for topic in self._windows if inst_id_of(topic) == symbol and self._venue.has_readers(topic)]
        for topic in topics:
            self._publish(topic)
        self._offsets[symbol] = book.sequence - 1
        for topic in topics:
            window = self._windows[topic]
            if _ORDER[topic.partition(":")[0]].is_incremental:
                previous, window.sequence = window.sequence, 1
                readers += self._venue.push(topic, [self._increment(topic, [], [], previous, 1)], action="update")
            window.sequence = 1
        return readers

    # Messages.

    def _publish(self, topic: str) -> None:
        window = self._windows.get(topic)
        if window is None:
            return
        channel, previous = topic.partition(":")[0], window.sequence
        changes = window.advance(self._book(topic), self._sequence(topic))
        if changes is None:
            return
        if _ORDER[channel].is_incremental:
            data = self._increment(topic, *changes, previous, window.sequence)
            self._venue.push(topic, [data], action="update")
        else:
            self._venue.push(topic, [self._snapshot(topic)])

    def _repeat(self, topic: str) -> None:
        window = self._windows[topic]
        if _ORDER[topic.partition(":")[0]].is_incremental:
            data = self._increment(topic, [], [], window.sequence, window.sequence)
            self._venue.push(topic, [data], action="update")
        else:
            self._venue.push(topic, [self._snapshot(topic)])

    def _snapshot(self, topic: str) -> dict[str, Any]:
        window, symbol = self._windows[topic], inst_id_of(topic)
        channel = topic.partition(":")[0]
        data: dict[str, Any] = {"asks": list(window.asks.values()), "bids": list(window.bids.values())}
        if channel == "books5":
            data["instId"] = symbol
        data["ts"] = self._stamp(symbol)
        if _ORDER[channel].is_incremental:
            self._add_checksum(data, topic)
            data["prevSeqId"] = -1
        data["seqId"] = window.sequence
        return data

    def _increment(
        self, topic: str, asks: list[tuple[str, ...]], bids: list[tuple[str, ...]], previous: int, sequence: int
    ) -> dict[str, Any]:
        data: dict[str, Any] = {"asks": asks, "bids": bids, "ts": self._stamp(inst_id_of(topic))}
        self._add_checksum(data, topic)
        data.update(prevSeqId=previous, seqId=sequence)
        return data

    def _add_checksum(self, data: dict[str, Any], topic: str) -> None:
        channel = topic.partition(":")[0]
        if channel.startswith("sprd-"):
            data["checksum"] = _checksum(self._windows[topic])
        elif channel not in ("books-rpi", "books-elp"):
            data["checksum"] = 0

    def _stamp(self, symbol: str) -> str:
        return str((self._changed_at.get(symbol) or self._venue.now_ns()) // 1_000_000)

    def _book(self, topic: str) -> Book:
        symbol = inst_id_of(topic)
        if symbol in self._venue.spreads.by_id:
            return self._venue.spreads.book(symbol)
        is_swap = self._venue.instruments.by_id[symbol].contract is not None
        return self._venue.futures.book(symbol) if is_swap else self._venue.exchange.book(symbol)

    def _sequence(self, topic: str) -> int:
        return self._book(topic).sequence - self._offsets.get(inst_id_of(topic), 0)


class _Window:
    """The best levels of both sides as the readers of one topic know them, and their count."""

    def __init__(self, book: Book, depth: int, sequence: int, channel: str) -> None:
        self._depth = depth
        self._channel = channel
        self.asks = self._read(book.asks)
        self.bids = self._read(book.bids)
        self.sequence = sequence

    def advance(self, book: Book, sequence: int) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]] | None:
        """Catch up with the book; return what changed of asks and bids, ``None`` if nothing did."""
        asks, bids = self._read(book.asks), self._read(book.bids)
        changes = self._changes(self.asks, asks), self._changes(self.bids, bids)
        if not changes[0] and not changes[1]:
            return None
        self.asks, self.bids, self.sequence = asks, bids, sequence
        return changes

    def _read(self, side: BookSide) -> _Levels:
        if self._channel in ("books-rpi", "books-elp"):
            found = self._retail(side)
        else:
            found = levels(side, with_zero=not self._channel.startswith("sprd-"))
        return {level[0]: level for level in islice(found, self._depth)}

    def _retail(self, side: BookSide) -> Iterator[tuple[str, ...]]:
        """Yield levels with what is for retail only: orders of that kind are in no other book."""
        for price, orders in side.queues():
            retail = [order for order in orders if order.request.time_in_force == "RPI"]
            seen = [order for order in orders if not order.request.hidden]
            organic = sum((order.slice for order in seen), start=Decimal(0))
            extra = sum((order.remaining for order in retail), start=Decimal(0))
            if self._channel == "books-elp":
                if extra:
                    yield plain(price), plain(extra), "0", str(len(retail))
            elif organic or extra:
                yield plain(price), plain(organic + extra), plain(organic), str(len(seen) + len(retail))

    def _changes(self, old: _Levels, new: _Levels) -> list[tuple[str, ...]]:
        """Return the levels that differ; those that are gone with size and number 0."""
        gone = [(price, *("0" for _ in level[1:])) for price, level in old.items() if price not in new]
        return gone + [level for price, level in new.items() if old.get(price) != level]


def levels(side: BookSide, *, with_zero: bool = True) -> Iterator[tuple[str, ...]]:
    """Yield ``("8476.98","415","0","13")``: price, size, a member out of use, orders; of spreads without the zero."""
    for price, size, count in side.counted_levels():
        yield (plain(price), plain(size), "0", str(count)) if with_zero else (plain(price), plain(size), str(count))


def _checksum(window: _Window) -> int:
    """Return the signed CRC-32 of the best 25 levels, bids and asks in turn."""
    parts: list[str] = []
    bids, asks = list(window.bids.values())[:25], list(window.asks.values())[:25]
    for number in range(max(len(bids), len(asks))):
        parts += [f"{side[number][0]}:{side[number][1]}" for side in (bids, asks) if number < len(side)]
    crc = zlib.crc32(":".join(parts).encode())
    return crc - (1 << 32) if crc & 1 << 31 else crc
