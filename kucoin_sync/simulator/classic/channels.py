"""
Channel paths of the classic streams: on which host, for whom, and what may follow the colon.

Source: KuCoin docs, pages of the channels of the classic spot and futures WebSockets.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

__all__ = ["BOTH", "CHANNELS", "Channel"]

BOTH = "both"
"""Product of a stream which KuCoin does not have: its connections take the topics of both hosts."""


@frozen
class Channel:
    """
    One channel path.

    Attributes:
        product: ``spot`` or ``futures``: which host serves it.
        private: Whether it needs a token from a signed call.
        takes_list: Whether several symbols may be joined by commas.
        argument: ``"needed"``, ``"none"`` or ``"optional"``: what may follow the colon.
    """

    product: str
    private: bool = False
    takes_list: bool = False
    argument: str = "needed"


_SPOT_LIST = Channel("spot", takes_list=True)
_SPOT_ONE = Channel("spot")
_SPOT_PRIVATE = Channel("spot", private=True, argument="none")
_SPOT_PRIVATE_ONE = Channel("spot", private=True)
_FUTURES_LIST = Channel("futures", takes_list=True)
_FUTURES_PRIVATE = Channel("futures", private=True, argument="none")

CHANNELS: Mapping[str, Channel] = {
    "/market/ticker": _SPOT_LIST,
    "/spotMarket/level1": _SPOT_LIST,
    "/spotMarket/level2Depth5": _SPOT_LIST,
    "/spotMarket/level2Depth50": _SPOT_LIST,
    "/market/level2": _SPOT_LIST,
    "/market/candles": _SPOT_LIST,
    "/market/match": _SPOT_LIST,
    "/market/snapshot": _SPOT_ONE,
    "/callauction/level2Depth50": _SPOT_ONE,
    "/callauction/callauctionData": _SPOT_ONE,
    "/indicator/markPrice": _SPOT_LIST,
    "/indicator/index": _SPOT_LIST,
    "/margin/fundingBook": _SPOT_LIST,
    "/spotMarket/tradeOrdersV2": _SPOT_PRIVATE,
    "/spotMarket/tradeOrders": _SPOT_PRIVATE,
    "/spotMarket/advancedOrders": _SPOT_PRIVATE,
    "/account/balance": _SPOT_PRIVATE,
    "/margin/position": _SPOT_PRIVATE,
    "/margin/isolatedPosition": _SPOT_PRIVATE_ONE,
    "/margin/loan": _SPOT_PRIVATE_ONE,
    "/contractMarket/tickerV2": _FUTURES_LIST,
    "/contractMarket/ticker": _FUTURES_LIST,
    "/contractMarket/level2": _FUTURES_LIST,
    "/contractMarket/level2Depth5": _FUTURES_LIST,
    "/contractMarket/level2Depth50": _FUTURES_LIST,
    "/contractMarket/limitCandle": _FUTURES_LIST,
    "/contractMarket/execution": _FUTURES_LIST,
    "/contract/instrument": _FUTURES_LIST,
    "/contract/announcement": Channel("futures", argument="none"),
    "/contractMarket/snapshot": _FUTURES_LIST,
    "/contractMarket/tradeOrders": Channel("futures", private=True, argument="optional"),
    "/contractMarket/advancedOrders": _FUTURES_PRIVATE,
    "/contractAccount/wallet": _FUTURES_PRIVATE,
    "/contract/position": Channel("futures", private=True),
    "/contract/positionAll": _FUTURES_PRIVATE,
    "/contract/marginMode": _FUTURES_PRIVATE,
    "/contract/crossLeverage": _FUTURES_PRIVATE,
}
