"""
A dead man's switch: the exchange cancels the orders unless it is told in time that somebody is there.

It is told only while the order line is proven alive: before each time a ping goes over that line, and its pong has to
come back. A program that hangs, a machine that is cut off, and a line that swallows orders all end the same way: nobody
tells the exchange, and it cancels.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

from kucoin_sync.engine.deadline import END_PATIENCE
from kucoin_sync.errors import ClosedError, ConfigError, KucoinSyncError

__all__ = ["Deadman"]

logger = logging.getLogger("kucoin_sync.orders.deadman")

BEATS = 3
"""How often the exchange is told within the seconds that it waits: two times may fail."""


class Deadman:
    """
    A dead man's switch, for use with ``with``.

    Entering sets it, and raises if that cannot be done. Leaving the block normally takes it off; leaving it by an
    exception leaves it set and no longer renews it, so that the exchange cancels what is open. Closing the client does
    the same.

    Args:
        seconds: After how many seconds without a word the exchange cancels.
        prove: Proves that the order line is alive, in at most the seconds it is given, or raises.
        arm: Tells the exchange, likewise.
        disarm: Takes the switch off, likewise.
        report: Told of what goes wrong while it is kept alive.
    """

    def __init__(
        self,
        seconds: int,
        *,
        prove: Callable[[float], object],
        arm: Callable[[float], object],
        disarm: Callable[[float], object],
        report: Callable[[KucoinSyncError], None],
    ) -> None:
        self.seconds = seconds
        self._prove = prove
        self._arm = arm
        self._disarm = disarm
        self._report = report
        self._lock = threading.Lock()  # guards _entered, _armed_at and _lapses
        self._entered = False
        self._armed_at: float | None = None
        self._lapses = 0
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    @property
    def armed(self) -> bool:
        """Whether the exchange waits for a word now, as far as we know."""
        with self._lock:
            return self._armed_at is not None and time.monotonic() - self._armed_at < self.seconds

    @property
    def lapses(self) -> int:
        """How often the exchange was left without a word for too long, so that it cancelled what was open."""
        with self._lock:
            return self._lapses

    def __enter__(self) -> Deadman:
        with self._lock:
            if self._entered:
                raise ConfigError("deadman: can be entered once; make another one")
            self._entered = True
        beat = self.seconds / BEATS
        try:
            self._prove(beat)
            self._tell(beat)
            # daemon: as all of our threads; when it ends with the process, the switch has done its work
            thread = threading.Thread(target=self._run, name="kucoin-sync-deadman", daemon=True)
            thread.start()
            self._thread = thread
        except BaseException:
            self._over.set()
            raise
        return self

    def _tell(self, timeout: float) -> None:
        began = time.monotonic()
        self._arm(timeout)
        with self._lock:
            if self._armed_at is not None and began - self._armed_at >= self.seconds:
                self._lapses += 1
                logger.warning("the dead man's switch had not been renewed in time: the orders were cancelled")
            self._armed_at = began

    def _run(self) -> None:
        beat = self.seconds / BEATS
        while not self._over.wait(beat):
            try:
                self._prove(beat)
                if self._over.is_set():
                    return
                self._tell(beat)
            except ClosedError:
                return
            except KucoinSyncError as error:
                if isinstance(getattr(error, "cause", None), ClosedError):
                    return
                logger.warning("the dead man's switch was not renewed: %s", error)
                self._report(error)
            # A safety net: the switch must not die of a bug without a word; not being renewed it does its work.
            except Exception:
                logger.exception("the dead man's switch was not renewed")

    def stop(self) -> None:
        """Renew it no more, and leave it set."""
        self._over.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(END_PATIENCE)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        thread = self._thread
        beat = self.seconds / BEATS
        if thread is not None:
            thread.join(2 * beat)  # what it is telling just now must not come after what we tell
        if kind is not None:
            logger.warning("the dead man's switch stays set: what is open is cancelled in at most %d s", self.seconds)
            return
        self._disarm(beat)
        with self._lock:
            self._armed_at = None

    def __repr__(self) -> str:
        state = "armed" if self.armed else "not armed"
        return f"<Deadman {self.seconds} s, {state}, {self.lapses} lapses>"
