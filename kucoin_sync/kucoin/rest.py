"""
KuCoin's REST calls that connections need, as values: the engine sends them.

Source: KuCoin docs, Get Public Token, Get Private Token, Get Server Time (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from kucoin_sync.errors import AuthError, ConnectError, TokenError, shorten
from kucoin_sync.kucoin.codes import AUTH_CODES, SUCCESS, wait_after
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.protocol.dialect import Endpoint, HttpAnswer, HttpCall
from kucoin_sync.protocol.json_text import loads, plain_text

__all__ = [
    "is_passing",
    "read_time",
    "read_token",
    "read_token_v2",
    "retry_after",
    "time_call",
    "token_call",
    "token_v2_call",
]

_BULLET_PUBLIC = "/api/v1/bullet-public"
_BULLET_PRIVATE = "/api/v1/bullet-private"
_BULLET_PRIVATE_V2 = "/api/v2/bullet-private"
_TIME = "/api/v1/timestamp"
_PASSING_CODES = ("429000", "1015")
LONGEST_MS = 10**9
"""No interval of a server is longer; a larger number is nonsense, and may be too large for a float."""


def token_call(host: str, signer: Signer | None, *, timestamp_ms: int) -> HttpCall:
    """Return the token call; signed, for a private token, where there is a signer."""
    if signer is None:
        return HttpCall("POST", host + _BULLET_PUBLIC)
    headers = signer.rest_headers("POST", _BULLET_PRIVATE, "", timestamp_ms=timestamp_ms)
    return HttpCall("POST", host + _BULLET_PRIVATE, headers)


def token_v2_call(host: str, signer: Signer, *, timestamp_ms: int) -> HttpCall:
    """Return the call for the token with which the private Pro V2 line may be opened instead of logging in."""
    headers = signer.rest_headers("POST", _BULLET_PRIVATE_V2, "", timestamp_ms=timestamp_ms)
    return HttpCall("POST", host + _BULLET_PRIVATE_V2, headers)


def time_call(host: str) -> HttpCall:
    """Return the call that tells KuCoin's clock."""
    return HttpCall("GET", host + _TIME)


def read_time(answer: HttpAnswer) -> int:
    """Return KuCoin's clock, ms. Raises TokenError."""
    data = _read_envelope(answer)
    if not isinstance(data, int) or isinstance(data, bool):
        raise TokenError(f"server time is no number: {shorten(plain_text(data))}", status=answer.status)
    return data


def read_token(answer: HttpAnswer, *, connect_id: str) -> list[Endpoint]:
    """
    Return the servers a token is good for, in KuCoin's order.

    Args:
        answer: ``{"code": "200000", "data": {"token": "...", "instanceServers": [{"endpoint": "wss://...",
            "pingInterval": 18000, "pingTimeout": 10000, ...}]}}``
        connect_id: Comes back in the welcome.

    Raises:
        AuthError: If the credentials are refused.
        TokenError: If the answer is anything else but the above.
    """
    data = _read_envelope(answer)
    token = data.get("token") if isinstance(data, Mapping) else None
    servers = data.get("instanceServers") if isinstance(data, Mapping) else None
    if not isinstance(token, str) or not token or not isinstance(servers, list) or not servers:
        raise TokenError(f"no token or no servers in the answer: {_sample(data)}", status=answer.status)
    return [_read_server(server, token, connect_id) for server in servers]


def read_token_v2(answer: HttpAnswer) -> str:
    """
    Return the token of `token_v2_call`, as it was sent: percent-encode it for a URL.

    Args:
        answer: ``{"code": "200000", "data": {"token": "..."}}``

    Raises:
        AuthError: If the credentials are refused.
        TokenError: If the answer is anything else but the above.
    """
    data = _read_envelope(answer)
    token = data.get("token") if isinstance(data, Mapping) else None
    if not isinstance(token, str) or not token:
        raise TokenError("no token in the answer", status=answer.status)
    return token


def _read_server(server: Any, token: str, connect_id: str) -> Endpoint:
    url = server.get("endpoint") if isinstance(server, Mapping) else None
    if not isinstance(url, str) or not url:
        raise TokenError("a server without an endpoint")
    return Endpoint(
        f"{url}{'&' if '?' in url else '?'}token={quote(token, safe='')}&connectId={quote(connect_id, safe='')}",
        ping_interval=_read_ms(server, "pingInterval"),
        pong_timeout=_read_ms(server, "pingTimeout"),
    )


def _read_ms(server: Mapping[str, Any], name: str) -> float | None:
    value = server.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > LONGEST_MS:
        raise TokenError(f"{name} is no number: {shorten(plain_text(value))}")
    return value / 1000


def _sample(answer: Any) -> str:
    """Return a short piece of an answer, or none of it if it may hold a token, whole or cut short."""
    text = bytes(answer).decode("utf-8", "replace") if isinstance(answer, bytes) else plain_text(answer)
    return "(an answer with a token in it)" if "token" in text.lower() else shorten(text)


def _read_envelope(answer: HttpAnswer) -> Any:
    """Return ``data`` of an answer; raise what any other answer is."""
    status = answer.status
    try:
        frame = loads(answer.body.decode())
    except ValueError:
        frame = None
    if not isinstance(frame, Mapping) or not isinstance(frame.get("code"), (str, int)):
        raise _bad_status(answer) or TokenError(f"not KuCoin's JSON: {_sample(answer.body)}", status=status)
    code, text = str(frame["code"]), shorten(plain_text(frame.get("msg") or "no text"))
    if code == SUCCESS and status == 200:
        return frame.get("data")
    if code in AUTH_CODES:
        raise AuthError(f"{code} {text}", phase="token", code=code, status=status)
    raise _bad_status(answer, code) or TokenError(
        f"{shorten(code, 40)} {text}",
        code=code,
        status=status,
        retryable=is_passing(code) or wait_after(code) is not None,
        retry_after=wait_after(code),
    )


def is_passing(code: str) -> bool:
    """Whether a code tells of a trouble that may pass by itself."""
    return code in _PASSING_CODES or (code.startswith("5") and len(code) == 6)


def _bad_status(answer: HttpAnswer, code: str | None = None) -> ConnectError | None:
    status, text = answer.status, f"HTTP status {answer.status}: {_sample(answer.body)}"
    if status in (401, 403):
        return AuthError(text, phase="token", code=code, status=status)
    if status == 429 or status >= 500:
        fields = {name.lower(): value for name, value in answer.headers.items()}
        return TokenError(text, code=code, status=status, retry_after=retry_after(fields))
    if status != 200:
        return TokenError(text, code=code, status=status, retryable=False)
    return None


def retry_after(fields: Mapping[str, str]) -> float | None:
    """Return the seconds that headers, their names in lower case, ask to wait; ``None`` where they do not."""
    for name, unit in (("retry-after", 1.0), ("gw-ratelimit-reset", 1000.0)):
        value = fields.get(name, "")
        if value.isascii() and value.isdigit() and len(value) < 10:
            return int(value) / unit
    return None
