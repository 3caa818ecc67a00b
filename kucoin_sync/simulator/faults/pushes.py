"""What can become of a message to the subscribers of a topic, and of the first order book after a subscription."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .acks import Take

__all__ = ["PushFaults"]

MAX_HELD = 100_000

Send = Callable[[], int]
"""Writes one message to its subscribers; returns how many took it."""


class PushFaults:
    """
    Loses, repeats, swaps and holds messages.

    Args:
        take: Uses up a waiting fault.
    """

    def __init__(self, take: Take) -> None:
        self._take = take
        self._held_topics: set[str] = set()
        self._held: list[Send] = []
        self._first_of_swap: dict[str, Send] = {}
        self._holds_snapshots = False
        self._held_snapshots: dict[tuple[str, str], Callable[[], None]] = {}

    @property
    def is_holding(self) -> bool:
        """Whether messages of any topic are held, or one waits for the next to overtake it."""
        return bool(self._held_topics or self._first_of_swap)

    def states(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what is in force besides armed faults."""
        states: list[tuple[str, dict[str, Any]]] = [("hold_pushes", {"topic": t}) for t in sorted(self._held_topics)]
        if self._holds_snapshots:
            states.append(("hold_snapshots", {"held": len(self._held_snapshots)}))
        return states

    def deliver(self, topic: str, send: Send) -> int:
        """Send a message of a single topic, or do with it what was ordered; return how many took it at once."""
        if topic in self._held_topics and len(self._held) < MAX_HELD:
            self._held.append(send)
            return 0
        if self._take("drop_push", topic=topic) is not None:
            return 0
        first = self._first_of_swap.pop(topic, None)
        if first is not None:
            return send() + first()
        if self._take("swap_pushes", topic=topic) is not None:
            self._first_of_swap[topic] = send
            return 0
        count = send()
        if self._take("dup_push", topic=topic) is not None:
            send()
        return count

    # Held messages.

    def hold(self, topic: str) -> None:
        """Hold the messages of a single topic from now on."""
        self._held_topics.add(topic)

    def release(self) -> int:
        """Send the held messages in their order, and hold no more; return how many there were."""
        self._held_topics.clear()
        held, self._held = self._held, []
        for send in held:
            send()
        return len(held)

    # Held first order books.

    def hold_snapshots(self) -> None:
        """Keep back the first order book after a subscription from now on."""
        self._holds_snapshots = True

    def hold_snapshot(self, connection_id: str, topic: str, send: Callable[[], None]) -> bool:
        """Keep the first order book of a topic for a connection if they are being held; return whether it was kept."""
        if self._holds_snapshots:
            self._held_snapshots[connection_id, topic] = send
        return self._holds_snapshots

    def release_snapshots(self) -> int:
        """Send all held order books, as they are by now, and hold no more; return how many."""
        self._holds_snapshots = False
        held, self._held_snapshots = self._held_snapshots, {}
        for send in held.values():
            send()
        return len(held)

    def clear(self) -> None:
        """Hold no more: messages leave, held first order books are forgotten."""
        self._holds_snapshots, self._held_snapshots = False, {}
        waiting, self._first_of_swap = list(self._first_of_swap.values()), {}
        for send in waiting:
            send()
        self.release()
