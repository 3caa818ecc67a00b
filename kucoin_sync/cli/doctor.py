"""
``doctor``: goes the way to the exchange step by step, and names what is in the way.
"""

from __future__ import annotations

import contextlib
import datetime
import ssl
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

import attrs
import click

from kucoin_sync.cli.access import Access, Wanted, access_options
from kucoin_sync.cli.causes import Cause, cause_of
from kucoin_sync.cli.console import FAILED, Output
from kucoin_sync.engine.channel import Channel
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.dial import Resolver, dial
from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.engine.network import Network
from kucoin_sync.engine.rest import proxy_for
from kucoin_sync.engine.tls import default_context
from kucoin_sync.errors import ConnectError, KucoinSyncError
from kucoin_sync.kucoin.client import WebsocketClient
from kucoin_sync.kucoin.hosts import host_url
from kucoin_sync.kucoin.keys import WsKey
from kucoin_sync.options import Options

__all__ = ["Examination", "Finding", "doctor", "verdict"]

CLOCK_LIMIT_MS = 5000
"""How far a timestamp may be off before the exchange refuses it."""
CLOCK_NOTE_MS = 500
SLOW_CALL = 1.5
"""Seconds from which on a REST call is slow; each opens a connection of its own."""
SLOW_PING = 0.3
"""Seconds from which on a round trip over an open line is slow."""
PINGS = 5
CLOCK_SAMPLES = 3
CERTIFICATE_NOTE_DAYS = 7

State = Literal["ok", "note", "failed", "skipped"]


@attrs.frozen
class Finding:
    """
    What one check found.

    Attributes:
        check: Name of the check.
        state: ``ok``; ``note``: it works, but; ``failed``; ``skipped``: what it needs is missing.
        text: What was seen.
        cause: Why, unless it is ``ok`` or ``skipped``.
        seconds: How long the check took.
    """

    check: str
    state: State
    text: str
    cause: Cause | None = None
    seconds: float = 0.0


class _Doubt(Exception):
    """A check that ends with something else than its text: a note, a failure without an exception, or a skip."""

    def __init__(self, state: State, text: str, cause: Cause | None = None) -> None:
        super().__init__(text)
        self.state, self.text, self.cause = state, text, cause


@attrs.frozen
class _Check:
    name: str
    look: Callable[[], str]
    needs: tuple[str, ...] = ()


