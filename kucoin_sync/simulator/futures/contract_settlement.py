"""What fills do to positions and wallets, and what of orders is left without a position."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ..matching.order_register import OrderRegister
from ..matching.orders import Order
from .accounts import FuturesAccounts
from .events import FuturesFill
from .orders import FuturesOrder
from .reports import FuturesReports

__all__ = ["ContractSettlement", "resting_orders"]

ZERO = Decimal(0)


class ContractSettlement:
    """
    Pays the fills of all contracts; see `matching.Settlement`.

    Args:
        accounts: Positions and wallets.
        reports: Told what changed.
        orders: All orders.
        now_ns: Time of the running command.
        fees, insurance: Accounts of the simulator.
    """

    def __init__(
        self,
        accounts: FuturesAccounts,
        reports: FuturesReports,
        orders: OrderRegister,
        *,
        now_ns: Callable[[], int],
        fees: str,
        insurance: str,
    ) -> None:
        self._accounts = accounts
        self._reports = reports
        self._orders = orders
        self._now_ns = now_ns
        self._fees = fees
        self._insurance = insurance
        #: Fills of the trade that is being reported, by order id.
        self._fresh: dict[str, FuturesFill] = {}
        #: Accounts and currencies of which a trade closed a cross position, since somebody looked.
        self._closed_cross: dict[tuple[str, str], None] = {}

    def take_fill(self, order_id: str) -> FuturesFill:
        """Return an order's side of the trade that is being reported."""
        return self._fresh.pop(order_id)

    def take_closed_cross(self) -> list[tuple[str, str]]:
        """Return the accounts and currencies of which trades closed cross positions since the last look."""
        closed, self._closed_cross = list(self._closed_cross), {}
        return closed

    def fill(self, taker: Order, maker: Order, price: Decimal, size: Decimal, trade_id: int) -> tuple[Decimal, Decimal]:
        """Let both positions take in a fill and pay what it realised, and the fees."""
        assert isinstance(taker, FuturesOrder) and isinstance(maker, FuturesOrder)
        contract = taker.contract
        return (
            self._fill_one(taker, price, size, trade_id, contract.taker_fee_rate, "taker"),
            self._fill_one(maker, price, size, trade_id, contract.maker_fee_rate, "maker"),
        )

    def shrunk(self, order: Order) -> None:
        """A smaller order needs less margin."""
        assert isinstance(order, FuturesOrder)
        self._reports.wallet(order.account, order.contract.settle)

    def finished(self, order: Order) -> None:
        """Take an order out of the tables of live ones; its margin goes with it."""
        assert isinstance(order, FuturesOrder)
        order.ended_at_ns = order.updated_at_ns
        self._orders.finish(order)
        self._reports.wallet(order.account, order.contract.settle)

    def _fill_one(
        self, order: FuturesOrder, price: Decimal, size: Decimal, trade_id: int, rate: Decimal, liquidity: str
    ) -> Decimal:
        contract, account, request = order.contract, order.account, order.request
        position = self._accounts.position(account, contract.symbol, request.position_side)
        worth = abs(contract.unit(price))
        filled = position.fill(size if order.is_buy else -size, price, order.leverage, self._now_ns())
        close_fee, open_fee = filled.closed * worth * rate, filled.opened * worth * rate
        fee = close_fee + open_fee
        # A fill that turns a position round begins a new life of it, which the closing fee is no part of.
        position.pay_fee(open_fee if filled.opened else fee)
        self._accounts.credit(account, contract.settle, filled.realised)
        self._accounts.move(account, self._fees, contract.settle, fee)
        beyond = close_fee - filled.realised - filled.released
        if position.is_isolated and beyond > 0 and account not in self._accounts.house:
            # An isolated position never loses more than its margin (assumed).
            self._accounts.move(self._insurance, account, contract.settle, beyond)
        if filled.closed and not position.is_isolated and account not in self._accounts.house:
            self._closed_cross[account, contract.settle] = None
        order.deal_value += size * worth
        self._reports.position(position)
        if account in self._accounts.house:
            return fee  # nobody is told of the house's fills
        self._fresh[order.order_id] = FuturesFill(
            trade_id=trade_id,
            order_id=order.order_id,
            client_oid=request.client_oid,
            account=account,
            symbol=contract.symbol,
            settle_currency=contract.settle,
            side=request.side,
            liquidity=liquidity,
            price=price,
            size=size,
            value=size * worth,
            fee=fee,
            open_fee=open_fee,
            close_fee=close_fee,
            fee_rate=rate,
            trade_type="trade",
            order_type=request.type,
            margin_mode=request.margin_mode,
            position_side=request.position_side,
            closed_size=filled.closed,
            closed_pnl=filled.realised,
            stop=request.stop,
            time_ns=self._now_ns(),
        )
        return fee

    def surplus(self, account: str, symbol: str) -> list[tuple[Order, Decimal]]:
        """Return the orders of an account that may only close, with the size no position is left for."""
        if account in self._accounts.house:
            return []
        surplus: list[tuple[Order, Decimal]] = []
        for order in resting_orders(self._orders, account):
            if order.request.symbol == symbol and order.request.only_closes:
                size = order.remaining - self._accounts.closable(order)
                if size > 0:
                    surplus.append((order, size))
        return surplus

    def starved(self, filled: Order, rests: Callable[[Order], bool]) -> list[Order]:
        """
        Return the resting orders, newest first, that the fill of an order left no margin for.

        Only fills of orders that take no part in the netting of margins do that; see `FuturesAccounts.order_margin`.
        """
        assert isinstance(filled, FuturesOrder)
        request = filled.request
        if filled.account in self._accounts.house or not (request.only_closes or request.force_hold):
            return []
        newest_first = [order for order in reversed(resting_orders(self._orders, filled.account)) if rests(order)]
        return list(self._accounts.starved(filled.account, request.symbol, newest_first))


def resting_orders(orders: OrderRegister, account: str) -> list[FuturesOrder]:
    """Return the orders of an account that rest in a book, or are on their way into one."""
    return [order for order in orders.live(account) if isinstance(order, FuturesOrder) and not order.is_waiting]
