"""
REST calls that end orders, and orders that are only tried out. All need credentials.

Each call that changes something is sent once and ends in one of four ways: it returns, or raises `Rejected`, `NotSent`
or `OutcomeUnknown`. They work while the WebSocket lines are down.

Source: KuCoin docs, Cancel All Orders, Set DCP, Add Order Test (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from kucoin_sync.engine.deadline import Deadline, checked_deadline
from kucoin_sync.errors import ConfigError, ForkedError, KucoinSyncError, ReentrantCallError, UnknownReason
from kucoin_sync.exchange_rest.answers import odd_data
from kucoin_sync.exchange_rest.legs import run_legs
from kucoin_sync.exchange_rest.spelling import spell_id
from kucoin_sync.kucoin.operations import OPERATIONS
from kucoin_sync.kucoin.rest_orders import TRADE_TYPES, OrderCalls, named_symbols

__all__ = ["ChangeCalls"]

LONGEST_DEADMAN = 86_400
_BEFORE_ANYTHING = (ConfigError, ForkedError, ReentrantCallError)

_FUTURES_CANCEL_ALL = "/api/v3/orders"
_TEST_CALLS = {
    "spot.order": ("/api/v1/hf/orders/test", "spot"),
    "margin.order": ("/api/v3/hf/margin/order/test", "spot"),
    "futures.order": ("/api/v1/orders/test", "futures"),
}
"""Operation to path and host of the call that only checks it."""


class ChangeCalls(OrderCalls):
    """Cancelling all, the dead man's switch, and test orders."""

    # Cancelling.

    def cancel_all_spot_orders(self, symbol: str | None = None, *, timeout: float | None = None) -> Any:
        """
        Cancel all open spot orders, or those of one symbol. Stop orders that wait for their trigger stay.

        Args:
            symbol: Such as ``BTC-USDT``; ``None`` is every symbol.
            timeout: Seconds; ``None`` takes ``request_timeout``.

        Returns:
            ``"success"`` for one symbol; ``{"succeedSymbols": [...], "failedSymbols": []}`` for all.

        Raises:
            Rejected, NotSent, OutcomeUnknown: Among others, unknown with reason ``partial_batch`` if the exchange
                names symbols for which it failed.
        """
        if symbol is None:
            return self._call("DELETE", "/api/v1/hf/orders/cancelAll", timeout=timeout, doubt=_doubt_all)
        params = {"symbol": spell_id("symbol", symbol)}
        return self._call("DELETE", "/api/v1/hf/orders", params=params, timeout=timeout, doubt=_doubt_success)

    def cancel_all_margin_orders(self, symbol: str, trade_type: str, *, timeout: float | None = None) -> Any:
        """
        Cancel all open margin orders of a symbol. Stop orders that wait for their trigger stay.

        Args:
            symbol: Such as ``BTC-USDT``.
            trade_type: ``MARGIN_TRADE`` (cross) or ``MARGIN_ISOLATED_TRADE``.
            timeout: Seconds; ``None`` takes ``request_timeout``.

        Returns:
            ``"success"``.

        Raises:
            Rejected, NotSent, OutcomeUnknown: As for every call that changes the account.
        """
        params = {"symbol": spell_id("symbol", symbol), "tradeType": _one_of("trade_type", trade_type, *TRADE_TYPES)}
        return self._call("DELETE", "/api/v3/hf/margin/orders", params=params, timeout=timeout, doubt=_doubt_success)

    def cancel_all_futures_orders(self, symbol: str | None = None, *, timeout: float | None = None) -> Any:
        """
        Cancel all open futures orders, or those of one contract. Stop orders stay.

        The exchange cancels by contract. Without one, the open orders are asked for first, and those of each contract
        found are cancelled, one after the other; if one call fails the others are made all the same.

        Args:
            symbol: Such as ``XBTUSDTM``; ``None`` is every contract.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.

        Returns:
            ``{"cancelledOrderIds": [...]}``.

        Raises:
            Rejected, NotSent, OutcomeUnknown: The worst end of the calls; ``notes`` tells of the others. `NotSent`
                also if the open orders could not be asked for.
        """
        deadline = checked_deadline(timeout, self._around.options.request_timeout)
        if symbol is not None:
            return self._cancel_contract(spell_id("symbol", symbol), deadline.remaining())
        legs = {name: partial(self._cancel_contract, name) for name in self._contracts_with_orders(deadline)}
        results = run_legs(legs, deadline)
        return {"cancelledOrderIds": [id_ for result in results.values() for id_ in result["cancelledOrderIds"]]}

    def _cancel_contract(self, symbol: str, timeout: float) -> Any:
        params = {"symbol": symbol}
        return self._call(
            "DELETE", _FUTURES_CANCEL_ALL, params=params, host="futures", timeout=timeout, doubt=_doubt_ids
        )

    def _contracts_with_orders(self, deadline: Deadline) -> list[str]:
        """Return which contracts have open orders. Raises NotSent."""
        try:
            # At most half of the time: the rest is for cancelling.
            orders = self.open_futures_orders(timeout=deadline.remaining() / 2)
            return sorted(set(named_symbols("GET /api/v1/orders", [order.get("symbol") for order in orders])))
        except _BEFORE_ANYTHING:
            raise
        except KucoinSyncError as error:
            problem = error
        raise self._not_sent("DELETE", _FUTURES_CANCEL_ALL, "futures", problem, deadline)

    def cancel_all_futures_stop_orders(self, symbol: str | None = None, *, timeout: float | None = None) -> Any:
        """
        Cancel all futures stop orders that wait for their trigger, or those of one contract.

        Returns:
            ``{"cancelledOrderIds": [...]}``.

        Raises:
            Rejected, NotSent, OutcomeUnknown: As for every call that changes the account.
        """
        params = {"symbol": None if symbol is None else spell_id("symbol", symbol)}
        path = "/api/v1/stopOrders"
        return self._call("DELETE", path, params=params, host="futures", timeout=timeout, doubt=_doubt_ids)

    def cancel_stop_order(
        self,
        *,
        order_id: str | None = None,
        client_oid: str | None = None,
        symbol: str | None = None,
        timeout: float | None = None,
    ) -> Any:
        """
        Cancel a spot or margin stop order that waits for its trigger.

        Args:
            order_id: The exchange's id; or
            client_oid: the client order id, with
            symbol: the symbol, if several orders may share it.
            timeout: Seconds; ``None`` takes ``request_timeout``.

        Returns:
            ``{"cancelledOrderIds": [...]}``, or ``{"cancelledOrderId": ..., "clientOid": ...}``.

        Raises:
            Rejected, NotSent, OutcomeUnknown: As for every call that changes the account.
        """
        if (order_id is None) == (client_oid is None):
            raise ConfigError("order_id: give either order_id or client_oid")
        if order_id is not None:
            path = f"/api/v1/stop-order/{spell_id('order_id', order_id)}"
            return self._call("DELETE", path, timeout=timeout, doubt=partial(_doubt_id, order_id))
        params = {"clientOid": spell_id("client_oid", client_oid), "symbol": symbol}
        path = "/api/v1/stop-order/cancelOrderByClientOid"
        return self._call("DELETE", path, params=params, timeout=timeout, doubt=partial(_doubt_client_oid, client_oid))

    # The dead man's switch.

    def set_deadman(
        self, timeout_seconds: int, symbols: str | Iterable[str] | None = None, *, timeout: float | None = None
    ) -> Any:
        """
        Make the exchange cancel all open spot orders unless this is called again in time.

        Args:
            timeout_seconds: Whole seconds from now; ``-1`` switches it off.
            symbols: Only the orders of these; ``None`` is every symbol.
            timeout: Seconds for this call itself; ``None`` takes ``request_timeout``.

        Returns:
            ``{"currentTime": 1729656588, "triggerTime": 1729656593}``, seconds; for ``-1`` whatever the exchange says,
            for its documents do not tell.

        Raises:
            Rejected, NotSent, OutcomeUnknown: As for every call that changes the account. When it is unknown, the
                switch may be set or not.
        """
        whole = isinstance(timeout_seconds, int) and not isinstance(timeout_seconds, bool)
        if not whole or (timeout_seconds != -1 and not 1 <= timeout_seconds <= LONGEST_DEADMAN):
            raise ConfigError(
                f"timeout_seconds: must be whole seconds from 1 to {LONGEST_DEADMAN}, or -1, got {timeout_seconds!r}"
            )
        body: dict[str, Any] = {"timeout": timeout_seconds}
        if symbols is not None:
            names = [symbols] if isinstance(symbols, str) else list(symbols)
            if not names:
                raise ConfigError("symbols: give at least one, or None for every symbol")
            body["symbols"] = ",".join(spell_id("symbols", name) for name in ",".join(names).split(","))
        path = "/api/v1/hf/orders/dead-cancel-all"
        doubt = _doubt_deadman if timeout_seconds > 0 else _doubt_deadman_off
        return self._call("POST", path, body=body, timeout=timeout, doubt=doubt)

    def deadman(self, *, timeout: float | None = None) -> dict[str, Any] | None:
        """Return how the dead man's switch is set, ``None`` if it is not."""
        path = "/api/v1/hf/orders/dead-cancel-all/query"
        data = self._call("GET", path, timeout=timeout)
        if data is not None and not isinstance(data, dict):
            raise odd_data(f"GET {path}", data)
        return data

    # Test orders.

    def test_order(
        self,
        op: str,
        params: Mapping[str, Any] | None = None,
        *,
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        **arguments: Any,
    ) -> dict[str, Any]:
        """
        Have the exchange check an order without placing it.

        Args:
            op: ``spot.order``, ``margin.order`` or ``futures.order``: which kind of order.
            params: All arguments in one mapping; else use keywords.
            extra: Fields the library does not know yet.
            timeout: Seconds; ``None`` takes ``request_timeout``.
            **arguments: As the method of `WebsocketAPIClient` takes them.

        Returns:
            ``{"orderId": ..., "clientOid": ...}``: ids of an order that does not exist.

        Raises:
            RestError: The exchange would refuse it, with its code.
            ConfigError: An argument breaks a rule; nothing was sent.
        """
        path, host = _TEST_CALLS[_one_of("op", op, *_TEST_CALLS)]
        body = OPERATIONS[op].arguments.check(params, arguments, extra)
        # Where the exchange asks for a client order id, orders get one from us; so does their test.
        body.setdefault("clientOid", self._around.identifiers.next())
        return self._object("POST", path, body=body, host=host, timeout=timeout)


