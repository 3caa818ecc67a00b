"""What has no wire form in the reference but can be done to the spot and margin accounts: methods of the simulator."""

from __future__ import annotations

from decimal import Decimal

from ..matching.account_states import MARGIN, Loan, MarginAccount, isolated
from ..matching.orders import LendingOrderState
from ..spot.lending import LENDING_HOUSE
from .control import Controlled, control, query

__all__ = ["SpotControls"]


class SpotControls(Controlled):
    """
    The part of `Simulator` that moves the first account's money, and the market's auctions and loans.

    Every method raises `kucoin_sync.simulator.Refused` where the exchange would say no.
    """

    @control
    def transfer(self, currency: str, amount: Decimal | str, source: str, target: str) -> None:
        """Move money between the wallets ``main``, ``trade``, ``margin`` and ``isolated:<SYMBOL>``."""
        self._venue.exchange.transfer(self.api_key, currency, amount, source, target)

    @control
    def borrow(self, currency: str, amount: Decimal | str, *, symbol: str | None = None) -> Loan:
        """Borrow for the cross margin wallet, or for the isolated one of ``symbol``."""
        return self._venue.exchange.borrow(self.api_key, currency, amount, symbol=symbol)

    @control
    def repay(self, currency: str, amount: Decimal | str | None = None, *, symbol: str | None = None) -> Decimal:
        """Pay back as much as is owed, available and (if given) wished; return how much that was."""
        return self._venue.exchange.repay(self.api_key, currency, amount, symbol=symbol)

    @query
    def margin_account(self, symbol: str | None = None) -> MarginAccount:
        """Return assets, debts and worth of the cross margin wallet, or of the isolated one of ``symbol``."""
        wallet = MARGIN if symbol is None else isolated(symbol)
        return self._venue.exchange.margin.state(self.api_key, wallet)

    @control
    def start_call_auction(
        self, symbol: str, *, floor: Decimal | str | None = None, ceiling: Decimal | str | None = None
    ) -> None:
        """Let the orders of a pair gather without trading; prices outside of the range are refused."""
        low, high = (None if limit is None else Decimal(limit) for limit in (floor, ceiling))
        self._venue.exchange.start_call_auction(symbol, floor=low, ceiling=high)

    @control
    def end_call_auction(self, symbol: str) -> None:
        """Match what has gathered at one price, and trade as usual from now on."""
        self._venue.exchange.end_call_auction(symbol)

    @control
    def lend(self, currency: str, size: str, daily_rate: str, term: int) -> LendingOrderState:
        """Offer to lend from the first account's main wallet on the legacy lending market."""
        lending = self._venue.exchange.lending
        return lending.place(self.api_key, "lend", currency, size, daily_rate, term)

    @control
    def cancel_lending(self, order_id: str) -> LendingOrderState:
        """Take an offer to lend back."""
        return self._venue.exchange.lending.cancel(self.api_key, order_id)

    @control
    def house_borrow(self, currency: str, size: str, daily_rate: str, term: int) -> LendingOrderState:
        """Let the house borrow on the legacy lending market."""
        lending = self._venue.exchange.lending
        return lending.place(LENDING_HOUSE, "borrow", currency, size, daily_rate, term)
