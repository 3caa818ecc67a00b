"""
Spot orders, and the ping.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from kucoin_sync.kucoin.keywords import SpotCancelArguments, SpotModifyArguments, SpotOrderArguments
from kucoin_sync.kucoin.order_methods.calling import Ack, Batch, Calling, Pulse
from kucoin_sync.orders.keywords import spell_out

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["SpotMethods"]


class SpotMethods(Calling[Ack, Batch, Pulse]):
    """Methods of the operations ``spot.*`` and ``ping``."""

    @spell_out(SpotOrderArguments)
    def submit_new_spot_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        test: bool = False,
        **arguments: Unpack[SpotOrderArguments],
    ) -> Ack:
        """
        Place a spot order (``spot.order``).

        The order carries a client order id (yours, or one made here) and an expiry window, so that it is refused if it
        arrives after this call has ended.

        Args:
            params: All arguments in one mapping, named as in KuCoin's documents; else use keywords.
            ws_key: Which order line; ``None`` takes ``wsApiSpotV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            test: Have the exchange check the order instead of placing it: over REST, with ``ack.test`` set and ids of
                an order that does not exist. A refusal is a `RestError` then. Not with ``nowait``.
            **arguments: ``symbol``, ``side`` (``buy``, ``sell``), ``type`` (``limit``, ``market``); ``price`` and
                ``size`` for a limit order, ``size`` or ``funds`` for a market order; optional: ``client_oid``,
                ``time_in_force`` (``GTC``, ``GTT``, ``IOC``, ``FOK``), ``cancel_after`` (seconds, with ``GTT``),
                ``post_only``, ``hidden``, ``iceberg`` with ``visible_size``, ``stp`` (``DC``, ``CO``, ``CN``, ``CB``),
                ``tags``, ``remark``, ``client_timestamp`` and ``allow_max_time_window`` (ms, instead of the window made
                here).

        Returns:
            `OrderAck` with ``order_id`` and ``client_oid``: the exchange took the order, which does not mean that it
            rests or was filled.

        Raises:
            Rejected: The exchange refused it; there is no such order.
            NotSent: Not one byte left; safe to try again.
            OutcomeUnknown: There may be an order; look it up by ``error.client_oid``, do not resend.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: KuCoin docs, WebSocket API, Add Order (read 2026-11).
        """
        ack: Ack = self._run("spot.order", params, arguments, ws_key, timeout, extra, test=test)
        return ack

    @spell_out(SpotOrderArguments)
    def submit_sync_spot_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[SpotOrderArguments],
    ) -> Ack:
        """
        Place a spot order and wait for what matching makes of it (``spot.sync_order``).

        Args:
            params: All arguments in one mapping, named as in KuCoin's documents; else use keywords.
            ws_key: Which order line; ``None`` takes ``wsApiSpotV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: As of `submit_new_spot_order`.

        Returns:
            `OrderAck`, whose ``result`` is an `OrderResult`: sizes filled, resting and cancelled, ``status`` and times.

        Raises:
            Rejected, NotSent, OutcomeUnknown, ConfigError: As `submit_new_spot_order`.

        Source: KuCoin docs, WebSocket API, Add Order; Spot Trading, Add Order Sync (read 2026-11).
        """
        ack: Ack = self._run("spot.sync_order", params, arguments, ws_key, timeout, extra)
        return ack

    @spell_out(SpotModifyArguments)
    def modify_spot_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[SpotModifyArguments],
    ) -> Ack:
        """
        Replace a spot order by one with another price or size (``spot.modify``): a cancel and a new order in one.

        Args:
            params: All arguments in one mapping; else use keywords.
            ws_key: Which order line; ``None`` takes ``wsApiSpotV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``symbol``; ``order_id`` or ``client_oid``; ``new_price``, ``new_size`` or both.

        Returns:
            `OrderAck` whose ``order_id`` is the id of the new order.

        Raises:
            Rejected: Refused before anything was cancelled.
            NotSent: Not one byte left.
            OutcomeUnknown: The old order, the new one, or neither may be live.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: KuCoin docs, WebSocket API, Modify Order (read 2026-11).
        """
        ack: Ack = self._run("spot.modify", params, arguments, ws_key, timeout, extra)
        return ack

    @spell_out(SpotCancelArguments)
    def cancel_spot_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[SpotCancelArguments],
    ) -> Ack:
        """
        Cancel a spot order (``spot.cancel``).

        Args:
            params: All arguments in one mapping; else use keywords.
            ws_key: Which order line; ``None`` takes ``wsApiSpotV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``symbol``; ``order_id`` or ``client_oid``.

        Returns:
            `OrderAck`: the exchange took the cancel.

        Raises:
            Rejected: The cancel had no effect. With ``no_such_order`` no live order was found: it is done, never was,
                or is too new to be found.
            NotSent: Not one byte left.
            OutcomeUnknown: The order may or may not be cancelled.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: KuCoin docs, WebSocket API, Cancel Order (read 2026-11).
        """
        ack: Ack = self._run("spot.cancel", params, arguments, ws_key, timeout, extra)
        return ack

    @spell_out(SpotCancelArguments)
    def cancel_sync_spot_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[SpotCancelArguments],
    ) -> Ack:
        """
        Cancel a spot order and wait until it is done (``spot.sync_cancel``).

        Args:
            params: All arguments in one mapping; else use keywords.
            ws_key: Which order line; ``None`` takes ``wsApiSpotV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``symbol``; ``order_id`` or ``client_oid``.

        Returns:
            `OrderAck`, whose ``result`` is an `OrderResult`: what was filled before and what was cancelled.

        Raises:
            Rejected, NotSent, OutcomeUnknown, ConfigError: As `cancel_spot_order`.

        Source: KuCoin docs, WebSocket API, Cancel Order; Spot Trading, Cancel Order Sync (read 2026-11).
        """
        ack: Ack = self._run("spot.sync_cancel", params, arguments, ws_key, timeout, extra)
        return ack

    def ping(self, *, ws_key: str | Enum | None = None, timeout: float | None = None) -> Pulse:
        """
        Ask an order line for a sign of life (``ping``).

        Args:
            ws_key: Which order line; ``None`` takes ``wsApiSpotV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.

        Returns:
            `Pong` with the round-trip time.

        Raises:
            NotSent: There was no line.
            OutcomeUnknown: No answer in time (``safe_to_retry`` is true: a ping changes nothing).

        Source: KuCoin docs, WebSocket API, Introduction (read 2026-11).
        """
        pulse: Pulse = self._run("ping", None, {}, ws_key, timeout, None)
        return pulse
