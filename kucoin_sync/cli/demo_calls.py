"""
The calls of the demo: the same steps with KuCoin's client and with OKX's.

Everything here is done with the library's public calls, so it can be read as an example of them. A real exchange
differs in the address and the keys alone.
"""

from __future__ import annotations

import abc
import contextlib
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from kucoin_sync import (
    DeadlineExceeded,
    OrderAck,
    Pong,
    Stream,
    Update,
    WebsocketAPIClient,
    WebsocketClient,
    WsKey,
)
from kucoin_sync.okx import WebsocketAPIClient as OkxWebsocketAPIClient
from kucoin_sync.okx import WebsocketClient as OkxWebsocketClient

__all__ = ["Calls", "KucoinCalls", "OkxCalls", "Surprise"]

SYMBOL = "BTC-USDT"
PATIENCE = 5.0
"""Seconds to wait for what has to come."""


class Surprise(Exception):
    """A step did not end the way it ends with a library and an exchange in order."""


class Calls(abc.ABC):
    """
    What the demo does on an exchange; it is a context that closes its clients.

    Attributes:
        place_op: The exchange's name of the operation that places an order, for the simulator's faults.
        tickers: Topics of the tickers that are shown.
        fill_source: What tells of a fill.
    """

    place_op: str
    tickers: Sequence[str]
    fill_source: str

    @abc.abstractmethod
    def client(self) -> WebsocketClient | OkxWebsocketClient:
        """Return the client of the streams."""

    @abc.abstractmethod
    def open(self) -> None:
        """Open the order line. Not needed, the first order would do it; but so its round trip is that of a line."""

    @abc.abstractmethod
    def close(self) -> None:
        """Close everything."""

    @abc.abstractmethod
    def stream_tickers(self) -> Stream:
        """Return a stream of `tickers`."""

    @abc.abstractmethod
    def quote(self, update: Update) -> tuple[str, str, str]:
        """Return last price, best bid and best ask of a ticker."""

    @abc.abstractmethod
    def buy(self, size: str, price: str | None = None, *, timeout: float | None = None) -> OrderAck:
        """Place an order to buy: at a limit, or at the market."""

    @abc.abstractmethod
    def move(self, order: OrderAck, price: str) -> OrderAck:
        """Change the price of an order."""

    @abc.abstractmethod
    def cancel(self, order_id: str | None, client_oid: str | None = None) -> OrderAck:
        """Cancel an order by one of its ids."""

    @contextlib.contextmanager
    @abc.abstractmethod
    def fills(self) -> Iterator[Stream]:
        """Open the stream that tells of fills."""

    @abc.abstractmethod
    def find_fill(self, stream: Stream, order: OrderAck, size: Decimal) -> str:
        """Read the stream until an order is filled; return the price of its last part."""

    def ping(self) -> Pong | None:
        """Ask the order line for a sign of life, where the exchange has an operation for that."""
        return None


