"""
REST calls of the futures host: contracts, orders, fills, positions, settings and accounts.

Source: KuCoin docs, pages of the calls. The call about the funding rate is in none of the pages at hand and follows its
channels. What an unknown symbol answers, and that lists begin with the newest, is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

from ..futures.contracts import Contract, number
from ..futures.events import FuturesFill, FuturesOrderState, PositionState
from ..futures.refusals import refused
from ..futures.wire import fill_row, order_row, overview, position_row, text
from ..kucoin_venue import KucoinVenue
from ..matching.symbols import plain
from ..order_entry.futures_operations import futures_operations
from .calls import RestCall, Route

__all__ = ["FuturesCalls"]

Row = TypeVar("Row", FuturesOrderState, FuturesFill)

ZERO = Decimal(0)
RECENT_MS = 24 * 3600 * 1000
MAX_RECENT = 1000
MAX_PAGE = 1000

_ORDER_TYPES = ("limit", "market", "limit_stop", "market_stop", "oco_limit", "oco_stop")
_FILL_TYPES = ("limit", "market", "limit_stop", "market_stop")


class FuturesCalls:
    """
    The calls about contracts that need an account, and the contracts themselves.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._venue = venue
        self._futures = venue.futures
        self._operations = futures_operations(venue.futures)

    def routes(self) -> list[Route]:
        """Return the table of these calls; of two paths that fit, the first is taken."""
        public = (
            ("/api/v1/contracts/active", self._contracts, 3),
            ("/api/v1/contracts/{symbol}", self._contract, 3),
            ("/api/v1/funding-rate/{symbol}/current", self._funding_rate, 2),
        )
        signed = (
            ("POST", "/api/v1/orders", self._place, 2),
            ("POST", "/api/v1/orders/test", self._test, 2),
            ("POST", "/api/v1/orders/multi", self._place_many, 20),
            ("DELETE", "/api/v1/orders/multi-cancel", self._cancel_many, 20),
            ("DELETE", "/api/v1/orders/client-order/{clientOid}", self._cancel_by_client_oid, 1),
            ("DELETE", "/api/v1/orders/{orderId}", self._cancel, 1),
            ("DELETE", "/api/v3/orders", self._cancel_all, 10),
            ("DELETE", "/api/v1/stopOrders", self._cancel_stops, 15),
            ("GET", "/api/v1/orders/byClientOid", self._order_by_client_oid, 5),
            ("GET", "/api/v1/orders/{orderId}", self._order, 5),
            ("GET", "/api/v1/orders", self._orders, 2),
            ("GET", "/api/v1/stopOrders", self._stops, 6),
            ("GET", "/api/v1/recentDoneOrders", self._recent_orders, 5),
            ("GET", "/api/v1/openOrderStatistics", self._open_statistics, 10),
            ("GET", "/api/v1/recentFills", self._recent_fills, 3),
            ("GET", "/api/v1/fills", self._fills, 5),
            ("GET", "/api/v1/position", self._position, 2),
            ("GET", "/api/v1/positions", self._positions, 2),
            ("GET", "/api/v2/position/getMarginMode", self._margin_mode, 2),
            ("POST", "/api/v2/position/changeMarginMode", self._change_margin_mode, 2),
            ("GET", "/api/v2/getCrossUserLeverage", self._cross_leverage, 2),
            ("POST", "/api/v2/changeCrossUserLeverage", self._change_cross_leverage, 2),
            ("GET", "/api/v1/account-overview", self._overview, 5),
        )
        return [
            *(Route("GET", path, call, signed=False, pool="public", weight=weight) for path, call, weight in public),
            *(Route(method, path, call, pool="futures", weight=weight) for method, path, call, weight in signed),
        ]

    # Contracts and prices.

    def _contracts(self, call: RestCall) -> Any:
        return [contract.as_wire(self._live(contract)) for contract in self._futures.contracts.values()]

    def _contract(self, call: RestCall) -> Any:
        contract = self._known(call.path["symbol"])
        return contract.as_wire(self._live(contract))

    def _live(self, contract: Contract) -> dict[str, Any]:
        """Return what of a contract changes by the second."""
        symbol, futures = contract.symbol, self._futures
        price, funding = futures.prices[symbol], futures.funding[symbol]
        day = self._venue.futures_market.statistics(symbol)
        lowest, highest = contract.price_limits(price.mark)
        return {
            "fundingFeeRate": number(funding.last_rate),
            "predictedFundingFeeRate": number(funding.rate),
            "openInterest": plain(futures.accounts.open_interest(symbol)),
            "turnoverOf24h": number(day.turnover),
            "volumeOf24h": number(day.volume),
            "markPrice": number(price.mark),
            "indexPrice": number(price.index),
            "lastTradePrice": number(futures.ticker(symbol).price),
            "nextFundingRateTime": max(0, funding.next_ns - self._venue.now_ns()) // 1_000_000,
            "lowPrice": number(day.low),
            "highPrice": number(day.high),
            "priceChg": number(day.change_price),
            "priceChgPct": number(day.change_rate),
            "buyLimit": number(highest),
            "sellLimit": number(lowest),
        }

    def _funding_rate(self, call: RestCall) -> Any:
        contract = self._known(call.path["symbol"])
        funding = self._futures.funding[contract.symbol]
        return {
            "symbol": f".{contract.symbol}FPI8H",
            "granularity": contract.funding_interval_ms,
            "timePoint": funding.last_ns // 1_000_000,
            "value": number(funding.last_rate),
            "predictedValue": number(funding.rate),
            "fundingRateCap": number(contract.funding_cap),
            "fundingRateFloor": number(-contract.funding_cap),
        }

    # Placing and cancelling.

    def _place(self, call: RestCall) -> Any:
        return self._operations["futures.order"](call.account, call.body).data

    def _test(self, call: RestCall) -> Any:
        state = self._futures.place(call.account, call.body, test=True)
        return {"orderId": state.order_id, "clientOid": state.client_oid}

    def _place_many(self, call: RestCall) -> Any:
        return self._operations["futures.multi_order"](call.account, call.items).data

    def _cancel(self, call: RestCall) -> Any:
        return self._operations["futures.cancel"](call.account, {"orderId": call.path["orderId"]}).data

    def _cancel_by_client_oid(self, call: RestCall) -> Any:
        args = {"clientOid": call.path["clientOid"], "symbol": call.need("symbol")}
        return self._operations["futures.cancel"](call.account, args).data

    def _cancel_many(self, call: RestCall) -> Any:
        return self._operations["futures.multi_cancel"](call.account, call.body).data

    def _cancel_all(self, call: RestCall) -> Any:
        symbol = self._known(call.need("symbol")).symbol
        return {"cancelledOrderIds": self._futures.cancel_all(call.account, symbol)}

    def _cancel_stops(self, call: RestCall) -> Any:
        symbol = call.query.get("symbol")
        if symbol is not None:
            self._known(symbol)
        return {"cancelledOrderIds": self._futures.cancel_all(call.account, symbol, stops=True)}

    # Orders and fills.

    def _order(self, call: RestCall) -> Any:
        return self._own(call, self._futures.order(call.path["orderId"]))

    def _order_by_client_oid(self, call: RestCall) -> Any:
        return self._own(call, self._futures.order_by_client_oid(call.account, call.need("clientOid")))

    def _own(self, call: RestCall, order: FuturesOrderState | None) -> Any:
        if order is None or order.account != call.account:
            raise refused("no_such_order")
        if not self._venue.is_found(order):
            raise refused("no_such_order")  # it is there, and the exchange does not know it yet, or not any more
        return self._row(order)

    def _orders(self, call: RestCall) -> Any:
        """Answer with a page of the resting orders, or of the finished ones, which is the default (assumed)."""
        status = _one_of(call, "status", ("active", "done")) or "done"
        if status == "active":
            newest = self._newest_open(call, is_waiting=False)
        else:
            ended = self._futures.ended_orders(call.account, call.query.get("symbol") or None)
            newest = [order for order in ended if not self._venue.is_forgotten(order)]
        return self._order_page(call, newest, _kind_of)

    def _stops(self, call: RestCall) -> Any:
        return self._order_page(call, self._newest_open(call, is_waiting=True), lambda order: order.type)

    def _newest_open(self, call: RestCall, *, is_waiting: bool) -> list[FuturesOrderState]:
        orders = reversed(self._futures.open_orders(call.account))
        return [order for order in orders if order.is_waiting is is_waiting]

    def _order_page(
        self, call: RestCall, orders: list[FuturesOrderState], kind_of: Callable[[FuturesOrderState], str]
    ) -> Any:
        kind = _one_of(call, "type", _ORDER_TYPES)
        chosen = _filtered(call, orders, lambda order: order.created_at_ns // 1_000_000)
        return _page(call, [order for order in chosen if kind in (None, kind_of(order))], self._row)

    def _recent_orders(self, call: RestCall) -> Any:
        since = self._venue.now_ms() - RECENT_MS
        newest = self._futures.ended_orders(call.account, call.query.get("symbol") or None)
        recent = (o for o in newest if o.ended_at_ns is not None and o.ended_at_ns // 1_000_000 >= since)
        wanted = _filtered(call, recent, lambda order: order.created_at_ns // 1_000_000)
        return [self._row(order) for order in islice(wanted, MAX_RECENT)]

    def _open_statistics(self, call: RestCall) -> Any:
        """Sum up the resting orders of a contract; stop orders that wait for their trigger are none (assumed)."""
        contract = self._known(call.need("symbol"))
        live = self._futures.open_orders(call.account)
        open_orders = [o for o in live if o.symbol == contract.symbol and not o.is_waiting]
        sizes = {side: sum(int(o.remaining) for o in open_orders if o.side == side) for side in ("buy", "sell")}
        costs = {
            side: sum(
                (o.remaining * abs(contract.unit(o.price)) for o in open_orders if o.side == side and o.price), ZERO
            )
            for side in ("buy", "sell")
        }
        return {
            "openOrderBuySize": sizes["buy"],
            "openOrderSellSize": sizes["sell"],
            "openOrderBuyCost": text(costs["buy"]),
            "openOrderSellCost": text(costs["sell"]),
            "settleCurrency": contract.settle,
        }

    def _recent_fills(self, call: RestCall) -> Any:
        since = self._venue.now_ms() - RECENT_MS
        newest = reversed(self._futures.fills(call.account))
        fills = _filtered(call, newest, lambda fill: fill.time_ns // 1_000_000)
        return [fill_row(fill) for fill in islice(fills, MAX_RECENT) if fill.time_ns // 1_000_000 >= since]

    def _fills(self, call: RestCall) -> Any:
        order_id, kind = call.query.get("orderId"), _one_of(call, "type", _FILL_TYPES)
        trade_types = call.query.get("tradeTypes")
        newest = reversed(self._futures.fills(call.account))
        fills = _filtered(call, newest, lambda fill: fill.time_ns // 1_000_000)
        chosen = [
            fill
            for fill in fills
            if order_id in (None, fill.order_id)
            and kind in (None, fill.order_type + ("_stop" if fill.stop else ""))
            and (trade_types is None or fill.trade_type in trade_types.split(","))
        ]
        return _page(call, chosen, fill_row)

    # Positions, settings, accounts.

    def _position(self, call: RestCall) -> Any:
        """Answer with the position in a contract; of a hedging account with its long one if open (assumed)."""
        symbol = self._known(call.need("symbol")).symbol
        open_ones = [p for p in self._futures.positions(call.account) if p.symbol == symbol]
        return _position(open_ones[0] if open_ones else self._futures.position(call.account, symbol))

    def _positions(self, call: RestCall) -> Any:
        currency = call.query.get("currency")
        positions = self._futures.positions(call.account)
        return [_position(p) for p in positions if currency in (None, "", p.settle_currency)]

    def _margin_mode(self, call: RestCall) -> Any:
        symbol = self._known(call.need("symbol")).symbol
        return {"symbol": symbol, "marginMode": self._futures.accounts.margin_mode(call.account, symbol)}

    def _change_margin_mode(self, call: RestCall) -> Any:
        symbol, mode = str(call.body.get("symbol")), str(call.body.get("marginMode"))
        self._futures.settings.set_margin_mode(call.account, symbol, mode)
        return {"symbol": symbol, "marginMode": mode}

    def _cross_leverage(self, call: RestCall) -> Any:
        symbol = self._known(call.need("symbol")).symbol
        return {"symbol": symbol, "leverage": plain(self._futures.accounts.cross_leverage(call.account, symbol))}

    def _change_cross_leverage(self, call: RestCall) -> Any:
        leverage = call.body.get("leverage")
        if not isinstance(leverage, str) or not leverage.isascii() or not leverage.isdigit() or len(leverage) > 4:
            raise refused("parameter", "leverage is invalid.")
        self._futures.settings.set_cross_leverage(call.account, str(call.body.get("symbol")), int(leverage))
        return True

    def _overview(self, call: RestCall) -> Any:
        currency = call.query.get("currency") or "XBT"
        if currency not in {contract.settle for contract in self._futures.contracts.values()}:
            raise refused("parameter", "currency is invalid.")
        return overview(self._futures.wallet(call.account, currency))

    def _known(self, symbol: str) -> Contract:
        contract = self._futures.contracts.get(symbol)
        if contract is None:
            raise refused("symbol")
        return contract

    def _row(self, order: FuturesOrderState) -> Any:
        return order_row(order, self._futures.contracts[order.symbol])


def _position(position: PositionState) -> Any:
    row = {**position_row(position), "id": position.position_id, "isInverse": position.is_inverse}
    if position.margin_mode == "ISOLATED":
        row["maintainMargin"] = row["maintMarginReq"]
    return row


def _kind_of(order: FuturesOrderState) -> str:
    return f"{order.type}_stop" if order.stop else order.type


def _one_of(call: RestCall, name: str, allowed: tuple[str, ...]) -> str | None:
    value = call.query.get(name) or None
    if value is not None and value not in allowed:
        raise refused("parameter", f"{name} is invalid.")
    return value


def _filtered(call: RestCall, rows: Iterable[Row], time_of: Callable[[Row], int]) -> Iterator[Row]:
    """Return the rows that ``symbol``, ``side``, ``startAt`` and ``endAt`` let through, in their order."""
    symbol, side = call.query.get("symbol") or None, _one_of(call, "side", ("buy", "sell"))
    start, end = call.whole("startAt", 0), call.whole("endAt", 10**15)
    return (
        row
        for row in rows
        if symbol in (None, row.symbol) and side in (None, row.side) and start <= time_of(row) <= end
    )


def _page(call: RestCall, rows: list[Row], show: Callable[[Row], Any]) -> Any:
    """Answer with the page that ``currentPage`` and ``pageSize`` name."""
    page, size = call.whole("currentPage", 1, least=1), call.whole("pageSize", 50, least=1, most=MAX_PAGE)
    return {
        "currentPage": page,
        "pageSize": size,
        "totalNum": len(rows),
        "totalPage": -(-len(rows) // size),
        "items": [show(row) for row in rows[(page - 1) * size : page * size]],
    }
