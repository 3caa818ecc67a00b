"""
Orders of the simulated exchange: the checked wish, the engine's own order, and the snapshots everybody else gets.

Shared by all markets; a market with more to say of its orders derives from these three.
"""

from __future__ import annotations

from decimal import Decimal

from attrs import field, frozen

__all__ = ["LendingOrderState", "Order", "OrderRequest", "OrderState", "Refused", "StopOrderState"]

ZERO = Decimal(0)


class Refused(Exception):
    """
    The exchange says no; nothing has changed.

    Attributes:
        code, message: As on the wire.
        situation: What the matter is, whatever product is spoken of; see `refusals`. ``""`` where no table says it.
    """

    def __init__(self, code: str, message: str, situation: str = "") -> None:
        super().__init__(code, message, situation)
        self.code = code
        self.message = message
        self.situation = situation

    def __str__(self) -> str:
        return f"{self.code} {self.message}"


@frozen
class OrderRequest:
    """
    A checked wish to place an order.

    Attributes:
        size, funds: One of them is set; ``funds`` only with market orders.
        cancel_after: Seconds of life of a ``GTT`` order; -1 for no end.
        hidden: Rests without being shown.
        visible_size: How much an iceberg order shows at once; ``None`` for all other orders.
        trade_type: ``TRADE``, ``MARGIN_TRADE`` or ``MARGIN_ISOLATED_TRADE``; says whose wallet pays.
        auto_borrow, auto_repay: Margin orders only: borrow what is missing, pay debts back from what comes in.
        stop, stop_price: Of the stop order this one came from.
        stp: Self-trade prevention: ``DC``, ``CO``, ``CN``, ``CB`` or ``""``.
    """

    symbol: str
    side: str
    type: str
    client_oid: str | None = None
    price: Decimal = ZERO
    size: Decimal | None = None
    funds: Decimal | None = None
    time_in_force: str = "GTC"
    cancel_after: int = -1
    post_only: bool = False
    hidden: bool = field(default=False, kw_only=True)
    visible_size: Decimal | None = field(default=None, kw_only=True)
    stp: str = field(default="", kw_only=True)
    tags: str | None = field(default=None, kw_only=True)
    remark: str | None = field(default=None, kw_only=True)
    trade_type: str = field(default="TRADE", kw_only=True)
    auto_borrow: bool = field(default=False, kw_only=True)
    auto_repay: bool = field(default=False, kw_only=True)
    stop: str = field(default="", kw_only=True)
    stop_price: Decimal = field(default=ZERO, kw_only=True)

    @property
    def wallet(self) -> str:
        """Name of the wallet that pays and receives."""
        if self.trade_type == "MARGIN_ISOLATED_TRADE":
            return f"isolated:{self.symbol}"
        return "margin" if self.trade_type == "MARGIN_TRADE" else "trade"


@frozen
class OrderState:
    """
    A snapshot of one order, as carried by events and returned by look-ups.

    Attributes:
        size: As ordered, less what was taken away without a fill; ``None`` for orders placed by funds.
        outcome: ``None`` while the order is live, else ``"filled"`` or ``"canceled"``.
        cancel_reason: ``USER``, ``IOC``, ``FOK``, ``POST_ONLY``, ``STP``, ``ORDER_EXPIRED``, ``NO_MAKER`` ...
    """

    order_id: str
    account: str
    request: OrderRequest
    size: Decimal | None
    deal_size: Decimal
    deal_funds: Decimal
    fee: Decimal
    held: Decimal
    created_at_ns: int
    updated_at_ns: int
    outcome: str | None
    cancel_reason: str | None

    @property
    def client_oid(self) -> str | None:
        """Client order id."""
        return self.request.client_oid

    @property
    def symbol(self) -> str:
        """Name of the market."""
        return self.request.symbol

    @property
    def side(self) -> str:
        """``buy`` or ``sell``."""
        return self.request.side

    @property
    def type(self) -> str:
        """``limit`` or ``market``."""
        return self.request.type

    @property
    def price(self) -> Decimal:
        """Limit price, zero for a market order."""
        return self.request.price

    @property
    def funds(self) -> Decimal | None:
        """Funds as ordered."""
        return self.request.funds

    @property
    def is_live(self) -> bool:
        """Whether the order rests in the book."""
        return self.outcome is None

    @property
    def remaining(self) -> Decimal:
        """Size still to be filled; zero once the order is over, and for orders placed by funds."""
        return ZERO if self.size is None or self.outcome is not None else self.size - self.deal_size

    @property
    def cancelled_size(self) -> Decimal:
        """Size that was taken away or is left for ever; zero for orders placed by funds."""
        origin = self.request.size
        return ZERO if origin is None else origin - self.deal_size - self.remaining


