"""
Margin orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from kucoin_sync.kucoin.keywords import MarginOrderArguments, SpotCancelArguments
from kucoin_sync.kucoin.order_methods.calling import Ack, Batch, Calling, Pulse
from kucoin_sync.orders.keywords import spell_out

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["MarginMethods"]


class MarginMethods(Calling[Ack, Batch, Pulse]):
    """Methods of the operations ``margin.*``."""

    @spell_out(MarginOrderArguments)
    def submit_margin_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        test: bool = False,
        **arguments: Unpack[MarginOrderArguments],
    ) -> Ack:
        """
        Place a margin order (``margin.order``). It has no expiry window: KuCoin offers none here.

        Args:
            params: All arguments in one mapping, named as in KuCoin's documents; else use keywords.
            ws_key: Which order line; ``None`` takes ``wsApiSpotV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            test: Have the exchange check the order instead of placing it: over REST, with ``ack.test`` set and ids of
                an order that does not exist. A refusal is a `RestError` then. Not with ``nowait``.
            **arguments: ``symbol``, ``side`` (``buy``, ``sell``); ``type`` (``limit``, which is the default, or
                ``market``); ``price`` and ``size`` for a limit order, ``size`` or ``funds`` for a market order;
                optional: ``client_oid``, ``is_isolated`` (default: cross margin), ``auto_borrow``, ``auto_repay``,
                ``time_in_force`` (``GTC``, ``GTT``, ``IOC``, ``FOK``), ``cancel_after`` (seconds, with ``GTT``),
                ``post_only``, ``hidden``, ``iceberg`` with ``visible_size``, ``stp`` (``DC``, ``CO``, ``CN``, ``CB``),
                ``remark``.

        Returns:
            `OrderAck` with ``order_id``, ``client_oid``, and ``borrow_size`` and ``loan_apply_id`` where it borrowed.

        Raises:
            Rejected: The exchange refused it; there is no such order.
            NotSent: Not one byte left; safe to try again.
            OutcomeUnknown: There may be an order, and a loan; look it up by ``error.client_oid``, do not resend.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: KuCoin docs, WebSocket API, Add Order; Margin Trading, Add Order (read 2026-11).
        """
        ack: Ack = self._run("margin.order", params, arguments, ws_key, timeout, extra, test=test)
        return ack

    @spell_out(SpotCancelArguments)
    def cancel_margin_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[SpotCancelArguments],
    ) -> Ack:
        """
        Cancel a margin order (``margin.cancel``).

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
        ack: Ack = self._run("margin.cancel", params, arguments, ws_key, timeout, extra)
        return ack
