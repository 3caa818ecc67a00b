"""How a replayed recording trades on the spot market and with contracts."""

from __future__ import annotations

import itertools
from decimal import ROUND_HALF_EVEN, Decimal

from ..futures.contracts import to_tick
from ..futures.exchange import FuturesExchange
from ..futures.mark_prices import middle
from ..matching.book import Book
from ..matching.orders import OrderRequest
from ..matching.symbols import plain
from ..spot.exchange import Exchange
from .quoter import MAKER, TAKER

__all__ = ["ContractHouse", "SpotHouse"]

_PURSE = Decimal("1000000000000")
ZERO = Decimal(0)


class SpotHouse:
    """
    See `replay.House`.

    Args:
        exchange: Where to trade.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        for currency in sorted({c for symbol in exchange.symbols.values() for c in (symbol.base, symbol.quote)}):
            for account in (MAKER, TAKER):
                exchange.deposit(account, currency, _PURSE)

    def serves(self, symbol: str) -> bool:
        """See `replay.House.serves`."""
        return symbol in self._exchange.symbols

    def book(self, symbol: str) -> Book:
        """See `replay.House.book`."""
        return self._exchange.book(symbol)

    def rest(self, symbol: str, side: str, price: Decimal, size: Decimal) -> str:
        """See `replay.House.rest`."""
        request = OrderRequest(symbol, side, "limit", price=price, size=size)
        return self._exchange.place_for_house(MAKER, request).order_id

    def take(self, symbol: str, side: str, price: Decimal, size: Decimal) -> None:
        """See `replay.House.take`."""
        request = OrderRequest(symbol, side, "limit", price=price, size=size, time_in_force="IOC")
        self._exchange.place_for_house(TAKER, request)

    def left(self, order_id: str) -> Decimal:
        """See `replay.House.left`."""
        order = self._exchange.order(order_id)
        return ZERO if order is None else order.remaining

    def reduce(self, symbol: str, order_id: str, size: Decimal) -> None:
        """See `replay.House.reduce`."""
        self._exchange.decrease(MAKER, {"symbol": symbol, "orderId": order_id, "cancelSize": plain(size)})

    def moved(self, symbol: str) -> None:
        """Nothing follows."""


class ContractHouse:
    """
    See `replay.House`. The index of a replayed contract is the middle of its own book (assumed): the spot pair, unless
    it is recorded too, knows nothing of the recording.

    Args:
        exchange: Where to trade.
        spot: The market whose pairs would be the index.
    """

    def __init__(self, exchange: FuturesExchange, spot: Exchange) -> None:
        self._exchange = exchange
        self._spot = spot
        self._names = itertools.count(1)

    def serves(self, symbol: str) -> bool:
        """See `replay.House.serves`."""
        return symbol in self._exchange.contracts

    def book(self, symbol: str) -> Book:
        """See `replay.House.book`."""
        return self._exchange.book(symbol)

    def rest(self, symbol: str, side: str, price: Decimal, size: Decimal) -> str:
        """See `replay.House.rest`."""
        return self._place(MAKER, symbol, side, price, size, "GTC")

    def take(self, symbol: str, side: str, price: Decimal, size: Decimal) -> None:
        """See `replay.House.take`."""
        self._place(TAKER, symbol, side, price, size, "IOC")

    def left(self, order_id: str) -> Decimal:
        """See `replay.House.left`."""
        order = self._exchange.order(order_id)
        return ZERO if order is None else order.remaining

    def reduce(self, symbol: str, order_id: str, size: Decimal) -> None:
        """See `replay.House.reduce`."""
        self._exchange.decrease(order_id, size)

    def moved(self, symbol: str) -> None:
        """Let index and mark price follow: at once for the first time, then when prices are calculated anyway."""
        price, book = self._exchange.prices[symbol], self._exchange.book(symbol)
        spot = price.contract.index_symbol
        if spot in self._spot.symbols and self._spot.book(spot).bids.best() is not None:
            price.fixed = None
            return
        now = middle(book.bids.top()[0], book.asks.top()[0])
        if now is None:
            return
        now = to_tick(now, price.contract.index_tick_size, rounding=ROUND_HALF_EVEN)
        if price.fixed is None:
            self._exchange.set_index_price(symbol, now)
        price.fixed = now

    def _place(self, account: str, symbol: str, side: str, price: Decimal, size: Decimal, force: str) -> str:
        args = {"symbol": symbol, "side": side, "type": "limit", "price": plain(price), "timeInForce": force}
        # Sizes are whole contracts; the engine refuses what is not.
        whole = int(size) if size == int(size) else plain(size)
        order = self._exchange.place(account, {**args, "size": whole, "clientOid": f"replay-{next(self._names)}"})
        return order.order_id
