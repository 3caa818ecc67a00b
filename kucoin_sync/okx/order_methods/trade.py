"""
Orders on instruments, one at a time and up to 20 at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kucoin_sync.okx.keywords import AmendArguments, CancelArguments, MassCancelArguments, OrderArguments
from kucoin_sync.okx.order_methods.calling import Ack, Batch, Calling
from kucoin_sync.orders.keywords import spell_out

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["TradeMethods"]


class TradeMethods(Calling[Ack, Batch]):
    """Methods of the operations on instruments."""

    @spell_out(OrderArguments)
    def submit_new_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        account: str | int | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        exp_time: int | None = None,
        **arguments: Unpack[OrderArguments],
    ) -> Ack:
        """
        Place an order (``order``).

        Args:
            params: All arguments in one mapping, named as in OKX's documents; else use keywords.
            account: Which account; ``None`` is the first.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            exp_time: From when the exchange is not to process it, in its own time, milliseconds since 1970; ``None``:
                when this call ends, by the exchange's measured clock.
            **arguments: ``inst_id`` (its number is looked up) or ``inst_id_code``; ``td_mode`` (``cash``, ``cross``,
                ``isolated``, ``spot_isolated``), ``side`` (``buy``, ``sell``), ``ord_type`` (``market``, ``limit``,
                ``post_only``, ``fok``, ``ioc``, ``optimal_limit_ioc``, ``mmp``, ``mmp_and_post_only``, ``rpi``), ``sz``
                (base currency, or contracts; of a spot market buy the quote currency, see ``tgt_ccy``); ``px`` for
                orders with a price, for options ``px_usd`` or ``px_vol`` instead; optional: ``cl_ord_id``, ``tag``,
                ``ccy``, ``pos_side`` (``net``, ``long``, ``short``), ``reduce_only``, ``tgt_ccy``, ``ban_amend``,
                ``px_amend_type`` (``0``, ``1``), ``trade_quote_ccy``, ``slippage_pct``, ``stp_mode``,
                ``rpi_taker_access``, ``is_elp_taker_access``, ``rpi_px_round``, ``outcome``.

        Returns:
            `OrderAck` with ``order_id`` and ``client_oid``: the exchange took the order, which does not mean that it
            rests or was filled.

        Raises:
            Rejected: The exchange refused it; there is no such order.
            NotSent: Not one byte left; safe to try again.
            OutcomeUnknown: There may be an order; look it up by ``error.client_oid``, do not resend.
            ConfigError: An argument breaks a rule, or there is no such instrument; nothing was sent.

        Source: OKX docs v5, Trade, WebSocket, Place order (as of 2026-07, read 2026-11).
        """
        ack: Ack = self._run("order", params, arguments, account, timeout, extra, exp_time)
        return ack

    def submit_multiple_orders(
        self,
        orders: Sequence[Mapping[str, Any]],
        *,
        account: str | int | None = None,
        timeout: float | None = None,
        exp_time: int | None = None,
    ) -> Batch:
        """
        Place up to 20 orders at once (``batch-orders``).

        Args:
            orders: Arguments of each as of `submit_new_order`, as keywords or with OKX's names; fields that the
                library does not know under the name ``extra``.
            account: Which account; ``None`` is the first.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            exp_time: From when the exchange is not to process it, in its own time, milliseconds since 1970; ``None``:
                when this call ends, by the exchange's measured clock.

        Returns:
            `BatchResult`, with one outcome an order, if every one of them is definite: accepted or refused.

        Raises:
            OutcomeUnknown: If one of them is not; ``error.results`` has what is known of each.
            NotSent: Not one byte left.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: OKX docs v5, Trade, WebSocket, Place multiple orders (as of 2026-07, read 2026-11).
        """
        batch: Batch = self._run("batch-orders", None, {"orders": orders}, account, timeout, None, exp_time)
        return batch

    @spell_out(AmendArguments)
    def amend_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        account: str | int | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        exp_time: int | None = None,
        **arguments: Unpack[AmendArguments],
    ) -> Ack:
        """
        Change price or size of an order (``amend-order``).

        Args:
            params: All arguments in one mapping, named as in OKX's documents; else use keywords.
            account: Which account; ``None`` is the first.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            exp_time: From when the exchange is not to process it, in its own time, milliseconds since 1970; ``None``:
                when this call ends, by the exchange's measured clock.
            **arguments: ``inst_id``; ``ord_id`` or ``cl_ord_id``; ``new_px``, ``new_sz`` (with what is filled
                already) or both, for options ``new_px_usd`` or ``new_px_vol``; optional: ``cxl_on_fail`` (cancel the
                order if that fails), ``req_id``, ``px_amend_type``, ``rpi_taker_access``.

        Returns:
            `OrderAck`: the exchange took the request; the order is changed when its events, or a look-up, say so.

        Raises:
            Rejected: The exchange refused it; the order is as it was.
            NotSent: Not one byte left.
            OutcomeUnknown: The order may have been changed or not; with ``cxl_on_fail`` a refusal is unknown too, for
                it may have cancelled the order.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: OKX docs v5, Trade, WebSocket, Amend order (as of 2026-07, read 2026-11).
        """
        ack: Ack = self._run("amend-order", params, arguments, account, timeout, extra, exp_time)
        return ack

    def amend_multiple_orders(
        self,
        orders: Sequence[Mapping[str, Any]],
        *,
        account: str | int | None = None,
        timeout: float | None = None,
        exp_time: int | None = None,
    ) -> Batch:
        """
        Change up to 20 orders at once (``batch-amend-orders``).

        Args:
            orders: Arguments of each as of `amend_order`, as keywords or with OKX's names; no order twice.
            account: Which account; ``None`` is the first.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            exp_time: From when the exchange is not to process it, in its own time, milliseconds since 1970; ``None``:
                when this call ends, by the exchange's measured clock.

        Returns:
            `BatchResult`, with one outcome an order, if every one of them is definite: accepted or refused.

        Raises:
            OutcomeUnknown: If one of them is not; ``error.results`` has what is known of each.
            NotSent: Not one byte left.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: OKX docs v5, Trade, WebSocket, Amend multiple orders (as of 2026-07, read 2026-11).
        """
        batch: Batch = self._run("batch-amend-orders", None, {"orders": orders}, account, timeout, None, exp_time)
        return batch

    @spell_out(CancelArguments)
    def cancel_order(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        account: str | int | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[CancelArguments],
    ) -> Ack:
        """
        Cancel an order (``cancel-order``). It has no expiry: OKX offers none here.

        Args:
            params: All arguments in one mapping, named as in OKX's documents; else use keywords.
            account: Which account; ``None`` is the first.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``inst_id``; ``ord_id`` or ``cl_ord_id``.

        Returns:
            `OrderAck`: the exchange took the request; the order is changed when its events, or a look-up, say so.

        Raises:
            Rejected: The cancel had no effect. With ``no_such_order`` no live order was found: it is done, never was,
                or is too new to be found.
            NotSent: Not one byte left.
            OutcomeUnknown: The order may or may not be cancelled.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: OKX docs v5, Trade, WebSocket, Cancel order (as of 2026-07, read 2026-11).
        """
        ack: Ack = self._run("cancel-order", params, arguments, account, timeout, extra)
        return ack

    def cancel_multiple_orders(
        self,
        orders: Sequence[Mapping[str, Any]],
        *,
        account: str | int | None = None,
        timeout: float | None = None,
    ) -> Batch:
        """
        Cancel up to 20 orders at once (``batch-cancel-orders``).

        Args:
            orders: Arguments of each as of `cancel_order`, as keywords or with OKX's names; no order twice.
            account: Which account; ``None`` is the first.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.

        Returns:
            `BatchResult`, with one outcome an order, if every one of them is definite: accepted or refused.

        Raises:
            OutcomeUnknown: If one of them is not; ``error.results`` has what is known of each.
            NotSent: Not one byte left.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: OKX docs v5, Trade, WebSocket, Cancel multiple orders (as of 2026-07, read 2026-11).
        """
        batch: Batch = self._run("batch-cancel-orders", None, {"orders": orders}, account, timeout, None)
        return batch

    @spell_out(MassCancelArguments)
    def mass_cancel_orders(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        account: str | int | None = None,
        timeout: float | None = None,
        extra: Mapping[str, Any] | None = None,
        **arguments: Unpack[MassCancelArguments],
    ) -> Ack:
        """
        Cancel all orders under market maker protection of an option family (``mass-cancel``).

        Args:
            params: All arguments in one mapping, named as in OKX's documents; else use keywords.
            account: Which account; ``None`` is the first.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know yet.
            **arguments: ``inst_type`` (``OPTION``), ``inst_family`` (such as ``BTC-USD``); optional: ``lock_interval``
                (milliseconds for which no new ones are taken, at most 10000).

        Returns:
            `OrderAck` without an order id; ``no_effect`` says that nothing was cancelled.

        Raises:
            Rejected: The exchange refused it.
            NotSent: Not one byte left.
            OutcomeUnknown: Anything else; what is open tells.
            ConfigError: An argument breaks a rule; nothing was sent.

        Source: OKX docs v5, Trade, WebSocket, Mass cancel order (as of 2026-07, read 2026-11).
        """
        ack: Ack = self._run("mass-cancel", params, arguments, account, timeout, extra)
        return ack
