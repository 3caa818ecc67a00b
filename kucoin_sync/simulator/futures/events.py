"""
What the futures engine reports, and the states that its events and look-ups carry.

Trades, tickers and book changes of contracts are the shared values of `events`: their symbol is that of a contract,
their sizes are whole numbers of contracts. Everything an account owns comes in the values of this module. Amounts are
in the settle currency unless a name says otherwise.
"""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

__all__ = [
    "CrossLeverageChanged",
    "FundingRateChanged",
    "FundingSettled",
    "FuturesEvent",
    "FuturesFill",
    "FuturesOrderDone",
    "FuturesOrderMatched",
    "FuturesOrderOpened",
    "FuturesOrderState",
    "FuturesOrderUpdated",
    "FuturesStopOrderChanged",
    "FuturesWallet",
    "FuturesWalletChanged",
    "MarginModeChanged",
    "MarkPriceChanged",
    "PositionChanged",
    "PositionSettled",
    "PositionState",
    "RiskLimitChanged",
]


@frozen
class FuturesOrderState:
    """
    A snapshot of one order on a contract, also of a stop order that waits for its price.

    Attributes:
        type: ``limit`` or ``market``.
        price: Zero for a market order.
        size: Contracts as ordered.
        deal_size, canceled_size: Contracts; what of `size` is in neither is open.
        deal_value, fee: Summed over the fills.
        margin_mode: ``ISOLATED`` or ``CROSS``.
        position_side: ``BOTH``, ``LONG`` or ``SHORT``.
        visible_size: Contracts shown of an iceberg order, else zero.
        stp: ``CN``, ``CO``, ``CB`` or ``""``.
        stop: ``up``, ``down`` or ``""``.
        stop_price_type: ``TP``, ``MP``, ``IP`` or ``""``.
        trade_type: ``trade``, or ``liquid`` for the order that closes a position by force.
        outcome: ``None`` while the order lives, else ``filled`` or ``canceled``.
        cancel_reason: In the words of the Pro streams (``USER``, ``IOC``, ``STP`` ...), or ``""``.
    """

    order_id: str
    client_oid: str | None
    account: str
    symbol: str
    settle_currency: str
    side: str
    type: str
    price: Decimal
    size: Decimal
    value: Decimal
    deal_size: Decimal
    deal_value: Decimal
    canceled_size: Decimal
    fee: Decimal
    leverage: Decimal
    margin_mode: str
    position_side: str
    time_in_force: str
    post_only: bool
    hidden: bool
    iceberg: bool
    visible_size: Decimal
    reduce_only: bool
    close_order: bool
    force_hold: bool
    stp: str
    stop: str
    stop_price: Decimal | None
    stop_price_type: str
    stop_triggered: bool
    remark: str | None
    trade_type: str
    created_at_ns: int
    updated_at_ns: int
    ended_at_ns: int | None
    outcome: str | None
    cancel_reason: str

    @property
    def is_live(self) -> bool:
        """Whether the order rests in the book or waits for its stop price."""
        return self.outcome is None

    @property
    def is_waiting(self) -> bool:
        """Whether this is a stop order whose price has not been reached."""
        return self.outcome is None and bool(self.stop) and not self.stop_triggered

    @property
    def remaining(self) -> Decimal:
        """Contracts still open; zero when the order is over."""
        return self.size - self.deal_size - self.canceled_size


@frozen
class FuturesFill:
    """
    One side of a trade, as its owner sees it.

    Attributes:
        trade_type: ``trade``, ``liquid`` or ``settlement``.
        fee: Of this fill; `open_fee` and `close_fee` are its parts for opening and closing contracts.
        closed_pnl: Profit or loss of the contracts that were closed, before fees.
    """

    trade_id: int
    order_id: str
    client_oid: str | None
    account: str
    symbol: str
    settle_currency: str
    side: str
    liquidity: str
    price: Decimal
    size: Decimal
    value: Decimal
    fee: Decimal
    open_fee: Decimal
    close_fee: Decimal
    fee_rate: Decimal
    trade_type: str
    order_type: str
    margin_mode: str
    position_side: str
    closed_size: Decimal
    closed_pnl: Decimal
    stop: str
    time_ns: int


@frozen
class PositionState:
    """
    A snapshot of one position; the names follow the ``position.change`` push.

    Money is exact, prices and ratios that need a division are rounded.

    Attributes:
        qty: Contracts, negative for a short position.
        current_cost: Signed value of all fills since the position was opened.
        pos_cost: Signed value at which the contracts that are left were opened.
        current_comm: Fees paid, and funding received minus paid, since the opening.
        deal_comm: Fees paid since the opening.
        pos_funding: Funding received minus paid since the opening.
        maint_margin: Position margin and unrealised profit together.
        leverage: As set on a cross position, the real one on an isolated position.
        delev_percentage: Rank for deleveraging, 0 to 1.
    """

    position_id: str
    account: str
    symbol: str
    settle_currency: str
    margin_mode: str
    position_side: str
    qty: Decimal
    avg_entry_price: Decimal
    mark_price: Decimal
    mark_value: Decimal
    current_cost: Decimal
    pos_cost: Decimal
    current_comm: Decimal
    deal_comm: Decimal
    realised_gross_cost: Decimal
    realised_cost: Decimal
    realised_gross_pnl: Decimal
    realised_pnl: Decimal
    unrealised_pnl: Decimal
    unrealised_pnl_pcnt: Decimal
    unrealised_roe_pcnt: Decimal
    pos_init: Decimal
    pos_comm: Decimal
    pos_cross: Decimal
    pos_loss: Decimal
    pos_margin: Decimal
    pos_funding: Decimal
    pos_maint: Decimal
    maint_margin: Decimal
    maint_margin_req: Decimal
    leverage: Decimal
    real_leverage: Decimal
    risk_limit: Decimal
    risk_limit_level: int
    delev_percentage: Decimal
    auto_deposit: bool
    is_inverse: bool
    liquidation_price: Decimal
    bankrupt_price: Decimal
    opened_at_ns: int
    updated_at_ns: int

    @property
    def is_open(self) -> bool:
        """Whether there are contracts in it."""
        return self.qty != 0


