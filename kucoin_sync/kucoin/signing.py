"""
KuCoin's signatures. Pure: the timestamp is an argument.

Source: KuCoin docs, Authentication, Broker, WebSocket API (order entry), Introduction, and Pro V2 private streams, Auth
(read 2026-11).
"""

from __future__ import annotations

from urllib.parse import quote

from kucoin_sync.options import Broker, Credentials
from kucoin_sync.protocol.signature import SignMessage, attempt, checked

__all__ = ["Signer"]

_PRO_AUTH = "POST/api/websocket/users/verify"


class Signer:
    """
    Signs with one account's credentials. ``repr`` shows none of them.

    Args:
        credentials: Of the account.
        key_version: ``"1"``, ``"2"`` or ``"3"``, sent with REST calls.
        sign_message: Makes every signature instead of the standard library's HMAC.
        broker: Partner programme whose headers and query fields go along.
    """

    def __init__(
        self,
        credentials: Credentials,
        key_version: str = "3",
        *,
        sign_message: SignMessage | None = None,
        broker: Broker | None = None,
    ) -> None:
        self._credentials = credentials
        self._key_version = key_version
        self._sign_message = sign_message
        self._broker = broker

    def sign(self, text: str) -> str:
        """
        Return base64(HMAC-SHA256(secret, text)).

        Raises:
            AuthError: If the user's own function fails, or returns no text that a header can hold.
        """
        return checked(self._attempt(text, self._credentials.api_secret))

    def signed_passphrase(self) -> str:
        """Return the passphrase in its signed form. Raises AuthError, as `sign`."""
        return checked(self._attempt(self._credentials.api_passphrase, self._credentials.api_secret))

    def _attempt(self, text: str, secret: str) -> tuple[str, str]:
        return attempt(self._sign_message, text, secret)

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
            **self._partner_headers(timestamp),
        }

    def _partner_headers(self, timestamp: str) -> dict[str, str]:
        broker = self._broker
        if broker is None:
            return {}
        named = {} if broker.name is None else {"KC-BROKER-NAME": broker.name}
        return {
            "KC-API-PARTNER": broker.partner,
            "KC-API-PARTNER-SIGN": self._partner_sign(broker, timestamp),
            "KC-API-PARTNER-VERIFY": "true",
            **named,
        }

    def _partner_sign(self, broker: Broker, timestamp: str) -> str:
        # With the partner's key: the exchange's documents say so, though some clients take the API secret.
        return checked(self._attempt(f"{timestamp}{broker.partner}{self._credentials.api_key}", broker.key))

    def order_entry_query(self, *, timestamp_ms: int, enable_ns: bool = False) -> str:
        """
        Return the query of the order entry URL, percent-encoded, names in order.

        Args:
            timestamp_ms: The exchange's time.
            enable_ns: Ask for gateway times in nanoseconds.
        """
        timestamp = str(timestamp_ms)
        signature = checked(self._attempt(f"{self._credentials.api_key}{timestamp}", self._credentials.api_secret))
        passphrase = self.signed_passphrase()
        values = {} if self._broker is None else {"partner_sign": self._partner_sign(self._broker, timestamp)}
        values |= {
            "apikey": self._credentials.api_key,
            "passphrase": passphrase,
            "sign": signature,
            "timestamp": timestamp,
        }
        if enable_ns:
            values["enable_ns"] = "true"
        if self._broker is not None:
            values["partner"] = self._broker.partner
        return "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(values.items()))

    def pro_auth(self, *, timestamp_ms: int) -> dict[str, str]:
        """
        Return the fields with which the private Pro V2 line logs in; ``id`` and ``op`` come beside them.

        The passphrase is always in its signed form, whatever the version of the key.
        """
        timestamp = str(timestamp_ms)
        return {
            "kc-api-key": self._credentials.api_key,
            "kc-api-sign": self.sign(f"{timestamp}{_PRO_AUTH}"),
            "kc-api-timestamp": timestamp,
            "kc-api-passphrase": self.signed_passphrase(),
        }

    def __repr__(self) -> str:
        return f"Signer({self._credentials!r})"
