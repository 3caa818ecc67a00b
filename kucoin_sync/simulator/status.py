"""A simulator at one glance: frozen values for those who look at it."""

from __future__ import annotations

import heapq
import itertools
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import frozen

from .faults.armed import ArmedFault, FaultLogEntry
from .futures.events import FuturesOrderState
from .matching.events import Ticker, Trade
from .matching.orders import OrderState

if TYPE_CHECKING:
    from .venue import Venue

__all__ = ["BookStatus", "LineStatus", "MarketStatus", "OrderStatus", "Status", "book_of", "status_of"]


@frozen
class MarketStatus:
    """The top of a book and the last day; a missing side has price and size zero."""

    symbol: str
    ticker: Ticker
    #: Change over 24 hours, 0.01 is one per cent.
    change_rate: Decimal
    volume: Decimal


@frozen
class BookStatus:
    """The visible levels of a book, best first, each a price and a size."""

    symbol: str
    #: Counts the changes of levels; what the level-2 messages carry.
    sequence: int
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]


@frozen
class OrderStatus:
    """A live order of any account that logs in."""

    client_oid: str | None
    symbol: str
    side: str
    type: str
    price: Decimal
    #: ``None`` for an order by funds.
    size: Decimal | None
    deal_size: Decimal


@frozen
class LineStatus:
    """The connections of one system; counters since the start."""

    system: str
    connections: int
    opened: int
    frames_received: int
    frames_sent: int


@frozen
class Status:
    """What a simulator does now."""

    time_ns: int
    markets: tuple[MarketStatus, ...]
    market_count: int
    #: Of the first market shown.
    book: BookStatus | None
    #: Newest first.
    trades: tuple[Trade, ...]
    #: Newest first.
    orders: tuple[OrderStatus, ...]
    order_count: int
    lines: tuple[LineStatus, ...]
    topic_count: int
    token_calls: int
    #: Frames with orders that came in, and how many of those were executed.
    order_frames: int
    orders_executed: int
    faults: tuple[ArmedFault, ...]
    #: Newest first.
    fault_log: tuple[FaultLogEntry, ...]


def book_of(venue: Venue, symbol: str, levels: int) -> BookStatus:
    """Return at most so many levels of each side of a pair's or a contract's book."""
    book = venue.exchange.book(symbol) if symbol in venue.exchange.symbols else venue.futures.book(symbol)
    bids, asks = (tuple(itertools.islice(book.side(side).levels(), levels)) for side in ("buy", "sell"))
    return BookStatus(symbol, book.sequence, bids, asks)


def status_of(venue: Venue, faults: list[ArmedFault], rows: int) -> Status:
    """Look at a venue; ``rows`` of each list at most, markets that traded last first."""
    spot, futures = venue.exchange, venue.futures
    tickers = [(spot.ticker(name), venue.spot_market) for name in spot.symbols]
    tickers += [(futures.ticker(name), venue.futures_market) for name in futures.contracts]
    shown = tickers if len(tickers) <= rows else heapq.nlargest(rows, tickers, key=lambda pair: pair[0].time_ns)
    markets = []
    for ticker, data in shown:
        day = data.statistics(ticker.symbol)
        markets.append(MarketStatus(ticker.symbol, ticker, day.change_rate, day.volume))
    live: list[OrderState | FuturesOrderState] = []
    for account in venue.credentials:
        live += spot.open_orders(account)
        live += futures.open_orders(account)
    newest = heapq.nlargest(rows, live, key=lambda order: order.created_at_ns)
    trades = heapq.merge(reversed(spot.trades), reversed(futures.trades), key=lambda trade: -trade.time_ns)
    sent = venue.all_frames_sent()
    return Status(
        time_ns=venue.now_ns(),
        markets=tuple(markets),
        market_count=len(tickers),
        book=book_of(venue, shown[0][0].symbol, rows) if shown else None,
        trades=tuple(itertools.islice(trades, rows)),
        orders=tuple(OrderStatus(o.client_oid, o.symbol, o.side, o.type, o.price, o.size, o.deal_size) for o in newest),
        order_count=len(live),
        lines=tuple(
            LineStatus(
                system,
                len(venue.peers(system)),
                venue.opened[system],
                venue.frames_received[system],
                sent[system],
            )
            for system in venue.opened
        ),
        topic_count=len(venue.subscriptions()),
        token_calls=venue.token_calls,
        order_frames=venue.truth.received_count,
        orders_executed=venue.truth.executed_count,
        faults=tuple(faults),
        fault_log=tuple(itertools.islice(reversed(venue.faults.armed.log), rows)),
    )
