"""
The auth frame of the hosts of the unified API: who logs in.

Source: KuCoin docs, unified account WebSocket, authentication, and the official SDK of 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..credentials import Credentials
from ..kucoin_signatures import ReplayGuard, SignatureRefused, check_signature

__all__ = ["check_auth_frame"]

_SIGNED = "POST/api/websocket/users/verify"


def check_auth_frame(
    frame: Mapping[str, Any], known: Mapping[str, Credentials], *, now_ms: int, replays: ReplayGuard | None = None
) -> Credentials:
    """
    Return whose auth frame this is.

    Args:
        frame: ``{"id":"auth-1","op":"auth","kc-api-key":...,"kc-api-sign":...,"kc-api-timestamp":...,
            "kc-api-passphrase":...}``
        known: Accounts by API key.
        now_ms: Server time.
        replays: Refuses frames that were sent before.

    Raises:
        SignatureRefused: With the gateway's code.
    """
    values = [frame.get(f"kc-api-{name}") for name in ("key", "sign", "timestamp", "passphrase")]
    if not all(isinstance(value, str) and value for value in values):
        raise SignatureRefused("400001")
    key, given, stamp, passphrase = map(str, values)
    credentials = known.get(key)
    if credentials is None:
        raise SignatureRefused("400003")
    check_signature(
        credentials, sign_=given, passphrase=passphrase, timestamp=stamp, prehash=(stamp + _SIGNED,), now_ms=now_ms
    )
    if replays is not None:
        replays.check(given, now_ms)
    return credentials
