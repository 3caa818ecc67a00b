"""
`WebsocketAPIClient`: order entry with plain calls.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from enum import Enum
from types import TracebackType
from typing import Any

from kucoin_sync.errors import ConfigError, OutcomeUnknown
from kucoin_sync.events import BatchResult, OrderAck, Pong
from kucoin_sync.fates import BatchFate, Fate
from kucoin_sync.kucoin.client import WebsocketClient
from kucoin_sync.kucoin.keys import WsKey
from kucoin_sync.kucoin.order_methods import OrderMethods
from kucoin_sync.kucoin.rest_client import RestClient
from kucoin_sync.options import Options
from kucoin_sync.orders.deadman import Deadman
from kucoin_sync.stats import ClientStats

__all__ = ["NowaitCalls", "WebsocketAPIClient"]

logger = logging.getLogger("kucoin_sync.kucoin.api_client")

_LIFE_CYCLE = (
    "open",
    "authenticated",
    "reconnect",
    "reconnected",
    "suspended",
    "close",
    "exception",
    "late_reply",
    "resolved",
)


class WebsocketAPIClient(OrderMethods[OrderAck, BatchResult, Pong]):
    """
    Orders over KuCoin's WebSocket API.

    Every order method ends in one of four ways: it returns an `OrderAck` (the exchange took the request), or raises
    `Rejected` (it refused it), `NotSent` (not one byte left) or `OutcomeUnknown` (anything else: do not resend). No
    call lasts longer than its ``timeout``::

        with WebsocketAPIClient(api_key=..., api_secret=..., api_passphrase=...) as api:
            ack = api.submit_new_spot_order(
                symbol="BTC-USDT", side="buy", type="limit", price="20000", size="0.0001"
            )

    Several orders in one request have one outcome each: `BatchResult`.

    Arguments are keywords in snake_case, or one mapping with the names of KuCoin's documents. Prices and sizes are
    `str`, `Decimal` or `int`; a `float` is taken by its shortest form. Methods of the same names under `nowait` return
    a `concurrent.futures.Future` at once.

    Args:
        options: `Options`, or ``None`` for the defaults.
        client: A `WebsocketClient` to share: its connections, options and budget. It stays open when this is closed.
        attach_event_listeners: Log life-cycle events with `logging`, logger ``kucoin_sync.kucoin.api_client``.
        **keywords: Options one by one.

    Raises:
        ConfigError: If an option breaks a rule.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        client: WebsocketClient | None = None,
        attach_event_listeners: bool = False,
        **keywords: Any,
    ) -> None:
        if client is not None and (options is not None or keywords):
            raise ConfigError("client: a shared client has its options already")
        self._owns_client = client is None
        self._client = client if client is not None else WebsocketClient(options, **keywords)
        self.nowait = NowaitCalls(self._client)
        if attach_event_listeners:
            for event in _LIFE_CYCLE:
                self._client.on(event, _log_event)

    def get_ws_client(self) -> WebsocketClient:
        """Return the client underneath: its events, streams and connections."""
        return self._client

    @property
    def rest(self) -> RestClient:
        """REST calls: see `RestClient`."""
        return self._client.rest

    def stats(self) -> ClientStats:
        """Return how the client stands, in numbers; see `WebsocketClient.stats`."""
        return self._client.stats()

    def unresolved(self) -> list[OutcomeUnknown]:
        """Return the orders whose outcome is unknown; see `WebsocketClient.unresolved`."""
        return self._client.unresolved()

    def reconcile(self, error: OutcomeUnknown, timeout: float | None = 30.0) -> Fate | BatchFate:
        """Find out what became of an order; see `WebsocketClient.reconcile`."""
        return self._client.reconcile(error, timeout)

    def reconcile_all(self, timeout: float | None = 30.0) -> list[Fate]:
        """Find out what became of every order that is unknown; see `WebsocketClient.reconcile_all`."""
        return self._client.reconcile_all(timeout)

    def dismiss(self, error: OutcomeUnknown) -> None:
        """Take an order off the list of `unresolved`; see `WebsocketClient.dismiss`."""
        self._client.dismiss(error)

    def deadman(self, seconds: int, symbols: str | Iterable[str] | None = None) -> Deadman:
        """Return a dead man's switch for spot orders; see `WebsocketClient.deadman`."""
        return self._client.deadman(seconds, symbols)

    def cancel_all_orders(
        self, symbol: str | None = None, *, market: str = "spot", timeout: float | None = None
    ) -> dict[str, Any]:
        """Cancel all open orders, over REST; see `WebsocketClient.cancel_all_orders`."""
        return self._client.cancel_all_orders(symbol, market=market, timeout=timeout)

    def connect_ws_api(self, ws_key: str | Enum | None = None, *, timeout: float | None = None) -> None:
        """
        Open an order line and log in ahead of time.

        Args:
            ws_key: ``None`` is ``wsApiSpotV1``, which spot and margin orders take; futures orders take
                ``wsApiFuturesV1``.
            timeout: Seconds; ``None`` takes ``open_timeout``.

        Raises:
            AuthError: If the credentials are refused.
            ConnectError: If the line could not be opened.
        """
        self._client.connect(WsKey.WS_API_SPOT_V1 if ws_key is None else ws_key, timeout=timeout)

    def _run(
        self,
        op: str,
        params: Any,
        arguments: Mapping[str, Any],
        ws_key: str | Enum | None,
        timeout: float | None,
        extra: Mapping[str, Any] | None,
        *,
        test: bool = False,
    ) -> Any:
        if test:
            return self._client.test_operation(op, params, arguments, extra, timeout)
        return self._client.call_operation(ws_key, op, params, arguments, extra, timeout)

    def close(self, *, timeout: float | None = None, drain: bool = True) -> None:
        """
        Close the client with its lines; a client that was given to share stays as it is.

        Args:
            timeout: Seconds; ``None`` takes ``close_timeout``.
            drain: Whether calls in flight get time to be answered; the rest end as `OutcomeUnknown`.
        """
        if self._owns_client:
            self._client.close(timeout=timeout, drain=drain)

    def __enter__(self) -> WebsocketAPIClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _repr_html_(self) -> str:
        return self._client._repr_html_()

    def __repr__(self) -> str:
        return f"<WebsocketAPIClient on {self._client!r}>"


class NowaitCalls(OrderMethods[Future[OrderAck], Future[BatchResult], Future[Pong]]):
    """
    The order methods of `WebsocketAPIClient` under the same names, for many orders in flight.

    Each sends on the caller's thread and returns a `concurrent.futures.Future` at once, which ends with what the
    blocking method returns or raises. A line that is not ready ends it as `NotSent`: call ``connect_ws_api(ws_key)``
    first. Arguments that break a rule raise `ConfigError` here and now.
    """

    def __init__(self, client: WebsocketClient) -> None:
        self._client = client

    def _run(
        self,
        op: str,
        params: Any,
        arguments: Mapping[str, Any],
        ws_key: str | Enum | None,
        timeout: float | None,
        extra: Mapping[str, Any] | None,
        *,
        test: bool = False,
    ) -> Any:
        if test:
            raise ConfigError("test: a test order goes over REST and blocks; call the method without nowait")
        return self._client.call_operation_nowait(ws_key, op, params, arguments, extra, timeout)


def _log_event(event: object) -> None:
    logger.info("%s", event)
