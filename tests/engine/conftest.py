"""Clients against scripted peers, plain and TLS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients import Clients
from tests.peers import ScriptedPeer, server_context


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
