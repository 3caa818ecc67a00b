"""
Fixtures of all tests. Every test is guarded against threads, descriptors and exceptions that it leaves behind.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from tests import canary
from tests.clients import Clients
from tests.fault_table import FaultTable, listed_faults
from tests.peers import LeakGuard, ScriptedPeer, server_context
from tests.peers.failing import failing_sockets  # noqa: F401  (a fixture)
from tests.sides import OKX, side  # noqa: F401  (a fixture)

HANGING_TEST = 120.0
REARMED = 10.0
"""Seconds after which the watch for hanging tests begins anew: for each test that would cost more than most tests."""

LONG = ("test_docs", "test_notebooks", "test_orders_truth", "test_steady")
"""Modules with tests of many seconds."""

armed_at = float("-inf")

# By default an example that takes 200 ms fails its test, and so does data that is slow to make: that says how busy the
# machine is, and nothing of our code.
hypothesis.settings.register_profile(
    "kucoin_sync", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("kucoin_sync")

# A shell starts what it runs in the background with Ctrl-C ignored, and nohup does so with SIGHUP; a child of ours
# would inherit that, and tests send them to such children.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_configure(config: pytest.Config) -> None:
    """Count the faults of the catalogue whose tests passed, and search all that is written for credentials."""
    keep_byte_code(config)
    config.pluginmanager.register(FaultTable(listed_faults()))
    config.pluginmanager.register(canary.watch())


def keep_byte_code(config: pytest.Config) -> None:
    """Let the programs that tests start share byte code, also where it must not be left beside the sources."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        folder = tempfile.mkdtemp(prefix="kucoin-sync-byte-code-")
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Begin with what takes long, so that no process is at it when the others have nothing left to do; and leave out what
    runs on both exchanges and over TLS on the second of them: TLS lies below their messages.

    OKX's own tests of its lines run over TLS, too.
    """
    items[:] = [item for item in items if not _is_second_over_tls(getattr(item, "callspec", None))]
    items.sort(key=lambda item: item.path.stem not in LONG)


def _is_second_over_tls(call: Any) -> bool:
    return call is not None and call.params.get("side") is OKX and call.params.get("peer") == "tls"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep half a million objects of the collected tests out of every collection of garbage that tests ask for."""
    gc.collect()
    gc.freeze()


def watch_for_hangs(now: float) -> None:
    """Let a test that begins now and hangs dump all stacks and end the run, after two minutes or a little more."""
    global armed_at
    if now - armed_at > REARMED:
        armed_at = now
        faulthandler.dump_traceback_later(HANGING_TEST + REARMED, exit=True)


def pytest_sessionfinish() -> None:
    """No test can hang any more."""
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True)
def guard() -> Iterator[LeakGuard]:
    """Fail a test that leaves a thread, a descriptor or an exception behind; dump the stacks of one that hangs."""
    watch_for_hangs(time.monotonic())
    with LeakGuard() as leaks:
        yield leaks
        leaks.check()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names neither proxies nor certificates, whatever the machine's own does."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.fixture(params=["plain", "tls"])
def peer(request: pytest.FixtureRequest) -> Iterator[ScriptedPeer]:
    """A peer that the test plays in lockstep."""
    with ScriptedPeer(tls=server_context() if request.param == "tls" else None, auto_time=True) as peer:
        yield peer


@pytest.fixture
def plain_peer() -> Iterator[ScriptedPeer]:
    """As `peer`, plain only: for tests where TLS changes nothing."""
    with ScriptedPeer(auto_time=True) as peer:
        yield peer


@pytest.fixture
def clients() -> Iterator[Clients]:
    """Makes clients and closes them after the test."""
    with Clients() as clients:
        yield clients
