"""kucoin_sync as its users write it, with everything it checks and keeps switched on."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.clients.measure import ORDER, Tally, in_flight, round_trips
from benchmarks.job import Job
from kucoin_sync import WebsocketAPIClient, WebsocketClient, WsKey

__all__ = ["orders", "stream"]


def orders(job: Job) -> dict[str, Any]:
    api = WebsocketAPIClient(
        api_key="simulator-bench",
        api_secret="s",
        api_passphrase="p",
        hosts={"spot_rest": job.rest_url, "ws_api": job.private_url},
        ssl_context=job.ssl_context(),
        **_variant(job),
    )
    if job.client == "ours-no-ledger":
        # Not an option, for good reasons: it is taken out from below, to see what it costs.
        ledger = api.get_ws_client()._desk._ledger
        ledger.begin = ledger.end = _nothing  # type: ignore[method-assign]
    api.connect_ws_api()
    result = round_trips(partial(api.submit_new_spot_order, **ORDER), job)
    if job.pipelined:
        result |= in_flight(partial(api.nowait.submit_new_spot_order, **ORDER), job)
    api.close()
    return result


def _variant(job: Job) -> dict[str, Any]:
    """Return the options that a variant differs in."""
    if job.client == "ours-journal":
        return {"journal": Path(tempfile.mkdtemp(), "orders.journal")}
    return {"probe_after": 3600.0} if job.client == "ours-no-probe" else {}


def _nothing(_: object) -> None: ...


def stream(job: Job) -> dict[str, Any]:
    client = WebsocketClient(
        hosts={"spot_rest": job.rest_url},
        ssl_context=job.ssl_context(),
        inline_listeners=job.client == "ours",
    )
    tally = Tally(job)
    if job.client == "ours-stream":
        return _read_loop(client, tally, job)
    client.on("update", lambda update: tally.count(update.data))
    client.subscribe(job.topic, WsKey.SPOT_PUBLIC_V1)
    result = tally.wait(job.time_limit)
    client.close()
    return result


def _read_loop(client: WebsocketClient, tally: Tally, job: Job) -> dict[str, Any]:
    # As long as the stream, so that nothing is dropped when the reader thread is the quicker one.
    updates = client.stream(job.topic, WsKey.SPOT_PUBLIC_V1, overflow="drop_oldest", maxlen=job.messages + 10)
    for update in updates:
        if tally.count(update.data):
            break
    result = tally.wait(job.time_limit)
    client.close()
    return result
