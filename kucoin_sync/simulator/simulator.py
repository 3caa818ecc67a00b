"""The Python face of the simulator: one object, one thread, everything thread safe."""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from .credentials import DEFAULT_CREDENTIALS, Credentials
from .fault_controls import FaultControls
from .futures.contracts import Contract
from .futures.controls import FuturesControls
from .matching.account_states import TRADE, Balance
from .matching.events import Ticker, Trade
from .matching.orders import OrderState
from .matching.symbols import Symbol
from .pro.frames import ProForms
from .spot.controls import SpotControls
from .truth import TruthFrame, TruthRecord
from .venue import COUNTERPARTY, Limits, Venue

if TYPE_CHECKING:
    from .kucoin_server import KucoinServer

__all__ = ["Simulator"]

T = TypeVar("T")

_logger = logging.getLogger("kucoin_sync.simulator")
_numbers = itertools.count(1)

#: Seconds a call from another thread waits for the loop.
CALL_TIMEOUT = 5.0


class Simulator(FaultControls, SpotControls, FuturesControls):
    """
    A local exchange that speaks KuCoin's WebSocket and REST protocols on a loopback port.

    It accepts simulator credentials only and never opens a connection itself. Use it as a context manager,
    or call `start` and `stop`; all methods may be called from any thread. After `stop` the queries still
    answer, and `start` serves the same state again on the same port.

    Args:
        host: ``"127.0.0.1"`` or ``"::1"``.
        port: 0 takes a free port.
        tls: Serve TLS with a certificate made on the spot, see `ssl_context`.
        seed: Seed of the market maker.
        symbols: Pairs; ``None`` for BTC-USDT and ETH-USDT.
        contracts: Contracts; ``None`` for XBTUSDTM, ETHUSDTM and the inverse XBTUSDM.
        balances: Start balances of each account's spot wallet, currency to amount; ``None`` for a default purse, with
            some money in the main and margin wallets as well.
        futures_balances: The same of the futures wallets.
        credentials: Accounts that may log in; the first is the one queries mean by default.
        market_maker: Whether a house trader moves the market.
        limits: ``"on"`` for the limits of the service, ``"off"`` for none, or your own.
        step_interval: Seconds between steps of the market maker and the look at the clock.
        push_interval_scale: Factor of the seconds that the exchange leaves between two pushes of a topic; 0 sends
            every change at once, and what comes round by itself in every step.
        ticker_interval: Least seconds between two tickers of one pair; ``None`` for 0.1 times that factor.
        strict_client_oids: Refuse any client order id that was ever used, not only live ones.
        taker_fee, maker_fee: Fee rates.
        max_connections: WebSocket connections at once.
        max_output: Bytes that may wait for a slow client before it is dropped.
        idle_timeout: Seconds of client silence before the server closes.
        challenge_timeout: Seconds for the signed reply on the order-entry host.
        pro_frames: ``"binary"``, ``"text"`` or ``"deflate"``: how frames of the Pro streams go out.
        pro_acks: ``"boolean"`` or ``"string"``: how they say yes.
        pro_refusals: ``"message"``, ``"reason"`` or ``"code"``: how they refuse a log-in.
        clock: Server's time in nanoseconds since 1970.
        truth_file: File to append the truth log to; ``None`` keeps it in memory only.
        deprecated_subjects: Also push the deprecated subjects of the futures wallet.
        lookup_lag: Seconds for which look-ups by id do not find a new order.

    Raises:
        ValueError: For a host that is not loopback, or credentials that could be live ones.
        ImportError: Without the packages of the ``simulator`` extra.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: bool = False,
        seed: int = 0,
        symbols: Iterable[Symbol] | None = None,
        contracts: Iterable[Contract] | None = None,
        balances: Mapping[str, Decimal | str] | None = None,
        futures_balances: Mapping[str, Decimal | str] | None = None,
        credentials: Iterable[Credentials] = (DEFAULT_CREDENTIALS,),
        market_maker: bool = True,
        limits: Literal["on", "off"] | Limits = "on",
        step_interval: float = 0.05,
        push_interval_scale: float = 1.0,
        ticker_interval: float | None = None,
        strict_client_oids: bool = False,
        taker_fee: Decimal | str = "0.001",
        maker_fee: Decimal | str = "0.001",
        max_connections: int = 100,
        max_output: int = 4 * 1024 * 1024,
        idle_timeout: float = 60.0,
        challenge_timeout: float = 30.0,
        pro_frames: Literal["binary", "text", "deflate"] = "binary",
        pro_acks: Literal["boolean", "string"] = "boolean",
        pro_refusals: Literal["message", "reason", "code"] = "message",
        clock: Callable[[], int] = time.time_ns,
        truth_file: Path | None = None,
        deprecated_subjects: bool = False,
        lookup_lag: float = 0.0,
    ) -> None:
        if host not in ("127.0.0.1", "::1"):
            raise ValueError(f"the simulator binds 127.0.0.1 or ::1 only, not {host!r}")
        if limits not in ("on", "off") and not isinstance(limits, Limits):
            raise ValueError("limits must be 'on', 'off' or a Limits value")
        if step_interval <= 0:
            raise ValueError("step_interval must be positive")
        if push_interval_scale < 0 or (ticker_interval is not None and ticker_interval < 0):
            raise ValueError("push_interval_scale and ticker_interval must not be negative")
        accounts = tuple(credentials)
        if not accounts:
            raise ValueError("at least one set of credentials is needed")
        self.credentials = accounts[0]
        #: The certificate authority's certificate (PEM) with TLS, else ``None``.
        self.ca_pem: bytes | None = None
        server_context = self._make_certificate() if tls else None
        self._venue = Venue(
            seed=seed,
            symbols=symbols,
            contracts=contracts,
            balances=balances,
            futures_balances=futures_balances,
            credentials=accounts,
            market_maker=market_maker,
            limits=limits if isinstance(limits, Limits) else Limits() if limits == "on" else Limits.off(),
            strict_client_oids=strict_client_oids,
            taker_fee=taker_fee,
            maker_fee=maker_fee,
            clock=clock,
            ticker_interval=ticker_interval,
            push_interval_scale=push_interval_scale,
            idle_timeout=idle_timeout,
            challenge_timeout=challenge_timeout,
            max_output=max_output,
            pro_forms=ProForms(frames=pro_frames, acks=pro_acks, refusals=pro_refusals),
            truth_file=truth_file,
            deprecated_subjects=deprecated_subjects,
            lookup_lag=lookup_lag,
        )
        self._venue.on_change = self._changed
        self._server = _make_server(self._venue, host, port, server_context, max_connections)
        self._step_interval = step_interval
        # Guards starting and stopping, and the calls made while no thread runs.
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        # Touched on the loop only.
        self._watchers: list[_Watcher] = []
        self._check_is_due = False

    def __repr__(self) -> str:
        thread = self._thread
        state = f"at {self.url}" if thread is not None and thread.is_alive() else "stopped"
        return f"<Simulator KuCoin SIMULATOR {state}>"

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    # Life.

    def start(self) -> Simulator:
        """Bind the port and serve; does nothing if already running. Returns the simulator itself."""
        with self._lock:
            if self._thread is not None:
                return self
            ready: concurrent.futures.Future[None] = concurrent.futures.Future()
            # Daemon: a script that forgets stop() must still be able to end.
            thread = threading.Thread(
                target=self._run, args=(ready,), name=f"simulator-kucoin-{next(_numbers)}", daemon=True
            )
            thread.start()
            try:
                ready.result(CALL_TIMEOUT)
            except BaseException:
                # A Ctrl-C, perhaps: the thread may be serving already, and nobody else would stop it.
                loop, stopping = self._loop, self._stopping
                if loop is not None and stopping is not None and not loop.is_closed():
                    loop.call_soon_threadsafe(stopping.set)
                thread.join(CALL_TIMEOUT)
                raise
            self._thread = thread
        return self

    def stop(self) -> None:
        """Drop all connections, free the port and join the thread; idempotent."""
        with self._lock:
            thread, loop, stopping = self._thread, self._loop, self._stopping
            if thread is None or loop is None or stopping is None:
                return
            if thread is threading.current_thread():
                raise RuntimeError("stop() cannot be called on the simulator's own thread")
            loop.call_soon_threadsafe(stopping.set)
            thread.join(CALL_TIMEOUT)
            if thread.is_alive():
                _logger.warning("the simulator's thread did not end within %s s", CALL_TIMEOUT)
            self._thread = self._loop = self._stopping = None

    # Addresses and credentials.

    @property
    def url(self) -> str:
        """Base URL for REST, such as ``http://127.0.0.1:43210``; the port is known after `start`."""
        return self._server.url

    @property
    def ws_url(self) -> str:
        """Base URL for WebSockets, such as ``ws://127.0.0.1:43210``."""
        return self._server.ws_url

    @property
    def api_key(self) -> str:
        """API key of the first account."""
        return self.credentials.api_key

    @property
    def api_secret(self) -> str:
        """API secret of the first account."""
        return self.credentials.api_secret

    @property
    def api_passphrase(self) -> str:
        """Passphrase of the first account."""
        return self.credentials.api_passphrase

    def ssl_context(self) -> ssl.SSLContext:
        """
        Return a client context that trusts this simulator and nothing else.

        Raises:
            ValueError: The simulator was made without ``tls=True``.
        """
        if self.ca_pem is None:
            raise ValueError("this simulator has no TLS; make it with tls=True")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.ca_pem.decode())
        return context

    def client_options(self) -> dict[str, Any]:
        """Return the keyword arguments that point a client at this simulator."""
        options: dict[str, Any] = {
            "api_key": self.api_key,
            "api_secret": self.api_secret,
            "api_passphrase": self.api_passphrase,
            "hosts": {
                "spot_rest": self.url,
                "futures_rest": self.url + "/futures",
                "ws_api": self.ws_url + "/v1/private",
                "pro_spot": self.ws_url + "/pro/spot",
                "pro_futures": self.ws_url + "/pro/futures",
                "pro_private": self.ws_url + "/pro/private",
            },
        }
        if self.ca_pem is not None:
            options["ssl_context"] = self.ssl_context()
        return options

    # What happened and what is.

    def wait_for(self, predicate: Callable[[Simulator], T], timeout: float = 5.0) -> T:
        """
        Wait until ``predicate(simulator)`` is true, looking again whenever something happens.

        Args:
            predicate: Runs on the simulator's thread; must not block.
            timeout: Seconds.

        Returns:
            The predicate's first true value.

        Raises:
            TimeoutError: It stayed false; or whatever the predicate raises.
        """
        watcher = _Watcher(predicate)
        try:
            self._call(lambda: self._watch(watcher))
            result: T = watcher.future.result(timeout)
            return result
        except concurrent.futures.TimeoutError:
            raise TimeoutError(f"nothing of the kind happened within {timeout} s at {self!r}") from None
        finally:
            self._call(lambda: self._unwatch(watcher))

    def truth(self, client_oid: str, *, op: str | None = None) -> TruthRecord:
        """Return what reached the simulator under a client order id (by default: orders placed)."""
        return self._call(lambda: self._venue.truth.record(client_oid, op))

    def truth_frames(self, *, client_oid: str | None = None, op: str | None = None) -> list[TruthFrame]:
        """Return the order-carrying frames received, oldest first."""
        return self._call(lambda: self._venue.truth.frames(client_oid=client_oid, op=op))

    def connections(self, system: str = "all") -> int:
        """Return how many WebSocket connections of ``"v1"``, ``"pro_v2"``, ``"ws_api"`` or ``"all"`` exist."""
        return self._call(lambda: len(self._venue.peers(system)))

    def welcomed(self, system: str = "all") -> int:
        """Return how many of the existing connections got their welcome."""
        return self._call(lambda: sum(peer.is_welcomed for peer in self._venue.peers(system)))

    def opened(self, system: str = "all") -> int:
        """Return how many connections there have ever been."""
        return self._call(lambda: _of(self._venue.opened, system))

    def frames_received(self, system: str = "all") -> int:
        """Return how many text or binary frames clients have ever sent."""
        return self._call(lambda: _of(self._venue.frames_received, system))

    def subscriptions(self) -> dict[str, int]:
        """Return the active single topics and the number of connections on each."""
        return self._call(self._venue.subscriptions)

    def orders(self) -> list[OrderState]:
        """Return the first account's orders, finished ones included, oldest first."""
        return self._call(lambda: self._venue.exchange.orders(self.api_key))

    def open_orders(self) -> list[OrderState]:
        """Return the first account's live orders, oldest first."""
        return self._call(lambda: self._venue.exchange.open_orders(self.api_key))

    def balances(self, account: str | None = None, *, wallet: str = TRADE) -> dict[str, Balance]:
        """Return the balances of an account (an API key; by default the first), of its spot wallet or another."""
        return self._call(lambda: self._venue.exchange.balances(account or self.api_key, wallet))

    def trades(self) -> list[Trade]:
        """Return the latest trades of everybody, oldest first."""
        return self._call(lambda: list(self._venue.exchange.trades))

    def ticker(self, symbol: str) -> Ticker:
        """Return best prices and last trade of a pair."""
        return self._call(lambda: self._venue.exchange.ticker(symbol))

    def stats(self) -> dict[str, Any]:
        """Return counters: connections, frames, tokens, orders, faults."""
        return self._call(self._stats)

    # Acting as the exchange and as other traders.

    def push_ticker(self, symbol: str) -> int:
        """Send the ticker of a pair now, on the classic and the Pro streams; return how many connections took it."""
        venue = self._venue
        return self._call(lambda: venue.spot_public.push_ticker(symbol) + venue.pro_public.push_ticker(symbol))

    def publish(self, topic: str, subject: str | None, data: object) -> int:
        """
        Send one message to the subscribers of a single topic; return how many took it.

        A topic of the Pro streams has no leading slash, such as ``ticker.SPOT:BTC-USDT``; its subject is
        ``"snapshot"``, ``"delta"`` or ``None``.
        """
        if not topic.startswith("/"):
            return self._call(lambda: self._venue.publish_pro(topic, data, kind=subject))
        return self._call(lambda: self._venue.publish(topic, subject or "", data))

    def step_market(self, steps: int = 1) -> None:
        """Let the market maker take steps now, besides its own rhythm."""

        def step() -> None:
            for _ in range(steps):
                self._venue.step_market()

        self._call(step)

    def counter_order(self, symbol: str, side: str, size: str, price: str | None = None) -> OrderState:
        """
        Place an order as another trader with deep pockets: a limit order, or a market order without price.

        Raises:
            kucoin_sync.simulator.Refused: The order breaks the pair's rules.
        """
        args: dict[str, Any] = {"symbol": symbol, "side": side, "size": size, "type": "market"}
        if price is not None:
            args.update(type="limit", price=price)
        return self._call(lambda: self._venue.exchange.place(COUNTERPARTY, args))

    def deposit(self, currency: str, amount: Decimal | str, *, wallet: str = TRADE) -> None:
        """Give the first account money, in its spot wallet or another."""
        self._call(lambda: self._venue.exchange.deposit(self.api_key, currency, amount, wallet=wallet))

    # The thread and its loop.

    def _run(self, ready: concurrent.futures.Future[None]) -> None:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._main(ready))
            # Connections that ended just now may still be at their last words.
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.wait(left))
            loop.run_until_complete(loop.shutdown_asyncgens())
        except BaseException as error:
            if not ready.done():
                ready.set_exception(error)
            else:
                _logger.exception("the simulator's loop ended")
        finally:
            loop.close()

    async def _main(self, ready: concurrent.futures.Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            await self._server.start()
            ready.set_result(None)
            while not self._stopping.is_set():
                self._step()
                try:
                    await asyncio.wait_for(self._stopping.wait(), self._step_interval)
                except (asyncio.TimeoutError, TimeoutError):
                    pass  # the rhythm of the steps
        finally:
            await self._server.stop()
            for watcher in self._watchers:
                watcher.fail(RuntimeError("the simulator was stopped"))
            self._watchers.clear()

    def _step(self) -> None:
        try:
            self._venue.step()
        except Exception:  # safety net: one bad step must not take the server down
            _logger.exception("a step of the simulator failed")

    def _call(self, action: Callable[[], T]) -> T:
        """Run ``action`` on the loop and return its result; directly if there is no loop."""
        if self._thread is threading.current_thread():
            return action()
        outcome: concurrent.futures.Future[T] = concurrent.futures.Future()

        def run() -> None:
            try:
                outcome.set_result(action())
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                outcome.set_exception(error)
            self._changed()

        with self._lock:
            # Under the lock stop() cannot slip in between: what is scheduled here still runs.
            if self._thread is None or self._loop is None:
                return action()
            self._loop.call_soon_threadsafe(run)
        return outcome.result(CALL_TIMEOUT)

    def _changed(self) -> None:
        """Something happened: let the waiters look, once this callback is through."""
        if self._watchers and not self._check_is_due and self._loop is not None:
            self._check_is_due = True
            self._loop.call_soon(self._check_watchers)

    def _check_watchers(self) -> None:
        self._check_is_due = False
        for watcher in list(self._watchers):
            watcher.check(self)
        self._watchers[:] = [watcher for watcher in self._watchers if not watcher.future.done()]

    def _watch(self, watcher: _Watcher) -> None:
        watcher.check(self)
        if not watcher.future.done():
            self._watchers.append(watcher)

    def _unwatch(self, watcher: _Watcher) -> None:
        if watcher in self._watchers:
            self._watchers.remove(watcher)

    def _stats(self) -> dict[str, Any]:
        venue = self._venue
        sent = dict(venue.frames_sent)
        for peer in venue.peers("all"):
            sent[peer.system] += peer.frames_sent
        return {
            "connections": {system: len(venue.peers(system)) for system in venue.opened},
            "opened": dict(venue.opened),
            "frames_received": dict(venue.frames_received),
            "frames_sent": sent,
            "token_calls": venue.token_calls,
            "topics": len(venue.subscriptions()),
            "orders": len(venue.exchange.orders(self.api_key)),
            "truth_frames": len(venue.truth),
            "armed_faults": venue.faults.armed(),
            "held_replies": venue.faults.held_count,
        }

    def _make_certificate(self) -> ssl.SSLContext:
        try:
            import trustme
        except ImportError as error:
            raise ImportError(_MISSING.format("trustme")) from error
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1", "::1").configure_cert(context)
        self.ca_pem = authority.cert_pem.bytes()
        return context


class _Watcher:
    """One `Simulator.wait_for` that is waiting."""

    def __init__(self, predicate: Callable[[Simulator], Any]) -> None:
        self._predicate = predicate
        self.future: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def check(self, simulator: Simulator) -> None:
        """Evaluate the predicate, unless it has already been true."""
        if self.future.done():
            return
        try:
            value = self._predicate(simulator)
        except Exception as error:  # noqa: BLE001 - raised where wait_for was called
            self.future.set_exception(error)
        else:
            if value:
                self.future.set_result(value)

    def fail(self, error: Exception) -> None:
        """Give up."""
        if not self.future.done():
            self.future.set_exception(error)


_MISSING = "the simulator needs {}: pip install kucoin-sync[simulator]"


def _make_server(
    venue: Venue, host: str, port: int, context: ssl.SSLContext | None, max_connections: int
) -> KucoinServer:
    try:
        from .kucoin_server import KucoinServer
    except ImportError as error:
        raise ImportError(_MISSING.format("aiohttp")) from error
    return KucoinServer(venue, host=host, port=port, ssl_context=context, max_connections=max_connections)


def _of(counters: Mapping[str, int], system: str) -> int:
    return sum(counters.values()) if system == "all" else counters[system]
