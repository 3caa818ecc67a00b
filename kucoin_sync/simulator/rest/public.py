"""
REST calls that both hosts answer to anybody: tokens, time, status; and the private token.

Source: KuCoin docs, Get Public Token, Get Private Token, Get Server Time, Get Service Status.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..kucoin_venue import KucoinVenue
from .calls import RestCall, Route

__all__ = ["PublicCalls"]


class PublicCalls:
    """
    The calls of one host.

    Args:
        venue: Shared state.
        product: ``spot``, ``futures`` or ``both``: what the tokens of this host are good for.
        stream_url: Returns where the streams of this host are, once the port is known.
        encrypted: Whether that URL is TLS.
    """

    def __init__(self, venue: KucoinVenue, product: str, stream_url: Callable[[], str], *, encrypted: bool) -> None:
        self._venue = venue
        self._product = product
        self._stream_url = stream_url
        self._encrypted = encrypted

    def routes(self) -> list[Route]:
        """Return the table of these calls."""
        pool = "futures" if self._product == "futures" else "spot"
        return [
            Route("POST", "/api/v1/bullet-public", self._token, signed=False, pool="public", weight=10),
            Route("POST", "/api/v1/bullet-private", self._token, pool=pool, weight=10),
            Route("GET", "/api/v1/timestamp", self._timestamp, signed=False, pool="public", weight=3),
            Route("GET", "/api/v1/status", self._status, signed=False, pool="public", weight=3),
        ]

    def _token(self, call: RestCall) -> Any:
        server = {
            "endpoint": self._stream_url(),
            "encrypt": self._encrypted,
            "protocol": "websocket",
            "pingInterval": 18000,
            "pingTimeout": 10000,
        }
        return {"token": self._venue.tokens.issue(call.account or None, self._product), "instanceServers": [server]}

    def _timestamp(self, call: RestCall) -> int:
        return self._venue.line_ms()

    def _status(self, call: RestCall) -> Any:
        return {"status": "open", "msg": "SIMULATOR"}
