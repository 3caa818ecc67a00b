"""
The client: connections by name, listeners, subscriptions and the end of it all.

What it is made of comes from an exchange: which connections there are, and the dialect of each.
"""

from __future__ import annotations

import _thread
import abc
import atexit
import contextlib
import logging
import os
import signal
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from types import MappingProxyType, TracebackType
from typing import Any, ClassVar, TypeVar

from kucoin_sync.engine.connection_group import ConnectionGroup, Wish
from kucoin_sync.engine.deadline import Deadline, checked_deadline
from kucoin_sync.engine.dial import Resolver
from kucoin_sync.engine.identifiers import Identifiers
from kucoin_sync.engine.listeners import Listener, ListenerHub
from kucoin_sync.engine.network import Network
from kucoin_sync.engine.opening import Surroundings
from kucoin_sync.engine.proxies import check_proxy_support
from kucoin_sync.engine.queues import OverflowPolicy, UpdateQueue, check_policy
from kucoin_sync.engine.reader_thread import check_not_on_reader
from kucoin_sync.engine.rest import RestCaller, check_session, proxy_for
from kucoin_sync.engine.running import RunningCalls
from kucoin_sync.engine.streams import GapPolicy, Stream
from kucoin_sync.engine.tls import default_context
from kucoin_sync.engine.topic_board import Put
from kucoin_sync.engine.waiting import wait
from kucoin_sync.errors import (
    ClosedError,
    ConfigError,
    DeadlineExceeded,
    ForkedError,
    KucoinSyncError,
    ReentrantCallError,
    SubscribeError,
)
from kucoin_sync.events import ExceptionRaised, RateLimit
from kucoin_sync.options import Options
from kucoin_sync.protocol.backoff import OpeningBudget
from kucoin_sync.protocol.dialect import Dialect, TopicRequest, ws_key_text
from kucoin_sync.protocol.messages import Reply
from kucoin_sync.protocol.server_clock import ServerClock
from kucoin_sync.protocol.state import ConnectionState
from kucoin_sync.proxy import parse_proxy
from kucoin_sync.stats import ClientStats, ClockStats, RequestStats
from kucoin_sync.tables import facts_html

__all__ = ["EngineClient", "Places", "Subscription", "Topics"]

logger = logging.getLogger("kucoin_sync.engine.client")

Topics = str | TopicRequest | Mapping[str, Any] | Iterable[str | TopicRequest | Mapping[str, Any]]
"""A topic, or several, in the forms a user may write them."""

EXIT_TIMEOUT = 1.0
LISTENER_GRACE = 0.2
OPENING_GRACE = 0.1
Self = TypeVar("Self", bound="EngineClient")


Places = Sequence[tuple[ConnectionGroup, tuple[str, ...]]]
"""Which single topics are served where."""


class Subscription:
    """
    What `EngineClient.subscribe` returns: topics that stay subscribed through reconnects until it is closed.

    Attributes:
        topics: Single topics.
        ws_keys: Names of the connections, one for most topics.
    """

    def __init__(self, places: Places, wish: Wish, client: EngineClient) -> None:
        self.topics = wish.topics
        self.ws_keys = tuple(group.ws_key for group, _ in places)
        self._places = places
        self._wish = wish
        self._client = client  # which lives as long as anybody holds on to what it subscribed

    @property
    def ws_key(self) -> str:
        """Name of the connection; of several the first."""
        return self.ws_keys[0]

    @property
    def state(self) -> dict[str, str]:
        """Each topic's state: ``idle``, ``subscribing``, ``active``, ``unsubscribing`` or ``doubtful``."""
        self._client._check_process()
        return {topic: state for group, topics in self._places for topic, state in group.topic_states(topics).items()}

    def close(self) -> None:
        """Withdraw the topics; others who want them keep them. Does not wait."""
        if self._client._is_forked:
            return
        for group, topics in self._places:
            group.unsubscribe(topics, of=lambda wish: wish is self._wish, deadline=None)

    def __repr__(self) -> str:
        state = "of another process" if self._client._is_forked else self.state
        return f"<Subscription {', '.join(self.ws_keys)} {state}>"


