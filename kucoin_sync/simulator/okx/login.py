"""
Who logs in: the log-in frame of the WebSockets, and the headers of signed calls over HTTP.

Source: OKX v5 documents of 2026, log-in and REST authentication, and the published list of codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ..credentials import Credentials, same, sign
from ..matching.orders import Refused

__all__ = ["WINDOW_MS", "check_login", "check_rest_call"]

WINDOW_MS = 30_000
"""How far a timestamp may be off."""

_SIGNED = "GET/users/self/verify"


def check_login(account: Any, known: Mapping[str, Credentials], *, now_ms: int) -> Credentials:
    """
    Return whose log-in this is.

    Args:
        account: ``{"apiKey":...,"passphrase":...,"timestamp":"1704876947","sign":...}``; the time in seconds may be a
            number as well.
        known: Accounts by API key.
        now_ms: Server time.

    Raises:
        Refused: With the code of the error event; which check comes first is assumed.
    """
    if not isinstance(account, Mapping):
        raise Refused("60009", "Login failed.")
    key, passphrase, given = (account.get(name) for name in ("apiKey", "passphrase", "sign"))
    stamp = account.get("timestamp")
    if not isinstance(key, str) or not key:
        raise Refused("60005", "Invalid apiKey")
    if isinstance(stamp, bool) or not isinstance(stamp, (str, int)) or not str(stamp).isdigit() or len(str(stamp)) > 12:
        raise Refused("60004", "Invalid timestamp")
    if abs(int(stamp) * 1000 - now_ms) > WINDOW_MS:
        raise Refused("60006", "Timestamp request expired")
    credentials = known.get(key)
    if credentials is None:
        raise Refused("60032", "API key doesn't exist.")
    if not isinstance(given, str) or not same(sign(credentials.api_secret, f"{stamp}{_SIGNED}"), given):
        raise Refused("60007", "Invalid sign")
    if not isinstance(passphrase, str) or not same(credentials.api_passphrase, passphrase):
        raise Refused("60024", "Wrong passphrase")
    return credentials


def check_rest_call(
    headers: Mapping[str, str], known: Mapping[str, Credentials], *, signed: str, now_ms: int, environment: str
) -> Credentials:
    """
    Return whose call this is.

    Args:
        headers: Of the request.
        known: Accounts by API key.
        signed: Method, path with query, and body.
        now_ms: Server time.
        environment: ``any``, or ``live`` or ``demo`` where keys are for one of these.

    Raises:
        Refused: With the code of the answer; texts but that of 50101 are assumed.
    """
    names = ("OK-ACCESS-KEY", "OK-ACCESS-SIGN", "OK-ACCESS-TIMESTAMP", "OK-ACCESS-PASSPHRASE")
    key, given, stamp, passphrase = (headers.get(name, "") for name in names)
    for name, value, code in zip(
        names, (key, given, stamp, passphrase), ("50103", "50106", "50107", "50104"), strict=True
    ):
        if not value:
            raise Refused(code, f"Request header {name} cannot be empty.")
    credentials = known.get(key)
    if credentials is None:
        raise Refused("50119", "API key doesn't exist")
    is_demo = headers.get("x-simulated-trading", "0") == "1"
    if environment != "any" and is_demo != (environment == "demo"):
        raise Refused("50101", "APIKey does not match current environment.")
    then_ms = _milliseconds(stamp)
    if then_ms is None:
        raise Refused("50112", "Invalid OK-ACCESS-TIMESTAMP")
    if abs(then_ms - now_ms) > WINDOW_MS:
        raise Refused("50102", "Timestamp request expired")
    if not same(sign(credentials.api_secret, stamp + signed), given):
        raise Refused("50113", "Invalid Sign")
    if not same(credentials.api_passphrase, passphrase):
        raise Refused("50105", "OK-ACCESS-PASSPHRASE incorrect")
    return credentials


def _milliseconds(stamp: str) -> int | None:
    """Read ``2024-01-10T08:55:47.123Z``; a time without milliseconds will do as well (assumed)."""
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            moment = datetime.strptime(stamp, form).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
        return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
    return None
