"""
All topics in one table: what they look like, where they belong, how fast they are, and who spells them for users.

Source: KuCoin docs, WebSocket API, Public and Private Channels of each product (read 2026-11).
"""

from __future__ import annotations

import attrs

__all__ = ["CLASSIC_TOPICS", "PRO_TOPICS", "TopicRow"]

_SPOT, _SPOT_PRIVATE = "spotPublicV1", "spotPrivateV1"
_FUTURES, _FUTURES_PRIVATE = "futuresPublicV1", "futuresPrivateV1"
_PRO_SPOT, _PRO_FUTURES, _PRO_PRIVATE = "spotPublicProV2", "futuresPublicProV2", "privateProV2"


@attrs.frozen
class TopicRow:
    """
    One topic.

    Attributes:
        pattern: Its text, with what varies in braces.
        ws_keys: Connections that serve it. A classic private connection also serves its product's public topics.
        speed: How often it is pushed.
        constructor: Name of the function in `kucoin_sync.topics` that spells it.
        joins: Classic topics: whether one text may carry several symbols.
    """

    pattern: str
    ws_keys: tuple[str, ...]
    speed: str
    constructor: str
    joins: bool = False

    @property
    def name(self) -> str:
        """Path of a classic topic, channel of a Pro topic."""
        head = self.pattern.partition(":")[0]
        return head.partition(".{")[0].removesuffix(".SPOT")


CLASSIC_TOPICS = (
    TopicRow("/market/ticker:{symbol}", (_SPOT,), "100 ms", "ticker", joins=True),
    TopicRow("/market/ticker:all", (_SPOT,), "100 ms", "all_tickers"),
    TopicRow("/spotMarket/level1:{symbol}", (_SPOT,), "10 ms", "best_prices", joins=True),
    TopicRow("/spotMarket/level2Depth5:{symbol}", (_SPOT,), "100 ms", "book", joins=True),
    TopicRow("/spotMarket/level2Depth50:{symbol}", (_SPOT,), "100 ms", "book", joins=True),
    TopicRow("/market/level2:{symbol}", (_SPOT,), "real time", "book_changes", joins=True),
    TopicRow("/market/candles:{symbol}_{interval}", (_SPOT,), "real time", "candles"),
    TopicRow("/market/match:{symbol}", (_SPOT,), "real time", "trades", joins=True),
    TopicRow("/market/snapshot:{symbol}", (_SPOT,), "2 s", "snapshot"),
    TopicRow("/market/snapshot:{market}", (_SPOT,), "2 s", "market_snapshot"),
    TopicRow("/callauction/level2Depth50:{symbol}", (_SPOT,), "100 ms", "call_auction_book"),
    TopicRow("/callauction/callauctionData:{symbol}", (_SPOT,), "100 ms", "call_auction"),
    TopicRow("/indicator/markPrice:{symbol}", (_SPOT,), "1 s", "mark_price", joins=True),
    TopicRow("/indicator/index:{symbol}", (_SPOT,), "1 s", "index_price", joins=True),
    TopicRow("/margin/fundingBook:{currency}", (_SPOT,), "legacy", "lending_offers", joins=True),
    TopicRow("/spotMarket/tradeOrdersV2", (_SPOT_PRIVATE,), "real time", "orders"),
    TopicRow("/spotMarket/tradeOrders", (_SPOT_PRIVATE,), "real time", "orders_v1"),
    TopicRow("/spotMarket/advancedOrders", (_SPOT_PRIVATE,), "real time", "stop_orders"),
    TopicRow("/account/balance", (_SPOT_PRIVATE,), "real time", "balances"),
    TopicRow("/margin/position", (_SPOT_PRIVATE,), "4 s, or on event", "margin_position"),
    TopicRow("/margin/isolatedPosition:{symbol}", (_SPOT_PRIVATE,), "real time", "isolated_margin_position"),
    TopicRow("/margin/loan:{currency}", (_SPOT_PRIVATE,), "legacy", "loans"),
    TopicRow("/contractMarket/tickerV2:{symbol}", (_FUTURES,), "real time", "futures_ticker", joins=True),
    TopicRow("/contractMarket/ticker:{symbol}", (_FUTURES,), "real time", "futures_ticker_v1", joins=True),
    TopicRow("/contractMarket/level2:{symbol}", (_FUTURES,), "real time", "futures_book_changes", joins=True),
    TopicRow("/contractMarket/level2Depth5:{symbol}", (_FUTURES,), "100 ms", "futures_book", joins=True),
    TopicRow("/contractMarket/level2Depth50:{symbol}", (_FUTURES,), "100 ms", "futures_book", joins=True),
    TopicRow("/contractMarket/limitCandle:{symbol}_{interval}", (_FUTURES,), "1 s", "futures_candles"),
    TopicRow("/contractMarket/execution:{symbol}", (_FUTURES,), "real time", "futures_trades", joins=True),
    TopicRow("/contract/instrument:{symbol}", (_FUTURES,), "1 s, 1 min", "futures_instrument", joins=True),
    TopicRow("/contract/announcement", (_FUTURES,), "at settlement", "futures_announcements"),
    TopicRow("/contractMarket/snapshot:{symbol}", (_FUTURES,), "5 s", "futures_snapshot", joins=True),
    TopicRow("/contractMarket/tradeOrders:{symbol}", (_FUTURES_PRIVATE,), "real time", "futures_orders"),
    TopicRow("/contractMarket/tradeOrders", (_FUTURES_PRIVATE,), "real time", "futures_orders"),
    TopicRow("/contractMarket/advancedOrders", (_FUTURES_PRIVATE,), "real time", "futures_stop_orders"),
    TopicRow("/contractAccount/wallet", (_FUTURES_PRIVATE,), "real time", "futures_wallet"),
    TopicRow("/contract/position:{symbol}", (_FUTURES_PRIVATE,), "real time", "futures_position"),
    TopicRow("/contract/positionAll", (_FUTURES_PRIVATE,), "real time", "futures_positions"),
    TopicRow("/contract/marginMode", (_FUTURES_PRIVATE,), "real time", "futures_margin_modes"),
    TopicRow("/contract/crossLeverage", (_FUTURES_PRIVATE,), "real time", "futures_cross_leverages"),
)
"""Topics of the classic (V1) streams."""

