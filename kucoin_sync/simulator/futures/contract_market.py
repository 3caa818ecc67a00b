"""
The market of one contract: shared matching, and what a trade leaves no room for.

Closing orders must never be larger than the position. And where an order that only closes has taken the contracts that
others would have closed, those open more than was reckoned with; what there is no margin for is cancelled (assumed).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ..matching.events import Event
from ..matching.matching import Market, Settlement
from ..matching.orders import Order
from .contracts import Contract

__all__ = ["ContractMarket"]


class ContractMarket(Market):
    """
    The book of one contract.

    Args:
        contract: What is traded.
        settlement: Who moves the money.
        emit: Called with every event; must not call back into the market.
        surplus: Returns the resting orders of an account that may only close, with the size that no position is left
            for.
        starved: Returns the orders for which the fill of an order left no margin, told which orders rest.
        next_trade_id: Gives the ids of trades.
        sequence: Where the count of book changes starts.
    """

    def __init__(
        self,
        contract: Contract,
        settlement: Settlement,
        *,
        emit: Callable[[Event], None],
        surplus: Callable[[str, str], list[tuple[Order, Decimal]]],
        starved: Callable[[Order, Callable[[Order], bool]], list[Order]],
        next_trade_id: Callable[[], int],
        sequence: int,
    ) -> None:
        super().__init__(
            contract.symbol,
            settlement,
            emit=emit,
            size_step=Decimal(contract.lot_size),
            last_price=contract.initial_price,
            next_trade_id=next_trade_id,
            sequence=sequence,
        )
        self._surplus = surplus
        self._starved = starved

    def _trade(self, taker: Order, maker: Order, size: Decimal, price: Decimal) -> None:
        super()._trade(taker, maker, size, price)
        # At once: the arriving order may meet such an order next.
        for account in {taker.account: None, maker.account: None}:
            self._trim(account)
        for filled in (taker, maker):
            for order in self._starved(filled, self._rests):
                self._finish(order, "canceled", "NO_ENOUGH_BALANCE")

    def _trim(self, account: str) -> None:
        for order, size in self._surplus(account, self.name):
            if not self._rests(order):
                continue  # the arriving order: it was cut to its position when it came
            if size >= order.remaining:
                self._finish(order, "canceled", "CLOSE_ORDER_WITHOUT_POSITION")
            else:
                self._shrink(order, size, order.request.price)

    def _rests(self, order: Order) -> bool:
        return self.book.side(order.request.side).has(order)
