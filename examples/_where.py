"""Decides where an example connects: to a simulator in this process, or to KuCoin. Sends no orders."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kucoin_sync.simulator import Simulator

CREDENTIALS = ("api_key", "api_secret", "api_passphrase")


@contextmanager
def client_options(*, sends_orders: bool = False) -> Iterator[dict[str, Any]]:
    """
    Yield the options of a client, and keep the simulator open as long as they are used.

    Streams go to KuCoin if KUCOIN_API_KEY is set. Orders go there with ``--live`` on the command line and not
    otherwise; that takes KUCOIN_API_SECRET and KUCOIN_API_PASSPHRASE too.
    """
    if sends_orders and "--live" in sys.argv[1:]:
        print("live: these orders go to KuCoin", file=sys.stderr)
        yield {name: os.environ[f"KUCOIN_{name.upper()}"] for name in CREDENTIALS}
    elif not sends_orders and "KUCOIN_API_KEY" in os.environ:
        yield {}  # the examples read public topics, which need no key
    else:
        with Simulator() as exchange:
            yield exchange.client_options()
