"""
What is wrong, from what the library raised: a cause in a word, and what to do about it.
"""

from __future__ import annotations

import attrs

from kucoin_sync.errors import (
    AuthError,
    ConnectError,
    ConnectionLost,
    DeadlineExceeded,
    KucoinSyncError,
    TlsError,
)

__all__ = ["Cause", "cause_of"]


@attrs.frozen
class Cause:
    """Why a check failed: ``name`` for programs, ``advice`` for people."""

    name: str
    advice: str


_CLOCK = Cause("clock", "Set this machine's clock, for example with: timedatectl set-ntp true")
_NO_KEY = Cause("key", "The exchange has no such API key: compare it with the one on its page, and the region.")
_PASSPHRASE = Cause("passphrase", "The passphrase is not the one typed when the key was made; it is not your password.")
_SECRET = Cause("secret", "The signature is wrong, so the API secret is: copy it again, or make a new key.")
_IP = Cause("ip", "This machine's address is not on the key's whitelist: add it on the exchange's page of the key.")
_PERMISSION = Cause("permission", "The key lacks a permission: add it on the exchange's page of the key.")
_HEADERS = Cause("key_headers", "Something between here and the exchange takes headers away: try without a proxy.")
_TOO_MANY = Cause("rate_limit", "Too many calls were made from here or for this account: wait half a minute.")

_BY_CODE = {
    # KuCoin.
    "400001": _HEADERS,
    "400002": _CLOCK,
    "400003": _NO_KEY,
    "400004": _PASSPHRASE,
    "400005": _SECRET,
    "400006": _IP,
    "400007": _PERMISSION,
    "400008": Cause("key_version", "The key is of an old version: make a new one."),
    "400009": Cause("key_version", "api_key_version does not fit the key: current keys have version 3."),
    "400010": Cause("account", "The exchange does not allow this account to use the API: ask its support."),
    "400011": Cause("secret", "The signed challenge is wrong, so the API secret is: copy it again, or make a new key."),
    "400301": Cause("region", "The exchange does not serve this place, by local law."),
    "400302": Cause("region", "The exchange does not serve the region of this machine's address."),
    "400303": Cause("account", "The account has to verify its identity first."),
    "411200": Cause("account", "The exchange has barred this account: ask its support."),
    "429000": _TOO_MANY,
    "1015": Cause("rate_limit", "The exchange's edge has blocked this address for half a minute: wait."),
    # OKX: REST, then the login of a line.
    "50100": Cause("account", "The exchange has frozen the API of this account: ask its support."),
    "50101": Cause(
        "environment", "A key of demo trading does not fit the live exchange, nor the reverse: see demo_trading."
    ),
    "50102": _CLOCK,
    "50103": _HEADERS,
    "50104": _HEADERS,
    "50105": _PASSPHRASE,
    "50106": _HEADERS,
    "50107": _HEADERS,
    "50110": _IP,
    "50111": _NO_KEY,
    "50112": _CLOCK,
    "50113": _SECRET,
    "50119": _NO_KEY,
    "50120": _PERMISSION,
    "50011": _TOO_MANY,
    "50061": _TOO_MANY,
    "60004": _CLOCK,
    "60005": _NO_KEY,
    "60006": _CLOCK,
    "60007": _SECRET,
    "60014": _TOO_MANY,
    "60023": _TOO_MANY,
    "60024": _PASSPHRASE,
    "60032": _NO_KEY,
}

_BY_PHASE = {
    "dns": Cause("dns", "The host name does not resolve: check the network, the resolver, and the spelling of hosts."),
    "tcp": Cause("port", "Nobody listens there, or a firewall is in the way: check the network, and host and port."),
    "proxy": Cause(
        "proxy", "The proxy does not let us through: check its address and its credentials, or leave it out."
    ),
    "token": Cause("token", "The exchange gives no connection token: see whether it is open, and try again later."),
    "upgrade": Cause("upgrade", "The host answers, but does not speak WebSocket there: check the URL, and any proxy."),
    "welcome": Cause(
        "no_welcome",
        "The line opens and stays silent: something between swallows WebSocket frames, or the exchange is ill.",
    ),
    "auth": Cause("login", "The exchange refuses the login of this line: check the key and its permissions."),
}

_CERTIFICATES = (
    (
        "expired",
        Cause("certificate_expired", "The certificate has expired, or this machine's clock is wrong: check both."),
    ),
    ("not yet valid", Cause("clock", "The certificate is not valid yet: this machine's clock is probably wrong.")),
    (
        "self-signed certificate in certificate chain",
        Cause(
            "certificate_untrusted", "A proxy that reads TLS may be in the way: trust its authority with SSL_CERT_FILE."
        ),
    ),
    ("self-signed", Cause("certificate_untrusted", "The host signs for itself: it is not the exchange.")),
    ("self signed", Cause("certificate_untrusted", "The host signs for itself: it is not the exchange.")),
    ("mismatch", Cause("certificate_host", "The certificate is for another host: something answers in its place.")),
    (
        "not valid for",
        Cause("certificate_host", "The certificate is for another host: something answers in its place."),
    ),
    (
        "certificate",
        Cause(
            "certificate_untrusted",
            "Nobody this machine trusts has signed it: update its certificates, or name them with SSL_CERT_FILE.",
        ),
    ),
)

_TLS = Cause("tls", "The other side does not speak TLS 1.2 or newer: is it a plain port, or a proxy?")
_UNREADABLE = Cause("not_the_exchange", "What answers is not the exchange: a captive portal, a proxy, or a wrong host.")
_NO_ANSWER = Cause(
    "no_answer", "The host takes the connection and does not answer: a firewall, or the exchange is ill."
)
_SERVER = Cause("server", "The exchange's server fails: try again later.")
_TOO_MANY_REQUESTS = 429
_OTHER = Cause("other", "Try again; if it stays, the text above is what to search for.")


def cause_of(error: KucoinSyncError) -> Cause:
    """Return the most exact cause that an error lets one name."""
    code = str(getattr(error, "code", None) or "")
    if code in _BY_CODE:
        return _BY_CODE[code]
    if isinstance(error, TlsError):
        text = str(error).lower()
        return next((cause for words, cause in _CERTIFICATES if words in text), _TLS)
    status = getattr(error, "status", None)
    if isinstance(error, AuthError):
        return _BY_PHASE["auth"]
    if status == _TOO_MANY_REQUESTS:
        return _TOO_MANY
    if status is not None and status >= 500:
        return _SERVER
    if any(words in str(error) for words in ("not KuCoin's JSON", "not OKX's JSON", "no HTTP answer")):
        return _UNREADABLE
    if isinstance(error, (DeadlineExceeded, ConnectionLost)) or ("in time" in str(error) and not _is_silent(error)):
        return _NO_ANSWER
    if isinstance(error, ConnectError) and error.phase == "auth" and "in time" in str(error):
        return _BY_PHASE["welcome"]  # nobody refused anything: the line went silent
    if isinstance(error, ConnectError):
        return _BY_PHASE.get(error.phase, _OTHER)
    return _OTHER


def _is_silent(error: KucoinSyncError) -> bool:
    """Whether a line was open when nothing came: the phase tells more than that it took too long."""
    return isinstance(error, ConnectError) and error.phase in ("welcome", "auth", "upgrade", "dns")
