"""What the soak must know about KuCoin: how to point a client at the simulator, and what its operations look like."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from benchmarks.orders_truth.order_calls import OpenOrder, OpenOrders, Request, WireForms
from kucoin_sync import WebsocketAPIClient, WsKey
from kucoin_sync.simulator.controls.remote import RemoteSimulator

__all__ = ["FORMS", "Kucoin"]

SPOT, MARGIN, FUTURES = "spot", "margin", "futures"
SPOT_SYMBOL, CONTRACT = "BTC-USDT", "XBTUSDTM"
MIDDLE = 60000
MOST_IN_BATCH = 4
MADE_UP = {SPOT: "000000000000000000000000", MARGIN: "000000000000000000000000", FUTURES: "000000000000000000"}
"""Ids that no order has."""

FORMS = WireForms(
    definite=(("400100", "Parameter error."), ("429000", "Too many requests."), ("400400", "Token invalid.")),
    uncertain=(
        ("408000", "Network timeout"),
        ("230005", "Busy"),
        ("500000", "Error"),
        ("503000", "Busy"),
        ("987654", ""),
    ),
    bad_replies=(
        {"op": "spot.dance"},
        {"op": None},
        {"code": None},
        {"code": "yes"},
        {"id": "nobody"},
        {"data": None},
        {"data": "done"},
        {"data": {"orderId": None, "clientOid": None, "newOrderId": None, "cancelledOrderIds": None}},
        {"data": {"orderId": "", "clientOid": "", "newOrderId": "", "cancelledOrderIds": []}},
    ),
    second_replies=(
        {},
        {},
        {"code": "400100", "msg": "refused after all", "data": None},
        {"data": None},
    ),
    bad_frames=(
        ('{"id": "', False),
        ("null", False),
        ("[" * 2000, False),
        ('{"id": "nobody", "op": "spot.order", "code": "200000", "data": {"orderId": "1"}}', False),
        ('{"id": 7, "op": [], "code": {}, "data": 1}', False),
        (b"\xff\xfe\xfd", False),
        (b"\xff\xff\xff\xff", True),
        (b"\x81\x05ab", True),
    ),
    rest_problems=(("500000", 200), ("429000", 429), ("503000", 503)),
    batch_op="futures.multi_order",
)


class Kucoin:
    """KuCoin: spot, margin, futures and the unified account's operations."""

    name = "kucoin"
    lines = (WsKey.WS_API_SPOT_V1, WsKey.WS_API_FUTURES_V1)
    systems = ("ws_api",)
    lookup_path = "order"
    """A part of the path of every look-up of an order."""
    never_resolved = ("uta.order", "uta.amend", "uta.cancel")
    """Operations of which no look-up is documented: what is unknown of them stays so."""
    made_up = MADE_UP
    forms = FORMS

    def open(self, controls: RemoteSimulator, proxy_port: int, options: dict[str, Any]) -> WebsocketAPIClient:
        """Return a client whose order entry goes through the proxy, with its lines open."""
        given = controls.client_options()
        scheme = given["hosts"]["ws_api"].partition(":")[0]
        given["hosts"] = {**given["hosts"], "ws_api": f"{scheme}://127.0.0.1:{proxy_port}/v1/private"}
        api = WebsocketAPIClient(**given, **options)
        for line in self.lines:
            api.connect_ws_api(line)
        return api

    def prepare(self, controls: RemoteSimulator) -> None:
        """Give the contract a price that the orders are near to."""
        controls.set_index_price(CONTRACT, str(MIDDLE))

    def call(self, api: WebsocketAPIClient, request: Request, timeout: float) -> Any:
        """Make a call by its method."""
        method: Callable[..., Any] = getattr(api, request.method)
        return method(request.params, timeout=timeout)

    def call_nowait(self, api: WebsocketAPIClient, request: Request, timeout: float) -> Future[Any]:
        """Make a call by its method under ``nowait``."""
        method: Callable[..., Future[Any]] = getattr(api.nowait, request.method)
        return method(request.params, timeout=timeout)

    def call_by_name(self, api: WebsocketAPIClient, request: Request, timeout: float) -> Any:
        """Make a call by the name of its operation."""
        return api.get_ws_client().send_ws_api_request(None, request.op, request.params, timeout=timeout)

    def draw(self, rng: random.Random, orders: OpenOrders, client_oid: Callable[[], str]) -> Request:
        """
        Draw a call.

        Args:
            rng: Decides.
            orders: Those that may be changed or cancelled; more are cancelled when there are many.
            client_oid: Makes one of the caller's own, for every fourth order.
        """
        product = rng.choices((SPOT, MARGIN, FUTURES), (5, 2, 4))[0]
        many = orders.count(product) > 100
        if rng.random() < (0.25 if many else 0.55):
            return self._place(rng, product, client_oid)
        if rng.random() < 0.2 and product != MARGIN:
            return self._change(rng, orders.take(product, rng))
        if product == FUTURES and rng.random() < 0.3:
            return self._cancel_many([orders.take(product, rng) for _ in range(rng.randint(1, MOST_IN_BATCH))])
        return self._cancel(rng, orders.take(product, rng))

    # New orders.

    def _place(self, rng: random.Random, product: str, client_oid: Callable[[], str]) -> Request:
        # Few: of what is unknown among them nobody finds out, so it rests on the book to the end.
        unified = rng.random() < 0.05 and product != MARGIN
        if product == FUTURES:
            if unified:
                return Request("uta.order", "place", "submit_uta_order", self._unified(rng, product), product)
            if rng.random() < 0.3:
                batch = [self._contract_order(rng, client_oid) for _ in range(rng.randint(1, MOST_IN_BATCH))]
                targets = (None,) * len(batch)
                return Request(
                    "futures.multi_order", "place", "submit_multiple_futures_orders", batch, product, targets
                )
            order = self._contract_order(rng, client_oid)
            return Request("futures.order", "place", "submit_futures_order", order, product)
        if unified:
            return Request("uta.order", "place", "submit_uta_order", self._unified(rng, product), product)
        order = self._spot_order(rng, client_oid)
        if product == MARGIN:
            return Request("margin.order", "place", "submit_margin_order", order, product)
        if rng.random() < 0.25:
            return Request("spot.sync_order", "place", "submit_sync_spot_order", order, product)
        return Request("spot.order", "place", "submit_new_spot_order", order, product)

    def _spot_order(self, rng: random.Random, client_oid: Callable[[], str]) -> dict[str, Any]:
        size = f"0.00{rng.randint(1, 9)}"
        order: dict[str, Any] = {"symbol": SPOT_SYMBOL, "side": rng.choice(("buy", "sell")), "size": size}
        if rng.random() < 0.25:
            order["clientOid"] = client_oid()
        if rng.random() < 0.05:
            return {**order, "type": "market"}
        if rng.random() < 0.03:
            order["size"] = "100000000000000"  # more than there is
        elif rng.random() < 0.05:
            order["timeInForce"] = rng.choice(("IOC", "FOK"))
        return {**order, "type": "limit", "price": self._price(rng, order["side"])}

    def _contract_order(self, rng: random.Random, client_oid: Callable[[], str]) -> dict[str, Any]:
        side = rng.choice(("buy", "sell"))
        order: dict[str, Any] = {"symbol": CONTRACT, "side": side, "size": rng.randint(1, 9), "leverage": 5}
        if rng.random() < 0.25:
            order["clientOid"] = client_oid()
        if rng.random() < 0.05:
            return {**order, "type": "market"}
        if rng.random() < 0.03:
            order["symbol"] = "NOUSDTM"
        return {**order, "type": "limit", "price": self._price(rng, side)}

    def _unified(self, rng: random.Random, product: str) -> dict[str, Any]:
        side = rng.choice(("BUY", "SELL"))
        order = {"side": side, "orderType": "LIMIT", "price": self._price(rng, side.lower())}
        if product == FUTURES:
            size = str(rng.randint(1, 9))
            return {**order, "tradeType": "FUTURES", "symbol": CONTRACT, "size": size, "sizeUnit": "UNIT"}
        size = f"0.00{rng.randint(1, 9)}"
        return {**order, "tradeType": "SPOT", "symbol": SPOT_SYMBOL, "size": size, "sizeUnit": "BASECCY"}

    def _price(self, rng: random.Random, side: str) -> str:
        """Most orders rest, one in four or so meets others and is filled in whole or in part."""
        away = rng.randint(-3, 12)
        return str(MIDDLE - away if side == "buy" else MIDDLE + away)

    # What becomes of orders.

    def _change(self, rng: random.Random, order: OpenOrder) -> Request:
        symbol = CONTRACT if order.product == FUTURES else SPOT_SYMBOL
        changed = {"symbol": symbol, "orderId": order.order_id, "newPrice": str(MIDDLE + rng.randint(-12, 12))}
        if order.product == FUTURES or rng.random() < 0.3:
            return Request("uta.amend", "amend", "amend_uta_order", changed, order.product, (order,))
        # A size of its own, by which a look-up tells the new order from all others at that price.
        changed["newSize"] = f"0.00{rng.randint(100_000, 999_999)}"
        return Request("spot.modify", "modify", "modify_spot_order", changed, order.product, (order,))

    def _cancel(self, rng: random.Random, order: OpenOrder) -> Request:
        symbol = CONTRACT if order.product == FUTURES else SPOT_SYMBOL
        named = {"orderId": order.order_id}
        if order.client_oid is not None and rng.random() < 0.3:
            named = {"clientOid": order.client_oid}
        product, targets = order.product, (order,)
        if rng.random() < 0.15 and product != MARGIN:
            params = {"tradeType": product.upper(), "symbol": symbol, **named}
            return Request("uta.cancel", "cancel", "cancel_uta_order", params, product, targets)
        if product == FUTURES:
            params = {**named, "symbol": symbol} if "clientOid" in named else named
            return Request("futures.cancel", "cancel", "cancel_futures_order", params, product, targets)
        params = {**named, "symbol": symbol}
        if product == MARGIN:
            return Request("margin.cancel", "cancel", "cancel_margin_order", params, product, targets)
        if rng.random() < 0.3:
            return Request("spot.sync_cancel", "cancel", "cancel_sync_spot_order", params, product, targets)
        return Request("spot.cancel", "cancel", "cancel_spot_order", params, product, targets)

    def _cancel_many(self, orders: Iterable[OpenOrder]) -> Request:
        # The same id twice is one order, and the exchange refuses it.
        each = tuple({order.order_id: order for order in orders}.values())
        params = {"orderIdsList": [order.order_id for order in each]}
        return Request("futures.multi_cancel", "cancel", "cancel_multiple_futures_orders", params, FUTURES, each)
