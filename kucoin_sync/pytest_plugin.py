"""
The pytest plugin: a fixture with a simulator of one's own for each test that asks for it.

.. code-block:: python

   @pytest.mark.kucoin_simulator(market_maker=False, balances={"USDT": "500"})
   def test_my_bot(kucoin_simulator):
       with WebsocketAPIClient(**kucoin_simulator.client_options()) as api:
           ...

The marker is optional; its arguments are those of `kucoin_sync.simulator.Simulator`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from kucoin_sync.simulator import Simulator

__all__ = ["kucoin_simulator", "pytest_configure"]

MARKER = "kucoin_simulator"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{MARKER}(**options): what the simulator of this test is made with")


@pytest.fixture
def kucoin_simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A simulated exchange on a free port, stopped after the test."""
    # Not at the top: every run of pytest imports this module, and few of them need a simulator.
    from kucoin_sync.simulator import Simulator

    marker = request.node.get_closest_marker(MARKER)
    if marker is not None and marker.args:
        raise pytest.UsageError(f"{MARKER} takes the arguments of Simulator, by name")
    with Simulator(**({} if marker is None else marker.kwargs)) as simulator:
        yield simulator