class EngineClient(abc.ABC):
    """
    Connections of one exchange, opened when they are first needed.

    Args:
        options: Options.
        late_reply: Told of every reply that no request waits for, on the reading thread. It must not hold this client.

    Raises:
        ConfigError: If an option breaks a rule.
    """

    OPENINGS_AT_ONCE: ClassVar[tuple[int, float] | None] = None
    """How many lines the exchange lets one address open in how many seconds, where that is a rule of its own."""

    def __init__(self, options: Options, *, late_reply: Callable[[Reply], None]) -> None:
        self.options = options
        self._check_options(self.options)
        identifiers = Identifiers()
        check_session(self.options)
        if isinstance(self.options.proxy, str) and self.options.proxy:
            check_proxy_support(parse_proxy("proxy", self.options.proxy))
        network = Network(
            Resolver(),
            # One for all connections: each costs memory and time to fill with the system's certificates.
            self.options.ssl_context or default_context(trust_env=self.options.trust_env),
            partial(proxy_for, options=self.options),
        )
        self._hub = ListenerHub(
            queue_size=self.options.queue_size, inline=self.options.inline_listeners, name="kucoin-sync-listeners"
        )
        self._around = Surroundings(
            options=self.options,
            hub=self._hub,
            identifiers=identifiers,
            network=network,
            rest=RestCaller(self.options, network, headers=self._rest_headers()),
            server_clock=ServerClock(),
            budget=OpeningBudget(self.options.openings_per_minute, self.OPENINGS_AT_ONCE),
            budget_lock=threading.Lock(),
            late_reply=late_reply,
        )
        self._pid = os.getpid()
        self._lock = threading.Lock()  # guards _groups, _closing, _waits, _once and _streams
        self._groups: dict[str, ConnectionGroup] = {}
        self._closing = False
        self._running = RunningCalls()
        self._ended = threading.Event()
        self._waits: set[threading.Event] = set()  # of calls of wait_for
        self._once: list[tuple[str, Listener, Listener]] = []
        self._streams: weakref.WeakSet[Stream] = weakref.WeakSet()
        # Plain atexit is enough: our threads are daemons, so the interpreter gets there while they still run.
        self._at_exit = _close_at_exit(weakref.ref(self))
        atexit.register(self._at_exit)

    # What an exchange fills in.

    @classmethod
    @abc.abstractmethod
    def _check_options(cls, options: Options) -> None:
        """Raise `ConfigError` for options that the exchange does not take."""

    @abc.abstractmethod
    def _make_dialect(self, ws_key: str) -> Dialect:
        """Return the dialect of a connection. Raises ConfigError for one that does not exist."""

    def _closed(self) -> None:  # noqa: B027  (there may be nothing to do)
        """Take note that everything is closed."""

    def _rest_headers(self) -> Mapping[str, str]:
        """Return headers that every REST call carries."""
        return {}

    # Connections.

    def _check_process(self) -> None:
        """Raise `ForkedError` in a child of the process that made the client: it has none of the threads."""
        if os.getpid() != self._pid:
            raise ForkedError("this client was opened before fork(); make one in the child process")

    @property
    def _is_forked(self) -> bool:
        return os.getpid() != self._pid

    def _group(self, ws_key: str | Enum) -> ConnectionGroup:
        """Return the connections of a WsKey, made where there are none."""
        self._check_process()
        # Each request comes by here. A WsKey is the text of its name.
        group = self._groups.get(ws_key) if isinstance(ws_key, str) else None
        if group is not None and group.first.state is not ConnectionState.CLOSED:
            return group
        name = ws_key_text(ws_key)
        with self._lock:
            group = self._groups.get(name)
            if group is None or (group.state is ConnectionState.CLOSED and not self._closing):
                dialect = self._make_dialect(name)
                dialect.limits = dialect.limits.adjusted(
                    frames=self.options.max_frames_per_window,
                    topics_per_frame=self.options.max_topics_per_frame,
                    topics_per_connection=self.options.max_topics_per_connection,
                )
                group = self._groups[name] = ConnectionGroup(dialect, self._around)
                if self._closing:  # so that a call on it ends as one on any closed connection
                    group.close(Deadline(0.0), drain=False)
            return group

    def connect(self, ws_key: str | Enum, *, timeout: float | None = None) -> None:
        """
        Open a connection and wait until it is ready.

        Args:
            ws_key: Which one.
            timeout: Seconds; ``None`` takes ``open_timeout``.

        Raises:
            ConnectError: If the opening failed or took too long. If trying again can help, that goes on in the
                background.
            ConfigError: If there is no such connection, or it needs credentials that were not given.
            ClosedError: If the client is closed.
            ReentrantCallError: On a reading thread.
        """
        check_not_on_reader("connect()")
        # By default a little more than the opening itself gets, so that its own error is what is raised.
        self._group(ws_key).first.open(self._deadline(timeout, self.options.open_timeout + OPENING_GRACE))

    def is_connected(self, ws_key: str | Enum) -> bool:
        """Whether a line is ready now; where the topics need several connections, whether all of them have one."""
        group = self._groups.get(ws_key_text(ws_key))
        return group is not None and not self._is_forked and group.is_ready

    @staticmethod
    def _deadline(timeout: float | None, default: float) -> Deadline:
        return checked_deadline(timeout, default)

    # Subscriptions.

    def subscribe(
        self,
        topics: Topics,
        ws_key: str | Enum,
        *,
        listener: Listener | None = None,
        wait: bool = True,
        timeout: float | None = None,
    ) -> Subscription:
        """
        Subscribe to topics; they stay subscribed through every reconnect.

        Args:
            topics: A topic (several symbols may be joined by commas), a `TopicRequest`, a mapping with ``topic``
                and ``payload``, or a list of these.
            ws_key: Which connection.
            listener: Called with each update of these topics, besides the listeners of ``update``.
            wait: Wait until the exchange confirmed every topic; else go on trying in the background.
            timeout: Seconds to wait; ``None`` takes ``open_timeout`` if a connection has to be opened first, else
                ``request_timeout``, and for many topics as much longer as the limits of messages and openings take.

        Raises:
            SubscribeError: If topics were refused or not confirmed in time: those are withdrawn.
            ConfigError: If an argument breaks a rule.
            ConnectError: If the connection cannot be opened at all.
            ClosedError: If the client is closed.
        """
        return self._subscribe(self._place(topics, ws_key), listener, wait=wait, timeout=timeout)

    def _place(self, topics: Topics, ws_key: str | Enum) -> Places:
        group = self._group(ws_key)
        return [(group, _single_topics(group.dialect, topics))]

    def _subscribe(
        self, places: Places, listener: Listener | None, *, wait: bool, timeout: float | None
    ) -> Subscription:
        """Subscribe to topics wherever they are served."""
        if listener is not None and not callable(listener):
            raise ConfigError(f"listener: must be callable, got {type(listener).__name__}")
        put: Callable[[Any], object] = _ignore
        if listener is not None:
            self._hub.start()
            put = _keeping(places, partial(self._hub.deliver_updates, listeners=(listener,)))
        wish = Wish(_topics_of(places), put, _ignore)
        self._want(places, wish, self._subscribe_deadline(places, wait, timeout))
        return Subscription(places, wish, self)

    def _want(self, places: Places, wish: Wish, deadline: Deadline | None) -> None:
        """Want topics at each of their places, and tell of all refusals together."""
        if len(places) > 1:
            for group, _ in places:
                group.first.start()  # so that they open side by side
        refusals = []
        try:
            for group, topics in places:
                try:
                    group.subscribe(wish, topics, deadline)
                except SubscribeError as error:
                    refusals.append(error)
        except BaseException:
            for group, topics in places:
                group.unsubscribe(topics, of=lambda other: other is wish, deadline=None)
            raise
        if len(refusals) == 1:
            raise refusals[0]
        if refusals:
            raise SubscribeError(
                rejected={topic: why for error in refusals for topic, why in error.rejected.items()},
                acked=tuple(topic for error in refusals for topic in error.acked),
                unknown=tuple(topic for error in refusals for topic in error.unknown),
                cause=next((error.cause for error in refusals if error.cause is not None), None),
            )

    def _subscribe_deadline(self, places: Places, wait: bool, timeout: float | None) -> Deadline | None:
        taken = all(group.takes(topics) for group, topics in places)
        default = self.options.request_timeout if taken else self.options.open_timeout + OPENING_GRACE
        deadline = self._deadline(timeout, default + sum(group.pace(topics) for group, topics in places))
        if not wait:
            return None
        check_not_on_reader("subscribe(wait=True)")
        return deadline

    def unsubscribe(
        self, topics: Topics, ws_key: str | Enum, *, wait: bool = True, timeout: float | None = None
    ) -> None:
        """
        Withdraw topics that were subscribed with `subscribe`; streams keep theirs.

        Args:
            topics: As for `subscribe`; topics nobody subscribed are ignored.
            ws_key: Which connection.
            wait: Wait for the exchange's confirmation.
            timeout: Seconds to wait; ``None`` takes ``request_timeout``.

        Raises:
            DeadlineExceeded: If the confirmation did not come in time; nothing is delivered any more all the same.
            ConfigError: If an argument breaks a rule.
        """
        self._unsubscribe(self._place(topics, ws_key), wait=wait, timeout=timeout)

    def _unsubscribe(self, places: Places, *, wait: bool, timeout: float | None) -> None:
        """Withdraw topics wherever they are served."""
        deadline = self._deadline(timeout, self.options.request_timeout)
        if wait:
            check_not_on_reader("unsubscribe(wait=True)")
        for group, topics in places:  # all of them first, then wait for each
            group.unsubscribe(topics, of=lambda wish: not wish.is_stream, deadline=None)
        for group, topics in places:
            group.unsubscribe(topics, of=lambda wish: not wish.is_stream, deadline=deadline if wait else None)

    def stream(
        self,
        topics: Topics,
        ws_key: str | Enum,
        *,
        overflow: OverflowPolicy = "drop_oldest",
        maxlen: int | None = None,
        on_gap: GapPolicy = "mark",
        timeout: float | None = None,
    ) -> Stream:
        """
        Subscribe to topics and return their updates as an iterator.

        Args:
            topics: As for `subscribe`.
            ws_key: Which connection.
            overflow: When the loop is too slow: ``drop_oldest`` (the next update is marked), ``latest`` (only the
                newest of each topic is kept) or ``error`` (the stream ends with `OverflowError`).
            maxlen: Updates held; ``None`` takes ``queue_size``.
            on_gap: What to do where updates may be missing: ``mark`` the next one, or ``raise`` `GapError`.
            timeout: Seconds to wait for the confirmation, as for `subscribe`.

        Raises:
            As `subscribe`.
        """
        return self._stream(
            self._place(topics, ws_key), overflow=overflow, maxlen=maxlen, on_gap=on_gap, timeout=timeout
        )

    def _stream(
        self,
        places: Places,
        *,
        overflow: OverflowPolicy,
        maxlen: int | None,
        on_gap: GapPolicy,
        timeout: float | None,
    ) -> Stream:
        """Stream topics wherever they are served."""
        length = self.options.queue_size if maxlen is None else maxlen
        check_policy(overflow, length)
        single = _topics_of(places)
        queue = UpdateQueue(length, overflow)
        wish = Wish(single, _keeping(places, queue.put_all), queue.close, is_stream=True)
        # A method, so that the stream holds the client: it lives as long as anybody may read from it.
        stream = Stream(single, queue, on_gap=on_gap, on_close=partial(self._end_stream, places, wish))
        with self._lock:
            self._streams.add(stream)
        try:
            self._want(places, wish, self._subscribe_deadline(places, True, timeout))
        except BaseException:
            stream.close()  # nobody gets the stream, so nobody reads what was confirmed
            raise
        return stream

    def _end_stream(self, places: Places, wish: Wish) -> None:
        for group, topics in places:
            group.unsubscribe(topics, of=lambda other: other is wish, deadline=None)

    def _stats(
        self, *, requests: RequestStats, unresolved: int, rest_limits: Mapping[str, RateLimit] | None = None
    ) -> ClientStats:
        """Return what the lines and queues have counted, together with what an exchange's client knows of orders."""
        now, clock = time.monotonic(), self._around.server_clock
        with self._lock:
            groups, streams = list(self._groups.values()), list(self._streams)
        told = [connection.stats(now) for group in groups for connection in group.connections()]
        with self._around.budget_lock:
            openings_left = self._around.budget.left(now)
        return ClientStats(
            taken_at=time.time(),
            requests=requests,
            unresolved=unresolved,
            clock=ClockStats(clock.offset_ms, clock.uncertainty_ms),
            connections=tuple(connection for connection, _ in told),
            topics=tuple(topic for _, topics in told for topic in topics),
            queues=(self._hub.stats(), *(stream.stats() for stream in streams if not stream.is_closed)),
            openings_left=openings_left,
            rest_limits=MappingProxyType(dict(rest_limits or {})),
        )

    # Listeners.

    def on(self, event: str, listener: Listener) -> None:
        """
        Call ``listener`` with every event of this name.

        Args:
            event: One of `kucoin_sync.events.EVENTS`.
            listener: Called with one value, on the client's listener thread.

        Raises:
            ConfigError: If there is no such event.
            ConnectError: If there is no thread to be had for listeners.
            ForkedError: In a child of the process that made the client.
        """
        self._check_process()
        self._hub.on(event, listener)

    def off(self, event: str, listener: Listener) -> None:
        """Stop calling ``listener``."""
        self._check_process()
        with self._lock:
            for entry in [e for e in self._once if e[:2] == (event, listener)]:
                self._once.remove(entry)
                self._hub.off(event, entry[2])
        self._hub.off(event, listener)

    def once(self, event: str, listener: Listener) -> None:
        """Call ``listener`` with the next event of this name only."""
        self._check_process()
        taken = threading.Lock()
        reference = weakref.ref(self)  # the listener thread must not keep the client alive

        def call_once(value: Any) -> None:
            if taken.acquire(blocking=False):
                client = reference()
                if client is not None:
                    client.off(event, listener)
                listener(value)

        with self._lock:
            self._once.append((event, listener, call_once))
        self._hub.on(event, call_once)

    def wait_for(self, event: str, predicate: Callable[[Any], bool] | None = None, timeout: float | None = None) -> Any:
        """
        Wait for an event that happens from now on.

        Args:
            event: Its name.
            predicate: Only an event for which it is true counts; it runs on the listener thread.
            timeout: Seconds; ``None`` takes ``request_timeout``.

        Returns:
            The event's value.

        Raises:
            DeadlineExceeded: If none came in time.
            ReentrantCallError: On a reading thread or in a listener, where the event could not arrive.
            ClosedError: If the client was closed meanwhile.
        """
        self._check_process()
        check_not_on_reader("wait_for()")
        if self._hub.on_listener_thread():
            raise ReentrantCallError("wait_for() in a listener would wait for an event that only this thread brings")
        deadline = self._deadline(timeout, self.options.request_timeout)
        found: list[Any] = []
        arrived = threading.Event()

        def look(value: Any) -> None:
            try:
                if not found and (predicate is None or predicate(value)):
                    found.append(value)
                    arrived.set()
            except Exception as error:  # noqa: BLE001  (handed to the caller: it is his predicate that raised)
                found.append(ExceptionRaised(None, None, error, "predicate"))
                arrived.set()

        with self._lock:
            self._waits.add(arrived)
        self._hub.on(event, look)
        try:
            wait(arrived, deadline.remaining())
        finally:
            self._hub.off(event, look)
            with self._lock:
                self._waits.discard(arrived)
        if not found:
            if self._ended.is_set():
                raise ClosedError("the client was closed")
            raise DeadlineExceeded(f"no {event!r} event in time")
        value = found[0]
        if isinstance(value, ExceptionRaised) and value.where == "predicate":
            raise value.error
        return value

    # The end.

    def close(self, ws_key: str | Enum | None = None, *, timeout: float | None = None, drain: bool = True) -> None:
        """
        Close one connection, or everything.

        Returns in its time from any thread and in any state; called from a listener it returns at once and the
        closing goes on in the background.

        Args:
            ws_key: Which connection; ``None`` closes the client for good.
            timeout: Seconds for everything together; ``None`` takes ``close_timeout``.
            drain: Whether requests in flight get time to be answered; the rest end as `OutcomeUnknown`.
        """
        deadline = self._deadline(timeout, self.options.close_timeout)
        if self._is_forked:
            return  # the lines are the parent's, and a lock may be held for ever by a thread that is not here
        if ws_key is not None:
            group = self._groups.get(ws_key_text(ws_key))
            if group is not None:
                self._run_or_hand_over(lambda: group.close(deadline, drain=drain))
            return
        with self._lock:
            first, self._closing = not self._closing, True
            groups = list(self._groups.values())
        if not first:
            if not self._must_not_wait():
                wait(self._ended, deadline.remaining())
            return
        self._running.end_all()
        self._run_or_hand_over(lambda: self._close_everything(groups, deadline, drain))

    def _close_everything(self, groups: list[ConnectionGroup], deadline: Deadline, drain: bool) -> None:
        try:
            for group in groups:
                group.begin_close()
            for index, group in enumerate(groups):
                share = deadline.capped(deadline.remaining() / (len(groups) - index))
                group.close(share, drain=drain)
        finally:
            if not self._hub.close(deadline.remaining(grace=LISTENER_GRACE)):
                logger.warning("a listener did not return before the client was closed")
            self._closed()
            atexit.unregister(self._at_exit)
            self._ended.set()
            with self._lock:
                waits = list(self._waits)
            for wait in waits:
                wait.set()

    def _must_not_wait(self) -> bool:
        if self._hub.on_listener_thread():
            return True
        try:
            check_not_on_reader("close()")
        except KucoinSyncError:
            return True
        return False

    def _run_or_hand_over(self, work: Callable[[], None]) -> None:
        if self._must_not_wait():
            # daemon: as all of our threads; the exit hook waits for the end, not for this thread
            thread = threading.Thread(target=work, name="kucoin-sync-close", daemon=True)
            try:
                thread.start()
                return
            except RuntimeError:  # no thread to be had: then here, though it holds this thread up
                logger.warning("no thread to close with; closing on %s", threading.current_thread().name)
        work()

    def close_all(self, *, timeout: float | None = None, drain: bool = True) -> None:
        """Close everything, as ``close()`` without a connection."""
        self.close(timeout=timeout, drain=drain)

    def wait(self, timeout: float | None = None) -> bool:
        """
        Block a script until the client is closed, Ctrl-C, or SIGTERM.

        All threads of the library are daemons, so a script that only listens needs something to wait for.

        Args:
            timeout: Seconds; ``None`` waits until one of these. That is what it is for.

        Returns:
            Whether the client was closed or told to end; ``False`` at the timeout.
        """
        self._check_process()
        check_not_on_reader("wait()")
        with _sigterm_as_interrupt():
            try:
                return wait(self._ended, timeout)
            except KeyboardInterrupt:
                return True

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # Runs wherever the last reference goes or the collector comes by, be it in the middle of our own code. So it
        # takes no lock, and leaves the work to a thread that needs none to start.
        if not getattr(self, "_groups", None) and not self._hub_runs():
            return  # nothing was started, or not even the client was made
        if self._closing or self._is_forked:
            return
        try:
            _thread.start_new_thread(self._close_forgotten, ())
        except RuntimeError:  # no thread to be had, or the interpreter is ending and its exit hook closes
            pass
        warnings.warn(f"{self!r} was dropped without close()", ResourceWarning, source=self, stacklevel=2)

    def _hub_runs(self) -> bool:
        hub = getattr(self, "_hub", None)
        return hub is not None and hub.is_running

    def _close_forgotten(self) -> None:
        close = partial(self.close, timeout=EXIT_TIMEOUT)
        try:
            # Not on this thread: the module `threading` would list it for ever, as one that it did not start.
            threading.Thread(target=close, name="kucoin-sync-forgotten", daemon=True).start()
        except RuntimeError:
            close()

    def __repr__(self) -> str:
        if self._closing:
            return f"<{self._title()} closed>"
        states = ", ".join(f"{name} {group.state.value}" for name, group in self._groups.items())
        return f"<{self._title()} {states or 'no connections yet'}>"

    def _facts(self) -> dict[str, Any]:
        """Return what a notebook shows of this client."""
        states = {
            name: f"{group.state.value}, {len(group.connections())} lines" for name, group in self._groups.items()
        }
        return states or {"connections": "none yet"}

    def _repr_html_(self) -> str:
        title = self._title()
        if self._closing or self._is_forked:
            return facts_html(title, {"state": "closed" if self._closing else "of another process"})
        return facts_html(title, self._facts())

    def _title(self) -> str:
        """Return what a client is called where it shows itself."""
        return type(self).__name__

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} cannot be pickled or copied: it owns threads and sockets")


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM end a wait as Ctrl-C does; only the main thread can ask for that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if previous is None else previous)


