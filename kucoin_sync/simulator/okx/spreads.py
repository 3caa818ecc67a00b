"""
The market of spreads: a pair against the swap of its family, bought and sold as one thing.

Orders are matched by the shared engine at the difference of the two prices, which may be negative. The legs are not
booked into wallets and positions, and no balance is asked for: what a spread trade settles in is not simulated.

Source: OKX v5 documents of 2026, spread trading.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from ..matching.accounts import EXACT
from ..matching.book import Book
from ..matching.events import Event
from ..matching.matching import Market
from ..matching.order_register import OrderRegister
from ..matching.orders import Order, OrderRequest, OrderState
from ..matching.symbols import plain
from ..venue import COUNTERPARTY
from .arguments import ID, SIGNED, TAG, given, has, number, one_of, text
from .refusals import bad, refused
from .terms import Terms, TermsBook

if TYPE_CHECKING:
    from .venue import OkxVenue

__all__ = ["Spread", "Spreads"]

ZERO = Decimal(0)

MAX_DONE = 100_000


@frozen
class Spread:
    """One spread: its two legs and its steps."""

    sprd_id: str
    base: str
    quote: str
    pair: str
    swap: str
    tick: Decimal
    lot: Decimal

    def row(self) -> dict[str, Any]:
        """Return the object of ``GET /api/v5/sprd/spreads``."""
        return {
            "sprdId": self.sprd_id,
            "sprdType": "linear",
            "state": "live",
            "baseCcy": self.base,
            "szCcy": self.base,
            "quoteCcy": self.quote,
            "tickSz": plain(self.tick),
            "minSz": plain(self.lot),
            "lotSz": plain(self.lot),
            "listTime": "1686903000159",
            "legs": [{"instId": self.pair, "side": "sell"}, {"instId": self.swap, "side": "buy"}],
            "expTime": "",
            "uTime": "1686903000159",
        }


class Spreads:
    """
    All spreads and their orders.

    Args:
        venue: Shared state; its instruments are known already.

    Attributes:
        by_id: The spreads.
        listeners: Called with every event of the matching.
    """

    def __init__(self, venue: OkxVenue) -> None:
        self._now_ns: Callable[[], int] = venue.now_ns
        self.by_id: dict[str, Spread] = {}
        for instrument in venue.instruments.of_type("SWAP"):
            contract, pair = instrument.contract, venue.instruments.by_id.get(instrument.family)
            if contract is None or contract.is_inverse or pair is None or pair.pair is None:
                continue
            name = f"{pair.inst_id}_{instrument.inst_id}"
            self.by_id[name] = Spread(
                name,
                pair.pair.base,
                pair.pair.quote,
                pair.inst_id,
                instrument.inst_id,
                tick=contract.tick_size,
                lot=max(abs(contract.multiplier), pair.pair.base_min_size),
            )
        self.listeners: list[Callable[[Event], None]] = []
        self.terms = TermsBook()
        self._orders = OrderRegister("92{:017d}".format, house_accounts=(COUNTERPARTY,), max_done=MAX_DONE)
        next_trade_id = itertools.count(1).__next__
        self._markets = {
            name: Market(
                name,
                _Unsettled(self._orders),
                emit=self._emit,
                size_step=spread.lot,
                last_price=ZERO,
                next_trade_id=next_trade_id,
                sequence=venue.now_ns() // 1_000_000,
            )
            for name, spread in self.by_id.items()
        }

    # Commands.

    def place(self, account: str, args: Mapping[str, Any]) -> OrderState:
        """
        Place an order: ``{"sprdId":...,"side":"buy","ordType":"limit","px":"2.1","sz":"2","clOrdId":"b15"}``.

        Raises:
            Refused: Nothing was placed.
        """
        spread = self.by_id.get(given(args, "sprdId"))
        if spread is None:
            raise refused("51001")
        side = one_of(args, "side", ("buy", "sell"))
        kind = one_of(args, "ordType", ("market", "limit", "post_only", "ioc"))
        size = number(args, "sz")
        self._check_size(spread, size)
        price = ZERO if kind == "market" else number(args, "px", SIGNED)
        if price % spread.tick:
            raise bad("px")
        client_oid = text(args, "clOrdId", ID) or None
        terms = Terms(kind, "", size=str(args["sz"]), tag=text(args, "tag", TAG))
        if client_oid is not None and self._orders.is_taken(account, client_oid):
            raise refused("51016")
        request = OrderRequest(
            spread.sprd_id,
            side,
            "market" if kind == "market" else "limit",
            client_oid,
            price,
            size,
            time_in_force="IOC" if kind == "ioc" else "GTC",
            post_only=kind == "post_only",
            # The house may trade with itself, as in the other markets.
            stp="" if account == COUNTERPARTY else "CO",
        )
        order = Order(self._orders.new_id(), account, request, self._now_ns())
        self._orders.add(order)
        with localcontext(EXACT), self.terms.expecting(account, client_oid, terms):
            self._markets[spread.sprd_id].enter(order, self._now_ns())
        return order.state()

    def cancel(self, account: str, args: Mapping[str, Any]) -> OrderState:
        """
        Cancel a live order by ``ordId`` or ``clOrdId``.

        Raises:
            Refused: 51400 for one that never was, 51401 and 51402 for one that is over.
        """
        order = self._named(account, args)
        if order is None:
            raise refused("51400")
        if order.outcome is not None:
            raise refused("51401" if order.outcome == "canceled" else "51402")
        self._markets[order.request.symbol].cancel(order, self._now_ns())
        return order.state()

    def amend(self, account: str, args: Mapping[str, Any]) -> OrderState:
        """
        Give a live order another price or size; a size that is filled already ends it.

        Raises:
            Refused: 51503, 51509 and 51510 as with `cancel`, or bad arguments.
        """
        req_id = text(args, "reqId", ID)
        order = self._named(account, args)
        if order is None:
            raise refused("51503")
        if order.outcome is not None:
            raise refused("51509" if order.outcome == "canceled" else "51510")
        if not has(args, "newSz") and not has(args, "newPx"):
            raise refused("51500")
        request, spread = order.request, self.by_id[order.request.symbol]
        if has(args, "newPx"):
            price = number(args, "newPx", SIGNED)
            if price % spread.tick:
                raise bad("newPx")
            request = evolve(request, price=price)
        if has(args, "newSz"):
            size = number(args, "newSz")
            self._check_size(spread, size)
            request = evolve(request, size=size)
        self.terms.note(order.state(), req_id=req_id, amend_result="0")
        market = self._markets[spread.sprd_id]
        assert request.size is not None
        with localcontext(EXACT):
            if request.size <= order.deal_size:
                market.cancel(order, self._now_ns())
            else:
                market.amend(order, request, self._now_ns())
        return order.state()

    def cancel_all(self, account: str, sprd_id: str | None) -> bool:
        """
        Cancel the orders of an account in one spread, or in all; return True, as the exchange does.

        Raises:
            Refused: There is no such spread.
        """
        if sprd_id and sprd_id not in self.by_id:
            raise refused("51001")
        for order in self._orders.live(account):
            if sprd_id in (None, "", order.request.symbol):
                self._markets[order.request.symbol].cancel(order, self._now_ns())
        return True

    def place_for_house(self, sprd_id: str, side: str, size: str, price: str | None) -> OrderState:
        """
        Place an order of another trader, a market order without price.

        Raises:
            Refused: The order breaks the rules of the spread.
        """
        args = {"sprdId": sprd_id, "side": side, "sz": size, "ordType": "market" if price is None else "limit"}
        return self.place(COUNTERPARTY, args if price is None else {**args, "px": price})

    # Queries.

    def find(self, account: str, args: Mapping[str, Any]) -> OrderState:
        """
        Return an order by ``ordId`` or ``clOrdId``.

        Raises:
            Refused: 51603.
        """
        order = self._named(account, args)
        if order is None:
            raise refused("51603")
        return order.state()

    def open_orders(self, account: str) -> list[OrderState]:
        """Return the live orders of an account, oldest first."""
        return [order.state() for order in self._orders.live(account)]

    def ended_orders(self, account: str) -> Iterator[OrderState]:
        """Yield the remembered orders of an account that have ended, the newest first."""
        return (order.state() for order in reversed(self._orders.all(account)) if order.outcome is not None)

    def book(self, sprd_id: str) -> Book:
        """Return the live book of a spread; read it, never change it."""
        return self._markets[sprd_id].book

    def client_oid_of(self, order_id: str) -> str | None:
        """Return the client order id behind an order id."""
        order = self._orders.get(order_id)
        return None if order is None else order.request.client_oid

    def _named(self, account: str, args: Mapping[str, Any]) -> Order | None:
        if has(args, "ordId"):
            order = self._orders.get(given(args, "ordId"))
        elif has(args, "clOrdId"):
            order = self._orders.by_client_oid(account, given(args, "clOrdId"))
        else:
            raise refused("51003")
        return order if order is not None and order.account == account else None

    def _emit(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)

    def _check_size(self, spread: Spread, size: Decimal) -> None:
        if size < spread.lot:
            raise refused("51020")
        if size % spread.lot:
            raise refused("51121")


class _Unsettled:
    """Takes orders out of the tables when they are over, and moves no money; see `matching.Settlement`."""

    def __init__(self, orders: OrderRegister) -> None:
        self._orders = orders

    def fill(self, taker: Order, maker: Order, price: Decimal, size: Decimal, trade_id: int) -> tuple[Decimal, Decimal]:
        """There are no fees."""
        return ZERO, ZERO

    def shrunk(self, order: Order) -> None:
        """Nothing is held."""

    def finished(self, order: Order) -> None:
        """Forget a live order."""
        self._orders.finish(order)
