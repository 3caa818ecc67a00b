"""
Orders of the unified account, for all products.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from kucoin_sync.kucoin.keywords import (
    UnifiedAmendArguments,
    UnifiedCancelArguments,
    UnifiedOrderArguments,
)
from kucoin_sync.kucoin.order_methods.calling import Ack, Batch, Calling, Pulse
from kucoin_sync.orders.keywords import spell_out

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["UnifiedMethods"]


class UnifiedMethods(Calling[Ack, Batch, Pulse]):
    """Methods of the operations ``uta.*``."""

    @spell_out(UnifiedOrderArguments)
    def submit_uta_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[UnifiedOrderArguments],
    ) -> Ack:
        """
        Place an order of the unified account (``uta.order``). It has no expiry window: KuCoin offers none here.

        Args:
            params: All arguments in one mapping, named as in KuCoin's documents; else use keywords.
            ws_key: Which order line; ``None`` takes ``wsApiFuturesV1`` for futures, else ``wsApiSpotV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``trade_type`` (``SPOT``, ``FUTURES``, ``MARGIN``; in classic mode also ``ISOLATED``,
                ``CROSS``), ``symbol``, ``side`` (``BUY``, ``SELL``), ``order_type`` (``LIMIT``, ``MARKET``), ``size``,
                ``size_unit`` (``BASECCY``, ``QUOTECCY``, ``UNIT`` for contracts); ``price`` for a limit order;
                optional: ``client_oid``, ``time_in_force`` (``GTC``, ``IOC``, ``FOK``, ``GTT`` not for futures, ``RPI``
                for futures), ``cancel_after`` (seconds, with ``GTT``), ``post_only``, ``reduce_only`` (futures),
                ``stp`` (``DC``, ``CO``, ``CN``, ``CB``), ``tags``, ``close_order``; ``position_side``, ``margin_mode``,
                ``leverage`` (classic mode); ``auto_borrow``, ``auto_repay`` (margin); together ``trigger_direction``
                (``UP``, ``DOWN``), ``trigger_price``, ``trigger_price_type`` (``TP``, ``IP``, ``MP``; futures); for
                futures ``tp_trigger_price``, ``sl_trigger_price`` and their ``..._type``.

        Returns:
            `OrderAck` with ``order_id`` and ``client_oid``: the exchange took the order, which does not mean that it
            rests or was filled.

        Raises:
            Rejected: The exchange refused it; there is no such order.
            NotSent: Not one byte left; safe to try again.
            OutcomeUnknown: There may be an order; look it up by ``error.client_oid``, do not resend.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: KuCoin docs, Unified Trading Account, Place Order (read 2026-11).
        """
        ack: Ack = self._run("uta.order", params, arguments, ws_key, timeout, extra)
        return ack

    @spell_out(UnifiedAmendArguments)
    def amend_uta_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[UnifiedAmendArguments],
    ) -> Ack:
        """
        Change price, size or triggers of an order of the unified account (``uta.amend``).

        Args:
            params: All arguments in one mapping; else use keywords.
            ws_key: Which order line; ``None`` takes ``wsApiSpotV1`` for a symbol with a dash, else ``wsApiFuturesV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``symbol``; ``order_id`` or ``client_oid``; one or more of ``new_price``, ``new_size`` (with
                ``size_unit``: ``BASECCY``, ``QUOTECCY``, ``UNIT``), ``tp_trigger_price``, ``sl_trigger_price`` and
                their ``..._type`` (``TP``, ``IP``, ``MP``); ``cxl_on_fail`` cancels the order if it cannot be changed.

        Returns:
            `OrderAck`: the exchange took the amendment.

        Raises:
            Rejected: Refused before anything was changed.
            NotSent: Not one byte left.
            OutcomeUnknown: The order may be as it was, changed, or gone. With ``cxl_on_fail`` most refusals mean that
                too.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: KuCoin docs, Unified Trading Account, Amend Order (read 2026-11).
        """
        ack: Ack = self._run("uta.amend", params, arguments, ws_key, timeout, extra)
        return ack

    @spell_out(UnifiedCancelArguments)
    def cancel_uta_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        ws_key: str | Enum | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[UnifiedCancelArguments],
    ) -> Ack:
        """
        Cancel an order of the unified account (``uta.cancel``).

        Args:
            params: All arguments in one mapping; else use keywords.
            ws_key: Which order line; ``None`` takes ``wsApiFuturesV1`` for futures, else ``wsApiSpotV1``.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``trade_type``, ``symbol``; ``order_id`` or ``client_oid``.

        Returns:
            `OrderAck`: the exchange took the cancel; with ``no_effect`` the order was being cancelled already.

        Raises:
            Rejected: The cancel had no effect. With ``no_such_order`` no live order was found: it is done, never was,
                or is too new to be found.
            NotSent: Not one byte left.
            OutcomeUnknown: The order may or may not be cancelled.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: KuCoin docs, Unified Trading Account, Cancel Order (read 2026-11).
        """
        ack: Ack = self._run("uta.cancel", params, arguments, ws_key, timeout, extra)
        return ack
