"""
Wallets, positions and settings of the futures accounts, and the margin that positions and orders need.

A wallet is one exact number by account and settle currency; margins are not moved anywhere, they are what the balance
must cover. For each currency the sum of all balances less the sum of the costs of all positions is what was ever
deposited: a trade changes the two costs or balances by opposite amounts, fees and funding move from one to another.

What is set aside follows captured wallet pushes: total cross margin = balance and unrealised profit of cross positions
less all isolated margin; available = total cross margin less cross position and order margin. The margin of orders
(fees included) and its netting against positions are assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_UP, Decimal, localcontext

from ..matching.accounts import EXACT
from .contracts import Contract, divided
from .events import FuturesWallet, PositionState
from .orders import FuturesOrder
from .positions import Position, Pressure

__all__ = ["DEFAULT_LEVERAGE", "FuturesAccounts"]

ZERO = Decimal(0)

#: Leverage of an account that never chose one (assumed; the example of the exchange's documents).
DEFAULT_LEVERAGE = Decimal(3)


class FuturesAccounts:
    """
    Everything accounts own and chose on the futures exchange.

    Args:
        contracts: By symbol.
        mark: Returns the mark price of a symbol.
        live_orders: Returns the orders of an account that rest in a book.
        house_accounts: Accounts of the simulator itself: they need no margin.
    """

    def __init__(
        self,
        contracts: Mapping[str, Contract],
        *,
        mark: Callable[[str], Decimal],
        live_orders: Callable[[str], Iterable[FuturesOrder]],
        house_accounts: Iterable[str],
    ) -> None:
        self._contracts = contracts
        self._mark = mark
        self._live_orders = live_orders
        self.house = frozenset(house_accounts)
        self._balances: dict[tuple[str, str], Decimal] = {}
        self._deposited: dict[str, Decimal] = {}
        self._versions: dict[tuple[str, str], int] = {}
        self._positions: dict[str, dict[tuple[str, str], Position]] = {symbol: {} for symbol in contracts}
        self._by_account: dict[str, list[Position]] = {}
        #: Symbols in which accounts that need margin ever had a position.
        self.exposed: dict[str, None] = {}
        self._margin_modes: dict[tuple[str, str], str] = {}
        self._leverages: dict[tuple[str, str], Decimal] = {}
        self._isolated_leverages: dict[tuple[str, str], Decimal] = {}
        self._risk_levels: dict[tuple[str, str], int] = {}
        self._hedging: set[str] = set()
        self._position_number = 0

    # Balances.

    def deposit(self, account: str, currency: str, amount: Decimal) -> None:
        """Bring new money in, or take it out with a negative amount."""
        self.credit(account, currency, amount)
        self._deposited[currency] = self._deposited.get(currency, ZERO) + amount

    def credit(self, account: str, currency: str, amount: Decimal) -> None:
        """Change a balance by a signed amount; somebody else's balance or cost changes by the opposite."""
        key = (account, currency)
        self._balances[key] = self._balances.get(key, ZERO) + amount

    def move(self, source: str, target: str, currency: str, amount: Decimal) -> None:
        """Move money between two accounts."""
        self.credit(source, currency, -amount)
        self.credit(target, currency, amount)

    def balance(self, account: str, currency: str) -> Decimal:
        """Return a wallet balance."""
        return self._balances.get((account, currency), ZERO)

    def currencies(self, account: str) -> list[str]:
        """Return the currencies an account has a wallet of."""
        return sorted(currency for owner, currency in self._balances if owner == account)

    def totals(self) -> dict[str, Decimal]:
        """Return balances less costs, summed over all accounts, by currency; always equal to `deposited`."""
        totals: dict[str, Decimal] = {}
        with localcontext(EXACT):
            for (_, currency), balance in self._balances.items():
                totals[currency] = totals.get(currency, ZERO) + balance
            for positions in self._positions.values():
                for position in positions.values():
                    totals[position.contract.settle] = totals.get(position.contract.settle, ZERO) - position.cost
        return totals

    def deposited(self) -> dict[str, Decimal]:
        """Return all that ever came in less all that was taken out, by currency."""
        return dict(self._deposited)

    # Settings.

    def margin_mode(self, account: str, symbol: str) -> str:
        """Return ``ISOLATED`` (default) or ``CROSS``."""
        return self._margin_modes.get((account, symbol), "ISOLATED")

    def set_margin_mode(self, account: str, symbol: str, mode: str) -> None:
        """Choose the margin mode; the positions of the account in this symbol must be closed."""
        self._margin_modes[account, symbol] = mode
        for position in self.positions(account, symbol):
            position.margin_mode = mode

    def is_hedging(self, account: str) -> bool:
        """Whether the account has a long and a short position side by side."""
        return account in self._hedging

    def set_hedging(self, account: str, hedging: bool) -> None:
        """Choose the position mode; all positions of the account must be closed."""
        (self._hedging.add if hedging else self._hedging.discard)(account)

    def cross_leverage(self, account: str, symbol: str) -> Decimal:
        """Return the leverage of cross positions."""
        return self._leverages.get((account, symbol), DEFAULT_LEVERAGE)

    def set_cross_leverage(self, account: str, symbol: str, leverage: Decimal) -> None:
        """Choose the leverage of cross positions."""
        self._leverages[account, symbol] = leverage

    def order_leverage(self, account: str, symbol: str, mode: str, asked: Decimal | None) -> Decimal:
        """Return the leverage of an order: the cross setting, or the isolated one, else the last one asked for."""
        if mode == "CROSS":
            return self.cross_leverage(account, symbol)
        if asked is not None:
            return asked
        return self._isolated_leverages.get((account, symbol), DEFAULT_LEVERAGE)

    def remember_leverage(self, account: str, symbol: str, leverage: Decimal) -> None:
        """Note the leverage of an isolated order, for the next one that names none (assumed)."""
        self._isolated_leverages[account, symbol] = leverage

    def set_risk_level(self, account: str, symbol: str, level: int) -> None:
        """Choose the risk limit level of all positions of the account in this symbol, those to come too."""
        self._risk_levels[account, symbol] = level
        for position in self.positions(account, symbol):
            position.level = level

    # Positions.

    def position(self, account: str, symbol: str, side: str) -> Position:
        """Return a position, made when there is none yet."""
        positions = self._positions[symbol]
        position = positions.get((account, side))
        if position is None:
            self._position_number += 1
            mode = self.margin_mode(account, symbol)
            name = f"SIMP{self._position_number:014d}"
            position = positions[account, side] = Position(name, account, self._contracts[symbol], side, mode)
            position.level = self._risk_levels.get((account, symbol), 1)
            self._by_account.setdefault(account, []).append(position)
            if account not in self.house:
                self.exposed[symbol] = None
        return position

    def quantity(self, account: str, symbol: str, side: str) -> Decimal:
        """Return the signed contracts of a position."""
        position = self._positions[symbol].get((account, side))
        return ZERO if position is None else position.qty

    def positions(self, account: str, symbol: str | None = None) -> list[Position]:
        """Return the positions of an account, closed ones too."""
        positions = self._by_account.get(account, [])
        return [position for position in positions if symbol in (None, position.contract.symbol)]

    def closable(self, order: FuturesOrder) -> Decimal:
        """Return how many contracts of its position an order could close."""
        qty = self.quantity(order.account, order.request.symbol, order.request.position_side)
        return max(ZERO, -qty if order.is_buy else qty)

    def open_positions(self, symbol: str) -> list[Position]:
        """Return everybody's open positions in a symbol."""
        return [position for position in self._positions[symbol].values() if position.qty]

    def open_interest(self, symbol: str) -> Decimal:
        """Return the contracts that exist."""
        return sum((p.qty for p in self._positions[symbol].values() if p.qty > 0), ZERO)

    def state(self, position: Position, now: int) -> PositionState:
        """Return a frozen snapshot of a position."""
        mark = self._mark(position.contract.symbol)
        leverage = self.cross_leverage(position.account, position.contract.symbol)
        pressure = Pressure(ZERO, ZERO) if position.is_isolated else self.pressure(position.account, position.contract)
        return position.state(mark, leverage, pressure, self._rank(position, mark), now)

    def pressure(self, account: str, contract: Contract) -> Pressure:
        """Return margin and maintenance of all cross positions in the settle currency of a contract."""
        wallet = self.wallet(account, contract.settle, 0)
        return Pressure(wallet.total_cross_margin, wallet.cross_maint_margin)

    def _rank(self, position: Position, mark: Decimal) -> Decimal:
        """Return where a position stands among those of its direction by profit on its cost (assumed)."""
        if not position.qty:
            return ZERO
        own, cost = position.unrealised(mark), abs(position.cost)
        rivals = [
            other
            for other in self.open_positions(position.contract.symbol)
            if other.account not in self.house and other.qty * position.qty > 0
        ]
        # Compared crosswise, which needs no division.
        below = sum(other.unrealised(mark) * cost <= own * abs(other.cost) for other in rivals)
        return divided(Decimal(below), Decimal(max(1, len(rivals))))

    # Margin.

    def reserve(self, contract: Contract, unit: Decimal, leverage: Decimal) -> Decimal:
        """
        Return the margin of one contract that an order may open at this value.

        It covers the initial margin, the fee of opening, and the closing fee that the position sets aside.
        """
        margin = divided(abs(unit), leverage, rounding=ROUND_UP)
        return margin + contract.taker_fee_rate * (2 * abs(unit) + margin)

    def order_margin(self, account: str, symbol: str, extra: FuturesOrder | None = None) -> Decimal:
        """
        Return what the resting orders of an account in one symbol need, and ``extra`` as if it rested.

        Contracts that close need nothing. Which orders will close is not known before they trade, so those that
        need least are counted as the closing ones: whichever of them is filled first, never more is needed
        afterwards. What other orders close is another matter, see `starved`.
        """
        orders = [order for order in self._live_orders(account) if order.request.symbol == symbol]
        return self._margin_of(account, symbol, orders if extra is None else [*orders, extra])

    def starved(self, account: str, symbol: str, candidates: Iterable[FuturesOrder]) -> list[FuturesOrder]:
        """Return those of the candidates, in their order, that must go until the margin covers the other orders."""
        missing = -self.spare(account, self._contracts[symbol].settle)
        orders = [order for order in self._live_orders(account) if order.request.symbol == symbol]
        needed, starved = self._margin_of(account, symbol, orders), []
        for order in candidates:
            if missing <= 0:
                break
            if order in orders:
                orders.remove(order)
                left = self._margin_of(account, symbol, orders)
                if left < needed:
                    starved.append(order)
                    missing -= needed - left
                    needed = left
                else:
                    orders.append(order)
        return starved

    def _margin_of(self, account: str, symbol: str, orders: Iterable[FuturesOrder]) -> Decimal:
        charged: dict[tuple[str, bool], list[tuple[Decimal, Decimal]]] = {}
        total = ZERO
        for order in orders:
            request = order.request
            if request.force_hold:
                total += order.reserve * order.open_size
            elif not request.only_closes:
                entry = (order.reserve, order.open_size)
                charged.setdefault((request.position_side, order.is_buy), []).append(entry)
        for (side, is_buy), entries in charged.items():
            qty = self.quantity(account, symbol, side)
            free = max(ZERO, -qty if is_buy else qty)
            for reserve, size in sorted(entries):
                closing = min(free, size)
                free -= closing
                total += reserve * (size - closing)
        return total

    def wallet(self, account: str, currency: str, now: int) -> FuturesWallet:
        """Return a frozen snapshot of a wallet."""
        balance = self.balance(account, currency)
        cross_margin = cross_orders = cross_profit = maintenance = ZERO
        isolated_margin = isolated_orders = isolated_profit = ZERO
        by_symbol: dict[str, list[FuturesOrder]] = {}
        for order in self._live_orders(account):
            if order.contract.settle == currency:
                by_symbol.setdefault(order.request.symbol, []).append(order)
        for symbol, orders in by_symbol.items():
            if self.margin_mode(account, symbol) == "CROSS":
                cross_orders += self._margin_of(account, symbol, orders)
            else:
                isolated_orders += self._margin_of(account, symbol, orders)
        for position in self.positions(account):
            if not position.qty or position.contract.settle != currency:
                continue
            symbol = position.contract.symbol
            mark = self._mark(symbol)
            if position.is_isolated:
                isolated_margin += position.margin
                isolated_profit += position.unrealised(mark)
            else:
                cross_margin += position.cross_margin(mark, self.cross_leverage(account, symbol))
                cross_profit += position.unrealised(mark)
                maintenance += position.cross_maintenance(mark)
        total_cross = balance + cross_profit - isolated_margin - isolated_orders
        return FuturesWallet(
            account=account,
            currency=currency,
            wallet_balance=balance,
            equity=balance + cross_profit + isolated_profit,
            available=max(ZERO, total_cross - cross_margin - cross_orders),
            # Nothing is ever on its way out, and funding is booked at once (both assumed).
            hold=ZERO,
            isolated_funding_margin=ZERO,
            cross_pos_margin=cross_margin,
            cross_order_margin=cross_orders,
            cross_unrealised=cross_profit,
            total_cross_margin=total_cross,
            cross_maint_margin=maintenance,
            isolated_pos_margin=isolated_margin,
            isolated_order_margin=isolated_orders,
            isolated_unrealised=isolated_profit,
            version=self._versions.get((account, currency), 0),
            time_ns=now,
        )

    def has_cross(self, account: str, currency: str) -> bool:
        """Whether an account has an open cross position that settles in this currency."""
        return any(
            position.qty and not position.is_isolated and position.contract.settle == currency
            for position in self.positions(account)
        )

    def spare(self, account: str, currency: str) -> Decimal:
        """Return what is left for new orders; below zero while losses of cross positions eat into their margin."""
        wallet = self.wallet(account, currency, 0)
        return wallet.total_cross_margin - wallet.cross_pos_margin - wallet.cross_order_margin

    def next_version(self, account: str, currency: str) -> None:
        """Raise the version of a wallet."""
        self._versions[account, currency] = self._versions.get((account, currency), 0) + 1
