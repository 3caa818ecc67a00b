"""
websocket-client as one would write it on the first day.

``create_connection``, a reader thread that calls ``recv()``, the standard json, ids from uuid4, a dict of
``concurrent.futures.Future`` by id, one function call per message.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import websocket

from benchmarks.clients.measure import ORDER
from benchmarks.clients.scenarios import FutureLine, Take
from benchmarks.job import Job

__all__ = ["open_orders", "read_stream"]


class PlainClient:
    """One connection and its reader thread."""

    def __init__(self, job: Job, url: str, on_message: Callable[[dict[str, Any]], object]) -> None:
        self.timeout = job.time_limit
        context = job.ssl_context()
        self.ws = websocket.create_connection(url, sslopt={"context": context} if context else None)
        self.on_message = on_message
        self.futures: dict[str, Future[dict[str, Any]]] = {}
        self.reader = threading.Thread(target=self.read, name="plain-reader", daemon=True)

    def start(self) -> None:
        self.reader.start()

    def read(self) -> None:
        while True:
            try:
                text = self.ws.recv()
            except (websocket.WebSocketException, OSError):
                return
            message = json.loads(text)
            future = self.futures.pop(message.get("id"), None)
            if future is None:
                self.on_message(message)
            else:
                future.set_result(message)

    def send_request(self, request: dict[str, Any]) -> Future[dict[str, Any]]:
        request_id = str(uuid.uuid4())
        future: Future[dict[str, Any]] = Future()
        self.futures[request_id] = future
        self.ws.send(json.dumps({"id": request_id, **request}))
        return future

    def submit_order(self) -> Future[dict[str, Any]]:
        return self.send_request({"op": "spot.order", "args": {"clientOid": str(uuid.uuid4()), **ORDER}})

    def place_order(self) -> dict[str, Any]:
        reply = self.submit_order().result(self.timeout)
        if reply["code"] != "200000":
            raise AssertionError(reply)
        return reply


def open_orders(job: Job) -> FutureLine:
    url = f"{job.private_url}?apikey=plain&timestamp=0&sign=s&passphrase=p"
    client = PlainClient(job, url, lambda message: None)
    client.ws.recv()  # challenge
    client.ws.send("any answer will do")
    client.ws.recv()  # welcome
    client.start()
    return FutureLine(client.place_order, client.submit_order)


def read_stream(job: Job, take: Take) -> object:
    def on_message(message: dict[str, Any]) -> None:
        if message["type"] == "message":
            take(message["data"])

    client = PlainClient(job, f"{job.stream_url}?token=t&connectId=plain", on_message)
    client.ws.recv()  # welcome
    client.start()
    client.send_request({"type": "subscribe", "topic": job.topic, "response": True}).result(job.time_limit)
    return client
