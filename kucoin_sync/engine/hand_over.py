"""
From an old line to a new one without a pause: which of the two is heard, topic by topic.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from kucoin_sync.events import Update

__all__ = ["HandOver"]


class HandOver:
    """
    Both lines are open for a while. The old one is heard until the new one pushes a topic for the first time.

    So there is no moment at which nobody listens, and the updates of one topic come from one line at a time. Whether
    the old line had something more to say at that moment cannot be known: the first update of the new line is marked
    by its board, as after any change of lines.

    Attributes:
        lock: Held while topics move, and while an update is handed out.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()  # guards _begun, and the order of what both lines hand out
        self._begun: set[str] = set()

    def from_old(self, hand_out: Callable[[Update], None], update: Update) -> None:
        """Hand out an update of the old line, unless the new one has begun."""
        with self.lock:
            if update.topic not in self._begun:
                hand_out(update)

    def from_new(self, hand_out: Callable[[Update], None], update: Update) -> None:
        """Hand out an update of the new line."""
        with self.lock:
            self._begun.add(update.topic)
            hand_out(update)
