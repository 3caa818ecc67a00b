"""
What a user can set: `Credentials` and `Options`.

All durations are seconds. Defaults come with where they come from; ``None`` for a timing that the exchange
announces means: what the exchange says.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import attrs

from kucoin_sync.errors import ConfigError
from kucoin_sync.proxy import parse_proxy, redact

__all__ = ["Broker", "Credentials", "Options", "check_url", "is_loopback"]

LONGEST = 86_400.0
"""Upper bound of every duration, one day: a larger number is a unit mistaken."""


def _hide(_: object) -> str:
    return "***"


def _mask_key(key: str) -> str:
    return f"{key[:2]}…{key[-2:]}" if len(key) >= 8 else "…"


def is_loopback(host: str) -> bool:
    """Whether a host name or address literal is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_url(name: str, url: str, schemes: tuple[str, str]) -> str:
    """
    Check a URL given by the user or by the exchange.

    Args:
        name: What to call it in the error.
        url: Full URL.
        schemes: The TLS scheme and the plain one, such as ``("wss", "ws")``; the plain one is for loopback only.

    Returns:
        The URL unchanged.

    Raises:
        ConfigError: If it is no URL, has another scheme, holds user and password, or is plain text to another
            machine.
    """
    if isinstance(url, str) and not (url.isascii() and url.isprintable() and " " not in url):
        raise ConfigError(f"{name}: not a URL")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except (ValueError, AttributeError, TypeError):
        raise ConfigError(f"{name}: not a URL") from None
    if parts.scheme not in schemes or not host:
        raise ConfigError(f"{name}: must be a URL that starts with {schemes[0]}://, got scheme {parts.scheme!r}")
    if parts.username is not None:
        raise ConfigError(f"{name}: must not hold a user name or password")
    if parts.scheme == schemes[1] and not is_loopback(host):
        raise ConfigError(f"{name}: {schemes[1]}:// is for loopback hosts only; {host} needs {schemes[0]}://")
    return url


@attrs.frozen(repr=False)
class Credentials:
    """API key, secret and passphrase. ``repr`` shows the ends of the key and nothing else."""

    api_key: str
    api_secret: str
    api_passphrase: str

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(Credentials):
            value = getattr(self, field.name)
            if not isinstance(value, str) or not value:
                raise ConfigError(f"{field.name}: must be a text that is not empty")
            if not value.isascii() or not value.isprintable():
                raise ConfigError(f"{field.name}: must be printable ASCII")

    def __repr__(self) -> str:
        return f"Credentials(key={self.masked_key})"

    @property
    def masked_key(self) -> str:
        """The ends of the key, enough to tell one from another."""
        return _mask_key(self.api_key)


@attrs.frozen(repr=False)
class Broker:
    """
    A partner programme, whose marks go along with signed calls. Nothing of it is sent unless it is given.

    ``repr`` does not show the key.

    Attributes:
        partner: Partner id.
        key: Partner key, which signs the mark.
        name: Broker name, for the broker kind of partner only.
    """

    partner: str
    key: str
    name: str | None = None

    def __attrs_post_init__(self) -> None:
        for field in ("partner", "key", "name"):
            value = getattr(self, field)
            if value is None and field == "name":
                continue
            if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
                raise ConfigError(f"broker: its {field} must be printable ASCII text that is not empty")

    def __repr__(self) -> str:
        return f"Broker(partner={self.partner!r}, name={self.name!r})"


def _seconds(minimum: float, *, optional: bool = False) -> Callable[[Any, Any, Any], None]:
    def check(_: Any, attribute: Any, value: Any) -> None:
        if value is None and optional:
            return
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not minimum <= value <= LONGEST:
            raise ConfigError(
                f"{attribute.name}: must be a number of seconds from {minimum:g} to {LONGEST:g}, got {value!r}"
            )

    return check


def _flag(_: Any, attribute: Any, value: Any) -> None:
    if not isinstance(value, bool):
        raise ConfigError(f"{attribute.name}: must be True or False, got {value!r}")