_BOTH = (_PRO_SPOT, _PRO_FUTURES)

PRO_TOPICS = (
    TopicRow("ticker.{tradeType}:{symbol}", _BOTH, "each trade", "pro_ticker"),
    TopicRow("kline.{tradeType}:{symbol}_{interval}", _BOTH, "1 s", "pro_candles"),
    TopicRow("trade.{tradeType}:{symbol}", _BOTH, "each match", "pro_trades"),
    TopicRow("obu.{tradeType}:{symbol}@{depth}", _BOTH, "real time, 10 ms, 100 ms", "pro_book"),
    TopicRow("callAuctionInfo.SPOT:{symbol}", (_PRO_SPOT,), "100 ms", "pro_call_auction"),
    TopicRow("mark-price:{symbol}", (_PRO_FUTURES,), "1 s", "pro_mark_price"),
    TopicRow("funding-fee:{symbol}", (_PRO_FUTURES,), "1 min", "pro_funding_fee"),
    TopicRow("funding-fee-all-symbols", (_PRO_FUTURES,), "1 min", "pro_all_funding_fees"),
    TopicRow("orderAll.{tradeType}", (_PRO_PRIVATE,), "real time", "pro_orders"),
    TopicRow("order.{tradeType}:{symbol}", (_PRO_PRIVATE,), "real time", "pro_symbol_orders"),
    TopicRow("execution.{tradeType}", (_PRO_PRIVATE,), "real time", "pro_executions"),
    TopicRow("execution.lite.{tradeType}", (_PRO_PRIVATE,), "real time", "pro_executions_lite"),
    TopicRow("balance.{accountType}", (_PRO_PRIVATE,), "real time", "pro_balances"),
    TopicRow("positionAll.{tradeType}", (_PRO_PRIVATE,), "real time", "pro_positions"),
    TopicRow("position.{tradeType}:{symbol}", (_PRO_PRIVATE,), "real time", "pro_position"),
    TopicRow("lw.{tradeType}", (_PRO_PRIVATE,), "on event, 1 min", "pro_liquidation_warnings"),
    TopicRow("leverage.{tradeType}", (_PRO_PRIVATE,), "on event", "pro_leverages"),
)
"""Topics of the Pro V2 streams; `kucoin_sync.kucoin.pro_topics` knows their parameters."""
