"""
How KuCoin's answers to REST calls are read: codes, headers, and which order operation a call is a twin of. Pure.

Source: KuCoin docs, Rate limit, and Error codes (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from kucoin_sync.events import RateLimit
from kucoin_sync.exchange_rest.answers import AnswerReader, fields_of
from kucoin_sync.kucoin import codes, rest
from kucoin_sync.kucoin.rest_call import RestCall
from kucoin_sync.orders.operation import Operation, OperationKind, Verdict
from kucoin_sync.protocol.dialect import HttpAnswer

__all__ = ["ANSWERS", "RestRules", "operation_of", "rate_limit"]

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


class RestRules:
    """Codes of a REST call: those of the order entry operation it is a twin of."""

    success = codes.SUCCESS

    def __init__(self, call: RestCall) -> None:
        self._twin = _twin(call)

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


def rate_limit(answer: HttpAnswer) -> RateLimit | None:
    fields = fields_of(answer)
    limit, remaining, reset = (_whole(fields.get(f"gw-ratelimit-{name}")) for name in ("limit", "remaining", "reset"))
    if limit is None and remaining is None and reset is None:
        return None
    return RateLimit(limit, remaining, None if reset is None else reset / 1000)


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None


ANSWERS = AnswerReader(
    owner="KuCoin",
    success=codes.SUCCESS,
    auth_codes=codes.AUTH_CODES,
    limit_codes=("429000",),
    is_passing=rest.is_passing,
    retry_after=rest.retry_after,
    rate_limit=rate_limit,
)
