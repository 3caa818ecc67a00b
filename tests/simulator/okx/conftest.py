"""Fixtures: a simulated OKX without a market maker, and a logged-in private connection to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kucoin_sync.simulator import Simulator
from tests.simulator.okx.clients import OkxSocket, open_okx


@pytest.fixture
def make_okx(make: Callable[..., Simulator]) -> Callable[..., Simulator]:
    """Make simulators of OKX that are stopped afterwards; their limits are off unless asked otherwise."""

    def make_okx(**options: Any) -> Simulator:
        return make(**{"exchange": "okx", "limits": "off", **options})

    return make_okx


@pytest.fixture
def okx(make_okx: Callable[..., Simulator]) -> Simulator:
    return make_okx()


@pytest.fixture
def private(okx: Simulator) -> Iterator[OkxSocket]:
    with open_okx(okx) as socket:
        yield socket