class Examination:
    """
    The checks, one after the other.

    Args:
        options: Of the client.
        client: Made with them.
        market: ``spot`` or ``futures``.
        source: Where the keys came from, in words.
    """

    def __init__(self, options: Options, client: WebsocketClient, market: str, source: str) -> None:
        self._options = options
        self._client = client
        self._source = source
        self._is_futures = market == "futures"
        self._network: Network | None = None
        self._call_took = 0.0
        self._permissions: list[str] | None = None
        self._opening_took: dict[WsKey, float] = {}
        self._failures: dict[WsKey, ConnectError] = {}  # behind the token

    def run(self) -> Iterator[Finding]:
        """Yield what each check finds, when it has found it."""
        states: dict[str, State] = {}
        for check in self._checks():
            began = time.monotonic()
            missing = next((need for need in check.needs if states[need] in ("failed", "skipped")), None)
            if missing is not None:
                finding = Finding(check.name, "skipped", f"not without {missing!r}")
            else:
                finding = self._look(check)
            states[check.name] = finding.state
            yield attrs.evolve(finding, seconds=time.monotonic() - began)

    @staticmethod
    def _look(check: _Check) -> Finding:
        try:
            return Finding(check.name, "ok", check.look())
        except _Doubt as doubt:
            return Finding(check.name, doubt.state, doubt.text, doubt.cause)
        except KucoinSyncError as error:
            return Finding(check.name, "failed", str(error), cause_of(error))

    def _checks(self) -> Iterator[_Check]:
        product = "futures" if self._is_futures else "spot"
        public = WsKey.FUTURES_PUBLIC_V1 if self._is_futures else WsKey.SPOT_PUBLIC_V1
        private = WsKey.FUTURES_PRIVATE_V1 if self._is_futures else WsKey.SPOT_PRIVATE_V1
        orders = WsKey.WS_API_FUTURES_V1 if self._is_futures else WsKey.WS_API_SPOT_V1
        topic = "/contractMarket/tickerV2:XBTUSDTM" if self._is_futures else "/market/ticker:BTC-USDT"
        yield _Check("keys", self._keys)
        yield from self._way("REST", host_url(self._options, f"{product}_rest", private=False))
        way = ("REST TLS",)
        yield _Check("exchange open", partial(self._service, product), way)
        yield _Check("clock", partial(self._clock, product), way)
        yield _Check("REST calls", self._calls, way)
        yield _Check("public token", partial(self._token, public), way)
        yield _Check("public welcome", partial(self._welcome, public), ("public token",))
        yield _Check("subscribe", partial(self._subscribe, topic, public), ("public welcome",))
        yield _Check("key", self._key, ("keys", "REST TLS"))
        yield _Check("permission", partial(self._permission, product), ("key",))
        yield _Check("private token", partial(self._token, private), ("keys", "REST TLS"))
        yield _Check("private welcome", partial(self._welcome, private), ("private token",))
        yield from self._way("order line", host_url(self._options, "ws_api", private=False))
        yield _Check("order login", partial(self._login, orders), ("keys", "order line TLS"))
        yield _Check("round trip", partial(self._pings, orders), ("order login",))

    # The way to a host.

    def _way(self, title: str, url: str) -> Iterator[_Check]:
        yield _Check(f"{title} name", partial(self._name, url))
        yield _Check(f"{title} port", partial(self._port, url), (f"{title} name",))
        yield _Check(f"{title} TLS", partial(self._tls, url), (f"{title} port",))

    def _surroundings(self) -> Network:
        if self._network is None:
            context = self._options.ssl_context or default_context(trust_env=self._options.trust_env)
            self._network = Network(Resolver(), context, partial(proxy_for, options=self._options))
        return self._network

    def _deadline(self) -> Deadline:
        return Deadline(self._options.request_timeout)

    def _name(self, url: str) -> str:
        host, port, _ = _parts(url)
        proxy = self._surroundings().proxy_for(url)
        if proxy is not None:
            return f"{host} is left to the proxy {proxy}"
        with _interrupt() as interrupt:
            found = self._surroundings().resolver.resolve(host, port, self._deadline(), interrupt)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
        return f"{host} is {addresses[0]}{more}" if host != addresses[0] else f"{host} is an address"

    def _port(self, url: str) -> str:
        host, port, _ = _parts(url)
        network = self._surroundings()
        began = time.monotonic()
        with _interrupt() as interrupt:
            if network.proxy_for(url) is not None:
                plain = f"ws://{host}:{port}"  # the way through the proxy, and no TLS yet
                network.open_channel(plain, self._deadline(), interrupt).discard(reset=True)
                return f"port {port}, by way of the proxy, in {_ms(time.monotonic() - began)}"
            dial(host, port, network.resolver, self._deadline(), interrupt).close()
        return f"port {port} in {_ms(time.monotonic() - began)}"

    def _tls(self, url: str) -> str:
        _, _, is_tls = _parts(url)
        if not is_tls:
            return "none, for this is a loopback host"
        with _interrupt() as interrupt:
            channel: Channel = self._surroundings().open_channel(url, self._deadline(), interrupt)
            try:
                session = channel.tls
                assert session is not None
                version, certificate = session.version(), session.getpeercert() or {}
            finally:
                channel.discard(reset=True)
        ends = certificate.get("notAfter")
        if not isinstance(ends, str):
            return f"{version}"
        left = datetime.timedelta(seconds=ssl.cert_time_to_seconds(ends) - time.time()).days
        if left < CERTIFICATE_NOTE_DAYS:
            advice = Cause(
                "certificate_ends", "Soon nobody can connect: look again tomorrow, and at the proxy, if any."
            )
            raise _Doubt("note", f"{version}, certificate valid for {left} more days", advice)
        return f"{version}, certificate valid for {left} days"

    # The exchange.

    def _service(self, product: str) -> str:
        status = self._client.rest.service_status(host=product)
        word = str(status.get("status"))
        if word != "open":
            text = f"it says {word!r} {status.get('msg') or ''}".strip()
            raise _Doubt("failed", text, Cause("maintenance", "The exchange is closed, or takes only cancels: wait."))
        return "it says 'open'"

    def _clock(self, product: str) -> str:
        began = time.monotonic()
        offset = self._client.rest.clock_offset_ms(samples=CLOCK_SAMPLES, host=product)
        self._call_took = (time.monotonic() - began) / CLOCK_SAMPLES
        behind = f"this machine's clock is {abs(offset) / 1000:.2f} s {'behind' if offset > 0 else 'ahead'}"
        advice = "Set this machine's clock, for example with: timedatectl set-ntp true"
        if abs(offset) >= CLOCK_LIMIT_MS:
            raise _Doubt("failed", f"{behind}; the exchange refuses what is 5 s off", Cause("clock", advice))
        if abs(offset) >= CLOCK_NOTE_MS + self._client.stats().clock.uncertainty_ms:
            raise _Doubt("note", f"{behind}; this library signs with the exchange's time", Cause("clock", advice))
        return f"{round(offset):+d} ms off, known to {self._client.stats().clock.uncertainty_ms:.0f} ms"

    def _calls(self) -> str:
        if not self._call_took:
            raise _Doubt("skipped", "no call of the check of the clock was answered")
        text = f"{_ms(self._call_took)} each, on average of {CLOCK_SAMPLES}, opening a connection included"
        if self._call_took >= SLOW_CALL:
            raise _Doubt("note", text, _SLOW)
        return text

    # Lines.

    def _token(self, key: WsKey) -> str:
        """Open a line; how it failed after the token is for `_welcome` to tell."""
        began = time.monotonic()
        try:
            self._client.connect(key)
        except ConnectError as error:
            if error.phase == "token":
                raise
            self._failures[key] = error
        self._opening_took[key] = time.monotonic() - began
        return "given"

    def _welcome(self, key: WsKey) -> str:
        if key in self._failures:
            raise self._failures[key]
        return f"said; token, handshake and welcome took {_ms(self._opening_took[key])}"

    def _subscribe(self, topic: str, key: WsKey) -> str:
        began = time.monotonic()
        self._client.subscribe(topic, key)
        took = time.monotonic() - began
        if took >= SLOW_PING:
            raise _Doubt("note", f"{topic} confirmed in {_ms(took)}", _SLOW)
        return f"{topic} confirmed in {_ms(took)}"

    def _login(self, key: WsKey) -> str:
        began = time.monotonic()
        self._client.connect(key)
        return f"in {_ms(time.monotonic() - began)}"

    def _pings(self, key: WsKey) -> str:
        took = [self._client.send_ws_api_request(key, "ping").latency for _ in range(PINGS)]
        middle = statistics.median(took)
        text = f"{_ms(middle)} in the middle, {_ms(min(took))} to {_ms(max(took))} of {PINGS} pings"
        if middle >= SLOW_PING:
            raise _Doubt("note", text, _SLOW)
        return text

    # Keys.

    def _keys(self) -> str:
        credentials = self._options.credentials
        if credentials is None:
            text = "there are none: private checks are left out"
            raise _Doubt("skipped", text)
        values = (credentials.api_key, credentials.api_secret, credentials.api_passphrase)
        if any(value != value.strip() for value in values):
            advice = Cause(
                "key_spaces", "Take the spaces at the beginning or the end of key, secret or passphrase away."
            )
            raise _Doubt("failed", "one of them begins or ends with a space", advice)
        return f"{credentials.masked_key}, from {self._source}"

    def _key(self) -> str:
        found: dict[str, Any] = self._client.rest.api_key_info()
        self._permissions = [word.strip() for word in str(found.get("permission") or "").split(",") if word.strip()]
        addresses = found.get("ipWhitelist")
        return (
            f"version {found.get('apiVersion')}, {'only from ' + str(addresses) if addresses else 'from any address'}"
        )

    def _permission(self, product: str) -> str:
        wanted = product.capitalize()
        named = ", ".join(self._permissions or ()) or "none"
        if wanted not in (self._permissions or ()):
            advice = f"The key may not trade {product}: add {wanted!r} on the exchange's page of the key."
            raise _Doubt("failed", f"the key has {named}", Cause("permission", advice))
        return named


