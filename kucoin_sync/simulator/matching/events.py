"""What the matching engines report: frozen values, in the order in which things happened."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from ..futures.events import FuturesEvent
from .account_states import MarginAccount
from .orders import LendingOrderState, OrderState, StopOrderState

__all__ = [
    "BookChanged",
    "CallAuctionChanged",
    "Event",
    "IsolatedPositionChanged",
    "LendingChanged",
    "LendingOrderChanged",
    "MarginStatusChanged",
    "OrderDone",
    "OrderMatched",
    "OrderOpened",
    "OrderReceived",
    "OrderUpdated",
    "StopOrderChanged",
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


@frozen
class StopOrderChanged:
    """
    A stop order was taken, has fired or is gone.

    Attributes:
        kind: ``open``, ``triggered`` or ``cancel``.
        error: With ``triggered``: why no order could be placed; ``None`` if one was.
    """

    order: StopOrderState
    kind: str
    error: str | None
    time_ns: int


@frozen
class MarginStatusChanged:
    """The cross margin wallet of an account changed its state; ``kind`` as in ``position.status``."""

    account: str
    kind: str
    time_ns: int


@frozen
class IsolatedPositionChanged:
    """
    An isolated margin wallet changed.

    Attributes:
        status: ``DEBT``, ``CLEAR`` or ``IN_LIQUIDATION``.
        cause: ``USER_BORROW``, ``TRADE_AUTO_BORROW``, ``USER_REPAY``, ``AUTO_REPAY``, ``DEFAULT_DEBT`` ...
    """

    state: MarginAccount
    status: str
    cause: str
    time_ns: int


@frozen
class CallAuctionChanged:
    """
    The expected result of a running call auction changed.

    Attributes:
        estimated_price, estimated_size: Zero while nothing would trade.
        sell_low, sell_high, buy_low, buy_high: Prices that orders may have.
    """

    symbol: str
    estimated_price: Decimal
    estimated_size: Decimal
    sell_low: Decimal
    sell_high: Decimal
    buy_low: Decimal
    buy_high: Decimal
    time_ns: int


@frozen
class LendingChanged:
    """
    A level of the lending book of a currency changed; the fields are those of ``/margin/fundingBook``.

    Attributes:
        sequence: Counts the changes of one currency without gaps.
        term: Days.
        size: All that is offered (``lend``) or wanted (``borrow``) at this rate and term now.
    """

    currency: str
    sequence: int
    daily_rate: Decimal
    annual_rate: Decimal
    term: int
    size: Decimal
    side: str
    time_ns: int


@frozen
class LendingOrderChanged:
    """An order of the lending book was opened, partly lent or ended; ``kind`` is ``open``, ``update`` or ``done``."""

    order: LendingOrderState
    kind: str
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
    | StopOrderChanged
    | MarginStatusChanged
    | IsolatedPositionChanged
    | CallAuctionChanged
    | LendingChanged
    | LendingOrderChanged
    | FuturesEvent
)
