"""
A second opinion on the futures exchange: matching, positions, fees, funding, margins and liquidations.

Written differently on purpose: a position is a number of contracts at an average entry value and with an average margin
each, so nothing is rounded when a part of it is closed; sums agree with those of the engine, which rounds quotients to
twenty places, to within `NEAR`. What the engine begins by itself (stop orders that fire, funding, liquidations) is not
foreseen: when it tells of one, the model checks that it had a reason, and then what became of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kucoin_sync.simulator.futures.contracts import Contract
from tests.simulator.plain_book import Chapter, Entry, PlainBook
from tests.simulator.walk import Disagreement

ZERO = Decimal(0)
NEAR = Decimal("1E-10")
FEES, INSURANCE = "simulator-futures-fees", "simulator-insurance-fund"


@dataclass(eq=False)
class FuturesEntry(Entry):
    """An order on a contract with what margins and positions need to know of it."""

    symbol: str = ""
    mode: str = "ISOLATED"
    position_side: str = "BOTH"
    leverage: Decimal = Decimal(3)
    asked_leverage: Decimal | None = None
    oid: str = ""
    reduces: bool = False
    force_hold: bool = False
    is_rpi: bool = False
    stop: str = ""
    stop_price: Decimal = ZERO
    stop_type: str = ""
    fee: Decimal = ZERO
    #: Margin of one contract that it may open.
    reserve: Decimal = ZERO

    @property
    def only_closes(self) -> bool:
        return self.reduces or (self.position_side, self.side) in (("LONG", "sell"), ("SHORT", "buy"))


@dataclass
class Holding:
    """
    A position. All amounts ``..._each`` are those of one contract.

    Attributes:
        entry_each: Signed value at which contracts were bought.
        extra_each: Margin added, and funding received less paid.
        realised, fees, funding: Of this life of the position, which begins when it is opened from nothing.
    """

    contract: Contract
    account: str
    side: str
    is_isolated: bool
    qty: Decimal = ZERO
    entry_each: Decimal = ZERO
    init_each: Decimal = ZERO
    extra_each: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    level: int = 1
    is_refilled: bool = False

    @property
    def cost(self) -> Decimal:
        return self.qty * self.entry_each

    @property
    def init(self) -> Decimal:
        return abs(self.qty) * self.init_each

    @property
    def closing_fee(self) -> Decimal:
        return abs(self.qty) * self.contract.taker_fee_rate * (abs(self.entry_each) + self.init_each)

    @property
    def margin(self) -> Decimal:
        return self.init + self.closing_fee + abs(self.qty) * self.extra_each

    @property
    def maintenance(self) -> Decimal:
        return abs(self.cost) * self.contract.maintain_margin * self.level + self.closing_fee

    def profit(self, price: Decimal) -> Decimal:
        return self.qty * (worth(self.contract, price) - self.entry_each)

    def shortfall(self, mark: Decimal) -> Decimal:
        """Return how far an isolated position is below its maintenance; negative while it is not."""
        return self.maintenance - self.margin - self.profit(mark)

    def trade(self, change: Decimal, price: Decimal, leverage: Decimal) -> tuple[Decimal, Decimal, Decimal]:
        """Take a fill in; return how many contracts it closed, their profit, and the margin that was set free."""
        each = worth(self.contract, price)
        closed = profit = freed = ZERO
        if change * self.qty < 0:
            closed = min(abs(change), abs(self.qty))
            sign = 1 if self.qty > 0 else -1
            profit = sign * closed * (each - self.entry_each)
            freed = self.margin * closed / abs(self.qty)
            self.qty -= sign * closed
            self.realised += profit
            change += sign * closed
        if change:
            if not self.qty:
                self.entry_each = self.init_each = self.extra_each = ZERO
                self.realised = self.fees = self.funding = ZERO
            held, new = abs(self.qty), abs(change)
            self.entry_each = (held * self.entry_each + new * each) / (held + new)
            self.init_each = (held * self.init_each + new * abs(each) / leverage) / (held + new)
            self.extra_each = held * self.extra_each / (held + new)
            self.qty += change
        return closed, profit, freed


@dataclass
class Part:
    """One order's side of a trade."""

    name: str
    liquidity: str
    size: Decimal
    closed: Decimal
    profit: Decimal
    fee: Decimal


