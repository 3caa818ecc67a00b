"""A seeded house trader that keeps every book quoted and lets the price wander, step by step."""

from __future__ import annotations

import random
from decimal import Decimal

from .exchange import Exchange
from .orders import Refused
from .symbols import Symbol, plain

__all__ = ["MAKER", "TAKER", "MarketMaker"]

#: The two house accounts: one quotes, the other takes now and then.
MAKER = "simulator-market-maker"
TAKER = "simulator-market-taker"

_FLOAT = Decimal("1000000000000")


class MarketMaker:
    """
    Quotes around a random walk; the same seed gives the same steps.

    The middle stays within two per cent of the pair's initial price, so that an order far away rests for
    ever and a marketable one always finds a quote.

    Args:
        exchange: Where to trade.
        seed: Seed of the walk.
        levels: Quotes on each side.
    """

    def __init__(self, exchange: Exchange, *, seed: int = 0, levels: int = 5) -> None:
        self._exchange = exchange
        self._random = random.Random(seed)
        self._levels = levels
        self._offsets = dict.fromkeys(exchange.symbols, 0)
        self._quotes: dict[tuple[str, str, Decimal], str] = {}
        self.steps = 0
        for symbol in exchange.symbols.values():
            for account in (MAKER, TAKER):
                exchange.deposit(account, symbol.base, _FLOAT)
                exchange.deposit(account, symbol.quote, _FLOAT)

    def step(self) -> None:
        """Move the middle a little, renew the quotes, and trade in about every third step."""
        self.steps += 1
        for symbol in self._exchange.symbols.values():
            if not symbol.enabled:
                continue
            self._walk(symbol)
            self._quote(symbol)
            if self._random.random() < 0.35:
                self._take(symbol)

    def _middle(self, symbol: Symbol) -> Decimal:
        return symbol.initial_price + self._offsets[symbol.name] * symbol.price_increment

    def _walk(self, symbol: Symbol) -> None:
        if self._random.random() < 0.5:
            return
        bound = int(symbol.initial_price / symbol.price_increment * Decimal("0.02"))
        offset = self._offsets[symbol.name] + self._random.randint(-5, 5)
        self._offsets[symbol.name] = max(-bound, min(bound, offset))

    def _quote(self, symbol: Symbol) -> None:
        middle, tick = self._middle(symbol), symbol.price_increment
        wanted = {
            (symbol.name, side, middle + sign * tick * (1 + 2 * level))
            for level in range(self._levels)
            for side, sign in (("buy", -1), ("sell", 1))
        }
        best = {"buy": middle - tick, "sell": middle + tick}
        stale = []
        # Sorted: iterating a set of strings would differ from run to run.
        for key in sorted(k for k in self._quotes if k[0] == symbol.name):
            order = self._exchange.order(self._quotes[key])
            if order is None or not order.is_live:
                del self._quotes[key]
            elif key in wanted:
                wanted.discard(key)
            elif key[2] >= best["sell"] if key[1] == "buy" else key[2] <= best["buy"]:
                self._withdraw(key, symbol)  # the new quotes would trade with it
            else:
                stale.append(key)
        for key in sorted(wanted):
            if key[2] <= 0:
                continue
            size = symbol.base_min_size * self._random.randint(20_000, 100_000)
            order_id = self._place(MAKER, symbol, key[1], type="limit", price=plain(key[2]), size=plain(size))
            if order_id is not None:
                self._quotes[key] = order_id
        # Last, so that no side of the book is ever empty in between.
        for key in stale:
            self._withdraw(key, symbol)

    def _withdraw(self, key: tuple[str, str, Decimal], symbol: Symbol) -> None:
        self._exchange.cancel(MAKER, {"symbol": symbol.name, "orderId": self._quotes.pop(key)})

    def _take(self, symbol: Symbol) -> None:
        side = self._random.choice(("buy", "sell"))
        size = symbol.base_min_size * self._random.randint(10, 1000)
        self._place(TAKER, symbol, side, type="market", size=plain(size))

    def _place(self, account: str, symbol: Symbol, side: str, **args: str) -> str | None:
        try:
            return self._exchange.place(account, {"symbol": symbol.name, "side": side, **args}).order_id
        except Refused:
            # Odd pair settings (a size off its own step) must not stop the simulator: it quotes less.
            return None
