"""
KuCoin's own SDK for Python, unmodified: its order line of the unified account, and its classic stream.

The address of the order line is an attribute of a class of the SDK. The server answers orders of both forms alike.
"""

from __future__ import annotations

import os
from itertools import count
from typing import Any

import requests.adapters
from kucoin_universal_sdk.api import DefaultClient
from kucoin_universal_sdk.internal.infra.uta_private_trade_ws_service import UtaPrivateTradeWsService
from kucoin_universal_sdk.model import ClientOptionBuilder, TransportOptionBuilder, WebSocketClientOptionBuilder

from benchmarks.clients.measure import round_trips
from benchmarks.clients.scenarios import Take
from benchmarks.job import Job

__all__ = ["orders", "read_stream"]

ORDER = {
    "tradeType": "SPOT",
    "symbol": "BTC-USDT",
    "side": "BUY",
    "orderType": "LIMIT",
    "price": "20000",
    "size": "0.0001",
    "sizeUnit": "BASECCY",
    "timeInForce": "GTC",
}


def _streams(job: Job) -> Any:
    if job.certificate is not None:
        # The SDK takes no certificates and asks no environment: what it is built on is told whom to trust.
        requests.adapters.DEFAULT_CA_BUNDLE_PATH = job.certificate
        os.environ["WEBSOCKET_CLIENT_CA_BUNDLE"] = job.certificate
    options = (
        ClientOptionBuilder()
        .set_key("simulator-bench")
        .set_secret("s")
        .set_passphrase("p")
        .set_spot_endpoint(job.rest_url)
        .set_futures_endpoint(job.rest_url)
        .set_broker_endpoint(job.rest_url)
        .set_transport_option(TransportOptionBuilder().build())
        .set_websocket_client_option(WebSocketClientOptionBuilder().build())
    )
    return DefaultClient(options.build()).ws_service()


def orders(job: Job) -> dict[str, Any]:
    """Measure round trips; the SDK has no way to keep several orders in flight from one thread."""
    UtaPrivateTradeWsService.ENDPOINT = job.private_url
    trade = _streams(job).new_uta_private_trade_ws()
    trade.start()
    ids = count(1)
    return round_trips(lambda: trade.place_order({**ORDER, "clientOid": str(next(ids))}), job)


def read_stream(job: Job, take: Take) -> object:
    service = _streams(job).new_spot_public_ws()
    service.start()
    symbol = job.topic.partition(":")[2]
    service.ticker([symbol], lambda topic, subject, data: take(vars(data)))
    return service
