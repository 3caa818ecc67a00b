"""
What an order command tells of how its request ended, and with which exit code.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from kucoin_sync.cli.console import Output
from kucoin_sync.errors import NotSent, OutcomeUnknown, Rejected, RequestError
from kucoin_sync.events import OrderAck
from kucoin_sync.fates import Absent, Accepted, BatchFate, Fate, OrderState

__all__ = ["ABSENT", "ACCEPTED", "NOT_SENT", "REJECTED", "UNKNOWN", "Teller"]

ACCEPTED = 0
REJECTED = 3
NOT_SENT = 4
UNKNOWN = 5
ABSENT = 6
"""Exit code of an order that was unknown and is most likely not there."""

_WORDS = {Rejected: ("rejected", "✗", "red"), NotSent: ("not_sent", "–", "yellow")}


class Teller:
    """
    Tells the end of one request.

    Args:
        output: Where.
        look_up: Words of the command that looks the order up, as far as they are known before it is sent.
    """

    def __init__(self, output: Output, look_up: Sequence[str]) -> None:
        self._output = output
        self._look_up = shlex.join(["kucoin-sync", "order", "show", *look_up])

    def ack(self, ack: OrderAck) -> int:
        """Tell that the exchange took it."""
        if self._output.as_json:
            self._json("accepted", ack, latency=ack.latency, test=ack.test, no_effect=ack.no_effect, text="")
            return ACCEPTED
        text = "accepted: the exchange took it, which does not mean that it was filled"
        if any(word in ack.op for word in ("cancel", "modify", "amend")):
            text = "accepted: the exchange took it; a look-up tells when it is done"
        if ack.test:
            text = "accepted as a test: the exchange would take it; nothing was placed"
        elif ack.no_effect:
            text = "accepted without effect: the order was done, or being cancelled, already"
        self._output.say(f"{ack.op} {text}", "green", mark="✓")
        left = None if ack.rate_limit is None else f"{ack.rate_limit.remaining} of {ack.rate_limit.limit}"
        facts: dict[str, Any] = {"orderId": ack.order_id, "clientOid": ack.client_oid}
        if ack.result is not None:
            facts |= {"status": ack.result.status, "filled": ack.result.deal_size}
        self._output.facts({**facts, "reply after": f"{ack.latency * 1000:.1f} ms", "request limit left": left})
        return ACCEPTED

    def error(self, error: RequestError) -> int:
        """Tell why there is no ack, in the error's own words."""
        if isinstance(error, OutcomeUnknown):
            return self._unknown(error)
        kind = Rejected if isinstance(error, Rejected) else NotSent
        word, mark, style = _WORDS[kind]
        if self._output.as_json:
            self._json(word, error, code=getattr(error, "code", None), text=str(error))
        else:
            self._output.say(str(error), style, mark=mark)
        return REJECTED if kind is Rejected else NOT_SENT

    def not_sent(self, why: str) -> int:
        """Tell that nothing was sent, because it did not come to that."""
        if self._output.as_json:
            self._output.json({"outcome": "not_sent", "text": why})
        else:
            self._output.say(f"not sent: {why}", "yellow", mark="–")
        return NOT_SENT

    def interrupted(self) -> int:
        """Tell of a Ctrl-C in the middle of which nobody knows how far the request was."""
        text = "interrupted, and it is not known how far the request had come; do not repeat it before you have looked"
        if self._output.as_json:
            self._output.json({"outcome": "unknown", "reason": "interrupted", "text": text, "look_up": self._look_up})
        else:
            self._output.say(text, "yellow", mark="?")
            self._advise()
        return UNKNOWN

    def _unknown(self, error: OutcomeUnknown) -> int:
        if self._output.as_json:
            self._json("unknown", error, reason=error.reason, text=str(error), look_up=self._look_up)
        else:
            self._output.say(str(error), "yellow", mark="?")
            self._advise()
        return UNKNOWN

    def _advise(self) -> None:
        self._output.say("It may have happened or not. Do not send it again; look it up:", mark=" ")
        self._output.command(self._look_up)
        text = "Look-ups lag: 'not found' means little in the first seconds. With --reconcile 30 it is waited out."
        self._output.say(text, "bright_black", mark=" ")

    def fate(self, fate: Fate | BatchFate) -> int:
        """Tell what was found out about an unknown one."""
        word = type(fate).__name__.lower()
        order = getattr(fate, "order", None)
        if self._output.as_json:
            found = None if order is None else order_facts(order)
            self._output.json({"outcome": word, "reconciled": True, "text": str(fate), "order": found})
        elif isinstance(fate, Accepted):
            self._output.say(f"found out: {fate}", "green", mark="✓")
        elif isinstance(fate, Absent):
            self._output.say(f"found out: {fate}; it did not happen", "red", mark="✗")
        else:
            self._output.say(str(fate), "yellow", mark="?")
            self._advise()
        if order is not None and not self._output.as_json:
            self._output.facts(order_facts(order))
        return ACCEPTED if isinstance(fate, Accepted) else ABSENT if isinstance(fate, Absent) else UNKNOWN

    def _json(self, outcome: str, what: OrderAck | RequestError, **more: Any) -> None:
        limit = getattr(what, "rate_limit", None)
        self._output.json(
            {
                "outcome": outcome,
                "op": what.op,
                "order_id": what.order_id,
                "client_oid": what.client_oid,
                "rate_limit_remaining": None if limit is None else limit.remaining,
                **more,
            }
        )


def order_facts(order: OrderState) -> dict[str, Any]:
    """Return what is known of an order, by name."""
    return {
        "status": order.status,
        "symbol": order.symbol,
        "side": order.side,
        "type": order.type,
        "price": order.price,
        "size": order.size,
        "filled": order.filled_size,
        "orderId": order.order_id,
        "clientOid": order.client_oid,
    }
