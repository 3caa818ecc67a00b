"""The Python face of the simulator: one object, one thread, everything thread safe."""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import logging
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from .clock import Clock, nanoseconds
from .controls.controls import HOSTS, NAMES, Controls
from .credentials import DEFAULT_CREDENTIALS, Credentials
from .drive import Drive
from .futures.contracts import Contract
from .host_guard import HostGuard
from .kucoin_feeds import feeds_of
from .kucoin_venue import KucoinVenue
from .limits import Limits
from .market.recording import LineFile, Recording
from .matching.symbols import Symbol
from .okx.feeds import okx_feeds
from .okx.forms import OkxForms
from .okx.limits import OkxLimits
from .okx.venue import OkxVenue
from .pro.frames import ProForms
from .venue import Venue

if TYPE_CHECKING:
    from .controls.remote import RemoteSimulator
    from .server import Server

__all__ = ["Simulator"]

T = TypeVar("T")

_logger = logging.getLogger("kucoin_sync.simulator")
_numbers = itertools.count(1)

#: Seconds a call from another thread waits for the loop.
CALL_TIMEOUT = 5.0


class Simulator(Controls):
    """
    A local exchange that speaks KuCoin's or OKX's WebSocket and REST protocols on a loopback port.

    It accepts simulator credentials only and never opens a connection itself. Use it as a context manager,
    or call `start` and `stop`; all methods may be called from any thread. After `stop` the queries still
    answer, and `start` serves the same state again on the same port.

    Args:
        exchange: Which of them it is: ``"kucoin"`` or ``"okx"``.
        host: ``"127.0.0.1"`` or ``"::1"``; another address only with ``allow_remote``.
        allow_remote: Whether other machines may reach it, which then may do everything: its credentials are public.
        allowed_hosts: Host names to answer to besides those of this machine and plain addresses.
        port: 0 takes a free port.
        tls: Serve TLS with a certificate made on the spot, see `ssl_context`.
        seed: Seed of the market maker.
        symbols: Pairs; ``None`` for BTC-USDT and ETH-USDT.
        contracts: Contracts; ``None`` for XBTUSDTM, ETHUSDTM and the inverse XBTUSDM, or the swaps BTC-USDT-SWAP,
            ETH-USDT-SWAP and BTC-USD-SWAP.
        balances: Start balances of each account's spot wallet, currency to amount; ``None`` for a default purse, with
            some money in the main and margin wallets as well.
        futures_balances: The same of the futures wallets.
        credentials: Accounts that may log in; the first is the one queries mean by default.
        market_maker: Whether a house trader moves the market; ``None`` for yes, unless a file is replayed.
        replay: File of recorded market data that moves the market instead, see `market.recording`. Market time then
            begins with its first line.
        limits: ``"on"`` for the limits of the service, ``"off"`` for none, or your own: `Limits` or `OkxLimits`.
        step_interval: Seconds of market time between steps of the market maker and looks at the clock.
        push_interval_scale: Factor of the seconds that the exchange leaves between two pushes of a topic; 0 sends
            every change at once, and what comes round by itself in every step.
        ticker_interval: Least seconds between two tickers of one pair; ``None`` for 0.1 times that factor.
        strict_client_oids: Refuse any client order id that was ever used, not only live ones.
        taker_fee, maker_fee: Fee rates.
        max_connections: WebSocket connections at once.
        max_output: Bytes that may wait for a slow client before it is dropped.
        idle_timeout: Seconds of silence before the server closes; ``None`` for 60 of the client's silence on KuCoin,
            and 30 without a frame either way on OKX.
        challenge_timeout: Seconds for the signed reply on the order-entry host.
        pro_frames: ``"binary"``, ``"text"`` or ``"deflate"``: how frames of the Pro streams go out.
        pro_acks: ``"boolean"`` or ``"string"``: how they say yes.
        pro_refusals: ``"message"``, ``"reason"`` or ``"code"``: how they refuse a log-in.
        clock: Server's time in nanoseconds since 1970.
        speed: How many times faster than that clock market time runs, or ``"stepped"``: it stands until `advance`.
            Log-ins, time-outs and rate limits keep the machine's time, see `clock`.
        market_start: Where market time begins, seconds since 1970; ``None`` for now.
        truth_file: File to append the truth log to; ``None`` keeps it in memory only.
        deprecated_subjects: Also push the deprecated subjects of the futures wallet.
        fault_seed: Seed of the chance with which those faults strike that have a probability.
        frame_log: How many frames of all connections to remember, see `frames`.
        lookup_retention: Seconds of market time after its end for which look-ups still tell an order; ``None`` for as
            long as it is remembered, which is until 100000 others have ended.
        token_refusals: How the classic streams refuse a wrong or expired token: with the ``"status"`` 401 of the
            handshake, or with an error ``"frame"`` after it. Both have been seen.
        refuse_replays: Whether a signed log-in of a WebSocket works only once.
        okx: Which of the possible forms OKX uses where its documents leave that open; ``None`` for the likely ones.

    OKX has neither connect tokens nor a challenge, Pro streams or deprecated subjects: ``ticker_interval``,
    ``challenge_timeout``, ``pro_*``, ``token_refusals``, ``deprecated_subjects`` and ``refuse_replays`` do nothing.

    Raises:
        ValueError: For a host that is not loopback, credentials that could be live ones, a replay beside a market
            maker, or one whose first line is wrong.
        OSError: The file to be replayed cannot be read.
        ImportError: Without the packages of the ``simulator`` extra.
    """

    def __init__(
        self,
        *,
        exchange: Literal["kucoin", "okx"] = "kucoin",
        host: str = "127.0.0.1",
        allow_remote: bool = False,
        allowed_hosts: Iterable[str] = (),
        port: int = 0,
        tls: bool = False,
        seed: int = 0,
        symbols: Iterable[Symbol] | None = None,
        contracts: Iterable[Contract] | None = None,
        balances: Mapping[str, Decimal | str] | None = None,
        futures_balances: Mapping[str, Decimal | str] | None = None,
        credentials: Iterable[Credentials] = (DEFAULT_CREDENTIALS,),
        market_maker: bool | None = None,
        replay: Path | str | None = None,
        limits: Literal["on", "off"] | Limits | OkxLimits = "on",
        step_interval: float = 0.05,
        push_interval_scale: float = 1.0,
        ticker_interval: float | None = None,
        strict_client_oids: bool = False,
        taker_fee: Decimal | str = "0.001",
        maker_fee: Decimal | str = "0.001",
        max_connections: int = 100,
        max_output: int = 4 * 1024 * 1024,
        idle_timeout: float | None = None,
        challenge_timeout: float = 30.0,
        pro_frames: Literal["binary", "text", "deflate"] = "binary",
        pro_acks: Literal["boolean", "string"] = "boolean",
        pro_refusals: Literal["message", "reason", "code"] = "message",
        clock: Callable[[], int] = time.time_ns,
        speed: float | Literal["stepped"] = 1.0,
        market_start: float | Decimal | str | None = None,
        truth_file: Path | None = None,
        deprecated_subjects: bool = False,
        fault_seed: int = 0,
        frame_log: int = 0,
        lookup_retention: float | None = None,
        token_refusals: Literal["status", "frame"] = "status",
        refuse_replays: bool = False,
        okx: OkxForms | None = None,
    ) -> None:
        if host not in ("127.0.0.1", "::1") and not allow_remote:
            raise ValueError(f"the simulator binds 127.0.0.1 or ::1 only, not {host!r}, unless allow_remote is set")
        if exchange not in HOSTS:
            raise ValueError(f"exchange must be {' or '.join(map(repr, HOSTS))}, not {exchange!r}")
        if okx is not None and exchange != "okx":
            raise ValueError("okx= goes with exchange='okx'")
        kind_of_limits = OkxLimits if exchange == "okx" else Limits
        if limits not in ("on", "off") and not isinstance(limits, kind_of_limits):
            raise ValueError(f"limits must be 'on', 'off' or a value of {kind_of_limits.__name__}")
        if step_interval <= 0:
            raise ValueError("step_interval must be positive")
        if push_interval_scale < 0 or (ticker_interval is not None and ticker_interval < 0):
            raise ValueError("push_interval_scale and ticker_interval must not be negative")
        if lookup_retention is not None and not lookup_retention >= 0:
            raise ValueError("lookup_retention must not be negative")
        if token_refusals not in ("status", "frame"):
            raise ValueError("token_refusals must be 'status' or 'frame'")
        if replay is not None and market_maker:
            raise ValueError("the market is moved by a market maker or by a replay, not by both")
        recording = None if replay is None else Recording(LineFile(Path(replay)))
        start_ns = None if recording is None else recording.start_ns
        if market_start is not None:
            start_ns = nanoseconds(market_start)
        accounts = tuple(credentials)
        if not accounts:
            raise ValueError("at least one set of credentials is needed")
        self.credentials = accounts[0]
        #: The certificate authority's certificate (PEM) with TLS, else ``None``.
        self.ca_pem: bytes | None = None
        hosts = (*allowed_hosts,) if host in ("0.0.0.0", "::") else (host, *allowed_hosts)
        server_context = self._make_certificate(hosts) if tls else None
        self.exchange: str = exchange
        shared: dict[str, Any] = {
            "seed": seed,
            "symbols": symbols,
            "contracts": contracts,
            "balances": balances,
            "futures_balances": futures_balances,
            "credentials": accounts,
            "market_maker": recording is None if market_maker is None else market_maker,
            "replay": recording,
            "strict_client_oids": strict_client_oids,
            "taker_fee": taker_fee,
            "maker_fee": maker_fee,
            "clock": Clock(clock, speed=speed, start_ns=start_ns),
            "idle_timeout": idle_timeout,
            "max_output": max_output,
            "truth_file": truth_file,
            "fault_seed": fault_seed,
            "frame_log": frame_log,
            "lookup_retention": lookup_retention,
        }
        self._venue: Venue
        if exchange == "okx":
            okx_limits = limits if isinstance(limits, OkxLimits) else OkxLimits() if limits == "on" else OkxLimits.off()
            okx_venue = OkxVenue(limits=okx_limits, forms=OkxForms() if okx is None else okx, **shared)
            okx_venue.add_feeds(okx_feeds(okx_venue, scale=push_interval_scale))
            self._venue = okx_venue
        else:
            own_limits = limits if isinstance(limits, Limits) else Limits() if limits == "on" else Limits.off()
            venue = KucoinVenue(
                limits=own_limits,
                challenge_timeout=challenge_timeout,
                pro_forms=ProForms(frames=pro_frames, acks=pro_acks, refusals=pro_refusals),
                token_refusals=token_refusals,
                refuse_replays=refuse_replays,
                **shared,
            )
            venue.add_feeds(
                feeds_of(
                    venue, scale=push_interval_scale, ticker_interval=ticker_interval, deprecated=deprecated_subjects
                )
            )
            self._venue = venue
        self._venue.on_change = self._changed
        self._server = _make_server(
            self._venue,
            self,
            self._wait_for_change,
            host=host,
            port=port,
            context=server_context,
            max_connections=max_connections,
            guard=HostGuard(allowed_hosts, takes_addresses=allow_remote),
        )
        self._drive = Drive(self._venue, step_interval)
        # Guards starting and stopping, and the calls made while no thread runs.
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        # Touched on the loop only.
        self._watchers: list[_Watcher] = []
        self._check_is_due = False
        self._changes = 0

    def __repr__(self) -> str:
        thread = self._thread
        state = f"at {self.url}" if thread is not None and thread.is_alive() else "stopped"
        return f"<Simulator {NAMES[self.exchange]} SIMULATOR {state}>"

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
                target=self._run, args=(ready,), name=f"simulator-{self.exchange}-{next(_numbers)}", daemon=True
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

    # Addresses.

    @property
    def url(self) -> str:
        """
        Base URL for REST, such as ``http://127.0.0.1:43210``.

        Raises:
            RuntimeError: If the port is not known yet: it is that of a simulator which was not started.
        """
        if self._server.port == 0:
            raise RuntimeError("the simulator is not running yet: use 'with Simulator() as exchange:' or start()")
        return self._server.url

    @staticmethod
    def connect(
        url: str, *, credentials: Credentials = DEFAULT_CREDENTIALS, ca_file: str | Path | None = None
    ) -> RemoteSimulator:
        """
        Return the controls of a simulator in another process.

        Args:
            url: Its address, as ``kucoin-sync simulate`` prints it.
            credentials: One of its accounts; queries mean the first of them all the same.
            ca_file: Its certificate authority (PEM), for an ``https`` address.

        Raises:
            ConnectionError: No simulator answers there.
            ValueError: The address is not one, or the file holds no certificate.
        """
        try:
            from .controls.remote import RemoteSimulator
        except ImportError as error:
            raise ImportError(_MISSING.format("cattrs")) from error
        return RemoteSimulator(url, credentials=credentials, ca_file=None if ca_file is None else Path(ca_file))

    # Waiting.

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
            self._drive.start()
            ready.set_result(None)
            await self._stopping.wait()
        finally:
            self._drive.stop()
            await self._server.stop()
            for watcher in self._watchers:
                watcher.fail(RuntimeError("the simulator was stopped"))
            self._watchers.clear()

    def _run_control(self, method: Callable[..., T], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> T:
        return self._call(lambda: method(self, *args, **kwargs))

    def _run_lasting(
        self,
        method: Callable[..., concurrent.futures.Future[T]],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> T:
        if self._thread is threading.current_thread():
            raise RuntimeError(f"{method.__name__}() cannot be called on the simulator's own thread")
        return self._call(lambda: method(self, *args, **kwargs)).result()

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
        self._changes += 1
        if self._watchers and not self._check_is_due and self._loop is not None:
            self._check_is_due = True
            self._loop.call_soon(self._check_watchers)

    def _check_watchers(self) -> None:
        self._check_is_due = False
        for watcher in list(self._watchers):
            watcher.check(self)
        self._watchers[:] = [watcher for watcher in self._watchers if not watcher.future.done()]

    async def _wait_for_change(self, after: int, timeout: float) -> int:
        """Return how many changes there were, as soon as these are not ``after``, or the time is over."""
        if self._changes == after and timeout > 0:
            watcher = _Watcher(lambda _: self._changes != after)
            self._watch(watcher)
            try:
                await asyncio.wait_for(asyncio.wrap_future(watcher.future), timeout)
            except (asyncio.TimeoutError, TimeoutError, RuntimeError):
                pass  # nothing happened, or the simulator was stopped: the number tells
            finally:
                self._unwatch(watcher)
        return self._changes

    def _watch(self, watcher: _Watcher) -> None:
        watcher.check(self)
        if not watcher.future.done():
            self._watchers.append(watcher)

    def _unwatch(self, watcher: _Watcher) -> None:
        if watcher in self._watchers:
            self._watchers.remove(watcher)

    def _make_certificate(self, hosts: Iterable[str]) -> ssl.SSLContext:
        try:
            import trustme
        except ImportError as error:
            raise ImportError(_MISSING.format("trustme")) from error
        authority = trustme.CA()
        names = dict.fromkeys(("localhost", "127.0.0.1", "::1", *hosts))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(context)
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
    venue: Venue,
    simulator: Simulator,
    wait: Callable[[int, float], Awaitable[int]],
    *,
    host: str,
    port: int,
    context: ssl.SSLContext | None,
    max_connections: int,
    guard: HostGuard,
) -> Server:
    try:
        from .controls.endpoint import Endpoint
        from .kucoin_server import KucoinServer
        from .okx_server import OkxServer
        from .server import ServerOptions
    except ImportError as error:
        raise ImportError(_MISSING.format("aiohttp and cattrs")) from error
    options = ServerOptions(
        Endpoint(simulator, venue.credentials, wait),
        guard,
        host=host,
        port=port,
        ssl_context=context,
        max_connections=max_connections,
    )
    if isinstance(venue, OkxVenue):
        return OkxServer(venue, options)
    assert isinstance(venue, KucoinVenue)
    return KucoinServer(venue, options)
