"""
REST calls of the unified API: the token of the private Pro stream.

Source: KuCoin docs, unified account pages, and what known clients send.
"""

from __future__ import annotations

from typing import Any

from .rest_calls import RestCall, Route
from .venue import Venue

__all__ = ["UnifiedCalls"]


class UnifiedCalls:
    """
    The unified calls.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def routes(self) -> list[Route]:
        """Return the table of the calls of the spot host."""
        return self.token_routes()

    def token_routes(self) -> list[Route]:
        """Return the call that both hosts answer."""
        return [Route("POST", "/api/v2/bullet-private", self._token, pool="management", weight=10)]

    def _token(self, call: RestCall) -> Any:
        """Answer with a token and nothing else: the address of the stream is known beforehand."""
        return {"token": self._venue.issue_token(call.account, "pro")}
