"""
Orders and fills in the words of the channels ``orders`` and ``fills`` and of the REST calls.

Fees are what the engines charge: of pairs in the quote currency, of swaps in the settle currency. The exchange charges
the buyer of a pair in the currency that he receives; whoever reads ``feeCcy`` need not care.

Source: OKX v5 documents of 2026, order channel, order details, and recorded rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..futures.events import FuturesOrderState
from ..matching.symbols import plain
from .fills import Fill
from .instruments import Instrument
from .numbers import milliseconds, ratio
from .terms import AnyOrder, Terms, client_id

__all__ = ["fill_row", "order_row", "push_row", "state_of"]

ZERO = Decimal(0)

_EMPTY_PUSH: Mapping[str, Any] = {
    "accFillSz": "0",
    "amendResult": "",
    "avgPx": "0",
    "cTime": "",
    "category": "normal",
    "ccy": "",
    "clOrdId": "",
    "code": "0",
    "execType": "",
    "fee": "0",
    "feeCcy": "",
    "fillFee": "0",
    "fillFeeCcy": "",
    "fillNotionalUsd": "",
    "fillPx": "",
    "fillSz": "0",
    "fillPnl": "0",
    "fillTime": "",
    "fillPxVol": "",
    "fillPxUsd": "",
    "fillMarkVol": "",
    "fillFwdPx": "",
    "fillMarkPx": "",
    "fillIdxPx": "",
    "instId": "",
    "instType": "",
    "lever": "0",
    "msg": "",
    "notionalUsd": "",
    "ordId": "",
    "ordType": "",
    "pnl": "0",
    "posSide": "",
    "px": "",
    "pxUsd": "",
    "pxVol": "",
    "pxType": "",
    "rebate": "0",
    "rebateCcy": "",
    "reduceOnly": "false",
    "reqId": "",
    "side": "",
    "attachAlgoClOrdId": "",
    "slOrdPx": "",
    "slTriggerPx": "",
    "slTriggerPxType": "last",
    "source": "",
    "state": "",
    "stpId": "",
    "stpMode": "",
    "sz": "",
    "tag": "",
    "tdMode": "",
    "tgtCcy": "",
    "tpOrdPx": "",
    "tpTriggerPx": "",
    "tpTriggerPxType": "last",
    "tradeId": "",
    "tradeQuoteCcy": "",
    "lastPx": "",
    "quickMgnType": "",
    "algoClOrdId": "",
    "attachAlgoOrds": [],
    "algoId": "",
    "amendSource": "",
    "cancelSource": "",
    "isTpLimit": "false",
    "uTime": "",
    "linkedAlgoOrd": {"algoId": ""},
}
"""What a push says where an order has nothing to say, in the order of the documents."""
_PUSH_ONLY = (
    *("amendResult", "code", "execType", "fillFee", "fillFeeCcy", "fillNotionalUsd", "fillPnl", "fillPxVol"),
    *("fillPxUsd", "fillMarkVol", "fillFwdPx", "fillMarkPx", "fillIdxPx", "msg", "notionalUsd", "reqId", "lastPx"),
    "amendSource",
)
_POSITION_SIDES = {"BOTH": "net", "LONG": "long", "SHORT": "short"}


def state_of(order: AnyOrder) -> str:
    """Return ``live``, ``partially_filled``, ``filled`` or ``canceled``."""
    if order.outcome is not None:
        return order.outcome
    if not order.deal_size:
        return "live"
    # The engine tells the last fill of an order before its end.
    return "filled" if order.size is not None and order.deal_size == order.size else "partially_filled"


def _average_price(order: AnyOrder, instrument: Instrument) -> Decimal:
    """Return the mean price of the fills, zero before the first."""
    if not isinstance(order, FuturesOrderState):
        return ratio(order.deal_funds, order.deal_size)
    contract = instrument.contract
    assert contract is not None
    if not order.deal_size:
        return ZERO
    unit = ratio(abs(order.deal_value), order.deal_size)
    return contract.price_of(-unit if contract.is_inverse else unit)


def push_row(
    order: AnyOrder, instrument: Instrument, terms: Terms, *, fill: Fill, last: Decimal, cancel_source: str
) -> dict[str, Any]:
    """
    Spell an order as the channel ``orders`` does.

    Args:
        order: As it is now.
        instrument: What it trades.
        terms: What it was placed with.
        fill: What this push tells of, `NO_FILL` for none.
        last: Last price of the instrument.
        cancel_source: Who cancelled it, ``""`` for nobody.
    """
    row = {**_EMPTY_PUSH, **_common(order, instrument, terms, cancel_source)}
    row["notionalUsd"] = plain(_worth(instrument, order.size or order.deal_size, order.price or last))
    row["lastPx"] = plain(last)
    row.update(reqId=terms.req_id, amendResult=terms.amend_result, amendSource="1" if terms.amend_result else "")
    if fill.trade_id:
        row.update(
            fillPx=plain(fill.price),
            fillSz=plain(fill.size),
            fillTime=milliseconds(fill.time_ns),
            fillFee=plain(-fill.fee),
            fillFeeCcy=row["feeCcy"],
            fillPnl=plain(fill.pnl),
            fillNotionalUsd=plain(_worth(instrument, fill.size, fill.price)),
            tradeId=fill.trade_id,
            execType=fill.exec_type,
        )
    return row


def order_row(
    order: AnyOrder, instrument: Instrument, terms: Terms, *, fill: Fill, pnl: Decimal, cancel_source: str
) -> dict[str, Any]:
    """Spell an order as the REST calls do; ``fill`` is its last one, ``pnl`` what all closed."""
    row = {name: value for name, value in _EMPTY_PUSH.items() if name not in _PUSH_ONLY}
    row.update(_common(order, instrument, terms, cancel_source))
    row.update(avgPx="" if not order.deal_size else row["avgPx"], pnl=plain(pnl), cancelSourceReason="")
    row.update(slTriggerPxType="", tpTriggerPxType="")
    has_fill = bool(fill.trade_id)
    row.update(
        fillPx=plain(fill.price) if has_fill else "",
        fillSz=plain(fill.size) if has_fill else "0",
        fillTime=milliseconds(fill.time_ns) if has_fill else "",
        tradeId=fill.trade_id,
    )
    return row


def fill_row(order: AnyOrder, instrument: Instrument, fill: Fill) -> dict[str, Any]:
    """Spell a fill as the channel ``fills`` does; client order ids that are no number are told as 0."""
    client_oid = client_id(order)
    is_number = client_oid.isdigit() and 0 < int(client_oid) < 1 << 63
    return {
        "instId": instrument.inst_id,
        "fillSz": plain(fill.size),
        "fillPx": plain(fill.price),
        "side": order.side,
        "ts": milliseconds(fill.time_ns),
        "ordId": order.order_id,
        "clOrdId": client_oid if is_number else "0",
        "tradeId": fill.trade_id,
        "execType": fill.exec_type,
        "count": "1",
    }


def _common(order: AnyOrder, instrument: Instrument, terms: Terms, cancel_source: str) -> dict[str, Any]:
    """Return what both kinds of rows say."""
    size = terms.size or plain(order.size or ZERO)
    if order.type != "market" and order.size is not None:
        # It may have been amended, or cut.
        size = plain(order.size)
    row: dict[str, Any] = {
        "accFillSz": plain(order.deal_size),
        "avgPx": plain(_average_price(order, instrument)),
        "cTime": milliseconds(order.created_at_ns),
        "clOrdId": client_id(order),
        "fee": plain(-order.fee),
        "feeCcy": _fee_currency(instrument),
        "instId": instrument.inst_id,
        "instType": instrument.inst_type,
        "ordId": order.order_id,
        "ordType": terms.ord_type,
        "px": plain(order.price) if order.type != "market" else "",
        "rebateCcy": _fee_currency(instrument),
        "reduceOnly": "true" if terms.reduce_only else "false",
        "side": order.side,
        "state": state_of(order),
        "stpMode": terms.stp_mode,
        "sz": size,
        "tag": terms.tag,
        "tdMode": terms.td_mode,
        "tgtCcy": terms.tgt_ccy,
        "tradeQuoteCcy": instrument.pair.quote if instrument.pair is not None else "",
        "cancelSource": cancel_source,
        "uTime": milliseconds(order.updated_at_ns),
        "attachAlgoOrds": [],
        "linkedAlgoOrd": {"algoId": ""},
    }
    if isinstance(order, FuturesOrderState):
        row["lever"] = plain(order.leverage)
        row["posSide"] = _POSITION_SIDES[order.position_side]
        if order.trade_type == "liquid":
            row["category"] = "full_liquidation"
    return row


def _fee_currency(instrument: Instrument) -> str:
    if instrument.contract is not None:
        return instrument.contract.settle
    assert instrument.pair is not None
    return instrument.pair.quote


def _worth(instrument: Instrument, size: Decimal, price: Decimal) -> Decimal:
    """Return what a size is worth in the quote currency, which stands for dollars."""
    contract = instrument.contract
    if contract is None:
        return size * price
    return size * (-contract.multiplier if contract.is_inverse else contract.multiplier * price)
