"""
A second opinion on the spot and margin exchange: matching, money, debts, stop orders, auctions and loans.

Written differently on purpose. Wallets hold totals only: what is held is counted from the orders whenever it is asked
for. Whether an order must be refused is said before the engine is asked. Liquidations and stop orders that fire are
not foreseen: when the engine tells of one, the model checks that it had a reason, and then what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

from kucoin_sync.simulator.matching.orders import OrderRequest
from kucoin_sync.simulator.matching.symbols import Symbol
from tests.simulator.plain_book import Chapter, Entry, PlainBook
from tests.simulator.walk import SECOND, Disagreement

ZERO = Decimal(0)
CENT = Decimal("0.00000001")
ROUGH = Context(prec=60)
HOUR = 3600 * SECOND
FEES, LENDER, LENDING_HOUSE = "simulator-fees", "simulator-lender", "simulator-lending-house"

Key = tuple[str, str, str]


@dataclass(eq=False)
class SpotEntry(Entry):
    """An order with what the money needs to know of it."""

    pair: str = ""
    kind: str = "TRADE"
    oid: str | None = None
    auto_borrow: bool = False
    auto_repay: bool = False
    life: int = -1
    expires: int | None = None
    hold: Decimal = ZERO
    fee: Decimal = ZERO

    @property
    def wallet(self) -> str:
        return {"TRADE": "trade", "MARGIN_TRADE": "margin"}.get(self.kind, f"isolated:{self.pair}")

    def is_wish(self, account: str, request: OrderRequest) -> bool:
        """Tell whether an engine's order is what was asked for."""
        mine = (self.account, self.pair, self.kind, self.oid, self.side, self.price or ZERO, self.size, self.funds)
        flags = (self.force, self.post_only, self.hidden, self.visible, self.stp, self.auto_borrow, self.auto_repay)
        r = request
        return mine == (account, r.symbol, r.trade_type, r.client_oid, r.side, r.price, r.size, r.funds) and flags == (
            r.time_in_force,
            r.post_only,
            r.hidden,
            r.visible_size,
            r.stp,
            r.auto_borrow,
            r.auto_repay,
        )


@dataclass
class Stop:
    account: str
    args: Mapping[str, Any]
    pair: str
    direction: str
    price: Decimal
    oid: str | None

    def is_reached(self, price: Decimal) -> bool:
        return price <= self.price if self.direction == "loss" else price >= self.price


@dataclass
class Debt:
    since: int
    principal: Decimal = ZERO
    interest: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.principal + self.interest


@dataclass
class Offer:
    name: str
    account: str
    side: str
    currency: str
    rate: Decimal
    term: int
    left: Decimal


class SpotBook(PlainBook):
    def __init__(self, model: SpotModel, pair: Symbol) -> None:
        super().__init__(step=pair.base_increment, story=model.story)
        self.model = model

    def enter(self, order: Entry) -> str | None:
        self.story.append(("received", order.name))
        return super().enter(order)

    def pay(self, taker: Entry, maker: Entry, size: Decimal, price: Decimal) -> None:
        assert isinstance(taker, SpotEntry) and isinstance(maker, SpotEntry)
        self.model.settle(taker, size, price, self.model.taker_fee)
        self.model.settle(maker, size, price, self.model.maker_fee)
        self.model.last[taker.pair] = price
        self.model.seen.setdefault(taker.pair, set()).add(price)

    def changed(self, order: Entry) -> None:
        assert isinstance(order, SpotEntry)
        if order.price is not None:
            order.hold = self.model.need(order, order.left())

    def end(self, order: Entry, outcome: str, reason: str | None = None) -> None:
        super().end(order, outcome, reason)
        assert isinstance(order, SpotEntry)
        order.hold = ZERO
        del self.model.live[order.name]


