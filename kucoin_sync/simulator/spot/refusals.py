"""
What the exchange says when it says no: the situation, and how each product spells it.

The engine knows situations and raises them in the words of the spot market; a face that speaks of another product
translates with `in_words_of`. Codes are those of the published lists; which of several failing checks wins, and
every text that no capture shows, is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ..matching.orders import Refused

__all__ = ["MARGIN", "SPOT", "Situation", "in_words_of", "refused"]

Situation = Literal[
    "parameter",
    "symbol",
    "suspended",
    "balance",
    "duplicate",
    "too_many",
    "too_small",
    "too_large",
    "size_step",
    "price_step",
    "too_dear",
    "too_cheap",
    "late",
    "no_such_live_order",
    "no_such_order",
    "at_risk",
]

SPOT: Mapping[Situation, tuple[str, str]] = {
    "parameter": ("400100", "Parameter error."),
    "symbol": ("400100", "Unsupported trading pair."),
    "suspended": ("600203", "Symbol is not enabled for trading."),
    "balance": ("200004", "Balance insufficient!"),
    "duplicate": ("400100", "validation.createOrder.clientOidDuplicated"),
    "too_many": ("200003", "Too many open orders."),
    "too_small": ("400100", "Order size below the minimum requirement."),
    "too_large": ("400100", "Order size above the maximum requirement."),
    "size_step": ("400100", "Order size increment invalid."),
    "price_step": ("400100", "Price increment invalid."),
    "too_dear": ("400100", "The price is above the limit."),
    "too_cheap": ("400100", "The price is below the limit."),
    "late": ("400002", "The request arrived later than clientTimestamp + allowMaxTimeWindow."),
    "no_such_live_order": ("400100", "order_not_exist_or_not_allow_to_cancel"),
    "no_such_order": ("400100", "order not exist."),
    "at_risk": ("400700", "The account is restricted by risk control."),
}

#: What differs on the margin market.
MARGIN: Mapping[Situation, tuple[str, str]] = {
    "symbol": ("126004", "The pair does not exist or is not allowed."),
    "suspended": ("126007", "The pair is suspended."),
    "balance": ("126013", "Balance insufficient!"),
    "duplicate": ("126044", "clientOid is duplicate."),
    "too_many": ("126011", "Too many open orders."),
    "too_small": ("126003", "Order size below the minimum requirement."),
    "too_dear": ("126029", "The price is above the limit."),
    "too_cheap": ("126030", "The price is below the limit."),
    "no_such_live_order": ("126043", "The order does not exist."),
    "no_such_order": ("126043", "The order does not exist."),
    "at_risk": ("126002", "The account is at risk, trading is refused."),
}


def refused(situation: Situation, message: str | None = None) -> Refused:
    """Return the refusal of a situation in the words of the spot market; ``message`` replaces the text."""
    code, text = SPOT[situation]
    return Refused(code, text if message is None else message, situation)


def in_words_of(table: Mapping[Situation, tuple[str, str]], refusal: Refused) -> Refused:
    """Return a refusal with the code of another product; unchanged where that product has none of its own."""
    for situation, (code, text) in table.items():
        if situation == refusal.situation:
            return Refused(code, text, situation)
    return refusal
