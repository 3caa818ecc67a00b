"""All feeds of a simulated OKX; of one event they tell their readers in this order."""

from __future__ import annotations

from ..feed import Feed
from .account_feed import AccountFeed
from .books_feed import BooksFeed
from .market_feed import MarketFeed
from .market_rows import MarketRows
from .orders_feed import OrdersFeed
from .spreads_feed import SpreadsFeed
from .venue import OkxVenue

__all__ = ["okx_feeds"]


def okx_feeds(venue: OkxVenue, *, scale: float) -> list[Feed]:
    """
    Return what tells the subscribers of a venue what happens.

    Args:
        venue: Shared state.
        scale: Factor of the seconds between two pushes of a topic.
    """
    market = MarketFeed(venue, MarketRows(venue), venue.operations.orders, scale=scale)
    venue.push_tickers.append(market.push_ticker)
    return [
        OrdersFeed(venue),
        AccountFeed(venue, venue.accounts, scale=scale),
        BooksFeed(venue, scale=scale),
        market,
        SpreadsFeed(venue),
    ]
