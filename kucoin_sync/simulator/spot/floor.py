"""
Where checked orders are traded: markets, order tables and balances of the spot and margin exchange, in step.

Every change happens inside `SpotFloor.command`, which begins with what has expired and ends with what the change
brought about: tickers, stop orders that fire, wallets that must be liquidated.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal, localcontext
from typing import Any

from ..matching.account_states import MAIN, MARGIN, TRADE, Loan, isolated
from ..matching.accounts import EXACT, Ledger
from ..matching.events import Event, OrderMatched, Trade, Traded
from ..matching.matching import Market
from ..matching.order_register import OrderRegister
from ..matching.orders import Order, OrderRequest, OrderState, Refused
from ..matching.symbols import Symbol
from .call_auction import CallAuctions
from .lending import LENDING_HOUSE
from .liquidation import liquidate
from .margin import LENDER, MarginDesk
from .order_arguments import read_client_oid
from .refusals import refused
from .settlement import FEES, SpotSettlement
from .stop_orders import StopOrders

__all__ = ["MARGIN_ORDERS", "SPOT_ORDERS", "SpotFloor"]

ZERO = Decimal(0)

#: Trade types of the orders of each market.
SPOT_ORDERS, MARGIN_ORDERS = ("TRADE",), ("MARGIN_TRADE", "MARGIN_ISOLATED_TRADE")

MAX_TRADES = 10_000

#: Expiries that may wait before those of orders that are over are looked for.
LEAST_EXPIRIES = 1000


class SpotFloor:
    """
    See `exchange.Exchange` for the arguments; all commands but `command` itself run inside of it.

    Attributes:
        trades: The latest trades.
    """

    def __init__(
        self,
        symbols: Mapping[str, Symbol],
        *,
        now_ns: Callable[[], int],
        emit: Callable[[Event], None],
        taker_fee: Decimal,
        maker_fee: Decimal,
        strict_client_oids: bool,
        house_accounts: Iterable[str],
        max_open_orders: int | None,
        max_open_orders_per_symbol: int | None,
        max_done_orders: int,
        make_id: Callable[[int], str],
    ) -> None:
        self._symbols = symbols
        self._now_ns = now_ns
        self._emit = emit
        self._house = frozenset((*house_accounts, FEES, LENDER, LENDING_HOUSE))
        self._max_open, self._max_open_per_symbol = max_open_orders, max_open_orders_per_symbol
        self.orders = OrderRegister(
            make_id,
            strict_client_oids=strict_client_oids,
            house_accounts=self._house,
            max_done=max_done_orders,
        )
        self.ledger = Ledger(now_ns=now_ns, report=self.report, quiet=self._house)
        self.margin = MarginDesk(self.ledger, symbols, price=self.price_of, now_ns=now_ns, emit=self.report)
        self.settlement = SpotSettlement(
            self.ledger, self.orders, symbols, self.margin, taker_fee=taker_fee, maker_fee=maker_fee
        )
        self.stop_orders = StopOrders(self.report)
        self.auctions = CallAuctions(self.report)
        next_trade_id = itertools.count(1).__next__
        # Books go on counting where they could have been, so that a later exchange is never behind an earlier one.
        sequence = now_ns() // 1_000_000
        self.markets = {
            name: Market(
                name,
                self.settlement,
                emit=self.report,
                size_step=symbol.base_increment,
                last_price=symbol.initial_price,
                next_trade_id=next_trade_id,
                sequence=sequence,
            )
            for name, symbol in symbols.items()
        }
        self._expiries: list[tuple[int, str]] = []
        self._most_expiries = LEAST_EXPIRIES
        # Markets that the running command traded or quoted on.
        self._touched: dict[str, None] = {}
        self._fills: dict[str, deque[OrderMatched]] = {}
        self.trades: deque[Trade] = deque(maxlen=MAX_TRADES)

    # The frame of every command.

    @contextmanager
    def command(self) -> Iterator[int]:
        """Give the time; compute exactly, begin with what has expired, end with what the command brought about."""
        with localcontext(EXACT):
            now = self._now_ns()
            self._expire(now)
            # Here as well: a command that is refused does not get to its end.
            self._follow_up(now)
            yield now
            self._follow_up(now)
            while any(self._liquidate_and_follow(*at_risk, now) for at_risk in self.margin.at_risk()):
                pass  # what was sold and bought may have put others at risk
            self.margin.report()

    def _liquidate_and_follow(self, account: str, wallet: str, now: int) -> bool:
        self._liquidate(account, wallet, now)
        self._follow_up(now)
        return True

    def _expire(self, now: int) -> None:
        while self._expiries and self._expiries[0][0] <= now:
            _, order_id = heapq.heappop(self._expiries)
            order = self.orders.get(order_id)
            if order is not None and order.outcome is None:
                self.cancel(order, now, "ORDER_EXPIRED")

    def _expire_later(self, when: int, order_id: str) -> None:
        heapq.heappush(self._expiries, (when, order_id))
        if len(self._expiries) <= self._most_expiries:
            return
        # Orders that were over before their time must not stay here until it comes.
        orders = ((entry, self.orders.get(entry[1])) for entry in self._expiries)
        self._expiries = [entry for entry, order in orders if order is not None and order.outcome is None]
        heapq.heapify(self._expiries)
        self._most_expiries = max(LEAST_EXPIRIES, 2 * len(self._expiries))

    def _follow_up(self, now: int) -> None:
        """Tell tickers and auctions, and let stop orders fire, until nothing moves any more."""
        while self._touched:
            name, _ = self._touched.popitem()
            market = self.markets[name]
            market.report_ticker()
            self.auctions.report(market, now)
            for stop in self.stop_orders.due(name, market.book.last_price):
                order_id = error = None
                try:
                    order_id = self.place(stop.account, stop.request, now)[0].order_id
                except Refused as refusal:
                    error = refusal.message
                self.stop_orders.fired(stop, order_id, error, now)

    def _liquidate(self, account: str, wallet: str, now: int) -> None:
        pairs = [s for s in self._symbols.values() if s.margin_enabled and wallet in (MARGIN, isolated(s.name))]

        def cancel_orders(account: str, wallet: str) -> None:
            for order in self.orders.live(account):
                if order.request.wallet == wallet:
                    self.cancel(order, now, "LIQUIDATION")

        def trade(account: str, request: OrderRequest) -> bool:
            return self.enter(account, request, self.hold_of(account, request), now) is not None

        liquidate(
            account,
            wallet,
            margin=self.margin,
            pairs=pairs,
            buy_factor=self.settlement.buy_factor,
            cancel_orders=cancel_orders,
            trade=trade,
        )

    # Commands.

    def touch(self, symbol: str) -> None:
        """Look at a pair when the running command ends."""
        self._touched[symbol] = None

    def place(self, account: str, request: OrderRequest, now: int) -> tuple[OrderState, Loan | None]:
        """
        Place a checked order; what is missing is borrowed first where it says so.

        Raises:
            Refused: Nothing was placed and nothing borrowed.
        """
        self.check(account, request)
        amount = self.hold_of(account, request)
        loan, currency = None, self.settlement.pays_in(request)
        missing = amount - self.ledger.available(account, request.wallet, currency)
        if missing > 0 and request.auto_borrow:
            loan = self.margin.borrow(account, request.wallet, currency, missing, cause="TRADE_AUTO_BORROW")
        state = self.enter(account, request, amount, now)
        if state is None:
            raise refused("balance")
        return state, loan

    def hold_of(self, account: str, request: OrderRequest) -> Decimal:
        """Return the amount an order must have held before it may trade."""
        if request.type == "limit":
            assert request.size is not None
            return self.settlement.needs(request, request.size)
        if request.side == "buy" and request.funds is not None:
            return request.funds * self.settlement.buy_factor
        # Nothing can come between this look at the book and the matching: both are one call.
        size, cost = self.markets[request.symbol].plan(account, request)
        return size if request.side == "sell" else cost * self.settlement.buy_factor

    def enter(self, account: str, request: OrderRequest, amount: Decimal, now: int) -> OrderState | None:
        """Hold the money and let the market match; return ``None`` if the money is not there."""
        order = Order(self.orders.new_id(), account, request, now)
        if not self.settlement.hold(order, amount):
            return None
        self.orders.add(order)
        self._touched[request.symbol] = None
        self.markets[request.symbol].enter(order, now)
        if order.outcome is None and order.expires_at_ns is not None:
            self._expire_later(order.expires_at_ns, order.order_id)
        return order.state()

    def cancel(self, order: Order, now: int, reason: str = "USER") -> None:
        """Cancel a live order."""
        self.markets[order.request.symbol].cancel(order, now, reason)
        self._touched[order.request.symbol] = None

    # Checks that need the state, and queries.

    def check(self, account: str, request: OrderRequest) -> None:
        """
        Check a new order against the tables and the market.

        Raises:
            Refused: Client order id taken, too many orders, wallet at risk, or price not allowed.
        """
        if request.client_oid is not None and self.orders.is_taken(account, request.client_oid):
            raise refused("duplicate")
        if account not in self._house:
            for cap, name in ((self._max_open, ""), (self._max_open_per_symbol, request.symbol)):
                if cap is not None and self.orders.live_count(account, name) >= cap:
                    raise refused("too_many")
        if request.trade_type in MARGIN_ORDERS and self.margin.status(account, request.wallet) != "EFFECTIVE":
            raise refused("at_risk")
        self.check_price(request)

    def check_price(self, request: OrderRequest) -> None:
        """
        Check the price of an order against a call auction and the band of the pair.

        Raises:
            Refused: It is outside.
        """
        self.auctions.check(request)
        rate = self._symbols[request.symbol].price_limit_rate
        if rate is None or request.type == "market":
            return
        last = self.markets[request.symbol].book.last_price
        if request.side == "buy" and request.price > last * (1 + rate):
            raise refused("too_dear")
        if request.side == "sell" and request.price < last * (1 - rate):
            raise refused("too_cheap")

    def check_wallets(self, currency: str, *wallets: str) -> None:
        """
        Check that wallets exist and take a currency.

        Raises:
            Refused: One does not.
        """
        for wallet in wallets:
            pair = self._symbols.get(wallet.partition(":")[2])
            is_known = wallet in (MAIN, TRADE, MARGIN) or (pair is not None and wallet == isolated(pair.name))
            if not is_known or (pair is not None and currency not in (pair.base, pair.quote)):
                raise refused("parameter", f"There is no {currency} in a wallet {wallet}.")

    def named(self, account: str, args: Mapping[str, Any], trade_types: tuple[str, ...]) -> Order:
        """
        Find the live order a cancel or modify is about.

        Raises:
            Refused: There is none of these trade types.
        """
        symbol, order_id, client_oid = args.get("symbol"), args.get("orderId"), args.get("clientOid")
        if not isinstance(symbol, str) or symbol not in self._symbols:
            raise refused("symbol")
        if not order_id and not client_oid:
            raise refused("parameter", "orderId or clientOid is required.")
        order: Order | None
        if order_id:
            order = self.orders.get(order_id) if isinstance(order_id, str) else None
        else:
            order = self.orders.live_by_client_oid(account, read_client_oid(client_oid) or "")
        if order is None or order.outcome is not None or order.account != account:
            raise refused("no_such_live_order")
        if order.request.symbol != symbol or order.request.trade_type not in trade_types:
            raise refused("no_such_live_order")
        return order

    def next_expiry_ns(self) -> int | None:
        """Return when an order expires next, or would have."""
        return self._expiries[0][0] if self._expiries else None

    def fills(self, account: str) -> list[OrderMatched]:
        """Return the latest fills of an account, oldest first."""
        return list(self._fills.get(account, ()))

    def price_of(self, currency: str) -> Decimal:
        """Return what one unit of a currency is worth in USDT at the last price, zero if no pair says it."""
        if currency == "USDT":
            return Decimal(1)
        market = self.markets.get(f"{currency}-USDT")
        return ZERO if market is None else market.book.last_price

    def report(self, event: Event) -> None:
        """Remember trades and fills, and pass every event on."""
        if isinstance(event, Traded):
            self.trades.append(event.trade)
        elif isinstance(event, OrderMatched) and event.order.account not in self._house:
            self._fills.setdefault(event.order.account, deque(maxlen=MAX_TRADES)).append(event)
        self._emit(event)
