"""
What all connections of one simulator share: engine, accounts, tokens, topics, faults, truth, counters.

No HTTP and no WebSocket library here. Apart from the constructor everything runs on the simulator's loop.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from attrs import frozen

from .admission import Admission
from .agenda import Agenda
from .classic.auction_feed import AuctionFeed, LendingFeed
from .classic.futures_private_feed import FuturesPrivateFeed
from .classic.futures_public_feed import FuturesPublicFeed
from .classic.private_pushes import PrivatePushes
from .classic.spot_private_feed import SpotPrivateFeed
from .classic.spot_public_feed import TICKER_INTERVAL, SpotPublicFeed
from .clock import Clock
from .credentials import DEFAULT_CREDENTIALS, Credentials, ReplayGuard
from .faults.armed import SYSTEMS
from .faults.faults import Faults
from .feed import Feed
from .futures.contract_market_maker import ContractMarketMaker
from .futures.contracts import Contract
from .futures.events import FuturesOrderState
from .futures.exchange import FuturesExchange
from .futures.mark_prices import middle
from .json_text import compact
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
from .peer import Peer, encode_frame
from .pro.account_feed import ProAccountFeed
from .pro.frames import ProForms, encode_push
from .pro.market import ProMarket
from .pro.order_books import ProOrderBooks
from .pro.private_feed import ProPrivateFeed
from .pro.public_feed import ProPublicFeed
from .spot.exchange import Exchange
from .truth import TruthLog

__all__ = ["COUNTERPARTY", "DEFAULT_BALANCES", "Limits", "Pool", "Token", "Venue", "user_id"]

#: House account behind `Simulator.counter_order`.
COUNTERPARTY = "simulator-counterparty"

DEFAULT_BALANCES: Mapping[str, str] = {"BTC": "10", "ETH": "100", "USDT": "1000000"}
#: Of the main wallet and each margin wallet, where it takes the currency.
DEFAULT_OTHER_BALANCES: Mapping[str, str] = {"BTC": "1", "USDT": "100000"}
DEFAULT_FUTURES_BALANCES: Mapping[str, str] = {"USDT": "100000", "XBT": "10"}

#: Live orders an account may have whatever its limits say: what a client sends must not fill the memory.
MAX_ORDERS = 100_000

TOKEN_LIFE_NS = 24 * 3600 * 1_000_000_000
MAX_TOKENS = 10_000

_TEXT = 0x1


@frozen
class Token:
    """A connect token; ``product`` names the stream it opens: ``spot``, ``futures`` or ``pro``."""

    product: str
    account: str | None
    expires_at_ns: int

    @property
    def is_private(self) -> bool:
        """Whether the token came from a signed call."""
        return self.account is not None


@frozen
class Limits:
    """
    Limits of the service; `Limits.off()` leaves only the bounds that protect the simulator itself.

    Attributes:
        frames_per_window, frame_window: Frames a connection may send, in how many seconds.
        topics_per_frame: Symbols of one subscribe command of the classic streams.
        topics_per_connection: Topics of one connection of the classic spot stream; the futures one has no limit.
        connections, connections_per_minute: Classic stream connections of one user, at once and newly opened.
        order_pool, other_pools, order_window: Weight of the requests of one user, in how many seconds.
        open_orders, open_orders_per_symbol: Live orders of one user on the spot market; never more than 100000.
        open_contract_orders, stop_contract_orders: Resting and waiting orders of one user on one contract; the same.
    """

    frames_per_window: int | None = 100
    frame_window: float = 10.0
    topics_per_frame: int | None = 100
    topics_per_connection: int | None = 400
    connections: int | None = 800
    connections_per_minute: int | None = 30
    order_pool: int | None = 4000
    other_pools: int | None = 2000
    order_window: float = 30.0
    open_orders: int | None = 2000
    open_orders_per_symbol: int | None = 200
    pro_public_frames: int | None = 300
    pro_private_frames: int | None = 100
    pro_public_topics: int | None = 600
    pro_private_topics: int | None = 400
    pro_ping_interval: float | None = 1.0
    open_contract_orders: int | None = 100
    stop_contract_orders: int | None = 200

    @classmethod
    def off(cls) -> Limits:
        """Return limits that never strike."""
        return cls(
            frames_per_window=None,
            topics_per_frame=None,
            topics_per_connection=10_000,
            connections=None,
            connections_per_minute=None,
            order_pool=None,
            other_pools=None,
            open_orders=None,
            open_orders_per_symbol=None,
            pro_public_frames=None,
            pro_private_frames=None,
            pro_public_topics=10_000,
            pro_private_topics=10_000,
            pro_ping_interval=None,
            open_contract_orders=None,
            stop_contract_orders=None,
        )


class Pool:
    """A request pool of one account: a window that starts with the first request and is then refilled."""

    def __init__(self, limit: int | None, window: float) -> None:
        # Without a limit replies still carry the numbers of a full pool.
        self._limit, self._window = limit, window
        self._used, self._ends_at = 0, 0.0

    def take(self, now: float, weight: int = 1) -> bool:
        """Use ``weight`` of the pool; return False if that is not there."""
        if now >= self._ends_at:
            self._used, self._ends_at = 0, now + self._window
        if self._limit is None:
            return True
        if self._used + weight > self._limit:
            return False
        self._used += weight
        return True

    def as_wire(self, now: float) -> dict[str, int]:
        """Return ``{"limit": 4000, "remaining": 3999, "reset": 30000}``."""
        limit = 4000 if self._limit is None else self._limit
        reset = max(0, round((self._ends_at - now) * 1000))
        return {"limit": limit, "remaining": limit - self._used, "reset": reset}


class Venue:
    """The state behind all connections; see `Simulator` for the arguments."""

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
        ticker_interval: float | None = None,
        push_interval_scale: float = 1.0,
        idle_timeout: float = 60.0,
        challenge_timeout: float = 30.0,
        max_output: int = 4 * 1024 * 1024,
        pro_forms: ProForms | None = None,
        truth_file: Path | None = None,
        deprecated_subjects: bool = False,
        fault_seed: int = 0,
        lookup_retention: float | None = None,
        token_refusals: str = "status",
        refuse_replays: bool = False,
    ) -> None:
        self.limits = Limits() if limits is None else limits
        self.pro_forms = ProForms() if pro_forms is None else pro_forms
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
        #: Private pushes of all products go through here.
        self.private_pushes = PrivatePushes(self.agenda)
        self.faults = Faults(now_ns=self.clock.machine_ns, events=self.private_pushes, seed=fault_seed)
        self._feeds: list[Feed] = []
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
        self._topics: dict[str, dict[Peer, None]] = {}
        self._arguments: dict[str, dict[str, None]] = {}
        self._tokens: OrderedDict[str, Token] = OrderedDict()
        self._pools: dict[tuple[str, str], Pool] = {}
        self._admission = Admission(at_once=self.limits.connections, per_minute=self.limits.connections_per_minute)
        if ticker_interval is None:
            ticker_interval = TICKER_INTERVAL * push_interval_scale
        self.spot_public = SpotPublicFeed(self, ticker_interval=ticker_interval, scale=push_interval_scale)
        self._feeds.append(SpotPrivateFeed(self))
        self._feeds += [self.spot_public, AuctionFeed(self, scale=push_interval_scale), LendingFeed(self)]
        self._feeds += [
            FuturesPublicFeed(self, scale=push_interval_scale),
            FuturesPrivateFeed(self, deprecated=deprecated_subjects),
        ]
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
        self.pro_public = ProPublicFeed(self, scale=push_interval_scale)
        self._feeds += [self.pro_public, ProOrderBooks(self, scale=push_interval_scale)]
        self._feeds += [ProPrivateFeed(self), ProAccountFeed(self)]

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

    def received(self, peer: Peer) -> None:
        """Count a frame of the client."""
        peer.frames_received += 1
        peer.last_received = asyncio.get_running_loop().time()
        self.frames_received[peer.system] += 1

    # Tokens and pools.

    def issue_token(self, account: str | None, product: str) -> str:
        """Make a token; it contains characters that must be percent-encoded, as the real ones do."""
        token = f"SIM-{secrets.token_urlsafe(48)}.{base64.b64encode(secrets.token_bytes(16)).decode()}"
        self._tokens[token] = Token(product, account, self.line_ns() + TOKEN_LIFE_NS)
        if len(self._tokens) > MAX_TOKENS:
            self._tokens.popitem(last=False)
        return token

    def token(self, text: str, product: str) -> Token | None:
        """Return a valid token of a product, ``None`` for an unknown or expired one, or one of another product."""
        token = self._tokens.get(text)
        valid = token is not None and token.product == product and self.line_ns() < token.expires_at_ns
        return token if valid else None

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

    def subscribe(self, peer: Peer, topics: Iterable[str], *, own: bool = False) -> None:
        """Add single topics to a connection, ``own`` for what concerns its account only; known ones stay single."""
        for topic in topics:
            peer.topics.add(topic)
            (peer.own_topics.add if own else peer.own_topics.discard)(topic)
            peers = self._topics.get(topic)
            if peers is None:
                peers = self._topics[topic] = {}
                path, _, argument = topic.partition(":")
                self.arguments(path)[argument] = None
            peers[peer] = None

    def unsubscribe(self, peer: Peer, topics: Iterable[str]) -> None:
        """Remove single topics from a connection."""
        for topic in topics:
            peer.topics.discard(topic)
            peer.own_topics.discard(topic)
            peers = self._topics.get(topic)
            if peers is not None:
                peers.pop(peer, None)
                if not peers:
                    del self._topics[topic]
                    path, _, argument = topic.partition(":")
                    del self._arguments[path][argument]

    def has_late_readers(self) -> bool:
        """Whether somebody has left so much unread that he is on the way to be dropped."""
        return any(peer.backlog > self._max_output // 4 for peer in self._peers.values())

    def subscriptions(self) -> dict[str, int]:
        """Return the active single topics and how many connections have each."""
        return {topic: len(peers) for topic, peers in self._topics.items()}

    def has_readers(self, topic: str) -> bool:
        """Whether any connection is subscribed to a single topic."""
        return topic in self._topics

    def readers(self, prefix: str) -> list[str]:
        """Return the subscribed single topics that start with ``prefix``; slow, see `arguments`."""
        return [topic for topic in self._topics if topic.startswith(prefix)]

    def arguments(self, path: str) -> dict[str, None]:
        """
        Return what follows the colon in the subscribed topics of one path (``""`` where nothing does).

        The result stays the same object and always tells the present state; read it, never change it.
        """
        return self._arguments.setdefault(path, {})

    def subscribed(self, peer: Peer, topics: Iterable[str]) -> None:
        """Tell the feeds that a connection subscribed; called after the acknowledgement was sent."""
        for topic in topics:
            for feed in self._feeds:
                feed.on_subscribe(peer, topic)

    def publish(
        self,
        topic: str,
        subject: str,
        data: object,
        *,
        account: str | None = None,
        owners: Collection[str] = (),
        envelope: Mapping[str, object] | None = None,
    ) -> int:
        """
        Send one message of the classic streams to everybody on ``topic``.

        Args:
            topic: Single topic.
            subject: As on the wire.
            data: Payload.
            account: Only to connections of this account, as a private push with ``userId`` and ``channelType``.
            owners: Accounts it concerns: connections that want their own messages only get it if theirs is among them.
            envelope: More keys beside ``data``, such as ``sn`` or ``id``.

        Returns:
            How many connections took it.
        """
        if topic not in self._topics:
            return 0
        frame = {"topic": topic, "type": "message", "subject": subject, **(envelope or {})}
        if account is not None:
            frame.update(userId=user_id(account), channelType="private")
        return self.publish_frame(
            topic, _TEXT, compact({**frame, "data": data}).encode(), account=account, owners=owners
        )

    def publish_frame(
        self, topic: str, opcode: int, payload: bytes, *, account: str | None = None, owners: Collection[str] = ()
    ) -> int:
        """
        Send one ready frame to everybody on ``topic``, or to those of one account; return how many took it.

        What is for one account waits for its turn, see `classic.private_pushes`: then it counts those that are going to
        get it.
        """
        peers = self._topics.get(topic)
        if not peers:
            return 0
        frame = encode_frame(opcode, payload)
        takers = [
            peer
            for peer in peers
            if (account is None or peer.account == account) and (topic not in peer.own_topics or peer.account in owners)
        ]

        def send() -> int:
            if account is None:
                return sum(peer.send_raw(frame) for peer in takers)
            for peer in takers:
                self.private_pushes.put(functools.partial(peer.send_raw, frame))
            return len(takers)

        return send() if self.faults.is_quiet else self.faults.pushes.deliver(topic, send)

    def publish_pro(self, topic: str, data: object, *, kind: str | None = None, account: str | None = None) -> int:
        """
        Send one message of the Pro streams to everybody on ``topic``, or to those of one account.

        Args:
            topic: As the simulator keeps it, see `pro.channels`.
            data: Payload.
            kind: ``snapshot`` or ``delta`` where the channel says so.
            account: Only to connections of this account.

        Returns:
            How many connections took it.
        """
        if topic not in self._topics:
            return 0
        payload = self.pro_forms.encode(encode_push(topic, data, now_ns=self.now_ns(), kind=kind))
        return self.publish_frame(topic, self.pro_forms.opcode, payload, account=account)

    def send_pro(self, peer: Peer, topic: str, data: object, *, kind: str | None = None) -> bool:
        """Send one message of the Pro streams to one connection."""
        return peer.send_frame(
            peer.opcode, self.pro_forms.encode(encode_push(topic, data, now_ns=self.now_ns(), kind=kind))
        )

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
        for feed in self._feeds:
            feed.on_event(event)


def _bounded(limit: int | None) -> int:
    return MAX_ORDERS if limit is None else min(limit, MAX_ORDERS)


def user_id(account: str) -> str:
    """Return the user id that private pushes of an account carry: 24 hexadecimal digits, always the same."""
    return hashlib.sha256(account.encode()).hexdigest()[:24]
