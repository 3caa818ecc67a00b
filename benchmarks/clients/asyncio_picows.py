"""picows on asyncio's own event loop: no threads, frames parsed in C; what asynchronous Python can do."""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import count
from time import perf_counter, perf_counter_ns
from typing import Any, cast

import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.clients.measure import ORDER, Lateness, Tally, percentiles, rate
from benchmarks.clients.scenarios import Take
from benchmarks.job import Job

__all__ = ["latency", "orders", "stream"]


class Orders(WSListener):
    """The WS API: the answer to each order resolves a future of the event loop."""

    def __init__(self) -> None:
        self.futures: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.ids = count(1)
        self.loop = asyncio.get_running_loop()
        self.is_ready = self.loop.create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        message = orjson.loads(frame.get_payload_as_memoryview())
        future = self.futures.pop(message.get("id"), None)
        if future is not None:
            future.set_result(message)
        elif "data" in message:  # welcome
            self.is_ready.set_result(None)
        else:  # challenge
            transport.send(WSMsgType.TEXT, b"any answer will do")

    def submit_order(self) -> asyncio.Future[dict[str, Any]]:
        request_id = str(next(self.ids))
        future = self.loop.create_future()
        self.futures[request_id] = future
        order = {"id": request_id, "op": "spot.order", "args": {"clientOid": request_id, **ORDER}}
        self.transport.send(WSMsgType.TEXT, orjson.dumps(order))
        return future


class Stream(WSListener):
    """One topic."""

    def __init__(self, job: Job, take: Take) -> None:
        self.job, self.take = job, take

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        message = orjson.loads(frame.get_payload_as_memoryview())
        if message["type"] == "message":
            if self.take(message["data"]):
                transport.disconnect()
        elif message["type"] == "welcome":
            subscribe = {"id": "1", "type": "subscribe", "topic": self.job.topic, "response": True}
            transport.send(WSMsgType.TEXT, orjson.dumps(subscribe))


def orders(job: Job) -> dict[str, Any]:
    return asyncio.run(_orders(job))


async def _orders(job: Job) -> dict[str, Any]:
    url = f"{job.private_url}?apikey=picows&timestamp=0&sign=s&passphrase=p"
    _, made = await ws_connect(Orders, url, ssl_context=job.ssl_context())
    line = cast(Orders, made)
    await asyncio.wait_for(line.is_ready, job.time_limit)
    for _ in range(job.warm_up):
        await line.submit_order()
    took = []
    before = perf_counter_ns()
    stop = before + int(job.time_limit * 1e9)
    for _ in range(job.round_trips):
        await line.submit_order()
        now = perf_counter_ns()
        took.append(now - before)
        if now > stop:
            break
        before = now
    result = {"round_trips": len(took), **percentiles(took)}
    return result | await _keep_in_flight(line, job) if job.pipelined else result


async def _keep_in_flight(line: Orders, job: Job) -> dict[str, Any]:
    waiting: deque[asyncio.Future[dict[str, Any]]] = deque()
    started = perf_counter()
    for _ in range(job.pipelined):
        if len(waiting) == job.window:
            await waiting.popleft()
        waiting.append(line.submit_order())
    while waiting:
        await waiting.popleft()
    return rate(job.pipelined, perf_counter() - started)


def stream(job: Job) -> dict[str, Any]:
    tally = Tally(job)
    asyncio.run(_read(job, tally.take))
    return tally.wait(0)


def latency(job: Job) -> dict[str, Any]:
    lateness = Lateness(job)
    asyncio.run(_read(job, lateness.take))
    return lateness.wait(0)


async def _read(job: Job, take: Take) -> None:
    url = f"{job.stream_url}?token=t&connectId=picows"
    transport, _ = await ws_connect(lambda: Stream(job, take), url, ssl_context=job.ssl_context())
    await asyncio.wait_for(transport.wait_disconnected(), job.time_limit)
