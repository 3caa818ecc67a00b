"""
Topics about the market.

Each function returns a `TopicRequest`, which `WebsocketClient.subscribe` and `WebsocketClient.stream` take like a text.
All raise `ConfigError` for an argument that breaks a rule.

Source: OKX docs v5, the pages of the channels (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

from kucoin_sync.okx.topics.requests import bar, kind_of, one_of, request, several
from kucoin_sync.protocol.dialect import TopicRequest

__all__ = [
    "BOOKS",
    "all_trades",
    "block_tickers",
    "block_trades",
    "book",
    "call_auctions",
    "candles",
    "deleverage_warnings",
    "estimated_prices",
    "event_markets",
    "funding_rates",
    "index_candles",
    "index_tickers",
    "instruments",
    "liquidations",
    "mark_price_candles",
    "mark_prices",
    "open_interest",
    "option_summaries",
    "option_trades",
    "price_limits",
    "structure_block_trades",
    "system_status",
    "tickers",
    "trades",
]

BOOKS = ("books", "books5", "bbo-tbt", "books-l2-tbt", "books50-l2-tbt", "books-rpi", "books-elp")
"""Channels of `book`."""


def instruments(kind: str) -> TopicRequest:
    """
    Return the topic of changes of instruments of one kind.

    On the public connection, on change only; an item of a push is a `models.Instrument`.

    Args:
        kind: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION``, ``EVENTS`` or ``ANY``.

    Returns:
        ``TopicRequest("instruments", {"instType": "SPOT"})``
    """
    return request("instruments", instType=kind_of(kind))


def event_markets() -> TopicRequest:
    """
    Return the topic of event contracts.

    On the public connection, on change; its items have no model.

    Returns:
        ``TopicRequest("event-contract-markets", {"instType": "EVENTS"})``
    """
    return request("event-contract-markets", instType="EVENTS")


def tickers(*instruments: str) -> TopicRequest:
    """
    Return the topic of last trade, best prices and the last 24 hours.

    On the public connection, every 100 ms; an item of a push is a `models.Ticker`.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``TopicRequest("tickers", {"instId": "BTC-USDT"})``
    """
    return request("tickers", instId=several("instruments", instruments))


def trades(*instruments: str) -> TopicRequest:
    """
    Return the topic of trades, those of one taker order at one price together.

    On the public connection, with each taker order; an item of a push is a `models.Trade`.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``TopicRequest("trades", {"instId": "BTC-USDT"})``
    """
    return request("trades", instId=several("instruments", instruments))


def all_trades(*instruments: str) -> TopicRequest:
    """
    Return the topic of trades one by one.

    On the business connection, with each fill; an item of a push is a `models.Trade`.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``TopicRequest("trades-all", {"instId": "BTC-USDT"})``
    """
    return request("trades-all", instId=several("instruments", instruments))


def candles(*instruments: str, length: str) -> TopicRequest:
    """
    Return the topic of candles of trades.

    On the business connection, every second; an item of a push is a `models.Candle`.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.
        length: One of `BARS`, such as ``"1m"``, ``"1H"``, ``"1Dutc"``.

    Returns:
        ``TopicRequest("candle1m", {"instId": "BTC-USDT"})``
    """
    return request(f"candle{bar(length)}", instId=several("instruments", instruments))


def mark_price_candles(*instruments: str, length: str) -> TopicRequest:
    """
    Return the topic of candles of the mark price.

    On the business connection, every second; an item of a push is a `models.PriceCandle`.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.
        length: One of `BARS`, such as ``"1m"``, ``"1H"``, ``"1Dutc"``.

    Returns:
        ``TopicRequest("mark-price-candle1m", {"instId": "BTC-USDT-SWAP"})``
    """
    return request(f"mark-price-candle{bar(length)}", instId=several("instruments", instruments))


def index_candles(*instruments: str, length: str) -> TopicRequest:
    """
    Return the topic of candles of an index.

    On the business connection, every second; an item of a push is a `models.PriceCandle`.

    Args:
        *instruments: One or more indexes, such as ``"BTC-USD"``.
        length: One of `BARS`, such as ``"1m"``, ``"1H"``, ``"1Dutc"``.

    Returns:
        ``TopicRequest("index-candle1m", {"instId": "BTC-USD"})``
    """
    return request(f"index-candle{bar(length)}", instId=several("instruments", instruments))


def book(*instruments: str, channel: str = "books") -> TopicRequest:
    """
    Return the topic of books.

    On the public connection, 10 or 100 ms; an item of a push is a `models.Book`, of ``books-rpi`` a `models.RpiBook`.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.
        channel: ``books`` (400 levels and changes, 100 ms), ``books5`` (5 levels, 100 ms), ``bbo-tbt`` (1 level,
            10 ms), ``books-l2-tbt`` (400 levels and changes, 10 ms) and ``books50-l2-tbt`` (50 levels), which need an
            account, ``books-rpi`` (400 levels with RPI orders told apart) or ``books-elp``.

    Returns:
        ``TopicRequest("books", {"instId": "BTC-USDT"})``
    """
    return request(one_of("channel", channel, BOOKS), instId=several("instruments", instruments))


def option_trades(*, instrument: str | None = None, family: str | None = None) -> TopicRequest:
    """
    Return the topic of trades of options.

    On the public connection, with each trade; its items have no model.

    Args:
        instrument: Only of one instrument.
        family: Only of one family, such as ``"BTC-USD"``.

    Returns:
        ``TopicRequest("option-trades", {"instType": "OPTION", "instFamily": "BTC-USD"})``
    """
    return request("option-trades", instType="OPTION", instId=instrument, instFamily=family)


def call_auctions(*instruments: str) -> TopicRequest:
    """
    Return the topic of call auctions.

    On the public connection, on change; its items have no model.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``TopicRequest("call-auction-details", {"instId": "BTC-USDT"})``
    """
    return request("call-auction-details", instId=several("instruments", instruments))


def open_interest(*instruments: str) -> TopicRequest:
    """
    Return the topic of open interest.

    On the public connection, every 3 s; an item of a push is a `models.OpenInterest`.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``TopicRequest("open-interest", {"instId": "BTC-USDT"})``
    """
    return request("open-interest", instId=several("instruments", instruments))


def funding_rates(*instruments: str) -> TopicRequest:
    """
    Return the topic of funding rates.

    On the public connection, on change; an item of a push is a `models.FundingRate`.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``TopicRequest("funding-rate", {"instId": "BTC-USDT"})``
    """
    return request("funding-rate", instId=several("instruments", instruments))


def price_limits(*instruments: str) -> TopicRequest:
    """
    Return the topic of price limits.

    On the public connection, on change; an item of a push is a `models.PriceLimit`.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``TopicRequest("price-limit", {"instId": "BTC-USDT"})``
    """
    return request("price-limit", instId=several("instruments", instruments))


def option_summaries(*families: str) -> TopicRequest:
    """
    Return the topic of greeks and volatilities of options.

    On the public connection, on change; an item of a push is a `models.OptionSummary`.

    Args:
        *families: One or more, such as ``"BTC-USD"``.

    Returns:
        ``TopicRequest("opt-summary", {"instFamily": "BTC-USD"})``
    """
    return request("opt-summary", instFamily=several("families", families))


def estimated_prices(kind: str, *, family: str | None = None, instrument: str | None = None) -> TopicRequest:
    """
    Return the topic of estimated prices of deliveries, exercises and settlements.

    On the public connection, on change; an item of a push is a `models.EstimatedPrice`.

    Args:
        kind: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION``, ``EVENTS`` or ``ANY``.
        family: Only of one family, such as ``"BTC-USD"``.
        instrument: Only of one instrument.

    Returns:
        ``TopicRequest("estimated-price", {"instType": "FUTURES", "instFamily": "BTC-USD"})``
    """
    return request("estimated-price", instType=kind_of(kind), instFamily=family, instId=instrument)


def mark_prices(*instruments: str) -> TopicRequest:
    """
    Return the topic of mark prices.

    On the public connection, every 200 ms on change, else every 10 s; an item of a push is a `models.MarkPrice`.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``TopicRequest("mark-price", {"instId": "BTC-USDT"})``
    """
    return request("mark-price", instId=several("instruments", instruments))


def index_tickers(*instruments: str) -> TopicRequest:
    """
    Return the topic of prices of indexes.

    On the public connection, on change; an item of a push is a `models.IndexTicker`.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``TopicRequest("index-tickers", {"instId": "BTC-USDT"})``
    """
    return request("index-tickers", instId=several("instruments", instruments))


def liquidations(kind: str) -> TopicRequest:
    """
    Return the topic of liquidation orders, not all of them.

    On the public connection, sampled; an item of a push is a `models.Liquidations`.

    Args:
        kind: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION``, ``EVENTS`` or ``ANY``.

    Returns:
        ``TopicRequest("liquidation-orders", {"instType": "SWAP"})``
    """
    return request("liquidation-orders", instType=kind_of(kind))


def deleverage_warnings(kind: str, *, family: str | None = None) -> TopicRequest:
    """
    Return the topic of warnings of automatic deleveraging.

    On the public connection, on change; its items have no model.

    Args:
        kind: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION``, ``EVENTS`` or ``ANY``.
        family: Only of one family, such as ``"BTC-USD"``.

    Returns:
        ``TopicRequest("adl-warning", {"instType": "FUTURES"})``
    """
    return request("adl-warning", instType=kind_of(kind), instFamily=family)


def system_status() -> TopicRequest:
    """
    Return the topic of planned maintenance.

    On the public connection, on change; an item of a push is a `models.SystemStatus`.

    Returns:
        ``TopicRequest("status")``
    """
    return request("status")


def block_trades(*instruments: str) -> TopicRequest:
    """
    Return the topic of block trades.

    On the business connection, with each trade; its items have no model.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``TopicRequest("public-block-trades", {"instId": "BTC-USDT"})``
    """
    return request("public-block-trades", instId=several("instruments", instruments))


def block_tickers(*instruments: str) -> TopicRequest:
    """
    Return the topic of block trades of the last 24 hours.

    On the business connection, on change; its items have no model.

    Args:
        *instruments: One or more, such as ``"BTC-USDT"``.

    Returns:
        ``TopicRequest("block-tickers", {"instId": "BTC-USDT"})``
    """
    return request("block-tickers", instId=several("instruments", instruments))


def structure_block_trades() -> TopicRequest:
    """
    Return the topic of block trades of several legs.

    On the business connection, with each trade; its items have no model.

    Returns:
        ``TopicRequest("public-struc-block-trades")``
    """
    return request("public-struc-block-trades")
