"""Who is subscribed to what, and how a message gets to them. Everything runs on the simulator's loop."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping

from .classic.private_pushes import PrivatePushes
from .faults.faults import Faults
from .json_text import compact
from .peer import Peer, encode_frame
from .pro.frames import ProForms, encode_push

__all__ = ["Publisher", "user_id"]

_TEXT = 0x1


class Publisher:
    """
    Topics and their subscribers.

    Args:
        faults: What may become of a message.
        private_pushes: Where what is for one account waits for its turn.
        pro_forms: How messages of the Pro streams are spelled.
        now_ns: Market time, which these carry.
    """

    def __init__(
        self,
        *,
        faults: Faults,
        private_pushes: PrivatePushes,
        pro_forms: ProForms,
        now_ns: Callable[[], int],
    ) -> None:
        self.faults = faults
        self.private_pushes = private_pushes
        self.pro_forms = pro_forms
        #: Each sends the ticker of a symbol now, and returns how many took it.
        self.push_tickers: list[Callable[[str], int]] = []
        self._now_ns = now_ns
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

    def readers(self, prefix: str) -> list[str]:
        """Return the subscribed single topics that start with ``prefix``; slow, see `arguments`."""
        return [topic for topic in self._topics if topic.startswith(prefix)]

    def arguments(self, path: str) -> dict[str, None]:
        """
        Return what follows the colon in the subscribed topics of one path (``""`` where nothing does).

        The result stays the same object and always tells the present state; read it, never change it.
        """
        return self._arguments.setdefault(path, {})

    def publish(
        self,
        topic: str,
        subject: str,
        data: object,
        *,
        account: str | None = None,
        owners: Collection[str] = (),
        envelope: Mapping[str, object] | None = None,
    ) -> int:
        """
        Send one message of the classic streams to everybody on ``topic``.

        Args:
            topic: Single topic.
            subject: As on the wire.
            data: Payload.
            account: Only to connections of this account, as a private push with ``userId`` and ``channelType``.
            owners: Accounts it concerns: connections that want their own messages only get it if theirs is among them.
            envelope: More keys beside ``data``, such as ``sn`` or ``id``.

        Returns:
            How many connections took it.
        """
        if topic not in self._topics:
            return 0
        frame = {"topic": topic, "type": "message", "subject": subject, **(envelope or {})}
        if account is not None:
            frame.update(userId=user_id(account), channelType="private")
        return self.publish_frame(
            topic, _TEXT, compact({**frame, "data": data}).encode(), account=account, owners=owners
        )

    def publish_frame(
        self, topic: str, opcode: int, payload: bytes, *, account: str | None = None, owners: Collection[str] = ()
    ) -> int:
        """
        Send one ready frame to everybody on ``topic``, or to those of one account; return how many took it.

        What is for one account waits for its turn, see `classic.private_pushes`: then it counts those that are going to
        get it.
        """
        peers = self._topics.get(topic)
        if not peers:
            return 0
        frame = encode_frame(opcode, payload)
        if self.faults.is_quiet:
            return self._send_to(peers, topic, frame, account, owners)
        send = functools.partial(self._send_to, tuple(peers), topic, frame, account, owners)
        return self.faults.pushes.deliver(topic, send)

    def _send_to(
        self, peers: Iterable[Peer], topic: str, frame: bytes, account: str | None, owners: Collection[str]
    ) -> int:
        taken = 0
        for peer in peers:
            if topic in peer.own_topics and peer.account not in owners:
                continue
            if account is None:
                taken += peer.send_raw(frame)
            elif peer.account == account:
                self.private_pushes.put(functools.partial(peer.send_raw, frame))
                taken += 1
        return taken

    def publish_pro(self, topic: str, data: object, *, kind: str | None = None, account: str | None = None) -> int:
        """
        Send one message of the Pro streams to everybody on ``topic``, or to those of one account.

        Args:
            topic: As the simulator keeps it, see `pro.channels`.
            data: Payload.
            kind: ``snapshot`` or ``delta`` where the channel says so.
            account: Only to connections of this account.

        Returns:
            How many connections took it.
        """
        if topic not in self._topics:
            return 0
        payload = self.pro_forms.encode(encode_push(topic, data, now_ns=self._now_ns(), kind=kind))
        return self.publish_frame(topic, self.pro_forms.opcode, payload, account=account)

    def send_pro(self, peer: Peer, topic: str, data: object, *, kind: str | None = None) -> bool:
        """Send one message of the Pro streams to one connection."""
        return peer.send_frame(
            peer.opcode, self.pro_forms.encode(encode_push(topic, data, now_ns=self._now_ns(), kind=kind))
        )


def user_id(account: str) -> str:
    """Return the user id that private pushes of an account carry: 24 hexadecimal digits, always the same."""
    return hashlib.sha256(account.encode()).hexdigest()[:24]
