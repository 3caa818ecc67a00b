"""What OKX allows a client."""

from __future__ import annotations

from attrs import frozen

__all__ = ["OkxLimits"]


@frozen
class OkxLimits:
    """
    Limits of the service; `OkxLimits.off()` leaves only the bounds that protect the simulator itself.

    Attributes:
        connections_per_second: New WebSocket connections of one address.
        requests_per_hour: Subscribe, unsubscribe and log-in frames of one connection.
        frame_bytes: Length of one frame of the client.
        connections_per_channel: Connections of one account that may have one of the counted private channels.
        orders, batch_orders, spread_orders, mass_cancels: Of one account in `order_window`: single orders of one
            instrument and kind of operation, orders in batches, spread orders, mass cancels.
        account_orders: New and amended orders of one account in `order_window`, whatever they are about.
        order_window: Seconds.
        rest: Whether the limits of REST calls hold.
        open_orders, open_orders_per_symbol, open_contract_orders, stop_contract_orders: Live orders of an account: on
            spot pairs, on one of them, and on one contract (all assumed).
    """

    connections_per_second: int | None = 3
    requests_per_hour: int | None = 480
    frame_bytes: int | None = 64 * 1024
    connections_per_channel: int | None = 30
    orders: int | None = 60
    batch_orders: int | None = 300
    spread_orders: int | None = 20
    mass_cancels: int | None = 5
    account_orders: int | None = 1000
    order_window: float = 2.0
    rest: bool = True
    open_orders: int | None = 4000
    open_orders_per_symbol: int | None = 500
    open_contract_orders: int | None = 500
    stop_contract_orders: int | None = 500

    @classmethod
    def off(cls) -> OkxLimits:
        """Return limits that never strike."""
        return cls(
            connections_per_second=None,
            requests_per_hour=None,
            frame_bytes=None,
            connections_per_channel=None,
            orders=None,
            batch_orders=None,
            spread_orders=None,
            mass_cancels=None,
            account_orders=None,
            rest=False,
            open_orders=None,
            open_orders_per_symbol=None,
            open_contract_orders=None,
            stop_contract_orders=None,
        )
