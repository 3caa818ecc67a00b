"""Targets that keep a line open: streams and order entry, fed with frames."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from benchmarks.bad_inputs.inputs import Chunk, Finding, Input
from benchmarks.bad_inputs.peer import Request, Wire
from benchmarks.bad_inputs.play import (
    SESSION,
    Target,
    challenge,
    good_push,
    text_frame,
    trade_welcome,
    upgrade,
    welcome,
)
from benchmarks.bad_inputs.texts import KNOWN_ID
from benchmarks.bad_inputs.watch import GOOD, check_error
from kucoin_sync import DeadlineExceeded, KucoinSyncError, OutcomeUnknown, Rejected, WebsocketAPIClient, WebsocketClient
from tests.peers.frames import frame
from tests.peers.waiting import background

__all__ = ["OrderLine", "StreamLine"]

_ORDER = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.0001"}
_TOPICS = {"classic": "/market/ticker:BTC-USDT", "pro": "ticker.SPOT:BTC-USDT"}
_KEYS = {"classic": "spotPublicV1", "pro": "spotPublicProV2"}
_LOOK = 0.2
"""Seconds between two looks at whether the line still stands, while a good message is awaited."""


class _OpenLine(Target):
    """A client with one line; subclasses say how it is opened and what a good message is."""

    wire: Wire
    known_id = ""

    def _open_line(self) -> None:
        """Play the opening, after whatever else the client asks for first."""
        while True:
            wire = self.accept()
            request = wire.read_request()
            if not request.upgrades:
                self.serve_call(wire, request)
                continue
            wire.send(upgrade(request))
            self._greet(wire, request)
            self.wire = wire
            self.lines_opened += 1
            return

    def _greet(self, wire: Wire, request: Request) -> None:
        raise NotImplementedError

    def _bytes_of(self, one: Input) -> bytes:
        if one.mutation == "known id" and one.payload is not None:
            return frame(one.opcode, one.payload.replace(KNOWN_ID.encode(), self.known_id.encode()))
        return one.data

    def _end_line(self, ender: Input) -> None:
        """Wait for the end of the line, and for the next one."""
        try:
            if ender.ends == "rst":
                self.wire.rst()
            else:
                if ender.ends == "fin":
                    self.wire.fin()
                self.wire.end()
        except TimeoutError:
            raise Finding("line", f"the client did not end the line after {ender.mutation}") from None
        except OSError:
            self.wire.close()
        self.lines_ended += 1
        try:
            self._open_line()
        except (OSError, EOFError) as error:
            raise Finding("line", f"no new line after {ender.mutation}: {error!r}") from None

    def _check_line(self) -> None:
        """Raise Finding if the client ended the line though nothing called for it."""
        self.watch.check()
        if not self.wire.discard_waiting():
            raise Finding("line", "the client ended the line after inputs that keep it")

    def end_opening(self) -> None:
        """Close the present line, so that closing the client need not wait for us."""
        self.wire.close()


class StreamLine(_OpenLine):
    """
    A subscribed stream. Its good messages are numbered pushes; both the loop over the stream and a listener get them.

    Args:
        system: ``classic`` or ``pro``.
    """

    def __init__(self, system: str, **settings: Any) -> None:
        super().__init__(**settings)
        self._system = system

    def open(self) -> None:
        self.client = client = WebsocketClient(**self.options())
        self.watch.attach(client)
        stream = background(client.stream, _TOPICS[self._system], _KEYS[self._system], timeout=self.limit)
        self._open_line()
        self._stream = stream.result(self.limit)

    def _greet(self, wire: Wire, request: Request) -> None:
        wire.send(welcome(self._system))
        command = json.loads(wire.read_text())
        self.known_id = command["id"]
        yes = {"type": "ack"} if self._system == "classic" else {"result": True}
        wire.send(text_frame({"id": self.known_id, **yes}))

    def run(self, chunk: Chunk) -> None:
        data, first, sent = bytearray(), self.good + 1, self.good
        for batch in chunk.batches:
            data += b"".join(map(self._bytes_of, batch))
            sent += 1
            data += good_push(self._system, sent)
        ender = chunk.ender
        if ender is not None and ender.ends != "rst":  # a reset may overtake good messages that were sent before
            data += ender.data
        try:
            self.wire.send(bytes(data))
        except OSError as error:
            if ender is None or ender.ends != "client":
                raise Finding("line", f"the client ended the line after inputs that keep it: {error!r}") from None
        self._take_goods(first, sent)
        if ender is not None:
            if ender.ends == "rst":
                self.wire.send(ender.data)
            self._end_line(ender)
        else:
            self._check_line()

    def _take_goods(self, first: int, last: int) -> None:
        since = time.perf_counter()
        for number in range(first, last + 1):
            self.good_sent += 1
            while True:
                got = self._next_push(number, since)
                data = got.data
                if type(data) is dict and data.get("mark") == GOOD:
                    break
            if data["n"] != number:
                raise Finding("loss", f"good message {data['n']} came instead of {number}")
            self.good = number
            self.good_delivered += 1
        self.watch.wait(lambda: self.watch.good >= last, self.limit, f"the listener to get good message {last}")
        self.worst_delay = max(self.worst_delay, time.perf_counter() - since)

    def _next_push(self, number: int, since: float) -> Any:
        while True:
            try:
                return self._stream.get(_LOOK)
            except DeadlineExceeded:
                self.watch.check()
                if self.watch.suspended > self.lines_ended:  # and what came before that was taken out of the stream
                    raise Finding("line", f"the line was over before good message {number} was delivered") from None
                if time.perf_counter() - since > self.limit:
                    raise Finding("loss", f"good message {number} did not arrive in {self.limit:g} s") from None
            except Exception as error:
                raise Finding("exception", f"the stream ended: {error!r}") from None


class OrderLine(_OpenLine):
    """
    Order entry. Its good messages are replies to orders: each must end its own call, after bad inputs came first.

    Spoilt replies that bear an id bear that of another order in flight, whose call must end as the library promises,
    whichever way; every other time its right reply has come before, and they are late.
    """

    def open(self) -> None:
        self._api = api = WebsocketAPIClient(**self.options())
        self.client = api.get_ws_client()
        self.watch.attach(self.client)
        opened = background(self.client.connect, "wsApiSpotV1", timeout=self.limit)
        self._open_line()
        opened.result(self.limit)

    def _greet(self, wire: Wire, request: Request) -> None:
        before = self.watch.opened
        wire.send(challenge())
        wire.read_text()  # its signature
        wire.send(trade_welcome())
        self.watch.wait(lambda: self.watch.opened > before, self.limit, "the order line to be ready")

    def run(self, chunk: Chunk) -> None:
        for batch in chunk.batches:
            number = self.good = self.good + 1
            self.good_sent += 1
            other = None
            if number % 2 and any(one.mutation == "known id" for one in batch):
                other, spoilt = self._place()
                self.known_id = spoilt["id"]
            future, request = self._place()
            data = b"".join(map(self._bytes_of, batch))
            if other is not None:
                data += _yes(spoilt, f"{SESSION}-late")
            since = time.perf_counter()
            self._send(data + _yes(request, f"{SESSION}-{number}"))
            ack = self._result(future.result)
            if other is not None:
                self._expect_any_end(other)
            if ack.order_id != f"{SESSION}-{number}":
                raise Finding("loss", f"the order got the answer {ack.order_id} instead of number {number}")
            self.worst_delay = max(self.worst_delay, time.perf_counter() - since)
            self.good_delivered += 1
            self.known_id = request["id"]
        if chunk.ender is None:
            self._check_line()
        else:
            future, _ = self._place()
            self._send(chunk.ender.data)
            self._end_line(chunk.ender)
            self._expect_unknown(future)

    def _place(self) -> tuple[Future[Any], dict[str, Any]]:
        future = self._api.nowait.submit_new_spot_order(_ORDER, timeout=self.limit)
        try:
            return future, json.loads(self.wire.read_text())
        except (EOFError, OSError) as error:
            raise Finding("line", f"no order came ({error!r}); its call says {future!r}") from None

    def _send(self, data: bytes) -> None:
        try:
            self.wire.send(data)
        except OSError as error:
            raise Finding("line", f"the client ended the line after inputs that keep it: {error!r}") from None

    def _result(self, result: Callable[[float], Any]) -> Any:
        try:
            return result(self.limit + 1)
        except KucoinSyncError as error:
            self.watch.check()
            raise Finding("loss", f"the order call ended with {error!r}, {error}") from None
        except BaseException as error:
            raise Finding("exception", f"the order call ended with {error!r}") from None

    def _expect_any_end(self, future: Future[Any]) -> None:
        try:
            future.result(self.limit + 1)
        except (Rejected, OutcomeUnknown) as error:
            wrong = check_error(error)
            if wrong is not None:
                raise Finding("exception", f"an order call raised {wrong}") from None
        except BaseException as error:
            raise Finding("exception", f"an order with a spoilt reply ended with {error!r}") from None

    def _expect_unknown(self, future: Future[Any]) -> None:
        try:
            ack = future.result(self.limit + 1)
        except OutcomeUnknown:
            return
        except BaseException as error:
            raise Finding("exception", f"an order without an answer ended with {error!r}") from None
        raise Finding("accepted", f"an order without an answer ended with {ack!r}")


def _yes(request: dict[str, Any], order_id: str) -> bytes:
    """Return the right reply to an order."""
    return text_frame(
        {
            "id": request["id"],
            "op": request["op"],
            "code": "200000",
            "data": {"orderId": order_id, "clientOid": request["args"]["clientOid"]},
            "inTime": 1,
            "outTime": 2,
        }
    )
