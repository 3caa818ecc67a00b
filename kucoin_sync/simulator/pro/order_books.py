"""
The order book channel of the Pro streams: snapshots of the best levels, and increments with their sequences.

- ``1``: a snapshot when the top of the book has changed, once for each operation of the engine.
- ``5`` and ``50``: a snapshot ten times a second, changed or not; of contracts also with the sizes of retail price
  improvement orders.
- ``increment@10ms``: one snapshot of the best 500 levels of each side, then what changed among these, gathered for
  10 ms. A level that leaves the best 500 comes as size ``"0"``, one that moves up among them comes with its size.
- ``increment``: every single change of the book, without a snapshot.

Sequences are those of the engine's book, which the REST calls and the classic streams show as well.

Source: KuCoin docs, unified account WebSocket, order book, and captures of 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..agenda import Entry
from ..clock import SECOND_NS
from ..feed import Reactions
from ..matching.book import Book
from ..matching.events import BookChanged
from ..matching.symbols import plain
from ..peer import Peer
from .market import market_of, split_topic

if TYPE_CHECKING:
    from ..kucoin_venue import KucoinVenue

__all__ = ["WINDOW", "ProOrderBooks"]

WINDOW = 500
"""Levels of each side that ``increment@10ms`` covers."""
GATHERED = 0.01
"""Seconds over which ``increment@10ms`` gathers changes."""
REPEATED = 0.1
"""Seconds between two snapshots of 5 or 50 levels."""
LEAST_REPEATED = 0.001
"""A snapshot that comes round by itself needs some time between, whatever the factor of all intervals."""

_INCREMENTS = "increment@10ms"
_EVERY_CHANGE = "increment"


class ProOrderBooks:
    """
    Publishes the topics ``obu.*``.

    Args:
        venue: Shared state.
        scale: Factor of all intervals.
    """

    def __init__(self, venue: KucoinVenue, *, scale: float = 1.0) -> None:
        self._venue = venue
        self._gathered = GATHERED * scale
        self._repeated = max(REPEATED * scale, LEAST_REPEATED)
        self._windows: dict[str, _Window] = {}
        self._tops: dict[str, object] = {}
        self._due: dict[str, Entry] = {}
        self._changed_at: dict[str, int] = {}
        self.reactions: Reactions = {BookChanged: self._book_changed}

    def _book_changed(self, event: BookChanged) -> None:
        self._changed_at[event.symbol] = event.time_ns
        market = market_of(self._venue.pro_markets, event.symbol)
        if market is None:
            return
        root = f"obu.{market.trade_type}:{event.symbol}@"
        if self._venue.has_readers(root + _EVERY_CHANGE):
            self._publish_change(root + _EVERY_CHANGE, event)
        if self._venue.has_readers(root + _INCREMENTS):
            self._schedule(root + _INCREMENTS, self._gathered, self._publish_increment)
        if self._venue.has_readers(root + "1"):
            self._schedule(root + "1", 0.0, self._publish_top)

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Send the first snapshot, and keep the clock of repeated ones going."""
        channel, _, rest = split_topic(topic)
        _, _, depth = rest.partition("@")
        book = self._book_of(topic)
        if channel != "obu" or depth == _EVERY_CHANGE or book is None:
            return
        if depth == _INCREMENTS:
            # Increments may come before the snapshot, so they start here whether that is held or not.
            self._windows.setdefault(topic, _Window(book))
        if not self._venue.faults.pushes.hold_snapshot(peer.id, topic, lambda: self._send_first(peer, topic)):
            self._send_first(peer, topic)
        if depth not in ("1", _INCREMENTS):
            self._schedule(topic, self._repeated, self._repeat_snapshot)

    def step(self) -> None:
        """Forget the topics that have lost their readers."""
        for topic in [topic for topic in self._windows if not self._venue.has_readers(topic)]:
            del self._windows[topic]
        for topic in [topic for topic in self._tops if not self._venue.has_readers(topic)]:
            del self._tops[topic]

    def shut_down(self) -> None:
        """Cancel what is due."""
        for entry in self._due.values():
            entry.cancel()
        self._due.clear()
        self._windows.clear()
        self._tops.clear()

    # What is due.

    def _schedule(self, topic: str, wait: float, publish: Callable[[str], None]) -> None:
        if topic in self._due:
            return

        def run() -> None:
            del self._due[topic]
            publish(topic)

        agenda, wait_ns = self._venue.agenda, round(wait * SECOND_NS)
        self._due[topic] = agenda.at(agenda.now_ns() + wait_ns, run) if wait_ns else agenda.soon(run)

    def _repeat_snapshot(self, topic: str) -> None:
        if self._venue.has_readers(topic):
            self._venue.publish_pro(topic, self._snapshot(topic), kind="snapshot")
            self._schedule(topic, self._repeated, self._repeat_snapshot)

    def _publish_top(self, topic: str) -> None:
        snapshot = self._snapshot(topic)
        top = (snapshot["a"], snapshot["b"])
        if top != self._tops.get(topic):
            self._tops[topic] = top
            self._venue.publish_pro(topic, snapshot, kind="snapshot")

    def _publish_increment(self, topic: str) -> None:
        window, book = self._windows.get(topic), self._book_of(topic)
        if window is None or book is None:
            return
        first = window.sequence + 1
        bids, asks = window.advance(book)
        if bids or asks:
            self._venue.publish_pro(
                topic, self._payload(topic, bids, asks, first=first, last=window.sequence), kind="delta"
            )

    def _publish_change(self, topic: str, event: BookChanged) -> None:
        level = [_level(event.price, event.size)]
        bids, asks = (level, []) if event.side == "buy" else ([], level)
        data = self._payload(topic, bids, asks, first=event.sequence, last=event.sequence)
        self._venue.publish_pro(topic, data, kind="delta")

    def _send_first(self, peer: Peer, topic: str) -> None:
        """Send a snapshot to one connection; the others on its topic need none."""
        if topic not in peer.topics:
            return
        if not topic.endswith(_INCREMENTS):
            snapshot = self._snapshot(topic)
        else:
            # What is gathered so far goes out first, so that all readers of the topic stand at one sequence.
            self._publish_increment(topic)
            window = self._windows[topic]
            snapshot = self._payload(
                topic,
                [_level(*level) for level in window.bids.items()],
                [_level(*level) for level in window.asks.items()],
                first=window.sequence,
                last=window.sequence,
            )
        self._venue.send_pro(peer, topic, snapshot, kind="snapshot")

    # Payloads.

    def _book_of(self, topic: str) -> Book | None:
        _, trade_type, rest = split_topic(topic)
        symbol, _, _ = rest.partition("@")
        market = self._venue.pro_markets.get(trade_type)
        return market.book(symbol) if market is not None and symbol in market.symbols else None

    def _snapshot(self, topic: str) -> dict[str, Any]:
        book = self._book_of(topic)
        assert book is not None
        depth, rpi, _ = topic.rpartition("@")[2].partition("+rpi")
        if rpi:
            bids, asks = (self._rpi_side(topic, side) for side in ("buy", "sell"))
        else:
            sides = (book.bids, book.asks)
            bids, asks = ([_level(*level) for level in islice(side.levels(), int(depth))] for side in sides)
        return self._payload(topic, bids[: int(depth)], asks[: int(depth)], first=book.sequence, last=book.sequence)

    def _rpi_side(self, topic: str, side: str) -> list[list[str]]:
        """Return ``["84516.3","457","0"]`` of each price: what everybody sees, and what is for retail only."""
        _, trade_type, rest = split_topic(topic)
        symbol = rest.partition("@")[0]
        market = self._venue.pro_markets[trade_type]
        seen = dict(market.book(symbol).side(side).levels())
        retail = dict(market.rpi_levels(symbol, side)) if market.rpi_levels is not None else {}
        zero = Decimal(0)
        return [
            [plain(price), plain(seen.get(price, zero)), plain(retail.get(price, zero))]
            for price in sorted(seen.keys() | retail.keys(), reverse=side == "buy")
        ]

    def _payload(
        self, topic: str, bids: list[list[str]], asks: list[list[str]], *, first: int, last: int
    ) -> dict[str, Any]:
        """Return ``{"a":[["2669.63","5.6"]],"b":[],"s":"ETH-USDT","C":23242136205,"M":...,"O":23242136205}``."""
        symbol = topic.partition(":")[2].partition("@")[0]
        changed_at = self._changed_at.get(symbol) or self._venue.now_ns()
        return {"a": asks, "b": bids, "s": symbol, "C": last, "M": changed_at, "O": first}


