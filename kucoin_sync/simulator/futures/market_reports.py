"""Turns what the markets of contracts report into the events of contracts, and remembers trades and fills."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from attrs import evolve

from ..matching.events import (
    BookChanged,
    Event,
    OrderDone,
    OrderMatched,
    OrderOpened,
    OrderUpdated,
    TickerChanged,
    Trade,
    Traded,
)
from ..matching.order_register import OrderRegister
from .events import (
    FuturesFill,
    FuturesOrderDone,
    FuturesOrderMatched,
    FuturesOrderOpened,
    FuturesOrderUpdated,
)
from .orders import FuturesOrder

__all__ = ["MarketReports"]


class MarketReports:
    """
    What happened to orders and books. Orders of the simulator's own accounts are not reported.

    Args:
        orders: All orders.
        house: Accounts of the simulator itself.
        emit: Called with every event.
        take_fill: Returns an order's side of the trade that is being reported.
        max_fills: Fills that are remembered.

    Attributes:
        trades: The latest trades of everybody, oldest first.
        fills: The latest fills of those who are not the house, oldest first.
    """

    def __init__(
        self,
        orders: OrderRegister,
        *,
        house: Iterable[str],
        emit: Callable[[Event], None],
        take_fill: Callable[[str], FuturesFill],
        max_fills: int,
    ) -> None:
        self._orders = orders
        self._house = frozenset(house)
        self._emit = emit
        self._take_fill = take_fill
        self._changed: dict[str, None] = {}
        self.trades: deque[Trade] = deque(maxlen=10_000)
        self.fills: deque[FuturesFill] = deque(maxlen=max_fills)

    def take_changed(self) -> list[str]:
        """Return the symbols whose ticker may have changed since the last call."""
        changed, self._changed = self._changed, {}
        return list(changed)

    def translate(self, event: Event) -> None:
        """Take what a market reports; of an order that was received contracts report nothing."""
        if isinstance(event, BookChanged):
            self._changed[event.symbol] = None
            self._emit(event)
        elif isinstance(event, TickerChanged):
            self._emit(event)
        elif isinstance(event, Traded):
            self._traded(event.trade)
        elif isinstance(event, (OrderOpened, OrderMatched, OrderUpdated, OrderDone)):
            order = self._orders.get(event.order.order_id)
            if isinstance(order, FuturesOrder) and order.account not in self._house:
                self._order(event, order)

    def fill(self, event: Event) -> None:
        """Remember the fill of an event and pass it on."""
        if isinstance(event, FuturesOrderMatched):
            self.fills.append(event.fill)
        self._emit(event)

    def _traded(self, trade: Trade) -> None:
        self._changed[trade.symbol] = None  # a hidden order may have traded, which changes no book
        maker = self._orders.get(trade.maker_order_id)
        trade = evolve(trade, is_rpi=maker is not None and maker.request.time_in_force == "RPI")
        self.trades.append(trade)
        self._emit(Traded(trade))

    def _order(self, event: OrderOpened | OrderMatched | OrderUpdated | OrderDone, order: FuturesOrder) -> None:
        state = order.futures_state()
        if isinstance(event, OrderMatched):
            self.fill(FuturesOrderMatched(state, self._take_fill(state.order_id)))
        elif isinstance(event, OrderUpdated):
            self._emit(FuturesOrderUpdated(state, event.old_size))
        elif isinstance(event, OrderOpened):
            self._emit(FuturesOrderOpened(state))
        else:
            self._emit(FuturesOrderDone(state))