def _count(minimum: int, *, optional: bool = False) -> Callable[[Any, Any, Any], None]:
    def check(_: Any, attribute: Any, value: Any) -> None:
        if value is None and optional:
            return
        if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
            raise ConfigError(f"{attribute.name}: must be a whole number of at least {minimum}, got {value!r}")

    return check


def _key_version(_: Any, attribute: Any, value: Any) -> None:
    if value not in ("1", "2", "3"):
        raise ConfigError(f"{attribute.name}: must be '1', '2' or '3', got {value!r}")


def _callable(_: Any, attribute: Any, value: Any) -> None:
    if value is not None and not callable(value):
        raise ConfigError(f"{attribute.name}: must be callable, got {type(value).__name__}")


def _proxy(_: Any, attribute: Any, value: Any) -> None:
    if value is None or value is False or value == "":
        return
    if not isinstance(value, str):
        raise ConfigError(f"{attribute.name}: must be a URL, False, or None, got {type(value).__name__}")
    parse_proxy(attribute.name, value)


def _broker(_: Any, attribute: Any, value: Any) -> None:
    if value is not None and not isinstance(value, Broker):
        raise ConfigError(f"{attribute.name}: must be a Broker, got {type(value).__name__}")


def _pro_login(_: Any, attribute: Any, value: Any) -> None:
    if value not in ("auth", "token"):
        raise ConfigError(f"{attribute.name}: must be 'auth' or 'token', got {value!r}")


def _context(_: Any, attribute: Any, value: Any) -> None:
    if value is not None and not isinstance(value, ssl.SSLContext):
        raise ConfigError(f"{attribute.name}: must be an ssl.SSLContext, got {type(value).__name__}")


def _path(_: Any, attribute: Any, value: Any) -> None:
    if value is not None and not (isinstance(value, (str, os.PathLike)) and os.fspath(value)):
        raise ConfigError(f"{attribute.name}: must be a path, got {type(value).__name__}")


