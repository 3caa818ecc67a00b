"""
Listeners: functions of the user that are told what happens.

They run on one thread of the client's own, fed by a bounded queue, so a listener may block, subscribe, place orders
and close. With ``inline_listeners`` they run on the reading thread instead, where blocking calls are refused.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from kucoin_sync.engine.queues import QueueClosed, UpdateQueue
from kucoin_sync.errors import ConfigError, ConnectError
from kucoin_sync.events import EVENTS, ExceptionRaised, Overflow, Update
from kucoin_sync.stats import QueueStats

__all__ = ["Listener", "ListenerHub"]

Listener = Callable[[Any], object]
logger = logging.getLogger("kucoin_sync.engine.listeners")

BATCH = 64
"""Updates of one read that are handed over together at most: the first of them waits for the others to be decoded."""


class ListenerHub:
    """
    The listeners of one client and the thread that runs them.

    Args:
        queue_size: Updates waiting at most; of more the oldest are dropped.
        inline: Run listeners on the thread that reports the event.
        name: Of the thread.
    """

    def __init__(self, *, queue_size: int, inline: bool, name: str) -> None:
        self._lock = threading.Lock()  # guards the tables (copied on write) and the thread's start
        self._listeners: dict[str, tuple[Listener, ...]] = dict.fromkeys(EVENTS, ())
        self._inline = inline
        self.batch = 1 if inline else BATCH
        """Updates handed over together at most: a listener on the reading thread is told of each before the next is
        read."""
        self._queue = UpdateQueue(queue_size)
        self._overflowing = False
        self._dropped = 0  # in the episodes of overflow that are over; listener thread only
        self._thread: threading.Thread | None = None
        self._name = name
        self._closed = False

    def on(self, event: str, listener: Listener) -> None:
        """Call ``listener`` with every ``event`` from now on."""
        self._check(event, listener)
        self.start()  # first: a listener that nobody could run is not one
        with self._lock:
            self._listeners[event] = (*self._listeners[event], listener)

    def off(self, event: str, listener: Listener) -> None:
        """Stop calling ``listener``; no error if it was not there."""
        self._check(event, listener)
        with self._lock:
            kept = list(self._listeners[event])
            if listener in kept:
                kept.remove(listener)
            self._listeners[event] = tuple(kept)

    @staticmethod
    def _check(event: str, listener: Listener) -> None:
        if not isinstance(event, str):
            raise ConfigError(f"event: must be the name of an event, got {type(event).__name__}")
        if event not in EVENTS:
            raise ConfigError(f"event: no event {event!r}; there are {', '.join(EVENTS)}")
        if not callable(listener):
            raise ConfigError(f"listener: must be callable, got {type(listener).__name__}")

    def start(self) -> None:
        """Start the thread if listeners have one and it is not running. Raises ConnectError: no thread to be had."""
        with self._lock:
            if self._inline or self._closed or self._thread is not None:
                return
            # daemon: a listener that never returns must not keep the interpreter from ending
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            try:
                self._thread.start()
            except BaseException as error:  # no thread to be had, or a Ctrl-C: if it did start, it sees that and ends
                self._thread = None
                if isinstance(error, RuntimeError):
                    raise ConnectError("no thread for listeners", phase="tcp") from None
                raise

    @property
    def is_running(self) -> bool:
        """Whether the thread was started."""
        return self._thread is not None

    def has(self, event: str) -> bool:
        """Whether anybody listens to ``event``."""
        return bool(self._listeners[event])

    def emit(self, event: str, value: Any) -> None:
        """Tell the listeners of ``event``, which is not ``update``; never waits for them, unless they run inline."""
        listeners = self._listeners[event]
        if listeners:
            self.deliver(value, listeners)

    def emit_updates(self, updates: Sequence[Update], keep: bool) -> bool:
        """Tell the listeners of ``update``; see `deliver_updates`."""
        listeners = self._listeners["update"]
        if not listeners:
            return True
        if self._inline:
            for update in updates:
                self._call(update, listeners)
            return True
        return self.deliver_updates(updates, listeners, keep)

    def deliver(self, value: Any, listeners: tuple[Listener, ...]) -> None:
        """Hand ``value``, which is no update, to these listeners."""
        if self._inline:
            self._call(value, listeners)
        else:
            self._queue.put(value, listeners)

    def deliver_updates(self, updates: Sequence[Update], listeners: tuple[Listener, ...], keep: bool = False) -> bool:
        """Hand updates to these listeners; return ``False`` if they were to be kept and there is no room for all."""
        if self._inline:
            for update in updates:
                self._call(update, listeners)
        elif not self._queue.put_all(updates, listeners, keep):
            if keep:
                return False
            if not self._overflowing:
                self._overflowing = True
                logger.warning("listeners are too slow: updates are being dropped")
        return True

    def report(self, error: BaseException, where: str, ws_key: str | None, connection_id: str | None) -> None:
        """Report what no call could raise: to the log, and to the listeners of ``exception``."""
        fields = {"ws_key": ws_key, "connection_id": connection_id, "where": where, "error": type(error).__name__}
        logger.warning("%s: %s", where, error, extra=fields)
        self.emit("exception", ExceptionRaised(ws_key, connection_id, error, where))

    def _run(self) -> None:
        with self._lock:
            if self._thread is not threading.current_thread():
                return
        while True:
            try:
                batch = self._queue.get_batch()
            except QueueClosed:
                return
            for value, listeners, _ in batch:  # as `_call`: a call for each update is a thirtieth of its cost
                for listener in listeners:
                    try:
                        listener(value)
                    except BaseException as error:  # noqa: BLE001  (reported there)
                        self._raised(listener, value, error)
            if self._overflowing and not len(self._queue):
                self._overflowing = False
                lost, self._queue.dropped = self._queue.dropped, 0
                self._dropped += lost
                self._call(Overflow(None, None, "listeners", lost), self._listeners["overflow"])

    def _call(self, value: Any, listeners: tuple[Listener, ...]) -> None:
        for listener in listeners:
            try:
                listener(value)
            except BaseException as error:  # noqa: BLE001  (reported there)
                self._raised(listener, value, error)

    def _raised(self, listener: Listener, value: Any, error: BaseException) -> None:
        """
        Report what a listener raised: within its handler.

        A safety net for the user's code: whatever it raises, SystemExit and Ctrl-C inside it included, the next
        listener and the next event still come.
        """
        logger.exception("listener %r raised", listener)
        if type(value) is not ExceptionRaised:
            origin = value if isinstance(value, Update) else None
            raised = ExceptionRaised(
                origin.ws_key if origin else getattr(value, "ws_key", None),
                origin.connection_id if origin else getattr(value, "connection_id", None),
                error,
                "listener",
            )
            self._call(raised, self._listeners["exception"])  # at once: the queue may be closed by now

    def stats(self) -> QueueStats:
        """Return how many items wait for listeners, and how many updates were lost because they were too slow."""
        queue = self._queue
        return QueueStats("listeners", len(queue), queue.maxlen, self._dropped + queue.dropped)

    def on_listener_thread(self) -> bool:
        """Whether the caller is a listener on the listener thread."""
        return self._thread is threading.current_thread()

    def close(self, timeout: float) -> bool:
        """
        Run what is queued, then end the thread.

        Returns:
            Whether it ended within ``timeout`` seconds.
        """
        with self._lock:
            self._closed = True
            thread = self._thread
        self._queue.close()
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout)
        return not thread.is_alive()
