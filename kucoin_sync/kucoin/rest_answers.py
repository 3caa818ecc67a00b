"""
What the answer to a REST call means, or that there was none: the only place where that is decided. Pure.

A read ends with its data or an error that says why not. For a call that changes the account the rules of
`kucoin_sync.orders.outcome` hold: without proof of a yes or of a no its outcome is unknown.

Source: KuCoin docs, Rate limit, and Error codes (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.engine.rest import NoAnswer
from kucoin_sync.errors import (
    AuthError,
    ClosedError,
    ConnectionLost,
    DeadlineExceeded,
    KucoinSyncError,
    RestError,
    UnknownReason,
    shorten,
)
from kucoin_sync.events import RateLimit
from kucoin_sync.kucoin import codes, rest
from kucoin_sync.kucoin.rest_call import HOSTS, RestCall
from kucoin_sync.orders.operation import Operation, OperationKind, Verdict
from kucoin_sync.orders.outcome import conclude
from kucoin_sync.protocol.dialect import HttpAnswer
from kucoin_sync.protocol.json_text import exact_loads, plain_text
from kucoin_sync.protocol.messages import Reply

__all__ = [
    "Doubt",
    "change_failure",
    "closed",
    "code_of",
    "conclude_change",
    "judge_read",
    "odd_data",
    "operation_of",
    "rate_limit",
    "read_failure",
]

Doubt = Callable[[Any], UnknownReason | None]
"""Says of the data of a yes what it leaves open, in a reason of `OutcomeUnknown`; ``None`` is nothing."""

_TWINS: Mapping[tuple[str, str], str] = {
    ("POST", "/api/v1/hf/orders"): "spot.order",
    ("POST", "/api/v1/hf/orders/sync"): "spot.sync_order",
    ("POST", "/api/v1/hf/orders/multi"): "spot.multi_order",
    ("POST", "/api/v1/hf/orders/multi/sync"): "spot.sync_multi_order",
    ("POST", "/api/v1/hf/orders/alter"): "spot.modify",
    ("DELETE", "/api/v1/hf/orders"): "spot.cancel",
    ("POST", "/api/v3/hf/margin/order"): "margin.order",
    ("DELETE", "/api/v3/hf/margin/orders"): "margin.cancel",
    ("POST", "/api/v1/orders"): "futures.order",
    ("POST", "/api/v1/orders/multi"): "futures.multi_order",
    ("DELETE", "/api/v1/orders"): "futures.cancel",
    ("DELETE", "/api/v3/orders"): "futures.cancel",
    ("POST", "/api/ua/v1/unified/order/place"): "uta.order",
    ("POST", "/api/ua/v1/unified/order/cancel"): "uta.cancel",
    ("POST", "/api/ua/v1/unified/order/amend"): "uta.amend",
}
"""The order entry operation whose table of codes applies to a call; a ``DELETE`` may go on with an id."""


def _parse(answer: HttpAnswer) -> Mapping[str, Any] | None:
    """Return the envelope of an answer, ``None`` if it is none."""
    try:
        frame = exact_loads(answer.body.decode())
    except ValueError:
        return None
    if not isinstance(frame, Mapping) or type(frame.get("code")) not in (str, int):
        return None
    return frame


def code_of(answer: HttpAnswer) -> str | None:
    frame = _parse(answer)
    return None if frame is None else str(frame["code"])


def _message(frame: Mapping[str, Any]) -> str:
    text = frame.get("msg")
    return text if isinstance(text, str) and text else "no text"


def judge_read(call: RestCall, answer: HttpAnswer) -> Any:
    """Return the data of an answer to a read; raise what any other answer is."""
    status, frame = answer.status, _parse(answer)
    code = None if frame is None else str(frame["code"])
    if frame is not None and code == codes.SUCCESS and status == 200:
        return frame.get("data")
    text = f"not KuCoin's JSON: {shorten(answer.body)}" if frame is None else _message(frame)
    if code in codes.AUTH_CODES or (frame is None and status in (401, 403)):
        words = " ".join(filter(None, [f"{call.op}:", code and shorten(code, 40), shorten(text)]))
        raise AuthError(words, phase="auth", code=code, status=status)
    passing = status == 429 or status >= 500
    raise RestError(
        text,
        op=call.op,
        code=code,
        status=status,
        retryable=passing or (frame is None and status == 200) or (code is not None and rest.is_passing(code)),
        retry_after=_retry_after(answer) if passing or code == "429000" else None,
    )


def odd_data(op: str, data: Any) -> RestError:
    """Return the error for data of another shape than the call's."""
    return RestError(f"an answer of another shape: {shorten(plain_text(data))}", op=op, status=200, retryable=True)


