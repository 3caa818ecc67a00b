"""
The checks of the doctor that are the same everywhere: the way to a host, the clock, and how checks follow each other.
"""

from __future__ import annotations

import abc
import contextlib
import datetime
import ssl
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

import attrs

from kucoin_sync.cli.causes import Cause, cause_of
from kucoin_sync.engine.channel import Channel
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.dial import Resolver, dial
from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.engine.network import Network
from kucoin_sync.engine.rest import proxy_for
from kucoin_sync.engine.tls import default_context
from kucoin_sync.errors import KucoinSyncError
from kucoin_sync.options import Credentials, Options

__all__ = ["SLOW", "SLOW_PING", "Check", "Doubt", "Examination", "Finding", "State", "show_took"]

SLOW_CALL = 1.5
"""Seconds from which on a REST call is slow; each opens a connection of its own."""
SLOW_PING = 0.3
"""Seconds from which on a round trip over an open line is slow."""
CLOCK_NOTE_MS = 500
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


class Doubt(Exception):
    """A check that ends with something else than its text: a note, a failure without an exception, or a skip."""

    def __init__(self, state: State, text: str, cause: Cause | None = None) -> None:
        super().__init__(text)
        self.state, self.text, self.cause = state, text, cause


@attrs.frozen
class Check:
    name: str
    look: Callable[[], str]
    needs: tuple[str, ...] = ()


class Examination(abc.ABC):
    """
    The checks, one after the other.

    Args:
        options: Of the client.
        source: Where the keys came from, in words.

    Attributes:
        title: What people call the exchange.
        clock_limit_ms: How far a timestamp may be off before the exchange refuses it.
    """

    title: str
    clock_limit_ms: int

    def __init__(self, options: Options, source: str) -> None:
        self._options = options
        self._source = source
        self._network: Network | None = None
        self._call_took = 0.0

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
    def _look(check: Check) -> Finding:
        try:
            return Finding(check.name, "ok", check.look())
        except Doubt as doubt:
            return Finding(check.name, doubt.state, doubt.text, doubt.cause)
        except KucoinSyncError as error:
            return Finding(check.name, "failed", str(error), cause_of(error))

    @abc.abstractmethod
    def _checks(self) -> Iterator[Check]:
        """Yield the checks in their order; what one needs comes before it."""

    # The way to a host.

    def _way(self, title: str, url: str) -> Iterator[Check]:
        yield Check(f"{title} name", partial(self._name, url))
        yield Check(f"{title} port", partial(self._port, url), (f"{title} name",))
        yield Check(f"{title} TLS", partial(self._tls, url), (f"{title} port",))

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
                return f"port {port}, by way of the proxy, in {show_took(time.monotonic() - began)}"
            dial(host, port, network.resolver, self._deadline(), interrupt).close()
        return f"port {port} in {show_took(time.monotonic() - began)}"

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
            raise Doubt("note", f"{version}, certificate valid for {left} more days", advice)
        return f"{version}, certificate valid for {left} days"

    # The exchange.

    def _judge_clock(self, measure: Callable[[int], float], uncertainty_ms: Callable[[], float]) -> str:
        """Judge what ``measure`` finds by asking so many times: milliseconds that the exchange's clock is ahead."""
        began = time.monotonic()
        offset = measure(CLOCK_SAMPLES)
        self._call_took = (time.monotonic() - began) / CLOCK_SAMPLES
        behind = f"this machine's clock is {abs(offset) / 1000:.2f} s {'behind' if offset > 0 else 'ahead'}"
        advice = "Set this machine's clock, for example with: timedatectl set-ntp true"
        limit = f"{self.clock_limit_ms // 1000} s"
        if abs(offset) >= self.clock_limit_ms:
            raise Doubt("failed", f"{behind}; the exchange refuses what is {limit} off", Cause("clock", advice))
        if abs(offset) >= CLOCK_NOTE_MS + uncertainty_ms():
            raise Doubt("note", f"{behind}; this library signs with the exchange's time", Cause("clock", advice))
        return f"{round(offset):+d} ms off, known to {uncertainty_ms():.0f} ms"

    def _calls(self) -> str:
        if not self._call_took:
            raise Doubt("skipped", "no call of the check of the clock was answered")
        text = f"{show_took(self._call_took)} each, on average of {CLOCK_SAMPLES}, opening a connection included"
        if self._call_took >= SLOW_CALL:
            raise Doubt("note", text, SLOW)
        return text

    # Keys.

    def _judge_keys(self, credentials: Credentials | None) -> str:
        if credentials is None:
            raise Doubt("skipped", "there are none: private checks are left out")
        values = (credentials.api_key, credentials.api_secret, credentials.api_passphrase)
        if any(value != value.strip() for value in values):
            advice = Cause(
                "key_spaces", "Take the spaces at the beginning or the end of key, secret or passphrase away."
            )
            raise Doubt("failed", "one of them begins or ends with a space", advice)
        return f"{credentials.masked_key}, from {self._source}"


SLOW = Cause("slow_line", "The line is slow: orders take that long. Look for a better network, or a place nearer by.")


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


def show_took(seconds: float) -> str:
    """Spell a duration in milliseconds."""
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"
