"""
Topics of the classic futures streams. Each function returns the text that `WebsocketClient.subscribe` and
`WebsocketClient.stream` take.
"""

from __future__ import annotations

from kucoin_sync.kucoin.topics.checks import check_choice, check_symbol, check_symbols

__all__ = [
    "FUTURES_INTERVALS",
    "futures_announcements",
    "futures_book",
    "futures_book_changes",
    "futures_candles",
    "futures_cross_leverages",
    "futures_instrument",
    "futures_margin_modes",
    "futures_orders",
    "futures_position",
    "futures_positions",
    "futures_snapshot",
    "futures_stop_orders",
    "futures_ticker",
    "futures_ticker_v1",
    "futures_trades",
    "futures_wallet",
]

DEPTHS = ("5", "50")

FUTURES_INTERVALS = (
    *("1min", "3min", "5min", "15min", "30min"),
    *("1hour", "2hour", "4hour", "8hour", "12hour"),
    *("1day", "1week", "1month"),
)
"""Intervals of `futures_candles`."""


def futures_ticker(*symbols: str) -> str:
    """
    Return the topic of the best bid and ask of contracts.

    Connection ``FUTURES_PUBLIC_V1``; in real time; a push is a `models.FuturesTicker`.

    Args:
        *symbols: One or more, such as ``"XBTUSDTM"``.

    Returns:
        ``/contractMarket/tickerV2:XBTUSDTM,ETHUSDTM``

    Raises:
        ConfigError: If there is no symbol, or one is malformed.

    Source: KuCoin docs, WebSocket API, Futures Trading, Public Channels (read 2026-11).
    """
    return "/contractMarket/tickerV2:" + check_symbols(symbols, "futures")


def futures_ticker_v1(*symbols: str) -> str:
    """
    Return the topic of the best bid and ask of contracts with the last trade, on every trade.

    Connection ``FUTURES_PUBLIC_V1``; in real time; a push is a `models.FuturesTickerV1`.

    Args:
        *symbols: One or more, such as ``"XBTUSDTM"``.

    Returns:
        ``/contractMarket/ticker:XBTUSDTM,ETHUSDTM``

    Raises:
        ConfigError: If there is no symbol, or one is malformed.

    Source: KuCoin docs, WebSocket API, Futures Trading, Public Channels (read 2026-11).
    """
    return "/contractMarket/ticker:" + check_symbols(symbols, "futures")


def futures_book_changes(*symbols: str) -> str:
    """
    Return the topic of all changes of futures books.

    Connection ``FUTURES_PUBLIC_V1``; in real time; a push is a `models.FuturesBookChange`.

    Args:
        *symbols: One or more, such as ``"XBTUSDTM"``.

    Returns:
        ``/contractMarket/level2:XBTUSDTM,ETHUSDTM``

    Raises:
        ConfigError: If there is no symbol, or one is malformed.

    Source: KuCoin docs, WebSocket API, Futures Trading, Public Channels (read 2026-11).
    """
    return "/contractMarket/level2:" + check_symbols(symbols, "futures")


def futures_book(*symbols: str, depth: int = 5) -> str:
    """
    Return the topic of the best levels of futures books, complete in every push.

    Connection ``FUTURES_PUBLIC_V1``; every 100 ms; a push is a `models.FuturesBook`.

    Args:
        *symbols: One or more, such as ``"XBTUSDTM"``.
        depth: 5 or 50 levels of each side.

    Returns:
        ``/contractMarket/level2Depth5:XBTUSDTM,ETHUSDTM``

    Raises:
        ConfigError: If there is no symbol, one is malformed, or the depth is another.

    Source: KuCoin docs, WebSocket API, Futures Trading, Public Channels (read 2026-11).
    """
    levels = check_choice("depth", depth, DEPTHS)
    return f"/contractMarket/level2Depth{levels}:{check_symbols(symbols, 'futures')}"


def futures_candles(symbol: str, interval: str) -> str:
    """
    Return the topic of the candles of a contract.

    Connection ``FUTURES_PUBLIC_V1``; every second; a push is a `models.FuturesCandle`.

    Args:
        symbol: Such as ``"XBTUSDTM"``.
        interval: One of `FUTURES_INTERVALS`, such as ``"1hour"``.

    Returns:
        ``/contractMarket/limitCandle:XBTUSDTM_1hour``

    Raises:
        ConfigError: If the symbol is malformed, or the interval is none of them.

    Source: KuCoin docs, WebSocket API, Futures Trading, Public Channels (read 2026-11).
    """
    text = check_symbol(symbol, "futures")
    return f"/contractMarket/limitCandle:{text}_{check_choice('interval', interval, FUTURES_INTERVALS)}"


def futures_trades(*symbols: str) -> str:
    """
    Return the topic of the trades of contracts.

    Connection ``FUTURES_PUBLIC_V1``; in real time; a push is a `models.FuturesTrade`.

    Args:
        *symbols: One or more, such as ``"XBTUSDTM"``.

    Returns:
        ``/contractMarket/execution:XBTUSDTM,ETHUSDTM``

    Raises:
        ConfigError: If there is no symbol, or one is malformed.

    Source: KuCoin docs, WebSocket API, Futures Trading, Public Channels (read 2026-11).
    """
    return "/contractMarket/execution:" + check_symbols(symbols, "futures")


