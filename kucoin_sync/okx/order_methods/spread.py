"""
Orders on spreads. They have no batches and no expiry: OKX offers neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kucoin_sync.okx.keywords import (
    SpreadAmendArguments,
    SpreadCancelArguments,
    SpreadMassCancelArguments,
    SpreadOrderArguments,
)
from kucoin_sync.okx.order_methods.calling import Ack, Batch, Calling
from kucoin_sync.orders.keywords import spell_out

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["SpreadMethods"]


class SpreadMethods(Calling[Ack, Batch]):
    """Methods of the operations on spreads."""

    @spell_out(SpreadOrderArguments)
    def submit_spread_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        account: str | int | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[SpreadOrderArguments],
    ) -> Ack:
        """
        Place an order on a spread (``sprd-order``).

        Args:
            params: All arguments in one mapping, named as in OKX's documents; else use keywords.
            account: Which account; ``None`` is the first.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``sprd_id`` (such as ``BTC-USDT_BTC-USDT-SWAP``), ``side``, ``ord_type`` (``market``,
                ``limit``, ``post_only``, ``ioc``), ``sz``; ``px``, which may be negative, unless it is a market order;
                optional: ``cl_ord_id``, ``tag``.

        Returns:
            `OrderAck` with ``order_id`` and ``client_oid``: the exchange took the order, which does not mean that it
            rests or was filled.

        Raises:
            Rejected: The exchange refused it; there is no such order.
            NotSent: Not one byte left; safe to try again.
            OutcomeUnknown: There may be an order; look it up by ``error.client_oid``, do not resend.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: OKX docs v5, Spread Trading, WebSocket, Place order (as of 2026-07, read 2026-11).
        """
        ack: Ack = self._run("sprd-order", params, arguments, account, timeout, extra)
        return ack

    @spell_out(SpreadAmendArguments)
    def amend_spread_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        account: str | int | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[SpreadAmendArguments],
    ) -> Ack:
        """
        Change price or size of an order on a spread (``sprd-amend-order``).

        Args:
            params: All arguments in one mapping, named as in OKX's documents; else use keywords.
            account: Which account; ``None`` is the first.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``ord_id`` or ``cl_ord_id``; ``new_px``, ``new_sz`` or both; optional: ``req_id``.

        Returns:
            `OrderAck`: the exchange took the request; the order is changed when its events, or a look-up, say so.

        Raises:
            Rejected: The exchange refused it; the order is as it was.
            NotSent: Not one byte left.
            OutcomeUnknown: The order may have been changed or not.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: OKX docs v5, Spread Trading, WebSocket, Amend order (as of 2026-07, read 2026-11).
        """
        ack: Ack = self._run("sprd-amend-order", params, arguments, account, timeout, extra)
        return ack

    @spell_out(SpreadCancelArguments)
    def cancel_spread_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        account: str | int | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[SpreadCancelArguments],
    ) -> Ack:
        """
        Cancel an order on a spread (``sprd-cancel-order``).

        Args:
            params: All arguments in one mapping, named as in OKX's documents; else use keywords.
            account: Which account; ``None`` is the first.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``ord_id`` or ``cl_ord_id``.

        Returns:
            `OrderAck`: the exchange took the request; the order is changed when its events, or a look-up, say so.

        Raises:
            Rejected: The cancel had no effect. With ``no_such_order`` no live order was found: it is done, never was,
                or is too new to be found.
            NotSent: Not one byte left.
            OutcomeUnknown: The order may or may not be cancelled.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: OKX docs v5, Spread Trading, WebSocket, Cancel order (as of 2026-07, read 2026-11).
        """
        ack: Ack = self._run("sprd-cancel-order", params, arguments, account, timeout, extra)
        return ack

    @spell_out(SpreadMassCancelArguments)
    def mass_cancel_spread_orders(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        account: str | int | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[SpreadMassCancelArguments],
    ) -> Ack:
        """
        Cancel all orders on a spread, or on all spreads (``sprd-mass-cancel``).

        Args:
            params: All arguments in one mapping, named as in OKX's documents; else use keywords.
            account: Which account; ``None`` is the first.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``sprd_id``; without it all spreads are meant.

        Returns:
            `OrderAck` without an order id; ``no_effect`` says that nothing was cancelled.

        Raises:
            Rejected: The exchange refused it.
            NotSent: Not one byte left.
            OutcomeUnknown: Anything else; what is open tells.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: OKX docs v5, Spread Trading, WebSocket, Cancel all orders (as of 2026-07, read 2026-11).
        """
        ack: Ack = self._run("sprd-mass-cancel", params, arguments, account, timeout, extra)
        return ack
