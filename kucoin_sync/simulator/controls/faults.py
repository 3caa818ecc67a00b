"""
Every fault there is, as a method of the simulator.

From the command line and over HTTP they have the same names and arguments. Armed faults wait for their moment;
``count`` is how often they strike (``None``: until `FaultControls.clear_faults`), ``probability`` how likely where
they fit, drawn from the simulator's ``fault_seed``. ``op`` is an operation such as ``"spot.order"``; ``system`` is
a kind of connections, ``"v1"`` (classic streams), ``"pro_v2"`` (Pro streams) and ``"ws_api"`` (orders) of KuCoin,
``"public"``, ``"private"`` and ``"business"`` of OKX, or ``"all"``; ``path`` is a part of the
path of a call over HTTP. A ``patch`` is a JSON merge patch (RFC 7396): its keys replace, ``None`` takes a key away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from ..faults.armed import ArmedFault, FaultLogEntry
from ..peer import Peer
from ..venue import Refusal
from .control import Controlled, control, query

__all__ = ["FaultControls"]

MAX_SECONDS = 3600.0


class FaultControls(Controlled):
    """The part of `Simulator` that breaks things; immediate faults return how many connections they met."""

    # Replies of operations.

    @control
    def drop_ack(self, count: int | None = 1, op: str | None = None, *, probability: float = 1.0) -> None:
        """Execute the next ``count`` operations but never send their replies."""
        self._venue.faults.arm("drop_ack", count, probability, match={"op": op})

    @control
    def late_ack(
        self, seconds: float, count: int | None = 1, op: str | None = None, *, probability: float = 1.0
    ) -> None:
        """Execute the next ``count`` operations and send their replies ``seconds`` later."""
        self._venue.faults.arm("late_ack", count, probability, match={"op": op}, seconds=_checked_seconds(seconds))

    @control
    def dup_ack(
        self,
        count: int | None = 1,
        op: str | None = None,
        patch: Mapping[str, Any] | None = None,
        *,
        probability: float = 1.0,
    ) -> None:
        """Send the next ``count`` replies twice, the second one changed by ``patch``."""
        self._venue.faults.arm("dup_ack", count, probability, match={"op": op}, patch=patch or {})

    @control
    def swap_acks(self, count: int | None = 1, op: str | None = None, *, probability: float = 1.0) -> None:
        """Keep a reply until the next one was sent, ``count`` times."""
        self._venue.faults.arm("swap_acks", count, probability, match={"op": op})

    @control
    def edit_ack(
        self, patch: Mapping[str, Any], count: int | None = 1, op: str | None = None, *, probability: float = 1.0
    ) -> None:
        """Change the next ``count`` replies: ``{"op": "spot.cancel"}``, ``{"data": {"orderId": None}}``."""
        self._venue.faults.arm("edit_ack", count, probability, match={"op": op}, patch=patch)

    @control
    def edit_batch(
        self,
        drop: int = 0,
        reverse: bool = False,
        count: int | None = 1,
        op: str | None = None,
        *,
        probability: float = 1.0,
    ) -> None:
        """Leave the last ``drop`` items out of the next ``count`` batch replies, or turn their order round."""
        if not isinstance(drop, int) or drop < 0:
            raise ValueError("drop must be a whole number from 0")
        self._venue.faults.arm("edit_batch", count, probability, match={"op": op}, drop=drop, reverse=bool(reverse))

    @control
    def ack_then_cut(self, count: int | None = 1, op: str | None = None, *, probability: float = 1.0) -> None:
        """Send the next ``count`` replies and end the connection (FIN) right behind them."""
        self._venue.faults.arm("ack_then_cut", count, probability, match={"op": op})

    @control
    def cut_instead_of_ack(self, count: int | None = 1, op: str | None = None, *, probability: float = 1.0) -> None:
        """Execute the next ``count`` operations and reset the connection instead of replying."""
        self._venue.faults.arm("cut_instead_of_ack", count, probability, match={"op": op})

    @control
    def cut_before_execution(self, count: int | None = 1, op: str | None = None, *, probability: float = 1.0) -> None:
        """Reset the connection when the next ``count`` operations arrive, without executing them."""
        self._venue.faults.arm("cut_before_execution", count, probability, match={"op": op})

    @control
    def cut_then_execute(
        self, seconds: float = 0.0, count: int | None = 1, op: str | None = None, *, probability: float = 1.0
    ) -> None:
        """Reset the connection when the next ``count`` operations arrive, and execute them ``seconds`` later."""
        seconds = _checked_seconds(seconds)
        self._venue.faults.arm("cut_then_execute", count, probability, match={"op": op}, seconds=seconds)

    @control
    def late_execution(
        self, seconds: float, count: int | None = 1, op: str | None = None, *, probability: float = 1.0
    ) -> None:
        """Let the next ``count`` operations lie for ``seconds`` before they are executed and answered."""
        seconds = _checked_seconds(seconds)
        self._venue.faults.arm("late_execution", count, probability, match={"op": op}, seconds=seconds)

    @control
    def refuse_order(
        self,
        code: str | None = None,
        msg: str | None = None,
        count: int | None = 1,
        op: str | None = None,
        executed: bool = False,
        *,
        probability: float = 1.0,
    ) -> None:
        """Answer the next ``count`` operations with an error, by default a time-out, ``executed`` or not."""
        code, msg = _refusal(code, msg, self._venue.order_timeout)
        self._venue.faults.arm(
            "refuse_order", count, probability, match={"op": op}, code=code, msg=msg, executed=bool(executed)
        )

    @control
    def hold_acks(self, op: str | None = None) -> None:
        """Execute operations from now on but keep their replies (of ``op`` only, if given)."""
        self._venue.faults.armed.note("hold_acks", {"op": op})
        self._venue.faults.acks.hold(op)

    @control
    def release_acks(self) -> int:
        """Send the held replies and hold no more; return how many there were."""
        count = self._venue.faults.acks.release()
        self._venue.faults.armed.note("release_acks", {"count": count})
        return count

    @query
    def held_acks(self) -> int:
        """Return how many replies are being held."""
        return self._venue.faults.acks.held_count

    @control
    def error_without_id(self, code: str | None = None, msg: str | None = None) -> int:
        """Send an error frame that names no request on every connection that takes orders."""
        venue = self._venue
        code, text = _refusal(code, msg, venue.internal_error)
        return sum(
            self._each("error_without_id", system, lambda peer: venue.send_order_error(peer, code, text), code=code)
            for system in venue.order_systems
        )

    # Private events and look-ups.

    @control
    def events_first(self, on: bool = True) -> None:
        """Send private events before the reply of the operation that causes them (or after it, with ``on=False``)."""
        self._venue.faults.armed.note("events_first", {"on": on})
        self._venue.faults.events.is_first = bool(on)

    @control
    def hold_events(self) -> None:
        """Keep all private events of orders, balances and positions from now on."""
        self._venue.faults.armed.note("hold_events", {})
        self._venue.faults.events.is_kept = True

    @control
    def release_events(self) -> int:
        """Send the kept private events and keep no more; return how many there were."""
        count = self._venue.faults.events.release()
        self._venue.faults.armed.note("release_events", {"count": count})
        return count

    @control
    def lists_by_end(self, on: bool = True) -> None:
        """Let the bounds of lists of done spot and margin orders mean when an order ended, not when it was made."""
        self._venue.faults.armed.note("lists_by_end", {"on": on})
        self._venue.faults.lists_by_end = bool(on)

    @control
    def lookup_lag(self, seconds: float) -> None:
        """Let look-ups by id not find an order for ``seconds`` after it was placed."""
        self._venue.faults.armed.note("lookup_lag", {"seconds": seconds})
        self._venue.faults.lookup_lag_ns = round(_checked_seconds(seconds) * 1_000_000_000)

    # Opening a connection.

    @control
    def refuse_upgrade(
        self,
        status: int = 503,
        count: int | None = 1,
        system: str = "all",
        retry_after: float | None = None,
        location: str | None = None,
        *,
        probability: float = 1.0,
    ) -> None:
        """Answer the next ``count`` openings with an HTTP status instead of 101, with these headers."""
        match = {"system": self._venue.checked_system(system)}
        facts = {"status": _checked_status(status), "retry_after": retry_after, "location": location}
        self._venue.faults.arm("refuse_upgrade", count, probability, match=match, **facts)

    @control
    def cut_before_welcome(
        self, count: int | None = 1, system: str = "all", reset: bool = False, *, probability: float = 1.0
    ) -> None:
        """End the next ``count`` connections after the WebSocket handshake, before anything else."""
        match = {"system": self._venue.checked_system(system)}
        self._venue.faults.arm("cut_before_welcome", count, probability, match=match, reset=bool(reset))

    @control
    def no_welcome(self, count: int | None = 1, system: str = "all", *, probability: float = 1.0) -> None:
        """Keep the welcome of the next ``count`` connections back for ever."""
        self._venue.faults.arm("no_welcome", count, probability, match={"system": self._venue.checked_system(system)})

    @control
    def late_welcome(
        self, seconds: float, count: int | None = 1, system: str = "all", *, probability: float = 1.0
    ) -> None:
        """Send the welcome of the next ``count`` connections ``seconds`` late."""
        match, seconds = {"system": self._venue.checked_system(system)}, _checked_seconds(seconds)
        self._venue.faults.arm("late_welcome", count, probability, match=match, seconds=seconds)

    @control
    def dup_welcome(self, count: int | None = 1, system: str = "all", *, probability: float = 1.0) -> None:
        """Send the welcome of the next ``count`` connections twice."""
        self._venue.faults.arm("dup_welcome", count, probability, match={"system": self._venue.checked_system(system)})

    @control
    def close_after_welcome(
        self,
        code: int = 1000,
        count: int | None = 1,
        system: str = "all",
        reason: str = "Bye",
        *,
        probability: float = 1.0,
    ) -> None:
        """Send a close frame right behind the welcome of the next ``count`` connections."""
        match, code = {"system": self._venue.checked_system(system)}, _checked_close_code(code)
        self._venue.faults.arm("close_after_welcome", count, probability, match=match, code=code, reason=reason)

    # The life of a connection.

    @control
    def cut(self, system: str = "all", reset: bool = True) -> int:
        """End TCP connections without a close frame, by RST or else by FIN; return how many."""
        return self._each("cut", system, lambda peer: peer.cut(reset=reset), reset=reset)

    @control
    def close(self, code: int = 1000, reason: str = "Bye", system: str = "all") -> int:
        """Send a WebSocket close frame; return how many connections got it. It does not end the simulator."""
        code = _checked_close_code(code)
        return self._each("close", system, lambda peer: peer.close(code, reason), code=code, reason=reason)

    @control
    def silence(self, system: str = "all", on: bool = True) -> int:
        """Read on, but send nothing more on the existing connections (or again, with ``on=False``)."""

        def switch(peer: Peer) -> None:
            peer.is_silent = on

        return self._each("silence", system, switch, on=on)

    @control
    def stop_reading(self, system: str = "all", on: bool = True) -> int:
        """Read nothing more from the existing connections, so that their clients' sends back up (or read again)."""
        return self._each("stop_reading", system, lambda peer: peer.stop_reading(on), on=on)

    @control
    def no_pong(self, count: int | None = 1, system: str = "all", *, probability: float = 1.0) -> None:
        """Leave the next ``count`` pings unanswered."""
        self._venue.faults.arm("no_pong", count, probability, match={"system": self._venue.checked_system(system)})

    @control
    def bad_frame(self, payload: str | bytes, system: str = "all", raw: bool = False) -> int:
        """Send a frame of the usual kind with this payload, or with ``raw`` these bytes outside any frame."""
        data = payload.encode() if isinstance(payload, str) else bytes(payload)

        def send(peer: Peer) -> None:
            if raw:
                peer.send_raw(data)
            else:
                peer.send_frame(peer.opcode, data)

        return self._each("bad_frame", system, send, raw=raw)

    @control
    def service_notice(self, seconds: float = 60.0, system: str = "all", code: int = 4006, reason: str = "") -> int:
        """Announce the end of the connections, and close them ``seconds`` later (OKX); return how many."""
        seconds, code = _checked_seconds(seconds), _checked_close_code(code)

        def announce(peer: Peer) -> None:
            self._venue.announce_end(peer)
            asyncio.get_running_loop().call_later(seconds, peer.close, code, reason)

        return self._each("service_notice", system, announce, seconds=seconds, code=code)

    # Subscriptions and messages.

    @control
    def reject_topic(
        self,
        topic: str,
        code: int | None = None,
        text: str | None = None,
        count: int | None = 1,
        *,
        probability: float = 1.0,
    ) -> None:
        """Refuse the next ``count`` subscribe commands that contain ``topic`` (single or as sent)."""
        usual_code, usual_text = self._venue.no_such_topic
        facts = {"code": usual_code if code is None else int(code), "text": usual_text if text is None else str(text)}
        self._venue.faults.arm("reject_topic", count, probability, match={"topic": topic}, **facts)

    @control
    def drop_subscribe_ack(self, count: int | None = 1, *, probability: float = 1.0) -> None:
        """Perform the next ``count`` subscribe or unsubscribe commands without acknowledging them."""
        self._venue.faults.arm("drop_subscribe_ack", count, probability)

    @control
    def late_subscribe_ack(self, count: int | None = 1, *, probability: float = 1.0) -> None:
        """Send the first message of the next ``count`` subscriptions before their acknowledgement (OKX)."""
        self._venue.faults.arm("late_subscribe_ack", count, probability)

    @control
    def late_unsubscribe(self, seconds: float, count: int | None = 1, *, probability: float = 1.0) -> None:
        """Send messages for ``seconds`` more after the next ``count`` unsubscriptions were acknowledged (OKX)."""
        self._venue.faults.arm("late_unsubscribe", count, probability, seconds=_checked_seconds(seconds))

    @control
    def reset_books(self, symbol: str) -> int:
        """Begin the count of a book's changes anew, as maintenance does (OKX); return how many read it."""
        self._venue.faults.armed.note("reset_books", {"symbol": symbol})
        return self._venue.reset_books(symbol)

    @control
    def drop_push(self, count: int | None = 1, topic: str | None = None, *, probability: float = 1.0) -> None:
        """Send the next ``count`` messages (of a single topic, if given) to nobody, so that sequences have gaps."""
        self._venue.faults.arm("drop_push", count, probability, match={"topic": topic})

    @control
    def dup_push(self, count: int | None = 1, topic: str | None = None, *, probability: float = 1.0) -> None:
        """Send the next ``count`` messages twice."""
        self._venue.faults.arm("dup_push", count, probability, match={"topic": topic})

    @control
    def swap_pushes(self, count: int | None = 1, topic: str | None = None, *, probability: float = 1.0) -> None:
        """Keep a message until the next one of its topic was sent, ``count`` times."""
        self._venue.faults.arm("swap_pushes", count, probability, match={"topic": topic})

    @control
    def hold_pushes(self, topic: str) -> None:
        """Keep the messages of a single topic from now on."""
        self._venue.faults.armed.note("hold_pushes", {"topic": topic})
        self._venue.faults.pushes.hold(topic)

    @control
    def release_pushes(self) -> int:
        """Send the kept messages in their order and keep no more; return how many there were."""
        count = self._venue.faults.pushes.release()
        self._venue.faults.armed.note("release_pushes", {"count": count})
        return count

    @control
    def hold_snapshots(self) -> None:
        """Keep back the first order book after a Pro or OKX subscription from now on; what follows is sent at once."""
        self._venue.faults.armed.note("hold_snapshots", {})
        self._venue.faults.pushes.hold_snapshots()

    @control
    def release_snapshots(self) -> int:
        """Send the held first order books, as they are by now, and hold no more; return how many there were."""
        count = self._venue.faults.pushes.release_snapshots()
        self._venue.faults.armed.note("release_snapshots", {"count": count})
        return count

    # Calls over HTTP, those for tokens among them.

    @control
    def refuse_rest(
        self,
        path: str | None = None,
        code: str | None = None,
        msg: str | None = None,
        status: int = 200,
        count: int | None = 1,
        retry_after: float | None = None,
        *,
        probability: float = 1.0,
    ) -> None:
        """Answer the next ``count`` calls with an error of the exchange; they are not performed."""
        code, msg = _refusal(code, msg, self._venue.internal_error)
        facts = {"code": code, "msg": msg, "status": _checked_status(status), "retry_after": retry_after}
        self._venue.faults.arm("refuse_rest", count, probability, match={"path": path}, **facts)

    @control
    def answer_rest(
        self,
        path: str | None = None,
        text: str | None = None,
        status: int = 200,
        content_type: str = "text/html",
        count: int | None = 1,
        *,
        probability: float = 1.0,
    ) -> None:
        """Answer the next ``count`` calls with this text, by default the web page of a gateway."""
        facts = {"text": text, "status": _checked_status(status), "content_type": content_type}
        self._venue.faults.arm("answer_rest", count, probability, match={"path": path}, **facts)

    @control
    def cut_rest(
        self,
        path: str | None = None,
        executed: bool = False,
        count: int | None = 1,
        *,
        probability: float = 1.0,
    ) -> None:
        """End the connection instead of answering the next ``count`` calls, having performed them or not."""
        match = {"path": path, "executed": bool(executed)}
        self._venue.faults.arm("cut_rest", count, probability, match=match)

    @control
    def edit_rest(
        self,
        path: str | None,
        patch: Mapping[str, Any],
        count: int | None = 1,
        *,
        probability: float = 1.0,
    ) -> None:
        """Change the next ``count`` answers: ``edit_rest("/bullet-", {"data": {"instanceServers": []}})``."""
        self._venue.faults.arm("edit_rest", count, probability, match={"path": path}, patch=patch)

    @control
    def freeze_rest(self, path: str, count: int = 1) -> None:
        """Repeat the next answer to a call of ``path`` for the ``count`` calls after it, as of an old book."""
        if not isinstance(count, int) or count < 1:
            raise ValueError("count must be a positive integer")
        self._venue.faults.armed.note("freeze_rest", {"path": path, "count": count})
        self._venue.faults.rest.freeze(path, count)

    # All of them.

    @control
    def clock_skew(self, ms: int) -> None:
        """Let the server's clock run ahead by ``ms`` milliseconds (behind, if negative)."""
        self._venue.faults.armed.note("clock_skew", {"ms": ms})
        self._venue.faults.skew_ns = int(ms) * 1_000_000

    @control
    def clear_faults(self) -> None:
        """Disarm everything, forget held replies, send what else is held, end silence, skew and lag."""
        venue = self._venue
        venue.faults.armed.note("clear_faults", {})
        venue.faults.clear()
        for peer in venue.peers("all"):
            peer.is_silent = False
            peer.stop_reading(False)

    @query
    def fault_log(self) -> list[FaultLogEntry]:
        """Return the faults ordered and the armed ones that struck, oldest first."""
        return list(self._venue.faults.armed.log)

    @query
    def faults_in_force(self) -> list[ArmedFault]:
        """Return the faults that wait or last."""
        lines = {"silence": 0, "stop_reading": 0}
        for peer in self._venue.peers("all"):
            lines["silence"] += peer.is_silent
            lines["stop_reading"] += not peer.is_reading
        on_lines = [ArmedFault(name, None, 1.0, {"connections": number}) for name, number in lines.items() if number]
        return self._venue.faults.in_force() + on_lines

    def _each(self, name: str, system: str, act: Callable[[Peer], None], **details: Any) -> int:
        peers = self._venue.peers(self._venue.checked_system(system))
        self._venue.faults.armed.note(name, {"system": system, "connections": len(peers), **details})
        for peer in peers:
            act(peer)
        return len(peers)


def _refusal(code: str | None, msg: str | None, usual: Refusal) -> Refusal:
    """Return code and text as given, or as usual."""
    return usual[0] if code is None else str(code), usual[1] if msg is None else str(msg)


def _checked_seconds(seconds: float) -> float:
    if not 0 <= seconds <= MAX_SECONDS:
        raise ValueError(f"seconds must be from 0 to {MAX_SECONDS:g}")
    return float(seconds)


def _checked_status(status: int) -> int:
    if not 200 <= status <= 599:
        raise ValueError("status must be an HTTP status from 200 to 599")
    return int(status)


def _checked_close_code(code: int) -> int:
    if not 1000 <= code <= 4999:
        raise ValueError("code must be a WebSocket close code from 1000 to 4999")
    return int(code)
