"""
What all connections of one simulator share: engines, accounts, tokens, topics, faults, truth, counters.

No HTTP and no WebSocket library here. Apart from the constructor everything runs on the simulator's loop.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from .admission import Admission
from .agenda import Agenda
from .classic.private_pushes import PrivatePushes
from .clock import Clock
from .credentials import DEFAULT_CREDENTIALS, Credentials, ReplayGuard
from .faults.armed import SYSTEMS
from .faults.faults import Faults
from .feed import Feed
from .frame_log import FrameLog
from .futures.contract_market_maker import ContractMarketMaker
from .futures.contracts import Contract
from .futures.events import FuturesOrderState
from .futures.exchange import FuturesExchange
from .futures.mark_prices import middle
from .json_text import compact
from .limits import Limits, Pool
from .market.index_prices import IndexPrices
from .market.market_data import MarketData, contract_market_data
from .market.market_maker import MAKER, TAKER, MarketMaker
from .market.recording import Recording
from .market.replay import Player
from .market.replay_houses import ContractHouse, SpotHouse
from .matching.account_states import MAIN, MARGIN, isolated
from .matching.events import Event, Traded
from .matching.orders import OrderState
from .matching.symbols import Symbol
from .order_entry.futures_operations import futures_operations
from .order_entry.margin_operations import margin_operations
from .order_entry.operations import Operations
from .order_entry.spot_operations import spot_operations
from .order_entry.unified_orders import UnifiedOrders
from .order_entry.uta_operations import uta_operations
from .peer import Peer
from .pro.frames import ProForms
from .pro.market import ProMarket
from .publishing import Publisher
from .spot.exchange import Exchange
from .tokens import Tokens
from .truth import TruthLog

__all__ = ["COUNTERPARTY", "DEFAULT_BALANCES", "Venue"]

#: House account behind `Simulator.counter_order`.
COUNTERPARTY = "simulator-counterparty"

DEFAULT_BALANCES: Mapping[str, str] = {"BTC": "10", "ETH": "100", "USDT": "1000000"}
#: Of the main wallet and each margin wallet, where it takes the currency.
DEFAULT_OTHER_BALANCES: Mapping[str, str] = {"BTC": "1", "USDT": "100000"}
DEFAULT_FUTURES_BALANCES: Mapping[str, str] = {"USDT": "100000", "XBT": "10"}


#: Live orders an account may have whatever its limits say: what a client sends must not fill the memory.
MAX_ORDERS = 100_000


class Venue(Publisher):
    """The state behind all connections; see `Simulator` for the arguments. It is silent until it has `add_feeds`."""

    def __init__(
        self,
        *,
        seed: int = 0,
        symbols: Iterable[Symbol] | None = None,
        contracts: Iterable[Contract] | None = None,
        balances: Mapping[str, Decimal | str] | None = None,
        futures_balances: Mapping[str, Decimal | str] | None = None,
        credentials: Iterable[Credentials] = (DEFAULT_CREDENTIALS,),
        market_maker: bool = True,
        limits: Limits | None = None,
        strict_client_oids: bool = False,
        taker_fee: Decimal | str = "0.001",
        maker_fee: Decimal | str = "0.001",
        clock: Clock | None = None,
        replay: Recording | None = None,
        idle_timeout: float = 60.0,
        challenge_timeout: float = 30.0,
        max_output: int = 4 * 1024 * 1024,
        pro_forms: ProForms | None = None,
        truth_file: Path | None = None,
        fault_seed: int = 0,
        frame_log: int = 0,
        lookup_retention: float | None = None,
        token_refusals: str = "status",
        refuse_replays: bool = False,
    ) -> None:
        self.limits = Limits() if limits is None else limits
        self.clock = Clock() if clock is None else clock
        #: What is due soon and later in market time.
        self.agenda = Agenda(self.clock.rhythm_ns)
        self.idle_timeout = idle_timeout
        self.challenge_timeout = challenge_timeout
        self.credentials = {c.api_key: c for c in credentials}
        #: How long a wrong connect token is told, see `Simulator`.
        self.token_refusals = token_refusals
        #: Refuses a signed handshake that came before, where that is wanted.
        self.replays = ReplayGuard() if refuse_replays else None
        self._retention_ns = None if lookup_retention is None else round(lookup_retention * 1_000_000_000)
        self.truth = TruthLog(spool=truth_file)
        self.frame_log = FrameLog(frame_log, self.clock.machine_ns)
        private_pushes = PrivatePushes(self.agenda)
        super().__init__(
            faults=Faults(now_ns=self.clock.machine_ns, events=private_pushes, seed=fault_seed),
            private_pushes=private_pushes,
            pro_forms=ProForms() if pro_forms is None else pro_forms,
            now_ns=self.now_ns,
        )
        self._feeds: list[Feed] = []
        #: Kind of event to what the feeds do about it.
        self._reactions: dict[type[Event], list[Callable[[Any], None]]] = {}
        self.exchange = Exchange(
            now_ns=self.now_ns,
            line_ns=self.line_ns,
            emit=self._on_event,
            symbols=symbols,
            taker_fee=taker_fee,
            maker_fee=maker_fee,
            strict_client_oids=strict_client_oids,
            house_accounts=(MAKER, TAKER, COUNTERPARTY),
            max_open_orders=_bounded(self.limits.open_orders),
            max_open_orders_per_symbol=self.limits.open_orders_per_symbol,
        )
        self.futures = FuturesExchange(
            now_ns=self.now_ns,
            emit=self._on_event,
            contracts=contracts,
            index_of=self._index_of,
            seed=seed,
            strict_client_oids=strict_client_oids,
            house_accounts=(MAKER, TAKER, COUNTERPARTY),
            max_open_orders=_bounded(self.limits.open_contract_orders),
            max_stop_orders=_bounded(self.limits.stop_contract_orders),
        )
        pairs = self.exchange.symbols.values()
        #: Candles, statistics and trades of the spot pairs; up to date before any feed hears of a trade.
        self.spot_market = MarketData({pair.name: pair.initial_price for pair in pairs}, self.now_ns)
        #: The same of the contracts.
        self.futures_market = contract_market_data(self.futures.contracts, self.now_ns)
        self.index_prices = IndexPrices(pairs, self.exchange.ticker, self.now_ns)
        for account in self.credentials:
            for currency, amount in (DEFAULT_BALANCES if balances is None else balances).items():
                self.exchange.deposit(account, currency, amount)
            if balances is None:
                self._fill_other_wallets(account)
            for currency, amount in (
                DEFAULT_FUTURES_BALANCES if futures_balances is None else futures_balances
            ).items():
                self.futures.deposit(account, currency, amount)
        for symbol in self.exchange.symbols.values():
            for currency in (symbol.base, symbol.quote):
                self.exchange.deposit(COUNTERPARTY, currency, "1000000000000")
        self.market_maker = MarketMaker(self.exchange, seed=seed) if market_maker else None
        self.contract_maker = ContractMarketMaker(self.futures, seed=seed) if market_maker else None
        #: Plays a recording in place of the market makers.
        self.player: Player | None = None
        if replay is not None:
            self.player = Player(replay, (SpotHouse(self.exchange), ContractHouse(self.futures, self.exchange)))
        self._replay_began_ns: int | None = None
        #: Handlers of the order entry by operation.
        unified = uta_operations(UnifiedOrders(self.exchange, self.futures), self.now_ns)
        self.operations: Operations = {
            **spot_operations(self.exchange),
            **margin_operations(self.exchange),
            **futures_operations(self.futures),
            **unified,
        }
        self.opened = dict.fromkeys(SYSTEMS, 0)
        self.frames_received = dict.fromkeys(SYSTEMS, 0)
        self.frames_sent = dict.fromkeys(SYSTEMS, 0)
        self.token_calls = 0
        #: Called after every change; the simulator's waiters hang on it.
        self.on_change: Callable[[], None] = lambda: None
        self._max_output = max_output
        self._peers: dict[str, Peer] = {}
        self.tokens = Tokens(self.line_ns)
        self._pools: dict[tuple[str, str], Pool] = {}
        self._admission = Admission(at_once=self.limits.connections, per_minute=self.limits.connections_per_minute)
        spot = ProMarket("SPOT", self.exchange.symbols, self.exchange.book, self.exchange.ticker, self.spot_market)
        futures = ProMarket(
            "FUTURES",
            self.futures.contracts,
            self.futures.book,
            self.futures.ticker,
            self.futures_market,
            funding_limits=self._funding_limits,
            rpi_levels=self.futures.rpi_levels,
        )
        #: What the public Pro feeds read, by trade type.
        self.pro_markets = {"SPOT": spot, "FUTURES": futures}

    def add_feeds(self, feeds: Iterable[Feed]) -> None:
        """Let these tell the subscribers what happens; which of them is told first is their order."""
        for feed in feeds:
            self._feeds.append(feed)
            for kind, react in feed.reactions.items():
                self._reactions.setdefault(kind, []).append(react)

    # Time.

    def now_ns(self) -> int:
        """Return market time (see `clock`), skew included."""
        return self.clock.market_ns() + self.faults.skew_ns

    def now_ms(self) -> int:
        """Return market time in milliseconds."""
        return self.now_ns() // 1_000_000

    def line_ns(self) -> int:
        """Return line time (see `clock`), skew included."""
        return self.clock.machine_ns() + self.faults.skew_ns

    def line_ms(self) -> int:
        """Return line time in milliseconds."""
        return self.line_ns() // 1_000_000

    def step(self) -> None:
        """Do what is due of both times."""
        self.step_market_time()
        self.step_lines()

    def step_market_time(self) -> None:
        """Do what is due on the market: expiring orders, market making, pushes that come round by themselves."""
        self.poll()
        self.step_market()
        for feed in self._feeds:
            feed.step()

    def open(self) -> None:
        """Begin to play the recording, if there is one; does nothing the second time."""
        if self.player is not None and self._replay_began_ns is None:
            self._replay_began_ns = self.agenda.now_ns()
            self._replay()

    def _replay(self) -> None:
        assert self.player is not None and self._replay_began_ns is not None
        try:
            self.player.play(self.agenda.now_ns() - self._replay_began_ns)
        finally:
            due = self.player.next_ns()
            if due is not None:
                due += self._replay_began_ns
                if not self.clock.is_stepped:
                    # More lines than one go: the connections have their turn before the next.
                    due = max(due, self.agenda.now_ns() + 1)
                self.agenda.at(due, self._replay)
        self.on_change()

    def poll(self) -> None:
        """Let the engines do what the clock asks for."""
        self.exchange.poll()
        self.futures.poll()

    def next_due_ns(self) -> int:
        """Return when `poll` has something to do next, in the market's rhythm."""
        due = self.futures.next_due_ns()
        spot = self.exchange.next_due_ns()
        if spot is not None:
            due = min(due, spot)
        return due - self.now_ns() + self.clock.rhythm_ns()

    def step_lines(self) -> None:
        """Drop silent clients."""
        now = asyncio.get_running_loop().time()
        for peer in list(self._peers.values()):
            if peer.is_open and now - peer.last_received > self.idle_timeout:
                self._end_silent(peer)
        self.on_change()

    def step_market(self) -> None:
        """Let the market makers take a step, where there are such."""
        for maker in (self.market_maker, self.contract_maker):
            if maker is not None:
                maker.step()

    # Connections.

    def open_peer(self, system: str, transport: asyncio.Transport) -> Peer:
        """Register a new connection."""
        self.opened[system] += 1
        peer = Peer(
            f"{system}-{self.opened[system]}",
            system,
            transport,
            max_output=self._max_output,
            on_change=self.on_change,
            frame_log=self.frame_log,
        )
        self._peers[peer.id] = peer
        self.on_change()
        return peer

    def refusal_of(self, peer: Peer) -> str | None:
        """Return why a new connection of the classic streams must not stay, or ``None``."""
        others = sum(other.account == peer.account for other in self.peers(peer.system)) - 1
        return self._admission.refusal(peer.account or "", others=others, now=asyncio.get_running_loop().time())

    def forget_peer(self, peer: Peer) -> None:
        """Remove a connection that ended, with its subscriptions."""
        self.unsubscribe(peer, list(peer.topics))
        del self._peers[peer.id]
        self.frames_sent[peer.system] += peer.frames_sent
        peer.forget()
        self.on_change()

    def peers(self, system: str) -> list[Peer]:
        """Return the open connections of a system, or of ``"all"``."""
        return [peer for peer in self._peers.values() if system in ("all", peer.system)]

    def all_frames_sent(self) -> dict[str, int]:
        """Return how many frames each system has ever been sent, on connections that are open and those that ended."""
        sent = dict(self.frames_sent)
        for peer in self._peers.values():
            sent[peer.system] += peer.frames_sent
        return sent

    def welcome(self, peer: Peer, send: Callable[[], object]) -> None:
        """Send the welcome of a connection, or do with it what was ordered."""
        take = self.faults.take
        if take("no_welcome", system=peer.system) is not None:
            return

        def welcome() -> None:
            send()
            peer.is_welcomed = True
            if take("dup_welcome", system=peer.system) is not None:
                send()
            end = take("close_after_welcome", system=peer.system)
            if end is not None:
                peer.close(end["code"], end["reason"])
            self.on_change()

        late = take("late_welcome", system=peer.system)
        if late is None:
            welcome()
        else:
            asyncio.get_running_loop().call_later(late["seconds"], welcome)

    def received(self, peer: Peer, opcode: int, payload: str | bytes) -> None:
        """Count a message of the client."""
        peer.received(opcode, payload)
        peer.frames_received += 1
        peer.last_received = asyncio.get_running_loop().time()
        self.frames_received[peer.system] += 1

    # Pools.

    def pool(self, account: str, name: str = "spot") -> Pool:
        """Return a request pool of an account: ``spot``, ``futures``, ``management``, ``unified`` or ``public``."""
        pool = self._pools.get((account, name))
        if pool is None:
            size = self.limits.order_pool if name == "spot" else self.limits.other_pools
            pool = self._pools[account, name] = Pool(size, self.limits.order_window)
        return pool

    def client_oid_of(self, order_id: str) -> str | None:
        """Return the client order id behind an order id of any product."""
        order = self.exchange.order(order_id) or self.futures.order(order_id)
        return None if order is None else order.client_oid

    def is_forgotten(self, order: OrderState | FuturesOrderState) -> bool:
        """Whether an order ended so long ago that look-ups do not tell it any more."""
        kept = self._retention_ns
        return kept is not None and not order.is_live and self.now_ns() >= order.updated_at_ns + kept

    def is_found(self, order: OrderState | FuturesOrderState) -> bool:
        """Whether a look-up by id finds an order: not too early, see the fault ``lookup_lag``, and not too late."""
        return self.now_ns() >= order.created_at_ns + self.faults.lookup_lag_ns and not self.is_forgotten(order)

    # Topics.

    def has_late_readers(self) -> bool:
        """Whether somebody has left so much unread that he is on the way to be dropped."""
        return any(peer.backlog > self._max_output // 4 for peer in self._peers.values())

    def subscribed(self, peer: Peer, topics: Iterable[str]) -> None:
        """Tell the feeds that a connection subscribed; called after the acknowledgement was sent."""
        for topic in topics:
            for feed in self._feeds:
                feed.on_subscribe(peer, topic)

    # Errors whose form belongs to a whole system.

    def send_v1_error(self, peer: Peer, request_id: str, code: int, text: str) -> None:
        """Send ``{"id":"p28","type":"error","code":404,"data":"topic does not exist"}``."""
        peer.send_text(compact({"id": request_id, "type": "error", "code": code, "data": text}))

    def send_ws_api_error(self, peer: Peer, code: str, message: str) -> None:
        """Send ``{"code":"400003","msg":"KC-API-KEY not exists.","inTime":...,"outTime":...}``."""
        now = self.line_ms()
        peer.send_text(compact({"code": code, "msg": message, "inTime": now, "outTime": now}))

    def shut_down(self) -> None:
        """Drop every connection and pending timer; the server face is going away."""
        for feed in self._feeds:
            feed.shut_down()
        self.private_pushes.clear()
        for peer in list(self._peers.values()):
            peer.drop()

    def _funding_limits(self, symbol: str) -> tuple[Decimal, Decimal]:
        cap = self.futures.contracts[symbol].funding_cap
        return cap, -cap

    def _end_silent(self, peer: Peer) -> None:
        """End a connection whose client has been silent for too long, each system in its own way."""
        if peer.system == "pro_v2":
            if not peer.topics:  # with a running subscription it stays
                peer.cut(reset=False)
            return
        if peer.system == "v1":
            self.send_v1_error(peer, secrets.token_hex(8), 400, "ping timeout")
        peer.close(1000, "Bye")

    def _index_of(self, pair: str) -> Decimal | None:
        """Return what the index of contracts makes of a spot pair: its middle, or its last price."""
        if pair not in self.exchange.symbols:
            return None
        ticker = self.exchange.ticker(pair)
        return middle(ticker.best_bid, ticker.best_ask) or ticker.price

    def _fill_other_wallets(self, account: str) -> None:
        pairs = {isolated(pair.name): (pair.base, pair.quote) for pair in self.exchange.symbols.values()}
        for wallet in (MAIN, MARGIN, *pairs):
            for currency, amount in DEFAULT_OTHER_BALANCES.items():
                if currency in pairs.get(wallet, DEFAULT_OTHER_BALANCES):
                    self.exchange.deposit(account, currency, amount, wallet=wallet)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Traded):
            self.spot_market.record(event.trade)
            self.futures_market.record(event.trade)
        for react in self._reactions.get(type(event), ()):
            react(event)


def _bounded(limit: int | None) -> int:
    return MAX_ORDERS if limit is None else min(limit, MAX_ORDERS)
