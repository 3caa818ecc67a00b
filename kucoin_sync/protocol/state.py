"""
The states of a connection and of a session, and which may follow which.

A connection outlives its lines::

    IDLE ──> OPENING ──> READY ──> LOST ──> OPENING ...      and from anywhere: DRAINING ──> CLOSED

``IDLE`` is also where a connection rests after an opening failed for good, until somebody asks for it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

__all__ = ["TRANSITIONS", "ConnectionState", "Phase", "SessionState", "check_transition"]


class ConnectionState(Enum):
    """Where a connection stands."""

    IDLE = "idle"
    OPENING = "opening"
    READY = "ready"
    LOST = "lost"
    DRAINING = "draining"
    CLOSED = "closed"


class Phase(Enum):
    """How far an opening has come."""

    TOKEN = "token"
    DNS = "dns"
    TCP = "tcp"
    PROXY = "proxy"
    TLS = "tls"
    UPGRADE = "upgrade"
    WELCOME = "welcome"
    AUTH = "auth"


class SessionState(Enum):
    """Where one life of a line stands."""

    GREETING = "greeting"
    READY = "ready"
    ENDED = "ended"


TRANSITIONS: Mapping[ConnectionState, frozenset[ConnectionState]] = {
    ConnectionState.IDLE: frozenset({ConnectionState.OPENING, ConnectionState.DRAINING}),
    ConnectionState.OPENING: frozenset(
        {ConnectionState.READY, ConnectionState.LOST, ConnectionState.IDLE, ConnectionState.DRAINING}
    ),
    ConnectionState.READY: frozenset({ConnectionState.LOST, ConnectionState.DRAINING}),
    ConnectionState.LOST: frozenset({ConnectionState.OPENING, ConnectionState.IDLE, ConnectionState.DRAINING}),
    ConnectionState.DRAINING: frozenset({ConnectionState.CLOSED}),
    ConnectionState.CLOSED: frozenset(),
}


def check_transition(old: ConnectionState, new: ConnectionState) -> ConnectionState:
    """Return ``new``; an `AssertionError` means a bug in the engine, never a peer's doing."""
    assert new in TRANSITIONS[old], f"{old} -> {new}"
    return new
