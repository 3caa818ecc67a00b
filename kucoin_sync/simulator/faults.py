"""
Faults on demand: armed ones that wait for their moment, and immediate ones.

`Faults` runs on the simulator's loop. The Python face (`Simulator`) and the HTTP control endpoint both call
it, the latter through the table `Faults.apply` checks names against.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field, frozen

from .classic.private_pushes import PrivatePushes
from .peer import Peer

__all__ = ["SYSTEMS", "FaultLogEntry", "Faults"]

SYSTEMS = ("v1", "pro_v2", "ws_api")

#: Names that may be called over HTTP.
_PUBLIC = frozenset(
    {
        "bad_frame",
        "clear_faults",
        "clock_skew",
        "close",
        "cut",
        "cut_before_execution",
        "cut_instead_of_reply",
        "error_without_id",
        "events_first",
        "hold_events",
        "hold_replies",
        "hold_snapshots",
        "lose_pushes",
        "no_ack",
        "no_welcome",
        "refuse_token",
        "reject_topic",
        "release_events",
        "release_replies",
        "release_snapshots",
        "silence",
        "swallow_replies",
        "token_html",
    }
)


@frozen
class FaultLogEntry:
    """One line of the fault log: a fault that was ordered, or an armed one that struck."""

    at_ns: int
    name: str
    #: ``"ordered"`` or ``"struck"``.
    what: str
    details: Mapping[str, Any]


@define
class _Armed:
    name: str
    left: int
    match: dict[str, Any]
    details: dict[str, Any] = field(factory=dict)


class Faults:
    """
    The faults of one simulator.

    Args:
        peers: Gives the open connections of a system (``"all"`` for every one).
        now_ns: Clock for the log.
        send_error: Sends a WS API error frame without id to a connection.
        pushes: Where private pushes wait for their turn.
    """

    def __init__(
        self,
        *,
        peers: Callable[[str], list[Peer]],
        now_ns: Callable[[], int],
        send_error: Callable[[Peer, str, str], None],
        pushes: PrivatePushes,
    ) -> None:
        self._peers = peers
        self._now_ns = now_ns
        self._send_error = send_error
        self._pushes = pushes
        self._armed: list[_Armed] = []
        self._held_ops: set[str] | None = set()
        self._held: list[tuple[str, Callable[[], None]]] = []
        self._holds_snapshots = False
        self._held_snapshots: dict[tuple[str, str], Callable[[], None]] = {}
        self.skew_ns = 0
        self.log: deque[FaultLogEntry] = deque(maxlen=10_000)

    # Armed faults.

    def swallow_replies(self, count: int = 1, op: str | None = None) -> None:
        """Execute the next ``count`` operations but never send their replies."""
        self._arm("swallow_replies", count, op=op)

    def cut_instead_of_reply(self, count: int = 1, op: str | None = None) -> None:
        """Execute the next ``count`` operations and reset the connection instead of replying."""
        self._arm("cut_instead_of_reply", count, op=op)

    def cut_before_execution(self, count: int = 1, op: str | None = None) -> None:
        """Reset the connection when the next ``count`` operations arrive, without executing them."""
        self._arm("cut_before_execution", count, op=op)

    def no_welcome(self, count: int = 1, system: str = "all") -> None:
        """Keep the welcome of the next ``count`` connections back for ever."""
        self._arm("no_welcome", count, system=_system(system))

    def no_ack(self, count: int = 1) -> None:
        """Perform the next ``count`` subscribe or unsubscribe commands without acknowledging them."""
        self._arm("no_ack", count)

    def refuse_token(
        self, code: str = "400003", msg: str = "KC-API-KEY not exists.", count: int = 1, status: int = 200
    ) -> None:
        """Answer the next ``count`` token calls with an error."""
        if not 200 <= status <= 599:
            raise ValueError("status must be an HTTP status from 200 to 599")
        self._arm("refuse_token", count, details={"code": str(code), "msg": str(msg), "status": status})

    def token_html(self, count: int = 1) -> None:
        """Answer the next ``count`` token calls with an HTML page and status 200."""
        self._arm("token_html", count)

    def reject_topic(self, topic: str, code: int = 404, text: str = "topic does not exist", count: int = 1) -> None:
        """Refuse the next ``count`` subscribe commands that contain ``topic`` (single or as sent)."""
        self._arm("reject_topic", count, topic=topic, details={"code": int(code), "text": str(text)})

    def lose_pushes(self, count: int = 1, topic: str | None = None) -> None:
        """Send the next ``count`` messages (of a single topic, if given) to nobody, so that sequences have gaps."""
        self._arm("lose_pushes", count, topic=topic)

    def take(self, name: str, **facts: Any) -> Mapping[str, Any] | None:
        """
        Use up one armed fault, if one of that name fits.

        Args:
            name: Kind of fault.
            facts: What is happening; a fault armed with ``None`` or ``"all"`` fits everything.

        Returns:
            The fault's details, or ``None`` if nothing is armed.
        """
        for armed in self._armed:
            if armed.name != name or not all(_fits(armed.match[key], facts.get(key)) for key in armed.match):
                continue
            armed.left -= 1
            if armed.left <= 0:
                self._armed.remove(armed)
            self._note(name, "struck", {k: v for k, v in facts.items() if isinstance(v, str)})
            return armed.details
        return None

    # Held replies.

    def hold_replies(self, op: str | None = None) -> None:
        """Execute operations from now on but keep their replies (of ``op`` only, if given)."""
        self._note("hold_replies", "ordered", {"op": op})
        if op is None:
            self._held_ops = None
        elif self._held_ops is not None:
            self._held_ops.add(op)

    def release_replies(self) -> int:
        """Send all held replies to the connections that still exist, and hold no more; return how many."""
        self._held_ops = set()
        held, self._held = self._held, []
        self._note("release_replies", "ordered", {"count": len(held)})
        for _, send in held:
            send()
        return len(held)

    def hold(self, op: str, send: Callable[[], None]) -> bool:
        """Keep a reply if replies of ``op`` are being held; return whether it was kept."""
        if self._held_ops is not None and op not in self._held_ops:
            return False
        self._held.append((op, send))
        return True

    @property
    def held_count(self) -> int:
        """Replies now being held."""
        return len(self._held)

    # Held snapshots.

    def hold_snapshots(self) -> None:
        """Keep back the first snapshot after a subscription from now on; what follows it is sent at once."""
        self._note("hold_snapshots", "ordered", {})
        self._holds_snapshots = True

    def release_snapshots(self) -> int:
        """Send all held snapshots, as the books are by now, and hold no more; return how many."""
        self._holds_snapshots = False
        held, self._held_snapshots = self._held_snapshots, {}
        self._note("release_snapshots", "ordered", {"count": len(held)})
        for send in held.values():
            send()
        return len(held)

    def hold_snapshot(self, peer: Peer, topic: str, send: Callable[[], None]) -> bool:
        """Keep the snapshot of a topic for a connection if they are being held; return whether it was kept."""
        if self._holds_snapshots:
            self._held_snapshots[peer.id, topic] = send
        return self._holds_snapshots

    # Private events.

    def events_first(self, on: bool = True) -> None:
        """Send private events before the reply of the operation that causes them (or after it, with ``on=False``)."""
        self._note("events_first", "ordered", {"on": on})
        self._pushes.is_first = bool(on)

    def hold_events(self) -> None:
        """Keep all private events of orders, balances and positions from now on."""
        self._note("hold_events", "ordered", {})
        self._pushes.is_kept = True

    def release_events(self) -> int:
        """Send the kept private events and keep no more; return how many there were."""
        count = self._pushes.release()
        self._note("release_events", "ordered", {"count": count})
        return count

    # Immediate faults.

    def cut(self, system: str = "all", reset: bool = True) -> int:
        """End TCP connections without a close frame, by RST or else by FIN; return how many."""
        return self._each("cut", system, lambda peer: peer.cut(reset=reset), reset=reset)

    def close(self, code: int = 1000, reason: str = "Bye", system: str = "all") -> int:
        """Send a WebSocket close frame; return how many connections got it."""
        return self._each("close", system, lambda peer: peer.close(code, reason), code=code, reason=reason)

    def silence(self, system: str = "all", on: bool = True) -> int:
        """Send nothing more on the existing connections (or again, with ``on=False``)."""

        def switch(peer: Peer) -> None:
            peer.is_silent = on

        return self._each("silence", system, switch, on=on)

    def bad_frame(self, payload: str | bytes, system: str = "all", raw: bool = False) -> int:
        """Send a frame of the usual kind with this payload, or with ``raw`` these bytes outside any frame."""
        data = payload.encode() if isinstance(payload, str) else bytes(payload)

        def send(peer: Peer) -> None:
            if raw:
                peer.send_raw(data)
            else:
                peer.send_frame(peer.opcode, data)

        return self._each("bad_frame", system, send, raw=raw)

    def error_without_id(self, code: str = "500000", msg: str = "Internal Server Error.") -> int:
        """Send an error frame without id and op on every WS API connection."""
        return self._each(
            "error_without_id", "ws_api", lambda peer: self._send_error(peer, code, msg), code=code, msg=msg
        )

    def clock_skew(self, ms: int) -> None:
        """Let the server's clock run ahead by ``ms`` milliseconds (behind, if negative)."""
        self._note("clock_skew", "ordered", {"ms": ms})
        self.skew_ns = int(ms) * 1_000_000

    def clear_faults(self) -> None:
        """Disarm everything, forget held replies, send kept events, end silence and skew."""
        self._note("clear_faults", "ordered", {})
        self._armed.clear()
        self._held_ops, self._held = set(), []
        self._pushes.is_first = False
        self._pushes.release()
        self._holds_snapshots, self._held_snapshots = False, {}
        self.skew_ns = 0
        for peer in self._peers("all"):
            peer.is_silent = False

    def apply(self, name: object, arguments: Mapping[str, Any]) -> object:
        """
        Call a fault by name, for the control endpoint.

        Raises:
            ValueError: Unknown name or wrong arguments.
        """
        if not isinstance(name, str) or name not in _PUBLIC:
            raise ValueError(f"unknown fault {name!r}; known: {', '.join(sorted(_PUBLIC))}")
        try:
            return getattr(self, name)(**arguments)
        except TypeError as error:
            raise ValueError(str(error)) from error

    def armed(self) -> list[tuple[str, int]]:
        """Return the names of the waiting faults and how often each will still strike."""
        return [(armed.name, armed.left) for armed in self._armed]

    def _arm(self, name: str, count: int, *, details: dict[str, Any] | None = None, **match: Any) -> None:
        if not isinstance(count, int) or count < 1:
            raise ValueError("count must be a positive integer")
        self._note(name, "ordered", {"count": count, **match, **(details or {})})
        self._armed.append(_Armed(name, count, match, details or {}))

    def _each(self, name: str, system: str, act: Callable[[Peer], None], **details: Any) -> int:
        peers = self._peers(_system(system))
        self._note(name, "ordered", {"system": system, "connections": len(peers), **details})
        for peer in peers:
            act(peer)
        return len(peers)

    def _note(self, name: str, what: str, details: Mapping[str, Any]) -> None:
        self.log.append(FaultLogEntry(self._now_ns(), name, what, dict(details)))


def _system(name: str) -> str:
    if name != "all" and name not in SYSTEMS:
        raise ValueError(f"system must be {', '.join(map(repr, SYSTEMS))} or 'all', not {name!r}")
    return name


def _fits(wanted: Any, fact: Any) -> bool:
    """Compare what a fault was armed for with what is happening; a set of facts fits by membership."""
    if wanted is None or wanted == "all":
        return True
    return wanted in fact if isinstance(fact, frozenset) else bool(wanted == fact)
