"""
The keyword arguments of the order methods, for type checkers, help and completion.

What each may be, and what one means for another, is checked by the tables in `arguments`; a test holds the two
together. A value of ``None`` counts as not given.
"""

from __future__ import annotations

from typing import TypedDict

from kucoin_sync.orders.keywords import Number

__all__ = [
    "AmendArguments",
    "CancelArguments",
    "MassCancelArguments",
    "OrderArguments",
    "SpreadAmendArguments",
    "SpreadCancelArguments",
    "SpreadMassCancelArguments",
    "SpreadOrderArguments",
]


class OrderArguments(TypedDict, total=False):
    """Of ``order``, and of each order of ``batch-orders``."""

    inst_id: str | None
    inst_id_code: int | None
    td_mode: str | None
    side: str | None
    ord_type: str | None
    sz: Number | None
    px: Number | None
    px_usd: Number | None
    px_vol: Number | None
    ccy: str | None
    cl_ord_id: str | None
    tag: str | None
    pos_side: str | None
    reduce_only: bool | None
    tgt_ccy: str | None
    ban_amend: bool | None
    px_amend_type: str | None
    trade_quote_ccy: str | None
    slippage_pct: Number | None
    stp_mode: str | None
    rpi_taker_access: bool | None
    is_elp_taker_access: bool | None
    rpi_px_round: bool | None
    outcome: str | None


class AmendArguments(TypedDict, total=False):
    """Of ``amend-order``, and of each order of ``batch-amend-orders``."""

    inst_id: str | None
    inst_id_code: int | None
    ord_id: str | None
    cl_ord_id: str | None
    cxl_on_fail: bool | None
    req_id: str | None
    new_sz: Number | None
    new_px: Number | None
    new_px_usd: Number | None
    new_px_vol: Number | None
    px_amend_type: str | None
    rpi_taker_access: bool | None


class CancelArguments(TypedDict, total=False):
    """Of ``cancel-order``, and of each order of ``batch-cancel-orders``."""

    inst_id: str | None
    inst_id_code: int | None
    ord_id: str | None
    cl_ord_id: str | None


class MassCancelArguments(TypedDict, total=False):
    """Of ``mass-cancel``."""

    inst_type: str | None
    inst_family: str | None
    lock_interval: int | str | None


class SpreadOrderArguments(TypedDict, total=False):
    """Of ``sprd-order``."""

    sprd_id: str | None
    side: str | None
    ord_type: str | None
    sz: Number | None
    px: Number | None
    cl_ord_id: str | None
    tag: str | None


class SpreadCancelArguments(TypedDict, total=False):
    """Of ``sprd-cancel-order``."""

    ord_id: str | None
    cl_ord_id: str | None


class SpreadAmendArguments(SpreadCancelArguments, total=False):
    """Of ``sprd-amend-order``."""

    req_id: str | None
    new_sz: Number | None
    new_px: Number | None


class SpreadMassCancelArguments(TypedDict, total=False):
    """Of ``sprd-mass-cancel``."""

    sprd_id: str | None
