"""What the exchange allows a client: how many frames, topics, connections, requests and orders."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

__all__ = ["Limits", "OrderCaps", "Pool"]


class OrderCaps(Protocol):
    """How many orders an account may have; ``None`` for any number, which is 100000 all the same."""

    @property
    def open_orders(self) -> int | None:
        """Live orders on the spot market."""

    @property
    def open_orders_per_symbol(self) -> int | None:
        """Live orders on one pair."""

    @property
    def open_contract_orders(self) -> int | None:
        """Resting orders on one contract."""

    @property
    def stop_contract_orders(self) -> int | None:
        """Waiting orders on one contract."""


@frozen
class Limits:
    """
    Limits of KuCoin; `Limits.off()` leaves only the bounds that protect the simulator itself.

    Attributes:
        frames_per_window, frame_window: Frames a connection may send, in how many seconds.
        topics_per_frame: Symbols of one subscribe command of the classic streams.
        topics_per_connection: Topics of one connection of the classic spot stream; the futures one has no limit.
        connections, connections_per_minute: Classic stream connections of one user, at once and newly opened.
        order_pool, other_pools, order_window: Weight of the requests of one user, in how many seconds.
        open_orders, open_orders_per_symbol: Live orders of one user on the spot market; never more than 100000.
        open_contract_orders, stop_contract_orders: Resting and waiting orders of one user on one contract; the same.
    """

    frames_per_window: int | None = 100
    frame_window: float = 10.0
    topics_per_frame: int | None = 100
    topics_per_connection: int | None = 400
    connections: int | None = 800
    connections_per_minute: int | None = 30
    order_pool: int | None = 4000
    other_pools: int | None = 2000
    order_window: float = 30.0
    open_orders: int | None = 2000
    open_orders_per_symbol: int | None = 200
    pro_public_frames: int | None = 300
    pro_private_frames: int | None = 100
    pro_public_topics: int | None = 600
    pro_private_topics: int | None = 400
    pro_ping_interval: float | None = 1.0
    open_contract_orders: int | None = 100
    stop_contract_orders: int | None = 200

    @classmethod
    def off(cls) -> Limits:
        """Return limits that never strike."""
        return cls(
            frames_per_window=None,
            topics_per_frame=None,
            topics_per_connection=10_000,
            connections=None,
            connections_per_minute=None,
            order_pool=None,
            other_pools=None,
            open_orders=None,
            open_orders_per_symbol=None,
            pro_public_frames=None,
            pro_private_frames=None,
            pro_public_topics=10_000,
            pro_private_topics=10_000,
            pro_ping_interval=None,
            open_contract_orders=None,
            stop_contract_orders=None,
        )


class Pool:
    """A request pool of one account: a window that starts with the first request and is then refilled."""

    def __init__(self, limit: int | None, window: float) -> None:
        # Without a limit replies still carry the numbers of a full pool.
        self._limit, self._window = limit, window
        self._used, self._ends_at = 0, 0.0

    def take(self, now: float, weight: int = 1) -> bool:
        """Use ``weight`` of the pool; return False if that is not there."""
        if now >= self._ends_at:
            self._used, self._ends_at = 0, now + self._window
        if self._limit is None:
            return True
        if self._used + weight > self._limit:
            return False
        self._used += weight
        return True

    def as_wire(self, now: float) -> dict[str, int]:
        """Return ``{"limit": 4000, "remaining": 3999, "reset": 30000}``."""
        limit = 4000 if self._limit is None else self._limit
        reset = max(0, round((self._ends_at - now) * 1000))
        return {"limit": limit, "remaining": limit - self._used, "reset": reset}
