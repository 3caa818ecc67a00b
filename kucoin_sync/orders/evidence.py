"""
What something that came in by itself says about an order: a private order event, or the outcome of a late reply. Pure.
"""

from __future__ import annotations

from typing import Any

from kucoin_sync.errors import Rejected
from kucoin_sync.events import OrderAck
from kucoin_sync.fates import Absent, Accepted, OrderState
from kucoin_sync.orders.lookup import Question
from kucoin_sync.orders.operation import OperationKind

__all__ = ["fate_of_event", "fate_of_outcome"]

CLOCK_SLACK_MS = 1000
"""An order that was created this much before its call began is still taken for its order: clocks are not that exact."""


def fate_of_event(question: Question, state: OrderState) -> Accepted | None:
    """
    Say what an order event means for an order call.

    Args:
        question: About the call.
        state: The order as the event shows it.

    Returns:
        ``None`` if it says nothing about it. Of a modification events say nothing: an order that is cancelled, and
        another one under the same client order id, may be two halves of it or none.
    """
    if state.symbol != question.symbol and question.symbol is not None:
        return None
    kind = question.operation.kind
    if kind is OperationKind.PLACE:
        ours = question.client_oid is not None and state.client_oid == question.client_oid
        if ours and (state.created_ms is None or state.created_ms >= question.since_ms - CLOCK_SLACK_MS):
            return Accepted(state, "event", order_id=state.order_id)
    elif kind is OperationKind.CANCEL and not state.is_live:
        by_id = question.order_id is not None and state.order_id == question.order_id
        by_client = question.client_oid is not None and state.client_oid == question.client_oid
        if by_id or by_client:
            return Accepted(state, "event", no_effect=state.status == "filled", order_id=state.order_id)
    return None


def fate_of_outcome(outcome: Any) -> Accepted | Absent | None:
    """Say what the outcome that a late reply amounts to means for the order; ``None`` if it is still unknown."""
    if isinstance(outcome, OrderAck):
        return Accepted(outcome.order, "reply", no_effect=outcome.no_effect, order_id=outcome.order_id)
    if isinstance(outcome, Rejected):
        return Absent("certain", "reply", refusal=f"{outcome.code} {outcome.msg}")
    return None
