"""
Topics of the Pro V2 streams.

Each function returns a `TopicRequest`, a channel with its parameters as the wire wants them, which
`WebsocketClient.subscribe` and `WebsocketClient.stream` take like a text.
"""

from __future__ import annotations

from typing import Any

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.pro_topics import ACCOUNT_TYPES, DEPTHS, INTERVALS, TRADE_TYPES
from kucoin_sync.kucoin.topics.checks import check_choice, check_symbol, check_symbols
from kucoin_sync.protocol.dialect import TopicRequest

__all__ = [
    "PRO_DEPTHS",
    "PRO_INTERVALS",
    "pro_all_funding_fees",
    "pro_balances",
    "pro_book",
    "pro_call_auction",
    "pro_candles",
    "pro_executions",
    "pro_executions_lite",
    "pro_funding_fee",
    "pro_leverages",
    "pro_liquidation_warnings",
    "pro_mark_price",
    "pro_orders",
    "pro_position",
    "pro_positions",
    "pro_symbol_orders",
    "pro_ticker",
    "pro_trades",
]

PRO_DEPTHS = DEPTHS
"""Depths of `pro_book`."""
PRO_INTERVALS = INTERVALS
"""Intervals of `pro_candles`; ``6hour`` on spot only."""

_PRODUCTS = {"SPOT": "spot", "FUTURES": "futures"}


def _product(trade_type: Any) -> dict[str, Any]:
    return {"tradeType": check_choice("trade_type", trade_type, tuple(_PRODUCTS))}


def _account(trade_type: Any) -> dict[str, Any]:
    return {"tradeType": check_choice("trade_type", trade_type, TRADE_TYPES)}


def _symbols(symbols: tuple[Any, ...], kind: str) -> dict[str, Any]:
    joined = check_symbols(symbols, kind).split(",")
    return {"symbol": joined[0]} if len(joined) == 1 else {"symbols": joined}


# Public.


def pro_ticker(*symbols: str, trade_type: str) -> TopicRequest:
    """
    Return the topic of the last trade and best prices of symbols.

    Connection ``SPOT_PUBLIC_PRO_V2`` or ``FUTURES_PUBLIC_PRO_V2``; on each trade; a push is a `models.ProTicker`.

    Args:
        *symbols: One or more, such as ``"BTC-USDT"`` or ``"XBTUSDTM"``.
        trade_type: ``"SPOT"`` or ``"FUTURES"``.

    Returns:
        ``TopicRequest("ticker", {"tradeType": "SPOT", "symbols": ["BTC-USDT", "ETH-USDT"]})``

    Raises:
        ConfigError: If there is no symbol, one is malformed or of the other product, or the trade type is another.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Public Channels (read 2026-11).
    """
    product = _product(trade_type)
    return TopicRequest("ticker", {**product, **_symbols(symbols, _PRODUCTS[trade_type])})


def pro_candles(symbol: str, interval: str, *, trade_type: str) -> TopicRequest:
    """
    Return the topic of the candles of a symbol.

    Connection ``SPOT_PUBLIC_PRO_V2`` or ``FUTURES_PUBLIC_PRO_V2``; every second; a push is a `models.ProCandle`.

    Args:
        symbol: Such as ``"BTC-USDT"`` or ``"XBTUSDTM"``.
        interval: One of `PRO_INTERVALS`, such as ``"1hour"``; ``"6hour"`` on spot only.
        trade_type: ``"SPOT"`` or ``"FUTURES"``.

    Returns:
        ``TopicRequest("kline", {"tradeType": "SPOT", "symbol": "BTC-USDT", "interval": "1hour"})``

    Raises:
        ConfigError: If the symbol is malformed or of the other product, or the interval or trade type is none of them.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Public Channels (read 2026-11).
    """
    product = _product(trade_type)
    allowed = [known for known in INTERVALS if trade_type == "SPOT" or known != "6hour"]
    text = check_symbol(symbol, _PRODUCTS[trade_type])
    return TopicRequest("kline", {**product, "symbol": text, "interval": check_choice("interval", interval, allowed)})


