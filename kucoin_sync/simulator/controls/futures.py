"""The futures exchange as methods of the simulator, callable from any thread."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..futures.events import FuturesFill, FuturesOrderState, FuturesWallet, PositionState
from ..venue import COUNTERPARTY
from .control import Controlled, control, query

__all__ = ["FuturesControls"]


class FuturesControls(Controlled):
    """The part of `Simulator` that is about contracts; queries mean the first account."""

    #: Names the orders of `counter_contract_order`; touched on the loop only.
    _counter_orders = 0

    # What is.

    @query
    def futures_orders(self) -> list[FuturesOrderState]:
        """Return the orders on contracts, finished ones included, oldest first."""
        return self._venue.futures.orders(self.api_key)

    @query
    def futures_open_orders(self) -> list[FuturesOrderState]:
        """Return the live orders on contracts, waiting stop orders included, oldest first."""
        return self._venue.futures.open_orders(self.api_key)

    @query
    def futures_fills(self) -> list[FuturesFill]:
        """Return the fills on contracts, oldest first."""
        return self._venue.futures.fills(self.api_key)

    @query
    def positions(self) -> list[PositionState]:
        """Return the open positions."""
        return self._venue.futures.positions(self.api_key)

    @query
    def futures_wallet(self, currency: str = "USDT") -> FuturesWallet:
        """Return the futures wallet of a settle currency (``USDT``; ``XBT`` on KuCoin, ``BTC`` on OKX)."""
        return self._venue.futures.wallet(self.api_key, currency)

    # Acting as the exchange and as other traders.

    @control
    def counter_contract_order(self, symbol: str, side: str, size: int, price: str | None = None) -> FuturesOrderState:
        """
        Place an order on a contract as another trader with deep pockets; a market order without price.

        Raises:
            kucoin_sync.simulator.Refused: The order breaks the contract's rules.
        """
        args: dict[str, Any] = {"symbol": symbol, "side": side, "size": size, "type": "market"}
        if price is not None:
            args.update(type="limit", price=price)
        self._counter_orders += 1
        return self._venue.futures.place(COUNTERPARTY, {"clientOid": f"counter-{self._counter_orders}", **args})

    @control
    def futures_deposit(self, currency: str, amount: Decimal | str) -> None:
        """Put money into the futures wallet."""
        if not Decimal(amount) > 0:
            raise ValueError("amount must be positive")
        self._venue.futures.deposit(self.api_key, currency, amount)

    @control
    def set_index_price(self, symbol: str, price: Decimal | str | None) -> None:
        """Fix index and mark price of a contract at once, with all that follows; ``None`` lets them move again."""
        self._venue.futures.set_index_price(symbol, price)

    @control
    def settle_funding(self, symbol: str, rate: Decimal | str | None = None) -> None:
        """Settle funding of a contract now, at a rate or at the estimated one."""
        self._venue.futures.settle_funding(symbol, rate)

    # Choices of the account that no call of the exchange at hand makes.

    @control
    def set_position_mode(self, *, hedging: bool) -> None:
        """
        Have one position in a contract, or a long and a short one side by side.

        Raises:
            kucoin_sync.simulator.Refused: There are positions or orders.
        """
        self._venue.futures.settings.set_position_mode(self.api_key, hedging=hedging)

    @control
    def set_risk_limit(self, symbol: str, level: int) -> None:
        """Ask for another risk limit level; a push tells what became of it."""
        self._venue.futures.settings.set_risk_limit(self.api_key, symbol, level)

    @control
    def add_position_margin(self, symbol: str, amount: Decimal | str, *, side: str = "BOTH") -> None:
        """Add margin to an isolated position."""
        self._venue.futures.settings.add_margin(self.api_key, symbol, amount, side=side)

    @control
    def set_auto_deposit(self, symbol: str, on: bool = True, *, side: str = "BOTH") -> None:
        """Let an isolated position take margin from the wallet before it is liquidated."""
        self._venue.futures.settings.set_auto_deposit(self.api_key, symbol, on, side=side)
