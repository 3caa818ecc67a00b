"""
OKX's side of the lines, played on a `ScriptedPeer`, and clients pointed at it.

Written from the exchange's documentation and not with the package's own codecs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from kucoin_sync.okx.client import WebsocketClient
from tests.clients import DELAYS, Clients
from tests.peers import Line, ScriptedPeer, client_context

__all__ = [
    "CREDENTIALS",
    "SECRET",
    "accept_command",
    "acknowledge",
    "login",
    "okx_client",
    "open_line",
    "ticker",
]

SECRET = "simulator-secret"
CREDENTIALS = {"api_key": "simulator-key", "api_secret": SECRET, "api_passphrase": "simulator-passphrase"}


def okx_client(clients: Clients, peer: ScriptedPeer, **options: Any) -> WebsocketClient:
    """A client whose lines go to ``peer``, closed after the test."""
    given = {
        "hosts": {"rest": peer.http_url, "ws": peer.url},
        "ssl_context": client_context(),
        **DELAYS,
        "openings_per_minute": 1000,
        **options,
    }
    return clients.enter_context(WebsocketClient(**given))


def open_line(peer: ScriptedPeer, path: str, *, secret: str | None = None, key: str = "simulator-key") -> Line:
    """Play the opening of a line; with a secret, also its login."""
    line = peer.accept()
    request = line.upgrade()
    assert request.path == f"/ws/v5/{path}"
    if secret is not None:
        login(line, secret=secret, key=key)
        line.send_json({"event": "login", "msg": "", "code": "0", "connId": "a4d3ae55"})
    return line


def login(line: Line, *, secret: str = SECRET, key: str = "simulator-key") -> dict[str, Any]:
    """Read a login and check its signature; return what it says."""
    (arg,) = line.expect_json(op="login")["args"]
    text = f"{arg['timestamp']}GET/users/self/verify"
    signature = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
    assert (arg["apiKey"], arg["sign"]) == (key, signature)
    return dict(arg)


def accept_command(line: Line, op: str, *args: dict[str, str]) -> dict[str, Any]:
    """Read a subscribe or unsubscribe of these args and acknowledge each; answer the pings before it."""
    while (text := line.read_text()) == "ping":
        line.send_text("pong")
    command: dict[str, Any] = json.loads(text)
    assert (command["op"], command["args"]) == (op, list(args))
    for arg in args:
        acknowledge(line, command, arg)
    return command


def acknowledge(line: Line, command: dict[str, Any], arg: dict[str, str]) -> None:
    """Say yes to one arg of a command."""
    line.send_json({"id": command["id"], "event": command["op"], "arg": arg, "connId": "a4d3ae55"})


def ticker(last: str, instrument: str = "BTC-USDT") -> dict[str, Any]:
    """One ticker push."""
    data = [{"instType": "SPOT", "instId": instrument, "last": last, "ts": "1700000000000"}]
    return {"arg": {"channel": "tickers", "instId": instrument}, "data": data}
