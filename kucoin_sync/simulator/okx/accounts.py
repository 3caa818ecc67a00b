"""What the account channels and the REST calls read of an account: money, positions, last trades."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from ..futures.events import PositionState
from ..matching.account_states import TRADE
from ..matching.accounts import EXACT
from .account_rows import Money, account_row, position_row

if TYPE_CHECKING:
    from .venue import OkxVenue

__all__ = ["Accounts"]


class Accounts:
    """
    Reads both engines.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: OkxVenue) -> None:
        self._venue = venue
        #: Account and swap to the id of the last trade.
        self.last_trades: dict[tuple[str, str], str] = {}

    def currencies(self, account: str) -> list[str]:
        """Return the currencies an account has something of, in alphabetical order."""
        found = {currency for currency, balance in self._venue.exchange.balances(account).items() if balance.total}
        return sorted(found | set(self._venue.futures.accounts.currencies(account)))

    def money(self, account: str, currency: str) -> Money:
        """Return what an account has of one currency."""
        venue = self._venue
        spot = venue.exchange.ledger.balance(account, TRADE, currency)
        dollars = Decimal(1) if currency == "USD" else venue.exchange.price_of(currency)
        return Money(currency, spot, venue.futures.wallet(account, currency), dollars, venue.now_ns())

    def everything(self, account: str) -> list[Money]:
        """Return what an account has of all its currencies."""
        return [self.money(account, currency) for currency in self.currencies(account)]

    def row(self, account: str, told: list[Money] | None = None) -> dict[str, Any]:
        """Return the object of an account, with all currencies or those given."""
        with localcontext(EXACT):
            everything = self.everything(account)
            return account_row(everything, everything if told is None else told, self._venue.now_ns())

    def position_row(self, position: PositionState) -> dict[str, Any]:
        """Return the object of a position."""
        venue, symbol = self._venue, position.symbol
        with localcontext(EXACT):
            return position_row(
                position,
                venue.instruments.by_id[symbol],
                last=venue.futures.book(symbol).last_price,
                index=venue.futures.prices[symbol].index,
                trade_id=self.trade_id(position.account, symbol),
                now_ns=venue.now_ns(),
            )

    def trade_id(self, account: str, symbol: str) -> str:
        """Return the id of the last trade of an account in a swap, ``""`` before the first."""
        return self.last_trades.get((account, symbol), "")