def _ignore(_: Any) -> None:
    """Take an update that nobody listens to by topic; the listeners of ``update`` get it anyway."""


def _close_at_exit(reference: weakref.ref[EngineClient]) -> Callable[[], None]:
    def close() -> None:
        client = reference()
        if client is not None:
            client.close(timeout=EXIT_TIMEOUT)

    return close


def _topics_of(places: Places) -> tuple[str, ...]:
    return tuple(topic for _, topics in places for topic in topics)


def _keeping(places: Places, put: Callable[..., object]) -> Put:
    """Return ``put`` with the word on whether an update may be dropped, which its topic decides."""
    kept = {topic for group, topics in places for topic in topics if group.dialect.keeps(topic)}
    if not kept or all(topic in kept for topic in _topics_of(places)):
        return partial(put, keep=bool(kept))
    return lambda updates: put(updates, keep=updates[0].topic in kept)  # it is the same for all of them


def _single_topics(dialect: Dialect, topics: Topics) -> tuple[str, ...]:
    """Return the single topics that a user's topics stand for, each once."""
    if isinstance(topics, (str, TopicRequest, Mapping)):
        topics = [topics]
    if not isinstance(topics, Iterable):
        raise ConfigError(f"topics: must be a topic or a list of topics, got {type(topics).__name__}")
    single: dict[str, None] = {}
    for topic in topics:
        if isinstance(topic, str):
            request = TopicRequest(topic)
        elif isinstance(topic, TopicRequest):
            request = topic
        elif isinstance(topic, Mapping) and isinstance(topic.get("topic"), str) and set(topic) <= {"topic", "payload"}:
            request = TopicRequest(topic["topic"], topic.get("payload"))
        else:
            raise ConfigError(
                "topics: each must be a text, a TopicRequest or a mapping with 'topic' and 'payload', "
                f"got {topic!r:.80}"
            )
        single.update(dict.fromkeys(dialect.single_topics(request)))
    if not single:
        raise ConfigError("topics: at least one is needed")
    return tuple(single)
