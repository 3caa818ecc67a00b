"""
Private topics of the classic spot stream: orders, stop orders, balances, margin positions, lending orders.

Source: KuCoin docs, pages of the private spot and margin channels, and captures of 2021 to 2026.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from decimal import ROUND_DOWN, Context, Decimal
from typing import TYPE_CHECKING

from ..feed import Reactions
from ..matching.account_states import MARGIN
from ..matching.events import (
    IsolatedPositionChanged,
    LendingOrderChanged,
    MarginStatusChanged,
    OrderDone,
    OrderMatched,
    OrderOpened,
    OrderReceived,
    OrderUpdated,
    StopOrderChanged,
    WalletChanged,
)
from ..peer import Peer
from .spot_private_frames import (
    OrderEvent,
    advanced_order,
    balance_change,
    debt_ratio,
    isolated_position,
    loan_order,
    order_change,
)

if TYPE_CHECKING:
    from ..kucoin_venue import KucoinVenue

__all__ = ["SpotPrivateFeed"]

ORDERS, ORDERS_V2, STOP_ORDERS = "/spotMarket/tradeOrders", "/spotMarket/tradeOrdersV2", "/spotMarket/advancedOrders"
BALANCE, POSITION, ISOLATED, LOAN = "/account/balance", "/margin/position", "/margin/isolatedPosition", "/margin/loan"

DEBT_RATIO_INTERVAL_NS = 4 * 1_000_000_000
_ROUGH = Context(prec=60)


class SpotPrivateFeed:
    """
    Publishes what concerns one account to its own connections.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._venue = venue
        self._event_ids = itertools.count(10**14)
        self._ratios_sent: dict[str, int] = {}
        self.reactions: Reactions = {
            OrderReceived: self._order,
            OrderOpened: self._order,
            OrderMatched: self._order,
            OrderUpdated: self._order,
            OrderDone: self._order,
            StopOrderChanged: self._stop_order,
            WalletChanged: self._balance,
            MarginStatusChanged: self._margin_status,
            IsolatedPositionChanged: self._isolated_position,
            LendingOrderChanged: self._loan,
        }

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Nothing is sent at once: the next change is."""

    def step(self) -> None:
        """Publish the debt ratios that are due."""
        if not self._venue.has_readers(POSITION):
            return
        now = self._venue.now_ns()
        for account, wallet in self._venue.exchange.margin.debtors():
            if wallet == MARGIN and now - self._ratios_sent.get(account, 0) >= DEBT_RATIO_INTERVAL_NS:
                self._ratios_sent[account] = now
                state = self._venue.exchange.margin.state(account, wallet)
                self._push(account, POSITION, "debt.ratio", debt_ratio(state, self._in_btc, now // 1_000_000))

    def shut_down(self) -> None:
        """There are no timers."""

    # Topics.

    def _order(self, event: OrderEvent) -> None:
        account, has_readers = event.order.account, self._venue.has_readers
        if account not in self._venue.credentials or not (has_readers(ORDERS_V2) or has_readers(ORDERS)):
            return
        data = order_change(event)
        self._push(account, ORDERS_V2, "orderChange", data)
        if not isinstance(event, OrderReceived):
            self._push(account, ORDERS, "orderChange", data)

    def _stop_order(self, event: StopOrderChanged) -> None:
        self._push(event.order.account, STOP_ORDERS, "stopOrder", advanced_order(event))

    def _balance(self, event: WalletChanged) -> None:
        if self._venue.has_readers(BALANCE):
            event_id = str(next(self._event_ids))
            data = balance_change(event, event_id)
            self._push(event.account, BALANCE, "account.balance", data, envelope={"id": event_id})

    def _margin_status(self, event: MarginStatusChanged) -> None:
        data = {"type": event.kind, "timestamp": event.time_ns // 1_000_000}
        self._push(event.account, POSITION, "position.status", data)

    def _isolated_position(self, event: IsolatedPositionChanged) -> None:
        symbol = event.state.symbol
        price = self._venue.exchange.price_of(self._venue.exchange.symbols[symbol].quote)
        self._push(event.state.account, f"{ISOLATED}:{symbol}", "positionChange", isolated_position(event, price))

    def _loan(self, event: LendingOrderChanged) -> None:
        topic = f"{LOAN}:{event.order.currency}"
        self._push(event.order.account, topic, f"order.{event.kind}", loan_order(event))

    def _push(
        self, account: str, topic: str, subject: str, data: object, *, envelope: Mapping[str, object] | None = None
    ) -> None:
        self._venue.publish(topic, subject, data, account=account, envelope=envelope)

    def _in_btc(self, worth: Decimal) -> Decimal:
        """Turn a worth in USDT into BTC, eight decimals; without a price of BTC it stays as it is (assumed)."""
        price = self._venue.exchange.price_of("BTC")
        rough = _ROUGH.divide(worth, price) if price else worth
        return rough.quantize(Decimal("0.00000001"), ROUND_DOWN, _ROUGH)
