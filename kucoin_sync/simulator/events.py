"""What the matching engine reports: frozen values, in the order in which things happened."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from .orders import OrderState

__all__ = ["Event", "OrderDone", "OrderMatched", "OrderOpened", "Ticker", "TickerChanged", "Trade", "Traded"]


@frozen
class Trade:
    """One fill between a resting and an arriving order; ``side`` is that of the arriving one."""

    trade_id: int
    symbol: str
    side: str
    price: Decimal
    size: Decimal
    maker_order_id: str
    taker_order_id: str
    maker_account: str
    taker_account: str
    maker_fee: Decimal
    taker_fee: Decimal
    time_ns: int


@frozen
class Ticker:
    """Best prices and last trade of one pair; a missing side has price and size zero."""

    symbol: str
    price: Decimal
    size: Decimal
    best_bid: Decimal
    best_bid_size: Decimal
    best_ask: Decimal
    best_ask_size: Decimal
    time_ns: int


@frozen
class OrderOpened:
    """The order rests in the book."""

    order: OrderState


@frozen
class OrderMatched:
    """The order took part in a trade."""

    order: OrderState
    trade: Trade
    is_maker: bool


@frozen
class OrderDone:
    """The order is over; ``order.outcome`` says how."""

    order: OrderState


@frozen
class Traded:
    """A trade, once for both of its orders."""

    trade: Trade


@frozen
class TickerChanged:
    """The top of the book or the last trade changed; once per operation and pair."""

    ticker: Ticker


Event = OrderOpened | OrderMatched | OrderDone | Traded | TickerChanged
