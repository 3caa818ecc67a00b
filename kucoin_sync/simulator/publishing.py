"""Who is subscribed to what, and how a message gets to them. Everything runs on the simulator's loop."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Container, Iterable

from .faults.faults import Faults
from .peer import Peer, encode_frame
from .private_pushes import PrivatePushes

__all__ = ["Publisher"]


class Publisher:
    """
    Topics and their subscribers.

    Args:
        faults: What may become of a message.
        private_pushes: Where what is for one account waits for its turn.
    """

    def __init__(self, *, faults: Faults, private_pushes: PrivatePushes) -> None:
        self.faults = faults
        self.private_pushes = private_pushes
        #: Each sends the ticker of a symbol now, and returns how many took it.
        self.push_tickers: list[Callable[[str], int]] = []
        self._topics: dict[str, dict[Peer, None]] = {}
        self._arguments: dict[str, dict[str, None]] = {}

    def subscribe(self, peer: Peer, topics: Iterable[str], *, own: bool = False) -> None:
        """Add single topics to a connection, ``own`` for what concerns its account only; known ones stay single."""
        for topic in topics:
            peer.topics.add(topic)
            (peer.own_topics.add if own else peer.own_topics.discard)(topic)
            peers = self._topics.get(topic)
            if peers is None:
                peers = self._topics[topic] = {}
                path, _, argument = topic.partition(":")
                self.arguments(path)[argument] = None
            peers[peer] = None

    def unsubscribe(self, peer: Peer, topics: Iterable[str]) -> None:
        """Remove single topics from a connection."""
        for topic in topics:
            peer.topics.discard(topic)
            peer.own_topics.discard(topic)
            peers = self._topics.get(topic)
            if peers is not None:
                peers.pop(peer, None)
                if not peers:
                    del self._topics[topic]
                    path, _, argument = topic.partition(":")
                    del self._arguments[path][argument]

    def subscriptions(self) -> dict[str, int]:
        """Return the active single topics and how many connections have each."""
        return {topic: len(peers) for topic, peers in self._topics.items()}

    def has_readers(self, topic: str) -> bool:
        """Whether any connection is subscribed to a single topic."""
        return topic in self._topics

    def peers_on(self, topic: str) -> Collection[Peer]:
        """Return the connections that are subscribed to a single topic."""
        return tuple(self._topics.get(topic, ()))

    def readers(self, prefix: str) -> list[str]:
        """Return the subscribed single topics that start with ``prefix``; slow, see `arguments`."""
        return [topic for topic in self._topics if topic.startswith(prefix)]

    def arguments(self, path: str) -> dict[str, None]:
        """
        Return what follows the colon in the subscribed topics of one path (``""`` where nothing does).

        The result stays the same object and always tells the present state; read it, never change it.
        """
        return self._arguments.setdefault(path, {})

    def publish_frame(
        self,
        topic: str,
        opcode: int,
        payload: bytes,
        *,
        account: str | None = None,
        owners: Collection[str] = (),
        but: Container[Peer] = (),
    ) -> int:
        """
        Send one ready frame to everybody on ``topic``, or to those of one account; return how many took it.

        The connections in ``but`` are left out.

        What is for one account waits for its turn, see `private_pushes`: then it counts those that are going to
        get it.
        """
        peers = self._topics.get(topic)
        if not peers:
            return 0
        frame = encode_frame(opcode, payload)
        if self.faults.is_quiet:
            return self._send_to(peers, topic, frame, account, owners, but)
        send = functools.partial(self._send_to, tuple(peers), topic, frame, account, owners, but)
        return self.faults.pushes.deliver(topic, send)

    def _send_to(
        self,
        peers: Iterable[Peer],
        topic: str,
        frame: bytes,
        account: str | None,
        owners: Collection[str],
        but: Container[Peer],
    ) -> int:
        taken = 0
        for peer in peers:
            if (topic in peer.own_topics and peer.account not in owners) or peer in but:
                continue
            if account is None:
                taken += peer.send_raw(frame)
            elif peer.account == account:
                self.private_pushes.put(functools.partial(peer.send_raw, frame))
                taken += 1
        return taken
