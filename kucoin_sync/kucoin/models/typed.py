"""
From a push to its model: which model each topic has, and the reading of an `Update`.

`CLASSIC` and `PRO` are the tables; `read_classic` and `read_pro` are what ``update.typed`` comes down to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from kucoin_sync.events import Update
from kucoin_sync.kucoin import pro_topics
from kucoin_sync.kucoin.models import futures, futures_account, pro, pro_account, spot, spot_account
from kucoin_sync.modelling.exact import exact_frame
from kucoin_sync.modelling.fields import Model, Unmodelled
from kucoin_sync.modelling.reading import reader_of

__all__ = ["CLASSIC", "PRO", "Kinds", "read_classic", "read_pro"]


@attrs.frozen
class Kinds:
    """
    The models of one topic.

    Attributes:
        model: Of whatever the other two say nothing of; ``None`` for no model.
        by_subject: Models of single subjects.
        by_payload: Returns the model of a payload where the subject does not decide, or ``None``.
    """

    model: type[Model] | None
    by_subject: Mapping[str, type[Model]] = {}
    by_payload: Callable[[Any], type[Model] | None] | None = None

    def pick(self, subject: str | None, payload: Any) -> type[Model] | None:
        """Return the model of one push."""
        found = self.by_payload(payload) if self.by_payload is not None else None
        return found or self.by_subject.get(subject or "", self.model)

    @property
    def all(self) -> tuple[type[Model], ...]:
        """All models of the topic."""
        others = tuple(self.by_subject.values())
        return others if self.model is None else (self.model, *others)


def _snapshots(payload: Any) -> type[Model] | None:
    inner = payload.get("data") if type(payload) is dict else None
    return spot.SpotSnapshots if type(inner) is list else None


def _margin_status(payload: Any) -> type[Model] | None:
    """The subject does not decide: one document prints the same for both."""
    return spot_account.MarginStatus if type(payload) is dict and "type" in payload else None


_POSITIONS = Kinds(
    None,
    {
        "position.change": futures_account.FuturesPosition,
        "position.settlement": futures_account.FuturesPositionSettlement,
        "position.adjustRiskLimit": futures_account.FuturesRiskLimitChange,
    },
)

CLASSIC: Mapping[str, Kinds] = {
    "/market/ticker": Kinds(spot.SpotTicker),
    "/spotMarket/level1": Kinds(spot.SpotBestPrices),
    "/spotMarket/level2Depth5": Kinds(spot.SpotBook),
    "/spotMarket/level2Depth50": Kinds(spot.SpotBook),
    "/market/level2": Kinds(spot.SpotBookChange),
    "/market/candles": Kinds(spot.SpotCandle),
    "/market/match": Kinds(spot.SpotTrade),
    "/market/snapshot": Kinds(spot.SpotSnapshot, by_payload=_snapshots),
    "/callauction/level2Depth50": Kinds(spot.SpotBook),
    "/callauction/callauctionData": Kinds(spot.CallAuction),
    "/indicator/markPrice": Kinds(spot.IndicatorPrice),
    "/indicator/index": Kinds(spot.IndicatorPrice),
    "/margin/fundingBook": Kinds(spot.LendingOffer),
    "/spotMarket/tradeOrdersV2": Kinds(spot_account.SpotOrderChange),
    "/spotMarket/tradeOrders": Kinds(spot_account.SpotOrderChange),
    "/spotMarket/advancedOrders": Kinds(spot_account.SpotStopOrder),
    "/account/balance": Kinds(spot_account.AccountBalance),
    "/margin/position": Kinds(
        None,
        {"debt.ratio": spot_account.MarginDebt, "position.status": spot_account.MarginStatus},
        by_payload=_margin_status,
    ),
    "/margin/isolatedPosition": Kinds(spot_account.IsolatedPosition),
    "/margin/loan": Kinds(spot_account.LoanOrder),
    "/contractMarket/tickerV2": Kinds(futures.FuturesTicker),
    "/contractMarket/ticker": Kinds(futures.FuturesTickerV1),
    "/contractMarket/level2": Kinds(futures.FuturesBookChange),
    "/contractMarket/level2Depth5": Kinds(futures.FuturesBook),
    "/contractMarket/level2Depth50": Kinds(futures.FuturesBook),
    "/contractMarket/limitCandle": Kinds(futures.FuturesCandle),
    "/contractMarket/execution": Kinds(futures.FuturesTrade),
    "/contract/instrument": Kinds(
        None, {"mark.index.price": futures.FuturesMarkPrice, "funding.rate": futures.FuturesFundingRate}
    ),
    "/contract/announcement": Kinds(futures.FuturesFundingSettlement),
    "/contractMarket/snapshot": Kinds(futures.FuturesSnapshot),
    "/contractMarket/tradeOrders": Kinds(futures_account.FuturesOrderChange),
    "/contractMarket/advancedOrders": Kinds(futures_account.FuturesStopOrder),
    "/contractAccount/wallet": Kinds(
        None,
        {
            "walletBalance.change": futures_account.FuturesWallet,
            "orderMargin.change": futures_account.FuturesOrderMargin,
            "availableBalance.change": futures_account.FuturesAvailableBalance,
            "withdrawHold.change": futures_account.FuturesWithdrawHold,
        },
    ),
    "/contract/position": _POSITIONS,
    "/contract/positionAll": _POSITIONS,
    "/contract/marginMode": Kinds(futures_account.FuturesMarginModes),
    "/contract/crossLeverage": Kinds(futures_account.FuturesCrossLeverages),
}
"""Models of the classic topics, by path."""

PRO: Mapping[str, Kinds] = {
    "ticker": Kinds(pro.ProTicker),
    "kline": Kinds(pro.ProCandle),
    "trade": Kinds(pro.ProTrade),
    "obu": Kinds(pro.ProBook),
    "callAuctionInfo": Kinds(pro.ProCallAuction),
    "mark-price": Kinds(pro.ProMarkPrice),
    "funding-fee": Kinds(pro.ProFundingFee),
    "funding-fee-all-symbols": Kinds(pro.ProFundingFees),
    "orderAll": Kinds(pro_account.ProOrder),
    "order": Kinds(pro_account.ProOrder),
    "execution": Kinds(pro_account.ProExecution),
    "execution.lite": Kinds(pro_account.ProExecutionLite),
    "balance": Kinds(pro_account.ProBalance),
    "positionAll": Kinds(pro_account.ProPosition),
    "position": Kinds(pro_account.ProPosition),
    "lw": Kinds(pro_account.ProLiquidationWarning),
    "leverage": Kinds(pro_account.ProLeverage),
}
"""Models of the Pro channels, by name."""

_PRO_BY_HEAD: Mapping[str, Kinds] = {
    channel.head(kind): PRO[channel.name] for channel in pro_topics.CHANNELS.values() for kind in channel.homes
}


def read_classic(update: Update) -> Model:
    """Return the model of a push of a classic stream; `Unmodelled` if it has none."""
    return _read(update, CLASSIC, "data")


def read_pro(update: Update) -> Model:
    """Return the model of a push of a Pro stream; `Unmodelled` if it has none."""
    return _read(update, _PRO_BY_HEAD, "d")


def _read(update: Update, table: Mapping[str, Kinds], payload_name: str) -> Model:
    frame = exact_frame(update.raw)
    if type(frame) is not dict:
        return Unmodelled(topic=update.topic, subject=update.subject, data=update.data)
    payload = frame.get(payload_name)
    kinds = table.get(update.topic.partition(":")[0])
    model = None if kinds is None else kinds.pick(update.subject, payload)
    if model is None:
        return Unmodelled(topic=update.topic, subject=update.subject, data=payload)
    return reader_of(model).read(payload, topic=update.topic, subject=update.subject, frame=frame)
