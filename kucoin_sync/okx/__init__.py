"""
OKX: what its connections are, how they are spelled, and the clients made of them.

::

    from kucoin_sync.okx import WebsocketClient, topics

    with WebsocketClient() as client:
        for update in client.stream(topics.tickers("BTC-USDT")):
            print(update.typed[0].last_price)
"""

from typing import TYPE_CHECKING, Any

from kucoin_sync.okx import topics
from kucoin_sync.okx.api_client import WebsocketAPIClient
from kucoin_sync.okx.client import WebsocketClient
from kucoin_sync.okx.keys import WS_KEY_MAP, WsKey
from kucoin_sync.okx.options import Account, Options

if TYPE_CHECKING:
    from kucoin_sync.okx import models

__all__ = [
    "WS_KEY_MAP",
    "Account",
    "Options",
    "WebsocketAPIClient",
    "WebsocketClient",
    "WsKey",
    "models",
    "topics",
]


def __getattr__(name: str) -> Any:
    """As that of `kucoin_sync`."""
    if name != "models":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return importlib.import_module(f"{__name__}.models")
