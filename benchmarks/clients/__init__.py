"""
The clients that are measured, each run in a process of its own (``__main__``).

A client module has ``orders(job)`` and ``stream(job)``; each returns a dict of numbers for the runner.
"""

from __future__ import annotations

import attrs

__all__ = ["CLIENTS", "DEFAULT", "SAFETY", "Client"]


@attrs.frozen
class Client:
    """
    A client, or one way to use it.

    Attributes:
        module: Module of this package.
        title: How the table calls it.
        is_stream_only: It is a way to read streams; orders are measured under another name.
        messages: Length of its stream in a full run: about a second's worth at most.
        is_orders_only: Its streams are not measured.
        is_variant: It is another one of these clients with something switched on or off, measured for orders only and
            when it is asked for.
    """

    module: str
    title: str
    messages: int
    is_stream_only: bool = False
    is_orders_only: bool = False
    is_variant: bool = False


CLIENTS = {
    "limit": Client("limit", "limit", 100_000),
    "ours": Client("ours", "kucoin_sync", 100_000),
    "ours-listener": Client("ours", "kucoin_sync, listener thread", 100_000, is_stream_only=True),
    "ours-stream": Client("ours", "kucoin_sync, stream() loop", 100_000, is_stream_only=True),
    "okx": Client("okx", "kucoin_sync.okx", 0, is_orders_only=True),
    "websockets": Client("sync_websockets", "websockets.sync + Future", 60_000),
    "plain": Client("plain", "websocket-client, written plainly", 12_000),
    "ours-no-ledger": Client("ours", "kucoin_sync without its ledger", 0, is_variant=True),
    "ours-no-probe": Client("ours", "kucoin_sync, probe after an hour", 0, is_variant=True),
    "ours-journal": Client("ours", "kucoin_sync with a journal", 0, is_variant=True),
}
DEFAULT = tuple(name for name, client in CLIENTS.items() if not client.is_variant)
SAFETY = ("ours", *(name for name, client in CLIENTS.items() if client.is_variant))
"""What the safety of orders costs: the same client with parts of it off, or more of it on."""
