"""
Topics of spreads.

Each function returns a `TopicRequest`, which `WebsocketClient.subscribe` and `WebsocketClient.stream` take like a text.
All raise `ConfigError` for an argument that breaks a rule.

Source: OKX docs v5, the pages of the channels (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

from kucoin_sync.okx.topics.requests import bar, one_of, request, several
from kucoin_sync.protocol.dialect import TopicRequest

__all__ = [
    "SPREAD_BOOKS",
    "spread_book",
    "spread_candles",
    "spread_fills",
    "spread_orders",
    "spread_tickers",
    "spread_trades",
]

SPREAD_BOOKS = ("sprd-books-l2-tbt", "sprd-books5", "sprd-bbo-tbt")
"""Channels of `spread_book`."""


def spread_book(*spreads: str, channel: str = "sprd-books-l2-tbt") -> TopicRequest:
    """
    Return the topic of books of spreads.

    On the business connection, 10 or 100 ms; an item of a push is a `models.SpreadBook`.

    Args:
        *spreads: One or more, such as ``"BTC-USDT_BTC-USDT-SWAP"``.
        channel: ``sprd-books-l2-tbt`` (400 levels and changes, 10 ms), ``sprd-books5`` (5 levels, 100 ms) or
            ``sprd-bbo-tbt`` (1 level, 10 ms).

    Returns:
        ``TopicRequest("sprd-books5", {"sprdId": "BTC-USDT_BTC-USDT-SWAP"})``
    """
    return request(one_of("channel", channel, SPREAD_BOOKS), sprdId=several("spreads", spreads))


def spread_trades(*spreads: str) -> TopicRequest:
    """
    Return the topic of trades of spreads.

    On the business connection, with each trade; an item of a push is a `models.SpreadTrade`.

    Args:
        *spreads: One or more, such as ``"BTC-USDT_BTC-USDT-SWAP"``.

    Returns:
        ``TopicRequest("sprd-public-trades", {"sprdId": "BTC-USDT_BTC-USDT-SWAP"})``
    """
    return request("sprd-public-trades", sprdId=several("spreads", spreads))


def spread_tickers(*spreads: str) -> TopicRequest:
    """
    Return the topic of last trade and best prices of spreads.

    On the business connection, on change; its items have no model.

    Args:
        *spreads: One or more, such as ``"BTC-USDT_BTC-USDT-SWAP"``.

    Returns:
        ``TopicRequest("sprd-tickers", {"sprdId": "BTC-USDT_BTC-USDT-SWAP"})``
    """
    return request("sprd-tickers", sprdId=several("spreads", spreads))


def spread_candles(*spreads: str, length: str) -> TopicRequest:
    """
    Return the topic of candles of spreads.

    On the business connection, every second; its items have no model.

    Args:
        *spreads: One or more, such as ``"BTC-USDT_BTC-USDT-SWAP"``.
        length: One of `BARS`, such as ``"1m"``, ``"1H"``, ``"1Dutc"``.

    Returns:
        ``TopicRequest("sprd-candle1D", {"sprdId": "BTC-USDT_BTC-USDT-SWAP"})``
    """
    return request(f"sprd-candle{bar(length)}", sprdId=several("spreads", spreads))


def spread_orders(spread: str | None = None) -> TopicRequest:
    """
    Return the topic of the account's orders for spreads.

    On the business connection, with an account; an item of a push is a `models.SpreadOrder`.

    Args:
        spread: Only of one.

    Returns:
        ``TopicRequest("sprd-orders")``
    """
    return request("sprd-orders", sprdId=spread)


def spread_fills(spread: str | None = None) -> TopicRequest:
    """
    Return the topic of the trades of the account's orders for spreads.

    On the business connection, with an account; an item of a push is a `models.SpreadFill`.

    Args:
        spread: Only of one.

    Returns:
        ``TopicRequest("sprd-trades")``
    """
    return request("sprd-trades", sprdId=spread)