_SLOW = Cause("slow_line", "The line is slow: orders take that long. Look for a better network, or a place nearer by.")


@contextlib.contextmanager
def _interrupt() -> Iterator[Interrupt]:
    interrupt = Interrupt()
    try:
        yield interrupt
    finally:
        interrupt.close()


def _parts(url: str) -> tuple[str, int, bool]:
    parts = urlsplit(url)
    is_tls = parts.scheme in ("https", "wss")
    return parts.hostname or "", parts.port or (443 if is_tls else 80), is_tls


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"


_MARKS: dict[State, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "note": ("!", "yellow"),
    "failed": ("✗", "red"),
    "skipped": ("-", "bright_black"),
}
_WIDTH = 16


@click.command()
@click.option("--market", type=click.Choice(["spot", "futures"]), default="spot", show_default=True)
@access_options
def doctor(market: str, wanted: Wanted) -> None:
    """
    Find out why it does not work: name, port, TLS, token, welcome, login, clock, round trip, permission.

    Each is a line that passes, or says what to do. The exit code is 1 if one failed.
    """
    output = wanted.output
    with wanted.open() as access, output.failures(), WebsocketClient(access.options) as client:
        examination = Examination(access.options, client, market, access.source)
        findings = _told(examination, access, output)
    chosen = verdict(findings)
    failed = chosen is not None and chosen.state == "failed"
    if output.as_json:
        output.json(
            {
                "healthy": not failed,
                "cause": None if chosen is None or chosen.cause is None else chosen.cause.name,
                "findings": [attrs.asdict(each) for each in findings],
            }
        )
    else:
        _conclude(output, chosen, has_keys=access.options.credentials is not None)
    click.get_current_context().exit(FAILED if failed else 0)


