"""
What an order was placed with that only OKX knows: the engines keep what they need, the rest is kept here.

Everything runs on the simulator's loop.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import evolve, frozen

from ..futures.events import FuturesOrderState
from ..matching.orders import OrderState

__all__ = ["AnyOrder", "Terms", "TermsBook", "client_id"]

AnyOrder = OrderState | FuturesOrderState

MAX_ORDERS = 200_000
#: Reason of an engine to ``cancelSource``; where no number of the documents fits it is 0, the system.
_SOURCES = {
    "USER": "1",
    "LIQUIDATION": "3",
    "ORDER_EXPIRED": "7",
    "FOK": "13",
    "IOC": "14",
    "NO_MAKER": "14",
    "POST_ONLY": "31",
    "STP": "32",
}


@frozen
class Terms:
    """
    Terms of one order.

    Attributes:
        size: As ordered; the engines do not keep that of a market order in the other currency.
        req_id, amend_result: Of the last amendment, until it was told.
        cancel_source: Who cancelled it, where the engine cannot know.
    """

    ord_type: str
    td_mode: str
    size: str = ""
    tag: str = ""
    tgt_ccy: str = ""
    stp_mode: str = ""
    reduce_only: bool = False
    req_id: str = ""
    amend_result: str = ""
    cancel_source: str = ""


class TermsBook:
    """The terms of all orders, oldest forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Terms] = OrderedDict()
        self._expected: tuple[str, str | None, Terms] | None = None

    @contextmanager
    def expecting(self, account: str, client_oid: str | None, terms: Terms) -> Iterator[None]:
        """Take the next unknown order of an account with that client order id for the one that is placed in here."""
        self._expected = (account, client_oid, terms)
        try:
            yield
        finally:
            self._expected = None

    def of(self, order: AnyOrder) -> Terms:
        """Return the terms of an order; of one that came another way, what can be told from it."""
        terms = self._known.get(order.order_id)
        if terms is not None:
            return terms
        expected = self._expected
        if expected is not None and expected[:2] == (order.account, order.client_oid):
            self._expected = None
            terms = expected[2]
        else:
            terms = _told(order)
        self._known[order.order_id] = terms
        if len(self._known) > MAX_ORDERS:
            self._known.popitem(last=False)
        return terms

    def note(self, order: AnyOrder, **changes: Any) -> None:
        """Change some terms of an order."""
        self._known[order.order_id] = evolve(self.of(order), **changes)

    def cancel_source(self, order: AnyOrder) -> str:
        """Return who or what cancelled an order, ``""`` if nobody did."""
        if order.outcome != "canceled":
            return ""
        return self.of(order).cancel_source or _SOURCES.get(order.cancel_reason or "", "0")


def client_id(order: AnyOrder) -> str:
    """Return the client order id as OKX shows it; those the simulator made up have a character that none may have."""
    client_oid = order.client_oid or ""
    return client_oid if client_oid.isalnum() else ""


def _told(order: AnyOrder) -> Terms:
    if isinstance(order, FuturesOrderState):
        post_only, force, td_mode = order.post_only, order.time_in_force, order.margin_mode.lower()
        reduce_only = order.reduce_only or order.close_order
    else:
        post_only, force, td_mode = order.request.post_only, order.request.time_in_force, "cash"
        reduce_only = False
    kind = {"IOC": "ioc", "FOK": "fok", "RPI": "rpi"}.get(force, "limit")
    if order.type == "market":
        kind = "market"
    elif post_only:
        kind = "post_only"
    return Terms(kind, td_mode, reduce_only=reduce_only)
