"""
Arguments of ``POST /api/v1/stop-order``.

Source: KuCoin docs, Add Stop Order; ``stop`` is named by older pages only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from ..matching.orders import OrderRequest
from ..matching.symbols import Symbol
from .order_arguments import one_of, positive_number, read_margin_request, read_order_request
from .refusals import refused

__all__ = ["read_stop_request"]

_TRADE_TYPES = ("TRADE", "MARGIN_TRADE", "MARGIN_ISOLATED_TRADE")


def read_stop_request(args: Mapping[str, Any], symbols: Mapping[str, Symbol]) -> OrderRequest:
    """
    Check a stop order against the rules of the order it will place.

    Returns:
        That order, with ``stop_price``, and with ``stop`` if the client named one.

    Raises:
        Refused: In the words of the spot market.
    """
    trade_type = one_of(args, "tradeType", _TRADE_TYPES, "TRADE")
    if trade_type == "TRADE":
        plain = {name: value for name, value in args.items() if name != "allowMaxTimeWindow"}
        request = read_order_request(plain, symbols, 0)
    else:
        isolated = trade_type == "MARGIN_ISOLATED_TRADE"
        request = read_margin_request({**args, "isIsolated": isolated}, symbols)
    stop = one_of(args, "stop", ("loss", "entry", ""), "")
    stop_price = positive_number(args, "stopPrice")
    if stop_price <= 0 or stop_price % symbols[request.symbol].price_increment:
        raise refused("price_step")
    return evolve(request, stop=stop, stop_price=stop_price)
