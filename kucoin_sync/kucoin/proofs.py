"""
What a success reply proves: for each operation the ids that say which order it is about, and what else it tells.

A proof takes the arguments of one order as sent and what the reply says of it, and returns ``None`` where that is not
enough. Ids that contradict what was asked are never enough.

Source: KuCoin docs, WebSocket API (order entry), Add Order, Modify Order, Cancel Order, and the REST pages of the same
operations (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs

from kucoin_sync.events import OrderResult
from kucoin_sync.kucoin.numbers import to_milliseconds
from kucoin_sync.orders.code_table import code_text
from kucoin_sync.orders.operation import Batch, ItemReply, Proof
from kucoin_sync.protocol.decimals import exact
from kucoin_sync.protocol.json_text import plain_text

__all__ = [
    "MULTI_CANCEL",
    "MULTI_ORDER",
    "prove_amend",
    "prove_anything",
    "prove_cancel",
    "prove_margin_place",
    "prove_modify",
    "prove_multi_place",
    "prove_place",
    "prove_sync_cancel",
    "prove_sync_place",
]

_IDS = ("orderId", "clientOid")


def prove_place(args: Any, data: Any) -> Proof | None:
    """``{"orderId": "670f...", "clientOid": "5c52..."}``: an order id, and our client order id if it is echoed."""
    if not isinstance(data, dict):
        return None
    order_id, client_oid = data.get("orderId"), args.get("clientOid")
    if not isinstance(order_id, str) or not order_id or data.get("clientOid") not in (None, client_oid):
        return None
    return Proof(order_id, client_oid)


def prove_sync_place(args: Any, data: Any) -> Proof | None:
    """As `prove_place`, with the result of matching."""
    return _with(prove_place(args, data), result=_result(data))


def prove_margin_place(args: Any, data: Any) -> Proof | None:
    """As `prove_place`, with ``borrowSize`` and ``loanApplyId``."""
    return _with(
        prove_place(args, data),
        borrow_size=_amount(data, "borrowSize"),
        loan_apply_id=_field(data, "loanApplyId"),
    )


def prove_multi_place(args: Any, data: Any) -> Proof | None:
    """As `prove_place`, of one order of a batch, whose symbol is echoed too."""
    if not isinstance(data, dict) or data.get("symbol") not in (None, args.get("symbol")):
        return None
    return prove_place(args, data)


def prove_cancel(args: Any, data: Any) -> Proof | None:
    """``{"orderId": ...}``, ``{"clientOid": ...}`` or ``{"cancelledOrderIds": [...]}``: the id that was asked for."""
    for name in _IDS:
        asked = args.get(name)
        if asked is not None and _field(data, name) == asked:
            return Proof(_field(data, "orderId"), _field(data, "clientOid"))
    cancelled = data.get("cancelledOrderIds") if isinstance(data, dict) else None
    asked = args.get("orderId")
    if asked is not None and isinstance(cancelled, list) and asked in cancelled:
        return Proof(asked, None)
    return None


def prove_sync_cancel(args: Any, data: Any) -> Proof | None:
    """As `prove_cancel`, with what is left of the order."""
    return _with(prove_cancel(args, data), result=_result(data))


def prove_modify(args: Any, data: Any) -> Proof | None:
    """``{"newOrderId": "6711...", "clientOid": "5c52..."}``: the id of the order that replaced the old one."""
    new_order_id = _field(data, "newOrderId")
    echoed = _field(data, "clientOid")
    if new_order_id is None or (echoed is not None and args.get("clientOid") not in (None, echoed)):
        return None
    return Proof(new_order_id, echoed)


def prove_amend(args: Any, data: Any) -> Proof | None:
    """``{"orderId": ..., "clientOid": ...}``: the id that was asked for, and no other in its place."""
    named = [name for name in _IDS if args.get(name) is not None]
    if not named or any(_field(data, name) != args[name] for name in named):
        return None
    return Proof(_field(data, "orderId"), _field(data, "clientOid"))


def prove_anything(args: Any, data: Any) -> Proof | None:
    """Take a success code for enough: all there is for an operation that the library does not know."""
    return Proof(_field(data, "orderId"), _field(data, "clientOid"))


# Batches.


def _items_to_place(args: Any) -> Sequence[Any]:
    return args if isinstance(args, list) else ()


def _items_to_cancel(args: Any) -> Sequence[Any]:
    if "orderIdsList" in args:
        return [{"orderId": order_id} for order_id in args["orderIdsList"]]
    return list(args.get("clientOidsList", ()))


def _matcher(*success: str) -> Callable[[Sequence[Any], Any], Sequence[ItemReply | None]]:
    """
    Return a function that finds what a reply says of each order: the one entry with its id.

    Args:
        success: Codes of an entry that mean yes.
    """

    def match(items: Sequence[Any], data: Any) -> Sequence[ItemReply | None]:
        by_id: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for entry in data if isinstance(data, list) else ():
            for name in _IDS:
                if _field(entry, name) is not None:
                    by_id.setdefault((name, entry[name]), []).append(entry)
        return [answer(by_id.get(_key(item), [])) for item in items]

    def answer(entries: list[Mapping[str, Any]]) -> ItemReply | None:
        if not entries or any(entry != entries[0] for entry in entries):  # two that differ say nothing
            return None
        entry = entries[0]
        code = code_text(entry.get("code"))
        return ItemReply(code in success, code, plain_text(entry.get("msg") or ""), entry)

    return match


def _key(item: Any) -> tuple[str, str]:
    name = "clientOid" if "clientOid" in item else "orderId"
    return name, item[name]


MULTI_ORDER = Batch(_items_to_place, _matcher("200000"))
# The exchange's documents show 200 here; the code of every other success is taken as well.
MULTI_CANCEL = Batch(_items_to_cancel, _matcher("200", "200000"))


# Fields.


def _with(proof: Proof | None, **details: Any) -> Proof | None:
    return proof and attrs.evolve(proof, details=details)


def _result(data: Any) -> OrderResult | None:
    if not isinstance(data, dict):
        return None
    return OrderResult(
        origin_size=_amount(data, "originSize"),
        deal_size=_amount(data, "dealSize"),
        remain_size=_amount(data, "remainSize"),
        canceled_size=_amount(data, "canceledSize"),
        status=_field(data, "status"),
        order_time_ms=to_milliseconds(data.get("orderTime")),
        match_time_ms=to_milliseconds(data.get("matchTime")),
    )


def _amount(data: Any, name: str) -> Decimal | None:
    return exact(data.get(name)) if isinstance(data, dict) else None


def _field(data: Any, name: str) -> str | None:
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) and value else None
