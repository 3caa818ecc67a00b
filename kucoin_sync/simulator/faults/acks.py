"""What can become of the reply to an operation on its way to the client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..json_text import compact, merged
from ..peer import Peer

__all__ = ["AckFaults", "Take"]

MAX_HELD = 100_000


class Take(Protocol):
    """Uses up a waiting fault."""

    def __call__(self, name: str, **facts: Any) -> Mapping[str, Any] | None:
        """See `Faults.take`."""


class AckFaults:
    """
    Loses, delays, repeats, swaps, changes and holds replies.

    Args:
        take: Uses up a waiting fault.
    """

    def __init__(self, take: Take) -> None:
        self._take = take
        #: Operations whose replies are held; ``None`` for all.
        self._held_ops: set[str] | None = set()
        self._held: list[Callable[[], None]] = []
        self._first_of_swap: Callable[[], None] | None = None

    @property
    def is_holding(self) -> bool:
        """Whether replies are held, or one waits for the next to overtake it."""
        return self._held_ops is None or bool(self._held_ops) or self._first_of_swap is not None

    @property
    def held_count(self) -> int:
        """Replies now being held."""
        return len(self._held)

    def states(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what is in force besides armed faults."""
        if self._held_ops == set():
            return []
        ops = "all" if self._held_ops is None else ", ".join(sorted(self._held_ops))
        return [("hold_acks", {"op": ops, "held": len(self._held)})]

    def deliver(self, op: str, peer: Peer, frame: Mapping[str, Any], on_sent: Callable[[], None]) -> None:
        """
        Send a reply, or do with it what was ordered.

        Args:
            op: Its operation.
            peer: The connection that asked.
            frame: The reply.
            on_sent: Called for every reply that was written.
        """
        take = self._take
        edit = take("edit_ack", op=op)
        if edit is not None:
            frame = merged(frame, edit["patch"])
        items = take("edit_batch", op=op)
        if items is not None:
            frame = _with_items(frame, drop=items["drop"], reverse=items["reverse"])
        if take("cut_instead_of_ack", op=op) is not None:
            peer.cut(reset=True)
            return
        if take("drop_ack", op=op) is not None:
            return
        texts = [compact(frame)]
        again = take("dup_ack", op=op)
        if again is not None:
            texts.append(compact(merged(frame, again["patch"])))
        cut = take("ack_then_cut", op=op)

        def send() -> None:
            for text in texts:
                if peer.send_text(text):
                    on_sent()
            if cut is not None:
                # An end after what is queued: the client finds reply and end in one read.
                peer.cut(reset=False)

        late = take("late_ack", op=op)
        if self._is_held(op, send):
            return
        if late is not None:
            asyncio.get_running_loop().call_later(late["seconds"], send)
        elif self._first_of_swap is not None:
            first, self._first_of_swap = self._first_of_swap, None
            send()
            first()
        elif take("swap_acks", op=op) is not None:
            self._first_of_swap = send
        else:
            send()

    def hold(self, op: str | None) -> None:
        """Hold replies (of ``op`` only, if given) from now on."""
        if op is None:
            self._held_ops = None
        elif self._held_ops is not None:
            self._held_ops.add(op)

    def release(self) -> int:
        """Send all held replies to the connections that still exist, and hold no more; return how many."""
        self._held_ops = set()
        held, self._held = self._held, []
        for send in held:
            send()
        return len(held)

    def clear(self) -> None:
        """Hold no more and forget what was held; a reply that waits to be overtaken leaves."""
        self._held_ops, self._held = set(), []
        first, self._first_of_swap = self._first_of_swap, None
        if first is not None:
            first()

    def _is_held(self, op: str, send: Callable[[], None]) -> bool:
        if (self._held_ops is not None and op not in self._held_ops) or len(self._held) >= MAX_HELD:
            return False
        self._held.append(send)
        return True


def _with_items(frame: Mapping[str, Any], *, drop: int, reverse: bool) -> dict[str, Any]:
    """Return a reply whose list of items is shorter or the other way round; one without a list stays as it is."""

    def edited(items: list[Any]) -> list[Any]:
        kept = items[: max(0, len(items) - drop)]
        return kept[::-1] if reverse else kept

    data = frame.get("data")
    if isinstance(data, list):
        return {**frame, "data": edited(data)}
    if isinstance(data, Mapping):
        lists = {key: edited(value) for key, value in data.items() if isinstance(value, list)}
        return {**frame, "data": {**data, **lists}}
    return dict(frame)
