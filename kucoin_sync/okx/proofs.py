"""
What a success reply proves: for each operation the ids that say which order it is about.

A reply holds a list with an entry an order, and an entry's own code decides, not the one around them. A proof takes the
arguments of one order as sent and its entry, and returns ``None`` where that is not enough. Ids that contradict what
was asked are never enough.

Source: OKX docs v5, WebSocket, Place, Cancel and Amend order, Mass cancel, Spread Trading (as of 2026-07, read
2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kucoin_sync.okx.refusals import SUCCESS, SUMMARIES
from kucoin_sync.orders.operation import Batch, ItemReply, Proof

__all__ = ["BATCH", "answer_of_mass", "answer_of_one", "prove_anything", "prove_mass", "prove_named", "prove_place"]

_IDS = ("ordId", "clOrdId")


def prove_place(args: Any, data: Any) -> Proof | None:
    """``{"clOrdId": "b15", "ordId": "12345689", "sCode": "0", ...}``: an order id."""
    order_id = _field(data, "ordId")
    if order_id is None or _field(data, "clOrdId") not in (None, args.get("clOrdId")):
        return None
    return Proof(order_id, args.get("clOrdId"))


def prove_named(args: Any, data: Any) -> Proof | None:
    """``{"clOrdId": "", "ordId": "2510789768709120", "sCode": "0", ...}``: the id that was asked for."""
    asked = _name_of(args)
    if asked is None or _field(data, asked[0]) != asked[1]:
        return None
    return Proof(_field(data, "ordId"), _field(data, "clOrdId"))


def prove_mass(args: Any, data: Any) -> Proof | None:
    """``{"result": true}``; false says that nothing was cancelled."""
    result = data.get("result") if isinstance(data, Mapping) else None
    if not isinstance(result, bool):
        return None
    return Proof(None, None) if result else Proof(None, None, {"no_effect": True})


def prove_anything(args: Any, data: Any) -> Proof | None:
    """Take a success code for enough: all there is for an operation that the library does not know."""
    entry = data[0] if isinstance(data, list) and len(data) == 1 else data
    return Proof(_field(entry, "ordId"), _field(entry, "clOrdId"))


# What a reply says.


def answer_of_one(args: Any, code: str, message: str, data: Any) -> ItemReply | None:
    """
    Return what a reply says of its one order.

    Without an entry the code around it is the answer, unless it says that there is one.
    """
    entries = data if isinstance(data, list) else []
    if not entries and code not in SUMMARIES and code != SUCCESS:
        return ItemReply(False, code, message, data)
    if len(entries) != 1 or not isinstance(entries[0], Mapping) or _contradicts(args, entries[0]):
        return None
    if code != SUCCESS and code not in SUMMARIES:
        # Refused as a whole, and yet with an entry: which of the two counts is said nowhere.
        return None
    return _of_entry(entries[0])


def answer_of_mass(args: Any, code: str, message: str, data: Any) -> ItemReply | None:
    """Return what a reply to a mass cancel says, whose entry has no code: ``[{"result": true}]``."""
    if code != SUCCESS:
        return ItemReply(False, code, message, data)
    return ItemReply(True, code, message, data[0]) if isinstance(data, list) and len(data) == 1 else None


def _of_entry(entry: Mapping[str, Any]) -> ItemReply:
    code, message = entry.get("sCode"), entry.get("sMsg")
    return ItemReply(code == SUCCESS, code if isinstance(code, str) else "", str(message or ""), entry)


def _contradicts(args: Any, entry: Mapping[str, Any]) -> bool:
    """Whether an entry names another order than the arguments do; ids that it leaves empty say nothing."""
    return any(args.get(name) is not None and _field(entry, name) not in (None, args[name]) for name in _IDS)


# Batches.


def _items(args: Any) -> Sequence[Any]:
    return args if isinstance(args, list) else ()


def _match(items: Sequence[Any], data: Any) -> Sequence[ItemReply | None]:
    """Find what a reply says of each order: the one entry with its id."""
    by_id: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for entry in data if isinstance(data, list) else ():
        for name in _IDS:
            value = _field(entry, name)
            if value is not None:
                by_id.setdefault((name, value), []).append(entry)
    return [_find(item, by_id) for item in items]


def _find(item: Any, by_id: Mapping[tuple[str, str], list[Mapping[str, Any]]]) -> ItemReply | None:
    found = [entry for name in _IDS if item.get(name) is not None for entry in by_id.get((name, item[name]), ())]
    # The same entry under both ids is one; two that differ say nothing.
    if not found or any(entry != found[0] for entry in found) or _contradicts(item, found[0]):
        return None
    return _of_entry(found[0])


BATCH = Batch(_items, _match, SUMMARIES)


# Fields.


def _name_of(args: Any) -> tuple[str, str] | None:
    """Return by which id an order is named; the exchange takes its own where both are given."""
    return next(((name, args[name]) for name in _IDS if args.get(name) is not None), None)


def _field(data: Any, name: str) -> str | None:
    value = data.get(name) if isinstance(data, Mapping) else None
    return value if isinstance(value, str) and value else None
