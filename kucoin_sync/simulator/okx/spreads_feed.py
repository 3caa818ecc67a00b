"""
The channels of spreads but their order books: one's own orders and trades, and those of everybody.

Source: OKX v5 documents of 2026, spread trading channels.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeGuard

from ..feed import Reactions
from ..matching.events import Event, OrderDone, OrderMatched, OrderReceived, OrderUpdated, Trade, Traded
from ..matching.orders import OrderState
from ..matching.symbols import plain
from ..peer import Peer
from .numbers import milliseconds, quotient
from .order_rows import state_of
from .terms import client_id
from .venue import OkxVenue

__all__ = ["SpreadsFeed", "spread_order_row"]


class SpreadsFeed:
    """
    Publishes orders and trades of spreads.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: OkxVenue) -> None:
        self._venue = venue
        # The spreads are no part of the engines that report to the venue.
        self.reactions: Reactions = {}
        venue.spreads.listeners.append(self._on_event)

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Nothing is sent at once: the next change is."""

    def step(self) -> None:
        """Nothing hangs on time here."""

    def shut_down(self) -> None:
        """Nothing to release."""

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Traded):
            self._traded(event.trade)
        elif isinstance(event, OrderMatched):
            self._publish(event.order, event.trade)
            self._publish_trade(event)
        elif isinstance(event, (OrderReceived, OrderUpdated)) or _is_cancel(event):
            self._publish(event.order)

    def _traded(self, trade: Trade) -> None:
        row = {
            "sprdId": trade.symbol,
            "tradeId": str(trade.trade_id),
            "px": plain(trade.price),
            "sz": plain(trade.size),
            "side": trade.side,
            "ts": milliseconds(trade.time_ns),
        }
        self._venue.push(f"sprd-public-trades:{trade.symbol}", [row])

    def _publish(self, order: OrderState, trade: Trade | None = None) -> None:
        if order.account in self._venue.credentials:
            row = spread_order_row(self._venue, order, trade)
            for topic in ("sprd-orders", f"sprd-orders:{order.symbol}"):
                self._venue.push(topic, [row], account=order.account)
            if trade is None and row["amendResult"]:
                self._venue.spreads.terms.note(order, req_id="", amend_result="")

    def _publish_trade(self, event: OrderMatched) -> None:
        order, trade = event.order, event.trade
        if order.account not in self._venue.credentials:
            return
        spread = self._venue.spreads.by_id[order.symbol]
        terms = self._venue.spreads.terms.of(order)
        row = {
            "sprdId": order.symbol,
            "tradeId": str(trade.trade_id),
            "ordId": order.order_id,
            "clOrdId": client_id(order),
            "tag": terms.tag,
            "fillPx": plain(trade.price),
            "fillSz": plain(trade.size),
            "state": "filled",
            "side": order.side,
            "execType": "M" if event.is_maker else "T",
            "ts": milliseconds(trade.time_ns),
            # The legs are not booked, so they have neither prices nor trades of their own.
            "legs": [self._leg(inst_id, trade.size) for inst_id in (spread.pair, spread.swap)],
            "code": "",
            "msg": "",
        }
        for topic in ("sprd-trades", f"sprd-trades:{order.symbol}"):
            self._venue.push(topic, [row], account=order.account)

    def _leg(self, inst_id: str, size: Decimal) -> dict[str, Any]:
        return {
            "instId": inst_id,
            "px": "",
            "sz": plain(size),
            "szCont": "",
            "side": "",
            "fillPnl": "",
            "fee": "",
            "feeCcy": "",
            "tradeId": "",
        }


def _is_cancel(event: Event) -> TypeGuard[OrderDone]:
    return isinstance(event, OrderDone) and event.order.outcome == "canceled"


def spread_order_row(venue: OkxVenue, order: OrderState, trade: Trade | None = None) -> dict[str, Any]:
    """Spell an order of a spread; ``trade`` is the fill that is told of."""
    terms = venue.spreads.terms.of(order)
    return {
        "sprdId": order.symbol,
        "ordId": order.order_id,
        "clOrdId": client_id(order),
        "tag": terms.tag,
        "px": plain(order.price) if order.type != "market" else "",
        "sz": plain(order.size) if order.size is not None else terms.size,
        "ordType": terms.ord_type,
        "side": order.side,
        "fillSz": plain(trade.size) if trade is not None else "0",
        "fillPx": plain(trade.price) if trade is not None else "",
        "tradeId": str(trade.trade_id) if trade is not None else "",
        "accFillSz": plain(order.deal_size),
        "pendingFillSz": plain(order.remaining),
        # A trade is settled at once.
        "pendingSettleSz": "0",
        "canceledSz": plain(order.cancelled_size) if order.outcome == "canceled" else "0",
        "state": state_of(order),
        "avgPx": quotient(order.deal_funds, order.deal_size),
        "cancelSource": venue.spreads.terms.cancel_source(order),
        "uTime": milliseconds(order.updated_at_ns),
        "cTime": milliseconds(order.created_at_ns),
        "code": "0",
        "msg": "",
        "reqId": "" if trade is not None else terms.req_id,
        "amendResult": "" if trade is not None else terms.amend_result,
    }
