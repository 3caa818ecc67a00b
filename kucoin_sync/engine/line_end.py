"""
When a line ended: for those who have to know that nothing of it can leave any more.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from kucoin_sync.engine.deadline import END_PATIENCE
from kucoin_sync.engine.waiting import wait
from kucoin_sync.errors import ConnectionLost

if TYPE_CHECKING:
    from kucoin_sync.engine.opening import Line

__all__ = ["LineEnd", "forget_frames"]


class LineEnd:
    """
    Tells when a line ended. What asks for that outlives the line, and must not keep its buffers.

    Attributes:
        connection_id: Which life of its connection the line was.
        at: Monotonic clock when its socket was closed; ``None`` before. From then on nothing of it leaves.
    """

    def __init__(self, line: Line | None, connection_id: str) -> None:
        self.connection_id = connection_id
        self.at: float | None = None
        self._line = line
        self._over = threading.Event()

    def come(self) -> None:
        """Note that the socket is closed: its reader only."""
        self.at = time.monotonic()
        self._line = None
        self._over.set()

    def wait(self, timeout: float) -> bool:
        """Wait for the end; return ``False`` at the timeout."""
        return wait(self._over, timeout)

    def reset_if_held(self, position: int) -> None:
        """
        Reset the line if the kernel still holds bytes before ``position``, and wait until that is done.

        For a call that is about to end without an answer: none of its bytes may leave after that.
        """
        line = self._line
        if line is not None and line.transport.holds(position):
            line.give_up(ConnectionLost("the peer's side acknowledges nothing", initiator="local"))
            self.wait(END_PATIENCE)


def forget_frames(why: BaseException) -> None:
    """Take the tracebacks out of the reason why a line ended: their frames are the reader's, and hold its buffers."""
    error: BaseException | None = why
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