@frozen
class StopOrderState:
    """
    A snapshot of an order that waits for a price.

    Attributes:
        request: The order that will be placed, with ``stop`` and ``stop_price``.
        status: ``NEW``, ``TRIGGERED`` or ``CANCELLED``.
        triggered_at_ns: ``None`` until it fired.
        related_order_id: The order that was placed when it fired, ``None`` if that was refused.
    """

    order_id: str
    account: str
    request: OrderRequest
    status: str
    created_at_ns: int
    triggered_at_ns: int | None = None
    related_order_id: str | None = None


@frozen
class LendingOrderState:
    """
    A snapshot of an offer to lend, or a wish to borrow, on the lending market.

    Attributes:
        daily_rate: Interest a day.
        term: Days.
        lent: How much of ``size`` was lent.
        outcome: ``None`` while the order is open, else ``filled`` or ``canceled``.
    """

    order_id: str
    account: str
    side: str
    currency: str
    daily_rate: Decimal
    term: int
    size: Decimal
    lent: Decimal
    outcome: str | None


class Order:
    """
    The engine's mutable order. Nobody outside the engine gets one; see `OrderState`.

    Attributes:
        cut: Size (or funds) taken away without a fill.
        slice: What of the resting order can trade before it loses its place in the queue; see `book`.
        held: Kept by whoever holds the money.
    """

    __slots__ = (
        "account",
        "cancel_reason",
        "created_at_ns",
        "cut",
        "deal_funds",
        "deal_size",
        "expires_at_ns",
        "fee",
        "held",
        "order_id",
        "outcome",
        "request",
        "slice",
        "updated_at_ns",
    )

    def __init__(self, order_id: str, account: str, request: OrderRequest, created_at_ns: int) -> None:
        self.order_id = order_id
        self.account = account
        self.request = request
        self.created_at_ns = self.updated_at_ns = created_at_ns
        self.expires_at_ns: int | None = None
        if request.time_in_force == "GTT" and request.cancel_after > 0:
            self.expires_at_ns = created_at_ns + request.cancel_after * 1_000_000_000
        self.deal_size = self.deal_funds = self.fee = ZERO
        self.cut = self.slice = self.held = ZERO
        self.outcome: str | None = None
        self.cancel_reason: str | None = None

    @property
    def is_buy(self) -> bool:
        return self.request.side == "buy"

    @property
    def size(self) -> Decimal | None:
        """Size as ordered, less what was taken away."""
        return None if self.request.size is None else self.request.size - self.cut

    @property
    def remaining(self) -> Decimal:
        """Size left; only for orders that were placed by size."""
        assert self.request.size is not None
        return self.request.size - self.cut - self.deal_size

    def fillable(self, price: Decimal, step: Decimal) -> Decimal:
        """Return the size this order can still trade at ``price``, in whole steps if it was placed by funds."""
        request = self.request
        if request.size is not None:
            return request.size - self.cut - self.deal_size
        assert request.funds is not None
        return (request.funds - self.cut - self.deal_funds) // (price * step) * step

    def state(self) -> OrderState:
        """Return a frozen snapshot."""
        return OrderState(
            self.order_id,
            self.account,
            self.request,
            self.size,
            self.deal_size,
            self.deal_funds,
            self.fee,
            self.held,
            self.created_at_ns,
            self.updated_at_ns,
            self.outcome,
            self.cancel_reason,
        )
