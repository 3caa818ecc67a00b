"""
Spot and margin orders that wait for a price.

They hold no money while they wait; when the last price reaches theirs the exchange places the order behind them,
which may then be refused. ``stop`` is ``loss`` (fires at or below the price) or ``entry`` (at or above); where a
client names none it follows from the side of the last price on which the stop price lies (assumed).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal

from attrs import evolve

from ..matching.events import Event, StopOrderChanged
from ..matching.orders import OrderRequest, StopOrderState
from .refusals import refused

__all__ = ["StopOrders"]

MAX_PER_ACCOUNT = 200
MAX_DONE = 10_000


class StopOrders:
    """
    All stop orders of one exchange.

    Args:
        emit: Called with every event.
    """

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._number = 0
        self._orders: dict[str, StopOrderState] = {}
        self._waiting: dict[str, dict[str, StopOrderState]] = {}
        self._done: deque[str] = deque()

    def place(self, account: str, request: OrderRequest, last_price: Decimal, now: int) -> StopOrderState:
        """
        Take a stop order.

        Raises:
            Refused: Its client order id is taken by another waiting one, or there are too many.
        """
        waiting = [order for order in self.waiting() if order.account == account]
        if len(waiting) >= MAX_PER_ACCOUNT:
            raise refused("too_many")
        oid = request.client_oid
        if oid is not None and any(order.request.client_oid == oid for order in waiting):
            raise refused("duplicate")
        if not request.stop:
            request = evolve(request, stop="loss" if request.stop_price <= last_price else "entry")
        self._number += 1
        order = StopOrderState(f"vsSIM{self._number:019x}", account, request, "NEW", now)
        self._orders[order.order_id] = order
        self._waiting.setdefault(request.symbol, {})[order.order_id] = order
        self._emit(StopOrderChanged(order, "open", None, now))
        return order

    def cancel(self, order: StopOrderState, now: int) -> None:
        """End a waiting order."""
        self._emit(StopOrderChanged(self._end(evolve(order, status="CANCELLED")), "cancel", None, now))

    def fired(self, order: StopOrderState, order_id: str | None, error: str | None, now: int) -> None:
        """Note that the order behind a due one was placed, or why it was not."""
        done = evolve(order, status="TRIGGERED", triggered_at_ns=now, related_order_id=order_id)
        self._emit(StopOrderChanged(self._end(done), "triggered", error, now))

    def due(self, symbol: str, last_price: Decimal) -> list[StopOrderState]:
        """Return the waiting orders of a pair that fire at this price, oldest first."""
        return [order for order in self._waiting.get(symbol, {}).values() if _fires(order.request, last_price)]

    def get(self, account: str, order_id: str) -> StopOrderState | None:
        """Return an order of an account, waiting or remembered."""
        order = self._orders.get(order_id)
        return order if order is not None and order.account == account else None

    def by_client_oid(self, account: str, client_oid: str, symbol: str | None = None) -> list[StopOrderState]:
        """Return the orders of an account with this client order id, newest first."""
        return [
            order
            for order in reversed(self._orders.values())
            if order.account == account
            and order.request.client_oid == client_oid
            and symbol in (None, order.request.symbol)
        ]

    def waiting(self, filters: Mapping[str, str] | None = None) -> list[StopOrderState]:
        """Return the waiting orders whose ``account`` or fields of the request are as given, newest first."""
        orders = [order for orders in self._waiting.values() for order in orders.values()]
        for name, value in (filters or {}).items():
            orders = [o for o in orders if (o.account if name == "account" else getattr(o.request, name)) == value]
        return sorted(orders, key=lambda order: order.order_id, reverse=True)

    def _end(self, order: StopOrderState) -> StopOrderState:
        del self._waiting[order.request.symbol][order.order_id]
        self._orders[order.order_id] = order
        self._done.append(order.order_id)
        if len(self._done) > MAX_DONE:
            del self._orders[self._done.popleft()]
        return order


def _fires(request: OrderRequest, last_price: Decimal) -> bool:
    return last_price <= request.stop_price if request.stop == "loss" else last_price >= request.stop_price
