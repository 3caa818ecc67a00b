"""kucoin_sync.okx as its users write it; the server takes its orders as it takes those of KuCoin."""

from __future__ import annotations

from functools import partial
from typing import Any

from benchmarks.clients.scenarios import FutureLine
from benchmarks.job import Job
from kucoin_sync.okx import WebsocketAPIClient

__all__ = ["open_orders"]

# With the number of its instrument, for the server has no list of them.
ORDER: dict[str, Any] = {
    "inst_id": "BTC-USDT",
    "inst_id_code": 7,
    "td_mode": "cash",
    "side": "buy",
    "ord_type": "limit",
    "px": "20000",
    "sz": "0.0001",
}


def open_orders(job: Job) -> FutureLine:
    api = WebsocketAPIClient(
        api_key="simulator-bench",
        api_secret="s",
        api_passphrase="p",
        hosts={"rest": job.rest_url, "ws": job.host_url},
        ssl_context=job.ssl_context(),
    )
    api.get_ws_client().connect("prodPrivate")
    return FutureLine(partial(api.submit_new_order, **ORDER), partial(api.nowait.submit_new_order, **ORDER))
