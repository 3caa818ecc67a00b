"""
The limit of a client with threads: the limit's own line, read by a thread that hands each reply to the caller.

One raw lock a request, and nothing else: whatever a threaded client does for its user comes on top of this. Like
`limit` it is a yardstick, no client.
"""

from __future__ import annotations

import _thread
import select
import ssl
import threading
from itertools import count
from typing import Any

import orjson

from benchmarks.clients.limit import Line
from benchmarks.clients.measure import ORDER
from benchmarks.clients.scenarios import FutureLine
from benchmarks.job import Job

__all__ = ["open_orders"]


class Reply:
    """A reply that may be waited for once."""

    def __init__(self) -> None:
        self.message: dict[str, Any] | None = None
        self.came = _thread.allocate_lock()
        self.came.acquire()

    def result(self, timeout: float | None = None) -> dict[str, Any]:
        if not self.came.acquire(timeout=-1 if timeout is None else timeout):
            raise TimeoutError
        assert self.message is not None
        return self.message


class SharedLine(Line):
    """A `Line` that one thread reads and another one writes: OpenSSL wants one of them at a time."""

    def __init__(self, job: Job, url: str) -> None:
        self.busy = _thread.allocate_lock()
        self.may_share = job.certificate is None
        super().__init__(job, url)
        if not self.may_share:
            self.sock.setblocking(False)
            self.readable = select.poll()
            self.readable.register(self.sock, select.POLLIN)

    def read_more(self) -> None:
        while True:
            try:
                if self.may_share:
                    super().read_more()
                else:
                    with self.busy:
                        super().read_more()
            except ssl.SSLWantReadError:
                self.readable.poll()
            else:
                return

    def send(self, payload: bytes) -> None:
        if self.may_share:
            super().send(payload)
        else:
            with self.busy:
                super().send(payload)


class TwoThreads:
    """The WS API over one `SharedLine`."""

    def __init__(self, job: Job) -> None:
        self._line = SharedLine.logged_in(job)
        self._ids = count(1)
        self._waiting: dict[str, Reply] = {}
        threading.Thread(target=self._read, name="two-threads-reader", daemon=True).start()

    def _read(self) -> None:
        while True:
            message = orjson.loads(self._line.receive())
            reply = self._waiting.pop(message["id"])
            reply.message = message
            reply.came.release()

    def submit_order(self) -> Reply:
        request_id = str(next(self._ids))
        reply = self._waiting[request_id] = Reply()
        args = {"clientOid": request_id, **ORDER}
        self._line.send(orjson.dumps({"id": request_id, "op": "spot.order", "args": args}))
        return reply

    def place_order(self) -> None:
        message = self.submit_order().result()
        if message["code"] != "200000":
            raise AssertionError(message)


def open_orders(job: Job) -> FutureLine:
    client = TwoThreads(job)
    return FutureLine(client.place_order, client.submit_order)