def pro_trades(symbol: str, *, trade_type: str) -> TopicRequest:
    """
    Return the topic of the trades of a symbol.

    Connection ``SPOT_PUBLIC_PRO_V2`` or ``FUTURES_PUBLIC_PRO_V2``; on each match; a push is a `models.ProTrade`.

    Args:
        symbol: Such as ``"BTC-USDT"`` or ``"XBTUSDTM"``.
        trade_type: ``"SPOT"`` or ``"FUTURES"``.

    Returns:
        ``TopicRequest("trade", {"tradeType": "FUTURES", "symbol": "XBTUSDTM"})``

    Raises:
        ConfigError: If the symbol is malformed or of the other product, or the trade type is another.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Public Channels (read 2026-11).
    """
    product = _product(trade_type)
    return TopicRequest("trade", {**product, "symbol": check_symbol(symbol, _PRODUCTS[trade_type])})


def pro_book(symbol: str, depth: str | int = "increment@10ms", *, trade_type: str, rpi: bool = False) -> TopicRequest:
    """
    Return the topic of the book of a symbol.

    Connection ``SPOT_PUBLIC_PRO_V2`` or ``FUTURES_PUBLIC_PRO_V2``; a push is a `models.ProBook`.

    Depth ``1`` comes in real time, ``5`` and ``50`` come every 100 ms, each complete; ``increment@10ms`` begins with up
    to 500 levels a side and goes on with changes every 10 ms; ``increment`` has the changes only, in real time, and may
    be removed by the exchange.

    Args:
        symbol: Such as ``"BTC-USDT"`` or ``"XBTUSDTM"``.
        depth: One of `PRO_DEPTHS`.
        trade_type: ``"SPOT"`` or ``"FUTURES"``.
        rpi: Whether to show retail price improvement orders, on futures with depth 5 or 50; the levels of the book are
            then `models.RpiLevel`.

    Returns:
        ``TopicRequest("obu", {"tradeType": "FUTURES", "symbol": "XBTUSDTM", "depth": "increment@10ms"})``; with ``rpi``
        also ``"rpiFilter": 1``.

    Raises:
        ConfigError: If the symbol is malformed or of the other product, the depth or trade type is none of them, or
            ``rpi`` is asked for where there is none.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Public Channels (read 2026-11).
    """
    product = _product(trade_type)
    text = check_symbol(symbol, _PRODUCTS[trade_type])
    levels = check_choice("depth", depth, DEPTHS)
    if not isinstance(rpi, bool):
        raise ConfigError(f"rpi: must be True or False, got {rpi!r}")
    if rpi and (trade_type != "FUTURES" or levels not in ("5", "50")):
        raise ConfigError("rpi: is served with trade_type FUTURES and depth 5 or 50 only")
    return TopicRequest("obu", {**product, "symbol": text, "depth": levels, **({"rpiFilter": 1} if rpi else {})})


def pro_call_auction(symbol: str) -> TopicRequest:
    """
    Return the topic of what the call auction of a spot symbol would come to.

    Connection ``SPOT_PUBLIC_PRO_V2``; every 100 ms while there is one; a push is a `models.ProCallAuction`.

    Args:
        symbol: Such as ``"BTC-USDT"``.

    Returns:
        ``TopicRequest("callAuctionInfo", {"symbol": "BTC-USDT"})``

    Raises:
        ConfigError: If the symbol is malformed.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Public Channels (read 2026-11).
    """
    return TopicRequest("callAuctionInfo", {"symbol": check_symbol(symbol, "spot")})


def pro_mark_price(symbol: str) -> TopicRequest:
    """
    Return the topic of the mark price and open interest of a contract.

    Connection ``FUTURES_PUBLIC_PRO_V2``; every second; a push is a `models.ProMarkPrice`.

    Args:
        symbol: Such as ``"XBTUSDTM"``.

    Returns:
        ``TopicRequest("mark-price", {"symbol": "XBTUSDTM"})``

    Raises:
        ConfigError: If the symbol is malformed.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Public Channels (read 2026-11).
    """
    return TopicRequest("mark-price", {"symbol": check_symbol(symbol, "futures")})


