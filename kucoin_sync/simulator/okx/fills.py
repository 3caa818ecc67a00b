"""Fills of the simulated OKX: one form for both engines, and the last one of every order."""

from __future__ import annotations

from collections import OrderedDict
from decimal import Decimal

from attrs import frozen

from ..futures.events import FuturesFill
from ..matching.events import OrderMatched

__all__ = ["NO_FILL", "Fill", "FillBook", "fill_of_contract", "fill_of_pair"]

ZERO = Decimal(0)

MAX_ORDERS = 200_000


@frozen
class Fill:
    """One fill of an order, as its owner sees it; ``fee`` is above zero where he pays."""

    trade_id: str
    price: Decimal
    size: Decimal
    fee: Decimal
    pnl: Decimal
    is_maker: bool
    time_ns: int

    @property
    def exec_type(self) -> str:
        """``M`` of a maker, ``T`` of a taker, ``""`` of no fill at all."""
        return "" if not self.trade_id else "M" if self.is_maker else "T"


NO_FILL = Fill("", ZERO, ZERO, ZERO, ZERO, False, 0)


def fill_of_pair(event: OrderMatched) -> Fill:
    """Return one side of a trade of a pair."""
    trade = event.trade
    fee = trade.maker_fee if event.is_maker else trade.taker_fee
    return Fill(str(trade.trade_id), trade.price, trade.size, fee, ZERO, event.is_maker, trade.time_ns)


def fill_of_contract(fill: FuturesFill) -> Fill:
    """Return one side of a trade of a swap."""
    is_maker = fill.liquidity == "maker"
    return Fill(str(fill.trade_id), fill.price, fill.size, fill.fee, fill.closed_pnl, is_maker, fill.time_ns)


class FillBook:
    """The last fill of every order and what all of them closed, oldest orders forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[Fill, Decimal]] = OrderedDict()

    def note(self, order_id: str, fill: Fill) -> None:
        """Take in one more fill."""
        _, pnl = self._known.get(order_id, (NO_FILL, ZERO))
        self._known[order_id] = (fill, pnl + fill.pnl)
        if len(self._known) > MAX_ORDERS:
            self._known.popitem(last=False)

    def of(self, order_id: str) -> tuple[Fill, Decimal]:
        """Return the last fill of an order, `NO_FILL` for none, and the profit of all of them."""
        return self._known.get(order_id, (NO_FILL, ZERO))
