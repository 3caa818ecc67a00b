"""
Private channels of the Pro streams for orders and fills, made from what both engines report.

An order of the spot engine goes to the subscribers of ``UNIFIED`` and of the products it belongs to: ``SPOT``, or
``MARGIN`` and its mode, ``CROSS`` or ``ISOLATED``. An order on a contract goes to ``UNIFIED`` and ``FUTURES``.

Source: KuCoin docs, unified account WebSocket, order and execution pages, and frames captured in 2026.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import evolve

from ..feed import Reactions
from ..futures.contracts import divided
from ..futures.events import (
    FuturesOrderDone,
    FuturesOrderMatched,
    FuturesOrderOpened,
    FuturesOrderState,
    FuturesOrderUpdated,
    FuturesStopOrderChanged,
)
from ..matching.events import OrderDone, OrderMatched, OrderReceived, OrderUpdated, StopOrderChanged
from ..matching.orders import OrderRequest, OrderState
from ..peer import Peer
from .order_rows import (
    NO_FILL,
    LastFill,
    classic_execution,
    classic_order,
    futures_execution,
    futures_order,
    lite_execution,
    scopes_of,
    spot_execution,
    spot_order,
    spot_stop_order,
)

if TYPE_CHECKING:
    from ..kucoin_venue import KucoinVenue

__all__ = ["ProPrivateFeed"]

_Views = dict[str, tuple[dict[str, None], dict[str, None]]]

_FUTURES_SCOPES = ("UNIFIED", "FUTURES")
_SCOPES = ("UNIFIED", "SPOT", "MARGIN", "CROSS", "ISOLATED", "FUTURES")
_STOP_EVENTS = {"open": "OPEN", "triggered": "TRIGGER", "cancel": "CANCEL"}
_NO_MONEY = "Balance insufficient!"


class ProPrivateFeed:
    """
    Publishes ``orderAll``, ``order``, ``execution`` and ``execution.lite``.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._venue = venue
        #: Live orders that conditional ones became, to the ids of these.
        self._origins: dict[str, str] = {}
        #: Live futures orders that were told of.
        self._announced: set[str] = set()
        # Live views of who reads orders and executions, by account type.
        self._order_readers = _views(venue, "orderAll", "order")
        self._execution_readers = _views(venue, "execution", "execution.lite")
        self.reactions: Reactions = {
            OrderReceived: self._received,
            OrderMatched: self._matched,
            OrderUpdated: self._updated,
            OrderDone: self._done,
            StopOrderChanged: self._stop_changed,
            FuturesOrderOpened: self._futures_opened,
            FuturesOrderMatched: self._futures_matched,
            FuturesOrderUpdated: self._futures_updated,
            FuturesOrderDone: self._futures_done,
            FuturesStopOrderChanged: self._futures_stop_changed,
        }

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Nothing is sent at once: the next change is."""

    def step(self) -> None:
        """Nothing hangs on time here."""

    def shut_down(self) -> None:
        """Nothing to release."""

    # The spot engine.

    def _received(self, event: OrderReceived) -> None:
        order = event.order
        if order.request.stop and self._is_owned(order.account):
            # The conditional order waits until the one behind it is placed, which is what happens just now; of several
            # that are alike the oldest fires first.
            for waiting in self._venue.exchange.stop_orders.waiting({"account": order.account}):
                if waiting.request == order.request:
                    self._origins[order.order_id] = waiting.order_id
        self._publish_order(order, "OPEN")

    def _matched(self, event: OrderMatched) -> None:
        order, trade = event.order, event.trade
        liquidity = "MAKER" if event.is_maker else "TAKER"
        fill = LastFill(str(trade.trade_id), trade.price, trade.size, liquidity)
        is_complete = order.size is not None and order.size == order.deal_size
        self._publish_order(order, "FILL" if is_complete else "MATCH", fill=fill)
        if not self._is_owned(order.account):
            return
        scopes = scopes_of(order.request)
        if self._has_readers(self._execution_readers, scopes):
            row = spot_execution(order, trade, is_maker=event.is_maker, fee_currency=self._fee_currency(order.request))
            self._publish_execution(order.account, scopes, row)

    def _updated(self, event: OrderUpdated) -> None:
        self._publish_order(event.order, "UPDATE")

    def _done(self, event: OrderDone) -> None:
        order = event.order
        if order.outcome == "canceled":
            self._publish_order(order, "CANCEL")
        elif order.size is None:  # of an order by funds no fill shows that it is the last one
            self._publish_order(order, "FILL")
        self._origins.pop(order.order_id, None)

    def _stop_changed(self, event: StopOrderChanged) -> None:
        order, kind, reason = event.order, _STOP_EVENTS[event.kind], ""
        if not self._is_owned(order.account):
            return
        if event.error is not None:  # what a conditional order that cannot be placed ends with is assumed
            kind, reason = "CANCEL", "NO_ENOUGH_BALANCE" if event.error == _NO_MONEY else "EXCEPTION_ORDER"
        elif kind == "CANCEL":
            reason = "USER"
        currency = self._fee_currency(order.request)
        row = spot_stop_order(order, kind, fee_currency=currency, now_ns=event.time_ns, cancel_reason=reason)
        self._publish_row(order.account, scopes_of(order.request), row)

    def _publish_order(self, order: OrderState, event: str, *, fill: LastFill = NO_FILL) -> None:
        if not self._is_owned(order.account):
            return
        scopes = scopes_of(order.request)
        if self._has_readers(self._order_readers, scopes):
            origin = self._origins.get(order.order_id, "")
            row = spot_order(order, event, fee_currency=self._fee_currency(order.request), fill=fill, origin=origin)
            self._publish_row(order.account, scopes, row)

    def _fee_currency(self, request: OrderRequest) -> str:
        return self._venue.exchange.symbols[request.symbol].quote

    # The futures engine.

    def _futures_opened(self, event: FuturesOrderOpened) -> None:
        self._announce(event.order)

    def _futures_matched(self, event: FuturesOrderMatched) -> None:
        order, fill = event.order, event.fill
        self._announce(order)
        last = LastFill(str(fill.trade_id), fill.price, fill.size, fill.liquidity.upper())
        self._publish_futures_order(order, "MATCH" if order.remaining else "FILL", fill=last)
        if self._is_owned(order.account) and self._has_readers(self._execution_readers, _FUTURES_SCOPES):
            self._publish_execution(order.account, _FUTURES_SCOPES, futures_execution(fill))

    def _futures_updated(self, event: FuturesOrderUpdated) -> None:
        self._publish_futures_order(event.order, "UPDATE")

    def _futures_done(self, event: FuturesOrderDone) -> None:
        self._announce(event.order)
        if event.order.outcome == "canceled":
            self._publish_futures_order(event.order, "CANCEL")
        self._announced.discard(event.order.order_id)

    def _futures_stop_changed(self, event: FuturesStopOrderChanged) -> None:
        # What a conditional order that cannot be placed ends with is assumed.
        kind = "CANCEL" if event.error is not None else _STOP_EVENTS[event.kind]
        self._publish_futures_order(event.order, kind)

    def _announce(self, order: FuturesOrderState) -> None:
        """Begin every order with ``OPEN``: the engine has no event for an order that has not traded or rested yet."""
        if order.order_id in self._announced or not self._is_told(order):
            return
        self._announced.add(order.order_id)
        if self._has_readers(self._order_readers, _FUTURES_SCOPES):
            zero = Decimal(0)
            fresh = evolve(order, deal_size=zero, deal_value=zero, fee=zero, canceled_size=zero, cancel_reason="")
            self._publish_futures_order(fresh, "OPEN")

    def _publish_futures_order(self, order: FuturesOrderState, event: str, *, fill: LastFill = NO_FILL) -> None:
        if self._is_told(order) and self._has_readers(self._order_readers, _FUTURES_SCOPES):
            row = futures_order(order, event, average=self._average(order), fill=fill)
            self._publish_row(order.account, _FUTURES_SCOPES, row)

    def _is_told(self, order: FuturesOrderState) -> bool:
        """Whether the owner hears of an order; of forced ones there are fills only (assumed)."""
        return self._is_owned(order.account) and order.trade_type == "trade"

    def _average(self, order: FuturesOrderState) -> Decimal:
        contract = self._venue.futures.contracts[order.symbol]
        if not order.deal_size:
            return Decimal(0)
        unit = divided(abs(order.deal_value), order.deal_size)
        return contract.price_of(-unit if contract.is_inverse else unit)

    # Both.

    def _is_owned(self, account: str) -> bool:
        """Whether an account can be logged in; those of the simulator itself cannot."""
        return account in self._venue.credentials

    def _has_readers(self, views: _Views, scopes: tuple[str, ...]) -> bool:
        for scope in scopes:
            whole, parts = views[scope]
            if whole or parts:
                return True
        return False

    def _publish_row(self, account: str, scopes: tuple[str, ...], row: dict[str, Any]) -> None:
        for scope in scopes:
            data = row if scope == "UNIFIED" else classic_order(row)
            self._venue.publish_pro(f"orderAll.{scope}", data, account=account)
            self._venue.publish_pro(f"order.{scope}:{row['s']}", data, account=account)

    def _publish_execution(self, account: str, scopes: tuple[str, ...], row: dict[str, Any]) -> None:
        lite = lite_execution(row, is_futures=scopes is _FUTURES_SCOPES)
        for scope in scopes:
            data = row if scope == "UNIFIED" else classic_execution(row)
            self._venue.publish_pro(f"execution.{scope}", data, account=account)
            self._venue.publish_pro(f"execution.lite.{scope}", lite, account=account)


def _views(venue: KucoinVenue, whole: str, parts: str) -> _Views:
    return {scope: (venue.arguments(f"{whole}.{scope}"), venue.arguments(f"{parts}.{scope}")) for scope in _SCOPES}
