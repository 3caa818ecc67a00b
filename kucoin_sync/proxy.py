"""
Where a proxy is and what it wants to know: the value behind the option ``proxy`` and the environment's variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import attrs

from kucoin_sync.errors import ConfigError

__all__ = ["Proxy", "parse_proxy", "redact"]

DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "socks5": 1080, "socks5h": 1080, "socks4": 1080, "socks4a": 1080}
"""Kinds of proxies, and the port of each where none is given, as requests has them."""

MAX_CREDENTIAL = 255
"""Longest user name or password: what a SOCKS5 proxy takes."""


@attrs.frozen
class Proxy:
    """
    A proxy. ``repr`` and ``str`` show neither user name nor password.

    Attributes:
        scheme: ``http`` (CONNECT), ``socks5`` and ``socks4`` (names are resolved here), ``socks5h`` and ``socks4a``
            (the proxy resolves them).
        host: Its name or address.
        port: Its port.
        username: ``None`` where it asks for none.
        password: Likewise.
    """

    scheme: str
    host: str
    port: int
    username: str | None = attrs.field(default=None, repr=False)
    password: str | None = attrs.field(default=None, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse_proxy(name: str, url: str) -> Proxy:
    """
    Read a proxy's URL, such as ``http://user:password@proxy.example:3128``; without a scheme it is an HTTP proxy.

    Args:
        name: What to call it in the error.
        url: The URL; user name and password percent-encoded.

    Raises:
        ConfigError: Without a word of the URL, which may hold a password.
    """
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError(f"{name}: not a URL")
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ConfigError(f"{name}: not a URL") from None
    if parts.scheme not in DEFAULT_PORTS:
        known = ", ".join(f"{scheme}://" for scheme in DEFAULT_PORTS)
        raise ConfigError(f"{name}: must start with one of {known}, got scheme {parts.scheme[:20]!r}")
    if not host or port == 0:
        raise ConfigError(f"{name}: names no host or no port")
    username = _credential(name, parts.username)
    password = _credential(name, parts.password)
    if username is None and password is not None:
        raise ConfigError(f"{name}: a password needs a user name")
    if parts.scheme in ("socks4", "socks4a") and password is not None:
        raise ConfigError(f"{name}: {parts.scheme}:// takes a user name and no password")
    if parts.scheme in ("socks5", "socks5h") and username is not None and password is None:
        raise ConfigError(f"{name}: {parts.scheme}:// takes user name and password together")
    if parts.scheme == "http" and username is not None and ":" in username:
        raise ConfigError(f"{name}: the user name of an HTTP proxy cannot hold a colon")
    return Proxy(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], username, password)


def _credential(name: str, quoted: str | None) -> str | None:
    text = unquote(quoted, errors="replace") if quoted else None
    if text is not None and (not text.isascii() or not text.isprintable() or len(text) > MAX_CREDENTIAL):
        raise ConfigError(
            f"{name}: user name and password must be printable ASCII of at most {MAX_CREDENTIAL} characters"
        )
    return text


def redact(url: object) -> str:
    """Return how to show the option: the proxy without its credentials."""
    if not isinstance(url, str) or not url:
        return repr(url)
    try:
        return repr(str(parse_proxy("proxy", url)))
    except ConfigError:
        return "'***'"