class KucoinCalls(Calls):
    """
    On KuCoin.

    Args:
        **options: Of the client.
    """

    place_op = "spot.order"
    tickers = ("/market/ticker:BTC-USDT", "/market/ticker:ETH-USDT")
    fill_source = "the match stream names our order as the taker"

    def __init__(self, **options: Any) -> None:
        self._api = WebsocketAPIClient(**options)

    def client(self) -> WebsocketClient:
        return self._api.get_ws_client()

    def open(self) -> None:
        self._api.connect_ws_api()

    def close(self) -> None:
        self._api.close()

    def stream_tickers(self) -> Stream:
        return self.client().stream(list(self.tickers), WsKey.SPOT_PUBLIC_V1)

    def quote(self, update: Update) -> tuple[str, str, str]:
        return update.data["price"], update.data["bestBid"], update.data["bestAsk"]

    def buy(self, size: str, price: str | None = None, *, timeout: float | None = None) -> OrderAck:
        if price is None:
            return self._api.submit_new_spot_order(symbol=SYMBOL, side="buy", type="market", size=size)
        return self._api.submit_new_spot_order(
            symbol=SYMBOL, side="buy", type="limit", price=price, size=size, timeout=timeout
        )

    def move(self, order: OrderAck, price: str) -> OrderAck:
        return self._api.modify_spot_order(symbol=SYMBOL, order_id=order.order_id, new_price=price)

    def cancel(self, order_id: str | None, client_oid: str | None = None) -> OrderAck:
        if order_id is not None:
            return self._api.cancel_spot_order(symbol=SYMBOL, order_id=order_id)
        return self._api.cancel_spot_order(symbol=SYMBOL, client_oid=client_oid)

    @contextlib.contextmanager
    def fills(self) -> Iterator[Stream]:
        with self.client().stream(f"/market/match:{SYMBOL}", WsKey.SPOT_PUBLIC_V1) as matches:
            yield matches

    def find_fill(self, stream: Stream, order: OrderAck, size: Decimal) -> str:
        """Read trades until those of our order add up to its size."""
        for trade in _read(stream):
            if trade["takerOrderId"] == order.order_id:
                size -= Decimal(trade["size"])
                if size <= 0:
                    return str(trade["price"])
        raise Surprise(f"order {order.order_id} was taken but not filled")

    def ping(self) -> Pong | None:
        return self._api.ping()


class OkxCalls(Calls):
    """
    On OKX.

    Args:
        **options: Of the client.
    """

    place_op = "order"
    tickers = ("tickers:BTC-USDT", "tickers:ETH-USDT")
    fill_source = "the channel of our orders says so"

    def __init__(self, **options: Any) -> None:
        self._api = OkxWebsocketAPIClient(**options)

    def client(self) -> OkxWebsocketClient:
        return self._api.get_ws_client()

    def open(self) -> None:
        self._api.connect_ws_api(instruments=[SYMBOL])

    def close(self) -> None:
        self._api.close()

    def stream_tickers(self) -> Stream:
        return self.client().stream(list(self.tickers))

    def quote(self, update: Update) -> tuple[str, str, str]:
        (ticker,) = update.data
        return ticker["last"], ticker["bidPx"], ticker["askPx"]

    def buy(self, size: str, price: str | None = None, *, timeout: float | None = None) -> OrderAck:
        if price is None:
            # Without tgt_ccy the size of a purchase at the market is an amount of money.
            return self._api.submit_new_order(
                inst_id=SYMBOL, td_mode="cash", side="buy", ord_type="market", sz=size, tgt_ccy="base_ccy"
            )
        return self._api.submit_new_order(
            inst_id=SYMBOL, td_mode="cash", side="buy", ord_type="limit", px=price, sz=size, timeout=timeout
        )

    def move(self, order: OrderAck, price: str) -> OrderAck:
        return self._api.amend_order(inst_id=SYMBOL, ord_id=order.order_id, new_px=price)

    def cancel(self, order_id: str | None, client_oid: str | None = None) -> OrderAck:
        if order_id is not None:
            return self._api.cancel_order(inst_id=SYMBOL, ord_id=order_id)
        return self._api.cancel_order(inst_id=SYMBOL, cl_ord_id=client_oid)

    @contextlib.contextmanager
    def fills(self) -> Iterator[Stream]:
        with self.client().stream({"channel": "orders", "instType": "SPOT", "instId": SYMBOL}) as orders:
            yield orders

    def find_fill(self, stream: Stream, order: OrderAck, size: Decimal) -> str:
        """Read what becomes of our orders until this one is filled."""
        for orders in _read(stream):
            for each in orders:
                if each["ordId"] == order.order_id and Decimal(each["accFillSz"] or 0) >= size:
                    return str(each["fillPx"])
        raise Surprise(f"order {order.order_id} was taken but not filled")


def _read(stream: Stream) -> Iterator[Any]:
    """Yield the data of updates for a while."""
    end = time.monotonic() + PATIENCE
    while (left := end - time.monotonic()) > 0:
        try:
            yield stream.get(left).data
        except DeadlineExceeded:
            return
