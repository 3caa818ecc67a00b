"""
KuCoin's side of the openings, played on a `ScriptedPeer`: token call, welcome, challenge.

Written from the exchange's documentation and not with the package's own codecs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Sequence

from .scripted import Line, Request, ScriptedPeer

__all__ = ["serve_token", "v1_handshake", "welcome", "ws_api_handshake"]

_SESSION_ID = "scripted"


def serve_token(
    line_or_peer: Line | ScriptedPeer,
    *,
    endpoint: str,
    ping_interval: int = 18000,
    ping_timeout: int = 10000,
    token: str = "token",
    path: str = "/api/v1/bullet-public",
    before: Sequence[str] = (),
) -> Request:
    """
    Answer one token call and close its connection.

    Args:
        line_or_peer: The connection, or the peer to accept it from.
        endpoint: URL of the stream server; `ScriptedPeer.url` points to the same port.
        ping_interval: Milliseconds.
        ping_timeout: Milliseconds.
        token: Value of the token.
        path: What the client has to POST to.
        before: URLs of servers that the answer names before that one.

    Returns:
        The request.
    """
    line = line_or_peer.accept() if isinstance(line_or_peer, ScriptedPeer) else line_or_peer
    server = {
        "endpoint": endpoint,
        "encrypt": endpoint.startswith("wss:"),
        "protocol": "websocket",
        "pingInterval": ping_interval,
        "pingTimeout": ping_timeout,
    }
    with line:
        request = line.request or line.read_request()
        assert (request.method, request.path) == ("POST", path), f"got {request.method} {request.path}"
        servers = [{**server, "endpoint": url} for url in (*before, endpoint)]
        line.respond(200, body={"code": "200000", "data": {"token": token, "instanceServers": servers}})
    return request


def welcome(line: Line, connect_id: str) -> None:
    """Send the welcome of the classic streams: ``{"id":"hQvf8jkno","type":"welcome"}``."""
    line.send_json({"id": connect_id, "type": "welcome"})


def v1_handshake(
    peer: ScriptedPeer,
    *,
    ping_interval: int = 18000,
    ping_timeout: int = 10000,
    token: str = "token",
    path: str = "/api/v1/bullet-public",
) -> Line:
    """
    Play the whole opening of a classic stream: token call, upgrade with that token, welcome.

    The arguments are those of `serve_token`.

    Returns:
        The stream's connection; its ``request`` is the upgrade.
    """
    serve_token(
        peer,
        endpoint=peer.url,
        ping_interval=ping_interval,
        ping_timeout=ping_timeout,
        token=token,
        path=path,
    )
    line = peer.accept()
    query = line.upgrade().query
    assert query.get("token") == token, f"the client came with the token {query.get('token')!r}"
    welcome(line, query.get("connectId", _SESSION_ID))
    return line


def ws_api_handshake(
    peer: ScriptedPeer,
    welcome: bool = True,
    *,
    secret: str | None = None,
    ping_interval: int = 18000,
    ping_timeout: int = 10000,
) -> Line:
    """
    Play the opening of the WebSocket API: upgrade, challenge, the client's signature, welcome.

    Args:
        peer: Where the client connects.
        welcome: Whether to send the welcome.
        secret: API secret to check the signature with; ``None`` checks only that it is 32 bytes in base64.
        ping_interval: Milliseconds.
        ping_timeout: Milliseconds.

    Returns:
        The connection; its ``request`` is the upgrade.
    """
    line = peer.accept()
    request = line.upgrade()
    assert request.path == "/v1/private", f"the client asked for {request.path}"
    timestamp_ms = time.time_ns() // 1_000_000
    challenge = json.dumps({"sessionId": _SESSION_ID, "timestamp": timestamp_ms}, separators=(",", ":"))
    line.send_text(challenge)
    answer = line.read_text()
    try:
        signature = base64.b64decode(answer, validate=True)
    except ValueError:
        signature = b""
    assert len(signature) == 32, f"not a signature: {answer!r}"
    if secret is not None:
        expected = hmac.digest(secret.encode(), challenge.encode(), hashlib.sha256)
        assert signature == expected, f"{answer!r} is not the signature of {challenge}"
    if welcome:
        line.send_json(
            {
                "sessionId": _SESSION_ID,
                "data": "welcome",
                "pingInterval": ping_interval,
                "pingTimeout": ping_timeout,
            }
        )
    return line
