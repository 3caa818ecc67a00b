"""What the public Pro feeds read of one product, and how they find it behind a topic."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from decimal import Decimal

from attrs import frozen

from ..market.market_data import MarketData
from ..matching.book import Book
from ..matching.events import Ticker

__all__ = ["ProMarket", "market_of", "split_topic"]


@frozen
class ProMarket:
    """
    One product.

    Attributes:
        trade_type: Its name on the wire, ``SPOT`` or ``FUTURES``.
        symbols: Those that are listed.
        book: Returns the live book of a symbol, to be read only.
        ticker: Returns best prices and last trade of a symbol.
        data: Candles and trades.
        funding_limits: Returns cap and floor of the funding rate of a contract; ``None`` where there is no funding.
        rpi_levels: Returns the retail price improvement orders of a side (``buy`` or ``sell``) by price, best first;
            no book shows them. ``None`` where there are none.
    """

    trade_type: str
    symbols: Container[str]
    book: Callable[[str], Book]
    ticker: Callable[[str], Ticker]
    data: MarketData
    funding_limits: Callable[[str], tuple[Decimal, Decimal]] | None = None
    rpi_levels: Callable[[str, str], list[tuple[Decimal, Decimal]]] | None = None


def market_of(markets: Mapping[str, ProMarket], symbol: str) -> ProMarket | None:
    """Return the product that lists a symbol."""
    for market in markets.values():
        if symbol in market.symbols:
            return market
    return None


def split_topic(topic: str) -> tuple[str, str, str]:
    """Return channel, trade type and the rest of a topic: ``("obu", "SPOT", "BTC-USDT@5")``."""
    head, _, rest = topic.partition(":")
    channel, _, trade_type = head.rpartition(".")
    return (channel, trade_type, rest) if channel else (head, "", rest)
