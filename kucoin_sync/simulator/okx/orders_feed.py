"""
The channels ``orders`` and ``fills``, made from what both engines report.

A new order is told ``live`` before its fills, whatever its kind; a post-only one only once it rests, so that one that
would take is told ``canceled`` and nothing else (as announced for August 2026).

Source: OKX v5 documents of 2026, order channel and fills channel.
"""

from __future__ import annotations

from decimal import Decimal

from attrs import evolve

from ..feed import Reactions
from ..futures.events import (
    FuturesOrderDone,
    FuturesOrderMatched,
    FuturesOrderOpened,
    FuturesOrderState,
    FuturesOrderUpdated,
)
from ..matching.events import OrderDone, OrderMatched, OrderOpened, OrderReceived, OrderUpdated
from ..peer import Peer
from .fills import NO_FILL, Fill, fill_of_contract, fill_of_pair
from .instruments import Instrument
from .order_rows import fill_row, push_row
from .terms import AnyOrder
from .venue import OkxVenue

__all__ = ["OrdersFeed"]

_TAKES_NOTHING = ("post_only", "mmp_and_post_only", "rpi", "elp")


class OrdersFeed:
    """
    Publishes orders and fills.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: OkxVenue) -> None:
        self._venue = venue
        # Live views of who reads.
        self._order_readers = venue.arguments("orders")
        self._fill_readers = venue.arguments("fills")
        #: Live swap orders that were told of; the engine of contracts tells the receipt of none.
        self._announced: set[str] = set()
        self.reactions: Reactions = {
            OrderReceived: self._received,
            OrderOpened: self._opened,
            OrderMatched: self._matched,
            OrderUpdated: self._updated,
            OrderDone: self._done,
            FuturesOrderOpened: self._contract_opened,
            FuturesOrderMatched: self._contract_matched,
            FuturesOrderUpdated: self._contract_updated,
            FuturesOrderDone: self._contract_done,
        }

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Nothing is sent at once: the next change is."""

    def step(self) -> None:
        """Nothing hangs on time here."""

    def shut_down(self) -> None:
        """Nothing to release."""

    # Pairs.

    def _received(self, event: OrderReceived) -> None:
        if self._is_owned(event.order) and self._venue.terms.of(event.order).ord_type not in _TAKES_NOTHING:
            self._publish(event.order)

    def _opened(self, event: OrderOpened) -> None:
        if self._is_owned(event.order) and self._venue.terms.of(event.order).ord_type in _TAKES_NOTHING:
            self._publish(event.order)

    def _matched(self, event: OrderMatched) -> None:
        if self._is_owned(event.order):
            self._publish(event.order, fill_of_pair(event))

    def _updated(self, event: OrderUpdated) -> None:
        self._publish_change(event.order)

    def _done(self, event: OrderDone) -> None:
        # That an order is filled its last fill has told, but of one by funds nobody knew that it was the last.
        if event.order.outcome == "canceled" or event.order.size is None:
            self._publish_change(event.order)

    # Swaps.

    def _contract_opened(self, event: FuturesOrderOpened) -> None:
        self._announce(event.order)

    def _contract_matched(self, event: FuturesOrderMatched) -> None:
        if self._is_owned(event.order):
            self._announce(event.order)
            self._publish(event.order, fill_of_contract(event.fill))

    def _contract_updated(self, event: FuturesOrderUpdated) -> None:
        self._publish_change(event.order)

    def _contract_done(self, event: FuturesOrderDone) -> None:
        order = event.order
        if not self._is_owned(order):
            return
        if self._venue.terms.of(order).ord_type not in _TAKES_NOTHING:
            self._announce(order)
        if order.outcome == "canceled":
            self._publish_change(order)
        self._announced.discard(order.order_id)

    def _announce(self, order: FuturesOrderState) -> None:
        """Begin a swap order with ``live``, once; the orders that close by force begin with their fills (assumed)."""
        if order.order_id in self._announced or not self._is_owned(order) or order.trade_type != "trade":
            return
        self._announced.add(order.order_id)
        zero = Decimal(0)
        self._publish(
            evolve(
                order,
                deal_size=zero,
                deal_value=zero,
                fee=zero,
                canceled_size=zero,
                outcome=None,
                updated_at_ns=order.created_at_ns,
            )
        )

    # Both.

    def _is_owned(self, order: AnyOrder) -> bool:
        """Whether an account can be logged in; those of the simulator itself cannot."""
        return order.account in self._venue.credentials and order.symbol in self._venue.instruments.by_id

    def _publish_change(self, order: AnyOrder) -> None:
        """Tell a change that is no fill, and with it what became of an amendment."""
        if self._is_owned(order):
            self._publish(order)
            if self._venue.terms.of(order).amend_result:
                self._venue.terms.note(order, req_id="", amend_result="")

    def _publish(self, order: AnyOrder, fill: Fill = NO_FILL) -> None:
        # Asked for even where nobody reads: an order is recognised by what is told of it first.
        terms = self._venue.terms.of(order)
        if fill.trade_id:
            terms = evolve(terms, req_id="", amend_result="")
            self._venue.fills.note(order.order_id, fill)
        instrument = self._venue.instruments.by_id[order.symbol]
        if self._order_readers:
            source = self._venue.terms.cancel_source(order)
            last = self._last(instrument)
            row = push_row(order, instrument, terms, fill=fill, last=last, cancel_source=source)
            served: set[Peer] = set()
            for inst_type in ("ANY", instrument.inst_type):
                for part in ("", f",{instrument.inst_id}", f",family={instrument.family}"):
                    topic = f"orders:{inst_type}{part}"
                    self._venue.push(topic, [row], account=order.account, but=served)
                    if self._venue.forms.overlaps == "once":
                        served |= set(self._venue.peers_on(topic))
        if fill.trade_id and self._fill_readers:
            row = fill_row(order, instrument, fill)
            for topic in ("fills", f"fills:{instrument.inst_id}"):
                self._venue.push(topic, [row], account=order.account)

    def _last(self, instrument: Instrument) -> Decimal:
        engine = self._venue.exchange if instrument.contract is None else self._venue.futures
        return engine.book(instrument.inst_id).last_price
