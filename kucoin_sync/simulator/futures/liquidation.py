"""
Closing positions whose margin is used up.

How the exchange does it is not published; here a position goes to the insurance fund at the mark price, outside the
book (assumed). An isolated position loses its whole margin to the fund, never more. Cross positions of one currency
go together and pay the taker fee; what is left stays, and the fund fills up what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ..matching.events import Event
from .accounts import FuturesAccounts
from .contracts import round_places, to_tick
from .events import FuturesFill, FuturesOrderMatched
from .orders import FuturesOrder, FuturesRequest
from .positions import Position, Pressure
from .reports import FuturesReports

__all__ = ["Liquidator"]

ZERO = Decimal(0)


class Liquidator:
    """
    Looks for positions that must be closed, and closes them.

    Args:
        accounts: Whose positions.
        reports: Told what changed.
        emit: Called with the fills of the liquidated.
        mark: Returns the mark price of a symbol.
        cancel_orders: Cancels the resting orders of an account in a symbol.
        new_ids: Returns the id of an order and of a trade that no book knows.
        insurance, fees: Accounts of the simulator.
    """

    def __init__(
        self,
        accounts: FuturesAccounts,
        reports: FuturesReports,
        *,
        emit: Callable[[Event], None],
        mark: Callable[[str], Decimal],
        cancel_orders: Callable[[str, str, int], None],
        new_ids: Callable[[], tuple[str, int]],
        insurance: str,
        fees: str,
    ) -> None:
        self._accounts = accounts
        self._reports = reports
        self._emit = emit
        self._mark = mark
        self._cancel_orders = cancel_orders
        self._new_ids = new_ids
        self._insurance = insurance
        self._fees = fees

    def check(self, symbol: str, now: int) -> bool:
        """Liquidate what must be, as far as it has a position in this symbol; return whether there was any."""
        mark, struck = self._mark(symbol), False
        for position in self._accounts.open_positions(symbol):
            if position.account in self._accounts.house or not position.qty:
                continue
            if position.is_isolated:
                if position.is_exhausted(mark) and not self._append_margin(position, mark, now):
                    self._liquidate_isolated(position, now)
                    struck = True
            elif self._is_overdrawn(position):
                self._liquidate_cross(position, now)
                struck = True
        return struck

    def _append_margin(self, position: Position, mark: Decimal, now: int) -> bool:
        """Let a position with automatic deposits take margin from the wallet; return whether that saved it."""
        if not position.auto_deposit:
            return False
        missing = position.init + position.comm - position.margin - position.unrealised(mark)
        amount = min(missing, self._accounts.spare(position.account, position.contract.settle))
        if amount <= 0:
            return False
        position.added += amount
        self._reports.position(position, "marginChange")
        return not position.is_exhausted(mark)

    def _is_overdrawn(self, position: Position) -> bool:
        pressure = self._accounts.pressure(position.account, position.contract)
        return pressure.margin <= pressure.maintenance

    def _liquidate_isolated(self, position: Position, now: int) -> None:
        account, contract = position.account, position.contract
        self._cancel_orders(account, contract.symbol, now)
        rest = position.margin + position.unrealised(self._mark(contract.symbol))
        self._close(position, Pressure(ZERO, ZERO), ZERO, now)
        # What is left of the margin goes to the fund, or the fund pays what is missing.
        self._accounts.move(account, self._insurance, contract.settle, rest)

    def _liquidate_cross(self, position: Position, now: int) -> None:
        account, currency = position.account, position.contract.settle
        pressure = self._accounts.pressure(account, position.contract)
        crossed = [
            other
            for other in self._accounts.positions(account)
            if other.qty and not other.is_isolated and other.contract.settle == currency
        ]
        for other in crossed:
            self._cancel_orders(account, other.contract.symbol, now)
        for other in crossed:
            self._close(other, pressure, other.contract.taker_fee_rate, now)
        missing = -self._accounts.spare(account, currency)
        if missing > 0:
            self._accounts.move(self._insurance, account, currency, missing)

    def _close(self, position: Position, pressure: Pressure, fee_rate: Decimal, now: int) -> None:
        contract, account = position.contract, position.account
        mark, size, side = self._mark(contract.symbol), abs(position.qty), "sell" if position.qty > 0 else "buy"
        bankrupt = position.bankrupt_price(mark, pressure)
        value, change = abs(position.value(mark)), -position.qty
        fee = value * fee_rate
        filled = position.fill(change, mark, Decimal(1), now)
        taken = self._accounts.position(self._insurance, contract.symbol, "BOTH").fill(-change, mark, Decimal(1), now)
        position.pay_fee(fee)
        self._accounts.credit(account, contract.settle, filled.realised)
        self._accounts.credit(self._insurance, contract.settle, taken.realised)
        self._accounts.move(account, self._fees, contract.settle, fee)
        self._reports.position(position, "liquidation")
        order_id, trade_id = self._new_ids()
        request = FuturesRequest(
            symbol=contract.symbol,
            side=side,
            type="limit",
            price=to_tick(bankrupt, contract.tick_size),
            size=size,
            margin_mode=position.margin_mode,
            position_side=position.side,
            reduce_only=True,
        )
        order = FuturesOrder(order_id, account, request, now, contract)
        order.trade_type = "liquid"
        order.deal_size, order.deal_value, order.fee, order.outcome = size, value, fee, "filled"
        fill = FuturesFill(
            trade_id=trade_id,
            order_id=order_id,
            client_oid=None,
            account=account,
            symbol=contract.symbol,
            settle_currency=contract.settle,
            side=side,
            liquidity="taker",
            price=round_places(mark, 10),
            size=size,
            value=value,
            fee=fee,
            open_fee=ZERO,
            close_fee=fee,
            fee_rate=fee_rate,
            trade_type="liquid",
            order_type="limit",
            margin_mode=position.margin_mode,
            position_side=position.side,
            closed_size=filled.closed,
            closed_pnl=filled.realised,
            stop="",
            time_ns=now,
        )
        self._emit(FuturesOrderMatched(order.futures_state(), fill))
