"""
Topics of the classic spot and margin streams. Each function returns the text that `WebsocketClient.subscribe` and
`WebsocketClient.stream` take.
"""

from __future__ import annotations

from kucoin_sync.kucoin.topics.checks import (
    check_choice,
    check_currencies,
    check_currency,
    check_market,
    check_symbol,
    check_symbols,
)

__all__ = [
    "SPOT_INTERVALS",
    "all_tickers",
    "balances",
    "best_prices",
    "book",
    "book_changes",
    "call_auction",
    "call_auction_book",
    "candles",
    "index_price",
    "isolated_margin_position",
    "lending_offers",
    "loans",
    "margin_position",
    "mark_price",
    "market_snapshot",
    "orders",
    "orders_v1",
    "snapshot",
    "stop_orders",
    "ticker",
    "trades",
]

DEPTHS = ("5", "50")

SPOT_INTERVALS = (
    *("1min", "3min", "5min", "15min", "30min"),
    *("1hour", "2hour", "4hour", "6hour", "8hour", "12hour"),
    *("1day", "1week", "1month"),
)
"""Intervals of `candles`. Of ``5min`` and ``1month`` it is not known whether the exchange serves them here."""


def ticker(*symbols: str) -> str:
    """
    Return the topic of the last trade and best prices of spot symbols.

    Connection ``SPOT_PUBLIC_V1``; every 100 ms; a push is a `models.SpotTicker`.

    Args:
        *symbols: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``/market/ticker:BTC-USDT,ETH-USDT``

    Raises:
        ConfigError: If there is no symbol, or one is malformed.

    Source: KuCoin docs, WebSocket API, Spot Trading, Public Channels (read 2026-11).
    """
    return "/market/ticker:" + check_symbols(symbols, "spot")


def all_tickers() -> str:
    """
    Return the topic of the last trade and best prices of all spot symbols.

    Connection ``SPOT_PUBLIC_V1``; every 100 ms; a push is a `models.SpotTicker` of one symbol.

    Returns:
        ``/market/ticker:all``

    Source: KuCoin docs, WebSocket API, Spot Trading, Public Channels (read 2026-11).
    """
    return "/market/ticker:all"


def best_prices(*symbols: str) -> str:
    """
    Return the topic of the best bid and ask of spot symbols.

    Connection ``SPOT_PUBLIC_V1``; every 10 ms; a push is a `models.SpotBestPrices`.

    Args:
        *symbols: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``/spotMarket/level1:BTC-USDT,ETH-USDT``

    Raises:
        ConfigError: If there is no symbol, or one is malformed.

    Source: KuCoin docs, WebSocket API, Spot Trading, Public Channels (read 2026-11).
    """
    return "/spotMarket/level1:" + check_symbols(symbols, "spot")


def book(*symbols: str, depth: int = 5) -> str:
    """
    Return the topic of the best levels of spot books, complete in every push.

    Connection ``SPOT_PUBLIC_V1``; every 100 ms; a push is a `models.SpotBook`.

    Args:
        *symbols: One or more, such as ``"BTC-USDT"``.
        depth: 5 or 50 levels of each side.

    Returns:
        ``/spotMarket/level2Depth5:BTC-USDT,ETH-USDT``

    Raises:
        ConfigError: If there is no symbol, one is malformed, or the depth is another.

    Source: KuCoin docs, WebSocket API, Spot Trading, Public Channels (read 2026-11).
    """
    levels = check_choice("depth", depth, DEPTHS)
    return f"/spotMarket/level2Depth{levels}:{check_symbols(symbols, 'spot')}"


def book_changes(*symbols: str) -> str:
    """
    Return the topic of all changes of spot books.

    Connection ``SPOT_PUBLIC_V1``; in real time; a push is a `models.SpotBookChange`.

    Args:
        *symbols: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``/market/level2:BTC-USDT,ETH-USDT``

    Raises:
        ConfigError: If there is no symbol, or one is malformed.

    Source: KuCoin docs, WebSocket API, Spot Trading, Public Channels (read 2026-11).
    """
    return "/market/level2:" + check_symbols(symbols, "spot")


