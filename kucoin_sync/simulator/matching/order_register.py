"""The order tables of one exchange: who placed what, what is live, and how long finished orders are remembered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from .orders import Order

__all__ = ["OrderRegister"]


class OrderRegister:
    """
    Orders by id, by account and, while they live, by client order id.

    Args:
        make_id: Turns the number of an order into its id; must show that the order is a simulated one.
        strict_client_oids: Client order ids count as taken for ever, not only while their order lives.
        house_accounts: Accounts whose finished orders are forgotten at once.
        max_done: Finished orders that stay available for look-ups.
    """

    def __init__(
        self,
        make_id: Callable[[int], str],
        *,
        strict_client_oids: bool = False,
        house_accounts: Iterable[str] = (),
        max_done: int = 100_000,
    ) -> None:
        self._make_id = make_id
        self._strict = strict_client_oids
        self._house = frozenset(house_accounts)
        self._max_done = max_done
        self._number = 0
        self._orders: dict[str, Order] = {}
        self._by_account: dict[str, dict[str, Order]] = {}
        self._live: dict[str, dict[str, Order]] = {}
        self._live_by_client_oid: dict[tuple[str, str], Order] = {}
        # All that are remembered, oldest first: the exchange takes an id again once its order is over.
        self._by_client_oid: dict[tuple[str, str], list[Order]] = {}
        self._live_counts: dict[tuple[str, str], int] = {}
        self._used_client_oids: dict[tuple[str, str], None] = {}
        self._done: deque[Order] = deque()

    def new_id(self) -> str:
        """Return the id of the next order."""
        self._number += 1
        return self._make_id(self._number)

    def add(self, order: Order) -> None:
        """Take a new, live order in."""
        account, client_oid = order.account, order.request.client_oid
        self._orders[order.order_id] = order
        self._by_account.setdefault(account, {})[order.order_id] = order
        self._live.setdefault(account, {})[order.order_id] = order
        self._count(order, 1)
        if client_oid is None:
            return
        self._live_by_client_oid[account, client_oid] = order
        self._by_client_oid.setdefault((account, client_oid), []).append(order)
        if self._strict:
            self._used_client_oids[account, client_oid] = None
            if len(self._used_client_oids) > self._max_done:
                del self._used_client_oids[next(iter(self._used_client_oids))]

    def finish(self, order: Order) -> None:
        """Note that a live order is over."""
        account, client_oid = order.account, order.request.client_oid
        del self._live[account][order.order_id]
        self._count(order, -1)
        if client_oid is not None:
            self._live_by_client_oid.pop((account, client_oid), None)
        if account in self._house:
            self._forget(order)
            return
        self._done.append(order)
        if len(self._done) > self._max_done:
            self._forget(self._done.popleft())

    def is_taken(self, account: str, client_oid: str) -> bool:
        """Tell whether a new order may not use this client order id."""
        key = (account, client_oid)
        return key in self._live_by_client_oid or (self._strict and key in self._used_client_oids)

    def get(self, order_id: str) -> Order | None:
        """Return an order, live or remembered."""
        return self._orders.get(order_id)

    def live_by_client_oid(self, account: str, client_oid: str) -> Order | None:
        """Return the live order with this client order id."""
        return self._live_by_client_oid.get((account, client_oid))

    def by_client_oid(self, account: str, client_oid: str) -> Order | None:
        """Return the live order with this client order id, else the newest remembered one."""
        live = self._live_by_client_oid.get((account, client_oid))
        if live is not None:
            return live
        remembered = self._by_client_oid.get((account, client_oid))
        return None if remembered is None else remembered[-1]

    def all(self, account: str | None = None) -> list[Order]:
        """Return the orders of an account, or all, oldest first."""
        return list((self._orders if account is None else self._by_account.get(account, {})).values())

    def live(self, account: str | None = None) -> list[Order]:
        """Return the live orders of an account, or all, oldest first."""
        if account is None:
            return [order for order in self._orders.values() if order.outcome is None]
        return list(self._live.get(account, {}).values())

    def live_count(self, account: str, symbol: str = "") -> int:
        """Return how many live orders an account has, in all or on one symbol."""
        return self._live_counts.get((account, symbol), 0)

    def _forget(self, order: Order) -> None:
        del self._orders[order.order_id]
        del self._by_account[order.account][order.order_id]
        if order.request.client_oid is not None:
            key = (order.account, order.request.client_oid)
            self._by_client_oid[key].remove(order)
            if not self._by_client_oid[key]:
                del self._by_client_oid[key]

    def _count(self, order: Order, change: int) -> None:
        for key in ((order.account, ""), (order.account, order.request.symbol)):
            self._live_counts[key] = self._live_counts.get(key, 0) + change