def futures_instrument(*symbols: str) -> str:
    """
    Return the topic of the mark prices and funding rates of contracts.

    Connection ``FUTURES_PUBLIC_V1``; every second and every minute; a push is a `models.FuturesMarkPrice` or a
    `models.FuturesFundingRate`.

    Args:
        *symbols: One or more, such as ``"XBTUSDTM"``.

    Returns:
        ``/contract/instrument:XBTUSDTM,ETHUSDTM``

    Raises:
        ConfigError: If there is no symbol, or one is malformed.

    Source: KuCoin docs, WebSocket API, Futures Trading, Public Channels (read 2026-11).
    """
    return "/contract/instrument:" + check_symbols(symbols, "futures")


def futures_announcements() -> str:
    """
    Return the topic of begin and end of the funding settlements of all contracts.

    Connection ``FUTURES_PUBLIC_V1``; at settlements; a push is a `models.FuturesFundingSettlement`.

    Returns:
        ``/contract/announcement``

    Source: KuCoin docs, WebSocket API, Futures Trading, Public Channels (read 2026-11).
    """
    return "/contract/announcement"


def futures_snapshot(*symbols: str) -> str:
    """
    Return the topic of the 24 hours of contracts.

    Connection ``FUTURES_PUBLIC_V1``; every 5 s; a push is a `models.FuturesSnapshot`.

    Args:
        *symbols: One or more, such as ``"XBTUSDTM"``.

    Returns:
        ``/contractMarket/snapshot:XBTUSDTM,ETHUSDTM``

    Raises:
        ConfigError: If there is no symbol, or one is malformed.

    Source: KuCoin docs, WebSocket API, Futures Trading, Public Channels (read 2026-11).
    """
    return "/contractMarket/snapshot:" + check_symbols(symbols, "futures")


def futures_orders(symbol: str | None = None) -> str:
    """
    Return the topic of the events of all futures orders, or of those of one contract.

    Connection ``FUTURES_PRIVATE_V1``; in real time; a push is a `models.FuturesOrderChange`.

    Args:
        symbol: Such as ``"XBTUSDTM"``; ``None`` for all.

    Returns:
        ``/contractMarket/tradeOrders`` or ``/contractMarket/tradeOrders:XBTUSDTM``

    Raises:
        ConfigError: If the symbol is malformed.

    Source: KuCoin docs, WebSocket API, Futures Trading, Private Channels (read 2026-11).
    """
    path = "/contractMarket/tradeOrders"
    return path if symbol is None else f"{path}:{check_symbol(symbol, 'futures')}"


def futures_stop_orders() -> str:
    """
    Return the topic of the events of all futures stop orders.

    Connection ``FUTURES_PRIVATE_V1``; in real time; a push is a `models.FuturesStopOrder`.

    Returns:
        ``/contractMarket/advancedOrders``

    Source: KuCoin docs, WebSocket API, Futures Trading, Private Channels (read 2026-11).
    """
    return "/contractMarket/advancedOrders"


def futures_wallet() -> str:
    """
    Return the topic of the changes of the futures wallet.

    Connection ``FUTURES_PRIVATE_V1``; in real time; a push is a `models.FuturesWallet`.
    Three deprecated kinds are still possible: `models.FuturesOrderMargin`, `models.FuturesAvailableBalance` and
    `models.FuturesWithdrawHold`.

    Returns:
        ``/contractAccount/wallet``

    Source: KuCoin docs, WebSocket API, Futures Trading, Private Channels (read 2026-11).
    """
    return "/contractAccount/wallet"


def futures_position(symbol: str) -> str:
    """
    Return the topic of the changes of the position in one contract.

    Connection ``FUTURES_PRIVATE_V1``; in real time; a push is a `models.FuturesPosition`. A settlement
    is a `models.FuturesPositionSettlement`, a changed risk limit a `models.FuturesRiskLimitChange`.

    Args:
        symbol: Such as ``"XBTUSDTM"``.

    Returns:
        ``/contract/position:XBTUSDTM``

    Raises:
        ConfigError: If the symbol is malformed.

    Source: KuCoin docs, WebSocket API, Futures Trading, Private Channels (read 2026-11).
    """
    return "/contract/position:" + check_symbol(symbol, "futures")


def futures_positions() -> str:
    """
    Return the topic of the changes of all positions.

    Connection ``FUTURES_PRIVATE_V1``; in real time; a push is a `models.FuturesPosition`. A settlement
    is a `models.FuturesPositionSettlement`, a changed risk limit a `models.FuturesRiskLimitChange`.

    Returns:
        ``/contract/positionAll``

    Source: KuCoin docs, WebSocket API, Futures Trading, Private Channels (read 2026-11).
    """
    return "/contract/positionAll"


def futures_margin_modes() -> str:
    """
    Return the topic of the changes of margin modes.

    Connection ``FUTURES_PRIVATE_V1``; in real time; a push is a `models.FuturesMarginModes`.

    Returns:
        ``/contract/marginMode``

    Source: KuCoin docs, WebSocket API, Futures Trading, Private Channels (read 2026-11).
    """
    return "/contract/marginMode"


def futures_cross_leverages() -> str:
    """
    Return the topic of the changes of leverages in cross margin.

    Connection ``FUTURES_PRIVATE_V1``; in real time; a push is a `models.FuturesCrossLeverages`.

    Returns:
        ``/contract/crossLeverage``

    Source: KuCoin docs, WebSocket API, Futures Trading, Private Channels (read 2026-11).
    """
    return "/contract/crossLeverage"
