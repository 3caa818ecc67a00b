"""
OKX's signatures. Pure: the timestamp is an argument.

Source: OKX docs v5, REST Authentication, and WebSocket, Login (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from kucoin_sync.options import Credentials
from kucoin_sync.protocol.signature import SignMessage, attempt, checked

__all__ = ["Signer", "iso_time"]

_LOGIN = "GET/users/self/verify"
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Signer:
    """
    Signs with one account's credentials. ``repr`` shows none of them.

    Args:
        credentials: Of the account.
        sign_message: Makes every signature instead of the standard library's HMAC.
    """

    def __init__(self, credentials: Credentials, *, sign_message: SignMessage | None = None) -> None:
        self._credentials = credentials
        self._sign_message = sign_message

    def sign(self, text: str) -> str:
        """
        Return base64(HMAC-SHA256(secret, text)).

        Raises:
            AuthError: If the user's own function fails, or returns no text that a header can hold.
        """
        return checked(attempt(self._sign_message, text, self._credentials.api_secret))

    def login_args(self, timestamp_s: int) -> dict[str, str]:
        """
        Return what a login frame says of the account.

        Args:
            timestamp_s: The exchange's time in seconds; the login is good for 30 s.

        Returns:
            ``{"apiKey": ..., "passphrase": ..., "timestamp": "1704876947", "sign": ...}``
        """
        timestamp = str(timestamp_s)
        return {
            "apiKey": self._credentials.api_key,
            "passphrase": self._credentials.api_passphrase,
            "timestamp": timestamp,
            "sign": self.sign(timestamp + _LOGIN),
        }

    def rest_headers(self, method: str, path_with_query: str, body: str, timestamp_ms: int) -> dict[str, str]:
        """
        Return the headers of a signed REST call.

        Args:
            method: Upper case.
            path_with_query: From ``/api/`` on, exactly as sent.
            body: Exactly what is sent, or ``""``.
            timestamp_ms: The exchange's time; the call is good for 30 s.
        """
        timestamp = iso_time(timestamp_ms)
        return {
            "OK-ACCESS-KEY": self._credentials.api_key,
            "OK-ACCESS-SIGN": self.sign(f"{timestamp}{method}{path_with_query}{body}"),
            "OK-ACCESS-TIMESTAMP": timestamp,
            "OK-ACCESS-PASSPHRASE": self._credentials.api_passphrase,
        }

    def __repr__(self) -> str:
        return f"Signer({self._credentials!r})"


def iso_time(timestamp_ms: int) -> str:
    """Return a time in the form of REST headers: ``2024-01-10T08:55:47.123Z``."""
    moment = _EPOCH + timedelta(milliseconds=timestamp_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
