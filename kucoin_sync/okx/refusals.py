"""
What each of OKX's codes means for an order request: the one table that turns a code into a refusal.

The question a row answers is not "did it work?" but "can anything have happened?". A row is a refusal only if the
exchange says that it turned the request down before acting on it. Timeouts, "busy" and internal errors are unknown,
each with a row, so that it shows that they were thought of; and what is not listed for an operation is unknown as
well. No ranges.

Codes of single orders (``sCode``) and of whole requests (``code``) share one range of numbers, and REST has the same.

Source: OKX docs v5, Error Code, and Order Book Trading, Spread Trading, WebSocket; rows marked "seen" are from the
wire (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping

from kucoin_sync.orders.code_table import CodeRow, CodeTable, rows
from kucoin_sync.orders.operation import Verdict

__all__ = ["AUTH_CODES", "NOT_FOUND", "SUCCESS", "SUMMARIES", "TABLE", "find", "is_gone", "judge"]

SUCCESS = "0"
SUMMARIES = frozenset({"1", "2"})
"""Of a reply: all orders failed, some failed. Each has its own code then."""

NOT_FOUND = "51603"
"""How the look-up of one order says that there is none. It is no refusal: what is not found may be there."""

_REFUSED, _DUPLICATE, _LIMITED = Verdict.REFUSED, Verdict.DUPLICATE, Verdict.LIMITED
_NO_SUCH_ORDER, _NO_EFFECT, _UNKNOWN = Verdict.NO_SUCH_ORDER, Verdict.NO_EFFECT, Verdict.UNKNOWN

_PLACE, _AMEND = ("order", "batch-orders"), ("amend-order", "batch-amend-orders")
_CANCEL = ("cancel-order", "batch-cancel-orders")
_EXPIRING = (*_PLACE, *_AMEND)
_ALL_PLACE, _ALL_AMEND = (*_PLACE, "sprd-order"), (*_AMEND, "sprd-amend-order")
_ALL_CANCEL = (*_CANCEL, "sprd-cancel-order")
_MASS = ("mass-cancel", "sprd-mass-cancel")
_SIZED = (*_ALL_PLACE, *_ALL_AMEND)
_ORDERS = (*_ALL_PLACE, *_ALL_AMEND, *_ALL_CANCEL)
_ALL = (*_ORDERS, *_MASS)

_ERROR_CODES = "Error Code"
_WS_CODES = "Error Code, WebSocket"
_SPREAD_DOC = "Spread Trading, WebSocket"

AUTH_CODES: Mapping[str, str] = {
    "50100": "API frozen",
    "50101": "key of another environment",
    "50102": "timestamp more than 30 s off",
    "50103": "key header empty",
    "50104": "passphrase header empty",
    "50105": "passphrase wrong",
    "50106": "signature header empty",
    "50107": "timestamp header empty",
    "50110": "IP address not allowed for the key",
    "50111": "key invalid",
    "50112": "timestamp invalid",
    "50113": "signature invalid",
    "50119": "key does not exist",
    "50120": "key lacks the permission",
}
"""Codes of REST's door: trying again with the same credentials cannot help."""