def worth(contract: Contract, price: Decimal) -> Decimal:
    """Return the signed value of one contract."""
    return contract.multiplier / price if contract.multiplier < 0 else contract.multiplier * price


class FuturesBook(PlainBook):
    def __init__(self, model: FuturesModel, contract: Contract) -> None:
        super().__init__(step=Decimal(contract.lot_size), story=model.story)
        self.model = model

    def pay(self, taker: Entry, maker: Entry, size: Decimal, price: Decimal) -> None:
        assert isinstance(taker, FuturesEntry) and isinstance(maker, FuturesEntry)
        contract = self.model.contracts[taker.symbol]
        self.model.settle(taker, size, price, contract.taker_fee_rate, "taker")
        self.model.settle(maker, size, price, contract.maker_fee_rate, "maker")
        self.model.parts[-2:] = reversed(self.model.parts[-2:])  # the engine pays the taker first, but tells it last
        self.model.last[taker.symbol] = price
        self.model.seen.setdefault(taker.symbol, set()).add(price)

    def paid(self, taker: Entry, maker: Entry) -> None:
        """Closing orders are never larger than what there is to close."""
        for account in dict.fromkeys((taker.account, maker.account)):
            self.trim(account)
        for order in (taker, maker):
            assert isinstance(order, FuturesEntry)
            if order.account not in self.model.house and (order.only_closes or order.force_hold):
                self.starve(order.account, order.symbol)

    def starve(self, account: str, symbol: str) -> None:
        """Where a closing order took what others would have closed, those go that there is no margin for."""
        model, currency = self.model, self.model.contracts[symbol].settle
        for order in sorted((o for o in self.resting if o.account == account), key=lambda o: o.name, reverse=True):
            if model.spare(account, currency) >= -NEAR:
                return
            needed, live = model.order_margin(account, symbol), dict(model.live)
            del model.live[order.name]
            is_of_use = model.order_margin(account, symbol) < needed
            model.live.clear()
            model.live.update(live)
            if is_of_use:
                self.end(order, "canceled", "NO_ENOUGH_BALANCE")

    def trim(self, account: str) -> None:
        model = self.model
        if account in model.house:
            return
        mine = [o for o in self.resting if o.account == account and isinstance(o, FuturesEntry) and o.only_closes]
        surplus = [(o, o.left() - model.closable(o)) for o in sorted(mine, key=lambda o: o.name)]
        for order, size in surplus:
            if size >= order.left():
                self.end(order, "canceled", "CLOSE_ORDER_WITHOUT_POSITION")
            elif size > 0:
                self.cut(order, size)

    def end(self, order: Entry, outcome: str, reason: str | None = None) -> None:
        super().end(order, outcome, reason)
        del self.model.live[order.name]


