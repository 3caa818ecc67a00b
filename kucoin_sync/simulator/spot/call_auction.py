"""
Call auctions: orders gather, and are matched at one price when the auction ends.

The price is the one at which most can be traded; of several the one that leaves the least over, then the one nearest
to the last price, then the lowest (assumed: the documents do not say). Only limit orders that may rest are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from attrs import define, evolve

from ..matching.events import CallAuctionChanged, Event
from ..matching.matching import Market
from ..matching.orders import OrderRequest
from ..matching.symbols import Symbol
from .refusals import refused

__all__ = ["CallAuctions", "equilibrium"]

ZERO = Decimal(0)


@define
class _Auction:
    low: Decimal
    high: Decimal
    reported: CallAuctionChanged | None = None


class CallAuctions:
    """
    The running auctions of an exchange.

    Args:
        emit: Called with every event.
    """

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._auctions: dict[str, _Auction] = {}

    def start(
        self, symbol: Symbol, market: Market, now: int, *, floor: Decimal | None = None, ceiling: Decimal | None = None
    ) -> None:
        """Let orders gather; limits not given are those of the pair, else a tenth and ten times the last price."""
        low = floor or symbol.call_auction_floor or max(symbol.price_increment, market.book.last_price / 10)
        high = ceiling or symbol.call_auction_ceiling or market.book.last_price * 10
        market.is_gathering = True
        self._auctions[symbol.name] = _Auction(low, high)
        self.report(market, now)

    def end(self, market: Market, now: int) -> None:
        """Match what has gathered and trade as usual from now on."""
        del self._auctions[market.name]
        price, _ = equilibrium(*market.depth(), market.book.last_price)
        market.uncross(price, now)

    def check(self, request: OrderRequest) -> None:
        """
        Check an order for a pair whose auction may be running.

        Raises:
            Refused: It cannot wait for the end, or its price is outside of the range (code assumed).
        """
        auction = self._auctions.get(request.symbol)
        if auction is None:
            return
        if request.type == "market" or request.time_in_force in ("IOC", "FOK"):
            raise refused("parameter", "The order type is not supported in a call auction.")
        if not auction.low <= request.price <= auction.high:
            raise refused("parameter", "The price is outside of the range of the call auction.")

    def state(self, market: Market, now: int) -> CallAuctionChanged | None:
        """Return the expected result, ``None`` if no auction is running."""
        auction = self._auctions.get(market.name)
        if auction is None:
            return None
        price, size = equilibrium(*market.depth(), market.book.last_price)
        low, high = auction.low, auction.high
        return CallAuctionChanged(market.name, price, size, low, high, low, high, now)

    def report(self, market: Market, now: int) -> None:
        """Emit the expected result of a running auction if it is another than the last time."""
        auction = self._auctions.get(market.name)
        state = self.state(market, now)
        if auction is None or state is None:
            return
        if auction.reported is None or evolve(auction.reported, time_ns=now) != state:
            auction.reported = state
            self._emit(state)


def equilibrium(
    bids: Iterable[tuple[Decimal, Decimal]], asks: Iterable[tuple[Decimal, Decimal]], last_price: Decimal
) -> tuple[Decimal, Decimal]:
    """
    Find the auction price.

    Args:
        bids, asks: Price and size, best first; hidden size included.
        last_price: Decides between equally good prices.

    Returns:
        Price and the size that trades there; zeros where nothing crosses.
    """
    demand, supply = _cumulated(bids), _cumulated(asks)
    if not demand or not supply or demand[0][0] < supply[0][0]:
        return ZERO, ZERO
    lowest, highest = supply[0][0], demand[0][0]
    prices = {price for price, _ in (*demand, *supply) if lowest <= price <= highest}

    def rank(price: Decimal) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        wanted = max((size for limit, size in demand if limit >= price), default=ZERO)
        offered = max((size for limit, size in supply if limit <= price), default=ZERO)
        return min(wanted, offered), -abs(wanted - offered), -abs(price - last_price), -price

    best = max(prices, key=rank)
    return best, rank(best)[0]


def _cumulated(levels: Iterable[tuple[Decimal, Decimal]]) -> list[tuple[Decimal, Decimal]]:
    """Return each price with the size of all levels up to it."""
    total, result = ZERO, []
    for price, size in levels:
        total += size
        result.append((price, total))
    return result
