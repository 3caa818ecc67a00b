"""
The simulated futures exchange: markets, orders, margins, funding and liquidation of contracts.

Plain computation: no thread, no I/O; the time comes from the ``now_ns`` callable. All amounts are exact decimals; where
a division is unavoidable its result is rounded once and used for both sides (see `contracts.Contract.unit` and
`positions`). What happened is handed to the ``emit`` callable as frozen values, in order: orders and trades first,
then the positions and wallets they changed, then what follows from that.

After every public call the balances of all accounts less the costs of all positions are what was ever deposited
(`FuturesAccounts.totals`): fees go to the account `FEES`, losses beyond a margin come from `INSURANCE`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal, localcontext
from typing import Any

from ..matching.accounts import EXACT
from ..matching.book import Book
from ..matching.events import (
    Event,
    Ticker,
)
from ..matching.order_register import OrderRegister
from ..matching.orders import Order, Refused
from .accounts import FuturesAccounts
from .admission import Admission
from .contract_market import ContractMarket
from .contract_settlement import ContractSettlement, resting_orders
from .contracts import DEFAULT_CONTRACTS, Contract
from .events import (
    FundingRateChanged,
    FundingSettled,
    FuturesFill,
    FuturesOrderState,
    FuturesStopOrderChanged,
    FuturesWallet,
    MarkPriceChanged,
    PositionChanged,
    PositionSettled,
    PositionState,
)
from .liquidation import Liquidator
from .mark_prices import Funding, MarkPrices, middle
from .market_reports import MarketReports
from .orders import FuturesOrder, amended, named_contract
from .refusals import refused
from .reports import FuturesReports
from .settings import FuturesSettings

__all__ = ["FEES", "INSURANCE", "FuturesExchange"]

ZERO = Decimal(0)

#: Account that receives all fees of contracts.
FEES = "simulator-futures-fees"

#: Account that takes over liquidated positions and pays for losses beyond a margin.
INSURANCE = "simulator-insurance-fund"

#: Why a stop order ends that could not be placed when its price was reached, by situation.
_REASONS = {
    "balance": "NO_ENOUGH_BALANCE",
    "no_position": "CLOSE_ORDER_WITHOUT_POSITION",
    "too_dear": "PRICE_LIMITED",
    "too_cheap": "PRICE_LIMITED",
}


class FuturesExchange:
    """
    Everything that happens with contracts.

    Args:
        now_ns: Clock, nanoseconds since 1970.
        emit: Called with every event; must not call back into the exchange.
        contracts: What can be traded.
        index_of: Returns the price of a spot pair for the index, ``None`` where there is no such pair.
        seed: Of the index walks.
        strict_client_oids: Refuse a client order id that was ever used, not only those of live orders.
        house_accounts: Accounts of the simulator itself: no margin, no caps, and their finished orders are forgotten.
        max_open_orders, max_stop_orders: Caps per account and contract; ``None`` for no cap.
        max_done_orders, max_fills: How many finished orders and fills stay available for look-ups.
    """

    def __init__(
        self,
        *,
        now_ns: Callable[[], int],
        emit: Callable[[Event], None] | None = None,
        contracts: Iterable[Contract] | None = None,
        index_of: Callable[[str], Decimal | None] | None = None,
        seed: int = 0,
        strict_client_oids: bool = False,
        house_accounts: Iterable[str] = (),
        max_open_orders: int | None = 100,
        max_stop_orders: int | None = 200,
        max_done_orders: int = 100_000,
        max_fills: int = 100_000,
        make_id: Callable[[int], str] | None = None,
        takes_fok: bool = False,
    ) -> None:
        self.contracts = {c.symbol: c for c in (DEFAULT_CONTRACTS if contracts is None else contracts)}
        self._now_ns = now_ns
        self._emit: Callable[[Event], None] = emit if emit is not None else _ignore
        house = {*house_accounts, FEES, INSURANCE}
        self._orders = OrderRegister(
            "SIMF{:020x}".format if make_id is None else make_id,
            strict_client_oids=strict_client_oids,
            house_accounts=house,
            max_done=max_done_orders,
        )
        self._next_trade_id = itertools.count(1).__next__
        #: Waiting stop orders of a symbol by id, oldest first.
        self._stops: dict[str, dict[str, FuturesOrder]] = {symbol: {} for symbol in self.contracts}
        #: Mark prices as last reported.
        self._marks: dict[str, Decimal] = {}
        now = now_ns()
        self._now = now
        self.prices = MarkPrices(
            self.contracts,
            index_of=index_of if index_of is not None else lambda pair: None,
            middle_of=self._middle_of,
            seed=seed,
            now=now,
        )
        self.funding = {symbol: Funding(contract, now) for symbol, contract in self.contracts.items()}
        self.accounts = FuturesAccounts(
            self.contracts, mark=self.prices.mark, live_orders=self._resting, house_accounts=house
        )
        self.reports = FuturesReports(self.accounts, self._emit)
        self._settlement = ContractSettlement(
            self.accounts,
            self.reports,
            self._orders,
            now_ns=lambda: self._now,
            fees=FEES,
            insurance=INSURANCE,
        )
        self._market_reports = MarketReports(
            self._orders, house=house, emit=self._emit, take_fill=self._settlement.take_fill, max_fills=max_fills
        )
        #: The latest trades of everybody.
        self.trades = self._market_reports.trades
        self._markets = {
            symbol: ContractMarket(
                contract,
                self._settlement,
                emit=self._market_reports.translate,
                surplus=self._settlement.surplus,
                starved=self._settlement.starved,
                next_trade_id=self._next_trade_id,
                sequence=now // 1_000_000,
            )
            for symbol, contract in self.contracts.items()
        }
        self._admission = Admission(
            self.contracts,
            self.accounts,
            self._orders,
            self._markets,
            mark=self.prices.mark,
            max_open=max_open_orders,
            max_stop=max_stop_orders,
            takes_fok=takes_fok,
        )
        self._liquidator = Liquidator(
            self.accounts,
            self.reports,
            emit=self._market_reports.fill,
            mark=self.prices.mark,
            cancel_orders=self._cancel_for_liquidation,
            new_ids=lambda: (self._orders.new_id(), self._next_trade_id()),
            insurance=INSURANCE,
            fees=FEES,
        )
        self.settings = FuturesSettings(
            self.contracts,
            self.accounts,
            self.reports,
            emit=self._emit,
            mark=self.prices.mark,
            open_orders=self._live,
            cancel=lambda order, reason: self._cancel(order, self._begin(), reason),
            finish=lambda symbol: self._finish_command(symbol, self._begin()),
        )
        with localcontext(EXACT):
            for symbol in self.contracts:
                self.prices.refresh(symbol)

    def __repr__(self) -> str:
        live = len(self._orders.live())
        return f"<FuturesExchange SIMULATOR contracts={len(self.contracts)} open_orders={live}>"

    # Commands.

    def deposit(self, account: str, currency: str, amount: Decimal | str) -> None:
        """Give an account money."""
        with localcontext(EXACT):
            self.accounts.deposit(account, currency, Decimal(amount))
            self.reports.wallet(account, currency)
            self.reports.flush(self._now_ns())

    def withdraw(self, account: str, currency: str, amount: Decimal | str) -> None:
        """
        Take money away, as far as no margin needs it; profit that is not realised is none yet (assumed).

        Raises:
            Refused: 300003.
        """
        with localcontext(EXACT):
            amount = Decimal(amount)
            most = min(self.accounts.spare(account, currency), self.accounts.balance(account, currency))
            if amount < 0 or amount > most:
                raise refused("balance")
            self.accounts.deposit(account, currency, -amount)
            self.reports.wallet(account, currency)
            self.reports.flush(self._now_ns())

    def place(self, account: str, args: Mapping[str, Any], *, test: bool = False) -> FuturesOrderState:
        """
        Place an order.

        Args:
            account: Who places it.
            args: Arguments of ``futures.order``, see `futures_orders.read_futures_order`.
            test: Check everything and do nothing.

        Returns:
            The order after matching: live, filled or canceled, or a stop order that waits.

        Raises:
            Refused: Nothing was placed.
        """
        with localcontext(EXACT):
            now = self._begin()
            order = self._admission.new_order(account, args, now)
            symbol = order.request.symbol
            if not order.request.stop:
                self._admission.admit(order)
            if test:
                return order.futures_state()
            self._orders.add(order)
            if order.request.stop:
                self._stops[symbol][order.order_id] = order
                self._emit(FuturesStopOrderChanged(order.futures_state(), "open"))
            else:
                self._enter(order, now)
            self._finish_command(symbol, now)
        return order.futures_state()

    def cancel(self, account: str, args: Mapping[str, Any]) -> FuturesOrderState:
        """
        Cancel a live order or a waiting stop order by ``orderId``, or by ``clientOid`` and ``symbol``.

        Raises:
            Refused: 100004 where no live order of this account has that id.
        """
        with localcontext(EXACT):
            now = self._begin()
            order = self._named(account, args)
            self._cancel(order, now, "USER")
            self._finish_command(order.request.symbol, now)
        return order.futures_state()

    def decrease(self, order_id: str, size: Decimal) -> None:
        """
        Take ``size`` away from a resting order of the simulator itself; all that is left ends it.

        Raises:
            Refused: There is no such order, or less of it is left.
        """
        with localcontext(EXACT):
            now = self._begin()
            order = self._orders.get(order_id)
            if not isinstance(order, FuturesOrder) or order.outcome is not None or not 0 < size <= order.remaining:
                raise refused("no_such_live_order")
            if size == order.remaining:
                self._cancel(order, now, "USER")
            else:
                self._markets[order.request.symbol].decrease(order, size, now)
            self._finish_command(order.request.symbol, now)

    def amend(self, account: str, args: Mapping[str, Any]) -> FuturesOrderState:
        """
        Give a resting order another price or size in its place: it keeps its id and loses its turn.

        ``newSize`` is the whole size, with what is filled already. All of this is assumed.

        Raises:
            Refused: Unknown order, bad arguments or not enough margin; the order stays as it was.
        """
        with localcontext(EXACT):
            now = self._begin()
            order = self._named(account, args)
            if order.is_waiting or order.request.symbol != args.get("symbol"):
                raise refused("no_such_live_order")
            request = amended(order.request, args, order.contract)
            self._admission.admit_amended(order, request)
            self._markets[request.symbol].amend(order, request, now)
            if order.outcome is None:
                self._admission.rests(order)
            self.reports.wallet(account, order.contract.settle)
            self._finish_command(request.symbol, now)
        return order.futures_state()

    def cancel_all(self, account: str, symbol: str | None = None, *, stops: bool = False) -> list[str]:
        """Cancel the resting orders of an account, or its waiting stop orders; return their ids."""
        with localcontext(EXACT):
            now = self._begin()
            orders = [
                order
                for order in self._live(account)
                if order.is_waiting == stops and symbol in (None, order.request.symbol)
            ]
            for order in orders:
                if order.outcome is None:
                    self._cancel(order, now, "USER")
            for name in dict.fromkeys(order.request.symbol for order in orders):
                self._finish_command(name, now)
        return [order.order_id for order in orders]

    def poll(self) -> None:
        """Do what is due: prices, funding, and what follows from them."""
        with localcontext(EXACT):
            now = self._begin()
            if self.prices.step(now):
                for symbol in self.contracts:
                    self._report_prices(symbol, now)
                    self._finish_command(symbol, now)
            for symbol, funding in self.funding.items():
                if funding.step(now, self.prices[symbol]):
                    self._report_rate(symbol, now, settled=False)
                if now >= funding.next_ns:
                    # The last due one: what a jump of the clock skipped is not made up.
                    due = now - now % funding.interval_ns
                    self._settle_funding(symbol, funding.rate, due, now)
                    funding.settled(now)
                    self._report_rate(symbol, now, settled=True)

    def next_due_ns(self) -> int:
        """Return when `poll` has something to do next."""
        return min([self.prices.next_due_ns(), *(funding.next_due_ns() for funding in self.funding.values())])

    def set_index_price(self, symbol: str, price: Decimal | str | None) -> None:
        """Fix index and mark price of a contract at once, or let them move again with ``None``."""
        with localcontext(EXACT):
            now = self._begin()
            self.prices[symbol].fixed = None if price is None else Decimal(price)
            self.prices.refresh(symbol)
            self._report_prices(symbol, now)
            self._finish_command(symbol, now)

    def settle_funding(self, symbol: str, rate: Decimal | str | None = None) -> None:
        """Settle funding now, out of turn, at the estimated rate or another; the schedule goes on as it was."""
        with localcontext(EXACT):
            now = self._begin()
            self._settle_funding(symbol, self.funding[symbol].rate if rate is None else Decimal(rate), now, now)

    # Queries.

    def order(self, order_id: str) -> FuturesOrderState | None:
        """Return an order by its id; finished ones are kept for a while."""
        return _state(self._orders.get(order_id))

    def order_by_client_oid(self, account: str, client_oid: str) -> FuturesOrderState | None:
        """Return the live order of an account with that client order id, else its newest finished one."""
        return _state(self._orders.by_client_oid(account, client_oid))

    def orders(self, account: str) -> list[FuturesOrderState]:
        """Return all remembered orders of an account, oldest first."""
        return [state for order in self._orders.all(account) if (state := _state(order)) is not None]

    def ended_orders(self, account: str, symbol: str | None) -> Iterator[FuturesOrderState]:
        """Yield the remembered orders that have ended, the newest first, each read when it is asked for."""
        for order in reversed(self._orders.all(account)):
            wanted = order.outcome is not None and symbol in (None, order.request.symbol)
            if wanted and (state := _state(order)) is not None:
                yield state

    def open_orders(self, account: str) -> list[FuturesOrderState]:
        """Return the live orders of an account, waiting stop orders included, oldest first."""
        return [order.futures_state() for order in self._live(account)]

    def fills(self, account: str) -> list[FuturesFill]:
        """Return the remembered fills of an account, oldest first."""
        return [fill for fill in self._market_reports.fills if fill.account == account]

    def positions(self, account: str) -> list[PositionState]:
        """Return the open positions of an account."""
        with localcontext(EXACT):
            now = self._now_ns()
            return [self.accounts.state(p, now) for p in self.accounts.positions(account) if p.qty]

    def position(self, account: str, symbol: str, side: str = "BOTH") -> PositionState:
        """Return a position, open or not."""
        with localcontext(EXACT):
            return self.accounts.state(self.accounts.position(account, symbol, side), self._now_ns())

    def wallet(self, account: str, currency: str) -> FuturesWallet:
        """Return a wallet."""
        with localcontext(EXACT):
            return self.accounts.wallet(account, currency, self._now_ns())

    def book(self, symbol: str) -> Book:
        """Return the live book of a contract; read it, never change it."""
        return self._markets[symbol].book

    def rpi_levels(self, symbol: str, side: str) -> list[tuple[Decimal, Decimal]]:
        """Return price and size of the retail price improvement orders of a side, best first; no book shows them."""
        levels: list[tuple[Decimal, Decimal]] = []
        for price, orders in self._markets[symbol].book.side(side).queues():
            size = sum((o.remaining for o in orders if o.request.time_in_force == "RPI"), ZERO)
            if size:
                levels.append((price, size))
        return levels

    def ticker(self, symbol: str) -> Ticker:
        """Return best prices and last trade of a contract."""
        return self._markets[symbol].ticker()

    # Inside a command.

    def _begin(self) -> int:
        self._now = self._now_ns()
        return self._now

    def _finish_command(self, symbol: str, now: int) -> None:
        """Let everything happen that follows from a command, then report it."""
        exposed = self.accounts.exposed
        while (
            self._make_good(now)
            or self._trigger(symbol, now)
            or any(self._liquidator.check(name, now) for name in list(exposed))
        ):
            pass  # what was triggered or closed by force may trigger more
        for name in self._market_reports.take_changed():
            self._markets[name].report_ticker()
        self.reports.flush(now)

    def _live(self, account: str) -> list[FuturesOrder]:
        return [order for order in self._orders.live(account) if isinstance(order, FuturesOrder)]

    def _resting(self, account: str) -> list[FuturesOrder]:
        return resting_orders(self._orders, account)

    def _middle_of(self, symbol: str) -> Decimal | None:
        book = self._markets[symbol].book
        return middle(book.bids.top()[0], book.asks.top()[0])

    def _named(self, account: str, args: Mapping[str, Any]) -> FuturesOrder:
        order_id, client_oid = args.get("orderId"), args.get("clientOid")
        order: Order | None = None
        if isinstance(order_id, str) and order_id:
            order = self._orders.get(order_id)
        elif isinstance(client_oid, str) and client_oid:
            contract = named_contract(args, self.contracts)
            order = self._orders.live_by_client_oid(account, client_oid)
            if order is not None and order.request.symbol != contract.symbol:
                order = None
        else:
            raise refused("parameter", "orderId, or clientOid and symbol, are required.")
        if not isinstance(order, FuturesOrder) or order.outcome is not None or order.account != account:
            raise refused("no_such_live_order")
        return order

    def _enter(self, order: FuturesOrder, now: int) -> None:
        if order.request.leverage is not None and order.request.margin_mode == "ISOLATED":
            self.accounts.remember_leverage(order.account, order.request.symbol, order.request.leverage)
        self._markets[order.request.symbol].enter(order, now)
        if order.outcome is None:
            self._admission.rests(order)
        self.reports.wallet(order.account, order.contract.settle)

    def _cancel(self, order: FuturesOrder, now: int, reason: str) -> None:
        if order.is_waiting:
            del self._stops[order.request.symbol][order.order_id]
            self._drop(order, now, reason)
            self._emit(FuturesStopOrderChanged(order.futures_state(), "cancel"))
        else:
            self._markets[order.request.symbol].cancel(order, now, reason)

    def _drop(self, order: FuturesOrder, now: int, reason: str) -> None:
        """End an order that is in no book."""
        order.outcome, order.cancel_reason, order.updated_at_ns = "canceled", reason, now
        self._settlement.finished(order)

    def _cancel_for_liquidation(self, account: str, symbol: str, now: int) -> None:
        for order in self._resting(account):
            if order.request.symbol == symbol:
                self._cancel(order, now, "LIQUIDATION")

    def _make_good(self, now: int) -> bool:
        """
        See to accounts that closed their last cross position at a loss beyond its margin; return whether there was one.

        Orders that no margin is left for are cancelled, the newest first, and the insurance fund pays what is still
        missing (assumed).
        """
        struck = False
        for account, currency in self._settlement.take_closed_cross():
            if self.accounts.has_cross(account, currency):
                continue
            for order in reversed(self._resting(account)):
                if order.contract.settle == currency and self.accounts.starved(account, order.request.symbol, [order]):
                    self._cancel(order, now, "NO_ENOUGH_BALANCE")
                    struck = True
            missing = -self.accounts.spare(account, currency)
            if missing > 0:
                self.accounts.move(INSURANCE, account, currency, missing)
                self.reports.wallet(account, currency)
                struck = True
        return struck

    # Stop orders.

    def _trigger(self, symbol: str, now: int) -> bool:
        """Place the stop orders whose price is reached; return whether there was one."""
        price = self.prices[symbol]
        prices = {"TP": self._markets[symbol].book.last_price, "MP": price.mark, "IP": price.index}
        reached = [order for order in self._stops[symbol].values() if _is_reached(order, prices)]
        for order in reached:
            # One that fires may cancel another.
            if self._stops[symbol].pop(order.order_id, None) is not None:
                self._fire(order, now)
        return bool(reached)

    def _fire(self, order: FuturesOrder, now: int) -> None:
        try:
            self._admission.admit(order)
        except Refused as refusal:
            order.stop_triggered = True
            self._drop(order, now, _REASONS.get(refusal.situation, "EXCEPTION_ORDER"))
            self._emit(FuturesStopOrderChanged(order.futures_state(), "triggered", refusal.message))
            return
        order.stop_triggered = True
        order.updated_at_ns = now
        # The order keeps its id (assumed).
        self._emit(FuturesStopOrderChanged(order.futures_state(), "triggered"))
        self._enter(order, now)

    # Prices and funding.

    def _report_prices(self, symbol: str, now: int) -> None:
        price = self.prices[symbol]
        self._emit(MarkPriceChanged(symbol, price.mark, price.index, self.accounts.open_interest(symbol), now))
        if price.mark == self._marks.get(symbol):
            return
        self._marks[symbol] = price.mark
        for position in self.accounts.open_positions(symbol):
            if position.account not in self.accounts.house:
                self._emit(PositionChanged(self.accounts.state(position, now), "markPriceChange"))

    def _report_rate(self, symbol: str, now: int, *, settled: bool) -> None:
        funding = self.funding[symbol]
        self._emit(
            FundingRateChanged(
                symbol,
                funding.rate,
                funding.last_rate,
                funding.last_ns,
                funding.next_ns,
                funding.interval_ns,
                settled,
                now,
            )
        )

    def _settle_funding(self, symbol: str, rate: Decimal, due: int, now: int) -> None:
        """Move money from one direction to the other: what all pay and all receive is the same."""
        self._emit(FundingSettled(symbol, "begin", rate, due, now))
        contract = self.contracts[symbol]
        worth = abs(contract.unit(self.prices.mark(symbol)))
        for position in self.accounts.open_positions(symbol):
            amount = -position.qty * worth * rate
            position.settle_funding(amount, now)
            self.accounts.credit(position.account, contract.settle, amount)
            self.reports.position(position, "marginChange")
            if position.account not in self.accounts.house:
                self._emit(PositionSettled(self.accounts.state(position, now), rate, amount, due, now))
        self._emit(FundingSettled(symbol, "end", rate, due, now))
        self._finish_command(symbol, now)


def _ignore(event: Event) -> None:
    """Drop an event: nobody listens."""


def _state(order: Order | None) -> FuturesOrderState | None:
    return order.futures_state() if isinstance(order, FuturesOrder) else None


def _is_reached(order: FuturesOrder, prices: Mapping[str, Decimal]) -> bool:
    price, stop = prices[order.request.stop_price_type], order.request.stop_price
    return price >= stop if order.request.stop == "up" else price <= stop
