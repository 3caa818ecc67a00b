"""
Futures orders, one at a time and many at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from kucoin_sync.kucoin.keywords import (
    FuturesCancelArguments,
    FuturesMultiCancelArguments,
    FuturesOrderArguments,
)
from kucoin_sync.kucoin.order_methods.calling import Ack, Batch, Calling, Pulse
from kucoin_sync.orders.keywords import spell_out

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["FuturesMethods"]


class FuturesMethods(Calling[Ack, Batch, Pulse]):
    """Methods of the operations ``futures.*``."""

    @spell_out(FuturesOrderArguments)
    def submit_futures_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        test: bool = False,
        **arguments: Unpack[FuturesOrderArguments],
    ) -> Ack:
        """
        Place a futures order (``futures.order``). It has no expiry window: KuCoin offers none here.

        Args:
            params: All arguments in one mapping, named as in KuCoin's documents; else use keywords.
            ws_key: Which order line; ``None`` takes ``wsApiFuturesV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            test: Have the exchange check the order instead of placing it: over REST, with ``ack.test`` set and ids of
                an order that does not exist. A refusal is a `RestError` then. Not with ``nowait``.
            **arguments: ``symbol``, ``side`` (``buy``, ``sell``); one of ``size`` (contracts, whole), ``qty`` (base
                currency) and ``value_qty`` (USDT or USDC); ``price`` for a limit order. ``close_order`` closes the
                position: then side and size may be left out. Optional: ``type`` (``limit``, which is the default, or
                ``market``), ``client_oid``, ``leverage`` (whole; needed to open an isolated position), ``margin_mode``
                (``ISOLATED``, ``CROSS``), ``position_side`` (``BOTH``, ``LONG``, ``SHORT``), ``time_in_force``
                (``GTC``, ``IOC``, ``RPI``), ``post_only``, ``hidden``, ``iceberg`` with ``visible_size`` (contracts),
                ``reduce_only``, ``force_hold``, ``stop`` (``up``, ``down``) with ``stop_price`` and
                ``stop_price_type`` (``TP`` last trade, ``MP`` mark, ``IP`` index), ``stp`` (``CN``, ``CO``, ``CB``),
                ``remark``.

        Returns:
            `OrderAck` with ``order_id`` and ``client_oid``: the exchange took the order, which does not mean that it
            rests or was filled.

        Raises:
            Rejected: The exchange refused it; there is no such order.
            NotSent: Not one byte left; safe to try again.
            OutcomeUnknown: There may be an order; look it up by ``error.client_oid``, do not resend.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: KuCoin docs, WebSocket API, Add Order; Futures Trading, Add Order (read 2026-11).
        """
        ack: Ack = self._run("futures.order", params, arguments, ws_key, timeout, extra, test=test)
        return ack

    @spell_out(FuturesCancelArguments)
    def cancel_futures_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[FuturesCancelArguments],
    ) -> Ack:
        """
        Cancel a futures order (``futures.cancel``).

        Args:
            params: All arguments in one mapping; else use keywords.
            ws_key: Which order line; ``None`` takes ``wsApiFuturesV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``order_id`` alone, or ``client_oid`` with ``symbol``.

        Returns:
            `OrderAck`: the exchange took the cancel.

        Raises:
            Rejected: The cancel had no effect. With ``no_such_order`` no live order was found: it is done, never was,
                or is too new to be found.
            NotSent: Not one byte left.
            OutcomeUnknown: The order may or may not be cancelled.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: KuCoin docs, WebSocket API, Cancel Order; Futures Trading, Cancel Order (read 2026-11).
        """
        ack: Ack = self._run("futures.cancel", params, arguments, ws_key, timeout, extra)
        return ack

    def submit_multiple_futures_orders(
        self,
        orders: Sequence[Mapping[str, Any]],
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
    ) -> Batch:
        """
        Place several futures orders in one request (``futures.multi_order``).

        Each order has an outcome of its own; nothing is raised for one that the exchange refused.

        Args:
            orders: 1 to 20 mappings, each as the arguments of `submit_futures_order`: names in snake_case or as in
                KuCoin's documents, and ``extra`` for fields the library does not know.
            ws_key: Which order line; ``None`` takes ``wsApiFuturesV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.

        Returns:
            `BatchResult` with an `OrderAck` or a `Rejected` for each order, in the order sent.

        Raises:
            NotSent: Not one byte left; safe to try again.
            OutcomeUnknown: At least one order has no definite outcome. ``error.results`` is a `BatchResult` with what
                is known of each; ``error.client_oid`` holds all client order ids. The reason is ``partial_batch`` if
                some are definite.
            ConfigError: An argument breaks a rule, or a client order id is given twice; nothing was sent.

        Source: KuCoin docs, WebSocket API, Add Order; Futures Trading, Batch Add Orders (read 2026-11).
        """
        batch: Batch = self._run("futures.multi_order", None, {"orders": orders}, ws_key, timeout, None)
        return batch

    @spell_out(FuturesMultiCancelArguments)
    def cancel_multiple_futures_orders(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[FuturesMultiCancelArguments],
    ) -> Batch:
        """
        Cancel several futures orders in one request (``futures.multi_cancel``).

        Args:
            params: All arguments in one mapping; else use keywords.
            ws_key: Which order line; ``None`` takes ``wsApiFuturesV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``order_ids_list``: order ids; or ``client_oids_list``: mappings with ``symbol`` and
                ``clientOid``.

        Returns:
            `BatchResult` with an `OrderAck` or a `Rejected` for each order, in the order sent.

        Raises:
            NotSent: Not one byte left.
            OutcomeUnknown: At least one order has no definite outcome; ``error.results`` says what is known of each.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: KuCoin docs, WebSocket API, Cancel Order; Futures Trading, Batch Cancel Orders (read 2026-11).
        """
        batch: Batch = self._run("futures.multi_cancel", params, arguments, ws_key, timeout, extra)
        return batch
