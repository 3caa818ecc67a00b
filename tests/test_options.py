"""Options and credentials: what is refused, and what is never shown."""

from __future__ import annotations

import ssl
from typing import Any

import attrs
import pytest

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.client import WebsocketClient
from kucoin_sync.kucoin.rest import token_call
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.options import LONGEST, Broker, Credentials, Options, check_url, is_loopback
from kucoin_sync.protocol.dialect import Endpoint, HttpCall

KEY, SECRET, PASSPHRASE = "64f0c3a1e5b7d90001a2b3c4", "11111111-2222-3333-4444-555555555555", "my-Passphrase_1"
KEYS = {"api_key": KEY, "api_secret": SECRET, "api_passphrase": PASSPHRASE}
DURATIONS = [
    "request_timeout",
    "open_timeout",
    "close_timeout",
    "ping_interval",
    "pong_timeout",
    "probe_after",
    "probe_timeout",
    "recv_window",
    "reconnect_timeout",
    "reconnect_reset_after",
    "switch_interval",
]

BAD: list[Any] = [
    *(
        pytest.param({name: value}, f"{name}: must be a number of seconds", id=f"{name}-{value!r}")
        for name in DURATIONS
        for value in (-1, "5", float("nan"), float("inf"), True, LONGEST + 1, [1])
    ),
    *(
        pytest.param({name: None}, f"{name}: must be a number of seconds", id=f"{name}-None")
        for name in DURATIONS
        if name not in ("ping_interval", "pong_timeout", "recv_window", "switch_interval")
    ),
    *(
        pytest.param({name: 0}, f"{name}: must be a number of seconds", id=f"{name}-zero")
        for name in DURATIONS
        if name not in ("close_timeout", "reconnect_timeout", "reconnect_reset_after")
    ),
    *(
        pytest.param({name: value}, f"{name}: must be True or False", id=f"{name}-{value!r}")
        for name in ("reconnect", "inline_listeners", "enable_ns", "check_symbols", "trust_env")
        for value in (1, "yes", None)
    ),
    *(
        pytest.param({name: value}, f"{name}: must be a whole number of at least 1", id=f"{name}-{value!r}")
        for name in ("max_reconnect_attempts", "openings_per_minute", "queue_size")
        for value in (0, -1, 1.5, "5", True)
    ),
    pytest.param({"openings_per_minute": None}, "openings_per_minute: must be a whole number", id="openings-None"),
    pytest.param({"api_key_version": "4"}, "api_key_version: must be '1', '2' or '3'", id="key-version"),
    pytest.param({"custom_sign_message_fn": "hmac"}, "custom_sign_message_fn: must be callable, got str", id="sign-fn"),
    pytest.param({"broker": ("id", "key")}, "broker: must be a Broker, got tuple", id="broker-tuple"),
    pytest.param({"ssl_context": True}, "ssl_context: must be an ssl.SSLContext, got bool", id="X05-no-verification"),
    pytest.param({"hosts": "https://x"}, "hosts: must map host names to URLs", id="hosts-text"),
    pytest.param({"hosts": {"spot_rest": 5}}, "hosts: must map host names to URLs", id="hosts-number"),
    pytest.param({"api_key": KEY}, "api_key, api_secret, api_passphrase: give all three or none", id="key-alone"),
    pytest.param({**KEYS, "api_secret": None}, "api_key, api_secret, api_passphrase: give all three", id="no-secret"),
    pytest.param({**KEYS, "api_key": ""}, "api_key: must be a text that is not empty", id="key-empty"),
    pytest.param({**KEYS, "api_secret": 5}, "api_secret: must be a text that is not empty", id="secret-number"),
    pytest.param({**KEYS, "api_secret": "a\n"}, "api_secret: must be printable ASCII", id="secret-line-end"),
    pytest.param({**KEYS, "api_passphrase": "é"}, "api_passphrase: must be printable ASCII", id="passphrase-not-ascii"),
    pytest.param({"ws_url": "ws://example.com"}, "ws_url: ws:// is for loopback hosts only", id="ws-url-plain"),
    pytest.param({"ws_url": "https://example.com"}, "ws_url: must be a URL that starts with wss://", id="ws-url-https"),
    pytest.param({"ws_url": 5}, "ws_url: ", id="ws-url-number"),
]


