"""The clients that are measured, each run in a process of its own (``__main__``)."""

from __future__ import annotations

import attrs

__all__ = ["CLIENTS", "DEFAULT", "SAFETY", "Client"]

SYNCHRONOUS = frozenset({"orders", "stream", "callers", "latency", "computing orders", "computing stream"})
ORDERS = frozenset({"orders"})
STREAM = frozenset({"stream"})


@attrs.frozen
class Client:
    """
    A client, or one way to use it.

    Attributes:
        module: Module of this package, see ``scenarios``.
        title: How the tables call it.
        measured: What is measured of it: names of `benchmarks.plan`.
        messages: Length of its stream in a full run: about a second's worth at most.
        is_variant: It is another one of these clients with something switched on or off, measured when it is asked for.
    """

    module: str
    title: str
    measured: frozenset[str]
    messages: int = 100_000
    is_variant: bool = False


CLIENTS = {
    "limit": Client("limit", "limit", SYNCHRONOUS - {"callers"}),
    "two-threads": Client("two_threads", "limit of two threads", frozenset({"orders", "callers"})),
    "least-order": Client("least_order", "the least for an order, two threads", frozenset({"orders", "callers"})),
    "whole-order": Client("whole_order", "every promise for an order, by hand", frozenset({"orders", "callers"})),
    "least-update": Client("least_update", "the least for an update", STREAM),
    "least-update-listener": Client("least_update", "the least for an update, listener thread", STREAM),
    "ours": Client(
        "ours",
        "kucoin_sync",
        frozenset(
            {"orders", "stream", "callers", "latency", "computing orders", "typed", "scaling", "idle", "imports"}
        ),
    ),
    "ours-listener": Client(
        "ours", "kucoin_sync, listener thread", frozenset({"stream", "latency", "computing stream"})
    ),
    "ours-stream": Client("ours", "kucoin_sync, stream() loop", STREAM),
    "ours-own-interval": Client(
        "ours", "kucoin_sync, switch_interval=None", frozenset({"computing orders", "computing stream"})
    ),
    "okx": Client("okx", "kucoin_sync.okx", ORDERS),
    "websockets": Client("sync_websockets", "websockets.sync + Future", SYNCHRONOUS, 60_000),
    "plain": Client("plain", "websocket-client, written plainly", SYNCHRONOUS, 12_000),
    "picows": Client("asyncio_picows", "picows (asyncio)", frozenset({"orders", "stream", "latency"})),
    "node": Client("node_kucoin_api", "kucoin-api (Node)", frozenset({"orders", "stream", "latency"})),
    "kucoin-sdk": Client("kucoin_sdk", "kucoin-universal-sdk", ORDERS | STREAM, 12_000),
    "python-kucoin": Client("python_kucoin", "python-kucoin (asyncio)", STREAM, 30_000),
    "ours-no-ledger": Client("ours", "kucoin_sync without its ledger", ORDERS, is_variant=True),
    "ours-no-probe": Client("ours", "kucoin_sync, probe after an hour", ORDERS, is_variant=True),
    "ours-journal": Client("ours", "kucoin_sync with a journal", ORDERS, is_variant=True),
}
DEFAULT = tuple(name for name, client in CLIENTS.items() if not client.is_variant)
SAFETY = ("ours", *(name for name, client in CLIENTS.items() if client.is_variant))
"""What the safety of orders costs: the same client with parts of it off, or more of it on."""
