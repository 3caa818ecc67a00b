"""
Operations of the order entry on the margin market.

Source: KuCoin docs, order entry, pages of the operations, and the REST calls they are twins of. ``borrowSize`` and
``loanApplyId`` are there with ``autoBorrow`` only (an old page says so; the schema has them always).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..matching.account_states import Loan
from ..matching.orders import OrderState, Refused
from ..matching.symbols import plain
from ..spot.exchange import Exchange
from ..spot.refusals import MARGIN, in_words_of
from .operations import Item, Operations, Outcome
from .spot_operations import cancelled, read_args

__all__ = ["in_margin_words", "margin_operations", "placed_on_margin"]

T = TypeVar("T")


def margin_operations(exchange: Exchange) -> Operations:
    """Return the handlers of ``margin.*``."""

    def order(account: str, args: Any) -> Outcome:
        state, loan = exchange.place_margin(account, read_args(args))
        return Outcome(placed_on_margin(state, loan), (Item(state.order_id),))

    def cancel(account: str, args: Any) -> Outcome:
        return cancelled(exchange.cancel(account, read_args(args), margin=True), args)

    return {"margin.order": in_margin_words(order), "margin.cancel": in_margin_words(cancel)}


def placed_on_margin(state: OrderState, loan: Loan | None) -> dict[str, Any]:
    """Return ``data`` of a margin order that was placed."""
    data: dict[str, Any] = {"orderId": state.order_id, "clientOid": state.client_oid}
    if state.request.auto_borrow:
        data["borrowSize"] = "0" if loan is None else plain(loan.size)
        data["loanApplyId"] = None if loan is None else loan.loan_id
    return data


def in_margin_words(handler: Callable[..., T]) -> Callable[..., T]:
    """Let a handler refuse with the codes of the margin market."""

    def handle(*args: Any) -> T:
        try:
            return handler(*args)
        except Refused as refusal:
            raise in_words_of(MARGIN, refusal) from None

    return handle
