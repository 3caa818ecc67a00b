"""What the soak must know about OKX: how to point a client at the simulator, and what its operations look like."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from benchmarks.orders_truth.order_calls import OpenOrder, OpenOrders, Request, WireForms
from kucoin_sync.okx import WebsocketAPIClient
from kucoin_sync.simulator.controls.remote import RemoteSimulator

__all__ = ["Okx"]

SPOT, SWAP, SPREAD = "spot", "swap", "spread"
INSTRUMENTS = {SPOT: "BTC-USDT", SWAP: "BTC-USDT-SWAP", SPREAD: "BTC-USDT_BTC-USDT-SWAP"}
MIDDLE = {SPOT: 60000, SWAP: 60000, SPREAD: 0}
MOST_IN_BATCH = 4
MADE_UP = {SPOT: "1", SWAP: "2", SPREAD: "3"}
"""Ids that no order has."""
FORMS = WireForms(
    definite=(("60013", "Invalid args"), ("50011", "Rate limit reached."), ("51008", "Insufficient balance")),
    uncertain=(
        ("50004", "API endpoint request timeout"),
        ("51149", "Order timed out."),
        ("50013", "Systems are busy."),
        ("50026", "System error."),
        ("64007", "Operation failed due to WebSocket internal error."),
        ("987654", ""),
    ),
    bad_replies=(
        {"op": "dance"},
        {"op": None},
        {"code": None},
        {"code": "yes"},
        {"id": "nobody"},
        {"data": None},
        {"data": "done"},
        {"data": []},
        {"data": [{"ordId": "", "clOrdId": "", "sCode": "0", "sMsg": ""}]},
        {"data": [{"ordId": "1", "clOrdId": "x", "sCode": "0", "sMsg": ""}]},
        {"data": [{"ordId": "", "clOrdId": ""}]},
    ),
    second_replies=({}, {}, {"code": "60013", "msg": "refused after all", "data": []}, {"data": None}),
    bad_frames=(
        ('{"id": "', False),
        ("null", False),
        ("[" * 2000, False),
        ('{"id": "nobody", "op": "order", "code": "0", "data": [{"ordId": "1", "sCode": "0"}]}', False),
        ('{"id": 7, "op": [], "code": {}, "data": 1}', False),
        (b"\xff\xfe\xfd", False),
        (b"\xff\xff\xff\xff", True),
        (b"\x81\x05ab", True),
    ),
    rest_problems=(("50013", 200), ("50011", 429), ("50001", 503)),
    batch_op="batch-orders",
)


class Okx:
    """OKX: spot, swaps and spreads."""

    name = "okx"
    systems = ("private", "private", "business")
    lookup_path = "order"
    never_resolved = ()
    made_up = MADE_UP
    forms = FORMS

    def open(self, controls: RemoteSimulator, proxy_port: int, options: dict[str, Any]) -> WebsocketAPIClient:
        """Return a client whose lines go through the proxy and are open."""
        given = controls.client_options()
        scheme = given["hosts"]["ws"].partition(":")[0]
        given["hosts"] = {**given["hosts"], "ws": f"{scheme}://127.0.0.1:{proxy_port}"}
        api = WebsocketAPIClient(**given, **options)
        api.connect_ws_api(instruments=(INSTRUMENTS[SPOT], INSTRUMENTS[SWAP]), timeout=10.0)
        return api

    def prepare(self, controls: RemoteSimulator) -> None:
        """Give the swap a price that the orders are near to."""
        controls.set_index_price(INSTRUMENTS[SWAP], str(MIDDLE[SWAP]))

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
        """Draw a call; see `Dialect.draw`."""
        product = rng.choices((SPOT, SWAP, SPREAD), (4, 4, 2))[0]
        many = orders.count(product) > 100
        several = product != SPREAD and rng.random() < 0.25
        count = rng.randint(1, MOST_IN_BATCH) if several else 1
        if rng.random() < (0.25 if many else 0.55):
            params = [self._order(rng, product, client_oid) for _ in range(count)]
            return self._request("place", product, params, (None,) * count, several=several)
        # The same order twice is one, and the exchange refuses it.
        taken = {order.order_id: order for order in (orders.take(product, rng) for _ in range(count))}
        targets = tuple(taken.values())
        if rng.random() < 0.3:
            changes = [self._change(rng, order) for order in targets]
            return self._request("amend", product, changes, targets, several=several)
        cancels = [self._named(rng, order) for order in targets]
        return self._request("cancel", product, cancels, targets, several=several)

    @staticmethod
    def _request(
        action: Any, product: str, params: list[dict[str, Any]], targets: tuple[OpenOrder | None, ...], *, several: bool
    ) -> Request:
        verb = "submit" if action == "place" else action
        if product == SPREAD:
            op = "sprd-order" if action == "place" else f"sprd-{action}-order"
            return Request(op, action, f"{verb}_spread_order", params[0], product, targets)
        if several:
            op = "batch-orders" if action == "place" else f"batch-{action}-orders"
            return Request(op, action, f"{verb}_multiple_orders", params, product, targets)
        op = "order" if action == "place" else f"{action}-order"
        method = "submit_new_order" if action == "place" else f"{action}_order"
        return Request(op, action, method, params[0], product, targets)

    # New orders.

    def _order(self, rng: random.Random, product: str, client_oid: Callable[[], str]) -> dict[str, Any]:
        side = rng.choice(("buy", "sell"))
        order: dict[str, Any] = {**_instrument(product), "side": side, "sz": _size(rng, product)}
        if product != SPREAD:
            order["tdMode"] = "cash" if product == SPOT else "cross"
        if rng.random() < 0.25:
            order["clOrdId"] = client_oid()
        if rng.random() < 0.05:
            return {**order, "ordType": "market", **({"tgtCcy": "base_ccy"} if product == SPOT else {})}
        if rng.random() < 0.03:
            order["sz"] = "0.000000001"  # less than there may be
        kinds: Sequence[str] = (
            ("limit", "ioc", "post_only") if product == SPREAD else ("limit", "ioc", "fok", "post_only")
        )
        order["ordType"] = "limit" if rng.random() < 0.9 else rng.choice(kinds)
        # Most orders rest, one in four or so meets others and is filled in whole or in part.
        away = rng.randint(-3, 12)
        return {**order, "px": str(MIDDLE[product] + (-away if side == "buy" else away))}

    # What becomes of orders.

    @staticmethod
    def _named(rng: random.Random, order: OpenOrder) -> dict[str, Any]:
        names = {"ordId": order.order_id}
        if order.client_oid is not None and rng.random() < 0.3:
            names = {"clOrdId": order.client_oid}
        return names if order.product == SPREAD else {**_instrument(order.product), **names}

    def _change(self, rng: random.Random, order: OpenOrder) -> dict[str, Any]:
        # Between the prices of new orders, and of a size of its own, by which a look-up tells whether it was done.
        price = f"{MIDDLE[order.product] + rng.randint(-12, 11)}.{rng.randint(1, 9)}"
        return {**self._named(rng, order), "newPx": price, "newSz": _size(rng, order.product, exact=True)}


def _instrument(product: str) -> dict[str, Any]:
    return {"sprdId" if product == SPREAD else "instId": INSTRUMENTS[product]}


def _size(rng: random.Random, product: str, *, exact: bool = False) -> str:
    """Return a size, of pairs one that no other order has if it is to be ``exact``."""
    if product == SPOT:
        return f"0.00{rng.randint(100_000, 999_999)}" if exact else f"0.00{rng.randint(1, 9)}"
    if product == SWAP:
        return str(rng.randint(1000, 9999) if exact else rng.randint(1, 9))
    return f"{rng.randint(1, 999)}.{rng.randint(10, 99)}" if exact else f"{rng.randint(1, 9)}"