def candles(symbol: str, interval: str) -> str:
    """
    Return the topic of the candles of a spot symbol.

    Connection ``SPOT_PUBLIC_V1``; in real time; a push is a `models.SpotCandle`.

    Args:
        symbol: Such as ``"BTC-USDT"``.
        interval: One of `SPOT_INTERVALS`, such as ``"1hour"``.

    Returns:
        ``/market/candles:BTC-USDT_1hour``

    Raises:
        ConfigError: If the symbol is malformed, or the interval is none of them.

    Source: KuCoin docs, WebSocket API, Spot Trading, Public Channels (read 2026-11).
    """
    text = check_symbol(symbol, "spot")
    return f"/market/candles:{text}_{check_choice('interval', interval, SPOT_INTERVALS)}"


def trades(*symbols: str) -> str:
    """
    Return the topic of the trades of spot symbols.

    Connection ``SPOT_PUBLIC_V1``; in real time; a push is a `models.SpotTrade`.

    Args:
        *symbols: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``/market/match:BTC-USDT,ETH-USDT``

    Raises:
        ConfigError: If there is no symbol, or one is malformed.

    Source: KuCoin docs, WebSocket API, Spot Trading, Public Channels (read 2026-11).
    """
    return "/market/match:" + check_symbols(symbols, "spot")


def snapshot(symbol: str) -> str:
    """
    Return the topic of the 24 hours of a spot symbol.

    Connection ``SPOT_PUBLIC_V1``; every 2 s; a push is a `models.SpotSnapshot`.

    Args:
        symbol: Such as ``"BTC-USDT"``.

    Returns:
        ``/market/snapshot:BTC-USDT``

    Raises:
        ConfigError: If the symbol is malformed.

    Source: KuCoin docs, WebSocket API, Spot Trading, Public Channels (read 2026-11).
    """
    return "/market/snapshot:" + check_symbol(symbol, "spot")


def market_snapshot(market: str) -> str:
    """
    Return the topic of the 24 hours of all spot symbols of a market.

    Connection ``SPOT_PUBLIC_V1``; every 2 s; a push is a `models.SpotSnapshot` of one symbol.

    Args:
        market: Such as ``"USDS"`` or ``"BTC"``; not a symbol.

    Returns:
        ``/market/snapshot:USDS``

    Raises:
        ConfigError: If the market is malformed.

    Source: KuCoin docs, WebSocket API, Spot Trading, Public Channels (read 2026-11).
    """
    return "/market/snapshot:" + check_market(market)


def call_auction_book(symbol: str) -> str:
    """
    Return the topic of the best 50 levels of a spot book during a call auction.

    Connection ``SPOT_PUBLIC_V1``; every 100 ms while there is one; a push is a `models.SpotBook`.

    Args:
        symbol: Such as ``"BTC-USDT"``.

    Returns:
        ``/callauction/level2Depth50:BTC-USDT``

    Raises:
        ConfigError: If the symbol is malformed.

    Source: KuCoin docs, WebSocket API, Spot Trading, Public Channels (read 2026-11).
    """
    return "/callauction/level2Depth50:" + check_symbol(symbol, "spot")


def call_auction(symbol: str) -> str:
    """
    Return the topic of what the call auction of a spot symbol would come to.

    Connection ``SPOT_PUBLIC_V1``; every 100 ms while there is one; a push is a `models.CallAuction`.

    Args:
        symbol: Such as ``"BTC-USDT"``.

    Returns:
        ``/callauction/callauctionData:BTC-USDT``

    Raises:
        ConfigError: If the symbol is malformed.

    Source: KuCoin docs, WebSocket API, Spot Trading, Public Channels (read 2026-11).
    """
    return "/callauction/callauctionData:" + check_symbol(symbol, "spot")


def mark_price(*symbols: str) -> str:
    """
    Return the topic of the mark prices of margin pairs.

    Connection ``SPOT_PUBLIC_V1``; every second; a push is a `models.IndicatorPrice`.

    Args:
        *symbols: One or more, such as ``"USDT-BTC"`` or ``"ETH-BTC"``.

    Returns:
        ``/indicator/markPrice:USDT-BTC,ETH-BTC``

    Raises:
        ConfigError: If there is no symbol, or one is malformed.

    Source: KuCoin docs, WebSocket API, Margin Trading, Public Channels (read 2026-11).
    """
    return "/indicator/markPrice:" + check_symbols(symbols, "spot")


