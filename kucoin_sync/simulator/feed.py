"""What turns events of the engines into pushes: one feed a product and a system, each told everything."""

from __future__ import annotations

from typing import Protocol

from .matching.events import Event
from .peer import Peer

__all__ = ["Feed"]


class Feed(Protocol):
    """Publishes topics of one kind; everything runs on the simulator's loop."""

    def on_event(self, event: Event) -> None:
        """An engine reports what happened; must not call back into an engine that changes something."""

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """A connection subscribed to a single topic, and the acknowledgement is on its way: send a first snapshot."""

    def step(self) -> None:
        """Some time went by: publish what is due."""

    def shut_down(self) -> None:
        """Cancel timers; the server face is going away."""