@dataclass(eq=False)
class SpotModel:
    symbols: dict[str, Symbol]
    taker_fee: Decimal
    maker_fee: Decimal
    house: frozenset[str]
    cap: int | None
    cap_per_pair: int | None
    now: int
    story: list[Chapter] = field(default_factory=list)
    totals: dict[Key, Decimal] = field(default_factory=dict)
    live: dict[str, SpotEntry] = field(default_factory=dict)
    stops: dict[str, Stop] = field(default_factory=dict)
    debts: dict[tuple[str, str], dict[str, Debt]] = field(default_factory=dict)
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)
    auctions: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    dead_men: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    offers: list[Offer] = field(default_factory=list)
    loans: list[tuple[str, str, Decimal, int]] = field(default_factory=list)
    #: Last prices that were seen since the last step began.
    seen: dict[str, set[Decimal]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.factor = 1 + max(self.taker_fee, self.maker_fee)
        self.last = {name: pair.initial_price for name, pair in self.symbols.items()}
        self.books = {name: SpotBook(self, pair) for name, pair in self.symbols.items()}
        self.wallets: dict[str, set[str]] = {"margin": set()}
        for name, pair in self.symbols.items():
            if pair.margin_enabled:
                self.wallets[f"isolated:{name}"] = {pair.base, pair.quote}
                self.wallets["margin"] |= {pair.base, pair.quote}

    # Money.

    def add(self, account: str, wallet: str, currency: str, amount: Decimal) -> None:
        key = account, wallet, currency
        self.totals[key] = self.totals.get(key, ZERO) + amount

    def currency(self, order: SpotEntry) -> str:
        pair = self.symbols[order.pair]
        return pair.quote if order.side == "buy" else pair.base

    def holds(self) -> dict[Key, Decimal]:
        """Return what is held by wallet and currency: what the live orders and the open offers need."""
        holds: dict[Key, Decimal] = {}
        for order in self.live.values():
            key = order.account, order.wallet, self.currency(order)
            holds[key] = holds.get(key, ZERO) + order.hold
        for offer in self.offers:
            if offer.side == "lend":
                key = offer.account, "main", offer.currency
                holds[key] = holds.get(key, ZERO) + offer.left
        return holds

    def available(self, account: str, wallet: str, currency: str) -> Decimal:
        key = account, wallet, currency
        return self.totals.get(key, ZERO) - self.holds().get(key, ZERO)

    def need(self, order: SpotEntry, size: Decimal) -> Decimal:
        return size if order.side == "sell" else (order.price or ZERO) * size * self.factor

    def first_need(self, order: SpotEntry) -> Decimal:
        """Return what a new order must have held; a market order by size may ask what it would trade."""
        if order.price is not None:
            assert order.size is not None
            return self.need(order, order.size)
        if order.side == "buy" and order.funds is not None:
            return order.funds * self.factor
        twin = self.books[order.pair].trial(order)
        return twin.dealt if order.side == "sell" else twin.spent * self.factor

    def settle(self, order: SpotEntry, size: Decimal, price: Decimal, rate: Decimal) -> None:
        pair, account, wallet = self.symbols[order.pair], order.account, order.wallet
        funds = size * price
        fee = funds * rate
        if order.side == "buy":
            out, got, paid, income = pair.quote, pair.base, funds + fee, size
        else:
            out, got, paid, income = pair.base, pair.quote, size, funds - fee
        self.add(account, wallet, out, -paid)
        self.add(account, wallet, got, income)
        self.add(FEES, "trade", pair.quote, fee)
        order.fee += fee
        order.hold = order.hold - paid if order.price is None else self.need(order, order.left())
        if order.auto_repay:
            self.repay(account, wallet, got, income)

    # Orders.

    def read(self, account: str, args: Mapping[str, Any], kind: str) -> SpotEntry:
        def number(name: str) -> Decimal | None:
            return None if args.get(name) is None else Decimal(args[name])

        is_limit = args.get("type", "limit") == "limit"
        is_margin = kind != "TRADE"
        return SpotEntry(
            "",
            account,
            args["side"],
            number("price") if is_limit else None,
            number("size"),
            number("funds"),
            args.get("timeInForce", "GTC") if is_limit else "GTC",
            bool(args.get("postOnly")) and is_limit,
            bool(args.get("hidden")) and is_limit,
            number("visibleSize") if is_limit and args.get("iceberg") else None,
            args.get("stp", ""),
            pair=args["symbol"],
            kind=kind,
            oid=args.get("clientOid"),
            auto_borrow=is_margin and bool(args.get("autoBorrow")),
            auto_repay=is_margin and bool(args.get("autoRepay")),
            life=args.get("cancelAfter", -1) if is_limit else -1,
        )

    def refusal_of_size(self, order: SpotEntry) -> str | None:
        """Return why an order of sound numbers is too small; the walk makes none that are too large."""
        pair = self.symbols[order.pair]
        if order.funds is not None:
            return "too_small" if order.funds < max(pair.quote_min_size, pair.min_funds) else None
        assert order.size is not None
        if order.size < pair.base_min_size or (order.price is not None and order.price * order.size < pair.min_funds):
            return "too_small"
        return None

    def refusal_of_price(self, order: SpotEntry) -> str | None:
        if order.pair in self.auctions:
            low, high = self.auctions[order.pair]
            if order.price is None or order.force in ("IOC", "FOK") or not low <= order.price <= high:
                return "parameter"
        rate, last = self.symbols[order.pair].price_limit_rate, self.last[order.pair]
        if rate is not None and order.price is not None:
            if order.side == "buy" and order.price > last + last * rate:
                return "too_dear"
            if order.side == "sell" and order.price < last - last * rate:
                return "too_cheap"
        return None

    def refusal(self, order: SpotEntry) -> str | None:
        """Return the situation for which a new order must be refused."""
        own = [other for other in self.live.values() if other.account == order.account]
        if order.oid is not None and any(other.oid == order.oid for other in own):
            return "duplicate"
        if order.account not in self.house:
            on_pair = sum(other.pair == order.pair for other in own)
            if len(own) >= (self.cap or 10**9) or on_pair >= (self.cap_per_pair or 10**9):
                return "too_many"
        if order.kind != "TRADE" and self.status(order.account, order.wallet) != "EFFECTIVE":
            return "at_risk"
        reason = self.refusal_of_price(order)
        if reason is not None:
            return reason
        currency = self.currency(order)
        missing = self.first_need(order) - self.available(order.account, order.wallet, currency)
        if missing > 0:
            limit = self.max_borrow(order.account, order.wallet, currency) if order.auto_borrow else ZERO
            if up(missing) > limit:
                return "balance"
        return None

    def enter(self, order: SpotEntry, name: str) -> None:
        """Take an order that need not be refused."""
        currency, order.name = self.currency(order), name
        amount = self.first_need(order)
        missing = amount - self.available(order.account, order.wallet, currency)
        if missing > 0:
            self.borrow(order.account, order.wallet, currency, up(missing))
        order.hold = amount
        if order.force == "GTT" and order.life > 0:
            order.expires = self.now + order.life * SECOND
        self.live[name] = order
        self.books[order.pair].enter(order)

    def cancel(self, order: SpotEntry, reason: str = "USER") -> None:
        self.books[order.pair].end(order, "canceled", reason)

    def changed(self, order: SpotEntry, price: Decimal | None, size: Decimal) -> SpotEntry:
        """Return the order that replaces another: the same wish with another price and size."""
        twin = replace(order, price=price or order.price, size=size, outcome=None, reason=None, expires=None)
        twin.dealt = twin.spent = twin.lost = twin.fee = ZERO
        return twin

    def begin(self, now: int) -> None:
        """A command begins: what has expired is over."""
        self.now = now
        self.seen = {pair: {price} for pair, price in self.last.items()}
        due = [order for order in self.live.values() if order.expires is not None and order.expires <= now]
        for order in sorted(due, key=lambda order: (order.expires or 0, order.name)):
            self.cancel(order, "ORDER_EXPIRED")

    def poll(self) -> None:
        """Do what the clock asks for, expiries aside."""
        for account, (due, pairs) in list(self.dead_men.items()):
            if due <= self.now:
                del self.dead_men[account]
                for order in list(self.live.values()):
                    if order.account == account and order.kind == "TRADE" and (not pairs or order.pair in pairs):
                        self.cancel(order)
        for debts in self.debts.values():
            for debt in debts.values():
                hours = (self.now - debt.since) // HOUR
                debt.since += hours * HOUR
                debt.interest += up(debt.principal * hours * Decimal("0.000005"))
        for loan in list(self.loans):
            lender, currency, amount, due = loan
            if due <= self.now:
                self.loans.remove(loan)
                self.add(LENDING_HOUSE, "main", currency, -amount)
                self.add(lender, "main", currency, amount)

    # Margin.

    def status(self, account: str, wallet: str) -> str:
        return self.statuses.get((account, wallet), "EFFECTIVE")

    def worth_of(self, currency: str) -> Decimal:
        return Decimal(1) if currency == "USDT" else self.last.get(f"{currency}-USDT", ZERO)

    def worth(self, account: str, wallet: str) -> tuple[Decimal, Decimal]:
        """Return what is in a wallet and what it owes, in USDT."""
        owned = [amount * self.worth_of(key[2]) for key, amount in self.totals.items() if key[:2] == (account, wallet)]
        debts = self.debts.get((account, wallet), {})
        owed = [debt.total * self.worth_of(currency) for currency, debt in debts.items()]
        return sum(owned, ZERO), sum(owed, ZERO)

    def room(self, account: str, wallet: str) -> Decimal:
        """Return what may still be borrowed, in USDT: own capital carries so many times itself."""
        owned, owed = self.worth(account, wallet)
        own = owned - owed
        return own * (4 if wallet == "margin" else 9) - owed

    def max_borrow(self, account: str, wallet: str, currency: str) -> Decimal:
        price = self.worth_of(currency)
        if currency not in self.wallets.get(wallet, ()) or not price:
            return ZERO
        most = min(ROUGH.divide(self.room(account, wallet), price), self.totals.get((LENDER, "pool", currency), ZERO))
        return max(ZERO, most).quantize(CENT, ROUND_FLOOR, ROUGH)

    def borrow(self, account: str, wallet: str, currency: str, amount: Decimal) -> None:
        self.add(LENDER, "pool", currency, -amount)
        self.add(account, wallet, currency, amount)
        debts = self.debts.setdefault((account, wallet), {})
        debts.setdefault(currency, Debt(self.now)).principal += amount

    def repay(self, account: str, wallet: str, currency: str, amount: Decimal | None = None) -> Decimal:
        debts = self.debts.get((account, wallet), {})
        debt = debts.get(currency)
        if debt is None:
            return ZERO
        paid = min(debt.total, self.available(account, wallet, currency))
        paid = down(paid if amount is None else min(paid, amount))
        self.add(account, wallet, currency, -paid)
        self.add(LENDER, "pool", currency, paid)
        interest = min(paid, debt.interest)
        debt.interest -= interest
        debt.principal -= paid - interest
        if not debt.total:
            del debts[currency]
        if not debts:
            del self.debts[account, wallet]
            if self.status(account, wallet) == "BANKRUPTCY":
                self.statuses[account, wallet] = "EFFECTIVE"
        return paid

    def may_leave(self, account: str, wallet: str, currency: str, amount: Decimal) -> bool:
        if (account, wallet) not in self.debts:
            return True
        return self.room(account, wallet) >= amount * self.worth_of(currency) * (4 if wallet == "margin" else 9)

    def is_at_risk(self, account: str, wallet: str) -> bool:
        owned, owed = self.worth(account, wallet)
        return self.status(account, wallet) == "EFFECTIVE" and owed > 0 and owed >= owned * Decimal("0.97")

    def freeze(self, account: str, wallet: str) -> None:
        """The engine liquidates a wallet: it must have a reason."""
        if not self.is_at_risk(account, wallet):
            raise Disagreement(f"{account} {wallet} is liquidated, but not at risk: {self.worth(account, wallet)}")
        self.statuses[account, wallet] = "LIQUIDATION"
        for order in list(self.live.values()):
            if (order.account, order.wallet) == (account, wallet):
                self.cancel(order, "LIQUIDATION")
        for currency in list(self.debts.get((account, wallet), {})):
            self.repay(account, wallet, currency)

    def thaw(self) -> None:
        """What is being liquidated is through."""
        for (account, wallet), status in self.statuses.items():
            if status == "LIQUIDATION":
                for currency in list(self.debts.get((account, wallet), {})):
                    self.repay(account, wallet, currency)
                is_clear = (account, wallet) not in self.debts
                self.statuses[account, wallet] = "EFFECTIVE" if is_clear else "BANKRUPTCY"

    # What the engine does by itself.

    def received(self, name: str, account: str, request: OrderRequest) -> None:
        """Take an order that no command placed: of a stop order, or of a liquidation."""
        for stop_id, stop in self.stops.items():
            order = self.read(stop.account, stop.args, stop.args["tradeType"])
            if order.is_wish(account, request) and request.stop_price == stop.price:
                self.thaw()
                self.must_be_due(stop_id)
                refusal = self.refusal(order)
                if refusal is not None:
                    raise Disagreement(f"the order of stop order {stop_id} was placed in spite of {refusal}")
                self.enter(order, name)
                return
        if self.status(account, request.wallet) != "LIQUIDATION":
            raise Disagreement(f"nobody asked for order {name} of {account}: {request}")
        self.liquidating_order(name, account, request)

    def liquidating_order(self, name: str, account: str, request: OrderRequest) -> None:
        """Sell all that is not owed, buy what is owed, or as much of it as there is money for."""
        pair, wallet = self.symbols[request.symbol], request.wallet
        debt = self.debts[account, wallet].get(pair.base)
        if request.side == "sell":
            sold = whole(self.available(account, wallet, pair.base), pair.base_increment, ROUND_FLOOR)
            is_right = debt is None and request.size == sold
        elif request.size is not None:
            is_right = debt is not None and request.size == whole(debt.total, pair.base_increment, ROUND_CEILING)
        else:
            purse = ROUGH.divide(self.available(account, wallet, pair.quote), self.factor)
            is_right = debt is not None and request.funds == whole(purse, pair.quote_increment, ROUND_FLOOR)
        if not is_right or request.type != "market":
            raise Disagreement(f"a liquidation should not place {request}")
        order = SpotEntry(name, account, request.side, None, request.size, request.funds, pair=pair.name)
        order.kind, order.auto_repay = request.trade_type, True
        if self.first_need(order) > self.available(account, wallet, self.currency(order)):
            raise Disagreement(f"a liquidation placed {request} without the money")
        self.enter(order, name)

    def must_be_due(self, stop_id: str) -> None:
        stop = self.stops[stop_id]
        if not any(stop.is_reached(price) for price in self.seen[stop.pair]):
            raise Disagreement(f"stop order {stop_id} fired at none of its prices: {stop}, {self.seen[stop.pair]}")

    def overlooked(self) -> str | None:
        """Return a stop order that should have fired by now."""
        return next((name for name, stop in self.stops.items() if stop.is_reached(self.last[stop.pair])), None)

    # The lending market.

    def lend(self, name: str, account: str, side: str, currency: str, size: Decimal, rate: Decimal, term: int) -> None:
        new = Offer(name, account, side, currency, rate, term, size)
        sign = 1 if side == "borrow" else -1
        for other in sorted(self.offers, key=lambda offer: sign * offer.rate):
            lender, borrower = (new, other) if side == "lend" else (other, new)
            fits = other.side != side and (other.currency, other.term) == (currency, term)
            if not fits or lender.rate > borrower.rate or not new.left:
                continue
            part = min(new.left, other.left)
            new.left -= part
            other.left -= part
            self.add(lender.account, "main", currency, -part)
            self.add(LENDING_HOUSE, "main", currency, part)
            back = part + part * other.rate * term
            self.loans.append((lender.account, currency, back, self.now + term * 24 * HOUR))
        self.offers.append(new)
        self.offers = [offer for offer in self.offers if offer.left]


def up(amount: Decimal) -> Decimal:
    """Round to eight places, away from nothing."""
    return amount.quantize(CENT, ROUND_CEILING, ROUGH)


def down(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_FLOOR, ROUGH)


def whole(amount: Decimal, step: Decimal, rounding: str) -> Decimal:
    return ROUGH.divide(amount, step).to_integral_value(rounding, ROUGH) * step
