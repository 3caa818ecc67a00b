"""The fixture that other projects' tests get, in a pytest of its own."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

PROGRAM = """
import threading
import pytest
from kucoin_sync import WebsocketAPIClient

seen = []

def test_own_simulator(kucoin_simulator):
    seen.append(kucoin_simulator)
    with WebsocketAPIClient(**kucoin_simulator.client_options()) as api:
        ack = api.submit_new_spot_order(symbol="BTC-USDT", side="buy", type="limit", price="20000", size="0.001")
    assert kucoin_simulator.truth(ack.client_oid).executed == 1

@pytest.mark.kucoin_simulator(market_maker=False, balances={"USDT": "500"})
def test_marker_chooses(kucoin_simulator):
    assert kucoin_simulator is not seen[0]
    assert set(kucoin_simulator.balances()) == {"USDT"}
    assert kucoin_simulator.book("BTC-USDT").bids == ()

def test_first_one_is_stopped():
    assert "stopped" in repr(seen[0])
    assert not [t.name for t in threading.enumerate() if t.name.startswith("simulator-")]

@pytest.mark.kucoin_simulator(False)
def test_marker_takes_names_only(kucoin_simulator):
    pass
"""


def test_fixture_gives_each_test_a_simulator(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PROGRAM)
    result = pytester.runpytest_subprocess("--strict-markers", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*takes the arguments of Simulator, by name*"])


def test_plugin_imports_no_simulator_before_a_test_asks(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import sys\ndef test_nothing(): assert 'kucoin_sync.simulator' not in sys.modules")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_marker_is_listed(pytester: pytest.Pytester) -> None:
    pytester.runpytest_subprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.kucoin_simulator(*"])