def read_failure(call: RestCall, failure: NoAnswer) -> KucoinSyncError:
    text = f"{call.op}: {failure.text}"
    if failure.reason == "timeout":
        return DeadlineExceeded(text)
    if failure.reason == "closed":
        return closed(call)
    if failure.reason == "disconnected":
        return ConnectionLost(text)
    return RestError(failure.text, op=call.op, status=failure.status, retryable=True)


def change_failure(call: RestCall, failure: NoAnswer) -> KucoinSyncError | None:
    return None if failure.reason == "timeout" else read_failure(call, failure)


def closed(call: RestCall) -> ClosedError:
    return ClosedError(f"{call.op}: the client was closed")


def conclude_change(call: RestCall, request: PendingRequest, answer: HttpAnswer | None, doubt: Doubt | None) -> Any:
    """
    Say how a call that changes the account ended.

    Args:
        call: It.
        request: Where its sending is recorded, and its failure if there is no answer.
        answer: ``None`` if there is none.
        doubt: Returns what the data of a yes leaves open, or ``None``; without it any data will do.

    Returns:
        The data.

    Raises:
        Rejected, NotSent, OutcomeUnknown: As `kucoin_sync.orders.outcome` has it.
    """
    operation = operation_of(call)
    if answer is not None:
        frame = _parse(answer)
        code = "" if frame is None else str(frame["code"])
        yes = frame is not None and code == codes.SUCCESS and answer.status == 200
        reason: UnknownReason | None = "server_error" if answer.status >= 500 else "unreadable_reply"
        if frame is not None and yes:
            reason = None if doubt is None else doubt(frame.get("data"))
            if reason is None:
                return frame.get("data")
        if frame is None or code == codes.SUCCESS or answer.status >= 500:
            cause = RestError(_sample(frame, answer), op=call.op, status=answer.status)
            request.failure = (str(reason), cause)
        else:
            request.reply = Reply(
                request.id,
                operation.reply_op,
                code,
                _message(frame),
                frame.get("data"),
                None,
                None,
                rate_limit(answer),
                answer.body.decode(),
            )
    raise conclude(request, operation, _RestRules(call), ws_key=HOSTS[call.host], line_alive=False)


def _sample(frame: Mapping[str, Any] | None, answer: HttpAnswer) -> str:
    if frame is None:
        return f"not KuCoin's JSON: {shorten(answer.body)}"
    return f"an answer that proves nothing: {shorten(answer.body)}"


def operation_of(call: RestCall) -> Operation:
    path = call.target.path
    product = "futures" if call.host == "futures" else "margin" if "/margin/" in path else "spot"
    if path.startswith("/api/ua/"):
        product = "uta"
    return Operation(
        name=call.op,
        product=product,
        kind=OperationKind.OTHER,
        reply_op=call.op,
        prove=lambda *_: None,  # never asked: what proves a call is its data, which is returned as it is
        client_oid_key="clientOid",
        order_id_key="orderId",
        symbol_key="symbol",
    )


class _RestRules:
    """Codes of a REST call: those of the order entry operation it is a twin of."""

    def __init__(self, call: RestCall) -> None:
        self._twin = _twin(call)

    def operation(self, name: str) -> Operation:
        return self._twin

    def is_success(self, code: str) -> bool:
        return code == codes.SUCCESS

    def judge(self, operation: Operation, args: Any, code: str, message: str) -> Verdict:
        return codes.judge(self._twin.name, args, code, message)


def _twin(call: RestCall) -> Operation:
    path, operation = call.target.path, operation_of(call)
    for (method, begin), name in _TWINS.items():
        alike = path == begin or (method == "DELETE" and path.startswith(f"{begin}/"))
        if method == call.method and alike and name.startswith(operation.product):
            return attrs.evolve(operation, name=name)
    return operation


# Headers.


def _fields(answer: HttpAnswer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _retry_after(answer: HttpAnswer) -> float | None:
    return rest.retry_after(_fields(answer))


def rate_limit(answer: HttpAnswer) -> RateLimit | None:
    fields = _fields(answer)
    limit, remaining, reset = (_whole(fields.get(f"gw-ratelimit-{name}")) for name in ("limit", "remaining", "reset"))
    if limit is None and remaining is None and reset is None:
        return None
    return RateLimit(limit, remaining, None if reset is None else reset / 1000)


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None
