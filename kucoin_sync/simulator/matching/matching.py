"""
Price-time matching of one symbol, whatever is traded there.

Plain computation, shared by the spot and the futures exchange: what an order may trade, in which turn, and when
it is over. Money is not known here, a `Settlement` moves it; what happened is reported as events, in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from .book import Book, next_slice
from .events import (
    BookChanged,
    Event,
    OrderDone,
    OrderMatched,
    OrderOpened,
    OrderReceived,
    OrderUpdated,
    Ticker,
    TickerChanged,
    Trade,
    Traded,
)
from .orders import Order, OrderRequest

__all__ = ["Market", "Settlement"]

ZERO = Decimal(0)


class Settlement(Protocol):
    """
    What a market asks of the exchange that keeps the money and the order tables.

    All of it is called in the middle of matching and must not call back into the market.
    """

    def fill(self, taker: Order, maker: Order, price: Decimal, size: Decimal, trade_id: int) -> tuple[Decimal, Decimal]:
        """
        Pay one fill; both orders count it already in ``deal_size`` and ``deal_funds``.

        Returns:
            Fees of the taker and of the maker, which the market adds to ``fee`` of the orders.
        """

    def shrunk(self, order: Order) -> None:
        """An order lost size without a fill: give back what it no longer needs."""

    def finished(self, order: Order) -> None:
        """An order is over (``outcome`` says how): give back what it still holds, and forget it as a live one."""


class Market:
    """
    The book of one symbol and its matching.

    Args:
        name: The symbol.
        settlement: Who moves the money.
        emit: Called with every event; must not call back into the market.
        size_step: Sizes of orders placed by funds are whole multiples of this.
        last_price: Before the first trade.
        next_trade_id: Gives the ids of trades.
        sequence: Where the count of book changes starts.
    """

    def __init__(
        self,
        name: str,
        settlement: Settlement,
        *,
        emit: Callable[[Event], None],
        size_step: Decimal,
        last_price: Decimal,
        next_trade_id: Callable[[], int],
        sequence: int = 0,
    ) -> None:
        self.name = name
        self.book = Book(last_price, sequence=sequence, on_change=self._level_changed)
        self._settlement = settlement
        self._emit = emit
        self._size_step = size_step
        self._next_trade_id = next_trade_id
        self._ticker: Ticker | None = None
        #: Whether orders gather without trading, for a call auction.
        self.is_gathering = False
        # Time of the running command: all it causes bears the same stamp.
        self._now = 0

    # Commands. ``now`` is the server's time in nanoseconds.

    def enter(self, order: Order, now: int) -> None:
        """
        Let a new order trade, and rest if it may.

        Afterwards it is live or over; while orders gather for an auction it rests. A post-only order that would trade
        and a fill-or-kill order that cannot be filled are taken and cancelled at once (assumed).
        """
        self._now = now
        self._emit(OrderReceived(order.state()))
        self._trade_or_rest(order)
        if order.outcome is None:
            self._emit(OrderOpened(order.state()))

    def amend(self, order: Order, request: OrderRequest, now: int) -> None:
        """
        Give a resting order another price or size; it keeps its id and its fills, and loses its turn (assumed).

        Args:
            order: It rests.
            request: The same with another price or size; the size counts what is filled already.
            now: Time of the command.
        """
        self._now = now
        old_size = order.size
        assert old_size is not None
        self.book.side(request.side).remove(order)
        order.request, order.cut, order.updated_at_ns = request, ZERO, now
        self._settlement.shrunk(order)
        self._emit(OrderUpdated(order.state(), old_size))
        self._trade_or_rest(order)

    def cancel(self, order: Order, now: int, reason: str = "USER") -> None:
        """Take a live order out of the book."""
        self._now = now
        self._finish(order, "canceled", reason)

    def decrease(self, order: Order, size: Decimal, now: int) -> None:
        """Take ``size``, less than what is left, away from a resting order; it keeps its place."""
        self._now = now
        self._shrink(order, size, order.request.price)

    def uncross(self, price: Decimal, now: int) -> None:
        """
        Trade what crosses at one price, best prices and oldest orders first, and match as usual from now on.

        The younger order of each trade counts as the taker, and self-trade prevention is not looked at (assumed).
        """
        self._now = now
        self.is_gathering = False
        while price:
            bid, ask = self.book.bids.best(), self.book.asks.best()
            if bid is None or ask is None or not ask.request.price <= price <= bid.request.price:
                return
            maker, taker = sorted((bid, ask), key=lambda order: (order.created_at_ns, order.order_id))
            self._trade(taker, maker, min(bid.slice, ask.slice), price)

    def report_ticker(self) -> None:
        """Emit `TickerChanged` if the top of the book or the last trade changed since the last call."""
        ticker = self.ticker()
        if ticker != self._ticker:
            self._ticker = ticker
            self._emit(TickerChanged(ticker))

    # Queries.

    def ticker(self) -> Ticker:
        """Return best prices and last trade."""
        book = self.book
        bid, bid_size = book.bids.top()
        ask, ask_size = book.asks.top()
        return Ticker(self.name, book.last_price, book.last_size, bid, bid_size, ask, ask_size, book.last_time_ns)

    def depth(self) -> tuple[list[tuple[Decimal, Decimal]], list[tuple[Decimal, Decimal]]]:
        """Return price and size of bids and asks, best first, with all that is hidden."""
        bids, asks = (
            [(price, sum((order.remaining for order in orders), ZERO)) for price, orders in side.queues()]
            for side in (self.book.bids, self.book.asks)
        )
        return bids, asks

    def plan(self, account: str, request: OrderRequest) -> tuple[Decimal, Decimal]:
        """Return size and cost of what an order would trade now; hidden orders and self-trade prevention count."""
        size = cost = lost = ZERO
        for price, orders in self.book.opposite(request.side).queues():
            if not _crosses(request, price):
                break
            queue = deque((order, order.slice, order.remaining) for order in orders)
            while queue:
                order, at_once, left = queue.popleft()
                if request.size is not None:
                    wanted = request.size - size - lost
                else:
                    assert request.funds is not None
                    wanted = (request.funds - cost - lost) // (price * self._size_step) * self._size_step
                if wanted <= 0 or (order.account == account and request.stp in ("CN", "CB")):
                    return size, cost
                if order.account == account and request.stp:
                    if request.stp == "DC":
                        lost += min(wanted, left) * (1 if request.size is not None else price)
                    continue
                part = min(wanted, at_once)
                size += part
                cost += part * price
                if left > part:
                    queue.append((order, next_slice(order.request.visible_size, left - part), left - part))
        return size, cost

    # Matching.

    def _trade_or_rest(self, order: Order) -> None:
        request = order.request
        if not self.is_gathering:
            reason = self._forbidden(order)
            if reason is not None:
                self._finish(order, "canceled", reason)
                return
            self._match(order)
            if order.outcome is not None:
                return
        if request.type == "market":
            filled = request.size is None and order.deal_size > 0
            self._finish(order, "filled" if filled else "canceled", None if filled else "NO_MAKER")
        elif request.time_in_force in ("IOC", "FOK"):
            self._finish(order, "canceled", request.time_in_force)
        else:
            self.book.side(request.side).add(order)

    def _forbidden(self, order: Order) -> str | None:
        """Return why post-only or fill-or-kill forbids the order to meet this book."""
        request = order.request
        if request.post_only:
            best = self.book.opposite(request.side).best()
            return "POST_ONLY" if best is not None and _crosses(request, best.request.price) else None
        if request.time_in_force == "FOK" and request.size is not None:
            size, _ = self.plan(order.account, request)
            return "FOK" if size < request.size else None
        return None

    def _match(self, order: Order) -> None:
        request = order.request
        opposite = self.book.opposite(request.side)
        while order.outcome is None:
            maker = opposite.best()
            if maker is None or not _crosses(request, maker.request.price):
                return
            wanted = order.fillable(maker.request.price, self._size_step)
            if wanted <= 0:
                return
            if request.stp and maker.account == order.account:
                self._prevent_self_trade(order, maker, wanted)
                continue
            self._trade(order, maker, min(wanted, maker.slice), maker.request.price)

    def _trade(self, taker: Order, maker: Order, size: Decimal, price: Decimal) -> None:
        book, trade_id = self.book, self._next_trade_id()
        for order in (taker, maker):
            order.deal_size += size
            order.deal_funds += price * size
            order.updated_at_ns = self._now
        taker_fee, maker_fee = self._settlement.fill(taker, maker, price, size, trade_id)
        taker.fee += taker_fee
        maker.fee += maker_fee
        book.last_price, book.last_size, book.last_time_ns = price, size, self._now
        trade = Trade(
            trade_id,
            self.name,
            taker.request.side,
            price,
            size,
            maker.order_id,
            taker.order_id,
            maker.account,
            taker.account,
            maker_fee,
            taker_fee,
            self._now,
        )
        self._emit(Traded(trade))
        self._emit(OrderMatched(maker.state(), trade, True))
        self._emit(OrderMatched(taker.state(), trade, False))
        for order in (maker, taker):
            side = book.side(order.request.side)
            if order.request.type == "limit" and side.has(order):
                side.take(order, size)
            if order.request.size is not None and not order.remaining:
                self._finish(order, "filled")

    def _prevent_self_trade(self, taker: Order, maker: Order, wanted: Decimal) -> None:
        """
        Do what the arriving order's ``stp`` says instead of a trade of an account with itself.

        ``CN`` cancels the newest, that is the arriving order, ``CO`` the oldest, ``CB`` both; ``DC`` takes the
        smaller size away from both, which ends the smaller order.
        """
        rule, price = taker.request.stp, maker.request.price
        if rule == "DC":
            common = min(wanted, maker.remaining)
            ends_taker, ends_maker = common == wanted, common == maker.remaining
            if not ends_maker:
                self._shrink(maker, common, price)
            if not ends_taker:
                self._shrink(taker, common, price)
        else:
            ends_taker, ends_maker = rule in ("CN", "CB"), rule in ("CO", "CB")
        if ends_maker:
            self._finish(maker, "canceled", "STP")
        if ends_taker:
            self._finish(taker, "canceled", "STP")

    # Life of an order.

    def _shrink(self, order: Order, size: Decimal, price: Decimal) -> None:
        old_size = order.size
        order.cut += size if old_size is not None else size * price
        order.updated_at_ns = self._now
        side = self.book.side(order.request.side)
        if order.request.type == "limit" and side.has(order):
            side.shrink(order)
        self._settlement.shrunk(order)
        if old_size is not None:
            self._emit(OrderUpdated(order.state(), old_size))

    def _finish(self, order: Order, outcome: str, reason: str | None = None) -> None:
        side = self.book.side(order.request.side)
        if order.request.type == "limit" and side.has(order):
            side.remove(order)
        order.outcome, order.cancel_reason, order.updated_at_ns = outcome, reason, self._now
        self._settlement.finished(order)
        self._emit(OrderDone(order.state()))

    def _level_changed(self, side: str, price: Decimal, size: Decimal) -> None:
        self._emit(BookChanged(self.name, self.book.sequence, side, price, size, self._now))


def _crosses(request: OrderRequest, price: Decimal) -> bool:
    """Tell whether an arriving order accepts a resting price."""
    if request.type == "market":
        return True
    return price <= request.price if request.side == "buy" else price >= request.price
