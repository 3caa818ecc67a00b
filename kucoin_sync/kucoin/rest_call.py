"""
One REST call as a value, and how it is signed at the moment it leaves. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from kucoin_sync.exchange_rest.spelling import Target
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.protocol.dialect import HttpCall

__all__ = ["HOSTS", "PUBLIC", "RestCall"]

HOSTS: Mapping[str, str] = {"spot": "spot_rest", "futures": "futures_rest"}

PUBLIC: Mapping[str, tuple[str, ...]] = {
    "spot": ("/api/v1/timestamp", "/api/v1/status", "/api/v2/symbols", "/api/v1/market", "/api/v1/bullet-public"),
    "futures": (
        "/api/v1/timestamp",
        "/api/v1/status",
        "/api/v1/contracts",
        "/api/v1/ticker",
        "/api/v1/level2",
        "/api/v1/trade/history",
        "/api/v1/kline",
        "/api/v1/mark-price",
        "/api/v1/bullet-public",
    ),
}
"""Beginnings of the paths that need no signature."""


@attrs.frozen
class RestCall:
    """
    One call, checked and spelled, but not signed yet.

    Attributes:
        op: Method and path: what errors call it.
        host: ``spot`` or ``futures``.
        url: Of the host, without the target.
        signed: Whether to sign it.
        changes: Whether it changes the account.
        args: Query parameters and body as given, for the errors of a call that changes something.
    """

    method: str
    target: Target
    body: str = attrs.field(repr=False)
    host: str
    url: str
    signed: bool
    changes: bool
    args: Mapping[str, Any] = attrs.field(repr=False)

    @property
    def op(self) -> str:
        """Method and path."""
        return f"{self.method} {self.target.path}"

    @property
    def line(self) -> str:
        """What errors call its host."""
        return HOSTS[self.host]

    @property
    def pool(self) -> str:
        """The request pool it counts against, as the exchange's documents name it."""
        if self.target.path.startswith(PUBLIC[self.host]):
            return "Public"
        if self.host == "futures":
            return "Futures"
        if self.target.path.startswith("/api/ua/"):
            return "Unified"
        return "Management" if self.target.path.startswith(("/api/v1/accounts", "/api/v1/user/")) else "Spot"

    def sign(self, signer: Signer | None, *, timestamp_ms: int) -> HttpCall:
        """Return it as it leaves at this moment. Raises AuthError if the user's signing function fails."""
        headers: dict[str, str] = {"Content-Type": "application/json"} if self.body else {}
        if self.signed:
            assert signer is not None
            headers |= signer.rest_headers(self.method, self.target.raw, self.body, timestamp_ms=timestamp_ms)
        return HttpCall(self.method, self.url + self.target.encoded, headers, self.body)
