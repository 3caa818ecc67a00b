"""
``websockets.sync.client`` with a reader thread and a dict of ``concurrent.futures.Future`` by id.

Written with more care than `plain`: orjson where installed, ids from a counter, no compression.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from benchmarks.clients.measure import ORDER
from benchmarks.clients.scenarios import FutureLine, Take
from benchmarks.job import Job

try:
    import orjson as json
except ImportError:
    import json  # type: ignore[no-redef]


__all__ = ["open_orders", "read_stream"]


class SyncClient:
    """One connection and its reader thread."""

    def __init__(self, job: Job, url: str, on_message: Callable[[dict[str, Any]], object]) -> None:
        self.timeout = job.time_limit
        self.ws = connect(url, ssl=job.ssl_context(), compression=None, ping_interval=None, proxy=None)
        self.on_message = on_message
        self.ids = count(1)
        self.futures: dict[str, Future[dict[str, Any]]] = {}
        self.reader = threading.Thread(target=self.read, name="websockets-reader", daemon=True)

    def start(self) -> None:
        self.reader.start()

    def read(self) -> None:
        while True:
            try:
                text = self.ws.recv(decode=False)
            except ConnectionClosed:
                return
            message = json.loads(text)
            future = self.futures.pop(message.get("id"), None)
            if future is None:
                self.on_message(message)
            else:
                future.set_result(message)

    def send_request(self, request: dict[str, Any]) -> Future[dict[str, Any]]:
        request_id = str(next(self.ids))
        future: Future[dict[str, Any]] = Future()
        self.futures[request_id] = future
        self.ws.send(json.dumps({"id": request_id, **request}), text=True)
        return future

    def submit_order(self) -> Future[dict[str, Any]]:
        return self.send_request({"op": "spot.order", "args": {"clientOid": str(next(self.ids)), **ORDER}})

    def place_order(self) -> dict[str, Any]:
        reply = self.submit_order().result(self.timeout)
        if reply["code"] != "200000":
            raise AssertionError(reply)
        return reply


def open_orders(job: Job) -> FutureLine:
    url = f"{job.private_url}?apikey=websockets&timestamp=0&sign=s&passphrase=p"
    client = SyncClient(job, url, lambda message: None)
    client.ws.recv()  # challenge
    client.ws.send("any answer will do")
    client.ws.recv()  # welcome
    client.start()
    return FutureLine(client.place_order, client.submit_order)


def read_stream(job: Job, take: Take) -> object:
    def on_message(message: dict[str, Any]) -> None:
        if message["type"] == "message":
            take(message["data"])

    client = SyncClient(job, f"{job.stream_url}?token=t&connectId=websockets", on_message)
    client.ws.recv()  # welcome
    client.start()
    client.send_request({"type": "subscribe", "topic": job.topic, "response": True}).result(job.time_limit)
    return client