TABLE: tuple[CodeRow, ...] = (
    # Before any order is looked at.
    *rows(_ERROR_CODES, (), _REFUSED, AUTH_CODES, door=True),
    *rows(
        _WS_CODES,
        (),
        _REFUSED,
        {
            "60011": "not logged in",
            "60012": "request invalid",
            "60013": "arguments invalid",
            "60019": "no such operation",
            "60027": "a parameter is empty",
            "60028": "operation not supported by this URL",
            "60033": "parameter error",
        },
        door=True,
    ),
    *rows(_WS_CODES, (), _LIMITED, {"60014": "requests too frequent"}, door=True),
    *rows(
        _ERROR_CODES,
        (),
        _LIMITED,
        {"50011": "too many requests: limit of the instrument", "50061": "too many orders: limit of the account"},
        door=True,
    ),
    *rows(
        _ERROR_CODES,
        _EXPIRING,
        _REFUSED,
        {"50036": "expTime is in the past", "50037": "the request has expired"},
        door=True,
    ),
    # Of one order.
    *rows(
        _ERROR_CODES,
        _ALL,
        _REFUSED,
        {
            "50014": "a parameter is empty",
            "51000": "parameter error",
            "51001": "no such instrument or spread",
            "51010": "not possible in the account's mode",
        },
    ),
    *rows(_ERROR_CODES, (*_ALL_AMEND, *_ALL_CANCEL), _REFUSED, {"51003": "neither ordId nor clOrdId"}),
    *rows(
        _ERROR_CODES,
        _SIZED,
        _REFUSED,
        {
            "51004": "position limit at this leverage",
            "51005": "above the maximum size",
            "51006": "price outside the limit",
            "51008": "balance or margin insufficient",
            "51020": "below the minimum size",
            "51022": "instrument suspended",
            "51027": "instrument expired",
            "51028": "instrument in delivery",
            "51034": "market maker protection triggered",
            "51121": "size no multiple of the lot size",
            "51131": "balance insufficient",
            "51137": "buy price above the limit",
            "51138": "sell price below the limit",
            "51169": "nothing to reduce",
            "51170": "wrong side for an order that only reduces",
            "54008": "locked by a mass cancel",
            "54036": "cancel_both does not go with fok",
            "59113": "identity verification needed",
        },
    ),
    *rows(_ERROR_CODES, _ALL_PLACE, _DUPLICATE, {"51016": "client order id exists", "50071": "exists already"}),
    *rows(
        _ERROR_CODES,
        ("batch-orders", "batch-amend-orders", "batch-cancel-orders"),
        _REFUSED,
        {"54004": "another order of the batch failed"},
    ),
    *rows(_ERROR_CODES, ("batch-orders",), _REFUSED, {"51111": "too many orders in the batch"}),
    *rows(_ERROR_CODES, ("batch-cancel-orders",), _REFUSED, {"51406": "too many orders in the batch"}),
    *rows(
        _ERROR_CODES,
        ("batch-amend-orders",),
        _REFUSED,
        {"51501": "too many orders in the batch", "51512": "the same order twice in the batch"},
    ),
    *rows(
        _ERROR_CODES,
        _ALL_AMEND,
        _REFUSED,
        {
            "51500": "nothing to amend",
            "51506": "orders of this type cannot be amended",
            "51513": "too many amendments of the order in process",
        },
    ),
    *rows(_ERROR_CODES, _ALL_AMEND, _NO_SUCH_ORDER, {"51503": "order is filled, cancelled, or does not exist"}),
    *rows(
        _SPREAD_DOC,
        ("sprd-amend-order",),
        _NO_SUCH_ORDER,
        {"51509": "order is gone", "51510": "order is gone"},
    ),
    *rows(_ERROR_CODES, _ALL_CANCEL, _NO_SUCH_ORDER, {"51400": "order is filled, cancelled, or does not exist"}),
    *rows(_ERROR_CODES, _ALL_CANCEL, _NO_EFFECT, {"51410": "order is being cancelled or settled"}),
    *rows(
        _SPREAD_DOC,
        ("sprd-cancel-order",),
        _NO_EFFECT,
        {"51401": "order was cancelled before", "51402": "order was done before"},
    ),
    *rows(_ERROR_CODES, ("mass-cancel",), _REFUSED, {"51411": "no right for mass cancel"}),
    # A failing server may have acted first.
    *rows(
        _ERROR_CODES,
        (),
        _UNKNOWN,
        {
            "50001": "service unavailable",
            "50004": "timeout; whether it succeeded is not known",
            "50013": "system busy",
            "50026": "system error",
            "51054": "timeout; whether it succeeded is not known",
            "51149": "order timed out; whether it succeeded is not known",
            "63999": "internal error",
            "64007": "operation failed by an internal error of the WebSocket",
        },
    ),
    # Of a reply whose orders have codes of their own, where one of these is missing.
    *rows("WebSocket, Place order", (), _UNKNOWN, {"1": "all orders failed", "2": "some orders failed"}),
)

_CODES = CodeTable(TABLE, cancel_flag="cxlOnFail")
find, judge = _CODES.find, _CODES.judge


def is_gone(code: str) -> bool:
    """Whether a cancel with this code leaves no open order behind."""
    row = find("cancel-order", code, "")
    return row is not None and row.verdict in (_NO_SUCH_ORDER, _NO_EFFECT)
