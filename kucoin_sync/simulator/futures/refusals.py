"""
What the futures exchange says when it says no: the situation, its code and its text.

Codes are those of the published lists; texts are assumed, and so is which of several failing checks wins. Where a
situation is one the spot market has too, its name is that of `refusals`, so that other faces can translate both.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..matching.orders import Refused

__all__ = ["FUTURES", "refused"]

FUTURES: Mapping[str, tuple[str, str]] = {
    "parameter": ("100001", "The parameters are invalid."),
    "size_step": ("100001", "size is invalid."),
    "price_step": ("100001", "price is invalid."),
    "symbol": ("200003", "The symbol is invalid."),
    "suspended": ("300002", "Placing and cancelling orders is suspended."),
    "balance": ("300003", "Balance insufficient."),
    "duplicate": ("300018", "clientOid parameter repeated."),
    "too_many": ("300001", "Too many active orders."),
    "too_many_stops": ("300004", "Too many stop orders."),
    "too_dear": ("300011", "The price is above the limit."),
    "too_cheap": ("300012", "The price is below the limit."),
    "no_such_live_order": ("100004", "The order cannot be canceled."),
    "no_such_order": ("100001", "error.getOrder.orderNotExist"),
    "no_position": ("300009", "There is no position to close."),
    "leverage": ("300016", "The leverage is too high."),
    "margin_mode": ("330005", "The order does not match the margin mode; switch it first."),
    "position_mode": ("330011", "The order does not match the position mode; switch it first."),
    "risk_limit": ("300005", "The risk limit is exceeded."),
    "no_risk_limit": ("100005", "The risk limit does not exist."),
}


def refused(situation: str, message: str | None = None) -> Refused:
    """Return the refusal of a situation; ``message`` replaces the text."""
    code, text = FUTURES[situation]
    return Refused(code, text if message is None else message, situation)
