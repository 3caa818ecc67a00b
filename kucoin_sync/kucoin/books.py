"""
KuCoin's order books for `LiveBook`: what their messages say, and where their snapshots come from.

Source: KuCoin docs, level 2 increments of spot and of futures, and the Pro channel ``obu`` (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

import attrs

from kucoin_sync.books.live_book import BookFeed
from kucoin_sync.books.order_book import BookDelta, BookShape, Change
from kucoin_sync.engine.running import RunningCalls
from kucoin_sync.errors import ConfigError
from kucoin_sync.events import BookSnapshot, Update
from kucoin_sync.exchange_rest.calls import RestSurroundings
from kucoin_sync.kucoin.keys import WsKey
from kucoin_sync.kucoin.pro_topics import parse
from kucoin_sync.kucoin.rest_market import MarketCalls
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.kucoin.topics.futures import futures_book_changes
from kucoin_sync.kucoin.topics.pro import pro_book
from kucoin_sync.kucoin.topics.spot import book_changes
from kucoin_sync.protocol.json_text import MAX_EXPONENT

__all__ = ["book_feed", "read_futures_change", "read_number", "read_pro_book", "read_spot_changes"]

Number = Callable[[Any], Decimal]
"""Reads one price or size."""

_WINDOW = 500
"""Levels of each side that ``increment@10ms`` covers."""
_CHANGES = "increment@10ms"
_PARTS = (20, 100)
_PRO_DEPTHS = (1, 5, 50)
_LONGEST = 64
"""Characters of a price or size; the longest seen have 20."""
_REMEMBERED = 20_000
_MS = 1_000_000


# What messages say.


def read_number(text: Any) -> Decimal:
    """Read a price or a size, a text with plain digits. Raises TypeError, ValueError or ArithmeticError."""
    if type(text) is not str or len(text) > _LONGEST:
        raise TypeError("not a text of digits")
    number = Decimal(text)
    if not number.is_finite() or number.is_signed() or abs(number.adjusted()) > MAX_EXPONENT:
        raise ValueError("not a price or size")
    return number


def read_spot_changes(data: Mapping[str, Any], price_of: Number) -> BookDelta:
    """
    Read a push of ``/market/level2``.

    Args:
        data: ``{"changes": {"asks": [["18906", "0.00331", "14103845"]], "bids": []}, "sequenceStart": 14103844,
            "sequenceEnd": 14103847, "symbol": "BTC-USDT", "time": 1663747970273}``
        price_of: Reads a price.

    Returns:
        Its changes; one at the price 0, which only moves the sequence, is left out.
    """
    changes = data["changes"]
    return BookDelta(
        *_range(data["sequenceStart"], data["sequenceEnd"]),
        [(p, read_number(s), int(n)) for price, s, n in changes["bids"] if (p := price_of(price))],
        [(p, read_number(s), int(n)) for price, s, n in changes["asks"] if (p := price_of(price))],
        _time(data.get("time")) * _MS,
    )


def read_futures_change(data: Mapping[str, Any], price_of: Number) -> BookDelta:
    """
    Read a push of ``/contractMarket/level2``: one change.

    Args:
        data: ``{"sequence": 1747821025244, "change": "83614,buy,12", "timestamp": 1790113097240}``
        price_of: Reads a price.
    """
    first, last = _range(data["sequence"], data["sequence"])
    price, side, size = data["change"].split(",")
    change = ((price_of(price), read_number(size), last),)
    sides: dict[str, tuple[tuple[Change, ...], tuple[Change, ...]]] = {"buy": (change, ()), "sell": ((), change)}
    return BookDelta(first, last, *sides[side], _time(data.get("timestamp")) * _MS)


def read_pro_book(kind: str | None, data: Mapping[str, Any], price_of: Number) -> BookDelta | BookSnapshot:
    """
    Read a push of the Pro channel ``obu``.

    Args:
        kind: ``snapshot`` or ``delta``.
        data: ``{"a": [["2749.69", "96"]], "b": [], "s": "ETHUSDTM", "O": 1736604716200, "C": 1736604716203,
            "M": 1790114460661000000}``
        price_of: Reads a price.
    """
    first, last = _range(data["O"], data["C"])
    if kind == "delta":
        changes = [[(price_of(price), read_number(size), last) for price, size in data[name]] for name in ("b", "a")]
        return BookDelta(first, last, changes[0], changes[1], _time(data.get("M")))
    if kind != "snapshot" or type(data["s"]) is not str:
        raise ValueError("neither a delta nor a snapshot of a symbol")
    bids, asks = (tuple((price_of(price), read_number(size)) for price, size in data[name]) for name in ("b", "a"))
    return BookSnapshot(data["s"], last, bids, asks, _time(data.get("M")))


def _range(first: Any, last: Any) -> tuple[int, int]:
    if type(first) is not int or type(last) is not int or not 0 <= first <= last:
        raise ValueError("not a range of sequence numbers")
    return first, last


def _time(value: Any) -> int:
    return value if type(value) is int else 0


# Feeds.


def book_feed(symbol: str, key: WsKey, depth: int | None, around: RestSurroundings[Signer]) -> BookFeed:
    """
    Return what is needed for a book.

    Args:
        symbol: Such as ``BTC-USDT`` or ``XBTUSDTM``.
        key: One of the four public connections.
        depth: Levels of each side. Classic connections: ``20``, ``100``, or ``None`` for all there are (of spot
            without credentials: 100, for the whole book is a signed call). Pro connections: ``1``, ``5``, ``50``, or
            ``None`` for the best 500.
        around: What REST calls need.

    Raises:
        ConfigError: If an argument breaks a rule.
    """
    price_of = lru_cache(_REMEMBERED)(read_number)  # prices come again and again, sizes do not
    if key in (WsKey.SPOT_PUBLIC_PRO_V2, WsKey.FUTURES_PUBLIC_PRO_V2):
        return _pro_feed(symbol, "SPOT" if key is WsKey.SPOT_PUBLIC_PRO_V2 else "FUTURES", depth, price_of)
    if key not in (WsKey.SPOT_PUBLIC_V1, WsKey.FUTURES_PUBLIC_V1):
        raise ConfigError(f"ws_key: {key} carries no order books; use a public connection")
    _check_depth(depth, _PARTS, "the whole book")
    running = RunningCalls()  # of its own, so that closing the book ends its call and no other
    calls = MarketCalls(attrs.evolve(around, running=running))
    if key is WsKey.SPOT_PUBLIC_V1:
        topic, read = book_changes(symbol), read_spot_changes
        if depth is None and around.signer is None:
            depth = _PARTS[-1]
        fetch = partial(calls.book, symbol, depth)
    else:
        topic, read = futures_book_changes(symbol), read_futures_change
        fetch = partial(calls.futures_book, symbol, depth)

    def read_update(update: Update) -> BookDelta:
        return read(update.data, price_of)

    return BookFeed(symbol, topic, BookShape(depth=depth), read_update, fetch, running.end_all)


def _pro_feed(symbol: str, trade_type: str, depth: int | None, price_of: Number) -> BookFeed:
    _check_depth(depth, _PRO_DEPTHS, "the best 500")
    request = pro_book(symbol, _CHANGES if depth is None else depth, trade_type=trade_type)
    topic = parse(
        request, ws_key=str(WsKey.SPOT_PUBLIC_PRO_V2 if trade_type == "SPOT" else WsKey.FUTURES_PUBLIC_PRO_V2)
    )
    shape = BookShape(window=_WINDOW) if depth is None else BookShape(depth=depth)

    def read_update(update: Update) -> BookDelta | BookSnapshot:
        return read_pro_book(update.subject, update.data, price_of)

    return BookFeed(symbol, topic[0], shape, read_update)


def _check_depth(depth: Any, choices: tuple[int, ...], everything: str) -> None:
    if depth is not None and (type(depth) is not int or depth not in choices):
        listed = ", ".join(map(str, choices))
        raise ConfigError(f"depth: must be {listed}, or None for {everything}, got {depth!r:.40}")