def pro_funding_fee(*symbols: str) -> TopicRequest:
    """
    Return the topic of the funding rates of contracts.

    Connection ``FUTURES_PUBLIC_PRO_V2``; every minute; a push is a `models.ProFundingFee`.

    Args:
        *symbols: One or more, such as ``"XBTUSDTM"``.

    Returns:
        ``TopicRequest("funding-fee", {"symbol": "XBTUSDTM"})``

    Raises:
        ConfigError: If there is no symbol, or one is malformed.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Public Channels (read 2026-11).
    """
    return TopicRequest("funding-fee", _symbols(symbols, "futures"))


def pro_all_funding_fees() -> TopicRequest:
    """
    Return the topic of the funding rates of all contracts.

    Connection ``FUTURES_PUBLIC_PRO_V2``; every minute; a push is a `models.ProFundingFees`, large.

    Returns:
        ``TopicRequest("funding-fee-all-symbols")``

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Public Channels (read 2026-11).
    """
    return TopicRequest("funding-fee-all-symbols")


# Private.


def pro_orders(*, trade_type: str = "UNIFIED") -> TopicRequest:
    """
    Return the topic of the events of all orders.

    Connection ``PRIVATE_PRO_V2``; in real time; a push is a `models.ProOrder`.

    Args:
        trade_type: ``"UNIFIED"`` for a unified account; ``"SPOT"``, ``"FUTURES"``, ``"ISOLATED"``, ``"CROSS"`` or
            ``"MARGIN"`` for one in classic mode.

    Returns:
        ``TopicRequest("orderAll", {"tradeType": "UNIFIED"})``

    Raises:
        ConfigError: If the trade type is none of them.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Private Channels (read 2026-11).
    """
    return TopicRequest("orderAll", _account(trade_type))


def pro_symbol_orders(symbol: str, *, trade_type: str = "UNIFIED") -> TopicRequest:
    """
    Return the topic of the events of the orders of a symbol.

    Connection ``PRIVATE_PRO_V2``; in real time; a push is a `models.ProOrder`. With
    `pro_orders` beside it these events come twice.

    Args:
        symbol: Such as ``"BTC-USDT"`` or ``"XBTUSDTM"``.
        trade_type: ``"UNIFIED"`` for a unified account; ``"SPOT"``, ``"FUTURES"``, ``"ISOLATED"``, ``"CROSS"`` or
            ``"MARGIN"`` for one in classic mode.

    Returns:
        ``TopicRequest("order", {"tradeType": "UNIFIED", "symbol": "XBTUSDTM"})``

    Raises:
        ConfigError: If the symbol is malformed, or the trade type is none of them.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Private Channels (read 2026-11).
    """
    return TopicRequest("order", {**_account(trade_type), "symbol": check_symbol(symbol, "any")})


def pro_executions(*, trade_type: str = "UNIFIED") -> TopicRequest:
    """
    Return the topic of all fills.

    Connection ``PRIVATE_PRO_V2``; in real time; a push is a `models.ProExecution`.

    Args:
        trade_type: ``"UNIFIED"`` for a unified account; ``"SPOT"``, ``"FUTURES"``, ``"ISOLATED"``, ``"CROSS"`` or
            ``"MARGIN"`` for one in classic mode.

    Returns:
        ``TopicRequest("execution", {"tradeType": "UNIFIED"})``

    Raises:
        ConfigError: If the trade type is none of them.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Private Channels (read 2026-11).
    """
    return TopicRequest("execution", _account(trade_type))


def pro_executions_lite(*, trade_type: str = "UNIFIED") -> TopicRequest:
    """
    Return the topic of all fills, without their fees.

    Connection ``PRIVATE_PRO_V2``; in real time; a push is a `models.ProExecutionLite`.

    Args:
        trade_type: ``"UNIFIED"`` for a unified account; ``"SPOT"``, ``"FUTURES"``, ``"ISOLATED"``, ``"CROSS"`` or
            ``"MARGIN"`` for one in classic mode.

    Returns:
        ``TopicRequest("execution.lite", {"tradeType": "UNIFIED"})``

    Raises:
        ConfigError: If the trade type is none of them.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Private Channels (read 2026-11).
    """
    return TopicRequest("execution.lite", _account(trade_type))


