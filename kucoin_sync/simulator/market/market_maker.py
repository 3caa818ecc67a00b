"""A seeded house trader that keeps every book quoted and lets the price wander, step by step."""

from __future__ import annotations

from decimal import Decimal

from ..matching.orders import Refused
from ..matching.symbols import plain
from ..spot.exchange import Exchange
from .quoter import MAKER, TAKER, Instrument, Quoter

__all__ = ["MAKER", "TAKER", "MarketMaker"]

_FLOAT = Decimal("1000000000000")


class MarketMaker(Quoter):
    """
    Quotes around a random walk; the same seed gives the same steps.

    The middle stays within two per cent of the pair's initial price, so that an order far away rests for
    ever and a marketable one always finds a quote.

    With many pairs a step visits some of them, see `Quoter`. The same seed and the same pairs give the same walk of
    every price, whoever else trades.

    Args:
        exchange: Where to trade.
        seed: Seed of the walk.
        levels: Quotes on each side.
        pairs_per_step: Pairs visited in one step.
    """

    def __init__(self, exchange: Exchange, *, seed: int = 0, levels: int = 5, pairs_per_step: int = 10) -> None:
        pairs = exchange.symbols.values()
        super().__init__(
            (
                Instrument(
                    pair.name, pair.price_increment, pair.base_min_size, (20_000, 100_000), (10, 1000), pair.enabled
                )
                for pair in pairs
            ),
            seed=seed,
            levels=levels,
            visits=pairs_per_step,
        )
        self._exchange = exchange
        self._offsets = dict.fromkeys(exchange.symbols, 0)
        for symbol in pairs:
            for account in (MAKER, TAKER):
                exchange.deposit(account, symbol.base, _FLOAT)
                exchange.deposit(account, symbol.quote, _FLOAT)

    def middle(self, instrument: Instrument) -> Decimal:
        """See `Quoter.middle`."""
        start = self._exchange.symbols[instrument.name].initial_price
        return start + self._offsets[instrument.name] * instrument.tick

    def move(self, instrument: Instrument) -> None:
        """See `Quoter.move`."""
        if self.random.random() < 0.5:
            return
        start = self._exchange.symbols[instrument.name].initial_price
        bound = int(start / instrument.tick * Decimal("0.02"))
        offset = self._offsets[instrument.name] + self.random.randint(-5, 5)
        self._offsets[instrument.name] = max(-bound, min(bound, offset))

    def place(self, account: str, what: Instrument, side: str, size: Decimal, price: Decimal | None) -> str | None:
        """See `Quoter.place`."""
        args = {"symbol": what.name, "side": side, "size": plain(size), "type": "market"}
        if price is not None:
            args.update(type="limit", price=plain(price))
        try:
            return self._exchange.place(account, args).order_id
        except Refused:
            # Odd pair settings (a size off its own step) must not stop the simulator: it quotes less.
            return None

    def is_live(self, order_id: str) -> bool:
        """See `Quoter.is_live`."""
        order = self._exchange.order(order_id)
        return order is not None and order.is_live

    def withdraw(self, instrument: Instrument, order_id: str) -> None:
        """See `Quoter.withdraw`."""
        self._exchange.cancel(MAKER, {"symbol": instrument.name, "orderId": order_id})
