"""All feeds of a simulator: one a product and a system."""

from __future__ import annotations

from .classic.auction_feed import AuctionFeed, LendingFeed
from .classic.futures_private_feed import FuturesPrivateFeed
from .classic.futures_public_feed import FuturesPublicFeed
from .classic.spot_private_feed import SpotPrivateFeed
from .classic.spot_public_feed import TICKER_INTERVAL, SpotPublicFeed
from .feed import Feed
from .kucoin_venue import KucoinVenue
from .pro.account_feed import ProAccountFeed
from .pro.order_books import ProOrderBooks
from .pro.private_feed import ProPrivateFeed
from .pro.public_feed import ProPublicFeed

__all__ = ["feeds_of"]


def feeds_of(venue: KucoinVenue, *, scale: float, ticker_interval: float | None, deprecated: bool) -> list[Feed]:
    """
    Return what tells the subscribers of a venue what happens.

    Args:
        venue: Shared state.
        scale: Factor of the seconds between two pushes of a topic.
        ticker_interval: Least seconds between two spot tickers of one pair; ``None`` for that of the exchange.
        deprecated: Whether the deprecated subjects of the futures wallet are pushed too.
    """
    interval = TICKER_INTERVAL * scale if ticker_interval is None else ticker_interval
    return [
        SpotPrivateFeed(venue),
        SpotPublicFeed(venue, ticker_interval=interval, scale=scale),
        AuctionFeed(venue, scale=scale),
        LendingFeed(venue),
        FuturesPublicFeed(venue, scale=scale),
        FuturesPrivateFeed(venue, deprecated=deprecated),
        ProPublicFeed(venue, scale=scale),
        ProOrderBooks(venue, scale=scale),
        ProPrivateFeed(venue),
        ProAccountFeed(venue),
    ]
