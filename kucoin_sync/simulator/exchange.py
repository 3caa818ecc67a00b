"""
The simulated spot exchange: its markets, its order tables and the money of its accounts.

Plain computation: no thread, no I/O; the time comes from the ``now_ns`` callable. All amounts are exact
decimals. What happened is handed to the ``emit`` callable as frozen values (see `events`), in order.

Two rules hold after every public call: what an account has held is what its live orders need, and the sum
of all balances (fees go to the account `FEES`) is what was ever deposited.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, localcontext
from typing import Any

from .accounts import EXACT, Balance, Ledger
from .book import Book
from .events import Event, Ticker, Trade, Traded
from .matching import Market
from .order_arguments import modified, read_client_oid, read_order_request
from .order_register import OrderRegister
from .orders import Order, OrderRequest, OrderState, Refused
from .symbols import DEFAULT_SYMBOLS, Symbol

__all__ = ["FEES", "Exchange"]

ZERO = Decimal(0)

#: Account that receives all fees.
FEES = "simulator-fees"

_NO_SUCH_ORDER = "order_not_exist_or_not_allow_to_cancel"


class Exchange:
    """
    Books, orders and balances of all pairs.

    Args:
        now_ns: Clock, nanoseconds since 1970.
        emit: Called with every event; must not call back into the exchange.
        symbols: Pairs that can be traded.
        taker_fee, maker_fee: Fee rates, charged in the quote currency.
        strict_client_oids: Refuse a client order id that was ever used. The real exchange looks at live
            orders only, so the default is False.
        house_accounts: Accounts of the simulator itself: no caps, and their finished orders are forgotten.
        max_open_orders, max_open_orders_per_symbol: Caps per account; ``None`` for no cap.
        max_done_orders: Finished orders that stay available for look-ups.
    """

    def __init__(
        self,
        *,
        now_ns: Callable[[], int],
        emit: Callable[[Event], None] | None = None,
        symbols: Iterable[Symbol] | None = None,
        taker_fee: Decimal | str = "0.001",
        maker_fee: Decimal | str = "0.001",
        strict_client_oids: bool = False,
        house_accounts: Iterable[str] = (),
        max_open_orders: int | None = 2000,
        max_open_orders_per_symbol: int | None = 200,
        max_done_orders: int = 100_000,
    ) -> None:
        self.symbols = {symbol.name: symbol for symbol in (DEFAULT_SYMBOLS if symbols is None else symbols)}
        self.ledger = Ledger()
        self.taker_fee, self.maker_fee = Decimal(taker_fee), Decimal(maker_fee)
        if not 0 <= self.taker_fee < 1 or not 0 <= self.maker_fee < 1:
            raise ValueError("fee rates must be at least 0 and below 1")
        self._now_ns = now_ns
        self._emit: Callable[[Event], None] = emit if emit is not None else _ignore
        # Buyers pay the fee on top, so their hold covers the dearer of the two rates.
        self._buy_factor = 1 + max(self.taker_fee, self.maker_fee)
        self._house = frozenset(house_accounts)
        self._max_open, self._max_open_per_symbol = max_open_orders, max_open_orders_per_symbol
        next_trade_id = itertools.count(1).__next__
        # Books go on counting where they could have been, so that a later exchange is never behind an earlier one.
        sequence = now_ns() // 1_000_000
        self._markets = {
            name: Market(
                name,
                self,
                emit=self._report,
                size_step=symbol.base_increment,
                last_price=symbol.initial_price,
                next_trade_id=next_trade_id,
                sequence=sequence,
            )
            for name, symbol in self.symbols.items()
        }
        self._orders = OrderRegister(
            "SIM{:021x}".format,
            strict_client_oids=strict_client_oids,
            house_accounts=self._house,
            max_done=max_done_orders,
        )
        self._expiries: list[tuple[int, str]] = []
        self.trades: deque[Trade] = deque(maxlen=10_000)

    def __repr__(self) -> str:
        return f"<Exchange SIMULATOR symbols={len(self.symbols)} open_orders={len(self.open_orders())}>"

    # Commands.

    def deposit(self, account: str, currency: str, amount: Decimal | str) -> None:
        """Give an account money."""
        with localcontext(EXACT):
            self.ledger.deposit(account, currency, Decimal(amount))

    def place(self, account: str, args: Mapping[str, Any]) -> OrderState:
        """
        Place an order.

        Args:
            account: Who places it.
            args: Arguments of ``spot.order``, see `orders.read_order_request`.

        Returns:
            The order after matching: live, filled or canceled. A post-only order that would trade and a
            fill-or-kill order that cannot be filled are accepted and canceled at once (assumed).

        Raises:
            Refused: Nothing was placed.
        """
        with localcontext(EXACT):
            now = self._now_ns()
            self._expire(now)
            request = read_order_request(args, self.symbols, now // 1_000_000)
            self._check_client_oid(account, request.client_oid)
            self._check_caps(account, request.symbol)
            state = self._enter(account, request, now)
            self._markets[request.symbol].report_ticker()
        return state

    def cancel(self, account: str, args: Mapping[str, Any]) -> OrderState:
        """
        Cancel a live order by ``orderId`` or ``clientOid``.

        Raises:
            Refused: No live order of this account and pair has that id.
        """
        with localcontext(EXACT):
            now = self._now_ns()
            self._expire(now)
            order = self._named(account, args)
            market = self._markets[order.request.symbol]
            market.cancel(order, now)
            market.report_ticker()
        return order.state()

    def modify(self, account: str, args: Mapping[str, Any]) -> OrderState:
        """
        Replace a live order: cancel it and place another with a new order id and the same client order id.

        The replacement is checked first; if it is refused the old order stays (assumed).

        Raises:
            Refused: Unknown order, bad arguments or not enough balance.
        """
        with localcontext(EXACT):
            now = self._now_ns()
            self._expire(now)
            old = self._named(account, args)
            symbol = self.symbols[old.request.symbol]
            request = modified(old.request, args, symbol, old.remaining)
            currency, amount = self._hold_of(account, request)
            if self.ledger.available(account, currency) + old.held < amount:
                raise Refused("200004", "Balance insufficient!")
            market = self._markets[symbol.name]
            market.cancel(old, now, "ALTER_ORDER_CANCEL_OLD_ORDER")
            state = self._enter(account, request, now)
            market.report_ticker()
        return state

    def poll(self) -> None:
        """Cancel the orders whose ``cancelAfter`` has passed."""
        with localcontext(EXACT):
            self._expire(self._now_ns())

    # Queries.

    def order(self, order_id: str) -> OrderState | None:
        """Return an order by its id; finished ones are kept for a while."""
        order = self._orders.get(order_id)
        return None if order is None else order.state()

    def live_order(self, account: str, client_oid: str) -> OrderState | None:
        """Return the live order of an account with that client order id."""
        order = self._orders.live_by_client_oid(account, client_oid)
        return None if order is None else order.state()

    def orders(self, account: str | None = None) -> list[OrderState]:
        """Return all remembered orders, oldest first."""
        return [order.state() for order in self._orders.all(account)]

    def open_orders(self, account: str | None = None) -> list[OrderState]:
        """Return the live orders, oldest first."""
        return [order.state() for order in self._orders.live(account)]

    def balances(self, account: str) -> dict[str, Balance]:
        """Return the balances of an account by currency."""
        return self.ledger.balances(account)

    def book(self, symbol: str) -> Book:
        """Return the live book of a pair; read it, never change it."""
        return self._markets[symbol].book

    def ticker(self, symbol: str) -> Ticker:
        """Return best prices and last trade of a pair."""
        return self._markets[symbol].ticker()

    # What the markets ask; see `matching.Settlement`.

    def fill(self, taker: Order, maker: Order, price: Decimal, size: Decimal, trade_id: int) -> tuple[Decimal, Decimal]:
        """Move the money of one fill."""
        symbol, funds = self.symbols[taker.request.symbol], price * size
        taker_fee, maker_fee = funds * self.taker_fee, funds * self.maker_fee
        for order, fee in ((taker, taker_fee), (maker, maker_fee)):
            if order.is_buy:
                self.ledger.spend(order.account, symbol.quote, funds + fee)
                order.held -= funds + fee
                self.ledger.credit(order.account, symbol.base, size)
            else:
                self.ledger.spend(order.account, symbol.base, size)
                order.held -= size
                self.ledger.credit(order.account, symbol.quote, funds - fee)
            self.ledger.credit(FEES, symbol.quote, fee)
            self.shrunk(order)
        return taker_fee, maker_fee

    def shrunk(self, order: Order) -> None:
        """Give back what a limit order no longer needs: a better price, a lower fee, a smaller size."""
        request = order.request
        if request.type != "limit":
            return
        symbol = self.symbols[request.symbol]
        needed = order.remaining
        if order.is_buy:
            needed *= request.price * self._buy_factor
        if order.held > needed:
            self.ledger.release(order.account, symbol.quote if order.is_buy else symbol.base, order.held - needed)
            order.held = needed

    def finished(self, order: Order) -> None:
        """Give back all that is still held and take the order out of the tables of live ones."""
        symbol = self.symbols[order.request.symbol]
        if order.held:
            self.ledger.release(order.account, symbol.quote if order.is_buy else symbol.base, order.held)
            order.held = ZERO
        self._orders.finish(order)

    # Checks that need the state.

    def _check_client_oid(self, account: str, client_oid: str | None) -> None:
        if client_oid is None:
            return
        if self._orders.is_taken(account, client_oid):
            raise Refused("400100", "validation.createOrder.clientOidDuplicated")

    def _check_caps(self, account: str, symbol: str) -> None:
        if account in self._house:
            return
        for cap, name in ((self._max_open, ""), (self._max_open_per_symbol, symbol)):
            if cap is not None and self._orders.live_count(account, name) >= cap:
                raise Refused("200003", "Too many open orders.")  # text assumed

    def _named(self, account: str, args: Mapping[str, Any]) -> Order:
        """Find the live order a cancel or modify is about."""
        symbol, order_id, client_oid = args.get("symbol"), args.get("orderId"), args.get("clientOid")
        if not isinstance(symbol, str) or symbol not in self.symbols:
            raise Refused("400100", "Unsupported trading pair.")
        if not order_id and not client_oid:
            raise Refused("400100", "orderId or clientOid is required.")  # text assumed
        order: Order | None
        if order_id:
            order = self._orders.get(order_id) if isinstance(order_id, str) else None
        else:
            order = self._orders.live_by_client_oid(account, read_client_oid(client_oid) or "")
        if order is None or order.outcome is not None or order.account != account or order.request.symbol != symbol:
            raise Refused("400100", _NO_SUCH_ORDER)
        return order

    # Life of an order.

    def _hold_of(self, account: str, request: OrderRequest) -> tuple[str, Decimal]:
        """Return currency and amount an order must have held before it may trade."""
        symbol = self.symbols[request.symbol]
        if request.type == "limit":
            assert request.size is not None
            if request.side == "sell":
                return symbol.base, request.size
            return symbol.quote, request.price * request.size * self._buy_factor
        if request.side == "buy" and request.funds is not None:
            return symbol.quote, request.funds * self._buy_factor
        # Nothing can come between this look at the book and the matching: both are one call.
        size, cost = self._markets[symbol.name].plan(account, request)
        return (symbol.base, size) if request.side == "sell" else (symbol.quote, cost * self._buy_factor)

    def _enter(self, account: str, request: OrderRequest, now: int) -> OrderState:
        currency, amount = self._hold_of(account, request)
        if not self.ledger.hold(account, currency, amount):
            raise Refused("200004", "Balance insufficient!")
        order = Order(self._orders.new_id(), account, request, now)
        order.held = amount
        self._orders.add(order)
        self._markets[request.symbol].enter(order, now)
        if order.outcome is None and order.expires_at_ns is not None:
            heapq.heappush(self._expiries, (order.expires_at_ns, order.order_id))
        return order.state()

    def _expire(self, now: int) -> None:
        while self._expiries and self._expiries[0][0] <= now:
            _, order_id = heapq.heappop(self._expiries)
            order = self._orders.get(order_id)
            if order is not None and order.outcome is None:
                market = self._markets[order.request.symbol]
                market.cancel(order, now, "ORDER_EXPIRED")
                market.report_ticker()

    def _report(self, event: Event) -> None:
        if isinstance(event, Traded):
            self.trades.append(event.trade)
        self._emit(event)


def _ignore(event: Event) -> None:
    """Drop an event: nobody listens."""
