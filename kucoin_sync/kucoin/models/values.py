"""
What fields of the models are made of: book levels, and the words of the exchange as enums.

A word that is not listed stays the plain `str` (a code the plain `int`): the exchange adds some without notice. Words
compare equal to their text, ``order.side == "buy"``. Upper and lower case mean the same on the wire; here each word has
one spelling.
"""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from kucoin_sync.modelling.fields import Word

__all__ = [
    "Board",
    "CancelReason",
    "CollateralStatus",
    "ExecutionType",
    "FeeType",
    "FuturesTradeType",
    "IsolatedEvent",
    "IsolatedStatus",
    "LendingSide",
    "Level",
    "Liquidity",
    "LoanEnd",
    "MarginEvent",
    "MarginMode",
    "OrderEvent",
    "OrderSource",
    "OrderStatus",
    "OrderType",
    "PositionChangeReason",
    "PositionSide",
    "PriceKind",
    "ProOrderEvent",
    "ProOrderStatus",
    "ProductType",
    "PushKind",
    "RiskEvent",
    "RpiLevel",
    "SelfTradePrevention",
    "SequencedLevel",
    "Side",
    "SizeUnit",
    "SpotTradeType",
    "StopEvent",
    "StopKind",
    "SymbolMark",
    "TimeInForce",
    "TriggerDirection",
]


class Level(NamedTuple):
    """One price of a book and the size there; in an increment a size of 0 removes the price."""

    price: Decimal
    size: Decimal


class SequencedLevel(NamedTuple):
    """A level of a spot increment, with the sequence number of its change."""

    price: Decimal
    size: Decimal
    sequence: int


class RpiLevel(NamedTuple):
    """A level with retail price improvement orders told apart: ``size`` without them, ``rpi_size`` of them."""

    price: Decimal
    size: Decimal
    rpi_size: Decimal


# Of several products.


class Side(Word):
    """Side of an order, or of the taker in a trade."""

    BUY = "buy"
    SELL = "sell"


class OrderType(Word):
    """Type of an order."""

    LIMIT = "limit"
    MARKET = "market"
    STOP = "stop"


class OrderEvent(Word):
    """What happened to an order of a classic account. ``RECEIVED`` comes on spot only."""

    RECEIVED = "received"
    OPEN = "open"
    MATCH = "match"
    UPDATE = "update"
    FILLED = "filled"
    CANCELED = "canceled"


class OrderStatus(Word):
    """
    Status of an order of a classic account.

    ``MATCH`` does not say whether the order is complete: wait for `OrderEvent.FILLED`.
    """

    NEW = "new"
    OPEN = "open"
    MATCH = "match"
    DONE = "done"


class Liquidity(Word):
    """Role in a fill."""

    TAKER = "taker"
    MAKER = "maker"


class FeeType(Word):
    """Which fee a fill pays."""

    TAKER = "takerFee"
    MAKER = "makerFee"


class StopEvent(Word):
    """What happened to a stop order."""

    OPEN = "open"
    TRIGGERED = "triggered"
    CANCEL = "cancel"


class MarginMode(Word):
    """Margin mode of a position."""

    ISOLATED = "ISOLATED"
    CROSS = "CROSS"


class PositionSide(Word):
    """Side of a position; ``BOTH`` in one-way mode."""

    BOTH = "BOTH"
    LONG = "LONG"
    SHORT = "SHORT"


class PriceKind(Word):
    """Which price triggers: of the last trade, the mark price, the index."""

    LAST = "TP"
    MARK = "MP"
    INDEX = "IP"


class TriggerDirection(Word):
    """Whether a price triggers when it rises to the stop price, or falls to it."""

    UP = "up"
    DOWN = "down"


# Spot and margin.


class Board(IntEnum):
    """Board of a spot symbol."""

    PRIMARY = 0
    KUCOIN_PLUS = 1


class SymbolMark(IntEnum):
    """Mark of a spot symbol."""

    NONE = 0
    ST = 1
    NEW = 2


class StopKind(Word):
    """Kind of a spot stop order."""

    LOSS = "loss"
    ENTRY = "entry"
    L_L_O = "l_l_o"
    L_S_O = "l_s_o"
    E_L_O = "e_l_o"
    E_S_O = "e_s_o"
    TSO = "tso"