def _region(_: Any, attribute: Any, value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{attribute.name}: must be the name of a region, got {value!r:.60}")


def _hosts(value: Any) -> Mapping[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(k, str) and isinstance(v, str) for k, v in value.items()):
        raise ConfigError("hosts: must map host names to URLs")
    return dict(value)


@attrs.frozen(kw_only=True)
class Options:
    """
    Options of a client; each is also a keyword argument of the client.

    Attributes:
        api_key: API key; needed for order entry and private topics, together with the next two.
        api_secret: API secret.
        api_passphrase: API passphrase, as typed when the key was made.
        api_key_version: ``"3"`` (current), ``"2"`` or ``"1"`` (whose passphrase REST calls carry in clear).
        custom_sign_message_fn: Called with ``(message, secret)`` for every signature instead of the standard
            library's HMAC, to return base64(HMAC-SHA256(secret, message)) as text; the messages are what the
            exchange's documents call the prehash, the passphrase, and the challenge of the order line. It runs on
            whichever thread signs, several at a time, and must be pure, quick and silent. If it raises, the call or
            the opening ends with `AuthError`, which tells the kind of the exception only.
        broker: `Broker`, to mark calls for a partner programme; ``None`` sends no mark.
        enable_ns: Ask the order line for gateway times in nanoseconds instead of milliseconds.
        pro_login: How the private Pro connection logs in: ``auth`` (a frame after the welcome) or ``token`` (a token
            in the URL, the older form).
        api_region: Where the account lives: ``global``, ``EU`` or ``AU``, in any case.
        hosts: Full URLs that replace the region's, by name: ``spot_rest``, ``futures_rest``, ``ws_api``, ``pro_spot``,
            ``pro_futures``, ``pro_private``.
        ws_url: One URL for every WebSocket of this client instead of the usual one; the token call is then
            skipped.
        ssl_context: Own TLS settings; ``None`` verifies against the system's certificates with TLS 1.2 or newer.
        proxy: URL of a proxy for everything, WebSockets and REST calls: ``http://user:password@host:port`` (CONNECT),
            ``socks5://``, ``socks5h://`` (the proxy resolves the names), ``socks4://`` or ``socks4a://``, the last four
            with the extra ``[socks]``. ``None``: as the environment says (``HTTPS_PROXY``, ``HTTP_PROXY``,
            ``ALL_PROXY``, ``NO_PROXY``, in the manner of requests); ``False`` or ``""``: none.
        trust_env: Whether the environment is asked for proxies (but never for loopback hosts) and for certificates
            (``REQUESTS_CA_BUNDLE``, ``CURL_CA_BUNDLE``, ``SSL_CERT_FILE``, ``SSL_CERT_DIR``). ``~/.netrc`` is never
            read.
        rest_session: A `requests.Session` whose headers, ``verify``, ``cert``, ``proxies`` and ``trust_env`` apply to
            REST calls. It is only read.
        request_timeout: Longest time a request may take (5 s).
        open_timeout: Longest time an opening may take, all phases together (10 s).
        close_timeout: Longest time ``close()`` may take (2 s).
        ping_interval: Seconds between pings; ``None``: what the exchange says (KuCoin: 18 s).
        pong_timeout: Seconds to wait for the pong; ``None``: what the exchange says (KuCoin: 10 s).
        probe_after: With a request in flight on a silent line, ping after this many seconds (1 s).
        probe_timeout: Seconds to wait for that ping's pong (2 s).
        recv_window: How long after the call an order may still reach the exchange's gateway; ``None``: the
            time the call has left.
        reconnect: Whether a lost line is opened again.
        reconnect_timeout: First step of the growing delay between openings (0.5 s, times 1.7 each
            time, with jitter, at most 30 s).
        reconnect_reset_after: A line that held this long resets the delay (10 s).
        max_reconnect_attempts: Openings tried in a row before the connection is given up; ``None``: no limit.
        openings_per_minute: Openings of all connections of the client together (20; KuCoin allows 30).
        max_topics_per_connection: Single topics on one connection; for more, further ones are opened. ``None``: what
            the exchange takes by its strictest document (KuCoin V1: 300).
        max_topics_per_frame: Symbols that one subscribe may carry; ``None``: likewise (KuCoin V1: 100).
        max_frames_per_window: Messages sent in one window; ``None``: likewise (KuCoin: 100 in 10 s). Subscriptions
            wait for it, orders never do.
        inline_listeners: Run listeners on the reading thread, for the last microseconds. Blocking calls are
            refused there.
        queue_size: Updates the listener queue, and each stream by default, holds (10,000).
        switch_interval: While a line is open, the longest time a computing Python thread keeps the interpreter from the
            others (0.5 ms, and 0.05 ms while a blocking call waits for its reply; Python's own default is 5 ms), or
            ``None`` to leave that alone. It holds for the whole process, is only ever lowered, and the former value
            comes back with the last line.
        retry_not_sent: Send an order call that ended as `NotSent` for a passing cause again, inside its timeout and
            under the same client order id, instead of raising.
        track_orders: Subscribe to the account's order events, so that they can tell what became of an order whose reply
            was lost. Without them it takes a look-up.
        settle: Seconds from when nothing of an order can arrive any more until look-ups that do not find it are
            believed (5 s): they lag behind the exchange's engine.
        journal: Path of a file in which every order is noted before it is sent, and its outcome after. A client that is
            made with the same path later, after a crash above all, finds the orders without an outcome there, among
            ``unresolved()``. One client at a time; ``None`` keeps none.
        check_symbols: Check prices and sizes against the steps and limits of their symbol before an order is sent. The
            rules are fetched with the first order, or when the line is opened ahead of time.
    """

    api_key: str | None = attrs.field(default=None, repr=lambda v: _mask_key(v) if v else "None")
    api_secret: str | None = attrs.field(default=None, repr=_hide)
    api_passphrase: str | None = attrs.field(default=None, repr=_hide)
    api_key_version: str = attrs.field(default="3", converter=str, validator=_key_version)
    custom_sign_message_fn: Callable[[str, str], str] | None = attrs.field(
        default=None, validator=_callable, repr=False
    )
    broker: Broker | None = attrs.field(default=None, validator=_broker)
    enable_ns: bool = attrs.field(default=False, validator=_flag)
    pro_login: str = attrs.field(default="auth", validator=_pro_login)
    api_region: str = attrs.field(default="global", validator=_region)
    hosts: Mapping[str, str] = attrs.field(default=None, converter=_hosts)
    ws_url: str | None = attrs.field(default=None, repr=lambda url: repr(url and url.split("?")[0]))
    ssl_context: ssl.SSLContext | None = attrs.field(default=None, validator=_context, repr=False)
    proxy: str | Literal[False] | None = attrs.field(default=None, validator=_proxy, repr=redact)
    trust_env: bool = attrs.field(default=True, validator=_flag)
    rest_session: Any = attrs.field(default=None, repr=False)
    request_timeout: float = attrs.field(default=5.0, validator=_seconds(0.001))
    open_timeout: float = attrs.field(default=10.0, validator=_seconds(0.001))
    close_timeout: float = attrs.field(default=2.0, validator=_seconds(0.0))
    ping_interval: float | None = attrs.field(default=None, validator=_seconds(0.01, optional=True))
    pong_timeout: float | None = attrs.field(default=None, validator=_seconds(0.01, optional=True))
    probe_after: float = attrs.field(default=1.0, validator=_seconds(0.01))
    probe_timeout: float = attrs.field(default=2.0, validator=_seconds(0.01))
    recv_window: float | None = attrs.field(default=None, validator=_seconds(0.001, optional=True))
    reconnect: bool = attrs.field(default=True, validator=_flag)
    reconnect_timeout: float = attrs.field(default=0.5, validator=_seconds(0.0))
    reconnect_reset_after: float = attrs.field(default=10.0, validator=_seconds(0.0))
    max_reconnect_attempts: int | None = attrs.field(default=None, validator=_count(1, optional=True))
    openings_per_minute: int = attrs.field(default=20, validator=_count(1))
    max_topics_per_connection: int | None = attrs.field(default=None, validator=_count(1, optional=True))
    max_topics_per_frame: int | None = attrs.field(default=None, validator=_count(1, optional=True))
    max_frames_per_window: int | None = attrs.field(default=None, validator=_count(1, optional=True))
    inline_listeners: bool = attrs.field(default=False, validator=_flag)
    queue_size: int = attrs.field(default=10_000, validator=_count(1))
    switch_interval: float | None = attrs.field(default=0.0005, validator=_seconds(0.00001, optional=True))
    retry_not_sent: bool = attrs.field(default=False, validator=_flag)
    track_orders: bool = attrs.field(default=False, validator=_flag)
    settle: float = attrs.field(default=5.0, validator=_seconds(0.0))
    journal: str | os.PathLike[str] | None = attrs.field(default=None, validator=_path)
    check_symbols: bool = attrs.field(default=False, validator=_flag)

    def __attrs_post_init__(self) -> None:
        given = [self.api_key, self.api_secret, self.api_passphrase]
        if any(v is not None for v in given) and any(v is None for v in given):
            raise ConfigError("api_key, api_secret, api_passphrase: give all three or none")
        if self.api_key is not None:
            self.credentials  # noqa: B018  (checks them now, not at the first connection)
        if self.ws_url is not None:
            check_url("ws_url", self.ws_url, ("wss", "ws"))

    @property
    def credentials(self) -> Credentials | None:
        """The three credentials as one value, or ``None``."""
        if self.api_key is None or self.api_secret is None or self.api_passphrase is None:
            return None
        return Credentials(self.api_key, self.api_secret, self.api_passphrase)

    @classmethod
    def of(cls, options: Options | None, keywords: Mapping[str, Any]) -> Options:
        """
        Merge an `Options` value with keyword arguments of a client.

        Raises:
            ConfigError: If a keyword is not an option, or a value breaks a rule.
        """
        known = {field.name for field in attrs.fields(cls)}
        for name in keywords:
            if name not in known:
                raise ConfigError(f"{name}: no such option; known are {', '.join(sorted(known))}")
        if options is None:
            return cls(**keywords)
        if not isinstance(options, Options):
            raise ConfigError(f"options: must be Options, got {type(options).__name__}")
        return attrs.evolve(options, **keywords)
