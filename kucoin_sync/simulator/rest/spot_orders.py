"""
Private REST calls of the spot host about spot orders.

Source: KuCoin docs, pages of the calls under Spot Trading, Orders. Which times ``startAt`` and ``endAt`` mean (here: of
the creation, or of the end with the fault ``lists_by_end``), and what the dead man's switch answers when it is off, is
assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import takewhile
from typing import Any

from ..kucoin_venue import KucoinVenue
from ..matching.events import OrderMatched
from ..matching.orders import OrderState, Refused
from ..order_entry.spot_operations import cancelled, placed, sizes, sync_placed
from ..spot.exchange import SPOT_ORDERS
from ..spot.refusals import refused
from .calls import RestCall, Route
from .order_objects import fill_number, fill_object, order_number, order_object, page_of, slice_of

__all__ = ["OrderLookups", "SpotOrderCalls"]

ORDERS = "/api/v1/hf/orders"
OLD_LOOKUP = "/api/v1/order/client-order/{clientOid}"
MAX_BATCH = 20


class OrderLookups:
    """
    Finds orders and fills for the calls of one market.

    Args:
        venue: Shared state.
        as_object: Spells an order.
    """

    def __init__(self, venue: KucoinVenue, as_object: Callable[[OrderState, str], dict[str, Any]]) -> None:
        self._venue = venue
        self._exchange = venue.exchange
        self._as_object = as_object

    def symbol(self, call: RestCall) -> str:
        """Return the pair of a call. Raises Refused where it is missing or unknown."""
        symbol = call.need("symbol")
        if symbol not in self._exchange.symbols:
            raise refused("symbol")
        return symbol

    def one(self, call: RestCall, trade_types: tuple[str, ...]) -> dict[str, Any]:
        """Return the order of the path. Raises Refused where the account has none on that pair."""
        symbol, order_id = self.symbol(call), call.path.get("orderId")
        if order_id is not None:
            order = self._exchange.order(order_id)
        else:
            order = self._exchange.order_by_client_oid(call.account, call.path["clientOid"])
        if order is None or order.account != call.account or order.symbol != symbol:
            raise refused("no_such_order")
        if order.request.trade_type not in trade_types or not self._venue.is_found(order):
            raise refused("no_such_order")
        return self.spell(order)

    def live(self, call: RestCall, trade_types: tuple[str, ...]) -> list[dict[str, Any]]:
        """Return the live orders of a pair, newest first."""
        symbol = self.symbol(call)
        orders = reversed(self._exchange.open_orders(call.account))
        return [self.spell(o) for o in orders if o.symbol == symbol and o.request.trade_type in trade_types]

    def live_symbols(self, call: RestCall, trade_types: tuple[str, ...]) -> list[str]:
        """Return the pairs with live orders."""
        orders = self._exchange.open_orders(call.account)
        return list(dict.fromkeys(o.symbol for o in orders if o.request.trade_type in trade_types))

    def done(self, call: RestCall, trade_types: tuple[str, ...]) -> dict[str, Any]:
        """Return finished orders, newest first."""
        start, end, symbol = call.whole("startAt", 0), call.whole("endAt", 10**14), self.symbol(call)
        if self._venue.faults.lists_by_end:
            newest = self._exchange.ended_orders(call.account, symbol)
            wanted = self._filter(call, newest, trade_types, lambda o: o, _ended_ms)
        else:
            newest = self._exchange.ended_orders(call.account, symbol, until_ns=(end + 1) * 1_000_000 - 1)
            since = takewhile(lambda order: _created_ms(order) >= start, newest)  # the rest is older still
            wanted = self._filter(call, since, trade_types, lambda o: o, _created_ms)
        orders, last = slice_of((o for o in wanted if not self._venue.is_forgotten(o)), call, number=order_number)
        return {"lastId": last, "items": [self.spell(order) for order in orders]}

    def fills(self, call: RestCall, trade_types: tuple[str, ...]) -> dict[str, Any]:
        """Return fills, newest first."""
        newest = reversed(self._exchange.fills(call.account))
        wanted = self._filter(call, newest, trade_types, lambda f: f.order, _traded_ms)
        order_id = call.query.get("orderId")
        fills, last = slice_of(
            (fill for fill in wanted if order_id in (None, fill.order.order_id)), call, number=fill_number
        )
        settlement = self._exchange.settlement
        items = [
            fill_object(
                fill,
                self._exchange.symbols[fill.order.symbol].quote,
                settlement.maker_fee if fill.is_maker else settlement.taker_fee,
            )
            for fill in fills
        ]
        return {"items": items, "lastId": last}

    def spell(self, order: OrderState) -> dict[str, Any]:
        """Return the object of an order."""
        return self._as_object(order, self._exchange.symbols[order.symbol].quote)

    def _filter(
        self,
        call: RestCall,
        items: Iterable[Any],
        trade_types: tuple[str, ...],
        order_of: Callable[[Any], OrderState],
        time_of: Callable[[Any], int],
    ) -> Iterable[Any]:
        """Yield those of the items that fit ``symbol``, ``side``, ``type``, ``startAt`` and ``endAt``."""
        symbol, side, kind = self.symbol(call), call.query.get("side"), call.query.get("type")
        start, end = call.whole("startAt", 0), call.whole("endAt", 10**14)
        for item in items:
            order = order_of(item)
            if order.symbol != symbol or order.request.trade_type not in trade_types:
                continue
            if side in (None, order.side) and kind in (None, order.type) and start <= time_of(item) <= end:
                yield item


class SpotOrderCalls:
    """
    Placing, changing, cancelling and finding spot orders.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._venue = venue
        self._exchange = venue.exchange
        self._find = OrderLookups(venue, order_object)

    def routes(self) -> list[Route]:
        """Return the table of these calls."""
        by_client_oid = "client-order/{clientOid}"
        return [
            Route("POST", ORDERS, self._place, weight=1),
            Route("POST", f"{ORDERS}/sync", self._place_sync, weight=1),
            Route("POST", f"{ORDERS}/test", self._test, weight=1),
            Route("POST", f"{ORDERS}/multi", self._place_many, weight=1),
            Route("POST", f"{ORDERS}/alter", self._modify, weight=1),
            Route("POST", f"{ORDERS}/dead-cancel-all", self._set_dead_man, weight=2),
            Route("DELETE", ORDERS, self._cancel_symbol, weight=2),
            Route("DELETE", f"{ORDERS}/cancelAll", self._cancel_all, weight=30),
            Route("DELETE", f"{ORDERS}/cancel/{{orderId}}", self._decrease, weight=2),
            Route("DELETE", f"{ORDERS}/sync/{{orderId}}", self._cancel_sync, weight=1),
            Route("DELETE", f"{ORDERS}/sync/{by_client_oid}", self._cancel_sync, weight=1),
            Route("DELETE", f"{ORDERS}/{by_client_oid}", self._cancel, weight=1),
            Route("DELETE", f"{ORDERS}/{{orderId}}", self._cancel, weight=1),
            Route("GET", f"{ORDERS}/active", lambda call: self._find.live(call, SPOT_ORDERS), weight=2),
            Route("GET", f"{ORDERS}/active/page", self._page, weight=2),
            Route("GET", f"{ORDERS}/active/symbols", self._symbols, weight=2),
            Route("GET", f"{ORDERS}/done", lambda call: self._find.done(call, SPOT_ORDERS), weight=2),
            Route("GET", f"{ORDERS}/dead-cancel-all/query", self._dead_man, weight=2),
            Route("GET", f"{ORDERS}/{by_client_oid}", lambda call: self._find.one(call, SPOT_ORDERS), weight=2),
            Route("GET", f"{ORDERS}/{{orderId}}", lambda call: self._find.one(call, SPOT_ORDERS), weight=2),
            Route("GET", OLD_LOOKUP, self._old_lookup, weight=3),
            Route("GET", "/api/v1/hf/fills", lambda call: self._find.fills(call, SPOT_ORDERS), weight=2),
        ]

    def _old_lookup(self, call: RestCall) -> Any:
        """
        Answer the call of the time before high frequency trading, which does not know an order that is over.

        That is why a client must not take its "not exist" for one that never was. Its weight, and that the object is
        that of the newer calls, is assumed.
        """
        order = self._exchange.order_by_client_oid(call.account, call.path["clientOid"])
        if order is None or not order.is_live or not self._venue.is_found(order):
            raise refused("no_such_order")
        return self._find.spell(order)

    # Placing.

    def _place(self, call: RestCall) -> Any:
        return placed(self._exchange.place(call.account, call.body)).data

    def _place_sync(self, call: RestCall) -> Any:
        return sync_placed(self._exchange.place(call.account, call.body)).data

    def _test(self, call: RestCall) -> Any:
        order_id = self._exchange.test(call.account, call.body)
        return {"orderId": order_id, "clientOid": call.body.get("clientOid")}

    def _place_many(self, call: RestCall) -> Any:
        """Place up to 20 limit orders (number assumed), each on its own."""
        orders = call.body.get("orderList")
        if not isinstance(orders, list) or not 0 < len(orders) <= MAX_BATCH:
            raise refused("parameter", "orderList is invalid.")
        return [self._place_one(call.account, args) for args in orders]

    def _place_one(self, account: str, args: object) -> dict[str, Any]:
        try:
            if not isinstance(args, dict) or args.get("type") != "limit":
                raise refused("parameter", "type is invalid.")
            return {**placed(self._exchange.place(account, args)).data, "success": True}
        except Refused as refusal:
            return {"success": False, "failMsg": refusal.message}

    def _modify(self, call: RestCall) -> Any:
        state = self._exchange.modify(call.account, call.body)
        return {"newOrderId": state.order_id, "clientOid": state.client_oid}

    # Cancelling.

    def _cancel(self, call: RestCall) -> Any:
        args = {**call.path, "symbol": call.need("symbol")}
        return cancelled(self._exchange.cancel(call.account, args), args).data

    def _cancel_sync(self, call: RestCall) -> Any:
        args = {**call.path, "symbol": call.need("symbol")}
        state = self._exchange.cancel(call.account, args)
        return cancelled(state, args, **sizes(state)).data

    def _decrease(self, call: RestCall) -> Any:
        size = call.need("cancelSize")
        args = {**call.path, "symbol": call.need("symbol"), "cancelSize": size}
        self._exchange.decrease(call.account, args)
        return {"orderId": call.path["orderId"], "cancelSize": size}

    def _cancel_symbol(self, call: RestCall) -> str:
        self._exchange.cancel_all(call.account, symbols=[self._find.symbol(call)])
        return "success"

    def _cancel_all(self, call: RestCall) -> Any:
        return {"succeedSymbols": self._exchange.cancel_all(call.account), "failedSymbols": []}

    # Looking up.

    def _page(self, call: RestCall) -> Any:
        orders = self._find.live(call, SPOT_ORDERS)
        return page_of(orders, call, number="pageNum", default=20, least=1, most=50)

    def _symbols(self, call: RestCall) -> Any:
        return {"symbols": self._find.live_symbols(call, SPOT_ORDERS)}

    # The dead man's switch; its times are seconds.

    def _set_dead_man(self, call: RestCall) -> Any:
        text = call.body.get("symbols")
        if text is not None and not isinstance(text, str):
            raise refused("parameter", "symbols is invalid.")
        symbols = tuple(text.split(",")) if text else ()
        setting = self._exchange.set_dead_man(call.account, call.body.get("timeout"), symbols)
        trigger = None if setting is None else setting.triggers_at_ns // 10**9
        return {"currentTime": self._venue.now_ns() // 10**9, "triggerTime": trigger}

    def _dead_man(self, call: RestCall) -> Any:
        setting = self._exchange.dead_man(call.account)
        if setting is None:
            return None
        return {
            "timeout": setting.timeout,
            "symbols": ",".join(setting.symbols),
            "currentTime": self._venue.now_ns() // 10**9,
            "triggerTime": setting.triggers_at_ns // 10**9,
        }


def _created_ms(order: OrderState) -> int:
    return order.created_at_ns // 1_000_000


def _ended_ms(order: OrderState) -> int:
    return order.updated_at_ns // 1_000_000


def _traded_ms(fill: OrderMatched) -> int:
    return fill.trade.time_ns // 1_000_000
