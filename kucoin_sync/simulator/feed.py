"""What turns events of the engines into pushes: one feed a product and a system, each told everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .matching.events import Event
from .peer import Peer

__all__ = ["Feed", "Reactions"]

Reactions = Mapping[type[Event], Callable[[Any], None]]
"""What to call with each kind of event; kinds that nobody names cost nothing."""


class Feed(Protocol):
    """
    Publishes topics of one kind; everything runs on the simulator's loop.

    Attributes:
        reactions: What it does when an engine reports what happened; must not call back into an engine that changes
            something. Looked at once, when the feed is made.
    """

    reactions: Reactions

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """A connection subscribed to a single topic, and the acknowledgement is on its way: send a first snapshot."""

    def step(self) -> None:
        """Some time went by: publish what is due."""

    def shut_down(self) -> None:
        """Cancel timers; the server face is going away."""
