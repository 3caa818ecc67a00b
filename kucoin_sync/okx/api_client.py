"""
`WebsocketAPIClient`: order entry with plain calls.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from kucoin_sync.events import BatchResult, OrderAck
from kucoin_sync.okx.client import READY_INSTRUMENTS, WebsocketClient
from kucoin_sync.okx.options import Options
from kucoin_sync.okx.order_methods import OrderMethods
from kucoin_sync.okx.rest import RestClient
from kucoin_sync.orders.api_client import ApiClient
from kucoin_sync.orders.deadman import Deadman

__all__ = ["NowaitCalls", "WebsocketAPIClient"]

logger = logging.getLogger("kucoin_sync.okx.api_client")


class WebsocketAPIClient(ApiClient[WebsocketClient], OrderMethods[OrderAck, BatchResult]):
    """
    Orders over OKX's WebSocket.

    Every order method ends in one of four ways: it returns an `OrderAck` (the exchange took the request), or raises
    `Rejected` (it refused it), `NotSent` (not one byte left) or `OutcomeUnknown` (anything else: do not resend). No
    call lasts longer than its ``timeout``::

        with WebsocketAPIClient(api_key=..., api_secret=..., api_passphrase=...) as api:
            ack = api.submit_new_order(
                inst_id="BTC-USDT", td_mode="cash", side="buy", ord_type="limit", px="20000", sz="0.0001"
            )

    Several orders in one request have one outcome each: `BatchResult`. Instruments are named as in all of OKX's
    documents; the numbers by which the exchange takes them are looked up. Every order, and every amendment of one on an
    instrument, carries the time at which its call ends, and the exchange refuses what comes later.

    Arguments are keywords in snake_case, or one mapping with the names of OKX's documents. Prices and sizes are `str`,
    `Decimal` or `int`; a `float` is taken by its shortest form. Methods of the same names under `nowait` return a
    `concurrent.futures.Future` at once.

    Args:
        options: `kucoin_sync.okx.Options`, or ``None`` for the defaults.
        client: A `WebsocketClient` to share: its connections, options and budget. It stays open when this is closed.
        attach_event_listeners: Log life-cycle events with `logging`, logger ``kucoin_sync.okx.api_client``.
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
        super().__init__(WebsocketClient, options, client, logger if attach_event_listeners else None, keywords)
        self.nowait = NowaitCalls(self._client)

    @property
    def rest(self) -> RestClient:
        """REST calls of the first account: see `RestClient`."""
        return self._client.rest

    def rest_of(self, account: str | int | None = None) -> RestClient:
        """Return the REST calls of an account; see `WebsocketClient.rest_of`."""
        return self._client.rest_of(account)

    def connect_ws_api(
        self,
        *,
        account: str | int | None = None,
        instruments: Iterable[str] = READY_INSTRUMENTS,
        timeout: float | None = None,
    ) -> None:
        """Make ready for an account's orders; see `WebsocketClient.connect_ws_api`."""
        self._client.connect_ws_api(account=account, instruments=instruments, timeout=timeout)

    def deadman(self, seconds: int, *, tag: str | None = None, account: str | int | None = None) -> Deadman:
        """Return a dead man's switch; see `WebsocketClient.deadman`."""
        return self._client.deadman(seconds, tag=tag, account=account)

    def cancel_all_orders(
        self, inst_id: str | None = None, *, account: str | int | None = None, timeout: float | None = None
    ) -> list[dict[str, Any]]:
        """Cancel all open orders, over REST; see `WebsocketClient.cancel_all_orders`."""
        return self._client.cancel_all_orders(inst_id, account=account, timeout=timeout)

    def _run(
        self,
        op: str,
        params: Any,
        arguments: Mapping[str, Any],
        account: str | int | None,
        timeout: float | None,
        extra: Mapping[str, Any] | None,
        exp_time: int | None = None,
    ) -> Any:
        return self._client.call_operation(
            op, params, arguments, extra, account=account, timeout=timeout, exp_time=exp_time
        )


class NowaitCalls(OrderMethods[Future[OrderAck], Future[BatchResult]]):
    """
    The order methods of `WebsocketAPIClient` under the same names, for many orders in flight.

    Each sends on the caller's thread and returns a `concurrent.futures.Future` at once, which ends with what the
    blocking method returns or raises. A line that is not ready, or an instrument whose number is not known yet, ends it
    as `NotSent`: call ``connect_ws_api()`` first. Arguments that break a rule raise `ConfigError` here and now.
    """

    def __init__(self, client: WebsocketClient) -> None:
        self._client = client

    def _run(
        self,
        op: str,
        params: Any,
        arguments: Mapping[str, Any],
        account: str | int | None,
        timeout: float | None,
        extra: Mapping[str, Any] | None,
        exp_time: int | None = None,
    ) -> Any:
        return self._client.call_operation_nowait(
            op, params, arguments, extra, account=account, timeout=timeout, exp_time=exp_time
        )
