"""
Every promise for an order, kept by hand for one operation.

`least_order` promises least; here is the rest of what `kucoin_sync` promises of an order by default, each promise in
the cheapest form that we know, without the structure that lets a library have thirty operations of two exchanges:
whatever can stand in one function does, and one lock guards everything. A call ends by its deadline whatever the peer
does, and so does a future, which is one of `concurrent.futures`; each byte that left is counted, and a frame that left
in part ends the line; a Ctrl-C finds an order whose fate is told; a silent line is noticed; a reply that comes late, or
that proves nothing, is told apart; stats, log, switch interval and the exchange's clock are kept. What goes wrong is
only noticed here, no line is opened again, and nothing but a limit order of these arguments can be sent. So it is a
yardstick: it says what the structure costs, and what the promises do.
"""

from __future__ import annotations

import _thread
import logging
import os
import re
import secrets
import socket
import threading
from bisect import bisect_left
from heapq import heappop, heappush
from itertools import count
from time import monotonic, time
from typing import Any

import orjson

from benchmarks.clients.least_order import NUMBER, SIDES, SYMBOL, TIMEOUT, TYPES
from benchmarks.clients.measure import ORDER
from benchmarks.clients.scenarios import FutureLine
from benchmarks.clients.two_threads import SharedLine
from benchmarks.job import Job
from kucoin_sync.engine.listeners import ListenerHub
from kucoin_sync.engine.lookout import Lookout
from kucoin_sync.engine.switch_interval import switch_interval
from kucoin_sync.events import OrderAck, RateLimit, make_order_ack, make_rate_limit
from kucoin_sync.orders.reply_future import ReplyFuture
from kucoin_sync.protocol.frames import TEXT, encode_frame
from kucoin_sync.protocol.json_text import DEEP_LENGTH, MAX_DEPTH
from kucoin_sync.protocol.server_clock import ServerClock
from kucoin_sync.stats import BUCKET_BOUNDS

__all__ = ["open_orders"]

OP = "spot.order"
PROBE_AFTER = 1.0
ALIVE_WITHIN = 3.0
CLIENT_OID = re.compile(r"[A-Za-z0-9_-]{1,40}").fullmatch
NO_WAIT = getattr(socket, "MSG_DONTWAIT", 0)

logger = logging.getLogger("benchmarks.whole_order")


class Unknown(Exception):
    """An order of which nobody knows whether it lives."""


class Order:
    """An order from before its first byte to its outcome."""

    __slots__ = (
        "args",
        "client_oid",
        "deadline",
        "ended",
        "failure",
        "finished_at",
        "future",
        "in_send",
        "lost",
        "position",
        "reply",
        "request_id",
        "sent",
        "sent_at",
        "started_at",
        "text",
    )

    def __init__(
        self, request_id: str, client_oid: str, args: dict[str, Any], started_at: float, sent_at: float, deadline: float
    ) -> None:
        self.sent_at = sent_at
        self.deadline = deadline
        self.text = ""
        self.future: ReplyFuture | None = None
        self.request_id = request_id
        self.client_oid = client_oid
        self.args = args
        self.started_at = started_at
        self.finished_at = 0.0
        self.in_send = True
        self.lost = ""
        self.sent = "no"
        self.position = 0
        self.reply: dict[str, Any] | None = None
        self.failure = ""
        self.ended = _thread.allocate_lock()
        self.ended.acquire()


