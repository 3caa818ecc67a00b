"""
The doctor names the right cause of a broken set-up. Each set-up is broken for real: ports that nobody listens on,
certificates that nobody signed, keys that a simulated exchange refuses.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kucoin_sync import AuthError, ConnectError, RestError, TlsError, TokenError
from kucoin_sync.cli.causes import cause_of
from kucoin_sync.cli.doctor import verdict
from kucoin_sync.cli.examination import Finding
from kucoin_sync.cli.venues import venue_of
from kucoin_sync.errors import ClosedError, DeadlineExceeded
from kucoin_sync.simulator import Simulator
from tests.cli.commands import delayed, profile, run
from tests.peers import BAD_SERVER_CONTEXTS, ScriptedPeer, background, blackhole_port, client_context, refused_port

QUICK = {"request_timeout": 2.0, "open_timeout": 2.0}


def examine(
    market: str | None = None, *, exchange: str = "kucoin", **options: Any
) -> tuple[dict[str, str], Finding | None]:
    """Return the state of every check, and the finding that names the cause."""
    venue = venue_of(exchange)
    made = venue.options({**QUICK, **options})
    with venue.client(made) as client:
        findings = list(venue.examination(made, client, market, "the test").run())
    return {finding.check: finding.state for finding in findings}, verdict(findings)


def with_port(options: dict[str, Any], port: int, *names: str) -> dict[str, Any]:
    """Return options with the hosts of these names, or all, on another port."""
    hosts = {
        name: url if names and name not in names else url.replace(url.split(":")[2].partition("/")[0], str(port))
        for name, url in options["hosts"].items()
    }
    return {**options, "hosts": hosts}


@pytest.mark.parametrize("market", ["spot", "futures"])
def test_everything_works(market: str) -> None:
    with Simulator() as exchange:
        states, found = examine(market, **exchange.client_options())
    assert found is None
    assert set(states.values()) == {"ok"}
    assert len(states) == 19


def test_everything_works_over_tls() -> None:
    with Simulator(tls=True) as exchange:
        states, found = examine(**exchange.client_options())
    assert found is None and states["REST TLS"] == states["order line TLS"] == "ok"


def test_without_keys_the_public_part_is_examined() -> None:
    with Simulator() as exchange:
        states, found = examine(hosts=exchange.client_options()["hosts"])
    assert found is None
    assert states["keys"] == states["order login"] == states["private welcome"] == states["permission"] == "skipped"
    assert states["subscribe"] == states["order line port"] == "ok"


# Broken set-ups.


def _refused_key(name: str) -> Callable[[Simulator], dict[str, Any]]:
    return lambda exchange: {**exchange.client_options(), name: f"simulator-wrong-{name}"}


def _fault(order: Callable[[Simulator], object]) -> Callable[[Simulator], dict[str, Any]]:
    def broken(exchange: Simulator) -> dict[str, Any]:
        order(exchange)
        return exchange.client_options()

    return broken


def _wrong_answer_to_the_challenge(exchange: Simulator) -> dict[str, Any]:
    def sign(message: str, secret: str) -> str:
        # The challenge is signed as it came, as JSON; nothing else that is signed begins as JSON does.
        key = "another secret" if message.startswith("{") else secret
        return base64.b64encode(hmac.new(key.encode(), message.encode(), "sha256").digest()).decode()

    return {**exchange.client_options(), "custom_sign_message_fn": sign}


NOBODY = "https://nobody.invalid"

BROKEN: dict[str, tuple[Callable[[Simulator], dict[str, Any]], str, str]] = {
    "name does not resolve": (
        lambda _: {"hosts": {"spot_rest": NOBODY}, "request_timeout": 5.0},
        "dns",
        "REST name",
    ),
    "port closed": (lambda exchange: with_port(exchange.client_options(), refused_port()), "port", "REST port"),
    "order line's port closed": (
        lambda exchange: with_port(exchange.client_options(), refused_port(), "ws_api"),
        "port",
        "order line port",
    ),
    "TLS where there is none": (
        lambda exchange: {"hosts": {"spot_rest": exchange.url.replace("http:", "https:")}},
        "tls",
        "REST TLS",
    ),
    "key unknown": (_refused_key("api_key"), "key", "key"),
    "passphrase wrong": (_refused_key("api_passphrase"), "passphrase", "key"),
    "secret wrong": (_refused_key("api_secret"), "secret", "key"),
    "clock a minute slow": (_fault(lambda exchange: exchange.clock_skew(60_000)), "clock", "clock"),
    "clock a minute fast": (_fault(lambda exchange: exchange.clock_skew(-60_000)), "clock", "clock"),
    "clock a second off": (_fault(lambda exchange: exchange.clock_skew(1500)), "clock", "clock"),
    "address not on the whitelist": (
        _fault(lambda exchange: exchange.refuse_rest("user/api-key", "400006", "not allowed IP", 200, None)),
        "ip",
        "key",
    ),
    "call not permitted": (
        _fault(lambda exchange: exchange.refuse_rest("user/api-key", "400007", "no permission", 200, None)),
        "permission",
        "key",
    ),
    "trading not permitted": (
        _fault(lambda exchange: exchange.edit_rest("user/api-key", {"data": {"permission": "General,Futures"}}, None)),
        "permission",
        "permission",
    ),
    "token refused for too many calls": (
        _fault(lambda exchange: exchange.refuse_rest("/bullet-", "429000", "Too Many Requests", 429, None)),
        "rate_limit",
        "public token",
    ),
    "token call answered by a portal": (
        _fault(lambda exchange: exchange.answer_rest("/", "<html>log in</html>", 200, count=None)),
        "not_the_exchange",
        "exchange open",
    ),
    "welcome never comes": (_fault(lambda exchange: exchange.no_welcome(None, "v1")), "no_welcome", "public welcome"),
    "order line's welcome never comes": (
        _fault(lambda exchange: exchange.no_welcome(None, "ws_api")),
        "no_welcome",
        "order login",
    ),
    "order login refused": (_fault(lambda e: e.refuse_upgrade(401, None, "ws_api")), "login", "order login"),
    "signed challenge refused": (_wrong_answer_to_the_challenge, "secret", "order login"),
    "no WebSocket there": (_fault(lambda e: e.refuse_upgrade(404, None, "v1")), "upgrade", "public welcome"),
    "exchange closed": (
        _fault(lambda exchange: exchange.edit_rest("/api/v1/status", {"data": {"status": "close"}}, None)),
        "maintenance",
        "exchange open",
    ),
    "server fails": (
        _fault(lambda exchange: exchange.answer_rest("/bullet-", "", 503, count=None)),
        "server",
        "public token",
    ),
    "proxy gone": (
        lambda exchange: {**exchange.client_options(), "proxy": f"http://127.0.0.1:{refused_port()}"},
        "port",
        "REST port",
    ),
    "space behind the key": (
        lambda exchange: {**exchange.client_options(), "api_passphrase": exchange.api_passphrase + " "},
        "key_spaces",
        "keys",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_cause_of_a_broken_set_up_is_named(name: str) -> None:
    break_it, cause, check = BROKEN[name]
    with Simulator() as exchange:
        states, found = examine(**break_it(exchange))
    assert found is not None and found.cause is not None
    assert (found.cause.name, found.check) == (cause, check), found
    assert found.cause.advice
    assert found.state == ("note" if name == "clock a second off" else "failed")
    assert states[check] == found.state


def test_what_a_wrong_clock_does_not_touch_is_examined_all_the_same() -> None:
    with Simulator() as exchange:
        exchange.clock_skew(60_000)
        states, _ = examine(**exchange.client_options())
    assert {check for check, state in states.items() if state != "ok"} == {"clock"}


def test_a_line_without_its_port_is_not_examined_further() -> None:
    with Simulator() as exchange:
        states, _ = examine(**with_port(exchange.client_options(), refused_port(), "ws_api"))
    assert states["order line TLS"] == states["order login"] == states["round trip"] == "skipped"
    assert states["private welcome"] == "ok"


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("expired", "certificate_expired"),
        ("unknown CA", "certificate_untrusted"),
        ("self-signed", "certificate_untrusted"),
        ("wrong host", "certificate_host"),
        ("legacy TLS", "tls"),
    ],
)
def test_a_bad_certificate_is_named(kind: str, cause: str) -> None:
    with ScriptedPeer(BAD_SERVER_CONTEXTS[kind]()) as peer:
        hosts = {"spot_rest": f"https://127.0.0.1:{peer.port}", "ws_api": f"wss://127.0.0.1:{refused_port()}"}
        examining = background(lambda: examine(hosts=hosts, ssl_context=client_context(), **QUICK))
        peer.accept(handshake=False).close()  # of the check of the port
        peer.expect_failed_handshake()
        states, found = examining.result()
    assert found is not None and found.cause is not None
    assert (found.check, found.cause.name) == ("REST TLS", cause)
    assert states["REST port"] == "ok" and states["clock"] == states["public token"] == "skipped"


def test_a_certificate_that_this_machine_does_not_trust_is_named_until_it_does(
    tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    with Simulator(tls=True) as exchange:
        words = profile(tmp_path, exchange.client_options())
        ran = run("doctor", *words, "--json")
        assert (ran.code, ran.rows[0]["cause"]) == (1, "certificate_untrusted")
        file = tmp_path / "ca.pem"
        file.write_bytes(exchange.ca_pem or b"")
        environment.setenv("SSL_CERT_FILE", str(file))
        ran = run("doctor", *words, "--json")
        assert (ran.code, ran.rows[0]["cause"], ran.rows[0]["healthy"]) == (0, None, True)


def test_a_host_that_never_answers_is_named() -> None:
    with blackhole_port() as port:
        states, found = examine(hosts={"spot_rest": f"https://127.0.0.1:{port}"}, request_timeout=0.3)
    assert found is not None and found.cause is not None
    assert (found.check, states["REST TLS"]) == ("REST port", "skipped")


def test_a_slow_line_works_and_is_named() -> None:
    with Simulator() as exchange, delayed(int(exchange.url.rpartition(":")[2]), 0.17) as slow:
        options = with_port(exchange.client_options(), slow)
        # The classic streams are told their server by the token call, which knows nothing of the slow way.
        states, found = examine(**{**options, "request_timeout": 10.0, "open_timeout": 10.0})
    assert found is not None and found.cause is not None
    assert (found.state, found.cause.name, found.check) == ("note", "slow_line", "round trip")
    assert "failed" not in states.values()


# OKX.


OKX_BROKEN: dict[str, tuple[Callable[[Simulator], dict[str, Any]], str, str]] = {
    "name does not resolve": (lambda _: {"hosts": {"rest": NOBODY}, "request_timeout": 5.0}, "dns", "REST name"),
    "port closed": (
        lambda exchange: {**exchange.client_options(), "hosts": {"rest": f"http://127.0.0.1:{refused_port()}"}},
        "port",
        "REST port",
    ),
    "port of the lines closed": (
        lambda exchange: with_port(exchange.client_options(), refused_port(), "ws"),
        "port",
        "line port",
    ),
    "TLS where there is none": (
        lambda exchange: {"hosts": {"rest": exchange.url.replace("http:", "https:")}},
        "tls",
        "REST TLS",
    ),
    "key unknown": (_refused_key("api_key"), "key", "key"),
    "passphrase wrong": (_refused_key("api_passphrase"), "passphrase", "key"),
    "secret wrong": (_refused_key("api_secret"), "secret", "key"),
    "clock a minute slow": (_fault(lambda exchange: exchange.clock_skew(60_000)), "clock", "clock"),
    "address not on the whitelist": (
        _fault(lambda exchange: exchange.refuse_rest("account/config", "50110", "not allowed IP", 401, None)),
        "ip",
        "key",
    ),
    "trading not permitted": (
        _fault(lambda exchange: exchange.edit_rest("account/config", {"data": [{"perm": "read_only"}]}, None)),
        "permission",
        "permission",
    ),
    "key of demo trading": (
        _fault(lambda exchange: exchange.refuse_rest("account/config", "50101", "wrong environment", 401, None)),
        "environment",
        "key",
    ),
    "maintenance": (
        _fault(
            lambda exchange: exchange.edit_rest(
                "system/status", {"data": [{"state": "ongoing", "title": "an upgrade"}]}, None
            )
        ),
        "maintenance",
        "exchange open",
    ),
    "REST answered by a portal": (
        _fault(lambda exchange: exchange.answer_rest("/", "<html>log in</html>", 200, count=None)),
        "not_the_exchange",
        "exchange open",
    ),
    "no WebSocket there": (_fault(lambda e: e.refuse_upgrade(404, None, "public")), "upgrade", "public line"),
    "too many openings": (_fault(lambda e: e.refuse_upgrade(429, None, "public")), "rate_limit", "public line"),
    "space behind the key": (
        lambda exchange: {**exchange.client_options(), "api_passphrase": exchange.api_passphrase + " "},
        "key_spaces",
        "keys",
    ),
}


@pytest.mark.parametrize("name", OKX_BROKEN)
def test_the_cause_of_a_broken_set_up_of_okx_is_named(name: str) -> None:
    break_it, cause, check = OKX_BROKEN[name]
    with Simulator(exchange="okx") as exchange:
        states, found = examine(exchange="okx", **break_it(exchange))
    assert found is not None and found.cause is not None
    assert (found.cause.name, found.check) == (cause, check), found
    assert states[check] == found.state == "failed"


def test_everything_works_at_okx_with_and_without_keys() -> None:
    with Simulator(exchange="okx") as exchange:
        states, found = examine(exchange="okx", **exchange.client_options())
        assert found is None and set(states.values()) == {"ok"} and len(states) == 17
    with Simulator(exchange="okx") as exchange:
        # It answers this once in 5 s: that somebody has asked before is no cause.
        exchange.refuse_rest("system/status", "50011", "Too Many Requests", 429, None)
        states, found = examine(exchange="okx", hosts=exchange.client_options()["hosts"])
    assert found is None and states["subscribe"] == "ok" and states["exchange open"] == "skipped"
    private = ("keys", "key", "permission", "order login", "spread login", "round trip")
    assert all(states[check] == "skipped" for check in private)


# What is printed.


def test_each_check_is_a_line_that_passes_or_says_what_to_do(tmp_path: Path) -> None:
    with Simulator() as exchange:
        options = {**exchange.client_options(), "api_secret": "simulator-wrong-secret"}
        ran = run("doctor", *profile(tmp_path, options))
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert any(re.match("✓ REST port +port [0-9]+ in ", line) for line in lines)
    assert sum(line.startswith(("✓", "✗", "!", "-")) for line in lines) == 19
    refused = next(line for line in lines if line.startswith("✗ key "))
    assert "400005" in refused
    assert lines[lines.index(refused) + 1].strip().startswith("→ The signature is wrong")
    assert lines[-1].startswith("The cause: secret (key). The signature is wrong")
    assert "wrong-secret" not in ran.out + ran.err


def test_the_good_end_is_told_with_the_exit_code_too() -> None:
    ran = run("doctor", "--simulator")
    assert ran.code == 0 and ran.out.splitlines()[-1] == "Everything works."
    with Simulator() as exchange:
        ran = run("doctor", "--json", exchange=exchange)
    assert ran.rows[0]["healthy"] and ran.rows[0]["cause"] is None
    assert {finding["state"] for finding in ran.rows[0]["findings"]} == {"ok"}
    assert exchange.api_secret not in ran.out


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (TlsError("certificate of x refused: certificate is not yet valid"), "clock"),
        (TlsError("certificate of x refused: self-signed certificate in certificate chain"), "certificate_untrusted"),
        (TlsError("TLS handshake with x failed: WRONG_VERSION_NUMBER"), "tls"),
        (TokenError("busy", code="429000"), "rate_limit"),
        (TokenError("no answer in time"), "no_answer"),
        (TokenError("no servers", status=200), "token"),
        (AuthError("no", phase="auth"), "login"),
        (ConnectError("no welcome in time", phase="welcome"), "no_welcome"),
        (ConnectError("HTTP status 404", phase="upgrade", status=404), "upgrade"),
        (ConnectError("refused", phase="proxy"), "proxy"),
        (RestError("IP blocked", op="GET /", code="1015"), "rate_limit"),
        (RestError("odd", op="GET /", code="999"), "other"),
        (DeadlineExceeded("late"), "no_answer"),
        (ClosedError("closed"), "other"),
    ],
    ids=str,
)
def test_causes_of_errors(error: Any, name: str) -> None:
    assert cause_of(error).name == name