@pytest.mark.parametrize(("keywords", "text"), BAD)
def test_a_bad_option_is_refused_by_name_and_rule(keywords: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Options(**keywords)
    assert str(caught.value).startswith(text)
    assert not any(secret in str(caught.value) for secret in (KEY, SECRET, PASSPHRASE)), "X01"


@pytest.mark.parametrize(
    "keywords",
    [
        {},
        KEYS,
        {"api_key_version": 2},
        {"custom_sign_message_fn": lambda message, secret: message, "enable_ns": True},
        {"broker": Broker("id", "key", name="desk")},
        {"proxy": "http://p:1", "trust_env": False},
        {"proxy": False, "api_region": "eu"},
        {"ping_interval": None, "pong_timeout": 1, "recv_window": 0.5},
        {"close_timeout": 0, "reconnect_timeout": 0.0, "reconnect_reset_after": 0},
        {"request_timeout": LONGEST},
        {"max_reconnect_attempts": None, "queue_size": 1},
        {"ssl_context": ssl.create_default_context()},
        {"hosts": {"spot_rest": "https://api.example"}},
        {"ws_url": "ws://127.0.0.1:8080/x?y=z"},
        {"ws_url": "wss://example.com"},
    ],
    ids=lambda given: "-".join(given) or "nothing",
)
def test_a_good_option_is_kept(keywords: dict[str, Any]) -> None:
    options = Options(**keywords)
    for name, value in keywords.items():
        assert getattr(options, name) == (str(value) if name == "api_key_version" else value)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"partner": "", "key": "k"}, "partner"),
        ({"partner": "p", "key": 5}, "key"),
        ({"partner": "p", "key": f"{SECRET}\n"}, "key"),
        ({"partner": "p", "key": "k", "name": ""}, "name"),
        ({"partner": "p", "key": "k", "name": "a\r\nX-Injected: 1"}, "name"),
    ],
)
def test_a_bad_broker_is_refused_by_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Broker(**values)
    assert str(caught.value) == f"broker: its {field} must be printable ASCII text that is not empty"


def test_options_are_frozen() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Options().request_timeout = 1.0  # type: ignore[misc]


def test_the_callers_hosts_are_copied() -> None:
    hosts = {"spot_rest": "https://a"}
    options = Options(hosts=hosts)
    hosts["spot_rest"] = "https://b"
    assert options.hosts == {"spot_rest": "https://a"}


def test_credentials_come_as_one_value_or_not_at_all() -> None:
    assert Options().credentials is None
    assert Options(**KEYS).credentials == Credentials(KEY, SECRET, PASSPHRASE)


def test_keywords_of_a_client_change_single_options() -> None:
    options = Options.of(Options(request_timeout=1.0, open_timeout=2.0), {"request_timeout": 3.0})
    assert (options.request_timeout, options.open_timeout) == (3.0, 2.0)
    assert Options.of(None, {"request_timeout": 3.0}) == Options(request_timeout=3.0)


