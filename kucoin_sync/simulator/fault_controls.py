"""The faults as methods of the simulator, callable from any thread; `faults.Faults` does the work."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TypeVar

from .faults import FaultLogEntry
from .venue import Venue

__all__ = ["FaultControls"]

T = TypeVar("T")


class FaultControls:
    """
    The half of `Simulator` that breaks things.

    Armed faults wait for their moment (``count`` times); immediate ones act on the connections that exist
    and return how many those were. ``system`` is ``"v1"``, ``"pro_v2"``, ``"ws_api"`` or ``"all"``.
    """

    _venue: Venue

    @abstractmethod
    def _call(self, action: Callable[[], T]) -> T:
        """Run ``action`` on the simulator's loop."""

    def cut(self, system: str = "all", reset: bool = True) -> int:
        """End TCP connections without a close frame, by RST or else by FIN; return how many."""
        return self._call(lambda: self._venue.faults.cut(system, reset))

    def close_connections(self, code: int = 1000, reason: str = "Bye", system: str = "all") -> int:
        """Send a WebSocket close frame; return how many connections got it."""
        return self._call(lambda: self._venue.faults.close(code, reason, system))

    #: The same under the short name the control endpoint uses. It does not end the simulator: `stop` does.
    close = close_connections

    def silence(self, system: str = "all", on: bool = True) -> int:
        """Read on, but send nothing more on the existing connections (or again, with ``on=False``)."""
        return self._call(lambda: self._venue.faults.silence(system, on))

    def swallow_replies(self, count: int = 1, op: str | None = None) -> None:
        """Execute the next ``count`` operations but never send their replies."""
        self._call(lambda: self._venue.faults.swallow_replies(count, op))

    def cut_instead_of_reply(self, count: int = 1, op: str | None = None) -> None:
        """Execute the next ``count`` operations and reset the connection instead of replying."""
        self._call(lambda: self._venue.faults.cut_instead_of_reply(count, op))

    def cut_before_execution(self, count: int = 1, op: str | None = None) -> None:
        """Reset the connection when the next ``count`` operations arrive, without executing them."""
        self._call(lambda: self._venue.faults.cut_before_execution(count, op))

    def hold_replies(self, op: str | None = None) -> None:
        """Execute operations from now on but keep their replies (of ``op`` only, if given)."""
        self._call(lambda: self._venue.faults.hold_replies(op))

    def release_replies(self) -> int:
        """Send the held replies and hold no more; return how many there were."""
        return self._call(self._venue.faults.release_replies)

    def held_replies(self) -> int:
        """Return how many replies are being held."""
        return self._call(lambda: self._venue.faults.held_count)

    def hold_snapshots(self) -> None:
        """Keep back the first snapshot after a Pro subscription from now on; what follows it is sent at once."""
        self._call(self._venue.faults.hold_snapshots)

    def release_snapshots(self) -> int:
        """Send the held snapshots, as the books are by now, and hold no more; return how many there were."""
        return self._call(self._venue.faults.release_snapshots)

    def lose_pushes(self, count: int = 1, topic: str | None = None) -> None:
        """Send the next ``count`` messages (of a single topic, if given) to nobody, so that sequences have gaps."""
        self._call(lambda: self._venue.faults.lose_pushes(count, topic))

    def events_first(self, on: bool = True) -> None:
        """Send private events before the reply of the operation that causes them (or after it, with ``on=False``)."""
        self._call(lambda: self._venue.faults.events_first(on))

    def hold_events(self) -> None:
        """Keep all private events of orders, balances and positions from now on."""
        self._call(self._venue.faults.hold_events)

    def release_events(self) -> int:
        """Send the kept private events and keep no more; return how many there were."""
        return self._call(self._venue.faults.release_events)

    def no_welcome(self, count: int = 1, system: str = "all") -> None:
        """Keep the welcome of the next ``count`` connections back for ever."""
        self._call(lambda: self._venue.faults.no_welcome(count, system))

    def no_ack(self, count: int = 1) -> None:
        """Perform the next ``count`` subscribe or unsubscribe commands without acknowledging them."""
        self._call(lambda: self._venue.faults.no_ack(count))

    def refuse_token(
        self, code: str = "400003", msg: str = "KC-API-KEY not exists.", count: int = 1, status: int = 200
    ) -> None:
        """Answer the next ``count`` token calls with an error."""
        self._call(lambda: self._venue.faults.refuse_token(code, msg, count, status))

    def token_html(self, count: int = 1) -> None:
        """Answer the next ``count`` token calls with an HTML page and status 200."""
        self._call(lambda: self._venue.faults.token_html(count))

    def reject_topic(self, topic: str, code: int = 404, text: str = "topic does not exist", count: int = 1) -> None:
        """Refuse the next ``count`` subscribe commands that contain ``topic`` (single or as sent)."""
        self._call(lambda: self._venue.faults.reject_topic(topic, code, text, count))

    def bad_frame(self, payload: str | bytes, system: str = "all", raw: bool = False) -> int:
        """Send a frame of the usual kind with this payload, or with ``raw`` these bytes outside any frame."""
        return self._call(lambda: self._venue.faults.bad_frame(payload, system, raw))

    def error_without_id(self, code: str = "500000", msg: str = "Internal Server Error.") -> int:
        """Send an error frame without id and op on every order-entry connection."""
        return self._call(lambda: self._venue.faults.error_without_id(code, msg))

    def clock_skew(self, ms: int) -> None:
        """Let the server's clock run ahead by ``ms`` milliseconds (behind, if negative)."""
        self._call(lambda: self._venue.faults.clock_skew(ms))

    def clear_faults(self) -> None:
        """Disarm everything, forget held replies, end silence and skew."""
        self._call(self._venue.faults.clear_faults)

    def fault_log(self) -> list[FaultLogEntry]:
        """Return the faults ordered and the armed ones that struck, oldest first."""
        return self._call(lambda: list(self._venue.faults.log))
