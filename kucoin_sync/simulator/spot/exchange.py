"""
The simulated spot and margin exchange: its markets, its order tables and the money of its accounts.

Plain computation: no thread, no I/O; the time comes from the ``now_ns`` callable. All amounts are exact
decimals. What happened is handed to the ``emit`` callable as frozen values (see `events`), in order.

Two rules hold after every public call: what a wallet has held is what its live orders need, and the sum of all
balances (fees go to the account `FEES`, loans come from `LENDER`) is what was ever deposited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal, localcontext
from typing import Any

from ..matching.account_states import MAIN, MARGIN, TRADE, Balance, Loan, isolated
from ..matching.accounts import EXACT
from ..matching.book import Book
from ..matching.events import CallAuctionChanged, Event, OrderMatched, Ticker
from ..matching.orders import OrderRequest, OrderState, StopOrderState
from ..matching.symbols import DEFAULT_SYMBOLS, Symbol
from .dead_man import DeadManSwitch, SwitchSetting
from .floor import MARGIN_ORDERS, SPOT_ORDERS, SpotFloor
from .lending import LENDING_HOUSE, LendingMarket
from .margin import LENDER, LENDER_WALLET
from .order_arguments import modified, positive_number, read_margin_request, read_order_request
from .refusals import refused
from .settlement import FEES
from .stop_arguments import read_stop_request

__all__ = ["FEES", "LENDER", "LENDING_HOUSE", "MARGIN_ORDERS", "SPOT_ORDERS", "Exchange"]


class Exchange:
    """
    Books, orders and balances of all pairs.

    Args:
        now_ns: Clock, nanoseconds since 1970.
        line_ns: The clock that expiry windows of clients are held against; ``None`` for the same.
        emit: Called with every event; must not call back into the exchange.
        symbols: Pairs that can be traded.
        taker_fee, maker_fee: Fee rates, charged in the quote currency.
        strict_client_oids: Refuse a client order id that was ever used. The real exchange looks at live
            orders only, so the default is False.
        house_accounts: Accounts of the simulator itself: no caps, and their finished orders are forgotten.
        max_open_orders, max_open_orders_per_symbol: Caps per account; ``None`` for no cap.
        max_done_orders: Finished orders that stay available for look-ups.
        lending_pool: How much of each currency margin traders can borrow in all.
        make_id: Turns the number of an order into its id; ``None`` for ``SIM`` and hexadecimal digits.
    """

    def __init__(
        self,
        *,
        now_ns: Callable[[], int],
        line_ns: Callable[[], int] | None = None,
        emit: Callable[[Event], None] | None = None,
        symbols: Iterable[Symbol] | None = None,
        taker_fee: Decimal | str = "0.001",
        maker_fee: Decimal | str = "0.001",
        strict_client_oids: bool = False,
        house_accounts: Iterable[str] = (),
        max_open_orders: int | None = 2000,
        max_open_orders_per_symbol: int | None = 200,
        max_done_orders: int = 100_000,
        lending_pool: Decimal | str = "1000000",
        make_id: Callable[[int], str] | None = None,
    ) -> None:
        self.symbols = {symbol.name: symbol for symbol in (DEFAULT_SYMBOLS if symbols is None else symbols)}
        self._now_ns = now_ns
        self._line_ns = now_ns if line_ns is None else line_ns
        self._floor = floor = SpotFloor(
            self.symbols,
            now_ns=now_ns,
            emit=emit if emit is not None else _ignore,
            taker_fee=Decimal(taker_fee),
            maker_fee=Decimal(maker_fee),
            strict_client_oids=strict_client_oids,
            house_accounts=house_accounts,
            max_open_orders=max_open_orders,
            max_open_orders_per_symbol=max_open_orders_per_symbol,
            max_done_orders=max_done_orders,
            make_id="SIM{:021x}".format if make_id is None else make_id,
        )
        self.ledger = floor.ledger
        self.margin = floor.margin
        self.settlement = floor.settlement
        self.stop_orders = floor.stop_orders
        self.trades = floor.trades
        self.lending = LendingMarket(floor.ledger, now_ns=now_ns, emit=floor.report)
        self._orders, self._markets, self._auctions = floor.orders, floor.markets, floor.auctions
        self._dead_man = DeadManSwitch()
        for currency in {currency for s in self.symbols.values() for currency in (s.base, s.quote)}:
            self.deposit(LENDER, currency, lending_pool, wallet=LENDER_WALLET)
            self.deposit(LENDING_HOUSE, currency, lending_pool, wallet=MAIN)
        for symbol in self.symbols.values():
            if symbol.call_auction:
                self.start_call_auction(symbol.name)

    def __repr__(self) -> str:
        return f"<Exchange SIMULATOR symbols={len(self.symbols)} open_orders={len(self.open_orders())}>"

    # Money.

    def deposit(self, account: str, currency: str, amount: Decimal | str, *, wallet: str = TRADE) -> None:
        """Give an account money."""
        with localcontext(EXACT):
            self.ledger.deposit(account, wallet, currency, Decimal(amount))
            self.margin.moved(account, wallet, currency, Decimal(amount))
            self.margin.report()

    def transfer(self, account: str, currency: str, amount: Decimal | str, source: str, target: str) -> None:
        """
        Move money between two wallets of an account.

        Raises:
            Refused: It is not there, or stands for a debt.
        """
        with self._floor.command():
            value = Decimal(amount)
            self._floor.check_wallets(currency, source, target)
            if value <= 0 or not self.margin.may_leave(account, source, currency, value):
                raise refused("balance")
            if not self.ledger.move((account, source), (account, target), currency, value):
                raise refused("balance")
            self.margin.moved(account, source, currency, -value)
            self.margin.moved(account, target, currency, value)

    def borrow(self, account: str, currency: str, amount: Decimal | str, *, symbol: str | None = None) -> Loan:
        """
        Borrow for the cross margin wallet, or the isolated one of a pair.

        Raises:
            Refused: That much may not be borrowed.
        """
        with self._floor.command():
            wallet = MARGIN if symbol is None else isolated(symbol)
            return self.margin.borrow(account, wallet, currency, Decimal(amount))

    def repay(
        self, account: str, currency: str, amount: Decimal | str | None = None, *, symbol: str | None = None
    ) -> Decimal:
        """Pay back as much as is owed, available and wished; return what was paid."""
        with self._floor.command():
            wallet = MARGIN if symbol is None else isolated(symbol)
            return self.margin.repay(account, wallet, currency, None if amount is None else Decimal(amount))

    # Orders.

    def place(self, account: str, args: Mapping[str, Any]) -> OrderState:
        """
        Place a spot order.

        Args:
            account: Who places it.
            args: Arguments of ``spot.order``, see `order_arguments.read_order_request`.

        Returns:
            The order after matching: live, filled or canceled. A post-only order that would trade and a
            fill-or-kill order that cannot be filled are accepted and canceled at once (assumed).

        Raises:
            Refused: Nothing was placed.
        """
        with self._floor.command() as now:
            return self._floor.place(account, read_order_request(args, self.symbols, self._line_ms()), now)[0]

    def place_for_house(self, account: str, request: OrderRequest) -> OrderState:
        """
        Place a limit order of the simulator itself, which may be smaller than the least size of the pair.

        Raises:
            Refused: The pair is suspended, or price or size are no multiples of its steps.
        """
        symbol = self.symbols[request.symbol]
        with self._floor.command() as now:
            if not symbol.enabled:
                raise refused("suspended")
            if request.price % symbol.price_increment:
                raise refused("price_step")
            if request.size is None or request.size % symbol.base_increment:
                raise refused("size_step")
            return self._floor.place(account, request, now)[0]

    def place_margin(self, account: str, args: Mapping[str, Any]) -> tuple[OrderState, Loan | None]:
        """
        Place a margin order; with ``autoBorrow`` what is missing is borrowed first.

        Raises:
            Refused: In the words of the spot market; nothing was placed and nothing borrowed.
        """
        with self._floor.command() as now:
            return self._floor.place(account, read_margin_request(args, self.symbols), now)

    def test(self, account: str, args: Mapping[str, Any], *, margin: bool = False) -> str:
        """Check the arguments of an order without placing it, and return an order id that means nothing."""
        with self._floor.command():
            if margin:
                request = read_margin_request(args, self.symbols)
            else:
                request = read_order_request(args, self.symbols, self._line_ms())
            self._floor.check(account, request)
            return self._orders.new_id()

    def cancel(self, account: str, args: Mapping[str, Any], *, margin: bool = False) -> OrderState:
        """
        Cancel a live order by ``orderId`` or ``clientOid``.

        Raises:
            Refused: No live order of this account, pair and market has that id.
        """
        with self._floor.command() as now:
            order = self._floor.named(account, args, MARGIN_ORDERS if margin else SPOT_ORDERS)
            self._floor.cancel(order, now)
            return order.state()

    def decrease(self, account: str, args: Mapping[str, Any]) -> OrderState:
        """
        Take ``cancelSize`` away from a live spot order; all that is left ends it (assumed).

        Raises:
            Refused: Unknown order, or more than is left.
        """
        with self._floor.command() as now:
            order = self._floor.named(account, args, SPOT_ORDERS)
            size = positive_number(args, "cancelSize")
            if size <= 0 or size > order.remaining or size % self.symbols[order.request.symbol].base_increment:
                raise refused("parameter", "cancelSize is invalid.")
            if size == order.remaining:
                self._floor.cancel(order, now)
            else:
                self._markets[order.request.symbol].decrease(order, size, now)
                self._floor.touch(order.request.symbol)
            return order.state()

    def cancel_all(
        self, account: str, *, symbols: Iterable[str] | None = None, trade_types: Iterable[str] = SPOT_ORDERS
    ) -> list[str]:
        """Cancel the live orders of an account, on some pairs or all; return the pairs that had any."""
        wanted, kinds = None if symbols is None else set(symbols), set(trade_types)
        with self._floor.command() as now:
            found: dict[str, None] = {}
            for order in self._orders.live(account):
                name = order.request.symbol
                if order.request.trade_type in kinds and (wanted is None or name in wanted):
                    self._floor.cancel(order, now)
                    found[name] = None
            return list(found)

    def modify(self, account: str, args: Mapping[str, Any]) -> OrderState:
        """
        Replace a live spot order: cancel it and place another with a new id and the same client order id.

        The replacement is checked first; if it is refused the old order stays (assumed).

        Raises:
            Refused: Unknown order, bad arguments or not enough balance.
        """
        with self._floor.command() as now:
            old = self._floor.named(account, args, SPOT_ORDERS)
            request = modified(old.request, args, self.symbols[old.request.symbol], old.remaining)
            self._floor.check_price(request)
            amount = self._floor.hold_of(account, request)
            currency = self.settlement.pays_in(request)
            if self.ledger.available(account, request.wallet, currency) + old.held < amount:
                raise refused("balance")
            self._floor.cancel(old, now, "ALTER_ORDER_CANCEL_OLD_ORDER")
            state = self._floor.enter(account, request, amount, now)
            assert state is not None
            return state

    def amend(self, account: str, args: Mapping[str, Any]) -> OrderState:
        """
        Give a live spot or margin order another price or size in its place: it keeps its id and loses its turn.

        ``newSize`` is the whole size, with what is filled already. All of this is assumed.

        Raises:
            Refused: Unknown order, bad arguments or not enough balance; the order stays as it was.
        """
        with self._floor.command() as now:
            order = self._floor.named(account, args, (*SPOT_ORDERS, *MARGIN_ORDERS))
            whole = order.deal_size + order.remaining
            request = modified(order.request, args, self.symbols[order.request.symbol], whole)
            left = (request.size or whole) - order.deal_size
            if left <= 0:
                raise refused("parameter", "newSize is not above what is filled.")
            self._floor.check_price(request)
            if not self.settlement.hold_more(order, self.settlement.needs(request, left)):
                raise refused("balance")
            self._markets[request.symbol].amend(order, request, now)
            self._floor.touch(request.symbol)
            return order.state()

    def place_stop(self, account: str, args: Mapping[str, Any]) -> StopOrderState:
        """
        Place an order that waits for a price.

        Raises:
            Refused: Bad arguments, or too many.
        """
        with self._floor.command() as now:
            request = read_stop_request(args, self.symbols)
            last_price = self._markets[request.symbol].book.last_price
            order = self.stop_orders.place(account, request, last_price, now)
            self._floor.touch(request.symbol)
            return order

    def cancel_stop(self, account: str, order: StopOrderState | None) -> StopOrderState:
        """
        Cancel a waiting stop order.

        Raises:
            Refused: There is none, or it waits no longer.
        """
        with self._floor.command() as now:
            if order is None or order.account != account or order.status != "NEW":
                raise refused("no_such_live_order")
            self.stop_orders.cancel(order, now)
            return order

    # The rest of what can be asked for.

    def set_dead_man(self, account: str, timeout: object, symbols: tuple[str, ...]) -> SwitchSetting | None:
        """
        Cancel the account's spot orders in ``timeout`` seconds unless it calls again; -1 ends that.

        Raises:
            Refused: Bad timeout or unknown pair.
        """
        with self._floor.command() as now:
            if any(symbol not in self.symbols for symbol in symbols):
                raise refused("symbol")
            return self._dead_man.set(account, timeout, symbols, now)

    def dead_man(self, account: str) -> SwitchSetting | None:
        """Return the running countdown of an account."""
        return self._dead_man.get(account)

    def start_call_auction(self, symbol: str, *, floor: Decimal | None = None, ceiling: Decimal | None = None) -> None:
        """Let the orders of a pair gather without trading; prices outside of the range are refused."""
        with self._floor.command() as now:
            self._auctions.start(self.symbols[symbol], self._markets[symbol], now, floor=floor, ceiling=ceiling)

    def end_call_auction(self, symbol: str) -> None:
        """Match what has gathered at one price, and trade as usual from now on."""
        with self._floor.command() as now:
            self._auctions.end(self._markets[symbol], now)
            self._floor.touch(symbol)

    def poll(self) -> None:
        """Do what the clock asks for: expiries, dead man's switches, interest, loans that are due, liquidations."""
        with self._floor.command() as now:
            for account, setting in self._dead_man.take_due(now):
                for order in self._orders.live(account):
                    is_meant = not setting.symbols or order.request.symbol in setting.symbols
                    if order.request.trade_type in SPOT_ORDERS and is_meant:
                        self._floor.cancel(order, now)
            self.margin.accrue()
            self.lending.poll()

    def next_due_ns(self) -> int | None:
        """Return when `poll` has something to do next, as far as that is known now."""
        floor, parts = self._floor, (self._dead_man, self.margin, self.lending)
        dues = (floor.next_expiry_ns(), *(part.next_due_ns() for part in parts))
        return min((due for due in dues if due is not None), default=None)

    # Queries.

    def order(self, order_id: str) -> OrderState | None:
        """Return an order by its id; finished ones are kept for a while."""
        order = self._orders.get(order_id)
        return None if order is None else order.state()

    def order_by_client_oid(self, account: str, client_oid: str) -> OrderState | None:
        """Return the live order of an account with that client order id, else the newest finished one."""
        order = self._orders.by_client_oid(account, client_oid)
        return None if order is None else order.state()

    def orders(self, account: str | None = None) -> list[OrderState]:
        """Return all remembered orders, oldest first."""
        return [order.state() for order in self._orders.all(account)]

    def ended_orders(self, account: str, symbol: str, *, until_ns: int | None = None) -> Iterator[OrderState]:
        """
        Yield the remembered orders of a pair that have ended, the newest first, each read when it is asked for.

        Args:
            account: Whose.
            symbol: The pair.
            until_ns: Leave those out that were created later.
        """
        for order in reversed(self._orders.all(account)):
            if order.outcome is None or order.request.symbol != symbol:
                continue
            if until_ns is None or order.created_at_ns <= until_ns:
                yield order.state()

    def open_orders(self, account: str | None = None) -> list[OrderState]:
        """Return the live orders, oldest first."""
        return [order.state() for order in self._orders.live(account)]

    def fills(self, account: str) -> list[OrderMatched]:
        """Return the latest fills of an account, oldest first."""
        return self._floor.fills(account)

    def balances(self, account: str, wallet: str = TRADE) -> dict[str, Balance]:
        """Return the balances of a wallet by currency."""
        return self.ledger.balances(account, wallet)

    def book(self, symbol: str) -> Book:
        """Return the live book of a pair; read it, never change it."""
        return self._markets[symbol].book

    def ticker(self, symbol: str) -> Ticker:
        """Return best prices and last trade of a pair."""
        return self._markets[symbol].ticker()

    def price_of(self, currency: str) -> Decimal:
        """Return what one unit of a currency is worth in USDT at the last price, zero if no pair says it."""
        return self._floor.price_of(currency)

    def _line_ms(self) -> int:
        return self._line_ns() // 1_000_000

    def call_auction(self, symbol: str) -> CallAuctionChanged | None:
        """Return the expected result of a running call auction, ``None`` if there is none."""
        with localcontext(EXACT):
            return self._auctions.state(self._markets[symbol], self._now_ns())


def _ignore(event: Event) -> None:
    """Drop an event: nobody listens."""
