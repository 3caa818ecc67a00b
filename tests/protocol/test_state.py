"""Which state of a connection may follow which."""

from __future__ import annotations

import itertools

import pytest

from kucoin_sync.protocol.state import TRANSITIONS, ConnectionState, check_transition

IDLE, OPENING, READY = ConnectionState.IDLE, ConnectionState.OPENING, ConnectionState.READY
LOST, DRAINING, CLOSED = ConnectionState.LOST, ConnectionState.DRAINING, ConnectionState.CLOSED

ALLOWED = {
    (IDLE, OPENING),
    (IDLE, DRAINING),
    (OPENING, READY),
    (OPENING, LOST),
    (OPENING, IDLE),
    (OPENING, DRAINING),
    (READY, LOST),
    (READY, DRAINING),
    (LOST, OPENING),
    (LOST, IDLE),
    (LOST, DRAINING),
    (DRAINING, CLOSED),
}
EVERY = list(itertools.product(ConnectionState, ConnectionState))


@pytest.mark.parametrize(("old", "new"), EVERY, ids=[f"{old.value}-{new.value}" for old, new in EVERY])
def test_only_the_transitions_of_the_diagram_are_allowed(old: ConnectionState, new: ConnectionState) -> None:
    if (old, new) in ALLOWED:
        assert check_transition(old, new) is new
    else:
        with pytest.raises(AssertionError, match=f"{old}.*{new}"):
            check_transition(old, new)


def test_every_state_has_a_way_to_closed() -> None:
    """``close()`` must work from anywhere."""
    for state in ConnectionState:
        reached, todo = set(), [state]
        while todo:
            current = todo.pop()
            reached.add(current)
            todo += TRANSITIONS[current] - reached
        assert CLOSED in reached


def test_closed_is_final() -> None:
    assert TRANSITIONS[CLOSED] == frozenset()
