"""
One log record for each request that ended, with its facts as fields of the record.

An accepted one is logged at DEBUG and the others at INFO: their calls raise, so nobody needs a log to notice.
"""

from __future__ import annotations

import logging
from typing import Any

from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import NotSent, Rejected, RequestError
from kucoin_sync.events import BatchResult, OrderAck, Pong

__all__ = ["log_outcome", "outcome_logger"]

outcome_logger = logging.getLogger("kucoin_sync.orders")


def log_outcome(request: PendingRequest, outcome: Any, *, ws_key: str) -> None:
    """
    Log how a request ended.

    Args:
        request: It.
        outcome: What its call returns or raises.
        ws_key: Name of the connection.
    """
    word = _word(outcome)
    level = logging.DEBUG if word == "accepted" else logging.INFO
    if not outcome_logger.isEnabledFor(level):
        return
    failed = isinstance(outcome, RequestError)
    text = str(outcome) if failed else f"{request.op}: {outcome!r}"
    fields = {
        "op": request.op,
        "outcome": word,
        "ws_key": ws_key,
        "request_id": request.id,
        "connection_id": getattr(outcome, "connection_id", None),
        "client_oid": getattr(outcome, "client_oid", None),
        "order_id": getattr(outcome, "order_id", None),
        "code": getattr(outcome, "code", None),
        "elapsed": outcome.elapsed if failed else getattr(outcome, "latency", None),
    }
    outcome_logger.log(level, "%s", text, extra=fields)


def _word(outcome: Any) -> str:
    if isinstance(outcome, BatchResult):
        return "accepted" if outcome.all_accepted else "partly_accepted" if outcome.accepted else "rejected"
    if isinstance(outcome, (OrderAck, Pong)):
        return "accepted"
    if isinstance(outcome, Rejected):
        return "rejected"
    return "not_sent" if isinstance(outcome, NotSent) else "unknown"
