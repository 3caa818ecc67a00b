"""
Index and mark prices of the margin market, made from the books of the simulated spot market.

The exchange takes its index from several markets; here there is only one, so all of this is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal

from ..matching.events import Ticker
from ..matching.symbols import Symbol

__all__ = ["SMOOTHING", "IndexPrices"]

SMOOTHING = 5.0
"""Seconds after which about half of a jump of the index has reached the mark price."""
MAX_MARKS = 10_000

_DEPTH = Decimal("1E-15")  # digits of the frames that were captured
_ROUNDED = Context(prec=60, rounding=ROUND_HALF_EVEN)


class IndexPrices:
    """
    Prices of one currency in another: of a pair that is traded, of its reverse, or across a third currency.

    Args:
        symbols: Pairs whose books give the prices.
        ticker_of: Returns best prices and last trade of one of them.
        now_ns: Clock, nanoseconds since 1970.
    """

    def __init__(
        self, symbols: Iterable[Symbol], ticker_of: Callable[[str], Ticker], now_ns: Callable[[], int]
    ) -> None:
        self._ticker_of = ticker_of
        self._now_ns = now_ns
        self._pairs = {(symbol.base, symbol.quote): symbol.name for symbol in symbols}
        # The dollar first: its books are the deepest ones of the real exchange.
        self._currencies = sorted({quote for _, quote in self._pairs}, key=lambda name: (name != "USDT", name))
        self._marks: dict[str, tuple[int, Decimal]] = {}

    def index(self, pair: str) -> Decimal | None:
        """Return what ``pair``, such as ``ETH-BTC`` or ``USDT-BTC``, is worth now; ``None`` if nothing tells."""
        base, _, quote = pair.partition("-")
        price = self._price(base, quote)
        if price is None:
            for currency in self._currencies:
                first, second = self._price(base, currency), self._price(currency, quote)
                if first is not None and second is not None:
                    price = _ROUNDED.multiply(first, second)
                    break
        return None if price is None else _ROUNDED.quantize(price, _DEPTH)

    def mark(self, pair: str) -> Decimal | None:
        """
        Return the mark price of a pair: its index, smoothed.

        Each call brings it nearer to the index, by as much as the time since the call before asks for.
        """
        index = self.index(pair)
        if index is None:
            return None
        now = self._now_ns()
        then, mark = self._marks.get(pair, (now, index))
        waited = max(0, now - then)
        weight = _ROUNDED.divide(Decimal(waited), Decimal(waited + int(SMOOTHING * 1_000_000_000)))
        mark = _ROUNDED.quantize(_ROUNDED.fma(weight, _ROUNDED.subtract(index, mark), mark), _DEPTH)
        self._marks[pair] = (now, mark)
        if len(self._marks) > MAX_MARKS:
            del self._marks[next(iter(self._marks))]
        return mark

    def _price(self, base: str, quote: str) -> Decimal | None:
        """Return the price of a traded pair or of its reverse."""
        name = self._pairs.get((base, quote))
        if name is not None:
            return _middle(self._ticker_of(name))
        name = self._pairs.get((quote, base))
        middle = None if name is None else _middle(self._ticker_of(name))
        return _ROUNDED.divide(Decimal(1), middle) if middle else None


def _middle(ticker: Ticker) -> Decimal:
    """Return the middle of the book, the last price where a side is empty."""
    if not ticker.best_bid or not ticker.best_ask:
        return ticker.price
    return _ROUNDED.divide(_ROUNDED.add(ticker.best_bid, ticker.best_ask), Decimal(2))