class SpotTradeType(Word):
    """Which account a spot stop order trades on."""

    SPOT = "TRADE"
    CROSS_MARGIN = "MARGIN_TRADE"
    ISOLATED_MARGIN = "MARGIN_ISOLATED_TRADE"


class LendingSide(Word):
    """Side of an order of the lending market."""

    LEND = "lend"
    BORROW = "borrow"


class LoanEnd(Word):
    """Why an order of the lending market is done."""

    FILLED = "filled"
    CANCELED = "canceled"


class MarginEvent(Word):
    """What happened to a cross margin account: frozen by forced liquidation or by renewal, in debt after it, or not."""

    FROZEN_BY_LIQUIDATION = "FROZEN_FL"
    UNFROZEN_AFTER_LIQUIDATION = "UNFROZEN_FL"
    FROZEN_BY_RENEWAL = "FROZEN_RENEW"
    UNFROZEN_AFTER_RENEWAL = "UNFROZEN_RENEW"
    LIABILITY = "LIABILITY"
    NO_LIABILITY = "UNLIABILITY"


class IsolatedStatus(Word):
    """State of an isolated margin position."""

    DEBT = "DEBT"
    CLEAR = "CLEAR"
    IN_BORROW = "IN_BORROW"
    IN_REPAY = "IN_REPAY"
    IN_LIQUIDATION = "IN_LIQUIDATION"
    IN_AUTO_RENEW = "IN_AUTO_RENEW"


class IsolatedEvent(Word):
    """What brought an isolated margin position into its state."""

    FORCE_LIQUIDATION = "FORCE_LIQUIDATION"
    USER_BORROW = "USER_BORROW"
    TRADE_AUTO_BORROW = "TRADE_AUTO_BORROW"
    USER_REPAY = "USER_REPAY"
    AUTO_REPAY = "AUTO_REPAY"
    DEFAULT_DEBT = "DEFAULT_DEBT"
    DEFAULT_CLEAR = "DEFAULT_CLEAR"
    ONE_CLICK_LIQUIDATION = "ONE_CLICK_LIQUIDATION"
    B2C_INTEREST_SETTLE_LIQUIDATION = "B2C_INTEREST_SETTLE_LIQUIDATION"
    AIR_DROP_LIQUIDATION = "AIR_DROP_LIQUIDATION"


# Futures.


class FuturesTradeType(Word):
    """What a futures fill comes from: an order, a liquidation, automatic deleveraging."""

    TRADE = "trade"
    LIQUIDATION = "liquid"
    ADL = "adl"


class PositionChangeReason(Word):
    """Why a position was pushed."""

    MARGIN_CHANGE = "marginChange"
    POSITION_CHANGE = "positionChange"
    LIQUIDATION = "liquidation"
    AUTO_DEPOSIT_CHANGE = "autoAppendMarginStatusChange"
    ADL = "adl"
    RISK_LIMIT_CHANGE = "changeRiskLimit"
    MARK_PRICE_CHANGE = "markPriceChange"


# Pro streams.


class PushKind(Word):
    """Whether a push stands alone or changes what came before."""

    SNAPSHOT = "snapshot"
    DELTA = "delta"


class ProductType(Word):
    """Product that an order or a leverage belongs to."""

    SPOT = "SPOT"
    FUTURES = "FUTURES"
    MARGIN = "MARGIN"


class ProOrderStatus(IntEnum):
    """
    Status of an order.

    A conditional order that fires ends as ``TRIGGERED``; the order it creates has an id of its own.
    """

    NOT_TRIGGERED = 0
    TRIGGERED = 1
    LIVE = 2
    FILLED = 3
    PARTLY_FILLED = 4
    CANCELED = 5
    PARTLY_FILLED_THEN_CANCELED = 6


class ProOrderEvent(Word):
    """What happened to an order."""

    OPEN = "OPEN"
    UPDATE = "UPDATE"
    MATCH = "MATCH"
    FILL = "FILL"
    CANCEL = "CANCEL"
    TRIGGER = "TRIGGER"


class OrderSource(Word):
    """Who created an order."""

    USER = "USER"


class SizeUnit(Word):
    """What the size of an order counts: base currency, quote currency, contracts."""

    BASE = "BASECCY"
    QUOTE = "QUOTECCY"
    CONTRACTS = "UNIT"


class SelfTradePrevention(Word):
    """Which order gives way when both are one's own: decrease and cancel, cancel old, cancel new, cancel both."""

    DECREASE_AND_CANCEL = "DC"
    CANCEL_OLD = "CO"
    CANCEL_NEW = "CN"
    CANCEL_BOTH = "CB"


