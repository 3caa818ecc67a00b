"""
What OKX says when it says no.

Codes are those of its published list; which of several failing checks wins, and every text that neither documents nor
captures show, is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..matching.orders import Refused

__all__ = ["bad", "empty", "in_okx_words", "refused", "sub_code"]

_TEXTS: Mapping[str, str] = {
    "50001": "Service temporarily unavailable. Please try again later",
    "50011": "Rate limit reached. Please refer to API documentation and throttle requests accordingly",
    "50036": "The expTime can't be earlier than the current system time. Please adjust the expTime and try again.",
    "50037": "Order expired.",
    "50061": "You've reached the maximum order rate limit for this account.",
    "51001": "Instrument ID, Instrument ID code or Spread ID doesn't exist.",
    "51003": "Either order ID or client order ID is required.",
    "51004": "Order failed. The order amount exceeds the position limit at this leverage.",
    "51005": "Order amount exceeds the maximum.",
    "51006": "Order price is not within the price limit.",
    "51008": "Order failed. Insufficient {0} balance in account",
    "51010": "Request unsupported under current account mode",
    "51016": "Client order ID already exists.",
    "51020": "Your order should meet or exceed the minimum order amount.",
    "51022": "Contract suspended.",
    "51034": "MMP is triggered.",
    "51111": "Maximum {0} orders can be placed at a time in batch",
    "51121": "Order quantity must be a multiple of the lot size.",
    "51137": "Your buy price is above the price limit.",
    "51138": "Your sell price is below the price limit.",
    "51169": "Order failed because you don't have any positions in this direction to reduce.",
    "51400": "Order cancellation failed as the order has been filled, canceled or does not exist.",
    "51401": "Cancellation failed as the order is already canceled.",
    "51402": "Cancellation failed as the order is already completed.",
    "51406": "Maximum {0} orders can be canceled at a time in batch",
    "51411": "The account doesn't have the right for mass cancel.",
    "51500": "You must enter a price, quantity, or TP/SL",
    "51501": "Maximum {0} orders can be amended at a time in batch",
    "51503": "Order modification failed as the order has been filled, canceled or does not exist.",
    "51510": "Modification failed as the order is already completed.",
    "51509": "Modification failed as the order is already canceled.",
    "51512": "The same order can't be amended twice in a batch.",
    "51603": "Order does not exist",
    "54008": "Placing is locked by a mass cancel.",
    "54036": "cancel_both can't be used with fok.",
}

#: Situation of the engines to a code; ``no_such_live_order`` depends on what was to be done with the order.
_CODES: Mapping[str, str] = {
    "symbol": "51001",
    "suspended": "51022",
    "balance": "51008",
    "duplicate": "51016",
    # No code of the list says that there are too many open orders.
    "too_many": "50061",
    "too_small": "51020",
    "too_large": "51005",
    "size_step": "51121",
    "too_dear": "51137",
    "too_cheap": "51138",
    "at_risk": "51010",
    "no_position": "51169",
    "leverage": "51004",
    "risk_limit": "51004",
    "margin_mode": "51010",
    "no_such_live_order": "51400",
    "no_such_order": "51603",
}


def refused(code: str, *details: object) -> Refused:
    """Return a refusal by its code; details fill the text."""
    return Refused(code, _TEXTS[code].format(*details) if details else _TEXTS[code])


def bad(name: str) -> Refused:
    """Return the refusal of a parameter; the two spaces are those of the wire."""
    return Refused("51000", f"Parameter {name}  error")


def empty(name: str) -> Refused:
    """Return the refusal of a missing parameter."""
    return Refused("50014", f"Parameter {name} can not be empty")


def sub_code(code: str) -> str:
    """Return the finer reason that placing and amending tell: there is one where money is missing."""
    return "1000" if code == "51008" else ""


@contextmanager
def in_okx_words(*, currency: str, gone: str = "51400", sizes: str = "sz", prices: str = "px") -> Iterator[None]:
    """
    Let the engines refuse with OKX's codes.

    Args:
        currency: What is missing where money is.
        gone: Code for an order that is over or never was.
        sizes, prices: Names of the parameters with size and price.
    """
    try:
        yield
    except Refused as refusal:
        if not refusal.situation:
            raise
        if refusal.situation == "price_step":
            raise bad(prices) from None
        if refusal.situation == "position_mode":
            raise bad("posSide") from None
        code = _CODES.get(refusal.situation)
        if code is None:
            raise bad(sizes) from None
        if code == "51400":
            code = gone
        raise (refused(code, currency) if code == "51008" else refused(code)) from None
