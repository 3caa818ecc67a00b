"""
The least that a threaded client can do for an order and still say what became of it.

The line and the thread of `two_threads`, and of what this library promises the part that no order can do without: its
arguments are checked, it has a client order id that no running order has, it is noted before its first byte and until
its outcome, it expires with its call, its reply has to prove that it was accepted, and its outcome is an object that is
counted. All of that for this one operation only and in as few steps as can be: one function sends, one reads, one lock
guards everything, nothing can be configured, and no fault is handled. So it is a yardstick, too: what is slower than
this may have been written badly; what is faster promises less.
"""

from __future__ import annotations

import _thread
import re
import secrets
import threading
import time
from bisect import bisect_left
from itertools import count
from typing import Any

import orjson

from benchmarks.clients.measure import ORDER
from benchmarks.clients.scenarios import FutureLine
from benchmarks.clients.two_threads import SharedLine
from benchmarks.job import Job

__all__ = ["open_orders"]

TIMEOUT = 5.0
SIDES, TYPES = frozenset({"buy", "sell"}), frozenset({"limit", "market"})
SYMBOL = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*").fullmatch
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?").fullmatch
LATENCIES = tuple(1e-6 * 2**power for power in range(24))


class Accepted:
    """What a reply proved."""

    __slots__ = ("client_oid", "data", "in_time", "latency", "order_id", "out_time", "raw", "remaining", "request_id")

    def __init__(self, order: Order, message: dict[str, Any], raw: str, latency: float) -> None:
        self.request_id = order.request_id
        self.client_oid = order.client_oid
        self.data = data = message["data"]
        self.order_id = data["orderId"]
        self.in_time = message["inTime"]
        self.out_time = message["outTime"]
        limit = message.get("userRateLimit")
        self.remaining = None if limit is None else limit["remaining"]
        self.latency = latency
        self.raw = raw


class Order:
    """An order from before its first byte to its outcome; may be waited for once."""

    __slots__ = ("args", "bytes_sent", "client_oid", "deadline", "ended", "outcome", "request_id", "sent_at")

    def __init__(self, request_id: str, client_oid: str, args: dict[str, Any], sent_at: float) -> None:
        self.request_id = request_id
        self.client_oid = client_oid
        self.args = args
        self.sent_at = sent_at
        self.deadline = sent_at + TIMEOUT
        self.bytes_sent = 0
        self.outcome: Accepted | Exception | None = None
        self.ended = _thread.allocate_lock()
        self.ended.acquire()

    def result(self, timeout: float | None = None) -> Accepted:
        if not self.ended.acquire(timeout=TIMEOUT if timeout is None else timeout):
            raise TimeoutError
        if type(self.outcome) is not Accepted:
            raise AssertionError(self.outcome)
        return self.outcome


class LeastOrders:
    """Orders over one `SharedLine`."""

    def __init__(self, job: Job) -> None:
        self._line = SharedLine.logged_in(job)
        self._ids = count(1)
        self._prefix = f"k{secrets.token_hex(6)}"
        self._lock = threading.RLock()  # as everywhere: a signal handler may place an order in the middle of it
        self._waiting: dict[str, Order] = {}
        self._claims: dict[str, Order] = {}
        self._accepted = self._unknown = 0
        self._latencies = [0] * (len(LATENCIES) + 1)
        threading.Thread(target=self._read, name="least-order-reader", daemon=True).start()

    def submit_order(self, *, symbol: str, side: str, type: str, price: str, size: str) -> Order:
        if SYMBOL(symbol) is None:
            raise ValueError(f"symbol: {symbol!r}")
        if side not in SIDES:
            raise ValueError(f"side: {side!r}")
        if type not in TYPES:
            raise ValueError(f"type: {type!r}")
        if NUMBER(price) is None or not price.strip("0."):
            raise ValueError(f"price: {price!r}")
        if NUMBER(size) is None or not size.strip("0."):
            raise ValueError(f"size: {size!r}")
        client_oid, request_id = f"{self._prefix}{next(self._ids)}", f"{self._prefix}{next(self._ids)}"
        args = {
            "symbol": symbol,
            "side": side,
            "type": type,
            "price": price,
            "size": size,
            "clientOid": client_oid,
            "clientTimestamp": int(time.time() * 1000),
            "allowMaxTimeWindow": int(TIMEOUT * 1000),
        }
        order = Order(request_id, client_oid, args, time.monotonic())
        with self._lock:
            if client_oid in self._claims:
                raise ValueError(f"client_oid: {client_oid} belongs to an order that has not ended")
            self._claims[client_oid] = self._waiting[request_id] = order
        payload = orjson.dumps({"id": request_id, "op": "spot.order", "args": args})
        self._line.send(payload)
        order.bytes_sent = len(payload)
        return order

    def place_order(self, **arguments: str) -> Accepted:
        return self.submit_order(**arguments).result()

    def _read(self) -> None:
        while True:
            text = str(self._line.receive(), "utf-8")
            message = orjson.loads(text)
            with self._lock:
                order = self._waiting.pop(message["id"], None)
                if order is None:
                    continue
                latency = time.monotonic() - order.sent_at
                data = message["data"]
                order_id = data.get("orderId")
                if (
                    message["op"] == "spot.order"
                    and message["code"] == "200000"
                    and type(order_id) is str
                    and order_id
                    and data.get("clientOid") in (None, order.client_oid)
                ):
                    order.outcome = Accepted(order, message, text, latency)
                    del self._claims[order.client_oid]
                    self._accepted += 1
                    self._latencies[bisect_left(LATENCIES, latency)] += 1
                else:
                    order.outcome = ValueError(text)  # and it stays claimed: it may live
                    self._unknown += 1
            order.ended.release()


def open_orders(job: Job) -> FutureLine:
    client = LeastOrders(job)
    return FutureLine(lambda: client.place_order(**ORDER), lambda: client.submit_order(**ORDER))
