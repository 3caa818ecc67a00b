"""The process with the simulator and the proxies in front of it, which does what a network and a server may do."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.child import answer_parent
from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.kucoin_server import V1_PATHS
from tests.peers import FaultProxy

__all__ = ["ORDERS", "STREAM"]

STREAM, ORDERS = "stream", "orders"
"""Names of the two proxies."""


class Network:
    """
    The faults. What `do` returns is the monotonic clock when the fault began, or when it was over: on Linux all
    processes of a machine read the same one.

    Args:
        exchange: Running.
        proxies: In front of it, by name.
    """

    def __init__(self, exchange: Simulator, proxies: dict[str, FaultProxy]) -> None:
        self._exchange = exchange
        self._proxies = proxies

    def do(self, command: str, details: dict[str, Any]) -> float:
        """Do what the parent asks for."""
        began = time.monotonic()
        if command == "fin":
            self._exchange.cut(reset=False)
        elif command == "rst":
            for proxy in self._proxies.values():
                proxy.cut()
        elif command == "hole":
            for name in details["proxies"]:
                self._proxies[name].blackhole()
        elif command == "heal":
            proxy = self._proxies[details["proxy"]]
            proxy.cut()  # what fell into the hole, of which nobody knows any more
            proxy.heal()
            return time.monotonic()
        elif command == "stop":
            self._exchange.stop()
        elif command == "start":
            self._exchange.start()
            return time.monotonic()
        else:
            raise ValueError(command)
        return began


def main() -> None:
    options = json.loads(sys.argv[1])
    exchange = Simulator(market_maker=False, limits="off", tls=options["tls"], balances={"USDT": "1000000000"})
    with exchange:
        if exchange.ca_pem is not None:
            Path(options["ca_file"]).write_bytes(exchange.ca_pem)
        port = int(exchange.url.rpartition(":")[2])
        with FaultProxy("127.0.0.1", port) as stream, FaultProxy("127.0.0.1", port) as orders:
            proxies = {STREAM: stream, ORDERS: orders}
            path = next(path for path, product in V1_PATHS.items() if product == "spot")
            scheme = "wss" if options["tls"] else "ws"
            # The answer to the token call sends the stream through its proxy.
            server = {
                "endpoint": f"{scheme}://127.0.0.1:{stream.port}{path}",
                "encrypt": options["tls"],
                "protocol": "websocket",
                "pingInterval": 18000,
                "pingTimeout": 10000,
            }
            exchange.edit_rest("/bullet-", {"data": {"instanceServers": [server]}}, count=None)
            ready = {"url": exchange.url, "ws_api": f"{scheme}://127.0.0.1:{orders.port}/v1/private"}
            answer_parent(ready, Network(exchange, proxies).do)


if __name__ == "__main__":
    main()
