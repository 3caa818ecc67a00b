"""
Topics of the classic streams: ``/path``, ``/path:arg`` or ``/path:arg,arg,...``.

Source: KuCoin docs, WebSocket API, Base Info, Introduction, and the pages of the channels (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kucoin_sync.errors import ConfigError

__all__ = ["PATHS", "group", "join", "split"]

_SPOT, _SPOT_PRIVATE = "spotPublicV1", "spotPrivateV1"
_FUTURES, _FUTURES_PRIVATE = "futuresPublicV1", "futuresPrivateV1"

PATHS: Mapping[str, tuple[str, bool]] = {
    "/market/ticker": (_SPOT, True),
    "/spotMarket/level1": (_SPOT, True),
    "/spotMarket/level2Depth5": (_SPOT, True),
    "/spotMarket/level2Depth50": (_SPOT, True),
    "/market/level2": (_SPOT, True),
    "/market/candles": (_SPOT, False),
    "/market/match": (_SPOT, True),
    "/market/snapshot": (_SPOT, False),
    "/callauction/level2Depth50": (_SPOT, False),
    "/callauction/callauctionData": (_SPOT, False),
    "/indicator/markPrice": (_SPOT, True),
    "/indicator/index": (_SPOT, True),
    "/margin/fundingBook": (_SPOT, True),
    "/spotMarket/tradeOrdersV2": (_SPOT_PRIVATE, False),
    "/spotMarket/tradeOrders": (_SPOT_PRIVATE, False),
    "/spotMarket/advancedOrders": (_SPOT_PRIVATE, False),
    "/account/balance": (_SPOT_PRIVATE, False),
    "/margin/position": (_SPOT_PRIVATE, False),
    "/margin/isolatedPosition": (_SPOT_PRIVATE, False),
    "/margin/loan": (_SPOT_PRIVATE, False),
    "/contractMarket/tickerV2": (_FUTURES, True),
    "/contractMarket/ticker": (_FUTURES, True),
    "/contractMarket/level2": (_FUTURES, True),
    "/contractMarket/level2Depth5": (_FUTURES, True),
    "/contractMarket/level2Depth50": (_FUTURES, True),
    "/contractMarket/limitCandle": (_FUTURES, False),
    "/contractMarket/execution": (_FUTURES, True),
    "/contract/instrument": (_FUTURES, True),
    "/contract/announcement": (_FUTURES, False),
    "/contractMarket/snapshot": (_FUTURES, True),
    "/contractMarket/tradeOrders": (_FUTURES_PRIVATE, False),
    "/contractMarket/advancedOrders": (_FUTURES_PRIVATE, False),
    "/contractAccount/wallet": (_FUTURES_PRIVATE, False),
    "/contract/position": (_FUTURES_PRIVATE, False),
    "/contract/positionAll": (_FUTURES_PRIVATE, False),
    "/contract/marginMode": (_FUTURES_PRIVATE, False),
    "/contract/crossLeverage": (_FUTURES_PRIVATE, False),
}
"""Path to (connection it belongs to, whether one frame may carry several symbols)."""

_PRIVATE_TO_PUBLIC = {_SPOT_PRIVATE: _SPOT, _FUTURES_PRIVATE: _FUTURES}


def split(topic: str, *, ws_key: str) -> list[str]:
    """
    Return the single topics of a topic text.

    Args:
        topic: ``/market/ticker:BTC-USDT,ETH-USDT``
        ws_key: The connection it is meant for. A private connection also takes the public topics of its product.

    Returns:
        ``["/market/ticker:BTC-USDT", "/market/ticker:ETH-USDT"]``: the exchange's pushes name single symbols.

    Raises:
        ConfigError: If the text is malformed, or belongs to another connection. A path that is not known is let
            through: the exchange decides.
    """
    shown = repr(topic[:80])
    path, colon, args = topic.partition(":")
    if not path.startswith("/") or len(path) < 2:
        raise ConfigError(f"topics: a topic starts with a slash, such as '/market/ticker:BTC-USDT', got {shown}")
    if not topic.isascii() or not topic.isprintable() or " " in topic or "," in path:
        raise ConfigError(f"topics: must be printable ASCII without blanks, got {shown}")
    symbols = args.split(",")
    if colon and not all(symbols):
        raise ConfigError(f"topics: an empty symbol in {shown}")
    home = PATHS.get(path, (ws_key, False))[0]
    if home not in (ws_key, _PRIVATE_TO_PUBLIC.get(ws_key)):
        raise ConfigError(f"topics: {path} belongs to the connection {home}, not to {ws_key}")
    return [f"{path}:{symbol}" for symbol in symbols] if colon else [path]


def is_private(topic: str) -> bool:
    """Whether a topic is of a private connection; a path that is not known is, where it is asked for on one."""
    home = PATHS.get(topic.partition(":")[0], (_SPOT_PRIVATE, False))[0]
    return home in _PRIVATE_TO_PUBLIC


def group(single: Sequence[str], size: int) -> list[list[str]]:
    """Group single topics, at most ``size`` each, so that `join` can make one text of each group."""
    groups: list[list[str]] = []
    open_groups: dict[str, list[str]] = {}
    for topic in single:
        path, colon, arg = topic.partition(":")
        joinable = PATHS.get(path, ("", False))[1] and bool(colon) and arg != "all"
        current = open_groups.get(path) if joinable else None
        if current is None or len(current) >= size:
            current = []
            groups.append(current)
            if joinable:
                open_groups[path] = current
        current.append(topic)
    return groups


def join(single: Sequence[str]) -> str:
    """Return one topic text for single topics of one path."""
    path, colon, _ = single[0].partition(":")
    return path + colon + ",".join(topic.partition(":")[2] for topic in single)
