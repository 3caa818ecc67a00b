"""
REST calls about orders and fills: looking them up, one or many. All need credentials.

Orders and fills come as plain dictionaries with KuCoin's own names. A page comes with its numbers, such as
``{"currentPage": 1, "pageSize": 50, "totalNum": 3, "totalPage": 1, "items": [...]}``, a batch as
``{"lastId": 7, "items": [...]}``.

Source: KuCoin docs, Orders of spot, margin and futures (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kucoin_sync.engine.deadline import checked_deadline
from kucoin_sync.errors import ConfigError
from kucoin_sync.exchange_rest.answers import odd_data
from kucoin_sync.exchange_rest.spelling import spell_id
from kucoin_sync.kucoin.rest_calls import RestBase
from kucoin_sync.tables import Rows

__all__ = ["TRADE_TYPES", "OrderCalls", "named_symbols"]

TRADE_TYPES = ("MARGIN_TRADE", "MARGIN_ISOLATED_TRADE")
"""Cross and isolated margin."""

LARGEST_PAGE = 1000
MOST_PAGES = 100

_SPOT = "/api/v1/hf"
_MARGIN = "/api/v3/hf/margin"
_STOP = "/api/v1/stop-order"


class OrderCalls(RestBase):
    """Orders and fills on the three markets."""

    # One order.

    def spot_order(
        self,
        symbol: str,
        *,
        order_id: str | None = None,
        client_oid: str | None = None,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """
        Look a spot order up.

        Args:
            symbol: Such as ``BTC-USDT``.
            order_id: The exchange's id; or
            client_oid: the client order id.
            timeout: Seconds; ``None`` takes ``request_timeout``.

        Returns:
            The order. ``active`` says whether it is open; if not, ``cancelExist`` says whether it was cancelled.

        Raises:
            RestError: Among others with code ``400100`` if there is no such order.
        """
        path = f"{_SPOT}/orders{_by_id(order_id, client_oid)}"
        return self._object("GET", path, params=_symbol(symbol), timeout=timeout)

    def margin_order(
        self,
        symbol: str,
        *,
        order_id: str | None = None,
        client_oid: str | None = None,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Look a margin order up, cross or isolated; arguments and result as in `spot_order`."""
        path = f"{_MARGIN}/orders{_by_id(order_id, client_oid)}"
        return self._object("GET", path, params=_symbol(symbol), timeout=timeout)

    def futures_order(
        self, *, order_id: str | None = None, client_oid: str | None = None, timeout: float | None = None
    ) -> dict[str, Any]:
        """
        Look a futures order up.

        The exchange may not know an order yet that was placed half a second ago: try again before you believe that
        there is none.

        Args:
            order_id: The exchange's id; or
            client_oid: the client order id.
            timeout: Seconds; ``None`` takes ``request_timeout``.

        Raises:
            RestError: Among others with code ``100001`` if there is no such order.
        """
        _by_id(order_id, client_oid)
        if client_oid is not None:
            path, params = "/api/v1/orders/byClientOid", {"clientOid": client_oid}
            return self._object("GET", path, params=params, host="futures", timeout=timeout)
        return self._object("GET", f"/api/v1/orders/{order_id}", host="futures", timeout=timeout)

    # Open orders.

    def open_spot_orders(self, symbol: str, *, timeout: float | None = None) -> Rows:
        """Return all open orders of a spot symbol."""
        return self._objects("GET", f"{_SPOT}/orders/active", params=_symbol(symbol), timeout=timeout)

    def open_spot_orders_page(
        self, symbol: str, *, page: int = 1, page_size: int = 20, timeout: float | None = None
    ) -> dict[str, Any]:
        """Return one page, of at most 50, of the open orders of a spot symbol."""
        params = {**_symbol(symbol), "pageNum": page, "pageSize": page_size}
        return self._object("GET", f"{_SPOT}/orders/active/page", params=params, timeout=timeout)

    def symbols_with_open_spot_orders(self, *, timeout: float | None = None) -> list[str]:
        """Return the spot symbols that have open orders."""
        return self._symbols_of(f"{_SPOT}/orders/active/symbols", None, timeout)

    def open_margin_orders(self, symbol: str, trade_type: str, *, timeout: float | None = None) -> Rows:
        """
        Return all open margin orders of a symbol.

        Args:
            symbol: Such as ``BTC-USDT``.
            trade_type: ``MARGIN_TRADE`` (cross) or ``MARGIN_ISOLATED_TRADE``.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        params = {**_symbol(symbol), **_trade_type(trade_type)}
        return self._objects("GET", f"{_MARGIN}/orders/active", params=params, timeout=timeout)

    def symbols_with_open_margin_orders(self, trade_type: str, *, timeout: float | None = None) -> list[str]:
        """Return the symbols that have open margin orders of a trade type."""
        return self._symbols_of(f"{_MARGIN}/order/active/symbols", _trade_type(trade_type), timeout)

    def _symbols_of(self, path: str, params: Mapping[str, Any] | None, timeout: float | None) -> list[str]:
        data = self._object("GET", path, params=params, timeout=timeout)
        return named_symbols(f"GET {path}", data.get("symbols"))

    def open_futures_orders(self, symbol: str | None = None, *, timeout: float | None = None) -> list[dict[str, Any]]:
        """
        Return all open futures orders, page by page: orders that come and go meanwhile may be missed.

        Args:
            symbol: Only those of one contract.
            timeout: Seconds for all pages; ``None`` takes ``request_timeout``.
        """
        deadline = checked_deadline(timeout, self._around.options.request_timeout)
        found: dict[str, dict[str, Any]] = {}
        for number in range(1, MOST_PAGES + 1):
            page = self.futures_orders(
                status="active", symbol=symbol, page=number, page_size=LARGEST_PAGE, timeout=deadline.remaining()
            )
            items, pages = page.get("items"), page.get("totalPage")
            if type(pages) is not int or not isinstance(items, list) or not all(map(_is_order, items)):
                raise odd_data("GET /api/v1/orders", page)
            found.update((item["id"], item) for item in items)
            if number >= pages:
                break
        return list(found.values())

    def futures_orders(
        self,
        *,
        status: str | None = None,
        symbol: str | None = None,
        side: str | None = None,
        type: str | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        page: int = 1,
        page_size: int = 50,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """
        Return one page, of at most 1000, of futures orders.

        Args:
            status: ``active`` or ``done``; ``None`` is the exchange's default.
            symbol: Only those of one contract.
            side: ``buy`` or ``sell``.
            type: ``limit``, ``market``, ``limit_stop``, ``market_stop``, ``oco_limit`` or ``oco_stop``.
            start_ms: From this time on, milliseconds.
            end_ms: Up to this time.
            page: Which page, from 1.
            page_size: Orders on a page.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        params = {
            "status": _choice("status", status, "active", "done"),
            "symbol": symbol,
            **_filters(side, type, "limit", "market", "limit_stop", "market_stop", "oco_limit", "oco_stop"),
            **_period(start_ms, end_ms),
            "currentPage": page,
            "pageSize": page_size,
        }
        return self._object("GET", "/api/v1/orders", params=params, host="futures", timeout=timeout)

    def open_futures_order_totals(self, symbol: str, *, timeout: float | None = None) -> dict[str, Any]:
        """Return sizes and costs of all open orders of a contract together."""
        path = "/api/v1/openOrderStatistics"
        return self._object("GET", path, params=_symbol(symbol), host="futures", timeout=timeout)

    # Done orders.

    def done_spot_orders(
        self,
        symbol: str,
        *,
        side: str | None = None,
        type: str | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        last_id: int | None = None,
        limit: int = 20,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """
        Return a batch of finished spot orders, newest first.

        Args:
            symbol: Such as ``BTC-USDT``.
            side: ``buy`` or ``sell``.
            type: ``limit`` or ``market``.
            start_ms: From this time on, milliseconds.
            end_ms: Up to this time.
            last_id: ``lastId`` of the batch before.
            limit: Orders in a batch, at most 100.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        params = {**_symbol(symbol), **_batch(side, type, start_ms, end_ms, last_id, limit)}
        return self._object("GET", f"{_SPOT}/orders/done", params=params, timeout=timeout)

    def done_margin_orders(
        self,
        symbol: str,
        trade_type: str,
        *,
        side: str | None = None,
        type: str | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        last_id: int | None = None,
        limit: int = 20,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Return a batch of finished margin orders; arguments as in `done_spot_orders` and `open_margin_orders`."""
        params = {**_symbol(symbol), **_trade_type(trade_type), **_batch(side, type, start_ms, end_ms, last_id, limit)}
        return self._object("GET", f"{_MARGIN}/orders/done", params=params, timeout=timeout)

    def recent_done_futures_orders(self, symbol: str | None = None, *, timeout: float | None = None) -> Rows:
        """Return the futures orders finished in the last 24 hours, at most 1000."""
        path = "/api/v1/recentDoneOrders"
        return self._objects("GET", path, params={"symbol": symbol}, host="futures", timeout=timeout)

    # Fills.

    def spot_fills(
        self,
        symbol: str,
        *,
        order_id: str | None = None,
        side: str | None = None,
        type: str | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        last_id: int | None = None,
        limit: int = 20,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Return a batch of spot fills, of one order or all; other arguments as in `done_spot_orders`."""
        params = {
            **_symbol(symbol),
            "orderId": order_id,
            **_batch(side, type, start_ms, end_ms, last_id, limit),
        }
        return self._object("GET", f"{_SPOT}/fills", params=params, timeout=timeout)

    def margin_fills(
        self,
        symbol: str,
        trade_type: str,
        *,
        order_id: str | None = None,
        side: str | None = None,
        type: str | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        last_id: int | None = None,
        limit: int = 20,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Return a batch of margin fills; arguments as in `spot_fills` and `open_margin_orders`."""
        params = {
            **_symbol(symbol),
            **_trade_type(trade_type),
            "orderId": order_id,
            **_batch(side, type, start_ms, end_ms, last_id, limit),
        }
        return self._object("GET", f"{_MARGIN}/fills", params=params, timeout=timeout)

    def futures_fills(
        self,
        *,
        order_id: str | None = None,
        symbol: str | None = None,
        side: str | None = None,
        type: str | None = None,
        trade_types: str | Iterable[str] | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        page: int = 1,
        page_size: int = 50,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """
        Return one page, of at most 1000, of futures fills.

        Args:
            order_id: Only those of one order.
            trade_types: Only these: ``trade``, ``adl``, ``liquid``, ``settlement``.
            symbol, side, type, start_ms, end_ms, page, page_size, timeout: As in `futures_orders`.
        """
        params = {
            "orderId": order_id,
            "symbol": symbol,
            **_filters(side, type, "limit", "market", "limit_stop", "market_stop"),
            "tradeTypes": trade_types if trade_types is None or isinstance(trade_types, str) else list(trade_types),
            **_period(start_ms, end_ms),
            "currentPage": page,
            "pageSize": page_size,
        }
        return self._object("GET", "/api/v1/fills", params=params, host="futures", timeout=timeout)

    def recent_futures_fills(self, symbol: str | None = None, *, timeout: float | None = None) -> Rows:
        """Return the futures fills of the last 24 hours."""
        path = "/api/v1/recentFills"
        return self._objects("GET", path, params={"symbol": symbol}, host="futures", timeout=timeout)

    # Stop orders.

    def stop_orders(
        self,
        *,
        symbol: str | None = None,
        side: str | None = None,
        type: str | None = None,
        trade_type: str | None = None,
        stop: str | None = None,
        order_ids: str | Iterable[str] | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        page: int = 1,
        page_size: int = 50,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """
        Return one page, of 10 to 500, of the spot and margin stop orders that wait for their trigger.

        Args:
            symbol: Only those of one symbol.
            side: ``buy`` or ``sell``.
            type: ``limit`` or ``market``.
            trade_type: ``TRADE`` (spot), ``MARGIN_TRADE`` or ``MARGIN_ISOLATED_TRADE``.
            stop: Only this kind of stop order.
            order_ids: Only these orders.
            start_ms, end_ms, page, page_size, timeout: As in `futures_orders`.
        """
        params = {
            "symbol": symbol,
            **_filters(side, type, "limit", "market"),
            "tradeType": _choice("trade_type", trade_type, "TRADE", *TRADE_TYPES),
            "stop": stop,
            "orderIds": order_ids if order_ids is None or isinstance(order_ids, str) else list(order_ids),
            **_period(start_ms, end_ms),
            "currentPage": page,
            "pageSize": page_size,
        }
        return self._object("GET", _STOP, params=params, timeout=timeout)

    def stop_order(self, order_id: str, *, timeout: float | None = None) -> dict[str, Any]:
        """Look a spot or margin stop order up by the exchange's id."""
        return self._object("GET", f"{_STOP}/{spell_id('order_id', order_id)}", timeout=timeout)

    def stop_orders_by_client_oid(
        self, client_oid: str, *, symbol: str | None = None, timeout: float | None = None
    ) -> Rows:
        """Look spot and margin stop orders up by their client order id, which several may share."""
        params = {"clientOid": spell_id("client_oid", client_oid), "symbol": symbol}
        return self._objects("GET", f"{_STOP}/queryOrderByClientOid", params=params, timeout=timeout)

    def futures_stop_orders(
        self,
        *,
        symbol: str | None = None,
        side: str | None = None,
        type: str | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        page: int = 1,
        page_size: int = 50,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Return one page, of at most 1000, of the futures stop orders; arguments as in `futures_orders`."""
        params = {
            "symbol": symbol,
            **_filters(side, type, "limit", "market"),
            **_period(start_ms, end_ms),
            "currentPage": page,
            "pageSize": page_size,
        }
        return self._object("GET", "/api/v1/stopOrders", params=params, host="futures", timeout=timeout)


def named_symbols(op: str, symbols: Any) -> list[str]:
    """Return the symbols that an answer named, ``null`` being none. Raises RestError if they are none."""
    try:
        return [spell_id("symbol", symbol) for symbol in ([] if symbols is None else symbols)]
    except (ConfigError, TypeError):
        pass
    raise odd_data(op, symbols)


# Parameters.


def _symbol(symbol: str) -> dict[str, str]:
    return {"symbol": spell_id("symbol", symbol)}


def _by_id(order_id: str | None, client_oid: str | None) -> str:
    """Return the end of the path of one order."""
    if (order_id is None) == (client_oid is None):
        raise ConfigError("order_id: give either order_id or client_oid")
    if client_oid is not None:
        return f"/client-order/{spell_id('client_oid', client_oid)}"
    return f"/{spell_id('order_id', order_id)}"


def _choice(name: str, value: str | None, *allowed: str) -> str | None:
    if value is not None and value not in allowed:
        raise ConfigError(f"{name}: must be one of {', '.join(allowed)}, got {value!r:.60}")
    return value


def _trade_type(trade_type: str) -> dict[str, str]:
    if trade_type not in TRADE_TYPES:
        raise ConfigError(f"trade_type: must be one of {', '.join(TRADE_TYPES)}, got {trade_type!r:.60}")
    return {"tradeType": trade_type}


def _filters(side: str | None, kind: str | None, *kinds: str) -> dict[str, Any]:
    return {"side": _choice("side", side, "buy", "sell"), "type": _choice("type", kind, *kinds)}


def _is_order(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)


def _period(start_ms: int | None, end_ms: int | None) -> dict[str, Any]:
    for name, value in (("start_ms", start_ms), ("end_ms", end_ms)):
        if value is not None and (type(value) is not int or not 10**12 <= value < 10**13):
            raise ConfigError(f"{name}: must be milliseconds since 1970, got {value!r:.40}")
    return {"startAt": start_ms, "endAt": end_ms}


def _batch(
    side: str | None, kind: str | None, start_ms: int | None, end_ms: int | None, last_id: int | None, limit: int
) -> dict[str, Any]:
    return {
        **_filters(side, kind, "limit", "market"),
        **_period(start_ms, end_ms),
        "lastId": last_id,
        "limit": limit,
    }