@frozen
class FuturesWallet:
    """
    What one account has of one settle currency; the names follow the ``walletBalance.change`` push.

    ``equity`` is the balance and all unrealised profit; ``available`` is what new orders may use, never below zero.
    """

    account: str
    currency: str
    wallet_balance: Decimal
    equity: Decimal
    available: Decimal
    hold: Decimal
    cross_pos_margin: Decimal
    cross_order_margin: Decimal
    cross_unrealised: Decimal
    total_cross_margin: Decimal
    cross_maint_margin: Decimal
    isolated_pos_margin: Decimal
    isolated_order_margin: Decimal
    isolated_funding_margin: Decimal
    isolated_unrealised: Decimal
    version: int
    time_ns: int


@frozen
class FuturesOrderOpened:
    """The order rests in the book."""

    order: FuturesOrderState


@frozen
class FuturesOrderMatched:
    """The order took part in a trade; ``fill`` is its side of it."""

    order: FuturesOrderState
    fill: FuturesFill


@frozen
class FuturesOrderUpdated:
    """A part of a resting order was cancelled; ``old_size`` is its size before, filled contracts included."""

    order: FuturesOrderState
    old_size: Decimal


@frozen
class FuturesOrderDone:
    """The order is over; ``order.outcome`` says how."""

    order: FuturesOrderState


@frozen
class FuturesStopOrderChanged:
    """
    A stop order was placed, reached its price, or was cancelled before that.

    Attributes:
        kind: ``open``, ``triggered`` or ``cancel``.
        error: Why the order could not be placed when its price was reached; ``None`` when all went well.
    """

    order: FuturesOrderState
    kind: str
    error: str | None = None


@frozen
class FuturesWalletChanged:
    """
    Balance or margins of a wallet changed.

    Attributes:
        available_changed, order_margin_changed: Whether these differ from what the last event said.
    """

    wallet: FuturesWallet
    available_changed: bool
    order_margin_changed: bool


@frozen
class PositionChanged:
    """
    A position changed.

    Attributes:
        reason: ``positionChange``, ``marginChange``, ``liquidation``, ``changeRiskLimit``,
            ``autoAppendMarginStatusChange`` or ``markPriceChange``; with the last only what hangs on the price differs.
    """

    position: PositionState
    reason: str


@frozen
class PositionSettled:
    """A position paid or received funding; ``funding_fee`` is negative where it paid."""

    position: PositionState
    funding_rate: Decimal
    funding_fee: Decimal
    funding_time_ns: int
    time_ns: int


@frozen
class RiskLimitChanged:
    """An account asked for another risk limit level; ``message`` says why it did not get it."""

    account: str
    symbol: str
    success: bool
    level: int
    message: str


@frozen
class MarginModeChanged:
    """An account uses another margin mode for a contract, ``ISOLATED`` or ``CROSS``."""

    account: str
    symbol: str
    margin_mode: str


@frozen
class CrossLeverageChanged:
    """An account uses another leverage for its cross positions in a contract."""

    account: str
    symbol: str
    leverage: Decimal


@frozen
class MarkPriceChanged:
    """Mark or index price of a contract were calculated anew."""

    symbol: str
    mark: Decimal
    index: Decimal
    open_interest: Decimal
    time_ns: int


@frozen
class FundingRateChanged:
    """
    The funding rate of the running interval was estimated anew.

    Attributes:
        rate: Estimate for the settlement at `next_funding_ns`.
        last_rate: Of the settlement at `last_funding_ns`.
        settled: Whether this was reported because a settlement fixed `last_rate`, and not by the minute.
    """

    symbol: str
    rate: Decimal
    last_rate: Decimal
    last_funding_ns: int
    next_funding_ns: int
    interval_ns: int
    settled: bool
    time_ns: int


@frozen
class FundingSettled:
    """The settlement of the funding at ``funding_time_ns`` begins or ends (``phase``)."""

    symbol: str
    phase: str
    rate: Decimal
    funding_time_ns: int
    time_ns: int


FuturesEvent = (
    FuturesOrderOpened
    | FuturesOrderMatched
    | FuturesOrderUpdated
    | FuturesOrderDone
    | FuturesStopOrderChanged
    | FuturesWalletChanged
    | PositionChanged
    | PositionSettled
    | RiskLimitChanged
    | MarginModeChanged
    | CrossLeverageChanged
    | MarkPriceChanged
    | FundingRateChanged
    | FundingSettled
)
