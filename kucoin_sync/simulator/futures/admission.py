"""
Whether an order on a contract may be placed: modes, caps, what it may close, price limits, risk limit and margin.

Which check wins when several fail is not published; the order here is assumed, and so are all texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from attrs import evolve

from ..matching.order_register import OrderRegister
from ..matching.orders import Refused
from .accounts import FuturesAccounts
from .contract_market import ContractMarket
from .contracts import Contract
from .orders import FuturesOrder, FuturesRequest, named_contract, read_futures_order
from .refusals import refused

__all__ = ["Admission"]

ZERO = Decimal(0)


class Admission:
    """
    The checks of one futures exchange.

    Args:
        contracts: By symbol.
        accounts: Positions, settings and margins.
        orders: All orders.
        markets: By symbol.
        mark: Returns the mark price of a symbol.
        max_open, max_stop: Caps per account and contract; ``None`` for no cap.
        takes_fok: Whether there are fill-or-kill orders.
    """

    def __init__(
        self,
        contracts: Mapping[str, Contract],
        accounts: FuturesAccounts,
        orders: OrderRegister,
        markets: Mapping[str, ContractMarket],
        *,
        mark: Callable[[str], Decimal],
        max_open: int | None,
        max_stop: int | None,
        takes_fok: bool = False,
    ) -> None:
        self._contracts = contracts
        self._accounts = accounts
        self._orders = orders
        self._markets = markets
        self._mark = mark
        self._max_open, self._max_stop = max_open, max_stop
        self._takes_fok = takes_fok

    def new_order(self, account: str, args: Mapping[str, Any], now: int) -> FuturesOrder:
        """
        Read an order that may be known to the exchange; whether it may also trade is for `admit` to say.

        Raises:
            Refused: Bad arguments, a client order id in use, a wrong mode, or too many orders.
        """
        contract = named_contract(args, self._contracts)
        request = read_futures_order(
            args,
            contract,
            mark=self._mark(contract.symbol),
            default_side=self._closing_side(account, args),
            takes_fok=self._takes_fok,
        )
        assert request.client_oid is not None
        if self._orders.is_taken(account, request.client_oid):
            raise refused("duplicate")
        self._check_modes(account, request)
        self._check_caps(account, request)
        order = FuturesOrder(self._orders.new_id(), account, request, now, contract)
        order.leverage = self._accounts.order_leverage(account, contract.symbol, request.margin_mode, request.leverage)
        return order

    def admit(self, order: FuturesOrder) -> None:
        """
        Check that an order may trade now, cut a closing order to its position, and work out its margin.

        Raises:
            Refused: Nothing changed but the order itself.
        """
        request, account, symbol = order.request, order.account, order.request.symbol
        order.reserve = self._accounts.reserve(order.contract, self._worst_unit(order), order.leverage)
        if account in self._accounts.house:
            return
        self._check_price(request, order.contract)
        if request.only_closes:
            self._cut_to_position(order)
        else:
            self._check_leverage(order)
            self._check_risk_limit(order)
        needed = self._accounts.order_margin(account, symbol, order) - self._accounts.order_margin(account, symbol)
        if needed > 0 and needed > self._accounts.spare(account, order.contract.settle):
            raise refused("balance")

    def admit_amended(self, order: FuturesOrder, request: FuturesRequest) -> None:
        """
        Check what a resting order is to become, and work out its margin.

        Raises:
            Refused: Nothing changed.
        """
        account, symbol, contract = order.account, request.symbol, order.contract
        assert request.size is not None
        if request.size <= order.deal_size:
            raise refused("parameter", "newSize is not above what is filled.")
        self._check_price(request, contract)
        before, spare = self._accounts.order_margin(account, symbol), self._accounts.spare(account, contract.settle)
        old = order.request, order.cut, order.reserve
        order.request, order.cut = request, ZERO
        try:
            order.reserve = self._accounts.reserve(contract, self._worst_unit(order), order.leverage)
            if not request.only_closes:
                self._check_risk_limit(order)
            elif order.remaining > self._accounts.closable(order):
                raise refused("parameter", "newSize is more than there is to close.")
            needed = self._accounts.order_margin(account, symbol) - before
            if needed > 0 and needed > spare:
                raise refused("balance")
        except Refused:
            order.request, order.cut, order.reserve = old
            raise
        order.request, order.cut = old[0], old[1]

    def rests(self, order: FuturesOrder) -> None:
        """Work out the margin of an order that came to rest: from now on it trades at its own price."""
        unit = order.contract.unit(order.request.price)
        order.reserve = self._accounts.reserve(order.contract, unit, order.leverage)

    def _closing_side(self, account: str, args: Mapping[str, Any]) -> str | None:
        """Return the side that closes what an order without one is about; refuse where there is nothing."""
        if args.get("closeOrder") is not True or args.get("side") is not None:
            return None
        side = args.get("positionSide")
        qty = self._accounts.quantity(account, str(args["symbol"]), side if isinstance(side, str) else "BOTH")
        if not qty:
            raise refused("no_position")
        return "sell" if qty > 0 else "buy"

    def _check_modes(self, account: str, request: FuturesRequest) -> None:
        if account in self._accounts.house:
            return
        if self._accounts.is_hedging(account) == (request.position_side == "BOTH"):
            raise refused("position_mode")
        if request.margin_mode != self._accounts.margin_mode(account, request.symbol):
            raise refused("margin_mode")

    def _check_caps(self, account: str, request: FuturesRequest) -> None:
        if account in self._accounts.house:
            return
        waiting = resting = 0
        for order in self._orders.live(account):
            if isinstance(order, FuturesOrder) and order.request.symbol == request.symbol:
                waiting += order.is_waiting
                resting += not order.is_waiting
        if request.stop and self._max_stop is not None and waiting >= self._max_stop:
            raise refused("too_many_stops")
        if not request.stop and self._max_open is not None and resting >= self._max_open:
            raise refused("too_many")

    def _check_price(self, request: FuturesRequest, contract: Contract) -> None:
        if request.type != "limit":
            return
        lowest, highest = contract.price_limits(self._mark(contract.symbol))
        if request.side == "buy" and request.price > highest:
            raise refused("too_dear")
        if request.side == "sell" and request.price < lowest:
            raise refused("too_cheap")

    def _cut_to_position(self, order: FuturesOrder) -> None:
        closable, request = self._accounts.closable(order), order.request
        if not closable:
            raise refused("no_position")
        if request.size is None:
            order.request = evolve(request, size=closable)
        elif order.remaining > closable:
            # What exceeds the position is cancelled from the start.
            order.cut += order.remaining - closable

    def _check_leverage(self, order: FuturesOrder) -> None:
        position = self._accounts.position(order.account, order.request.symbol, order.request.position_side)
        if order.leverage > order.contract.leverage_limit(position.level):
            raise refused("leverage")

    def _check_risk_limit(self, order: FuturesOrder) -> None:
        """Count the position, what already wants to add to it, and this order."""
        request = order.request
        if request.margin_mode != "ISOLATED":
            return
        position = self._accounts.position(order.account, request.symbol, request.position_side)
        exposure = max(ZERO, position.qty if order.is_buy else -position.qty) + order.remaining
        for other in self._orders.live(order.account):
            if not isinstance(other, FuturesOrder) or other is order or other.is_waiting:
                continue
            if _adds_alike(other.request, request):
                exposure += other.remaining
        unit = order.contract.unit(self._mark(request.symbol))
        if exposure * abs(unit) > order.contract.risk_limit(position.level):
            raise refused("risk_limit")

    def _worst_unit(self, order: FuturesOrder) -> Decimal:
        """Return the largest value a contract could be traded at: at the order's own price, or at what it meets."""
        contract, request = order.contract, order.request
        prices = [request.price] if request.type == "limit" else []
        size = None if request.size is None else order.remaining
        met = ZERO
        for price, orders in self._markets[contract.symbol].book.opposite(request.side).queues():
            if request.type == "limit" and (price > request.price if order.is_buy else price < request.price):
                break
            prices.append(price)
            met += sum((other.remaining for other in orders), ZERO)
            if size is not None and met >= size:
                break
        return max((abs(contract.unit(price)) for price in prices), default=ZERO)


def _adds_alike(other: FuturesRequest, request: FuturesRequest) -> bool:
    return (
        other.symbol == request.symbol
        and other.side == request.side
        and other.position_side == request.position_side
        and not other.only_closes
    )