def pro_balances(*, account_type: str = "UNIFIED") -> TopicRequest:
    """
    Return the topic of the changes of balances.

    Connection ``PRIVATE_PRO_V2``; in real time; a push is a `models.ProBalance`.

    Args:
        account_type: ``"UNIFIED"``, ``"FUNDING"`` or ``"ISOLATED"``; older: ``"SPOT"``, ``"FUTURES"``, ``"CROSS"``.

    Returns:
        ``TopicRequest("balance", {"accountType": "UNIFIED"})``

    Raises:
        ConfigError: If the account type is none of them.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Private Channels (read 2026-11).
    """
    return TopicRequest("balance", {"accountType": check_choice("account_type", account_type, ACCOUNT_TYPES)})


def pro_positions(*, trade_type: str = "UNIFIED") -> TopicRequest:
    """
    Return the topic of the changes of all positions.

    Connection ``PRIVATE_PRO_V2``; in real time; a push is a `models.ProPosition`.

    Args:
        trade_type: ``"UNIFIED"`` for a unified account; ``"SPOT"``, ``"FUTURES"``, ``"ISOLATED"``, ``"CROSS"`` or
            ``"MARGIN"`` for one in classic mode.

    Returns:
        ``TopicRequest("positionAll", {"tradeType": "UNIFIED"})``

    Raises:
        ConfigError: If the trade type is none of them.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Private Channels (read 2026-11).
    """
    return TopicRequest("positionAll", _account(trade_type))


def pro_position(symbol: str, *, trade_type: str = "UNIFIED") -> TopicRequest:
    """
    Return the topic of the changes of the position in a contract.

    Connection ``PRIVATE_PRO_V2``; in real time; a push is a `models.ProPosition`.

    Args:
        symbol: Such as ``"XBTUSDTM"``.
        trade_type: ``"UNIFIED"`` for a unified account; ``"SPOT"``, ``"FUTURES"``, ``"ISOLATED"``, ``"CROSS"`` or
            ``"MARGIN"`` for one in classic mode.

    Returns:
        ``TopicRequest("position", {"tradeType": "UNIFIED", "symbol": "XBTUSDTM"})``

    Raises:
        ConfigError: If the symbol is malformed, or the trade type is none of them.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Private Channels (read 2026-11).
    """
    return TopicRequest("position", {**_account(trade_type), "symbol": check_symbol(symbol, "futures")})


def pro_liquidation_warnings(*, trade_type: str = "UNIFIED") -> TopicRequest:
    """
    Return the topic of warnings before a liquidation.

    Connection ``PRIVATE_PRO_V2``; when the kind of warning changes and then every minute; a push is a
    `models.ProLiquidationWarning`.

    Args:
        trade_type: ``"UNIFIED"`` for a unified account; ``"SPOT"``, ``"FUTURES"``, ``"ISOLATED"``, ``"CROSS"`` or
            ``"MARGIN"`` for one in classic mode.

    Returns:
        ``TopicRequest("lw", {"tradeType": "UNIFIED"})``

    Raises:
        ConfigError: If the trade type is none of them.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Private Channels (read 2026-11).
    """
    return TopicRequest("lw", _account(trade_type))


def pro_leverages(*, trade_type: str = "UNIFIED") -> TopicRequest:
    """
    Return the topic of the changes of leverages.

    Connection ``PRIVATE_PRO_V2``; when the user changes one; a push is a `models.ProLeverage`.

    Args:
        trade_type: ``"UNIFIED"`` for a unified account; ``"SPOT"``, ``"FUTURES"``, ``"ISOLATED"``, ``"CROSS"`` or
            ``"MARGIN"`` for one in classic mode.

    Returns:
        ``TopicRequest("leverage", {"tradeType": "UNIFIED"})``

    Raises:
        ConfigError: If the trade type is none of them.

    Source: KuCoin docs, Pro API (UTA V2), WebSocket, Private Channels (read 2026-11).
    """
    return TopicRequest("leverage", _account(trade_type))
