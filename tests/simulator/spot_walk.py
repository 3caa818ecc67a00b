"""Random commands for a spot and margin exchange of random make, each compared with `spot_model` in all it does."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from kucoin_sync.simulator.matching.events import (
    BookChanged,
    Event,
    IsolatedPositionChanged,
    MarginStatusChanged,
    OrderDone,
    OrderMatched,
    OrderOpened,
    OrderReceived,
    OrderUpdated,
    StopOrderChanged,
    Ticker,
    TickerChanged,
    Trade,
    Traded,
    WalletChanged,
)
from kucoin_sync.simulator.matching.orders import OrderState, Refused
from kucoin_sync.simulator.matching.symbols import Symbol
from kucoin_sync.simulator.spot.exchange import Exchange
from tests.simulator.plain_book import Chapter
from tests.simulator.spot_model import LENDER, LENDING_HOUSE, SpotEntry, SpotModel, Stop
from tests.simulator.walk import (
    INCREMENTS,
    SECOND,
    BookMirror,
    ConservationError,
    Disagreement,
    World,
    compare_queues,
    compare_sums,
    told,
)

__all__ = ["SpotWorld"]

ZERO = Decimal(0)
HOUSE = "maker"
ACCOUNTS = ("ann", "bob", "cat", HOUSE)
KINDS = ("TRADE", "MARGIN_TRADE", "MARGIN_ISOLATED_TRADE")
MARGIN_KINDS = KINDS[1:]
PAIRS = (("BTC", "USDT"), ("ETH", "USDT"), ("ETH", "BTC"))

#: How often each command is drawn, in parts of the sum.
WEIGHTS = {
    "limit": 300,
    "market": 70,
    "margin": 170,
    "stop": 50,
    "cancel": 80,
    "decrease": 40,
    "modify": 50,
    "amend": 40,
    "batch": 20,
    "cancel_all": 6,
    "cancel_stop": 12,
    "transfer": 30,
    "borrow": 20,
    "repay": 20,
    "poll": 40,
    "jump": 20,
    "bad": 15,
    "auction": 8,
    "dead_man": 4,
    "lend": 15,
}


def spelled(number: Decimal) -> str:
    return format(number.normalize(), "f")


class SpotWorld(World):
    def __init__(self, seed: str, tally: Counter[str]) -> None:
        super().__init__(seed, tally)
        choice = self.random.choice
        symbols = self._make_symbols()
        fees = choice(("0", "0.0001", "0.00075", "0.001")), choice(("0", "0.0002", "0.001"))
        cap, cap_per_pair = choice((None, None, 14)), choice((None, None, 8))
        pool = choice(("500", "20000", "1000000"))
        self.mirrors: dict[str, BookMirror] = {}
        self.purses: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}
        self.tickers: dict[str, Ticker] = {}
        self.exchange = Exchange(
            now_ns=lambda: self.now_ns,
            emit=self.take,
            symbols=symbols,
            taker_fee=fees[0],
            maker_fee=fees[1],
            house_accounts=(HOUSE,),
            max_open_orders=cap,
            max_open_orders_per_symbol=cap_per_pair,
            max_done_orders=50,
            lending_pool=pool,
        )
        self.mirrors = {name: BookMirror(self.exchange.book(name)) for name in self.exchange.symbols}
        self.model = SpotModel(
            dict(self.exchange.symbols),
            Decimal(fees[0]),
            Decimal(fees[1]),
            frozenset((HOUSE, LENDER, LENDING_HOUSE)),
            cap,
            cap_per_pair,
            self.now_ns,
        )
        self.pairs = list(self.exchange.symbols)
        self.tickers = {name: self.exchange.ticker(name) for name in self.pairs}
        self.centers = {name: pair.initial_price for name, pair in self.exchange.symbols.items()}
        self.currencies = sorted({c for pair in symbols for c in (pair.base, pair.quote)})
        self.wallets = ["main", "trade", "margin", *(f"isolated:{name}" for name in self.pairs)]
        self.endowed: dict[str, Decimal] = {}
        for currency in self.currencies:
            self.endow(LENDER, "pool", currency, Decimal(pool), is_new=False)
            self.endow(LENDING_HOUSE, "main", currency, Decimal(pool), is_new=False)
        self._fund()
        self.events.clear()
        self.forgotten = ["SIM-none"]
        self.number = 0

    def _make_symbols(self) -> list[Symbol]:
        choice = self.random.choice
        symbols = []
        for base, quote in self.random.sample(PAIRS, self.random.randint(1, 3)):
            tick, step = Decimal(choice(("0.0001", "0.01", "0.5", "1"))), Decimal(choice(("1", "0.01", "0.00000001")))
            symbols.append(
                Symbol(
                    f"{base}-{quote}",
                    base,
                    quote,
                    price_increment=tick,
                    base_increment=step,
                    base_min_size=step * choice((1, 1, 3)),
                    quote_increment=Decimal(choice(("0.000001", "0.01"))),
                    quote_min_size=Decimal("0.000001"),
                    min_funds=tick * step * choice((1, 1, 800)),
                    initial_price=tick * self.random.randint(200, 3000),
                    margin_enabled=self.chance(0.85),
                    price_limit_rate=choice((None, None, None, "0.1")),
                )
            )
        return symbols

    def endow(self, account: str, wallet: str, currency: str, amount: Decimal, *, is_new: bool = True) -> None:
        if is_new:
            self.exchange.deposit(account, currency, amount, wallet=wallet)
        self.model.add(account, wallet, currency, amount)
        self.endowed[currency] = self.endowed.get(currency, ZERO) + amount

    def _fund(self) -> None:
        """Give everybody what lets some of the orders be placed, and the house what lets all of them."""
        for name, pair in self.exchange.symbols.items():
            unit = self.unit(name)
            for currency, worth in ((pair.base, unit), (pair.quote, unit * pair.initial_price)):
                for account, units in (("ann", 400), ("bob", 300), ("cat", 60), (HOUSE, 10**7)):
                    for wallet in ("trade", "main", "margin", f"isolated:{name}"):
                        self.endow(account, wallet, currency, worth * (units if wallet == "trade" else units // 6))

    def unit(self, name: str) -> Decimal:
        """Return the size that orders of a pair are multiples of."""
        pair = self.exchange.symbols[name]
        return pair.base_increment * (137 if pair.base_increment < 1 else 1)

    # What the engine tells.

    def take(self, event: Event) -> None:
        """Note an event, and look at the book while it is told."""
        if isinstance(event, BookChanged):
            self.mirrors[event.symbol].take(event)
            self.tally[INCREMENTS] += 1
        elif isinstance(event, WalletChanged):
            key = event.account, event.wallet, event.currency
            available, held = self.purses.get(key, (ZERO, ZERO))
            self.purses[key] = purse = available + event.available_change, held + event.held_change
            if purse != (event.available, event.held):
                raise ConservationError(f"{event} does not follow from {available} and {held}")
        elif isinstance(event, TickerChanged):
            self.tickers[event.ticker.symbol] = event.ticker
        else:
            self.events.append(event)

    def follow(self) -> None:
        """Compare what happened with the model's story; hand it what the engine began by itself."""
        model = self.model
        story: deque[Chapter] = deque()
        related: dict[str, bool] = {}
        parts: list[tuple[Trade, bool]] = []
        for event in self.events:
            story.extend(model.story)
            model.story.clear()
            if isinstance(event, OrderMatched):
                if not parts or parts.pop(0) != (event.trade, event.is_maker):
                    raise Disagreement(f"{event} is of no trade")
                continue
            if parts:
                raise Disagreement(f"{parts} was told to one order only")
            if isinstance(event, OrderReceived):
                if not story:
                    order = event.order
                    model.received(order.order_id, order.account, order.request)
                    related[order.order_id] = True
                    story.extend(model.story)
                    model.story.clear()
                told(story, ("received", event.order.order_id))
            elif isinstance(event, Traded):
                trade = event.trade
                told(story, ("deal", trade.maker_order_id, trade.taker_order_id, trade.price, trade.size))
                self.tally["spot: trades"] += 1
                parts = [(trade, True), (trade, False)]
            elif isinstance(event, OrderUpdated):
                told(story, ("cut", event.order.order_id, event.old_size, event.order.size))
            elif isinstance(event, OrderOpened):
                told(story, ("rests", event.order.order_id))
            elif isinstance(event, OrderDone):
                told(story, ("done", event.order.order_id, event.order.outcome, event.order.cancel_reason))
                self.tally[f"spot: orders ended, {event.order.cancel_reason or event.order.outcome}"] += 1
            elif isinstance(event, StopOrderChanged):
                self._follow_stop(event, related, story)
            elif isinstance(event, MarginStatusChanged) and event.kind == "FROZEN_FL":
                self._freeze(event.account, "margin")
            elif isinstance(event, IsolatedPositionChanged) and event.status == "IN_LIQUIDATION":
                self._freeze(event.state.account, event.state.wallet)
        self.events.clear()
        story.extend(model.story)
        model.story.clear()
        if story or parts:
            raise Disagreement(f"the engine does not tell {[*story, *parts]}")
        model.thaw()

    def _freeze(self, account: str, wallet: str) -> None:
        self.tally["spot: liquidations"] += 1
        self.model.thaw()
        self.model.freeze(account, wallet)

    def _follow_stop(self, event: StopOrderChanged, related: dict[str, bool], story: deque[Chapter]) -> None:
        model, order = self.model, event.order
        if event.kind == "open":
            return
        if story:
            raise Disagreement(f"{event}, but the model expects {story[0]}")
        if event.kind == "cancel":
            if order.order_id in model.stops:
                raise Disagreement(f"{event} was not asked for")
            return
        model.thaw()
        stop = model.stops[order.order_id]
        if event.error is None:
            if related.pop(order.related_order_id or "", None) is None:
                raise Disagreement(f"{event} names an order that is not its own")
            self.tally["spot: stop orders that fired"] += 1
        else:
            model.must_be_due(order.order_id)
            if model.refusal(model.read(stop.account, stop.args, stop.args["tradeType"])) is None:
                raise Disagreement(f"{event}: the model sees no reason")
            self.tally["spot: stop orders refused when they fired"] += 1
        del model.stops[order.order_id]

    # Checks after each step.

    def finish(self, *, is_command: bool = True) -> None:
        """End a step; what does not begin with the frame of a command needs not have looked at stops and debts."""
        self.follow()
        self.check_money()
        for pair in self.pairs:
            compare_queues(self.model.books[pair], self.exchange.book(pair))
            if self.exchange.book(pair).last_price != self.model.last[pair]:
                raise Disagreement(f"the last price of {pair} is not {self.model.last[pair]}")
            if self.tickers[pair] != self.exchange.ticker(pair):
                raise Disagreement(f"the ticker of {pair} changed without a word")
            if pair in self.model.auctions:
                self._check_auction(pair)
        if is_command:
            self._check_done()
        if self.steps % 25 == 0:
            self.check_all()

    def check_money(self) -> None:
        ledger, model = self.exchange.ledger, self.model
        compare_sums("money", ledger.totals(), self.endowed)
        compare_sums("deposits", ledger.deposited(), self.endowed)
        if ledger.lowest() < 0:
            raise ConservationError("a balance is below zero")
        holds = model.holds()
        for key, total in model.totals.items():
            balance, held = ledger.balance(*key), holds.get(key, ZERO)
            if balance.held != held:
                raise ConservationError(f"{key} holds {balance.held}, its orders need {held}")
            if balance.total != total:
                raise ConservationError(f"{key} has {balance.total}, expected {total}")
            if key in self.purses and self.purses[key] != (balance.available, balance.held):
                raise ConservationError(f"{key} is not what its events say")

    def _check_auction(self, pair: str) -> None:
        state = self.exchange.call_auction(pair)
        expected = self.model.books[pair].equilibrium(self.model.last[pair])
        if state is None or (state.estimated_price, state.estimated_size) != expected:
            raise Disagreement(f"the auction of {pair} is {state}, expected {expected}")

    def _check_done(self) -> None:
        """Check that nothing was left undone."""
        model = self.model
        overlooked = model.overlooked()
        if overlooked is not None:
            raise Disagreement(f"stop order {overlooked} should have fired")
        for account, wallet in model.debts:
            if model.is_at_risk(account, wallet):
                raise Disagreement(f"{account} {wallet} should have been liquidated")

    def check_all(self) -> None:
        exchange, model = self.exchange, self.model
        states = {state.order_id: state for state in exchange.open_orders()}
        if list(states) != list(model.live):
            raise Disagreement(f"live orders are {list(states)}, expected {list(model.live)}")
        for name, order in model.live.items():
            state = states[name]
            mine = state.deal_size, state.deal_funds, state.fee, state.held, state.remaining
            expected = order.dealt, order.spent, order.fee, order.hold, order.left()
            if mine != expected or state.created_at_ns > self.now_ns:
                raise Disagreement(f"{state}: {mine}, expected {expected}")
        if {stop.order_id for stop in exchange.stop_orders.waiting()} != set(model.stops):
            raise Disagreement("other stop orders are waiting")
        for account in ACCOUNTS:
            for wallet in self.wallets[2:]:
                self._check_debts(account, wallet)
        for mirror in self.mirrors.values():
            mirror.compare("buy", "sell")
        offers = [(offer.order_id, offer.size - offer.lent) for offer in exchange.lending.open_orders()]
        if offers != [(offer.name, offer.left) for offer in model.offers]:
            raise Disagreement(f"the lending book is {offers}, expected {model.offers}")

    def _check_debts(self, account: str, wallet: str) -> None:
        state, debts = self.exchange.margin.state(account, wallet), self.model.debts.get((account, wallet), {})
        mine = {c: (debt.principal, debt.interest) for c, debt in state.debts.items() if debt.total}
        expected = {c: (debt.principal, debt.interest) for c, debt in debts.items()}
        if mine != expected or state.status != self.model.status(account, wallet):
            raise Disagreement(f"{account} {wallet} is {state.status} and owes {mine}, expected {expected}")
        if any(amount < 0 for debt in mine.values() for amount in debt):
            raise ConservationError(f"{account} {wallet} owes {mine}")

    # Commands.

    def choose(self) -> Callable[[], None]:
        self.now_ns += self.random.choice((0, 1_000_000, 1_000_000, 40_000_000, SECOND))
        (kind,) = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        if kind == "batch":
            return self._batch()
        if kind == "jump":
            return self._jump()
        command: Callable[[], None] = getattr(self, kind)
        return command

    def place(self, kind: str, account: str, args: dict[str, Any], trade_type: str = "TRADE") -> None:
        """Place an order; the model says first whether it is to be taken."""
        model, exchange = self.model, self.exchange
        model.begin(self.now_ns)
        order = model.read(account, args, trade_type)
        expected = model.refusal_of_size(order)
        if trade_type != "TRADE":
            args = {**args, "isIsolated": trade_type == "MARGIN_ISOLATED_TRADE"}
            if not self.exchange.symbols[order.pair].margin_enabled:
                expected = "symbol"
        expected = expected or model.refusal(order)
        result = self.attempt(kind, expected, exchange.place if trade_type == "TRADE" else self._margin, account, args)
        if not isinstance(result, Refused):
            model.enter(order, result.order_id)
            self._compare_reply(order, result)
        self.finish()

    def _margin(self, account: str, args: dict[str, Any]) -> OrderState:
        return self.exchange.place_margin(account, args)[0]

    def _compare_reply(self, order: SpotEntry, state: OrderState) -> None:
        mine = state.outcome, state.cancel_reason, state.deal_size, state.deal_funds, state.fee, state.held
        if mine != (order.outcome, order.reason, order.dealt, order.spent, order.fee, order.hold):
            raise Disagreement(f"the reply is {state}, expected {order}")

    def _args(self, pair: str | None = None, *, spread: int = 5) -> dict[str, Any]:
        choice, randint, chance = self.random.choice, self.random.randint, self.chance
        pair = pair or choice(self.pairs)
        symbol, unit = self.exchange.symbols[pair], self.unit(pair)
        tick = symbol.price_increment
        price = max(tick, self.centers[pair] + tick * randint(-spread, spread))
        args: dict[str, Any] = {"symbol": pair, "side": choice(("buy", "sell")), "size": spelled(unit * randint(1, 40))}
        if chance(0.3):
            args["stp"] = choice(("DC", "CO", "CN", "CB"))
        args |= {"type": "limit", "price": spelled(price)}
        if chance(0.3):
            args |= choice(({"timeInForce": "IOC"}, {"timeInForce": "FOK"}, {"timeInForce": "GTT", "cancelAfter": 2}))
        if chance(0.4):
            iceberg = {"iceberg": True, "visibleSize": spelled(unit * choice((3, 5)))}
            args |= choice((iceberg, iceberg, {"hidden": True}, {"postOnly": True}))
            if args.get("timeInForce") in ("IOC", "FOK"):
                args.pop("postOnly", None)
        if chance(0.05):
            args["clientOid"] = choice("xyz")
        return args

    def _market_args(self) -> dict[str, Any]:
        args = self._args()
        for name in ("price", "timeInForce", "cancelAfter", "iceberg", "visibleSize", "hidden", "postOnly"):
            args.pop(name, None)
        args["type"] = "market"
        if self.chance(0.5):
            symbol = self.exchange.symbols[args["symbol"]]
            worth = Decimal(args.pop("size")) * self.centers[symbol.name] * Decimal("1.01")
            args["funds"] = spelled(worth // symbol.quote_increment * symbol.quote_increment + symbol.quote_increment)
        return args

    def _account(self) -> str:
        return self.random.choice(ACCOUNTS)

    def limit(self) -> None:
        self.place("spot limit", self._account(), self._args())

    def market(self) -> None:
        self.place("spot market", self._account(), self._market_args())

    def _margin_args(self) -> dict[str, Any]:
        args = self._args() if self.chance(0.75) else self._market_args()
        if "size" in args and self.chance(0.2):
            args["size"] = spelled(5 * Decimal(args["size"]))
        self.number += 1
        args["clientOid"] = f"m{self.number}" if self.chance(0.95) else "x"
        return {**args, "autoBorrow": self.chance(0.6), "autoRepay": self.chance(0.5)}

    def margin(self) -> None:
        trade_type = self.random.choice(MARGIN_KINDS)
        name = "cross margin" if trade_type == "MARGIN_TRADE" else "isolated margin"
        self.place(f"{name} order", self._account(), self._margin_args(), trade_type)

    def _batch(self) -> Callable[[], None]:
        """Place several orders of one account in a row, as a batch does."""
        account, pair = self._account(), self.random.choice(self.pairs)
        wishes = [self._args(pair) for _ in range(self.random.randint(3, 5))]
        self.planned.extend(partial(self.place, "spot batch", account, args) for args in wishes)
        return self.planned.popleft()

    def _jump(self) -> Callable[[], None]:
        """Let the house move a price a long way: it takes all there is in between, and quotes anew."""
        pair = self.random.choice(self.pairs)
        symbol, unit = self.exchange.symbols[pair], self.unit(pair)
        tick = symbol.price_increment
        moved = self.centers[pair] * Decimal(self.random.choice(("0.8", "0.93", "0.98", "1.02", "1.07", "1.2")))
        center = self.centers[pair] = max(20 * tick, moved // tick * tick)
        for side in self.random.sample(("buy", "sell"), 2):
            size = unit * self.random.randint(100, 3000)
            args = {"symbol": pair, "side": side, "type": "limit", "price": spelled(center), "size": spelled(size)}
            self.planned.append(partial(self.place, "spot jump", HOUSE, args))
        return self.planned.popleft()

    def stop(self) -> None:
        """Place a stop order, some of them already due."""
        model, trade_type, account = self.model, self.random.choice(KINDS), self._account()
        model.begin(self.now_ns)
        args = self._margin_args()
        if self.chance(0.2):
            args["clientOid"] = self.random.choice("xyz")
        pair = args["symbol"]
        symbol = self.exchange.symbols[pair]
        price = max(symbol.price_increment, self.centers[pair] + symbol.price_increment * self.random.randint(-40, 40))
        direction = self.random.choice(("loss", "entry", ""))
        args |= {"tradeType": trade_type, "stopPrice": spelled(price), "stop": direction}
        expected = model.refusal_of_size(model.read(account, args, trade_type))
        if trade_type != "TRADE" and not symbol.margin_enabled:
            expected = "symbol"
        mine = [stop for stop in model.stops.values() if stop.account == account]
        if expected is None and any(stop.oid == args["clientOid"] for stop in mine):
            expected = "duplicate"
        result = self.attempt("spot stop", expected, self.exchange.place_stop, account, args)
        if not isinstance(result, Refused):
            last = model.last[pair]
            direction = direction or ("loss" if price <= last else "entry")
            model.stops[result.order_id] = Stop(account, args, pair, direction, price, args["clientOid"])
        self.finish()

    def _pick(self, kinds: tuple[str, ...]) -> tuple[str, str, SpotEntry | None]:
        """Return account, order id and entry of an order to be changed; now and then of one that is not there."""
        self.model.begin(self.now_ns)
        orders = [order for order in self.model.live.values() if order.kind in kinds]
        if not orders or self.chance(0.04):
            return self._account(), self.random.choice(self.forgotten), None
        order = self.random.choice(orders)
        if self.chance(0.03):
            return self.random.choice([a for a in ACCOUNTS if a != order.account]), order.name, None
        self.forgotten = [*self.forgotten[-20:], order.name]
        return order.account, order.name, order

    def _names(self, name: str, order: SpotEntry | None) -> dict[str, Any]:
        args = {"symbol": order.pair if order is not None else self.pairs[0], "orderId": name}
        if order is not None and order.oid is not None and self.chance(0.5):
            args["clientOid"] = order.oid
            del args["orderId"]
        return args

    def cancel(self) -> None:
        is_margin = self.chance(0.35)
        account, name, order = self._pick(MARGIN_KINDS if is_margin else KINDS[:1])
        expected = None if order is not None else "no_such_live_order"
        args = self._names(name, order)
        if order is None and name in self.model.live and self.model.live[name].account == account:
            return self.cancel()
        result = self.attempt("spot cancel", expected, self.exchange.cancel, account, args, margin=is_margin)
        if order is not None and not isinstance(result, Refused):
            self.model.cancel(order)
        self.finish()

    def decrease(self) -> None:
        account, name, order = self._pick(KINDS[:1])
        if order is None:
            return self.cancel()
        unit, left = self.unit(order.pair), order.left()
        size = left if self.chance(0.1) else unit * self.random.randint(1, 15)
        expected = "parameter" if size > left else None
        args = {**self._names(name, order), "cancelSize": spelled(size)}
        result = self.attempt("spot partial cancel", expected, self.exchange.decrease, account, args)
        if not isinstance(result, Refused):
            if size == left:
                self.model.cancel(order)
            else:
                self.model.books[order.pair].cut(order, size)
        self.finish()

    def _new_values(self, order: SpotEntry, whole: Decimal) -> tuple[dict[str, Any], Decimal, Decimal]:
        """Return arguments that change an order, and the price and size they mean."""
        assert order.price is not None
        wish = self._args(order.pair)
        price, size = order.price, whole
        args: dict[str, Any] = {}
        if self.chance(0.7):
            args["newPrice"], price = wish["price"], Decimal(wish["price"])
        if not args or self.chance(0.6):
            args["newSize"], size = wish["size"], Decimal(wish["size"])
        return args, price, size

    def modify(self) -> None:
        """Replace an order by another one: cancel and new."""
        account, name, order = self._pick(KINDS[:1])
        if order is None:
            return self.cancel()
        model = self.model
        changes, price, size = self._new_values(order, order.left())
        twin = model.changed(order, price, size)
        expected = model.refusal_of_size(twin) or model.refusal_of_price(twin)
        currency, need = model.currency(twin), model.first_need(twin)
        if expected is None and model.available(account, "trade", currency) + order.hold < need:
            expected = "balance"
        args = {**self._names(name, order), **changes}
        result = self.attempt("spot modify", expected, self.exchange.modify, account, args)
        if not isinstance(result, Refused):
            model.cancel(order, "ALTER_ORDER_CANCEL_OLD_ORDER")
            model.enter(twin, result.order_id)
            self._compare_reply(twin, result)
        self.finish()

    def amend(self) -> None:
        """Give an order another price or size in its place."""
        account, name, order = self._pick(KINDS)
        if order is None:
            return self.cancel()
        model = self.model
        changes, price, size = self._new_values(order, order.dealt + order.left())
        twin = model.changed(order, price, size)
        expected = model.refusal_of_size(twin)
        if expected is None and size <= order.dealt:
            expected = "parameter"
        expected = expected or model.refusal_of_price(twin)
        missing = model.need(twin, size - order.dealt) - order.hold
        if expected is None and missing > model.available(account, order.wallet, model.currency(order)):
            expected = "balance" if missing > 0 else None
        args = {**self._names(name, order), **changes}
        result = self.attempt("spot amend", expected, self.exchange.amend, account, args)
        if not isinstance(result, Refused):
            model.books[order.pair].amend(order, price, size)
            self._compare_reply(order, result)
        self.finish()

    def cancel_all(self) -> None:
        account, kind = self._account(), self.random.choice(KINDS)
        pairs = None if self.chance(0.5) else [self.random.choice(self.pairs)]
        self.model.begin(self.now_ns)
        self.attempt("spot cancel all", None, self.exchange.cancel_all, account, symbols=pairs, trade_types=(kind,))
        for order in list(self.model.live.values()):
            if (order.account, order.kind) == (account, kind) and (pairs is None or order.pair in pairs):
                self.model.cancel(order)
        self.finish()

    def cancel_stop(self) -> None:
        self.model.begin(self.now_ns)
        name = self.random.choice([*self.model.stops, "vsSIM-none"])
        stop = self.model.stops.get(name)
        account = "ann" if stop is None else stop.account
        expected = "no_such_live_order" if stop is None else None
        order = self.exchange.stop_orders.get(account, name)
        result = self.attempt("spot cancel stop", expected, self.exchange.cancel_stop, account, order)
        if not isinstance(result, Refused):
            del self.model.stops[name]
        self.finish()

    def transfer(self) -> None:
        model, account = self.model, self._account()
        model.begin(self.now_ns)
        source, target = self.random.sample(self.wallets, 2)
        currency = self.random.choice(self.currencies)
        amount = self._amount(currency)
        expected = None
        for wallet in (source, target):
            pair = self.exchange.symbols.get(wallet.partition(":")[2])
            if pair is not None and currency not in (pair.base, pair.quote):
                expected = "parameter"
        if expected is None and not (
            model.may_leave(account, source, currency, amount) and amount <= model.available(account, source, currency)
        ):
            expected = "balance"
        command = self.exchange.transfer
        if not isinstance(
            self.attempt("transfer", expected, command, account, currency, spelled(amount), source, target), Refused
        ):
            model.add(account, source, currency, -amount)
            model.add(account, target, currency, amount)
        self.finish()

    def _amount(self, currency: str) -> Decimal:
        """Return money that would pay for some of the orders."""
        pair = next(p for p in self.exchange.symbols.values() if currency in (p.base, p.quote))
        worth = self.unit(pair.name) * (1 if currency == pair.base else pair.initial_price)
        amount = worth * self.random.randint(1, 1500) / 16
        return amount.quantize(Decimal("0.00000001")) + Decimal("0.00000001")

    def borrow(self) -> None:
        model, account, currency = self.model, self._account(), self.random.choice(self.currencies)
        model.begin(self.now_ns)
        symbol = self.random.choice((None, *self.pairs))
        wallet, amount = "margin" if symbol is None else f"isolated:{symbol}", self._amount(currency)
        if self.chance(0.5):
            amount = model.max_borrow(account, wallet, currency) or amount
        expected = None
        if model.status(account, wallet) != "EFFECTIVE":
            expected = "at_risk"
        elif amount > model.max_borrow(account, wallet, currency):
            expected = "balance"
        result = self.attempt(
            "borrow", expected, self.exchange.borrow, account, currency, spelled(amount), symbol=symbol
        )
        if not isinstance(result, Refused):
            model.borrow(account, wallet, currency, amount)
        self.finish()

    def repay(self) -> None:
        model = self.model
        account, currency, symbol = self._account(), self.random.choice(self.currencies), None
        if model.debts and self.chance(0.9):
            account, wallet = self.random.choice(list(model.debts))
            currency, symbol = self.random.choice(list(model.debts[account, wallet])), wallet.partition(":")[2] or None
        model.begin(self.now_ns)
        amount = None if self.chance(0.4) else self._amount(currency)
        paid = self.attempt("repay", None, self.exchange.repay, account, currency, amount, symbol=symbol)
        wallet = "margin" if symbol is None else f"isolated:{symbol}"
        expected = model.repay(account, wallet, currency, amount)
        if paid != expected:
            raise Disagreement(f"{paid} were paid back, expected {expected}")
        self.finish()

    def poll(self) -> None:
        self.now_ns += self.random.choice((SECOND, 3 * SECOND, 61 * SECOND, 3600 * SECOND, 7 * 24 * 3600 * SECOND))
        self.model.begin(self.now_ns)
        self.attempt("spot poll", None, self.exchange.poll)
        self.model.poll()
        self.finish()

    def bad(self) -> None:
        """Place an order with one thing wrong with it."""
        args = {**self._args(), "stp": ""}
        args.pop("visibleSize", None)
        args.pop("iceberg", None)
        symbol = self.exchange.symbols[args["symbol"]]
        price, size = Decimal(args["price"]), Decimal(args["size"]) + symbol.base_min_size
        args["size"] = spelled(size)
        half = spelled(max(price, symbol.price_increment) + symbol.price_increment / 2)
        wrong, expected = self.random.choice(
            (
                ({"price": half}, "price_step"),
                ({"size": spelled(size + symbol.base_increment / 2)}, "size_step"),
                ({"size": "0"}, "too_small"),
                ({"side": "hold"}, "parameter"),
                ({"symbol": "NO-PAIR"}, "symbol"),
                ({"price": 1.5}, "parameter"),
                ({"funds": "1", "type": "market"}, "parameter"),
            )
        )
        if expected == "size_step" and symbol.base_increment < Decimal("0.000001"):
            wrong, expected = {"timeInForce": "GTD"}, "parameter"
        self.model.begin(self.now_ns)
        self.attempt("bad order", expected, self.exchange.place, self._account(), {**args, **wrong})
        self.finish()

    def auction(self) -> None:
        """Let a pair gather for some steps, then match what has gathered."""
        pair = self.random.choice(self.pairs)
        model, last = self.model, self.model.last[pair]
        model.begin(self.now_ns)
        if pair in model.auctions:
            self.attempt("call auction end", None, self.exchange.end_call_auction, pair)
            del model.auctions[pair]
            model.books[pair].uncross(model.books[pair].equilibrium(last)[0])
        else:
            tick = self.exchange.symbols[pair].price_increment
            low, high = max(tick, last - 30 * tick), last + 30 * tick
            self.attempt("call auction start", None, self.exchange.start_call_auction, pair, floor=low, ceiling=high)
            model.auctions[pair] = low, high
            model.books[pair].gathering = True
        self.finish()

    def dead_man(self) -> None:
        model, account = self.model, self._account()
        model.begin(self.now_ns)
        timeout = self.random.choice((5, 60, -1, 1))
        pairs = tuple(self.random.sample(self.pairs, self.random.randint(0, 1)))
        expected = "parameter" if timeout == 1 else None
        self.attempt("dead man's switch", expected, self.exchange.set_dead_man, account, timeout, pairs)
        if timeout > 1:
            # As a new key goes to the end of the table, but a renewed one stays where it was.
            model.dead_men[account] = self.now_ns + timeout * SECOND, pairs
        elif timeout == -1:
            model.dead_men.pop(account, None)
        self.finish()

    def lend(self) -> None:
        """Offer, borrow or take back on the legacy lending market, which has no clock of its own."""
        model, lending = self.model, self.exchange.lending
        model.now = self.now_ns
        model.seen = {pair: {price} for pair, price in model.last.items()}
        own = [offer for offer in model.offers if offer.account != LENDING_HOUSE]
        if own and self.chance(0.3):
            offer = self.random.choice(own)
            self.attempt("lending cancel", None, lending.cancel, offer.account, offer.name)
            model.offers.remove(offer)
            return self.finish(is_command=False)
        side = self.random.choice(("lend", "lend", "borrow"))
        account = LENDING_HOUSE if side == "borrow" else self._account()
        currency, term = self.random.choice(self.currencies), self.random.choice((7, 14))
        size, rate = self._amount(currency) / 4, Decimal(self.random.randint(1, 6)) / 100_000
        size = size.quantize(Decimal("0.00000001")) + Decimal("0.00000001")
        short = side == "lend" and size > model.available(account, "main", currency)
        expected = "balance" if short else None
        result = self.attempt("lending order", expected, lending.place, account, side, currency, size, rate, term)
        if not isinstance(result, Refused):
            model.lend(result.order_id, account, side, currency, size, rate, term)
        self.finish(is_command=False)
