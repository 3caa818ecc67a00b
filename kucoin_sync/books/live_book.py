"""
A local order book that keeps itself in step with its stream.

The reading thread hands over each message and never waits here. Whatever takes time, asking for a snapshot or waiting
for one, is done on a thread of the book's own, which sleeps while the book is live.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, Literal

import attrs

from kucoin_sync.books.order_book import BookDelta, BookShape, Level, OrderBook
from kucoin_sync.books.synced_book import BookState, Step, SyncedBook
from kucoin_sync.engine.connection_group import ConnectionGroup, Wish
from kucoin_sync.engine.deadline import Deadline, checked_deadline
from kucoin_sync.engine.listeners import ListenerHub
from kucoin_sync.engine.reader_thread import check_not_on_reader
from kucoin_sync.errors import (
    AuthError,
    ClosedError,
    ConfigError,
    ConnectError,
    DeadlineExceeded,
    KucoinSyncError,
    ProtocolViolation,
    RestError,
    StaleBook,
    shorten,
)
from kucoin_sync.events import BookGap, BookSnapshot, BookStale, Update
from kucoin_sync.options import Options
from kucoin_sync.protocol.backoff import Backoff

__all__ = ["UNREADABLE", "BookFeed", "BookKeeper", "LiveBook"]

logger = logging.getLogger("kucoin_sync.books.live_book")

MOST_SNAPSHOTS = 5
"""Snapshots asked for in a row; if none of them fits, the next ones are for later."""
NEXT_ROUND = 30.0
"""Seconds until then."""
SNAPSHOT_PATIENCE = 10.0
"""Seconds that the first message of a subscription may take; 6 have been seen."""
ACTIVE_PATIENCE = 60.0
NOT_ACTIVE_PAUSE = 0.5
JOIN_PATIENCE = 1.0

UNREADABLE = (AttributeError, LookupError, TypeError, ValueError, ArithmeticError)
"""What reading a message of a wrong shape may raise."""


@attrs.frozen
class BookFeed:
    """
    What an exchange knows of one book.

    Attributes:
        symbol: Whose book.
        topic: Single topic of its changes.
        shape: What books of its kind are like.
        read: Reads a message; raises one of `UNREADABLE` for a wrong shape, and nothing else.
        fetch: Asks for a snapshot, in bounded time, and raises KucoinSyncError; ``None`` where a subscription begins
            with one.
        end_fetch: Ends a `fetch` that is under way, and those to come.
    """

    symbol: str
    topic: str
    shape: BookShape
    read: Callable[[Update], BookDelta | BookSnapshot]
    fetch: Callable[[], BookSnapshot] | None = None
    end_fetch: Callable[[], None] | None = None


class BookKeeper:
    """
    Keeps one book in step.

    It holds neither the client nor the `LiveBook`, so that both can be collected while its thread runs.

    Args:
        feed: What the exchange knows of it.
        group: The connections that its topic is on.
        hub: Is told of gaps, of stale books and of trouble.
        options: ``reconnect_timeout`` is the first delay between snapshots, ``reconnect_reset_after`` how long a book
            has to be live until the delays begin anew.
        on_change: Called with the best levels, on the listener thread, after changes; of several at once only one time.
    """

    def __init__(
        self,
        feed: BookFeed,
        group: ConnectionGroup,
        hub: ListenerHub,
        options: Options,
        on_change: Callable[[BookSnapshot], object] | None,
    ) -> None:
        self.feed = feed
        self.ws_key = group.ws_key
        self.error: KucoinSyncError | None = None
        """Why it is over, if that is an error."""
        # Guards everything below. An RLock: a signal handler may read the book where it interrupted a read of it.
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self.synced = SyncedBook(feed.shape)
        self._group = group
        self._hub = hub
        self._reset_after = options.reconnect_reset_after
        self._backoff = Backoff(options.reconnect_timeout, random.random)
        self._delay = 0.0  # before the next snapshot is asked for
        self._tries = 0  # snapshots asked for since the book was live, or the line was lost
        self._trouble: KucoinSyncError | None = None
        self._live_at: float | None = None
        self._line = 0  # counts lines, and messages that were not understood: a snapshot from before is of no use
        self._renew = False  # the stream sends a snapshot only if it is asked to begin again
        self._on_change = on_change
        self._told = True  # the listener has seen the newest change, or will
        self._connection_id: str | None = None
        self._untold: deque[tuple[str, BookGap | BookStale]] = deque()  # events to emit when the lock is free
        self._telling = False  # by one thread at a time, for a gap is told before what it leads to
        self.over = False
        self._wish = Wish((feed.topic,), self._put, self._end, is_stream=True, lost=self._lost)
        # daemon: as all of our threads
        self._thread = threading.Thread(target=self._run, name=f"kucoin-sync-book-{feed.symbol}", daemon=True)

    def start(self, deadline: Deadline | None) -> None:
        """
        Subscribe, and begin to keep the book in step.

        Args:
            deadline: How long to wait until the exchange has confirmed the topic; ``None`` does not wait.

        Raises:
            SubscribeError: If it was refused, or not confirmed in time.
            ConnectError: If the connection cannot be opened at all, or there is no thread to be had.
            ClosedError: If the connection is closed.
        """
        topic = self.feed.topic
        self._renew = self._group.topic_states((topic,))[topic] != "idle"
        if self._on_change is not None:
            self._hub.start()
        try:
            self._group.subscribe(self._wish, self._wish.topics, deadline)
            try:
                self._thread.start()
            except RuntimeError:
                raise ConnectError("no thread for an order book", phase="tcp") from None
        except BaseException:
            self.stop()
            raise

    # On the reading thread.

    def _put(self, updates: Sequence[Update]) -> None:
        for update in updates:
            self._read(update)

    def _read(self, update: Update) -> None:
        self._connection_id = update.connection_id
        try:
            message = self.feed.read(update)
        except UNREADABLE as error:
            self._not_understood(update, error)
            return
        with self.lock:
            if self.over:
                return
            synced = self.synced
            if isinstance(message, BookDelta):
                step = synced.take_delta(message, update.received_at)
            else:
                step = synced.take_snapshot(message, update.received_at)
                self._renew = self._renew or step is Step.TOO_OLD
            if step is Step.WENT_LIVE:
                self._went_live()
            elif step is Step.WENT_STALE:
                self._went_stale()
            elif step is Step.CHANGED:
                if synced.crossed_until() is not None or self._wants_levels():
                    self._changed.notify_all()
            elif step is Step.TOO_OLD:
                self._changed.notify_all()
        self._tell(step)

    def _not_understood(self, update: Update, error: Exception) -> None:
        violation = ProtocolViolation(
            f"a message of an order book that cannot be read ({type(error).__name__})", sample=shorten(update.raw)
        )
        self._hub.report(violation, "order book", update.ws_key, update.connection_id)
        with self.lock:
            if self.over:
                return
            self._line += 1
            step = self.synced.fail("a message could not be read")
            if step is Step.WENT_STALE:
                self._went_stale()
            self._renew = True
            self._changed.notify_all()
        self._tell(step)

    def _lost(self, reason: str) -> None:
        with self.lock:
            if self.over:
                return
            self._line += 1
            self._delay, self._tries, self._renew = 0.0, 0, False
            step = self.synced.line_lost(reason)
            self._note_stale(step)
            self._changed.notify_all()
        self._tell(step)

    def _end(self, error: KucoinSyncError | None) -> None:
        """Take note that nothing more will come."""
        with self.lock:
            if self.over:
                return
            self.over, self.error = True, error
            step = self.synced.fail("closed" if error is None else str(error))
            if error is not None:
                self._note_stale(step)
            self._changed.notify_all()
        if self.feed.end_fetch is not None:
            self.feed.end_fetch()
        self._tell(step)

    # States; the lock is held.

    def _went_live(self) -> None:
        if self._live_at is None:  # the snapshot that everybody needs is no sign of trouble
            self._backoff.reset()
            self._delay = 0.0
        self._live_at = time.monotonic()
        self._tries, self._renew, self._trouble = 0, False, None
        self._changed.notify_all()

    def _went_stale(self) -> None:
        assert self._live_at is not None
        if time.monotonic() - self._live_at >= self._reset_after:
            self._backoff.reset()
            self._delay = 0.0
        self._renew = True
        self._note_stale(Step.WENT_STALE)
        self._changed.notify_all()

    def _note_stale(self, step: Step) -> None:
        if step is not Step.WENT_STALE:
            return
        symbol, reason = self.feed.symbol, self.synced.reason
        if reason == "gap":
            self._untold.append(("gap", BookGap(self.ws_key, self._connection_id, symbol, *self.synced.missing)))
        self._untold.append(("stale", BookStale(self.ws_key, self._connection_id, symbol, reason)))

    def _wants_levels(self) -> bool:
        """Whether a live book that began with a part has too little of it left."""
        book = self.synced.book
        return book is not None and book.is_thin and self.feed.fetch is not None

    # Telling; the lock is not held, for listeners may run inline.

    def _tell(self, step: Step) -> None:
        if self._untold:
            self._tell_untold()
        if step in (Step.CHANGED, Step.WENT_LIVE) and self._on_change is not None:
            with self.lock:
                if not self._told:  # it is in the queue, and will see this change, too
                    return
                self._told = False
            self._hub.deliver(self, (self._run_listener,))

    def _tell_untold(self) -> None:
        with self.lock:
            if self._telling:  # by another thread, which finds the rest when it is done
                return
            self._telling = True
        try:
            while (untold := self._next_untold()) is not None:
                name, event = untold
                logger.warning("%s", event)
                self._hub.emit(name, event)
        except BaseException:
            self._telling = False
            raise

    def _next_untold(self) -> tuple[str, BookGap | BookStale] | None:
        with self.lock:
            self._telling = bool(self._untold)
            return self._untold.popleft() if self._telling else None

    def _run_listener(self, _: Any) -> None:
        """Call the listener with what the book is by now, on the listener thread."""
        with self.lock:
            self._told = True
            if self.over or self.synced.state is not BookState.LIVE:
                return
            view = self.readable().view(1)
        assert self._on_change is not None
        self._on_change(view)

    # On the thread of the book.

    def _run(self) -> None:
        while self._wait_for_work():
            try:
                self._catch_up()
            # A safety net: a bug must not leave a book stale for ever without a word.
            except Exception as error:
                logger.exception("order book of %s", self.feed.symbol)
                self._no_luck(ProtocolViolation(f"internal error ({type(error).__name__})"))

    def _wait_for_work(self) -> bool:
        """Wait until the book needs a snapshot; return ``False`` if it is over."""
        while True:
            with self.lock:
                step = Step.KEPT
                while not self.over and step is Step.KEPT:
                    if self.synced.state is not BookState.LIVE or self._wants_levels():
                        return True
                    until = self.synced.crossed_until()
                    wait = None if until is None else until - time.monotonic()
                    if wait is None or wait > 0:
                        self._changed.wait(wait)
                        continue
                    step = self.synced.fail("crossed")
                    self._went_stale()
                if self.over:
                    return False
            self._tell(step)

    def _catch_up(self) -> None:
        """Get one snapshot, if the topic is confirmed and stays so meanwhile."""
        line = self._line
        deadline = Deadline(ACTIVE_PATIENCE)
        if not self._group.wait_active(self.feed.topic, deadline, lambda: not self.over):
            self._pause(NOT_ACTIVE_PAUSE, line)  # until we are told why
            return
        if not self._pause(self._delay, line):
            return
        with self.lock:
            if self.over or line != self._line:
                return
            if self.synced.state is BookState.LIVE:
                if not self._wants_levels():
                    return
                self.synced.want_levels()
            self._delay = self._backoff.next_delay()
        if self.feed.fetch is None:
            self._await_snapshot(line)
        else:
            self._fetch_snapshot(self.feed.fetch, line)

    def _pause(self, seconds: float, line: int) -> bool:
        """Wait; return ``False`` early if the book is over or on another line."""
        with self.lock:
            return not self._changed.wait_for(lambda: self.over or line != self._line, seconds)

    def _fetch_snapshot(self, fetch: Callable[[], BookSnapshot], line: int) -> None:
        try:
            snapshot = fetch()
        except (ConfigError, AuthError) as error:
            self._give_up(error)
            return
        except KucoinSyncError as error:
            if isinstance(error, RestError) and not error.retryable:
                self._give_up(error)
            else:
                self._no_luck(error)
            return
        with self.lock:
            if self.over or line != self._line:
                return
            step = self.synced.take_snapshot(snapshot, time.monotonic())
            if step is Step.WENT_LIVE:
                self._went_live()
            elif step is Step.CHANGED:  # it was live, and has more levels now
                self._backoff.reset()
                self._delay, self._tries, self._trouble = self._backoff.next_delay(), 0, None
        if step is Step.TOO_OLD:
            self._no_luck(ProtocolViolation(f"the snapshot of {self.feed.symbol} is older than its changes"))
        self._tell(step)

    def _await_snapshot(self, line: int) -> None:
        with self.lock:
            renew, self._renew = self._renew, False
        if renew:
            self._group.renew(self.feed.topic, self._wish)

        def is_answered() -> bool:
            return self.over or line != self._line or self._renew or self.synced.state is BookState.LIVE

        with self.lock:
            self._changed.wait_for(is_answered, SNAPSHOT_PATIENCE)
            if self.over or line != self._line or self.synced.state is BookState.LIVE:
                return
            self._renew = True
        self._no_luck(ProtocolViolation(f"no snapshot of {self.feed.symbol} that fits its changes came in time"))

    def _no_luck(self, error: KucoinSyncError) -> None:
        """Count an attempt that brought nothing; after some of them say so, and wait longer."""
        with self.lock:
            if self.over:
                return
            line = self._line
            self._tries += 1
            self._trouble = error
            retry_after = getattr(error, "retry_after", None)
            if retry_after is not None:
                self._delay = max(self._delay, min(retry_after, NEXT_ROUND))
            if self._tries < MOST_SNAPSHOTS:
                logger.info("order book of %s: %s", self.feed.symbol, error)
                return
            self._tries = 0
            if self.synced.state is not BookState.LIVE:
                self.synced.start_over()
        self._hub.report(error, "order book", self.ws_key, self._connection_id)
        self._pause(NEXT_ROUND, line)

    def _give_up(self, error: KucoinSyncError) -> None:
        """End the book: asking again cannot help."""
        if self.over:  # and so is the call
            return
        self._hub.report(error, "order book", self.ws_key, self._connection_id)
        self._withdraw()
        self._end(error)

    def _withdraw(self) -> None:
        self._group.unsubscribe((self.feed.topic,), of=lambda wish: wish is self._wish, deadline=None)

    # For the user.

    def readable(self) -> OrderBook:
        """Return the book; the lock is held. Raises StaleBook if it is not live, ClosedError if it is closed."""
        synced = self.synced
        if synced.state is BookState.LIVE and not self.over:
            assert synced.book is not None
            return synced.book
        if self.over and self.error is None:
            raise ClosedError(f"the order book of {self.feed.symbol} is closed")
        reason = synced.reason if self.error is None else str(self.error)
        raise StaleBook(self.feed.symbol, synced.state.value, reason)

    def wait_live(self, deadline: Deadline) -> None:
        """Wait until the book is live; see `LiveBook.wait_live`."""
        with self.lock:
            self._changed.wait_for(lambda: self.over or self.synced.state is BookState.LIVE, deadline.remaining())
            if self.error is not None:
                raise self.error
            if self.over:
                self.readable()
            if self.synced.state is not BookState.LIVE:
                why = self.synced.reason if self._trouble is None else f"{self.synced.reason}; {self._trouble}"
                raise DeadlineExceeded(f"the order book of {self.feed.symbol} was not live in time: {why}")

    def stop(self) -> None:
        """End the book and its thread; any number of times, from any thread."""
        self._end(None)
        self._withdraw()
        thread = self._thread
        if thread.ident is not None and thread is not threading.current_thread():
            thread.join(JOIN_PATIENCE)
            if thread.is_alive():
                logger.warning("%s did not end in time", thread.name)


class LiveBook:
    """
    The order book of one symbol, kept in step with the exchange; what `WebsocketClient.order_book` returns.

    Reading takes no call and never waits for one: it is memory, and each read sees the book between two messages. While
    the book is not live, because it has just been made, the line was lost, or changes are missing, reading raises
    `StaleBook`; it becomes live again by itself. Close it, with ``close()`` or ``with``, when you need it no more.

    Attributes:
        symbol: Whose book.
        topic: What it is subscribed to.
        ws_key: Name of the connection.
    """

    def __init__(self, keeper: BookKeeper, check_process: Callable[[], None], options: Options) -> None:
        self.symbol = keeper.feed.symbol
        self.topic = keeper.feed.topic
        self.ws_key = keeper.ws_key
        self._keeper = keeper
        self._lock = keeper.lock
        self._check_process = check_process  # a method of the client, which lives as long as anybody may read
        self._default_timeout = options.open_timeout

    # Where it stands.

    @property
    def state(self) -> BookState:
        """``syncing`` until it is live for the first time, ``live``, or ``stale``."""
        return self._keeper.synced.state

    @property
    def is_live(self) -> bool:
        """Whether it can be read now."""
        return self._keeper.synced.state is BookState.LIVE and not self._keeper.over

    def wait_live(self, timeout: float | None = None) -> None:
        """
        Wait until the book can be read.

        Args:
            timeout: Seconds; ``None`` takes ``open_timeout``.

        Raises:
            DeadlineExceeded: If it could not be read in time; the text says why. It goes on trying.
            RestError, AuthError, ConnectError, SubscribeError: If it never will: the exchange refused it.
            ClosedError: If it is closed.
            ReentrantCallError: On a reading thread.
        """
        self._check_process()
        check_not_on_reader("wait_live()")
        self._keeper.wait_live(checked_deadline(timeout, self._default_timeout))

    def stats(self) -> dict[str, int]:
        """
        Return what happened so far, in numbers.

        Returns:
            ``{"applied": 1500, "ignored": 2, "gaps": 1, "snapshots": 2, "too_old": 0, "mismatches": 0}``: changes that
            are in the book; old or repeated ones; holes; snapshots that came; those of them that did not reach the
            changes at hand; checksums that did not match.
        """
        with self._lock:
            synced = self._keeper.synced
            names = ("applied", "ignored", "gaps", "snapshots", "too_old", "mismatches")
            return {name: getattr(synced, name) for name in names}

    # Reading. Each of these raises StaleBook while the book is not live, and ClosedError when it is closed.

    @property
    def best_bid(self) -> Level | None:
        """Price and size of the highest bid; ``None`` if there are none."""
        self._check_process()
        with self._lock:
            return self._keeper.readable().best_bid

    @property
    def best_ask(self) -> Level | None:
        """Price and size of the lowest ask; ``None`` if there are none."""
        self._check_process()
        with self._lock:
            return self._keeper.readable().best_ask

    @property
    def spread(self) -> Decimal | None:
        """Best ask less best bid; ``None`` if a side is empty."""
        self._check_process()
        with self._lock:
            return self._keeper.readable().spread()

    @property
    def mid(self) -> Decimal | None:
        """The middle between the best prices; ``None`` if a side is empty."""
        self._check_process()
        with self._lock:
            return self._keeper.readable().mid()

    @property
    def is_crossed(self) -> bool:
        """
        Whether the best bid is not below the best ask.

        That can be so between two messages, and in an auction. If it lasts the book is fetched anew.
        """
        self._check_process()
        with self._lock:
            self._keeper.readable()
            return self._keeper.synced.is_crossed

    @property
    def sequence(self) -> int:
        """Sequence number of the last change that is in it."""
        self._check_process()
        with self._lock:
            return self._keeper.readable().sequence

    def depth(self, levels: int | None = None) -> BookSnapshot:
        """
        Return the best levels of both sides, and the sequence number, of one moment.

        Args:
            levels: How many of each side; ``None``: all that are known.
        """
        if levels is not None and (not isinstance(levels, int) or isinstance(levels, bool) or levels < 1):
            raise ConfigError(f"levels: must be a whole number of at least 1, or None, got {levels!r:.40}")
        self._check_process()
        with self._lock:
            return self._keeper.readable().view(levels)

    def size_at(self, side: Literal["bid", "ask"], price: Decimal | int | str) -> Decimal | None:
        """
        Return the size at a price.

        Args:
            side: ``bid`` or ``ask``.
            price: Exact: a float will not do.

        Returns:
            0 if there is no such level; ``None`` if that is not known, because the book is a part and the price beyond
            it.
        """
        if side not in ("bid", "ask"):
            raise ConfigError(f"side: must be 'bid' or 'ask', got {side!r:.40}")
        if isinstance(price, bool) or not isinstance(price, (Decimal, int, str)):
            raise ConfigError(f"price: must be a text, an int or a Decimal, got {type(price).__name__}")
        try:
            exact = Decimal(price)
        except ArithmeticError:
            exact = Decimal("nan")
        if not exact.is_finite():
            raise ConfigError(f"price: must be a number, got {price!r:.40}")
        self._check_process()
        with self._lock:
            return self._keeper.readable().size_at(exact, is_bid=side == "bid")

    # The end.

    def close(self) -> None:
        """Withdraw the subscription and end; any number of times, from any thread."""
        try:
            self._check_process()
        except KucoinSyncError:
            return  # a child of fork(): everything belongs to the parent
        self._keeper.stop()

    def __enter__(self) -> LiveBook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        head = f"<LiveBook {self.symbol} {self.ws_key}"
        try:
            best = self.depth(1)
        except StaleBook as stale:
            return f"{head} {stale.state}: {shorten(stale.reason, 80)}>"
        except ClosedError:
            return f"{head} closed>"
        except KucoinSyncError:
            return f"{head} of another process>"
        sides = ("/".join(f"{price:f}" for price, _ in side) or "none" for side in (best.bids, best.asks))
        return f"{head} live, bid {next(sides)}, ask {next(sides)}, at {best.sequence}>"
