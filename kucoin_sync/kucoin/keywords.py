"""
The keyword arguments of the order methods, for type checkers, help and completion.

What each may be, and what one means for another, is checked by the tables in `arguments`; a test holds the two
together. A value of ``None`` counts as not given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from kucoin_sync.orders.keywords import Number

__all__ = [
    "FuturesCancelArguments",
    "FuturesMultiCancelArguments",
    "FuturesOrderArguments",
    "MarginOrderArguments",
    "SpotCancelArguments",
    "SpotModifyArguments",
    "SpotOrderArguments",
    "UnifiedAmendArguments",
    "UnifiedCancelArguments",
    "UnifiedOrderArguments",
]


class _OrderTerms(TypedDict, total=False):
    symbol: str | None
    side: str | None
    type: str | None
    client_oid: str | None
    price: Number | None
    size: Number | None
    funds: Number | None
    time_in_force: str | None
    cancel_after: int | None
    post_only: bool | None
    hidden: bool | None
    iceberg: bool | None
    visible_size: Number | None
    stp: str | None
    remark: str | None


class SpotOrderArguments(_OrderTerms, total=False):
    """Of ``spot.order`` and ``spot.sync_order``."""

    tags: str | None
    client_timestamp: int | None
    allow_max_time_window: int | None


class MarginOrderArguments(_OrderTerms, total=False):
    """Of ``margin.order``."""

    is_isolated: bool | None
    auto_borrow: bool | None
    auto_repay: bool | None


class SpotCancelArguments(TypedDict, total=False):
    """Of ``spot.cancel``, ``spot.sync_cancel`` and ``margin.cancel``."""

    symbol: str | None
    order_id: str | None
    client_oid: str | None


class SpotModifyArguments(SpotCancelArguments, total=False):
    """Of ``spot.modify``."""

    new_price: Number | None
    new_size: Number | None


class FuturesOrderArguments(TypedDict, total=False):
    """Of ``futures.order``, and of each order of ``futures.multi_order``."""

    client_oid: str | None
    symbol: str | None
    side: str | None
    leverage: Number | None
    type: str | None
    price: Number | None
    size: Number | None
    qty: Number | None
    value_qty: Number | None
    margin_mode: str | None
    position_side: str | None
    time_in_force: str | None
    post_only: bool | None
    hidden: bool | None
    iceberg: bool | None
    visible_size: Number | None
    reduce_only: bool | None
    close_order: bool | None
    force_hold: bool | None
    stop: str | None
    stop_price: Number | None
    stop_price_type: str | None
    stp: str | None
    remark: str | None


class FuturesCancelArguments(TypedDict, total=False):
    """Of ``futures.cancel``."""

    order_id: str | None
    client_oid: str | None
    symbol: str | None


class FuturesMultiCancelArguments(TypedDict, total=False):
    """Of ``futures.multi_cancel``."""

    order_ids_list: Sequence[str] | None
    client_oids_list: Sequence[Mapping[str, str]] | None


class UnifiedOrderArguments(TypedDict, total=False):
    """Of ``uta.order``."""

    trade_type: str | None
    symbol: str | None
    side: str | None
    order_type: str | None
    size: Number | None
    size_unit: str | None
    price: Number | None
    client_oid: str | None
    time_in_force: str | None
    cancel_after: int | None
    post_only: bool | None
    reduce_only: bool | None
    stp: str | None
    tags: str | None
    position_side: str | None
    margin_mode: str | None
    leverage: Number | None
    auto_borrow: bool | None
    auto_repay: bool | None
    trigger_direction: str | None
    trigger_price: Number | None
    trigger_price_type: str | None
    tp_trigger_price: Number | None
    tp_trigger_price_type: str | None
    sl_trigger_price: Number | None
    sl_trigger_price_type: str | None
    close_order: bool | None


class UnifiedCancelArguments(TypedDict, total=False):
    """Of ``uta.cancel``."""

    trade_type: str | None
    symbol: str | None
    order_id: str | None
    client_oid: str | None


class UnifiedAmendArguments(TypedDict, total=False):
    """Of ``uta.amend``."""

    symbol: str | None
    order_id: str | None
    client_oid: str | None
    new_price: Number | None
    new_size: Number | None
    size_unit: str | None
    cxl_on_fail: bool | None
    tp_trigger_price: Number | None
    tp_trigger_price_type: str | None
    sl_trigger_price: Number | None
    sl_trigger_price_type: str | None
