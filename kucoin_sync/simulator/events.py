"""What the matching engines report: frozen values, in the order in which things happened."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from .futures_events import FuturesEvent
from .orders import OrderState

__all__ = [
    "BookChanged",
    "Event",
    "OrderDone",
    "OrderMatched",
    "OrderOpened",
    "OrderReceived",
    "OrderUpdated",
    "Ticker",
    "TickerChanged",
    "Trade",
    "Traded",
    "WalletChanged",
]


@frozen
class Trade:
    """
    One fill between a resting and an arriving order of a pair or a contract; ``side`` is that of the arriving one.

    ``is_rpi`` tells that a retail price improvement order took part (contracts only).
    """

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
    is_rpi: bool = False


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
class OrderReceived:
    """The engine took the order and has not matched it yet."""

    order: OrderState


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
class OrderUpdated:
    """The size of a resting order changed without a fill; ``old_size`` is what it was."""

    order: OrderState
    old_size: Decimal


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


@frozen
class BookChanged:
    """
    One level of a book changed.

    Attributes:
        sequence: Counts the changes of one symbol without gaps.
        side: ``buy`` for a bid, ``sell`` for an ask.
        size: All that is visible at ``price`` now; zero when the level is gone.
    """

    symbol: str
    sequence: int
    side: str
    price: Decimal
    size: Decimal
    time_ns: int


@frozen
class WalletChanged:
    """
    A balance changed.

    Attributes:
        wallet: ``main``, ``trade``, ``margin``, ``isolated:BTC-USDT`` ...: which wallet of the account.
        available, held: After the change.
        available_change, held_change: Signed.
        cause: ``hold`` (an order reserves or releases), ``setted`` (a trade was settled), ``transfer`` or ``other``.
    """

    account: str
    wallet: str
    currency: str
    available: Decimal
    held: Decimal
    available_change: Decimal
    held_change: Decimal
    cause: str
    symbol: str | None
    order_id: str | None
    trade_id: int | None
    time_ns: int


Event = (
    OrderReceived
    | OrderOpened
    | OrderMatched
    | OrderUpdated
    | OrderDone
    | Traded
    | TickerChanged
    | BookChanged
    | WalletChanged
    | FuturesEvent
)
