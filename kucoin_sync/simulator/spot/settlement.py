"""
The money of spot and margin orders: what they hold, what a fill moves, and the fees.

A buyer pays the fee on top of the price, a seller out of the proceeds; both in the quote currency (assumed: the real
exchange charges it in ``feeCurrency`` of the pair, which is the quote currency as well).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ..matching.account_states import TRADE
from ..matching.accounts import OTHER, Ledger, Reason
from ..matching.order_register import OrderRegister
from ..matching.orders import Order, OrderRequest
from ..matching.symbols import Symbol
from .margin import MarginDesk

__all__ = ["FEES", "SpotSettlement"]

ZERO = Decimal(0)

#: Account that receives all fees.
FEES = "simulator-fees"


class SpotSettlement:
    """
    Pays the fills of all pairs; see `matching.Settlement`.

    Args:
        ledger: Where the money is.
        orders: Tables that live orders are taken out of.
        symbols: Pairs by name.
        margin: Told of what comes into margin wallets.
        taker_fee, maker_fee: Fee rates.
    """

    def __init__(
        self,
        ledger: Ledger,
        orders: OrderRegister,
        symbols: Mapping[str, Symbol],
        margin: MarginDesk,
        *,
        taker_fee: Decimal,
        maker_fee: Decimal,
    ) -> None:
        if not 0 <= taker_fee < 1 or not 0 <= maker_fee < 1:
            raise ValueError("fee rates must be at least 0 and below 1")
        self.taker_fee, self.maker_fee = taker_fee, maker_fee
        self._ledger = ledger
        self._orders = orders
        self._symbols = symbols
        self._margin = margin
        # The hold of a buyer covers the dearer of the two rates.
        self.buy_factor = 1 + max(taker_fee, maker_fee)

    def pays_in(self, request: OrderRequest) -> str:
        """Return the currency an order holds and pays."""
        symbol = self._symbols[request.symbol]
        return symbol.quote if request.side == "buy" else symbol.base

    def needs(self, request: OrderRequest, size: Decimal) -> Decimal:
        """Return what a limit order for ``size`` must hold."""
        return request.price * size * self.buy_factor if request.side == "buy" else size

    def hold(self, order: Order, amount: Decimal) -> bool:
        """Reserve what an order may spend; return False and change nothing if it is not there."""
        request = order.request
        currency, reason = self.pays_in(request), Reason("hold", request.symbol, order.order_id)
        if not self._ledger.hold(order.account, request.wallet, currency, amount, reason):
            return False
        order.held = amount
        return True

    def hold_more(self, order: Order, amount: Decimal) -> bool:
        """Reserve what is missing to ``amount``; return False and change nothing if it is not there."""
        request, missing = order.request, amount - order.held
        if missing <= 0:
            return True
        currency, reason = self.pays_in(request), Reason("hold", request.symbol, order.order_id)
        if not self._ledger.hold(order.account, request.wallet, currency, missing, reason):
            return False
        order.held = amount
        return True

    def fill(self, taker: Order, maker: Order, price: Decimal, size: Decimal, trade_id: int) -> tuple[Decimal, Decimal]:
        """Move the money of one fill."""
        funds = price * size
        taker_fee, maker_fee = funds * self.taker_fee, funds * self.maker_fee
        self._settle(taker, size, funds, taker_fee, trade_id)
        self._settle(maker, size, funds, maker_fee, trade_id)
        quote = self._symbols[taker.request.symbol].quote
        self._ledger.change(FEES, TRADE, quote, OTHER, available=taker_fee + maker_fee)
        return taker_fee, maker_fee

    def shrunk(self, order: Order) -> None:
        """Give back what a limit order no longer needs."""
        if order.request.type == "limit":
            self._release(order, order.held - self.needs(order.request, order.remaining))

    def finished(self, order: Order) -> None:
        """Give back all that is still held and take the order out of the tables of live ones."""
        self._release(order, order.held)
        self._orders.finish(order)

    def _settle(self, order: Order, size: Decimal, funds: Decimal, fee: Decimal, trade_id: int) -> None:
        request, account, wallet = order.request, order.account, order.request.wallet
        symbol = self._symbols[request.symbol]
        if order.is_buy:
            paid, received, income = funds + fee, symbol.base, size
        else:
            paid, received, income = size, symbol.quote, funds - fee
        # A better price or a lower fee than was feared: the difference comes back at once.
        needed = order.held - paid if request.type == "market" else self.needs(request, order.remaining)
        surplus = order.held - paid - needed
        reason = Reason("setted", request.symbol, order.order_id, trade_id)
        self._ledger.change(account, wallet, self.pays_in(request), reason, available=surplus, held=needed - order.held)
        order.held = needed
        self._ledger.change(account, wallet, received, reason, available=income)
        if request.trade_type != "TRADE":
            self._margin.touch(account, wallet)
            if request.auto_repay:
                self._margin.repay(account, wallet, received, income, cause="AUTO_REPAY")

    def _release(self, order: Order, amount: Decimal) -> None:
        if amount <= 0:
            return
        request = order.request
        reason = Reason("hold", request.symbol, order.order_id)
        self._ledger.change(
            order.account, request.wallet, self.pays_in(request), reason, available=amount, held=-amount
        )
        order.held -= amount
