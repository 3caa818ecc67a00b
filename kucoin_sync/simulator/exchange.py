"""
The matching engine of the simulated spot exchange.

Plain computation: no thread, no I/O; the time comes from the ``now_ns`` callable. All amounts are exact
decimals. What happened is handed to the ``emit`` callable as frozen values (see `events`), in order.

Two rules hold after every public call: what an account has held is what its live orders need, and the sum
of all balances (fees go to the account `FEES`) is what was ever deposited.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, localcontext
from typing import Any

from .accounts import EXACT, Balance, Ledger
from .book import Book, BookSide
from .events import Event, OrderDone, OrderMatched, OrderOpened, Ticker, TickerChanged, Trade, Traded
from .orders import Order, OrderRequest, OrderState, Refused, modified, read_client_oid, read_order_request
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
        self.strict_client_oids = strict_client_oids
        self.taker_fee, self.maker_fee = Decimal(taker_fee), Decimal(maker_fee)
        if not 0 <= self.taker_fee < 1 or not 0 <= self.maker_fee < 1:
            raise ValueError("fee rates must be at least 0 and below 1")
        self._now_ns = now_ns
        self._emit: Callable[[Event], None] = emit if emit is not None else _ignore
        # Buyers pay the fee on top, so their hold covers the dearer of the two rates.
        self._buy_factor = 1 + max(self.taker_fee, self.maker_fee)
        self._house = frozenset(house_accounts)
        self._max_open, self._max_open_per_symbol = max_open_orders, max_open_orders_per_symbol
        self._books = {name: Book(symbol.initial_price) for name, symbol in self.symbols.items()}
        self._tickers: dict[str, Ticker] = {}
        self._orders: dict[str, Order] = {}
        self._live_by_client_oid: dict[tuple[str, str], Order] = {}
        self._open_counts: dict[tuple[str, str], int] = {}
        self._used_client_oids: dict[tuple[str, str], None] = {}
        self._done: deque[str] = deque()
        self._max_done = max_done_orders
        self._expiries: list[tuple[int, str]] = []
        self._next_order = 0
        self._next_trade = 0
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
            self._update_ticker(request.symbol)
        return state

    def cancel(self, account: str, args: Mapping[str, Any]) -> OrderState:
        """
        Cancel a live order by ``orderId`` or ``clientOid``.

        Raises:
            Refused: No live order of this account and pair has that id.
        """
        with localcontext(EXACT):
            self._expire(self._now_ns())
            order = self._named(account, args)
            self._finish(order, "canceled")
            self._update_ticker(order.request.symbol)
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
            currency, amount = self._hold_of(request)
            if self.ledger.available(account, currency) + old.held < amount:
                raise Refused("200004", "Balance insufficient!")
            self._finish(old, "canceled")
            state = self._enter(account, request, now)
            self._update_ticker(symbol.name)
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
        order = self._live_by_client_oid.get((account, client_oid))
        return None if order is None else order.state()

    def orders(self, account: str | None = None) -> list[OrderState]:
        """Return all remembered orders, oldest first."""
        return [o.state() for o in self._orders.values() if account is None or o.account == account]

    def open_orders(self, account: str | None = None) -> list[OrderState]:
        """Return the live orders, oldest first."""
        return [
            o.state() for o in self._orders.values() if o.outcome is None and (account is None or o.account == account)
        ]

    def balances(self, account: str) -> dict[str, Balance]:
        """Return the balances of an account by currency."""
        return self.ledger.balances(account)

    def book(self, symbol: str) -> Book:
        """Return the live book of a pair; read it, never change it."""
        return self._books[symbol]

    def ticker(self, symbol: str) -> Ticker:
        """Return best prices and last trade of a pair."""
        book = self._books[symbol]
        bid, bid_size = book.bids.top()
        ask, ask_size = book.asks.top()
        return Ticker(symbol, book.last_price, book.last_size, bid, bid_size, ask, ask_size, book.last_time_ns)

    # Checks that need the state.

    def _check_client_oid(self, account: str, client_oid: str | None) -> None:
        if client_oid is None:
            return
        key = (account, client_oid)
        if key in self._live_by_client_oid or (self.strict_client_oids and key in self._used_client_oids):
            raise Refused("400100", "validation.createOrder.clientOidDuplicated")

    def _check_caps(self, account: str, symbol: str) -> None:
        if account in self._house:
            return
        for cap, key in ((self._max_open, ""), (self._max_open_per_symbol, symbol)):
            if cap is not None and self._open_counts.get((account, key), 0) >= cap:
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
            order = self._live_by_client_oid.get((account, read_client_oid(client_oid) or ""))
        if order is None or order.outcome is not None or order.account != account or order.request.symbol != symbol:
            raise Refused("400100", _NO_SUCH_ORDER)
        return order

    # Life of an order.

    def _hold_of(self, request: OrderRequest) -> tuple[str, Decimal]:
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
        size, cost = _plan(self._books[symbol.name].opposite(request.side), request, symbol)
        return (symbol.base, size) if request.side == "sell" else (symbol.quote, cost * self._buy_factor)

    def _enter(self, account: str, request: OrderRequest, now: int) -> OrderState:
        currency, amount = self._hold_of(request)
        if not self.ledger.hold(account, currency, amount):
            raise Refused("200004", "Balance insufficient!")
        self._next_order += 1
        order = Order(f"SIM{self._next_order:021x}", account, request, now)
        order.held = amount
        self._orders[order.order_id] = order
        if request.client_oid is not None:
            key = (account, request.client_oid)
            self._live_by_client_oid[key] = order
            if self.strict_client_oids:
                self._used_client_oids[key] = None
                if len(self._used_client_oids) > self._max_done:
                    del self._used_client_oids[next(iter(self._used_client_oids))]
        self._count(order, 1)

        book = self._books[request.symbol]
        if request.type == "limit" and self._must_not_trade(request, book):
            self._finish(order, "canceled")
            return order.state()
        self._match(order, book, now)
        if order.outcome is None:
            if request.type == "market" or request.time_in_force in ("IOC", "FOK"):
                filled = request.size is None and order.deal_size > 0
                self._finish(order, "filled" if filled else "canceled")
            else:
                book.side(request.side).add(order)
                if order.expires_at_ns is not None:
                    heapq.heappush(self._expiries, (order.expires_at_ns, order.order_id))
                self._emit(OrderOpened(order.state()))
        return order.state()

    def _must_not_trade(self, request: OrderRequest, book: Book) -> bool:
        """Tell whether post-only or fill-or-kill forbids the order to meet this book."""
        opposite = book.opposite(request.side)
        if request.post_only:
            best = opposite.best()
            return best is not None and _crosses(request, best.request.price)
        if request.time_in_force == "FOK":
            assert request.size is not None
            size, _ = _plan(opposite, request, self.symbols[request.symbol])
            return size < request.size
        return False

    def _match(self, order: Order, book: Book, now: int) -> None:
        request = order.request
        opposite = book.opposite(request.side)
        step = self.symbols[request.symbol].base_increment
        while True:
            maker = opposite.best()
            if maker is None or not _crosses(request, maker.request.price):
                return
            size = min(order.fillable(maker.request.price, step), maker.remaining)
            if size <= 0:
                return
            self._trade(order, maker, size, opposite, book, now)
            if request.size is not None and not order.remaining:
                self._finish(order, "filled")
                return

    def _trade(self, taker: Order, maker: Order, size: Decimal, side: BookSide, book: Book, now: int) -> None:
        symbol, price = self.symbols[taker.request.symbol], maker.request.price
        funds = price * size
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
            order.deal_size += size
            order.deal_funds += funds
            order.fee += fee
            self._trim(order)
        side.reduce(maker, size)
        self._next_trade += 1
        trade = Trade(
            self._next_trade,
            symbol.name,
            taker.request.side,
            price,
            size,
            maker.order_id,
            taker.order_id,
            maker.account,
            taker.account,
            maker_fee,
            taker_fee,
            now,
        )
        self.trades.append(trade)
        book.last_price, book.last_size, book.last_time_ns = price, size, now
        self._emit(Traded(trade))
        self._emit(OrderMatched(maker.state(), trade, True))
        self._emit(OrderMatched(taker.state(), trade, False))
        if not maker.remaining:
            self._finish(maker, "filled")

    def _trim(self, order: Order) -> None:
        """Give back what a limit order no longer needs after a better price or a lower fee."""
        request = order.request
        if request.type != "limit" or not order.is_buy:
            return
        surplus = order.held - order.remaining * request.price * self._buy_factor
        if surplus > 0:
            self.ledger.release(order.account, self.symbols[request.symbol].quote, surplus)
            order.held -= surplus

    def _finish(self, order: Order, outcome: str) -> None:
        request = order.request
        symbol = self.symbols[request.symbol]
        side = self._books[symbol.name].side(request.side)
        if request.type == "limit" and side.has(order):
            side.remove(order)
        if order.held:
            self.ledger.release(order.account, symbol.quote if order.is_buy else symbol.base, order.held)
            order.held = ZERO
        order.outcome = outcome
        self._count(order, -1)
        if request.client_oid is not None:
            self._live_by_client_oid.pop((order.account, request.client_oid), None)
        if order.account in self._house:
            del self._orders[order.order_id]
        else:
            self._done.append(order.order_id)
            if len(self._done) > self._max_done:
                del self._orders[self._done.popleft()]
        self._emit(OrderDone(order.state()))

    def _expire(self, now: int) -> None:
        while self._expiries and self._expiries[0][0] <= now:
            _, order_id = heapq.heappop(self._expiries)
            order = self._orders.get(order_id)
            if order is not None and order.outcome is None:
                self._finish(order, "canceled")
                self._update_ticker(order.request.symbol)

    def _count(self, order: Order, change: int) -> None:
        for key in ((order.account, ""), (order.account, order.request.symbol)):
            self._open_counts[key] = self._open_counts.get(key, 0) + change

    def _update_ticker(self, symbol: str) -> None:
        ticker = self.ticker(symbol)
        if ticker != self._tickers.get(symbol):
            self._tickers[symbol] = ticker
            self._emit(TickerChanged(ticker))


def _ignore(event: Event) -> None:
    """Drop an event: nobody listens."""


def _crosses(request: OrderRequest, price: Decimal) -> bool:
    """Tell whether an arriving order accepts a resting price."""
    if request.type == "market":
        return True
    return price <= request.price if request.side == "buy" else price >= request.price


def _plan(side: BookSide, request: OrderRequest, symbol: Symbol) -> tuple[Decimal, Decimal]:
    """Return size and cost an order would trade against this side right now."""
    size = cost = ZERO
    for price, available in side.levels():
        if not _crosses(request, price):
            break
        if request.size is not None:
            part = min(request.size - size, available)
        else:
            assert request.funds is not None
            step = symbol.base_increment
            part = min((request.funds - cost) // (price * step) * step, available)
        if part <= 0:
            break
        size += part
        cost += part * price
    return size, cost