@pytest.mark.parametrize(
    ("options", "keywords", "text"),
    [
        pytest.param(None, {"ping_timeout": 1}, "ping_timeout: no such option; known are api_key, ", id="unknown-name"),
        pytest.param({"request_timeout": 1}, {}, "options: must be Options, got dict", id="no-options"),
        pytest.param(Options(), {"request_timeout": -1}, "request_timeout: must be a number", id="bad-value"),
    ],
)
def test_keywords_of_a_client_are_checked_like_options(options: Any, keywords: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Options.of(options, keywords)
    assert str(caught.value).startswith(text)


SIGNED_URL = "wss://wsapi.kucoin.com/v1/private?apikey=64f0c3a1e5b7d90001a2b3c4&sign=SIGNATURE&passphrase=SIGNATURE"
REPRS: list[Any] = [
    pytest.param(Options(**KEYS), id="Options"),
    pytest.param(Options(ws_url=SIGNED_URL), id="X02-Options-with-a-signed-url"),
    pytest.param(Credentials(KEY, SECRET, PASSPHRASE), id="Credentials"),
    pytest.param(Signer(Credentials(KEY, SECRET, PASSPHRASE)), id="Signer"),
    pytest.param(Broker("id", SECRET), id="Broker"),
    pytest.param(Options(**KEYS, broker=Broker("id", SECRET, "desk")), id="Options-with-a-broker"),
    pytest.param(Endpoint(SIGNED_URL, 18.0, 10.0), id="X02-Endpoint"),
    pytest.param(token_call("https://x", Signer(Credentials(KEY, SECRET, PASSPHRASE)), timestamp_ms=1), id="HttpCall"),
    pytest.param(HttpCall("GET", "https://x/api?sign=SIGNATURE", {"a": "SIGNATURE"}, "SIGNATURE"), id="X02-HttpCall"),
]


@pytest.mark.parametrize("value", REPRS)
def test_X01_no_repr_shows_a_secret_or_a_signature(value: object) -> None:
    """They end in logs, tracebacks and questions to a forum."""
    for shown in (repr(value), str(value), f"{value}"):
        for secret in (KEY, SECRET, PASSPHRASE, "SIGNATURE", "KC-API"):
            assert secret not in shown


def test_X01_a_repr_shows_enough_of_the_key_to_tell_two_apart() -> None:
    assert repr(Credentials(KEY, SECRET, PASSPHRASE)) == "Credentials(key=64…c4)"
    assert "64…c4" in repr(Options(**KEYS))


def test_X01_a_short_key_is_not_shown_at_all() -> None:
    """Of seven characters four would be more than a hint."""
    assert repr(Credentials("secret7", "s", "p")) == "Credentials(key=…)"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("example.com", False),
        ("2130706433", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    "url",
    [
        "wss://example.com",
        "wss://example.com:8443/path?x=y",
        "WSS://EXAMPLE.com",
        "ws://localhost:1",
        "ws://127.0.0.1:65535/v1",
        "ws://[::1]:8080",
        "wss://[2001:db8::1]/",
    ],
)
def test_a_good_url_is_returned_unchanged(url: str) -> None:
    assert check_url("x", url, ("wss", "ws")) == url


@pytest.mark.parametrize(
    ("url", "text"),
    [
        pytest.param("", "x: must be a URL that starts with wss://", id="empty"),
        pytest.param("example.com", "x: must be a URL that starts with wss://", id="no-scheme"),
        pytest.param("wss://", "x: must be a URL that starts with wss://", id="no-host"),
        pytest.param("https://example.com", "x: must be a URL that starts with wss://, got scheme 'https'", id="https"),
        pytest.param(
            "ws://example.com", "x: ws:// is for loopback hosts only; example.com needs wss://", id="T20-plain"
        ),
        pytest.param("ws://127.0.0.1.example.com", "x: ws:// is for loopback hosts only", id="T20-disguised"),
        pytest.param("ws://127.0.0.1@example.com", "x: must not hold a user name or password", id="T20-user-as-host"),
        pytest.param("wss://me:SECRET@example.com", "x: must not hold a user name or password", id="X02-password"),
        pytest.param("wss://example.com:99999", "x: not a URL", id="port-too-large"),
        pytest.param("wss://example.com:x", "x: not a URL", id="port-word"),
        pytest.param("wss://[::1", "x: not a URL", id="bracket"),
        pytest.param(None, "x: ", id="None"),
        pytest.param(5, "x: ", id="number"),
        pytest.param(b"wss://example.com", "x: ", id="bytes"),
        pytest.param("wss://example.com/\r\nX-Injected: 1", "x: ", id="line-end-in-the-path"),
        pytest.param("wss://example.com/a b", "x: ", id="blank-in-the-path"),
        pytest.param("wss://exam\nple.com/", "x: ", id="line-end-in-the-host"),
    ],
)
def test_T20_a_bad_url_is_refused_by_name_and_rule(url: Any, text: str) -> None:
    """It may come from a user, or from the exchange's answer."""
    with pytest.raises(ConfigError) as caught:
        check_url("x", url, ("wss", "ws"))
    assert str(caught.value).startswith(text)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("hosts", "text"),
    [
        pytest.param({"spot": "https://x"}, "hosts: no host 'spot'; there are spot_rest, ", id="unknown-name"),
        pytest.param(
            {"spot_rest": "http://example.com"}, "hosts['spot_rest']: http:// is for loopback", id="plain-rest"
        ),
        pytest.param(
            {"ws_api": "ws://example.com"}, "hosts['ws_api']: ws:// is for loopback hosts only", id="plain-ws"
        ),
        pytest.param(
            {"ws_api": "https://example.com"}, "hosts['ws_api']: must be a URL that starts", id="https-for-wss"
        ),
        pytest.param({"spot_rest": "wss://example.com"}, "hosts['spot_rest']: must be a URL that", id="wss-for-https"),
    ],
)
def test_a_bad_host_is_refused_when_the_client_is_made(hosts: dict[str, str], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        WebsocketClient(hosts=hosts)
    assert str(caught.value).startswith(text)
