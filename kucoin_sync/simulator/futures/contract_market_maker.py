"""A seeded house trader that keeps every contract quoted around its index price."""

from __future__ import annotations

import itertools
from decimal import ROUND_HALF_EVEN, Decimal

from ..market.quoter import MAKER, Instrument, Quoter
from ..matching.orders import Refused
from ..matching.symbols import plain
from .contracts import to_tick
from .exchange import FuturesExchange

__all__ = ["ContractMarketMaker"]


class ContractMarketMaker(Quoter):
    """
    Quotes around the index price; the same seed gives the same steps for the same prices.

    Its two accounts are the house's, which need no margin.

    Args:
        exchange: Where to trade.
        seed: Seed of sizes and sides.
        levels: Quotes on each side.
        contracts_per_step: Contracts visited in one step.
    """

    def __init__(
        self, exchange: FuturesExchange, *, seed: int = 0, levels: int = 5, contracts_per_step: int = 5
    ) -> None:
        super().__init__(
            (
                Instrument(each.symbol, each.tick_size, Decimal(each.lot_size), (200, 1000), (1, 20), each.enabled)
                for each in exchange.contracts.values()
            ),
            seed=seed,
            levels=levels,
            visits=contracts_per_step,
        )
        self._exchange = exchange
        self._names = itertools.count(1)

    def middle(self, instrument: Instrument) -> Decimal:
        """See `Quoter.middle`."""
        return to_tick(self._exchange.prices[instrument.name].index, instrument.tick, rounding=ROUND_HALF_EVEN)

    def move(self, instrument: Instrument) -> None:
        """The index moves by itself."""

    def place(self, account: str, what: Instrument, side: str, size: Decimal, price: Decimal | None) -> str | None:
        """See `Quoter.place`."""
        args = {
            "clientOid": f"house-{next(self._names)}",
            "symbol": what.name,
            "side": side,
            "size": int(size),
            "type": "market",
        }
        if price is not None:
            args.update(type="limit", price=plain(price))
        try:
            return self._exchange.place(account, args).order_id
        except Refused:
            # Odd contract settings must not stop the simulator: it quotes less.
            return None

    def is_live(self, order_id: str) -> bool:
        """See `Quoter.is_live`."""
        order = self._exchange.order(order_id)
        return order is not None and order.is_live

    def withdraw(self, instrument: Instrument, order_id: str) -> None:
        """See `Quoter.withdraw`."""
        self._exchange.cancel(MAKER, {"orderId": order_id})
