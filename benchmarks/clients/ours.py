"""kucoin_sync as its users write it, with everything it checks and keeps switched on."""

from __future__ import annotations

import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.bad_inputs.watch import resident_bytes, return_free_memory
from benchmarks.clients.imports import imports
from benchmarks.clients.measure import ORDER, Tally
from benchmarks.clients.scenarios import FutureLine, Take
from benchmarks.job import Job
from kucoin_sync import Update, WebsocketAPIClient, WebsocketClient, WsKey

__all__ = ["idle", "imports", "open_orders", "read_stream", "typed"]

KEYS: dict[str, Any] = {"api_key": "simulator-bench", "api_secret": "s", "api_passphrase": "p"}
INLINE = "ours"
"""The client whose listeners run on the reading thread."""

SUBSCRIBE_TIMEOUT = 30.0


def open_orders(job: Job) -> FutureLine:
    api = _api_client(job, **_variant(job))
    if job.client == "ours-no-ledger":
        # Not an option, for good reasons: it is taken out from below, to see what it costs.
        ledger = api.get_ws_client()._desk._ledger
        ledger.begin = ledger.end = _nothing  # type: ignore[method-assign,assignment]
    api.connect_ws_api()
    return FutureLine(
        partial(api.submit_new_spot_order, **ORDER),
        partial(api.nowait.submit_new_spot_order, **ORDER),
    )


def _api_client(job: Job, **options: Any) -> WebsocketAPIClient:
    hosts = {"spot_rest": job.rest_url, "futures_rest": job.rest_url, "ws_api": job.private_url}
    return WebsocketAPIClient(**KEYS, hosts=hosts, ssl_context=job.ssl_context(), **options)


def _variant(job: Job) -> dict[str, Any]:
    """Return the options that a variant differs in."""
    if job.client == "ours-journal":
        return {"journal": Path(tempfile.mkdtemp(), "orders.journal")}
    if job.client == "ours-own-interval":
        return {"switch_interval": None}
    return {"probe_after": 3600.0} if job.client == "ours-no-probe" else {}


def _nothing(_: object) -> None: ...


def _stream_client(job: Job, **options: Any) -> WebsocketClient:
    hosts = {"spot_rest": job.rest_url, "futures_rest": job.rest_url}
    return WebsocketClient(hosts=hosts, ssl_context=job.ssl_context(), **_variant(job), **options)


def read_stream(job: Job, take: Take) -> object:
    if job.client == "ours-stream":
        client = _stream_client(job)
        _read_loop(client, job, take)
        return client
    clients = [_stream_client(job, inline_listeners=job.client == INLINE) for _ in range(job.connections)]
    for number, client in enumerate(clients):
        for _ in range(job.listeners - 1):
            client.on("update", _nothing)
        client.on("update", lambda update: take(update.data))
        if topics := job.topics_of(number):
            client.subscribe(topics, WsKey.SPOT_PUBLIC_V1, timeout=SUBSCRIBE_TIMEOUT)
    clients[0].subscribe(job.topic, WsKey.SPOT_PUBLIC_V1)
    return clients


def _read_loop(client: WebsocketClient, job: Job, take: Take) -> None:
    # As long as the stream, so that nothing is dropped when the reader thread is the quicker one.
    updates = client.stream(job.topic, WsKey.SPOT_PUBLIC_V1, overflow="drop_oldest", maxlen=job.messages + 10)
    for update in updates:
        if take(update.data):
            break


def typed(job: Job) -> dict[str, Any]:
    """Measure a stream of which every model is asked for, and then the models alone, of one update."""
    tally = Tally(job)
    client = _stream_client(job, inline_listeners=True)
    updates: list[Update] = []

    def take(update: Update) -> None:
        if not updates:
            updates.append(update)
        if not update.typed.sequence:
            raise AssertionError(update)
        tally.take(update.data)

    client.on("update", take)
    client.subscribe(job.topic, WsKey.SPOT_PUBLIC_V1)
    result = tally.wait(job.time_limit)
    update = updates[0]
    before = time.perf_counter()
    for _ in range(job.messages):
        update.typed  # noqa: B018  (made anew whenever it is asked for)
    return result | {"models_per_s": job.messages / (time.perf_counter() - before)}


def idle(job: Job) -> dict[str, Any]:
    """
    Measure what nine connections cost while nothing is sent.

    They are four streams and two order lines, and three streams of a second client. One more is open before and until
    memory was counted, so that what is loaded once for all of them does not count.
    """
    first = _stream_client(job)
    first.connect(WsKey.SPOT_PUBLIC_V1)
    return_free_memory()
    memory, threads = resident_bytes(), threading.active_count()
    streams = [_stream_client(job, **KEYS) for _ in range(2)]
    keys = [WsKey.SPOT_PUBLIC_V1, WsKey.FUTURES_PUBLIC_V1, WsKey.SPOT_PRIVATE_V1, WsKey.FUTURES_PRIVATE_V1]
    lines = [(streams[0], key) for key in keys] + [(streams[1], key) for key in keys[:3]]
    orders = _api_client(job).get_ws_client()
    lines += [(orders, WsKey.WS_API_SPOT_V1), (orders, WsKey.WS_API_FUTURES_V1)]
    for client, key in lines:
        client.connect(key)
    return_free_memory()
    memory, threads = resident_bytes() - memory, threading.active_count() - threads
    first.close()
    started, used = time.perf_counter(), time.process_time()
    threading.Event().wait(job.idle)
    used, seconds = time.process_time() - used, time.perf_counter() - started
    return {
        "cpu_percent": used / seconds * 100,
        "threads": threads / len(lines),
        "kib": memory / 1024 / len(lines),
        "seconds": seconds,
    }
