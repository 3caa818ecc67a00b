"""
What an account chooses on the futures exchange: margin mode, leverage, position mode, risk limit, added margin.

Which choices the exchange refuses with which code is published for few of them; codes and texts here are assumed
unless the table of errors names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import ROUND_UP, Decimal, localcontext

from ..matching.accounts import EXACT
from ..matching.events import Event
from .accounts import FuturesAccounts
from .contracts import RISK_LEVELS, Contract, divided
from .events import CrossLeverageChanged, MarginModeChanged, RiskLimitChanged
from .orders import FuturesOrder
from .positions import Position
from .refusals import refused
from .reports import FuturesReports

__all__ = ["FuturesSettings"]

ZERO = Decimal(0)


class FuturesSettings:
    """
    The settings of all accounts of one exchange, and the margin of their isolated positions.

    Args:
        contracts: By symbol.
        accounts: Where the settings are kept.
        reports: Told what changed.
        emit: Called with every event.
        mark: Returns the mark price of a symbol.
        open_orders: Returns the live orders of an account.
        cancel: Cancels an order for a reason.
        finish: Called with the symbol at the end of a command: it reports what changed and lets follow what must.
    """

    def __init__(
        self,
        contracts: Mapping[str, Contract],
        accounts: FuturesAccounts,
        reports: FuturesReports,
        *,
        emit: Callable[[Event], None],
        mark: Callable[[str], Decimal],
        open_orders: Callable[[str], list[FuturesOrder]],
        cancel: Callable[[FuturesOrder, str], None],
        finish: Callable[[str], None],
    ) -> None:
        self._contracts = contracts
        self._accounts = accounts
        self._reports = reports
        self._emit = emit
        self._mark = mark
        self._open_orders = open_orders
        self._cancel = cancel
        self._finish = finish

    def set_margin_mode(self, account: str, symbol: str, mode: str) -> None:
        """
        Use ``ISOLATED`` or ``CROSS`` margin for a contract.

        Raises:
            Refused: 330005 while there is a position or an order in it.
        """
        with self._command(symbol):
            contract = self._contracts[symbol]
            if mode not in ("ISOLATED", "CROSS"):
                raise refused("parameter", "marginMode is invalid.")
            if mode == self._accounts.margin_mode(account, symbol):
                return
            if self._is_busy(account, symbol):
                raise refused("margin_mode", "There are positions or orders in this contract.")
            self._accounts.set_margin_mode(account, symbol, mode)
            self._emit(MarginModeChanged(account, symbol, mode))
            self._reports.wallet(account, contract.settle)

    def set_cross_leverage(self, account: str, symbol: str, leverage: int) -> None:
        """
        Use another leverage for cross positions in a contract.

        Raises:
            Refused: 300016 above what the contract allows, 300003 where the margin would not do.
        """
        with self._command(symbol):
            contract = self._contracts[symbol]
            if leverage < 1:
                raise refused("parameter", "leverage is invalid.")
            if leverage > contract.max_leverage:
                raise refused("leverage")
            before, wanted = self._accounts.cross_leverage(account, symbol), Decimal(leverage)
            if wanted == before:
                return
            self._accounts.set_cross_leverage(account, symbol, wanted)
            if wanted < before and self._accounts.spare(account, contract.settle) < 0:
                self._accounts.set_cross_leverage(account, symbol, before)
                raise refused("balance")
            self._emit(CrossLeverageChanged(account, symbol, wanted))
            self._reports.wallet(account, contract.settle)
            for position in self._accounts.positions(account, symbol):
                if position.qty and not position.is_isolated:
                    self._reports.position(position, "marginChange")

    def set_position_mode(self, account: str, *, hedging: bool) -> None:
        """
        Have one position in a contract, or a long and a short one side by side.

        Raises:
            Refused: 330011 while there is a position or an order anywhere.
        """
        if hedging == self._accounts.is_hedging(account):
            return
        if self._is_busy(account, None):
            raise refused("position_mode", "There are positions or orders.")
        self._accounts.set_hedging(account, hedging)

    def set_auto_deposit(self, account: str, symbol: str, on: bool, *, side: str = "BOTH") -> None:
        """
        Let an isolated position take margin from the wallet before it is liquidated.

        Raises:
            Refused: 300009 without such a position.
        """
        with self._command(symbol):
            position = self._isolated(account, symbol, side)
            position.auto_deposit = on
            self._reports.position(position, "autoAppendMarginStatusChange")

    def add_margin(self, account: str, symbol: str, amount: Decimal | str, *, side: str = "BOTH") -> None:
        """
        Add margin to an isolated position.

        Raises:
            Refused: 300009 without such a position, 300003 without the money.
        """
        with self._command(symbol):
            position, amount = self._isolated(account, symbol, side), Decimal(amount)
            if amount <= 0:
                raise refused("parameter", "margin is invalid.")
            if amount > self._accounts.spare(account, position.contract.settle):
                raise refused("balance")
            position.added += amount
            self._reports.position(position, "marginChange")

    def set_risk_limit(self, account: str, symbol: str, level: int) -> None:
        """
        Use another risk limit level for isolated positions; resting orders in the contract are cancelled.

        Whether it worked is told by a `RiskLimitChanged`, as on the exchange.

        Raises:
            Refused: 100005 for a level that does not exist.
        """
        with self._command(symbol):
            contract = self._contracts[symbol]
            if not 1 <= level <= RISK_LEVELS:
                raise refused("no_risk_limit")
            for order in self._open_orders(account):
                if order.request.symbol == symbol and not order.is_waiting:
                    self._cancel(order, "CHANGE_RISK_LIMIT")
            positions = self._accounts.positions(account, symbol)
            missing = {position: self._missing_margin(position, level) for position in positions}
            mark = self._mark(symbol)
            if any(abs(position.value(mark)) > contract.risk_limit(level) for position in positions):
                message = "The position is above the risk limit."
            elif sum(missing.values(), ZERO) > self._accounts.spare(account, contract.settle):
                message = "Insufficient balance. Cannot increase margin."
            else:
                message = ""
                self._accounts.set_risk_level(account, symbol, level)
                for position, amount in missing.items():
                    position.init += amount
                    if position.qty:
                        self._reports.position(position, "changeRiskLimit")
            self._emit(RiskLimitChanged(account, symbol, not message, level, message))

    def _missing_margin(self, position: Position, level: int) -> Decimal:
        """Return what the lower leverage of a higher level asks of an isolated position, its fee reserve aside."""
        leverage = Decimal(position.contract.leverage_limit(level))
        needed = divided(abs(position.cost), leverage, rounding=ROUND_UP)
        return max(ZERO, needed - position.init) if position.is_isolated else ZERO

    @contextmanager
    def _command(self, symbol: str) -> Iterator[None]:
        if symbol not in self._contracts:
            raise refused("symbol")
        with localcontext(EXACT):
            yield
            self._finish(symbol)

    def _isolated(self, account: str, symbol: str, side: str) -> Position:
        position = self._accounts.position(account, symbol, side)
        if not position.qty or not position.is_isolated:
            raise refused("no_position", "There is no isolated position.")
        return position

    def _is_busy(self, account: str, symbol: str | None) -> bool:
        orders = any(symbol in (None, order.request.symbol) for order in self._open_orders(account))
        return orders or any(position.qty for position in self._accounts.positions(account, symbol))