class WholeOrders:
    """Orders over one `SharedLine`."""

    def __init__(self, job: Job) -> None:
        self._line = SharedLine.logged_in(job)
        self._flags = () if job.certificate else (NO_WAIT,)
        self._ids = count(1)
        self._prefix = f"k{secrets.token_hex(6)}"
        self._process = os.getpid()
        self._clock = ServerClock()
        self._hub = ListenerHub(queue_size=1000, inline=False, name="whole-order")
        self._lookout = Lookout()
        self._lock = threading.RLock()  # as everywhere: a signal handler may place an order in the middle of it
        self._changed = threading.Condition(self._lock)
        self._send_lock = threading.RLock()
        self._sending = False
        self._given_up = ""
        self._position = 0
        self._masks: list[bytes] = []
        self._waiting: dict[str, Order] = {}
        self._claims: dict[tuple[str, str], Order] = {}
        self._deadlines: list[tuple[float, str]] = []
        self._received_at = monotonic()
        self._wake_at = 0.0
        self._accepted = self._unknown = self._replies = 0
        self._total_latency = self._last_latency = self._most = 0.0
        self._least = float("inf")
        self._buckets = [0] * (len(BUCKET_BOUNDS) + 1)
        self._rate_limit: tuple[RateLimit, float] | None = None
        self._reading = {0}
        switch_interval.hold(0.0005)
        threading.Thread(target=self._read, name="whole-order-reader", daemon=True).start()
        threading.Thread(target=self._watch, name="whole-order-heartbeat", daemon=True).start()

    # What calls do.

    def _send(
        self,
        future: ReplyFuture | None,
        timeout: float = TIMEOUT,
        *,
        symbol: str,
        side: str,
        type: str,
        price: str,
        size: str,
        client_oid: str | None = None,
        **others: Any,
    ) -> Order:
        """Send an order: it is waited for, or ends ``future``."""
        if os.getpid() != self._process:
            raise RuntimeError("a client of the parent process")
        if not isinstance(symbol, str) or SYMBOL(symbol) is None:
            raise ValueError(f"symbol: {symbol!r}")
        if side not in SIDES:
            raise ValueError(f"side: {side!r}")
        if type not in TYPES:
            raise ValueError(f"type: {type!r}")
        if not isinstance(price, str) or NUMBER(price) is None or not price.strip("0."):
            raise ValueError(f"price: {price!r}")
        if not isinstance(size, str) or NUMBER(size) is None or not size.strip("0."):
            raise ValueError(f"size: {size!r}")
        if others:
            raise ValueError(f"not taken here: {', '.join(others)}")
        request_id = f"{self._prefix}{next(self._ids)}"
        if client_oid is None:
            client_oid = request_id
        elif not isinstance(client_oid, str) or CLIENT_OID(client_oid) is None:
            raise ValueError(f"client_oid: {client_oid!r}")
        started_at, now = time(), monotonic()
        args = {
            "symbol": symbol,
            "side": side,
            "type": type,
            "price": price,
            "size": size,
            "clientOid": client_oid,
            "clientTimestamp": self._clock.earliest_ms(started_at * 1000),
            "allowMaxTimeWindow": int(timeout * 1000),
        }
        deadline = now + timeout
        order = Order(request_id, client_oid, args, started_at, now, deadline)
        order.future = future
        payload = orjson.dumps({"id": request_id, "op": OP, "args": args})
        with self._lock:
            if ("", client_oid) in self._claims:
                raise ValueError(f"client_oid: {client_oid} belongs to an order that has not ended")
            self._claims["", client_oid] = self._waiting[request_id] = order
            if future is not None:
                heappush(self._deadlines, (deadline, request_id))
            if now + PROBE_AFTER < self._wake_at:
                self._changed.notify_all()
        try:
            self._put(order, payload, deadline)
            order.sent = "complete"
        except BaseException:
            self._after_failed_send(order)
            raise
        order.in_send = False
        if order.lost:
            self._end(order, order.lost)
        return order

    def _put(self, order: Order, payload: bytes, deadline: float) -> None:
        """Send one frame whole, or none of it, or give the line up."""
        if not self._masks:
            fresh = os.urandom(256)
            self._masks += [fresh[at : at + 4] for at in range(0, 256, 4)]
        frame = encode_frame(TEXT, payload, self._masks.pop())
        lock, line = self._send_lock, self._line
        if not lock.acquire(blocking=False) and not lock.acquire(timeout=max(0.0, deadline - monotonic())):
            raise TimeoutError("the line was busy")
        try:
            if self._sending or self._given_up:
                raise ConnectionError(self._given_up or "a send was interrupted")
            if monotonic() >= deadline:
                raise TimeoutError("no time left to send")
            self._sending = True
            order.sent = "partial"
            if line.may_share:
                sent = line.sock.send(frame, *self._flags)
            else:
                with line.busy:
                    sent = line.sock.send(frame)
            self._position += sent
            if sent != len(frame):
                raise ConnectionError(f"{sent} of {len(frame)} bytes left")
            order.position = self._position
            self._sending = False
        except BaseException as error:
            if order.sent == "partial":
                self._given_up = str(error) or "a send was interrupted"
            raise
        finally:
            lock.release()

    def _after_failed_send(self, order: Order) -> None:
        with self._lock:
            self._waiting.pop(order.request_id, None)
            if order.sent == "no":
                self._claims.pop(("", order.client_oid), None)

    def submit_order(self, **arguments: Any) -> ReplyFuture:
        future = ReplyFuture(self._hub)
        self._send(future, **arguments)
        return future

    def place_order(self, **arguments: Any) -> OrderAck:
        if threading.get_ident() in self._reading:
            raise RuntimeError("it would wait for itself")
        order = self._send(None, **arguments)
        ended = order.ended
        try:
            if len(self._waiting) > 1 or not self._lookout.sees(ended):
                try:
                    switch_interval.call_waits(order)
                    if not ended.acquire(timeout=max(0.0, order.deadline - monotonic())):
                        self._end(order, "timeout")
                finally:
                    switch_interval.call_over(order)
            outcome = self._conclude(order)
        except BaseException:
            with self._lock:
                self._waiting.pop(order.request_id, None)
            raise
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    # The end of an order.

    def _end(self, order: Order, failure: str) -> None:
        """End an order without a reply, unless it has one."""
        with self._lock:
            if order.in_send:
                order.lost = failure
                return
            if self._waiting.pop(order.request_id, None) is None:
                return
        order.failure = failure
        order.finished_at = monotonic()
        if order.future is not None:
            order.future.set_exception(Unknown(f"{order.client_oid}: {failure}"))
        elif failure != "timeout":
            order.ended.release()

    def _conclude(self, order: Order) -> OrderAck | Unknown:
        """Say what became of an order, and count it."""
        message = order.reply
        outcome: OrderAck | Unknown | None = None
        if message is not None and message.get("op") == OP and message.get("code") == "200000":
            data = message.get("data")
            if type(data) is dict:
                order_id = data.get("orderId")
                if type(order_id) is str and order_id and data.get("clientOid") in (None, order.client_oid):
                    latency = order.finished_at - order.sent_at
                    in_time, out_time = message.get("inTime"), message.get("outTime")
                    told = message.get("userRateLimit")
                    limit = None
                    if type(told) is dict:
                        most, left, reset = told.get("limit"), told.get("remaining"), told.get("reset")
                        limit = make_rate_limit(
                            most if type(most) is int else None,
                            left if type(left) is int else None,
                            reset / 1000 if type(reset) is int else None,
                        )
                    outcome = make_order_ack(
                        OP,
                        order_id,
                        order.client_oid,
                        order.request_id,
                        latency,
                        in_time if type(in_time) is int else None,
                        out_time if type(out_time) is int else None,
                        limit,
                        "whole",
                        "1",
                        data,
                        order.text,
                    )
        if outcome is None:
            outcome = Unknown(f"{order.client_oid}: {order.failure or 'the reply proves nothing'}")
        with self._lock:
            if type(outcome) is OrderAck:
                del self._claims["", order.client_oid]
                self._accepted += 1
                self._replies += 1
                self._last_latency = latency
                self._total_latency += latency
                self._buckets[bisect_left(BUCKET_BOUNDS, latency)] += 1
                if latency < self._least:
                    self._least = latency
                if latency > self._most:
                    self._most = latency
                if limit is not None:
                    self._rate_limit = limit, time()
            else:
                self._unknown += 1  # and it stays claimed: it may live
        if logger.isEnabledFor(logging.INFO):
            logger.info("%s", outcome)
        return outcome

    # What comes in.

    def _read(self) -> None:
        self._reading.add(threading.get_ident())
        line, clock = self._line, self._clock
        while True:
            text = str(line.receive(), "utf-8")
            self._received_at = received_at = monotonic()
            try:
                message = orjson.loads(text)
            except ValueError:
                logger.warning("unreadable: %.100s", text)
                continue
            if (len(text) >= DEEP_LENGTH or "[" in text) and text.count("[") + text.count("{") > MAX_DEPTH:
                logger.warning("nested too deep")
                continue
            request_id = message.get("id") if type(message) is dict else None
            if type(request_id) is not str:
                logger.warning("no reply: %.100s", text)
                continue
            with self._lock:
                order = self._waiting.pop(request_id, None)
            if order is None:
                logger.warning("late: %.100s", text)
                continue
            order.finished_at = monotonic()
            order.reply = message
            order.text = text
            future = order.future
            if future is None:
                order.ended.release()
            else:
                outcome = self._conclude(order)
                if isinstance(outcome, Unknown):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)
            if not clock.is_known(received_at):
                out_time, now, wall_ms = message.get("outTime"), monotonic(), time() * 1000
                if type(out_time) is int:
                    sent_ms = wall_ms - (now - order.sent_at) * 1000
                    clock.observe(out_time / 1000, sent_ms=sent_ms, received_ms=wall_ms, now=now)

    def _watch(self) -> None:
        """End the futures whose time is over, and a line that is silent while an order waits."""
        while True:
            overdue = []
            with self._lock:
                now = monotonic()
                while self._deadlines and self._deadlines[0][0] <= now:
                    order = self._waiting.get(heappop(self._deadlines)[1])
                    if order is not None:
                        overdue.append(order)
                oldest = next(iter(self._waiting.values()), None)
                if oldest is not None and now > max(oldest.sent_at, self._received_at) + ALIVE_WITHIN:
                    self._given_up = "the line is silent"
                    overdue += [each for each in self._waiting.values() if each not in overdue]
                if not overdue:
                    self._wake_at = now + PROBE_AFTER
                    self._changed.wait(PROBE_AFTER)
            for order in overdue:
                self._end(order, "timeout")


def open_orders(job: Job) -> FutureLine:
    client = WholeOrders(job)
    return FutureLine(lambda: client.place_order(**ORDER), lambda: client.submit_order(**ORDER))
