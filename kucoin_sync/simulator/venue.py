"""
What all connections of one simulator share: engines, accounts, topics, faults, truth, counters.

How an exchange spells these things is in a class of its own below `Venue`. No HTTP and no WebSocket library here. Apart
from the constructor everything runs on the simulator's loop.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from .agenda import Agenda
from .clock import Clock
from .credentials import DEFAULT_CREDENTIALS, Credentials
from .faults.faults import Faults
from .feed import Feed
from .frame_log import FrameLog
from .futures.contract_market_maker import ContractMarketMaker
from .futures.contracts import Contract
from .futures.events import FuturesOrderState
from .futures.exchange import FuturesExchange
from .futures.mark_prices import middle
from .limits import OrderCaps
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
from .peer import Peer
from .private_pushes import PrivatePushes
from .publishing import Publisher
from .spot.exchange import Exchange
from .truth import TruthLog

__all__ = ["COUNTERPARTY", "DEFAULT_BALANCES", "Refusal", "Venue"]

#: House account behind `Simulator.counter_order`.
COUNTERPARTY = "simulator-counterparty"

DEFAULT_BALANCES: Mapping[str, str] = {"BTC": "10", "ETH": "100", "USDT": "1000000"}
#: Of the main wallet and each margin wallet, where it takes the currency.
DEFAULT_OTHER_BALANCES: Mapping[str, str] = {"BTC": "1", "USDT": "100000"}

Refusal = tuple[str, str]
"""Code and text of an error."""

#: Live orders an account may have whatever its limits say: what a client sends must not fill the memory.
MAX_ORDERS = 100_000


class Venue(Publisher, ABC):
    """
    The state behind all connections; see `Simulator` for the arguments. It is silent until it has `add_feeds`.

    What an exchange adds are these names and the abstract methods.

    Attributes:
        name: As people write it.
        systems: The kinds of connections.
        order_systems: Those of them that take orders.
        placing: Operations that place an order under a client order id.
        idle_limit: Seconds of silence after which a connection ends.
        futures_purse: What a futures wallet begins with, currency to amount.
        order_timeout: How the exchange says that it does not know what became of an order.
        internal_error: How it says that it failed.
        no_such_topic: How it says that a topic cannot be subscribed to.
    """

    name: ClassVar[str]
    systems: ClassVar[tuple[str, ...]]
    order_systems: ClassVar[tuple[str, ...]]
    placing: ClassVar[frozenset[str]]
    idle_limit: ClassVar[float]
    futures_purse: ClassVar[Mapping[str, str]]
    order_timeout: ClassVar[Refusal]
    internal_error: ClassVar[Refusal]
    no_such_topic: ClassVar[tuple[int, str]]

    def __init__(
        self,
        *,
        caps: OrderCaps,
        seed: int = 0,
        symbols: Iterable[Symbol] | None = None,
        contracts: Iterable[Contract] | None = None,
        balances: Mapping[str, Decimal | str] | None = None,
        futures_balances: Mapping[str, Decimal | str] | None = None,
        credentials: Iterable[Credentials] = (DEFAULT_CREDENTIALS,),
        market_maker: bool = True,
        strict_client_oids: bool = False,
        taker_fee: Decimal | str = "0.001",
        maker_fee: Decimal | str = "0.001",
        clock: Clock | None = None,
        replay: Recording | None = None,
        idle_timeout: float | None = None,
        max_output: int = 4 * 1024 * 1024,
        truth_file: Path | None = None,
        fault_seed: int = 0,
        frame_log: int = 0,
        lookup_retention: float | None = None,
        spot_ids: Callable[[int], str] | None = None,
        futures_ids: Callable[[int], str] | None = None,
        takes_fok: bool = False,
    ) -> None:
        self.clock = Clock() if clock is None else clock
        #: What is due soon and later in market time.
        self.agenda = Agenda(self.clock.rhythm_ns)
        self.idle_timeout = self.idle_limit if idle_timeout is None else idle_timeout
        self.credentials = {c.api_key: c for c in credentials}
        self._retention_ns = None if lookup_retention is None else round(lookup_retention * 1_000_000_000)
        self.truth = TruthLog(self.placing, spool=truth_file)
        self.frame_log = FrameLog(frame_log, self.clock.machine_ns)
        private_pushes = PrivatePushes(self.agenda)
        super().__init__(
            faults=Faults(
                now_ns=self.clock.machine_ns, events=private_pushes, rest_error=self.rest_error, seed=fault_seed
            ),
            private_pushes=private_pushes,
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
            max_open_orders=_bounded(caps.open_orders),
            max_open_orders_per_symbol=caps.open_orders_per_symbol,
            make_id=spot_ids,
        )
        self.futures = FuturesExchange(
            now_ns=self.now_ns,
            emit=self._on_event,
            contracts=contracts,
            index_of=self._index_of,
            seed=seed,
            strict_client_oids=strict_client_oids,
            house_accounts=(MAKER, TAKER, COUNTERPARTY),
            max_open_orders=_bounded(caps.open_contract_orders),
            max_stop_orders=_bounded(caps.stop_contract_orders),
            make_id=futures_ids,
            takes_fok=takes_fok,
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
            for currency, amount in (self.futures_purse if futures_balances is None else futures_balances).items():
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
        self.opened = dict.fromkeys(self.systems, 0)
        self.frames_received = dict.fromkeys(self.systems, 0)
        self.frames_sent = dict.fromkeys(self.systems, 0)
        #: Calls for the tokens that open connections, where an exchange has such.
        self.token_calls = 0
        #: Called after every change; the simulator's waiters hang on it.
        self.on_change: Callable[[], None] = lambda: None
        self._max_output = max_output
        self._peers: dict[str, Peer] = {}

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
            if peer.is_open and self.is_silent(peer, now):
                self.end_silent(peer)
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

    # Orders.

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

    # How the exchange spells things.

    @abstractmethod
    def rest_error(self, code: str, message: str) -> Mapping[str, Any]:
        """Return the body of an answer over HTTP that is an error."""

    @abstractmethod
    def send_order_error(self, peer: Peer, code: str, message: str) -> None:
        """Send an error that names no request to a connection that takes orders."""

    @abstractmethod
    def send_message(self, topic: str, subject: str | None, data: object) -> int:
        """Send one message to the subscribers of a single topic; return how many took it."""

    @abstractmethod
    def end_silent(self, peer: Peer) -> None:
        """End a connection that was silent for too long."""

    def announce_end(self, peer: Peer) -> None:
        """
        Tell a connection that it will soon be closed.

        Raises:
            ValueError: The exchange does not do that.
        """
        raise ValueError(f"{self.name} does not announce the end of a connection")

    def reset_books(self, symbol: str) -> int:
        """
        Begin the count of a book's changes anew; return how many connections read it.

        Raises:
            ValueError: The exchange does not do that, or has no such instrument.
        """
        raise ValueError(f"{self.name} does not begin the count of a book anew")

    def counter_spread_order(self, spread: str, side: str, size: str, price: str | None) -> OrderState:
        """
        Place an order of another trader in the market of spreads, a market order without price.

        Raises:
            ValueError: The exchange has no such market, or no such spread.
            Refused: The order breaks the rules of the spread.
        """
        raise ValueError(f"{self.name} has no spread {spread!r}")

    def spread_open_orders(self, account: str) -> list[OrderState]:
        """Return the live orders of an account on spreads, oldest first."""
        return []

    def is_silent(self, peer: Peer, now: float) -> bool:
        """Whether a connection was silent for too long: here that is the client's side."""
        return now - peer.last_received > self.idle_timeout

    def checked_system(self, name: str) -> str:
        """
        Return the name of a kind of connections, or ``"all"``.

        Raises:
            ValueError: For any other text.
        """
        if name != "all" and name not in self.systems:
            raise ValueError(f"system must be {', '.join(map(repr, self.systems))} or 'all', not {name!r}")
        return name

    def shut_down(self) -> None:
        """Drop every connection and pending timer; the server face is going away."""
        for feed in self._feeds:
            feed.shut_down()
        self.private_pushes.clear()
        for peer in list(self._peers.values()):
            peer.drop()

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