def verdict(findings: Sequence[Finding]) -> Finding | None:
    """
    Return the finding that names the cause; ``None`` if everything works.

    The first failure is the cause of those after it; where there is none, the first note is what to look at.
    """
    for state in ("failed", "note"):
        for finding in findings:
            if finding.state == state:
                return finding
    return None


def _told(examination: Examination, access: Access, output: Output) -> list[Finding]:
    findings: list[Finding] = []
    if not output.as_json:
        output.say(f"Examining the way to {access.title}", "bold")
    checks = examination.run()
    while True:
        with output.working("examining"):
            finding = next(checks, None)
        if finding is None:
            return findings
        findings.append(finding)
        if not output.as_json:
            mark, style = _MARKS[finding.state]
            output.say(finding.text, style if finding.state != "ok" else "", mark=f"{mark} {finding.check:<{_WIDTH}}")
            if finding.cause is not None:
                output.say(finding.cause.advice, "bold", mark=" " * (_WIDTH + 1) + "→")


def _conclude(output: Output, chosen: Finding | None, *, has_keys: bool) -> None:
    if chosen is None or chosen.cause is None:
        rest = "" if has_keys else " Without keys only the public part was looked at."
        output.say(f"Everything works.{rest}", "bold green")
        return
    word = "The cause" if chosen.state == "failed" else "It works, but"
    style = "bold red" if chosen.state == "failed" else "bold yellow"
    output.say(f"{word}: {chosen.cause.name} ({chosen.check}). {chosen.cause.advice}", style)
