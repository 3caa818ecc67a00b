"""
What fields of the models are made of: book levels, and the words of the exchange as enums.

A word that is not listed stays the plain `str`: the exchange adds some without notice. Words compare equal to their
text, ``order.side == "buy"``.

Source: OKX docs v5, the pages of the channels (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from kucoin_sync.modelling.fields import Word

__all__ = [
    "AlgoState",
    "AmendResult",
    "BalanceEvent",
    "BookAction",
    "BookLevel",
    "InstrumentKind",
    "InstrumentState",
    "Liquidity",
    "MarginMode",
    "OrderCategory",
    "OrderState",
    "OrderType",
    "PositionSide",
    "PushEvent",
    "RpiLevel",
    "SelfTradePrevention",
    "SettlementKind",
    "Side",
    "SizeCurrency",
    "SpreadLevel",
    "SpreadTradeState",
    "TradeMode",
]


class BookLevel(NamedTuple):
    """One price of a book, the size there and how many orders make it; in an update a size of 0 removes the price."""

    price: Decimal
    size: Decimal
    orders: int


class RpiLevel(NamedTuple):
    """A level of a book with retail price improvement orders: ``size`` of all, ``organic_size`` without those."""

    price: Decimal
    size: Decimal
    organic_size: Decimal
    orders: int


class SpreadLevel(NamedTuple):
    """One price of a book of a spread, which may be negative."""

    price: Decimal
    size: Decimal
    orders: int


class InstrumentKind(Word):
    """What an instrument is."""

    SPOT = "SPOT"
    MARGIN = "MARGIN"
    SWAP = "SWAP"
    FUTURES = "FUTURES"
    OPTION = "OPTION"
    EVENTS = "EVENTS"
    ANY = "ANY"


class InstrumentState(Word):
    """Whether an instrument is traded."""

    LIVE = "live"
    SUSPEND = "suspend"
    PREOPEN = "preopen"
    TEST = "test"
    REBASE = "rebase"
    POST_ONLY = "post_only"
    SETTLING = "settling"


class Side(Word):
    """Side of an order, or of the taker in a trade."""

    BUY = "buy"
    SELL = "sell"


class PositionSide(Word):
    """Side of a position; ``NET`` in net mode."""

    NET = "net"
    LONG = "long"
    SHORT = "short"


class TradeMode(Word):
    """What an order is backed by."""

    CASH = "cash"
    CROSS = "cross"
    ISOLATED = "isolated"
    SPOT_ISOLATED = "spot_isolated"


class MarginMode(Word):
    """Margin mode of a position."""

    CROSS = "cross"
    ISOLATED = "isolated"


class OrderType(Word):
    """Type of an order, of an algo order too."""

    MARKET = "market"
    LIMIT = "limit"
    POST_ONLY = "post_only"
    FOK = "fok"
    IOC = "ioc"
    OPTIMAL_LIMIT_IOC = "optimal_limit_ioc"
    MMP = "mmp"
    MMP_AND_POST_ONLY = "mmp_and_post_only"
    RPI = "rpi"
    ELP = "elp"
    TRIGGER = "trigger"
    CONDITIONAL = "conditional"
    OCO = "oco"
    CHASE = "chase"
    ICEBERG = "iceberg"
    TWAP = "twap"
    MOVE_ORDER_STOP = "move_order_stop"


class OrderState(Word):
    """State of an order. ``FILLED`` can come without a fill: the rest of a market order is nothing."""

    LIVE = "live"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    MMP_CANCELED = "mmp_canceled"


class AlgoState(Word):
    """State of an algo order."""

    LIVE = "live"
    EFFECTIVE = "effective"
    PARTIALLY_EFFECTIVE = "partially_effective"
    CANCELED = "canceled"
    ORDER_FAILED = "order_failed"
    PARTIALLY_FAILED = "partially_failed"
    PAUSE = "pause"


class AmendResult(Word):
    """What became of an amendment: failed, done, order canceled because it failed, amended by the exchange."""

    FAILED = "-1"
    DONE = "0"
    CANCELED = "1"
    AUTOMATIC = "2"


class OrderCategory(Word):
    """What an order comes from."""

    NORMAL = "normal"
    TWAP = "twap"
    ADL = "adl"
    FULL_LIQUIDATION = "full_liquidation"
    PARTIAL_LIQUIDATION = "partial_liquidation"
    DELIVERY = "delivery"
    DDH = "ddh"
    AUTO_CONVERSION = "auto_conversion"


class Liquidity(Word):
    """Role in a fill."""

    TAKER = "T"
    MAKER = "M"


class SelfTradePrevention(Word):
    """Which order gives way when both are one's own."""

    CANCEL_MAKER = "cancel_maker"
    CANCEL_TAKER = "cancel_taker"
    CANCEL_BOTH = "cancel_both"


class SizeCurrency(Word):
    """What the size of a spot market order counts."""

    BASE = "base_ccy"
    QUOTE = "quote_ccy"


class BookAction(Word):
    """Whether a push replaces the book or changes it."""

    SNAPSHOT = "snapshot"
    UPDATE = "update"


class PushEvent(Word):
    """Whether a push shows everything, in pages, or what changed."""

    SNAPSHOT = "snapshot"
    EVENT_UPDATE = "event_update"


class BalanceEvent(Word):
    """What changed a balance or a position."""

    SNAPSHOT = "snapshot"
    FILLED = "filled"
    TRANSFERRED = "transferred"
    DELIVERED = "delivered"
    EXERCISED = "exercised"
    LIQUIDATION = "liquidation"
    ADL = "adl"
    FUNDING_FEE = "funding_fee"
    ADJUST_MARGIN = "adjust_margin"
    SET_LEVERAGE = "set_leverage"
    INTEREST_DEDUCTION = "interest_deduction"
    SETTLEMENT = "settlement"
    CLAW_BACK = "claw_back"


class SettlementKind(Word):
    """What an estimated price is for."""

    SETTLEMENT = "settlement"
    DELIVERY = "delivery"
    EXERCISE = "exercise"


class SpreadTradeState(Word):
    """Whether a trade of a spread was settled."""

    FILLED = "filled"
    REJECTED = "rejected"
