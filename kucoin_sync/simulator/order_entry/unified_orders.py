"""
Unified orders: one face for the engines of both products.

A unified order is one of the engine of its product: wallets, books and order ids are those of the classic operations.

- An order with a trigger is a stop order of its engine, and can be cancelled under that id until it fires.
- Take profit and stop loss of a futures order become two stop orders that only reduce, placed together with it
  (assumed: when they start to wait is not documented).
- An order is amended in its place: it keeps its id and loses its turn. The reply has no other id than that one.

Source: KuCoin docs, unified account, Place Order, Cancel Order and Amend Order, and the published list of codes.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..futures.exchange import FuturesExchange
from ..matching.orders import Refused, StopOrderState
from ..spot.exchange import Exchange
from .uta_arguments import FUTURES, Arguments, read_amend, read_cancel, read_closing_stops, read_order

__all__ = ["UnifiedOrders"]

#: Situation of either engine to code and text.
_WORDS: Mapping[str, tuple[str, str]] = {
    "parameter": ("106000", "InvalidParam"),
    "symbol": ("106054", "InvalidSymbol"),
    "suspended": ("106194", "SymbolDisabled"),
    "balance": ("106150", "InsufficientFunds"),
    "duplicate": ("106151", "DuplicateClientOrderId"),
    "too_many": ("106206", "OpenOrdersExceededMaxLimit"),
    "too_small": ("106164", "QuantityTooLow"),
    "too_large": ("106165", "QuantityTooHigh"),
    "size_step": ("106168", "BaseStepSizeMismatch"),
    "price_step": ("106169", "PriceStepSizeMismatch"),
    "too_dear": ("106170", "PriceTooHigh"),
    "too_cheap": ("106171", "PriceTooLow"),
    "no_such_live_order": ("106052", "NotFound"),
    "no_such_order": ("106052", "NotFound"),
    "at_risk": ("106211", "UserStatusNotSupportTrading"),
    "too_many_stops": ("106206", "OpenOrdersExceededMaxLimit"),
    "no_position": ("106182", "NoPosition"),
    "leverage": ("106174", "LeverageOverSymbolMax"),
    "risk_limit": ("106212", "InsufficientFundsOrRiskLimit"),
    "margin_mode": ("401110", "MarginModeValidIsolatedError"),
    "position_mode": ("106000", "InvalidParam"),
}
_WHOLE = re.compile(r"[0-9]{1,15}\Z")
_STOP_TYPES = {"SPOT": ("TRADE",), "MARGIN": ("MARGIN_TRADE", "MARGIN_ISOLATED_TRADE")}


class UnifiedOrders:
    """
    Places, cancels and amends.

    Args:
        spot: Engine of spot and margin.
        futures: Engine of contracts.
    """

    def __init__(self, spot: Exchange, futures: FuturesExchange) -> None:
        self._spot = spot
        self._futures = futures

    def place(self, account: str, args: Arguments) -> tuple[str, str | None]:
        """
        Place an order; see `uta_arguments.read_order`.

        Returns:
            Order id and client order id.

        Raises:
            Refused: Nothing was placed.
        """
        product, order = read_order(args)
        with _in_unified_words():
            if product == FUTURES:
                return self._place_futures(account, order, args)
            if "stop" in order:
                stop = self._spot.place_stop(account, _stop_arguments(product, order))
                return stop.order_id, stop.request.client_oid
            if product == "MARGIN":
                placed, _ = self._spot.place_margin(account, order)
            else:
                placed = self._spot.place(account, order)
            return placed.order_id, placed.client_oid

    def cancel(self, account: str, args: Arguments) -> tuple[str, str | None]:
        """
        Cancel a live order or one that waits for its price.

        Returns:
            Order id and client order id.

        Raises:
            Refused: There is no such order, or it is over.
        """
        product, named = read_cancel(args)
        with _in_unified_words():
            if product == FUTURES:
                state = self._futures.cancel(account, named)
                return state.order_id, state.client_oid
            waiting = self._waiting(account, product, named)
            if waiting is not None:
                self._spot.cancel_stop(account, waiting)
                return waiting.order_id, waiting.request.client_oid
            order = self._spot.cancel(account, named, margin=product == "MARGIN")
            return order.order_id, order.client_oid

    def amend(self, account: str, args: Arguments) -> tuple[str, str | None]:
        """
        Give a resting order another price or size.

        Returns:
            Order id and client order id, both as they were.

        Raises:
            Refused: The order stays as it is, unless ``cxlOnFail`` asked for its end.
        """
        is_futures = str(args.get("symbol")) in self._futures.contracts
        named, changes, cancel_on_fail = read_amend(args, is_futures=is_futures)
        if is_futures and "newSize" in changes:
            changes["newSize"] = _contracts(changes["newSize"])
        with _in_unified_words():
            try:
                order = (self._futures if is_futures else self._spot).amend(account, {**named, **changes})
            except Refused:
                if cancel_on_fail:
                    self._cancel_resting(account, named, is_futures=is_futures)
                raise
        return order.order_id, order.client_oid

    def _cancel_resting(self, account: str, named: Arguments, *, is_futures: bool) -> None:
        """Cancel an order that could not be amended; one that does not exist needs no end."""
        attempts = (False, True) if not is_futures else (False,)
        for margin in attempts:
            try:
                if is_futures:
                    self._futures.cancel(account, named)
                else:
                    self._spot.cancel(account, named, margin=margin)
            except Refused:
                continue

    # Spot and margin.

    def _waiting(self, account: str, product: str, named: Arguments) -> StopOrderState | None:
        """Return the waiting stop order that is meant, if one is."""
        if "orderId" in named:
            orders = [self._spot.stop_orders.get(account, named["orderId"])]
        else:
            orders = [*self._spot.stop_orders.by_client_oid(account, named["clientOid"], named["symbol"])]
        for order in orders:
            if order is None or order.status != "NEW" or order.request.symbol != named["symbol"]:
                continue
            if order.request.trade_type in _STOP_TYPES[product]:
                return order
        return None

    # Futures.

    def _place_futures(self, account: str, order: dict[str, Any], args: Arguments) -> tuple[str, str | None]:
        order.setdefault("marginMode", self._futures.accounts.margin_mode(account, order["symbol"]))
        closing = [{**stop, "clientOid": secrets.token_hex(16)} for stop in read_closing_stops(args, order)]
        for stop in closing:
            self._futures.place(account, stop, test=True)
        state = self._futures.place(account, order)
        for stop in closing:
            try:
                self._futures.place(account, stop)
            except Refused:
                pass  # one too many: the order itself is placed, and that is what the reply has to say
        return state.order_id, state.client_oid


@contextmanager
def _in_unified_words() -> Iterator[None]:
    """Let an engine's refusal through with the code of the unified list."""
    try:
        yield
    except Refused as refusal:
        words = _WORDS.get(refusal.situation)
        if words is None:
            raise
        raise Refused(*words, refusal.situation) from refusal


def _stop_arguments(product: str, order: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a stop order of the spot engine."""
    trade, cross, isolated = "TRADE", "MARGIN_TRADE", "MARGIN_ISOLATED_TRADE"
    kind = trade if product == "SPOT" else isolated if order["isIsolated"] else cross
    return {**order, "tradeType": kind}


def _contracts(text: str) -> int:
    if not _WHOLE.match(text):
        raise Refused(*_WORDS["size_step"])
    return int(text)
