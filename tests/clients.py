"""
Clients for tests: pointed at a scripted peer, with short delays, closed after the test.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

from kucoin_sync import WebsocketAPIClient, WebsocketClient
from tests.peers import Line, ScriptedPeer, client_context

ORDER = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.0001"}
TICKER = "/market/ticker:BTC-USDT"
SPOT = "spotPublicV1"
ORDERS = "wsApiSpotV1"
CREDENTIALS = {
    "api_key": "simulator-key",
    # Searched for in all that a test run writes: see `canary`. With characters that change where they are encoded.
    "api_secret": 'simulator-canary+sE7/k9=Xw&%41"q',
    "api_passphrase": 'simulator-canary/pA5+z2=Vb&%42"t',
}
DELAYS = {"reconnect_timeout": 0.01, "close_timeout": 0.2, "probe_after": 20.0}
"""
Options of tests: little to wait for, and no probe between the messages that a test looks at, however slow the machine
is that day. Tests of probes set their own.
"""


class Clients(ExitStack):
    """Makes clients; the block's end closes them."""

    def stream_client(self, peer: ScriptedPeer, **options: Any) -> WebsocketClient:
        """A client whose streams go to ``peer``."""
        return self.enter_context(WebsocketClient(**self._options(peer.port, peer.http_url, peer.url, options)))

    def api(self, peer: ScriptedPeer, **options: Any) -> WebsocketAPIClient:
        """A client whose orders go to ``peer``."""
        return self.enter_context(WebsocketAPIClient(**self._options(peer.port, peer.http_url, peer.url, options)))

    @staticmethod
    def _options(port: int, http_url: str, ws_url: str, options: dict[str, Any]) -> dict[str, Any]:
        hosts = {"spot_rest": http_url, "futures_rest": http_url, "ws_api": f"{ws_url}/v1/private"}
        return {
            **CREDENTIALS,
            "hosts": hosts,
            "ssl_context": client_context(),
            **DELAYS,
            "openings_per_minute": 1000,
            **options,
        }


def success(request: dict[str, Any], order_id: str = "order1") -> dict[str, Any]:
    """The exchange's yes to ``request``."""
    data = {"orderId": order_id, "clientOid": request["args"].get("clientOid")}
    return {"id": request["id"], "op": request["op"], "code": "200000", "data": data, "inTime": 1, "outTime": 2}


def ticker(sequence: int, topic: str = TICKER) -> str:
    """One ticker push."""
    data = {"sequence": str(sequence), "price": "60000.1", "size": "0.01", "time": 1_700_000_000_000}
    return json.dumps({"type": "message", "topic": topic, "subject": "trade.ticker", "data": data})


def accept_subscribe(line: Line, topic: str = TICKER) -> None:
    """Read a subscribe of ``topic`` and acknowledge it."""
    command = line.expect_json(type="subscribe", topic=topic)
    line.send_json({"id": command["id"], "type": "ack"})
