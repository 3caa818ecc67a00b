"""Fixtures: simulators that are always stopped, and connections to them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kucoin_sync.simulator import Simulator
from tests.simulator.clients import Socket, open_orders_socket, open_stream


@pytest.fixture
def make() -> Iterator[Callable[..., Simulator]]:
    """Make simulators that are stopped afterwards; quiet unless asked otherwise."""
    made: list[Simulator] = []

    def make(**options: Any) -> Simulator:
        made.append(Simulator(**{"market_maker": False, "ticker_interval": 0.0, **options}))
        return made[-1].start()

    yield make
    for simulator in made:
        simulator.stop()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("simulator-")]


@pytest.fixture
def simulator(make: Callable[..., Simulator]) -> Simulator:
    return make()


@pytest.fixture
def stream(simulator: Simulator) -> Iterator[Socket]:
    with open_stream(simulator) as socket:
        yield socket


@pytest.fixture
def orders(simulator: Simulator) -> Iterator[Socket]:
    with open_orders_socket(simulator) as socket:
        yield socket