@dataclass(eq=False)
class FuturesModel:
    contracts: dict[str, Contract]
    house: frozenset[str]
    cap: int | None
    stop_cap: int | None
    #: Prices of the engine, which it makes up.
    prices: Any
    story: list[Chapter] = field(default_factory=list)
    balances: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    holdings: dict[tuple[str, str, str], Holding] = field(default_factory=dict)
    live: dict[str, FuturesEntry] = field(default_factory=dict)
    stops: dict[str, FuturesEntry] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    modes: dict[tuple[str, str], str] = field(default_factory=dict)
    leverages: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    last_leverages: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    hedgers: set[str] = field(default_factory=set)
    seen: dict[str, set[Decimal]] = field(default_factory=dict)
    #: Accounts and currencies of which a cross position was closed by a trade of this command.
    closed_cross: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.last = {symbol: contract.initial_price for symbol, contract in self.contracts.items()}
        self.books = {symbol: FuturesBook(self, contract) for symbol, contract in self.contracts.items()}

    def mark(self, symbol: str) -> Decimal:
        mark: Decimal = self.prices.mark(symbol)
        return mark

    def add(self, account: str, currency: str, amount: Decimal) -> None:
        self.balances[account, currency] = self.balances.get((account, currency), ZERO) + amount

    def mode(self, account: str, symbol: str) -> str:
        return self.modes.get((account, symbol), "ISOLATED")

    def leverage(self, account: str, symbol: str) -> Decimal:
        return self.leverages.get((account, symbol), Decimal(3))

    def order_leverage(self, order: FuturesEntry) -> Decimal:
        if order.mode == "CROSS":
            return self.leverage(order.account, order.symbol)
        return order.asked_leverage or self.last_leverages.get((order.account, order.symbol), Decimal(3))

    # Positions.

    def holding(self, account: str, symbol: str, side: str) -> Holding:
        key = account, symbol, side
        if key not in self.holdings:
            isolated = self.mode(account, symbol) == "ISOLATED"
            self.holdings[key] = Holding(self.contracts[symbol], account, side, isolated)
        return self.holdings[key]

    def qty(self, account: str, symbol: str, side: str) -> Decimal:
        held = self.holdings.get((account, symbol, side))
        return ZERO if held is None else held.qty

    def held_by(self, account: str, symbol: str | None = None) -> list[Holding]:
        return [
            h for h in self.holdings.values() if h.account == account and symbol in (None, h.contract.symbol) and h.qty
        ]

    def crossed(self, account: str, currency: str) -> Iterator[Holding]:
        """Yield the open cross positions of an account that share a margin."""
        for held in self.held_by(account):
            if not held.is_isolated and held.contract.settle == currency:
                yield held

    def closable(self, order: FuturesEntry) -> Decimal:
        qty = self.qty(order.account, order.symbol, order.position_side)
        return max(ZERO, qty if order.side == "sell" else -qty)

    def settle(self, order: FuturesEntry, size: Decimal, price: Decimal, rate: Decimal, liquidity: str) -> None:
        contract, account = self.contracts[order.symbol], order.account
        held = self.holding(account, order.symbol, order.position_side)
        closed, profit, freed = held.trade(size if order.side == "buy" else -size, price, order.leverage)
        each = abs(worth(contract, price)) * rate
        fee = size * each
        held.fees += fee if closed == size else (size - closed) * each
        self.add(account, contract.settle, profit - fee)
        self.add(FEES, contract.settle, fee)
        if closed and not held.is_isolated and account not in self.house:
            self.closed_cross.add((account, contract.settle))
        beyond = closed * each - profit - freed
        if held.is_isolated and beyond > 0 and account not in self.house:
            self.add(account, contract.settle, beyond)
            self.add(INSURANCE, contract.settle, -beyond)
        order.fee += fee
        self.parts.append(Part(order.name, liquidity, size, closed, profit, fee))

    def fund(self, symbol: str, rate: Decimal) -> dict[tuple[str, str], Decimal]:
        """Settle funding; return what each position received."""
        contract, amounts = self.contracts[symbol], {}
        for held in self.holdings.values():
            if held.contract is contract and held.qty:
                amount = -held.qty * abs(worth(contract, self.mark(symbol))) * rate
                held.funding += amount
                if held.is_isolated:
                    held.extra_each += amount / abs(held.qty)
                self.add(held.account, contract.settle, amount)
                amounts[held.account, held.side] = amount
        return amounts

    # Margin.

    def reserve(self, order: FuturesEntry, each: Decimal) -> Decimal:
        """Return initial margin, fee of opening and fee of closing of one contract."""
        margin = abs(each) / order.leverage
        return margin + self.contracts[order.symbol].taker_fee_rate * (2 * abs(each) + margin)

    def order_margin(self, account: str, symbol: str, extra: FuturesEntry | None = None) -> Decimal:
        """Return the margin of all orders in a contract: the cheapest of them are the ones that close."""
        orders = [o for o in self.live.values() if (o.account, o.symbol) == (account, symbol)]
        orders += [] if extra is None or extra in orders else [extra]
        total = sum((o.reserve * open_size(o) for o in orders if o.force_hold), ZERO)
        for side in ("buy", "sell"):
            for position_side in ("BOTH", "LONG", "SHORT"):
                qty = self.qty(account, symbol, position_side)
                closes = max(ZERO, qty if side == "sell" else -qty)
                opening = [o for o in orders if (o.side, o.position_side) == (side, position_side)]
                for order in sorted(opening, key=lambda o: (o.reserve, open_size(o))):
                    if not order.force_hold and not order.only_closes:
                        opens = max(ZERO, open_size(order) - closes)
                        closes -= open_size(order) - opens
                        total += opens * order.reserve
        return total

    def wallet(self, account: str, currency: str) -> dict[str, Decimal]:
        """Return the parts of a wallet by the names of the engine's."""
        sums = dict.fromkeys(
            ("isolated_pos_margin", "cross_pos_margin", "cross_unrealised", "cross_maint_margin"), ZERO
        )
        for held in self.held_by(account):
            if held.contract.settle != currency:
                continue
            mark = self.mark(held.contract.symbol)
            value = abs(held.qty * worth(held.contract, mark))
            if held.is_isolated:
                sums["isolated_pos_margin"] += held.margin
            else:
                sums["cross_pos_margin"] += value / self.leverage(account, held.contract.symbol)
                sums["cross_unrealised"] += held.profit(mark)
                sums["cross_maint_margin"] += value * held.contract.maintain_margin
        sums["isolated_order_margin"] = sums["cross_order_margin"] = ZERO
        for symbol in {o.symbol: None for o in self.live.values() if o.account == account}:
            if self.contracts[symbol].settle == currency:
                kind = "cross" if self.mode(account, symbol) == "CROSS" else "isolated"
                sums[f"{kind}_order_margin"] += self.order_margin(account, symbol)
        sums["wallet_balance"] = self.balances.get((account, currency), ZERO)
        sums["total_cross_margin"] = (
            sums["wallet_balance"]
            + sums["cross_unrealised"]
            - sums["isolated_pos_margin"]
            - sums["isolated_order_margin"]
        )
        return sums

    def spare(self, account: str, currency: str) -> Decimal:
        sums = self.wallet(account, currency)
        return sums["total_cross_margin"] - sums["cross_pos_margin"] - sums["cross_order_margin"]

    # Orders.

    def refusal_of_new(self, order: FuturesEntry) -> str | None:
        """Return why an order is not known to the exchange at all."""
        account, symbol = order.account, order.symbol
        own = [o for o in (*self.live.values(), *self.stops.values()) if o.account == account]
        if any(o.oid == order.oid for o in own):
            return "duplicate"
        if account in self.house:
            return None
        if (account in self.hedgers) == (order.position_side == "BOTH"):
            return "position_mode"
        if order.mode != self.mode(account, symbol):
            return "margin_mode"
        if order.stop:
            waiting = sum(o.symbol == symbol and o.name in self.stops for o in own)
            return "too_many_stops" if self.stop_cap is not None and waiting >= self.stop_cap else None
        resting = sum(o.symbol == symbol and o.name in self.live for o in own)
        return "too_many" if self.cap is not None and resting >= self.cap else None

    def refusal(self, order: FuturesEntry) -> str | None:
        """Return why an order may not trade now; ``any`` where the margin is too near to the limit to tell."""
        if order.account in self.house:
            return None
        reason = self.refusal_of_price(order)
        if reason is not None:
            return reason
        if order.only_closes:
            if not self.closable(order):
                return "no_position"
        else:
            held = self.holding(order.account, order.symbol, order.position_side)
            if order.leverage > max(1, held.contract.max_leverage // held.level):
                return "leverage"
            if self.is_above_risk_limit(order):
                return "risk_limit"
        return self.refusal_of_margin(order)

    def refusal_of_price(self, order: FuturesEntry) -> str | None:
        if order.price is not None:
            mark, band = self.mark(order.symbol), self.contracts[order.symbol].price_band
            if order.side == "buy" and order.price > mark + mark * band:
                return "too_dear"
            if order.side == "sell" and order.price < mark - mark * band:
                return "too_cheap"
        return None

    def is_above_risk_limit(self, order: FuturesEntry) -> bool:
        if order.mode != "ISOLATED":
            return False
        held = self.holding(order.account, order.symbol, order.position_side)
        total = max(ZERO, held.qty if order.side == "buy" else -held.qty) + open_size(order)
        for other in self.live.values():
            mine = (other.account, other.symbol, other.side, other.position_side)
            if mine == (order.account, order.symbol, order.side, order.position_side):
                total += open_size(other) if other is not order and not other.only_closes else 0
        limit = held.contract.min_risk_limit + (held.level - 1) * held.contract.risk_step
        return total * abs(worth(held.contract, self.mark(order.symbol))) > limit

    def refusal_of_margin(self, order: FuturesEntry) -> str | None:
        account, symbol = order.account, order.symbol
        size, reserve = order.size, order.reserve
        before = self.order_margin(account, symbol)
        spare = self.spare(account, self.contracts[symbol].settle)
        order.reserve = self.reserve(order, self.dearest(order))
        if order.only_closes and order.name not in self.live:
            order.size = min(self.closable(order), order.size or self.closable(order))
        needed = self.order_margin(account, symbol, order) - before
        order.size, order.reserve = size, reserve
        if needed > 0 and abs(needed - spare) <= NEAR:
            return "any"
        return "balance" if needed > max(ZERO, spare) else None

    def dearest(self, order: FuturesEntry) -> Decimal:
        """Return the largest value of one contract at which the order could be filled."""
        contract, size = self.contracts[order.symbol], None if order.size is None else order.left()
        each, met = [] if order.price is None else [abs(worth(contract, order.price))], ZERO
        for other in self.books[order.symbol].queue("sell" if order.side == "buy" else "buy"):
            if not order.accepts(other.price or ZERO) or (size is not None and met >= size):
                break
            each.append(abs(worth(contract, other.price or ZERO)))
            met += other.left()
        return max(each, default=ZERO)

    def enter(self, order: FuturesEntry, name: str) -> None:
        """Let an order trade that need not be refused."""
        order.name, account = name, order.account
        self.owners[name] = account
        if order.asked_leverage is not None and order.mode == "ISOLATED":
            self.last_leverages[account, order.symbol] = order.asked_leverage
        if order.only_closes and account not in self.house:
            closable = self.closable(order)
            if order.size is None:
                order.size = closable
            order.lost += max(ZERO, order.left() - closable)
        self.live[name] = order
        self.books[order.symbol].enter(order)
        self.rest(order)

    def rest(self, order: FuturesEntry) -> None:
        if order.price is not None:
            order.reserve = self.reserve(order, worth(self.contracts[order.symbol], order.price))

    def cancel(self, order: FuturesEntry, reason: str = "USER") -> None:
        self.books[order.symbol].end(order, "canceled", reason)

    def is_reached(self, order: FuturesEntry) -> bool:
        price = {"MP": self.mark(order.symbol), "IP": self.prices[order.symbol].index}.get(order.stop_type)
        prices = self.seen[order.symbol] if price is None else {price}
        return any(p >= order.stop_price if order.stop == "up" else p <= order.stop_price for p in prices)

    def begin(self) -> None:
        self.seen = {symbol: {price} for symbol, price in self.last.items()}

    # What the engine does by itself.

    def append_margin(self, held: Holding, spare: Decimal) -> None:
        """Let a position that is to be refilled take margin from the wallet, up to its initial margin."""
        mark = self.mark(held.contract.symbol)
        if held.is_refilled and held.qty and held.shortfall(mark) >= 0:
            missing = held.init + held.closing_fee - held.margin - held.profit(mark)
            held.extra_each += max(ZERO, min(missing, spare)) / abs(held.qty)

    def append_margin_seen(self, held: Holding, extra: Decimal) -> None:
        """Take over what a position that is to be refilled took from the wallet, which must still cover it."""
        held.extra_each = extra / abs(held.qty)
        if self.spare(held.account, held.contract.settle) < -NEAR:
            raise Disagreement(f"{held} took more margin than there was")

    def liquidate(self, account: str, symbol: str, side: str, spare: Decimal | None) -> tuple[Decimal, Decimal]:
        """
        Close a position by force, which must have a reason; return size and profit.

        Args:
            account, symbol, side: Whose, and which.
            spare: What was there to refill it from before its orders were cancelled, ``None`` if it had none.
        """
        held = self.holdings[account, symbol, side]
        contract, mark = held.contract, self.mark(symbol)
        currency = contract.settle
        if any((o.account, o.symbol) == (account, symbol) for o in self.live.values()):
            raise Disagreement(f"{account} still has orders in {symbol} after its liquidation")
        fee = ZERO
        if held.is_isolated:
            self.append_margin(held, self.spare(account, currency) if spare is None else spare)
            if held.shortfall(mark) < -NEAR:
                raise Disagreement(f"{held} was liquidated at {mark}, but is above its maintenance")
            rest = held.margin + held.profit(mark)
            self.add(account, currency, -rest)
            self.add(INSURANCE, currency, rest)
        else:
            fee = abs(held.qty * worth(contract, mark)) * contract.taker_fee_rate
        size = abs(held.qty)
        change = -held.qty
        _, profit, _ = held.trade(change, mark, Decimal(1))
        _, taken, _ = self.holding(INSURANCE, symbol, "BOTH").trade(-change, mark, Decimal(1))
        held.fees += fee
        self.add(account, currency, profit - fee)
        self.add(FEES, currency, fee)
        self.add(INSURANCE, currency, taken)
        return size, profit

    def is_overdrawn(self, account: str, currency: str, *, by: Decimal = ZERO) -> bool:
        sums = self.wallet(account, currency)
        return sums["total_cross_margin"] + by <= sums["cross_maint_margin"]

    def must_go(self, order: FuturesEntry) -> bool:
        """Whether a resting order is one that no margin is left for, its account having no cross position any more."""
        key = order.account, self.contracts[order.symbol].settle
        if key not in self.closed_cross or any(self.crossed(*key)) or self.spare(*key) > NEAR:
            return False
        needed, live = self.order_margin(order.account, order.symbol), dict(self.live)
        del self.live[order.name]
        is_of_use = self.order_margin(order.account, order.symbol) < needed
        self.live.clear()
        self.live.update(live)
        return is_of_use

    def make_good(self) -> None:
        """Let the insurance fund pay what is missing where the last cross position was closed by a trade."""
        for account, currency in self.closed_cross:
            if not any(self.crossed(account, currency)) and self.spare(account, currency) < -NEAR:
                if self.wallet(account, currency)["cross_order_margin"] > NEAR:
                    raise Disagreement(f"orders of {account} should have been cancelled for want of {currency}")
                self.fill_up(account, currency)
        self.closed_cross.clear()

    def fill_up(self, account: str, currency: str) -> None:
        """Let the insurance fund pay what is missing after all cross positions were closed."""
        missing = -self.spare(account, currency)
        if missing > 0:
            self.add(account, currency, missing)
            self.add(INSURANCE, currency, -missing)

    def overlooked(self) -> str | None:
        """Return what should have happened by now."""
        for order in self.stops.values():
            self.seen[order.symbol] = {self.last[order.symbol]}
            if self.is_reached(order):
                return f"stop order {order.name} should have fired"
        for held in self.holdings.values():
            if not held.qty or held.account in self.house:
                continue
            symbol = held.contract.symbol
            if held.is_isolated and held.shortfall(self.mark(symbol)) > NEAR:
                return f"{held} should have been liquidated"
            if not held.is_isolated and self.is_overdrawn(held.account, held.contract.settle, by=NEAR):
                return f"{held} should have been liquidated with its margin"
        return None


def open_size(order: FuturesEntry) -> Decimal:
    return ZERO if order.size is None or order.outcome is not None else order.left()