class _Window:
    """The best levels of both sides as the readers of one topic know them, best first, and their sequence."""

    __slots__ = ("asks", "bids", "sequence")

    def __init__(self, book: Book) -> None:
        self.bids = _best(book.bids.levels())
        self.asks = _best(book.asks.levels())
        self.sequence = book.sequence

    def advance(self, book: Book) -> tuple[list[list[str]], list[list[str]]]:
        """
        Catch up with the book.

        Returns:
            What changed of the bids, falling, and of the asks, rising. When nothing did the sequence stays, so
            that the next increment begins where the last one ended.
        """
        bids, asks = _best(book.bids.levels()), _best(book.asks.levels())
        changes = _changes(self.bids, bids)[::-1], _changes(self.asks, asks)
        if changes[0] or changes[1]:
            self.bids, self.asks, self.sequence = bids, asks, book.sequence
        return changes


def _best(levels: Iterable[tuple[Decimal, Decimal]]) -> dict[Decimal, Decimal]:
    return dict(islice(levels, WINDOW))


def _changes(old: dict[Decimal, Decimal], new: dict[Decimal, Decimal]) -> list[list[str]]:
    """Return the levels that differ, by rising price; those that are gone with size zero."""
    gone = {price: Decimal(0) for price in old if price not in new}
    changed = {price: size for price, size in new.items() if old.get(price) != size}
    return [_level(*level) for level in sorted({**gone, **changed}.items())]


def _level(price: Decimal, size: Decimal) -> list[str]:
    return [plain(price), plain(size)]
