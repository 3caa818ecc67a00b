"""
KuCoin's signatures. Pure: the timestamp is an argument.

Source: KuCoin docs, Authentication, and WebSocket API (order entry), Introduction (read 2026-11).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote

from kucoin_sync.options import Credentials

__all__ = ["Signer"]


class Signer:
    """
    Signs with one account's credentials. ``repr`` shows none of them.

    Args:
        credentials: Of the account.
        key_version: ``"1"``, ``"2"`` or ``"3"``, sent with REST calls.
    """

    def __init__(self, credentials: Credentials, key_version: str = "3") -> None:
        self._credentials = credentials
        self._key_version = key_version

    def sign(self, text: str) -> str:
        """Return base64(HMAC-SHA256(secret, text))."""
        digest = hmac.new(self._credentials.api_secret.encode(), text.encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    def signed_passphrase(self) -> str:
        """Return the passphrase in its signed form."""
        return self.sign(self._credentials.api_passphrase)

    def rest_headers(self, method: str, endpoint: str, body: str, *, timestamp_ms: int) -> dict[str, str]:
        """
        Return the headers of a signed REST call.

        Args:
            method: Upper case.
            endpoint: Path with query, from ``/api/`` on.
            body: Exactly what is sent, or ``""``.
            timestamp_ms: The exchange's time.
        """
        timestamp = str(timestamp_ms)
        plain = self._key_version == "1"
        return {
            "KC-API-KEY": self._credentials.api_key,
            "KC-API-SIGN": self.sign(f"{timestamp}{method}{endpoint}{body}"),
            "KC-API-TIMESTAMP": timestamp,
            "KC-API-PASSPHRASE": self._credentials.api_passphrase if plain else self.signed_passphrase(),
            "KC-API-KEY-VERSION": self._key_version,
        }

    def order_entry_query(self, *, timestamp_ms: int) -> str:
        """Return the query of the order entry URL, percent-encoded, names in order."""
        timestamp = str(timestamp_ms)
        values = {
            "apikey": self._credentials.api_key,
            "passphrase": self.signed_passphrase(),
            "sign": self.sign(f"{self._credentials.api_key}{timestamp}"),
            "timestamp": timestamp,
        }
        return "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items())

    def __repr__(self) -> str:
        return f"Signer({self._credentials!r})"
