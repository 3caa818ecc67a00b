"""
Private topics of the classic futures stream, made from what the futures engine reports.

Source: KuCoin docs, pages of the channels, and captures of 2021 to 2026.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..feed import Reactions
from ..futures import events as on
from ..futures.contracts import number
from ..futures.wire import position_row, price_part, stop_payload, text, trade_order_payload, wallet_payload
from ..peer import Peer

if TYPE_CHECKING:
    from ..kucoin_venue import KucoinVenue


__all__ = ["FuturesPrivateFeed"]

ORDERS = "/contractMarket/tradeOrders"
STOP_ORDERS = "/contractMarket/advancedOrders"
WALLET = "/contractAccount/wallet"
POSITION = "/contract/position"
ALL_POSITIONS = "/contract/positionAll"
MARGIN_MODE = "/contract/marginMode"
CROSS_LEVERAGE = "/contract/crossLeverage"


class FuturesPrivateFeed:
    """
    Orders, stop orders, wallets, positions and settings of each account, to the connections of that account.

    Args:
        venue: Shared state.
        deprecated: Whether the wallet topic also has its deprecated subjects ``orderMargin.change`` and
            ``availableBalance.change``.
    """

    def __init__(self, venue: KucoinVenue, *, deprecated: bool = False) -> None:
        self._venue = venue
        self._deprecated = deprecated
        self._order_readers, self._position_readers = venue.arguments(ORDERS), venue.arguments(POSITION)
        self.reactions: Reactions = {
            on.FuturesOrderOpened: lambda e: self._order(e.order, "open"),
            on.FuturesOrderMatched: lambda e: self._order(e.order, "match", fill=e.fill),
            on.FuturesOrderUpdated: lambda e: self._order(e.order, "update", old_size=e.old_size),
            on.FuturesOrderDone: lambda e: self._order(e.order, e.order.outcome),
            on.FuturesStopOrderChanged: self._stop_order,
            on.FuturesWalletChanged: self._wallet,
            on.PositionChanged: self._position,
            on.PositionSettled: self._settlement,
            on.RiskLimitChanged: self._risk_limit,
            on.MarginModeChanged: self._margin_mode,
            on.CrossLeverageChanged: self._cross_leverage,
        }

    def on_subscribe(self, peer: Peer, topic: str) -> None:
        """Private topics have no first snapshot."""

    def step(self) -> None:
        """Nothing here hangs on time."""

    def shut_down(self) -> None:
        """There are no timers."""

    def _order(self, order: on.FuturesOrderState, kind: str, **more: Any) -> None:
        if order.symbol not in self._order_readers and not self._venue.has_readers(ORDERS):
            return
        data = trade_order_payload(order, kind, **more)
        self._venue.publish(f"{ORDERS}:{order.symbol}", "symbolOrderChange", data, account=order.account)
        self._venue.publish(ORDERS, "orderChange", data, account=order.account)

    def _stop_order(self, event: on.FuturesStopOrderChanged) -> None:
        data = stop_payload(event.order, event.kind, event.error, event.order.updated_at_ns)
        self._venue.publish(STOP_ORDERS, "stopOrder", data, account=event.order.account, envelope=_with_id())

    def _wallet(self, event: on.FuturesWalletChanged) -> None:
        if not self._venue.has_readers(WALLET):
            return
        wallet, account = event.wallet, event.wallet.account
        self._venue.publish(
            WALLET, "walletBalance.change", wallet_payload(wallet), account=account, envelope=_with_id()
        )
        if not self._deprecated:
            return
        common = {"currency": wallet.currency, "timestamp": str(wallet.time_ns // 1_000_000)}
        if event.order_margin_changed:
            margin = wallet.isolated_order_margin + wallet.cross_order_margin
            data = {"orderMargin": text(margin), **common}
            self._venue.publish(WALLET, "orderMargin.change", data, account=account, envelope=_with_id())
        if event.available_changed:
            data = {"availableBalance": text(wallet.available), "holdBalance": text(wallet.hold), **common}
            self._venue.publish(WALLET, "availableBalance.change", data, account=account, envelope=_with_id())

    def _position(self, event: on.PositionChanged) -> None:
        if event.position.symbol not in self._position_readers and not self._venue.has_readers(ALL_POSITIONS):
            return
        position = event.position
        if event.reason == "markPriceChange":
            # The topic of one contract does not say why, that of all does: as captured.
            data = price_part(position)
            one, every = data, {**data, "changeReason": event.reason}
        else:
            one = every = {**position_row(position), "changeReason": event.reason}
        self._publish_position(position, "position.change", one, every)

    def _settlement(self, event: on.PositionSettled) -> None:
        position = event.position
        data = {
            "markPrice": number(position.mark_price),
            "qty": int(position.qty),
            "positionSide": position.position_side,
            "settleCurrency": position.settle_currency,
            "fundingTime": event.funding_time_ns // 1_000_000,
            "marginMode": position.margin_mode,
            "fundingFee": number(event.funding_fee),
            "fundingRate": number(event.funding_rate),
            "ts": event.time_ns,
        }
        self._publish_position(position, "position.settlement", data, data)

    def _publish_position(
        self, position: on.PositionState, subject: str, one: Mapping[str, Any], every: Mapping[str, Any]
    ) -> None:
        self._venue.publish(f"{POSITION}:{position.symbol}", subject, one, account=position.account)
        self._venue.publish(ALL_POSITIONS, subject, every, account=position.account)

    def _risk_limit(self, event: on.RiskLimitChanged) -> None:
        data = {"success": event.success, "riskLimitLevel": event.level, "msg": event.message}
        for topic in (f"{POSITION}:{event.symbol}", ALL_POSITIONS):
            self._venue.publish(topic, "position.adjustRiskLimit", data, account=event.account)

    def _margin_mode(self, event: on.MarginModeChanged) -> None:
        self._venue.publish(MARGIN_MODE, "user.config", {event.symbol: event.margin_mode}, account=event.account)

    def _cross_leverage(self, event: on.CrossLeverageChanged) -> None:
        data = {event.symbol: {"leverage": text(event.leverage)}}
        self._venue.publish(CROSS_LEVERAGE, "user.config", data, account=event.account)


def _with_id() -> dict[str, str]:
    return {"id": secrets.token_hex(12)}