class TimeInForce(Word):
    """How long an order stays."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTT = "GTT"
    RPI = "RPI"


class ExecutionType(Word):
    """What an execution comes from."""

    NORMAL = "NORMAL"
    LIQUIDATION = "LIQUID"
    SETTLEMENT = "SETTLEMENT"
    ADL = "ADL"


class CollateralStatus(IntEnum):
    """How much of a currency counts as collateral: all of it, near the limit, restricted."""

    FREE = 1
    NEAR_THE_LIMIT = 2
    RESTRICTED = 3


class RiskEvent(Word):
    """How near a liquidation is: from 80 %, from 85 %, from 90 %, from 100 % of risk."""

    MARGIN_CALL = "MARGIN_CALL"
    REDUCE_ONLY = "REDUCE_ONLY"
    LIQUIDATION_WARNING = "LIQUIDATION_WARNING"
    FORCE_LIQUIDATION = "FORCE_LIQUIDATION"


class CancelReason(Word):
    """Why an order was canceled. The list is known to be incomplete."""

    USER = "USER"
    IOC = "IOC"
    FOK = "FOK"
    POST_ONLY = "POST_ONLY"
    ORDER_BOOK_FULL = "ORDER_BOOK_FULL"
    STP = "STP"
    ORDER_EXPIRED = "ORDER_EXPIRED"
    ORDER_NOT_MATCH = "ORDER_NOT_MATCH"
    NO_SYMBOL = "NO_SYMBOL"
    NO_ENOUGH_BALANCE = "NO_ENOUGH_BALANCE"
    NO_MAKER = "NO_MAKER"
    ZERO_SIZE = "ZERO_SIZE"
    TOO_MANY_ORDER_MATCHED = "TOO_MANY_ORDER_MATCHED"
    PRICE_LIMITED = "PRICE_LIMITED"
    OP_EXPIRED = "OP_EXPIRED"
    GTT_PARAM_ERROR = "GTT_PARAM_ERROR"
    EXCEPTION_ORDER = "EXCEPTION_ORDER"
    ALTER_ORDER_CANCEL_OLD_ORDER = "ALTER_ORDER_CANCEL_OLD_ORDER"
    ALTER_ORDER_CANCEL_NEW_ORDER = "ALTER_ORDER_CANCEL_NEW_ORDER"
    FOK_REPEAT = "FOK_REPEAT"
    MARKET = "MARKET"
    MATCH_COUNT_LIMIT = "MATCH_COUNT_LIMIT"
    PRICE_OUT_OF_RANGE = "PRICE_OUT_OF_RANGE"
    CLOSE_ORDER_WITHOUT_POSITION = "CLOSE_ORDER_WITHOUT_POSITION"
    NO_ENOUGH_MARGIN_SIZE = "NO_ENOUGH_MARGIN_SIZE"
    ADL = "ADL"
    NO_MARGIN_SIZE_LARGER_THAN_POSITION = "NO_MARGIN_SIZE_LARGER_THAN_POSITION"
    WORSE_THAN_BANKRUPT_PRICE = "WORSE_THAN_BANKRUPT_PRICE"
    CANCEL_BY_FUNDING_SETTLE = "CANCEL_BY_FUNDING_SETTLE"
    CHANGE_RISK_LIMIT = "CHANGE_RISK_LIMIT"
    WHITE_USER_BALANCE_INSUFFICIENT = "WHITE_USER_BALANCE_INSUFFICIENT"
    CANCEL_BY_CONTRACT_SETTLE = "CANCEL_BY_CONTRACT_SETTLE"
    CANCEL_BY_SYSTEM_ERR = "CANCEL_BY_SYSTEM_ERR"
    CANCEL_BY_DUPLICATED_ID = "CANCEL_BY_DUPLICATED_ID"
    BORROWED_FUNDS_ADL = "BORROWED_FUNDS_ADL"
    EXCEEDED_ACCOUNT_LIABILITY_LIMIT = "EXCEEDED_ACCOUNT_LIABILITY_LIMIT"
    LIQUIDATION = "LIQUIDATION"
    POSITION_SHORTCUT = "POSITION_SHORTCUT"
    SYSTEM_CANCEL = "SYSTEM_CANCEL"
    ICE_FROG_FROZEN = "iceFrogFrozen"
