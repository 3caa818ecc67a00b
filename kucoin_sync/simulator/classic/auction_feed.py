"""
Public topics of call auctions and of the legacy lending market, on the classic spot stream.

Source: KuCoin docs, pages of the channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..feed import Reactions
from ..matching.events import BookChanged, CallAuctionChanged, LendingChanged
from ..matching.symbols import plain
from ..peer import Peer
from .pacing import Pace
from .spot_public_frames import depth_payload

if TYPE_CHECKING:
    from ..kucoin_venue import KucoinVenue

__all__ = ["AuctionFeed", "LendingFeed", "auction_payload"]

BOOK, DATA = "/callauction/level2Depth50", "/callauction/callauctionData"
FUNDING_BOOK = "/margin/fundingBook"

AUCTION_INTERVAL = 0.1
DEPTH = 50


class AuctionFeed:
    """
    Book and expected result of running call auctions; silent for all other pairs.

    Args:
        venue: Shared state.
        scale: Factor of the interval between two pushes; 0 sends at once.
    """

    def __init__(self, venue: KucoinVenue, *, scale: float) -> None:
        self._venue = venue
        self._book_readers, self._data_readers = venue.arguments(BOOK), venue.arguments(DATA)
        self._books = Pace(venue.agenda, AUCTION_INTERVAL * scale, self._publish_book)
        self._data = Pace(venue.agenda, AUCTION_INTERVAL * scale, self._publish_data)
        self.reactions: Reactions = {BookChanged: self._book_changed, CallAuctionChanged: self._auction_changed}

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """A running auction is pushed in its rhythm, so a first push follows at once (assumed)."""
        path, _, symbol = topic.partition(":")
        if path == BOOK:
            self._books.mark(symbol)
        elif path == DATA:
            self._data.mark(symbol)

    def step(self) -> None:
        """Nothing comes round by itself."""

    def shut_down(self) -> None:
        """Cancel the timers."""
        self._books.cancel()
        self._data.cancel()

    def _book_changed(self, event: BookChanged) -> None:
        if event.symbol in self._book_readers:
            self._books.mark(event.symbol)

    def _auction_changed(self, event: CallAuctionChanged) -> None:
        if event.symbol in self._data_readers:
            self._data.mark(event.symbol)

    def _state(self, symbol: str) -> CallAuctionChanged | None:
        exchange = self._venue.exchange
        return exchange.call_auction(symbol) if symbol in exchange.symbols else None

    def _publish_book(self, symbol: str) -> None:
        if self._state(symbol) is not None:
            data = depth_payload(self._venue.exchange.book(symbol), DEPTH, self._venue.now_ms())
            self._venue.publish(f"{BOOK}:{symbol}", "level2", data)

    def _publish_data(self, symbol: str) -> None:
        state = self._state(symbol)
        if state is not None:
            self._venue.publish(f"{DATA}:{symbol}", "callauction.callauctionData", auction_payload(state))


class LendingFeed:
    """
    Changes of the lending books.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._venue = venue
        self._readers = venue.arguments(FUNDING_BOOK)
        self.reactions: Reactions = {LendingChanged: self._lending_changed}

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Nothing is sent at once: the next change is."""

    def step(self) -> None:
        """Nothing comes round by itself."""

    def shut_down(self) -> None:
        """There are no timers."""

    def _lending_changed(self, event: LendingChanged) -> None:
        if event.currency in self._readers:
            data = {
                "sequence": event.sequence,
                "currency": event.currency,
                "dailyIntRate": plain(event.daily_rate),
                "annualIntRate": plain(event.annual_rate),
                "term": event.term,
                "size": plain(event.size),
                "side": event.side,
                "ts": event.time_ns,
            }
            envelope = {"id": f"{event.sequence:024x}"}
            self._venue.publish(f"{FUNDING_BOOK}:{event.currency}", "funding.update", data, envelope=envelope)


def auction_payload(state: CallAuctionChanged) -> dict[str, Any]:
    """``{"symbol": "ABC-USDT", "estimatedPrice": "1.25", ...}``, as the stream and the REST call have it."""
    return {
        "symbol": state.symbol,
        "estimatedPrice": plain(state.estimated_price),
        "estimatedSize": plain(state.estimated_size),
        "sellOrderRangeLowPrice": plain(state.sell_low),
        "sellOrderRangeHighPrice": plain(state.sell_high),
        "buyOrderRangeLowPrice": plain(state.buy_low),
        "buyOrderRangeHighPrice": plain(state.buy_high),
        "time": state.time_ns // 1_000_000,
    }
