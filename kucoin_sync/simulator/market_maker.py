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

    With many pairs a step visits some of them, and the next step those after them: the cost of a step is bounded,
    and which pair is visited when follows from the number of the step alone. The same seed and the same pairs give
    the same walk of every price, whoever else trades; only how much is quoted differs when others took quotes away.

    Args:
        exchange: Where to trade.
        seed: Seed of the walk.
        levels: Quotes on each side.
        pairs_per_step: Pairs visited in one step.
    """

    def __init__(self, exchange: Exchange, *, seed: int = 0, levels: int = 5, pairs_per_step: int = 10) -> None:
        self._exchange = exchange
        self._random = random.Random(seed)
        # Apart, because how many quotes are missing depends on others, and the walk must not.
        self._sizes = random.Random(f"sizes of {seed}")
        self._levels = levels
        self._offsets = dict.fromkeys(exchange.symbols, 0)
        #: By pair, then by side and price: the id of the order.
        self._quotes: dict[str, dict[tuple[str, Decimal], str]] = {name: {} for name in exchange.symbols}
        self._names = list(exchange.symbols)
        self._pairs_per_step = min(pairs_per_step, len(self._names))
        self.steps = 0
        for symbol in exchange.symbols.values():
            for account in (MAKER, TAKER):
                exchange.deposit(account, symbol.base, _FLOAT)
                exchange.deposit(account, symbol.quote, _FLOAT)

    def step(self) -> None:
        """Move the middle of some pairs a little, renew their quotes, and trade in about every third visit."""
        first = self.steps * self._pairs_per_step
        self.steps += 1
        for number in range(first, first + self._pairs_per_step):
            symbol = self._exchange.symbols[self._names[number % len(self._names)]]
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
        quotes = self._quotes[symbol.name]
        wanted = {
            (side, middle + sign * tick * (1 + 2 * level))
            for level in range(self._levels)
            for side, sign in (("buy", -1), ("sell", 1))
        }
        best = {"buy": middle - tick, "sell": middle + tick}
        stale = []
        # Sorted: iterating a set of strings would differ from run to run.
        for key in sorted(quotes):
            side, price = key
            order = self._exchange.order(quotes[key])
            if order is None or not order.is_live:
                del quotes[key]
            elif key in wanted:
                wanted.discard(key)
            elif price >= best["sell"] if side == "buy" else price <= best["buy"]:
                self._withdraw(key, symbol)  # the new quotes would trade with it
            else:
                stale.append(key)
        for key in sorted(wanted):
            side, price = key
            if price <= 0:
                continue
            size = symbol.base_min_size * self._sizes.randint(20_000, 100_000)
            order_id = self._place(MAKER, symbol, side, type="limit", price=plain(price), size=plain(size))
            if order_id is not None:
                quotes[key] = order_id
        # Last, so that no side of the book is ever empty in between.
        for key in stale:
            self._withdraw(key, symbol)

    def _withdraw(self, key: tuple[str, Decimal], symbol: Symbol) -> None:
        order_id = self._quotes[symbol.name].pop(key)
        self._exchange.cancel(MAKER, {"symbol": symbol.name, "orderId": order_id})

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
