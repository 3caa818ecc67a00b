"""
Operations of the private and the business path, and of the REST calls that are their twins.

An answer has a code for the whole request and one for each order: ``0`` all went well, ``1`` nothing did, ``2`` a part
of a batch; any other code means that the request as a whole was refused, and ``data`` is empty.

Source: OKX v5 documents of 2026, order operations and spread trading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from ..matching.orders import Refused
from .arguments import has
from .orders import OkxOrders
from .paths import BUSINESS, PRIVATE
from .refusals import refused, sub_code
from .terms import client_id

if TYPE_CHECKING:
    from .venue import OkxVenue

__all__ = ["OPERATIONS", "Answer", "Item", "OkxOperations"]

MAX_BATCH = 20

PLACE, CANCEL, AMEND = "place", "cancel", "amend"


@frozen
class _Operation:
    """
    How one operation is spelled.

    Attributes:
        path: On which connections it works.
        what: ``place``, ``cancel``, ``amend``, or another thing.
        too_many: Code for too large a batch; ``None`` for operations of one order.
        expires: Whether it takes ``expTime``.
        has_times: Whether its reply carries the times of the gateway, as documented.
    """

    path: str
    what: str
    too_many: str | None = None
    expires: bool = False
    has_times: bool = True
    is_spread: bool = False


OPERATIONS: Mapping[str, _Operation] = {
    "order": _Operation(PRIVATE, PLACE, expires=True),
    "batch-orders": _Operation(PRIVATE, PLACE, "51111", expires=True),
    "cancel-order": _Operation(PRIVATE, CANCEL),
    "batch-cancel-orders": _Operation(PRIVATE, CANCEL, "51406"),
    "amend-order": _Operation(PRIVATE, AMEND, expires=True),
    "batch-amend-orders": _Operation(PRIVATE, AMEND, "51501", expires=True),
    "mass-cancel": _Operation(PRIVATE, "mass-cancel", has_times=False),
    "sprd-order": _Operation(BUSINESS, PLACE, has_times=False, is_spread=True),
    "sprd-amend-order": _Operation(BUSINESS, AMEND, has_times=False, is_spread=True),
    "sprd-cancel-order": _Operation(BUSINESS, CANCEL, has_times=False, is_spread=True),
    "sprd-mass-cancel": _Operation(BUSINESS, "sprd-mass-cancel", has_times=False, is_spread=True),
}


@frozen
class Item:
    """What became of one order: code, order id, and whether the account may have changed."""

    code: str
    order_id: str | None
    executed: bool


@frozen
class Answer:
    """Code, text and ``data`` of a reply, and what became of each order."""

    code: str
    msg: str
    data: list[dict[str, Any]]
    items: tuple[Item, ...] = ()


class OkxOperations:
    """
    Runs operations.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: OkxVenue) -> None:
        self._venue = venue
        self.orders = OkxOrders(venue)

    def check(self, op: str, args: object, exp_time: object) -> Answer | None:
        """Return what is wrong with a request as a whole, ``None`` if nothing is."""
        operation = OPERATIONS[op]
        if not isinstance(args, list) or not args or not all(isinstance(each, dict) for each in args):
            return Answer("60013", "Invalid args", [])
        if operation.too_many is None and len(args) != 1:
            return Answer("60013", "Invalid args", [])
        if operation.too_many is not None and len(args) > MAX_BATCH:
            refusal = refused(operation.too_many, MAX_BATCH)
            return Answer(refusal.code, refusal.message, [])
        if operation.expires and exp_time not in (None, ""):
            if not isinstance(exp_time, str) or not exp_time.isdigit() or len(exp_time) > 16:
                return Answer("60013", "Invalid args", [])
            if int(exp_time) < self._venue.line_ms():
                return self._as_a_whole(op, args, refused("50036"))
        return None

    def run(
        self, op: str, account: str, args: Sequence[Mapping[str, Any]], *, form: str, exp_time: object = None
    ) -> Answer:
        """
        Run an operation whose request was found right.

        Args:
            op: Its name.
            account: Whose.
            args: One object for each order.
            form: How orders name their instrument, see `forms.OkxForms`.
            exp_time: When it is too late, milliseconds as a text.
        """
        operation = OPERATIONS[op]
        # A request that came in time may have waited.
        if operation.expires and exp_time not in (None, "") and int(str(exp_time)) < self._venue.line_ms():
            return self._as_a_whole(op, args, refused("50037"))
        if operation.what in ("mass-cancel", "sprd-mass-cancel"):
            return self._mass_cancel(op, account, args[0])
        seen: set[str] = set()
        rows, items = [], []
        for each in args:
            try:
                self._count(op, operation, account, each, len(args))
                self._check_repeated(operation, each, seen)
            except Refused as refusal:
                if self._venue.forms.limit_errors == "code" and refusal.code in ("50011", "50061"):
                    return Answer(refusal.code, refusal.message, [])
                row, item = self._refused(operation, each, refusal), Item(refusal.code, None, False)
            else:
                row, item = self._one(operation, account, each, form)
            rows.append(row)
            items.append(item)
        return _summed_up(rows, items)

    def refuse(self, op: str, args: Sequence[Mapping[str, Any]], code: str, message: str) -> Answer:
        """Refuse a request with any code: those of the gateway as a whole, all others for each order."""
        if code.startswith("6") or OPERATIONS[op].what not in (PLACE, CANCEL, AMEND):
            return Answer(code, message, [])
        refusal = Refused(code, message)
        rows = [self._refused(OPERATIONS[op], each, refusal) for each in args]
        return _summed_up(rows, [Item(code, None, False) for _ in args])

    # One order.

    def _one(
        self, operation: _Operation, account: str, args: Mapping[str, Any], form: str
    ) -> tuple[dict[str, Any], Item]:
        command: Callable[[], Any]
        source: Any = self._venue.spreads if operation.is_spread else self.orders
        method = getattr(source, operation.what)
        command = (lambda: method(account, args)) if operation.is_spread else (lambda: method(account, args, form))
        try:
            order = command()
        except Refused as refusal:
            # An order that could not be amended may have been cancelled for it.
            changed = operation.what == AMEND and args.get("cxlOnFail") is True
            return self._refused(operation, args, refusal), Item(refusal.code, None, changed)
        stamp = order.created_at_ns if operation.what == PLACE else self._venue.now_ns()
        row = self._row(
            operation,
            client_id(order),
            order.order_id,
            stamp // 1_000_000,
            tag=str(args.get("tag") or ""),
            req_id=str(args.get("reqId") or ""),
        )
        return row, Item("0", order.order_id, True)

    def _refused(self, operation: _Operation, args: Mapping[str, Any], refusal: Refused) -> dict[str, Any]:
        names = [str(args.get(name) or "") for name in ("clOrdId", "ordId", "tag", "reqId")]
        order_id = "" if operation.what == PLACE else names[1]
        now_ms = self._venue.now_ms()
        return self._row(operation, names[0], order_id, now_ms, tag=names[2], req_id=names[3], refusal=refusal)

    def _row(
        self,
        operation: _Operation,
        client_oid: str,
        order_id: str,
        stamp_ms: int,
        *,
        tag: str,
        req_id: str,
        refusal: Refused | None = None,
    ) -> dict[str, Any]:
        """Return the item of one order, with the members that its operation has."""
        row: dict[str, Any] = {"clOrdId": client_oid, "ordId": order_id}
        if operation.what == PLACE:
            row["tag"] = tag
        if not operation.is_spread:
            row["ts"] = str(stamp_ms)
        if operation.what == AMEND:
            row["reqId"] = req_id
        row["sCode"] = "0" if refusal is None else refusal.code
        row["sMsg"] = "" if refusal is None else refusal.message
        if operation.what in (PLACE, AMEND) and not operation.is_spread:
            row["subCode"] = "" if refusal is None else sub_code(refusal.code)
        return row

    # Requests as a whole.

    def _mass_cancel(self, op: str, account: str, args: Mapping[str, Any]) -> Answer:
        try:
            self._take(self._venue.limits.mass_cancels, account, op)
            if op == "mass-cancel":
                result = self.orders.mass_cancel(account, args)
            else:
                result = self._venue.spreads.cancel_all(account, args.get("sprdId"))
        except Refused as refusal:
            return Answer(refusal.code, refusal.message, [], (Item(refusal.code, None, False),))
        return Answer("0", "", [{"result": result}], (Item("0", None, True),))

    def _as_a_whole(self, op: str, args: Sequence[Any], refusal: Refused) -> Answer:
        """Refuse every order of a request: in each item, or once for all."""
        if self._venue.forms.limit_errors == "code":
            return Answer(refusal.code, refusal.message, [])
        rows = [self._refused(OPERATIONS[op], each, refusal) for each in args]
        return _summed_up(rows, [Item(refusal.code, None, False) for _ in args])

    def _count(self, op: str, operation: _Operation, account: str, args: Mapping[str, Any], orders: int) -> None:
        limits = self._venue.limits
        if operation.is_spread:
            self._take(limits.spread_orders, account, op)
            return
        # A batch of one counts as a single order.
        is_batch = orders > 1
        limit = limits.batch_orders if is_batch else limits.orders
        if limit is not None:
            instrument = str(args.get("instIdCode") or args.get("instId"))[:64]
            self._take(limit, account, operation.what, "batch" if is_batch else "single", instrument)
        if operation.what in (PLACE, AMEND):
            self._take(limits.account_orders, account, "orders", code="50061")

    def _take(self, limit: int | None, *names: str, code: str = "50011") -> None:
        if limit is None:
            return
        if not self._venue.pool(*names, limit=limit).take(asyncio.get_running_loop().time()):
            raise refused(code)

    def _check_repeated(self, operation: _Operation, args: Mapping[str, Any], seen: set[str]) -> None:
        """Refuse what may be in a batch only once: a client order id that is placed, an order that is amended."""
        if operation.what == CANCEL:
            return
        name = "ordId" if operation.what == AMEND and has(args, "ordId") else "clOrdId"
        value = args.get(name)
        if isinstance(value, str) and value:
            if f"{name}:{value}" in seen:
                raise refused("51016" if operation.what == PLACE else "51512")
            seen.add(f"{name}:{value}")


def _summed_up(rows: list[dict[str, Any]], items: list[Item]) -> Answer:
    good = sum(item.code == "0" for item in items)
    code = "0" if good == len(items) else "2" if good else "1"
    return Answer(code, "", rows, tuple(items))
