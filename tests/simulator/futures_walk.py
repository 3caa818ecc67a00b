"""Random commands for a futures exchange of random make, each compared with `futures_model` in all it does."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from kucoin_sync.simulator.futures.contracts import Contract
from kucoin_sync.simulator.futures.events import (
    FundingSettled,
    FuturesFill,
    FuturesOrderDone,
    FuturesOrderMatched,
    FuturesOrderOpened,
    FuturesOrderUpdated,
    FuturesStopOrderChanged,
    FuturesWalletChanged,
    PositionSettled,
    RiskLimitChanged,
)
from kucoin_sync.simulator.futures.exchange import FuturesExchange
from kucoin_sync.simulator.matching.events import BookChanged, Event, Ticker, TickerChanged, Traded
from kucoin_sync.simulator.matching.orders import Refused
from tests.simulator.futures_model import FEES, INSURANCE, NEAR, FuturesEntry, FuturesModel, open_size
from tests.simulator.plain_book import Chapter
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

__all__ = ["FuturesWorld"]

ZERO = Decimal(0)
HOUSE = "maker"
TRADERS = ("ann", "bob", "cat")
ACCOUNTS = (*TRADERS, HOUSE)

#: How often each command is drawn, in parts of the sum.
WEIGHTS = {
    "limit": 300,
    "market": 60,
    "special": 170,
    "trade": 50,
    "stop": 50,
    "batch": 15,
    "cancel": 90,
    "cancel_all": 8,
    "amend": 50,
    "mark": 60,
    "jump": 25,
    "poll": 40,
    "funding": 15,
    "money": 15,
    "settings": 50,
}


class FuturesWorld(World):
    def __init__(self, seed: str, tally: Counter[str]) -> None:
        super().__init__(seed, tally)
        choice = self.random.choice
        contracts = self._make_contracts()
        cap, stop_cap = choice((None, None, 6)), choice((None, None, 3))
        self.mirrors: dict[str, BookMirror] = {}
        self.tickers: dict[str, Ticker] = {}
        self.wallets: dict[tuple[str, str], Decimal] = {}
        self.exchange = FuturesExchange(
            now_ns=lambda: self.now_ns,
            emit=self.take,
            contracts=contracts,
            seed=self.random.randrange(1000),
            house_accounts=(HOUSE,),
            max_open_orders=cap,
            max_stop_orders=stop_cap,
            max_done_orders=50,
            max_fills=50,
        )
        self.mirrors = {contract.symbol: BookMirror(self.exchange.book(contract.symbol)) for contract in contracts}
        house = frozenset((HOUSE, FEES, INSURANCE))
        self.model = FuturesModel(dict(self.exchange.contracts), house, cap, stop_cap, self.exchange.prices)
        self.symbols = [contract.symbol for contract in contracts]
        self.tickers = {symbol: self.exchange.ticker(symbol) for symbol in self.symbols}
        self.endowed: dict[str, Decimal] = {}
        self.number = 0
        #: Rate of a settlement out of turn; others come at the estimate.
        self.asked_rate: Decimal | None = None
        if self.chance(0.7):
            for contract in contracts:
                self.exchange.set_index_price(contract.symbol, contract.initial_price)
        self._open_accounts()
        self.events.clear()

    def _make_contracts(self) -> list[Contract]:
        choice, contracts = self.random.choice, []
        for symbol, base in self.random.sample((("XBTUSDTM", "XBT"), ("ETHUSDTM", "ETH"), ("XBTUSDM", "XBT")), 2):
            is_inverse = symbol == "XBTUSDM"
            tick, leverage = Decimal(choice(("0.1", "0.01", "1"))), choice((20, 50, 100))
            price = tick * self.random.randint(2000, 60000)
            multiplier = Decimal(choice(("-1", "-10")) if is_inverse else choice(("0.001", "0.01", "1")))
            unit, lot = abs(multiplier / price if is_inverse else multiplier * price), choice((1, 1, 10))
            contracts.append(
                Contract(
                    symbol,
                    base,
                    base,
                    "USD" if is_inverse else "USDT",
                    "XBT" if is_inverse else "USDT",
                    tick_size=tick,
                    index_tick_size=tick,
                    multiplier=multiplier,
                    initial_price=price,
                    lot_size=lot,
                    maker_fee_rate=Decimal(choice(("0", "0.0002"))),
                    taker_fee_rate=Decimal(choice(("0.0006", "0.001"))),
                    initial_margin=1 / Decimal(leverage),
                    maintain_margin=1 / Decimal(leverage) / 2,
                    max_leverage=leverage,
                    min_risk_limit=unit * lot * choice((120, 1000, 10**6)),
                    risk_step=unit * lot * 60,
                )
            )
        return contracts

    def _open_accounts(self) -> None:
        model, exchange = self.model, self.exchange
        for account in TRADERS:
            if self.chance(0.35):
                exchange.settings.set_position_mode(account, hedging=True)
                model.hedgers.add(account)
            for symbol in self.symbols:
                if self.chance(0.45):
                    leverage = self.random.choice((10, exchange.contracts[symbol].max_leverage))
                    exchange.settings.set_margin_mode(account, symbol, "CROSS")
                    exchange.settings.set_cross_leverage(account, symbol, leverage)
                    model.modes[account, symbol], model.leverages[account, symbol] = "CROSS", Decimal(leverage)
        for symbol, contract in exchange.contracts.items():
            price = contract.initial_price
            unit = abs(contract.multiplier / price if contract.is_inverse else contract.multiplier * price)
            for account, units in (("ann", 200), ("bob", 40), ("cat", 12)):
                self._deposit(account, contract.settle, (unit * units * self.lot(symbol)).quantize(Decimal("1E-8")))

    def _deposit(self, account: str, currency: str, amount: Decimal) -> None:
        self.exchange.deposit(account, currency, amount)
        self.model.add(account, currency, amount)
        self.endowed[currency] = self.endowed.get(currency, ZERO) + amount

    def lot(self, symbol: str) -> int:
        return self.exchange.contracts[symbol].lot_size

    # What the engine tells.

    def take(self, event: Event) -> None:
        """Note an event, and look at the book while it is told."""
        if isinstance(event, BookChanged):
            self.mirrors[event.symbol].take(event)
            self.tally[INCREMENTS] += 1
        elif isinstance(event, TickerChanged):
            self.tickers[event.ticker.symbol] = event.ticker
        elif isinstance(event, FuturesWalletChanged):
            self.wallets[event.wallet.account, event.wallet.currency] = event.wallet.wallet_balance
        else:
            self.events.append(event)

    def _pull(self, story: deque[Chapter]) -> None:
        """Let the story go on with what the model has to tell, without what nobody is told of the house's orders."""
        for chapter in self.model.story:
            if chapter[0] == "deal" or self.model.owners[str(chapter[1])] not in self.model.house:
                story.append(chapter)
        self.model.story.clear()

    def follow(self) -> None:
        """Compare what happened with the model's story; hand it what the engine began by itself."""
        model = self.model
        story: deque[Chapter] = deque()
        #: Accounts whose orders were cancelled for a liquidation that is still to come, with what they had to spare.
        doomed: dict[tuple[str, str], Decimal] = {}
        #: Accounts and currencies whose cross positions are being closed.
        closing: dict[tuple[str, str], None] = {}
        funded: dict[tuple[str, str], Decimal] = {}
        owed_fills: deque[str] = deque()
        for event in self.events:
            self._pull(story)
            if isinstance(event, FuturesOrderMatched) and event.fill.trade_type == "liquid":
                if story or owed_fills:
                    raise Disagreement(f"{event}, but the model expects {[*story, *owed_fills]}")
                self._liquidated(event.fill, closing, doomed.pop((event.fill.account, event.fill.symbol), None))
            elif isinstance(event, FuturesOrderMatched):
                name = owed_fills.popleft() if owed_fills else None
                if name != event.order.order_id:
                    raise Disagreement(f"{event} was told, expected the fill of {name}")
                self._compare_fill(event.fill)
            elif owed_fills:
                raise Disagreement(f"the fills of {[*owed_fills]} were not told")
            elif isinstance(event, Traded):
                trade = event.trade
                told(story, ("deal", trade.maker_order_id, trade.taker_order_id, trade.price, trade.size))
                self.tally["futures: trades"] += 1
                for name in (trade.maker_order_id, trade.taker_order_id):
                    if model.owners[name] not in model.house:
                        owed_fills.append(name)
            elif isinstance(event, FuturesOrderUpdated):
                state = event.order
                told(story, ("cut", state.order_id, event.old_size, state.size - state.canceled_size))
            elif isinstance(event, FuturesOrderOpened):
                told(story, ("rests", event.order.order_id))
            elif isinstance(event, FuturesOrderDone):
                self._done(event, story, doomed)
            elif isinstance(event, FuturesStopOrderChanged):
                if story:
                    raise Disagreement(f"{event}, but the model expects {story[0]}")
                model.make_good()
                self._follow_stop(event)
            elif isinstance(event, FundingSettled) and event.phase == "begin":
                if event.rate != (self.asked_rate or self.exchange.funding[event.symbol].last_rate):
                    raise Disagreement(f"{event} is at another rate than {self.asked_rate or 'the estimate'}")
                funded = model.fund(event.symbol, event.rate)
            elif isinstance(event, PositionSettled):
                key = event.position.account, event.position.position_side
                if abs(funded.get(key, ZERO) - event.funding_fee) > NEAR:
                    raise Disagreement(f"funding of {key} is {event.funding_fee}, expected {funded.get(key)}")
            elif isinstance(event, RiskLimitChanged):
                self._risk_limit(event)
        self.events.clear()
        self._pull(story)
        if story or owed_fills or doomed:
            raise Disagreement(f"the engine does not tell {[*story, *owed_fills, *doomed]}")
        model.parts.clear()
        model.make_good()

    def _done(self, event: FuturesOrderDone, story: deque[Chapter], doomed: dict[tuple[str, str], Decimal]) -> None:
        model, order = self.model, event.order
        if not story and order.cancel_reason == "NO_ENOUGH_BALANCE" and order.order_id in model.live:
            if not model.must_go(model.live[order.order_id]):
                raise Disagreement(f"{event}, but there is margin for it")
            model.cancel(model.live[order.order_id], order.cancel_reason)
            self._pull(story)
        if not story and order.cancel_reason in ("LIQUIDATION", "CHANGE_RISK_LIMIT") and order.order_id in model.live:
            if order.cancel_reason == "LIQUIDATION":
                doomed.setdefault((order.account, order.symbol), model.spare(order.account, order.settle_currency))
            model.cancel(model.live[order.order_id], order.cancel_reason)
            self._pull(story)
        told(story, ("done", order.order_id, order.outcome, order.cancel_reason or None))
        self.tally[f"futures: orders ended, {order.cancel_reason or order.outcome}"] += 1

    def _compare_fill(self, fill: FuturesFill) -> None:
        part = self.model.parts.pop(0)
        while self.model.owners[part.name] in self.model.house:
            part = self.model.parts.pop(0)
        mine = fill.order_id, fill.liquidity, fill.size, fill.closed_size
        near = max(
            abs(fill.closed_pnl - part.profit), abs(fill.fee - part.fee), abs(fill.open_fee + fill.close_fee - fill.fee)
        )
        if mine != (part.name, part.liquidity, part.size, part.closed) or near > NEAR:
            raise Disagreement(f"{fill}, expected {part}")

    def _liquidated(self, fill: FuturesFill, closing: dict[tuple[str, str], None], spare: Decimal | None) -> None:
        model, key = self.model, (fill.account, fill.settle_currency)
        self.tally[f"futures: liquidations, {fill.margin_mode.lower()}"] += 1
        is_cross = fill.margin_mode == "CROSS"
        if is_cross and key not in closing and not model.is_overdrawn(*key, by=-NEAR):
            raise Disagreement(f"the cross positions of {key} were closed without need: {model.wallet(*key)}")
        size, profit = model.liquidate(fill.account, fill.symbol, fill.position_side, spare)
        if fill.size != size or abs(fill.closed_pnl - profit) > NEAR:
            raise Disagreement(f"{fill}, expected {size} and {profit}")
        if is_cross:
            closing[key] = None
            if not any(model.crossed(*key)):
                del closing[key]
                model.fill_up(*key)

    def _follow_stop(self, event: FuturesStopOrderChanged) -> None:
        model, state = self.model, event.order
        if event.kind == "open":
            return
        if event.kind == "cancel":
            if state.order_id in model.stops:
                raise Disagreement(f"{event} was not asked for")
            return
        order = model.stops.pop(state.order_id)
        if not model.is_reached(order):
            raise Disagreement(f"{event}, but its price was not reached: {model.seen[order.symbol]}")
        refusal = model.refusal(order)
        if event.error is None:
            if refusal not in (None, "any"):
                raise Disagreement(f"{event} in spite of {refusal}")
            self.tally["futures: stop orders that fired"] += 1
            model.enter(order, order.name)
        else:
            if refusal is None:
                raise Disagreement(f"{event}: the model sees no reason")
            self.tally["futures: stop orders refused when they fired"] += 1

    def _risk_limit(self, event: RiskLimitChanged) -> None:
        """Give the positions of an account another level, if they may have it."""
        model, contract = self.model, self.exchange.contracts[event.symbol]
        held = model.held_by(event.account, event.symbol)
        limit, leverage = (
            contract.min_risk_limit + (event.level - 1) * contract.risk_step,
            Decimal(contract.max_leverage),
        )
        leverage = Decimal(max(1, int(leverage) // event.level))
        missing = {h.side: max(ZERO, abs(h.cost) / leverage - h.init) if h.is_isolated else ZERO for h in held}
        each = abs(contract.unit(model.mark(event.symbol)))
        too_large = any(abs(h.qty) * each > limit for h in held)
        short = sum(missing.values(), ZERO) - model.spare(event.account, contract.settle)
        if abs(short) > NEAR and event.success == (too_large or short > 0):
            raise Disagreement(f"{event}: too large {too_large}, {short} USDT short")
        if event.success:
            for side in ("BOTH", "LONG", "SHORT"):
                model.holding(event.account, event.symbol, side).level = event.level
            for h in held:
                h.init_each += missing[h.side] / abs(h.qty)

    # Checks after each step.

    def finish(self) -> None:
        self.follow()
        self.check_money()
        for symbol in self.symbols:
            compare_queues(self.model.books[symbol], self.exchange.book(symbol))
            if self.exchange.book(symbol).last_price != self.model.last[symbol]:
                raise Disagreement(f"the last price of {symbol} is not {self.model.last[symbol]}")
            if self.tickers[symbol] != self.exchange.ticker(symbol):
                raise Disagreement(f"the ticker of {symbol} changed without a word")
        overlooked = self.model.overlooked()
        if overlooked is not None:
            raise Disagreement(overlooked)
        for order in self.model.live.values():
            if order.only_closes and order.account != HOUSE and order.left() > self.model.closable(order):
                raise Disagreement(f"{order} could open a position")
        if self.steps % 25 == 0:
            self.check_all()

    def check_money(self) -> None:
        accounts, model = self.exchange.accounts, self.model
        compare_sums("money less cost", accounts.totals(), self.endowed)
        compare_sums("deposits", accounts.deposited(), self.endowed)
        for symbol in self.symbols:
            opened = accounts.open_positions(symbol)
            if sum((position.qty for position in opened), ZERO):
                raise ConservationError(f"longs and shorts in {symbol} are not as many")
            if len(opened) != sum(h.qty != 0 for h in model.holdings.values() if h.contract.symbol == symbol):
                raise Disagreement(f"there are other positions in {symbol} than {model.holdings}")
            for position in opened:
                self._check_position(position)
        for (account, currency), balance in model.balances.items():
            mine = accounts.balance(account, currency)
            if abs(mine - balance) > NEAR:
                raise ConservationError(f"{account} has {mine} {currency}, expected {balance}")
            if self.wallets.get((account, currency), mine) != mine:
                raise Disagreement(f"the {currency} of {account} changed without a word")
            if account in TRADERS and mine < 0 and not any(model.crossed(account, currency)):
                # With cross positions their profit may stand for what was lost or paid.
                raise ConservationError(f"{account} has {mine} {currency}")

    def _check_position(self, position: Any) -> None:
        key = position.account, position.contract.symbol, position.side
        held = self.model.holdings.get(key)
        if held is None or held.qty != position.qty:
            raise Disagreement(f"{key} has {position.qty} contracts, expected {held}")
        if held.is_refilled and position.added - position.loss > abs(held.qty) * held.extra_each + NEAR:
            self.model.append_margin_seen(held, position.added - position.loss)
        for name, mine, expected in (
            ("cost", position.cost, held.cost),
            ("profit", position.cost - position.current_cost, held.realised),
            ("fees", position.deal_comm, held.fees),
            ("funding", position.funding, held.funding),
            ("initial margin", position.init if held.is_isolated else ZERO, held.init if held.is_isolated else ZERO),
            ("added margin", position.added - position.loss, abs(held.qty) * held.extra_each),
        ):
            if abs(mine - expected) > NEAR:
                raise Disagreement(f"{name} of {key} is {mine}, expected {expected}")
        if position.init < 0:
            raise ConservationError(f"initial margin of {key} is {position.init}")

    def check_all(self) -> None:
        exchange, model = self.exchange, self.model
        for account in TRADERS:
            states = {state.order_id: state for state in exchange.open_orders(account)}
            mine = {name for name, owner in model.owners.items() if owner == account} & {*model.live, *model.stops}
            if set(states) != mine:
                raise Disagreement(f"live orders of {account} are {sorted(states)}, expected {sorted(mine)}")
            for name, state in states.items():
                order = model.live.get(name) or model.stops[name]
                if state.remaining != open_size(order) or abs(state.fee - order.fee) > NEAR:
                    raise Disagreement(f"{state}, expected {order}")
            for currency in self.endowed:
                self._check_wallet(account, currency)
        for mirror in self.mirrors.values():
            mirror.compare("buy", "sell")

    def _check_wallet(self, account: str, currency: str) -> None:
        wallet, expected = self.exchange.wallet(account, currency), self.model.wallet(account, currency)
        for name, amount in expected.items():
            if abs(getattr(wallet, name) - amount) > NEAR:
                raise Disagreement(f"{name} of {account} is {getattr(wallet, name)}, expected {amount}")
        if wallet.total_cross_margin < 0:
            raise ConservationError(f"{account} needs {-wallet.total_cross_margin} {currency} more than there is")
        if not any(self.model.crossed(account, currency)) and self.model.spare(account, currency) < -NEAR:
            raise ConservationError(f"the orders of {account} need more {currency} than there is")

    # Commands.

    def choose(self) -> Callable[[], None]:
        self.now_ns += self.random.choice((0, 1_000_000, 40_000_000))
        (kind,) = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        if kind in ("batch", "trade"):
            self.planned.extend(self._batch() if kind == "batch" else self._trade())
            return self.planned.popleft()
        command: Callable[[], None] = getattr(self, kind)
        return command

    def order(self, kind: str, account: str, args: dict[str, Any]) -> None:
        """Place an order; the model says first whether it is to be taken."""
        model = self.model
        model.begin()
        symbol = args["symbol"]
        if "clientOid" not in args:
            self.number += 1
            args["clientOid"] = f"f{self.number}" if self.chance(0.99) else "x"
        expected, side = None, args.get("side")
        position_side = args.get("positionSide", "BOTH")
        if side is None:
            qty = model.qty(account, symbol, position_side)
            expected, side = (None if qty else "no_position"), "sell" if qty > 0 else "buy"
        entry = self._read(account, side, args)
        expected = expected or model.refusal_of_new(entry)
        if not entry.stop:
            expected = expected or model.refusal(entry)
        result = self.attempt(kind, expected, self.exchange.place, account, args)
        if isinstance(result, Refused):
            return self.finish()
        if entry.stop:
            entry.name = result.order_id
            model.owners[entry.name] = account
            model.stops[entry.name] = entry
        else:
            model.enter(entry, result.order_id)
        self.finish()

    def _read(self, account: str, side: str, args: Mapping[str, Any]) -> FuturesEntry:
        is_limit, is_rpi = args["type"] == "limit", args.get("timeInForce") == "RPI"
        entry = FuturesEntry(
            "",
            account,
            side,
            Decimal(args["price"]) if is_limit else None,
            Decimal(args["size"]) if "size" in args else None,
            None,
            args.get("timeInForce", "GTC"),
            bool(args.get("postOnly")) or is_rpi,
            bool(args.get("hidden")) or is_rpi,
            Decimal(args["visibleSize"]) if args.get("iceberg") else None,
            args.get("stp", ""),
            symbol=args["symbol"],
            mode=args["marginMode"],
            position_side=args.get("positionSide", "BOTH"),
            asked_leverage=Decimal(args["leverage"]) if "leverage" in args else None,
            oid=args["clientOid"],
            reduces=bool(args.get("reduceOnly") or args.get("closeOrder")),
            force_hold=bool(args.get("forceHold")),
            stop=args.get("stop", ""),
            stop_price=Decimal(args.get("stopPrice", 0)),
            stop_type=args.get("stopPriceType", ""),
        )
        entry.leverage = self.model.order_leverage(entry)
        return entry

    def _step_of(self, symbol: str) -> Decimal:
        """Return the distance of the prices of orders: ticks enough for a twenty-fifth of a per cent."""
        tick = self.exchange.contracts[symbol].tick_size
        return max(tick, self.model.mark(symbol) / 2500 // tick * tick)

    def _args(self, account: str, symbol: str | None = None, *, spread: int = 5, size: int = 30) -> dict[str, Any]:
        choice, randint, chance = self.random.choice, self.random.randint, self.chance
        symbol = symbol or choice(self.symbols)
        step, tick = self._step_of(symbol), self.exchange.contracts[symbol].tick_size
        price = self.model.mark(symbol) // tick * tick + step * randint(-spread, spread)
        args: dict[str, Any] = {
            "symbol": symbol,
            "side": choice(("buy", "sell")),
            "type": "limit",
            "price": format(max(tick, price), "f"),
            "size": randint(1, size) * self.lot(symbol),
            "marginMode": self.model.mode(account, symbol),
        }
        if account in self.model.hedgers:
            args["positionSide"] = choice(("LONG", "SHORT"))
        if chance(0.85):
            args["leverage"] = choice((3, 10, 10, 20, self.exchange.contracts[symbol].max_leverage))
        if chance(0.2):
            args["stp"] = choice(("CO", "CN", "CB"))
        if chance(0.01):
            args["marginMode"] = choice(("ISOLATED", "CROSS"))
        if chance(0.01):
            args["positionSide"] = choice(("BOTH", "LONG", "SHORT"))
        if account == HOUSE:
            args["positionSide"] = "BOTH"
        return args

    def _account(self) -> str:
        return self.random.choice(ACCOUNTS)

    def limit(self) -> None:
        account = self._account()
        args = self._args(account, spread=400 if self.chance(0.03) else 5)
        if self.chance(0.15):
            args["timeInForce"] = "IOC"
        self.order("futures limit", account, args)

    def market(self) -> None:
        account = self._account()
        args = {**self._args(account), "type": "market"}
        del args["price"]
        self.order("futures market", account, args)

    def special(self) -> None:
        """Place an order of a rarer kind: closing, hidden, iceberg, post-only, price improvement."""
        account, choice = self._account(), self.random.choice
        args = self._args(account)
        iceberg = {"iceberg": True, "visibleSize": str(7 * self.lot(args["symbol"]))}
        closing = (
            {"reduceOnly": True},
            {"reduceOnly": True},
            {"closeOrder": True},
            {"closeOrder": True, "forceHold": True},
        )
        resting = ({"postOnly": True}, {"hidden": True}, iceberg, {"timeInForce": "RPI"}, {"forceHold": True})
        more = choice((*closing, *resting)) if account != HOUSE else choice(resting)
        if "reduceOnly" in more and self.chance(0.5):
            more = {**more, **choice(({"hidden": True}, iceberg, {"timeInForce": "IOC"}))}
        args |= more
        if "closeOrder" in more and self.chance(0.7):
            for name in self.random.sample(("size", "side"), self.random.randint(1, 2)):
                del args[name]
        if "closeOrder" in more and self.chance(0.5):
            args["type"] = "market"
            del args["price"]
        self.order("futures special", account, args)

    def _trade(self) -> list[Callable[[], None]]:
        """Let two accounts meet at one price."""
        symbol, accounts = self.random.choice(self.symbols), self.random.sample(ACCOUNTS, 2)
        wishes: list[Callable[[], None]] = []
        size = self.random.randint(5, 60) * self.lot(symbol)
        price = self._args(HOUSE, symbol, spread=2)["price"]
        for account, side, position_side in zip(accounts, ("sell", "buy"), ("SHORT", "LONG"), strict=True):
            args = {**self._args(account, symbol), "side": side, "price": price, "size": size}
            if account in self.model.hedgers:
                args["positionSide"] = position_side
            wishes.append(partial(self.order, "futures trade", account, args))
        return wishes

    def _batch(self) -> list[Callable[[], None]]:
        """Place several orders of one account in a row, as a batch does."""
        account, symbol = self._account(), self.random.choice(self.symbols)
        wishes = [self._args(account, symbol) for _ in range(self.random.randint(3, 5))]
        return [partial(self.order, "futures batch", account, args) for args in wishes]

    def stop(self) -> None:
        """Place a stop order, some of them already due."""
        account, choice = self.random.choice(TRADERS), self.random.choice
        args = self._args(account)
        symbol = args["symbol"]
        price = self.model.mark(symbol) + self._step_of(symbol) * self.random.randint(-30, 30)
        args |= {"stop": choice(("up", "down")), "stopPriceType": choice(("TP", "MP", "IP"))}
        args["stopPrice"] = format(max(Decimal(1), price), "f")
        if self.chance(0.4):
            args |= choice(({"reduceOnly": True}, {"closeOrder": True}, {"timeInForce": "IOC"}, {"postOnly": True}))
        if args.get("closeOrder"):
            del args["size"]
        self.order("futures stop", account, args)

    def cancel(self) -> None:
        model = self.model
        model.begin()
        names = [*model.live, *model.stops]
        name = self.random.choice(names) if names and self.chance(0.95) else "SIMF-none"
        order = model.live.get(name) or model.stops.get(name)
        account = self.random.choice(ACCOUNTS) if order is None or self.chance(0.03) else order.account
        is_there = order is not None and order.account == account
        args = {"orderId": name}
        if order is not None and is_there and self.chance(0.3):
            args = {"clientOid": order.oid, "symbol": order.symbol}
        expected = None if is_there else "no_such_live_order"
        self.attempt("futures cancel", expected, self.exchange.cancel, account, args)
        if order is not None and is_there:
            self._cancelled(order)
        self.finish()

    def _cancelled(self, order: FuturesEntry) -> None:
        if self.model.stops.pop(order.name, None) is None:
            self.model.cancel(order)

    def cancel_all(self) -> None:
        account, stops = self.random.choice(ACCOUNTS), self.chance(0.3)
        symbol = self.random.choice((None, *self.symbols))
        model = self.model
        model.begin()
        orders = sorted((model.stops if stops else model.live).values(), key=lambda o: o.name)
        mine = [o for o in orders if o.account == account and symbol in (None, o.symbol)]
        ids = self.attempt("futures cancel all", None, self.exchange.cancel_all, account, symbol, stops=stops)
        if ids != [o.name for o in mine]:
            raise Disagreement(f"{ids} were cancelled, expected {[o.name for o in mine]}")
        for order in mine:
            self._cancelled(order)
        self.finish()

    def amend(self) -> None:
        """Give an order another price or size in its place."""
        model = self.model
        model.begin()
        orders = [order for order in model.live.values() if order.account != HOUSE]
        if not orders:
            return self.limit()
        order = self.random.choice(orders)
        wish = self._args(order.account, order.symbol)
        assert order.price is not None and order.size is not None
        args: dict[str, Any] = {"orderId": order.name, "symbol": order.symbol}
        # Without a new size what was cut off a closing order is wished for again.
        price, size = order.price, order.size
        if self.chance(0.6):
            args["newPrice"], price = wish["price"], Decimal(wish["price"])
        if "newPrice" not in args or self.chance(0.6):
            args["newSize"], size = wish["size"], Decimal(wish["size"])
        expected = self._refusal_of_amend(order, price, size)
        result = self.attempt("futures amend", expected, self.exchange.amend, order.account, args)
        if not isinstance(result, Refused):
            model.books[order.symbol].amend(order, price, size)
            if order.outcome is None:
                model.rest(order)
        self.finish()

    def _refusal_of_amend(self, order: FuturesEntry, price: Decimal, size: Decimal) -> str | None:
        model, account, symbol = self.model, order.account, order.symbol
        if size <= order.dealt:
            return "parameter"
        old = order.price, order.size, order.lost, order.reserve
        before = model.order_margin(account, symbol)
        spare = model.spare(account, self.exchange.contracts[symbol].settle)
        order.price, order.size, order.lost = price, size, ZERO
        order.reserve = model.reserve(order, model.dearest(order))
        needed = model.order_margin(account, symbol) - before
        expected = model.refusal_of_price(order)
        if expected is None and order.only_closes and order.left() > model.closable(order):
            expected = "parameter"
        if expected is None and not order.only_closes and model.is_above_risk_limit(order):
            expected = "risk_limit"
        if expected is None and needed > 0 and needed > spare - NEAR:
            expected = "balance" if needed > spare + NEAR else "any"
        order.price, order.size, order.lost, order.reserve = old
        return expected

    def mark(self) -> None:
        """Move the price a little; now and then let it move by itself."""
        symbol = self.random.choice(self.symbols)
        steps = self._step_of(symbol) * self.random.randint(-12, 12)
        price = None if self.chance(0.05) else max(Decimal(1), self.model.mark(symbol) + steps)
        self._set_price(symbol, price)

    def jump(self) -> None:
        """Move the price a long way, back to where it began if it went too far."""
        symbol = self.random.choice(self.symbols)
        begin, tick = self.exchange.contracts[symbol].initial_price, self.exchange.contracts[symbol].tick_size
        price = self.model.mark(symbol) * Decimal(self.random.choice(("0.85", "0.95", "0.98", "1.02", "1.05", "1.2")))
        if not begin / 3 < price < begin * 3:
            price = begin
        self._set_price(symbol, price // tick * tick)

    def _set_price(self, symbol: str, price: Decimal | None) -> None:
        self.model.begin()
        self.attempt("mark price", None, self.exchange.set_index_price, symbol, price)
        self.finish()

    def poll(self) -> None:
        self.now_ns += self.random.choice((SECOND, SECOND, 61 * SECOND, 3 * 3600 * SECOND))
        self.model.begin()
        self.attempt("futures poll", None, self.exchange.poll)
        self.finish()

    def funding(self) -> None:
        symbol = self.random.choice(self.symbols)
        self.asked_rate = rate = Decimal(self.random.choice((-1, 1)) * self.random.randint(1, 3000)) / 1_000_000
        self.model.begin()
        self.attempt("funding", None, self.exchange.settle_funding, symbol, rate)
        self.finish()
        self.asked_rate = None

    def money(self) -> None:
        """Bring money in or take it out."""
        account, symbol = self.random.choice(TRADERS), self.random.choice(self.symbols)
        contract, model = self.exchange.contracts[symbol], self.model
        model.begin()
        amount = abs(contract.unit(model.mark(symbol))) * self.lot(symbol) * self.random.randint(1, 40)
        currency, amount = contract.settle, amount.quantize(Decimal("1E-8"))
        command, sign, expected = self.exchange.deposit, 1, None
        if self.chance(0.4):
            command, sign = self.exchange.withdraw, -1
            most = min(model.spare(account, currency), model.balances.get((account, currency), ZERO))
            expected = "balance" if amount > most + NEAR else "any" if amount > most - NEAR else None
        result = self.attempt("money in or out", expected, command, account, currency, amount)
        if not isinstance(result, Refused):
            model.add(account, currency, sign * amount)
            self.endowed[currency] = self.endowed.get(currency, ZERO) + sign * amount
        self.finish()

    def settings(self) -> None:
        """Let an account choose something else."""
        model, choices = self.model, self.exchange.settings
        account, symbol = self.random.choice(TRADERS), self.random.choice(self.symbols)
        model.begin()
        orders = [o for o in (*model.live.values(), *model.stops.values()) if o.account == account]
        kind = self.random.choice(("margin mode", "leverage", "position mode", "refill", "add margin", "risk limit"))
        if kind == "margin mode":
            mode = self.random.choice(("ISOLATED", "CROSS"))
            is_busy = any(o.symbol == symbol for o in orders) or bool(model.held_by(account, symbol))
            expected = "margin_mode" if is_busy and mode != model.mode(account, symbol) else None
            if not isinstance(self.attempt(kind, expected, choices.set_margin_mode, account, symbol, mode), Refused):
                model.modes[account, symbol] = mode
                for side in ("BOTH", "LONG", "SHORT"):
                    model.holding(account, symbol, side).is_isolated = mode == "ISOLATED"
        elif kind == "leverage":
            self._set_leverage(account, symbol)
        elif kind == "position mode":
            hedging = self.chance(0.5)
            is_busy = bool(orders) or bool(model.held_by(account))
            expected = "position_mode" if is_busy and hedging != (account in model.hedgers) else None
            result = self.attempt(kind, expected, choices.set_position_mode, account, hedging=hedging)
            if not isinstance(result, Refused):
                (model.hedgers.add if hedging else model.hedgers.discard)(account)
        elif kind == "risk limit":
            level = self.random.choice((1, 1, 2, 3, 11))
            expected = "no_risk_limit" if level == 11 else None
            self.attempt(kind, expected, choices.set_risk_limit, account, symbol, level)
        else:
            self._change_margin(kind, account, symbol)
        self.finish()

    def _set_leverage(self, account: str, symbol: str) -> None:
        model, contract = self.model, self.exchange.contracts[symbol]
        leverage = self.random.choice((1, 3, 10, 20, contract.max_leverage, contract.max_leverage + 1))
        before, expected = model.leverage(account, symbol), None
        if leverage > contract.max_leverage:
            expected = "leverage"
        elif leverage < before:
            model.leverages[account, symbol] = Decimal(leverage)
            spare = model.spare(account, contract.settle)
            model.leverages[account, symbol] = before
            expected = "balance" if spare < -NEAR else "any" if spare < NEAR else None
        command = self.exchange.settings.set_cross_leverage
        if not isinstance(self.attempt("leverage", expected, command, account, symbol, leverage), Refused):
            model.leverages[account, symbol] = Decimal(leverage)

    def _change_margin(self, kind: str, account: str, symbol: str) -> None:
        """Add margin to an isolated position, or let it take margin by itself."""
        model, choices = self.model, self.exchange.settings
        side = self.random.choice(("LONG", "SHORT")) if account in model.hedgers else "BOTH"
        held = model.holding(account, symbol, side)
        expected = None if held.qty and held.is_isolated else "no_position"
        if kind == "refill":
            on = self.chance(0.5)
            if not isinstance(
                self.attempt(kind, expected, choices.set_auto_deposit, account, symbol, on, side=side), Refused
            ):
                held.is_refilled = on
            return
        amount = (model.mark(symbol) * self.random.randint(1, 10) / 10000).quantize(Decimal("1E-8"))
        spare = model.spare(account, held.contract.settle)
        if expected is None and amount > spare - NEAR:
            expected = "balance" if amount > spare + NEAR else "any"
        if not isinstance(
            self.attempt(kind, expected, choices.add_margin, account, symbol, amount, side=side), Refused
        ):
            held.extra_each += amount / abs(held.qty)