def index_price(*symbols: str) -> str:
    """
    Return the topic of the index prices of margin pairs.

    Connection ``SPOT_PUBLIC_V1``; every second; a push is a `models.IndicatorPrice`.

    Args:
        *symbols: One or more, such as ``"USDT-BTC"`` or ``"ETH-BTC"``.

    Returns:
        ``/indicator/index:USDT-BTC,ETH-BTC``

    Raises:
        ConfigError: If there is no symbol, or one is malformed.

    Source: KuCoin docs, WebSocket API, Margin Trading, Public Channels (read 2026-11).
    """
    return "/indicator/index:" + check_symbols(symbols, "spot")


def lending_offers(*currencies: str) -> str:
    """
    Return the topic of the book of the retired lending market, which may be silent.

    Connection ``SPOT_PUBLIC_V1``; on each change; a push is a `models.LendingOffer`.

    Args:
        *currencies: One or more, such as ``"BTC"``.

    Returns:
        ``/margin/fundingBook:BTC,ETH``

    Raises:
        ConfigError: If there is no currency, or one is malformed.

    Source: KuCoin docs, WebSocket API, Margin Trading, Public Channels (read 2026-11).
    """
    return "/margin/fundingBook:" + check_currencies(currencies)


def orders() -> str:
    """
    Return the topic of the events of all spot and margin orders, from the moment they are received.

    Connection ``SPOT_PRIVATE_V1``; in real time; a push is a `models.SpotOrderChange`.

    Returns:
        ``/spotMarket/tradeOrdersV2``

    Source: KuCoin docs, WebSocket API, Spot Trading, Private Channels (read 2026-11).
    """
    return "/spotMarket/tradeOrdersV2"


def orders_v1() -> str:
    """
    Return the topic of the events of all spot and margin orders without the first one, ``received``.

    Connection ``SPOT_PRIVATE_V1``; in real time; a push is a `models.SpotOrderChange`. Prefer
    `orders`; subscribe to one of the two.

    Returns:
        ``/spotMarket/tradeOrders``

    Source: KuCoin docs, WebSocket API, Spot Trading, Private Channels (read 2026-11).
    """
    return "/spotMarket/tradeOrders"


def stop_orders() -> str:
    """
    Return the topic of the events of all spot stop orders.

    Connection ``SPOT_PRIVATE_V1``; in real time; a push is a `models.SpotStopOrder`.

    Returns:
        ``/spotMarket/advancedOrders``

    Source: KuCoin docs, WebSocket API, Spot Trading, Private Channels (read 2026-11).
    """
    return "/spotMarket/advancedOrders"


def balances() -> str:
    """
    Return the topic of the changes of all balances.

    Connection ``SPOT_PRIVATE_V1``; in real time; a push is an `models.AccountBalance`.

    Returns:
        ``/account/balance``

    Source: KuCoin docs, WebSocket API, Spot Trading, Private Channels (read 2026-11).
    """
    return "/account/balance"


def margin_position() -> str:
    """
    Return the topic of debts and state of the cross margin account.

    Connection ``SPOT_PRIVATE_V1``; every 4 s while there is a debt, and on events; a push is a `models.MarginDebt` or a
    `models.MarginStatus`.

    Returns:
        ``/margin/position``

    Source: KuCoin docs, WebSocket API, Margin Trading, Private Channels (read 2026-11).
    """
    return "/margin/position"


def isolated_margin_position(symbol: str) -> str:
    """
    Return the topic of the changes of an isolated margin position.

    Connection ``SPOT_PRIVATE_V1``; in real time; a push is a `models.IsolatedPosition`.

    Args:
        symbol: Such as ``"BTC-USDT"``.

    Returns:
        ``/margin/isolatedPosition:BTC-USDT``

    Raises:
        ConfigError: If the symbol is malformed.

    Source: KuCoin docs, WebSocket API, Margin Trading, Private Channels (read 2026-11).
    """
    return "/margin/isolatedPosition:" + check_symbol(symbol, "spot")


def loans(currency: str) -> str:
    """
    Return the topic of the orders of the retired lending market, which may be silent.

    Connection ``SPOT_PRIVATE_V1``; in real time; a push is a `models.LoanOrder`.

    Args:
        currency: Such as ``"BTC"``.

    Returns:
        ``/margin/loan:BTC``

    Raises:
        ConfigError: If the currency is malformed.

    Source: KuCoin docs, WebSocket API, Margin Trading, Private Channels (read 2026-11).
    """
    return "/margin/loan:" + check_currency(currency)