def _one_of(name: str, value: str, *allowed: str) -> str:
    if value not in allowed:
        raise ConfigError(f"{name}: must be one of {', '.join(allowed)}, got {value!r:.60}")
    return value


# What the data of a yes has to say: a reason for doubt, or None.


def _doubt_success(data: Any) -> UnknownReason | None:
    return None if data == "success" else "unreadable_reply"


def _doubt_all(data: Any) -> UnknownReason | None:
    if not isinstance(data, dict) or not isinstance(data.get("failedSymbols", []), list):
        return "unreadable_reply"
    return "partial_batch" if data.get("failedSymbols") else None


def _doubt_ids(data: Any) -> UnknownReason | None:
    listed = isinstance(data, dict) and isinstance(data.get("cancelledOrderIds"), list)
    return None if listed else "unreadable_reply"


def _doubt_id(order_id: str, data: Any) -> UnknownReason | None:
    doubt = _doubt_ids(data)
    return doubt if doubt or order_id in data["cancelledOrderIds"] else "unreadable_reply"


def _doubt_client_oid(client_oid: str | None, data: Any) -> UnknownReason | None:
    named = isinstance(data, dict) and data.get("clientOid") == client_oid
    return None if named else "unreadable_reply"


def _doubt_deadman_off(data: Any) -> UnknownReason | None:
    """A yes that names no time to come: what else it holds is not documented."""
    now, trigger = (data.get("currentTime"), data.get("triggerTime")) if isinstance(data, dict) else (None, None)
    still_set = type(trigger) is int and (type(now) is not int or trigger > now)
    return "unreadable_reply" if still_set else None


def _doubt_deadman(data: Any) -> UnknownReason | None:
    told = isinstance(data, dict) and type(data.get("triggerTime")) is int
    return None if told else "unreadable_reply"
